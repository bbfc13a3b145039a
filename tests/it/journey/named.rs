//! Names on the command line: of people, states and instances; and keys that are made of names.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::Visitor;
use serde_json::json;

use super::company::{draft, in_review, text};

pub(super) async fn who_and_where_nothing_is_is_told_with_the_nearest(site: Site) {
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    let admin = site.keys["admin"].clone();
    let meant = "nobody with the id `bop`. Did you mean `bob`?";
    for (arguments, key) in [
        (&["sign-in", "--person", "bop"][..], Some(&*admin)),
        (&["keys", "create", "--person", "bop"], Some(&*admin)),
        (&["tasks", "--person", "bop"], None),
        (&["notices", "show", "bop"], None),
    ] {
        let told = site.command_with(arguments, key).await;
        assert!(told.code() == 1 && told.all().contains(meant), "{arguments:?}: {}", told.all());
    }
    let usual = site.command(&["notices", "show", "bob"]).await;
    assert!(usual.done().contains("at_once"), "{}", usual.all());

    // A state with states inside is in those.
    let listed = site.command(&["instances", "list", "--state", "open"]).await;
    assert!(listed.done().contains(&id), "{}", listed.all());
    let over_http = site.by("ann").get("/v1/instances?state=open").await.is(200);
    assert_eq!(over_http["items"][0]["id"], id.as_str(), "{over_http}");
    assert_eq!(site.by("ann").get("/v1/instances?state=ope").await.is(200)["items"], json!([]));
    let wrong = site.command(&["instances", "list", "--state", "open.reveiw"]).await;
    assert!(wrong.all().contains("There is no state `open.reveiw`; did you mean `open.review`?"), "{}", wrong.all());
    let empty = site.command(&["instances", "list", "--state", "closed"]).await;
    assert!(empty.code() == 0 && !empty.all().contains("There is no state"), "{}", empty.all());
    let move_to = ["instances", "repair", &id, "move", "nowhere", "--reason", "so"];
    let moved = site.command_with(&move_to, Some(&admin)).await;
    assert!(moved.code() == 1 && moved.all().contains("; the states are "), "{}", moved.all());

    // What the environment gives is not told as what is missing.
    let usage = site.command_with(&["instances", "show"], Some("flx_a_b")).await;
    assert!(usage.code() == 2 && usage.all().contains("<ID>"), "{}", usage.all());
    assert!(!usage.all().contains("--key"), "{}", usage.all());

    // What needs no definition looks at none.
    std::fs::write(site.folder().join("definitions/wrong.yaml"), "workflow: wrong\n").unwrap();
    let list = site.command(&["instances", "list"]).await;
    assert!(list.all().contains("definitions are wrong"), "{}", list.all());
    let counts = site.command(&["instances", "counts"]).await;
    assert!(counts.done().contains("open.review"), "{}", counts.all());
    site.end().await;
}

pub(super) async fn instances_are_named_by_their_last_digits(site: Site) {
    let id = draft(&site, "ann", "400.00 EUR").await;
    let short = &id[id.len() - 8..];
    let drawn = site.command(&["graph", "--instance", short, "--format", "mermaid"]).await;
    assert!(drawn.done().contains("(now)"), "{}", drawn.all());
    let wrong = site.command(&["graph", "--instance", "00000000"]).await;
    assert!(wrong.code() == 1 && wrong.all().contains("ends in 00000000"), "{}", wrong.all());
    assert_eq!(site.command(&["graph", "--instance", "nonsense"]).await.code(), 2);
    site.end().await;
}

const KEYED: &str = "workflow: keyed
version: 1
subject: { name: k, fields: { requester: person, ref: text } }
key: string(k.requester) + \"/\" + k.ref
start: a
states:
  a: { on: { close: z } }
  z: { final: true }
";

pub(super) async fn a_key_is_made_of_whoever_starts_it(site: Site) {
    std::fs::write(site.folder().join("definitions/keyed.yaml"), KEYED).unwrap();
    site.admin().post("/v1/definitions/reload", &json!({})).await.is(200);
    let place = "/v1/workflows/keyed/instances";
    let ann = site.by("ann");
    let begun = ann.post(place, &json!({ "input": { "ref": "1" } })).await.is(201);
    assert_eq!(begun["key"], "ann/1");
    let again = ann.post(place, &json!({ "input": { "ref": "1" } })).await.is(200);
    assert_eq!(again["id"], begun["id"]);
    let other = site.by("bob").post(place, &json!({ "input": { "ref": "1" } })).await.is(201);
    assert_eq!(other["key"], "bob/1");

    let long = ann.post(place, &json!({ "input": { "ref": "x".repeat(300) } })).await.refused(422, "invalid_input");
    assert_eq!(long["errors"][0]["pointer"], "/input", "no field of it is the key: {long}");
    let own = ann.post(place, &json!({ "key": "K-1", "input": { "ref": "2" } })).await.refused(422, "invalid_input");
    assert_eq!(own["errors"][0]["pointer"], "/key", "{own}");
    assert!(text(&own["detail"]).contains("is `ann/2`: leave `key` out"), "{own}");

    let mut eve = Visitor::signed_in(&site, "eve").await;
    let form = eve.get("/new/keyed").await.is(200).form("/new/keyed");
    let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.push(("data.ref", "7"));
    eve.post(&form.action, &fields).await.is(200);
    let keyed = site.admin().get("/v1/instances?workflow=keyed&key=eve/7").await.is(200);
    assert_eq!(keyed["items"].as_array().map(Vec::len), Some(1), "{keyed}");
    let told = site.command(&["simulate", "keyed", "--as", "ann", "--input", r#"{"ref":"9"}"#]).await;
    assert!(told.done().contains("It waits for one of these events: `close`"), "{}", told.all());
    site.end().await;
}
