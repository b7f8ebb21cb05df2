//! What one inbox promises and how it judges: the part of the configuration that decisions need.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::calendar::{Calendar, Stretch};
use super::language::Language;
pub use super::promised::{Further, MetBy, Name, Promise, Trigger};
use super::schedule::Schedule;
use super::team::Team;
use super::time::{Moment, Span};

/// The rules of one inbox. Plain data, made by `config`, read by the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The name of the inbox in the configuration; unique, and kept in the store.
    pub inbox: String,
    /// Which mail in it opens a case.
    pub kind: InboxKind,
    /// The published addresses. Mail to them (with any `+tag`) is for us.
    pub recipients: Vec<Address>,
    /// The address of the mail account itself, where its user name is one. Every mail in it is
    /// delivered to it, so that says nothing about whom the mail is for.
    pub account: Option<Address>,
    /// The project, as letters call it: `Express`.
    pub project: String,
    /// The first part of a case number: `EXP`.
    pub case_prefix: Arc<str>,
    /// Where the policy can be read; letters cite it.
    pub policy_url: Option<String>,
    /// The language of letters to people whose own is not known.
    pub language: Language,
    /// Who letters come from, and where answers to them go.
    pub from: Mailbox,
    /// Whether mail to `security+anything@…` arrives in this inbox too, where `from` is
    /// `security@…` (RFC 5233): then each case has an address of its own.
    pub subaddressing: bool,
    /// The `authserv-id` of our own mail server (RFC 8601 section 2.2); without it no
    /// Authentication-Results field is believed.
    pub authserv_id: Option<String>,
    /// Lists, groups and forwarders of our own, which pass mail on to this inbox. Mail through one
    /// of them is judged by the person who sent it there; any other list is a list.
    pub lists: Vec<Address>,
    /// The `authserv-id` of the server of these lists, whose Authentication-Results are believed
    /// about mail that surely came through it.
    pub list_authserv_id: Option<String>,
    /// How long until a report is acknowledged.
    pub acknowledgement: Span,
    /// How long until a person answers in detail.
    pub response: Span,
    /// What `response` is counted from.
    pub response_from: Start,
    /// How long after a person's last word the next one is promised.
    pub update: Option<Span>,
    /// How long after its arrival a report is announced.
    pub disclosure: Option<Span>,
    /// Promises that the configuration adds.
    pub further: Vec<Further>,
    /// When time counts.
    pub calendar: Calendar,
    /// When other rules hold for reports that arrive.
    pub intake: Vec<Intake>,
    /// What happens while a case waits for its reporter.
    pub waiting: Waiting,
    /// When whoever handles a case is reminded of the response, counted from the start of its clock.
    pub response_reminders: Vec<Span>,
    /// The same for an update.
    pub update_reminders: Vec<Span>,
    /// The same for the disclosure.
    pub disclosure_reminders: Vec<Span>,
    /// How long after a missed deadline, and after each time, it goes one rung up the ladder.
    pub escalate_every: Span,
    /// Whether the reporter is told of a missed promise.
    pub tell_missed: bool,
    /// What happens to a report that is only a link.
    pub link_only: OnRule,
    /// What happens to a report that is only an attachment.
    pub attachment_only: OnRule,
    /// What happens to a mail with nothing in it.
    pub empty: OnRule,
    /// What is ours and what is not, for hints.
    pub scope: Scope,
    /// Who answers.
    pub team: Team,
    /// When the team is told what is owed and what became of promises; none where it is not.
    pub digest: Option<Schedule>,
    /// How many words of their own a person's answer has to hold to count as the response.
    pub response_words: usize,
    /// How it is seen that mail to the published addresses arrives, where that is looked at.
    pub canary: Option<Canary>,
}

/// How often a mail of our own is sent to each published address, to see it arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// One leaves each time that this has passed.
    pub every: Span,
    /// What has not arrived by then is missing.
    pub within: Span,
}

