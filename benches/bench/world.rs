//! The servers, a mailbox for each run, and Watchpost watching it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::corpus::{Fate, Mail};
use super::floor;
use super::rig::{Daemon, Rig};
use super::usage;

/// How long anything may take before the run is given up.
const PATIENCE: Duration = Duration::from_mins(20);

/// A mailbox with its store: nothing of one run is left in the next.
pub(crate) struct Run<'a> {
    pub(crate) rig: &'a Rig,
    /// The account of the mail server.
    pub(crate) user: String,
    /// Where the store is.
    pub(crate) state: PathBuf,
    /// Where mail is read, and where letters leave.
    pub(crate) imap: u16,
    pub(crate) smtp: u16,
    pub(crate) connections: u16,
    /// How often the folders are looked at beside IDLE, as the configuration says it.
    pub(crate) poll: &'static str,
}

/// What one backlog took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    pub(crate) processor: Duration,
    pub(crate) peak: f64,
}

impl<'a> Run<'a> {
    pub(crate) fn new(rig: &'a Rig, name: &str, smtp: u16) -> Run<'a> {
        let state = rig.dir().join(format!("state-{name}"));
        let (user, imap) = (format!("{name}@project.example"), rig.imap_port());
        Run { rig, user, state, imap, smtp, connections: 2, poll: "1m" }
    }

    /// In clear text on loopback: what encryption costs is the same for everybody.
    pub(crate) fn config(&self) -> PathBuf {
        let Run { rig, user, state, imap, smtp, connections, poll } = self;
        let (dir, state) = (rig.dir().display(), state.display());
        let text = format!(
            "state = \"{state}\"\n[project]\nname = \"Express\"\ncase_prefix = \"EXP\"\n\
             [limits]\naddress_per_day = 100000\ndomain_per_hour = 100000\nper_hour = 100000\n\
             [[inbox]]\nname = \"security\"\nkind = \"dedicated\"\n\
             recipients = [\"security@project.example\"]\n\
             from = \"Express Security <security@project.example>\"\n\
             authserv_id = \"mx.project.example\"\n\
             [inbox.imap]\nhost = \"localhost\"\nport = {imap}\nsecurity = \"none\"\nuser = \"{user}\"\n\
             password = {{ file = \"{dir}/password\" }}\nfolders = [\"INBOX\"]\npoll = \"{poll}\"\n\
             [inbox.smtp]\nhost = \"localhost\"\nport = {smtp}\nsecurity = \"none\"\n\
             connections = {connections}\n"
        );
        let file = PathBuf::from(format!("{state}.toml"));
        fs::write(&file, text).unwrap();
        file
    }

    /// Watchpost watches an empty folder and ends: mail that lies there at a first start is old, and
    /// nobody is answered.
    pub(crate) fn watch_empty(&self) {
        self.fill([]);
        let daemon = Daemon::start(self.rig, &self.config());
        wait(|| daemon.log().contains("this folder begins here"), || daemon.log());
        assert!(daemon.terminate().success());
    }

    pub(crate) fn fill(&self, mails: impl IntoIterator<Item = Mail>) {
        let texts = mails.into_iter().map(|mail| mail.text);
        self.rig.append(&self.user, "INBOX", Duration::ZERO, texts);
        // Both sides find the mailbox as a server that delivers has it: each mail has its UID.
        let mut inbox = floor::Inbox::open(self.rig.imap_port(), &self.user);
        inbox.command("NOOP");
    }

    /// From the start of the process to the last letter accepted and its outcome on the disk.
    pub(crate) fn backlog(&self, owed: usize) -> (Took, Daemon) {
        let config = self.config();
        let start = Instant::now();
        let daemon = Daemon::start(self.rig, &config);
        // A line is written when it is on the disk.
        wait(|| sent(&daemon) >= owed, || daemon.log());
        let (wall, processor) = (start.elapsed(), usage::time(daemon.id()));
        (Took { wall, processor, peak: usage::peak(daemon.id()) }, daemon)
    }

    /// The same for the floor.
    pub(crate) fn floor(&self) -> Took {
        let file = self.state.with_extension("floor");
        let before = usage::time_of_children();
        let start = Instant::now();
        let status = floor::command(self.imap, self.smtp, &self.user, &file).status().unwrap();
        let wall = start.elapsed();
        assert!(status.success(), "the floor failed");
        Took { wall, processor: usage::time_of_children().saturating_sub(before), peak: 0.0 }
    }
}

/// Waits until something is so.
pub(crate) fn wait(mut so: impl FnMut() -> bool, log: impl Fn() -> String) {
    let start = Instant::now();
    while !so() {
        let log = if start.elapsed() > PATIENCE { log() } else { String::new() };
        assert!(start.elapsed() <= PATIENCE, "it does not end\n{log}");
        rest(Duration::from_millis(5));
    }
}

#[expect(clippy::disallowed_methods, reason = "real servers have no clock that could be moved")]
pub(crate) fn rest(time: Duration) {
    std::thread::sleep(time);
}

/// How many letters have left.
fn sent(daemon: &Daemon) -> usize {
    daemon.log().matches("a letter was sent").count()
}

/// What is wrong with a run that is over; the gate of every figure.
pub(crate) fn wrongs(mails: &[Mail], daemon: &Daemon, letters: &[String]) -> Vec<String> {
    let log = daemon.log();
    let count = |fate: Fate| mails.iter().filter(|mail| mail.fate == fate).count();
    let mut wrongs = Vec::new();
    for (what, found, right) in [
        ("cases", log.matches("a case is opened").count(), count(Fate::Opens)),
        (
            "follow-ups that joined",
            log.matches("a mail joined its case").count(),
            count(Fate::Joins),
        ),
        ("letters", letters.len(), count(Fate::Opens)),
    ] {
        if found != right {
            wrongs.push(format!("{found} {what}, and not {right}"));
        }
    }
    let mut got: Vec<&str> = letters.iter().map(String::as_str).collect();
    got.sort_unstable();
    let mut owed: Vec<&str> =
        mails.iter().filter(|m| m.fate == Fate::Opens).map(|m| m.from.as_str()).collect();
    owed.sort_unstable();
    if got != owed {
        wrongs.push("not every reporter has exactly one letter".to_owned());
    }
    wrongs
}
