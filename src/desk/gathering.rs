//! How many notices a member gets: in a storm of mail several are gathered in one.

use std::collections::VecDeque;

use super::address::Address;
use super::ids::CaseId;
use super::map::Map;
use super::time::{Moment, Span};

/// What each member was told of late, by inbox. It follows from the events, as all books do; after a
/// start the hour begins anew, and what is gathered stands on the cases.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    members: Map<(String, Address), Told>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    at: VecDeque<Moment>,
    /// The same of notices that ask for something: however many reports come, these are heard.
    urgent: VecDeque<Moment>,
    /// The cases of the next notice, and when it leaves.
    waiting: Vec<CaseId>,
    until: Option<Moment>,
}

impl Told {
    /// When the next notice leaves. None waits for more than an hour, but by a clock that was ahead when
    /// that was recorded: such a one has waited enough.
    fn next(&self, now: Moment) -> Option<Moment> {
        self.until.map(|until| if until > now + HOUR { now } else { until })
    }
}

/// Notices to a member in an hour, each a mail of its own; more than a person reads one by one.
const PER_HOUR: usize = 12;
const HOUR: Span = Span::hours(1);
/// How many cases one notice names.
const MOST_CASES: usize = 50;

impl Gathering {
    /// None where a member may have a notice at once; else when the next one for several leaves.
    pub fn wait(&self, now: Moment, inbox: &str, to: &Address, urgent: bool) -> Option<Moment> {
        let told = self.members.get(&(inbox.to_owned(), to.clone()))?;
        let had = if urgent { &told.urgent } else { &told.at };
        let lately: Vec<Moment> =
            had.iter().copied().filter(|at| *at <= now && *at + HOUR > now).collect();
        let full = lately.first().filter(|_| lately.len() >= PER_HOUR).map(|first| *first + HOUR);
        let next = told.next(now);
        if urgent { full.map(|until| next.unwrap_or(until)) } else { next.or(full) }
    }

    /// A notice was written.
    pub fn told(&mut self, inbox: &str, to: &Address, at: Moment, urgent: bool) {
        self.change(inbox, to, |told| {
            let had = if urgent { &mut told.urgent } else { &mut told.at };
            had.push_back(at);
            while had.len() > PER_HOUR {
                had.pop_front();
            }
        });
    }

    /// A case waits for the next notice.
    pub fn gather(&mut self, inbox: &str, to: &Address, case: CaseId, until: Moment) {
        self.change(inbox, to, |told| {
            told.until = Some(told.until.map_or(until, |known| known.min(until)));
            if !told.waiting.contains(&case) {
                told.waiting.push(case);
            }
        });
    }

    /// The notice about these cases was written.
    pub fn wrote(&mut self, inbox: &str, to: &Address, cases: &[CaseId], now: Moment) {
        self.change(inbox, to, |told| {
            told.waiting.retain(|case| !cases.contains(case));
            told.until = (!told.waiting.is_empty()).then_some(now);
        });
    }

    /// The notices that are due: to whom, about which cases.
    pub fn due(&self, now: Moment) -> impl Iterator<Item = (&Address, &[CaseId])> {
        let due = move |told: &Told| told.next(now).is_some_and(|until| until <= now);
        self.members.iter().filter(move |(_, told)| due(told)).map(|((_, to), told)| {
            let cases = told.waiting.get(..MOST_CASES).unwrap_or(&told.waiting);
            (to, cases)
        })
    }

    /// When the next notice about several cases is due.
    pub fn next_due(&self) -> Option<Moment> {
        self.members.values().filter_map(|told| told.until).min()
    }

    fn change(&mut self, inbox: &str, to: &Address, how: impl FnOnce(&mut Told)) {
        let key = (inbox.to_owned(), to.clone());
        let mut told = self.members.get(&key).cloned().unwrap_or_default();
        how(&mut told);
        self.members.insert_mut(key, told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_a_dozen_in_an_hour_is_gathered_until_the_hour_is_over() {
        let (kim, start) = (Address::parse("kim@project.example").unwrap(), Moment::from_unix(0));
        let mut gathering = Gathering::default();
        for minute in 0..12 {
            let now = start + Span::minutes(minute);
            assert_eq!(gathering.wait(now, "security", &kim, false), None);
            gathering.told("security", &kim, now, false);
        }
        let now = start + Span::minutes(20);
        let until = gathering.wait(now, "security", &kim, false).unwrap();
        assert_eq!(until, start + HOUR);
        assert_eq!(gathering.wait(now, "other", &kim, false), None);
        assert_eq!(gathering.wait(now, "security", &kim, true), None, "what is urgent is heard");
        let case = CaseId { prefix: "EXP".into(), year: 2026, number: 1 };
        gathering.gather("security", &kim, case.clone(), until);
        assert_eq!(gathering.due(now).count(), 0);
        assert_eq!(gathering.next_due(), Some(until));
        assert_eq!(gathering.due(until).next().unwrap().1, std::slice::from_ref(&case));
        gathering.wrote("security", &kim, &[case], until);
        assert_eq!((gathering.due(until).count(), gathering.next_due()), (0, None));
    }

    #[test]
    fn what_a_clock_gathered_that_was_ahead_is_told_when_it_is_right_again() {
        let (kim, now) = (Address::parse("kim@project.example").unwrap(), Moment::from_unix(0));
        let mut gathering = Gathering::default();
        let case = CaseId { prefix: "EXP".into(), year: 2026, number: 1 };
        let until = now + Span::hours(3 * 24);
        gathering.gather("security", &kim, case.clone(), until);
        assert_eq!(gathering.due(now).next().unwrap().1, std::slice::from_ref(&case));
        assert_eq!(gathering.wait(now, "security", &kim, false), Some(now));
        gathering.wrote("security", &kim, &[case], now);
        assert_eq!(
            gathering.wait(now, "security", &kim, false),
            None,
            "new reports are told at once"
        );
    }
}
