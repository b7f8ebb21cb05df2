//! Mail that no person wrote for us.

use super::sense::Sense;
use super::words::notices::{TITLES, TITLES_WITHIN};
use super::{Facts, OWN_FIELD};
use crate::desk::message::{Message, ReturnPath};

/// Fields that only automatic answers carry.
const AUTO_REPLY_FIELDS: &[&str] = &[
    "x-autoreply",
    "x-auto-reply",
    "x-autoreply-from",
    "x-autorespond",
    "x-auto-respond",
    "x-autoresponder",
    "x-autoresponse",
    "x-auto-response",
    "x-mail-autoreply",
    "x-vacation",
    "x-ms-exchange-generated-message-source",
    "x-ezoic-autoreply",
    "autoreply",
    "auto-reply",
    "x-away",
    "x-out-of-office",
];

/// Fields that ticket systems, forges, build servers and monitors write.
const ROBOT_FIELDS: &[&str] = &[
    "x-cron-env",
    "x-github-reason",
    "x-github-sender",
    "x-gitlab-project",
    "x-gitlab-pipeline-id",
    "x-gitea-reason",
    "x-jenkins-job",
    "x-jira-fingerprint",
    "x-rt-loop-prevention",
    "rt-ticket",
    "x-rt-ticket",
    "x-otrs-loop",
    "x-otrs-ticket",
    "x-znuny-loop",
    "x-zendesk-from-account-id",
    "x-freshdesk",
    "x-osticket",
    "x-redmine-host",
    "x-redmine-project",
    "x-bugzilla-reason",
    "x-trac-ticket-id",
    "x-launchpad-bug",
    "x-phabricator-sent-this-message",
    "x-sentry-project",
    "x-nagios",
    "x-icinga",
    "x-zabbix",
    "x-alertmanager",
    "x-travis-ci",
    "x-circleci",
    "x-mailman-approved-at",
    "x-mailer-daemon",
];

/// Local parts at which nobody reads.
const NOBODY: &[&str] = &[
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "do.not.reply",
    "dontreply",
    "nicht-antworten",
    "nepasrepondre",
    "ne-pas-repondre",
    "noresponder",
    "no-responder",
    "naoresponda",
    "nao-responda",
    "nie-odpowiadaj",
    "mailer-daemon",
    "bounce",
    "bounces",
];

/// Local parts at which often a machine writes; a hint, no more.
const DESKS: &[&str] = &[
    "support",
    "service",
    "helpdesk",
    "help",
    "ticket",
    "tickets",
    "servicedesk",
    "notification",
    "notifications",
    "notify",
    "alert",
    "alerts",
    "monitoring",
    "builds",
    "build",
    "ci",
    "jenkins",
    "cron",
    "root",
    "daemon",
    "system",
    "robot",
    "bot",
    "mailer",
    "auto",
    "autoreply",
    "newsletter",
    "news",
    "postmaster",
    "customer",
    "customerservice",
    "customercare",
    "kundenservice",
    "soporte",
    "suporte",
    "assistenza",
    "supporto",
    "bugs",
    "bugzilla",
    "jira",
    "issues",
    "tracker",
    "todo",
    "gitlab",
    "gitea",
    "sentry",
    "nagios",
    "icinga",
    "zabbix",
    "grafana",
    "operator",
    "mailman",
    "sympa",
    "listserv",
    "majordomo",
    "logwatch",
    "backup",
    "wwwrun",
    "www-data",
    "webmaster",
];

/// How the addresses of list servers end.
const LIST_SERVER: &[&str] = &["request", "bounces", "confirm", "owner", "noreply"];

pub(super) fn own_letter(facts: &Facts<'_>) -> Option<String> {
    let ours = OWN_FIELD.to_ascii_lowercase();
    facts.message.header(&ours).map(|_| "it is one of our own letters".to_owned())
}

pub(super) fn receipt(facts: &Facts<'_>) -> Option<String> {
    let report = facts.message.report.as_ref()?;
    (report.kind == "disposition-notification").then(|| "it is a receipt for a mail".to_owned())
}

