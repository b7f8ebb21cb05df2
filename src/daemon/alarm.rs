//! The second channel: what is wrong with mail is told by another server, by a command, by the status
//! of the service and in the log; and canaries leave by that other server.
//!
//! What is said is decided in `desk/alarm`. Here it is brought out, and tried again until a channel
//! takes it or something newer is to be said. Nothing in here waits: not for a relay, not for a
//! command, and for the disk only after everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;

use super::tasks::Tasks;
use crate::config::settings::{Second, Settings};
use crate::desk::Desk;
use crate::desk::address::{Address, Mailbox};
use crate::desk::alarm::{self, Outside, Rules, Say, Sort, Unread, View};
use crate::desk::canary;
use crate::desk::letter::{Letter, LetterId};
use crate::desk::line::without_addresses;
use crate::desk::outbox::{Outcome, next_try};
use crate::desk::table::{Table, Write};
use crate::desk::time::{Moment, Span};
use crate::io::smtp::Tried;
use crate::io::store::Store;
use crate::io::{command, secret, smtp};
use crate::query;

/// The ways out.
pub(super) struct Channels {
    rules: Rules,
    second: Option<(Mailbox, Vec<Address>, mpsc::Sender<Letter>)>,
    command: Option<Vec<String>>,
    tell: mpsc::Sender<Tried>,
    pub(super) outcomes: mpsc::Receiver<Tried>,
}

const SECOND: Span = Span::seconds(1);
/// What has just begun may be over before anybody has read of it.
const SETTLED: Span = Span::seconds(5);
/// Room for outcomes: an alarm has few recipients.
const ROOM: usize = 16;

impl Channels {
    pub(super) fn start(settings: &Settings, tasks: &Tasks) -> Channels {
        let (tell, outcomes) = mpsc::channel(ROOM);
        let second = settings.alarm.second.as_ref().map(|Second { smtp, from, to }| {
            let login = smtp.login.as_ref();
            let secret = login.map_or_else(secret::none, |(_, source)| secret::reader(source));
            let (letters, work) = smtp::prepared(smtp.clone(), secret, tell.clone(), None);
            tasks.start("the second relay", work);
            (from.clone(), to.clone(), letters)
        });
        let command = settings.alarm.command.clone();
        Channels { rules: settings.alarm.rules, second, command, tell, outcomes }
    }
}

/// What is known of what is wrong, and what is being told of it.
pub(super) struct Alarms {
    alarm: alarm::Alarm,
    /// The rows as they stand in the store.
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    start: Moment,
    looked: Option<Moment>,
    /// When time alone brings the next trouble, as far as the last look saw.
    next_trouble: Option<Moment>,
    /// Something may have changed in the second of the last look.
    look_again: bool,
    /// What is on its way, or waits for its next try.
    waiting: BTreeMap<LetterId, Waiting>,
    /// When something was last said: what was said before is not brought out any more.
    said: Option<Moment>,
    /// The canaries that left, until that is recorded.
    pub(super) sent: Vec<(Address, Moment)>,
    /// Since when nothing can be recorded, and why.
    store: Option<(Moment, String)>,
    /// When that was last over: folders that were dropped meanwhile take a while to come back.
    store_works: Moment,
    /// Since when the second relay takes nothing, and why; when it is tried again with a canary.
    second: Option<(Moment, String)>,
    next_canary: Option<Moment>,
    /// The inboxes that can be read, so that a canary to them can be seen.
    unread: BTreeSet<String>,
}

struct Waiting {
    parcel: Parcel,
    since: Moment,
    next: Moment,
    /// With the relay, or with the command.
    busy: bool,
}

enum Parcel {
    Alarm(Box<Letter>),
    Command(Say),
    Canary(Box<Letter>),
}

impl Alarms {
    /// What a start finds.
    pub(super) async fn of(store: &Store, now: Moment) -> Result<Alarms, query::LoadError> {
        let rows = query::all(store, Table::Meta, alarm::PREFIX.as_bytes().to_vec()).await?;
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        Ok(Alarms {
            alarm: alarm::Alarm::read(rows.values().map(Vec::as_slice)),
            rows,
            start: now,
            looked: None,
            next_trouble: None,
            look_again: false,
            waiting: BTreeMap::new(),
            said: None,
            sent: Vec::new(),
            store: None,
            store_works: now,
            second: None,
            next_canary: None,
            unread: BTreeSet::new(),
        })
    }

    /// Something could not be recorded.
    pub(super) fn unrecorded(&mut self, now: Moment, why: &str) {
        self.store.get_or_insert((now, why.to_owned()));
    }

    /// All that there was to record was recorded; where there was nothing, that proves nothing.
    pub(super) fn recorded(&mut self, now: Moment, something: bool) {
        self.sent.clear();
        if something {
            self.store_works(now);
        }
    }

    fn store_works(&mut self, now: Moment) {
        if self.store.take().is_some() {
            self.store_works = now;
        }
    }

