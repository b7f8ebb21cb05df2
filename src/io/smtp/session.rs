//! One logged-in connection to the relay: opening it, sending letters over it, closing it.
//!
//! lettre makes the commands. It does not carry the conversation: its reader takes no code above
//! x5x, no reply without a text and no Latin-1, its timeout covers the connect only, it keeps what
//! it had buffered over STARTTLS, hides SIZE, and does not tell whether the connection was cut
//! before the end of the text or after.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Noop, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use secrecy::{ExposeSecret as _, SecretString};

use super::compose::{ComposeError, address, compose};
use super::dialogue::{Broken, Dialogue, Reply};
use super::doubt::{Doubt, OneAtATime};
use super::outcome::{Failure, Step};
use crate::config::settings::{Security, Server, Smtp};
use crate::desk::letter::Letter;
use crate::io::password::{Password, without};
use crate::io::tls;

/// The answer to the end of the text may take this many times as long as any other: giving up too
/// early sends a letter twice (RFC 5321 section 4.5.3.2.6).
const PATIENCE: u32 = 10;

/// A letter may wait this many times as long for its turn to be ended: a server waits five minutes
/// for more text (RFC 5321 section 4.5.3.2.7).
const TURN: u32 = 4;

/// Nobody waits long for a goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// An open connection, logged in.
#[derive(Debug)]
pub(super) struct Session {
    dialogue: Dialogue,
    pub(super) features: Features,
    limit: Duration,
}

/// What the server offers: the keywords of its answer to EHLO, each with its parameters, all in
/// upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Features(BTreeMap<String, Vec<String>>);

impl Session {
    /// Connects, secures the connection as configured, and logs in.
    pub(super) async fn open(relay: &Smtp, secret: &Password) -> Result<Session, Failure> {
        let server = &relay.server;
        let stream = tls::connect(server).await?;
        let mut dialogue = Dialogue::new(stream, server.timeout);
        let greeting = dialogue.reply(server.timeout).await;
        let greeting = greeting.map_err(|broken| no_greeting(server, broken))?;
        done(Step::Greeting, greeting)?;
        let mut features = hello(&mut dialogue).await?;
        if server.security == Security::StartTls {
            dialogue = secured(server, dialogue, &features).await?;
            // What was offered in the clear is void (RFC 3207 section 4.2).
            features = hello(&mut dialogue).await?;
        }
        let mut session = Session { dialogue, features, limit: server.timeout };
        if let Some((user, _)) = &relay.login {
            session.log_in(server, user, secret).await?;
        }
        Ok(session)
    }

    /// Hands over one letter, the end of it when its turn has come. Returns what the server said to it.
    pub(super) async fn deliver(
        &mut self,
        letter: &Letter,
        one: &OneAtATime,
        doubt: &mut Option<Doubt>,
    ) -> Result<Reply, Failure> {
        let text = compose(letter)?;
        let mail = self.mail(letter, &text)?;
        let recipient = Rcpt::new(address("recipient", &letter.to.address)?, vec![]);
        if self.features.offer("PIPELINING") {
            self.announce_in_one_go(mail, recipient).await?;
        } else {
            self.ask(Step::Sender, mail).await?;
            self.ask(Step::Recipient, recipient).await?;
            self.ask(Step::Data, Data).await?;
        }
        let sent = self.dialogue.write(&dotted(&text)).await;
        sent.map_err(|broken| Failure::Broken(Step::Text, broken))?;
        *doubt = Some(one.turn(self.limit.saturating_mul(TURN)).await.ok_or(Failure::NoTurn)?);
        let ended = self.end_of_text().await;
        if let Err(Failure::Refused(..)) = ended {
            *doubt = None;
        }
        ended
    }

    /// MAIL, RCPT and DATA together, three ways there and back in one (RFC 2920): each is answered, also
    /// after one that was refused.
    async fn announce_in_one_go(&mut self, mail: Mail, recipient: Rcpt) -> Result<Reply, Failure> {
        let sender = self.ask(Step::Sender, format!("{mail}{recipient}{Data}")).await;
        if let Err(Failure::Broken(..)) = sender {
            return sender;
        }
        let recipient = self.answer(Step::Recipient).await;
        let text = self.answer(Step::Data).await;
        if let (Err(Failure::Refused(_, no)), Ok(_)) = (&recipient, &text)
            && no.is_refusal()
        {
            // It asks for a text that is for nobody (RFC 2920 section 3.1).
            let _ = self.end_of_text().await;
        }
        sender.and(recipient).and(text)
    }

