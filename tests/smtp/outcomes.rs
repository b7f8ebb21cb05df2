//! One outcome for each thing that a relay can do, at each step of the conversation.

use std::time::Duration;

use watchpost::config::settings::Security;
use watchpost::desk::letter::Letter;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::outbox::Outcome::{
    Accepted, Configuration, Permanent, Transient, Unknown, Unreachable,
};
use watchpost::io::smtp::compose;

use super::relay::*;

/// The position, in the whole conversation, of what the relay says at each step.
const GREETING: usize = 0;
const HELLO: usize = 2;
const LOGIN: usize = 4;
const SENDER: usize = 6;
const RECIPIENT: usize = 8;
const DATA: usize = 10;
const END: usize = 12;

/// Plays the whole conversation, but at one step the relay does something else.
async fn outcome_of(step: usize, acts: Vec<Act>) -> Outcome {
    let patient = Duration::from_secs(5);
    outcome_within(patient, step, acts).await
}

async fn outcome_within(limit: Duration, step: usize, acts: Vec<Act>) -> Outcome {
    let letter = letter("EXP-2026-0007/acknowledgement");
    let mut script = [opening(), sending(&letter)].concat();
    script.truncate(step);
    script.extend(acts);
    script.push(Act::Nod);
    played(limit, script, letter).await
}

async fn outcome(script: Vec<Act>, letter: Letter) -> Outcome {
    played(Duration::from_secs(5), script, letter).await
}

async fn played(limit: Duration, script: Vec<Act>, letter: Letter) -> Outcome {
    let relay = Relay::start(vec![script]).await;
    let mut smtp = settings(relay.port, Security::None, None);
    smtp.server.timeout = limit;
    let outcome = send(smtp, vec![letter]).await.remove(0);
    relay.finished().await;
    outcome
}

#[tokio::test]
async fn a_letter_that_the_relay_takes_is_accepted() {
    let letter = letter("EXP-2026-0007/acknowledgement");
    let script = [opening(), sending(&letter), goodbye(), vec![Act::End]].concat();
    let accepted = Accepted("250 2.0.0 queued as 7F3A".to_owned());
    assert_eq!(outcome(script, letter).await, accepted);
}

type Expected = fn(String) -> Outcome;

