//! The rows of `watchpost stats`: what the digest tells, for any time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::desk::case::Case;
use crate::desk::event::{Event, Fact};
use crate::desk::outlook::{Outlook, Owed};
use crate::desk::proof::{Entry, Head, Outcome};
use crate::desk::stats::{Figures, figures};
use crate::desk::time::{Moment, Span};

/// Which time, and which inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// From this second on; none for all from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Up to and including this second; none for all until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    /// Only this inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<String>,
}

impl Period {
    fn holds(&self, at: Moment, inbox: &str) -> bool {
        self.from.is_none_or(|from| from <= at)
            && self.to.is_none_or(|to| at <= to)
            && self.has(inbox)
    }

    /// Whether it is about this inbox.
    pub fn has(&self, inbox: &str) -> bool {
        self.inbox.as_ref().is_none_or(|own| own == inbox)
    }
}

/// One row. Moments are RFC 3339, lengths are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum StatsRow {
    /// What the rows are about.
    Period {
        /// The first second, where one was asked for.
        from: Option<String>,
        /// The last second, where one was asked for.
        to: Option<String>,
        /// The inbox, where one was asked for.
        inbox: Option<String>,
        /// When the proof begins; of the time before nothing is told.
        since: Option<String>,
    },
    /// What became of one promise.
    Promise(PromiseRow),
    /// One promise on one case that was met, or was missed.
    Ended {
        /// The promise.
        promise: String,
        /// The inbox.
        inbox: String,
        /// The name of the case in the proof.
        case: String,
        /// When it was met; of a missed one, when it was due.
        at: String,
        /// `kept`, `missed`, `late` or `corrected`.
        outcome: Outcome,
        /// How long it took; none for a missed one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took: Option<u64>,
        /// How long was promised; none where its clock stood still.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promised: Option<u64>,
        /// No machine was allowed to answer the case.
        held: bool,
    },
    /// Something is owed now.
    Owed {
        /// The case.
        case: String,
        /// Its inbox.
        inbox: String,
        /// The promise.
        promise: String,
        /// By when; none while its clock stands still.
        due: Option<String>,
        /// It is over.
        overdue: bool,
    },
    /// A case is held now.
    Held(OpenRow),
    /// A reporter could not be reached.
    Unreached(OpenRow),
    /// One of the oldest open cases.
    Oldest(OpenRow),
    /// So many mails were put aside without a case.
    Aside {
        /// What kind of mail.
        kind: String,
        /// How many.
        count: usize,
    },
    /// One of the last mails that were put aside.
    AsideMail {
        /// When.
        at: String,
        /// The inbox.
        inbox: String,
        /// The folder that it lies in.
        folder: String,
        /// Its UID there.
        uid: u32,
        /// What kind of mail it is.
        kind: String,
    },
    /// Where the proof ends now.
    Proof {
        /// How many entries it has.
        entries: u64,
        /// The hash of the last one.
        head: String,
    },
}

/// What became of one promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseRow {
    /// Which.
    pub promise: String,
    /// Met in time.
    pub kept: usize,
    /// Not met in time.
    pub missed: usize,
    /// How many of these no machine was allowed to answer.
    pub missed_held: usize,
    /// Recorded as missed, and met in time as it turned out.
    pub corrected: usize,
    /// Recorded as met, and owed again.
    pub reopened: usize,
    /// Ended with its case.
    pub closed: usize,
    /// Half of the times are no longer.
    pub median: Option<u64>,
    /// Nine in ten are no longer.
    pub ninetieth: Option<u64>,
    /// The longest.
    pub slowest: Option<u64>,
}

/// An open case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRow {
    /// Its number.
    pub case: String,
    /// Its inbox.
    pub inbox: String,
    /// When it arrived.
    pub received: String,
    /// What kind of mail opened it.
    pub verdict: String,
    /// Where it stands.
    pub state: String,
    /// Why nobody was answered by machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// So many of the oldest cases, and of the last mails that were put aside, are named.
const OLDEST: usize = 10;
const ASIDE: usize = 100;

