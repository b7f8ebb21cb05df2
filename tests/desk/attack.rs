//! What somebody tries who knows how the desk works.

use super::*;
use watchpost::desk::message::MailReport;
use watchpost::desk::policy::Promise;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;
use watchpost::desk::wording::{self, Wording};

fn member(name: &str) -> Member {
    let addresses = vec![address(&format!("{name}@project.example"))];
    Member { name: name.into(), addresses, zone: Zone::UTC, away: Vec::new() }
}

/// Kim leads, Lee stands in.
fn staffed(notices: Notices) -> Policy {
    let team = Team {
        lead: Some(member("kim")),
        deputies: vec![member("lee")],
        notices,
        ..Team::default()
    };
    Policy { team, ..policy() }
}

fn report(from: &str, id: &str) -> Mail {
    mail(from, id, "A hole in the static handler", Kind::Complete)
}

fn acknowledged(policy: Policy) -> Office {
    let mut office = Office::of(policy);
    office.receive(report("ann@acorn.example", "1@acorn.example"));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    office
}

fn last_written(office: &Office, kind: &str) -> (LetterId, String) {
    let written = office.log.iter().rev().find_map(|event| match &event.fact {
        Fact::Written { letter, kind: one, message_id, .. } if one.name() == kind => {
            Some((letter.clone(), message_id.as_str().to_owned()))
        }
        _ => None,
    });
    written.unwrap()
}

#[test]
fn notices_that_nobody_gets_are_not_told_of_for_ever() {
    let mut office = Office::of(staffed(Notices::Facts));
    office.receive(report("ann@acorn.example", "1@acorn.example"));
    let mut refused = 0;
    while refused < 30 {
        let notices = office.due().into_iter().find(|letter| letter.as_notice().is_some());
        let Some(letter) = notices else { break };
        office.take(&Input::Delivery { letter, outcome: Outcome::Permanent("550 gone".into()) });
        refused += 1;
    }
    assert!(refused <= 4, "{refused} notices about notices");
}

#[test]
fn who_has_been_answered_by_a_person_is_not_owed_an_acknowledgement_that_comes_back() {
    let mut office = acknowledged(staffed(Notices::None));
    let letter = office.letter_id(1);
    office.role = Role::Sent;
    let mut answer = mail("kim@project.example", "k@project", "Re: A hole", Kind::Other);
    answer.message.to = vec![address("ann@acorn.example")];
    office.receive(answer.answering("1@acorn.example"));
    office.role = Role::Inbox;
    let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "Undelivered", Kind::Bounce);
    bounce.message.report = Some(MailReport {
        kind: "delivery-status".into(),
        actions: vec!["failed".into()],
        about: MessageId::parse(&letter).into_iter().collect(),
        ..MailReport::default()
    });
    office.receive(bounce);
    assert_eq!(office.state(1), State::Answered);
    office.now = office.now + Span::hours(60);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    assert!(!told.contains(&format!("1 breach of {:?}", Promise::Acknowledgement)), "{told:?}");
}

#[test]
fn an_absence_note_from_behind_an_alias_brings_no_further_notice() {
    let mut office = acknowledged(staffed(Notices::Facts));
    let (_, id) = last_written(&office, "report");
    let absent = mail("kim@elsewhere.example", "a@elsewhere", "Away: Report", Kind::Automatic);
    assert_eq!(office.receive(absent.answering(&id)), ["1 joined by Guest"]);
}

#[test]
fn nobody_answers_their_own_report() {
    let mut office = Office::of(staffed(Notices::None));
    office.receive(report("lee@project.example", "1@project"));
    let mut more = mail("lee@project.example", "2@project", "Re: A hole", Kind::Other);
    more.message.cc = vec![mailbox("lee@project.example")];
    let told = office.receive(more.answering("1@project"));
    assert!(!told.iter().any(|one| one.contains("answered")), "{told:?}");
}

#[test]
fn a_flood_of_mail_does_not_become_one_of_letters_to_the_team_and_beyond() {
    let mut policy = staffed(Notices::None);
    policy.team.outside = vec![address("cert@foundation.example"), address("csirt@land.example")];
    let mut office = Office::of(policy);
    for n in 0..100 {
        let from = format!("x{n}@junk{n}.example");
        office.receive(mail(&from, &format!("{n}@junk"), &format!("Offer {n}"), Kind::Complete));
    }
    let end = office.now + Span::hours(10 * 24);
    while let Some(next) = office.desk.next_wakeup(office.now).filter(|next| *next <= end) {
        office.now = next;
        office.take(&Input::Time);
    }
    let letters = |to: &str| {
        let goes = |e: &&Event| matches!(&e.fact, Fact::Written { to: one, .. } if one.address == address(to));
        office.log.iter().filter(goes).count()
    };
    // Some days, two clocks, and a dozen an hour before several go into one.
    for to in ["kim@project.example", "cert@foundation.example", "csirt@land.example"] {
        let letters = letters(to);
        assert!((10..=10 * 2 * 20).contains(&letters), "{letters} to {to}");
    }
}

