//! When the team gets a digest, and that it gets each one once.

use super::promises::{promising, report, wait};
use super::*;
use watchpost::desk::schedule::Schedule;
use watchpost::desk::tally::Since;
use watchpost::desk::time::Zone;

/// Each Monday at eight; stories begin on Tuesday 1 September 2026 at noon.
fn weekly() -> Schedule {
    Schedule { weekday: Some(0), minutes: 8 * 60, zone: Zone::UTC }
}

fn daily() -> Schedule {
    Schedule { weekday: None, ..weekly() }
}

fn office(digest: Schedule) -> Office {
    let policy = Policy { digest: Some(digest), response_reminders: Vec::new(), ..promising() };
    let mut office = Office::of(policy);
    assert_eq!(pass_time(&mut office), ["digest counted from here"]);
    office
}

fn pass_time(office: &mut Office) -> Vec<String> {
    office.take(&Input::Time).iter().map(in_words).collect()
}

/// What the store would hold for the next start.
fn restart(office: &mut Office, since: Since) {
    let past = Past {
        cases: office.desk.books().cases().cloned().collect(),
        last_seq: office.desk.books().last_seq(),
        proof: office.desk.books().chain().head().clone(),
        digests: vec![("security".into(), since)],
        ended: office.proof.iter().filter(|e| e.number > since.entries).cloned().collect(),
        aside: office
            .log
            .iter()
            .filter(|e| e.seq > since.seq && e.case.is_none())
            .cloned()
            .collect(),
        ..Past::default()
    };
    office.desk = office.desk.reopened(past);
}

fn since(office: &Office) -> Since {
    office.desk.books().tallies().of("security").unwrap().since
}

const LETTERS: [&str; 4] = [
    "digest to kim@project.example",
    "digest to lee@project.example",
    "digest to sam@project.example",
    "digested",
];

#[test]
fn everybody_on_the_team_gets_one_on_monday_morning_even_if_nothing_happened() {
    let mut office = office(weekly());
    let told = wait(&mut office, 14 * 24);
    let first = LETTERS.map(|line| format!("140h {line}"));
    let second = LETTERS.map(|line| format!("308h {line}"));
    assert_eq!(told, [first, second].concat());
}

#[test]
fn after_a_long_sleep_there_is_one_and_the_next_comes_on_its_day() {
    let mut office = office(weekly());
    office.now = office.now + Span::hours(24 * 30);
    assert_eq!(pass_time(&mut office), LETTERS);
    assert!(pass_time(&mut office).is_empty());
    let told = wait(&mut office, 7 * 24);
    // Thursday noon to Monday morning.
    assert_eq!(told, LETTERS.map(|line| format!("92h {line}")));
}

#[test]
fn a_desk_that_starts_anew_sends_none_twice_and_leaves_none_out() {
    let mut office = office(weekly());
    office.receive(report());
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    wait(&mut office, 72);
    let before = since(&office);
    restart(&mut office, before);
    let entries = office.desk.books().tallies().of("security").unwrap().entries().count();
    assert_eq!(entries, 2, "one kept, one missed");
    let told = wait(&mut office, 68);
    assert_eq!(told.iter().filter(|line| line.contains("digest to")).count(), 3, "{told:?}");

    let after = since(&office);
    assert!(after.seq > before.seq && after.entries == 2);
    restart(&mut office, after);
    assert!(pass_time(&mut office).iter().all(|line| !line.contains("digest")));
    assert_eq!(office.desk.books().tallies().of("security").unwrap().entries().count(), 0);
}

#[test]
fn a_day_on_which_nothing_happened_is_passed_over() {
    let mut office = office(daily());
    assert_eq!(wait(&mut office, 24), ["20h digested"]);
    office.receive(mail("robot@oak.example", "r@oak.example", "Out of office", Kind::Automatic));
    let told = wait(&mut office, 24);
    assert_eq!(told, LETTERS.map(|line| format!("20h {line}")));
    assert_eq!(wait(&mut office, 24), ["20h digested"], "it was told yesterday");
    office.receive(report());
    let told = wait(&mut office, 24);
    assert!(told.contains(&"20h digest to kim@project.example".into()), "{told:?}");
}

#[test]
fn an_answer_to_a_digest_and_its_bounce_open_no_case() {
    let mut office = office(weekly());
    wait(&mut office, 150);
    let written = office.log.iter().find_map(|event| match &event.fact {
        Fact::Written { message_id, letter, .. } => Some((message_id.clone(), letter.clone())),
        _ => None,
    });
    let (id, letter) = written.unwrap();
    assert_eq!(letter.0, "inbox_security/digest.2.kim");
    let told = office.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250".into()) });
    assert_eq!(told.iter().map(in_words).collect::<Vec<_>>(), ["sent"]);
    let thanks = mail("kim@project.example", "t@kim", "Re: Express", Kind::Other);
    let told = office.receive(thanks.answering(id.as_str()));
    assert_eq!(told, ["set aside: other"]);
    let mut bounce = mail("mailer-daemon@project.example", "b@project", "Failed", Kind::Bounce);
    bounce.message.return_path = Some(ReturnPath::Null);
    bounce.message.report = Some(MailReport { about: vec![id], ..MailReport::default() });
    let told = office.receive(bounce);
    assert!(!told.iter().any(|line| line.contains("opened")), "{told:?}");
}
