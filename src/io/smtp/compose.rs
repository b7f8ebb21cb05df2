//! From a letter to the bytes of a mail (RFC 5322): the same bytes at every attempt.

use lettre::message::Body;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, Headers,
};

use crate::desk::address::{Address, Mailbox};
use crate::desk::letter::Letter;

/// The longest line that is sent as it is (RFC 5322 section 2.1.1).
const LINE: usize = 78;

/// The longest word in a header that is left to folding, which splits no words.
const WORD: usize = 60;

/// A letter cannot be written as a mail: a defect of whoever wrote the letter, so no further
/// attempt will help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A control character, a line break most of all, would end the field and start another.
    #[error("the {0} of the letter holds a control character")]
    ControlCharacter(&'static str),
    /// The address is none that a mail can carry.
    #[error("the {0} of the letter is no address that a mail can carry")]
    Address(&'static str),
    /// The letter's own name cannot stand in a header field.
    #[error("the name of the letter cannot stand in a header field")]
    Name,
}

/// Writes the mail, lines ending in CRLF. All of it is ASCII unless an address is not (RFC 6531).
pub fn compose(letter: &Letter) -> Result<Vec<u8>, ComposeError> {
    let mut headers = Headers::new();
    set_mailbox(&mut headers, "From", "sender", &letter.from)?;
    if let Some(address) = &letter.reply_to {
        let mailbox = Mailbox { name: letter.from.name.clone(), address: address.clone() };
        set_mailbox(&mut headers, "Reply-To", "reply address", &mailbox)?;
    }
    set_mailbox(&mut headers, "To", "recipient", &letter.to)?;
    set_subject(&mut headers, &letter.subject)?;
    // Not lettre's own Date: it panics past the year 9999.
    set(&mut headers, "Date", letter.date.rfc5322());
    set(&mut headers, "Message-ID", letter.message_id.to_string());
    if let Some(id) = &letter.in_reply_to {
        set(&mut headers, "In-Reply-To", id.to_string());
    }
    if !letter.references.is_empty() {
        let ids: Vec<_> = letter.references.iter().map(ToString::to_string).collect();
        set(&mut headers, "References", ids.join(" "));
    }
    // RFC 3834 section 5; the second says the same to Exchange.
    set(&mut headers, "Auto-Submitted", letter.auto_submitted.keyword().to_owned());
    set(&mut headers, "X-Auto-Response-Suppress", "All".to_owned());
    set(&mut headers, "X-Watchpost", marker(letter)?.to_owned());
    set(&mut headers, "MIME-Version", "1.0".to_owned());
    headers.set(ContentType::TEXT_PLAIN);
    let body = encode(&letter.body);
    headers.set(body.encoding());
    // The last line of base64 has no end of its own.
    let end: &[u8] = if body.as_ref().ends_with(b"\r\n") { b"" } else { b"\r\n" };
    Ok([headers.to_string().as_bytes(), b"\r\n", body.as_ref(), end].concat())
}

/// The address as lettre writes it into commands and fields.
pub(super) fn address(
    what: &'static str,
    address: &Address,
) -> Result<lettre::Address, ComposeError> {
    lettre::Address::new(address.local(), address.domain()).map_err(|_| ComposeError::Address(what))
}

fn set_mailbox(
    headers: &mut Headers,
    field: &'static str,
    what: &'static str,
    mailbox: &Mailbox,
) -> Result<(), ComposeError> {
    let name = clean(what, &mailbox.name)?.trim();
    let email = address(what, &mailbox.address)?.to_string();
    let value = if name.is_empty() { email } else { format!("{} <{email}>", phrase(field, name)) };
    let value = match value.rsplit_once(' ') {
        Some((name, email)) if field.len() + ": ".len() + value.len() > LINE => {
            format!("{name}\r\n {email}")
        }
        _ => value,
    };
    // Not left to lettre's encoder, which would encode an address beyond ASCII; that goes out raw
    // (RFC 6532 section 3.2).
    set_encoded(headers, field, value);
    Ok(())
}

/// A display name as it stands in a field: bare, quoted or encoded.
fn phrase(field: &str, name: &str) -> String {
    let atoms = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    let phrase = if name.chars().all(atoms) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    };
    if is_plain(name) && phrase.len() <= WORD { phrase } else { encoded_words(field, name) }
}

