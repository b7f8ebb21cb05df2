//! A server that wants to keep us busy, fill the memory, or have a mail counted as read.

use std::sync::Arc;
use std::time::Duration;

use watchpost::desk::folder::{Keyword, Seen};
use watchpost::desk::time::Moment;

use super::server::*;

#[tokio::test]
async fn a_search_that_lists_more_than_any_folder_holds_is_not_taken() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(3, 4).await;
        peer.expect("UID SEARCH UID 1:*").await;
        // Again and again, until nobody listens any more.
        let line = search(std::iter::repeat_n(2, 10_000));
        while peer.say_if_there(line.as_bytes()).await {}
    };
    let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
    assert!(error.contains("lists more than 2000000 mails; move old ones"), "{error}");
}

#[tokio::test]
async fn a_mailbox_that_is_as_large_as_no_mailbox_is_not_searched_for_ever() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(u32::MAX, u32::MAX).await;
        peer.answer("UID SEARCH 4294957296:4294967295", "* SEARCH\r\n").await;
        peer.hung_up().await;
    };
    let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
    assert!(error.contains("do not fit our commands, at UID SEARCH"), "{error}");
}

#[tokio::test]
async fn mails_that_nobody_asked_for_buy_the_server_no_time() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut account = door.account();
    account.server.timeout = Duration::from_secs(6);
    let mut desk = Desk::watching(account, 0);
    let server = async {
        let mut peer = door.selected(2, 3).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=2)).await;
        peer.expect(&format!("UID FETCH 1:2 {START}")).await;
        peer.say(mails([1])).await;
        // Each time in less than the limit.
        while peer.say_if_there(&mails([1, 7])).await {
            pass_slowly(Duration::from_secs(2)).await;
        }
        peer.hung_up().await;
    };
    let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
    assert_eq!(error, "no answer to UID FETCH within 6 s");
    assert_eq!((desk.uids(), desk.cursor.last_uid), (vec![1], 1));
}

#[tokio::test]
async fn mail_that_is_announced_and_never_there_is_looked_for_ever_less_often() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 3);
    tokio::spawn(async move { while desk.heard.recv().await.map(|it| desk.take(it)).is_some() {} });
    let mut peer = door.selected(3, 4).await;
    peer.nothing_from(4).await;
    for seconds in [0, 1, 2, 4, 8, 16, 32, 64, 64] {
        let mut waited = 0;
        let line = tokio::select! {
            line = peer.line_if_any() => line.unwrap(),
            () = async {
                loop {
                    pass_slowly(Duration::from_secs(1)).await;
                    waited += 1;
                }
            } => unreachable!(),
        };
        assert!(waited >= seconds, "{waited} for {seconds}");
        let (tag, _) = line.split_once(" IDLE").unwrap();
        peer.say("+ idling\r\n* 1 EXPUNGE\r\n* 3 EXISTS\r\n").await;
        peer.done(tag).await;
        peer.nothing_from(4).await;
    }
}

#[tokio::test]
async fn a_folder_that_is_numbered_anew_while_it_is_open_is_opened_anew() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let server = async {
        let mut peer = door.selected(3, 10).await;
        peer.idle_from(10).await;
        peer.say("* OK [UIDVALIDITY 7] as before\r\n* OK [UIDVALIDITY 8] other\r\n").await;
        peer.hung_up().await;
    };
    let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
    assert_eq!(error, "the server has numbered the mails of this folder anew");
}

