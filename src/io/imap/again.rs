//! Looking again at mail that was none of ours when it was read: somebody answered a report before
//! that report came.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::error::Error;
use super::looking::any_of;
use super::quoting::quoted;
use super::session::Session;
use crate::desk::message::MessageId;

/// What waits is asked for again at the next connection.
const MOST_WAITING: usize = 256;
/// So many are looked for together.
const TOGETHER: usize = 64;
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

    /// Those that wait longest.
    pub(super) fn take_some(&self) -> Vec<MessageId> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let some = waiting.len().min(TOGETHER);
        waiting.drain(..some).collect()
    }

    /// Waits until one comes.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }
}

/// Those of these mails that something in the open folder, up to this UID, may answer: nearly always none.
pub(super) async fn answered(
    session: &mut Session,
    mails: Vec<MessageId>,
    upto: u32,
) -> Result<Vec<MessageId>, Error> {
    for any in any_of(mails.iter().filter_map(answers_to).collect()) {
        let found = match session.search(&any).await {
            // All together may be more than it can take.
            Err(Error::Refused { .. } | Error::Misunderstood { .. }) => return Ok(mails),
            found => found?,
        };
        if found.iter().any(|uid| *uid <= upto) {
            return Ok(mails);
        }
    }
    Ok(Vec::new())
}

/// The mails of the open folder, up to this UID, that answer a mail.
pub(super) async fn answers(
    session: &mut Session,
    answered: &MessageId,
    upto: u32,
) -> Result<Vec<u32>, Error> {
    let Some(criterion) = answers_to(answered) else { return Ok(Vec::new()) };
    let mut found = match session.search(&criterion).await {
        // A server that cannot search so has nothing to show.
        Err(Error::Refused { .. } | Error::Misunderstood { .. }) => Vec::new(),
        found => found?,
    };
    found.retain(|uid| *uid <= upto);
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST_ANSWERS);
    Ok(found)
}

fn answers_to(mail: &MessageId) -> Option<String> {
    let id = quoted(&mail.to_string())?;
    Some(format!("OR HEADER In-Reply-To {id} HEADER References {id}"))
}
