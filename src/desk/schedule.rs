//! When something comes round: each week on a day, or each day, at a time of the clock.

use super::time::{Moment, Span, Zone};

/// When the digest is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// On this day of each week, 0 for Monday; none for each day.
    pub weekday: Option<usize>,
    /// Minutes after midnight.
    pub minutes: u16,
    /// Whose clocks these are.
    pub zone: Zone,
}

impl Schedule {
    /// Whether it comes each day.
    pub fn is_daily(&self) -> bool {
        self.weekday.is_none()
    }

    /// The first time after a moment.
    pub fn next(&self, after: Moment) -> Moment {
        let today = self.zone.day(after);
        // A week and a day: today may be the day, and its hour over.
        let days = (0..=8).map(|days| today.plus(days));
        let days = days.filter(|day| self.weekday.is_none_or(|weekday| day.weekday() == weekday));
        let mut times = days.map(|day| self.zone.at(day, self.minutes));
        times.find(|at| *at > after).unwrap_or(Moment::from_unix(i64::MAX))
    }

    /// The last time after a moment and not after `now`, however many there were.
    pub fn last(&self, after: Moment, now: Moment) -> Option<Moment> {
        // Longer ago than this, another one came since.
        let after = after.max(now - Span::hours(9 * 24));
        // At the end of all time the next one is no later.
        let next = |at: &Moment| Some(self.next(*at)).filter(|next| next > at);
        let times = std::iter::successors(Some(self.next(after)), next);
        times.take_while(|at| *at <= now).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).unwrap()
    }

    fn schedule(weekday: Option<usize>, hour: u16, zone: &str) -> Schedule {
        Schedule { weekday, minutes: hour * 60, zone: Zone::named(zone).unwrap() }
    }

    #[test]
    fn the_next_monday_morning_is_that_of_the_people_there() {
        for (weekday, hour, after, next) in [
            (Some(0), 8, "2026-09-01T17:11:00Z", "2026-09-07T06:00:00Z"),
            (Some(0), 8, "2026-09-07T05:59:59Z", "2026-09-07T06:00:00Z"),
            (Some(0), 8, "2026-09-07T06:00:00Z", "2026-09-14T06:00:00Z"),
            // The clocks go back on 25 October, and forward on 28 March, from two to three.
            (Some(0), 8, "2026-10-19T06:00:00Z", "2026-10-26T07:00:00Z"),
            (None, 8, "2026-09-01T17:11:00Z", "2026-09-02T06:00:00Z"),
            (None, 2, "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z"),
        ] {
            let berlin = schedule(weekday, hour, "Europe/Berlin");
            assert_eq!(berlin.next(at(after)).rfc3339(), next, "{after}");
        }
        let end = Moment::from_unix(i64::MAX);
        assert_eq!(schedule(Some(6), 23, "UTC").next(end), end);
        assert_eq!(schedule(Some(6), 23, "UTC").last(end, end), Some(end));
    }

    #[test]
    fn of_many_times_that_passed_the_last_counts() {
        let weekly = schedule(Some(0), 8, "UTC");
        let began = at("2026-09-01T12:00:00Z");
        for (now, last) in [
            ("2026-09-07T07:59:59Z", None),
            ("2026-09-07T08:00:00Z", Some("2026-09-07T08:00:00Z")),
            ("2027-02-03T00:00:00Z", Some("2027-02-01T08:00:00Z")),
        ] {
            assert_eq!(weekly.last(began, at(now)), last.map(at), "{now}");
        }
        let daily = Schedule { weekday: None, ..weekly };
        let now = at("2027-02-03T07:00:00Z");
        assert_eq!(daily.last(began, now), Some(at("2027-02-02T08:00:00Z")));
    }
}
