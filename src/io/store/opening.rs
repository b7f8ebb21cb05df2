//! How a store is made, opened and refused.

use std::io;
use std::path::{Path, PathBuf};

use super::folder::{Folder, OpenError};
use super::tables::{Fault, SCHEMA_KEY, Tables, has_room};
use crate::desk::table::{Table, Write};

/// Makes a new store beside its place and moves it there when it is complete and durable.
pub(super) fn create(folder: &Folder, schema: u64) -> Result<(), Fault> {
    let mut tables = Tables::open(&folder.unfinished()?)?;
    let schema = schema.to_string().into_bytes();
    tables.apply(vec![Write::Put(Table::Meta, SCHEMA_KEY.to_vec(), schema)])?;
    tables.barrier()?;
    drop(tables);
    Ok(folder.finish()?)
}

/// Opens a store that must be there, and of this version: sled would put an empty log in place of a
/// missing one.
pub(super) fn open_existing(store: &Path, schema: u64) -> Result<Tables, Fault> {
    if let Some(name) = strange(store)? {
        return Err(Fault::Damage(format!("{name} is no file")));
    }
    match std::fs::metadata(store.join("db")) {
        Ok(log) if log.len() > 0 => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => return Err(Fault::Damage("its log is gone".to_owned())),
    }
    let mut tables = Tables::open(store)?;
    // The schema comes first: another one may count differently.
    match read_schema(tables.get(Table::Meta, SCHEMA_KEY)?.as_deref())? {
        newer if newer > schema => Err(Fault::Newer(newer)),
        older if older < schema => Err(Fault::Older(older)),
        _ => tables.check().map(|()| tables),
    }
}

/// What has the name of a file of the store and is none, but a folder, or a link to nowhere. sled would
/// not say which, and wait for ever for who writes to a pipe.
fn strange(store: &Path) -> io::Result<Option<String>> {
    for entry in std::fs::read_dir(store)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = ["db", "conf", "tip"].contains(&name.as_str()) || name.starts_with("snap.");
        if is_file && !std::fs::metadata(entry.path()).is_ok_and(|entry| entry.is_file()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
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
        Fault::NoRoomForCopy => OpenError::NoRoomForCopy(dir),
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

#[cfg(test)]
mod tests {
    use super::super::checking::AT_OPEN;
    use super::*;

    const SCHEMA: u64 = 1;
    const MANY: usize = 2 * AT_OPEN;

    fn key(n: usize) -> Vec<u8> {
        format!("{n:06}").into_bytes()
    }

    /// A store that is too large to be read whole when it is opened.
    fn large(folder: &Folder) -> Tables {
        create(folder, SCHEMA).ok().unwrap();
        let mut tables = opened(folder).ok().unwrap();
        let row = |n| Write::Put(Table::Ties, key(n), vec![b'x'; 8]);
        tables.apply((0..MANY).map(row).collect()).ok().unwrap();
        tables.barrier().ok().unwrap();
        tables
    }

    fn opened(folder: &Folder) -> Result<Tables, Fault> {
        open_existing(&folder.store(), SCHEMA)
    }

    fn checked_to_the_end(tables: &mut Tables) -> Result<(), Fault> {
        while !tables.is_checked() {
            tables.check_on()?;
        }
        Ok(())
    }

    #[test]
    fn what_changes_while_a_table_is_read_adds_up_wherever_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        drop(large(&folder));
        let mut tables = opened(&folder).ok().unwrap();
        let mut n = 0;
        while !tables.is_checked() {
            // Behind the place that was reached and before it; new, changed and gone.
            let places = [n, MANY / 2 + n, MANY - n - 1, MANY + n];
            let changes = places.map(|place| Write::Put(Table::Ties, key(place), key(n)));
            let gone = [n + 1, MANY - n - 9].map(|place| Write::Delete(Table::Ties, key(place)));
            tables.apply(changes.into_iter().chain(gone).collect()).ok().unwrap();
            tables.check_on().ok().unwrap();
            n += 3;
        }
        assert!(n > 30, "it was read at once");
        tables.barrier().ok().unwrap();
        drop(tables);
        checked_to_the_end(&mut opened(&folder).ok().unwrap()).ok().unwrap();
    }

    #[test]
    fn damage_that_is_found_later_ends_the_store_for_good() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        let tables = large(&folder);
        // As sled does where a piece of its log is gone: an old row, and nobody says so.
        tables.lose(Table::Ties, &key(MANY - 5));
        drop(tables);
        let mut tables = opened(&folder).ok().unwrap();
        assert!(matches!(checked_to_the_end(&mut tables), Err(Fault::Damage(_))));
        drop(tables);
        assert!(matches!(opened(&folder), Err(Fault::Damage(_))));
    }
}
