//! Printing to standard output: aligned, fitted to a terminal and coloured on one only, and nothing
//! that a terminal would obey.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

use super::failure::Failure;
use crate::desk::line::shown;
use crate::io::unix;

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// Prints lines.
pub(super) fn lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let printed = lines.into_iter().try_for_each(|line| writeln!(out, "{}", line.as_ref()));
    heard(printed.and_then(|()| out.flush()))
}

/// Whether what was printed was taken. A closed pipe is the reader's wish to hear no more.
pub(super) fn heard(printed: io::Result<()>) -> Result<(), Failure> {
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::of(format!("standard output takes no more: {error}")))
        }
        _ => Ok(()),
    }
}

/// What is printed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    /// How many columns there are; none where lines may be of any length.
    pub(super) width: Option<usize>,
    /// Whether escape sequences are obeyed, and wanted.
    pub(super) colour: bool,
}

impl Screen {
    /// Standard output as it is.
    pub(super) fn of_stdout() -> Screen {
        // NO_COLOR: https://no-color.org
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Screen { width: unix::terminal_width(), colour }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.styled("1", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.styled("31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.styled("32", text)
    }

    fn styled(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Rows in columns, the last of which goes on below itself where the screen ends.
    pub(super) fn hanging(self, rows: Vec<Vec<String>>) -> Vec<String> {
        let mut table = bare(rows);
        let Some(width) = self.width.and_then(|width| u16::try_from(width).ok()) else {
            return printed(&table);
        };
        table.row_iter_mut().for_each(|row| {
            row.max_height(usize::MAX);
        });
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        let last = table.column_count().saturating_sub(1);
        for column in table.column_iter_mut().take(last) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        printed(&table)
    }
}

/// Rows in columns, each row on one line; a cell that is wider than the `most` of its column is
/// cut. Cells may hold what strangers wrote.
pub(super) fn table(most: &[Option<usize>], rows: Vec<Vec<String>>) -> Vec<String> {
    let mut table = bare(rows);
    // Cut anywhere, not only at blanks: no cell holds this character.
    table.set_delimiter('\0');
    for (column, most) in table.column_iter_mut().zip(most) {
        if let Some(most) = most.and_then(|most| u16::try_from(most).ok()) {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(most)));
        }
    }
    printed(&table)
}

fn bare(rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_truncation_indicator("…");
    for cells in rows {
        let mut row = Row::from(cells.iter().map(|cell| shown(cell)));
        row.max_height(1);
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table
}

/// Blanks between two columns.
pub(super) const GAP: u16 = 2;

fn printed(table: &Table) -> Vec<String> {
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
