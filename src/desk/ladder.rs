//! Who hears of what is owed: reminders go to the handler, what was missed climbs the ladder from the
//! lead to an outside body.

use super::address::{Address, Mailbox};
use super::policy::Policy;
use super::presence::Absences;
use super::team::{Member, Rung, Team};
use super::time::Moment;

/// Somebody who is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    /// What the configuration calls them; stands in the name of the letter.
    pub(super) name: String,
    /// Where they read.
    pub(super) to: Mailbox,
}

impl Reader {
    /// A member, at the address where they read notices.
    pub(super) fn of(member: &Member) -> Option<Reader> {
        Some(Reader { name: member.name.clone(), to: member.mailbox()? })
    }
}

/// Who handles a case: the member who took it, while they are on the team, else the lead.
pub(super) fn handler<'t>(team: &'t Team, taken: Option<&str>) -> Option<&'t Member> {
    taken.and_then(|name| team.named(name)).or(team.lead.as_ref())
}

/// The ladder of one case, with those who are there at one moment.
pub(super) struct Ladder<'a> {
    team: &'a Team,
    handler: Option<&'a Member>,
    absences: &'a Absences,
    now: Moment,
    /// What no machine may answer stays inside the team, where there is one: most of it is junk.
    inside: bool,
}

impl<'a> Ladder<'a> {
    /// The ladder at `now` of a case that this member has `taken`.
    pub(super) fn of(
        policy: &'a Policy,
        taken: Option<&str>,
        absences: &'a Absences,
        now: Moment,
    ) -> Ladder<'a> {
        let (team, inside) = (&policy.team, false);
        Ladder { team, handler: handler(team, taken), absences, now, inside }
    }

    /// The same for a case that is held, or not.
    pub(super) fn held(mut self, held: bool) -> Ladder<'a> {
        self.inside = held && self.team.everybody().next().is_some();
        self
    }

    fn is_there(&self, member: &Member) -> bool {
        !self.absences.is_away(member, self.now)
    }

    /// Who of the team stands on a rung and is there.
    fn there(&self, rung: Rung) -> impl Iterator<Item = &'a Member> {
        self.team.on(rung).iter().filter(|member| self.is_there(member))
    }

    /// Whether somebody on the rung can do what the handler has not done.
    fn helps(&self, rung: Rung) -> bool {
        let handler = self.handler.map(|handler| &handler.name);
        match rung {
            Rung::Outside => !self.inside && !self.team.outside.is_empty(),
            _ => self.there(rung).any(|member| Some(&member.name) != handler),
        }
    }

    /// Who is reminded before anything is missed: the handler, or, if the handler is away, the lowest
    /// rung that is there; everybody where nobody handles it or nobody is there. Nobody outside hears
    /// of what is not missed yet.
    pub(super) fn reminded(&self) -> Vec<Reader> {
        let Some(handler) = self.handler else { return self.everybody_there() };
        if self.is_there(handler) {
            return Reader::of(handler).into_iter().collect();
        }
        let rungs = Rung::ALL.into_iter();
        let lowest = rungs.map(|rung| readers(self.there(rung))).find(|rung| !rung.is_empty());
        lowest.unwrap_or_else(|| self.everybody_there())
    }

    /// The rung that hears next, after `step` times since the promise was missed, this one included;
    /// `reached` is the one that heard last. It is the lowest above that with somebody who is there
    /// and is not the handler; from the last such rung on, that one again.
    pub(super) fn next(&self, reached: Option<Rung>, step: u32) -> Rung {
        // An earlier version did not record the rung: then it is told from the number of steps.
        let unknown = if reached.is_none() { step.saturating_sub(1) } else { 0 };
        let first = self.above(reached);
        (0..unknown).take(Rung::ALL.len()).fold(first, |at, _| self.above(Some(at)))
    }

    fn above(&self, reached: Option<Rung>) -> Rung {
        let higher = Rung::ALL.into_iter().filter(|rung| reached.is_none_or(|at| *rung > at));
        let next = higher.into_iter().find(|rung| self.helps(*rung)).or(reached);
        // Nobody else is there, nor outside: then all hear of it, as far up as there are people.
        let peopled = || Rung::ALL.into_iter().rfind(|rung| !self.team.on(*rung).is_empty());
        next.or_else(peopled).unwrap_or(Rung::Lead)
    }

    /// Who hears when it is this rung's turn: all on it who are there, and a copy to those below. If
    /// none of them can help, all on the team, away or not.
    pub(super) fn told(&self, rung: Rung) -> Vec<Reader> {
        let rungs = || Rung::ALL.into_iter().filter(|one| *one <= rung);
        if !rungs().any(|one| self.helps(one)) {
            return readers(self.team.everybody());
        }
        let mut told = readers(rungs().flat_map(|one| self.there(one)));
        if rung == Rung::Outside && !self.inside {
            told.extend(outside(self.team));
        }
        told
    }

    /// All on the team who are there; all of it where nobody is.
    fn everybody_there(&self) -> Vec<Reader> {
        let there = readers(self.team.everybody().filter(|member| self.is_there(member)));
        if there.is_empty() { readers(self.team.everybody()) } else { there }
    }
}

