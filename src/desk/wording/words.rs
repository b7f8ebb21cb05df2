//! What notices say in words: kinds, hints, figures, moments.

use crate::desk::case::Case;
use crate::desk::event::Certainty;
use crate::desk::letter::{LetterId, LetterKind, Notice};
use crate::desk::policy::{Policy, Promise};
use crate::desk::promise::{self, Clock};
use crate::desk::time::{Moment, Zone};
use crate::desk::verdict::{Besides, Figures, Kind, Verdict};

/// A moment in UTC and, where it differs, as the clock of the reader shows it.
pub(super) fn when(moment: Moment, zone: &Zone) -> String {
    let utc = Zone::UTC.shows(moment);
    if zone.is_utc() {
        return utc;
    }
    // On the same day the clock is enough.
    let (own, day) = (zone.shows(moment), utc.split(',').next().unwrap_or_default());
    let own =
        own.strip_prefix(day).map_or(own.as_str(), |rest| rest.trim_start_matches([',', ' ']));
    format!("{utc} ({own})")
}

pub(super) fn in_words(verdict: &Verdict) -> &'static str {
    match verdict.kind {
        Kind::Complete => "Reads as a report",
        Kind::LinkOnly => "Only a link",
        Kind::AttachmentOnly => "Only an attachment",
        Kind::Encrypted => "Encrypted",
        Kind::Empty => "No text",
        Kind::FollowUp => "A follow-up",
        Kind::Automatic => "From a machine",
        Kind::Bounce => "A delivery report",
        Kind::SpamOrJunk => "Reads as junk",
        Kind::Other => "A person wrote, and it may be no report",
    }
}

/// Why, and what may be of use, with words of the mail: names of files and modules, hosts.
pub(super) fn told(verdict: &Verdict) -> (String, Vec<String>) {
    let hints = verdict.hints.iter().map(|hint| hint_in_words(hint));
    (third_person(verdict.detail()), hints.collect())
}

/// The same without any word of the mail.
pub(super) fn counted(verdict: &Verdict) -> (String, Vec<String>) {
    let mut hints: Vec<String> = Vec::new();
    for hint in &verdict.hints {
        let hint = match hint.split_once(':') {
            Some(("third_party", _)) => "names a module of others".into(),
            Some(("threat_model", _)) => {
                "may be outside the threat model; only a person decides that".into()
            }
            _ => hint_in_words(hint),
        };
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    (figures_in_words(verdict.kind, &verdict.figures), hints)
}

/// What there is in a mail, counted: `4 words and 1 link`.
fn figures_in_words(kind: Kind, figures: &Figures) -> String {
    match (kind, figures.besides) {
        // What is there is for nobody to count.
        (Kind::Encrypted, _) => return String::new(),
        (Kind::Empty, Some(Besides::Quote)) => return "only what it quotes".into(),
        (Kind::Empty, Some(Besides::Signature)) => return "only a signature".into(),
        (Kind::Empty, Some(Besides::Greeting)) => return "only a greeting".into(),
        _ => {}
    }
    let counts =
        [(figures.words, "word"), (figures.links, "link"), (figures.attachments, "attachment")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> =
        counts.map(|(n, what)| format!("{n} {what}{}", if n == 1 { "" } else { "s" })).collect();
    match said.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Hints are codes for programs; the team reads them as words.
fn hint_in_words(hint: &str) -> String {
    match hint.split_once(':') {
        Some(("third_party", name)) => format!("names {name}, a module of others"),
        Some(("threat_model", class)) => {
            format!("may be outside the threat model ({class}); only a person decides that")
        }
        Some(("lang", code)) => format!("written in the language \"{code}\""),
        _ => hint.replace('_', " "),
    }
}

/// A letter that was lost, for a person.
pub(super) fn letter_in_words(case: Option<&Case>, letter: &LetterId) -> &'static str {
    if let Some(notice) = letter.as_notice() {
        return notice_in_words(notice);
    }
    match case.and_then(|case| case.letters.get(letter)).map(|letter| letter.kind) {
        Some(LetterKind::AskResend) => "the request for the text of the report",
        Some(LetterKind::Combined) => "the acknowledgement of several reports in one",
        Some(LetterKind::Minimal) => "the short acknowledgement for unknown senders",
        Some(LetterKind::Waiting) => "the one that asks the reporter for more",
        Some(LetterKind::AskedAgain) => "the one that asks the reporter for more once again",
        Some(LetterKind::LastNote) => "the last note before the case is closed",
        Some(LetterKind::Missed) => "the one that tells the reporter of a missed promise",
        Some(LetterKind::Acknowledgement | LetterKind::Notice(_)) | None => "the acknowledgement",
    }
}

fn notice_in_words(notice: Notice) -> &'static str {
    match notice {
        Notice::Report => "the notice of this case",
        Notice::FollowUp | Notice::Guest => "the notice of a further mail",
        Notice::Forged => "the warning of a forged mail",
        Notice::Unreached => "the notice of a letter that was lost",
        Notice::Question => "the question whether a mail is a report",
        Notice::WasItYou => "the question about an answer that was not seen",
        Notice::TooShort => "the notice of an answer that is too short",
        Notice::Reminder => "the reminder of what is owed",
        Notice::Commanded => "the notice of what came of a command",
        Notice::Another => "the notice of another Watchpost",
        Notice::Escalation => "the notice of a missed promise",
        Notice::Gathered => "the notice of several cases",
        Notice::Digest => "the digest",
    }
}

pub(super) fn tie_in_words(tie: Certainty) -> &'static str {
    match tie {
        Certainty::OurLetter => {
            "it answers a letter of ours, and comes from somebody who takes part"
        }
        Certainty::OurAddress => {
            "it was sent to the address of the case, and comes from somebody who takes part"
        }
        Certainty::TheirMail => {
            "it answers a mail of the case, and comes from somebody who takes part"
        }
        Certainty::Conversation => {
            "the sender's mail program counts it to the conversation, and the sender takes part"
        }
        Certainty::SubjectTag => {
            "its subject names the case, and it comes from somebody who takes part"
        }
        Certainty::SameText => "the same sender wrote the same text",
        Certainty::SameSubject => "the same sender wrote with the same subject",
        Certainty::ToReporter => "it went to the reporter",
        Certainty::Guest => "it answers a letter of ours",
    }
}

