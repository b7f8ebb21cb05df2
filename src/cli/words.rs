//! How things of a case are said to an operator.

use crate::desk::event::HoldReason;
use crate::desk::line::one_line;
use crate::desk::time::{Moment, Span};
use crate::view::CaseRow;

/// Where a case stands, for a person: JSON has the names of `State`.
pub(super) fn state(name: &str) -> &str {
    match name {
        "received" => "letter waiting",
        "unreached" => "letter failed",
        "provisional" => "text asked for",
        other => other,
    }
}

/// Who reported. An address that is only claimed does not look like one that somebody wrote from.
pub(super) fn reporter(row: &CaseRow) -> String {
    let claimed = [HoldReason::AuthenticationFailed, HoldReason::OwnAddress];
    match (&row.reporter, row.hold) {
        (None, _) => "(no single author)".to_owned(),
        (Some(address), Some(why)) if claimed.contains(&why) => format!("(claims) {address}"),
        (Some(address), _) => address.clone(),
    }
}

/// What it is about.
pub(super) fn subject(row: &CaseRow) -> String {
    let subject = one_line(&row.subject, usize::MAX);
    if subject.is_empty() { "(no subject)".to_owned() } else { subject }
}

/// A moment that was handed over as RFC 3339, as a table has it.
pub(super) fn short(moment: &str) -> String {
    Moment::parse_rfc3339(moment).map_or_else(|| moment.to_owned(), Moment::short)
}

/// How far off it is: `in 5 h`, or `OVERDUE 2 h`.
pub(super) fn how_far(due: Moment, now: Moment) -> String {
    if due < now {
        format!("OVERDUE {}", roughly(now.since(due)))
    } else {
        format!("in {}", roughly(due.since(now)))
    }
}

/// The length in its largest unit that says enough: two days are 48 hours, as policies write them.
fn roughly(span: Span) -> String {
    match span.as_seconds() {
        s if s < 3600 => format!("{} min", s / 60),
        s if s < 3 * 86_400 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}

/// `1 letter`, `2 letters`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_told_in_one_unit() {
        let now = Moment::from_unix(1_000_000_000);
        for (seconds, told) in [
            (0, "in 0 min"),
            (59 * 60, "in 59 min"),
            (5 * 3600 + 59 * 60, "in 5 h"),
            (48 * 3600, "in 48 h"),
            (14 * 86_400, "in 14 d"),
        ] {
            assert_eq!(how_far(now + Span::seconds(seconds), now), told);
        }
        assert_eq!(how_far(now - Span::seconds(2 * 3600), now), "OVERDUE 2 h");
        assert_eq!(how_far(now - Span::seconds(30), now), "OVERDUE 0 min");
    }
}
