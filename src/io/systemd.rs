//! What the service manager is told (sd_notify(3)). Without a service manager nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The daemon is ready: it knows where each folder stands.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The daemon begins anew, and says [`ready`] when it has.
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

/// The loop makes progress.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often [`alive`] has to be called: half of what the unit's `WatchdogSec` allows.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}
