//! The scripted server, and a stand-in for the loop.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use watchpost::config::settings::{Imap, SecretSource, Security, Server, Special};
use watchpost::desk::folder::{Cursor, Folder, Keyword, Role};
use watchpost::desk::time::Span;
use watchpost::io::imap::{Error, Fetched, FromFolder, Probe, ToFolder, Watch, probe, watch};
use watchpost::io::password::Password;

/// A test that takes longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
pub(crate) const ALL: &str = "IMAP4rev1 SASL-IR AUTH=PLAIN IDLE UIDPLUS CONDSTORE";
pub(crate) const START: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.131072>)";
pub(crate) const HEADER: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.65536>)";

/// The server's door.
pub(crate) struct Door {
    listener: TcpListener,
}

impl Door {
    pub(crate) async fn open() -> Door {
        Door { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(crate) fn account(&self) -> Imap {
        Imap {
            server: Server {
                host: "127.0.0.1".into(),
                port: self.port(),
                security: Security::None,
                ca: None,
                timeout: Duration::from_secs(30),
            },
            user: "desk".into(),
            password: SecretSource::Credential("unused".into()),
            folders: vec!["INBOX".into()],
            sent: Special::Off,
            junk: Special::Off,
            copies: false,
            poll: Duration::from_mins(10),
            takeover: Span::minutes(10),
        }
    }

    pub(crate) async fn accept(&self) -> Peer<TcpStream> {
        let (tcp, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        tcp.set_nodelay(true).unwrap();
        Peer { stream: BufReader::new(tcp) }
    }

    /// As [`Door::accept`], but for ever.
    pub(crate) async fn accept_whenever(&self) -> Peer<TcpStream> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        Peer { stream: BufReader::new(tcp) }
    }

    /// Accepts, and plays the start that most tests share.
    pub(crate) async fn selected(&self, exists: u32, uid_next: u32) -> Peer<TcpStream> {
        let mut peer = self.accept().await;
        peer.log_in(ALL).await;
        peer.select(exists, uid_next).await;
        peer
    }
}

/// The server's end of one connection.
pub(crate) struct Peer<S> {
    pub(crate) stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// As [`Peer::say`]; false where nobody is there any more.
    pub(crate) async fn say_if_there(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// The next line, without its end, if there is one.
    pub(crate) async fn line_if_any(&mut self) -> Option<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.ok()?;
        line.strip_suffix("\r\n").map(str::to_owned)
    }

    /// The next line, without its end.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line);
        timeout(PATIENCE, read).await.expect("a line in time").unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("cut: {line:?}")).to_owned()
    }

    /// The next command, which must be this one; gives its tag.
    pub(crate) async fn expect(&mut self, command: &str) -> String {
        let line = self.line().await;
        let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
        assert_eq!(rest, command);
        tag.to_owned()
    }

    /// Expects a command, says what comes before its end, and ends it with OK.
    pub(crate) async fn answer(&mut self, command: &str, before: impl AsRef<[u8]>) {
        self.end(command, before, "OK done").await;
    }

    /// Expects a command, says what comes before its end, and ends it so.
    pub(crate) async fn end(&mut self, command: &str, before: impl AsRef<[u8]>, end: &str) {
        let tag = self.expect(command).await;
        self.say(before).await;
        self.say(format!("{tag} {end}\r\n")).await;
    }

    pub(crate) async fn log_in(&mut self, capabilities: &str) {
        self.say(format!("* OK [CAPABILITY {capabilities}] ready\r\n")).await;
        let end = format!("OK [CAPABILITY {capabilities}] in");
        self.end("AUTHENTICATE PLAIN AGRlc2sAc2VjcmV0", "", &end).await;
    }

    pub(crate) async fn select(&mut self, exists: u32, uid_next: u32) {
        self.open("SELECT \"INBOX\"", exists, uid_next).await;
    }

    /// Expects this folder to be opened.
    pub(crate) async fn open(&mut self, command: &str, exists: u32, uid_next: u32) {
        let state = format!(
            "* {exists} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n\
             * OK [PERMANENTFLAGS (\\Seen \\*)] kept\r\n* OK [UIDVALIDITY 7] valid\r\n\
             * OK [UIDNEXT {uid_next}] next\r\n"
        );
        self.end(command, state, "OK [READ-WRITE] open").await;
    }

