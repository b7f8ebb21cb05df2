//! Which row tells of an event. Pure: the event, the letter that it is about, and what caused it.

use super::commands::Said;
use super::row::Row;
use crate::desk::address::Mailbox;
use crate::desk::event::{Certainty, Event, Fact, Opening};
use crate::desk::ids::CaseId;
use crate::desk::letter::{LetterId, LetterKind, Notice};
use crate::desk::line::one_line;
use crate::desk::message::MessageId;
use crate::desk::policy::Promise;
use crate::desk::time::Moment;
use crate::desk::verdict::Verdict;
use crate::view::{third_person, utc};

/// What an event follows from.
pub(super) enum Cause<'a> {
    /// This mail.
    Mail(&'a str),
    /// What somebody said.
    Said(&'a Said),
    /// That time passed, or that a letter left.
    Time,
}

impl Cause<'_> {
    fn file(&self) -> Option<String> {
        if let Cause::Mail(file) = self { Some((*file).to_owned()) } else { None }
    }
}

/// A letter between its being written and its being sent.
pub(super) struct Owed {
    kind: LetterKind,
    to: Mailbox,
    message_id: MessageId,
    /// The mail that it follows from.
    file: Option<String>,
    /// The promise that it reminds of, or that was missed.
    promise: Option<Promise>,
    /// Set once it was sent, not withdrawn.
    pub(super) left: bool,
}

impl Owed {
    /// The letter that an event wrote; `decided` is all that followed from the same cause.
    pub(super) fn of(event: &Event, decided: &[Event], cause: &Cause<'_>) -> Option<Owed> {
        let Fact::Written { letter, kind, to, message_id, about, .. } = &event.fact else {
            return None;
        };
        let told = decided.iter().find(|one| Some(one.seq) == *about);
        let promise = told.and_then(|one| match one.fact {
            Fact::Reminded { promise, .. } | Fact::Escalated { promise, .. } => Some(promise),
            _ => None,
        });
        let promise = promise.or_else(|| letter.missed_promise());
        let (to, message_id) = (to.clone(), message_id.clone());
        Some(Owed { kind: *kind, to, message_id, file: cause.file(), promise, left: false })
    }
}

/// A mail, or a command, from which nothing follows.
pub(super) fn ignored(at: Moment, cause: &Cause<'_>, why: &str) -> Row {
    let why = match cause {
        Cause::Said(said) => format!("{} of {}: {why}", said.command.word(), said.who),
        _ => why.to_owned(),
    };
    Row { why, ..row(at, None, "ignored", cause) }
}

fn row(at: Moment, case: Option<&CaseId>, action: &'static str, cause: &Cause<'_>) -> Row {
    let case = case.cloned();
    let why = String::new();
    Row {
        at,
        case,
        action,
        to: Vec::new(),
        promise: None,
        message_id: None,
        file: cause.file(),
        why,
    }
}

