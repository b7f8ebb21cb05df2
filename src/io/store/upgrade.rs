//! A store of an older version is opened by the newest one, after a copy of it was put beside it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::folder::Folder;
use super::opening::open_existing;
use super::tables::{Fault, SCHEMA_KEY, Tables, has_room};
use crate::desk::table::{Table, Write};
use crate::io::unix;

/// Turns the rows of one version into those of the next, in one transaction.
pub(super) type Step = fn(&Tables) -> Result<Vec<Write>, Fault>;

/// What each version changed, from the first one on. A table of its own is a change: programs that
/// do not know it must not count without it.
const STEPS: &[Step] = &[
    // The proof, a table of its own. What was there before has none.
    |_| Ok(Vec::new()),
    // A seal for each table, which the next transaction makes.
    |_| Ok(Vec::new()),
];

/// The version of what keys and values mean. It goes up when an older program could misread them.
pub(super) const SCHEMA: u64 = schema(STEPS);

const fn schema(steps: &[Step]) -> u64 {
    1 + steps.len() as u64
}

/// Opens the store in its folder, and brings it up to date where it is older.
pub(super) fn open(folder: &Folder) -> Result<Tables, Fault> {
    open_by(folder, STEPS)
}

fn open_by(folder: &Folder, steps: &[Step]) -> Result<Tables, Fault> {
    match open_existing(&folder.store(), schema(steps)) {
        Err(Fault::Older(found)) => upgrade(folder, found, steps),
        opened => opened,
    }
}

fn upgrade(folder: &Folder, found: u64, steps: &[Step]) -> Result<Tables, Fault> {
    let copy = folder.before_upgrade(found);
    if !copy.try_exists()? {
        let unfinished = folder.unfinished()?;
        copy_folder(&folder.store(), &unfinished).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => Fault::NoRoomForCopy,
            _ => Fault::Disk(error),
        })?;
        unix::sync_file_system(&File::open(folder.path())?)?;
        // The steps are not begun on what the copy left of the disk, if that is too little.
        if !has_room(folder.path())? {
            return Err(Fault::NoRoomForCopy);
        }
        fs::rename(unfinished, &copy)?;
    }
    tracing::info!(from = found, to = schema(steps), kept = %copy.display(), "the store is upgraded");
    let mut tables = open_existing(&folder.store(), found)?;
    for (step, made) in steps.iter().zip(2..).filter(|(_, made)| *made > found) {
        let mut writes = step(&tables)?;
        let version: u64 = made;
        writes.push(Write::Put(Table::Meta, SCHEMA_KEY.to_vec(), version.to_string().into()));
        tables.apply(writes)?;
        tables.barrier()?;
    }
    Ok(tables)
}

/// Copies a folder that nobody writes to, with the folders in it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Step = |tables| {
        let old = tables.get(Table::Meta, b"old")?.unwrap_or_default();
        let delete = Write::Delete(Table::Meta, b"old".to_vec());
        Ok(vec![delete, Write::Put(Table::Meta, b"new".to_vec(), old)])
    };
    const THIRD: Step = |_| Ok(vec![Write::Put(Table::Meta, b"third".to_vec(), b"step".to_vec())]);

    fn value(tables: &Tables, key: &str) -> Option<Vec<u8>> {
        tables.get(Table::Meta, key.as_bytes()).ok().flatten()
    }

    #[test]
    fn an_older_store_is_copied_and_then_taken_step_by_step() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        super::super::opening::create(&folder, 1).ok().unwrap();
        let mut tables = open_by(&folder, &[]).ok().unwrap();
        let row = Write::Put(Table::Meta, b"old".to_vec(), b"kept".to_vec());
        tables.apply(vec![row]).ok().unwrap();
        tables.barrier().ok().unwrap();
        drop(tables);

        for _ in 0..2 {
            let tables = open_by(&folder, &[SECOND, THIRD]).ok().unwrap();
            assert_eq!(value(&tables, "new").as_deref(), Some(b"kept".as_slice()));
            assert_eq!(value(&tables, "third").as_deref(), Some(b"step".as_slice()));
            assert_eq!(value(&tables, "schema").as_deref(), Some(b"3".as_slice()));
        }
        // The copy is as it was, and older programs refuse what is newer.
        let before = open_existing(&folder.before_upgrade(1), 1).ok().unwrap();
        assert_eq!(value(&before, "old").as_deref(), Some(b"kept".as_slice()));
        assert!(matches!(open_by(&folder, &[SECOND]), Err(Fault::Newer(3))));
    }
}
