//! The letters that still have to be sent: when each is tried, and tried again. How they travel is the
//! business of `io/smtp`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::ids::CaseId;
use super::letter::LetterId;
use super::map::Map;
use super::policy::Promise;
use super::quota::{Caps, Quota};
use super::time::{Moment, Span};

/// How one attempt to hand a letter to the mail server ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "detail")]
pub enum Outcome {
    /// The server took it: its reply to the end of DATA.
    Accepted(String),
    /// Not taken now, surely not sent: 4xx, a cut before the end of DATA. Try again.
    Transient(String),
    /// The server cannot be reached, or takes no login now; nothing is wrong with the letter.
    Unreachable(String),
    /// Refused for good: 5xx for this sender, recipient or text. A human has to look.
    Permanent(String),
    /// Cut or silent after the end of DATA: sent or not, nobody knows. Try again with the same Message-ID.
    Unknown(String),
    /// The server refuses *us* (login, TLS, relaying): no letter can pass until somebody mends that.
    Configuration(String),
}

/// A letter that still has to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The inbox whose relay carries it.
    pub inbox: String,
    /// Where it goes.
    pub to: Address,
    /// The other cases that it is about as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<CaseId>,
    /// It goes to the team: the caps on what reporters are sent do not hold it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
    /// The promise that it reminds of, or that it says was missed, where it goes to the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// How many times it was perhaps sent: cut or silent after the end of the text.
    #[serde(default, skip_serializing_if = "never")]
    pub perhaps: u8,
    /// Since when it waits.
    pub queued: Moment,
    /// Not tried before this moment.
    pub next: Moment,
}

/// A relay that cannot be reached or refuses us: most likely nothing is wrong with the letters, so
/// all of them wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Since when.
    pub since: Moment,
    /// When one letter is tried again.
    pub next: Moment,
    /// What the server said, or what failed.
    pub why: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn never(count: &u8) -> bool {
    *count == 0
}

/// A letter that was perhaps sent so often is not sent again: a mail server that takes each letter
/// and never says so would deliver it for ever.
pub const MOST_PERHAPS: u8 = 3;

/// When a letter that was perhaps sent `perhaps` times is sent once more. What ails the mail server
/// has time to pass, since each try may be one letter too many.
pub fn next_try_in_doubt(perhaps: u8, now: Moment) -> Moment {
    now + Span::minutes(if perhaps < 2 { 10 } else { 60 })
}

/// No letter waits longer than this for its next try: that is after some four weeks.
pub const LONGEST_WAIT: Span = Span::hours(8);

/// The moment of the next try for something that has waited since `since`: a function of its age
/// alone, so that it needs no counter and survives every restart. The waits grow from about a
/// minute to about an hour and a half in the second day. What waits since a moment that has not come
/// got it from a clock that was ahead: nobody knows its age.
pub fn next_try(since: Moment, now: Moment) -> Moment {
    if now < since {
        return now + Span::minutes(10);
    }
    let age = now.since(since).as_seconds();
    let root = age.isqrt().saturating_add(8);
    let next = since + Span::seconds(root.saturating_mul(root));
    next.clamp(now + Span::seconds(1), now + LONGEST_WAIT)
}

/// The letters that wait, and the relays that refuse us. Cheap to clone, as the books are; who wants
/// the first few of thousands does not look at the others.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    letters: Map<LetterId, Waiting>,
    /// The same, in the order in which they are tried.
    order: Map<(Moment, LetterId), ()>,
    /// How many of them go to reporters, by inbox.
    replies: Map<String, usize>,
    stops: Map<String, Stop>,
}

impl Outbox {
    /// As a store left it.
    pub(super) fn open(
        letters: impl IntoIterator<Item = (LetterId, Waiting)>,
        stops: impl IntoIterator<Item = (String, Stop)>,
    ) -> Outbox {
        let stops = stops.into_iter().collect();
        let mut outbox = Outbox { stops, ..Outbox::default() };
        letters.into_iter().for_each(|(id, waiting)| outbox.put(id, waiting));
        outbox
    }

    /// Puts a letter in, or one that is there in another place.
    pub(super) fn put(&mut self, id: LetterId, waiting: Waiting) {
        self.take(&id);
        if !waiting.notice {
            let before = self.replies.get(&waiting.inbox).copied().unwrap_or_default();
            self.replies.insert_mut(waiting.inbox.clone(), before + 1);
        }
        self.order.insert_mut((waiting.next, id.clone()), ());
        self.letters.insert_mut(id, waiting);
    }

    /// Takes a letter out.
    pub(super) fn take(&mut self, id: &LetterId) -> Option<Waiting> {
        let waiting = self.letters.get(id)?.clone();
        self.letters.remove_mut(id);
        self.order.remove_mut(&(waiting.next, id.clone()));
        if !waiting.notice {
            match self.replies.get(&waiting.inbox).copied().unwrap_or_default().saturating_sub(1) {
                0 => drop(self.replies.remove_mut(&waiting.inbox)),
                left => self.replies.insert_mut(waiting.inbox.clone(), left),
            }
        }
        Some(waiting)
    }

