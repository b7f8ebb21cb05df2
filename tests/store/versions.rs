//! A store of each released version opens in this one, and says the same. Who changes what the rows
//! mean adds one here: `cargo test --test daemon a_store_of_this_version -- --ignored`.

use std::path::Path;
use std::process::Command;

use watchpost::desk::time::Moment;
use watchpost::desk::verify::verify;
use watchpost::io::store::sum;
use watchpost::query;

use super::open;

#[tokio::test]
async fn a_store_of_the_first_version_opens_and_says_one_thing() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/schema-1.tar.gz");
    let mut tar = Command::new("tar");
    assert!(tar.arg("-xzf").arg(kept).arg("-C").arg(dir.path()).status().unwrap().success());
    let store = open(&dir.path().join("store"));
    let page = store.copy(None).await.unwrap();
    assert!(page.last && page.of > 10);
    assert_eq!(sum(&page.rows), page.seal);
    let (past, keys) = query::past(&store, Moment::from_unix(0)).await.unwrap();
    assert_eq!((past.cases.len(), past.outbox.len(), keys.is_some()), (2, 0, true));
    let report = verify(page.rows);
    assert_eq!((report.findings.as_slice(), report.open_cases), ([].as_slice(), 2));
    store.close().await;
}
