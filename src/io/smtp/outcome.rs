//! What an attempt came to: from what was seen, and at which step, to one of five outcomes.

use super::dialogue::{Broken, Reply};
use crate::desk::outbox::Outcome;

/// How far an attempt came. Everything before `End` is surely not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Greeting,
    Hello,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    Text,
    /// The text and its end are on their way; the answer decides.
    End,
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Step::Greeting => "greeting",
            Step::Hello => "EHLO",
            Step::StartTls => "STARTTLS",
            Step::Login => "AUTH",
            Step::Sender => "MAIL",
            Step::Recipient => "RCPT",
            Step::Data => "DATA",
            Step::Text => "text",
            Step::End => "end of text",
        }
    }
}

/// Why a letter was not accepted.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server answered, and not with what it takes to go on.
    Refused(Step, Reply),
    /// The connection is of no use any more.
    Broken(Step, Broken),
    /// There is no connection; the next attempt may get one.
    Unreachable(String),
    /// No letter can pass until somebody changes something.
    Setup(String),
    /// This letter cannot pass.
    Letter(String),
}

impl Failure {
    /// Whether a connection that was fine some time ago is not any more: idle connections are
    /// closed at the server's pleasure, some with a 421, and nothing was sent over this one.
    pub(super) fn is_stale(&self) -> bool {
        match self {
            Failure::Broken(step, _) => *step < Step::Text,
            Failure::Refused(step, reply) => *step < Step::Text && reply.code == 421,
            _ => false,
        }
    }

    /// Whether the connection can carry another letter.
    pub(super) fn leaves_connection(&self) -> bool {
        matches!(self, Failure::Refused(_, reply) if reply.is_refusal() && reply.code != 421)
            || matches!(self, Failure::Letter(_))
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Outcome {
        match failure {
            Failure::Refused(step, reply) => {
                let detail = detail(&format!("{}: {reply}", step.words()));
                match reply.code {
                    400..=499 => Outcome::Transient(detail),
                    500..=599 if is_about_us(step, &reply) => Outcome::Configuration(detail),
                    500..=599 => Outcome::Permanent(detail),
                    _ => out_of_step(step, detail),
                }
            }
            Failure::Broken(step, broken) => {
                out_of_step(step, detail(&format!("{}: {broken}", step.words())))
            }
            Failure::Unreachable(text) => Outcome::Transient(detail(&text)),
            Failure::Setup(text) => Outcome::Configuration(detail(&text)),
            Failure::Letter(text) => Outcome::Permanent(detail(&text)),
        }
    }
}

fn out_of_step(step: Step, detail: String) -> Outcome {
    if step == Step::End { Outcome::Unknown(detail) } else { Outcome::Transient(detail) }
}

/// Whether a 5xx would meet every letter. Before the first MAIL it does; after it, what speaks of
/// authentication does (RFC 4954 sections 4 and 6, RFC 3463 section 3.8). X.7.0 is said of an
/// unknown sender before the text, but of a virus after it.
fn is_about_us(step: Step, reply: &Reply) -> bool {
    step <= Step::Login
        || matches!(reply.code, 530 | 534 | 535 | 538)
        || matches!(reply.enhanced(), Some("5.7.8" | "5.7.9" | "5.7.11"))
        || (step < Step::Text && reply.enhanced() == Some("5.7.0"))
}

/// One line of at most 200 bytes in which nothing can move a cursor or forge a log line.
pub(super) fn detail(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut line = String::new();
    for character in text.trim_end().chars() {
        let hidden = character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let shown =
            if hidden { character.escape_default().to_string() } else { character.to_string() };
        if line.len() + shown.len() > LONGEST - '…'.len_utf8() {
            line.push('…');
            break;
        }
        line.push_str(&shown);
    }
    line
}
