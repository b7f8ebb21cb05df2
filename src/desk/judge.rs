//! From a message and the rules of an inbox to everything that is judged about it by itself. Whoever
//! reads mail goes through here, so that all of it is about the same author.

use super::authentication::Authentication;
use super::classify::personal::{Acquaintance, Judgement, Reading};
use super::classify::{classify, classify_and_read};
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

/// Judges a mail by itself. Whether it belongs to a known case is for threading to say.
pub fn judge(message: Message, policy: &Policy) -> Judged {
    let (message, authentication) = door::entered(message, policy);
    let verdict = classify(&message, &authentication, policy);
    Judged { message, authentication, verdict }
}

/// The same, with how surely it reads as a report; the mail is measured once for both. An answer to
/// a mail that no case knows goes on with another conversation.
pub fn judge_and_read(message: Message, policy: &Policy) -> (Judged, Judgement) {
    let (message, authentication) = door::entered(message, policy);
    let known = Acquaintance { answers_us: is_reply(&message), written_to: false };
    let (verdict, judgement) = classify_and_read(&message, &authentication, policy, known);
    (Judged { message, authentication, verdict }, judgement)
}

/// The same for a mail of this folder; how it reads is asked only where not every mail is taken for
/// a report.
pub fn judge_in(message: Message, role: Role, policy: &Policy) -> (Judged, Reading) {
    if role == Role::Inbox && policy.kind != InboxKind::Personal {
        return (judge(message, policy), Reading::No);
    }
    let (judged, judgement) = judge_and_read(message, policy);
    (judged, judgement.reading)
}
