//! The digest: once a week, or a day, the team is told what is owed, what was held and why, and what
//! became of promises. What it says is in `wording/digest.rs`.

use super::books::Books;
use super::event::{Fact, MailRef};
use super::folder::{Folder, Role};
use super::incoming::Facts;
use super::keys::Keys;
use super::ladder::Reader;
use super::letter::{LetterId, LetterKind, Notice};
use super::outlook::Outlook;
use super::policy::Policy;
use super::schedule::Schedule;
use super::tally::Tally;
use super::time::{Moment, Span};

/// The digests that are due. After a long sleep there is one, for all of that time.
pub(super) fn due(books: &Books, policies: &[Policy], keys: &Keys, now: Moment) -> Facts {
    let mut facts = Facts::new();
    for policy in policies {
        let Some(schedule) = &policy.digest else { continue };
        let inbox = policy.inbox.clone();
        let Some(tally) = books.tallies().of(&inbox) else {
            // Nothing can be told of the time before.
            facts.push((None, Fact::Digested { inbox, from: None, to: now }));
            continue;
        };
        let from = tally.since.at;
        let Some(to) = schedule.last(from, now) else { continue };
        // A quiet week is told in a line, as a sign of life; a quiet day is passed over.
        if !schedule.is_daily() || !is_quiet(books, policy, tally) {
            facts.extend(letters(books, policy, keys, to));
        }
        // The last of these, so that the letters are written from what is counted until here.
        facts.push((None, Fact::Digested { inbox, from: Some(from), to }));
    }
    facts
}

/// When the next one is due, after `now`.
pub(super) fn next(books: &Books, policies: &[Policy], now: Moment) -> Option<Moment> {
    let next = |(policy, schedule): (&Policy, &Schedule)| {
        let tally = books.tallies().of(&policy.inbox)?;
        Some(schedule.next(tally.since.at).max(now + Span::seconds(1)))
    };
    let with_digest = policies.iter().filter_map(|p| Some((p, p.digest.as_ref()?)));
    with_digest.filter_map(next).min()
}

/// Whether there is nothing to tell.
fn is_quiet(books: &Books, policy: &Policy, tally: &Tally) -> bool {
    let nothing_happened = tally.entries().next().is_none() && tally.put_aside() == 0;
    nothing_happened && Outlook::of(books, policy).is_clear()
}

fn letters(books: &Books, policy: &Policy, keys: &Keys, to: Moment) -> Facts {
    let about = books.last_seq().saturating_add(1);
    let members = policy.team.everybody().filter_map(Reader::of);
    let letter = |Reader { name, to: reader }| {
        let letter = LetterId::digest(&policy.inbox, about, &name);
        let message_id =
            keys.message_id(&letter, &in_place_of_a_mail(policy, to), &policy.from.address)?;
        let (kind, covers) = (LetterKind::Notice(Notice::Digest), Vec::new());
        Some((None, Fact::Written { letter, kind, to: reader, message_id, covers, about: None }))
    };
    members.filter_map(letter).collect()
}

/// A digest is about no mail: what tells it from others is its moment.
fn in_place_of_a_mail(policy: &Policy, to: Moment) -> MailRef {
    let (inbox, name) = (policy.inbox.clone(), String::new());
    MailRef {
        folder: Folder { inbox, name, role: Role::Inbox },
        uid_validity: 0,
        uid: 0,
        message_id: None,
        arrived: to,
        size: 0,
    }
}
