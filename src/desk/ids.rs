//! Case numbers, and names of questions.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The number of a case: prefix, year, running number in that year. `EXP-2026-0007`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId {
    /// What the project's configuration sets: `EXP`.
    pub prefix: Arc<str>,
    /// The year (UTC) in which the case was opened.
    pub year: u16,
    /// From 1, without gaps, per prefix and year.
    pub number: u32,
}

impl CaseId {
    /// Reads `EXP-2026-0007`, in any case of letters.
    pub fn parse(text: &str) -> Option<CaseId> {
        let mut fields = text.trim().splitn(3, '-');
        let prefix = fields.next()?.to_ascii_uppercase();
        let (year, number) = (fields.next()?, fields.next()?);
        let digits =
            |s: &str, most: usize| s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
        let well_formed = (1..=12).contains(&prefix.len())
            && prefix.starts_with(|c: char| c.is_ascii_uppercase())
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric())
            && digits(year, 4)
            && number.len() >= 4
            && digits(number, 9);
        let id = CaseId {
            prefix: prefix.into(),
            year: year.parse().ok()?,
            number: number.parse().ok()?,
        };
        (well_formed && id.number > 0).then_some(id)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:04}-{:04}", self.prefix, self.year, self.number)
    }
}

impl TryFrom<String> for CaseId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<CaseId, &'static str> {
        CaseId::parse(&text).ok_or("not a case number")
    }
}

impl From<CaseId> for String {
    fn from(id: CaseId) -> String {
        id.to_string()
    }
}

/// Names a question to the lead: the digest of the mail that it is about, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(pub String);

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_numbers_are_read_as_they_are_written() {
        let id = CaseId { prefix: "EXP".into(), year: 2026, number: 7 };
        assert_eq!(id.to_string(), "EXP-2026-0007");
        assert_eq!(CaseId::parse("exp-2026-0007"), Some(id));
        assert_eq!(CaseId::parse("EXP-2026-12345").map(|i| i.number), Some(12345));
        for text in [
            "",
            "EXP-2026-7",
            "EXP-2026-0000",
            "EXP-26x-0007",
            "-2026-0007",
            "E P-2026-0007",
            "EXP-2026-00000000001",
        ] {
            assert_eq!(CaseId::parse(text), None, "{text}");
        }
    }
}