pub(super) fn standard_report(facts: &Facts<'_>) -> Option<String> {
    let kind = &facts.message.report.as_ref()?.kind;
    let other =
        !matches!(kind.as_str(), "delivery-status" | "disposition-notification" | "free-form");
    other.then(|| format!("it is a machine's report of the kind {}", shown(kind)))
}

/// DMARC aggregate reports (RFC 7489 section 7.2.1.1) are known by their subject or file name.
pub(super) fn aggregate_report(facts: &Facts<'_>) -> Option<String> {
    let subject = facts.message.subject.to_ascii_lowercase();
    let titled = subject.contains("report domain:") && subject.contains("submitter:");
    let named = facts.message.attachments.iter().any(|file| {
        let name = file.name.to_ascii_lowercase();
        let ending = [".zip", ".gz", ".xml"].iter().any(|ending| name.ends_with(ending));
        name.split('!').count() >= 4 && ending
    });
    (titled || named && !facts.reads_as_report())
        .then(|| "it is a DMARC aggregate report".to_owned())
}

/// A subscription to confirm, a mail to moderate, a digest: surely from the software of our own list.
pub(super) fn list_administration(facts: &Facts<'_>) -> Option<String> {
    let through = facts.message.through.as_ref()?;
    (through.proven && through.administrative)
        .then(|| "the list software wrote it, about the list".to_owned())
}

/// RFC 3834 section 5. A mail that was only forwarded by a rule may still be a person's.
pub(super) fn auto_submitted(facts: &Facts<'_>) -> Option<String> {
    let value = facts.message.header("auto-submitted")?.to_ascii_lowercase();
    let word = value.split([';', ' ', '(']).next().unwrap_or_default();
    let forwarded = word == "auto-forwarded" && facts.reads_as_report();
    (!matches!(word, "no" | "") && !forwarded)
        .then(|| format!("its Auto-Submitted field says {}", shown(word)))
}

pub(super) fn auto_reply_field(facts: &Facts<'_>) -> Option<String> {
    let message = facts.message;
    let field = AUTO_REPLY_FIELDS.iter().find(|name| message.header(name).is_some_and(is_set));
    let precedence =
        message.header("precedence").unwrap_or_default().eq_ignore_ascii_case("auto_reply");
    match field {
        Some(field) => Some(format!("it carries the field {field}")),
        None => precedence.then(|| "its Precedence field says auto_reply".to_owned()),
    }
}

/// A person's words may come through a robot too, such as a web form; a report stays one.
pub(super) fn robot_field(facts: &Facts<'_>) -> Option<String> {
    let field = ROBOT_FIELDS.iter().find(|name| facts.message.header(name).is_some())?;
    (!facts.reads_as_report() || *field == "x-cron-env")
        .then(|| format!("it carries the field {field}"))
}

pub(super) fn null_return_path(facts: &Facts<'_>) -> Option<String> {
    (facts.message.return_path == Some(ReturnPath::Null))
        .then(|| "its return path is empty, so no answer is wanted".to_owned())
}

pub(super) fn bulk_precedence(facts: &Facts<'_>) -> Option<String> {
    let value = facts.message.header("precedence")?.trim().to_ascii_lowercase();
    // Old list servers write `bulk` on what people write to a list.
    let discussion = is_discussion(facts.message) && facts.may_be_report();
    (matches!(value.as_str(), "bulk" | "junk") && !discussion)
        .then(|| format!("its Precedence field says {value}"))
}

/// What a list carries is a person's report only if it reads as one; a newsletter never is.
pub(super) fn list_mail(facts: &Facts<'_>) -> Option<String> {
    let message = facts.message;
    let listed = message.headers.iter().any(|(name, _)| name.starts_with("list-"))
        || message
            .header("precedence")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("list"))
        || message.header("feedback-id").is_some();
    (listed && !is_listed_report(facts))
        .then(|| "a mailing list carried it, and it reads as no report".to_owned())
}

/// A newsletter that can be left in one click is none, whatever it is about. What can only be left
/// may be a person's mail through a web service, as long as nothing in it speaks of a newsletter.
fn is_listed_report(facts: &Facts<'_>) -> bool {
    let message = facts.message;
    let (phrases, robot) = (facts.content.count(Sense::Notice), facts.content.count(Sense::Robot));
    if phrases > 2 || is_one_click(message) {
        false
    } else if is_newsletter(message) {
        facts.reads_as_report() && phrases + robot == 0
    } else {
        facts.may_be_report()
    }
}

