//! Whole mails, for an export: on a connection of its own that changes nothing.

use std::collections::VecDeque;

use super::error::Error;
use super::gate::Gate;
use super::session::{Access, Session};
use super::{login, special};
use crate::config::settings::Imap;
use crate::desk::folder::Folder;
use crate::io::password::Password;

/// One command asks for so many bytes; the guard takes no more.
const PIECE: u32 = 1 << 20;
/// No mail is larger than this, in bytes.
const LARGEST: u64 = 64 << 20;

/// After so many lost connections the account is not tried any more.
const MOST_LOST: u32 = 8;

/// Why a mail is not given whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGiven {
    /// Somebody deleted or moved it.
    #[error("the mail is not in the folder any more")]
    Gone,
    /// Its UID means another mail by now, or none.
    #[error("the server has numbered the mails of this folder anew since then")]
    Renumbered,
    /// The folder cannot be opened.
    #[error("{0}")]
    NoFolder(String),
    /// It would fill our memory.
    #[error("the mail is larger than {} MB", LARGEST >> 20)]
    TooLarge,
    /// It is there and does not come.
    #[error("the server does not give the mail: {0}")]
    Withheld(String),
}

/// Reads whole mails, one after the other, and hands each of them to `each` as soon as it is there,
/// so that no two are in memory at once. An error means that the account cannot be read at all; the
/// mails that were not handed over by then are still to be asked for.
pub async fn fetch_whole(
    account: &Imap,
    password: &Password,
    folder: &Folder,
    uid_validity: u32,
    uids: &[u32],
    mut each: impl FnMut(u32, Result<Vec<u8>, NotGiven>),
) -> Result<(), Error> {
    let mut left: VecDeque<u32> = uids.iter().copied().collect();
    let (mut lost, mut tried) = (0, None);
    while !left.is_empty() {
        let mut session = login::open(account, password, &Gate::default()).await?;
        if let Err(why) = examine(&mut session, folder, uid_validity).await? {
            left.drain(..).for_each(|uid| each(uid, Err(why.clone())));
        }
        let Err(error) = read(&mut session, &mut left, &mut each).await else {
            // Everything is known; a server that ends without its good-bye changes nothing.
            let _ = session.logout().await;
            return Ok(());
        };
        lost += 1;
        if lost >= MOST_LOST {
            return Err(error);
        }
        // A moment's trouble is not the mail's; a mail that costs two connections is at fault.
        let first = left.front().copied();
        if tried == first
            && let Some(uid) = left.pop_front()
        {
            each(uid, Err(NotGiven::Withheld(error.to_string())));
        }
        tried = first;
    }
    Ok(())
}

/// Reads on until nothing is left, or the connection is lost over the first that is.
async fn read(
    session: &mut Session,
    left: &mut VecDeque<u32>,
    each: &mut impl FnMut(u32, Result<Vec<u8>, NotGiven>),
) -> Result<(), Error> {
    while let Some(uid) = left.front().copied() {
        let found = mail(session, uid).await?;
        left.pop_front();
        each(uid, found);
    }
    Ok(())
}

async fn examine(
    session: &mut Session,
    folder: &Folder,
    uid_validity: u32,
) -> Result<Result<(), NotGiven>, Error> {
    match special::open(session, folder, &[], Access::Examine).await {
        Ok(mailbox) if mailbox.uid_validity == uid_validity => Ok(Ok(())),
        Ok(_) => Ok(Err(NotGiven::Renumbered)),
        Err(error @ (Error::Absent(_) | Error::Refused { .. } | Error::NoUidValidity)) => {
            Ok(Err(NotGiven::NoFolder(error.to_string())))
        }
        Err(error) => Err(error),
    }
}

async fn mail(session: &mut Session, uid: u32) -> Result<Result<Vec<u8>, NotGiven>, Error> {
    let mut bytes = Vec::new();
    let mut size = None;
    loop {
        let read = bytes.len() as u64;
        if size.unwrap_or(read).max(read) > LARGEST {
            return Ok(Err(NotGiven::TooLarge));
        }
        let (said, piece) = piece(session, uid, read).await?;
        size = said.or(size);
        let Some(piece) = piece else {
            return missing(session, uid, bytes, size).await;
        };
        // A server that is wrong about sizes still ends a short piece where the mail ends.
        let last = piece.len() < PIECE as usize || size == Some(read + piece.len() as u64);
        bytes.extend_from_slice(&piece);
        if last {
            return Ok(Ok(bytes));
        }
    }
}

/// The size of a mail, as the server says it, and the piece of it that starts there.
async fn piece(
    session: &mut Session,
    uid: u32,
    start: u64,
) -> Result<(Option<u64>, Option<Vec<u8>>), Error> {
    let items = format!("(UID RFC822.SIZE BODY.PEEK[]<{start}.{PIECE}>)");
    session.fetch(&[uid], &items).await?;
    let (mut size, mut found) = (None, None);
    while let Some(item) = session.next_item().await? {
        if item.uid == Some(uid) {
            size = item.size.or(size);
            let here = item.pieces.into_iter().find(|(at, _)| u64::from(*at) == start);
            found = here.map(|(_, bytes)| bytes).or(found);
        }
    }
    Ok((size, found))
}

/// No piece came: the mail is gone, or at its end, or withheld.
async fn missing(
    session: &mut Session,
    uid: u32,
    bytes: Vec<u8>,
    size: Option<u64>,
) -> Result<Result<Vec<u8>, NotGiven>, Error> {
    if session.search_among(&[uid]).await?.is_empty() {
        return Ok(Err(NotGiven::Gone));
    }
    let read = bytes.len() as u64;
    if read == 0 || size.is_some_and(|size| size > read) {
        return Ok(Err(NotGiven::Withheld("it lists the mail and sends nothing".to_owned())));
    }
    Ok(Ok(bytes))
}
