//! A relay that plays scripts, byte for byte, on a loopback port.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use watchpost::config::settings::{SecretSource, Security, Server, Smtp};
use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::letter::{AutoSubmitted, Letter, LetterId};
use watchpost::desk::message::MessageId;
use watchpost::desk::outbox::Outcome;
use watchpost::desk::time::Moment;
use watchpost::io::password::Password;
use watchpost::io::smtp::{compose, start};

/// What the relay does next.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// It must hear exactly these bytes.
    Hear(Vec<u8>),
    /// It says this.
    Say(Vec<u8>),
    /// It closes the connection.
    Cut,
    /// It says nothing until the client gives up.
    Stall,
    /// It says this only when the client has given up.
    Late(Vec<u8>),
    /// The client closes the connection without another word.
    End,
    /// It says 250 to whatever comes, until the client is gone.
    Nod,
}

pub(super) fn hear(text: impl Into<Vec<u8>>) -> Act {
    Act::Hear(text.into())
}

pub(super) fn say(text: impl Into<Vec<u8>>) -> Act {
    Act::Say(text.into())
}

/// A relay on a port of its own: the nth connection gets the nth script.
pub(super) struct Relay {
    pub(super) port: u16,
    done: JoinHandle<()>,
}

impl Relay {
    pub(super) async fn start(scripts: Vec<Vec<Act>>) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let done = tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                play(stream, script).await;
            }
        });
        Relay { port, done }
    }

    /// Every script was played to its end.
    pub(super) async fn finished(self) {
        timeout(Duration::from_secs(10), self.done)
            .await
            .expect("the client stopped early")
            .unwrap();
    }
}

pub(super) async fn play(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Vec<Act>) {
    for act in script {
        match act {
            Act::Hear(expected) => {
                let mut heard = vec![0; expected.len()];
                let mut length = 0;
                while length < heard.len() {
                    match stream.read(&mut heard[length..]).await {
                        Ok(0) | Err(_) => break,
                        Ok(more) => length += more,
                    }
                    if !expected.starts_with(&heard[..length]) {
                        break;
                    }
                }
                let heard = String::from_utf8_lossy(&heard[..length]).into_owned();
                assert_eq!(heard, String::from_utf8_lossy(&expected));
            }
            Act::Say(text) => stream.write_all(&text).await.unwrap(),
            Act::Cut => return,
            Act::Stall | Act::End => {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                assert_eq!(String::from_utf8_lossy(&rest), "");
            }
            Act::Late(text) => {
                let _ = stream.read_to_end(&mut Vec::new()).await;
                let _ = stream.write_all(&text).await;
            }
            Act::Nod => {
                let mut bytes = [0; 4096];
                while let Ok(1..) = stream.read(&mut bytes).await {
                    if stream.write_all(b"250\r\n").await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

pub(super) const EHLO: &str = "EHLO [127.0.0.1]\r\n";
pub(super) const AUTH: &str = "AUTH PLAIN AGRlc2sAc2VjcmV0\r\n";

/// Greeting, EHLO and login.
pub(super) fn opening() -> Vec<Act> {
    vec![
        say("220 relay.example ESMTP\r\n"),
        hear(EHLO),
        say("250-relay.example hello\r\n250-SIZE 100000\r\n250 AUTH LOGIN PLAIN\r\n"),
        hear(AUTH),
        say("235 2.7.0 welcome\r\n"),
    ]
}

/// One letter, as it goes over the wire.
pub(super) fn sending(letter: &Letter) -> Vec<Act> {
    let text = compose(letter).unwrap();
    vec![
        hear(format!("MAIL FROM:<{}> SIZE={}\r\n", letter.envelope_from, text.len())),
        say("250 2.1.0 ok\r\n"),
        hear(format!("RCPT TO:<{}>\r\n", letter.to.address)),
        say("250 2.1.5 ok\r\n"),
        hear("DATA\r\n"),
        say("354 go ahead\r\n"),
        hear(wire(letter)),
        say("250 2.0.0 queued as 7F3A\r\n"),
    ]
}

/// The text with its dots doubled, and the dot that ends it (RFC 5321 section 4.5.2).
pub(super) fn wire(letter: &Letter) -> String {
    let text = String::from_utf8(compose(letter).unwrap()).unwrap();
    text.replace("\r\n.", "\r\n..") + ".\r\n"
}

pub(super) fn goodbye() -> Vec<Act> {
    vec![hear("QUIT\r\n"), say("221 bye\r\n")]
}

pub(super) fn letter(id: &str) -> Letter {
    let mailbox = |name: &str, address: &str| Mailbox {
        name: name.to_owned(),
        address: Address::parse(address).unwrap(),
    };
    Letter {
        id: LetterId(id.to_owned()),
        inbox: "express".to_owned(),
        message_id: MessageId::parse("w1.k5j2@acorn.example").unwrap(),
        date: Moment::parse_rfc3339("2026-09-01T17:11:00Z").unwrap(),
        from: mailbox("Acorn Security", "security@acorn.example"),
        to: mailbox("Ann", "ann@reporter.example"),
        reply_to: None,
        envelope_from: Address::parse("security+b7@acorn.example").unwrap(),
        subject: "[EXP-2026-0007] We have your report".to_owned(),
        in_reply_to: MessageId::parse("r1@reporter.example"),
        references: vec![MessageId::parse("r1@reporter.example").unwrap()],
        auto_submitted: AutoSubmitted::AutoReplied,
        body: "Thank you.\n.\n..dots\n\nAcorn\n".to_owned(),
    }
}

pub(super) fn settings(port: u16, security: Security, ca: Option<PathBuf>) -> Smtp {
    let login = Some(("desk".to_owned(), SecretSource::Credential("smtp".to_owned())));
    let timeout = Duration::from_secs(5);
    let server = Server { host: "127.0.0.1".to_owned(), port, security, ca, timeout };
    Smtp { server, login, connections: 1 }
}

pub(super) fn secret() -> Password {
    Arc::new(|| Box::pin(async { Ok(SecretString::from("secret")) }))
}

/// Sends the letters one after the other, each when the one before has its outcome, and closes.
pub(super) async fn send(smtp: Smtp, letters: Vec<Letter>) -> Vec<Outcome> {
    let (outcomes, mut results) = mpsc::channel(1);
    let input = start(smtp, secret(), outcomes, None);
    let mut all = Vec::new();
    for letter in letters {
        let id = letter.id.clone();
        input.send(letter).await.unwrap();
        let result = timeout(Duration::from_secs(10), results.recv()).await.unwrap();
        let tried = result.unwrap();
        assert_eq!(tried.letter, id);
        all.push(tried.outcome);
    }
    drop(input);
    let rest = timeout(Duration::from_secs(10), results.recv()).await.unwrap();
    assert!(rest.is_none(), "one outcome a letter: {rest:?}");
    all
}
