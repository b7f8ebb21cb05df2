//! Folders on a mail server, and how far they have been read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One watched folder of one inbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Folder {
    /// The name of the inbox in the configuration.
    pub inbox: String,
    /// The folder as the configuration names it: `INBOX`.
    pub name: String,
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.inbox, self.name)
    }
}

/// How far a folder has been read: everything up to `last_uid` has its recorded decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The UIDVALIDITY that the UIDs belong to (RFC 3501 section 2.3.1.1).
    pub uid_validity: u32,
    /// The last UID that was read; 0 for none.
    pub last_uid: u32,
}

/// What Watchpost writes on a mail: the second witness, should the store be lost or restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Keyword {
    /// `$WatchpostSeen`: the mail has a recorded decision.
    Seen,
    /// `$WatchpostAcked`: the letter that answers it was accepted by the mail server.
    Acked,
}

impl Keyword {
    /// The keyword as IMAP writes it.
    pub fn name(self) -> &'static str {
        match self {
            Keyword::Seen => "$WatchpostSeen",
            Keyword::Acked => "$WatchpostAcked",
        }
    }
}
