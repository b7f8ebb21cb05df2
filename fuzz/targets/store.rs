//! Rows of a store that is damaged, or from another world.

use watchpost::desk::books::{Past, Question};
use watchpost::desk::canary::Flight;
use watchpost::desk::case::Case;
use watchpost::desk::event::Event;
use watchpost::desk::letter::Letter;
use watchpost::desk::outbox::{Stop, Waiting};
use watchpost::desk::progress::Progress;
use watchpost::desk::proof::{Check, Entry, Head};
use watchpost::desk::quota::Caps;
use watchpost::desk::record::{self, Meta};
use watchpost::desk::stats::figures;
use watchpost::desk::tally::Since;
use watchpost::desk::thread::Tied;
use watchpost::desk::time::Span;
use watchpost::desk::wording;
use watchpost::desk::{Desk, Input};
use watchpost::io::smtp::compose;
use watchpost::view::{explain, story};

use super::letters::headers;
use super::office::{POLICIES, WORDING, keys, start};

/// A row on each line: its key, a tab, its value.
pub(super) fn run(bytes: &[u8]) {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            Some((line[..tab].to_vec(), line[tab + 1..].to_vec()))
        })
        .collect();
    let meta = Meta::read(&rows);
    let (mut events, mut entries) = (Vec::new(), Vec::new());
    for (key, value) in &rows {
        at(key);
        of(value);
        events.extend(record::read::<Event>("an event", value));
        entries.extend(record::proof_entry(value));
    }
    proof(&entries);
    replay(meta.unwrap_or_default(), &events, entries);
}

fn at(key: &[u8]) {
    if let Some(case) = record::read_case_key(key) {
        assert!(key.starts_with(&record::case_key(&case)));
    }
    if let Some(folder) = record::read_folder_key(key) {
        assert_eq!(record::folder_key(&folder), key);
    }
}

fn of(value: &[u8]) {
    let _ = record::read::<Progress>("", value);
    let _ = record::read::<Tied>("", value);
    let _ = record::read::<Waiting>("", value);
    let _ = record::read::<Question>("", value);
    let _ = record::read::<Since>("", value);
    let _ = record::read::<Flight>("", value);
    let _ = record::read::<Head>("", value);
    let _ = record::read::<Stop>("", value);
    if let Ok(letter) = record::read::<Letter>("", value)
        && let Ok(bytes) = compose(&letter)
    {
        headers(&bytes);
    }
}

fn proof(entries: &[Entry]) {
    let mut check = Check::default();
    for entry in entries {
        let _ = check.take(entry);
    }
    let _ = check.ends(&Head::default());
    let _ = figures(entries);
}

/// The events happen, whatever their order, and what is known then can be told.
fn replay(meta: Meta, events: &[Event], ended: Vec<Entry>) {
    let policy = &POLICIES[0];
    let _ = Case::replay(events);
    let _ = story(events);
    let past = Past {
        stops: meta.stops,
        questions: meta.questions,
        absences: meta.absences,
        canaries: meta.canaries,
        numbers: meta.numbers,
        last_seq: meta.last_seq,
        proof: meta.proof,
        digests: meta.digests,
        ended,
        ..Past::default()
    };
    let mut desk = Desk::open(vec![policy.clone()], keys(), Caps::default(), past);
    for event in events {
        desk.apply(event);
        let _ = record::event(desk.books(), event);
        let books = desk.books();
        let letter = wording::letter(&WORDING, books, |_| Some(policy), event, &[], None);
        if let Ok(Ok(bytes)) = letter.map(|letter| compose(&desk.addressed(letter.letter))) {
            headers(&bytes);
        }
    }
    let mut now = events.last().map_or(start(), |event| event.at);
    let _ = explain(events, policy, now);
    for _ in 0..4 {
        for event in desk.decide(now, &Input::Time) {
            desk.apply(&event);
        }
        let Some(next) = desk.next_wakeup(now) else { return };
        now = next.max(now + Span::seconds(1));
    }
}
