//! TLS with a private authority, and everything that can be wrong with it.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::io::BufReader;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use watchpost::config::settings::{Imap, Security};
use watchpost::io::tls::{Error, Stream, connect};

use super::server::*;

/// A private authority and a server's certificate from it.
struct Trust {
    folder: TempDir,
    acceptor: TlsAcceptor,
}

impl Trust {
    fn new(name: &str, until_year: i32) -> Trust {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &ca).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Trust { folder, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn account(&self, door: &Door, security: Security) -> Imap {
        let mut account = door.account();
        account.server.security = security;
        account.server.ca = Some(self.ca());
        account.folders.clear();
        account
    }
}

/// What a handshake with this certificate fails with.
async fn failure(trust: &Trust, change: impl FnOnce(&mut Imap)) -> String {
    let door = Door::open().await;
    let mut account = trust.account(&door, Security::Tls);
    change(&mut account);
    let server = async {
        let peer = door.accept().await;
        let _ = trust.acceptor.accept(peer.stream.into_inner()).await;
    };
    tokio::select! {
        (found, ()) = async { tokio::join!(connect(&account.server), server) } => {
            found.unwrap_err().to_string()
        }
        () = tokio::time::sleep(PATIENCE) => panic!("no end in time"),
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_its_file() {
    let (door, trust) = (Door::open().await, Trust::new("127.0.0.1", 2090));
    let account = trust.account(&door, Security::Tls);
    let server = async {
        let peer = door.accept().await;
        let tls = trust.acceptor.accept(peer.stream.into_inner()).await.unwrap();
        let mut peer = Peer { stream: BufReader::new(tls) };
        peer.log_in(ALL).await;
        peer.answer("LOGOUT", "").await;
    };
    let (found, ()) = tokio::join!(probing(&account), server);
    assert!(found.unwrap().idle);
}

#[tokio::test]
async fn after_starttls_nothing_that_was_said_in_clear_text_counts() {
    let (door, trust) = (Door::open().await, Trust::new("127.0.0.1", 2090));
    let account = trust.account(&door, Security::StartTls);
    let server = async {
        let mut peer = door.accept().await;
        peer.say("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\r\n").await;
        let tag = peer.expect("STARTTLS").await;
        // Whoever sits on the line adds an answer of their own.
        let forged = "* CAPABILITY IMAP4rev1 IDLE\r\nW1 OK forged\r\n";
        peer.say(format!("{tag} OK begin\r\n{forged}")).await;
        let tls = trust.acceptor.accept(peer.stream.into_inner()).await.unwrap();
        let mut peer = Peer { stream: BufReader::new(tls) };
        peer.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n").await;
        let tag = peer.expect("AUTHENTICATE PLAIN").await;
        peer.say("+ \r\n").await;
        assert_eq!(peer.line().await, "AGRlc2sAc2VjcmV0");
        peer.say(format!("{tag} OK [CAPABILITY IMAP4rev1] in\r\n")).await;
        peer.answer("LOGOUT", "").await;
    };
    let (found, ()) = tokio::join!(probing(&account), server);
    assert!(!found.unwrap().idle);
}

#[tokio::test]
async fn a_bad_certificate_is_told_with_what_to_do() {
    let good = Trust::new("127.0.0.1", 2090);
    let error = failure(&good, |account| account.server.ca = None).await;
    assert!(error.contains("unknown authority") && error.contains("`ca`"), "{error}");
    let error = failure(&Trust::new("127.0.0.1", 2021), |_| {}).await;
    assert!(error.contains("has expired"), "{error}");
    let error = failure(&Trust::new("mail.example", 2090), |_| {}).await;
    assert!(error.contains("for another name"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_on_that_port_is_told_apart() {
    let (door, trust) = (Door::open().await, Trust::new("127.0.0.1", 2090));
    let account = trust.account(&door, Security::Tls);
    let server = async {
        let mut peer = door.accept().await;
        peer.say("* OK hello, this is clear text\r\n").await;
        peer
    };
    let (found, _) = tokio::join!(connect(&account.server), server);
    let error = found.unwrap_err().to_string();
    assert!(error.contains("`starttls`"), "{error}");
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named() {
    let trust = Trust::new("127.0.0.1", 2090);
    let broken = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
    let noise = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, expected) in [
        (Some(""), "holds no PEM block"),
        (Some(broken), "not well-formed PEM"),
        (Some(noise), "no root certificate"),
        (None, "No such file"),
    ] {
        match content {
            Some(content) => std::fs::write(trust.ca(), content).unwrap(),
            None => std::fs::remove_file(trust.ca()).unwrap(),
        }
        let error = failure(&trust, |_| {}).await;
        assert!(error.contains("ca.pem") && error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn clear_text_is_spoken_to_this_machine_only() {
    let door = Door::open().await;
    let mut server = door.account().server;
    let (stream, _peer) = tokio::join!(connect(&server), door.accept());
    assert!(matches!(stream.unwrap(), Stream::Plain(_)));
    for host in ["192.0.2.1", "::ffff:192.0.2.1", "0.0.0.0"] {
        server.host = host.into();
        let error = connect(&server).await.unwrap_err();
        assert!(matches!(error, Error::ClearText { .. }), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_port() {
    let mut server = Door::open().await.account().server;
    let error = connect(&server).await.unwrap_err().to_string();
    assert!(error.contains("cannot connect to 127.0.0.1 port"), "{error}");
    server.host = "no-such-host.invalid".into();
    let error = connect(&server).await.unwrap_err().to_string();
    assert!(error.contains("cannot find the address of no-such-host.invalid"), "{error}");
}

#[tokio::test]
async fn without_any_root_certificate_the_operator_is_told_what_to_install() {
    // Roots come from the environment, which only a process of its own can have changed.
    if std::env::var_os("WITHOUT_ROOTS").is_some() {
        let trust = Trust::new("127.0.0.1", 2090);
        println!("said: {}", failure(&trust, |account| account.server.ca = None).await);
        return;
    }
    let nothing = tempfile::tempdir().unwrap();
    let test = "tls::without_any_root_certificate_the_operator_is_told_what_to_install";
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", test])
        .env("WITHOUT_ROOTS", "1")
        .env("SSL_CERT_DIR", nothing.path())
        .env_remove("SSL_CERT_FILE")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("install the package ca-certificates, or set `ca`"), "{said}");
}
