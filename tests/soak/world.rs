//! The world around the daemon: it moves the clock, brings the mail, and breaks things.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use watchpost::config;
use watchpost::config::settings::Settings;
use watchpost::daemon::{Around, Daemon, Edges, Ended};
use watchpost::desk::Desk;
use watchpost::desk::command::Said;
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::ids::CaseId;
use watchpost::desk::keys::Keys;
use watchpost::desk::letter::{Letter, LetterId};
use watchpost::desk::message::MessageId;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::record;
use watchpost::desk::table::Table;
use watchpost::desk::thread::{Tied, message_key};
use watchpost::desk::time::Moment;
use watchpost::desk::wording::Wording;
use watchpost::io::control::{Asked, Request};
use watchpost::io::imap::{Fetched, FromFolder, ToFolder};
use watchpost::io::smtp::Tried;
use watchpost::io::store::Store;
use watchpost::io::wall::Wall;
use watchpost::query;

use crate::mails::{self, What};
use crate::measure::Look;
use crate::office::{Done, Office};
use crate::plan::{Care, Crash, Fate, Fault, Life, Plan, START, Weather};
use crate::relay::Relay;

/// What is planned for a moment.
#[derive(Clone, Debug)]
enum Happening {
    Arrives(Role, What, u32),
    /// What could not be planned comes in.
    Comes(Vec<u8>),
    Said(u32, Said),
    Broken(Fault),
    Weather(Weather),
    Start,
    Outcome(LetterId, Outcome),
    Look,
    /// The next mail of the plan.
    Next(u32),
}

/// A daemon that runs, with the far ends of its channels.
struct Running {
    daemon: Daemon,
    store: Store,
    tell: mpsc::Sender<FromFolder>,
    errands: BTreeMap<Folder, mpsc::Receiver<ToFolder>>,
    letters: mpsc::Receiver<Letter>,
    outcomes: mpsc::Sender<Tried>,
    asks: mpsc::Sender<Asked>,
}

/// Some time in which something was not as it should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) kind: TroubleKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TroubleKind {
    /// Nobody was there: the daemon was down, or the machine slept.
    Down,
    /// Mail could not be read.
    Unread,
    /// The clock was wrong.
    Clock,
    /// The relay did not take letters.
    Relay,
}

/// The clock of the machine.
#[derive(Clone)]
struct Clock {
    zero: Instant,
    ahead: Arc<AtomicI64>,
}

impl Clock {
    fn read(&self) -> i64 {
        START
            + i64::try_from(self.zero.elapsed().as_secs()).unwrap()
            + self.ahead.load(Ordering::Relaxed)
    }
}

/// What was counted on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) crashes: u32,
    pub(super) on_their_way: u32,
    pub(super) letters: u32,
    pub(super) delivered: u32,
}

pub(super) struct World {
    pub(super) plan: Plan,
    dir: PathBuf,
    pub(super) settings: Settings,
    clock: Clock,
    /// The true time.
    now: i64,
    plans: BTreeMap<(i64, u64), Happening>,
    planned: u64,
    office: Office,
    pub(super) relay: Relay,
    running: Option<Running>,
    /// The folder of the store; a crash may leave it and go on with a copy.
    state: PathBuf,
    lives: u32,
    /// When the daemon wants to be woken.
    wake: i64,
    /// It dies the n-th time that it waits from here on.
    bomb: Option<(u32, i64)>,
    /// Letters of whose outcome it cannot be said yet that the daemon knows it.
    unsure: Vec<LetterId>,
    said: VecDeque<(u32, Said)>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) looks: Vec<Look>,
    pub(super) counts: Counts,
}

/// A clock that is set back is agreed with again after twice the time by which it was.
const AFTER_A_STEP: i64 = 400;
/// After a dropped connection the next one is tried so much later.
const AGAIN: i64 = 2;

