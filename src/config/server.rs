//! `[imap]` and `[smtp]`: where the mail is, and how we get in.

use std::net::IpAddr;
use std::time::Duration;

use super::error::shown;
use super::reader::{Item, Table};
use super::settings::{Imap, SecretSource, Security, Server, Smtp, Special};
use super::{password, value};
use crate::desk::time::Span;

/// What is usual for one protocol.
struct Protocol {
    host: &'static str,
    tls: u16,
    /// STARTTLS and clear text use the same port, except for SMTP.
    starttls: u16,
    none: u16,
    timeout: Span,
}

const IMAP: Protocol = Protocol {
    host: "host = \"imap.project.example\"",
    tls: 993,
    starttls: 143,
    none: 143,
    timeout: Span::seconds(60),
};

const SMTP: Protocol = Protocol {
    host: "host = \"smtp.project.example\"",
    tls: 465,
    starttls: 587,
    none: 25,
    timeout: Span::seconds(30),
};

impl Protocol {
    fn port(&self, security: Security) -> u16 {
        match security {
            Security::Tls => self.tls,
            Security::StartTls => self.starttls,
            Security::None => self.none,
        }
    }
}

/// Reads `[imap]`.
pub(super) fn imap(table: &Table<'_>) -> Option<Imap> {
    let server = server(table, &IMAP);
    let user = table.need("user", USER, value::line);
    let password = table.need("password", password::EXAMPLE, password::source);
    let folders = table.or("folders", vec!["INBOX".to_owned()], folders);
    let poll = table.or("poll", Span::minutes(5), |item| {
        // RFC 9051 section 5.4 lets a server log us out after 30 minutes of silence.
        value::span(item, Span::seconds(10), Span::minutes(29))
    });
    let sent = table.or("sent", Special::Found, special);
    let junk = table.or("junk", Special::Found, special);
    let copies = table.or("copies", false, Item::truth);
    let takeover = table.or("takeover", Span::minutes(10), |item| {
        value::span(item, Span::seconds(10), Span::hours(24))
    });
    let (folders, sent, junk) = (folders?, sent?, junk?);
    if table.is_whole() {
        one_role_each(table, &folders, &sent, &junk)?;
    }
    Some(Imap {
        server: server?,
        user: user?,
        password: password?,
        folders,
        sent,
        junk,
        copies: copies?,
        poll: Duration::from_secs(poll?.as_seconds()),
        takeover: takeover?,
    })
}

const USER: &str = "user = \"security@project.example\"";

/// Reads `[smtp]`.
pub(super) fn smtp(table: &Table<'_>) -> Option<Smtp> {
    let server = server(table, &SMTP);
    let login = login(table);
    let connections = table
        .or("connections", 2, |item| value::number(item, "within bounds", 1, 16))
        .and_then(|number| usize::try_from(number).ok());
    Some(Smtp { server: server?, login: login?, connections: connections? })
}

#[expect(clippy::option_option, reason = "no login is not the same as a wrong one")]
fn login(table: &Table<'_>) -> Option<Option<(String, SecretSource)>> {
    let user = table.optional("user", value::line);
    let password = table.optional("password", password::source);
    match (user?, password?) {
        (Some(user), Some(password)) => Some(Some((user, password))),
        (None, None) => Some(None),
        _ if !table.is_whole() => None,
        (Some(_), None) => {
            let told = "no password goes with it; write both, or neither".to_owned();
            table.lacks("password", password::SMTP_EXAMPLE, "user", told)
        }
        (None, Some(_)) => {
            let told = "no user goes with it; write both, or neither".to_owned();
            table.lacks("user", USER, "password", told)
        }
    }
}

fn server(table: &Table<'_>, protocol: &Protocol) -> Option<Server> {
    let host = table.need("host", protocol.host, value::host);
    let port = table.optional("port", value::port);
    let security = table.or("security", Security::Tls, |item| {
        let words =
            [("tls", Security::Tls), ("starttls", Security::StartTls), ("none", Security::None)];
        value::choice(item, &words)
    });
    let ca = table.optional("ca", value::path);
    let timeout = table.or("timeout", protocol.timeout, |item| {
        value::span(item, Span::seconds(5), Span::minutes(10))
    });
    let security = security?;
    let server = Server {
        host: host?,
        port: port?.unwrap_or_else(|| protocol.port(security)),
        security,
        ca: ca?,
        timeout: Duration::from_secs(timeout?.as_seconds()),
    };
    if table.is_whole() { secured(table, protocol, server) } else { None }
}

/// Refuses what would tell a password to the network, or would wait in vain for a handshake.
fn secured(table: &Table<'_>, protocol: &Protocol, server: Server) -> Option<Server> {
    if is_loopback(&server.host) {
        return Some(server);
    }
    let usual = [protocol.tls, protocol.starttls, protocol.none];
    match server.security {
        Security::None => table.refuse(
            "security",
            "\"none\" sends the password and the reports in clear text; \
             it is only for localhost, so write \"tls\" or \"starttls\"",
        ),
        Security::Tls if server.port != protocol.tls && usual.contains(&server.port) => table
            .refuse(
                "port",
                format_args!(
                    "{} is the port for STARTTLS or clear text; write security = \"starttls\", \
                     or port = {}",
                    server.port, protocol.tls
                ),
            ),
        Security::StartTls if server.port == protocol.tls => table.refuse(
            "port",
            format_args!(
                "{} is the port for TLS; write security = \"tls\", or port = {}",
                server.port, protocol.starttls
            ),
        ),
        _ => Some(server),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn folders(item: &Item<'_>) -> Option<Vec<String>> {
    let mut folders: Vec<String> = Vec::new();
    let mut right = true;
    for item in item.list("folders = [\"INBOX\"]")? {
        let name = folder(&item).and_then(|name| {
            let twice = folders.contains(&name);
            if twice { item.refuse("the same folder stands in the list twice") } else { Some(name) }
        });
        right &= name.is_some();
        folders.extend(name);
    }
    right.then_some(folders)
}

/// The folder for sent mail or for junk.
fn special(item: &Item<'_>) -> Option<Special> {
    match item.as_bool() {
        Some(false) => Some(Special::Off),
        Some(true) => item.refuse(
            "true stands here; write the name of a folder, or false; \
             without this key the folder is looked for",
        ),
        None if item.as_text().is_none() => item.refuse(format_args!(
            "{} stands here; write the name of a folder in quotes, or false",
            item.what()
        )),
        None => folder(item).map(Special::Named),
    }
}

/// A folder is watched for one thing only.
fn one_role_each(
    table: &Table<'_>,
    folders: &[String],
    sent: &Special,
    junk: &Special,
) -> Option<()> {
    for (key, special) in [("sent", sent), ("junk", junk)] {
        if let Special::Named(name) = special
            && folders.contains(name)
        {
            let told = format!(
                "\"{}\" stands in `folders` as well; keep it in one of the two",
                shown(name)
            );
            return table.refuse(key, told);
        }
    }
    match sent {
        Special::Named(name) if sent == junk => {
            table.refuse("junk", format_args!("\"{}\" is `sent` already", shown(name)))
        }
        _ => Some(()),
    }
}

fn folder(item: &Item<'_>) -> Option<String> {
    let name = value::line(item)?;
    if name.contains(['*', '%']) {
        return item.refuse("`*` and `%` are no part of a name; write each folder by its name");
    }
    // RFC 9051 section 5.1: INBOX is INBOX in any case; other names are as they are.
    Some(if name.eq_ignore_ascii_case("inbox") { "INBOX".to_owned() } else { name })
}
