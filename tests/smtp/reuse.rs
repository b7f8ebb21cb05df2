//! One connection carries many letters, and one that died in the meantime is nobody's trouble.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender};
use watchpost::config::settings::Security;
use watchpost::desk::letter::Letter;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::time::Moment;
use watchpost::io::smtp::{Receipt, Receipts, Tried};

use super::relay::*;

async fn outcomes(scripts: Vec<Vec<Act>>, letters: Vec<Letter>) -> Vec<Outcome> {
    let relay = Relay::start(scripts).await;
    let outcomes = send(settings(relay.port, Security::None, None), letters).await;
    relay.finished().await;
    outcomes
}

fn two() -> (Letter, Letter) {
    (letter("EXP-2026-0007/acknowledgement"), letter("EXP-2026-0008/acknowledgement"))
}

fn all_accepted(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted(_)))
}

#[tokio::test]
async fn two_letters_share_one_connection_and_one_login() {
    let (first, second) = two();
    let script = [opening(), sending(&first), sending(&second), goodbye(), vec![Act::End]].concat();
    assert!(all_accepted(&outcomes(vec![script], vec![first, second]).await));
}

#[tokio::test]
async fn a_refused_letter_does_not_cost_the_connection() {
    let (first, second) = two();
    let mut refused = sending(&first);
    refused.truncate(3);
    refused.extend([say("550 5.1.1 no\r\n"), hear("RSET\r\n"), say("250 ok\r\n")]);
    let script = [opening(), refused, sending(&second), goodbye()].concat();
    let outcomes = outcomes(vec![script], vec![first, second]).await;
    assert!(matches!(outcomes[0], Outcome::Permanent(_)), "{outcomes:?}");
    assert!(all_accepted(&outcomes[1..]), "{outcomes:?}");
}

#[tokio::test]
async fn a_connection_that_died_before_the_text_is_replaced_without_a_word() {
    // It is found dead at MAIL, at RCPT, at DATA; by a cut or by a 421.
    for (step, last) in [(0, None), (3, None), (5, None), (1, Some("421 idle too long\r\n"))] {
        let (first, second) = two();
        let mut dying = sending(&second);
        dying.truncate(step);
        dying.extend(last.map(say));
        dying.push(Act::Cut);
        let scripts = vec![
            [opening(), sending(&first), dying].concat(),
            [opening(), sending(&second), goodbye()].concat(),
        ];
        let outcomes = outcomes(scripts, vec![first, second]).await;
        assert!(all_accepted(&outcomes), "{step}: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_connection_that_died_in_the_text_is_not_tried_twice() {
    let (first, second) = two();
    let mut dying = sending(&second);
    dying.truncate(7);
    dying.push(Act::Cut);
    let script = [opening(), sending(&first), dying].concat();
    let outcomes = outcomes(vec![script], vec![first, second]).await;
    assert!(matches!(outcomes[1], Outcome::Unknown(_)), "{outcomes:?}");
}

#[tokio::test]
async fn a_fresh_connection_that_dies_is_not_tried_twice() {
    let (first, _) = two();
    let script = [opening(), vec![hear("MAIL"), Act::Cut]].concat();
    let outcomes = outcomes(vec![script], vec![first]).await;
    assert!(matches!(outcomes[0], Outcome::Transient(_)), "{outcomes:?}");
}

#[tokio::test]
async fn a_relay_that_speaks_out_of_turn_is_not_believed() {
    // The second 250 would pass for the answer to the next MAIL, and so on until a letter counts
    // as accepted that was not.
    let (first, second) = two();
    let mut twice = sending(&first);
    twice.pop();
    twice.push(say("250 ok\r\n250 ok\r\n"));
    let scripts = vec![
        [opening(), twice, vec![Act::Nod]].concat(),
        [opening(), sending(&second), goodbye()].concat(),
    ];
    assert!(all_accepted(&outcomes(scripts, vec![first, second]).await));
}

#[tokio::test]
async fn many_letters_take_no_more_connections_than_are_allowed() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let template = letter("EXP-2026-0000/acknowledgement");
    let (counted, highest, text) = (open.clone(), most.clone(), template.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let now = counted.fetch_add(1, SeqCst) + 1;
            highest.fetch_max(now, SeqCst);
            let counted = counted.clone();
            let script: Vec<Act> = std::iter::once(opening())
                .chain(std::iter::repeat_n(sending(&text), 100))
                .flatten()
                .collect();
            tokio::spawn(async move {
                let played = tokio::spawn(play(stream, script)).await;
                counted.fetch_sub(1, SeqCst);
                drop(played);
            });
        }
    });
    let mut smtp = settings(port, Security::None, None);
    smtp.connections = 3;
    let (outcomes, mut results) = tokio::sync::mpsc::channel(1);
    let input = watchpost::io::smtp::start(smtp, secret(), outcomes, None);
    let all = input.clone();
    tokio::spawn(async move {
        for n in 0..60 {
            let mut letter = template.clone();
            letter.id.0 = format!("EXP-2026-{n:04}/acknowledgement");
            all.send(letter).await.unwrap();
        }
    });
    for _ in 0..60 {
        let tried = results.recv().await.unwrap();
        assert!(matches!(tried.outcome, Outcome::Accepted(_)), "{tried:?}");
    }
    drop(input);
    assert!(results.recv().await.is_none());
    assert!((2..=3).contains(&most.load(SeqCst)), "{most:?}");
}

