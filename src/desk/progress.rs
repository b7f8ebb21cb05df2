//! How far a folder was read, and where to read on.

use serde::{Deserialize, Serialize};

use super::folder::Cursor;
use super::time::{Moment, Span};

/// How far a folder was read, and since when it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Everything up to here has its decision.
    pub cursor: Cursor,
    /// Mail that arrived before this moment is old: it was there before us.
    pub since: Moment,
    /// After a change of UIDVALIDITY, the last UID that may be an old mail under a new number.
    #[serde(default)]
    pub renumbered_up_to: u32,
    /// After a store was lost and made anew: up to that UID, what carries our keyword is read again if
    /// it arrived since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked_since: Option<Moment>,
    /// When the server was last found to be set back: a number that a mail had before then may be that
    /// of another mail by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_back: Option<Moment>,
}

/// A server whose mails arrive at another time whenever they are asked about is believed so often.
const SET_BACK_AGAIN: Span = Span::hours(24);

/// What a server says of a folder that it opens.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The number that its UIDs go with.
    pub uid_validity: u32,
    /// The lowest UID that new mail can have.
    pub uid_next: u32,
    /// It never gave out a UID from there on.
    pub counts: bool,
    /// Another mail than the one that was read last has its UID.
    pub set_back: bool,
}

impl Progress {
    /// Of a folder that was never seen: it begins after the mail that is there, so that a first start
    /// answers no old mail.
    pub fn begin(opened: Opened, now: Moment) -> Progress {
        Progress {
            cursor: Cursor::at(opened.uid_validity, opened.uid_next.saturating_sub(1)),
            since: now,
            renumbered_up_to: 0,
            marked_since: None,
            set_back: None,
        }
    }

    /// Of a folder whose UIDs were made anew, or whose server was set back and will give UIDs again that
    /// we have read: it is read again from its beginning. What is recorded is known by its content, what is
    /// older than our first look stays old. None where it goes on after the cursor.
    #[must_use]
    pub fn anew(&self, opened: Opened, now: Moment) -> Option<Progress> {
        let Opened { uid_validity, uid_next, counts, set_back } = opened;
        let renumbered = uid_validity != self.cursor.uid_validity;
        let believed = self.set_back.is_none_or(|before| now >= before + SET_BACK_AGAIN);
        let back = counts && uid_next <= self.cursor.last_uid || set_back && believed;
        (renumbered || back).then(|| Progress {
            cursor: Cursor::at(uid_validity, 0),
            since: self.since,
            renumbered_up_to: uid_next.saturating_sub(1),
            // What an earlier life knew is still to be read, under whatever numbers.
            marked_since: self.marked_since.filter(|_| self.is_rebuilding()),
            set_back: (!renumbered).then_some(now),
        })
    }

    /// Whether what an earlier life knew of the folder is still being read.
    pub fn is_rebuilding(&self) -> bool {
        self.marked_since.is_some() && self.cursor.last_uid < self.renumbered_up_to
    }

    /// Whether the number of a mail of this folder, one that arrived then, is still its own.
    pub fn holds(&self, uid_validity: u32, arrived: Moment) -> bool {
        self.cursor.uid_validity == uid_validity && self.set_back.is_none_or(|at| arrived >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::folder::Seen;

    const OPENED: Opened = Opened { uid_validity: 7, uid_next: 10, counts: true, set_back: false };

    fn now() -> Moment {
        Moment::from_unix(1_000_000_000)
    }

    fn read_upto(last_uid: u32) -> Progress {
        let seen = Some(Seen { uid: last_uid, arrived: now() });
        let begun = Progress::begin(Opened { uid_next: 1, ..OPENED }, now());
        Progress { cursor: Cursor { last_uid, seen, ..begun.cursor }, ..begun }
    }

    #[test]
    fn a_folder_is_read_on_as_long_as_its_numbers_mean_the_same_mails() {
        for (last_uid, opened) in [
            (9, OPENED),
            (3, OPENED),
            // Without UIDNEXT it is one above the highest UID that is there; later mail was deleted.
            (12, Opened { counts: false, ..OPENED }),
        ] {
            assert_eq!(read_upto(last_uid).anew(opened, now()), None, "{opened:?}");
        }
        for (last_uid, opened) in [
            (9, Opened { uid_validity: 8, ..OPENED }),
            (10, OPENED),
            (3, Opened { set_back: true, ..OPENED }),
            (12, Opened { counts: false, set_back: true, ..OPENED }),
        ] {
            let anew = read_upto(last_uid).anew(opened, now()).unwrap();
            assert_eq!((anew.cursor, anew.since), (Cursor::at(opened.uid_validity, 0), now()));
            assert_eq!(anew.renumbered_up_to, 9);
            assert_eq!(anew.set_back.is_some(), opened.uid_validity == 7);
        }
    }

    #[test]
    fn a_server_whose_mails_arrive_at_another_time_each_time_is_read_anew_once_a_day() {
        let opened = Opened { set_back: true, ..OPENED };
        let mut progress = read_upto(9).anew(opened, now()).unwrap();
        progress.cursor = read_upto(9).cursor;
        assert_eq!(progress.anew(opened, now() + Span::hours(23)), None);
        // What the server says of its UIDs is believed each time.
        let back = Opened { uid_next: 9, ..opened };
        assert!(progress.anew(back, now() + Span::hours(1)).is_some());
        assert!(progress.anew(opened, now() + Span::hours(24)).is_some());
    }
}
