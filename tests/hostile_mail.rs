//! Hostile mail is normal input: whatever the bytes are, reading and judging them neither panics
//! nor takes more than its bounds.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by stopping")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::judge::{self, Judged};
use watchpost::desk::message::{Defect, Message};
use watchpost::desk::parse::{limits, needs_more, parse};
use watchpost::desk::policy::Policy;
use watchpost::desk::verdict::Verdict;

fn policy() -> Policy {
    let inbox = Address::parse("security@project.example").unwrap();
    Policy {
        recipients: vec![inbox.clone()],
        from: Mailbox { name: "Project Security".to_owned(), address: inbox },
        authserv_id: Some("mx.project.example".to_owned()),
        lists: Address::parse("security@project.example").into_iter().collect(),
        ..Policy::unconfigured()
    }
}

/// Reads and judges in a thread with a stack of 2 MB, as the daemon's workers have.
fn judge(bytes: Vec<u8>) -> (Message, Verdict) {
    let work = move || {
        let Judged { message, verdict, .. } = judge::judge(parse(&bytes, true), &policy());
        (message, verdict)
    };
    let started = Instant::now();
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap();
    let judged = thread.join().unwrap();
    // Far above what it takes; what is quadratic takes minutes here.
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    bounded(&judged.0);
    judged
}

fn bounded(message: &Message) {
    assert!(message.text.len() <= limits::TEXT);
    assert!(message.headers.len() <= limits::FIELDS);
    assert!(message.attachments.len() <= limits::PARTS);
    assert!(message.references.len() <= limits::IDS && message.in_reply_to.len() <= limits::IDS);
    assert!(message.subject.chars().count() <= limits::SUBJECT);
    let header: usize = message.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(header <= 2 * limits::HEADER, "{header}");
}

fn over_limit(message: &Message) -> bool {
    message.defects.contains(&Defect::OverLimit)
}

#[test]
fn a_hundred_thousand_multiparts_in_one_another() {
    let mut mail = String::from("Content-Type: multipart/mixed; boundary=b0\n\n");
    for n in 1..100_000 {
        let _ = write!(mail, "--b{}\nContent-Type: multipart/mixed; boundary=b{n}\n\n", n - 1);
    }
    mail.push_str("--b99999\n\nThe parser hangs.\n");
    let (message, _) = judge(mail.into_bytes());
    assert!(over_limit(&message));
}

#[test]
fn a_hundred_thousand_attached_mails_in_one_another() {
    let mail = "Content-Type: message/rfc822\n\n".repeat(100_000);
    assert_eq!(judge(mail.into_bytes()).0.attachments.len(), 1);
}

#[test]
fn a_million_header_fields() {
    let mut mail = "A: b\n".repeat(1_000_000).into_bytes();
    mail.extend_from_slice(b"\nThe parser hangs on a header.\n");
    let (message, _) = judge(mail);
    assert!(over_limit(&message) && message.text.starts_with("The parser"));
}

#[test]
fn a_million_parts() {
    let mut mail = String::from("Content-Type: multipart/mixed; boundary=b\n\n");
    mail.push_str(&"--b\n\n".repeat(1_000_000));
    assert!(over_limit(&judge(mail.into_bytes()).0));
}

#[test]
fn one_line_of_64_megabytes() {
    let mut mail = b"Subject: x\n\n".to_vec();
    mail.resize(64 << 20, b'a');
    assert!(over_limit(&judge(mail).0));
    let mut header = b"Subject: ".to_vec();
    header.resize(64 << 20, b'a');
    judge(header);
}

#[test]
fn a_million_recipients_and_ids() {
    let to = "a@x.example,".repeat(1_000_000);
    let ids = "<a@x.example> ".repeat(100_000);
    let (message, _) =
        judge(format!("To: {to}\nReferences: {ids}\nMessage-ID: {ids}\n\nx").into_bytes());
    assert!(message.to.len() <= limits::ADDRESSES && message.ids.len() <= limits::IDS);
}

