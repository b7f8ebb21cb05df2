use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use watchpost::desk::table::{Record, Table};
use watchpost::io::store;

use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Rig, program, wait_until, watchpost};

/// The status of a command with this configuration, and what it said.
pub(crate) fn run(config: &Path, arguments: &[&str]) -> (i32, String) {
    let config = ["--config", config.to_str().unwrap()];
    let output = watchpost(&[arguments, &config].concat());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// What `verify` says of the store has to be good.
pub(crate) fn whole(config: &Path) -> String {
    let (status, told) = run(config, &["verify"]);
    assert_eq!(status, 0, "{told}");
    told
}

/// A report from this address is answered, and the mail says so.
pub(crate) fn reported(rig: &Rig, from: &str, id: &str) {
    let before = rig.mails(from, "INBOX").len();
    rig.deliver(Some(from), &[INBOX], report(from, id).as_bytes());
    rig.wait_for_mails(from, before + 1, Duration::from_secs(20));
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    let all_marked = || {
        let flags = lead.command("UID FETCH 1:* (FLAGS)");
        flags.matches("FETCH (").count() == flags.matches("$WatchpostAcked").count()
    };
    assert!(wait_until(Duration::from_secs(20), all_marked));
}

#[test]
fn a_backup_is_made_beside_the_daemon_and_restored_without_a_second_letter() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("backup"));
    let dir = backup.to_str().unwrap();
    let daemon = Daemon::start(&rig, &config);
    let (kim, bo) = ("kim@acorn.example", "bo@acorn.example");
    reported(&rig, kim, "one");
    let (status, told) = run(&config, &["backup", dir]);
    assert_eq!((status, told.lines().count()), (0, 1), "{told}");
    assert_eq!(fs::read_dir(&backup).unwrap().count(), 1);
    let (status, told) = run(&config, &["backup", dir]);
    assert_eq!(status, 1);
    assert!(told.contains("is not empty: name an empty folder"), "{told}");
    assert_eq!(run(&config, &["verify", dir]).1, whole(&config).replace("the store", "the backup"));

    reported(&rig, bo, "two");
    let (status, told) = run(&config, &["restore", dir]);
    assert_eq!(status, 1);
    assert!(told.contains("the daemon is running; stop it first"), "{told}");
    assert!(daemon.terminate().success());
    let (status, told) = run(&config, &["restore", dir]);
    assert_eq!(status, 1);
    assert!(told.contains("the rest would be forgotten. If that is meant, move"), "{told}");
    assert_eq!(cases(&config).len(), 2);

    let text = rig.config_text().replace("case_prefix = \"EXP\"", "case_prefix = \"OTHER\"");
    let other = rig.dir().join("other.toml");
    fs::write(&other, text).unwrap();
    let (status, told) = run(&other, &["restore", dir]);
    assert_eq!(status, 1);
    assert!(told.contains("begin with EXP, those of this configuration with OTHER"), "{told}");

    // A log of noise is no store any more: that is what the backup is for.
    let log = state.join("store/store/db");
    let length = usize::try_from(fs::metadata(&log).unwrap().len()).unwrap();
    fs::write(&log, vec![0xa5; length]).unwrap();
    assert!(run(&config, &["verify"]).1.contains("is damaged"));
    let (status, told) = run(&config, &["restore", dir]);
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("is kept in") && told.contains("store.old-1"), "{told}");
    whole(&config);
    assert_eq!(cases(&config).len(), 1);

    let _daemon = Daemon::start(&rig, &config);
    reported(&rig, "eve@acorn.example", "three");
    assert_eq!(cases(&config).len(), 3, "the report after the backup is known again");
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!((rig.mails(kim, "INBOX").len(), rig.mails(bo, "INBOX").len()), (1, 1));
    whole(&config);
}

#[test]
fn a_backup_in_the_folder_of_the_store_is_refused() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let (state, aside) = (rig.dir().join("state"), rig.dir().join("aside"));
    std::os::unix::fs::symlink(state.join("store/store"), &aside).unwrap();
    let of_store = || fs::read_dir(state.join("store")).unwrap().count();
    let before = of_store();
    for dir in [
        state.join("store/backup"),
        state.join("store/not/there/yet"),
        state.join("store"),
        state.join("../state/store/store/backup"),
        aside.join("backup"),
    ] {
        let (status, told) = run(&config, &["backup", dir.to_str().unwrap()]);
        assert_eq!(status, 1, "{told}");
        assert!(told.contains("is in the folder of the store itself"), "{told}");
        assert_eq!((of_store(), aside.join("backup").exists()), (before, false));
    }
    let beside = rig.dir().join("state/store-of-monday");
    let (status, told) = run(&config, &["backup", beside.to_str().unwrap()]);
    assert_eq!(status, 0, "{told}");
}

