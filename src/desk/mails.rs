//! The mails of a case, numbered as an operator names them.

use super::event::{Event, Fact, MailRef};
use super::ids::CaseId;

/// The mail that an event records; none where it records no mail.
pub fn mail(fact: &Fact) -> Option<&MailRef> {
    match fact {
        Fact::Opened(opening) => Some(&opening.mail),
        Fact::Joined { mail, .. }
        | Fact::Answered { mail, .. }
        | Fact::Discussed { mail, .. }
        | Fact::Commanded { mail, .. }
        | Fact::Bounced { mail, .. }
        | Fact::Returned { mail, .. } => Some(mail),
        Fact::Vouched { mail, .. } => mail.as_ref(),
        _ => None,
    }
}

/// Each event of a case with the number of the mail that it records. A number never changes: events
/// are only ever added, and a mail that was split off keeps the one that it had.
pub fn numbered(events: &[Event]) -> impl Iterator<Item = (Option<u32>, &Event)> {
    let mut last = 0;
    events.iter().map(move |event| {
        let number = mail(&event.fact).map(|_| {
            last += 1;
            last
        });
        (number, event)
    })
}

/// The case that this mail became, where it was split off.
pub fn parted(events: &[Event], wanted: u32) -> Option<&CaseId> {
    events.iter().find_map(|event| match &event.fact {
        Fact::Parted { number, to, .. } if *number == wanted => Some(to),
        _ => None,
    })
}
