//! What is done once a draft is on the disk, and never before.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::edges::Edges;
use crate::desk::Desk;
use crate::desk::folder::{Cursor, Folder, Keyword};
use crate::desk::letter::LetterId;
use crate::desk::record::Progress;
use crate::desk::time::Span;
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
    /// What was found out about letters that may have left, and by which folder.
    pub(super) looked: Vec<(Folder, LetterId, bool)>,
    /// Folders that are not there.
    pub(super) absent: Vec<Folder>,
    marks: BTreeMap<(Folder, u32, Keyword), Vec<u32>>,
}

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
    /// mail server.
    pub(super) fn mark_known(&mut self, desk: &Desk, folder: &Folder) {
        let mails = desk.books().cases().map(|case| (case.mail(), case.acknowledged));
        let here: Vec<_> = mails.filter(|(mail, _)| mail.folder == *folder).collect();
        let Some(newest) = here.iter().map(|(mail, _)| mail.arrived).max() else { return };
        let young = here.into_iter().filter(|(mail, _)| mail.arrived + MARKED_AGAIN >= newest);
        for (mail, acknowledged) in young {
            self.mark(folder, mail.uid_validity, Keyword::Seen, [mail.uid]);
            if acknowledged.is_some() {
                self.mark(folder, mail.uid_validity, Keyword::Acked, [mail.uid]);
            }
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
        for ((folder, uid_validity, keyword), mut uids) in self.marks {
            uids.sort_unstable();
            uids.dedup();
            edges.mark(&folder, ToFolder::Mark { uids, uid_validity, keyword });
        }
    }
}
