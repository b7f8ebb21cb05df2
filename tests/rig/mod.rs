//! A rig of real mail servers: a private Dovecot and a private Postfix on loopback, in a temporary
//! folder, for as long as a [`Rig`] lives.
//!
//! Postfix is the mail server of `project.example` and of every other `*.example` domain; each of
//! their addresses is a mailbox in Dovecot. A mail that is delivered to the MX port gets the
//! `Authentication-Results` that its envelope sender's domain has earned (`senders`). Some mailboxes
//! are unkind (`recipients`, `bouncing`): `refused@`, `busy@`, `bounced@` any domain.
//!
//! The servers belong to a small script (`keeper`) that stops them and removes the folder when its
//! standard input ends: on drop, after a panic, on Ctrl-C and on `kill -9` alike. Any number of
//! rigs run side by side.
#![allow(dead_code, reason = "each program that includes the rig uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stderr,
    reason = "a rig that cannot do its work ends the test"
)]

mod certificate;
mod daemon;
mod folder;
mod imap;
mod keeper;
mod maildir;
mod ports;
mod proxy;
mod smtp;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant, SystemTime};

pub use daemon::{Daemon, program, watchpost};
pub use imap::Imap;
pub use proxy::{Fault, Line, Proxy, Way};
pub use smtp::Smtp;

use folder::Owner;
use keeper::Keeper;
use ports::Ports;

/// The password of every mailbox.
pub const PASSWORD: &str = "correct-horse-battery-staple";

/// The address of the inbox that Watchpost is configured to watch.
pub const INBOX: &str = "security@project.example";

/// How long anything that should happen soon may take.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Dovecot and Postfix, running.
pub struct Rig {
    // Dropped first: the servers and the folder are gone before the ports are free again.
    keeper: Keeper,
    dir: PathBuf,
    ports: Ports,
    owner: Owner,
    daemons: AtomicU32,
}

impl Rig {
    /// Starts both servers and returns when they answer.
    pub fn start() -> Self {
        let ports = Ports::reserve();
        let (dir, owner) = folder::make();
        let keeper = Keeper::start(&dir);
        let rig = Self { keeper, dir, ports, owner, daemons: AtomicU32::new(0) };
        rig.write_files();
        rig.start_dovecot();
        rig.start_postfix();
        rig
    }

    /// The folder that holds everything; it is removed with the rig.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The PEM file of the authority that signed the servers' certificate for `localhost`.
    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// IMAP in clear text, with STARTTLS.
    pub fn imap_port(&self) -> u16 {
        self.ports.number(1)
    }

    /// IMAP over TLS.
    pub fn imaps_port(&self) -> u16 {
        self.ports.number(2)
    }

    /// SMTP as other mail servers reach the project: no login, mail to `*.example` only.
    pub fn mx_port(&self) -> u16 {
        self.ports.number(3)
    }

    /// SMTP submission: STARTTLS, then a login.
    pub fn submission_port(&self) -> u16 {
        self.ports.number(4)
    }

    /// SMTP submission over TLS, with a login.
    pub fn submissions_port(&self) -> u16 {
        self.ports.number(5)
    }

    /// Sends one mail to the MX port. No sender is the null sender. Lines that end in LF are sent
    /// with CRLF; everything else goes out byte for byte.
    pub fn deliver(&self, from: Option<&str>, to: &[&str], mail: &[u8]) {
        self.deliver_many(from, to, &[mail]);
    }

    /// Sends several mails on one connection.
    pub fn deliver_many(&self, from: Option<&str>, to: &[&str], mails: &[impl AsRef<[u8]>]) {
        let mut smtp = Smtp::connect(self.mx_port());
        for mail in mails {
            let reply = smtp.send(from, to, mail.as_ref());
            assert!(reply.starts_with("250"), "the mail was not taken: {reply}");
        }
    }

    /// Logs into a mailbox over IMAP.
    pub fn imap(&self, address: &str) -> Imap {
        Imap::login(self.imap_port(), address)
    }

    /// Every mail in a mailbox's folder as it lies on disk, in the order of arrival; lines end in LF.
    pub fn mails(&self, address: &str, folder: &str) -> Vec<Vec<u8>> {
        maildir::read(&self.maildir(address, folder))
    }

    /// Waits until the INBOX of a mailbox holds at least so many mails, and returns all of them.
    pub fn wait_for_mails(&self, address: &str, count: usize, patience: Duration) -> Vec<Vec<u8>> {
        let mut mails = Vec::new();
        let all = wait_until(patience, || {
            mails = self.mails(address, "INBOX");
            mails.len() >= count
        });
        assert!(all, "{address} has {} of {count} mails", mails.len());
        mails
    }

    /// Puts mails into a folder without any server, as if they had arrived so long ago.
    pub fn append(
        &self,
        address: &str,
        folder: &str,
        age: Duration,
        mails: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        maildir::write(&self.maildir(address, folder), self.owner, age, mails);
    }

