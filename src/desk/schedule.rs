//! When something comes round: each week on a day, or each day, at a time of the clock.

use super::time::{Moment, Zone};

/// When the digest is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// On this day of each week, 0 for Monday; none for each day.
    pub weekday: Option<u8>,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
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
        self.zone.next(self.weekday, self.hour, self.minute, after)
    }

    /// The last time after a moment and not after `now`, however many there were.
    pub fn last(&self, after: Moment, now: Moment) -> Option<Moment> {
        // Longer ago than this, another one came since.
        let after = after.max(now - super::time::Span::hours(9 * 24));
        let times = std::iter::successors(Some(self.next(after)), |at| Some(self.next(*at)));
        times.take_while(|at| *at <= now).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_times_that_passed_the_last_counts() {
        let at = |text| Moment::parse_rfc3339(text).unwrap();
        let weekly = Schedule { weekday: Some(0), hour: 8, minute: 0, zone: Zone::UTC };
        let began = at("2026-09-01T12:00:00Z");
        assert_eq!(weekly.last(began, at("2026-09-07T07:59:59Z")), None);
        assert_eq!(
            weekly.last(began, at("2026-09-07T08:00:00Z")),
            Some(at("2026-09-07T08:00:00Z"))
        );
        assert_eq!(
            weekly.last(began, at("2027-02-03T00:00:00Z")),
            Some(at("2027-02-01T08:00:00Z"))
        );
        let daily = Schedule { weekday: None, ..weekly };
        assert_eq!(daily.last(began, at("2027-02-03T07:00:00Z")), Some(at("2027-02-02T08:00:00Z")));
    }
}
