//! Mails that would not come: which they are is found by asking for ever fewer at a time, and none
//! of them holds up the others.
//!
//! All other mail is read first, then the doubtful in small company, then each of them alone. A
//! server mostly breaks down at the first mail that it still owes, so that one is alone from there
//! on; where nothing came at all, the others are asked for in smaller company as well. Each lost
//! connection narrows the doubt. A mail is given up only where the server gives other mail, as long
//! as that can be told: a server that gives none is ill itself, and its mails are not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;

/// So many UIDs stand in one FETCH: the line stays under the 8,000 bytes of RFC 2683 section 3.2.1.5.
pub(super) const CHUNK: usize = 512;
/// After so many tries alone, on connections that gave other mail, a mail is given up…
const STRIKES: u32 = 3;
/// … but not sooner than this after the first of them: it may be the trouble of a moment.
const SOONEST: Duration = Duration::from_secs(30);
/// Where no other mail came either, a mail is given up after this.
const LATEST: Duration = Duration::from_mins(10);

/// What a folder's task remembers of mails that would not come, from one connection to the next.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    uid_validity: u32,
    /// Mails above the cursor that need nothing more: they went before a doubtful one.
    done: BTreeSet<u32>,
    doubtful: BTreeMap<u32, Doubtful>,
    /// The mail that came last: asked for again, it tells whether the server gives any mail.
    witness: Option<u32>,
    /// Some mail came on this connection.
    came: bool,
    /// This connection has brought us further.
    progress: bool,
}

#[derive(Debug, Default)]
struct Doubtful {
    /// With so many it may be asked for together.
    company: usize,
    /// It was asked for alone, in vain, so often.
    tries: u32,
    /// So many of these tries were on connections that gave other mail.
    strikes: u32,
    since: Option<Instant>,
    given_up: Option<String>,
}

impl Doubt {
    /// A connection begins, of which nothing is known.
    pub(super) fn connected(&mut self) {
        (self.came, self.progress) = (false, false);
    }

    /// Forgets what is about other mails by now: they have another UIDVALIDITY; or the server was set
    /// back and gives their UIDs to new mail, which shows where the folder is read `again`, and where
    /// `next`, the lowest UID that new mail can have, is not above all that is known here.
    pub(super) fn about(&mut self, uid_validity: u32, next: u32, again: bool) {
        let known = self.done.last().max(self.doubtful.keys().next_back());
        if self.uid_validity != uid_validity || again || known.is_some_and(|uid| *uid >= next) {
            *self = Doubt { uid_validity, ..Doubt::default() };
        }
    }

    /// Of the UIDs that a search above `last` found, those that still need something.
    pub(super) fn open(&mut self, last: u32, found: &[u32]) -> Vec<u32> {
        self.done.retain(|uid| *uid > last);
        self.doubtful.retain(|uid, _| found.binary_search(uid).is_ok());
        found.iter().copied().filter(|uid| !self.done.contains(uid)).collect()
    }

    /// Of these UIDs, those that are not in doubt.
    pub(super) fn fresh(&self, open: &[u32]) -> Vec<u32> {
        open.iter().copied().filter(|uid| !self.doubtful.contains_key(uid)).collect()
    }

    /// The next mails to ask for that are in doubt, and not yet so much that each is alone.
    pub(super) fn company(&self) -> Option<Vec<u32>> {
        let most =
            self.doubtful.values().map(|mail| mail.company).max().filter(|most| *most > 1)?;
        let alike = self.doubtful.iter().filter(|(_, mail)| mail.company == most);
        Some(alike.map(|(uid, _)| *uid).take(most).collect())
    }

    /// The mails to ask for one by one, the least tried first.
    pub(super) fn alone(&self) -> Vec<u32> {
        let open = self.doubtful.iter().filter(|(_, mail)| mail.given_up.is_none());
        let mut uids: Vec<(u32, u32)> = open.map(|(uid, mail)| (mail.tries, *uid)).collect();
        uids.sort_unstable();
        uids.into_iter().map(|(_, uid)| uid).collect()
    }

    /// The mails that are given up, with the reason.
    pub(super) fn given_up(&self) -> Vec<(u32, String)> {
        let reason = |(uid, mail): (&u32, &Doubtful)| Some((*uid, mail.given_up.clone()?));
        self.doubtful.iter().filter_map(reason).collect()
    }

    /// Whether this mail is asked for with nothing beside its text, which may be what was odd.
    pub(super) fn is_plain(&self, uid: u32) -> bool {
        self.doubtful.get(&uid).is_some_and(|mail| mail.tries > 0)
    }

    /// This mail came.
    pub(super) fn came(&mut self, uid: u32) {
        self.doubtful.remove(&uid);
        self.testified(uid);
    }

    /// These mails need nothing more.
    pub(super) fn done(&mut self, uids: impl IntoIterator<Item = u32>) {
        for uid in uids {
            self.doubtful.remove(&uid);
            self.done.insert(uid);
            self.progress = true;
        }
    }

    /// A mail that came before, to be asked for where none has come on this connection. If it does
    /// not come, it is not asked for again.
    pub(super) fn call_witness(&mut self) -> Option<u32> {
        if self.came { None } else { self.witness.take() }
    }

    /// The witness came.
    pub(super) fn testified(&mut self, uid: u32) {
        (self.witness, self.came) = (Some(uid), true);
    }

