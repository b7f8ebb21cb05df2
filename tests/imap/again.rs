//! Answers that came before what they answer: how a folder is searched for them.

use tokio::net::TcpStream;
use watchpost::desk::message::MessageId;
use watchpost::io::imap::{FromFolder, ToFolder};

use super::server::*;

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);
const EMPTY: &str = "* SEARCH\r\n";

fn answers_to(n: u32) -> String {
    let id = format!("\"<{n}@p.example>\"");
    format!("OR HEADER In-Reply-To {id} HEADER References {id}")
}

fn both() -> String {
    format!("UID SEARCH OR ({}) ({})", answers_to(2), answers_to(1))
}

/// Has a folder that was read up to UID 9 look for answers to two mails; after that it idles again.
async fn looks_again(answers: impl AsyncFnOnce(&mut Peer<TcpStream>)) {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let server = async {
        let mut peer = door.selected(3, 10).await;
        let tag = peer.idle_from(10).await;
        peer.done(&tag).await;
        answers(&mut peer).await;
        peer.idle().await;
    };
    let asking = async {
        desk.until_watching().await;
        for n in 1..=2 {
            let answered = MessageId::parse(&format!("{n}@p.example")).unwrap();
            desk.tell.send(ToFolder::ReadAgain { answered }).await.unwrap();
        }
        loop {
            match desk.next().await {
                FromFolder::Trouble { error, .. } => panic!("trouble: {error}"),
                other => desk.take(other),
            }
        }
    };
    tokio::select! {
        () = server => {}
        () = asking => {}
    }
}

#[tokio::test]
async fn mails_that_nobody_answered_are_looked_for_by_one_command() {
    looks_again(async |peer| peer.answer(&both(), EMPTY).await).await;
}

#[tokio::test]
async fn mail_that_is_still_to_be_read_is_no_answer_from_before() {
    looks_again(async |peer| peer.answer(&both(), "* SEARCH 10 11\r\n").await).await;
}

#[tokio::test]
async fn where_anything_answers_each_is_looked_for() {
    looks_again(async |peer| {
        peer.answer(&both(), "* SEARCH 4\r\n").await;
        for n in 1..=2 {
            // It was deleted meanwhile.
            peer.answer(&format!("UID SEARCH {}", answers_to(n)), EMPTY).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_understand_is_asked_about_each_and_costs_no_connection() {
    for refusal in ["NO too complex", "BAD what"] {
        looks_again(async |peer| {
            peer.end(&both(), "", refusal).await;
            for n in 1..=2 {
                peer.end(&format!("UID SEARCH {}", answers_to(n)), "", refusal).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn searches_that_cost_the_connection_are_tried_three_times_and_then_rest_for_an_hour() {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    for tries in 1..=5 {
        let searches = tries != 4;
        let server = async {
            let mut peer = door.selected(3, 10).await;
            let tag = peer.idle_from(10).await;
            peer.done(&tag).await;
            if !searches {
                peer.idle().await;
                peer.say("* BYE for today\r\n").await;
                return;
            }
            let line = peer.line().await;
            assert!(line.contains("UID SEARCH (OR HEADER In-Reply-To"), "{tries}: {line}");
            pass_slowly(std::time::Duration::from_secs(31)).await;
            peer.hung_up().await;
        };
        let events = async {
            desk.until_watching().await;
            // As the loop does with each connection.
            let answered = MessageId::parse("1@p.example").unwrap();
            desk.tell.send(ToFolder::ReadAgain { answered }).await.unwrap();
            desk.until_trouble().await
        };
        let ((error, _, wait), ()) = tokio::join!(events, server);
        assert_eq!(error.contains("UID SEARCH"), searches, "{tries}: {error}");
        pass(wait + if searches { std::time::Duration::ZERO } else { HOUR }).await;
    }
}