#[tokio::test]
async fn what_the_relay_answers_decides_the_outcome() {
    let table: Vec<(usize, &str, Expected)> = vec![
        (GREETING, "554 5.7.1 go away", Configuration),
        (GREETING, "421 4.3.2 too busy", Unreachable),
        (GREETING, "hello", Unreachable),
        (HELLO, "550 who are you", Configuration),
        (HELLO, "451 later", Unreachable),
        (LOGIN, "535 5.7.8 wrong password", Configuration),
        (LOGIN, "534 5.7.9 application password required", Configuration),
        (LOGIN, "538 5.7.11 encryption required", Configuration),
        (LOGIN, "504 5.5.4 unknown mechanism", Configuration),
        (LOGIN, "454 4.7.0 try again", Unreachable),
        (SENDER, "530 5.7.0 log in first", Configuration),
        (SENDER, "550 5.7.0 log in first", Configuration),
        (SENDER, "451 4.3.0 later", Transient),
        // MAIL names our address and nothing of the letter but its size.
        (SENDER, "553 5.1.8 bad sender", Configuration),
        (SENDER, "550 5.7.1 sender address not yours", Configuration),
        (SENDER, "550 who are you", Configuration),
        (SENDER, "552 5.3.4 too big", Permanent),
        (SENDER, "552 too big", Permanent),
        (SENDER, "554 5.3.4 too big", Permanent),
        (SENDER, "550 5.6.7 that address needs more", Permanent),
        (SENDER, "555 SMTPUTF8 is not supported", Permanent),
        (RECIPIENT, "450 4.2.1 mailbox busy", Transient),
        (RECIPIENT, "451 4.7.1 greylisted", Transient),
        (RECIPIENT, "452 4.2.2 mailbox full", Transient),
        (RECIPIENT, "421 4.4.2 closing", Transient),
        (RECIPIENT, "550 5.1.1 no such user", Permanent),
        (RECIPIENT, "550 5.2.1 mailbox disabled", Permanent),
        (RECIPIENT, "550 5.7.1 they do not want it", Permanent),
        // Whoever may not relay gets it said for each recipient.
        (RECIPIENT, "550 5.7.1 relaying denied", Configuration),
        (RECIPIENT, "554 5.7.1 <a@b.example>: Relay access denied", Configuration),
        (RECIPIENT, "550 relay not permitted", Configuration),
        (RECIPIENT, "553 5.7.1 <us@b.example>: Sender address rejected: not owned", Configuration),
        (RECIPIENT, "550 5.1.8 <us@b.example>: Sender address rejected: no domain", Configuration),
        // Postfix waits until RCPT with what it has against a client.
        (RECIPIENT, "554 5.7.1 <a.example[192.0.2.7]>: Client host rejected: no", Configuration),
        (
            RECIPIENT,
            "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked",
            Configuration,
        ),
        (RECIPIENT, "504 5.5.2 <desk>: Helo command rejected: not qualified", Configuration),
        // Tomorrow every letter can leave that is sent for nothing today.
        (RECIPIENT, "550 5.4.5 Daily user sending limit exceeded", Configuration),
        (END, "550 5.4.5 Daily user sending limit exceeded", Configuration),
        // A recipient cannot stop the relay by the words in its address.
        (RECIPIENT, "550 5.1.1 <\"relaying denied\"@b.example>: unknown", Permanent),
        (RECIPIENT, "554 5.7.1 no: host mx.b.example said: 554 Relay access denied", Permanent),
        (RECIPIENT, "571 a code that no RFC lists", Permanent),
        (RECIPIENT, "535 5.7.8 log in again", Configuration),
        (RECIPIENT, "354 what?", Transient),
        (DATA, "451 4.3.0 later", Transient),
        (DATA, "554 5.5.1 no valid recipients", Permanent),
        (DATA, "250 out of step", Transient),
        (END, "451 4.3.0 later", Transient),
        (END, "452 4.3.1 disk full", Transient),
        (END, "552 5.7.0 it looks dangerous", Permanent),
        (END, "554 5.6.0 spam", Permanent),
        (END, "554 5.7.1 spam: relaying denied", Permanent),
        (END, "530 5.7.0 log in first", Configuration),
        (END, "554 5.2.252 SendAsDenied; not allowed to send as", Configuration),
        (END, "354 what?", Unknown),
        (END, "gibberish", Unknown),
    ];
    for (step, reply, expected) in table {
        let outcome = outcome_of(step, vec![say(format!("{reply}\r\n"))]).await;
        let detail = detail_of(&outcome).to_owned();
        assert_eq!(outcome, expected(detail.clone()), "{reply} at {step}");
        assert!(detail.contains(reply.trim_end_matches('?')), "{detail}");
    }
}

