//! Before a handler runs: whether the server has room, who calls, and whether limits let the call pass.
//!
//! What must hold: health, figures and pages always answer; administrators can always change settings; a key that is not
//! known yet costs its address an attempt, which a valid key gets back; a refusal is a problem like every other, with the
//! limits' header fields. The order of the layers is in `routes.rs`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::Digest;
use fluxor_limits::answer::problem::Refusal;
use fluxor_limits::layer::Call;
use fluxor_limits::{Class, Live, Part};

use super::auth::{self, Caller};
use super::problem::Problem;
use super::spent;
use super::{extract, layers};
use crate::app::App;
use crate::desk::NotDone;
use crate::limits::SIGN_IN;

/// What the route costs by the settings.
#[derive(Clone, Copy)]
pub(super) struct Base(pub(super) u64);

/// What the limits are told of a call, found before they are asked.
#[derive(Clone)]
struct About {
    policies: Arc<Live>,
    tenant: Option<String>,
    caller: Option<Caller>,
    address: Option<IpAddr>,
    route: Arc<str>,
    object: Option<String>,
    class: Class,
    cost: u64,
}

/// How much a route matters; none: it is let through whatever there is to do.
pub(crate) fn class(parts: &Parts) -> Option<Class> {
    match layers::route(&parts.extensions) {
        "/metrics" | "/openapi.json" => None,
        route if route.starts_with("/health/") || route.starts_with("/problems") => None,
        "/v1/audit/verify" => Some(Class::Background),
        route if route.starts_with("/v1/records/") => Some(Class::Batch),
        _ => Some(Class::Interactive),
    }
}

