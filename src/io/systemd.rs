//! What the service manager is told (sd_notify(3)). Without a service manager nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

/// The daemon begins anew, and says [`Manager::ready`] when it has.
pub fn reloading() {
    tell(&[NotifyState::Reloading]);
}

/// The daemon is about to end.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

/// The service manager, as the loop knows it: told of each change, and no more often than is of use.
#[derive(Debug)]
pub struct Manager {
    hears: bool,
    /// How often [`Manager::alive`] has to be called: half of what the unit's `WatchdogSec` allows.
    beat: Option<Duration>,
    alive: Option<Instant>,
    ready: bool,
    status: String,
    /// When the status was told last.
    told: Option<Instant>,
    /// It may have changed since.
    late: bool,
}

/// The status is told at most so often.
const PAUSE: Duration = Duration::from_secs(1);
/// A sign of life is not repeated within this part of that time.
const YOUNG: u32 = 8;

impl Manager {
    /// The one that started this process, if one did.
    pub fn here() -> Manager {
        Manager {
            hears: std::env::var_os("NOTIFY_SOCKET").is_some(),
            beat: sd_notify::watchdog_enabled().map(|limit| limit / 2),
            alive: None,
            ready: false,
            status: String::new(),
            told: None,
            late: false,
        }
    }

    /// Whether there is one.
    pub fn hears(&self) -> bool {
        self.hears
    }

    /// The loop makes progress.
    pub fn alive(&mut self) {
        let Some(beat) = self.beat else { return };
        if self.alive.is_none_or(|since| since.elapsed() >= beat / YOUNG) {
            tell(&[NotifyState::Watchdog]);
            self.alive = Some(Instant::now());
        }
    }

    /// The daemon is ready: it knows where each folder stands. False if that was told before.
    pub fn ready(&mut self) -> bool {
        if !self.ready {
            tell(&[NotifyState::Ready]);
        }
        !std::mem::replace(&mut self.ready, true)
    }

    /// One line for `systemctl status`; none that comes too soon after the last.
    pub fn status(&mut self, line: String) {
        self.late = self.told.is_some_and(|since| since.elapsed() < PAUSE);
        if !self.late && line != self.status {
            status(&line);
            (self.status, self.told) = (line, Some(Instant::now()));
        }
    }

    /// After how long there is something new to tell it.
    pub fn next_wakeup(&self) -> Option<Duration> {
        self.late.then_some(PAUSE)
    }

    /// When it is to hear of us at the latest; none where it does not ask for that.
    pub fn next_beat(&self) -> Option<Instant> {
        let beat = self.beat?;
        Some(self.alive.map_or_else(Instant::now, |since| since + beat))
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_status_that_comes_too_soon_is_told_a_moment_later() {
        let mut manager = Manager::here();
        assert_eq!(manager.next_wakeup(), None, "nothing is owed");
        manager.status("one case".to_owned());
        manager.status("two cases".to_owned());
        assert_eq!(manager.status, "one case");
        let pause = manager.next_wakeup().unwrap();
        tokio::time::advance(pause).await;
        manager.status("two cases".to_owned());
        assert_eq!((manager.status.as_str(), manager.next_wakeup()), ("two cases", None));
    }
}
