//! What mail systems say about a mail in words: the notes of old, small and self-willed ones. Only
//! the sender and the words tell what they are.

use crate::desk::address::Address;
use crate::desk::message::{MailReport, Message, ReturnPath};

use super::report::note;
use super::{ids, limits};

/// The kind of a report that no standard form makes: only its sender and its words tell.
pub(super) const FREE_FORM: &str = "free-form";

/// A report without any form: it comes from a mail system, and says that a mail did not arrive.
pub(super) fn read(message: &Message) -> Option<MailReport> {
    if !from_mail_system(message) && !begins_as_one(&message.text) {
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

fn begins_as_one(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(80).collect();
    let start = start.to_lowercase().replace('’', "'");
    BEGINNINGS.iter().any(|words| start.starts_with(words))
}

/// Whether a mail system wrote this, as far as the header tells.
pub(super) fn from_mail_system(message: &Message) -> bool {
    message.header("x-failed-recipients").is_some()
        || message.return_path == Some(ReturnPath::Null)
        || message.from.iter().any(|one| is_mail_system(&one.address) || is_named_as_one(&one.name))
}

fn is_named_as_one(name: &str) -> bool {
    let name = name.to_lowercase();
    SYSTEMS.iter().any(|words| name.contains(words))
}

/// Whether this address is that of a mail system.
fn is_mail_system(address: &Address) -> bool {
    let local = address.local().to_ascii_lowercase();
    matches!(
        local.as_str(),
        "mailer-daemon"
            | "postmaster"
            | "mail-daemon"
            | "maildaemon"
            | "mailerdaemon"
            | "mailrouter"
            | "mail-router"
            | "double-bounce"
            | "mdaemon"
    ) || ["mailer-daemon", "microsoftexchange", "postmaster-"].iter().any(|s| local.starts_with(s))
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
    "delivery failure",
    "non-delivery",
    "nondelivery",
    "undelivered",
    "not delivered",
    "unable to be delivered",
    "can't be delivered",
    "cannot be delivered",
    "couldn't reach",
    "could not be reached",
    "did not reach",
    "not listed in domino directory",
    "message rejected",
    "was rejected",
    "has been rejected",
    "temporary problem delivering",
    "delivery incomplete",
    "delivery attempts",
    "recipient not found",
    "wasn't found",
    "mailbox disabled",
    "account is disabled",
    "no mailbox here",
    "mail failure",
    "has not yet been delivered",
    "not yet been delivered",
    "returned to you",
    "was returned",
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
    "nicht zugestellt",
    "nachrichtenzustellung",
    "nicht zustellbar",
    "zustellung verzögert",
    "konnte nicht ausgeliefert",
    "zustellung fehlgeschlagen",
    "n'a pas pu être remis",
    "n'a pas été remis",
    "non remis",
    "échec de la remise",
    "n'a pas pu être livré",
    "non distribué",
    "n'a pas pu être distribué",
    "no se puede entregar",
    "no se ha entregado",
    "no entregado",
    "no se pudo entregar",
    "no se ha podido entregar",
    "no ha podido ser entregado",
    "não foi possível entregar",
    "não pôde ser entregue",
    "não foi entregue",
    "não entregue",
    "falha na entrega",
    "não pode ser entregue",
    "impossibile recapitare",
    "non recapitabile",
    "non è stato consegnato",
    "consegna non riuscita",
    "non è stato recapitato",
    "mancata consegna",
    "recapito non riuscito",
    "non è stato possibile recapitare",
    "niet worden afgeleverd",
    "niet worden bezorgd",
    "kan niet worden bezorgd",
    "onbestelbaar",
    "niet bezorgd",
    "nie mogła zostać dostarczona",
    "nie można dostarczyć",
    "niedostarcz",
    "nie dostarczono",
    "nie powiodło się",
    // Czech, Slovak, Hungarian, Romanian, Croatian, Greek
    "nedoručiteln",
    "nepodařilo doručit",
    "nepodarilo doručiť",
    "nebylo možné doručit",
    "kézbesíthetetlen",
    "nem kézbesíthető",
    "nem sikerült kézbesíteni",
    "nu a putut fi livrat",
    "nu a fost livrat",
    "nije isporučen",
    "nije moguće isporučiti",
    "δεν παραδόθηκε",
    "δεν ήταν δυνατή η παράδοση",
    "αδυναμία παράδοσης",
    // Swedish, Danish, Norwegian, Finnish
    "kunde inte levereras",
    "inte kunnat levereras",
    "olevererbart",
    "gick inte att leverera",
    "kunne ikke leveres",
    "kan ikke leveres",
    "ikke leveret",
    "ikke levert",
    "ei voitu toimittaa",
    "toimitus epäonnistui",
    "toimittaminen epäonnistui",
    // Russian, Ukrainian, Turkish, Japanese, Chinese, Korean
    "не удалось доставить",
    "не доставлено",
    "не может быть доставлено",
    "недоставлен",
    "сбой доставки",
    "доставка не удалась",
    "доставити не вдалося",
    "не може да бъде доставено",
    "не беше доставено",
    "не вдалося доставити",
    "teslim edilemedi",
    "iletilemedi",
    "teslim edilemeyen",
    "teslim edilememiştir",
    "gönderilemedi",
    // Arabic, Hebrew, Persian, Thai, Vietnamese, Indonesian
    "تعذر تسليم",
    "تعذّر تسليم",
    "لم يتم تسليم",
    "فشل تسليم",
    "לא ניתן היה למסור",
    "לא נמסרה",
    "המסירה נכשלה",
    "تحویل داده نشد",
    "ไม่สามารถส่ง",
    "ส่งไม่สำเร็จ",
    "không thể gửi",
    "không gửi được",
    "tidak dapat dikirim",
    "tidak terkirim",
    "gagal terkirim",
    "配信できません",
    "配信に失敗",
    "届けることができません",
    "送信できません",
    "配信不能",
    "配信できな",
    "送信できな",
    "届きませんでした",
    "宛先不明",
    "无法投递",
    "无法送达",
    "退信",
    "投递失败",
    "被退回",
    "未送达",
    "未能送达",
    "无法发送",
    "無法傳送",
    "退回",
    "無法遞送",
    "배달되지 않",
    "전송 실패",
    "전달되지 못",
    "전달되지 않",
    "발송 실패",
    "배달 실패",
    "반송",
];

/// What the names of mail systems hold, in lower case.
const SYSTEMS: &[&str] = &[
    "mail delivery s",
    "mailer-daemon",
    "mailer daemon",
    "mail router",
    "postmaster",
    "mail administrator",
    "delivery subsystem",
    "content-filter",
];

/// How mail systems begin a report that carries no sign in its header. A person who quotes one of
/// these says something before it.
const BEGINNINGS: &[&str] = &[
    "hi. this is the ",
    "this is the mail system at host",
    "this is the mail delivery system at",
    "this message was created automatically by mail delivery software.",
    "this is an automatically generated delivery status notification",
    "this report relates to a message you sent",
    "your message did not reach some or all of the intended recipients",
    "delivery has failed to these recipients",
    "delivery to the following recipient",
    "the following message to <",
    "the original message was received at ",
    "----- the following addresses had",
    "** address not found **",
    "** message not delivered **",
    "** message blocked **",
    "** delivery incomplete **",
    "sorry, we were unable to deliver your message",
    "fehler bei der nachrichtenzustellung an folgende",
    "échec de la remise pour ces destinataires",
    "no se pudo entregar el mensaje a estos destinatarios",
    "impossibile recapitare il messaggio ai seguenti",
    "não foi possível entregar a mensagem a estes destinatários",
];
