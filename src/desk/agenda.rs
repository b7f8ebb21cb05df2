//! When time brings something on which case. It follows from the cases and the rules, and is kept so
//! that ten thousand quiet cases cost nothing.

use super::ids::CaseId;
use super::map::Map;
use super::time::Moment;

/// The agenda. Cheap to clone, as the books are.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    at: Map<(Moment, CaseId), ()>,
    of: Map<CaseId, Moment>,
}

impl Agenda {
    /// Sets when a case is due next; none where it waits for nothing.
    pub(super) fn set(&mut self, case: &CaseId, next: Option<Moment>) {
        if let Some(known) = self.of.get(case).copied() {
            if Some(known) == next {
                return;
            }
            self.at.remove_mut(&(known, case.clone()));
            self.of.remove_mut(case);
        }
        if let Some(next) = next {
            self.at.insert_mut((next, case.clone()), ());
            self.of.insert_mut(case.clone(), next);
        }
    }

    /// The cases that are due, the longest first.
    pub(super) fn due(&self, now: Moment) -> impl Iterator<Item = &CaseId> {
        self.at.keys().take_while(move |(at, _)| *at <= now).map(|(_, case)| case)
    }

    /// All of them, the first due first.
    pub(super) fn all(&self) -> impl Iterator<Item = &CaseId> {
        self.at.keys().map(|(_, case)| case)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.at.size()
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Moment> {
        self.at.keys().next().map(|(at, _)| *at)
    }
}
