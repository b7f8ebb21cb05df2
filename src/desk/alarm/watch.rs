//! When an alarm is told, told again, and over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::trouble::{Rules, Seen, Trouble};
use crate::desk::hex::hex;
use crate::desk::keys::digest;
use crate::desk::time::{Moment, Span};

/// What has been noticed, and what has been said of it.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    known: BTreeMap<Trouble, Known>,
    /// What was told to be over, until somebody has heard it.
    over: BTreeMap<Trouble, Known>,
    /// When something was last said.
    said: Option<Moment>,
}

#[derive(Clone, Debug)]
struct Known {
    since: Moment,
    how: String,
    /// Since when it is not there any more.
    gone: Option<Moment>,
    raised: Raised,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Raised {
    No,
    /// Said; nobody is known to have heard it.
    Said,
    /// Heard by somebody.
    Heard,
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// When.
    pub at: Moment,
    /// What it is.
    pub sort: Sort,
    /// All that is wrong now, and what has ended, most serious first.
    pub told: Vec<Told>,
    /// How often what goes on is told again.
    pub every: Span,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Something new is wrong.
    Alarm,
    /// What was told before goes on.
    GoesOn,
    /// Something is over; other things may go on.
    Over,
}

/// One trouble in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub trouble: Trouble,
    /// Since when.
    pub since: Moment,
    /// More about it.
    pub how: String,
    /// When it ended; none where it goes on.
    pub until: Option<Moment>,
    /// It was not told before.
    pub new: bool,
}

/// What comes back within this was never away: a server that takes each login and drops it is down,
/// and nobody wants an alarm a minute.
const CALM: Span = Span::minutes(5);
/// A trouble that has lasted for this long is kept, so that a daemon which starts again and again
/// counts it from its beginning.
const SETTLED: Span = Span::seconds(5);

impl Alarm {
    /// Looks at what is wrong; says what there is to say.
    pub fn look(
        &mut self,
        now: Moment,
        rules: &Rules,
        seen: &BTreeMap<Trouble, Seen>,
    ) -> Option<Say> {
        self.note(now, seen);
        let calm = calm(rules);
        let (gone, known): (BTreeMap<_, _>, _) = std::mem::take(&mut self.known)
            .into_iter()
            .partition(|(_, known)| known.gone.is_some_and(|gone| gone + calm <= now));
        self.known = known;
        let over: BTreeMap<_, _> =
            gone.into_iter().filter(|(_, known)| known.raised != Raised::No).collect();

        let mut fresh = Vec::new();
        for (trouble, known) in &mut self.known {
            if known.is_due(trouble, rules).is_some_and(|due| due <= now) {
                known.raised = Raised::Said;
                fresh.push(trouble.clone());
            }
        }
        let sort = if !fresh.is_empty() {
            Sort::Alarm
        } else if !over.is_empty() {
            Sort::Over
        } else if self.next_repeat(rules).is_some_and(|next| next <= now) {
            Sort::GoesOn
        } else {
            return None;
        };
        self.said = Some(now);
        let going_on = self.known.iter().filter(|(_, known)| known.raised != Raised::No);
        let going_on = going_on.map(|(trouble, known)| known.told(trouble, &fresh, None));
        let ended = over.iter().map(|(trouble, known)| known.told(trouble, &fresh, known.gone));
        let told = going_on.chain(ended).collect();
        self.over.extend(over);
        Some(Say { at: now, sort, told, every: rules.every })
    }

    /// What began, or was said, at a moment that has not come was told by a clock that was ahead: it
    /// counts from now.
    fn note(&mut self, now: Moment, seen: &BTreeMap<Trouble, Seen>) {
        self.said = self.said.map(|said| said.min(now));
        for (trouble, Seen { since, how }) in seen {
            let known = self.known.entry(trouble.clone()).or_insert_with(|| Known {
                since: *since,
                how: String::new(),
                gone: None,
                raised: Raised::No,
            });
            known.since = known.since.min(*since).min(now);
            known.how.clone_from(how);
            known.gone = None;
        }
        for (_, known) in self.known.iter_mut().filter(|(trouble, _)| !seen.contains_key(trouble)) {
            known.gone.get_or_insert(now);
        }
    }