    /// Has no mail from this UID on.
    pub(crate) async fn nothing_from(&mut self, uid: u32) {
        self.answer(&format!("UID SEARCH UID {uid}:*"), "* SEARCH\r\n").await;
    }

    /// Has no mail from this UID on, and enters IDLE; gives the tag.
    pub(crate) async fn idle_from(&mut self, uid: u32) -> String {
        self.nothing_from(uid).await;
        self.idle().await
    }

    /// Enters IDLE; gives the tag.
    pub(crate) async fn idle(&mut self) -> String {
        let tag = self.expect("IDLE").await;
        self.say("+ idling\r\n").await;
        tag
    }

    /// The client must end the IDLE.
    pub(crate) async fn done(&mut self, tag: &str) {
        assert_eq!(self.line().await, "DONE");
        self.say(format!("{tag} OK done\r\n")).await;
    }

    /// The client must hang up.
    pub(crate) async fn hung_up(&mut self) {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("in time");
        assert!(read.is_err() || rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    }
}

/// One FETCH response.
pub(crate) fn mail(uid: u32, text: &str) -> Vec<u8> {
    sized(uid, text.len(), text.as_bytes())
}

/// One FETCH response of a mail that is longer than what is sent of it.
pub(crate) fn sized(uid: u32, size: usize, text: &[u8]) -> Vec<u8> {
    let mut response = format!(
        "* {uid} FETCH (UID {uid} FLAGS (\\Seen $WatchpostSeen) \
         INTERNALDATE \" 1-Sep-2026 17:11:00 +0000\" RFC822.SIZE {size} BODY[]<0> {{{}}}\r\n",
        text.len()
    )
    .into_bytes();
    response.extend_from_slice(text);
    response.extend_from_slice(b")\r\n");
    response
}

pub(crate) fn mails(uids: impl IntoIterator<Item = u32>) -> Vec<u8> {
    uids.into_iter()
        .flat_map(|uid| mail(uid, &format!("Subject: {uid}\r\n\r\nhello\r\n")))
        .collect()
}

pub(crate) fn search(uids: impl IntoIterator<Item = u32>) -> String {
    let mut line = "* SEARCH".to_owned();
    for uid in uids {
        write!(line, " {uid}").unwrap();
    }
    line + "\r\n"
}

pub(crate) fn secret(password: &str) -> Password {
    let password = password.to_owned();
    Arc::new(move || {
        let password = SecretString::from(password.clone());
        Box::pin(async { Ok(password) })
    })
}

/// A stand-in for the loop: keeps what it is given, as the loop would.
pub(crate) struct Desk {
    pub(crate) cursor: Cursor,
    pub(crate) mails: BTreeMap<u32, Fetched>,
    /// UIDs of each batch, and how far it reached.
    pub(crate) batches: Vec<(Vec<u32>, u32)>,
    /// Which mails are ours, by their UID.
    pub(crate) ours: fn(u32) -> bool,
    pub(crate) heard: mpsc::Receiver<FromFolder>,
    pub(crate) tell: mpsc::Sender<ToFolder>,
    pub(crate) task: JoinHandle<()>,
}

impl Desk {
    /// Watches INBOX of this account, read up to `last_uid`.
    pub(crate) fn watching(account: Imap, last_uid: u32) -> Desk {
        Desk::with(account, last_uid, |_| {})
    }

    /// Watches the folder for sent mail that the server marks, read up to `last_uid`.
    pub(crate) fn watching_sent(account: Imap, last_uid: u32) -> Desk {
        Desk::with(account, last_uid, |job| {
            (job.folder.name, job.folder.role) = ("\\Sent".into(), Role::Sent);
            job.headers_first = true;
        })
    }

    pub(crate) fn with(account: Imap, last_uid: u32, change: impl FnOnce(&mut Watch)) -> Desk {
        let mut job = Watch {
            folder: Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox },
            account,
            password: secret("secret"),
            gate: Arc::default(),
            headers_first: false,
            needs_more: Arc::new(|_| false),
        };
        change(&mut job);
        let (say, heard) = mpsc::channel(4);
        let (tell, told) = mpsc::channel(4);
        Desk {
            cursor: Cursor::at(7, last_uid),
            mails: BTreeMap::new(),
            batches: Vec::new(),
            ours: |_| true,
            heard,
            tell,
            task: tokio::spawn(watch(job, say, told)),
        }
    }

