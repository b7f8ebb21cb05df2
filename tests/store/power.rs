//! The power fails while a commit is written: of what had not been made durable, any block may be on
//! the disk and any other not. What was answered is there all the same.
//!
//! What is durable is known without a special disk: when a commit is answered, all files are, as they
//! are then. So the files before and after a commit are copied, and what the disk could hold in
//! between is put together from their blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use watchpost::desk::table::{Table, Write};
use watchpost::io::store::Store;

use super::open;

/// What says how far the log once came. It is written when the rest is durable, so while that is in
/// doubt it is as it was.
const TIP: &str = "store/tip";

/// Disks write this much at once.
const BLOCK: usize = 4096;

type Files = BTreeMap<String, Vec<u8>>;
type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Numbers that differ from run to run only where `SEED` says so.
struct Dice(u64);

impl Dice {
    fn new() -> Dice {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
        eprintln!("SEED={seed}");
        Dice(seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn read(dir: &Path, within: &str, files: &mut Files) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = format!("{within}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

fn files(dir: &Path) -> Files {
    let mut files = Files::new();
    read(dir, "", &mut files);
    files
}

fn write(files: &Files, dir: &Path) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::create_dir_all(dir.join("store/blobs")).unwrap();
}

/// What the disk could hold: each block that changed is the old or the new one, each name that came
/// or went is there or not.
fn torn(before: &Files, after: &Files, dice: &mut Dice) -> Files {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut torn = Files::new();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), _) if name == TIP => {
                torn.insert(name.clone(), old.clone());
            }
            (Some(old), Some(new)) => {
                torn.insert(name.clone(), mixed(old, new, dice));
            }
            // Made, or renamed: its name can be there before any of its blocks.
            (None, Some(new)) if dice.below(2) == 0 => {
                torn.insert(name.clone(), mixed(&[], new, dice));
            }
            (Some(old), None) if dice.below(2) == 0 => {
                torn.insert(name.clone(), old.clone());
            }
            _ => {}
        }
    }
    torn
}

fn mixed(old: &[u8], new: &[u8], dice: &mut Dice) -> Vec<u8> {
    // Few of the new blocks, many, or nearly all.
    let odds = [1, 5, 9][dice.below(3)];
    let length = if dice.below(2) == 0 { new.len().max(old.len()) } else { old.len() };
    let mut mixed = old.to_vec();
    mixed.resize(length, 0);
    for (at, block) in new.chunks(BLOCK).enumerate() {
        let start = at * BLOCK;
        let end = (start + block.len()).min(length);
        if start < end && dice.below(10) < odds {
            mixed[start..end].copy_from_slice(&block[..end - start]);
        }
    }
    mixed
}

/// A commit of some rows: new ones, changed ones and some that go.
fn writes(n: usize, dice: &mut Dice) -> Vec<Write> {
    let tables = [Table::Events, Table::Letters, Table::Outbox, Table::Meta];
    let mut writes: Vec<Write> = (0..=dice.below(12))
        .map(|_| {
            let (table, key) =
                (tables[dice.below(4)], format!("{:03}", dice.below(120)).into_bytes());
            match dice.below(5) {
                0 => Write::Delete(table, key),
                size => {
                    let fill = u8::try_from(n % 251).unwrap();
                    Write::Put(table, key, vec![fill; [0, 10, 300, 2000, 8000][size]])
                }
            }
        })
        .collect();
    writes.push(Write::Put(Table::Cursors, b"commit".to_vec(), n.to_string().into_bytes()));
    writes
}

fn applied(rows: &Rows, writes: &[Write]) -> Rows {
    let mut rows = rows.clone();
    for write in writes.iter().cloned() {
        match write {
            Write::Put(table, key, value) => rows.insert((table, key), value),
            Write::Delete(table, key) => rows.remove(&(table, key)),
        };
    }
    rows
}

async fn rows(store: &Store) -> Rows {
    let mut page = store.copy(None).await.unwrap();
    let mut all = page.rows.clone();
    while !page.last {
        page = store.copy(Some(page.copy)).await.unwrap();
        all.extend(page.rows.clone());
    }
    all.into_iter().map(|(table, key, value)| ((table, key), value)).collect()
}

#[tokio::test]
async fn whatever_the_disk_held_when_the_power_failed_what_was_answered_is_there() {
    const COMMITS: usize = 30;
    const DISKS: usize = 4;
    let mut dice = Dice::new();
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (mut known, mut before) = (rows(&store).await, files(dir.path()));
    let mut halves = [0, 0];
    for n in 1..=COMMITS {
        let writes = writes(n, &mut dice);
        store.commit(writes.clone()).await.unwrap();
        let (then, after) = (applied(&known, &writes), files(dir.path()));
        // The barrier is for one file, unless there are others beside it.
        let changed = |name: &&String| *name != TIP && before.get(*name) != after.get(*name);
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).filter(changed).collect();
        let apart = after.keys().any(|name| name.starts_with("store/blobs/"));
        assert!(apart || names.iter().all(|name| *name == "store/db"), "{names:?}");
        for disk in 0..DISKS {
            let copy = tempfile::tempdir().unwrap();
            write(&torn(&before, &after, &mut dice), copy.path());
            let opened = Store::open(copy.path());
            let store = opened.unwrap_or_else(|error| panic!("commit {n}, disk {disk}: {error}"));
            let there = rows(&store).await;
            assert!(there == known || there == then, "commit {n}, disk {disk}: half a commit");
            halves[usize::from(there == then)] += 1;
            // And it goes on.
            store.commit(writes.clone()).await.unwrap();
            store.close().await;
            let store = open(copy.path());
            assert!(rows(&store).await == then, "commit {n}, disk {disk}: it does not go on");
            store.close().await;
        }
        (known, before) = (then, after);
    }
    eprintln!("of {} commits {} were lost with the power", COMMITS * DISKS, halves[0]);
    assert!(halves[0] > 0 && halves[1] > 0, "{halves:?}");
    store.close().await;
}

/// The names of where sled noted its pages.
fn notes(files: &Files) -> Vec<&String> {
    files.keys().filter(|name| name.starts_with("store/snap.")).collect()
}

#[tokio::test]
async fn a_store_that_grew_is_whole_if_the_power_fails_while_it_is_closed() {
    const DISKS: usize = 8;
    let mut dice = Dice::new();
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..12_u8 {
        let key = |m: u8| format!("{m:03}/{n:03}").into_bytes();
        let row = |m| Write::Put(Table::Letters, key(m), vec![n; 8000]);
        store.commit((0..100).map(row).collect()).await.unwrap();
    }
    let (known, before) = (rows(&store).await, files(dir.path()));
    store.close().await;
    let after = files(dir.path());
    // The next start has nothing to read again.
    assert_ne!(notes(&before), notes(&after));
    open(dir.path()).close().await;
    assert_eq!(notes(&after), notes(&files(dir.path())));
    for disk in 0..DISKS {
        // sled brings its note to the disk before it gives it its name.
        let mut torn = torn(&before, &after, &mut dice);
        for name in notes(&after) {
            torn.entry(name.clone()).and_modify(|note| note.clone_from(&after[name]));
        }
        let copy = tempfile::tempdir().unwrap();
        write(&torn, copy.path());
        let opened = Store::open(copy.path());
        let store = opened.unwrap_or_else(|error| panic!("disk {disk}: {error}"));
        assert!(rows(&store).await == known, "disk {disk}");
        store.close().await;
    }
}
