//! `watchpost run`: the daemon, from its first line of log to its last.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing_subscriber::EnvFilter;

use super::ask::may_open;
use super::defect::{ended, tell_of_panics};
use super::failure::Failure;
use super::passwords::{Used, used};
use super::places::hindrances;
use super::rebuild::DAYS;
use super::setup::{block_on, letters, settings};
use crate::config::settings::{Inbox, Settings};
use crate::daemon::{Daemon, Edges, record_receipts};
use crate::desk::Desk;
use crate::desk::folder::Role;
use crate::desk::keys::Keys;
use crate::desk::line::shown;
use crate::desk::record;
use crate::desk::time::{Moment, Span};
use crate::desk::wording::Wording;
use crate::io::imap::marked;
use crate::io::smtp::{self, Receipt, Receipts};
use crate::io::store::Store;
use crate::io::wall::{self, Wall};
use crate::io::{control, random, secret, systemd, unix};
use crate::query;

/// How long a first start looks whether it is one.
const LOOK: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT. SIGHUP ends what runs as they do, and begins anew with the
/// configuration as it is then; if there is a mistake in that, nothing changes.
pub(super) fn run(config: &Path) -> Result<(), Failure> {
    let hidden = unix::keep_out_of_core_files();
    block_on(async {
        // First of all: until it is heard, a reload ends the process.
        let hang_up = signal(SignalKind::hangup()).map_err(Failure::of)?;
        let mut plan = Plan::read(config)?;
        let mut ours = Places::of(&plan.settings);
        begin_to_tell(hidden);
        // Heard all the time, or a signal would be lost while one life follows another.
        let mut signals = Signals::new(hang_up)?;
        loop {
            let (end, told) = oneshot::channel();
            let stage = Arc::new(Stage::default());
            let theirs = Arc::clone(&stage);
            // Within a runtime of its own, so that no task outlives it.
            let mut life = spawn_blocking(move || live(plan, &theirs, told));
            let next = tokio::select! {
                over = &mut life => return over.map_err(|error| ended(&error))?,
                next = signals.until_the_end_of(config, &ours) => next,
            };
            // It may be over by itself in this moment; what it says of that is told below.
            let _ = end.send(());
            if next.is_none() && stage.give_up() {
                return Ok(());
            }
            life.await.map_err(|error| ended(&error))??;
            match next {
                Some(next) => {
                    ours = Places::of(&next.settings);
                    plan = next;
                }
                None => return Ok(()),
            }
        }
    })
}

/// Begins the log, with what did not go as it should so far.
fn begin_to_tell(hidden: io::Result<()>) {
    start_log();
    tell_of_panics();
    if let Err(error) = unix::open_many_files() {
        tracing::debug!(%error, "no more files can be opened than at first");
    }
    if let Err(error) = hidden {
        tracing::warn!(%error, "a core file of this process could hold passwords and reports");
    }
}

/// How far a life has come. Before its loop begins, nothing is under way that an end would have to wait
/// for; and a store can take long to open, or for ever.
#[derive(Default)]
struct Stage(AtomicU8);

impl Stage {
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// The loop may begin.
    fn begin(&self) -> bool {
        self.reach(Stage::BEGUN)
    }

    /// It will not begin any more.
    fn give_up(&self) -> bool {
        self.reach(Stage::GIVEN_UP)
    }

