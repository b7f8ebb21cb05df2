//! Reports that read alike: what the team is told of them, and that nothing else follows.

use watchpost::desk::alike::ALIKE;
use watchpost::desk::classify::{lacks_blanks, own_text};
use watchpost::desk::command::Said;
use watchpost::desk::similar::Signature;
use watchpost::view::story;

use super::*;

/// How a text in `tests/similar` came about from the `original` beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Original,
    /// The same text under another name, with other details.
    SentAgain,
    /// Every other sentence was changed.
    Reworded,
    /// Another text about the same problem.
    Rewritten,
    /// Another problem in the same component.
    Independent,
}

/// Every text in `tests/similar`: what it is about, how it came about, what it says.
fn texts() -> Vec<(String, How, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/similar");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for part in std::fs::read_to_string(&path).unwrap().split("=== ").skip(1) {
            let (how, text) = part.split_once('\n').unwrap();
            let how = match how {
                "original" => How::Original,
                "sent-again" => How::SentAgain,
                "reworded" => How::Reworded,
                "rewritten" => How::Rewritten,
                other => {
                    assert_eq!(other, "independent");
                    How::Independent
                }
            };
            texts.push((about.clone(), how, text.to_owned()));
        }
    }
    texts
}

fn text(about: &str, how: How) -> String {
    texts().into_iter().find(|(a, h, _)| a == about && *h == how).unwrap().2
}

fn signature(text: &str) -> Option<Signature> {
    let message = Message { text: text.into(), ..Message::default() };
    Signature::of(&own_text(&message), lacks_blanks)
}

fn report(from: &str, id: &str, text: &str) -> Mail {
    let mut report = mail(from, id, "Vulnerability report", Kind::Complete);
    report.message.text = text.into();
    report
}

#[test]
fn texts_that_were_sent_again_or_reworded_are_alike_and_no_others_are() {
    let texts: Vec<_> =
        texts().into_iter().map(|(about, how, t)| (about, how, signature(&t).unwrap())).collect();
    assert_eq!(texts.len(), 45);
    let (mut found, mut unrelated) = (0, 0);
    for (n, (about, how, one)) in texts.iter().enumerate() {
        for (other_about, other_how, other) in texts.iter().skip(n + 1) {
            let percent = one.percent(other);
            let copies = [How::Original, How::SentAgain, How::Reworded];
            if about == other_about && copies.contains(how) && copies.contains(other_how) {
                assert!(percent >= ALIKE, "{about}: {percent}");
                found += 1;
            } else {
                assert!(percent < ALIKE / 2, "{about} and {other_about}: {percent}");
                unrelated += 1;
            }
        }
    }
    assert_eq!((found, unrelated), (27, 963));
}

#[test]
fn a_signature_says_how_alike_and_is_read_back_as_it_was_written() {
    let original = text("session", How::Original);
    let (one, two) = (signature(&original).unwrap(), signature(&original.to_uppercase()).unwrap());
    assert_eq!(one.percent(&two), 100, "capital letters say nothing");
    let wrapped = original.replace(' ', "\n");
    assert_eq!(signature(&wrapped).unwrap().percent(&one), 100, "nor do line ends");
    let written = serde_json::to_string(&one).unwrap();
    assert!(written.len() <= 200, "{written}");
    assert_eq!(serde_json::from_str::<Signature>(&written).unwrap(), one);
    for text in ["\"00\"", "\"\"", &format!("\"{}\"", "é".repeat(96)), "7"] {
        assert!(serde_json::from_str::<Signature>(text).is_err(), "{text}");
    }
    // Signatures are kept for years: another way to count would make all of them worthless.
    assert_eq!(written.get(1..33), Some("5ba3cdf3d0f93adc3c9813deaa479995"), "{written}");
}

#[test]
fn a_text_that_is_too_short_has_no_signature() {
    for text in [
        "",
        "Hi, do you have a bug bounty? I found something serious.",
        "Severity: High (CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H)\nAffected: < 4.19",
        "お世話になっております。脆弱性を発見しましたので、ご確認ください。よろしくお願いいたします。",
    ] {
        assert_eq!(signature(text), None, "{text}");
    }
}

#[test]
fn a_report_that_reads_like_somebody_elses_says_so_to_the_team_and_nothing_follows() {
    let mut office = Office::open();
    office.receive(report("kim@acorn.example", "1@acorn", &text("traversal", How::Original)));
    let unlike = report("bo@friend.example", "2@friend", &text("session", How::Original));
    assert_eq!(office.receive(unlike).len(), 2);
    let copy = report("eve@evil.example", "3@evil", &text("traversal", How::SentAgain));
    let told = office.receive(copy);
    assert_eq!(told[..2], ["3 opened", "3 acknowledgement to eve@evil.example"]);
    let [_, _, similar] = told.as_slice() else { unreachable!("{told:?}") };
    assert!(similar.ends_with(" % like 1"), "{similar}");
    // What `show` tells of it.
    let line = story(&office.log).pop().unwrap();
    assert!(line.story.starts_with("reads like EXP-2026-0001 ("), "{}", line.story);
    assert!(line.story.ends_with(" % alike)"), "{}", line.story);
    // The reporter learns nothing of it.
    let letter = office.letter(3);
    assert!(!format!("{} {}", letter.subject, letter.body).contains("0001"), "{}", letter.body);
    // It stands on the new case only, and is told again from its events as it was.
    assert_eq!(office.case(1).follow_ups, 0);
    let events: Vec<Event> =
        office.log.iter().filter(|e| e.case == Some(office.case(3).id.clone())).cloned().collect();
    assert_eq!(&Case::replay(&events).unwrap(), office.case(3));
}

