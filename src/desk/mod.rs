//! The desk: everything that is decided, and nothing that is done.
//!
//! No tokio, no sled, no sockets, no files, no clock, no randomness: the same inputs give the same
//! log, in every run. Three verbs: [`Desk::decide`] says what follows from an input, as events;
//! [`Desk::apply`] takes one event in; [`Desk::next_wakeup`] says when the desk wants to be asked
//! again. A desk is cheap to clone, so that a batch of inputs can be worked through on a draft, made
//! durable, and only then put in the place of what was known before.

mod absence;
pub mod address;
mod agenda;
pub mod alarm;
pub mod alike;
mod another;
pub mod answer;
pub mod authentication;
pub mod backup;
pub mod books;
mod bounce;
mod by_mail;
pub mod calendar;
pub mod canary;
pub mod case;
pub mod claim;
pub mod classify;
pub mod command;
pub mod conversation;
mod delivery;
mod digest;
pub mod door;
pub mod event;
pub mod few;
pub mod fill;
mod findings;
pub mod fit;
pub mod folder;
pub mod gathering;
pub mod hex;
pub mod ids;
pub mod incoming;
pub mod intake;
pub mod judge;
pub mod keys;
pub mod ladder;
pub mod language;
pub mod lately;
pub mod letter;
pub mod line;
pub mod mails;
pub mod map;
pub mod message;
mod missed;
pub mod notice;
pub mod opening;
pub mod outbox;
pub mod outlook;
pub mod parse;
mod place;
pub mod policy;
pub mod presence;
pub mod progress;
pub mod promise;
pub mod promised;
pub mod proof;
pub mod question;
pub mod quota;
pub mod reason;
pub mod record;
pub mod refusal;
pub mod response;
pub mod said;
pub mod schedule;
pub mod similar;
pub mod stats;
mod subaddress;
pub mod table;
pub mod tally;
pub mod team;
pub mod thread;
pub mod time;
pub mod verdict;
pub mod verify;
mod waiting;
pub mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::address::Address;
use self::agenda::Agenda;
use self::alarm::Outside;
use self::books::{Books, Past};
use self::canary::Flight;
use self::case::Case;
use self::claim::Identity;
use self::command::Command;
use self::event::{Event, Fact};
use self::folder::Folder;
use self::ids::CaseId;
use self::incoming::Facts;
use self::intake::Incoming;
use self::keys::Keys;
use self::letter::{Letter, LetterId};
use self::message::Message;
use self::outbox::Outcome;
use self::policy::{Canary, Policy};
use self::proof::Standing;
use self::quota::Caps;
use self::refusal::Refusal;
use self::time::{Moment, Span};

/// Everything that can happen to the desk.
#[derive(Clone, Debug)]
pub enum Input {
    /// A mail arrived in a watched folder.
    Mail(Box<Incoming>),
    /// Time passed: what is due now?
    Time,
    /// An attempt to send a letter ended.
    Delivery {
        /// The letter.
        letter: LetterId,
        /// How it ended.
        outcome: Outcome,
    },
    /// A letter that was decided on could not be written, which is a defect.
    Unwritten {
        /// The letter.
        letter: LetterId,
        /// Why, without a word of any mail.
        why: String,
    },
    /// The mail that a letter answers shows that another Watchpost claims it too.
    Claimed {
        /// The letter.
        letter: LetterId,
        /// Who.
        by: Identity,
        /// The mail was answered, and not by us.
        answered: bool,
    },
    /// A letter was looked for in the folder for sent mail, and put there if it was missing.
    Kept {
        /// The letter.
        letter: LetterId,
        /// It was there.
        by_itself: bool,
    },
    /// The second relay took a canary.
    CanarySent {
        /// The published address that it is on its way to.
        to: Address,
        /// When it was made.
        made: Moment,
    },
    /// Somebody who may said something by command.
    Command(Box<Command>),
    /// A folder is seen for the first time, or with a new UIDVALIDITY.
    Folder {
        /// The folder.
        folder: Folder,
        /// Its UIDVALIDITY.
        uid_validity: u32,
        /// The last UID that is there already.
        last_old_uid: u32,
    },
}

impl Input {
    /// What a mail says; nothing for all else.
    pub fn text(&self) -> Option<&str> {
        if let Input::Mail(incoming) = self { Some(&incoming.message.text) } else { None }
    }
}

/// What time brings on more cases than these waits for the next second: all of it stands in one
/// commit, and after a flood or a long sleep thousands can be due together.
const MOST_CASES_AT_ONCE: usize = 256;

/// The desk: what is known, and the rules that it is judged by.
#[derive(Clone, Debug)]
pub struct Desk {
    books: Books,
    agenda: Agenda,
    rules: Arc<Rules>,
}

/// What the configuration and the keys say; it does not change while the desk lives.
#[derive(Debug)]
struct Rules {
    policies: Vec<Policy>,
    keys: Keys,
    caps: Caps,
}

