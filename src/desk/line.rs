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
    let word = |word: &str| if word.contains('@') { "<…>".to_owned() } else { word.to_owned() };
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

/// Fills paragraphs to `width` columns, as a person would who types a letter: lines are joined and
/// broken anew at spaces, an item that starts with `* ` hangs on its star, an empty line ends a
/// paragraph, and what stands below a signature line is left as it is.
pub fn fill(text: &str, width: usize) -> String {
    let (body, signature) = match text.split_once("\n-- \n") {
        Some((body, signature)) => (body, Some(signature)),
        None => (text, None),
    };
    let mut out = String::with_capacity(text.len());
    let mut paragraph: Vec<&str> = Vec::new();
    for line in body.lines() {
        let item = line.trim_start().starts_with("* ");
        if item || line.trim().is_empty() {
            fill_paragraph(&mut out, &std::mem::take(&mut paragraph), width);
        }
        if line.trim().is_empty() {
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
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        let length = word.chars().count();
        if column == 0 {
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column + 1 + length > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', hang));
            column = hang;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
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
        assert_eq!(one_line("\u{200b}\r\n\u{2066}", 80), "");
    }

    #[test]
    fn a_log_line_names_nobody() {
        let said = "RCPT: 451 4.3.0 <busy+top@acorn.example>: Recipient address rejected";
        assert_eq!(without_addresses(said), "RCPT: 451 4.3.0 <…> Recipient address rejected");
    }

    #[test]
    fn a_terminal_obeys_nothing_that_a_stranger_wrote() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
    }

    #[test]
    fn a_letter_is_filled_as_a_person_would_type_it() {
        let text = "one\ntwo three\n\n\n  * four five\n    six seven\n  * eight\n\n-- \nnot  filled\nat all\n";
        let filled = "one two\nthree\n\n  * four\n    five six\n    seven\n  * eight\n\n-- \nnot  filled\nat all\n";
        assert_eq!(fill(text, 12), filled);
        assert_eq!(fill("averyverylongwordindeed", 5), "averyverylongwordindeed\n");
    }
}
