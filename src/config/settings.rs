//! What the configuration says, checked: nothing in here needs a second look.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::desk::address::{Address, Mailbox};
use crate::desk::alarm::Rules;
use crate::desk::folder::Role;
use crate::desk::policy::Policy;
use crate::desk::quota::Caps;
use crate::desk::time::Span;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder that everything of ours lives in; see [`Settings::store`].
    pub state: PathBuf,
    /// The control socket.
    pub control: PathBuf,
    /// A folder whose files replace the letters that ship with the program.
    pub letters: Option<PathBuf>,
    /// How many acknowledgements may leave, over all inboxes.
    pub caps: Caps,
    /// Who is told, and how, when mail itself is down.
    pub alarm: Alarm,
    /// Every inbox, at least one, in the order of the file.
    pub inboxes: Vec<Inbox>,
}

impl Settings {
    /// The rules of every inbox.
    pub fn policies(&self) -> Vec<Policy> {
        self.inboxes.iter().map(|inbox| inbox.policy.clone()).collect()
    }

    /// What the numbers of new cases begin with.
    pub fn prefixes(&self) -> BTreeSet<&str> {
        self.inboxes.iter().map(|inbox| &*inbox.policy.case_prefix).collect()
    }

    /// The folder of the store: the store alone lives in it.
    pub fn store(&self) -> PathBuf {
        self.state.join("store")
    }
}

/// When an alarm is due, and the ways that it takes beside the log and the status of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub rules: Rules,
    /// By mail, over another server.
    pub second: Option<Second>,
    /// By a program and its arguments, run without a shell.
    pub command: Option<Vec<String>>,
}

/// A relay that has nothing to do with the inboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Second {
    /// Access to it.
    pub smtp: Smtp,
    /// Who its mail comes from.
    pub from: Mailbox,
    /// Who is told.
    pub to: Vec<Address>,
}

/// One watched inbox and how its letters leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// What it promises and how it judges.
    pub policy: Policy,
    /// How it is read.
    pub imap: Imap,
    /// How its letters leave.
    pub smtp: Smtp,
}

/// Access to one account on an IMAP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imap {
    /// Where, and how secured.
    pub server: Server,
    /// Who logs in.
    pub user: String,
    /// The password.
    pub password: SecretSource,
    /// The folders that are watched, as the server names them (`INBOX`, `Reports`), in plain text:
    /// modified UTF-7 is made at the edge.
    pub folders: Vec<String>,
    /// Where the mail that the account sends is kept.
    pub sent: Special,
    /// Where the server moves what it takes for junk.
    pub junk: Special,
    /// Whether letters to reporters are kept there too.
    pub copies: bool,
    /// How often a folder is looked at even if IDLE says nothing.
    pub poll: Duration,
    /// How long another Watchpost that claims a mail may take to answer it.
    pub takeover: Span,
}

impl Imap {
    /// Every folder that is watched, by the name that the store knows it by, with its role.
    pub fn watched(&self) -> Vec<(String, Role)> {
        let inboxes = self.folders.iter().map(|name| (name.clone(), Role::Inbox));
        let special = [(&self.sent, Role::Sent), (&self.junk, Role::Junk)];
        let special = special.into_iter().filter_map(|(special, role)| {
            let name = match special {
                Special::Found => role.mark()?.to_owned(),
                Special::Named(name) => name.clone(),
                Special::Off => return None,
            };
            Some((name, role))
        });
        inboxes.chain(special).collect()
    }
}

/// A folder for which every server has a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Special {
    /// The one that the server marks (RFC 6154), else one with a usual name.
    Found,
    /// This one, in plain text.
    Named(String),
    /// None is watched.
    Off,
}

/// Access to an SMTP submission server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Where, and how secured.
    pub server: Server,
    /// Who logs in, with what; none for a relay that knows us by our address.
    pub login: Option<(String, SecretSource)>,
    /// How many connections may be open at once.
    pub connections: usize,
}

/// A mail server and how we talk to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A host name or an IP address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// A PEM file with certificates that are trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// How long any single step may take: connecting, the TLS handshake, one command.
    pub timeout: Duration,
}

/// How a connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, required: without it no login is tried.
    StartTls,
    /// Clear text; only ever to a loopback address.
    None,
}

/// Where a secret is read from, each time it is needed, so that it can be changed without a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// The first line of a file that nobody but its owner can read.
    File(PathBuf),
    /// The first line of what a command prints; the command is run without a shell.
    Command(Vec<String>),
    /// A systemd credential (`LoadCredential=`), by its name.
    Credential(String),
}
