//! What is done once a draft is on the disk, and never before.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::oneshot;

use super::edges::Edges;
use crate::desk::Desk;
use crate::desk::case::Case;
use crate::desk::event::MailRef;
use crate::desk::folder::{Cursor, Folder, Keyword, Role};
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;
use crate::desk::progress::Progress;
use crate::desk::time::{Moment, Span};
use crate::io::imap::ToFolder;

/// Answers to folders, and keywords for mails. Dropping it tells the folders that nothing became
/// durable; they read again.
#[derive(Default)]
pub(super) struct Afterwards {
    pub(super) cursors: Vec<(oneshot::Sender<Cursor>, Cursor)>,
    pub(super) wanted: Vec<(oneshot::Sender<Vec<u32>>, Vec<u32>)>,
    pub(super) durable: Vec<oneshot::Sender<()>>,
    pub(super) progress: BTreeMap<Folder, Progress>,
    /// Folders whose tasks have a new connection.
    pub(super) opened: Vec<Folder>,
    /// Letters that the folder for sent mail does not take.
    pub(super) not_kept: Vec<LetterId>,
    /// Reports, with their inboxes, that somebody may have answered before they came.
    looks: BTreeSet<(String, MessageId)>,
    /// What was found out about letters that may have left, and by which folder.
    pub(super) looked: Vec<(Folder, LetterId, bool)>,
    /// Folders that are not there.
    pub(super) absent: Vec<Folder>,
    marks: BTreeMap<(Folder, u32, Keyword), Vec<u32>>,
}

/// So many cases at most are looked after again when a folder is opened.
const MOST_LOOKED_AFTER: usize = 64;

/// A keyword that a crash kept from being written is written at the next start, if the case is not
/// older than this; a store that is lost later than that is rebuilt by hand.
const MARKED_AGAIN: Span = Span::hours(7 * 24);

impl Afterwards {
    pub(super) fn mark(
        &mut self,
        folder: &Folder,
        uid_validity: u32,
        keyword: Keyword,
        uids: impl IntoIterator<Item = u32>,
    ) {
        let mut uids = uids.into_iter().peekable();
        if uids.peek().is_some() {
            self.marks.entry((folder.clone(), uid_validity, keyword)).or_default().extend(uids);
        }
    }

    /// Marks the younger cases of a folder again, in case a crash came between the disk and the
    /// mail server. Those whose mail may have lost its number are left.
    pub(super) fn mark_known(
        &mut self,
        desk: &Desk,
        folder: &Folder,
        numbered: impl Fn(&MailRef) -> bool,
    ) {
        let mails = desk.books().cases().map(|case| (case.mail(), case.acknowledged));
        let here = mails.filter(|(mail, _)| mail.folder == *folder && numbered(mail));
        let here: Vec<_> = here.collect();
        let Some(newest) = here.iter().map(|(mail, _)| mail.arrived).max() else { return };
        let young = here.into_iter().filter(|(mail, _)| mail.arrived + MARKED_AGAIN >= newest);
        for (mail, acknowledged) in young {
            self.mark(folder, mail.uid_validity, Keyword::Seen, [mail.uid]);
            if acknowledged.is_some() {
                self.mark(folder, mail.uid_validity, Keyword::Acked, [mail.uid]);
            }
        }
    }

    /// A report that came late: its answers may lie among the sent mail already.
    pub(super) fn look_for_answers(&mut self, mail: &MailRef) {
        let id = mail.message_id.clone();
        self.looks.extend(id.map(|id| (mail.folder.inbox.clone(), id)));
    }

    /// The same for the younger cases that nobody has answered, once the sent mail can be read: it may
    /// have been read before the reports were.
    pub(super) fn look_for_known(&mut self, desk: &Desk, folder: &Folder, now: Moment) {
        let unanswered = desk.books().cases().filter(|case| {
            let mail = case.mail();
            let owed = case.answered.is_none() && case.closed.is_none();
            owed && mail.folder.inbox == folder.inbox && mail.arrived + MARKED_AGAIN >= now
        });
        let mut mails: Vec<&MailRef> = unanswered.map(Case::mail).collect();
        mails.sort_by_key(|mail| std::cmp::Reverse(mail.arrived));
        for mail in mails.into_iter().take(MOST_LOOKED_AFTER) {
            self.look_for_answers(mail);
        }
    }

    /// Tells everybody.
    pub(super) fn tell(self, edges: &Edges) {
        // A folder that is gone meanwhile asks again after its reconnect.
        for (reply, cursor) in self.cursors {
            let _ = reply.send(cursor);
        }
        for (reply, uids) in self.wanted {
            let _ = reply.send(uids);
        }
        for reply in self.durable {
            let _ = reply.send(());
        }
        for (inbox, answered) in self.looks {
            let sent = edges.folders().find(|one| one.inbox == inbox && one.role == Role::Sent);
            if let Some(folder) = sent
                && !edges.tell(folder, ToFolder::ReadAgain { answered })
            {
                tracing::debug!(%folder, "answers are looked for at the next connection");
            }
        }
        for ((folder, uid_validity, keyword), mut uids) in self.marks {
            uids.sort_unstable();
            uids.dedup();
            edges.mark(&folder, ToFolder::Mark { uids, uid_validity, keyword });
        }
    }
}
