//! Answers to an operator, the same from a running daemon and from a store that nobody runs.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::desk::backup;
use crate::desk::books::Past;
use crate::desk::case::Case;
use crate::desk::event::{Event, Fact};
use crate::desk::hex::hex;
use crate::desk::ids::CaseId;
use crate::desk::keys::Keys;
use crate::desk::letter::{Letter, LetterId};
use crate::desk::mails;
use crate::desk::outlook::Outlook;
use crate::desk::policy::Policy;
use crate::desk::proof::{Entry, Head};
use crate::desk::record::{self, Meta, Unreadable};
use crate::desk::refusal::Refusal;
use crate::desk::table::Table;
use crate::desk::tally::Since;
use crate::desk::time::Moment;
use crate::io::control::{Answer, Request};
use crate::io::store::{Page, Store, StoreError};
use crate::io::wall;
use crate::view;
use crate::view::stats::{Period, stats};

/// Why a store cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row makes no sense.
    #[error(transparent)]
    Row(#[from] Unreadable),
    /// Telling a case from its events shows a defect of ours.
    #[error(
        "what is recorded of {0} cannot be taken in, which is a defect of this version of \
         Watchpost: please report it. Nothing is lost, and the version that ran before can go on \
         with this store"
    )]
    Case(CaseId),
}

/// Rows asked for at once.
const PAGE: usize = 1024;

/// Cases that are asked for at once, and rows that most of them have at most: the others are read alone.
const CASES: usize = 16;
const ROWS: usize = 128;

/// Reads every row of a table that starts with `prefix`.
pub async fn all(
    store: &Store,
    table: Table,
    prefix: Vec<u8>,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    // The empty key stands before every other.
    all_after(store, table, prefix, Vec::new()).await
}