    /// Gives a mailbox a Sieve script, such as a vacation answer.
    pub fn sieve(&self, address: &str, script: &str) {
        let file = self.dir.join("sieve").join(format!("{address}.sieve"));
        fs::write(&file, script).unwrap();
        self.owner.own(&file);
    }

    /// What Postfix has logged so far.
    pub fn postfix_log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.dir.join("postfix.log")).unwrap()).into_owned()
    }

    /// Whether Postfix has delivered, returned or refused all that it was given.
    pub fn queue_is_empty(&self) -> bool {
        self.keeper.obeys("empty queue")
    }

    /// Starts Postfix after an outage.
    pub fn start_postfix(&self) {
        self.order("start postfix");
        for port in [self.mx_port(), self.submission_port()] {
            assert!(smtp::answers(port), "Postfix does not answer\n{}", self.logs());
        }
    }

    /// Ends Postfix; what it has queued stays queued.
    pub fn stop_postfix(&self) {
        self.order("stop postfix");
    }

    /// Starts Dovecot after an outage.
    pub fn start_dovecot(&self) {
        self.order("start dovecot");
        assert!(imap::answers(self.imap_port()), "Dovecot does not answer\n{}", self.logs());
        self.order("flush queue");
    }

    /// Ends Dovecot and every connection to it; mail waits in Postfix meanwhile.
    pub fn stop_dovecot(&self) {
        self.order("stop dovecot");
    }

    /// The text of a configuration for `watchpost` that watches [`INBOX`].
    pub fn config_text(&self) -> String {
        self.fill(include_str!("watchpost.toml"))
    }

    /// Writes a configuration for `watchpost`, and the password file that it names.
    pub fn watchpost_config(&self) -> PathBuf {
        self.write_config(&self.config_text())
    }

    /// Writes a configuration that may differ from [`Rig::config_text`].
    pub fn write_config(&self, text: &str) -> PathBuf {
        let file = self.dir.join("watchpost.toml");
        fs::write(&file, text).unwrap();
        file
    }

    /// The ends of all logs, for a message about a failure.
    pub fn logs(&self) -> String {
        ["dovecot.log", "postfix.log", "keeper.log"]
            .map(|name| format!("--- {name}\n{}", tail(&self.dir.join(name))))
            .join("\n")
    }

    fn order(&self, order: &str) {
        assert!(self.keeper.obeys(order), "could not {order}\n{}", self.logs());
    }

    fn write_files(&self) {
        certificate::write(&self.dir.join("ca.pem"), &self.dir.join("server.pem"));
        let password = self.dir.join("password");
        fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        for secret in [password, self.dir.join("server.pem")] {
            fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        }
        // They exist before the servers write to them, so that we may read them.
        for log in ["dovecot.log", "postfix.log", "keeper.log"] {
            fs::write(self.dir.join(log), "").unwrap();
        }
        for folder in ["mail", "home", "sieve"] {
            let folder = self.dir.join(folder);
            fs::create_dir(&folder).unwrap();
            self.owner.own(&folder);
        }
        fs::create_dir(self.dir.join("postfix")).unwrap();
        for (name, template) in [
            ("dovecot.conf", include_str!("dovecot.conf")),
            ("bouncing", include_str!("bouncing")),
            ("unmarked", include_str!("unmarked")),
            ("postfix/main.cf", include_str!("main.cf")),
            ("postfix/master.cf", include_str!("master.cf")),
            ("postfix/senders", include_str!("senders")),
            ("postfix/recipients", include_str!("recipients")),
            ("postfix/domains", include_str!("domains")),
        ] {
            fs::write(self.dir.join(name), self.fill(template)).unwrap();
            // Postfix waits until its configuration is two seconds old.
            let file = fs::File::options().write(true).open(self.dir.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
    }

    fn fill(&self, template: &str) -> String {
        [
            ("@DIR@", self.dir.display().to_string()),
            ("@PASSWORD@", PASSWORD.to_owned()),
            ("@UID@", self.owner.uid.to_string()),
            ("@GID@", self.owner.gid.to_string()),
            ("@IMAP@", self.imap_port().to_string()),
            ("@IMAPS@", self.imaps_port().to_string()),
            ("@MX@", self.mx_port().to_string()),
            ("@SUBMISSION@", self.submission_port().to_string()),
            ("@SUBMISSIONS@", self.submissions_port().to_string()),
        ]
        .iter()
        .fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    fn maildir(&self, address: &str, folder: &str) -> PathBuf {
        let (local, domain) = address.split_once('@').expect("an address has an @");
        let inbox = self.dir.join("mail").join(domain).join(local);
        if folder == "INBOX" { inbox } else { inbox.join(format!(".{folder}")) }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
    }
}

/// Asks again and again until something is so, and says whether it was before patience ended.
#[must_use]
pub fn wait_until(patience: Duration, mut so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !so() {
        if start.elapsed() > patience {
            return false;
        }
        pause();
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "real servers have no clock that could be moved")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// The last lines of a file.
fn tail(file: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
