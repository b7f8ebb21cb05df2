//! The proof of what became of promises: a log without content. Each entry holds the hash of the one
//! before it, so whoever knows the newest hash knows whether any entry was changed, added or left out
//! since. Nothing in it is ever rewritten: what turns out otherwise is an entry of its own.
//!
//! `docs/proof.md` says over which bytes a hash is taken, so that any program can check it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::event::{Event, Fact};
use super::keys::{Keys, sha256};
use super::policy::{Policy, Promise};
use super::promise::{self, Clock};
use super::time::Moment;

/// One entry: a promise on a case ended, or what was recorded of it turns out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the log, from 1, without gaps.
    pub number: u64,
    /// When it was recorded.
    pub at: Moment,
    /// The name of the inbox.
    pub inbox: String,
    /// The case, by a name that tells outsiders nothing; see [`Keys::pseudonym`].
    pub case: String,
    /// What was promised.
    pub promise: Promise,
    /// What it was counted from.
    pub start: Moment,
    /// By when it was promised; none where its clock stood still.
    pub due: Option<Moment>,
    /// When it was met; of what was reopened, the moment that does not count any more.
    pub met: Option<Moment>,
    /// What became of it.
    pub outcome: Outcome,
    /// No machine was allowed to answer the case: most of these are junk.
    pub held: bool,
    /// The hash of the entry before; [`BEGINNING`] in the first one.
    pub before: String,
    /// The hash of this entry.
    pub hash: String,
}

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was met in time.
    Kept,
    /// Its time was over, and it was not met.
    Missed,
    /// It was met after that. An entry `missed` stands before it.
    Late,
    /// It is recorded as missed, and turns out to have been met in time.
    Corrected,
    /// It is recorded as met, and is owed again: the acknowledgement came back.
    Reopened,
    /// The case was closed before it was met or missed.
    Closed,
}

impl Outcome {
    /// The word in JSON and in the bytes that are hashed.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Kept => "kept",
            Outcome::Missed => "missed",
            Outcome::Late => "late",
            Outcome::Corrected => "corrected",
            Outcome::Reopened => "reopened",
            Outcome::Closed => "closed",
        }
    }
}

/// What stands in the place of a hash before the first entry.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last entry; 0 where there is none.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Head {
        Head { number: 0, hash: BEGINNING.into() }
    }
}

impl Entry {
    /// The bytes that the hash is taken over: a line each, in this order.
    fn text(&self) -> String {
        let moment = |at: Option<Moment>| at.map_or_else(|| "-".into(), Moment::rfc3339);
        format!(
            "watchpost proof 1\nnumber {}\nat {}\ninbox {}\ncase {}\npromise {}\nstart {}\ndue {}\n\
             met {}\noutcome {}\nheld {}\nbefore {}\n",
            self.number,
            self.at,
            self.inbox,
            self.case,
            self.promise.name(),
            self.start,
            moment(self.due),
            moment(self.met),
            self.outcome.name(),
            if self.held { "yes" } else { "no" },
            self.before,
        )
    }

    fn sealed(mut self) -> Entry {
        self.hash = sha256(&self.text());
        self
    }
}

/// The end of the log, and what the last event added to it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    head: Head,
    added: Vec<Entry>,
}

impl Chain {
    /// A log that goes on after this.
    pub fn after(head: Head) -> Chain {
        Chain { head, added: Vec::new() }
    }

    /// Where it ends.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What the last event added.
    pub fn added(&self) -> &[Entry] {
        &self.added
    }

    /// Puts down what an event on a case ended, and forgets what the one before it did.
    pub(super) fn add(&mut self, at: Moment, case: Option<&Case>, keys: &Keys, ended: Vec<Ended>) {
        self.added.clear();
        let Some(case) = case else { return };
        for Ended { clock, outcome } in ended {
            let entry = Entry {
                number: self.head.number.saturating_add(1),
                at,
                inbox: case.mail().folder.inbox.clone(),
                case: keys.pseudonym(&case.id, case.mail()),
                promise: clock.promise,
                start: clock.start,
                due: clock.due,
                met: clock.met.filter(|_| outcome != Outcome::Missed),
                outcome,
                held: case.held.is_some(),
                before: self.head.hash.clone(),
                hash: String::new(),
            };
            let entry = entry.sealed();
            self.head = Head { number: entry.number, hash: entry.hash.clone() };
            self.added.push(entry);
        }
    }
}

