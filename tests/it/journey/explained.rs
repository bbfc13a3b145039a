//! Limits explained: who is near one, how much was used, why a request was refused, and what others would have done; over HTTP,
//! on the command line, after a restart, and by the server that was not asked.

use std::time::Duration;

use fluxor_tests::server::Site;
use reqwest::Method;
use serde_json::{Value, json};

use super::limits::set;

/// Three calls of a person in an hour; two of a person and route in a minute, in shadow; many of all together.
fn document() -> Value {
    json!({ "policies": [
        { "name": "few", "by": ["user"], "strategy": { "bucket": { "burst": 3, "tokens": 1, "per": "1h" } } },
        { "name": "watched", "by": ["user", "route"], "strategy": { "log": { "limit": 2, "window": "1m" } }, "shadow": true },
        { "name": "all", "by": ["tenant"], "strategy": { "fixed": { "limit": 10_000, "window": "day" } } },
    ] })
}

fn tried(limit: u64) -> Value {
    json!({ "policies": [{ "name": "tried", "by": ["user"], "strategy": { "log": { "limit": limit, "window": "1h" } } }] })
}

fn rows(value: &Value) -> Vec<&Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter().collect()
}

/// The row of a policy, and of a key of it.
fn of<'v>(told: &'v Value, list: &str, policy: &str, key: Option<&str>) -> &'v Value {
    let fits = |row: &&Value| row["policy"] == policy && key.is_none_or(|key| row["key"] == key);
    rows(&told[list]).into_iter().find(fits).unwrap_or_else(|| panic!("no {policy} {key:?}: {told}"))
}

/// Two of bob's five calls are refused; tells the answer of the last.
async fn some_are_refused(site: &Site) -> Value {
    set(site, "limits", &document()).await;
    for _ in 0..3 {
        site.by("bob").get("/v1/tasks").await.is(200);
    }
    site.by("bob").get("/v1/tasks").await.refused(429, "quota_exceeded");
    site.by("bob").get("/v1/orders?limit=200").await.refused(429, "quota_exceeded")
}

pub(super) async fn why_and_who_and_what_if(mut site: Site) {
    let refused = some_are_refused(&site).await;
    who_is_near(&site).await;
    why_it_was_refused(&site, &refused).await;
    how_much_was_used(&site).await;
    what_others_would_have_done(&site).await;
    what_makes_no_sense(&site).await;
    what_only_the_operator_sees(&site).await;

    // Asking has a limit of its own, also for administrators.
    let mut turned = 0;
    for _ in 0..160 {
        let reply = site.by("stranger").get("/v1/limits/refusals").await;
        if reply.status == 429 {
            assert_eq!(reply.refused(429, "quota_exceeded")["violated-policies"][0], "explaining");
            turned += 1;
        }
    }
    assert!(turned > 0);

    // Whoever runs another server, or asks after a restart, is told the same.
    let before = site.admin().get("/v1/limits/refusals").await.is(200);
    let usage = |told: Value| of(&told, "series", "few", Some("user=bob")).clone();
    let used = usage(site.admin().get("/v1/limits/usage?day=today&step=24h").await.is(200));
    site.stop().await;
    let command = |arguments: &'static str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let site = &site;
        async move {
            let told = site.command(&[&arguments[..], &["--json"]].concat()).await.done();
            serde_json::from_str::<Value>(&told).unwrap()
        }
    };
    assert_eq!(command("limits refused --limit 50").await["items"], before["items"]);
    assert_eq!(usage(command("limits usage --day today --step 24h").await), used);
    assert_eq!(command("limits replay").await["was_refused"], 3);
    let file = site.folder().join("tried.json");
    std::fs::write(&file, tried(4).to_string()).unwrap();
    let told = site.command(&["limits", "replay", file.to_str().unwrap()]).await.done();
    assert!(told.contains("3 were refused in reality"), "{told}");
    std::fs::write(&file, tried(2).to_string()).unwrap();
    let told = site.command(&["limits", "replay", file.to_str().unwrap()]).await.done();
    assert!(told.contains(" (1 would never pass)"), "a page of 3: {told}");
    std::fs::write(&file, tried(0).to_string()).unwrap();
    let told = site.command(&["limits", "replay", file.to_str().unwrap()]).await;
    assert!(told.all().contains("/policies/0/strategy/log/limit"), "{}", told.all());
    site.start().await;
    assert_eq!(site.admin().get("/v1/limits/refusals").await.is(200), before);
    assert_eq!(usage(site.admin().get("/v1/limits/usage?day=today&step=24h").await.is(200)), used);
    while_it_serves(&site, &refused).await;
    site.end().await;
}

