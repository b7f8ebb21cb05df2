//! Every target of `fuzz/targets`, on its corpus and on damaged copies of it. What explores further
//! is `make fuzz`; what it finds is kept in `fuzz/corpus` and replayed here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test ends at its first surprise"
)]

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use targets::{TARGETS, Target};

/// Of a target's borrowed seeds so many are replayed, evenly chosen; of its own corpus all.
const BORROWED: usize = 8;
/// So many damaged copies are tried of each target: the same ones in every run, whatever the machine,
/// so that nobody's change fails over what nobody has seen before. `FUZZ_SECONDS` goes on.
const COPIES: u32 = 2000;
/// A slow machine tries fewer.
const TIME: Duration = Duration::from_secs(5);
/// What takes longer hangs. Most take a millisecond.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn mail() {
    replay("mail");
}

#[test]
fn fields() {
    replay("fields");
}

#[test]
fn authentication() {
    replay("authentication");
}

#[test]
fn commands() {
    replay("commands");
}

#[test]
fn team() {
    replay("team");
}

#[test]
fn config() {
    replay("config");
}

#[test]
fn guard() {
    replay("guard");
}

#[test]
fn imap() {
    replay("imap");
}

#[test]
fn store() {
    replay("store");
}

#[test]
fn archive() {
    replay("archive");
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let mut folders: Vec<String> = fs::read_dir(root().join("fuzz/corpus"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(folders, names);
}

/// `FUZZ_SEED` repeats the damage of another run, `FUZZ_SECONDS` goes on for longer.
fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("FUZZ_SEED").unwrap_or(1);
    println!("FUZZ_SEED={seed}");
    let time = number("FUZZ_SECONDS").map_or(TIME, Duration::from_secs);
    let (begun, running) = mpsc::sync_channel(0);
    let worker = std::thread::spawn(move || work(target, seed, time, &begun));
    // What hangs cannot be stopped, but it can be told.
    let mut last = None;
    loop {
        match running.recv_timeout(PATIENCE) {
            Ok(input) => last = Some(input),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => fails(target, "hangs", last.as_ref()),
        }
    }
    if worker.join().is_err() {
        fails(target, "fails", last.as_ref());
    }
}

/// What is run, and where it comes from.
type Input = (String, Vec<u8>);

fn work(target: &Target, seed: u64, time: Duration, begun: &SyncSender<Input>) {
    let run = |name: &str, bytes: Vec<u8>| {
        begun.send((name.to_owned(), bytes.clone())).unwrap();
        (target.run)(&bytes);
    };
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "nothing to start from");
    for (name, bytes) in &seeds {
        run(name, bytes.clone());
    }
    let (mut dice, started, mut runs) = (Dice(seed), Instant::now(), 0_u32);
    let mut copies = 0;
    while started.elapsed() < time && (copies < COPIES || time != TIME) {
        copies += 1;
        let (name, bytes) = &seeds[dice.below(seeds.len())];
        let (_, other) = &seeds[dice.below(seeds.len())];
        let bytes = dice.damaged(bytes, other);
        if bytes.len() <= target.longest {
            run(name, bytes);
            runs += 1;
        }
    }
    println!("{} files, {runs} damaged copies", seeds.len());
}

fn fails(target: &Target, how: &str, input: Option<&Input>) -> ! {
    let Some((name, bytes)) = input else { panic!("{} {how} before it began", target.name) };
    let kept = std::env::temp_dir().join(format!("watchpost-fuzz-{}", target.name));
    fs::write(&kept, bytes).unwrap();
    panic!("{} {how} at {name} or a damaged copy of it; it is in {}", target.name, kept.display());
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// By name, so that every run is the same.
fn seeds(target: &Target) -> Vec<Input> {
    let mut own = Vec::new();
    files(&root().join("fuzz/corpus").join(target.name), "", &mut own);
    for (folder, ending) in target.seeds {
        let mut borrowed = Vec::new();
        files(&root().join(folder), ending, &mut borrowed);
        let step = borrowed.len().div_ceil(BORROWED).max(1);
        own.extend(borrowed.into_iter().step_by(step));
    }
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        (name, fs::read(path).unwrap())
    };
    own.into_iter().map(read).collect()
}

fn files(path: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        if path.to_string_lossy().ends_with(ending) {
            found.push(path.to_owned());
        }
        return;
    }
    let mut inside: Vec<_> = fs::read_dir(path).unwrap().map(|one| one.unwrap().path()).collect();
    inside.sort();
    for one in inside {
        files(&one, ending, found);
    }
}

/// Numbers that look random and are the same in each run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }

    fn damaged(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(32)).min(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                3 if at < bytes.len() => bytes[at] = self.next().to_le_bytes()[0],
                4 => {
                    let odd = ODD[self.below(ODD.len())];
                    bytes.splice(at..end, odd.iter().copied());
                }
                _ => {
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(64)).min(other.len());
                    bytes.splice(at..at, other[from..to].iter().copied());
                }
            }
        }
        bytes
    }
}

/// Pieces at which readers stumble.
const ODD: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\x1b[2J",
    b"\xff\xfe",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b"\xc3",
    b"=?utf-8?q?=0d=0a?=",
    b"-1",
    b"99999999999999999999",
    b"18446744073709551615",
    b"9223372036854775807",
    b"4294967295",
    b"-9223372036854775808",
    b"{4294967295}\r\n",
    b"{{",
    b"\"",
    b"<",
    b">",
    b"@",
    b"(((((",
    b"NIL",
    b"null",
];
