//! Whether a store says one thing: every row can be read, and what stands beside the events follows
//! from them. Everything is told anew from the events, with the code that wrote it, and compared.

use std::collections::{BTreeMap, BTreeSet};

use super::books::Books;
use super::event::{Event, Fact};
use super::hex::hex;
use super::letter::{Letter, LetterId};
use super::progress::Progress;
use super::proof::Check;
use super::record::{self, Meta};
use super::table::{Record, Table, Write};

/// What was found out about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many events there are.
    pub events: usize,
    /// How many cases are open.
    pub open_cases: usize,
    /// How many letters have not left yet.
    pub letters_waiting: usize,
    /// What is wrong, a line each, without a word of any mail; at most [`MOST_FINDINGS`].
    pub findings: Vec<String>,
}

/// One cause can have very many findings; nobody reads more.
pub const MOST_FINDINGS: usize = 50;

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Looks at all rows of a store.
pub fn verify(rows: impl IntoIterator<Item = Record>) -> Report {
    let rows: Rows = rows.into_iter().map(|(table, key, value)| ((table, key), value)).collect();
    let mut findings = Vec::new();
    let events = events(&rows, &mut findings);
    let (books, follows) = replay(&events);
    gaps(&events, &mut findings);
    compare(&rows, &follows, &mut findings);
    letters(&rows, &events, &mut findings);
    for check in [odds_and_ends, cursors, mails, proof] {
        check(&rows, &mut findings);
    }
    findings.truncate(MOST_FINDINGS);
    let (open_cases, letters_waiting) = (books.open_cases(), books.outbox().len());
    Report { events: events.len(), open_cases, letters_waiting, findings }
}

fn table(rows: &Rows, table: Table) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
    let rows = rows.range((table, Vec::new())..);
    rows.take_while(move |((in_table, _), _)| *in_table == table)
        .map(|((_, key), value)| (key, value))
}

/// The events in the order in which they happened.
fn events(rows: &Rows, findings: &mut Vec<String>) -> BTreeMap<u64, Event> {
    let mut events = BTreeMap::new();
    for (key, value) in table(rows, Table::Events) {
        let Ok(event) = record::read::<Event>("an event", value) else {
            findings.push(format!("the event {} cannot be read", named(key)));
            continue;
        };
        if record::event_key(event.case.as_ref(), event.seq) != *key {
            findings.push(format!("the event {} stands in the wrong place", event.seq));
        }
        if let Some(other) = events.insert(event.seq, event) {
            findings.push(format!("there are two events {}", other.seq));
        }
    }
    events
}

/// The rows that follow from the events, told anew.
fn replay(events: &BTreeMap<u64, Event>) -> (Books, Rows) {
    let (mut books, mut follows) = (Books::default(), Rows::new());
    for event in events.values() {
        books.apply(event);
        for write in record::event(&books, event) {
            match write {
                Write::Put(table, key, value) => follows.insert((table, key), value),
                Write::Delete(table, key) => follows.remove(&(table, key)),
            };
        }
    }
    (books, follows)
}

/// No number is missing, but those of questions that were answered with "no": they are forgotten.
fn gaps(events: &BTreeMap<u64, Event>, findings: &mut Vec<String>) {
    let forgotten: BTreeSet<u64> =
        events.values().filter_map(|event| forgets(&event.fact)).collect();
    let last = events.keys().next_back().copied().unwrap_or_default();
    // Each number is looked at, however large a damaged one is: only where there are few.
    if last > events.len().saturating_add(forgotten.len()) as u64 {
        findings.push(format!("{} events were recorded, and {} are there", last, events.len()));
    }
}

fn forgets(fact: &Fact) -> Option<u64> {
    if let Fact::Declined { asked, .. } = fact { Some(*asked) } else { None }
}

fn compare(rows: &Rows, follows: &Rows, findings: &mut Vec<String>) {
    let compared = |table: Table, key: &[u8]| match table {
        Table::Ties | Table::Open => true,
        // What became of a question that is forgotten cannot be told anew.
        Table::Outbox => LetterId(String::from_utf8_lossy(key).into()).question().is_none(),
        Table::Meta => record::follows_from_events(key),
        _ => false,
    };
    let keys: BTreeSet<_> = rows.keys().chain(follows.keys()).collect();
    for place in keys.into_iter().filter(|(table, key)| compared(*table, key)) {
        let wrong = match (rows.get(place), follows.get(place)) {
            (Some(there), told) if is_ahead(place, there, told) => continue,
            (Some(there), Some(told)) if !same(there, told) => "says something else than",
            (Some(_), None) => "does not follow from",
            (None, Some(_)) => "is missing beside",
            _ => continue,
        };
        let (table, key) = (place.0.name(), named(&place.1));
        findings.push(format!("the row {key} of {table} {wrong} the events"));
    }
}