pub(super) fn calendar(facts: &Facts<'_>) -> Option<String> {
    let invited = facts.message.attachments.iter().any(|file| file.content_type == "text/calendar")
        || facts
            .message
            .header("content-type")
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("text/calendar"));
    (invited && !facts.may_be_report())
        .then(|| "it is an invitation or an answer to one".to_owned())
}

/// A sure phrase in the subject is enough; of other words it takes two.
pub(super) fn absence_words(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let (sure, maybe) = (content.count(Sense::Away), content.count(Sense::Leave));
    let titled = content.titled(Sense::Away) || content.titled(Sense::Leave) && maybe > 1;
    let found = titled || sure > 1 || sure == 1 && maybe > 0;
    let word = if sure > 0 { Sense::Away } else { Sense::Leave };
    let report = content.telling >= 8 && facts.told() >= usize::max(2, sure + maybe);
    (found && content.words < 150 && !report)
        .then(|| format!("it reads as an absence note ({})", shown(content.word(word))))
}

/// What only machines write outweighs what the mail tells. A title that only machines give weighs
/// as much as such a phrase; a person may quote one of both.
pub(super) fn notice(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let (phrases, titled) =
        (content.count(Sense::Notice), is_machine_title(&facts.message.subject));
    let sender = sender(facts.message, DESKS) || sender(facts.message, NOBODY);
    let weight = 3 * (phrases + usize::from(titled))
        + content.count(Sense::Robot)
        + usize::from(sender)
        + usize::from(has_ticket_number(&facts.message.subject));
    let sure = phrases > 0 || titled;
    let report = facts.reads_as_report() && weight < 2 * facts.told();
    (sure && weight > facts.told() && !report && content.words < 300)
        .then(|| format!("only a machine writes so ({})", shown(content.word(Sense::Notice))))
}

/// Whether the subject begins as only machines begin one, or is a list server's `confirm 1a2b3c`.
fn is_machine_title(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    let confirm = subject
        .strip_prefix("confirm ")
        .is_some_and(|key| key.len() >= 8 && key.bytes().all(|b| b.is_ascii_hexdigit()));
    confirm
        || TITLES.iter().any(|title| subject.starts_with(title))
        || TITLES_WITHIN.iter().any(|title| subject.contains(title))
}

/// Several pieces of a machine's answer, in a text without anything else and without an author.
pub(super) fn pieces(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let pieces = count_pieces(facts);
    let ours = content.says_anywhere(Sense::Yours) && pieces >= 3 && facts.told() <= 1;
    let enough = ours || pieces >= 4 && facts.told() <= 2;
    (enough && !content.says(Sense::Me) && !content.asks && content.words < 120)
        .then(|| "it is put together as machines answer".to_owned())
}

fn count_pieces(facts: &Facts<'_>) -> usize {
    let (message, content) = (facts.message, &facts.content);
    let said = [Sense::Yours, Sense::Taken, Sense::Promised, Sense::Term];
    let number = has_ticket_number(&message.subject) || has_ticket_number(&facts.own.text);
    said.iter().filter(|sense| content.says_anywhere(**sense)).count()
        + usize::from(number)
        + usize::from(sender(message, DESKS) || sender(message, NOBODY))
}

/// Somebody is away until some day, and says nothing else.
pub(super) fn away_until(facts: &Facts<'_>) -> Option<String> {
    use Sense::{Day, Gone, Pitch, Pointer, Sales, Topic};
    let content = &facts.content;
    let other = [Topic, Pointer, Pitch, Sales].into_iter().any(|sense| content.says(sense));
    let away = content.says_anywhere(Gone) && content.says_anywhere(Day);
    // In a line or two one word may be technical by chance.
    let allowed = usize::from(content.words <= 25);
    (away && !other && !content.asks && facts.told() <= allowed && content.words <= 60)
        .then(|| "it says that somebody is away, and nothing else".to_owned())
}

