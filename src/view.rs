//! What an operator sees of cases: the rows of `cases` and the story of `show`.

mod explain;
pub mod stats;
mod story;

use serde::{Deserialize, Serialize};

use crate::desk::case::{Case, Fate};
use crate::desk::event::HoldReason;
use crate::desk::policy::Policy;
use crate::desk::promise;
use crate::desk::time::Moment;

pub use self::explain::{Explained, Line, explain};
pub use self::story::{StoryLine, story, third_person, utc};

/// A row of `watchpost cases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// The case number.
    pub case: String,
    /// Where it stands.
    pub state: String,
    /// What kind of mail opened it.
    pub verdict: String,
    /// Who reported; none where no single author is named.
    pub reporter: Option<String>,
    /// The subject of the report.
    pub subject: String,
    /// When it arrived (RFC 3339, as all moments here).
    pub received: String,
    /// When the reporter was told so.
    pub acknowledged: Option<String>,
    /// When a person first answered.
    #[serde(default)]
    pub answered: Option<String>,
    /// When the acknowledgement is owed.
    pub acknowledgement_due: String,
    /// When the detailed response is owed.
    pub response_due: String,
    /// Why nobody was answered by machine.
    pub held: Option<String>,
    /// The same as a word for programs.
    #[serde(default)]
    pub hold: Option<HoldReason>,
    /// Whether something is owed that was due before this row was made.
    #[serde(default)]
    pub overdue: bool,
    /// The case in which its conversation goes on, once it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// The cases whose conversations go on in this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub took_in: Vec<String>,
    /// The member who took it, as the configuration calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// How many mails joined after the first.
    pub follow_ups: u32,
    /// How many of its letters still have to be sent.
    pub letters_waiting: usize,
    /// The inbox that it came in by.
    pub inbox: String,
}

impl CaseRow {
    /// When the reporter is owed something next: the acknowledgement where there is none yet, or the
    /// response. None where a person has answered, or a moment cannot be read.
    pub fn due(&self) -> Option<Moment> {
        if self.answered.is_some() || matches!(self.state.as_str(), "closed" | "waiting") {
            return None;
        }
        let response = Moment::parse_rfc3339(&self.response_due)?;
        match self.acknowledged {
            Some(_) => Some(response),
            None => Some(response.min(Moment::parse_rfc3339(&self.acknowledgement_due)?)),
        }
    }
}

/// The row of a case as it is `now`.
pub fn case_row(case: &Case, policy: &Policy, now: Moment) -> CaseRow {
    let waiting = case.letters.values().filter(|letter| letter.fate == Fate::Waiting).count();
    let mut row = CaseRow {
        case: case.id.to_string(),
        state: case.state().name().into(),
        verdict: case.opening.verdict.kind.name().into(),
        reporter: case.opening.reporter.as_ref().map(|r| r.address.to_string()),
        subject: case.opening.subject.clone(),
        received: case.arrived().rfc3339(),
        acknowledged: case.acknowledged.map(Moment::rfc3339),
        answered: case.answered.map(Moment::rfc3339),
        acknowledgement_due: promise::acknowledgement_due(case, policy, now).rfc3339(),
        response_due: promise::response_due(case, policy, now).rfc3339(),
        held: case.held.map(|why| why.in_words().to_owned()),
        hold: case.held,
        overdue: false,
        merged_into: case.merged.as_ref().map(ToString::to_string),
        took_in: case.took_in.iter().map(ToString::to_string).collect(),
        handler: case.handler.clone(),
        follow_ups: case.follow_ups,
        letters_waiting: waiting,
        inbox: case.mail().folder.inbox.clone(),
    };
    row.overdue = row.due().is_some_and(|due| due < now);
    row
}
