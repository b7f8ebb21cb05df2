//! The open connections: how many, which one a letter takes, and when one has idled long enough.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::dialogue::Reply;
use super::doubt::{Doubt, Held, OneAtATime, Tried};
use super::outcome::{Failure, detail};
use super::receipts::Receipts;
use super::session::Session;
use crate::config::settings::Smtp;
use crate::desk::letter::Letter;
use crate::desk::outbox::Outcome;
use crate::io::password::Password;

/// An idle connection is closed after this; servers do the same, later and less politely.
const IDLE: Duration = Duration::from_secs(20);

/// A connection that idled longer is asked whether it lives before a letter is trusted to it.
const FRESH: Duration = Duration::from_secs(3);

/// After a connection that could not be opened none is opened for so long: what waits for one gets the
/// same outcome. Less than the shortest time after which a letter is tried again.
const REST: Duration = Duration::from_secs(20);

pub(super) struct Pool {
    relay: Arc<Relay>,
    /// The longest idle first. Letters take the last: the warm one stays warm, the rest goes cold.
    idle: VecDeque<Idle>,
    most: usize,
    /// When a connection could last not be opened, and what came of that.
    shut: Option<(Instant, Outcome)>,
    /// When a connection was last of use.
    alive: Option<Instant>,
}

struct Relay {
    settings: Smtp,
    secret: Password,
    outcomes: mpsc::Sender<Tried>,
    receipts: Option<Receipts>,
    one: OneAtATime,
    /// It did not answer what it was told in one go, though it says that it takes that.
    deaf: AtomicBool,
}

struct Idle {
    session: Session,
    since: Instant,
}

/// What comes back of a trip.
#[derive(Default)]
struct Back {
    /// The connection, if it can be used again.
    session: Option<Session>,
    /// Why none could be opened.
    shut: Option<Outcome>,
}

impl Pool {
    pub(super) fn new(
        settings: Smtp,
        secret: Password,
        outcomes: mpsc::Sender<Tried>,
        receipts: Option<Receipts>,
    ) -> Pool {
        let (most, one) = (settings.connections.max(1), OneAtATime::default());
        let deaf = AtomicBool::new(false);
        let relay = Arc::new(Relay { settings, secret, outcomes, receipts, one, deaf });
        Pool { relay, idle: VecDeque::new(), most, shut: None, alive: None }
    }

    /// One trip a letter, at most `most` at a time, until nobody is left who could send more.
    pub(super) async fn run(mut self, mut letters: mpsc::Receiver<Letter>) {
        let mut trips = JoinSet::new();
        loop {
            tokio::select! {
                Some(back) = trips.join_next() => self.keep(back.unwrap_or_default()),
                letter = letters.recv(), if trips.len() < self.most => match letter {
                    Some(letter) if !letters.is_closed() => {
                        let (relay, warm) = (self.relay.clone(), self.idle.pop_back());
                        // Servers lock who tries a wrong password a handful of times.
                        match self.shut() {
                            Some(outcome) if warm.is_none() => {
                                trips.spawn(no_trip(relay, letter, outcome));
                            }
                            _ => drop(trips.spawn(trip(relay, letter, warm))),
                        }
                    }
                    _ => break,
                },
                () = expiry(self.idle.front()) => {
                    if let Some(cold) = self.idle.pop_front() {
                        tokio::spawn(cold.session.quit());
                    }
                }
            }
        }
        while let Some(back) = trips.join_next().await {
            self.keep(back.unwrap_or_default());
        }
        let Pool { relay, idle, .. } = self;
        // No outcome follows.
        drop(relay);
        futures_util::future::join_all(idle.into_iter().map(|idle| idle.session.quit())).await;
    }

    fn keep(&mut self, Back { session, shut }: Back) {
        let now = Instant::now();
        if let Some(session) = session {
            self.idle.push_back(Idle { session, since: now });
            (self.shut, self.alive) = (None, Some(now));
        } else if let Some(outcome) = shut {
            // A server that takes one connection may take no second.
            let others = self.alive.is_some_and(|alive| now < alive + REST);
            if !others || matches!(outcome, Outcome::Configuration(_)) {
                self.shut = Some((now, outcome));
            }
        }
    }

