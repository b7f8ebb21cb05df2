//! How much two texts have in common, told from signatures of fixed size (MinHash: A. Broder, "On the
//! resemblance and containment of documents", 1997). Two people who find the same problem write
//! different texts; this finds one text that was sent by several people, or reworded here and there.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::hex::{hex, read_hex};

/// How many hash functions there are. The estimate is off by about 100 / (2 √96), five per cent.
const FUNCTIONS: usize = 96;

/// One byte of the smallest hash of each function (P. Li and C. König, "b-bit minwise hashing", 2010):
/// twice as many functions in the same room tell more than twice as many bits of each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature([u8; FUNCTIONS]);

/// So many words in a row are compared.
const WORDS: usize = 3;
/// Of scripts without blanks, so many letters in a row: about two words.
const LETTERS: usize = 4;
/// Shorter texts are alike by their greetings and headings. So many rows of words, or three times as
/// many of letters.
const FEWEST: usize = 30;
/// No report needs more words to be told from others; the time for one mail is bounded.
const MOST_WORDS: usize = 4000;

impl Signature {
    /// The signature of a text; none where it is too short to say.
    pub fn of(text: &str, lacks_blanks: impl Fn(char) -> bool) -> Option<Signature> {
        let words = words(text, lacks_blanks);
        let (letters, worded) = (rows(&words, LETTERS, true), rows(&words, WORDS, false));
        if letters.len() / 3 + worded.len() < FEWEST {
            return None;
        }
        let mut signature = [0; FUNCTIONS];
        for (byte, function) in signature.iter_mut().zip(1_u64..) {
            let turn = mixed(function);
            let rows = letters.iter().chain(&worded);
            let smallest = rows.map(|row| mixed(row ^ turn)).min()?;
            let [.., lowest] = smallest.to_be_bytes();
            *byte = lowest;
        }
        Some(Signature(signature))
    }

    /// How much of all that the two texts say is said in both, in per cent.
    pub fn percent(&self, other: &Signature) -> u8 {
        // Counted in bytes, sixteen are compared at once.
        let same: u8 = self.0.iter().zip(&other.0).map(|(one, two)| u8::from(one == two)).sum();
        let same = usize::from(same);
        // One in 256 is the same by accident.
        let (all, same) = (255 * FUNCTIONS, 256 * same);
        let percent = same.saturating_sub(FUNCTIONS) * 100 / all;
        u8::try_from(percent).unwrap_or(100)
    }
}

/// Every row of so many words, as a hash, each once: of those that are letters only, or of the others.
fn rows(words: &[Word], length: usize, letters: bool) -> BTreeSet<u64> {
    let rows = words.windows(length);
    let rows = rows.filter(|row| row.iter().all(|word| word.letter) == letters);
    rows.map(|row| row.iter().fold(0, |hash, word| mixed(hash ^ word.hash))).collect()
}

/// A word, or a letter of a script that does not part them, as its hash.
struct Word {
    hash: u64,
    letter: bool,
}

/// Capital letters, signs and line ends say nothing, nor do words of one character, of which versions
/// and CVSS vectors consist; names in code do.
fn words(text: &str, lacks_blanks: impl Fn(char) -> bool) -> Vec<Word> {
    let (mut words, mut open) = (Vec::new(), Open::default());
    for c in text.chars().flat_map(char::to_lowercase) {
        let (counts, letter) = (c.is_alphanumeric(), lacks_blanks(c));
        if counts && !letter {
            open.hash = fnv(open.hash, c);
            open.length += 1;
            continue;
        }
        words.extend(std::mem::take(&mut open).closed());
        words.extend(counts.then(|| Word { hash: fnv(FNV_BASIS, c), letter }));
        if words.len() >= MOST_WORDS {
            return words;
        }
    }
    words.extend(open.closed());
    words
}

/// A word whose end has not come yet.
struct Open {
    hash: u64,
    length: usize,
}

impl Default for Open {
    fn default() -> Open {
        Open { hash: FNV_BASIS, length: 0 }
    }
}

impl Open {
    fn closed(self) -> Option<Word> {
        (self.length > 1).then_some(Word { hash: self.hash, letter: false })
    }
}

/// FNV-1a, a letter at a time. Signatures are kept for years: the hash must never change, as the one
/// of the standard library may.
fn fnv(hash: u64, c: char) -> u64 {
    (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3)
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// SplitMix64: every bit of the result depends on every bit given.
fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex(&self.0))
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        hex(&signature.0)
    }
}

impl TryFrom<String> for Signature {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Signature, &'static str> {
        read_hex(&text).map(Signature).ok_or("not a signature")
    }
}