#[test]
fn three_cases_are_named_at_most_those_most_alike_first() {
    let mut office = Office::open();
    let original = text("traversal", How::Original);
    for n in 1..=3 {
        let from = format!("r{n}@acorn.example");
        office.receive(report(&from, &format!("{n}@acorn"), &text("traversal", How::Reworded)));
    }
    office.receive(report("r4@acorn.example", "4@acorn", &original));
    let told = office.receive(report("r5@acorn.example", "5@acorn", &original));
    let similar: Vec<&str> =
        told.iter().filter_map(|t| t.split_once(" % like ")).map(|t| t.1).collect();
    assert_eq!(similar, ["4", "1", "2"], "{told:?}");
}

#[test]
fn the_same_person_and_other_projects_are_not_compared() {
    let mut office = Office::open();
    let original = text("traversal", How::Original);
    office.receive(report("kim@acorn.example", "1@acorn", &original));
    let reworded = text("traversal", How::Reworded);
    let again = report("kim+new@acorn.example", "2@acorn", &reworded);
    let told = office.receive(again);
    let linked = "2 linked to 1"; // By its subject, not by its text.
    assert_eq!(told, ["2 opened", linked, "2 acknowledgement to kim+new@acorn.example"]);

    let cases = vec![office.case(1).clone()];
    let keys = Keys::new(vec![[9; 32]]).unwrap();
    let other = Policy { case_prefix: "OTH".into(), ..policy() };
    let past = Past { cases, ..Past::default() };
    office.desk = Desk::open(vec![other], keys, Caps::default(), past);
    let told = office.receive(report("bo@friend.example", "3@friend", &original));
    assert_eq!(told, ["1 opened", "1 acknowledgement to bo@friend.example"]);
}

#[test]
fn a_case_that_was_read_again_and_opened_again_is_compared() {
    let mut office = Office::open();
    let original = text("traversal", How::Original);
    office.receive(report("kim@acorn.example", "1@acorn", &original));
    office.delivery(1, Outcome::Accepted("250".into()));
    office.say(1, Said::Close);
    // It was closed long ago, and left memory.
    let (closed, last_seq) = (office.case(1).clone(), office.desk.books().last_seq());
    let numbers = vec![(("EXP".to_owned(), 2026), 1)];
    office.desk = office.desk.reopened(Past { numbers, last_seq, ..Past::default() });
    office.desk.recall(closed);
    let unlike = report("bo@friend.example", "2@friend", &text("session", How::Original));
    office.receive(unlike);
    let told = office.receive(report("eve@evil.example", "3@evil", &original));
    assert_eq!(told.len(), 2, "it is closed: {told:?}");

    let more = mail("kim@acorn.example", "more@acorn", "Re: Vulnerability report", Kind::Other);
    let told = office.receive(more.answering("1@acorn"));
    assert_eq!(told, ["1 joined by TheirMail", "1 reopened"]);
    let told = office.receive(report("lee@birch.example", "4@birch", &original));
    let similar: Vec<&str> =
        told.iter().filter_map(|t| t.split_once(" % like ")).map(|t| t.1).collect();
    assert_eq!(similar, ["1", "3"], "{told:?}");
}

#[test]
#[ignore = "a measurement: run with --ignored --nocapture, optimised"]
fn ten_thousand_open_cases_are_compared() {
    let mut office = Office::open();
    let original = text("traversal", How::Original);
    office.receive(report("kim@acorn.example", "1@acorn", &original));
    let cases = (1..=10_000).map(|number| {
        let id = CaseId { prefix: "EXP".into(), year: 2026, number };
        let mut opening = office.case(1).opening.clone();
        let words: Vec<_> = (0..60).map(|n| format!("word{}", number * 100 + n)).collect();
        opening.likeness = signature(&words.join(" "));
        Case::open(id, opening)
    });
    let keys = Keys::new(vec![[9; 32]]).unwrap();
    let past = Past { cases: cases.collect(), ..Past::default() };
    office.desk = Desk::open(vec![policy()], keys, Caps::default(), past);
    let (rounds, began) = (20, std::time::Instant::now());
    for n in 0..rounds {
        let opening = office.case(1).opening.clone();
        let id = CaseId { prefix: "EXP".into(), year: 2026, number: 20_000 + n };
        let _ = std::hint::black_box(watchpost::desk::alike::similar(
            office.desk.books(),
            &id,
            &opening,
        ));
    }
    println!("{:?} for 10,000 cases", began.elapsed() / rounds);
    let began = std::time::Instant::now();
    for _ in 0..rounds {
        let _ = std::hint::black_box(signature(&original));
    }
    println!("{:?} for the signature of {} bytes", began.elapsed() / rounds, original.len());
    let long = original.repeat(100);
    let began = std::time::Instant::now();
    let _ = std::hint::black_box(signature(&long));
    println!("{:?} for the signature of {} bytes", began.elapsed(), long.len());
}
