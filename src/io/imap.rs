//! The IMAP edge: one task per watched folder, which turns a mailbox on a server that may say
//! anything into plain data for the loop.
//!
//! From the socket up: [`guard`] drops what no parser needs to see, `wire` reads response by
//! response, `session` runs commands and checks how each ends, `login` gets a session, `reader`
//! fetches what is new, `handover` gives it to the loop in batches, and [`watch`] does this for
//! ever. Mail is read by UID with PEEK: no flag of it changes but our two keywords.

mod doubt;
pub mod guard;
mod handover;
mod login;
mod marks;
mod probe;
mod quoting;
mod reader;
mod session;
mod watch;
mod wire;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::oneshot;

pub use self::probe::{Probe, ProbedFolder, probe};
pub use self::watch::{Watch, watch};
use crate::desk::folder::{Cursor, Folder, Keyword};
use crate::desk::time::Moment;
use crate::io::tls;

/// Reads the password, at each login anew; the error is for the operator.
pub type Secret = Arc<dyn Fn() -> SecretFuture + Send + Sync>;

/// What a [`Secret`] gives.
pub type SecretFuture = Pin<Box<dyn Future<Output = Result<SecretString, String>> + Send>>;

/// Whether a mail of which only the start was read cannot be judged without its end.
pub type NeedsMore = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// What a folder's task says to the loop. A dropped `reply` means "not now": the task reconnects
/// and asks again. The task may be gone before it hears a reply.
#[derive(Debug)]
pub enum FromFolder {
    /// The folder is open. The answer says after which UID to read; it carries this UIDVALIDITY,
    /// and the loop has committed it if it is new.
    Selected {
        /// Which.
        folder: Folder,
        /// The number that the folder's UIDs go with.
        uid_validity: u32,
        /// The lowest UID that new mail can have.
        uid_next: u32,
        /// For the cursor.
        reply: oneshot::Sender<Cursor>,
    },
    /// Headers of new mails, where not all mail is ours. The answer says which UIDs to read.
    Headers {
        /// Which.
        folder: Folder,
        /// Only header fields, at most 64 kB of them, in `bytes`.
        mails: Vec<Fetched>,
        /// For the UIDs of those that are ours.
        reply: oneshot::Sender<Vec<u32>>,
    },
    /// Mails in UID order, at most 64 or about 2 MB. Answered when they are durable; until then at
    /// most one more batch follows.
    Mails {
        /// Which.
        folder: Folder,
        /// The number that the UIDs go with.
        uid_validity: u32,
        /// New mails. Some can be above `upto` and come again after a crash.
        mails: Vec<Fetched>,
        /// Every mail up to this UID is in here, was in a batch before, is gone, or is not ours.
        upto: u32,
        /// For "it is durable".
        reply: oneshot::Sender<()>,
    },
    /// The folder is not watched now.
    Trouble {
        /// Which.
        folder: Folder,
        /// What is wrong, for the operator: short, without mail content.
        error: String,
        /// Not the connection is at fault but the login: a password that is wrong or unreadable.
        login_refused: bool,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// Everything is read, and the task waits. Said after each look, so at least once per poll
    /// interval.
    Watching {
        /// Which.
        folder: Folder,
        /// By IDLE, or by looking from time to time.
        idle: bool,
    },
}

/// What the loop says to a folder's task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToFolder {
    /// Set a keyword on mails. A second witness only: where the server keeps no keywords, or the
    /// UIDs are of another UIDVALIDITY by now, nothing happens.
    Mark {
        /// Which mails.
        uids: Vec<u32>,
        /// The number that the UIDs go with.
        uid_validity: u32,
        /// What to set.
        keyword: Keyword,
    },
}

