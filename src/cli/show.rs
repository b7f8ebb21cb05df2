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

fn text(story: &[StoryLine], now: Moment, screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(case) = Case::replay(story.iter().map(|line| &line.event)) {
        let row = case_row(&case, now);
        lines.push(screen.bold(&format!("{}  {}", row.case, state(&row.state))));
        lines.extend(screen.hanging(head(&case, &row, now)).iter().map(|line| red(screen, line)));
        lines.push(String::new());
    }
    let heads = ["WHEN (UTC)", "WHAT", ""].map(str::to_owned).to_vec();
    let told =
        story.iter().map(|line| vec![short(&line.at), line.what.clone(), line.story.clone()]);
    let table = screen.hanging(std::iter::once(heads).chain(told).collect());
    let bold = |(at, line): (usize, String)| if at == 0 { screen.bold(&line) } else { line };
    lines.extend(table.into_iter().enumerate().map(bold));
    lines
}

const ACKNOWLEDGEMENT_DUE: &str = "Acknowledgement due";
const ANSWER_DUE: &str = "Answer due";

/// Where the case stands, a line each.
fn head(case: &Case, row: &CaseRow, now: Moment) -> Vec<Vec<String>> {
    let due = |due: Moment| Some(format!("{}, {}", utc(due), how_far(due, now)));
    let acknowledged = row.acknowledged.as_deref().map(|at| format!("{} UTC", short(at)));
    let owed = if acknowledged.is_none() { due(case.acknowledgement_due()) } else { None };
    let lines = [
        ("Reporter", Some(reporter(row))),
        ("Subject", Some(subject(row))),
        ("Inbox", Some(row.inbox.clone())),
        ("Received", Some(format!("{} UTC", short(&row.received)))),
        ("Acknowledged", acknowledged),
        (ACKNOWLEDGEMENT_DUE, owed),
        (ANSWER_DUE, due(case.response_due())),
        ("Held", row.held.clone()),
        ("Letters waiting", waiting(case)),
    ];
    let told = lines.into_iter().filter_map(|(what, told)| Some(vec![what.to_owned(), told?]));
    told.collect()
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