    pub(crate) async fn next(&mut self) -> FromFolder {
        timeout(PATIENCE, self.heard.recv()).await.expect("an event in time").expect("a task")
    }

    /// The next event, however long it takes by a clock that the test moves.
    pub(crate) async fn next_whenever(&mut self) -> FromFolder {
        self.heard.recv().await.expect("a task")
    }

    /// Works until the folder waits; tells whether by IDLE.
    pub(crate) async fn until_watching(&mut self) -> bool {
        loop {
            match self.next().await {
                FromFolder::Watching { idle, .. } => return idle,
                FromFolder::Trouble { error, .. } => panic!("trouble: {error}"),
                other => self.take(other),
            }
        }
    }

    /// Works until the folder rests; tells why.
    pub(crate) async fn until_resting(&mut self) -> String {
        loop {
            match self.next().await {
                FromFolder::Resting { why, .. } => return why,
                FromFolder::Trouble { error, .. } => panic!("trouble: {error}"),
                other => self.take(other),
            }
        }
    }

    /// Works until there is trouble; gives its text, whether it is the login, and the wait.
    pub(crate) async fn until_trouble(&mut self) -> (String, bool, Duration) {
        loop {
            match self.next().await {
                FromFolder::Trouble { error, login_refused, retry_in, .. } => {
                    return (error, login_refused, retry_in);
                }
                other => self.take(other),
            }
        }
    }

    pub(crate) fn take(&mut self, event: FromFolder) {
        match event {
            FromFolder::Selected { uid_validity, set_back, reply, .. } => {
                if uid_validity != self.cursor.uid_validity || set_back {
                    self.cursor = Cursor::at(uid_validity, 0);
                }
                let _ = reply.send(self.cursor);
            }
            FromFolder::Headers { mails, reply, .. } => {
                let uids = mails.iter().map(|mail| mail.uid);
                let _ = reply.send(uids.filter(|uid| (self.ours)(*uid)).collect());
            }
            FromFolder::Mails { mails, upto, reply, .. } => {
                assert!(upto >= self.cursor.last_uid, "the cursor never goes back");
                self.batches.push((mails.iter().map(|mail| mail.uid).collect(), upto));
                self.mails.extend(mails.into_iter().map(|mail| (mail.uid, mail)));
                self.cursor.last_uid = upto;
                let _ = reply.send(());
            }
            FromFolder::Trouble { .. }
            | FromFolder::Watching { .. }
            | FromFolder::Resting { .. }
            | FromFolder::Filed { .. }
            | FromFolder::Looked { .. }
            | FromFolder::Claimed { .. } => {}
        }
    }

    pub(crate) fn uids(&self) -> Vec<u32> {
        self.mails.keys().copied().collect()
    }

    pub(crate) async fn mark(&self, keyword: Keyword, uids: &[u32], uid_validity: u32) {
        let mark = ToFolder::Mark { uids: uids.to_vec(), uid_validity, keyword };
        self.tell.send(mark).await.unwrap();
    }
}

/// Stops the clock: from here on it moves only by [`pass`], although sockets are waited for. Undone when dropped, and after [`PATIENCE`] in any case.
pub(crate) struct Still {
    _release: std::sync::mpsc::Sender<()>,
}

impl Drop for Still {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            tokio::time::resume();
        }
    }
}

pub(crate) fn stop_the_clock() -> Still {
    tokio::time::pause();
    let (release, wait) = std::sync::mpsc::channel();
    // A runtime with a blocking task under way does not move its clock by itself.
    tokio::task::spawn_blocking(move || wait.recv_timeout(PATIENCE));
    Still { _release: release }
}

pub(crate) async fn probing(account: &Imap) -> Result<Probe, Error> {
    probe(account, &secret("secret")).await
}

/// As [`pass`], once everybody has done what they could do at once.
pub(crate) async fn pass_slowly(time: Duration) {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
    pass(time).await;
}

/// Lets time pass while the clock is stopped. Timers count in whole milliseconds, rounded up.
pub(crate) async fn pass(time: Duration) {
    tokio::time::advance(time + Duration::from_millis(1)).await;
}
