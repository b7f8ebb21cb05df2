//! Addresses, ids, subjects and whatever else stands in a header field.

use watchpost::desk::address::{Address, Mailbox, ascii_domain};
use watchpost::desk::ids::CaseId;
use watchpost::desk::keys::named_in_address;
use watchpost::desk::letter::{AutoSubmitted, Letter, LetterId};
use watchpost::desk::line::{one_line, row_line, shown, without_addresses};
use watchpost::desk::message::MessageId;
use watchpost::desk::parse::{date, parse};
use watchpost::desk::thread::{self, base_subject};
use watchpost::desk::time::{Day, Moment, Span, Zone};
use watchpost::io::smtp::compose;

use super::letters::{breaks, headers};
use super::office::{POLICIES, keys, start};

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().next().unwrap_or_default();
    for field in [&*text, first, first.trim()] {
        address(field);
        id(field);
        line(field);
        moment(field);
    }
    header(bytes);
    letter(&text, first);
}

fn address(text: &str) {
    let _ = ascii_domain(text);
    let Some(address) = Address::parse(text) else { return };
    let written = address.to_string();
    assert!(!written.contains(breaks), "{written:?}");
    assert_eq!(Address::parse(&written).as_ref(), Some(&address), "{written:?}");
    let bare = address.without_tag();
    assert_eq!(bare.without_tag(), bare);
    assert_eq!(Address::parse(&bare.to_string()), Some(bare.clone()), "{bare}");
    assert_eq!(address.key(), address.key().to_lowercase());
    let made = keys().made_address(&address);
    assert!(made.is_none() || named_in_address(&address).is_some());
}

fn id(text: &str) {
    if let Some(id) = MessageId::parse(text) {
        assert!(!id.to_string().contains(breaks), "{id:?}");
        assert_eq!(MessageId::parse(&id.to_string()), Some(id.clone()));
        let _ = keys().letter(&id).map(|letter| letter.case());
    }
    if let Some(case) = CaseId::parse(text) {
        assert_eq!(CaseId::parse(&case.to_string()), Some(case));
    }
    let letter = LetterId(text.to_owned());
    let _ = (letter.case(), letter.as_notice(), letter.question(), letter.digest_of());
    let _ = (letter.missed_promise(), letter.member(), letter.says_that_we_wait());
}

fn line(text: &str) {
    for most in [0, 1, 7, 80] {
        for line in [one_line(text, most), row_line(text, most)] {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        assert!(one_line(text, most).chars().count() <= most + 1);
    }
    assert!(!shown(text).contains(breaks));
    let _ = without_addresses(text);
    let base = base_subject(text);
    assert_eq!(base_subject(&base), base, "of {text:?}");
    let _ = (thread::has_prefix(text), thread::is_forward(text), thread::without_prefixes(text));
    for case in thread::tags(text) {
        assert_eq!(CaseId::parse(&case.to_string()), Some(case));
    }
}

fn moment(text: &str) {
    let read = [date(text.as_bytes()), Moment::parse_rfc3339(text)];
    for moment in read.into_iter().flatten() {
        let _ = (moment.rfc3339(), moment.rfc5322(), moment.in_words(), moment.short());
        let _ = (moment.asctime(), moment.calendar(), moment.year());
        assert_eq!(Moment::parse_rfc3339(&moment.rfc3339()), Some(moment));
    }
    if let Some(day) = Day::parse(text) {
        let _ = (day.year(), day.weekday(), day.plus(1), day.plus(i64::MAX));
        let _ = Zone::named("Europe/Berlin").map(|zone| zone.begins(day));
    }
    if let Some(span) = Span::parse(text) {
        let _ = (span.exact(), start() + span, start() - span);
    }
    let _ = Zone::named(text);
}

fn header(bytes: &[u8]) {
    let fields = [
        "From",
        "Reply-To",
        "To",
        "Cc",
        "Subject",
        "Message-ID",
        "References",
        "In-Reply-To",
        "Thread-Index",
        "Delivered-To",
        "Return-Path",
        "Received",
        "Date",
        "Content-Type",
        "X-Original-From",
    ];
    let mut mail = Vec::new();
    for field in fields {
        mail.extend_from_slice(format!("{field}: ").as_bytes());
        mail.extend_from_slice(bytes);
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(b"\r\nThe parser hangs on a long header.\r\n");
    let message = parse(&mail, true);
    for tie in thread::ties(&message) {
        let _ = (tie.key(), tie.names().map(ToString::to_string));
    }
    let _ = (thread::is_reply(&message), thread::text_key(&message));
}

/// A letter with this in every place that can hold text of somebody else.
fn letter(text: &str, first: &str) {
    let to = Address::parse(first).unwrap_or_else(Address::nowhere);
    let id = MessageId::parse(first);
    let letter = Letter {
        id: LetterId("EXP-2026-0001/acknowledgement".into()),
        inbox: "security".into(),
        message_id: id.clone().or(MessageId::parse("<1@project.example>")).unwrap(),
        date: start(),
        from: POLICIES[0].from.clone(),
        to: Mailbox { name: text.to_owned(), address: to.clone() },
        reply_to: Some(to.clone()),
        envelope_from: to,
        subject: text.to_owned(),
        in_reply_to: id.clone(),
        references: id.into_iter().collect(),
        auto_submitted: AutoSubmitted::AutoReplied,
        body: text.to_owned(),
    };
    if let Ok(bytes) = compose(&letter) {
        headers(&bytes);
    }
}