/// One mail, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Its UID.
    pub uid: u32,
    /// When the server got it (INTERNALDATE), where it says so.
    pub arrived: Option<Moment>,
    /// Its whole size in bytes, where the server says so; else what was read.
    pub size: u64,
    /// Our keywords on it.
    pub keywords: Vec<Keyword>,
    /// The mail: its first 128 kB, and where the judgement needs it the last 128 kB.
    pub bytes: Vec<u8>,
    /// `bytes` is not the whole mail.
    pub gap: bool,
    /// Set where the server does not give this mail in any form: why. `bytes` is empty then.
    pub unreadable: Option<String>,
}

/// What goes wrong between us and a server. No text holds mail; server text is cut and escaped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The connection broke.
    #[error("the connection was lost during {doing}: {reason}")]
    Lost {
        /// The command that was under way.
        doing: &'static str,
        /// What the system says.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer to {doing} within {} s", after.as_secs())]
    Silent {
        /// The command that was under way.
        doing: &'static str,
        /// The configured limit.
        after: Duration,
    },
    /// `* BYE`.
    #[error("the server closes the connection: {text}")]
    Bye {
        /// Its reason.
        text: String,
    },
    /// A response that is no IMAP.
    #[error("the server's answer to {doing} cannot be read")]
    Unparsable {
        /// The command that was under way.
        doing: &'static str,
    },
    /// A response over our limits.
    #[error(transparent)]
    Excess(#[from] guard::Refusal),
    /// An end to a command that was not running.
    #[error("the server's answers do not fit our commands, at {doing}")]
    OutOfStep {
        /// The command that was under way.
        doing: &'static str,
    },
    /// Tagged NO.
    #[error("the server refuses {doing}: {text}")]
    Refused {
        /// The command.
        doing: &'static str,
        /// Its reason.
        text: String,
    },
    /// Tagged BAD.
    #[error("the server does not accept {doing}: {text}")]
    Misunderstood {
        /// The command.
        doing: &'static str,
        /// Its reason.
        text: String,
    },
    /// Tagged NO to a login.
    #[error("the server refuses the login (check `user` and the password): {text}")]
    LoginRefused {
        /// Its reason.
        text: String,
    },
    /// There is no password to log in with.
    #[error("the password cannot be read: {0}")]
    Secret(String),
    /// No way to log in that we know.
    #[error("the server offers neither AUTH=PLAIN nor LOGIN on this connection")]
    NoLogin,
    /// STARTTLS is configured and not there: nobody logs in in clear text.
    #[error(
        "the server does not offer STARTTLS, so no login was tried; if it speaks TLS from the \
         first byte, set `security` to `tls`"
    )]
    NoStartTls,
    /// Something else listens there.
    #[error("what answers there does not greet like an IMAP server")]
    NotImap,
    /// Without UIDVALIDITY no UID can be trusted.
    #[error("the server gives no UIDVALIDITY for this folder, so it cannot be read safely")]
    NoUidValidity,
    /// Line ends and NUL cannot be sent.
    #[error("{0} holds a character that cannot be sent")]
    Word(&'static str),
    /// Mails that exist and are not given.
    #[error("the server lists {0} new mail(s) and does not give them")]
    Withheld(usize),
    /// The loop dropped its reply.
    #[error("the mail could not be taken over now")]
    NotTaken,
}

impl Error {
    fn lost(doing: &'static str, error: &io::Error) -> Error {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<guard::Refusal>());
        match inner {
            Some(refusal) => Error::Excess(*refusal),
            None => Error::Lost { doing, reason: quoting::shown(&error.to_string()) },
        }
    }

    /// The login, not the connection, is at fault: trying again soon does not help.
    fn is_login(&self) -> bool {
        matches!(self, Error::LoginRefused { .. } | Error::Secret(_) | Error::NoLogin)
    }

    /// Surely what was sent is at fault, and not the line.
    fn is_about_content(&self) -> bool {
        matches!(self, Error::Unparsable { .. } | Error::Excess(_) | Error::Misunderstood { .. })
    }
}

/// Why a folder's task stops what it does.
#[derive(Debug)]
enum Stop {
    /// Nobody listens any more: the end.
    LoopGone,
    /// This connection is of no use.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Failed(error.into())
    }
}
