//! Kept mail, worked through in virtual time: what would have been sent to whom, and when.
//!
//! The pipeline is the daemon's. In the place of the store stand rows in memory, a letter is accepted
//! in the moment in which it is due, and the clock jumps from one event to the next. Nothing is sent.

mod action;
mod commands;
mod row;
mod rows;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use self::action::{Cause, Owed, action, ignored};
pub use self::commands::{Mistake, Said, read as read_commands};
pub use self::row::{Row, Summary};
use self::rows::{Read, Rows};
use self::timeline::{Arrival, Timeline};
use crate::config::settings::Settings;
use crate::desk::books::Past;
use crate::desk::command::{self, Command};
use crate::desk::event::{Event, Fact, Sayer};
use crate::desk::folder::Role;
use crate::desk::ids::CaseId;
use crate::desk::keys::Keys;
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;
use crate::desk::outbox::Outcome;
use crate::desk::policy::Policy;
use crate::desk::time::{Moment, Span};
use crate::desk::{Desk, Input};
use crate::io::archive::Archive;

/// What is to be worked through.
pub struct Plan {
    /// What arrived.
    pub mail: Archive,
    /// What the account sent.
    pub sent: Option<Archive>,
    /// What people said otherwise than by mail, in the order of their file.
    pub said: Vec<Said>,
    /// All mail is of this inbox; otherwise of the first one that it is addressed to.
    pub inbox: Option<String>,
    /// Where to stop.
    pub until: Option<Moment>,
}

/// Where rows go, and who wants to hear how far it is.
pub trait Audience {
    /// Why it hears no more.
    type Gone;
    /// A row, in time order.
    fn row(&mut self, row: &Row) -> Result<(), Self::Gone>;
    /// So many mails of so many are done.
    fn progress(&mut self, done: usize, of: usize);
}

/// The keys of every simulation: the same mail gets the same letter with the same Message-ID in each
/// run, so that a later archive can hold the answers. They protect nothing, since nothing is sent.
const KEY: [u8; 32] = *b"watchpost simulate: known to all";

/// Nobody answers a mail more often before it comes.
const MOST_EARLY: usize = 4;

/// How often time may bring up something new within one second.
const MOST_ROUNDS: usize = 10_000;

/// Works a plan through under a configuration.
pub fn simulate<A: Audience>(
    settings: &Settings,
    plan: &Plan,
    audience: &mut A,
) -> Result<Summary, A::Gone> {
    let policies: Vec<Policy> = settings.inboxes.iter().map(|i| i.policy.clone()).collect();
    let timeline = Timeline::of(&plan.mail, plan.sent.as_ref());
    let longest = policies.iter().map(Policy::longest_promise).max().unwrap_or(Span::ZERO);
    let last = timeline.arrivals.last().map(|arrival| arrival.at);
    let end = plan.until.or(last.map(|last| last + longest));
    let mut summary = Summary {
        end,
        longest: plan.until.is_none().then_some(longest),
        undated: timeline.undated,
        left_alone: plan.mail.left_alone + plan.sent.as_ref().map_or(0, |sent| sent.left_alone),
        ..Summary::default()
    };
    if let Some(keys) = Keys::new(vec![KEY]) {
        let run = Run {
            desk: Desk::open(policies.clone(), keys, settings.caps, Past::default()),
            plan,
            policies: &policies,
            now: Moment::from_unix(i64::MIN),
            rows: Rows::default(),
            owed: BTreeMap::new(),
            opened: BTreeMap::new(),
            early: BTreeMap::new(),
            stories: BTreeMap::new(),
            fresh: Vec::new(),
            held_back: None,
            audience,
            summary: &mut summary,
        };
        run.through(&timeline, end)?;
    }
    Ok(summary)
}

/// One run.
struct Run<'a, A> {
    desk: Desk,
    plan: &'a Plan,
    policies: &'a [Policy],
    now: Moment,
    rows: Rows,
    /// Letters that are written and not sent.
    owed: BTreeMap<LetterId, Owed>,
    /// Which case each mail opened first.
    opened: BTreeMap<MessageId, CaseId>,
    /// Sent mails of no case, by what they answer: a report that comes late was answered before.
    early: BTreeMap<MessageId, Vec<Arrival>>,
    /// The events of each case, where a command needs them.
    stories: BTreeMap<CaseId, Vec<Event>>,
    /// The reports that opened a case just now.
    fresh: Vec<MessageId>,
    /// The last row: what follows may belong to it.
    held_back: Option<Row>,
    audience: &'a mut A,
    summary: &'a mut Summary,
}

