//! Which case a mail belongs to. A tie proves nothing by itself: what joins a case comes from
//! somebody who takes part in it, or answers a letter whose id and address nobody can guess.

use super::address::Address;
use super::authentication::Authentication;
use super::books::Books;
use super::case::Case;
use super::conversation::without_origins;
use super::event::{Certainty, HoldReason};
use super::ids::CaseId;
use super::incoming::Incoming;
use super::keys::Keys;
use super::policy::Policy;
use super::subaddress::is_address_of;
use super::thread::{Tie, base_subject, is_reply};
use super::verdict::{Kind, Verdict};

/// Where a mail goes.
pub(super) enum Place {
    /// To this case.
    Joins(CaseId, Certainty),
    /// To a case of its own; the others are what it refers to without right, or without saying which.
    Opens { linked: Vec<CaseId>, hold: Option<HoldReason> },
}

/// Says where it goes.
pub(super) fn place(books: &Books, policy: &Policy, keys: &Keys, incoming: &Incoming) -> Place {
    let mut joins: Vec<(Certainty, CaseId)> = Vec::new();
    let mut linked: Vec<CaseId> = Vec::new();
    let mut answers_others = false;
    for claim in claims(books, policy, incoming) {
        let addressed = is_address_of(keys, claim.tie, claim.case);
        if addressed == Some(false) {
            continue;
        }
        match certainty(books, keys, incoming, &claim) {
            Some(certainty) => joins.push((certainty, books.goes_on_in(&claim.case.id).clone())),
            None => {
                answers_others |= matches!(claim.tie, Tie::Answers(_) | Tie::Addressed(..));
                linked.push(books.goes_on_in(&claim.case.id).clone());
            }
        }
    }
    without_origins(books, &mut joins);
    let Some(best) = joins.iter().map(|(certainty, _)| *certainty).min() else {
        let hold = answers_others.then_some(HoldReason::OthersConversation);
        return Place::Opens { linked: each_once(linked), hold };
    };
    let surest = joins.into_iter().filter(|(certainty, _)| *certainty == best);
    match each_once(surest.map(|(_, case)| case).collect()).as_slice() {
        [case] => Place::Joins(case.clone(), best),
        // Two cases by equally sure ties: a human decides.
        rivals => Place::Opens { linked: rivals.to_vec(), hold: Some(HoldReason::SeveralCases) },
    }
}

/// A tie of the mail, and the open case that it leads to.
struct Claim<'a> {
    tie: &'a Tie,
    /// The tie is the id of a letter of ours.
    letter: bool,
    case: &'a Case,
}

/// What the mail lays claim to. Projects that share a daemon share no cases.
fn claims<'a>(
    books: &'a Books,
    policy: &'a Policy,
    incoming: &'a Incoming,
) -> impl Iterator<Item = Claim<'a>> {
    let claims = incoming.tied.iter().filter_map(|(tie, tied)| {
        Some(Claim { tie, letter: tied.letter, case: books.case(&tied.case)? })
    });
    claims.filter(|claim| claim.case.id.prefix == policy.case_prefix)
}

/// How surely a claim binds the mail; none where it does not. An address of ours is known to be that
/// of the case already.
fn certainty(
    books: &Books,
    keys: &Keys,
    incoming: &Incoming,
    claim: &Claim<'_>,
) -> Option<Certainty> {
    let Incoming { message, authentication, verdict, .. } = incoming;
    let Claim { tie, letter, case } = claim;
    let hearsay = message.through.as_ref().is_some_and(|through| through.hearsay);
    if *authentication == Authentication::Fail || hearsay {
        return None;
    }
    let ours = match tie {
        Tie::Answers(id) => *letter && keys.made(id),
        Tie::Addressed(..) => true,
        _ => false,
    };
    let takes_part =
        |author: &Address| books.conversation(&case.id).any(|one| one.takes_part(author));
    if !message.author().is_some_and(|author| takes_part(&author.address)) {
        return ours.then_some(Certainty::Guest);
    }
    // What can be guessed takes an author who can not be made up.
    let authentic = matches!(authentication, Authentication::Pass { .. });
    let believed = authentic || !case.opening.authentic;
    let continues = || is_reply(message) || !tells_anew(verdict.kind);
    match tie {
        Tie::Answers(_) if ours => Some(Certainty::OurLetter),
        Tie::Addressed(..) => Some(Certainty::OurAddress),
        Tie::Answers(_) | Tie::Is(_) => Some(Certainty::TheirMail),
        Tie::Conversation(_) => continues().then_some(Certainty::Conversation),
        Tie::Tagged(_) => believed.then_some(Certainty::SubjectTag),
        Tie::Text(_) => {
            let titled = || base_subject(&message.subject) == base_subject(&case.opening.subject);
            let told = || is_told_by_its_text(verdict) || is_reply(message) || titled();
            told().then_some(Certainty::SameText)
        }
        Tie::Subject(..) => (believed && continues()).then_some(Certainty::SameSubject),
    }
}

/// Whether the mail is a report of its own: many people call each of their reports "vulnerability".
pub(super) fn tells_anew(kind: Kind) -> bool {
    matches!(kind, Kind::Complete | Kind::Encrypted)
}

/// Whether the text is what it has to say. People send each of their files with the same words, and
/// say under one signature what stands in the subject alone.
fn is_told_by_its_text(verdict: &Verdict) -> bool {
    verdict.figures.attachments == 0 && verdict.kind != Kind::Empty
}

fn each_once(mut cases: Vec<CaseId>) -> Vec<CaseId> {
    cases.sort();
    cases.dedup();
    cases
}
