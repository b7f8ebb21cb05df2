//! What is owed on a case, by when, and what happens as time passes.
//!
//! Nothing here is stored: a clock follows from the events of its case, and each step that time brings
//! is an event as well, so that it happens once, whatever stops and starts in between.

use super::calendar::{Stretch, Tempo};
use super::case::{Case, Wait};
use super::event::Fact;
use super::policy::{Further, MetBy, Policy, Promise, Start, Trigger};
use super::time::{Moment, Span};

/// One promise on one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// What is promised.
    pub promise: Promise,
    /// What it is counted from.
    pub start: Moment,
    /// How much time it has; none where a date was set instead.
    pub length: Option<Span>,
    /// Kept up to and including this second. None while it stands still until the reporter writes.
    pub due: Option<Moment>,
    /// When it was met, in time or late.
    pub met: Option<Moment>,
    /// When the case was closed, which ends a clock that was not met.
    pub closed: Option<Moment>,
}

impl Clock {
    /// Whether it was not kept in time, as things are `now`.
    pub fn is_missed(&self, now: Moment) -> bool {
        let end = self.met.or(self.closed).unwrap_or(now);
        self.due.is_some_and(|due| end > due)
    }

    /// Whether it still waits for somebody.
    pub fn is_running(&self) -> bool {
        self.met.is_none() && self.closed.is_none()
    }
}

/// The clocks of a case.
pub fn clocks(case: &Case, policy: &Policy) -> Vec<Clock> {
    let full = tempo(case, policy, Promise::Response);
    let mut clocks = vec![acknowledgement(case, &full), response(case, &full)];
    clocks.extend(update(case, &full));
    clocks.extend(disclosure(case));
    clocks.extend(policy.further.iter().filter_map(|one| further(case, policy, one)));
    clocks
}

/// The clock of one promise; none where it has not begun.
pub fn clock(case: &Case, policy: &Policy, promise: Promise) -> Option<Clock> {
    let full = || tempo(case, policy, promise);
    match promise {
        Promise::Acknowledgement => Some(acknowledgement(case, &full())),
        Promise::Response => Some(response(case, &full())),
        Promise::Update => update(case, &full()),
        Promise::Disclosure => disclosure(case),
        Promise::Further(_) => further(case, policy, policy.further(promise)?),
    }
}

/// When something is due; while it stands still, when it would be if the reporter wrote `now`.
pub fn expected(case: &Case, policy: &Policy, promise: Promise, now: Moment) -> Option<Moment> {
    let due = clock(case, policy, promise)?.due;
    due.or_else(|| {
        let mut awake = case.clone();
        awake.waits.iter_mut().for_each(|wait| wait.until = wait.until.or(Some(now)));
        clock(&awake, policy, promise)?.due
    })
}

/// When a person's answer is expected, to be written in a letter.
pub fn response_due(case: &Case, policy: &Policy, now: Moment) -> Moment {
    let due = expected(case, policy, Promise::Response, now);
    due.unwrap_or_else(|| case.arrived() + case.opening.promised.response)
}

/// When the acknowledgement is expected, as above.
pub fn acknowledgement_due(case: &Case, policy: &Policy, now: Moment) -> Moment {
    let due = expected(case, policy, Promise::Acknowledgement, now);
    due.unwrap_or_else(|| case.arrived() + case.opening.promised.acknowledgement)
}

/// How time counts for a promise on a case.
pub fn tempo<'a>(case: &Case, policy: &'a Policy, promise: Promise) -> Tempo<'a> {
    if !stands_still(policy, promise) {
        return Tempo::default();
    }
    let mut stops = waits(case);
    stops.extend(closed_intake(case));
    Tempo::new(stops, Some(&policy.calendar))
}

/// Whether the clock of a promise stands still at times.
pub fn stands_still(policy: &Policy, promise: Promise) -> bool {
    match promise {
        Promise::Acknowledgement | Promise::Response | Promise::Update => true,
        // An embargo has its date, whatever else happens.
        Promise::Disclosure => false,
        Promise::Further(_) => policy.further(promise).is_some_and(|one| one.pauses),
    }
}

/// The time in which the case waits for its reporter.
pub fn waits(case: &Case) -> Vec<Stretch> {
    case.waits.iter().map(Wait::stretch).collect()
}

/// The time in which reports were not taken in, for one that came in it.
pub fn closed_intake(case: &Case) -> Option<Stretch> {
    let until = case.opening.promised.closed_until?;
    Some(Stretch { from: case.arrived(), until: Some(until) })
}

fn acknowledgement(case: &Case, tempo: &Tempo<'_>) -> Clock {
    let (start, length) = (case.arrived(), case.opening.promised.acknowledgement);
    let met = case.acknowledged;
    counted(case, Promise::Acknowledgement, start, length, met, tempo)
}

fn response(case: &Case, tempo: &Tempo<'_>) -> Clock {
    let promised = &case.opening.promised;
    let start = match promised.response_from {
        Start::Received => case.arrived(),
        // Until there is one, from the last moment at which that promise can be kept.
        Start::Acknowledged => {
            let due = || acknowledgement(case, tempo).due.unwrap_or(case.arrived());
            case.acknowledged.unwrap_or_else(due)
        }
    };
    // Who writes on a case that was closed unanswered is owed an answer once more.
    let unanswered = |at: &Moment| case.answered.is_none_or(|answered| answered >= *at);
    let start = case.owed_anew.filter(unanswered).map_or(start, |at| at.max(start));
    counted(case, Promise::Response, start, promised.response, case.answered, tempo)
}

