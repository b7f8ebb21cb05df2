//! Many mails in one file, each after a line that begins with `From ` (RFC 4155 and its relatives).

use std::io::{self, BufRead, BufReader};

use crate::desk::parse::date;
use crate::desk::time::Moment;

/// Where one mail stands, and the time in the line before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) arrived: Option<Moment>,
}

/// Finds the mails of an mbox; `progress` is told how many there are so far.
pub(super) fn parts(file: impl io::Read, progress: &mut dyn FnMut(usize)) -> io::Result<Vec<Part>> {
    let mut scan = Scan { after_blank: true, ..Scan::default() };
    let end = each_line(BufReader::with_capacity(64 << 10, file), |line| {
        let before = scan.parts.len();
        scan.line(line);
        if scan.parts.len() > before {
            progress(scan.parts.len());
        }
    })?;
    scan.close(end);
    Ok(scan.parts)
}

/// A line as far as anybody looks at it.
struct Line<'a> {
    start: u64,
    /// Where the next one starts.
    end: u64,
    /// Without what ends it.
    begins: &'a [u8],
}

/// How much of a line is looked at.
const LOOKED_AT: usize = 512;

/// Goes through the lines of a file, however long they are, and returns its length.
fn each_line(mut from: impl BufRead, mut line: impl FnMut(&Line<'_>)) -> io::Result<u64> {
    let (mut start, mut end, mut kept) = (0_u64, 0_u64, Vec::with_capacity(LOOKED_AT));
    loop {
        let bytes = from.fill_buf()?;
        let read = bytes.len();
        if read == 0 {
            break;
        }
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            let room = LOOKED_AT.saturating_sub(kept.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
            end = end.saturating_add(piece.len() as u64);
            if piece.ends_with(b"\n") {
                line(&Line { start, end, begins: kept.trim_ascii_end() });
                kept.clear();
                start = end;
            }
        }
        from.consume(read);
    }
    if start < end {
        line(&Line { start, end, begins: kept.trim_ascii_end() });
    }
    Ok(end)
}

/// How far the search has come.
#[derive(Default)]
struct Scan {
    parts: Vec<Part>,
    /// The mail that has begun.
    open: Option<(u64, Option<Moment>)>,
    /// A line that begins a mail if a header field follows: where it starts and ends.
    perhaps: Option<(u64, u64)>,
    after_blank: bool,
}

impl Scan {
    fn line(&mut self, line: &Line<'_>) {
        if let Some((start, end)) = self.perhaps.take() {
            if is_field(line.begins) {
                self.begin(start, end, None);
            } else if self.open.is_none() {
                self.open = Some((start, None));
            }
        }
        if line.begins.starts_with(b"From ") {
            match time_of(line.begins) {
                Some(moment) => self.begin(line.start, line.end, Some(moment)),
                None if self.after_blank => self.perhaps = Some((line.start, line.end)),
                None => {}
            }
        } else if self.open.is_none() && !line.begins.is_empty() {
            // Whatever stands before the first such line is a mail too, if a poor one.
            self.open = Some((line.start, None));
        }
        self.after_blank = line.begins.is_empty();
    }

    fn begin(&mut self, line: u64, mail: u64, arrived: Option<Moment>) {
        self.close(line);
        self.open = Some((mail, arrived));
    }

    fn close(&mut self, end: u64) {
        if let Some((start, arrived)) = self.open.take() {
            self.parts.push(Part { start, length: end.saturating_sub(start), arrived });
        }
    }
}

/// Fields of one word that stand early in a header; nearly all others have a hyphen.
const FIELDS: [&str; 8] = ["from", "to", "cc", "subject", "date", "sender", "received", "status"];

/// Whether a line is a header field, not a sentence with a colon.
fn is_field(line: &[u8]) -> bool {
    let name = line.split(|b| *b == b':').next().filter(|name| name.len() < line.len());
    let Some(name) = name.and_then(|name| std::str::from_utf8(name).ok()) else { return false };
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let hyphen = name.contains('-') && !name.starts_with('-');
    name.chars().all(letters)
        && (hyphen || FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name)))
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The time at the end of `From kim@acorn.example Tue Sep  1 17:11:00 2026`: UTC, unless an offset
/// is given. Some programs write a zone before the year, or the date as in a header.
fn time_of(line: &[u8]) -> Option<Moment> {
    let words: Vec<String> =
        String::from_utf8_lossy(line).split_whitespace().map(str::to_lowercase).collect();
    let day = words.iter().rposition(|word| DAYS.contains(&word.trim_end_matches(',')))?;
    let rest = words.get(day + 1..)?;
    let number =
        |word: &&String, digits| word.len() <= digits && word.bytes().all(|b| b.is_ascii_digit());
    let time = rest.iter().find(|word| word.contains(':'))?;
    let year = rest.iter().find(|word| word.len() == 4 && number(word, 4))?;
    let day = rest.iter().find(|word| number(word, 2))?;
    let month =
        rest.iter().find(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_lowercase()))?;
    let offset = rest.iter().find(|word| word.len() == 5 && word.starts_with(['+', '-']));
    let offset = offset.map_or("+0000", String::as_str);
    date(format!("{day} {month} {year} {time} {offset}").as_bytes())
}

