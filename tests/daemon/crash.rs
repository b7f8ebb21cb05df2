use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::backup::whole;
use crate::mails::{Mail, answers, cases, mixed};
use crate::rig::{Daemon, Rig, wait_until};

const KILLS: u32 = 50;

/// Numbers that differ from run to run; the seed is printed, and taken from `SEED` where it is set.
struct Dice(u64);

impl Dice {
    fn new() -> Dice {
        let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        eprintln!("SEED={seed}");
        Dice(seed)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn fifty_kills_during_three_hundred_mails_lose_none_and_repeat_at_most_one_each() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let mails: Vec<Mail> = (0..300).map(mixed).collect();
    let mut dice = Dice::new();
    // The first start says which mail is old; it has to be over before the first mail comes.
    Daemon::start(&rig, &config).kill();
    let mut sent = 0;
    for kill in 0..KILLS {
        let daemon = Daemon::start(&rig, &config);
        let until = mails.len() * (kill as usize + 1) / KILLS as usize;
        mails[sent..until].iter().for_each(|mail| mail.send(&rig));
        sent = until;
        // Dovecot tells of new mail half a second later; kills fall before, into and after the work.
        let pause = Duration::from_millis(dice.below(900));
        let _ = wait_until(pause, || false);
        daemon.kill();
        whole(&config);
    }
    let _daemon = Daemon::start(&rig, &config);
    let owed: Vec<&Mail> = mails.iter().filter(|mail| mail.answered).collect();
    let answered =
        || answers(&rig, owed.iter().copied()).values().all(|letters| !letters.is_empty());
    assert!(wait_until(Duration::from_mins(1), answered), "a report was lost");
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    let mut repeated = 0;
    for (from, letters) in answers(&rig, &mails) {
        let different: BTreeSet<&String> = letters.iter().collect();
        assert!(different.len() <= 1, "{from} got different letters: {letters:?}");
        repeated += letters.len().saturating_sub(1);
    }
    eprintln!("{repeated} letters repeated after {KILLS} kills");
    assert!(repeated <= KILLS as usize);
    for mail in mails.iter().filter(|mail| !mail.answered) {
        assert!(rig.mails(&mail.from, "INBOX").is_empty(), "{} was answered", mail.from);
    }
    assert_eq!(cases(&config).len(), owed.len());
}