    /// A connection was lost over a command for `asked` mails, of which these had not come.
    pub(super) fn lost(&mut self, owed: &BTreeSet<u32>, asked: usize, error: &Error) {
        let Some(first) = owed.first().copied() else { return };
        if asked == 1 {
            self.in_vain(first, error.to_string(), error.is_about_content());
            return;
        }
        if owed.len() == asked {
            self.narrow(owed, asked);
        }
        self.narrow([&first], 1);
    }

    /// These mails were asked for together with others, `asked` in all, and did not come.
    pub(super) fn narrow<'u>(&mut self, uids: impl IntoIterator<Item = &'u u32>, asked: usize) {
        for uid in uids {
            self.doubtful.entry(*uid).or_default().company = (asked / 8).max(1);
            self.progress = true;
        }
    }

    /// This mail alone was asked for, in vain. `surely` where nothing but the mail can be at fault.
    pub(super) fn in_vain(&mut self, uid: u32, reason: String, surely: bool) {
        let mail = self.doubtful.entry(uid).or_default();
        let age = mail.since.get_or_insert_with(Instant::now).elapsed();
        (mail.company, mail.tries) = (1, mail.tries + 1);
        if surely || self.came {
            mail.strikes += 1;
            self.progress |= mail.strikes <= STRIKES;
        }
        if (mail.strikes >= STRIKES && age >= SOONEST) || age >= LATEST {
            mail.given_up = Some(reason);
            self.progress = true;
        }
    }

    /// Whether this connection has brought us further than the one before.
    pub(super) fn has_progress(&self) -> bool {
        self.progress
    }

    /// Whether connections are lost over some mails only, and fewer of them after each.
    pub(super) fn is_narrowing(&self) -> bool {
        self.progress && self.came && !self.doubtful.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Error {
        Error::Lost { doing: "UID FETCH", reason: String::new() }
    }

    fn set(uids: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        uids.into_iter().collect()
    }

    #[test]
    fn the_first_mail_that_a_server_still_owes_is_alone_from_there_on() {
        let mut doubt = Doubt::default();
        doubt.connected();
        doubt.lost(&set(5..=9), 9, &lost());
        assert_eq!((doubt.company(), doubt.alone()), (None, vec![5]));
        assert_eq!(doubt.fresh(&[4, 5, 6]), [4, 6]);
    }

    #[test]
    fn where_nothing_came_the_company_shrinks_and_the_first_is_alone() {
        let mut doubt = Doubt::default();
        doubt.connected();
        doubt.lost(&set(1..=512), 512, &lost());
        let company = doubt.company().unwrap();
        assert_eq!(company, (2..66).collect::<Vec<_>>());
        doubt.lost(&set(company), 64, &lost());
        assert_eq!(doubt.company().unwrap(), (66..130).collect::<Vec<_>>());
        (66..=512).for_each(|uid| doubt.came(uid));
        assert_eq!(doubt.company().unwrap(), (3..11).collect::<Vec<_>>());
        assert_eq!(doubt.alone(), [1, 2, 3].into_iter().chain(4..66).collect::<Vec<_>>());
        doubt.about(0, 1000, false);
        assert_eq!(doubt.alone().len(), 65, "the same mails");
        doubt.about(2, 1000, false);
        assert_eq!((doubt.company(), doubt.alone()), (None, vec![]), "another UIDVALIDITY");
    }

    #[test]
    fn of_a_server_that_was_set_back_nothing_is_known() {
        for (next, again) in [(5, false), (1000, true)] {
            let mut doubt = Doubt::default();
            doubt.done([1, 2, 4]);
            doubt.lost(&set([3, 5]), 2, &lost());
            doubt.about(0, 6, false);
            assert_eq!((doubt.open(0, &[1, 3, 4]), doubt.alone()), (vec![3], vec![3]));
            doubt.lost(&set([3, 5]), 2, &lost());
            doubt.about(0, next, again);
            assert_eq!((doubt.open(0, &[1, 3, 4]), doubt.alone()), (vec![1, 3, 4], vec![]));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_mail_is_given_up_after_three_tries_beside_others_and_half_a_minute() {
        let mut doubt = Doubt::default();
        let mut tries = 0;
        while doubt.given_up().is_empty() {
            doubt.connected();
            doubt.testified(8);
            doubt.lost(&set([3]), 1, &lost());
            tries += 1;
            assert_eq!(doubt.is_narrowing(), tries <= 3 || !doubt.given_up().is_empty(), "{tries}");
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        assert_eq!((tries, doubt.is_plain(3)), (4, true));
        doubt.done([3]);
        assert_eq!((doubt.given_up(), doubt.open(1, &[2, 3])), (vec![], vec![2]));
    }

    #[tokio::test(start_paused = true)]
    async fn where_a_server_gives_no_mail_at_all_none_is_given_up_for_ten_minutes() {
        let mut doubt = Doubt::default();
        let mut minutes = 0;
        while doubt.given_up().is_empty() {
            doubt.connected();
            doubt.lost(&set([3]), 1, &lost());
            assert!(!doubt.has_progress() || minutes == 10);
            tokio::time::advance(Duration::from_mins(1)).await;
            minutes += 1;
        }
        assert_eq!(minutes, 11);
    }

    #[test]
    fn a_witness_that_does_not_come_is_not_called_again() {
        let mut doubt = Doubt::default();
        doubt.connected();
        doubt.came(5);
        assert_eq!(doubt.call_witness(), None, "a mail came on this connection");
        doubt.connected();
        assert_eq!((doubt.call_witness(), doubt.call_witness()), (Some(5), None));
    }
}
