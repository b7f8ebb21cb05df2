//! What happens while nothing happens: IDLE, polling, marks.

use std::time::Duration;

use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use watchpost::config::settings::Imap;
use watchpost::desk::folder::Keyword;

use super::server::*;

#[tokio::test]
async fn mail_that_comes_while_idling_is_read_at_once() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(0, 1).await;
        let tag = peer.idle_from(1).await;
        // Neither flags that others change nor what nobody knows is news.
        peer.say("* OK still here\r\n* X-NEWS (1)\r\n* 1 RECENT\r\n* FLAGS (a)\r\n").await;
        peer.say("* 1 FETCH (FLAGS (\\Seen) MODSEQ (5))\r\n* 1 EXPUNGE\r\n* 1 EXISTS\r\n").await;
        peer.done(&tag).await;
        peer.answer("UID SEARCH UID 1:*", search([1])).await;
        peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        peer.idle().await;
    };
    let watching = async {
        desk.until_watching().await;
        desk.until_watching().await
    };
    assert!(tokio::join!(watching, server).0);
    assert_eq!(desk.batches, [(vec![1], 1)]);
}

#[tokio::test]
async fn mail_that_comes_between_the_look_and_the_idle_is_not_missed() {
    for early in [true, false] {
        let door = Door::open().await;
        let mut desk = Desk::watching(door.account(), 0);
        let server = async {
            let mut peer = door.selected(0, 1).await;
            if early {
                // In the search itself: too late for its result, and no IDLE is entered.
                peer.answer("UID SEARCH UID 1:*", "* SEARCH\r\n* 1 EXISTS\r\n").await;
            } else {
                peer.nothing_from(1).await;
                let tag = peer.expect("IDLE").await;
                peer.say("* 1 EXISTS\r\n+ idling\r\n").await;
                peer.done(&tag).await;
            }
            peer.answer("UID SEARCH UID 1:*", search([1])).await;
            peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
            peer.idle().await
        };
        let watching = async {
            while desk.mails.is_empty() {
                let event = desk.next().await;
                desk.take(event);
            }
        };
        tokio::join!(watching, server);
        assert_eq!(desk.batches, [(vec![1], 1)]);
    }
}

#[tokio::test]
async fn idle_is_renewed_by_our_own_clock_although_the_server_says_still_here() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(Imap { poll: Duration::from_hours(2), ..door.account() }, 0);
    let mut peer = None;
    let first = async {
        let mut accepted = door.selected(0, 1).await;
        let tag = accepted.idle_from(1).await;
        peer = Some((accepted, tag));
    };
    tokio::join!(desk.until_watching(), first);
    let (mut peer, tag) = peer.unwrap();
    for _ in 0..12 {
        pass(Duration::from_mins(2)).await;
        peer.say("* OK Still here\r\n").await;
    }
    pass(Duration::from_mins(1)).await;
    peer.done(&tag).await;
    peer.answer("NOOP", "").await;
    let tag = peer.idle_from(1).await;
    // Once more, so that whatever follows from the first poll has been said.
    pass(Duration::from_mins(25)).await;
    peer.done(&tag).await;
    assert!(desk.heard.try_recv().is_err(), "a poll that finds nothing wakes nobody");
}

#[tokio::test]
async fn a_silent_idle_is_not_believed_longer_than_the_poll_interval() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let mut peer = None;
    let first = async {
        let mut accepted = door.selected(0, 1).await;
        let tag = accepted.idle_from(1).await;
        peer = Some((accepted, tag));
    };
    tokio::join!(desk.until_watching(), first);
    let (mut peer, tag) = peer.unwrap();
    pass(Duration::from_mins(10)).await;
    let second = async {
        peer.done(&tag).await;
        peer.answer("NOOP", "").await;
        peer.answer("UID SEARCH UID 1:*", search([1])).await;
        peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), second);
    assert_eq!(desk.uids(), [1]);
}