#[test]
fn pages_that_make_a_renderer_slow() {
    for page in [
        "<div>".repeat(200_000),
        "<a href=https://x.example>".repeat(50_000),
        format!("{}{}", "<a href=https://x.example>".repeat(900), "word ".repeat(50_000)),
        "<b></i>".repeat(300_000),
        "<br>".repeat(400_000) + &"<p>".repeat(400_000),
        "<blockquote>x<br>".repeat(100_000),
        "<!--".repeat(500_000),
        "<style>".repeat(200_000),
        "</style".repeat(200_000),
        "<a b=\"".repeat(200_000),
        "&".repeat(1_000_000),
        "<p class='a b c d e f g h i j k l m n o p q r s t'>".repeat(40_000),
        format!("<style>{}</style>", ".a{display:none}".repeat(100_000)),
    ] {
        judge(format!("Content-Type: text/html\n\n{page}").into_bytes());
    }
}

#[test]
fn texts_that_make_a_judge_slow() {
    for text in [
        "https://x.example/ ".repeat(20_000),
        "漏洞".repeat(60_000),
        "a.b/c ".repeat(60_000),
        "(".repeat(300_000),
        "http://".repeat(50_000),
        ">".repeat(300_000),
        "> x\nOn Monday, A wrote:\n".repeat(10_000),
        "-----BEGIN PGP MESSAGE-----\n".repeat(10_000),
        "Regards\n".repeat(30_000),
        "crash ".repeat(50_000),
        "attached. ".repeat(30_000),
        "=?utf-8?q?".repeat(30_000),
    ] {
        judge(format!("Subject: Re: {text}\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n{text}").into_bytes());
    }
}

fn samples() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/samples");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn survives(bytes: &[u8]) {
    for whole in [true, false] {
        let message = parse(bytes, whole);
        bounded(&message);
        let Judged { message, verdict, .. } = judge::judge(message, &policy());
        bounded(&message);
        assert!(!verdict.reasons.is_empty());
        assert!(verdict.reasons.iter().all(|reason| !reason.detail.chars().any(char::is_control)));
    }
    needs_more(bytes);
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        survives(&bytes);
    }

    #[test]
    fn samples_with_damage_are_survived(
        which in 0..60_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut mail = samples().swap_remove(which);
        for (place, byte) in damage {
            let place = place.index(mail.len());
            if let Some(old) = mail.get_mut(place) {
                *old = byte;
            }
        }
        if cuts {
            mail.truncate(cut.index(mail.len()));
        }
        survives(&mail);
    }

    #[test]
    fn mails_put_together_from_pieces_are_survived(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60),
    ) {
        survives(pieces.concat().as_bytes());
    }
}

const PIECES: &[&str] = &[
    "From: a@x.example\n",
    "Subject: =?utf-8?q?=C3?= =?utf-8?b?vA==?=\n",
    "Content-Type: multipart/mixed; boundary=b\n",
    "Content-Type: multipart/alternative; boundary=\"c\"\n",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
    "Content-Type: text/html; charset=iso-2022-jp\n",
    "Content-Type: application/pkcs7-mime; smime-type=signed-data\n",
    "Content-Type: message/delivery-status\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n",
    "\n",
    "\n\n",
    "--b\n",
    "--c\n",
    "--b--\n",
    "--c--\n",
    "--",
    "<div hidden>",
    "<a href='https://x.example'>",
    "</a>",
    "<p",
    "&#x110000;",
    "=",
    "=\n",
    "=C3",
    "\u{1b}$B",
    "é漏洞🙂",
    "\u{202e}",
    "\0",
    "> ",
    ">",
    "-- \n",
    "https://",
    "https://[::1]:x/",
    "-----BEGIN PGP SIGNED MESSAGE-----\n",
    "Regards\n",
    ";",
    ":",
    "(",
    "\"",
    "\\",
    "<",
    ",",
    "@",
    "crash parser header cookie ",
    "attached ",
    "out of office ",
    "Final-Recipient: rfc822; a@x.example\n",
    "Action: failed\n",
    "Authentication-Results: mx.project.example; dmarc=(",
    "Date: Mon, 31 Feb 99999 99:99:99 +9999\n",
    "Received: x; ",
    "AAAA",
    "QUJD\n",
    "%",
    "'",
    " \n",
    "\t",
    "\r",
    "\r\n",
];
