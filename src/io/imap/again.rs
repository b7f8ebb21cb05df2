//! Looking again at mail that was none of ours when it was read: somebody answered a report before
//! that report came.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::error::Error;
use super::quoting::quoted;
use super::session::Session;
use crate::desk::message::MessageId;

/// What waits is asked for again at the next connection.
const MOST_WAITING: usize = 256;
/// Nobody answers one mail more often before it comes.
const MOST_ANSWERS: usize = 8;

/// The mails whose answers nobody has looked for yet.
#[derive(Debug, Default)]
pub(super) struct Reread {
    waiting: Mutex<VecDeque<MessageId>>,
    came: Notify,
}

impl Reread {
    /// Puts a mail where [`Reread::take`] finds it, once.
    pub(super) fn add(&self, answered: MessageId) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST_WAITING && !waiting.contains(&answered) {
            waiting.push_back(answered);
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// The one that waits longest.
    pub(super) fn take(&self) -> Option<MessageId> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Waits until one comes.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }
}

/// The mails of the open folder, up to this UID, that answer a mail.
pub(super) async fn answers(
    session: &mut Session,
    answered: &MessageId,
    upto: u32,
) -> Result<Vec<u32>, Error> {
    let Some(id) = quoted(&answered.to_string()) else { return Ok(Vec::new()) };
    let found = session.search(&format!("OR HEADER In-Reply-To {id} HEADER References {id}")).await;
    let mut found = match found {
        // A server that cannot search so has nothing to show.
        Err(Error::Refused { .. }) => Vec::new(),
        found => found?,
    };
    found.retain(|uid| *uid <= upto);
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST_ANSWERS);
    Ok(found)
}