    /// What comes of a letter that needs a new connection, while none is opened.
    fn shut(&self) -> Option<Outcome> {
        let shut = self.shut.as_ref().filter(|(since, _)| since.elapsed() < REST);
        shut.map(|(_, outcome)| outcome.clone())
    }
}

async fn expiry(oldest: Option<&Idle>) {
    match oldest {
        Some(idle) => sleep_until(idle.since + IDLE).await,
        None => std::future::pending().await,
    }
}

/// One attempt and its outcome.
async fn trip(relay: Arc<Relay>, letter: Letter, warm: Option<Idle>) -> Back {
    let mut doubt = None;
    let attempt = AssertUnwindSafe(attempt(&relay, &letter, warm, &mut doubt)).catch_unwind();
    let (outcome, back) = attempt.await.unwrap_or_else(|_| {
        let defect = "a defect of Watchpost stopped the attempt".to_owned();
        (Outcome::Unknown(defect), Back::default())
    });
    let held = doubt.map(|doubt| relay.recorded(&letter, &outcome, doubt));
    // Nobody listens only when the daemon stops; the outbox still holds the letter then.
    let _ = relay.outcomes.send(Tried { letter: letter.id, outcome, held }).await;
    back
}

/// The outcome of another letter, just now.
async fn no_trip(relay: Arc<Relay>, letter: Letter, outcome: Outcome) -> Back {
    let _ = relay.outcomes.send(Tried { letter: letter.id, outcome, held: None }).await;
    Back::default()
}

impl Relay {
    async fn deliver(
        &self,
        session: &mut Session,
        letter: &Letter,
        doubt: &mut Option<Doubt>,
    ) -> Result<Reply, Failure> {
        if self.deaf.load(Ordering::Relaxed) {
            session.speak_one_by_one();
        }
        let delivered = session.deliver(letter, &self.one, doubt).await;
        if delivered.as_ref().is_err_and(|failure| session.was_not_heard(failure)) {
            self.deaf.store(true, Ordering::Relaxed);
        }
        delivered
    }

    /// Ends the doubt about a letter that was taken, if a receipt can be kept.
    fn recorded(&self, letter: &Letter, outcome: &Outcome, doubt: Doubt) -> Held {
        let (Some(receipts), Outcome::Accepted(reply)) = (&self.receipts, outcome) else {
            return Held::Doubt(doubt);
        };
        let kept = receipts.keep(&letter.id, &letter.message_id, reply);
        kept.map_or(Held::Doubt(doubt), Held::Receipt)
    }
}

async fn attempt(
    relay: &Relay,
    letter: &Letter,
    warm: Option<Idle>,
    doubt: &mut Option<Doubt>,
) -> (Outcome, Back) {
    if let Some(mut session) = living(warm).await {
        match relay.deliver(&mut session, letter, doubt).await {
            // The server closed it in the meantime: nothing was sent, and nobody need know.
            Err(failure) if failure.is_stale() => {}
            delivered => return settled(session, delivered).await,
        }
    }
    match Session::open(&relay.settings, &relay.secret).await {
        Ok(mut session) => {
            let delivered = relay.deliver(&mut session, letter, doubt).await;
            settled(session, delivered).await
        }
        Err(failure) => {
            let outcome = Outcome::from(failure);
            (outcome.clone(), Back { session: None, shut: Some(outcome) })
        }
    }
}

async fn living(warm: Option<Idle>) -> Option<Session> {
    let Idle { mut session, since } = warm?;
    (since.elapsed() < FRESH || session.is_alive().await).then_some(session)
}

async fn settled(mut session: Session, delivered: Result<Reply, Failure>) -> (Outcome, Back) {
    let (outcome, usable) = match delivered {
        Ok(reply) => (Outcome::Accepted(detail(&reply.to_string())), true),
        Err(failure) => {
            let usable = failure.leaves_connection() && session.reset().await;
            (failure.into(), usable)
        }
    };
    (outcome, Back { session: usable.then_some(session), shut: None })
}
