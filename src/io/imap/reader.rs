//! Fetching what is new: many mails a command, never more of one than its start and its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::take;

use tokio::sync::{mpsc, oneshot};

use super::doubt::Doubt;
use super::error::{Error, Stop};
use super::handover::{BATCH_BYTES, BATCH_MAILS, Handover, heard};
use super::session::{Mailbox, Session};
use super::talk::{Fetched, FromFolder, Watch};
use super::wire::Item;

/// So many bytes of a mail are read: of its start, and where needed of its end.
const PIECE: u32 = 131_072;
/// So many bytes of header fields decide whether a mail is ours.
const HEADER: u32 = 65_536;
/// A loop that is slow gets so many lists of headers ahead.
const UNANSWERED: usize = 2;

const ABOUT: &str = "UID FLAGS INTERNALDATE RFC822.SIZE";

/// Reads every mail above `last` and hands it over; gives the new `last` when all is durable.
pub(super) async fn catch_up(
    session: &mut Session,
    mailbox: &Mailbox,
    watch: &Watch,
    tell: &mpsc::Sender<FromFolder>,
    doubt: &mut Doubt,
    (last, next): (u32, u32),
) -> Result<u32, Stop> {
    let found = session.search_new(last, next).await?;
    let Some(newest) = found.last().copied() else { return Ok(last) };
    let hand = Handover::new(tell, &watch.folder, mailbox.uid_validity, &found);
    let mut reader = Reader { session, watch, tell, doubt, hand };
    match reader.read(&found).await {
        Ok(()) => reader.hand.finish().await.map(|()| newest),
        Err(Stop::LoopGone) => Err(Stop::LoopGone),
        Err(stop) => reader.hand.salvage().await.and(Err(stop)),
    }
}

struct Reader<'a> {
    session: &'a mut Session,
    watch: &'a Watch,
    tell: &'a mpsc::Sender<FromFolder>,
    doubt: &'a mut Doubt,
    hand: Handover<'a>,
}

/// The UIDs of one chunk by what is to be fetched of them next.
#[derive(Debug, Default)]
struct Todo {
    headers: BTreeSet<u32>,
    starts: BTreeSet<u32>,
    /// With the size of the mail.
    ends: BTreeMap<u32, u64>,
}

impl Todo {
    fn uids(&self) -> Vec<u32> {
        self.headers.iter().chain(&self.starts).chain(self.ends.keys()).copied().collect()
    }
}

