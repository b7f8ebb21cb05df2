//! What the relays said to the end of letters, on the disk long before a commit could have it there: a
//! record is one write into a file that never grows, and one `fdatasync`, on the thread of the relays: the
//! next letter waits for it anyway.
//!
//! The file has a place for each receipt. A place is free again once the store has what stands in it; it
//! is not emptied, since a receipt that the store knows does no harm. Whatever is no whole receipt was
//! cut off while it was written, and nothing was built on it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::desk::keys::digest;
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;
use crate::desk::time::Moment;
use crate::io::unix;

const FILE: &str = "receipts";

/// Longer ones are rare; what they tell waits for its commit.
const PLACE: usize = 1024;

/// More than two commits take at a time.
const PLACES: usize = 128;

/// A relay has taken a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The letter.
    pub letter: LetterId,
    /// Its Message-ID: a restored backup may give the name of the letter out again.
    pub message_id: MessageId,
    /// What the relay said.
    pub reply: String,
    /// When.
    pub at: Moment,
}

/// A handle on the file. Clones are the same file.
#[derive(Clone)]
pub struct Receipts {
    file: Arc<File>,
    free: Free,
    clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    failing: Arc<AtomicBool>,
}

/// A receipt that is on the disk. Its place is free when this is dropped.
#[derive(Debug)]
pub struct Kept {
    place: usize,
    free: Free,
}

/// The places that hold nothing that is needed.
type Free = Arc<Mutex<Vec<usize>>>;

impl Drop for Kept {
    fn drop(&mut self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.place);
    }
}

impl Receipts {
    /// Opens the file in the folder of the store, or makes it. Returns what stands in it, oldest first,
    /// and that stays there until the first receipts are kept. Blocks. `clock` tells when a receipt came.
    pub fn open(
        folder: &Path,
        clock: impl Fn() -> Moment + Send + Sync + 'static,
    ) -> io::Result<(Receipts, Vec<Receipt>)> {
        let path = folder.join(FILE);
        // A pipe would be waited for.
        if std::fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
            let why = format!("{} is no file: remove it", path.display());
            return Err(io::Error::other(why));
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = file.open(&path)?;
        let bytes = std::fs::read(&path)?;
        // Room is taken once, so that a receipt needs none when the disk is full.
        let missing = PLACE.saturating_mul(PLACES).saturating_sub(bytes.len());
        if missing > 0 {
            file.write_all_at(&vec![0; missing], bytes.len() as u64)?;
            file.sync_all()?;
            unix::sync_one(folder)?;
        }
        let mut found: Vec<Receipt> = bytes.chunks(PLACE).filter_map(read).collect();
        found.sort_by_key(|receipt| receipt.at);
        let free = Arc::new(Mutex::new((0..PLACES).rev().collect()));
        let (file, clock, failing) = (Arc::new(file), Arc::new(clock), Arc::default());
        Ok((Receipts { file, free, clock, failing }, found))
    }

    /// Brings a receipt onto the disk; none where that cannot be done, which is told once. Blocks.
    pub(super) fn keep(
        &self,
        letter: &LetterId,
        message_id: &MessageId,
        reply: &str,
    ) -> Option<Kept> {
        let (letter, message_id, reply) = (letter.clone(), message_id.clone(), reply.to_owned());
        let bytes = written(&Receipt { letter, message_id, reply, at: (self.clock)() })?;
        let place = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        let kept = Kept { place, free: Arc::clone(&self.free) };
        let at = place.saturating_mul(PLACE) as u64;
        match self.file.write_all_at(&bytes, at).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.failing.store(false, Ordering::Relaxed);
                Some(kept)
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "receipts of letters cannot be written: they leave more slowly");
                }
                None
            }
        }
    }
}

/// A digest of the text, its length, the text. None where that is too long for a place.
fn written(receipt: &Receipt) -> Option<Vec<u8>> {
    let text = serde_json::to_vec(receipt).ok()?;
    let length = u16::try_from(text.len()).ok()?.to_be_bytes();
    let mut bytes = [digest([text.as_slice()]).as_slice(), &length, &text].concat();
    (bytes.len() <= PLACE).then(|| {
        bytes.resize(PLACE, 0);
        bytes
    })
}