/// A server that takes two letters, each over a connection of its own, and a relay that uses it.
async fn two_at_once(
    text: &Letter,
    receipts: Option<Receipts>,
) -> (Sender<Letter>, Receiver<Tried>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = text.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = [opening(), sending(&text), sending(&text)].concat();
            tokio::spawn(play(stream, script));
        }
    });
    let mut smtp = settings(port, Security::None, None);
    smtp.connections = 2;
    smtp.server.timeout = Duration::from_secs(1);
    let (outcomes, results) = tokio::sync::mpsc::channel(4);
    (watchpost::io::smtp::start(smtp, secret(), outcomes, receipts), results)
}

#[tokio::test]
async fn the_end_of_a_letter_waits_until_what_came_of_the_one_before_is_recorded() {
    let (first, second) = two();
    let (input, mut results) = two_at_once(&first, None).await;
    input.send(first).await.unwrap();
    input.send(second.clone()).await.unwrap();
    let kept = results.recv().await.unwrap();
    assert!(matches!(kept.outcome, Outcome::Accepted(_)), "{kept:?}");
    let more = tokio::time::timeout(Duration::from_millis(300), results.recv()).await;
    assert!(more.is_err(), "two letters were in doubt: {more:?}");
    drop(kept);
    let next = results.recv().await.unwrap();
    assert!(matches!(next.outcome, Outcome::Accepted(_)), "{next:?}");
    // What is never recorded holds up nobody for longer than a server waits.
    input.send(second).await.unwrap();
    let refused = results.recv().await.unwrap();
    assert!(matches!(refused.outcome, Outcome::Transient(_)), "{refused:?}");
    assert!(refused.held.is_none());
    drop(next);
}

#[tokio::test]
async fn a_letter_whose_receipt_is_on_the_disk_holds_up_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let noon = || Moment::from_unix(1_800_000_000);
    let found = || Receipts::open(dir.path(), noon).unwrap();
    let (first, second) = two();
    let (input, mut results) = two_at_once(&first, Some(found().0)).await;
    let mut told = Vec::new();
    for (letters, letter) in [(1, first), (2, second)] {
        input.send(letter.clone()).await.unwrap();
        let tried = results.recv().await.unwrap();
        let Outcome::Accepted(reply) = tried.outcome.clone() else { panic!("{tried:?}") };
        // Nothing is recorded of the one before.
        told.push(tried);
        let receipts = found().1;
        assert_eq!(receipts.len(), letters);
        let (letter, message_id) = (letter.id, letter.message_id);
        assert!(receipts.contains(&Receipt { letter, message_id, reply, at: noon() }));
    }
}