async fn who_is_near(site: &Site) {
    let told = site.admin().get("/v1/limits").await.is(200);
    let few = of(&told, "policies", "few", None);
    assert_eq!(
        (&few["over"], &few["near"], &few["admits"]),
        (&json!(1), &json!(0), &json!("3 at once, then 1 an hour"))
    );
    let bob = &few["keys"][0];
    assert_eq!(
        (&bob["key"], &bob["state"], &bob["used"], &bob["quota"]),
        (&json!("user=bob"), &json!("over"), &json!(3), &json!(3))
    );
    assert!((3 * 3_600 - 60..=3 * 3_600).contains(&bob["reset_seconds"].as_u64().unwrap()), "{bob}");
    // The shadow has counted what was admitted; all calls of the tenant are one key, and whoever explains costs nothing.
    assert_eq!(of(&told, "policies", "watched", None)["keys"][0]["state"], "over");
    let all = &of(&told, "policies", "all", None)["keys"][0];
    assert_eq!((&all["key"], &all["used"], &all["state"]), (&json!("tenant=1"), &json!(3), &json!("fine")));
    assert_eq!(site.admin().get("/v1/limits?policy=all").await.is(200)["policies"].as_array().unwrap().len(), 1);
    site.by("ann").get("/v1/limits").await.refused(403, "not_allowed");
    // Everybody sees how he stands himself, also who is over a limit; what is in shadow limits nobody.
    for (who, tenant, used) in [("bob", 1, 3), ("ann", 1, 0), ("stranger", 2, 0)] {
        let own = site.by(who).get("/v1/limits/me").await.is(200);
        assert_eq!((&own["person"], &own["tenant"]), (&json!(who), &json!(tenant)), "{own}");
        assert!(!own.to_string().contains("watched") && !own.to_string().contains("sign_in"), "{own}");
        if tenant == 1 {
            let few = of(&own, "limits", "few", Some(&format!("user={who}")));
            assert_eq!((&few["now"]["used"], &few["now"]["quota"]), (&json!(used), &json!(3)), "{own}");
            assert_eq!(of(&own, "limits", "all", None)["now"]["used"], 3);
        }
    }
    let stranger = site.by("stranger").get("/v1/limits").await.is(200);
    assert!(!stranger.to_string().contains("bob"), "{stranger}");
}

