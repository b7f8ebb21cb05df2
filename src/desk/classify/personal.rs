//! Mail to a person's own address: does it read as a report of a vulnerability, so surely that a
//! machine may answer it?
//!
//! In such an inbox nearly all mail is none of ours. Every signal has a weight, and the weights are
//! added up: what is surely a report opens a case, what is perhaps one is put to its owner, and the
//! rest is left alone.

use super::Facts;
use super::lists::stands_in;
use super::sense::Sense;
use crate::desk::address::Address;
use crate::desk::authentication::Authentication;
use crate::desk::message::Message;
use crate::desk::policy::Policy;
use crate::desk::verdict::Kind;

/// How surely a mail to a person is a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// It is left alone.
    No,
    /// The owner of the inbox is asked.
    Perhaps,
    /// It opens a case.
    Surely,
}

/// What the mails of the past say of the sender; only whoever keeps them knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acquaintance {
    /// The mail answers one that the owner of the inbox wrote.
    pub answers_us: bool,
    /// The owner has written to this sender before, outside of every case.
    pub written_to: bool,
}

/// A signal that was found, and what it weighs; what is below zero speaks against a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name, one of a closed list, such as `names_a_weakness`.
    pub name: &'static str,
    /// What it adds.
    pub weight: i32,
}

/// The judgement and everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Judgement {
    /// How surely it is a report.
    pub reading: Reading,
    /// The signals, in the order of the table.
    pub signals: Vec<Signal>,
}

/// From this sum on a mail surely reads as a report.
const SURELY: i32 = 7;
/// From this sum on it may be one.
const PERHAPS: i32 = 3;
/// Weighs more than all that can speak for a report.
const NEVER: i32 = -100;

