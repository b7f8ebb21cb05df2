//! Bytes as text.

use std::fmt::Write as _;

/// Bytes in lower-case hexadecimal.
pub fn hex<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Reads so many bytes back.
pub fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    octets(text)?.try_into().ok()
}

/// Reads any number of bytes back.
pub fn octets(text: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}
