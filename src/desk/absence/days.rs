//! The days that a text names.

use super::date::{Name, date};
use super::tokens::{Token, What};
use super::words::{CHINESE_WEEKDAYS, FILLERS, JAPANESE_WEEKDAYS, WEEKDAYS, among};

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