/// A report that ends as machines end theirs, from where machines write: a web form perhaps. Nobody
/// would read an answer there, so a human looks first.
pub(super) fn relayed(facts: &Facts<'_>) -> Option<String> {
    let message = facts.message;
    let machine = sender(message, DESKS) || sender(message, NOBODY);
    (machine && message.reply_to.is_empty() && facts.content.count(Sense::Notice) > 0)
        .then(|| "a machine may have sent it".to_owned())
}

/// Too little to be sure of, enough to ask a human before a machine may be answered.
pub(super) fn maybe(facts: &Facts<'_>) -> Option<String> {
    let (message, content) = (facts.message, &facts.content);
    let said = content.count(Sense::Notice) + content.count(Sense::Away) > 0
        || content.count(Sense::Robot) > 1;
    let away = content.says_anywhere(Sense::Gone) && content.says_anywhere(Sense::Day);
    let desk = sender(message, DESKS) || has_ticket_number(&message.subject);
    // Where nobody says `I` and nobody asks, less is enough.
    let nobody = !content.says(Sense::Me) && !content.asks && facts.told() == 0;
    let pieces = count_pieces(facts) >= if nobody { 1 } else { 2 };
    (said || away || is_machine_title(&message.subject) || pieces || desk)
        .then(|| "a machine may have written it".to_owned())
}

/// Two telltale phrases and little else, or one and a sender or a subject that looks like a
/// machine's.
pub(super) fn robot_words(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let phrases = content.count(Sense::Robot);
    let machine = sender(facts.message, DESKS)
        || sender(facts.message, NOBODY)
        || has_ticket_number(&facts.message.subject);
    let enough = if machine { phrases >= 1 } else { phrases >= 2 && phrases > facts.told() };
    let report = facts.reads_as_report() && !(phrases >= 3 && machine && content.points < 8);
    (enough && !report && content.words < 300)
        .then(|| format!("it reads as a machine's ({})", shown(content.word(Sense::Robot))))
}

pub(super) fn no_reply_sender(facts: &Facts<'_>) -> Option<String> {
    (sender(facts.message, NOBODY) && facts.message.reply_to.is_empty() && !facts.may_be_report())
        .then(|| "its sender reads no answers".to_owned())
}

fn sender(message: &Message, locals: &[&str]) -> bool {
    let is = |local: &str| {
        let local = local.to_ascii_lowercase();
        let base = local.split('+').next().unwrap_or_default();
        // List servers write as `users-request`.
        let ends = |name: &&str| LIST_SERVER.contains(name);
        locals.contains(&base) || base.rsplit_once('-').is_some_and(|(_, last)| ends(&last))
    };
    message.from.iter().any(|one| is(one.address.local()))
}

/// `Case 5512 created`, `[#5512]`, `Ticket: 5512`.
fn has_ticket_number(subject: &str) -> bool {
    let words: Vec<&str> =
        subject.split(|c: char| !c.is_alphanumeric() && c != '#' && c != '-').collect();
    words.iter().any(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let named =
            ["cve", "cwe", "ghsa", "rfc"].iter().any(|name| word.to_lowercase().starts_with(name));
        let year = word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
        digits >= 3
            && !named
            && !year
            && !word.contains('.')
            && (word.starts_with('#') || word.len() == digits || word.contains('-'))
    })
}

/// A list on which people write to each other.
fn is_discussion(message: &Message) -> bool {
    message.header("list-post").is_some()
        || message.header("list-id").is_some() && !is_newsletter(message)
}

/// Written by one to many: it can be left in one click, and nobody can post to it.
fn is_newsletter(message: &Message) -> bool {
    let only_leaving =
        message.header("list-unsubscribe").is_some() && message.header("list-id").is_none();
    is_one_click(message) || only_leaving && message.header("list-post").is_none()
}

/// RFC 8058, which is for mail that is sent to many.
fn is_one_click(message: &Message) -> bool {
    let one_click = message.header("list-unsubscribe-post").is_some()
        || message.header("feedback-id").is_some();
    one_click && message.header("list-post").is_none()
}

fn is_set(value: &str) -> bool {
    !matches!(value.trim().to_ascii_lowercase().as_str(), "no" | "false" | "0" | "none")
}

/// A word out of a mail, harmless in a sentence: ASCII letters, digits, hyphens and blanks, or
/// letters of any script; bounded.
fn shown(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ')).take(40).collect()
}
