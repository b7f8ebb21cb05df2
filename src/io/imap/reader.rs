//! Fetching what is new: many mails a command, never more of one than its start and its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::claiming::{Claiming, Claims};
use super::doubt::{CHUNK, Doubt};
use super::error::{Error, Stop};
use super::handover::{BATCH_BYTES, BATCH_MAILS, Handover, heard};
use super::session::{Mailbox, Session, limited};
use super::talk::{Fetched, FromFolder, Watch};
use super::wire::Item;

/// So many bytes of a mail are read: of its start, and where needed of its end.
const PIECE: u32 = 131_072;
/// So many bytes of header fields decide whether a mail is ours.
const HEADER: u32 = 65_536;
/// The judgement whether a mail is read on takes milliseconds.
const LONGEST_JUDGEMENT: Duration = Duration::from_secs(20);
/// A loop that is slow gets so many lists of headers ahead.
const UNANSWERED: usize = 2;

const ABOUT: &str = "UID FLAGS INTERNALDATE RFC822.SIZE";

/// What shows whether a mail that came before still comes.
const WITNESS: &str = "(UID BODY.PEEK[]<0.1>)";

/// Reads every mail above `last` and hands it over; gives the new `last` when all is durable.
///
/// What was read before an error is handed over all the same, so that no mail waits for another.
/// Only where the loop did not take a mail nothing more is given to it: it would go past that mail.
pub(super) async fn catch_up(
    session: &mut Session,
    mailbox: &Mailbox,
    watch: &Watch,
    tell: &mpsc::Sender<FromFolder>,
    doubt: &mut Doubt,
    claims: &Claims,
    (last, next): (u32, u32),
) -> Result<u32, Stop> {
    let found = session.search_new(last, next).await?;
    let Some(newest) = found.last().copied() else { return Ok(last) };
    let open = doubt.open(last, &found);
    let hand = Handover::new(tell, &watch.folder, mailbox.uid_validity, &open, newest);
    let claiming = Claiming { claims, mailbox, watch, tell };
    let (owed, asked) = (BTreeSet::new(), 0);
    let mut reader = Reader { session, watch, tell, doubt, hand, claiming, owed, asked };
    let mut result = reader.read(&open).await;
    if !matches!(result, Err(Stop::LoopGone | Stop::Failed(Error::NotTaken))) {
        result = reader.hand_over_the_rest().await.and(result);
    }
    let Reader { doubt, hand, .. } = reader;
    doubt.done(hand.into_durable());
    result.map(|()| newest)
}

/// Reads some mails again that were read before, and hands them over once more.
pub(super) async fn read_again(
    session: &mut Session,
    mailbox: &Mailbox,
    watch: &Watch,
    tell: &mpsc::Sender<FromFolder>,
    claims: &Claims,
    uids: &[u32],
    last: u32,
) -> Result<(), Stop> {
    let mut doubt = Doubt::default();
    let hand = Handover::new(tell, &watch.folder, mailbox.uid_validity, uids, last);
    let (owed, asked) = (BTreeSet::new(), 0);
    let (doubt, claiming) = (&mut doubt, Claiming { claims, mailbox, watch, tell });
    let mut reader = Reader { session, watch, tell, doubt, hand, claiming, owed, asked };
    reader.read(uids).await?;
    reader.hand_over_the_rest().await
}

struct Reader<'a> {
    session: &'a mut Session,
    watch: &'a Watch,
    tell: &'a mpsc::Sender<FromFolder>,
    doubt: &'a mut Doubt,
    hand: Handover<'a>,
    claiming: Claiming<'a>,
    /// What the last FETCH asked for and has not brought yet.
    owed: BTreeSet<u32>,
    /// For how many mails it asked.
    asked: usize,
}

