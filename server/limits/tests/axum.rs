//! The layers around an axum router, as another service would put them.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::MatchedPath;
use axum::http::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use fluxor_limits::decide::Asked;
use fluxor_limits::store::{Settling, StoreAway};
use fluxor_limits::{
    Answers, At, Call, Caller, Class, Decided, LimitLayer, Limiter, Local, Refusal, Settings, Shed, ShedLayer, Spawned,
    Spent, Store, Weighed,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const SETTINGS: &str = r#"{ "policies": [
    { "name": "calls", "by": ["address", "route"], "strategy": { "log": { "limit": 2, "window": "1h" } },
      "routes": ["/items/{id}"] },
    { "name": "export", "by": ["address"], "strategy": { "bucket": { "burst": 100, "tokens": 1, "per": "1m" } },
      "routes": ["/export"] }
] }"#;

fn describe(call: &Parts) -> Option<Call<'_>> {
    let route = call.extensions.get::<MatchedPath>().map(MatchedPath::as_str)?;
    let cost = if route == "/export" { 50 } else { 1 };
    let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    (route != "/health").then(|| Call::of(Caller { address, route: Some(route), ..Caller::default() }).costing(cost))
}

fn class(call: &Parts) -> Option<Class> {
    (call.uri.path() != "/health").then_some(Class::Interactive)
}

async fn item(Extension(decided): Extension<Decided>) -> String {
    format!("{} left", decided.lines[0].remaining)
}

/// Exempt calls have no decision.
async fn health(decided: Option<Extension<Decided>>) -> &'static str {
    if decided.is_none() { "well" } else { "limited" }
}

async fn export() -> Response {
    let mut response = "three rows".into_response();
    response.extensions_mut().insert(Spent(3));
    response
}

fn router(shed: &Shed) -> Router {
    let policies = Settings::parse(SETTINGS).unwrap().compile(&TimeZone::UTC);
    let limiter = Arc::new(Limiter::new(policies, Local::new(1_000)));
    let own_words = |refusal: &Refusal, call: &Parts| {
        let body = json!({ "code": refusal.code(), "detail": refusal.detail(), "path": call.uri.path() });
        (refusal.status(), Json(body)).into_response()
    };
    Router::new()
        .route("/items/{id}", get(item))
        .route("/export", get(export))
        .route("/health", get(health))
        // Inside: it knows the route. Outside: nothing is done yet when load is shed.
        .route_layer(LimitLayer::new(limiter, Answers::new(), describe).refused(own_words))
        .layer(ShedLayer::new(shed.clone(), class))
}

async fn call(router: &Router, path: &str) -> (u16, axum::http::HeaderMap, String) {
    let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_router_with_limits() {
    let shed = Shed::new(1);
    let router = router(&shed);
    assert_eq!(call(&router, "/items/1").await.2, "1 left");
    assert_eq!(call(&router, "/items/2").await.2, "0 left");
    let (status, headers, body) = call(&router, "/items/3").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"], &body["path"]), (429, &json!("quota_exceeded"), &json!("/items/3")));
    assert_eq!(headers["retry-after"], "3600");
    assert!(headers["ratelimit"].to_str().unwrap().starts_with(r#""calls";r=0;t=3600;pk=:"#), "{headers:?}");

    let (_, headers, _) = call(&router, "/export").await;
    assert!(
        headers["ratelimit"].to_str().unwrap().starts_with(r#""export";r=97;t="#),
        "as it was settled: {headers:?}"
    );
    assert_eq!(call(&router, "/health").await.2, "well");

    // Two at the estimate, many at what they really cost.
    for _ in 0..8 {
        assert_eq!(call(&router, "/export").await.0, 200);
    }
    let held = shed.enter(Class::Interactive).unwrap();
    let (status, headers, body) = call(&router, "/export").await;
    assert_eq!((status, &headers["retry-after"]), (503, &"1".parse().unwrap()), "{body}");
    assert_eq!(call(&router, "/health").await.0, 200);
    drop(held);
    assert_eq!(call(&router, "/export").await.0, 200);
    assert_eq!(shed.total(), 0);
}

/// A store that other processes could share, and that takes its time.
struct Slow(Local);

impl Store for Slow {
    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let weighed = self.0.weigh(now, asked, back).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        weighed
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        self.0.settle(now, settling).await
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        self.0.renew(now, renewing).await
    }
}

/// Whoever leaves while the store is asked holds no place afterwards, and has used nothing.
#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_holds_nothing() {
    let settings = r#"{ "policies": [
        { "name": "places", "by": ["address"], "strategy": { "leases": { "limit": 1, "lease": "1h" } } },
        { "name": "calls", "by": ["address"], "strategy": { "log": { "limit": 2, "window": "1h" } } }
    ] }"#;
    let policies = Settings::parse(settings).unwrap().compile(&TimeZone::UTC);
    let limiter = Arc::new(Limiter::new(policies, Slow(Local::new(100_000))));
    let later = Spawned(|work| drop(tokio::spawn(work)));
    let layer = LimitLayer::with_ending(limiter, Answers::new(), describe, later);
    let router = Router::new().route("/items/{id}", get(item)).layer(layer);
    let call = || router.clone().oneshot(Request::get("/items/7").body(Body::empty()).unwrap());
    for left_after in [1, 10, 25, 39] {
        assert!(tokio::time::timeout(Duration::from_millis(left_after), call()).await.is_err());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for _ in 0..2 {
        assert_eq!(call().await.unwrap().status(), 200);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(call().await.unwrap().status(), 429);
}
