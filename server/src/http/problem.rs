//! Problem details (RFC 9457): how every error leaves. `type` is a page that this server has.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use fluxor_engine::ids::InstanceId;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::store::StoreError;
use fluxor_limits::answer::problem::Refusal as Limited;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{barred::Barred, layers, problems, status};
use crate::desk::NotDone;
use crate::limits::explain::long;
use crate::page::{self, Wrong};

/// An error as the caller gets it. Made by the functions below, so that each code has one status.
#[derive(Debug)]
pub(crate) struct Problem(Box<Told>);

#[derive(Debug)]
struct Told {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    more: Map<String, Value>,
    header: Option<(header::HeaderName, HeaderValue)>,
    /// The problem's type, where it is registered elsewhere.
    kind: Option<&'static str>,
    /// What a page says of a limit.
    limit: Limit,
}

/// What the page of a refusal leads to.
#[derive(Debug, Default)]
struct Limit {
    /// The whole seconds after which the same request passes.
    again: Option<u64>,
    /// Whether the page about limits tells why.
    explained: bool,
}

/// What a problem looks like on the wire. Further members depend on the code: `errors`, `accepts`, `state`, `etag`,
/// `state_revision`, `fields`, `rule`, `nearest`, `line`, `column`, `findings`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body {
    /// A page about the code on this server; of limits the registered type, and the page is `/problems/{code}`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not_accepted")]
    kind: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// The stable code.
    #[schema(example = "not_accepted")]
    code: String,
    /// What is wrong here and what to do.
    detail: String,
    /// The request's id, as in the header `x-request-id` and in the server's log.
    instance: String,
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

impl Problem {
    /// A problem of `code`.
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let status = status::of_code(code);
        Self(Box::new(Told {
            status,
            code: code.into(),
            detail: detail.into(),
            more: Map::new(),
            header: None,
            kind: None,
            limit: Limit::default(),
        }))
    }

    /// With a further member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }

    /// What is wrong and what to do.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// No key, or none that is valid.
    pub(crate) fn unauthenticated(detail: &str) -> Self {
        Self::new("unauthenticated", detail).header(header::WWW_AUTHENTICATE, "Bearer realm=\"fluxor\"")
    }

    /// The caller may not read this.
    pub(crate) fn not_allowed(rule: &str) -> Self {
        Refusal::NotAllowed { rule: rule.into() }.into()
    }

    /// The body cannot be used as it is: JSON Pointer and sentence.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Refusal::Invalid(vec![(pointer.into(), detail.into())]).into()
    }

    /// The database or the engine cannot take it now.
    fn later(code: &'static str, detail: &str) -> Self {
        Self::new(code, detail).header(header::RETRY_AFTER, "1")
    }

    /// What is wrong with the body: pointer and sentence each; nothing if it is something else that is wrong.
    pub(crate) fn errors(&self) -> Option<Vec<(String, String)>> {
        let errors = self.0.more.get("errors")?.as_array()?;
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        Some(errors.iter().map(|error| (text(error, "pointer"), text(error, "detail"))).collect())
    }

    /// The instance that is there already.
    pub(crate) fn existing(&self) -> Option<InstanceId> {
        self.0.more.get("existing")?.as_str()?.parse().ok()
    }

    /// A limit, or there is too much to do.
    pub(crate) fn limited(refusal: &Limited) -> Self {
        let mut problem = Self::new(refusal.code(), refusal.detail());
        problem.0.kind = Some(refusal.kind());
        problem.0.limit.again = refusal.retry_after;
        if !refusal.violated.is_empty() {
            problem = problem.with("violated-policies", refusal.violated.clone());
        }
        for (name, number) in [("cost", refusal.cost), ("most", refusal.most)] {
            if let Some(number) = number {
                problem = problem.with(name, number);
            }
        }
        problem
    }

    /// The page about limits tells why.
    pub(crate) fn explained(mut self, explained: bool) -> Self {
        self.0.limit.explained = explained;
        self
    }

    /// It took too long.
    pub(crate) fn timeout() -> Self {
        Self::later(
            "timeout",
            "This took too long. Whether it was done is not known: send the same request again with the same \
             Idempotency-Key, and it is done once.",
        )
    }

    /// Something broke that is no fault of the caller.
    pub(crate) fn internal() -> Self {
        Self::new("internal", "Something is wrong with this server. Its log has more under the request's id.")
    }

    /// Machinery that broke. The one place where its chain of causes is logged.
    fn broken(error: &StoreError) -> Self {
        let (request, chain) = (layers::request_id(), chain(error));
        match error {
            StoreError::Conflict(_) | StoreError::Busy(_) => {
                tracing::warn!(%request, error = chain, "the database stayed busy");
                Self::later("busy", "There is too much to do just now. Send the same request again in a moment.")
            }
            StoreError::Unknown(_) => {
                tracing::error!(%request, error = chain, "the outcome of a commit is not known");
                Self::later(
                    "outcome_unknown",
                    "The database was lost while it wrote. Send the same request again with the same \
                     Idempotency-Key: it is done once.",
                )
            }
            StoreError::Unavailable(_) => {
                tracing::error!(%request, error = chain, "the database cannot be reached");
                Self::later(
                    "database_unavailable",
                    "The database cannot be reached, or cannot write. Nothing has changed: try again, and tell whoever runs the server.",
                )
            }
            StoreError::Inconsistent { .. } => {
                tracing::error!(%request, error = chain, "stored rows contradict each other");
                Self::internal()
            }
        }
    }
}

