//! What a reporter reads while nothing goes on: while we wait for them, while reports are not taken
//! in, and when an announcement is late. In every language, as its readers see it.

use super::notices::*;
use super::*;
use watchpost::desk::calendar::Stretch;
use watchpost::desk::command::{Command, Said};
use watchpost::desk::event::Sayer;
use watchpost::desk::ids::CaseId;
use watchpost::desk::letter::{Letter, LetterId, LetterKind};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::policy::{Intake, Mode, Waiting};
use watchpost::desk::team::{Notices, Team};

/// A report and a mail that is only a link, in each language.
fn mails() -> impl Iterator<Item = (&'static str, String, String)> {
    let mail = |(subject, text): (&str, &str)| {
        let head = "From: ann@acorn.example\nTo: security@project.example\n";
        format!("{head}Subject: {subject}\nMessage-ID: <one@acorn.example>\n\n{text}\n")
    };
    let link = ("bug", "Hi, please see https://drive.example/d/17\n\nAnn");
    let english = ("en", REPORT.to_owned(), mail(link));
    let others = MAILS
        .iter()
        .map(move |mails| (mails.language.code(), mail(mails.report), mail(mails.link)));
    std::iter::once(english).chain(others)
}

/// Some letters in one file, as their readers see them.
fn read_as_golden(code: &str, name: &str, letters: &[String]) {
    let read = letters.iter().map(|letter| {
        assert!(letter.len() <= 4096, "{code}/{name} has {} bytes", letter.len());
        let read = parse(letter.as_bytes(), true);
        let read = format!("{}\n\n{}", read.subject, read.text.replace("\r\n", "\n"));
        assert!(read.lines().all(|line| line.width() <= 78), "{read}");
        read
    });
    let read: Vec<String> = read.collect();
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/letters/{code}/{name}.txt"));
    let read = read.join(&format!("\n{}\n\n", "=".repeat(72)));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &read).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(read, golden, "{code}/{name} changed; if it should, run with UPDATE_GOLDEN=1");
}

fn say(room: &mut Room, said: Said) {
    let case = CaseId::parse("EXP-2026-0001").unwrap();
    let (by, story) = (Sayer::Operator, Vec::new());
    let command = Command { case, said, by, person: None, said_at: room.now, story };
    room.take(&Input::Command(Box::new(command)));
}

fn last_of(room: &Room, kind: LetterKind) -> String {
    let is_kind = |letter: &&Letter| letter.id.0.contains(&format!("/{}", kind.name()));
    as_sent(room.letters.iter().rev().find(is_kind).unwrap())
}

/// Acknowledged, and so many hours later the team wants to know more.
fn asked(policy: &Policy, report: &str, who: Authentication, hours: u64) -> Room {
    let waiting = Waiting {
        remind: Some(Span::hours(14 * 24)),
        close: Some(Span::hours(60 * 24)),
        ..policy.waiting
    };
    let mut room = neglected_as(Policy { waiting, ..policy.clone() }, report, who, hours);
    say(&mut room, Said::NeedInfo);
    room
}

/// The same so many hours after a person's answer.
fn asked_after_answer(policy: &Policy, report: &str, hours: u64) -> Room {
    let mut room = neglected_as(policy.clone(), report, authenticated(), 1);
    let answer = follow_up(KIM, "Re: x", "<one@acorn.example>", "We can reproduce it.");
    let to = "To: ann@acorn.example, security@project.example";
    room.receive(&answer.replace("To: security@project.example", to));
    room.wait(hours);
    say(&mut room, Said::NeedInfo);
    room
}

#[test]
fn whom_we_wait_for_reads_what_stands_still_and_what_is_overdue() {
    let policy = staffed(Notices::Facts);
    let news = Policy { update: Some(Span::hours(14 * 24)), ..policy.clone() };
    for (code, report, _) in mails() {
        let rooms = [
            asked(&policy, &report, authenticated(), 30),
            asked_after_answer(&news, &report, 1),
            asked_after_answer(&policy, &report, 1),
            asked(&policy, &report, Authentication::None, 49),
        ];
        let letters = rooms.map(|room| last_of(&room, LetterKind::Waiting));
        read_as_golden(code, "waiting", &letters);
    }
}

