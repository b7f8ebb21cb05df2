//! From a message and the rules of an inbox to everything that is judged about it by itself. Whoever
//! reads mail goes through here, so that all of it is about the same author.

use super::authentication::Authentication;
use super::classify::classify;
use super::classify::personal::{Acquaintance, Judgement, Reading, reads_as_report};
use super::door;
use super::folder::Role;
use super::message::Message;
use super::policy::{InboxKind, Policy};
use super::thread::is_reply;
use super::verdict::Verdict;

/// A mail with everything that can be said of it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The mail as its author sent it: what a list of our own did to it is undone.
    pub message: Message,
    /// Whether its author's domain stands for it.
    pub authentication: Authentication,
    /// What kind of mail it is.
    pub verdict: Verdict,
}

impl Judged {
    /// How surely it reads as a report, where not every mail is taken for one. An answer to a mail
    /// that no case knows goes on with another conversation.
    pub fn reading(&self, policy: &Policy) -> Judgement {
        let known = Acquaintance { answers_us: is_reply(&self.message), written_to: false };
        let Judged { message, authentication, verdict } = self;
        reads_as_report(message, authentication, verdict.kind, policy, known)
    }
}

/// Judges a mail by itself. Whether it belongs to a known case is for threading to say.
pub fn judge(message: Message, policy: &Policy) -> Judged {
    let (message, authentication) = door::entered(message, policy);
    let verdict = classify(&message, &authentication, policy);
    Judged { message, authentication, verdict }
}

/// How surely it reads as a report; asked only where not every mail is taken for one.
pub fn reading(judged: &Judged, role: Role, policy: &Policy) -> Reading {
    if role == Role::Inbox && policy.kind != InboxKind::Personal {
        return Reading::No;
    }
    judged.reading(policy).reading
}
