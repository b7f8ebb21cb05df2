//! Which cases stay in memory: all that are open, and of the others those closed last.

use watchpost::desk::command::Said;

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
