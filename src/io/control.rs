//! The control socket: one request a connection, as one line of JSON; the answer is lines of JSON.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::desk::command::Said;
use crate::desk::ids::CaseId;
use crate::desk::time::Moment;

/// What an operator can ask the running daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Every open case, a line each.
    Cases,
    /// Everything that happened on a case, and on those that were merged into it.
    Show {
        /// Its number.
        case: CaseId,
    },
    /// How each of its deadlines comes about.
    Explain {
        /// Its number.
        case: CaseId,
    },
    /// The same events as they are recorded, and the letters that left.
    Export {
        /// Its number.
        case: CaseId,
    },
    /// How promises were kept, and what is owed.
    Stats {
        /// From this second on; none for all from the beginning.
        from: Option<Moment>,
        /// Up to and including this second; none for all until now.
        to: Option<Moment>,
        /// Only this inbox.
        inbox: Option<String>,
    },
    /// Entries of the proof, and where it ends.
    Proof {
        /// They come after the one with this number.
        after: u64,
    },
    /// A page of a copy of the whole store: of a new one, or of one that was begun.
    Copy {
        /// The name of the copy that was begun.
        more_of: Option<u64>,
    },
    /// Something is said of a case.
    Do {
        /// Its number.
        case: CaseId,
        /// What.
        said: Said,
    },
}

/// The answer: lines of JSON, or one sentence that says why there is none.
pub type Answer = Result<Vec<String>, String>;

/// A request on its way to the loop, with the way back.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// The longest request, and the longest that one may take: nobody types these by hand.
const LONGEST_REQUEST: u64 = 4096;
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the socket so that only our own user can connect. A socket that a dead daemon left behind is
/// taken over. Whoever calls this holds the lock of the store, but a daemon with another store may listen
/// there: whoever asked that one would be answered by this one.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        // Whatever else is there belongs to somebody.
        Ok(there) if !there.file_type().is_socket() => {
            let why = "something else is there; move it away, or choose another path";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        Ok(_) if is_listened_to(path) => {
            let why = "another daemon listens there; choose another path, or stop that one";
            return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
        }
        Ok(_) => std::fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Whether a living process listens there.
pub fn is_listened_to(path: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(path).is_ok()
}

/// Takes requests until the loop is gone.
pub async fn serve(listener: UnixListener, asked: mpsc::Sender<Asked>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let asked = asked.clone();
                tokio::spawn(async move {
                    let done = tokio::time::timeout(PATIENCE, converse(stream, asked)).await;
                    if let Ok(Err(error)) = done {
                        tracing::debug!(%error, "a control connection ended early");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket cannot accept now");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, asked: mpsc::Sender<Asked>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LONGEST_REQUEST)).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Err(_) => Err("this is no request that I know".to_owned()),
        Ok(request) => {
            let (answer, back) = oneshot::channel();
            match asked.send(Asked { request, answer }).await {
                Ok(()) => back.await.unwrap_or_else(|_| Err("the daemon is stopping".into())),
                Err(_) => Err("the daemon is stopping".into()),
            }
        }
    };
    // The first line says how many follow, so that a cut answer is never taken for a short one.
    let (head, lines) = match answer {
        Ok(lines) => (Head { lines: Some(lines.len()), error: None }, lines),
        Err(error) => (Head { lines: None, error: Some(error) }, Vec::new()),
    };
    let mut text = serde_json::to_string(&head).map_err(io::Error::other)?;
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text.push('\n');
    write.write_all(text.as_bytes()).await?;
    write.shutdown().await
}

#[derive(Serialize, Deserialize)]
struct Head {
    lines: Option<usize>,
    error: Option<String>,
}

/// Asks a running daemon. `Ok(None)` where none is running.
pub async fn ask(path: &Path, request: &Request) -> io::Result<Option<Answer>> {
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) => {
            let nobody = [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused];
            return if nobody.contains(&error.kind()) { Ok(None) } else { Err(error) };
        }
    };
    tokio::time::timeout(PATIENCE, question(stream, request)).await?.map(Some)
}

async fn question(mut stream: UnixStream, request: &Request) -> io::Result<Answer> {
    let mut line = serde_json::to_string(request).map_err(io::Error::other)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the daemon's answer was cut short");
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().ok_or_else(cut)?).map_err(|_| cut())?;
    if let Some(error) = head.error {
        return Ok(Err(error));
    }
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    if head.lines == Some(lines.len()) { Ok(Ok(lines)) } else { Err(cut()) }
}
