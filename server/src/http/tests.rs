//! The interface over a desk that answers as it is told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use fluxor_engine::command::{Actor, Change, Command, Verb};
use fluxor_engine::ids::{Digest, TenantId};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{problems, routes, status};
use crate::app::App;
use crate::desk::stub::{Stub, blank};
use crate::desk::{Desk, NotDone, Submitted};
use crate::secret;

struct Server {
    router: Router,
    admin: String,
    ann: String,
}

async fn server(stub: Stub) -> Server {
    server_with(stub, &[]).await
}

async fn server_with(stub: Stub, options: &[&str]) -> Server {
    let key = async |id: &str, person: &str, administrator| {
        let secret = secret::write(id, &[7; 32]);
        let change = Change::CreateKey {
            id: id.into(),
            secret_hash: Digest::of(&secret),
            person: person.into(),
            label: String::new(),
            administrator,
        };
        let command = Command {
            tenant: TenantId(1),
            request: format!("setup-{id}").as_str().into(),
            request_hash: Digest::of(id),
            actor: Actor::System,
            verb: Verb::Change(change),
        };
        stub.submit(command).await.unwrap();
        secret
    };
    let (admin, ann) = (key("root1", "root", true).await, key("ann1", "ann", false).await);
    let limits = crate::limits::Limits::open(&crate::config::tests::config(options)).await.unwrap();
    let door = crate::door::Door::new(&crate::config::tests::config(options)).unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let app = App::new(Arc::new(stub), metrics, Duration::from_millis(300), limits, door).unwrap();
    Server { router: routes::router(app), admin, ann }
}

