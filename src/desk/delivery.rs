//! What follows from an attempt to send a letter.

use super::books::Books;
use super::event::Fact;
use super::ids::CaseId;
use super::letter::LetterId;
use super::outbox::{Outcome, next_try};
use super::time::Moment;

/// What follows from an attempt to send a letter.
pub(super) fn delivery(
    books: &Books,
    now: Moment,
    letter: &LetterId,
    outcome: &Outcome,
) -> Vec<(Option<CaseId>, Fact)> {
    let Some(waiting) = books.waiting(letter) else { return Vec::new() };
    let (inbox, letter) = (waiting.inbox.clone(), letter.clone());
    let stop = books.stop(&inbox);
    let next = next_try(waiting.queued, now);
    let fact = match outcome.clone() {
        Outcome::Accepted(reply) => Fact::Sent { letter: letter.clone(), reply },
        Outcome::Permanent(why) => Fact::Refused { letter: letter.clone(), why },
        Outcome::Transient(why) => {
            Fact::Delayed { letter: letter.clone(), why, unknown: false, next }
        }
        Outcome::Unknown(why) => Fact::Delayed { letter: letter.clone(), why, unknown: true, next },
        Outcome::Configuration(why) => {
            let next = next_try(stop.map_or(now, |stop| stop.since), now);
            return vec![(None, Fact::RelayStopped { inbox, why, next })];
        }
    };
    let reached = matches!(outcome, Outcome::Accepted(_) | Outcome::Permanent(_));
    let resumed = (reached && stop.is_some()).then_some((None, Fact::RelayResumed { inbox }));
    resumed.into_iter().chain([(letter.case(), fact)]).collect()
}
