//! A copy of the store as it stood at one moment, given page by page while commits go on.
//!
//! Whatever is changed before it was given is remembered as it was, so that nobody waits for
//! whoever takes the copy, and nothing of a later commit is in it.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::seal::is_seal;
use super::tables::{Fault, Tables};
use crate::desk::table::{Batch, Record, Table, Write};

/// A part of a copy, in the order of tables and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Names the copy; the next page is asked for by it.
    pub copy: u64,
    /// How many rows the whole copy has.
    pub of: u64,
    /// What all of them add up to.
    pub seal: Vec<u8>,
    /// The rows.
    pub rows: Vec<Record>,
    /// Nothing follows.
    pub last: bool,
}

/// Rows in a page: some 300 kB, so that commits wait for some milliseconds.
const PAGE: usize = 1024;
/// Somebody who takes so long that more rows than these change meanwhile begins again.
const MOST_CHANGES: usize = 50_000;

/// A copy that is being given.
pub(super) struct Copying {
    copy: u64,
    of: u64,
    seal: Vec<u8>,
    /// Where it is: the tables that are still to come, and the last key given of the first of them.
    tables: Vec<Table>,
    after: Option<Vec<u8>>,
    /// What was changed before it was given, as it was.
    before: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl Copying {
    /// A copy of what the tables hold now.
    pub(super) fn begin(copy: u64, tables: &Tables) -> Copying {
        let (of, seal) = tables.sealed();
        // Taken from the end.
        let tables = Table::ALL.into_iter().rev().collect();
        Copying { copy, of, seal, tables, after: None, before: BTreeMap::new() }
    }

    /// Whether the next page was asked for by its name.
    pub(super) fn is(&self, copy: u64) -> bool {
        self.copy == copy
    }

    /// Remembers what these writes are about to change. False where it is too much.
    pub(super) fn note(&mut self, tables: &Tables, writes: &Batch) -> Result<bool, Fault> {
        for write in writes {
            let (Write::Put(table, key, _) | Write::Delete(table, key)) = write;
            let place = (*table, key.clone());
            if self.is_to_come(*table, key) && !self.before.contains_key(&place) {
                self.before.insert(place, tables.get(*table, key)?);
            }
        }
        Ok(self.before.len() <= MOST_CHANGES)
    }

    fn is_to_come(&self, table: Table, key: &[u8]) -> bool {
        match self.tables.last() {
            Some(now) if *now == table => self.after.as_deref().is_none_or(|after| key > after),
            Some(_) => self.tables.contains(&table),
            None => false,
        }
    }

    /// The next page.
    pub(super) fn page(&mut self, tables: &Tables) -> Result<Page, Fault> {
        let mut rows = Vec::new();
        while let Some(table) = self.tables.last().copied().filter(|_| rows.len() < PAGE) {
            rows.extend(self.rows(tables, table, PAGE - rows.len())?);
        }
        let (last, seal) = (self.tables.is_empty(), self.seal.clone());
        Ok(Page { copy: self.copy, of: self.of, seal, rows, last })
    }

    /// Some rows of a table as they were; at its end the next one is begun.
    fn rows(&mut self, tables: &Tables, table: Table, limit: usize) -> Result<Vec<Record>, Fault> {
        let page = tables.scan(table, &[], self.after.as_deref(), limit)?;
        let upto = page.last().filter(|_| page.len() == limit).map(|(key, _)| key.clone());
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = page.into_iter().collect();
        let low = self
            .after
            .clone()
            .map_or(Bound::Included((table, Vec::new())), |after| Bound::Excluded((table, after)));
        let in_page = |(changed, key): &(Table, Vec<u8>)| {
            *changed == table && upto.as_ref().is_none_or(|upto| key <= upto)
        };
        let later = self.before.range((low, Bound::Unbounded));
        let changed: Vec<_> = later.map(|(place, _)| place.clone()).take_while(in_page).collect();
        for place in changed {
            match self.before.remove(&place).flatten() {
                Some(value) => rows.insert(place.1, value),
                None => rows.remove(&place.1),
            };
        }
        if upto.is_none() {
            self.tables.pop();
        }
        self.after = upto;
        let rows = rows.into_iter().filter(|(key, _)| !is_seal(table, key));
        Ok(rows.map(|(key, value)| (table, key, value)).collect())
    }
}
