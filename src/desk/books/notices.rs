//! What is to be known of notices beside what waits in the outbox.

use crate::desk::map::Map;
use crate::desk::policy::Promise;
use crate::desk::time::Moment;

/// What the last notices are about, and whether they reach anybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices {
    /// Which promise an event is about that reminds of one, or tells that it was missed: the notices that
    /// say so are written right after it.
    steps: Map<u64, Promise>,
    /// How many mail servers refused since one was last taken, by inbox, and since when. A start begins
    /// anew.
    refused: Map<String, (Moment, usize)>,
}

/// Time brings no more steps at once.
const MOST_STEPS: usize = 4096;

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
    pub(super) fn tried(&mut self, inbox: &str, taken: bool, at: Moment) {
        if taken {
            self.refused.remove_mut(inbox);
        } else {
            let (since, before) = self.refused.get(inbox).copied().unwrap_or((at, 0));
            self.refused.insert_mut(inbox.to_owned(), (since, before.saturating_add(1)));
        }
    }

    /// How many were refused since one was last taken, and since when.
    pub(super) fn refused(&self, inbox: &str) -> Option<(Moment, usize)> {
        self.refused.get(inbox).copied()
    }
}
