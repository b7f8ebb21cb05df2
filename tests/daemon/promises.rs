//! Promises of seconds on real servers, and a daemon that is killed across their deadlines.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::mails::{field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until};

const KIM: &str = "kim@project.example";
const LEE: &str = "lee@project.example";
const CERT: &str = "cert@foundation.example";
const ANN: &str = "ann@acorn.example";

/// The names of the letters that somebody got, less their number and reader.
fn got(rig: &Rig, who: &str) -> Vec<String> {
    let name = |mail: &Vec<u8>| field(mail, "X-Watchpost");
    rig.mails(who, "INBOX").iter().map(name).collect()
}

fn count(rig: &Rig, who: &str, what: &str) -> usize {
    got(rig, who).iter().filter(|name| name.starts_with(what)).count()
}

#[test]
fn every_step_is_told_once_though_the_daemon_is_killed_across_the_deadlines() {
    let rig = Rig::start();
    let people = format!(
        "[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\"]\n\
         [[member]]\nname = \"lee\"\naddresses = [\"{LEE}\"]\n\
         [team]\nlead = \"kim\"\ndeputies = [\"lee\"]\noutside = [\"{CERT}\"]\n\
         [promises]\nresponse = \"8s\"\nresponse_reminders = [\"4s\"]\nescalate_every = \"6s\"\n"
    );
    let text = rig.config_text();
    let (head, tail) = text.split_once("[[inbox]]").unwrap();
    assert!(!head.contains("[promises]"), "{head}");
    let config = rig.write_config(&format!("{head}{people}[[inbox]]{tail}"));
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(ANN), &[INBOX], report(ANN, "one").as_bytes());
    let start = Instant::now();
    rig.wait_for_mails(ANN, 1, PATIENCE);
    // A letter whose outcome is not on the disk may be sent once more, with the same Message-ID.
    let left = |daemon: &Daemon, what: &[&str]| {
        let log = daemon.log();
        let sent = log.lines().filter(|line| line.contains("a letter was sent"));
        sent.filter(|line| what.iter().any(|one| line.contains(one))).count()
    };
    let told = || count(&rig, KIM, "reminder") == 1 && left(&daemon, &["/reminder."]) == 1;
    assert!(wait_until(PATIENCE, told), "{:?}", got(&rig, KIM));
    daemon.kill();
    let until = |seconds: u64| {
        let passed = || start.elapsed() >= Duration::from_secs(seconds);
        assert!(wait_until(2 * PATIENCE, passed));
    };
    // Over the deadline nobody watches; the first step is told at the next start.
    until(10);
    let daemon = Daemon::start(&rig, &config);
    assert!(wait_until(PATIENCE, || count(&rig, LEE, "escalation") >= 1), "{:?}", got(&rig, LEE));
    assert!(wait_until(PATIENCE, || count(&rig, ANN, "missed") == 1), "{:?}", got(&rig, ANN));
    let told = || left(&daemon, &["/escalation.", "/missed"]) >= 3;
    assert!(wait_until(PATIENCE, told), "{}", daemon.log());
    daemon.kill();
    // Two more are due while it is down: at 14 and at 20 seconds.
    until(21);
    let daemon = Daemon::start(&rig, &config);
    assert!(wait_until(PATIENCE, || count(&rig, CERT, "escalation") >= 2), "{:?}", got(&rig, CERT));
    let answer = format!(
        "From: <{INBOX}>\r\nTo: <{ANN}>\r\nSubject: Re: one\r\nMessage-ID: <a@{INBOX}>\r\n\
         In-Reply-To: <one@{ANN}>\r\n\r\nThank you, we are on it.\r\n"
    );
    let mut lead = rig.imap(INBOX);
    lead.write(&format!("k APPEND Sent {{{}+}}\r\n{answer}\r\n", answer.len()));
    let answered = || daemon.log().contains("a person answered the reporter");
    assert!(wait_until(PATIENCE, answered), "{}", daemon.log());
    // The mail server hands the steps out in its own order; the first went to kim and lee alone.
    let steps = count(&rig, CERT, "escalation") + 1;
    for who in [KIM, LEE] {
        let all = || count(&rig, who, "escalation") >= steps;
        assert!(wait_until(PATIENCE, all), "{who}: {:?}", got(&rig, who));
    }
    for who in [KIM, LEE, CERT, ANN] {
        let letters = got(&rig, who);
        let once: BTreeSet<&String> = letters.iter().collect();
        assert_eq!(once.len(), letters.len(), "{who}: {letters:?}");
    }
    let counted = [KIM, LEE, CERT].map(|who| count(&rig, who, "escalation"));
    assert_eq!(counted, [steps, steps, steps - 1], "outside hears from the second on");
    assert_eq!(count(&rig, ANN, "missed"), 1);
}

#[test]
fn an_answer_in_time_that_nobody_saw_before_the_deadline_is_seen_before_anything_is_missed() {
    let rig = Rig::start();
    let text = rig.config_text();
    let (head, tail) = text.split_once("[[inbox]]").unwrap();
    let people = format!(
        "[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\"]\n[team]\nlead = \"kim\"\n\
         [promises]\nresponse = \"12s\"\nresponse_reminders = []\n"
    );
    let config = rig.write_config(&format!("{head}{people}[[inbox]]{tail}"));
    let daemon = Daemon::start(&rig, &config);
    let start = Instant::now();
    rig.deliver(Some(ANN), &[INBOX], report(ANN, "one").as_bytes());
    rig.wait_for_mails(ANN, 1, PATIENCE);
    assert!(daemon.terminate().success());
    let answer = format!(
        "From: <{INBOX}>\nTo: <{ANN}>\nSubject: Re: one\nMessage-ID: <a@{INBOX}>\n\
         In-Reply-To: <one@{ANN}>\n\nThank you, we are on it.\n"
    );
    rig.append(INBOX, "Sent", Duration::ZERO, [answer]);
    assert!(start.elapsed() < Duration::from_secs(12), "this machine is too slow for the story");
    let passed = || start.elapsed() >= Duration::from_secs(13);
    assert!(wait_until(2 * PATIENCE, passed));
    let daemon = Daemon::start(&rig, &config);
    let answered = || daemon.log().contains("a person answered the reporter");
    assert!(wait_until(PATIENCE, answered), "{}", daemon.log());
    assert!(!daemon.log().contains("is missed"), "{}", daemon.log());
    assert_eq!(count(&rig, ANN, "missed"), 0);
}
