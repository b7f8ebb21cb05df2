//! How long until the next connection.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// The waits between connections that fail.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    login: bool,
}

impl Backoff {
    /// Doubles from a second to five minutes; after a refused login from a minute to a quarter of
    /// an hour, since each try may bring the account nearer to being locked. Up to a quarter is
    /// added by chance, so that the folders of a server do not come back in step.
    pub(super) fn next(&mut self, login: bool) -> Duration {
        if self.login != login {
            *self = Backoff { failures: 0, login };
        }
        let (first, most) = if login { (60, 15 * 60) } else { (1, 5 * 60) };
        let wait = Duration::from_secs((first << self.failures.min(10)).min(most));
        self.failures = self.failures.saturating_add(1);
        with_chance(wait)
    }
}

/// After something has cost so many connections in a row…
const TRIES: u32 = 3;
/// … it is left alone for so long.
const REST: Duration = Duration::from_hours(1);

/// What a folder can do without, and what cost its connection again and again.
#[derive(Debug, Default)]
pub(super) struct Truce {
    lost: u32,
    until: Option<Instant>,
}

impl Truce {
    /// Whether it is left alone now.
    pub(super) fn holds(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn went_well(&mut self) {
        self.lost = 0;
    }

    /// It cost the connection; whether it is left alone now.
    pub(super) fn lost(&mut self) -> bool {
        self.lost = self.lost.saturating_add(1);
        if self.lost >= TRIES {
            self.until = Some(Instant::now() + REST);
        }
        self.holds()
    }
}

/// This wait, and up to a quarter of it.
pub(super) fn with_chance(wait: Duration) -> Duration {
    wait + wait / 4 * (chance() % 256) / 256
}

/// Not the desk's kind of chance: only the edges' timing hangs on it.
fn chance() -> u32 {
    u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_start_anew_when_the_trouble_changes() {
        let mut backoff = Backoff::default();
        let mut within = |login, seconds: u64| {
            let (wait, least) = (backoff.next(login), Duration::from_secs(seconds));
            assert!(wait >= least && wait <= least * 5 / 4, "{wait:?} for {seconds}");
        };
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            within(false, seconds);
        }
        for seconds in [60, 120, 240, 480, 900, 900] {
            within(true, seconds);
        }
        within(false, 1);
    }
}
