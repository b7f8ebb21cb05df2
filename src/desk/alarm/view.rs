//! What is wrong now, as far as it can be seen from in here.

use std::collections::BTreeMap;

use super::trouble::{Rules, Seen, Trouble};
use crate::desk::books::Books;
use crate::desk::case::{Case, Fate};
use crate::desk::line::{one_line, without_addresses};
use crate::desk::policy::{Policy, Promise};
use crate::desk::promise::{Clock, clock};
use crate::desk::time::{Moment, Span};

/// What the books do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// The inboxes of which a folder cannot be read.
    pub mailboxes: BTreeMap<String, Unread>,
    /// Since when nothing can be recorded, and why.
    pub store: Option<(Moment, String)>,
    /// Since when the second relay takes nothing, and why.
    pub second_relay: Option<(Moment, String)>,
}

/// Folders of one inbox that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Since when.
    pub since: Moment,
    /// Their names.
    pub folders: Vec<String>,
    /// What the server said, or what failed.
    pub why: String,
}

/// How things are.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Everything that is wrong.
    pub troubles: BTreeMap<Trouble, Seen>,
    /// When time alone makes that more or less.
    pub next: Option<Moment>,
}

impl View {
    fn changes_at(&mut self, moments: impl IntoIterator<Item = Moment>) {
        self.next = self.next.into_iter().chain(moments).min();
    }
}

/// Looks for everything that is wrong.
pub fn troubles(
    books: &Books,
    policies: &[Policy],
    rules: &Rules,
    outside: &Outside,
    now: Moment,
) -> View {
    let mut view = View::default();
    let found = &mut view.troubles;
    let elsewhere =
        [(Trouble::Store, &outside.store), (Trouble::SecondRelay, &outside.second_relay)];
    for (trouble, broken) in elsewhere {
        if let Some((since, why)) = broken {
            found.insert(trouble, Seen { since: *since, how: told(why) });
        }
    }
    // What cannot be recorded is not taken from a folder either.
    for (inbox, Unread { since, folders, why }) in
        outside.mailboxes.iter().filter(|_| outside.store.is_none())
    {
        let how = format!("{}: {}", folders.join(", "), told(why));
        found.insert(Trouble::Mailbox(inbox.clone()), Seen { since: *since, how });
    }
    let queues = queues(books, rules, now);
    let next = queues.values().filter_map(|queue| queue.next).min();
    for policy in policies {
        found.extend(outgoing(books, &policy.inbox, queues.get(policy.inbox.as_str()), now));
        // What cannot be read has not arrived: one cause, one alarm.
        if !outside.mailboxes.contains_key(&policy.inbox) {
            found.extend(canaries(books, policy, now));
        }
    }
    let unconfigured = unconfigured(books, policies);
    // Who closes its cases is done with it: letters alone wait for nobody then, and only the log tells.
    for (inbox, Owed { cases, letters }) in unconfigured.into_iter().filter(|(_, o)| o.cases > 0) {
        let cases = counted(cases, "open case", "open cases");
        let letters = (letters > 0).then(|| counted(letters, "letter waits", "letters wait"));
        let how = [Some(cases), letters].into_iter().flatten().collect::<Vec<_>>().join("; ");
        // Since when, whoever looked first knows.
        found.insert(Trouble::Unconfigured(inbox.to_owned()), Seen { since: now, how });
    }
    view.changes_at(next);
    view.changes_at(policies.iter().flat_map(|policy| next_canary(books, policy, now)));
    view.changes_at(policies.iter().filter_map(|p| books.notices().next_arrival(&p.inbox, now)));
    acknowledgements(books, policies, rules, now, &mut view);
    view
}

/// The letters of one inbox that wait.
#[derive(Clone, Copy)]
struct Queue {
    letters: usize,
    oldest: Moment,
    /// How many have waited for too long.
    over: usize,
    /// When that is so of one more.
    next: Option<Moment>,
}

fn queues<'a>(books: &'a Books, rules: &Rules, now: Moment) -> BTreeMap<&'a str, Queue> {
    let mut queues: BTreeMap<&str, Queue> = BTreeMap::new();
    for letter in books.outbox().letters() {
        let empty = Queue { letters: 0, oldest: letter.queued, over: 0, next: None };
        let queue = queues.entry(&letter.inbox).or_insert(empty);
        queue.letters += 1;
        queue.oldest = queue.oldest.min(letter.queued);
        let until = letter.queued + rules.letter_waits;
        queue.over += usize::from(until <= now);
        let next = Some(until).filter(|until| *until > now);
        queue.next = queue.next.into_iter().chain(next).min();
    }
    queues
}

/// Where the relay is down, all letters wait, and that is told once.
fn outgoing(
    books: &Books,
    inbox: &str,
    queue: Option<&Queue>,
    now: Moment,
) -> Option<(Trouble, Seen)> {
    let waiting = |count| counted(count, "letter waits", "letters wait");
    if let Some(stop) = books.outbox().stopped(inbox) {
        let letters = queue.map_or(0, |queue| queue.letters);
        let how = format!("{}; {}", waiting(letters), told(&stop.why));
        return Some((Trouble::Relay(inbox.to_owned()), Seen { since: stop.since, how }));
    }
    let trouble = Trouble::Letter(inbox.to_owned());
    if let Some(queue) = queue.filter(|queue| queue.over > 0) {
        return Some((trouble, Seen { since: queue.oldest, how: waiting(queue.over) }));
    }
    // Nobody of the team can be told by mail that nobody of the team is told by mail.
    let enough = |told: &(Moment, usize)| told.1 >= REFUSED;
    if let Some((since, notices)) = books.notices().refused(inbox).filter(enough) {
        let how = format!("the mail server refused {notices} notices to the team, and took none");
        return Some((trouble, Seen { since, how }));
    }
    let (since, notices) = books.notices().returned(inbox, now).filter(enough)?;
    let how = format!("{notices} notices to the team came back, and none is known to have arrived");
    Some((trouble, Seen { since, how }))
}

