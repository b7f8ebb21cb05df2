//! What a person of the team can say about a case, other than by answering its reporter.

use super::address::Mailbox;
use super::books::Books;
use super::ids::CaseId;
use super::incoming::Facts;
use super::response::vouched;

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The reporter has been answered, by a way that is not watched.
    Responded,
}

impl Command {
    /// Every command.
    pub const ALL: [Command; 1] = [Command::Responded];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Command::Responded => "responded",
        }
    }

    /// Reads the word for it, in any case of letters.
    pub fn parse(text: &str) -> Option<Command> {
        Command::ALL.into_iter().find(|one| one.word().eq_ignore_ascii_case(text.trim()))
    }
}

/// What follows from a command; nothing where there is no such case.
pub(super) fn command(
    books: &Books,
    case: &CaseId,
    by: Option<&Mailbox>,
    command: Command,
) -> Facts {
    let Some(case) = books.case(case) else { return Facts::new() };
    match command {
        Command::Responded => vouched(case, by.cloned(), None),
    }
}
