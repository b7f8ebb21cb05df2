//! When a letter is tried, and tried again. How it travels is the business of `io/smtp`.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::ids::CaseId;
use super::time::{Moment, Span};

/// How one attempt to hand a letter to the mail server ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "detail")]
pub enum Outcome {
    /// The server took it: its reply to the end of DATA.
    Accepted(String),
    /// Not taken now, surely not sent: 4xx, a cut before the end of DATA. Try again.
    Transient(String),
    /// The server cannot be reached, or takes no login now; nothing is wrong with the letter.
    Unreachable(String),
    /// Refused for good: 5xx for this sender, recipient or text. A human has to look.
    Permanent(String),
    /// Cut or silent after the end of DATA: sent or not, nobody knows. Try again with the same Message-ID.
    Unknown(String),
    /// The server refuses *us* (login, TLS, relaying): no letter can pass until somebody mends that.
    Configuration(String),
}

/// A letter that still has to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The inbox whose relay carries it.
    pub inbox: String,
    /// Where it goes.
    pub to: Address,
    /// The other cases that it is about as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<CaseId>,
    /// It goes to the team: the caps on what reporters are sent do not hold it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
    /// How many times it was perhaps sent: cut or silent after the end of the text.
    #[serde(default, skip_serializing_if = "never")]
    pub perhaps: u8,
    /// Since when it waits.
    pub queued: Moment,
    /// Not tried before this moment.
    pub next: Moment,
}

/// A relay that cannot be reached or refuses us: most likely nothing is wrong with the letters, so
/// all of them wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Since when.
    pub since: Moment,
    /// When one letter is tried again.
    pub next: Moment,
    /// What the server said, or what failed.
    pub why: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn never(count: &u8) -> bool {
    *count == 0
}

/// A letter that was perhaps sent so often is not sent again: a mail server that takes each letter
/// and never says so would deliver it for ever.
pub const MOST_PERHAPS: u8 = 3;

/// When a letter that was perhaps sent `perhaps` times is sent once more. What ails the mail server
/// has time to pass, since each try may be one letter too many.
pub fn next_try_in_doubt(perhaps: u8, now: Moment) -> Moment {
    now + Span::minutes(if perhaps < 2 { 10 } else { 60 })
}

/// No letter waits longer than this for its next try: that is after some four weeks.
pub const LONGEST_WAIT: Span = Span::hours(8);

/// The moment of the next try for something that has waited since `since`: a function of its age
/// alone, so that it needs no counter and survives every restart. The waits grow from about a
/// minute to about an hour and a half in the second day.
pub fn next_try(since: Moment, now: Moment) -> Moment {
    let age = now.since(since).as_seconds();
    let root = age.isqrt().saturating_add(8);
    let next = since + Span::seconds(root.saturating_mul(root));
    next.clamp(now + Span::seconds(1), now + LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_with_age_and_never_stop() {
        let start = Moment::from_unix(1_800_000_000);
        let (mut now, mut waits) = (start, Vec::new());
        while now.since(start) < Span::hours(48) {
            let next = next_try(start, now);
            waits.push(next.since(now).as_seconds());
            now = next;
        }
        assert_eq!(waits.first(), Some(&64));
        assert!(waits.is_sorted(), "{waits:?}");
        assert!(waits.len() < 60 && *waits.last().unwrap() < 2 * 3600, "{waits:?}");
    }
}
