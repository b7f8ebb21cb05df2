//! The open tables: the only file that names sled, and all that the keeper needs of it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sled::Transactional as _;
use sled::transaction::TransactionError;

use super::seal::Seal;
use crate::desk::table::{Batch, Table, Write};
use crate::io::unix;

/// One pair of a table.
pub type Row = (Vec<u8>, Vec<u8>);

/// A hint to sled; about this much stays in memory between reads.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Free space in bytes that nothing is begun without. sled does not survive a disk that becomes full
/// while it writes: its log is damaged, and stays so when there is room again.
const RESERVE: u64 = 2 << 20;

/// Whether the file system that holds `path` has room for one more group of commits.
pub(super) fn has_room(path: &Path) -> io::Result<bool> {
    Ok(unix::free_space(path)? >= RESERVE)
}

pub(super) const SCHEMA_KEY: &[u8] = b"schema";
const SEAL_KEY: &[u8] = b"seal";

/// The open tables: all that the keeper needs of sled. Every method blocks.
pub(super) struct Tables {
    db: sled::Db,
    trees: BTreeMap<Table, sled::Tree>,
    dir: PathBuf,
    /// Where sled writes everything.
    log: File,
    /// What the rows add up to; the same stands in the row `seal`.
    seal: Seal,
}

impl Tables {
    /// Opens or makes the tables in `dir`, and reads them whole. Panics on most kinds of damage:
    /// that is sled's way.
    pub(super) fn open(dir: &Path) -> Result<Tables, Fault> {
        let config = sled::Config::new()
            .path(dir)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            // Nothing is flushed behind our back: `barrier` does it, and tells how it went.
            .flush_every_ms(None);
        let db = open_after_closing(&config)?;
        // What sled has made and renamed on its way is durable before anything builds on it.
        unix::sync_file_system(&File::open(dir)?)?;
        let tree = |table: Table| Ok((table, db.open_tree(table.name())?));
        let trees = Table::ALL.into_iter().map(tree).collect::<Result<_, sled::Error>>()?;
        let (dir, log) = (dir.to_owned(), File::open(dir.join("db"))?);
        let mut tables = Tables { db, trees, dir, log, seal: Seal::default() };
        for (table, tree) in &tables.trees {
            for row in tree {
                let (key, value) = row?;
                if !Tables::is_seal(*table, &key) {
                    tables.seal.add(*table, &key, &value);
                }
            }
        }
        Ok(tables)
    }

    /// Whether the rows add up to what the last transaction left.
    pub(super) fn is_whole(&self) -> Result<bool, Fault> {
        let seal = self.get(Table::Meta, SEAL_KEY)?;
        Ok(seal.and_then(|bytes| Seal::from_bytes(&bytes)) == Some(self.seal))
    }

    /// Applies all writes or none; they are durable after the next [`Tables::barrier`].
    pub(super) fn apply(&mut self, writes: Batch) -> Result<(), Fault> {
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

    /// How many rows there are, and what they add up to, in bytes.
    pub(super) fn sealed(&self) -> (u64, Vec<u8>) {
        (self.seal.rows(), self.seal.to_bytes())
    }

    /// Whether this row is the sum itself, which belongs to the tables and to no copy of them.
    pub(super) fn is_seal(table: Table, key: &[u8]) -> bool {
        (table, key) == (Table::Meta, SEAL_KEY)
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

    /// Everything that was applied outlives a power cut from here on, and what the disk refused is
    /// reported. sled's flush only hands its pages to the operating system. They all go into one
    /// file, but for a node of a tree that outgrew its pages: it gets a file of its own, which sled
    /// never syncs.
    pub(super) fn barrier(&self) -> Result<(), Fault> {
        self.db.flush()?;
        if fs::read_dir(self.dir.join("blobs"))?.next().is_some() {
            return Ok(unix::sync_file_system(&self.log)?);
        }
        Ok(self.log.sync_data()?)
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.tree(table)?.get(key)?.map(|value| value.to_vec()))
    }

    pub(super) fn scan(
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

    pub(super) fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Row>, Fault> {
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
pub(super) enum Fault {
    Disk(io::Error),
    Damage(String),
    Newer(u64),
    Older(u64),
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
