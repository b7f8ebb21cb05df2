//! What the subject of a mail looks like, as far as its form tells.

use std::sync::LazyLock;

use super::lists::Pieces;
use super::words::notices::{TITLES, TITLES_WITHIN};

/// What many rules ask for, looked at once.
#[derive(Debug)]
pub(super) struct Title {
    /// Only machines title so.
    pub(super) machine: bool,
    /// It has the number of a ticket.
    pub(super) numbered: bool,
}

static BEGINNINGS: LazyLock<Pieces> = LazyLock::new(|| Pieces::of(TITLES));
static WITHIN: LazyLock<Pieces> = LazyLock::new(|| Pieces::of(TITLES_WITHIN));

impl Title {
    pub(super) fn of(subject: &str) -> Title {
        Title { machine: is_machine_title(subject), numbered: has_ticket_number(subject) }
    }
}

/// Whether the subject begins as only machines begin one, or is a list server's `confirm 1a2b3c`.
fn is_machine_title(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    let confirm = subject
        .strip_prefix("confirm ")
        .is_some_and(|key| key.len() >= 8 && key.bytes().all(|b| b.is_ascii_hexdigit()));
    confirm || BEGINNINGS.begin(&subject) || WITHIN.within(&subject)
}

/// `Case 5512 created`, `[#5512]`, `Ticket: 5512`.
pub(super) fn has_ticket_number(subject: &str) -> bool {
    let mut words = subject.split(|c: char| !c.is_alphanumeric() && c != '#' && c != '-');
    words.any(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let year = word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
        digits >= 3
            && !year
            && (word.starts_with('#') || word.len() == digits || word.contains('-'))
            && !is_number_of_others(&word.to_lowercase())
    })
}

fn is_number_of_others(word: &str) -> bool {
    ["cve", "cwe", "ghsa", "rfc"].iter().any(|name| word.starts_with(name))
}
