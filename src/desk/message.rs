//! What the desk knows of one mail: the result of parsing, never an error.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::time::Moment;

/// One message id without its angle brackets (RFC 5322 section 3.6.4): no white space, no control
/// characters, at most 250 bytes, so that it can stand in a header of ours as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl MessageId {
    /// Reads an id, with or without its angle brackets.
    pub fn parse(text: &str) -> Option<MessageId> {
        let text = text.trim();
        let text = text.strip_prefix('<').unwrap_or(text);
        let text = text.strip_suffix('>').unwrap_or(text);
        let usable = (1..=250).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_graphic() && c != '<' && c != '>');
        usable.then(|| MessageId(text.to_owned()))
    }

    /// The id without angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl TryFrom<String> for MessageId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<MessageId, &'static str> {
        MessageId::parse(&text).ok_or("not a message id")
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> String {
        id.0
    }
}

/// The envelope sender as the last server wrote it down in `Return-Path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnPath {
    /// `<>`: a machine that wants no answer (RFC 5321 section 4.5.5).
    Null,
    /// Where bounces go.
    Address(Address),
}

/// A mail, read. Every field is bounded (see `parse`); what was cut or odd stands in `defects`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Every id in the Message-ID field or fields; none for a mail that has none.
    pub ids: Vec<MessageId>,
    /// The ids in In-Reply-To.
    pub in_reply_to: Vec<MessageId>,
    /// The ids in References, oldest first; of very many the first and the last are kept.
    pub references: Vec<MessageId>,
    /// Thread-Index, decoded: how Outlook and Exchange name a conversation.
    pub thread_index: Vec<u8>,
    /// Everybody named in From. More than one, or several From fields, is a defect as well.
    pub from: Vec<Mailbox>,
    /// Sender, where it is given.
    pub sender: Option<Mailbox>,
    /// Everybody named in Reply-To.
    pub reply_to: Vec<Mailbox>,
    /// To, in order.
    pub to: Vec<Address>,
    /// Cc, in order.
    pub cc: Vec<Mailbox>,
    /// Everybody named in X-Original-From and Original-From: whom a list says that it put itself in
    /// the place of. Anybody can write these; only `door` knows when to believe them.
    pub original_from: Vec<Mailbox>,
    /// What delivering servers wrote down: Delivered-To, X-Original-To, Envelope-To.
    pub delivered_to: Vec<Address>,
    /// The envelope sender, where the delivering server wrote it down.
    pub return_path: Option<ReturnPath>,
    /// The subject, decoded, on one line, without control characters.
    pub subject: String,
    /// The Date field. Its author chose it; nothing is counted from it where the server's time is known.
    pub date: Option<Moment>,
    /// The time in the topmost Received field: the one that our own server wrote.
    pub received: Option<Moment>,
    /// Every header field in order, the name in lower case, the value unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// What a person would see of the body: decoded, HTML rendered, quotes and signature still there.
    pub text: String,
    /// Everything that is not the body: attachments, inline pictures, forwarded mails.
    pub attachments: Vec<Attachment>,
    /// Set where the body is encrypted: how (`pgp_mime`, `pgp_inline`, `smime`).
    pub encrypted: Option<Encryption>,
    /// Set where the mail is, or holds, a report of a mail system about a mail.
    pub report: Option<MailReport>,
    /// The one mail that this one carries, where it carries little else; itself without one.
    pub enclosed: Option<Box<Message>>,
    /// The door of our own that it came through; known only after `door` has looked.
    pub through: Option<Through>,
    /// What was odd, cut or broken.
    pub defects: Vec<Defect>,
}

/// A list, group or forwarder of our own that a mail came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// Its address, as configured.
    pub list: Address,
    /// True where our own server's word proves it; false where only the mail says so.
    pub proven: bool,
    /// True where the author is named by nothing but the mail itself: a letter may go there, but
    /// nothing is taken for theirs.
    pub hearsay: bool,
    /// True where the list software wrote it: a confirmation, a moderation request, a digest.
    pub administrative: bool,
}

/// A part that is not the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// `type/subtype` in lower case.
    pub content_type: String,
    /// File name, decoded, on one line, without a path; empty where none is given.
    pub name: String,
    /// Shown inside the text (a screenshot), by its disposition.
    pub inline: bool,
    /// Decoded bytes as far as they were fetched.
    pub size: usize,
}

/// How a body is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// `multipart/encrypted` (RFC 3156).
    PgpMime,
    /// An armoured OpenPGP message in the text.
    PgpInline,
    /// `application/pkcs7-mime`, enveloped (RFC 8551).
    Smime,
}

/// What `multipart/report` (RFC 6522) or its free-form cousins say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailReport {
    /// The `report-type`: `delivery-status`, `disposition-notification`, `feedback-report`, …
    pub kind: String,
    /// RFC 3464 actions in order: `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub actions: Vec<String>,
    /// In a report without a standard form: nobody but a mail system can have written it.
    pub certain: bool,
    /// Who the report says was not reached (Final-Recipient, Original-Recipient).
    pub recipients: Vec<Address>,
    /// Message-IDs of the mail that the report is about, from its returned headers.
    pub about: Vec<MessageId>,
}

/// What was odd about a mail. None of these loses it; several make a human look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// There is no header at all; everything was taken as text.
    NoHeader,
    /// No From field that holds an address.
    NoFrom,
    /// More than one From field, or more than one author.
    SeveralFrom,
    /// No Message-ID, or none that can be used.
    NoMessageId,
    /// More than one Message-ID.
    SeveralMessageIds,
    /// A multipart without its closing boundary, or without any boundary.
    BrokenMime,
    /// Bytes that are not of the declared character set.
    Charset,
    /// Only a part of the mail was fetched.
    Partial,
    /// Control characters in a header field were taken out.
    ControlCharacters,
    /// Parts, headers, addresses or text over the limit were left unread.
    OverLimit,
    /// The server could not give us this mail in a form that can be read.
    Unreadable,
}

impl Message {
    /// The first value of a header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The author: the one address that a letter may go to. None where there is no From, or more
    /// than one, since nobody can say then who wrote.
    pub fn author(&self) -> Option<&Mailbox> {
        match self.from.as_slice() {
            [one] if !self.defects.contains(&Defect::SeveralFrom) => Some(one),
            _ => None,
        }
    }
}
