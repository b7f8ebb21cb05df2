//! The thread that owns the tables: it serves commands in groups, one barrier a group.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;
use std::sync::mpsc as std_mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::copying::{Copying, Page};
use super::error::StoreError;
use super::folder::{Folder, OpenError};
use super::opening::{create, first_line, need_room, open_error, open_existing};
use super::tables::{Fault, Row, Tables};
use super::upgrade::{self, SCHEMA};
use crate::desk::table::{Batch, Table};
use crate::io::unix;

/// How many commands share one barrier. Larger groups gain nothing: then the transactions
/// themselves cost more than the barrier.
pub(super) const GROUP: usize = 64;

/// Whoever was answered a moment ago asks again at once, as a start does some hundred times, and a backlog
/// some milliseconds later, which leaves no processor free meanwhile: the check waits so many times for so
/// long, unless so many groups have kept it from going on.
const QUIET: u32 = 200;
const PAUSE: Duration = Duration::from_micros(100);
const MOST_BETWEEN: u32 = 64;

const THREAD: &str = "watchpost-store";

pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

#[derive(Debug)]
pub(super) enum Command {
    Commit(Batch, Answer<()>),
    Get(Table, Vec<Vec<u8>>, Answer<Vec<Option<Vec<u8>>>>),
    Scan {
        table: Table,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        limit: usize,
        answer: Answer<Vec<Row>>,
    },
    ScanEach {
        table: Table,
        prefixes: Vec<Vec<u8>>,
        limit: usize,
        answer: Answer<Vec<Vec<Row>>>,
    },
    Last(Table, Vec<u8>, Answer<Option<Row>>),
    Copy(Option<u64>, Answer<Page>),
    Close(Answer<()>),
}

/// Starts the thread and waits until the tables in `dir` are open.
pub(super) fn start(
    dir: &Path,
    inbox: mpsc::Receiver<Command>,
) -> Result<JoinHandle<()>, OpenError> {
    hide_panics();
    let folder = Folder::claim(dir)?;
    let (opened, answer) = std_mpsc::channel();
    let thread = thread::Builder::new()
        .name(THREAD.to_owned())
        .spawn(move || live(folder, &opened, inbox))
        .map_err(|error| OpenError::from_io(dir, &error))?;
    let stopped = |_| Err(OpenError::from_io(dir, &io::Error::other("the store's thread is gone")));
    answer.recv().unwrap_or_else(stopped)?;
    Ok(thread)
}

/// The life of the thread: open, serve, end.
fn live(
    folder: Folder,
    opened: &std_mpsc::Sender<Result<(), OpenError>>,
    inbox: mpsc::Receiver<Command>,
) {
    let dir = folder.path().to_owned();
    let life = || match Keeper::open(folder) {
        Ok(keeper) => {
            let _ = opened.send(Ok(()));
            keeper.run(inbox);
        }
        Err(error) => {
            let _ = opened.send(Err(error));
        }
    };
    // sled panics on damage and for want of memory instead of returning an error, at open as well as later.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(life)) {
        let detail = format!("sled: {}", first_line(panic_text(panic.as_ref())));
        let given_up = match unix::memory_limit() {
            Some(limit) => OpenError::ShortOfMemory { dir, detail, limit },
            None => OpenError::Damaged { dir, detail },
        };
        // Nobody reads this channel once the store is open.
        if opened.send(Err(given_up.clone())).is_err() {
            tracing::error!("{given_up}");
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "no detail",
    }
}

/// Keeps the panics of the store's thread off stderr: they become errors. Every other thread
/// panics as before.
fn hide_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if thread::current().name() != Some(THREAD) {
                previous(info);
            }
        }));
    });
}

/// What is to be told to a caller, once it is known how the group's barrier went.
type Reply = Box<dyn FnOnce(Result<(), StoreError>)>;

struct Keeper {
    folder: Folder,
    /// None after a fault: sled takes no write after an error until it is opened again.
    tables: Option<Tables>,
    copies: Copies,
    /// Groups that were served since the check last went on.
    between: u32,
}

