//! Two daemons, each with a store of its own, watch one inbox: each reporter hears from one of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::crash::Dice;
use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until};

const KIM: &str = "kim@project.example";
const MAILS: usize = 60;

/// The configurations of two daemons that differ in where their stores are.
fn two(rig: &Rig, takeover: &str) -> [PathBuf; 2] {
    let people = format!("[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\"]\n");
    let text = rig.config_text();
    let text = text.replace("[[inbox]]", &format!("{people}[team]\nlead = \"kim\"\n[[inbox]]"));
    let text = text.replace("poll =", &format!("takeover = \"{takeover}\"\npoll ="));
    ["one", "two"].map(|name| {
        let file = rig.dir().join(format!("{name}.toml"));
        let own = text.replace("/state\"", &format!("/state-{name}\""));
        assert_ne!(own, text);
        fs::write(&file, own).unwrap();
        file
    })
}

fn reporters() -> Vec<String> {
    (0..MAILS).map(|n| format!("r{n}@acorn{}.example", n % 7)).collect()
}

fn deliver(rig: &Rig, reporters: &[String]) {
    for from in reporters {
        rig.deliver(Some(from), &[INBOX], report(from, "one").as_bytes());
    }
}

/// How many letters each reporter has.
fn letters(rig: &Rig, reporters: &[String]) -> Vec<usize> {
    reporters.iter().map(|from| rig.mails(from, "INBOX").len()).collect()
}

fn settled(config: &Path) -> bool {
    let cases = cases(config);
    cases.len() == MAILS && cases.iter().all(|case| !case.contains("\"acknowledged\":null"))
}

/// The notices of a second Watchpost that the lead has got, by the Watchpost that they name.
fn told(rig: &Rig) -> Vec<String> {
    let mails = rig.mails(KIM, "INBOX");
    let subjects = mails.iter().filter(|mail| field(mail, "Subject").contains("Two Watchposts"));
    let named = subjects.map(|mail| {
        let text = String::from_utf8_lossy(mail).into_owned();
        text.split_once("called ").unwrap().1.chars().take(8).collect()
    });
    named.collect()
}

#[test]
fn of_two_daemons_that_wait_for_the_same_mail_one_answers_each() {
    let rig = Rig::start();
    let configs = two(&rig, "1m");
    let daemons = configs.each_ref().map(|config| Daemon::start(&rig, config));
    let reporters = reporters();
    deliver(&rig, &reporters);
    let all = wait_until(PATIENCE, || configs.iter().all(|config| settled(config)));
    let [one, two] = daemons.each_ref().map(Daemon::log);
    assert!(all, "{:?}\n{one}\n{two}", configs.each_ref().map(|config| cases(config)));
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert_eq!(letters(&rig, &reporters), vec![1; MAILS], "{one}\n{two}");
    let shares = [&one, &two].map(|log| log.matches("a letter was sent").count());
    eprintln!("letters of each, notices included: {shares:?}");
    // Whoever was always first may never have seen the other.
    let told = told(&rig);
    let names: BTreeSet<&String> = told.iter().collect();
    assert!((1..=2).contains(&told.len()) && names.len() == told.len(), "{told:?}");
}

#[test]
fn when_one_of_two_daemons_is_killed_the_other_answers_what_is_left() {
    let rig = Rig::start();
    let configs = two(&rig, "10s");
    let [doomed, survivor] = configs.each_ref().map(|config| Daemon::start(&rig, config));
    let reporters = reporters();
    let mut dice = Dice::new();
    let until = MAILS / 2 + usize::try_from(dice.below(MAILS as u64 / 2)).unwrap();
    deliver(&rig, &reporters[..until]);
    // Dovecot tells of new mail half a second later; the kill falls into the work.
    assert!(wait_until(PATIENCE, || doomed.log().contains("a case is opened")));
    let pause = Duration::from_millis(dice.below(400));
    let _ = wait_until(pause, || false);
    let log = doomed.log();
    doomed.kill();
    deliver(&rig, &reporters[until..]);
    let all = wait_until(PATIENCE, || settled(&configs[1]));
    assert!(all, "{:?}\n{}", cases(&configs[1]), survivor.log());
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    let letters = letters(&rig, &reporters);
    assert!(letters.iter().all(|count| *count > 0), "{letters:?}\n{}", survivor.log());
    // What the mail server took in the moment of the kill was not marked any more.
    let twice = letters.iter().filter(|count| **count > 1).count();
    let before = log.matches("a letter was sent").count();
    let over = survivor.log().matches("a letter was sent").count();
    eprintln!(
        "killed {pause:?} after {until} mails and {before} letters; the other sent {over} (notices \
         included); {twice} came twice"
    );
    assert!(twice <= 8 && letters.iter().all(|count| *count <= 2), "{letters:?}\n{log}");
}

/// Puts a report into the inbox with some keywords on it.
fn append(rig: &Rig, from: &str, keywords: &str) {
    let mail = report(from, "one").replace('\n', "\r\n");
    let command = format!("APPEND INBOX ({keywords}) {{{}+}}\r\n{mail}", mail.len());
    rig.imap(INBOX).command(&command);
}

#[test]
fn what_another_has_claimed_is_answered_here_only_when_it_is_dead() {
    const DEAD: &str = "dead@acorn.example";
    const QUICK: &str = "quick@acorn.example";
    const SLOW: &str = "slow@acorn.example";
    let rig = Rig::start();
    let [config, _] = two(&rig, "20s");
    let daemon = Daemon::start(&rig, &config);
    let start = Instant::now();
    append(&rig, DEAD, "$WatchpostBy-0000000a $WatchpostSeen");
    append(&rig, QUICK, "$WatchpostBy-0000000b $WatchpostSeen $WatchpostAcked");
    append(&rig, SLOW, "$WatchpostBy-fffffffc $WatchpostSeen");
    assert!(wait_until(PATIENCE, || cases(&config).len() == 3), "{}", daemon.log());
    let mut other = rig.imap(INBOX);
    other.command("SELECT INBOX");
    other.command("UID STORE 3 +FLAGS.SILENT ($WatchpostAcked)");
    assert!(start.elapsed() < Duration::from_secs(19), "this machine is too busy");
    rig.wait_for_mails(DEAD, 1, PATIENCE);
    assert!(start.elapsed() >= Duration::from_secs(19), "{:?}", start.elapsed());
    let settled = || cases(&config).iter().all(|case| !case.contains("\"acknowledged\":null"));
    assert!(wait_until(PATIENCE, settled), "{:?}", cases(&config));
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    let reporters = [DEAD, QUICK, SLOW].map(str::to_owned);
    assert_eq!(letters(&rig, &reporters), [1, 0, 0], "{}", daemon.log());
    let mut told = told(&rig);
    told.sort();
    assert_eq!(told, ["0000000a", "0000000b", "fffffffc"], "{}", daemon.log());
    let marked = || {
        other.command("NOOP");
        other.command("UID SEARCH KEYWORD $WatchpostAcked").contains("* SEARCH 1 2 3\r\n")
    };
    assert!(wait_until(PATIENCE, marked), "{}", daemon.log());
}
