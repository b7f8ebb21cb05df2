//! Why a command to the store failed.

use crate::desk::table::Table;

/// A command to the store was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A key or value is longer than the store takes. A defect in the program; nothing was written.
    #[error("a {what} of {bytes} bytes for the table {}, which takes {max}", table.name())]
    TooLong {
        /// Where it should have gone.
        table: Table,
        /// `key` or `value`.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// The disk refused. Of a commit that ends so, everything is written or nothing, and only a
    /// read can tell which: whoever holds a copy in memory has to read it again. The next command
    /// opens the tables anew, so that it works as soon as the disk does.
    #[error("the store cannot use its disk: {0}")]
    Disk(String),
    /// The store is closed, or its thread stopped on a defect that it has logged.
    #[error("the store is closed")]
    Closed,
}
