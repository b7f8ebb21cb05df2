//! The only loop: it joins the desk and the edges.
//!
//! Whatever comes in — mails, outcomes, an operator's question, the time — is worked through on a
//! draft of the desk, made durable together with the cursor of the folder it came from, and only
//! then acted upon. If the disk refuses, the draft is dropped and nothing has happened.

mod afterwards;
mod alarm;
mod arrivals;
mod claims;
mod command;
mod copies;
mod draft;
mod edges;
mod folders;
mod journal;
mod reading;
mod receipts;
mod sending;
mod status;
mod tasks;
mod traces;
mod turn;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use self::afterwards::Afterwards;
use self::alarm::Alarms;
use self::claims::{Claims, Contested};
pub use self::command::command;
use self::command::{Failed, lines};
use self::copies::Copies;
use self::draft::Draft;
pub use self::draft::DraftError;
pub use self::edges::{Around, Edges};
use self::folders::Folders;
use self::reading::News;
pub use self::receipts::record_receipts;
use self::traces::Traces;
use crate::desk::alarm::Owed;
use crate::desk::command::Said;
use crate::desk::event::Event;
use crate::desk::folder::Folder;
use crate::desk::ids::CaseId;
use crate::desk::letter::{Letter, LetterId};
use crate::desk::wording::Wording;
use crate::desk::{Desk, Input};
use crate::io::control::{Answer, Asked, Request};
use crate::io::smtp::Tried;
use crate::io::store::{Store, StoreError};
use crate::io::wall::Wall;
use crate::query;

/// How many inputs are made durable together.
const BATCH: usize = 64;
/// A mail whose sender is told twice is worse than one that waits: after a failed write, so long.
const AFTER_FAILED_WRITE: Duration = Duration::from_secs(2);

/// Everything the loop holds.
pub struct Daemon {
    desk: Desk,
    store: Store,
    wording: Wording,
    wall: Wall,
    edges: Edges,
    folders: Folders,
    /// Letters that are to be kept in the folder for sent mail.
    copies: Copies,
    /// What is wrong with mail itself, and who is told.
    alarms: Alarms,
    /// Letters that may have left before this start.
    traces: Traces,
    /// Letters that another Watchpost may send as well.
    claims: Claims,
    /// What was heard of them while the disk was waited for, and is still to be decided on.
    contested: Vec<Contested>,
    /// Letters that were written just now and cannot leave yet.
    fresh: BTreeMap<LetterId, Letter>,
    /// The next of them, oldest first, which wait for nothing but room.
    ready: VecDeque<LetterId>,
    /// Letters that are with the SMTP edge now.
    in_flight: BTreeSet<LetterId>,
    /// Outcomes that could not be made durable yet.
    unsaved: Vec<Tried>,
    /// Set after a failed commit, until everything is read again.
    stale: bool,
    /// Set once the end has begun: no letter is begun any more.
    stopping: bool,
    /// How many times in a row nothing could be recorded.
    failures: u32,
}

/// How many times in a row nothing can be recorded before the daemon gives up: a disk that is full
/// gets some minutes to be emptied.
const MOST_FAILURES: u32 = 200;

/// Why the daemon ends by itself: a new start helps, or tells what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The disk refuses.
    #[error("nothing could be recorded for too long; the log tells why")]
    NoRecord,
    /// A task is gone, and its work would be left undone.
    #[error("{0} has ended, which is a defect; please report it")]
    Broken(String),
    /// A thread does not end, and what it read is recorded as unreadable.
    #[error(
        "a mail that could not be read to its end was put before a human; a new start frees what \
         its reading holds"
    )]
    Stuck,
}

/// What woke the loop.
enum Woken {
    News(News),
    Outcome(Tried),
    Alarm(Tried),
    Asked(Asked),
    Time,
    Stop,
    /// A part that should last is gone.
    Broken(String),
}

impl Daemon {
    /// Joins a desk, as the store left it, and the edges.
    pub async fn new(
        desk: Desk,
        store: Store,
        wording: Wording,
        wall: Wall,
        edges: Edges,
    ) -> Result<Daemon, query::LoadError> {
        let folders = Folders::of(&store, edges.folders(), wall.now()).await?;
        for (inbox, Owed { cases, letters }) in desk.unconfigured() {
            tracing::error!(
                inbox,
                cases,
                letters,
                "this inbox is not configured any more: nobody is reminded of its open cases, no mail joins \
                 them, and its letters wait. Where it was renamed, give it this name again; where `name` is \
                 left out, its first recipient makes it"
            );
        }
        let copies = Copies::of(&desk, &edges, wall.now());
        let alarms = Alarms::of(&store, wall.now()).await?;
        let traces = Traces::of(&desk, &edges, &folders, wall.now());
        let own = desk.keys().identity();
        tracing::info!(name = %own, "what this Watchpost is called where another one watches too");
        let claims = Claims::of(own);
        Ok(Daemon {
            desk,
            store,
            wording,
            wall,
            edges,
            folders,
            copies,
            alarms,
            traces,
            claims,
            contested: Vec::new(),
            fresh: BTreeMap::new(),
            ready: VecDeque::new(),
            in_flight: BTreeSet::new(),
            unsaved: Vec::new(),
            stale: false,
            stopping: false,
            failures: 0,
        })
    }

