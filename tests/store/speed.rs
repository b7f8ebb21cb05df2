//! How fast it is here: run with `--ignored --nocapture`. No number is asserted.

use std::time::Instant;

use watchpost::desk::table::Table;

use super::{open, put};

#[tokio::test]
#[ignore = "a measurement"]
async fn commits_a_second_and_the_time_to_open() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = open(dir.path());
    for (callers, each) in [(1, 2000), (64, 200)] {
        let start = Instant::now();
        let tasks = (0..callers).map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..each {
                    let key = format!("{callers}/{caller}/{n:06}");
                    let writes = vec![
                        put(Table::Events, &key, &"x".repeat(300)),
                        put(Table::Outbox, &key, "due"),
                    ];
                    store.commit(writes).await.unwrap();
                }
            })
        });
        futures_util::future::join_all(tasks).await;
        let rate = f64::from(callers * each) / start.elapsed().as_secs_f64();
        println!("{callers} callers: {rate:.0} commits/s");
    }
    for n in 0..1000 {
        let row = |m| put(Table::Mails, &format!("{n:06}/{m:03}"), &"x".repeat(1000));
        store.commit((0..100).map(row).collect()).await.unwrap();
    }
    store.close().await;
    let start = Instant::now();
    open(dir.path()).close().await;
    println!("opened and closed with 100,000 rows of 1 kB: {:?}", start.elapsed());
}
