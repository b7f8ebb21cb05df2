//! Mail servers that are away, in doubt, or change their mind: what becomes of letters and promises.

use super::*;
use watchpost::desk::outbox::{Stop, Waiting};
use watchpost::desk::policy::Policy;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;

/// Kim leads, and hears of everything.
fn staffed() -> Policy {
    let addresses = vec![address("kim@project.example")];
    let kim = Member { name: "kim".into(), addresses, zone: Zone::UTC, away: Vec::new() };
    Policy {
        team: Team { lead: Some(kim), notices: Notices::Facts, ..Team::default() },
        ..policy()
    }
}

fn report(n: usize) -> Mail {
    mail(&format!("r{n}@acorn.example"), &format!("{n}@acorn"), &format!("bug {n}"), Kind::Complete)
}

/// Lets so many hours pass. Each letter that is due meets the relay; tells what it met it with, and
/// what followed, by the minute.
fn pass_by(
    office: &mut Office,
    hours: u64,
    mut relay: impl FnMut(Moment, &LetterId) -> Outcome,
) -> Vec<String> {
    let (start, end) = (office.now, office.now + Span::hours(hours));
    let mut told = Vec::new();
    while office.now <= end {
        let mut events = office.take(&Input::Time);
        for letter in office.due() {
            let outcome = relay(office.now, &letter);
            events.extend(office.take(&Input::Delivery { letter, outcome }));
        }
        for event in &events {
            let minute = event.at.since(start).as_seconds() / 60;
            told.push(format!("{minute}m {}", in_words(event)));
        }
        let next = office.desk.next_wakeup(office.now).unwrap_or(end + Span::seconds(1));
        office.now = next.max(office.now + Span::seconds(1));
    }
    office.now = end;
    told
}

#[test]
fn after_a_day_without_a_relay_each_letter_leaves_once_and_the_relay_was_asked_rarely() {
    let mut office = Office::open();
    for n in 1..=20 {
        office.receive(report(n));
    }
    let back = office.now + Span::hours(24);
    let (mut asked, mut sent) = (0, Vec::new());
    pass_by(&mut office, 27, |now, letter| {
        if now < back {
            asked += 1;
            return Outcome::Unreachable("cannot connect".into());
        }
        sent.push(letter.clone());
        Outcome::Accepted("250 ok".into())
    });
    // The first letters are under way together when it goes away.
    assert!(asked < 20 + 60, "{asked} connections in a day");
    sent.sort();
    let all: BTreeSet<&LetterId> = sent.iter().collect();
    assert_eq!((sent.len(), all.len(), office.desk.books().outbox().len()), (20, 20, 0));
    assert!((1..=20).all(|case| office.state(case) == State::Acknowledged));
}

#[test]
fn a_relay_that_lists_strangers_gets_each_letter_again_some_minutes_later() {
    let mut office = Office::open();
    office.receive(report(1));
    let known = office.now + Span::minutes(5);
    let told = pass_by(&mut office, 1, |now, _| {
        if now < known {
            Outcome::Transient("451 4.7.1 greylisted".into())
        } else {
            Outcome::Accepted("250 ok".into())
        }
    });
    assert_eq!(told.last().map(String::as_str), Some("9m 1 sent"), "{told:?}");
    assert!(told.len() <= 6, "{told:?}");
}

#[test]
fn a_relay_that_takes_each_letter_and_never_says_so_gets_it_three_times_and_a_human_is_told() {
    let mut office = Office::of(staffed());
    office.receive(report(1));
    let told = pass_by(&mut office, 47, |_, letter| match letter.as_notice() {
        Some(_) => Outcome::Accepted("250 ok".into()),
        None => Outcome::Unknown("end of text: no answer within 300 s".into()),
    });
    let of_the_letter: Vec<&str> =
        told.iter().map(String::as_str).filter(|told| !told.contains("sent")).collect();
    let expected = [
        "0m 1 delayed, unknown: true",
        "10m 1 delayed, unknown: true",
        "70m 1 refused",
        "70m 1 unreached to kim@project.example",
    ];
    assert_eq!(of_the_letter, expected, "{told:?}");
    assert_eq!(office.state(1), State::Unreached);
    let why = office.log.iter().find_map(|event| match &event.fact {
        Fact::Refused { why, .. } => Some(why.as_str()),
        _ => None,
    });
    assert!(why.unwrap().starts_with("perhaps sent 3 times, and not once confirmed: end of text"));
}

