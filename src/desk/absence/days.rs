//! The days that a text names.

use super::tokens::{Token, What};
use super::words::{
    CHINESE_WEEKDAYS, FILLERS, JAPANESE_WEEKDAYS, MONTHS, OF, ORDINALS, WEEKDAYS, among,
};
use crate::desk::time::Day;

/// A day as it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Date {
        year: Option<i16>,
        month: u8,
        day: u8,
    },
    /// Which of the two is the month depends on who writes.
    Pair {
        year: Option<i16>,
        first: u8,
        second: u8,
    },
    Weekday(usize),
}

impl Name {
    /// The days that can be meant, likeliest first.
    pub(super) fn days(self, month_first: bool, today: Day) -> [Option<Day>; 2] {
        let date = |year: Option<i16>, month, day| {
            if year.is_some() {
                return Day::new(year?, month, day);
            }
            let this_year = Day::new(today.year(), month, day).filter(|day| *day >= today);
            this_year.or_else(|| Day::new(today.year().checked_add(1)?, month, day))
        };
        match self {
            Name::Date { year, month, day } => [date(year, month, day), None],
            Name::Pair { year, first, second } => {
                let (american, other) = (date(year, first, second), date(year, second, first));
                if month_first { [american, other] } else { [other, american] }
            }
            Name::Weekday(weekday) => {
                let ahead = |days: &i64| today.plus(*days).weekday() == weekday;
                [(1..=7).find(ahead).map(|days| today.plus(days)), None]
            }
        }
    }
}

/// A day in the text, by tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) what: Name,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The days that are named, in their order. A weekday beside a date names the same day.
pub(super) fn named(tokens: &[Token<'_>]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut at = 0;
    while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
        let free = at.checked_sub(1).and_then(|before| tokens.get(before)).is_none_or(|before| {
            !rest.first().is_some_and(|first| before.end == first.start && is_part(before.what))
        });
        let date = date(rest).filter(|_| free);
        let Some((what, length)) = date.or_else(|| weekday(rest)) else {
            at += 1;
            continue;
        };
        let one = Named { what, start: at, end: at + length };
        at = one.end;
        let beside = |last: &Named| {
            let between = tokens.get(last.end..one.start).unwrap_or_default();
            between.len() <= 2 && between.iter().all(|token| parts_nothing(token.what))
        };
        match (found.last_mut(), what) {
            (Some(last), Name::Weekday(_)) if last.is_date() && beside(last) => last.end = one.end,
            (Some(last), _) if !last.is_date() && one.is_date() && beside(last) => {
                *last = Named { start: last.start, ..one };
            }
            _ => found.push(one),
        }
    }
    found
}

impl Named {
    pub(super) fn is_date(&self) -> bool {
        !matches!(self.what, Name::Weekday(_))
    }
}

/// What may stand between a weekday and its date.
pub(super) fn parts_nothing(what: What<'_>) -> bool {
    match what {
        What::Word(word) => among(FILLERS, word),
        What::Sign(c) => matches!(c, ',' | '(' | '，' | '、'),
        What::Number(..) => false,
    }
}

/// What cannot stand directly before a date: it would be a part of a version or a number.
pub(super) fn is_part(what: What<'_>) -> bool {
    matches!(what, What::Sign('.' | '/' | ':' | '+') | What::Number(..))
}

