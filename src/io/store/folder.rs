//! The folder of a store: who may use it, and whether there is a store in it at all.
//!
//! ```text
//! state/lock        held while the store is open
//! state/store/      the store, complete from its first moment: it arrives here by a rename
//! state/receipts    what the relays said of late, for the store (`io/smtp/receipts.rs`)
//! state/store.new/  a store that is being made; after a crash it is thrown away
//! state/store.old-1/     the store that was there before a backup was restored
//! state/store.schema-1/  the store as it was before an upgrade
//! ```
//!
//! So "no store yet" and "the store is damaged" are never confused, and a damaged store is never
//! replaced by an empty one, which would acknowledge every old mail again.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::tables::RESERVE;
use crate::io::unix;

const LOCK: &str = "lock";
const RECEIPTS: &str = "receipts";
pub(super) const STORE: &str = "store";
const UNFINISHED: &str = "store.new";
const ASIDE: &str = "store.old-";
const OF_SCHEMA: &str = "store.schema-";
/// The folder may be a filesystem of its own.
const LOST_AND_FOUND: &str = "lost+found";

/// Why a store cannot be opened, in one line, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the lock.
    #[error(
        "another Watchpost is running on this store ({}): a daemon that starts or ends, or a command; \
         try again in a moment, or stop it",
        .0.display()
    )]
    Locked(PathBuf),
    /// The path leads to something that is no folder.
    #[error("{} is not a folder: remove it, or choose another path", .0.display())]
    NotAFolder(PathBuf),
    /// The folder belongs to something else.
    #[error("{} is not empty and holds no store: choose an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// The user that runs this program may not use the folder.
    #[error("no permission for {}: give the folder to the user that runs Watchpost", .0.display())]
    Forbidden(PathBuf),
    /// Nothing can be written where the folder is.
    #[error(
        "the disk of {} is full: make room, {} MB and a few files at least",
        .0.display(), RESERVE >> 20
    )]
    Full(PathBuf),
    /// An upgrade keeps the store as it was, and there is no room for both.
    #[error(
        "the disk of {} has no room for the copy of the store that is kept beside it before an \
         upgrade: make room; nothing has changed",
        .0.display()
    )]
    NoRoomForCopy(PathBuf),
    /// The file system takes no writes: mounted so, or made so after errors of the disk.
    #[error(
        "{} is on a file system that takes no writes: mount it writable; if nobody made it so, \
         look for errors of the disk first",
        .0.display()
    )]
    ReadOnly(PathBuf),
    /// Where the store or its lock should be is something else.
    #[error("{} is {what}: move it away, or mend where it leads", path.display())]
    Strange {
        /// The path.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// A later version wrote it.
    #[error(
        "this store was written by a newer Watchpost (schema {found}, this one knows {known}): \
         install that version again"
    )]
    Newer {
        /// The schema of the store.
        found: u64,
        /// The schema of this program.
        known: u64,
    },
    /// It can be read, but it was not made by Watchpost.
    #[error("{} is not a Watchpost store: choose an empty folder", .0.display())]
    Foreign(PathBuf),
    /// It cannot be read. It is left as it is.
    #[error(
        "the store in {} is damaged ({detail}): move the folder away and restore the last backup",
        dir.display()
    )]
    Damaged {
        /// The folder.
        dir: PathBuf,
        /// What was found, in one line.
        detail: String,
    },
    /// sled gave up, and may have had too little memory: it says the same of that and of damage.
    #[error(
        "the store in {} cannot be used ({detail}), perhaps for want of memory: this process may have \
         {} MB. Raise that limit (ulimit -v, LimitAS=), and call the store damaged only if it cannot \
         be used then either",
        dir.display(), limit >> 20
    )]
    ShortOfMemory {
        /// The folder.
        dir: PathBuf,
        /// What sled said, in one line.
        detail: String,
        /// How much memory we may have, in bytes.
        limit: u64,
    },
    /// Anything else that the operating system refused.
    #[error("{}: {detail}", dir.display())]
    Disk {
        /// The folder.
        dir: PathBuf,
        /// What it said.
        detail: String,
    },
}

