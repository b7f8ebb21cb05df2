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
    // Escape sequences stand in no text of another set.
    if bytes.is_ascii()
        && bytes.windows(2).any(|two| matches!(two, b"\x1b$"))
        && !stateful(&declared)
    {
        return named(bytes, "iso-2022-jp");
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
    let shifted = match name {
        "iso-2022-kr" | "csiso2022kr" => Some((unshifted(bytes, [b"\x0e", b"\x0f"]), "euc-kr")),
        "hz-gb-2312" | "hz" => Some((unshifted(bytes, [b"~{", b"~}"]), "gb18030")),
        _ => None,
    };
    let (bytes, name) = shifted.as_ref().map_or((bytes, name), |(bytes, name)| (bytes, *name));
    let text = grammar::charset(bytes, name).or_else(|| grammar::charset(bytes, another(name)?));
    match text {
        Some(text) => {
            let bad = text.contains(char::REPLACEMENT_CHARACTER);
            (text, bad)
        }
        // What the bytes show goes before a name that says nothing.
        None => match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), true),
            Err(_) => (named(bytes, "windows-1252").0, true),
        },
    }
}

/// Names that programs write and no registry has.
fn another(name: &str) -> Option<&'static str> {
    Some(match name {
        "cp932" | "windows-932" | "x-ms-cp932" => "shift_jis",
        "eucjp" | "euc" | "ujis" | "eucjp-ms" | "cp51932" => "euc-jp",
        "cp50220" | "cp50221" | "cp50222" => "iso-2022-jp",
        name if name.starts_with("iso-2022-jp") => "iso-2022-jp",
        "cp949" | "ms949" | "windows-949" | "x-windows-949" | "uhc" | "euckr" | "ksc5601"
        | "ks_c_5601" | "ksc_5601-1987" | "cp51949" => "euc-kr",
        "euc-cn" | "euccn" | "cp54936" => "gb18030",
        name if name.starts_with("gb2312") || name.starts_with("gbk") => "gb18030",
        "cp950" | "ms950" | "x-big5" | "x-x-big5" | "windows-950" | "big-5" => "big5",
        "win-1251" | "win1251" | "windows1251" => "windows-1251",
        "win-1250" | "win1250" | "windows1250" => "windows-1250",
        "win-1252" | "win1252" | "windows1252" => "windows-1252",
        _ => return None,
    })
}

/// Sets that shift between ASCII and pairs of seven bits (RFC 1557, RFC 1843): as the eight bits
/// that the same pairs have elsewhere.
fn unshifted(bytes: &[u8], [begins, ends]: [&[u8]; 2]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut shifted) = (bytes, false);
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(if shifted { ends } else { begins }) {
            (rest, shifted) = (after, !shifted);
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"\x1b$)C") {
            rest = after;
            continue;
        }
        // A line begins unshifted.
        shifted &= *first != b'\n';
        out.push(if shifted { *first | 0x80 } else { *first });
        rest = after;
    }
    out
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
    fn names_that_programs_write_and_no_registry_has() {
        let (ja, ko) =
            (b"\x90\xc6\x8e\xe3\x90\xab".as_slice(), b"\xc3\xeb\xbe\xe0\xc1\xa1".as_slice());
        for (bytes, name, text) in [
            (ja, "cp932", "脆弱性"),
            (b"\xc0\xc8\xbc\xe5\xc0\xad", "eucJP", "脆弱性"),
            (b"\x1b$B@H<e@-\x1b(B", "iso-2022-jp-ms", "脆弱性"),
            (b"\x1b$B@H<e@-\x1b(B", "cp50220", "脆弱性"),
            (ko, "cp949", "취약점"),
            (ko, "MS949", "취약점"),
            (b"\x1b$)C\n\x0eCk>`A!\x0f\n", "ISO-2022-KR", "\n취약점\n"),
            (b"\xc2\xa9\xb6\xb4", "euc-cn", "漏洞"),
            (b"~{B)64~}", "HZ-GB-2312", "漏洞"),
            (b"\xba|\xac}", "x-big5", "漏洞"),
            (b"\xf3\xff\xe7\xe2\xe8\xec\xee\xf1\xf2\xfc", "win-1251", "уязвимость"),
        ] {
            assert_eq!(decode(bytes, Some(name)), (text.to_owned(), false), "{name}");
        }
        // What an escape sequence says goes before a name, and a text before a name of nothing.
        for name in ["utf-8", "shift_jis", "iso-8859-1"] {
            assert_eq!(decode(b"\x1b$B@H<e@-\x1b(B", Some(name)).0, "脆弱性", "{name}");
        }
        assert_eq!(decode(b"gr\xf6\xdfer", Some("x-nothing")), ("größer".to_owned(), true));
        assert_eq!(decode("größer".as_bytes(), Some("x-nothing")), ("größer".to_owned(), true));
    }

    #[test]
    fn a_character_cut_at_the_end_spoils_nothing_else() {
        assert_eq!(decode(b"caf\xC3\xA9 \xC3", Some("utf-8")), ("café \u{fffd}".to_owned(), true));
    }
}
