//! The address that each case has of its own: its letters carry it, and what comes to it is about the
//! case, whatever became of Message-IDs on the way.

use super::books::Books;
use super::case::Case;
use super::ids::CaseId;
use super::keys::Keys;
use super::letter::{Letter, LetterId};
use super::message::{Message, ReturnPath};
use super::policy::Policy;
use super::thread::{Tie, Tied};

/// The letter with the address of its case, where the inbox takes mail there and the letter goes to
/// the reporter: nobody else speaks for the case by holding it.
pub(super) fn addressed(keys: &Keys, policy: &Policy, case: &Case, letter: Letter) -> Letter {
    if !policy.subaddressing || !case.is_reporter(&letter.to.address) {
        return letter;
    }
    match keys.address(&case.id, case.mail(), &letter.from.address) {
        Some(address) => {
            Letter { reply_to: Some(address.clone()), envelope_from: address, ..letter }
        }
        None => letter,
    }
}

/// Whether the address that a mail was sent to is the one of this case; none where the tie is
/// another. A tie of this kind that is false says nothing: anybody can make one up.
pub(super) fn is_address_of(keys: &Keys, tie: &Tie, case: &Case) -> Option<bool> {
    match tie {
        Tie::Addressed(_, address) => Some(keys.made_address_of(address, &case.id, case.mail())),
        _ => None,
    }
}

/// What a delivery report is about that names no mail of ours, but came to the address of a case: its
/// acknowledgement, on every case that this one acknowledges. A report has no sender itself (RFC
/// 3464 section 2); what has one is a person's, or a forgery.
pub(super) fn returned(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    report: &Message,
    tied: &[(Tie, Tied)],
) -> Vec<(CaseId, LetterId)> {
    if matches!(report.return_path, Some(ReturnPath::Address(_))) {
        return Vec::new();
    }
    let cases = tied.iter().filter_map(|(tie, tied)| Some((tie, books.case(&tied.case)?)));
    let mut ours = cases.filter(|(tie, case)| {
        case.id.prefix == policy.case_prefix && is_address_of(keys, tie, case) == Some(true)
    });
    let letter = ours.next().and_then(|(_, case)| {
        let mut letters = case.letters.iter();
        letters.find(|(_, letter)| letter.kind.acknowledges()).map(|(id, _)| id)
    });
    let Some(letter) = letter else { return Vec::new() };
    let covered = books.cases().filter(|case| case.letters.contains_key(letter));
    covered.map(|case| (case.id.clone(), letter.clone())).collect()
}
