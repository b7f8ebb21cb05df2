//! What is known of each watched folder, and what is made of its news.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::oneshot;

use super::afterwards::Afterwards;
use super::draft::{Draft, DraftError, find};
use super::reading::{Batch, News, ReadHeader, ReadMail};
use crate::desk::Input;
use crate::desk::alarm::Unread;
use crate::desk::claim::{Identity, witness};
use crate::desk::event::MailRef;
use crate::desk::folder::{Cursor, Folder, Keyword, Role, Seen};
use crate::desk::intake::Incoming;
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;
use crate::desk::outbox::Outcome;
use crate::desk::progress::{Opened, Progress};
use crate::desk::record;
use crate::desk::table::Table;
use crate::desk::time::{Moment, Span};
use crate::desk::wording::Wording;
use crate::io::imap::Filed;
use crate::io::store::Store;
use crate::query::{self, LoadError};

/// The watched folders.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// How far each was read: what the store says, kept at hand.
    progress: BTreeMap<Folder, Progress>,
    /// Those of which a batch was dropped: until they are selected again, and told where to read
    /// on, nothing more is taken from them.
    gaps: BTreeSet<Folder>,
    /// Those that have not said anything yet.
    silent: BTreeSet<Folder>,
    /// Those that cannot be watched now: since when, and why.
    troubled: BTreeMap<Folder, (Moment, String)>,
    /// Those that are not there, which is no trouble.
    resting: BTreeSet<Folder>,
    /// Those whose known mails may lack a keyword, since a connection broke.
    unmarked: BTreeSet<Folder>,
    /// Those that are being read, since when: an answer that kept a promise may be among what comes.
    behind: BTreeMap<Folder, Moment>,
    /// Folders for sent mail that wait until the cases are known whose answers lie in them.
    parked: Vec<Parked>,
}

/// A folder that has been opened and is not read yet.
#[derive(Debug)]
struct Parked {
    folder: Folder,
    opened: Opened,
    reply: oneshot::Sender<Cursor>,
}

/// A backlog that takes longer than this to read puts off no longer what is due.
const LONGEST_BEHIND: Span = Span::minutes(2);
/// A rebuild that does not come to an end holds nothing up for longer than this.
const LONGEST_REBUILD: Span = Span::hours(1);

impl Folders {
    /// What the store knows of these folders.
    pub(super) async fn of(
        store: &Store,
        folders: impl Iterator<Item = &Folder>,
        now: Moment,
    ) -> Result<Folders, LoadError> {
        let silent: BTreeSet<Folder> = folders.cloned().collect();
        let behind = silent.iter().map(|folder| (folder.clone(), now)).collect();
        let progress = read_progress(store).await?;
        Ok(Folders { progress, silent, behind, ..Folders::default() })
    }

    /// Reads anew from the store how far each folder was read.
    pub(super) async fn reload(&mut self, store: &Store) -> Result<(), LoadError> {
        self.progress = read_progress(store).await?;
        Ok(())
    }

    /// Takes in how far folders were read, now that it is on the disk.
    pub(super) fn advance(&mut self, progress: &mut BTreeMap<Folder, Progress>) {
        self.progress.append(progress);
    }

    /// Mails of these folders were dropped. What follows there would leave a gap behind the cursor.
    pub(super) fn dropped(&mut self, folders: Vec<Folder>) {
        self.gaps.extend(folders);
    }

    /// Whether every folder has said how it is.
    pub(super) fn all_heard(&self) -> bool {
        self.silent.is_empty()
    }

    /// Whether what came while nobody looked is still being read: what is due is told afterwards.
    pub(super) fn are_behind(&self, now: Moment) -> bool {
        self.behind.values().any(|since| now < *since + LONGEST_BEHIND)
    }

    /// When what is due is told although some folders are still being read.
    pub(super) fn next_wakeup(&self, now: Moment) -> Option<Moment> {
        let behind = self.behind.values().map(|since| *since + LONGEST_BEHIND);
        let rebuilding = self.progress.values().filter(|progress| progress.is_rebuilding());
        let rebuilt = rebuilding.map(|progress| progress.since + LONGEST_REBUILD);
        behind.chain(rebuilt).filter(|at| *at > now).min()
    }

    /// How many are not watched now.
    pub(super) fn unwatched(&self) -> usize {
        self.troubled.len() + self.silent.len()
    }

