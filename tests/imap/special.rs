//! The folders for sent mail and for junk, whatever a server calls them.

use std::time::Duration;

use watchpost::config::settings::Special;
use watchpost::desk::folder::Role;
use watchpost::io::imap::{Absent, FromFolder};

use super::server::*;

const LIST: &str = "LIST \"\" \"*\"";
const QUARTER: Duration = Duration::from_mins(15);

fn watching(door: &Door, name: &str, role: Role) -> Desk {
    Desk::with(door.account(), 4, |job| {
        (job.folder.name, job.folder.role) = (name.into(), role);
        job.headers_first = true;
    })
}

#[tokio::test]
async fn the_folder_that_the_server_marks_is_read_headers_first() {
    let door = Door::open().await;
    let mut desk = watching(&door, "\\Sent", Role::Sent);
    desk.ours = |uid| uid == 6;
    let there = "* LIST (\\HasNoChildren) \"/\" Sent\r\n* LIST (\\Noselect \\Sent) \"/\" \"Old\"\r\n\
                 * LIST (\\HasNoChildren \\SENT) \"/\" \"Gesendete Entw&APw-rfe\"\r\n";
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.answer(LIST, there).await;
        peer.open("SELECT \"Gesendete Entw&APw-rfe\"", 2, 7).await;
        peer.answer("UID SEARCH UID 5:*", "* SEARCH 5 6\r\n").await;
        peer.answer(&format!("UID FETCH 5:6 {HEADER}"), mails([5, 6])).await;
        peer.answer(&format!("UID FETCH 6 {START}"), mails([6])).await;
        peer.idle().await;
    };
    tokio::join!(desk.until_watching(), server);
    assert_eq!(desk.batches, [(vec![6], 6)]);
}

#[tokio::test]
async fn a_folder_that_goes_by_its_mark_stays_the_same_when_it_is_renamed() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = watching(&door, "\\Junk", Role::Junk);
    for name in ["Junk", "Werbung"] {
        let server = async {
            let mut peer = door.accept().await;
            peer.log_in(ALL).await;
            peer.answer(LIST, format!("* LIST (\\Junk) \".\" \"{name}\"\r\n")).await;
            peer.open(&format!("SELECT \"{name}\""), 0, 1).await;
        };
        let (selected, ()) = tokio::join!(desk.next(), server);
        assert_eq!(selected.folder().to_string(), "security/\\Junk");
        desk.take(selected);
        let (_, _, wait) = desk.until_trouble().await;
        pass(wait).await;
    }
}

#[tokio::test]
async fn where_no_such_folder_is_it_is_looked_for_every_quarter_of_an_hour_without_trouble() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = watching(&door, "\\Sent", Role::Sent);
    for _ in 0..3 {
        let server = async {
            let mut peer = door.accept().await;
            peer.log_in(ALL).await;
            peer.answer(LIST, "* LIST () \"/\" INBOX\r\n").await;
            peer.answer("LOGOUT", "* BYE bye\r\n").await;
            peer.hung_up().await;
        };
        let (why, ()) = tokio::join!(desk.until_resting(), server);
        assert_eq!(why, "the server marks no folder as \\Sent, and none has a usual name");
        pass(QUARTER * 5 / 4).await;
    }
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.answer(LIST, "* LIST () \"/\" INBOX\r\n* LIST () \"/\" \"Sent Items\"\r\n").await;
        peer.open("SELECT \"Sent Items\"", 0, 1).await;
        peer.idle_from(5).await
    };
    tokio::join!(desk.until_watching(), server);
}

#[tokio::test]
async fn a_junk_folder_that_is_read_as_an_inbox_is_not_read_twice() {
    for (there, watched) in [("Junk &- more", "Junk & more"), ("inbox", "INBOX")] {
        let door = Door::open().await;
        let mut account = door.account();
        account.folders = vec!["INBOX".into(), "Junk & more".into()];
        let mut desk = Desk::with(account, 4, |job| {
            (job.folder.name, job.folder.role) = ("\\Junk".into(), Role::Junk);
        });
        let server = async {
            let mut peer = door.accept().await;
            peer.log_in(ALL).await;
            peer.answer(LIST, format!("* LIST (\\Junk) \"/\" \"{there}\"\r\n")).await;
            peer.end("LOGOUT", "", "BAD what").await;
        };
        let (why, ()) = tokio::join!(desk.until_resting(), server);
        assert_eq!(why, format!("{watched} is one of `folders`"));
    }
}

#[tokio::test]
async fn a_configured_name_that_is_not_there_rests_and_one_that_cannot_be_opened_is_trouble() {
    for (listed, trouble) in [("", false), ("* LIST () \"/\" Post\r\n", true)] {
        let door = Door::open().await;
        let mut desk = watching(&door, "Post", Role::Sent);
        let server = async {
            let mut peer = door.accept().await;
            peer.log_in(ALL).await;
            peer.end("SELECT \"Post\"", "", "NO not now").await;
            peer.answer("LIST \"\" \"Post\"", listed).await;
            if !trouble {
                peer.answer("LOGOUT", "").await;
            }
        };
        let (told, ()) = tokio::join!(desk.next(), server);
        match told {
            FromFolder::Resting { why, .. } if !trouble => {
                assert_eq!(why, "there is no folder Post");
            }
            FromFolder::Trouble { error, .. } if trouble => assert!(error.contains("not now")),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_is_trouble_and_no_absence() {
    let door = Door::open().await;
    let mut desk = watching(&door, "\\Sent", Role::Sent);
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.end(LIST, "* LIST () \"/\" INBOX\r\n", "NO [SERVERBUG] on fire").await;
    };
    let ((error, ..), ()) = tokio::join!(desk.until_trouble(), server);
    assert!(error.contains("refuses LIST"), "{error}");
}

#[tokio::test]
async fn a_probe_tells_the_special_folders_it_found_and_why_others_are_not_watched() {
    let door = Door::open().await;
    let mut account = door.account();
    account.folders.clear();
    (account.sent, account.junk) = (Special::Found, Special::Named("Werbung".into()));
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.answer(LIST, "* LIST (\\Sent) \"/\" Entw&APw-rfe\r\n").await;
        peer.open("EXAMINE \"Entw&APw-rfe\"", 3, 4).await;
        peer.end("EXAMINE \"Werbung\"", "", "NO no").await;
        peer.answer("LIST \"\" \"Werbung\"", "").await;
        peer.answer("LOGOUT", "").await;
    };
    let (probe, ()) = tokio::join!(probing(&account), server);
    let [(Role::Sent, Ok(sent)), (Role::Junk, Err(junk))] = &*probe.unwrap().special else {
        panic!("both roles are told");
    };
    assert_eq!((sent.name.as_str(), &sent.mails), ("Entwürfe", &Ok(3)));
    assert_eq!(*junk, Absent::NoSuchName("Werbung".into()));
}
