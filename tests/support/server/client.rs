//! A client of the HTTP interface. What all answers share is checked with each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A new Idempotency-Key.
#[must_use]
pub fn fresh_key() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    format!("test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Routes used and error codes met, for the end of the test.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    routes: BTreeSet<(String, String)>,
    pages: BTreeMap<String, String>,
}

impl Seen {
    fn note(&self, method: &Method, path: &str, reply: &Reply) {
        let mut notes = self.0.lock().unwrap();
        if reply.status < 400 && *method != Method::HEAD {
            let path = path.split('?').next().unwrap_or(path).to_owned();
            notes.routes.insert((method.as_str().to_lowercase(), path));
        } else if let (Some(code), Some(title)) = (reply.body["code"].as_str(), reply.body["title"].as_str()) {
            notes.pages.insert(format!("/problems/{code}"), title.to_owned());
        }
    }

    /// Every error met has a page with its title as heading, and every route used is described.
    pub(super) async fn settle(self, client: &Client) {
        let Notes { routes, pages } = std::mem::take(&mut *self.0.lock().unwrap());
        for (page, title) in pages {
            let reply = client.get(&page).await;
            assert_eq!(reply.status, 200, "{page}");
            assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/"), "{page}");
            assert_eq!(reply.text.lines().next(), Some(format!("# {title}").as_str()), "{page}");
        }
        let described = client.get("/openapi.json").await.is(200);
        assert!(described["openapi"].as_str().unwrap().starts_with("3.1"), "{}", described["openapi"]);
        let paths = described["paths"].as_object().unwrap();
        for (method, path) in routes.iter().filter(|(_, path)| path != "/openapi.json") {
            let known = paths.iter().any(|(route, verbs)| fits(route, path) && verbs.get(method).is_some());
            assert!(known, "{method} {path} answered, and the specification does not describe it");
        }
    }
}

/// Whether a path is one of a route such as `/v1/tasks/{id}`.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(path).all(|(r, p)| r.starts_with('{') || *r == p)
}

/// The codes whose problem type is registered elsewhere.
const LIMITS: [&str; 4] = ["quota_exceeded", "cost_over_limit", "abnormal_usage", "reduced_capacity"];

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON, or null.
    pub body: Value,
}

impl Reply {
    /// The body, if the status is this one.
    ///
    /// # Panics
    /// If it is another.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The problem, if status and code are these.
    ///
    /// # Panics
    /// If they are others.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        self.body
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What all answers share.
    fn check(&self, sent_id: Option<&str>) {
        let id = self.header("x-request-id");
        assert!(!id.is_empty(), "every answer has a request id");
        assert!(sent_id.is_none_or(|sent| sent == id || sent.contains(' ')), "the request id comes back");
        if self.status < 400 || self.body["ready"] == false {
            return;
        }
        let text = |name: &str| self.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.text));
        assert!(self.header("content-type").starts_with("application/problem+json"), "{:?}", self.headers);
        assert_eq!(self.body["status"], self.status, "{}", self.text);
        assert_eq!(text("instance"), id, "{}", self.text);
        let registered = text("type").starts_with("https://iana.org/assignments/http-problem-types#");
        assert_eq!(registered, LIMITS.contains(&text("code")), "{}", self.text);
        assert!(registered || text("type") == format!("/problems/{}", text("code")), "{}", self.text);
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{}", self.text);
        assert_eq!(self.text.matches("\"instance\":").count(), 1, "each member once: {}", self.text);
    }
}

/// A client with or without a key.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
    seen: Seen,
}

impl Client {
    pub(super) fn new(url: &str, key: Option<String>, seen: Seen) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { http, url: url.to_owned(), key, seen }
    }

    /// The same caller at another address.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// A request with the key and nothing else.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Sends a request; an error is one of the connection.
    ///
    /// # Errors
    /// The connection's: whether the request was done is not known.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Reply, reqwest::Error> {
        let request = request.build()?;
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let sent_id = request.headers().get("x-request-id").map(|id| id.to_str().unwrap().to_owned());
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        let reply = Reply { status, headers, text, body };
        reply.check(sent_id.as_deref());
        self.seen.note(&method, &path, &reply);
        Ok(reply)
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        self.try_send(request).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST as a new request.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(&fresh_key(), path, body).await
    }

    /// POST under this Idempotency-Key.
    pub async fn post_as(&self, id: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).header("idempotency-key", id).json(body)).await
    }

    /// PATCH as a new request.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.patch_as(&fresh_key(), path, body).await
    }

    /// PATCH under this Idempotency-Key.
    pub async fn patch_as(&self, id: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PATCH, path).header("idempotency-key", id).json(body)).await
    }

    /// Tells an instance of an event.
    pub async fn signal(&self, instance: &str, event: &str, body: &Value) -> Reply {
        self.post(&format!("/v1/instances/{instance}/signals/{event}"), body).await
    }

    /// Decides a task as it was seen.
    pub async fn decide(&self, task: &Value, body: &Value) -> Reply {
        self.decide_as(&fresh_key(), task, body).await
    }

    /// As [`Client::decide`], under this Idempotency-Key.
    pub async fn decide_as(&self, id: &str, task: &Value, body: &Value) -> Reply {
        let path = format!("/v1/tasks/{}/decisions", task["id"].as_str().unwrap());
        let etag = format!("\"{}\"", task["etag"].as_str().unwrap());
        let request = self.request(Method::POST, &path).header("idempotency-key", id).header("if-match", etag);
        self.send(request.json(body)).await
    }
}
