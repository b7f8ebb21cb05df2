//! Printing to standard output: aligned, coloured on a terminal only, nothing that a terminal would
//! obey.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};

use super::failure::Failure;
use crate::desk::line::shown;

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// Prints lines. A closed pipe is the reader's wish to hear no more.
pub(super) fn lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let printed = lines.into_iter().try_for_each(|line| writeln!(out, "{}", line.as_ref()));
    match printed.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::of(error)),
        _ => Ok(()),
    }
}

/// A table whose cells may hold what strangers wrote.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heads.iter().map(|head| bold(head)));
    for row in rows {
        table.add_row(row.into_iter().map(|cell| shown(&cell)));
    }
    let printed = table.to_string();
    printed.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Bold on a terminal.
pub(super) fn bold(text: &str) -> String {
    styled("1", text)
}

/// Red on a terminal.
pub(super) fn red(text: &str) -> String {
    styled("31", text)
}

/// Green on a terminal.
pub(super) fn green(text: &str) -> String {
    styled("32", text)
}

fn styled(code: &str, text: &str) -> String {
    // NO_COLOR: https://no-color.org
    if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
