//! What follows from an attempt to write or to send a letter, and from the time at which one is due.

use super::books::Books;
use super::case::Fate;
use super::event::Fact;
use super::ids::CaseId;
use super::incoming::Facts;
use super::keys::Keys;
use super::letter::{LetterId, LetterKind};
use super::outbox::{MOST_PERHAPS, Outcome, Waiting, next_try, next_try_in_doubt};
use super::policy::Policy;
use super::time::{Moment, Span};

/// What follows from an attempt to send a letter.
pub(super) fn delivery(
    books: &Books,
    now: Moment,
    letter: &LetterId,
    outcome: &Outcome,
) -> Vec<(Option<CaseId>, Fact)> {
    let Some(waiting) = books.outbox().get(letter) else {
        return withdrawn(books, letter, outcome).into_iter().collect();
    };
    let (inbox, letter) = (waiting.inbox.clone(), letter.clone());
    let stop = books.outbox().stopped(&inbox);
    let next = next_try(waiting.queued, now);
    let probe = next_try(stop.map_or(now, |stop| stop.since), now);
    let refused = |why| Fact::Refused { letter: letter.clone(), why, unwritten: false };
    let delayed = |why, unknown, next| Fact::Delayed { letter: letter.clone(), why, unknown, next };
    let stopped = |why, passing| {
        let inbox = inbox.clone();
        (None, Fact::RelayStopped { inbox, why, next: probe, passing })
    };
    let fact = match outcome.clone() {
        Outcome::Accepted(reply) => Fact::Sent { letter: letter.clone(), reply },
        Outcome::Permanent(why) => refused(why),
        Outcome::Transient(why) => delayed(why, false, next),
        Outcome::Unknown(why) => match waiting.perhaps.saturating_add(1) {
            perhaps if perhaps < MOST_PERHAPS => {
                delayed(why, true, next.max(next_try_in_doubt(perhaps, now)))
            }
            perhaps => {
                refused(format!("perhaps sent {perhaps} times, and not once confirmed: {why}"))
            }
        },
        Outcome::Unreachable(why) => return vec![stopped(why, true)],
        Outcome::Configuration(why) => {
            // Perhaps it is about this letter after all: the next one to try is another.
            let next = next.max(probe + Span::seconds(1));
            return vec![(letter.case(), delayed(why.clone(), false, next)), stopped(why, false)];
        }
    };
    let resumed = stop.is_some().then_some((None, Fact::RelayResumed { inbox }));
    resumed.into_iter().chain(told(waiting, &letter, &fact)).collect()
}

/// What follows where a letter cannot be written: it would fail again, so a human has to look.
pub(super) fn unwritten(books: &Books, letter: &LetterId, why: &str) -> Facts {
    let fact = Fact::Refused { letter: letter.clone(), why: why.to_owned(), unwritten: true };
    let waiting = books.outbox().get(letter);
    waiting.map(|waiting| told(waiting, letter, &fact).collect()).unwrap_or_default()
}

/// How far a letter came, on the cases that it is told on.
fn told(
    waiting: &Waiting,
    letter: &LetterId,
    fact: &Fact,
) -> impl Iterator<Item = (Option<CaseId>, Fact)> {
    // A delay is told once, and so is what became of a notice; how it ended is told on every case that
    // the letter acknowledges.
    let ended = matches!(fact, Fact::Sent { .. } | Fact::Refused { .. }) && !waiting.notice;
    let others = if ended { waiting.covers.as_slice() } else { &[] };
    // A question to the lead, or a digest, is on no case: it has left all the same.
    let on = std::iter::once(letter.case()).chain(others.iter().cloned().map(Some));
    on.map(|case| (case, fact.clone()))
}

/// What follows when a letter lies in the folder for sent mail.
pub(super) fn kept(
    books: &Books,
    letter: &LetterId,
    by_itself: bool,
) -> Option<(Option<CaseId>, Fact)> {
    let case = books.case(&letter.case()?)?;
    let new = case.letters.get(letter).is_some_and(|on_case| !on_case.kept);
    let letter = letter.clone();
    new.then(|| (Some(case.id.clone()), Fact::Kept { letter, by_itself }))
}

/// A letter that a person made needless while it was on its way: it left all the same.
fn withdrawn(
    books: &Books,
    letter: &LetterId,
    outcome: &Outcome,
) -> Option<(Option<CaseId>, Fact)> {
    let Outcome::Accepted(reply) = outcome else { return None };
    let case = books.case(&letter.case()?)?;
    case.letters.get(letter).filter(|one| one.fate == Fate::Withdrawn)?;
    let (letter, reply) = (letter.clone(), reply.clone());
    Some((Some(case.id.clone()), Fact::Sent { letter, reply }))
}

/// The combined letters that are due: one for each address, on its first case.
pub(super) fn combined<'p>(
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    keys: &Keys,
    now: Moment,
) -> Vec<(Option<CaseId>, Fact)> {
    let mut facts = Vec::new();
    for cases in books.quota().due(now) {
        let Some((first, covers)) = cases.split_first() else { continue };
        let case = books.case(first);
        let deferred = case.and_then(|case| Some((case, case.deferred.as_deref()?)));
        let Some((case, (to, _))) = deferred else { continue };
        let letter = LetterId::of(first, LetterKind::Combined);
        let from = policy(&case.mail().folder.inbox).map(|policy| &policy.from.address);
        let Some(message_id) = from.and_then(|from| keys.message_id(&letter, case.mail(), from))
        else {
            continue;
        };
        for other in covers {
            let (letter, to, message_id) = (letter.clone(), to.clone(), message_id.clone());
            facts.push((Some(other.clone()), Fact::Covered { letter, to, message_id }));
        }
        let covers = covers.to_vec();
        let kind = LetterKind::Combined;
        facts.push((
            Some(first.clone()),
            Fact::Written { letter, kind, to: to.clone(), message_id, covers, about: None },
        ));
    }
    facts
}
