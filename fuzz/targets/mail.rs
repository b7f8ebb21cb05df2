//! The bytes of a mail: read, judged for each kind of inbox, answered.

use watchpost::desk::folder::Role;
use watchpost::desk::judge::judge_and_read;
use watchpost::desk::line::shown;
use watchpost::desk::message::Message;
use watchpost::desk::parse::{limits, needs_more, parse};

use super::letters::breaks;
use super::office::{Office, POLICIES};

pub(super) fn run(bytes: &[u8]) {
    needs_more(bytes);
    for whole in [true, false] {
        let message = parse(bytes, whole);
        bounded(&message);
        for policy in &*POLICIES {
            let (judged, judgement) = judge_and_read(message.clone(), policy);
            bounded(&judged.message);
            assert!(!judged.verdict.reasons.is_empty() && !judgement.reading.name().is_empty());
            for reason in &judged.verdict.reasons {
                assert!(!reason.detail.contains(char::is_control), "{reason:?}");
                assert!(!shown(&reason.detail).contains(breaks), "{reason:?}");
            }
            assert!(!judged.verdict.hints.iter().any(|hint| hint.contains(char::is_control)));
        }
    }
    for policy in &*POLICIES {
        for role in [Role::Inbox, Role::Junk, Role::Sent] {
            let mut office = Office::open(policy);
            office.receive(parse(bytes, true), role);
            let first = office.log.len();
            office.work(if role == Role::Inbox { 6 } else { 1 });
            if role == Role::Inbox && first > 0 {
                // The same once more: a second mail on the case, or a second copy.
                office.receive(parse(bytes, false), role);
            }
        }
    }
}

fn bounded(message: &Message) {
    assert!(message.text.len() <= limits::TEXT);
    assert!(message.headers.len() <= limits::FIELDS);
    assert!(message.attachments.len() <= limits::PARTS);
    assert!(message.references.len() <= limits::IDS && message.in_reply_to.len() <= limits::IDS);
    assert!(message.ids.len() <= limits::IDS);
    assert!(message.subject.chars().count() <= limits::SUBJECT);
    assert!(!message.subject.contains(char::is_control), "{:?}", message.subject);
    let boxes = [&message.from, &message.reply_to, &message.cc];
    for mailbox in boxes.into_iter().flatten() {
        assert!(!mailbox.name.contains(char::is_control), "{:?}", mailbox.name);
    }
}
