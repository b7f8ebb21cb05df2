//! What can be said of a case by command, and how it is written.

use serde::{Deserialize, Serialize};

use super::calendar::Dates;
use super::ids::CaseId;
use super::line::shown;
use super::policy::{Policy, Promise};
use super::time::{Moment, Span, Zone};

/// What can be said of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Said {
    /// A person has answered the reporter.
    Responded,
    /// It is held, and is to be answered all the same.
    Release,
    /// The conversation of another case goes on in this one.
    Merge {
        /// The other one.
        other: CaseId,
    },
    /// Somebody of the team handles it from here on.
    Take {
        /// Who, as the configuration calls them; where none is named, whoever says it.
        #[serde(default)]
        member: Option<String>,
    },
    /// A mail of it is a case of its own.
    Split {
        /// Its number, as `show` has it.
        mail: u32,
    },
    /// It waits for its reporter; its clocks stand still until they write.
    NeedInfo,
    /// Nothing is owed on it any more.
    Close,
    /// It is closed, and goes on.
    Reopen,
    /// The problem is kept secret until then; its disclosure is due at that second.
    Embargo {
        /// When.
        until: Moment,
    },
    /// The problem was announced.
    Announced,
    /// A promise that the configuration adds is kept.
    Met {
        /// Which.
        promise: Promise,
    },
    /// Something happened that starts clocks of the configuration.
    Mark {
        /// Its word there.
        word: String,
    },
}

/// A command that is no word of another one, as it is written.
struct Plain {
    word: &'static str,
    said: Said,
}

const PLAIN: [Plain; 6] = [
    Plain { word: "responded", said: Said::Responded },
    Plain { word: "release", said: Said::Release },
    Plain { word: "need-info", said: Said::NeedInfo },
    Plain { word: "close", said: Said::Close },
    Plain { word: "reopen", said: Said::Reopen },
    Plain { word: "announced", said: Said::Announced },
];

/// The commands with what they take.
pub const COMMANDS: &str = "responded, release, take NAME, need-info, close, reopen, announced, embargo DAY, met PROMISE, merge OTHER, \
     split MAIL";

impl Said {
    /// The word for it.
    pub fn word(&self) -> &str {
        match self {
            Said::Merge { .. } => "merge",
            Said::Split { .. } => "split",
            Said::Take { .. } => "take",
            Said::Embargo { .. } => "embargo",
            Said::Met { .. } => "met",
            Said::Mark { word } => word,
            plain => PLAIN.iter().find(|one| one.said == *plain).map_or("", |one| one.word),
        }
    }

    /// Whether it names a mail of the case, so that the events of the case have to be looked up.
    pub fn needs_story(&self) -> bool {
        matches!(self, Said::Split { .. })
    }

    /// Reads a command, in any case of letters; else says what would be right. What the configuration
    /// adds is known from the rules of the inboxes.
    pub fn parse(text: &str, policies: &[Policy]) -> Result<Said, String> {
        // What is refused is repeated, and somebody reads it on a terminal.
        let clean = text.split_whitespace().map(shown).collect::<Vec<_>>().join(" ");
        let lower = clean.to_lowercase();
        let mut words = lower.split_whitespace();
        let Some(word) = words.next() else { return Err(format!("say what: {COMMANDS}")) };
        let word = word.replace('_', "-");
        let rest: Vec<&str> = words.collect();
        let plain = PLAIN.into_iter().find(|one| one.word == word);
        match (word.as_str(), rest.as_slice(), plain) {
            (_, [], Some(plain)) => Ok(plain.said),
            (_, _, Some(_)) => Err(format!("{word} takes nothing more")),
            ("merge", [other], _) => match CaseId::parse(other) {
                Some(other) => Ok(Said::Merge { other }),
                None => {
                    Err(format!("merge: {other} is no case number; they look like EXP-2026-0007"))
                }
            },
            ("merge", ..) => Err("merge takes one case number: merge EXP-2026-0008".into()),
            ("take", [], _) => Ok(Said::Take { member: None }),
            ("take", [name], _) => Ok(Said::Take { member: Some((*name).to_owned()) }),
            ("take", ..) => Err("take takes the name of one member: take kim".into()),
            ("split", [number], _) => match number.parse() {
                Ok(mail) => Ok(Said::Split { mail }),
                Err(_) => Err(format!("split: {number} is no number of a mail; `show` has them")),
            },
            ("split", ..) => Err("split takes the number of one mail in `show`: split 2".into()),
            ("embargo", [until], _) => embargo(until),
            ("embargo", ..) => Err("embargo takes its last day: embargo 2027-01-15".into()),
            ("met", [name], _) => met(name, policies),
            ("met", ..) => Err("met takes the name of one promise: met early-warning".into()),
            (_, [], None) => mark(&word, policies),
            (_, _, None) => Err(unknown(&word, policies)),
        }
    }
}