    /// Whether the server may have heard only the first of what it was told in one go: firewalls in front
    /// of servers do so.
    pub(super) fn was_not_heard(&self, failure: &Failure) -> bool {
        let Failure::Broken(step, Broken::Silent(_)) = failure else { return false };
        (Step::Recipient..=Step::Data).contains(step) && self.features.offer("PIPELINING")
    }

    /// Tells the server one thing at a time, whatever it offers.
    pub(super) fn speak_one_by_one(&mut self) {
        self.features.0.remove("PIPELINING");
    }

    /// From here on nobody knows whether the letter was sent, until the answer comes.
    async fn end_of_text(&mut self) -> Result<Reply, Failure> {
        let early = self.dialogue.is_silent();
        early.map_err(|broken| Failure::Broken(Step::Text, broken))?;
        let answer = async {
            self.dialogue.write(b".\r\n").await?;
            self.dialogue.reply(self.limit.saturating_mul(PATIENCE)).await
        };
        done(Step::End, answer.await.map_err(|broken| Failure::Broken(Step::End, broken))?)
    }

    /// Ends a transaction that was refused half-way; the answer tells whether the connection lives.
    pub(super) async fn reset(&mut self) -> bool {
        self.dialogue.command(Rset).await.is_ok_and(|reply| reply.is_done())
    }

