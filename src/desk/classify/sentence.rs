//! One sentence: its words, and what of facts, code, amounts and days stands in it.

use super::hit::Hit;
use super::language::Language;
use super::lexicon;
use super::marks::{self, Mark, mark};
use super::sense::Sense;

/// A sentence, and what was counted in it.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    plain: String,
    pub(super) hits: Vec<Hit>,
    pub(super) words: usize,
    pub(super) facts: usize,
    pub(super) code: usize,
    pub(super) money: usize,
    pub(super) versions: usize,
    pub(super) places: usize,
    pub(super) dated: bool,
    pub(super) classes: Vec<String>,
    pub(super) question: bool,
}

impl Sentence {
    pub(super) fn read(text: &str) -> Sentence {
        let plain = lexicon::plain(text);
        let mut sentence = Sentence { hits: lexicon::find(&plain), ..Sentence::default() };
        for token in text.split_whitespace() {
            sentence.words += words_in(token);
            if let Some(word) = marks::plain_word(token) {
                sentence.money += usize::from(marks::is_currency(word));
                continue;
            }
            sentence.money += usize::from(marks::is_money(token));
            if marks::has_digit(token) {
                sentence.versions += usize::from(marks::is_version(token));
                sentence.classes.extend(marks::weakness(token));
                sentence.dated |= marks::is_date(token);
            }
            match mark(token) {
                Mark::Code => sentence.code += 1,
                Mark::Fact => {
                    sentence.facts += 1;
                    sentence.places += usize::from(!marks::is_version(token));
                }
                Mark::None => {}
            }
        }
        sentence.question = text.trim_end().ends_with(['?', '？', '؟']) && sentence.code == 0;
        sentence.plain = plain;
        sentence
    }

    /// What its words say in a text of this language.
    pub(super) fn senses(&self, language: Language) -> impl Iterator<Item = Sense> {
        self.hits.iter().filter(move |hit| language.allows(hit)).map(|hit| hit.sense)
    }

    /// The words that are content, or courtesy.
    pub(super) fn content(&self, language: Language) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| language.allows(hit) && !hit.sense.is_piece())
    }

    /// The technical words, each once, the longest at each place.
    pub(super) fn technical(&self, hits: &[&Hit]) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        let mut end = 0;
        let mut technical: Vec<&&Hit> =
            hits.iter().filter(|hit| hit.sense == Sense::Technical).collect();
        technical.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.length)));
        for hit in technical {
            if hit.start >= end {
                found.push(self.text(hit));
                end = hit.start + hit.length;
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The words by which machines and junk are known.
    pub(super) fn telltales(&self, hits: &[&Hit]) -> Vec<(Sense, String)> {
        use Sense::{Away, Bounty, Extortion, Leave, Lure, Notice, Pitch, Robot, Sales, Thanks};
        let kept = [Away, Leave, Robot, Notice, Pitch, Sales, Lure, Extortion, Bounty, Thanks];
        let mut found: Vec<&Hit> = Vec::new();
        for hit in hits.iter().filter(|hit| kept.contains(&hit.sense)) {
            // Two entries that share words are one phrase.
            let shared = |f: &&Hit| f.sense == hit.sense && f.start + f.length > hit.start;
            if !found.iter().rev().take(4).any(shared) {
                found.push(hit);
            }
        }
        found.into_iter().map(|hit| (hit.sense, self.text(hit).to_owned())).collect()
    }

    fn text(&self, hit: &Hit) -> &str {
        self.plain.get(hit.start..hit.start + hit.length).unwrap_or_default()
    }
}

/// How many words a token holds: none without a letter or digit, and in scripts without blanks
/// about one for two letters.
fn words_in(token: &str) -> usize {
    if token.is_ascii() {
        return usize::from(token.bytes().any(|b| b.is_ascii_alphanumeric()));
    }
    let joined = token.chars().filter(|c| lexicon::runs_together(*c) && c.is_alphanumeric());
    let joined = joined.filter(|c| !has_blanks(*c)).count();
    if joined > 0 {
        joined.div_ceil(2)
    } else {
        usize::from(token.chars().any(char::is_alphanumeric))
    }
}

/// Arabic, Hebrew and Korean hang small words onto others, but do write blanks.
pub(super) fn has_blanks(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{6ff}' | '\u{ac00}'..='\u{d7af}')
}

/// Cuts a text into sentences: at empty lines, and behind the signs that end a sentence.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = sentence_end(rest);
        let (sentence, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after;
        Some(sentence)
    })
}

fn sentence_end(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let blank = next.is_none_or(char::is_whitespace);
        let ends = match c {
            '.' | '!' | '?' | '؟' | '।' => blank,
            '。' | '！' | '？' | '｡' => true,
            '\n' => next == Some('\n'),
            _ => false,
        };
        if ends {
            return at + c.len_utf8();
        }
    }
    text.len()
}
