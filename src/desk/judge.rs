//! From a message and the rules of an inbox to everything that is judged about it by itself. Whoever
//! reads mail goes through here, so that all of it is about the same author.

use super::authentication::Authentication;
use super::classify::classify;
use super::door;
use super::message::Message;
use super::policy::Policy;
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
