//! The command line: what an operator types, and what is printed.

mod cases;
mod check;
mod classify;
mod failure;
mod print;
mod run;
mod setup;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use self::failure::Failure;
use self::print::Format;
use crate::desk::ids::CaseId;
use crate::io::control::Request;

/// Keeps the promises of a SECURITY.md: watches the inbox that vulnerability reports are mailed to,
/// acknowledges each report, and makes sure that a person answers in time.
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
    /// Judge mails from files: the verdict, its reasons, and what would be sent.
    Classify {
        /// Judge as the first inbox of this configuration would.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
        /// Mails, each in a file of its own; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
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
}

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
        match self.format {
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

fn case_number(text: &str) -> Result<CaseId, String> {
    CaseId::parse(text).ok_or_else(|| "a case number looks like EXP-2026-0007".into())
}

/// Runs the program: 0 fine, 1 it failed, 2 usage, 78 bad configuration.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
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

fn perform(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run { config } => run::run(&config.config),
        Command::Check { config, offline } => check::check(&config.config, offline),
        Command::Classify { config, output, files } => {
            classify::classify(config.as_deref(), output.format(), &files)
        }
        Command::Cases { config, output } => {
            cases::cases(&config.config, output.format(), &Request::Cases)
        }
        Command::Show { case, config, output } => {
            cases::show(&config.config, output.format(), &Request::Show { case })
        }
    }
}
