//! Where mail is read from, how far, and what we leave on it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::Moment;

/// One watched folder of one inbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Folder {
    /// The name of the inbox in the configuration.
    pub inbox: String,
    /// The folder as the configuration names it; its role's [mark](Role::mark) where the server
    /// says which folder that is, so that nothing changes when somebody renames it.
    pub name: String,
    /// What the folder is watched for.
    #[serde(default, skip_serializing_if = "Role::is_inbox")]
    pub role: Role,
}

/// What a folder is watched for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reports arrive in it.
    #[default]
    Inbox,
    /// The mail that the account has sent is kept in it.
    Sent,
    /// The server moves to it what it takes for junk.
    Junk,
}

impl Role {
    /// The mark that a server puts on such a folder (RFC 6154 section 2).
    pub fn mark(self) -> Option<&'static str> {
        match self {
            Role::Inbox => None,
            Role::Sent => Some("\\Sent"),
            Role::Junk => Some("\\Junk"),
        }
    }

    /// The word for it in the store; none for an inbox, which had no role at first.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Role::Inbox => None,
            Role::Sent => Some("sent"),
            Role::Junk => Some("junk"),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_inbox(&self) -> bool {
        *self == Role::Inbox
    }
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
    /// The mail that was read last, if any was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

impl Cursor {
    /// One of which no mail is known.
    pub fn at(uid_validity: u32, last_uid: u32) -> Cursor {
        Cursor { uid_validity, last_uid, seen: None }
    }
}

/// A mail that was read. Where another one has its UID, the server was set back (to a copy of yesterday,
/// say), and gives UIDs to new mail that count as read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its UID.
    pub uid: u32,
    /// When the server received it (INTERNALDATE), which never changes (RFC 3501 section 2.3.3).
    pub arrived: Moment,
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
    fn a_folder_that_was_stored_before_there_were_roles_is_an_inbox() {
        let old = r#"{"inbox":"security","name":"INBOX"}"#;
        let inbox = Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox };
        assert_eq!(serde_json::from_str::<Folder>(old).unwrap(), inbox);
        assert_eq!(serde_json::to_string(&inbox).unwrap(), old);
        let sent = Folder { role: Role::Sent, ..inbox };
        let text = serde_json::to_string(&sent).unwrap();
        assert_eq!(text, r#"{"inbox":"security","name":"INBOX","role":"sent"}"#);
        assert_eq!(serde_json::from_str::<Folder>(&text).unwrap(), sent);
    }

    #[test]
    fn our_keywords_are_known_in_any_case_and_no_others_are() {
        assert_eq!(Keyword::parse("$watchpostACKED"), Some(Keyword::Acked));
        assert_eq!(Keyword::parse("$WatchpostSeen"), Some(Keyword::Seen));
        assert_eq!(Keyword::parse("\\Seen"), None);
    }
}
