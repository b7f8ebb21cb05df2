//! The closed cases that a start still reads: their letters count for what their reporters may get.
//!
//! They stand in a ring of places, so that a store with many closed cases has no more of these rows
//! than one with few, and nobody has to clear them away.

use super::ids::CaseId;
use super::table::{Table, Write};
use super::time::{Moment, Span};

/// What the keys of the places start with.
pub const PLACE: &str = "lately/";

/// How long letters count at most.
const COUNTS: Span = Span::hours(31 * 24);
/// Places of the ring of one prefix and year. Cases have numbers in turn, so this many closed ones are known at least.
const PLACES: u32 = 512;

/// The row that a closed case leaves at its end, and when a letter of it was written later.
pub fn row(case: &CaseId, at: Moment) -> Write {
    // Numbers begin anew with each year, and the last one's cases count for a month yet.
    let CaseId { prefix, year, number } = case;
    let key = format!("{PLACE}{prefix}/{}/{:03}", year % 2, number % PLACES).into_bytes();
    Write::Put(Table::Meta, key, serde_json::to_vec(&(case, at)).unwrap_or_default())
}

/// Reads the value of a place; none where it cannot be read.
pub fn read(value: &[u8]) -> Option<(CaseId, Moment)> {
    serde_json::from_slice(value).ok()
}

/// Those of them that count now.
pub fn counting(closed: Vec<(CaseId, Moment)>, now: Moment) -> impl Iterator<Item = CaseId> {
    closed.into_iter().filter(move |(_, at)| *at + COUNTS >= now).map(|(case, _)| case)
}