    /// Somebody heard what was last said.
    pub fn heard(&mut self) {
        self.over.clear();
        for known in self.known.values_mut().filter(|known| known.raised == Raised::Said) {
            known.raised = Raised::Heard;
        }
    }

    /// What is there now, whether it has been told or not.
    pub fn present(&self) -> impl Iterator<Item = (&Trouble, Moment, &str)> {
        let here = self.known.iter().filter(|(_, known)| known.gone.is_none());
        here.map(|(trouble, known)| (trouble, known.since, known.how.as_str()))
    }

    /// When to look again if nothing changes.
    pub fn next_wakeup(&self, rules: &Rules) -> Option<Moment> {
        let calm = calm(rules);
        let known = self.known.iter().filter_map(|(trouble, known)| match known.gone {
            Some(gone) => Some(gone + calm),
            None => known.is_due(trouble, rules),
        });
        known.chain(self.next_repeat(rules)).min()
    }

    fn next_repeat(&self, rules: &Rules) -> Option<Moment> {
        let goes_on = |known: &Known| known.raised != Raised::No && known.gone.is_none();
        let said = self.said.filter(|_| self.known.values().any(goes_on))?;
        Some(said + rules.every)
    }

    /// What has to survive a restart, as rows: what was heard counts as told, what was only said does
    /// not, so a crash in between costs one message more and none less.
    pub fn rows(&self, now: Moment) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let settled = |known: &Known| {
            known.raised != Raised::No || known.since + SETTLED <= known.gone.unwrap_or(now)
        };
        let known = self.known.iter().filter(|(_, known)| settled(known));
        let heard = |known: &Known| known.raised == Raised::Heard;
        let known = known.map(|(trouble, known)| (trouble, known.since, heard(known)));
        let over = self.over.iter().map(|(trouble, known)| (trouble, known.since, true));
        let said = self.said.filter(|_| self.known.values().any(heard));
        let rows = known.chain(over).map(|(trouble, since, told)| {
            let trouble = trouble.clone();
            row(&Row { trouble, since, said: said.filter(|_| told), told })
        });
        rows.collect()
    }

    /// What such rows say.
    pub fn read<'a>(rows: impl IntoIterator<Item = &'a [u8]>) -> Alarm {
        let mut alarm = Alarm::default();
        // A row that cannot be read costs a message.
        for row in rows.into_iter().filter_map(|row| serde_json::from_slice::<Row>(row).ok()) {
            let raised = if row.told { Raised::Heard } else { Raised::No };
            let known = Known { since: row.since, how: String::new(), gone: None, raised };
            alarm.known.insert(row.trouble, known);
            alarm.said = alarm.said.max(row.said);
        }
        alarm
    }
}

impl Known {
    /// When it is worth an alarm; none where it had one.
    fn is_due(&self, trouble: &Trouble, rules: &Rules) -> Option<Moment> {
        let waits = self.raised == Raised::No && self.gone.is_none();
        waits.then(|| self.since + trouble.grace(rules))
    }

    fn told(&self, trouble: &Trouble, fresh: &[Trouble], until: Option<Moment>) -> Told {
        let (trouble, new) = (trouble.clone(), fresh.contains(trouble));
        Told { trouble, since: self.since, how: self.how.clone(), until, new }
    }
}

fn calm(rules: &Rules) -> Span {
    rules.after.min(CALM)
}

/// What the keys of these rows begin with.
pub const PREFIX: &str = "alarm/";

#[derive(Serialize, Deserialize)]
struct Row {
    trouble: Trouble,
    since: Moment,
    said: Option<Moment>,
    told: bool,
}

fn row(row: &Row) -> (Vec<u8>, Vec<u8>) {
    // These types have no fallible parts.
    let trouble = serde_json::to_vec(&row.trouble).unwrap_or_default();
    let key = format!("{PREFIX}{}", hex(&digest([trouble.as_slice()])));
    (key.into_bytes(), serde_json::to_vec(row).unwrap_or_default())
}
