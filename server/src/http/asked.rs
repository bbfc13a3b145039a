//! The extractor of everything that changes something: caller, `Idempotency-Key`, `If-Match` and body in one.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, header};
use fluxor_engine::audit::canonical;
use fluxor_engine::command::{Command, Verb};
use fluxor_engine::ids::{Digest, PersonId, RequestId};
use hyper::body::Frame;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::{Administrator, Caller};
use super::json;
use super::problem::Problem;
use crate::app::App;

/// The largest body, bytes.
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// How much of a body that is too large is read and forgotten before it is answered.
const MOST_FORGOTTEN: usize = 16 << 20;

/// How much more of it is, and for how long, while the answer goes out: a client that is still sending when the connection is closed
/// may hear none.
const LINGERING: (usize, Duration) = (256 << 20, Duration::from_secs(10));

/// Who asks, under which request id, about which version; and the body.
#[derive(Clone, Debug)]
pub(crate) struct Asked<T>(pub(crate) Asking, pub(crate) T);

/// All of a request but its body.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    /// Who.
    pub caller: Caller,
    /// The `Idempotency-Key`, of this caller: see [`own`].
    pub request: RequestId,
    /// The `If-Match`, without its quotes.
    pub etag: Option<String>,
    hash: Digest,
}

impl Asking {
    /// What tells this request from others under the same key.
    pub(crate) const fn hash(&self) -> Digest {
        self.hash
    }

    /// The command that asks for `verb`.
    pub(crate) fn command(&self, verb: Verb) -> Command {
        Command {
            tenant: self.caller.tenant(),
            request: self.request.clone(),
            request_hash: self.hash,
            actor: self.caller.actor(),
            verb,
        }
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let id = own(&idempotency_key(&parts.headers)?, caller.person());
        let etag = if_match(&parts.headers)?;
        let body = object(&parts.headers, body).await?;
        // The person is hashed too: two people who choose the same key for the same words have asked two things.
        let asked = [
            parts.method.as_str(),
            parts.uri.path(),
            caller.person().as_str(),
            etag.as_deref().unwrap_or_default(),
            &canonical::value(&body),
        ];
        let hash = Digest::of(asked.join("\0"));
        Ok(Self(Asking { caller, request: id, etag, hash }, json::read(body)?))
    }
}

/// A question that needs a body: it changes nothing, so that it has no `Idempotency-Key`.
#[derive(Clone, Debug)]
pub(crate) struct Question<T>(pub(crate) Administrator, pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Question<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Administrator::from_request_parts(&mut parts, app).await?;
        Ok(Self(caller, json::read(object(&parts.headers, body).await?)?))
    }
}

/// The same of whoever has a key.
#[derive(Clone, Debug)]
pub(crate) struct Wondering<T>(pub(crate) Caller, pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Wondering<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        Ok(Self(caller, json::read(object(&parts.headers, body).await?)?))
    }
}

/// A definition, as text. Whoever is signed in may have one looked at: it changes nothing, so that it has no
/// `Idempotency-Key`.
#[derive(Clone, Debug)]
pub(crate) struct Yaml(pub(crate) Bytes);

impl FromRequest<App> for Yaml {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let _ = Caller::from_request_parts(&mut parts, app).await?;
        if !is_yaml(&parts.headers) {
            let detail = "The body must be a definition: send `Content-Type: application/yaml`, or `text/plain`.";
            return Err(Problem::new("unsupported_media_type", detail));
        }
        Ok(Self(bounded(&parts.headers, body).await?))
    }
}

/// What an administrator's form sends, by the names of its fields.
#[derive(Clone, Debug)]
pub(crate) struct Form(pub(crate) Administrator, pub(crate) HashMap<String, String>);

impl FromRequest<App> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Administrator::from_request_parts(&mut parts, app).await?;
        let Fields(fields) = Fields::read(&parts.headers, body, app).await?;
        Ok(Self(caller, fields.into_iter().collect()))
    }
}

