//! A store that says one thing is found in order, and any row that does not is named.

use std::collections::BTreeMap;

use watchpost::desk::Input;
use watchpost::desk::books::Books;
use watchpost::desk::event::Fact;
use watchpost::desk::folder::{Cursor, Folder, Role};
use watchpost::desk::letter::{AutoSubmitted, Letter, LetterId};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::progress::Progress;
use watchpost::desk::record;
use watchpost::desk::table::{Record, Table, Write};
use watchpost::desk::verdict::Kind;
use watchpost::desk::verify::{Report, verify};

use super::{Office, mail, mailbox};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// What the loop would have made durable.
fn rows(office: &Office) -> Rows {
    let (mut books, mut writes) = (Books::default(), vec![record::secret_key(1, &[7; 32])]);
    writes.push(record::mail([9; 16]));
    let folder = Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox };
    let cursor = Cursor::at(1, 3);
    let progress = Progress {
        cursor,
        since: office.now,
        renumbered_up_to: 0,
        marked_since: None,
        set_back: None,
    };
    writes.push(record::progress(&folder, &progress));
    let unwritten = office.log.iter().filter_map(|event| match &event.fact {
        Fact::Refused { letter, unwritten: true, .. } => Some(letter),
        _ => None,
    });
    let unwritten: Vec<&LetterId> = unwritten.collect();
    for event in &office.log {
        books.apply(event);
        if let Fact::Written { letter, to, message_id, .. } = &event.fact
            && !unwritten.contains(&letter)
        {
            let from = mailbox("security@project.example");
            writes.push(record::letter(&Letter {
                id: letter.clone(),
                inbox: "security".into(),
                message_id: message_id.clone(),
                date: event.at,
                envelope_from: from.address.clone(),
                from,
                to: to.clone(),
                reply_to: None,
                subject: "your report".into(),
                in_reply_to: None,
                references: Vec::new(),
                auto_submitted: AutoSubmitted::AutoReplied,
                body: "It is here.\n".into(),
            }));
        }
        writes.extend(record::event(&books, event));
    }
    let mut rows = Rows::new();
    for write in writes {
        match write {
            Write::Put(table, key, value) => rows.insert((table, key), value),
            Write::Delete(table, key) => rows.remove(&(table, key)),
        };
    }
    rows
}

fn verified(rows: &Rows) -> Report {
    verify(rows.iter().map(|((t, k), v)| -> Record { (*t, k.clone(), v.clone()) }))
}

fn office() -> Office {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "bug", Kind::Complete));
    office.delivery(1, Outcome::Accepted("250".into()));
    office.receive(
        mail("kim@acorn.example", "2@acorn", "Re: bug", Kind::Complete).answering("1@acorn"),
    );
    office.receive(mail("bo@acorn.example", "3@acorn", "another", Kind::Complete));
    let letter = LetterId("EXP-2026-0002/acknowledgement".into());
    office.take(&Input::Delivery { letter, outcome: Outcome::Transient("451".into()) });
    office
}

#[test]
fn what_the_desk_recorded_is_in_order() {
    let office = office();
    let report = verified(&rows(&office));
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!(
        (report.events, report.open_cases, report.letters_waiting),
        (office.log.len(), 2, 1)
    );
    assert_eq!(verified(&Rows::new()), Report::default());
}

#[test]
fn each_row_that_is_gone_or_garbled_is_found() {
    let whole = rows(&office());
    for place in whole.keys() {
        // That a mail has its decision, how far a folder was read, and one key of several are
        // known from nothing else.
        let alone = matches!(place.0, Table::Mails | Table::Cursors);
        let mut less = whole.clone();
        less.remove(place);
        assert_eq!(verified(&less).findings.is_empty(), alone, "without {place:?}");

        let mut garbled = whole.clone();
        garbled.insert(place.clone(), b"\xff{".to_vec());
        assert!(!verified(&garbled).findings.is_empty(), "garbled {place:?}");
    }
    for (table, key) in [
        (Table::Ties, b"0123456789abcdefEXP\0\x07\xea\0\0\0\x01".to_vec()),
        (Table::Open, b"EXP\0\x07\xea\0\0\0\x09".to_vec()),
        (Table::Outbox, b"EXP-2026-0001/acknowledgement".to_vec()),
        (Table::Letters, b"EXP-2026-0009/acknowledgement".to_vec()),
    ] {
        let mut more = whole.clone();
        more.insert((table, key), b"1".to_vec());
        assert!(!verified(&more).findings.is_empty(), "more in {}", table.name());
    }
}

#[test]
fn what_is_wrong_is_told_without_a_word_of_any_mail() {
    let mut rows = rows(&office());
    let written = rows.remove(&(Table::Outbox, b"EXP-2026-0002/acknowledgement".to_vec()));
    assert!(written.is_some());
    assert_eq!(
        verified(&rows).findings,
        ["the row EXP-2026-0002/acknowledgement of outbox is missing beside the events"]
    );
}

/// Every story of these tests leaves a store that says one thing.
impl Drop for Office {
    fn drop(&mut self) {
        let one_history = self.log.is_sorted_by(|one, next| one.seq < next.seq);
        let whole = self.log.first().is_some_and(|event| event.seq == 1);
        if !std::thread::panicking() && one_history && whole {
            assert_eq!(verified(&rows(self)).findings, Vec::<String>::new());
        }
    }
}
