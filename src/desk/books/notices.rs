//! What is to be known of notices beside what waits in the outbox.

use std::collections::{BTreeMap, VecDeque};

use crate::desk::letter::LetterId;
use crate::desk::map::Map;
use crate::desk::policy::Promise;
use crate::desk::time::{Moment, Span};

/// What the last notices are about, and whether they reach anybody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    /// Which promise an event is about that reminds of one, or tells that it was missed: the notices that
    /// say so are written right after it.
    steps: Map<u64, Promise>,
    /// How many mail servers refused since one was last taken, by inbox, and since when. A start begins
    /// anew.
    refused: Map<String, (Moment, usize)>,
    /// The last that mail servers took, by inbox, less those on no case: of what becomes of them nothing
    /// is recorded. A start begins anew.
    taken: Map<String, VecDeque<Taken>>,
}

/// A notice that the mail server took.
#[derive(Clone, Debug)]
struct Taken {
    letter: LetterId,
    at: Moment,
    /// When a report said that it did not arrive.
    back: Option<Moment>,
}

/// Time brings no more steps at once.
const MOST_STEPS: usize = 4096;
/// So many of the last notices tell whether they arrive.
const MOST_TAKEN: usize = 32;
/// What has not come back by then has arrived, as far as anybody can know.
const ARRIVED: Span = Span::hours(24);

impl Notices {
    /// This event is a step on the way of a promise.
    pub(super) fn step(&mut self, event: u64, promise: Promise) {
        self.steps.insert_mut(event, promise);
        if self.steps.size() > MOST_STEPS
            && let Some(oldest) = self.steps.keys().next().copied()
        {
            self.steps.remove_mut(&oldest);
        }
    }

    /// The promise that such an event is about.
    pub(super) fn promise(&self, step: u64) -> Option<Promise> {
        self.steps.get(&step).copied()
    }

    /// The mail server took a notice, or never will.
    pub(super) fn tried(&mut self, inbox: &str, letter: &LetterId, taken: bool, at: Moment) {
        if taken {
            self.refused.remove_mut(inbox);
            let mut last = self.taken.get(inbox).cloned().unwrap_or_default();
            last.extend(letter.case().map(|_| Taken { letter: letter.clone(), at, back: None }));
            last.drain(..last.len().saturating_sub(MOST_TAKEN));
            self.taken.insert_mut(inbox.to_owned(), last);
        } else {
            let (since, before) = self.refused.get(inbox).copied().unwrap_or((at, 0));
            self.refused.insert_mut(inbox.to_owned(), (since, before.saturating_add(1)));
        }
    }

    /// A notice that a mail server took came back.
    pub(super) fn came_back(&mut self, letter: &LetterId, at: Moment) {
        let is = |one: &Taken| one.letter == *letter;
        let inbox = self.taken.iter().find(|(_, last)| last.iter().any(is));
        let inbox = inbox.map(|(inbox, _)| inbox.clone()).unwrap_or_default();
        let last = self.taken.get_mut(&inbox).and_then(|last| last.iter_mut().find(|one| is(one)));
        if let Some(one) = last {
            one.back.get_or_insert(at);
        }
    }

    /// How many came back and since when, where the last ones to everybody did. What was taken of late
    /// says nothing yet.
    pub(crate) fn returned(&self, inbox: &str, now: Moment) -> Option<(Moment, usize)> {
        let mut readers: BTreeMap<&str, (Vec<Moment>, bool)> = BTreeMap::new();
        for one in self.taken.get(inbox)?.iter().rev() {
            let (back, arrived) = readers.entry(one.letter.member()?).or_default();
            *arrived |= one.back.is_none() && one.at + ARRIVED <= now;
            back.extend(one.back.filter(|_| !*arrived));
        }
        if readers.values().any(|(back, _)| back.is_empty()) {
            return None;
        }
        let back: Vec<Moment> = readers.into_values().flat_map(|(back, _)| back).collect();
        Some((*back.iter().min()?, back.len()))
    }

    /// When one more of them has arrived, if it does not come back.
    pub(crate) fn next_arrival(&self, inbox: &str, now: Moment) -> Option<Moment> {
        let away = self.taken.get(inbox)?.iter().filter(|one| one.back.is_none());
        away.map(|one| one.at + ARRIVED).filter(|at| *at > now).min()
    }

    /// How many were refused since one was last taken, and since when.
    pub(crate) fn refused(&self, inbox: &str) -> Option<(Moment, usize)> {
        self.refused.get(inbox).copied()
    }
}
