//! What is found in a text: an entry of the tables, in the language of its line.

use super::sense::Sense;

/// What the tables call a language (ISO 639-1); `*` for words that all languages share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Code([u8; 2]);

impl Code {
    pub(super) const SHARED: Code = Code(*b"* ");
    pub(super) const ENGLISH: Code = Code(*b"en");

    pub(super) fn of(name: &str) -> Code {
        let mut bytes = name.bytes();
        Code([bytes.next().unwrap_or(b' '), bytes.next().unwrap_or(b' ')])
    }

    pub(super) fn bytes(self) -> [u8; 2] {
        self.0
    }

    pub(super) fn name(self) -> String {
        self.0.iter().copied().map(char::from).filter(|c| *c != ' ').collect()
    }

    pub(super) fn is_cyrillic(self) -> bool {
        matches!(&self.0, b"ru" | b"uk" | b"bg")
    }
}

/// One occurrence of a table's entry in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) sense: Sense,
    /// The language of the table.
    pub(super) language: Code,
    /// How many words it covers.
    pub(super) words: usize,
    /// Where it begins in the text, in bytes.
    pub(super) start: usize,
    /// How long it is, in bytes.
    pub(super) length: usize,
}

impl Hit {
    /// Whether it is a longer form of the same word: same sense, same language, same place.
    pub(super) fn extends(&self, other: &Hit) -> bool {
        (self.sense, self.language, self.start) == (other.sense, other.language, other.start)
    }
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    #[test]
    fn every_language_of_the_tables_has_a_code_of_its_own() {
        for (_, language, _) in words::TABLES.iter().flat_map(|table| table.iter()) {
            assert_eq!(Code::of(language).name(), *language);
        }
    }
}
