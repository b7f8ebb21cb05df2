//! The digest, word for word.

use super::notices::{REPORT, Room, as_sent, member};
use super::*;
use watchpost::desk::letter::LetterId;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::schedule::Schedule;
use watchpost::desk::table::MAX_VALUE;
use watchpost::desk::team::{Notices, Team};
use watchpost::desk::time::Zone;

/// Kim and Lee, who get it each Monday at eight in Berlin. Stories begin on Tuesday 1 September 2026.
fn digesting(notices: Notices) -> Room {
    let lead = Some(member("kim"));
    let team = Team { lead, deputies: vec![member("lee")], notices, ..Team::default() };
    let zone = Zone::named("Europe/Berlin").unwrap();
    let digest = Some(Schedule { weekday: Some(0), minutes: 8 * 60, zone });
    let update = Some(Span::hours(14 * 24));
    let mut room = Room::of(Policy { team, digest, update, tell_missed: false, ..policy() });
    room.take(&Input::Time);
    room
}

fn report(n: usize) -> String {
    let mail = REPORT.replace("ann@acorn.example", &format!("ann@acorn{n}.example"));
    // Nobody's report reads like that of somebody else.
    let text = format!("backslash number {n} of module {n}, as we saw on host {n} yesterday:");
    mail.replace("<one@", &format!("<{n}@")).replace("backslash:", &text)
}

/// A report that is acknowledged at once.
fn reported(room: &mut Room, n: usize) {
    room.arrived = room.now;
    room.receive(&report(n));
    let letter = LetterId(format!("EXP-2026-{n:04}/acknowledgement"));
    room.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250 ok".into()) });
}

fn answered(room: &mut Room, n: usize) {
    room.arrived = room.now;
    room.receive(&format!(
        "From: kim@project.example\nTo: ann@acorn{n}.example, security@project.example\n\
         Subject: Re: x\nMessage-ID: <a{n}@project.example>\nIn-Reply-To: <{n}@acorn.example>\n\n\
         Thank you, we can reproduce it.\n"
    ));
}

/// Waits for Monday morning: the digest to Kim.
fn digest(room: &mut Room) -> String {
    loop {
        room.now = room.desk.next_wakeup(room.now).unwrap();
        let before = room.letters.len();
        room.take(&Input::Time);
        let new = room.letters.get(before..).unwrap_or_default();
        if let Some(letter) = new.iter().find(|letter| letter.id.digest_of().is_some()) {
            let row = serde_json::to_vec(letter).unwrap();
            assert!(row.len() < MAX_VALUE, "{} bytes", row.len());
            return as_sent(letter);
        }
    }
}

/// A week with some of everything.
fn busy(room: &mut Room) {
    for n in 1..=4 {
        reported(room, n);
        room.wait(3);
    }
    answered(room, 1);
    room.wait(20);
    answered(room, 2);
    room.wait(40);
    answered(room, 3);
    room.arrived = room.now;
    room.receive_as(&report(5), Authentication::Fail, Reading::No);
    room.receive(&report(6));
    let outcome = Outcome::Permanent("550 5.1.1 no such user".into());
    let letter = LetterId("EXP-2026-0006/acknowledgement".into());
    room.take(&Input::Delivery { letter, outcome });
    room.receive(
        "From: robot@oak.example\nTo: security@project.example\nSubject: Out of office\n\
         Message-ID: <robot@oak.example>\nAuto-Submitted: auto-replied\n\nI am away.\n",
    );
}

#[test]
fn after_a_busy_week_the_team_reads_what_is_owed_held_and_how_promises_were_kept() {
    let mut room = digesting(Notices::Facts);
    busy(&mut room);
    let letter = digest(&mut room);
    same_as_golden("team/digest.eml", &letter);
    for word in ["serves", "backslash", "acorn", "Ann"] {
        assert!(!letter.contains(word), "{word}");
    }
}

#[test]
fn after_a_quiet_week_the_team_reads_that_it_was_one() {
    same_as_golden("team/digest_quiet.eml", &digest(&mut digesting(Notices::None)));
}

#[test]
fn a_digest_names_subjects_where_notices_do() {
    let mut room = digesting(Notices::Subject);
    reported(&mut room, 1);
    let letter = digest(&mut room);
    assert_eq!(letter.matches("(Static handler serves files").count(), 2, "{letter}");
}

#[test]
fn a_digest_of_three_hundred_open_cases_is_still_read() {
    let mut room = digesting(Notices::Text);
    for n in 1..=300 {
        if n % 3 == 0 {
            room.arrived = room.now;
            room.receive_as(&report(n), Authentication::Fail, Reading::No);
        } else {
            reported(&mut room, n);
        }
    }
    room.wait(30);
    (1..=60).for_each(|n| answered(&mut room, n));
    let letter = digest(&mut room);
    for told in ["* and 208 more", "* and 72 more", "The oldest of 300 open cases"] {
        assert!(letter.contains(told), "{told}: {letter}");
    }
    assert!(letter.lines().count() < 110, "{letter}");
}
