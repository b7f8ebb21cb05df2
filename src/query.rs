//! Answers to an operator, the same from a running daemon and from a store that nobody runs.

use crate::desk::Desk;
use crate::desk::books::Past;
use crate::desk::case::Case;
use crate::desk::event::Event;
use crate::desk::ids::CaseId;
use crate::desk::keys::Keys;
use crate::desk::letter::LetterId;
use crate::desk::record::{self, Meta, Unreadable};
use crate::desk::table::Table;
use crate::io::control::{Answer, Request};
use crate::io::store::{Store, StoreError};
use crate::io::wall;
use crate::view;

/// Why a store cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row makes no sense.
    #[error(transparent)]
    Row(#[from] Unreadable),
}

/// Rows asked for at once.
const PAGE: usize = 1024;

/// Reads every row of a table that starts with `prefix`.
pub async fn all(
    store: &Store,
    table: Table,
    prefix: Vec<u8>,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    let mut rows: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    loop {
        let after = rows.last().map(|(key, _)| key.clone());
        let page = store.scan(table, prefix.clone(), after, PAGE).await?;
        let full = page.len() == PAGE;
        rows.extend(page);
        if !full {
            return Ok(rows);
        }
    }
}

/// The events of one case, in order.
pub async fn events(store: &Store, case: &CaseId) -> Result<Vec<Event>, LoadError> {
    let rows = all(store, Table::Events, record::case_key(case)).await?;
    let read = |(_, value): &(Vec<u8>, Vec<u8>)| record::read("an event", value);
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// What the store holds of the past, with the secret keys; these are none in a store that no daemon
/// has started on yet.
pub async fn past(store: &Store) -> Result<(Past, Option<Keys>), LoadError> {
    let meta = Meta::read(&all(store, Table::Meta, Vec::new()).await?)?;
    let mut cases = Vec::new();
    for (key, _) in all(store, Table::Open, Vec::new()).await? {
        let unreadable = || Unreadable { what: "an open case".into() };
        let id = record::read_case_key(&key).ok_or_else(unreadable)?;
        cases.push(Case::replay(&events(store, &id).await?).ok_or_else(unreadable)?);
    }
    let mut outbox = Vec::new();
    for (key, value) in all(store, Table::Outbox, Vec::new()).await? {
        let id = LetterId(String::from_utf8_lossy(&key).into_owned());
        outbox.push((id, record::read("a waiting letter", &value)?));
    }
    let Meta { last_seq, numbers, keys, stops, questions } = meta;
    Ok((Past { cases, outbox, stops, questions, numbers, last_seq }, Keys::new(keys)))
}

/// Answers one request.
pub async fn answer(desk: &Desk, store: &Store, request: &Request) -> Answer {
    match request {
        Request::Cases => {
            let now = wall::now();
            desk.books().cases().map(|case| json(&view::case_row(case, now))).collect()
        }
        Request::Show { case } => {
            let events = events(store, case).await.map_err(|error| error.to_string())?;
            if events.is_empty() {
                return Err(format!("there is no case {case}; `watchpost cases` lists them"));
            }
            view::story(&events).iter().map(json).collect()
        }
    }
}

fn json(row: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(row).map_err(|error| error.to_string())
}
