//! The only place that reads a clock.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use crate::desk::time::{Moment, Span};
use crate::io::unix;

/// The wall clock, as the desk is told it: it never runs backwards. While the clock of the machine
/// is behind what was told before, time goes on from there at half its pace, until both agree.
pub struct Wall {
    read: Box<dyn Fn() -> Moment + Send + Sync>,
    told: Mutex<Told>,
    bell: Bell,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    moment: Moment,
    at: Instant,
}

/// What wakes a sleeper.
#[derive(Debug)]
enum Bell {
    /// The system, also when the clock is set.
    System(AsyncFd<OwnedFd>),
    /// The runtime, whatever the clock of the machine shows meanwhile.
    Runtime,
    /// Whoever moves the clock wakes whoever sleeps by it.
    Mover,
}

/// Nobody needs to look at the clock more often where its being set is heard of…
const LONGEST_SLEEP: Duration = Duration::from_mins(10);
/// … and where it is not.
const LONGEST_DEAF_SLEEP: Duration = Duration::from_secs(30);

impl Wall {
    /// A clock that shows what the machine's clock shows now. Must be called within the runtime.
    pub fn new() -> Wall {
        Wall { bell: bell().map_or(Bell::Runtime, Bell::System), ..Wall::reading(read) }
    }

    /// A clock that shows what `read` does. Its stop watch is that of the runtime, so whoever moves
    /// the one can move the other.
    pub fn reading(read: impl Fn() -> Moment + Send + Sync + 'static) -> Wall {
        let told = Mutex::new(Told { moment: read(), at: Instant::now() });
        Wall { read: Box::new(read), told, bell: Bell::Mover }
    }

    /// No sleep may be longer: the clock may be set meanwhile.
    pub fn longest_sleep(&self) -> Duration {
        match self.bell {
            Bell::System(_) | Bell::Mover => LONGEST_SLEEP,
            Bell::Runtime => LONGEST_DEAF_SLEEP,
        }
    }

    /// Sleeps until then, or until the clock is set. May be dropped while it waits.
    pub async fn sleep_until(&self, until: Instant) {
        let after = until.saturating_duration_since(Instant::now());
        if after.is_zero() {
            return;
        }
        if let Bell::System(bell) = &self.bell {
            let rung = match unix::ring_at(bell.get_ref(), since_epoch() + after) {
                Ok(true) => bell.async_io(Interest::READABLE, unix::has_rung).await,
                Ok(false) => Ok(()),
                Err(error) => Err(error),
            };
            // What it may fail for would be there at once, and for ever.
            if rung.is_ok() {
                return;
            }
        }
        tokio::time::sleep_until(until).await;
    }

    /// The moment that it is.
    pub fn now(&self) -> Moment {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let half = told.moment + Span::seconds(told.at.elapsed().as_secs() / 2);
        let wall = (self.read)();
        if wall < half {
            return half;
        }
        *told = Told { moment: wall, at: Instant::now() };
        wall
    }
}

impl Default for Wall {
    fn default() -> Wall {
        Wall::new()
    }
}

/// The moment that it is, for a single look. Whoever looks again keeps a [`Wall`].
pub fn now() -> Moment {
    read()
}

#[expect(
    deprecated,
    reason = "it asks too little of a type that lies about its descriptor; this one owns it"
)]
fn bell() -> io::Result<AsyncFd<OwnedFd>> {
    let bell = unix::bell()?;
    // Some systems have such timers, and none that hears of a clock that is set.
    unix::ring_at(&bell, since_epoch() + LONGEST_SLEEP)?;
    AsyncFd::with_interest(bell, Interest::READABLE)
}

fn read() -> Moment {
    Moment::from_unix(i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use futures_util::FutureExt as _;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_back_is_waited_for_without_standing_still() {
        let (start, ahead) = (Instant::now(), Arc::new(AtomicI64::new(100)));
        let set = Arc::clone(&ahead);
        let wall = Wall::reading(move || {
            let passed = i64::try_from(start.elapsed().as_secs()).unwrap();
            Moment::from_unix(1000 + passed + set.load(Ordering::Relaxed))
        });
        let after = |seconds| tokio::time::advance(Duration::from_secs(seconds));
        assert_eq!(wall.now().unix(), 1100);
        ahead.store(0, Ordering::Relaxed);
        assert_eq!(wall.now().unix(), 1100);
        after(60).await;
        assert_eq!(wall.now().unix(), 1130, "as letters are owed meanwhile");
        after(140).await;
        assert_eq!(wall.now().unix(), 1200, "both agree");
        after(7).await;
        assert_eq!(wall.now().unix(), 1207);
        ahead.store(3600, Ordering::Relaxed);
        assert_eq!(wall.now().unix(), 4807, "a clock that is set forward is believed");
    }

    #[tokio::test]
    async fn a_sleeper_is_woken_at_the_time_and_not_by_what_was_heard_before() {
        let wall = Wall::new();
        assert!(matches!(wall.bell, Bell::System(_)));
        let soon = || Instant::now() + Duration::from_millis(5);
        for _ in 0..3 {
            let until = soon();
            wall.sleep_until(until).await;
            assert!(Instant::now() >= until);
        }
        // One that nobody waits for any more rings all the same.
        let _ = wall.sleep_until(soon()).now_or_never();
        tokio::time::sleep_until(soon() + Duration::from_millis(5)).await;
        let until = Instant::now() + Duration::from_millis(20);
        wall.sleep_until(until).await;
        assert!(Instant::now() >= until);
    }

    #[tokio::test]
    #[ignore = "sets the clock of the machine, to what it shows; root may, with no test beside it"]
    async fn a_sleeper_is_woken_when_the_clock_is_set() {
        let set = || {
            let now = since_epoch();
            let shown = format!("@{}.{:09}", now.as_secs(), now.subsec_nanos());
            let done = std::process::Command::new("date").args(["-s", &shown]).output().unwrap();
            assert!(done.status.success(), "{done:?}");
        };
        let wall = Wall::new();
        let long = || wall.sleep_until(Instant::now() + Duration::from_hours(1));
        let later = async {
            tokio::task::yield_now().await;
            set();
        };
        let soon = Duration::from_secs(5);
        let woken = timeout(soon, async { tokio::join!(long(), later) }).await;
        woken.expect("it is heard of at once");
        // While nobody sleeps it is heard of by who sleeps next, and once.
        set();
        timeout(soon, long()).await.expect("it was heard of");
        assert!(long().now_or_never().is_none());
        set();
        timeout(soon, long()).await.expect("nor does it make anybody deaf");
    }
}
