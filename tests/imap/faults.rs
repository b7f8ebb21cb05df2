//! One fault after another, at each place where it can happen, and then a server in order. Of each:
//! every mail comes once and as it is, connections are few and ever rarer, and the error says what
//! was wrong ([`outlives`] holds the first).

use std::time::Duration;

use super::model::*;

/// The greeting, and every command until the mail is read.
const PLACES: [&str; 6] = ["", "AUTHENTICATE", "SELECT", "UID SEARCH", "UID FETCH", "IDLE"];

/// The right answer, and what the server does.
type What = fn(&str) -> Act;

/// The first connections meet a fault at this place, all others none.
fn at(place: &'static str, connections: usize, what: What) -> Fault {
    fault(move |number, command, answer| {
        if is_at(place, command) && number < connections {
            what(answer)
        } else {
            Act::Say(answer.into())
        }
    })
}

fn is_at(place: &str, command: &str) -> bool {
    if place.is_empty() { command.is_empty() } else { command.starts_with(place) }
}

fn start(answer: &str, length: usize) -> Vec<u8> {
    answer.as_bytes()[..length].to_vec()
}

/// The answer with another end.
fn ended(answer: &str, end: &str) -> Act {
    let mut lines: Vec<&str> = answer.split_inclusive("\r\n").collect();
    let last = lines.pop().unwrap();
    let tag = last.split(' ').next().unwrap();
    Act::Say(format!("{}{tag} {end}\r\n", lines.concat()).into())
}

fn before(noise: impl Into<Vec<u8>>, answer: &str) -> Act {
    let mut all = noise.into();
    all.extend_from_slice(answer.as_bytes());
    Act::Say(all)
}

#[tokio::test]
async fn whatever_ends_a_connection_the_next_one_brings_the_mail() {
    let rows: [(&str, What, &str); 11] = [
        ("a cut", |_| Act::Cut(vec![]), "lost during"),
        ("half an answer, then a cut", |a| Act::Cut(start(a, a.len() / 2)), "lost during"),
        ("a cut at the last byte", |a| Act::Cut(start(a, a.len() - 1)), "lost during"),
        ("good-bye", |_| Act::Cut("* BYE too busy\r\n".into()), "closes the connection: too busy"),
        ("good-bye and an answer", |a| before("* BYE enough\r\n", a), "closes the connection"),
        ("silence", |_| Act::Hush(vec![]), "within 30 s"),
        ("half an answer, then silence", |a| Act::Hush(start(a, a.len() / 2)), "within 30 s"),
        ("no IMAP", |_| Act::Say("%$&\0\r\n\r\n".into()), ""),
        ("another's tag", |_| Act::Say("X9 OK done\r\n".into()), ""),
        (
            "a literal of 4 GB",
            |_| Act::Say("* 1 FETCH (UID 1 BODY[]<0> {4294967295}\r\nxxxx".into()),
            "announces 4294967295 bytes",
        ),
        (
            "a line without end",
            |_| before("* OK ", &"x".repeat(1_100_000)),
            "a line of more than 1000000 bytes",
        ),
    ];
    for place in PLACES {
        for (name, what, says) in rows {
            let course = outlives(&Model::new(), at(place, 1, what)).await;
            let what = format!("{name} at {place:?}: {course:?}");
            // What greets wrongly is not asked what it meant.
            let told = |error: &String| place.is_empty() || error.contains(says);
            assert!(course.troubles.first().is_some_and(told), "{what}");
            assert_eq!((course.troubles.len(), course.connections), (1, 2), "{what}");
            assert!(course.took <= Duration::from_secs(40), "{what}");
        }
    }
}

#[tokio::test]
async fn a_refusal_where_the_library_would_see_success_is_told_and_tried_again() {
    for (end, says) in [("NO [SERVERBUG] hot", "refuses"), ("BAD what?", "does not accept")] {
        let what: What = if end.starts_with("NO") {
            |answer| ended(answer, "NO [SERVERBUG] hot")
        } else {
            |answer| ended(answer, "BAD what?")
        };
        for place in ["SELECT", "UID SEARCH"] {
            let course = outlives(&Model::new(), at(place, 1, what)).await;
            let says = format!("{says} {place}");
            assert!(course.troubles[0].contains(&says), "{course:?}");
            assert_eq!((course.troubles.len(), course.connections), (1, 2), "{course:?}");
        }
    }
    // A fetch may end so where some mail is gone; those that came are there.
    let some: What = |answer| ended(answer, "NO [EXPUNGEISSUED] some are gone");
    let course = outlives(&Model::new(), at("UID FETCH", 1, some)).await;
    assert_eq!((course.troubles.len(), course.connections), (0, 1), "{course:?}");
    // … and one that brings nothing is not taken for an empty mailbox.
    let none: What = |answer| ended(answer.lines().last().unwrap(), "NO [SERVERBUG] hot");
    let course = outlives(&Model::new(), at("UID FETCH", 1, none)).await;
    assert!(course.connections <= 3, "{course:?}");
}

