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

/// So many are looked for by one command…
const TOGETHER: usize = 16;

/// … unless it would be longer than servers have to take (RFC 2683 section 3.2.1.5).
const LONGEST: usize = 7_900;

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

    /// The letters that wait longest.
    pub(super) fn take_some(&self) -> Vec<(LetterId, Trace)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let some = waiting.len().min(TOGETHER);
        waiting.drain(..some).collect()
    }

    /// Waits until a letter comes.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }
}

/// Whether the open mailbox shows that these letters left. What the server does not understand shows
/// nothing; an error means that the connection is of no use.
pub(super) async fn look(
    session: &mut Session,
    mailbox: &Mailbox,
    traces: Vec<(LetterId, Trace)>,
) -> Result<Vec<(LetterId, bool)>, Error> {
    // A server may hide mail that came since the last command from a search.
    session.noop().await?;
    let all: Vec<Vec<String>> = traces.iter().map(|(_, trace)| criteria(mailbox, trace)).collect();
    // Nearly always there is no trace of any.
    let any = any_of(all.concat());
    let none = match &any {
        Some(any) if any.len() > LONGEST => false,
        Some(any) => is_empty(session.search(any).await)? == Some(true),
        None => true,
    };
    let mut looked = Vec::new();
    for ((letter, _), criteria) in traces.into_iter().zip(all) {
        let mut found = false;
        for one in criteria.iter().filter(|_| !none) {
            found = found || is_empty(session.search(one).await)? == Some(false);
        }
        looked.push((letter, found));
    }
    Ok(looked)
}

/// None where the server does not understand, or will not say.
fn is_empty(found: Result<Vec<u32>, Error>) -> Result<Option<bool>, Error> {
    match found {
        Ok(found) => Ok(Some(found.is_empty())),
        Err(Error::Refused { .. } | Error::Misunderstood { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What fits any of these.
fn any_of(criteria: Vec<String>) -> Option<String> {
    let groups = criteria.into_iter().map(|one| format!("({one})"));
    groups.reduce(|others, one| format!("OR {one} {others}"))
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
