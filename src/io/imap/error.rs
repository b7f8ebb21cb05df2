//! What goes wrong.

use std::io;
use std::time::Duration;

use super::guard::Refusal;
use super::quoting::shown;
use crate::desk::folder::Role;
use crate::io::tls;

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
    /// Not even a greeting in time, on a connection that began in clear text.
    #[error("no greeting within {} s: {}", after.as_secs(), tls::SAYS_NOTHING)]
    SaysNothing {
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
    Excess(#[from] Refusal),
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
    Password(String),
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
    /// UIDVALIDITY changed under an open folder.
    #[error("the server has numbered the mails of this folder anew")]
    Renumbered,
    /// More UIDs than memory should hold.
    #[error("the server lists more than {0} mails; move old ones to another folder")]
    TooMany(usize),
    /// A bug of ours, which must cost no more than a connection.
    #[error("a defect of Watchpost ended the connection; please report it")]
    Defect,
    /// Without UIDVALIDITY no UID can be trusted.
    #[error("the server gives no UIDVALIDITY for this folder, so it cannot be read safely")]
    NoUidValidity,
    /// Line ends and NUL cannot be sent.
    #[error("{0} holds a character that cannot be sent")]
    Word(&'static str),
    /// Mails that exist and are not given.
    #[error("the server lists {0} new mail(s) and does not give them")]
    Withheld(usize),
    /// There is nothing to watch.
    #[error(transparent)]
    Absent(#[from] Absent),
    /// The loop dropped its reply.
    #[error("the mail could not be taken over now")]
    NotTaken,
}

impl Error {
    /// The same, with other words of the server.
    pub(super) fn map_text(mut self, other: impl Fn(&str) -> String) -> Error {
        if let Error::Bye { text }
        | Error::Refused { text, .. }
        | Error::Misunderstood { text, .. }
        | Error::LoginRefused { text } = &mut self
        {
            *text = other(text);
        }
        self
    }
}

/// Why a folder is not watched although nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// No folder is marked for this role, and none has a usual name.
    #[error("the server marks no folder as {}, and none has a usual name", .0.mark().unwrap_or("it"))]
    NotFound(Role),
    /// The name that the configuration gives.
    #[error("there is no folder {0}")]
    NoSuchName(String),
    /// The folder was found, and its mail is read already.
    #[error("{0} is one of `folders`")]
    Watched(String),
}

impl Error {
    pub(super) fn lost(doing: &'static str, error: &io::Error) -> Error {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>());
        match inner {
            Some(refusal) => Error::Excess(*refusal),
            None => Error::Lost { doing, reason: shown(&error.to_string()) },
        }
    }

    /// The login, not the connection, is at fault: trying again soon does not help.
    pub(super) fn is_login(&self) -> bool {
        matches!(self, Error::LoginRefused { .. } | Error::Password(_) | Error::NoLogin)
    }

    /// Surely what was sent is at fault, and not the line.
    pub(super) fn is_about_content(&self) -> bool {
        matches!(self, Error::Unparsable { .. } | Error::Excess(_))
    }
}

/// Why a folder's task stops what it does.
#[derive(Debug)]
pub(super) enum Stop {
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