/// What a form of a page sends, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Self::read(&parts.headers, body, app).await
    }
}

impl Fields {
    async fn read(headers: &HeaderMap, body: Body, app: &App) -> Result<Self, Problem> {
        if !app.door().is_own(headers) {
            return Err(Problem::not_allowed("a form of this server: this one was sent by another site"));
        }
        if kind(headers) != "application/x-www-form-urlencoded" {
            let detail = "The body must be a form: send `Content-Type: application/x-www-form-urlencoded`.";
            return Err(Problem::new("unsupported_media_type", detail));
        }
        let bytes = bounded(headers, body).await?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// The first value of a field, trimmed; nothing where it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim());
        own.filter(|value| !value.is_empty())
    }

    /// All values of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    /// The command that asks for `verb`: the page gave it an id, so that a form that is sent twice asks once.
    pub(crate) fn command(&self, caller: &Caller, place: &str, verb: Verb) -> Result<Command, Problem> {
        let once = self.get("once").filter(|once| once.len() <= 100 && once.bytes().all(|b| b.is_ascii_graphic()));
        let Some(once) = once else {
            return Err(Problem::invalid("/once", "this form lacks its number: load the page again, then send it"));
        };
        let mut asked = vec![place.to_owned(), caller.person().to_string()];
        asked.extend(self.0.iter().map(|(name, value)| format!("{name}={value}")));
        Ok(Command {
            tenant: caller.tenant(),
            request: own(&format!("page-{once}"), caller.person()),
            request_hash: Digest::of(asked.join("\0")),
            actor: caller.actor(),
            verb,
        })
    }
}

/// The body, if it is an object; one that is empty is an empty one.
async fn object(headers: &HeaderMap, body: Body) -> Result<Value, Problem> {
    let bytes = bytes(headers, body).await?;
    let body = if bytes.is_empty() { Value::Object(serde_json::Map::new()) } else { json::parse(&bytes)? };
    if body.is_object() { Ok(body) } else { Err(Problem::invalid("", "the body must be a JSON object")) }
}

/// The id of what somebody asks under a key of his choice. It is his alone: a key that somebody else has chosen, or one that looks
/// like an id of the engine's own messages, is another. (Keys have no blank, so that the first one ends them.)
fn own(key: &str, person: &PersonId) -> RequestId {
    format!("{key} by {person}").as_str().into()
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    const HELP: &str = "Send an Idempotency-Key, new for each thing you ask, the same when you repeat it: \
                        `Idempotency-Key: 5f0c7a9e-approve-1`. It has 1 to 128 visible ASCII characters.";
    let key = headers.get("idempotency-key").ok_or_else(|| Problem::new("idempotency_key_required", HELP))?;
    let fits = |text: &&str| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let text = key.to_str().ok().filter(fits);
    text.map(str::to_owned).ok_or_else(|| Problem::new("idempotency_key_invalid", HELP))
}

/// One etag, quoted or not. `*` would say "whatever it is by now", which no decision may.
fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong = || {
        Problem::new(
            "invalid_if_match",
            "If-Match takes the one etag of what you saw, as it was given: `If-Match: \"0a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f6071-1\"`.",
        )
    };
    let mut all = headers.get_all(header::IF_MATCH).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let text = first.to_str().map_err(|_| wrong())?.trim();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let plain = !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain && all.next().is_none() { Ok(Some(text.to_owned())) } else { Err(wrong()) }
}

async fn bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let bytes = bounded(headers, body).await?;
    if bytes.is_empty() || is_json(headers) {
        return Ok(bytes);
    }
    Err(Problem::new("unsupported_media_type", "The body must be JSON: send `Content-Type: application/json`."))
}