async fn why_it_was_refused(site: &Site, refused: &Value) {
    let id = refused["instance"].as_str().unwrap();
    let of_request = |id: &str| format!("/v1/limits/refusals?request={id}");
    let told = site.admin().get(&of_request(id)).await.is(200);
    let [one] = &*rows(&told["items"]) else { panic!("{told}") };
    assert_eq!(
        (&one["request"], &one["person"], &one["route"], &one["cost"]),
        (&json!(id), &json!("bob"), &json!("/v1/orders"), &json!(3))
    );
    assert_eq!((&one["code"], &one["policy"]), (&json!("quota_exceeded"), &json!("few")));
    let why = one["why"].as_str().unwrap();
    for word in ["`few` admits 3 at once, then 1 an hour", "`user=bob`", "0 of 3 were left", "costs 3"] {
        assert!(why.contains(word), "{word}: {why}");
    }
    let said = of(one, "policies", "few", None);
    assert_eq!((&said["refused"], &said["remaining"], &said["key"]), (&json!(true), &json!(0), &json!("user=bob")));
    assert_eq!(of(one, "policies", "all", None)["refused"], false);
    let watched = of(one, "policies", "watched", None);
    assert_eq!((&watched["shadow"], &watched["refused"]), (&json!(true), &json!(true)), "3 are more than 2");

    // Page by page, newest first.
    let first = site.admin().get("/v1/limits/refusals?limit=1").await.is(200);
    let second = site.admin().get(first["next"].as_str().unwrap()).await.is(200);
    assert_eq!(first["items"][0]["request"], id);
    assert_eq!(second["items"][0]["route"], "/v1/tasks");
    assert_eq!(second["next"], Value::Null);
    // People see their own, also while they are over a limit, and nobody those of another company.
    assert_eq!(rows(&site.by("bob").get("/v1/limits/refusals").await.is(200)["items"]).len(), 2);
    site.by("ann").get("/v1/limits/refusals?person=bob").await.refused(403, "not_allowed");
    for (who, path) in [("ann", of_request(id)), ("stranger", of_request(id)), ("admin", of_request("none"))] {
        let none = site.by(who).get(&path).await.is(200);
        assert_eq!(rows(&none["items"]).len(), 0, "{who}");
        assert!(none["notes"][0].as_str().unwrap().contains("48 hours"), "{none}");
    }
}

