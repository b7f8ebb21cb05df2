//! The store: ordered tables on disk, changed only in whole batches, durable when answered.
//!
//! One thread owns the tables ([`keeper`]). Callers send it commands; it takes what waits, applies
//! each commit as one transaction, makes the whole group durable with one barrier, and only then
//! answers. So a slow disk costs one barrier a group, never a worker of the runtime, and nobody
//! hears of a write that a power cut could still take back.
//!
//! Only [`tables`] names sled. What the folder looks like is told in [`folder`].

mod checking;
mod copying;
mod error;
mod folder;
mod keeper;
mod opening;
mod reading;
mod restore;
mod seal;
mod tables;
mod tip;
mod upgrade;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use self::error::fits;
use self::keeper::{Answer, Command, GROUP};
use self::seal::Seal;
use crate::desk::table::{Batch, Record, Table};
use crate::io::unix;

pub use self::copying::Page;
pub use self::error::StoreError;
pub use self::folder::OpenError;
pub use self::restore::{RestoreError, Restored, restore};
pub use self::tables::Row;

/// A handle on the open store. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    commands: mpsc::Sender<Command>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Store {
    /// Opens the store in `dir`, or makes a new one if the folder does not exist or is empty. Holds
    /// the folder locked until [`Store::close`]. Blocks while the tables are recovered: half a second
    /// where there are 100,000 cases. What of them was not read by then is checked between commands,
    /// and a store that turns out to be damaged closes itself, for good.
    pub fn open(dir: &Path) -> Result<Store, OpenError> {
        let (commands, inbox) = mpsc::channel(4 * GROUP);
        let thread = keeper::start(dir, inbox)?;
        Ok(Store { commands, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// The same for who only reads: where the disk takes nothing more, a copy of the store in memory, in
    /// which whatever is written is lost. Nothing is made anew there.
    pub fn open_to_read(dir: &Path) -> Result<Store, OpenError> {
        Store::open(dir).or_else(|why| match why {
            OpenError::Full(_) | OpenError::NoRoomForCopy(_) | OpenError::ReadOnly(_) => {
                reading::open_copy(dir, why)
            }
            _ => Err(why),
        })
    }

    /// An error where the disk has no room to open the store in `dir`, which is open, once more.
    pub fn need_room(dir: &Path) -> Result<(), OpenError> {
        let room = || Ok(tables::has_room(dir)? && unix::may_make_files(dir)?);
        let room = room().map_err(|error| OpenError::from_io(dir, &error))?;
        if room { Ok(()) } else { Err(OpenError::Full(dir.to_owned())) }
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

    /// Of each of these prefixes up to `limit` rows whose keys start with it, as [`Store::scan`] gives
    /// them: asked for at once, since each question is a change of thread and back.
    pub async fn scan_each(
        &self,
        table: Table,
        prefixes: Vec<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.ask(|answer| Command::ScanEach { table, prefixes, limit, answer }).await
    }

    /// The row with the greatest key that starts with `prefix`.
    pub async fn last(&self, table: Table, prefix: Vec<u8>) -> Result<Option<Row>, StoreError> {
        self.ask(|answer| Command::Last(table, prefix, answer)).await
    }

    /// A page of a copy of everything as it stands now, or as it stood when `more_of` was begun.
    /// There is one copy at a time: who begins another ends the one before.
    pub async fn copy(&self, more_of: Option<u64>) -> Result<Page, StoreError> {
        self.ask(|answer| Command::Copy(more_of, answer)).await
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

    /// Waits until the thread is gone, after [`Store::close`] or by a defect: nothing is answered then.
    pub async fn gone(&self) {
        self.commands.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        self.commands.send(command(sender)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// What rows add up to, as the store counts: equal for equal rows, whatever their order.
pub fn sum<'a>(rows: impl IntoIterator<Item = &'a Record>) -> Vec<u8> {
    let mut sum = Sum::default();
    rows.into_iter().for_each(|row| sum.add(row));
    sum.to_bytes()
}

/// The same for rows that come one after the other.
#[derive(Clone, Debug, Default)]
pub struct Sum(Seal);

impl Sum {
    /// One more row.
    pub fn add(&mut self, (table, key, value): &Record) {
        self.0.add(*table, key, value);
    }

    /// What the rows so far add up to.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }
}
