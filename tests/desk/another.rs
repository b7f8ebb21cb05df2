//! Another Watchpost watches the same inbox: what is recorded, and who hears of it.

use super::*;
use watchpost::desk::record::Meta;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;

const OTHER: Identity = Identity(0x1a2b_3c4d);

/// Kim leads, and hears only of what asks for something.
fn staffed() -> Policy {
    let addresses = vec![address("kim@project.example")];
    let kim = Member { name: "kim".into(), addresses, zone: Zone::UTC, away: Vec::new() };
    Policy { team: Team { lead: Some(kim), notices: Notices::None, ..Team::default() }, ..policy() }
}

fn report(n: usize) -> Mail {
    mail(&format!("r{n}@acorn.example"), &format!("{n}@acorn"), &format!("bug {n}"), Kind::Complete)
}

fn claimed(office: &mut Office, case: u32, answered: bool) -> Vec<String> {
    let letter = LetterId(format!("EXP-2026-{case:04}/acknowledgement"));
    let input = Input::Claimed { letter, by: OTHER, answered };
    office.take(&input).iter().map(in_words).collect()
}

#[test]
fn a_letter_is_not_needed_once_another_answered_and_the_lead_is_told_once_of_them() {
    let mut office = Office::of(staffed());
    office.receive(report(1));
    office.receive(report(2));
    let told = ["1 another: 1a2b3c4d", "1 another to kim@project.example"];
    assert_eq!(claimed(&mut office, 1, false), told);
    assert_eq!(claimed(&mut office, 1, false), [] as [&str; 0]);
    assert_eq!(office.state(1), State::Received, "it may be owed all the same");
    assert_eq!(claimed(&mut office, 1, true), ["1 answered by 1a2b3c4d"]);
    assert_eq!(office.state(1), State::Acknowledged);
    assert_eq!(claimed(&mut office, 1, true), [] as [&str; 0]);
    assert_eq!(claimed(&mut office, 2, true), ["2 answered by 1a2b3c4d"]);
    let due: Vec<String> = office.due().into_iter().map(|letter| letter.0).collect();
    assert_eq!(due.len(), 1, "{due:?}");
    assert!(due[0].contains("/another."), "{due:?}");
    // It had left all the same.
    assert_eq!(office.delivery(1, Outcome::Accepted("250 ok".into())), ["1 sent"]);
}

#[test]
fn a_mail_that_another_has_answered_before_we_read_it_is_theirs() {
    let mut office = Office::of(staffed());
    let theirs = |n| Mail { witness: Some(Keyword::Acked), claimed_by: Some(OTHER), ..report(n) };
    assert_eq!(
        office.receive(theirs(1)),
        [
            "1 opened",
            "1 answered by 1a2b3c4d",
            "1 another: 1a2b3c4d",
            "1 another to kim@project.example"
        ]
    );
    assert_eq!(office.receive(theirs(2)), ["2 opened", "2 answered by 1a2b3c4d"]);
    assert_eq!(office.state(2), State::Acknowledged);
}

#[test]
fn who_else_watches_outlives_a_restart() {
    let mut office = Office::of(staffed());
    office.receive(report(1));
    claimed(&mut office, 1, true);
    let mut books = watchpost::desk::books::Books::default();
    let mut rows = Vec::new();
    for event in &office.log {
        books.apply(event);
        for write in record::event(&books, event) {
            if let Write::Put(Table::Meta, key, value) = write {
                rows.retain(|(known, _)| *known != key);
                rows.push((key, value));
            }
        }
    }
    let meta = Meta::read(&rows).unwrap();
    assert_eq!(meta.others, [(("security".to_owned(), OTHER), office.now)]);
    let (cases, last_seq) = (vec![office.case(1).clone()], office.desk.books().last_seq());
    let Meta { others, numbers, .. } = meta;
    let past = Past { cases, last_seq, others, numbers, ..Past::default() };
    office.desk = office.desk.reopened(past);
    office.receive(report(2));
    assert_eq!(claimed(&mut office, 2, true), ["2 answered by 1a2b3c4d"]);
}

#[test]
fn a_letter_for_several_cases_is_needed_for_none_of_them() {
    let mut office = Office::open();
    for n in 1..=5 {
        let id = format!("{n}@acorn");
        office.receive(mail("kim@acorn.example", &id, &format!("bug {n}"), Kind::Complete));
    }
    office.now = office.now + Span::hours(25);
    office.take(&Input::Time);
    let told = claimed(&mut office, 4, true);
    assert_eq!(told, ["4 answered by 1a2b3c4d", "5 answered by 1a2b3c4d", "4 another: 1a2b3c4d"]);
    assert_eq!((office.state(4), office.state(5)), (State::Acknowledged, State::Acknowledged));
}

#[test]
fn a_desk_keeps_its_name_when_a_key_is_added() {
    let old = Keys::new(vec![[9; 32]]).unwrap().identity();
    assert_eq!(Keys::new(vec![[8; 32], [9; 32]]).unwrap().identity(), old);
    assert_ne!(Keys::new(vec![[8; 32]]).unwrap().identity(), old);
}
