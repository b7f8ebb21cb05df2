//! Lists of the tables, laid out once so that looking a word up costs little, however long they are.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Whole words.
pub(super) struct Words {
    /// Short ones first: most words that are looked up differ from most entries in length.
    sorted: Vec<&'static str>,
}

impl Words {
    pub(super) fn of(lists: &[&[&'static str]]) -> Words {
        let mut sorted: Vec<&'static str> =
            lists.iter().flat_map(|list| list.iter().copied()).collect();
        sorted.sort_unstable_by(|a, b| order(a, b));
        Words { sorted }
    }

    /// Whether the word is in the list.
    pub(super) fn hold(&self, word: &str) -> bool {
        self.sorted.binary_search_by(|entry| order(entry, word)).is_ok()
    }
}

fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Pieces of text, looked for all at once.
pub(super) struct Pieces {
    /// Those that begin with a byte; most bytes begin none.
    by_first: Vec<Vec<&'static [u8]>>,
}

impl Pieces {
    pub(super) fn of(list: &[&'static str]) -> Pieces {
        let mut sorted: BTreeMap<u8, Vec<&'static [u8]>> = BTreeMap::new();
        for piece in list.iter().map(|piece| piece.as_bytes()) {
            sorted.entry(piece.first().copied().unwrap_or(0)).or_default().push(piece);
        }
        Pieces { by_first: (0..=u8::MAX).map(|b| sorted.remove(&b).unwrap_or_default()).collect() }
    }

    /// Whether some piece stands in the text.
    pub(super) fn within(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        bytes.iter().enumerate().any(|(at, byte)| self.begins(*byte, bytes, at))
    }

    /// Whether the text begins with some piece.
    pub(super) fn begin(&self, text: &str) -> bool {
        text.as_bytes().first().is_some_and(|byte| self.begins(*byte, text.as_bytes(), 0))
    }

    fn begins(&self, first: u8, bytes: &[u8], at: usize) -> bool {
        self.by_first.get(usize::from(first)).is_some_and(|pieces| {
            !pieces.is_empty() && {
                let rest = bytes.get(at..).unwrap_or_default();
                pieces.iter().any(|piece| rest.starts_with(piece))
            }
        })
    }
}

/// Whether an ASCII text, given in lower case, stands in a text in any case.
pub(super) fn stands_in(wanted: &str, text: &str) -> bool {
    let wanted = wanted.as_bytes();
    let Some(first) = wanted.first() else { return true };
    text.as_bytes().windows(wanted.len()).any(|window| {
        window.first().is_some_and(|byte| byte.to_ascii_lowercase() == *first)
            && window.eq_ignore_ascii_case(wanted)
    })
}

/// The text in lower case; nearly all of it is so already.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else if text.is_ascii() {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_its_words_and_no_others() {
        let words = Words::of(&[&["b", "abc"], &["ä", "aa"]]);
        assert!(["b", "abc", "ä", "aa"].iter().all(|word| words.hold(word)));
        assert!(!["", "a", "ab", "abcd", "ab\u{e4}"].iter().any(|word| words.hold(word)));
    }

    #[test]
    fn a_piece_is_found_wherever_it_stands() {
        let pieces = Pieces::of(&["=>", "==", "読む"]);
        assert!(pieces.within("a => b") && pieces.within("a ==") && pieces.within("本を読む"));
        assert!(!pieces.within("a = b") && !pieces.within("") && !pieces.within("読"));
        assert!(pieces.begin("== b") && !pieces.begin("a == b") && !pieces.begin(""));
    }

    #[test]
    fn case_makes_no_difference() {
        assert!(stands_in("cve-", "See CVE-2026-1") && !stands_in("cve-", "cve"));
        assert_eq!(
            (lower("abc"), lower("ABC"), lower("ÄBC")),
            ("abc".into(), "abc".into(), "äbc".into())
        );
    }
}
