//! The open tables: the only file that names sled, and all that the keeper needs of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sled::Transactional as _;
use sled::transaction::TransactionError;

use super::checking::{AT_ONCE, AT_OPEN, Check};
use super::seal::{self, Seal, Seals};
use super::tip::{self, Tip};
use crate::desk::table::{Batch, Table, Write};
use crate::io::unix;

/// One pair of a table.
pub type Row = (Vec<u8>, Vec<u8>);

/// A hint to sled, which counts rows as they lie on the disk: some times as much stays in memory
/// between reads. The operating system keeps the file at hand.
const CACHE_BYTES: u64 = 2 * 1024 * 1024;

/// Rows that a page of sled holds at least, once there are many: it splits one of seventeen.
const ROWS_OF_A_PAGE: usize = 8;
/// sled looks which pages to let go of once a 256th of them was used 64 times, and keeps all until then:
/// of pages that are read once some 16,000, whatever the cache may hold. Used so many times more, it is a thousand.
const USES: usize = 15;
/// Who reads so many rows at once reads all of a table, and needs none of them again.
const LONG: usize = 200;

/// sled's threads wake once a second, all seven, to see that there is no work: an hour late will do.
const LATE: Duration = Duration::from_hours(1);

/// Bytes of rows whose log is read again in less than a tenth of a second.
const MOST_UNNOTED: u64 = 8 << 20;

/// A tree of one small page, which is changed to have pages of others moved (see [`Tables::tidy`]): sled moves
/// one whenever it writes a page anew, and that is with each tenth change of it. One is moved for so many rows
/// that were written.
const TIDYING: &str = "tidying";
const CHANGES_FOR_A_MOVE: usize = 10;
const ROWS_FOR_A_MOVE: usize = 8;
/// Free space in bytes without which no page is moved: its old place is free only later.
const ROOM_TO_TIDY: u64 = 4 * RESERVE;

/// Free space in bytes that nothing is begun without. sled does not survive a disk that becomes full
/// while it writes: its log is damaged, and stays so when there is room again.
pub(super) const RESERVE: u64 = 2 << 20;

/// Whether the file system that holds `path` has room for one more group of commits.
pub(super) fn has_room(path: &Path) -> io::Result<bool> {
    Ok(unix::free_space(path)? >= RESERVE)
}

pub(super) const SCHEMA_KEY: &[u8] = b"schema";

/// The open tables: all that the keeper needs of sled. Every method blocks.
pub(super) struct Tables {
    db: sled::Db,
    trees: BTreeMap<Table, sled::Tree>,
    dir: PathBuf,
    /// Where sled writes everything.
    log: File,
    /// What the rows of each table add up to; the same stands among its rows…
    seals: Seals,
    /// … for all tables but these.
    unsealed: BTreeSet<Table>,
    check: Check,
    /// How many bytes of rows were written since they were opened.
    written: u64,
    tidying: sled::Tree,
    /// How many changes were made there, ever.
    changes: u64,
    tip: Tip,
}

impl Tables {
    /// Opens or makes the tables in `dir`. Panics on most kinds of damage: that is sled's way.
    pub(super) fn open(dir: &Path) -> Result<Tables, Fault> {
        need_threads()?;
        let config = sled::Config::new()
            .path(dir)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            // Nothing is flushed behind our back: `barrier` does it, and tells how it went.
            .flush_every_ms(None);
        let db = open_after_closing(&config)?;
        let tip = Tip::open(dir)?;
        // What sled has made and renamed on its way is durable before anything builds on it.
        unix::sync_all_within(dir)?;
        let tree = |table: Table| Ok((table, db.open_tree(table.name())?));
        let trees = Table::ALL.into_iter().map(tree).collect::<Result<_, sled::Error>>()?;
        let tidying = db.open_tree(TIDYING)?;
        let changes = tidying.get(b"")?.map_or(0, |bytes| tip::number(&bytes));
        let (dir, log) = (dir.to_owned(), File::open(dir.join("db"))?);
        let (seals, unsealed, check) = (Seals::default(), BTreeSet::new(), Check::begin());
        let written = 0;
        Ok(Tables { db, trees, dir, log, seals, unsealed, check, written, tidying, changes, tip })
    }

