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

/// So many are looked for together…
const TOGETHER: usize = 128;

/// … by commands that are not longer than servers have to take (RFC 2683 section 3.2.1.5).
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
    let mut none = true;
    for any in any_of(all.concat()) {
        none = none && is_empty(session.search(&any).await)? == Some(true);
    }
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

/// What fits any of these, in as many commands as it takes.
pub(super) fn any_of(criteria: Vec<String>) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for one in criteria {
        match commands.last_mut().filter(|others| others.len() + one.len() < LONGEST) {
            Some(others) => *others = format!("OR ({one}) {others}"),
            None => commands.push(format!("({one})")),
        }
    }
    commands
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_too_long_and_each_letter_is_in_one() {
        let ids: Vec<String> = (0..300).map(|n| format!("HEADER Message-ID \"<{n}@p>\"")).collect();
        let commands = any_of(ids.clone());
        assert!(commands.len() > 1);
        assert!(commands.iter().all(|command| command.len() < 8_000));
        for id in ids {
            let group = format!("({id})");
            assert_eq!(commands.iter().filter(|command| command.contains(&group)).count(), 1);
        }
        assert_eq!(any_of(Vec::new()), [""; 0]);
    }
}
