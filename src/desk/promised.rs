//! What can be promised, and how: the names of promises, and those that a configuration adds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Span;

/// Something that is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The reporter hears that the report arrived.
    Acknowledgement,
    /// A person answers in detail.
    Response,
    /// A person writes again.
    Update,
    /// The problem is announced.
    Disclosure,
    /// One that the configuration adds, by its name there.
    Further(Name),
}

impl Promise {
    /// Every promise that has a meaning of its own.
    pub const BUILT_IN: [Promise; 4] =
        [Promise::Acknowledgement, Promise::Response, Promise::Update, Promise::Disclosure];

    /// The name in JSON and in the configuration.
    pub fn name(&self) -> &str {
        match self {
            Promise::Acknowledgement => "acknowledgement",
            Promise::Response => "response",
            Promise::Update => "update",
            Promise::Disclosure => "disclosure",
            Promise::Further(name) => name.as_str(),
        }
    }

    /// The promise of this name; none where no promise can have it.
    pub fn named(text: &str) -> Option<Promise> {
        let built_in = Promise::BUILT_IN.into_iter().find(|promise| promise.name() == text);
        built_in.or_else(|| Name::parse(text).map(Promise::Further))
    }

    /// Whether the reporter has it in writing, so that it is theirs to hear when it is missed.
    pub fn is_to_reporter(self) -> bool {
        !matches!(self, Promise::Further(_))
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Promise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Promise {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Promise, D::Error> {
        let text = String::deserialize(deserializer)?;
        Promise::named(&text).ok_or_else(|| serde::de::Error::custom("no name of a promise"))
    }
}

/// The longest name in bytes.
const LONGEST: usize = 31;

/// A short name that is copied as numbers are: 1 to 31 of `a` to `z`, `0` to `9`, `-` and `_`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Zero after the last one.
    bytes: [u8; LONGEST],
}

impl Name {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Name> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain);
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..text.len()).filter(|_| fits)?.copy_from_slice(text.as_bytes());
        Some(Name { bytes })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|b| *b == 0).unwrap_or(LONGEST);
        self.bytes.get(..end).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A promise that the configuration adds: a clock of the team, of which the reporter is told nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Further {
    /// Its name.
    pub promise: Promise,
    /// How long it has.
    pub length: Span,
    /// What it counts from.
    pub from: Trigger,
    /// When whoever handles the case is reminded, counted from there.
    pub reminders: Vec<Span>,
    /// Whether it goes up the ladder when it is missed.
    pub escalates: bool,
    /// What keeps it, beside being told so and the end of the case.
    pub met_by: Vec<MetBy>,
    /// Whether it stands still while the case waits for its reporter, and outside the calendar.
    pub pauses: bool,
}

/// What a promise that was added counts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The arrival of the report.
    Received,
    /// The acknowledgement.
    Acknowledged,
    /// A person's first answer.
    Answered,
    /// The first time that this was said of the case by command.
    Marked(String),
}

/// What may keep a promise that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetBy {
    /// The acknowledgement.
    Acknowledgement,
    /// A person's answer.
    Response,
    /// The announcement.
    Announcement,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_read_back_from_its_name() {
        for promise in Promise::BUILT_IN {
            assert_eq!(Promise::named(promise.name()), Some(promise));
        }
        let long = "a".repeat(31);
        for name in ["early-warning", "x", long.as_str()] {
            let promise = Promise::named(name).unwrap();
            assert_eq!((promise.name(), promise.is_to_reporter()), (name, false));
            let text = serde_json::to_string(&promise).unwrap();
            assert_eq!(serde_json::from_str::<Promise>(&text).unwrap(), promise);
        }
        for name in ["", "Early", "early warning", &"a".repeat(32), "\0"] {
            assert_eq!(Promise::named(name), None, "{name}");
        }
    }
}
