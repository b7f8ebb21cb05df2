//! How far the log came. sled takes a log that was cut for one that ends there, and opens the store as it
//! was then: so what was durable once is counted in the store, and noted beside its log.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

const NAME: &str = "tip";

/// The note: a number that the store counts up with each transaction. It is written when that is durable,
/// and never brought to the disk itself; so it is behind at times, and never ahead. Beside it stand its
/// bits turned over: a note that was garbled says nothing, rather than against a store that is whole.
pub(super) struct Tip(File);

impl Tip {
    /// Of the store in `dir`; 0 where nothing was noted.
    pub(super) fn open(dir: &Path) -> io::Result<Tip> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        Ok(Tip(options.open(dir.join(NAME))?))
    }

    /// The number that was durable last, as far as it can be read.
    pub(super) fn noted(&self) -> io::Result<u64> {
        let mut bytes = [0; 16];
        self.0.read_at(&mut bytes, 0)?;
        let (noted, turned) = bytes.split_at(8);
        Ok(if number(noted) == !number(turned) { number(noted) } else { 0 })
    }

    /// This number is durable.
    pub(super) fn note(&self, number: u64) -> io::Result<()> {
        self.0.write_all_at(&[number.to_be_bytes(), (!number).to_be_bytes()].concat(), 0)
    }
}

/// Reads such a number; 0 where there is none.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map(u64::from_be_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_a_garbled_one_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let tip = Tip::open(dir.path()).unwrap();
        assert_eq!(tip.noted().unwrap(), 0);
        tip.note(7).unwrap();
        assert_eq!(Tip::open(dir.path()).unwrap().noted().unwrap(), 7);
        for garbled in [&[0xff; 16][..], &[0; 16], &[1; 3]] {
            std::fs::write(dir.path().join(NAME), garbled).unwrap();
            assert_eq!(Tip::open(dir.path()).unwrap().noted().unwrap(), 0, "{garbled:?}");
        }
    }
}
