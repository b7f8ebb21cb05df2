//! How many letters a machine may send where, so that even two machines that know no header stop
//! writing to each other (RFC 3834 section 2), and a flood of forged mail is not passed on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::address::Address;
use super::ids::CaseId;
use super::map::Map;
use super::time::{Moment, Span};

/// The most letters that acknowledge, by where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// To one address, in a day; what is over goes into one combined letter.
    pub address_per_day: usize,
    /// To one domain, in an hour; what is over waits.
    pub domain_per_hour: usize,
    /// In all, in an hour; what is over waits.
    pub per_hour: usize,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps { address_per_day: 3, domain_per_hour: 20, per_hour: 60 }
    }
}

const DAY: Span = Span::hours(24);
const MONTH: Span = Span::hours(30 * 24);
/// How often in a month somebody is told of missed promises.
const MISSED_PER_MONTH: usize = 3;
const HOUR: Span = Span::hours(1);
/// How long before the end of a promise a combined letter leaves, so that it arrives inside it.
const MARGIN: Span = Span::hours(1);

/// Whether, and how, a case may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Permit {
    /// By a letter of its own.
    Letter,
    /// Together with others of the same address, at this moment.
    Combined(Moment),
    /// Not by machine: a human has to look.
    No,
}

/// What has been written to whom of late. It follows from the events, as all books do.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    /// When letters to an address were written.
    written: Map<String, Moments>,
    /// When an address was told of missed promises.
    missed: Map<String, Moments>,
    /// Combined letters, by inbox and address.
    combined: Map<(String, String), Combined>,
    /// When letters to a domain left, and when any did.
    sent: Map<String, Moments>,
    all_sent: Arc<Moments>,
    /// How many addresses there may be, of letters and of missed promises, before old ones are looked for.
    room: Size,
    room_of_missed: Size,
}

type Moments = VecDeque<Moment>;

/// What one address gets as one letter, from one inbox.
#[derive(Clone, Debug, Default)]
struct Combined {
    /// The cases that wait for the letter, and until when.
    waiting: Vec<(CaseId, Moment)>,
    /// When the last such letter was written.
    last: Option<Moment>,
}

impl Quota {
    /// Whether one more case of this address may be acknowledged before `deadline`.
    pub fn permit(
        &self,
        caps: &Caps,
        now: Moment,
        inbox: &str,
        to: &Address,
        deadline: Moment,
    ) -> Permit {
        let address = address_key(to);
        let combined = self.combined.get(&(inbox.to_owned(), address.clone()));
        if combined.and_then(|c| c.last).is_some_and(|last| last <= now && now < last + DAY) {
            // It goes on although all its mails were answered in one: no person does.
            return Permit::No;
        }
        if combined.is_some_and(|c| c.waiting.len() >= MOST_COMBINED) {
            return Permit::No;
        }
        let written = self.written.get(&address);
        let of_today = written.map_or(0, |moments| since(moments, now, DAY).count());
        let waits = combined.is_some_and(|c| !c.waiting.is_empty());
        if of_today < caps.address_per_day && !waits {
            return Permit::Letter;
        }
        let oldest = written.and_then(|moments| since(moments, now, DAY).next());
        let free = oldest.map_or(now + DAY, |oldest| oldest + DAY);
        // Late enough to gather what else comes, early enough for the oldest promise.
        Permit::Combined(free.min(deadline - MARGIN).max(now))
    }

    /// A letter to this address was written.
    pub fn wrote(&mut self, to: &Address, at: Moment) {
        push(&mut self.written, address_key(to), at);
        self.forget(at);
    }

    /// Whether this address may be told of one more missed promise. Each such letter may bring a mail
    /// of a machine, and that a letter of ours: over a month these stay few.
    pub fn may_tell_missed(&self, now: Moment, to: &Address) -> bool {
        let told = self.missed.get(&address_key(to));
        told.map_or(0, |moments| since(moments, now, MONTH).count()) < MISSED_PER_MONTH
    }

