//! What a folder's task and the loop say to each other: plain data over channels.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::gate::Gate;
use crate::config::settings::Imap;
use crate::desk::address::Address;
use crate::desk::claim::{Errand, Identity, Shown};
use crate::desk::folder::{Cursor, Folder, Keyword};
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;
use crate::desk::time::Moment;
use crate::io::password::Password;

/// What to watch, and how.
#[derive(Clone)]
pub struct Watch {
    /// The folder.
    pub folder: Folder,
    /// The account that it is in.
    pub account: Imap,
    /// The account's password.
    pub password: Password,
    /// What the folders of an account share about its login.
    pub gate: Arc<Gate>,
    /// Not all mail in it is ours: the loop sees headers first, and says what to read.
    pub headers_first: bool,
    /// Asked for each mail of which only the start was read.
    pub needs_more: NeedsMore,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("folder", &self.folder).finish_non_exhaustive()
    }
}

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
        /// The server itself says `uid_next`, so it never gave out a UID from there on; else it is
        /// one above the highest UID that is there.
        counts: bool,
        /// Another mail than the one that was [seen](Cursor::seen) has its UID: said after the cursor was
        /// heard, which is asked for once more.
        set_back: bool,
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
    /// There is no such folder, or its mail is read as that of another: nothing is wrong, and nothing
    /// comes. The task looks again from time to time, and says this each time.
    Resting {
        /// Which.
        folder: Folder,
        /// What was found, for the operator.
        why: String,
    },
    /// A [`ToFolder::File`] is done.
    Filed {
        /// Which.
        folder: Folder,
        /// The letter.
        letter: LetterId,
        /// How it ended.
        how: Filed,
    },
    /// Some [`ToFolder::Look`]s are done.
    Looked {
        /// Which.
        folder: Folder,
        /// The letters, and whether a trace of each was found: it has left then. Without one, nobody
        /// knows.
        letters: Vec<(LetterId, bool)>,
    },
    /// A [`ToFolder::Claim`] is done.
    Claimed {
        /// Which.
        folder: Folder,
        /// The number that the UIDs go with.
        uid_validity: u32,
        /// What each of the mails shows; nothing where that cannot be told.
        mails: Vec<(u32, Option<Shown>)>,
    },
    /// Everything is read, and the task waits. Said once for each connection, and again after mail was
    /// read; a look that finds nothing is not told.
    Watching {
        /// Which.
        folder: Folder,
        /// By IDLE, or by looking from time to time.
        idle: bool,
    },
}

impl FromFolder {
    /// Which folder says it.
    pub fn folder(&self) -> &Folder {
        match self {
            FromFolder::Selected { folder, .. }
            | FromFolder::Headers { folder, .. }
            | FromFolder::Mails { folder, .. }
            | FromFolder::Trouble { folder, .. }
            | FromFolder::Resting { folder, .. }
            | FromFolder::Filed { folder, .. }
            | FromFolder::Looked { folder, .. }
            | FromFolder::Claimed { folder, .. }
            | FromFolder::Watching { folder, .. } => folder,
        }
    }
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
    /// Deal with our claim on mails. Answered with [`FromFolder::Claimed`], unless the claim is taken
    /// back; not at all if the connection is lost meanwhile.
    Claim {
        /// What to do.
        errand: Errand,
        /// Which mails.
        uids: Vec<u32>,
        /// The number that the UIDs go with.
        uid_validity: u32,
        /// What we are called.
        own: Identity,
    },
    /// Read mails again, of those that were read before, that answer this one: what was none of ours
    /// then may be now. Nothing is lost by asking twice.
    ReadAgain {
        /// The Message-ID of what they answer.
        answered: MessageId,
    },
    /// Keep a letter in this folder for sent mail, unless it is there. Answered with
    /// [`FromFolder::Filed`]; not at all if the connection is lost meanwhile: ask again once the
    /// folder is watched again. It is never there twice.
    File {
        /// The letter.
        letter: LetterId,
        /// The Message-ID in it.
        message_id: MessageId,
        /// What was sent.
        bytes: Vec<u8>,
    },
    /// Look whether a letter left already. Answered with [`FromFolder::Looked`]; not at all if the
    /// connection is lost meanwhile: ask again once the folder is watched again.
    Look {
        /// The letter.
        letter: LetterId,
        /// What would show it.
        trace: Trace,
    },
}

/// What shows in a folder that a letter left, though the store may not know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The mail that it answers carries `$WatchpostAcked`.
    Keyword {
        /// That mail.
        uid: u32,
        /// The number that its UID goes with.
        uid_validity: u32,
    },
    /// It lies among the sent mail, or another answer to the same mail does.
    Sent {
        /// Its Message-ID.
        message_id: MessageId,
        /// The mail that it answers, and who would have got another answer.
        answers: Option<(MessageId, Address)>,
    },
}

/// What became of a letter that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It is in the folder now.
    Stored,
    /// A mail with this Message-ID was there.
    WasThere,
    /// The server does not take it, or there is no folder: why.
    Refused(String),
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
    /// Who claims it.
    pub claims: Vec<Identity>,
    /// The mail: its first 128 kB, and where the judgement needs it the last 128 kB.
    pub bytes: Vec<u8>,
    /// `bytes` is not the whole mail.
    pub gap: bool,
    /// Set where the server does not give this mail in any form: why. `bytes` is empty then.
    pub unreadable: Option<String>,
}
