//! The cases, and what they are looked up by. All of that follows from the cases.

use std::sync::Arc;

use crate::desk::address::Address;
use crate::desk::agenda::Agenda;
use crate::desk::case::Case;
use crate::desk::ids::CaseId;
use crate::desk::map::Map;
use crate::desk::similar::Signature;

/// All cases that are open, and some that are closed. Cheap to clone, as the books are.
#[derive(Clone, Debug, Default)]
pub(super) struct Cases {
    all: Map<CaseId, Arc<Case>>,
    /// How many of them are not closed, by inbox.
    open: Map<String, usize>,
    /// The others, by when they were closed.
    closed: Agenda,
    /// Those that are open and not acknowledged: few, where all is well.
    unacknowledged: Map<CaseId, ()>,
    /// Their texts, side by side: each new one is compared with all of them.
    likenesses: Arc<Vec<(Signature, CaseId)>>,
    reporters: Map<Address, Vec<CaseId>>,
}

impl Cases {
    /// Takes in a case; one that is known stays as it is.
    pub(super) fn add(&mut self, case: Case) {
        if self.all.contains_key(&case.id) {
            return;
        }
        let id = case.id.clone();
        if case.closed.is_none() {
            count(&mut self.open, &case.mail().folder.inbox, true);
        }
        self.closed.set(&id, case.closed);
        if is_owed(&case) {
            self.unacknowledged.insert_mut(id.clone(), ());
        }
        if let Some(likeness) = &case.opening.likeness {
            Arc::make_mut(&mut self.likenesses).push((likeness.clone(), id.clone()));
        }
        if let Some(reporter) = &case.opening.reporter {
            match self.reporters.get_mut(&reporter.address) {
                Some(cases) => cases.push(id.clone()),
                None => self.reporters.insert_mut(reporter.address.clone(), vec![id.clone()]),
            }
        }
        self.all.insert_mut(id, Arc::new(case));
    }

    /// Changes a case, if it is known. Who reported it and what its text was never changes.
    pub(super) fn change(&mut self, id: &CaseId, change: impl FnOnce(&mut Case)) {
        let Some(case) = self.all.get_mut(id) else { return };
        let case = Arc::make_mut(case);
        let (was_open, was_owed) = (case.closed.is_none(), is_owed(case));
        change(case);
        match (was_owed, is_owed(case)) {
            (true, false) => drop(self.unacknowledged.remove_mut(id)),
            (false, true) => self.unacknowledged.insert_mut(id.clone(), ()),
            _ => {}
        }
        if case.closed.is_none() != was_open {
            count(&mut self.open, &case.mail().folder.inbox, !was_open);
            self.closed.set(id, case.closed);
        }
    }

    /// Lets go of closed cases.
    pub(super) fn forget(&mut self, gone: &[CaseId]) {
        for id in gone {
            self.closed.set(id, None);
            if let Some(case) = self.all.get(id).cloned() {
                self.all.remove_mut(id);
                self.unindex(&case);
            }
        }
        if !gone.is_empty() {
            Arc::make_mut(&mut self.likenesses).retain(|(_, id)| !gone.contains(id));
        }
    }

    fn unindex(&mut self, case: &Case) {
        let Some(reporter) = &case.opening.reporter else { return };
        let Some(cases) = self.reporters.get_mut(&reporter.address) else { return };
        cases.retain(|id| *id != case.id);
        if cases.is_empty() {
            self.reporters.remove_mut(&reporter.address);
        }
    }

    pub(super) fn get(&self, id: &CaseId) -> Option<&Case> {
        self.all.get(id).map(Arc::as_ref)
    }

    /// All of them, by number.
    pub(super) fn all(&self) -> impl Iterator<Item = &Case> {
        self.all.values().map(Arc::as_ref)
    }

    pub(super) fn len(&self) -> usize {
        self.all.size()
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open.values().sum()
    }

    /// The same by inbox.
    pub(super) fn open_by_inbox(&self) -> impl Iterator<Item = (&str, usize)> {
        self.open.iter().map(|(inbox, open)| (inbox.as_str(), *open))
    }

    /// Those that are closed, the one first that was closed first.
    pub(super) fn closed(&self) -> impl Iterator<Item = &Case> {
        self.closed.all().filter_map(|id| self.get(id))
    }

    /// How many are closed.
    pub(super) fn closed_len(&self) -> usize {
        self.closed.len()
    }

    pub(super) fn unacknowledged(&self) -> impl Iterator<Item = &Case> {
        self.unacknowledged.keys().filter_map(|id| self.get(id))
    }

    /// Those that somebody reported.
    pub(super) fn of(&self, reporter: &Address) -> impl Iterator<Item = &Case> {
        let cases = self.reporters.get(reporter);
        cases.into_iter().flatten().filter_map(|id| self.get(id))
    }

    pub(super) fn likenesses(&self) -> impl Iterator<Item = (&Signature, &CaseId)> {
        self.likenesses.iter().map(|(signature, id)| (signature, id))
    }
}

impl FromIterator<Case> for Cases {
    fn from_iter<I: IntoIterator<Item = Case>>(from: I) -> Cases {
        let mut cases = Cases::default();
        from.into_iter().for_each(|case| cases.add(case));
        cases
    }
}

/// One more open case of this inbox, or one less.
fn count(open: &mut Map<String, usize>, inbox: &str, more: bool) {
    let before = open.get(inbox).copied().unwrap_or(0);
    match if more { before + 1 } else { before.saturating_sub(1) } {
        0 => drop(open.remove_mut(inbox)),
        now => open.insert_mut(inbox.to_owned(), now),
    }
}

/// Whether an acknowledgement is still owed.
fn is_owed(case: &Case) -> bool {
    case.acknowledged.is_none() && case.closed.is_none()
}