pub(super) fn settings(plan: Plan) -> Settings {
    let size = plan.size;
    let text = format!(
        "[project]\nname = \"Express\"\ncase_prefix = \"EXP\"\n\
         [promises]\nacknowledgement = \"48h\"\nresponse = \"{}s\"\nresponse_reminders = [\"{}s\"]\n\
         escalate_every = \"{}s\"\n\
         [waiting]\nremind = \"14d\"\n\
         [team]\nlead = \"kim\"\ndeputies = [\"lee\"]\nmembers = [\"sam\"]\n\
         outside = [\"cert@foundation.example\"]\n\
         [digest]\nevery = \"day\"\n\
         [[member]]\nname = \"kim\"\naddresses = [\"kim@project.example\"]\n\
         [[member]]\nname = \"lee\"\naddresses = [\"lee@project.example\"]\n\
         [[member]]\nname = \"sam\"\naddresses = [\"sam@project.example\"]\n\
         [[inbox]]\nname = \"security\"\nrecipients = [\"security@project.example\"]\n\
         authserv_id = \"mx.project.example\"\n\
         [inbox.imap]\nhost = \"localhost\"\nuser = \"security\"\npassword = {{ file = \"/nowhere\" }}\n\
         folders = [\"INBOX\"]\nsent = \"Sent\"\njunk = false\ncopies = true\n\
         [inbox.smtp]\nhost = \"localhost\"\nsecurity = \"none\"\n",
        size.response, size.reminder, size.escalate_every
    );
    config::parse("soak", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

impl World {
    pub(super) fn new(plan: Plan, dir: &Path) -> World {
        let clock = Clock { zero: Instant::now(), ahead: Arc::default() };
        let mut world = World {
            plan,
            dir: dir.to_owned(),
            settings: settings(plan),
            clock,
            now: START,
            plans: BTreeMap::new(),
            planned: 0,
            office: Office::new(plan, dir),
            relay: Relay::new(plan.lots(0x4e1a), dir),
            running: None,
            state: dir.join("store-0"),
            lives: 0,
            wake: START,
            bomb: None,
            unsure: Vec::new(),
            said: VecDeque::new(),
            troubles: Vec::new(),
            looks: Vec::new(),
            counts: Counts::default(),
        };
        world.plan(START, Happening::Start);
        world.plan(plan.life(0).arrived, Happening::Next(0));
        for (at, fault) in plan.faults() {
            world.plan(at, Happening::Broken(fault));
        }
        let looks = plan.size.length / plan.size.look;
        for n in 1..=looks {
            world.plan(START + n * plan.size.look, Happening::Look);
        }
        world
    }

    fn plan(&mut self, at: i64, what: Happening) {
        self.planned += 1;
        self.plans.insert((at, self.planned), what);
    }

    /// Goes from one thing that happens to the next, until the end.
    pub(super) async fn run(&mut self) {
        while self.now < self.plan.end() {
            let planned = self.plans.keys().next().map_or(i64::MAX, |(at, _)| *at);
            let wake = if self.running.is_some() { self.wake } else { i64::MAX };
            let boxes = self.office.boxes();
            let connect = boxes.iter().filter(|of| of.read_upto.is_none()).map(|of| of.connect_at);
            let connect = connect.min().filter(|_| wake < i64::MAX).unwrap_or(i64::MAX);
            let next = planned.min(wake).min(connect).clamp(self.now, self.plan.end());
            self.move_to(next).await;
            self.happen().await;
            self.bring().await;
        }
    }

    async fn move_to(&mut self, at: i64) {
        let step = u64::try_from(at - self.now).unwrap();
        if step > 0 {
            tokio::time::advance(Duration::from_secs(step)).await;
            self.now = at;
        }
    }

    async fn happen(&mut self) {
        while let Some(entry) = self.plans.first_entry().filter(|one| one.key().0 <= self.now) {
            let (at, _) = *entry.key();
            match entry.remove() {
                Happening::Next(n) => self.next(n),
                Happening::Arrives(role, what, n) => {
                    self.office.deliver(role, what, n, at);
                    self.counts.delivered += 1;
                }
                Happening::Comes(bytes) => {
                    self.office.deliver_bytes(Role::Inbox, &bytes, at);
                    self.counts.delivered += 1;
                }
                Happening::Said(n, said) => self.said.push_back((n, said)),
                Happening::Weather(weather) => self.relay.weather = weather,
                Happening::Start => self.start().await,
                Happening::Outcome(letter, outcome) => {
                    if let Some(running) = &self.running {
                        let tried = Tried { letter: letter.clone(), outcome, held: None };
                        running.outcomes.try_send(tried).unwrap();
                        self.unsure.push(letter);
                    }
                }
                Happening::Broken(fault) => self.breaks(fault).await,
                Happening::Look => self.look().await,
            }
        }
    }

    /// The n-th mail comes, and with it everything that will follow from it.
    fn next(&mut self, n: u32) {
        let life = self.plan.life(n);
        self.plan(life.arrived, Happening::Arrives(Role::Inbox, What::Itself, n));
        if let Some(at) = life.again {
            self.plan(at, Happening::Arrives(Role::Inbox, What::Itself, n));
        }
        if n % 20 == 3 {
            self.plan(life.arrived, Happening::Arrives(Role::Sent, What::Private, n));
        }
        if let Fate::Opens(_) = life.fate {
            self.care(n, life);
        }
        if n + 1 < self.plan.size.mails {
            self.plan(self.plan.life(n + 1).arrived, Happening::Next(n + 1));
        }
    }

    fn care(&mut self, n: u32, life: Life) {
        if let Care::Asked { at, wrote, .. } = life.care {
            self.plan(at, Happening::Said(n, Said::NeedInfo));
            self.plan(wrote, Happening::Arrives(Role::Inbox, What::More, n));
        }
        if life.care != Care::Nothing {
            let (role, what) =
                if life.by_copy { (Role::Inbox, What::Copy) } else { (Role::Sent, What::Answer) };
            self.plan(mails::answered(self.plan, n), Happening::Arrives(role, what, n));
        }
        self.plan(life.closed, Happening::Said(n, Said::Close));
        if let Some((at, closed)) = life.thanks {
            self.plan(at, Happening::Arrives(Role::Inbox, What::Thanks, n));
            self.plan(closed, Happening::Said(n, Said::Close));
        }
    }

    fn trouble(&mut self, kind: TroubleKind, length: i64) {
        let from = self.now;
        self.troubles.push(Trouble { from, until: from + length, kind });
    }

    async fn breaks(&mut self, fault: Fault) {
        match fault {
            Fault::Relay(weather, length) => {
                self.relay.weather = weather;
                self.trouble(TroubleKind::Relay, length);
                self.plan(self.now + length, Happening::Weather(Weather::Fine));
            }
            Fault::Crash { .. } if self.running.is_none() => {}
            Fault::Crash { how: Crash::MidWay(n), down } => self.bomb = Some((n, down)),
            Fault::Crash { how: Crash::AtRest, down } => self.crash(down, false),
            Fault::Crash { how: Crash::FromTheDisk, down } => self.crash(down, true),
            Fault::Unread(length) => {
                self.trouble(TroubleKind::Unread, length + AGAIN);
                self.disconnect(self.now + length).await;
            }
            Fault::Renumbered { sent } => {
                let role = if sent { Role::Sent } else { Role::Inbox };
                self.trouble(TroubleKind::Unread, AGAIN);
                self.office.renumber(role);
                self.disconnect(self.now + AGAIN).await;
            }
            Fault::Clock(ahead) => {
                let kind = TroubleKind::Clock;
                for one in self.troubles.iter_mut().filter(|one| one.kind == kind) {
                    one.until = one.until.min(self.now + AFTER_A_STEP);
                }
                self.clock.ahead.store(ahead, Ordering::Relaxed);
                let length = if ahead == 0 { AFTER_A_STEP } else { self.plan.size.length };
                self.trouble(kind, length);
            }
            Fault::Sleep(length) => {
                self.trouble(TroubleKind::Down, length);
                // What was planned meanwhile comes all at once.
                self.move_to(self.now + length).await;
            }
        }
    }

    async fn disconnect(&mut self, until: i64) {
        for of in self.office.boxes() {
            (of.read_upto, of.connect_at) = (None, until);
            of.errands.clear();
        }
        for role in [Role::Inbox, Role::Sent] {
            let folder = self.office.role(role).folder.clone();
            let (error, login_refused) = ("the connection is lost".to_owned(), false);
            let retry_in = Duration::from_secs(2);
            self.tell(FromFolder::Trouble { folder, error, login_refused, retry_in }).await;
        }
        self.fence().await;
    }

    /// The daemon is gone, with everything that it had in mind.
    fn crash(&mut self, down: i64, from_the_disk: bool) {
        let Some(mut running) = self.running.take() else { return };
        self.counts.crashes += 1;
        self.trouble(TroubleKind::Down, down);
        // What left the channel had reached the relay, and nobody hears how it went.
        let mut unsure = std::mem::take(&mut self.unsure);
        self.plans.retain(|_, one| match one {
            Happening::Outcome(letter, _) => {
                unsure.push(letter.clone());
                false
            }
            _ => true,
        });
        while let Ok(letter) = running.letters.try_recv() {
            let (_, _) = self.relay.offer(&letter, self.now);
            unsure.push(letter.id);
        }
        for letter in &unsure {
            self.relay.doubt(letter, self.now);
        }
        self.counts.on_their_way += u32::try_from(unsure.len()).unwrap();
        if from_the_disk {
            let copy = self.dir.join(format!("store-{}", self.lives));
            copy_folder(&self.state.join("store"), &copy.join("store"));
            drop(running);
            self.state = copy;
        } else {
            drop(running);
        }
        for of in self.office.boxes() {
            (of.read_upto, of.connect_at) = (None, 0);
            of.errands.clear();
        }
        self.plan(self.now + down, Happening::Start);
    }

    /// As `watchpost run` does it.
    async fn start(&mut self) {
        self.lives += 1;
        let store = open(&self.state);
        for old in fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().path()) {
            if old.is_dir() && old != self.state {
                let _ = fs::remove_dir_all(old);
            }
        }
        let clock = self.clock.clone();
        let wall = Wall::reading(move || Moment::from_unix(clock.read()));
        let (past, keys) = query::past(&store, wall.now()).await.unwrap();
        let keys = match keys {
            Some(keys) => keys,
            None => {
                let key = [7; 32];
                store.commit(vec![record::secret_key(1, &key)]).await.unwrap();
                Keys::new(vec![key]).unwrap()
            }
        };
        let desk = Desk::open(self.settings.policies(), keys, self.settings.caps, past);
        let (tell, folders) = mpsc::channel(4);
        let (give, letters) = mpsc::channel(2);
        let (outcomes, heard) = mpsc::channel(64);
        let (asks, asked) = mpsc::channel(4);
        let (mut told, mut errands) = (BTreeMap::new(), BTreeMap::new());
        for of in self.office.boxes() {
            let (sender, receiver) = mpsc::channel(64);
            told.insert(of.folder.clone(), sender);
            errands.insert(of.folder.clone(), receiver);
        }
        let relays = [("security".to_owned(), give)].into();
        let around = Around { folders, errands: told, relays, outcomes: heard, asked };
        let edges = Edges::around(&self.settings, around);
        let (wording, kept) = (Wording::shipped(), store.clone());
        let daemon = Daemon::new(desk, store, wording, wall, edges).await.unwrap();
        let store = kept;
        self.running = Some(Running { daemon, store, tell, errands, letters, outcomes, asks });
        self.wake = self.now;
    }

    /// The daemon hears of all that is there, and does what follows.
    async fn bring(&mut self) {
        for role in [Role::Inbox, Role::Sent] {
            let of = self.office.role(role);
            if of.read_upto.is_none() && of.connect_at <= self.now {
                self.connect(role).await;
            }
            self.read(role).await;
        }
        while let Some((n, said)) = self.said.pop_front() {
            if !self.say(n, said.clone()).await {
                self.said.push_front((n, said));
                break;
            }
        }
        self.settle().await;
        self.do_errands().await;
        self.office.tidy(self.now);
    }

    /// Lets the daemon do all that there is to do.
    async fn settle(&mut self) {
        loop {
            let Some(running) = &mut self.running else { return };
            match settled(&mut running.daemon, &mut self.bomb).await {
                Some(Ok(pause)) => {
                    self.unsure.clear();
                    self.wake = self.now + i64::try_from(pause.as_secs()).unwrap();
                }
                Some(Err(ended)) => panic!("the daemon ended: {ended}"),
                None => {
                    let down = self.bomb.take().map_or(1, |(_, down)| down);
                    self.crash(down, false);
                    return;
                }
            }
            if !self.take_what_it_sends() && self.wake > self.now {
                return;
            }
        }
    }

    /// Letters to the relay, errands to the folders; false where there are none.
    fn take_what_it_sends(&mut self) -> bool {
        let Some(running) = &mut self.running else { return false };
        let mut some = false;
        let mut letters = Vec::new();
        while let Ok(letter) = running.letters.try_recv() {
            letters.push(letter);
        }
        for of in self.office.boxes() {
            let errands = running.errands.get_mut(&of.folder).unwrap();
            while let Ok(errand) = errands.try_recv() {
                some = true;
                of.errands.push_back(errand);
            }
        }
        for letter in letters {
            some = true;
            self.counts.letters += 1;
            let (outcome, after) = self.relay.offer(&letter, self.clock.read());
            if let Outcome::Accepted(_) = outcome {
                self.arrives(&letter);
            }
            if after == 0 {
                let outcomes = &self.running.as_ref().unwrap().outcomes;
                let of = letter.id.clone();
                outcomes.try_send(Tried { letter: of, outcome, held: None }).unwrap();
                self.unsure.push(letter.id);
            } else {
                self.plan(self.now + after, Happening::Outcome(letter.id, outcome));
            }
        }
        some
    }

    /// What a letter brings about.
    fn arrives(&mut self, letter: &Letter) {
        let Some(answered) = letter.in_reply_to.as_ref().filter(|_| letter.id.case().is_some())
        else {
            return;
        };
        let Some(n) = number(answered).filter(|_| letter.id.as_notice().is_none()) else { return };
        let life = self.plan.life(n);
        let (to, at) = (letter.to.address.to_string(), self.now + 40);
        if life.bounces && letter.id.0.ends_with("/acknowledgement") {
            let bytes = mails::bounce(&to, &letter.message_id, at);
            self.plan(at, Happening::Comes(bytes));
        } else if life.away {
            let bytes = mails::away(&to, &letter.message_id, at);
            self.plan(at, Happening::Comes(bytes));
        }
    }

    /// Says something to the daemon that has no answer.
    async fn tell(&mut self, words: FromFolder) {
        if let Some(running) = &self.running {
            running.tell.send(words).await.unwrap();
        }
    }

    /// Waits until everything that was said before has been heard.
    async fn fence(&mut self) {
        let folder = self.office.inbox.folder.clone();
        let (reply, answer) = oneshot::channel();
        self.ask(FromFolder::Headers { folder, mails: Vec::new(), reply }, answer).await;
    }

    /// Says something, and waits for the answer; none where there will be none.
    async fn ask<T>(&mut self, words: FromFolder, mut answer: oneshot::Receiver<T>) -> Option<T> {
        self.tell(words).await;
        while self.running.is_some() {
            self.settle().await;
            match answer.try_recv() {
                Ok(answer) => return Some(answer),
                Err(oneshot::error::TryRecvError::Closed) => return None,
                // Mail is being read on another thread.
                Err(oneshot::error::TryRecvError::Empty) => tokio::task::yield_now().await,
            }
        }
        None
    }

    async fn connect(&mut self, role: Role) {
        let of = self.office.role(role);
        let (folder, counts) = (of.folder.clone(), true);
        let (uid_validity, uid_next) = (of.uid_validity, of.uid_next);
        let (reply, answer) = oneshot::channel();
        let opened =
            FromFolder::Selected { folder, uid_validity, uid_next, counts, set_back: false, reply };
        let cursor = self.ask(opened, answer).await;
        let (now, of) = (self.now, self.office.role(role));
        let Some(cursor) = cursor else {
            of.connect_at = now + AGAIN;
            return;
        };
        assert_eq!(cursor.uid_validity, uid_validity, "a cursor of other numbers");
        of.read_upto = Some(cursor.last_uid);
        self.read(role).await;
        let folder = self.office.role(role).folder.clone();
        self.tell(FromFolder::Watching { folder, idle: true }).await;
        self.fence().await;
    }

    /// Hands over what is new.
    async fn read(&mut self, role: Role) {
        while self.running.is_some() && self.office.role(role).has_news() {
            let upto = self.office.role(role).read_upto.unwrap();
            let batch = self.office.next_batch(role, upto);
            let upto = match batch.last() {
                Some(last) => last.uid,
                None => self.office.role(role).uid_next - 1,
            };
            if !self.hand_over(role, batch, upto).await {
                return;
            }
            self.office.role(role).read_upto = Some(upto);
        }
    }

    /// True once it is durable.
    async fn hand_over(&mut self, role: Role, mut mails: Vec<Fetched>, upto: u32) -> bool {
        let of = self.office.role(role);
        let (folder, uid_validity) = (of.folder.clone(), of.uid_validity);
        if role == Role::Sent && !mails.is_empty() {
            let (reply, answer) = oneshot::channel();
            let headers = mails.iter().map(|mail| {
                let end = mail.bytes.windows(2).position(|two| two == b"\n\n");
                let end = end.or(mail.bytes.windows(4).position(|four| four == b"\r\n\r\n"));
                let bytes = mail.bytes[..end.unwrap_or(mail.bytes.len())].to_vec();
                let (keywords, claims) = (mail.keywords.clone(), mail.claims.clone());
                Fetched { bytes, keywords, claims, unreadable: None, ..*mail }
            });
            let (folder, headers) = (folder.clone(), headers.collect());
            let words = FromFolder::Headers { folder, mails: headers, reply };
            let Some(wanted) = self.ask(words, answer).await else {
                return self.lost(role);
            };
            mails.retain(|mail| wanted.contains(&mail.uid));
        }
        let (reply, answer) = oneshot::channel();
        let words = FromFolder::Mails { folder, uid_validity, mails, upto, reply };
        self.ask(words, answer).await.is_some() || self.lost(role)
    }

    /// What was not taken is read again at the next connection.
    fn lost(&mut self, role: Role) -> bool {
        let (now, of) = (self.now, self.office.role(role));
        (of.read_upto, of.connect_at) = (None, now + AGAIN);
        false
    }

    async fn do_errands(&mut self) {
        for _ in 0..64 {
            let mut some = false;
            for role in [Role::Inbox, Role::Sent] {
                let of = self.office.role(role);
                if of.read_upto.is_none() || self.running.is_none() {
                    continue;
                }
                let Some(errand) = of.errands.pop_front() else { continue };
                some = true;
                let folder = of.folder.clone();
                match self.office.run(role, errand, self.now) {
                    Done::Looked(letter, found) => {
                        let letters = vec![(letter, found)];
                        self.tell(FromFolder::Looked { folder, letters }).await;
                        self.fence().await;
                    }
                    Done::Claimed(uid_validity, mails) => {
                        self.tell(FromFolder::Claimed { folder, uid_validity, mails }).await;
                        self.fence().await;
                    }
                    Done::Filed(letter, how) => {
                        self.tell(FromFolder::Filed { folder, letter, how }).await;
                        self.fence().await;
                    }
                    Done::Again(uids) if !uids.is_empty() => {
                        let upto = self.office.role(role).read_upto.unwrap_or(0);
                        let mails = self.office.fetch(role, &uids);
                        self.hand_over(role, mails, upto).await;
                    }
                    Done::Again(_) | Done::Nothing => {}
                }
            }
            if !some {
                break;
            }
        }
        let waits = self
            .office
            .boxes()
            .iter()
            .any(|of| of.read_upto.is_some() && (!of.errands.is_empty() || of.has_news()));
        if waits {
            self.wake = self.wake.min(self.now + 1);
        }
    }

    /// An operator says something of the case that a mail opened; false where nobody heard it.
    async fn say(&mut self, n: u32, said: Said) -> bool {
        let Some(running) = &self.running else { return false };
        let Some(case) = case_of(&running.store, &mails::id(n)).await else {
            // The mail is not read yet.
            let again = self.now + 30;
            self.plan(again, Happening::Said(n, said));
            return true;
        };
        let (answer, mut heard) = oneshot::channel();
        let request = Request::Do { case, said };
        running.asks.try_send(Asked { request, answer }).unwrap();
        while self.running.is_some() {
            self.settle().await;
            if heard.try_recv().is_ok() {
                return true;
            }
        }
        false
    }

    async fn look(&mut self) {
        // What is measured is the daemon as it runs.
        if self.running.is_none() {
            self.start().await;
            self.plans.retain(|_, one| !matches!(one, Happening::Start));
        }
        self.settle().await;
        let Some(running) = &self.running else { return };
        let look = Look::at(self.now, &running.store, &self.state).await;
        let started = self.looks.is_empty();
        if started {
            println!("   hour   open     rows  payload kB    disk kB  ratio   memory kB  crashes");
        }
        println!(
            "{:7} {:6} {:8} {:11} {:10} {:6.2} {:11} {:8}",
            (look.at - START) / 3600,
            look.open,
            look.rows,
            look.payload / 1024,
            look.disk / 1024,
            look.ratio(),
            look.resident,
            self.counts.crashes
        );
        self.looks.push(look);
    }

    /// The store, for whoever judges.
    pub(super) fn store(&self) -> &Store {
        &self.running.as_ref().unwrap().store
    }
}

/// The number of the mail of this id.
pub(super) fn number(id: &MessageId) -> Option<u32> {
    let left = id.as_str().split('@').next()?;
    left.strip_prefix(crate::corpus::OWED)?.parse().ok()
}

async fn case_of(store: &Store, id: &str) -> Option<CaseId> {
    let key = message_key(&MessageId::parse(id)?);
    let rows = store.scan(Table::Ties, key.to_vec(), None, 1).await.unwrap();
    let (_, value) = rows.first()?;
    Some(record::read::<Tied>("a tie", value).unwrap().case)
}

/// Lets it do all that there is to do, until the bomb goes off, if there is one.
async fn settled(
    daemon: &mut Daemon,
    bomb: &mut Option<(u32, i64)>,
) -> Option<Result<Duration, Ended>> {
    let mut settling = pin!(daemon.settle());
    std::future::poll_fn(|context| match (settling.as_mut().poll(context), &mut *bomb) {
        (Poll::Ready(settled), _) => Poll::Ready(Some(settled)),
        (Poll::Pending, Some((0, _))) => Poll::Ready(None),
        (Poll::Pending, bomb) => {
            if let Some((left, _)) = bomb {
                *left -= 1;
            }
            Poll::Pending
        }
    })
    .await
}

/// A daemon that died a moment ago may not have let go of its store yet.
fn open(state: &Path) -> Store {
    for _ in 0..2000 {
        match Store::open(state) {
            Err(watchpost::io::store::OpenError::Locked(_)) => {
                std::thread::park_timeout(Duration::from_millis(2));
            }
            opened => return opened.unwrap_or_else(|error| panic!("{error}")),
        }
    }
    panic!("the store stays locked")
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.metadata().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
