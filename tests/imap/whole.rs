//! Whole mails for an export: piece by piece, and no mail holds up the others.

use tokio::net::TcpStream;
use watchpost::desk::folder::{Folder, Role};
use watchpost::io::imap::{NotGiven, fetch_whole};

use super::server::*;

const PIECE: usize = 1 << 20;

type Given = Vec<(u32, Result<Vec<u8>, NotGiven>)>;

async fn fetching(door: &Door, uids: &[u32]) -> (Given, Option<String>) {
    let folder = Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox };
    let mut given = Vec::new();
    let keep = |uid, found| given.push((uid, found));
    let fetched = fetch_whole(&door.account(), &secret("secret"), &folder, 7, uids, keep).await;
    (given, fetched.err().map(|error| error.to_string()))
}

async fn opened(door: &Door) -> Peer<TcpStream> {
    let mut peer = door.accept().await;
    peer.log_in(ALL).await;
    peer.open("EXAMINE \"INBOX\"", 3, 10).await;
    peer
}

fn ask(uid: u32, start: usize) -> String {
    format!("UID FETCH {uid} (UID RFC822.SIZE BODY.PEEK[]<{start}.{PIECE}>)")
}

fn piece(uid: u32, size: &str, start: usize, text: &[u8]) -> Vec<u8> {
    let head = format!("* 1 FETCH (UID {uid} {size}BODY[]<{start}> {{{}}}\r\n", text.len());
    [head.as_bytes(), text, b")\r\n"].concat()
}

#[tokio::test]
async fn a_long_mail_comes_in_pieces_of_a_megabyte_and_an_empty_one_is_empty() {
    let door = Door::open().await;
    let mail: Vec<u8> = (0..2 * PIECE + 5).map(|n| b"0123456789\r\n"[n % 12]).collect();
    let size = format!("RFC822.SIZE {} ", mail.len());
    let server = async {
        let mut peer = opened(&door).await;
        for (n, text) in mail.chunks(PIECE).enumerate() {
            peer.answer(&ask(5, n * PIECE), piece(5, &size, n * PIECE, text)).await;
        }
        peer.answer(&ask(6, 0), piece(6, "", 0, b"")).await;
        // Two pieces, to the byte: the size says that it is all.
        let two = format!("RFC822.SIZE {} ", 2 * PIECE);
        peer.answer(&ask(7, 0), piece(7, &two, 0, &mail[..PIECE])).await;
        peer.answer(&ask(7, PIECE), piece(7, &two, PIECE, &mail[PIECE..2 * PIECE])).await;
        // And without a size the end is where nothing comes.
        peer.answer(&ask(8, 0), piece(8, "", 0, &mail[..PIECE])).await;
        peer.answer(&ask(8, PIECE), "* 1 FETCH (UID 8 BODY[]<1048576> NIL)\r\n").await;
        peer.answer("UID SEARCH UID 8", "* SEARCH 8\r\n").await;
        peer.answer("LOGOUT", "").await;
    };
    let ((given, error), ()) = tokio::join!(fetching(&door, &[5, 6, 7, 8]), server);
    assert_eq!(error, None);
    let whole = [&mail[..], b"", &mail[..2 * PIECE], &mail[..PIECE]];
    assert_eq!(given.len(), 4);
    for ((uid, found), (expected, text)) in given.into_iter().zip((5..).zip(whole)) {
        assert!(uid == expected && found.as_deref() == Ok(text), "{uid}");
    }
}

