//! Cutting a header into fields, and mending them before they are read.

use std::borrow::Cow;

use super::{grammar, limits};

/// One header field as it stands in the mail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    name: &'a [u8],
    /// The value with its folds.
    pub(super) value: &'a [u8],
}

/// The header of a mail or of a part.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) fields: Vec<Field<'a>>,
    /// Where the body begins.
    pub(super) body: usize,
    /// Fields were left unread.
    pub(super) over: bool,
}

impl<'a> Header<'a> {
    /// Reads the header that begins at `at`. It ends with an empty line or, as Postfix does it,
    /// with the first line that is no field. Of more than `most` bytes only the first are kept.
    pub(super) fn read(bytes: &'a [u8], at: usize, most: usize) -> Header<'a> {
        let mut header = Header { fields: Vec::new(), body: at, over: false };
        loop {
            let start = header.body;
            let end = line_end(bytes, start);
            let line = bytes.get(start..end).unwrap_or_default();
            if line.trim_ascii_end().is_empty() {
                header.body = end;
                return header;
            }
            let Some(colon) = name_length(line) else {
                return header;
            };
            header.body = folded_end(bytes, end);
            let kept = header.body.min(start + limits::FIELD);
            header.over |= kept < header.body;
            if kept - at > most || header.fields.len() >= limits::FIELDS {
                header.over = true;
                continue;
            }
            let value = bytes.get(start + colon + 1..kept).unwrap_or_default();
            let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
            header.fields.push(Field { name, value });
        }
    }

    /// The first field of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.is(name))
    }
}

impl Field<'_> {
    /// Whether it bears this name; case does not matter.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The name in lower case.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(self.name).to_ascii_lowercase()
    }

    /// The value, mended: raw 8-bit text becomes UTF-8, and encoded words that continue each other
    /// become one word, since a character may be cut in two between them.
    pub(super) fn mended(&self) -> Cow<'_, [u8]> {
        let value = match std::str::from_utf8(self.value) {
            Ok(_) => Cow::Borrowed(self.value),
            Err(_) => match grammar::charset(self.value, "windows-1252") {
                Some(text) => Cow::Owned(text.into_bytes()),
                None => Cow::Borrowed(self.value),
            },
        };
        if value.windows(2).filter(|pair| *pair == b"=?").count() > 1 {
            Cow::Owned(join_words(&value))
        } else {
            value
        }
    }
}

/// The index after the line that begins at `at`.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n + 1)
}

/// How long the field name is, if the line is a field (RFC 5322 section 2.2; white space before
/// the colon is the obsolete form).
fn name_length(line: &[u8]) -> Option<usize> {
    let colon = line.iter().position(|b| *b == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.len() < 200 && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
}

/// The index after the continuation lines that follow.
fn folded_end(bytes: &[u8], mut end: usize) -> usize {
    while matches!(bytes.get(end), Some(b' ' | b'\t')) {
        let next = line_end(bytes, end);
        // A line of blanks alone ends the header in every mail reader.
        if bytes.get(end..next).is_none_or(|line| line.trim_ascii().is_empty()) {
            break;
        }
        end = next;
    }
    end
}

/// One encoded word (RFC 2047 section 2).
struct Word<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
    length: usize,
}

/// Rewrites each run of encoded words of one character set as one word.
fn join_words(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, _)) = rest.split_first() {
        let Some(mut word) = read_word(rest) else {
            out.push(*first);
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        rest = rest.get(word.length..).unwrap_or_default();
        while let Some((next, gap)) = next_word(rest, word.charset) {
            word.bytes.extend_from_slice(&next.bytes);
            rest = rest.get(gap + next.length..).unwrap_or_default();
        }
        write_word(&mut out, &word);
    }
    out
}

/// The word after the white space at the beginning, if it is of this character set.
fn next_word<'a>(rest: &'a [u8], charset: &[u8]) -> Option<(Word<'a>, usize)> {
    let trimmed = rest.trim_ascii_start();
    let word = read_word(trimmed)?;
    word.charset.eq_ignore_ascii_case(charset).then_some((word, rest.len() - trimmed.len()))
}

fn read_word(bytes: &[u8]) -> Option<Word<'_>> {
    let body = bytes.strip_prefix(b"=?")?;
    let mark = body.iter().take(60).position(|b| *b == b'?')?;
    let (charset, body) = body.split_at_checked(mark)?;
    let (encoding, body) = (body.get(1)?, body.get(2..)?.strip_prefix(b"?")?);
    let end = body.windows(2).take(limits::WORD).position(|pair| pair == b"?=")?;
    let data = body.get(..end)?;
    if charset.is_empty() || data.contains(&b'\n') {
        return None;
    }
    let bytes = match encoding {
        b'b' | b'B' => grammar::base64(data),
        b'q' | b'Q' => {
            let spaced: Vec<u8> = data.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
            // The blank at the end would be taken for padding of the line.
            let mut decoded = grammar::quoted_printable(&[spaced.as_slice(), b"!"].concat());
            decoded.pop();
            decoded
        }
        _ => return None,
    };
    Some(Word { charset, bytes, length: 2 + charset.len() + 3 + end + 2 })
}

fn write_word(out: &mut Vec<u8>, word: &Word<'_>) {
    out.extend_from_slice(b"=?");
    out.extend_from_slice(word.charset);
    out.extend_from_slice(b"?Q?");
    for byte in &word.bytes {
        if byte.is_ascii_alphanumeric() {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
        }
    }
    out.extend_from_slice(b"?=");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(raw: &[u8]) -> String {
        let header = Header::read(raw, 0, limits::HEADER);
        grammar::unstructured(&header.fields.first().unwrap().mended())
    }

    #[test]
    fn a_character_cut_in_two_between_words_is_whole_again() {
        assert_eq!(
            subject(b"Subject: =?utf-8?q?Gr=C3?=\r\n =?UTF-8?b?vMOfZQ==?= x\r\n"),
            "Grüße x"
        );
    }

    #[test]
    fn words_of_different_sets_stay_apart() {
        assert_eq!(subject(b"Subject: =?utf-8?q?a=C3=A9?= =?iso-8859-1?q?=E8b?=\r\n"), "aéèb");
    }

    #[test]
    fn raw_8_bit_text_is_read_as_utf_8_or_else_as_windows_1252() {
        assert_eq!(subject("Subject: Größe\r\n".as_bytes()), "Größe");
        assert_eq!(subject(b"Subject: Gr\xF6\xDFe\r\n"), "Größe");
    }

    #[test]
    fn a_header_ends_at_the_first_line_that_is_no_field() {
        let header = Header::read(b"A: 1\nB : 2\n three\nHello there\n", 0, limits::HEADER);
        let names: Vec<String> = header.fields.iter().map(Field::name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(header.body, 18);
    }
}
