//! Which language a text is in, as far as the tables need it: a word counts only in a text of its
//! own language, since many short words mean other things elsewhere.

use std::collections::BTreeMap;

use super::hit::{Code, Hit};
use super::sense::Sense;

/// The language of a text, beside English, which technical texts of all languages use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Language {
    code: Option<Code>,
    /// Sure enough to be told to a person.
    sure: bool,
}

impl Language {
    /// Whether a word of the tables counts in a text of this language.
    pub(super) fn allows(self, hit: &Hit) -> bool {
        // Three words of another language in a row are no accident.
        matches!(hit.language, Code::SHARED | Code::ENGLISH)
            || self.code == Some(hit.language)
            || hit.words > 2
    }

    /// Whether it is one of those that the tables hold.
    pub(super) fn is_known(self) -> bool {
        self.code.is_some()
    }

    /// Its code (ISO 639-1), where it is sure.
    pub(super) fn sure(self) -> Option<String> {
        self.code.filter(|_| self.sure).map(Code::name)
    }
}

/// Tells the language by the script, or else by the words of the tables.
pub(super) fn of<'h>(text: &str, subject: &str, hits: impl Iterator<Item = &'h Hit>) -> Language {
    if let Some(code) = script(text).or_else(|| script(subject).filter(|_| text.trim().is_empty()))
    {
        return Language { code: Some(Code::of(code)), sure: true };
    }
    let mut score: BTreeMap<Code, usize> = BTreeMap::new();
    for hit in hits.filter(|hit| hit.language != Code::SHARED) {
        let small = hit.sense == Sense::Language || hit.sense.is_piece();
        let weight = if small { 1 } else { 2 };
        *score.entry(hit.language).or_default() += weight;
    }
    let cyrillic = cyrillic(text) || (text.trim().is_empty() && cyrillic(subject));
    score.retain(|code, _| code.is_cyrillic() == cyrillic);
    let points = |code: Code| score.get(&code).copied().unwrap_or(0);
    let best = score.keys().copied().max_by_key(|code| points(*code));
    // Technical texts of all languages use English words, but not the other way round.
    let english = points(Code::ENGLISH);
    let code = best.map(|best| if english >= points(best) { Code::ENGLISH } else { best });
    let rivals = score.iter().filter(|(rival, _)| Some(**rival) != code);
    let rival = rivals.map(|(_, points)| *points).max().unwrap_or(0);
    let most = code.map_or(0, points);
    let spelt = !cyrillic || code.is_some_and(|code| spells(code, text) && spells(code, subject));
    // A script leaves few languages to choose from, so that one word tells.
    let sure = spelt && most >= if cyrillic { 1 } else { 3 } && 2 * most >= 3 * rival;
    Language { code, sure }
}

/// Whether a Cyrillic text could be of this language: it has no letters that are foreign to it.
fn spells(code: Code, text: &str) -> bool {
    let foreign = match &code.bytes() {
        b"uk" => "ыэъё",
        b"bg" => "ыэёіїєґ",
        _ => "іїєґ",
    };
    let southern = "ўјљњћђџѓќѕ";
    let mut letters = text.chars().flat_map(char::to_lowercase).take(2_000);
    !letters.any(|c| foreign.contains(c) || southern.contains(c))
}

/// The language that a script belongs to, if a fifth of the letters are of it.
fn script(text: &str) -> Option<&'static str> {
    if text.is_ascii() {
        return None;
    }
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
    if text.is_ascii() {
        return false;
    }
    let (mut letters, mut found) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()).take(2_000) {
        letters += 1;
        found += usize::from(matches!(c, '\u{400}'..='\u{4ff}'));
    }
    found > 0 && 5 * found >= letters
}

#[cfg(test)]
mod tests {
    use super::super::lexicon;
    use super::*;

    fn sure(text: &str) -> Option<String> {
        of(text, "", lexicon::find(&lexicon::plain(text)).iter()).sure()
    }

    #[test]
    fn a_language_is_sure_where_its_words_lead_clearly() {
        for (text, language) in [
            ("Hello, please see the attached report.", "en"),
            ("Hallo, ich habe eine Schwachstelle gefunden.", "de"),
            ("Hola, envío el informe en un zip", "es"),
            ("Olá, segue o relatório completo", "pt"),
            ("您好，我发现了一个漏洞", "zh"),
        ] {
            assert_eq!(sure(text).as_deref(), Some(language), "{text}");
        }
        for text in ["", "XSS", "fyi", "Hallo, siehe PDF. LG Tom", "https://x.example/p/3 pls"] {
            assert_eq!(sure(text), None, "{text}");
        }
    }

    #[test]
    fn letters_tell_the_languages_of_a_script_apart() {
        assert_eq!(sure("Сервер падает при пустом заголовке.").as_deref(), Some("ru"));
        assert_eq!(sure("Сервер падає за порожнього заголовка."), None);
        assert_eq!(sure("Добрий день, опис тут, дякую").as_deref(), Some("uk"));
        assert_eq!(sure("Сервер пада са празним заглављем."), None);
    }
}
