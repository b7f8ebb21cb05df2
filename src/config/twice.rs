//! What two inboxes cannot share: the same mail must never be answered by both.

use std::collections::{BTreeMap, BTreeSet};

use super::error::shown;
use super::reader::Table;
use super::settings::Imap;
use crate::desk::address::Address;

/// What the inboxes above have taken, and the line where.
#[derive(Default)]
pub(super) struct Taken {
    names: BTreeSet<String>,
    recipients: BTreeMap<Address, usize>,
    folders: BTreeMap<(String, String, String), usize>,
}

impl Taken {
    /// Notes a name that an inbox above has already.
    pub(super) fn name(&mut self, inbox: &Table<'_>, name: &str) {
        if !self.names.insert(name.to_owned()) {
            inbox.refuse::<()>(
                "name",
                format_args!("an inbox above is called \"{name}\"; write another name here"),
            );
        }
    }

    /// Notes each recipient that an inbox above has already.
    pub(super) fn recipients(&mut self, inbox: &Table<'_>, recipients: &[Address]) {
        for address in recipients {
            if let Some(line) = self.recipients.insert(address.without_tag(), inbox.line()) {
                inbox.refuse::<()>(
                    "recipients",
                    format_args!(
                        "{address} is a recipient of the inbox in line {line}; \
                         in both, each mail to it would be answered twice"
                    ),
                );
            }
        }
    }

    /// Notes each watched folder that an inbox above watches already.
    pub(super) fn folders(&mut self, inbox: &Table<'_>, imap: &Imap) {
        for folder in &imap.folders {
            let place = (imap.server.host.clone(), imap.user.clone(), folder.clone());
            if let Some(line) = self.folders.insert(place, inbox.line()) {
                inbox.refuse::<()>(
                    "imap",
                    format_args!(
                        "the inbox in line {line} watches the folder \"{}\" of this account; \
                         write another user or other folders here",
                        shown(folder)
                    ),
                );
            }
        }
    }
}
