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
}

/// One reason: a code for programs and a detail for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// One of the closed list of codes in `classify`, such as `only_links`.
    pub code: String,
    /// The same for a person, as half a sentence: `your mail holds 3 words and 1 link to drive.example`.
    pub detail: String,
}

impl Verdict {
    /// The detail of the reason that weighed most.
    pub fn detail(&self) -> &str {
        self.reasons.first().map_or("", |reason| reason.detail.as_str())
    }
}