#[tokio::test]
async fn what_cannot_be_given_is_told_mail_by_mail() {
    let door = Door::open().await;
    let server = async {
        let mut peer = opened(&door).await;
        peer.answer(&ask(5, 0), "").await;
        peer.answer("UID SEARCH UID 5", "* SEARCH\r\n").await;
        peer.end(&ask(6, 0), "", "NO not this one").await;
        peer.answer("UID SEARCH UID 6", "* SEARCH 6\r\n").await;
        peer.answer(&ask(7, 0), piece(7, "RFC822.SIZE 99999999 ", 0, &vec![b'x'; PIECE])).await;
        peer.answer(&ask(8, 0), piece(8, "", 0, b"hello\r\n")).await;
        peer.answer("LOGOUT", "").await;
    };
    let ((given, error), ()) = tokio::join!(fetching(&door, &[5, 6, 7, 8]), server);
    assert_eq!(error, None);
    let [
        (5, Err(NotGiven::Gone)),
        (6, Err(NotGiven::Withheld(_))),
        (7, Err(too_large)),
        (8, Ok(_)),
    ] = &given[..]
    else {
        panic!("{given:?}");
    };
    assert_eq!(too_large.to_string(), "the mail is larger than 64 MB");
}

#[tokio::test]
async fn a_mail_without_end_is_given_up_after_64_megabytes() {
    let door = Door::open().await;
    let server = async {
        let mut peer = opened(&door).await;
        for n in 0..65 {
            peer.answer(&ask(5, n * PIECE), piece(5, "", n * PIECE, &vec![b'x'; PIECE])).await;
        }
        peer.answer("LOGOUT", "").await;
    };
    let ((given, _), ()) = tokio::join!(fetching(&door, &[5]), server);
    assert_eq!(given, [(5, Err(NotGiven::TooLarge))]);
}

#[tokio::test]
async fn a_folder_that_was_numbered_anew_or_is_gone_gives_nothing() {
    let door = Door::open().await;
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.answer(
            "EXAMINE \"INBOX\"",
            "* 3 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\n* OK [UIDNEXT 9] n\r\n",
        )
        .await;
        peer.answer("LOGOUT", "").await;
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        peer.end("EXAMINE \"INBOX\"", "", "NO no such folder").await;
        peer.answer("LOGOUT", "").await;
    };
    let calls = async { (fetching(&door, &[5, 6]).await.0, fetching(&door, &[5]).await.0) };
    let ((renumbered, gone), ()) = tokio::join!(calls, server);
    assert_eq!(renumbered, [5, 6].map(|uid| (uid, Err(NotGiven::Renumbered))));
    assert!(matches!(&gone[..], [(5, Err(NotGiven::NoFolder(_)))]), "{gone:?}");
}

#[tokio::test]
async fn a_mail_that_costs_two_connections_is_told_and_those_after_it_come() {
    let door = Door::open().await;
    let server = async {
        opened(&door).await.expect(&ask(5, 0)).await;
        let mut peer = opened(&door).await;
        // The trouble of a moment: this one comes at the second try.
        peer.answer(&ask(5, 0), piece(5, "", 0, b"five\r\n")).await;
        for _ in 0..2 {
            peer.expect(&ask(6, 0)).await;
            peer.say("* 1 FETCH (UID 6 BODY[]<0> {99999999}\r\n").await;
            peer = opened(&door).await;
        }
        peer.answer(&ask(7, 0), piece(7, "", 0, b"seven\r\n")).await;
        peer.answer("LOGOUT", "").await;
    };
    let ((given, error), ()) = tokio::join!(fetching(&door, &[5, 6, 7]), server);
    assert_eq!(error, None);
    let [(5, Ok(five)), (6, Err(NotGiven::Withheld(why))), (7, Ok(_))] = &given[..] else {
        panic!("{given:?}");
    };
    assert!(five == b"five\r\n" && why.contains("99999999 bytes"), "{why}");
}

#[tokio::test]
async fn a_server_that_drops_every_connection_is_given_up() {
    let door = Door::open().await;
    let server = async {
        for _ in 0..8 {
            opened(&door).await.line().await;
        }
    };
    let uids: Vec<u32> = (1..100).collect();
    let ((given, error), ()) = tokio::join!(fetching(&door, &uids), server);
    assert!(error.is_some_and(|error| error.contains("lost during UID FETCH")));
    assert!(given.len() < 8);
}
