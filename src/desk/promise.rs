//! What is owed to a reporter, by when, and what happens as time passes.
//!
//! Nothing here is stored: a clock follows from the events of its case, and each step that time brings
//! is an event as well, so that it happens once, whatever stops and starts in between.

use super::case::Case;
use super::event::Fact;
use super::policy::{Policy, Promise};
use super::time::{Moment, Span};

/// One promise on one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// What is promised.
    pub promise: Promise,
    /// What it is counted from.
    pub start: Moment,
    /// Kept up to and including this second.
    pub due: Moment,
    /// When it was met, in time or late.
    pub met: Option<Moment>,
}

impl Clock {
    /// Whether it was not kept in time, as things are `now`.
    pub fn is_missed(&self, now: Moment) -> bool {
        self.met.map_or(self.due < now, |met| met > self.due)
    }
}

/// The clocks of a case, in the order in which they began.
pub fn clocks(case: &Case) -> Vec<Clock> {
    let promised = &case.opening.promised;
    let mut clocks = vec![
        Clock {
            promise: Promise::Acknowledgement,
            start: case.arrived(),
            due: case.acknowledgement_due(),
            met: case.acknowledged,
        },
        Clock {
            promise: Promise::Response,
            start: promised.response_start(case.arrived(), case.acknowledged),
            due: case.response_due(),
            met: case.answered,
        },
    ];
    if let (Some(length), Some(start)) = (promised.update, case.last_answer) {
        clocks.push(Clock { promise: Promise::Update, start, due: start + length, met: None });
    }
    clocks
}

/// What time has brought on a case by `now` and is not recorded yet, oldest first. Of reminders that
/// were slept through only the last is still of use; of escalations none is left out.
pub(super) fn due(case: &Case, policy: &Policy, now: Moment) -> Vec<Fact> {
    clocks(case).iter().flat_map(|clock| due_on(case, policy, clock, now)).collect()
}

fn due_on(case: &Case, policy: &Policy, clock: &Clock, now: Moment) -> Vec<Fact> {
    let &Clock { promise, start, due, met } = clock;
    let steps = case.steps(clock.promise, clock.start);
    // What was met late was told when it was missed.
    if met.is_some() {
        return Vec::new();
    }
    let mut facts = Vec::new();
    if now < due {
        let passed = policy.reminders(promise).iter().filter(|after| start + **after <= now);
        let count = u32::try_from(passed.count()).unwrap_or(u32::MAX);
        if count > steps.reminded {
            facts.push(Fact::Reminded { promise, start, count });
        }
        return facts;
    }
    if !steps.breached {
        facts.push(Fact::Breached { promise, start, due });
    }
    let mut step = steps.escalated;
    while let Some(at) = escalation(case, policy, due, step).filter(|at| *at <= now) {
        step += 1;
        facts.push(Fact::Escalated { promise, start, step, due_at: at });
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

/// When the ladder is climbed after so many steps: at the deadline, and at each interval after it. What
/// nobody may answer by machine, junk most of it, is told a few times and not for ever.
fn escalation(case: &Case, policy: &Policy, due: Moment, steps: u32) -> Option<Moment> {
    if case.is_held() && steps >= MOST_FOR_HELD {
        return None;
    }
    let interval = policy.escalate_every.as_seconds().checked_mul(u64::from(steps))?;
    Some(due + Span::seconds(interval))
}

/// When time brings something next on a case, after what is recorded.
pub(super) fn next(case: &Case, policy: &Policy) -> Option<Moment> {
    clocks(case).iter().filter_map(|clock| next_on(case, policy, clock)).min()
}

fn next_on(case: &Case, policy: &Policy, clock: &Clock) -> Option<Moment> {
    if clock.met.is_some() {
        return None;
    }
    let steps = case.steps(clock.promise, clock.start);
    if steps.breached {
        return escalation(case, policy, clock.due, steps.escalated);
    }
    let reminders = policy.reminders(clock.promise).iter().map(|after| clock.start + *after);
    let left = usize::try_from(steps.reminded).unwrap_or(usize::MAX);
    let reminder = reminders.skip(left).find(|at| *at < clock.due);
    Some(reminder.map_or(clock.due, |at| at.min(clock.due)))
}
