//! What a mail says about another mail: delivery reports (RFC 3464), receipts (RFC 8098), abuse
//! reports (RFC 5965), and the free-form notes of old and small mail systems.

use crate::desk::address::Address;
use crate::desk::message::{MailReport, Message, ReturnPath};

use super::body::decoded;
use super::fields::Header;
use super::mime::{Part, Tree};
use super::{grammar, ids, limits};

/// The kind of a report that no standard form makes: only its sender and its words tell.
pub(super) const FREE_FORM: &str = "free-form";

/// What mail systems write when they could not deliver, in lower case. A table, so that a line
/// seen in the field is a line here.
const FAILURE: &[&str] = &[
    // qmail, Exim, Postfix, Sendmail, Exchange, and what hosts write
    "i wasn't able to deliver your message",
    "could not be delivered",
    "couldn't be delivered",
    "could not deliver your m",
    "could not be sent",
    "was not delivered",
    "wasn't delivered",
    "not able to deliver",
    "unable to deliver",
    "cannot deliver",
    "undeliverable",
    "undelivered mail",
    "delivery failed",
    "delivery has failed",
    "delivery to the following recipient",
    "delivery status notification",
    "failure notice",
    "mail delivery fail",
    "mail delivery system",
    "message delivery fail",
    "returned mail",
    "returned to sender",
    "permanent fatal errors",
    "this is a permanent error",
    "address rejected",
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "mailbox unavailable",
    "mailbox not found",
    "mailbox is full",
    "mailbox full",
    "over quota",
    "quota exceeded",
    "does not exist",
    "has been delayed",
    "delivery is delayed",
    "still trying to deliver",
    "will keep trying",
    "could not send message",
    "still queued",
    "address not found",
    "addresses were unknown",
    "address couldn't be found",
    "host or domain name not found",
    "remote host said",
    "recipient address",
    // German, French, Spanish, Portuguese, Italian, Dutch, Polish
    "unzustellbar",
    "nicht zugestellt werden",
    "konnte nicht ausgeliefert",
    "zustellung fehlgeschlagen",
    "n'a pas pu être remis",
    "n'a pas été remis",
    "non remis",
    "échec de la remise",
    "no se pudo entregar",
    "no se ha podido entregar",
    "no ha podido ser entregado",
    "não foi possível entregar",
    "não pôde ser entregue",
    "não pode ser entregue",
    "impossibile recapitare",
    "non recapitabile",
    "non è stato consegnato",
    "consegna non riuscita",
    "non è stato recapitato",
    "mancata consegna",
    "niet worden afgeleverd",
    "niet worden bezorgd",
    "kan niet worden bezorgd",
    "nie mogła zostać dostarczona",
    "nie można dostarczyć",
    "niedostarczon",
    // Russian, Ukrainian, Turkish, Japanese, Chinese, Korean
    "не удалось доставить",
    "не доставлено",
    "не может быть доставлено",
    "недоставлен",
    "не вдалося доставити",
    "teslim edilemedi",
    "iletilemedi",
    "配信できません",
    "配信に失敗",
    "届けることができません",
    "送信できません",
    "无法投递",
    "无法送达",
    "退信",
    "投递失败",
    "無法遞送",
    "배달되지 않",
    "전송 실패",
    "전달되지 못",
];

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

/// A report without any form: it comes from a mail system, and says that a mail did not arrive.
pub(super) fn free_form(message: &Message) -> Option<MailReport> {
    if !from_mail_system(message) {
        return None;
    }
    let failed = message.header("x-failed-recipients");
    let head: String = message.text.chars().take(4_000).collect();
    let words = format!("{}\n{head}", message.subject).to_lowercase().replace('’', "'");
    // A mail system that wants no answer has nothing else to say.
    let certain = failed.is_some()
        || message.return_path == Some(ReturnPath::Null)
            && message.from.iter().any(|one| is_mail_system(&one.address));
    if !certain && !FAILURE.iter().any(|phrase| words.contains(phrase)) {
        return None;
    }
    let mut report = MailReport { kind: FREE_FORM.to_owned(), ..MailReport::default() };
    let ours = |address: &Address| {
        message.to.contains(address) || message.from.iter().any(|f| f.address == *address)
    };
    let ids_stand = |line: &&str| line.to_ascii_lowercase().contains("message-id");
    let head: String = head.lines().filter(|line| !ids_stand(line)).collect::<Vec<_>>().join("\n");
    let found = addresses(failed.unwrap_or_default()).chain(addresses(&head)).filter(|a| !ours(a));
    for address in found {
        note(&mut report.recipients, address);
    }
    for line in message.text.lines() {
        if let Some(value) = field_of(line.trim_start_matches(['>', ' ', '\t']), "message-id") {
            ids(value, &mut report.about);
        }
    }
    ids(message.header("x-original-message-id").unwrap_or_default(), &mut report.about);
    report.about.truncate(limits::REPORTED);
    Some(report)
}

/// Whether a mail system wrote this, as far as the header tells.
pub(super) fn from_mail_system(message: &Message) -> bool {
    message.header("x-failed-recipients").is_some()
        || message.return_path == Some(ReturnPath::Null)
        || message.from.iter().any(|one| is_mail_system(&one.address))
}

/// Whether this address is that of a mail system.
fn is_mail_system(address: &Address) -> bool {
    let local = address.local().to_ascii_lowercase();
    matches!(
        local.as_str(),
        "mailer-daemon" | "postmaster" | "mail-daemon" | "maildaemon" | "mailerdaemon"
    ) || local.starts_with("mailer-daemon")
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
                "action" => note(&mut report.actions, value.trim().to_ascii_lowercase()),
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

fn read_returned(report: &mut MailReport, bytes: &[u8]) {
    let header = Header::read(bytes, 0, limits::REPORT);
    if let Some(field) = header.get("message-id") {
        ids(&grammar::unstructured(field.value), &mut report.about);
    }
}

fn note<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if list.len() < limits::REPORTED && !list.contains(&one) {
        list.push(one);
    }
}

/// Everything in a text that is an address.
fn addresses(text: &str) -> impl Iterator<Item = Address> {
    text.split(|c: char| c.is_whitespace() || "<>(),;:\"'".contains(c))
        .filter(|word| word.contains('@'))
        .take(limits::REPORTED)
        .filter_map(|word| Address::parse(word.trim_end_matches(['.', '!', '?'])))
}

fn field_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (head, value) = line.split_once(':')?;
    head.trim().eq_ignore_ascii_case(name).then_some(value)
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
    fn the_returned_header_names_the_mail() {
        let mut report = MailReport::default();
        read_returned(&mut report, b"Received: x\nMessage-Id: <a1@project.example>\n\nbody");
        assert_eq!(report.about, [MessageId::parse("a1@project.example").unwrap()]);
    }
}