/// What is owed for an inbox that nobody keeps anything for: it lost its table of the configuration,
/// or its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Open cases, of which nobody is reminded.
    pub cases: usize,
    /// Letters, which nobody sends.
    pub letters: usize,
}

/// The inboxes that are not configured and owed for.
pub fn unconfigured<'a>(books: &'a Books, policies: &[Policy]) -> BTreeMap<&'a str, Owed> {
    let mut owed: BTreeMap<&str, Owed> = BTreeMap::new();
    for (inbox, cases) in books.open_by_inbox() {
        owed.entry(inbox).or_default().cases = cases;
    }
    for letter in books.outbox().letters() {
        owed.entry(&letter.inbox).or_default().letters += 1;
    }
    owed.retain(|inbox, _| policies.iter().all(|policy| policy.inbox != *inbox));
    owed
}

/// One address that is gone is refused less often in a row, in a team of several.
const REFUSED: usize = 4;

fn canaries<'a>(
    books: &'a Books,
    policy: &'a Policy,
    now: Moment,
) -> impl Iterator<Item = (Trouble, Seen)> + 'a {
    policy.recipients.iter().filter_map(move |to| {
        let canary = policy.canary.as_ref()?;
        let since = books.canary(to)?.missing(canary, now)?;
        let trouble = Trouble::Canary { inbox: policy.inbox.clone(), to: to.clone() };
        Some((trouble, Seen { since, how: format!("it takes {} at most", canary.within) }))
    })
}

/// When canaries are missing that may still arrive.
fn next_canary(books: &Books, policy: &Policy, now: Moment) -> impl Iterator<Item = Moment> {
    let missing = policy.recipients.iter().filter_map(|to| {
        let canary = policy.canary.as_ref()?;
        books.canary(to)?.missing_from(canary)
    });
    missing.filter(move |at| *at > now)
}

/// Which reports have no acknowledgement although one is written, and much of the time is over. One
/// that no server takes is told until the promise ends: then the ladder takes over.
fn acknowledgements(
    books: &Books,
    policies: &[Policy],
    rules: &Rules,
    now: Moment,
    view: &mut View,
) {
    let mut late: BTreeMap<&str, Vec<(Moment, Moment, &Case)>> = BTreeMap::new();
    let stuck = books.unacknowledged().filter_map(|case| Some((case, undelivered(case)?)));
    let (waiting, lost): (Vec<_>, Vec<_>) = stuck.partition(|(_, fate)| **fate == Fate::Waiting);
    // Letters that came back, as many as somebody likes, hide none that waits; the newest come first.
    for (case, fate) in waiting.into_iter().chain(lost.into_iter().rev()).take(LOOKED_AT) {
        let inbox = &case.mail().folder.inbox;
        let policy = policies.iter().find(|policy| policy.inbox == *inbox);
        let clock = policy.and_then(|policy| clock(case, policy, Promise::Acknowledgement));
        let clock = clock.filter(Clock::is_running);
        let Some((start, due)) = clock.and_then(|one| Some((one.start, one.due?))) else {
            continue;
        };
        let length = due.since(start).as_seconds();
        let passed = Span::seconds(length.saturating_mul(rules.acknowledgement_percent) / 100);
        let since = start + passed;
        view.changes_at([since, due].into_iter().filter(|at| *at > now));
        if since <= now && (*fate == Fate::Waiting || now < due) {
            late.entry(inbox).or_default().push((due, since, case));
        }
    }
    let seen = late.into_iter().filter_map(|(inbox, mut cases)| {
        cases.sort_by_key(|(due, _, case)| (*due, &case.id));
        let (first_due, ..) = *cases.first()?;
        let since = cases.iter().map(|(_, since, _)| *since).min()?;
        let named: Vec<String> = cases.iter().take(NAMED).map(|c| c.2.id.to_string()).collect();
        let more = if cases.len() > NAMED { ", …" } else { "" };
        let how = format!(
            "{}; the first promise ends at {} UTC",
            counted(cases.len(), "report", "reports") + ": " + &named.join(", ") + more,
            first_due.short()
        );
        Some((Trouble::Acknowledgement(inbox.to_owned()), Seen { since, how }))
    });
    view.troubles.extend(seen);
}

/// How far an acknowledgement came that did not reach its reader.
fn undelivered(case: &Case) -> Option<&Fate> {
    let fates = || case.letters.values().filter(|one| one.kind.acknowledges()).map(|one| &one.fate);
    let lost = |fate: &&Fate| matches!(fate, Fate::Refused | Fate::Bounced);
    fates().find(|fate| **fate == Fate::Waiting).or_else(|| fates().find(lost))
}

/// After a flood thousands can be stuck, and the oldest of them say enough.
const LOOKED_AT: usize = 500;
/// So many cases are named, the rest is counted.
const NAMED: usize = 5;

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What a server says may name somebody.
fn told(why: &str) -> String {
    one_line(&without_addresses(why), 200)
}
