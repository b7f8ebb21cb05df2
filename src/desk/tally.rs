//! What has happened since the last digest of each inbox: promises that ended, and mail that was put
//! aside. It follows from the log and the proof, and is read from them again at each start.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::{Event, Fact};
use super::map::Map;
use super::proof::Entry;
use super::time::Moment;
use super::verdict::Verdict;

/// Since when the next digest of an inbox counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The moment at which the last digest was due, or at which counting began.
    pub at: Moment,
    /// The event that says so.
    pub seq: u64,
    /// How many entries the proof had then.
    pub entries: u64,
}

/// A mail that belongs to no case and was answered by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// When it was put aside.
    pub at: Moment,
    /// Where it lies.
    pub folder: String,
    /// Its UID there.
    pub uid: u32,
    /// What kind of mail it is.
    pub verdict: Verdict,
}

/// The tally of one inbox.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Since when it counts.
    pub since: Since,
    entries: Map<u64, Arc<Entry>>,
    /// The last mails that were put aside, oldest first.
    pub aside: VecDeque<Arc<SetAside>>,
    /// How many there were, by kind.
    pub kinds: BTreeMap<&'static str, usize>,
}

/// So many mails that were put aside are named; the rest is counted.
const NAMED: usize = 8;

impl Tally {
    fn new(since: Since) -> Tally {
        let (entries, aside, kinds) = (Map::default(), VecDeque::new(), BTreeMap::new());
        Tally { since, entries, aside, kinds }
    }

    /// The promises that ended, in the order of the proof.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().map(Arc::as_ref)
    }

    /// How many mails were put aside.
    pub fn put_aside(&self) -> usize {
        self.kinds.values().sum()
    }
}

/// The tallies of all inboxes that have a digest. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tallies {
    inboxes: Map<String, Tally>,
}

impl Tallies {
    /// Begins where the store says.
    pub(super) fn open(
        since: Vec<(String, Since)>,
        entries: Vec<Entry>,
        aside: &[Event],
    ) -> Tallies {
        let tallies = since.into_iter().map(|(inbox, since)| (inbox, Tally::new(since))).collect();
        let mut tallies = Tallies { inboxes: tallies };
        for entry in entries {
            tallies.ended(entry);
        }
        for event in aside {
            tallies.note(event, 0);
        }
        tallies
    }

    /// Takes one event in; the proof has so many entries.
    pub(super) fn note(&mut self, event: &Event, entries: u64) {
        match &event.fact {
            Fact::SetAside { mail, verdict } => {
                let Some(tally) = self.inboxes.get_mut(&mail.folder.inbox) else { return };
                if event.seq <= tally.since.seq {
                    return;
                }
                *tally.kinds.entry(verdict.kind.name()).or_default() += 1;
                tally.aside.push_back(Arc::new(SetAside {
                    at: event.at,
                    folder: mail.folder.name.clone(),
                    uid: mail.uid,
                    verdict: verdict.clone(),
                }));
                if tally.aside.len() > NAMED {
                    tally.aside.pop_front();
                }
            }
            Fact::Digested { inbox, to, .. } => {
                let since = Since { at: *to, seq: event.seq, entries };
                self.inboxes.insert_mut(inbox.clone(), Tally::new(since));
            }
            _ => {}
        }
    }

    /// Takes one entry of the proof in.
    pub(super) fn ended(&mut self, entry: Entry) {
        if let Some(tally) = self.inboxes.get_mut(&entry.inbox)
            && entry.number > tally.since.entries
        {
            tally.entries.insert_mut(entry.number, Arc::new(entry));
        }
    }

    /// That of one inbox; none where nothing was counted yet.
    pub fn of(&self, inbox: &str) -> Option<&Tally> {
        self.inboxes.get(inbox)
    }
}
