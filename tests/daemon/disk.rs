use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::mails::{answers, cases, mixed};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until};

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
