//! `watchpost explain`: how each deadline of a case comes about.

use std::path::Path;

use super::ask::{ask, read};
use super::failure::Failure;
use super::print::{self, Format, Screen};
use super::setup::settings;
use crate::desk::ids::CaseId;
use crate::io::control::Request;
use crate::view::Explained;

/// Explains a case.
pub(super) fn explain(config: &Path, format: Format, case: CaseId) -> Result<(), Failure> {
    let settings = settings(config)?;
    let lines = ask(&settings, &Request::Explain { case })?;
    if format == Format::Json {
        return print::lines(lines);
    }
    print::lines(text(&read(&lines)?, Screen::of_stdout()))
}

fn text(promises: &[Explained], screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    for one in promises {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let state = one.state.replace('_', " ");
        let head = screen.bold(&format!("{}  {}", one.case, one.promise));
        let state = match one.state.as_str() {
            "missed" => screen.red(&state),
            "kept" => screen.green(&state),
            _ => state,
        };
        lines.push(format!("{head}  {state}"));
        let rows = one.lines.iter().map(|line| {
            let at = line.at.as_deref().map(moment).unwrap_or_default();
            let number = line.mail.map(|number| format!("mail {number}")).unwrap_or_default();
            vec![at, line.what.clone(), number, line.why.clone()]
        });
        lines.extend(screen.hanging(rows.collect()));
    }
    lines
}

/// To the second, as the arithmetic is.
fn moment(at: &str) -> String {
    at.replace('T', " ").replace('Z', " UTC")
}