fn readers<'m>(members: impl Iterator<Item = &'m Member>) -> Vec<Reader> {
    members.filter_map(Reader::of).collect()
}

fn outside(team: &Team) -> impl Iterator<Item = Reader> {
    (1..).zip(&team.outside).map(|(n, address)| Reader {
        name: outside_name(n),
        to: Mailbox { name: String::new(), address: address.clone() },
    })
}

fn outside_name(n: usize) -> String {
    format!("{}{n}", Rung::Outside.name())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::calendar::Stretch;
    use crate::desk::time::{Span, Zone};

    fn now() -> Moment {
        Moment::from_unix(1_800_000_000)
    }

    fn member(name: &str) -> Member {
        let address = Address::parse(&format!("{name}@project.example")).unwrap();
        Member { name: name.into(), addresses: vec![address], zone: Zone::UTC, away: Vec::new() }
    }

    /// Kim leads, Lee and Max stand in, Sam and Pat are on the team, and a CERT stands outside.
    fn project() -> Team {
        Team {
            lead: Some(member("kim")),
            deputies: vec![member("lee"), member("max")],
            members: vec![member("sam"), member("pat")],
            outside: vec![Address::parse("cert@foundation.example").unwrap()],
            ..Team::default()
        }
    }

    fn solo() -> Team {
        Team { lead: Some(member("kim")), ..Team::default() }
    }

    /// A case, and who has taken it and who is away.
    struct Scene {
        policy: Policy,
        taken: Option<&'static str>,
        absences: Absences,
        held: bool,
    }

    fn scene(team: Team) -> Scene {
        let policy = Policy { team, ..Policy::unconfigured() };
        Scene { policy, taken: None, absences: Absences::default(), held: false }
    }

    impl Scene {
        fn taken(mut self, by: &'static str) -> Scene {
            self.taken = Some(by);
            self
        }

        fn away(mut self, names: &[&str]) -> Scene {
            for name in names {
                self.absences.leaves(name, now() + Span::hours(1));
            }
            self
        }

        fn held(mut self) -> Scene {
            self.held = true;
            self
        }

        fn ladder(&self) -> Ladder<'_> {
            Ladder::of(&self.policy, self.taken, &self.absences, now()).held(self.held)
        }

        fn reminded(&self) -> Vec<String> {
            names(self.ladder().reminded())
        }

        /// Who hears at each of the first steps.
        fn steps(&self) -> Vec<String> {
            let (ladder, mut reached) = (self.ladder(), None);
            let mut step = |n| {
                let rung = ladder.next(reached, n);
                reached = Some(rung);
                names(ladder.told(rung)).join("+")
            };
            (1..=5).map(&mut step).collect()
        }
    }

    fn names(readers: Vec<Reader>) -> Vec<String> {
        readers.into_iter().map(|reader| reader.name).collect()
    }

    const ALL_OF_THE_TEAM: &str = "kim+lee+max+sam+pat";
    const ALL: &str = "kim+lee+max+sam+pat+outside1";

    #[test]
    fn reminders_go_to_the_handler() {
        assert_eq!(scene(project()).reminded(), ["kim"]);
        assert_eq!(scene(project()).taken("sam").reminded(), ["sam"]);
    }

    #[test]
    fn reminders_of_a_handler_who_is_away_go_to_the_lowest_rung_that_is_there() {
        assert_eq!(scene(project()).away(&["kim"]).reminded(), ["lee", "max"]);
        assert_eq!(scene(project()).away(&["kim", "max"]).reminded(), ["lee"]);
        assert_eq!(scene(project()).away(&["kim", "lee", "max"]).reminded(), ["sam", "pat"]);
        assert_eq!(scene(project()).taken("lee").away(&["lee"]).reminded(), ["kim"]);
        let nobody = scene(project()).away(&["kim", "lee", "max", "sam", "pat"]);
        assert_eq!(nobody.reminded().join("+"), ALL_OF_THE_TEAM, "and nobody outside");
        assert_eq!(scene(solo()).away(&["kim"]).reminded(), ["kim"]);
    }

    #[test]
    fn the_leads_own_case_goes_to_the_deputies_and_widens_until_all_know_for_ever() {
        let steps = scene(project()).steps();
        assert_eq!(steps, ["kim+lee+max", ALL_OF_THE_TEAM, ALL, ALL, ALL]);
    }

    #[test]
    fn a_deputys_case_goes_to_the_lead_and_then_to_the_other_deputies() {
        let steps = scene(project()).taken("lee").steps();
        assert_eq!(steps, ["kim", "kim+lee+max", ALL_OF_THE_TEAM, ALL, ALL]);
        let one = Team { deputies: vec![member("lee")], ..project() };
        let steps = scene(one).taken("lee").steps();
        assert_eq!(
            steps[..2],
            ["kim", "kim+lee+sam+pat"],
            "a rung of the handler alone helps nobody"
        );
    }

    #[test]
    fn a_members_case_goes_to_the_lead_first() {
        let steps = scene(project()).taken("sam").steps();
        assert_eq!(steps, ["kim", "kim+lee+max", ALL_OF_THE_TEAM, ALL, ALL]);
    }

    #[test]
    fn a_solos_case_goes_to_the_outside_body_or_to_them_again() {
        assert_eq!(scene(solo()).steps()[..2], ["kim", "kim"]);
        let outside = project().outside;
        assert_eq!(
            scene(Team { outside, ..solo() }).steps()[..2],
            ["kim+outside1", "kim+outside1"]
        );
    }

    #[test]
    fn a_handler_who_left_the_team_counts_as_none() {
        assert_eq!(scene(project()).taken("gone").reminded(), ["kim"]);
        assert_eq!(scene(project()).taken("gone").steps()[0], "kim+lee+max");
    }

    #[test]
    fn without_a_lead_the_whole_team_is_reminded_and_the_lowest_rung_hears_first() {
        let leaderless = || Team { lead: None, ..project() };
        assert_eq!(scene(leaderless()).reminded().join("+"), "lee+max+sam+pat");
        assert_eq!(scene(leaderless()).steps()[..2], ["lee+max", "lee+max+sam+pat"]);
    }

    #[test]
    fn a_rung_whose_people_are_all_away_is_passed_over_at_once() {
        let steps = scene(project()).away(&["lee", "max"]).steps();
        assert_eq!(steps[..2], ["kim+sam+pat", "kim+sam+pat+outside1"]);
        let steps = scene(project()).away(&["lee", "max", "sam", "pat"]).steps();
        assert_eq!(steps[..2], ["kim+outside1", "kim+outside1"]);
        let steps = scene(project()).taken("lee").away(&["kim"]).steps();
        assert_eq!(steps[..2], ["lee+max", "lee+max+sam+pat"]);
    }

    #[test]
    fn of_a_rung_that_is_half_away_hear_those_who_are_there() {
        let steps = scene(project()).away(&["max", "pat"]).steps();
        assert_eq!(steps[..3], ["kim+lee", "kim+lee+sam", "kim+lee+sam+outside1"]);
    }

    #[test]
    fn if_everybody_is_away_the_outside_body_hears_and_without_one_all_do() {
        let everybody = ["kim", "lee", "max", "sam", "pat"];
        assert_eq!(scene(project()).away(&everybody).steps()[..2], ["outside1", "outside1"]);
        let unwatched = || Team { outside: Vec::new(), ..project() };
        assert_eq!(scene(unwatched()).away(&everybody).steps()[..2], [ALL_OF_THE_TEAM; 2]);
        // The handler alone has not done it, and nobody else is there.
        assert_eq!(scene(unwatched()).away(&everybody[1..]).steps()[..2], [ALL_OF_THE_TEAM; 2]);
    }

    #[test]
    fn what_is_held_stays_inside_the_team_where_there_is_one() {
        let steps = scene(project()).held().steps();
        assert_eq!(steps[..3], ["kim+lee+max", ALL_OF_THE_TEAM, ALL_OF_THE_TEAM]);
        let outside = project().outside;
        assert_eq!(scene(Team { outside: outside.clone(), ..solo() }).held().steps()[0], "kim");
        assert_eq!(scene(Team { outside, ..Team::default() }).held().steps()[0], "outside1");
        let everybody = ["kim", "lee", "max", "sam", "pat"];
        assert_eq!(scene(project()).held().away(&everybody).steps()[0], ALL_OF_THE_TEAM);
    }

    #[test]
    fn who_comes_back_or_leaves_meanwhile_makes_no_rung_be_left_out_and_none_be_told_twice() {
        let there = scene(project());
        let gone = scene(project()).away(&["lee", "max"]);
        let next = |scene: &Scene, reached| scene.ladder().next(Some(reached), 2);
        assert_eq!(next(&gone, Rung::Deputies), Rung::Team);
        assert_eq!(next(&there, Rung::Team), Rung::Outside);
        assert_eq!(names(there.ladder().told(Rung::Team)).join("+"), ALL_OF_THE_TEAM);
        // Who takes it over meanwhile does not begin anew.
        assert_eq!(next(&there.taken("lee"), Rung::Team), Rung::Outside);
    }

    #[test]
    fn an_earlier_version_did_not_record_the_rung() {
        assert_eq!(scene(project()).ladder().next(None, 3), Rung::Outside);
        assert_eq!(scene(project()).ladder().next(None, u32::MAX), Rung::Outside);
    }

    #[test]
    fn the_dates_of_the_configuration_count_as_absence() {
        let mut team = project();
        let today = Stretch { from: now(), until: Some(now() + Span::hours(1)) };
        let later = Stretch { from: now() + Span::hours(1), until: None };
        team.lead.as_mut().unwrap().away = vec![later, today];
        team.deputies[0].away = vec![later];
        assert_eq!(scene(team).reminded(), ["lee", "max"]);
    }
}