    /// Looks whether the rows add up to what the last transaction left. Of a large store a part is
    /// left to [`Tables::check_on`].
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        if self.get(Table::Meta, seal::BROKEN)?.is_some() {
            return Err(Fault::Damage("its rows did not add up".to_owned()));
        }
        if self.tip.noted()? > self.changes {
            return Err(Fault::Damage("its log ends too early".to_owned()));
        }
        if let Some(all) = self.get(Table::Meta, seal::OF_ALL)? {
            return self.check_all(&all);
        }
        for table in Table::ALL {
            let kept = self.get(Table::Meta, &seal::key_of(table))?;
            let kept = kept.and_then(|bytes| Seal::from_bytes(&bytes));
            self.seals.set(table, kept.unwrap_or_default());
        }
        let whole = self.seals.all().rows() <= AT_OPEN as u64;
        let mut left = AT_OPEN;
        while !self.is_checked() && left > 0 && (whole || self.check.is_of_start()) {
            left = left.saturating_sub(self.check_some()?);
        }
        Ok(())
    }

    /// The same for a store that has one seal for all tables: each gets its own with the next
    /// transaction.
    fn check_all(&mut self, all: &[u8]) -> Result<(), Fault> {
        for (table, tree) in &self.trees {
            for row in tree {
                let (key, value) = row?;
                if !seal::is_seal(*table, &key) {
                    self.seals.of_mut(*table).add(*table, &key, &value);
                }
            }
        }
        if Seal::from_bytes(all) != Some(self.seals.all()) {
            return Err(Fault::Damage("its rows do not add up".to_owned()));
        }
        (self.unsealed, self.check) = (Table::ALL.into(), Check::over());
        Ok(())
    }

    /// Whether some rows were never read.
    pub(super) fn is_checked(&self) -> bool {
        self.check.is_over()
    }

    /// Reads some more of what is to be checked. A store that does not add up is never opened again.
    pub(super) fn check_on(&mut self) -> Result<(), Fault> {
        let step = self.check_some();
        if let Err(Fault::Damage(_)) = &step {
            self.tree(Table::Meta)?.insert(seal::BROKEN, b"")?;
            self.barrier()?;
        }
        step.map(drop)
    }

    /// Whether so much was written that the next start would take long. sled notes where its pages are
    /// when it is opened, and at no other time; the log that came after is read again.
    pub(super) fn has_grown(&self) -> bool {
        self.written > MOST_UNNOTED
    }

    /// Reads some rows, and says how many.
    fn check_some(&mut self) -> Result<usize, Fault> {
        let Some((table, after)) = self.check.place() else { return Ok(0) };
        let rows = self.scan(table, &[], after, AT_ONCE)?;
        let count = rows.len();
        if self.check.take(rows, self.seals.of(table)) {
            return Ok(count);
        }
        Err(Fault::Damage("its rows do not add up".to_owned()))
    }

    /// Applies all writes or none; they are durable after the next [`Tables::barrier`].
    pub(super) fn apply(&mut self, writes: Batch) -> Result<(), Fault> {
        let (mut seals, mut touched) = (self.seals.clone(), self.unsealed.clone());
        let mut batches = BTreeMap::<Table, sled::Batch>::new();
        let mut changes = Vec::new();
        for ((table, key), value) in last_of_each_key(writes) {
            let old = self.tree(table)?.get(&key)?;
            seals.of_mut(table).change(table, &key, old.as_deref(), value.as_deref());
            touched.insert(table);
            self.written += (key.len() + value.as_ref().map_or(0, Vec::len)) as u64;
            let batch = batches.entry(table).or_default();
            match &value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
            changes.push((table, key, old, value));
        }
        let meta = batches.entry(Table::Meta).or_default();
        for table in touched {
            meta.insert(seal::key_of(table), seals.of(table).to_bytes());
        }
        if !self.unsealed.is_empty() {
            meta.remove(seal::OF_ALL);
        }
        self.transact(&batches)?;
        (self.seals, self.unsealed) = (seals, BTreeSet::new());
        for (table, key, old, new) in &changes {
            self.check.note(*table, key, old.as_deref(), new.as_deref());
        }
        self.tidy(changes.len())
    }

    /// Has sled move pages out of the parts of its file that are half empty, so that these become free.
    /// By itself it does so more rarely than new ones become half empty: the file would grow to more
    /// than three times its rows, and the table of what lies where, which is in memory, with it.
    fn tidy(&mut self, rows: usize) -> Result<(), Fault> {
        let moves = 1 + rows / ROWS_FOR_A_MOVE;
        let room = unix::free_space(&self.dir)? >= ROOM_TO_TIDY;
        for _ in 0..if room { CHANGES_FOR_A_MOVE * moves } else { 1 } {
            self.changes += 1;
            self.tidying.insert(b"", &self.changes.to_be_bytes())?;
        }
        Ok(())
    }

    /// How many rows there are, and what they add up to, in bytes.
    pub(super) fn sealed(&self) -> (u64, Vec<u8>) {
        let all = self.seals.all();
        (all.rows(), all.to_bytes())
    }

    #[cfg(test)]
    pub(super) fn lose(&self, table: Table, key: &[u8]) {
        self.trees[&table].remove(key).unwrap();
        self.db.flush().unwrap();
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
            unix::sync_file_system(&self.log)?;
        } else {
            self.log.sync_data()?;
        }
        Ok(self.tip.note(self.changes)?)
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
        let rows: Vec<Row> = self
            .tree(table)?
            .range::<&[u8], _>((start, Bound::Unbounded))
            .take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)))
            .take(limit)
            .map(|row| row.map(owned).map_err(Fault::from))
            .collect::<Result<_, _>>()?;
        if rows.len() >= LONG {
            self.let_go(table, &rows)?;
        }
        Ok(rows)
    }

    /// Has sled let go of the pages of these rows, or of others in their place.
    fn let_go(&self, table: Table, rows: &[Row]) -> Result<(), Fault> {
        let tree = self.tree(table)?;
        for (key, _) in rows.iter().step_by(ROWS_OF_A_PAGE) {
            for _ in 0..USES {
                tree.contains_key(key)?;
            }
        }
        Ok(())
    }

    pub(super) fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Row>, Fault> {
        let row = self.tree(table)?.scan_prefix(prefix).next_back();
        Ok(row.transpose()?.map(owned))
    }

    fn tree(&self, table: Table) -> Result<&sled::Tree, Fault> {
        self.trees.get(&table).ok_or_else(|| Fault::Damage(format!("no table {}", table.name())))
    }
}