/// A body of whatever kind, if it is not too large.
async fn bounded(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            "payload_too_large",
            format!("The body is larger than {MOST_BYTES} bytes. Ask for less at a time."),
        )
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|n| n > MOST_FORGOTTEN) {
        linger(body);
        return Err(too_large().header(header::CONNECTION, "close"));
    }
    whole(body).await.ok_or_else(too_large)
}

/// Reads on and forgets while the answer goes out.
fn linger(mut body: Body) {
    let (most, patience) = LINGERING;
    tokio::spawn(tokio::time::timeout(patience, async move {
        let mut seen = 0;
        while let Some(Ok(frame)) = next(&mut body).await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > most {
                break;
            }
        }
    }));
}

/// The next part of a body.
async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// The body, if it has [`MOST_BYTES`] at most. One that breaks off is none either; nobody hears the answer then.
async fn whole(mut body: Body) -> Option<Bytes> {
    let (mut held, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = next(&mut body).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        seen += data.len();
        if seen > MOST_FORGOTTEN {
            linger(body);
            return None;
        }
        if seen <= MOST_BYTES {
            held.extend_from_slice(&data);
        }
    }
    (seen <= MOST_BYTES).then(|| held.into())
}

/// The media type of the body, without its parameters.
fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `application/yaml` (RFC 9512), what it was called before, and plain text.
fn is_yaml(headers: &HeaderMap) -> bool {
    let kinds = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain"];
    kinds.contains(&kind(headers).as_str())
}

/// `application/json`, `application/merge-patch+json` and their kind.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = kind(headers);
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The headers of a change, for the specification.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it only describes")]
pub(crate) struct ChangeHeaders {
    /// New for each thing asked, the same when it is repeated: 1 to 128 visible ASCII characters.
    #[param(rename = "Idempotency-Key", example = "5f0c7a9e-approve-1")]
    idempotency_key: String,
}

/// The headers of a decision, for the specification.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it only describes")]
pub(crate) struct DecisionHeaders {
    /// New for each thing asked, the same when it is repeated: 1 to 128 visible ASCII characters.
    #[param(rename = "Idempotency-Key", example = "5f0c7a9e-approve-1")]
    idempotency_key: String,
    /// The task's etag: what is decided about. Required to approve, reject, abstain and request changes.
    #[param(rename = "If-Match", example = "\"0a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f6071-1\"")]
    if_match: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn request_ids_are_visible_ascii_and_short() {
        let code = |value: &str| idempotency_key(&headers("idempotency-key", value)).map_err(|p| p.code().to_owned());
        assert_eq!(code("a"), Ok("a".into()));
        assert_eq!(code(&"x".repeat(128)), Ok("x".repeat(128)));
        for wrong in ["", "a b", &"x".repeat(129)] {
            assert_eq!(code(wrong), Err("idempotency_key_invalid".to_owned()), "{wrong}");
        }
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap_err().code(), "idempotency_key_required");
    }

    #[test]
    fn what_somebody_asks_under_a_key_is_his_own() {
        let by = |person: &str, key: &str| own(key, &person.into());
        assert_ne!(by("ann", "yes-1"), by("bob", "yes-1"));
        // Not one that the engine gives its own messages.
        for taken in ["call_ended:01a22ac4-0000-7000-8000-000000000000:3", "tell:3:go", "migrate:00:1"] {
            assert_eq!(by("ann", taken).as_str(), format!("{taken} by ann"));
        }
    }

    #[test]
    fn an_etag_is_one_and_strong() {
        let read = |value: &str| if_match(&headers("if-match", value)).ok();
        assert_eq!(read("\"0a-1\""), Some(Some("0a-1".to_owned())));
        assert_eq!(read("0a-1"), Some(Some("0a-1".to_owned())));
        for wrong in ["*", "W/\"0a-1\"", "\"a\", \"b\"", "\"\""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn json_by_any_of_its_names() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            assert_eq!(is_json(&headers("content-type", kind)), json, "{kind}");
        }
    }
}
