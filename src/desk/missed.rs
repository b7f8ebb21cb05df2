//! A promise was missed, and its reporter hears the truth.

use std::collections::BTreeMap;

use super::books::Books;
use super::case::{Case, Fate};
use super::event::{Event, Fact};
use super::ids::CaseId;
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
        if let Some(letter) =
            missed.and_then(|(promise, due)| letter(case, policy, keys, promise, due))
        {
            quota.told_missed(&to.address, now);
            facts.push(letter);
        }
    }
    facts.into_iter().map(|fact| (Some(case.id.clone()), fact)).collect()
}

/// Letters that have not left yet and are not needed any more: a person was faster, or the case took
/// another turn.
pub(super) fn outdated(books: &Books, facts: &Facts) -> Facts {
    let mut withdrawn = Facts::new();
    for (case, fact) in facts {
        let Some(case) = case.as_ref().filter(|_| takes_back(fact)) else { continue };
        let letters = books.outbox().of_case(case);
        for letter in letters.filter(|letter| needless(books, case, letter, fact)) {
            withdrawn.push((Some(case.clone()), Fact::Withdrawn { letter: letter.clone() }));
        }
    }
    withdrawn
}

/// Whether a fact may make letters needless; most do not.
fn takes_back(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Answered { enough: true, .. }
            | Fact::Vouched { .. }
            | Fact::Responded { .. }
            | Fact::Closed { .. }
            | Fact::Resumed { .. }
    )
}

/// Whether a fact on its case makes a letter needless.
fn needless(books: &Books, case: &CaseId, letter: &LetterId, fact: &Fact) -> bool {
    match fact {
        Fact::Answered { .. } | Fact::Vouched { .. } | Fact::Responded { .. } => {
            let told = told_to_team(books, letter).or(letter.missed_promise());
            acknowledges_alone(books, case, letter) || told.is_some_and(is_kept_by_an_answer)
        }
        Fact::Closed { .. } => {
            told_to_team(books, letter).is_some() || letter.missed_promise().is_some()
        }
        Fact::Resumed { .. } => letter.says_that_we_wait(),
        _ => false,
    }
}

/// Whether a letter acknowledges this case and no other.
fn acknowledges_alone(books: &Books, case: &CaseId, letter: &LetterId) -> bool {
    *letter == LetterId::of(case, LetterKind::Acknowledgement)
        && books.outbox().get(letter).is_some_and(|waiting| waiting.covers.is_empty())
}

/// The promise that a notice reminds of, or says was missed. An earlier version did not record which.
fn told_to_team(books: &Books, letter: &LetterId) -> Option<Promise> {
    let steps = matches!(letter.as_notice(), Some(Notice::Reminder | Notice::Escalation));
    let waiting = books.outbox().get(letter).filter(|_| steps)?;
    Some(waiting.promise.unwrap_or(Promise::Response))
}

/// Whether nothing is missed any more once a person has written to the reporter.
fn is_kept_by_an_answer(promise: Promise) -> bool {
    matches!(promise, Promise::Acknowledgement | Promise::Response | Promise::Update)
}

/// The letters about promises that were missed while their reporter could not be told: the
/// acknowledgement waited for its relay, or the case was closed before the letter had left.
pub(super) fn belated<'p>(
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    keys: &Keys,
    now: Moment,
    facts: &Facts,
) -> Facts {
    let mut quota = books.quota().clone();
    let mut told = Facts::new();
    for (id, fact) in facts {
        let Some(case) = id.as_ref().and_then(|id| books.case(id)) else { continue };
        let taken_back = |promise| {
            let letter = case.letters.get(&LetterId::missed(&case.id, promise));
            letter.is_some_and(|letter| letter.fate == Fate::Withdrawn)
        };
        let acknowledges = match fact {
            Fact::Sent { letter, .. } if case.acknowledged.is_none() => {
                case.letters.get(letter).is_some_and(|letter| letter.kind.acknowledges())
            }
            Fact::Reopened { .. } => false,
            _ => continue,
        };
        let policy = policy(&case.mail().folder.inbox);
        let Some((policy, to)) = policy.zip(case.opening.reporter.as_ref()) else { continue };
        let mut after = case.clone();
        after.apply(&Event { seq: 0, at: now, case: id.clone(), fact: fact.clone() });
        for clock in promise::clocks(&after, policy).iter().filter(|clock| clock.is_running()) {
            let Some(due) = after.steps(clock.promise, clock.start).breached else { continue };
            let may = (acknowledges || taken_back(clock.promise))
                && quota.may_tell_missed(now, &to.address);
            if let Some(letter) = letter(&after, policy, keys, clock.promise, due).filter(|_| may) {
                quota.told_missed(&to.address, now);
                told.push((id.clone(), letter));
            }
        }
    }
    told
}

/// Once a case and promise, and never to an address that is held or was not reached; one that was taken
/// back before it left told nothing. Who has no acknowledgement yet gets that first, and one that was
/// written after the time for the answer says so itself.
fn letter(
    case: &Case,
    policy: &Policy,
    keys: &Keys,
    promise: Promise,
    due: Moment,
) -> Option<Fact> {
    let letter = LetterId::missed(&case.id, promise);
    let first = case.letters.get(&letter).is_none_or(|letter| letter.fate == Fate::Withdrawn);
    let mut acknowledging = case.letters.values().filter(|letter| letter.kind.acknowledges());
    let said = promise == Promise::Response && acknowledging.any(|letter| letter.written >= due);
    if !policy.tell_missed
        || promise == Promise::Acknowledgement
        || !promise.is_to_reporter()
        || !case.can_be_told()
        || !first
        || said
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
