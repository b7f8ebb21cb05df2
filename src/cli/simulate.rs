//! `watchpost simulate`: replays kept mail in virtual time; sends nothing, needs no server and no
//! store.

use std::fs;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::failure::Failure;
use super::print::{self, Format, Screen};
use super::setup::settings;
use super::words::count;
use crate::config::settings::Settings;
use crate::desk::line::shown;
use crate::desk::policy::Policy;
use crate::desk::time::Moment;
use crate::io::archive::Archive;
use crate::simulate::{Audience, Plan, Row, Said, Summary, read_commands, simulate};
use crate::view::utc;

/// What is asked for on the command line.
pub(super) struct Wanted {
    pub(super) config: PathBuf,
    pub(super) mail: PathBuf,
    pub(super) sent: Option<PathBuf>,
    pub(super) events: Option<PathBuf>,
    pub(super) until: Option<Moment>,
    pub(super) inbox: Option<String>,
    pub(super) format: Format,
}

/// Replays the archives.
pub(super) fn run(wanted: &Wanted) -> Result<(), Failure> {
    let settings = settings(&wanted.config)?;
    if let Some(name) = &wanted.inbox {
        known(&settings, name)?;
    }
    let said = match &wanted.events {
        Some(file) => said(file, &settings)?,
        None => Vec::new(),
    };
    let mut progress = Progress::new();
    let mail = open(&wanted.mail, &mut progress)?;
    let sent = wanted.sent.as_deref().map(|path| open(path, &mut progress)).transpose()?;
    let (inbox, until) = (wanted.inbox.clone(), wanted.until);
    let plan = Plan { mail, sent, said, inbox, until };
    let mut printer = Printer::new(wanted, &settings, progress);
    let summary = match simulate(&settings, &plan, &mut printer) {
        Ok(summary) => printer.end(&summary),
        Err(gone) => Err(gone),
    };
    print::heard(summary)
}

fn known(settings: &Settings, name: &str) -> Result<(), Failure> {
    let names: Vec<&str> = settings.inboxes.iter().map(|i| i.policy.inbox.as_str()).collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(Failure::usage(format!("no inbox is called {name}; there are: {}", names.join(", "))))
}

