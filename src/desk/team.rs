//! The people who answer reports.

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::calendar::Stretch;
use super::time::Zone;

/// Somebody on a team. Only the configuration makes anybody one: a header never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What the configuration calls them; stands in the names of letters to them.
    pub name: String,
    /// Where they write from. Notices go to the first.
    pub addresses: Vec<Address>,
    /// The zone that moments are written in for them, beside UTC.
    pub zone: Zone,
    /// When they are not there, as far as the configuration knows.
    pub away: Vec<Stretch>,
}

/// How far up a case goes that is not answered: who hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Who owns the inbox.
    Lead,
    /// Who stand in for the lead.
    Deputies,
    /// Everybody on the team.
    Team,
    /// Somebody outside, who gets facts only.
    Outside,
}

impl Rung {
    /// Every rung, lowest first.
    pub const ALL: [Rung; 4] = [Rung::Lead, Rung::Deputies, Rung::Team, Rung::Outside];

    /// The word that templates use.
    pub fn name(self) -> &'static str {
        match self {
            Rung::Lead => "lead",
            Rung::Deputies => "deputies",
            Rung::Team => "team",
            Rung::Outside => "outside",
        }
    }
}

/// The people of one inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Who owns the inbox.
    pub lead: Option<Member>,
    /// Who stands in for the lead.
    pub deputies: Vec<Member>,
    /// Everybody else.
    pub members: Vec<Member>,
    /// Who hears of what was missed when nobody on the team has acted, and gets facts only.
    pub outside: Vec<Address>,
    /// What notices to them may hold.
    pub notices: Notices,
}

/// How much of a report a notice repeats. It travels by plain mail to several people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notices {
    /// No notices at all.
    None,
    /// Who, when, what kind of mail, until when; where to find it.
    #[default]
    Facts,
    /// Its subject as well.
    Subject,
    /// Its subject and its text.
    Text,
}

impl Member {
    /// Where notices to them go.
    pub fn mailbox(&self) -> Option<Mailbox> {
        let address = self.addresses.first()?.clone();
        Some(Mailbox { name: String::new(), address })
    }

    /// Whether this is an address of theirs, whatever tag it carries.
    pub fn writes_from(&self, address: &Address) -> bool {
        let bare = address.without_tag();
        self.addresses.iter().any(|own| own.without_tag() == bare)
    }
}

impl Team {
    /// Everybody on it, the lead first.
    pub fn everybody(&self) -> impl Iterator<Item = &Member> {
        self.lead.iter().chain(&self.deputies).chain(&self.members)
    }

    /// Who of the team stands on this rung; nobody of it stands outside.
    pub fn on(&self, rung: Rung) -> &[Member] {
        match rung {
            Rung::Lead => self.lead.as_slice(),
            Rung::Deputies => &self.deputies,
            Rung::Team => &self.members,
            Rung::Outside => &[],
        }
    }

    /// Whose address this is.
    pub fn member(&self, address: &Address) -> Option<&Member> {
        self.everybody().find(|member| member.writes_from(address))
    }

    /// The member whom the configuration calls so.
    pub fn named(&self, name: &str) -> Option<&Member> {
        self.everybody().find(|member| member.name == name)
    }
}