#[tokio::test]
async fn a_server_without_a_working_idle_is_polled() {
    let _still = stop_the_clock();
    for refusal in [None, Some("NO not now"), Some("BAD what?"), Some("OK that was it")] {
        let door = Door::open().await;
        let mut desk = Desk::watching(door.account(), 0);
        let mut peer = door.accept().await;
        let first = async {
            peer.log_in(if refusal.is_some() { ALL } else { "IMAP4rev1 AUTH=PLAIN SASL-IR" }).await;
            peer.select(0, 1).await;
            peer.nothing_from(1).await;
            if let Some(refusal) = refusal {
                peer.end("IDLE", "", refusal).await;
            }
        };
        let (idle, ()) = tokio::join!(desk.until_watching(), first);
        assert!(!idle);
        pass(Duration::from_mins(10)).await;
        let second = async {
            peer.answer("NOOP", "* 1 EXISTS\r\n").await;
            peer.answer("UID SEARCH UID 1:*", search([1])).await;
            peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        };
        let (idle, ()) = tokio::join!(desk.until_watching(), second);
        assert!(!idle);
        assert_eq!(desk.uids(), [1]);
    }
}

#[tokio::test]
async fn a_server_that_ends_each_idle_is_not_asked_in_a_circle() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let mut peer = door.accept().await;
    let first = async {
        peer.log_in(ALL).await;
        peer.select(0, 1).await;
        let tag = peer.idle_from(1).await;
        peer.say(format!("{tag} OK enough\r\n")).await;
    };
    tokio::join!(desk.until_watching(), first);
    pass(Duration::from_mins(10)).await;
    let mut line = peer.line().await;
    if line == "DONE" {
        // Said before it saw that it need not.
        line = peer.line().await;
    }
    assert!(line.ends_with(" NOOP"), "{line}");
}

#[tokio::test]
async fn a_mark_interrupts_idle_is_stored_and_idle_goes_on() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let mut peer = door.accept().await;
    let first = async {
        peer.log_in(ALL).await;
        peer.select(3, 10).await;
        peer.idle_from(10).await
    };
    let (_, tag) = tokio::join!(desk.until_watching(), first);
    // Of another UIDVALIDITY: means nothing here.
    desk.mark(Keyword::Acked, &[1], 6).await;
    desk.mark(Keyword::Seen, &[5, 3, 4, 9], 7).await;
    peer.done(&tag).await;
    let store = "UID STORE 3:5,9 +FLAGS.SILENT ($WatchpostSeen)";
    let next = peer.line().await;
    let (tag, command) = next.split_once(' ').unwrap();
    let tag = if command == "IDLE" {
        // The first mark alone woke it.
        peer.say("+ idling\r\n").await;
        peer.done(tag).await;
        peer.expect(store).await
    } else {
        assert_eq!(command, store);
        tag.to_owned()
    };
    peer.say(format!("{tag} OK stored\r\n")).await;
    let tag = peer.idle().await;
    desk.mark(Keyword::Acked, &[3], 7).await;
    peer.done(&tag).await;
    peer.answer("UID STORE 3 +FLAGS.SILENT ($WatchpostAcked)", "").await;
    peer.idle().await;
}

/// Marks a mail as soon as the folder is watched, of a server that does this.
async fn marked(door: &Door, server: impl Future<Output = ()>) {
    let mut desk = Desk::watching(door.account(), 9);
    let marking = async {
        desk.until_watching().await;
        desk.mark(Keyword::Seen, &[3], 7).await;
    };
    tokio::join!(marking, server);
}

#[tokio::test]
async fn a_refused_mark_is_dropped_and_the_watch_goes_on() {
    for refusal in ["NO [CANNOT] no keywords", "BAD no"] {
        let door = Door::open().await;
        let server = async {
            let mut peer = door.selected(3, 10).await;
            let tag = peer.idle_from(10).await;
            peer.done(&tag).await;
            let store = "UID STORE 3 +FLAGS.SILENT ($WatchpostSeen)";
            peer.end(store, "", refusal).await;
            peer.idle().await;
        };
        marked(&door, server).await;
    }
}

#[tokio::test]
async fn where_no_keyword_can_be_kept_none_is_sent() {
    let flags = |flags| {
        format!(
            "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [PERMANENTFLAGS ({flags})] f\r\n* OK [UIDNEXT 10] n\r\n"
        )
    };
    for (state, end) in [
        (flags("\\Seen $WatchpostSeen"), "OK [READ-WRITE] open"),
        (flags("\\Seen \\*"), "OK [READ-ONLY] open"),
    ] {
        let door = Door::open().await;
        let server = async {
            let mut peer = door.accept().await;
            peer.log_in(ALL).await;
            peer.end("SELECT \"INBOX\"", state, end).await;
            let tag = peer.idle_from(10).await;
            peer.done(&tag).await;
            peer.idle().await;
        };
        marked(&door, server).await;
    }
}

