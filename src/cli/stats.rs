//! `watchpost stats`: how promises were kept, and whether the proof of it is whole.

use std::path::PathBuf;

use super::ask::{ask, read};
use super::failure::Failure;
use super::figures;
use super::print::{self, Screen};
use super::setup::settings;
use super::svg;
use super::words::count;
use crate::config::settings::Settings;
use crate::desk::proof::{Check, Head};
use crate::desk::time::{Day, Moment, Span, Zone};
use crate::io::control::Request;
use crate::io::wall;
use crate::query::ProofRow;
use crate::view::stats::{Period, StatsRow, entry_row};

/// How the figures are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
    /// A picture of the response times.
    Svg,
}

/// What is wanted.
pub(super) struct Wanted {
    pub(super) config: PathBuf,
    pub(super) period: Period,
    pub(super) format: Format,
    /// Go through the proof.
    pub(super) verify: bool,
    /// It has to hold this hash.
    pub(super) holds: Option<String>,
}

/// Tells the figures, or verifies the proof.
pub(super) fn stats(wanted: &Wanted) -> Result<(), Failure> {
    let settings = settings(&wanted.config)?;
    if wanted.verify {
        return verify(&settings, wanted.format, wanted.holds.as_deref());
    }
    let Period { from, to, inbox } = wanted.period.clone();
    let inboxes: Vec<&str> = settings.inboxes.iter().map(|one| one.policy.inbox.as_str()).collect();
    if let Some(name) = inbox.as_deref().filter(|name| !inboxes.contains(name)) {
        let told = format!("there is no inbox {name}; there are: {}", inboxes.join(", "));
        return Err(Failure::usage(told));
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Failure::usage("the day of --from is after that of --to"));
    }
    let lines = ask(&settings, &Request::Stats { from, to, inbox })?;
    if wanted.format == Format::Json {
        return print::lines(lines);
    }
    let rows: Vec<StatsRow> = read(&lines)?;
    match wanted.format {
        Format::Svg => print::lines(svg::draw(&rows)),
        _ => {
            print::lines(figures::text(&rows, inboxes.len() > 1, wall::now(), Screen::of_stdout()))
        }
    }
}

/// Goes through the proof from its first entry to its last.
fn verify(settings: &Settings, format: Format, hash: Option<&str>) -> Result<(), Failure> {
    if format == Format::Svg {
        return Err(Failure::usage("--verify draws nothing; leave --format svg out"));
    }
    let (mut check, mut found) = (Check::default(), hash.is_none());
    loop {
        let after = check.head().number;
        let (mut head, mut lines) = (Head::default(), Vec::new());
        for row in read(&ask(settings, &Request::Proof { after })?)? {
            match row {
                ProofRow::Head(recorded) => head = recorded,
                ProofRow::Entry(entry) => {
                    check.take(&entry).map_err(broken)?;
                    found |= hash == Some(entry.hash.as_str());
                    lines.extend(serde_json::to_string(&entry_row(&entry)).ok());
                }
            }
        }
        if format == Format::Json {
            print::lines(&lines)?;
        }
        if lines.is_empty() {
            check.ends(&head).map_err(broken)?;
            break;
        }
    }
    if let Some(hash) = hash.filter(|_| !found) {
        return Err(Failure::of(format!(
            "no entry has the hash {hash}: entries were taken away or replaced since it was told, or \
             this is another store"
        )));
    }
    if format == Format::Text {
        let Head { number, hash } = check.head();
        let entries = usize::try_from(*number).unwrap_or(usize::MAX);
        let told = match entries {
            0 => "The proof is empty: no promise was kept or missed yet.".to_owned(),
            _ => format!("{} verified. The last one: {hash}", count(entries, "entry", "entries")),
        };
        return print::lines([told]);
    }
    Ok(())
}

fn broken(fault: impl std::fmt::Display) -> Failure {
    Failure::of(format!("the proof is not whole: {fault}; look for it in a backup"))
}

/// A day in UTC, or a moment: its first second, or its last one.
pub(super) fn edge(text: &str, last: bool) -> Result<Moment, String> {
    // More than a day would be read as one.
    let day = Some(text).filter(|text| text.len() == 10).and_then(Day::parse);
    let day = day.map(|day| Zone::UTC.begins(if last { day.plus(1) } else { day }));
    let day = day.map(|edge| if last { edge - Span::seconds(1) } else { edge });
    Moment::parse_rfc3339(text).or(day).ok_or_else(|| {
        "a day looks like 2026-09-01 and is one of UTC, a moment like 2026-09-01T17:11:00Z".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_from_its_first_second_to_its_last() {
        let told = |text, last| edge(text, last).map(Moment::rfc3339);
        assert_eq!(told("2026-09-01", false).unwrap(), "2026-09-01T00:00:00Z");
        assert_eq!(told("2026-09-01", true).unwrap(), "2026-09-01T23:59:59Z");
        assert_eq!(told("2026-09-01T19:11:00+02:00", true).unwrap(), "2026-09-01T17:11:00Z");
        for text in ["", "2026-9-1", "2026-02-30", "yesterday", "2026-09-01 10:00"] {
            assert!(told(text, false).is_err(), "{text}");
        }
    }
}
