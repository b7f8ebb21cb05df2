//! Text of strangers, made safe to stand on one line of a letter, a log or a terminal.

/// The text on one line: white space runs become one space, what cannot be seen or would change how
/// the rest is read is left out, and what is longer than `most` characters ends in `…`.
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most.saturating_mul(4)));
    let mut count = 0usize;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut visible = word.chars().filter(|c| !changes_reading(*c)).peekable();
        if visible.peek().is_none() {
            continue;
        }
        if count >= most {
            line.push('…');
            return line;
        }
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for c in visible {
            if count >= most {
                line.push('…');
                return line;
            }
            line.push(c);
            count += 1;
        }
    }
    line
}

/// The same for a row of the store: no more than two bytes for each of these characters, whatever
/// script it is written in. What JSON escapes takes no more than that either.
pub fn row_line(text: &str, most: usize) -> String {
    let mut line = one_line(text, most);
    let room = most.saturating_mul(2);
    if line.len() > room {
        const CUT: char = '…';
        line.truncate(line.floor_char_boundary(room.saturating_sub(CUT.len_utf8())));
        line.push(CUT);
    }
    line
}

/// The text with everything that a terminal would obey, or that hides or turns other text, written
/// out as `\u{1b}`. For the command line and for logs, where a person must see what was really sent.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || changes_reading(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The text with every word that holds an address taken out, for logs: mail servers like to repeat
/// whom they refuse.
pub fn without_addresses(text: &str) -> String {
    // What was cut off may have been one.
    let holds = |word: &str| word.contains('@') || word.ends_with('…');
    let word = |word: &str| if holds(word) { "<…>".to_owned() } else { word.to_owned() };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Characters that are not seen themselves and change how others are read: bidirectional overrides
/// and isolates (UAX 9), invisible operators, tags, line and paragraph separators.
fn changes_reading(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_leave_its_line() {
        assert_eq!(
            one_line("XSS\r\nBcc: all@x.example\0\u{1b}[31m", 80),
            "XSS Bcc: all@x.example [31m"
        );
        assert_eq!(one_line("  two\t words\u{202e} here ", 80), "two words here");
        assert_eq!(one_line("abcdef", 3), "abc…");
        assert_eq!(one_line("abc def", 3), "abc…");
        assert_eq!(one_line("abc \u{200b} ", 3), "abc");
        assert_eq!(one_line("\u{200b}\r\n\u{2066}", 80), "");
    }

    #[test]
    fn a_row_has_room_for_every_script() {
        assert_eq!(row_line("\u{10ffff}\u{10ffff}\u{10ffff}\u{10ffff}", 4), "\u{10ffff}…");
        assert_eq!(row_line("Grüße", 5), "Grüße");
        assert_eq!(row_line("見出", 2), "…");
        assert_eq!(row_line("見出", 3), "見出");
    }

    #[test]
    fn a_log_line_names_nobody() {
        let said = "RCPT: 451 4.3.0 <busy+top@acorn.example>: Recipient address rejected";
        assert_eq!(without_addresses(said), "RCPT: 451 4.3.0 <…> Recipient address rejected");
        let cut = "RCPT: 550 5.7.1 a text so long that the address was cut off: <ann.smith…";
        assert!(!without_addresses(cut).contains("ann"), "{}", without_addresses(cut));
    }

    #[test]
    fn a_terminal_obeys_nothing_that_a_stranger_wrote() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
    }
}
