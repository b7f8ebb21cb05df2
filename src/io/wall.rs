//! The only place that reads a clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::desk::time::{Moment, Span};

/// The wall clock, as the desk is told it: it never runs backwards. While the clock of the machine
/// is behind what was told before, time goes on from there as a stop watch would tell it.
#[derive(Debug)]
pub struct Wall(Mutex<Told>);

#[derive(Clone, Copy, Debug)]
struct Told {
    moment: Moment,
    at: Instant,
}

impl Wall {
    /// A clock that shows what the machine's clock shows now.
    pub fn new() -> Wall {
        Wall(Mutex::new(Told { moment: read(), at: Instant::now() }))
    }

    /// The moment that it is.
    pub fn now(&self) -> Moment {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stop_watch = told.moment + Span::seconds(told.at.elapsed().as_secs());
        let wall = read();
        if wall < stop_watch {
            return stop_watch;
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
