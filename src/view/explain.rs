//! How each deadline of a case comes about, as `watchpost explain` tells it.

use serde::{Deserialize, Serialize};

use super::story::tell;
use crate::desk::calendar::Stretch;
use crate::desk::case::Case;
use crate::desk::event::{Event, Fact};
use crate::desk::mails::{mail, numbered};
use crate::desk::policy::{Policy, Promise, Trigger};
use crate::desk::promise::{self, Clock};
use crate::desk::time::{Moment, Span};

/// One promise on a case, with the arithmetic of its deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The case number.
    pub case: String,
    /// What is promised.
    pub promise: String,
    /// `not_begun`, `running`, `stands_still`, `kept`, `missed` or `closed`.
    pub state: String,
    /// What it is counted from (RFC 3339, as all moments here).
    pub start: Option<String>,
    /// How much time it has, in seconds; none where a date was set instead.
    pub length: Option<u64>,
    /// The time between its start and its deadline that does not count, in seconds.
    pub not_counted: Option<u64>,
    /// Kept up to and including this second; none while it stands still until the reporter writes.
    pub due: Option<String>,
    /// When it was met, in time or late.
    pub met: Option<String>,
    /// The same line by line.
    pub lines: Vec<Line>,
}

/// A line of the arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When; none where it is no moment.
    pub at: Option<String>,
    /// What happens to the clock, in one or two words.
    pub what: String,
    /// Why.
    pub why: String,
    /// The number of the event behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// The number of its mail on the case, as `show` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<u32>,
}

/// Explains every promise on a case from its events, as things are `now`. None where the first event
/// does not open it.
pub fn explain(events: &[Event], policy: &Policy, now: Moment) -> Option<Vec<Explained>> {
    let case = Case::replay(events)?;
    let further = policy.further.iter().map(|further| further.promise);
    let promises = Promise::BUILT_IN.into_iter().chain(further);
    let told = promises.filter_map(|promise| {
        let story = Story::of(events, policy, promise);
        match promise::clock(&case, policy, promise) {
            Some(clock) => Some(begun(&case, policy, &clock, &story, now)),
            None => not_begun(&case, policy, promise),
        }
    });
    Some(told.collect())
}

/// The events behind the state of one clock.
struct Story<'a> {
    start: Option<Cause<'a>>,
    met: Option<Cause<'a>>,
    /// What began and ended each wait.
    waits: Vec<(Cause<'a>, Option<Cause<'a>>)>,
    /// What time brought on it, of all its starts.
    steps: Vec<Cause<'a>>,
}

/// An event, with the number of its mail.
#[derive(Clone, Copy)]
struct Cause<'a> {
    mail: Option<u32>,
    event: &'a Event,
}

impl<'a> Story<'a> {
    /// Tells the case again, event by event, and keeps those after which the clock is another.
    fn of(events: &'a [Event], policy: &Policy, promise: Promise) -> Story<'a> {
        let mut story = Story { start: None, met: None, waits: Vec::new(), steps: Vec::new() };
        let mut case: Option<Case> = None;
        let mut before: Option<Clock> = None;
        for (mail, event) in numbered(events) {
            let cause = Cause { mail, event };
            match (&mut case, &event.fact) {
                (Some(case), _) => case.apply(event),
                (case, Fact::Opened(opening)) => {
                    *case = event.case.clone().map(|id| Case::open(id, (**opening).clone()));
                }
                _ => {}
            }
            let Some(case) = &case else { continue };
            let clock = promise::clock(case, policy, promise);
            if clock.map(|clock| clock.start) != before.map(|clock| clock.start) {
                story.start = Some(cause);
            }
            let met = |clock: Option<Clock>| clock.and_then(|clock| clock.met);
            if met(clock) != met(before) {
                story.met = Some(cause);
            }
            before = clock;
            if case.waits.len() > story.waits.len() {
                story.waits.push((cause, None));
            } else if !case.is_waiting()
                && let Some((_, end @ None)) = story.waits.last_mut()
            {
                *end = Some(cause);
            }
            match &event.fact {
                Fact::Reminded { promise: of, .. }
                | Fact::Breached { promise: of, .. }
                | Fact::Escalated { promise: of, .. }
                    if *of == promise =>
                {
                    story.steps.push(cause);
                }
                _ => {}
            }
        }
        story
    }
}

impl Cause<'_> {
    fn at(&self) -> Moment {
        mail(&self.event.fact).map_or(self.event.at, |mail| mail.arrived)
    }

    fn line(&self, at: Moment, what: &str) -> Line {
        let (_, why) = tell(&self.event.fact);
        self.line_saying(at, what, why)
    }

    fn line_saying(&self, at: Moment, what: &str, why: String) -> Line {
        let (what, event) = (what.to_owned(), Some(self.event.seq));
        Line { at: Some(at.rfc3339()), what, why, event, mail: self.mail }
    }
}

fn plain(at: Option<Moment>, what: &str, why: String) -> Line {
    Line { at: at.map(Moment::rfc3339), what: what.into(), why, event: None, mail: None }
}

fn not_begun(case: &Case, policy: &Policy, promise: Promise) -> Option<Explained> {
    let from = match promise {
        Promise::Update if case.opening.promised.update.is_some() => {
            "a person's first answer".to_owned()
        }
        Promise::Further(_) => match &policy.further(promise)?.from {
            Trigger::Received => "the arrival of the report".into(),
            Trigger::Acknowledged => "the acknowledgement".into(),
            Trigger::Answered => "a person's first answer".into(),
            Trigger::Marked(word) => format!("when it is said: watchpost do {} {word}", case.id),
        },
        _ => return None,
    };
    Some(Explained {
        case: case.id.to_string(),
        promise: promise.name().into(),
        state: "not_begun".into(),
        start: None,
        length: None,
        not_counted: None,
        due: None,
        met: None,
        lines: vec![plain(None, "not begun", format!("counts from {from}"))],
    })
}

