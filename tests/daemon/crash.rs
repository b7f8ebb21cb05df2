//! Kills at random times during a flood of mail. `KILLS`, `MAILS` and `SEED` say how many, and which.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::backup::whole;
use crate::mails::{Mail, answers, cases, mixed};
use crate::rig::{Daemon, INBOX, Rig, wait_until};

pub(crate) fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// Numbers that differ from run to run; the seed is printed, and taken from `SEED` where it is set.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Dice {
        let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        eprintln!("SEED={seed}");
        Dice(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Each mail that the relay took over, in the order in which it did: where its log says so, and the
/// Message-ID. A mail whose end did not come is not taken over.
fn taken(log: &str) -> Vec<(usize, String)> {
    let (mut ids, mut taken) = (BTreeMap::new(), Vec::new());
    let mut place = 0;
    for line in log.split_inclusive('\n') {
        place += line.len();
        let Some((who, said)) = line.split_once("]: ") else { continue };
        let Some((queued, said)) = said.split_once(": ") else { continue };
        if let Some(id) = said.trim().strip_prefix("message-id=") {
            ids.insert(queued, id.to_owned());
        } else if who.contains("qmgr") && said.starts_with("from=") {
            // It is said again when a delivery is tried again.
            taken.extend(ids.remove(queued).map(|id| (place, id)));
        }
    }
    taken
}

#[test]
fn kills_at_random_lose_no_mail_and_repeat_at_most_one_letter_each() {
    let (kills, count) = (number("KILLS", 50), number("MAILS", 300));
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let mails: Vec<Mail> = (0..count).map(mixed).collect();
    let mut dice = Dice::new();
    // The first start says which mail is old; it has to be over before the first mail comes.
    Daemon::start(&rig, &config).kill();
    let mut sent = 0;
    // Where the relay's log stood when each life was over.
    let mut ends = Vec::new();
    for kill in 0..kills {
        // One in five does not live to be ready.
        let start = if dice.below(5) == 0 { Daemon::begin } else { Daemon::start };
        let daemon = start(&rig, &config);
        let until = mails.len() * (kill + 1) / kills;
        mails[sent..until].iter().for_each(|mail| mail.send(&rig));
        sent = until;
        // Dovecot tells of new mail half a second later; kills fall before, into and after the work.
        let pause = Duration::from_millis(dice.below(900));
        let _ = wait_until(pause, || false);
        daemon.kill();
        whole(&config);
        ends.push(rig.postfix_log().len());
    }
    let daemon = Daemon::start(&rig, &config);
    let owed: Vec<&Mail> = mails.iter().filter(|mail| mail.answered).collect();
    let answered =
        || answers(&rig, owed.iter().copied()).values().all(|letters| !letters.is_empty());
    assert!(wait_until(Duration::from_mins(1), answered), "a report was lost");
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    let mut marks = || lead.command("UID FETCH 1:* (FLAGS)").matches("$WatchpostAcked").count();
    assert!(wait_until(Duration::from_mins(1), || marks() == owed.len()), "a mark is missing");
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    assert!(daemon.terminate().success());
    whole(&config);

    // Of each letter: in which lives the relay took it over.
    let mut lives: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, id) in taken(&rig.postfix_log()) {
        lives.entry(id).or_default().push(ends.partition_point(|end| *end < place));
    }
    let mut repeated: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
    let letters = answers(&rig, &mails);
    for (from, letters) in &letters {
        let different: BTreeSet<&String> = letters.iter().collect();
        assert!(different.len() <= 1, "{from} got different letters: {letters:?}");
        let Some(id) = different.first() else { continue };
        let lives = &lives[*id];
        assert_eq!(lives.len(), letters.len(), "{from}: {lives:?}");
        for life in lives.windows(2) {
            assert!(life[0] < life[1], "{from} got a letter twice from one life: {lives:?}");
            // The end of the life that sent it is what hid its outcome.
            repeated.entry(life[0]).or_default().push(id);
        }
    }
    let total: usize = repeated.values().map(Vec::len).sum();
    eprintln!("{total} of {} letters repeated after {kills} kills of {count} mails", owed.len());
    for (kill, ids) in &repeated {
        assert!(ids.len() <= 1, "kill {kill} repeated {ids:?}");
    }
    for mail in mails.iter().filter(|mail| !mail.answered) {
        assert!(letters[&mail.from].is_empty(), "{} was answered", mail.from);
    }
    let reporter = |case: &String| case.split("\"reporter\":").nth(1).unwrap().to_owned();
    let cases = cases(&config);
    let reporters: BTreeSet<String> = cases.iter().map(reporter).collect();
    assert_eq!((cases.len(), reporters.len()), (owed.len(), owed.len()));
}