impl<A: Audience> Run<'_, A> {
    /// Jumps from one event to the next. Within one second mails come first, then what people say,
    /// then the clock.
    fn through(mut self, timeline: &Timeline, end: Option<Moment>) -> Result<(), A::Gone> {
        let mut said: Vec<&Said> = self.plan.said.iter().collect();
        said.sort_by_key(|said| said.at);
        let (mut mails, mut said) =
            (timeline.arrivals.iter().peekable(), said.into_iter().peekable());
        loop {
            let wakeup = self.desk.next_wakeup(self.now).filter(|at| *at > self.now);
            let next = [mails.peek().map(|mail| mail.at), said.peek().map(|said| said.at), wakeup];
            let Some(next) = next.into_iter().flatten().min() else { break };
            if end.is_none_or(|end| next > end) {
                break;
            }
            self.now = next;
            while let Some(mail) = mails.next_if(|mail| mail.at <= next) {
                self.mail(mail)?;
                self.answered_early()?;
                self.summary.mails += 1;
                self.audience.progress(self.summary.mails, timeline.arrivals.len());
            }
            while let Some(said) = said.next_if(|said| said.at <= next) {
                self.command(said)?;
            }
            self.clock()?;
        }
        self.summary.mails_after = mails.count();
        self.summary.said_after = said.count();
        self.summary.cases = self.desk.books().open_cases();
        self.flush()
    }

    fn mail(&mut self, arrival: &Arrival) -> Result<(), A::Gone> {
        let archive = match (arrival.role, &self.plan.sent) {
            (Role::Sent, Some(sent)) => sent,
            _ => &self.plan.mail,
        };
        let Some(kept) = archive.mails().get(arrival.index) else { return Ok(()) };
        let file = archive.name(kept);
        let text = archive.read(kept).ok();
        let books = self.desk.books();
        let inbox = self.plan.inbox.as_deref();
        let Some(read) = self.rows.read(books, self.policies, inbox, arrival, text, &file) else {
            return Ok(());
        };
        let wanted = |read: &Read| {
            self.rows.leads(read) || self.desk.wants(self.now, &read.folder, &read.message)
        };
        let why = if self.rows.is_recorded(&read) {
            Some("this very mail was here already")
        } else if read.headers_first && !wanted(&read) {
            Some("none of ours: neither its addresses nor what it answers")
        } else {
            None
        };
        let own_letter = read.is_own_letter();
        let cause = Cause::Mail(&file);
        let answers: Vec<MessageId> = match arrival.role {
            Role::Sent => {
                read.message.in_reply_to.iter().chain(&read.message.references).cloned().collect()
            }
            _ => Vec::new(),
        };
        if let Some(why) = why {
            self.remember(answers, arrival);
            return self.tell(ignored(self.now, &cause, why));
        }
        let key = read.key;
        let incoming = self.rows.incoming(read, arrival.at.min(self.now));
        if self.take(&Input::Mail(Box::new(incoming)), &cause)? {
            self.rows.record(key);
            return Ok(());
        }
        self.remember(answers, arrival);
        let why =
            if own_letter { "a letter of ours" } else { "it has nothing to do with any case" };
        self.tell(ignored(self.now, &cause, why))
    }

    fn remember(&mut self, answers: Vec<MessageId>, arrival: &Arrival) {
        for id in answers {
            let known = self.early.entry(id).or_default();
            if known.len() < MOST_EARLY {
                known.push(*arrival);
            }
        }
    }

    /// Looks again at sent mails that answer a report which came only now.
    fn answered_early(&mut self) -> Result<(), A::Gone> {
        for id in std::mem::take(&mut self.fresh) {
            for arrival in self.early.remove(&id).unwrap_or_default() {
                self.mail(&arrival)?;
            }
        }
        Ok(())
    }

    fn command(&mut self, said: &Said) -> Result<(), A::Gone> {
        self.summary.said += 1;
        let Some(case) = self.opened.get(&said.message_id).cloned() else {
            let why = format!("{} had opened no case by then", said.message_id);
            return self.tell(ignored(self.now, &Cause::Said(said), &why));
        };
        let command = Command {
            said: said.command.clone(),
            by: Sayer::Team,
            person: said.by.clone(),
            said_at: said.at,
            story: self.stories.get(&case).cloned().unwrap_or_default(),
            case,
        };
        let refusal = self.desk.refusal(self.now, &command);
        let case = Some(command.case.clone());
        if self.take(&Input::Command(Box::new(command)), &Cause::Said(said))? {
            return Ok(());
        }
        let why = refusal.map_or("nothing follows from it".into(), |why| why.to_string());
        self.tell(Row { case, ..ignored(self.now, &Cause::Said(said), &why) })
    }

    /// Lets time act, and each letter leave that may.
    fn clock(&mut self) -> Result<(), A::Gone> {
        let none_on_its_way = BTreeSet::new();
        for _ in 0..MOST_ROUNDS {
            let mut followed = self.take(&Input::Time, &Cause::Time)?;
            // Most seconds have no letter, and asking for those that are due looks at all that wait.
            let waiting = !self.desk.books().outbox().is_empty();
            let due = if waiting { self.desk.due(self.now, &none_on_its_way) } else { Vec::new() };
            for letter in due {
                let outcome = Outcome::Accepted(String::new());
                followed |= self.take(&Input::Delivery { letter, outcome }, &Cause::Time)?;
            }
            if !followed {
                break;
            }
        }
        Ok(())
    }

    /// Decides on an input and takes in what follows; true where anything did.
    fn take(&mut self, input: &Input, cause: &Cause<'_>) -> Result<bool, A::Gone> {
        let events = self.desk.decide(self.now, input);
        for event in &events {
            if let Fact::Written { letter, .. } = &event.fact {
                let owed = Owed::of(event, &events, cause);
                self.owed.extend(owed.map(|owed| (letter.clone(), owed)));
            }
        }
        for event in &events {
            self.desk.apply(event);
            self.rows.keep(self.desk.books(), event);
            self.note(event);
            let missed = event.fact.breached().zip(event.case.as_ref());
            let missed = missed.map(|(promise, case)| LetterId::missed(case, promise));
            let letter = event.fact.sent_or_withdrawn().or(missed.as_ref());
            let owed = letter.and_then(|letter| self.owed.get(letter));
            if let Some(row) = action(event, owed, cause) {
                self.tell(row)?;
            }
        }
        // A letter for several cases has left only when it has for all of them.
        for letter in events.iter().filter_map(|event| event.fact.sent_or_withdrawn()) {
            self.summary.letters += usize::from(self.owed.remove(letter).is_some_and(|o| o.left));
        }
        Ok(!events.is_empty())
    }

    fn note(&mut self, event: &Event) {
        let splits = |said: &Said| matches!(said.command, command::Said::Split { .. });
        if let Some(case) = event.case.as_ref().filter(|_| self.plan.said.iter().any(splits)) {
            self.stories.entry(case.clone()).or_default().push(event.clone());
        }
        match (&event.fact, &event.case) {
            (Fact::Opened(opening), Some(case)) => {
                if let Some(id) = &opening.mail.message_id {
                    self.fresh.push(id.clone());
                    self.opened.entry(id.clone()).or_insert_with(|| case.clone());
                }
            }
            (Fact::Sent { letter, .. }, _) => {
                if let Some(owed) = self.owed.get_mut(letter) {
                    owed.left = true;
                }
            }
            _ => {}
        }
    }

    /// Tells a row, or adds it to the one before, where several people get the same letter.
    fn tell(&mut self, row: Row) -> Result<(), A::Gone> {
        let Some(before) = &mut self.held_back else {
            self.held_back = Some(row);
            return Ok(());
        };
        if before.takes_in(&row) {
            return Ok(());
        }
        self.flush()?;
        self.held_back = Some(row);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), A::Gone> {
        let Some(row) = self.held_back.take() else { return Ok(()) };
        *self.summary.actions.entry(row.action).or_default() += 1;
        self.audience.row(&row)
    }
}
