//! A lost store without a backup: what the mail server knows is enough to go on.

use std::time::Duration;

use crate::backup::{reported, run, whole};
use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Rig, wait_until};

const KIM: &str = "kim@acorn.example";
const BO: &str = "bo@acorn.example";
const EVE: &str = "eve@acorn.example";
const OLD: &str = "old@acorn.example";

#[test]
fn a_store_is_made_anew_from_marks_and_answers_and_nobody_hears_twice() {
    let rig = Rig::start();
    rig.append(INBOX, "INBOX", Duration::from_hours(24), [report(OLD, "before us")]);
    let text = rig.config_text().replace("poll =", "copies = true\npoll =");
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    let (status, told) = run(&config, &["rebuild"]);
    assert!(status == 1 && told.contains("the daemon is running"), "{told}");
    for (from, id) in [(KIM, "one"), (BO, "two")] {
        rig.deliver(Some(from), &[INBOX], report(from, id).as_bytes());
        rig.wait_for_mails(from, 1, Duration::from_secs(20));
    }
    let answer = format!(
        "From: <{INBOX}>\nTo: <{BO}>\nSubject: Re: Session fixation two\nMessage-ID: <a@lead.example>\n\
         In-Reply-To: <two@{BO}>\n\nThank you, this is real. We will fix it by Friday.\n"
    );
    rig.append(INBOX, "Sent", Duration::ZERO, [answer]);
    let answered = || cases(&config).iter().any(|case| case.contains("\"state\":\"answered\""));
    assert!(wait_until(Duration::from_secs(40), answered), "{}", daemon.log());
    // The copies of both letters lie among the sent mail as well.
    let kept = || rig.mails(INBOX, "Sent").len() == 3;
    assert!(wait_until(Duration::from_secs(40), kept), "{}", daemon.log());
    assert!(daemon.terminate().success());

    std::fs::remove_dir_all(rig.dir().join("state")).unwrap();
    rig.deliver(Some(EVE), &[INBOX], report(EVE, "three").as_bytes());
    rig.wait_for_mails(INBOX, 4, Duration::from_secs(20));
    let (status, told) = run(&config, &["rebuild", "--after", "EXQ-2026-0041"]);
    assert!(status == 1 && told.contains("begin with EXP"), "{told}");
    // In any order: the highest counts.
    let after = ["EXP-2025-0300", "EXP-2026-0041", "EXP-2026-0007"].map(|case| ["--after", case]);
    let (status, told) = run(&config, &[&["rebuild"], after.as_flattened()].concat());
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("2 mails with a keyword") && told.contains("3 mails to look"), "{told}");
    whole(&config);
    let daemon = Daemon::start(&rig, &config);
    rig.wait_for_mails(EVE, 1, Duration::from_secs(20));
    let all = || cases(&config).len() == 3 && answered();
    assert!(wait_until(Duration::from_secs(30), all), "{:?}\n{}", cases(&config), daemon.log());
    for (from, state) in [(KIM, "acknowledged"), (BO, "answered"), (EVE, "acknowledged")] {
        let case = cases(&config).into_iter().find(|case| case.contains(from)).unwrap();
        assert!(case.contains(&format!("\"state\":\"{state}\"")), "{case}");
        assert!(case.contains("EXP-2026-004"), "{case}");
    }
    assert!(daemon.terminate().success());
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    let letters = |of| rig.mails(of, "INBOX").len();
    assert_eq!([KIM, BO, EVE, OLD].map(letters), [1, 1, 1, 0]);
    whole(&config);
    let (status, told) = run(&config, &["rebuild"]);
    assert!(status == 1 && told.contains("there is a store in"), "{told}");
}

#[test]
fn where_no_mail_is_marked_nothing_is_rebuilt() {
    let rig = Rig::start();
    rig.append(INBOX, "INBOX", Duration::from_hours(24), [report(OLD, "before us")]);
    let config = rig.watchpost_config();
    for days in ["90", "40000", "4294967295"] {
        let (status, told) = run(&config, &["rebuild", "--days", days]);
        assert!(status == 1 && told.contains("there is nothing to rebuild"), "{told}");
    }
    assert!(!rig.dir().join("state").exists());
    let _daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(KIM), &[INBOX], report(KIM, "one").as_bytes());
    rig.wait_for_mails(KIM, 1, Duration::from_secs(20));
    assert!(rig.mails(OLD, "INBOX").is_empty());
}

#[test]
fn uids_that_are_made_anew_after_a_rebuild_lose_no_case() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    reported(&rig, KIM, "one");
    reported(&rig, BO, "two");
    daemon.kill();
    std::fs::remove_dir_all(rig.dir().join("state")).unwrap();
    let (status, told) = run(&config, &["rebuild"]);
    assert_eq!(status, 0, "{told}");
    rig.stop_dovecot();
    let inbox = rig.dir().join("mail/project.example/security");
    for entry in std::fs::read_dir(&inbox).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("dovecot-uid") || name.starts_with("dovecot.index") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    rig.start_dovecot();
    let daemon = Daemon::start(&rig, &config);
    let both = || cases(&config).len() == 2;
    assert!(wait_until(Duration::from_secs(20), both), "{:?}\n{}", cases(&config), daemon.log());
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!([KIM, BO].map(|of| rig.mails(of, "INBOX").len()), [1, 1]);
}

#[test]
fn a_first_start_beside_the_marks_of_an_earlier_life_says_so() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let known = "these mails were known to an earlier store";
    let daemon = Daemon::start(&rig, &config);
    reported(&rig, KIM, "one");
    assert!(!daemon.log().contains(known), "{}", daemon.log());
    assert!(daemon.terminate().success());
    let state = rig.dir().join("state");
    std::fs::rename(&state, rig.dir().join("elsewhere")).unwrap();
    let daemon = Daemon::start(&rig, &config);
    let told = || daemon.log().contains(known);
    assert!(wait_until(Duration::from_secs(20), told), "{}", daemon.log());
    assert!(daemon.log().contains("watchpost rebuild"));
    assert!(daemon.terminate().success());
    let daemon = Daemon::start(&rig, &config);
    assert!(daemon.terminate().success(), "it is told once");
    assert_eq!(rig.mails(KIM, "INBOX").len(), 1);
}