fn begun(case: &Case, policy: &Policy, clock: &Clock, story: &Story<'_>, now: Moment) -> Explained {
    let &Clock { promise, start, length, due, met, closed } = clock;
    let state = match (met, due) {
        _ if clock.is_missed(now) => "missed",
        (Some(_), _) => "kept",
        (None, _) if closed.is_some() => "closed",
        (None, None) => "stands_still",
        (None, Some(_)) => "running",
    };
    let mut lines = Vec::new();
    lines.extend(story.start.map(|cause| cause.line(start, "starts")));
    lines.extend(
        length.map(|length| plain(None, "has", format!("{}, {}", length.exact(), source(promise)))),
    );
    lines.extend(stops(case, policy, clock, story, due.unwrap_or(now)));
    let tempo = promise::tempo(case, policy, promise);
    let not_counted = due.zip(length).map(|(due, length)| due.since(start) - length);
    lines.push(match (due, length) {
        (Some(due), Some(length)) => plain(Some(due), "is due", sum(start, length, not_counted)),
        (Some(due), None) => plain(Some(due), "is due", "the last second of the embargo".into()),
        (None, _) => {
            let (counted, length) = (tempo.counted(start, now), length.unwrap_or(Span::ZERO));
            let left = length - counted;
            let why = format!(
                "{} of {} have passed; the other {} run once the reporter writes",
                counted.exact(),
                length.exact(),
                left.exact()
            );
            plain(None, "stands still", why)
        }
    });
    let steps = story.steps.iter().filter(|step| started(&step.event.fact) == Some(start));
    lines.extend(steps.map(step));
    if let Some((met, cause)) = met.zip(story.met) {
        let late = due.filter(|due| met > *due);
        let how = late.map_or("met", |_| "met late");
        let why = match (late, due) {
            (Some(due), _) => format!(" ({} late)", met.since(due).exact()),
            (None, Some(due)) => format!(" ({} before the deadline)", due.since(met).exact()),
            (None, None) => String::new(),
        };
        lines.push(cause.line_saying(met, how, tell(&cause.event.fact).1 + &why));
    } else if let Some(closed) = closed {
        lines.push(plain(Some(closed), "ends", "the case was closed".into()));
    } else if let Some(next) = promise::next_on(case, policy, clock) {
        let what = if clock.is_missed(now) {
            "it goes up the ladder again, unless that ends before"
        } else if Some(next) == due {
            "the deadline"
        } else {
            "a reminder"
        };
        lines.push(plain(Some(next), "next", what.into()));
    }
    Explained {
        case: case.id.to_string(),
        promise: promise.name().into(),
        state: state.into(),
        start: Some(start.rfc3339()),
        length: length.map(Span::as_seconds),
        not_counted: not_counted.map(Span::as_seconds),
        due: due.map(Moment::rfc3339),
        met: met.map(Moment::rfc3339),
        lines,
    }
}

/// Where its length comes from.
fn source(promise: Promise) -> String {
    match promise {
        Promise::Further(_) => format!("by [[promise]] {}", promise.name()),
        _ => "as it was promised when the report came".into(),
    }
}

fn sum(start: Moment, length: Span, not_counted: Option<Span>) -> String {
    let start = start.rfc3339();
    match not_counted.filter(|span| *span > Span::ZERO) {
        None => format!("{start} + {}", length.exact()),
        Some(more) => format!("{start} + {} + {} that do not count", length.exact(), more.exact()),
    }
}

/// The moment at which the clock began that a step of time is about.
fn started(fact: &Fact) -> Option<Moment> {
    match fact {
        Fact::Reminded { start, .. }
        | Fact::Breached { start, .. }
        | Fact::Escalated { start, .. } => Some(*start),
        _ => None,
    }
}

fn step(cause: &Cause<'_>) -> Line {
    let what = match &cause.event.fact {
        Fact::Reminded { .. } => "reminder",
        Fact::Breached { .. } => "missed",
        _ => "escalated",
    };
    cause.line(cause.at(), what)
}

/// The stretches in which a clock stood still until its deadline, or until now.
fn stops(case: &Case, policy: &Policy, clock: &Clock, story: &Story<'_>, end: Moment) -> Vec<Line> {
    if !promise::stands_still(policy, clock.promise) {
        return Vec::new();
    }
    let part = |stretch: Stretch| stretch.within(clock.start, end);
    let mut lines: Vec<(Moment, Line)> = Vec::new();
    if let Some((from, until)) = promise::closed_intake(case).and_then(part) {
        let why =
            format!("intake was closed until {}: {}", until.rfc3339(), until.since(from).exact());
        lines.push((from, plain(Some(from), "stands still", why)));
    }
    for (stretch, (begun, ended)) in promise::waits(case).into_iter().zip(&story.waits) {
        let Some((from, until)) = part(stretch) else { continue };
        lines.push((from, begun.line(from, "stands still")));
        if let Some(ended) = ended.filter(|_| stretch.until.is_some_and(|end| end <= until)) {
            let why = format!("{}: {}", tell(&ended.event.fact).1, until.since(from).exact());
            lines.push((until, ended.line_saying(until, "goes on", why)));
        }
    }
    for (from, until) in policy.calendar.holidays.iter().filter_map(|day| part(*day)) {
        let why = format!("holiday until {}: {}", until.rfc3339(), until.since(from).exact());
        lines.push((from, plain(Some(from), "stands still", why)));
    }
    if !policy.calendar.hours.is_empty() {
        let why = "only the hours of [calendar] count".to_owned();
        lines.push((clock.start, plain(None, "counts", why)));
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}
