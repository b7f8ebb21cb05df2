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
#[derive(Clone, Debug, Default)]
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

/// Everything that is wrong.
pub fn troubles(
    books: &Books,
    policies: &[Policy],
    rules: &Rules,
    outside: &Outside,
    now: Moment,
) -> BTreeMap<Trouble, Seen> {
    let mut found = BTreeMap::new();
    let elsewhere =
        [(Trouble::Store, &outside.store), (Trouble::SecondRelay, &outside.second_relay)];
    for (trouble, broken) in elsewhere {
        if let Some((since, why)) = broken {
            found.insert(trouble, Seen { since: *since, how: told(why) });
        }
    }
    for (inbox, Unread { since, folders, why }) in &outside.mailboxes {
        let how = format!("{}: {}", folders.join(", "), told(why));
        found.insert(Trouble::Mailbox(inbox.clone()), Seen { since: *since, how });
    }
    for policy in policies {
        let inbox = || policy.inbox.clone();
        found.extend(relay(books, policy).map(|seen| (Trouble::Relay(inbox()), seen)));
        let oldest = oldest_letter(books, policy, rules, now);
        found.extend(oldest.map(|seen| (Trouble::Letter(inbox()), seen)));
        // What cannot be read has not arrived: one cause, one alarm.
        if !outside.mailboxes.contains_key(&policy.inbox) {
            found.extend(canaries(books, policy, now));
        }
    }
    found.extend(acknowledgements(books, policies, rules, now));
    found
}

fn relay(books: &Books, policy: &Policy) -> Option<Seen> {
    let stop = books.stop(&policy.inbox)?;
    let waiting = books.outbox().filter(|one| one.inbox == policy.inbox).count();
    let how = format!("{}; {}", counted(waiting, "letter waits", "letters wait"), told(&stop.why));
    Some(Seen { since: stop.since, how })
}

/// Where the relay is down, all letters wait, and that is told.
fn oldest_letter(books: &Books, policy: &Policy, rules: &Rules, now: Moment) -> Option<Seen> {
    if books.stop(&policy.inbox).is_some() {
        return None;
    }
    let of_inbox = || books.outbox().filter(|one| one.inbox == policy.inbox);
    let since = of_inbox().map(|one| one.queued).min()?;
    let over = of_inbox().filter(|one| one.queued + rules.letter_waits <= now).count();
    let how = counted(over, "letter waits", "letters wait");
    (over > 0).then_some(Seen { since, how })
}

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

/// Which reports have no acknowledgement although one is written, and much of the time is over. One
/// that no server takes is told until the promise ends: then the ladder takes over.
fn acknowledgements(
    books: &Books,
    policies: &[Policy],
    rules: &Rules,
    now: Moment,
) -> BTreeMap<Trouble, Seen> {
    let mut late: BTreeMap<&str, Vec<(Moment, Moment, &Case)>> = BTreeMap::new();
    for case in books.cases().filter(|case| case.acknowledged.is_none()) {
        let Some(fate) = undelivered(case) else { continue };
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
    seen.collect()
}

/// How far an acknowledgement came that did not reach its reader.
fn undelivered(case: &Case) -> Option<&Fate> {
    let fates = || case.letters.values().filter(|one| one.kind.acknowledges()).map(|one| &one.fate);
    let lost = |fate: &&Fate| matches!(fate, Fate::Refused | Fate::Bounced);
    fates().find(|fate| **fate == Fate::Waiting).or_else(|| fates().find(lost))
}

/// So many cases are named, the rest is counted.
const NAMED: usize = 5;

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What a server says may name somebody.
fn told(why: &str) -> String {
    one_line(&without_addresses(why), 200)
}
