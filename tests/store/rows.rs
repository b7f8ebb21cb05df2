//! What is written can be read, in order and in pages.

use watchpost::desk::table::{MAX_KEY, MAX_VALUE, Table, Write};
use watchpost::io::store::StoreError;

use super::{open, put, value};

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let writes = Table::ALL.map(|table| put(table, "key", table.name())).to_vec();
    store.commit(writes).await.unwrap();
    store.close().await;

    let store = open(dir.path());
    for table in Table::ALL {
        assert_eq!(value(&store, table, "key").await.as_deref(), Some(table.name()));
    }
    store.close().await;
}

#[tokio::test]
async fn of_two_writes_to_one_key_the_later_counts() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let delete = |key: &str| Write::Delete(Table::Ties, key.into());
    store.commit(vec![put(Table::Ties, "a", "1"), delete("a"), delete("b")]).await.unwrap();
    assert_eq!(value(&store, Table::Ties, "a").await, None);
    store.commit(vec![delete("a"), put(Table::Ties, "a", "2")]).await.unwrap();
    assert_eq!(value(&store, Table::Ties, "a").await.as_deref(), Some("2"));
    store.commit(vec![]).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_scan_pages_through_one_prefix_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut keys: Vec<String> = (0..25).map(|n| format!("EXP-2026-0007/{n:04}")).collect();
    let others = ["EXP-2026-0006/0001", "EXP-2026-0007", "EXP-2026-00070", "EXP-2026-0008/0000"];
    let writes = keys.iter().map(String::as_str).chain(others);
    store.commit(writes.map(|key| put(Table::Events, key, key)).collect()).await.unwrap();
    store.commit(vec![put(Table::Open, "EXP-2026-0007/9999", "")]).await.unwrap();

    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let prefix = b"EXP-2026-0007/".to_vec();
        let page = store.scan(Table::Events, prefix, after, 10).await.unwrap();
        assert!(page.len() <= 10);
        let Some((key, _)) = page.last() else { break };
        after = Some(key.clone());
        seen.extend(page.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()));
    }
    assert_eq!(seen, keys);

    let last = store.last(Table::Events, b"EXP-2026-0007/".to_vec()).await.unwrap().unwrap();
    assert_eq!(last.0, keys.pop().unwrap().into_bytes());
    assert_eq!(store.last(Table::Events, b"none".to_vec()).await.unwrap(), None);
    // A page that starts before the prefix starts at the prefix.
    let page = store.scan(Table::Events, b"EXP-2026-0008".to_vec(), Some(b"A".to_vec()), 5).await;
    assert_eq!(page.unwrap().len(), 1);
    // No prefix: the whole table.
    assert_eq!(store.scan(Table::Events, vec![], None, 1000).await.unwrap().len(), 29);
    store.close().await;
}

#[tokio::test]
async fn commits_happen_in_the_order_in_which_they_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // Polled in order on one thread, all of them wait in the queue before the first is answered.
    let commits = (0..500).map(|n| {
        let n = n.to_string();
        store.commit(vec![put(Table::Meta, "last", &n), put(Table::Events, &n, &n)])
    });
    let answers = futures_util::future::join_all(commits).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(value(&store, Table::Meta, "last").await.as_deref(), Some("499"));
    assert_eq!(store.scan(Table::Events, vec![], None, 1000).await.unwrap().len(), 500);
    store.close().await;
}

#[tokio::test]
async fn what_is_too_long_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let refused = |write| store.commit(vec![put(Table::Meta, "first", "written?"), write]);
    let long_key = "k".repeat(MAX_KEY + 1);
    let long_value = "v".repeat(MAX_VALUE + 1);
    for write in [
        put(Table::Mails, "key", &long_value),
        put(Table::Mails, &long_key, "value"),
        Write::Delete(Table::Mails, long_key.clone().into()),
    ] {
        let error = refused(write).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLong { table: Table::Mails, .. }), "{error}");
    }
    assert_eq!(
        refused(put(Table::Mails, "key", &long_value)).await.unwrap_err().to_string(),
        "a value of 8193 bytes for the table mails, which takes 8192"
    );
    assert_eq!(value(&store, Table::Meta, "first").await, None);
    let longest = vec![put(Table::Mails, &"k".repeat(MAX_KEY), &"v".repeat(MAX_VALUE))];
    store.commit(longest).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn after_closing_every_handle_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = store.clone();
    store.close().await;
    assert_eq!(other.commit(vec![]).await, Err(StoreError::Closed));
    open(dir.path()).close().await;
    other.close().await;
}