/// How the promises on a case stand, to be compared with how they stand after an event.
pub(super) struct Standing {
    /// Each clock, and whether it is recorded as missed.
    clocks: Vec<(Clock, bool)>,
    last_answer: Option<Moment>,
}

impl Standing {
    pub(super) fn of(case: &Case, policy: &Policy) -> Standing {
        let missed = |clock: &Clock| case.steps(clock.promise, clock.start).breached.is_some();
        let clocks = promise::clocks(case, policy).into_iter();
        let clocks = clocks.map(|clock| (clock, missed(&clock))).collect();
        Standing { clocks, last_answer: case.last_answer }
    }

    fn clock(&self, promise: Promise) -> Option<&(Clock, bool)> {
        self.clocks.iter().find(|(clock, _)| clock.promise == promise)
    }
}

/// A promise that ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    clock: Clock,
    outcome: Outcome,
}

/// What an event ended on a case, from how it stood before and stands after it.
pub(super) fn ended(before: &Standing, after: &Standing, event: &Event) -> Vec<Ended> {
    // Another store had answered the mail; its proof says when.
    if matches!(event.fact, Fact::AnsweredBefore | Fact::Elsewhere { .. }) {
        return Vec::new();
    }
    let mut ended = Vec::new();
    let mut add = |clock: &Clock, outcomes: &[Outcome]| {
        ended.extend(outcomes.iter().map(|&outcome| Ended { clock: *clock, outcome }));
    };
    for (is, now_missed) in &after.clocks {
        match before.clock(is.promise) {
            // Each word of a person meets the promise of a next one, and begins the one after it.
            Some((was, missed))
                if is.promise == Promise::Update && before.last_answer != after.last_answer =>
            {
                let clock = Clock { met: after.last_answer, ..*was };
                add(&clock, if was.closed.is_none() { met(&clock, *missed) } else { &[] });
            }
            Some((was, missed)) => {
                let outcomes = compare(was, is, *missed, *now_missed);
                add(if outcomes == [Outcome::Reopened] { was } else { is }, outcomes);
            }
            // It began and was met at once.
            None if is.met.is_some() => add(is, met(is, false)),
            None => {}
        }
    }
    ended
}

/// What changed on one clock.
fn compare(was: &Clock, is: &Clock, missed: bool, now_missed: bool) -> &'static [Outcome] {
    match (was.met, is.met) {
        (None, Some(_)) => met(is, missed),
        (None, None) if now_missed && !missed => &[Outcome::Missed],
        (None, None) if was.is_running() && !is.is_running() && !missed => &[Outcome::Closed],
        (Some(_), None) => &[Outcome::Reopened],
        // An answer was found that is older than the one that was known.
        (Some(_), Some(_)) if !in_time(was) && in_time(is) => &[Outcome::Corrected],
        // The acknowledgement came back, and a person had written later.
        (Some(_), Some(_)) if in_time(was) && !in_time(is) => {
            &[Outcome::Reopened, Outcome::Missed, Outcome::Late]
        }
        _ => &[],
    }
}

/// What became of a promise that was met.
fn met(clock: &Clock, missed: bool) -> &'static [Outcome] {
    match (in_time(clock), missed) {
        (true, false) => &[Outcome::Kept],
        (true, true) => &[Outcome::Corrected],
        (false, true) => &[Outcome::Late],
        (false, false) => &[Outcome::Missed, Outcome::Late],
    }
}

fn in_time(clock: &Clock) -> bool {
    clock.met.zip(clock.due).is_none_or(|(met, due)| met <= due)
}

/// Goes through a log from its beginning.
#[derive(Debug, Default)]
pub struct Check {
    head: Head,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The number that an entry should have, and the one that stands there.
    Missing(u64, u64),
    /// This entry does not say which one stands before it.
    Broken(u64),
    /// This entry was changed.
    Changed(u64),
    /// These entries at the end are missing.
    Cut(u64, u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing(number, found) => {
                write!(f, "entry {number} is not there: entry {found} stands in its place")
            }
            Fault::Broken(number) => {
                write!(f, "entry {number} does not follow from the one before it")
            }
            Fault::Changed(number) => write!(f, "entry {number} is not as it was written"),
            Fault::Cut(number, last) if number == last => {
                write!(f, "entry {number} is not there, the last one")
            }
            Fault::Cut(number, last) => write!(f, "entries {number} to {last} are not there"),
        }
    }
}

