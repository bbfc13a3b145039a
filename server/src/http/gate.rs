//! Before a handler runs: whether the server has room, who calls, and whether limits let the call pass.
//!
//! What must hold: health, figures and pages always answer; administrators can change settings, whatever limits somebody has
//! set; a key that is not known yet costs its address an attempt, which a valid key gets back; a refusal is a problem like every
//! other, with the limits' header fields. The order of the layers is in `routes.rs`.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, Response};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use fluxor_engine::ids::TenantId;
use fluxor_limits::answer::Decided;
use fluxor_limits::answer::problem::{Reason, Refusal};
use fluxor_limits::layer::Call;
use fluxor_limits::{At, Class, Decision, Live, Part, Policies, Ticket};

use super::auth::{self, Brought, Caller};
use super::noted::{self, UnderWay};
use super::problem::Problem;
use super::{extract, layers, spent};
use crate::app::App;
use crate::desk::NotDone;
use crate::limits::{Limits, SIGN_IN};
use crate::traffic::Turned;

/// What the route costs by the settings.
#[derive(Clone, Copy)]
pub(super) struct Base(pub(super) u64);

/// Where a request comes from, as far as that is known.
#[derive(Clone, Copy)]
pub(super) struct Address(pub(super) Option<IpAddr>);

/// What the limits are told of a call, found before they are asked.
pub(super) struct About {
    pub(super) policies: Arc<Live>,
    tenant: Option<String>,
    caller: Option<Caller>,
    address: Option<IpAddr>,
    route: Box<str>,
    /// HEAD does all that GET does, and is one.
    method: Method,
    object: Option<String>,
    class: Class,
    /// What the route costs by the settings.
    base: u64,
    pub(super) cost: u64,
    /// What the limits decided, as soon as they have.
    decided: OnceLock<Decided>,
}

impl About {
    /// Who calls, and what for.
    pub(super) fn caller(&self) -> fluxor_limits::Caller<'_> {
        fluxor_limits::Caller {
            tenant: self.tenant.as_deref(),
            user: self.caller.as_ref().map(|caller| caller.person().as_str()),
            api_key: self.caller.as_ref().map(|caller| &*caller.key().id),
            address: self.address,
            route: Some(&self.route),
            method: Some(self.method.as_str()),
            object: self.object.as_deref(),
            class: Some(self.class),
        }
    }

    /// The policies in shadow that would have refused it.
    pub(super) fn would(&self) -> Vec<String> {
        let policies = self.policies.current();
        self.decided.get().map_or_else(Vec::new, |decided| noted::would(&decided.shadows, &policies))
    }

    /// A cost as if the route cost 1: other policies have other costs. What cost nothing although the route does has cost nothing.
    pub(super) fn plain(&self, cost: u64) -> u64 {
        cost.checked_sub(self.base).map_or(cost, |more| more.saturating_add(1))
    }

    /// Whose data is asked for.
    pub(super) fn tenant_id(&self) -> Option<TenantId> {
        self.caller.as_ref().map(Caller::tenant)
    }
}

/// How much a request matters; none: it is let through whatever there is to do.
pub(crate) fn class(parts: &Parts) -> Option<Class> {
    class_of(layers::route(&parts.extensions))
}

