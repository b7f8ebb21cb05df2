//! Letters that are kept in the folder for sent mail: once each, whatever the server does.

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use watchpost::desk::letter::LetterId;
use watchpost::desk::message::MessageId;
use watchpost::io::imap::{Filed, FromFolder, ToFolder};

use super::server::*;

/// It holds a letter beyond ASCII, in Latin-1, and a line that could be taken for a command.
const LETTER: &[u8] =
    b"Message-ID: <one@project.example>\r\n\r\nGr\xfc\xdfe\r\nW9 DELETE INBOX\r\n";
const SEARCH: &str = "UID SEARCH HEADER Message-ID \"<one@project.example>\"";

fn letter() -> LetterId {
    LetterId("EXP-2026-0007/acknowledgement".into())
}

fn file(bytes: &[u8]) -> ToFolder {
    let message_id = MessageId::parse("one@project.example").unwrap();
    ToFolder::File { letter: letter(), message_id, bytes: bytes.to_vec() }
}

fn append(plus: &str) -> String {
    format!("APPEND \"Sent\" (\\Seen) {{{}{plus}}}", LETTER.len())
}

/// A watcher of the folder for sent mail that idles, and the server's end of it.
async fn idling(door: &Door, capabilities: &str) -> (Desk, Peer<TcpStream>, String) {
    let mut desk = Desk::watching_sent(door.account(), 9);
    let server = async {
        let mut peer = door.accept().await;
        begin(&mut peer, capabilities).await;
        let tag = peer.idle().await;
        (peer, tag)
    };
    let (_, (peer, tag)) = tokio::join!(desk.until_watching(), server);
    (desk, peer, tag)
}

async fn begin(peer: &mut Peer<TcpStream>, capabilities: &str) {
    peer.log_in(capabilities).await;
    peer.answer("LIST \"\" \"*\"", "* LIST (\\Sent) \"/\" Sent\r\n").await;
    peer.open("SELECT \"Sent\"", 3, 10).await;
    peer.nothing_from(10).await;
}

async fn filed(desk: &mut Desk) -> Filed {
    loop {
        match desk.next().await {
            FromFolder::Filed { letter: of, how, folder } => {
                assert_eq!((of, folder.name.as_str()), (letter(), "\\Sent"));
                return how;
            }
            FromFolder::Trouble { error, .. } => panic!("trouble: {error}"),
            other => desk.take(other),
        }
    }
}

async fn literal(peer: &mut Peer<TcpStream>) {
    let mut bytes = vec![0; LETTER.len() + 2];
    peer.stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, [LETTER, b"\r\n"].concat());
}

/// Hands over a letter, plays what the server does with it, and gives what was told of it.
async fn filing(capabilities: &str, script: impl AsyncFnOnce(&mut Peer<TcpStream>)) -> Filed {
    let door = Door::open().await;
    let (mut desk, mut peer, tag) = idling(&door, capabilities).await;
    desk.tell.send(file(LETTER)).await.unwrap();
    let server = async {
        peer.done(&tag).await;
        peer.answer("NOOP", "").await;
        script(&mut peer).await;
        // It goes on watching.
        peer.idle().await;
    };
    let mut how = None;
    let working = async {
        how = Some(filed(&mut desk).await);
        loop {
            let other = desk.next().await;
            desk.take(other);
        }
    };
    tokio::select! {
        () = server => {}
        () = working => {}
    }
    match how {
        Some(how) => how,
        None => filed(&mut desk).await,
    }
}

#[tokio::test]
async fn a_letter_is_stored_byte_for_byte_and_as_read_once_the_server_asks_for_it() {
    let how = filing(ALL, async |peer| {
        peer.answer(SEARCH, "* SEARCH\r\n").await;
        let tag = peer.expect(&append("")).await;
        // What comes before the invitation is no invitation, and no end.
        peer.say("* 4 EXISTS\r\n* 1 RECENT\r\n* OK still here\r\n").await;
        assert!(peer.stream.buffer().is_empty());
        peer.say("+ go on\r\n").await;
        literal(peer).await;
        peer.say(format!("{tag} OK [APPENDUID 7 10] stored\r\n")).await;
        // The letter itself is news, and is looked at like any other.
        peer.answer("UID SEARCH UID 10:*", "* SEARCH 10\r\n").await;
        peer.answer(&format!("UID FETCH 10 {HEADER}"), mails([10])).await;
        peer.answer(&format!("UID FETCH 10 {START}"), mails([10])).await;
    });
    assert_eq!(how.await, Filed::Stored);
}

#[tokio::test]
async fn a_server_that_need_not_ask_gets_the_letter_at_once() {
    let capabilities = format!("{ALL} LITERAL+");
    let how = filing(&capabilities, async |peer| {
        peer.answer(SEARCH, "* SEARCH\r\n").await;
        let tag = peer.expect(&append("+")).await;
        literal(peer).await;
        peer.say(format!("{tag} OK stored\r\n")).await;
    });
    assert_eq!(how.await, Filed::Stored);
}

#[tokio::test]
async fn a_letter_that_is_there_is_not_stored_again() {
    let how = filing(ALL, async |peer| peer.answer(SEARCH, "* SEARCH 7\r\n").await);
    assert_eq!(how.await, Filed::WasThere);
}

