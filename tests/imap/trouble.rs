//! Servers that refuse, lie, fall silent or hang up. Nothing is lost, and nothing goes on for ever.

use std::time::Duration;

use tokio::net::TcpStream;
use watchpost::desk::folder::Keyword;
use watchpost::io::imap::FromFolder;

use super::server::*;

/// Plays one connection, and gives the trouble that it ends in.
async fn trouble(script: impl AsyncFnOnce(&mut Peer<TcpStream>)) -> String {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.accept().await;
        script(&mut peer).await;
        peer.hung_up().await;
    };
    let (error, login_refused, wait) = tokio::select! {
        (trouble, ()) = async { tokio::join!(desk.until_trouble(), server) } => trouble,
        () = tokio::time::sleep(PATIENCE) => panic!("no trouble in time"),
    };
    assert!(!login_refused && wait <= Duration::from_millis(1250), "{error} {wait:?}");
    assert!(error.len() < 300, "{error}");
    assert_eq!(desk.cursor.last_uid, 0);
    error
}

const FOUND: &str = "* SEARCH 1\r\n";

#[tokio::test]
async fn a_lost_connection_is_told_at_every_stage_and_never_taken_for_an_empty_answer() {
    let stages = ["AUTHENTICATE", "SELECT", "UID SEARCH", "UID FETCH", "IDLE", "IDLE", "UID STORE"];
    for (stage, doing) in stages.into_iter().enumerate() {
        for rest in ["", "* 1 EXISTS\r\n", "* half a li"] {
            let door = Door::open().await;
            let mut desk = Desk::watching(door.account(), 0);
            let server = async {
                let mut peer = door.accept().await;
                if stage == 0 {
                    peer.say(format!("* OK [CAPABILITY {ALL}] ready\r\n")).await;
                } else {
                    peer.log_in(ALL).await;
                }
                if stage > 1 {
                    peer.select(1, 2).await;
                }
                if stage > 2 {
                    let found = if stage == 3 { FOUND } else { "* SEARCH\r\n" };
                    peer.answer("UID SEARCH UID 1:*", found).await;
                }
                if stage == 5 {
                    peer.idle().await;
                } else {
                    peer.line().await;
                }
                peer.say(rest).await;
            };
            if doing == "UID STORE" {
                desk.mark(Keyword::Seen, &[1], 7).await;
            }
            let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
            assert!(error.contains("lost during") && error.contains(doing), "{error}");
            assert_eq!(desk.cursor.last_uid, 0);
        }
    }
}

#[tokio::test]
async fn a_refused_command_is_told_with_the_servers_reason() {
    for end in ["NO [SERVERBUG] on fire", "BAD on fire"] {
        let error = trouble(async |peer| {
            peer.log_in(ALL).await;
            peer.end("SELECT \"INBOX\"", "* NO [ALERT] hot\r\n", end).await;
        });
        assert!(error.await.contains("SELECT"));
        let error = trouble(async |peer| {
            peer.log_in(ALL).await;
            peer.select(1, 2).await;
            peer.end("UID SEARCH UID 1:*", FOUND, end).await;
        });
        let error = error.await;
        assert!(error.contains("UID SEARCH") && error.contains("on fire"), "{error}");
    }
    let error = trouble(async |peer| {
        peer.log_in(ALL).await;
        peer.select(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", FOUND).await;
        peer.end(&format!("UID FETCH 1 {START}"), "", "BAD on fire").await;
    });
    assert!(error.await.contains("does not accept UID FETCH: on fire"));
}

#[tokio::test]
async fn a_warning_in_select_is_no_failure() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 1);
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        let state = "* NO [ALERT]\u{e9}tat\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n";
        peer.answer("SELECT \"INBOX\"", state).await;
        // No UIDNEXT: looked up.
        peer.answer("UID SEARCH UID *", FOUND).await;
        peer.answer("UID SEARCH UID 2:*", FOUND).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
}

#[tokio::test]
async fn a_folder_without_uidvalidity_is_not_read() {
    let error = trouble(async |peer| {
        peer.log_in(ALL).await;
        peer.answer("SELECT \"INBOX\"", "* 1 EXISTS\r\n* OK [UIDVALIDITY 5000000000] v\r\n").await;
    });
    assert!(error.await.contains("UIDVALIDITY"));
}