impl OpenError {
    /// What an error of the operating system means for the folder `dir`.
    pub(super) fn from_io(dir: &Path, error: &io::Error) -> OpenError {
        let dir = dir.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied => OpenError::Forbidden(dir),
            io::ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly(dir),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OpenError::Full(dir),
            io::ErrorKind::NotADirectory => OpenError::NotAFolder(dir),
            _ => OpenError::Disk { dir, detail: error.to_string() },
        }
    }
}

/// A folder that is ours alone until this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, refuses one that belongs to something else, and locks it.
    pub(super) fn claim(path: &Path) -> Result<Folder, OpenError> {
        let claim = || -> io::Result<Result<Folder, OpenError>> {
            if !path.try_exists()? {
                DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            }
            if !is_ours(path)? {
                return Ok(Err(OpenError::NotEmpty(path.to_owned())));
            }
            let lock = path.join(LOCK);
            for (path, what, good) in [
                (&lock, "no file", fs::Metadata::is_file as fn(&fs::Metadata) -> bool),
                (&path.join(STORE), "no folder", fs::Metadata::is_dir),
            ] {
                let strange = match fs::metadata(path) {
                    Ok(found) => !good(&found),
                    // A link to nowhere is there, and nothing is behind it.
                    Err(error) => {
                        error.kind() == io::ErrorKind::NotFound
                            && fs::symlink_metadata(path).is_ok()
                    }
                };
                if strange {
                    let path = path.clone();
                    return Ok(Err(OpenError::Strange { path, what }));
                }
            }
            let lock = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .open(lock)?;
            match patiently(|| lock.try_lock()) {
                Ok(()) => Ok(Ok(Folder { path: path.to_owned(), _lock: lock })),
                Err(TryLockError::WouldBlock) => Ok(Err(OpenError::Locked(path.to_owned()))),
                Err(TryLockError::Error(error)) => Err(error),
            }
        };
        claim().unwrap_or_else(|error| Err(OpenError::from_io(path, &error)))
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the tables are, or will be.
    pub(super) fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Whether a store was ever finished here.
    pub(super) fn holds_store(&self) -> io::Result<bool> {
        self.store().try_exists()
    }

    /// A place to make a new store in; what an earlier attempt left there is thrown away, as it is when an
    /// attempt fails: on a full disk it would take the room that the store itself needs.
    pub(super) fn unfinished(&self) -> io::Result<PathBuf> {
        let path = self.path.join(UNFINISHED);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(path),
        }
    }

    /// Where the store is kept as it was before an upgrade.
    pub(super) fn before_upgrade(&self, schema: u64) -> PathBuf {
        self.path.join(format!("{OF_SCHEMA}{schema}"))
    }

    /// A free place for a store that another one replaces.
    pub(super) fn aside(&self) -> io::Result<PathBuf> {
        for n in 1..10_000 {
            let path = self.path.join(format!("{ASIDE}{n}"));
            if !path.try_exists()? {
                return Ok(path);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// From now on the store counts as one, also after a power cut: the folders above may be new too.
    pub(super) fn finish(&self) -> io::Result<()> {
        fs::rename(self.path.join(UNFINISHED), self.store())?;
        unix::sync_file_system(&File::open(&self.path)?)
    }
}

/// Keeps others from writing to the store in `dir` until this is dropped. Makes nothing.
pub(super) fn lock_to_read(dir: &Path) -> io::Result<File> {
    let lock = File::open(dir.join(LOCK))?;
    patiently(|| lock.try_lock())?;
    Ok(lock)
}

/// A program that is being started holds our open files, and with them a lock that was given back, for
/// the moment until it is itself.
fn patiently(lock: impl Fn() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    for _ in 0..20 {
        match lock() {
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(Duration::from_millis(10)),
            locked => return locked,
        }
    }
    lock()
}

/// Whether the folder holds a store, or nothing but what an interrupted first start leaves.
fn is_ours(path: &Path) -> io::Result<bool> {
    let names = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    let known = |name: &std::ffi::OsString| {
        let of_ours = |beginning: &&str| name.to_string_lossy().starts_with(*beginning);
        [LOCK, RECEIPTS, UNFINISHED, LOST_AND_FOUND].iter().any(|known| name == known)
            || [ASIDE, OF_SCHEMA].iter().any(of_ours)
    };
    Ok(names.iter().any(|name| name == STORE) || names.iter().all(known))
}
