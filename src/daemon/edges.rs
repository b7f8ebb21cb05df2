//! The tasks around the loop, and the channels to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::alarm::Channels;
use super::arrivals::Arrivals;
use super::reading::{Stuck, reader};
use super::tasks::Tasks;
use crate::config::settings::{Inbox, Settings, Smtp};
use crate::desk::folder::{Folder, Role};
use crate::desk::letter::Letter;
use crate::desk::parse::needs_more;
use crate::desk::policy::InboxKind;
use crate::desk::time::Span;
use crate::io::control::{self, Asked};
use crate::io::imap::{self, FromFolder, Gate, ToFolder, Watch};
use crate::io::smtp::{Receipts, Thread, Tried};
use crate::io::systemd::Manager;
use crate::io::{secret, smtp};

/// Everything that the loop hears from and speaks to.
pub struct Edges {
    pub(super) news: Arrivals,
    pub(super) outcomes: mpsc::Receiver<Tried>,
    pub(super) asked: mpsc::Receiver<Asked>,
    /// By inbox; inboxes that share a relay share its connections.
    pub(super) relays: Relays,
    /// The ways that an alarm takes.
    pub(super) channels: Channels,
    pub(super) manager: Manager,
    marks: Marks,
    /// The folders for sent mail in which letters are kept.
    copies: Vec<Folder>,
    /// By inbox: how long another Watchpost may take to answer.
    takeovers: BTreeMap<String, Span>,
    watchers: Vec<JoinHandle<()>>,
    stuck: Arc<Stuck>,
    /// All that should last as long as the loop.
    pub(super) tasks: Tasks,
}

/// The loop's ends of what the tasks around it do: the mail servers, the relays, the operator.
pub struct Around {
    /// What the watched folders say.
    pub folders: mpsc::Receiver<FromFolder>,
    /// What each of them is asked for.
    pub errands: BTreeMap<Folder, mpsc::Sender<ToFolder>>,
    /// The relay of each inbox.
    pub relays: BTreeMap<String, mpsc::Sender<Letter>>,
    /// How each letter fared there.
    pub outcomes: mpsc::Receiver<Tried>,
    /// What operators ask.
    pub asked: mpsc::Receiver<Asked>,
}

/// Room in the channels between the tasks and the loop: enough that nobody waits for no reason,
/// little enough that a flood waits on the mail server and not in our memory.
const ROOM: usize = 4;

impl Edges {
    /// Starts every task, those of the relays on `thread`. Must be called within the runtime.
    pub fn start(
        settings: &Settings,
        listener: UnixListener,
        thread: &Thread,
        receipts: Option<&Receipts>,
    ) -> Edges {
        let (tell, folders) = mpsc::channel(ROOM);
        let (asks, asked) = mpsc::channel(ROOM);
        let tasks = Tasks::default();
        tasks.start("the control socket", control::serve(listener, asks));
        let (errands, watchers) = start_watchers(settings, &tell, &tasks);
        let (relays, outcomes) = start_relays(settings, &tasks, thread, receipts);
        let around = Around { folders, errands, relays, outcomes, asked };
        Edges { watchers, ..Edges::joined(settings, around, tasks) }
    }

    /// The same with whatever stands for the mail servers, the relays and the operator. Must be called
    /// within the runtime.
    pub fn around(settings: &Settings, around: Around) -> Edges {
        Edges::joined(settings, around, Tasks::default())
    }

    fn joined(settings: &Settings, around: Around, tasks: Tasks) -> Edges {
        let Around { folders, errands: marks, relays, outcomes, asked } = around;
        let (read, news) = mpsc::channel(ROOM);
        let stuck = Arc::<Stuck>::default();
        let policies = Arc::new(settings.policies());
        tasks.start("what reads mails", reader(policies, folders, read, Arc::clone(&stuck)));
        let keeps = |folder: &&Folder| {
            let mut inboxes = settings.inboxes.iter();
            folder.role == Role::Sent
                && inboxes.any(|one| one.policy.inbox == folder.inbox && one.imap.copies)
        };
        let copies = marks.keys().filter(keeps).cloned().collect();
        let takeover = |one: &Inbox| (one.policy.inbox.clone(), one.imap.takeover);
        let takeovers = settings.inboxes.iter().map(takeover).collect();
        Edges {
            news: Arrivals::of(news),
            outcomes,
            asked,
            relays,
            channels: Channels::start(settings, &tasks),
            manager: Manager::here(),
            marks,
            copies,
            takeovers,
            watchers: Vec::new(),
            stuck,
            tasks,
        }
    }

