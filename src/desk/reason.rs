//! Why a person has to look, and why a mail is no answer.

use serde::{Deserialize, Serialize};

/// Why nobody was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The sender's domain says that the mail is not from there.
    AuthenticationFailed,
    /// It came through a mailing list; an answer might go to everybody on it.
    List,
    /// It was sent in bulk.
    Bulk,
    /// Its return path is empty: an answer could start a loop (RFC 3834 section 2).
    NullReturnPath,
    /// It claims to come from an address of our own.
    OwnAddress,
    /// Nobody, or more than one person, is named as its author.
    NoSingleAuthor,
    /// It reads as sales, phishing or worse.
    Junk,
    /// The mail server could not give it to us in a readable form.
    Unreadable,
    /// It refers to more than one case.
    SeveralCases,
    /// It answers a mail of a case that its author does not take part in: a member of the team, or
    /// somebody who was shown the mail.
    OthersConversation,
    /// More mail comes from there than a machine may answer.
    Flood,
    /// The IMAP keyword says that an earlier life of this desk knew it; whether it was answered is not known.
    KnownBefore,
    /// A machine may have written or sent it.
    MaybeMachine,
    /// The mail server or a person put it among the junk.
    InJunk,
    /// It comes from the outside body that hears of missed promises: perhaps its ticket system.
    Ladder,
    /// In a personal inbox: it may be no report.
    Doubtful,
}

/// Why a mail of the team is no answer to the reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswer {
    /// It did not go to the reporter.
    NotToReporter,
    /// The reporter has several open cases, and it does not say which it is about.
    SeveralCases,
    /// A machine of theirs wrote it.
    Automatic,
    /// Nothing proves that it is theirs.
    Unproven,
    /// Their domain says that it is not from there.
    Disowned,
}

impl NoAnswer {
    /// As half a sentence for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            NoAnswer::NotToReporter => "it did not go to the reporter",
            NoAnswer::SeveralCases => "the reporter has several open cases",
            NoAnswer::Automatic => "a machine wrote it",
            NoAnswer::Unproven => "nothing proves that it is theirs",
            NoAnswer::Disowned => "their domain disowns it (authentication failed)",
        }
    }
}

impl HoldReason {
    /// As half a sentence for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            HoldReason::AuthenticationFailed => {
                "the sender's domain disowns it (authentication failed)"
            }
            HoldReason::List => "it came through a mailing list",
            HoldReason::Bulk => "it was sent in bulk",
            HoldReason::NullReturnPath => "its return path is empty",
            HoldReason::OwnAddress => "it claims to come from an address of our own",
            HoldReason::NoSingleAuthor => "it names no single author",
            HoldReason::Junk => "it reads as junk",
            HoldReason::Unreadable => "the mail server could not hand it over in a readable form",
            HoldReason::OthersConversation => "it answers a mail of somebody else's case",
            HoldReason::Flood => "more mail comes from there than a machine may answer",
            HoldReason::SeveralCases => "it refers to more than one case",
            HoldReason::KnownBefore => {
                "an earlier store knew it, and whether it was answered is not known"
            }
            HoldReason::MaybeMachine => "a machine may have written it",
            HoldReason::InJunk => "it lies among the junk",
            HoldReason::Ladder => "it comes from the outside body that hears of missed promises",
            HoldReason::Doubtful => "it may be no report, and the lead is asked",
        }
    }
}
