//! What notices to the team can name. They repeat no word of a report, unless told otherwise.

use serde::Serialize;

use super::words;
use super::words::when;
use crate::desk::address::Mailbox;
use crate::desk::case::Case;
use crate::desk::event::{Event, Fact, MailRef, Opening};
use crate::desk::ids::CaseId;
use crate::desk::ladder;
use crate::desk::letter::{LetterId, Notice};
use crate::desk::line::one_line;
use crate::desk::message::MessageId;
use crate::desk::policy::{Policy, Promise};
use crate::desk::promise::{self, Clock};
use crate::desk::team::{Notices, Rung};
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
    /// The cases of others that a new one reads like, and how much, in per cent.
    pub alike: &'a [(CaseId, u8)],
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
#[expect(clippy::struct_excessive_bools, reason = "a template asks for each by name")]
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
    alike: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_url: Option<String>,
    answered_with: String,
    acknowledgement_due: String,
    /// The acknowledgement was due before the notice is written.
    acknowledgement_late: bool,
    response_due: String,
    late: bool,
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    state: String,
    tie: String,
    letter: String,
    said: String,
    /// Why a command cannot be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    to_reporter: bool,
    /// The letter that was lost told the reporter of a missed promise.
    missed: bool,
    /// It told the reporter that the case waits for them, which it still does (`open`), did until it was
    /// `closed`, or does no more (`over`).
    wait: &'static str,
    /// A machine lets it wait until somebody confirms it.
    held_back: bool,
    /// It was to somebody outside.
    to_outside: bool,
    answer: String,
    /// What was lost is a person's.
    of_person: bool,
    /// What the other Watchpost is called.
    another: String,
    words: u32,
    words_needed: usize,
    count: usize,
    cases: Vec<Listed>,
    more_cases: usize,
    promise: String,
    /// It is one that the configuration adds.
    further: bool,
    due: String,
    rung: String,
    step: u32,
    every: String,
    /// Who took the case, as the configuration calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<String>,
    /// Who handles the case and is away, where somebody else is reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
    /// The reader is on the team.
    inside: bool,
    /// The team is one person.
    alone: bool,
    /// A notice may repeat what the mail says.
    #[serde(skip)]
    repeats: bool,
    /// Until when something is owed, a line each.
    owed: Vec<String>,
    #[serde(skip)]
    clocks: Vec<Clock>,
}

