//! Which cases stay in memory: all that are open, and of the others those closed last.

use watchpost::desk::command::Said;
use watchpost::desk::letter::{LetterKind, Notice};
use watchpost::desk::team::Notices;

use super::team::staffed;
use super::*;

const MANY: u32 = 1000;

fn open_and_close(office: &mut Office, number: u32) {
    let from = format!("r{number}@acorn{number}.example");
    office.receive(mail(&from, &format!("{number}@acorn"), "Path traversal", Kind::Complete));
    office.delivery(number, Outcome::Accepted("250".into()));
    close(office, number);
}

fn close(office: &mut Office, number: u32) {
    office.now = office.now + Span::seconds(1);
    office.say(number, Said::Close);
    office.desk.forget();
}

fn is_known(office: &Office, number: u32) -> bool {
    office.desk.books().case(&CaseId { prefix: "EXP".into(), year: 2026, number }).is_some()
}

#[test]
fn the_cases_that_were_closed_first_leave_memory_and_come_back_when_something_comes_up() {
    let mut office = Office::open();
    office.receive(mail("kim@oak.example", "open@oak", "It is open", Kind::Complete));
    for number in 2..=MANY + 3 {
        open_and_close(&mut office, number);
    }
    assert!(is_known(&office, 1), "it is open");
    let known: Vec<u32> = (2..=MANY + 3).filter(|number| is_known(&office, *number)).collect();
    assert_eq!(known, (4..=MANY + 3).collect::<Vec<_>>());
    assert_eq!(office.desk.books().open_cases(), 1);

    let id = CaseId { prefix: "EXP".into(), year: 2026, number: 2 };
    let events: Vec<Event> =
        office.log.iter().filter(|event| event.case.as_ref() == Some(&id)).cloned().collect();
    office.desk.recall(Case::replay(&events).unwrap());
    let more = mail("r2@acorn2.example", "more@acorn", "Re: Path traversal", Kind::Other);
    let told = office.receive(more.answering("2@acorn"));
    assert_eq!(told, ["2 joined by TheirMail", "2 reopened"]);
    office.desk.forget();
    assert!(is_known(&office, 2), "it is open again");
    assert_eq!(office.desk.books().open_cases(), 2);
}

#[test]
fn a_case_whose_letter_has_yet_to_leave_stays() {
    let mut office = Office::open();
    office.receive(mail("kim@oak.example", "slow@oak", "It is slow", Kind::Complete));
    close(&mut office, 1);
    for number in 2..=MANY + 3 {
        open_and_close(&mut office, number);
    }
    assert!(is_known(&office, 1) && !is_known(&office, 2));
    office.delivery(1, Outcome::Accepted("250".into()));
    open_and_close(&mut office, MANY + 4);
    assert!(!is_known(&office, 1), "its letter left");
}

/// All letters leave that were written since the log had so many events.
fn all_leave(office: &mut Office, since: usize) {
    let written = office.log.iter().skip(since).filter_map(|event| match &event.fact {
        Fact::Written { letter, .. } => Some(letter.clone()),
        _ => None,
    });
    for letter in written.collect::<Vec<_>>() {
        office.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250".into()) });
    }
}

#[test]
fn a_case_that_a_notice_of_several_told_of_leaves_memory() {
    let mut office = staffed(Notices::Facts);
    for number in 1..=20 {
        open_and_close(&mut office, number);
    }
    let gathered = office.log.iter().filter(|event| matches!(event.fact, Fact::Gathered { .. }));
    assert!(gathered.count() > 1, "over a dozen in an hour go into one");
    office.now = office.now + Span::hours(2);
    office.take(&Input::Time);
    all_leave(&mut office, 0);
    for number in 21..=MANY + 20 {
        let since = office.log.len();
        open_and_close(&mut office, number);
        all_leave(&mut office, since);
    }
    office.desk.forget();
    let known: Vec<u32> = (1..=20).filter(|number| is_known(&office, *number)).collect();
    assert!(known.is_empty(), "{known:?}");
}

#[test]
fn nobody_is_told_again_after_a_start_of_what_a_notice_of_several_told() {
    let mut office = staffed(Notices::Facts);
    for n in 0..20 {
        let from = format!("r{n}@acorn{n}.example");
        office.receive(mail(&from, &format!("{n}@acorn"), "Path traversal", Kind::Complete));
    }
    let read_anew = |office: &Office, number: u32| {
        let id = CaseId { prefix: "EXP".into(), year: 2026, number };
        let on_it = office.log.iter().filter(|event| event.case.as_ref() == Some(&id));
        Case::replay(&on_it.cloned().collect::<Vec<_>>()).unwrap()
    };
    let waiting = |office: &Office| {
        (1..=20).filter(|number| !read_anew(office, *number).gathered.is_empty()).count()
    };
    assert!(waiting(&office) > 1, "over a dozen in an hour go into one");
    office.now = office.now + Span::hours(2);
    office.take(&Input::Time);
    assert_eq!(waiting(&office), 0);
    let cases = (1..=20).map(|number| read_anew(&office, number)).collect();
    let (last_seq, before) = (office.desk.books().last_seq(), office.log.len());
    office.desk = office.desk.reopened(Past { cases, last_seq, ..Past::default() });
    office.now = office.now + Span::minutes(1);
    office.take(&Input::Time);
    let of_several = LetterKind::Notice(Notice::Gathered);
    let mut since = office.log.iter().skip(before);
    assert!(
        !since.any(|event| matches!(event.fact, Fact::Written { kind, .. } if kind == of_several))
    );
}
