//! What follows when another Watchpost turns out to watch the same inbox.

use super::books::Books;
use super::claim::Identity;
use super::event::Fact;
use super::incoming::{Facts, Incoming};
use super::letter::LetterId;

/// What follows from their claim on the mail that a letter answers: if it was answered, the letter is
/// not needed, and the first time people are told.
pub(super) fn claimed(books: &Books, letter: &LetterId, by: Identity, answered: bool) -> Facts {
    let Some(waiting) = books.outbox().get(letter) else { return Facts::new() };
    let cases = || letter.case().into_iter().chain(waiting.covers.iter().cloned());
    let elsewhere = || Fact::Elsewhere { by, letter: Some(letter.clone()) };
    let mut facts: Facts =
        cases().filter(|_| answered).map(|case| (Some(case), elsewhere())).collect();
    let first = cases().next().filter(|_| !books.knows_another(&waiting.inbox, by));
    facts.extend(first.map(|case| (Some(case), Fact::Another { by })));
    facts
}

/// The same for a new mail that carries their claim already.
pub(super) fn with_another(books: &Books, incoming: &Incoming, mut facts: Facts) -> Facts {
    let Some(by) = incoming.claimed_by else { return facts };
    for (_, fact) in &mut facts {
        if *fact == Fact::AnsweredBefore {
            *fact = Fact::Elsewhere { by, letter: None };
        }
    }
    let case = facts.iter().find_map(|(case, _)| case.clone());
    let first = case.filter(|_| !books.knows_another(&incoming.mail.folder.inbox, by));
    facts.extend(first.map(|case| (Some(case), Fact::Another { by })));
    facts
}