/// How much a route matters.
pub(crate) fn class_of(route: &str) -> Option<Class> {
    match route {
        "/metrics" | "/openapi.json" => None,
        route if ["/health/", "/problems", "/assets/"].iter().any(|free| route.starts_with(free)) => None,
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
    parts.extensions.insert(Address(address));
    let caller = match known(&app, &parts, address).await {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let apart = apart(app.limits(), caller.as_ref(), layers::route(&parts.extensions)).cloned();
    let is_kept = app.limits().traffic().is_kept() && apart.is_none();
    let policies = match apart {
        Some(apart) => apart,
        None => app.policies(caller.as_ref().map(Caller::tenant)).await,
    };
    let current = policies.current();
    match &caller {
        Some(caller) => drop(parts.extensions.insert(caller.clone())),
        None => drop(parts.extensions.insert(auth::Unknown)),
    }
    let route = layers::route(&parts.extensions);
    if current.is_empty() && !is_kept {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
    let base = current.cost(method.as_str(), route);
    let (route, cost): (Box<str>, u64) = (route.into(), spent::estimated(&parts, base));
    // What is kept is told to whatever policies will be tried on it.
    let object = if is_kept || current.count_by(Part::Object) { object(&mut parts, &route).await } else { None };
    let tenant = caller.as_ref().map(|caller| caller.tenant().to_string());
    parts.extensions.insert(Base(base));
    let limited = !current.is_empty();
    let decided = OnceLock::new();
    let about = About { policies, tenant, caller, address, route, method, object, class, base, cost, decided };
    let about = Arc::new(about);
    if limited {
        parts.extensions.insert(Arc::clone(&about));
    }
    let under_way = is_kept.then(|| UnderWay::begin(&app, &about));
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(under_way) = under_way {
        under_way.ended(response.extensions_mut());
    }
    response
}

/// What limits a call that is under no limits that anybody sets: whoever is over a limit may ask why, and whoever may change limits
/// must be able to.
fn apart<'l>(limits: &'l Limits, caller: Option<&Caller>, route: &str) -> Option<&'l Arc<Live>> {
    let caller = caller?;
    match route {
        _ if explains(route) => Some(limits.explaining()),
        _ if route.starts_with("/v1/settings") && caller.key().administrator => Some(limits.settling()),
        _ => None,
    }
}

/// Whether a route explains limits, or who it is whom they limit.
pub(crate) fn explains(route: &str) -> bool {
    route == "/limits" || route == "/v1/me" || route.starts_with("/v1/limits")
}

/// Whoever has the key that was sent. What is sent instead of a key is the handler's to refuse.
async fn known(
    app: &App,
    parts: &Parts,
    address: Option<IpAddr>,
) -> Result<Option<Caller>, Box<axum::response::Response>> {
    let Ok(brought) = auth::brought(parts) else { return Ok(None) };
    tried(app, brought, address).await
}

/// Whoever has what was brought; what is not known yet costs its address an attempt.
pub(super) async fn tried(
    app: &App,
    brought: Brought,
    address: Option<IpAddr>,
) -> Result<Option<Caller>, Box<axum::response::Response>> {
    if brought.is_known(app) {
        return brought.look(app).await.map_err(|error| Box::new(Problem::from(error).into_response()));
    }
    let attempt = tokio::spawn(attempt(app.clone(), brought, address, layers::request_id()));
    // Whoever goes away meanwhile is counted like everybody else.
    match attempt.await {
        Ok(Attempt::Looked(looked)) => looked.map_err(|error| Box::new(Problem::from(error).into_response())),
        Ok(Attempt::Refused(refusal, fields)) => Err(turned_away(&refusal, fields)),
        Err(ended) => std::panic::resume_unwind(Box::new(format!("a key was not looked up to the end: {ended}"))),
    }
}

fn turned_away(refusal: &Refusal, fields: HeaderMap) -> Box<axum::response::Response> {
    let mut response = Problem::limited(refusal).into_response();
    response.headers_mut().extend(fields);
    Box::new(response)
}

/// Lets an address have one more mail with a link sent: that costs what an attempt costs that fails.
pub(super) async fn charged(app: &App, address: Option<IpAddr>) -> Result<(), Box<axum::response::Response>> {
    match admitted(app, address, layers::request_id()).await {
        Ok(attempt) => {
            attempt.ended(app, address, true);
            Ok(())
        }
        Err((refusal, fields)) => Err(turned_away(&refusal, fields)),
    }
}

/// Somebody of whom nothing is known but where he comes from.
fn guest(address: Option<IpAddr>) -> fluxor_limits::Caller<'static> {
    fluxor_limits::Caller { address, route: Some(SIGN_IN), ..Default::default() }
}

/// What became of looking up a key that was not seen before.
enum Attempt {
    Looked(Result<Option<Caller>, NotDone>),
    Refused(Refusal, HeaderMap),
}

/// An attempt that limits let pass.
struct Admitted {
    ticket: Ticket,
    at: At,
    would: Vec<String>,
}

impl Admitted {
    /// It is known how it ended; what did not fail costs nothing.
    fn ended(self, app: &App, address: Option<IpAddr>, failed: bool) {
        let real = if failed { self.ticket.cost() } else { 0 };
        app.limits().ended(self.ticket, real);
        noted::attempt(app, &guest(address), self.at, failed.into(), &self.would);
    }
}