/// Takes out what was put in so that no line of a mail begins with `From `, and the blank line before
/// the next mail.
pub(super) fn unescape(bytes: &mut Vec<u8>) {
    for blank in [b"\r\n\r\n".as_slice(), b"\n\n"] {
        if bytes.ends_with(blank) {
            bytes.truncate(bytes.len() - blank.len() / 2);
        }
    }
    if !bytes.windows(6).any(|six| six == b">From ") {
        return;
    }
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let quotes = line.iter().take_while(|b| **b == b'>').count();
        let escaped =
            quotes > 0 && line.get(quotes..).is_some_and(|rest| rest.starts_with(b"From "));
        out.extend_from_slice(if escaped { line.get(1..).unwrap_or_default() } else { line });
    }
    *bytes = out;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(text: &str) -> Vec<(Option<String>, String)> {
        let parts = parts(text.as_bytes(), &mut |_| ()).unwrap();
        let mail = |part: &Part| {
            let (start, length) =
                (usize::try_from(part.start).unwrap(), usize::try_from(part.length).unwrap());
            let mut bytes = text.as_bytes()[start..start + length].to_vec();
            unescape(&mut bytes);
            (part.arrived.map(Moment::rfc3339), String::from_utf8(bytes).unwrap())
        };
        parts.iter().map(mail).collect()
    }

    #[test]
    fn mails_stand_between_their_from_lines() {
        let told = mails(
            "From a@x.example Tue Sep  1 17:11:00 2026\nSubject: one\n\nText\n>From me\n>>From you\n\n\
             From b@x.example Wed Sep  2 00:00:00 2026\nSubject: two\n\nFrom here on nothing\n: works\n",
        );
        let expected = [
            ("2026-09-01T17:11:00Z", "Subject: one\n\nText\nFrom me\n>From you\n"),
            ("2026-09-02T00:00:00Z", "Subject: two\n\nFrom here on nothing\n: works\n"),
        ];
        assert_eq!(told, expected.map(|(at, mail)| (Some(at.to_owned()), mail.to_owned())));
    }

    #[test]
    fn a_line_without_a_time_begins_a_mail_only_where_a_header_follows() {
        let told = mails(
            "From MAILER-DAEMON\nReturn-Path: <>\n\nFrom what I see\nNote: it is\n\nFrom x\nReturn-Path: <>\n\n",
        );
        let begins: Vec<&str> = told.iter().map(|(_, mail)| mail.lines().next().unwrap()).collect();
        assert_eq!(begins, ["Return-Path: <>", "Return-Path: <>"]);
    }

    #[test]
    fn what_is_no_mbox_is_one_mail_and_nothing_is_none() {
        assert_eq!(mails("\n\n"), []);
        assert_eq!(mails("").len(), 0);
        assert_eq!(
            mails("Subject: alone\n\nText\n"),
            [(None, "Subject: alone\n\nText\n".to_owned())]
        );
    }

    #[test]
    fn times_are_read_as_programs_write_them() {
        for line in [
            "From kim@acorn.example Tue Sep  1 17:11:00 2026",
            "From - Tue Sep 01 17:11:00 2026",
            "From kim@acorn.example Tue Sep  1 19:11:00 2026 +0200",
            "From kim@acorn.example  Tue Sep  1 17:11:00 UTC 2026",
            "From \"k m\"@acorn.example Tue, 1 Sep 2026 17:11:00 +0000",
            "From kim Tue Sep  1 17:11 2026",
        ] {
            let told = time_of(line.as_bytes()).map(Moment::rfc3339);
            assert_eq!(told.as_deref(), Some("2026-09-01T17:11:00Z"), "{line}");
        }
        let leap = time_of(b"From kim Sat Dec 31 23:59:60 2016").map(Moment::rfc3339);
        assert_eq!(leap.as_deref(), Some("2016-12-31T23:59:59Z"));
        for line in ["From here on", "From Sun to Tue we rest", "From kim Tue Sep 41 17:11:00 2026"]
        {
            assert_eq!(time_of(line.as_bytes()), None, "{line}");
        }
    }
}
