use std::time::{Duration, Instant};

use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Rig, wait_until};

#[test]
fn a_robot_without_any_header_that_answers_everything_gets_three_letters() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let _daemon = Daemon::start(&rig, &config);
    let robot = "ticket@robot.example";
    let mut sent = 0;
    let write = |n: usize| {
        // A new subject and id each time, and words that no rule knows.
        let text =
            report(robot, &format!("ticket-{n}")).replace("version 3.1", &format!("version 3.{n}"));
        rig.deliver(Some(robot), &[INBOX], text.as_bytes());
    };
    write(0);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(12) {
        let letters = rig.mails(robot, "INBOX").len();
        if letters > sent {
            sent += 1;
            write(sent);
        }
        let _ = wait_until(Duration::from_millis(50), || false);
    }
    assert_eq!(rig.mails(robot, "INBOX").len(), 3);
    assert_eq!(cases(&config).len(), 4, "every mail is kept");
}

#[test]
fn a_vacation_script_is_not_answered() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    rig.sieve(
        kim,
        "require [\"vacation\"];\nvacation :days 1 \"I am on the mountain until Monday.\";\n",
    );
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    rig.wait_for_mails(kim, 1, Duration::from_secs(20));
    // Whether the script answers our letter is its own affair; if it does, that is the end of it.
    let answered = || rig.mails(INBOX, "INBOX").len() == 2;
    let _ = wait_until(Duration::from_secs(4), answered);
    let bo = "bo@acorn.example";
    rig.deliver(Some(bo), &[INBOX], report(bo, "two").as_bytes());
    rig.wait_for_mails(bo, 1, Duration::from_secs(20));
    assert_eq!(rig.mails(kim, "INBOX").len(), 1, "{}", daemon.log());
    assert_eq!(cases(&config).len(), 2);
}

#[test]
fn what_is_over_the_letters_of_a_day_is_acknowledged_in_one_before_the_promise_ends() {
    let rig = Rig::start();
    // A promise so short that the combined letter is due at once.
    let text =
        rig.config_text().replace("[limits]", "[promises]\nacknowledgement = \"1m\"\n\n[limits]");
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    for n in 0..5 {
        let report =
            report(kim, &format!("r{n}")).replace("version 3.1", &format!("version 3.{n}"));
        rig.deliver(Some(kim), &[INBOX], report.as_bytes());
    }
    let letters = || rig.mails(kim, "INBOX").len();
    assert!(
        wait_until(Duration::from_secs(20), || letters() >= 4),
        "{} letters\n{}",
        letters(),
        daemon.log()
    );
    // Letters leave over two connections: any of them may arrive last.
    let mails = rig.mails(kim, "INBOX").into_iter().map(|mail| String::from_utf8(mail).unwrap());
    assert_eq!(mails.filter(|mail| mail.contains("Subject: Your reports to Express")).count(), 1);
    // The last report may still be on its way when the four letters are there.
    assert!(wait_until(Duration::from_secs(20), || cases(&config).len() == 5), "{}", daemon.log());
}
