//! A copy of the whole store, page by page: from the running daemon, or from the store itself.

use super::ask::{ask_daemon, open_tables};
use super::failure::Failure;
use crate::config::settings::Settings;
use crate::io::control::Request;
use crate::io::store::Store;
use crate::query::{self, PageHead};

/// Where the pages come from.
pub(super) struct Pages<'a> {
    settings: &'a Settings,
    /// None where a daemon runs.
    store: Option<Store>,
    /// The copy that was begun, unless all of it has come.
    more_of: Option<u64>,
    over: bool,
}

impl<'a> Pages<'a> {
    pub(super) async fn open(settings: &'a Settings) -> Result<Pages<'a>, Failure> {
        let asked = ask_daemon(settings, &Request::Cases).await?;
        let store = if asked.is_some() { None } else { Some(open_tables(settings)?) };
        Ok(Pages { settings, store, more_of: None, over: false })
    }

    /// The next page: its head, and its rows as lines.
    pub(super) async fn next(&mut self) -> Result<Option<(PageHead, Vec<String>)>, Failure> {
        if self.over {
            return Ok(None);
        }
        let mut lines = match &self.store {
            Some(store) => query::copy(store, self.more_of).await.map_err(Failure::of)?,
            None => {
                let request = Request::Copy { more_of: self.more_of };
                let stopped = || Failure::of("the daemon stopped meanwhile; say it again");
                ask_daemon(self.settings, &request).await?.ok_or_else(stopped)?
            }
        };
        let other = || Failure::of("the daemon that runs is of another version; restart it");
        if lines.is_empty() {
            return Err(other());
        }
        let head: PageHead = serde_json::from_str(&lines.remove(0)).map_err(|_| other())?;
        (self.more_of, self.over) = (Some(head.copy), head.last);
        Ok(Some((head, lines)))
    }

    /// Lets the store go.
    pub(super) async fn close(self) {
        if let Some(store) = self.store {
            store.close().await;
        }
    }
}