    /// The inboxes of which a folder cannot be read, by what was last heard; one of which nothing was
    /// heard yet has been silent since `start`.
    pub(super) fn unread(&self, start: Moment) -> BTreeMap<String, Unread> {
        let silent = || (start, "nothing was heard of the server yet".to_owned());
        let silent = self.silent.iter().map(|folder| (folder, silent()));
        let troubled = self.troubled.iter().map(|(folder, trouble)| (folder, trouble.clone()));
        let mut unread: BTreeMap<String, Unread> = BTreeMap::new();
        for (folder, (since, why)) in troubled.chain(silent) {
            let fresh = || Unread { since, folders: Vec::new(), why };
            let one = unread.entry(folder.inbox.clone()).or_insert_with(fresh);
            one.since = one.since.min(since);
            one.folders.push(folder.name.clone());
        }
        unread
    }

    /// How many are not there, or read as another folder.
    pub(super) fn resting(&self) -> usize {
        self.resting.len()
    }

    /// Whether the number of a mail is still its own, as far as is known: what is said of another mail,
    /// or to it, is about no letter of ours.
    pub(super) fn still_number(&self, mail: &MailRef) -> bool {
        let progress = self.progress.get(&mail.folder);
        progress.is_none_or(|known| known.holds(mail.uid_validity, mail.arrived))
    }

    /// Takes one piece of news into the draft; what is to be done afterwards is noted there.
    pub(super) async fn take(
        &mut self,
        draft: &mut Draft,
        store: &Store,
        wording: &Wording,
        item: News,
        afterwards: &mut Afterwards,
    ) -> Result<(), DraftError> {
        match item {
            News::Selected { folder, opened, reply } => {
                self.silent.remove(&folder);
                self.resting.remove(&folder);
                self.gaps.remove(&folder);
                self.unmarked.insert(folder.clone());
                self.behind.entry(folder.clone()).or_insert(draft.now());
                afterwards.opened.push(folder.clone());
                let waiting = Parked { folder, opened, reply };
                if waiting.folder.role == Role::Sent
                    && self.is_rebuilding(draft.now(), Some(&waiting.folder.inbox), afterwards)
                {
                    self.parked.retain(|one| one.folder != waiting.folder);
                    self.parked.push(waiting);
                } else {
                    self.begin(draft, wording, waiting, afterwards);
                }
            }
            News::Headers { folder, mails, reply } => {
                let uids = wanted(draft, store, &folder, &mails).await?;
                afterwards.wanted.push((reply, uids));
            }
            // Dropped, and read again after the reconnect that follows.
            News::Mails(batch) if self.gaps.contains(&batch.folder) => {}
            News::Mails(batch) => {
                self.troubled.remove(&batch.folder);
                self.mails(draft, store, wording, batch, afterwards).await?;
            }
            News::Lost { folder } => {
                self.gaps.insert(folder);
            }
            News::Trouble { folder, error } => {
                tracing::warn!(%folder, error, "this folder cannot be watched now");
                self.silent.remove(&folder);
                self.resting.remove(&folder);
                self.behind.remove(&folder);
                let since = self.troubled.get(&folder).map_or(draft.now(), |(since, _)| *since);
                self.troubled.insert(folder, (since, error));
            }
            News::Resting { folder, why } => {
                self.silent.remove(&folder);
                self.troubled.remove(&folder);
                self.behind.remove(&folder);
                if self.resting.insert(folder.clone()) {
                    tracing::info!(%folder, why, "this folder is not watched");
                }
                afterwards.absent.push(folder);
            }
            News::Filed { folder, letter, how } => match how {
                Filed::Stored | Filed::WasThere => {
                    let by_itself = how == Filed::WasThere;
                    draft.take(wording, &Input::Kept { letter, by_itself });
                }
                Filed::Refused(why) => {
                    tracing::warn!(%folder, %letter, why, "a letter is not kept with the sent mail");
                    afterwards.not_kept.push(letter);
                }
            },
            News::Looked { folder, letters } => {
                for (letter, found) in letters {
                    traced(draft, wording, &folder, &letter, found);
                    afterwards.looked.push((folder.clone(), letter, found));
                }
            }
            // It is about letters, and was heard before.
            News::Claimed { .. } => {}
            News::Watching { folder } => {
                self.behind.remove(&folder);
                if self.troubled.remove(&folder).is_some() || self.unmarked.contains(&folder) {
                    tracing::info!(%folder, "watching");
                }
                if self.unmarked.remove(&folder) {
                    afterwards.mark_known(draft.desk(), &folder, |mail| self.still_number(mail));
                    // Whichever of the two was read first.
                    if folder.role != Role::Junk {
                        afterwards.look_for_known(draft.desk(), &folder, draft.now());
                    }
                }
            }
        }
        for waiting in std::mem::take(&mut self.parked) {
            if self.is_rebuilding(draft.now(), Some(&waiting.folder.inbox), afterwards) {
                self.parked.push(waiting);
            } else {
                self.begin(draft, wording, waiting, afterwards);
            }
        }
        Ok(())
    }

