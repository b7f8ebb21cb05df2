//! Finding the words of the tables in a text: one pass, whatever the number of words.
//!
//! Text and tables are brought to one form first (lower case, no accents, no punctuation), so that
//! `Réponse automatique :` and `reponse automatique` are the same.

use std::sync::LazyLock;

use super::sense::Sense;
use super::words;

/// One occurrence of a table's entry in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) sense: Sense,
    /// The language of the table; `*` for words that all languages share.
    pub(super) language: &'static str,
    /// How many words it covers.
    pub(super) words: usize,
    /// Where it begins in the text, in bytes.
    pub(super) start: usize,
    /// How long it is, in bytes.
    pub(super) length: usize,
}

impl Hit {
    /// Whether it is a longer form of the same word: same sense, same language, same place.
    fn extends(&self, other: &Hit) -> bool {
        (self.sense, self.language, self.start) == (other.sense, other.language, other.start)
    }
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<(u8, u32)>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hit: Hit,
    /// Any word that begins so matches.
    stem: bool,
}

struct Lexicon {
    nodes: Vec<Node>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

/// Every entry of the tables in a text that was brought into `plain` form. Where several entries
/// of one sense and language begin at one place, only the longest counts.
pub(super) fn find(plain: &str) -> Vec<Hit> {
    LEXICON.find(plain)
}

/// The form in which texts and tables are compared: lower case, Latin letters without accents,
/// everything that is neither letter nor digit one blank; apostrophes are left out.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars().flat_map(char::to_lowercase).map(folded) {
        // Where scripts meet, a word ends: `CPUが`, `PDF를`.
        if c.is_ascii_alphanumeric() && hangs_together(before)
            || hangs_together(c) && before.is_ascii_alphanumeric()
        {
            out.push(' ');
        }
        before = c;
        match c {
            '\''
            | '’'
            | 'ʼ'
            | '\u{300}'..='\u{36f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{ad}'
            | '\u{591}'..='\u{5c7}'
            | '\u{64b}'..='\u{65f}'
            | '\u{640}'
            | '\u{93c}'
            | '\u{feff}' => {}
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            c if c.is_alphanumeric() || is_mark(c) => out.push(unaccented(c)),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
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

impl Lexicon {
    fn build() -> Lexicon {
        let mut lexicon = Lexicon { nodes: vec![Node::default()] };
        for (sense, language, list) in words::TABLES.iter().flat_map(|table| table.iter()) {
            for phrase in list.split('|') {
                lexicon.add(*sense, language, phrase);
            }
        }
        lexicon
    }

    fn add(&mut self, sense: Sense, language: &'static str, phrase: &str) {
        let text = plain(phrase);
        let stem = phrase.trim_end().ends_with('*') || text.chars().any(runs_together);
        let words = text.split(' ').count();
        let mut at = 0;
        for byte in text.bytes() {
            at = self.child(at, byte).unwrap_or_else(|| self.grow(at, byte));
        }
        let hit = Hit { sense, language, words, start: 0, length: text.len() };
        if let Some(node) = self.nodes.get_mut(at as usize).filter(|_| !text.is_empty()) {
            node.entries.push(Entry { hit, stem });
        }
    }

    fn child(&self, at: u32, byte: u8) -> Option<u32> {
        let node = self.nodes.get(at as usize)?;
        let found = node.children.binary_search_by_key(&byte, |(b, _)| *b).ok()?;
        node.children.get(found).map(|(_, next)| *next)
    }

    fn grow(&mut self, at: u32, byte: u8) -> u32 {
        let next = u32::try_from(self.nodes.len()).unwrap_or(0);
        self.nodes.push(Node::default());
        if let Some(node) = self.nodes.get_mut(at as usize) {
            let place = node.children.partition_point(|(b, _)| *b < byte);
            node.children.insert(place, (byte, next));
        }
        next
    }

    fn find(&self, plain: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut before = ' ';
        for (start, c) in plain.char_indices() {
            if c != ' ' && (before == ' ' || runs_together(c)) {
                self.find_at(plain, start, &mut hits);
            }
            before = c;
        }
        hits
    }

    /// The longest entry of each sense and language that begins there.
    fn find_at(&self, text: &str, start: usize, hits: &mut Vec<Hit>) {
        let first = hits.len();
        let mut at = 0;
        let mut bytes = text.bytes().skip(start).peekable();
        while let Some(next) = bytes.next().and_then(|byte| self.child(at, byte)) {
            at = next;
            let Some(node) = self.nodes.get(at as usize) else { return };
            if node.entries.is_empty() {
                continue;
            }
            let ends = matches!(bytes.peek(), None | Some(b' '));
            for entry in node.entries.iter().filter(|entry| entry.stem || ends) {
                let found = Hit { start, ..entry.hit };
                let shorter = hits.iter_mut().skip(first).find(|hit| found.extends(hit));
                match shorter {
                    Some(hit) => *hit = found,
                    None => hits.push(found),
                }
            }
        }
    }
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
