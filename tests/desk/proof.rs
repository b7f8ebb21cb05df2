//! What the proof says of promises, and that it says so once.

use super::promises::{acknowledged, answer, promising, report, wait};
use super::*;
use watchpost::desk::command::Said;
use watchpost::desk::policy::{Further, MetBy, Promise, Trigger};
use watchpost::desk::proof::{Check, Head};

/// Each entry on a line, with the hours between the start of its clock and its end.
fn told(office: &Office) -> Vec<String> {
    let mut check = Check::default();
    for entry in &office.proof {
        check.take(entry).unwrap();
    }
    check.ends(office.desk.books().chain().head()).unwrap();
    let line = |entry: &Entry| {
        let hours = entry.met.map(|met| met.since(entry.start).as_seconds() / 3600);
        let hours = hours.map(|hours| format!(" {hours}h")).unwrap_or_default();
        let held = if entry.held { " held" } else { "" };
        format!("{} {}{hours}{held}", entry.promise.name(), entry.outcome.name())
    };
    office.proof.iter().map(line).collect()
}

fn updating() -> Policy {
    Policy { update: Some(Span::hours(72)), ..promising() }
}

#[test]
fn what_is_kept_is_put_down_when_it_is_met() {
    let mut office = acknowledged(promising());
    assert_eq!(told(&office), ["acknowledgement kept 0h"]);
    wait(&mut office, 30);
    answer(&mut office, "a@kim");
    assert_eq!(told(&office), ["acknowledgement kept 0h", "response kept 30h"]);
    wait(&mut office, 200);
    assert_eq!(office.proof.len(), 2, "nothing more was promised");
}

#[test]
fn an_answer_before_the_acknowledgement_keeps_both_promises() {
    let mut office = Office::of(promising());
    office.receive(report());
    wait(&mut office, 2);
    answer(&mut office, "a@kim");
    assert_eq!(told(&office), ["acknowledgement kept 2h", "response kept 2h"]);
}

#[test]
fn what_is_missed_is_put_down_at_its_deadline_and_again_when_it_is_met_late() {
    let mut office = acknowledged(promising());
    wait(&mut office, 60);
    assert_eq!(told(&office), ["acknowledgement kept 0h", "response missed"]);
    answer(&mut office, "a@kim");
    answer(&mut office, "b@kim");
    assert_eq!(told(&office)[1..], ["response missed", "response late 60h"]);
}

#[test]
fn an_answer_that_is_seen_late_and_was_in_time_corrects_what_was_written() {
    let mut office = acknowledged(promising());
    let begin = office.now;
    wait(&mut office, 60);
    office.arrived = Some(begin + Span::hours(20));
    answer(&mut office, "a@kim");
    assert_eq!(told(&office)[1..], ["response missed", "response corrected 20h"]);
    let first = office.proof[1].clone();
    assert_eq!(first.met, None, "what was written stays");

    // The same where a later answer was known already.
    let mut office = acknowledged(promising());
    let begin = office.now;
    wait(&mut office, 60);
    answer(&mut office, "a@kim");
    office.arrived = Some(begin + Span::hours(20));
    answer(&mut office, "b@kim");
    let expected = ["response missed", "response late 60h", "response corrected 20h"];
    assert_eq!(told(&office)[1..], expected);
}

#[test]
fn an_answer_after_the_deadline_that_nobody_noticed_is_missed_and_late() {
    let mut office = acknowledged(promising());
    office.now = office.now + Span::hours(50);
    answer(&mut office, "a@kim");
    assert_eq!(told(&office)[1..], ["response missed", "response late 50h"]);
    assert!(wait(&mut office, 100).iter().all(|line| !line.contains("breach")));
}

#[test]
fn each_word_of_a_person_keeps_the_promise_of_news_and_begins_the_next() {
    let mut office = acknowledged(updating());
    wait(&mut office, 10);
    for id in ["a@kim", "b@kim"] {
        answer(&mut office, id);
        wait(&mut office, 40);
    }
    wait(&mut office, 40);
    answer(&mut office, "c@kim");
    let expected = ["response kept 10h", "update kept 40h", "update missed", "update late 80h"];
    assert_eq!(told(&office)[1..], expected);
}

#[test]
fn an_acknowledgement_that_comes_back_is_owed_again() {
    let mut office = acknowledged(promising());
    wait(&mut office, 1);
    let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn.example", "Failed", Kind::Bounce);
    bounce.message.return_path = Some(ReturnPath::Null);
    let about = MessageId::parse(&office.letter_id(1)).into_iter().collect();
    bounce.message.report = Some(MailReport { about, ..MailReport::default() });
    office.receive(bounce);
    assert_eq!(told(&office), ["acknowledgement kept 0h", "acknowledgement reopened 0h"]);
    wait(&mut office, 48);
    assert_eq!(told(&office)[2..], ["acknowledgement missed", "response missed"]);
}

