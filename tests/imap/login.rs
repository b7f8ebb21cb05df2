//! From the greeting to the login, and who is not logged in to.

use std::sync::Arc;
use std::time::Duration;

use watchpost::config::settings::Security;
use watchpost::io::imap::{Probe, ProbedFolder, probe};

use super::server::*;

#[tokio::test]
async fn a_probe_opens_folders_to_read_only_and_tells_what_is_there() {
    let door = Door::open().await;
    let mut account = door.account();
    account.folders = vec!["INBOX".into(), "Entwürfe".into(), "Gone\r\nW9 DELETE INBOX".into()];
    let there = "* LIST (\\Noselect) \"/\" \"[All]\"\r\n* LIST (\\NonExistent) \"/\" Old\r\n\
                 * LIST () NIL inbox\r\n* LIST (\\Drafts) \"/\" Entw&APw-rfe2\r\n";
    let many: Vec<u8> = (0..500)
        .flat_map(|n| format!("* LIST () \"/\" {{2}}\r\n{:02}\r\n", n % 90).into_bytes())
        .collect();
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        let state = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 4] n\r\n* OK [PERMANENTFLAGS ()] none\r\n";
        peer.end("EXAMINE \"INBOX\"", state, "OK [READ-ONLY] open").await;
        peer.end("EXAMINE \"Entw&APw-rfe\"", "", "NO [NONEXISTENT] no such folder").await;
        peer.answer("LIST \"\" \"*\"", there).await;
        peer.end("EXAMINE \"Gone&AA0ACg-W9 DELETE INBOX\"", "", "NO no").await;
        peer.answer("LIST \"\" \"*\"", many).await;
        peer.answer("LOGOUT", "* BYE bye\r\n").await;
    };
    let (found, ()) = tokio::join!(probing(&account), server);
    let Probe { idle, condstore, uidplus, folders, .. } = found.unwrap();
    assert!(idle && condstore && uidplus);
    let inbox = ProbedFolder { name: "INBOX".into(), mails: Ok(3), keywords: None };
    assert_eq!(folders[0], inbox);
    let error = folders[1].mails.as_ref().unwrap_err();
    let named = "[NONEXISTENT] no such folder; there are INBOX, Entwürfe2";
    assert!(error.ends_with(named), "{error}");
    let error = folders[2].mails.as_ref().unwrap_err();
    assert!(error.ends_with("; there are 00, 01, 02, 03, 04, 05, 06, 07, 08, 09, …"), "{error}");
}

/// Plays a login and gives what the client made of it.
async fn log_in(
    password: &str,
    script: impl AsyncFnOnce(&mut Peer<tokio::net::TcpStream>),
) -> Result<Probe, String> {
    let door = Door::open().await;
    let mut account = door.account();
    account.folders.clear();
    let secret = secret(password);
    let server = async {
        let mut peer = door.accept().await;
        script(&mut peer).await;
        peer
    };
    let (found, _) = tokio::join!(probe(&account, &secret), server);
    found.map_err(|error| error.to_string())
}

#[tokio::test]
async fn without_sasl_ir_the_password_waits_for_the_servers_invitation() {
    let probe = log_in("secret", async |peer| {
        peer.say("* OK hello\r\n").await;
        peer.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=plain\r\n").await;
        let tag = peer.expect("AUTHENTICATE PLAIN").await;
        peer.say("+\r\n").await;
        assert_eq!(peer.line().await, "AGRlc2sAc2VjcmV0");
        peer.say(format!("{tag} OK in\r\n")).await;
        peer.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE\r\n").await;
        peer.answer("LOGOUT", "").await;
    });
    assert!(probe.await.unwrap().idle);
}

#[tokio::test]
async fn a_login_quotes_what_it_must() {
    let probe = log_in("a\"b\\c d", async |peer| {
        peer.say("* OK [CAPABILITY IMAP4rev1] hello\r\n").await;
        peer.end(r#"LOGIN "desk" "a\"b\\c d""#, "", "OK [CAPABILITY IMAP4rev1] in").await;
        peer.answer("LOGOUT", "").await;
    });
    assert!(!probe.await.unwrap().idle);
}

#[tokio::test]
async fn a_password_beyond_ascii_is_sent_as_a_literal() {
    let probe = log_in("pässwörd", async |peer| {
        peer.say("* OK [CAPABILITY IMAP4rev1] hello\r\n").await;
        let tag = peer.expect("LOGIN {4}").await;
        peer.say("+ go on\r\n").await;
        assert_eq!(peer.line().await, "desk {10}");
        peer.say("+ go on\r\n").await;
        assert_eq!(peer.line().await, "pässwörd");
        peer.say(format!("{tag} OK [CAPABILITY IMAP4rev1] in\r\n")).await;
        peer.answer("LOGOUT", "").await;
    });
    probe.await.unwrap();
}

#[tokio::test]
async fn a_password_with_line_ends_travels_as_counted_bytes_and_is_no_second_command() {
    let probe = log_in("a\r\nW9 DELETE INBOX", async |peer| {
        peer.say("* OK [CAPABILITY IMAP4rev1] hello\r\n").await;
        let tag = peer.expect("LOGIN {4}").await;
        peer.say("+ go on\r\n").await;
        assert_eq!(peer.line().await, "desk {18}");
        peer.say("+ go on\r\n").await;
        assert_eq!(peer.line().await + &peer.line().await, "aW9 DELETE INBOX");
        peer.say(format!("{tag} OK [CAPABILITY IMAP4rev1] in\r\n")).await;
        peer.answer("LOGOUT", "").await;
    });
    probe.await.unwrap();
}

#[tokio::test]
async fn where_no_login_is_possible_no_password_is_sent() {
    let error = log_in("secret", async |peer| {
        peer.say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED STARTTLS] hello\r\n").await;
        peer.hung_up().await;
    });
    assert!(error.await.unwrap_err().contains("neither AUTH=PLAIN nor LOGIN"));
}

