//! Letters that may have left already, though the store does not know: before a crash in the moment
//! after the mail server took them, after a backup that was restored, from another machine. The
//! mail server is asked for a trace of each, and they wait for its answer, though not for long.

use std::collections::{BTreeMap, BTreeSet};

use super::edges::Edges;
use super::folders::Folders;
use crate::desk::Desk;
use crate::desk::books::Books;
use crate::desk::case::{Case, LetterOnCase};
use crate::desk::event::{Event, Fact};
use crate::desk::folder::{Folder, Role};
use crate::desk::ids::CaseId;
use crate::desk::letter::LetterId;
use crate::desk::time::{Moment, Span};
use crate::io::imap::{ToFolder, Trace};

/// How long a letter waits for the answer. A second one is unpleasant, and a late one breaks a promise.
const PATIENCE: Span = Span::seconds(60);
/// More letters than these do not wait: each is a search, and some servers read all mail for it.
const MOST: usize = 500;
/// More are asked for again.
const MOST_READ: usize = 2000;

/// The letters that are looked for.
#[derive(Debug)]
pub(super) struct Traces {
    /// What comes from before this moment may have been answered before it.
    started: Moment,
    doubts: BTreeMap<LetterId, Doubt>,
    /// Cases whose mails were read since then, with their keywords: these need not be asked for again.
    read: BTreeSet<CaseId>,
    /// Folders that answer.
    open: BTreeSet<Folder>,
    /// Folders that are not there.
    absent: BTreeSet<Folder>,
}

#[derive(Debug)]
struct Doubt {
    until: Moment,
    /// What each folder that could tell is asked, and whether it was.
    asked: BTreeMap<Folder, (Trace, bool)>,
}

impl Traces {
    /// What a start finds: each letter that waits.
    pub(super) fn of(desk: &Desk, edges: &Edges, folders: &Folders, now: Moment) -> Traces {
        let (doubts, read, open, absent) = Default::default();
        let mut traces = Traces { started: now, doubts, read, open, absent };
        for case in desk.books().cases() {
            let waiting = desk.books().outbox().of_case(&case.id);
            for id in waiting.filter(|id| case.letters.contains_key(id)) {
                traces.doubt((edges, folders), case, id, now);
            }
        }
        traces
    }

    /// A letter was written: its mail may have been answered before this start.
    pub(super) fn note(&mut self, books: &Books, edges: &Edges, folders: &Folders, event: &Event) {
        let Some(id) = &event.case else { return };
        let Some(case) = books.case(id).filter(|case| case.arrived() < self.started) else {
            return;
        };
        match &event.fact {
            Fact::Opened(_) => {
                self.read.insert(id.clone());
                if self.read.len() > MOST_READ {
                    self.read.pop_first();
                }
            }
            Fact::Written { letter, .. } => self.doubt((edges, folders), case, letter, event.at),
            _ => {}
        }
    }

    fn doubt(
        &mut self,
        (edges, folders): (&Edges, &Folders),
        case: &Case,
        id: &LetterId,
        now: Moment,
    ) {
        let Some(letter) = case.letters.get(id).filter(|_| self.doubts.len() < MOST) else {
            return;
        };
        let mut asked = BTreeMap::new();
        let read = self.read.contains(&case.id).then(|| &case.mail().folder);
        // What stands on another mail says nothing.
        let other = (!folders.still_number(case.mail())).then(|| &case.mail().folder);
        let open = |folder: &&Folder| {
            !self.absent.contains(*folder) && ![read, other].contains(&Some(*folder))
        };
        for folder in edges.folders().filter(open) {
            if let Some(trace) = trace(case, letter, folder) {
                asked.insert(folder.clone(), (trace, false));
            }
        }
        if !asked.is_empty() {
            self.doubts.insert(id.clone(), Doubt { until: now + PATIENCE, asked });
        }
    }

    /// A folder has a new connection: what was asked of the last one is asked again.
    pub(super) fn opened(&mut self, folder: &Folder) {
        self.open.insert(folder.clone());
        self.absent.remove(folder);
        for doubt in self.doubts.values_mut() {
            if let Some((_, asked)) = doubt.asked.get_mut(folder) {
                *asked = false;
            }
        }
    }

    /// A folder is not there: nobody waits for it.
    pub(super) fn absent(&mut self, folder: &Folder) {
        self.absent.insert(folder.clone());
        self.open.remove(folder);
        self.doubts.retain(|_, doubt| doubt.goes_on_without(folder));
    }

    /// A folder has answered.
    pub(super) fn looked(&mut self, folder: &Folder, letter: &LetterId, found: bool) {
        if let Some(doubt) = self.doubts.get_mut(letter)
            && (found || !doubt.goes_on_without(folder))
        {
            self.doubts.remove(letter);
        }
    }

    /// Asks the folders that can answer. A task that is busy is asked the next time round.
    pub(super) fn ask(&mut self, edges: &Edges) {
        for (letter, doubt) in &mut self.doubts {
            for (folder, (trace, asked)) in &mut doubt.asked {
                if !*asked && self.open.contains(folder) {
                    let look = ToFolder::Look { letter: letter.clone(), trace: trace.clone() };
                    *asked = edges.tell(folder, look);
                }
            }
        }
    }

    /// The letters that wait for an answer.
    pub(super) fn doubtful(&mut self, now: Moment) -> BTreeSet<LetterId> {
        self.doubts.retain(|_, doubt| doubt.until > now);
        self.doubts.keys().cloned().collect()
    }

    /// When the patience with one of them ends.
    pub(super) fn next_wakeup(&self) -> Option<Moment> {
        self.doubts.values().map(|doubt| doubt.until).min()
    }
}

impl Doubt {
    fn goes_on_without(&mut self, folder: &Folder) -> bool {
        self.asked.remove(folder);
        !self.asked.is_empty()
    }
}

/// What would show in a folder that a letter left.
fn trace(case: &Case, letter: &LetterOnCase, folder: &Folder) -> Option<Trace> {
    let mail = case.mail();
    let answer = letter.kind.acknowledges();
    if *folder == mail.folder {
        let (uid, uid_validity) = (mail.uid, mail.uid_validity);
        return answer.then_some(Trace::Keyword { uid, uid_validity });
    }
    if folder.role != Role::Sent || folder.inbox != mail.folder.inbox {
        return None;
    }
    let answers = mail.message_id.clone().filter(|_| answer);
    let answers = answers.map(|report| (report, letter.to.address.clone()));
    Some(Trace::Sent { message_id: letter.message_id.clone(), answers })
}
