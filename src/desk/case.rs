//! One reported problem and everything that happened to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::address::{Address, Mailbox};
use super::event::{Certainty, Event, Fact, HoldReason, MailRef, NoAnswer, Opening};
use super::ids::CaseId;
use super::letter::{LetterId, LetterKind, Notice};
use super::message::MessageId;
use super::policy::Promise;
use super::time::Moment;
use super::verdict::Kind;

/// A case, as its events tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// How it began.
    pub opening: Opening,
    /// What was written on it, and how far each letter came.
    pub letters: BTreeMap<LetterId, LetterOnCase>,
    /// Why its sender is not answered by machine, where that is so.
    pub held: Option<HoldReason>,
    /// When the reporter was first told that the report arrived.
    pub acknowledged: Option<Moment>,
    /// True while the text of the report is still missing.
    pub provisional: bool,
    /// Who is told about it together with other cases, and when; until that letter is written.
    pub deferred: Option<(Mailbox, Moment)>,
    /// How many mails joined it after the first.
    pub follow_ups: u32,
    /// When a person of the team first answered the reporter.
    pub answered: Option<Moment>,
    /// When a person of the team last wrote to the reporter.
    pub last_answer: Option<Moment>,
    /// How far time has come on each promise.
    pub clocks: BTreeMap<Promise, Steps>,
    /// Whom the reporter or the team put on the conversation.
    pub people: BTreeSet<Address>,
    /// The mails of the team that are about it, by their ids; the last of them only.
    pub team_mails: VecDeque<MessageId>,
    /// Set once the team was asked about an answer that we never saw.
    pub quoted: bool,
    /// Who is told of it together with other cases, and when; until that notice is written.
    pub gathered: BTreeMap<Address, Moment>,
    /// The case in which its conversation goes on, once it was merged.
    pub merged: Option<CaseId>,
    /// The cases whose conversations go on in this one.
    pub took_in: BTreeSet<CaseId>,
    /// The case that the mail which opened it was taken for a part of.
    pub split_from: Option<CaseId>,
    /// How many of its mails, beside the first, hold the text of a report.
    texts: u32,
}

/// How many people one conversation has at most, beside the reporter and the team.
const MOST_PEOPLE: usize = 32;
/// How many mails of the team are known again by their ids.
const MOST_TEAM_MAILS: usize = 32;

/// How far time has come on one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The start of the clock that this is about; a new start begins anew.
    pub start: Moment,
    /// How many reminders have been sent.
    pub reminded: u32,
    /// How many times it went up the ladder; more than none once it is missed.
    pub escalated: u32,
    /// It was missed.
    pub breached: bool,
}

/// A letter of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterOnCase {
    /// What it says.
    pub kind: LetterKind,
    /// Who it goes to.
    pub to: Mailbox,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// When it was written.
    pub written: Moment,
    /// How far it came.
    pub fate: Fate,
    /// It lies in the folder for sent mail.
    pub kept: bool,
}

/// How far a letter came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits to be sent.
    Waiting,
    /// The mail server took it, at this moment.
    Sent(Moment),
    /// The mail server will never take it.
    Refused,
    /// It was taken and came back.
    Bounced,
    /// It was not needed any more.
    Withdrawn,
}

/// Where a case stands, derived from its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The report is here; the reporter has not been told so yet.
    Received,
    /// Nobody is answered by machine: a human has to look.
    Held,
    /// The reporter could not be reached.
    Unreached,
    /// The reporter was asked to send the text in the mail itself.
    Provisional,
    /// The reporter knows that the report arrived.
    Acknowledged,
    /// A person answered.
    Answered,
    /// The conversation goes on in another case; what its reporter is owed stays.
    Merged,
}

impl State {
    /// The name that JSON output uses.
    pub fn name(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Held => "held",
            State::Unreached => "unreached",
            State::Provisional => "provisional",
            State::Acknowledged => "acknowledged",
            State::Answered => "answered",
            State::Merged => "merged",
        }
    }
}

/// Whether a mail that joined holds the text of a report. What a guest writes moves nothing.
pub fn holds_text(kind: Kind, tie: Certainty) -> bool {
    tie != Certainty::Guest && matches!(kind, Kind::Complete | Kind::Encrypted)
}

impl Case {
    /// Starts a case from the event that opened it.
    pub fn open(id: CaseId, opening: Opening) -> Case {
        let provisional = opening.provisional;
        let people = opening.with.iter().cloned().collect();
        Case {
            id,
            opening,
            answered: None,
            last_answer: None,
            clocks: BTreeMap::new(),
            people,
            team_mails: VecDeque::new(),
            quoted: false,
            gathered: BTreeMap::new(),
            merged: None,
            took_in: BTreeSet::new(),
            split_from: None,
            texts: 0,
            letters: BTreeMap::new(),
            held: None,
            acknowledged: None,
            deferred: None,
            provisional,
            follow_ups: 0,
        }
    }