fn set_subject(headers: &mut Headers, subject: &str) -> Result<(), ComposeError> {
    let subject = clean("subject", subject)?.trim();
    if is_plain(subject) {
        set(headers, "Subject", subject.to_owned());
    } else {
        set_encoded(headers, "Subject", encoded_words("Subject", subject));
    }
    Ok(())
}

/// Sets a field whose value is plain; long ones are folded at their spaces.
fn set(headers: &mut Headers, field: &'static str, value: String) {
    headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(field), value));
}

/// Sets a field whose value is encoded and folded already.
fn set_encoded(headers: &mut Headers, field: &'static str, value: String) {
    let name = HeaderName::new_from_ascii_str(field);
    headers.insert_raw(HeaderValue::dangerous_new_pre_encoded(name, String::new(), value));
}

fn clean<'a>(what: &'static str, text: &'a str) -> Result<&'a str, ComposeError> {
    // The Unicode line ends are no line ends in a mail, but some programs take them for such.
    let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    if text.contains(breaks) { Err(ComposeError::ControlCharacter(what)) } else { Ok(text) }
}

/// Our own mark: what is left of the letter's name when the case is taken off.
fn marker(letter: &Letter) -> Result<&str, ComposeError> {
    let name = letter.id.0.as_str();
    let kind = name.split_once('/').map_or(name, |(_, kind)| kind);
    let usable = (1..=WORD).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_graphic());
    if usable { Ok(kind) } else { Err(ComposeError::Name) }
}

/// Whether a text can stand in a field as it is. `=?` could be taken for an encoded word, so that
/// the reader would see something else than what was written.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !text.contains("=?")
        && !text.contains("  ")
        && text.split(' ').all(|word| word.len() <= WORD)
}

/// Encoded words (RFC 2047) in the Q encoding, each at most 75 characters long, one a line. Only
/// the characters that are safe in a display name stay as they are (section 5, rule 3).
fn encoded_words(field: &str, text: &str) -> String {
    const OPEN: &str = "=?utf-8?q?";
    const ROOM: usize = 75 - OPEN.len() - "?=".len();
    let mut lines = String::from(OPEN);
    // With the field's name a line has at most 76 characters (section 2).
    let mut room = ROOM - field.len() - 1;
    for character in text.chars() {
        let encoded = match character {
            ' ' => "_".to_owned(),
            c if c.is_ascii_alphanumeric() || "!*+-/".contains(c) => c.to_string(),
            c => c
                .encode_utf8(&mut [0; 4])
                .bytes()
                .fold(String::new(), |hex, byte| hex + &format!("={byte:02X}")),
        };
        // A character is never split over two words (section 5).
        if encoded.len() > room {
            lines.push_str("?=\r\n ");
            lines.push_str(OPEN);
            room = ROOM;
        }
        room -= encoded.len();
        lines.push_str(&encoded);
    }
    lines.push_str("?=");
    lines
}

/// 7bit where that keeps every line short; else quoted-printable, which a person can read in the raw
/// mail and filters trust. A text that is mostly beyond ASCII is unreadable in either, and twice as
/// long in it: that goes as base64, as mail programs send it.
fn encode(body: &str) -> Body {
    let mut text = body.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let short = |line: &str| {
        line.len() <= LINE && line.bytes().all(|b| b == b'\t' || b == b' ' || b.is_ascii_graphic())
    };
    let beyond_ascii = text.bytes().filter(|b| !b.is_ascii()).count();
    let encoding = if text.lines().all(short) {
        ContentTransferEncoding::SevenBit
    } else if beyond_ascii > text.len() / 2 {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    // lettre would make the CRLFs too, moving the rest of the text once for each.
    let text = text.replace('\n', "\r\n");
    // The error gives back a text that cannot be sent in this encoding: 7bit fits by the test above.
    Body::new_with_encoding(text, encoding)
        .unwrap_or_else(|raw| Body::new(String::from_utf8_lossy(&raw).into_owned()))
}
