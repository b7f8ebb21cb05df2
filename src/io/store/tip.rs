//! How far the log came. sled takes a log that was cut for one that ends there, and opens the store as it
//! was then: so what was durable once is counted in the store, and noted beside its log.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

const NAME: &str = "tip";

/// The note: a number that the store counts up with each transaction. It is written when that is durable,
/// and never brought to the disk itself; so it is behind at times, and never ahead.
pub(super) struct Tip(File);

impl Tip {
    /// Of the store in `dir`; 0 where nothing was noted.
    pub(super) fn open(dir: &Path) -> io::Result<Tip> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        Ok(Tip(options.open(dir.join(NAME))?))
    }

    /// The number that was durable last.
    pub(super) fn noted(&self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        let read = self.0.read_at(&mut bytes, 0)?;
        Ok(bytes.get(..read).map_or(0, number))
    }

    /// This number is durable.
    pub(super) fn note(&self, number: u64) -> io::Result<()> {
        self.0.write_all_at(&number.to_be_bytes(), 0)
    }
}

/// Reads such a number; 0 where there is none.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map(u64::from_be_bytes).unwrap_or_default()
}
