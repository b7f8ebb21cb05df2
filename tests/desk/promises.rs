//! What time brings: reminders, missed promises, the ladder. Told by the hour.

use super::*;
use watchpost::desk::policy::Start;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;

pub(super) fn member(name: &str) -> Member {
    let addresses = vec![address(&format!("{name}@project.example"))];
    Member { name: name.into(), addresses, zone: Zone::UTC, away: Vec::new() }
}

/// Kim leads, Lee stands in, Sam is on the team, and a CERT stands outside.
pub(super) fn promising() -> Policy {
    let team = Team {
        lead: Some(member("kim")),
        deputies: vec![member("lee")],
        members: vec![member("sam")],
        outside: vec![address("cert@foundation.example")],
        notices: Notices::None,
    };
    let response_reminders = vec![Span::hours(24), Span::hours(44)];
    Policy { team, response_reminders, ..policy() }
}

pub(super) fn report() -> Mail {
    mail("ann@acorn.example", "1@acorn.example", "A hole", Kind::Complete)
}

/// An office in which a report was acknowledged the moment it came.
pub(super) fn acknowledged(policy: Policy) -> Office {
    let mut office = Office::of(policy);
    office.receive(report());
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    office
}

/// What happens in so many hours if nobody does anything, each with its hour since the start.
pub(super) fn wait(office: &mut Office, hours: u64) -> Vec<String> {
    let (start, end) = (office.now, office.now + Span::hours(hours));
    let mut told = Vec::new();
    loop {
        for event in office.take(&Input::Time) {
            told.push(format!(
                "{}h {}",
                event.at.since(start).as_seconds() / 3600,
                in_words(&event)
            ));
        }
        let Some(next) = office.desk.next_wakeup(office.now).filter(|next| *next <= end) else {
            office.now = end;
            return told;
        };
        office.now = next;
    }
}

pub(super) fn answer(office: &mut Office, id: &str) {
    office.role = Role::Sent;
    let mut mail = mail("kim@project.example", id, "Re: A hole", Kind::Other);
    mail.message.to = vec![address("ann@acorn.example")];
    office.receive(mail.answering("1@acorn.example"));
    office.role = Role::Inbox;
}