#[tokio::test]
async fn at_an_end_what_was_begun_is_ended_and_nothing_else_is_begun() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = settings(listener.local_addr().unwrap().port(), Security::None, None);
    let (first, second) = two();
    let (outcomes, mut results) = tokio::sync::mpsc::channel(4);
    let input = watchpost::io::smtp::start(smtp, secret(), outcomes, None);
    input.send(first.clone()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    for letter in [&second, &first, &second] {
        input.send(letter.clone()).await.unwrap();
    }
    drop(input);
    tokio::spawn(play(stream, [opening(), sending(&first), goodbye(), vec![Act::End]].concat()));
    let tried = results.recv().await.unwrap();
    assert!(matches!(tried.outcome, Outcome::Accepted(_)), "{tried:?}");
    drop(tried);
    assert!(results.recv().await.is_none());
}

/// The first letter, then some time without one, then what comes after.
async fn after_idling(seconds: u64, script: Vec<Vec<Act>>, second: Option<Letter>) {
    let (first, _) = two();
    let relay = Relay::start(script).await;
    let (outcomes, mut results) = tokio::sync::mpsc::channel(1);
    let smtp = settings(relay.port, Security::None, None);
    let input = watchpost::io::smtp::start(smtp, secret(), outcomes, None);
    input.send(first).await.unwrap();
    let tried = results.recv().await.unwrap();
    assert!(matches!(tried.outcome, Outcome::Accepted(_)), "{tried:?}");
    drop(tried);
    // The connection goes back to the pool before the time moves.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
    if let Some(letter) = second {
        input.send(letter).await.unwrap();
        let tried = results.recv().await.unwrap();
        assert!(matches!(tried.outcome, Outcome::Accepted(_)), "{tried:?}");
        drop(input);
        relay.finished().await;
    } else {
        // The pool is still open: it is the time that closes the connection.
        relay.finished().await;
        drop(input);
    }
}

#[tokio::test]
async fn a_connection_that_idled_is_asked_whether_it_lives() {
    let (first, second) = two();
    let noop = vec![hear("NOOP\r\n"), say("250 ok\r\n")];
    let script = [opening(), sending(&first), noop, sending(&second), goodbye()].concat();
    after_idling(4, vec![script], Some(second)).await;
}

#[tokio::test]
async fn a_connection_that_idled_to_death_is_replaced() {
    let (first, second) = two();
    let dead = [opening(), sending(&first), vec![hear("NOOP\r\n"), Act::Cut]].concat();
    let fresh = [opening(), sending(&second), goodbye()].concat();
    after_idling(4, vec![dead, fresh], Some(second)).await;
}

#[tokio::test]
async fn a_connection_that_idles_for_long_is_closed_politely() {
    let (first, _) = two();
    let script = [opening(), sending(&first), goodbye(), vec![Act::End]].concat();
    after_idling(21, vec![script], None).await;
}

/// How often a relay was logged in to that refuses each login so, and what came of so many letters that
/// were given to it together.
async fn logins(refusal: &'static str, letters: usize) -> (usize, Vec<Outcome>) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut smtp = settings(listener.local_addr().unwrap().port(), Security::None, None);
    smtp.connections = 2;
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logins);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, SeqCst);
            let mut script = opening();
            script.truncate(4);
            script.extend([say(refusal), Act::End]);
            tokio::spawn(play(stream, script));
        }
    });
    let (outcomes, mut results) = tokio::sync::mpsc::channel(1);
    let input = watchpost::io::smtp::start(smtp, secret(), outcomes, None);
    for n in 0..letters {
        input.send(letter(&format!("EXP-2026-{n:04}/acknowledgement"))).await.unwrap();
    }
    let mut all = Vec::new();
    for _ in 0..letters {
        all.push(results.recv().await.unwrap().outcome);
    }
    (logins.load(SeqCst), all)
}

#[tokio::test]
async fn a_login_that_was_refused_is_not_tried_for_each_letter_that_waits() {
    let (tried, outcomes) = logins("535 5.7.8 wrong password\r\n", 12).await;
    assert!(outcomes.iter().all(|one| matches!(one, Outcome::Configuration(_))), "{outcomes:?}");
    assert!(tried <= 2, "{tried} logins with a wrong password");
    let (tried, outcomes) = logins("454 4.7.0 later\r\n", 12).await;
    assert!(outcomes.iter().all(|one| matches!(one, Outcome::Unreachable(_))), "{outcomes:?}");
    assert!(tried <= 2, "{tried} logins");
}
