//! From the reader to the loop: batches, and how far they reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::error::{Error, Stop};
use super::talk::{Fetched, FromFolder};
use crate::desk::folder::Folder;

/// A batch is at most so many mails, or so many bytes unless one mail alone is more.
pub(super) const BATCH_MAILS: usize = 64;
pub(super) const BATCH_BYTES: usize = 2 << 20;
/// Mails that wait for one with a lower UID may hold so many bytes; then they go before it.
const WAITING_BYTES: usize = 4 << 20;
/// So many batches may be with the loop while the next one is read.
const UNANSWERED: usize = 2;

/// The mails of one catch-up on their way to the loop.
#[derive(Debug)]
pub(super) struct Handover<'a> {
    tell: &'a mpsc::Sender<FromFolder>,
    folder: &'a Folder,
    uid_validity: u32,
    /// UIDs that were found and are neither handed over nor settled.
    outstanding: BTreeSet<u32>,
    waiting: BTreeMap<u32, Fetched>,
    waiting_bytes: usize,
    last: u32,
    told_upto: u32,
    /// The UIDs of each batch that is with the loop, and its answer.
    unanswered: VecDeque<(Vec<u32>, oneshot::Receiver<()>)>,
    durable: Vec<u32>,
    /// How long the loop was waited for.
    waited: Duration,
}

impl<'a> Handover<'a> {
    /// For the UIDs that a search found, up to `last`, and that need something.
    pub(super) fn new(
        tell: &'a mpsc::Sender<FromFolder>,
        folder: &'a Folder,
        uid_validity: u32,
        found: &[u32],
        last: u32,
    ) -> Handover<'a> {
        Handover {
            tell,
            folder,
            uid_validity,
            outstanding: found.iter().copied().collect(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            last,
            told_upto: 0,
            unanswered: VecDeque::new(),
            durable: Vec::new(),
            waited: Duration::ZERO,
        }
    }

    /// Takes one mail; sends what is ripe.
    pub(super) async fn put(&mut self, mail: Fetched) -> Result<(), Stop> {
        if !self.outstanding.remove(&mail.uid) {
            return Ok(());
        }
        self.waiting_bytes += mail.bytes.len();
        self.waiting.insert(mail.uid, mail);
        loop {
            let highest = self.ripe_upto();
            let ripe = self.waiting.range(..=highest);
            let (count, bytes) = ripe.fold((0, 0), |(n, b), (_, m)| (n + 1, b + m.bytes.len()));
            if count >= BATCH_MAILS || bytes >= BATCH_BYTES {
                self.send(highest).await?;
            } else if self.waiting_bytes >= WAITING_BYTES {
                self.send(u32::MAX).await?;
            } else {
                return Ok(());
            }
        }
    }

    /// This UID needs no handing over: its mail is gone, or not ours.
    pub(super) fn settle(&mut self, uid: u32) {
        self.outstanding.remove(&uid);
    }

    /// Hands over all that has come: what is still outstanding may never come.
    pub(super) async fn send_waiting(&mut self) -> Result<(), Stop> {
        while !self.waiting.is_empty() {
            self.send(u32::MAX).await?;
        }
        Ok(())
    }

    /// Hands over the rest and waits until everything is durable.
    pub(super) async fn finish(&mut self) -> Result<(), Stop> {
        self.send_waiting().await?;
        if self.upto() > self.told_upto {
            self.send(0).await?;
        }
        while !self.unanswered.is_empty() {
            self.hear().await?;
        }
        Ok(())
    }

    /// The UIDs that are durable.
    pub(super) fn into_durable(self) -> Vec<u32> {
        self.durable
    }

    /// The highest UID that waits for no lower one.
    fn ripe_upto(&self) -> u32 {
        self.outstanding.first().map_or(u32::MAX, |uid| uid.saturating_sub(1))
    }

    /// The highest UID up to which nothing is left to hand over.
    fn upto(&self) -> u32 {
        let open = self.outstanding.first().into_iter().chain(self.waiting.keys().next()).min();
        open.map_or(self.last, |uid| uid.saturating_sub(1))
    }

    async fn send(&mut self, highest: u32) -> Result<(), Stop> {
        if self.unanswered.len() >= UNANSWERED {
            self.hear().await?;
        }
        let mails = self.take(highest);
        let uids = mails.iter().map(|mail| mail.uid).collect();
        let (reply, answer) = oneshot::channel();
        self.told_upto = self.upto();
        let batch = FromFolder::Mails {
            folder: self.folder.clone(),
            uid_validity: self.uid_validity,
            mails,
            upto: self.told_upto,
            reply,
        };
        self.tell.send(batch).await.map_err(|_| Stop::LoopGone)?;
        self.unanswered.push_back((uids, answer));
        Ok(())
    }

    fn take(&mut self, highest: u32) -> Vec<Fetched> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(first) = self.waiting.first_entry() {
            let size = first.get().bytes.len();
            let full = batch.len() >= BATCH_MAILS || bytes + size > BATCH_BYTES;
            if *first.key() > highest || (full && !batch.is_empty()) {
                break;
            }
            bytes += size;
            self.waiting_bytes -= size;
            batch.push(first.remove());
        }
        batch
    }

    async fn hear(&mut self) -> Result<(), Stop> {
        if let Some((uids, answer)) = self.unanswered.pop_front() {
            let since = Instant::now();
            heard(self.tell, answer).await?;
            self.waited += since.elapsed();
            self.durable.extend(uids);
        }
        Ok(())
    }

    /// How long the loop was waited for since this was asked last.
    pub(super) fn waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }
}

/// Waits for the loop's answer.
pub(super) async fn heard<T>(
    tell: &mpsc::Sender<FromFolder>,
    answer: oneshot::Receiver<T>,
) -> Result<T, Stop> {
    match answer.await {
        Ok(answer) => Ok(answer),
        Err(_) if tell.is_closed() => Err(Stop::LoopGone),
        Err(_) => Err(Stop::Failed(Error::NotTaken)),
    }
}
