//! The store: ordered tables on disk, changed only in whole batches, durable when answered.
//!
//! One thread owns the tables ([`keeper`]). Callers send it commands; it takes what waits, applies
//! each commit as one transaction, makes the whole group durable with one barrier, and only then
//! answers. So a slow disk costs one barrier a group, never a worker of the runtime, and nobody
//! hears of a write that a power cut could still take back.
//!
//! This is the only file that names sled. What the folder looks like is told in [`folder`].

mod folder;
mod keeper;
mod seal;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use sled::Transactional as _;
use sled::transaction::TransactionError;
use tokio::sync::{mpsc, oneshot};

use crate::desk::record::{Batch, MAX_KEY, MAX_VALUE, Table, Write};
use keeper::{Answer, Command, GROUP};
use seal::Seal;

pub use folder::OpenError;

/// One pair of a table.
pub type Row = (Vec<u8>, Vec<u8>);

/// A handle on the open store. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    commands: mpsc::Sender<Command>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

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

impl Store {
    /// Opens the store in `dir`, or makes a new one if the folder does not exist or is empty. Holds
    /// the folder locked until [`Store::close`]. Blocks while the tables are recovered: under a
    /// second for 100,000 rows.
    pub fn open(dir: &Path) -> Result<Store, OpenError> {
        let (commands, inbox) = mpsc::channel(4 * GROUP);
        let thread = keeper::start(dir, inbox)?;
        Ok(Store { commands, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Applies all writes or none. When this answers `Ok` they outlive a power cut.
    pub async fn commit(&self, writes: Batch) -> Result<(), StoreError> {
        writes.iter().try_for_each(fits)?;
        self.ask(|answer| Command::Commit(writes, answer)).await
    }

    /// The values of `keys`, in their order; `None` for a key that is not there. A read that is
    /// asked for after the answer to a commit sees it.
    pub async fn get(
        &self,
        table: Table,
        keys: Vec<Vec<u8>>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.ask(|answer| Command::Get(table, keys, answer)).await
    }

    /// Up to `limit` rows whose keys start with `prefix`, in the order of their keys. The next page
    /// starts `after` the last key of this one.
    pub async fn scan(
        &self,
        table: Table,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.ask(|answer| Command::Scan { table, prefix, after, limit, answer }).await
    }

    /// The row with the greatest key that starts with `prefix`.
    pub async fn last(&self, table: Table, prefix: Vec<u8>) -> Result<Option<Row>, StoreError> {
        self.ask(|answer| Command::Last(table, prefix, answer)).await
    }

    /// Finishes what was sent before, makes it durable and unlocks the folder. Other handles on
    /// this store answer [`StoreError::Closed`] from then on.
    pub async fn close(self) {
        let _ = self.ask(Command::Close).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        self.commands.send(command(sender)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// sled moves a value that is larger than its pages to a file of its own, which it never syncs.
fn fits(write: &Write) -> Result<(), StoreError> {
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

/// A hint to sled; about this much stays in memory between reads.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

const SCHEMA_KEY: &[u8] = b"schema";
const SEAL_KEY: &[u8] = b"seal";

/// The open tables: all that the keeper needs of sled. Every method blocks.
struct Tables {
    db: sled::Db,
    trees: BTreeMap<Table, sled::Tree>,
    dir: File,
    /// What the rows add up to; the same stands in the row `seal`.
    seal: Seal,
}

impl Tables {
    /// Opens or makes the tables in `dir`, and reads them whole. Panics on most kinds of damage:
    /// that is sled's way.
    fn open(dir: &Path) -> Result<Tables, Fault> {
        let config = sled::Config::new()
            .path(dir)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            // Nothing is flushed behind our back: `barrier` does it, and tells how it went.
            .flush_every_ms(None);
        let db = open_after_closing(&config)?;
        let tree = |table: Table| Ok((table, db.open_tree(table.name())?));
        let trees = Table::ALL.into_iter().map(tree).collect::<Result<_, sled::Error>>()?;
        let mut tables = Tables { dir: File::open(dir)?, trees, db, seal: Seal::default() };
        for (table, tree) in &tables.trees {
            for row in tree {
                let (key, value) = row?;
                if (*table, &*key) != (Table::Meta, SEAL_KEY) {
                    tables.seal.add(*table, &key, &value);
                }
            }
        }
        Ok(tables)
    }

    /// Whether the rows add up to what the last transaction left.
    fn is_whole(&self) -> Result<bool, Fault> {
        let seal = self.get(Table::Meta, SEAL_KEY)?;
        Ok(seal.and_then(|bytes| Seal::from_bytes(&bytes)) == Some(self.seal))
    }

    /// Applies all writes or none; they are durable after the next [`Tables::barrier`].
    fn apply(&mut self, writes: Batch) -> Result<(), Fault> {
        let mut seal = self.seal;
        let mut batches = BTreeMap::<Table, sled::Batch>::new();
        for ((table, key), value) in last_of_each_key(writes) {
            if let Some(old) = self.tree(table)?.get(&key)? {
                seal.remove(table, &key, &old);
            }
            let batch = batches.entry(table).or_default();
            match value {
                Some(value) => {
                    seal.add(table, &key, &value);
                    batch.insert(key, value);
                }
                None => batch.remove(key),
            }
        }
        batches.entry(Table::Meta).or_default().insert(SEAL_KEY, seal.to_bytes());
        self.transact(&batches)?;
        self.seal = seal;
        Ok(())
    }

    fn transact(&self, batches: &BTreeMap<Table, sled::Batch>) -> Result<(), Fault> {
        let trees: Vec<_> = batches.keys().filter_map(|table| self.trees.get(table)).collect();
        let transaction = trees.as_slice().transaction(|views| {
            let mut pairs = views.iter().zip(batches.values());
            Ok(pairs.try_for_each(|(view, batch)| view.apply_batch(batch))?)
        });
        transaction.map_err(|error: TransactionError<()>| match error {
            TransactionError::Storage(error) => error.into(),
            TransactionError::Abort(()) => Fault::Damage("a transaction was aborted".to_owned()),
        })
    }

    /// Everything that was applied outlives a power cut from here on. sled's flush only hands its
    /// pages to the operating system; `syncfs` makes them durable, the blobs and the renamed
    /// snapshots included, and reports what the disk refused.
    fn barrier(&self) -> Result<(), Fault> {
        self.db.flush()?;
        rustix::fs::syncfs(&self.dir).map_err(io::Error::from)?;
        Ok(())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.tree(table)?.get(key)?.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.tree(table)?
            .range::<&[u8], _>((start, Bound::Unbounded))
            .take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)))
            .take(limit)
            .map(|row| row.map(owned).map_err(Fault::from))
            .collect()
    }

    fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Row>, Fault> {
        let row = self.tree(table)?.scan_prefix(prefix).next_back();
        Ok(row.transpose()?.map(owned))
    }

    fn tree(&self, table: Table) -> Result<&sled::Tree, Fault> {
        self.trees.get(&table).ok_or_else(|| Fault::Damage(format!("no table {}", table.name())))
    }
}

/// The folder is locked for us alone, so whoever still holds sled's own lock is a thread of sled
/// that has yet to let go of tables which this process closed a moment ago.
fn open_after_closing(config: &sled::Config) -> Result<sled::Db, Fault> {
    for _ in 0..200 {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            opened => return Ok(opened?),
        }
    }
    Err(Fault::Disk(io::Error::other("tables that were closed are still in use")))
}

fn owned((key, value): (sled::IVec, sled::IVec)) -> Row {
    (key.to_vec(), value.to_vec())
}

fn last_of_each_key(writes: Batch) -> BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>> {
    let change = |write| match write {
        Write::Put(table, key, value) => ((table, key), Some(value)),
        Write::Delete(table, key) => ((table, key), None),
    };
    writes.into_iter().map(change).collect()
}

/// Why the tables cannot be used.
enum Fault {
    Disk(io::Error),
    Damage(String),
    Newer(u64),
    Foreign,
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Fault {
        match error {
            sled::Error::Io(error) => Fault::Disk(error),
            other => Fault::Damage(other.to_string()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Disk(error)
    }
}
