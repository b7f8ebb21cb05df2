//! `[[inbox]]`: what it promises, how it judges, how it is read.

use super::error::shown;
use super::reader::{Item, Table};
use super::settings::{Imap, Inbox, Special};
use super::twice::Taken;
use super::{alarm, digest, promises, server, team, value};
use crate::desk::address::{Address, Mailbox};
use crate::desk::classify;
use crate::desk::language::Language;
use crate::desk::policy::{InboxKind, OnRule, Policy, Scope};
use crate::desk::team::Member;

/// Reads one inbox: its own tables over those at the top.
pub(super) fn inbox<'d>(
    table: &Table<'d>,
    top: &Table<'d>,
    people: Option<&[Member]>,
    taken: &mut Taken,
) -> Option<Inbox> {
    let imap = server::imap(&table.over("imap", top));
    let smtp = server::smtp(&table.over("smtp", top));
    if let Some(imap) = &imap {
        taken.folders(table, imap);
    }
    let policy = policy(table, top, people, taken);
    let (imap, policy) = (imap?, policy?);
    short_enough(table, &policy.inbox, &imap)?;
    let policy = Policy { account: Address::parse(&imap.user), ..policy };
    Some(Inbox { policy, imap, smtp: smtp? })
}

/// The names of an inbox and of a folder in it, in bytes: rows of the store are found by both.
const NAMES: usize = 150;

fn short_enough(table: &Table<'_>, inbox: &str, imap: &Imap) -> Option<()> {
    let special = [&imap.sent, &imap.junk].into_iter().filter_map(|special| match special {
        Special::Named(name) => Some(name),
        Special::Found | Special::Off => None,
    });
    match imap.folders.iter().chain(special).find(|folder| inbox.len() + folder.len() > NAMES) {
        None => Some(()),
        Some(folder) => table.refuse(
            "imap",
            format_args!(
                "the folder \"{}\" and the inbox \"{inbox}\" have together more than {NAMES} \
                 bytes; give the inbox a shorter name, or the folder",
                shown(folder)
            ),
        ),
    }
}

/// Notes what is wrong in the tables at the top, even where every inbox has a value of its own.
pub(super) fn shared(top: &Table<'_>) {
    project(&top.partial("project"));
    promises::promises(&top.partial("promises"));
    promises::calendar(&top.partial("calendar"));
    promises::waiting(&top.partial("waiting"));
    rules(&top.partial("rules"));
    team::shared(&top.partial("team"));
    digest::digest(&top.partial("digest"));
    alarm::canary(&top.partial("canary"));
    server::imap(&top.partial("imap"));
    server::smtp(&top.partial("smtp"));
}

fn policy<'d>(
    table: &Table<'d>,
    top: &Table<'d>,
    people: Option<&[Member]>,
    taken: &mut Taken,
) -> Option<Policy> {
    let project = project(&table.over("project", top));
    let promises = promises::promises(&table.over("promises", top));
    let calendar = promises::calendar(&table.over("calendar", top));
    let waiting = promises::waiting(&table.over("waiting", top));
    let zone = calendar.as_ref().map(|calendar| calendar.zone.clone());
    let intake = promises::intake([table, top], zone.as_ref());
    let further = promises::further([table, top]);
    let rules = rules(&table.over("rules", top));
    let team = team::team(&table.over("team", top), people);
    let digest = digest::digest(&table.over("digest", top));
    let canary = alarm::canary(&table.over("canary", top));
    let kind = table.or("kind", InboxKind::Dedicated, kind);
    let recipients =
        table.need("recipients", RECIPIENTS, |item| value::addresses(item, RECIPIENTS));
    let lists = table.or("lists", Vec::new(), |item| value::addresses(item, LISTS));
    let list_authserv_id = table.optional("list_authserv_id", authserv_id);
    let from = table.optional("from", value::mailbox);
    let subaddressing = table.or("subaddressing", false, Item::truth);
    let authserv_id = table.optional("authserv_id", authserv_id);
    let name = name(table, recipients.as_deref());
    if let Some(name) = &name {
        taken.name(table, name);
    }
    if let Some(recipients) = &recipients {
        taken.recipients(table, recipients);
    }
    let (project, promises, rules, recipients) = (project?, promises?, rules?, recipients?);
    let (kind, team) = (kind?, team?);
    team::fits(table, &team, kind)?;
    let from = from?.or_else(|| default_from(&project.name, &recipients));
    Some(Policy {
        inbox: name?,
        kind,
        from: from?,
        recipients,
        account: None,
        project: project.name,
        case_prefix: project.case_prefix.into(),
        policy_url: project.policy_url,
        language: project.language,
        subaddressing: subaddressing?,
        authserv_id: authserv_id?,
        lists: lists?,
        list_authserv_id: list_authserv_id?,
        acknowledgement: promises.acknowledgement,
        response: promises.response,
        response_from: promises.response_from,
        update: promises.update,
        disclosure: promises.disclosure,
        further: further?,
        calendar: calendar?,
        intake: intake?,
        waiting: waiting?,
        disclosure_reminders: promises.disclosure_reminders,
        response_reminders: promises.response_reminders,
        update_reminders: promises.update_reminders,
        escalate_every: promises.escalate_every,
        tell_missed: promises.tell_missed,
        link_only: rules.link_only,
        attachment_only: rules.attachment_only,
        empty: rules.empty,
        scope: project.scope,
        digest: digest?.schedule(&team),
        team,
        response_words: promises.response_words,
        canary: canary?,
    })
}

