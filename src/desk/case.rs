//! One reported problem and everything that happened to it.

mod replay;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::address::{Address, Mailbox};
use super::calendar::Stretch;
use super::event::{Certainty, HoldReason, MailRef, Opening};
use super::few::Few;
use super::ids::CaseId;
use super::letter::{LetterId, LetterKind};
use super::message::MessageId;
use super::policy::Promise;
use super::team::Rung;
use super::time::Moment;
use super::verdict::Kind;

/// A case, as its events tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// How it began, less the digests of its text.
    pub opening: Opening,
    /// What was written on it, and how far each letter came.
    pub letters: Few<LetterId, LetterOnCase>,
    /// Why its sender is not answered by machine, where that is so.
    pub held: Option<HoldReason>,
    /// When the reporter was first told that the report arrived.
    pub acknowledged: Option<Moment>,
    /// True while the text of the report is still missing.
    pub provisional: bool,
    /// Who is told about it together with other cases, and when; until that letter is written.
    pub deferred: Option<Box<(Mailbox, Moment)>>,
    /// How many mails joined it after the first.
    pub follow_ups: u32,
    /// When a person of the team first answered the reporter.
    pub answered: Option<Moment>,
    /// When a person of the team last wrote to the reporter.
    pub last_answer: Option<Moment>,
    /// The member who took it, as the configuration calls them; where nobody did, or they left the
    /// team, the lead handles it.
    pub handler: Option<String>,
    /// How far time has come on each promise.
    pub clocks: Few<Promise, Steps>,
    /// The times in which it waits, or waited, for its reporter.
    pub waits: Vec<Wait>,
    /// When it was closed, while it is.
    pub closed: Option<Moment>,
    /// When it was opened again after it was closed.
    pub reopened: Option<Moment>,
    /// When it was last opened again while nobody had answered.
    pub owed_anew: Option<Moment>,
    /// When it was closed, as far as that is over.
    pub shut: Vec<Stretch>,
    /// Until when the problem is kept secret.
    pub embargo: Option<Embargo>,
    /// When the problem was announced.
    pub announced: Option<Moment>,
    /// When each word was first said of it that starts clocks.
    pub marks: BTreeMap<String, Moment>,
    /// When a further promise was first said to be kept.
    pub met: BTreeMap<Promise, Moment>,
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

/// How far time has come on one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The start of the clock that this is about; a new start begins anew.
    pub start: Moment,
    /// How many reminders have been sent.
    pub reminded: u32,
    /// How many times it went up the ladder; more than none once it is missed.
    pub escalated: u32,
    /// When it was due, once it was missed.
    pub breached: Option<Moment>,
    /// How far up the ladder it went.
    pub rung: Option<Rung>,
}

/// A time in which a case waits for its reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Since when.
    pub since: Moment,
    /// When the reporter wrote.
    pub until: Option<Moment>,
    /// The reporter was reminded.
    pub asked_again: bool,
    /// When the case is closed, once the reporter was told so.
    pub closes: Option<Moment>,
}

/// The day on which a problem may be told to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embargo {
    /// When it was said.
    pub said: Moment,
    /// Its last second.
    pub until: Moment,
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

impl LetterOnCase {
    /// Whether it did not reach its reader, and never will.
    fn is_lost(&self) -> bool {
        matches!(self.fate, Fate::Refused | Fate::Bounced)
    }
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
    /// The team waits for the reporter.
    Waiting,
    /// Nothing is owed any more.
    Closed,
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
            State::Waiting => "waiting",
            State::Closed => "closed",
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
    pub fn open(id: CaseId, mut opening: Opening) -> Case {
        // Thousands of cases are kept in mind, and only the log is asked for these.
        (opening.text, opening.conversation) = (None, None);
        let provisional = opening.provisional;
        let people = opening.with.iter().cloned().collect();
        Case {
            id,
            opening,
            answered: None,
            last_answer: None,
            clocks: Few::default(),
            waits: Vec::new(),
            closed: None,
            reopened: None,
            owed_anew: None,
            shut: Vec::new(),
            embargo: None,
            announced: None,
            marks: BTreeMap::new(),
            met: BTreeMap::new(),
            people,
            team_mails: VecDeque::new(),
            quoted: false,
            gathered: BTreeMap::new(),
            merged: None,
            handler: None,
            took_in: BTreeSet::new(),
            split_from: None,
            texts: 0,
            letters: Few::default(),
            held: None,
            acknowledged: None,
            deferred: None,
            provisional,
            follow_ups: 0,
        }
    }

    /// How far time has come on a clock that began then.
    pub fn steps(&self, promise: Promise, start: Moment) -> Steps {
        let fresh = Steps { start, reminded: 0, escalated: 0, breached: None, rung: None };
        self.clocks.get(&promise).copied().filter(|steps| steps.start == start).unwrap_or(fresh)
    }

    /// Where the case stands.
    pub fn state(&self) -> State {
        if self.merged.is_some() {
            State::Merged
        } else if self.closed.is_some() {
            State::Closed
        } else if self.is_waiting() {
            State::Waiting
        } else {
            self.own_state()
        }
    }

    /// Whether it waits for its reporter.
    pub fn is_waiting(&self) -> bool {
        self.waits.last().is_some_and(|wait| wait.until.is_none())
    }

    /// How it stands between us and its reporter, wherever the conversation goes on.
    pub fn own_state(&self) -> State {
        if self.answered.is_some() {
            State::Answered
        } else if self.acknowledged.is_some() {
            if self.provisional { State::Provisional } else { State::Acknowledged }
        } else if self.letters.values().any(LetterOnCase::is_lost) {
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

    /// When it was opened again, where the store that knew it was lost, and nobody has answered since.
    pub fn known_again(&self) -> Option<Moment> {
        let by_letter = self.letters.values().any(|letter| letter.kind.acknowledges());
        self.acknowledged.filter(|_| !by_letter && self.answered.is_none())
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

    /// Whether the reporter can be told something by themselves: a machine may write to them, and no
    /// letter to them was lost. That a person wrote to them changes neither.
    pub fn can_be_told(&self) -> bool {
        let held = self.held.is_some() || self.opening.reporter.is_none();
        self.acknowledged.is_some() && !held && !self.letters.values().any(LetterOnCase::is_lost)
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
}
