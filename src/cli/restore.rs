//! `watchpost restore`: a backup takes the place of the store.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::ask::stopped;
use super::failure::Failure;
use super::print;
use super::setup::{block_on, settings};
use super::verify::whole_backup;
use super::words::count;
use crate::config::settings::Settings;
use crate::desk::line::shown;
use crate::desk::record::Meta;
use crate::desk::table::{Record, Table};
use crate::io::store::{self, OpenError, Store};
use crate::io::unix::{self, MakesForAnother};
use crate::query;

/// Restores a backup. A store that knows more than the backup is not replaced.
pub(super) fn restore(config: &Path, dir: &Path) -> Result<(), Failure> {
    let settings = settings(config)?;
    let owned = Owned::by_owner_of(&settings)?;
    block_on(stopped(&settings))?;
    let whole = whole_backup(dir)?;
    let (rows, waiting) = (whole.rows.len(), in_table(&whole.rows, Table::Outbox).count());
    let meta = meta(&whole.rows)?;
    is_ours(&settings, &meta)?;
    let _made_for_them = owned.make_for_owner();
    knows_no_more(&settings, meta.last_seq)?;
    let all = whole.rows.into_iter().map(Ok);
    let restored = store::restore(&settings.store(), all, &whole.seal).map_err(Failure::of)?;
    let mut lines = vec![format!("the store is restored: {}", count(rows, "row", "rows"))];
    lines.extend(restored.before.map(|old| {
        let old = shown(&old.display().to_string());
        format!("the one that was there is kept in {old}; remove it when you like")
    }));
    if waiting > 0 {
        lines.push(format!(
            "{} in it: before one leaves, the mail server is asked whether it has left already",
            count(waiting, "letter waits", "letters wait")
        ));
    }
    print::lines(lines)
}

fn in_table(rows: &[Record], table: Table) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let rows = rows.iter().filter(move |(in_table, ..)| *in_table == table);
    rows.map(|(_, key, value)| (key.clone(), value.clone()))
}

fn meta(rows: &[Record]) -> Result<Meta, Failure> {
    let rows: Vec<_> = in_table(rows, Table::Meta).collect();
    Meta::read(&rows).map_err(Failure::of)
}

/// The letters that wait in the backup of another project would leave in the name of this one.
fn is_ours(settings: &Settings, backup: &Meta) -> Result<(), Failure> {
    let ours = settings.prefixes();
    let theirs: BTreeSet<&str> =
        backup.numbers.iter().map(|((prefix, _), _)| prefix.as_str()).collect();
    if theirs.is_empty() || theirs.iter().any(|prefix| ours.contains(prefix)) {
        return Ok(());
    }
    let listed = |prefixes: BTreeSet<&str>| prefixes.into_iter().collect::<Vec<_>>().join(", ");
    Err(Failure::of(format!(
        "the cases of the backup begin with {}, those of this configuration with {}: it is of another \
         project. If it is not, set case_prefix to what it was until the backup is restored",
        listed(theirs),
        listed(ours)
    )))
}

/// What a store knows that can be read is not thrown away by a command that may be a mistake.
fn knows_no_more(settings: &Settings, in_backup: u64) -> Result<(), Failure> {
    let folder = settings.store();
    if !folder.join("store").exists() {
        return Ok(());
    }
    let here = match Store::open(&folder) {
        Ok(store) => block_on(async {
            let rows = query::all(&store, Table::Meta, Vec::new()).await;
            store.close().await;
            let meta = rows.ok().and_then(|rows| Meta::read(&rows).ok());
            Ok(meta.map_or(0, |meta| meta.last_seq))
        })?,
        // That is what backups are for.
        Err(OpenError::Damaged { .. } | OpenError::Foreign(_)) => 0,
        Err(error) => return Err(Failure::of(error)),
    };
    if here <= in_backup {
        return Ok(());
    }
    let place = folder.display();
    Err(Failure::of(format!(
        "the store in {place} knows of {here} events, the backup of {in_backup}: the rest would be \
         forgotten. If that is meant, move {place} away first"
    )))
}

/// What a command makes in the folder of the store belongs to whoever the folder belongs to: files of
/// root would lock the daemon out.
pub(super) struct Owned {
    folder: PathBuf,
    /// None where that is us.
    owner: Option<(u32, u32)>,
}

impl Owned {
    /// An error where neither the owner nor root asks.
    pub(super) fn by_owner_of(settings: &Settings) -> Result<Owned, Failure> {
        let (folder, us) = (settings.store(), unix::user());
        let known =
            [&folder, &settings.state].into_iter().find_map(|path| std::fs::metadata(path).ok());
        let owner = known.map(|metadata| (metadata.uid(), metadata.gid()));
        let owner = owner.filter(|(user, _)| *user != us);
        match owner {
            Some((user, _)) if us != 0 => Err(Failure::of(format!(
                "{} belongs to another user; run this as root, or as that user: \
                 sudo -u '#{user}' watchpost …",
                settings.state.display()
            ))),
            owner => Ok(Owned { folder, owner }),
        }
    }

    /// From now on it belongs to them from its first moment: a command can be killed. Where the system does
    /// not let us, it is given to them in the end.
    pub(super) fn make_for_owner(&self) -> Option<MakesForAnother> {
        unix::make_for(self.owner?).ok()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // A folder that is not there needs no owner; the daemon tells of one that it may not use.
        let given = self.owner.map(|owner| unix::give(&self.folder, owner));
        let _ = given.transpose();
    }
}
