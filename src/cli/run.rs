//! `watchpost run`: the daemon, from its first line of log to its last.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use super::passwords::{Used, used};
use super::setup::{block_on, letters, settings};
use crate::config::settings::Settings;
use crate::daemon::{Daemon, Edges};
use crate::desk::Desk;
use crate::desk::keys::Keys;
use crate::desk::record;
use crate::io::store::Store;
use crate::io::{control, random};
use crate::query;

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(config: &Path) -> Result<(), Failure> {
    let settings = settings(config)?;
    let wording = letters(config, &settings)?.wording;
    start_log();
    // The store opens on this thread, before there is anything to serve: it blocks.
    let store = Store::open(&settings.store()).map_err(Failure::of)?;
    block_on(async {
        let desk = open_desk(&settings, &store).await?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            configuration = %config.display(),
            open_cases = desk.books().open_cases(),
            letters_waiting = desk.books().letters_waiting(),
            "starting"
        );
        tokio::spawn(try_passwords(used(&settings)));
        let place = settings.control.display();
        let listener = control::listen(&settings.control)
            .map_err(|e| Failure::of(format!("the control socket {place}: {e}")))?;
        let mut stop = [SignalKind::terminate(), SignalKind::interrupt()]
            .map(signal)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(Failure::of)?;
        let edges = Edges::start(&settings, listener);
        let daemon = Daemon::new(desk, store, wording, edges).await.map_err(Failure::of)?;
        let stopped = async move {
            let any = stop.iter_mut().map(|signal| Box::pin(signal.recv()));
            futures_util::future::select_all(any).await;
        };
        daemon.run(stopped).await.map_err(Failure::of)
    })
}

/// The desk as the store left it. At the very first start its secret key is made.
async fn open_desk(settings: &Settings, store: &Store) -> Result<Desk, Failure> {
    let (past, keys) = query::past(store).await.map_err(Failure::of)?;
    let keys = match keys {
        Some(keys) => keys,
        None => {
            let key = random::key().map_err(Failure::of)?;
            store.commit(vec![record::secret_key(1, &key)]).await.map_err(Failure::of)?;
            Keys::new(vec![key]).ok_or_else(|| Failure::of("no key could be made"))?
        }
    };
    let policies = settings.inboxes.iter().map(|inbox| inbox.policy.clone()).collect();
    Ok(Desk::open(policies, keys, settings.caps, past))
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
/// says, async-imap stays quiet below info, since it logs passwords and whole mails at `trace`.
fn start_log() {
    let user = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".into());
    let filter = EnvFilter::try_new(format!("{user},async_imap=info"))
        .unwrap_or_else(|_| EnvFilter::new("info,async_imap=info"));
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    if under_systemd { log.without_time().init() } else { log.init() }
}
