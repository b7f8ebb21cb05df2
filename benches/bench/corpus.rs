//! The mailbox that is read: a thousand mails in the proportions of an inbox that is in use.

use std::fmt::Write as _;

/// What has to become of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It opens a case, and its author gets one letter.
    Opens,
    /// It joins the case that an earlier mail opened, and nobody gets a letter.
    Joins,
    /// A machine wrote it: nobody gets a letter.
    Machine,
}

pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) fate: Fate,
    pub(crate) text: Vec<u8>,
}

/// Every mail whose author is owed a letter has an id that begins so: the floor judges nothing.
pub(crate) const OWED: &str = "owed-";

/// One in so many mails has an attachment of [`LARGE`] bytes.
const LARGE_EVERY: usize = 400;
const LARGE: usize = 20 << 20;

/// The n-th mail, always the same: of twenty, eleven reports, two links, one or two attachments, four
/// follow-ups (by the id of the report, by its subject), the rest of machines.
pub(crate) fn mail(n: usize) -> Mail {
    match n % 20 {
        _ if n % LARGE_EVERY == LARGE_EVERY / 2 => attachment(n, LARGE),
        0..=10 => report(n),
        11 | 12 => link(n),
        13 => attachment(n, 100_000 + n * 7919 % 2_000_000),
        // Each goes on from a report of this very score.
        14 | 15 => by_id(n, n - 10),
        16 | 17 => by_subject(n, n - 10),
        18 => vacation(n),
        _ => bounce(n),
    }
}

/// The same without attachments, for what keeps a whole mailbox in one file.
pub(crate) fn mail_without_attachment(n: usize) -> Mail {
    if n % 20 == 13 || n % LARGE_EVERY == LARGE_EVERY / 2 { report(n) } else { mail(n) }
}

/// A small report with the words of real ones, for what measures judging alone.
pub(crate) fn report(n: usize) -> Mail {
    let from = reporter(n);
    let head = head(&from, n, &subject(n), OWED);
    let body = format!("Hello,\n\n{}\nRegards,\nReporter {n}\n", prose(n));
    Mail { from, fate: Fate::Opens, text: format!("{head}\n{body}").into_bytes() }
}

fn link(n: usize) -> Mail {
    let from = reporter(n);
    let head = head(&from, n, "security problem", OWED);
    let text = format!("{head}\nhttps://paste.acorn.example/p/{n}\n").into_bytes();
    Mail { from, fate: Fate::Opens, text }
}

/// A mail with an attachment of about so many bytes.
pub(crate) fn attachment(n: usize, bytes: usize) -> Mail {
    let from = reporter(n);
    let mut text = head(&from, n, "vulnerability report", OWED);
    text.push_str(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee attached.\n\
         --b\nContent-Type: application/pdf; name=report.pdf\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=report.pdf\n\n",
    );
    let line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\n";
    text.push_str(&line.repeat(bytes / line.len()));
    text.push_str("--b--\n");
    Mail { from, fate: Fate::Opens, text: text.into_bytes() }
}

fn by_id(n: usize, of: usize) -> Mail {
    let from = reporter(of);
    let head = head(&from, n, &format!("Re: {}", subject(of)), "");
    let (id, prose) = (id(&from, of, OWED), prose(n));
    let text = format!("In-Reply-To: {id}\nReferences: {id}\n{head}\nOne more thing:\n\n{prose}");
    Mail { from, fate: Fate::Joins, text: text.into_bytes() }
}

fn by_subject(n: usize, of: usize) -> Mail {
    let from = reporter(of);
    let head = head(&from, n, &format!("Re: {}", subject(of)), "");
    let text = format!("{head}\nThe same happens with version 4.{n}, which I tried today.\n");
    Mail { from, fate: Fate::Joins, text: text.into_bytes() }
}

fn vacation(n: usize) -> Mail {
    let from = reporter(n);
    let head = head(&from, n, "Automatic reply: out of office", "");
    let text = format!("Auto-Submitted: auto-replied\n{head}\nI am away until Monday.\n");
    Mail { from, fate: Fate::Machine, text: text.into_bytes() }
}

fn bounce(n: usize) -> Mail {
    let from = format!("mailer-daemon@host{}.example", n % 500);
    let head = head(&from, n, "Undelivered Mail Returned to Sender", "");
    let text = format!(
        "Return-Path: <>\n{head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nYour mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.acorn.example\n\nFinal-Recipient: rfc822; x@acorn.example\n\
         Action: failed\nStatus: 5.1.1\n--b--\n"
    );
    Mail { from, fate: Fate::Machine, text: text.into_bytes() }
}

fn reporter(n: usize) -> String {
    format!("r{n}@host{}.example", n % 500)
}

fn subject(n: usize) -> String {
    format!("Problem {n} in the {}", word(n, 0))
}

fn id(from: &str, n: usize, owed: &str) -> String {
    format!("<{owed}{n}@{}>", domain(from))
}

fn domain(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

fn head(from: &str, n: usize, subject: &str, owed: &str) -> String {
    let domain = domain(from);
    format!(
        "Authentication-Results: mx.project.example; dkim=pass header.d={domain}\n\
         From: Reporter {n} <{from}>\nTo: security@project.example\nSubject: {subject}\n\
         Date: Tue, 01 Sep 2026 18:11:00 +0100\nMessage-ID: {}\nMIME-Version: 1.0\n",
        id(from, n, owed)
    )
}

/// Eight lines that no other mail has.
fn prose(n: usize) -> String {
    let mut text = String::new();
    for line in 0..8 {
        let words: Vec<&str> = (0..12).map(|at| word(n, line * 12 + at + 1)).collect();
        writeln!(text, "{}", words.join(" ")).unwrap();
    }
    text
}

const WORDS: [&str; 32] = [
    "path",
    "traversal",
    "handler",
    "header",
    "request",
    "parser",
    "cookie",
    "session",
    "router",
    "static",
    "file",
    "upload",
    "memory",
    "leak",
    "crash",
    "buffer",
    "prototype",
    "pollution",
    "version",
    "regular",
    "expression",
    "denial",
    "service",
    "attacker",
    "remote",
    "code",
    "middleware",
    "proxy",
    "redirect",
    "token",
    "signature",
    "archive",
];

/// SplitMix64 of both numbers: text that looks random and is the same in every run.
fn word(n: usize, at: usize) -> &'static str {
    let mut bits = (n as u64) << 16 | at as u64;
    bits = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    WORDS[(bits >> 59) as usize]
}
