//! What is known: the cases, the letters on their way, and what has been counted. It follows
//! from the events and from nothing else.

mod cases;
mod counted;
mod forgetting;
mod notices;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::cases::Cases;
use self::counted::quota_of;
use self::notices::Notices;
use super::address::Address;
use super::answer::Answer;
use super::canary::{self, Flight};
use super::case::Case;
use super::claim::Identity;
use super::event::{Event, Fact, Opening};
use super::gathering::Gathering;
use super::ids::{CaseId, QuestionId};
use super::keys::Keys;
use super::letter::{LetterId, LetterKind, Notice};
use super::map::Map;
use super::outbox::{Outbox, Stop, Waiting};
use super::policy::Promise;
use super::presence::Absences;
use super::proof::{Chain, Ended, Entry, Head};
use super::quota::{Caps, Quota};
use super::similar::Signature;
use super::tally::{Since, Tallies};
use super::time::Moment;

/// All that is known, less the cases that were closed long ago. Cheap to clone: clones share what they have in common.
#[derive(Clone, Debug, Default)]
pub struct Books {
    cases: Cases,
    outbox: Outbox,
    numbers: Map<(String, u16), u32>,
    quota: Quota,
    gathering: Gathering,
    questions: Map<QuestionId, Question>,
    absences: Absences,
    notices: Notices,
    /// The canaries, by the name of the address that they are sent to.
    canaries: Map<String, Flight>,
    /// Those who watch the same inboxes, since when that is known.
    others: Map<(String, Identity), Moment>,
    last_seq: u64,
    chain: Chain,
    tallies: Tallies,
}

/// A mail of which the lead is asked whether it is a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// How the case would begin.
    pub opening: Opening,
    /// What its author would be answered with.
    pub answer: Answer,
    /// The event that asked.
    pub asked: u64,
}

/// What a store holds of the past.
#[derive(Debug, Default)]
pub struct Past {
    /// The open cases, and those that were closed of late.
    pub cases: Vec<Case>,
    /// The letters that still have to be sent.
    pub outbox: Vec<(LetterId, Waiting)>,
    /// Relays that refuse us, by inbox.
    pub stops: Vec<(String, Stop)>,
    /// What the leads are asked.
    pub questions: Vec<(QuestionId, Question)>,
    /// Until when members are away by their own notes, by name.
    pub absences: Vec<(String, Moment)>,
    /// The canaries, by the name of their address.
    pub canaries: Vec<(String, Flight)>,
    /// Those who watch the same inboxes, since when that is known.
    pub others: Vec<((String, Identity), Moment)>,
    /// The highest case number used, by prefix and year.
    pub numbers: Vec<((String, u16), u32)>,
    /// The number of the last event.
    pub last_seq: u64,
    /// Where the proof ends.
    pub proof: Head,
    /// Since when the next digest of each inbox counts.
    pub digests: Vec<(String, Since)>,
    /// The entries of the proof since the first of these.
    pub ended: Vec<Entry>,
    /// The events since the first of these that are on no case.
    pub aside: Vec<Event>,
}

/// People are told of so many others that watch their inboxes.
const MOST_OTHERS: usize = 32;

