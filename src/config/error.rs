//! What is wrong with a configuration: where, what, and what would be right.

use std::collections::BTreeSet;
use std::fmt;

/// One thing that is wrong. Ordered by where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Error {
    /// The file, as it was named to us.
    pub file: String,
    /// Line and column, both from 1, the column in characters; none if the file could not be read.
    pub place: Option<(usize, usize)>,
    /// The dotted key, such as `inbox.imap.port`; empty where no key is to blame.
    pub key: String,
    /// What is wrong and what would be right. One line, no control characters, never a secret.
    pub text: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// Everything that is wrong with a configuration, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(Vec<Error>);

impl Errors {
    /// What was noted; the same error at the same place counts once.
    pub(super) fn of(errors: BTreeSet<Error>) -> Errors {
        Errors(errors.into_iter().collect())
    }

    /// A file that cannot be read at all, or only up to `place`.
    pub(super) fn unreadable(file: &str, place: Option<(usize, usize)>, text: String) -> Errors {
        Errors(vec![Error { file: shown(file), place, key: String::new(), text }])
    }

    /// Each error, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Error> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Errors {
    type Item = &'a Error;
    type IntoIter = std::slice::Iter<'a, Error>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One error a line.
impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

/// How many characters of a value an error repeats.
const SHOWN: usize = 60;

/// Text from outside, fit to be printed: cut when long, with what a terminal would obey escaped.
pub(super) fn shown(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars().take(SHOWN) {
        match c {
            '"' | '\'' | '\\' => safe.push(c),
            _ => safe.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        safe.push('…');
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_command_the_terminal_that_shows_it() {
        assert_eq!(shown("a\u{1b}[2J\r\n\u{202e}b\u{9b}"), r"a\u{1b}[2J\r\n\u{202e}b\u{9b}");
        assert_eq!(shown("it's \"fine\" in Zürich"), "it's \"fine\" in Zürich");
        assert_eq!(shown(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
    }
}
