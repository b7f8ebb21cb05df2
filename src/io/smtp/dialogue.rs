//! The bytes of an SMTP conversation: one command, one reply, each bounded in time and size.

use std::fmt::{self, Display};
use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use crate::io::tls::Stream;

/// Room for any honest line; RFC 5321 section 4.5.3.1.5 asks for 512.
const LINE: u64 = 2048;

/// EHLO has the longest replies: one line an extension.
const LINES: usize = 100;

/// How much text is handed over within one time limit.
const BLOCK: usize = 64 * 1024;

/// A connection on which commands and replies take turns.
#[derive(Debug)]
pub(super) struct Dialogue {
    stream: BufReader<Stream>,
    limit: Duration,
}

/// What the server answered (RFC 5321 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

/// The connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the connection was cut ({0})")]
    Cut(io::Error),
    #[error("no answer within {} s", .0.as_secs_f32())]
    Silent(Duration),
    #[error("not an SMTP reply: {0}")]
    Nonsense(String),
}

impl Dialogue {
    /// `limit` is how long any single step may take.
    pub(super) fn new(stream: Stream, limit: Duration) -> Dialogue {
        Dialogue { stream: BufReader::new(stream), limit }
    }

    /// Sends one command, which brings its own CRLF, and waits for the reply.
    pub(super) async fn command(&mut self, command: impl Display) -> Result<Reply, Broken> {
        if !self.stream.buffer().is_empty() {
            return self.unasked().await;
        }
        self.write(command.to_string().as_bytes()).await?;
        self.reply(self.limit).await
    }

    /// A server that closes may say so unasked. Anything else would be taken for the answer to what
    /// comes next, and a letter for accepted that was not.
    async fn unasked(&mut self) -> Result<Reply, Broken> {
        match self.reply(self.limit).await? {
            closing if closing.code == 421 => Ok(closing),
            other => Err(Broken::Nonsense(format!("the server spoke unasked: {other}"))),
        }
    }

    /// Nothing was said that nobody asked for: it would be taken for the answer to what comes next.
    pub(super) fn is_silent(&self) -> Result<(), Broken> {
        let said = String::from_utf8_lossy(self.stream.buffer());
        if said.is_empty() {
            return Ok(());
        }
        Err(Broken::Nonsense(format!("the server spoke unasked: {}", said.trim_end())))
    }

    /// Sends bytes as they are.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        for block in bytes.chunks(BLOCK) {
            within(self.limit, async {
                self.stream.write_all(block).await?;
                self.stream.flush().await.map_err(Broken::from)
            })
            .await?;
        }
        Ok(())
    }

    /// Waits for one whole reply.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, Broken> {
        within(limit, async {
            let mut lines = Vec::new();
            while lines.len() < LINES {
                let (code, last, text) = parse(&self.line().await?)?;
                lines.push(text);
                if last {
                    return Ok(Reply { code, lines });
                }
            }
            Err(Broken::Nonsense("it does not end".to_owned()))
        })
        .await
    }

    async fn line(&mut self) -> Result<Vec<u8>, Broken> {
        let mut line = Vec::new();
        (&mut self.stream).take(LINE).read_until(b'\n', &mut line).await?;
        match line.last() {
            Some(b'\n') => Ok(line),
            _ if line.len() as u64 == LINE => {
                Err(Broken::Nonsense("its lines are too long".into()))
            }
            _ => Err(Broken::Cut(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// The bare stream, for TLS to begin on it. Clear bytes that came before TLS would count as
    /// said under its protection, so there must be none (RFC 3207 section 6).
    pub(super) fn into_stream(self) -> Result<Stream, Broken> {
        if self.stream.buffer().is_empty() {
            return Ok(self.stream.into_inner());
        }
        Err(Broken::Nonsense("clear text was slipped in before TLS".to_owned()))
    }
}

async fn within<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, Broken>>,
) -> Result<T, Broken> {
    timeout(limit, step).await.unwrap_or(Err(Broken::Silent(limit)))
}

/// Code, whether this line ends the reply, text. Real servers leave the text out, end lines in a
/// bare LF, write Latin-1, and use codes that no RFC lists (571): all of them are understood.
fn parse(line: &[u8]) -> Result<(u16, bool, String), Broken> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    let parts = text.split_at_checked(3).and_then(|(code, rest)| {
        let code = code.bytes().all(|b| b.is_ascii_digit()).then(|| code.parse().ok())??;
        let last = match rest.chars().next() {
            None | Some(' ') => true,
            Some('-') => false,
            Some(_) => return None,
        };
        let text = rest.get(1..).unwrap_or_default().to_owned();
        (200..600).contains(&code).then_some((code, last, text))
    });
    parts.ok_or_else(|| Broken::Nonsense(text.chars().take(80).collect()))
}

impl Reply {
    /// 2xx: done.
    pub(super) fn is_done(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// 4xx or 5xx: the server understood, and says no.
    pub(super) fn is_refusal(&self) -> bool {
        (400..600).contains(&self.code)
    }

    /// The enhanced status code at the start of the text (RFC 2034 section 4).
    pub(super) fn enhanced(&self) -> Option<&str> {
        let word = self.lines.first()?.split(' ').next()?;
        let numbers: Vec<_> = word.split('.').collect();
        let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        (numbers.len() == 3 && numbers.iter().all(numeric)).then_some(word)
    }
}

impl Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.lines.join(" "))
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        Broken::Cut(error)
    }
}