impl Desk {
    /// Opens the desk with what the store holds.
    pub fn open(policies: Vec<Policy>, keys: Keys, caps: Caps, past: Past) -> Desk {
        Desk::with(past, Arc::new(Rules { policies, keys, caps }))
    }

    /// The same desk with other books: what a store turned out to hold.
    #[must_use]
    pub fn reopened(&self, past: Past) -> Desk {
        Desk::with(past, Arc::clone(&self.rules))
    }

    fn with(mut past: Past, rules: Arc<Rules>) -> Desk {
        // Nothing is counted for a digest that nobody gets.
        let counts =
            |inbox: &str| rules.policies.iter().any(|p| p.inbox == inbox && p.digest.is_some());
        past.digests.retain(|(inbox, _)| counts(inbox));
        let mut desk = Desk { books: Books::open(past), agenda: Agenda::default(), rules };
        let cases: Vec<CaseId> = desk.books.cases().map(|case| case.id.clone()).collect();
        for id in &cases {
            desk.schedule(id);
        }
        desk
    }

    /// What follows from an input, as events in order; none where nothing does. Pure: the same desk,
    /// moment and input give the same events.
    #[must_use]
    pub fn decide(&self, now: Moment, input: &Input) -> Vec<Event> {
        let mut facts = match input {
            Input::Mail(incoming) => self
                .policy(&incoming.mail.folder.inbox)
                .map(|policy| {
                    let Rules { keys, caps, .. } = &*self.rules;
                    let rules = |inbox: &str| self.policy(inbox);
                    let facts = by_mail::said(&self.books, rules, keys, caps, now, incoming);
                    let facts = facts.unwrap_or_else(|| {
                        intake::mail(&self.books, policy, keys, caps, now, incoming)
                    });
                    let facts = absence::with_presence(&self.books, policy, keys, incoming, facts);
                    another::with_another(&self.books, incoming, facts)
                })
                .unwrap_or_default(),
            Input::Time => {
                let policy = |inbox: &str| self.policy(inbox);
                let mut facts = delivery::combined(&self.books, policy, &self.rules.keys, now);
                facts.extend(notice::gathered(&self.books, policy, &self.rules.keys, now));
                facts.extend(self.passed(now));
                let Rules { policies, keys, .. } = &*self.rules;
                facts.extend(digest::due(&self.books, policies, keys, now));
                facts
            }
            Input::Delivery { letter, outcome } => {
                delivery::delivery(&self.books, now, letter, outcome)
            }
            Input::Unwritten { letter, why } => delivery::unwritten(&self.books, letter, why),
            Input::Claimed { letter, by, answered } => {
                another::claimed(&self.books, letter, *by, *answered)
            }
            Input::Kept { letter, by_itself } => {
                delivery::kept(&self.books, letter, *by_itself).into_iter().collect()
            }
            Input::CanarySent { to, made } => {
                vec![(None, Fact::CanarySent { to: to.clone(), made: *made })]
            }
            // What cannot be done changes nothing; whoever said it asks for the reason.
            Input::Command(command) => self.obey(now, command).unwrap_or_default(),
            Input::Folder { folder, uid_validity, last_old_uid } => {
                let (folder, uid_validity, last_old_uid) =
                    (folder.clone(), *uid_validity, *last_old_uid);
                vec![(None, Fact::FolderBegun { folder, uid_validity, last_old_uid })]
            }
        };
        let (first, keys) = (self.books.last_seq().saturating_add(1), &self.rules.keys);
        let policy = |inbox: &str| self.policy(inbox);
        facts.extend(missed::outdated(&self.books, &facts));
        facts.extend(missed::belated(&self.books, policy, keys, now, &facts));
        facts.extend(notice::notices(&self.books, policy, keys, now, first, &facts));
        let numbered = facts.into_iter().zip(first..);
        numbered.map(|((case, fact), seq)| Event { seq, at: now, case, fact }).collect()
    }

    /// What time has brought on the cases by now.
    fn passed(&self, now: Moment) -> Facts {
        let due =
            self.agenda.due(now).filter_map(|id| self.books.case(id)).take(MOST_CASES_AT_ONCE);
        // What is decided here counts as well: after a long sleep many promises are missed at once.
        let mut quota = self.books.quota().clone();
        due.flat_map(|case| {
            let policy = self.policy(&case.mail().folder.inbox);
            let facts = policy.map(|policy| {
                let keys = &self.rules.keys;
                let mut facts = missed::passed(&self.books, &mut quota, case, policy, keys, now);
                facts.extend(waiting::passed(case, policy, keys, now));
                facts
            });
            facts.unwrap_or_default()
        })
        .collect()
    }

    /// Why a command cannot be done, where that is so.
    pub fn refusal(&self, now: Moment, command: &Command) -> Option<Refusal> {
        self.obey(now, command).err()
    }

