//! Moments and lengths, to the second, in UTC. The desk is *given* the time; nothing here reads a clock.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

/// A point in time: seconds since 1970-01-01T00:00:00Z.
///
/// They are counted from the first one that can be written, and from 1: so one that may be missing takes no
/// more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Moment(NonZeroU64);

/// A length of time in whole seconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(u64);

/// A moment as a calendar and a clock show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The year of the common era.
    pub year: i16,
    /// 1 for January.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// 0 for Monday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// A time zone of people, such as `Europe/Berlin`: how moments are written for them, and when their days
/// begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// The zone that all promises are counted in.
    pub const UTC: Zone = Zone(jiff::tz::TimeZone::UTC);

    /// The zone of this IANA name. Its rules come from the data of the system, or from those that
    /// the program carries where the system has none; so the configuration asks, once.
    pub fn named(name: &str) -> Option<Zone> {
        jiff::tz::TimeZone::get(name).ok().map(Zone)
    }

    /// The first moment of a day there.
    pub fn begins(&self, day: Day) -> Moment {
        self.at(day, 0)
    }

    /// The moment at which a clock there shows so many minutes after midnight; where it never does,
    /// since clocks go forward, the one at which it would; where it does twice, the first.
    pub fn at(&self, day: Day, minutes: u16) -> Moment {
        let (hour, minute) = (i8::try_from(minutes / 60), i8::try_from(minutes % 60));
        let time = hour.ok().zip(minute.ok()).and_then(|(h, m)| Time::new(h, m, 0, 0).ok());
        let Some(time) = time else { return self.at(day.plus(1), 0) };
        let date = day.0;
        let zoned = self.0.to_ambiguous_zoned(date.to_datetime(time)).compatible();
        zoned
            .map_or(Moment::from_unix(i64::MAX), |at| Moment::from_unix(at.timestamp().as_second()))
    }

    /// The day that it is there.
    pub fn day(&self, moment: Moment) -> Day {
        Day(moment.timestamp().to_zoned(self.0.clone()).date())
    }

    /// For a person in this zone: `Tue 1 Sep 2026, 19:11 CEST`.
    pub fn shows(&self, moment: Moment) -> String {
        let at = moment.timestamp().to_zoned(self.0.clone());
        at.strftime("%a %-d %b %Y, %H:%M %Z").to_string()
    }

    /// Whether it writes every moment as UTC does.
    pub fn is_utc(&self) -> bool {
        *self == Zone::UTC
    }
}

/// A day of the calendar, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// The day of this year, month and day of the month, both from 1. None where there is no such day.
    pub fn new(year: i16, month: u8, day: u8) -> Option<Day> {
        let part = |number: u8| i8::try_from(number).ok();
        Date::new(year, part(month)?, part(day)?).ok().map(Day)
    }

    /// The year of the common era.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Reads `2026-12-24`.
    pub fn parse(text: &str) -> Option<Day> {
        // Eight digits in a row would be read as well.
        let text = text.trim();
        text.contains('-').then(|| text.parse().ok().map(Day)).flatten()
    }

    /// The day that is so many days later, or earlier; at the ends of time, this one.
    #[must_use]
    pub fn plus(self, days: i64) -> Day {
        let span = jiff::Span::new().try_days(days);
        span.and_then(|span| self.0.checked_add(span)).map_or(self, Day)
    }

    /// 0 for Monday.
    pub fn weekday(self) -> usize {
        usize::try_from(self.0.weekday().to_monday_zero_offset()).unwrap_or(0)
    }
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::UTC
    }
}

impl TryFrom<i64> for Moment {
    type Error = &'static str;

    /// What was written down was within the years that can be written.
    fn try_from(seconds: i64) -> Result<Moment, &'static str> {
        let moment = Moment::from_unix(seconds);
        if moment.unix() == seconds {
            Ok(moment)
        } else {
            Err("this is no moment that can be written")
        }
    }
}

impl From<Moment> for i64 {
    fn from(moment: Moment) -> i64 {
        moment.unix()
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Moment").field(&self.unix()).finish()
    }
}

