//! What the digest can name: bounded, and no word of a report unless told otherwise.

use serde::Serialize;

use super::words::{self, when};
use crate::desk::books::Books;
use crate::desk::case::Case;
use crate::desk::line::one_line;
use crate::desk::outlook::{Outlook, Owed};
use crate::desk::policy::{Policy, Promise};
use crate::desk::proof::Head;
use crate::desk::schedule::Schedule;
use crate::desk::stats::{self, Figures};
use crate::desk::tally::{SetAside, Tally};
use crate::desk::team::Notices;
use crate::desk::thread::without_prefixes;
use crate::desk::time::{Moment, Zone};

/// What one digest names of each; the rest is counted. With all of it and subjects it stays a row of
/// the store.
const OWED: usize = 12;
const HELD: usize = 8;
const UNREACHED: usize = 4;
const OLDEST: usize = 5;

/// What the template of the digest can name.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Values {
    project: String,
    inbox: String,
    daily: bool,
    from: String,
    to: String,
    /// How many open cases there are.
    open: usize,
    owed: Vec<Line>,
    more_owed: usize,
    late: usize,
    held: Vec<Line>,
    more_held: usize,
    unreached: Vec<Line>,
    more_unreached: usize,
    asked: usize,
    aside: Vec<Line>,
    more_aside: usize,
    promises: Vec<Told>,
    chart: Vec<String>,
    oldest: Vec<Line>,
    proof: Option<String>,
    entries: u64,
}

/// A case, or a mail that belongs to none, on a line.
#[derive(Clone, Debug, Default, Serialize)]
struct Line {
    case: String,
    promise: String,
    /// By when something is owed; empty while it waits for the reporter.
    due: String,
    late: bool,
    received: String,
    kind: String,
    why: String,
    place: String,
    state: String,
    subject: String,
}

/// What became of one promise.
#[derive(Clone, Debug, Default, Serialize)]
struct Told {
    promise: String,
    kept: usize,
    missed: usize,
    held: usize,
    corrected: usize,
    reopened: usize,
    closed: usize,
    median: String,
    ninetieth: String,
    slowest: String,
}

impl Values {
    pub(super) fn of(books: &Books, policy: &Policy, zone: &Zone, now: Moment) -> Values {
        let outlook = Outlook::of(books, policy);
        let tally = books.tallies().of(&policy.inbox);
        let line = |case: &&Case| Line::of(policy, case, zone);
        let figures = stats::figures(tally.into_iter().flat_map(Tally::entries));
        let answers = figures.iter().find(|one| one.promise == Promise::Response);
        let head = books.chain().head();
        let (aside, more_aside) = aside(tally, zone);
        Values {
            project: policy.project.clone(),
            inbox: policy.inbox.clone(),
            daily: policy.digest.as_ref().is_some_and(Schedule::is_daily),
            from: tally.map(|tally| when(tally.since.at, zone)).unwrap_or_default(),
            to: when(now, zone),
            open: outlook.oldest.len(),
            owed: outlook
                .owed
                .iter()
                .take(OWED)
                .map(|o| Line::owed(policy, o, zone, now))
                .collect(),
            more_owed: outlook.owed.len().saturating_sub(OWED),
            late: outlook.owed.iter().filter(|owed| owed.is_late(now)).count(),
            held: outlook.held.iter().take(HELD).map(line).collect(),
            more_held: outlook.held.len().saturating_sub(HELD),
            unreached: outlook.unreached.iter().take(UNREACHED).map(line).collect(),
            more_unreached: outlook.unreached.len().saturating_sub(UNREACHED),
            asked: outlook.asked,
            aside,
            more_aside,
            promises: figures.iter().map(Told::of).collect(),
            chart: answers.map(|one| stats::chart(&one.times)).unwrap_or_default(),
            oldest: outlook.oldest.iter().take(OLDEST).map(line).collect(),
            proof: proof(head),
            entries: head.number,
        }
    }