struct Rule {
    name: &'static str,
    weight: i32,
    holds: fn(&Facts<'_>, Acquaintance) -> bool,
}

const fn rule(
    name: &'static str,
    weight: i32,
    holds: fn(&Facts<'_>, Acquaintance) -> bool,
) -> Rule {
    Rule { name, weight, holds }
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule("names_a_weakness",           3, |f, _| f.content.says_anywhere(Sense::Weakness)),
    rule("subject_discloses",          2, |f, _| f.content.titles(Sense::Discloses) || f.content.titles(Sense::Weakness)),
    rule("text_discloses",             1, |f, _| f.content.says(Sense::Discloses)),
    rule("cites_a_policy",             3, |f, _| f.content.says_anywhere(Sense::Published)),
    rule("names_the_project",          2, |f, _| names_the_project(f)),
    rule("technical",                  1, |f, _| f.told() >= 3),
    rule("very_technical",             2, |f, _| f.told() >= 6),
    rule("affected_version",           1, |f, _| f.content.versions > 0),
    rule("code",                       1, |f, _| f.content.code > 0),
    rule("much_code",                  1, |f, _| f.content.code > 3),
    rule("numbered_weakness",          1, |f, _| !f.content.classes.is_empty() || has_advisory_number(f)),
    rule("addressed_with_a_tag",       4, |f, _| is_tagged(f)),
    rule("hides_its_content",          2, |f, _| hides_its_content(f)),
    rule("asks_for_a_reward",          1, |f, _| f.content.count(Sense::Bounty) > 0),
    rule("encrypted",                  3, |f, _| f.message.encrypted.is_some()),
    rule("no_word_of_a_weakness",     -4, |f, _| !speaks_of_weakness(f)),
    rule("no_word_of_the_project",     0, |f, _| !speaks_of_us(f)),
    rule("answers_us",                -5, |_, known| known.answers_us),
    rule("written_to_before",         -2, |_, known| known.written_to),
    rule("private_matters",           -4, |f, _| f.content.says_anywhere(Sense::Family)),
    rule("business",                  -3, |f, _| f.content.says_anywhere(Sense::Business)),
    rule("news_of_others",            -4, |f, _| f.content.says_anywhere(Sense::News)),
    rule("only_asks",                 -2, |f, _| f.content.only_questions && f.content.telling > 0),
    rule("offers_something",          -4, |f, _| f.content.count(Sense::Pitch) > 0 && f.told() < 6),
    rule("through_a_list",            -8, |f, _| came_through_a_list(f.message)),
    rule("to_many",                   -3, |f, _| f.message.to.len() + f.message.cc.len() > 4),
    rule("authentication_failed",     -5, |f, _| *f.authentication == Authentication::Fail),
    rule("from_ourselves",         NEVER, |f, _| f.message.author().is_some_and(|one| f.policy.is_ours(&one.address))),
    rule("no_single_author",       NEVER, |f, _| f.message.author().is_none()),
];

/// Judges a mail to a person's own address. `kind` is what `classify` says of it: what is automatic,
/// a bounce or junk is never a report here.
pub fn reads_as_report(
    message: &Message,
    authentication: &Authentication,
    kind: Kind,
    policy: &Policy,
    known: Acquaintance,
) -> Judgement {
    read(&Facts::of(message, authentication, policy), kind, known)
}

/// The same of a mail that was measured already.
pub(super) fn read(facts: &Facts<'_>, kind: Kind, known: Acquaintance) -> Judgement {
    let found = RULES.iter().filter(|rule| (rule.holds)(facts, known));
    let mut signals: Vec<Signal> =
        found.map(|rule| Signal { name: rule.name, weight: rule.weight }).collect();
    if matches!(kind, Kind::Automatic | Kind::Bounce | Kind::SpamOrJunk) {
        signals.push(Signal { name: "not_for_a_person", weight: NEVER });
    }
    let sum: i32 = signals.iter().map(|signal| signal.weight).sum();
    // Who names nothing of ours may mean somebody else; who answers the owner was spoken with.
    let doubtful = known.answers_us || !speaks_of_us(facts);
    let reading = match sum {
        SURELY.. if !doubtful => Reading::Surely,
        PERHAPS.. => Reading::Perhaps,
        _ => Reading::No,
    };
    Judgement { reading, signals }
}

impl Reading {
    /// The word that `classify` prints: `surely`, `perhaps`, `no`.
    pub fn name(self) -> &'static str {
        match self {
            Reading::No => "no",
            Reading::Perhaps => "perhaps",
            Reading::Surely => "surely",
        }
    }
}

/// Some word of disclosure, attack or policy; a tag and a cipher are as good as a word.
fn speaks_of_weakness(facts: &Facts<'_>) -> bool {
    let said = [Sense::Weakness, Sense::Discloses, Sense::Published];
    said.into_iter().any(|sense| facts.content.says_anywhere(sense))
        || facts.message.encrypted.is_some()
        || is_tagged(facts)
}

/// Whoever names a policy or writes to the address in it means us.
fn speaks_of_us(facts: &Facts<'_>) -> bool {
    names_the_project(facts)
        || facts.content.says_anywhere(Sense::Published)
        || facts.message.encrypted.is_some()
        || is_tagged(facts)
}

/// The name of the project or of a module of it stands in the text or the subject as a word.
fn names_the_project(facts: &Facts<'_>) -> bool {
    let policy = facts.policy;
    let own = policy.scope.own_modules.iter().map(String::as_str);
    let mut names = own.chain([policy.project.as_str()]).filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        return false;
    }
    let text = format!(" {} {} ", facts.message.subject, facts.own.text).to_lowercase();
    let words = || text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let is_word = |name: &str| {
        let name = name.to_lowercase();
        if name.contains(' ') {
            return text.contains(&name);
        }
        words().any(|word| word.trim_matches('.').trim_end_matches(".js") == name)
            || !name.is_ascii() && text.contains(&name)
            || super::modules::tokens(&text).contains(&name.as_str())
    };
    names.any(is_word)
}

/// A CVE, GHSA or CVSS string, or the like.
fn has_advisory_number(facts: &Facts<'_>) -> bool {
    let texts = [facts.message.subject.as_str(), facts.own.text.as_str()];
    let named = |text: &str| ["cve-", "ghsa-", "cvss:"].iter().any(|name| stands_in(name, text));
    texts.into_iter().any(named)
}

/// It was sent to `lead+security@…`, which only the policy tells.
fn is_tagged(facts: &Facts<'_>) -> bool {
    let message = facts.message;
    let recipients = message
        .to
        .iter()
        .chain(message.cc.iter().map(|one| &one.address))
        .chain(&message.delivered_to);
    let ours = |address: &Address| {
        let bare = address.without_tag();
        bare != *address && facts.policy.is_ours(address)
    };
    recipients.into_iter().any(ours)
}

/// Little but a link or a file, and words of disclosure.
fn hides_its_content(facts: &Facts<'_>) -> bool {
    let message = facts.message;
    let elsewhere = !facts.content.links.is_empty() || !message.attachments.is_empty();
    facts.told() < 4 && elsewhere && facts.content.says_anywhere(Sense::Discloses)
}

fn came_through_a_list(message: &Message) -> bool {
    message.headers.iter().any(|(name, _)| name.starts_with("list-"))
        || message.header("precedence").is_some()
}
