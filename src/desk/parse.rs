//! Bytes to `Message`. It never fails: what is odd, cut or broken becomes a defect of the message.
//!
//! Work and memory are linear in the bytes and bounded by `limits`, whatever the mail is.

mod body;
mod charset;
mod clean;
mod failures;
mod fields;
mod flowed;
mod free_form;
mod grammar;
mod html;
pub mod limits;
mod mime;
mod report;

use std::borrow::Cow;

use fields::{Field, Header};

use super::address::{Address, Mailbox};
use super::message::{Defect, Message, MessageId, ReturnPath};
use super::time::Moment;

/// Reads a mail (RFC 5322, RFC 2045 and what the field makes of them). `whole` says that nothing of
/// it is missing; of a long mail a beginning is enough, or a beginning, CR LF, and the end.
pub fn parse(bytes: &[u8], whole: bool) -> Message {
    let kept = bytes.get(..limits::MAIL).unwrap_or(bytes);
    let kept = with_line_feeds(kept);
    let kept = after_envelope_line(&kept);
    let header = Header::read(kept, 0, limits::HEADER);
    let tree = mime::cut(kept, &header);
    let mut message = read(bytes, whole, &header, &tree);
    message.enclosed = enclosed(&tree).map(|inner| {
        let header = Header::read(&inner, 0, limits::HEADER);
        Box::new(read(&inner, whole, &header, &mime::cut(&inner, &header)))
    });
    message
}

fn read(bytes: &[u8], whole: bool, header: &Header<'_>, tree: &mime::Tree<'_>) -> Message {
    let mut message = read_fields(header);
    let body = body::read(tree);
    message.report = report::read(tree, free_form::from_mail_system(&message));
    message.text = body.text;
    message.attachments = body.attachments;
    message.encrypted = body.encrypted;
    message.defects.extend(body.defects);
    if message.report.is_none() {
        message.report = free_form::read(&message).map(|one| report::with_returned(one, tree));
    }
    for (found, defect) in [
        (header.fields.is_empty(), Defect::NoHeader),
        (tree.broken && whole, Defect::BrokenMime),
        (!whole, Defect::Partial),
        (header.over || tree.over || bytes.len() > limits::MAIL, Defect::OverLimit),
    ] {
        if found {
            message.defects.push(defect);
        }
    }
    message.defects.sort_unstable();
    message.defects.dedup();
    message
}

/// The one mail that stands in this one, with at most some plain text around it: how list software
/// wraps what it carries. What stands in that one stays closed.
fn enclosed<'a>(tree: &mime::Tree<'a>) -> Option<Cow<'a, [u8]>> {
    let root = tree.parts.first()?;
    let is_mail = |part: &&mime::Part<'_>| part.is("message/rfc822");
    let part = if is_mail(&root) {
        root
    } else if root.is("multipart/mixed") {
        let children: Vec<_> = root.children.iter().filter_map(|c| tree.parts.get(*c)).collect();
        let mut mails = children.iter().copied().filter(is_mail);
        let (one, another) = (mails.next()?, mails.next());
        let plain = children.iter().all(|part| is_mail(part) || part.is("text/plain"));
        if another.is_some() || !plain {
            return None;
        }
        one
    } else {
        return None;
    };
    Some(body::decoded(part, limits::MAIL))
}

/// The moment of a date as header fields have it (RFC 5322 section 3.3, and what is made of it).
pub fn date(text: &[u8]) -> Option<Moment> {
    grammar::date(text).map(Moment::from_unix)
}

/// Whether the judgement of a mail that is longer than this beginning needs its end too: no text
/// to judge has been found yet, or the text itself was cut after a few words.
pub fn needs_more(prefix: &[u8]) -> bool {
    const A_FEW_WORDS: usize = 400;
    let header = Header::read(prefix, 0, limits::HEADER);
    if header.body >= prefix.len() {
        return true;
    }
    let tree = mime::cut(prefix, &header);
    let body = body::read(&tree);
    if let Some(report) = report::read(&tree, false) {
        return report.about.is_empty();
    }
    let letters = body.text.chars().filter(|c| c.is_alphanumeric()).take(A_FEW_WORDS).count();
    let text_cut =
        tree.cut.and_then(|index| tree.parts.get(index)).is_some_and(|part| part.is("text/"));
    let single = tree.parts.len() == 1;
    body.encrypted.is_none() && (letters == 0 || ((text_cut || single) && letters < A_FEW_WORDS))
}

/// What an entity inside of another one shows; one inside of that stays closed.
fn shown(bytes: &[u8]) -> body::Body {
    let header = Header::read(bytes, 0, limits::PART_HEADER);
    body::read_inner(&mime::cut(bytes, &header))
}

/// Very old systems end lines with CR alone. Where there is no LF at all, each CR is one.
fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&b'\n') || !bytes.contains(&b'\r') {
        return Cow::Borrowed(bytes);
    }
    let lines = bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
    Cow::Owned(lines.collect())
}

/// An mbox file and some exports put the envelope before the header; it is not a part of the mail.
fn after_envelope_line(bytes: &[u8]) -> &[u8] {
    if bytes.starts_with(b"From ") || bytes.starts_with(b">From ") {
        bytes.get(fields::line_end(bytes, 0)..).unwrap_or_default()
    } else {
        bytes
    }
}

