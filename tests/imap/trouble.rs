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
            // A mark is for a mail that has been read.
            let last = u32::from(doing == "UID STORE");
            let mut desk = Desk::watching(door.account(), last);
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
                    peer.answer(&format!("UID SEARCH UID {}:*", last + 1), found).await;
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
            assert_eq!(desk.cursor.last_uid, last);
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
        peer.idle_from(1).await;
        peer.say("* BYE shutting \u{1b}[31m down\r\n").await;
        let mut peer = door.selected(0, 1).await;
        peer.idle_from(1).await;
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
                peer.nothing_from(1).await;
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
    assert_eq!(desk.batches, [(vec![1, 2, 4], 2)]);
    let server = async {
        let mut peer = door.selected(5, 6).await;
        peer.answer("UID SEARCH UID 3:*", search(3..=5)).await;
        // What the loop has is not asked for again, and what the cut came at is asked for last.
        peer.answer(&format!("UID FETCH 5 {START}"), mails([5])).await;
        peer.answer(&format!("UID FETCH 3 {START}"), mails([3])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!((desk.uids(), desk.cursor.last_uid), (vec![1, 2, 3, 4, 5], 5));
}

/// Lets each connection be lost, and the time until the next one pass.
async fn lost(desk: &mut Desk, connection: impl Future<Output = ()>) -> String {
    let ((error, _, wait), ()) = tokio::join!(desk.until_trouble(), connection);
    pass(wait).await;
    error
}

const PLAIN: &str = "(UID BODY.PEEK[]<0.131072>)";
const WITNESS: &str = "(UID BODY.PEEK[]<0.1>)";

/// The answer to the question whether a mail that was read before still comes.
fn witness(uid: u32) -> String {
    format!("* {uid} FETCH (UID {uid} BODY[]<0> {{1}}\r\nS)\r\n")
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
    // The others first; then it alone; then with nothing odd beside the text.
    lost(&mut desk, async {
        let mut peer = door.selected(3, 4).await;
        peer.answer("UID SEARCH UID 2:*", search(2..=3)).await;
        peer.answer(&format!("UID FETCH 3 {START}"), mails([3])).await;
        peer.expect(&format!("UID FETCH 2 {START}")).await;
        peer.say(odd).await;
        peer.hung_up().await;
    })
    .await;
    assert_eq!((desk.uids(), desk.cursor.last_uid), (vec![1, 3], 1));
    let mut tries = 0;
    while desk.cursor.last_uid < 3 {
        tries += 1;
        assert!(tries < 20, "it is given up in the end");
        lost(&mut desk, async {
            let mut peer = door.selected(3, 4).await;
            peer.answer("UID SEARCH UID 2:*", search(2..=3)).await;
            peer.answer(&format!("UID FETCH 3 {WITNESS}"), witness(3)).await;
            peer.expect(&format!("UID FETCH 2 {PLAIN}")).await;
            peer.say(odd).await;
            peer.hung_up().await;
        })
        .await;
    }
    let reason = desk.mails[&2].unreadable.as_deref();
    assert_eq!(reason, Some("the server's answer to UID FETCH cannot be read"));
}

/// Answers `UID FETCH` like a server that breaks down at each of some mails: gives what stands
/// before it. Tells whether it broke down.
async fn serve(peer: &mut Peer<TcpStream>, bad: fn(u32) -> bool, all: u32) -> bool {
    let line = peer.line().await;
    let mut words = line.split(' ');
    let (tag, command) = (words.next().unwrap(), words.nth(1).unwrap());
    let set = words.next().unwrap();
    if command == "SEARCH" {
        let from = words.next().unwrap().split(':').next().unwrap().parse().unwrap();
        peer.say(search(from..=all) + &format!("{tag} OK done\r\n")).await;
        return false;
    }
    for run in set.split(',') {
        let (first, last) = run.split_once(':').unwrap_or((run, run));
        for uid in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
            if bad(uid) {
                peer.say("* BYE FETCH failed\r\n").await;
                return true;
            }
            peer.say(mail(uid, "hello")).await;
        }
    }
    peer.say(format!("{tag} OK done\r\n")).await;
    false
}

/// What it takes until all mails are handed over: how long, how often a connection was lost, and
/// after how long the last readable one was there.
async fn hand_over(all: u32, bad: fn(u32) -> bool) -> (Duration, u32, Duration) {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let (mut passed, mut lost, mut readable) = (Duration::ZERO, 0, Duration::ZERO);
    while desk.cursor.last_uid < all {
        let server = async {
            let mut peer = door.selected(all, all + 1).await;
            while !serve(&mut peer, bad, all).await {}
        };
        let known = desk.mails.values().filter(|mail| mail.unreadable.is_none()).count();
        let ((error, _, wait), ()) = tokio::join!(desk.until_trouble(), server);
        assert!(error.contains("FETCH failed"), "{error}");
        if desk.mails.values().filter(|mail| mail.unreadable.is_none()).count() > known {
            readable = passed;
        }
        pass(wait).await;
        (passed, lost) = (passed + wait, lost + 1);
    }
    assert_eq!(desk.uids().len(), usize::try_from(all).unwrap());
    assert!(desk.mails.iter().all(|(uid, mail)| mail.unreadable.is_some() == bad(*uid)));
    (passed, lost, readable)
}

