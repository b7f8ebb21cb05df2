//! Whose mails are: what is said to the server, and what is made of its answer.

use tokio::net::TcpStream;
use watchpost::desk::claim::{Errand, Identity, Shown};
use watchpost::io::imap::{FromFolder, ToFolder};

use super::server::*;

const OWN: Identity = Identity(0x0000_000a);
const OTHER: Identity = Identity(0x0000_000b);
const STORE: &str = "+FLAGS ($WatchpostBy-0000000a)";

fn claim(errand: Errand, uids: &[u32], uid_validity: u32) -> ToFolder {
    ToFolder::Claim { errand, uids: uids.to_vec(), uid_validity, own: OWN }
}

fn flags(uid: u32, flags: &str) -> String {
    format!("* {uid} FETCH (UID {uid} FLAGS ({flags}))\r\n")
}

fn shown(answered: bool, claims: &[Identity]) -> Shown {
    Shown { answered, claims: claims.to_vec() }
}

/// Works until the folder has told whose mails are; gives their UIDVALIDITY as well.
async fn claimed(desk: &mut Desk) -> (u32, Vec<(u32, Option<Shown>)>) {
    loop {
        match desk.next().await {
            FromFolder::Claimed { uid_validity, mails, .. } => return (uid_validity, mails),
            FromFolder::Trouble { error, .. } => panic!("trouble: {error}"),
            other => desk.take(other),
        }
    }
}

/// What a folder with mail up to UID 9 tells when it is asked something, of a server that does this.
async fn asked_of(
    door: &Door,
    errand: ToFolder,
    server: impl Future<Output = ()>,
) -> (u32, Vec<(u32, Option<Shown>)>) {
    let mut desk = Desk::watching(door.account(), 9);
    let asking = async {
        desk.until_watching().await;
        desk.tell.send(errand).await.unwrap();
        claimed(&mut desk).await
    };
    tokio::join!(asking, server).0
}

/// The same of a server that idles when it is asked, and answers so.
async fn asked(
    errand: ToFolder,
    answers: impl AsyncFnOnce(&mut Peer<TcpStream>),
) -> Vec<(u32, Option<Shown>)> {
    let door = Door::open().await;
    let server = async {
        let mut peer = door.selected(3, 10).await;
        let tag = peer.idle_from(10).await;
        peer.done(&tag).await;
        answers(&mut peer).await;
        peer.idle().await;
    };
    let (uid_validity, mails) = asked_of(&door, errand, server).await;
    assert_eq!(uid_validity, 7);
    mails
}

#[tokio::test]
async fn the_answer_to_a_claim_shows_who_was_first_and_what_it_leaves_out_is_asked_for() {
    let mails = asked(claim(Errand::Claim, &[1, 2, 3, 4], 7), async |peer| {
        let both = flags(2, "\\Seen $WatchpostBy-0000000b $WatchpostBy-0000000A");
        // What somebody else changed at that moment is no answer to us.
        let stale = flags(3, "$WatchpostBy-0000000b");
        let answer = flags(1, "$WatchpostBy-0000000a") + &both + &stale;
        peer.answer(&format!("UID STORE 1:4 {STORE}"), answer).await;
        let later = flags(3, "$WatchpostAcked $WatchpostBy-0000000b $WatchpostBy-0000000a");
        peer.answer("UID FETCH 3:4 (UID FLAGS)", later).await;
    });
    let told = mails.await;
    assert_eq!(
        told,
        [
            (1, Some(shown(false, &[OWN]))),
            (2, Some(shown(false, &[OTHER, OWN]))),
            (3, Some(shown(true, &[OTHER, OWN]))),
            // It is gone.
            (4, None),
        ]
    );
}

#[tokio::test]
async fn a_claim_that_the_server_takes_and_does_not_keep_counts_as_made() {
    let mails = asked(claim(Errand::Claim, &[2], 7), async |peer| {
        peer.answer(&format!("UID STORE 2 {STORE}"), flags(2, "\\Seen")).await;
        peer.answer("UID FETCH 2 (UID FLAGS)", flags(2, "\\Seen")).await;
    });
    assert_eq!(mails.await, [(2, Some(shown(false, &[OWN])))]);
}