fn update(case: &Case, tempo: &Tempo<'_>) -> Option<Clock> {
    let start = case.last_answer?;
    let start = case.reopened.map_or(start, |at| at.max(start));
    let length = case.opening.promised.update?;
    Some(counted(case, Promise::Update, start, length, None, tempo))
}

fn disclosure(case: &Case) -> Option<Clock> {
    let clock = |start, length, due| Clock {
        promise: Promise::Disclosure,
        start,
        length,
        due: Some(due),
        met: case.announced,
        closed: case.closed,
    };
    if let Some(embargo) = case.embargo {
        return Some(clock(embargo.said, None, embargo.until));
    }
    let (start, length) = (case.arrived(), case.opening.promised.disclosure?);
    Some(clock(start, Some(length), start + length))
}

fn further(case: &Case, policy: &Policy, further: &Further) -> Option<Clock> {
    let start = match &further.from {
        Trigger::Received => case.arrived(),
        Trigger::Acknowledged => case.acknowledged?,
        Trigger::Answered => case.answered?,
        Trigger::Marked(word) => *case.marks.get(word)?,
    };
    let kept_by = further.met_by.iter().filter_map(|by| match by {
        MetBy::Acknowledgement => case.acknowledged,
        MetBy::Response => case.answered,
        MetBy::Announcement => case.announced,
    });
    let said = case.met.get(&further.promise).copied();
    let ends = case.shut.iter().map(|shut| shut.from).chain(case.closed);
    let met = kept_by.chain(said).chain(ends).filter(|at| *at >= start).min();
    let tempo = tempo(case, policy, further.promise);
    Some(counted(case, further.promise, start, further.length, met, &tempo))
}

fn counted(
    case: &Case,
    promise: Promise,
    start: Moment,
    length: Span,
    met: Option<Moment>,
    tempo: &Tempo<'_>,
) -> Clock {
    let due = tempo.reach(start, length);
    Clock { promise, start, length: Some(length), due, met, closed: case.closed }
}

/// What time has brought on the clocks of a case by `now` and is not recorded yet. Of reminders that
/// were slept through only the last is still of use; of escalations none is left out.
pub(super) fn due(case: &Case, policy: &Policy, now: Moment) -> Vec<Fact> {
    clocks(case, policy).iter().flat_map(|clock| due_on(case, policy, clock, now)).collect()
}

fn due_on(case: &Case, policy: &Policy, clock: &Clock, now: Moment) -> Vec<Fact> {
    // What was met late was told when it was missed.
    if !clock.is_running() {
        return Vec::new();
    }
    let &Clock { promise, start, .. } = clock;
    let steps = case.steps(promise, start);
    let mut facts = Vec::new();
    let Some(due) = steps.breached.or(clock.due.filter(|due| *due <= now)) else {
        let tempo = tempo(case, policy, promise);
        let passed = |after: &&Span| tempo.reach(start, **after).is_some_and(|at| at <= now);
        let count = policy.reminders(promise).iter().filter(passed).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if count > steps.reminded {
            facts.push(Fact::Reminded { promise, start, count });
        }
        return facts;
    };
    if steps.breached.is_none() {
        facts.push(Fact::Breached { promise, start, due });
    }
    let mut step = steps.escalated;
    while let Some(at) = escalation(case, policy, promise, due, step).filter(|at| *at <= now) {
        step += 1;
        facts.push(Fact::Escalated { promise, start, step, due_at: at, rung: None });
        if facts.len() > MOST_AT_ONCE {
            break;
        }
    }
    facts
}

/// How often a held case goes up the ladder.
const MOST_FOR_HELD: u32 = 3;

/// After a long sleep a case does not fill a mailbox: the rest comes with the next look.
const MOST_AT_ONCE: usize = 8;

/// When the ladder is climbed after so many steps: at the deadline, and at each interval after it,
/// holidays or not; it rests only while the case waits for its reporter, and while it is closed. What
/// nobody may answer by machine, junk most of it, is told a few times and not for ever.
fn escalation(
    case: &Case,
    policy: &Policy,
    promise: Promise,
    due: Moment,
    steps: u32,
) -> Option<Moment> {
    if !policy.escalates(promise) || (case.is_held() && steps >= MOST_FOR_HELD) {
        return None;
    }
    let interval = policy.escalate_every.as_seconds().checked_mul(u64::from(steps))?;
    let mut rests = match promise {
        Promise::Disclosure | Promise::Further(_) => Vec::new(),
        Promise::Acknowledgement | Promise::Response | Promise::Update => waits(case),
    };
    rests.extend(&case.shut);
    Tempo::new(rests, None).reach(due, Span::seconds(interval))
}

/// When time brings something next on the clocks of a case, after what is recorded.
pub(super) fn next(case: &Case, policy: &Policy) -> Option<Moment> {
    clocks(case, policy).iter().filter_map(|clock| next_on(case, policy, clock)).min()
}

/// When time brings something next on one clock.
pub fn next_on(case: &Case, policy: &Policy, clock: &Clock) -> Option<Moment> {
    if !clock.is_running() {
        return None;
    }
    let steps = case.steps(clock.promise, clock.start);
    if let Some(due) = steps.breached {
        return escalation(case, policy, clock.promise, due, steps.escalated);
    }
    let left = usize::try_from(steps.reminded).unwrap_or(usize::MAX);
    let tempo = tempo(case, policy, clock.promise);
    let mut reminders = policy.reminders(clock.promise).iter().skip(left);
    let reminder = reminders.find_map(|after| tempo.reach(clock.start, *after));
    reminder.into_iter().chain(clock.due).min()
}