#[test]
fn who_handles_a_case_is_reminded_and_then_it_goes_up_the_ladder_for_ever() {
    let mut office = acknowledged(promising());
    let told = wait(&mut office, 120);
    let expected = [
        "24h 1 reminded of Response 1",
        "24h 1 reminder to kim@project.example",
        "44h 1 reminded of Response 2",
        "44h 1 reminder to kim@project.example",
        "48h 1 breach of Response",
        "48h 1 missed to ann@acorn.example",
        "48h 1 escalated Response 1",
        "48h 1 escalation to kim@project.example",
        "48h 1 escalation to lee@project.example",
        "72h 1 escalated Response 2",
        "72h 1 escalation to kim@project.example",
        "72h 1 escalation to lee@project.example",
        "72h 1 escalation to sam@project.example",
        "96h 1 escalated Response 3",
        "96h 1 escalation to kim@project.example",
        "96h 1 escalation to lee@project.example",
        "96h 1 escalation to sam@project.example",
        "96h 1 escalation to cert@foundation.example",
        "120h 1 escalated Response 4",
        "120h 1 escalation to kim@project.example",
        "120h 1 escalation to lee@project.example",
        "120h 1 escalation to sam@project.example",
        "120h 1 escalation to cert@foundation.example",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_answer_in_the_last_second_keeps_the_promise_and_one_later_does_not() {
    for (late, breaches) in [(0, 0), (1, 1)] {
        let mut office = acknowledged(promising());
        let due = office.now + Span::hours(48);
        wait(&mut office, 47);
        if late == 0 {
            office.now = due;
            answer(&mut office, "a@kim");
        } else {
            office.now = due;
            office.take(&Input::Time);
            office.now = due + Span::seconds(1);
            answer(&mut office, "a@kim");
        }
        assert!(wait(&mut office, 100).is_empty(), "it is quiet after the answer");
        let count = office.log.iter().filter(|e| matches!(e.fact, Fact::Breached { .. })).count();
        assert_eq!(count, breaches);
    }
}

#[test]
fn a_clock_from_the_acknowledgement_begins_with_it() {
    let mut policy = promising();
    policy.response_from = Start::Acknowledged;
    policy.response_reminders.clear();
    let mut office = Office::of(policy);
    office.receive(report());
    office.now = office.now + Span::hours(3);
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    let told = wait(&mut office, 48);
    assert_eq!(told.first().map(String::as_str), Some("48h 1 breach of Response"));
}

#[test]
fn a_held_report_that_nobody_looks_at_breaks_both_promises_and_its_sender_hears_nothing() {
    let mut office = Office::of(promising());
    let mut forged = report();
    forged.authentication = Authentication::Fail;
    office.receive(forged);
    let told = wait(&mut office, 48);
    let breaches: Vec<&String> = told.iter().filter(|line| line.contains("breach")).collect();
    assert_eq!(breaches, ["48h 1 breach of Acknowledgement", "48h 1 breach of Response"]);
    assert!(!told.iter().any(|line| line.contains("ann@")), "{told:?}");
}

#[test]
fn news_are_owed_from_each_word_of_a_person_on() {
    let mut policy = promising();
    policy.update = Some(Span::hours(14 * 24));
    policy.update_reminders = vec![Span::hours(10 * 24)];
    let mut office = acknowledged(policy);
    answer(&mut office, "a@kim");
    wait(&mut office, 10 * 24 - 1);
    answer(&mut office, "b@kim");
    let told = wait(&mut office, 14 * 24);
    let expected = ["240h 1 reminded of Update 1", "240h 1 reminder to kim@project.example"];
    assert_eq!(told.get(..2).unwrap_or_default(), expected);
    assert_eq!(told.get(2).map(String::as_str), Some("336h 1 breach of Update"));
}

#[test]
fn what_was_slept_through_is_told_once_and_of_reminders_only_the_last() {
    let mut office = acknowledged(promising());
    office.now = office.now + Span::hours(45);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    assert_eq!(told, ["1 reminded of Response 2", "1 reminder to kim@project.example"]);
    office.now = office.now + Span::hours(28);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    let steps: Vec<&String> = told.iter().filter(|line| line.contains("escalated")).collect();
    assert_eq!(steps, ["1 escalated Response 1", "1 escalated Response 2"]);
    assert!(office.take(&Input::Time).is_empty());
}

#[test]
fn a_desk_that_starts_anew_goes_on_where_it_stopped() {
    let mut office = acknowledged(promising());
    wait(&mut office, 49);
    let cases = vec![Case::replay(&office.log).unwrap()];
    let last_seq = office.log.last().unwrap().seq;
    office.desk = office.desk.reopened(Past { cases, last_seq, ..Past::default() });
    let told = wait(&mut office, 23);
    assert_eq!(told.first().map(String::as_str), Some("23h 1 escalated Response 2"));
}

#[test]
fn what_is_held_is_told_a_few_times_and_inside_the_team_alone() {
    let mut office = Office::of(promising());
    let sales = mail("sales@offers.example", "1@offers", "Cheap!", Kind::SpamOrJunk);
    office.receive(sales);
    let told = wait(&mut office, 30 * 24);
    assert!(!told.iter().any(|line| line.contains("cert@")), "{told:?}");
    let steps = told.iter().filter(|line| line.contains("escalated Response")).count();
    assert_eq!(steps, 3, "{told:?}");
}

#[test]
fn letters_that_say_that_nobody_answered_do_not_leave_after_an_answer() {
    let mut office = acknowledged(promising());
    wait(&mut office, 73);
    assert!(office.due().len() > 4, "the relay takes nothing: {:?}", office.due());
    answer(&mut office, "a@kim");
    assert!(office.due().is_empty(), "{:?}", office.due());
}

#[test]
fn whom_no_machine_may_write_to_is_told_of_no_missed_promise_after_an_answer_either() {
    let policy = || Policy { update: Some(Span::hours(24)), ..promising() };
    let mut held = Office::of(policy());
    held.receive(report().with("list-id", "<dev.acorn.example>"));
    let mut lost = Office::of(policy());
    lost.receive(report());
    lost.delivery(1, Outcome::Permanent("550 no such user".into()));
    let mut reached = acknowledged(policy());
    for (office, letters) in [(&mut held, 0), (&mut lost, 0), (&mut reached, 1)] {
        answer(office, "a@kim");
        let told = wait(office, 24);
        assert!(told.iter().any(|line| line.contains("breach of Update")), "{told:?}");
        let to_reporter = told.iter().filter(|line| line.contains("ann@acorn.example")).count();
        assert_eq!(to_reporter, letters, "{told:?}");
    }
}

#[test]
fn who_was_promised_much_is_told_of_three_missed_promises_a_month_after_a_long_sleep_too() {
    let mut office = Office::of(promising());
    for n in 1..=5 {
        let (id, subject) = (format!("{n}@acorn.example"), format!("Hole {n}"));
        office.receive(mail("ann@acorn.example", &id, &subject, Kind::Complete));
        office.delivery(n, Outcome::Accepted("250 ok".into()));
        office.now = office.now + Span::hours(25);
    }
    office.now = office.now + Span::hours(24 * 20);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    let letters = told.iter().filter(|line| line.contains("missed to ann@")).count();
    assert_eq!(letters, 3, "{told:?}");
}

#[test]
fn an_answer_takes_back_no_notice_of_a_promise_that_it_does_not_keep() {
    let disclosure = Some(Span::hours(30));
    let disclosure_reminders = vec![Span::hours(23)];
    let policy = Policy { disclosure, disclosure_reminders, ..promising() };
    let mut office = acknowledged(policy);
    let waiting = |office: &Office| {
        let kind =
            |letter: LetterId| letter.0.split(['/', '.']).nth(1).unwrap_or_default().to_owned();
        office.due().into_iter().map(kind).collect::<Vec<_>>()
    };
    // The mail server takes nothing meanwhile.
    let told = wait(&mut office, 26);
    assert_eq!(
        told,
        [
            "23h 1 reminded of Disclosure 1",
            "23h 1 reminder to kim@project.example",
            "24h 1 reminded of Response 1",
            "24h 1 reminder to kim@project.example",
        ]
    );
    assert_eq!(waiting(&office), ["reminder", "reminder"]);
    answer(&mut office, "a@kim");
    assert_eq!(waiting(&office), ["reminder"], "the disclosure is as near as before");
    wait(&mut office, 5);
    assert_eq!(waiting(&office), ["reminder", "escalation", "escalation", "missed-disclosure"]);
    answer(&mut office, "b@kim");
    assert_eq!(waiting(&office), ["reminder", "escalation", "escalation", "missed-disclosure"]);
}