/// The rows: `entries` is the whole proof, `events` are all that are on no case, `open` is how the open
/// cases of each inbox stand `now`.
pub fn stats(
    period: &Period,
    (entries, head): (&[Entry], &Head),
    events: &[Event],
    open: &[Outlook<'_>],
    now: Moment,
) -> Vec<StatsRow> {
    let rfc3339 = |at: Option<Moment>| at.map(Moment::rfc3339);
    let mut rows = vec![StatsRow::Period {
        from: rfc3339(period.from),
        to: rfc3339(period.to),
        inbox: period.inbox.clone(),
        since: entries.first().map(|first| first.at.rfc3339()),
    }];
    let within: Vec<&Entry> =
        entries.iter().filter(|entry| period.holds(entry.at, &entry.inbox)).collect();
    rows.extend(figures(within.iter().copied()).iter().map(PromiseRow::of).map(StatsRow::Promise));
    rows.extend(within.iter().filter_map(|entry| ended(entry)));
    for outlook in open {
        rows.extend(outlook.owed.iter().map(|owed| row_of_owed(owed, now)));
    }
    let all = |of: fn(&Outlook<'_>) -> Vec<OpenRow>| open.iter().flat_map(of).collect::<Vec<_>>();
    let held = all(|open| open.held.iter().map(|case| OpenRow::of(case)).collect());
    let unreached = all(|open| open.unreached.iter().map(|case| OpenRow::of(case)).collect());
    let mut oldest = all(|open| open.oldest.iter().take(OLDEST).map(|c| OpenRow::of(c)).collect());
    oldest.sort_by(|one, other| one.received.cmp(&other.received));
    rows.extend(held.into_iter().map(StatsRow::Held));
    rows.extend(unreached.into_iter().map(StatsRow::Unreached));
    rows.extend(put_aside(period, events));
    rows.extend(oldest.into_iter().take(OLDEST).map(StatsRow::Oldest));
    rows.push(StatsRow::Proof { entries: head.number, head: head.hash.clone() });
    rows
}

impl PromiseRow {
    fn of(figures: &Figures) -> PromiseRow {
        let seconds = |span: Option<Span>| span.map(Span::as_seconds);
        PromiseRow {
            promise: figures.promise.name().into(),
            kept: figures.kept,
            missed: figures.missed,
            missed_held: figures.held,
            corrected: figures.corrected,
            reopened: figures.reopened,
            closed: figures.closed,
            median: seconds(figures.median()),
            ninetieth: seconds(figures.ninetieth()),
            slowest: seconds(figures.slowest()),
        }
    }
}

impl OpenRow {
    fn of(case: &Case) -> OpenRow {
        OpenRow {
            case: case.id.to_string(),
            inbox: case.mail().folder.inbox.clone(),
            received: case.arrived().rfc3339(),
            verdict: case.opening.verdict.kind.name().into(),
            state: case.state().name().into(),
            held: case.held.map(|why| why.in_words().into()),
        }
    }
}

fn ended(entry: &Entry) -> Option<StatsRow> {
    let at = match entry.outcome {
        Outcome::Kept | Outcome::Late | Outcome::Corrected => entry.met?,
        Outcome::Missed => entry.due?,
        Outcome::Reopened | Outcome::Closed => return None,
    };
    let length = |until: Option<Moment>| until.map(|at| at.since(entry.start).as_seconds());
    Some(StatsRow::Ended {
        promise: entry.promise.name().into(),
        inbox: entry.inbox.clone(),
        case: entry.case.clone(),
        at: at.rfc3339(),
        outcome: entry.outcome,
        took: length(entry.met),
        promised: length(entry.due),
        held: entry.held,
    })
}

fn row_of_owed(owed: &Owed<'_>, now: Moment) -> StatsRow {
    StatsRow::Owed {
        case: owed.case.id.to_string(),
        inbox: owed.case.mail().folder.inbox.clone(),
        promise: owed.clock.promise.name().into(),
        due: owed.due().map(Moment::rfc3339),
        overdue: owed.is_late(now),
    }
}

fn put_aside(period: &Period, events: &[Event]) -> Vec<StatsRow> {
    let (mut kinds, mut mails) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for event in events {
        let Fact::SetAside { mail, verdict } = &event.fact else { continue };
        if period.holds(event.at, &mail.folder.inbox) {
            *kinds.entry(verdict.kind.name()).or_default() += 1;
            mails.push(StatsRow::AsideMail {
                at: event.at.rfc3339(),
                inbox: mail.folder.inbox.clone(),
                folder: mail.folder.name.clone(),
                uid: mail.uid,
                kind: verdict.kind.name().into(),
            });
        }
    }
    let kinds = kinds.into_iter().map(|(kind, count)| StatsRow::Aside { kind: kind.into(), count });
    let before = mails.len().saturating_sub(ASIDE);
    kinds.chain(mails.into_iter().skip(before)).collect()
}

/// An entry of the proof, as JSON has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryRow<'a> {
    number: u64,
    at: String,
    inbox: &'a str,
    case: &'a str,
    promise: &'a str,
    start: String,
    due: Option<String>,
    met: Option<String>,
    outcome: &'static str,
    held: bool,
    before: &'a str,
    hash: &'a str,
}

/// The row of an entry: its fields are those that its hash is taken over.
pub fn entry_row(entry: &Entry) -> EntryRow<'_> {
    EntryRow {
        number: entry.number,
        at: entry.at.rfc3339(),
        inbox: &entry.inbox,
        case: &entry.case,
        promise: entry.promise.name(),
        start: entry.start.rfc3339(),
        due: entry.due.map(Moment::rfc3339),
        met: entry.met.map(Moment::rfc3339),
        outcome: entry.outcome.name(),
        held: entry.held,
        before: &entry.before,
        hash: &entry.hash,
    }
}
