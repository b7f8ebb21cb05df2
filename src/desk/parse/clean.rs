//! Taking out of text what no person can see and a terminal or a header could act on.

/// One line: control characters and direction overrides are gone, white space is single, at most
/// `most` characters. The flag says that a control character was there.
pub(super) fn one_line(text: &str, most: usize) -> (String, bool) {
    let mut line = String::with_capacity(text.len().min(most));
    let (mut controls, mut count) = (false, 0);
    for c in text.chars() {
        let harmful = (c.is_control() && c != '\t') || steers_direction(c);
        controls |= harmful;
        if harmful || c.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
                count += 1;
            }
        } else {
            line.push(c);
            count += 1;
        }
        if count >= most {
            break;
        }
    }
    line.truncate(line.trim_end().len());
    (line, controls)
}

/// Text of several lines: lines end in LF, control characters other than tab are gone, at most
/// `most` bytes. The flag says that it was cut.
pub(super) fn lines(text: &str, most: usize) -> (String, bool) {
    let mut out = String::with_capacity(text.len().min(most));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let kept = match c {
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{c}' => '\n',
            '\n' | '\t' => c,
            c if c.is_control() => continue,
            c => c,
        };
        if out.len() + kept.len_utf8() > most {
            return (out, true);
        }
        out.push(kept);
    }
    (out, false)
}

/// Characters that reorder what stands around them (Unicode Bidirectional Algorithm, explicit
/// formatting): they can make a name or a file ending read as another one.
fn steers_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_start_a_header_or_move_a_cursor() {
        let (line, controls) = one_line("a\r\nBcc: x@y.example\u{1b}[2J  b\u{202e}gpj", 100);
        assert_eq!((line.as_str(), controls), ("a Bcc: x@y.example [2J b gpj", true));
    }

    #[test]
    fn text_keeps_its_lines_and_loses_its_controls() {
        assert_eq!(lines("a\r\nb\rc\0\x07\td", 100), ("a\nb\nc\td".to_owned(), false));
        assert_eq!(lines("äöü", 5), ("äö".to_owned(), true));
    }
}
