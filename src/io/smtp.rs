//! Sending: letters go in, outcomes come out. When a letter is tried, and tried again, is decided
//! elsewhere; here each letter gets one attempt and one outcome, never none.
//!
//! ```text
//! start ─▶ pool ─▶ attempt ─▶ Session (session.rs) ─▶ Dialogue (dialogue.rs) ─▶ the relay
//!                     │         composes by compose.rs
//!                     ╰─▶ Outcome, by the table in outcome.rs, with a receipt by receipts.rs
//! ```
//!
//! lettre is named in `compose.rs`, which writes mails, and in `session.rs`, which writes commands.

mod compose;
mod dialogue;
mod doubt;
mod outcome;
mod pool;
mod receipts;
mod session;
mod thread;

use tokio::sync::mpsc;

use self::pool::Pool;
use self::session::Session;
use crate::config::settings::{Security, Smtp};
use crate::desk::letter::Letter;
use crate::desk::outbox::Outcome;
use crate::io::password::Password;

pub use compose::{ComposeError, compose};
pub use doubt::{Held, Tried};
pub use receipts::{Receipt, Receipts};
pub use thread::Thread;

/// Letters that may wait for a connection, for each that there is: enough that no connection waits for a
/// decision, few enough that none waits long behind letters that a slow server takes.
const WAITING: usize = 8;

/// Starts sending over `relay`. Every letter that is put into the returned channel gets exactly one
/// outcome, in any order. Where a letter may have left and no receipt can be kept, the next is not ended
/// before the outcome is dropped. When the channel is closed, no letter is begun any more: those that are
/// on their way get their outcomes, then `outcomes` is let go, and the connections are closed.
pub fn start(
    relay: Smtp,
    password: Password,
    outcomes: mpsc::Sender<Tried>,
    receipts: Option<Receipts>,
) -> mpsc::Sender<Letter> {
    let (letters, work) = prepared(relay, password, outcomes, receipts);
    tokio::spawn(work);
    letters
}

/// As [`start`], for who has the work done in a task of their own.
pub fn prepared(
    relay: Smtp,
    password: Password,
    outcomes: mpsc::Sender<Tried>,
    receipts: Option<Receipts>,
) -> (mpsc::Sender<Letter>, impl Future<Output = ()> + Send + use<>) {
    let (letters, inbox) = mpsc::channel(relay.connections.max(1).saturating_mul(WAITING));
    (letters, Pool::new(relay, password, outcomes, receipts).run(inbox))
}

/// What a relay was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The conversation is encrypted.
    pub encrypted: bool,
    /// It took our login; false where none is configured.
    pub logged_in: bool,
    /// The largest mail that it takes, in bytes, where it names a limit.
    pub largest: Option<usize>,
    /// It takes addresses that are not ASCII (SMTPUTF8, RFC 6531).
    pub takes_utf8: bool,
}

/// The relay cannot be used, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ProbeError {
    /// What went wrong.
    pub detail: String,
    /// Whether it may pass by itself; if not, somebody has to change something.
    pub may_pass: bool,
}

/// Connects, secures the connection and logs in as a letter would, and says goodbye: no mail.
pub async fn probe(relay: &Smtp, password: &Password) -> Result<Probe, ProbeError> {
    let session = Session::open(relay, password).await.map_err(|failure| match failure.into() {
        Outcome::Unreachable(detail) | Outcome::Transient(detail) | Outcome::Unknown(detail) => {
            ProbeError { detail, may_pass: true }
        }
        Outcome::Configuration(detail) | Outcome::Permanent(detail) | Outcome::Accepted(detail) => {
            ProbeError { detail, may_pass: false }
        }
    })?;
    let found = Probe {
        encrypted: relay.server.security != Security::None,
        logged_in: relay.login.is_some(),
        largest: session.features.largest(),
        takes_utf8: session.features.take_utf8(),
    };
    session.quit().await;
    Ok(found)
}