    /// Whether the server is still there.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.dialogue.command(Noop).await.is_ok_and(|reply| reply.is_done())
    }

    /// Says goodbye; the connection is closed whatever the answer.
    pub(super) async fn quit(mut self) {
        let _ = tokio::time::timeout(GOODBYE, self.dialogue.command(Quit)).await;
    }

    /// MAIL with what the server must know beforehand; what it cannot take is not tried.
    fn mail(&self, letter: &Letter, text: &[u8]) -> Result<Mail, Failure> {
        let (bytes, mut parameters) = (text.len(), Vec::new());
        if let Some(most) = self.features.largest().filter(|most| bytes > *most) {
            return Err(Failure::Letter(format!("{bytes} bytes, and the server takes {most}")));
        }
        if self.features.offer("SIZE") {
            parameters.push(MailParameter::Size(bytes));
        }
        let addresses = [&letter.envelope_from, &letter.from.address, &letter.to.address];
        if addresses.iter().any(|address| !address.local().is_ascii()) {
            if !self.features.take_utf8() {
                let text = "an address that is not ASCII, and the server lacks SMTPUTF8";
                return Err(Failure::Letter(text.to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(Mail::new(Some(address("envelope sender", &letter.envelope_from)?), parameters))
    }

    async fn log_in(
        &mut self,
        server: &Server,
        user: &str,
        secret: &Password,
    ) -> Result<(), Failure> {
        let offered = |mechanism: &Mechanism| self.features.offer_login(*mechanism);
        let Some(mechanism) = [Mechanism::Plain, Mechanism::Login].into_iter().find(offered) else {
            let host = &server.host;
            return Err(Failure::Setup(format!("{host} offers neither AUTH PLAIN nor AUTH LOGIN")));
        };
        let password = secret().await.map_err(Failure::Setup)?;
        if user.contains('\0') || password.expose_secret().contains('\0') {
            return Err(Failure::Setup("a login cannot hold a NUL character".to_owned()));
        }
        let said = self.log_in_by(mechanism, user, &password).await;
        said.map_err(|failure| failure.map_text(|text| without(text, user, &password)))
    }

    async fn log_in_by(
        &mut self,
        mechanism: Mechanism,
        user: &str,
        password: &SecretString,
    ) -> Result<(), Failure> {
        let login = Credentials::new(user.to_owned(), password.expose_secret().to_owned());
        let odd = |_| Failure::Setup("the server asks for a login in an unknown way".to_owned());
        let mut command = Auth::new(mechanism, login.clone(), None).map_err(odd)?;
        // LOGIN asks for two things.
        for _ in 0..3 {
            let reply = self.exchange(Step::Login, command).await?;
            if reply.code != 334 {
                return done(Step::Login, reply).map(drop);
            }
            let challenge = format!("334 {}\r\n", reply.lines.concat());
            let challenge = challenge.parse().map_err(odd)?;
            command = Auth::new_from_response(mechanism, login.clone(), &challenge).map_err(odd)?;
        }
        Err(Failure::Setup("the server asks on and on for the login".to_owned()))
    }

    async fn ask(&mut self, step: Step, command: impl Display) -> Result<Reply, Failure> {
        done(step, self.exchange(step, command).await?)
    }

    async fn answer(&mut self, step: Step) -> Result<Reply, Failure> {
        let reply = self.dialogue.reply(self.limit).await;
        done(step, reply.map_err(|broken| Failure::Broken(step, broken))?)
    }

    async fn exchange(&mut self, step: Step, command: impl Display) -> Result<Reply, Failure> {
        exchange(&mut self.dialogue, step, command).await
    }
}

async fn exchange(
    dialogue: &mut Dialogue,
    step: Step,
    command: impl Display,
) -> Result<Reply, Failure> {
    dialogue.command(command).await.map_err(|broken| Failure::Broken(step, broken))
}

fn no_greeting(server: &Server, broken: Broken) -> Failure {
    match broken {
        Broken::Silent(_) if server.security != Security::Tls => {
            Failure::Unreachable(format!("greeting: {broken}: {}", tls::SAYS_NOTHING))
        }
        broken => Failure::Broken(Step::Greeting, broken),
    }
}

fn done(step: Step, reply: Reply) -> Result<Reply, Failure> {
    let done = if step == Step::Data { reply.code == 354 } else { reply.is_done() };
    if done { Ok(reply) } else { Err(Failure::Refused(step, reply)) }
}

/// Our own name is an address literal that tells nothing of the network we are in; submission
/// servers ask for a login, not for a name.
async fn hello(dialogue: &mut Dialogue) -> Result<Features, Failure> {
    let reply = exchange(dialogue, Step::Hello, Ehlo::new(ClientId::default())).await?;
    done(Step::Hello, reply).map(|reply| Features::read(&reply))
}

async fn secured(
    server: &Server,
    mut dialogue: Dialogue,
    features: &Features,
) -> Result<Dialogue, Failure> {
    if !features.offer("STARTTLS") {
        let host = &server.host;
        return Err(Failure::Setup(format!("{host} offers no STARTTLS: nothing was sent to it")));
    }
    let reply = exchange(&mut dialogue, Step::StartTls, Starttls).await?;
    done(Step::StartTls, reply)?;
    let clear = dialogue.into_stream().map_err(|b| Failure::Broken(Step::StartTls, b))?;
    let stream = tls::upgrade(server, clear).await?;
    Ok(Dialogue::new(stream, server.timeout))
}

impl Features {
    /// The first line is the server's name. Keywords are written in any case (RFC 5321 section
    /// 4.1.1.1), and old servers write `AUTH=`.
    fn read(reply: &Reply) -> Features {
        let mut features = Features::default();
        for line in reply.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase().replace("AUTH=", "AUTH ");
            let mut words = line.split_whitespace().map(str::to_owned);
            if let Some(keyword) = words.next() {
                features.0.entry(keyword).or_default().extend(words);
            }
        }
        features
    }

    fn offer(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    fn offer_login(&self, mechanism: Mechanism) -> bool {
        self.0.get("AUTH").is_some_and(|offered| offered.contains(&mechanism.to_string()))
    }

    /// Whether addresses need not be ASCII. Such an address makes the header 8-bit as well, so one
    /// extension is no use without the other (RFC 6531 section 3.1).
    pub(super) fn take_utf8(&self) -> bool {
        self.offer("SMTPUTF8") && self.offer("8BITMIME")
    }

    /// The largest mail in bytes, where there is a limit (RFC 1870 section 4).
    pub(super) fn largest(&self) -> Option<usize> {
        let most = self.0.get("SIZE")?.first()?.parse().ok();
        most.filter(|most| *most > 0)
    }
}

/// The text as it travels: a line that begins with a dot gets another (RFC 5321 section 4.5.2).
/// It ends in CRLF, so that the final dot stands on a line of its own.
fn dotted(text: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(text.len() + 64);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire
}

impl From<tls::Error> for Failure {
    fn from(error: tls::Error) -> Failure {
        use tls::Error::{Connect, Resolve, Timeout};
        let text = error.to_string();
        match error {
            Resolve { .. } | Connect { .. } | Timeout { .. } => Failure::Unreachable(text),
            _ => Failure::Setup(text),
        }
    }
}

impl From<ComposeError> for Failure {
    fn from(error: ComposeError) -> Failure {
        Failure::Letter(error.to_string())
    }
}
