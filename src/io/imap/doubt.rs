//! Mails that would not come: which they are is found by asking for ever fewer at a time, and none
//! of them holds up the others for ever.

use std::collections::BTreeMap;

use super::error::Error;

/// So many UIDs stand in one FETCH: the line stays under the 8,000 bytes of RFC 2683 section 3.2.1.5.
const CHUNK: usize = 512;
/// Mails that are asked for so often in vain are handed over as unreadable.
const STRIKES: u32 = 3;

/// What a folder's task remembers of mails that would not come, from one connection to the next.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    uid_validity: u32,
    /// Up to this UID fewer mails are asked for at a time.
    until: u32,
    at_a_time: usize,
    strikes: BTreeMap<u32, (u32, String)>,
}

impl Doubt {
    /// Forgets what belongs to another UIDVALIDITY.
    pub(super) fn about(&mut self, uid_validity: u32) {
        if self.uid_validity != uid_validity {
            *self = Doubt { uid_validity, ..Doubt::default() };
        }
    }

    /// How many mails may be asked for together from here on.
    pub(super) fn chunk(&self, first: u32) -> usize {
        if first <= self.until { self.at_a_time } else { CHUNK }
    }

    /// A connection was lost over these mails: fewer at a time, at last one by one.
    pub(super) fn failed(&mut self, uids: &[u32], error: &Error) {
        match (uids, error) {
            (_, Error::Withheld(_) | Error::NotTaken) | ([], _) => {}
            ([one], _) => self.strike(*one, error.to_string()),
            ([first, .., last], _) => {
                let fewer = if error.is_about_content() { 1 } else { self.chunk(*first) / 8 };
                (self.until, self.at_a_time) = ((*last).max(self.until), fewer.max(1));
            }
        }
    }

    /// This mail alone was asked for, in vain.
    pub(super) fn strike(&mut self, uid: u32, reason: String) {
        let strikes = self.strikes.get(&uid).map_or(0, |(count, _)| *count);
        self.strikes.insert(uid, (strikes + 1, reason));
    }

    /// Whether this mail is asked for with nothing beside its text, which may be what was odd.
    pub(super) fn is_plain(&self, uid: u32) -> bool {
        self.strikes.contains_key(&uid)
    }

    /// Why this mail is given up, if it is.
    pub(super) fn given_up(&self, uid: u32) -> Option<String> {
        self.strikes.get(&uid).filter(|(n, _)| *n >= STRIKES).map(|(_, reason)| reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_narrows_down_to_single_mails_and_gives_one_up_after_three() {
        let mut doubt = Doubt::default();
        doubt.about(1);
        let lost = Error::Lost { doing: "UID FETCH", reason: String::new() };
        let uids: Vec<u32> = (1..=512).collect();
        for expected in [64, 8, 1] {
            doubt.failed(uids.get(..doubt.chunk(1)).unwrap(), &lost);
            assert_eq!(doubt.chunk(1), expected);
        }
        for _ in 0..3 {
            assert_eq!(doubt.given_up(1), None);
            doubt.failed(&[1], &lost);
        }
        assert!(doubt.given_up(1).is_some());
        doubt.about(2);
        assert_eq!((doubt.given_up(1), doubt.chunk(1)), (None, CHUNK));
    }

    #[test]
    fn what_cannot_be_parsed_is_looked_for_mail_by_mail_at_once() {
        let mut doubt = Doubt::default();
        doubt.failed(&[3, 4, 9], &Error::Unparsable { doing: "UID FETCH" });
        assert_eq!((doubt.chunk(3), doubt.chunk(9), doubt.chunk(10)), (1, 1, CHUNK));
    }
}
