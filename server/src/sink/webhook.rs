//! Posts each message as JSON to one address, at the pace that the other side asks for.
//!
//! A 2xx is a success; an answer `{"payload": {...}}` becomes the payload of the event that the success is (any other
//! body says nothing: what an instance does not expect would be an incident). 429, 5xx, time-outs and what is broken off
//! is tried again as the definition says, but not before the other side wants it (a 429 that says when counts as no attempt);
//! any other answer gives up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::http::StatusCode;
use fluxor_engine::clock::{Clock as _, SystemClock, Timestamp};
use fluxor_engine::commit::OutboxRow;
use fluxor_engine::runtime::{Delivering, Reply, Sink, Undelivered};
use fluxor_limits::{At, Pacer};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::post::{Address, Answer};
use crate::telemetry::metrics;

/// The address, and what it has said about when to come again.
pub(crate) struct Webhook {
    address: Address,
    pacer: Mutex<Pacer>,
    /// So many go out at a time: when the other side has enough, no more than these hear of it.
    turns: Semaphore,
}

/// Messages under way at a time.
const TURNS: usize = 4;

/// How long one waits for its turn before it makes room for others.
const TURN: Duration = Duration::from_secs(5);

impl Webhook {
    /// To this address.
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let address = Address::new(url).context("--outbox-url")?;
        Ok(Self { address, pacer: Mutex::new(Pacer::default()), turns: Semaphore::new(TURNS) })
    }

    async fn send(&self, message: &OutboxRow) -> Result<Reply, Undelivered> {
        let origin = self.address.origin();
        let Ok(_turn) = tokio::time::timeout(TURN, self.turns.acquire()).await else {
            let later = At::from_micros(now().micros().saturating_add(u64::try_from(TURN.as_micros()).unwrap_or(0)));
            return Err(Undelivered::Held(timestamp(later), format!("{origin} is slow, and others are under way")));
        };
        if let Some(until) = self.pacer().until(origin, now()) {
            return Err(Undelivered::Held(timestamp(until), format!("{origin} asked to be left alone for now")));
        }
        let body = super::told(message).map_err(Undelivered::Never)?.to_string();
        let answer = self.address.post(body, &message.id.to_string()).await;
        let answer = answer.map_err(|why| Undelivered::Again(format!("{why:#}")))?;
        let until = self.pacer().heard(origin, answer.status.as_u16(), &answer.headers, now());
        judge(origin, &answer, until.map(timestamp))
    }

    /// Held for a look, never while something is waited for.
    fn pacer(&self) -> std::sync::MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Webhook {
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(async move {
            let delivered = self.send(message).await;
            let (id, destination) = (&message.id, &*message.destination);
            match &delivered {
                Ok(_) => metrics::outbox(destination, true),
                Err(Undelivered::Held(until, why)) => {
                    tracing::info!(%id, destination, %until, "the message {id} for `{destination}` waits until {until}: {why}");
                }
                Err(Undelivered::Never(why)) => {
                    metrics::outbox(destination, false);
                    tracing::warn!(%id, destination, "the message {id} for `{destination}` was refused: {why}");
                }
                Err(Undelivered::Again(why) | Undelivered::NotBefore(_, why)) => {
                    metrics::outbox(destination, false);
                    tracing::warn!(%id, destination, "the message {id} for `{destination}` did not arrive: {why}");
                }
            }
            delivered
        })
    }
}

fn judge(origin: &str, answer: &Answer, until: Option<Timestamp>) -> Result<Reply, Undelivered> {
    let status = answer.status;
    if status.is_success() {
        return Ok(reply(&answer.body));
    }
    let why = format!("{origin} answered {}", status.as_u16());
    // Beside the obvious ones: the other side did not get the request in time, or is still at work on the same one.
    let later = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY
    );
    match until {
        // It is there, it only takes its time: that is no failed attempt.
        Some(until) if status == StatusCode::TOO_MANY_REQUESTS => Err(Undelivered::Held(until, why)),
        Some(until) if later || status.is_server_error() => Err(Undelivered::NotBefore(until, why)),
        None if later || status.is_server_error() => Err(Undelivered::Again(why)),
        _ if status.is_redirection() => Err(Undelivered::Never(format!("{why}: redirections are not followed"))),
        _ => Err(Undelivered::Never(why)),
    }
}

fn reply(body: &[u8]) -> Reply {
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut answer)) => match answer.remove("payload") {
            Some(Value::Object(payload)) => payload,
            _ => Reply::new(),
        },
        _ => Reply::new(),
    }
}

fn now() -> At {
    At::from_micros(u64::try_from(SystemClock.now().micros()).unwrap_or(0))
}

fn timestamp(at: At) -> Timestamp {
    Timestamp::from_micros(i64::try_from(at.micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::tests::message;
    use axum::http::HeaderMap;

    fn judged(status: u16, body: &str, until: Option<i64>) -> Result<Reply, Undelivered> {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: HeaderMap::new(), body: body.to_owned().into() };
        judge("example.com", &answer, until.map(Timestamp::from_micros))
    }

    #[test]
    fn what_an_answer_means() {
        let number = serde_json::json!({ "number": "S-7" });
        assert_eq!(
            judged(200, r#"{"payload":{"number":"S-7"},"ok":true}"#, None),
            Ok(number.as_object().unwrap().clone())
        );
        for nothing in ["", "ok", "[1]", r#"{"ok":true}"#, r#"{"payload":7}"#] {
            assert_eq!(judged(204, nothing, None), Ok(Reply::new()), "{nothing}");
        }
        let why = |status: u16| format!("example.com answered {status}");
        for later in [429, 500, 502, 503, 408, 409, 425] {
            assert_eq!(judged(later, "", None), Err(Undelivered::Again(why(later))));
            let until = Timestamp::from_micros(9);
            let told = judged(later, "", Some(9));
            match later {
                429 => assert_eq!(told, Err(Undelivered::Held(until, why(later)))),
                _ => assert_eq!(told, Err(Undelivered::NotBefore(until, why(later)))),
            }
        }
        for never in [400, 401, 404, 410, 422] {
            assert_eq!(judged(never, "", Some(9)), Err(Undelivered::Never(why(never))));
        }
        assert!(matches!(judged(307, "", None), Err(Undelivered::Never(why)) if why.ends_with("are not followed")));
    }

    #[tokio::test]
    async fn a_body_that_never_comes_is_none() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhook = Webhook::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let stalls = tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
            std::future::pending::<()>().await;
        });
        assert_eq!(webhook.deliver(&message()).await, Ok(Reply::new()), "it has arrived");
        stalls.abort();
    }

    #[tokio::test]
    async fn nobody_there_and_somebody_who_hangs_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhook = Webhook::new(&format!("http://{}/s3cret", listener.local_addr().unwrap())).unwrap();
        let hangs_up = tokio::spawn(async move { drop(listener.accept().await) });
        for expected in ["broke off", "cannot reach"] {
            let Err(Undelivered::Again(why)) = webhook.deliver(&message()).await else { panic!("{expected}") };
            assert!(why.contains(expected) && !why.contains("s3cret"), "{why}");
        }
        hangs_up.await.unwrap();
    }
}
