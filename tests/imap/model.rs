//! A server that knows IMAP and does it right, but for what a test has it do wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use watchpost::io::imap::FromFolder;

use super::server::*;

/// A mailbox, and what the server can do.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) capabilities: String,
    /// What stands in the answer to SELECT beside the number of mails.
    pub(crate) state: String,
    /// How SELECT ends.
    pub(crate) opened: &'static str,
    pub(crate) mails: BTreeMap<u32, String>,
}

/// What the server does instead of saying what it should.
pub(crate) enum Act {
    Say(Vec<u8>),
    /// Says this, which may leave the client waiting, and goes on.
    SayOddly(Vec<u8>),
    /// Says this and hangs up.
    Cut(Vec<u8>),
    /// Says this, and nothing more for ever.
    Hush(Vec<u8>),
}

/// How a test has it go wrong: the number of the connection, the command, and the right answer. The
/// greeting is an answer to nothing.
pub(crate) type Fault = Arc<dyn Fn(usize, &str, &str) -> Act + Send + Sync>;

pub(crate) fn fault(act: impl Fn(usize, &str, &str) -> Act + Send + Sync + 'static) -> Fault {
    Arc::new(act)
}

impl Model {
    /// Three mails that nobody has seen.
    pub(crate) fn new() -> Model {
        let text = |uid| format!("Message-ID: <{uid}@acorn.example>\r\n\r\nmail {uid}\r\n");
        Model {
            capabilities: ALL.to_owned(),
            state: "* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 4] n\r\n\
                    * OK [PERMANENTFLAGS (\\Seen \\*)] f\r\n"
                .to_owned(),
            opened: "OK [READ-WRITE] open",
            mails: (1..=3).map(|uid| (uid, text(uid))).collect(),
        }
    }

    fn greeting(&self) -> String {
        format!("* OK [CAPABILITY {}] ready\r\n", self.capabilities)
    }

    fn answer(&self, tag: &str, command: &str) -> String {
        let mut words = command.split(' ');
        let verb = words.next().unwrap_or_default();
        let end = |how: &str| format!("{tag} {how}\r\n");
        match verb {
            "AUTHENTICATE" => end(&format!("OK [CAPABILITY {}] in", self.capabilities)),
            "SELECT" => {
                format!("* {} EXISTS\r\n{}{}", self.mails.len(), self.state, end(self.opened))
            }
            "IDLE" => "+ idling\r\n".to_owned(),
            "UID" => match (words.next(), words.next(), words.next()) {
                (Some("SEARCH"), Some("UID"), Some(set)) => {
                    search(self.among(set)) + &end("OK searched")
                }
                (Some("FETCH"), Some(set), _) => {
                    let found = self.among(set).into_iter();
                    let mails = found.flat_map(|uid| mail(uid, &self.mails[&uid])).collect();
                    String::from_utf8(mails).unwrap() + &end("OK fetched")
                }
                _ => end("OK done"),
            },
            _ => end("OK done"),
        }
    }

    fn among(&self, set: &str) -> Vec<u32> {
        let range = |run: &str| {
            let (first, last) = run.split_once(':').unwrap_or((run, run));
            (first.parse().unwrap_or(u32::MAX), last.parse().unwrap_or(u32::MAX))
        };
        let runs: Vec<(u32, u32)> = set.split(',').map(range).collect();
        let has = |uid: &&u32| runs.iter().any(|(first, last)| (first..=last).contains(uid));
        self.mails.keys().filter(has).copied().collect()
    }
}

/// Serves one connection until either side ends it.
async fn serve(
    model: &Model,
    mut peer: Peer<TcpStream>,
    number: usize,
    fault: &Fault,
    hushed: &mpsc::UnboundedSender<()>,
) {
    let (mut command, mut answer, mut idling) = (String::new(), model.greeting(), String::new());
    loop {
        let (said, goes_on) = match fault(number, &command, &answer) {
            Act::Say(said) => (said, true),
            Act::SayOddly(said) => {
                let _ = hushed.send(());
                (said, true)
            }
            Act::Cut(said) => {
                let _ = peer.say_if_there(&said).await;
                return;
            }
            Act::Hush(said) => (said, false),
        };
        if !peer.say_if_there(&said).await {
            return;
        }
        if !goes_on {
            let _ = hushed.send(());
            let _ = peer.stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        let Some(line) = peer.line_if_any().await else { return };
        let (tag, rest) = match line.as_str() {
            "DONE" => (std::mem::take(&mut idling), "DONE"),
            line => line.split_once(' ').map(|(tag, rest)| (tag.to_owned(), rest)).unwrap(),
        };
        if rest == "IDLE" {
            idling.clone_from(&tag);
        }
        rest.clone_into(&mut command);
        answer = model.answer(&tag, &command);
    }
}

/// What came of a folder on a server that goes wrong.
#[derive(Debug, Default)]
pub(crate) struct Course {
    pub(crate) troubles: Vec<String>,
    pub(crate) connections: usize,
    /// The virtual time until every mail was there and the folder was watched.
    pub(crate) took: Duration,
}

/// Watches the folder until every mail is there and it waits for more. The clock stands still but
/// for the waits between connections, and for silence that is waited out.
///
/// Whatever goes wrong: each mail came once and as it is, and the cursor is at the last.
pub(crate) async fn outlives(model: &Model, fault: Fault) -> Course {
    let _still = stop_the_clock();
    let door = Door::open().await;
    let mut desk = Desk::watching(door.account(), 0);
    let (hush, mut hushed) = mpsc::unbounded_channel();
    let connections = Arc::new(AtomicUsize::new(0));
    let (counted, served) = (Arc::clone(&connections), model.clone());
    let server = tokio::spawn(async move {
        loop {
            let peer = door.accept_whenever().await;
            let number = counted.fetch_add(1, SeqCst);
            serve(&served, peer, number, &fault, &hush).await;
        }
    });
    let mut course = Course::default();
    let all: Vec<u32> = model.mails.keys().copied().collect();
    let mut silent = false;
    loop {
        let event = tokio::select! {
            biased;
            event = desk.next_whenever() => event,
            Some(()) = hushed.recv() => {
                silent = true;
                continue;
            }
            () = pass_slowly(Duration::from_secs(5)), if silent => {
                course.took += Duration::from_secs(5);
                continue;
            }
            // The clock moves by itself only where this test has run out of patience.
            () = tokio::time::sleep(Duration::from_hours(1)) => panic!("stuck: {course:?}"),
        };
        match event {
            FromFolder::Watching { .. } if desk.uids() == all => break,
            FromFolder::Trouble { error, retry_in, .. } => {
                assert!(error.len() < 300 && course.troubles.len() < 50, "{error}");
                silent = false;
                course.troubles.push(error);
                course.took += retry_in;
                pass(retry_in).await;
            }
            other => desk.take(other),
        }
    }
    server.abort();
    course.connections = connections.load(SeqCst);
    assert_eq!(desk.cursor.last_uid, 3);
    let mut handed: Vec<u32> = desk.batches.iter().flat_map(|(uids, _)| uids.clone()).collect();
    handed.sort_unstable();
    assert_eq!(handed, all, "each mail once");
    for (uid, text) in &model.mails {
        let mail = &desk.mails[uid];
        assert!(mail.unreadable.is_none() && mail.bytes == text.as_bytes(), "{mail:?}");
    }
    course
}
