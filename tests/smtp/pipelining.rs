//! A relay that takes MAIL, RCPT and DATA together gets them so, and what it says to each still decides
//! (RFC 2920).

use std::time::Duration;

use watchpost::config::settings::Security;
use watchpost::desk::letter::Letter;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::outbox::Outcome::{Accepted, Configuration, Permanent, Transient, Unknown};

use super::relay::*;

fn opening() -> Vec<Act> {
    vec![
        say("220 relay.example ESMTP\r\n"),
        hear(EHLO),
        say("250-relay.example hello\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"),
        hear(AUTH),
        say("235 2.7.0 welcome\r\n"),
    ]
}

/// All three commands are heard before one of them is answered.
fn announced(letter: &Letter) -> Act {
    let (from, to) = (&letter.envelope_from, &letter.to.address);
    hear(format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n"))
}

fn sending(letter: &Letter) -> Vec<Act> {
    let replies = say("250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go ahead\r\n");
    vec![announced(letter), replies, hear(wire(letter)), say("250 2.0.0 queued as 7F3A\r\n")]
}

fn two() -> (Letter, Letter) {
    (letter("EXP-2026-0007/acknowledgement"), letter("EXP-2026-0008/acknowledgement"))
}

async fn outcomes(scripts: Vec<Vec<Act>>, letters: Vec<Letter>) -> Vec<Outcome> {
    let relay = Relay::start(scripts).await;
    let outcomes = send(settings(relay.port, Security::None, None), letters).await;
    relay.finished().await;
    outcomes
}

#[tokio::test]
async fn three_commands_share_one_way_there_and_back() {
    let (first, second) = two();
    let script = [opening(), sending(&first), sending(&second), goodbye(), vec![Act::End]].concat();
    let accepted = Accepted("250 2.0.0 queued as 7F3A".to_owned());
    assert_eq!(outcomes(vec![script], vec![first, second]).await, [accepted.clone(), accepted]);
}

#[tokio::test]
async fn the_first_refusal_decides_and_the_connection_goes_on() {
    type Expected = fn(String) -> Outcome;
    let table: Vec<(&str, Expected, &str)> = vec![
        ("553 5.1.8 us\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n", Configuration, "MAIL: 553 5.1.8 us"),
        ("451 later\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n", Transient, "MAIL: 451 later"),
        ("250 ok\r\n550 5.1.1 who\r\n554 5.5.1 no\r\n", Permanent, "RCPT: 550 5.1.1 who"),
        ("250 ok\r\n451 4.7.1 grey\r\n503 no\r\n", Transient, "RCPT: 451 4.7.1 grey"),
        ("250 ok\r\n250 ok\r\n451 4.3.0 later\r\n", Transient, "DATA: 451 4.3.0 later"),
    ];
    for (replies, expected, detail) in table {
        let (first, second) = two();
        let refused =
            vec![announced(&first), say(replies), hear("RSET\r\n"), say("250 2.0.0 ok\r\n")];
        let script = [opening(), refused, sending(&second), goodbye()].concat();
        let outcomes = outcomes(vec![script], vec![first, second]).await;
        assert_eq!(outcomes[0], expected(detail.to_owned()));
        assert!(matches!(outcomes[1], Accepted(_)), "{replies}: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_relay_that_wants_a_text_for_nobody_gets_an_empty_one() {
    let (first, second) = two();
    let refused = vec![
        announced(&first),
        say("250 ok\r\n550 5.1.1 who\r\n354 go ahead\r\n"),
        hear(".\r\n"),
        say("554 5.5.1 no valid recipients\r\n"),
        hear("RSET\r\n"),
        say("250 ok\r\n"),
    ];
    let script = [opening(), refused, sending(&second), goodbye()].concat();
    let outcomes = outcomes(vec![script], vec![first, second]).await;
    assert_eq!(outcomes[0], Permanent("RCPT: 550 5.1.1 who".to_owned()));
    assert!(matches!(outcomes[1], Accepted(_)), "{outcomes:?}");
}

#[tokio::test]
async fn a_recipient_that_may_have_been_taken_gets_no_empty_letter() {
    let (first, _) = two();
    let odd = vec![announced(&first), say("250 ok\r\n354 what?\r\n354 go ahead\r\n"), Act::End];
    let outcomes = outcomes(vec![[opening(), odd].concat()], vec![first]).await;
    assert!(matches!(&outcomes[0], Transient(text) if text.contains("what?")), "{outcomes:?}");
}

#[tokio::test]
async fn what_was_said_before_the_end_of_the_text_is_no_answer_to_it() {
    let (first, _) = two();
    let early = say("250 ok\r\n250 ok\r\n354 go ahead\r\n250 2.0.0 queued\r\n");
    let unended = wire(&first).strip_suffix(".\r\n").unwrap().to_owned();
    let script = [opening(), vec![announced(&first), early, hear(unended), Act::End]].concat();
    let outcomes = outcomes(vec![script], vec![first]).await;
    assert!(matches!(&outcomes[0], Transient(text) if text.contains("unasked")), "{outcomes:?}");
}

#[tokio::test]
async fn a_cut_is_unknown_only_after_the_text() {
    for (replies, whole) in [
        ("", false),
        ("250 ok\r\n", false),
        ("250 ok\r\n250 ok\r\n", false),
        ("250 ok\r\n250 ok\r\n354 go ahead\r\n", true),
    ] {
        let (first, second) = two();
        let mut dying = vec![announced(&first), say(replies)];
        dying.extend(whole.then(|| hear(wire(&first))));
        dying.push(Act::Cut);
        let scripts =
            vec![[opening(), dying].concat(), [opening(), sending(&second), goodbye()].concat()];
        let outcomes = outcomes(scripts, vec![first, second]).await;
        let unknown = matches!(outcomes[0], Unknown(_));
        assert!(unknown == whole && (whole || matches!(outcomes[0], Transient(_))), "{outcomes:?}");
        assert!(matches!(outcomes[1], Accepted(_)), "{outcomes:?}");
    }
}

#[tokio::test]
async fn a_warm_connection_that_closes_with_a_421_is_replaced_without_a_word() {
    let (first, second) = two();
    let closing = vec![announced(&second), say("421 4.4.2 idle too long\r\n"), Act::Cut];
    let scripts = vec![
        [opening(), sending(&first), closing].concat(),
        [opening(), sending(&second), goodbye()].concat(),
    ];
    let outcomes = outcomes(scripts, vec![first, second]).await;
    assert!(outcomes.iter().all(|one| matches!(one, Accepted(_))), "{outcomes:?}");
}

/// A relay that says that it takes commands together, behind something that lets one of them through.
async fn deaf(listener: tokio::net::TcpListener) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    while let Ok((mut stream, _)) = listener.accept().await {
        let mut bytes = vec![0; 1 << 16];
        let (mut reply, mut text) = ("220 relay.example\r\n", false);
        loop {
            if stream.write_all(reply.as_bytes()).await.is_err() {
                break;
            }
            let Ok(length @ 1..) = stream.read(&mut bytes).await else { break };
            let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
            reply = match said.get(..4).unwrap_or_default() {
                _ if text => {
                    text = !said.ends_with("\r\n.\r\n") && said != ".\r\n";
                    if text { "" } else { "250 2.0.0 queued as 7F3A\r\n" }
                }
                "EHLO" => "250-relay.example hello\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
                "AUTH" => "235 2.7.0 welcome\r\n",
                "DATA" => {
                    text = true;
                    "354 go ahead\r\n"
                }
                _ => "250 ok\r\n",
            };
        }
    }
}

#[tokio::test]
async fn a_relay_that_hears_only_the_first_of_what_it_says_it_takes_together_is_told_one_by_one() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut smtp = settings(listener.local_addr().unwrap().port(), Security::None, None);
    smtp.server.timeout = Duration::from_millis(500);
    let relay = tokio::spawn(deaf(listener));
    let (first, second) = two();
    let outcomes = send(smtp, vec![first.clone(), second, first]).await;
    relay.abort();
    assert!(
        matches!(outcomes.as_slice(), [Transient(_), Accepted(_), Accepted(_)]),
        "{outcomes:?}"
    );
}
