//! Until when an absence note says that its author is away. Pure, bounded, and guesses nothing: a day
//! counts only where a word says that it is the end of the absence.

use super::days::{Named, named, weekday};
use super::tokens::{Token, What, own_words, tokens};
use super::words::{BACK, FILLERS, FROM, TO, UNTIL, WIDE_BACK, WIDE_TO, WIDE_UNTIL, among};
use crate::desk::time::{Day, Moment, Span, Zone};

/// Nobody is away for longer by a note: half a year.
const FARTHEST: Span = Span::hours(24 * 184);

/// The moment at which a note that arrived then says that its author is back: the beginning of the day
/// that it names, in their zone. None where it names none, or one that cannot be meant. Where it names
/// several, how they are named decides, then the nearest. `month_first` is for days like `1/4`.
pub(super) fn back(text: &str, month_first: bool, arrived: Moment, zone: &Zone) -> Option<Moment> {
    let text = own_words(text);
    let tokens = tokens(&text);
    let named = named(&tokens);
    let today = zone.day(arrived);
    let plausible = |day: Day| {
        // Who is away until today is not there today.
        let begins = zone.begins(if day == today { day.plus(1) } else { day });
        (day >= today && begins > arrived && begins <= arrived + FARTHEST).then_some(begins)
    };
    let mut best: Option<(u8, Moment)> = None;
    for (at, one) in named.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| named.get(at)).map_or(0, |one| one.end);
        let after = named.get(at + 1).map(|one| one.start);
        let around = Around { text: &text, tokens: &tokens, one, before, after };
        let Some(telling) = around.telling() else { continue };
        let days = one.what.days(month_first, today);
        let Some(begins) = days.into_iter().flatten().find_map(plausible) else { continue };
        let better = best
            .is_none_or(|(known, nearest)| telling > known || telling == known && begins < nearest);
        if better {
            best = Some((telling, begins));
        }
    }
    best.map(|(_, begins)| begins)
}

/// A day and what is said around it.
struct Around<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    one: &'a Named,
    /// Where the day before it ends, and the next one starts.
    before: usize,
    after: Option<usize>,
}

/// How many words before a day say what it is.
const NEAR: usize = 6;
/// How far behind a day a word may stand that says so, in tokens.
const BEHIND: usize = 14;

