//! One world: its people, its mail, its relay and its disk, and the desk in the middle of it.

use std::collections::{BTreeMap, BTreeSet};

use watchpost::desk::authentication::Authentication;
use watchpost::desk::books::Past;
use watchpost::desk::case::Case;
use watchpost::desk::classify::personal::Reading;
use watchpost::desk::command::{Command, Said};
use watchpost::desk::event::{Event, MailRef, Sayer};
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::ids::CaseId;
use watchpost::desk::intake::{Incoming, looked_up};
use watchpost::desk::keys::Keys;
use watchpost::desk::letter::{LetterId, LetterKind};
use watchpost::desk::message::MessageId;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::policy::Promise;
use watchpost::desk::quota::Caps;
use watchpost::desk::response::known_in;
use watchpost::desk::thread::mail_key;
use watchpost::desk::time::Moment;
use watchpost::desk::verdict::{Figures, Reason, Verdict};
use watchpost::desk::{Desk, Input};

use crate::chance::Chance;
use crate::hourglass::{DAY, HOUR};
use crate::oracle::Oracle;
use crate::people::Temper;
use crate::post::Post;
use crate::rows::Rows;
use crate::rules::Rules;

/// What is planned for a moment.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Mail(Box<Post>),
    Said(CaseId, Said),
    Relay(Relay),
    /// All mails get new numbers and are seen once more.
    Renumbered,
}

/// How the mail server treats our letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relay {
    Fine,
    /// It takes none for now.
    Busy,
    /// It cannot be reached.
    Gone,
    /// It wants no letters of ours.
    Refusing,
    /// It is cut off after the letter; half of them were taken.
    Silent,
}

/// A letter that was written.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) message_id: MessageId,
    pub(super) kind: LetterKind,
    /// The case that it is on, then the others that it is about.
    pub(super) cases: Vec<CaseId>,
    /// Of which promise it tells the team.
    pub(super) promise: Option<Promise>,
    pub(super) written: i64,
}

/// What can fail, and when it does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    No,
    BeforeCommit,
    AfterCommit,
}

/// One thing that the desk is given.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Mail(Box<Post>),
    Said(CaseId, Said),
    Time,
    Delivery(LetterId, Outcome),
}

/// What a crash takes back.
#[derive(Clone)]
struct Memory {
    desk: Desk,
    rows: Rows,
    oracle: Oracle,
    letters: BTreeMap<LetterId, Letter>,
    firsts: BTreeMap<CaseId, String>,
    log: usize,
}

pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) rules: Rules,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) now: i64,
    pub(super) desk: Desk,
    pub(super) rows: Rows,
    pub(super) oracle: Oracle,
    pub(super) tempers: BTreeMap<String, Temper>,
    /// The ids of all mails of reporters.
    pub(super) mails: BTreeSet<String>,
    /// The id of the mail that opened each case.
    pub(super) firsts: BTreeMap<CaseId, String>,
    pub(super) letters: BTreeMap<LetterId, Letter>,
    /// How often the relay took each letter, and how often nobody could know.
    pub(super) taken: BTreeMap<LetterId, usize>,
    pub(super) doubts: BTreeMap<LetterId, usize>,
    pub(super) log: Vec<Event>,
    /// What happened, in words.
    pub(super) story: Vec<String>,
    pub(super) steps: usize,
    plans: BTreeMap<(i64, u64), Happening>,
    delivered: Vec<Post>,
    relay: Relay,
    counter: u64,
    uid: u32,
    uid_validity: u32,
}

const FIRST_DAY: i64 = 1_769_904_000; // 2026-02-01

impl World {
    pub(super) fn of(seed: u64) -> World {
        let mut chance = Chance::of(seed);
        let start = FIRST_DAY + chance.number(0, 330 * DAY);
        let end = start + chance.number(60, 180) * DAY;
        let rules = Rules::draw(&mut chance, start, end);
        let keys = Keys::new(vec![[7; 32]]).unwrap();
        let desk = Desk::open(vec![rules.policy()], keys, Caps::default(), Past::default());
        let mut world = World {
            chance,
            rules,
            start,
            end,
            now: start,
            desk,
            rows: Rows::default(),
            oracle: Oracle::default(),
            tempers: BTreeMap::new(),
            mails: BTreeSet::new(),
            firsts: BTreeMap::new(),
            letters: BTreeMap::new(),
            taken: BTreeMap::new(),
            doubts: BTreeMap::new(),
            log: Vec::new(),
            story: Vec::new(),
            steps: 0,
            plans: BTreeMap::new(),
            delivered: Vec::new(),
            relay: Relay::Fine,
            counter: 0,
            uid: 0,
            uid_validity: 1,
        };
        world.people();
        if world.chance.percent(30) {
            let at = world.chance.number(start, end);
            world.plan(at, Happening::Renumbered);
        }
        world
    }

