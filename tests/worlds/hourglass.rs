//! How much time has counted, told by going through it quarter of an hour by quarter of an hour. It
//! shares nothing with the desk but the data of the time zones.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;
const QUARTER: i64 = 900;

/// The first second that is known of the zones, and the one after the last.
const FIRST: i64 = 1_764_547_200; // 2025-12-01
const LAST: i64 = 1_893_456_000; // 2030-01-01

pub(super) const ZONES: [&str; 5] =
    ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"];

/// Some time: its first second, and the one after its last where that is known.
pub(super) type Stop = (i64, Option<i64>);

/// When somebody is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    /// Its place in [`ZONES`].
    pub(super) zone: usize,
    /// On which days of the week, Monday first, from which minute of the day to which.
    pub(super) hours: Vec<([bool; 7], i64, i64)>,
    /// Days without anybody, the last one included, counted from 1970-01-01.
    pub(super) holidays: Vec<(i64, i64)>,
    /// The times that count, as far as they were gone through.
    stretches: Vec<(i64, i64)>,
}

/// How far clocks in a zone are ahead of UTC, for each quarter of an hour.
fn offsets(zone: usize) -> &'static [i32] {
    static KNOWN: [OnceLock<Vec<i32>>; 5] = [const { OnceLock::new() }; 5];
    KNOWN[zone].get_or_init(|| {
        let zone = TimeZone::get(ZONES[zone]).unwrap();
        let quarters = (0..(LAST - FIRST) / QUARTER).map(|n| FIRST + n * QUARTER);
        let at = |second| zone.to_offset(Timestamp::from_second(second).unwrap()).seconds();
        // An offset changes a few times a year: days that end as they began are not looked into.
        let quarters: Vec<i64> = quarters.collect();
        let day = |day: &[i64]| -> Vec<i32> {
            let (first, next) = (at(day[0]), at(day[0] + DAY));
            if first == next {
                vec![first; day.len()]
            } else {
                day.iter().map(|q| at(*q)).collect()
            }
        };
        quarters.chunks(96).flat_map(day).collect()
    })
}

impl Open {
    /// Whether time counts in the quarter of an hour that a second lies in.
    fn counts(&self, second: i64) -> bool {
        let offset = offsets(self.zone)[usize::try_from((second - FIRST) / QUARTER).unwrap()];
        let there = second.div_euclid(QUARTER) * QUARTER + i64::from(offset);
        let (day, minute) = (there.div_euclid(DAY), there.rem_euclid(DAY) / 60);
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap();
        let open = |(days, from, until): &([bool; 7], i64, i64)| {
            days[weekday] && *from <= minute && minute < *until
        };
        let holiday = self.holidays.iter().any(|(first, last)| *first <= day && day <= *last);
        !holiday && (self.hours.is_empty() || self.hours.iter().any(open))
    }

    /// The day there that a second lies in, counted from 1970-01-01.
    pub(super) fn day(&self, second: i64) -> i64 {
        let offset = offsets(self.zone)[usize::try_from((second - FIRST) / QUARTER).unwrap()];
        (second + i64::from(offset)).div_euclid(DAY)
    }

    /// Goes through the time from one moment to another, once.
    pub(super) fn go_through(&mut self, from: i64, until: i64) {
        let first = from.div_euclid(QUARTER) * QUARTER;
        let mut stretches: Vec<(i64, i64)> = Vec::new();
        for quarter in (0..).map(|n| first + n * QUARTER).take_while(|at| *at < until) {
            if !self.counts(quarter) {
                continue;
            }
            match stretches.last_mut().filter(|(_, until)| *until == quarter) {
                Some((_, until)) => *until += QUARTER,
                None => stretches.push((quarter, quarter + QUARTER)),
            }
        }
        self.stretches = stretches;
    }

    /// Whether time counts at a moment, and until when; none where that was not gone through.
    fn stretch(&self, at: i64) -> Option<(bool, i64)> {
        let next = self.stretches.partition_point(|(_, until)| *until <= at);
        let (from, until) = *self.stretches.get(next)?;
        Some(if from <= at { (true, until) } else { (false, from) })
    }

    fn always(&self) -> bool {
        self.hours.is_empty() && self.holidays.is_empty()
    }
}

/// The first second at which so much time has counted since the start; none where nobody knows.
pub(super) fn reach(start: i64, length: i64, stops: &[Stop], open: Option<&Open>) -> Option<i64> {
    let open = open.filter(|open| !open.always());
    let (mut at, mut left) = (start, length);
    while left > 0 {
        if let Some((_, until)) =
            stops.iter().find(|(from, until)| *from <= at && until.is_none_or(|until| at < until))
        {
            at = (*until)?;
            continue;
        }
        let mut end = stops.iter().map(|(from, _)| *from).filter(|from| *from > at).min();
        let mut counts = true;
        if let Some(open) = open {
            let (open, until) = open.stretch(at)?;
            end = Some(end.map_or(until, |end| end.min(until)));
            counts = open;
        }
        match end {
            _ if !counts => at = end?,
            Some(end) if end - at < left => {
                left -= end - at;
                at = end;
            }
            _ => return Some(at + left),
        }
    }
    Some(at)
}
