//! The only loop: it joins the desk and the edges.
//!
//! Whatever comes in — mails, outcomes, an operator's question, the time — is worked through on a
//! draft of the desk, made durable together with the cursor of the folder it came from, and only
//! then acted upon. If the disk refuses, the draft is dropped and nothing has happened.

mod afterwards;
mod draft;
mod edges;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::afterwards::Afterwards;
use self::draft::{Draft, DraftError, find};
pub use self::edges::Edges;
use self::reading::{Batch, News, ReadHeader, ReadMail};
use crate::desk::event::{Event, Fact, MailRef};
use crate::desk::folder::{Cursor, Folder, Keyword};
use crate::desk::intake::{Incoming, concerns_us};
use crate::desk::letter::{Letter, LetterId};
use crate::desk::line::without_addresses;
use crate::desk::message::MessageId;
use crate::desk::outbox::Outcome;
use crate::desk::record::{self, Progress};
use crate::desk::table::Table;
use crate::desk::time::Moment;
use crate::desk::wording::Wording;
use crate::desk::{Desk, Input};
use crate::io::control::Asked;
use crate::io::store::{Store, StoreError};
use crate::io::systemd;
use crate::io::wall::Wall;
use crate::query;

/// How many inputs are made durable together.
const BATCH: usize = 64;
/// A mail whose sender is told twice is worse than one that waits: after a failed write, so long.
const AFTER_FAILED_WRITE: Duration = Duration::from_secs(2);
/// The wall clock may be set while we sleep; never trust a longer sleep than this.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Everything the loop holds.
pub struct Daemon {
    desk: Desk,
    store: Store,
    wording: Wording,
    wall: Wall,
    edges: Edges,
    /// How far each folder has been read: what the store says, kept at hand.
    progress: BTreeMap<Folder, Progress>,
    /// Letters that are with the SMTP edge now.
    in_flight: BTreeSet<LetterId>,
    /// Outcomes that could not be made durable yet.
    unsaved: Vec<(LetterId, Outcome)>,
    /// Set after a failed commit, until everything is read again.
    stale: bool,
    /// Set once the end has begun: no letter is begun any more.
    stopping: bool,
    /// How many times in a row nothing could be recorded.
    failures: u32,
    /// Folders of which a batch was dropped: until they are selected again, and told where to read
    /// on, nothing more is taken from them.
    gaps: BTreeSet<Folder>,
    /// Folders that have not said anything yet; ready when there are none.
    silent: BTreeSet<Folder>,
    /// Folders that cannot be watched now.
    troubled: BTreeSet<Folder>,
    /// Folders whose known mails may lack a keyword, since a connection broke.
    unmarked: BTreeSet<Folder>,
}

/// How many times in a row nothing can be recorded before the daemon gives up: a disk that is full
/// gets some minutes to be emptied.
const MOST_FAILURES: u32 = 200;

/// Nothing could be recorded for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing could be recorded for too long; the log tells why")]
pub struct NoRecord;

/// What woke the loop.
enum Woken {
    News(News),
    Outcome(LetterId, Outcome),
    Asked(Asked),
    Time,
    Stop,
}

impl Daemon {
    /// Joins a desk, as the store left it, and the edges.
    pub async fn new(
        desk: Desk,
        store: Store,
        wording: Wording,
        edges: Edges,
    ) -> Result<Daemon, query::LoadError> {
        let progress = read_progress(&store).await?;
        let silent = edges.folders().cloned().collect();
        for (inbox, letters) in desk.letters_nobody_sends() {
            tracing::error!(
                inbox,
                letters,
                "letters wait for an inbox that is not configured any more"
            );
        }
        Ok(Daemon {
            desk,
            store,
            wording,
            wall: Wall::new(),
            edges,
            progress,
            in_flight: BTreeSet::new(),
            unsaved: Vec::new(),
            stale: false,
            stopping: false,
            failures: 0,
            gaps: BTreeSet::new(),
            silent,
            troubled: BTreeSet::new(),
            unmarked: BTreeSet::new(),
        })
    }