/// The copy that somebody takes, if anybody does, and how many were begun before.
#[derive(Default)]
struct Copies {
    begun: u64,
    current: Option<Copying>,
}

impl Copies {
    /// The next page of a copy; none where it cannot go on.
    fn page(&mut self, tables: &Tables, more_of: Option<u64>) -> Result<Option<Page>, Fault> {
        match more_of {
            None => {
                self.begun += 1;
                self.current = Some(Copying::begin(self.begun, tables));
            }
            Some(copy) if self.current.as_ref().is_some_and(|current| current.is(copy)) => {}
            Some(_) => return Ok(None),
        }
        let page = self.current.as_mut().map(|current| current.page(tables)).transpose()?;
        self.current.take_if(|_| page.as_ref().is_none_or(|page| page.last));
        Ok(page)
    }

    fn note(&mut self, tables: &Tables, writes: &Batch) -> Result<(), Fault> {
        if let Some(current) = &mut self.current
            && !current.note(tables, writes)?
        {
            self.current = None;
        }
        Ok(())
    }
}

impl Keeper {
    fn open(folder: Folder) -> Result<Keeper, OpenError> {
        let dir = folder.path().to_owned();
        let open = || {
            // An attempt that was cut short may have filled the disk.
            folder.unfinished()?;
            need_room(&folder)?;
            if !folder.holds_store()? {
                create(&folder, SCHEMA)?;
            }
            upgrade::open(&folder)
        };
        let tables = open().map_err(|fault| {
            let _ = folder.unfinished();
            open_error(dir, fault, SCHEMA)
        })?;
        Ok(Keeper { folder, tables: Some(tables), copies: Copies::default(), between: 0 })
    }

    fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut group = Vec::with_capacity(GROUP);
        while self.hear(&mut inbox, &mut group) {
            if let Some(close) = self.serve(&mut group) {
                self.end();
                let _ = close.send(Ok(()));
                return;
            }
        }
    }

    /// Closes the tables. Where much was written they are opened once more, so that sled notes where
    /// everything is: else the next start would have to wait for that. What is wrong with them then, that
    /// start will tell.
    fn end(&mut self) {
        let grown = self.tables.take().is_some_and(|tables| tables.has_grown());
        if grown && need_room(&self.folder).is_ok() {
            drop(Tables::open(&self.folder.store()));
        }
    }

    /// Waits for commands, and checks the tables meanwhile. False once there can be none, and where
    /// the store is damaged.
    fn hear(&mut self, inbox: &mut mpsc::Receiver<Command>, group: &mut Vec<Command>) -> bool {
        let mut pauses = if self.between < MOST_BETWEEN { QUIET } else { 0 };
        self.between = self.between.saturating_add(1);
        while let Some(tables) = self.tables.as_mut().filter(|tables| !tables.is_checked()) {
            match inbox.try_recv() {
                Ok(command) => {
                    group.push(command);
                    let more = std::iter::from_fn(|| inbox.try_recv().ok());
                    group.extend(more.take(GROUP - 1));
                    return true;
                }
                Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) if pauses > 0 => {
                    pauses -= 1;
                    thread::park_timeout(PAUSE);
                    continue;
                }
                Err(TryRecvError::Empty) => self.between = 0,
            }
            match tables.check_on() {
                Ok(()) => {}
                Err(fault @ Fault::Damage(_)) => {
                    let dir = self.folder.path().to_owned();
                    tracing::error!("{}", open_error(dir, fault, SCHEMA));
                    return false;
                }
                // It is opened anew, and checked from the beginning.
                Err(fault) => {
                    disk_error(fault);
                    self.tables = None;
                }
            }
        }
        inbox.blocking_recv_many(group, GROUP) > 0
    }

    /// Serves one group, and answers it after its barrier. Returns the caller who wants to close;
    /// who came after them gets no answer, which says the same.
    fn serve(&mut self, group: &mut Vec<Command>) -> Option<Answer<()>> {
        let mut replies = Vec::with_capacity(group.len());
        let mut close = None;
        let writes = group.iter().any(|command| matches!(command, Command::Commit(..)));
        let room = if writes { need_room(&self.folder) } else { Ok(()) };
        let mut copies = std::mem::take(&mut self.copies);
        let mut state = self.reopen();
        let mut dirty = false;
        for command in group.drain(..) {
            match command {
                Command::Close(answer) => {
                    close = Some(answer);
                    break;
                }
                Command::Commit(_, answer) if room.is_err() => {
                    // Nothing was begun, so nothing has to be opened anew.
                    let _ = answer.send(Err(StoreError::Disk(FULL.to_owned())));
                }
                command => {
                    dirty |= matches!(command, Command::Commit(..));
                    replies.push(perform(command, &mut state, &mut copies));
                }
            }
        }
        let outcome = state.and_then(|tables| if dirty { tables.barrier() } else { Ok(()) });
        let outcome = outcome.map_err(disk_error);
        self.copies = copies;
        if outcome.is_err() {
            self.tables = None;
        }
        for reply in replies {
            reply(outcome.clone());
        }
        close
    }

    fn reopen(&mut self) -> Result<&mut Tables, Fault> {
        match &mut self.tables {
            Some(tables) => Ok(tables),
            closed @ None => {
                need_room(&self.folder)?;
                Ok(closed.insert(open_existing(&self.folder.store(), SCHEMA)?))
            }
        }
    }
}

