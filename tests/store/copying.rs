//! A copy is of one moment, whatever is committed meanwhile, and a store made of it is the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::Config;

use watchpost::desk::table::{Record, Table, Write};
use watchpost::io::store::{RestoreError, Store, StoreError, restore, sum};

use super::{open, put, value};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

const TABLES: [Table; 3] = [Table::Meta, Table::Events, Table::Outbox];

fn row(n: u16) -> (Table, Vec<u8>) {
    (TABLES[usize::from(n) % 3], format!("key/{:05}", n / 3).into_bytes())
}

fn writes(changes: &[(u16, Option<u8>)]) -> Vec<Write> {
    let write = |(n, text): &(u16, Option<u8>)| {
        let (table, key) = row(*n);
        match text {
            Some(text) => Write::Put(table, key, vec![*text; 20]),
            None => Write::Delete(table, key),
        }
    };
    changes.iter().map(write).collect()
}

fn apply(rows: &mut Rows, changes: &[(u16, Option<u8>)]) {
    for write in writes(changes) {
        match write {
            Write::Put(table, key, value) => rows.insert((table, key), value),
            Write::Delete(table, key) => rows.remove(&(table, key)),
        };
    }
}

proptest! {
    #![proptest_config(Config { cases: 12, ..Config::default() })]
    #[test]
    fn a_copy_holds_what_was_there_when_it_was_begun_and_nothing_later(
        first in prop::collection::vec((0..9000_u16, prop::option::weighted(0.9, any::<u8>())), 6000),
        later in prop::collection::vec(
            prop::collection::vec((0..9000_u16, prop::option::of(any::<u8>())), 0..400), 8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = open(dir.path());
            let mut rows = Rows::new();
            rows.insert((Table::Meta, b"schema".to_vec()), b"3".to_vec());
            store.commit(writes(&first)).await.unwrap();
            apply(&mut rows, &first);

            let mut page = store.copy(None).await.unwrap();
            let (mut copied, copy) = (page.rows.clone(), page.copy);
            let mut later = later.iter();
            while !page.last {
                if let Some(changes) = later.next() {
                    store.commit(writes(changes)).await.unwrap();
                }
                page = store.copy(Some(copy)).await.unwrap();
                copied.extend(page.rows.clone());
            }
            store.close().await;
            assert_eq!((copied.len() as u64, sum(&copied)), (page.of, page.seal.clone()));
            let told: Rows = copied.into_iter().map(|(t, k, v)| ((t, k), v)).collect();
            assert_eq!(told, rows);
        });
    }
}

#[tokio::test]
async fn who_begins_a_copy_ends_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let many = |n: u16| (n * 1000..(n + 1) * 1000).map(|n| (n, Some(1))).collect::<Vec<_>>();
    for n in 0..4 {
        store.commit(writes(&many(n))).await.unwrap();
    }
    let first = store.copy(None).await.unwrap();
    let second = store.copy(None).await.unwrap();
    assert!(!first.last && first.copy != second.copy);
    assert_eq!(store.copy(Some(first.copy)).await, Err(StoreError::CopyLost));
    store.copy(Some(second.copy)).await.unwrap();
    store.close().await;
}

async fn rows(store: &Store) -> (Vec<Record>, Vec<u8>) {
    let mut page = store.copy(None).await.unwrap();
    let mut rows = page.rows.clone();
    while !page.last {
        page = store.copy(Some(page.copy)).await.unwrap();
        rows.extend(page.rows.clone());
    }
    (rows, page.seal)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_restored_store_is_the_same_and_the_one_before_stays_beside_it() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    let changes: Vec<_> = (0..3000).map(|n| (n, Some(7))).collect();
    store.commit(writes(&changes)).await.unwrap();
    let (copied, seal) = rows(&store).await;
    store.close().await;

    let made = restore(other.path(), copied.clone().into_iter().map(Ok), &seal).unwrap();
    assert_eq!(made.before, None);
    let store = open(other.path());
    assert_eq!(rows(&store).await, (copied.clone(), seal.clone()));
    store.commit(vec![put(Table::Meta, "later", "x")]).await.unwrap();
    store.close().await;

    for n in 1..=2 {
        let made = restore(other.path(), copied.clone().into_iter().map(Ok), &seal).unwrap();
        assert_eq!(made.before, Some(other.path().join(format!("store.old-{n}"))));
        let store = open(other.path());
        assert_eq!(value(&store, Table::Meta, "later").await, None);
        store.close().await;
    }
    assert_eq!(names(other.path()), ["lock", "store", "store.old-1", "store.old-2"]);
}

#[tokio::test]
async fn a_backup_that_does_not_add_up_replaces_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(vec![put(Table::Meta, "mine", "stays")]).await.unwrap();
    let (copied, seal) = rows(&store).await;
    store.close().await;

    let mut cut = copied.clone();
    cut.pop();
    let mut garbled = copied.clone();
    garbled[0].2.push(b'x');
    let mut newer = copied;
    for (_, key, value) in &mut newer {
        if key == b"schema" {
            *value = b"99".to_vec();
        }
    }
    let newer_seal = sum(&newer);
    for (rows, seal) in [(cut, &seal), (garbled, &seal)] {
        let refused = restore(dir.path(), rows.into_iter().map(Ok), seal);
        assert!(matches!(refused, Err(RestoreError::Damaged(_))), "{refused:?}");
    }
    let unread = std::iter::once(Err("a line cannot be read".to_owned()));
    let told = restore(dir.path(), unread, &seal).unwrap_err().to_string();
    assert_eq!(told, "the backup is damaged (a line cannot be read): take an older one");
    let told = restore(dir.path(), newer.into_iter().map(Ok), &newer_seal).unwrap_err();
    assert!(told.to_string().ends_with("install that version again"), "{told}");

    let store = open(dir.path());
    assert_eq!(value(&store, Table::Meta, "mine").await.as_deref(), Some("stays"));
    store.close().await;
}
