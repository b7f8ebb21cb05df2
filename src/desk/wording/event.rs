//! From the event that decided on a letter to the letter.

use super::digest::digest;
use super::notice::notice;
use super::notices::{Decided, Told};
use super::reply::write;
use super::templates::{Worded, Wording, WordingError, error};
use crate::desk::books::Books;
use crate::desk::event::{Event, Fact};
use crate::desk::ids::CaseId;
use crate::desk::letter::{LetterKind, Notice};
use crate::desk::policy::Policy;

/// Writes the letter that an event decided on, dated as the event. `books` are those after it,
/// `decided` is what followed from the same input before it, and `text` is what that input said,
/// where it was a mail.
pub fn letter<'p>(
    wording: &Wording,
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    event: &Event,
    decided: &[Event],
    text: Option<&str>,
) -> Result<Worded, WordingError> {
    let Fact::Written { letter, kind, to, message_id, covers, about } = &event.fact else {
        return Err(error("", "this event is about no letter"));
    };
    let missing = || error(&letter.0, "its inbox is not configured");
    let inbox = books.outbox().get(letter).map(|waiting| waiting.inbox.as_str());
    let policy = inbox.and_then(policy).ok_or_else(missing)?;
    let case = event.case.as_ref().and_then(|id| books.case(id));
    let others: Vec<_> = covers.iter().filter_map(|id| books.case(id)).collect();
    let LetterKind::Notice(kind) = *kind else {
        return write(
            wording,
            policy,
            case.ok_or_else(missing)?,
            &others,
            books.absences(),
            letter,
            event.at,
        );
    };
    if kind == Notice::Digest {
        return digest(wording, books, policy, event);
    }
    let on_case = decided.iter().filter(|one| one.case == event.case);
    let linked: Vec<CaseId> = on_case.filter_map(|one| one.fact.linked().cloned()).collect();
    let on_case = decided.iter().filter(|one| one.case == event.case);
    let alike: Vec<(CaseId, u8)> = on_case
        .filter_map(|one| match &one.fact {
            Fact::Similar { other, percent } => Some((other.clone(), *percent)),
            _ => None,
        })
        .collect();
    let told = Told {
        alike: &alike,
        case,
        others: &others,
        event: decided.iter().find(|one| Some(one.seq) == *about),
        linked: &linked,
        text,
    };
    notice(wording, policy, &told, &Decided { id: letter, notice: kind, to, message_id }, event.at)
}