/// `POST /path` with headers and a body; the answer's status, headers and JSON.
async fn ask(server: &Server, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, Response<()>, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = server.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (parts.status.as_u16(), Response::from_parts(parts, ()), value)
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// Request line, headers, body; status and code of the answer.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

#[tokio::test]
async fn every_wrong_request_is_a_problem_with_its_code() {
    let server = server(Stub::default()).await;
    let auth = bearer(&server.ann);
    let (a, k, j) = (("authorization", auth.as_str()), ("idempotency-key", "k1"), ("content-type", "application/json"));
    let start = "POST /v1/workflows/purchase_order/instances";
    let uuid = "0197f3a2-7c1e-7000-8000-0123456789ab";
    let decisions = format!("POST /v1/tasks/{uuid}.1/decisions");
    let history = format!("GET /v1/instances/{uuid}/history?afer=1");
    let large = " ".repeat((1 << 20) + 1);
    let cases: &[Case<'_>] = &[
        ("GET /nowhere", &[], "", 404, "not_found"),
        ("PUT /v1/instances", &[a], "", 405, "method_not_allowed"),
        ("GET /v1/instances", &[], "", 401, "unauthenticated"),
        ("GET /v1/instances", &[("authorization", "Bearer flx_a_b")], "", 401, "unauthenticated"),
        (start, &[k, j], "{}", 401, "unauthenticated"),
        (start, &[a, j], "{}", 400, "idempotency_key_required"),
        (start, &[a, j, ("idempotency-key", "a b")], "{}", 400, "idempotency_key_invalid"),
        (start, &[a, k, ("content-type", "text/plain")], "{}", 415, "unsupported_media_type"),
        (start, &[a, k, j], "{", 400, "malformed_json"),
        (start, &[a, k, j], &large, 413, "payload_too_large"),
        (start, &[a, k, j], r#"{"inputs":{}}"#, 422, "invalid_input"),
        (start, &[a, k, j], r#"{"key":7}"#, 422, "invalid_input"),
        (start, &[a, k, j], "{}", 404, "unknown_workflow"),
        (&decisions, &[a, k, j, ("if-match", "*")], r#"{"act":"approve","step":"m"}"#, 400, "invalid_if_match"),
        (&decisions, &[a, k, j], r#"{"act":"aprove","step":"m"}"#, 422, "invalid_input"),
        (&decisions, &[a, k, j], r#"{"act":"approve","step":"m"}"#, 404, "unknown_task"),
        ("GET /v1/instances/7", &[a], "", 400, "invalid_path"),
        ("GET /v1/instances?limit=0", &[a], "", 400, "invalid_query"),
        (&history, &[a], "", 400, "invalid_query"),
        ("GET /v1/keys", &[a], "", 403, "not_allowed"),
        ("POST /v1/keys", &[a, k, j], r#"{"person":"ann"}"#, 403, "not_allowed"),
        ("GET /problems/busi", &[], "", 404, "not_found"),
    ];
    for (line, headers, body, status, code) in cases {
        let (got, response, problem) = ask(&server, line, headers, body).await;
        assert_eq!((got, problem["code"].as_str()), (*status, Some(*code)), "{line} {problem}");
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("application/problem+json"), "{line}: {kind}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{line}");
        assert_eq!(problem["instance"], response.headers()["x-request-id"].to_str().unwrap(), "{line}");
    }
    let (_, response, _) = ask(&server, "PUT /v1/instances", &[a], "").await;
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    let (_, response, problem) = ask(&server, "GET /v1/instances?stat=x", &[a, ("x-request-id", "mine-1")], "").await;
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    assert!(problem["detail"].as_str().unwrap().contains("did you mean `state`?"), "{problem}");
}

#[tokio::test]
async fn a_start_is_created_once_and_repeated_with_the_same_body() {
    let answer = |repeat| Submitted { answer: blank(), repeat };
    let stub = Stub::scripted(move |command| match &command.verb {
        Verb::Start { workflow, .. } => Some(Ok(answer(&**workflow == "again"))),
        _ => None,
    });
    let server = server(stub).await;
    let auth = bearer(&server.ann);
    let headers = [("authorization", auth.as_str()), ("idempotency-key", "k"), ("content-type", "application/json")];
    let first = ask(&server, "POST /v1/workflows/first/instances", &headers, "{}").await;
    let again = ask(&server, "POST /v1/workflows/again/instances", &headers, "{}").await;
    assert_eq!((first.0, again.0), (201, 200));
    assert_eq!(first.2, again.2);
    assert_eq!(first.2["at"], "1970-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_revoked_key_is_useless_at_once_and_a_secret_is_shown_once() {
    let server = server(Stub::default()).await;
    let admin = bearer(&server.admin);
    let headers = |request: &'static str| {
        [
            ("authorization", admin.clone()),
            ("idempotency-key", request.to_owned()),
            ("content-type", "application/json".to_owned()),
        ]
    };
    let send = async |line: &str, request: &'static str, body: &str| {
        let headers = headers(request);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ask(&server, line, &headers, body).await
    };
    let (status, _, made) = send("POST /v1/keys", "make", r#"{"person":"bob","label":"laptop"}"#).await;
    assert_eq!(status, 201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let (status, _, repeated) = send("POST /v1/keys", "make", r#"{"label":"laptop","person":"bob"}"#).await;
    assert_eq!((status, &repeated["id"], repeated.get("secret")), (200, &made["id"], None));
    let (status, _, reused) = send("POST /v1/keys", "make", r#"{"person":"eve"}"#).await;
    assert_eq!((status, reused["code"].as_str()), (422, Some("request_reused")));

    let bob = bearer(&secret);
    let (status, _, me) = ask(&server, "GET /v1/me", &[("authorization", &bob)], "").await;
    assert_eq!((status, me["person"].as_str()), (200, Some("bob")));
    let line = format!("DELETE /v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(send(&line, "revoke", "").await.0, 200);
    assert_eq!(ask(&server, "GET /v1/me", &[("authorization", &bob)], "").await.0, 401);
}

#[tokio::test]
async fn a_panic_a_full_queue_and_a_time_out_are_answered_too() {
    let stub = Stub::scripted(|command| match &command.verb {
        Verb::Start { workflow, .. } if &**workflow == "panic" => panic!("on purpose"),
        Verb::Start { .. } => Some(Err(NotDone::Busy("full".to_owned()))),
        _ => None,
    });
    let server = server(stub).await;
    let auth = bearer(&server.ann);
    let headers = [("authorization", auth.as_str()), ("idempotency-key", "k")];
    let (status, response, problem) = ask(&server, "POST /v1/workflows/panic/instances", &headers, "").await;
    assert_eq!((status, problem["code"].as_str()), (500, Some("internal")));
    assert_eq!(problem["instance"], response.headers()["x-request-id"].to_str().unwrap());
    let (status, _, problem) = ask(&server, "POST /v1/workflows/never/instances", &headers, "").await;
    assert_eq!((status, problem["code"].as_str()), (503, Some("timeout")));
    let (status, response, _) = ask(&server, "POST /v1/workflows/busy/instances", &headers, "").await;
    assert_eq!((status, response.headers()["retry-after"].to_str().unwrap()), (503, "1"));
}

#[tokio::test]
async fn what_is_too_much_at_once_is_refused_and_health_answers() {
    let server = server_with(Stub::scripted(|_| None), &["--max-in-flight", "1"]).await;
    let auth = bearer(&server.ann);
    let headers = [("authorization", auth.as_str()), ("idempotency-key", "k")];
    let hanging = ask(&server, "POST /v1/workflows/never/instances", &headers, "");
    let others = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (status, response, problem) = ask(&server, "GET /v1/me", &headers, "").await;
        assert_eq!((status, problem["code"].as_str()), (503, Some("reduced_capacity")));
        assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
        assert_eq!(response.headers()["retry-after"].to_str().unwrap(), "1");
        assert_eq!(ask(&server, "GET /health/live", &[], "").await.0, 200);
    };
    let ((status, _, problem), ()) = tokio::join!(hanging, others);
    assert_eq!((status, problem["code"].as_str()), (503, Some("timeout")));
    assert_eq!(ask(&server, "GET /v1/me", &headers, "").await.0, 200, "room again");
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/problems");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".md", ""))
        .collect();
    let listed: BTreeSet<String> = problems::PAGES.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(files, listed);
    assert!(problems::PAGES.is_sorted(), "looked up by halving");
    let emitted = emitted();
    assert_eq!(emitted.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a page");
    assert_eq!(listed.difference(&emitted).collect::<Vec<_>>(), Vec::<&String>::new(), "pages without a code");
}

/// Every code that the program's text can emit: the closed list of the approvals, what `Refusal::code` names, and the
/// texts with which refusals and problems are made.
fn emitted() -> BTreeSet<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut codes: BTreeSet<String> =
        fluxor_engine::approval::Refusal::ALL.iter().map(|refusal| refusal.code().to_owned()).collect();
    let mut add = |file: &std::path::Path, marks: &[&str]| {
        let text = std::fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for mark in marks {
            for after in text.split(mark).skip(1) {
                let code = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                codes
                    .extend(code.filter(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).map(str::to_owned));
            }
        }
    };
    add(
        &root.join("server/limits/src/answer/problem.rs"),
        &["Reason::Quota =>", "Reason::TooCostly =>", "Reason::Abnormal =>", "Reason::Capacity =>"],
    );
    add(&root.join("engine/src/refusal.rs"), &["} =>", "(_) =>", "(..) =>", "ReasonRequired =>"]);
    for folder in ["engine/src", "workflows/src", "server/src"] {
        for file in rust_files(&root.join(folder)) {
            let name = file.file_name().unwrap().to_str().unwrap();
            if !name.starts_with("tests")
                && !file.ends_with("desk/stub.rs")
                && !file.to_str().unwrap().contains("/tests/")
            {
                add(
                    &file,
                    &[
                        "no_record(",
                        "code:",
                        "refuse(",
                        "Broken(",
                        "const INVALID: &str =",
                        "const OVER: &str =",
                        "const NEEDS_APPROVAL: &str =",
                        "const APPROVAL_INCIDENT: &str =",
                        "const DELIVERY_FAILED: &str =",
                        "const REFUSED_TO_ENGINE: &str =",
                        "later(",
                        "Problem::new(",
                        "Self::new(",
                    ],
                );
            }
        }
    }
    codes
}

fn rust_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_page_says_the_status_that_its_code_has() {
    use fluxor_engine::refusal::Refusal;
    let refusals = [
        Refusal::UnknownWorkflow("x".into(), None),
        Refusal::UnknownEvent { event: "x".into(), nearest: None, accepts: vec![] },
        Refusal::NotAccepted { event: "x".into(), state: "s".into(), accepts: vec![] },
        Refusal::Guard("no".into()),
        Refusal::Invalid(vec![]),
        Refusal::Key("no".to_owned()),
        Refusal::RequestReused { first_at: Default::default(), started: None },
        Refusal::StaleState { brought: 1, current: 2 },
        Refusal::StaleTask { brought: String::new(), current: String::new() },
        Refusal::EtagRequired { current: String::new() },
        Refusal::NotAllowed { rule: "x".into() },
        Refusal::ReasonRequired,
        Refusal::Ended { state: "x".into() },
        Refusal::TaskClosed { state: "x".into() },
        Refusal::Record { code: "unknown_person", sentence: String::new() },
        Refusal::Record { code: "unknown_key", sentence: String::new() },
        Refusal::Domain { code: "budget_exceeded", sentence: String::new() },
        Refusal::Domain { code: "invalid_order", sentence: String::new() },
        Refusal::Unloadable { definition: fluxor_engine::ids::DefinitionHash([0; 32]), why: String::new() },
    ];
    let approvals = fluxor_engine::approval::Refusal::ALL.iter().map(|refusal| Refusal::Approval((*refusal).into()));
    for refusal in refusals.into_iter().chain(approvals) {
        let code = refusal.code();
        let page = problems::page(code).unwrap_or_else(|| panic!("{code} has no page"));
        assert!(page.contains(&format!("`{}`", status::of_refusal(&refusal).as_u16())), "{code}");
    }
}

#[test]
fn the_specification_names_every_operation_and_its_problems() {
    let specification: Value = serde_json::from_str(&routes::specification().to_json().unwrap()).unwrap();
    assert!(specification["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, operations) in specification["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if path.starts_with("/v1/") {
                let responses = &operation["responses"];
                assert!(responses.get("default").is_some(), "{method} {path}");
                for (status, headers) in
                    [("429", &["Retry-After", "RateLimit", "RateLimit-Policy"][..]), ("503", &["Retry-After"])]
                {
                    let told = &responses[status];
                    assert!(
                        headers.iter().all(|name| told["headers"][*name]["schema"].is_object()),
                        "{method} {path}: {told}"
                    );
                    assert!(told["content"]["application/problem+json"].is_object(), "{method} {path}: {told}");
                }
            }
            let keyed = operation["parameters"].to_string().contains("Idempotency-Key");
            // These ask what would have been: they change nothing. What webhooks deliver once more comes under the same id.
            let again = ["/v1/webhooks/{name}/replay", "/v1/webhooks/{name}/test"];
            let asks = ["/limits", "/v1/limits/replay", "/v1/definitions/check", "/v1/simulate"];
            let asks = asks.contains(&path.as_str()) || again.contains(&path.as_str()) || path.ends_with("/preview");
            let asks = asks || path == "/v1/settings/{name}/check";
            let changes = method != "get" && !asks;
            assert_eq!(keyed, changes, "{method} {path}");
        }
    }
    assert_eq!(specification["security"], json!([{ "key": [] }]));
}
