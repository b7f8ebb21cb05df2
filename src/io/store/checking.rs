//! Whether the rows of each table add up to its seal: read a piece at a time, since a large store
//! takes longer to read than anybody wants to wait for a start.

use super::seal::{self, Seal};
use crate::desk::table::Table;

/// Rows that are read while the store is opened: in some tens of milliseconds, a store of a few hundred
/// cases whole. Of a larger one what the start needs.
pub(super) const AT_OPEN: usize = 20_000;
/// Rows that are read between two groups of commands: a millisecond or two.
pub(super) const AT_ONCE: usize = 250;

/// What the daemon reads whole at its start comes first…
const OF_START: [Table; 4] = [Table::Meta, Table::Cursors, Table::Open, Table::Outbox];
/// … after that, what decides about new mail.
const AFTERWARDS: [Table; 5] =
    [Table::Events, Table::Ties, Table::Mails, Table::Letters, Table::Proof];

/// A check that is under way.
pub(super) struct Check {
    /// The tables that are still to be read, from the end.
    tables: Vec<Table>,
    /// The last key that was read of the one that is read now, and what it adds up to so far.
    after: Option<Vec<u8>>,
    read: Seal,
}

impl Check {
    pub(super) fn begin() -> Check {
        let tables = OF_START.into_iter().chain(AFTERWARDS).rev().collect();
        Check { tables, after: None, read: Seal::default() }
    }

    /// One that is not needed.
    pub(super) fn over() -> Check {
        Check { tables: Vec::new(), after: None, read: Seal::default() }
    }

    /// Whether everything was read.
    pub(super) fn is_over(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether what is read next is what a start builds on.
    pub(super) fn is_of_start(&self) -> bool {
        self.tables.last().is_some_and(|table| OF_START.contains(table))
    }

    /// The table that is read next, and the key after which.
    pub(super) fn place(&self) -> Option<(Table, Option<&[u8]>)> {
        self.tables.last().map(|table| (*table, self.after.as_deref()))
    }

    /// Takes in the rows that stand there, [`AT_ONCE`] of them unless the table ends. False where the
    /// table does not add up to its seal.
    pub(super) fn take(&mut self, rows: Vec<(Vec<u8>, Vec<u8>)>, sealed: Seal) -> bool {
        let Some(table) = self.tables.last().copied() else { return true };
        for (key, value) in rows.iter().filter(|(key, _)| !seal::is_seal(table, key)) {
            self.read.add(table, key, value);
        }
        if rows.len() == AT_ONCE {
            self.after = rows.into_iter().next_back().map(|(key, _)| key);
            return true;
        }
        self.tables.pop();
        self.after = None;
        std::mem::take(&mut self.read) == sealed
    }

    /// A row was changed. What has been read of it already was the old one.
    pub(super) fn note(
        &mut self,
        table: Table,
        key: &[u8],
        old: Option<&[u8]>,
        new: Option<&[u8]>,
    ) {
        let read = self.after.as_deref().is_some_and(|after| key <= after);
        if self.tables.last() != Some(&table) || !read || seal::is_seal(table, key) {
            return;
        }
        self.read.change(table, key, old, new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_checked() {
        let mut tables = Check::begin().tables;
        tables.sort_unstable();
        assert_eq!(tables, Table::ALL);
    }
}