impl Reader<'_> {
    async fn read(&mut self, found: &[u32]) -> Result<(), Stop> {
        let mut rest = found;
        while let Some(first) = rest.first() {
            let size = self.doubt.chunk(*first).min(rest.len());
            let (chunk, later) = rest.split_at_checked(size).unwrap_or((rest, &[]));
            let result = self.chunk(chunk).await;
            if let Err(Stop::Failed(error)) = &result {
                self.doubt.failed(chunk, error);
            }
            result?;
            rest = later;
        }
        Ok(())
    }

    async fn chunk(&mut self, uids: &[u32]) -> Result<(), Stop> {
        let mut wanted = BTreeSet::new();
        for uid in uids {
            match self.doubt.given_up(*uid) {
                Some(reason) => self.hand.put(unreadable(*uid, reason)).await?,
                None => drop(wanted.insert(*uid)),
            }
        }
        let mut todo = Todo::default();
        if self.watch.headers_first {
            todo.headers = wanted;
        } else {
            todo.starts = wanted;
        }
        // What does not come is asked for once more by itself.
        for _ in 0..2 {
            self.read_headers(&mut todo).await?;
            self.read_starts(&mut todo).await?;
            self.read_ends(&mut todo).await?;
            if todo.uids().is_empty() {
                return Ok(());
            }
        }
        self.missing(&todo.uids()).await
    }

    /// Which mails are ours, where not all are.
    async fn read_headers(&mut self, todo: &mut Todo) -> Result<(), Stop> {
        let items = self.items(&todo.headers, &format!("BODY.PEEK[HEADER]<0.{HEADER}>"));
        if !self.start(&todo.headers, &items).await? {
            return Ok(());
        }
        let (mut batch, mut bytes, mut asked) = (Vec::new(), 0, VecDeque::new());
        while let Some(item) = self.session.next_item().await? {
            let Some(mail) = fetched(item, HEADER) else { continue };
            if !todo.headers.remove(&mail.uid) {
                continue;
            }
            bytes += mail.bytes.len();
            batch.push(mail);
            if batch.len() >= BATCH_MAILS || bytes >= BATCH_BYTES {
                if asked.len() >= UNANSWERED {
                    self.sort(&mut asked, todo).await?;
                }
                asked.push_back(self.ask(take(&mut batch)).await?);
                bytes = 0;
            }
        }
        if !batch.is_empty() {
            asked.push_back(self.ask(batch).await?);
        }
        while !asked.is_empty() {
            self.sort(&mut asked, todo).await?;
        }
        Ok(())
    }

    async fn ask(&mut self, mut mails: Vec<Fetched>) -> Result<Asked, Stop> {
        mails.sort_by_key(|mail| mail.uid);
        let uids = mails.iter().map(|mail| mail.uid).collect();
        let (reply, answer) = oneshot::channel();
        let folder = self.watch.folder.clone();
        let question = FromFolder::Headers { folder, mails, reply };
        self.tell.send(question).await.map_err(|_| Stop::LoopGone)?;
        Ok(Asked { uids, answer })
    }

    async fn sort(&mut self, asked: &mut VecDeque<Asked>, todo: &mut Todo) -> Result<(), Stop> {
        let Some(Asked { uids, answer }) = asked.pop_front() else { return Ok(()) };
        let ours = heard(self.tell, answer).await?;
        for uid in uids {
            if ours.contains(&uid) {
                todo.starts.insert(uid);
            } else {
                self.hand.settle(uid);
            }
        }
        Ok(())
    }

    async fn read_starts(&mut self, todo: &mut Todo) -> Result<(), Stop> {
        let items = self.items(&todo.starts, &format!("BODY.PEEK[]<0.{PIECE}>"));
        if !self.start(&todo.starts, &items).await? {
            return Ok(());
        }
        while let Some(item) = self.session.next_item().await? {
            let size = item.size.filter(|size| *size > u64::from(PIECE));
            let Some(mail) = fetched(item, PIECE) else { continue };
            if !todo.starts.remove(&mail.uid) {
                continue;
            }
            match size {
                Some(size) if mail.gap && (self.watch.needs_more)(&mail.bytes) => {
                    // Kept in mind, not in memory.
                    todo.ends.insert(mail.uid, size);
                }
                _ => self.hand.put(mail).await?,
            }
        }
        Ok(())
    }

    /// Start and end of long mails, mail by mail.
    async fn read_ends(&mut self, todo: &mut Todo) -> Result<(), Stop> {
        for (uid, size) in todo.ends.clone() {
            let offset = size.saturating_sub(u64::from(PIECE)).max(u64::from(PIECE));
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            let items = format!("({ABOUT} BODY.PEEK[]<0.{PIECE}> BODY.PEEK[]<{offset}.{PIECE}>)");
            self.session.fetch(&[uid], &items).await?;
            while let Some(item) = self.session.next_item().await? {
                let Some(mail) = fetched_ends(item, offset) else { continue };
                if mail.uid == uid && todo.ends.remove(&uid).is_some() {
                    self.hand.put(mail).await?;
                }
            }
        }
        Ok(())
    }

    async fn start(&mut self, uids: &BTreeSet<u32>, items: &str) -> Result<bool, Stop> {
        if !uids.is_empty() {
            let uids: Vec<u32> = uids.iter().copied().collect();
            self.session.fetch(&uids, items).await?;
        }
        Ok(!uids.is_empty())
    }

    /// A mail that made trouble is asked for with nothing that can be odd beside its text.
    fn items(&self, uids: &BTreeSet<u32>, text: &str) -> String {
        let plain = uids.len() == 1 && uids.iter().all(|uid| self.doubt.is_plain(*uid));
        if plain { format!("(UID {text})") } else { format!("({ABOUT} {text})") }
    }

    /// Mails that were asked for twice and did not come: gone, or withheld.
    async fn missing(&mut self, uids: &[u32]) -> Result<(), Stop> {
        let there = self.session.search_among(uids).await?;
        for uid in uids.iter().filter(|uid| !there.contains(uid)) {
            self.hand.settle(*uid);
        }
        let mut withheld = 0;
        for uid in there {
            self.doubt.strike(uid, "the server lists this mail and does not give it".to_owned());
            match self.doubt.given_up(uid) {
                Some(reason) => self.hand.put(unreadable(uid, reason)).await?,
                None => withheld += 1,
            }
        }
        if withheld > 0 { Err(Stop::Failed(Error::Withheld(withheld))) } else { Ok(()) }
    }
}