#[tokio::test]
async fn a_cut_or_silent_relay_is_tried_again_and_only_after_the_text_is_it_unknown() {
    let fits = |step: usize, outcome: &Outcome, words: &str| match outcome {
        Unreachable(text) => step <= LOGIN && text.contains(words),
        Transient(text) => step > LOGIN && text.contains(words),
        _ => false,
    };
    // The answer to the end of the text may take ten times as long.
    let short = Duration::from_millis(300);
    for step in [GREETING, HELLO, LOGIN, SENDER, RECIPIENT, DATA] {
        let cut = outcome_of(step, vec![Act::Cut]).await;
        assert!(fits(step, &cut, "cut"), "{step}: {cut:?}");
        let stall = outcome_within(short, step, vec![Act::Stall]).await;
        assert!(fits(step, &stall, "no answer"), "{step}: {stall:?}");
        // What would answer at once in TLS says nothing in clear text.
        let hint = "the server says nothing; it may want `security` set to `tls`";
        assert_eq!(detail_of(&stall).contains(hint), step == GREETING, "{stall:?}");
        let half = outcome_of(step, vec![say("250-half an an"), Act::Cut]).await;
        assert!(fits(step, &half, ""), "{step}: {half:?}");
    }
    for acts in [vec![Act::Cut], vec![Act::Stall], vec![say("250 half"), Act::Cut]] {
        let outcome = outcome_within(short, END, acts.clone()).await;
        assert!(matches!(outcome, Unknown(_)), "{acts:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_after_its_time_is_nobodys_answer() {
    let (first, second) =
        (letter("EXP-2026-0007/acknowledgement"), letter("EXP-2026-0008/acknowledgement"));
    let mut slow = [opening(), sending(&first)].concat();
    slow.truncate(END);
    slow.push(Act::Late(b"250 2.0.0 queued at last\r\n".to_vec()));
    let in_order = [opening(), sending(&second), goodbye()].concat();
    let relay = Relay::start(vec![slow, in_order]).await;
    let mut smtp = settings(relay.port, Security::None, None);
    smtp.server.timeout = Duration::from_millis(200);
    let outcomes = send(smtp, vec![first, second]).await;
    relay.finished().await;
    assert!(matches!(outcomes.as_slice(), [Unknown(_), Accepted(_)]), "{outcomes:?}");
}

#[tokio::test]
async fn a_cut_within_the_text_is_no_doubt_it_was_not_sent() {
    let mut letter = letter("EXP-2026-0007/acknowledgement");
    // More than the socket buffers hold, so that the cut comes before the end.
    letter.body =
        "A line of seventy characters, again and again and again and again.\n".repeat(99_999);
    let mut script = vec![
        say("220 relay.example\r\n"),
        hear(EHLO),
        say("250-relay.example\r\n250 AUTH PLAIN\r\n"),
        hear(AUTH),
        say("235 ok\r\n"),
    ];
    script.extend(sending(&letter).into_iter().take(6).map(|act| match act {
        Act::Hear(line) if line.starts_with(b"MAIL") => {
            hear("MAIL FROM:<security+b7@acorn.example>\r\n")
        }
        other => other,
    }));
    script.push(hear("From: "));
    script.push(Act::Cut);
    assert!(matches!(outcome(script, letter).await, Transient(_)));
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let port = Relay::start(vec![]).await.port;
    let smtp = settings(port, Security::None, None);
    let outcome = send(smtp, vec![letter("EXP-2026-0007/acknowledgement")]).await.remove(0);
    assert!(matches!(&outcome, Unreachable(t) if t.contains("cannot connect")), "{outcome:?}");
}

#[tokio::test]
async fn clear_text_to_another_machine_is_never_spoken() {
    let mut smtp = settings(25, Security::None, None);
    smtp.server.host = "192.0.2.1".to_owned();
    let outcome = send(smtp, vec![letter("EXP-2026-0007/acknowledgement")]).await.remove(0);
    assert!(matches!(outcome, Configuration(_)), "{outcome:?}");
}

#[tokio::test]
async fn replies_that_real_servers_send_are_understood() {
    let letter = letter("EXP-2026-0007/acknowledgement");
    let text = compose(&letter).unwrap();
    let script = vec![
        say("220-two\n220 lines, bare line feeds\n"),
        hear(EHLO),
        // No limit, keywords in lower case, a line with nothing on it.
        say("250-relay.example\r\n250- \r\n250-size 0\r\n250 auth=plain\r\n"),
        hear(AUTH),
        say("235\r\n"),
        hear(format!("MAIL FROM:<security+b7@acorn.example> SIZE={}\r\n", text.len())),
        say("250\r\n"),
        hear("RCPT TO:<ann@reporter.example>\r\n"),
        say(b"251 Empf\xe4nger verzogen\r\n"),
        hear("DATA\r\n"),
        say("354\r\n"),
        hear(wire(&letter)),
        say("250\r\n"),
        hear("QUIT\r\n"),
        Act::Cut,
    ];
    assert_eq!(outcome(script, letter).await, Accepted("250".to_owned()));
}

#[tokio::test]
async fn an_endless_reply_is_not_read_for_ever() {
    for flood in [vec![b'2'; 1 << 20], b"220-again\r\n".repeat(10_000)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &flood).await;
        });
        let smtp = settings(port, Security::None, None);
        let outcome = send(smtp, vec![letter("EXP-2026-0007/acknowledgement")]).await.remove(0);
        assert!(
            matches!(&outcome, Unreachable(t) if t.contains("not an SMTP reply")),
            "{outcome:?}"
        );
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_detail_is_one_short_line_that_moves_no_cursor() {
    let nasty = format!("550 5.1.1 \u{1b}[2J\u{202e}{}\r\n", "é".repeat(500));
    let outcome = outcome_of(RECIPIENT, vec![say(nasty)]).await;
    let detail = detail_of(&outcome);
    assert!(detail.starts_with("RCPT: 550 5.1.1 \\u{1b}[2J\\u{202e}é"), "{detail}");
    assert!(detail.len() <= 200 && detail.ends_with('…'), "{detail}");
    let nasty = format!("535-5.7.8 no\r\n535 5.7.8 {}\r\n", "é".repeat(500));
    let outcome = outcome_of(LOGIN, vec![say(nasty)]).await;
    let detail = detail_of(&outcome);
    assert!(detail.len() <= 200, "{detail}");
    assert!(detail.ends_with("é… (check `user` and the password)"), "{detail}");
    let lines = outcome_of(RECIPIENT, vec![say("550-5.1.1 no\r\n550 5.1.1 user\r\n")]).await;
    assert_eq!(lines, Permanent("RCPT: 550 5.1.1 no 5.1.1 user".to_owned()));
}

#[tokio::test]
async fn a_letter_that_the_relay_cannot_take_is_not_tried() {
    let mut large = letter("EXP-2026-0007/acknowledgement");
    large.body = "word ".repeat(30_000);
    let script = [opening(), vec![hear("RSET\r\n"), say("250 ok\r\n")], goodbye()].concat();
    let refused = outcome(script.clone(), large).await;
    assert!(
        matches!(&refused, Permanent(t) if t.ends_with("the server takes 100000")),
        "{refused:?}"
    );

    let mut foreign = letter("EXP-2026-0007/acknowledgement");
    foreign.to.address = "jörg@reporter.example".to_owned().try_into().unwrap();
    let refused = outcome(script, foreign).await;
    assert!(matches!(&refused, Permanent(t) if t.contains("SMTPUTF8")), "{refused:?}");
}

#[tokio::test]
async fn an_address_that_is_not_ascii_goes_to_a_relay_that_takes_it() {
    let mut letter = letter("EXP-2026-0007/acknowledgement");
    letter.to.address = "jörg@bücher.example".to_owned().try_into().unwrap();
    let script = vec![
        say("220 relay.example\r\n"),
        hear(EHLO),
        say("250-relay.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n"),
        hear(AUTH),
        say("235 ok\r\n"),
        hear("MAIL FROM:<security+b7@acorn.example> SMTPUTF8 BODY=8BITMIME\r\n"),
        say("250 ok\r\n"),
        hear("RCPT TO:<jörg@xn--bcher-kva.example>\r\n"),
        say("250 ok\r\n"),
        hear("DATA\r\n"),
        say("354 go\r\n"),
        hear(wire(&letter)),
        say("250 ok\r\n"),
    ];
    let script = [script, goodbye()].concat();
    assert_eq!(outcome(script, letter).await, Accepted("250 ok".to_owned()));
}

#[tokio::test]
async fn a_letter_that_cannot_be_written_never_reaches_the_relay() {
    let mut letter = letter("EXP-2026-0007/acknowledgement");
    letter.subject = "Hello\r\nBcc: eve@evil.example".to_owned();
    let script = [opening(), vec![hear("RSET\r\n"), say("250 ok\r\n")], goodbye()].concat();
    let detail = "the subject of the letter holds a control character".to_owned();
    assert_eq!(outcome(script, letter).await, Permanent(detail));
}

fn detail_of(outcome: &Outcome) -> &str {
    match outcome {
        Accepted(text) | Transient(text) | Permanent(text) | Unknown(text)
        | Configuration(text) | Unreachable(text) => text,
    }
}