/// The row that tells of an event; `owed` is the letter that was sent or withdrawn, or that tells the
/// reporter of a missed promise. Most facts make one, and a letter makes one when it leaves, not when
/// it is written; a missed promise and its letter are one row.
#[expect(clippy::too_many_lines, reason = "a row for each fact")]
pub(super) fn action(event: &Event, owed: Option<&Owed>, cause: &Cause<'_>) -> Option<Row> {
    let told =
        |action, why: String| Row { why, ..row(event.at, event.case.as_ref(), action, cause) };
    let met = |promise, row| Row { promise: Some(promise), ..row };
    let to = |who: &Mailbox, row| Row { to: vec![who.address.clone()], ..row };
    Some(match &event.fact {
        Fact::Opened(opening) => told("received", format!("opens a case: {}", reads(opening))),
        Fact::Joined { from, verdict, tie, .. } => {
            let (who, bound_by) = (who(from.as_ref()), bound_by(*tie));
            let why =
                format!("joins the case, since {bound_by}: {who} wrote again; {}", judged(verdict));
            told("received", why)
        }
        Fact::SetAside { verdict, .. } => told("ignored", judged(verdict)),
        Fact::CanaryCame { .. } => {
            told("ignored", "a mail of our own, sent to see it arrive".into())
        }
        Fact::Linked { other } => {
            told("linked", format!("refers to {other}, without proof that it belongs there"))
        }
        Fact::Similar { other, percent } => {
            told("similar", format!("it reads like {other} ({percent} % alike)"))
        }
        Fact::Held { why } => told("held", format!("not answered by machine: {}", why.in_words())),
        Fact::Sent { .. } => return sent(owed?, &told),
        Fact::Withdrawn { .. } => {
            let owed = owed?;
            let row = told("withdrawn", format!("{}: a person was faster", named(owed.kind)));
            Row { message_id: Some(owed.message_id.clone()), ..to(&owed.to, row) }
        }
        Fact::Deferred { to: one, until } => {
            let why = "the address had its letters of the day: one letter for several cases at";
            to(one, told("deferred", format!("{why} {}", utc(*until))))
        }
        Fact::Gathered { to: one, until } => {
            let why = "many notices this hour: one for several cases at";
            to(one, told("gathered", format!("{why} {}", utc(*until))))
        }
        Fact::Answered { by, words, enough: true, .. } => {
            let why = format!("{} answered the reporter ({words} words)", who(by.as_ref()));
            met(Promise::Response, told("response_seen", why))
        }
        Fact::Answered { by, words, enough: false, .. } => {
            let why = format!(
                "{} answered the reporter, but {words} words do not count",
                who(by.as_ref())
            );
            told("too_short", why)
        }
        Fact::Vouched { by, .. } => {
            let why = format!("{} says that the reporter has been answered", who(by.as_ref()));
            met(Promise::Response, told("response_seen", why))
        }
        Fact::Responded { .. } => met(
            Promise::Response,
            told("response_seen", "it is said that the reporter was answered".into()),
        ),
        Fact::Taken { .. }
        | Fact::Away { .. }
        | Fact::Back { .. }
        | Fact::Released { .. }
        | Fact::Merged { .. }
        | Fact::TookIn { .. }
        | Fact::Parted { .. }
        | Fact::SplitFrom { .. }
        | Fact::Asked { .. }
        | Fact::Confirmed { .. }
        | Fact::Declined { .. } => {
            return arranged(&event.fact).map(|(action, why)| told(action, why));
        }
        Fact::Discussed { by, why, .. } => told(
            "discussed",
            format!("{} wrote, not an answer: {}", who(by.as_ref()), why.in_words()),
        ),
        Fact::Commanded { by, words, refused: None, .. } => {
            told("command", format!("{} says “{words}”", who(by.as_ref())))
        }
        Fact::Commanded { by, words, refused: Some(why), .. } => {
            told("ignored", format!("{} says “{words}”: {why}", who(by.as_ref())))
        }
        Fact::Quoted { answer } => {
            told("quoted", format!("the reporter answers {answer}, which is not in the archive"))
        }
        Fact::Bounced { failed, letter, .. } => {
            let how = if *failed { "did not reach its reader" } else { "is delayed on its way" };
            told("bounced", format!("{} {how}", letter_named(letter)))
        }
        Fact::Returned { answer, .. } => {
            told("bounced", format!("{answer}, which a person wrote, did not reach its reader"))
        }
        Fact::Refused { letter, why, .. } => {
            told("refused", format!("{}: {why}", letter_named(letter)))
        }
        Fact::Breached { promise, due, .. } => {
            let why = format!("it was promised by {}", utc(*due));
            let row = met(*promise, told("breach", why));
            match owed {
                Some(owed) => {
                    Row { message_id: Some(owed.message_id.clone()), ..to(&owed.to, row) }
                }
                None => row,
            }
        }
        Fact::Waiting { .. }
        | Fact::Resumed { .. }
        | Fact::Closed { .. }
        | Fact::Reopened { .. }
        | Fact::Embargo { .. }
        | Fact::Announced { .. }
        | Fact::Marked { .. }
        | Fact::Met { .. } => return pace(&event.fact, told),
        // The letters tell of these.
        Fact::AskedAgain
        | Fact::LastNote { .. }
        | Fact::Reminded { .. }
        | Fact::Escalated { .. }
        | Fact::Written { .. }
        | Fact::Covered { .. }
        | Fact::Told { .. }
        | Fact::Kept { .. }
        | Fact::Delayed { .. }
        | Fact::AnsweredBefore
        | Fact::Another { .. }
        | Fact::Elsewhere { .. }
        | Fact::RelayStopped { .. }
        | Fact::RelayResumed { .. }
        | Fact::Digested { .. }
        | Fact::CanarySent { .. }
        | Fact::FolderBegun { .. } => return None,
    })
}

