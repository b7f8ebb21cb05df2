//! One date in a text, in the ways in which people write it.

use super::tokens::{Token, What};
use super::words::{MONTHS, OF, ORDINALS, among};
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

/// A date at the beginning, and how many tokens it takes.
pub(super) fn date(tokens: &[Token<'_>]) -> Option<(Name, usize)> {
    let text = Text(tokens);
    if let Some(year) = text.year(0) {
        return text.year_first(year);
    }
    if let Some(month) = text.month(0) {
        return text.month_first(month);
    }
    let first = text.small(0)?;
    if text.sign(1, "月").is_some() {
        return text.with_signs(first);
    }
    text.day_first(first).or_else(|| text.in_numbers(first))
}

/// What stands at which place.
#[derive(Clone, Copy)]
struct Text<'t>(&'t [Token<'t>]);

impl<'t> Text<'t> {
    /// `2027-01-04`, `2027年1月4日`
    fn year_first(self, year: i16) -> Option<(Name, usize)> {
        let (month, day) = (self.small(2)?, self.small(4)?);
        let date = Name::Date { year: Some(year), month, day };
        if self.sign(1, "年").is_some() && self.sign(3, "月").is_some() {
            return Some((date, 5 + usize::from(self.sign(5, "日号號").is_some())));
        }
        let parted = self.sign(1, "-/.")?;
        let again = self.what(3) == Some(What::Sign(parted));
        (again && self.touches(1) && self.touches(4)).then_some((date, 5))
    }

    /// `January 4th, 2027`
    fn month_first(self, month: u8) -> Option<(Name, usize)> {
        let dot = usize::from(self.sign(1, ".").is_some());
        let day = self.small(1 + dot)?;
        let end = 2 + dot + usize::from(self.word(2 + dot, ORDINALS));
        let comma = self.of(end);
        let year = self.year(end + comma);
        let end = if year.is_some() { end + comma + 1 } else { end };
        Some((Name::Date { year, month, day }, end))
    }

    /// `1月4日`
    fn with_signs(self, month: u8) -> Option<(Name, usize)> {
        let day = self.small(2)?;
        self.sign(3, "日号號").map(|_| (Name::Date { year: None, month, day }, 4))
    }

    /// `4. Januar`, `4th of January 2027`, `1er janvier`, `4-Jan-2027`
    fn day_first(self, day: u8) -> Option<(Name, usize)> {
        let ordinal = usize::from(self.word(1, ORDINALS) || self.sign(1, ".").is_some());
        let at = 1 + ordinal;
        let at = at + self.of(at);
        let month = self.month(at)?;
        let at = at + 1 + usize::from(self.sign(at + 1, ".").is_some());
        let year = [at + self.of(at), at].into_iter().find_map(|at| Some((at, self.year(at)?)));
        let end = year.map_or(at, |(at, _)| at + 1);
        Some((Name::Date { year: year.map(|(_, year)| year), month, day }, end))
    }

    /// `4.1.2027`, `04.01.`, `1/4/27`, `4-1-2027`: numbers that versions and fractions are made of too.
    fn in_numbers(self, first: u8) -> Option<(Name, usize)> {
        let (parted, second) = (self.sign(1, "./-")?, self.small(2)?);
        if !self.touches(1) || !self.touches(2) {
            return None;
        }
        let again = self.what(3) == Some(What::Sign(parted)) && self.touches(3);
        let third = again && self.touches(4);
        let short = || Some(2000 + i16::from(self.small(4).filter(|year| *year > 20)?));
        let year = self.year(4).or_else(short).filter(|_| third);
        if year.is_none() && third && matches!(self.what(4), Some(What::Number(..))) {
            // A version, a number of something.
            return None;
        }
        let end = if year.is_some() { 5 } else { 3 };
        match parted {
            '.' => {
                let end = if again { end.max(4) } else { end };
                let certain = year.is_some() || again || self.is_a_padded_day();
                certain.then_some((Name::Date { year, month: second, day: first }, end))
            }
            '/' if (first, second) != (24, 7) => Some((Name::Pair { year, first, second }, end)),
            '-' if year.is_some() => Some((Name::Pair { year, first, second }, end)),
            _ => None,
        }
    }

    /// `04.01` is a day; `4.1` is a version as well, and `04.01 Uhr` an hour.
    fn is_a_padded_day(self) -> bool {
        let padded = |at| matches!(self.what(at), Some(What::Number(_, 2)));
        let hour = self.sign(3, ":").is_some() || self.word(3, &["uhr$"]);
        padded(0) && padded(2) && !hour
    }

    fn what(self, at: usize) -> Option<What<'t>> {
        self.0.get(at).map(|token| token.what)
    }

    /// Whether nothing stands between this one and the one before it.
    fn touches(self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.0.get(before));
        before.zip(self.0.get(at)).is_some_and(|(before, this)| before.end == this.start)
    }

    fn sign(self, at: usize, signs: &str) -> Option<char> {
        match self.what(at) {
            Some(What::Sign(c)) if signs.contains(c) => Some(c),
            _ => None,
        }
    }

    fn small(self, at: usize) -> Option<u8> {
        match self.what(at) {
            Some(What::Number(number, 1 | 2)) => u8::try_from(number).ok(),
            _ => None,
        }
    }

    fn year(self, at: usize) -> Option<i16> {
        match self.what(at) {
            Some(What::Number(number @ 2000..=2100, 4)) => i16::try_from(number).ok(),
            _ => None,
        }
    }

    fn word(self, at: usize, list: &[&str]) -> bool {
        matches!(self.what(at), Some(What::Word(one)) if among(list, one))
    }

    fn month(self, at: usize) -> Option<u8> {
        match self.what(at) {
            Some(What::Word(word)) => {
                (1..).zip(MONTHS).find_map(|(n, names)| names.contains(&word).then_some(n))
            }
            _ => None,
        }
    }

    /// How many tokens here part a day from its month, or both from their year: one at most.
    fn of(self, at: usize) -> usize {
        usize::from(self.word(at, OF) || self.sign(at, ",-").is_some())
    }
}
