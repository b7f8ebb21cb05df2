//! TLS: nothing secret before it, and nothing from before it counts after it.

use std::io::Write as _;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto};
use watchpost::config::settings::Security;
use watchpost::desk::outbox::Outcome;
use watchpost::io::smtp::probe;

use super::relay::*;

/// A certificate authority of our own and a server certificate by it.
struct Pki {
    ca: tempfile::NamedTempFile,
    acceptor: TlsAcceptor,
}

impl Pki {
    fn for_name(name: &str) -> Pki {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_certificate = params.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(params, ca_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();

        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        ca.write_all(ca_certificate.pem().as_bytes()).unwrap();
        Pki { ca, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

/// Plays `clear` in clear text, then `secret` over TLS.
async fn relay(pki: &Pki, clear: Vec<Act>, secret: Vec<Act>) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = pki.acceptor.clone();
    let done = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        play(&mut stream, clear).await;
        if let Ok(stream) = acceptor.accept(stream).await {
            play(stream, secret).await;
        }
    });
    (port, done)
}

fn starttls() -> Vec<Act> {
    vec![
        say("220 relay.example ESMTP\r\n"),
        hear(EHLO),
        // AUTH in the clear is bait.
        say("250-relay.example\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
        hear("STARTTLS\r\n"),
        say("220 go\r\n"),
    ]
}

fn letters() -> Vec<watchpost::desk::letter::Letter> {
    vec![letter("EXP-2026-0007/acknowledgement")]
}

fn conversation() -> Vec<Act> {
    [opening(), sending(&letters()[0]), goodbye()].concat()
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let pki = Pki::for_name("127.0.0.1");
    let (port, done) = relay(&pki, vec![], conversation()).await;
    let smtp = settings(port, Security::Tls, Some(pki.ca.path().to_owned()));
    let outcomes = send(smtp, letters()).await;
    assert!(matches!(outcomes[0], Outcome::Accepted(_)), "{outcomes:?}");
    done.await.unwrap();
}

#[tokio::test]
async fn starttls_comes_before_the_login_and_ehlo_is_asked_again() {
    let pki = Pki::for_name("127.0.0.1");
    // Over TLS the conversation goes on without a greeting.
    let secret = conversation().split_off(1);
    let (port, done) = relay(&pki, starttls(), secret).await;
    let smtp = settings(port, Security::StartTls, Some(pki.ca.path().to_owned()));
    let outcomes = send(smtp, letters()).await;
    assert!(matches!(outcomes[0], Outcome::Accepted(_)), "{outcomes:?}");
    done.await.unwrap();
}

#[tokio::test]
async fn a_relay_without_starttls_hears_no_login() {
    let script = vec![
        say("220 relay.example ESMTP\r\n"),
        hear(EHLO),
        say("250-relay.example\r\n250 AUTH PLAIN\r\n"),
        Act::End,
    ];
    let relay = Relay::start(vec![script]).await;
    let outcomes = send(settings(relay.port, Security::StartTls, None), letters()).await;
    let detail = "127.0.0.1 offers no STARTTLS: nothing was sent to it".to_owned();
    assert_eq!(outcomes, [Outcome::Configuration(detail)]);
    relay.finished().await;
}

#[tokio::test]
async fn starttls_refused_now_or_for_good() {
    for (reply, now) in [("454 4.7.0 not now\r\n", true), ("501 no\r\n", false)] {
        let mut script = starttls();
        script.pop();
        script.extend([say(reply), Act::End]);
        let relay = Relay::start(vec![script]).await;
        let outcomes = send(settings(relay.port, Security::StartTls, None), letters()).await;
        let right = match &outcomes[0] {
            Outcome::Unreachable(_) => now,
            Outcome::Configuration(_) => !now,
            _ => false,
        };
        assert!(right, "{outcomes:?}");
        relay.finished().await;
    }
}

#[tokio::test]
async fn clear_text_slipped_in_before_tls_ends_the_conversation() {
    let mut script = starttls();
    script.pop();
    script.extend([say("220 go\r\n250 relay.example injected\r\n"), Act::End]);
    let relay = Relay::start(vec![script]).await;
    let outcomes = send(settings(relay.port, Security::StartTls, None), letters()).await;
    let detail = "STARTTLS: not an SMTP reply: clear text was slipped in before TLS".to_owned();
    assert_eq!(outcomes, [Outcome::Unreachable(detail)]);
    relay.finished().await;
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_for_somebody_to_mend() {
    let (trusted, other) = (Pki::for_name("127.0.0.1"), Pki::for_name("other.example"));
    for (server, ca) in [(&trusted, None), (&trusted, Some(&other)), (&other, Some(&other))] {
        for security in [Security::Tls, Security::StartTls] {
            let clear = if security == Security::Tls { vec![] } else { starttls() };
            let (port, done) = relay(server, clear, vec![Act::End]).await;
            let smtp = settings(port, security, ca.map(|pki| pki.ca.path().to_owned()));
            let outcomes = send(smtp, letters()).await;
            let told =
                matches!(&outcomes[0], Outcome::Configuration(t) if t.contains("certificate"));
            assert!(told, "{outcomes:?}");
            done.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_connection_cut_in_the_handshake_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.shutdown().await;
    });
    let outcomes = send(settings(port, Security::Tls, None), letters()).await;
    assert!(matches!(outcomes[0], Outcome::Unreachable(_)), "{outcomes:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_probe_logs_in_and_sends_no_mail() {
    let pki = Pki::for_name("127.0.0.1");
    let (port, done) = relay(&pki, vec![], [opening(), goodbye()].concat()).await;
    let smtp = settings(port, Security::Tls, Some(pki.ca.path().to_owned()));
    let found = probe(&smtp, &secret()).await.unwrap();
    assert!(found.encrypted && found.logged_in && !found.takes_utf8);
    assert_eq!(found.largest, Some(100_000));
    done.await.unwrap();
}

#[tokio::test]
async fn a_probe_says_whether_it_may_pass() {
    for (reply, may_pass, hint) in [
        ("535 5.7.8 wrong", false, " (check `user` and the password)"),
        ("538 5.7.11 not without encryption", false, ""),
        ("454 4.7.0 later", true, ""),
    ] {
        let mut script = opening();
        script.pop();
        script.extend([say(format!("{reply}\r\n")), Act::End]);
        let relay = Relay::start(vec![script]).await;
        let error =
            probe(&settings(relay.port, Security::None, None), &secret()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("AUTH: {reply}{hint}"));
        assert_eq!(error.may_pass, may_pass);
        relay.finished().await;
    }
}
