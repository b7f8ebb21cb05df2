use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::mails::{answers, cases, mixed};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

/// A small file system of its own, taken away in the end.
pub(crate) struct SmallDisk(pub(crate) std::path::PathBuf);

impl SmallDisk {
    /// None where this machine does not let us mount.
    pub(crate) fn at(path: std::path::PathBuf) -> Option<SmallDisk> {
        fs::create_dir_all(&path).unwrap();
        let options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs"];
        let mounted = Command::new("mount").args(options).arg(&path).status().unwrap();
        mounted.success().then_some(SmallDisk(path))
    }

    /// Writes as much as fits; without this file there is room again.
    fn fill(&self) -> std::path::PathBuf {
        let filler = self.0.join("filler");
        let _ = fs::write(&filler, vec![0; 16 << 20]);
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").args(["-l"]).arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_holds_reports_up_and_loses_none() {
    let rig = Rig::start();
    let Some(disk) = SmallDisk::at(rig.dir().join("state")) else {
        eprintln!("skipped: file systems cannot be mounted here");
        return;
    };
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let filler = disk.fill();
    let mails: Vec<_> = (0..200).map(|n| mixed(n * 10)).collect();
    // Together, so that the inbox holds several batches at once.
    for mail in &mails {
        mail.send(&rig);
    }
    let refused = || daemon.log().contains("nothing was recorded");
    assert!(wait_until(Duration::from_secs(20), refused), "{}", daemon.log());
    fs::remove_file(&filler).unwrap();
    let answered = || answers(&rig, &mails).values().filter(|letters| !letters.is_empty()).count();
    let all = wait_until(Duration::from_mins(2), || answered() == mails.len());
    assert!(all, "{} of {} are answered\n{}", answered(), mails.len(), daemon.log());
    assert_eq!(cases(&config).len(), mails.len());
    assert!(answers(&rig, &mails).values().all(|letters| letters.len() == 1));
    assert_eq!(rig.mails(INBOX, "INBOX").len(), mails.len());
}

#[test]
fn a_reload_on_a_full_disk_is_refused_and_the_daemon_goes_on() {
    let rig = Rig::start();
    let Some(disk) = SmallDisk::at(rig.dir().join("state")) else {
        eprintln!("skipped: file systems cannot be mounted here");
        return;
    };
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let filler = disk.fill();
    daemon.hang_up();
    let refused = || daemon.log().contains("the new configuration is not used: ");
    assert!(wait_until(PATIENCE, refused), "{}", daemon.log());
    assert!(daemon.log().contains("is full: make room"), "{}", daemon.log());
    fs::remove_file(&filler).unwrap();
    let mails = [mixed(0)];
    mails[0].send(&rig);
    let answered = || answers(&rig, &mails).values().all(|letters| letters.len() == 1);
    assert!(wait_until(PATIENCE, answered), "{}", daemon.log());
    assert!(daemon.terminate().success());
}

#[test]
fn who_only_reads_needs_no_room_on_the_disk_of_the_store() {
    let rig = Rig::start();
    let Some(disk) = SmallDisk::at(rig.dir().join("state")) else {
        eprintln!("skipped: file systems cannot be mounted here");
        return;
    };
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let mails = [mixed(0)];
    mails[0].send(&rig);
    let answered = || answers(&rig, &mails).values().all(|letters| letters.len() == 1);
    assert!(wait_until(PATIENCE, answered), "{}", daemon.log());
    let filler = disk.fill();
    let run = |arguments: &[&str]| {
        let output = watchpost(&[arguments, &["--config", config.to_str().unwrap()]].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
    };
    let case = "EXP-2026-0001";
    let backup = rig.dir().join("backup");
    let reading = [
        vec!["cases", "--format", "json"],
        vec!["show", case, "--format", "json"],
        vec!["explain", case, "--format", "json"],
        vec!["stats", "--verify"],
        vec!["export", case, "--format", "json"],
        vec!["verify"],
    ];
    // The daemon has its store open; without it there is no room to open it.
    let of_daemon: Vec<_> = reading.iter().map(|arguments| run(arguments)).collect();
    assert!(of_daemon.iter().all(|(status, _)| *status == 0), "{of_daemon:?}");
    assert!(daemon.terminate().success());
    let before = bytes_of(&disk.0);
    let told: Vec<_> = reading.iter().map(|arguments| run(arguments)).collect();
    assert_eq!(told, of_daemon);
    let (status, told) = run(&["backup", backup.to_str().unwrap()]);
    assert_eq!((status, told.contains("rows are in")), (0, true), "{told}");
    // What would write says what it needs.
    for writing in [&["do", case, "responded"][..], &["rotate-key"]] {
        let (status, told) = run(writing);
        assert_eq!(status, 1, "{told}");
        assert!(told.contains("is full: make room, 2 MB and a few files at least"), "{told}");
    }
    assert!(bytes_of(&disk.0) == before, "something was written");
    let of_ours =
        |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("watchpost");
    let in_memory = || fs::read_dir("/dev/shm").unwrap().map(Result::unwrap).any(of_ours);
    assert!(wait_until(PATIENCE, || !in_memory()), "a copy was left in memory");
    // Nor does it matter why nothing can be written.
    fs::remove_file(&filler).unwrap();
    let remount = |option: &str| {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{option}")]).arg(&disk.0).status().unwrap().success()
    };
    assert!(remount("ro"));
    assert_eq!(run(&reading[0]), of_daemon[0]);
    assert!(remount("rw"));
    let (status, told) = run(&["do", case, "responded"]);
    assert_eq!(status, 0, "{told}");
}

/// What lies in a folder and the folders in it.
fn bytes_of(folder: &std::path::Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            found.append(&mut bytes_of(&path));
        } else if kind.is_file() {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}
