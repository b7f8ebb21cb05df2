//! A store made anew from the rows of a backup, in the place of whatever was there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::fits;
use super::folder::{Folder, OpenError};
use super::opening::{known_schema, need_room, open_error};
use super::tables::{Fault, SCHEMA_KEY, Tables};
use super::upgrade::SCHEMA;
use crate::desk::table::{Record, Table, Write};
use crate::io::unix;

/// Why no store was made. What was there is there still.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder of the store cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup cannot be read, or is not whole.
    #[error("the backup is damaged ({0}): take an older one")]
    Damaged(String),
    /// The store that is made does not fit beside the one that is there.
    #[error(
        "the disk of {} has no room for the restored store beside what is there: make room, and \
         restore again; nothing has changed",
        .0.display()
    )]
    Full(PathBuf),
    /// The old store cannot be put aside in one step.
    #[error(
        "the store in {} cannot be replaced ({detail}): move it away and restore again",
        dir.display()
    )]
    InTheWay {
        /// Where it is.
        dir: PathBuf,
        /// What the operating system said.
        detail: String,
    },
}

/// What a restore left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the store is that was there before, if there was one.
    pub before: Option<PathBuf>,
}

/// Rows that are written together.
const AT_ONCE: usize = 256;

/// Makes a store of these rows, which must add up to `seal`. It takes the place of the one that is
/// there in one step, and that one stays beside it. Blocks.
pub fn restore(
    dir: &Path,
    rows: impl Iterator<Item = Result<Record, String>>,
    seal: &[u8],
) -> Result<Restored, RestoreError> {
    let folder = Folder::claim(dir)?;
    let restored = make(&folder, rows, seal);
    if restored.is_err() {
        let _ = folder.unfinished();
    }
    restored
}

fn make(
    folder: &Folder,
    rows: impl Iterator<Item = Result<Record, String>>,
    seal: &[u8],
) -> Result<Restored, RestoreError> {
    let dir = folder.path();
    let disk = |fault| match fault {
        Fault::Disk(error) if error.kind() == io::ErrorKind::StorageFull => {
            RestoreError::Full(dir.to_owned())
        }
        fault => RestoreError::Open(open_error(dir.to_owned(), fault, SCHEMA)),
    };
    let io = |error: io::Error| RestoreError::Open(OpenError::from_io(dir, &error));
    let unfinished = folder.unfinished().map_err(io)?;
    let mut tables = Tables::open(&unfinished).map_err(disk)?;
    let mut batch = Vec::new();
    for row in rows {
        let (table, key, value) = row.map_err(RestoreError::Damaged)?;
        let write = Write::Put(table, key, value);
        fits(&write).map_err(|error| RestoreError::Damaged(error.to_string()))?;
        batch.push(write);
        if batch.len() == AT_ONCE {
            keep(folder, &mut tables, &mut batch).map_err(disk)?;
        }
    }
    keep(folder, &mut tables, &mut batch).map_err(disk)?;
    if tables.sealed().1 != seal {
        return Err(RestoreError::Damaged("its rows do not add up".to_owned()));
    }
    let schema = tables.get(Table::Meta, SCHEMA_KEY).map_err(disk)?;
    known_schema(schema.as_deref(), SCHEMA).map_err(disk)?;
    drop(tables);
    put_in_place(folder, &unfinished).map(|before| Restored { before })
}

fn keep(folder: &Folder, tables: &mut Tables, batch: &mut Vec<Write>) -> Result<(), Fault> {
    need_room(folder)?;
    tables.apply(std::mem::take(batch))?;
    tables.barrier()
}

/// Where a store is there already, the two change places in one step: there is no moment without
/// a store, which the next start would take for a first one.
fn put_in_place(folder: &Folder, unfinished: &Path) -> Result<Option<PathBuf>, RestoreError> {
    let in_the_way = |error: io::Error| {
        let (dir, detail) = (folder.store(), error.to_string());
        RestoreError::InTheWay { dir, detail }
    };
    if !folder.holds_store().map_err(in_the_way)? {
        folder.finish().map_err(in_the_way)?;
        return Ok(None);
    }
    let before = folder.aside().map_err(in_the_way)?;
    fs::rename(unfinished, &before).map_err(in_the_way)?;
    if let Err(error) = unix::exchange(&before, &folder.store()) {
        // It was never in its place, so it is no store that was there before.
        let _ = fs::rename(&before, unfinished);
        return Err(in_the_way(error));
    }
    unix::sync_one(folder.path()).map_err(in_the_way)?;
    Ok(Some(before))
}