#[tokio::test]
async fn a_new_uidvalidity_is_reported_and_the_loop_says_where_to_start() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 100);
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        let state = "* 1 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\n* OK [UIDNEXT 2] n\r\n";
        peer.answer("SELECT \"INBOX\"", state).await;
        peer.answer("UID SEARCH UID 1:*", FOUND).await;
        peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!((desk.cursor.uid_validity, desk.cursor.last_uid), (8, 1));
}

#[tokio::test]
async fn an_end_to_a_command_that_nobody_gave_ends_the_connection() {
    let error = trouble(async |peer| {
        peer.log_in(ALL).await;
        peer.expect("SELECT \"INBOX\"").await;
        peer.say("W77 OK done\r\n").await;
    });
    assert!(error.await.contains("do not fit our commands, at SELECT"));
}

#[tokio::test]
async fn good_bye_is_told_and_followed_by_a_new_connection() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(0, 1).await;
        peer.answer("UID SEARCH UID 1:*", "* SEARCH\r\n").await;
        peer.idle().await;
        peer.say("* BYE shutting \u{1b}[31m down\r\n").await;
        let mut peer = door.selected(0, 1).await;
        peer.answer("UID SEARCH UID 1:*", "* SEARCH\r\n").await;
        peer.idle().await;
    };
    let events = async {
        let (error, ..) = desk.until_trouble().await;
        assert!(error.contains("shutting \\u{1b}[31m down"), "{error}");
        desk.until_watching().await
    };
    tokio::join!(events, server);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_in_time() {
    let _still = stop_the_clock();
    for idle in [false, true] {
        let door = Door::open().await;
        let mut desk = Desk::watching(door.account(), 0);
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        let command = if idle {
            let first = async {
                peer.select(0, 1).await;
                peer.answer("UID SEARCH UID 1:*", "* SEARCH\r\n").await;
            };
            let selected = async {
                let selected = desk.next().await;
                desk.take(selected);
            };
            tokio::join!(first, selected);
            peer.expect("IDLE").await;
            "IDLE"
        } else {
            peer.expect("SELECT \"INBOX\"").await;
            "SELECT"
        };
        pass(Duration::from_secs(30)).await;
        let (error, ..) = desk.until_trouble().await;
        assert_eq!(error, format!("no answer to {command} within 30 s"));
    }
}

#[tokio::test]
async fn no_word_of_a_mail_gets_into_an_error() {
    let error = trouble(async |peer| {
        peer.log_in(ALL).await;
        peer.select(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", FOUND).await;
        peer.expect(&format!("UID FETCH 1 {START}")).await;
        peer.say("* 1 FETCH (UID 1 BODY[]<0> {12}\r\nconfidential oops oops) \n\r\n").await;
    });
    let error = error.await;
    assert_eq!(error, "the server's answer to UID FETCH cannot be read");
}

#[tokio::test]
async fn a_literal_that_is_larger_than_anything_asked_for_is_not_waited_for() {
    let error = trouble(async |peer| {
        peer.log_in(ALL).await;
        peer.select(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", FOUND).await;
        peer.expect(&format!("UID FETCH 1 {START}")).await;
        peer.say("* 1 FETCH (UID 1 BODY[]<0> {400000000}\r\n0123456789").await;
    });
    assert!(error.await.contains("announces 400000000 bytes"));
}

#[tokio::test]
async fn what_was_read_before_a_cut_is_kept() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(5, 6).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=5)).await;
        peer.expect(&format!("UID FETCH 1:5 {START}")).await;
        peer.say(mails([1, 2, 4])).await;
    };
    let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
    assert!(error.contains("lost"), "{error}");
    assert_eq!(desk.batches, [(vec![1, 2], 2)]);
    let server = async {
        let mut peer = door.selected(5, 6).await;
        peer.answer("UID SEARCH UID 3:*", search(3..=5)).await;
        peer.answer(&format!("UID FETCH 3:5 {START}"), mails(3..=5)).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.uids(), [1, 2, 3, 4, 5]);
}

/// Lets each connection be lost, and the time until the next one pass.
async fn lost(desk: &mut Desk, connection: impl Future<Output = ()>) -> String {
    let ((error, _, wait), ()) = tokio::join!(desk.until_trouble(), connection);
    pass(wait).await;
    error
}