    /// Since when folders of each inbox cannot be read, as far as the daemon's own start tells.
    pub(super) fn start(&self) -> Moment {
        self.start
    }

    /// Whether something is with a relay or the command, so that its outcome is worth waiting for.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.values().any(|one| one.busy)
    }

    /// Looks at what is wrong, at most once a second, says what there is to say, and sends what is due.
    pub(super) async fn look(
        &mut self,
        now: Moment,
        desk: &Desk,
        store: &Store,
        channels: &Channels,
        mut mailboxes: BTreeMap<String, Unread>,
    ) {
        for one in mailboxes.values_mut() {
            one.since = one.since.max(self.store_works);
        }
        self.look_again = self.looked.replace(now) == Some(now);
        if !self.look_again {
            self.unread = mailboxes.keys().cloned().collect();
            let second_relay = self.second.clone();
            let outside = Outside { mailboxes, store: self.store.clone(), second_relay };
            let View { troubles, next } = desk.troubles(now, &channels.rules, &outside);
            self.next_trouble = next;
            if let Some(say) = self.alarm.look(now, &channels.rules, &troubles) {
                note(&say);
                self.tell(now, desk, channels, &say);
            }
        }
        self.release_canaries(now, desk, channels);
        self.send_due(now, channels);
        self.keep(now, store).await;
    }

    /// What goes out, in the place of what was said before and has not been heard.
    fn tell(&mut self, now: Moment, desk: &Desk, channels: &Channels, say: &Say) {
        self.said = Some(now);
        self.waiting.retain(|_, one| one.busy || matches!(one.parcel, Parcel::Canary(_)));
        let mut parcels = Vec::new();
        if let Some((from, to, _)) = &channels.second {
            let letter = |(number, to)| alarm::letter(desk.keys(), from, to, say, number);
            let letters = to.iter().enumerate().filter_map(letter);
            parcels.extend(letters.map(|l| (l.id.clone(), Parcel::Alarm(Box::new(l)))));
        }
        if channels.command.is_some() {
            let id = LetterId(format!("{}/command", say.at.unix()));
            parcels.push((id, Parcel::Command(say.clone())));
        }
        if parcels.is_empty() {
            // The log and the status are all there is.
            self.alarm.heard();
        }
        for (id, parcel) in parcels {
            self.waiting.insert(id, Waiting { parcel, since: now, next: now, busy: false });
        }
    }

    /// Canaries go to inboxes that can be read: elsewhere their silence tells nothing new, and before
    /// a folder was first seen they would be old mail.
    fn release_canaries(&mut self, now: Moment, desk: &Desk, channels: &Channels) {
        let Some((from, ..)) = &channels.second else { return };
        if self.next_canary.is_some_and(|next| now < next) {
            return;
        }
        for (inbox, to, canary, flight) in desk.canaries() {
            // What a clock sent that was ahead is not waited for.
            let rests = |sent: Moment| sent <= now && now < sent + canary.every;
            let due = !flight.is_some_and(|flight| rests(flight.sent));
            let flies = self.waiting.values().any(|one| match &one.parcel {
                Parcel::Canary(letter) => letter.to.address == *to,
                Parcel::Alarm(_) | Parcel::Command(_) => false,
            });
            // It left, and that is not on the disk yet.
            let flown = self.sent.iter().any(|(sent_to, _)| sent_to == to);
            if due && !flies && !flown && !self.unread.contains(inbox) {
                let letter = canary::letter(desk.keys(), from, to, now);
                self.waiting.extend(letter.map(|letter| {
                    let (id, parcel) = (letter.id.clone(), Parcel::Canary(Box::new(letter)));
                    (id, Waiting { parcel, since: now, next: now, busy: false })
                }));
            }
        }
    }

    fn send_due(&mut self, now: Moment, channels: &Channels) {
        // One command at a time: the newest thing to say waits for the one before.
        let running = |one: &Waiting| one.busy && matches!(one.parcel, Parcel::Command(_));
        let mut commands = usize::from(self.waiting.values().any(running));
        let due = self.waiting.iter_mut().filter(|(_, one)| !one.busy && one.next <= now);
        for (id, one) in due {
            one.busy = match (&one.parcel, &channels.second, &channels.command) {
                (Parcel::Alarm(letter) | Parcel::Canary(letter), Some((.., relay)), _) => {
                    relay.try_send((**letter).clone()).is_ok()
                }
                (Parcel::Command(say), _, Some(words)) if commands == 0 => {
                    commands += 1;
                    run(id.clone(), words.clone(), say.clone(), channels.tell.clone());
                    true
                }
                _ => false,
            };
        }
    }

    /// How a try ended.
    pub(super) fn outcome(&mut self, now: Moment, Tried { letter: id, outcome, .. }: Tried) {
        let Some(mut waiting) = self.waiting.remove(&id) else { return };
        let (why, passing) = match outcome {
            Outcome::Accepted(_) => return self.accepted(waiting),
            Outcome::Permanent(why) => (without_addresses(&why), false),
            Outcome::Transient(why)
            | Outcome::Unreachable(why)
            | Outcome::Unknown(why)
            | Outcome::Configuration(why) => (without_addresses(&why), true),
        };
        if let Parcel::Command(_) = waiting.parcel {
            tracing::error!(why, "the command of the alarm did not do its work");
        } else {
            self.refused(now, why);
        }
        // A canary is made anew, so that it carries its own moment.
        let again = passing && !matches!(waiting.parcel, Parcel::Canary(_));
        if again && self.said == Some(waiting.since) {
            (waiting.next, waiting.busy) = (next_try(waiting.since, now), false);
            self.waiting.insert(id, waiting);
        }
    }

    fn refused(&mut self, now: Moment, why: String) {
        tracing::error!(why, "the second relay does not take an alarm or a canary");
        let since = self.second.as_ref().map_or(now, |(since, _)| *since);
        self.second = Some((since, why));
        self.next_canary = Some(next_try(since, now));
    }

    fn accepted(&mut self, waiting: Waiting) {
        if !matches!(waiting.parcel, Parcel::Command(_)) {
            (self.second, self.next_canary) = (None, None);
        }
        match waiting.parcel {
            Parcel::Canary(letter) => self.sent.push((letter.to.address, letter.date)),
            Parcel::Alarm(_) | Parcel::Command(_) if self.said == Some(waiting.since) => {
                self.alarm.heard();
            }
            Parcel::Alarm(_) | Parcel::Command(_) => {}
        }
    }

    /// Keeps what must survive a restart, and so finds out whether anything can be kept. Where that
    /// fails it is tried again with the next look.
    pub(super) async fn keep(&mut self, now: Moment, store: &Store) {
        let rows = self.alarm.rows(now);
        if rows == self.rows {
            return;
        }
        let gone = self.rows.keys().filter(|key| !rows.contains_key(*key));
        let mut writes: Vec<Write> =
            gone.map(|key| Write::Delete(Table::Meta, key.clone())).collect();
        let new = rows.iter().filter(|(key, value)| self.rows.get(*key) != Some(*value));
        writes.extend(new.map(|(key, value)| Write::Put(Table::Meta, key.clone(), value.clone())));
        match store.commit(writes).await {
            Ok(()) => {
                self.rows = rows;
                self.store_works(now);
            }
            Err(error) => {
                tracing::debug!(%error, "what was said of an alarm is not kept");
                self.unrecorded(now, &error.to_string());
            }
        }
    }

    /// When there is something to do if nothing comes in.
    pub(super) fn next_wakeup(
        &self,
        now: Moment,
        desk: &Desk,
        channels: &Channels,
    ) -> Option<Moment> {
        let tries = self.waiting.values().filter(|one| !one.busy).map(|one| one.next);
        let canaries = desk.canaries().filter_map(|(_, _, canary, flight)| {
            Some(flight?.sent + canary.every).filter(|at| *at > now)
        });
        let settled = self.alarm.present().map(|(_, since, _)| since + SETTLED);
        let next = tries
            .chain(canaries)
            .chain(self.next_canary)
            .chain(self.next_trouble)
            .chain(settled.filter(|at| *at > now))
            .chain(self.alarm.next_wakeup(&channels.rules));
        let next = next.chain(self.look_again.then_some(now));
        // What could not be done just now is not tried in the same second again.
        next.min().map(|at| at.max(now + SECOND))
    }

    /// What is wrong now, for the status of the service.
    pub(super) fn status(&self) -> Option<String> {
        let settled = |since: Moment| self.looked.is_some_and(|now| since + SETTLED <= now);
        alarm::status(self.alarm.present().filter(|(_, since, _)| settled(*since)))
    }
}

fn run(id: LetterId, words: Vec<String>, say: Say, tell: mpsc::Sender<Tried>) {
    tokio::spawn(async move {
        let (text, facts) = (alarm::told_to_command(&say), alarm::facts(&say));
        let ran = command::run(&words, &facts, &text, command::PATIENCE);
        // One that never came back would be waited for, and no other begun.
        let outcome = match AssertUnwindSafe(ran).catch_unwind().await {
            Ok(Ok(())) => Outcome::Accepted(String::new()),
            Ok(Err(error)) => Outcome::Transient(error.to_string()),
            Err(_) => Outcome::Transient("a defect of Watchpost stopped it".to_owned()),
        };
        // Nobody listens only when the daemon stops.
        let _ = tell.send(Tried { letter: id, outcome, held: None }).await;
    });
}

fn note(say: &Say) {
    for told in &say.told {
        let line = alarm::one_line(told);
        match (told.until, told.new, say.sort) {
            (Some(_), ..) => tracing::info!("alarm over: {line}"),
            (None, true, _) => tracing::error!("alarm: {line}"),
            (None, false, Sort::GoesOn) => tracing::error!("alarm, still: {line}"),
            (None, false, _) => {}
        }
    }
}
