//! The only place that reads a clock.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::desk::time::{Moment, Span};

/// The wall clock, as the desk is told it: it never runs backwards. While the clock of the machine
/// is behind what was told before, time goes on from there as a stop watch would tell it.
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
        let stop_watch = told.moment + Span::seconds(told.at.elapsed().as_secs());
        let wall = (self.read)();
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
