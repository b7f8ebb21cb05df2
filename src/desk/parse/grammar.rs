//! The grammar of header fields and of MIME encodings. The only file that names mail-parser.
//!
//! mail-parser is fed one field or one body at a time, never a whole mail: how a mail is cut into
//! parts is decided in `mime`, where it is bounded and where a broken or partly fetched mail still
//! gives its text.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::add_html_token;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::parsers::MessageStream;
use mail_parser::{Address, HeaderValue};

/// The value of a Content-Type or Content-Disposition field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parametered {
    /// `type/subtype` or the disposition, in lower case.
    pub(super) value: String,
    /// Parameters, RFC 2231 continuations joined and decoded, names in lower case.
    pub(super) parameters: Vec<(String, String)>,
}

impl Parametered {
    /// The value of a parameter, by its name in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// An unstructured field (RFC 5322 section 2.2.1), unfolded, encoded words decoded.
pub(super) fn unstructured(value: &[u8]) -> String {
    match MessageStream::new(&terminated(value)).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    }
}

/// Every (name, address) of an address field (RFC 5322 section 3.4), groups taken apart. An entry
/// without an address has an empty one.
pub(super) fn mailboxes(value: &[u8], most: usize) -> Vec<(String, String)> {
    let value = terminated(value);
    let HeaderValue::Address(addresses) = MessageStream::new(&value).parse_address() else {
        return Vec::new();
    };
    let list = match addresses {
        Address::List(list) => list,
        Address::Group(groups) => groups.into_iter().flat_map(|g| g.addresses).collect(),
    };
    list.into_iter()
        .take(most)
        .map(|one| {
            let text = |part: Option<Cow<'_, str>>| part.map(Cow::into_owned).unwrap_or_default();
            (text(one.name), text(one.address))
        })
        .collect()
}

/// Content-Type or Content-Disposition (RFC 2045 section 5.1, RFC 2183, RFC 2231).
pub(super) fn parametered(value: &[u8]) -> Parametered {
    let value = terminated(value);
    let HeaderValue::ContentType(parsed) = MessageStream::new(&value).parse_content_type() else {
        return Parametered::default();
    };
    let kind = match parsed.c_subtype {
        Some(subtype) => format!("{}/{}", parsed.c_type, subtype),
        None => parsed.c_type.into_owned(),
    };
    let parameters = parsed.attributes.unwrap_or_default();
    Parametered {
        value: kind.to_ascii_lowercase(),
        parameters: parameters
            .into_iter()
            .map(|one| (one.name.to_ascii_lowercase(), one.value.into_owned()))
            .collect(),
    }
}

/// A date (RFC 5322 section 3.3, obsolete forms too) in seconds since the epoch.
pub(super) fn date(value: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(value);
    // The seconds may be left out; mail-parser wants them. A leap second is the one before it.
    let complete = |word: &str| match word.bytes().filter(|b| *b == b':').count() {
        1 if word.starts_with(|c: char| c.is_ascii_digit()) => format!("{word}:00"),
        2 if word.ends_with(":60") => format!("{}59", word.trim_end_matches("60")),
        _ => word.to_owned(),
    };
    let words: Vec<String> = text.split_whitespace().take(20).map(complete).collect();
    match MessageStream::new(&terminated(words.join(" ").as_bytes())).parse_date() {
        HeaderValue::DateTime(date) if date.is_valid() => Some(date.to_timestamp()),
        _ => None,
    }
}

/// Base64, as far as it is base64: a footer that a mailing list put below it is kept as it is. A
/// stray sign among the digits counts nothing (RFC 2045 section 6.8): servers that break a line
/// that is too long put one there.
pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    if let Some(decoded) = base64_decode(bytes) {
        return decoded;
    }
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let mut end = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let body = line.trim_ascii();
        let strays = body.iter().filter(|b| !alphabet(b)).count();
        let blank = body.iter().any(u8::is_ascii_whitespace);
        if blank || strays * STRAY > body.len() {
            break;
        }
        end += line.len();
    }
    let (encoded, rest) = bytes.split_at_checked(end).unwrap_or((bytes, b""));
    let digits: Vec<u8> = encoded.iter().copied().filter(alphabet).collect();
    let mut decoded = base64_decode(&digits).unwrap_or_default();
    decoded.extend_from_slice(rest);
    decoded
}

/// Of so many digits one may be none.
const STRAY: usize = 30;

/// Quoted-printable. A line that is not well formed is kept as it is.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    if let Some(decoded) = quoted_printable_decode(bytes) {
        return decoded;
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match quoted_printable_decode(line) {
            Some(good) => decoded.extend_from_slice(&good),
            None => decoded.extend_from_slice(line),
        }
    }
    decoded
}

/// The text in a named character set; none if the set is not known.
pub(super) fn charset(bytes: &[u8], name: &str) -> Option<String> {
    charset_decoder(name.trim().as_bytes()).map(|decode| decode(bytes))
}

/// What an HTML character reference such as `&eacute;` or `&#233;` stands for; itself if unknown.
pub(super) fn entity(reference: &str) -> String {
    let mut text = String::new();
    add_html_token(&mut text, reference.as_bytes(), false);
    text
}

/// mail-parser reads a field up to its line end and gives nothing without one.
fn terminated(value: &[u8]) -> Vec<u8> {
    let mut line = value.trim_ascii_end().to_vec();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_with_a_list_footer_gives_both() {
        let text = base64(b"SGVsbG8sIHdvcmxk\r\n____\r\nA list footer\r\n");
        assert_eq!(text, b"Hello, world____\r\nA list footer\r\n");
    }

    #[test]
    fn a_stray_sign_spoils_no_base64() {
        let line = b"VGhlIHBhcnNlciBjcmFzaGVzIG9uIGFuIGVtcHR5IGNodW5rIQ==";
        let broken = [&line[..40], b"!\r\n ", &line[40..], b"\r\n"].concat();
        assert_eq!(base64(&broken), b"The parser crashes on an empty chunk!");
        let footer = [&line[..], b"\r\nhttps://lists.example/leave/users\r\n"].concat();
        assert_eq!(
            base64(&footer),
            b"The parser crashes on an empty chunk!https://lists.example/leave/users\r\n"
        );
    }

    #[test]
    fn a_bad_line_of_quoted_printable_spoils_only_itself() {
        assert_eq!(quoted_printable(b"caf=C3=A9\n50=%\na=\nb\n"), "café\n50=%\nab\n".as_bytes());
    }

    #[test]
    fn dates_as_they_come() {
        for text in [
            "Tue, 01 Sep 2026 18:11:00 +0100",
            "1 Sep 2026 17:11 GMT",
            "Tue,  1 Sep 2026 18:11:00 +0100 (BST)",
        ] {
            assert_eq!(date(text.as_bytes()), Some(1_788_282_660), "{text}");
        }
        let leap = date(b"Sat, 31 Dec 2016 23:59:60 +0000");
        assert_eq!(leap, date(b"Sat, 31 Dec 2016 23:59:59 +0000"));
        assert_eq!(leap, Some(1_483_228_799));
        assert_eq!(date(b"yesterday"), None);
    }
}
