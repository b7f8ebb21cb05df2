//! Copies of our letters in the folder for sent mail, so that its owner sees the whole conversation.
//! Providers that put them there by themselves get time to do so; the folder is searched first.

use std::collections::BTreeMap;

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
/// A letter over which so many connections were lost, or that was refused, is left.
const TRIES: u8 = 3;

/// The letters that have left and are not known to lie in the folder.
#[derive(Debug, Default)]
pub(super) struct Copies {
    waiting: BTreeMap<LetterId, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    folder: Folder,
    due: Moment,
    asked: bool,
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
            Fact::Kept { letter, .. } => {
                self.waiting.remove(letter);
            }
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
            self.waiting.insert(id.clone(), Waiting { folder, due, asked: false, tries: 0 });
        }
    }

    /// The folder is watched anew: what was asked of the last connection is asked again.
    pub(super) fn opened(&mut self, folder: &Folder) {
        for waiting in self.waiting.values_mut().filter(|waiting| waiting.folder == *folder) {
            waiting.asked = false;
        }
        self.waiting.retain(|_, waiting| waiting.tries < TRIES);
    }

    /// The server does not take it.
    pub(super) fn refused(&mut self, letter: &LetterId) {
        self.waiting.remove(letter);
    }

    /// The letters to file now.
    pub(super) fn due(&self, now: Moment) -> Vec<LetterId> {
        let due = |waiting: &Waiting| !waiting.asked && waiting.due <= now;
        self.waiting.iter().filter(|(_, one)| due(one)).map(|(id, _)| id.clone()).collect()
    }

    /// When the next one is due.
    pub(super) fn next_wakeup(&self) -> Option<Moment> {
        self.waiting.values().filter(|waiting| !waiting.asked).map(|waiting| waiting.due).min()
    }

    /// Asks the folder's task to file a letter.
    pub(super) fn file(&mut self, edges: &Edges, letter: &Letter) {
        let Some(waiting) = self.waiting.get_mut(&letter.id) else { return };
        let Ok(bytes) = compose(letter) else {
            self.waiting.remove(&letter.id);
            return;
        };
        let (id, message_id) = (letter.id.clone(), letter.message_id.clone());
        let file = ToFolder::File { letter: id, message_id, bytes };
        // A task that is busy is asked again the next time round.
        waiting.asked = edges.tell(&waiting.folder, file);
        waiting.tries += u8::from(waiting.asked);
    }
}