#[tokio::test]
async fn a_look_shows_what_changed_elsewhere() {
    let mails = asked(claim(Errand::Look, &[2], 7), async |peer| {
        peer.answer("NOOP", "").await;
        peer.answer("UID FETCH 2 (UID FLAGS)", flags(2, "$WatchpostAcked")).await;
    });
    assert_eq!(mails.await, [(2, Some(shown(true, &[])))]);
}

#[tokio::test]
async fn a_server_that_takes_no_claim_shows_nothing_and_the_watch_goes_on() {
    for refusal in ["NO [LIMIT] too many keywords", "BAD what"] {
        let mails = asked(claim(Errand::Claim, &[2], 7), async |peer| {
            peer.end(&format!("UID STORE 2 {STORE}"), "", refusal).await;
        });
        assert_eq!(mails.await, [(2, None)]);
    }
}

#[tokio::test]
async fn what_is_of_another_uidvalidity_shows_nothing() {
    let door = Door::open().await;
    let server = async {
        let mut peer = door.selected(3, 10).await;
        let tag = peer.idle_from(10).await;
        peer.done(&tag).await;
        peer.idle().await;
    };
    let told = asked_of(&door, claim(Errand::Claim, &[2], 6), server).await;
    assert_eq!(told, (6, vec![(2, None)]));
}

#[tokio::test]
async fn where_not_every_keyword_is_kept_nothing_is_claimed() {
    let door = Door::open().await;
    let server = async {
        let mut peer = door.accept().await;
        peer.log_in(ALL).await;
        let state = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 10] n\r\n\
                     * OK [PERMANENTFLAGS (\\Seen $WatchpostSeen $WatchpostAcked)] f\r\n";
        peer.end("SELECT \"INBOX\"", state, "OK [READ-WRITE] open").await;
        let tag = peer.idle_from(10).await;
        peer.done(&tag).await;
        peer.idle().await;
    };
    let told = asked_of(&door, claim(Errand::Claim, &[2], 7), server).await;
    assert_eq!(told, (7, vec![(2, None)]));
}

#[tokio::test]
async fn a_claim_is_made_while_the_loop_still_waits_for_its_disk_and_taken_back_without_an_answer()
{
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let server = async {
        let mut peer = door.selected(1, 2).await;
        peer.answer("UID SEARCH UID 1:*", search([1])).await;
        peer.answer(&format!("UID FETCH 1 {START}"), mails([1])).await;
        peer.answer(&format!("UID STORE 1 {STORE}"), flags(1, "$WatchpostBy-0000000a")).await;
        let tag = peer.idle().await;
        peer.done(&tag).await;
        peer.answer("UID STORE 1 -FLAGS.SILENT ($WatchpostBy-0000000a)", "").await;
        peer.idle().await;
    };
    let looping = async {
        let reply = loop {
            match desk.next().await {
                FromFolder::Mails { reply, .. } => break reply,
                other => desk.take(other),
            }
        };
        desk.tell.send(claim(Errand::Claim, &[1], 7)).await.unwrap();
        let mails = claimed(&mut desk).await;
        // Only now the disk has it.
        reply.send(()).unwrap();
        desk.until_watching().await;
        desk.tell.send(claim(Errand::StepBack, &[1], 7)).await.unwrap();
        mails
    };
    assert_eq!(tokio::join!(looping, server).0, (7, vec![(1, Some(shown(false, &[OWN])))]));
}

#[tokio::test]
async fn a_claim_over_which_the_connection_is_lost_is_not_made_again_by_itself() {
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 9);
    let server = async {
        let mut peer = door.selected(3, 10).await;
        let tag = peer.idle_from(10).await;
        peer.done(&tag).await;
        peer.expect(&format!("UID STORE 2 {STORE}")).await;
        drop(peer);
        let mut peer = door.selected(3, 10).await;
        peer.idle_from(10).await;
    };
    let asking = async {
        desk.until_watching().await;
        desk.tell.send(claim(Errand::Claim, &[2], 7)).await.unwrap();
        desk.until_trouble().await;
        desk.until_watching().await;
    };
    tokio::join!(asking, server);
}
