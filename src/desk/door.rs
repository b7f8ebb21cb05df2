//! Mail through a door of our own: a group, a list or a forwarder in front of the inbox. What the
//! door did to the mail is undone here, so that everything behind judges the mail as if its author
//! had sent it straight to us.
//!
//! Two things are easily forged, and are kept apart:
//!
//! * That the mail names our list. Nothing is won by forging that: the list's own fields are taken
//!   away, and the mail is judged like any other. A mail that names somebody else's list stays that
//!   list's.
//! * What the list's server says of the author. That is believed only where our own server vouches
//!   for the list: DKIM, SPF or DMARC passed for the list's domain, which a stranger's mail cannot
//!   have (see `record`). Then the author is whom the list put itself in the place of, and their
//!   authenticity is what the list's server recorded. Else From stands as it is; the name behind a
//!   rewritten From is hearsay, and behind an address of our own nothing at all.

mod arc;
mod person;
mod record;
mod traces;

use self::record::Recorded;
use self::traces::Traces;
use super::address::Mailbox;
use super::authentication::{Authentication, authentication, own_findings};
use super::message::{Message, Through};
use super::parse::limits;
use super::policy::Policy;

/// What is known about a mail that came through a door of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The door.
    pub through: Through,
    /// Who wrote the mail.
    pub author: Author,
    /// Whether the author's domain stands for it.
    pub authentication: Authentication,
}

/// Who wrote a mail that came through a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// Whom From names.
    AsWritten,
    /// This person; the list put itself in their place.
    Person(Mailbox),
    /// A list stands in their place, and who it was cannot be told.
    Unknown,
}

/// Who is behind a mail, if it came through a list or forwarder of ours.
pub fn behind(message: &Message, policy: &Policy) -> Option<Behind> {
    let Traces { list, marked, administrative } = Traces::of(message, policy)?;
    let own = own_findings(message, policy).unwrap_or_default();
    // Without the marks of list software it is a mail that one of us sent from there.
    let rewritten = person::rewritten(message, list).filter(|_| marked);
    let proven = record::proven(&own, list, rewritten);
    // Whoever claims to be the list software is judged like anybody.
    if administrative && !proven {
        return None;
    }
    let direct = authentication(message, policy);
    let recorded = |author: &Mailbox| {
        record::recorded(message, policy, &own, list, (proven, author.address.domain()))
    };
    let (author, authentication) = match rewritten.filter(|_| !administrative) {
        None => {
            let recorded = message.author().map_or(Recorded::Nothing, recorded);
            (Author::AsWritten, recorded.over(direct, proven))
        }
        Some(from) => {
            let person = person::behind(message, from, policy);
            if proven {
                believed(person, recorded)
            } else {
                hearsay(person, direct, policy.is_published(&from.address))
            }
        }
    };
    let hearsay = !proven && matches!(author, Author::Person(_));
    let through = Through { list: list.clone(), proven, hearsay, administrative };
    Some(Behind { through, author, authentication })
}

/// The author whom a list has replaced that surely is ours.
fn believed(
    person: Option<Mailbox>,
    recorded: impl Fn(&Mailbox) -> Recorded,
) -> (Author, Authentication) {
    let Some(person) = person else { return (Author::Unknown, Authentication::None) };
    match recorded(&person) {
        Recorded::Says(authentication) => (Author::Person(person), authentication),
        Recorded::Nothing => (Author::Person(person), Authentication::None),
        // The list's server saw another author: this one was put in by them.
        Recorded::Another => (Author::Unknown, Authentication::None),
    }
}

/// The author where only the mail itself says that the list is ours. That somebody is named cannot
/// mend a From that failed, nor does a From that passed say anything about them.
fn hearsay(
    person: Option<Mailbox>,
    direct: Authentication,
    in_our_name: bool,
) -> (Author, Authentication) {
    match person {
        Some(person) if !in_our_name && direct == Authentication::Fail => {
            (Author::Person(person), direct)
        }
        Some(person) if !in_our_name => (Author::Person(person), Authentication::None),
        _ => (Author::AsWritten, direct),
    }
}

/// The mail as its author sent it, before a door of our own changed it, and how sure its author is.
/// A mail that came straight to us, or through somebody else's list, stays as it is.
pub fn entered(mut message: Message, policy: &Policy) -> (Message, Authentication) {
    let Some(behind) = behind(&message, policy) else {
        let authentication = authentication(&message, policy);
        return (message, authentication);
    };
    traces::wipe(&mut message, policy, &behind.through.list);
    match behind.author {
        Author::AsWritten => {}
        Author::Unknown => message.from.clear(),
        Author::Person(person) => {
            if let Some(mut inner) = wrapped(&mut message, &person) {
                traces::wipe(&mut inner, policy, &behind.through.list);
                unwrap(&mut message, inner);
            }
            message.reply_to.retain(|one| one.address != person.address);
            message.from = vec![person];
        }
    }
    message.through = Some(behind.through);
    (message, behind.authentication)
}

/// The original, where the list wrapped it whole: it is by that person, and of the same moment,
/// which tells it from a mail that the person forwards.
fn wrapped(message: &mut Message, person: &Mailbox) -> Option<Message> {
    let inner = message.enclosed.take()?;
    let author = inner.author().map(|author| &author.address);
    (author == Some(&person.address) && inner.date.is_some() && inner.date == message.date)
        .then_some(*inner)
}

fn unwrap(message: &mut Message, inner: Message) {
    message.ids.splice(0..0, inner.ids);
    message.subject = inner.subject;
    message.text = inner.text;
    message.attachments = inner.attachments;
    message.encrypted = inner.encrypted;
    message.report = inner.report;
    message.reply_to = inner.reply_to;
    // What marks a machine's mail stands in there.
    message.headers.extend(inner.headers);
    message.headers.truncate(limits::FIELDS);
    message.defects.extend(inner.defects);
    message.defects.sort_unstable();
    message.defects.dedup();
}