    /// Whether a thread reads a mail without end: then only a new process helps.
    pub(super) fn are_stuck(&self) -> bool {
        self.stuck.beyond_hope()
    }

    /// After how long that is so, if no thread ends that seems to read without end.
    pub(super) fn next_stuck(&self) -> Option<Duration> {
        self.stuck.hope()
    }

    /// Every watched folder.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.marks.keys()
    }

    /// Asks a folder's task to set keywords. They are a second witness: if the task is busy with a
    /// flood, they are written after the next reconnect.
    pub(super) fn mark(&self, folder: &Folder, mark: ToFolder) {
        if !self.tell(folder, mark) {
            tracing::debug!(%folder, "keywords are left for later");
        }
    }

    /// Asks a folder's task for something; false where it is too busy to hear.
    pub(super) fn tell(&self, folder: &Folder, words: ToFolder) -> bool {
        self.marks.get(folder).is_none_or(|task| task.try_send(words).is_ok())
    }

    /// After how long another Watchpost that claims a mail of this inbox counts as dead.
    pub(super) fn takeover(&self, inbox: &str) -> Span {
        self.takeovers.get(inbox).copied().unwrap_or(Span::ZERO)
    }

    /// Where copies of an inbox's letters go; none where none are kept.
    pub(super) fn copies(&self, inbox: &str) -> Option<&Folder> {
        self.copies.iter().find(|folder| folder.inbox == inbox)
    }

    /// Stops taking in mail; what is not durable yet is read again at the next start.
    pub(super) fn stop_reading(&mut self) {
        self.watchers.iter().for_each(JoinHandle::abort);
        self.news.close();
    }
}

type Marks = BTreeMap<Folder, mpsc::Sender<ToFolder>>;

fn start_watchers(
    settings: &Settings,
    tell: &mpsc::Sender<FromFolder>,
    tasks: &Tasks,
) -> (Marks, Vec<JoinHandle<()>>) {
    let (mut marks, mut watchers) = (Marks::new(), Vec::new());
    for inbox in &settings.inboxes {
        let gate = Arc::<Gate>::default();
        for (name, role) in inbox.imap.watched() {
            let folder = Folder { inbox: inbox.policy.inbox.clone(), name, role };
            let job = Watch {
                folder: folder.clone(),
                account: inbox.imap.clone(),
                password: secret::reader(&inbox.imap.password),
                gate: Arc::clone(&gate),
                headers_first: role != Role::Inbox || inbox.policy.kind != InboxKind::Dedicated,
                needs_more: Arc::new(needs_more),
            };
            let (mark, told) = mpsc::channel(MARKS);
            let name = format!("the watcher of {folder}");
            watchers.push(tasks.start(name, imap::watch(job, tell.clone(), told)));
            marks.insert(folder, mark);
        }
    }
    (marks, watchers)
}

/// Outcomes that may wait for the loop, so that no connection does while a commit waits for the disk.
const OUTCOMES: usize = 64;

/// Marks that may wait for a folder's task; each is for a whole batch.
const MARKS: usize = 64;

type Relays = BTreeMap<String, mpsc::Sender<Letter>>;

/// One set of connections for each relay, however many inboxes share it.
fn start_relays(
    settings: &Settings,
    tasks: &Tasks,
    thread: &Thread,
    receipts: Option<&Receipts>,
) -> (Relays, mpsc::Receiver<Tried>) {
    let _there = thread.enter();
    let (tell, outcomes) = mpsc::channel(OUTCOMES);
    let mut started: Vec<(&Smtp, mpsc::Sender<Letter>)> = Vec::new();
    let mut relays = Relays::new();
    for inbox in &settings.inboxes {
        let known = started.iter().find(|(relay, _)| **relay == inbox.smtp);
        let letters = match known {
            Some((_, letters)) => letters.clone(),
            None => {
                let secret = match &inbox.smtp.login {
                    Some((_, source)) => secret::reader(source),
                    None => secret::none(),
                };
                let (letters, work) =
                    smtp::prepared(inbox.smtp.clone(), secret, tell.clone(), receipts.cloned());
                tasks.start(format!("the relay of {}", inbox.policy.inbox), work);
                started.push((&inbox.smtp, letters.clone()));
                letters
            }
        };
        relays.insert(inbox.policy.inbox.clone(), letters);
    }
    (relays, outcomes)
}