/// What starts, stops or ends clocks otherwise than by letters and answers.
fn pace(fact: &Fact, told: impl Fn(&'static str, String) -> Row) -> Option<Row> {
    let met = |promise, row| Row { promise: Some(promise), ..row };
    Some(match fact {
        Fact::Waiting { .. } => {
            told("paused", "it waits for its reporter: the clocks stand still".into())
        }
        Fact::Resumed { .. } => told("resumed", "the reporter wrote: the clocks go on".into()),
        Fact::Closed { by: Some(_) } => {
            told("closed", "it is said that nothing is owed any more".into())
        }
        Fact::Closed { by: None } => {
            told("closed", "the reporter, for whom it waited, never wrote".into())
        }
        Fact::Reopened { by: Some(_), .. } => told("reopened", "it is said that it goes on".into()),
        Fact::Reopened { by: None, .. } => told("reopened", "its reporter wrote".into()),
        Fact::Embargo { until, .. } => {
            let why = format!("it is kept secret until {}", utc(*until));
            met(Promise::Disclosure, told("embargo", why))
        }
        Fact::Announced { .. } => {
            met(Promise::Disclosure, told("announced", "it is said that it was announced".into()))
        }
        Fact::Marked { mark, .. } => told("marked", format!("it is said: {mark}")),
        Fact::Met { promise, .. } => {
            met(*promise, told("met", "it is said that it is kept".into()))
        }
        _ => return None,
    })
}

/// What people said of cases, and who is there.
fn arranged(fact: &Fact) -> Option<(&'static str, String)> {
    Some(match fact {
        Fact::Taken { member, .. } => ("taken", format!("{member} handles it from now on")),
        Fact::Away { member, until, .. } => {
            ("away", format!("{member} is away until {}", utc(*until)))
        }
        Fact::Back { member } => ("back", format!("{member} wrote, and is there again")),
        Fact::Released { .. } => ("released", "it is said that it is to be answered".into()),
        Fact::Merged { into, .. } => ("merged", format!("goes on in {into}")),
        Fact::TookIn { other, .. } => ("merged", format!("{other} goes on here")),
        Fact::Parted { number, to, .. } => ("split", format!("mail {number} became {to}")),
        Fact::SplitFrom { other, number, .. } => ("split", format!("was mail {number} of {other}")),
        Fact::Asked { opening, .. } => {
            ("asked", format!("the lead is asked whether it is a report: {}", reads(opening)))
        }
        Fact::Confirmed { .. } => ("confirmed", "the lead says that it is a report".into()),
        Fact::Declined { .. } => ("declined", "the lead says that it is no report".into()),
        _ => return None,
    })
}

/// A letter left.
fn sent(owed: &Owed, told: &impl Fn(&'static str, String) -> Row) -> Option<Row> {
    let promise = owed.promise;
    let (action, promise) = match owed.kind {
        LetterKind::AskResend => ("ask_resend", Some(Promise::Acknowledgement)),
        kind if kind.acknowledges() => ("acknowledge", Some(Promise::Acknowledgement)),
        LetterKind::Waiting => ("ask", None),
        LetterKind::AskedAgain => ("ask_again", None),
        LetterKind::LastNote => ("last_note", None),
        LetterKind::Notice(Notice::Reminder) => ("remind", promise),
        LetterKind::Notice(Notice::Escalation) => ("escalate", promise),
        LetterKind::Notice(Notice::Digest) => ("digest", None),
        // Its row is that of the missed promise.
        LetterKind::Missed => return None,
        _ => ("notify", None),
    };
    Some(Row {
        to: vec![owed.to.address.clone()],
        promise,
        message_id: Some(owed.message_id.clone()),
        file: owed.file.clone(),
        ..told(action, named(owed.kind).to_owned())
    })
}

/// What a letter is, for a person.
fn named(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Acknowledgement => "acknowledgement",
        LetterKind::AskResend => "acknowledgement that asks for the text in the mail itself",
        LetterKind::Combined => "one acknowledgement for several cases",
        LetterKind::Minimal => "acknowledgement that repeats nothing: the sender is not verified",
        LetterKind::Missed => "the truth about a missed promise",
        LetterKind::Waiting => "we need something more from you",
        LetterKind::AskedAgain => "we still need something from you",
        LetterKind::LastNote => "a last note before the case is closed",
        LetterKind::Notice(notice) => match notice {
            Notice::Report => "a new report",
            Notice::FollowUp => "somebody who takes part wrote again",
            Notice::Guest => "somebody new holds a letter of ours and wrote",
            Notice::Forged => "a mail claims to be of the team, and is not",
            Notice::Unreached => "a letter did not reach its reader",
            Notice::Question => "a question: is this mail a report?",
            Notice::WasItYou => {
                "a question: the reporter answers a mail that was not seen; was it yours?"
            }
            Notice::Commanded => "what came of your command",
            Notice::TooShort => "this answer is too short to count",
            Notice::Reminder => "it is due soon",
            Notice::Escalation => "it was missed, and goes up the ladder",
            Notice::Another => "another Watchpost watches the same inbox",
            Notice::Gathered => "several notices in one",
            Notice::Digest => "what is owed, what was held, and how promises were kept",
        },
    }
}

fn letter_named(letter: &LetterId) -> String {
    letter.0.rsplit('/').next().unwrap_or_default().replace('_', " ")
}

fn who(mailbox: Option<&Mailbox>) -> String {
    mailbox.map_or_else(|| "somebody".into(), |one| one.address.to_string())
}

/// How much of a subject is repeated.
const SUBJECT: usize = 80;

fn reads(opening: &Opening) -> String {
    let from = who(opening.reporter.as_ref());
    let subject = match one_line(&opening.subject, SUBJECT).as_str() {
        "" => "wrote without a subject".to_owned(),
        subject => format!("wrote “{subject}”"),
    };
    format!("{from} {subject}; {}", judged(&opening.verdict))
}

fn judged(verdict: &Verdict) -> String {
    match verdict.detail() {
        "" => verdict.kind.to_string(),
        detail => format!("{}: {}", verdict.kind, third_person(detail)),
    }
}

/// What binds a mail to its case, for a person.
fn bound_by(tie: Certainty) -> &'static str {
    match tie {
        Certainty::OurLetter => "it answers a letter of ours",
        Certainty::OurAddress => "it went to the address of the case",
        Certainty::TheirMail => "it names a mail of the case",
        Certainty::Conversation => "its sender's program counts it to the conversation",
        Certainty::SubjectTag => "its subject names the case",
        Certainty::SameText => "it is the same text",
        Certainty::SameSubject => "it has the same sender and subject",
        Certainty::ToReporter => "it went to the reporter",
        Certainty::Guest => "it answers a letter of ours, from somebody new",
    }
}
