//! What is told of a run.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::desk::address::Address;
use crate::desk::ids::CaseId;
use crate::desk::message::MessageId;
use crate::desk::policy::Promise;
use crate::desk::time::{Moment, Span};

/// One thing that happened, or would have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Moment,
    /// The case that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// What, in one word of a closed list.
    pub action: &'static str,
    /// Who gets the letter: one address, or a list where several people get it.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "one_or_list")]
    pub to: Vec<Address>,
    /// The promise that it starts, keeps, reminds of or breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// The Message-ID of the letter; of one to several people, that of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The mail that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Why, for a person.
    pub why: String,
}

impl Row {
    /// Whether it is of letters to the team, which may be the same letter to several of them.
    fn of_team(&self) -> bool {
        matches!(self.action, "notify" | "gathered" | "remind" | "escalate" | "digest")
    }

    /// Takes in the row that follows, where it tells of the same letter to somebody else.
    pub(super) fn takes_in(&mut self, next: &Row) -> bool {
        let same = |a: &Row, b: &Row| {
            (a.at, a.action, &a.why) == (b.at, b.action, &b.why)
                && a.case == b.case
                && a.file == b.file
                && a.promise == b.promise
        };
        let takes =
            self.of_team() && same(self, next) && next.to.iter().all(|to| !self.to.contains(to));
        if takes {
            self.to.extend(next.to.iter().cloned());
        }
        takes
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn rfc3339<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.rfc3339())
}

fn one_or_list<S: Serializer>(to: &[Address], serializer: S) -> Result<S::Ok, S::Error> {
    match to {
        [one] => serializer.serialize_some(one),
        several => serializer.collect_seq(several),
    }
}

/// What the whole run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// When it ended; none where there was nothing to work through.
    pub end: Option<Moment>,
    /// Where nobody said when to stop: the promise that is awaited after the last mail.
    pub longest: Option<Span>,
    /// How many mails were worked through.
    pub mails: usize,
    /// How many cases they opened.
    pub cases: usize,
    /// How many letters would have been sent; one to several people counts once for each.
    pub letters: usize,
    /// How many rows there are of each kind.
    pub actions: BTreeMap<&'static str, usize>,
    /// What people said otherwise than by mail.
    pub said: usize,
    /// Mails after the end.
    pub mails_after: usize,
    /// What people said after the end.
    pub said_after: usize,
    /// Mails that nothing told the time of; they count with the mail before them.
    pub undated: usize,
    /// Files that were left alone, since they are not called `.eml`.
    pub left_alone: usize,
}
