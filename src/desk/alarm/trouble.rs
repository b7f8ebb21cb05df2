//! What can be wrong with mail.

use serde::{Deserialize, Serialize};

use crate::desk::address::Address;
use crate::desk::time::{Moment, Span};

/// Something that is wrong; the most serious first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Nothing can be recorded, so nothing is answered.
    Store,
    /// The relay of this inbox cannot be reached, or refuses us.
    Relay(String),
    /// Folders of this inbox cannot be read.
    Mailbox(String),
    /// This inbox has open cases, and is not configured any more.
    Unconfigured(String),
    /// Reporters to this inbox wait for their acknowledgement although much of its time is over.
    Acknowledgement(String),
    /// A letter of this inbox has waited for long.
    Letter(String),
    /// A mail of our own has not arrived.
    Canary {
        /// The inbox that it should arrive in.
        inbox: String,
        /// The address that it was sent to.
        to: Address,
    },
    /// The second relay takes nothing, so alarms and canaries do not leave.
    SecondRelay,
}

impl Trouble {
    /// Its name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Trouble::Store => "store",
            Trouble::Relay(_) => "relay",
            Trouble::Mailbox(_) => "mailbox",
            Trouble::Unconfigured(_) => "unconfigured",
            Trouble::Acknowledgement(_) => "acknowledgement",
            Trouble::Letter(_) => "letter",
            Trouble::Canary { .. } => "canary",
            Trouble::SecondRelay => "second_relay",
        }
    }

    /// The inbox that it is about; none where it is about all of them.
    pub fn inbox(&self) -> Option<&str> {
        match self {
            Trouble::Store | Trouble::SecondRelay => None,
            Trouble::Relay(inbox)
            | Trouble::Mailbox(inbox)
            | Trouble::Unconfigured(inbox)
            | Trouble::Acknowledgement(inbox)
            | Trouble::Letter(inbox)
            | Trouble::Canary { inbox, .. } => Some(inbox),
        }
    }

    /// How long it lasts before it is worth an alarm. What has taken its time already takes no more.
    pub(super) fn grace(&self, rules: &Rules) -> Span {
        match self {
            Trouble::Relay(_)
            | Trouble::Mailbox(_)
            | Trouble::Unconfigured(_)
            | Trouble::SecondRelay => rules.after,
            // The daemon gives up, and begins anew, after some minutes of this.
            Trouble::Store => rules.after.min(Span::minutes(2)),
            Trouble::Acknowledgement(_) | Trouble::Letter(_) | Trouble::Canary { .. } => Span::ZERO,
        }
    }
}

/// A trouble as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Since when.
    pub since: Moment,
    /// More about it, for a person: no address of a reporter, no subject.
    pub how: String,
}

/// When an alarm is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long a server may be out of order.
    pub after: Span,
    /// How often it is told again.
    pub every: Span,
    /// How much of the time for an acknowledgement may pass, in percent.
    pub acknowledgement_percent: u64,
    /// How long a letter may wait.
    pub letter_waits: Span,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            after: Span::minutes(15),
            every: Span::hours(6),
            acknowledgement_percent: 50,
            letter_waits: Span::hours(4),
        }
    }
}