fn read(place: &[u8]) -> Option<Receipt> {
    let (seal, rest) = place.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let text = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    (digest([text]) == *seal).then(|| serde_json::from_slice(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> (Receipts, Vec<Receipt>) {
        Receipts::open(dir, || Moment::from_unix(1_800_000_000)).unwrap()
    }

    fn keep(receipts: &Receipts, n: usize, reply: &str) -> Option<Kept> {
        let id = MessageId::parse(&format!("{n}@p.example")).unwrap();
        receipts.keep(&LetterId(format!("P-2027-{n:04}/acknowledgement")), &id, reply)
    }

    fn names(found: &[Receipt]) -> Vec<String> {
        let mut names: Vec<String> =
            found.iter().map(|one| one.message_id.as_str().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_receipt_is_found_again_until_its_place_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        let (receipts, found) = open(dir.path());
        assert!(found.is_empty());
        let size = || std::fs::metadata(dir.path().join(FILE)).unwrap().len();
        let room = size();
        drop(keep(&receipts, 1, "250 done").unwrap());
        let held = keep(&receipts, 2, "250 \"done\" ✓").unwrap();
        let (again, found) = open(dir.path());
        // The second took the place of the first, which was free.
        assert_eq!(names(&found), ["2@p.example"]);
        assert_eq!(found[0].reply, "250 \"done\" ✓");
        assert_eq!(found[0].at, Moment::from_unix(1_800_000_000));
        drop((held, again));
        assert_eq!(size(), room, "the file never grows");
    }

    #[test]
    fn what_finds_no_place_is_not_kept_and_takes_none_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let (receipts, _) = open(dir.path());
        assert!(keep(&receipts, 0, &"x".repeat(PLACE)).is_none());
        let mut held = Vec::new();
        for n in 0..PLACES {
            held.push(keep(&receipts, n, "250 done").unwrap());
        }
        assert!(keep(&receipts, PLACES, "250 done").is_none());
        assert_eq!(open(dir.path()).1.len(), PLACES);
        held.pop();
        assert!(keep(&receipts, PLACES, "250 done").is_some());
    }

    #[test]
    fn what_was_cut_off_or_garbled_is_no_receipt_and_harms_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let (receipts, _) = open(dir.path());
        let _first = keep(&receipts, 1, "250 done").unwrap();
        let before = std::fs::read(&path).unwrap();
        let _second = keep(&receipts, 2, "250 done").unwrap();
        let after = std::fs::read(&path).unwrap();
        let differ = |at: &usize| before[*at] != after[*at];
        let start = (0..after.len()).find(differ).unwrap();
        let end = (0..after.len()).rfind(differ).unwrap() + 1;
        for cut in start..end {
            let torn = [&after[..cut], &before[cut..]].concat();
            std::fs::write(&path, torn).unwrap();
            assert_eq!(names(&open(dir.path()).1), ["1@p.example"], "cut at {cut}");
            let mut garbled = after.clone();
            garbled[cut] ^= 1;
            std::fs::write(&path, garbled).unwrap();
            assert_eq!(names(&open(dir.path()).1), ["1@p.example"], "garbled at {cut}");
        }
        std::fs::write(&path, &after[..end]).unwrap();
        assert_eq!(names(&open(dir.path()).1), ["1@p.example", "2@p.example"]);
        assert_eq!(std::fs::read(&path).unwrap(), after, "a file that was cut is made whole");
    }

    #[test]
    fn a_disk_that_refuses_keeps_nothing() {
        let file = Arc::new(File::open("/dev/null").unwrap());
        let (free, failing) = (Arc::new(Mutex::new(vec![0, 1])), Arc::default());
        let receipts = Receipts { file, free, clock: Arc::new(|| Moment::from_unix(1)), failing };
        for _ in 0..2 {
            assert!(keep(&receipts, 1, "250 done").is_none());
        }
    }
}
