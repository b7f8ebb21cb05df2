//! What the loop asks of a folder's task: taken at any time, done when the connection is free.

use tokio::sync::mpsc;

use super::again::Reread;
use super::claiming::Claims;
use super::filing::{Sheet, Sheets};
use super::looking::Looks;
use super::marks::Marks;
use super::talk::ToFolder;

/// Errands that nobody has done yet.
#[derive(Debug, Default)]
pub(super) struct Errands {
    pub claims: Claims,
    pub marks: Marks,
    pub sheets: Sheets,
    pub looks: Looks,
    pub again: Reread,
}

impl Errands {
    /// Takes errands over until the loop's end of the channel is gone, so that the loop never waits
    /// for a slow server.
    pub(super) async fn collect(&self, mut told: mpsc::Receiver<ToFolder>) {
        while let Some(errand) = told.recv().await {
            match errand {
                ToFolder::Mark { uids, uid_validity, keyword } => {
                    self.marks.add(uid_validity, keyword, uids);
                }
                ToFolder::Claim { errand, uids, uid_validity, own } => {
                    self.claims.add(own, errand, uid_validity, uids);
                }
                ToFolder::Look { letter, trace } => self.looks.add(letter, trace),
                ToFolder::File { letter, message_id, bytes } => {
                    self.sheets.add(Sheet { letter, message_id, bytes });
                }
                ToFolder::ReadAgain { answered } => self.again.add(answered),
            }
        }
    }

    /// Waits until one comes.
    pub(super) async fn come(&self) {
        tokio::select! {
            () = self.claims.come() => {}
            () = self.marks.come() => {}
            () = self.sheets.come() => {}
            () = self.looks.come() => {}
            () = self.again.come() => {}
        }
    }
}
