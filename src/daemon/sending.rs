//! Letters on their way to the relays, and what the mail server is told while a commit waits for the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;

use tokio::sync::mpsc::{OwnedPermit, Sender};

use super::Daemon;
use super::afterwards::Afterwards;
use super::draft::{Committed, Draft, DraftError};
use super::reading::News;
use crate::desk::Desk;
use crate::desk::case::Case;
use crate::desk::event::{Fact, MailRef};
use crate::desk::folder::Keyword;
use crate::desk::letter::{Letter, LetterId};
use crate::desk::outbox::Outcome;
use crate::desk::record;
use crate::desk::table::Table;
use crate::desk::time::Moment;
use crate::io::smtp::Tried;
use crate::io::store::{Store, StoreError};

/// So many letters are kept in memory until they can leave; the others are read again.
const MOST_FRESH: usize = 128;

/// So many are read at once, if one of them has to be.
const READ_AT_ONCE: usize = 64;

/// So many letters of an inbox are looked at of those that could leave; the others are behind them.
const MOST_NEXT: usize = 256;

impl Daemon {
    /// Letters wait for the disk and for the mail server; here the mail server is asked first, so that
    /// they wait for both at once. If the disk refuses, the claims stay, and we or others come back to
    /// these mails.
    pub(super) fn claim_before_the_disk(&mut self, draft: &Draft) {
        if draft.writes_letters() && !self.stopping {
            let now = draft.now();
            let due = self.next_letters(draft.desk(), now);
            self.claims.ask(&self.edges, &self.folders, draft.desk().books(), &due, now);
        }
    }

    /// The letters that are on their way, or may be.
    fn busy(&mut self, now: Moment) -> BTreeSet<LetterId> {
        let doubtful = self.traces.doubtful(now);
        self.in_flight.union(&doubtful).cloned().collect()
    }

    /// The letters that are due and not on their way, oldest first: of each inbox those that stand by,
    /// and of the others as many as leave soon.
    fn next_letters(&mut self, desk: &Desk, now: Moment) -> Vec<LetterId> {
        let busy = self.busy(now);
        let inboxes = self.edges.relays.keys();
        let mut left: BTreeMap<&str, usize> =
            inboxes.map(|one| (one.as_str(), MOST_NEXT)).collect();
        let mut next = Vec::new();
        for (id, inbox) in desk.due_in_order(now, &busy) {
            if self.claims.hold(id) {
                next.push(id.clone());
            } else if let Some(left) = left.get_mut(inbox).filter(|left| **left > 0) {
                *left -= 1;
                next.push(id.clone());
            } else if left.values().all(|left| *left == 0) {
                break;
            }
        }
        next
    }

