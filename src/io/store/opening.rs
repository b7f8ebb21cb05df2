//! How a store is made, opened and refused.

use std::io;
use std::path::{Path, PathBuf};

use super::folder::{Folder, OpenError};
use super::tables::{Fault, SCHEMA_KEY, Tables, has_room};
use crate::desk::table::{Table, Write};
use crate::io::unix;

/// Makes a new store beside its place and moves it there when it is complete and durable.
pub(super) fn create(folder: &Folder, schema: u64) -> Result<(), Fault> {
    let mut tables = Tables::open(&folder.unfinished()?)?;
    let schema = schema.to_string().into_bytes();
    tables.apply(vec![Write::Put(Table::Meta, SCHEMA_KEY.to_vec(), schema)])?;
    tables.barrier()?;
    drop(tables);
    folder.finish()?;
    Ok(unix::sync_folder(folder.path())?)
}

/// Opens a store that must be there, and of this version: sled would put an empty log in place of a
/// missing one.
pub(super) fn open_existing(store: &Path, schema: u64) -> Result<Tables, Fault> {
    match std::fs::metadata(store.join("db")) {
        Ok(log) if log.len() > 0 => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => return Err(Fault::Damage("its log is gone".to_owned())),
    }
    let tables = Tables::open(store)?;
    // The schema comes first: another one may count differently.
    match read_schema(tables.get(Table::Meta, SCHEMA_KEY)?.as_deref())? {
        newer if newer > schema => Err(Fault::Newer(newer)),
        older if older < schema => Err(Fault::Older(older)),
        _ if tables.is_whole()? => Ok(tables),
        _ => Err(Fault::Damage("its rows do not add up".to_owned())),
    }
}

fn read_schema(row: Option<&[u8]>) -> Result<u64, Fault> {
    let text = str::from_utf8(row.ok_or(Fault::Foreign)?).unwrap_or_default();
    let read = text.parse().ok().filter(|schema| *schema > 0);
    read.ok_or_else(|| Fault::Damage("its schema version cannot be read".to_owned()))
}

/// Whether this program knows what such a store says, be it by an upgrade.
pub(super) fn known_schema(row: Option<&[u8]>, known: u64) -> Result<(), Fault> {
    match read_schema(row)? {
        newer if newer > known => Err(Fault::Newer(newer)),
        _ => Ok(()),
    }
}

/// Nothing is begun on a disk that is nearly full.
pub(super) fn need_room(folder: &Folder) -> Result<(), Fault> {
    if has_room(folder.path())? {
        return Ok(());
    }
    Err(Fault::Disk(io::ErrorKind::StorageFull.into()))
}

/// What a fault means for who opens the store in `dir`; this program knows `known`.
pub(super) fn open_error(dir: PathBuf, fault: Fault, known: u64) -> OpenError {
    match fault {
        Fault::Disk(error) => OpenError::from_io(&dir, &error),
        Fault::Damage(detail) => OpenError::Damaged { dir, detail: first_line(&detail) },
        Fault::Newer(found) => OpenError::Newer { found, known },
        Fault::Older(found) => {
            OpenError::Damaged { dir, detail: format!("schema {found} in place of a newer one") }
        }
        Fault::Foreign => OpenError::Foreign(dir),
    }
}

/// sled's panics and errors fill whole pages.
pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(120).collect()
}
