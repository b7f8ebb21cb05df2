//! The only place that reads a clock.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::desk::time::{Moment, Span};

/// The wall clock, as the desk is told it: it never runs backwards. While the clock of the machine
/// is behind what was told before, time goes on from there at half its pace, until both agree.
pub struct Wall {
    read: Box<dyn Fn() -> Moment + Send + Sync>,
    told: Mutex<Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    moment: Moment,
    at: Instant,
}

impl Wall {
    /// A clock that shows what the machine's clock shows now.
    pub fn new() -> Wall {
        Wall::reading(read)
    }

    /// A clock that shows what `read` does. Its stop watch is that of the runtime, so whoever moves
    /// the one can move the other.
    pub fn reading(read: impl Fn() -> Moment + Send + Sync + 'static) -> Wall {
        let told = Mutex::new(Told { moment: read(), at: Instant::now() });
        Wall { read: Box::new(read), told }
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

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn read() -> Moment {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_unix(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

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
}