fn read_fields(header: &Header<'_>) -> Message {
    let mut message = Message::default();
    let (mut from_fields, mut authors, mut controls) = (0, 0, false);
    for field in &header.fields {
        let value = field.mended();
        let (text, odd) = clean::one_line(&grammar::unstructured(&value), limits::FIELD);
        controls |= odd;
        read_field(&mut message, field, &value, &text);
        if field.is("from") {
            from_fields += 1;
            authors += addressed(&value);
        }
        message.headers.push((field.name(), text));
    }
    forget_itself(&mut message);
    limit_ids(&mut message.references);
    limit_ids(&mut message.in_reply_to);
    message.ids.truncate(limits::IDS);
    for (found, defect) in [
        (message.from.is_empty(), Defect::NoFrom),
        (authors > 1 || from_fields > 1, Defect::SeveralFrom),
        (message.ids.is_empty(), Defect::NoMessageId),
        (message.ids.len() > 1, Defect::SeveralMessageIds),
        (controls, Defect::ControlCharacters),
    ] {
        if found {
            message.defects.push(defect);
        }
    }
    message
}

fn read_field(message: &mut Message, field: &Field<'_>, value: &[u8], text: &str) {
    match field.name().as_str() {
        "from" => message.from.extend(mailboxes(value)),
        "sender" if message.sender.is_none() => {
            message.sender = mailboxes(value).into_iter().next();
        }
        "reply-to" => message.reply_to.extend(mailboxes(value)),
        "to" => message.to.extend(addresses(value)),
        "cc" => message.cc.extend(mailboxes(value)),
        "x-original-from" | "original-from" => message.original_from.extend(mailboxes(value)),
        "delivered-to" | "x-original-to" | "envelope-to" => {
            message.delivered_to.extend(addresses(value));
        }
        // A delivering server writes it on top; one further down came with the mail.
        "return-path" if message.return_path.is_none() => message.return_path = return_path(text),
        "subject" if message.subject.is_empty() => {
            message.subject = clean::one_line(text, limits::SUBJECT).0;
        }
        "date" if message.date.is_none() => {
            message.date = date(value);
        }
        "received" if message.received.is_none() => message.received = received(value),
        "message-id" => ids(text, &mut message.ids),
        "in-reply-to" => ids(text, &mut message.in_reply_to),
        "references" => ids(text, &mut message.references),
        "thread-index" if message.thread_index.is_empty() => {
            let encoded: Vec<u8> =
                value.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            message.thread_index = grammar::base64(&encoded);
            message.thread_index.truncate(limits::THREAD_INDEX);
        }
        _ => {}
    }
}

/// The addresses of a field that a letter could go to, with their names.
fn mailboxes(value: &[u8]) -> Vec<Mailbox> {
    let entry = |(name, address): (String, String)| {
        let name = clean::one_line(&name, limits::NAME).0;
        Some(Mailbox { name, address: Address::parse(&address)? })
    };
    grammar::mailboxes(value, limits::ADDRESSES).into_iter().filter_map(entry).collect()
}

/// How many entries of a field have an address, those included that no letter could go to: our mail
/// server may have looked at one of them, and a letter to another would go to somebody whom nobody asked.
fn addressed(value: &[u8]) -> usize {
    let entries = grammar::mailboxes(value, limits::ADDRESSES);
    let named = |(name, address): &(String, String)| {
        address.contains('@') || address.is_empty() && name.contains('@')
    };
    entries.iter().filter(|entry| named(entry)).count()
}

fn addresses(value: &[u8]) -> impl Iterator<Item = Address> {
    mailboxes(value).into_iter().map(|one| one.address)
}

fn return_path(text: &str) -> Option<ReturnPath> {
    let path = text.trim().trim_start_matches('<').trim_end_matches('>').trim();
    if path.is_empty() {
        return text.contains('<').then_some(ReturnPath::Null);
    }
    Address::parse(path).map(ReturnPath::Address)
}

/// The moment at the end of a Received field (RFC 5321 section 4.4).
fn received(value: &[u8]) -> Option<Moment> {
    let date = value.rsplit(|b| *b == b';').next().filter(|date| date.len() < value.len())?;
    self::date(date)
}

/// Every message id of a field, once: what stands in angle brackets, or else each word that could
/// be one.
fn ids(text: &str, list: &mut Vec<MessageId>) {
    let bracketed = text.contains('<');
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'));
    let inside = text.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    let lonely =
        |word: &&str| !bracketed && (word.contains('@') || word.len() == text.trim().len());
    for id in inside.chain(words.filter(lonely)).filter_map(MessageId::parse) {
        if list.len() > 10 * limits::IDS || !list.contains(&id) {
            list.push(id);
        }
    }
}

/// A mail that names itself answers none. Yahoo writes `<7.ref@…>` into each new mail `<7@…>`, and
/// Proton's Bridge the number that it has for the mail into each that it fetches.
fn forget_itself(message: &mut Message) {
    let bridge = message.header("x-pm-internal-id").map(|id| format!("{id}@protonmail.internalid"));
    let own: Vec<MessageId> = message.ids.iter().take(limits::IDS).cloned().collect();
    let itself = |id: &MessageId| {
        let plain = id.as_str().replacen(".ref@", "@", 1);
        bridge.as_deref() == Some(id.as_str())
            || own.iter().any(|one| one == id || one.as_str() == plain)
    };
    message.references.retain(|id| !itself(id));
    message.in_reply_to.retain(|id| !itself(id));
}

/// Of very many ids the first name the conversation and the last the mail that is answered.
fn limit_ids(list: &mut Vec<MessageId>) {
    let surplus = list.len().saturating_sub(limits::IDS);
    if surplus > 0 {
        list.drain(limits::IDS_FIRST..limits::IDS_FIRST + surplus);
    }
}

#[cfg(test)]
mod tests;
