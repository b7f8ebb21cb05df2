//! How far long work has come, on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};

/// A line on standard error that is written over itself.
pub(super) struct Progress {
    what: &'static str,
    total: usize,
    done: usize,
    shown: bool,
}

impl Progress {
    pub(super) fn new(what: &'static str, total: usize) -> Progress {
        let progress = Progress { what, total, done: 0, shown: io::stderr().is_terminal() };
        progress.show();
        progress
    }

    /// One more is done.
    pub(super) fn step(&mut self) {
        self.steps(1);
    }

    /// So many more are done.
    pub(super) fn steps(&mut self, count: usize) {
        self.done += count;
        self.show();
    }

    fn show(&self) {
        if self.shown {
            // Nobody misses a line that cannot be shown.
            let _ = write!(io::stderr(), "\r{}: {} of {}", self.what, self.done, self.total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
