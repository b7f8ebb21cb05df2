//! `watchpost classify`: judges mails from files, with no server, store or network.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::Failure;
use super::print::{self, Format};
use super::setup::settings;
use crate::desk::answer::answer;
use crate::desk::authentication::authentication;
use crate::desk::classify::classify as judge;
use crate::desk::line::shown;
use crate::desk::message::Message;
use crate::desk::parse::parse;
use crate::desk::policy::Policy;
use crate::desk::verdict::Reason;

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    verdict: &'static str,
    acknowledge: &'static str,
    reasons: &'a [Reason],
    hints: &'a [String],
}

/// Judges each file; a file that cannot be read is told of, and the others are judged all the same.
pub(super) fn classify(
    config: Option<&Path>,
    format: Format,
    files: &[PathBuf],
) -> Result<(), Failure> {
    let policy = match config {
        Some(path) => settings(path)?.inboxes.into_iter().next().map(|inbox| inbox.policy),
        None => None,
    };
    let mut failure: Option<Failure> = None;
    for file in files {
        let name = file.to_string_lossy();
        match read(file) {
            Ok(bytes) => one(&name, &bytes, policy.as_ref(), format)?,
            Err(error) => {
                let known = failure.get_or_insert_with(|| Failure { lines: Vec::new(), status: 1 });
                known.lines.push(format!("{name}: {error}"));
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

fn one(name: &str, bytes: &[u8], policy: Option<&Policy>, format: Format) -> Result<(), Failure> {
    let message = parse(bytes, true);
    let assumed;
    let policy = match policy {
        Some(policy) => policy,
        None => {
            assumed = Policy { authserv_id: topmost_server(&message), ..Policy::unconfigured() };
            &assumed
        }
    };
    let verdict = judge(&message, policy);
    let answer = answer(&message, &verdict, &authentication(&message, policy), policy);
    let row = Row {
        file: name,
        verdict: verdict.kind.name(),
        acknowledge: answer.name(),
        reasons: &verdict.reasons,
        hints: &verdict.hints,
    };
    match format {
        Format::Json => print::lines([serde_json::to_string(&row).map_err(Failure::of)?]),
        Format::Text => print::lines(text(&row)),
    }
}

fn text(row: &Row<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "{}  {}, acknowledge: {}",
        shown(row.file),
        print::bold(row.verdict),
        row.acknowledge
    )];
    lines.extend(row.reasons.iter().map(|r| format!("    {}: {}", r.code, shown(&r.detail))));
    if !row.hints.is_empty() {
        lines.push(format!("    hints: {}", shown(&row.hints.join(", "))));
    }
    lines
}

/// Without a configuration nobody says which server is ours; the topmost one is believed, since this
/// only prints.
fn topmost_server(message: &Message) -> Option<String> {
    let field = message.header("authentication-results")?;
    Some(field.split(|c: char| c == ';' || c.is_whitespace()).find(|s| !s.is_empty())?.to_owned())
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file)
}
