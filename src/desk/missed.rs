//! A promise was missed, and its reporter hears the truth.

use std::collections::BTreeMap;

use super::books::Books;
use super::case::Case;
use super::event::Fact;
use super::incoming::Facts;
use super::keys::Keys;
use super::ladder::Ladder;
use super::letter::{LetterId, LetterKind, Notice};
use super::policy::{Policy, Promise};
use super::promise;
use super::quota::Quota;
use super::team::Rung;
use super::time::Moment;

/// What time has brought on a case: what the clocks say, and the letter that says so to the reporter
/// of a missed promise, as far as `quota` has room for it.
pub(super) fn passed(
    books: &Books,
    quota: &mut Quota,
    case: &Case,
    policy: &Policy,
    keys: &Keys,
    now: Moment,
) -> Facts {
    let mut facts = Vec::new();
    let handler = case.handler.as_deref();
    let ladder = Ladder::of(policy, handler, books.absences(), now).held(case.is_held());
    let mut reached: BTreeMap<Promise, Rung> = BTreeMap::new();
    for mut fact in promise::due(case, policy, now) {
        if let Fact::Escalated { promise, start, step, rung, .. } = &mut fact {
            let before = reached.get(promise).copied().or(case.steps(*promise, *start).rung);
            let next = ladder.next(before, *step);
            reached.insert(*promise, next);
            *rung = Some(next);
        }
        let breached = if let Fact::Breached { promise, due, .. } = fact {
            Some((promise, due))
        } else {
            None
        };
        facts.push(fact);
        let Some(to) = &case.opening.reporter else { continue };
        // What was missed before the case was known again, an earlier life of ours told.
        let told_before = |due: Moment| case.known_again().is_some_and(|at| due < at);
        let may = quota.may_tell_missed(now, &to.address);
        let missed = breached.filter(|(_, due)| may && !told_before(*due));
        if let Some(letter) = missed.and_then(|(promise, _)| letter(case, policy, keys, promise)) {
            quota.told_missed(&to.address, now);
            facts.push(letter);
        }
    }
    facts.into_iter().map(|fact| (Some(case.id.clone()), fact)).collect()
}

/// Letters that have not left yet and are not needed any more, since a person just answered: the
/// acknowledgement, unless it is that of other cases as well, and what says that nobody answered.
pub(super) fn outdated(books: &Books, facts: &Facts) -> Facts {
    let answered = facts.iter().filter_map(|(case, fact)| {
        let answers = matches!(
            fact,
            Fact::Answered { enough: true, .. } | Fact::Vouched { .. } | Fact::Responded { .. }
        );
        case.as_ref().filter(|_| answers)
    });
    let answered: Facts = answered
        .flat_map(|case| {
            let needless = move |letter: &LetterId| {
                let alone = books.waiting(letter).is_some_and(|waiting| waiting.covers.is_empty());
                alone && *letter == LetterId::of(case, LetterKind::Acknowledgement)
                    || says_that_nobody_answered(letter)
            };
            let old = books.waiting_of(case).filter(move |letter| needless(letter));
            old.map(|letter| (Some(case.clone()), Fact::Withdrawn { letter: letter.clone() }))
        })
        .collect();
    let overtaken = facts.iter().flat_map(|(case, fact)| {
        let case =
            case.as_ref().filter(|_| matches!(fact, Fact::Closed { .. } | Fact::Resumed { .. }));
        let needless = |letter: &LetterId| match fact {
            Fact::Closed { .. } => says_that_nobody_answered(letter),
            _ => letter.says_that_we_wait(),
        };
        let waiting =
            case.into_iter().flat_map(|case| books.waiting_of(case).map(move |l| (case, l)));
        waiting
            .filter(move |(_, letter)| needless(letter))
            .map(|(case, letter)| (Some(case.clone()), Fact::Withdrawn { letter: letter.clone() }))
            .collect::<Facts>()
    });
    answered.into_iter().chain(overtaken).collect()
}

fn says_that_nobody_answered(letter: &LetterId) -> bool {
    matches!(letter.as_notice(), Some(Notice::Reminder | Notice::Escalation))
        || letter.missed_promise().is_some()
}

/// Once a case and promise, and never to an address that is held or was not reached. Who has no
/// acknowledgement yet gets that, and it says that it is late.
fn letter(case: &Case, policy: &Policy, keys: &Keys, promise: Promise) -> Option<Fact> {
    let letter = LetterId::missed(&case.id, promise);
    let first = !case.letters.contains_key(&letter);
    if !policy.tell_missed
        || promise == Promise::Acknowledgement
        || !promise.is_to_reporter()
        || !case.can_be_told()
        || !first
    {
        return None;
    }
    let mut to = case.opening.reporter.clone()?;
    if case.letters.values().any(|letter| letter.kind == LetterKind::Minimal) {
        to.name.clear();
    }
    let message_id = keys.message_id(&letter, case.mail(), &policy.from.address)?;
    let (kind, covers, about) = (LetterKind::Missed, Vec::new(), None);
    Some(Fact::Written { letter, kind, to, message_id, covers, about })
}
