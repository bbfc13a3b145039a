//! Whoever is refused because of who he is, is noted: in the security stream, where the engine notes whom it refuses itself.
//!
//! Handlers refuse people as well, mostly before they ask the engine anything (an extractor, a page). This is the one place where that
//! is noted; what the engine has noted is not noted twice, and looking makes no entry.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use fluxor_engine::command::{Change, Command, Verb};
use fluxor_engine::ids::Digest;
use fluxor_engine::refusal::Refusal;
use serde_json::{Map, Value};

use super::auth::Caller;
use super::problem::Problem;
use super::{layers, status};
use crate::app::App;
use crate::desk::NotDone;
use crate::secret;

/// A response that refuses somebody, with the rule that he does not meet.
#[derive(Clone, Debug)]
pub(super) struct Barred(Arc<str>);

impl Barred {
    /// Of an answer, if it is one.
    pub(super) fn of(answer: StatusCode, more: &Map<String, Value>, detail: &str) -> Option<Self> {
        let rule = || more.get("rule").and_then(Value::as_str).unwrap_or(detail).into();
        (answer == status::barred()).then(|| Self(rule()))
    }
}

/// Who asked for what.
pub(super) struct Asked {
    caller: Caller,
    method: Method,
    uri: Uri,
}

impl Asked {
    /// Nothing: nobody calls whom one could note, or it is only looked at.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let caller = request.extensions().get::<Caller>()?;
        let is_told = !only_looks(request.method(), request.uri().path());
        is_told.then(|| Self { caller: caller.clone(), method: request.method().clone(), uri: request.uri().clone() })
    }

    /// Notes who was refused what.
    pub(super) async fn note(self, app: &App, mut response: Response) -> Response {
        let Self { caller, method, uri } = self;
        let barred = response.extensions_mut().remove::<Barred>().filter(|_| !layers::is_noted());
        let Some(Barred(rule)) = barred else { return response };
        // A query may hold what somebody looks for: the path says what he asked for.
        let asked: String = format!("{method} {}", uri.path()).chars().take(LONGEST).collect();
        let command = Command {
            tenant: caller.tenant(),
            request_hash: Digest::of(&asked),
            request: secret::public_id(&app.random()).into(),
            actor: caller.actor(),
            verb: Verb::Change(Change::Barred { asked: asked.into(), rule }),
        };
        match app.submit(command).await {
            Err(NotDone::Refused(Refusal::NotAllowed { .. })) | Ok(_) => response,
            // As where the engine refuses: nobody hears a refusal that could not be noted.
            Err(other) => Problem::from(other).into_response(),
        }
    }
}

/// Whether a request changes nothing, whoever asks: nor does it make an entry that he may not.
fn only_looks(method: &Method, path: &str) -> bool {
    method.is_safe() || path == "/v1/simulate" || path.ends_with("/preview")
}

/// The longest path that is noted, in characters.
const LONGEST: usize = 300;