impl Books {
    /// Opens the books where the store left them.
    pub fn open(past: Past) -> Books {
        let quota = quota_of(&past.cases);
        let mut gathering = Gathering::default();
        for case in &past.cases {
            for (to, until) in &case.gathered {
                gathering.gather(&case.mail().folder.inbox, to, case.id.clone(), *until);
            }
        }
        Books {
            quota,
            gathering,
            notices: Notices::default(),
            cases: past.cases.into_iter().collect(),
            questions: past.questions.into_iter().collect(),
            absences: Absences::of(past.absences),
            canaries: past.canaries.into_iter().collect(),
            others: past.others.into_iter().collect(),
            outbox: Outbox::open(past.outbox, past.stops),
            numbers: past.numbers.into_iter().collect(),
            last_seq: past.last_seq,
            chain: Chain::after(past.proof),
            tallies: Tallies::open(past.digests, past.ended, &past.aside),
        }
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        self.last_seq = event.seq;
        self.tallies.note(event, self.chain.head().number);
        if let Some(id) = &event.case {
            self.apply_to_case(id, event);
        }
        match &event.fact {
            Fact::Written { letter, kind, to, covers, about, .. } => {
                let promise = about.and_then(|step| self.notices.promise(step));
                self.wrote(event, letter, *kind, &to.address, covers, promise);
            }
            Fact::Reminded { promise, .. } | Fact::Escalated { promise, .. } => {
                self.notices.step(event.seq, *promise);
            }
            Fact::Asked { question, opening, answer } => {
                let asked =
                    Question { opening: (**opening).clone(), answer: *answer, asked: event.seq };
                self.questions.insert_mut(question.clone(), asked);
            }
            Fact::Confirmed { question, .. } | Fact::Declined { question, .. } => {
                self.questions.remove_mut(question);
            }
            Fact::Gathered { to, until } => {
                if let (Some(inbox), Some(case)) = (self.inbox_of(event), &event.case) {
                    self.gathering.gather(&inbox, &to.address, case.clone(), *until);
                }
            }
            Fact::Withdrawn { letter } | Fact::Elsewhere { letter: Some(letter), .. } => {
                let gone = self.outbox.take(letter);
                if let Some(gone) = gone.filter(|_| letter.missed_promise().is_some()) {
                    self.quota.took_missed_back(&gone.to, gone.queued);
                }
            }
            Fact::Another { by } => {
                if let Some(inbox) = self.inbox_of(event) {
                    self.others.insert_mut((inbox, *by), event.at);
                }
            }
            Fact::Deferred { to, until } => {
                if let (Some(inbox), Some(case)) = (self.inbox_of(event), &event.case) {
                    self.quota.defer(&inbox, &to.address, case.clone(), *until);
                }
            }
            Fact::Sent { letter, .. } | Fact::Refused { letter, .. } => {
                let waiting = self.outbox.take(letter);
                let taken = matches!(event.fact, Fact::Sent { .. });
                if let Some(notice) = waiting.as_ref().filter(|_| letter.as_notice().is_some()) {
                    self.notices.tried(&notice.inbox, letter, taken, event.at);
                }
                if let Some(reply) = waiting.filter(|waiting| taken && !waiting.notice) {
                    self.quota.sent(&reply.to, event.at);
                }
            }
            Fact::Bounced { letter, failed: true, .. } => self.notices.came_back(letter, event.at),
            Fact::Delayed { letter, next, unknown, .. } => {
                if let Some(mut waiting) = self.outbox.take(letter) {
                    waiting.next = *next;
                    waiting.perhaps = waiting.perhaps.saturating_add(u8::from(*unknown));
                    self.outbox.put(letter.clone(), waiting);
                }
            }
            Fact::RelayStopped { inbox, why, next, .. } => {
                let since = self.outbox.stopped(inbox).map_or(event.at, |stop| stop.since);
                self.outbox.stop(inbox, Stop { since, next: *next, why: why.clone() });
            }
            Fact::RelayResumed { inbox } => self.outbox.resume(inbox),
            Fact::Away { member, until, .. } => self.absences.leaves(member, *until),
            Fact::Back { member } => self.absences.returns(member),
            Fact::CanarySent { to, made } => {
                let flight = Flight::begun(self.canary(to), *made);
                self.canaries.insert_mut(canary::name(to), flight);
            }
            Fact::CanaryCame { to, made, .. } => {
                let flight = Flight::ended(self.canary(to), *made);
                self.canaries.insert_mut(canary::name(to), flight);
            }
            _ => {}
        }
    }

    /// What is known of notices beside those that wait.
    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    fn wrote(
        &mut self,
        event: &Event,
        letter: &LetterId,
        kind: LetterKind,
        to: &Address,
        covers: &[CaseId],
        promise: Option<Promise>,
    ) {
        let asked = letter.question().and_then(|id| self.questions.get(&id));
        let inbox = asked.map(|question| question.opening.mail.folder.inbox.clone());
        let inbox = inbox.or_else(|| letter.digest_of()).or_else(|| self.inbox_of(event));
        let Some(inbox) = inbox else { return };
        let notice = !kind.acknowledges();
        match kind {
            LetterKind::Notice(Notice::Gathered) => {
                let cases: Vec<CaseId> = event.case.iter().chain(covers).cloned().collect();
                self.gathering.wrote(&inbox, to, &cases, event.at);
            }
            LetterKind::Notice(notice) => {
                self.gathering.told(&inbox, to, event.at, notice.is_urgent());
            }
            LetterKind::Combined => {
                self.quota.wrote(to, event.at);
                self.quota.combine(&inbox, to, event.at);
            }
            LetterKind::Missed => self.quota.told_missed(to, event.at),
            // A person has each of these sent.
            LetterKind::Waiting | LetterKind::AskedAgain | LetterKind::LastNote => {}
            _ => self.quota.wrote(to, event.at),
        }
        let (to, covers, queued, next) = (to.clone(), covers.to_vec(), event.at, event.at);
        let waiting = Waiting { inbox, to, covers, notice, promise, perhaps: 0, queued, next };
        self.outbox.put(letter.clone(), waiting);
    }

    fn inbox_of(&self, event: &Event) -> Option<String> {
        let case = self.cases.get(event.case.as_ref()?)?;
        Some(case.mail().folder.inbox.clone())
    }