    pub(super) fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(super) fn plan(&mut self, at: i64, what: Happening) {
        let n = self.number();
        self.plans.insert((at, n), what);
    }

    pub(super) fn say(&mut self, at: i64, case: &CaseId, said: Said) {
        self.plan(at, Happening::Said(case.clone(), said));
    }

    /// A mail, most often seen when it arrives, sometimes hours later.
    pub(super) fn post(&mut self, post: Post) {
        let late = if self.chance.percent(12) { self.chance.number(1, 40 * HOUR) } else { 0 };
        self.post_at(post.arrived + late, post);
    }

    pub(super) fn post_at(&mut self, seen: i64, post: Post) {
        self.mails.extend(post.message.ids.iter().map(|id| id.as_str().to_owned()));
        self.plan(seen, Happening::Mail(Box::new(post)));
    }

    pub(super) fn tell(&mut self, what: &str) {
        self.story.push(format!("{} {what}", Moment::from_unix(self.now)));
    }

    /// Goes from one thing that happens to the next, until the end.
    pub(super) fn run(&mut self) -> Result<(), String> {
        loop {
            let wakeup = self.desk.next_wakeup(Moment::from_unix(self.now)).map(Moment::unix);
            let planned = self.plans.keys().next().map(|(at, _)| *at);
            let Some(next) = wakeup.into_iter().chain(planned).min() else { break };
            let mut next = next.max(self.now);
            if self.chance.percent(2) {
                // The machine sleeps, or its clock is set.
                next +=
                    self.chance.one(&[60, HOUR, 3 * DAY, 20 * DAY]) + self.chance.number(0, HOUR);
            }
            if next > self.end {
                break;
            }
            self.now = next;
            self.step()?;
        }
        self.last_look()
    }

    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        let mut mails = Vec::new();
        let mut said = Vec::new();
        while let Some(entry) = self.plans.first_entry().filter(|one| one.key().0 <= self.now) {
            match entry.remove() {
                Happening::Mail(post) => mails.push(*post),
                Happening::Said(case, what) => said.push(Work::Said(case, what)),
                Happening::Relay(relay) => {
                    self.relay = relay;
                    self.tell(&format!("the relay is {relay:?}"));
                }
                Happening::Renumbered => {
                    self.uid_validity += 1;
                    self.tell("all mails get new numbers");
                    mails.extend(self.delivered.clone());
                }
            }
        }
        mails.sort_by_key(|post| post.arrived);
        if self.chance.percent(3) {
            mails.extend(self.delivered.last().cloned());
        }
        let mails = mails.into_iter().map(|post| Work::Mail(Box::new(post)));
        let mut all: Vec<Work> = mails.chain(said).collect();
        all.push(Work::Time);
        for work in all {
            self.work(&work)?;
        }
        self.send()?;
        self.look()
    }

    /// One thing, decided and made durable; or lost in a crash, and done again.
    fn work(&mut self, work: &Work) -> Result<(), String> {
        let crash = match self.chance.number(0, 199) {
            0 | 1 => Crash::BeforeCommit,
            2 | 3 => Crash::AfterCommit,
            _ => Crash::No,
        };
        if crash == Crash::BeforeCommit {
            let memory = self.memory();
            self.decide(work)?;
            self.restore(memory);
            self.tell("a crash before the commit");
            self.reopen();
            if let Work::Delivery(letter, _) = work {
                *self.doubts.entry(letter.clone()).or_default() += 1;
                return Ok(());
            }
        }
        let before = self.log.len();
        self.decide(work)?;
        if crash == Crash::AfterCommit {
            self.crash_after()?;
        }
        let events = self.log[before..].to_vec();
        self.react(&events);
        Ok(())
    }

    fn decide(&mut self, work: &Work) -> Result<(), String> {
        match work {
            Work::Mail(post) => self.mail(post),
            Work::Said(case, said) => self.command(case, said),
            Work::Time => self.time(),
            Work::Delivery(letter, outcome) => self.delivery(letter, outcome),
        }
    }

    fn memory(&self) -> Memory {
        Memory {
            desk: self.desk.clone(),
            rows: self.rows.clone(),
            oracle: self.oracle.clone(),
            letters: self.letters.clone(),
            firsts: self.firsts.clone(),
            log: self.log.len(),
        }
    }

    fn restore(&mut self, memory: Memory) {
        self.log.truncate(memory.log);
        self.desk = memory.desk;
        self.rows = memory.rows;
        self.oracle = memory.oracle;
        self.letters = memory.letters;
        self.firsts = memory.firsts;
    }

    /// The daemon starts anew from what the disk holds.
    pub(super) fn reopen(&mut self) {
        self.desk = self.desk.reopened(self.rows.past(Moment::from_unix(self.now)));
    }

    fn crash_after(&mut self) -> Result<(), String> {
        self.tell("a crash after the commit");
        let now = Moment::from_unix(self.now);
        let before = self.desk.due(now, &BTreeSet::new());
        self.reopen();
        let after = self.desk.due(now, &BTreeSet::new());
        (before == after)
            .then_some(())
            .ok_or_else(|| format!("due before the crash {before:?}, and after it {after:?}"))
    }

    /// Hands over what may leave.
    fn send(&mut self) -> Result<(), String> {
        for _ in 0..200 {
            let due = self.desk.due(Moment::from_unix(self.now), &BTreeSet::new());
            if due.is_empty() {
                return Ok(());
            }
            for letter in due {
                let outcome = self.attempt(&letter)?;
                self.work(&Work::Delivery(letter, outcome))?;
            }
        }
        Err("the outbox does not come to rest".into())
    }

    fn attempt(&mut self, letter: &LetterId) -> Result<Outcome, String> {
        let to = self.letters.get(letter).ok_or("a letter that nobody wrote")?.to.clone();
        let dead = self.tempers.get(&to) == Some(&Temper::Dead);
        let outcome = match self.relay {
            Relay::Busy => Outcome::Transient("451 later".into()),
            Relay::Gone => Outcome::Unreachable("no route".into()),
            Relay::Refusing => Outcome::Configuration("535 no".into()),
            Relay::Silent => Outcome::Unknown("cut".into()),
            Relay::Fine if dead && self.chance.percent(25) => {
                Outcome::Permanent("550 no such user".into())
            }
            Relay::Fine if self.chance.percent(2) => Outcome::Unknown("cut".into()),
            Relay::Fine => Outcome::Accepted("250 ok".into()),
        };
        let unknown = matches!(outcome, Outcome::Unknown(_));
        if unknown {
            *self.doubts.entry(letter.clone()).or_default() += 1;
        }
        if matches!(outcome, Outcome::Accepted(_)) || unknown && self.chance.percent(50) {
            self.leaves(letter)?;
        }
        Ok(outcome)
    }

    /// Gives a mail to the desk, with what the rows know of it.
    pub(super) fn take_mail(&mut self, post: &Post) -> (bool, Vec<Event>) {
        self.uid += 1;
        let message = &post.message;
        let bytes = format!("\r\n\r\n{}", message.text);
        let key = known_in(post.role, mail_key("EXP", message, bytes.as_bytes()));
        let recorded = self.rows.is_decided(&key);
        let ties = looked_up(message);
        let tied: Vec<_> = ties
            .iter()
            .flat_map(|tie| self.rows.lead(tie).into_iter().map(move |tied| (tie.clone(), tied)))
            .collect();
        for (_, tied) in &tied {
            self.recall(&tied.case);
        }
        if !recorded {
            self.delivered.push(post.clone());
        }
        let codes = post.codes.iter().map(|code| Reason { code: *code, detail: String::new() });
        let incoming = Incoming {
            mail: MailRef {
                folder: Folder { inbox: "security".into(), name: name(post.role), role: post.role },
                uid_validity: self.uid_validity,
                uid: self.uid,
                message_id: message.ids.first().cloned(),
                arrived: Moment::from_unix(post.arrived),
                size: 1000,
            },
            message: message.clone(),
            verdict: Verdict {
                kind: post.kind,
                reasons: codes.collect(),
                hints: Vec::new(),
                language: None,
                figures: Figures { words: post.words, ..Figures::default() },
            },
            authentication: match &post.authentication {
                Authentication::Pass { domain } => Authentication::Pass { domain: domain.clone() },
                other => other.clone(),
            },
            witness: None,
            claimed_by: None,
            reading: Reading::No,
            recorded,
            tied,
        };
        let events = self.take(&Input::Mail(Box::new(incoming)));
        if !events.is_empty() {
            self.rows.decided(key);
        }
        (recorded, events)
    }

    pub(super) fn take_command(&mut self, case: &CaseId, said: &Said) -> Vec<Event> {
        self.recall(case);
        let command = Command {
            case: case.clone(),
            said: said.clone(),
            by: Sayer::Operator,
            person: None,
            said_at: Moment::from_unix(self.now),
            story: Vec::new(),
        };
        self.take(&Input::Command(Box::new(command)))
    }

    /// A closed case is read from the disk when something comes up about it.
    fn recall(&mut self, case: &CaseId) {
        if self.desk.books().case(case).is_none() {
            self.desk.recall(Case::replay(&self.rows.events(case)).unwrap());
        }
    }

    pub(super) fn take(&mut self, input: &Input) -> Vec<Event> {
        let events = self.desk.decide(Moment::from_unix(self.now), input);
        for event in &events {
            self.desk.apply(event);
            self.rows.keep(self.desk.books(), event);
            self.log.push(event.clone());
        }
        events
    }
}

fn name(role: Role) -> String {
    role.mark().unwrap_or("INBOX").to_owned()
}
