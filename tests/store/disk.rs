//! A full disk: the commit fails, nothing is half there, and it works again when there is room.

use std::fs;
use std::path::Path;
use std::process::Command;

use watchpost::desk::table::{MAX_VALUE, Record, Table, Write};
use watchpost::io::store::{Store, StoreError, restore};

use super::{open, put, value};

/// A small filesystem in memory; none where the tests may not mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        SmallDisk::of("8m")
    }

    fn of(size: &str) -> Option<SmallDisk> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(dir.path());
        mount.status().is_ok_and(|status| status.success()).then(|| SmallDisk(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_halves_no_commit_and_is_forgotten_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("not tested: this user may not mount a small filesystem");
        return;
    };
    let dir = disk.0.path().join("state");
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 3 << 20]).unwrap();
    let store = open(&dir);

    let (first, error) = fill(&store, 0).await;
    assert_eq!(error.to_string(), "the store cannot use its disk: it is full: make room");
    assert!(matches!(store.commit(pair(first)).await, Err(StoreError::Disk(_))));

    std::fs::remove_file(&ballast).unwrap();
    for n in first..first + 100 {
        store.commit(pair(n)).await.unwrap();
    }
    store.close().await;

    // Opening checks that the rows add up; the pairs show that no commit was halved.
    let store = open(&dir);
    for table in [Table::Mails, Table::Ties] {
        let rows = store.scan(table, vec![], None, usize::MAX).await.unwrap();
        assert_eq!(rows.len(), first + 100, "{}", table.name());
    }
    store.close().await;
}

fn pair(n: usize) -> Vec<Write> {
    let key = format!("{n:06}");
    vec![put(Table::Mails, &key, &"x".repeat(MAX_VALUE)), put(Table::Ties, &key, "")]
}

/// How many commits fit, and what the next one said.
async fn fill(store: &Store, from: usize) -> (usize, StoreError) {
    for n in from..from + 10_000 {
        if let Err(error) = store.commit(pair(n)).await {
            return (n, error);
        }
    }
    panic!("the disk never filled");
}

/// A store that takes some megabytes, and what is in it.
async fn large(dir: &Path) -> (Vec<Record>, Vec<u8>) {
    let store = open(dir);
    for n in 0..400 {
        store.commit(pair(n)).await.unwrap();
    }
    let all = all(&store).await;
    store.close().await;
    all
}

async fn all(store: &Store) -> (Vec<Record>, Vec<u8>) {
    let mut page = store.copy(None).await.unwrap();
    let mut rows = std::mem::take(&mut page.rows);
    while !page.last {
        page = store.copy(Some(page.copy)).await.unwrap();
        rows.append(&mut page.rows);
    }
    (rows, page.seal)
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_restore_that_finds_no_room_leaves_the_store_its_own() {
    let Some(disk) = SmallDisk::of("24m") else {
        eprintln!("not tested: this user may not mount a small filesystem");
        return;
    };
    let dir = disk.0.path().join("state");
    let (rows, seal) = large(&dir).await;
    let room = free(&dir);
    // The half of what a second store takes, and the reserve.
    let used = (24 << 20) - room;
    fs::write(disk.0.path().join("ballast"), vec![1; room - used / 2 - (2 << 20)]).unwrap();
    let refused = restore(&dir, rows.into_iter().map(Ok), &seal).unwrap_err().to_string();
    assert!(refused.contains("has no room for the restored store"), "{refused}");
    assert_eq!(names(&dir), ["lock", "store"]);
    let store = open(&dir);
    store.commit(pair(1000)).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn what_was_cut_short_on_a_full_disk_is_out_of_the_way() {
    let Some(disk) = SmallDisk::of("24m") else {
        eprintln!("not tested: this user may not mount a small filesystem");
        return;
    };
    let dir = disk.0.path().join("state");
    large(&dir).await;
    // As a restore leaves it that was killed when the disk was full.
    fs::create_dir(dir.join("store.new")).unwrap();
    fs::write(dir.join("store.new/db"), vec![1; free(&dir) - (1 << 20)]).unwrap();
    let store = open(&dir);
    store.commit(pair(1000)).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn an_upgrade_that_finds_no_room_for_its_copy_changes_nothing() {
    let Some(disk) = SmallDisk::of("24m") else {
        eprintln!("not tested: this user may not mount a small filesystem");
        return;
    };
    let dir = disk.0.path().join("state");
    large(&dir).await;
    let store = open(&dir);
    store.commit(vec![put(Table::Meta, "schema", "2")]).await.unwrap();
    store.close().await;
    let used = (24 << 20) - free(&dir);
    let ballast = disk.0.path().join("ballast");
    // The copy does not fit; it fits, and nothing is left for the steps.
    for left in [used / 2, used + (1 << 20)] {
        fs::write(&ballast, vec![1; free(&dir) - left]).unwrap();
        let refused = Store::open(&dir).map(|_| "opened").unwrap_err().to_string();
        assert!(refused.contains("has no room for the copy of the store"), "{refused}");
        assert_eq!(names(&dir), ["lock", "store"]);
        fs::remove_file(&ballast).unwrap();
    }
    let store = open(&dir);
    assert_eq!(value(&store, Table::Meta, "schema").await.as_deref(), Some("3"));
    store.close().await;
}

#[tokio::test]
async fn a_store_on_a_full_disk_is_read_whole_and_left_as_it_is() {
    let Some(disk) = SmallDisk::of("24m") else {
        eprintln!("not tested: this user may not mount a small filesystem");
        return;
    };
    let dir = disk.0.path().join("state");
    let there = large(&dir).await;
    fs::write(disk.0.path().join("ballast"), vec![1; free(&dir) - (1 << 20)]).unwrap();
    let refused = Store::open(&dir).map(|_| "opened").unwrap_err().to_string();
    assert!(refused.ends_with("is full: make room, 2 MB and a few files at least"), "{refused}");
    let log = fs::read(dir.join("store/db")).unwrap();
    let (one, other) = (Store::open_to_read(&dir).unwrap(), Store::open_to_read(&dir).unwrap());
    assert!(all(&one).await == there && all(&other).await == there);
    one.close().await;
    other.close().await;
    assert!(fs::read(dir.join("store/db")).unwrap() == log);
    // Where there is room it is the store itself.
    fs::remove_file(disk.0.path().join("ballast")).unwrap();
    let store = Store::open_to_read(&dir).unwrap();
    let locked = Store::open_to_read(&dir).map(|_| "opened").unwrap_err().to_string();
    assert!(locked.contains("another Watchpost is running on this store"), "{locked}");
    store.close().await;
}

fn free(dir: &Path) -> usize {
    usize::try_from(watchpost::io::unix::free_space(dir).unwrap()).unwrap()
}

#[test]
fn a_file_system_that_takes_no_writes_is_not_called_a_lack_of_permission() {
    let Some(disk) = SmallDisk::of("24m") else {
        eprintln!("not tested: this user may not mount a small filesystem");
        return;
    };
    let mut mount = Command::new("mount");
    mount.args(["-o", "remount,ro"]).arg(disk.0.path());
    assert!(mount.status().unwrap().success());
    let refused = Store::open(&disk.0.path().join("state")).map(|_| "opened").unwrap_err();
    assert!(refused.to_string().contains("takes no writes: mount it writable"), "{refused}");
}