    fn apply_to_case(&mut self, id: &CaseId, event: &Event) {
        if let Fact::Opened(opening) = &event.fact {
            self.cases.add(Case::open(id.clone(), (**opening).clone()));
            self.numbers.insert_mut((id.prefix.to_string(), id.year), id.number);
            return;
        }
        let deferred = self.case(id).and_then(|case| case.deferred.clone());
        self.cases.change(id, |case| case.apply(event));
        // A person was faster than the letter for several cases.
        if let (Some(deferred), Some(case)) = (deferred, self.cases.get(id))
            && case.deferred.is_none()
            && (case.answered.is_some() || case.closed.is_some())
        {
            self.quota.undefer(&case.mail().folder.inbox, &deferred.0.address, id);
        }
    }

    /// Whether people were told that this other Watchpost watches the same inbox, or of so many that
    /// one more is no news.
    pub fn knows_another(&self, inbox: &str, other: Identity) -> bool {
        self.others.size() >= MOST_OTHERS || self.others.contains_key(&(inbox.to_owned(), other))
    }

    /// When something is due next, after `now`: what is due already is on its way, or waits for room.
    pub fn next_wakeup(&self, now: Moment) -> Option<Moment> {
        let room = if self.outbox.any_due(now) { self.quota.next_room(now) } else { None };
        let combined = self.quota.next_due().into_iter().chain(self.gathering.next_due());
        let letters = self.outbox.next_due(now).into_iter();
        letters.chain(room).chain(combined.filter(|at| *at > now)).min()
    }

    /// What has been written to whom of late.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// The letters that may be tried now, with what the caps leave for them: see [`Outbox`].
    pub fn due<'b>(
        &'b self,
        caps: &Caps,
        now: Moment,
        busy: &'b BTreeSet<LetterId>,
    ) -> impl Iterator<Item = (&'b LetterId, &'b str)> {
        self.outbox.due(&self.quota, caps, now, busy)
    }

    /// A case, unless it was closed long ago.
    pub fn case(&self, id: &CaseId) -> Option<&Case> {
        self.cases.get(id)
    }

    /// The cases, by number, less those that were closed long ago.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.all()
    }

    /// The open cases that are not acknowledged, by number.
    pub(super) fn unacknowledged(&self) -> impl Iterator<Item = &Case> {
        self.cases.unacknowledged()
    }

    /// How many cases are open.
    pub fn open_cases(&self) -> usize {
        self.cases.open()
    }

    /// The same by inbox, of those that have any.
    pub(super) fn open_by_inbox(&self) -> impl Iterator<Item = (&str, usize)> {
        self.cases.open_by_inbox()
    }

    /// How many cases are known here, the closed ones that something came up about among them.
    pub(super) fn known_cases(&self) -> usize {
        self.cases.len()
    }

    /// Takes in a closed case that something came up about; those that are known stay as they are.
    pub(super) fn recall(&mut self, case: Case) {
        self.cases.add(case);
    }

    /// The open cases of somebody.
    pub fn cases_of(&self, reporter: &Address) -> impl Iterator<Item = &Case> {
        self.cases.of(reporter).filter(|case| case.closed.is_none())
    }

    /// The texts of the cases, as they are compared.
    pub fn likenesses(&self) -> impl Iterator<Item = (&Signature, &CaseId)> {
        self.cases.likenesses()
    }

    /// Puts down in the proof what the last event ended on a case.
    pub(super) fn prove(&mut self, keys: &Keys, event: &Event, ended: Vec<Ended>) {
        let case = event.case.as_ref().and_then(|id| self.cases.get(id));
        self.chain.add(event.at, case, keys, ended);
        for entry in self.chain.added() {
            self.tallies.ended(entry.clone());
        }
    }

    /// The proof: its end, and what the last event added to it.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What has happened since the last digests.
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// What members have been told of late.
    pub fn gathering(&self) -> &Gathering {
        &self.gathering
    }

    /// Who is away by their own note.
    pub fn absences(&self) -> &Absences {
        &self.absences
    }

    /// What a lead is asked.
    pub fn question(&self, id: &QuestionId) -> Option<&Question> {
        self.questions.get(id)
    }

    /// Everything that leads are asked.
    pub fn questions(&self) -> impl Iterator<Item = (&QuestionId, &Question)> {
        self.questions.iter()
    }

    /// The letters that still have to be sent.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What is known of the canaries to a published address.
    pub fn canary(&self, to: &Address) -> Option<&Flight> {
        self.canaries.get(&canary::name(to))
    }

    /// The number of the last event.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The number that the next case of this prefix gets.
    pub fn next_case(&self, prefix: &str, now: Moment) -> CaseId {
        let year = now.year();
        let used = self.numbers.get(&(prefix.to_owned(), year)).copied().unwrap_or(0);
        CaseId { prefix: prefix.into(), year, number: used.saturating_add(1) }
    }
}
