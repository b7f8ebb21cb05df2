//! From the end of a letter's text until what came of it is on the disk, a crash leaves nobody who
//! knows whether it was sent, and it is sent again. So that a crash repeats one letter at most, a relay
//! is given the end of one letter at a time, however many connections there are. That the relay took it
//! is on the disk by a receipt; all else waits for its commit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::receipts::Kept;
use crate::desk::letter::LetterId;
use crate::desk::outbox::Outcome;

/// What came of one attempt.
#[derive(Debug)]
pub struct Tried {
    /// The letter.
    pub letter: LetterId,
    /// What came of it.
    pub outcome: Outcome,
    /// Held until the store has it. None where a crash would change nothing: it was surely not sent.
    pub held: Option<Held>,
}

/// What is let go once the store knows what came of a letter.
#[derive(Debug)]
pub enum Held {
    /// The letter may have left, and nothing on the disk says so: the relay gets the end of no other
    /// letter.
    Doubt(Doubt),
    /// It has left, and a receipt says so.
    Receipt(Kept),
}

/// One letter may have left, and that is not on the disk yet. Over when it is dropped.
#[derive(Debug)]
pub struct Doubt(
    #[expect(dead_code, reason = "dropping it is what it is for")] OwnedSemaphorePermit,
);

/// Lets one letter at a time pass.
#[derive(Clone, Debug)]
pub(super) struct OneAtATime(Arc<Semaphore>);

impl Default for OneAtATime {
    fn default() -> OneAtATime {
        OneAtATime(Arc::new(Semaphore::new(1)))
    }
}

impl OneAtATime {
    /// Waits for its turn; none where that takes longer than the server will wait for us.
    pub(super) async fn turn(&self, patience: Duration) -> Option<Doubt> {
        let turn = timeout(patience, Arc::clone(&self.0).acquire_owned()).await;
        turn.ok().and_then(Result::ok).map(Doubt)
    }
}