    /// What has left has left, whether the disk takes that or not: the sooner a mail says so, the less
    /// can be sent twice after a crash, by us or by others.
    pub(super) fn mark_before_the_disk(&self, draft: &Draft) {
        let mut marks = Afterwards::default();
        for event in draft.events().iter().filter(|event| matches!(event.fact, Fact::Sent { .. })) {
            let case = event.case.as_ref().and_then(|id| draft.desk().books().case(id));
            let marked = |case: &&Case| {
                case.acknowledged.is_some() && self.folders.still_number(case.mail())
            };
            if let Some(case) = case.filter(marked) {
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
        let due = self.next_letters(&self.desk.clone(), now);
        self.claims.ask(&self.edges, &self.folders, self.desk.books(), &due, now);
        let mut leaving = Vec::new();
        for id in due.iter().filter(|id| !self.claims.hold(id)) {
            let inbox = self.desk.books().outbox().get(id).map(|waiting| &waiting.inbox);
            let relay = inbox.and_then(|inbox| self.edges.relays.get(inbox));
            if let Some(Ok(place)) = relay.map(|relay| relay.clone().try_reserve_owned()) {
                leaving.push((id.clone(), place));
            }
        }
        let unknown = leaving.iter().map(|(id, _)| id).filter(|id| !self.fresh.contains_key(*id));
        let mut unknown: Vec<LetterId> = unknown.cloned().collect();
        if !unknown.is_empty() {
            // Those that leave next are read along.
            let apart = |id: &&LetterId| {
                let known = self.claims.hold(id) || self.fresh.contains_key(*id);
                !known && !leaving.iter().any(|(leaves, _)| leaves == *id)
            };
            let next = due.iter().filter(apart).take(READ_AT_ONCE.saturating_sub(unknown.len()));
            unknown.extend(next.cloned());
        }
        match load_letters(&self.store, &unknown).await {
            Ok(read) => {
                // What is damaged never leaves, and would be what a stopped relay is tried with, for ever:
                // a human is told.
                for letter in unknown.into_iter().filter(|id| !read.contains_key(id)) {
                    let outcome = Outcome::Permanent("its row in the store is damaged".to_owned());
                    self.in_flight.insert(letter.clone());
                    self.unsaved.push(Tried { letter, outcome, held: None });
                }
                self.fresh.extend(read);
            }
            // They are read again the next time round.
            Err(error) => tracing::error!(%error, "letters cannot be read from the store"),
        }
        for (id, place) in leaving {
            if let Some(letter) = self.fresh.remove(&id) {
                place.send(letter);
                self.in_flight.insert(id);
            }
        }
        self.fresh.retain(|id, _| self.desk.books().outbox().get(id).is_some());
        while self.fresh.len() > MOST_FRESH {
            self.fresh.pop_last();
        }
        let ready = |id: &LetterId| self.fresh.contains_key(id) && !self.claims.hold(id);
        self.ready = due.into_iter().filter(ready).collect();
    }

    /// Makes a draft true. A relay that is done with its letters meanwhile gets those that are ready.
    pub(super) async fn commit(&mut self, draft: Draft) -> Result<Committed, DraftError> {
        // What was made needless now does not leave any more.
        self.ready.retain(|id| draft.desk().books().outbox().get(id).is_some());
        let store = self.store.clone();
        let mut commit = std::pin::pin!(draft.commit(&store));
        loop {
            tokio::select! {
                biased;
                done = &mut commit => return done,
                place = room(self.relay_of_the_next()) => self.hand_over_the_next(place),
                Some(news) = self.edges.news.next(), if self.hears_of_claims() => self.hear(news),
            }
        }
    }

    /// Whether a letter waits for an answer about its claim that may come while the disk is waited for.
    fn hears_of_claims(&self) -> bool {
        self.claims.are_asked() && !self.edges.news.has_first()
    }

    /// Hears such an answer; everything else comes later.
    fn hear(&mut self, news: News) {
        if let News::Claimed { .. } = news {
            self.contested.extend(self.claims.hear(&news, self.wall.now()));
        } else {
            self.edges.news.put_back(news);
        }
    }

    /// Where the next letter goes that is ready.
    pub(super) fn relay_of_the_next(&self) -> Option<Sender<Letter>> {
        let next = self.ready.front().filter(|id| !self.claims.hold(id))?;
        let inbox = &self.desk.books().outbox().get(next)?.inbox;
        self.edges.relays.get(inbox).cloned()
    }

    /// Hands it over.
    pub(super) fn hand_over_the_next(&mut self, place: OwnedPermit<Letter>) {
        if let Some(id) = self.ready.pop_front()
            && let Some(letter) = self.fresh.remove(&id)
        {
            place.send(letter);
            self.in_flight.insert(id);
        }
    }

    /// Has the letters that left a while ago kept in the folder for sent mail.
    pub(super) async fn file_due(&mut self) {
        let due = self.copies.due(self.wall.now());
        match load_letters(&self.store, &due).await {
            Ok(read) => {
                for id in due {
                    match read.get(&id) {
                        Some(letter) => self.copies.file(&self.edges, letter),
                        None => self.copies.refused(&id),
                    }
                }
            }
            Err(error) => tracing::error!(%error, "letters cannot be read from the store"),
        }
    }
}

/// Waits for room for a letter; for ever where nothing takes any.
pub(super) async fn room(relay: Option<Sender<Letter>>) -> OwnedPermit<Letter> {
    match relay {
        Some(relay) => match relay.reserve_owned().await {
            Ok(place) => place,
            Err(_) => pending().await,
        },
        None => pending().await,
    }
}

/// The letters of these names, but for those whose rows are damaged.
async fn load_letters(
    store: &Store,
    ids: &[LetterId],
) -> Result<BTreeMap<LetterId, Letter>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys = ids.iter().map(|id| id.0.clone().into_bytes()).collect();
    let rows = store.get(Table::Letters, keys).await?;
    let letters = ids.iter().zip(rows).filter_map(|(id, row)| {
        match record::read("a letter", &row.unwrap_or_default()) {
            Ok(letter) => Some((id.clone(), letter)),
            Err(error) => {
                tracing::error!(letter = %id, %error, "a letter cannot be read from the store");
                None
            }
        }
    });
    Ok(letters.collect())
}