fn default_from(project: &str, recipients: &[Address]) -> Option<Mailbox> {
    let address = recipients.first()?.clone();
    Some(Mailbox { name: format!("{project} Security"), address })
}

struct Project {
    name: String,
    case_prefix: String,
    policy_url: Option<String>,
    language: Language,
    scope: Scope,
}

fn project(table: &Table<'_>) -> Option<Project> {
    let name = table.need("name", "name = \"Express\"", value::line);
    let case_prefix = table.need("case_prefix", "case_prefix = \"EXP\"", case_prefix);
    let policy_url = table.optional("policy_url", value::url);
    let language = table.or("language", Language::English, language);
    let scope = scope(table);
    Some(Project {
        name: name?,
        case_prefix: case_prefix?,
        policy_url: policy_url?,
        language: language?,
        scope: scope?,
    })
}

fn language(item: &Item<'_>) -> Option<Language> {
    let words: Vec<_> = Language::ALL.iter().map(|one| (one.code(), *one)).collect();
    value::choice(item, &words)
}

fn scope(table: &Table<'_>) -> Option<Scope> {
    let own_modules =
        table.or("own_modules", Vec::new(), |item| modules(item, "own_modules = [\"router\"]"));
    let third_party_modules = table.or("third_party_modules", Vec::new(), |item| {
        modules(item, "third_party_modules = [\"left-pad\"]")
    });
    let threats = table.optional("threats", threats);
    Some(Scope {
        own_modules: own_modules?,
        third_party_modules: third_party_modules?,
        threats: threats?,
    })
}

fn modules(item: &Item<'_>, example: &str) -> Option<Vec<String>> {
    item.list(example)?.iter().map(value::line).collect()
}

fn threats(item: &Item<'_>) -> Option<Vec<String>> {
    let names = classify::threats().chain(["none"]);
    let words: Vec<(&str, &str)> = names.map(|name| (name, name)).collect();
    let one = |item: &Item<'_>| value::choice(item, &words).map(str::to_owned);
    item.list("threats = [\"CWE-15\"]")?.iter().map(one).collect()
}

fn case_prefix(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    let plain = text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if (1..=12).contains(&text.len()) && plain && text.starts_with(|c: char| c.is_ascii_uppercase())
    {
        return Some(text.to_owned());
    }
    item.refuse(format_args!(
        "\"{}\" cannot begin a case number; write 1 to 12 of A-Z and 0-9, first a letter, \
         such as \"EXP\"",
        shown(text)
    ))
}

struct Rules {
    link_only: OnRule,
    attachment_only: OnRule,
    empty: OnRule,
}

fn rules(table: &Table<'_>) -> Option<Rules> {
    let rule = |item: &Item<'_>| {
        value::choice(item, &[("reject", OnRule::Reject), ("flag", OnRule::Flag)])
    };
    let link_only = table.or("link_only", OnRule::Reject, rule);
    let attachment_only = table.or("attachment_only", OnRule::Reject, rule);
    let empty = table.or("empty", OnRule::Reject, rule);
    Some(Rules { link_only: link_only?, attachment_only: attachment_only?, empty: empty? })
}

fn kind(item: &Item<'_>) -> Option<InboxKind> {
    let kinds = [
        ("dedicated", InboxKind::Dedicated),
        ("mixed", InboxKind::Mixed),
        ("personal", InboxKind::Personal),
    ];
    value::choice(item, &kinds)
}

const RECIPIENTS: &str = "recipients = [\"security@project.example\"]";
const LISTS: &str = "lists = [\"security@lists.project.example\"]";

/// RFC 8601 section 2.2 allows more; no server uses it.
fn authserv_id(item: &Item<'_>) -> Option<String> {
    let text = value::line(item)?;
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/@".contains(c)) {
        return Some(text);
    }
    item.refuse(format_args!(
        "\"{}\" is no authserv-id; write what stands first in the Authentication-Results \
         fields that your server adds, such as \"mx.project.example\"",
        shown(&text)
    ))
}

/// The name in the file, or else the part of the first recipient before the `@`.
fn name(table: &Table<'_>, recipients: Option<&[Address]>) -> Option<String> {
    if let Some(item) = table.item("name") {
        return value::name(&item, "an inbox", "security");
    }
    let local = recipients?.first()?.local().to_lowercase();
    let name: String =
        local.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() {
        return table.refuse("name", "the recipient gives no name; write name = \"security\"");
    }
    Some(name)
}
