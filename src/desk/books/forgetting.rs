//! What leaves memory again: cases that were closed, and that nothing waits for.

use std::collections::BTreeSet;

use super::Books;
use crate::desk::case::Case;
use crate::desk::ids::CaseId;

/// Of the cases that are closed no more are kept in mind: those closed last.
const MOST_REMEMBERED: usize = 1000;

impl Books {
    /// Lets go of closed cases, those closed first, until a thousand are left; they are
    /// read again when something comes up about them. Those stay whose letters have yet to leave, and
    /// those that share a conversation. Gives those that went.
    pub(in crate::desk) fn forget(&mut self) -> Vec<CaseId> {
        let over = self.cases.closed_len().saturating_sub(MOST_REMEMBERED);
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
        let gone = self.cases.closed().filter(|case| !waits(case));
        let gone: Vec<CaseId> = gone.take(over).map(|case| case.id.clone()).collect();
        self.cases.forget(&gone);
        gone
    }
}
