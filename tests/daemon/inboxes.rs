use std::time::Duration;

use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until};

#[test]
fn two_projects_are_served_by_one_daemon_each_in_its_own_name() {
    let rig = Rig::start();
    let text = rig.config_text();
    let (_, first) = text.split_once("[[inbox]]").unwrap();
    let second = first
        .replace("name = \"security\"", "name = \"other\"")
        .replace("security@project.example", "security@other.example")
        .replace("Express Security", "Other Security")
        .replace(&rig.imaps_port().to_string(), &rig.imap_port().to_string())
        .replacen("security = \"tls\"", "security = \"starttls\"", 1);
    let project = "[inbox.project]\nname = \"Other\"\ncase_prefix = \"OTH\"\n";
    let config = rig.write_config(&format!("{text}\n[[inbox]]{second}\n{project}"));
    let _daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    for to in [INBOX, "security@other.example"] {
        let text = report(kim, to.split('@').next_back().unwrap()).replace(INBOX, to);
        rig.deliver(Some(kim), &[to], text.as_bytes());
    }
    let letters = rig.wait_for_mails(kim, 2, Duration::from_secs(20));
    let mut told: Vec<String> = letters
        .iter()
        .map(|mail| format!("{} {}", field(mail, "From"), field(mail, "Subject")))
        .collect();
    told.sort();
    assert!(told[0].starts_with("Express Security <security@project.example>"), "{told:?}");
    assert!(told[0].contains("[EXP-") && told[1].contains("[OTH-"), "{told:?}");
    assert!(told[1].starts_with("Other Security <security@other.example>"), "{told:?}");
    assert_eq!(cases(&config).len(), 2);
}

#[test]
fn cases_of_an_inbox_that_lost_its_name_are_told_of() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    rig.wait_for_mails(kim, 1, PATIENCE);
    let lost = || {
        let told = "this inbox is not configured any more: nobody is reminded of its open cases";
        daemon.log().lines().filter(|line| line.contains(told) && line.contains("security")).count()
    };
    // Without a name it is called as its first recipient is, whoever puts another one before that.
    let text = rig.config_text();
    let moved = text
        .replace("name = \"security\"\n", "")
        .replace("recipients = [", "recipients = [\"bugs@project.example\", ");
    assert_ne!(moved, text);
    for (text, times) in [(&moved, 1), (&text, 1), (&moved, 2)] {
        let lives = daemon.log().matches("INFO ready").count();
        rig.write_config(text);
        daemon.hang_up();
        let begun = || daemon.log().matches("INFO ready").count() > lives;
        assert!(wait_until(PATIENCE, begun), "{}", daemon.log());
        assert_eq!(lost(), times, "{}", daemon.log());
    }
}
