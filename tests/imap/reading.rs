//! What is read, in which order, and how far the cursor may go.

use std::sync::Arc;

use tokio::net::TcpStream;
use watchpost::desk::folder::Keyword;
use watchpost::desk::time::Moment;
use watchpost::io::imap::FromFolder;

use super::server::*;

#[tokio::test]
async fn new_mail_is_read_by_uid_with_peek_and_told_with_its_arrival() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 4);
    let server = async {
        let mut peer = door.selected(2, 7).await;
        peer.answer("UID SEARCH UID 5:*", "* SEARCH 6 5\r\n").await;
        peer.answer(&format!("UID FETCH 5:6 {START}"), mails([5, 6])).await;
        peer.idle().await;
    };
    let (idle, ()) = tokio::join!(desk.until_watching(), server);
    assert!(idle);
    assert_eq!(desk.batches, [(vec![5, 6], 6)]);
    let mail = &desk.mails[&5];
    assert_eq!(mail.bytes, b"Subject: 5\r\n\r\nhello\r\n");
    assert_eq!(mail.arrived, Moment::parse_rfc3339("2026-09-01T17:11:00Z"));
    assert_eq!((mail.keywords.as_slice(), mail.gap), ([Keyword::Seen].as_slice(), false));
}

#[tokio::test]
async fn the_last_old_mail_that_a_search_to_the_star_returns_is_not_read_again() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let server = async {
        let mut peer = door.selected(1, 10).await;
        peer.answer("UID SEARCH UID 10:*", "* SEARCH 9\r\n").await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert!(desk.batches.is_empty());
}

/// Gives whatever mails are asked for up to this one; tells how many at a time.
async fn give(peer: &mut Peer<TcpStream>, upto: u32) -> Vec<u32> {
    let (mut asked, mut next) = (Vec::new(), 1);
    while next <= upto {
        // A server that is slower than the loop.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let line = peer.line().await;
        let (tag, command) = line.split_once(' ').unwrap();
        let last = command.strip_prefix(&format!("UID FETCH {next}:")).unwrap();
        let last: u32 = last.strip_suffix(&format!(" {START}")).unwrap().parse().unwrap();
        peer.say(mails(next..=last)).await;
        peer.say(format!("{tag} OK done\r\n")).await;
        asked.push(last + 1 - next);
        next = last + 1;
    }
    asked
}

#[tokio::test]
async fn a_thousand_mails_come_in_batches_of_64_over_ever_fewer_commands() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(1000, 1001).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=1000)).await;
        assert_eq!(give(&mut peer, 1000).await, [64, 128, 256, 512, 40]);
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.uids(), (1..=1000).collect::<Vec<_>>());
    assert_eq!(desk.batches.len(), 16);
    for (uids, upto) in &desk.batches {
        assert!(uids.len() <= 64 && uids.last() == Some(upto));
    }
}

#[tokio::test]
async fn two_batches_may_be_unanswered_and_a_third_waits() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(400, 401).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=400)).await;
        (give(&mut peer, 192).await, peer)
    };
    let selected = async {
        let selected = desk.next().await;
        desk.take(selected);
        (desk.next().await, desk.next().await)
    };
    let ((first, second), (asked, peer)) = tokio::join!(selected, server);
    assert_eq!(asked, [64, 128]);
    for _ in 0..100 {
        tokio::task::yield_now().await;
        assert!(desk.heard.try_recv().is_err(), "a third batch before any answer");
    }
    desk.take(first);
    let third = desk.next().await;
    assert!(matches!(third, FromFolder::Mails { upto: 192, .. }), "{third:?}");
    desk.take(second);
    desk.take(third);
    drop(peer);
}

#[tokio::test]
async fn the_cursor_waits_for_the_lowest_mail_of_a_server_that_answers_out_of_order() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(192, 193).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=192)).await;
        peer.answer(&format!("UID FETCH 1:64 {START}"), mails(1..=64)).await;
        let order = (66..=192).rev().chain([65]);
        peer.answer(&format!("UID FETCH 65:192 {START}"), mails(order)).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    let whole =
        [(1, 64), (65, 128), (129, 192)].map(|(from, upto)| ((from..=upto).collect(), upto));
    assert_eq!(desk.batches, whole);
}

#[tokio::test]
async fn mails_that_would_fill_the_memory_go_before_a_late_one_but_the_cursor_does_not_pass_it() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let big = "x".repeat(120_000);
    let server = async {
        let mut peer = door.selected(60, 61).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=60)).await;
        let tag = peer.expect(&format!("UID FETCH 1:60 {START}")).await;
        for uid in 2..=60 {
            peer.say(mail(uid, &big)).await;
        }
        peer.say(mail(1, "late")).await;
        peer.say(format!("{tag} OK done\r\n")).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.uids().len(), 60);
    let (first, upto) = &desk.batches[0];
    assert!(first.first() == Some(&2) && *upto == 0, "{first:?} {upto}");
    assert_eq!(desk.cursor.last_uid, 60);
}

