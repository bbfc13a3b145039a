//! Connections: taken until somebody says to stop, each with a time by which a request's head must have come, and one within which
//! something of an answer must be taken.
//!
//! What `axum::serve` does, but for these times: it has none, so that connections on which nothing comes, or nothing is read, would be
//! kept for ever, and nobody else's be taken once there are as many as a process may have.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

/// How long a connection is waited for.
#[derive(Clone, Copy)]
struct Patience {
    /// By when the head of a request must have come: from when the connection was taken, or the answer before it had gone.
    head: Duration,
    /// Within which more of an answer must be taken. Whoever reads slowly, but reads, gets all of it.
    taking: Duration,
}

const PATIENCE: Patience = Patience { head: Duration::from_secs(30), taking: Duration::from_secs(30) };

/// How long nothing is taken after it could not be, as where the process has as many files open as it may.
const REST: Duration = Duration::from_millis(200);

/// Answers until told to stop; then what is under way is answered to its end.
pub(crate) async fn answer(listener: TcpListener, router: Router, stopped: watch::Receiver<bool>) {
    answer_within(PATIENCE, listener, router, stopped).await;
}

async fn answer_within(patience: Patience, listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let under_way = GracefulShutdown::new();
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match taken {
            Ok(taken) => taken,
            Err(error) if is_of_one(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken for now: {error}");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        // Answers are small: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(patience.taking));
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
            router.clone().call(request)
        });
        let connection = under_way.watch(builder.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off: {error}");
            }
        });
    }
    drop(listener);
    under_way.shutdown().await;
}

/// Whether it is the matter of one connection alone, which went before it was taken.
fn is_of_one(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    const LONG: usize = 16 << 20;

    fn patience(head: u64, taking: u64) -> Patience {
        Patience { head: Duration::from_millis(head), taking: Duration::from_millis(taking) }
    }

    #[tokio::test]
    async fn whoever_takes_nothing_of_an_answer_is_not_kept_and_whoever_takes_it_slowly_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let router = Router::new().route("/", get(async || "x".repeat(LONG)));
        let answering = tokio::spawn(answer_within(patience(20_000, 500), listener, router, stopped));
        let mut deaf = TcpStream::connect(address).await.unwrap();
        deaf.write_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20).as_bytes()).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let (mut read, mut part) = (0, vec![0; 1 << 20]);
        loop {
            match slow.read(&mut part).await.unwrap() {
                0 => break,
                more => read += more,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(read > LONG, "all of it, however long it takes: {read} bytes");
        stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(20), answering).await.expect("nobody is waited for").unwrap();
        drop(deaf);
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_its_connection_and_no_other() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string();
        let (stop, stopped) = watch::channel(false);
        let router = Router::new().route("/", get(peer));
        let answering = tokio::spawn(answer_within(patience(200, 20_000), listener, router, stopped));
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nX-A: ").await.unwrap();
        let mut whole = TcpStream::connect(address).await.unwrap();
        whole.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut said = String::new();
        whole.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("127.0.0.1"), "{said}");
        let mut rest = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), half.read_to_end(&mut rest)).await.expect("it is ended").ok();
        stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(20), answering).await.expect("nothing is under way").unwrap();
    }
}