#[test]
fn whom_we_owe_news_reads_since_when() {
    let news = Policy { update: Some(Span::hours(14 * 24)), ..staffed(Notices::Facts) };
    let letter = last_of(&asked_after_answer(&news, REPORT, 15 * 24), LetterKind::Waiting);
    assert!(letter.contains("overdue since Tuesday 15 September 2026, 17:11 UTC"), "{letter}");
    assert!(!letter.contains("stands still"), "{letter}");
}

#[test]
fn who_does_not_write_is_asked_again_and_told_before_the_case_is_closed() {
    let policy = staffed(Notices::Facts);
    for (code, report, _) in mails() {
        let mut room = asked(&policy, &report, authenticated(), 30);
        let mut overdue = asked(&policy, &report, Authentication::None, 49);
        room.wait(14 * 24);
        overdue.wait(14 * 24);
        let letters = [&room, &overdue].map(|room| last_of(room, LetterKind::AskedAgain));
        read_as_golden(code, "asked_again", &letters);
        room.wait(39 * 24);
        overdue.wait(39 * 24);
        let letters = [&room, &overdue].map(|room| last_of(room, LetterKind::LastNote));
        read_as_golden(code, "last_note", &letters);
    }
}

fn moment(text: &str) -> Moment {
    Moment::parse_rfc3339(text).unwrap()
}

fn intake(mode: Mode, from: &str, text: Option<&str>) -> Intake {
    Intake {
        mode,
        during: Stretch { from: moment(from), until: Some(moment("2026-09-14T22:00:00Z")) },
        text: text.map(str::to_owned),
        acknowledgement: None,
        response: (mode == Mode::Reduced).then(|| Span::hours(7 * 24)),
        update: None,
    }
}

const NOTE: &str = "We are on holiday, and read reports again from 15 September.";

#[test]
fn who_writes_while_reports_are_not_taken_in_reads_until_when() {
    let closed = |text| vec![intake(Mode::Closed, "2026-08-30T22:00:00Z", text)];
    let silent = Policy { intake: closed(None), ..policy() };
    let noted = Policy { intake: closed(Some(NOTE)), ..policy() };
    for (code, report, link) in mails() {
        let mails: Vec<String> =
            (0..3).map(|n| report.replace("<one@", &format!("<{n}@"))).collect();
        let caps = Caps { address_per_day: 1, ..Caps::default() };
        let mut combined = letters(&shipped(), &silent, caps, &authenticated(), &mails);
        let letters = [
            answer(&noted, &authenticated(), &report),
            answer(&silent, &authenticated(), &link),
            answer(&noted, &Authentication::None, &report),
            combined.pop().unwrap(),
        ];
        read_as_golden(code, "closed_intake", &letters);
    }
}

#[test]
fn who_writes_while_there_is_less_time_reads_what_the_project_says_of_it() {
    let reduced = intake(Mode::Reduced, "2026-08-30T22:00:00Z", Some(NOTE));
    let policy = Policy { intake: vec![reduced], ..policy() };
    read_as_golden("en", "reduced_intake", &[answer(&policy, &authenticated(), REPORT)]);
}

/// A room into which these mails of one person come, each at its moment.
fn one_by_one(policy: &Policy, moments: &[&str]) -> Room {
    let mut room = Room::of(policy.clone());
    for (uid, at) in (1..).zip(moments) {
        let mail = REPORT.replace("<one@", &format!("<{uid}@"));
        let mut incoming = incoming(authenticated(), uid, &mail);
        (incoming.mail.arrived, room.now) = (moment(at), moment(at) + Span::seconds(5));
        room.take(&Input::Mail(Box::new(incoming)));
    }
    room.wait(40);
    room
}