impl Check {
    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        let number = self.head.number.saturating_add(1);
        if entry.number != number {
            return Err(Fault::Missing(number, entry.number));
        }
        if entry.before != self.head.hash {
            return Err(Fault::Broken(number));
        }
        if entry.hash != sha256(&entry.text()) {
            return Err(Fault::Changed(number));
        }
        self.head = Head { number, hash: entry.hash.clone() };
        Ok(())
    }

    /// How far it was gone through.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Whether the log ends where it should.
    pub fn ends(&self, recorded: &Head) -> Result<(), Fault> {
        let number = self.head.number;
        match recorded.number {
            last if last > number => Err(Fault::Cut(number.saturating_add(1), last)),
            last if last == number && recorded.hash == self.head.hash => Ok(()),
            _ => Err(Fault::Changed(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::time::Span;

    fn start() -> Moment {
        Moment::parse_rfc3339("2026-09-01T12:00:00Z").unwrap()
    }

    fn entry(number: u64, before: &str) -> Entry {
        let entry = Entry {
            number,
            at: start() + Span::hours(48),
            inbox: "security".into(),
            case: "00112233445566778899".into(),
            promise: Promise::Response,
            start: start(),
            due: Some(start() + Span::hours(48)),
            met: None,
            outcome: Outcome::Missed,
            held: false,
            before: before.into(),
            hash: String::new(),
        };
        entry.sealed()
    }

    fn log() -> Vec<Entry> {
        let first = entry(1, BEGINNING);
        let second = entry(2, &first.hash);
        let third = entry(3, &second.hash);
        vec![first, second, third]
    }

    /// As `stats --verify` goes through it.
    fn check(log: &[Entry]) -> Result<(), String> {
        let recorded = log.last().map(|last| Head { number: 3, hash: last.hash.clone() });
        let mut check = Check::default();
        let gone = log.iter().try_for_each(|entry| check.take(entry));
        let ends = gone.and_then(|()| check.ends(&recorded.unwrap_or_default()));
        ends.map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_hash_is_that_which_any_program_makes_of_these_bytes() {
        // printf '…' | sha256sum
        let text = "watchpost proof 1\nnumber 1\nat 2026-09-03T12:00:00Z\ninbox security\n\
                    case 00112233445566778899\npromise response\nstart 2026-09-01T12:00:00Z\n\
                    due 2026-09-03T12:00:00Z\nmet -\noutcome missed\nheld no\nbefore \
                    0000000000000000000000000000000000000000000000000000000000000000\n";
        let entry = entry(1, BEGINNING);
        assert_eq!(entry.text(), text);
        assert_eq!(entry.hash, "e0f95cb359a29902e809a5ebd390cbdb2e9d7c1debb242b320495b5bd300c7bb");
    }

    #[test]
    fn what_was_changed_left_out_or_added_is_named() {
        assert_eq!(check(&log()), Ok(()));
        assert_eq!(check(&[]), Ok(()));
        let told = |change: fn(&mut Vec<Entry>)| {
            let mut log = log();
            change(&mut log);
            check(&log).unwrap_err()
        };
        let fits = "entry 2 is not as it was written";
        assert_eq!(told(|log| log[1].outcome = Outcome::Kept), fits);
        assert_eq!(told(|log| log[1].met = Some(start())), fits);
        assert_eq!(told(|log| log[1].held = true), fits);
        assert_eq!(
            told(|log| drop(log.remove(1))),
            "entry 2 is not there: entry 3 stands in its place"
        );
        assert_eq!(told(|log| log.truncate(2)), "entry 3 is not there, the last one");
        assert_eq!(told(|log| log.truncate(1)), "entries 2 to 3 are not there");
        let again =
            |log: &mut Vec<Entry>| log[1] = Entry { at: start(), ..log[1].clone() }.sealed();
        assert_eq!(told(again), "entry 3 does not follow from the one before it");
    }
}