#[test]
fn junk_does_not_become_a_flood_of_letters_to_the_team_and_beyond() {
    let mut policy = staffed(Notices::None);
    policy.team.outside = vec![address("cert@foundation.example"), address("csirt@land.example")];
    let mut office = Office::of(policy);
    for n in 0..100 {
        let from = format!("x{n}@junk{n}.example");
        office.receive(mail(&from, &format!("{n}@junk"), &format!("Offer {n}"), Kind::SpamOrJunk));
    }
    let end = office.now + Span::hours(10 * 24);
    while let Some(next) = office.desk.next_wakeup(office.now).filter(|next| *next <= end) {
        office.now = next;
        office.take(&Input::Time);
    }
    let letters = |to: &str| {
        let goes = |e: &&Event| matches!(&e.fact, Fact::Written { to: one, .. } if one.address == address(to));
        office.log.iter().filter(goes).count()
    };
    // Two clocks, three steps each, and a dozen an hour before several go into one.
    let to_kim = letters("kim@project.example");
    assert!((6..=2 * 3 * 20).contains(&to_kim), "{to_kim}");
    assert_eq!(letters("cert@foundation.example") + letters("csirt@land.example"), 0);
}

#[test]
fn whatever_a_report_says_the_letter_that_repeats_it_fits_into_its_row() {
    for text in [
        "\u{e0041}".repeat(4000),
        "\u{20000}".repeat(4000),
        "\"\\\n".repeat(4000),
        "a\n".repeat(9000),
    ] {
        let mut office = Office::of(staffed(Notices::Text));
        let mut long = report("ann@acorn.example", "1@acorn.example");
        long.message.subject = "\u{20000}".repeat(1000);
        long.message.text = text;
        let message = long.message.clone();
        office.receive(long);
        let policy = staffed(Notices::Text);
        for event in &office.log {
            let Fact::Written { .. } = event.fact else { continue };
            let books = office.desk.books();
            let policy = |_: &str| Some(&policy);
            let shipped = Wording::shipped();
            let letter =
                wording::letter(&shipped, books, policy, event, &office.log, Some(&message.text));
            let Write::Put(_, _, row) = record::letter(&letter.unwrap().letter) else { continue };
            assert!(row.len() < MAX_VALUE, "{} bytes", row.len());
        }
    }
}

#[test]
fn an_opening_with_everything_in_it_fits_into_its_row() {
    for kind in [Kind::Complete, Kind::LinkOnly] {
        let mut office = Office::of(Policy { kind: InboxKind::Personal, ..staffed(Notices::None) });
        let long = "\u{10ffff}".repeat(100_000);
        let id = format!("{}@acorn", "\\".repeat(240));
        let mut huge = mail("kim@acorn.example", &id, &long, kind);
        huge.message.from[0].name = long.clone();
        huge.message.text = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(" word");
        let domain = ["d".repeat(60), "e".repeat(60), "f".repeat(60), "example".into()].join(".");
        huge.message.to =
            (0..100).map(|n| address(&format!("{}{n:02}@{domain}", "x".repeat(58)))).collect();
        office.reasons = vec![Reason { code: Code::OnlyLinks, detail: long.clone() }; 20];
        office.figures.hosts = vec![long.clone(); 20];
        office.figures.files = vec![long.clone(); 20];
        office.reading = Reading::Perhaps;
        assert_eq!(office.receive(huge).first().unwrap(), "asked");
        assert!(office.largest_row < MAX_VALUE, "{}", office.largest_row);
    }
}

#[test]
fn many_cases_that_are_due_together_are_worked_through_a_few_at_a_time() {
    let mut office = Office::of(staffed(Notices::None));
    for n in 0..2000 {
        let from = format!("x{n}@junk{n}.example");
        office.receive(mail(&from, &format!("{n}@junk"), "Hello", Kind::SpamOrJunk));
    }
    office.now = office.now + Span::hours(72);
    let mut most = 0;
    for _ in 0..1000 {
        let events = office.take(&Input::Time).len();
        most = most.max(events);
        let Some(next) = office
            .desk
            .next_wakeup(office.now)
            .filter(|next| *next <= office.now + Span::seconds(1))
        else {
            break;
        };
        office.now = next;
    }
    assert!(most < 4000, "{most} events in one commit");
    let missed = office.log.iter().filter(|event| event.fact.breached().is_some()).count();
    assert_eq!(missed, 4000, "all the same nothing is forgotten");
}

#[test]
fn an_answer_that_nothing_proves_counts_once_its_copy_lies_in_sent() {
    let mut office = acknowledged(staffed(Notices::None));
    let copy = || {
        let mut answer = mail("kim@project.example", "k@project", "Re: A hole", Kind::Other);
        answer.message.to = vec![address("ann@acorn.example"), address("security@project.example")];
        Mail { authentication: Authentication::None, ..answer.answering("1@acorn.example") }
    };
    assert_eq!(office.receive(copy()), ["1 discussed: Unproven"]);
    office.role = Role::Sent;
    assert_eq!(office.receive(copy()), ["1 answered by TheirMail, enough: true"]);
}
