//! The figures of `stats` as text: the same that the digest tells, for any time.

use super::print::Screen;
use super::words::{count, how_far, short, state};
use crate::desk::proof::Outcome;
use crate::desk::stats::{chart, length};
use crate::desk::time::{Moment, Span};
use crate::view::stats::{OpenRow, PromiseRow, StatsRow};

/// The rows as text.
pub(super) fn text(rows: &[StatsRow], inboxes: bool, now: Moment, screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    let mut section = |title: String, body: Vec<String>| {
        if !body.is_empty() {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(screen.bold(&title));
            lines.extend(body);
        }
    };
    section(title(rows), promises(rows, screen));
    section("How soon a person answered".into(), chart(&answers(rows)));
    section("Owed to reporters now".into(), owed(rows, inboxes, now, screen));
    let held = open(rows, inboxes, screen, |row| match row {
        StatsRow::Held(case) => Some((case, case.held.clone().unwrap_or_default())),
        _ => None,
    });
    section("Held now, and answered by nobody".into(), held);
    let unreached = open(rows, inboxes, screen, |row| match row {
        StatsRow::Unreached(case) => Some((case, String::new())),
        _ => None,
    });
    section("Reporters who could not be reached".into(), unreached);
    section("Put aside without a case and without an answer".into(), aside(rows, inboxes, screen));
    let oldest = open(rows, inboxes, screen, |row| match row {
        StatsRow::Oldest(case) => Some((case, format!("{}; {}", case.verdict, state(&case.state)))),
        _ => None,
    });
    section("The oldest open cases".into(), oldest);
    if let Some(StatsRow::Proof { entries, head }) = rows.last() {
        let entries = usize::try_from(*entries).unwrap_or(usize::MAX);
        let told = match entries {
            0 => vec!["It has no entry yet.".into()],
            _ => vec![format!("{}; the last one: {head}", count(entries, "entry", "entries"))],
        };
        section("The proof".into(), told);
    }
    lines
}

fn title(rows: &[StatsRow]) -> String {
    let Some(StatsRow::Period { from, to, inbox, since }) = rows.first() else {
        return "Promises".into();
    };
    let of = inbox.as_ref().map(|inbox| format!(" of {inbox}")).unwrap_or_default();
    // Of the time before the proof began nothing is known.
    let begins = from.as_ref().max(since.as_ref()).map(|at| format!(" from {}", short(at)));
    let ends = to.as_ref().map(|at| format!(" to {}", short(at)));
    match (begins, ends) {
        (None, None) => format!("Promises{of}"),
        (begins, ends) => {
            format!("Promises{of}{}{} (UTC)", begins.unwrap_or_default(), ends.unwrap_or_default())
        }
    }
}

fn promises(rows: &[StatsRow], screen: Screen) -> Vec<String> {
    let of = |row: &PromiseRow| {
        let length = |seconds: Option<u64>| seconds.map(Span::seconds).map(length);
        let missed = match row.missed_held {
            0 => row.missed.to_string(),
            held => format!("{} ({held} held)", row.missed),
        };
        let times = [row.median, row.ninetieth, row.slowest].map(|s| length(s).unwrap_or_default());
        let notes = [
            (row.corrected, "missed at first, and kept as it turned out"),
            (row.reopened, "came back and owed again"),
            (row.closed, "ended with the case"),
        ];
        let notes = notes.iter().filter(|(number, _)| *number > 0);
        let notes: Vec<String> = notes.map(|(number, what)| format!("{number} {what}")).collect();
        let [half, most, slowest] = times;
        vec![
            row.promise.clone(),
            row.kept.to_string(),
            missed,
            half,
            most,
            slowest,
            notes.join("; "),
        ]
    };
    let told: Vec<Vec<String>> = rows
        .iter()
        .filter_map(|row| if let StatsRow::Promise(row) = row { Some(of(row)) } else { None })
        .collect();
    if told.is_empty() {
        return vec!["No promise was kept or missed in this time.".into()];
    }
    let heads = ["PROMISE", "KEPT", "MISSED", "HALF WITHIN", "9 IN 10 WITHIN", "SLOWEST", ""];
    screen.hanging(std::iter::once(heads.map(str::to_owned).to_vec()).chain(told).collect())
}

/// How long people took to answer.
fn answers(rows: &[StatsRow]) -> Vec<Span> {
    let took = |row: &StatsRow| match row {
        StatsRow::Ended { promise, outcome, took, .. } if promise == "response" => {
            took.filter(|_| *outcome != Outcome::Missed).map(Span::seconds)
        }
        _ => None,
    };
    rows.iter().filter_map(took).collect()
}

fn owed(rows: &[StatsRow], inboxes: bool, now: Moment, screen: Screen) -> Vec<String> {
    let of = |row: &StatsRow| match row {
        StatsRow::Owed { case, inbox, promise, due, .. } => {
            let far = due.as_deref().and_then(Moment::parse_rfc3339).map(|due| how_far(due, now));
            let due = due.as_deref().map_or_else(|| "waits".to_owned(), short);
            Some(cells(case, inbox, inboxes, [promise.clone(), due, far.unwrap_or_default()]))
        }
        _ => None,
    };
    screen.hanging(rows.iter().filter_map(of).collect())
}

fn open<'r>(
    rows: &'r [StatsRow],
    inboxes: bool,
    screen: Screen,
    of: impl Fn(&'r StatsRow) -> Option<(&'r OpenRow, String)>,
) -> Vec<String> {
    let told = rows.iter().filter_map(of);
    let told = told.map(|(case, why)| {
        cells(
            &case.case,
            &case.inbox,
            inboxes,
            [format!("received {}", short(&case.received)), why],
        )
    });
    screen.hanging(told.collect())
}