pub(super) fn answered_with(case: &Case) -> String {
    let written = case.letters.values().find(|letter| letter.kind.acknowledges());
    match written.map(|letter| letter.kind) {
        Some(LetterKind::Acknowledgement) => "The reporter gets an acknowledgement.",
        Some(LetterKind::AskResend) => {
            "The reporter is asked to send the text of the report in the mail itself."
        }
        Some(LetterKind::Minimal) => {
            "Nothing proves who sent it: that address gets a short, fixed acknowledgement."
        }
        _ if case.deferred.is_some() => {
            "The reporter wrote several times within a day and gets one acknowledgement for these."
        }
        _ => "The reporter gets no acknowledgement by machine.",
    }
    .into()
}

/// Whether the reporter waits for anybody.
pub(super) fn state(case: &Case, policy: &Policy, zone: &Zone, now: Moment) -> String {
    let due_at = promise::response_due(case, policy, now);
    let due = when(due_at, zone);
    match case.answered {
        _ if case.closed.is_some() => "It is closed: nothing is owed any more.".into(),
        Some(at) => format!("A person first answered on {}.", when(at, zone)),
        None if due_at < now => {
            format!("Nobody has answered yet; an answer was promised by {due}.")
        }
        None => format!("Nobody has answered yet; an answer is promised by {due}."),
    }
}

/// Until when something is owed that nobody has done.
pub(super) fn clock(clock: &Clock, zone: &Zone, now: Moment) -> Option<String> {
    let name = match clock.promise {
        Promise::Acknowledgement => "Acknowledgement",
        Promise::Response => "Answer in detail",
        Promise::Update => "Next word of a person",
        Promise::Disclosure => "Announcement",
        Promise::Further(_) => clock.promise.name(),
    };
    let due = match clock.due {
        Some(due) if due < now => format!("was due by {}", when(due, zone)),
        Some(due) => format!("due by {}", when(due, zone)),
        None => "stands still until the reporter writes".into(),
    };
    clock.is_running().then(|| format!("{name}: {due}"))
}

/// What is found in a mail is told to its author, about "your mail"; the team reads of "the mail".
fn third_person(detail: &str) -> String {
    detail.strip_prefix("your mail").map_or_else(|| detail.into(), |rest| format!("the mail{rest}"))
}
