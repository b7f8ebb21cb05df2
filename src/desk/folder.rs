//! Where mail is read from, how far, and what we leave on it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One watched folder of one inbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Folder {
    /// The name of the inbox in the configuration.
    pub inbox: String,
    /// The folder as the configuration names it.
    pub name: String,
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.inbox, self.name)
    }
}

/// How far a folder has been read: every mail up to `last_uid` has its recorded decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// UIDs mean something only together with this number (RFC 3501 section 2.3.1.1).
    pub uid_validity: u32,
    /// The highest UID that needs no second look; 0 before the first.
    pub last_uid: u32,
}

/// A mark that we set on mail: a second witness, beside the store, of what has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyword {
    /// The mail has its recorded decision.
    Seen,
    /// The report in it has been acknowledged.
    Acked,
}

impl Keyword {
    /// The IMAP keyword.
    pub fn name(self) -> &'static str {
        match self {
            Keyword::Seen => "$WatchpostSeen",
            Keyword::Acked => "$WatchpostAcked",
        }
    }

    /// Reads one flag of a mail; keywords have no case (RFC 3501 section 2.3.2).
    pub fn parse(flag: &str) -> Option<Keyword> {
        [Keyword::Seen, Keyword::Acked].into_iter().find(|k| k.name().eq_ignore_ascii_case(flag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_keywords_are_known_in_any_case_and_no_others_are() {
        assert_eq!(Keyword::parse("$watchpostACKED"), Some(Keyword::Acked));
        assert_eq!(Keyword::parse("$WatchpostSeen"), Some(Keyword::Seen));
        assert_eq!(Keyword::parse("\\Seen"), None);
    }
}
