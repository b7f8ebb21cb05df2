//! What kind of mail it is, and why. The rules that reach a verdict are in `classify`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of mail this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The body says what is affected and what goes wrong.
    Complete,
    /// The content is only behind a link.
    LinkOnly,
    /// The content is only in an attachment, an inline picture or a forwarded mail.
    AttachmentOnly,
    /// The body is encrypted; what it holds cannot be judged.
    Encrypted,
    /// Nothing readable in the body.
    Empty,
    /// Belongs to a known case. Decided by threading, not by the text.
    FollowUp,
    /// No person wrote it for us.
    Automatic,
    /// A mail system reports about a mail.
    Bounce,
    /// Sales, phishing, malware, extortion.
    SpamOrJunk,
    /// A person wrote, but it is no report.
    Other,
}

impl Kind {
    /// The name that JSON output and configuration use.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Complete => "complete",
            Kind::LinkOnly => "link_only",
            Kind::AttachmentOnly => "attachment_only",
            Kind::Encrypted => "encrypted",
            Kind::Empty => "empty",
            Kind::FollowUp => "follow_up",
            Kind::Automatic => "automatic",
            Kind::Bounce => "bounce",
            Kind::SpamOrJunk => "spam_or_junk",
            Kind::Other => "other",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A verdict, with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What kind of mail this is.
    pub kind: Kind,
    /// Why, most telling first; never empty.
    pub reasons: Vec<Reason>,
    /// What a human may want to know: `third_party:NAME`, `lang:de`, … Hints never decide anything.
    pub hints: Vec<String>,
    /// The language that the mail is written in (ISO 639-1), where that is sure.
    #[serde(default)]
    pub language: Option<String>,
    /// What there is in the mail, counted.
    #[serde(default)]
    pub figures: Figures,
}

/// What there is in a mail, as data: a letter says it in the language of its reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Words that a person sees, links not counted.
    pub words: usize,
    /// Links that lead out of the mail.
    pub links: usize,
    /// Where they lead: each host once, the first ones.
    pub hosts: Vec<String>,
    /// Whether they lead to more hosts than those.
    pub more_hosts: bool,
    /// Attachments that may hold content.
    pub attachments: usize,
    /// What the first of them are called, or what they are where they have no name.
    pub files: Vec<String>,
    /// What there is instead of a text.
    pub besides: Option<Besides>,
}

/// What a mail without a text of its own may hold all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Besides {
    /// What others wrote.
    Quote,
    /// Who wrote it.
    Signature,
    /// A greeting.
    Greeting,
}

impl Figures {
    /// The most hosts or files that are named.
    pub const NAMED: usize = 5;
    /// The most characters of such a name.
    pub const NAME: usize = 60;
}

/// One reason: a code for programs and a detail for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// One of a closed list, such as `only_links`.
    pub code: Code,
    /// The same for a person, as half a sentence: `your mail holds 3 words and 1 link to drive.example`.
    pub detail: String,
}

