//! An absence note in pieces: what its author says, as words, numbers and signs.

/// So much of a note is read, in characters: what is longer is no note.
const LONGEST: usize = 8_000;

/// What the author of the note says, in small letters: no quoted lines, nothing below a signature or a
/// quoted header.
pub(super) fn own_words(text: &str) -> String {
    const ENDS: &[&str] = &["-- ", "-----", "_____"];
    const HEADERS: &[&str] = &["from: ", "von: ", "de : ", "de: ", "от: "];
    let among = |list: &[&str], line: &str| list.iter().any(|one| line.starts_with(one));
    let mut own = String::new();
    let mut room = LONGEST;
    for line in text.lines().take(LONGEST) {
        let line: String =
            line.chars().take(room).flat_map(char::to_lowercase).map(narrow).collect();
        room = room.saturating_sub(line.len().max(1));
        let bare = line.trim_start();
        if among(ENDS, &line) || among(HEADERS, bare) && bare.contains('@') {
            break;
        }
        if !bare.starts_with('>') {
            own.push_str(bare);
            own.push('\n');
        }
    }
    own
}

/// Wide digits and signs as everybody types them.
pub(super) fn narrow(c: char) -> char {
    match c {
        '０'..='９' | '／' | '．' | '（' | '）' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
        }
        '‐' | '‑' => '-',
        '\u{a0}' | '\u{202f}' => ' ',
        _ => c,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'t> {
    Word(&'t str),
    /// With how many digits.
    Number(u16, usize),
    Sign(char),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) what: What<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Han and kana are signs, one by one; a hyphen inside a word belongs to it.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut end = start + c.len_utf8();
        let digit = c.is_ascii_digit();
        if digit || is_letter(c) {
            let goes_on = |end: usize, next: char| {
                let hyphen = next == '-' && !digit && letter_follows(text, end + 1);
                if digit { next.is_ascii_digit() } else { is_letter(next) || hyphen }
            };
            while let Some((at, next)) = rest.next_if(|(at, next)| goes_on(*at, *next)) {
                end = at + next.len_utf8();
            }
        }
        let piece = text.get(start..end).unwrap_or_default();
        let what = match piece.parse::<u16>() {
            Ok(number) if digit => What::Number(number, piece.len()),
            _ if digit || is_letter(c) => What::Word(piece),
            _ => What::Sign(c),
        };
        tokens.push(Token { what, start, end });
    }
    tokens
}

pub(super) fn letter_follows(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(is_letter)
}

pub(super) fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_wide(c)
}

pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}
