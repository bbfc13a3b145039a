//! Webhooks: every transition arrives, signed and as a CloudEvent, whatever happens to servers and to other endpoints.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::hook::{Came, Hook};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::company::{approve, draft, in_review, path, text, until};

const TRANSITION: &str = "fluxor.transition.v1";

/// The server may reach this machine.
async fn allowing(site: &mut Site) {
    site.stop().await;
    site.options =
        ["--webhook-allow", "127.0.0.0/8", "--public-url", "https://fluxor.example.com"].map(str::to_owned).to_vec();
    site.start().await;
}

/// Replaces the endpoints.
async fn set(site: &Site, endpoints: Value) {
    let admin = site.admin();
    let shown = admin.get("/v1/settings/webhooks").await.is(200);
    let changed = json!({ "version": shown["version"], "document": { "endpoints": endpoints } });
    let request = admin.request(reqwest::Method::PUT, "/v1/settings/webhooks").json(&changed);
    let key = fluxor_tests::server::client::fresh_key();
    admin.send(request.header("idempotency-key", key)).await.is(200);
}

async fn secret(site: &Site, name: &str) -> String {
    let made = site.admin().post(&format!("/v1/webhooks/{name}/secret"), &json!({})).await.is(201);
    text(&made["secret"])
}

/// Whether the request is signed with this secret.
fn is_signed(came: &Came, secret: &str) -> bool {
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, came.headers[name].parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(came.body.as_bytes(), &headers).is_ok()
}

/// What came about an instance, by its entry's number: each is the same however often it came.
fn about(hook: &Hook, id: &str) -> BTreeMap<i64, Vec<Came>> {
    let mut found: BTreeMap<i64, Vec<Came>> = BTreeMap::new();
    for came in hook.came(TRANSITION).into_iter().filter(|came| came.message["subject"] == id) {
        found.entry(came.message["data"]["seq"].as_i64().unwrap()).or_default().push(came);
    }
    assert!(found.values().all(|all| all.iter().all(|one| one.body == all[0].body)), "{found:#?}");
    found
}

