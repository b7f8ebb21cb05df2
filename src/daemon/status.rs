//! How things are: for the alarm, and for the service manager.

use super::Daemon;

impl Daemon {
    /// Looks whether something is wrong with mail itself.
    pub(super) async fn look_for_trouble(&mut self) {
        let unread = self.folders.unread(self.alarms.start());
        let now = self.wall.now();
        let (desk, store, channels) = (&self.desk, &self.store, &self.edges.channels);
        self.alarms.look(now, desk, store, channels, unread).await;
    }

    /// Tells the service manager how things are, where that has changed.
    pub(super) fn tell_status(&mut self) {
        if self.folders.all_heard() && self.edges.manager.ready() {
            tracing::info!("ready");
        }
        if !self.edges.manager.hears() {
            return;
        }
        let books = self.desk.books();
        let folders = self.edges.folders().count().saturating_sub(self.folders.resting());
        let trouble = self.alarms.status().map(|status| status + "; ").unwrap_or_default();
        let status = format!(
            "{trouble}watching {} of {folders} folders; {} open cases; {} letters waiting",
            folders.saturating_sub(self.folders.unwatched()),
            books.open_cases(),
            books.outbox().len(),
        );
        self.edges.manager.status(status);
    }
}
