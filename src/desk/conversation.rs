//! Cases that share a conversation, since somebody merged them, and cases that were split.
//!
//! Each case keeps what its own reporter is owed, and every letter is written on one case for one
//! reporter. What is shared is the mail: it joins the case in which the conversation goes on.

use super::books::Books;
use super::case::Case;
use super::event::Certainty;
use super::ids::CaseId;

impl Books {
    /// The case in which the conversation of this one goes on: itself, unless it was merged.
    pub fn goes_on_in<'a>(&'a self, id: &'a CaseId) -> &'a CaseId {
        let mut here = id;
        // No command makes a ring; a store that holds one must not hang us.
        for _ in 0..=self.known_cases() {
            match self.case(here).and_then(|case| case.merged.as_ref()) {
                Some(into) => here = into,
                None => break,
            }
        }
        here
    }

    /// All cases that share a conversation with this one, that in which it goes on first.
    pub fn conversation(&self, id: &CaseId) -> impl Iterator<Item = &Case> {
        self.with_those_merged(self.goes_on_in(id)).into_iter()
    }

    /// The case, and every one that was merged into it, by however many steps.
    pub fn with_those_merged(&self, id: &CaseId) -> Vec<&Case> {
        let mut cases: Vec<&Case> = self.case(id).into_iter().collect();
        let mut next = 0;
        while let Some(case) = cases.get(next).copied() {
            let known = |id: &&CaseId| cases.iter().all(|case| case.id != **id);
            let more: Vec<&Case> =
                case.took_in.iter().filter(known).filter_map(|id| self.case(id)).collect();
            cases.extend(more);
            next += 1;
        }
        cases
    }

    /// Whether these are all of one conversation.
    pub fn one_conversation(&self, cases: &[&Case]) -> bool {
        let mut places = cases.iter().map(|case| self.goes_on_in(&case.id));
        let first = places.next();
        places.all(|place| Some(place) == first)
    }
}

/// What answers a mail that was split off names the mails before it as well, and these lead to the
/// case that it came from. It goes on with the case that the mail became: the claims of the other one
/// are taken out.
pub(super) fn without_origins(books: &Books, claims: &mut Vec<(Certainty, CaseId)>) {
    let origins: Vec<CaseId> = claims
        .iter()
        .filter(|(tie, _)| {
            matches!(tie, Certainty::OurLetter | Certainty::OurAddress | Certainty::TheirMail)
        })
        .flat_map(|(_, id)| books.conversation(id).map(move |case| (id, case)))
        .filter_map(|(id, case)| {
            let origin = books.goes_on_in(case.split_from.as_ref()?);
            (origin != id).then(|| origin.clone())
        })
        .collect();
    claims.retain(|(_, id)| !origins.contains(id));
}