    /// Runs until `stop` is done, then lets the letters that are on their way arrive. Ends with an
    /// error where nothing can be recorded any more: a service manager starts it again, and what is
    /// wrong with the store is then told plainly.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), NoRecord> {
        let mut stop = std::pin::pin!(stop);
        self.send_due(Vec::new()).await;
        loop {
            self.tell_status();
            let pause = self.pause();
            let woken = tokio::select! {
                biased;
                () = &mut stop => Woken::Stop,
                Some((letter, outcome)) = self.edges.outcomes.recv() => Woken::Outcome(letter, outcome),
                Some(asked) = self.edges.asked.recv() => Woken::Asked(asked),
                Some(news) = self.edges.news.recv() => Woken::News(news),
                () = tokio::time::sleep(pause) => Woken::Time,
            };
            systemd::alive();
            match woken {
                Woken::Stop => break,
                Woken::Asked(asked) => {
                    self.answer(asked);
                    self.send_due(Vec::new()).await;
                }
                Woken::Time => self.work(Vec::new()).await,
                Woken::News(news) => self.work(vec![news]).await,
                Woken::Outcome(letter, outcome) => {
                    self.unsaved.push((letter, outcome));
                    self.work(Vec::new()).await;
                }
            }
            if self.failures >= MOST_FAILURES {
                return Err(NoRecord);
            }
        }
        self.stop().await;
        Ok(())
    }

    /// How long the loop may sleep if nothing comes in.
    fn pause(&self) -> Duration {
        let longest = systemd::watchdog().unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        if self.stale || !self.unsaved.is_empty() {
            return longest.min(AFTER_FAILED_WRITE);
        }
        let now = self.wall.now();
        match self.desk.next_wakeup(now) {
            Some(next) => longest.min(Duration::from_secs(next.since(now).as_seconds())),
            None => longest,
        }
    }

    /// Takes what else is waiting, and works through all of it as one batch.
    async fn work(&mut self, mut news: Vec<News>) {
        while self.unsaved.len() < BATCH {
            let Ok(outcome) = self.edges.outcomes.try_recv() else { break };
            self.unsaved.push(outcome);
        }
        let mails = |news: &[News]| news.iter().map(News::mails).sum::<usize>();
        while mails(&news) < BATCH {
            let Ok(more) = self.edges.news.try_recv() else { break };
            news.push(more);
        }
        let folders: Vec<Folder> = news.iter().filter_map(News::folder_of_mails).cloned().collect();
        if let Err(error) = self.record(news).await {
            tracing::error!(%error, "nothing was recorded; it is tried again");
            self.stale = true;
            let hopeless = matches!(error, DraftError::Store(StoreError::Closed));
            self.failures = if hopeless { MOST_FAILURES } else { self.failures + 1 };
            // What follows in these folders would leave a gap behind the cursor.
            self.gaps.extend(folders);
        } else {
            self.failures = 0;
        }
    }

    /// Works through news and unsaved outcomes, makes what follows durable, and acts.
    async fn record(&mut self, news: Vec<News>) -> Result<(), DraftError> {
        self.catch_up_with_the_disk().await?;
        let mut draft = Draft::of(&self.desk, self.wall.now());
        let mut afterwards = Afterwards::default();
        self.fill(&mut draft, news, &mut afterwards).await?;
        let committed = draft.commit(&self.store).await?;
        self.desk = committed.desk;
        for (letter, _) in self.unsaved.drain(..) {
            self.in_flight.remove(&letter);
        }
        self.progress.append(&mut afterwards.progress);
        self.note(&committed.events, &mut afterwards);
        self.send_due(committed.letters).await;
        afterwards.tell(&self.edges);
        Ok(())
    }

    /// A commit that failed may have happened all the same: then the disk knows more than we do, and
    /// everything is read again before anything is decided.
    async fn catch_up_with_the_disk(&mut self) -> Result<(), DraftError> {
        if self.stale {
            let (past, _) = query::past(&self.store).await?;
            self.desk = self.desk.reopened(past);
            self.progress = read_progress(&self.store).await?;
            self.stale = false;
        }
        Ok(())
    }

    async fn fill(
        &mut self,
        draft: &mut Draft,
        news: Vec<News>,
        afterwards: &mut Afterwards,
    ) -> Result<(), DraftError> {
        for (letter, outcome) in &self.unsaved {
            let (letter, outcome) = (letter.clone(), outcome.clone());
            draft.take(&self.wording, &Input::Delivery { letter, outcome })?;
        }
        for item in news {
            match item {
                News::Selected { folder, uid_validity, uid_next, reply } => {
                    self.silent.remove(&folder);
                    self.gaps.remove(&folder);
                    self.unmarked.insert(folder.clone());
                    let cursor =
                        self.selected(draft, folder, uid_validity, uid_next, afterwards)?;
                    afterwards.cursors.push((reply, cursor));
                }
                News::Headers { folder, mails, reply } => {
                    let ties = mails.iter().flat_map(|mail| &mail.ties);
                    let found = find(&self.store, std::iter::empty(), ties).await?;
                    let policy = draft.desk().policy(&folder.inbox);
                    let mut wanted = Wanted::default();
                    for mail in &mails {
                        let tied = !draft.tied(&mail.ties, &found)?.is_empty();
                        let ours = policy.is_some_and(|p| concerns_us(p, &mail.message));
                        wanted.look_at(mail, tied || ours);
                    }
                    afterwards.wanted.push((reply, wanted.uids));
                }
                // Dropped, and read again after the reconnect that follows.
                News::Mails(batch) if self.gaps.contains(&batch.folder) => {}
                News::Mails(batch) => self.mails(draft, batch, afterwards).await?,
                News::Lost { folder } => {
                    self.gaps.insert(folder);
                }
                News::Trouble { folder, error } => {
                    tracing::warn!(%folder, error, "this folder cannot be watched now");
                    self.silent.remove(&folder);
                    self.troubled.insert(folder);
                }
                News::Watching { folder } => {
                    if self.troubled.remove(&folder) || self.unmarked.contains(&folder) {
                        tracing::info!(%folder, "watching");
                    }
                    if self.unmarked.remove(&folder) {
                        afterwards.mark_known(&self.desk, &folder);
                    }
                }
            }
        }
        Ok(())
    }

    /// Where to read on. A folder that was never seen begins after the mail that is there: a first
    /// start answers no old mail. One whose UIDs were made anew is read again from its beginning;
    /// what is recorded is known by its content, what is older than our first look stays old.
    fn selected(
        &self,
        draft: &mut Draft,
        folder: Folder,
        uid_validity: u32,
        uid_next: u32,
        afterwards: &mut Afterwards,
    ) -> Result<Cursor, DraftError> {
        let last_old_uid = uid_next.saturating_sub(1);
        let known = afterwards.progress.get(&folder).or(self.progress.get(&folder));
        let progress = match known {
            Some(known) if known.cursor.uid_validity == uid_validity => return Ok(known.cursor),
            Some(known) => Progress {
                cursor: Cursor { uid_validity, last_uid: 0 },
                since: known.since,
                renumbered_up_to: last_old_uid,
            },
            None => Progress {
                cursor: Cursor { uid_validity, last_uid: last_old_uid },
                since: draft.now(),
                renumbered_up_to: 0,
            },
        };
        tracing::info!(%folder, last_old_uid, "this folder begins here: older mail is left alone");
        let input = Input::Folder { folder: folder.clone(), uid_validity, last_old_uid };
        draft.take(&self.wording, &input)?;
        draft.progress(&folder, &progress);
        afterwards.progress.insert(folder, progress);
        Ok(progress.cursor)
    }

    async fn mails(
        &self,
        draft: &mut Draft,
        batch: Batch,
        afterwards: &mut Afterwards,
    ) -> Result<(), DraftError> {
        let known = afterwards.progress.get(&batch.folder).or(self.progress.get(&batch.folder));
        let Some(mut progress) = known.copied() else { return Ok(()) };
        if progress.cursor.uid_validity != batch.uid_validity {
            // Fetched before the UIDs were made anew; the folder is read again.
            return Ok(());
        }
        let keys = batch.mails.iter().map(|mail| mail.key);
        let found = find(&self.store, keys, batch.mails.iter().flat_map(|mail| &mail.ties)).await?;
        let mut recorded = Vec::new();
        for mail in batch.mails {
            if is_old(&mail, &progress) {
                continue;
            }
            recorded.push(mail.uid);
            let (key, ties) = (mail.key, mail.ties.clone());
            let incoming = incoming(mail, &batch.folder, batch.uid_validity, draft.now());
            draft.take_mail(&self.wording, key, &ties, &found, incoming)?;
        }
        progress.cursor.last_uid = progress.cursor.last_uid.max(batch.upto);
        draft.progress(&batch.folder, &progress);
        afterwards.mark(&batch.folder, batch.uid_validity, Keyword::Seen, recorded);
        afterwards.progress.insert(batch.folder, progress);
        afterwards.durable.push(batch.durable);
        Ok(())
    }

    /// Writes events to the log, without addresses or content, and marks what was answered.
    fn note(&self, events: &[Event], afterwards: &mut Afterwards) {
        for event in events {
            let case = event.case.as_ref().map(ToString::to_string).unwrap_or_default();
            match &event.fact {
                Fact::Opened(opening) => {
                    let verdict = opening.verdict.kind.name();
                    let (folder, uid) = (&opening.mail.folder, opening.mail.uid);
                    tracing::info!(case, verdict, %folder, uid, "a case is opened");
                }
                Fact::Sent { letter, .. } => {
                    tracing::info!(case, %letter, "a letter was sent");
                    self.mark_answered(event, afterwards);
                }
                Fact::Held { why } => {
                    let why = why.in_words();
                    tracing::warn!(case, why, "held: a human has to look; see `watchpost show`");
                }
                Fact::Delayed { letter, why, next, .. } => {
                    let why = without_addresses(why);
                    tracing::warn!(case, %letter, why, %next, "a letter is delayed");
                }
                Fact::Refused { letter, why } => {
                    let why = without_addresses(why);
                    tracing::error!(case, %letter, why, "a letter cannot be delivered; see `watchpost show`");
                }
                Fact::Bounced { letter, failed, .. } => {
                    tracing::error!(case, %letter, failed, "a letter came back; see `watchpost show`");
                }
                Fact::RelayStopped { inbox, why, next } => {
                    let why = without_addresses(why);
                    tracing::error!(inbox, why, %next, "the mail server refuses us: no letter leaves");
                }
                Fact::RelayResumed { inbox } => {
                    tracing::info!(inbox, "the mail server takes letters again");
                }
                Fact::Joined { verdict, tie, .. } => {
                    tracing::info!(
                        case,
                        verdict = verdict.kind.name(),
                        ?tie,
                        "a mail joined its case"
                    );
                }
                Fact::SetAside { verdict, mail } => {
                    tracing::info!(
                        verdict = verdict.kind.name(),
                        uid = mail.uid,
                        "a mail is put aside"
                    );
                }
                Fact::Deferred { until, .. } => {
                    tracing::warn!(case, %until, "this address had its letters of the day");
                }
                Fact::Written { .. }
                | Fact::Covered { .. }
                | Fact::Linked { .. }
                | Fact::AnsweredBefore
                | Fact::FolderBegun { .. } => {}
            }
        }
    }

    fn mark_answered(&self, event: &Event, afterwards: &mut Afterwards) {
        let case = event.case.as_ref().and_then(|id| self.desk.books().case(id));
        if let Some(case) = case {
            let MailRef { folder, uid_validity, uid, .. } = case.mail();
            afterwards.mark(folder, *uid_validity, Keyword::Acked, vec![*uid]);
        }
    }

    /// Hands over every letter that is due and not on its way, as far as the relays take them.
    async fn send_due(&mut self, fresh: Vec<Letter>) {
        if self.stopping {
            return;
        }
        let mut fresh: BTreeMap<LetterId, Letter> =
            fresh.into_iter().map(|letter| (letter.id.clone(), letter)).collect();
        for id in self.desk.due(self.wall.now(), &self.in_flight) {
            let inbox = self.desk.books().waiting(&id).map(|waiting| waiting.inbox.clone());
            let Some(relay) = inbox.and_then(|inbox| self.edges.relays.get(&inbox)) else {
                continue;
            };
            let Ok(place) = relay.try_reserve() else { continue };
            let letter = match fresh.remove(&id) {
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
    }

    /// Answers beside the loop, on a copy of what is known now.
    fn answer(&self, asked: Asked) {
        let (desk, store) = (self.desk.clone(), self.store.clone());
        tokio::spawn(async move {
            let answer = query::answer(&desk, &store, &asked.request).await;
            // Whoever asked may be gone; then nobody misses the answer.
            let _ = asked.answer.send(answer);
        });
    }

    fn tell_status(&mut self) {
        if self.silent.is_empty() && !std::mem::replace(&mut self.edges.told_ready, true) {
            tracing::info!("ready");
            systemd::ready();
        }
        let books = self.desk.books();
        let folders = self.edges.folders().count();
        let status = format!(
            "watching {} of {folders} folders; {} open cases; {} letters waiting",
            folders.saturating_sub(self.troubled.len() + self.silent.len()),
            books.open_cases(),
            books.letters_waiting(),
        );
        if status != self.edges.told_status {
            systemd::status(&status);
            self.edges.told_status = status;
        }
    }

    /// Lets letters that are on their way arrive, so that none is sent twice after the next start.
    async fn stop(mut self) {
        systemd::stopping();
        tracing::info!("stopping");
        self.stopping = true;
        self.edges.stop_reading();
        let patience = tokio::time::sleep(PATIENCE_AT_STOP);
        let mut patience = std::pin::pin!(patience);
        while !self.in_flight.is_empty() {
            tokio::select! {
                Some(outcome) = self.edges.outcomes.recv() => self.unsaved.push(outcome),
                () = &mut patience => break,
            }
            self.work(Vec::new()).await;
        }
        self.store.close().await;
    }
}

/// Which mails of a folder are for us. A mail that answers one of them is too, although no case
/// knows that one yet.
#[derive(Default)]
struct Wanted {
    uids: Vec<u32>,
    ids: BTreeSet<MessageId>,
}

impl Wanted {
    fn look_at(&mut self, mail: &ReadHeader, ours: bool) {
        let message = &mail.message;
        let mut named = message.in_reply_to.iter().chain(&message.references);
        if ours || named.any(|id| self.ids.contains(id)) {
            self.uids.push(mail.uid);
            self.ids.extend(message.ids.iter().cloned());
        }
    }
}

/// Well under the ten seconds in which a service has to stop.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(6);

async fn read_progress(store: &Store) -> Result<BTreeMap<Folder, Progress>, query::LoadError> {
    let mut progress = BTreeMap::new();
    for (key, value) in query::all(store, Table::Cursors, Vec::new()).await? {
        if let Some(folder) = record::read_folder_key(&key) {
            progress.insert(folder, record::read("a folder's progress", &value)?);
        }
    }
    Ok(progress)
}

async fn load_letter(store: &Store, id: &LetterId) -> Result<Letter, DraftError> {
    let key = id.0.clone().into_bytes();
    let rows = store.get(Table::Letters, vec![key]).await?;
    let value = rows.into_iter().flatten().next().unwrap_or_default();
    Ok(record::read("a letter", &value)?)
}

/// After UIDs were made anew: whether the mail was there before we first looked. What the servers
/// wrote down counts, the earlier of the two, since moving a mailbox may renew INTERNALDATE.
fn is_old(mail: &ReadMail, progress: &Progress) -> bool {
    let arrived = [mail.arrived, mail.message.received].into_iter().flatten().min();
    mail.uid <= progress.renumbered_up_to && arrived.is_none_or(|moment| moment < progress.since)
}

fn incoming(mail: ReadMail, folder: &Folder, uid_validity: u32, now: Moment) -> Incoming {
    Incoming {
        mail: MailRef {
            folder: folder.clone(),
            uid_validity,
            uid: mail.uid,
            message_id: mail.message.ids.first().cloned(),
            arrived: mail.arrived.unwrap_or(now),
            size: mail.size,
        },
        message: mail.message,
        verdict: mail.verdict,
        authentication: mail.authentication,
        witness: mail.witness,
        recorded: false,
        tied: Vec::new(),
    }
}
