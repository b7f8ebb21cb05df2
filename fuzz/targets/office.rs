//! A desk with the rows that its events lead to, and every letter that it writes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use watchpost::config;
use watchpost::desk::books::Past;
use watchpost::desk::event::{Event, Fact, MailRef};
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::intake::{Incoming, looked_up};
use watchpost::desk::judge::judge_and_read;
use watchpost::desk::keys::Keys;
use watchpost::desk::letter::Letter;
use watchpost::desk::message::Message;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::policy::{InboxKind, Policy};
use watchpost::desk::quota::Caps;
use watchpost::desk::record;
use watchpost::desk::table::{MAX_KEY, MAX_VALUE, Table, Write};
use watchpost::desk::thread::{Tie, Tied};
use watchpost::desk::time::{Moment, Span};
use watchpost::desk::wording::{self, Wording};
use watchpost::desk::{Desk, Input};

use super::letters;

/// The server whose Authentication-Results are believed.
pub(super) const SERVER: &str = "mx.project.example";
/// The lead.
pub(super) const KIM: &str = "kim@project.example";

/// A configuration with a team and a list.
pub(super) const CONFIG: &str = r#"
[project]
name = "Express"
case_prefix = "EXP"
[promises]
acknowledgement = "48h"
response = "48h"
[smtp]
host = "smtp.project.example"
user = "security@project.example"
password = { credential = "smtp-password" }
[imap]
host = "imap.project.example"
user = "security@project.example"
password = { credential = "imap-password" }
[[member]]
name = "kim"
addresses = ["kim@project.example"]
zone = "Europe/Berlin"
[[member]]
name = "lee"
addresses = ["lee@project.example"]
[team]
lead = "kim"
deputies = ["lee"]
[[inbox]]
recipients = ["security@project.example"]
authserv_id = "mx.project.example"
lists = ["list@lists.project.example"]
subaddressing = true
"#;

/// The rules of an inbox of each kind.
pub(super) static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let settings = config::parse("fuzz.toml", CONFIG).unwrap();
    let policy = &settings.inboxes[0].policy;
    let kinds = [InboxKind::Dedicated, InboxKind::Mixed, InboxKind::Personal];
    kinds.into_iter().map(|kind| Policy { kind, ..policy.clone() }).collect()
});

/// The shipped wording, tried once.
pub(super) static WORDING: LazyLock<Wording> = LazyLock::new(Wording::shipped);

/// The start of every story.
pub(super) fn start() -> Moment {
    Moment::parse_rfc3339("2026-09-01T17:11:05Z").unwrap()
}

/// The keys of every story.
pub(super) fn keys() -> Keys {
    Keys::new(vec![[9; 32]]).unwrap()
}

/// The desk and what is around it.
pub(super) struct Office {
    pub(super) desk: Desk,
    pub(super) now: Moment,
    pub(super) letters: Vec<Letter>,
    pub(super) log: Vec<Event>,
    uid: u32,
    ties: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Office {
    pub(super) fn open(policy: &Policy) -> Office {
        let desk = Desk::open(vec![policy.clone()], keys(), Caps::default(), Past::default());
        let (letters, log, ties) = (Vec::new(), Vec::new(), Vec::new());
        Office { desk, now: start(), letters, log, uid: 0, ties }
    }

    /// A mail arrives in a folder.
    pub(super) fn receive(&mut self, message: Message, role: Role) {
        self.uid += 1;
        let policy = &self.desk.policies()[0];
        let (judged, judgement) = judge_and_read(message, policy);
        let tied = looked_up(&judged.message).iter().flat_map(|tie| self.lead(tie)).collect();
        let mail = MailRef {
            folder: Folder { inbox: policy.inbox.clone(), name: "INBOX".into(), role },
            uid_validity: 1,
            uid: self.uid,
            message_id: judged.message.ids.first().cloned(),
            arrived: self.now,
            size: 1000,
        };
        self.take(&Input::Mail(Box::new(Incoming {
            mail,
            message: judged.message,
            verdict: judged.verdict,
            authentication: judged.authentication,
            witness: None,
            claimed_by: None,
            reading: judgement.reading,
            recorded: false,
            tied,
        })));
    }

    /// Sends what waits, and lets time bring what it brings, a few times.
    pub(super) fn work(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for letter in self.desk.due(self.now, &BTreeSet::new()) {
                let outcome = Outcome::Accepted("250 ok".into());
                self.take(&Input::Delivery { letter, outcome });
            }
            let Some(next) = self.desk.next_wakeup(self.now) else { return };
            self.now = next.max(self.now + Span::seconds(1));
            self.take(&Input::Time);
        }
    }

    fn take(&mut self, input: &Input) {
        let events = self.desk.decide(self.now, input);
        let mut decided: Vec<Event> = Vec::new();
        for event in events {
            self.desk.apply(&event);
            for write in record::event(self.desk.books(), &event) {
                self.keep(write);
            }
            if let Fact::Written { .. } = &event.fact {
                let (books, policy) = (self.desk.books(), |inbox: &str| self.desk.policy(inbox));
                let text = input.text();
                let letter = wording::letter(&WORDING, books, policy, &event, &decided, text);
                let letter = self.desk.addressed(letter.unwrap().letter);
                letters::check(&self.desk, &event, &letter);
                self.letters.push(letter);
            }
            decided.push(event.clone());
            self.log.push(event);
        }
    }

    /// A row that does not fit would stop the daemon.
    fn keep(&mut self, write: Write) {
        match write {
            Write::Put(table, key, value) => {
                assert!(key.len() <= MAX_KEY && value.len() <= MAX_VALUE, "a row of {table:?}");
                if table == Table::Ties {
                    self.ties.push((key, value));
                }
            }
            Write::Delete(Table::Ties, gone) => self.ties.retain(|(key, _)| *key != gone),
            Write::Delete(..) => {}
        }
    }

    fn lead(&self, tie: &Tie) -> Vec<(Tie, Tied)> {
        if let Some(case) = tie.names() {
            return vec![(tie.clone(), Tied { case: case.clone(), letter: false })];
        }
        let Some(key) = tie.key() else { return Vec::new() };
        let rows = self.ties.iter().filter(|(row, _)| row.starts_with(&key));
        rows.map(|(_, value)| (tie.clone(), record::read("a tie", value).unwrap())).collect()
    }
}
