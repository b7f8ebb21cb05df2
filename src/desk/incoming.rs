//! A mail on its way to a decision.

use super::address::Mailbox;
use super::authentication::Authentication;
use super::claim::Identity;
use super::classify::personal::Reading;
use super::event::{Fact, MailRef};
use super::folder::Keyword;
use super::ids::CaseId;
use super::line::row_line;
use super::message::Message;
use super::thread::{Tie, Tied};
use super::verdict::Verdict;

/// A mail that arrived, read and judged, with what the store knows about its ties.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where it is.
    pub mail: MailRef,
    /// What it says.
    pub message: Message,
    /// What kind of mail it is by itself.
    pub verdict: Verdict,
    /// What our server found out about its sender.
    pub authentication: Authentication,
    /// What an earlier life of this desk wrote on it.
    pub witness: Option<Keyword>,
    /// Another Watchpost that claims it.
    pub claimed_by: Option<Identity>,
    /// How surely it reads as a report, where not every mail is taken for one.
    pub reading: Reading,
    /// True where this very mail has its recorded decision already.
    pub recorded: bool,
    /// What its ties lead to, in the order of [`ties`].
    pub tied: Vec<(Tie, Tied)>,
}

/// Facts, each on a case or on none.
pub(super) type Facts = Vec<(Option<CaseId>, Fact)>;

/// An event has to fit into one row of the store, whatever a stranger wrote.
pub(super) const LONGEST_NAME: usize = 100;

/// The author as events name them.
pub(super) fn author(message: &Message) -> Option<Mailbox> {
    let Mailbox { name, address } = message.author()?.clone();
    Some(Mailbox { name: row_line(&name, LONGEST_NAME), address })
}
