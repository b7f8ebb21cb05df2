//! Letters that are kept in the folder for sent mail, once each.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::error::Error;
use super::quoting::quoted;
use super::session::{Mailbox, Session, Step, limited, refusal};
use super::talk::Filed;
use super::wire::Answer;
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;

/// Letters that wait may hold so many bytes; the loop asks again for what is not kept.
const MOST_BYTES: usize = 16 << 20;
/// So many bytes are sent in one step, each of which has its time.
const STEP: usize = 64 << 10;

/// A letter to keep.
#[derive(Debug)]
pub(super) struct Sheet {
    pub letter: LetterId,
    pub message_id: MessageId,
    pub bytes: Vec<u8>,
}

/// Letters that nobody has kept yet.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    waiting: Mutex<VecDeque<Sheet>>,
    came: Notify,
}

impl Sheets {
    /// Puts a letter where [`Sheets::take`] finds it, once.
    pub(super) fn add(&self, sheet: Sheet) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = waiting.iter().map(|one| one.bytes.len()).sum::<usize>() + sheet.bytes.len();
        if bytes > MOST_BYTES {
            tracing::info!("too many letters wait to be kept; {} has to wait", sheet.letter);
        } else if waiting.iter().all(|one| one.letter != sheet.letter) {
            waiting.push_back(sheet);
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// The letter that waits longest.
    pub(super) fn take(&self) -> Option<Sheet> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Waits until a letter comes.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }
}

/// Keeps a letter in the open mailbox, if no mail with its Message-ID is there. An error means that
/// the connection is of no use; whether the letter is there is then found out the next time.
pub(super) async fn file(
    session: &mut Session,
    mailbox: &Mailbox,
    sheet: &Sheet,
) -> Result<Filed, Error> {
    match store(session, mailbox, sheet).await {
        Err(error @ (Error::Refused { .. } | Error::Word(_))) => {
            Ok(Filed::Refused(error.to_string()))
        }
        filed => filed,
    }
}

async fn store(session: &mut Session, mailbox: &Mailbox, sheet: &Sheet) -> Result<Filed, Error> {
    if sheet.bytes.contains(&0) {
        return Err(Error::Word("a letter"));
    }
    // A server may hide mail that came since the last command from a search.
    session.noop().await?;
    let id = quoted(&sheet.message_id.to_string()).ok_or(Error::Word("a Message-ID"))?;
    if !session.search(&format!("HEADER Message-ID {id}")).await?.is_empty() {
        return Ok(Filed::WasThere);
    }
    append(session, &mailbox.name, &sheet.bytes).await?;
    Ok(Filed::Stored)
}

/// APPEND (RFC 3501 section 6.3.11). Nothing of a mail is sent before the server asks for it, or
/// has said that it need not ask (RFC 7888).
async fn append(session: &mut Session, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let (limit, size) = (session.limit, bytes.len());
    let name = quoted(name).ok_or(Error::Word("a folder name"))?;
    let at_once = if session.can("LITERAL+") { "+" } else { "" };
    let command = format!("APPEND {name} (\\Seen) {{{size}{at_once}}}");
    limited(limit, DOING, session.begin(DOING, &command)).await?;
    if at_once.is_empty() {
        limited(limit, DOING, invited(session)).await?;
    }
    for piece in bytes.chunks(STEP) {
        limited(limit, DOING, session.wire.bytes(piece)).await?;
    }
    let end = async {
        session.wire.line("").await?;
        session.end(DOING, |_| {}).await
    };
    limited(limit, DOING, end).await.map(drop)
}

const DOING: &str = "APPEND";

/// Waits until the server asks for the mail. Other news may come first.
async fn invited(session: &mut Session) -> Result<(), Error> {
    loop {
        match session.step().await? {
            Step::Answer(Answer::Continue) => return Ok(()),
            Step::Answer(_) => {}
            Step::End(said) => return Err(refusal(DOING, said)),
        }
    }
}
