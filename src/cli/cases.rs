//! `watchpost cases`: what is open, soonest due first.

use std::path::Path;

use super::ask::{ask, read};
use super::failure::Failure;
use super::print::{self, Format, GAP, Screen};
use super::setup::settings;
use super::words::{count, how_far, reporter, short, state, subject};
use crate::desk::fill::fill;
use crate::desk::line::shown;
use crate::desk::time::Moment;
use crate::io::control::Request;
use crate::io::wall;
use crate::view::CaseRow;

/// Lists the open cases.
pub(super) fn cases(config: &Path, format: Format) -> Result<(), Failure> {
    let settings = settings(config)?;
    let lines = ask(&settings, &Request::Cases)?;
    if format == Format::Json {
        return print::lines(lines);
    }
    let list = List {
        rows: read(&lines)?,
        now: wall::now(),
        several_inboxes: settings.inboxes.len() > 1,
        screen: Screen::of_stdout(),
    };
    print::lines(list.text())
}

/// The open cases and how they are shown.
struct List {
    rows: Vec<CaseRow>,
    now: Moment,
    several_inboxes: bool,
    screen: Screen,
}

/// What can be told of a case in one cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Case,
    Due,
    State,
    Verdict,
    Received,
    Inbox,
    Reporter,
    Subject,
}

impl Column {
    fn head(self) -> &'static str {
        match self {
            Column::Case => "CASE",
            Column::Due => "ANSWER DUE (UTC)",
            Column::State => "STATE",
            Column::Verdict => "VERDICT",
            Column::Received => "RECEIVED (UTC)",
            Column::Inbox => "INBOX",
            Column::Reporter => "REPORTER",
            Column::Subject => "SUBJECT",
        }
    }

    fn cell(self, row: &CaseRow, now: Moment) -> String {
        let due = |due: Moment| format!("{}  {}", due.short(), how_far(due, now));
        match self {
            Column::Case => row.case.clone(),
            Column::Due => row.due().map_or_else(String::new, due),
            Column::State => state(&row.state).to_owned(),
            Column::Verdict => row.verdict.clone(),
            Column::Received => short(&row.received),
            Column::Inbox => row.inbox.clone(),
            Column::Reporter => reporter(row),
            Column::Subject => subject(row),
        }
    }
}

/// How many columns of a screen the reporter and the subject need beside the rest. With fewer they
/// stand below it.
const ROOM: usize = 50;

impl List {
    fn text(mut self) -> Vec<String> {
        if self.rows.is_empty() {
            return vec!["No open cases.".into()];
        }
        self.rows.sort_by_key(|row| (row.due().is_none(), row.due()));
        let mut lines = self.table();
        lines.push(String::new());
        lines.extend(self.wrapped(&self.summary()));
        lines
    }

    fn table(&self) -> Vec<String> {
        let (columns, room) = self.columns();
        let heads = columns.iter().map(|column| column.head().to_owned()).collect();
        let cells = |row| columns.iter().map(|column| column.cell(row, self.now)).collect();
        let rows: Vec<Vec<String>> =
            std::iter::once(heads).chain(self.rows.iter().map(cells)).collect();
        let mut most = vec![None; columns.len()];
        if let (Some(room), [.., reporter, subject]) = (room, most.as_mut_slice()) {
            (*reporter, *subject) = (Some(room * 2 / 5), Some(room - room * 2 / 5));
        }
        let mut table = print::table(&most, rows).into_iter();
        let mut lines: Vec<String> =
            table.next().map(|l| self.screen.bold(&l)).into_iter().collect();
        let reporters = columns.contains(&Column::Reporter);
        for (line, row) in table.zip(&self.rows) {
            lines.push(self.marked(&line, row));
            lines.extend(self.below(row, reporters));
        }
        lines
    }

