//! Where the cases of an inbox stand: what is owed by when, what waits for a person, what is oldest.

use super::books::Books;
use super::case::{Case, State};
use super::policy::Policy;
use super::promise::{self, Clock};
use super::time::Moment;

/// The open cases of one inbox, from the side of what has to be done.
#[derive(Debug, Default)]
pub struct Outlook<'a> {
    /// What is owed to reporters, soonest first; last what waits for somebody else.
    pub owed: Vec<Owed<'a>>,
    /// Cases that no machine may answer and no person has, oldest first.
    pub held: Vec<&'a Case>,
    /// Cases whose reporter could not be told that the report arrived, oldest first.
    pub unreached: Vec<&'a Case>,
    /// All of them, oldest first.
    pub oldest: Vec<&'a Case>,
    /// How many mails the lead is asked about.
    pub asked: usize,
}

/// Something that is owed.
#[derive(Clone, Copy, Debug)]
pub struct Owed<'a> {
    /// On which case.
    pub case: &'a Case,
    /// What, since when and by when.
    pub clock: Clock,
}

impl Owed<'_> {
    /// By when; none while its clock stands still.
    pub fn due(&self) -> Option<Moment> {
        self.clock.due
    }

    /// Whether it is over.
    pub fn is_late(&self, now: Moment) -> bool {
        self.due().is_some_and(|due| due < now)
    }
}

impl<'a> Outlook<'a> {
    /// How the cases under a policy stand.
    pub fn of(books: &'a Books, policy: &Policy) -> Outlook<'a> {
        let here = |inbox: &str| inbox == policy.inbox;
        let mut oldest: Vec<&Case> = books
            .cases()
            .filter(|case| case.closed.is_none() && here(&case.mail().folder.inbox))
            .collect();
        oldest.sort_by_key(|case| case.arrived());
        let of = |what: fn(&Case) -> bool| oldest.iter().copied().filter(|c| what(c)).collect();
        let held: Vec<&Case> = of(Case::is_held);
        let unreached = of(|case| case.own_state() == State::Unreached);
        let answerable = oldest.iter().filter(|case| !case.is_held());
        let mut owed: Vec<Owed<'_>> = answerable
            .flat_map(|case| {
                promise::clocks(case, policy).into_iter().map(|clock| Owed { case, clock })
            })
            .filter(|owed| owed.clock.is_running())
            .collect();
        owed.sort_by_key(|owed| (owed.due().is_none(), owed.due(), owed.clock.promise));
        let asked =
            books.questions().filter(|(_, one)| here(&one.opening.mail.folder.inbox)).count();
        Outlook { owed, held, unreached, oldest, asked }
    }

    /// Whether nobody has to do anything.
    pub fn is_clear(&self) -> bool {
        self.owed.is_empty() && self.held.is_empty() && self.unreached.is_empty() && self.asked == 0
    }
}
