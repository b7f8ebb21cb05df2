//! What an operator sees of cases: the rows of `cases` and the story of `show`.

use serde::{Deserialize, Serialize};

use crate::desk::case::{Case, Fate};
use crate::desk::event::{Event, Fact, HoldReason};
use crate::desk::time::Moment;

/// A row of `watchpost cases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// The case number.
    pub case: String,
    /// Where it stands.
    pub state: String,
    /// What kind of mail opened it.
    pub verdict: String,
    /// Who reported; none where no single author is named.
    pub reporter: Option<String>,
    /// The subject of the report.
    pub subject: String,
    /// When it arrived (RFC 3339, as all moments here).
    pub received: String,
    /// When the reporter was told so.
    pub acknowledged: Option<String>,
    /// When a person first answered.
    #[serde(default)]
    pub answered: Option<String>,
    /// When the acknowledgement is owed.
    pub acknowledgement_due: String,
    /// When the detailed response is owed.
    pub response_due: String,
    /// Why nobody was answered by machine.
    pub held: Option<String>,
    /// The same as a word for programs.
    #[serde(default)]
    pub hold: Option<HoldReason>,
    /// Whether something is owed that was due before this row was made.
    #[serde(default)]
    pub overdue: bool,
    /// How many mails joined after the first.
    pub follow_ups: u32,
    /// How many of its letters still have to be sent.
    pub letters_waiting: usize,
    /// The inbox that it came in by.
    pub inbox: String,
}

impl CaseRow {
    /// When the reporter is owed something next: the acknowledgement where there is none yet, or the
    /// response. None where a person has answered, or a moment cannot be read.
    pub fn due(&self) -> Option<Moment> {
        if self.answered.is_some() {
            return None;
        }
        let response = Moment::parse_rfc3339(&self.response_due)?;
        match self.acknowledged {
            Some(_) => Some(response),
            None => Some(response.min(Moment::parse_rfc3339(&self.acknowledgement_due)?)),
        }
    }
}

/// The row of a case as it is `now`.
pub fn case_row(case: &Case, now: Moment) -> CaseRow {
    let waiting = case.letters.values().filter(|letter| letter.fate == Fate::Waiting).count();
    let mut row = CaseRow {
        case: case.id.to_string(),
        state: case.state().name().into(),
        verdict: case.opening.verdict.kind.name().into(),
        reporter: case.opening.reporter.as_ref().map(|r| r.address.to_string()),
        subject: case.opening.subject.clone(),
        received: case.arrived().rfc3339(),
        acknowledged: case.acknowledged.map(Moment::rfc3339),
        answered: case.answered.map(Moment::rfc3339),
        acknowledgement_due: case.acknowledgement_due().rfc3339(),
        response_due: case.response_due().rfc3339(),
        held: case.held.map(|why| why.in_words().to_owned()),
        hold: case.held,
        overdue: false,
        follow_ups: case.follow_ups,
        letters_waiting: waiting,
        inbox: case.mail().folder.inbox.clone(),
    };
    row.overdue = row.due().is_some_and(|due| due < now);
    row
}

/// A line of `watchpost show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLine {
    /// When it happened: the server's time for a mail, ours for the rest.
    pub at: String,
    /// What happened, in one word.
    pub what: String,
    /// The same as a sentence.
    pub story: String,
    /// The event as it is recorded.
    pub event: Event,
}

/// The story of a case, a line an event.
pub fn story(events: &[Event]) -> Vec<StoryLine> {
    events.iter().map(line).collect()
}

fn line(event: &Event) -> StoryLine {
    let at = match &event.fact {
        Fact::Opened(opening) => opening.mail.arrived,
        Fact::Joined { mail, .. }
        | Fact::Bounced { mail, .. }
        | Fact::Answered { mail, .. }
        | Fact::Discussed { mail, .. }
        | Fact::Vouched { mail: Some(mail), .. } => mail.arrived,
        _ => event.at,
    };
    let (what, story) = tell(&event.fact);
    StoryLine { at: at.rfc3339(), what: what.into(), story, event: event.clone() }
}

#[expect(clippy::too_many_lines, reason = "a sentence for each fact")]
fn tell(fact: &Fact) -> (&'static str, String) {
    match fact {
        Fact::Opened(opening) => {
            let who =
                opening.reporter.as_ref().map_or("somebody".into(), |r| r.address.to_string());
            let (verdict, mail) = (&opening.verdict, &opening.mail);
            let wrote = match opening.subject.as_str() {
                "" => "wrote without a subject".to_owned(),
                subject => format!("wrote “{subject}”"),
            };
            let why = third_person(verdict.detail());
            let place = format!("{}, UID {}", mail.folder, mail.uid);
            ("opened", format!("{who} {wrote} ({}: {why}); {place}", verdict.kind))
        }
        Fact::Joined { mail, from, verdict, tie, .. } => {
            let who = from.as_ref().map_or("somebody".into(), |f| f.address.to_string());
            let tie = serde_json::to_value(tie).ok().and_then(|v| v.as_str().map(str::to_owned));
            let tie = tie.unwrap_or_default().replace('_', " ");
            (
                "joined",
                format!(
                    "{who} wrote again ({}; tie: {tie}); {}, UID {}",
                    verdict.kind, mail.folder, mail.uid
                ),
            )
        }
        Fact::Answered { mail, by, enough, words, .. } => {
            let who = by.as_ref().map_or("the team".into(), |by| by.address.to_string());
            let counts = if *enough { "" } else { ", too short to count" };
            let story = format!(
                "{who} answered the reporter ({words} words{counts}); {}, UID {}",
                mail.folder, mail.uid
            );
            ("answered", story)
        }
        Fact::Discussed { mail, by, why } => {
            let who = by.as_ref().map_or("somebody".into(), |by| by.address.to_string());
            let why = why.in_words();
            let story =
                format!("{who} wrote, not an answer: {why}; {}, UID {}", mail.folder, mail.uid);
            ("discussed", story)
        }
        Fact::Quoted { answer } => {
            ("quoted", format!("the reporter answers {answer}, which was never seen"))
        }
        Fact::Vouched { by, .. } => {
            let who = by.as_ref().map_or("the team".into(), |by| by.address.to_string());
            ("vouched", format!("{who} says that the reporter has been answered"))
        }
        Fact::Withdrawn { letter } => {
            ("withdrawn", format!("{letter} is not needed any more: a person answered"))
        }
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
        Fact::Escalated { promise, step, .. } => {
            ("escalated", format!("the missed {} goes up the ladder ({step})", promise.name()))
        }
        Fact::Gathered { to, until } => (
            "gathered",
            format!("{} is told together with other cases, at {}", to.address, utc(*until)),
        ),
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
        Fact::Refused { letter, why } => {
            ("refused", format!("{letter} will not be delivered: {why}"))
        }
        Fact::Bounced { letter, failed, .. } => {
            let how = if *failed { "did not reach its reader" } else { "is delayed on its way" };
            ("bounced", format!("{letter} {how}"))
        }
        Fact::AnsweredBefore => (
            "answered before",
            "the mail carries $WatchpostAcked: an earlier store had answered it".into(),
        ),
        Fact::RelayStopped { why, next, passing, .. } => {
            let how = if *passing { "takes nothing now" } else { "refuses us" };
            ("relay stopped", format!("the mail server {how}: {why}; again at {}", utc(*next)))
        }
        Fact::RelayResumed { .. } => {
            ("relay resumed", "the mail server takes letters again".into())
        }
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
