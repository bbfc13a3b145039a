//! What administrators ask of webhooks, and what is refused.

use fluxor_tests::server::Site;
use fluxor_tests::server::hook::Hook;
use serde_json::json;

use super::super::company::{draft, text};
use super::{TRANSITION, about, allowing, fares, heard, is_signed, secret, set};

pub(crate) async fn an_old_secret_signs_for_a_day(mut site: Site) {
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

pub(crate) async fn addresses_that_are_not_public_are_refused(mut site: Site) {
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

pub(crate) async fn endpoints_belong_to_administrators_of_their_tenant(mut site: Site) {
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
        assert_eq!(asked_in_vain(&site, "GET", route).await, 0, "reading writes nothing: {route}");
    }
    for route in writes {
        ann.post(route, &json!({})).await.refused(403, "not_allowed");
        // What the engine has refused itself is noted by it, and once.
        let noted = i64::from(!route.ends_with("/secret"));
        assert_eq!(asked_in_vain(&site, "POST", route).await, noted, "{route}");
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

/// How often the security stream says that somebody asked for this and might not.
async fn asked_in_vain(site: &Site, method: &str, route: &str) -> i64 {
    let asked = format!(r#"%"asked":"{method} {route}"%"#);
    site.place.count(&format!("SELECT COUNT(*) FROM audit_entry WHERE body LIKE '{asked}'")).await
}

/// The first secret, by which a test is signed.
async fn tried_out(site: &Site, hook: &Hook, allow: &[&str]) -> String {
    let early = site.command(&[&["webhooks", "test", "all"][..], allow].concat()).await;
    assert!(early.code() == 1 && early.all().contains("`fluxor webhooks secret all` makes one"), "{}", early.all());
    let first = site.command(&["webhooks", "secret", "all"]).await;
    assert!(!first.all().contains("secrets before it"), "there were none: {}", first.all());
    let secret = first.done().trim().to_owned();
    assert_eq!(site.command(&["webhooks", "secret", "none"]).await.code(), 1);
    let told = site.command(&[&["webhooks", "test", "all"][..], allow].concat()).await.done();
    assert!(told.contains("answered 200"), "{told}");
    assert!(is_signed(&hook.came("fluxor.test.v1")[0], &secret));
    let blocked = site.command(&["webhooks", "test", "all"]).await;
    assert!(blocked.code() == 1 && blocked.all().contains("not public"), "{}", blocked.all());
    secret
}

pub(crate) async fn the_command_line_does_the_same(mut site: Site) {
    let hook = Hook::new().await;
    site.stop().await;
    let file = site.folder().join("webhooks.yaml");
    let more = "{ name: slip, url: 'https://example.com', workflows: [purchase_ordr], events: [start], active: false }";
    let never =
        "{ name: never, url: 'https://example.com', events: [aproved, sign_in], states: [open.reviw], active: false }";
    std::fs::write(&file, format!("endpoints: [{{ name: all, url: '{}' }}, {more}, {never}]\n", hook.url())).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let allow = ["--webhook-allow", "127.0.0.1"];
    let refused = site.command(&["settings", "set", "webhooks", &file]).await;
    assert!(refused.code() == 1 && refused.all().contains("--webhook-allow"), "{}", refused.all());
    let set = site.command(&[&["settings", "set", "webhooks", &file][..], &allow].concat()).await;
    let all = set.all();
    set.done();
    let strangers = [
        "never: no state is called `open.reviw`; did you mean `open.review`?",
        "never: no event is called `aproved`; did you mean `approved`?",
        "never: no event is called `sign_in`",
    ];
    assert!(strangers.iter().all(|stranger| all.contains(stranger)), "{all}");
    let listed = site.command(&["webhooks", "list"]).await;
    let slip = "slip: no workflow is called `purchase_ordr`; did you mean `purchase_order`?";
    assert!(listed.all().contains("no_secret") && listed.all().contains(slip), "{}", listed.all());
    let secret = tried_out(&site, &hook, &allow).await;
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
    // The server's options are what counts, whoever is asked by whichever way.
    let check = ["settings", "check", "webhooks", &file];
    let checked = there(&check).await;
    assert!(strangers.iter().all(|stranger| checked.all().contains(stranger)), "{}", checked.all());
    assert!(checked.done().contains("can be set"));
    let own = site.command(&check).await;
    assert!(own.code() == 1 && own.all().contains("judged by the options of this command"), "{}", own.all());
    if site.place.is_sqlite() {
        assert!(site.command_with(&check, Some(&key)).await.done().contains("can be set"));
    }
    assert!(there(&["webhooks", "list"]).await.done().contains("ready"));
    assert!(there(&["webhooks", "deliveries", "all", "--state", "delivered"]).await.done().contains(&delivery));
    assert!(site.command(&["webhooks", "deliveries", "all"]).await.done().contains(&delivery));
    let told = there(&["webhooks", "replay", "all", &delivery]).await.done();
    assert!(told.contains("1 event is delivered"), "{told}");
    hook.until(TRANSITION, 2).await;
    assert!(there(&["webhooks", "replay", "all", "--failed"]).await.done().contains("0 events"));
    assert_eq!(there(&["webhooks", "replay", "all"]).await.code(), 2);
    let told = there(&["webhooks", "replay", "all", "nope"]).await;
    assert!(told.code() == 1 && told.all().contains("no delivery `nope`"), "{}", told.all());
    let newer = there(&["webhooks", "secret", "all"]).await.done().trim().to_owned();
    assert!(there(&["webhooks", "test", "all"]).await.done().contains("answered 200"));
    let came = hook.came("fluxor.test.v1");
    assert!(is_signed(&came[1], &secret) && is_signed(&came[1], &newer));
    site.end().await;
}