#[test]
fn one_letter_about_cases_from_before_and_after_the_closing_fits_each() {
    let policy =
        Policy { intake: vec![intake(Mode::Closed, "2026-09-01T17:30:00Z", None)], ..policy() };
    let early = "2026-09-01T17:11:00Z";
    let room = one_by_one(&policy, &[early, early, early, early, "2026-09-01T17:30:00Z"]);
    let letter = as_sent(room.letters.last().unwrap());
    assert!(letter.contains("EXP-2026-0004") && letter.contains("EXP-2026-0005"), "{letter}");
    read_as_golden("en", "closed_intake_combined", &[letter]);
    let room = one_by_one(&policy, &[early; 5]);
    let letter = as_sent(room.letters.last().unwrap());
    assert!(letter.contains("EXP-2026-0005") && !letter.contains("handles no reports"), "{letter}");
}

#[test]
fn what_held_when_a_report_came_is_not_said_after_its_end() {
    let closed = intake(Mode::Closed, "2026-08-30T22:00:00Z", Some(NOTE));
    let policy = Policy { intake: vec![closed], ..policy() };
    let at = |now| {
        let mails = [REPORT.to_owned()];
        let (wording, caps, proven) = (shipped(), Caps::default(), authenticated());
        as_they_leave(written_at(now, &wording, &policy, caps, &proven, &mails)).concat()
    };
    let (before, after) = (at("2026-09-14T21:59:59Z"), at("2026-09-14T22:00:00Z"));
    for said in ["handles no reports", "We are on holiday"] {
        assert!(before.contains(said) && !after.contains(said), "{after}");
    }
    // The date is that which counts from the opening, all the same.
    let due = "by Wednesday 16 September\n2026, 22:00 UTC";
    assert!(after.replace("\n    ", " ").contains(&due.replace('\n', " ")), "{after}");
}

#[test]
fn a_reporter_hears_that_an_announcement_is_late_and_who_knows() {
    let kim = Some(member("kim"));
    for (code, report, _) in mails() {
        let letters = [
            Team { lead: kim.clone(), ..Team::default() },
            Team { lead: kim.clone(), deputies: vec![member("lee")], ..Team::default() },
            Team { lead: kim.clone(), members: vec![member("sam")], ..Team::default() },
            Team { lead: kim.clone(), outside: cert(), ..Team::default() },
        ]
        .map(|team| {
            let promises = Policy { response: Span::hours(24 * 365), ..policy() };
            let mut room = neglected(Policy { team, ..promises }, &report, 1);
            say(&mut room, Said::Embargo { until: moment("2026-10-01T09:00:00Z") });
            room.wait(31 * 24);
            as_sent(missed(&room))
        });
        read_as_golden(code, "missed_disclosure", &letters);
    }
}

#[test]
fn a_letter_with_every_reason_to_be_long_is_still_short() {
    let closed = intake(Mode::Closed, "2026-08-30T22:00:00Z", None);
    let policy = Policy { intake: vec![closed], link_only: OnRule::Flag, ..policy() };
    for (code, _, link) in mails() {
        let mail = link.replace("https://", "body-parser https://");
        let letter = answer(&policy, &authenticated(), &mail);
        let read = parse(letter.as_bytes(), true).text;
        assert!(read.contains("body-parser") && read.contains("drive.example"), "{read}");
        assert!(letter.len() <= 4096, "{code}: {} bytes", letter.len());
    }
}

#[test]
fn whose_acknowledgement_left_too_late_reads_that_its_promise_was_missed() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    // The relay takes nothing for three days.
    room.wait(72);
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    room.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250".into()) });
    let letter = last_of(&room, LetterKind::Missed);
    let read = parse(letter.as_bytes(), true).text.replace("\r\n", "\n");
    let said = "we promised you an answer in detail about EXP-2026-0001 by Thursday 3\n\
                September 2026, 17:11 UTC, and we missed that time. We are sorry.";
    assert!(read.contains(said), "{read}");
    assert!(letter.contains("Date: Fri, 04 Sep 2026 17:11:05 +0000"), "{letter}");
}