/// Reads every such row whose key stands after one.
async fn all_after(
    store: &Store,
    table: Table,
    prefix: Vec<u8>,
    first: Vec<u8>,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    let mut rows: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    loop {
        let after = rows.last().map_or(&first, |(key, _)| key).clone();
        let after = (!after.is_empty()).then_some(after);
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
    Ok(read_events(&all(store, Table::Events, record::case_key(case)).await?)?)
}

fn read_events(rows: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<Event>, Unreadable> {
    rows.iter().map(|(_, value)| record::read("an event", value)).collect()
}

/// A case as its events tell it; none where the first one does not open it.
pub async fn case(store: &Store, id: &CaseId) -> Result<Option<Case>, LoadError> {
    told(id, &events(store, id).await?, |events| Case::replay(events))
}

/// These cases as their events tell them.
async fn cases_of(store: &Store, ids: &[CaseId]) -> Result<Vec<Case>, LoadError> {
    let prefixes = ids.iter().map(record::case_key).collect();
    let stories = store.scan_each(Table::Events, prefixes, ROWS).await?;
    let mut cases = Vec::new();
    for (id, rows) in ids.iter().zip(stories) {
        let case = if rows.len() < ROWS {
            told(id, &read_events(&rows)?, |events| Case::replay(events))?
        } else {
            case(store, id).await?
        };
        cases.push(case.ok_or_else(|| Unreadable { what: "an open case".into() })?);
    }
    Ok(cases)
}

fn told(
    id: &CaseId,
    events: &[Event],
    replay: fn(&[Event]) -> Option<Case>,
) -> Result<Option<Case>, LoadError> {
    // What a panic leaves half done is dropped with it.
    catch_unwind(AssertUnwindSafe(|| replay(events))).map_err(|_| LoadError::Case(id.clone()))
}

/// What the store holds of the past, with the secret keys; these are none in a store that no daemon
/// has started on yet.
pub async fn past(store: &Store, now: Moment) -> Result<(Past, Option<Keys>), LoadError> {
    let meta = Meta::read(&all(store, Table::Meta, Vec::new()).await?)?;
    let mut cases = Vec::new();
    let open = all(store, Table::Open, Vec::new()).await?;
    let ids: Vec<CaseId> = record::read_at_start(&open, meta.lately, now)?.into_iter().collect();
    for some in ids.chunks(CASES) {
        cases.extend(cases_of(store, some).await?);
    }
    let mut outbox = Vec::new();
    for (key, value) in all(store, Table::Outbox, Vec::new()).await? {
        let id = LetterId(String::from_utf8_lossy(&key).into_owned());
        outbox.push((id, record::read("a waiting letter", &value)?));
    }
    let Meta {
        last_seq,
        numbers,
        keys,
        stops,
        questions,
        absences,
        canaries,
        others,
        proof,
        digests,
        ..
    } = meta;
    let first = |of: fn(&Since) -> u64| digests.iter().map(|(_, since)| of(since)).min();
    let ended = match first(|since| since.entries) {
        Some(number) => proof_after(store, number).await?,
        None => Vec::new(),
    };
    let aside = match first(|since| since.seq) {
        Some(seq) => events_of_no_case(store, seq).await?,
        None => Vec::new(),
    };
    let past = Past {
        cases,
        outbox,
        stops,
        questions,
        absences,
        canaries,
        others,
        numbers,
        last_seq,
        proof,
        digests,
        ended,
        aside,
    };
    Ok((past, Keys::new(keys)))
}

/// Some entries of the proof after this one; none after the last.
async fn proof_page(store: &Store, number: u64) -> Result<Vec<Entry>, LoadError> {
    let after = Some(record::proof_key(number));
    let rows = store.scan(Table::Proof, Vec::new(), after, PAGE).await?;
    Ok(rows.iter().map(|(_, value)| record::proof_entry(value)).collect::<Result<_, _>>()?)
}

/// A line of the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofRow {
    /// An entry as it is recorded.
    Entry(Box<Entry>),
    /// Where it ends.
    Head(Head),
}

/// The entries of the proof after this one.
pub async fn proof_after(store: &Store, number: u64) -> Result<Vec<Entry>, LoadError> {
    let rows = all_after(store, Table::Proof, Vec::new(), record::proof_key(number)).await?;
    Ok(rows.iter().map(|(_, value)| record::proof_entry(value)).collect::<Result<_, _>>()?)
}

/// The events that are on no case and came after this one.
pub async fn events_of_no_case(store: &Store, seq: u64) -> Result<Vec<Event>, LoadError> {
    let (prefix, after) = record::event_of_no_case(seq);
    Ok(read_events(&all_after(store, Table::Events, prefix, after).await?)?)
}

/// Answers one request.
pub async fn answer(desk: &Desk, store: &Store, request: &Request) -> Answer {
    match request {
        Request::Cases => {
            let now = wall::now();
            let row = |case: &Case| match desk.policy(&case.mail().folder.inbox) {
                Some(policy) => view::case_row(case, policy, now),
                None => view::case_row(case, &Policy::unconfigured(), now),
            };
            let open = desk.books().cases().filter(|case| case.closed.is_none());
            open.map(|case| json(&row(case))).collect()
        }
        Request::Show { case } => {
            let mut lines = Vec::new();
            for events in stories(desk, store, case).await? {
                lines.extend(view::story(&events));
            }
            lines.iter().map(json).collect()
        }
        Request::Explain { case } => {
            let events = events(store, case).await.map_err(|error| error.to_string())?;
            let inbox = events.first().and_then(|event| mails::mail(&event.fact));
            let inbox = inbox.map(|mail| mail.folder.inbox.as_str()).unwrap_or_default();
            let policy = desk.policy(inbox).cloned().unwrap_or_else(Policy::unconfigured);
            let told = view::explain(&events, &policy, wall::now());
            let told = told.ok_or_else(|| Refusal::NoCase(case.clone()).to_string())?;
            told.iter().map(json).collect()
        }
        Request::Export { case } => {
            let mut rows = Vec::new();
            for events in stories(desk, store, case).await? {
                let letters = letters_that_left(store, &events).await;
                rows.extend(events.into_iter().map(Box::new).map(ExportRow::Event));
                rows.extend(letters.map_err(|error| error.to_string())?);
            }
            rows.iter().map(json).collect()
        }
        Request::Stats { from, to, inbox } => {
            let period = Period { from: *from, to: *to, inbox: inbox.clone() };
            let entries = proof_after(store, 0).await.map_err(|error| error.to_string())?;
            let events = events_of_no_case(store, 0).await.map_err(|error| error.to_string())?;
            let policies = desk.policies().iter().filter(|policy| period.has(&policy.inbox));
            let open: Vec<Outlook<'_>> =
                policies.map(|policy| Outlook::of(desk.books(), policy)).collect();
            let proof = (entries.as_slice(), desk.books().chain().head());
            stats(&period, proof, &events, &open, wall::now()).iter().map(json).collect()
        }
        Request::Proof { after } => {
            let page = proof_page(store, *after).await.map_err(|error| error.to_string())?;
            let head = json(&ProofRow::Head(desk.books().chain().head().clone()));
            page.into_iter()
                .map(|entry| json(&ProofRow::Entry(Box::new(entry))))
                .chain([head])
                .collect()
        }
        Request::Copy { more_of } => copy(store, *more_of).await,
        Request::Do { .. } => Err("this can only be said where it can be recorded".to_owned()),
    }
}

/// The first line of a page of a copy; the others are rows, as a backup has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHead {
    /// The name of the copy, by which the next page is asked for.
    pub copy: u64,
    /// How many rows the whole copy has.
    pub of: u64,
    /// What they add up to, in hexadecimal.
    pub seal: String,
    /// Nothing follows.
    pub last: bool,
}

