//! Mails as an mbox, in the form that loses nothing (mboxrd).

use std::io::{self, Write};

use crate::desk::address::Address;
use crate::desk::time::Moment;

/// Writes one mail. Lines end in LF there; a line that could be taken for the beginning of a mail
/// gets one more `>`, which a reader takes away.
pub(super) fn write(
    out: &mut impl Write,
    from: Option<&Address>,
    at: Moment,
    mail: &[u8],
) -> io::Result<()> {
    writeln!(out, "From {} {}", sender(from), at.asctime())?;
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let quoted = text.iter().position(|byte| *byte != b'>').unwrap_or(text.len());
        if text.get(quoted..).is_some_and(|rest| rest.starts_with(b"From ")) {
            out.write_all(b">")?;
        }
        out.write_all(text)?;
        out.write_all(b"\n")?;
    }
    out.write_all(b"\n")
}

/// One word, whatever an address holds.
fn sender(from: Option<&Address>) -> String {
    let nobody = || "MAILER-DAEMON".to_owned();
    let plain = |text: &String| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    from.map(ToString::to_string).filter(plain).unwrap_or_else(nobody)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(mail: &[u8]) -> String {
        let (mut out, from) = (Vec::new(), Address::parse("ann@acorn.example"));
        write(&mut out, from.as_ref(), Moment::from_unix(1_788_282_660), mail).unwrap();
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_line_that_begins_like_a_mail_is_quoted_and_so_is_one_that_is_quoted_already() {
        let text = written(
            b"Subject: x\r\n\r\nFrom me\r\n>From you\r\n>>From them\r\n> From\r\nFrom:\r\n",
        );
        let expected = "From ann@acorn.example Tue Sep  1 17:11:00 2026\nSubject: x\n\n\
                        >From me\n>>From you\n>>>From them\n> From\nFrom:\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_mail_without_an_end_gets_one_and_bytes_stay_as_they_are() {
        assert!(written(b"a: b\n\nlast").ends_with("\n\nlast\n\n"));
        let mut out = Vec::new();
        write(&mut out, None, Moment::from_unix(0), b"Subject: Gr\xfc\xdfe\r\n\r\na\rb\0\r\n")
            .unwrap();
        let expected =
            b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nSubject: Gr\xfc\xdfe\n\na\rb\0\n\n";
        assert_eq!(out, expected);
    }
}
