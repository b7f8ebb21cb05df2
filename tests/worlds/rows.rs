//! What the disk would hold: rows, and the desk that is read from them after a crash.

use std::collections::BTreeMap;

use watchpost::desk::books::{Books, Past};
use watchpost::desk::case::Case;
use watchpost::desk::event::Event;
use watchpost::desk::ids::CaseId;
use watchpost::desk::letter::LetterId;
use watchpost::desk::record::{self, Meta};
use watchpost::desk::table::{Table, Write};
use watchpost::desk::thread::{Tie, TieKey, Tied};
use watchpost::desk::time::Moment;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows(BTreeMap<Table, BTreeMap<Vec<u8>, Vec<u8>>>);

impl Rows {
    /// Keeps what an event leads to; `books` are the books after it.
    pub(super) fn keep(&mut self, books: &Books, event: &Event) {
        for write in record::event(books, event) {
            self.write(write);
        }
    }

    /// Remembers that a mail has its decision.
    pub(super) fn decided(&mut self, key: TieKey) {
        self.write(record::mail(key));
    }

    pub(super) fn is_decided(&self, key: &TieKey) -> bool {
        self.0.get(&Table::Mails).is_some_and(|mails| mails.contains_key(key.as_slice()))
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Put(table, key, value) => {
                self.0.entry(table).or_default().insert(key, value);
            }
            Write::Delete(table, key) => {
                self.0.entry(table).or_default().remove(&key);
            }
        }
    }

    /// The cases that a tie leads to.
    pub(super) fn lead(&self, tie: &Tie) -> Vec<Tied> {
        if let Some(case) = tie.names() {
            return vec![Tied { case: case.clone(), letter: false }];
        }
        let key = tie.key().unwrap().to_vec();
        self.under(Table::Ties, &key).map(|(_, row)| record::read("a tie", row).unwrap()).collect()
    }

    pub(super) fn events(&self, case: &CaseId) -> Vec<Event> {
        let key = record::case_key(case);
        self.under(Table::Events, &key)
            .map(|(_, row)| record::read("event", row).unwrap())
            .collect()
    }

    /// The past as a daemon reads it when it starts.
    pub(super) fn past(&self, now: Moment) -> Past {
        let all = |table| self.under(table, &[]).map(|(k, v)| (k.clone(), v.clone()));
        let meta = Meta::read(&all(Table::Meta).collect::<Vec<_>>()).unwrap();
        let open: Vec<_> = all(Table::Open).collect();
        let cases = record::read_at_start(&open, meta.lately, now).unwrap();
        let letter = |(key, row): (Vec<u8>, Vec<u8>)| {
            (LetterId(String::from_utf8(key).unwrap()), record::read("letter", &row).unwrap())
        };
        Past {
            cases: cases.iter().map(|id| Case::replay(&self.events(id)).unwrap()).collect(),
            outbox: all(Table::Outbox).map(letter).collect(),
            stops: meta.stops,
            questions: meta.questions,
            numbers: meta.numbers,
            last_seq: meta.last_seq,
            absences: meta.absences,
            canaries: meta.canaries,
            others: meta.others,
            proof: meta.proof,
            digests: meta.digests,
            // No world has digests.
            ..Past::default()
        }
    }

    fn under(&self, table: Table, from: &[u8]) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
        let (rows, from) = (self.0.get(&table), from.to_vec());
        let first = from.clone();
        let rows = rows.into_iter().flat_map(move |rows| rows.range(first.clone()..));
        rows.take_while(move |(key, _)| key.starts_with(&from))
    }
}