/// Some time in which reports are taken in by other rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// Which rules.
    pub mode: Mode,
    /// When; it always ends.
    pub during: Stretch,
    /// What the acknowledgement says of it, in the words of the project.
    pub text: Option<String>,
    /// Lengths that hold for reports which arrive then.
    pub acknowledgement: Option<Span>,
    /// As above.
    pub response: Option<Span>,
    /// As above.
    pub update: Option<Span>,
}

/// How reports are taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// With other words and lengths.
    Reduced,
    /// They are kept, and nothing is owed until it opens again.
    Closed,
}

/// What happens while a case waits for its reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whether the reporter is told so when it begins.
    pub tell: bool,
    /// How long until the reporter is reminded, once.
    pub remind: Option<Span>,
    /// How long until the case is closed.
    pub close: Option<Span>,
    /// How long before that the reporter gets a last note.
    pub last_note: Span,
}

/// What belongs to the project and what does not. It makes hints for people and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Modules of the project beside the project itself: never hinted at as somebody else's.
    pub own_modules: Vec<String>,
    /// Modules of others that reports name, beside the well-known ones.
    pub third_party_modules: Vec<String>,
    /// The classes of the threat model (`CWE-15`) that make a hint; all of them where none is named.
    pub threats: Option<Vec<String>>,
}

/// Which mail of an inbox opens a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxKind {
    /// Every mail of a human is a report until told otherwise.
    Dedicated,
    /// Only mail to the configured recipients opens a case.
    Mixed,
    /// A person's own inbox: only what surely reads as a report opens a case; what may be one is put
    /// to them, and all else is left alone.
    Personal,
}

/// What the clock of a promise counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The arrival of the report.
    Received,
    /// The acknowledgement.
    Acknowledged,
}

/// What to do with a report that breaks the rule that its text stands in the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRule {
    /// Ask to send it again, in the body; the case is provisional until then.
    Reject,
    /// Acknowledge it as usual, and ask in the same letter.
    Flag,
}

impl Policy {
    /// The policy of nobody: what mails are judged by where no configuration is given.
    pub fn unconfigured() -> Policy {
        let address = Address::nowhere();
        Policy {
            inbox: String::new(),
            kind: InboxKind::Dedicated,
            recipients: Vec::new(),
            account: None,
            project: "this project".into(),
            case_prefix: "CASE".into(),
            policy_url: None,
            language: Language::English,
            from: Mailbox { name: String::new(), address },
            subaddressing: false,
            authserv_id: None,
            lists: Vec::new(),
            list_authserv_id: None,
            acknowledgement: Span::hours(48),
            response: Span::hours(48),
            response_from: Start::Received,
            update: None,
            disclosure: None,
            further: Vec::new(),
            calendar: Calendar::default(),
            intake: Vec::new(),
            waiting: Waiting {
                tell: true,
                remind: None,
                close: None,
                last_note: Span::hours(24 * 7),
            },
            response_reminders: Vec::new(),
            update_reminders: Vec::new(),
            disclosure_reminders: Vec::new(),
            escalate_every: Span::hours(24),
            tell_missed: true,
            link_only: OnRule::Reject,
            attachment_only: OnRule::Reject,
            empty: OnRule::Reject,
            scope: Scope::default(),
            team: Team::default(),
            digest: None,
            response_words: 0,
            canary: None,
        }
    }

    /// When whoever handles a case is reminded, counted from the start of the clock.
    pub fn reminders(&self, promise: Promise) -> &[Span] {
        match promise {
            // We keep this one; where we cannot, a person is told at once.
            Promise::Acknowledgement => &[],
            Promise::Response => &self.response_reminders,
            Promise::Update => &self.update_reminders,
            Promise::Disclosure => &self.disclosure_reminders,
            Promise::Further(_) => self.further(promise).map_or(&[], |one| &one.reminders),
        }
    }

    /// Whether a missed promise goes up the ladder.
    pub fn escalates(&self, promise: Promise) -> bool {
        self.further(promise).is_none_or(|further| further.escalates)
    }

