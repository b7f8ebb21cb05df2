//! The only place that reads a clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::desk::time::Moment;

/// The wall clock, as the desk is told it: it may stand still, it never runs backwards.
#[derive(Debug)]
pub struct Wall(AtomicI64);

impl Wall {
    /// A clock that will not show anything before `earliest`.
    pub fn starting_at(earliest: Moment) -> Wall {
        Wall(AtomicI64::new(earliest.unix()))
    }

    /// The moment that it is.
    pub fn now(&self) -> Moment {
        let now = read();
        Moment::from_unix(self.0.fetch_max(now, Ordering::Relaxed).max(now))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn read() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