#[test]
fn what_an_earlier_store_answered_is_not_proven_here() {
    let mut office = Office::of(promising());
    let mut old = report();
    old.witness = Some(Keyword::Acked);
    office.receive(old);
    assert_eq!(told(&office), Vec::<String>::new());
}

#[test]
fn what_a_closed_case_still_owed_ended_with_it_and_what_was_missed_stays_missed() {
    let mut office = acknowledged(updating());
    wait(&mut office, 10);
    office.say(1, Said::Close);
    assert_eq!(told(&office)[1..], ["response closed"]);
    wait(&mut office, 100);
    office.say(1, Said::Reopen);
    answer(&mut office, "a@kim");
    assert_eq!(told(&office)[1..], ["response closed", "response kept 0h"]);
    office.say(1, Said::Close);
    office.say(1, Said::Reopen);
    assert_eq!(told(&office)[3..], ["update closed"]);
    wait(&mut office, 80);
    office.say(1, Said::Close);
    assert_eq!(told(&office)[4..], ["update missed"]);
}

#[test]
fn what_was_kept_after_a_case_was_opened_again_stays_kept_when_that_happens_once_more() {
    let mut office = acknowledged(promising());
    office.say(1, Said::Close);
    wait(&mut office, 1000);
    office.say(1, Said::Reopen);
    wait(&mut office, 10);
    answer(&mut office, "a@kim");
    office.say(1, Said::Close);
    wait(&mut office, 1000);
    office.say(1, Said::Reopen);
    assert_eq!(told(&office)[1..], ["response closed", "response kept 10h"]);
}

#[test]
fn an_answer_while_the_clock_stands_still_is_in_time() {
    let mut office = acknowledged(promising());
    wait(&mut office, 10);
    office.say(1, Said::NeedInfo);
    wait(&mut office, 200);
    answer(&mut office, "a@kim");
    assert_eq!(told(&office)[1..], ["response kept 210h"]);
}

#[test]
fn promises_of_the_configuration_are_put_down_by_their_names() {
    let further = |name: &str, hours, met_by| Further {
        promise: Promise::named(name).unwrap(),
        length: Span::hours(hours),
        from: Trigger::Received,
        reminders: Vec::new(),
        escalates: false,
        met_by,
        pauses: false,
    };
    let triage = further("triage", 24, vec![MetBy::Response]);
    let fix = further("fix", 240, Vec::new());
    let mut office = acknowledged(Policy { further: vec![triage, fix], ..promising() });
    wait(&mut office, 30);
    answer(&mut office, "a@kim");
    office.say(1, Said::Close);
    let expected = ["triage missed", "response kept 30h", "triage late 30h", "fix kept 30h"];
    assert_eq!(told(&office)[1..], expected);
}

#[test]
fn held_mail_is_marked_so_that_junk_is_told_from_neglect() {
    let mut office = Office::of(promising());
    office.receive(mail("sales@offers.example", "1@offers", "Cheap!", Kind::SpamOrJunk));
    wait(&mut office, 50);
    assert_eq!(told(&office), ["acknowledgement missed held", "response missed held"]);
}

#[test]
fn an_entry_names_nobody_and_one_case_has_one_name() {
    let mut office = acknowledged(promising());
    wait(&mut office, 50);
    office.receive(mail("bo@oak.example", "2@oak.example", "Another", Kind::Complete));
    office.delivery(2, Outcome::Accepted("250 ok".into()));
    let names: Vec<&str> = office.proof.iter().map(|entry| entry.case.as_str()).collect();
    assert_eq!((names[0] == names[1], names[0] == names[2]), (true, false));
    let text = serde_json::to_string(&office.proof).unwrap();
    for content in ["acorn", "oak", "A hole", "EXP", "2026-0001", "kim"] {
        assert!(!text.contains(content), "{content}: {text}");
    }
}

#[test]
fn a_desk_that_starts_anew_goes_on_with_the_proof_where_it_stopped() {
    let mut office = acknowledged(promising());
    let past = |office: &Office, proof: Head| Past {
        cases: vec![office.case(1).clone()],
        last_seq: office.desk.books().last_seq(),
        proof,
        ..Past::default()
    };
    let head = office.desk.books().chain().head().clone();
    office.desk = office.desk.reopened(past(&office, head));
    wait(&mut office, 50);
    assert_eq!(told(&office), ["acknowledgement kept 0h", "response missed"]);

    // A store of an earlier version has none: it begins where the program does.
    let mut office = acknowledged(promising());
    office.proof.clear();
    office.desk = office.desk.reopened(past(&office, Head::default()));
    wait(&mut office, 50);
    assert_eq!(told(&office), ["response missed"]);
    assert_eq!(office.proof[0].number, 1);
}
