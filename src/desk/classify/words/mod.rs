//! The words by which mails are judged: data, no code.
//!
//! A line is a sense, a language (`*`: shared by all) and a list of words or phrases, split by
//! `|`. A `*` at the end stands for any ending. Accents, case and punctuation make no difference;
//! in scripts without blanks between words an entry is found anywhere.

use super::sense::Sense;

pub(super) mod challenges;
mod courtesy;
mod junk;
pub(super) mod letters;
mod machine;
pub(super) mod modules;
pub(super) mod notices;
mod personal;
mod pieces;
pub(super) mod scope;
pub(super) mod signs;
mod technical;

/// One line of a table.
pub(super) type Line = (Sense, &'static str, &'static str);

/// All tables.
pub(super) const TABLES: &[&[Line]] = &[
    courtesy::TABLE,
    technical::TABLE,
    machine::TABLE,
    notices::TABLE,
    pieces::TABLE,
    junk::TABLE,
    personal::TABLE,
    scope::TABLE,
    signs::TABLE,
];
