//! The story of a case, a line an event, as `watchpost show` tells it.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::desk::address::Mailbox;
use crate::desk::event::{Certainty, Event, Fact, MailRef, Sayer};
use crate::desk::letter::LetterId;
use crate::desk::mails::{mail, numbered};
use crate::desk::time::Moment;

/// A line of `watchpost show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLine {
    /// When it happened: the server's time for a mail, ours for the rest.
    pub at: String,
    /// The number of the mail on its case, by which commands name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<u32>,
    /// What happened, in one word.
    pub what: String,
    /// The same as a sentence.
    pub story: String,
    /// The event as it is recorded.
    pub event: Event,
}

/// The story of a case, a line an event.
pub fn story(events: &[Event]) -> Vec<StoryLine> {
    let fates = fates(events);
    numbered(events).map(|(number, event)| line(number, event, &fates)).collect()
}

/// What became of each letter last.
fn fates(events: &[Event]) -> BTreeMap<&LetterId, &'static str> {
    events.iter().filter_map(|event| fate(&event.fact)).collect()
}

fn fate(fact: &Fact) -> Option<(&LetterId, &'static str)> {
    match fact {
        Fact::Sent { letter, .. } => Some((letter, "sent")),
        Fact::Delayed { letter, unknown: true, .. } => Some((letter, "waits, perhaps sent")),
        Fact::Written { letter, .. }
        | Fact::Covered { letter, .. }
        | Fact::Delayed { letter, .. } => Some((letter, "waits")),
        Fact::Refused { letter, unwritten: true, .. } => Some((letter, "not written")),
        Fact::Refused { letter, .. } => Some((letter, "not delivered")),
        Fact::Bounced { letter, failed: true, .. } => Some((letter, "came back")),
        Fact::Withdrawn { letter } | Fact::Elsewhere { letter: Some(letter), .. } => {
            Some((letter, "not needed"))
        }
        _ => None,
    }
}

fn line(
    number: Option<u32>,
    event: &Event,
    fates: &BTreeMap<&LetterId, &'static str>,
) -> StoryLine {
    let at = mail(&event.fact).map_or(event.at, |mail| mail.arrived);
    let (what, mut story) = tell(&event.fact);
    if let Fact::Written { letter, .. } | Fact::Covered { letter, .. } = &event.fact
        && let Some(fate) = fates.get(letter)
    {
        story.push_str(": ");
        story.push_str(fate);
    }
    StoryLine { at: at.rfc3339(), mail: number, what: what.into(), story, event: event.clone() }
}

/// How surely a mail belongs to its case.
fn how_surely(tie: Certainty) -> &'static str {
    match tie {
        Certainty::OurLetter => "surely: it answers a letter of ours",
        Certainty::OurAddress => "surely: it was sent to the address of the case",
        Certainty::TheirMail => "it answers a mail of the case",
        Certainty::Conversation => "its mail program names the same conversation",
        Certainty::SubjectTag => "its subject names the case",
        Certainty::SameText => "the same text by the same sender",
        Certainty::SameSubject => "perhaps: the same subject by the same sender",
        Certainty::ToReporter => "it went to the reporter",
        Certainty::Guest => "a newcomer, who answers a letter of ours and moves nothing",
    }
}

fn who(mailbox: Option<&Mailbox>, nobody: &str) -> String {
    mailbox.map_or_else(|| nobody.to_owned(), |one| one.address.to_string())
}

fn sayer(by: Sayer) -> &'static str {
    match by {
        Sayer::Operator => "the operator",
        Sayer::Team => "the team",
    }
}

fn says(by: Sayer, what: impl Display) -> String {
    format!("{} says that {what}", sayer(by))
}

fn place(mail: &MailRef) -> String {
    format!("{}, UID {}", mail.folder, mail.uid)
}