#[tokio::test]
async fn what_nobody_knows_is_no_trouble_wherever_it_stands() {
    let megabyte = |start: &str| {
        let mut line = start.as_bytes().to_vec();
        line.resize(900_000, b'x');
        line.extend_from_slice(b"\r\n");
        line
    };
    for place in &PLACES[1..] {
        for noise in [
            b"* X-NEWS (1 {3}\r\nabc)\r\n* 3 RECENT\r\n* FLAGS (a b)\r\n".to_vec(),
            b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* ESEARCH (TAG \"A1\") UID ALL 1:3\r\n"
                .to_vec(),
            b"* 1 FETCH (FLAGS (\\Seen) MODSEQ (5))\r\n* 3 EXISTS\r\n".to_vec(),
            b"* OK [HIGHESTMODSEQ 9] x\r\n* NO [OVERQUOTA] the mailbox is full\r\n".to_vec(),
            megabyte("* X-BLOB "),
            if *place == "SELECT" { megabyte("* OK ") } else { vec![] },
        ] {
            let place = *place;
            let spoilt = fault(move |_, command, answer| {
                if command.starts_with(place) {
                    before(noise.clone(), answer)
                } else {
                    Act::Say(answer.into())
                }
            });
            let course = outlives(&Model::new(), spoilt).await;
            assert_eq!((course.troubles.len(), course.connections), (0, 1), "{place} {course:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_at_any_byte_costs_no_mail_and_repeats_none() {
    let mut cut = 0;
    loop {
        // Counts over the whole connection, from its greeting to its IDLE.
        let said = std::sync::atomic::AtomicUsize::new(0);
        let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let reached = std::sync::Arc::clone(&over);
        let spoilt = fault(move |number, _, answer| {
            use std::sync::atomic::Ordering::SeqCst;
            if number > 0 {
                return Act::Say(answer.into());
            }
            let before = said.fetch_add(answer.len(), SeqCst);
            match answer.as_bytes().get(..cut - before) {
                Some(start) if start.len() < answer.len() => {
                    reached.store(true, SeqCst);
                    Act::Cut(start.to_vec())
                }
                _ => Act::Say(answer.into()),
            }
        });
        let course = outlives(&Model::new(), spoilt).await;
        if !over.load(std::sync::atomic::Ordering::SeqCst) {
            break;
        }
        assert!(course.connections <= 2, "at byte {cut}: {course:?}");
        assert!(course.took <= Duration::from_secs(2), "at byte {cut}: {course:?}");
        cut += 1;
    }
    assert!(cut > 500, "{cut}");
}

#[tokio::test]
async fn a_server_that_is_ill_for_long_gets_ever_fewer_connections() {
    for place in &PLACES[..4] {
        let course = outlives(&Model::new(), at(place, 9, |_| Act::Cut(vec![]))).await;
        assert_eq!((course.troubles.len(), course.connections), (9, 10), "{course:?}");
        // 1 + 2 + 4 + … + 256 seconds.
        assert!(course.took >= Duration::from_secs(511), "{place} {course:?}");
    }
}

#[tokio::test]
async fn a_server_may_lack_whatever_is_no_part_of_imap() {
    let with = |change: fn(&mut Model)| {
        let mut model = Model::new();
        change(&mut model);
        model
    };
    for (name, model) in [
        ("IDLE", with(|it| it.capabilities = "IMAP4rev1 SASL-IR AUTH=PLAIN".into())),
        ("UIDNEXT", with(|it| it.state = "* OK [UIDVALIDITY 7] v\r\n".into())),
        ("keywords", with(|it| it.state = it.state.replace("\\*", "\\Flagged"))),
        ("writing", with(|it| it.opened = "OK [READ-ONLY] open")),
        ("room", with(|it| it.state += "* NO [OVERQUOTA] the mailbox is full\r\n")),
    ] {
        let course = outlives(&model, fault(|_, _, answer| Act::Say(answer.into()))).await;
        assert_eq!((course.troubles.len(), course.connections), (0, 1), "{name} {course:?}");
    }
}

#[tokio::test]
async fn a_byte_that_is_not_as_it_was_sent_does_no_lasting_harm() {
    // In a list of UIDs, or in a mail, nobody could tell.
    for place in ["", "AUTHENTICATE", "SELECT", "IDLE"] {
        for at_byte in 0..120 {
            for flip in [0x01, 0x20, 0x80] {
                let spoilt = fault(move |number, command, answer| {
                    let here = is_at(place, command);
                    let mut said = answer.as_bytes().to_vec();
                    match said.get_mut(at_byte).filter(|_| here && number == 0) {
                        Some(byte) => *byte ^= flip,
                        None => return Act::Say(said),
                    }
                    Act::SayOddly(said)
                });
                let _ = outlives(&Model::new(), spoilt).await;
            }
        }
    }
}