    /// What there can be: everything, and as little as possible.
    pub(super) fn samples() -> [Values; 2] {
        let date = when(Moment::from_unix(1_800_000_000), &Zone::UTC);
        let least = Values {
            project: "Express".into(),
            inbox: "security".into(),
            from: date.clone(),
            to: date.clone(),
            ..Values::default()
        };
        let line = Line {
            case: "EXP-2026-0007".into(),
            promise: "response".into(),
            due: date.clone(),
            late: true,
            received: date,
            kind: "Reads as a report".into(),
            why: "it came through a mailing list".into(),
            place: "folder INBOX, UID 7".into(),
            state: "acknowledged".into(),
            subject: "a problem".into(),
        };
        let told = Told {
            promise: "response".into(),
            kept: 3,
            missed: 2,
            held: 1,
            corrected: 1,
            reopened: 1,
            closed: 1,
            median: "5 h".into(),
            ninetieth: "31 h".into(),
            slowest: "4 d".into(),
        };
        let most = Values {
            daily: true,
            open: 3,
            owed: vec![line.clone(), Line { due: String::new(), late: false, ..line.clone() }],
            more_owed: 3,
            late: 1,
            held: vec![line.clone()],
            more_held: 3,
            unreached: vec![line.clone()],
            more_unreached: 3,
            asked: 1,
            aside: vec![line.clone()],
            more_aside: 3,
            promises: vec![told],
            chart: vec!["| within  1 h  # 1".into()],
            oldest: vec![line],
            proof: Some("0123456789abcdef".repeat(4)),
            entries: 7,
            ..least.clone()
        };
        [least, most]
    }
}

impl Line {
    fn of(policy: &Policy, case: &Case, zone: &Zone) -> Line {
        let repeats = matches!(policy.team.notices, Notices::Subject | Notices::Text);
        let subject = one_line(&without_prefixes(&case.opening.subject), 60);
        Line {
            case: case.id.to_string(),
            received: when(case.arrived(), zone),
            kind: words::in_words(&case.opening.verdict).into(),
            why: case.held.map(|why| why.in_words().into()).unwrap_or_default(),
            state: case.state().name().into(),
            subject: if repeats { subject } else { String::new() },
            ..Line::default()
        }
    }

    fn owed(policy: &Policy, owed: &Owed<'_>, zone: &Zone, now: Moment) -> Line {
        Line {
            promise: owed.clock.promise.name().into(),
            due: owed.due().map(|due| when(due, zone)).unwrap_or_default(),
            late: owed.is_late(now),
            ..Line::of(policy, owed.case, zone)
        }
    }

    fn aside(aside: &SetAside, zone: &Zone) -> Line {
        Line {
            received: when(aside.at, zone),
            kind: words::in_words(&aside.verdict).into(),
            place: format!("folder {}, UID {}", one_line(&aside.folder, 40), aside.uid),
            ..Line::default()
        }
    }
}

impl Told {
    fn of(figures: &Figures) -> Told {
        let length = |span: Option<_>| span.map(stats::length).unwrap_or_default();
        Told {
            promise: figures.promise.name().into(),
            kept: figures.kept,
            missed: figures.missed,
            held: figures.held,
            corrected: figures.corrected,
            reopened: figures.reopened,
            closed: figures.closed,
            median: length(figures.median()),
            ninetieth: length(figures.ninetieth()),
            slowest: length(figures.slowest()),
        }
    }
}

/// The last mails that were put aside, and how many more there were.
fn aside(tally: Option<&Tally>, zone: &Zone) -> (Vec<Line>, usize) {
    let Some(tally) = tally else { return (Vec::new(), 0) };
    let named = tally.aside.iter().map(|aside| Line::aside(aside, zone)).collect();
    (named, tally.put_aside().saturating_sub(tally.aside.len()))
}

/// Where the proof ends; nothing before its first entry.
fn proof(head: &Head) -> Option<String> {
    (head.number > 0).then(|| head.hash.clone())
}
