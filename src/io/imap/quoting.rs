//! How our words stand on the wire, and how the server's words stand in our messages.

use std::fmt::Write as _;

use crate::io::base64::{ALPHABET, base64};

/// A quoted string (RFC 3501 section 4.3); none for text that cannot stand in one.
pub(super) fn quoted(text: &str) -> Option<String> {
    let fits = text.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'\r' | b'\n' | 0));
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A mailbox name in modified UTF-7 (RFC 3501 section 5.1.3).
pub(super) fn mailbox_name(name: &str) -> String {
    let (mut coded, mut foreign) = (String::new(), Vec::new());
    for letter in name.chars() {
        if !matches!(letter, ' '..='~') {
            let mut units = [0; 2];
            foreign.extend(letter.encode_utf16(&mut units).iter().flat_map(|u| u.to_be_bytes()));
            continue;
        }
        shift(&mut coded, &mut foreign);
        coded.push(letter);
        if letter == '&' {
            coded.push('-');
        }
    }
    shift(&mut coded, &mut foreign);
    coded
}

fn shift(coded: &mut String, foreign: &mut Vec<u8>) {
    if !foreign.is_empty() {
        let base64 = base64(foreign).trim_end_matches('=').replace('/', ",");
        let _ = write!(coded, "&{base64}-");
        foreign.clear();
    }
}

/// The name that stands in modified UTF-7 on the wire; as it stands there if it is none.
pub(super) fn read_mailbox_name(coded: &str) -> String {
    let read = || {
        let (mut name, mut rest) = (String::new(), coded);
        while let Some((plain, shifted)) = rest.split_once('&') {
            let (foreign, after) = shifted.split_once('-')?;
            name.push_str(plain);
            name.push_str(&if foreign.is_empty() { "&".into() } else { utf16(foreign)? });
            rest = after;
        }
        Some(name + rest)
    };
    read().unwrap_or_else(|| coded.to_owned())
}

fn utf16(base64: &str) -> Option<String> {
    let (mut units, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in base64.replace(',', "/").bytes() {
        let sextet = ALPHABET.iter().position(|known| *known == letter)?;
        (bits, count) = (bits << 6 | u32::try_from(sextet).ok()?, count + 6);
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from(bits >> count).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf16(&units).ok()
}

/// A sequence set of UIDs in rising order: `3,5:9`. Only neighbours are joined: a range never
/// names a UID that was not asked for.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut set = String::new();
    for run in uids.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        let comma = if set.is_empty() { "" } else { "," };
        let _ = match run {
            [one] => write!(set, "{comma}{one}"),
            [first, .., last] => write!(set, "{comma}{first}:{last}"),
            [] => Ok(()),
        };
    }
    set
}

/// What the server said, safe to show: one line, at most 200 bytes, control characters escaped.
pub(super) fn shown(words: &str) -> String {
    let mut text = String::new();
    for letter in words.trim().chars() {
        let mut piece = letter.to_string();
        if letter.is_control() || is_invisible(letter) {
            piece = letter.escape_unicode().to_string();
        }
        if text.len() + piece.len() > 197 {
            text.push('…');
            break;
        }
        text.push_str(&piece);
    }
    text
}

/// Characters that change the order or the look of what stands beside them.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// An INTERNALDATE (RFC 3501, `date-time`) as RFC 3339: ` 1-Sep-2026 17:11:00 +0200`.
pub(super) fn internal_date(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let (date, clock, zone) = (words.next()?, words.next()?, words.next()?);
    let mut date = date.splitn(3, '-');
    let (day, month, year) = (date.next()?.parse::<u8>().ok()?, date.next()?, date.next()?);
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let (hours, minutes) = zone.split_at_checked(3)?;
    Some(format!("{year}-{month:02}-{day:02}T{clock}{hours}:{minutes}"))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_cannot_start_a_second_command() {
        assert_eq!(quoted(r#"a"b\c"#).as_deref(), Some(r#""a\"b\\c""#));
        for text in ["a\r\nA9 DELETE INBOX", "a\nb", "a\rb", "a\0b", "ü"] {
            assert_eq!(quoted(text), None, "{text:?}");
        }
    }

    #[test]
    fn mailbox_names_travel_in_modified_utf_7() {
        for (name, coded) in [
            ("INBOX", "INBOX"),
            ("Tom & Jerry", "Tom &- Jerry"),
            ("Entwürfe", "Entw&APw-rfe"),
            // The examples of RFC 3501 section 5.1.3.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("☺!", "&Jjo-!"),
            ("\r\n", "&AA0ACg-"),
            ("🔒", "&2D3dEg-"),
        ] {
            assert_eq!(mailbox_name(name), coded);
            assert_eq!(read_mailbox_name(coded), name);
        }
        for odd in ["&", "&APw", "a&!-b", "&2D0-"] {
            assert_eq!(read_mailbox_name(odd), odd);
        }
    }

    #[test]
    fn sets_join_neighbours_only() {
        assert_eq!(uid_set(&[1, 2, 3, 5, 7, 8, u32::MAX]), "1:3,5,7:8,4294967295");
    }

    #[test]
    fn server_text_is_short_and_harmless() {
        assert_eq!(shown("  a\u{1b}[31mb\u{202e}c "), "a\\u{1b}[31mb\\u{202e}c");
        assert!(shown(&"ü".repeat(1000)).len() <= 200);
    }

    #[test]
    fn internal_dates_become_rfc_3339() {
        assert_eq!(
            internal_date(" 1-Sep-2026 17:11:00 +0200").as_deref(),
            Some("2026-09-01T17:11:00+02:00")
        );
        assert_eq!(
            internal_date("17-jul-1996 02:44:25 -0700").unwrap(),
            "1996-07-17T02:44:25-07:00"
        );
        for text in ["", "1-Sep-2026", "1-Foo-2026 17:11:00 +0200", "x-Sep-2026 17:11:00 +0200"] {
            assert_eq!(internal_date(text), None, "{text}");
        }
    }
}
