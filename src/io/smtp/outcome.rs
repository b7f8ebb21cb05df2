//! What an attempt came to: from what was seen, and at which step, to one of six outcomes.

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
    /// There is no connection, or none that can be used; the next attempt may get one.
    Unreachable(String),
    /// No letter can pass until somebody changes something.
    Setup(String),
    /// This letter cannot pass.
    Letter(String),
    /// What came of another letter was not recorded in time for this one to be ended.
    NoTurn,
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

impl Failure {
    /// The same, with other words of the server.
    pub(super) fn map_text(mut self, other: impl Fn(&str) -> String) -> Failure {
        match &mut self {
            Failure::Refused(_, reply) => {
                reply.lines.iter_mut().for_each(|line| *line = other(line));
            }
            Failure::Broken(_, Broken::Nonsense(text)) => *text = other(text),
            _ => {}
        }
        self
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Outcome {
        match failure {
            Failure::Refused(step, reply) => {
                let text = format!("{}: {reply}", step.words());
                let detail = detail(&text);
                match reply.code {
                    400..=499 if step <= Step::Login => Outcome::Unreachable(detail),
                    400..=499 => Outcome::Transient(detail),
                    504 | 538 if step == Step::Login => Outcome::Configuration(detail),
                    500..=599 if step == Step::Login => Outcome::Configuration(check_login(&text)),
                    500..=599 if is_about_us(step, &reply) => Outcome::Configuration(detail),
                    500..=599 => Outcome::Permanent(detail),
                    _ => out_of_step(step, detail),
                }
            }
            Failure::Broken(step, broken) => {
                out_of_step(step, detail(&format!("{}: {broken}", step.words())))
            }
            Failure::Unreachable(text) => Outcome::Unreachable(detail(&text)),
            Failure::Setup(text) => Outcome::Configuration(detail(&text)),
            Failure::Letter(text) => Outcome::Permanent(detail(&text)),
            Failure::NoTurn => {
                Outcome::Transient("text: it had to wait for another letter".to_owned())
            }
        }
    }
}

fn out_of_step(step: Step, detail: String) -> Outcome {
    match step {
        Step::End => Outcome::Unknown(detail),
        step if step <= Step::Login => Outcome::Unreachable(detail),
        _ => Outcome::Transient(detail),
    }
}

/// Whether a 5xx would meet every letter, so that somebody has to change something; a letter that is
/// given up instead is lost. What speaks of authentication does (RFC 4954 sections 4 and 6, RFC 3463
/// section 3.8), and whatever comes before the first MAIL. MAIL names nothing but our own address, so
/// a refusal is about us unless it is about the size or the recipient's kind of address. X.7.0 is
/// said of an unknown sender before the text, but of a virus after it. X.4.5 is about the whole mail
/// system (RFC 3463 section 3.5): Google says so at any step when an account has had its letters of
/// the day.
fn is_about_us(step: Step, reply: &Reply) -> bool {
    let status = reply.enhanced().unwrap_or_default();
    if step <= Step::Login
        || matches!(reply.code, 530 | 534 | 535 | 538)
        || matches!(status, "5.7.8" | "5.7.9" | "5.7.11" | "5.7.60" | "5.2.252" | "5.4.5")
    {
        return true;
    }
    match step {
        Step::Sender => !is_about_letter(reply.code, status, &reply.to_string()),
        Step::Recipient | Step::Data => {
            status == "5.7.0" || (!is_about_recipient(status) && says_we_may_not(reply))
        }
        _ => false,
    }
}

/// Its size, or an address in it that is not ASCII (RFC 1870 section 6.1, RFC 6531 section 3.5).
fn is_about_letter(code: u16, status: &str, text: &str) -> bool {
    code == 552
        || matches!(status, "5.2.3" | "5.3.4" | "5.6.7")
        || text.to_ascii_uppercase().contains("SMTPUTF8")
}

/// X.1.7 and X.1.8 are about the sender's address (RFC 3463 section 3.2). Whatever else X.1 and X.2
/// are is said of the recipient, and the text may hold what the recipient likes.
fn is_about_recipient(status: &str) -> bool {
    let recipient = status.starts_with("5.1.") || status.starts_with("5.2.");
    recipient && !matches!(status, "5.1.7" | "5.1.8")
}

/// Postfix, Sendmail, Exim and Exchange say at RCPT, with a status that means much else (5.7.1) or
/// with none, that we may not send over them. What Postfix has against a client, its name or its
/// address in a blocklist, it says no earlier either.
fn says_we_may_not(reply: &Reply) -> bool {
    let text = reply.to_string().to_ascii_lowercase();
    let words = [
        "relay access denied",
        "relaying denied",
        "relay not permitted",
        "unable to relay",
        "sender address rejected",
        "sender verify failed",
        "client host rejected",
        "client host [",
        "helo command rejected",
    ];
    // What the recipient's own server said is passed on by relays that ask it first.
    let quoted = text.contains(" said: ");
    !quoted && words.iter().any(|words| text.contains(words))
}

fn check_login(text: &str) -> String {
    const HINT: &str = " (check `user` and the password)";
    cut(text, LONGEST - HINT.len()) + HINT
}

/// One line of at most 200 bytes in which nothing can move a cursor or forge a log line.
pub(super) fn detail(text: &str) -> String {
    cut(text, LONGEST)
}

const LONGEST: usize = 200;

fn cut(text: &str, longest: usize) -> String {
    let mut line = String::new();
    for character in text.trim_end().chars() {
        let hidden = character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let shown =
            if hidden { character.escape_default().to_string() } else { character.to_string() };
        if line.len() + shown.len() > longest - '…'.len_utf8() {
            line.push('…');
            break;
        }
        line.push_str(&shown);
    }
    line
}
