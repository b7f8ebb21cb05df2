//! Opening: what is refused, with which words, and what is left untouched.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use watchpost::desk::table::{Table, Write};
use watchpost::io::store::{OpenError, Store};

use super::{open, put, value};

async fn filled(dir: &Path) {
    let store = open(dir);
    for n in 0..300 {
        let body = "x".repeat(5000);
        let writes = vec![put(Table::Mails, &format!("{n:05}"), &body)];
        store.commit(writes).await.unwrap();
    }
    store.close().await;
}

fn refusal(dir: &Path) -> OpenError {
    let error = Store::open(dir).map(|_| "opened").unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 400, "{text}");
    error
}

#[tokio::test]
async fn a_new_folder_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/state");
    open(&state).close().await;
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_second_opener_is_told_that_another_one_runs() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert_eq!(refusal(dir.path()), OpenError::Locked(dir.path().to_owned()));
    assert!(refusal(dir.path()).to_string().contains("another Watchpost is running on this store"));
    store.commit(vec![put(Table::Meta, "still", "works")]).await.unwrap();
    store.close().await;
    open(dir.path()).close().await;
}

#[tokio::test]
async fn whoever_waits_for_the_end_of_a_store_hears_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = store.clone();
    let mut waiting = tokio::spawn(async move { other.gone().await });
    let none = store.get(Table::Meta, vec![b"none".to_vec()]).await;
    assert_eq!(none, Ok(vec![None]));
    assert!(!waiting.is_finished());
    store.close().await;
    (&mut waiting).await.unwrap();
}

#[tokio::test]
async fn a_folder_of_something_else_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("letter.txt"), "mine").unwrap();
    let error = refusal(dir.path());
    assert_eq!(error, OpenError::NotEmpty(dir.path().to_owned()));
    assert!(error.to_string().ends_with("holds no store: choose an empty folder"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    let file = dir.path().join("letter.txt");
    assert_eq!(refusal(&file), OpenError::NotAFolder(file));
}

#[tokio::test]
async fn a_folder_that_may_not_be_made_is_named() {
    // Nobody, root included, makes folders there.
    let forbidden = Path::new("/sys/kernel/watchpost");
    if forbidden.parent().is_some_and(Path::is_dir) {
        assert_eq!(refusal(forbidden), OpenError::Forbidden(forbidden.to_owned()));
    }
}

#[tokio::test]
async fn a_first_start_that_was_interrupted_starts_again() {
    let made = tempfile::tempdir().unwrap();
    filled(made.path()).await;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("lock"), "").unwrap();
    // Whatever was there at the crash: even rows.
    fs::rename(made.path().join("store"), dir.path().join("store.new")).unwrap();
    let store = open(dir.path());
    assert_eq!(store.scan(Table::Mails, vec![], None, 1).await.unwrap(), vec![]);
    store.close().await;
    assert!(!dir.path().join("store.new").exists());
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert_eq!(value(&store, Table::Meta, "schema").await.as_deref(), Some("3"));
    store.commit(vec![put(Table::Meta, "schema", "4")]).await.unwrap();
    store.close().await;
    assert_eq!(
        refusal(dir.path()).to_string(),
        "this store was written by a newer Watchpost (schema 4, this one knows 3): \
         install that version again"
    );
}

#[tokio::test]
async fn a_store_of_the_version_before_goes_on_and_is_not_given_back_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store
        .commit(vec![put(Table::Mails, "one", "1"), put(Table::Meta, "schema", "1")])
        .await
        .unwrap();
    store.close().await;
    let store = open(dir.path());
    assert_eq!(value(&store, Table::Mails, "one").await.as_deref(), Some("1"));
    assert_eq!(value(&store, Table::Meta, "schema").await.as_deref(), Some("3"));
    store.commit(vec![put(Table::Proof, "1", "an entry")]).await.unwrap();
    store.close().await;
    let store = open(dir.path());
    assert_eq!(value(&store, Table::Proof, "1").await.as_deref(), Some("an entry"));
    store.close().await;
}

#[tokio::test]
async fn a_store_without_a_schema_is_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(vec![Write::Delete(Table::Meta, b"schema".to_vec())]).await.unwrap();
    store.close().await;
    assert_eq!(refusal(dir.path()), OpenError::Foreign(dir.path().to_owned()));

    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(vec![put(Table::Meta, "schema", "one")]).await.unwrap();
    store.close().await;
    assert!(matches!(refusal(dir.path()), OpenError::Damaged { .. }));
}

type Damage = fn(&Path);