#[tokio::test]
async fn a_mail_that_costs_the_connection_is_found_and_handed_over_as_unreadable() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let odd = "* 2 FETCH ()\r\n";
    lost(&mut desk, async {
        let mut peer = door.selected(3, 4).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=3)).await;
        peer.expect(&format!("UID FETCH 1:3 {START}")).await;
        peer.say([mails([1]), odd.into()].concat()).await;
        peer.hung_up().await;
    })
    .await;
    // One by one from here on; then with nothing odd beside the text; then no more.
    for items in [START, "(UID BODY.PEEK[]<0.131072>)", "(UID BODY.PEEK[]<0.131072>)"] {
        lost(&mut desk, async {
            let mut peer = door.selected(3, 4).await;
            peer.answer("UID SEARCH UID 2:*", search(2..=3)).await;
            peer.expect(&format!("UID FETCH 2 {items}")).await;
            peer.say(odd).await;
            peer.hung_up().await;
        })
        .await;
    }
    let server = async {
        let mut peer = door.selected(3, 4).await;
        peer.answer("UID SEARCH UID 2:*", search(2..=3)).await;
        peer.answer(&format!("UID FETCH 3 {START}"), mails([3])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!((desk.uids(), desk.cursor.last_uid), (vec![1, 2, 3], 3));
    let reason = desk.mails[&2].unreadable.as_deref();
    assert_eq!(reason, Some("the server's answer to UID FETCH cannot be read"));
}

#[tokio::test]
async fn a_mail_with_only_odd_facts_is_read_without_them() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    // The parser panics at this one.
    let odd = "* 1 FETCH (UID 1 INTERNALDATE NIL BODY[]<0> {2}\r\nhi)\r\n";
    let error = lost(&mut desk, async {
        let mut peer = door.selected(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", search([1])).await;
        peer.expect(&format!("UID FETCH 1 {START}")).await;
        peer.say(odd).await;
        peer.hung_up().await;
    });
    assert!(error.await.contains("cannot be read"));
    let server = async {
        let mut peer = door.selected(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", search([1])).await;
        let text = "* 1 FETCH (UID 1 BODY[]<0> {2}\r\nhi)\r\n";
        peer.answer("UID FETCH 1 (UID BODY.PEEK[]<0.131072>)", text).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    let mail = &desk.mails[&1];
    assert_eq!((mail.bytes.as_slice(), mail.arrived, &mail.unreadable), (&b"hi"[..], None, &None));
}

#[tokio::test]
async fn mails_that_the_server_lists_and_withholds_are_unreadable_in_the_end() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let round = async || {
        let mut peer = door.selected(2, 3).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=2)).await;
        let no = "NO [SERVERBUG] internal error";
        peer.end(&format!("UID FETCH 1:2 {START}"), mails([2]), no).await;
        let first = peer.line().await;
        let (tag, rest) = first.split_once(' ').unwrap();
        assert!(rest.starts_with("UID FETCH 1 (UID "), "{rest}");
        peer.say(format!("{tag} {no}\r\n")).await;
        peer.answer("UID SEARCH UID 1", search([1])).await;
        peer
    };
    for _ in 0..2 {
        let error = lost(&mut desk, async { round().await.hung_up().await }).await;
        assert!(error.contains("lists 1 new mail(s) and does not give"), "{error}");
    }
    let server = async { round().await.idle().await };
    tokio::join!(desk.until_watching(), server);
    assert!(desk.mails[&1].unreadable.is_some() && desk.mails[&2].unreadable.is_none());
    assert_eq!(desk.cursor.last_uid, 2);
}

#[tokio::test]
async fn a_batch_that_the_loop_does_not_take_is_read_again() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let connection = async || {
        let mut peer = door.selected(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", FOUND).await;
        peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        peer
    };
    let server = async {
        connection().await.hung_up().await;
        connection().await.idle().await;
    };
    let events = async {
        let selected = desk.next().await;
        desk.take(selected);
        let FromFolder::Mails { reply, .. } = desk.next().await else { panic!("no mails") };
        drop(reply);
        assert!(desk.until_trouble().await.0.contains("taken over"));
        desk.until_watching().await;
    };
    tokio::join!(events, server);
    assert_eq!(desk.uids(), [1]);
}