impl Around<'_> {
    /// How surely the day is the end of the absence; none where nothing says so.
    fn telling(&self) -> Option<u8> {
        let before = self.words_before();
        let mut nearest = before.iter().filter(|word| !among(FILLERS, word));
        let adjacent = nearest.next().copied().unwrap_or_default();
        let begins = among(FROM, adjacent);
        if !self.one.is_date() && self.follows_a_weekday() && !among(BACK, adjacent) {
            // "Monday to Friday": office hours.
            return None;
        }
        if self.comes_back_behind() {
            return Some(3);
        }
        match before.iter().any(|word| among(BACK, word)) {
            true if begins => return Some(1),
            true => return Some(3),
            false if begins => return None,
            false => {}
        }
        let until = before.iter().take(5).any(|word| among(UNTIL, word));
        let range = self.one.is_date() && (among(TO, adjacent) || self.dash_before());
        (until || range || self.wide_until()).then_some(2)
    }

    /// The words before the day in its sentence, behind the last day, the nearest first.
    fn words_before(&self) -> Vec<&str> {
        let tokens = self.tokens.get(self.before..self.one.start).unwrap_or_default();
        let sentence = tokens.iter().rev().take_while(|token| !self.ends_sentence(token));
        let words = sentence.filter_map(|token| match token.what {
            What::Word(word) => Some(word),
            _ => None,
        });
        words.take(NEAR).collect()
    }

    fn ends_sentence(&self, token: &Token<'_>) -> bool {
        let rest = self.text.get(token.end..).unwrap_or_default();
        let full_stop = match token.what {
            What::Sign('!' | '?' | '。' | '！' | '？' | ';' | '；') => true,
            What::Sign('.') => {
                let before = self.text.get(..token.start).unwrap_or_default();
                // `4. Januar` goes on.
                !before.ends_with(|c: char| c.is_ascii_digit())
                    && rest.starts_with(char::is_whitespace)
            }
            _ => false,
        };
        full_stop || rest.trim_start_matches([' ', '\t', '\r']).starts_with("\n\n")
    }

    /// What follows the day in its sentence.
    fn behind(&self) -> &[Token<'_>] {
        let rest = self.tokens.get(self.one.end..).unwrap_or_default();
        let last = self.one.end.checked_sub(1).and_then(|at| self.tokens.get(at));
        if last.is_some_and(|token| self.ends_sentence(token)) {
            return &[];
        }
        let rest = rest.get(..BEHIND.min(rest.len())).unwrap_or_default();
        let end = rest.iter().position(|token| self.ends_sentence(token));
        let end = end.map_or(rest.len(), |end| end + 1);
        rest.get(..end).unwrap_or_default()
    }

    /// "On 4 January I am back": said of this day only where none follows in the sentence.
    fn comes_back_behind(&self) -> bool {
        let behind = self.behind();
        let followed = self.after.is_some_and(|next| next < self.one.end + behind.len());
        let words = |token: &Token<'_>| matches!(token.what, What::Word(word) if among(BACK, word));
        let near = if followed { "" } else { self.slice(behind) };
        (!followed && behind.iter().any(words)) || WIDE_BACK.iter().any(|sign| near.contains(sign))
    }

    fn slice(&self, tokens: &[Token<'_>]) -> &str {
        let range = tokens.first().zip(tokens.last());
        range.and_then(|(first, last)| self.text.get(first.start..last.end)).unwrap_or_default()
    }

    /// The token before the day.
    fn last(&self) -> Option<&Token<'_>> {
        self.tokens.get(self.one.start.checked_sub(1)?)
    }

    /// A dash with another day, or its number, before it: the end of a range.
    fn dash_before(&self) -> bool {
        let dash = |token: &Token<'_>| {
            matches!(token.what, What::Sign('-' | '–' | '—' | '~' | '～' | '〜'))
        };
        let other = || self.one.start.checked_sub(2).and_then(|at| self.tokens.get(at));
        let day = |token: &Token<'_>| {
            matches!(token.what, What::Number(..) | What::Sign('.' | '日' | '号'))
                || self.before + 1 == self.one.start
        };
        self.last().is_some_and(dash) && other().is_some_and(day)
    }

    fn wide_until(&self) -> bool {
        let rest = self.tokens.get(self.one.end..).unwrap_or_default();
        let next = rest.first().and_then(|token| self.text.get(token.start..)).unwrap_or_default();
        let before = self.last().and_then(|token| self.text.get(..token.end)).unwrap_or_default();
        // `1月4日（月）まで`
        let next = match next.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            Some((inner, rest)) if inner.chars().count() <= 4 => rest,
            _ => next,
        };
        let next = next.trim_start_matches(')');
        WIDE_UNTIL.iter().any(|sign| next.starts_with(sign))
            || WIDE_TO.iter().any(|sign| before.ends_with(sign))
    }

    /// Whether only a word or a sign parts it from a weekday before it.
    fn follows_a_weekday(&self) -> bool {
        let between = self.one.start.saturating_sub(self.before);
        let last = self.before.checked_sub(1).and_then(|at| self.tokens.get(at..));
        between <= 2 && last.and_then(weekday).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a note of Sunday, 20 December 2026 says, in Berlin.
    fn day(text: &str, month_first: bool) -> Option<String> {
        let arrived = Moment::parse_rfc3339("2026-12-20T09:00:00Z").unwrap();
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let back = back(text, month_first, arrived, &berlin)?;
        let shown = berlin.shows(back);
        assert!(shown.ends_with("00:00 CET") || shown.ends_with("00:00 CEST"), "{shown}");
        let calendar = (back + Span::hours(12)).calendar();
        Some(format!("{}-{:02}-{:02}", calendar.year, calendar.month, calendar.day))
    }

    const FOURTH: &str = "2027-01-04";

    #[test]
    fn the_day_is_read_in_every_language_of_letters() {
        for text in [
            "I am out of office. I'll be back on Monday, 4 January 2027.",
            "Out of office until 2027-01-04",
            "I am on leave until January 4th.\n\nKim",
            "Returning January 4th, 2027",
            "I will return to the office on the 4th of January.",
            "On 4 January I am back\n\nKim",
            "I am away from 20 December to 4 January. In urgent cases call Lee.",
            "I'll be back in the office after my leave from 21 December to 4 January.",
            "out 21-Dec-2026 - 4-Jan-2027",
            "Ich bin bis zum 4. Januar nicht im Büro.",
            "Bin vom 21.12. bis 4.1. im Urlaub",
            "Ab dem 4. Januar bin ich wieder erreichbar.",
            "Am Montag, den 4. Januar 2027, bin ich zurück.",
            "Abwesend 21.12. – 04.01.2027",
            "Je suis absent jusqu'au 4 janvier.",
            "Je serai de retour le lundi 4 janvier 2027.",
            "Absent du 21 décembre au 4 janvier inclus",
            "À partir du 4 janvier je serai de retour.",
            "Estaré fuera de la oficina hasta el 4 de enero.",
            "Regreso el lunes, 4 de enero de 2027.",
            "Estou de férias de 21 de dezembro a 4 de janeiro.",
            "Estarei ausente até 4 de janeiro de 2027.",
            "Volto ao trabalho no dia 4 de janeiro.",
            "Я в отпуске до 4 января.",
            "Меня не будет с 21 декабря по 4 января 2027 г.",
            "Вернусь в понедельник, 4 января.",
            "1月4日まで不在にしております。",
            "12月21日から1月4日まで休暇をいただいております。",
            "２０２７年１月４日（月）まで休業いたします。",
            "2027年1月4日（月曜日）に戻ります。",
            "1月4日より通常営業いたします。",
            "我正在休假，将于1月4日回来。",
            "休假时间：12月21日至2027年1月4日。",
            "我会在1月4号（周一）之前休假",
        ] {
            assert_eq!(day(text, false).as_deref(), Some(FOURTH), "{text}");
        }
    }

    #[test]
    fn what_is_the_month_depends_on_who_writes_and_on_what_can_be_meant() {
        assert_eq!(day("back on 1/4/2027", true).as_deref(), Some(FOURTH));
        assert_eq!(day("de retour le 04/01/2027", false).as_deref(), Some(FOURTH));
        assert_eq!(day("back 1/4", true).as_deref(), Some(FOURTH));
        assert_eq!(day("back on 31/12", true).as_deref(), Some("2026-12-31"));
        // The tenth of December is over, and October is too far away.
        assert_eq!(day("back on 10/01/2027", true).as_deref(), Some("2027-01-10"));
    }

    #[test]
    fn a_weekday_is_the_next_one_and_office_hours_are_none() {
        assert_eq!(day("I am back on Tuesday.", false).as_deref(), Some("2026-12-22"));
        assert_eq!(day("I will be back next Sunday", false).as_deref(), Some("2026-12-27"));
        assert_eq!(day("Bin bis Mittwoch unterwegs", false).as_deref(), Some("2026-12-23"));
        assert_eq!(day("我周一回来", false).as_deref(), Some("2026-12-21"));
        assert_eq!(day("月曜日に戻ります", false).as_deref(), Some("2026-12-21"));
        assert_eq!(day("Our office is open Monday to Friday.", false), None);
        assert_eq!(day("Wir sind Montag bis Freitag erreichbar", false), None);
    }

    #[test]
    fn what_is_over_or_far_away_cannot_be_meant() {
        for text in [
            "I am back on 4 January 2026",
            "back on 4 July 2027",
            "back on 19 December",
            "back on 31 February",
            "until 2027-13-45",
            "bis 99.99.",
        ] {
            assert_eq!(day(text, false), None, "{text}");
        }
        // Who is away until today is not there today.
        assert_eq!(day("away until 20 December", false).as_deref(), Some("2026-12-21"));
    }

    #[test]
    fn a_day_that_is_not_said_to_be_the_end_is_none() {
        for text in [
            "",
            "I am on leave from 21 December.",
            "Our release 4.1. of 4 January brings news.",
            "> back on 4 January",
            "I am away.\n-- \nback on 4 January",
            "I am away.\n\nFrom: security@project.example\nAnswer until 4 January",
            "We answer 24/7 until you are happy",
            "call +49 30 4.1.2027.5 until then",
        ] {
            assert_eq!(day(text, false), None, "{text}");
        }
    }

    #[test]
    fn of_several_days_the_way_they_are_named_decides_and_then_the_nearest() {
        let text = "I am away until Thursday 24 December. Urgent cases until 31 December: Lee. Back on 4 January.";
        assert_eq!(day(text, false).as_deref(), Some(FOURTH));
        let text = "Away until 10 January, with breaks until 4 January.";
        assert_eq!(day(text, false).as_deref(), Some(FOURTH));
    }

    #[test]
    fn a_hostile_note_takes_no_time() {
        for piece in ["until 4 ", "1/", "back ", "月", "(", "monday ", "4.", "\u{130}"] {
            let _ = day(&piece.repeat(500_000), true);
        }
    }
}