#[test]
fn a_damaged_backup_is_refused_and_what_is_no_backup_too() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let backup = rig.dir().join("backup");
    let dir = backup.to_str().unwrap();
    assert_eq!(run(&config, &["restore", dir]).0, 1);
    // Without a daemon the store is read by the command itself.
    assert_eq!(run(&config, &["backup", dir]).0, 0);
    let file = backup.join("watchpost.backup");
    let text = fs::read_to_string(&file).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let (_, fewer) = rows.split_once('\n').unwrap();
    for (damaged, why) in [
        (format!("{head}\n{fewer}"), "its rows do not add up"),
        (text.replace("\"table\":\"meta\"", "\"table\":\"mails\""), "its rows do not add up"),
        (format!("{head}\nhello\n"), "a line cannot be read"),
        (text.replace("_backup\":1", "_backup\":9"), "a newer Watchpost wrote this backup"),
        ("hello\n".to_owned(), "this is no backup of Watchpost"),
    ] {
        fs::write(&file, damaged).unwrap();
        for command in ["verify", "restore"] {
            let (status, told) = run(&config, &[command, dir]);
            assert!(status == 1 && told.contains(why) && told.lines().count() == 1, "{told}");
        }
    }
    // The file in place of its folder.
    let told = run(&config, &["restore", file.to_str().unwrap()]).1;
    assert!(
        told.contains("there is no whole backup in") && told.contains("name the folder"),
        "{told}"
    );
    fs::write(&file, b"\xff\xfe\n").unwrap();
    assert!(run(&config, &["verify", dir]).1.contains("its first line is garbled; take an older"));
    let told = run(&config, &["backup", file.to_str().unwrap()]).1;
    assert!(told.contains("is no folder: name an empty folder"), "{told}");
    fs::remove_file(&file).unwrap();
    assert!(run(&config, &["verify", dir]).1.contains("there is no whole backup in"));
    fs::create_dir(&file).unwrap();
    assert!(run(&config, &["verify", dir]).1.contains("watchpost.backup is no file"));
}

#[test]
#[ignore = "makes the store that tests/store/versions.rs opens: once for each version of its tables"]
fn a_store_of_this_version_is_kept_for_those_that_follow() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let (kim, refused) = ("kim@acorn.example", "refused@acorn.example");
    reported(&rig, kim, "one");
    rig.deliver(Some(refused), &[INBOX], report(refused, "two").as_bytes());
    assert!(wait_until(Duration::from_secs(20), || cases(&config).len() == 2));
    assert!(wait_until(Duration::from_secs(20), || whole(&config).contains("0 letters")));
    assert!(daemon.terminate().success());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/schema-3.tar.gz");
    let made = Command::new("tar")
        .args(["--owner=0", "--group=0", "-cz", "-C"])
        .arg(rig.dir().join("state"))
        .arg("-f")
        .arg(kept)
        .arg("store")
        .status()
        .unwrap();
    assert!(made.success());
}

#[test]
fn what_root_restores_belongs_to_the_user_of_the_daemon() {
    let rig = Rig::start();
    if fs::metadata(rig.dir()).unwrap().uid() != 0 {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let config = rig.watchpost_config();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("backup"));
    let dir = backup.to_str().unwrap();
    assert_eq!(run(&config, &["backup", dir]).0, 0);
    let mut given = Command::new("chown");
    assert!(given.args(["-R", "12345:12345"]).arg(&state).status().unwrap().success());
    assert_eq!(run(&config, &["restore", dir]).0, 0);
    assert_eq!(of_others(&state), [] as [PathBuf; 0]);
}

/// What in this folder does not belong to the user of the daemon.
pub(crate) fn of_others(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.metadata().unwrap().uid() != 12345 {
            found.push(entry.path());
        }
        if entry.path().is_dir() {
            found.extend(of_others(&entry.path()));
        }
    }
    found
}

