//! What a mail says about another mail in a standard form: delivery reports (RFC 3464), receipts
//! (RFC 8098), abuse reports (RFC 5965).

use crate::desk::address::Address;
use crate::desk::message::MailReport;

use super::body::decoded;
use super::fields::Header;
use super::mime::{Part, Tree};
use super::{grammar, ids, limits};

/// The report that the parts hold, in whatever order they stand. Outside of a `multipart/report`
/// only the mail of a mail system is one: a person may attach a report that they received.
pub(super) fn read(tree: &Tree<'_>, from_system: bool) -> Option<MailReport> {
    let root = tree.parts.iter().find(|part| part.is("multipart/report"));
    let declared = root.and_then(|part| part.media.parameter("report-type"));
    let status = tree.parts.iter().find_map(|part| status_kind(&part.media.value));
    let kind = match (declared, status) {
        (Some(kind), _) => kind.trim().to_ascii_lowercase(),
        (None, Some(kind)) if root.is_some() || from_system => kind.to_owned(),
        (None, None) if root.is_some() => "delivery-status".to_owned(),
        (None, _) => return None,
    };
    let mut report = MailReport { kind, ..MailReport::default() };
    for part in &tree.parts {
        if status_kind(&part.media.value).is_some() {
            read_status(&mut report, &decoded(part, limits::REPORT));
        } else if returned(part) {
            read_returned(&mut report, &decoded(part, limits::REPORT));
        }
    }
    Some(report)
}

/// Adds which mail came back, where a report in words carries it.
pub(super) fn with_returned(mut report: MailReport, tree: &Tree<'_>) -> MailReport {
    for part in tree.parts.iter().filter(|part| returned(part)) {
        read_returned(&mut report, &decoded(part, limits::REPORT));
    }
    report.about.truncate(limits::REPORTED);
    report
}

fn status_kind(media: &str) -> Option<&'static str> {
    Some(match media {
        "message/delivery-status" | "message/global-delivery-status" => "delivery-status",
        "message/disposition-notification" | "message/global-disposition-notification" => {
            "disposition-notification"
        }
        "message/feedback-report" => "feedback-report",
        _ => return None,
    })
}

fn returned(part: &Part<'_>) -> bool {
    [
        "text/rfc822-headers",
        "message/rfc822",
        "message/rfc822-headers",
        "message/global",
        "message/global-headers",
    ]
    .iter()
    .any(|kind| part.is(kind))
}

/// Reads the groups of fields of a status part (RFC 3464 section 2.1, RFC 8098 section 3.1).
fn read_status(report: &mut MailReport, bytes: &[u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let header = Header::read(bytes, at, limits::REPORT);
        for field in &header.fields {
            let value = grammar::unstructured(&field.mended());
            match field.name().as_str() {
                "action" => note(&mut report.actions, action(&value)),
                "final-recipient" | "original-recipient" | "original-rcpt-to" => {
                    // The address stands after its type: `rfc822; ann@acorn.example`.
                    let address = value.rsplit(';').next().unwrap_or_default();
                    let address = address.trim().trim_matches(['<', '>']);
                    if let Some(address) = Address::parse(address) {
                        note(&mut report.recipients, address);
                    }
                }
                "original-message-id" => ids(&value, &mut report.about),
                _ => {}
            }
        }
        at = if header.body > at { header.body } else { super::fields::line_end(bytes, at) };
    }
}

/// What became of a recipient, in lower case: one word (RFC 3464 section 2.3.3), after which some
/// systems comment on it.
fn action(value: &str) -> String {
    let value = value.trim_start().to_ascii_lowercase();
    let word = value.split(|c: char| !c.is_ascii_alphabetic() && c != '-').next();
    word.unwrap_or_default().to_owned()
}

fn read_returned(report: &mut MailReport, bytes: &[u8]) {
    let header = Header::read(bytes, 0, limits::REPORT);
    if let Some(field) = header.get("message-id") {
        ids(&grammar::unstructured(field.value), &mut report.about);
    }
}

/// Adds one to a list that is bounded and holds each once.
pub(super) fn note<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if list.len() < limits::REPORTED && !list.contains(&one) {
        list.push(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::message::MessageId;

    #[test]
    fn a_status_part_names_whom_it_did_not_reach() {
        let mut report = MailReport::default();
        read_status(
            &mut report,
            b"Reporting-MTA: dns; mx.acorn.example\n\nFinal-Recipient: rfc822; a@acorn.example\nAction: Failed\n\n\
              Final-Recipient: rfc822;<b@acorn.example>\nAction: delayed\n",
        );
        assert_eq!(report.actions, ["failed", "delayed"]);
        let names: Vec<String> = report.recipients.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a@acorn.example", "b@acorn.example"]);
    }

    #[test]
    fn what_became_of_a_mail_is_one_word_whatever_is_said_of_it() {
        for said in ["failed", " Failed (mailbox full)", "FAILED; gone", "\n failed "] {
            let mut report = MailReport::default();
            read_status(&mut report, format!("Action:{said}\n").as_bytes());
            assert_eq!(report.actions, ["failed"], "{said}");
        }
    }

    #[test]
    fn the_returned_header_names_the_mail() {
        let mut report = MailReport::default();
        read_returned(&mut report, b"Received: x\nMessage-Id: <a1@project.example>\n\nbody");
        assert_eq!(report.about, [MessageId::parse("a1@project.example").unwrap()]);
    }
}