    /// This address was told of a missed promise.
    pub fn told_missed(&mut self, to: &Address, at: Moment) {
        let key = address_key(to);
        let mut told = self.missed.get(&key).cloned().unwrap_or_default();
        while told.len() >= MISSED_PER_MONTH {
            told.pop_front();
        }
        told.push_back(at);
        self.missed.insert_mut(key, told);
        if self.room_of_missed.is_full(&self.missed) {
            let old = |told: &Moments| told.back().is_none_or(|last| *last + MONTH < at);
            self.missed = keep(&self.missed, |told| !old(told));
            self.room_of_missed = Size::around(&self.missed);
        }
    }

    /// What this address was to be told of a missed promise since then was taken back before it left.
    pub fn took_missed_back(&mut self, to: &Address, written: Moment) {
        if let Some(told) = self.missed.get_mut(&address_key(to))
            && let Some(place) = told.iter().rposition(|at| *at == written)
        {
            told.remove(place);
        }
    }

    /// A letter to this address left.
    pub fn sent(&mut self, to: &Address, at: Moment) {
        push(&mut self.sent, to.domain().to_owned(), at);
        add(Arc::make_mut(&mut self.all_sent), at);
    }

    /// A case waits for the combined letter to this address.
    pub fn defer(&mut self, inbox: &str, to: &Address, case: CaseId, until: Moment) {
        let key = (inbox.to_owned(), address_key(to));
        let mut combined = self.combined.get(&key).cloned().unwrap_or_default();
        combined.waiting.push((case, until));
        self.combined.insert_mut(key, combined);
    }

    /// A case does not wait for the combined letter any more.
    pub fn undefer(&mut self, inbox: &str, to: &Address, case: &CaseId) {
        let key = (inbox.to_owned(), address_key(to));
        if let Some(combined) = self.combined.get_mut(&key) {
            combined.waiting.retain(|(waiting, _)| waiting != case);
        }
    }

    /// The combined letter to this address was written.
    pub fn combine(&mut self, inbox: &str, to: &Address, at: Moment) {
        let key = (inbox.to_owned(), address_key(to));
        self.combined.insert_mut(key, Combined { waiting: Vec::new(), last: Some(at) });
    }

    /// The cases whose combined letter is due, those of one address and inbox together.
    pub fn due(&self, now: Moment) -> impl Iterator<Item = Vec<CaseId>> {
        let due = move |c: &&Combined| c.waiting.iter().any(|(_, until)| *until <= now);
        let cases = |c: &Combined| c.waiting.iter().map(|(case, _)| case.clone()).collect();
        self.combined.values().filter(due).map(cases)
    }

    /// When the next combined letter is due.
    pub fn next_due(&self) -> Option<Moment> {
        self.combined.values().flat_map(|c| c.waiting.iter().map(|(_, until)| *until)).min()
    }

    /// What may leave now, in all and to each domain.
    pub fn room(&self, caps: &Caps, now: Moment) -> Room<'_> {
        let all = caps.per_hour.saturating_sub(since(&self.all_sent, now, HOUR).count());
        let (sent, per_domain) = (&self.sent, caps.domain_per_hour);
        Room { sent, now, per_domain, all, domains: BTreeMap::new() }
    }

    /// When there will be room for a letter that finds none now.
    pub fn next_room(&self, now: Moment) -> Option<Moment> {
        since(&self.all_sent, now, HOUR).next().map(|oldest| oldest + HOUR)
    }

    /// Lets go of what is too old to count, now and then.
    fn forget(&mut self, now: Moment) {
        if self.room.is_full(&self.written) {
            let old = |moments: &Moments| moments.back().is_none_or(|last| *last + DAY < now);
            self.written = keep(&self.written, |moments| !old(moments));
            self.sent = keep(&self.sent, |moments| !old(moments));
            let idle = |c: &Combined| c.waiting.is_empty() && c.last.is_none_or(|l| l + DAY < now);
            self.combined = keep(&self.combined, |c| !idle(c));
            self.room = Size::around(&self.written);
        }
    }
}

