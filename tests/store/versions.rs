//! A store of each older version opens in this one, and says the same. Who changes what the rows mean
//! keeps one of those that were written until then:
//! `cargo test --test daemon a_store_of_this_version -- --ignored`.

use std::path::Path;
use std::process::Command;

use watchpost::desk::table::Table;
use watchpost::desk::time::Moment;
use watchpost::desk::verify::verify;
use watchpost::io::store::sum;
use watchpost::query;

use super::{open, value};

#[tokio::test]
async fn a_store_of_each_older_version_opens_and_says_one_thing() {
    let mut version = 1;
    while version_after_opening(version).await > version + 1 {
        version += 1;
    }
    assert!(version > 1);
}

/// Opens the store that is kept of a version; gives that of the program.
async fn version_after_opening(version: u64) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let kept = format!("tests/store/schema-{version}.tar.gz");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept);
    let mut tar = Command::new("tar");
    assert!(tar.arg("-xzf").arg(&kept).arg("-C").arg(dir.path()).status().unwrap().success());
    let store = open(&dir.path().join("store"));
    let beside = format!("store/store.schema-{version}");
    assert!(dir.path().join(beside).exists(), "{} is of another version", kept.display());
    let page = store.copy(None).await.unwrap();
    assert!(page.last && page.of > 10);
    assert_eq!(sum(&page.rows), page.seal);
    let (past, keys) = query::past(&store, Moment::from_unix(0)).await.unwrap();
    assert_eq!((past.cases.len(), past.outbox.len(), keys.is_some()), (2, 0, true));
    let report = verify(page.rows);
    assert_eq!((report.findings.as_slice(), report.open_cases), ([].as_slice(), 2));
    let newest = value(&store, Table::Meta, "schema").await.unwrap();
    store.close().await;
    newest.parse().unwrap()
}