fn said(file: &Path, settings: &Settings) -> Result<Vec<Said>, Failure> {
    let place = file.display();
    let bytes = fs::read(file).map_err(|error| Failure::of(format!("{place}: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::of(format!("{place}: not UTF-8; save the file in that encoding")))?;
    let policies: Vec<Policy> = settings.inboxes.iter().map(|i| i.policy.clone()).collect();
    read_commands(&text, &policies).map_err(|mistakes| {
        let lines = mistakes.iter().map(|one| format!("{place}: {one}"));
        Failure { lines: lines.collect(), status: 1 }
    })
}

fn open(path: &Path, progress: &mut Progress) -> Result<Archive, Failure> {
    let mut found =
        |mails| progress.show(&format!("looking through the archive: {mails} mails"), mails);
    Archive::open(path, &mut found).map_err(|error| {
        progress.end();
        Failure::of(error)
    })
}

/// How far it is, on standard error if that is a terminal.
struct Progress {
    wanted: bool,
    shown: bool,
}

/// So many mails between two lines of progress.
const STEP: usize = 200;

impl Progress {
    fn new() -> Progress {
        Progress { wanted: io::stderr().is_terminal(), shown: false }
    }

    fn show(&mut self, text: &str, mails: usize) {
        if self.wanted && mails.is_multiple_of(STEP) {
            self.shown = true;
            // Nobody is left to be told if standard error is closed.
            let _ = write!(io::stderr().lock(), "\r{text}\u{1b}[K");
        }
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

/// Prints rows as they come.
struct Printer<'a> {
    out: BufWriter<io::StdoutLock<'static>>,
    wanted: &'a Wanted,
    screen: Screen,
    /// The columns of a case number.
    case: usize,
    headed: bool,
    progress: Progress,
}

impl<'a> Printer<'a> {
    fn new(wanted: &'a Wanted, settings: &Settings, mut progress: Progress) -> Printer<'a> {
        progress.end();
        // Rows that run over the same screen tell better how far it is.
        progress.wanted &= !io::stdout().is_terminal();
        let prefixes = settings.inboxes.iter().map(|inbox| inbox.policy.case_prefix.len());
        Printer {
            out: BufWriter::new(io::stdout().lock()),
            wanted,
            screen: Screen::of_stdout(),
            case: prefixes.max().unwrap_or(0) + "-2026-0001".len(),
            headed: false,
            progress,
        }
    }

    fn end(mut self, summary: &Summary) -> io::Result<()> {
        self.progress.end();
        match self.wanted.format {
            Format::Json => writeln!(self.out, "{}", in_json(summary))?,
            Format::Text => {
                if self.headed {
                    writeln!(self.out)?;
                }
                for line in in_words(summary) {
                    writeln!(self.out, "{line}")?;
                }
            }
        }
        self.out.flush()
    }

    fn text(&mut self, row: &Row) -> io::Result<()> {
        if !std::mem::replace(&mut self.headed, true) {
            let heads = self.columns("WHEN (UTC)", "CASE", "ACTION", "");
            writeln!(self.out, "{}", self.screen.bold(heads.trim_end()))?;
        }
        let case = row.case.as_ref().map_or_else(|| "-".into(), ToString::to_string);
        let line = self.columns(&row.at.short(), &case, row.action, &shown(&self.what(row)));
        for line in self.fitted(line) {
            writeln!(self.out, "{}", self.coloured(row.action, &line))?;
        }
        Ok(())
    }

    fn columns(&self, when: &str, case: &str, action: &str, what: &str) -> String {
        let width = self.case;
        format!("{when:WHEN$}  {case:width$}  {action:ACTION$}  {what}")
    }

    /// Where the last column begins.
    fn indent(&self) -> usize {
        WHEN + self.case + ACTION + 6
    }

    /// To whom, and why; of a mail, where it lies in its archive.
    fn what(&self, row: &Row) -> String {
        let to: Vec<String> = row.to.iter().map(ToString::to_string).collect();
        let to = if to.is_empty() { String::new() } else { format!("{}: ", to.join(", ")) };
        let archives = std::iter::once(&self.wanted.mail).chain(&self.wanted.sent);
        let file = row.file.as_deref().filter(|_| row.message_id.is_none()).map(|file| {
            let inside = archives
                .map(PathBuf::as_path)
                .find_map(|path| Path::new(file).strip_prefix(path).ok());
            let inside = inside.map_or(file.into(), Path::to_string_lossy);
            format!("  [{inside}]")
        });
        format!("{to}{}{}", row.why, file.unwrap_or_default())
    }

    /// On a terminal, the last column goes on below itself.
    fn fitted(&self, line: String) -> Vec<String> {
        let indent = self.indent();
        let room = self.screen.width.and_then(|width| width.checked_sub(indent + 1));
        let Some(room) = room.filter(|room| *room >= NARROWEST) else { return vec![line] };
        let (head, what) = line.split_at_checked(indent).unwrap_or((&line, ""));
        let mut lines = wrapped(what, room).into_iter();
        let first = format!("{head}{}", lines.next().unwrap_or_default());
        let blank = " ".repeat(indent);
        std::iter::once(first).chain(lines.map(|line| format!("{blank}{line}"))).collect()
    }

    fn coloured(&self, action: &str, line: &str) -> String {
        let from = WHEN + self.case + 4;
        let (Some((before, rest)), length) = (line.split_at_checked(from), action.len()) else {
            return line.to_owned();
        };
        let Some((word, after)) = rest.split_at_checked(length).filter(|(word, _)| *word == action)
        else {
            return line.to_owned();
        };
        let word = match action {
            "held" | "bounced" | "refused" | "too_short" | "breach" => self.screen.red(word),
            "acknowledge" | "ask_resend" | "response_seen" => self.screen.green(word),
            _ => word.to_owned(),
        };
        format!("{before}{word}{after}")
    }
}

const WHEN: usize = "2026-09-01 17:11".len();
const ACTION: usize = "response_seen".len();
/// A last column that is narrower than this goes where the terminal puts it.
const NARROWEST: usize = 30;

/// Words in lines of at most `room` characters; longer words stand out.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            let length = line.chars().count();
            if length == 0 || length + 1 + word.chars().count() <= room {
                if length > 0 {
                    line.push(' ');
                }
                line.push_str(word);
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines
}

impl Audience for Printer<'_> {
    type Gone = io::Error;

    fn row(&mut self, row: &Row) -> io::Result<()> {
        match self.wanted.format {
            Format::Json => {
                serde_json::to_writer(&mut self.out, row)?;
                writeln!(self.out)
            }
            Format::Text => self.text(row),
        }
    }

    fn progress(&mut self, done: usize, of: usize) {
        self.progress.show(&format!("{done} of {of} mails"), done);
    }
}

fn in_json(summary: &Summary) -> serde_json::Value {
    json!({
        "action": "summary",
        "until": summary.end.map(Moment::rfc3339),
        "why": end(summary),
        "mails": summary.mails,
        "cases": summary.cases,
        "letters": summary.letters,
        "actions": summary.actions,
        "mails_after_the_end": summary.mails_after,
        "events_after_the_end": summary.said_after,
        "mails_without_time": summary.undated,
        "files_left_alone": summary.left_alone,
    })
}

/// Why it ended when it did.
fn end(summary: &Summary) -> String {
    match (summary.end, summary.longest) {
        (None, _) => "there is no mail".to_owned(),
        (_, None) => "the end that --until names".to_owned(),
        (_, Some(longest)) => {
            format!("the last mail, and the longest promise ({longest}) after it")
        }
    }
}

fn in_words(summary: &Summary) -> Vec<String> {
    let Summary { mails, cases, letters, .. } = *summary;
    let mut lines = vec![format!(
        "{}, {}, {}; nothing was sent.",
        count(mails, "mail", "mails"),
        count(cases, "case", "cases"),
        count(letters, "letter", "letters")
    )];
    let actions = summary.actions.iter().map(|(action, n)| format!("{action} {n}"));
    let actions: Vec<String> = actions.collect();
    if !actions.is_empty() {
        lines.push(format!("Rows: {}.", actions.join(", ")));
    }
    lines.push(match summary.end {
        Some(moment) => format!("End: {}, {}.", utc(moment), end(summary)),
        None => format!("{}.", end(summary).replacen('t', "T", 1)),
    });
    let notes = [
        (summary.mails_after, "mail arrived", "mails arrived", "after the end"),
        (summary.said_after, "event happened", "events happened", "after the end"),
        (summary.undated, "mail has", "mails have", "no time, and came with the mail before"),
        (summary.left_alone, "file was", "files were", "left alone: not called .eml"),
    ];
    let told = notes.into_iter().filter(|(number, ..)| *number > 0);
    lines.extend(
        told.map(|(number, one, many, what)| format!("{} {what}.", count(number, one, many))),
    );
    lines
}