    /// The relay of an inbox refuses us.
    pub(super) fn stop(&mut self, inbox: &str, stop: Stop) {
        self.stops.insert_mut(inbox.to_owned(), stop);
    }

    /// It takes letters again.
    pub(super) fn resume(&mut self, inbox: &str) {
        self.stops.remove_mut(inbox);
    }

    /// Set where the relay of an inbox refuses us.
    pub fn stopped(&self, inbox: &str) -> Option<&Stop> {
        self.stops.get(inbox)
    }

    /// A letter.
    pub fn get(&self, id: &LetterId) -> Option<&Waiting> {
        self.letters.get(id)
    }

    /// The letters about a case.
    pub fn of_case(&self, case: &CaseId) -> impl Iterator<Item = &LetterId> + use<'_> {
        let first = LetterId(format!("{case}/"));
        let of_case = self.letters.range(first.clone()..).map(|(letter, _)| letter);
        of_case.take_while(move |letter| letter.0.starts_with(&first.0))
    }

    /// All of them, by name.
    pub fn letters(&self) -> impl Iterator<Item = &Waiting> {
        self.letters.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.letters.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// How many of them go to reporters and may leave before, or with, a new one of this inbox: those of
    /// another whose relay takes nothing do not.
    pub fn replies(&self, inbox: &str) -> usize {
        let leave = |of: &str| of == inbox || self.stopped(of).is_none();
        self.replies.iter().filter(|(of, _)| leave(of)).map(|(_, letters)| letters).sum()
    }

    /// The letters that may be tried now, those first whose time came first. Of an inbox whose relay
    /// refuses us, one letter is tried when its pause is over, to see whether it takes letters again.
    /// Letters that are `busy`, on their way already, take room and are not named. Each with its inbox.
    pub(super) fn due<'b>(
        &'b self,
        quota: &'b Quota,
        caps: &Caps,
        now: Moment,
        busy: &'b BTreeSet<LetterId>,
    ) -> impl Iterator<Item = (&'b LetterId, &'b str)> {
        let caps = *caps;
        let left = move || {
            let mut room = quota.room(&caps, now);
            let busy_letters = busy.iter().filter_map(|id| self.letters.get(id));
            for letter in busy_letters.filter(|letter| !letter.notice) {
                room.take(letter.to.domain());
            }
            room
        };
        // Nearly always no letter asks for room.
        let mut room = None;
        // No wait is as long as one that a clock made which was ahead for a while.
        let ahead = self.order.range(first_at(now + LONGEST_WAIT + Span::seconds(1))..);
        let due = self.come(now).chain(ahead.map(|((_, id), ())| id));
        let mut probed: Vec<&str> = Vec::new();
        due.filter_map(move |id| {
            let waiting = self.letters.get(id)?;
            let inbox = waiting.inbox.as_str();
            let stop = self.stops.get(inbox);
            let rests = |stop: &Stop| now < stop.next && stop.next <= now + LONGEST_WAIT;
            if stop.is_some_and(|stop| rests(stop) || probed.contains(&inbox)) {
                return None;
            }
            let mut has_room = || room.get_or_insert_with(&left).take(waiting.to.domain());
            let busy = busy.contains(id);
            let take = !busy && (waiting.notice || has_room());
            // One that finds no room tells nothing of the relay, and keeps no other from asking it.
            if stop.is_some() && (busy || take) {
                probed.push(inbox);
            }
            take.then_some((id, inbox))
        })
    }

    /// Those whose time has come, whatever their relay says.
    fn come(&self, now: Moment) -> impl Iterator<Item = &LetterId> {
        self.order.keys().take_while(move |(next, _)| *next <= now).map(|(_, id)| id)
    }

    /// Whether the time of any letter has come, also of one that finds no room or is on its way.
    pub(super) fn any_due(&self, now: Moment) -> bool {
        let at = |id| self.letters.get(id).map(|waiting| self.due_at(waiting));
        self.come(now).filter_map(at).any(|at| at <= now)
    }

    /// When the time of the next one comes, after `now`.
    pub(super) fn next_due(&self, now: Moment) -> Option<Moment> {
        if self.stops.is_empty() {
            let next = self.order.range(first_at(now + Span::seconds(1))..).next();
            return next.map(|((next, _), ())| *next);
        }
        self.letters().map(|waiting| self.due_at(waiting)).filter(|at| *at > now).min()
    }

    fn due_at(&self, waiting: &Waiting) -> Moment {
        self.stops.get(&waiting.inbox).map_or(waiting.next, |stop| stop.next.max(waiting.next))
    }
}