    /// A promise that the configuration adds.
    pub fn further(&self, promise: Promise) -> Option<&Further> {
        self.further.iter().find(|further| further.promise == promise)
    }

    /// What can be said of a case to start the clocks that wait for it.
    pub fn marks(&self) -> impl Iterator<Item = &str> {
        self.further.iter().filter_map(|further| match &further.from {
            Trigger::Marked(word) => Some(word.as_str()),
            _ => None,
        })
    }

    /// The rules that hold for a report which arrives then, where they are others.
    pub fn intake_at(&self, arrived: Moment) -> Option<&Intake> {
        self.intake.iter().find(|intake| intake.during.holds(arrived))
    }

    /// The longest time that anything is promised in.
    pub fn longest_promise(&self) -> Span {
        let optional = [self.update, self.disclosure];
        let further = self.further.iter().map(|further| further.length);
        let lengths = optional.into_iter().flatten().chain(further);
        lengths.fold(self.acknowledgement.max(self.response), Span::max)
    }

    /// Whether this address is one of ours: mail from it is never a report, and no letter goes to
    /// it. The addresses at which list software itself reads and writes are among them.
    pub fn is_ours(&self, address: &Address) -> bool {
        self.is_published(address)
            || self.lists.iter().any(|list| *list == address.without_tag())
            || self.lists.iter().any(|list| is_robot_of(list, address))
    }

    /// Whether it is an address that reports go to or letters come from.
    pub fn is_published(&self, address: &Address) -> bool {
        let bare = address.without_tag();
        self.from.address.without_tag() == bare
            || self.recipients.iter().any(|r| r.without_tag() == bare)
    }
}

/// What list software puts after the name of a list: `security-bounces`, `security-request`.
const ROBOT_ENDINGS: &[&str] = &[
    "admin",
    "bounce",
    "bounces",
    "confirm",
    "editor",
    "help",
    "join",
    "leave",
    "noreply",
    "owner",
    "owners",
    "request",
    "return",
    "subscribe",
    "unsubscribe",
];

/// What list software calls itself on a host.
const HOST_ROBOTS: &[&str] = &["mailman", "sympa", "listmaster", "majordomo", "listserv"];

/// Whether list software reads and writes at this address for that list: `security-request`,
/// `security+owners`, `mailman`.
pub(super) fn is_robot_of(list: &Address, address: &Address) -> bool {
    if list.domain() != address.domain() {
        return false;
    }
    let (local, list) = (address.local().to_lowercase(), list.local().to_lowercase());
    // What follows may hold a token: `security-confirm+1f3a`, `security-bounces+ann=acorn.example`.
    let ends = |rest: &str| {
        let word = rest.split(['+', '-', '=']).next().unwrap_or_default();
        ROBOT_ENDINGS.contains(&word)
    };
    let (host, ending) = local.split_once('-').unwrap_or((&local, ""));
    match local.strip_prefix(list.as_str()) {
        Some(rest) if rest.starts_with('+') => true,
        Some(rest) if rest.starts_with('-') => ends(rest.trim_start_matches('-')),
        _ => HOST_ROBOTS.contains(&host) && (ending.is_empty() || ends(ending)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_software_is_known_by_its_addresses() {
        let list = Address::parse("security@lists.project.example").unwrap();
        let robot = |text: &str| is_robot_of(&list, &Address::parse(text).unwrap());
        for text in [
            "security-request@lists.project.example",
            "Security-Bounces+ann=acorn.example@lists.project.example",
            "security+owners@lists.project.example",
            "security-confirm+1f3a@lists.project.example",
            "mailman-bounces@lists.project.example",
            "sympa@lists.project.example",
        ] {
            assert!(robot(text), "{text}");
        }
        for text in [
            "security@lists.project.example",
            "security-research@lists.project.example",
            "security-request@acorn.example",
            "mailman-dev@lists.project.example",
            "kim@lists.project.example",
        ] {
            assert!(!robot(text), "{text}");
        }
    }
}