    fn reach(&self, stage: u8) -> bool {
        self.0.compare_exchange(0, stage, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// What the configuration says, letters included.
struct Plan {
    file: PathBuf,
    settings: Settings,
    wording: Wording,
}

impl Plan {
    fn read(config: &Path) -> Result<Plan, Failure> {
        let settings = settings(config)?;
        let wording = letters(config, &settings)?.wording;
        Ok(Plan { file: config.to_owned(), settings, wording })
    }

    /// As [`Plan::read`], and surely good for a start: the one that runs now may not be given up for
    /// one that cannot.
    async fn read_anew(config: &Path, ours: &Places) -> Result<Plan, Failure> {
        let plan = Plan::read(config)?;
        let found = hindrances(&plan.settings);
        if !found.is_empty() {
            return Err(Failure::configuration(found.join("\n")));
        }
        let Places { store, control } = Places::of(&plan.settings);
        if !same(&control, &ours.control) && control::is_listened_to(&control) {
            let place = control.display();
            return Err(Failure::of(format!("control: {place}: another daemon listens there")));
        }
        if same(&store, &ours.store) {
            // It is open: all that can be asked is whether there is room to open it once more.
            Store::need_room(&store).map_err(Failure::of)?;
        } else {
            let opened = for_its_owner(&plan.settings, || Store::open(&store));
            opened.map_err(Failure::of)?.close().await;
        }
        Ok(plan)
    }
}

/// What a daemon has for itself.
struct Places {
    store: PathBuf,
    control: PathBuf,
}

impl Places {
    fn of(settings: &Settings) -> Places {
        Places { store: settings.store(), control: settings.control.clone() }
    }
}

/// Whether both paths lead to one thing.
fn same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.canonicalize().ok();
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// What the daemon is told from outside.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new(hang_up: Signal) -> Result<Signals, Failure> {
        let heard = |kind| signal(kind).map_err(Failure::of);
        Ok(Signals {
            terminate: heard(SignalKind::terminate())?,
            interrupt: heard(SignalKind::interrupt())?,
            hang_up,
        })
    }

    /// Waits until what runs now has to end, and returns what comes after it, if anything.
    async fn until_the_end_of(&mut self, config: &Path, ours: &Places) -> Option<Plan> {
        while self.asks_for_a_reload().await {
            match Plan::read_anew(config, ours).await {
                Ok(plan) => {
                    systemd::reloading();
                    systemd::status("begins anew with the new configuration");
                    tracing::info!("the configuration is read anew and will be used");
                    return Some(plan);
                }
                Err(failure) => refuse(&failure),
            }
        }
        systemd::stopping();
        tracing::info!("stopping");
        None
    }

    /// Waits for the next signal: a reload, or else the end.
    async fn asks_for_a_reload(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
            _ = self.hang_up.recv() => true,
        }
    }
}

/// Tells why the configuration that was read anew is not used.
fn refuse(failure: &Failure) {
    let mut told: Vec<String> = failure.lines.iter().map(|line| shown(line)).collect();
    for line in &told {
        tracing::error!("the new configuration is not used: {line}");
    }
    told.truncate(1);
    let first = told.concat();
    systemd::status(&format!("goes on as before; the new configuration is not used: {first}"));
}

/// The daemon with one configuration, until it is told to end, or a failure.
fn live(plan: Plan, stage: &Stage, told: oneshot::Receiver<()>) -> Result<(), Failure> {
    let Plan { file, settings, wording } = plan;
    // The store opens on this thread, before there is anything to serve: it blocks.
    let store = for_its_owner(&settings, || Store::open(&settings.store()));
    let store = store.map_err(Failure::of)?;
    // It outlasts the tasks that wait for what it does.
    let relays = smtp::Thread::start().map_err(Failure::of)?;
    block_on(async {
        let wall = Wall::new();
        let (desk, first_start) = open_desk(&settings, &store, &wall).await?;
        let (receipts, found) =
            for_its_owner(&settings, || open_receipts(&settings.store())).unzip();
        let found = found.unwrap_or_default();
        let desk = record_receipts(desk, &store, &wording, wall.now(), found).await;
        let desk = desk.map_err(Failure::of)?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            configuration = %file.display(),
            open_cases = desk.books().open_cases(),
            letters_waiting = desk.books().outbox().len(),
            "starting"
        );
        tokio::spawn(try_passwords(used(&settings)));
        if first_start {
            // Before we mark any mail ourselves. A server that does not answer is not waited for.
            let told = tell_of_an_earlier_life(&settings.inboxes, wall.now());
            let _ = tokio::time::timeout(LOOK, told).await;
        }
        let place = settings.control.display();
        let listener = for_its_owner(&settings, || control::listen(&settings.control))
            .map_err(|e| Failure::of(format!("the control socket {place}: {e}")))?;
        let edges = Edges::start(&settings, listener, &relays, receipts.as_ref());
        let daemon = Daemon::new(desk, store, wording, wall, edges).await.map_err(Failure::of)?;
        if !stage.begin() {
            return Ok(());
        }
        // An end that nobody can tell any more has come as well.
        Box::pin(daemon.run(async { told.await.unwrap_or(()) })).await.map_err(Failure::of)
    })
}

