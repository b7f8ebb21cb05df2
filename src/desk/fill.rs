//! Paragraphs, filled as a person would who types a letter, in scripts with and without spaces.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Fills paragraphs to `width` columns: lines are joined and broken anew, an item that starts with
/// `* ` hangs on its star, an empty line ends a paragraph, and a line of a chart, which starts with
/// `|`, and what stands below a signature line are left as they are. Han and kana take two columns each and are broken between any two, but for
/// punctuation that may not begin or end a line.
pub fn fill(text: &str, width: usize) -> String {
    let (body, signature) = match text.split_once("\n-- \n") {
        Some((body, signature)) => (body, Some(signature)),
        None => (text, None),
    };
    let mut out = String::with_capacity(text.len());
    let mut paragraph: Vec<&str> = Vec::new();
    for line in body.lines() {
        let item = line.trim_start().starts_with("* ");
        let chart = line.trim_start().starts_with('|');
        if item || chart || line.trim().is_empty() {
            fill_paragraph(&mut out, &std::mem::take(&mut paragraph), width);
        }
        if chart {
            out.push_str(line.trim_end());
            out.push('\n');
        } else if line.trim().is_empty() {
            // Two empty lines in a row are what a template leaves where a condition did not hold.
            if !out.ends_with("\n\n") && !out.is_empty() {
                out.push('\n');
            }
        } else {
            paragraph.push(line);
        }
    }
    fill_paragraph(&mut out, &paragraph, width);
    if let Some(signature) = signature {
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
        out.push_str("-- \n");
        out.push_str(signature.trim_end());
        out.push('\n');
    }
    out
}

fn fill_paragraph(out: &mut String, lines: &[&str], width: usize) {
    let Some(first) = lines.first() else { return };
    let indent = first.len() - first.trim_start().len();
    let hang = indent + if first.trim_start().starts_with("* ") { 2 } else { 0 };
    let mut column = 0usize;
    for piece in pieces(lines) {
        let length = columns(piece.text);
        let gap = usize::from(piece.spaced);
        if column == 0 {
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column + gap + length > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', hang));
            column = hang;
        } else if piece.spaced {
            out.push(' ');
            column += 1;
        }
        out.push_str(piece.text);
        column += length;
    }
    out.push('\n');
}

/// What is never broken.
struct Piece<'t> {
    text: &'t str,
    /// Whether a space stands before it, unless a line begins there.
    spaced: bool,
}

fn pieces<'t>(lines: &[&'t str]) -> Vec<Piece<'t>> {
    let mut pieces: Vec<Piece<'t>> = Vec::new();
    for line in lines {
        // Only what a keyboard calls a space: a no-break space is part of a word.
        for (n, word) in line.split([' ', '\t']).filter(|word| !word.is_empty()).enumerate() {
            // A line that ends between two wide letters ended there for want of room.
            let joins = n == 0 && pieces.last().is_some_and(|last| meet(last.text, word));
            let (mut rest, mut spaced) = (word, !joins);
            while let Some((text, after)) = rest.split_at_checked(unbroken(rest)) {
                pieces.push(Piece { text, spaced });
                (rest, spaced) = (after, false);
                if rest.is_empty() {
                    break;
                }
            }
        }
    }
    pieces
}

fn columns(text: &str) -> usize {
    // Nearly all of nearly every letter.
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { text.len() } else { text.width() }
}

/// How far a word, in bytes, must stay on one line.
fn unbroken(word: &str) -> usize {
    if word.is_ascii() {
        return word.len();
    }
    let letters = word.char_indices().zip(word.chars().skip(1));
    let mut breaks = letters.filter(|((_, before), after)| may_break(*before, *after));
    breaks.next().map_or(word.len(), |((at, before), _)| at + before.len_utf8())
}

fn may_break(before: char, after: char) -> bool {
    // Simplified from JIS X 4051 and UAX 14: what opens stays with what follows, all else with
    // what is before it.
    const OPENING: &str = "([{（［｛「『【〔〈《“‘";
    const CLOSING: &str = ")]}）］｝」』】〕〉》”’、。，．：；！？,.:;!?%％…‥・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";
    // A number stays with what it counts.
    let counts = before.is_ascii_digit() && is_wide(after);
    let wide = is_wide(before) || is_wide(after);
    wide && !counts && !OPENING.contains(before) && !CLOSING.contains(after)
}

/// Whether the end of one line and the beginning of the next are of a script without spaces.
fn meet(end: &str, beginning: &str) -> bool {
    end.chars().next_back().is_some_and(is_wide) && beginning.chars().next().is_some_and(is_wide)
}

/// Letters and signs that take two columns; not Hangul, which is written with spaces.
fn is_wide(c: char) -> bool {
    c.width() == Some(2) && !matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_filled_as_a_person_would_type_it() {
        let text = "one\ntwo three\n\n\n  * four five\n    six seven\n  * eight\n\n-- \nnot  filled\nat all\n";
        let filled = "one two\nthree\n\n  * four\n    five six\n    seven\n  * eight\n\n-- \nnot  filled\nat all\n";
        assert_eq!(fill(text, 12), filled);
        assert_eq!(fill("averyverylongwordindeed", 5), "averyverylongwordindeed\n");
    }

    #[test]
    fn a_chart_is_left_as_it_is() {
        let text = "one\n\n  | a   #  1\n  | bb  ### 3 \ntwo\nthree\n";
        assert_eq!(fill(text, 8), "one\n\n  | a   #  1\n  | bb  ### 3\ntwo\nthree\n");
    }

    #[test]
    fn scripts_without_spaces_are_broken_between_letters() {
        assert_eq!(fill("一二三四五六七", 6), "一二三\n四五六\n七\n");
        assert_eq!(fill("  * 一二三四", 8), "  * 一二\n    三四\n");
        assert_eq!(fill("一二Watchpost三四", 6), "一二\nWatchpost\n三四\n");
        assert_eq!(fill("一二三2026年", 10), "一二三\n2026年\n");
        assert_eq!(fill("一 Express 二", 40), "一 Express 二\n");
        assert_eq!(fill("一二\n三四\nfive\nsix", 40), "一二三四 five six\n");
    }

    #[test]
    fn punctuation_stays_with_what_it_belongs_to() {
        assert_eq!(fill("一二三。四", 6), "一二\n三。四\n");
        assert_eq!(fill("一二（三）四", 6), "一二\n（三）\n四\n");
        assert_eq!(fill("リンクのチェック", 6), "リンク\nの\nチェッ\nク\n");
    }

    #[test]
    fn a_no_break_space_breaks_nowhere() {
        assert_eq!(fill("à 17\u{a0}h\u{a0}11 UTC", 8), "à\n17\u{a0}h\u{a0}11\nUTC\n");
        assert_eq!(fill("reçu\u{a0}: 1", 6), "reçu\u{a0}:\n1\n");
    }

    #[test]
    fn korean_is_broken_at_its_spaces() {
        assert_eq!(fill("보안 보고서", 8), "보안\n보고서\n");
    }
}
