//! Whether letters left already: what a folder is asked, and what its answers mean.

use tokio::net::TcpStream;
use watchpost::desk::letter::LetterId;
use watchpost::desk::message::MessageId;
use watchpost::io::imap::{FromFolder, ToFolder, Trace};

use super::server::*;

const EMPTY: &str = "* SEARCH\r\n";

fn letter(n: u32) -> LetterId {
    LetterId(format!("P-2027-{n:04}/acknowledgement"))
}

/// Looks for these letters by their Message-IDs.
fn look(n: u32) -> ToFolder {
    let message_id = MessageId::parse(&format!("{n}@p.example")).unwrap();
    ToFolder::Look { letter: letter(n), trace: Trace::Sent { message_id, answers: None } }
}

fn by_id(n: u32) -> String {
    format!("HEADER Message-ID \"<{n}@p.example>\"")
}

/// What a folder says of letters that it is asked about at once.
async fn looked(
    letters: std::ops::RangeInclusive<u32>,
    answers: impl AsyncFnOnce(&mut Peer<TcpStream>),
) -> Vec<bool> {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let server = async {
        let mut peer = door.selected(3, 10).await;
        let tag = peer.idle_from(10).await;
        peer.done(&tag).await;
        peer.answer("NOOP", "").await;
        answers(&mut peer).await;
        peer.idle().await;
    };
    let asking = async {
        desk.until_watching().await;
        for n in letters.clone() {
            desk.tell.send(look(n)).await.unwrap();
        }
        loop {
            match desk.next().await {
                FromFolder::Looked { letters: told, .. } => {
                    assert_eq!(told.len(), letters.clone().count());
                    assert!(told.iter().zip(letters.clone()).all(|((id, _), n)| *id == letter(n)));
                    return told.into_iter().map(|(_, found)| found).collect();
                }
                FromFolder::Trouble { error, .. } => panic!("trouble: {error}"),
                other => desk.take(other),
            }
        }
    };
    tokio::join!(asking, server).0
}

#[tokio::test]
async fn letters_that_left_no_trace_are_looked_for_by_one_command() {
    let found = looked(1..=3, async |peer| {
        let (one, two, three) = (by_id(1), by_id(2), by_id(3));
        peer.answer(&format!("UID SEARCH OR ({three}) OR ({two}) ({one})"), EMPTY).await;
    });
    assert_eq!(found.await, [false, false, false]);
}

#[tokio::test]
async fn where_any_left_a_trace_each_is_looked_for() {
    let found = looked(1..=2, async |peer| {
        peer.answer(&format!("UID SEARCH OR ({}) ({})", by_id(2), by_id(1)), "* SEARCH 4\r\n")
            .await;
        peer.answer(&format!("UID SEARCH {}", by_id(1)), EMPTY).await;
        peer.answer(&format!("UID SEARCH {}", by_id(2)), "* SEARCH 4\r\n").await;
    });
    assert_eq!(found.await, [false, true]);
}

#[tokio::test]
async fn a_server_that_does_not_understand_so_much_is_asked_about_each() {
    for refusal in ["NO too complex", "BAD what"] {
        let found = looked(1..=2, async |peer| {
            peer.end(&format!("UID SEARCH OR ({}) ({})", by_id(2), by_id(1)), "", refusal).await;
            peer.answer(&format!("UID SEARCH {}", by_id(1)), "* SEARCH 4\r\n").await;
            peer.end(&format!("UID SEARCH {}", by_id(2)), "", refusal).await;
        });
        assert_eq!(found.await, [true, false]);
    }
}