    fn begin(
        &self,
        draft: &mut Draft,
        wording: &Wording,
        waiting: Parked,
        afterwards: &mut Afterwards,
    ) {
        let Parked { folder, opened, reply } = waiting;
        let cursor = self.selected(draft, wording, &folder, opened, afterwards);
        afterwards.cursors.push((reply, cursor));
    }

    /// Whether cases that a lost store knew are still being opened again, from the folders of an
    /// inbox; or, without one, whether answers to any of them are still being looked for: until
    /// then nobody is told what time brought.
    pub(super) fn is_rebuilding(
        &self,
        now: Moment,
        inbox: Option<&str>,
        afterwards: &Afterwards,
    ) -> bool {
        let progress = |(folder, known)| (folder, afterwards.progress.get(folder).unwrap_or(known));
        self.progress.iter().map(progress).any(|(folder, progress)| {
            let asked = inbox.is_none_or(|name| folder.inbox == name && folder.role == Role::Inbox);
            asked && progress.is_rebuilding() && now < progress.since + LONGEST_REBUILD
        })
    }

    /// Where to read on.
    fn selected(
        &self,
        draft: &mut Draft,
        wording: &Wording,
        folder: &Folder,
        opened: Opened,
        afterwards: &mut Afterwards,
    ) -> Cursor {
        let known = afterwards.progress.get(folder).or(self.progress.get(folder));
        let progress = match known {
            None => Progress::begin(opened, draft.now()),
            Some(known) => match known.anew(opened, draft.now()) {
                None => return known.cursor,
                Some(anew) => anew,
            },
        };
        let (uid_validity, last_old_uid) = (opened.uid_validity, opened.uid_next.saturating_sub(1));
        tracing::info!(%folder, last_old_uid, "this folder begins here: older mail is left alone");
        let input = Input::Folder { folder: folder.clone(), uid_validity, last_old_uid };
        draft.take(wording, &input);
        draft.progress(folder, &progress);
        afterwards.progress.insert(folder.clone(), progress);
        progress.cursor
    }

    async fn mails(
        &self,
        draft: &mut Draft,
        store: &Store,
        wording: &Wording,
        batch: Batch,
        afterwards: &mut Afterwards,
    ) -> Result<(), DraftError> {
        let known = afterwards.progress.get(&batch.folder).or(self.progress.get(&batch.folder));
        let Some(mut progress) = known.copied() else { return Ok(()) };
        if progress.cursor.uid_validity != batch.uid_validity {
            // Fetched before the UIDs were made anew; the folder is read again.
            return Ok(());
        }
        let keys = batch.mails.iter().map(|mail| mail.key);
        let ties = batch.mails.iter().flat_map(|mail| &mail.ties);
        let mut found = find(store, draft.desk(), keys, ties).await?;
        draft.recall(std::mem::take(&mut found.closed));
        let mut recorded = Vec::new();
        progress.cursor.seen = last_seen(&batch, progress.cursor.seen);
        for mail in batch.mails {
            if is_old(&mail, &batch.folder, &progress) {
                continue;
            }
            let (uid, key, ties) = (mail.uid, mail.key, mail.ties.clone());
            // What a store knew that was lost may have been claimed by it.
            let own = draft.desk().keys().identity();
            let other = mail.claims.iter().copied().find(|one| *one != own);
            let claimed_by = other.filter(|_| uid > progress.renumbered_up_to);
            let place = (&batch.folder, batch.uid_validity);
            let incoming = incoming(mail, place, claimed_by, draft.now());
            if came_late(&incoming, draft.now()) {
                afterwards.look_for_answers(&incoming.mail);
            }
            if draft.take_mail(wording, key, &ties, &found, incoming)? {
                recorded.push(uid);
            }
        }
        progress.cursor.last_uid = progress.cursor.last_uid.max(batch.upto);
        draft.progress(&batch.folder, &progress);
        afterwards.mark(&batch.folder, batch.uid_validity, Keyword::Seen, recorded);
        afterwards.progress.insert(batch.folder, progress);
        afterwards.durable.push(batch.durable);
        Ok(())
    }
}

/// Answers from before are read once more among those that are new, and have lower UIDs.
fn last_seen(batch: &Batch, before: Option<Seen>) -> Option<Seen> {
    let read = batch.mails.iter().filter(|mail| mail.uid <= batch.upto);
    let seen = read.filter_map(|mail| Some(Seen { uid: mail.uid, arrived: mail.arrived? }));
    seen.chain(before).max_by_key(|seen| seen.uid)
}