#[test]
fn a_restore_of_root_that_is_killed_locks_nobody_out() {
    let rig = Rig::start();
    let strace = Command::new("strace").args(["-f", "-q", "true"]).output();
    if fs::metadata(rig.dir()).unwrap().uid() != 0 || !strace.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: only root can give files away, and strace is needed");
        return;
    }
    let config = rig.watchpost_config();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("backup"));
    assert_eq!(run(&config, &["backup", backup.to_str().unwrap()]).0, 0);
    let mut given = Command::new("chown");
    assert!(given.args(["-R", "12345:12345"]).arg(&state).status().unwrap().success());
    // While the new store is made, and when the two have just changed places.
    for call in ["fdatasync", "rename", "renameat2"] {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-q", "-o", "/dev/null", "-e", &format!("trace={call}")]);
        strace.args(["-e", &format!("inject={call}:signal=SIGKILL:when=1")]);
        strace.arg(program()).args(["restore", "--config"]).arg(&config).arg(&backup);
        assert!(!strace.output().unwrap().status.success(), "{call} was not called");
        assert_eq!(of_others(&state), [] as [PathBuf; 0], "after {call}");
    }
}

#[test]
fn no_backup_is_made_of_a_store_that_does_not_add_up() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let state = rig.dir().join("state/store");
    // More rows than are read when a store is opened.
    let rows = (0..30_000_u32).map(|n| (Table::Mails, n.to_be_bytes().to_vec(), b"mail".to_vec()));
    let schema = (Table::Meta, b"schema".to_vec(), b"3".to_vec());
    let rows: Vec<Record> = rows.chain([schema]).collect();
    store::restore(&state, rows.clone().into_iter().map(Ok), &store::sum(&rows)).unwrap();
    // As sled does where a piece of its log is gone: an old row, and nobody says so.
    let tables = sled::open(state.join("store")).unwrap();
    let mails = tables.open_tree(Table::Mails.name()).unwrap();
    mails.insert(29_000_u32.to_be_bytes(), "old mail").unwrap();
    tables.flush().unwrap();
    drop((mails, tables));
    let backup = rig.dir().join("backup");
    let (status, told) = run(&config, &["backup", backup.to_str().unwrap()]);
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("do not add up") || told.contains("is damaged"), "{told}");
    assert_eq!(fs::read_dir(&backup).map_or(0, Iterator::count), 0);
}

#[test]
fn a_backup_of_a_later_version_is_not_called_damaged() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let backup = rig.dir().join("backup");
    let dir = backup.to_str().unwrap();
    assert_eq!(run(&config, &["backup", dir]).0, 0);
    let file = backup.join("watchpost.backup");
    let text = fs::read_to_string(&file).unwrap();
    let later = text.replace("\"table\":\"cursors\"", "\"table\":\"later\"");
    for (program, why) in
        [("9.8.7", "if that one is newer, restore the backup with it"), ("", "take an older one")]
    {
        let made = format!("\"program\":\"{program}\"");
        let ours = format!("\"program\":\"{}\"", env!("CARGO_PKG_VERSION"));
        let text = if program.is_empty() { later.clone() } else { later.replace(&ours, &made) };
        fs::write(&file, text).unwrap();
        for command in ["verify", "restore"] {
            let (status, told) = run(&config, &[command, dir]);
            assert!(status == 1 && told.contains(why), "{told}");
        }
    }
}

#[test]
fn what_is_made_is_private_whatever_the_folder_was() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("backup"));
    fs::create_dir_all(state.join("store")).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(state.join("store"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(&backup).unwrap();
    // What is left of an attempt, by whoever it was.
    fs::write(backup.join("watchpost.backup.part"), "").unwrap();
    fs::set_permissions(backup.join("watchpost.backup.part"), fs::Permissions::from_mode(0o666))
        .unwrap();
    assert!(Daemon::start(&rig, &config).terminate().success());
    assert_eq!(run(&config, &["backup", backup.to_str().unwrap()]).0, 0);
    let mut folders = vec![state.join("store"), backup];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, mode) = (entry.path(), entry.metadata().unwrap().mode());
            assert_eq!(mode & 0o077, 0, "{}", path.display());
            folders.extend(path.is_dir().then_some(path));
        }
    }
}

#[test]
fn what_lies_where_the_control_socket_should_be_is_left_alone() {
    let rig = Rig::start();
    let precious = rig.dir().join("precious.txt");
    fs::write(&precious, "mine").unwrap();
    let text = format!("control = \"{}\"\n{}", precious.display(), rig.config_text());
    let config = rig.write_config(&text);
    let (status, told) = run(&config, &["run"]);
    assert!(status == 1 && told.contains("something else is there; move it away"), "{told}");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
}
