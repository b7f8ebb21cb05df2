//! `watchpost cases` and `watchpost show`: asked of the running daemon, or read from the store where
//! none is running.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::print::{self, Format};
use super::setup::{runtime, settings};
use crate::config::settings::Settings;
use crate::desk::Desk;
use crate::desk::keys::Keys;
use crate::desk::line::{one_line, shown};
use crate::desk::time::Moment;
use crate::io::control::{self, Request};
use crate::io::store::Store;
use crate::query;
use crate::view::{CaseRow, StoryLine};

/// Lists the open cases.
pub(super) fn cases(config: &Path, format: Format, request: &Request) -> Result<(), Failure> {
    let lines = ask(&settings(config)?, request)?;
    if format == Format::Json {
        return print::lines(lines);
    }
    let rows: Vec<CaseRow> = read(&lines)?;
    if rows.is_empty() {
        return print::lines(["No open cases."]);
    }
    let heads =
        ["CASE", "STATE", "VERDICT", "RECEIVED (UTC)", "ANSWER DUE (UTC)", "REPORTER", "SUBJECT"];
    let table = print::table(&heads, rows.iter().map(cells));
    let waiting: usize = rows.iter().map(|row| row.letters_waiting).sum();
    let held = rows.iter().filter(|row| row.state == "held").count();
    let count =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let mut summary = vec![count(rows.len(), "open case", "open cases")];
    if held > 0 {
        summary.push(format!("{held} held for a human"));
    }
    if waiting > 0 {
        summary.push(format!("{} waiting", count(waiting, "letter", "letters")));
    }
    print::lines([table, String::new(), summary.join("; ") + "."])
}

fn cells(row: &CaseRow) -> Vec<String> {
    vec![
        row.case.clone(),
        row.state.clone(),
        row.verdict.clone(),
        short(&row.received),
        short(&row.response_due),
        row.reporter.clone().unwrap_or_else(|| "(no single author)".into()),
        one_line(&row.subject, 60),
    ]
}

fn short(moment: &str) -> String {
    Moment::parse_rfc3339(moment).map_or_else(|| moment.to_owned(), Moment::short)
}

/// Tells the story of a case.
pub(super) fn show(config: &Path, format: Format, request: &Request) -> Result<(), Failure> {
    let lines = ask(&settings(config)?, request)?;
    if format == Format::Json {
        return print::lines(lines);
    }
    let story: Vec<StoryLine> = read(&lines)?;
    let name = story.iter().find_map(|line| line.event.case.as_ref()).map(ToString::to_string);
    let title = print::bold(&name.unwrap_or_default());
    let tell =
        |line: &StoryLine| format!("{}  {:<9}  {}", short(&line.at), line.what, shown(&line.story));
    print::lines([title].into_iter().chain(story.iter().map(tell)))
}

fn read<T: DeserializeOwned>(lines: &[String]) -> Result<Vec<T>, Failure> {
    let other = |_| Failure::of("the daemon that runs is of another version; restart it");
    lines.iter().map(|line| serde_json::from_str(line).map_err(other)).collect()
}

fn ask(settings: &Settings, request: &Request) -> Result<Vec<String>, Failure> {
    runtime()?.block_on(async {
        let asked = control::ask(&settings.control, request).await;
        let place = settings.control.display();
        match asked.map_err(|e| Failure::of(format!("the control socket {place}: {e}")))? {
            Some(answer) => answer.map_err(Failure::of),
            None => read_store(settings, request).await,
        }
    })
}

async fn read_store(settings: &Settings, request: &Request) -> Result<Vec<String>, Failure> {
    let folder = settings.store();
    if !folder.exists() {
        let text =
            format!("there is no store in {} yet: start `watchpost run` first", folder.display());
        return Err(Failure::of(text));
    }
    let store = Store::open(&folder).map_err(Failure::of)?;
    let (past, keys) = query::past(&store).await.map_err(Failure::of)?;
    // Without keys nothing can be written, and here nothing is.
    let keys = keys.or_else(|| Keys::new(vec![[0; 32]])).ok_or_else(|| Failure::of("no keys"))?;
    let policies = settings.inboxes.iter().map(|inbox| inbox.policy.clone()).collect();
    let answer =
        query::answer(&Desk::open(policies, keys, settings.caps, past), &store, request).await;
    store.close().await;
    answer.map_err(Failure::of)
}
