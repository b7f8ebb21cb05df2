//! The mails of both archives in the order in which they arrived.

use crate::desk::folder::Role;
use crate::desk::time::Moment;
use crate::io::archive::{Archive, Kept};

/// A mail that arrives, in either archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) at: Moment,
    pub(super) role: Role,
    /// Which mail of that archive.
    pub(super) index: usize,
}

/// All mails.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) arrivals: Vec<Arrival>,
    /// How many have no time of their own.
    pub(super) undated: usize,
}

impl Timeline {
    /// Mails of the same second come in the order of their archive, those that arrived before those
    /// that were sent.
    pub(super) fn of(mail: &Archive, sent: Option<&Archive>) -> Timeline {
        let sent = sent.map(Archive::mails).unwrap_or_default();
        let earliest = |mails: &[Kept]| mails.iter().filter_map(|mail| mail.arrived).min();
        let start = earliest(mail.mails()).into_iter().chain(earliest(sent)).min();
        let start = start.unwrap_or(Moment::from_unix(0));
        let mut arrivals = arrive(mail.mails(), Role::Inbox, start);
        arrivals.extend(arrive(sent, Role::Sent, start));
        arrivals.sort_by_key(|arrival| arrival.at);
        let undated = mail.mails().iter().chain(sent).filter(|mail| mail.arrived.is_none()).count();
        Timeline { arrivals, undated }
    }
}

/// What has no time arrives with the mail before it.
fn arrive(mails: &[Kept], role: Role, start: Moment) -> Vec<Arrival> {
    let mut before = start;
    let arrival = |(index, mail): (usize, &Kept)| {
        before = mail.arrived.unwrap_or(before);
        Arrival { at: before, role, index }
    };
    mails.iter().enumerate().map(arrival).collect()
}
