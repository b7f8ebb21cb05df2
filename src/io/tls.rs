//! Connections to mail servers: TCP, and TLS over it. Shared by the IMAP and the SMTP edge.
//!
//! The only file that names rustls.

mod lookup;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, crypto};

use self::lookup::look_up;
use crate::config::settings::{Security, Server};

/// A connection to a mail server.
#[derive(Debug)]
pub enum Stream {
    /// Clear text: a loopback peer, or a connection on which STARTTLS comes next.
    Plain(TcpStream),
    /// TLS, the certificate checked.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Why there is no connection. Each text says what to do, where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host name is not known.
    #[error("cannot find the address of {host}: {cause}")]
    Resolve {
        /// As configured.
        host: String,
        /// What the resolver says.
        cause: io::Error,
    },
    /// No address of the host takes a connection.
    #[error("cannot connect to {host} port {port}: {cause}")]
    Connect {
        /// As configured.
        host: String,
        /// As configured.
        port: u16,
        /// What the last address tried has answered.
        cause: io::Error,
    },
    /// The peer is silent.
    #[error("no answer from {host} to {step} within {} s", after.as_secs())]
    Timeout {
        /// As configured.
        host: String,
        /// What was going on.
        step: &'static str,
        /// The configured limit.
        after: Duration,
    },
    /// Clear text is for this machine only.
    #[error(
        "{host} is {peer}, which is not this machine: clear text is only spoken to a loopback \
         address; set `security` to `tls` or `starttls`"
    )]
    ClearText {
        /// As configured.
        host: String,
        /// Where the name leads.
        peer: SocketAddr,
    },
    /// The configured host can stand in no certificate.
    #[error("{0} is neither a host name nor an IP address, so no certificate can be checked")]
    Name(String),
    /// The extra certificates cannot be used.
    #[error("the certificates in {} cannot be used: {reason}", path.display())]
    Ca {
        /// As configured.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is nothing to trust.
    #[error(
        "this machine has no root certificates: install the package ca-certificates, or set `ca`"
    )]
    NoRoots,
    /// The handshake failed.
    #[error("TLS with {host} failed: {reason}")]
    Handshake {
        /// As configured.
        host: String,
        /// Why, and what to do.
        reason: String,
    },
}

/// Why a server may say nothing on a connection that begins in clear text.
pub const SAYS_NOTHING: &str = "the server says nothing; it may want `security` set to `tls`";

/// Connects, without delay for small packets. With [`Security::Tls`] the TLS handshake is done;
/// with [`Security::StartTls`] the stream is still clear and [`upgrade`] must follow before any
/// secret is sent; with [`Security::None`] the peer is known to be this machine.
pub async fn connect(server: &Server) -> Result<Stream, Error> {
    let tcp = Stream::Plain(dial(server).await?);
    match server.security {
        Security::Tls => upgrade(server, tcp).await,
        Security::StartTls | Security::None => Ok(tcp),
    }
}

/// Does the TLS handshake on a clear stream, after STARTTLS was agreed on. The certificate must
/// be valid for the configured host, by the system's roots or those in `ca`.
pub async fn upgrade(server: &Server, stream: Stream) -> Result<Stream, Error> {
    let tcp = match stream {
        Stream::Plain(tcp) => tcp,
        done @ Stream::Tls(_) => return Ok(done),
    };
    let name =
        ServerName::try_from(server.host.clone()).map_err(|_| Error::Name(server.host.clone()))?;
    let connector = TlsConnector::from(Arc::new(trust(server.ca.as_deref()).await?));
    match timeout(server.timeout, connector.connect(name, tcp)).await {
        Ok(Ok(tls)) => Ok(Stream::Tls(Box::new(tls))),
        // Not a word of TLS against us: the line was cut, and may hold the next time.
        Ok(Err(error)) if error.get_ref().is_none_or(|inner| !inner.is::<rustls::Error>()) => {
            Err(refused(server, error))
        }
        Ok(Err(error)) => {
            Err(Error::Handshake { host: server.host.clone(), reason: handshake_failure(&error) })
        }
        Err(_) => Err(silent(server, "the TLS handshake")),
    }
}

async fn dial(server: &Server) -> Result<TcpStream, Error> {
    let addresses = timeout(server.timeout, resolve(server))
        .await
        .map_err(|_| silent(server, "the name lookup"))??;
    // One dead address of several must not use up the time of the others.
    let share = server.timeout / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut failure = silent(server, "the connection");
    for address in addresses {
        if server.security == Security::None {
            only_loopback(server, address)?;
        }
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return ready(server, tcp),
            Ok(Err(cause)) => failure = refused(server, cause),
            Err(_) => {}
        }
    }
    Err(failure)
}

async fn resolve(server: &Server) -> Result<Vec<SocketAddr>, Error> {
    let found = look_up(&server.host, server.port)
        .await
        .and_then(|all| if all.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(all) });
    found.map_err(|cause| Error::Resolve { host: server.host.clone(), cause })
}

fn ready(server: &Server, tcp: TcpStream) -> Result<TcpStream, Error> {
    tcp.set_nodelay(true).map_err(|cause| refused(server, cause))?;
    if server.security == Security::None {
        only_loopback(server, tcp.peer_addr().map_err(|cause| refused(server, cause))?)?;
    }
    Ok(tcp)
}

fn only_loopback(server: &Server, peer: SocketAddr) -> Result<(), Error> {
    if peer.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    Err(Error::ClearText { host: server.host.clone(), peer })
}

fn refused(server: &Server, cause: io::Error) -> Error {
    Error::Connect { host: server.host.clone(), port: server.port, cause }
}

fn silent(server: &Server, step: &'static str) -> Error {
    Error::Timeout { host: server.host.clone(), step, after: server.timeout }
}

/// Roots are read at each connection: a renewed certificate needs no restart. Reading them blocks
/// for some milliseconds.
async fn trust(ca: Option<&Path>) -> Result<ClientConfig, Error> {
    let ca = ca.map(Path::to_owned);
    tokio::task::spawn_blocking(move || trusting(ca.as_deref()))
        .await
        .unwrap_or(Err(Error::NoRoots))
}

fn trusting(ca: Option<&Path>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let extra = ca.map(certificates).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(|error| {
        ca.map_or(Error::NoRoots, |path| unusable(path, &format!("no root certificate: {error}")))
    })?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::NoRoots)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = std::fs::read(path).map_err(|error| unusable(path, &error))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, &format!("it is not well-formed PEM: {error}")))?;
    if found.is_empty() {
        return Err(unusable(path, &"it holds no PEM block that starts with BEGIN CERTIFICATE"));
    }
    Ok(found)
}

fn unusable(path: &Path, reason: &impl ToString) -> Error {
    Error::Ca { path: path.to_owned(), reason: reason.to_string() }
}

fn handshake_failure(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(problem)) => bad_certificate(problem),
        Some(rustls::Error::InvalidMessage(_)) => {
            "the server does not answer in TLS on this port; \
            it may want `security` set to `starttls`"
                .to_owned()
        }
        Some(other) => other.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection during the handshake".to_owned()
        }
        None => error.to_string(),
    }
}

fn bad_certificate(problem: &CertificateError) -> String {
    match problem {
        CertificateError::UnknownIssuer => {
            "its certificate is from an unknown authority; if that is your own, name its PEM file \
             in `ca`"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("its certificate has expired ({problem})")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is for another name ({problem})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("its certificate is not valid yet; is the clock right? ({problem})")
        }
        other => format!("its certificate cannot be accepted ({other})"),
    }
}

impl Stream {
    /// Who is at the other end.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
