//! What should happen, by `promises` alone: written from the promises and not from the desk.
//!
//! The oracle is told what people and machines did. It says what the clocks bring at a moment, and when
//! they bring something next.

use std::collections::{BTreeMap, BTreeSet};

use watchpost::desk::ids::CaseId;
use watchpost::desk::policy::{MetBy, Promise, Trigger};

use crate::hourglass::{DAY, Stop, reach};
use crate::judge::bare;
use crate::rules::Rules;

/// A case as the world knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Owed {
    pub(super) reporter: String,
    pub(super) arrived: i64,
    pub(super) acknowledgement: i64,
    pub(super) response: i64,
    pub(super) closed_until: Option<i64>,
    /// No machine may write to its reporter.
    pub(super) held: bool,
    /// A letter to its reporter came back, or was refused.
    pub(super) lost: bool,
    pub(super) acknowledged: Option<i64>,
    pub(super) answered: Option<i64>,
    pub(super) last_answer: Option<i64>,
    pub(super) waits: Vec<Wait>,
    pub(super) closed: Option<i64>,
    /// The times in which it was closed: nobody is told of anything in them.
    pub(super) shut: Vec<Stop>,
    pub(super) reopened: Option<i64>,
    pub(super) embargo: Option<(i64, i64)>,
    pub(super) announced: Option<i64>,
    pub(super) marks: BTreeMap<String, i64>,
    pub(super) met: BTreeMap<Promise, i64>,
    pub(super) steps: BTreeMap<Promise, Steps>,
    /// The promises whose breach its reporter was told of.
    pub(super) told: BTreeSet<Promise>,
    /// Those of which the letter was taken back before it left.
    pub(super) taken_back: BTreeSet<Promise>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wait {
    pub(super) since: i64,
    pub(super) until: Option<i64>,
    pub(super) asked_again: bool,
    pub(super) closes: Option<i64>,
    /// The note that says so has left: nobody is closed out before it has.
    pub(super) noted: bool,
}

/// How far time has come on the clock that began at `start`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    pub(super) start: i64,
    pub(super) reminded: usize,
    pub(super) breached: Option<i64>,
    pub(super) escalated: i64,
}

/// One clock.
struct Clock {
    promise: Promise,
    start: i64,
    due: Option<i64>,
    met: bool,
    reminders: Vec<i64>,
    /// Whether it stands still while the case waits, and outside the calendar.
    pauses: bool,
    escalates: bool,
}

/// What time brings, in words that the desk's facts are put into as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Brings {
    Reminder(Promise, usize),
    Breach(Promise, i64),
    Letter(&'static str),
    Step(Promise, i64, i64),
    AskAgain,
    LastNote(i64),
    Close,
}

/// Held cases are told of a few times and not for ever.
const MOST_FOR_HELD: i64 = 3;
/// How often somebody is told of missed promises in thirty days.
const MISSED_PER_MONTH: usize = 3;

impl Owed {
    /// A report that arrived then.
    pub(super) fn of(rules: &Rules, reporter: &str, arrived: i64, held: bool) -> Owed {
        let door = rules.doors.iter().find(|door| door.from <= arrived && arrived < door.until);
        let closed = door.filter(|door| door.closed);
        Owed {
            reporter: reporter.to_owned(),
            arrived,
            held,
            acknowledgement: door.and_then(|d| d.acknowledgement).unwrap_or(rules.acknowledgement),
            response: door.and_then(|door| door.response).unwrap_or(rules.response),
            closed_until: closed.map(|door| door.until),
            ..Owed::default()
        }
    }

    /// A person of the team wrote to the reporter.
    pub(super) fn answer(&mut self, at: i64) {
        let at = at.max(self.arrived);
        let first = |known: Option<i64>| Some(known.map_or(at, |known| known.min(at)));
        self.answered = first(self.answered);
        self.acknowledged = first(self.acknowledged);
        self.last_answer = self.last_answer.max(Some(at));
    }

    pub(super) fn acknowledge(&mut self, at: i64) {
        self.acknowledged = self.acknowledged.or(Some(at));
    }

    /// Their acknowledgement came back.
    pub(super) fn unreach(&mut self) {
        self.lost = true;
        self.acknowledged = self.answered;
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waits.last().is_some_and(|wait| wait.until.is_none())
    }

    /// Whether a letter may go to the reporter: a machine may, and reached them before.
    pub(super) fn can_be_told(&self) -> bool {
        self.acknowledged.is_some() && !self.held && !self.lost
    }