#[expect(clippy::too_many_lines, reason = "a sentence for each fact")]
/// A fact in one word, and as a sentence.
pub(super) fn tell(fact: &Fact) -> (&'static str, String) {
    match fact {
        Fact::Opened(opening) => {
            let who = who(opening.reporter.as_ref(), "somebody");
            let (verdict, place) = (&opening.verdict, place(&opening.mail));
            let wrote = match opening.subject.as_str() {
                "" => "wrote without a subject".to_owned(),
                subject => format!("wrote “{subject}”"),
            };
            let why = third_person(verdict.detail());
            ("opened", format!("{who} {wrote} ({}: {why}); {place}", verdict.kind))
        }
        Fact::Joined { mail, from, verdict, tie, .. } => {
            let (who, surely) = (who(from.as_ref(), "somebody"), how_surely(*tie));
            let place = place(mail);
            ("joined", format!("{who} wrote again ({}; {surely}); {place}", verdict.kind))
        }
        Fact::Answered { mail, by, enough, words, .. } => {
            let (who, place) = (who(by.as_ref(), "the team"), place(mail));
            let counts = if *enough { "" } else { ", too short to count" };
            ("answered", format!("{who} answered the reporter ({words} words{counts}); {place}"))
        }
        Fact::Discussed { mail, by, why } => {
            let (who, why) = (who(by.as_ref(), "somebody"), why.in_words());
            ("discussed", format!("{who} wrote, not an answer: {why}; {}", place(mail)))
        }
        Fact::Commanded { mail, by, words, refused } => {
            let (who, place) = (who(by.as_ref(), "the team"), place(mail));
            let done = refused.as_ref().map(|why| format!("; not done: {why}")).unwrap_or_default();
            ("command", format!("{who} says “{words}”; {place}{done}"))
        }
        Fact::Quoted { answer } => {
            ("quoted", format!("the reporter answers {answer}, which was never seen"))
        }
        Fact::Vouched { by, .. } => {
            let who = who(by.as_ref(), "the team");
            ("vouched", format!("{who} says that the reporter has been answered"))
        }
        Fact::Responded { by } => ("responded", says(*by, "the reporter has been answered")),
        Fact::Taken { member, by } => ("taken", says(*by, format!("{member} handles it"))),
        Fact::Away { member, until, mail } => {
            let (until, place) = (utc(*until), place(mail));
            ("away", format!("{member} is away until {until}, says their note; {place}"))
        }
        Fact::Back { member } => ("back", format!("{member} wrote, and is there again")),
        Fact::Released { by } => ("released", says(*by, "it is to be answered")),
        Fact::Merged { into, by } => {
            let owed = "its reporter is owed here what was promised";
            ("merged", says(*by, format!("it goes on in {into}; {owed}")))
        }
        Fact::TookIn { other, reporter, arrived, by } => {
            let (who, seen) = (who(reporter.as_ref(), "somebody"), utc(*arrived));
            let what = format!("{other} goes on here; reported by {who}, first seen {seen}");
            ("took in", says(*by, what))
        }
        Fact::Parted { number, to, by, .. } => {
            ("split off", says(*by, format!("mail {number} is {to}")))
        }
        Fact::SplitFrom { other, number, by } => {
            ("split from", says(*by, format!("mail {number} of {other} is this case")))
        }
        Fact::Waiting { by, .. } => ("waiting", says(*by, "it waits for its reporter")),
        Fact::Resumed { .. } => ("resumed", "the reporter wrote: the clocks go on".into()),
        Fact::AskedAgain => {
            ("asked again", "the reporter is reminded that the case waits for them".into())
        }
        Fact::LastNote { closes } => {
            ("last note", format!("it is closed at {}, unless the reporter writes", utc(*closes)))
        }
        Fact::Closed { by: Some(by) } => ("closed", says(*by, "nothing is owed any more")),
        Fact::Closed { by: None } => {
            ("closed", "the reporter, for whom it waited, never wrote".into())
        }
        Fact::Reopened { by: Some(by), .. } => ("reopened", says(*by, "it goes on")),
        Fact::Reopened { by: None, .. } => ("reopened", "its reporter wrote".into()),
        Fact::Embargo { until, by } => {
            ("embargo", says(*by, format!("it is kept secret until {}", utc(*until))))
        }
        Fact::Announced { by } => ("announced", says(*by, "it was announced")),
        Fact::Marked { mark, by } => ("marked", format!("{} says: {mark}", sayer(*by))),
        Fact::Met { promise, by } => ("met", says(*by, format!("{} is kept", promise.name()))),
        Fact::Withdrawn { letter } => ("withdrawn", format!("{letter} is not needed any more")),
        Fact::Asked { question, .. } => {
            ("asked", format!("the lead is asked whether this is a report ({question})"))
        }
        Fact::Confirmed { question, .. } => {
            ("confirmed", format!("the lead says that it is a report ({question})"))
        }
        Fact::Declined { question, .. } => {
            ("declined", format!("the lead says that it is none ({question})"))
        }
        Fact::Reminded { promise, count, .. } => {
            ("reminded", format!("the team was reminded of the {} ({count})", promise.name()))
        }
        Fact::Breached { promise, due, .. } => {
            ("breach", format!("the {} was promised by {} and missed", promise.name(), utc(*due)))
        }
        Fact::Escalated { promise, step, rung, .. } => {
            let rung = rung.map(|rung| format!(", {}", rung.name())).unwrap_or_default();
            let story = format!("the missed {} goes up the ladder ({step}{rung})", promise.name());
            ("escalated", story)
        }
        Fact::Gathered { to, until } => (
            "gathered",
            format!("{} is told together with other cases, at {}", to.address, utc(*until)),
        ),
        Fact::Told { letter, to } => ("told", format!("{letter} tells {to} of this case too")),
        Fact::Linked { other } => {
            ("linked", format!("refers to {other}, without proof that it belongs there"))
        }
        Fact::Similar { other, percent } => {
            ("similar", format!("reads like {other} ({percent} % alike)"))
        }
        Fact::SetAside { verdict, .. } => {
            ("set aside", format!("{}: {}", verdict.kind, third_person(verdict.detail())))
        }
        Fact::Held { why } => ("held", format!("not answered by machine: {}", why.in_words())),
        Fact::Written { kind, to, .. } => {
            ("written", format!("{} to {}", kind.name().replace('_', " "), to.address))
        }
        Fact::Covered { letter, .. } => ("covered", format!("{letter} acknowledges this case too")),
        Fact::Deferred { until, .. } => (
            "deferred",
            format!("acknowledged together with others of this address, at {}", utc(*until)),
        ),
        Fact::Sent { letter, reply } => ("sent", format!("{letter}: {reply}")),
        Fact::Kept { letter, by_itself } => {
            let how = if *by_itself { "the provider put it there" } else { "put there" };
            ("kept", format!("{letter} lies in the folder for sent mail ({how})"))
        }
        Fact::Delayed { letter, why, unknown, next } => {
            let sure = if *unknown { "perhaps sent" } else { "not sent" };
            ("delayed", format!("{letter} {sure}: {why}; again at {}", utc(*next)))
        }
        Fact::Refused { letter, why, unwritten: true } => {
            ("refused", format!("{letter} could not be written, which is a defect: {why}"))
        }
        Fact::Refused { letter, why, .. } => {
            ("refused", format!("{letter} will not be delivered: {why}"))
        }
        Fact::Bounced { letter, failed, .. } => {
            let how = if *failed { "did not reach its reader" } else { "is delayed on its way" };
            ("bounced", format!("{letter} {how}"))
        }
        Fact::Returned { answer, .. } => {
            ("bounced", format!("{answer}, which a person wrote, did not reach its reader"))
        }
        Fact::AnsweredBefore => (
            "answered before",
            "the mail carries $WatchpostAcked: an earlier store had answered it".into(),
        ),
        Fact::Another { by } => (
            "another",
            format!("another Watchpost, {by}, watches this inbox: only one of the two should"),
        ),
        Fact::Elsewhere { by, .. } => {
            ("answered elsewhere", format!("another Watchpost, {by}, acknowledged it"))
        }
        Fact::RelayStopped { why, next, passing, .. } => {
            let how = if *passing { "takes nothing now" } else { "refuses us" };
            ("relay stopped", format!("the mail server {how}: {why}; again at {}", utc(*next)))
        }
        Fact::RelayResumed { .. } => {
            ("relay resumed", "the mail server takes letters again".into())
        }
        Fact::Digested { inbox, from, to } => match from {
            Some(from) => ("digest", format!("{inbox}: told from {} to {}", utc(*from), utc(*to))),
            None => ("digest", format!("{inbox}: counted from {}", utc(*to))),
        },
        Fact::CanarySent { .. } => ("canary sent", "a mail of our own, to see it arrive".into()),
        Fact::CanaryCame { .. } => ("canary arrived", "a mail of our own".into()),
        Fact::FolderBegun { folder, last_old_uid, .. } => {
            ("folder", format!("{folder} is watched from UID {last_old_uid} on"))
        }
    }
}

/// A moment as a sentence for an operator names it.
pub fn utc(moment: Moment) -> String {
    format!("{} UTC", moment.short())
}

/// What is found in a mail is told to its author, about "your mail"; an operator reads of "the mail".
pub fn third_person(detail: &str) -> String {
    detail.strip_prefix("your mail").map_or_else(|| detail.into(), |rest| format!("the mail{rest}"))
}
