//! A mail server that says anything, to everything that reads from one.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;
use watchpost::config;
use watchpost::config::settings::{Imap, Security};
use watchpost::desk::folder::{Cursor, Folder, Role};
use watchpost::io::imap::{FromFolder, Watch, fetch_whole, probe, watch};

use super::office::CONFIG;

/// What is said between two commands of the client ends with this.
const TURN: u8 = b'~';
/// Stands for the tag of the last command.
const TAG: u8 = b'^';

/// The first letter says who reads: `w`atch, `h`eaders first, `p`robe, whole mails for anything else.
pub(super) fn run(bytes: &[u8]) {
    let (who, script) = bytes.split_first().unwrap_or((&b'w', b""));
    // The clock moves when both sides wait, so that no patience takes time.
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let account = account(listener.local_addr().unwrap().port());
        let server = serve(listener, script);
        let client = async {
            match who {
                b'w' => watched(account, false, script.len()).await,
                b'h' => watched(account, true, script.len()).await,
                b'p' => drop(probe(&account, &password()).await),
                _ => whole(&account, script.len()).await,
            }
        };
        tokio::join!(server, client);
    });
}

/// Says its script on the first connection, turn by turn, and is gone.
async fn serve(listener: TcpListener, script: &[u8]) {
    let Ok((tcp, _)) = listener.accept().await else { return };
    drop(listener);
    let mut stream = BufReader::new(tcp);
    let mut tag = Vec::new();
    for turn in script.split(|byte| *byte == TURN) {
        let mut said = Vec::new();
        for byte in turn {
            if *byte == TAG { said.extend_from_slice(&tag) } else { said.push(*byte) }
        }
        if stream.write_all(&said).await.is_err() {
            return;
        }
        let heard = timeout(Duration::from_secs(1), line(&mut stream)).await;
        if let Ok(Some(line)) = heard {
            tag = line.split(|byte| *byte == b' ').next().unwrap_or_default().into();
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = stream.read_until(b'\n', &mut line).await.ok()?;
    (read > 0).then_some(line)
}

async fn watched(account: Imap, headers_first: bool, said: usize) {
    let job = Watch {
        folder: folder(),
        account,
        password: password(),
        gate: Arc::default(),
        headers_first,
        needs_more: Arc::new(|_| true),
    };
    let (say, mut heard) = mpsc::channel(4);
    let (_tell, told) = mpsc::channel(4);
    let task = tokio::spawn(watch(job, say, told));
    let (mut events, mut read, mut cursor) = (0, 0, 0);
    while let Some(event) = heard.recv().await {
        events += 1;
        assert!(events < 1_000, "so much follows from {said} bytes");
        match event {
            FromFolder::Selected { uid_validity, reply, .. } => {
                let _ = reply.send(Cursor::at(uid_validity, cursor));
            }
            FromFolder::Headers { mails, reply, .. } => {
                read += mails.iter().map(|mail| mail.bytes.len()).sum::<usize>();
                let _ = reply.send(mails.iter().map(|mail| mail.uid).collect());
            }
            FromFolder::Mails { mails, upto, reply, .. } => {
                read += mails.iter().map(|mail| mail.bytes.len()).sum::<usize>();
                assert!(upto >= cursor, "the cursor never goes back");
                cursor = upto;
                let _ = reply.send(());
            }
            FromFolder::Trouble { error, .. } | FromFolder::Resting { why: error, .. } => {
                assert!(error.len() < 1_000, "{error}");
                assert!(!error.contains(char::is_control), "{error:?}");
                break;
            }
            FromFolder::Filed { .. }
            | FromFolder::Watching { .. }
            | FromFolder::Looked { .. }
            | FromFolder::Claimed { .. } => {}
        }
    }
    // A line break may be put between the start and the end of a mail.
    assert!(read <= said + 2 * events, "{read} of {said} bytes");
    task.abort();
    assert!(task.await.is_err_and(|end| end.is_cancelled()), "the watch ends only when told to");
}

async fn whole(account: &Imap, said: usize) {
    let mut read = 0;
    let each = |_, found: Result<Vec<u8>, _>| read += found.map_or(0, |mail| mail.len());
    let _ = fetch_whole(account, &password(), &folder(), 7, &[1, 2], each).await;
    assert!(read <= said, "{read} of {said} bytes");
}

fn folder() -> Folder {
    Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox }
}

fn account(port: u16) -> Imap {
    let settings = config::parse("fuzz.toml", CONFIG).unwrap();
    let mut account = settings.inboxes[0].imap.clone();
    account.server.host = "127.0.0.1".into();
    (account.server.port, account.server.security) = (port, Security::None);
    account
}

fn password() -> watchpost::io::password::Password {
    Arc::new(|| Box::pin(async { Ok("secret".to_owned().into()) }))
}
