//! From bytes to judged mail, away from the loop: parsing and judging need no knowledge of cases, so
//! they run beside the loop while it waits for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinError, spawn_blocking};
use tokio::time::{Instant, timeout};

use crate::desk::authentication::Authentication;
use crate::desk::claim::{Identity, Shown};
use crate::desk::classify::personal::Reading;
use crate::desk::door;
use crate::desk::folder::{Cursor, Folder, Keyword};
use crate::desk::intake::looked_up;
use crate::desk::judge::judge_in;
use crate::desk::letter::LetterId;
use crate::desk::message::{Defect, Message};
use crate::desk::parse::parse;
use crate::desk::policy::Policy;
use crate::desk::progress::Opened;
use crate::desk::response::known_in;
use crate::desk::thread::{Tie, TieKey, mail_key, place_key};
use crate::desk::time::Moment;
use crate::desk::verdict::Verdict;
use crate::io::imap::{Fetched, Filed, FromFolder};

/// A mail, read and judged by itself; which case it belongs to is not known yet.
#[derive(Debug)]
pub(super) struct ReadMail {
    pub(super) uid: u32,
    pub(super) arrived: Option<Moment>,
    pub(super) size: u64,
    pub(super) keywords: Vec<Keyword>,
    pub(super) claims: Vec<Identity>,
    pub(super) key: TieKey,
    pub(super) ties: Vec<Tie>,
    pub(super) message: Message,
    pub(super) verdict: Verdict,
    pub(super) authentication: Authentication,
    pub(super) reading: Reading,
}

/// The headers of a mail of which it is not yet known whether it is for us.
#[derive(Debug)]
pub(super) struct ReadHeader {
    pub(super) uid: u32,
    pub(super) message: Message,
    pub(super) ties: Vec<Tie>,
    /// They could not be read, so nobody knows whether it is for us.
    pub(super) unread: bool,
}

/// The threads that were left behind over a mail whose reading does not end: nothing can stop them.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    threads: Mutex<Vec<(Instant, AbortHandle)>>,
}

/// Reading a mail takes a second at most, on a slow machine; what takes so long will hardly end.
const LONGEST_READING: Duration = Duration::from_secs(20);

/// A thread that was left behind so long ago will not end, and takes a processor from everybody.
const LONGEST_STUCK: Duration = Duration::from_mins(2);

impl Stuck {
    fn add(&self, thread: AbortHandle) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push((Instant::now(), thread));
    }

    /// Whether one of them is beyond hope. Its mail is recorded by then, as one that cannot be read.
    pub(super) fn beyond_hope(&self) -> bool {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|(_, thread)| !thread.is_finished());
        threads.iter().any(|(since, _)| since.elapsed() > LONGEST_STUCK)
    }

    /// After how long one of them is, if none ends.
    pub(super) fn hope(&self) -> Option<Duration> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |since: &Instant| LONGEST_STUCK.saturating_sub(since.elapsed());
        let hope = threads.iter().map(|(since, _)| left(since)).min()?;
        Some(hope + Duration::from_millis(1))
    }
}

/// What a folder has to say, with its mails read.
#[derive(Debug)]
pub(super) enum News {
    Selected {
        folder: Folder,
        opened: Opened,
        reply: oneshot::Sender<Cursor>,
    },
    Headers {
        folder: Folder,
        mails: Vec<ReadHeader>,
        reply: oneshot::Sender<Vec<u32>>,
    },
    Mails(Batch),
    /// A batch of this folder could not be read.
    Lost {
        folder: Folder,
    },
    Trouble {
        folder: Folder,
        error: String,
    },
    Resting {
        folder: Folder,
        why: String,
    },
    Filed {
        folder: Folder,
        letter: LetterId,
        how: Filed,
    },
    Looked {
        folder: Folder,
        letters: Vec<(LetterId, bool)>,
    },
    Claimed {
        folder: Folder,
        uid_validity: u32,
        mails: Vec<(u32, Option<Shown>)>,
    },
    Watching {
        folder: Folder,
    },
}

impl News {
    /// How many mails are in it.
    pub(super) fn mails(&self) -> usize {
        if let News::Mails(batch) = self { batch.mails.len() } else { 0 }
    }

    /// The folder whose mails are in it.
    pub(super) fn folder_of_mails(&self) -> Option<&Folder> {
        if let News::Mails(batch) = self { Some(&batch.folder) } else { None }
    }
}