#[tokio::test]
async fn a_stripped_starttls_is_noticed_before_any_password_is_sent() {
    for greeting in [
        "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n",
        "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] in\r\n",
    ] {
        let door = Door::open().await;
        let mut account = door.account();
        account.server.security = Security::StartTls;
        let server = async {
            let mut peer = door.accept().await;
            peer.say(greeting).await;
            peer.hung_up().await;
        };
        let (found, ()) = tokio::join!(probing(&account), server);
        let error = found.unwrap_err().to_string();
        assert!(error.contains("does not offer STARTTLS"), "{error}");
    }
}

#[tokio::test]
async fn what_does_not_greet_like_imap_is_told_apart() {
    for (greeting, expected) in [
        ("* BYE too busy\r\n", "too busy"),
        ("* 5 EXISTS\r\n", "does not greet like an IMAP server"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "the greeting cannot be read"),
        ("", "lost during the greeting"),
    ] {
        let error = log_in("secret", async |peer| {
            peer.say(greeting).await;
            tokio::io::AsyncWriteExt::shutdown(&mut peer.stream).await.unwrap();
        });
        let error = error.await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn after_a_refused_login_the_next_waits_at_least_a_minute_and_ever_longer() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    for minutes in [1, 2, 4, 8, 15, 15] {
        let server = async {
            let mut peer = door.accept().await;
            peer.say(format!("* OK [CAPABILITY {ALL}] ready\r\n")).await;
            let command = "AUTHENTICATE PLAIN AGRlc2sAc2VjcmV0";
            peer.end(command, "", "NO [AUTHENTICATIONFAILED] wrong").await;
        };
        let ((error, login_refused, wait), ()) = tokio::join!(desk.until_trouble(), server);
        assert!(login_refused && error.contains("[AUTHENTICATIONFAILED] wrong"), "{error}");
        let least = Duration::from_mins(minutes);
        assert!(wait >= least && wait <= least * 5 / 4, "{wait:?}");
        pass(wait).await;
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_not_repeated() {
    for (status, said) in [
        ("NO", "no such login: desk secret"),
        ("BAD", "what is AUTHENTICATE PLAIN AGRlc2sAc2VjcmV0?"),
    ] {
        let error = log_in("secret", async |peer| {
            peer.say(format!("* OK [CAPABILITY {ALL}] ready\r\n")).await;
            let command = "AUTHENTICATE PLAIN AGRlc2sAc2VjcmV0";
            peer.end(command, "", &format!("{status} {said}")).await;
        });
        let error = error.await.unwrap_err();
        assert!(error.contains("[password]") && !error.contains("AGR"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_check_the_password_now_has_not_refused_it() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.accept().await;
        peer.say(format!("* OK [CAPABILITY {ALL}] ready\r\n")).await;
        let tag = peer.expect("AUTHENTICATE PLAIN AGRlc2sAc2VjcmV0").await;
        peer.say(format!("{tag} NO [UNAVAILABLE] later\r\n")).await;
    };
    let ((_, login_refused, wait), ()) = tokio::join!(desk.until_trouble(), server);
    assert!(!login_refused && wait < Duration::from_secs(2));
}

#[tokio::test]
async fn a_password_that_cannot_be_read_is_told_and_nothing_is_sent() {
    let door = Door::open().await;
    let mut desk = Desk::with(door.account(), 0, |job| {
        job.password = Arc::new(|| Box::pin(async { Err("no such file".to_owned()) }));
    });
    let server = async {
        let mut peer = door.accept().await;
        peer.say(format!("* OK [CAPABILITY {ALL}] ready\r\n")).await;
        peer.hung_up().await;
    };
    let ((error, login_refused, _), ()) = tokio::join!(desk.until_trouble(), server);
    assert!(login_refused && error.contains("no such file"), "{error}");
}

#[tokio::test]
async fn where_nothing_greets_in_clear_text_the_error_says_what_to_try() {
    let _still = stop_the_clock();
    for security in [Security::StartTls, Security::None] {
        let door = Door::open().await;
        let mut account = door.account();
        account.server.security = security;
        let silent = async {
            let peer = door.accept().await;
            for _ in 0..60 {
                pass(Duration::from_secs(1)).await;
            }
            peer
        };
        let (found, _peer) = tokio::join!(probing(&account), silent);
        assert_eq!(
            found.unwrap_err().to_string(),
            "no greeting within 30 s: the server says nothing; it may want `security` set to `tls`"
        );
    }
}
