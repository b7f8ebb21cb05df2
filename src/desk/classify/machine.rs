//! Mail that no person wrote for us.

use super::sender::nobody_reads;
use super::sense::Sense;
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
        || is_counted_behind_a_door(message);
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

pub(super) fn no_reply_sender(facts: &Facts<'_>) -> Option<String> {
    (nobody_reads(facts.message) && !facts.may_be_report())
        .then(|| "its sender reads no answers".to_owned())
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
    is_one_click(message)
        || is_counted_behind_a_door(message)
        || only_leaving && message.header("list-post").is_none()
}

/// RFC 8058, which is for mail that is sent to many. Feedback-ID by itself is not: providers write it
/// into what each of their customers sends, to know whom complaints are about.
fn is_one_click(message: &Message) -> bool {
    let has = |name: &str| message.header(name).is_some();
    let one_click = has("list-unsubscribe-post") || has("feedback-id") && has("list-unsubscribe");
    one_click && !has("list-post")
}

/// Providers at which people write their mail, by the end of the Feedback-ID that they put there.
const OF_PEOPLE: &[&str] = &["proton", "fastmail", "qybglogicsvr"];

/// Whether complaints about it are counted, as of mail that programs send; a person's may leave that
/// way too.
pub(super) fn is_counted(message: &Message) -> bool {
    message.header("feedback-id").is_some_and(|value| {
        let provider = value.rsplit(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        !OF_PEOPLE.iter().any(|name| provider.starts_with(name))
    })
}

/// The same where a list of our own has taken the other fields of a newsletter away.
fn is_counted_behind_a_door(message: &Message) -> bool {
    message.through.is_some() && is_counted(message)
}

fn is_set(value: &str) -> bool {
    !matches!(value.trim().to_ascii_lowercase().as_str(), "no" | "false" | "0" | "none")
}

/// A word out of a mail, harmless in a sentence: ASCII letters, digits, hyphens and blanks, or
/// letters of any script; bounded.
pub(super) fn shown(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ')).take(40).collect()
}