    /// The reporter wrote.
    pub(super) fn wrote(&mut self, at: i64) {
        self.reopen(at);
        self.end_wait(at);
    }

    pub(super) fn reopen(&mut self, at: i64) {
        if let Some(closed) = self.closed.take() {
            self.shut.push((closed, Some(at.max(closed))));
            self.reopened = Some(at);
        }
    }

    pub(super) fn close(&mut self, at: i64) {
        self.end_wait(at);
        self.closed = Some(at);
    }

    /// The last note of a wait left.
    pub(super) fn note(&mut self, written: i64) {
        if let Some(wait) = self.waits.last_mut().filter(|wait| wait.since <= written) {
            wait.noted = true;
        }
    }

    fn end_wait(&mut self, at: i64) {
        if let Some(wait) = self.waits.last_mut().filter(|wait| wait.until.is_none()) {
            wait.until = Some(at.max(wait.since));
        }
    }

    fn waits(&self) -> Vec<Stop> {
        self.waits.iter().map(|wait| (wait.since, wait.until)).collect()
    }

    /// The moment at which so much time has counted for a promise.
    fn reach(&self, rules: &Rules, start: i64, length: i64, pauses: bool) -> Option<i64> {
        if !pauses {
            return Some(start + length);
        }
        let mut stops = self.waits();
        stops.extend(self.closed_until.map(|until| (self.arrived, Some(until))));
        reach(start, length, &stops, Some(&rules.open))
    }

    /// When the acknowledgement is due.
    pub(super) fn acknowledgement_due(&self, rules: &Rules) -> Option<i64> {
        self.reach(rules, self.arrived, self.acknowledgement, true)
    }

    /// When the response is due, unless it is owed no more.
    pub(super) fn response_due(&self, rules: &Rules) -> Option<i64> {
        self.clocks(rules).into_iter().find(|c| c.promise == Promise::Response && !c.met)?.due
    }

    fn clocks(&self, rules: &Rules) -> Vec<Clock> {
        let clock = |promise, start, length, met, pauses, reminders: &[i64]| Clock {
            promise,
            start,
            due: self.reach(rules, start, length, pauses),
            met,
            reminders: reminders.to_vec(),
            pauses,
            escalates: true,
        };
        let (answered, acknowledged) = (self.answered.is_some(), self.acknowledged.is_some());
        let first = clock(
            Promise::Acknowledgement,
            self.arrived,
            self.acknowledgement,
            acknowledged,
            true,
            &[],
        );
        let mut start = self.arrived;
        if rules.from_acknowledgement {
            start = self.acknowledged.or(first.due).unwrap_or(self.arrived);
        }
        // Who writes on a case that was closed unanswered is owed an answer once more.
        if !answered {
            start = start.max(self.reopened.unwrap_or(start));
        }
        let reminders = &rules.response_reminders;
        let mut clocks =
            vec![first, clock(Promise::Response, start, self.response, answered, true, reminders)];
        if let Some((last, length)) = self.last_answer.zip(rules.update) {
            let start = last.max(self.reopened.unwrap_or(last));
            let reminders = &rules.update_reminders;
            clocks.push(clock(Promise::Update, start, length, false, true, reminders));
        }
        let (told, reminders) = (self.announced.is_some(), &rules.disclosure_reminders);
        if let Some((said, until)) = self.embargo {
            let length = until - said;
            clocks.push(clock(Promise::Disclosure, said, length, told, false, reminders));
        } else if let Some(length) = rules.disclosure {
            clocks.push(clock(Promise::Disclosure, self.arrived, length, told, false, reminders));
        }
        for one in &rules.further {
            let start = match &one.from {
                Trigger::Received => Some(self.arrived),
                Trigger::Acknowledged => self.acknowledged,
                Trigger::Answered => self.answered,
                Trigger::Marked(word) => self.marks.get(word).copied(),
            };
            let Some(start) = start else { continue };
            let kept = one.met_by.iter().map(|by| match by {
                MetBy::Acknowledgement => self.acknowledged,
                MetBy::Response => self.answered,
                MetBy::Announcement => self.announced,
            });
            let said = self.met.get(&one.promise).copied();
            // The end of a case keeps it, and what goes on later does not take that back.
            let ends = self.shut.iter().map(|(from, _)| Some(*from));
            let met = kept.chain([said]).chain(ends).flatten().any(|at| at >= start);
            let clock = clock(one.promise, start, one.length, met, one.pauses, &one.reminders);
            clocks.push(Clock { escalates: one.escalates, ..clock });
        }
        clocks.retain(|clock| !clock.met && self.closed.is_none());
        clocks
    }