async fn how_much_was_used(site: &Site) {
    let told = site.admin().get("/v1/limits/usage?step=1h").await.is(200);
    let bob = of(&told, "series", "few", Some("user=bob"));
    // To ask why is counted by no limit.
    assert_eq!((&bob["calls"], &bob["cost"], &bob["refused"]), (&json!(5), &json!(3), &json!(2)));
    assert_eq!(bob["would_refuse"], 0, "it is in no shadow");
    // The shadow would have refused the third call, and what was refused by the other one too.
    let watched = of(&told, "series", "watched", Some("user=bob|route=/v1/tasks"));
    assert_eq!(
        (&watched["shadow"], &watched["refused"], &watched["would_refuse"]),
        (&json!(true), &json!(0), &json!(2))
    );
    let by_step = rows(&watched["steps"]).iter().map(|step| step["would_refuse"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(by_step, 2);
    let steps = rows(&bob["steps"]);
    assert!((24..=25).contains(&steps.len()), "a whole day: {}", steps.len());
    assert_eq!(steps.iter().map(|step| step["cost"].as_u64().unwrap()).sum::<u64>(), 3);
    let one = site.admin().get("/v1/limits/usage?policy=few&key=user%3Ddan").await.is(200);
    assert_eq!(rows(&one["series"]).len(), 1, "{one}");
    assert_eq!(of(&one, "series", "few", Some("user=dan"))["calls"], 7, "he made keys");
    assert_eq!(one["calls"], 7, "of what was asked for");
    let none = site.admin().get("/v1/limits/usage?key=user%3Deve").await.is(200);
    assert_eq!(rows(&none["series"]).len(), 0);
    assert!(none["notes"].to_string().contains("under such a key"), "{none}");
    // A key is found by some of its parts, in any order.
    let some = site.admin().get("/v1/limits/usage?key=route%3D/v1/tasks|user%3Dbob").await.is(200);
    assert_eq!(of(&some, "series", "watched", Some("user=bob|route=/v1/tasks"))["calls"], 4);
    let bobs = site.admin().get("/v1/limits/usage?key=user%3Dbob").await.is(200);
    assert!(rows(&bobs["series"]).len() >= 3, "few, and watched by route: {bobs}");
}

async fn what_others_would_have_done(site: &Site) {
    let replay = async |body: Value| {
        let request = site.admin().request(Method::POST, "/v1/limits/replay").json(&body);
        site.admin().send(request).await
    };
    // Under the limits that were in force the same calls are refused again.
    let again = replay(json!({})).await.is(200);
    let bobs = |told: &Value, policy: &str| {
        let keys = of(told, "policies", policy, None)["keys"].clone();
        rows(&keys).into_iter().find(|key| key["key"] == "user=bob").unwrap()["refused"].clone()
    };
    assert_eq!((bobs(&again, "few"), &again["was_refused"]), (json!(2), &json!(2)), "{again}");
    // Four calls that cost 1, and one that costs 3.
    for (limit, refused) in [(1, 4), (3, 2), (4, 1), (7, 0)] {
        let told = replay(json!({ "document": tried(limit), "day": "today" })).await.is(200);
        assert_eq!(bobs(&told, "tried"), refused, "{limit}: {told}");
        assert!(told["summary"].as_str().unwrap().contains("would have refused"), "{told}");
    }
    // Other costs are the document's, not those that the calls had.
    let mut dear = tried(7);
    dear["costs"] = json!([{ "method": "GET", "route": "/v1/tasks", "cost": 2 }]);
    let told = replay(json!({ "document": dear })).await.is(200);
    assert_eq!(bobs(&told, "tried"), 2, "three fit, a fourth of 2 does not, nor a page of 3: {told}");
    let wrong = replay(json!({ "document": tried(0) })).await.refused(422, "invalid_input");
    assert_eq!(wrong["errors"][0]["pointer"], "/document/policies/0/strategy/log/limit", "{wrong}");
    let wrong = replay(json!({ "day": "yestrday" })).await.refused(422, "invalid_input");
    assert!(wrong["detail"].as_str().unwrap().contains("did you mean `yesterday`?"), "{wrong}");
    replay(json!({ "documnet": {} })).await.refused(422, "invalid_input");
    replay(json!({ "document": null })).await.refused(422, "invalid_input");
    let empty = replay(json!({ "day": "2020-01-01" })).await.is(200);
    assert!(empty["notes"].to_string().contains("No call of that time is kept"), "{empty}");
    // Nothing was set by it.
    assert_eq!(site.admin().get("/v1/settings/limits").await.is(200)["document"], document());
    let ann = site.by("ann");
    ann.send(ann.request(Method::POST, "/v1/limits/replay").json(&json!({}))).await.refused(403, "not_allowed");
}

async fn what_makes_no_sense(site: &Site) {
    for (path, word) in [
        ("/v1/limits?policy=fews", "did you mean `few`?"),
        ("/v1/limits?setting=limit", "unknown variant"),
        ("/v1/limits/usage?day=tomorow", "write today, yesterday or a day"),
        ("/v1/limits/usage?day=today&from=1h", "not for both"),
        ("/v1/limits/usage?from=1h&to=2h", "it ends"),
        ("/v1/limits/usage?step=1s", "take 87s or longer"),
        ("/v1/limits/usage?step=soon", "no length of time"),
        ("/v1/limits/refusals?before=now", "before"),
        ("/v1/limits/usage?from=1970-01-01T00:00:00Z&to=9999-12-30T00:00:00Z", "720h at once"),
        ("/v1/limits/usage?from=700h&step=30m", "take 2520s or longer"),
        ("/v1/limits/refusals?request=", "it is empty"),
        ("/v1/limits/usage?key=bob", "no part of a key"),
        ("/v1/limits/usage?from=2999-01-01T00:00:00Z", "has not come yet"),
        ("/v1/limits/refusals?reqest=1", "did you mean `request`?"),
    ] {
        let told = site.admin().get(path).await.refused(400, "invalid_query");
        assert!(told["detail"].as_str().unwrap().contains(word), "{path}: {told}");
    }
}

/// The server's limits are over the calls of everybody, also of those who are nobody.
async fn what_only_the_operator_sees(site: &Site) {
    let one = json!({ "policies": [{ "name": "sign_in", "by": ["address"], "routes": ["/sign_in"],
        "strategy": { "log": { "limit": 2, "window": "1h" } } }] });
    // A key that was seen is no attempt.
    site.by("cyd").get("/v1/workflows").await.is(200);
    set(site, "server_limits", &one).await;
    let forged = |n: u32| format!("flx_0123456789abcdef_{n:043}");
    let nobody = site.anonymous();
    for n in 0..2 {
        nobody.with_key(&forged(n)).get("/v1/me").await.refused(401, "unauthenticated");
    }
    let turned = nobody.with_key(&forged(3)).get("/v1/me").await.refused(429, "abnormal_usage");
    let told = site.admin().get("/v1/limits?setting=server_limits").await.is(200);
    let key = &of(&told, "policies", "sign_in", None)["keys"][0];
    assert_eq!((&key["key"], &key["used"], &key["state"]), (&json!("address=127.0.0.1"), &json!(2), &json!("over")));
    let refusals = format!("/v1/limits/refusals?request={}", turned["instance"].as_str().unwrap());
    assert_eq!(site.admin().get(&refusals).await.is(200)["items"][0]["route"], "/sign_in");
    let stranger = site.by("stranger");
    stranger.get("/v1/limits?setting=server_limits").await.refused(403, "not_allowed");
    assert_eq!(rows(&stranger.get(&refusals).await.is(200)["items"]).len(), 0);
    let usage = site.admin().get("/v1/limits/usage?setting=server_limits&policy=sign_in&step=24h").await.is(200);
    let key = of(&usage, "series", "sign_in", Some("address=127.0.0.1"));
    assert_eq!((&key["refused"], &key["cost"]), (&json!(1), &json!(2)), "valid keys were given back: {usage}");
    // A policy of the same name in the tenant's limits is another one.
    let same = json!({ "policies": [{ "name": "sign_in_", "by": ["user"], "strategy": { "log": { "limit": 1, "window": "1h" } } }] });
    let server = json!({ "policies": [one["policies"][0], { "name": "sign_in_", "by": ["tenant", "user"],
        "strategy": { "log": { "limit": 9, "window": "1h" } } }] });
    set(site, "server_limits", &server).await;
    set(site, "limits", &same).await;
    site.by("cyd").get("/v1/tasks").await.is(200);
    let refused = site.by("cyd").get("/v1/tasks").await.refused(429, "quota_exceeded");
    let path = format!("/v1/limits/refusals?request={}", refused["instance"].as_str().unwrap());
    let told = site.admin().get(&path).await.is(200);
    let why = told["items"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("`sign_in_` admits 1 in any 1 h for `user=cyd`: 0 of 1 were left"), "{why}");
    let cyd = async |setting: &str, key: &str| {
        let path = format!("/v1/limits/usage?setting={setting}&policy=sign_in_&key=user%3Dcyd");
        let told = site.admin().get(&path).await.is(200);
        of(&told, "series", "sign_in_", Some(key))["refused"].clone()
    };
    assert_eq!(cyd("limits", "user=cyd").await, 1);
    assert_eq!(cyd("server_limits", "tenant=1|user=cyd").await, 0);
    let replay = site.admin().request(Method::POST, "/v1/limits/replay").json(&json!({ "setting": "server_limits" }));
    let told = site.admin().send(replay).await.is(200);
    assert_eq!((&told["refused"], &told["was_refused"]), (&json!(1), &json!(1)), "{told}");
    assert!(told["was_refused_by_others"].as_u64().unwrap() >= 3, "{told}");
    set(site, "limits", &document()).await;
    // They are none of the tenant's own calls.
    let own = site.admin().get("/v1/limits/usage").await.is(200);
    assert!(!own.to_string().contains("sign_in"), "{own}");
    set(site, "server_limits", &json!({ "policies": [] })).await;
}

/// Commands ask the server that has the file; without a key they tell what it has written.
async fn while_it_serves(site: &Site, refused: &Value) {
    let id = refused["instance"].as_str().unwrap();
    let key = site.keys["admin"].clone();
    for key in [Some(&*key), None] {
        let told = site.command_with(&["limits", "refused", id], key).await.done();
        assert!(told.contains("`few` admits 3 at once") && told.contains("would refuse"), "{told}");
        let told = site.command_with(&["limits", "usage", "user=bob", "--policy", "few"], key).await.done();
        assert!(told.contains("user=bob") && !told.contains("watched"), "{told}");
        assert!(told.contains("a bar is ") && !told.contains("min s"), "{told}");
        let told = site.command_with(&["limits", "usage", "--policy", "watched", "user=bob"], key).await.done();
        assert!(told.contains("WOULD REFUSE") && told.contains("watched (in shadow)"), "{told}");
    }
    set(site, "limits", &json!({ "policies": [] })).await;
    // How limits stand is asked of a server: of the one that is named, or that has the file.
    let named = ["limits", "show", "--server", &site.url];
    let shown = site.command_with(&named, Some(&key)).await.done();
    let store = if site.place.address().starts_with("postgres") { "in postgres" } else { "in the server's memory" };
    assert!(shown.contains("counted") && shown.contains(store), "{shown}");
    let own = site.command_with(&[&named[..], &["--me"]].concat(), Some(&site.keys["bob"])).await.done();
    assert!(own.contains("bob, ") && own.contains("Nothing."), "{own}");
    for (arguments, key, word) in [
        (&["limits", "show"][..], None, "a server knows how limits stand"),
        (&named, None, "FLUXOR_KEY"),
        (&[&named[..], &["--tenant", "2"]].concat(), Some(&*key), "the key is of tenant 1"),
        (&[&named[..], &["--me", "--policy", "few"]].concat(), Some(&*key), "cannot be used with"),
        (&["limits", "show", "--server", "127.0.0.1"], Some(&*key), "write http://"),
    ] {
        let told = site.command_with(arguments, key).await;
        let word = if word.starts_with("a server") && store == "in postgres" { "a running server knows" } else { word };
        assert!(told.all().contains(word) && told.0.status.code() == Some(2), "{word}: {}", told.all());
    }
    let unknown = site.command_with(&["limits", "refused", "none"], Some(&key)).await;
    assert!(unknown.all().contains("of a request `none`") && unknown.0.status.code() == Some(1), "{}", unknown.all());
    let empty = site.folder().join("empty.yaml");
    std::fs::write(&empty, "").unwrap();
    for key in [Some(&*key), None] {
        let told = site.command_with(&["limits", "replay", empty.to_str().unwrap()], key).await;
        assert!(!told.0.status.success() && told.all().contains("empty.yaml"), "{}", told.all());
    }
    let wrong = site.command_with(&["limits", "usage", "--step", "x"], None).await;
    assert_eq!(wrong.0.status.code(), Some(2), "{}", wrong.all());
}

/// Who wants nothing kept has nothing kept, and is told so.
pub(super) async fn nothing_is_kept_where_nobody_wants_it(mut site: Site) {
    site.stop().await;
    site.options = vec!["--traffic-hours".to_owned(), "0".to_owned()];
    site.start().await;
    some_are_refused(&site).await;
    for path in ["/v1/limits", "/v1/limits/usage", "/v1/limits/refusals"] {
        let told = site.admin().get(path).await.is(200);
        assert!(told["notes"][0].as_str().unwrap().contains("--traffic-hours"), "{path}: {told}");
    }
    site.stop().await;
    let told = site.command(&["limits", "usage"]).await.done();
    assert!(!told.contains("user=bob"), "{told}");
    site.end().await;
}

/// What one server refused, another explains a little later.
pub(super) async fn one_server_explains_what_another_refused(site: Site) {
    if !site.place.address().starts_with("postgres") {
        return site.end().await;
    }
    let other = site.replica("other", &[]).await;
    set(&site, "limits", &document()).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let bob = other.client(&site, Some("bob"));
    for _ in 0..3 {
        bob.get("/v1/tasks").await.is(200);
    }
    let refused = bob.get("/v1/tasks").await.refused(429, "quota_exceeded");
    let path = format!("/v1/limits/refusals?request={}", refused["instance"].as_str().unwrap());
    let since = std::time::Instant::now();
    while rows(&site.admin().get(&path).await.is(200)["items"]).is_empty() {
        assert!(since.elapsed() < Duration::from_secs(30), "{}", other.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(other);
    site.end().await;
}
