//! What notices to the team can name. They repeat no word of a report, unless told otherwise.

use serde::Serialize;

use crate::desk::address::Mailbox;
use crate::desk::case::Case;
use crate::desk::event::{Certainty, Event, Fact, MailRef, Opening};
use crate::desk::ids::CaseId;
use crate::desk::ladder;
use crate::desk::letter::{LetterId, LetterKind, Notice};
use crate::desk::line::one_line;
use crate::desk::message::MessageId;
use crate::desk::policy::{Policy, Promise};
use crate::desk::promise::{self, Clock};
use crate::desk::team::Notices;
use crate::desk::thread::without_prefixes;
use crate::desk::time::{Moment, Zone};
use crate::desk::verdict::Verdict;

/// What a notice tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    /// The case; none for a question.
    pub case: Option<&'a Case>,
    /// The further cases of a notice about several.
    pub others: &'a [&'a Case],
    /// What happened.
    pub event: Option<&'a Event>,
    /// The cases that a new one refers to without proof.
    pub linked: &'a [CaseId],
    /// The text of the mail; used only where the configuration wants it.
    pub text: Option<&'a str>,
}

/// A notice as it was decided on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided<'a> {
    /// Its name.
    pub id: &'a LetterId,
    /// Which one.
    pub notice: Notice,
    /// Who reads it.
    pub to: &'a Mailbox,
    /// Its Message-ID.
    pub message_id: &'a MessageId,
}

/// What a template of a notice can name; what is absent is undefined.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(default)]
pub(super) struct Values {
    project: String,
    member: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reporter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    received: String,
    verdict: String,
    why: String,
    hints: Vec<String>,
    linked: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<String>,
    answered_with: String,
    acknowledgement_due: String,
    response_due: String,
    late: bool,
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    state: String,
    tie: String,
    letter: String,
    said: String,
    to_reporter: bool,
    answer: String,
    words: u32,
    words_needed: usize,
    count: usize,
    cases: Vec<Listed>,
    more_cases: usize,
    promise: String,
    due: String,
    rung: String,
    step: u32,
    every: String,
    /// The reader is on the team.
    inside: bool,
    #[serde(skip)]
    clocks: Vec<Clock>,
}

#[derive(Clone, Debug, Serialize)]
struct Listed {
    case: String,
    state: String,
    received: String,
    response_due: String,
}

/// The most cases that one notice lists.
const LISTED: usize = 12;

impl Values {
    pub(super) fn of(
        policy: &Policy,
        told: &Told<'_>,
        decided: &Decided<'_>,
        now: Moment,
    ) -> Values {
        let member = policy.team.member(&decided.to.address);
        let utc = Zone::UTC;
        let zone = member.map_or(&utc, |member| &member.zone);
        let mut values = Values {
            project: policy.project.clone(),
            words_needed: policy.response_words,
            every: policy.escalate_every.to_string(),
            count: told.others.len() + 1,
            inside: member.is_some(),
            linked: told.linked.iter().map(ToString::to_string).collect(),
            ..Values::default()
        };
        if let Some(case) = told.case {
            values.case = Some(case.id.to_string());
            values.begins(policy, &case.opening, zone, now);
            values.clocks = promise::clocks(case);
            values.response_due = when(case.response_due(), zone);
            values.late = case.answered.is_none() && case.response_due() < now;
            values.held =
                case.held.filter(|_| case.acknowledged.is_none()).map(|h| h.in_words().into());
            values.answered_with = answered_with(case);
            values.state = state(case, zone, now);
            let cases = [case].into_iter().chain(told.others.iter().copied());
            values.cases = cases.take(LISTED).map(|case| Listed::of(case, zone)).collect();
            values.more_cases = values.count.saturating_sub(LISTED);
        }
        if let Some(event) = told.event {
            values.happened(policy, &event.fact, zone, now);
        }
        values
    }

    fn begins(&mut self, policy: &Policy, opening: &Opening, zone: &Zone, now: Moment) {
        let subject = one_line(&without_prefixes(&opening.subject), 120);
        // Who is outside gets facts only.
        let wanted = matches!(policy.team.notices, Notices::Subject | Notices::Text) && self.inside;
        self.subject = Some(subject).filter(|subject| wanted && !subject.is_empty());
        self.reporter = opening.reporter.as_ref().map(|one| one.address.to_string());
        self.judged(&opening.verdict);
        self.lies(&opening.mail, zone);
        let due = opening.mail.arrived + opening.promised.acknowledgement;
        self.acknowledgement_due = when(due, zone);
        let due = opening.promised.response_due(opening.mail.arrived, None);
        self.response_due = when(due, zone);
        self.late = due < now;
    }

    fn judged(&mut self, verdict: &Verdict) {
        self.verdict = in_words(verdict).into();
        self.why = one_line(third_person(verdict.detail()).as_str(), 200);
        self.hints = verdict.hints.iter().map(|hint| hint_in_words(hint)).collect();
    }

    fn lies(&mut self, mail: &MailRef, zone: &Zone) {
        self.received = when(mail.arrived, zone);
        self.place = format!("folder {}, UID {}", one_line(&mail.folder.name, 80), mail.uid);
        self.message_id = mail.message_id.as_ref().map(ToString::to_string);
    }