impl Moment {
    /// The moment that is `seconds` after the epoch, kept within the years that can be written.
    pub fn from_unix(seconds: i64) -> Moment {
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        Moment(NonZeroU64::MIN.saturating_add(seconds.clamp(first, last).abs_diff(first)))
    }

    /// Seconds since the epoch.
    pub fn unix(self) -> i64 {
        Timestamp::MIN.as_second().saturating_add_unsigned(self.0.get() - 1)
    }

    /// Reads RFC 3339 (`2026-09-01T17:11:00Z`, or with an offset).
    pub fn parse_rfc3339(text: &str) -> Option<Moment> {
        text.parse::<Timestamp>().ok().map(|t| Moment::from_unix(t.as_second()))
    }

    /// How long it is from `earlier` to this moment; nothing if `earlier` is later.
    pub fn since(self, earlier: Moment) -> Span {
        Span(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// RFC 3339 in UTC: `2026-09-01T17:11:00Z`.
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }

    /// For an RFC 5322 `Date` field: `Tue, 01 Sep 2026 17:11:00 +0000`.
    pub fn rfc5322(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
    }

    /// For a person: `Tuesday 1 September 2026, 17:11 UTC`.
    pub fn in_words(self) -> String {
        self.timestamp().strftime("%A %-d %B %Y, %H:%M UTC").to_string()
    }

    /// For a table: `2026-09-01 17:11`, in UTC.
    pub fn short(self) -> String {
        self.timestamp().strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// As an mbox has it, in UTC: `Tue Sep  1 17:11:00 2026`.
    pub fn asctime(self) -> String {
        self.timestamp().strftime("%a %b %e %H:%M:%S %Y").to_string()
    }

    /// The parts of a date in UTC, as letters write them.
    pub fn calendar(self) -> Calendar {
        let at = self.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        let part = |number: i8| u8::try_from(number).unwrap_or(0);
        Calendar {
            year: at.year(),
            month: part(at.month()),
            day: part(at.day()),
            weekday: part(at.weekday().to_monday_zero_offset()),
            hour: part(at.hour()),
            minute: part(at.minute()),
        }
    }

    /// The year in UTC, as case numbers carry it.
    pub fn year(self) -> u16 {
        u16::try_from(self.timestamp().to_zoned(jiff::tz::TimeZone::UTC).year()).unwrap_or(0)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.unix()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Add<Span> for Moment {
    type Output = Moment;
    fn add(self, span: Span) -> Moment {
        Moment::from_unix(self.unix().saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }
}

impl Sub<Span> for Moment {
    type Output = Moment;
    fn sub(self, span: Span) -> Moment {
        Moment::from_unix(self.unix().saturating_sub(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A length of so many seconds.
    pub const fn seconds(seconds: u64) -> Span {
        Span(seconds)
    }

    /// A length of so many minutes.
    pub const fn minutes(minutes: u64) -> Span {
        Span(minutes.saturating_mul(60))
    }

    /// A length of so many hours.
    pub const fn hours(hours: u64) -> Span {
        Span(hours.saturating_mul(3600))
    }

    /// The length in seconds.
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// To the second: `49h`, `28h5m`, `3m20s`.
    pub fn exact(self) -> String {
        let parts = [(self.0 / 3600, 'h'), (self.0 / 60 % 60, 'm'), (self.0 % 60, 's')];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, unit)| format!("{number}{unit}"))
            .collect();
        if parts.is_empty() { "0s".into() } else { parts.concat() }
    }

    /// Reads `90s`, `15m`, `48h`, `14d`, `2w`, or several in a row (`1d12h`). A day is 24 hours,
    /// never a calendar day.
    pub fn parse(text: &str) -> Option<Span> {
        let mut total: u64 = 0;
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, tail) = rest.split_at_checked(digits)?;
            let mut letters = tail.chars();
            let unit = match letters.next()? {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return None,
            };
            total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
            rest = letters.as_str();
        }
        // A thousand years: far past any promise, well inside what a Moment can hold.
        (total <= 31_557_600_000).then_some(Span(total))
    }
}

/// The shortest exact form that [`Span::parse`] reads: `48h`, `14d`, `90s`. Two days stay `48h`,
/// because that is how policies write them.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s >= 3 * 86_400 && s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s >= 3600 && s % 3600 == 0 => write!(f, "{}h", s / 3600),
            s if s >= 60 && s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_beyond_the_calendar_stays_where_it_is() {
        let day = Day::new(2026, 9, 1).unwrap();
        assert_eq!(day.plus(i64::MAX), day);
        assert_eq!(day.plus(30).plus(-30), day);
    }

    #[test]
    fn a_moment_that_cannot_be_written_is_not_read_either() {
        let end = Moment::from_unix(i64::MAX);
        let read = |text: &str| serde_json::from_str::<Moment>(text).ok();
        assert_eq!(read(&serde_json::to_string(&end).unwrap()), Some(end));
        assert_eq!(read("178828261788282665"), None);
        assert_eq!(read("-9223372036854775808"), None);
    }

    #[test]
    fn spans_are_read_and_written_as_policies_write_them() {
        for (text, seconds) in [
            ("48h", 172_800),
            ("14d", 1_209_600),
            ("1d12h", 129_600),
            ("90s", 90),
            ("15m", 900),
            ("2w", 1_209_600),
        ] {
            assert_eq!(Span::parse(text), Some(Span(seconds)), "{text}");
        }
        for text in
            ["", "48", "h", "-1h", "4 h", "48H", "1.5h", "99999999999999999999h", "9999999w"]
        {
            assert_eq!(Span::parse(text), None, "{text}");
        }
        assert_eq!(Span::hours(48).to_string(), "48h");
        assert_eq!(Span::hours(24 * 14).to_string(), "14d");
        for (seconds, exact) in [(0, "0s"), (49 * 3600, "49h"), (3605, "1h5s"), (200, "3m20s")] {
            assert_eq!(Span(seconds).exact(), exact);
        }
    }

    #[test]
    fn moments_are_utc_whatever_the_input_offset() {
        let moment = Moment::parse_rfc3339("2026-09-01T18:11:00+01:00").unwrap();
        assert_eq!(moment.rfc3339(), "2026-09-01T17:11:00Z");
        assert_eq!(moment.rfc5322(), "Tue, 01 Sep 2026 17:11:00 +0000");
        assert_eq!(moment.asctime(), "Tue Sep  1 17:11:00 2026");
        assert_eq!(moment.in_words(), "Tuesday 1 September 2026, 17:11 UTC");
        assert_eq!((moment + Span::hours(48)).short(), "2026-09-03 17:11");
    }

    #[test]
    fn a_zone_writes_moments_as_its_people_do() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let summer = Moment::parse_rfc3339("2026-09-01T17:11:00Z").unwrap();
        let winter = Moment::parse_rfc3339("2026-12-01T17:11:00Z").unwrap();
        assert_eq!(berlin.shows(summer), "Tue 1 Sep 2026, 19:11 CEST");
        assert_eq!(berlin.shows(winter), "Tue 1 Dec 2026, 18:11 CET");
        assert_eq!(Zone::named("Mars/Olympus"), None);
        assert!(Zone::UTC.is_utc() && !berlin.is_utc());
    }

    #[test]
    fn a_day_is_made_of_its_numbers() {
        let day = Day::new(2027, 1, 4).unwrap();
        assert_eq!((Some(day), day.year()), (Day::parse("2027-01-04"), 2027));
        for (month, day) in [(2, 30), (13, 1), (0, 1), (1, 0), (255, 255)] {
            assert_eq!(Day::new(2026, month, day), None);
        }
    }

    #[test]
    fn arithmetic_at_the_ends_of_time_does_not_panic() {
        let end = Moment::from_unix(i64::MAX) + Span::seconds(u64::MAX);
        assert_eq!(end.rfc3339().get(..4), Some("9999"));
        assert_eq!(Moment::from_unix(0).since(end), Span::ZERO);
    }
}