/// A page of a copy of the store.
pub async fn copy(store: &Store, more_of: Option<u64>) -> Answer {
    let page = store.copy(more_of).await.map_err(|error| error.to_string())?;
    let Page { copy, of, last, .. } = page;
    let head = json(&PageHead { copy, of, seal: hex(&page.seal), last })?;
    Ok(std::iter::once(head).chain(page.rows.iter().map(backup::line)).collect())
}

/// A line of what an export is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportRow {
    /// An event as it is recorded.
    Event(Box<Event>),
    /// A letter that left.
    Letter {
        /// The letter, as it was written.
        letter: Box<Letter>,
        /// When the mail server took it.
        at: Moment,
        /// The event that says so.
        seq: u64,
    },
}

/// The events of a case, and of those that were merged into it, case by case.
async fn stories(desk: &Desk, store: &Store, case: &CaseId) -> Result<Vec<Vec<Event>>, String> {
    let group = desk.books().with_those_merged(case);
    let others = group.iter().map(|one| &one.id).filter(|id| *id != case);
    let mut stories = Vec::new();
    for id in std::iter::once(case).chain(others) {
        stories.push(events(store, id).await.map_err(|error| error.to_string())?);
    }
    if stories.first().is_none_or(Vec::is_empty) {
        return Err(Refusal::NoCase(case.clone()).to_string());
    }
    Ok(stories)
}

/// The letters that the mail server took, or may have taken.
async fn letters_that_left(store: &Store, events: &[Event]) -> Result<Vec<ExportRow>, LoadError> {
    let left = events.iter().filter_map(|event| match &event.fact {
        Fact::Sent { letter, .. } | Fact::Delayed { letter, unknown: true, .. } => {
            Some((letter, (event.at, event.seq)))
        }
        _ => None,
    });
    // Of several moments the last one counts: then it surely left.
    let left: BTreeMap<&LetterId, (Moment, u64)> = left.collect();
    let keys = left.keys().map(|id| id.0.clone().into_bytes()).collect();
    let rows = store.get(Table::Letters, keys).await?;
    let mut letters = Vec::new();
    for (value, (at, seq)) in rows.into_iter().zip(left.into_values()) {
        let letter = record::read("a letter", &value.unwrap_or_default())?;
        letters.push(ExportRow::Letter { letter: Box::new(letter), at, seq });
    }
    Ok(letters)
}

fn json(row: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(row).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_cannot_be_told_is_named_with_what_to_do() {
        let id = CaseId { prefix: "EXP".into(), year: 2026, number: 7 };
        assert!(told(&id, &[], |events| Case::replay(events)).unwrap().is_none());
        let error = told(&id, &[], |_| panic!("a word of a mail")).unwrap_err().to_string();
        assert!(error.starts_with("what is recorded of EXP-2026-0007 cannot be taken in"));
        assert!(error.ends_with("the version that ran before can go on with this store"));
    }
}