    /// The columns for which the screen is wide enough, and what is left of it for the reporter and
    /// the subject; none where lines may be of any length.
    fn columns(&self) -> (Vec<Column>, Option<usize>) {
        let inbox = self.several_inboxes.then_some(Column::Inbox);
        let all = [
            Some(Column::Case),
            Some(Column::Due),
            Some(Column::State),
            Some(Column::Verdict),
            Some(Column::Received),
            inbox,
        ];
        let mut columns: Vec<Column> = all.into_iter().flatten().collect();
        let people = [Column::Reporter, Column::Subject];
        let Some(width) = self.screen.width else {
            columns.extend(people);
            return (columns, None);
        };
        for spared in [None, Some(Column::Received), Some(Column::Verdict)] {
            columns.retain(|column| Some(*column) != spared);
            let taken: usize = columns.iter().map(|column| self.width(*column)).sum();
            let room = width.saturating_sub(taken);
            if room >= ROOM {
                columns.extend(people);
                return (columns, Some(room));
            }
        }
        (columns, None)
    }

    fn width(&self, column: Column) -> usize {
        let cells = self.rows.iter().map(|row| column.cell(row, self.now).chars().count());
        cells.chain([column.head().len()]).max().unwrap_or_default() + usize::from(GAP)
    }

    fn marked(&self, line: &str, row: &CaseRow) -> String {
        match row.due() {
            Some(due) if due < self.now => {
                let mark = how_far(due, self.now);
                line.replacen(&mark, &self.screen.red(&mark), 1)
            }
            _ => line.to_owned(),
        }
    }

    /// What does not fit into the line of a case.
    fn below(&self, row: &CaseRow, reporters: bool) -> Vec<String> {
        let people = (!reporters).then(|| format!("{}: {}", reporter(row), subject(row)));
        let held = row.held.as_ref().map(|why| format!("held: {why}"));
        let merged = row.merged_into.as_ref().map(|into| format!("goes on in {into}"));
        let below = people.into_iter().chain(merged).chain(held);
        below.flat_map(|text| self.wrapped(&format!("    {}", shown(&text)))).collect()
    }

    fn wrapped(&self, text: &str) -> Vec<String> {
        let width = self.screen.width.unwrap_or(usize::MAX);
        fill(text, width).lines().map(str::to_owned).collect()
    }

    fn summary(&self) -> String {
        let of = |state: &str| self.rows.iter().filter(|row| row.state == state).count();
        let still = |row: &&CaseRow| row.hold.is_some() && row.acknowledged.is_none();
        let merged = |row: &&CaseRow| row.merged_into.is_some() && still(row);
        let held = of("held") + self.rows.iter().filter(merged).count();
        let overdue = self.rows.iter().filter(|r| r.due().is_some_and(|d| d < self.now)).count();
        let waiting: usize = self.rows.iter().map(|row| row.letters_waiting).sum();
        let parts = [
            (overdue, format!("{overdue} overdue")),
            (self.rows.len(), count(self.rows.len(), "open case", "open cases")),
            (held, format!("{held} held for a human")),
            (
                of("unreached"),
                format!("{} not reached", count(of("unreached"), "reporter", "reporters")),
            ),
            (waiting, format!("{} waiting", count(waiting, "letter", "letters"))),
        ];
        let told = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text);
        told.collect::<Vec<_>>().join("; ") + "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::event::HoldReason;

    fn row(number: u32, due: &str, state: &str, reporter: &str, subject: &str) -> CaseRow {
        CaseRow {
            case: format!("EXP-2026-{number:04}"),
            state: state.into(),
            verdict: "complete".into(),
            reporter: Some(reporter.into()),
            subject: subject.into(),
            received: "2026-09-01T17:11:00Z".into(),
            acknowledged: Some("2026-09-01T17:12:00Z".into()),
            answered: None,
            acknowledgement_due: "2026-09-03T17:11:00Z".into(),
            response_due: due.into(),
            held: None,
            hold: None,
            overdue: false,
            merged_into: None,
            took_in: Vec::new(),
            handler: None,
            follow_ups: 0,
            letters_waiting: 0,
            inbox: "security".into(),
        }
    }

