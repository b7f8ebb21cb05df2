//! A batch of inputs worked through on a draft of the desk. Nothing of it is true until the rows are
//! on the disk; only then does the draft take the place of the desk.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::desk::case::Case;
use crate::desk::event::{Event, Fact};
use crate::desk::fit;
use crate::desk::folder::Folder;
use crate::desk::ids::CaseId;
use crate::desk::intake::Incoming;
use crate::desk::letter::Letter;
use crate::desk::progress::Progress;
use crate::desk::record::{self, Unreadable};
use crate::desk::table::{Table, Write};
use crate::desk::thread::{Tie, TieKey, Tied};
use crate::desk::time::Moment;
use crate::desk::wording::{self, Worded, Wording, WordingError};
use crate::desk::{Desk, Input};
use crate::io::store::{Store, StoreError};
use crate::query::{self, LoadError};

/// What may go wrong on the way from an input to the disk.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The store did not take it, or could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row that was looked up is damaged.
    #[error(transparent)]
    Row(#[from] Unreadable),
    /// A case that was looked up is damaged.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// The draft.
pub(super) struct Draft {
    desk: Desk,
    /// The desk before the first of the events.
    begun: Desk,
    /// [`Desk::decide`].
    rule: fn(&Desk, Moment, &Input) -> Vec<Event>,
    words: Words,
    now: Moment,
    writes: Vec<Write>,
    letters: Vec<Letter>,
    events: Vec<Event>,
    /// Rows of this batch that are looked up by later mails of the same batch.
    ties: BTreeMap<Vec<u8>, Vec<u8>>,
    mails: BTreeSet<TieKey>,
}

/// How the letter is written that the first of these events decided on; the others are what followed
/// before it from the same input, which said this text.
type Words = fn(&Desk, &Wording, &Event, &[Event], Option<&str>) -> Result<Worded, WordingError>;

/// What is true once a draft is on the disk.
pub(super) struct Committed {
    pub(super) desk: Desk,
    pub(super) letters: Vec<Letter>,
    pub(super) events: Vec<Event>,
}

/// What the store knows about the ties of some mails.
pub(super) struct Found {
    recorded: BTreeSet<TieKey>,
    tied: BTreeMap<TieKey, Vec<Tied>>,
    /// Closed cases that they lead to.
    pub(super) closed: Vec<Case>,
}

impl Draft {
    pub(super) fn of(desk: &Desk, now: Moment) -> Draft {
        Draft {
            desk: desk.clone(),
            begun: desk.clone(),
            rule: Desk::decide,
            words: worded,
            now,
            writes: Vec::new(),
            letters: Vec::new(),
            events: Vec::new(),
            ties: BTreeMap::new(),
            mails: BTreeSet::new(),
        }
    }

    /// Takes in what the store knows of closed cases that something came up about.
    pub(super) fn recall(&mut self, cases: Vec<Case>) {
        for case in cases {
            self.begun.recall(case.clone());
            self.desk.recall(case);
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.now
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Decides on one input and takes the events in; letters are written at once, so that they are
    /// on the disk together with what they follow from. True where anything followed.
    ///
    /// A mail that can only be recorded without what it says, or over which any of this stumbles, is
    /// put before a human as one that nobody can read: its folder would stop at it for ever.
    pub(super) fn take(&mut self, wording: &Wording, input: &Input) -> bool {
        let Input::Mail(incoming) = input else {
            return self.follow(wording, input).unwrap_or_default();
        };
        let before = (self.writes.len(), self.letters.len(), self.events.len());
        let tried = catch_unwind(AssertUnwindSafe(|| self.follow(wording, input)));
        if let Ok(Some(followed)) = tried {
            return followed;
        }
        tracing::error!(
            folder = %incoming.mail.folder,
            uid = incoming.mail.uid,
            "a mail cannot be decided on; this is a bug, please report it"
        );
        self.back_to(before);
        let Some(policy) = self.desk.policy(&incoming.mail.folder.inbox) else { return false };
        let bare = Input::Mail(Box::new(fit::bare(incoming, policy)));
        self.follow(wording, &bare).unwrap_or_default()
    }

    /// The same for an input that is as it should be; none where what follows fits into no row of the
    /// store.
    fn follow(&mut self, wording: &Wording, input: &Input) -> Option<bool> {
        let events = self.decide(input)?;
        let followed = !events.is_empty();
        let mut unwritten = self.take_in(wording, events, input.text());
        // The desk tells the team of each; of what cannot be told either, it tells nobody.
        while let Some(lost) = unwritten.pop() {
            let events = self.decide(&lost)?;
            unwritten.extend(self.take_in(wording, events, None));
        }
        Some(followed)
    }

    /// Forgets all but so many writes, letters and events.
    fn back_to(&mut self, (writes, letters, events): (usize, usize, usize)) {
        self.writes.truncate(writes);
        self.letters.truncate(letters);
        self.events.truncate(events);
        self.ties = self.writes.iter().filter_map(tie).collect();
        self.desk = self.begun.clone();
        for event in &self.events {
            self.desk.apply(event);
        }
    }

    /// Takes events in that followed from one input, which said this text. Gives what became of the
    /// letters that could not be written: the others go on without them.
    fn take_in(&mut self, wording: &Wording, events: Vec<Event>, text: Option<&str>) -> Vec<Input> {
        let (before, mut unwritten) = (self.events.len(), Vec::new());
        for event in events {
            self.desk.apply(&event);
            if let Fact::Written { letter, .. } = &event.fact {
                let decided = self.events.get(before..).unwrap_or_default();
                match self.write(wording, &event, decided, text) {
                    Ok(letter) => {
                        self.writes.push(record::letter(&letter));
                        self.letters.push(letter);
                    }
                    Err(why) => {
                        unwritten.push(Input::Unwritten { letter: letter.clone(), why });
                    }
                }
            }
            for write in record::event(self.desk.books(), &event) {
                self.ties.extend(tie(&write));
                self.writes.push(write);
            }
            self.events.push(event);
        }
        unwritten
    }

    /// Writes the letter that an event decided on; or tells, without a word of any mail, why that
    /// cannot be done.
    fn write(
        &self,
        wording: &Wording,
        event: &Event,
        decided: &[Event],
        text: Option<&str>,
    ) -> Result<Letter, String> {
        let write = || (self.words)(&self.desk, wording, event, decided, text);
        match catch_unwind(AssertUnwindSafe(write)) {
            Ok(Ok(Worded { letter, mistake })) => {
                if let Some(mistake) = mistake {
                    tracing::warn!(
                        letter = %letter.id,
                        mistake = mistake.outline(),
                        "your own text does not serve for this letter, which is written in the \
                         words that ship with Watchpost; please mend its file"
                    );
                    tracing::debug!(%mistake, "the words of the mistake");
                }
                Ok(fit::letter(self.desk.addressed(letter)))
            }
            Ok(Err(mistake)) => {
                tracing::debug!(%mistake, "the words of the mistake");
                Err(mistake.outline())
            }
            Err(_) => Err("the log tells at which place".to_owned()),
        }
    }

    /// What follows from an input, in events that fit into rows of the store; none where that cannot
    /// be.
    fn decide(&self, input: &Input) -> Option<Vec<Event>> {
        fitted((self.rule)(&self.desk, self.now, input))
    }

    /// Decides on a mail, with what the store and this very batch know about it. False where the mail
    /// is none of ours: then nothing of it is kept.
    pub(super) fn take_mail(
        &mut self,
        wording: &Wording,
        key: TieKey,
        ties: &[Tie],
        found: &Found,
        mut incoming: Incoming,
    ) -> Result<bool, DraftError> {
        incoming.recorded = found.recorded.contains(&key) || self.mails.contains(&key);
        incoming.tied = self.tied(ties, found)?;
        if incoming.recorded {
            return Ok(true);
        }
        let ours = self.take(wording, &Input::Mail(Box::new(incoming)));
        if ours && self.mails.insert(key) {
            self.writes.push(record::mail(key));
        }
        Ok(ours)
    }

    /// Every tie with each case that it leads to.
    pub(super) fn tied(&self, ties: &[Tie], found: &Found) -> Result<Vec<(Tie, Tied)>, Unreadable> {
        let mut tied = Vec::new();
        for tie in ties {
            match (tie.names(), tie.key()) {
                (Some(case), _) => {
                    tied.push((tie.clone(), Tied { case: case.clone(), letter: false }));
                }
                (_, Some(key)) => {
                    for known in found.tied.get(&key).into_iter().flatten() {
                        tied.push((tie.clone(), known.clone()));
                    }
                    let own =
                        self.ties.range(key.to_vec()..).take_while(|(k, _)| k.starts_with(&key));
                    for (_, value) in own {
                        tied.push((tie.clone(), record::read("a tie", value)?));
                    }
                }
                (_, None) => {}
            }
        }
        Ok(tied)
    }

    /// What was decided.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether a letter was written.
    pub(super) fn writes_letters(&self) -> bool {
        !self.letters.is_empty()
    }

    /// Puts down how far a folder has been read.
    pub(super) fn progress(&mut self, folder: &Folder, progress: &Progress) {
        self.writes.push(record::progress(folder, progress));
    }

    /// Makes the draft true.
    pub(super) async fn commit(mut self, store: &Store) -> Result<Committed, DraftError> {
        if !self.writes.is_empty() {
            store.commit(self.writes).await?;
        }
        self.desk.forget();
        Ok(Committed { desk: self.desk, letters: self.letters, events: self.events })
    }
}

fn worded(
    desk: &Desk,
    wording: &Wording,
    event: &Event,
    decided: &[Event],
    text: Option<&str>,
) -> Result<Worded, WordingError> {
    wording::letter(wording, desk.books(), |inbox| desk.policy(inbox), event, decided, text)
}

/// What a row says that later mails of the same batch are looked up by.
fn tie(write: &Write) -> Option<(Vec<u8>, Vec<u8>)> {
    match write {
        Write::Put(Table::Ties, key, value) => Some((key.clone(), value.clone())),
        _ => None,
    }
}

/// The events as rows of the store can take them; none where that is not possible of one of them.
fn fitted(events: Vec<Event>) -> Option<Vec<Event>> {
    if events.iter().all(fit::fits) {
        return Some(events);
    }
    tracing::error!("what is to be recorded is too large and is cut down; this is a bug");
    events.into_iter().map(fit::fitted).collect()
}

/// At most so many cases are looked at for one tie: an id that more cases share proves nothing.
const CASES_PER_TIE: usize = 8;

/// Asks the store what it knows about mails, all at once.
pub(super) async fn find<'a>(
    store: &Store,
    desk: &Desk,
    keys: impl Iterator<Item = TieKey>,
    ties: impl Iterator<Item = &'a Tie>,
) -> Result<Found, DraftError> {
    let keys: Vec<TieKey> = keys.collect();
    let rows = store.get(Table::Mails, keys.iter().map(|key| key.to_vec()).collect()).await?;
    let recorded =
        keys.into_iter().zip(rows).filter_map(|(key, row)| row.is_some().then_some(key)).collect();
    let ties: Vec<&Tie> = ties.collect();
    let tie_keys: BTreeSet<TieKey> = ties.iter().filter_map(|tie| tie.key()).collect();
    let prefixes = tie_keys.iter().map(|key| key.to_vec()).collect();
    let rows = store.scan_each(Table::Ties, prefixes, CASES_PER_TIE).await?;
    let read = |(_, value): &(Vec<u8>, Vec<u8>)| record::read("a tie", value);
    let tied = tie_keys.into_iter().zip(rows).map(|(key, rows)| {
        let known = rows.iter().map(read).collect::<Result<Vec<Tied>, Unreadable>>();
        known.map(|known| (key, known))
    });
    let tied: BTreeMap<TieKey, Vec<Tied>> = tied.collect::<Result<_, _>>()?;
    let named = ties.iter().filter_map(|tie| tie.names());
    let led = tied.values().flatten().map(|tied| &tied.case);
    let unknown: BTreeSet<&CaseId> =
        named.chain(led).filter(|id| desk.books().case(id).is_none()).collect();
    let closed = closed(store, unknown).await?;
    Ok(Found { recorded, tied, closed })
}

/// The cases that memory does not hold, as far as there are such; with those that they go on in.
pub(super) async fn closed(
    store: &Store,
    unknown: BTreeSet<&CaseId>,
) -> Result<Vec<Case>, DraftError> {
    let mut cases = Vec::new();
    for id in unknown {
        let mut next = Some(id.clone());
        while let Some(case) = match next.take() {
            Some(id) => known(store, &id).await?,
            None => None,
        } {
            next = case.merged.clone().filter(|_| cases.len() < MOST_CLOSED);
            cases.push(case);
        }
    }
    Ok(cases)
}

/// A case of which the store knows; none where it cannot be told, or a mail on it would be tried for
/// ever. It opens a case of its own then.
async fn known(store: &Store, id: &CaseId) -> Result<Option<Case>, LoadError> {
    match query::case(store, id).await {
        Err(error @ LoadError::Case(_)) => {
            tracing::error!(%error, "what comes up about this case goes on without it");
            Ok(None)
        }
        told => told,
    }
}

/// One batch of mails leads to no more.
const MOST_CLOSED: usize = 1024;

#[cfg(test)]
mod tests;
