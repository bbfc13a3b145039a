//! Limits as callers, administrators and attackers meet them.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::client::{Client, Reply, fresh_key};
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{draft, in_review};

/// Replaces a setting as the administrator; it is in force when this returns.
pub(crate) async fn set(site: &Site, name: &str, document: &Value) -> Value {
    let admin = site.admin();
    let put = admin.request(Method::PUT, &format!("/v1/settings/{name}")).header("idempotency-key", fresh_key());
    let put = put.header("if-match", admin.get(&format!("/v1/settings/{name}")).await.header("etag"));
    let changed = admin.send(put.json(document)).await.is(200);
    changed["record"]["version"].clone()
}

fn bucket(burst: u64) -> Value {
    json!({ "bucket": { "burst": burst, "tokens": 1, "per": "1h" } })
}

/// The parameter of the policy's item in a header: `"few";r=2;t=3600` has `r` 2.
fn told(reply: &Reply, header: &str, policy: &str, parameter: &str) -> Option<u64> {
    let item =
        reply.header(header).split(", ").find_map(|item| item.strip_prefix(&format!("\"{policy}\";")))?.to_owned();
    item.split(';').find_map(|pair| pair.strip_prefix(&format!("{parameter}=")))?.parse().ok()
}

#[track_caller]
fn used_up(reply: Reply, policy: &str) -> Value {
    let wait: u64 = reply.header("retry-after").parse().expect("it says when");
    let reset = told(&reply, "ratelimit", policy, "t").expect("it tells the reset");
    assert!(wait >= 1 && wait >= reset, "{wait} {reset}");
    assert_eq!(told(&reply, "ratelimit", policy, "r"), Some(0));
    let problem = reply.refused(429, "quota_exceeded");
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(problem["violated-policies"][0], policy, "{problem}");
    problem
}