/// Everything that can lead to a verdict. The rules stand in `classify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The mail carries our own header field: a letter of ours came back.
    OwnLetter,
    /// A delivery report in the form of RFC 3464.
    DeliveryReport,
    /// A delivery report in words.
    DeliveryReportInWords,
    /// A receipt: read, displayed, deleted (RFC 8098).
    Receipt,
    /// A report of another standard form: abuse, TLS, authentication failures.
    StandardReport,
    /// A DMARC aggregate report (RFC 7489).
    AggregateReport,
    /// The software of our own list wrote it, about the list.
    ListAdministration,
    /// Auto-Submitted says that no person sent it (RFC 3834).
    AutoSubmitted,
    /// A header field that only automatic answers carry.
    AutoReplyField,
    /// A header field that a known robot writes.
    RobotField,
    /// The null return path: a machine that wants no answer.
    NullReturnPath,
    /// Precedence says bulk or junk.
    BulkPrecedence,
    /// A list or a newsletter carried it, and it does not read as a report.
    ListMail,
    /// An invitation, or an answer to one.
    Calendar,
    /// It reads as an absence note.
    AbsenceWords,
    /// It reads as written by a ticket system or a notifier.
    RobotWords,
    /// The sender's address says that nobody reads there, and the text is no report.
    NoReplySender,
    /// OpenPGP or S/MIME.
    Encrypted,
    /// A file that runs, from a sender who failed authentication.
    DangerousAttachment,
    /// It asks for passwords or payments, and its sender is not authenticated.
    LureWords,
    /// It offers something for sale.
    SalesWords,
    /// It threatens for money.
    ExtortionWords,
    /// No text at all, or none besides a greeting, a signature or a quote.
    NoText,
    /// What it has to say stands behind a link.
    OnlyLinks,
    /// What it has to say stands in an attachment.
    OnlyAttachments,
    /// The text tells what is affected and what goes wrong.
    TellsEnough,
    /// A person wants something else: an article, a job, a key, an answer.
    Errand,
    /// It only asks.
    OnlyQuestions,
    /// It only thanks.
    OnlyThanks,
    /// A person wrote, and told too little for a report.
    TellsLittle,
    /// Beside another reason: it has a few signs of a machine.
    MaybeMachine,
    /// Beside another reason: it holds mail of ours back until somebody confirms it.
    Challenge,
    /// It goes on with a conversation.
    Continues,
}

impl Code {
    /// The name that JSON output uses.
    pub fn name(self) -> &'static str {
        match self {
            Code::OwnLetter => "own_letter",
            Code::DeliveryReport => "delivery_report",
            Code::DeliveryReportInWords => "delivery_report_in_words",
            Code::Receipt => "receipt",
            Code::StandardReport => "standard_report",
            Code::AggregateReport => "aggregate_report",
            Code::ListAdministration => "list_administration",
            Code::AutoSubmitted => "auto_submitted",
            Code::AutoReplyField => "auto_reply_field",
            Code::RobotField => "robot_field",
            Code::NullReturnPath => "null_return_path",
            Code::BulkPrecedence => "bulk_precedence",
            Code::ListMail => "list_mail",
            Code::Calendar => "calendar",
            Code::AbsenceWords => "absence_words",
            Code::RobotWords => "robot_words",
            Code::NoReplySender => "no_reply_sender",
            Code::Encrypted => "encrypted",
            Code::DangerousAttachment => "dangerous_attachment",
            Code::LureWords => "lure_words",
            Code::SalesWords => "sales_words",
            Code::ExtortionWords => "extortion_words",
            Code::NoText => "no_text",
            Code::OnlyLinks => "only_links",
            Code::OnlyAttachments => "only_attachments",
            Code::TellsEnough => "tells_enough",
            Code::Errand => "errand",
            Code::OnlyQuestions => "only_questions",
            Code::OnlyThanks => "only_thanks",
            Code::TellsLittle => "tells_little",
            Code::MaybeMachine => "maybe_machine",
            Code::Challenge => "challenge",
            Code::Continues => "continues",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Verdict {
    /// Whether a machine says that it gives our mail to nobody until somebody confirms it.
    pub fn holds_ours_back(&self) -> bool {
        self.kind == Kind::Automatic && self.reasons.iter().any(|one| one.code == Code::Challenge)
    }

    /// The detail of the reason that weighed most.
    pub fn detail(&self) -> &str {
        self.reasons.first().map_or("", |reason| reason.detail.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_name_in_json_and_in_text() {
        for code in
            [Code::OwnLetter, Code::DeliveryReportInWords, Code::OnlyLinks, Code::TellsLittle]
        {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
    }

    #[test]
    fn a_verdict_of_an_older_version_still_reads() {
        let old = r#"{"kind":"link_only","reasons":[],"hints":["lang:de"]}"#;
        let verdict: Verdict = serde_json::from_str(old).unwrap();
        assert_eq!((verdict.language, verdict.figures), (None, Figures::default()));
    }
}