/// Threads that sled starts to open a store, and one more.
const THREADS: usize = 8;

/// sled waits for ever for a thread that it did not get, or takes that for damage of the store.
fn need_threads() -> Result<(), Fault> {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let start = |_| {
        let held = Arc::clone(&held);
        thread::Builder::new().spawn(move || {
            // Until the other end is dropped.
            let _ = held.lock().map(|held| held.recv());
        })
    };
    let started: Vec<io::Result<JoinHandle<()>>> = (0..THREADS).map(start).collect();
    drop(hold);
    let mut result = Ok(());
    for thread in started {
        match thread {
            Ok(thread) => drop(thread.join()),
            Err(error) => result = Err(error),
        }
    }
    result.map_err(|error| {
        let why = "too few threads can be started: raise the limit of tasks or of memory";
        Fault::Disk(io::Error::other(format!("{why} ({error})")))
    })
}

/// The folder is locked for us alone, so whoever still holds sled's own lock is a thread of sled
/// that has yet to let go of tables which this process closed a moment ago.
fn open_after_closing(config: &sled::Config) -> Result<sled::Db, Fault> {
    let open = || {
        let db = config.open()?;
        // Its threads start with what it does first.
        db.flush()?;
        Ok(db)
    };
    for _ in 0..200 {
        match unix::with_late_clocks(LATE, open) {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                // By a clock that is not late.
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
    /// The copy that is kept before an upgrade does not fit on the disk.
    NoRoomForCopy,
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn tables_that_are_closed_in_a_moment_are_waited_for_that_moment() {
        let dir = tempfile::tempdir().unwrap();
        let theirs = sled::open(dir.path()).unwrap();
        let closing = std::thread::spawn(move || {
            std::thread::park_timeout(Duration::from_millis(100));
            drop(theirs);
        });
        let begun = Instant::now();
        assert!(Tables::open(dir.path()).is_ok());
        assert!(begun.elapsed() < Duration::from_secs(20));
        closing.join().unwrap();
    }
}