/// Headers that the loop looks at.
struct Asked {
    uids: Vec<u32>,
    answer: oneshot::Receiver<Vec<u32>>,
}

fn unreadable(uid: u32, reason: String) -> Fetched {
    Fetched { uid, unreadable: Some(reason), ..Fetched::default() }
}

/// The piece from byte 0, of which at most `limit` bytes were asked for.
fn fetched(item: Item, limit: u32) -> Option<Fetched> {
    let uid = item.uid?;
    let (_, bytes) = item.pieces.into_iter().find(|(start, _)| *start == 0)?;
    let read = bytes.len() as u64;
    // A server that is wrong about sizes still ends a short piece where the mail ends.
    let gap = read >= u64::from(limit) && item.size != Some(read);
    let size = item.size.unwrap_or(read);
    let (arrived, keywords) = (item.arrived, item.keywords);
    Some(Fetched { uid, arrived, size, keywords, bytes, gap, unreadable: None })
}

/// The piece from byte 0 and the one from `offset`, joined.
fn fetched_ends(mut item: Item, offset: u32) -> Option<Fetched> {
    let end = item.pieces.iter().position(|(start, _)| *start == offset);
    let end = end.map(|place| item.pieces.swap_remove(place).1).unwrap_or_default();
    let size = item.size;
    let mut mail = fetched(item, PIECE)?;
    if mail.bytes.len() as u64 == u64::from(offset) {
        mail.gap = end.len() as u64 >= u64::from(PIECE)
            && size != Some((mail.bytes.len() + end.len()) as u64);
        mail.bytes.extend_from_slice(&end);
    } else if let Some(line) = end.iter().position(|byte| *byte == b'\n') {
        mail.bytes.extend_from_slice(b"\r\n");
        mail.bytes.extend_from_slice(end.get(line + 1..).unwrap_or_default());
    }
    Some(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(size: usize, pieces: &[(u32, &[u8])]) -> Item {
        Item {
            uid: Some(7),
            size: Some(size as u64),
            pieces: pieces.iter().map(|(start, bytes)| (*start, bytes.to_vec())).collect(),
            ..Item::default()
        }
    }

    #[test]
    fn a_mail_of_exactly_the_piece_has_no_gap() {
        let whole = vec![b'x'; PIECE as usize];
        assert!(!fetched(item(whole.len(), &[(0, &whole)]), PIECE).unwrap().gap);
        assert!(fetched(item(whole.len() + 1, &[(0, &whole)]), PIECE).unwrap().gap);
        assert!(!fetched(item(9_999_999, &[(0, b"short")]), PIECE).unwrap().gap);
    }

    #[test]
    fn the_end_is_joined_from_its_first_full_line() {
        let start = vec![b'x'; PIECE as usize];
        let offset = PIECE + 1000;
        let mail =
            fetched_ends(item(300_000, &[(offset, b"half\r\n--b--\r\n"), (0, &start)]), offset);
        let mail = mail.unwrap();
        assert!(mail.gap && mail.bytes.ends_with(b"xx\r\n--b--\r\n"));
        let nothing = fetched_ends(item(300_000, &[(0, &start), (offset, b"one line")]), offset);
        assert_eq!(nothing.unwrap().bytes.len(), start.len());
    }

    #[test]
    fn a_mail_that_two_pieces_cover_has_no_gap() {
        let start = vec![b'x'; PIECE as usize];
        let mail = fetched_ends(item(start.len() + 3, &[(0, &start), (PIECE, b"abc")]), PIECE);
        let mail = mail.unwrap();
        assert!(!mail.gap && mail.bytes.ends_with(b"xxabc"));
    }
}
