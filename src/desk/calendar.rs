//! When time counts: open hours, holidays, pauses. A promise of 48 hours is 48 hours of time that
//! counts; all time counts unless something here says otherwise.

use super::time::{Day, Moment, Span, Zone};

/// The open hours and the holidays of an inbox. By default it is open around the clock.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Calendar {
    /// Whose days these are.
    pub zone: Zone,
    /// When somebody is there; always, where this is empty.
    pub hours: Vec<Hours>,
    /// When nobody is there.
    pub holidays: Vec<Stretch>,
}

/// Some time from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Its first second.
    pub from: Moment,
    /// The second after its last one; none where its end is not known yet.
    pub until: Option<Moment>,
}

impl Stretch {
    /// Whether a moment lies in it.
    pub fn holds(&self, moment: Moment) -> bool {
        self.from <= moment && self.until.is_none_or(|until| moment < until)
    }

    /// The part of it that lies between two moments.
    pub fn within(self, from: Moment, until: Moment) -> Option<(Moment, Moment)> {
        let (from, until) = (self.from.max(from), self.until.map_or(until, |own| own.min(until)));
        (from < until).then_some((from, until))
    }
}

/// Days of the calendar, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    first: Day,
    last: Day,
}

impl Dates {
    /// Reads `2026-12-24`, or `2026-12-24..2027-01-01` for all days from the first to the last.
    pub fn parse(text: &str) -> Option<Dates> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let dates = Dates { first: Day::parse(first)?, last: Day::parse(last)? };
        (dates.first <= dates.last).then_some(dates)
    }

    /// When they begin and end for people in this zone.
    pub fn of(self, zone: &Zone) -> Stretch {
        Stretch { from: zone.begins(self.first), until: Some(zone.begins(self.last.plus(1))) }
    }
}

/// The hours of some days of each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Monday first.
    days: [bool; 7],
    /// Minutes from midnight.
    from: u16,
    until: u16,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_A_DAY: u16 = 24 * 60;

impl Hours {
    /// Reads `Mon-Fri 09:00-17:00`; several days or ranges of days are joined with commas.
    pub fn parse(text: &str) -> Option<Hours> {
        let (days, times) = text.trim().split_once(' ')?;
        let day = |text: &str| DAYS.iter().position(|day| day.eq_ignore_ascii_case(text));
        let mut open = [false; 7];
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first)?, day(last)?);
            for n in 0..=(last + 7 - first) % 7 {
                *open.get_mut((first + n) % 7)? = true;
            }
        }
        let (from, until) = times.trim().split_once('-')?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        (from < until).then_some(Hours { days: open, from, until })
    }

    /// When they begin and end on a day, if it is one of theirs.
    fn on(&self, day: Day, zone: &Zone) -> Option<(Moment, Moment)> {
        let open = self.days.get(day.weekday()).copied().unwrap_or(false);
        open.then(|| (zone.at(day, self.from), zone.at(day, self.until)))
    }
}

/// `09:00` as minutes from midnight; `24:00` is the end of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        two.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute).filter(|minute| *minute < 60)?);
    Some(hour * 60 + minute).filter(|total| *total <= MINUTES_A_DAY)
}

/// How time counts for one promise on one case.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tempo<'a> {
    /// When it stands still.
    stops: Vec<Stretch>,
    /// Outside its hours it stands still as well.
    calendar: Option<&'a Calendar>,
}

/// No promise has as many stretches; a calendar that is never open does.
const MOST_STRETCHES: usize = 100_000;