/// A date at the beginning, and how many tokens it takes.
pub(super) fn date(tokens: &[Token<'_>]) -> Option<(Name, usize)> {
    let what = |at: usize| tokens.get(at).map(|token| token.what);
    let close = |at: usize| {
        tokens.get(at.wrapping_sub(1)).zip(tokens.get(at)).is_some_and(|(a, b)| a.end == b.start)
    };
    let sign = |at: usize, signs: &str| match what(at) {
        Some(What::Sign(c)) if signs.contains(c) => Some(c),
        _ => None,
    };
    let small = |at: usize| match what(at) {
        Some(What::Number(number, 1 | 2)) => u8::try_from(number).ok(),
        _ => None,
    };
    let year = |at: usize| match what(at) {
        Some(What::Number(number @ 2000..=2100, 4)) => i16::try_from(number).ok(),
        _ => None,
    };
    let word =
        |at: usize, list: &[&str]| matches!(what(at), Some(What::Word(one)) if among(list, one));
    let month = |at: usize| match what(at) {
        Some(What::Word(one)) => month(one),
        _ => None,
    };
    // A number, then perhaps what makes it the fourth: `4th`, `4.`, `4`.
    let ordinal = |at: usize| usize::from(word(at, ORDINALS) || sign(at, ".").is_some());
    let of = |at: usize| usize::from(word(at, OF) || sign(at, ",-").is_some());

    if let Some(year) = year(0) {
        let (month, day) = (small(2)?, small(4)?);
        let date = Name::Date { year: Some(year), month, day };
        if sign(1, "年").is_some() && sign(3, "月").is_some() {
            return Some((date, 5 + usize::from(sign(5, "日号號").is_some())));
        }
        let sign = sign(1, "-/.")?;
        return (what(3) == Some(What::Sign(sign)) && close(1) && close(4)).then_some((date, 5));
    }
    if let Some(month) = month(0) {
        // `January 4th, 2027`
        let dot = usize::from(sign(1, ".").is_some());
        let day = small(1 + dot)?;
        let end = 2 + dot + usize::from(word(2 + dot, ORDINALS));
        let comma = of(end);
        let year = year(end + comma);
        let end = if year.is_some() { end + comma + 1 } else { end };
        return Some((Name::Date { year, month, day }, end));
    }
    let first = small(0)?;
    if let (Some(_), Some(day)) = (sign(1, "月"), small(2)) {
        let end = 3 + usize::from(sign(3, "日号號").is_some());
        return (end == 4).then_some((Name::Date { year: None, month: first, day }, end));
    }
    // `4. Januar`, `4th of January 2027`, `1er janvier`, `4-Jan-2027`
    let mut at = 1 + ordinal(1);
    at += of(at);
    if let Some(month) = month(at) {
        at += 1 + usize::from(sign(at + 1, ".").is_some());
        let year = [at + of(at), at].into_iter().find_map(|at| Some((at, year(at)?)));
        let end = year.map_or(at, |(at, _)| at + 1);
        return Some((Name::Date { year: year.map(|(_, year)| year), month, day: first }, end));
    }
    let (parted, second) = (sign(1, "./-")?, small(2)?);
    if !close(1) || !close(2) {
        return None;
    }
    let again = what(3) == Some(What::Sign(parted)) && close(3);
    let year = year(4).or_else(|| Some(2000 + i16::from(small(4).filter(|year| *year > 20)?)));
    let year = year.filter(|_| again && close(4));
    if year.is_none() && again && close(4) && matches!(what(4), Some(What::Number(..))) {
        // A version, a number of something.
        return None;
    }
    let end = if year.is_some() { 5 } else { 3 };
    match parted {
        '.' if year.is_some() || again => {
            let date = Name::Date { year, month: second, day: first };
            Some((date, if year.is_some() { 5 } else { 4 }))
        }
        '.' => {
            // `04.01` is a day; `4.1` is a version as well.
            let padded =
                matches!((what(0), what(2)), (Some(What::Number(_, 2)), Some(What::Number(_, 2))));
            let hour = sign(3, ":").is_some() || word(3, &["uhr$"]);
            (padded && !hour).then_some((Name::Date { year: None, month: second, day: first }, 3))
        }
        '/' if (first, second) != (24, 7) => Some((Name::Pair { year, first, second }, end)),
        '-' if year.is_some() => Some((Name::Pair { year, first, second }, end)),
        _ => None,
    }
}

pub(super) fn month(word: &str) -> Option<u8> {
    (1..).zip(MONTHS).find_map(|(n, names)| names.contains(&word).then_some(n))
}

/// A weekday at the beginning, and how many tokens it takes.
pub(super) fn weekday(tokens: &[Token<'_>]) -> Option<(Name, usize)> {
    let what = |at: usize| tokens.get(at).map(|token| token.what);
    let index = |at: usize, names: &str| match what(at) {
        Some(What::Sign(c)) => {
            let c = if c == '天' { '日' } else { c };
            (0..).zip(names.chars()).find_map(|(n, name)| (name == c).then_some(n))
        }
        _ => None,
    };
    match what(0)? {
        What::Word(word) => {
            let found = (0..).zip(WEEKDAYS).find(|(_, names)| among(names, word));
            found.map(|(n, _)| (Name::Weekday(n), 1))
        }
        What::Sign('周' | '週') => Some((Name::Weekday(index(1, CHINESE_WEEKDAYS)?), 2)),
        What::Sign('星' | '礼' | '禮') if matches!(what(1), Some(What::Sign('期' | '拜'))) => {
            Some((Name::Weekday(index(2, CHINESE_WEEKDAYS)?), 3))
        }
        What::Sign(_) if what(1) == Some(What::Sign('曜')) => {
            let day = usize::from(what(2) == Some(What::Sign('日')));
            Some((Name::Weekday(index(0, JAPANESE_WEEKDAYS)?), 2 + day))
        }
        _ => None,
    }
}