#[tokio::test]
async fn marks_that_cost_the_connection_are_tried_three_times_and_then_rest_for_an_hour() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    desk.mark(Keyword::Seen, &[3], 7).await;
    for seconds in [1, 2, 4] {
        let server = async {
            let mut peer = door.selected(3, 10).await;
            peer.nothing_from(10).await;
            peer.expect("UID STORE 3 +FLAGS.SILENT ($WatchpostSeen)").await;
        };
        let ((_, _, wait), ()) = tokio::join!(desk.until_trouble(), server);
        assert!(wait >= Duration::from_secs(seconds), "{wait:?}");
        pass(wait).await;
    }
    let (heard, mut commands) = mpsc::unbounded_channel();
    tokio::spawn(async move { obey(door.selected(3, 10).await, heard).await });
    desk.until_watching().await;
    for poll in 1..=6 {
        if poll < 6 {
            desk.mark(Keyword::Seen, &[4], 7).await;
        }
        pass(Duration::from_mins(10)).await;
        for expected in ["NOOP", "IDLE"] {
            let mut command = String::new();
            while command != expected {
                command = commands.recv().await.unwrap();
                assert!(!command.starts_with("UID STORE"), "{command}");
            }
        }
    }
    desk.mark(Keyword::Seen, &[5], 7).await;
    let stored = async { while !commands.recv().await.unwrap().starts_with("UID STORE 5 ") {} };
    tokio::time::timeout(PATIENCE, stored).await.unwrap();
}

/// Does what it is told, in a folder that stays as it is; tells each command.
async fn obey(mut peer: Peer<TcpStream>, heard: mpsc::UnboundedSender<String>) {
    let (mut idling, mut line) = (String::new(), String::new());
    while peer.stream.read_line(&mut line).await.unwrap() > 0 {
        let said = std::mem::take(&mut line);
        let (tag, command) = said.trim_end().split_once(' ').unwrap_or((&idling, "DONE"));
        if command == "IDLE" {
            peer.say("+ idling\r\n").await;
            idling = tag.to_owned();
        } else {
            peer.say(format!("{tag} OK done\r\n")).await;
        }
        let _ = heard.send(command.to_owned());
    }
}

#[tokio::test]
async fn a_server_that_drops_every_connection_soon_is_asked_ever_less_often() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    for seconds in [1, 2, 4, 8, 16] {
        let server = async {
            let mut peer = door.selected(0, 1).await;
            peer.idle_from(1).await;
        };
        let ((_, _, wait), ()) = tokio::join!(desk.until_trouble(), server);
        assert!(wait >= Duration::from_secs(seconds), "{wait:?}");
        pass(wait).await;
    }
    let mut peer = door.accept().await;
    let idling = async {
        peer.log_in(ALL).await;
        peer.select(0, 1).await;
        peer.idle_from(1).await
    };
    tokio::join!(desk.until_watching(), idling);
    pass(Duration::from_secs(30)).await;
    drop(peer);
    let (_, _, wait) = desk.until_trouble().await;
    assert!(wait < Duration::from_secs(2), "a connection that lasted was in order: {wait:?}");
}

#[tokio::test]
async fn the_loop_never_waits_for_a_server_that_is_slow_to_take_marks() {
    let door = Door::open().await;
    let desk = Desk::watching(door.account(), 0);
    let _peer = door.accept().await;
    for uid in 1..1000 {
        tokio::time::timeout(PATIENCE, desk.mark(Keyword::Seen, &[uid], 7)).await.unwrap();
    }
}

#[tokio::test]
async fn the_task_ends_when_either_end_of_its_channels_is_gone() {
    for drop_marks in [true, false] {
        let door = Door::open().await;
        let mut desk = Desk::watching(door.account(), 0);
        let server = async {
            let mut peer = door.selected(0, 1).await;
            peer.idle_from(1).await;
            peer
        };
        let (_, mut peer) = tokio::join!(desk.until_watching(), server);
        if drop_marks {
            drop(desk.tell);
        } else {
            drop(desk.heard);
        }
        tokio::time::timeout(PATIENCE, desk.task).await.unwrap().unwrap();
        peer.hung_up().await;
    }
}
