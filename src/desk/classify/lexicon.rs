//! Finding the words of the tables in a text: one pass, whatever the number of words.
//!
//! Text and tables are brought to one form first (lower case, no accents, no punctuation), so that
//! `Réponse automatique :` and `reponse automatique` are the same.

use std::sync::LazyLock;

use super::hit::{Code, Hit};
use super::sense::Sense;
use super::trie::{Entry, Trie};
use super::words;

/// The tables, laid out for `find`.
static LEXICON: LazyLock<Trie> = LazyLock::new(|| {
    let mut entries = Vec::new();
    for (sense, language, list) in words::TABLES.iter().flat_map(|table| table.iter()) {
        entries.extend(list.split('|').map(|phrase| entry(*sense, language, phrase)));
    }
    Trie::of(entries)
});

fn entry(sense: Sense, language: &str, phrase: &str) -> (String, Entry) {
    let text = plain(phrase);
    let stem = phrase.trim_end().ends_with('*') || text.chars().any(runs_together);
    let (words, length) = (text.split(' ').count(), text.len());
    (
        text,
        Entry { hit: Hit { sense, language: Code::of(language), words, start: 0, length }, stem },
    )
}

/// Every entry of the tables in a text that was brought into `plain` form. Where several entries
/// of one sense and language begin at one place, only the longest counts.
pub(super) fn find(plain: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut before = ' ';
    for (start, c) in plain.char_indices() {
        if c != ' ' && (before == ' ' || !c.is_ascii() && runs_together(c)) {
            find_at(plain, start, &mut hits);
        }
        before = c;
    }
    hits
}

/// The longest entry of each sense and language that begins there.
fn find_at(text: &str, start: usize, hits: &mut Vec<Hit>) {
    let first = hits.len();
    LEXICON.along(text.as_bytes().get(start..).unwrap_or_default(), |entry, ends| {
        if !entry.stem && !ends {
            return;
        }
        let found = Hit { start, ..entry.hit };
        match hits.iter_mut().skip(first).find(|hit| found.extends(hit)) {
            Some(shorter) => *shorter = found,
            None => hits.push(found),
        }
    });
}

/// The form in which texts and tables are compared: lower case, Latin letters without accents,
/// everything that is neither letter nor digit one blank; apostrophes are left out.
pub(super) fn plain(text: &str) -> String {
    let mut plain = Plain { text: String::with_capacity(text.len()), before: ' ' };
    for c in text.chars() {
        if c.is_ascii() {
            plain.add(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().map(folded).for_each(|c| plain.add(c));
        }
    }
    let Plain { mut text, .. } = plain;
    text.truncate(text.trim_end().len());
    text
}

/// A text on its way into that form.
struct Plain {
    text: String,
    before: char,
}

impl Plain {
    fn add(&mut self, c: char) {
        let before = std::mem::replace(&mut self.before, c);
        // Where scripts meet, a word ends: `CPUが`, `PDF를`.
        if !before.is_ascii() && c.is_ascii_alphanumeric() && hangs_together(before)
            || !c.is_ascii() && before.is_ascii_alphanumeric() && hangs_together(c)
        {
            self.text.push(' ');
        }
        match c {
            'a'..='z' | '0'..='9' => self.text.push(c),
            '\'' => {}
            c if c.is_ascii() => self.blank(),
            c if is_left_out(c) => {}
            'ß' => self.text.push_str("ss"),
            'æ' => self.text.push_str("ae"),
            'œ' => self.text.push_str("oe"),
            c if c.is_alphanumeric() || is_mark(c) => self.text.push(unaccented(c)),
            _ => self.blank(),
        }
    }

    fn blank(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b' ')) {
            self.text.push(' ');
        }
    }
}

/// Apostrophes, accents that stand behind their letter, vowel signs, joiners.
fn is_left_out(c: char) -> bool {
    matches!(c, '’'
        | 'ʼ'
        | '\u{300}'..='\u{36f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{ad}'
        | '\u{591}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}'
        | '\u{640}'
        | '\u{93c}'
        | '\u{feff}')
}

/// Scripts that write words without blanks, or hang small words onto others: there an entry may
/// begin at any letter.
pub(super) fn runs_together(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{6ff}' | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
}

/// The same without the small words of Arabic and Hebrew: scripts whose words Latin ones touch.
fn hangs_together(c: char) -> bool {
    runs_together(c) && c.is_alphanumeric()
}

/// Letters that are written in several ways: full width, Greek with accents, Arabic and Persian
/// forms of one letter, Indic letters with a dot.
fn folded(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(c) - 0xfee0)
            .map_or(c, |byte| char::from(byte).to_ascii_lowercase()),
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        'أ' | 'إ' | 'آ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        'ة' => 'ه',
        '\u{958}'..='\u{95a}' => char::from_u32(u32::from(c) - 0x43).unwrap_or(c),
        '\u{95b}' => '\u{91c}',
        '\u{95c}' | '\u{95d}' => char::from_u32(u32::from(c) - 0x3b).unwrap_or(c),
        '\u{95e}' => '\u{92b}',
        c => c,
    }
}

/// Vowel signs of Indic and south-east Asian scripts: letters to a reader, marks to Unicode.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{dff}' | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
        && !matches!(c, '\u{964}' | '\u{965}')
}

fn unaccented(c: char) -> char {
    const FOLDS: &[(char, &str)] = &[
        ('a', "àáâãäåāăąǎạảấầẩẫậắằẳẵặ"),
        ('c', "çćĉċč"),
        ('d', "ďđð"),
        ('e', "èéêëēĕėęěẹẻẽếềểễệ"),
        ('g', "ĝğġģ"),
        ('h', "ĥħ"),
        ('i', "ìíîïĩīĭįıịỉ"),
        ('l', "ĺļľŀł"),
        ('n', "ñńņňŋ"),
        ('o', "òóôõöøōŏőơọỏốồổỗộớờởỡợ"),
        ('r', "ŕŗř"),
        ('s', "śŝşšș"),
        ('t', "ţťŧț"),
        ('u', "ùúûüũūŭůűųưụủứừửữự"),
        ('w', "ŵ"),
        ('y', "ýÿŷỳỵỷỹ"),
        ('z', "źżž"),
        ('е', "ё"),
    ];
    if !matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | 'ё') {
        return c;
    }
    FOLDS.iter().find(|(_, accented)| accented.contains(c)).map_or(c, |(base, _)| *base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_make_no_difference() {
        assert_eq!(
            plain("  Réponse  automatique : l'été, GRÖSSE/Größe!"),
            "reponse automatique lete grosse grosse"
        );
        assert_eq!(plain("İletildi ıslak"), "iletildi islak");
        assert_eq!(plain("e\u{301}te\u{301}"), "ete");
    }

    #[test]
    fn the_longest_phrase_counts_and_only_at_the_beginning_of_a_word() {
        let senses =
            |text: &str| -> Vec<Sense> { find(&plain(text)).iter().map(|h| h.sense).collect() };
        assert!(senses("I am out of the office this week").contains(&Sense::Away));
        assert!(!senses("about of the officer").contains(&Sense::Away));
        assert!(senses("リクエストの処理").contains(&Sense::Technical));
    }

    #[test]
    fn the_entries_of_the_tables_are_well_formed() {
        for (_, language, list) in words::TABLES.iter().flat_map(|table| table.iter()) {
            for phrase in list.split('|') {
                assert!(!plain(phrase).is_empty(), "{language}: {list:.40}");
                let stem = phrase.trim_end_matches('*');
                assert!(!stem.contains('*'), "only the end of an entry may be open: {phrase}");
            }
        }
    }
}
