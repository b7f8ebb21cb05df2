//! `watchpost rotate-key`: new ids and addresses are made with a new key; old ones stay known.

use std::path::Path;

use super::ask::{may_open, stopped};
use super::failure::Failure;
use super::print;
use super::setup::{block_on, settings};
use crate::desk::record::{self, Meta};
use crate::desk::table::Table;
use crate::io::store::Store;
use crate::io::{random, unix};
use crate::query;

/// Makes a key. No daemon may run meanwhile: it would go on with the old one.
pub(super) fn rotate(config: &Path) -> Result<(), Failure> {
    let settings = settings(config)?;
    let folder = settings.store();
    let _made_for_them = may_open(&folder, unix::user())?;
    let keys = block_on(async {
        stopped(&settings).await?;
        let store = Store::open(&folder).map_err(Failure::of)?;
        let rows = query::all(&store, Table::Meta, Vec::new()).await.map_err(Failure::of)?;
        let number = Meta::read(&rows).map_err(Failure::of)?.keys.len() + 1;
        let key = random::key().map_err(Failure::of)?;
        let row = record::secret_key(u32::try_from(number).unwrap_or(u32::MAX), &key);
        store.commit(vec![row]).await.map_err(Failure::of)?;
        store.close().await;
        Ok::<_, Failure>(number)
    })?;
    let known = if keys == 2 { "the one before it is" } else { "those before it are" };
    print::lines([format!("key {keys} is made; {known} still recognised")])
}
