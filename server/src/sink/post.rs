//! One POST over HTTP/1.1, with or without TLS: a connection a message, no proxy, no cookie, no redirection.
//!
//! What must hold: it ends within its time whatever the other side does, and takes a bounded answer.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::http::response::Parts;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, Request, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// How long the head of the answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long its body may take. The outbox gives a sink 30 seconds for all of it.
const REST: Duration = Duration::from_secs(5);

/// What is read of an answer.
const MOST: usize = 64 * 1024;

/// An address to post to.
#[derive(Clone)]
pub(crate) struct Address {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
}

/// What came back. A body that is too long, or broken off, is empty: the message has arrived all the same.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer whose head is there.
struct Begun {
    head: Parts,
    body: Incoming,
    _connection: Running,
}

impl Address {
    /// Reads an address.
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().context("this is no URL")?;
        let Some(authority) = uri.authority() else { bail!("it has no host: write https://example.com/hooks/fluxor") };
        if authority.as_str().contains('@') {
            bail!("it has a user in it, which would be sent to nobody: leave it out");
        }
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => None,
            Some(scheme) if *scheme == Scheme::HTTPS => Some(connector()?),
            _ => bail!("it is neither http:// nor https://"),
        };
        let port = authority.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        // An IPv6 address stands in brackets.
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port, tls, uri })
    }

    /// Whom it belongs to, without the secrets that paths of hooks are.
    pub(crate) fn origin(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The host, without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The addresses that the host has now.
    pub(crate) async fn resolve(&self) -> anyhow::Result<Vec<SocketAddr>> {
        let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((&*self.host, self.port))).await;
        let found = found.context("its name was not found in time")?;
        Ok(found.with_context(|| format!("the name of {} was not found", self.origin()))?.collect())
    }

    /// Posts JSON under an idempotency key.
    pub(super) async fn post(&self, body: String, key: &str) -> anyhow::Result<Answer> {
        let heads = [("content-type", "application/json"), ("accept", "application/json"), ("idempotency-key", key)];
        self.post_to(None, &heads, body).await
    }

    /// Posts with these header fields; to one of the addresses `at`, in turn, where any are given, else to the host.
    pub(crate) async fn post_to(
        &self,
        at: Option<&[SocketAddr]>,
        heads: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<Answer> {
        let Ok(begun) = tokio::time::timeout(PATIENCE, self.exchange(at, heads, body)).await else {
            bail!("{} did not answer within {} seconds", self.origin(), PATIENCE.as_secs());
        };
        let Begun { head, body, _connection } = begun?;
        // It has arrived: a body that does not come is none.
        let body = tokio::time::timeout(REST, Limited::new(body, MOST).collect()).await;
        let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn exchange(&self, at: Option<&[SocketAddr]>, heads: &[(&str, &str)], body: String) -> anyhow::Result<Begun> {
        let origin = self.origin();
        let stream = match at {
            Some(at) => TcpStream::connect(at).await,
            None => TcpStream::connect((&*self.host, self.port)).await,
        };
        let stream = stream.with_context(|| format!("cannot reach {origin}"))?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.speak(stream, heads, body).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone()).context("no name for a certificate")?;
                let stream = tls.connect(name, stream).await.with_context(|| format!("no TLS with {origin}"))?;
                self.speak(stream, heads, body).await
            }
        }
    }

    async fn speak<T>(&self, stream: T, heads: &[(&str, &str)], body: String) -> anyhow::Result<Begun>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let origin = self.origin();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = Running(tokio::spawn(connection));
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::post(path)
            .header(header::HOST, origin)
            .header(header::USER_AGENT, concat!("fluxor/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close");
        let request = heads.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::new(Bytes::from(body)))?;
        let response = sender.send_request(request).await.with_context(|| format!("{origin} broke off"))?;
        let (head, body) = response.into_parts();
        Ok(Begun { head, body, _connection: connection })
    }
}

/// The connection's own task: it ends with the exchange, the one that was cut off too.
struct Running(tokio::task::JoinHandle<hyper::Result<()>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Trusts the public authorities, as mail does. Made once.
fn connector() -> anyhow::Result<TlsConnector> {
    static MADE: OnceLock<TlsConnector> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made.clone());
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("no TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MADE.get_or_init(|| TlsConnector::from(Arc::new(config))).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web() {
        let of =
            |url: &str| Address::new(url).map(|address| (address.host.clone(), address.port, address.tls.is_some()));
        assert_eq!(of("https://example.com/hooks/x").unwrap(), ("example.com".to_owned(), 443, true));
        assert_eq!(of("http://[::1]:8080").unwrap(), ("::1".to_owned(), 8080, false));
        for wrong in
            ["example.com", "/hooks", "ftp://example.com", "https://ann:pw@example.com", "https://", "http://a b"]
        {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Address::new("https://example.com/hooks/s3cret").unwrap().origin(), "example.com");
    }
}
