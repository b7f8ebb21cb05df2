//! Letters about missed promises that did not leave when they should have: nobody is left untold.

use super::promises::{acknowledged, answer, promising, report, wait};
use super::*;
use watchpost::desk::command::Said;

const ANN: &str = "ann@acorn.example";

fn with_news() -> Policy {
    Policy { update: Some(Span::hours(100)), ..promising() }
}

fn missed(promise: &str) -> LetterId {
    LetterId(format!("EXP-2026-0001/missed-{promise}"))
}

/// What happens in so many hours, as far as it is about the reporter.
fn told(office: &mut Office, hours: u64) -> Vec<String> {
    let told = wait(office, hours).into_iter();
    told.filter(|line| line.contains("missed to") || line.contains("breach")).collect()
}

fn leaves(office: &mut Office, letter: LetterId) -> Vec<String> {
    let input = Input::Delivery { letter, outcome: Outcome::Accepted("250".into()) };
    office.take(&input).iter().map(in_words).collect()
}

#[test]
fn who_was_not_told_since_the_letter_was_taken_back_is_told_when_it_is_missed_again() {
    let mut office = acknowledged(with_news());
    answer(&mut office, "a@kim");
    let expected = ["100h 1 breach of Update", "100h 1 missed to ann@acorn.example"];
    assert_eq!(told(&mut office, 101), expected);
    // The mail server takes nothing, and somebody writes in time to spare them the letter.
    assert!(office.due().contains(&missed("update")));
    answer(&mut office, "b@kim");
    assert!(!office.due().contains(&missed("update")));
    assert_eq!(told(&mut office, 101), expected);
    leaves(&mut office, missed("update"));
    // They know now: once a case and promise.
    answer(&mut office, "c@kim");
    assert_eq!(told(&mut office, 101), ["100h 1 breach of Update"]);
}

#[test]
fn a_letter_that_the_end_of_a_case_took_back_is_written_when_the_case_goes_on() {
    let policy = || Policy { disclosure: Some(Span::hours(60)), ..with_news() };
    for left in [false, true] {
        let mut office = acknowledged(policy());
        answer(&mut office, "a@kim");
        assert_eq!(told(&mut office, 70)[1], "60h 1 missed to ann@acorn.example");
        if left {
            leaves(&mut office, missed("disclosure"));
        }
        office.say(1, Said::Close);
        wait(&mut office, 10);
        assert!(!office.due().contains(&missed("disclosure")));
        let reopened = office.say(1, Said::Reopen);
        let again = if left { &[][..] } else { &["1 missed to ann@acorn.example"] };
        assert_eq!(reopened[1..], *again, "{reopened:?}");
    }
}

#[test]
fn of_an_answer_owed_once_more_and_missed_once_more_who_was_not_told_is_told() {
    let mut office = acknowledged(promising());
    assert_eq!(told(&mut office, 49)[1], "48h 1 missed to ann@acorn.example");
    office.say(1, Said::Close);
    office.say(1, Said::Reopen);
    let expected = ["48h 1 breach of Response", "48h 1 missed to ann@acorn.example"];
    assert_eq!(told(&mut office, 49), expected);
}

#[test]
fn letters_that_were_taken_back_count_for_nothing_after_a_start_either() {
    for starts in [false, true] {
        let mut office = acknowledged(with_news());
        answer(&mut office, "0@kim");
        for n in 1..=4 {
            assert_eq!(told(&mut office, 101).len(), 2, "{n}");
            answer(&mut office, &format!("{n}@kim"));
            if starts {
                let cases = vec![office.case(1).clone()];
                let last_seq = office.log.last().unwrap().seq;
                office.desk = office.desk.reopened(Past { cases, last_seq, ..Past::default() });
            }
        }
    }
}

#[test]
fn an_acknowledgement_that_names_a_time_and_leaves_after_it_is_followed_by_the_truth() {
    let mut office = Office::of(promising());
    office.receive(report());
    let breaches = ["48h 1 breach of Acknowledgement", "48h 1 breach of Response"];
    assert_eq!(told(&mut office, 80), breaches, "nobody is told of a case that they do not know");
    let told_at_last = ["1 sent", "1 missed to ann@acorn.example"];
    assert_eq!(leaves(&mut office, LetterId("EXP-2026-0001/acknowledgement".into())), told_at_last);
    leaves(&mut office, missed("response"));
    assert!(told(&mut office, 500).is_empty());
}

#[test]
fn an_acknowledgement_that_is_written_too_late_says_so_itself() {
    let mut office = Office::of(promising());
    // Nobody was here for four days.
    office.arrived = Some(office.now);
    office.now = office.now + Span::hours(96);
    office.receive(report());
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    let breaches = ["0h 1 breach of Acknowledgement", "0h 1 breach of Response"];
    let quick = {
        let mut office = Office::of(promising());
        office.arrived = Some(office.now);
        office.now = office.now + Span::hours(96);
        office.receive(report());
        leaves(&mut office, letter.clone());
        told(&mut office, 500)
    };
    assert_eq!(quick, breaches[1..], "whatever comes first");
    assert_eq!(told(&mut office, 0), breaches);
    assert_eq!(leaves(&mut office, letter), ["1 sent"]);
    assert!(told(&mut office, 500).is_empty());
}

#[test]
fn who_heard_from_a_person_before_the_acknowledgement_left_needs_no_such_letter() {
    let mut office = Office::of(promising());
    office.receive(report());
    let letter = office.due().remove(0);
    wait(&mut office, 80);
    answer(&mut office, "a@kim");
    // It was on its way.
    assert_eq!(leaves(&mut office, letter), ["1 sent"]);
    assert_eq!(office.case(1).opening.reporter.as_ref().unwrap().address, address(ANN));
}