#[tokio::test]
async fn mails_that_do_not_come_are_looked_up_and_asked_for_again_or_found_gone() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(5, 6).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=5)).await;
        let some = "NO [EXPUNGEISSUED] some are gone";
        peer.end(&format!("UID FETCH 1:5 {START}"), mails([1, 5]), some).await;
        peer.answer("UID SEARCH UID 2:4", search([3])).await;
        peer.answer(&format!("UID FETCH 3 {START}"), mails([3])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.uids(), [1, 3, 5]);
    assert_eq!(desk.cursor.last_uid, 5);
}

#[tokio::test]
async fn when_all_new_mail_is_gone_the_cursor_still_moves() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(1, 4).await;
        peer.answer("UID SEARCH UID 1:*", search([3])).await;
        peer.answer(&format!("UID FETCH 3 {START}"), "* 1 FETCH (UID 3 BODY[]<0> NIL)\r\n").await;
        peer.answer("UID SEARCH UID 3", "* SEARCH\r\n").await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.batches, [(vec![], 3)]);
}

#[tokio::test]
async fn in_a_mixed_inbox_headers_come_first_and_only_what_is_ours_is_read() {
    let door = Door::open().await;
    let mut desk = Desk::with(door.account(), 0, |job| job.headers_first = true);
    desk.ours = |uid| uid == 2;
    let server = async {
        let mut peer = door.selected(3, 4).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=3)).await;
        let headers: Vec<u8> = (1..=3)
            .flat_map(|uid| {
                let header = format!("Subject: {uid}\r\n\r\n");
                let response = String::from_utf8(sized(uid, 5000, header.as_bytes())).unwrap();
                response.replace("BODY[]<0>", "BODY[HEADER]<0>").into_bytes()
            })
            .collect();
        peer.answer(&format!("UID FETCH 1:3 {HEADER}"), headers).await;
        peer.answer(&format!("UID FETCH 2 {START}"), mails([2])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.batches, [(vec![2], 3)]);
}

#[tokio::test]
async fn of_a_long_mail_the_end_is_read_only_where_the_judgement_needs_it() {
    let door = Door::open().await;
    let mut desk = Desk::with(door.account(), 0, |job| {
        job.needs_more = Arc::new(|bytes| bytes.starts_with(b"more"));
    });
    let long = |start: &str| format!("{start}{}", "x".repeat(131_072 - start.len()));
    let (size, offset) = (20_000_000, 20_000_000 - 131_072);
    let server = async {
        let mut peer = door.selected(2, 3).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=2)).await;
        let mut both = sized(1, size, long("less").as_bytes());
        both.extend(sized(2, size, long("more").as_bytes()));
        peer.answer(&format!("UID FETCH 1:2 {START}"), both).await;
        let items = START.replace(')', &format!(" BODY.PEEK[]<{offset}.131072>)"));
        let start = String::from_utf8(sized(2, size, long("more").as_bytes())).unwrap();
        let start = start.strip_suffix(")\r\n").unwrap();
        let ends = format!("{start} BODY[]<{offset}> {{13}}\r\ncut\r\n--end--\n)\r\n");
        peer.answer(&format!("UID FETCH 2 {items}"), ends).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.batches, [(vec![1, 2], 2)]);
    let (less, more) = (&desk.mails[&1], &desk.mails[&2]);
    assert!(less.gap && less.bytes.len() == 131_072 && less.size == 20_000_000);
    assert!(more.gap && more.bytes.ends_with(b"xxx\r\n--end--\n"));
}

#[tokio::test]
async fn a_huge_mailbox_is_searched_in_windows_by_position_whatever_gaps_its_uids_have() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 3_000_000_000);
    let server = async {
        let mut peer = door.selected(25_000, 4_000_000_001).await;
        let new = 3_999_990_001..=4_000_000_000;
        peer.answer("UID SEARCH 15001:25000", search(new)).await;
        // A mail was expunged: everything below moved, and no window misses one.
        let tag = peer.expect("UID SEARCH 5001:15000").await;
        let old = (0..9_999).map(|n| 2_999_980_000 + n);
        peer.say(search(old.chain([3_000_000_001]))).await;
        peer.say(format!("{tag} OK done\r\n")).await;
        peer.line().await
    };
    let reading = async {
        let selected = desk.next().await;
        desk.take(selected);
        desk.next().await
    };
    let fetch = tokio::select! {
        line = server => line,
        event = reading => panic!("{event:?}"),
    };
    let uids = fetch.split(' ').nth(3);
    assert_eq!(uids, Some("3000000001,3999990001:3999990063"), "{fetch}");
}
