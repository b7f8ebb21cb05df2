//! `watchpost show`: where a case stands, and everything that happened to it.

use std::path::Path;

use super::ask::{ask, read};
use super::failure::Failure;
use super::print::{self, Format, Screen};
use super::setup::settings;
use super::words::{how_far, reporter, short, state, subject};
use crate::desk::case::{Case, Fate};
use crate::desk::ids::CaseId;
use crate::desk::time::Moment;
use crate::io::control::Request;
use crate::io::wall;
use crate::view::{CaseRow, StoryLine, case_row, utc};

/// Tells the story of a case.
pub(super) fn show(config: &Path, format: Format, case: CaseId) -> Result<(), Failure> {
    let settings = settings(config)?;
    let lines = ask(&settings, &Request::Show { case })?;
    if format == Format::Json {
        return print::lines(lines);
    }
    print::lines(text(&read(&lines)?, wall::now(), Screen::of_stdout()))
}

/// The case first, then those that were merged into it, each with its own numbers.
fn text(story: &[StoryLine], now: Moment, screen: Screen) -> Vec<String> {
    let stories = story.chunk_by(|one, next| one.event.case == next.event.case);
    let told: Vec<(Option<Case>, &[StoryLine])> =
        stories.map(|story| (Case::replay(story.iter().map(|line| &line.event)), story)).collect();
    let cases: Vec<&Case> = told.iter().filter_map(|(case, _)| case.as_ref()).collect();
    let mut lines = Vec::new();
    for (case, story) in &told {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if let Some(case) = case {
            let row = case_row(case, now);
            lines.push(screen.bold(&format!("{}  {}", row.case, state(&row.state))));
            let head = screen.hanging(head(case, &row, &cases, now));
            lines.extend(head.iter().map(|line| red(screen, line)));
            lines.push(String::new());
        }
        lines.extend(events(story, screen));
    }
    lines
}

fn events(story: &[StoryLine], screen: Screen) -> Vec<String> {
    let heads = ["WHEN (UTC)", "MAIL", "WHAT", ""].map(str::to_owned).to_vec();
    let told = story.iter().map(|line| {
        let number = line.mail.map(|number| number.to_string()).unwrap_or_default();
        vec![short(&line.at), number, line.what.clone(), line.story.clone()]
    });
    let table = screen.hanging(std::iter::once(heads).chain(told).collect());
    let bold = |(at, line): (usize, String)| if at == 0 { screen.bold(&line) } else { line };
    table.into_iter().enumerate().map(bold).collect()
}

const ACKNOWLEDGEMENT_DUE: &str = "Acknowledgement due";
const ANSWER_DUE: &str = "Answer due";

/// Where the case stands, a line each.
fn head(case: &Case, row: &CaseRow, cases: &[&Case], now: Moment) -> Vec<Vec<String>> {
    let due = |due: Moment| Some(format!("{}, {}", utc(due), how_far(due, now)));
    let acknowledged = row.acknowledged.as_deref().map(|at| format!("{} UTC", short(at)));
    let owed = if acknowledged.is_none() { due(case.acknowledgement_due()) } else { None };
    let answer_due = if case.answered.is_none() { due(case.response_due()) } else { None };
    let lines = [
        ("Reporter", Some(named(case, row))),
        ("Subject", Some(subject(row))),
        ("Inbox", Some(row.inbox.clone())),
        ("Received", Some(format!("{} UTC", short(&row.received)))),
        ("Goes on in", row.merged_into.clone()),
        ("Split from", case.split_from.as_ref().map(ToString::to_string)),
        ("Acknowledged", acknowledged),
        (ACKNOWLEDGEMENT_DUE, owed),
        ("Answered", case.answered.map(utc)),
        (ANSWER_DUE, answer_due),
        ("Held", row.held.clone().filter(|_| case.answered.is_none())),
        ("Letters waiting", waiting(case)),
        ("Owed next", Some(owed_next(case))),
    ];
    let merged = case.took_in.iter().map(|id| {
        let other = cases.iter().find(|other| other.id == *id);
        let of = other.map(|other| {
            let who = named(other, &case_row(other, now));
            format!(", by {who}, first seen {}", utc(other.arrived()))
        });
        ("Merged in", Some(format!("{id}{}", of.unwrap_or_default())))
    });
    let told = lines.into_iter().chain(merged);
    told.filter_map(|(what, told)| Some(vec![what.to_owned(), told?])).collect()
}

/// The reporter with their name, for credit.
fn named(case: &Case, row: &CaseRow) -> String {
    let name = case.opening.reporter.as_ref().map(|one| one.name.trim()).unwrap_or_default();
    let address = reporter(row);
    if name.is_empty() { address } else { format!("{name} <{address}>") }
}

/// What comes next, and from whom.
fn owed_next(case: &Case) -> String {
    let waits = case.unsent_acknowledgements().next().is_some();
    if case.answered.is_some() {
        match (case.opening.promised.update, case.last_answer) {
            (Some(length), Some(last)) => {
                format!("a person's next word, by {}", utc(last + length))
            }
            _ => "nothing: a person answered".into(),
        }
    } else if case.acknowledged.is_some() {
        "a person's answer".into()
    } else if waits {
        "the acknowledgement, which waits to be sent; then a person's answer".into()
    } else if let Some((_, until)) = &case.deferred {
        format!("one acknowledgement for several cases, at {}; then a person's answer", utc(*until))
    } else if case.held.is_some() {
        format!("a person's look: answer it, or: watchpost do {} release", case.id)
    } else {
        "a person's answer: no acknowledgement reached the reporter".into()
    }
}

fn waiting(case: &Case) -> Option<String> {
    let waiting = case.letters.values().filter(|letter| letter.fate == Fate::Waiting);
    let told: Vec<String> = waiting
        .map(|letter| {
            let kind = letter.kind.name().replace('_', " ");
            format!("{kind} to {}, written {}", letter.to.address, utc(letter.written))
        })
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn red(screen: Screen, line: &str) -> String {
    let dues = [ACKNOWLEDGEMENT_DUE, ANSWER_DUE];
    match line.find("OVERDUE").and_then(|at| line.split_at_checked(at)) {
        Some((before, mark)) if dues.iter().any(|due| before.starts_with(due)) => {
            format!("{before}{}", screen.red(mark))
        }
        _ => line.to_owned(),
    }
}
