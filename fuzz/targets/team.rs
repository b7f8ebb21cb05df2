//! What a member writes: a command in answer to a notice, and a note of absence.

use watchpost::desk::event::Fact;
use watchpost::desk::folder::Role;
use watchpost::desk::parse::parse;
use watchpost::desk::time::Span;

use super::office::{KIM, Office, POLICIES, SERVER};

/// The first line is the subject, the rest is the text.
pub(super) fn run(bytes: &[u8]) {
    let (subject, text) = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or_else(|| (&b"Re: report"[..], bytes), |end| (&bytes[..end], &bytes[end + 1..]));
    let mut office = Office::open(&POLICIES[0]);
    let report = format!(
        "Authentication-Results: {SERVER}; dmarc=pass header.from=acorn.example\r\n\
         From: ann@acorn.example\r\nTo: security@project.example\r\nMessage-ID: <1@acorn.example>\r\n\
         Subject: Path traversal in static\r\n\r\nThe server gives out /etc/passwd for \
         GET /..%2f..%2fetc/passwd in version 4.1, as I tried with curl.\r\n"
    );
    office.receive(parse(report.as_bytes(), true), Role::Inbox);
    let notice = office.letters.iter().find(|letter| letter.id.member() == Some("kim"));
    let notice = notice.unwrap().message_id.to_string();
    for (n, machine) in ["", "Auto-Submitted: auto-replied\r\n"].into_iter().enumerate() {
        let head = format!(
            "Authentication-Results: {SERVER}; dmarc=pass header.from=project.example\r\n\
             From: {KIM}\r\nTo: security@project.example\r\nMessage-ID: <{n}@project.example>\r\n\
             In-Reply-To: {notice}\r\n{machine}Subject: "
        );
        let mail = [head.as_bytes(), subject, b"\r\n\r\n", text].concat();
        office.receive(parse(&mail, true), Role::Inbox);
        office.work(3);
    }
    for event in &office.log {
        if let Fact::Away { until, .. } = &event.fact {
            assert!(*until > event.at && until.since(event.at) <= Span::hours(24 * 366), "{until}");
        }
    }
}