/// Finds who calls.
pub(crate) async fn identify(State(app): State<App>, request: Request, next: Next) -> axum::response::Response {
    let (mut parts, body) = request.into_parts();
    let Some(class) = class(&parts) else { return next.run(Request::from_parts(parts, body)).await };
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let address = app.limits().client(peer, &parts.headers);
    let caller = match known(&app, &parts, address).await {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let policies = app.policies(caller.as_ref().map(Caller::tenant)).await;
    let current = policies.current();
    match &caller {
        Some(caller) => drop(parts.extensions.insert(caller.clone())),
        None => drop(parts.extensions.insert(auth::Unknown)),
    }
    let route = layers::route(&parts.extensions);
    // Whoever may change limits must be able to, whatever somebody has set.
    let settles = route.starts_with("/v1/settings") && caller.as_ref().is_some_and(|caller| caller.key().administrator);
    if settles || current.is_empty() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let base = current.cost(method(&parts), route);
    let (route, cost): (Arc<str>, u64) = (route.into(), spent::estimated(&parts, base));
    let object = if current.count_by(Part::Object) { object(&mut parts, &route).await } else { None };
    let tenant = caller.as_ref().filter(|_| current.count_by(Part::Tenant)).map(|caller| caller.tenant().to_string());
    parts.extensions.insert(Base(base));
    parts.extensions.insert(About { policies, tenant, caller, address, route, object, class, cost });
    next.run(Request::from_parts(parts, body)).await
}

/// Whoever has the key that was sent. What is sent instead of a key is the handler's to refuse.
async fn known(
    app: &App,
    parts: &Parts,
    address: Option<IpAddr>,
) -> Result<Option<Caller>, Box<axum::response::Response>> {
    let Ok(hash) = auth::brought(&parts.headers) else { return Ok(None) };
    if app.key_seen(&hash) {
        let found = app.key(hash).await.map_err(|error| Box::new(Problem::from(error).into_response()))?;
        return Ok(found.map(Caller::with));
    }
    let attempt = tokio::spawn(attempt(app.clone(), hash, address));
    // Whoever goes away meanwhile is counted like everybody else.
    match attempt.await {
        Ok(Attempt::Looked(looked)) => {
            looked.map(|key| key.map(Caller::with)).map_err(|error| Box::new(Problem::from(error).into_response()))
        }
        Ok(Attempt::Refused(refusal, fields)) => {
            let mut response = refused(&refusal, parts);
            response.headers_mut().extend(fields);
            Err(Box::new(response))
        }
        Err(ended) => std::panic::resume_unwind(Box::new(format!("a key was not looked up to the end: {ended}"))),
    }
}

/// What became of looking up a key that was not seen before.
enum Attempt {
    Looked(Result<Option<Arc<ApiKeyRow>>, NotDone>),
    Refused(Refusal, HeaderMap),
}

async fn attempt(app: App, hash: Digest, address: Option<IpAddr>) -> Attempt {
    let limits = app.limits();
    let policies = app.policies(None).await;
    let attempt = fluxor_limits::Caller { address, route: Some(SIGN_IN), ..Default::default() };
    let decision = limits.limiter().decide_by(&policies, &attempt, 1).await;
    if let Some(refusal) = limits.answers().refusal(&decision) {
        let mut fields = HeaderMap::new();
        limits.answers().write(&decision, policies.current().headers(), &mut fields);
        return Attempt::Refused(refusal, fields);
    }
    let looked = app.key(hash).await;
    // An attempt that fails is what is counted, and no failure of ours.
    limits.ended(decision.ticket, u64::from(matches!(looked, Ok(None))));
    Attempt::Looked(looked)
}

/// What the call is about, by whatever route and however it is written: an order and its task are one, a record is its kind
/// and key.
async fn object(parts: &mut Parts, route: &str) -> Option<String> {
    let params = parts.extract::<RawPathParams>().await.ok()?;
    let values: Vec<&str> = params.iter().map(|(_, value)| value).collect();
    named(route, &values)
}

fn named(route: &str, values: &[&str]) -> Option<String> {
    let noun = route.strip_prefix("/v1/")?.split('/').next()?;
    let key = |parts: &[&str]| parts.iter().map(|part| extract::part(part)).collect::<Vec<_>>().join("@");
    match (noun, values) {
        (_, []) => None,
        ("instances" | "tasks" | "orders" | "reorder", [id, ..]) => {
            let id = id.split('.').next().unwrap_or(id);
            // An id can be written in many ways.
            Some(
                uuid::Uuid::parse_str(id)
                    .map_or_else(|_| format!("unknown/{}", extract::part(id)), |id| id.to_string()),
            )
        }
        ("records", [kind, id, ..]) => {
            let places: Vec<&str> = id.split('@').collect();
            Some(format!("{}/{}", extract::part(kind), key(&places)))
        }
        ("items", [code]) => Some(format!("item/{}", extract::part(code))),
        (noun, values) => Some(format!("{noun}/{}", key(values))),
    }
}

/// HEAD does all that GET does.
fn method(parts: &Parts) -> &str {
    if parts.method == Method::HEAD { "GET" } else { parts.method.as_str() }
}

/// What limits look at; none: they let it pass.
pub(crate) fn describe(parts: &Parts) -> Option<Call<'_>> {
    let about = parts.extensions.get::<About>()?;
    let caller = fluxor_limits::Caller {
        tenant: about.tenant.as_deref(),
        user: about.caller.as_ref().map(|caller| caller.person().as_str()),
        api_key: about.caller.as_ref().map(|caller| &*caller.key().id),
        address: about.address,
        route: Some(&about.route),
        method: Some(method(parts)),
        object: about.object.as_deref(),
        class: Some(about.class),
    };
    Some(Call { caller, cost: about.cost, policies: Some(&about.policies) })
}

/// A refusal, as this server tells problems.
pub(crate) fn refused(refusal: &Refusal, _: &Parts) -> Response<axum::body::Body> {
    Problem::limited(refusal).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_one_however_it_is_written() {
        let id = "01a20e85-0000-7000-8000-00000000000a";
        let of = |route: &str, values: &[&str]| named(route, values).unwrap_or_default();
        for other in [id.to_uppercase(), id.replace('-', ""), format!("urn:uuid:{id}"), format!("{{{id}}}")] {
            assert_eq!(of("/v1/instances/{id}", &[&other]), id);
            assert_eq!(of("/v1/tasks/{id}/decisions", &[&format!("{other}.1")]), id);
        }
        assert_eq!(of("/v1/orders/{id}", &[id]), of("/v1/instances/{id}/{event}", &[id, "cancel"]));
        assert_eq!(of("/v1/items/{code}", &["x"]), of("/v1/records/{kind}/{key}/{action}", &["item", "x", "set_item"]));
        assert_ne!(of("/v1/items/{code}", &["x"]), of("/v1/workflows/{name}", &["x"]));
        assert_ne!(
            of("/v1/records/{kind}/{key}/{action}", &["a b", "c"]),
            of("/v1/records/{kind}/{key}/{action}", &["a", "b c"])
        );
        assert_ne!(
            of("/v1/records/{kind}/{key}/{action}", &["a/b", "c"]),
            of("/v1/records/{kind}/{key}/{action}", &["a", "b/c"])
        );
        assert_eq!(named("/v1/tasks", &[]), None);
    }
}