impl<'a> Tempo<'a> {
    /// Time that stands still during `stops`, and outside the hours and on the holidays of a
    /// calendar.
    pub fn new(mut stops: Vec<Stretch>, calendar: Option<&'a Calendar>) -> Tempo<'a> {
        stops.extend(calendar.iter().flat_map(|calendar| &calendar.holidays));
        let calendar = calendar.filter(|calendar| !calendar.hours.is_empty());
        Tempo { stops, calendar }
    }

    /// The moment at which so much time has counted since the start: of all such moments the first,
    /// so that what is due at the end of a day is due then, not on the next one. None where time
    /// stands still and nobody knows until when.
    pub fn reach(&self, start: Moment, length: Span) -> Option<Moment> {
        if length == Span::ZERO || (self.stops.is_empty() && self.calendar.is_none()) {
            return Some(start + length);
        }
        let (mut at, mut left) = (start, length);
        for _ in 0..MOST_STRETCHES {
            let (counts, next) = self.stretch(at);
            match (counts, next) {
                (true, None) => return Some(at + left),
                (true, Some(next)) if left <= next.since(at) => return Some(at + left),
                (true, Some(next)) => {
                    left = left - next.since(at);
                    at = next;
                }
                (false, next) => at = next?,
            }
        }
        None
    }

    /// How much time has counted from one moment to another.
    pub fn counted(&self, start: Moment, until: Moment) -> Span {
        if self.stops.is_empty() && self.calendar.is_none() {
            return until.since(start);
        }
        let (mut at, mut counted) = (start, Span::ZERO);
        for _ in 0..MOST_STRETCHES {
            if at >= until {
                break;
            }
            let (counts, next) = self.stretch(at);
            let end = next.map_or(until, |next| next.min(until));
            if counts {
                counted = counted + end.since(at);
            }
            at = end;
        }
        counted
    }

    /// Whether time counts at a moment, and when that may change.
    fn stretch(&self, at: Moment) -> (bool, Option<Moment>) {
        let over = self.stops.iter().filter(|stop| stop.holds(at)).map(|stop| stop.until);
        if let Some(over) = over.max_by_key(|until| (until.is_none(), *until)) {
            return (false, over);
        }
        let stops = self.stops.iter().map(|stop| stop.from).filter(|from| *from > at);
        let (open, edges) = self.calendar.map_or((true, None), |calendar| calendar.edge(at));
        (open, stops.chain(edges).min())
    }
}

impl Calendar {
    /// Whether somebody is there at a moment, by the hours, and when that may change.
    fn edge(&self, at: Moment) -> (bool, Option<Moment>) {
        // A week ahead has every hour that there is; the day before, what ends after midnight. Days
        // come in order, so the first one on which something changes is enough.
        let today = self.zone.day(at);
        for day in (-1..=8).map(|n| today.plus(n)) {
            let on_day = || self.hours.iter().filter_map(|hours| hours.on(day, &self.zone));
            let edges = on_day().flat_map(|(from, until)| [from, until]);
            if let Some(next) = edges.filter(|edge| *edge > at).min() {
                return (on_day().any(|(from, until)| from <= at && at < until), Some(next));
            }
        }
        (false, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).unwrap()
    }

    fn berlin(hours: &[&str], holidays: &[&str]) -> Calendar {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let holidays = holidays.iter().map(|text| Dates::parse(text).unwrap().of(&zone)).collect();
        let hours = hours.iter().map(|text| Hours::parse(text).unwrap()).collect();
        Calendar { zone, hours, holidays }
    }

    fn due(calendar: &Calendar, start: &str, hours: u64) -> String {
        let due = Tempo::new(Vec::new(), Some(calendar)).reach(at(start), Span::hours(hours));
        due.map_or("never".into(), Moment::rfc3339)
    }

    #[test]
    fn time_stands_still_on_holidays_in_their_zone() {
        let calendar = berlin(&[], &["2026-12-24..2026-12-26"]);
        for (start, hours, told) in [
            // They begin at 23:00 UTC the day before.
            ("2026-12-22T23:00:00Z", 24, "2026-12-23T23:00:00Z"),
            ("2026-12-22T23:00:01Z", 24, "2026-12-26T23:00:01Z"),
            ("2026-12-23T12:00:00Z", 48, "2026-12-28T12:00:00Z"),
            ("2026-12-25T12:00:00Z", 48, "2026-12-28T23:00:00Z"),
            ("2026-12-26T23:00:00Z", 48, "2026-12-28T23:00:00Z"),
        ] {
            assert_eq!(due(&calendar, start, hours), told, "{start}");
        }
    }

    #[test]
    fn open_hours_alone_count_and_what_is_due_at_closing_is_due_then() {
        let calendar = berlin(&["Mon-Thu 09:00-17:00", "Fri 09:00-13:00"], &["2026-05-01"]);
        for (start, hours, told) in [
            // Monday 4 May 2026; Berlin is two hours ahead.
            ("2026-05-04T07:00:00Z", 8, "2026-05-04T15:00:00Z"),
            ("2026-05-04T07:00:01Z", 8, "2026-05-05T07:00:01Z"),
            ("2026-05-04T20:00:00Z", 8, "2026-05-05T15:00:00Z"),
            // Thursday evening, a holiday, the weekend.
            ("2026-04-30T14:00:00Z", 2, "2026-05-04T08:00:00Z"),
            ("2026-05-08T10:30:00Z", 1, "2026-05-11T07:30:00Z"),
        ] {
            assert_eq!(due(&calendar, start, hours), told, "{start}");
        }
    }