    fn obey(&self, now: Moment, command: &Command) -> Result<Facts, Refusal> {
        let policy = |inbox: &str| self.policy(inbox);
        let Rules { keys, caps, .. } = &*self.rules;
        command::command(&self.books, policy, keys, caps, now, command)
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        let before = event.case.as_ref().and_then(|id| self.standing(id));
        self.books.apply(event);
        let after = event.case.as_ref().and_then(|id| self.standing(id));
        let ended = before.zip(after).map(|(was, is)| proof::ended(&was, &is, event));
        self.books.prove(&self.rules.keys, event, ended.unwrap_or_default());
        if let Some(id) = &event.case {
            self.schedule(id);
        }
    }

    /// Takes in a closed case that a mail or a command is about; see [`Books`].
    pub fn recall(&mut self, case: Case) {
        self.books.recall(case);
    }

    /// Lets go of cases that were closed long ago, so that memory does not grow.
    pub fn forget(&mut self) {
        for id in self.books.forget() {
            self.agenda.set(&id, None);
        }
    }

    fn standing(&self, id: &CaseId) -> Option<Standing> {
        let case = self.books.case(id)?;
        Some(Standing::of(case, self.policy(&case.mail().folder.inbox)?))
    }

    /// Puts down when time brings something next on a case.
    fn schedule(&mut self, id: &CaseId) {
        let case = self.books.case(id);
        let policy = case.and_then(|case| self.policy(&case.mail().folder.inbox));
        let next = case.zip(policy).and_then(|(case, policy)| {
            promise::next(case, policy).into_iter().chain(waiting::next(case, policy)).min()
        });
        self.agenda.set(id, next);
    }

    /// Whether a mail is to be read, of which only the header fields are known yet.
    pub fn wants(&self, now: Moment, folder: &Folder, mail: &Message) -> bool {
        let policy = self.policy(&folder.inbox);
        policy.is_some_and(|policy| {
            intake::wanted(&self.books, policy, &self.rules.keys, now, folder.role, mail)
        })
    }

    /// When something is due, after `now`, that no mail or outcome will bring up by itself.
    pub fn next_wakeup(&self, now: Moment) -> Option<Moment> {
        let clocks = self.agenda.next().map(|at| at.max(now + Span::seconds(1)));
        let digest = digest::next(&self.books, &self.rules.policies, now);
        self.books.next_wakeup(now).into_iter().chain(clocks).chain(digest).min()
    }

    /// A letter as it leaves: answered, and returned, at an address that is tied to the case,
    /// where the inbox of the case can be written to that way.
    #[must_use]
    pub fn addressed(&self, letter: Letter) -> Letter {
        let case = letter.id.case().and_then(|id| self.books.case(&id));
        match (self.policy(&letter.inbox), case) {
            (Some(policy), Some(case)) => {
                subaddress::addressed(&self.rules.keys, policy, case, letter)
            }
            _ => letter,
        }
    }

    /// The letters that may be sent now, oldest first, beside those that are `busy` already.
    pub fn due(&self, now: Moment, busy: &BTreeSet<LetterId>) -> Vec<LetterId> {
        self.due_in_order(now, busy).map(|(id, _)| id.clone()).collect()
    }

    /// The same one by one, each with its inbox: who wants the first few pays for no more.
    pub fn due_in_order<'d>(
        &'d self,
        now: Moment,
        busy: &'d BTreeSet<LetterId>,
    ) -> impl Iterator<Item = (&'d LetterId, &'d str)> {
        self.books.due(&self.rules.caps, now, busy)
    }

    /// The inboxes that are not configured and owed for.
    pub fn unconfigured(&self) -> BTreeMap<&str, alarm::Owed> {
        alarm::unconfigured(&self.books, &self.rules.policies)
    }

    /// What is wrong with mail now, with what the loop knows beside the books.
    pub fn troubles(&self, now: Moment, rules: &alarm::Rules, outside: &Outside) -> alarm::View {
        alarm::troubles(&self.books, &self.rules.policies, rules, outside, now)
    }

    /// The inboxes that canaries are sent to, with each published address and what is known there.
    pub fn canaries(&self) -> impl Iterator<Item = (&str, &Address, Canary, Option<&Flight>)> {
        let flown = self.rules.policies.iter().filter_map(|policy| Some((policy, policy.canary?)));
        flown.flat_map(move |(policy, canary)| {
            let known = move |to| (policy.inbox.as_str(), to, canary, self.books.canary(to));
            policy.recipients.iter().map(known)
        })
    }

    /// The secret keys, for letters that belong to no case.
    pub fn keys(&self) -> &Keys {
        &self.rules.keys
    }

    /// What is known.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The rules of all inboxes.
    pub fn policies(&self) -> &[Policy] {
        &self.rules.policies
    }

    /// The rules of an inbox.
    pub fn policy(&self, inbox: &str) -> Option<&Policy> {
        self.rules.policies.iter().find(|policy| policy.inbox == inbox)
    }
}
