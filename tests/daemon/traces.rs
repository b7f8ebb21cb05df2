//! A letter whose outcome the store does not know is looked for before it is sent again.

use std::path::Path;
use std::time::Duration;

use crate::backup::{reported, run, whole};
use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Rig, wait_until};

const KIM: &str = "kim@acorn.example";
const BO: &str = "bo@acorn.example";

/// A report comes while no letter can leave.
fn report_that_waits(rig: &Rig, config: &Path) {
    rig.deliver(Some(KIM), &[INBOX], report(KIM, "one").as_bytes());
    rig.wait_for_mails(INBOX, 1, Duration::from_secs(20));
    rig.stop_postfix();
    let opened = || cases(config).iter().any(|case| case.contains("\"letters_waiting\":1"));
    assert!(wait_until(Duration::from_secs(20), opened), "{:?}", cases(config));
}

fn acknowledged(config: &Path) -> bool {
    cases(config).iter().all(|case| !case.contains("\"acknowledged\":null"))
}

/// The Message-ID of the letter that waits on the first case.
fn letter_id(config: &Path) -> String {
    let (_, events) = run(config, &["export", "EXP-2026-0001", "--format", "json"]);
    let written = events.lines().find(|line| line.contains("\"what\":\"written\"")).unwrap();
    let (_, id) = written.split_once("\"message_id\":\"").unwrap();
    id.split_once('"').unwrap().0.to_owned()
}

#[test]
fn a_letter_that_lies_among_the_sent_mail_is_not_sent_again_after_a_crash() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    // The inbox is watched by a daemon that cannot send.
    let daemon = Daemon::start(&rig, &config);
    report_that_waits(&rig, &config);
    let id = letter_id(&config);
    daemon.kill();
    // A provider keeps what it takes by itself; the daemon did not live to hear that it was taken.
    let copy =
        format!("From: <{INBOX}>\nTo: <{KIM}>\nSubject: x\nMessage-ID: <{id}>\n\nIt is here.\n");
    rig.append(INBOX, "Sent", Duration::ZERO, [copy]);
    rig.start_postfix();
    let daemon = Daemon::start(&rig, &config);
    assert!(wait_until(Duration::from_secs(20), || acknowledged(&config)), "{}", daemon.log());
    reported(&rig, BO, "two");
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!((rig.mails(KIM, "INBOX").len(), rig.mails(BO, "INBOX").len()), (0, 1));
    assert_eq!(rig.mails(INBOX, "Sent").len(), 1, "it is kept there once");
    whole(&config);
}

#[test]
fn a_letter_that_waits_in_a_restored_backup_is_not_sent_again_if_its_mail_is_marked() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (backup, store) = (rig.dir().join("backup"), rig.dir().join("state/store"));
    let dir = backup.to_str().unwrap();
    let daemon = Daemon::start(&rig, &config);
    report_that_waits(&rig, &config);
    assert_eq!(run(&config, &["backup", dir]).0, 0);
    daemon.kill();
    // After the backup the letter left, and the mail was marked: as a daemon does it.
    rig.start_postfix();
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    lead.command("UID STORE 1 +FLAGS ($WatchpostSeen $WatchpostAcked)");
    std::fs::remove_dir_all(store).unwrap();
    let (status, told) = run(&config, &["restore", dir]);
    assert!(status == 0 && told.contains("1 letter waits in it"), "{told}");

    let daemon = Daemon::start(&rig, &config);
    assert!(wait_until(Duration::from_secs(20), || acknowledged(&config)), "{}", daemon.log());
    assert!(cases(&config)[0].contains("\"letters_waiting\":0"));
    assert!(rig.queue_is_empty() && rig.mails(KIM, "INBOX").is_empty());
    whole(&config);
}

#[test]
fn where_no_mail_is_marked_the_sent_mail_tells_what_was_answered() {
    let rig = Rig::start();
    let text =
        rig.config_text().replace("folders = [\"INBOX\"]", "folders = [\"INBOX\"]\ncopies = true");
    let config = rig.write_config(&text);
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("backup"));
    let dir = backup.to_str().unwrap();
    assert!(Daemon::start(&rig, &config).terminate().success());
    assert_eq!(run(&config, &["backup", dir]).0, 0);
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(KIM), &[INBOX], report(KIM, "one").as_bytes());
    rig.wait_for_mails(KIM, 1, Duration::from_secs(20));
    let kept = || rig.mails(INBOX, "Sent").len() == 1;
    assert!(wait_until(Duration::from_secs(40), kept), "{}", daemon.log());
    assert!(daemon.terminate().success());
    // As on a server that keeps no keywords.
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    lead.command("UID STORE 1 -FLAGS ($WatchpostSeen $WatchpostAcked)");

    std::fs::remove_dir_all(state.join("store")).unwrap();
    assert_eq!(run(&config, &["restore", dir]).0, 0);
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(BO), &[INBOX], report(BO, "two").as_bytes());
    rig.wait_for_mails(BO, 1, Duration::from_secs(20));
    let known = || cases(&config).len() == 2 && acknowledged(&config);
    assert!(wait_until(Duration::from_secs(20), known), "{:?}\n{}", cases(&config), daemon.log());
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!(rig.mails(KIM, "INBOX").len(), 1);
    whole(&config);
}

#[test]
fn two_machines_on_one_inbox_answer_each_mail_once_if_one_is_late() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let here = Daemon::start(&rig, &config);
    reported(&rig, KIM, "one");
    // The other machine has a store of its own; what was there before it is old.
    let other = rig.dir().join("other.toml");
    let text = rig.config_text().replace("/state\"", "/other-state\"");
    std::fs::write(&other, text).unwrap();
    assert!(Daemon::start(&rig, &other).terminate().success());
    // What is answered here meanwhile is a case there, and nobody hears of it twice.
    reported(&rig, BO, "two");
    let there = Daemon::start(&rig, &other);
    let known = || cases(&other).len() == 1 && acknowledged(&other);
    assert!(wait_until(Duration::from_secs(20), known), "{:?}\n{}", cases(&other), there.log());
    assert!(here.terminate().success());
    reported(&rig, "eve@acorn.example", "three");
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!((rig.mails(KIM, "INBOX").len(), rig.mails(BO, "INBOX").len()), (1, 1));
    assert_eq!(rig.mails("eve@acorn.example", "INBOX").len(), 1);
}

#[test]
fn a_notice_to_the_team_does_not_mark_a_report_as_answered() {
    let rig = Rig::start();
    let lead = "lead@project.example";
    let team = format!(
        "\n[[member]]\nname = \"kim\"\naddresses = [\"{lead}\"]\n\n[team]\nlead = \"kim\"\n"
    );
    let config = rig.write_config(&(rig.config_text() + &team));
    let _daemon = Daemon::start(&rig, &config);
    let refused = "refused@acorn.example";
    rig.deliver(Some(refused), &[INBOX], report(refused, "one").as_bytes());
    // The first one tells of the report, the second that its author cannot be reached.
    rig.wait_for_mails(lead, 2, Duration::from_secs(20));
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    let flags = lead.command("UID FETCH 1 (FLAGS)");
    assert!(flags.contains("$WatchpostSeen") && !flags.contains("$WatchpostAcked"), "{flags}");
}