/// Does one command, unless one before it in the group failed: then this one fails with it.
fn perform(command: Command, state: &mut Result<&mut Tables, Fault>, copies: &mut Copies) -> Reply {
    match command {
        Command::Commit(writes, answer) => {
            let apply = |tables: &mut Tables| {
                copies.note(tables, &writes)?;
                tables.apply(writes)
            };
            reply(answer, attempt(state, apply))
        }
        Command::Copy(more_of, answer) => {
            let page = attempt(state, |tables| copies.page(tables, more_of));
            Box::new(move |outcome| {
                let page = outcome.and_then(|()| page.ok_or(StoreError::Closed));
                let _ = answer.send(page.and_then(|page| page.ok_or(StoreError::CopyLost)));
            })
        }
        Command::Get(table, keys, answer) => reply(
            answer,
            attempt(state, |tables| keys.iter().map(|key| tables.get(table, key)).collect()),
        ),
        Command::Scan { table, prefix, after, limit, answer } => reply(
            answer,
            attempt(state, |tables| tables.scan(table, &prefix, after.as_deref(), limit)),
        ),
        Command::ScanEach { table, prefixes, limit, answer } => {
            let scan = |tables: &mut Tables| {
                prefixes.iter().map(|prefix| tables.scan(table, prefix, None, limit)).collect()
            };
            reply(answer, attempt(state, scan))
        }
        Command::Last(table, prefix, answer) => {
            reply(answer, attempt(state, |tables| tables.last(table, &prefix)))
        }
        Command::Close(answer) => reply(answer, Some(())),
    }
}

fn attempt<T>(
    state: &mut Result<&mut Tables, Fault>,
    work: impl FnOnce(&mut Tables) -> Result<T, Fault>,
) -> Option<T> {
    match work(state.as_mut().ok()?) {
        Ok(value) => Some(value),
        Err(fault) => {
            *state = Err(fault);
            None
        }
    }
}

/// Reads wait for the barrier too: what they saw of this group could still be lost.
fn reply<T: 'static>(answer: Answer<T>, value: Option<T>) -> Reply {
    Box::new(move |outcome| {
        let _ = answer.send(outcome.and_then(|()| value.ok_or(StoreError::Closed)));
    })
}

const FULL: &str = "it is full: make room";

fn disk_error(fault: Fault) -> StoreError {
    let error = StoreError::Disk(match fault {
        Fault::Disk(error) if error.kind() == io::ErrorKind::StorageFull => FULL.to_owned(),
        Fault::NoRoomForCopy => FULL.to_owned(),
        Fault::Disk(error) => first_line(&error.to_string()),
        Fault::Damage(detail) => first_line(&detail),
        Fault::Newer(_) | Fault::Older(_) | Fault::Foreign => {
            "another program changed the store".to_owned()
        }
    });
    tracing::error!("{error}");
    error
}