fn aside(rows: &[StatsRow], inboxes: bool, screen: Screen) -> Vec<String> {
    let mail = |row: &StatsRow| match row {
        StatsRow::AsideMail { at, inbox, folder, uid, kind } => {
            Some(cells(&short(at), inbox, inboxes, [format!("{folder}, UID {uid}"), kind.clone()]))
        }
        _ => None,
    };
    let named: Vec<Vec<String>> = rows.iter().filter_map(mail).collect();
    let counted =
        rows.iter().map(|row| if let StatsRow::Aside { count, .. } = row { *count } else { 0 });
    let more = counted.sum::<usize>().saturating_sub(named.len());
    let mut lines = screen.hanging(named);
    if more > 0 {
        lines.push(format!("and {more} before these"));
    }
    lines
}

/// The inbox is named where there are several.
fn cells<const N: usize>(
    first: &str,
    inbox: &str,
    inboxes: bool,
    rest: [String; N],
) -> Vec<String> {
    let inbox = inboxes.then(|| inbox.to_owned());
    std::iter::once(first.to_owned()).chain(inbox).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(case: &str, held: Option<&str>) -> OpenRow {
        OpenRow {
            case: case.into(),
            inbox: "security".into(),
            received: "2026-09-01T17:11:00Z".into(),
            verdict: "complete".into(),
            state: "provisional".into(),
            held: held.map(str::to_owned),
        }
    }

    fn rows() -> Vec<StatsRow> {
        let period = StatsRow::Period {
            from: None,
            to: Some("2026-09-30T23:59:59Z".into()),
            inbox: None,
            since: Some("2026-09-01T17:12:00Z".into()),
        };
        let promise = PromiseRow {
            promise: "response".into(),
            kept: 2,
            missed: 3,
            missed_held: 1,
            corrected: 1,
            reopened: 0,
            closed: 0,
            median: Some(5 * 3600),
            ninetieth: Some(31 * 3600),
            slowest: Some(31 * 3600),
        };
        let ended = |outcome, took| StatsRow::Ended {
            promise: "response".into(),
            inbox: "security".into(),
            case: "00112233445566778899".into(),
            at: "2026-09-03T17:11:00Z".into(),
            outcome,
            took,
            promised: Some(48 * 3600),
            held: false,
        };
        let owed = |case: &str, due: Option<&str>| StatsRow::Owed {
            case: case.into(),
            inbox: "security".into(),
            promise: "response".into(),
            due: due.map(str::to_owned),
            overdue: false,
        };
        let aside = StatsRow::AsideMail {
            at: "2026-09-02T10:00:00Z".into(),
            inbox: "security".into(),
            folder: "INBOX\u{1b}[2J".into(),
            uid: 7,
            kind: "automatic".into(),
        };
        vec![
            period,
            StatsRow::Promise(promise),
            ended(Outcome::Kept, Some(5 * 3600)),
            ended(Outcome::Late, Some(31 * 3600)),
            ended(Outcome::Missed, None),
            owed("EXP-2026-0004", Some("2026-09-03T15:11:00Z")),
            owed("EXP-2026-0005", None),
            StatsRow::Held(open("EXP-2026-0002", Some("it reads as junk"))),
            StatsRow::Aside { kind: "automatic".into(), count: 3 },
            aside,
            StatsRow::Oldest(open("EXP-2026-0001", None)),
            StatsRow::Proof { entries: 5, head: "64bc".into() },
        ]
    }

    fn told(rows: &[StatsRow], width: Option<usize>) -> String {
        let now = Moment::parse_rfc3339("2026-09-03T17:12:00Z").unwrap();
        text(rows, false, now, Screen { width, colour: false }).join("\n")
    }

    #[test]
    fn the_figures_are_told_as_the_digest_does() {
        let expected = "\
Promises from 2026-09-01 17:12 to 2026-09-30 23:59 (UTC)
PROMISE   KEPT  MISSED      HALF WITHIN  9 IN 10 WITHIN  SLOWEST
response  2     3 (1 held)  5 h          31 h            31 h     1 missed at first, and kept as it turned out

How soon a person answered
| within  1 h
| within  6 h  # 1
| within 12 h
| within 24 h
| within 48 h  # 1

Owed to reporters now
EXP-2026-0004  response  2026-09-03 15:11  OVERDUE 2 h
EXP-2026-0005  response  waits

Held now, and answered by nobody
EXP-2026-0002  received 2026-09-01 17:11  it reads as junk

Put aside without a case and without an answer
2026-09-02 10:00  INBOX\\u{1b}[2J, UID 7  automatic
and 2 before these

The oldest open cases
EXP-2026-0001  received 2026-09-01 17:11  complete; text asked for

The proof
5 entries; the last one: 64bc";
        assert_eq!(told(&rows(), None), expected);
    }

    #[test]
    fn a_time_in_which_nothing_happened_reads_well() {
        let since = None;
        let rows = [
            StatsRow::Period { from: None, to: None, inbox: Some("security".into()), since },
            StatsRow::Proof { entries: 0, head: String::new() },
        ];
        let expected = "\
Promises of security
No promise was kept or missed in this time.

The proof
It has no entry yet.";
        assert_eq!(told(&rows, Some(80)), expected);
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        for width in [80, 100] {
            let text = told(&rows(), Some(width));
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        }
    }
}
