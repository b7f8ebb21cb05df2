//! The command line: what an operator types, and what is printed.

mod ask;
mod backup;
mod cases;
mod check;
mod classify;
mod defect;
mod explain;
mod export;
mod failure;
mod figures;
mod gather;
mod mbox;
mod pages;
mod passwords;
mod places;
mod print;
mod progress;
mod rebuild;
mod restore;
mod rotate;
mod run;
mod sample;
mod say;
mod setup;
mod show;
mod simulate;
mod stats;
mod svg;
mod verify;
mod words;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use self::classify::Wanted;
use self::failure::Failure;
use self::print::Format;
use crate::desk::ids::CaseId;
use crate::desk::time::Moment;
use crate::view::stats::Period;

/// Keeps the promises of a SECURITY.md: watches the inbox that vulnerability reports are mailed to,
/// acknowledges each report, and shows until when a person owes an answer.
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Watch the inboxes and answer: the daemon.
    Run {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Find all mistakes in the configuration, then try real logins; change nothing.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Leave the mail servers alone.
        #[arg(long)]
        offline: bool,
    },
    /// Judge mails from files: the verdict, its reasons, and which letter would be sent.
    #[command(after_help = ACKNOWLEDGE)]
    Classify {
        /// Judge as the first inbox of this configuration would.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Judge as this inbox of the configuration would.
        #[arg(long, value_name = "NAME", requires = "config")]
        inbox: Option<String>,
        /// Print the letter as well, as the configuration has it.
        #[arg(long, requires = "config")]
        letter: bool,
        #[command(flatten)]
        output: Output,
        /// Mails, each in a file of its own; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Replay kept mail in virtual time: what would have been sent to whom, and when. Nothing is sent.
    #[command(after_help = ARCHIVES)]
    Simulate {
        #[command(flatten)]
        config: ConfigFile,
        /// What arrived: a Maildir, an mbox, or a folder of .eml files.
        #[arg(long, value_name = "PATH")]
        mail: PathBuf,
        /// What the account sent, in any of these forms: answers are seen in it.
        #[arg(long, value_name = "PATH")]
        sent: Option<PathBuf>,
        /// What people said otherwise than by mail, one JSON object a line.
        #[arg(long, value_name = "FILE")]
        events: Option<PathBuf>,
        /// Stop at this moment, such as 2026-09-01T17:11:00Z, and not at the last mail plus the
        /// longest promise.
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        until: Option<Moment>,
        /// Take all mail for mail of this inbox.
        #[arg(long, value_name = "NAME")]
        inbox: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// List the open cases.
    Cases {
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        output: Output,
    },
    /// Tell everything that happened on a case.
    Show {
        /// The case number, such as EXP-2026-0007.
        #[arg(value_parser = case_number)]
        case: CaseId,
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        output: Output,
    },
    /// Tell how each deadline of a case comes about, line by line.
    Explain {
        /// The case number, such as EXP-2026-0007.
        #[arg(value_parser = case_number)]
        case: CaseId,
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        output: Output,
    },
    /// Tell how promises were kept, what is owed, what was held; or verify the proof of it.
    #[command(after_help = STATS)]
    Stats {
        /// From this day (UTC) or moment on; otherwise all since the proof begins.
        #[arg(long, value_name = "DAY", value_parser = |text: &str| stats::edge(text, false))]
        from: Option<Moment>,
        /// Up to and including this day (UTC) or moment; otherwise until now.
        #[arg(long, value_name = "DAY", value_parser = |text: &str| stats::edge(text, true))]
        to: Option<Moment>,
        /// Only this inbox.
        #[arg(long, value_name = "NAME")]
        inbox: Option<String>,
        #[command(flatten)]
        config: ConfigFile,
        /// How to tell it: `svg` draws the response times.
        #[arg(long, value_enum, default_value = "text")]
        format: StatsFormat,
        /// Compute the hash of every entry of the proof anew.
        #[arg(long, conflicts_with_all = ["from", "to", "inbox"])]
        verify: bool,
        /// The proof has to hold the entry with this hash, which a digest told.
        #[arg(long, value_name = "HASH", requires = "verify")]
        holds: Option<String>,
    },
    /// Write a case out whole: its mails and letters as an mbox, or its events.
    Export {
        /// The case number, such as EXP-2026-0007.
        #[arg(value_parser = case_number)]
        case: CaseId,
        #[command(flatten)]
        config: ConfigFile,
        /// Write both formats into this folder: CASE.mbox and CASE.jsonl.
        #[arg(long, value_name = "DIR", conflicts_with = "format")]
        to: Option<PathBuf>,
        /// An mbox (mboxrd) of every mail and letter, or the events with one object a line.
        #[arg(long, value_enum, default_value = "text")]
        format: FormatName,
    },
    /// Say something of a case: it is answered, is to be answered, belongs together or apart.
    #[command(after_help = say::COMMANDS)]
    Do {
        /// The case number, such as EXP-2026-0007.
        #[arg(value_parser = case_number)]
        case: CaseId,
        /// What is said of it; see below.
        #[arg(required = true, value_name = "COMMAND")]
        words: Vec<String>,
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        output: Output,
    },
    /// Copy the whole store into a folder, while the daemon goes on. The secret key is in it.
    Backup {
        /// An empty folder, or one that does not exist yet.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Put the store of a backup in the place of the one that is there. The daemon has to be stopped.
    Restore {
        /// The folder of the backup.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Make a lost store anew, from the keywords on mails and the sent mail; without a backup only.
    Rebuild {
        /// Cases that began in so many days are opened again.
        #[arg(long, value_name = "DAYS", default_value_t = rebuild::DAYS)]
        days: u32,
        /// The last case number that was given: new ones come after it. Once for each prefix.
        #[arg(long, value_name = "CASE", value_parser = case_number)]
        after: Vec<CaseId>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Look whether the store, or a backup, is whole and says one thing.
    Verify {
        /// The folder of a backup; without it, the store.
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Make a new secret key for the ids and addresses of letters; old ones stay known. The daemon has to
    /// be stopped meanwhile.
    RotateKey {
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// What the words after `acknowledge:` mean.
const ACKNOWLEDGE: &str = "\
What would be done with the mail (acknowledge):
  full        acknowledge it, naming its subject
  minimal     acknowledge it without repeating anything of it: nobody knows that its sender wrote it
  ask_resend  acknowledge it, and ask for the report as text in the mail
  hold        open a case, and answer nothing: a human has to look, and is told why
  none        nothing: no person waits for an answer, or the mail goes on with a conversation; where
              the daemon knows no case that it belongs to, it opens one all the same

Without a configuration the topmost Authentication-Results field is believed.";

/// What is counted when.
const STATS: &str = "\
A promise counts in the time in which it was recorded as kept or missed. What is owed, held and open is
told as it is now, whatever time is asked for.

The proof is a log of kept and missed promises, each entry of which holds the hash of the one before.
--verify shows that no entry was changed; that none was replaced together with all after it is shown by
--holds, with a hash from an old digest. --format json prints every entry.";

/// What an archive is, and what an event.
const ARCHIVES: &str = "\
A mail arrives when the From_ line of the mbox says, or the name of its file in the Maildir; else when
its topmost Received does, else its Date. The time of a file is never looked at. In a folder that is no
Maildir only files called .eml are mails.

An event is a line such as
  {\"at\": \"2026-09-01T17:11:00Z\", \"message_id\": \"1@acorn.example\", \"who\": \"kim\", \"do\": \"responded\"}
message_id is that of the mail that opened the case, who a member by name or address.";

#[derive(clap::Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/watchpost/config.toml")]
    config: PathBuf,
}

#[derive(clap::Args)]
struct Output {
    /// Text for people, or JSON with one object a line for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatName,
}

impl Output {
    fn format(&self) -> Format {
        self.format.into()
    }
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Format {
        match name {
            FormatName::Text => Format::Text,
            FormatName::Json => Format::Json,
        }
    }
}

/// As [`Format`], where the command line is read.
#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    Text,
    Json,
}

/// As [`stats::Format`], where the command line is read.
#[derive(Clone, Copy, ValueEnum)]
enum StatsFormat {
    Text,
    Json,
    Svg,
}

impl From<StatsFormat> for stats::Format {
    fn from(format: StatsFormat) -> stats::Format {
        match format {
            StatsFormat::Text => stats::Format::Text,
            StatsFormat::Json => stats::Format::Json,
            StatsFormat::Svg => stats::Format::Svg,
        }
    }
}

fn case_number(text: &str) -> Result<CaseId, String> {
    CaseId::parse(text).ok_or_else(|| "a case number looks like EXP-2026-0007".into())
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse_rfc3339(text).ok_or_else(|| {
        "a moment looks like 2026-09-01T17:11:00Z or 2026-09-01T19:11:00+02:00".into()
    })
}

/// Runs the program: 0 fine, 1 it failed, 2 usage, 78 bad configuration.
pub fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| repeated(error).exit());
    crate::io::unix::keep_files_private();
    match perform(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let mut err = io::stderr().lock();
            for line in &failure.lines {
                // Nobody is left to be told if standard error is closed.
                let _ = writeln!(err, "watchpost: {}", crate::desk::line::shown(line));
            }
            ExitCode::from(failure.status)
        }
    }
}

/// What is said of the arguments repeats them as they are, and a name of a file may come from anybody: what
/// is wrong with them is found once more in what can be shown.
fn repeated(error: clap::Error) -> clap::Error {
    let shown = std::env::args_os().map(|word| crate::desk::line::shown(&word.to_string_lossy()));
    Arguments::try_parse_from(shown).err().unwrap_or(error)
}

fn perform(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run { config } => run::run(&config.config),
        Command::Backup { dir, config } => backup::backup(&config.config, &dir),
        Command::Restore { dir, config } => restore::restore(&config.config, &dir),
        Command::Rebuild { days, after, config } => rebuild::rebuild(&config.config, days, &after),
        Command::Verify { dir, config } => verify::verify(&config.config, dir.as_deref()),
        Command::RotateKey { config } => rotate::rotate(&config.config),
        Command::Check { config, offline } => check::check(&config.config, offline),
        Command::Classify { config, inbox, letter, output, files } => {
            let format = output.format();
            classify::classify(&Wanted { config, inbox, letter, format, files })
        }
        Command::Simulate { config, mail, sent, events, until, inbox, output } => {
            let (config, format) = (config.config, output.format());
            simulate::run(&simulate::Wanted { config, mail, sent, events, until, inbox, format })
        }
        Command::Cases { config, output } => cases::cases(&config.config, output.format()),
        Command::Show { case, config, output } => show::show(&config.config, output.format(), case),
        Command::Explain { case, config, output } => {
            explain::explain(&config.config, output.format(), case)
        }
        Command::Stats { from, to, inbox, config, format, verify, holds } => {
            let (config, period) = (config.config, Period { from, to, inbox });
            let format = format.into();
            stats::stats(&stats::Wanted { config, period, format, verify, holds })
        }
        Command::Export { case, config, to, format } => {
            let (config, format) = (config.config, format.into());
            export::export(&export::Wanted { config, case, to, format })
        }
        Command::Do { case, words, config, output } => {
            let (config, format) = (config.config, output.format());
            say::say(say::Wanted { config, case, words, format })
        }
    }
}
