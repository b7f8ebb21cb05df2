//! Keywords that wait to be set: taken from the loop at any time, set when the connection is free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::desk::folder::Keyword;

/// More than this are not kept: a mark is a second witness and not worth the memory.
const MOST: usize = 100_000;
/// So many UIDs stand in one STORE.
const AT_ONCE: usize = 512;

/// Marks that nobody has set yet.
#[derive(Debug, Default)]
pub(super) struct Marks {
    waiting: Mutex<Waiting>,
    came: Notify,
}

type Waiting = BTreeMap<(u32, Keyword), BTreeSet<u32>>;

impl Marks {
    /// Puts marks where [`Marks::take`] finds them.
    pub(super) fn add(&self, uid_validity: u32, keyword: Keyword, uids: Vec<u32>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.values().map(BTreeSet::len).sum::<usize>() + uids.len() > MOST {
            tracing::info!("too many marks wait for this folder; {} are not set", uids.len());
            return;
        }
        waiting.entry((uid_validity, keyword)).or_default().extend(uids);
        drop(waiting);
        self.came.notify_one();
    }

    /// Some marks for mails of this UIDVALIDITY. Those of another mean nothing any more.
    pub(super) fn take(&self, uid_validity: u32) -> Option<(Keyword, Vec<u32>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(validity, _), uids| *validity == uid_validity && !uids.is_empty());
        let mut first = waiting.first_entry()?;
        let (_, keyword) = *first.key();
        let uids: Vec<u32> =
            std::iter::from_fn(|| first.get_mut().pop_first()).take(AT_ONCE).collect();
        Some((keyword, uids))
    }

    /// Waits until marks come.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_in_order_in_parts_and_only_for_this_validity() {
        let marks = Marks::default();
        marks.add(1, Keyword::Seen, vec![9]);
        marks.add(2, Keyword::Acked, vec![5, 4]);
        marks.add(2, Keyword::Seen, (1..=600).rev().collect());
        marks.add(2, Keyword::Seen, vec![7]);
        let taken: Vec<_> = std::iter::from_fn(|| marks.take(2)).collect();
        let sizes: Vec<_> =
            taken.iter().map(|(k, uids)| (*k, uids.first().copied(), uids.len())).collect();
        assert_eq!(
            sizes,
            [
                (Keyword::Seen, Some(1), 512),
                (Keyword::Seen, Some(513), 88),
                (Keyword::Acked, Some(4), 2)
            ]
        );
        assert_eq!(marks.take(1), None, "marks of another validity are forgotten");
    }
}
