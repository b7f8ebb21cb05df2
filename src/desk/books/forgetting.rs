//! What leaves memory again: cases that were closed, and that nothing waits for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Books, MOST_REMEMBERED};
use crate::desk::address::Address;
use crate::desk::case::Case;
use crate::desk::ids::CaseId;
use crate::desk::map::Map;

impl Books {
    /// Lets go of closed cases, those closed first, until a thousand are left; they are
    /// read again when something comes up about them. Those stay whose letters have yet to leave, and
    /// those that share a conversation. Gives those that went.
    pub(in crate::desk) fn forget(&mut self) -> Vec<CaseId> {
        let over = self.closed.len().saturating_sub(MOST_REMEMBERED);
        if over == 0 {
            return Vec::new();
        }
        let replies = self.outbox.letters().filter(|waiting| !waiting.notice);
        let covered: BTreeSet<&CaseId> = replies.flat_map(|waiting| &waiting.covers).collect();
        let waits = |case: &Case| {
            let told = case.deferred.is_none() && case.gathered.is_empty();
            let alone = case.merged.is_none() && case.took_in.is_empty();
            let left =
                self.outbox.of_case(&case.id).next().is_none() && !covered.contains(&case.id);
            !(told && alone && left)
        };
        let closed = self.closed.all().filter_map(|id| self.case(id)).filter(|case| !waits(case));
        let gone: Vec<CaseId> = closed.take(over).map(|case| case.id.clone()).collect();
        for id in &gone {
            self.closed.set(id, None);
            if let Some(case) = self.cases.get(id).cloned() {
                self.cases.remove_mut(id);
                unindex(&mut self.reporters, &case);
            }
        }
        if !gone.is_empty() {
            Arc::make_mut(&mut self.likenesses).retain(|(_, id)| !gone.contains(id));
        }
        gone
    }
}

fn unindex(reporters: &mut Map<Address, Vec<CaseId>>, case: &Case) {
    let Some(reporter) = &case.opening.reporter else { return };
    let Some(cases) = reporters.get_mut(&reporter.address) else { return };
    cases.retain(|id| *id != case.id);
    if cases.is_empty() {
        reporters.remove_mut(&reporter.address);
    }
}