#[tokio::test]
async fn many_unreadable_mails_among_readable_ones_hold_up_no_other_for_long() {
    let (took, lost, readable) = hand_over(300, |uid| uid % 5 == 0).await;
    // One connection each to find them, three to be sure.
    assert!(lost <= 4 * 60 + 10, "{lost}");
    assert!(took < Duration::from_secs(100), "{took:?}");
    assert!(readable < Duration::from_secs(25), "{readable:?}");
}

#[tokio::test]
async fn many_unreadable_mails_in_a_row_hold_up_no_other_for_long() {
    let (took, lost, readable) = hand_over(600, |uid| uid <= 60).await;
    assert!(lost <= 4 * 60 + 10, "{lost}");
    assert!(took < Duration::from_secs(100), "{took:?}");
    assert!(readable < Duration::from_secs(25), "{readable:?}");
}

#[tokio::test]
async fn what_stands_behind_one_unreadable_mail_is_read_on_the_next_connection() {
    let (took, lost, readable) = hand_over(600, |uid| uid == 3).await;
    assert!(took < Duration::from_mins(2) && lost < 12, "{took:?} {lost}");
    assert!(readable < Duration::from_secs(2), "{readable:?}");
}

#[tokio::test]
async fn a_server_that_gives_no_mail_at_all_makes_none_unreadable_for_ten_minutes() {
    let (took, lost, _) = hand_over(3, |_| true).await;
    assert!(took > Duration::from_mins(10) && took < Duration::from_mins(30), "{took:?}");
    assert!(lost < 20, "{lost}");
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
    let no = "NO [SERVERBUG] internal error";
    let error = lost(&mut desk, async {
        let mut peer = door.selected(2, 3).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=2)).await;
        peer.end(&format!("UID FETCH 1:2 {START}"), mails([2]), no).await;
        peer.answer("UID SEARCH UID 1", search([1])).await;
        peer.end(&format!("UID FETCH 1 {START}"), "", no).await;
        peer.answer("UID SEARCH UID 1", search([1])).await;
        peer.hung_up().await;
    });
    assert!(error.await.contains("lists 1 new mail(s) and does not give"));
    assert_eq!((desk.uids(), desk.cursor.last_uid), (vec![2], 0));
    let again = async || {
        let mut peer = door.selected(2, 3).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=2)).await;
        peer.answer(&format!("UID FETCH 2 {WITNESS}"), witness(2)).await;
        peer.end(&format!("UID FETCH 1 {PLAIN}"), "", no).await;
        peer.answer("UID SEARCH UID 1", search([1])).await;
        peer
    };
    let mut waited = Duration::ZERO;
    while waited < Duration::from_secs(30) {
        let connection = async { again().await.hung_up().await };
        let ((_, _, wait), ()) = tokio::join!(desk.until_trouble(), connection);
        pass(wait).await;
        waited += wait;
    }
    let server = async { again().await.idle().await };
    tokio::join!(desk.until_watching(), server);
    assert!(desk.mails[&1].unreadable.is_some() && desk.mails[&2].unreadable.is_none());
    assert_eq!(desk.cursor.last_uid, 2);
}

#[tokio::test]
async fn a_batch_that_the_loop_does_not_take_is_read_again_but_ever_less_often() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let connection = async || {
        let mut peer = door.selected(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", FOUND).await;
        peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        peer
    };
    for seconds in [1, 2, 4, 8] {
        let events = async {
            let selected = desk.next().await;
            desk.take(selected);
            let FromFolder::Mails { reply, .. } = desk.next().await else { panic!("no mails") };
            drop(reply);
            desk.until_trouble().await
        };
        let server = async { connection().await.hung_up().await };
        let ((error, _, wait), ()) = tokio::join!(events, server);
        assert!(error.contains("taken over") && wait >= Duration::from_secs(seconds), "{wait:?}");
        pass(wait).await;
    }
    tokio::join!(desk.until_watching(), async { connection().await.idle().await });
    assert_eq!(desk.uids(), [1]);
}

#[tokio::test]
async fn after_a_batch_that_the_loop_does_not_take_none_of_this_connection_follows() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(300, 301).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=300)).await;
        peer.answer(&format!("UID FETCH 1:64 {START}"), mails(1..=64)).await;
        peer.answer(&format!("UID FETCH 65:192 {START}"), mails(65..=192)).await;
        peer.hung_up().await;
        let mut peer = door.selected(300, 301).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=300)).await;
        peer
    };
    let events = async {
        let selected = desk.next().await;
        desk.take(selected);
        let (first, second) = (desk.next().await, desk.next().await);
        drop(first);
        let mut after = Vec::new();
        loop {
            match desk.next().await {
                FromFolder::Trouble { error, .. } => {
                    assert!(error.contains("taken over"), "{error}");
                    break;
                }
                other => after.push(other),
            }
        }
        drop(second);
        assert!(after.is_empty(), "{} batches", after.len());
        let selected = desk.next().await;
        desk.take(selected);
    };
    tokio::join!(events, server);
}
