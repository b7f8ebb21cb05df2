//! Copies of our letters in the folder for sent mail, so that its owner sees the whole conversation.
//! Providers that put them there by themselves get time to do so; the folder is searched first.

use std::collections::{BTreeMap, BTreeSet};

use super::edges::Edges;
use crate::desk::Desk;
use crate::desk::books::Books;
use crate::desk::case::{Case, Fate, LetterOnCase};
use crate::desk::event::{Event, Fact};
use crate::desk::folder::Folder;
use crate::desk::letter::{Letter, LetterId};
use crate::desk::time::{Moment, Span};
use crate::io::imap::ToFolder;
use crate::io::smtp::compose;

/// How long a provider has to keep a letter by itself.
const PATIENCE: Span = Span::seconds(15);
/// What a crash kept from being filed is filed at the next start, if it is not older than this.
const FILED_AGAIN: Span = Span::hours(7 * 24);
/// So many are filed at a time: each is read from the store, for a task that may be busy.
const MOST_AT_ONCE: usize = 32;
/// A letter over which so many connections were lost, or that was refused, is left.
const TRIES: u8 = 3;

/// The letters that have left and are not known to lie in the folder.
#[derive(Debug, Default)]
pub(super) struct Copies {
    waiting: BTreeMap<LetterId, Waiting>,
    /// Those that their folder's task has not been asked to file, by when they are due.
    unasked: BTreeSet<(Moment, LetterId)>,
}

#[derive(Debug)]
struct Waiting {
    folder: Folder,
    due: Moment,
    tries: u8,
}

impl Copies {
    /// What a start finds.
    pub(super) fn of(desk: &Desk, edges: &Edges, now: Moment) -> Copies {
        let mut copies = Copies::default();
        for case in desk.books().cases() {
            for (id, letter) in case.letters.iter() {
                if let Fate::Sent(at) = letter.fate
                    && at + FILED_AGAIN > now
                {
                    copies.owe(edges, case, id, letter, at);
                }
            }
        }
        copies
    }

    /// Takes in what happened to a letter.
    pub(super) fn note(&mut self, books: &Books, edges: &Edges, event: &Event) {
        match &event.fact {
            Fact::Kept { letter, .. } => self.forget(letter),
            Fact::Sent { letter, .. } => {
                let case = event.case.as_ref().and_then(|id| books.case(id));
                if let Some((case, on_case)) =
                    case.and_then(|case| Some((case, case.letters.get(letter)?)))
                {
                    self.owe(edges, case, letter, on_case, event.at);
                }
            }
            _ => {}
        }
    }

    fn owe(
        &mut self,
        edges: &Edges,
        case: &Case,
        id: &LetterId,
        letter: &LetterOnCase,
        at: Moment,
    ) {
        let folder = edges.copies(&case.mail().folder.inbox);
        if let Some(folder) =
            folder.filter(|_| !letter.kept && id.case().as_ref() == Some(&case.id))
        {
            let (folder, due) = (folder.clone(), at + PATIENCE);
            self.forget(id);
            self.unasked.insert((due, id.clone()));
            self.waiting.insert(id.clone(), Waiting { folder, due, tries: 0 });
        }
    }

    fn forget(&mut self, letter: &LetterId) {
        if let Some(waiting) = self.waiting.remove(letter) {
            self.unasked.remove(&(waiting.due, letter.clone()));
        }
    }

    /// The folder is watched anew: what was asked of the last connection is asked again.
    pub(super) fn opened(&mut self, folder: &Folder) {
        self.waiting.retain(|_, waiting| waiting.tries < TRIES);
        let theirs = self.waiting.iter().filter(|(_, waiting)| waiting.folder == *folder);
        self.unasked.extend(theirs.map(|(id, waiting)| (waiting.due, id.clone())));
    }

    /// The server does not take it.
    pub(super) fn refused(&mut self, letter: &LetterId) {
        self.forget(letter);
    }

    /// The letters to file now.
    pub(super) fn due(&self, now: Moment) -> Vec<LetterId> {
        let due = self.unasked.iter().take_while(|(due, _)| *due <= now);
        due.take(MOST_AT_ONCE).map(|(_, id)| id.clone()).collect()
    }

    /// When the next one is due.
    pub(super) fn next_wakeup(&self) -> Option<Moment> {
        self.unasked.first().map(|(due, _)| *due)
    }

    /// Asks the folder's task to file a letter.
    pub(super) fn file(&mut self, edges: &Edges, letter: &Letter) {
        let Some(waiting) = self.waiting.get_mut(&letter.id) else { return };
        let Ok(bytes) = compose(letter) else {
            self.forget(&letter.id);
            return;
        };
        let (id, message_id) = (letter.id.clone(), letter.message_id.clone());
        let file = ToFolder::File { letter: id, message_id, bytes };
        // A task that is busy is asked again the next time round.
        if edges.tell(&waiting.folder, file) {
            waiting.tries += 1;
            self.unasked.remove(&(waiting.due, letter.id.clone()));
        }
    }
}
