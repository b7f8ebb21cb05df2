//! `watchpost rebuild`: a lost store is made anew from what the mail server knows.

use std::collections::BTreeSet;
use std::path::Path;

use super::ask::stopped;
use super::failure::Failure;
use super::print;
use super::restore::Owned;
use super::setup::{block_on, settings};
use super::words::count;
use crate::config::settings::{Inbox, Settings};
use crate::desk::folder::{Cursor, Folder, Role};
use crate::desk::ids::CaseId;
use crate::desk::progress::Progress;
use crate::desk::record::{self, Meta};
use crate::desk::table::{Table, Write};
use crate::desk::time::Moment;
use crate::io::imap::{Marked, marked};
use crate::io::store::Store;
use crate::io::{random, secret, wall};
use crate::query;

/// Makes a store in which the next start reads again what carries our keywords.
pub(super) fn rebuild(config: &Path, days: u32, after: &[CaseId]) -> Result<(), Failure> {
    let settings = settings(config)?;
    after.iter().try_for_each(|case| is_of(&settings, case))?;
    let owned = Owned::by_owner_of(&settings)?;
    let now = wall::now();
    // Mail servers know no days before there was mail.
    let since = Moment::from_unix((now.unix() - i64::from(days) * 24 * 3600).max(0));
    let lines = block_on(async {
        stopped(&settings).await?;
        let found = look(&settings, since).await?;
        let mails: usize = inboxes(&found).map(|(_, marked)| marked.mails).sum();
        if mails == 0 {
            return Err(Failure::of(format!(
                "no mail of the last {} carries a keyword of Watchpost: there is nothing to rebuild; \
                 start the daemon as for the first time",
                count(days as usize, "day", "days")
            )));
        }
        let mut writes = vec![record::secret_key(1, &random::key().map_err(Failure::of)?)];
        // Of two numbers with one prefix the later write counts, which is the higher one.
        let after: BTreeSet<&CaseId> = after.iter().collect();
        writes.extend(after.into_iter().map(record::number));
        for (folder, marked) in &found {
            if let Ok(marked) = marked {
                writes.push(record::progress(folder, &progress(marked, now, since)));
            }
        }
        let made_for_them = owned.make_for_owner();
        make(&settings, writes).await?;
        drop(made_for_them);
        let mut lines: Vec<String> = found.iter().map(told).collect();
        lines.push(
            "the store is made; at its next start the daemon opens the cases again, and answers \
             nothing that carries a keyword"
                .to_owned(),
        );
        Ok(lines)
    })?;
    print::lines(lines)
}

/// A number with a prefix that no case gets would be of no use, and nobody would be told.
fn is_of(settings: &Settings, case: &CaseId) -> Result<(), Failure> {
    let prefixes = settings.prefixes();
    if prefixes.contains(&*case.prefix) {
        return Ok(());
    }
    let ours = prefixes.into_iter().collect::<Vec<_>>().join(", ");
    Err(Failure::of(format!("--after {case}: the cases of this configuration begin with {ours}")))
}

type Found = Vec<(Folder, Result<Marked, String>)>;

async fn look(settings: &Settings, since: Moment) -> Result<Found, Failure> {
    let mut found = Vec::new();
    for Inbox { policy, imap, .. } in &settings.inboxes {
        let password = secret::reader(&imap.password);
        let folders = marked(imap, &password, &policy.inbox, since).await;
        found.extend(folders.map_err(|e| Failure::of(format!("{}: {e}", policy.inbox)))?);
    }
    Ok(found)
}

fn inboxes(found: &Found) -> impl Iterator<Item = (&Folder, &Marked)> {
    let known = found.iter().filter_map(|(folder, marked)| Some((folder, marked.as_ref().ok()?)));
    known.filter(|(folder, _)| folder.role == Role::Inbox)
}

/// What has no keyword and came before the last mail that has one was none of ours, or was there
/// before us; what came after it is new.
fn progress(marked: &Marked, now: Moment, since: Moment) -> Progress {
    let first = marked.first.min(marked.last.saturating_add(1));
    Progress {
        cursor: Cursor::at(marked.uid_validity, first.saturating_sub(1)),
        since: now,
        renumbered_up_to: marked.last,
        marked_since: Some(since),
        set_back: None,
    }
}

/// A store that knows something is not written over.
async fn make(settings: &Settings, writes: Vec<Write>) -> Result<(), Failure> {
    let folder = settings.store();
    let store = Store::open(&folder).map_err(Failure::of)?;
    let rows = query::all(&store, Table::Meta, Vec::new()).await.map_err(Failure::of)?;
    let knows = Meta::read(&rows).map_err(Failure::of)?.last_seq > 0;
    let done = if knows { Ok(()) } else { store.commit(writes).await.map_err(Failure::of) };
    store.close().await;
    if knows {
        let place = folder.display();
        return Err(Failure::of(format!(
            "there is a store in {place} already; if it is of no use, move it away first"
        )));
    }
    done
}

fn told((folder, marked): &(Folder, Result<Marked, String>)) -> String {
    match (marked, folder.role) {
        (Err(why), _) => format!("{folder}: {why}"),
        (Ok(marked), Role::Sent) => {
            format!("{folder}: {} to look for answers in", count(marked.mails, "mail", "mails"))
        }
        (Ok(marked), _) => {
            format!("{folder}: {} with a keyword", count(marked.mails, "mail", "mails"))
        }
    }
}

/// So many days are looked back where nobody says how many.
pub(super) const DAYS: u32 = 90;