    fn list(width: Option<usize>, colour: bool) -> List {
        let forged = CaseRow {
            acknowledged: None,
            held: Some(HoldReason::AuthenticationFailed.in_words().into()),
            hold: Some(HoldReason::AuthenticationFailed),
            ..row(2, "2026-09-03T20:00:00Z", "held", "boss@acorn.example", "")
        };
        let failed = CaseRow {
            letters_waiting: 2,
            ..row(4, "2026-09-20T00:00:00Z", "unreached", "lee@oak.example", "Log")
        };
        List {
            rows: vec![
                row(1, "2026-09-04T17:11:00Z", "provisional", "kim@acorn.example", LONG),
                forged,
                row(
                    3,
                    "2026-09-03T15:11:00Z",
                    "acknowledged",
                    "ann@elm.example",
                    "見出しの長い報告: セッション固定",
                ),
                failed,
            ],
            now: Moment::parse_rfc3339("2026-09-03T17:12:00Z").unwrap(),
            several_inboxes: false,
            screen: Screen { width, colour },
        }
    }

    const LONG: &str = "Session identifiers are not renewed after the login of a user \u{1b}[2J";

    #[test]
    fn what_is_due_first_stands_first_and_the_sum_begins_with_what_is_late() {
        let lines = list(None, false).text();
        let first: Vec<&str> = lines.iter().filter_map(|l| l.split("  ").next()).collect();
        let cases =
            ["CASE", "EXP-2026-0003", "EXP-2026-0002", "", "EXP-2026-0001", "EXP-2026-0004"];
        assert_eq!(first.get(..6).unwrap(), cases);
        for (line, told) in [
            (1, "2026-09-03 15:11  OVERDUE 2 h    acknowledged"),
            (2, "2026-09-03 17:11  OVERDUE 1 min  held"),
            (2, "(claims) boss@acorn.example  (no subject)"),
            (3, "    held: the sender's domain disowns it (authentication failed)"),
            (4, "text asked for"),
            (5, "in 16 d        letter failed"),
        ] {
            assert!(lines.get(line).unwrap().contains(told), "{told}: {lines:#?}");
        }
        let sum = "2 overdue; 4 open cases; 1 held for a human; 1 reporter not reached; \
                   2 letters waiting.";
        assert_eq!(lines.last().unwrap(), sum);
    }

    #[test]
    fn a_pipe_gets_everything_and_nothing_that_a_terminal_obeys() {
        let text = list(None, false).text().join("\n");
        assert!(text.contains("login of a user [2J"), "{text}");
        assert!(text.contains("VERDICT") && text.contains("RECEIVED (UTC)"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("INBOX"), "{text}");
        let several = List { several_inboxes: true, ..list(None, false) };
        assert!(several.text().concat().contains("INBOX"));
    }

    #[test]
    fn a_terminal_is_never_too_narrow_for_a_date() {
        for width in [66, 72, 80, 99, 100, 119, 120, 132, 160, 200] {
            let lines = list(Some(width), false).text();
            let text = lines.join("\n");
            for line in &lines {
                // In CJK scripts a character takes two columns.
                let columns: usize = line.chars().map(|c| if c > '\u{2e80}' { 2 } else { 1 }).sum();
                assert!(columns <= width || line.contains('見'), "{width}: {line}");
            }
            for due in ["2026-09-03 15:11  OVERDUE 2 h", "2026-09-04 17:11  in 23 h"] {
                assert!(text.contains(due), "{width}: {text}");
            }
            assert!(
                text.contains("kim@acorn") && text.contains("Session ident"),
                "{width}: {text}"
            );
            assert_eq!(text.contains("VERDICT"), width >= 132, "{width}: {text}");
        }
    }

    #[test]
    fn only_what_is_late_is_red() {
        let text = list(Some(160), true).text().join("\n");
        assert!(text.contains("\u{1b}[31mOVERDUE 2 h\u{1b}[0m  "), "{text:?}");
        assert_eq!(text.matches("\u{1b}[31m").count(), 2, "{text:?}");
        assert_eq!(text.matches("\u{1b}[1m").count(), 1, "{text:?}");
    }
}