#[tokio::test]
async fn a_refused_letter_is_told_with_the_servers_reason_and_the_watch_goes_on() {
    for reason in ["[OVERQUOTA] the mailbox is full", "[TRYCREATE] no such folder", "no"] {
        let refused = |how| match how {
            Filed::Refused(text) => {
                assert_eq!(text, format!("the server refuses APPEND: {reason}"));
            }
            how => panic!("{how:?}"),
        };
        // Before anything of it was sent.
        let how = filing(ALL, async |peer| {
            peer.answer(SEARCH, "* SEARCH\r\n").await;
            peer.end(&append(""), "", &format!("NO {reason}")).await;
        });
        refused(how.await);
        // And after all of it was.
        let how = filing(ALL, async |peer| {
            peer.answer(SEARCH, "* SEARCH\r\n").await;
            let tag = peer.expect(&append("")).await;
            peer.say("+\r\n").await;
            literal(peer).await;
            peer.say(format!("{tag} NO {reason}\r\n")).await;
        });
        refused(how.await);
    }
}

#[tokio::test]
async fn where_nobody_can_tell_whether_it_is_there_a_letter_is_not_stored() {
    let how = filing(ALL, async |peer| peer.end(SEARCH, "", "NO cannot search").await);
    let Filed::Refused(text) = how.await else { panic!("it must not be stored") };
    assert!(text.contains("cannot search"), "{text}");
}

#[tokio::test]
async fn a_letter_with_a_nul_is_never_sent() {
    let door = Door::open().await;
    let (mut desk, mut peer, tag) = idling(&door, ALL).await;
    desk.tell.send(file(b"a\0b")).await.unwrap();
    let server = async {
        peer.done(&tag).await;
        peer.idle().await;
    };
    let (how, ()) = tokio::join!(filed(&mut desk), server);
    assert!(matches!(how, Filed::Refused(_)), "{how:?}");
}

#[tokio::test]
async fn a_server_that_does_not_understand_gets_nothing_more_on_this_connection() {
    let door = Door::open().await;
    let (mut desk, mut peer, tag) = idling(&door, ALL).await;
    desk.tell.send(file(LETTER)).await.unwrap();
    let server = async {
        peer.done(&tag).await;
        peer.answer("NOOP", "").await;
        peer.answer(SEARCH, "* SEARCH\r\n").await;
        peer.end(&append(""), "", "BAD what").await;
        peer.hung_up().await;
    };
    let (how, ()) = tokio::join!(filed(&mut desk), server);
    assert!(matches!(how, Filed::Refused(_)), "{how:?}");
    desk.until_trouble().await;
}

#[tokio::test]
async fn a_connection_that_is_lost_half_way_tells_nothing_and_asked_again_finds_the_letter() {
    let _still = stop_the_clock();
    for last in ["* BYE going down\r\n", ""] {
        let door = Door::open().await;
        let (mut desk, mut peer, tag) = idling(&door, ALL).await;
        desk.tell.send(file(LETTER)).await.unwrap();
        let server = async {
            peer.done(&tag).await;
            peer.answer("NOOP", "").await;
            peer.answer(SEARCH, "* SEARCH\r\n").await;
            peer.expect(&append("")).await;
            peer.say("+ go on\r\n").await;
            literal(&mut peer).await;
            peer.say(last).await;
            drop(peer);
        };
        let ((error, _, wait), ()) = tokio::join!(desk.until_trouble(), server);
        assert!(error.contains("going down") || error.contains("lost during APPEND"), "{error}");
        desk.tell.send(file(LETTER)).await.unwrap();
        pass(wait).await;
        let server = async {
            let mut peer = door.accept().await;
            begin(&mut peer, ALL).await;
            peer.answer("NOOP", "").await;
            peer.answer(SEARCH, "* SEARCH 10\r\n").await;
            peer.idle().await;
        };
        let (how, ()) = tokio::join!(filed(&mut desk), server);
        assert_eq!(how, Filed::WasThere);
    }
}

#[tokio::test]
async fn a_letter_that_is_asked_for_twice_before_there_is_a_connection_is_stored_once() {
    let door = Door::open().await;
    let mut desk = Desk::watching_sent(door.account(), 9);
    desk.tell.send(file(LETTER)).await.unwrap();
    desk.tell.send(file(LETTER)).await.unwrap();
    let server = async {
        let mut peer = door.accept().await;
        begin(&mut peer, ALL).await;
        peer.answer("NOOP", "").await;
        peer.answer(SEARCH, "* SEARCH 3\r\n").await;
        peer.idle().await;
    };
    let (how, ()) = tokio::join!(filed(&mut desk), server);
    assert_eq!(how, Filed::WasThere);
}

#[tokio::test]
async fn where_there_is_no_folder_for_sent_mail_a_letter_is_refused_at_once() {
    let door = Door::open().await;
    let mut desk = Desk::watching_sent(door.account(), 9);
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.answer("LIST \"\" \"*\"", "* LIST () \"/\" INBOX\r\n").await;
        peer.answer("LOGOUT", "").await;
    };
    let (why, ()) = tokio::join!(desk.until_resting(), server);
    desk.tell.send(file(LETTER)).await.unwrap();
    assert_eq!(filed(&mut desk).await, Filed::Refused(why));
}

#[tokio::test]
async fn nothing_is_ever_stored_in_an_inbox() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    desk.tell.send(file(LETTER)).await.unwrap();
    let server = async {
        let mut peer = door.selected(3, 10).await;
        peer.idle_from(10).await;
    };
    let told = async {
        loop {
            match desk.next().await {
                FromFolder::Filed { how, .. } => return how,
                other => desk.take(other),
            }
        }
    };
    let (how, ()) = tokio::join!(told, server);
    assert!(matches!(how, Filed::Refused(_)), "{how:?}");
}