    /// Tells a case from all its events, in order. None where the first one does not open it.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Case> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let Fact::Opened(opening) = &first.fact else { return None };
        let mut case = Case::open(first.case.clone()?, (**opening).clone());
        for event in events {
            case.apply(event);
        }
        Some(case)
    }

    /// Takes in one more event of this case.
    pub fn apply(&mut self, event: &Event) {
        match &event.fact {
            Fact::Joined { verdict, tie, with, .. } => {
                self.follow_ups = self.follow_ups.saturating_add(1);
                self.put_on(with);
                if holds_text(verdict.kind, *tie) {
                    self.texts = self.texts.saturating_add(1);
                    self.provisional = false;
                }
            }
            Fact::Parted { text, .. } => {
                self.follow_ups = self.follow_ups.saturating_sub(1);
                self.texts = self.texts.saturating_sub(u32::from(*text));
                self.provisional = self.opening.provisional && self.texts == 0;
            }
            Fact::SplitFrom { other, .. } => self.split_from = Some(other.clone()),
            Fact::Merged { into, .. } => self.merged = Some(into.clone()),
            Fact::TookIn { other, .. } => {
                self.took_in.insert(other.clone());
            }
            Fact::Responded { .. } => self.answer(event.at),
            Fact::Held { why } => self.held = Some(*why),
            Fact::Released { .. } => self.held = None,
            Fact::AnsweredBefore => self.acknowledged = Some(event.at),
            Fact::Answered { mail, enough, with, .. } => {
                self.know_team_mail(mail);
                self.put_on(with);
                if *enough {
                    self.answer(mail.arrived);
                }
            }
            // What was only claimed may turn out to be theirs, by its copy in Sent.
            Fact::Discussed { why: NoAnswer::Unproven | NoAnswer::Disowned, .. } => {}
            Fact::Discussed { mail, .. } => self.know_team_mail(mail),
            Fact::Vouched { mail, .. } => {
                if let Some(mail) = mail {
                    self.know_team_mail(mail);
                }
                self.answer(mail.as_ref().map_or(event.at, |mail| mail.arrived));
            }
            Fact::Reminded { promise, start, count } => {
                self.step(*promise, *start).reminded = *count;
            }
            Fact::Breached { promise, start, .. } => self.step(*promise, *start).breached = true,
            Fact::Escalated { promise, start, step, .. } => {
                self.step(*promise, *start).escalated = *step;
            }
            Fact::Quoted { .. } => self.quoted = true,
            Fact::Withdrawn { letter } => {
                self.settle(letter, Fate::Withdrawn);
            }
            Fact::Gathered { to, until } => {
                self.gathered.insert(to.address.clone(), *until);
            }
            Fact::Written { kind: LetterKind::Notice(Notice::Gathered), to, .. } => {
                self.gathered.remove(&to.address);
            }
            // What became of a notice stands in the outbox.
            Fact::Written { letter, kind, to, message_id, .. }
                if !matches!(kind, LetterKind::Notice(_)) =>
            {
                self.write(letter, *kind, to, message_id, event.at);
            }
            Fact::Covered { letter, to, message_id } => {
                self.write(letter, LetterKind::Combined, to, message_id, event.at);
            }
            Fact::Deferred { to, until } => self.deferred = Some((to.clone(), *until)),
            Fact::Sent { letter, .. } => {
                if self.settle(letter, Fate::Sent(event.at)).is_some_and(LetterKind::acknowledges) {
                    self.acknowledged = self.acknowledged.or(Some(event.at));
                }
            }
            Fact::Kept { letter, .. } => {
                if let Some(on_case) = self.letters.get_mut(letter) {
                    on_case.kept = true;
                }
            }
            Fact::Refused { letter, .. } => {
                self.settle(letter, Fate::Refused);
            }
            Fact::Bounced { letter, failed: true, .. } => {
                if self.settle(letter, Fate::Bounced).is_some_and(LetterKind::acknowledges) {
                    // Who heard from a person knows that the report arrived.
                    self.acknowledged = self.answered;
                }
            }
            Fact::Bounced { failed: false, .. }
            | Fact::Delayed { .. }
            | Fact::Linked { .. }
            | Fact::Similar { .. }
            | Fact::Opened(_)
            | Fact::Written { .. }
            | Fact::SetAside { .. }
            | Fact::Asked { .. }
            | Fact::Confirmed { .. }
            | Fact::Declined { .. }
            | Fact::RelayStopped { .. }
            | Fact::RelayResumed { .. }
            | Fact::FolderBegun { .. } => {}
        }
    }

    /// How far time has come on a clock that began then.
    pub fn steps(&self, promise: Promise, start: Moment) -> Steps {
        let fresh = Steps { start, reminded: 0, escalated: 0, breached: false };
        self.clocks.get(&promise).copied().filter(|steps| steps.start == start).unwrap_or(fresh)
    }

    fn step(&mut self, promise: Promise, start: Moment) -> &mut Steps {
        let steps = self.steps(promise, start);
        let known = self.clocks.entry(promise).or_insert(steps);
        *known = steps;
        known
    }

    /// A person's answer: nothing else keeps the promise of a response, and it keeps that of an
    /// acknowledgement as well.
    fn answer(&mut self, at: Moment) {
        // A report that came late was answered when it came.
        let at = at.max(self.arrived());
        self.answered = Some(self.answered.map_or(at, |first| first.min(at)));
        self.last_answer = self.last_answer.max(Some(at));
        self.acknowledged = Some(self.acknowledged.map_or(at, |first| first.min(at)));
        self.deferred = None;
    }

    fn put_on(&mut self, people: &[Address]) {
        let room = MOST_PEOPLE.saturating_sub(self.people.len());
        self.people.extend(people.iter().take(room).cloned());
    }

    fn know_team_mail(&mut self, mail: &MailRef) {
        self.team_mails.extend(mail.message_id.clone());
        while self.team_mails.len() > MOST_TEAM_MAILS {
            self.team_mails.pop_front();
        }
    }

    fn write(
        &mut self,
        letter: &LetterId,
        kind: LetterKind,
        to: &Mailbox,
        message_id: &MessageId,
        written: Moment,
    ) {
        let (to, message_id) = (to.clone(), message_id.clone());
        let on_case =
            LetterOnCase { kind, to, message_id, written, fate: Fate::Waiting, kept: false };
        self.letters.insert(letter.clone(), on_case);
        self.deferred = None;
    }

    fn settle(&mut self, letter: &LetterId, fate: Fate) -> Option<LetterKind> {
        let on_case = self.letters.get_mut(letter)?;
        on_case.fate = fate;
        Some(on_case.kind)
    }

    /// Where the case stands.
    pub fn state(&self) -> State {
        if self.merged.is_some() { State::Merged } else { self.own_state() }
    }

    /// How it stands between us and its reporter, wherever the conversation goes on.
    pub fn own_state(&self) -> State {
        let lost = |l: &LetterOnCase| matches!(l.fate, Fate::Refused | Fate::Bounced);
        if self.answered.is_some() {
            State::Answered
        } else if self.acknowledged.is_some() {
            if self.provisional { State::Provisional } else { State::Acknowledged }
        } else if self.letters.values().any(lost) {
            State::Unreached
        } else if self.held.is_some() {
            State::Held
        } else {
            State::Received
        }
    }

    /// The mail that opened it.
    pub fn mail(&self) -> &MailRef {
        &self.opening.mail
    }

    /// When the report arrived.
    pub fn arrived(&self) -> Moment {
        self.opening.mail.arrived
    }

    /// Whether the owner of this address takes part in the conversation, beside the team. A tag makes
    /// no other person.
    pub fn takes_part(&self, address: &Address) -> bool {
        let bare = address.without_tag();
        let reporter = self.opening.reporter.iter().map(|reporter| &reporter.address);
        reporter.chain(&self.people).any(|one| one.without_tag() == bare)
    }

    /// Whether it waits for a person since no machine may answer it.
    pub fn is_held(&self) -> bool {
        self.held.is_some() && self.acknowledged.is_none()
    }

    /// Whether the report came from this address.
    pub fn is_reporter(&self, address: &Address) -> bool {
        self.opening.reporter.as_ref().is_some_and(|r| r.address == *address)
    }

    /// Letters that still wait to say that the report arrived.
    pub fn unsent_acknowledgements(&self) -> impl Iterator<Item = &LetterId> {
        let waits = |l: &&LetterOnCase| l.kind.acknowledges() && l.fate == Fate::Waiting;
        self.letters.iter().filter(move |(_, letter)| waits(letter)).map(|(id, _)| id)
    }

    /// When the acknowledgement is owed.
    pub fn acknowledgement_due(&self) -> Moment {
        self.arrived() + self.opening.promised.acknowledgement
    }

    /// When the detailed response is owed; see [`Promised::response_due`](super::event::Promised).
    pub fn response_due(&self) -> Moment {
        self.opening.promised.response_due(self.arrived(), self.acknowledged)
    }
}
