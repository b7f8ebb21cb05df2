//! What one inbox promises and how it judges: the part of the configuration that decisions need.

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::language::Language;
use super::time::Span;

/// The rules of one inbox. Plain data, made by `config`, read by the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The name of the inbox in the configuration; unique, and kept in the store.
    pub inbox: String,
    /// Which mail in it opens a case.
    pub kind: InboxKind,
    /// The published addresses. Mail to them (with any `+tag`) is for us.
    pub recipients: Vec<Address>,
    /// The address of the mail account itself, where its user name is one. Every mail in it is
    /// delivered to it, so that says nothing about whom the mail is for.
    pub account: Option<Address>,
    /// The project, as letters call it: `Express`.
    pub project: String,
    /// The first part of a case number: `EXP`.
    pub case_prefix: String,
    /// Where the policy can be read; letters cite it.
    pub policy_url: Option<String>,
    /// The language of letters to people whose own is not known.
    pub language: Language,
    /// Who letters come from, and where answers to them go.
    pub from: Mailbox,
    /// The `authserv-id` of our own mail server (RFC 8601 section 2.2); without it no
    /// Authentication-Results field is believed.
    pub authserv_id: Option<String>,
    /// How long until a report is acknowledged.
    pub acknowledgement: Span,
    /// How long until a person answers in detail.
    pub response: Span,
    /// What `response` is counted from.
    pub response_from: Start,
    /// What happens to a report that is only a link.
    pub link_only: OnRule,
    /// What happens to a report that is only an attachment.
    pub attachment_only: OnRule,
    /// What happens to a mail with nothing in it.
    pub empty: OnRule,
}

/// Which mail of an inbox opens a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxKind {
    /// Every mail of a human is a report until told otherwise.
    Dedicated,
    /// Only mail to the configured recipients opens a case.
    Mixed,
}

/// What the clock of a promise counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The arrival of the report.
    Received,
    /// The acknowledgement.
    Acknowledged,
}

/// What to do with a report that breaks the rule that its text stands in the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRule {
    /// Ask to send it again, in the body; the case is provisional until then.
    Reject,
    /// Acknowledge it as usual, and ask in the same letter.
    Flag,
}

impl Policy {
    /// The policy of nobody: what mails are judged by where no configuration is given.
    pub fn unconfigured() -> Policy {
        let address = Address::nowhere();
        Policy {
            inbox: String::new(),
            kind: InboxKind::Dedicated,
            recipients: Vec::new(),
            account: None,
            project: "this project".into(),
            case_prefix: "CASE".into(),
            policy_url: None,
            language: Language::English,
            from: Mailbox { name: String::new(), address },
            authserv_id: None,
            acknowledgement: Span::hours(48),
            response: Span::hours(48),
            response_from: Start::Received,
            link_only: OnRule::Reject,
            attachment_only: OnRule::Reject,
            empty: OnRule::Reject,
        }
    }

    /// Whether this address is one of ours: mail from it is never a report.
    pub fn is_ours(&self, address: &Address) -> bool {
        let bare = address.without_tag();
        self.from.address.without_tag() == bare
            || self.recipients.iter().any(|r| r.without_tag() == bare)
    }
}