/// Mails of one folder, in the order of their UIDs.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) folder: Folder,
    pub(super) uid_validity: u32,
    pub(super) mails: Vec<ReadMail>,
    /// With this batch, everything up to here has been handed over.
    pub(super) upto: u32,
    /// Told when all of it is durable; dropped if that fails, and then it is read again.
    pub(super) durable: oneshot::Sender<()>,
}

/// Reads what the folders send, in order, until one of the two ends is gone.
pub(super) async fn reader(
    policies: Arc<Vec<Policy>>,
    mut folders: mpsc::Receiver<FromFolder>,
    news: mpsc::Sender<News>,
    stuck: Arc<Stuck>,
) {
    while let Some(from_folder) = folders.recv().await {
        let folder = from_folder.folder().clone();
        let item = match read(&policies, from_folder, &stuck).await {
            Ok(Some(item)) => item,
            Ok(None) => {
                tracing::error!("a folder belongs to no configured inbox");
                continue;
            }
            Err(_) => {
                // What the panic says may hold what a mail says.
                tracing::error!(%folder, "reading a batch of mails failed; this is a bug");
                News::Lost { folder }
            }
        };
        if news.send(item).await.is_err() {
            return;
        }
    }
}

async fn read(
    policies: &Arc<Vec<Policy>>,
    from_folder: FromFolder,
    stuck: &Stuck,
) -> Result<Option<News>, JoinError> {
    let policy = |folder: &Folder| policies.iter().position(|one| one.inbox == folder.inbox);
    Ok(Some(match from_folder {
        FromFolder::Selected { folder, uid_validity, uid_next, counts, set_back, reply } => {
            let opened = Opened { uid_validity, uid_next, counts, set_back };
            News::Selected { folder, opened, reply }
        }
        FromFolder::Headers { folder, mails, reply } => {
            let Some(number) = policy(&folder) else { return Ok(None) };
            let policies = Arc::clone(policies);
            let read = move |fetched: &Fetched| Some(read_header(fetched, policies.get(number)?));
            News::Headers { folder, mails: in_time(mails, read, stuck).await?, reply }
        }
        FromFolder::Mails { folder, uid_validity, mails, upto, reply } => {
            let Some(number) = policy(&folder) else { return Ok(None) };
            let (policies, place) = (Arc::clone(policies), folder.clone());
            let read = move |fetched: &Fetched| {
                Some(read_mail(fetched, &place, uid_validity, policies.get(number)?))
            };
            let mails = in_time(mails, read, stuck).await?;
            News::Mails(Batch { folder, uid_validity, mails, upto, durable: reply })
        }
        FromFolder::Trouble { folder, error, .. } => News::Trouble { folder, error },
        FromFolder::Resting { folder, why } => News::Resting { folder, why },
        FromFolder::Filed { folder, letter, how } => News::Filed { folder, letter, how },
        FromFolder::Looked { folder, letters } => News::Looked { folder, letters },
        FromFolder::Claimed { folder, uid_validity, mails } => {
            News::Claimed { folder, uid_validity, mails }
        }
        FromFolder::Watching { folder, .. } => News::Watching { folder },
    }))
}