/// Does what makes files in the folder of the store: root who tries the daemon by hand would else leave some that
/// lock out the user of the service.
fn for_its_owner<T>(settings: &Settings, work: impl FnOnce() -> T) -> T {
    let us = unix::user();
    let folder = settings.store();
    let _made_for_them = (us == 0).then(|| may_open(&folder, us).ok().flatten()).flatten();
    work()
}

/// The receipts of the relays. Without them everything goes on, one letter after the other.
fn open_receipts(folder: &Path) -> Option<(Receipts, Vec<Receipt>)> {
    let opened = Receipts::open(folder, wall::now);
    let told = |error: &io::Error| {
        let folder = folder.display();
        tracing::warn!(%folder, file = "receipts", %error, "receipts of letters cannot be kept: they leave more slowly");
    };
    opened.inspect_err(told).ok()
}

/// The desk as the store left it. At the very first start, which is told, its secret key is made.
async fn open_desk(
    settings: &Settings,
    store: &Store,
    wall: &Wall,
) -> Result<(Desk, bool), Failure> {
    let (past, keys) = query::past(store, wall.now()).await.map_err(Failure::of)?;
    let first_start = keys.is_none();
    let keys = match keys {
        Some(keys) => keys,
        None => {
            let key = random::key().map_err(Failure::of)?;
            store.commit(vec![record::secret_key(1, &key)]).await.map_err(Failure::of)?;
            Keys::new(vec![key]).ok_or_else(|| Failure::of("no key could be made"))?
        }
    };
    let policies = settings.inboxes.iter().map(|inbox| inbox.policy.clone()).collect();
    Ok((Desk::open(policies, keys, settings.caps, past), first_start))
}

/// A first start leaves old mail alone. Where that carries our keywords, it is perhaps no first one: a store
/// was lost, or lies on a disk that is not mounted, and nobody keeps its promises.
async fn tell_of_an_earlier_life(inboxes: &[Inbox], now: Moment) {
    let since = now - Span::hours(24 * u64::from(DAYS));
    for Inbox { policy, imap, .. } in inboxes {
        // What is wrong with a mail server is told by whoever watches it.
        let password = secret::reader(&imap.password);
        let Ok(found) = marked(imap, &password, &policy.inbox, since).await else { continue };
        let of_inboxes = found.iter().filter(|(folder, _)| folder.role == Role::Inbox);
        for (folder, marked) in of_inboxes {
            if let Some(mails) = marked.as_ref().ok().map(|m| m.mails).filter(|mails| *mails > 0) {
                tracing::error!(
                    %folder,
                    mails,
                    "these mails were known to an earlier store, and this one is new: their promises are \
                     not kept. If that is not meant, stop, move this store away, and mount or restore the \
                     other one, or run `watchpost rebuild`"
                );
            }
        }
    }
}

/// Tells at once what would else be found out when somebody waits for a letter. It goes on: what
/// cannot be read now may be there later.
async fn try_passwords(places: Vec<Used>) {
    for used in places {
        if let Err(error) = used.try_to_read().await {
            tracing::error!(used_by = used.by(), %error, "a password cannot be read now");
        }
    }
}

/// Plain lines on standard error, as the journal wants them. `RUST_LOG` sets the level; whatever it
/// says, async-imap stays quiet below info, since it logs passwords and whole mails at `trace`. A log
/// that nobody takes any more is no reason to end: complaining of it would be.
pub(super) fn start_log() {
    let user = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".into());
    let filter = EnvFilter::try_new(format!("{user},async_imap=info"))
        .unwrap_or_else(|_| EnvFilter::new("info,async_imap=info"));
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .log_internal_errors(false)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal());
    if under_systemd { log.without_time().init() } else { log.init() }
}
