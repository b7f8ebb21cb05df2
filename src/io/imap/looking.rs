//! Looking whether a letter left already: what the mail server knows that a store may not.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::error::Error;
use super::quoting::quoted;
use super::session::{Mailbox, Session};
use super::talk::Trace;
use crate::desk::folder::Keyword;
use crate::desk::letter::LetterId;

/// More than these are not looked for: their letters leave without.
const MOST: usize = 1000;

/// Letters that nobody has looked for yet.
#[derive(Debug, Default)]
pub(super) struct Looks {
    waiting: Mutex<VecDeque<(LetterId, Trace)>>,
    came: Notify,
}

impl Looks {
    /// Puts a letter where [`Looks::take`] finds it, once.
    pub(super) fn add(&self, letter: LetterId, trace: Trace) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST && waiting.iter().all(|(one, _)| *one != letter) {
            waiting.push_back((letter, trace));
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// The letter that waits longest.
    pub(super) fn take(&self) -> Option<(LetterId, Trace)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Waits until a letter comes.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }
}

/// Whether the open mailbox shows that a letter left. What the server does not understand shows
/// nothing; an error means that the connection is of no use.
pub(super) async fn look(
    session: &mut Session,
    mailbox: &Mailbox,
    trace: &Trace,
) -> Result<bool, Error> {
    // A server may hide mail that came since the last command from a search.
    session.noop().await?;
    for criteria in criteria(mailbox, trace) {
        match session.search(&criteria).await {
            Ok(found) if found.is_empty() => {}
            Ok(_) => return Ok(true),
            Err(Error::Refused { .. } | Error::Misunderstood { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn criteria(mailbox: &Mailbox, trace: &Trace) -> Vec<String> {
    match trace {
        Trace::Keyword { uid, uid_validity } if *uid_validity == mailbox.uid_validity => {
            vec![format!("UID {uid} KEYWORD {}", Keyword::Acked.name())]
        }
        Trace::Keyword { .. } => Vec::new(),
        Trace::Sent { message_id, answers } => {
            let id = quoted(&message_id.to_string());
            let itself = id.map(|id| format!("HEADER Message-ID {id}"));
            let answers = answers.as_ref().and_then(|(report, to)| {
                let (report, to) = (quoted(&report.to_string())?, quoted(&to.to_string())?);
                Some(format!("HEADER In-Reply-To {report} TO {to}"))
            });
            itself.into_iter().chain(answers).collect()
        }
    }
}
