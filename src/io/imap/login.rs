//! From an address to a session that is logged in.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::error::Error;
use super::gate::Gate;
use super::quoting::quoted;
use super::session::{Session, Step, limited, refusal};
use super::wire::{Answer, Code, Said, Status, Wire};
use crate::config::settings::{Imap, Security};
use crate::io::password::{Password, plain, without};
use crate::io::tls;

/// Connects, secures the connection as configured, and logs in.
pub(super) async fn open(
    account: &Imap,
    password: &Password,
    gate: &Gate,
) -> Result<Session, Error> {
    gate.check().await?;
    let stream = tls::connect(&account.server).await?;
    let mut session = Session::new(Wire::new(stream), account.server.timeout);
    let mut known = greeting(&mut session).await.map_err(|error| match error {
        Error::Silent { after, .. } if account.server.security != Security::Tls => {
            Error::SaysNothing { after }
        }
        error => error,
    })?;
    if account.server.security == Security::StartTls {
        session = start_tls(session, account, known).await?;
        // What was said in clear text is forgotten (RFC 3501 section 6.2.1).
        known = Known::default();
    }
    if !known.capabilities {
        session.ask_capabilities().await?;
    }
    if !known.logged_in {
        let password = limited(account.server.timeout, "reading the password", async {
            password().await.map_err(Error::Password)
        })
        .await?;
        let login = async {
            let refused = |error: Error| error.map_text(|t| without(t, &account.user, &password));
            log_in(&mut session, &account.user, &password).await.map_err(refused)
        };
        gate.pass(login).await?;
    }
    Ok(session)
}

/// What the greeting has told.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    capabilities: bool,
    logged_in: bool,
}

async fn greeting(session: &mut Session) -> Result<Known, Error> {
    let limit = session.limit;
    let said = limited(limit, "the greeting", session.step()).await?;
    let Step::Answer(Answer::Untagged(said)) = said else {
        return Err(Error::NotImap);
    };
    if !matches!(said.status, Status::Ok | Status::Preauth) {
        return Err(refusal("the greeting", said));
    }
    let logged_in = said.status == Status::Preauth;
    Ok(Known { capabilities: take_capabilities(session, said), logged_in })
}

fn take_capabilities(session: &mut Session, said: Said) -> bool {
    let Some(Code::Capabilities(all)) = said.code else { return false };
    session.capabilities = all;
    true
}

async fn start_tls(mut session: Session, account: &Imap, known: Known) -> Result<Session, Error> {
    if !known.capabilities {
        session.ask_capabilities().await?;
    }
    // A session that is open in clear text cannot be secured any more (RFC 9051 section 11.3).
    if known.logged_in || !session.can("STARTTLS") {
        return Err(Error::NoStartTls);
    }
    session.run("STARTTLS", "STARTTLS", |_| {}).await?;
    let stream = tls::upgrade(&account.server, session.wire.into_stream()).await?;
    Ok(Session::new(Wire::new(stream), session.limit))
}

async fn log_in(session: &mut Session, user: &str, password: &SecretString) -> Result<(), Error> {
    let limit = session.limit;
    let plain = session.can("AUTH=PLAIN");
    if !plain && session.can("LOGINDISABLED") {
        return Err(Error::NoLogin);
    }
    let said = if plain {
        limited(limit, "AUTHENTICATE", authenticate(session, user, password)).await?
    } else {
        limited(limit, "LOGIN", login(session, user, password)).await?
    };
    // What a server can do is another matter after the login.
    session.capabilities.clear();
    if !take_capabilities(session, said) {
        session.ask_capabilities().await?;
    }
    Ok(())
}

/// SASL PLAIN (RFC 4616): UTF-8 and any character but NUL.
async fn authenticate(
    session: &mut Session,
    user: &str,
    password: &SecretString,
) -> Result<Said, Error> {
    if user.contains('\0') || password.expose_secret().contains('\0') {
        return Err(Error::Word("a user name or password"));
    }
    let token = plain(user, password);
    if session.can("SASL-IR") {
        let command = Zeroizing::new(format!("AUTHENTICATE PLAIN {}", *token));
        session.begin("AUTHENTICATE", &command).await?;
    } else {
        session.begin("AUTHENTICATE", "AUTHENTICATE PLAIN").await?;
        invited(session).await?;
        session.wire.line(&token).await?;
    }
    verdict(session).await
}

/// LOGIN (RFC 3501 section 6.2.3), with literals where a quoted string does not do.
async fn login(session: &mut Session, user: &str, password: &SecretString) -> Result<Said, Error> {
    let password = password.expose_secret();
    if let (Some(user), Some(password)) = (quoted(user), quoted(password)) {
        let password = Zeroizing::new(password);
        let command = Zeroizing::new(format!("LOGIN {user} {}", *password));
        session.begin("LOGIN", &command).await?;
        return verdict(session).await;
    }
    if user.contains('\0') || password.contains('\0') {
        return Err(Error::Word("a user name or password"));
    }
    session.begin("LOGIN", &format!("LOGIN {{{}}}", user.len())).await?;
    invited(session).await?;
    session.wire.line(&format!("{user} {{{}}}", password.len())).await?;
    invited(session).await?;
    session.wire.line(password).await?;
    verdict(session).await
}

/// Waits until the server asks for more.
async fn invited(session: &mut Session) -> Result<(), Error> {
    loop {
        match session.step().await? {
            Step::Answer(Answer::Continue) => return Ok(()),
            Step::Answer(_) => {}
            Step::End(said) => return Err(not_let_in(said)),
        }
    }
}

async fn verdict(session: &mut Session) -> Result<Said, Error> {
    loop {
        match session.step().await? {
            Step::Answer(Answer::Continue) => return Err(Error::OutOfStep { doing: "the login" }),
            Step::Answer(_) => {}
            Step::End(said) if said.status == Status::Ok => return Ok(said),
            Step::End(said) => return Err(not_let_in(said)),
        }
    }
}

/// RFC 5530 has codes for a server that cannot check the password now.
fn not_let_in(said: Said) -> Error {
    let passing = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"];
    if said.status == Status::No && !passing.iter().any(|code| said.text.starts_with(code)) {
        return Error::LoginRefused { text: said.text };
    }
    refusal("the login", said)
}