/// Reads mails. Over one whose reading does not end, the others are not held up, now or after a new
/// start: it is read again without its text, as one that the server does not give.
async fn in_time<T: Send + 'static>(
    mails: Vec<Fetched>,
    read: impl Fn(&Fetched) -> Option<T> + Clone + Send + 'static,
    stuck: &Stuck,
) -> Result<Vec<T>, JoinError> {
    let mails = Arc::new(mails);
    let mut told = Vec::with_capacity(mails.len());
    let mut done = 0;
    while done < mails.len() {
        let (tell, mut come) = mpsc::unbounded_channel();
        let (left, of_each) = (Arc::clone(&mails), read.clone());
        let thread = spawn_blocking(move || {
            for fetched in left.iter().skip(done) {
                if tell.send(or_without(fetched, &of_each)).is_err() {
                    return;
                }
            }
        });
        let overdue = loop {
            match timeout(LONGEST_READING, come.recv()).await {
                Ok(Some(one)) => {
                    told.extend(one);
                    done += 1;
                }
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        if !overdue {
            thread.await?;
        } else if let Some(fetched) = mails.get(done) {
            let uid = fetched.uid;
            tracing::error!(uid, "reading a mail does not end; this is a bug, please report it");
            stuck.add(thread.abort_handle());
            let why = "reading it does not end, which is a defect of Watchpost";
            let (bare, of_bare) = (without_text(fetched, why), read.clone());
            told.extend(spawn_blocking(move || of_bare(&bare)).await?);
            done += 1;
        }
    }
    Ok(told)
}

/// Reads a mail. Over one that shows a defect of ours, the others are not held up: it is read again
/// without its text, as one that the server does not give.
fn or_without<T>(fetched: &Fetched, read: impl Fn(&Fetched) -> T) -> T {
    catch_unwind(AssertUnwindSafe(|| read(fetched))).unwrap_or_else(|_| {
        tracing::error!(
            uid = fetched.uid,
            "a mail cannot be read; this is a bug, please report it"
        );
        read(&without_text(fetched, "reading it shows a defect of Watchpost"))
    })
}

fn without_text(fetched: &Fetched, why: &str) -> Fetched {
    let (keywords, claims) = (fetched.keywords.clone(), fetched.claims.clone());
    let unreadable = Some(why.to_owned());
    Fetched { bytes: Vec::new(), unreadable, keywords, claims, ..*fetched }
}

fn read_header(fetched: &Fetched, policy: &Policy) -> ReadHeader {
    let (message, _) = door::entered(parse(&fetched.bytes, false), policy);
    let ties = looked_up(&message);
    ReadHeader { uid: fetched.uid, message, ties, unread: fetched.unreadable.is_some() }
}

fn read_mail(fetched: &Fetched, folder: &Folder, uid_validity: u32, policy: &Policy) -> ReadMail {
    let mut message = parse(&fetched.bytes, !fetched.gap);
    if let Some(error) = &fetched.unreadable {
        tracing::warn!(uid = fetched.uid, error, "a mail cannot be read; it is put before a human");
        message.defects.push(Defect::Unreadable);
    }
    // What our configuration says of lists may change; how a mail is known again must not.
    let key = if fetched.bytes.is_empty() {
        place_key(&folder.to_string(), uid_validity, fetched.uid)
    } else {
        known_in(folder.role, mail_key(&policy.case_prefix, &message, &fetched.bytes))
    };
    let (judged, reading) = judge_in(message, folder.role, policy);
    ReadMail {
        uid: fetched.uid,
        arrived: fetched.arrived,
        size: fetched.size,
        keywords: fetched.keywords.clone(),
        claims: fetched.claims.clone(),
        key,
        ties: looked_up(&judged.message),
        verdict: judged.verdict,
        authentication: judged.authentication,
        reading,
        message: judged.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_over_which_reading_stumbles_is_read_without_its_text() {
        let mails = [b"good".as_slice(), b"bad"].map(|text| Fetched {
            uid: 7,
            bytes: text.to_vec(),
            ..Fetched::default()
        });
        let read = |mail: &Fetched| {
            assert_ne!(mail.bytes, b"bad");
            (mail.uid, mail.bytes.len(), mail.unreadable.is_some())
        };
        let told: Vec<_> = mails.iter().map(|mail| or_without(mail, read)).collect();
        assert_eq!(told, [(7, 4, false), (7, 0, true)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_mail_whose_reading_does_not_end_is_read_without_its_text_and_the_others_go_on() {
        let mails = [b"one".as_slice(), b"bad", b"two"].map(|text| Fetched {
            uid: 7,
            bytes: text.to_vec(),
            ..Fetched::default()
        });
        let (end, never) = std::sync::mpsc::channel::<()>();
        let never = Arc::new(Mutex::new(never));
        let read = move |mail: &Fetched| {
            if mail.bytes == b"bad" {
                let _ = never.lock().unwrap().recv();
            }
            Some((mail.bytes.len(), mail.unreadable.is_some()))
        };
        let stuck = Stuck::default();
        // Time goes on by itself only while no thread is at work.
        let (told, ()) = tokio::join!(in_time(mails.to_vec(), read, &stuck), async {
            while stuck.threads.lock().unwrap().is_empty() {
                tokio::time::advance(Duration::from_millis(1)).await;
            }
        });
        assert_eq!(told.unwrap(), [(3, false), (0, true), (3, false)]);
        assert!(!stuck.beyond_hope());
        assert!(stuck.hope().unwrap() + Duration::from_secs(1) > LONGEST_STUCK);
        tokio::time::advance(stuck.hope().unwrap()).await;
        assert!(stuck.beyond_hope());
        // It was only slow.
        drop(end);
        while stuck.beyond_hope() {
            tokio::task::yield_now().await;
        }
    }
}