    fn steps(&self, clock: &Clock) -> Steps {
        let fresh = Steps { start: clock.start, ..Steps::default() };
        self.steps
            .get(&clock.promise)
            .copied()
            .filter(|steps| steps.start == clock.start)
            .unwrap_or(fresh)
    }

    /// When the ladder is climbed after so many steps.
    fn climb(&self, rules: &Rules, clock: &Clock, due: i64, steps: i64) -> Option<i64> {
        if !clock.escalates || (self.held && self.acknowledged.is_none() && steps >= MOST_FOR_HELD)
        {
            return None;
        }
        let to_reporter =
            matches!(clock.promise, Promise::Acknowledgement | Promise::Response | Promise::Update);
        let mut rests = if to_reporter { self.waits() } else { Vec::new() };
        rests.extend(&self.shut);
        reach(due, rules.every * steps, &rests, None)
    }

    /// What the clocks bring at a moment. `lately` is when their reporter was told of missed promises.
    pub(super) fn brings(&self, rules: &Rules, now: i64, lately: &[i64]) -> Vec<Brings> {
        let mut brings = Vec::new();
        let lately = lately.iter().filter(|at| **at + 30 * DAY > now).count();
        for clock in self.clocks(rules) {
            let (promise, steps) = (clock.promise, self.steps(&clock));
            let Some(due) = steps.breached.or(clock.due.filter(|due| *due <= now)) else {
                let reached = |after: &&i64| {
                    let at = self.reach(rules, clock.start, **after, clock.pauses);
                    at.is_some_and(|at| at <= now)
                };
                let count = clock.reminders.iter().filter(reached).count();
                if count > steps.reminded {
                    brings.push(Brings::Reminder(promise, count));
                }
                continue;
            };
            if steps.breached.is_none() {
                brings.push(Brings::Breach(promise, due));
                let theirs = !matches!(promise, Promise::Acknowledgement | Promise::Further(_));
                let first = !self.told.contains(&promise) && lately < MISSED_PER_MONTH;
                if rules.tell_missed && theirs && first && self.can_be_told() {
                    brings.push(Brings::Letter("missed"));
                }
            }
            let mut step = steps.escalated;
            while let Some(at) = self.climb(rules, &clock, due, step).filter(|at| *at <= now) {
                step += 1;
                brings.push(Brings::Step(promise, step, at));
            }
        }
        brings.extend(self.waiting_brings(rules, now));
        brings
    }

    /// The missed promises that their reporter hears of at last: their acknowledgement left, which was
    /// written then, or the case goes on whose end took the letters back.
    pub(super) fn heard_at_last(&self, rules: &Rules, written: Option<i64>) -> Vec<Promise> {
        let mut clocks = self.clocks(rules);
        clocks.retain(|clock| {
            let Some(due) = self.steps(clock).breached else { return false };
            let theirs = !matches!(clock.promise, Promise::Acknowledgement | Promise::Further(_));
            // An acknowledgement that was written later says so itself.
            let news = match written {
                Some(at) => clock.promise != Promise::Response || at < due,
                None => self.taken_back.contains(&clock.promise),
            };
            rules.tell_missed && theirs && news && !self.told.contains(&clock.promise)
        });
        let told = self.can_be_told();
        clocks.into_iter().map(|clock| clock.promise).filter(|_| told).collect()
    }

    /// The reporter is told of a missed promise.
    pub(super) fn tell(&mut self, promise: Promise) {
        self.told.insert(promise);
        self.taken_back.remove(&promise);
    }

    fn waiting_brings(&self, rules: &Rules, now: i64) -> Vec<Brings> {
        let due = self.waiting_steps(rules).into_iter().filter(|(at, _)| *at <= now);
        match due.max_by_key(|(at, step)| (*step != 0, *at)) {
            None => Vec::new(),
            Some((_, 0)) => vec![Brings::AskAgain, Brings::Letter("asked_again")],
            Some((at, 1)) => {
                // After a long sleep the note still leaves its time.
                let closes = (at + rules.last_note).max(now + rules.last_note);
                vec![Brings::LastNote(closes), Brings::Letter("last_note")]
            }
            Some(_) => vec![Brings::Close],
        }
    }

