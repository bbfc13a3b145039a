//! Webhooks: every transition arrives, signed and as a CloudEvent, whatever happens to servers and to other endpoints.

mod asked;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::hook::{Came, Hook};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::company::{approve, draft, in_review, path, text, until};

pub(super) use asked::{
    addresses_that_are_not_public_are_refused, an_old_secret_signs_for_a_day,
    endpoints_belong_to_administrators_of_their_tenant, the_command_line_does_the_same,
};

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
    // Addresses may hold what opens them.
    site.by("ann").get("/v1/settings/webhooks").await.refused(403, "not_allowed");
    site.by("ann").get("/v1/settings/webhooks/history").await.refused(403, "not_allowed");
    let all = site.by("ann").get("/v1/settings").await.is(200);
    assert!(all["items"].as_array().unwrap().iter().all(|one| one["name"] != "webhooks"), "{all}");
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
    let (all, few, came_out) = (Hook::new().await, Hook::new().await, Hook::new().await);
    set(
        &site,
        json!([
            { "name": "all", "url": all.url(), "subject": true },
            { "name": "few", "url": few.url(), "workflows": ["purchase_order"], "events": ["start"] },
            { "name": "came_out", "url": came_out.url(), "events": ["approved"] },
        ]),
    )
    .await;
    let (one, other) = (secret(&site, "all").await, secret(&site, "few").await);
    secret(&site, "came_out").await;
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
    // The approval itself, whose event is the vote.
    let approved = came_out.until(TRANSITION, 1).await;
    let [approval] = &approved[..] else { panic!("{approved:#?}") };
    let data = &approval.message["data"];
    assert_eq!((&data["event"], &data["outcomes"]), (&json!("approve"), &json!(["approved"])), "{data}");
    assert!(data["entered"].as_array().unwrap().contains(&data["to"]) && data["to"] != "open.review", "{data}");
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
pub(super) async fn silent() -> u16 {
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
    // Who asked for what is in the trail; what could not be read is not.
    let noted = "SELECT COUNT(*) FROM audit_entry WHERE header LIKE '%\"replay_webhooks\"%'";
    assert_eq!(site.place.count(noted).await, 3);
    site.end().await;
}
