//! A store on a disk that takes nothing more, for who only reads: a copy of it in memory.
//!
//! sled writes whenever it is opened, and does not survive a disk on which it cannot.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process;

use super::Store;
use super::folder::{self, OpenError};
use super::tables::has_room;
use super::upgrade::copy_folder;
use crate::io::unix;

/// A file system in memory that everybody has: what is copied there is on no disk.
const MEMORY: &str = "/dev/shm";

/// Opens a copy of the store in `dir`, which could not be opened itself for this reason.
pub(super) fn open_copy(dir: &Path, why: OpenError) -> Result<Store, OpenError> {
    let Ok(Some(copy)) = Copy::make(dir) else { return Err(why) };
    let opened = Store::open(&copy.0);
    opened.map_err(|error| match error {
        OpenError::Damaged { detail, .. } => OpenError::Damaged { dir: dir.to_owned(), detail },
        OpenError::Foreign(_) => OpenError::Foreign(dir.to_owned()),
        newer @ OpenError::Newer { .. } => newer,
        _ => why,
    })
}

/// Files that lose their names when this is dropped: an open store goes on without, and nothing of it is
/// left behind, however the program ends.
struct Copy(PathBuf);

impl Copy {
    /// None where nobody but the store itself can tell what is in it, or memory has no room.
    fn make(dir: &Path) -> io::Result<Option<Copy>> {
        let _lock = folder::lock_to_read(dir)?;
        let store = dir.join(folder::STORE);
        let memory = Path::new(MEMORY);
        // sled opens files in there when it needs them.
        let needs_names = fs::read_dir(store.join("blobs"))?.next().is_some();
        // As much again where it is upgraded.
        let room = 2 * size(&store)? <= unix::free_space(memory)? && has_room(memory)?;
        if needs_names || !room {
            return Ok(None);
        }
        let copy = Copy(private_folder(memory)?);
        copy_folder(&store, &copy.0.join(folder::STORE))?;
        Ok(Some(copy))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed is gone with the next start of the machine.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A new folder that is ours alone. Others may have taken some of its names.
fn private_folder(within: &Path) -> io::Result<PathBuf> {
    let mut made = Err(io::ErrorKind::AlreadyExists.into());
    for n in 0..100 {
        let path = within.join(format!("watchpost-{}-{n}", process::id()));
        made = DirBuilder::new().mode(0o700).create(&path).map(|()| path);
        if !matches!(&made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            break;
        }
    }
    made
}

fn size(folder: &Path) -> io::Result<u64> {
    let sizes = fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
    sizes.sum()
}