    fn waiting_steps(&self, rules: &Rules) -> Vec<(i64, u8)> {
        let open = self.waits.last().filter(|wait| wait.until.is_none() && self.closed.is_none());
        let Some(wait) = open.filter(|_| self.can_be_told()) else { return Vec::new() };
        if let Some(closes) = wait.closes {
            return if wait.noted { vec![(closes, 2)] } else { Vec::new() };
        }
        let ask = rules.remind_waiting.filter(|_| !wait.asked_again).map(|a| (wait.since + a, 0));
        let note = rules.close_waiting.map(|a| (wait.since + a - rules.last_note, 1));
        ask.into_iter().chain(note).collect()
    }

    /// When the clocks bring something next, as things are.
    pub(super) fn next(&self, rules: &Rules) -> Option<(i64, String)> {
        let clocks = self.clocks(rules);
        let clocks = clocks.iter().filter_map(|clock| {
            let steps = self.steps(clock);
            let at = match steps.breached {
                Some(due) => self.climb(rules, clock, due, steps.escalated)?,
                None => {
                    let left = clock.reminders.iter().skip(steps.reminded);
                    let at = |after| self.reach(rules, clock.start, after, clock.pauses);
                    left.filter_map(|after| at(*after)).chain(clock.due).min()?
                }
            };
            Some((at, clock.promise.to_string()))
        });
        let waiting = self.waiting_steps(rules).into_iter().map(|(at, _)| (at, "wait".to_owned()));
        clocks.chain(waiting).min()
    }

    /// Takes in what time brought.
    pub(super) fn take(&mut self, rules: &Rules, now: i64, brought: &Brings) {
        match brought {
            Brings::Reminder(promise, count) => self.step(rules, *promise).reminded = *count,
            Brings::Breach(promise, due) => self.step(rules, *promise).breached = Some(*due),
            Brings::Step(promise, step, _) => self.step(rules, *promise).escalated = *step,
            Brings::AskAgain => self.waits.last_mut().unwrap().asked_again = true,
            Brings::LastNote(closes) => self.waits.last_mut().unwrap().closes = Some(*closes),
            Brings::Close => self.close(now),
            Brings::Letter(_) => {}
        }
    }

    fn step(&mut self, rules: &Rules, promise: Promise) -> &mut Steps {
        let clock = self.clocks(rules).into_iter().find(|clock| clock.promise == promise).unwrap();
        let steps = self.steps(&clock);
        let known = self.steps.entry(promise).or_default();
        *known = steps;
        known
    }
}

/// Everything that is owed.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    pub(super) cases: BTreeMap<CaseId, Owed>,
    /// When each address was told of a missed promise.
    pub(super) lately: BTreeMap<String, Vec<i64>>,
}

impl Oracle {
    pub(super) fn case(&mut self, id: &CaseId) -> &mut Owed {
        self.cases.get_mut(id).unwrap_or_else(|| panic!("the world knows no {id}"))
    }

    /// Somebody was told of a missed promise.
    pub(super) fn tell(&mut self, reporter: &str, at: i64) {
        self.lately.entry(reporter.to_owned()).or_default().push(at);
    }

    /// What somebody was to be told then left nobody's hands.
    pub(super) fn take_back(&mut self, id: &CaseId, promise: Promise, written: i64) {
        let owed = self.case(id);
        owed.told.remove(&promise);
        owed.taken_back.insert(promise);
        let reporter = bare(&owed.reporter);
        let told = self.lately.entry(reporter).or_default();
        if let Some(place) = told.iter().rposition(|at| *at == written) {
            told.remove(place);
        }
    }

    /// How many letters about missed promises somebody may still get now.
    pub(super) fn room(&self, reporter: &str, now: i64) -> usize {
        let told = self.lately.get(reporter).map_or(&[][..], Vec::as_slice);
        let lately = told.iter().filter(|at| **at + 30 * DAY > now).count();
        MISSED_PER_MONTH.saturating_sub(lately)
    }

    /// Those of whom it is not sure which letter about a missed promise they get: several are due in
    /// this second.
    pub(super) fn unsure(&self, rules: &Rules, now: i64) -> BTreeSet<String> {
        let mut many: BTreeMap<String, usize> = BTreeMap::new();
        for owed in self.cases.values() {
            let letters = owed.brings(rules, now, &[]);
            let letters = letters.iter().filter(|one| **one == Brings::Letter("missed")).count();
            *many.entry(bare(&owed.reporter)).or_default() += letters;
        }
        many.into_iter().filter(|(_, many)| *many > 1).map(|(who, _)| who).collect()
    }

    pub(super) fn next(&self, rules: &Rules) -> Option<(i64, String)> {
        let nexts = self.cases.iter().filter_map(|(id, owed)| {
            owed.next(rules).map(|(at, what)| (at, format!("{id} {what}")))
        });
        nexts.min()
    }
}
