//! The open connections: how many, which one a letter takes, and when one has idled long enough.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
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

pub(super) struct Pool {
    relay: Arc<Relay>,
    /// The longest idle first. Letters take the last: the warm one stays warm, the rest goes cold.
    idle: VecDeque<Idle>,
    most: usize,
}

struct Relay {
    settings: Smtp,
    secret: Password,
    outcomes: mpsc::Sender<Tried>,
    receipts: Option<Receipts>,
    one: OneAtATime,
}

struct Idle {
    session: Session,
    since: Instant,
}

impl Pool {
    pub(super) fn new(
        settings: Smtp,
        secret: Password,
        outcomes: mpsc::Sender<Tried>,
        receipts: Option<Receipts>,
    ) -> Pool {
        let (most, one) = (settings.connections.max(1), OneAtATime::default());
        let relay = Arc::new(Relay { settings, secret, outcomes, receipts, one });
        Pool { relay, idle: VecDeque::new(), most }
    }

    /// One trip a letter, at most `most` at a time, until nobody is left who could send more.
    pub(super) async fn run(mut self, mut letters: mpsc::Receiver<Letter>) {
        let mut trips = JoinSet::new();
        loop {
            tokio::select! {
                Some(back) = trips.join_next() => self.keep(back.ok().flatten()),
                letter = letters.recv(), if trips.len() < self.most => match letter {
                    Some(letter) if !letters.is_closed() => {
                        let warm = self.idle.pop_back();
                        trips.spawn(trip(self.relay.clone(), letter, warm));
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
            self.keep(back.ok().flatten());
        }
        let Pool { relay, idle, .. } = self;
        // No outcome follows.
        drop(relay);
        futures_util::future::join_all(idle.into_iter().map(|idle| idle.session.quit())).await;
    }

    fn keep(&mut self, session: Option<Session>) {
        self.idle.extend(session.map(|session| Idle { session, since: Instant::now() }));
    }
}

async fn expiry(oldest: Option<&Idle>) {
    match oldest {
        Some(idle) => sleep_until(idle.since + IDLE).await,
        None => std::future::pending().await,
    }
}

/// One attempt and its outcome. Returns the connection if it can be used again.
async fn trip(relay: Arc<Relay>, letter: Letter, warm: Option<Idle>) -> Option<Session> {
    let mut doubt = None;
    let attempt = AssertUnwindSafe(attempt(&relay, &letter, warm, &mut doubt)).catch_unwind();
    let (outcome, session) = attempt.await.unwrap_or_else(|_| {
        (Outcome::Unknown("a defect of Watchpost stopped the attempt".to_owned()), None)
    });
    let held = doubt.map(|doubt| relay.recorded(&letter, &outcome, doubt));
    // Nobody listens only when the daemon stops; the outbox still holds the letter then.
    let _ = relay.outcomes.send(Tried { letter: letter.id, outcome, held }).await;
    session
}

impl Relay {
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
) -> (Outcome, Option<Session>) {
    if let Some(mut session) = living(warm).await {
        match session.deliver(letter, &relay.one, doubt).await {
            // The server closed it in the meantime: nothing was sent, and nobody need know.
            Err(failure) if failure.is_stale() => {}
            delivered => return settled(session, delivered).await,
        }
    }
    match Session::open(&relay.settings, &relay.secret).await {
        Ok(mut session) => {
            let delivered = session.deliver(letter, &relay.one, doubt).await;
            settled(session, delivered).await
        }
        Err(failure) => (failure.into(), None),
    }
}

async fn living(warm: Option<Idle>) -> Option<Session> {
    let Idle { mut session, since } = warm?;
    (since.elapsed() < FRESH || session.is_alive().await).then_some(session)
}

async fn settled(
    mut session: Session,
    delivered: Result<Reply, Failure>,
) -> (Outcome, Option<Session>) {
    match delivered {
        Ok(reply) => (Outcome::Accepted(detail(&reply.to_string())), Some(session)),
        Err(failure) => {
            let usable = failure.leaves_connection() && session.reset().await;
            (failure.into(), usable.then_some(session))
        }
    }
}