/// The same, once there is so much.
async fn heard(hook: &Hook, id: &str, entries: i64) -> BTreeMap<i64, Vec<Came>> {
    let since = Instant::now();
    loop {
        let found = about(hook, id);
        if found.keys().copied().eq(1..=entries) {
            return found;
        }
        let told: Vec<_> = found.keys().collect();
        assert!(since.elapsed() < Duration::from_secs(120), "{entries} entries of {id}: {told:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How an endpoint fares, once it is so.
async fn fares(site: &Site, name: &str, so: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let told = site.admin().get("/v1/webhooks").await.is(200);
        let found = told["items"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap();
        if so(&found) {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An order up to its approval; its id and how many entries it has.
async fn ordered(site: &Site) -> (String, i64) {
    let (id, task) = in_review(site, "ann", "100.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let whole = until(site, &id, "ordered").await;
    (id, whole["seq"].as_i64().unwrap())
}

async fn entries(site: &Site, id: &str) -> Vec<Value> {
    let told = site.admin().get(&format!("{}/history?limit=500", path(id))).await.is(200);
    told["items"].as_array().unwrap().clone()
}

pub(super) async fn every_transition_arrives_once_and_signed(mut site: Site) {
    allowing(&mut site).await;
    let (all, few) = (Hook::new().await, Hook::new().await);
    set(
        &site,
        json!([
            { "name": "all", "url": all.url(), "subject": true },
            { "name": "few", "url": few.url(), "workflows": ["purchase_order"], "events": ["start"] },
        ]),
    )
    .await;
    let (one, other) = (secret(&site, "all").await, secret(&site, "few").await);
    let (id, _) = ordered(&site).await;
    site.by("ann").signal(&id, "receive", &json!({})).await.is(200);
    site.by("eve").signal(&id, "close", &json!({})).await.is(200);
    let entries = entries(&site, &id).await;
    let count = i64::try_from(entries.len()).unwrap();
    let heard_all = heard(&all, &id, count).await;
    for (entry, (seq, came)) in entries.iter().zip(&heard_all) {
        assert_eq!(came.len(), 1, "it arrives once");
        let (came, header) = (&came[0], &entry["header"]);
        assert!(is_signed(came, &one) && !is_signed(came, &other));
        assert_eq!(came.headers["content-type"], "application/cloudevents+json");
        assert_eq!(came.headers["webhook-id"], format!("{id}.{seq}"));
        let (event, data) = (&came.message, &came.message["data"]);
        let envelope = ["specversion", "id", "source", "type", "subject", "sequence"].map(|name| text(&event[name]));
        let source = "https://fluxor.example.com/tenants/1".to_owned();
        let expected =
            ["1.0".to_owned(), format!("{id}.{seq}"), source, TRANSITION.to_owned(), id.clone(), format!("{seq:010}")];
        assert_eq!(envelope, expected);
        assert_eq!(event["time"], entry["at"], "{event} {entry}");
        for (told, written) in [
            ("verb", "verb"),
            ("event", "event"),
            ("from", "from"),
            ("to", "to"),
            ("definition", "definition"),
            ("state_revision", "state_revision"),
            ("actor", "actor_kind"),
            ("person", "actor"),
        ] {
            assert_eq!(data[told], header[written], "{told}: {data} {header}");
        }
        assert_eq!((&data["workflow"], &data["document"]["requester"]), (&json!("purchase_order"), &json!("ann")));
    }
    let [first, submitted, last] = [1, 2, count].map(|seq| &heard_all[&seq][0].message["data"]);
    assert_eq!((&first["verb"], &first["from"], &first["to"]), (&json!("start"), &Value::Null, &json!("draft")));
    assert_eq!(submitted["tasks"][0]["state"], "open.review");
    assert_eq!((&last["status"], &last["tasks"], &last["to"]), (&json!("final"), &json!([]), &json!("closed")));
    // The other one hears of starts alone, and of no document.
    let starts = few.until(TRANSITION, 1).await;
    assert_eq!(starts.len(), 1, "{starts:#?}");
    assert!(is_signed(&starts[0], &other) && starts[0].message["data"]["document"].is_null());
    let told = fares(&site, "all", |told| told["delivered"] == count).await;
    assert_eq!((&told["state"], &told["waiting"], &told["failed"]), (&json!("ready"), &json!(0), &json!(0)), "{told}");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

pub(super) async fn what_was_committed_is_delivered_after_a_kill(mut site: Site) {
    allowing(&mut site).await;
    let hook = Hook::new().await;
    set(&site, json!([{ "name": "all", "url": hook.url() }])).await;
    // Without a secret events wait.
    let (early, count) = ordered(&site).await;
    let waiting = fares(&site, "all", |told| told["waiting"].as_i64() >= Some(count)).await;
    assert_eq!(waiting["state"], "no_secret", "{waiting}");
    assert!(hook.came(TRANSITION).is_empty());
    let late = draft(&site, "ann", "100.00 EUR").await;
    site.kill().await;
    site.start().await;
    let secret = secret(&site, "all").await;
    heard(&hook, &early, count).await;
    let came = heard(&hook, &late, 1).await;
    assert!(came.values().flatten().all(|came| is_signed(came, &secret)));
    // In the midst of it, again and again.
    let mut orders = Vec::new();
    for _ in 0..3 {
        let (id, task) = in_review(&site, "ann", "100.00 EUR").await;
        site.by("bob").decide(&task, &approve("manager")).await.is(200);
        orders.push(id);
        site.kill().await;
        site.start().await;
    }
    for id in orders {
        let count = until(&site, &id, "ordered").await["seq"].as_i64().unwrap();
        heard(&hook, &id, count).await;
    }
    site.end().await;
}

/// Takes connections, and says nothing.
async fn silent() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    port
}

pub(super) async fn a_dead_endpoint_delays_nobody(mut site: Site) {
    allowing(&mut site).await;
    let (hook, silent) = (Hook::new().await, silent().await);
    set(
        &site,
        json!([
            { "name": "dead", "url": "http://127.0.0.1:1/" },
            { "name": "silent", "url": format!("http://127.0.0.1:{silent}/") },
            { "name": "well", "url": hook.url() },
        ]),
    )
    .await;
    for name in ["dead", "silent", "well"] {
        secret(&site, name).await;
    }
    // The first attempt fails; the second comes five seconds later under the same id.
    hook.next(TRANSITION, "500 Internal Server Error");
    let began = Instant::now();
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(ordered(&site).await);
    }
    for (id, count) in &orders {
        heard(&hook, id, *count).await;
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let first = hook.came(TRANSITION).remove(0);
    let again = loop {
        let came = hook.came(TRANSITION);
        let again = came.into_iter().skip(1).find(|came| came.headers["webhook-id"] == first.headers["webhook-id"]);
        if let Some(again) = again {
            break again;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it comes again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(again.at.duration_since(first.at) >= Duration::from_secs(5) && again.body == first.body);
    let dead = fares(&site, "dead", |told| told["last_error"].is_string()).await;
    assert!(text(&dead["last_error"]).contains("cannot reach"), "{dead}");
    let silent = fares(&site, "silent", |told| told["last_error"].is_string()).await;
    assert!(text(&silent["last_error"]).contains("did not answer"), "{silent}");
    for (id, _) in &orders {
        let whole = site.admin().get(&path(id)).await.is(200);
        assert!(whole["status"] == "active" && whole["incident"].is_null(), "{whole}");
    }
    assert_eq!(site.anonymous().get("/health/ready").await.is(200)["ready"], true);
    site.end().await;
}

pub(super) async fn what_failed_is_delivered_again_and_what_is_gone_is_left_alone(mut site: Site) {
    allowing(&mut site).await;
    let hook = Hook::new().await;
    set(&site, json!([{ "name": "all", "url": hook.url() }])).await;
    secret(&site, "all").await;
    let admin = site.admin();
    let id = draft(&site, "ann", "100.00 EUR").await;
    heard(&hook, &id, 1).await;
    fares(&site, "all", |told| told["delivered"] == 1).await;
    let list = "/v1/webhooks/all/deliveries";
    let listed = admin.get(list).await.is(200);
    let delivery = &listed["items"][0];
    assert_eq!((&delivery["id"], &delivery["status"]), (&json!(format!("{id}.1")), &json!(200)), "{listed}");
    assert_eq!((&delivery["answer"], &delivery["attempts"]), (&json!(r#"{"ok":true}"#), &json!(1)));
    let whole = admin.get(&format!("{list}/{id}.1")).await.is(200);
    assert_eq!(whole["body"], about(&hook, &id)[&1][0].body.as_str());
    // What has arrived may be sent again, too.
    let replayed = admin.post("/v1/webhooks/all/replay", &json!({ "ids": [format!("{id}.1"), "x.9"] })).await.is(200);
    assert_eq!(replayed, json!({ "replayed": 1, "more": false }));
    hook.until(TRANSITION, 2).await;
    assert_eq!(about(&hook, &id)[&1].len(), 2);

    // Gone: nothing more is sent until something changes.
    fares(&site, "all", |told| told["waiting"] == 0).await;
    hook.next(TRANSITION, "410 Gone");
    site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    fares(&site, "all", |told| told["state"] == "paused").await;
    let sent = hook.came(TRANSITION).len();
    let other = draft(&site, "ann", "100.00 EUR").await;
    fares(&site, "all", |told| told["waiting"].as_i64() >= Some(2)).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(hook.came(TRANSITION).len(), sent);
    secret(&site, "all").await;
    heard(&hook, &id, 2).await;
    heard(&hook, &other, 1).await;
    fares(&site, "all", |told| told["state"] == "ready" && told["waiting"] == 0).await;

    // Failed for good: as if all attempts were over.
    site.stop().await;
    site.place.sql("UPDATE webhook_delivery SET state = 'failed', keep_until = 9000000000000000").await;
    site.start().await;
    let admin = site.admin();
    let failed = admin.get(&format!("{list}?state=failed&limit=2")).await.is(200);
    assert_eq!(failed["items"].as_array().unwrap().len(), 2, "{failed}");
    let rest = admin.get(failed["next"].as_str().unwrap()).await.is(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), rest["next"].is_null()), (1, true), "{rest}");
    let before = hook.came(TRANSITION).len();
    let none = json!({ "state": "failed", "until": "2020-01-01T00:00:00Z" });
    assert_eq!(admin.post("/v1/webhooks/all/replay", &none).await.is(200)["replayed"], 0);
    let all = json!({ "state": "failed", "since": "2020-01-01T00:00:00Z" });
    assert_eq!(admin.post("/v1/webhooks/all/replay", &all).await.is(200)["replayed"], 3);
    hook.until(TRANSITION, before + 3).await;
    for wrong in [json!({}), json!({ "ids": [], "state": "failed" }), json!({ "state": "failed", "since": "monday" })] {
        admin.post("/v1/webhooks/all/replay", &wrong).await.refused(422, "invalid_input");
    }
    site.end().await;
}

pub(super) async fn an_old_secret_signs_for_a_day(mut site: Site) {
    allowing(&mut site).await;
    let hook = Hook::new().await;
    set(&site, json!([{ "name": "all", "url": hook.url() }])).await;
    let admin = site.admin();
    admin.post("/v1/webhooks/all/test", &json!({})).await.refused(409, "no_secret");
    let route = "/v1/webhooks/all/secret";
    let first = admin.post_as("first", route, &json!({})).await.is(201);
    let repeat = admin.post_as("first", route, &json!({})).await.is(200);
    assert!(repeat["secret"].is_null() && repeat["made_at"] == first["made_at"], "{repeat}");
    let second = admin.post(route, &json!({})).await.is(201);
    let [first, second] = [&first, &second].map(|made| text(&made["secret"]));
    let tried = admin.post("/v1/webhooks/all/test", &json!({})).await.is(200);
    assert_eq!(
        (&tried["delivered"], &tried["status"], &tried["answer"]),
        (&json!(true), &json!(200), &json!(r#"{"ok":true}"#))
    );
    let came = hook.came("fluxor.test.v1").remove(0);
    assert!(is_signed(&came, &first) && is_signed(&came, &second), "{came:?}");
    let third = text(&admin.post(route, &json!({ "at_once": true })).await.is(201)["secret"]);
    admin.post("/v1/webhooks/all/test", &json!({})).await.is(200);
    let came = hook.came("fluxor.test.v1").remove(1);
    assert!(is_signed(&came, &third) && !is_signed(&came, &first) && !is_signed(&came, &second), "{came:?}");
    hook.next("fluxor.test.v1", "503 Service Unavailable");
    let tried = admin.post("/v1/webhooks/all/test", &json!({})).await.is(200);
    assert_eq!((&tried["delivered"], &tried["error"]), (&json!(false), &json!("it answered 503")), "{tried}");
    // That they were made is in the trail; none of them is, nor in what the server says.
    assert_eq!(
        site.place.count("SELECT COUNT(*) FROM audit_entry WHERE header LIKE '%\"kind\":\"webhook\"%'").await,
        3
    );
    for secret in [first, second, third] {
        let told = format!("SELECT COUNT(*) FROM audit_entry WHERE body LIKE '%{}%'", &secret[6..]);
        assert_eq!(site.place.count(&told).await, 0);
        assert!(!site.log().contains(&secret[6..]));
    }
    assert_eq!(admin.get("/v1/audit/verify").await.is(200)["ok"], true);
    // Whoever removes an endpoint has removed its secrets.
    set(&site, json!([])).await;
    admin.post(route, &json!({})).await.refused(404, "unknown_webhook");
    site.end().await;
}

pub(super) async fn addresses_that_are_not_public_are_refused(mut site: Site) {
    let hook = Hook::new().await;
    let admin = site.admin();
    let document = json!({ "endpoints": [
        { "name": "a", "url": hook.url() },
        { "name": "b", "url": "http://[::ffff:10.0.0.1]/" },
        { "name": "c", "url": "http://example.com", "wokflows": ["x"] },
    ] });
    let request = admin.request(reqwest::Method::PUT, "/v1/settings/webhooks").json(&document);
    let refused = admin.send(request.header("idempotency-key", "private").header("if-match", "\"0\"")).await;
    let refused = refused.refused(422, "invalid_input");
    let faults: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["pointer"])).collect();
    assert_eq!(faults, ["/endpoints/0/url", "/endpoints/1/url", "/endpoints/2/wokflows"], "{refused}");
    assert!(text(&refused["errors"][0]["detail"]).contains("--webhook-allow"), "{refused}");

    // One that was allowed once, and one that a name leads to: nothing goes there.
    allowing(&mut site).await;
    let (port, url) = (hook.url().split(':').nth(2).unwrap().to_owned(), hook.url());
    set(&site, json!([{ "name": "named", "url": format!("http://localhost:{port}") }, { "name": "once", "url": url }]))
        .await;
    for name in ["named", "once"] {
        secret(&site, name).await;
    }
    site.stop().await;
    site.options.clear();
    site.start().await;
    let id = draft(&site, "ann", "100.00 EUR").await;
    for name in ["named", "once"] {
        let told = fares(&site, name, |told| told["last_error"].is_string()).await;
        let why = text(&told["last_error"]);
        assert!(why.contains("not public") && why.contains("--webhook-allow"), "{why}");
        let tried = site.admin().post(&format!("/v1/webhooks/{name}/test"), &json!({})).await.is(200);
        assert!(text(&tried["error"]).contains("not public"), "{tried}");
    }
    assert!(about(&hook, &id).is_empty() && hook.came("fluxor.test.v1").is_empty());
    site.end().await;
}

pub(super) async fn endpoints_belong_to_administrators_of_their_tenant(mut site: Site) {
    allowing(&mut site).await;
    let hook = Hook::new().await;
    set(&site, json!([{ "name": "all", "url": hook.url() }])).await;
    secret(&site, "all").await;
    let id = draft(&site, "ann", "100.00 EUR").await;
    heard(&hook, &id, 1).await;
    let one = format!("/v1/webhooks/all/deliveries/{id}.1");
    let reads = ["/v1/webhooks", "/v1/webhooks/all/deliveries", &one];
    let writes = ["/v1/webhooks/all/secret", "/v1/webhooks/all/replay", "/v1/webhooks/all/test"];
    let (ann, nobody, stranger) = (site.by("ann"), site.anonymous(), site.by("stranger"));
    for route in reads {
        assert_eq!((ann.get(route).await.status, nobody.get(route).await.status), (403, 401), "{route}");
    }
    for route in writes {
        ann.post(route, &json!({})).await.refused(403, "not_allowed");
        nobody.post(route, &json!({})).await.refused(401, "unauthenticated");
        stranger.post(route, &json!({ "ids": [] })).await;
    }
    // Another tenant has none of it.
    assert_eq!(stranger.get("/v1/webhooks").await.is(200), json!({ "items": [] }));
    stranger.get("/v1/webhooks/all/deliveries").await.refused(404, "unknown_webhook");
    stranger.get(&one).await.refused(404, "unknown_webhook");
    stranger.post("/v1/webhooks/all/secret", &json!({})).await.refused(404, "unknown_webhook");
    stranger.post("/v1/webhooks/all/replay", &json!({ "ids": [] })).await.refused(404, "unknown_webhook");
    stranger.post("/v1/webhooks/all/test", &json!({})).await.refused(404, "unknown_webhook");
    let admin = site.admin();
    admin.get("/v1/webhooks/all/deliveries/none").await.refused(404, "unknown_delivery");
    admin.get("/v1/webhooks/all/deliveries?state=lost").await.refused(400, "invalid_query");
    admin.get("/v1/webhooks/all/deliveries?after=x").await.refused(400, "invalid_query");
    let past = "/v1/records/webhook/all/make_webhook_secret";
    admin.post(past, &json!({})).await.refused(404, "not_found");
    site.end().await;
}

pub(super) async fn the_command_line_does_the_same(mut site: Site) {
    let hook = Hook::new().await;
    site.stop().await;
    let file = site.folder().join("webhooks.yaml");
    std::fs::write(&file, format!("endpoints: [{{ name: all, url: '{}' }}]\n", hook.url())).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let allow = ["--webhook-allow", "127.0.0.1"];
    let refused = site.command(&["settings", "set", "webhooks", &file]).await;
    assert!(refused.code() == 1 && refused.all().contains("--webhook-allow"), "{}", refused.all());
    site.command(&[&["settings", "set", "webhooks", &file][..], &allow].concat()).await.done();
    assert!(site.command(&["webhooks", "list"]).await.done().contains("no_secret"));
    let secret = site.command(&["webhooks", "secret", "all"]).await.done().trim().to_owned();
    assert_eq!(site.command(&["webhooks", "secret", "none"]).await.code(), 1);
    let told = site.command(&[&["webhooks", "test", "all"][..], &allow].concat()).await.done();
    assert!(told.contains("answered 200"), "{told}");
    assert!(is_signed(&hook.came("fluxor.test.v1")[0], &secret));
    let blocked = site.command(&["webhooks", "test", "all"]).await;
    assert!(blocked.code() == 1 && blocked.all().contains("not public"), "{}", blocked.all());
    site.options = allow.map(str::to_owned).to_vec();
    site.start().await;
    let id = draft(&site, "ann", "100.00 EUR").await;
    heard(&hook, &id, 1).await;
    fares(&site, "all", |told| told["delivered"] == 1).await;
    let key = site.keys["admin"].clone();
    let (url, delivery) = (site.url.clone(), format!("{id}.1"));
    let there = async |arguments: &[&str]| {
        let arguments = [arguments, &["--server", &url]].concat();
        site.command_with(&arguments, Some(&key)).await
    };
    assert!(there(&["webhooks", "list"]).await.done().contains("ready"));
    assert!(there(&["webhooks", "deliveries", "all", "--state", "delivered"]).await.done().contains(&delivery));
    assert!(site.command(&["webhooks", "deliveries", "all"]).await.done().contains(&delivery));
    let told = there(&["webhooks", "replay", "all", &delivery]).await.done();
    assert!(told.contains("1 events"), "{told}");
    hook.until(TRANSITION, 2).await;
    assert!(there(&["webhooks", "replay", "all", "--failed"]).await.done().contains("0 events"));
    assert_eq!(there(&["webhooks", "replay", "all"]).await.code(), 2);
    let newer = there(&["webhooks", "secret", "all"]).await.done().trim().to_owned();
    assert!(there(&["webhooks", "test", "all"]).await.done().contains("answered 200"));
    let came = hook.came("fluxor.test.v1");
    assert!(is_signed(&came[1], &secret) && is_signed(&came[1], &newer));
    site.end().await;
}