#[derive(Clone, Debug, Serialize)]
struct Listed {
    case: String,
    state: String,
    received: String,
    response_due: String,
    answered: bool,
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
            alone: policy.team.everybody().count() == 1,
            // Who is outside gets facts only.
            repeats: member.is_some()
                && matches!(policy.team.notices, Notices::Subject | Notices::Text),
            policy_url: policy.policy_url.clone(),
            alike: told
                .alike
                .iter()
                .map(|(case, percent)| format!("{case} ({percent} %)"))
                .collect(),
            linked: told.linked.iter().map(ToString::to_string).collect(),
            ..Values::default()
        };
        if let Some(case) = told.case {
            values.case = Some(case.id.to_string());
            values.begins(&case.opening);
            values.lies(case.mail(), zone);
            values.owes(case, policy, zone, now);
            values.clocks = promise::clocks(case, policy);
            values.owed =
                values.clocks.iter().filter_map(|clock| words::clock(clock, zone, now)).collect();
            let handler = case.handler.as_deref().filter(|name| policy.team.named(name).is_some());
            values.handler = handler.map(str::to_owned);
            let handles = ladder::handler(&policy.team, handler).map(|handler| &handler.name);
            let other = handles.filter(|name| member.is_some_and(|member| member.name != **name));
            values.instead_of = other.cloned();
            values.held =
                case.held.filter(|_| case.acknowledged.is_none()).map(|h| h.in_words().into());
            values.answered_with = words::answered_with(case);
            values.state = words::state(case, policy, zone, now);
            let cases = [case].into_iter().chain(told.others.iter().copied());
            values.cases =
                cases.take(LISTED).map(|case| Listed::of(case, policy, zone, now)).collect();
            values.more_cases = values.count.saturating_sub(LISTED);
        }
        if let Some(event) = told.event {
            values.happened(policy, told.case, &event.fact, zone, now);
        }
        if !values.inside {
            // No template can tell them who it was.
            (values.reporter, values.author, values.message_id) = (None, None, None);
            (values.handler, values.instead_of) = (None, None);
        }
        values
    }

    fn begins(&mut self, opening: &Opening) {
        let subject = one_line(&without_prefixes(&opening.subject), 120);
        self.subject = Some(subject).filter(|subject| self.repeats && !subject.is_empty());
        self.reporter = opening.reporter.as_ref().map(|one| one.address.to_string());
        self.judged(&opening.verdict);
    }

    fn owes(&mut self, case: &Case, policy: &Policy, zone: &Zone, now: Moment) {
        let due = promise::acknowledgement_due(case, policy, now);
        self.acknowledgement_due = when(due, zone);
        self.acknowledgement_late = due < now;
        let due = promise::response_due(case, policy, now);
        self.response_due = when(due, zone);
        self.late = case.answered.is_none() && due < now;
    }

    fn judged(&mut self, verdict: &Verdict) {
        self.verdict = words::in_words(verdict).into();
        let (why, hints) =
            if self.repeats { words::told(verdict) } else { words::counted(verdict) };
        (self.why, self.hints) = (one_line(&why, 200), hints);
    }

    fn lies(&mut self, mail: &MailRef, zone: &Zone) {
        self.received = when(mail.arrived, zone);
        self.place = format!("folder {}, UID {}", one_line(&mail.folder.name, 80), mail.uid);
        self.message_id = mail.message_id.as_ref().map(ToString::to_string);
    }

    fn happened(
        &mut self,
        policy: &Policy,
        case: Option<&Case>,
        fact: &Fact,
        zone: &Zone,
        now: Moment,
    ) {
        match fact {
            Fact::Asked { opening, .. } => {
                self.begins(opening);
                self.lies(&opening.mail, zone);
                // As it would be, were it a case.
                let id = CaseId { prefix: policy.case_prefix.clone(), year: 0, number: 0 };
                self.owes(&Case::open(id, (**opening).clone()), policy, zone, now);
            }
            Fact::Joined { mail, from, verdict, tie, .. } => {
                self.author = from.as_ref().map(|one| one.address.to_string());
                self.judged(verdict);
                self.held_back = verdict.holds_ours_back();
                self.lies(mail, zone);
                self.tie = words::tie_in_words(*tie).into();
            }
            Fact::Discussed { mail, by, .. } => {
                self.author = by.as_ref().map(|one| one.address.to_string());
                self.lies(mail, zone);
            }
            Fact::Commanded { words, refused, .. } => {
                self.said.clone_from(words);
                self.refused.clone_from(refused);
            }
            Fact::Refused { letter, why, unwritten: true } => {
                let why = format!(
                    "nothing; it could not be written, which is a defect of Watchpost ({why})"
                );
                self.lost(policy, case, letter, &why);
            }
            Fact::Refused { letter, why, .. } => self.lost(policy, case, letter, why),
            Fact::Bounced { letter, mail, .. } => {
                self.lies(mail, zone);
                let why = "a mail system reported that it could not be delivered";
                self.lost(policy, case, letter, why);
            }
            Fact::Returned { mail, answer } => {
                self.lies(mail, zone);
                (self.answer, self.of_person) = (answer.to_string(), true);
                "what a person of the team wrote".clone_into(&mut self.letter);
                "a mail system reported that it could not be delivered".clone_into(&mut self.said);
            }
            Fact::Quoted { answer } => self.answer = answer.to_string(),
            Fact::Another { by } => self.another = by.to_string(),
            Fact::Reminded { promise, start, .. } => self.owed(*promise, *start, zone),
            Fact::Escalated { promise, start, step, rung, .. } => {
                self.owed(*promise, *start, zone);
                rung.map_or("", Rung::name).clone_into(&mut self.rung);
                self.step = *step;
            }
            Fact::Answered { words, .. } => self.words = *words,
            _ => {}
        }
    }

    /// The clock that a reminder or an escalation is about.
    fn owed(&mut self, promise: Promise, start: Moment, zone: &Zone) {
        promise.name().clone_into(&mut self.promise);
        self.further = !promise.is_to_reporter();
        let clock =
            self.clocks.iter().find(|clock| clock.promise == promise && clock.start == start);
        self.due = clock.and_then(|clock| clock.due).map(|due| when(due, zone)).unwrap_or_default();
    }

    fn lost(&mut self, policy: &Policy, case: Option<&Case>, letter: &LetterId, said: &str) {
        self.letter = words::letter_in_words(case, letter).into();
        self.said = one_line(said, 300);
        self.missed = letter.missed_promise().is_some();
        self.wait = match case.filter(|_| letter.says_that_we_wait()) {
            None => "",
            Some(case) if case.closed.is_some() => "closed",
            Some(case) if case.is_waiting() => "open",
            Some(_) => "over",
        };
        self.to_reporter = letter.member().is_none();
        self.to_outside = letter.member().is_some_and(|name| is_outside(policy, name));
        letter.member().unwrap_or_default().clone_into(&mut self.member);
    }

    /// What there can be: everything, and as little as possible.
    pub(super) fn samples() -> [Values; 4] {
        let date = when(Moment::from_unix(1_800_000_000), &Zone::UTC);
        let listed = Listed {
            case: "EXP-2026-0007".into(),
            state: "received".into(),
            received: date.clone(),
            response_due: date.clone(),
            answered: false,
        };
        let least = Values {
            project: "Express".into(),
            member: "kim".into(),
            case: Some("EXP-2026-0007".into()),
            received: date.clone(),
            verdict: "report".into(),
            why: "it holds no text".into(),
            letter: "the acknowledgement".into(),
            answered_with: "The reporter gets an acknowledgement.".into(),
            acknowledgement_due: date.clone(),
            response_due: date,
            place: "folder INBOX, UID 7".into(),
            state: "Nobody has answered yet.".into(),
            tie: "it answers a letter of ours".into(),
            said: "550 5.1.1 no such user".into(),
            answer: "<one@acorn.example>".into(),
            another: "1a2b3c4d".into(),
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
            hints: vec!["names a module of others".into()],
            alike: vec!["EXP-2026-0004 (62 %)".into()],
            linked: vec!["EXP-2026-0003".into()],
            held: Some("it came through a mailing list".into()),
            policy_url: Some("https://project.example/security".into()),
            handler: Some("lee".into()),
            instead_of: Some("kim".into()),
            acknowledgement_late: true,
            late: true,
            promise: "acknowledgement".into(),
            refused: Some("it is closed".into()),
            owed: vec!["Answer in detail: due by Thu 3 Sep 2026, 17:11 UTC".into()],
            message_id: Some("<one@acorn.example>".into()),
            to_reporter: true,
            more_cases: 3,
            ..least.clone()
        };
        let outside = Values { inside: false, promise: "update".into(), ..most.clone() };
        let further = Values {
            promise: "early-warning".into(),
            further: true,
            of_person: true,
            held_back: true,
            ..outside.clone()
        };
        [least, most, outside, further]
    }
}

impl Listed {
    fn of(case: &Case, policy: &Policy, zone: &Zone, now: Moment) -> Listed {
        Listed {
            case: case.id.to_string(),
            state: case.held.map_or(case.state().name(), |_| "held").into(),
            received: when(case.arrived(), zone),
            response_due: when(promise::response_due(case, policy, now), zone),
            answered: case.answered.is_some(),
        }
    }
}

/// Whether the ladder calls somebody outside so, and nobody on the team has that name.
fn is_outside(policy: &Policy, name: &str) -> bool {
    let number = name.strip_prefix(Rung::Outside.name()).unwrap_or_default();
    number.parse::<usize>().is_ok() && policy.team.named(name).is_none()
}