impl Reader<'_> {
    async fn read(&mut self, open: &[u32]) -> Result<(), Stop> {
        let result = self.read_all(open).await;
        match &result {
            Err(Stop::LoopGone | Stop::Failed(Error::NotTaken)) | Ok(()) => {}
            Err(Stop::Failed(error)) => self.doubt.lost(&self.owed, self.asked, error),
        }
        result
    }

    async fn read_all(&mut self, open: &[u32]) -> Result<(), Stop> {
        let (fresh, mut most) = (self.doubt.fresh(open), BATCH_MAILS);
        let mut rest = fresh.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(most.min(rest.len()));
            let since = Instant::now();
            self.chunk(now).await?;
            most = next_chunk(most, since.elapsed(), self.hand.waited());
            rest = later;
            // Letters wait for the answers.
            self.claiming.serve(self.session).await?;
        }
        self.hand.send_waiting().await?;
        if self.doubt.company().is_some() || !self.doubt.alone().is_empty() {
            self.ask_witness().await?;
        }
        while let Some(company) = self.doubt.company() {
            self.chunk(&company).await?;
        }
        for uid in self.doubt.alone() {
            self.chunk(&[uid]).await?;
        }
        match self.doubt.alone().len() {
            0 => Ok(()),
            withheld => Err(Stop::Failed(Error::Withheld(withheld))),
        }
    }

    async fn hand_over_the_rest(&mut self) -> Result<(), Stop> {
        for (uid, reason) in self.doubt.given_up() {
            self.hand.put(unreadable(uid, reason)).await?;
        }
        self.claiming.meanwhile(self.session, self.hand.finish()).await
    }

    async fn ask_witness(&mut self) -> Result<(), Stop> {
        let Some(uid) = self.doubt.call_witness() else { return Ok(()) };
        let (limit, session, doubt) = (self.session.limit, &mut *self.session, &mut *self.doubt);
        session.fetch(&[uid], WITNESS).await?;
        let heard = async {
            while let Some(item) = session.next_item().await? {
                if item.uid == Some(uid) {
                    doubt.testified(uid);
                }
            }
            Ok(())
        };
        Ok(limited(limit, "UID FETCH", heard).await?)
    }

    async fn chunk(&mut self, uids: &[u32]) -> Result<(), Stop> {
        let (mut ours, mut missing) = (uids.to_vec(), BTreeSet::new());
        if self.watch.headers_first {
            ours = self.read_headers(uids).await?;
            missing.append(&mut self.owed);
        }
        let long = self.read_starts(&ours).await?;
        missing.append(&mut self.owed);
        for (uid, size) in long {
            self.read_ends(uid, size).await?;
            missing.append(&mut self.owed);
        }
        self.look_up(uids.len(), missing).await
    }

    /// Which mails are ours, where not all are.
    async fn read_headers(&mut self, uids: &[u32]) -> Result<Vec<u32>, Stop> {
        self.start(uids, &format!("BODY.PEEK[HEADER]<0.{HEADER}>")).await?;
        let mut ours = Vec::new();
        let (mut batch, mut bytes, mut questions) = (Vec::new(), 0, VecDeque::new());
        while let Some(item) = self.next_owed().await? {
            let Some(mail) = fetched(item, HEADER) else { continue };
            bytes += mail.bytes.len();
            batch.push(mail);
            if batch.len() >= BATCH_MAILS || bytes >= BATCH_BYTES {
                if questions.len() >= UNANSWERED {
                    self.sort(&mut questions, &mut ours).await?;
                }
                questions.push_back(self.ask(take(&mut batch)).await?);
                bytes = 0;
            }
        }
        if !batch.is_empty() {
            questions.push_back(self.ask(batch).await?);
        }
        while !questions.is_empty() {
            self.sort(&mut questions, &mut ours).await?;
        }
        ours.sort_unstable();
        Ok(ours)
    }

    async fn ask(&mut self, mut mails: Vec<Fetched>) -> Result<Question, Stop> {
        mails.sort_by_key(|mail| mail.uid);
        let uids = mails.iter().map(|mail| mail.uid).collect();
        let (reply, answer) = oneshot::channel();
        let folder = self.watch.folder.clone();
        let question = FromFolder::Headers { folder, mails, reply };
        self.tell.send(question).await.map_err(|_| Stop::LoopGone)?;
        Ok(Question { uids, answer })
    }

    async fn sort(
        &mut self,
        questions: &mut VecDeque<Question>,
        ours: &mut Vec<u32>,
    ) -> Result<(), Stop> {
        let Some(Question { uids, answer }) = questions.pop_front() else { return Ok(()) };
        let wanted = heard(self.tell, answer).await?;
        for uid in uids {
            if wanted.contains(&uid) {
                ours.push(uid);
            } else {
                self.doubt.came(uid);
                self.settle(uid);
            }
        }
        Ok(())
    }

    /// Hands over what is whole or needs no more. Gives the others with their sizes: they are kept
    /// in mind, not in memory.
    async fn read_starts(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, u64>, Stop> {
        let mut long = BTreeMap::new();
        self.start(uids, &format!("BODY.PEEK[]<0.{PIECE}>")).await?;
        while let Some(item) = self.next_owed().await? {
            let size = item.size.filter(|size| *size > u64::from(PIECE));
            let Some(mail) = fetched(item, PIECE) else { continue };
            match size.filter(|_| mail.gap) {
                Some(size) if self.needs_more(&mail.bytes).await => {
                    long.insert(mail.uid, size);
                }
                _ => self.put(mail).await?,
            }
        }
        Ok(long)
    }

    /// Start and end of a long mail.
    async fn read_ends(&mut self, uid: u32, size: u64) -> Result<(), Stop> {
        let offset = size.saturating_sub(u64::from(PIECE)).max(u64::from(PIECE));
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let text = format!("BODY.PEEK[]<0.{PIECE}> BODY.PEEK[]<{offset}.{PIECE}>");
        self.start(&[uid], &text).await?;
        while let Some(item) = self.next_owed().await? {
            let Some(mail) = fetched_ends(item, offset) else { continue };
            self.put(mail).await?;
        }
        Ok(())
    }

    async fn put(&mut self, mail: Fetched) -> Result<(), Stop> {
        self.doubt.came(mail.uid);
        self.hand.put(mail).await
    }

    fn settle(&mut self, uid: u32) {
        self.doubt.done([uid]);
        self.hand.settle(uid);
    }

    /// Asks for some text of these mails. A mail that made trouble is asked for with nothing that
    /// can be odd beside its text.
    async fn start(&mut self, uids: &[u32], text: &str) -> Result<(), Stop> {
        (self.owed, self.asked) = (uids.iter().copied().collect(), uids.len());
        let items = match uids {
            [] => return Ok(()),
            [uid] if self.doubt.is_plain(*uid) => format!("(UID {text})"),
            _ => format!("({ABOUT} {text})"),
        };
        Ok(self.session.fetch(uids, &items).await?)
    }

    /// The next mail that was asked for. One that was not buys the server no time, or it could go on
    /// with such for ever.
    async fn next_owed(&mut self) -> Result<Option<Item>, Stop> {
        if self.asked == 0 {
            return Ok(None);
        }
        let (limit, session, owed) = (self.session.limit, &mut *self.session, &mut self.owed);
        let next = async {
            while let Some(item) = session.next_item().await? {
                let mut pieces = item.pieces.iter();
                // Of a mail that it cannot read, or has not any more, a server may give an empty text.
                let is_text = pieces
                    .any(|(start, text)| *start == 0 && (!text.is_empty() || item.size == Some(0)));
                if is_text && item.uid.is_some_and(|uid| owed.remove(&uid)) {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        };
        Ok(limited(limit, "UID FETCH", next).await?)
    }

    /// Whoever sends a mail over which the judgement stumbles, or does not end, must not stop the watch.
    async fn needs_more(&self, bytes: &[u8]) -> bool {
        let (needs_more, bytes) = (Arc::clone(&self.watch.needs_more), bytes.to_vec());
        let judged = spawn_blocking(move || needs_more(&bytes));
        timeout(LONGEST_JUDGEMENT, judged).await.is_ok_and(|judged| judged.unwrap_or(false))
    }

    /// Of `asked` mails these did not come: they are gone, or withheld.
    async fn look_up(&mut self, asked: usize, missing: BTreeSet<u32>) -> Result<(), Stop> {
        if missing.is_empty() {
            return Ok(());
        }
        let missing = Vec::from_iter(missing);
        let there = self.session.search_among(&missing).await?;
        for uid in missing.iter().filter(|uid| !there.contains(uid)) {
            self.settle(*uid);
        }
        match there.as_slice() {
            [uid] if asked == 1 => {
                let reason = "the server lists this mail and does not give it";
                self.doubt.in_vain(*uid, reason.to_owned(), false);
            }
            there => self.doubt.narrow(there, asked),
        }
        Ok(())
    }
}

/// For how many mails the next command asks, where the last one took so long, and waited so long of that
/// for the loop. A server that is slower than the loop is asked for more at once; where the loop is
/// slower, that wins nothing, and other errands would wait.
fn next_chunk(last: usize, took: Duration, waited: Duration) -> usize {
    let next = if waited > took / 2 { last / 2 } else { last.saturating_mul(2) };
    next.clamp(BATCH_MAILS, CHUNK)
}

/// Headers that the loop looks at.
struct Question {
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
    let (arrived, keywords, claims) = (item.arrived, item.keywords, item.claims);
    Some(Fetched { uid, arrived, size, keywords, claims, bytes, gap, unreadable: None })
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
    fn a_server_that_is_slower_than_the_loop_is_asked_for_more_at_once() {
        let (took, mut most) = (Duration::from_millis(100), BATCH_MAILS);
        let mut then = |waited| {
            most = next_chunk(most, took, Duration::from_millis(waited));
            most
        };
        assert_eq!([0, 50, 20, 0, 0].map(&mut then), [128, 256, 512, 512, 512]);
        assert_eq!([60, 100, 90, 51, 0].map(&mut then), [256, 128, 64, 64, 128]);
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
