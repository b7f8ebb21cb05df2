//! A full disk: the commit fails, nothing is half there, and it works again when there is room.

use std::process::Command;

use watchpost::desk::table::{MAX_VALUE, Table, Write};
use watchpost::io::store::{Store, StoreError};

use super::{open, put};

/// A small filesystem in memory; none where the tests may not mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(dir.path());
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
