//! Why a command to the store failed.

use crate::desk::table::{MAX_KEY, MAX_VALUE, Table, Write};

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
    /// The copy of the store that was asked for cannot go on: another one was begun, or too much was
    /// changed meanwhile.
    #[error("another copy of the store was begun, or too much changed meanwhile: begin again")]
    CopyLost,
    /// The store is closed, or its thread stopped on a defect that it has logged.
    #[error("the store is closed")]
    Closed,
}

/// sled moves a value that is larger than its pages to a file of its own, which it never syncs.
pub(super) fn fits(write: &Write) -> Result<(), StoreError> {
    let (table, key, value) = match write {
        Write::Put(table, key, value) => (*table, key.len(), value.len()),
        Write::Delete(table, key) => (*table, key.len(), 0),
    };
    if key > MAX_KEY {
        return Err(StoreError::TooLong { table, what: "key", bytes: key, max: MAX_KEY });
    }
    if value > MAX_VALUE {
        return Err(StoreError::TooLong { table, what: "value", bytes: value, max: MAX_VALUE });
    }
    Ok(())
}
