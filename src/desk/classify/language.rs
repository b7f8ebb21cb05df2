//! Which language a text is in, as far as the tables need it: a word counts only in a text of its
//! own language, since many short words mean other things elsewhere.

use std::collections::BTreeMap;

use super::lexicon::Hit;
use super::sense::Sense;

/// The language of a text, beside English, which technical texts of all languages use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Language {
    code: Option<&'static str>,
    /// Sure enough to be told to a person.
    sure: bool,
}

impl Language {
    /// Whether a word of the tables counts in a text of this language.
    pub(super) fn allows(&self, hit: &Hit) -> bool {
        matches!(hit.language, "*" | "en") || self.code == Some(hit.language)
    }

    /// Whether it is one of those that the tables hold.
    pub(super) fn is_known(&self) -> bool {
        self.code.is_some()
    }

    /// Its code (ISO 639-1), where it is sure and not English.
    pub(super) fn told(&self) -> Option<&'static str> {
        self.code.filter(|code| self.sure && *code != "en")
    }
}

/// Tells the language by the script, or else by the words of the tables.
pub(super) fn of<'h>(text: &str, subject: &str, hits: impl Iterator<Item = &'h Hit>) -> Language {
    let mut score: BTreeMap<&'static str, usize> = BTreeMap::new();
    for hit in hits.filter(|hit| hit.language != "*") {
        let small = hit.sense == Sense::Language || hit.sense.is_piece();
        let weight = if small { 1 } else { 2 };
        *score.entry(hit.language).or_default() += weight;
    }
    if let Some(code) = script(text).or_else(|| script(subject).filter(|_| text.trim().is_empty()))
    {
        return Language { code: Some(code), sure: true };
    }
    let points = |code: &str| score.get(code).copied().unwrap_or(0);
    let cyrillic = cyrillic(text) || (text.trim().is_empty() && cyrillic(subject));
    let among = |code: &str| cyrillic == matches!(code, "ru" | "uk" | "bg");
    let best = score.iter().filter(|(code, _)| among(code)).max_by_key(|(_, points)| **points);
    let Some((code, most)) = best.map(|(code, most)| (*code, *most)) else {
        return Language::default();
    };
    if points("en") >= most && !cyrillic {
        return Language { code: Some("en"), sure: true };
    }
    Language { code: Some(code), sure: cyrillic || (most >= 3 && 2 * most >= 3 * points("en")) }
}

/// The language that a script belongs to, if a fifth of the letters are of it.
fn script(text: &str) -> Option<&'static str> {
    let mut count: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut letters = 0;
    for c in text.chars().filter(|c| c.is_alphabetic()).take(2_000) {
        letters += 1;
        if let Some(code) = of_letter(c) {
            *count.entry(code).or_default() += 1;
        }
    }
    let of = |code: &str| count.get(code).copied().unwrap_or(0);
    let enough = |n: usize| n > 0 && 5 * n >= letters;
    let (kana, han) = (of("ja"), of("zh"));
    if enough(kana + han) {
        return Some(if 10 * kana > han { "ja" } else { "zh" });
    }
    if enough(of("ar") + of("fa")) {
        return Some(if of("fa") > 0 { "fa" } else { "ar" });
    }
    ["ko", "th", "he", "hi", "el"].into_iter().find(|code| enough(of(code)))
}

fn of_letter(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{3040}'..='\u{30ff}' => "ja",
        '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => "zh",
        '\u{ac00}'..='\u{d7af}' => "ko",
        '\u{e00}'..='\u{e7f}' => "th",
        '\u{590}'..='\u{5ff}' => "he",
        'پ' | 'چ' | 'ژ' | 'گ' => "fa",
        '\u{600}'..='\u{6ff}' => "ar",
        '\u{900}'..='\u{97f}' => "hi",
        '\u{370}'..='\u{3ff}' => "el",
        _ => return None,
    })
}

fn cyrillic(text: &str) -> bool {
    let (mut letters, mut found) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()).take(2_000) {
        letters += 1;
        found += usize::from(matches!(c, '\u{400}'..='\u{4ff}'));
    }
    found > 0 && 5 * found >= letters
}
