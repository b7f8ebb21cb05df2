//! Letters on their way to the relays, and what the mail server is told while a commit waits for the disk.

use std::collections::BTreeSet;

use super::Daemon;
use super::afterwards::Afterwards;
use super::draft::{Draft, DraftError};
use crate::desk::event::{Fact, MailRef};
use crate::desk::folder::Keyword;
use crate::desk::letter::{Letter, LetterId};
use crate::desk::record;
use crate::desk::table::Table;
use crate::desk::time::Moment;
use crate::io::store::Store;

/// So many letters are kept in memory until their mails are claimed; the others are read again.
const MOST_FRESH: usize = 128;

impl Daemon {
    /// Letters wait for the disk and for the mail server; here the mail server is asked first, so that
    /// they wait for both at once. If the disk refuses, the claims stay, and we or others come back to
    /// these mails.
    pub(super) fn claim_before_the_disk(&mut self, draft: &Draft) {
        if draft.writes_letters() && !self.stopping {
            let now = draft.now();
            let due = draft.desk().due(now, &self.busy(now));
            self.claims.ask(&self.edges, draft.desk().books(), &due, now);
        }
    }

    /// The letters that are on their way, or may be.
    fn busy(&mut self, now: Moment) -> BTreeSet<LetterId> {
        let doubtful = self.traces.doubtful(now);
        self.in_flight.union(&doubtful).cloned().collect()
    }

    /// What has left has left, whether the disk takes that or not: the sooner a mail says so, the less
    /// can be sent twice after a crash, by us or by others.
    pub(super) fn mark_before_the_disk(&self, draft: &Draft) {
        let mut marks = Afterwards::default();
        for event in draft.events().iter().filter(|event| matches!(event.fact, Fact::Sent { .. })) {
            let case = event.case.as_ref().and_then(|id| draft.desk().books().case(id));
            if let Some(case) = case.filter(|case| case.acknowledged.is_some()) {
                let MailRef { folder, uid_validity, uid, .. } = case.mail();
                marks.mark(folder, *uid_validity, Keyword::Acked, vec![*uid]);
            }
        }
        marks.tell(&self.edges);
    }

    /// Hands over every letter that is due and not on its way, as far as the relays take them.
    pub(super) async fn send_due(&mut self, fresh: Vec<Letter>) {
        if self.stopping {
            return;
        }
        self.fresh.extend(fresh.into_iter().map(|letter| (letter.id.clone(), letter)));
        let now = self.wall.now();
        let busy = self.busy(now);
        let due = self.desk.due(now, &busy);
        self.claims.ask(&self.edges, self.desk.books(), &due, now);
        for id in due {
            if self.claims.hold(&id) {
                continue;
            }
            let inbox = self.desk.books().waiting(&id).map(|waiting| waiting.inbox.clone());
            let Some(relay) = inbox.and_then(|inbox| self.edges.relays.get(&inbox)) else {
                continue;
            };
            let Ok(place) = relay.try_reserve() else { continue };
            let letter = match self.fresh.remove(&id) {
                Some(letter) => letter,
                None => match load_letter(&self.store, &id).await {
                    Ok(letter) => letter,
                    Err(error) => {
                        tracing::error!(letter = %id, %error, "a letter cannot be read from the store");
                        // Told once: it is not tried again before the next start.
                        self.in_flight.insert(id);
                        continue;
                    }
                },
            };
            place.send(letter);
            self.in_flight.insert(id);
        }
        self.fresh.retain(|id, _| self.claims.hold(id));
        while self.fresh.len() > MOST_FRESH {
            self.fresh.pop_last();
        }
    }

    /// Has the letters that left a while ago kept in the folder for sent mail.
    pub(super) async fn file_due(&mut self) {
        for id in self.copies.due(self.wall.now()) {
            match load_letter(&self.store, &id).await {
                Ok(letter) => self.copies.file(&self.edges, &letter),
                Err(error) => {
                    tracing::error!(letter = %id, %error, "a letter cannot be read from the store");
                    self.copies.refused(&id);
                }
            }
        }
    }
}

async fn load_letter(store: &Store, id: &LetterId) -> Result<Letter, DraftError> {
    let key = id.0.clone().into_bytes();
    let rows = store.get(Table::Letters, vec![key]).await?;
    let value = rows.into_iter().flatten().next().unwrap_or_default();
    Ok(record::read("a letter", &value)?)
}