#[tokio::test]
async fn a_keyword_is_set_on_no_mail_that_has_not_been_read() {
    // A server that was set back gives the UID of a known mail to a new one.
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    desk.mark(Keyword::Acked, &[8, 9, 10, 11], 7).await;
    let server = async {
        let mut peer = door.selected(3, 10).await;
        peer.nothing_from(10).await;
        peer.answer("UID STORE 8:9 +FLAGS.SILENT ($WatchpostAcked)", "").await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
}

#[tokio::test]
async fn a_server_that_was_set_back_gives_no_mail_under_a_number_that_counts_as_read() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(4, 5).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=4)).await;
        peer.answer(&format!("UID FETCH 1:4 {START}"), mails(1..=4)).await;
        peer.idle().await;
        peer.say("* BYE back to yesterday\r\n").await;
    };
    tokio::join!(desk.until_trouble(), server);
    // UIDNEXT is not above the cursor, so the loop has the folder read from its beginning.
    (desk.cursor.last_uid, desk.mails) = (0, std::collections::BTreeMap::new());
    let server = async {
        let mut peer = door.selected(3, 4).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=3)).await;
        peer.answer(&format!("UID FETCH 1:3 {START}"), mails(1..=3)).await;
        let tag = peer.idle().await;
        peer.say("* 4 EXISTS\r\n").await;
        peer.done(&tag).await;
        peer.answer("UID SEARCH UID 4:*", search([4])).await;
        peer.answer(&format!("UID FETCH 4 {START}"), mails([4])).await;
        peer.idle().await;
    };
    tokio::join!(
        async {
            desk.until_watching().await;
            desk.until_watching().await
        },
        server
    );
    assert_eq!(desk.uids(), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_mail_that_comes_without_its_text_is_not_taken_for_an_empty_one() {
    let bare = |uid: u32, size: u32, part: &str| {
        format!("* {uid} FETCH (UID {uid} RFC822.SIZE {size} BODY[{part}]<0> \"\")\r\n")
    };
    // One is gone, one is truly empty, and one is withheld.
    for (part, asked, headers_first) in [("", START, false), ("HEADER", HEADER, true)] {
        let door = Door::open().await;
        let mut desk = Desk::with(door.account(), 0, |job| job.headers_first = headers_first);
        // What has no header is nobody's.
        desk.ours = |uid| uid == 4;
        let server = async {
            let mut peer = door.selected(4, 5).await;
            peer.answer("UID SEARCH UID 1:*", search(1..=4)).await;
            let all = [bare(1, 900, part), bare(2, 0, part), bare(3, 900, part)].concat();
            let mut all = all.into_bytes();
            all.extend(mail(4, "Subject: x\r\n\r\n"));
            peer.answer(&format!("UID FETCH 1:4 {asked}"), all).await;
            if headers_first {
                peer.answer(&format!("UID FETCH 4 {START}"), mails([4])).await;
            }
            peer.answer("UID SEARCH UID 1,3", search([3])).await;
            peer.answer(&format!("UID FETCH 3 {asked}"), bare(3, 900, part)).await;
            peer.answer("UID SEARCH UID 3", search([3])).await;
            peer.hung_up().await;
        };
        let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
        assert_eq!(error, "the server lists 1 new mail(s) and does not give them");
        assert_eq!(desk.cursor.last_uid, 2, "the third is not passed over");
        assert_eq!(desk.uids(), if headers_first { vec![4] } else { vec![2, 4] });
    }
}

#[tokio::test]
async fn what_went_before_a_doubtful_mail_is_asked_for_again_once_its_number_is_free() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(5, 6).await;
        peer.answer("UID SEARCH UID 1:*", search(1..=5)).await;
        peer.expect(&format!("UID FETCH 1:5 {START}")).await;
        peer.say(mails([1, 2, 4, 5])).await;
    };
    tokio::join!(desk.until_trouble(), server);
    assert_eq!(desk.batches, [(vec![1, 2, 4, 5], 2)]);
    desk.mails.clear();
    // Set back to three mails, and one more has come: the loop, which is at the second, cannot know.
    let server = async {
        let mut peer = door.selected(4, 5).await;
        peer.answer("UID SEARCH UID 3:*", search(3..=4)).await;
        peer.answer(&format!("UID FETCH 3:4 {START}"), mails(3..=4)).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!((desk.uids(), desk.cursor.last_uid), (vec![3, 4], 4));
}

/// What the server says of the mail that was read last, which arrived then.
fn arrived(uid: u32, day: u32) -> String {
    format!("* 9 FETCH (UID {uid} INTERNALDATE \"{day:02}-Jul-2026 12:00:00 +0000\")\r\n")
}

async fn reads_on(about: &str, end: &str, from: u32) {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let at = Moment::parse_rfc3339("2026-07-14T12:00:00Z").unwrap();
    desk.cursor.seen = Some(Seen { uid: 9, arrived: at });
    let server = async {
        let mut peer = door.selected(12, 13).await;
        peer.end("UID FETCH 9 (UID INTERNALDATE)", about, end).await;
        peer.answer(&format!("UID SEARCH UID {from}:*"), search(from..=12)).await;
        peer.answer(&format!("UID FETCH {from}:12 {START}"), mails(from..=12)).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.uids(), (from..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn where_the_mail_that_was_read_last_is_another_the_folder_is_read_again() {
    reads_on(&arrived(9, 15), "OK done", 1).await;
}

#[tokio::test]
async fn where_nobody_says_that_it_is_another_the_folder_is_read_on() {
    let other = arrived(8, 15);
    for (about, end) in [
        (&*arrived(9, 14), "OK done"),
        ("", "OK done"),
        ("", "NO gone"),
        ("", "BAD what"),
        (&*other, "OK done"),
    ] {
        reads_on(about, end, 10).await;
    }
}

#[tokio::test]
async fn a_mail_over_which_the_judgement_stumbles_does_not_end_the_watch() {
    let door = Door::open().await;
    let mut desk = Desk::with(door.account(), 0, |job| {
        job.needs_more = Arc::new(|_| panic!("a defect, for this test"));
    });
    let server = async {
        let mut peer = door.selected(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", search([1])).await;
        let start = "x".repeat(131_072);
        let long = sized(1, 9_000_000, start.as_bytes());
        peer.answer(&format!("UID FETCH 1 {START}"), long).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert!(desk.mails[&1].gap);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_for_all_folders_of_an_account() {
    let _still = stop_the_clock();
    let (door, gate) = (Door::open().await, Arc::default());
    let watching = |_| Desk::with(door.account(), 0, |job| job.gate = Arc::clone(&gate));
    let mut desks: Vec<Desk> = (0..5).map(watching).collect();
    let logins = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&logins);
    let server = tokio::spawn(async move {
        loop {
            let mut peer = door.accept_whenever().await;
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                peer.say(format!("* OK [CAPABILITY {ALL}] ready\r\n")).await;
                let Some(line) = peer.line_if_any().await else { return };
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let tag = line.split(' ').next().unwrap().to_owned();
                peer.say(format!("{tag} NO [AUTHENTICATIONFAILED] wrong\r\n")).await;
            });
        }
    });
    let mut waits = [Duration::ZERO; 5];
    for round in 1..=5_u32 {
        for (desk, wait) in desks.iter_mut().zip(&mut waits) {
            let (error, login_refused, retry_in) = desk.until_trouble().await;
            assert!(login_refused && error.contains("wrong"), "{error}");
            *wait = retry_in;
        }
        assert_eq!(logins.load(std::sync::atomic::Ordering::SeqCst), round);
        let longest = waits.into_iter().max().unwrap();
        pass(longest).await;
    }
    server.abort();
}