    fn happened(&mut self, policy: &Policy, fact: &Fact, zone: &Zone, now: Moment) {
        match fact {
            Fact::Asked { opening, .. } => self.begins(policy, opening, zone, now),
            Fact::Joined { mail, from, verdict, tie, .. } => {
                self.author = from.as_ref().map(|one| one.address.to_string());
                self.judged(verdict);
                self.lies(mail, zone);
                self.tie = tie_in_words(*tie).into();
            }
            Fact::Discussed { mail, by, .. } => {
                self.author = by.as_ref().map(|one| one.address.to_string());
                self.lies(mail, zone);
            }
            Fact::Refused { letter, why } => self.lost(letter, why),
            Fact::Bounced { letter, mail, .. } => {
                self.lies(mail, zone);
                self.lost(letter, "a mail system reported that it could not be delivered");
            }
            Fact::Quoted { answer } => self.answer = answer.to_string(),
            Fact::Reminded { promise, start, .. } => self.owed(*promise, *start, zone),
            Fact::Escalated { promise, start, step, .. } => {
                self.owed(*promise, *start, zone);
                ladder::told(policy, *step).0.name().clone_into(&mut self.rung);
                self.step = *step;
            }
            Fact::Answered { words, .. } => self.words = *words,
            _ => {}
        }
    }

    /// The clock that a reminder or an escalation is about.
    fn owed(&mut self, promise: Promise, start: Moment, zone: &Zone) {
        promise.name().clone_into(&mut self.promise);
        let clock =
            self.clocks.iter().find(|clock| clock.promise == promise && clock.start == start);
        self.due = clock.map(|clock| when(clock.due, zone)).unwrap_or_default();
    }

    fn lost(&mut self, letter: &LetterId, said: &str) {
        self.letter = letter.to_string();
        self.said = one_line(said, 300);
        self.to_reporter = letter.member().is_none();
        letter.member().unwrap_or_default().clone_into(&mut self.member);
    }

    /// What there can be: everything, and as little as possible.
    pub(super) fn samples() -> [Values; 2] {
        let date = when(Moment::from_unix(1_800_000_000), &Zone::UTC);
        let listed = Listed {
            case: "EXP-2026-0007".into(),
            state: "received".into(),
            received: date.clone(),
            response_due: date.clone(),
        };
        let least = Values {
            project: "Express".into(),
            member: "kim".into(),
            case: Some("EXP-2026-0007".into()),
            received: date.clone(),
            verdict: "report".into(),
            why: "it holds no text".into(),
            answered_with: "The reporter gets an acknowledgement.".into(),
            acknowledgement_due: date.clone(),
            response_due: date,
            place: "folder INBOX, UID 7".into(),
            state: "Nobody has answered yet.".into(),
            tie: "it answers a letter of ours".into(),
            letter: "EXP-2026-0007/acknowledgement".into(),
            said: "550 5.1.1 no such user".into(),
            answer: "<one@acorn.example>".into(),
            promise: "response".into(),
            due: "Thu 3 Sep 2026, 17:11 UTC".into(),
            rung: "deputies".into(),
            step: 1,
            inside: true,
            every: "24h".into(),
            words: 3,
            words_needed: 20,
            count: 2,
            cases: vec![listed; 2],
            ..Values::default()
        };
        let most = Values {
            subject: Some("a problem".into()),
            reporter: Some("ann@acorn.example".into()),
            author: Some("ann@acorn.example".into()),
            hints: vec!["names another module".into()],
            linked: vec!["EXP-2026-0003".into()],
            held: Some("it came through a mailing list".into()),
            late: true,
            inside: false,
            message_id: Some("<one@acorn.example>".into()),
            to_reporter: true,
            more_cases: 3,
            ..least.clone()
        };
        [least, most]
    }
}

impl Listed {
    fn of(case: &Case, zone: &Zone) -> Listed {
        Listed {
            case: case.id.to_string(),
            state: case.held.map_or(case.state().name(), |_| "held").into(),
            received: when(case.arrived(), zone),
            response_due: when(case.response_due(), zone),
        }
    }
}

/// A moment in UTC and, where it differs, as the clock of the reader shows it.
fn when(moment: Moment, zone: &Zone) -> String {
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

fn in_words(verdict: &Verdict) -> &'static str {
    use crate::desk::verdict::Kind;
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

fn tie_in_words(tie: Certainty) -> &'static str {
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

fn answered_with(case: &Case) -> String {
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
            "The reporter wrote several times today and gets one acknowledgement for these."
        }
        _ => "The reporter gets no acknowledgement by machine.",
    }
    .into()
}

/// Whether the reporter waits for anybody.
fn state(case: &Case, zone: &Zone, now: Moment) -> String {
    let due = when(case.response_due(), zone);
    match case.answered {
        Some(at) => format!("A person first answered on {}.", when(at, zone)),
        None if case.response_due() < now => {
            format!("Nobody has answered yet; an answer was promised by {due}.")
        }
        None => format!("Nobody has answered yet; an answer is promised by {due}."),
    }
}

/// What is found in a mail is told to its author, about "your mail"; the team reads of "the mail".
fn third_person(detail: &str) -> String {
    detail.strip_prefix("your mail").map_or_else(|| detail.into(), |rest| format!("the mail{rest}"))
}