/// Whether the policy that refuses is for attempts and nothing else: what it refuses is no use, but abuse.
fn is_abuse(policies: &Policies, decision: &Decision) -> bool {
    let owner = decision.tightest().and_then(|line| policies.owner(&line.policy, &line.key));
    owner.is_some_and(|policy| !policy.routes.is_empty() && policy.routes.iter().all(|route| route == SIGN_IN))
}

/// Whether an address may try once more.
async fn admitted(app: &App, address: Option<IpAddr>, request: String) -> Result<Admitted, (Refusal, HeaderMap)> {
    let (limits, by) = (app.limits(), guest(address));
    let policies = app.policies(None).await;
    let current = policies.current();
    let at = limits.limiter().now();
    let decision = limits.limiter().decide_by(&policies, &by, current.cost("", SIGN_IN)).await;
    let Some(mut refusal) = limits.answers().refusal(&decision) else {
        let would = noted::would(&decision.shadows, &current);
        return Ok(Admitted { ticket: decision.ticket, at, would });
    };
    if refusal.reason == Reason::Quota && is_abuse(&current, &decision) {
        refusal.reason = Reason::Abnormal;
    }
    let mut fields = HeaderMap::new();
    limits.answers().write(&decision, current.headers(), &mut fields);
    let turned = Turned { decided: Arc::new(decision), refusal: refusal.clone() };
    noted::attempt_refused(app, &by, at, &turned, (&current, request));
    Err((refusal, fields))
}

async fn attempt(app: App, brought: Brought, address: Option<IpAddr>, request: String) -> Attempt {
    let admitted = match admitted(&app, address, request).await {
        Ok(admitted) => admitted,
        Err((refusal, fields)) => return Attempt::Refused(refusal, fields),
    };
    let looked = brought.look(&app).await;
    // An attempt that fails is what is counted, and no failure of ours.
    admitted.ended(&app, address, matches!(looked, Ok(None)));
    Attempt::Looked(looked)
}

/// What the call is about, by whatever route and however it is written: an order and its task are one, a record is its kind
/// and key.
async fn object(parts: &mut Parts, route: &str) -> Option<String> {
    let params = parts.extract::<RawPathParams>().await.ok()?;
    let values: Vec<&str> = params.iter().map(|(_, value)| value).collect();
    named(route, &values)
}

/// Whether requests of a route are about something that is there. One that starts something new is about nothing yet.
pub(crate) fn has_object(route: &str) -> bool {
    route.starts_with("/v1/") && route.contains('{') && route != NEW_INSTANCE
}

/// Where instances are started.
const NEW_INSTANCE: &str = "/v1/workflows/{workflow}/instances";

fn named(route: &str, values: &[&str]) -> Option<String> {
    if !has_object(route) {
        return None;
    }
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

/// What limits look at; none: they let it pass.
pub(crate) fn describe(parts: &Parts) -> Option<Call<'_>> {
    let about = parts.extensions.get::<Arc<About>>()?;
    Some(Call { caller: about.caller(), cost: about.cost, policies: Some(&about.policies) })
}

/// Remembers what limits decided of a call, for when it is noted.
pub(super) fn decided(request: &Extensions) {
    if let (Some(about), Some(decided)) = (request.get::<Arc<About>>(), request.get::<Decided>()) {
        let _ = about.decided.set(Arc::clone(decided));
    }
}

/// Refusals, as this server tells problems; `kept`: they can be explained to whoever is known.
pub(crate) fn refused(kept: bool) -> impl Fn(&Refusal, &Parts) -> Response<axum::body::Body> + Clone {
    move |refusal, parts| {
        // What explains limits is not noted, and a link opens no other page.
        let known = parts.extensions.get::<Caller>().is_some_and(|caller| !caller.is_link());
        let explained = kept && known && !explains(layers::route(&parts.extensions));
        let mut response = Problem::limited(refusal).explained(explained).into_response();
        decided(&parts.extensions);
        if let Some(decided) = parts.extensions.get::<Decided>() {
            response.extensions_mut().insert(Turned { decided: Arc::clone(decided), refusal: refusal.clone() });
        }
        response
    }
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

    #[test]
    fn what_starts_something_is_about_nothing_yet() {
        assert_eq!(named(NEW_INSTANCE, &["purchase_order"]), None);
        assert!(super::super::routes::specification().paths.paths.contains_key(NEW_INSTANCE));
        assert_eq!(named("/v1/workflows/{name}", &["purchase_order"]), Some("workflows/purchase_order".to_owned()));
    }
}