    /// Runs until `stop` is done, then lets the letters that are on their way arrive, and closes the
    /// store. Ends with an error where nothing can be recorded any more: a service manager starts it
    /// again, and what is wrong with the store is then told plainly.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Ended> {
        let mut stop = std::pin::pin!(stop);
        self.send_due(Vec::new()).await;
        let mut wake = Instant::now();
        loop {
            self.look().await;
            // Who asks again and again puts nothing off.
            wake = wake.min(Instant::now() + self.pause());
            let woken = self.next(wake, stop.as_mut()).await?;
            if !matches!(woken, Woken::Asked(_)) {
                wake = Instant::now() + self.wall.longest_sleep();
            }
            if let Woken::Stop = woken {
                break;
            }
            self.turn(woken).await?;
            if self.edges.are_stuck() {
                self.stop().await;
                return Err(Ended::Stuck);
            }
        }
        self.stop().await;
        Ok(())
    }

    /// Waits for what comes next. In a long sleep the service manager hears of us meanwhile.
    async fn next(
        &mut self,
        wake: Instant,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Woken, Ended> {
        loop {
            let until = self.edges.manager.next_beat().map_or(wake, |beat| beat.min(wake));
            let woken = tokio::select! {
                biased;
                () = &mut stop => Woken::Stop,
                name = self.edges.tasks.ended() => Woken::Broken(name),
                () = self.store.gone() => return Err(Ended::NoRecord),
                Some(tried) = self.edges.outcomes.recv() => Woken::Outcome(tried),
                Some(tried) = self.edges.channels.outcomes.recv() => Woken::Alarm(tried),
                Some(asked) = self.edges.asked.recv() => Woken::Asked(asked),
                Some(news) = self.edges.news.next() => Woken::News(news),
                () = self.wall.sleep_until(until) => Woken::Time,
            };
            let is_beat = (until..wake).contains(&Instant::now());
            if !is_beat || !matches!(woken, Woken::Time) {
                return Ok(woken);
            }
            self.edges.manager.alive();
        }
    }

    /// Looks how things are, between one turn and the next.
    async fn look(&mut self) {
        self.look_for_trouble().await;
        self.tell_status();
    }

    /// How long the loop may sleep if nothing comes in.
    fn pause(&self) -> Duration {
        if !self.contested.is_empty() {
            return Duration::ZERO;
        }
        let ends = [self.edges.manager.next_wakeup(), self.edges.next_stuck()];
        let longest = ends.into_iter().flatten().fold(self.wall.longest_sleep(), Duration::min);
        if self.stale || !self.unsaved.is_empty() {
            return longest.min(AFTER_FAILED_WRITE);
        }
        let now = self.wall.now();
        let alarm = self.alarms.next_wakeup(now, &self.desk, &self.edges.channels);
        let claims = self.claims.next_wakeup(now);
        let folders = self.folders.next_wakeup(now);
        let own = [self.copies.next_wakeup(), self.traces.next_wakeup(), folders, claims, alarm];
        match self.desk.next_wakeup(now).into_iter().chain(own.into_iter().flatten()).min() {
            Some(next) => longest.min(Duration::from_secs(next.since(now).as_seconds())),
            None => longest,
        }
    }

    /// Takes what else is waiting, and works through all of it as one batch.
    async fn work(&mut self, mut news: Vec<News>) {
        while self.unsaved.len() < BATCH {
            let Ok(tried) = self.edges.outcomes.try_recv() else { break };
            self.unsaved.push(tried);
        }
        let mails = |news: &[News]| news.iter().map(News::mails).sum::<usize>();
        while mails(&news) < BATCH {
            let Some(more) = self.edges.news.at_hand() else { break };
            news.push(more);
        }
        let folders: Vec<Folder> = news.iter().filter_map(News::folder_of_mails).cloned().collect();
        if let Err(error) = self.record(news).await {
            tracing::error!(%error, "nothing was recorded; it is tried again");
            self.alarms.unrecorded(self.wall.now(), &error.to_string());
            self.stale = true;
            // The same names may be given to other letters.
            self.claims.forget();
            self.contested.clear();
            self.ready.clear();
            let hopeless = matches!(error, DraftError::Store(StoreError::Closed));
            self.failures = if hopeless { MOST_FAILURES } else { self.failures + 1 };
            self.folders.dropped(folders);
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
        self.claim_before_the_disk(&draft);
        self.mark_before_the_disk(&draft);
        let committed = self.commit(draft).await?;
        self.desk = committed.desk;
        self.alarms.recorded(self.wall.now(), !committed.events.is_empty());
        // With them goes what they held: a doubt, or the place of a receipt.
        for tried in self.unsaved.drain(..) {
            self.in_flight.remove(&tried.letter);
        }
        self.folders.advance(&mut afterwards.progress);
        for event in &committed.events {
            self.copies.note(self.desk.books(), &self.edges, event);
            self.traces.note(self.desk.books(), &self.edges, &self.folders, event);
            self.claims.note(&self.edges, self.desk.books(), event, &self.in_flight);
        }
        for folder in &afterwards.opened {
            self.copies.opened(folder);
            self.traces.opened(folder);
        }
        for (folder, letter, found) in &afterwards.looked {
            self.traces.looked(folder, letter, *found);
        }
        for folder in &afterwards.absent {
            self.traces.absent(folder);
        }
        for letter in &afterwards.not_kept {
            self.copies.refused(letter);
        }
        self.traces.ask(&self.edges);
        self.send_due(committed.letters).await;
        // What can wait, after what cannot.
        committed.events.iter().for_each(journal::note);
        self.file_due().await;
        afterwards.tell(&self.edges);
        Ok(())
    }

    /// A commit that failed may have happened all the same: then the disk knows more than we do, and
    /// everything is read again before anything is decided.
    async fn catch_up_with_the_disk(&mut self) -> Result<(), DraftError> {
        if self.stale {
            let (past, _) = query::past(&self.store, self.wall.now()).await?;
            self.desk = self.desk.reopened(past);
            self.folders.reload(&self.store).await?;
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
        for Tried { letter, outcome, .. } in &self.unsaved {
            let (letter, outcome) = (letter.clone(), outcome.clone());
            draft.take(&self.wording, &Input::Delivery { letter, outcome });
        }
        for contested in self.contested.drain(..) {
            contested.decide(draft, &self.wording);
        }
        for (to, made) in &self.alarms.sent {
            draft.take(&self.wording, &Input::CanarySent { to: to.clone(), made: *made });
        }
        for item in news {
            for contested in self.claims.hear(&item, draft.now()) {
                contested.decide(draft, &self.wording);
            }
            let (store, wording) = (&self.store, &self.wording);
            self.folders.take(draft, store, wording, item, afterwards).await?;
        }
        // Within one second mails come first, and the clock last.
        let behind = self.folders.are_behind(draft.now());
        if !behind && !self.folders.is_rebuilding(draft.now(), None, afterwards) {
            draft.take(&self.wording, &Input::Time);
        }
        Ok(())
    }

    /// Does what is said. Answers what is asked beside the loop, on a copy of what is known now.
    async fn answer(&mut self, asked: Asked) {
        // Whoever asked may be gone; then nobody misses the answer.
        if let Request::Do { case, said } = asked.request {
            let _ = asked.answer.send(self.command(case, said).await);
            return;
        }
        let (desk, store) = (self.desk.clone(), self.store.clone());
        tokio::spawn(async move {
            let answer = query::answer(&desk, &store, &asked.request).await;
            let _ = asked.answer.send(answer);
        });
    }

    /// Does what an operator said, unless it cannot be done, and tells them what followed.
    async fn command(&mut self, case: CaseId, said: Said) -> Answer {
        match self.obey(case, said).await {
            Ok(events) => lines(&events),
            Err(failed) => {
                if let Failed::Disk(error) = &failed {
                    tracing::error!(%error, "what an operator said was not recorded");
                    self.stale = true;
                }
                Err(failed.told())
            }
        }
    }

    async fn obey(&mut self, case: CaseId, said: Said) -> Result<Vec<Event>, Failed> {
        self.catch_up_with_the_disk().await?;
        let (desk, store, now) = (&self.desk, &self.store, self.wall.now());
        let committed = command::record(desk, store, &self.wording, now, case, said).await?;
        self.desk = committed.desk;
        committed.events.iter().for_each(journal::note);
        self.send_due(committed.letters).await;
        Ok(committed.events)
    }

    /// Lets letters that are on their way arrive, so that none is sent twice after the next start.
    async fn stop(mut self) {
        self.stopping = true;
        self.edges.stop_reading();
        // What no connection has begun stays in the outbox.
        self.edges.relays.clear();
        let patience = tokio::time::sleep(PATIENCE_AT_STOP);
        let mut patience = std::pin::pin!(patience);
        while !self.in_flight.is_empty() || self.alarms.is_busy() {
            self.edges.manager.alive();
            let beat = self.edges.manager.next_beat().unwrap_or(Instant::now() + PATIENCE_AT_STOP);
            tokio::select! {
                tried = self.edges.outcomes.recv(), if !self.in_flight.is_empty() => match tried {
                    Some(tried) => self.unsaved.push(tried),
                    None => self.in_flight.clear(),
                },
                Some(tried) = self.edges.channels.outcomes.recv() => {
                    self.alarms.outcome(self.wall.now(), tried);
                }
                () = tokio::time::sleep_until(beat) => {}
                () = &mut patience => break,
            }
            self.work(Vec::new()).await;
        }
        self.alarms.keep(self.wall.now(), &self.store).await;
        self.store.close().await;
    }
}

/// Well under the ten seconds in which a service has to stop.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(6);
