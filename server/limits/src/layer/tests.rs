use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::header::RETRY_AFTER;
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::tz::TimeZone;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use tower_service::Service;

use super::*;
use crate::answer::problem::Refusal;
use crate::answer::{Decided, Partition, RATE_LIMIT, RATE_LIMIT_LIMIT, RATE_LIMIT_POLICY, RATE_LIMIT_REMAINING};
use crate::at::At;
use crate::limiter::Clock;
use crate::local::Local;
use crate::settings::Settings;

/// A clock that stands still until it is moved, in seconds.
#[derive(Clone, Debug)]
struct Still(Arc<AtomicU64>);

impl Clock for Still {
    fn now(&self) -> At {
        At::from_micros(self.0.load(Ordering::Relaxed) * 1_000_000)
    }
}

fn limiter(headers: &str, policies: &str) -> (Arc<Limiter<Local>>, Still) {
    let text = format!(r#"{{ "headers": "{headers}", "policies": [{policies}] }}"#);
    let policies = Settings::parse(&text).unwrap().compile(&TimeZone::UTC);
    let clock = Still(Arc::new(AtomicU64::new(1_000_000)));
    (Arc::new(Limiter::new(policies, Local::new(1_000)).with_clock(clock.clone())), clock)
}

const TEN_AN_HOUR: &str =
    r#"{ "name": "calls", "by": ["user"], "strategy": { "log": { "limit": 10, "window": "1h" } } }"#;
const ONE_AT_ONCE: &str =
    r#"{ "name": "slots", "by": ["user"], "strategy": { "leases": { "limit": 1, "lease": "1m" } } }"#;

/// Who calls stands in a header, what it costs in another; `/free` is exempt.
fn describe(parts: &Parts) -> Option<Call<'_>> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let cost = text("cost").and_then(|cost| cost.parse().ok()).unwrap_or(1);
    (parts.uri.path() != "/free").then(|| Call::of(Caller { user: text("user"), ..Caller::default() }).costing(cost))
}

fn call(path: &str, cost: u64) -> Request<()> {
    Request::builder().uri(path).header("user", "ann").header("cost", cost).body(()).unwrap()
}

fn answers() -> Answers {
    Answers::new().partition(Partition::Hidden)
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn done(_: Request<()>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("done".to_owned()))
}

