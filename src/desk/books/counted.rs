//! What the letters of the cases count for, after a start.

use crate::desk::case::{Case, Fate, LetterOnCase};
use crate::desk::letter::LetterKind;
use crate::desk::quota::Quota;

/// What the cases tell of the letters of the last day, in the order in which it happened.
pub(super) fn quota_of(cases: &[Case]) -> Quota {
    let mut quota = Quota::default();
    let letters = cases.iter().flat_map(|case| case.letters.iter().map(move |l| (case, l)));
    let own = letters.filter(|(case, (id, letter))| {
        letter.kind.acknowledges() && id.case().as_ref() == Some(&case.id)
    });
    let mut written: Vec<_> = own.map(|(case, (_, letter))| (case, letter)).collect();
    written.sort_by_key(|(_, letter)| letter.written);
    for (case, letter) in &written {
        quota.wrote(&letter.to.address, letter.written);
        if letter.kind == LetterKind::Combined {
            let inbox = &case.mail().folder.inbox;
            quota.combine(inbox, &letter.to.address, letter.written);
        }
    }
    let mut missed: Vec<_> = cases.iter().flat_map(|case| case.letters.values()).collect();
    missed.retain(|letter| letter.kind == LetterKind::Missed && letter.fate != Fate::Withdrawn);
    missed.sort_by_key(|letter| letter.written);
    for letter in missed {
        quota.told_missed(&letter.to.address, letter.written);
    }
    let sent = |letter: &LetterOnCase| match letter.fate {
        Fate::Sent(at) => Some(at),
        _ => None,
    };
    let mut left: Vec<_> = written.iter().filter_map(|(_, l)| Some((sent(l)?, &l.to))).collect();
    left.sort_by_key(|(at, _)| *at);
    for (at, to) in left {
        quota.sent(&to.address, at);
    }
    for case in cases {
        if let Some((to, until)) = case.deferred.as_deref() {
            quota.defer(&case.mail().folder.inbox, &to.address, case.id.clone(), *until);
        }
    }
    quota
}