#[test]
fn of_a_letter_that_cannot_be_written_a_human_is_told_and_a_relay_that_is_away_stays_so() {
    let mut office = Office::of(staffed());
    office.receive(report(1));
    office.delivery(1, Outcome::Unreachable("cannot connect".into()));
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    let input = Input::Unwritten { letter, why: "en/acknowledgement.txt: line 3".into() };
    let told: Vec<String> = office.take(&input).iter().map(in_words).collect();
    assert_eq!(told, ["1 refused", "1 unreached to kim@project.example"]);
    assert_eq!(office.state(1), State::Unreached);
    assert!(office.desk.books().outbox().stopped("security").is_some());
    assert_eq!(office.take(&input), []);
}

#[test]
fn a_letter_that_is_confirmed_at_its_second_try_was_sent() {
    let mut office = Office::open();
    office.receive(report(1));
    let mut tries = 0;
    let told = pass_by(&mut office, 2, |_, _| {
        tries += 1;
        match tries {
            1 => Outcome::Unknown("cut".into()),
            2 => Outcome::Transient("451 later".into()),
            _ => Outcome::Accepted("250 ok".into()),
        }
    });
    assert!(told.last().unwrap().ends_with("1 sent"), "{told:?}");
    assert_eq!((tries, office.state(1)), (3, State::Acknowledged));
}

#[test]
fn a_bounce_hours_later_is_told_to_a_human_and_the_acknowledgement_is_owed_by_its_first_deadline() {
    let mut office = Office::of(staffed());
    office.receive(report(1));
    office.receive(report(2));
    pass_by(&mut office, 7, |_, _| Outcome::Accepted("250 ok".into()));
    assert_eq!(office.state(1), State::Acknowledged);
    // From a stranger, about the second letter; nothing but the id tells of it.
    let mut bounce = mail("mailer-daemon@relay.example", "b@relay", "Undelivered", Kind::Bounce);
    let about = MessageId::parse(&office.letter_id(2)).into_iter().collect();
    let actions = vec!["failed".into()];
    bounce.message.report = Some(MailReport { actions, about, ..MailReport::default() });
    let told = office.receive(bounce);
    assert_eq!(told, ["2 bounced, failed: true", "2 unreached to kim@project.example"]);
    assert_eq!((office.state(1), office.state(2)), (State::Acknowledged, State::Unreached));
    let told = pass_by(&mut office, 60, |_, _| Outcome::Accepted("250 ok".into()));
    let missed = told.iter().find(|told| told.contains("breach of Acknowledgement")).unwrap();
    // 48 hours after the report, of which 7 had passed.
    assert_eq!(missed, "2460m 2 breach of Acknowledgement", "{told:?}");
}

#[test]
fn a_letter_about_a_missed_promise_that_was_on_its_way_when_a_person_answered_has_left() {
    let mut office = Office::open();
    office.receive(report(1));
    office.delivery(1, Outcome::Accepted("250".into()));
    office.now = office.now + Span::hours(48);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    assert!(told.contains(&"1 missed to r1@acorn.example".to_owned()), "{told:?}");
    office.say(1, watchpost::desk::command::Said::Responded);
    let letter = LetterId("EXP-2026-0001/missed-response".into());
    let outcome = Outcome::Accepted("250".into());
    let told = office.take(&Input::Delivery { letter, outcome });
    assert_eq!(told.iter().map(in_words).collect::<Vec<_>>(), ["1 sent"]);
}

