//! Who hears of a missed promise: the ladder from the lead to an outside body.

use super::address::{Address, Mailbox};
use super::policy::Policy;
use super::team::Member;

/// Somebody who is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    /// What the configuration calls them; stands in the name of the letter.
    pub(super) name: String,
    /// Where they read.
    pub(super) to: Mailbox,
}

/// How far up a case has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Whoever handles it.
    Lead,
    /// Who stand in for the lead.
    Deputies,
    /// Everybody on the team.
    Team,
    /// Somebody outside, who gets facts only.
    Outside,
}

impl Rung {
    /// The word that templates use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Rung::Lead => "lead",
            Rung::Deputies => "deputies",
            Rung::Team => "team",
            Rung::Outside => "outside",
        }
    }
}

impl Reader {
    /// A member, at the address where they read notices.
    pub(super) fn of(member: &Member) -> Option<Reader> {
        Some(Reader { name: member.name.clone(), to: member.mailbox()? })
    }
}

/// The rungs that hold somebody, lowest first.
fn rungs(policy: &Policy) -> Vec<(Rung, Vec<Reader>)> {
    let team = &policy.team;
    let members = |members: &[Member]| members.iter().filter_map(Reader::of).collect::<Vec<_>>();
    let outside = (1..).zip(&team.outside).map(|(n, address)| Reader {
        name: outside_name(n),
        to: Mailbox { name: String::new(), address: address.clone() },
    });
    let lead = team.lead.iter().filter_map(Reader::of).collect();
    let mut rungs = vec![
        (Rung::Lead, lead),
        (Rung::Deputies, members(&team.deputies)),
        (Rung::Team, members(&team.members)),
        (Rung::Outside, outside.collect()),
    ];
    rungs.retain(|(_, readers)| !readers.is_empty());
    rungs
}

/// Who is told at the `step`-th time, the first being the deadline: the lowest rung that holds
/// somebody other than who handles the case, then one rung more each time. Lower rungs are copied.
pub(super) fn told(policy: &Policy, step: u32) -> (Rung, Vec<Reader>) {
    climb(policy, rungs(policy), step)
}

/// The same for what no machine may answer: it stays inside the team, where there is one, since most
/// of it is junk.
pub(super) fn told_of_held(policy: &Policy, step: u32) -> (Rung, Vec<Reader>) {
    let mut rungs = rungs(policy);
    if rungs.len() > 1 {
        rungs.retain(|(rung, _)| *rung != Rung::Outside);
    }
    climb(policy, rungs, step)
}

fn climb(policy: &Policy, rungs: Vec<(Rung, Vec<Reader>)>, step: u32) -> (Rung, Vec<Reader>) {
    let handler = policy.team.lead.as_ref().map(|lead| lead.name.as_str());
    let other = |readers: &[Reader]| readers.iter().any(|one| Some(one.name.as_str()) != handler);
    let first = rungs.iter().position(|(_, readers)| other(readers)).unwrap_or(0);
    let steps = usize::try_from(step.saturating_sub(1)).unwrap_or(usize::MAX);
    let highest = first.saturating_add(steps).min(rungs.len().saturating_sub(1));
    let rung = rungs.get(highest).map_or(Rung::Lead, |(rung, _)| *rung);
    (rung, rungs.into_iter().take(highest + 1).flat_map(|(_, readers)| readers).collect())
}

fn outside_name(n: usize) -> String {
    format!("outside{n}")
}

/// What letters to this address call its reader.
pub(super) fn name(policy: &Policy, to: &Address) -> String {
    let outside = || policy.team.outside.iter().position(|one| one == to);
    match (policy.team.member(to), outside()) {
        (Some(member), _) => member.name.clone(),
        (None, Some(before)) => outside_name(before + 1),
        // The configuration changed since the notice was put off.
        (None, None) => "member".into(),
    }
}

/// Who is reminded before anything is missed: whoever handles the case, else the whole team.
pub(super) fn handler(policy: &Policy) -> Vec<Reader> {
    let team = &policy.team;
    match &team.lead {
        Some(lead) => Reader::of(lead).into_iter().collect(),
        None => team.everybody().filter_map(Reader::of).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::team::Team;
    use crate::desk::time::Zone;

    fn member(name: &str) -> Member {
        let address = Address::parse(&format!("{name}@project.example")).unwrap();
        Member { name: name.into(), addresses: vec![address], zone: Zone::UTC }
    }

    fn names(team: Team, step: u32) -> Vec<String> {
        let policy = Policy { team, ..Policy::unconfigured() };
        told(&policy, step).1.into_iter().map(|reader| reader.name).collect()
    }

    #[test]
    fn a_missed_promise_of_the_lead_goes_to_the_deputies_and_widens_until_all_know() {
        let team = Team {
            lead: Some(member("kim")),
            deputies: vec![member("lee")],
            members: vec![member("sam"), member("pat")],
            outside: vec![Address::parse("cert@foundation.example").unwrap()],
            ..Team::default()
        };
        for (step, told) in [
            (1, vec!["kim", "lee"]),
            (2, vec!["kim", "lee", "sam", "pat"]),
            (3, vec!["kim", "lee", "sam", "pat", "outside1"]),
            (9, vec!["kim", "lee", "sam", "pat", "outside1"]),
        ] {
            assert_eq!(names(team.clone(), step), told, "{step}");
        }
    }

    #[test]
    fn a_solo_maintainers_goes_to_the_outside_body_or_to_them_again() {
        let mut team = Team { lead: Some(member("kim")), ..Team::default() };
        assert_eq!(names(team.clone(), 1), ["kim"]);
        team.outside = vec![Address::parse("cert@foundation.example").unwrap()];
        assert_eq!(names(team, 1), ["kim", "outside1"]);
    }
}