/// Where those begin whose time is `at` or later.
fn first_at(at: Moment) -> (Moment, LetterId) {
    (at, LetterId(String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_with_age_and_never_stop() {
        let start = Moment::from_unix(1_800_000_000);
        let (mut now, mut waits) = (start, Vec::new());
        while now.since(start) < Span::hours(48) {
            let next = next_try(start, now);
            waits.push(next.since(now).as_seconds());
            now = next;
        }
        assert_eq!(waits.first(), Some(&64));
        assert!(waits.is_sorted(), "{waits:?}");
        assert!(waits.len() < 60 && *waits.last().unwrap() < 2 * 3600, "{waits:?}");
    }

    #[test]
    fn what_waits_since_a_moment_to_come_is_tried_within_minutes() {
        let now = Moment::from_unix(1_800_000_000);
        for ahead in [1, 60, 3600, 3 * 24 * 3600] {
            let wait = next_try(now + Span::seconds(ahead), now).since(now);
            assert!(wait <= Span::minutes(10), "{ahead} s ahead: {wait}");
        }
    }

    #[test]
    fn a_letter_for_which_there_is_no_room_keeps_no_other_from_asking_a_relay_that_stopped() {
        let now = Moment::from_unix(1_800_000_000);
        let mut outbox = Outbox::default();
        let put = |outbox: &mut Outbox, id: &str, notice: bool| {
            let to = Address::parse("ann@reporter.example").unwrap();
            let inbox = "security".to_owned();
            let (covers, queued, next) = (Vec::new(), now, now);
            let one =
                Waiting { inbox, to, covers, notice, promise: None, perhaps: 0, queued, next };
            outbox.put(LetterId(id.to_owned()), one);
        };
        put(&mut outbox, "P-2027-0001/acknowledgement", false);
        put(&mut outbox, "P-2027-0002/notice", true);
        outbox.stop("security", Stop { since: now, next: now, why: String::new() });
        let caps = Caps { address_per_day: 1, domain_per_hour: 0, per_hour: 99 };
        let (quota, mut busy) = (Quota::default(), BTreeSet::new());
        let due = |busy: &BTreeSet<LetterId>| -> Vec<String> {
            outbox.due(&quota, &caps, now, busy).map(|(id, _)| id.0.clone()).collect()
        };
        assert_eq!(due(&busy), ["P-2027-0002/notice"]);
        // One is on its way: its outcome tells.
        busy.insert(LetterId("P-2027-0001/acknowledgement".to_owned()));
        assert!(due(&busy).is_empty());
    }

    /// What `due` and `next_due` say, by looking at every letter.
    fn looked_through(outbox: &Outbox, now: Moment) -> (Vec<LetterId>, Option<Moment>) {
        let come = |at: Moment| at <= now || at > now + LONGEST_WAIT;
        let stop = |one: &Waiting| outbox.stopped(&one.inbox).map(|stop| stop.next);
        let mut due: Vec<_> = outbox.letters.iter().collect();
        due.retain(|(_, one)| come(one.next) && stop(one).is_none_or(come));
        due.sort_by_key(|(id, one)| (one.next > now, one.next, *id));
        let mut probed = BTreeSet::new();
        due.retain(|(_, one)| stop(one).is_none() || probed.insert(&one.inbox));
        let times = outbox.letters().map(|one| stop(one).map_or(one.next, |at| at.max(one.next)));
        let next = times.filter(|at| *at > now).min();
        (due.into_iter().map(|(id, _)| id.clone()).collect(), next)
    }

    #[test]
    fn the_order_tells_what_looking_at_every_letter_tells() {
        let start = Moment::from_unix(1_800_000_000);
        let moment = |n: u64| start + Span::seconds(n * 1800 % 50_000);
        let (mut outbox, mut seed) = (Outbox::default(), 7_u64);
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..4000 {
            let id = LetterId(format!("P-2027-{:04}/acknowledgement", random(40)));
            let inbox = format!("inbox{}", random(3));
            let next = moment(random(60));
            match random(8) {
                0 => drop(outbox.take(&id)),
                1 => outbox.stop(&inbox, Stop { since: start, next, why: String::new() }),
                2 => outbox.resume(&inbox),
                _ => {
                    let to = Address::parse("ann@reporter.example").unwrap();
                    let (covers, notice) = (Vec::new(), random(2) == 0);
                    let one = Waiting {
                        inbox,
                        to,
                        covers,
                        notice,
                        promise: None,
                        perhaps: 0,
                        queued: start,
                        next,
                    };
                    outbox.put(id, one);
                }
            }
            let now = moment(random(60));
            let caps = Caps { address_per_day: 1, domain_per_hour: 99, per_hour: 99 };
            let (quota, none) = (Quota::default(), BTreeSet::new());
            let due = outbox.due(&quota, &caps, now, &none).map(|(id, _)| id.clone());
            assert_eq!((due.collect(), outbox.next_due(now)), looked_through(&outbox, now));
            let leave =
                |one: &&Waiting| one.inbox == "inbox0" || outbox.stopped(&one.inbox).is_none();
            let replies = outbox.letters().filter(|one| !one.notice).filter(leave).count();
            assert_eq!(outbox.replies("inbox0"), replies);
            assert_eq!((outbox.len(), outbox.order.size()), (outbox.letters.size(), outbox.len()));
        }
    }
}