fn embargo(text: &str) -> Result<Said, String> {
    let moment = Moment::parse_rfc3339(&text.to_uppercase());
    let day = || Dates::parse(text).filter(|_| !text.contains(".."));
    let last = || Some(day()?.of(&Zone::UTC).until? - Span::seconds(1));
    moment.or_else(last).map(|until| Said::Embargo { until }).ok_or_else(|| {
        format!(
            "embargo: {text} is no day; write its last day, 2027-01-15, or a moment, \
             2027-01-15T12:00:00Z"
        )
    })
}

fn met(name: &str, policies: &[Policy]) -> Result<Said, String> {
    let mut further: Vec<Promise> =
        policies.iter().flat_map(|policy| &policy.further).map(|one| one.promise).collect();
    further.sort();
    further.dedup();
    if let Some(promise) = further.iter().find(|promise| promise.name() == name) {
        return Ok(Said::Met { promise: *promise });
    }
    let names: Vec<&str> = further.iter().map(Promise::name).collect();
    Err(match names.as_slice() {
        [] => "met: the configuration adds no promise; write [[promise]] there".into(),
        names => format!("met: there is no promise {name}; there are: {}", names.join(", ")),
    })
}

fn mark(word: &str, policies: &[Policy]) -> Result<Said, String> {
    let mut marks = policies.iter().flat_map(Policy::marks);
    let known = marks.any(|mark| mark == word);
    if known { Ok(Said::Mark { word: word.into() }) } else { Err(unknown(word, policies)) }
}

fn unknown(word: &str, policies: &[Policy]) -> String {
    let mut marks: Vec<&str> = policies.iter().flat_map(Policy::marks).collect();
    marks.sort_unstable();
    marks.dedup();
    let known = [COMMANDS].into_iter().chain(marks).collect::<Vec<_>>().join(", ");
    format!("there is no command {word}; there are: {known}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::policy::{Further, Trigger};

    fn policies() -> Vec<Policy> {
        let further = Further {
            promise: Promise::named("early-warning").unwrap(),
            length: Span::hours(24),
            from: Trigger::Marked("exploited".into()),
            reminders: Vec::new(),
            escalates: false,
            met_by: Vec::new(),
            pauses: false,
        };
        vec![Policy { further: vec![further], ..Policy::unconfigured() }]
    }

    #[test]
    fn commands_are_read_as_they_are_written() {
        let policies = policies();
        for text in ["responded", "RELEASE", " need-info ", "need_info", "close", "reopen"] {
            let said = Said::parse(text, &policies).unwrap();
            assert_eq!(said.word(), text.trim().to_lowercase().replace('_', "-"));
        }
        let other = CaseId::parse("EXP-2026-0008").unwrap();
        assert_eq!(Said::parse("merge exp-2026-0008", &policies), Ok(Said::Merge { other }));
        assert_eq!(Said::parse("split 2", &policies), Ok(Said::Split { mail: 2 }));
        for (text, member) in [("take", None), ("take lee", Some("lee".to_owned()))] {
            assert_eq!(Said::parse(text, &policies), Ok(Said::Take { member }));
        }
        let promise = Promise::named("early-warning").unwrap();
        assert_eq!(Said::parse("met early-warning", &policies), Ok(Said::Met { promise }));
        let word = "exploited".into();
        assert_eq!(Said::parse("exploited", &policies), Ok(Said::Mark { word }));
        for (text, last) in [
            ("embargo 2027-01-15", "2027-01-15T23:59:59Z"),
            ("embargo 2027-01-15T12:00:00+02:00", "2027-01-15T10:00:00Z"),
        ] {
            let until = Moment::parse_rfc3339(last).unwrap();
            assert_eq!(Said::parse(text, &policies), Ok(Said::Embargo { until }), "{text}");
        }
    }

    #[test]
    fn whoever_types_another_one_is_told_what_there_is() {
        for (text, told) in [
            ("", "say what: responded, release"),
            ("clse", "there is no command clse; there are: responded, release"),
            ("clse", ", exploited"),
            ("cl\0se \u{1b}[2J", "there is no command cl\\u{0}se;"),
            ("close now", "close takes nothing more"),
            ("take lee now", "take takes the name of one member"),
            ("merge", "merge takes one case number"),
            ("merge seven", "seven is no case number"),
            ("split -1", "-1 is no number of a mail"),
            ("split", "the number of one mail"),
            ("embargo", "embargo takes its last day"),
            ("embargo soon", "soon is no day"),
            ("embargo 2027-01-15..2027-01-16", "is no day"),
            ("met nothing", "there is no promise nothing; there are: early-warning"),
        ] {
            let error = Said::parse(text, &policies()).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