/// After a lost store was made anew, numbers go on where the earlier life left off.
fn is_ahead((table, key): &(Table, Vec<u8>), there: &[u8], told: Option<&Vec<u8>>) -> bool {
    let number = |text: &[u8]| str::from_utf8(text).ok()?.parse::<u32>().ok();
    let told = told.map_or(Some(0), |told| number(told));
    *table == Table::Meta && record::is_number(key) && number(there) >= told.or(Some(u32::MAX))
}

/// The order of fields and those that say nothing may differ from version to version.
fn same(there: &[u8], told: &[u8]) -> bool {
    let json = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    there == told || json(there).is_some_and(|there| json(told) == Some(there))
}

/// Every letter that was written is there, and no other; those that could not be are not.
fn letters(rows: &Rows, events: &BTreeMap<u64, Event>, findings: &mut Vec<String>) {
    let mut written = BTreeMap::new();
    for event in events.values() {
        if let Fact::Written { letter, message_id, .. } = &event.fact {
            written.insert(letter.0.as_bytes(), message_id);
        }
        if let Fact::Refused { letter, unwritten: true, .. } = &event.fact {
            written.remove(letter.0.as_bytes());
        }
    }
    for (key, value) in table(rows, Table::Letters) {
        let letter = record::read::<Letter>("a letter", value);
        match (letter, written.remove(key.as_slice())) {
            (Err(_), _) => findings.push(format!("the letter {} cannot be read", named(key))),
            (Ok(_), None) => findings.push(format!("nothing tells of the letter {}", named(key))),
            (Ok(letter), Some(id)) if letter.message_id != *id => {
                findings.push(format!("the letter {} has another Message-ID", named(key)));
            }
            _ => {}
        }
    }
    findings.extend(written.into_keys().map(|key| format!("the letter {} is gone", named(key))));
}

fn odds_and_ends(rows: &Rows, findings: &mut Vec<String>) {
    let all: Vec<_> = table(rows, Table::Meta).map(|(k, v)| (k.clone(), v.clone())).collect();
    match Meta::read(&all) {
        Err(unreadable) => findings.push(unreadable.to_string()),
        Ok(meta) if meta.keys.is_empty() && table(rows, Table::Events).next().is_some() => {
            findings.push("there is no secret key".to_owned());
        }
        Ok(_) => {}
    }
}

fn cursors(rows: &Rows, findings: &mut Vec<String>) {
    for (key, value) in table(rows, Table::Cursors) {
        let progress = record::read::<Progress>("a folder's progress", value);
        if record::read_folder_key(key).is_none() || progress.is_err() {
            findings.push(format!("how far the folder {} was read is lost", named(key)));
        }
    }
}

fn mails(rows: &Rows, findings: &mut Vec<String>) {
    let odd = |(key, value): &(&Vec<u8>, &Vec<u8>)| key.len() != 16 || !value.is_empty();
    let odd = table(rows, Table::Mails).filter(odd);
    findings.extend(odd.map(|(key, _)| format!("the mail {} cannot be read", named(key))));
}

/// Every entry of the proof can be read and goes on from the one before, up to the last that was
/// recorded.
fn proof(rows: &Rows, findings: &mut Vec<String>) {
    let mut check = Check::default();
    for (key, value) in table(rows, Table::Proof) {
        let Ok(entry) = record::proof_entry(value) else {
            findings.push(format!("the entry {} of the proof cannot be read", hex(key)));
            return;
        };
        if let Err(fault) = check.take(&entry) {
            findings.push(format!("the proof is broken: {fault}"));
            return;
        }
    }
    let all: Vec<_> = table(rows, Table::Meta).map(|(k, v)| (k.clone(), v.clone())).collect();
    if let Ok(meta) = Meta::read(&all)
        && let Err(fault) = check.ends(&meta.proof)
    {
        findings.push(format!("the proof is broken: {fault}"));
    }
}

/// A key as people can read it.
fn named(key: &[u8]) -> String {
    match record::read_case_key(key) {
        Some(case) => case.to_string(),
        None => match str::from_utf8(key) {
            Ok(text) if !text.contains(char::is_control) => text.to_owned(),
            _ => hex(key),
        },
    }
}
