use std::time::{Duration, Instant};

use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Rig, wait_until};

#[test]
fn a_first_start_on_an_inbox_of_five_thousand_old_mails_answers_none_of_them() {
    let rig = Rig::start();
    let old = (0..5000).map(|n| report(&format!("old{n}@acorn.example"), "old"));
    rig.append(INBOX, "INBOX", Duration::from_hours(24), old);
    // The server makes its index of so many files first; that is not our time.
    rig.imap(INBOX).command("SELECT INBOX");
    let config = rig.watchpost_config();
    let start = Instant::now();
    let daemon = Daemon::start(&rig, &config);
    eprintln!("ready after {:?} on an inbox of 5,000 mails", start.elapsed());
    let new = "new@acorn.example";
    rig.deliver(Some(new), &[INBOX], report(new, "new").as_bytes());
    rig.wait_for_mails(new, 1, Duration::from_secs(20));
    assert_eq!(cases(&config).len(), 1);
    // Nor after the next start.
    assert!(daemon.terminate().success());
    let _daemon = Daemon::start(&rig, &config);
    let newer = "newer@acorn.example";
    rig.deliver(Some(newer), &[INBOX], report(newer, "newer").as_bytes());
    rig.wait_for_mails(newer, 1, Duration::from_secs(20));
    assert_eq!(cases(&config).len(), 2);
    assert!(
        (0..5000)
            .step_by(97)
            .all(|n| rig.mails(&format!("old{n}@acorn.example"), "INBOX").is_empty())
    );
}

#[test]
fn in_a_mixed_inbox_other_mail_is_neither_read_nor_recorded() {
    let rig = Rig::start();
    let text = rig.config_text().replace("kind = \"dedicated\"", "kind = \"mixed\"");
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    let friend = "friend@acorn.example";
    let dinner = format!(
        "From: <{friend}>\nTo: Lead <lead@project.example>\nSubject: PLANTED-SUBJECT\n\
         Message-ID: <dinner@{friend}>\n\nPLANTED-BODY: dinner on Friday?\n"
    );
    rig.deliver(Some(friend), &[INBOX], dinner.as_bytes());
    let reporter = "kim@acorn.example";
    rig.deliver(Some(reporter), &[INBOX], report(reporter, "one").as_bytes());
    rig.wait_for_mails(reporter, 1, Duration::from_secs(20));
    assert!(rig.mails(friend, "INBOX").is_empty());
    assert_eq!(cases(&config).len(), 1);
    let flags = rig.imap(INBOX);
    let mut flags = flags;
    flags.command("SELECT INBOX");
    let fetched = flags.command("UID FETCH 1:* (FLAGS)");
    assert_eq!(fetched.matches("$WatchpostSeen").count(), 1, "{fetched}");
    // A follow-up that the reporter sends to the lead joins the case by its ids.
    let letter = rig.mails(reporter, "INBOX").remove(0);
    let id = crate::mails::field(&letter, "Message-ID");
    let follow_up = format!(
        "From: <{reporter}>\nTo: Lead <lead@project.example>\nSubject: and another thing\n\
         Message-ID: <two@{reporter}>\nIn-Reply-To: {id}\n\nThe older versions as well.\n"
    );
    rig.deliver(Some(reporter), &[INBOX], follow_up.as_bytes());
    let joined = || cases(&config)[0].contains("\"follow_ups\":1");
    assert!(wait_until(Duration::from_secs(20), joined), "{:?}\n{}", cases(&config), daemon.log());
    assert!(daemon.terminate().success());
    let found = std::process::Command::new("grep")
        .args(["-r", "-l", "-a", "-e", "PLANTED", "-e", "friend@"])
        .arg(rig.dir().join("state"))
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn one_mail_in_two_folders_is_one_case_and_a_renumbered_folder_answers_nothing_again() {
    let rig = Rig::start();
    let text =
        rig.config_text().replace("folders = [\"INBOX\"]", "folders = [\"INBOX\", \"Junk\"]");
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    rig.wait_for_mails(kim, 1, Duration::from_secs(20));
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    lead.command("UID COPY 1 Junk");
    // Deleting the folder and making it anew renumbers it: here, the copy under a new UIDVALIDITY.
    let bo = "bo@acorn.example";
    rig.deliver(Some(bo), &[INBOX], report(bo, "two").as_bytes());
    rig.wait_for_mails(bo, 1, Duration::from_secs(20));
    assert!(daemon.terminate().success());
    rig.stop_dovecot();
    let index = rig.dir().join("mail/project.example/security");
    let removed = std::process::Command::new("find")
        .arg(&index)
        .args(["-name", "dovecot*", "-delete"])
        .status()
        .unwrap();
    assert!(removed.success());
    rig.start_dovecot();
    let daemon = Daemon::start(&rig, &config);
    let eve = "eve@acorn.example";
    rig.deliver(Some(eve), &[INBOX], report(eve, "three").as_bytes());
    rig.wait_for_mails(eve, 1, Duration::from_secs(20));
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert!(
        daemon.log().contains("begins here"),
        "the folder was not renumbered\n{}",
        daemon.log()
    );
    assert_eq!(cases(&config).len(), 3);
    assert_eq!((rig.mails(kim, "INBOX").len(), rig.mails(bo, "INBOX").len()), (1, 1));
}

#[test]
fn a_lost_store_and_a_restored_one_answer_nothing_again() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("backup"));
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
        assert!(copied.success());
    };
    assert!(Daemon::start(&rig, &config).terminate().success());
    copy(&state, &backup);
    let kim = "kim@acorn.example";
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    rig.wait_for_mails(kim, 1, Duration::from_secs(20));
    // The keyword is the witness; it is written just after the letter left.
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    let witnessed = || lead.command("UID FETCH 1 (FLAGS)").contains("$WatchpostAcked");
    assert!(wait_until(Duration::from_secs(20), witnessed));
    assert!(daemon.terminate().success());

    // The backup is from before the report.
    std::fs::remove_dir_all(&state).unwrap();
    copy(&backup, &state);
    let bo = "bo@acorn.example";
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(bo), &[INBOX], report(bo, "two").as_bytes());
    rig.wait_for_mails(bo, 1, Duration::from_secs(20));
    assert_eq!(cases(&config).len(), 2, "the report is known again");
    assert!(daemon.terminate().success());

    // No store at all: everything that is there is old.
    std::fs::remove_dir_all(&state).unwrap();
    let eve = "eve@acorn.example";
    let _daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(eve), &[INBOX], report(eve, "three").as_bytes());
    rig.wait_for_mails(eve, 1, Duration::from_secs(20));
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!((rig.mails(kim, "INBOX").len(), rig.mails(bo, "INBOX").len()), (1, 1));
}
