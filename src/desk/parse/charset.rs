//! Bytes to text, also where the declared character set is wrong.

use super::grammar;

/// Decodes a text part. The flag says that the bytes were not of the declared character set.
///
/// What the bytes show goes before what the mail says: UTF-8 that is valid is never an accident,
/// so it is taken for a declared single-byte set too.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> (String, bool) {
    let declared = declared.map(|name| name.trim().to_ascii_lowercase()).unwrap_or_default();
    if bytes.is_ascii() && !stateful(&declared) && !bytes.contains(&0x1b) {
        return (String::from_utf8_lossy(bytes).into_owned(), false);
    }
    if let Some(text) = byte_order_mark(bytes) {
        return (text, false);
    }
    if matches!(declared.as_str(), "utf-8" | "utf8") {
        return utf8(bytes);
    }
    let utf8_valid = std::str::from_utf8(bytes).ok().filter(|_| !bytes.is_ascii());
    if undeclared(&declared) {
        return match utf8_valid {
            Some(text) => (text.to_owned(), true),
            None if bytes.contains(&0x1b) => named(bytes, "iso-2022-jp"),
            None => (named(bytes, "windows-1252").0, true),
        };
    }
    if let Some(text) = utf8_valid
        && single_byte(&declared)
    {
        return (text.to_owned(), true);
    }
    let (text, bad) = named(bytes, &declared);
    match utf8_valid {
        Some(valid) if bad => (valid.to_owned(), true),
        _ => (text, bad),
    }
}

/// Valid UTF-8, nearly valid UTF-8 (a character cut at the end), or else windows-1252.
fn utf8(bytes: &[u8]) -> (String, bool) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), false);
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good >= bad {
        (String::from_utf8_lossy(bytes).into_owned(), true)
    } else {
        (named(bytes, "windows-1252").0, true)
    }
}

fn named(bytes: &[u8], name: &str) -> (String, bool) {
    match grammar::charset(bytes, name) {
        Some(text) => {
            let bad = text.contains(char::REPLACEMENT_CHARACTER);
            (text, bad)
        }
        None => (String::from_utf8_lossy(bytes).into_owned(), true),
    }
}

fn byte_order_mark(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Some(String::from_utf8_lossy(rest).into_owned()),
        [0xff, 0xfe, rest @ ..] => grammar::charset(rest, "utf-16le"),
        [0xfe, 0xff, rest @ ..] => grammar::charset(rest, "utf-16be"),
        _ => None,
    }
}

/// Sets in which ASCII bytes stand for other characters.
fn stateful(name: &str) -> bool {
    ["utf-7", "utf-16", "iso-2022", "csiso2022", "hz-gb", "unicode-1-1-utf-7"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn undeclared(name: &str) -> bool {
    matches!(
        name,
        "" | "us-ascii"
            | "ascii"
            | "ansi_x3.4-1968"
            | "unknown-8bit"
            | "x-unknown"
            | "unknown"
            | "default"
            | "default_charset"
            | "binary"
            | "none"
            | "_charset_"
    )
}

fn single_byte(name: &str) -> bool {
    ["iso-8859", "iso8859", "windows-125", "cp125", "latin", "koi8", "x-mac", "macintosh", "cp85"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bytes_show_goes_before_what_the_mail_says() {
        let utf8 = "Überlauf bei Größe".as_bytes();
        for declared in
            [None, Some("us-ascii"), Some("iso-8859-1"), Some("utf-8"), Some("x-unknown")]
        {
            assert_eq!(decode(utf8, declared).0, "Überlauf bei Größe", "{declared:?}");
        }
        let latin = b"\xDCberlauf bei Gr\xF6\xDFe";
        for declared in [None, Some("us-ascii"), Some("utf-8"), Some("iso-8859-1")] {
            assert_eq!(decode(latin, declared).0, "Überlauf bei Größe", "{declared:?}");
        }
    }

    #[test]
    fn japanese_and_russian_as_they_are_sent() {
        assert_eq!(
            decode(b"\x1b$B@H<e@-\x1b(B", Some("ISO-2022-JP")),
            ("脆弱性".to_owned(), false)
        );
        assert_eq!(decode(b"\x1b$B@H<e@-\x1b(B", None), ("脆弱性".to_owned(), false));
        assert_eq!(decode(b"\xee\xc5\xd4", Some("KOI8-R")), ("Нет".to_owned(), false));
    }

    #[test]
    fn a_character_cut_at_the_end_spoils_nothing_else() {
        assert_eq!(decode(b"caf\xC3\xA9 \xC3", Some("utf-8")), ("café \u{fffd}".to_owned(), true));
    }
}