#[test]
fn letters_that_wait_for_the_relay_of_another_inbox_hold_no_report_of_this_one() {
    let other = Policy {
        inbox: "other".into(),
        recipients: vec![address("security@other.example")],
        case_prefix: "OTH".into(),
        from: mailbox("security@other.example"),
        ..policy()
    };
    let mut office = Office::open();
    let now = office.now;
    // More than can leave in the hour that is left for a report that was found late.
    let outbox = (1..=60).map(|n| {
        let to = address(&format!("r{n}@acorn.example"));
        let (inbox, covers, queued, next) = ("other".into(), Vec::new(), now, now);
        let waiting =
            Waiting { inbox, to, covers, notice: false, promise: None, perhaps: 0, queued, next };
        (LetterId(format!("OTH-2026-{n:04}/acknowledgement")), waiting)
    });
    let stop = |why: &str| vec![("other".into(), Stop { since: now, next: now, why: why.into() })];
    let past = Past { outbox: outbox.collect(), stops: stop("cannot connect"), ..Past::default() };
    let keys = Keys::new(vec![[9; 32]]).unwrap();
    office.desk = Desk::open(vec![policy(), other], keys, Caps::default(), past);
    office.arrived = Some(Moment::from_unix(now.unix() - 47 * 3600));
    assert_eq!(office.receive(report(1)), ["1 opened", "1 acknowledgement to r1@acorn.example"]);
}

#[test]
fn a_delivery_report_that_names_the_letter_as_what_it_answers_is_about_that_letter() {
    let mut office = Office::open();
    office.receive(report(1));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    let letter = office.letter_id(1);
    for (action, failed) in [
        ("delayed", false),
        ("delivered", false),
        ("relayed", false),
        ("expanded", false),
        ("failed", true),
        ("undeliverable", true),
    ] {
        let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "Note", Kind::Bounce);
        let actions = vec![action.into()];
        bounce.message.report = Some(MailReport { actions, ..MailReport::default() });
        let told = office.receive(bounce.answering(&letter));
        assert_eq!(told, [format!("1 bounced, failed: {failed}")], "{action}");
    }
}

#[test]
fn of_an_answer_of_a_person_that_came_back_a_human_is_told() {
    let mut office = Office::of(staffed());
    office.receive(report(1));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    let mut answer = mail("kim@project.example", "a@project", "Re: bug 1", Kind::Other);
    answer.message.to = vec![address("r1@acorn.example")];
    answer.message.cc = vec![mailbox("kim@project.example")];
    office.figures.words = 20;
    let letter = office.letter_id(1);
    let told = office.receive(answer.answering(&letter));
    assert_eq!(told[0], "1 answered by OurLetter, enough: true");
    let about = |sender: ReturnPath, to: &str, action: &str| {
        let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "Failed", Kind::Bounce);
        bounce.message.return_path = Some(sender);
        let about = MessageId::parse("a@project").into_iter().collect();
        let (actions, recipients) = (vec![action.into()], vec![address(to)]);
        let report = MailReport { actions, about, recipients, ..MailReport::default() };
        bounce.message.report = Some(report);
        bounce
    };
    let (eve, ann) = (ReturnPath::Address(address("eve@evil.example")), "r1@acorn.example");
    for other in [
        about(ReturnPath::Null, ann, "delayed"),
        about(ReturnPath::Null, "kim@project.example", "failed"),
        about(eve, ann, "failed"),
    ] {
        assert_eq!(office.receive(other), ["set aside: bounce"]);
    }
    // Exim and Exchange carry on the thread of what they report about: the letter in it has arrived.
    let mut failed = about(ReturnPath::Null, ann, "failed");
    failed.message.references = MessageId::parse(&letter).into_iter().collect();
    let acknowledged = office.case(1).acknowledged;
    let told = office.receive(failed);
    assert_eq!(told, ["1 returned <a@project>", "1 unreached to kim@project.example"]);
    assert_eq!((office.state(1), office.case(1).acknowledged), (State::Answered, acknowledged));
}
