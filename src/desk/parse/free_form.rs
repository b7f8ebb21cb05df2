//! What mail systems say about a mail in words: the notes of old, small and self-willed ones. Only
//! the sender and the words tell what they are.

use crate::desk::address::Address;
use crate::desk::message::{MailReport, Message, ReturnPath};

use super::failures::{BEGINNINGS, FAILURE, SYSTEMS, WARNING};
use super::report::note;
use super::{ids, limits};

/// The kind of a report that no standard form makes: only its sender and its words tell.
pub(super) const FREE_FORM: &str = "free-form";

/// A report without any form: it comes from a mail system, and says that a mail did not arrive.
pub(super) fn read(message: &Message) -> Option<MailReport> {
    let failed = message.header("x-failed-recipients");
    let head: String = message.text.chars().take(4_000).collect();
    let certain = is_certain(message, &head);
    let said = || says_failure(&message.subject) || says_failure(&head);
    let from_nobody = || message.from.iter().any(|one| is_nobody(&one.address)) && has_codes(&head);
    if !certain && !((from_mail_system(message) || from_nobody()) && said()) {
        return None;
    }
    let mut report = MailReport { kind: FREE_FORM.to_owned(), certain, ..MailReport::default() };
    let ours = |address: &Address| {
        message.to.contains(address) || message.from.iter().any(|f| f.address == *address)
    };
    let ids_stand = |line: &&str| line.to_ascii_lowercase().contains("message-id");
    let head: String = head.lines().filter(|line| !ids_stand(line)).collect::<Vec<_>>().join("\n");
    let found = addresses(failed.unwrap_or_default()).chain(addresses(&head)).filter(|a| !ours(a));
    for address in found {
        note(&mut report.recipients, address);
    }
    for line in message.text.lines() {
        if let Some(value) = field_of(line.trim_start_matches(['>', ' ', '\t']), "message-id") {
            ids(value, &mut report.about);
        }
    }
    ids(message.header("x-original-message-id").unwrap_or_default(), &mut report.about);
    if failed.is_none() && only_warns(&head) {
        note(&mut report.actions, "delayed".to_owned());
    }
    report.about.truncate(limits::REPORTED);
    Some(report)
}

/// Whether nobody but a mail system can have written it. One that wants no answer has nothing else
/// to say, and nobody is called `mailer-daemon`; a postmaster may be a person.
fn is_certain(message: &Message, head: &str) -> bool {
    let system = message.from.iter().any(|one| is_mail_system(&one.address));
    let silent = head.split_whitespace().nth(3).is_none() && !message.attachments.is_empty();
    let nobody = message.from.iter().any(|one| is_nobody(&one.address));
    let returned = message.attachments.iter().any(|file| file.content_type == "message/rfc822");
    message.header("x-failed-recipients").is_some()
        || from_daemon(message)
        || begins_as_one(head)
        || is_failure_title(&message.subject) && holds_status(head)
        || nobody && returned && says_failure(head)
        || system
            && (message.return_path == Some(ReturnPath::Null)
                || is_failure_title(&message.subject)
                || silent)
}

/// A postmaster's title: one that speaks of a failure further on may be a person's.
fn is_failure_title(subject: &str) -> bool {
    const TITLES: &[&str] =
        &["undeliver", "delivery fail", "delivery status", "failure notice", "mail system error"];
    let subject = subject.trim_start().to_lowercase();
    TITLES.iter().any(|title| subject.contains(title))
        || FAILURE.iter().any(|phrase| subject.starts_with(phrase))
}

/// Whether the fields of a standard report (RFC 3464) stand in the text, at the beginnings of lines.
fn holds_status(text: &str) -> bool {
    ["final-recipient", "action", "status"]
        .iter()
        .all(|name| text.lines().any(|line| field_of(line, name).is_some()))
}

fn says_failure(text: &str) -> bool {
    let text = text.to_lowercase().replace('’', "'");
    FAILURE.iter().any(|phrase| text.contains(phrase))
}

/// Whether it says that the mail may still arrive, in words that no system has for a failure.
fn only_warns(text: &str) -> bool {
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    WARNING.iter().any(|phrase| text.contains(phrase))
}

fn begins_as_one(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(80).collect();
    let start = start.to_lowercase().replace('’', "'");
    let bare = start.trim_start_matches(['-', '*', '=', ' ']);
    BEGINNINGS.iter().any(|words| start.starts_with(words) || bare.starts_with(words))
}

/// Whether a mail system wrote this, as far as the header tells.
pub(super) fn from_mail_system(message: &Message) -> bool {
    message.header("x-failed-recipients").is_some()
        || message.return_path == Some(ReturnPath::Null)
        || from_daemon(message)
        || from_nobody_at_all(message)
        || message.from.iter().any(|one| is_mail_system(&one.address) || is_named_as_one(&one.name))
}

/// An author without any address: `<>`, which mail systems take over from the null return path.
fn from_nobody_at_all(message: &Message) -> bool {
    message.from.is_empty()
        && message.header("from").is_some_and(|value| value.trim_end().ends_with("<>"))
}

/// `MAILER-DAEMON`, with or without a domain, as its author or as its return path.
fn from_daemon(message: &Message) -> bool {
    let daemon = |value: &str| {
        let value = value.to_ascii_lowercase();
        ["mailer-daemon", "mailer_daemon", "maildaemon"].iter().any(|name| value.contains(name))
    };
    // A person may be named so in a display name; an address is not.
    let from = message.from.iter().any(|one| daemon(one.address.local()))
        || message.from.is_empty() && message.header("from").is_some_and(daemon);
    from || message.header("return-path").is_some_and(daemon)
}

fn is_named_as_one(name: &str) -> bool {
    let name = name.to_lowercase();
    SYSTEMS.iter().any(|words| name.contains(words))
}

/// Whether this address is that of a mail system.
fn is_mail_system(address: &Address) -> bool {
    let local = address.local().to_ascii_lowercase();
    matches!(
        local.as_str(),
        "mailer-daemon"
            | "postmaster"
            | "post_master"
            | "mail-daemon"
            | "maildaemon"
            | "mailerdaemon"
            | "mailrouter"
            | "mail-router"
            | "double-bounce"
            | "mdaemon"
    ) || ["mailer-daemon", "microsoftexchange", "postmaster-"].iter().any(|s| local.starts_with(s))
}

/// Addresses at which nobody reads, from which some providers report.
fn is_nobody(address: &Address) -> bool {
    let local = address.local().to_ascii_lowercase().replace(['-', '_', '.'], "");
    local == "noreply" || local == "donotreply"
}

/// An SMTP reply or a status code (RFC 3463): `550 5.1.1`.
fn has_codes(text: &str) -> bool {
    let code = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let parts: Vec<&str> = word.split('.').collect();
        let enhanced = parts.len() == 3 && matches!(parts.first(), Some(&"4" | &"5"));
        let reply = word.len() == 3 && word.starts_with(['4', '5']);
        (enhanced || reply) && word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    text.split_whitespace().any(code)
}

/// Everything in a text that is an address.
fn addresses(text: &str) -> impl Iterator<Item = Address> {
    text.split(|c: char| c.is_whitespace() || "<>(),;:\"'".contains(c))
        .filter(|word| word.contains('@'))
        .take(limits::REPORTED)
        .filter_map(|word| Address::parse(word.trim_end_matches(['.', '!', '?'])))
}

fn field_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (head, value) = line.split_once(':')?;
    head.trim().eq_ignore_ascii_case(name).then_some(value)
}