/// An error with its causes, each said once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |cause| cause.source()) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let more = match refusal.details() {
            Value::Object(more) => more,
            _ => Map::new(),
        };
        Self(Box::new(Told {
            status: status::of_refusal(&refusal),
            code: refusal.code().into(),
            detail: refusal.sentence(),
            more,
            header: None,
            kind: None,
            limit: Limit::default(),
        }))
    }
}

impl Problem {
    /// What the engine says of a part of the body, with pointers into the whole of it.
    pub(crate) fn within(part: &'static str) -> impl Fn(NotDone) -> Self {
        move |why| match why {
            NotDone::Refused(Refusal::Invalid(errors)) => {
                let errors = errors.into_iter().map(|(at, why)| (format!("{part}{at}"), why));
                Refusal::Invalid(errors.collect()).into()
            }
            other => other.into(),
        }
    }
}

impl From<NotDone> for Problem {
    fn from(why: NotDone) -> Self {
        match why {
            NotDone::Refused(refusal) => refusal.into(),
            NotDone::Busy(_) => {
                Self::later("busy", "There is too much to do just now. Send the same request again in a moment.")
            }
            NotDone::Broken(error) => Self::broken(&error),
            NotDone::ShuttingDown => Self::later(
                "shutting_down",
                "This server is stopping. Nothing has changed; send the same request again in a moment.",
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Told { status, code, detail, more, header, kind, limit } = *self.0;
        let is_page = layers::is_page();
        // Whoever only looks is asked to sign in, and comes back. What was sent is not lost: the page before still has it.
        if let (true, Some(place)) = (status == status::nobody(), layers::place()) {
            let to: String = form_urlencoded::byte_serialize(place.as_bytes()).collect();
            return Redirect::to(&format!("/sign-in?to={to}")).into_response();
        }
        let body = Body {
            kind: kind.map_or_else(|| format!("/problems/{code}"), str::to_owned),
            title: problems::title(&code).to_owned(),
            status: status.as_u16(),
            code: code.into_owned(),
            detail,
            instance: layers::request_id(),
            more,
        };
        let barred = Barred::of(status, &body.more, &body.detail);
        let mut response = if is_page { body.page(status, &limit) } else { body.json(status) };
        barred.into_iter().for_each(|barred| drop(response.extensions_mut().insert(barred)));
        if let Some((name, value)) = header.filter(|(name, _)| !is_page || *name != header::WWW_AUTHENTICATE) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl Body {
    fn json(self, status: StatusCode) -> Response {
        let kind = HeaderValue::from_static("application/problem+json; charset=utf-8");
        (status, [(header::CONTENT_TYPE, kind)], Json(self)).into_response()
    }

    fn page(self, status: StatusCode, limit: &Limit) -> Response {
        let request: String = form_urlencoded::byte_serialize(self.instance.as_bytes()).collect();
        let wrong = Wrong {
            code: &self.code,
            detail: &super::pages::coded(&self.detail),
            status: self.status,
            instance: &self.instance,
            signs_in: status == status::nobody(),
            again: limit.again.map(long),
            why: limit.explained.then(|| format!("/limits?request={request}#refused")),
        };
        let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
        let policy = (header::CONTENT_SECURITY_POLICY, page::POLICY);
        (status, [kind, policy], page::wrong(&self.title, &wrong)).into_response()
    }
}

/// What any operation may answer besides its own results; the pages tell each code.
pub(crate) struct Problems;

impl utoipa::IntoResponses for Problems {
    fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
        let problem = |description: &str| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            ResponseBuilder::new().description(description).content("application/problem+json", content)
        };
        let headers = |response: ResponseBuilder, names: &[&str]| {
            let told = HEADERS.iter().filter(|(name, ..)| names.contains(name));
            told.fold(response, |response, (name, kind, about)| response.header(*name, described(kind.clone(), about)))
        };
        let limited = "A limit refuses it, and nothing was done: `quota_exceeded`, `abnormal_usage`, or `cost_over_limit`, which \
                       never passes and has no `Retry-After`.";
        let later =
            "Nothing was done, or it is not known: `reduced_capacity`, `busy`, `timeout`, and others that pass later.";
        let limited = headers(problem(limited), &["Retry-After", "RateLimit", "RateLimit-Policy"]);
        let later = headers(problem(later), &["Retry-After"]);
        let any = problem("Declined or failed: see the page at `type`.");
        let all = [("429", limited), ("503", later), ("default", any)];
        all.into_iter().map(|(status, response)| (status.to_owned(), response.build().into())).collect()
    }
}

/// The header fields of what may be sent again.
const HEADERS: [(&str, utoipa::openapi::Type, &str); 3] = [
    ("Retry-After", utoipa::openapi::Type::Integer, "After so many seconds the same request may pass; from 1 on."),
    (
        "RateLimit",
        utoipa::openapi::Type::String,
        "What is left of each limit, and when, such as `\"person\";r=0;t=12`. Other answers have it too; by the setting \
         `limits` it has other names or is left out.",
    ),
    ("RateLimit-Policy", utoipa::openapi::Type::String, "What each limit admits, such as `\"person\";q=2000;w=2`."),
];

fn described(kind: utoipa::openapi::Type, about: &str) -> utoipa::openapi::Header {
    let schema = utoipa::openapi::ObjectBuilder::new().schema_type(kind).build();
    let mut header = utoipa::openapi::Header::new(schema);
    header.description = Some(about.to_owned());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxor_engine::ids::InstanceId;

    #[test]
    fn machinery_and_refusals_become_their_status() {
        let id = InstanceId(uuid::Uuid::nil());
        let refused = |refusal| Problem::from(NotDone::Refused(refusal));
        let cases = [
            (refused(Refusal::UnknownInstance(id)), 404, "unknown_instance"),
            (refused(Refusal::NotAllowed { rule: "x".into() }), 403, "not_allowed"),
            (refused(Refusal::StaleTask { brought: "a".into(), current: "b".into() }), 412, "stale_task"),
            (refused(Refusal::EtagRequired { current: "b".into() }), 428, "etag_required"),
            (refused(Refusal::ReasonRequired), 422, "reason_required"),
            (refused(Refusal::Guard("no".into())), 409, "refused_by_definition"),
            (refused(Refusal::Domain { code: "unknown_supplier", sentence: "x".into() }), 404, "unknown_supplier"),
            (NotDone::Busy("q".into()).into(), 503, "busy"),
            (NotDone::Broken(StoreError::Unknown("x".into())).into(), 503, "outcome_unknown"),
            (NotDone::ShuttingDown.into(), 503, "shutting_down"),
        ];
        for (problem, status, code) in cases {
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }

    #[test]
    fn what_is_broken_inside_is_not_told_outside() {
        let error = StoreError::Inconsistent { table: "instance", id: "7".into(), what: "secret".into() };
        let problem = Problem::from(NotDone::Broken(error));
        assert_eq!(problem.code(), "internal");
        assert!(!problem.0.detail.contains("secret"), "{}", problem.0.detail);
    }
}
