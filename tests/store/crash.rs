//! The process is killed at any moment: what was answered is there, and nothing is half there.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use watchpost::desk::table::Table;

use super::{open, put, value};

const DIR: &str = "WATCHPOST_TEST_STORE";
const ROUNDS: usize = 10;

#[tokio::test]
async fn ten_kills_lose_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        // A different number of commits in each round, so that the kill falls anywhere.
        acknowledged = run_and_kill(dir.path(), 37 + 211 * (round * 7 % 10)).max(acknowledged);
        let store = open(dir.path());
        let count = value(&store, Table::Meta, "count").await.map_or(0, |n| n.parse().unwrap());
        assert!(count >= acknowledged, "round {round}: {count} of {acknowledged} answered");
        for table in [Table::Events, Table::Outbox] {
            let rows = store.scan(table, vec![], None, usize::MAX).await.unwrap();
            assert_eq!(rows.len(), count, "round {round}: {} is half written", table.name());
        }
        store.close().await;
    }
    assert!(acknowledged > ROUNDS * 37);
}

/// Starts a writer, kills it once it has answered `commits` more times, and returns the last count
/// that it was heard to say.
fn run_and_kill(dir: &Path, commits: usize) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::crash::a_writer_that_never_ends", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut last = 0;
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    for line in lines.filter_map(|line| line.strip_prefix("done ")?.parse().ok()).take(commits) {
        last = line;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    last
}

#[tokio::test]
#[ignore = "the process that the test above kills"]
async fn a_writer_that_never_ends() {
    let dir = std::env::var_os(DIR).unwrap();
    let store = open(Path::new(&dir));
    let start = value(&store, Table::Meta, "count").await.map_or(0, |n| n.parse().unwrap());
    for n in start + 1..=start + 100_000_u32 {
        let (key, text) = (format!("{n:08}"), "x".repeat(500));
        let count = put(Table::Meta, "count", &n.to_string());
        let writes = vec![count, put(Table::Events, &key, &text), put(Table::Outbox, &key, "")];
        store.commit(writes).await.unwrap();
        println!("done {n}");
    }
}
