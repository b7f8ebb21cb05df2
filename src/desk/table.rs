//! What is kept: the tables of the store and the writes that go into it together. What a key or a
//! value means is decided by whoever builds the writes; the store only keeps them.

/// One table: an ordered map from keys to values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Facts about the store itself. The key `schema` belongs to the store, and those that begin with `seal`.
    Meta,
    /// How far each folder has been read.
    Cursors,
    /// The log of every case.
    Events,
    /// The cases that are not closed.
    Open,
    /// What binds a mail to a case: message ids, addresses.
    Ties,
    /// Every mail that was decided on.
    Mails,
    /// Every letter, as it was written.
    Letters,
    /// The letters that have not left yet.
    Outbox,
    /// The proof of what became of promises.
    Proof,
}

impl Table {
    /// Every table, in the order of the enum.
    pub const ALL: [Table; 9] = [
        Table::Meta,
        Table::Cursors,
        Table::Events,
        Table::Open,
        Table::Ties,
        Table::Mails,
        Table::Letters,
        Table::Outbox,
        Table::Proof,
    ];

    /// The table of this name.
    pub fn named(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its name on disk; never changed.
    pub fn name(self) -> &'static str {
        match self {
            Table::Meta => "meta",
            Table::Cursors => "cursors",
            Table::Events => "events",
            Table::Open => "open",
            Table::Ties => "ties",
            Table::Mails => "mails",
            Table::Letters => "letters",
            Table::Outbox => "outbox",
            Table::Proof => "proof",
        }
    }
}

/// The longest key in bytes.
pub const MAX_KEY: usize = 200;

/// The longest value in bytes. Longer ones are split by whoever builds the writes.
pub const MAX_VALUE: usize = 8 * 1024;

/// A row, with the table that it stands in.
pub type Record = (Table, Vec<u8>, Vec<u8>);

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets a key to a value, whatever it held.
    Put(Table, Vec<u8>, Vec<u8>),
    /// Removes a key; nothing happens if it is not there.
    Delete(Table, Vec<u8>),
}

/// Writes that happen together or not at all, in their order: of two for one key the later counts.
pub type Batch = Vec<Write>;