pub(super) async fn a_limit_holds_for_one_and_not_for_others(site: Site) {
    let (ann, bob) = (site.by("ann"), site.by("bob"));
    let usual = ann.get("/v1/settings/limits").await;
    assert_eq!(usual.header("etag"), "\"0\"");
    assert_eq!(usual.is(200)["version"], 0);
    let policies = [json!({ "name": "few", "by": ["user"], "methods": ["POST", "GET"], "strategy": bucket(3) })];
    let watched = json!({ "name": "watched", "by": ["user"], "strategy": bucket(1), "shadow": true });
    let exempt = json!({ "when": { "user": "dan" }, "exempt": true });
    let mut few = policies[0].clone();
    few["overrides"] = json!([exempt]);
    assert_eq!(set(&site, "limits", &json!({ "policies": [few, watched] })).await, 1);

    let first = ann.get("/v1/tasks").await;
    assert_eq!(told(&first, "ratelimit-policy", "few", "q"), Some(3));
    assert_eq!(told(&first, "ratelimit", "few", "r"), Some(2));
    assert!(!first.header("ratelimit").contains("watched"), "a shadow is not told");
    first.is(200);
    draft(&site, "ann", "40.00 EUR").await;
    // What is refused consumes nothing and is done by nobody.
    ann.get("/v1/workflows").await.is(200);
    let order = json!({ "input": super::company::order("ann", "40.00 EUR") });
    for _ in 0..3 {
        used_up(ann.post("/v1/workflows/purchase_order/instances", &order).await, "few");
    }
    let all = site.admin().get("/v1/instances?limit=500").await.is(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    bob.get("/v1/tasks").await.is(200);
    let figures = site.anonymous().get("/metrics").await.text;
    for line in [
        r#"fluxor_limit_decisions_total{policy="few",outcome="refused"} 3"#,
        r#"fluxor_limit_decisions_total{policy="watched",outcome="would_refuse"}"#,
        r#"fluxor_http_requests_in_flight{class="interactive"}"#,
    ] {
        assert!(figures.contains(line), "{line}:\n{figures}");
    }

    // A higher limit is no reset: 3 were used, 5 are allowed, 2 are left. A lower one is none either.
    few["strategy"] = bucket(5);
    set(&site, "limits", &json!({ "policies": [few] })).await;
    assert_eq!(told(&ann.get("/v1/workflows").await, "ratelimit", "few", "r"), Some(1));
    few["strategy"] = bucket(4);
    set(&site, "limits", &json!({ "headers": "legacy", "policies": [few] })).await;
    let last = ann.get("/v1/workflows").await;
    assert_eq!((last.status, last.header("retry-after").is_empty()), (429, false), "4 are used of 4");
    assert_eq!((last.header("ratelimit-limit"), last.header("ratelimit-remaining")), ("4", "0"));

    nobody_locks_himself_out(&site).await;
    changes_hold_for_all_at_once(&site).await;

    // The ones that are gone from the settings count no more; the trail of all this adds up.
    set(&site, "limits", &json!({ "policies": [] })).await;
    ann.get("/v1/workflows").await.is(200);
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

async fn nobody_locks_himself_out(site: &Site) {
    let shut = json!({ "policies": [{ "name": "shut", "by": ["tenant"], "strategy": { "fixed": { "limit": 1, "window": "month" } } }] });
    set(site, "limits", &shut).await;
    for _ in 0..2 {
        site.admin().get("/v1/workflows").await;
    }
    site.admin().get("/v1/workflows").await.refused(429, "quota_exceeded");
    site.by("ann").get("/v1/settings/limits").await.refused(429, "quota_exceeded");
    // Everybody may ask who they are, and administrators what is set: within limits that nobody sets.
    assert_eq!(told(&site.by("ann").get("/v1/me").await, "ratelimit-policy", "explaining", "q"), Some(100));
    let settings = site.admin().get("/v1/settings/limits").await;
    assert_eq!(told(&settings, "ratelimit-policy", "settling", "q"), Some(120));
    let mut turned = None;
    for _ in 0..400 {
        let reply = site.admin().get("/v1/settings").await;
        if reply.status == 429 {
            turned = Some(reply);
            break;
        }
    }
    let turned = turned.expect("it is a limit");
    assert!(turned.header("retry-after").parse::<u64>().unwrap() <= 1);
    assert_eq!(turned.refused(429, "quota_exceeded")["violated-policies"], json!(["settling"]));
    // Whatever is set, and however often they have asked: a moment later they can set it.
    tokio::time::sleep(Duration::from_secs(4)).await;
}

/// A change is in force for whoever comes first and for all who come with him.
async fn changes_hold_for_all_at_once(site: &Site) {
    let ann = site.by("ann");
    for pause in [0, 1500] {
        let exact = json!({ "policies": [{ "name": format!("exact{pause}"), "by": ["user"], "strategy": { "log": { "limit": 5, "window": "1h" } } }] });
        set(site, "limits", &exact).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let all: Vec<_> = (0..60)
            .map(|_| {
                let ann = ann.clone();
                tokio::spawn(async move { ann.get("/v1/workflows").await.status })
            })
            .collect();
        let mut admitted = 0;
        for one in all {
            admitted += u32::from(one.await.unwrap() == 200);
        }
        assert_eq!(admitted, 5, "after {pause} ms");
    }
}

pub(super) async fn limits_count_objects_pages_and_what_never_fits(site: Site) {
    let (ann, bob) = (site.by("ann"), site.by("bob"));
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let (other, _) = in_review(&site, "ann", "4000.00 EUR").await;
    let document = json!({
        "policies": [
            { "name": "one_order", "by": ["object"], "methods": ["GET"], "routes": ["/v1/instances/*", "/v1/tasks/{id}"],
              "strategy": { "ring": { "limit": 3, "window": "1h", "slots": 6 } } },
            { "name": "pages", "by": ["user"], "routes": ["/v1/orders", "/v1/items"], "strategy": bucket(5) },
        ],
    });
    set(&site, "limits", &document).await;
    // An order and its task are one object, whoever asks.
    ann.get(&format!("/v1/instances/{id}")).await.is(200);
    bob.get(&format!("/v1/tasks/{}", task["id"].as_str().unwrap())).await.is(200);
    bob.get(&format!("/v1/instances/{id}/history")).await.is(200);
    for spelt in [id.clone(), id.to_uppercase(), id.replace('-', ""), format!("urn:uuid:{id}")] {
        used_up(ann.get(&format!("/v1/instances/{spelt}")).await, "one_order");
    }
    let head = ann.request(Method::HEAD, &format!("/v1/instances/{id}")).send().await.unwrap();
    assert_eq!(head.status(), 429, "HEAD does what GET does");
    ann.get(&format!("/v1/instances/{other}")).await.is(200);

    // A page is charged as if it were full, and settled by what was on it: 2 orders cost no more than a look.
    let page = ann.get("/v1/orders?limit=400").await;
    assert_eq!(told(&page, "ratelimit", "pages", "r"), Some(4), "charged 5, and given back 4");
    page.is(200);
    // What is given back reaches a store that servers share a little later.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(told(&ann.get("/v1/orders").await, "ratelimit", "pages", "r"), Some(3));
    let never = ann.get("/v1/orders?limit=500").await;
    assert!(never.header("retry-after").is_empty(), "waiting does not help");
    let problem = never.refused(429, "cost_over_limit");
    assert_eq!(problem["cost"], 6);
    assert_eq!((&problem["most"], &problem["violated-policies"]), (&json!(5), &json!(["pages"])));
    ann.get("/v1/orders?limit=100000").await.refused(400, "invalid_query");
    assert_eq!(told(&ann.get("/v1/orders").await, "ratelimit", "pages", "r"), Some(1), "and nothing was counted");
    site.end().await;
}

/// The limits of the server and of a tenant decide together, and each counts by its own costs.
pub(super) async fn no_tenant_has_the_server_s_limits_off(site: Site) {
    let everybody =
        json!({ "name": "everybody", "by": ["tenant"], "strategy": { "log": { "limit": 10, "window": "1h" } } });
    let daily =
        json!({ "name": "daily", "by": ["tenant"], "strategy": { "fixed": { "limit": 1000, "window": "month" } } });
    let costs = json!([{ "method": "GET", "route": "/v1/orders", "cost": 4 }]);
    set(&site, "server_limits", &json!({ "policies": [everybody, daily], "costs": costs })).await;
    // The administrator of another tenant calls everything free.
    let stranger = site.by("stranger");
    let free = json!({ "policies": [{ "name": "few", "by": ["user"], "strategy": bucket(3) }], "costs": [{ "route": "/v1/*", "cost": 0 }] });
    let put = stranger.request(Method::PUT, "/v1/settings/limits").header("idempotency-key", fresh_key());
    stranger.send(put.header("if-match", "\"0\"").json(&free)).await.is(200);
    let left = |reply: &Reply| ["few", "everybody", "daily"].map(|policy| told(reply, "ratelimit", policy, "r"));
    assert_eq!(left(&stranger.get("/v1/tasks").await), [Some(3), Some(9), Some(999)]);
    let page = stranger.get("/v1/tasks?limit=300").await;
    assert_eq!(left(&page), [Some(3), Some(8), Some(998)], "charged 3 more, and given back what was not on it");
    // A store that servers share hears of that a little later.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(left(&stranger.get("/v1/orders").await), [Some(3), Some(4), Some(994)]);
    assert_eq!(left(&stranger.get("/v1/orders").await), [Some(3), Some(0), Some(990)]);
    let refused = stranger.get("/v1/tasks").await.refused(429, "quota_exceeded");
    assert_eq!(refused["violated-policies"], json!(["everybody"]));
    let told_of = site.admin().get("/v1/limits?setting=server_limits&policy=daily").await.is(200);
    assert_eq!(told_of["policies"][0]["keys"][0]["used"], 10, "{told_of}");

    // What a route costs by the server's limits does not make it impossible by a tenant's.
    set(&site, "limits", &json!({ "policies": [{ "name": "few", "by": ["user"], "strategy": bucket(3) }] })).await;
    let ann = site.by("ann");
    let order = ann.get("/v1/orders").await;
    assert_eq!(
        (told(&order, "ratelimit", "few", "r"), told(&order, "ratelimit", "everybody", "r")),
        (Some(2), Some(6))
    );
    order.is(200);
    site.end().await;
}

pub(super) async fn settings_are_checked_guarded_and_written_down(site: Site) {
    let admin = site.admin();
    let put = async |who: &Client, name: &str, etag: Option<&str>, document: &Value| {
        let mut put = who.request(Method::PUT, &format!("/v1/settings/{name}")).header("idempotency-key", fresh_key());
        if let Some(etag) = etag {
            put = put.header("if-match", etag);
        }
        who.send(put.json(document)).await
    };
    let wrong = json!({ "policies": [
        { "name": "a", "by": ["usr"], "strategy": { "bucket": { "burst": 0, "tokens": 1, "per": "1s" } } },
        { "name": "a", "by": ["user"], "strategy": { "log": { "limit": 5000, "window": "1 fortnight" } }, "shado": true },
    ] });
    let seen = Some("\"0\"");
    let problem = put(&admin, "limits", seen, &wrong).await.refused(422, "invalid_input");
    let at: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert!(at.len() >= 5, "{problem}");
    for pointer in ["/policies/0/by/0", "/policies/1/shado"] {
        assert!(at.iter().any(|at| at.starts_with(pointer)), "{pointer}: {problem}");
    }
    assert!(problem.to_string().contains("shadow"), "the nearest name: {problem}");
    let fine = json!({ "policies": [] });
    put(&site.by("ann"), "limits", seen, &fine).await.refused(403, "not_allowed");
    put(&admin, "limit", seen, &fine).await.refused(404, "not_found");
    put(&admin, "limits", Some("x"), &fine).await.refused(400, "invalid_if_match");
    put(&admin, "limits", None, &fine).await.refused(428, "etag_required");
    put(&admin, "limits", seen, &json!({})).await.refused(422, "invalid_input");
    put(&admin, "limits", seen, &json!({ "document": fine, "more": 1 })).await.refused(422, "invalid_input");
    let short = json!({ "policies": [{ "name": "a", "by": ["user"], "strategy": { "leases": { "limit": 3, "lease": "20s" } } }] });
    let told = put(&admin, "limits", seen, &short).await.refused(422, "invalid_input");
    assert!(told.to_string().contains("(`--request-timeout`)"), "{told}");
    let twice = admin.request(Method::PUT, "/v1/settings/limits").header("idempotency-key", fresh_key());
    let twice = twice.header("if-match", "\"0\"").header("content-type", "application/json");
    let told = admin.send(twice.body(r#"{"policies": [], "policies": []}"#)).await.refused(422, "invalid_input");
    assert!(told.to_string().contains("`policies` stands twice"), "{told}");
    let lost = json!({ "policies": [{ "name": "a", "by": ["user"], "routes": ["/v1/tsks"], "strategy": bucket(3) }] });
    let told = put(&admin, "limits", seen, &lost).await.refused(422, "invalid_input");
    assert!(told.to_string().contains("did you mean `/v1/tasks`?"), "{told}");
    admin.post("/v1/records/setting/limits/set_setting", &json!({ "document": {} })).await.refused(404, "not_found");
    put(&site.by("stranger"), "server_limits", seen, &fine).await.refused(403, "not_allowed");
    assert_eq!(admin.get("/v1/settings/limits").await.is(200)["version"], 0, "nothing of this was written");

    let first = put(&admin, "limits", seen, &fine).await;
    assert_eq!(first.header("etag"), "\"1\"");
    first.is(200);
    put(&admin, "limits", seen, &fine).await.refused(412, "stale_setting");
    let few = json!({ "policies": [{ "name": "few", "by": ["tenant"], "strategy": bucket(9) }] });
    // What GET gave, changed, is sent back as it is.
    let mut whole = admin.get("/v1/settings/limits").await.is(200);
    whole["document"] = few.clone();
    put(&admin, "limits", None, &whole).await.is(200);
    let history = site.by("ann").get("/v1/settings/limits/history").await.is(200);
    let entries = history["items"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[1]["header"]["actor"]), (2, &json!("dan")));
    assert!(entries[1]["body"].to_string().contains("\"few\""), "{history}");
    let list = admin.get("/v1/settings").await.is(200);
    assert_eq!((&list["items"][0]["version"], &list["items"][0]["document"]), (&json!(2), &few));
    // Another tenant has limits of its own.
    let others = site.by("stranger").get("/v1/settings/limits").await.is(200);
    assert_eq!(others["version"], 0);

    from_the_command_line(&site).await;
    assert_eq!(admin.get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// The same from the command line, to the server that has the file.
async fn from_the_command_line(site: &Site) {
    let admin = site.admin();
    let file = site.folder().join("limits.yaml");
    std::fs::write(
        &file,
        "policies:\n  - { name: calm, by: [user], strategy: { fixed: { limit: 100, window: day } } }\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    assert!(site.command(&["settings", "check", "limits", path]).await.done().contains("can be set"));
    let key = site.keys["admin"].clone();
    assert!(site.command_with(&["settings", "set", "limits", path], Some(&key)).await.done().contains("version 3"));
    assert!(site.command(&["settings", "show", "limits"]).await.done().contains("\"calm\""));
    assert!(site.command(&["settings", "list"]).await.done().contains("server_limits"));
    assert!(site.command_with(&["settings", "reset", "limits"], Some(&key)).await.done().contains("version 4"));
    assert_eq!(admin.get("/v1/settings/limits").await.is(200)["document"]["policies"][0]["name"], "person");
    std::fs::write(&file, "policies: [{ name: calm, by: [user] }]").unwrap();
    let told = site.command(&["settings", "check", "limits", path]).await;
    assert!(told.code() == 1 && told.all().contains("/policies/0"), "{}", told.all());
    assert_eq!(site.command(&["settings", "show", "limit"]).await.code(), 2);
}

pub(super) async fn whoever_tries_keys_is_slowed_down(site: Site) {
    let ann = site.by("ann");
    ann.get("/v1/me").await.is(200);
    // It is what a policy is for that makes a refusal abuse, whatever it is called.
    let guesses = json!({ "name": "guesses", "by": ["address"], "routes": ["/sign_in"], "strategy": { "log": { "limit": 11, "window": "1h" } } });
    let all = json!({ "name": "all", "by": ["address"], "strategy": bucket(100) });
    let costs = json!([{ "route": "/sign_in", "cost": 2 }]);
    let document = json!({ "policies": [guesses, all], "costs": [costs[0], { "route": "/v1/workflows", "cost": 3 }] });
    set(&site, "server_limits", &document).await;
    let guess = |n: u64| format!("flx_{n}_{}", "A".repeat(43));
    let since = Instant::now();
    for n in 0..5 {
        // A header that anybody can write changes nothing.
        let tried = ann.with_key(&guess(n));
        let tried = tried.send(tried.request(Method::GET, "/v1/me").header("x-forwarded-for", format!("10.0.0.{n}")));
        let reply = tried.await;
        assert_eq!(told(&reply, "ratelimit", "all", "r"), Some(99 - n), "an attempt and its request are one call");
        reply.refused(401, "unauthenticated");
    }
    for n in 5..8 {
        let reply = ann.with_key(&guess(n)).get("/v1/me").await;
        assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
        let problem = reply.refused(429, "abnormal_usage");
        assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#abnormal-usage-detected");
    }
    assert!(since.elapsed() < Duration::from_secs(600));
    // Whoever was here before goes on, also when the key is looked up again, and when somebody tried to revoke one.
    let revoke = site.by("stranger").request(Method::DELETE, "/v1/keys/zzz").header("idempotency-key", fresh_key());
    site.by("stranger").send(revoke).await;
    tokio::time::sleep(Duration::from_millis(3200)).await;
    ann.get("/v1/me").await.is(200);
    for path in ["/health/live", "/metrics", "/problems/abnormal_usage"] {
        site.anonymous().get(path).await.is(200);
    }
    site.end().await;
}