#[tokio::test]
async fn a_damaged_store_is_refused_and_never_replaced_by_an_empty_one() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path()).await;

    let damages: [(&str, Damage); 6] = [
        ("removed", |db| fs::remove_file(db).unwrap()),
        ("emptied", |db| fs::write(db, "").unwrap()),
        ("cut to a tenth", |db| cut(db, 10)),
        ("cut to a half", |db| cut(db, 2)),
        // Where sled has put the rows is its own affair; most of the file holds some of them.
        ("garbled", |db| overwrite(db, 100_000, &vec![0xa5; three_quarters(db)])),
        ("zeroed", |db| overwrite(db, 0, &vec![0; three_quarters(db)])),
    ];
    for (what, damage) in damages {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        damage(&dir.path().join("store/db"));
        for attempt in 0..2 {
            let error = refusal(dir.path());
            let refused = matches!(error, OpenError::Damaged { .. } | OpenError::Foreign(_));
            assert!(refused, "{what}, attempt {attempt}: {error}");
        }
    }

    let store = open(whole.path());
    assert_eq!(store.scan(Table::Mails, vec![], None, 1000).await.unwrap().len(), 300);
    store.close().await;
}

/// sled takes what is left for all there was. Where the end of the file held nothing any more, nothing
/// is missed.
#[tokio::test]
async fn of_a_log_that_was_cut_anywhere_either_all_rows_are_there_or_it_is_refused() {
    let parts = 64;
    let refused = refused(parts, |db, part| {
        let file = fs::OpenOptions::new().write(true).open(db).unwrap();
        file.set_len(file.metadata().unwrap().len() * part / parts).unwrap();
    });
    assert!(refused.await > parts / 2);
}

#[tokio::test]
async fn of_a_log_with_a_zeroed_piece_either_all_rows_are_there_or_it_is_refused() {
    let pieces = 40;
    let refused = refused(pieces, |db, piece| {
        let size = fs::metadata(db).unwrap().len() / pieces;
        overwrite(db, piece * size, &vec![0; usize::try_from(size).unwrap()]);
    });
    assert!(refused.await > pieces / 4);
}

/// Of so many damages to a store those that are noticed; the others leave it whole.
async fn refused(damages: u64, damage: impl Fn(&Path, u64)) -> u64 {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path()).await;
    let mut refused = 0;
    for n in 0..damages {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        damage(&dir.path().join("store/db"), n);
        let Ok(store) = Store::open(dir.path()) else {
            refused += 1;
            continue;
        };
        let rows = store.scan(Table::Mails, vec![], None, 1000).await.unwrap();
        assert_eq!(rows.len(), 300, "damage {n} of {damages}");
        assert!(rows.iter().all(|(_, value)| *value == [b'x'; 5000]), "damage {n} of {damages}");
        store.close().await;
    }
    refused
}

fn three_quarters(file: &Path) -> usize {
    usize::try_from(fs::metadata(file).unwrap().len()).unwrap() / 4 * 3
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn cut(db: &Path, part: u64) {
    let file = fs::OpenOptions::new().write(true).open(db).unwrap();
    file.set_len(file.metadata().unwrap().len() / part).unwrap();
}

fn overwrite(db: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(db).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[tokio::test]
async fn what_is_no_file_in_the_place_of_one_is_named() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path()).await;
    let snapshot = fs::read_dir(whole.path().join("store")).unwrap().find_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.starts_with("snap.").then_some(name)
    });
    for name in ["db", "conf", "tip", snapshot.unwrap().as_str()] {
        for link in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            copy(whole.path(), dir.path());
            let place = dir.path().join("store").join(name);
            fs::remove_file(&place).unwrap();
            if link {
                std::os::unix::fs::symlink("/nowhere/at/all", &place).unwrap();
            } else {
                fs::create_dir(&place).unwrap();
            }
            let told = refusal(dir.path()).to_string();
            assert!(told.contains(&format!("is damaged ({name} is no file): move")), "{told}");
        }
    }
}

#[tokio::test]
async fn nobody_is_told_to_remove_the_folder_for_what_lies_in_it() {
    for (name, what) in [("store", "no folder"), ("lock", "no file")] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        let place = dir.path().join(name);
        fs::rename(&place, dir.path().join("store.old-1")).unwrap();
        // Where the disk that it leads to is not mounted.
        std::os::unix::fs::symlink("/nowhere/at/all", &place).unwrap();
        let told = refusal(dir.path()).to_string();
        let place = place.display();
        assert_eq!(told, format!("{place} is {what}: move it away, or mend where it leads"));
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("store"), "hello").unwrap();
    let told = refusal(dir.path()).to_string();
    assert!(told.contains("/store is no folder: "), "{told}");
}
