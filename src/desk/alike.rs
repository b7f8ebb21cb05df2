//! Which open cases read like a new one. A hint for people: nothing follows from it, and no letter
//! tells of it.

use super::address::Address;
use super::books::Books;
use super::case::Case;
use super::classify::{lacks_blanks, own_text};
use super::event::{Fact, Opening};
use super::ids::CaseId;
use super::message::Message;
use super::similar::Signature;

/// From here on texts are called alike, in per cent. Of the texts in `tests/similar`, those that were
/// sent again or reworded in part are at 22 or more, all others at 2 or less; mails of people in
/// `tests/mail` that have nothing to do with each other are at 11 or less. A text that was written
/// anew is not known again: that would take a reader.
pub const ALIKE: u8 = 20;

/// So many are named, those most alike first.
const MOST: usize = 3;

/// What the text of a mail is compared by.
pub(super) fn signature(message: &Message) -> Option<Signature> {
    Signature::of(&own_text(message), lacks_blanks)
}

/// The open cases of other people in the same project that read like this new one.
pub fn similar(books: &Books, case: &CaseId, opening: &Opening) -> Vec<Fact> {
    let Some(signature) = &opening.likeness else { return Vec::new() };
    let reporter = reporter(opening);
    let known = |one: &Case| reporter.is_some() && self::reporter(&one.opening) == reporter;
    let mut alike: Vec<(u8, &CaseId)> = books
        .likenesses()
        .map(|(other, id)| (signature.percent(other), id))
        .filter(|(percent, id)| *percent >= ALIKE && id.prefix == case.prefix)
        .filter(|(_, id)| books.case(id).is_some_and(|one| !known(one) && one.closed.is_none()))
        .collect();
    // Of those equally alike, the oldest.
    alike.sort_by_key(|(percent, id)| (u8::MAX - percent, *id));
    let told = alike.into_iter().take(MOST);
    told.map(|(percent, other)| Fact::Similar { other: other.clone(), percent }).collect()
}

/// A tag does not make another person.
fn reporter(opening: &Opening) -> Option<Address> {
    opening.reporter.as_ref().map(|reporter| reporter.address.without_tag())
}