/// How many letters may leave now. Only domains that are asked for are looked at.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    sent: &'a Map<String, Moments>,
    now: Moment,
    per_domain: usize,
    all: usize,
    domains: BTreeMap<String, usize>,
}

impl Room<'_> {
    /// Takes a place for a letter to this domain; false where there is none.
    pub fn take(&mut self, domain: &str) -> bool {
        let lately = || self.sent.get(domain).map_or(0, |m| since(m, self.now, HOUR).count());
        let left = self
            .domains
            .entry(domain.to_owned())
            .or_insert_with(|| self.per_domain.saturating_sub(lately()));
        if self.all == 0 || *left == 0 {
            return false;
        }
        self.all -= 1;
        *left -= 1;
        true
    }
}

/// The most cases that one letter acknowledges: no person has more in a day, and they stand in one
/// event.
const MOST_COMBINED: usize = 50;

/// Addresses that are remembered before old ones are looked for.
const MOST_KEPT: usize = 4096;

/// How large a map may become before it is looked through again: twice what was left the last time.
/// On a day with more addresses than are kept, every letter would look through all of them else.
#[derive(Clone, Copy, Debug)]
struct Size(usize);

impl Default for Size {
    fn default() -> Size {
        Size(MOST_KEPT)
    }
}

impl Size {
    fn around(map: &Map<String, Moments>) -> Size {
        Size(MOST_KEPT.max(2 * map.size()))
    }

    fn is_full(self, map: &Map<String, Moments>) -> bool {
        map.size() > self.0
    }
}

fn keep<K: Ord + Clone, V: Clone>(map: &Map<K, V>, wanted: impl Fn(&V) -> bool) -> Map<K, V> {
    map.iter().filter(|(_, v)| wanted(v)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// A robot that writes from `ticket+4711@` and `ticket+4712@` is one robot.
fn address_key(to: &Address) -> String {
    to.without_tag().key()
}

/// The moments that lie less than `span` before `now`, oldest first. What lies after `now` was
/// written by a clock that was wrong, and would count for as long as it was ahead.
fn since(moments: &Moments, now: Moment, span: Span) -> impl Iterator<Item = Moment> {
    moments.iter().copied().filter(move |moment| *moment <= now && *moment + span > now)
}

fn push(map: &mut Map<String, Moments>, key: String, at: Moment) {
    if let Some(moments) = map.get_mut(&key) {
        add(moments, at);
    } else {
        map.insert_mut(key, VecDeque::from([at]));
    }
}

/// Events come in order, and what is older than a day never counts again.
fn add(moments: &mut Moments, at: Moment) {
    while moments.front().is_some_and(|oldest| *oldest + DAY < at) {
        moments.pop_front();
    }
    moments.push_back(at);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: usize) -> Address {
        Address::parse(&format!("r{n}@host.example")).unwrap()
    }

    #[test]
    fn addresses_of_today_are_kept_however_many_and_those_of_yesterday_go() {
        let (mut quota, start) = (Quota::default(), Moment::from_unix(0));
        let day = 3 * MOST_KEPT;
        for n in 0..day {
            quota.wrote(&address(n), start);
            quota.told_missed(&address(n), start);
        }
        assert_eq!((quota.written.size(), quota.missed.size()), (day, day));
        let later = start + MONTH + HOUR;
        for n in day..2 * day {
            quota.wrote(&address(n), later);
            quota.told_missed(&address(n), later);
        }
        assert_eq!((quota.written.size(), quota.missed.size()), (day, day));
    }

    #[test]
    fn a_combined_letter_of_a_clock_that_was_ahead_holds_nothing() {
        let (mut quota, now) = (Quota::default(), Moment::from_unix(1_800_000_000));
        quota.combine("security", &address(1), now + DAY);
        let permit = quota.permit(&Caps::default(), now, "security", &address(1), now + DAY);
        assert_eq!(permit, Permit::Letter);
        let permit = quota.permit(&Caps::default(), now + DAY, "security", &address(1), now + DAY);
        assert_eq!(permit, Permit::No);
    }
}