#[tokio::test]
async fn every_answer_says_how_things_stand() {
    let (limiter, _) = limiter("draft10", TEN_AN_HOUR);
    let seen = Arc::new(AtomicUsize::new(0));
    let inner = service_fn({
        let seen = Arc::clone(&seen);
        move |request: Request<()>| {
            let decided = request.extensions().get::<Decided>();
            seen.fetch_add(decided.map_or(0, |decided| decided.lines.len()), Ordering::Relaxed);
            done(request)
        }
    });
    let service = ServiceBuilder::new().layer(LimitLayer::new(limiter, answers(), describe)).service(inner);
    let admitted = service.clone().oneshot(call("/", 4)).await.unwrap();
    assert_eq!(text(admitted.headers(), &RATE_LIMIT_POLICY), r#""calls";q=10;w=3600"#);
    assert!(text(admitted.headers(), &RATE_LIMIT).starts_with(r#""calls";r=6;t="#), "{:?}", admitted.headers());
    assert!(admitted.headers().get(RETRY_AFTER).is_none());
    assert_eq!(seen.load(Ordering::Relaxed), 1, "handlers find the decision");

    let refused = service.clone().oneshot(call("/", 7)).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(text(refused.headers(), &RETRY_AFTER), "3600");
    assert_eq!(text(refused.headers(), &RATE_LIMIT), r#""calls";r=6;t=3600"#);
    assert!(refused.body().contains(r#""violated-policies":["calls"]"#), "{}", refused.body());

    let never = service.clone().oneshot(call("/", 11)).await.unwrap();
    assert_eq!((never.status(), never.headers().get(RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, None));
    assert!(never.body().contains(r#""code":"cost_over_limit""#), "{}", never.body());
    assert!(never.body().contains("This call costs 11, and the limit `calls` never admits more than 10 at once."));
    assert_eq!(seen.load(Ordering::Relaxed), 1, "refused calls do not get through");

    let exempt = service.oneshot(call("/free", 999)).await.unwrap();
    assert_eq!((exempt.status(), exempt.headers().len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn settings_choose_the_headers() {
    for (headers, name, value) in [
        ("following", "ratelimit", r#""calls";a=8;w=3600;c=2"#),
        ("legacy", "ratelimit-remaining", "8"),
        ("off", "ratelimit", ""),
    ] {
        let (limiter, _) = limiter(headers, TEN_AN_HOUR);
        let service = LimitLayer::new(limiter, answers(), describe);
        let service = ServiceBuilder::new().layer(service).service(service_fn(done));
        let admitted = service.clone().oneshot(call("/", 2)).await.unwrap();
        assert_eq!(text(admitted.headers(), &http::HeaderName::from_static(name)), value, "{headers}");
        let refused = service.oneshot(call("/", 9)).await.unwrap();
        assert_eq!(text(refused.headers(), &RETRY_AFTER), "3600", "{headers}");
    }
}

#[tokio::test]
async fn waiting_as_long_as_it_says_suffices() {
    let (limiter, clock) = limiter(
        "draft10",
        r#"{ "name": "b", "by": ["user"], "strategy": { "bucket": { "burst": 5, "tokens": 2, "per": "7s" } } }"#,
    );
    let layer = LimitLayer::new(limiter, answers(), describe);
    let service = ServiceBuilder::new().layer(layer).service(service_fn(done));
    service.clone().oneshot(call("/", 5)).await.unwrap();
    for cost in [1, 2, 5, 3] {
        let refused = service.clone().oneshot(call("/", cost)).await.unwrap();
        let wait: u64 = text(refused.headers(), &RETRY_AFTER).parse().unwrap();
        clock.0.fetch_add(wait, Ordering::Relaxed);
        let admitted = service.clone().oneshot(call("/", cost)).await.unwrap();
        assert_eq!(admitted.status(), StatusCode::OK, "{cost} after {wait} s");
        service.clone().oneshot(call("/", 1)).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_call_really_cost_is_corrected() {
    let (limiter, _) = limiter("draft10", TEN_AN_HOUR);
    let inner = service_fn(|request: Request<()>| async move {
        let mut response = Response::new(String::new());
        if request.uri().path() == "/cheap" {
            response.extensions_mut().insert(Spent(1));
        }
        Ok::<_, Infallible>(response)
    });
    let service = ServiceBuilder::new().layer(LimitLayer::new(limiter, answers(), describe)).service(inner);
    for _ in 0..3 {
        let answer = service.clone().oneshot(call("/cheap", 7)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let whole = service.oneshot(call("/", 7)).await.unwrap();
    assert!(text(whole.headers(), &RATE_LIMIT).starts_with(r#""calls";r=0"#), "{:?}", whole.headers());
}

/// Costs what its path says, and checks what the handler is told.
async fn costs_its_path(request: Request<()>) -> Result<Response<String>, Infallible> {
    let decided = request.extensions().get::<Decided>().unwrap();
    assert_eq!((decided.lines[0].remaining, decided.ticket.cost()), (4, 6), "as it was decided");
    let mut response = Response::new(String::new());
    let real = request.uri().path()[1..].parse().unwrap();
    response.extensions_mut().insert(Spent(real));
    Ok(response)
}

#[tokio::test]
async fn the_answer_tells_what_is_left_after_settling() {
    let bucket =
        r#"{ "name": "calls", "by": ["user"], "strategy": { "bucket": { "burst": 10, "tokens": 1, "per": "1m" } } }"#;
    for (headers, name, path, policies, told) in [
        ("draft10", RATE_LIMIT, "/1", bucket, r#""calls";r=9;t=60"#),
        ("draft10", RATE_LIMIT, "/0", bucket, r#""calls";r=10"#),
        ("draft10", RATE_LIMIT, "/13", bucket, r#""calls";r=0;t=780"#),
        ("draft10", RATE_LIMIT, "/6", bucket, r#""calls";r=4;t=360"#),
        ("following", RATE_LIMIT, "/1", TEN_AN_HOUR, r#""calls";a=9;w=3600;c=1"#),
        ("legacy", RATE_LIMIT_REMAINING, "/1", TEN_AN_HOUR, "9"),
    ] {
        let (limiter, _) = limiter(headers, policies);
        let layer = LimitLayer::new(limiter, answers(), describe);
        let service = ServiceBuilder::new().layer(layer).service(service_fn(costs_its_path));
        let answer = service.oneshot(call(path, 6)).await.unwrap();
        assert_eq!(text(answer.headers(), &name), told, "{headers} {path}");
    }
}

#[tokio::test]
async fn what_is_settled_later_corrects_what_is_left() {
    for (path, told) in [("/1", "9"), ("/0", "10"), ("/8", "2"), ("/13", "0"), ("/6", "4")] {
        let (limiter, _) = limiter("legacy", TEN_AN_HOUR);
        let ending = Spawned(|work| drop(tokio::spawn(work)));
        let layer = LimitLayer::with_ending(limiter, answers(), describe, ending);
        let service = ServiceBuilder::new().layer(layer).service(service_fn(costs_its_path));
        let answer = service.oneshot(call(path, 6)).await.unwrap();
        assert_eq!(text(answer.headers(), &RATE_LIMIT_REMAINING), told, "{path}");
    }
}

#[tokio::test]
async fn of_several_the_tightest_is_told_after_settling() {
    let hour = r#"{ "name": "hour", "by": ["user"], "strategy": { "log": { "limit": 900, "window": "1h" } } }"#;
    let slots = r#"{ "name": "slots", "by": ["user"], "strategy": { "leases": { "limit": 5, "lease": "1m" } } }"#;
    let (limiter, _) = limiter("legacy", &[TEN_AN_HOUR, hour, slots].join(","));
    let layer = LimitLayer::new(limiter, answers(), describe);
    let service = ServiceBuilder::new().layer(layer).service(service_fn(costs_its_path));
    let answer = service.oneshot(call("/1", 6)).await.unwrap();
    // 9 of 10 and 899 of 900 by now; the place in `slots` is given back.
    let told = (text(answer.headers(), &RATE_LIMIT_LIMIT), text(answer.headers(), &RATE_LIMIT_REMAINING));
    assert_eq!(told, ("10", "9"));
}

#[tokio::test]
async fn a_service_answers_in_its_own_words_and_keeps_the_headers() {
    let (limiter, _) = limiter("draft10", TEN_AN_HOUR);
    let layer = LimitLayer::new(limiter, answers().abnormal(["calls"]), describe);
    let layer = layer.refused(|refusal: &Refusal, call: &Parts| {
        let body = format!("{} {} {:?}", call.uri.path(), refusal.code(), refusal.retry_after);
        Response::builder().status(403).body(body).unwrap()
    });
    let service = ServiceBuilder::new().layer(layer).service(service_fn(done));
    service.clone().oneshot(call("/", 10)).await.unwrap();
    let refused = service.oneshot(call("/sign-in", 1)).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.body().as_str()), (403, "/sign-in abnormal_usage Some(3600)"));
    assert_eq!(text(refused.headers(), &RETRY_AFTER), "3600");
}

#[tokio::test]
async fn a_redirection_is_followed_whatever_is_left() {
    let (limiter, _) = limiter("draft10", TEN_AN_HOUR);
    let inner = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::builder().status(303).body(String::new()).unwrap())
    });
    let service = ServiceBuilder::new().layer(LimitLayer::new(limiter, answers(), describe)).service(inner);
    assert_eq!(service.oneshot(call("/", 1)).await.unwrap().headers().len(), 0);
}

/// Answers, fails or never ends, by its path.
async fn any_end(request: Request<()>) -> Result<Response<String>, String> {
    match request.uri().path() {
        "/fails" => Err("broken".to_owned()),
        "/hangs" => pending().await,
        _ => Ok(Response::new(String::new())),
    }
}

#[tokio::test]
async fn a_lease_comes_back_however_a_call_ends() {
    let (limiter, _) = limiter("draft10", ONE_AT_ONCE);
    let layer = LimitLayer::new(limiter, answers(), describe);
    let service = ServiceBuilder::new().layer(layer).service(service_fn(any_end));
    for _ in 0..2 {
        assert_eq!(service.clone().oneshot(call("/", 1)).await.unwrap().status(), StatusCode::OK);
        assert!(service.clone().oneshot(call("/fails", 1)).await.is_err());
        let hangs = tokio::spawn(service.clone().oneshot(call("/hangs", 1)));
        tokio::task::yield_now().await;
        let refused = service.clone().oneshot(call("/", 1)).await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "the one place is taken");
        assert!(text(refused.headers(), &RATE_LIMIT_POLICY).ends_with(r#"q=1;qu="concurrent-requests""#));
        // The caller goes away.
        hangs.abort();
        assert!(hangs.await.unwrap_err().is_cancelled());
    }
    // A future that was never asked holds nothing.
    let mut ready = service.clone();
    drop(ready.ready().await.unwrap().call(call("/", 1)));
    assert_eq!(service.oneshot(call("/", 1)).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_executor_takes_what_is_left_to_do() {
    let (limiter, _) = limiter("draft10", ONE_AT_ONCE);
    let ending = Spawned(|work| drop(tokio::spawn(work)));
    let layer = LimitLayer::with_ending(limiter, answers(), describe, ending);
    let service = ServiceBuilder::new().layer(layer).service(service_fn(any_end));
    for path in ["/", "/", "/hangs", "/"] {
        let call = tokio::spawn(service.clone().oneshot(call(path, 1)));
        tokio::task::yield_now().await;
        if path == "/hangs" {
            call.abort();
        }
        let ended = call.await;
        assert!(path == "/hangs" || ended.unwrap().unwrap().status() == StatusCode::OK, "{path}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_pass_no_more_than_the_limit() {
    let (limiter, _) = limiter("draft10", TEN_AN_HOUR);
    let layer = LimitLayer::new(limiter, answers(), describe);
    let service = ServiceBuilder::new().layer(layer).service(service_fn(done));
    let calls: Vec<_> = (0..64).map(|_| tokio::spawn(service.clone().oneshot(call("/", 1)))).collect();
    let mut passed = 0;
    for call in calls {
        passed += usize::from(call.await.unwrap().unwrap().status() == StatusCode::OK);
    }
    assert_eq!(passed, 10);
}

#[tokio::test]
async fn places_have_no_reset_and_are_told_as_given_back() {
    let slots = r#"{ "name": "slots", "by": ["user"], "strategy": { "leases": { "limit": 1, "lease": "1h" } } }"#;
    for (headers, told) in [("draft10", "\"slots\";r=1"), ("following", "\"slots\";a=1")] {
        let (limiter, _) = limiter(headers, slots);
        let layer = LimitLayer::new(limiter.clone(), answers(), describe);
        let service = ServiceBuilder::new().layer(layer).service(service_fn(done));
        let answer = service.clone().oneshot(call("/1", 6)).await.unwrap();
        let field = text(answer.headers(), &RATE_LIMIT);
        assert!(field.starts_with(told) && !field.contains(";t=") && !field.contains(";w="), "{field}");
        // While somebody holds the only place, others are told to come again soon.
        let held = limiter.decide_now(&Caller { user: Some("ann"), ..Caller::default() }, 1);
        assert!(held.is_admitted());
        let answer = service.oneshot(call("/1", 6)).await.unwrap();
        assert_eq!((answer.status().as_u16(), text(answer.headers(), &RETRY_AFTER)), (429, "1"));
        limiter.release_now(held.ticket);
    }
}

#[tokio::test]
async fn a_handlers_retry_after_is_not_earlier_than_there_is_something_again() {
    for (spent, told) in [("/10", "3600"), ("/9", "2")] {
        let (limiter, _) = limiter("draft10", TEN_AN_HOUR);
        let layer = LimitLayer::new(limiter, answers(), describe);
        let busy = service_fn(|request: Request<()>| async move {
            let mut response = costs_its_path(request).await?;
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(RETRY_AFTER, 2.into());
            Ok::<_, Infallible>(response)
        });
        let answer = ServiceBuilder::new().layer(layer).service(busy).oneshot(call(spent, 6)).await.unwrap();
        assert_eq!(text(answer.headers(), &RETRY_AFTER), told, "{spent}");
    }
}
