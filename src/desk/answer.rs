//! Who is answered by machine, and with which letter: RFC 3834 and the acknowledgement ladder.

use serde::{Deserialize, Serialize};

use super::authentication::Authentication;
use super::letter::LetterKind;
use super::message::{Defect, Message, ReturnPath};
use super::policy::{OnRule, Policy};
use super::reason::HoldReason;
use super::verdict::{Code, Kind, Verdict};

/// What a mail that opens a case is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Answer {
    /// This letter goes to its author.
    Letter(LetterKind),
    /// Nothing by machine: a human is told, and why.
    Hold(HoldReason),
    /// An earlier life of this desk answered it.
    Before,
    /// No person waits for an answer.
    None,
}

impl Answer {
    /// The word that `classify` prints: `full`, `minimal`, `ask_resend`, `hold`, `none`.
    pub fn name(self) -> &'static str {
        match self {
            Answer::Letter(LetterKind::Acknowledgement) => "full",
            Answer::Letter(LetterKind::Combined | LetterKind::Minimal) => "minimal",
            Answer::Letter(LetterKind::AskResend) => "ask_resend",
            Answer::Hold(_) => "hold",
            // These answer no mail.
            Answer::Letter(
                LetterKind::Missed
                | LetterKind::Waiting
                | LetterKind::AskedAgain
                | LetterKind::LastNote
                | LetterKind::Notice(_),
            )
            | Answer::Before
            | Answer::None => "none",
        }
    }
}

/// What the author of a mail deserves to be answered with, whatever case the mail belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deserves {
    /// The letter, by what the mail is and by how sure its author is.
    pub letter: LetterKind,
    /// Why no machine sends it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<HoldReason>,
}

impl Deserves {
    /// Whether the author's domain stood for the mail: everybody else gets the fixed letter.
    pub fn authentic(self) -> bool {
        self.letter != LetterKind::Minimal && self.against != Some(HoldReason::AuthenticationFailed)
    }

    /// What a mail is answered with that opens a case.
    pub fn answer(self) -> Answer {
        self.against.map_or(Answer::Letter(self.letter), Answer::Hold)
    }

    /// The letter that leaves when a person says so; or why none leaves whoever says so: it would go
    /// to somebody who did not write, to ourselves, or round in a loop.
    pub fn released(self) -> Result<LetterKind, HoldReason> {
        use HoldReason::{
            AuthenticationFailed, NoSingleAuthor, NullReturnPath, OwnAddress, Unreadable,
        };
        match self.against {
            Some(
                why @ (AuthenticationFailed | OwnAddress | NullReturnPath | NoSingleAuthor
                | Unreadable),
            ) => Err(why),
            _ => Ok(self.letter),
        }
    }
}

/// Chooses the answer to a mail that opens a case, or none. Follow-ups are not asked about here.
pub fn answer(
    message: &Message,
    verdict: &Verdict,
    authentication: &Authentication,
    policy: &Policy,
) -> Answer {
    if matches!(verdict.kind, Kind::Automatic | Kind::Bounce | Kind::FollowUp) {
        return Answer::None;
    }
    deserves(message, verdict, authentication, policy).answer()
}

/// What a mail deserves by itself: the ladder from the full letter down to none.
pub fn deserves(
    message: &Message,
    verdict: &Verdict,
    authentication: &Authentication,
    policy: &Policy,
) -> Deserves {
    let on_rule = match verdict.kind {
        Kind::LinkOnly => policy.link_only,
        Kind::AttachmentOnly => policy.attachment_only,
        Kind::Empty => policy.empty,
        _ => OnRule::Flag,
    };
    let letter = match (authentication, on_rule) {
        (Authentication::Pass { .. }, OnRule::Reject) => LetterKind::AskResend,
        (Authentication::Pass { .. }, OnRule::Flag) => LetterKind::Acknowledgement,
        (Authentication::None | Authentication::Fail, _) => LetterKind::Minimal,
    };
    Deserves { letter, against: held(message, verdict, authentication, policy) }
}

fn held(
    message: &Message,
    verdict: &Verdict,
    authentication: &Authentication,
    policy: &Policy,
) -> Option<HoldReason> {
    if message.defects.contains(&Defect::Unreadable) {
        return Some(HoldReason::Unreadable);
    }
    let Some(author) = message.author() else { return Some(HoldReason::NoSingleAuthor) };
    let has = |name: &str| message.header(name).is_some();
    let precedence = message.header("precedence").unwrap_or_default().trim().to_ascii_lowercase();
    if *authentication == Authentication::Fail {
        Some(HoldReason::AuthenticationFailed)
    } else if policy
        .team
        .outside
        .iter()
        .any(|one| one.without_tag() == author.address.without_tag())
    {
        Some(HoldReason::Ladder)
    } else if message.return_path == Some(ReturnPath::Null) {
        Some(HoldReason::NullReturnPath)
    } else if policy.is_ours(&author.address) {
        Some(HoldReason::OwnAddress)
    } else if has("list-id") || has("list-post") || precedence == "list" {
        Some(HoldReason::List)
    } else if has("list-unsubscribe") || matches!(precedence.as_str(), "bulk" | "junk") {
        Some(HoldReason::Bulk)
    } else if verdict.kind == Kind::SpamOrJunk {
        Some(HoldReason::Junk)
    } else if verdict.reasons.iter().any(|reason| reason.code == Code::MaybeMachine) {
        Some(HoldReason::MaybeMachine)
    } else {
        None
    }
}