    #[test]
    fn a_day_at_which_clocks_change_has_the_hours_that_it_has() {
        let calendar = berlin(&["Mon-Sun 00:00-24:00"], &[]);
        for start in ["2026-03-28T23:30:00Z", "2026-10-24T22:30:00Z"] {
            assert_eq!(due(&calendar, start, 48), (at(start) + Span::hours(48)).rfc3339());
        }
        let holiday = berlin(&[], &["2026-03-29"]);
        assert_eq!(due(&holiday, "2026-03-28T22:00:00Z", 2), "2026-03-29T23:00:00Z");
        let holiday = berlin(&[], &["2026-10-25"]);
        assert_eq!(due(&holiday, "2026-10-24T21:00:00Z", 2), "2026-10-26T00:00:00Z");
        let night = berlin(&["Sun 02:00-04:00"], &[]);
        assert_eq!(due(&night, "2026-03-29T00:00:00Z", 1), "2026-03-29T02:00:00Z");
        assert_eq!(due(&night, "2026-10-25T00:00:00Z", 3), "2026-10-25T03:00:00Z");
    }

    #[test]
    fn pauses_that_overlap_count_once_and_one_without_an_end_is_never_over() {
        let stretch = |from, until: Option<&str>| Stretch { from: at(from), until: until.map(at) };
        let start = at("2026-09-01T00:00:00Z");
        let mut stops = vec![
            stretch("2026-09-01T10:00:00Z", Some("2026-09-02T10:00:00Z")),
            stretch("2026-09-01T20:00:00Z", Some("2026-09-02T20:00:00Z")),
        ];
        let reach = |stops: &[Stretch], hours| {
            let tempo = Tempo::new(stops.to_vec(), None);
            let reached = tempo.reach(start, Span::hours(hours));
            if let Some(reached) = reached {
                assert_eq!(tempo.counted(start, reached), Span::hours(hours));
            }
            reached.map(Moment::rfc3339)
        };
        assert_eq!(reach(&stops, 9).as_deref(), Some("2026-09-01T09:00:00Z"));
        assert_eq!(reach(&stops, 10).as_deref(), Some("2026-09-01T10:00:00Z"));
        assert_eq!(reach(&stops, 11).as_deref(), Some("2026-09-02T21:00:00Z"));
        stops.push(stretch("2026-09-02T10:00:00Z", None));
        assert_eq!(reach(&stops, 10).as_deref(), Some("2026-09-01T10:00:00Z"));
        assert_eq!(reach(&stops, 11), None);
        let tempo = Tempo::new(stops, None);
        assert_eq!(tempo.counted(start, start + Span::hours(1000)), Span::hours(10));
    }

    #[test]
    fn dates_and_hours_are_read_as_people_write_them() {
        for text in ["Mon-Fri 09:00-17:00", "mon,Wed,Fri 00:00-24:00", "Sat-Mon 10:00-12:30"] {
            assert!(Hours::parse(text).is_some(), "{text}");
        }
        for text in ["Mon-Fri", "Mon 9-17", "Mon 17:00-09:00", "Mon 09:00-24:01", "Tag 09:00-10:00"]
        {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
        let week: Vec<bool> = Hours::parse("Sat-Mon 10:00-12:30").unwrap().days.into();
        assert_eq!(week, [true, false, false, false, false, true, true]);
        for text in ["2026-12-24", "2026-12-24..2027-01-01", "2028-02-29"] {
            assert!(Dates::parse(text).is_some(), "{text}");
        }
        for text in ["2027-02-29", "2026-12-24..2026-12-23", "24.12.2026", "20261224", "Christmas"]
        {
            assert_eq!(Dates::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_never_open_is_never_due() {
        let always = berlin(&["Mon-Sun 00:00-24:00"], &["2026-01-01..2027-01-01"]);
        assert_eq!(due(&always, "2026-06-01T00:00:00Z", 1), "2027-01-02T00:00:00Z");
    }
}
