//! Who is there: what the configuration dates, and what members' own absence notes say.

use super::map::Map;
use super::team::Member;
use super::time::Moment;

/// Until when members are away by their own notes, by the name that the configuration calls them.
#[derive(Clone, Debug, Default)]
pub struct Absences(Map<String, Moment>);

impl Absences {
    /// The absences that a store holds.
    pub fn of(noted: Vec<(String, Moment)>) -> Absences {
        Absences(noted.into_iter().collect())
    }

    /// Whether a member is not there `now`.
    pub fn is_away(&self, member: &Member, now: Moment) -> bool {
        member.away.iter().any(|absence| absence.holds(now))
            || self.noted(&member.name, now).is_some()
    }

    /// Until when a note says that somebody is away who is so `now`.
    pub fn noted(&self, member: &str, now: Moment) -> Option<Moment> {
        self.0.get(member).copied().filter(|until| now < *until)
    }

    /// A note of theirs says so.
    pub(super) fn leaves(&mut self, member: &str, until: Moment) {
        self.0.insert_mut(member.to_owned(), until);
    }

    /// They wrote themselves.
    pub(super) fn returns(&mut self, member: &str) {
        self.0.remove_mut(member);
    }
}
