//! How a case begins, and where its mails are.

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::answer::Deserves;
use super::folder::Folder;
use super::message::{Defect, MessageId};
use super::policy::{Intake, Mode, Policy, Start};
use super::similar::Signature;
use super::time::{Moment, Span};
use super::verdict::Verdict;

/// How a case began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The mail that opened it.
    pub mail: MailRef,
    /// Who wrote it; none where no single author can be named.
    pub reporter: Option<Mailbox>,
    /// Its subject, on one line.
    pub subject: String,
    /// What kind of mail it is.
    pub verdict: Verdict,
    /// The digest of its author and words, in hexadecimal, by which the same text is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The digest of the conversation that its mail program names, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// What its text is compared with others by; none where it is too short to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Signature>,
    /// What was odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<Defect>,
    /// True where the report still has to be sent in the body.
    pub provisional: bool,
    /// True where the reporter's domain stood for it: a mail in their name without that is suspect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authentic: bool,
    /// Whom the reporter put on the conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Address>,
    /// What its author deserves to be answered with; unknown of what earlier versions recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deserves: Option<Deserves>,
    /// What the policy promised on that day; a later one does not change what was written to people.
    pub promised: Promised,
}

/// What a report was promised when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// How long until it is acknowledged.
    pub acknowledgement: Span,
    /// How long until a person answers in detail.
    pub response: Span,
    /// What that is counted from.
    pub response_from: Start,
    /// How long after a person's last word the next one follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Span>,
    /// How long until the problem is announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<Span>,
    /// Nobody took reports in until then, and nothing was owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_until: Option<Moment>,
}

impl Promised {
    /// What a policy promises to a report that arrives then.
    pub fn by(policy: &Policy, arrived: Moment) -> Promised {
        let intake = policy.intake_at(arrived);
        let closed = intake.filter(|intake| intake.mode == Mode::Closed);
        let length = |other: fn(&Intake) -> Option<Span>| intake.and_then(other);
        Promised {
            acknowledgement: length(|i| i.acknowledgement).unwrap_or(policy.acknowledgement),
            response: length(|i| i.response).unwrap_or(policy.response),
            response_from: policy.response_from,
            update: length(|i| i.update).or(policy.update),
            disclosure: policy.disclosure,
            closed_until: closed.and_then(|intake| intake.during.until),
        }
    }
}

/// Where a mail can be found, and when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRef {
    /// The folder that it was seen in.
    pub folder: Folder,
    /// That folder's UIDVALIDITY.
    pub uid_validity: u32,
    /// Its UID.
    pub uid: u32,
    /// Its Message-ID.
    pub message_id: Option<MessageId>,
    /// When the server received it (INTERNALDATE).
    pub arrived: Moment,
    /// Its size in bytes, attachments included.
    pub size: u64,
}

/// What a mail that joined a case would be by itself, beside what is recorded of every mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// Its subject, on one line.
    pub subject: String,
    /// As in [`Opening`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What its text is compared with others by; none where it is too short to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Signature>,
    /// What was odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<Defect>,
    /// What its author deserves to be answered with.
    pub deserves: Deserves,
}