/// A mail that is read so much later than it came may have been answered before.
const READ_LATE: Span = Span::minutes(1);
/// So may one that came so much later than it was written.
const CAME_LATE: Span = Span::minutes(5);

/// Whether somebody may have answered a mail before it is read here.
fn came_late(incoming: &Incoming, now: Moment) -> bool {
    let Incoming { mail, message, .. } = incoming;
    let written = message.date.unwrap_or(mail.arrived);
    mail.folder.role != Role::Sent
        && (now.since(mail.arrived) > READ_LATE || mail.arrived.since(written) > CAME_LATE)
}

/// A letter whose trace was found left before, whatever the store knows. One that lies among the sent
/// mail is kept there already.
fn traced(draft: &mut Draft, wording: &Wording, folder: &Folder, letter: &LetterId, found: bool) {
    if !found {
        return;
    }
    tracing::info!(%folder, %letter, "this letter left before: it is not sent again");
    let (reply, kept) = match folder.role {
        Role::Sent => ("it lies among the sent mail", true),
        _ => ("its mail is marked as answered", false),
    };
    let (letter, outcome) = (letter.clone(), Outcome::Accepted(reply.to_owned()));
    draft.take(wording, &Input::Delivery { letter: letter.clone(), outcome });
    if kept {
        draft.take(wording, &Input::Kept { letter, by_itself: true });
    }
}

/// Which mails of a folder are read whole, of those whose headers are known.
async fn wanted(
    draft: &Draft,
    store: &Store,
    folder: &Folder,
    mails: &[ReadHeader],
) -> Result<Vec<u32>, DraftError> {
    let ties = mails.iter().flat_map(|mail| &mail.ties);
    let found = find(store, draft.desk(), std::iter::empty(), ties).await?;
    let mut wanted = Wanted::default();
    for mail in mails {
        let tied = !draft.tied(&mail.ties, &found)?.is_empty();
        let ours = mail.unread || tied || draft.desk().wants(draft.now(), folder, &mail.message);
        wanted.look_at(mail, ours);
    }
    Ok(wanted.uids)
}

/// Which mails of a folder are for us. A mail that answers one of them is too, although no case
/// knows that one yet.
#[derive(Default)]
struct Wanted {
    uids: Vec<u32>,
    ids: BTreeSet<MessageId>,
}

impl Wanted {
    fn look_at(&mut self, mail: &ReadHeader, ours: bool) {
        let message = &mail.message;
        let mut named = message.in_reply_to.iter().chain(&message.references);
        if ours || named.any(|id| self.ids.contains(id)) {
            self.uids.push(mail.uid);
            self.ids.extend(message.ids.iter().cloned());
        }
    }
}

async fn read_progress(store: &Store) -> Result<BTreeMap<Folder, Progress>, LoadError> {
    let mut progress = BTreeMap::new();
    for (key, value) in query::all(store, Table::Cursors, Vec::new()).await? {
        if let Some(folder) = record::read_folder_key(&key) {
            progress.insert(folder, record::read("a folder's progress", &value)?);
        }
    }
    Ok(progress)
}

/// After UIDs were made anew: whether the mail was there before we first looked. What the servers
/// wrote down counts, the earlier of the two, since moving a mailbox may renew INTERNALDATE.
///
/// After a store was lost: whether the earlier life knew nothing of it, or it is of no interest any
/// more. Sent mail may hold answers.
fn is_old(mail: &ReadMail, folder: &Folder, progress: &Progress) -> bool {
    let arrived = [mail.arrived, mail.message.received].into_iter().flatten().min();
    let before = |since| arrived.is_none_or(|moment| moment < since);
    let unknown = folder.role == Role::Inbox && mail.keywords.is_empty();
    mail.uid <= progress.renumbered_up_to
        && progress.marked_since.map_or_else(|| before(progress.since), |s| unknown || before(s))
}

fn incoming(
    mail: ReadMail,
    (folder, uid_validity): (&Folder, u32),
    claimed_by: Option<Identity>,
    now: Moment,
) -> Incoming {
    Incoming {
        mail: MailRef {
            folder: folder.clone(),
            uid_validity,
            uid: mail.uid,
            message_id: mail.message.ids.first().cloned(),
            arrived: mail.arrived.unwrap_or(now),
            size: mail.size,
        },
        message: mail.message,
        verdict: mail.verdict,
        authentication: mail.authentication,
        witness: witness(&mail.keywords, claimed_by),
        claimed_by,
        reading: mail.reading,
        recorded: false,
        tied: Vec::new(),
    }
}
