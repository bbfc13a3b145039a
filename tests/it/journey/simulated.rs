//! Who would be asked, over HTTP and on the command line: nothing is stored.

use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::company::{order, text};

const PATH: &str = "/v1/simulate";

const WISH: &str = "workflow: wish
version: 7
subject: { name: wish, fields: { requester: person } }
start: review
states:
  review:
    approval: { steps: [{ name: chief, who: [{ person: [dan] }] }] }
    on: { approved: granted, rejected: granted, changes_requested: granted }
  granted: { final: true }
";

/// What must not change: the rows of every table that a decision writes, and the heads of all streams.
async fn image(site: &Site) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in
        ["instance", "task", "audit_entry", "outbox", "inbox", "organisation", "definition", "purchase_order", "budget"]
    {
        counts.push(site.place.count(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

async fn verified(site: &Site) -> Value {
    let mut told = site.admin().get("/v1/audit/verify").await.is(200);
    told.as_object_mut().unwrap().remove("seconds");
    told
}

pub(super) async fn who_would_be_asked_and_nothing_is_stored(site: Site) {
    let ann = site.by("ann");
    let (rows, trail) = (image(&site).await, verified(&site).await);
    let body =
        json!({ "workflow": "purchase_order", "input": order("ann", "100.00 EUR"), "at": "2026-03-02T08:00:00Z" });
    let told = ann.post(PATH, &body).await.is(200);
    assert_eq!((&told["starter"], &told["at"]), (&json!("ann"), &json!("2026-03-02T08:00:00Z")));
    let first = &told["asked"][0];
    assert_eq!((&first["step"], &first["people"][0]["person"]), (&json!("manager"), &json!("bob")), "{told}");
    assert!(text(&first["people"][0]["why"]).contains("manager of the person in the field `requester`"), "{told}");
    assert!(text(&told["assumptions"][0]).contains("`submit`"), "{told}");
    assert_eq!(told["end"]["kind"], "waits", "{told}");

    // Where the way on is refused, it says why.
    let mut bare = body.clone();
    bare["input"]["lines"] = json!([]);
    let told = ann.post(PATH, &bare).await.is(200);
    let why =
        "ann does not signal `submit`, which is refused: An order needs at least one line before it is submitted.";
    assert_eq!((&told["asked"], &told["assumptions"]), (&json!([]), &json!([why])), "{told}");

    // Another organisation, for this time alone; and as somebody else, who is an administrator.
    let patch = json!({ "people": [{ "id": "ann", "manager": "cyd" }] });
    let mut other = body.clone();
    other["organisation"] = patch;
    // It could read what its author may not, or be very much work.
    ann.post(PATH, &other).await.refused(403, "not_allowed");
    ann.post(PATH, &json!({ "definition": WISH })).await.refused(403, "not_allowed");
    other["as"] = json!("ann");
    let told = site.admin().post(PATH, &other).await.is(200);
    assert_eq!(told["asked"][0]["people"][0]["person"], "cyd", "{told}");
    let wish = json!({ "definition": WISH, "as": "ann", "answers": { "*": "reject" } });
    let told = site.admin().post(PATH, &wish).await.is(200);
    assert_eq!((&told["workflow"], &told["version"]), (&json!("wish"), &json!(7)));
    assert_eq!((&told["asked"][0]["status"], &told["end"]["kind"]), (&json!("rejected"), &json!("final")), "{told}");

    what_cannot_be_simulated(&site, &body).await;
    assert_eq!((image(&site).await, verified(&site).await), (rows, trail), "nothing is stored");
    let loaded = ann.get("/v1/workflows").await.is(200);
    assert!(!loaded.to_string().contains("\"wish\""), "{loaded}");
    the_command_line_says_the_same(&site).await;
    site.end().await;
}

async fn what_cannot_be_simulated(site: &Site, body: &Value) {
    let ann = site.by("ann");
    let with = |part: &str, value: Value| {
        let mut body = body.clone();
        body[part] = value;
        body
    };
    site.anonymous().post(PATH, body).await.refused(401, "unauthenticated");
    ann.post(PATH, &with("as", json!("bob"))).await.refused(403, "not_allowed");
    ann.post(PATH, &with("as", json!("ann"))).await.is(200);
    site.admin().post(PATH, &with("as", json!("nobody"))).await.refused(422, "invalid_input");
    ann.post(PATH, &with("workflow", json!("purchase_ordre"))).await.refused(404, "unknown_workflow");
    ann.post(PATH, &json!({})).await.refused(422, "invalid_input");
    for (part, value, pointer) in [
        ("at", json!("tomorrow"), "/at"),
        ("input", json!({ "colour": "red" }), "/input/"),
        ("organisation", json!({ "peopel": [] }), "/organisation/peopel"),
        ("organisation", json!({ "people": [{ "id": "ann", "manager": "bo" }] }), "/organisation/people/ann/manager"),
        ("events", json!([{}]), "/events/0"),
        ("events", json!([{ "evnt": "submit" }]), "/events/0/evnt"),
        ("events", json!(vec![json!({ "event": "submit" }); 101]), "/events"),
        ("answers", json!({ "manager": "maybe" }), "/answers"),
        ("pace", json!("slow"), "/pace"),
        ("workflows", json!(1), "/workflows"),
    ] {
        let mut asked = with(part, value.clone());
        asked["as"] = json!("ann");
        let refused = site.admin().post(PATH, &asked).await.refused(422, "invalid_input");
        let at = text(&refused["errors"][0]["pointer"]);
        assert!(at.starts_with(pointer), "{part} {value}: {refused}");
    }
    let wrong = site.admin().post(PATH, &json!({ "definition": WISH.replace("start: review", "start: reviw") })).await;
    assert!(!wrong.refused(422, "definition_refused")["findings"].as_array().unwrap().is_empty());
    // What is declined on the way is an end that is told.
    let told = ann.post(PATH, &with("events", json!([{ "event": "sbmit" }]))).await.is(200);
    assert_eq!((&told["end"]["kind"], &told["end"]["code"]), (&json!("refused"), &json!("unknown_event")), "{told}");
    let told = site.by("stranger").post(PATH, body).await;
    assert_eq!(told.status, 422, "another tenant's people are not these: {}", told.text);
}

async fn the_command_line_says_the_same(site: &Site) {
    let input = order("ann", "100.00 EUR").to_string();
    let common = ["simulate", "purchase_order", "--as", "ann", "--at", "2026-03-02T08:00:00Z", "--input", &input];
    let told = site.command(&[&common[..], &["--json"]].concat()).await.done();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["asked"][0]["people"][0]["person"], "bob", "{told}");
    let there = [&common[..], &["--json", "--server", &site.url]].concat();
    let over: Value = serde_json::from_str(&site.command_with(&there, Some(&site.keys["admin"])).await.done()).unwrap();
    assert_eq!(over, told, "the same over HTTP");
    let words = site.command(&common).await.done();
    assert!(
        words.contains("  1. purchase_order: ") && words.contains("- bob: bob was asked as the manager"),
        "{words}"
    );
    assert!(words.contains("End: waits"), "{words}");

    let then = ["--then", "submit", "--then", "reject manager as bob because too dear"];
    let told = site.command(&[&common[..], &then].concat()).await.done();
    assert!(told.contains("bob: reject in manager"), "{told}");
    let none = site.command(&[&common[..], &["--answer", "manager=none", "--pace", "due"]].concat()).await.done();
    assert!(none.contains("What happens:"), "{none}");

    let file = site.folder().join("wish.yaml");
    std::fs::write(&file, WISH).unwrap();
    let told = site.command(&["simulate", file.to_str().unwrap(), "--as", "ann"]).await.done();
    assert!(told.contains("wish (version 7)") && told.contains("- dan: dan was asked by name"), "{told}");
    for (arguments, code, words) in [
        (vec!["simulate", "purchase_ordr", "--as", "ann"], 1, "Did you mean `purchase_order`?"),
        (vec!["simulate", "nowhere.yaml", "--as", "ann"], 2, "nowhere.yaml"),
        (vec!["simulate", "purchase_order"], 2, "--as"),
        (vec!["simulate", "purchase_order", "--as", "ann", "--answer", "manager"], 2, "STEP=ANSWER"),
        (vec!["simulate", "purchase_order", "--as", "ann", "--input", "["], 2, "no JSON object"),
    ] {
        let told = site.command(&arguments).await;
        assert!(told.code() == code && told.all().contains(words), "{arguments:?}: {}", told.all());
    }
    in_memory(site, file.to_str().unwrap()).await;
}

/// Without a database: a definition and an organisation are enough.
async fn in_memory(site: &Site, wish: &str) {
    let people = site.folder().join("people.yaml");
    std::fs::write(&people, "people: [{ id: zoe }, { id: dan }]\n").unwrap();
    let nowhere = site.folder().join("nowhere.sqlite");
    let database = ["--database", nowhere.to_str().unwrap()];
    let with = [&["simulate", wish, "--as", "zoe", "--organisation", people.to_str().unwrap()][..], &database].concat();
    let told = fluxor(site, &with).await;
    assert!(told.0 == 0 && told.1.contains("- dan: dan was asked by name"), "{told:?}");
    let empty = fluxor(site, &[&["simulate", wish, "--as", "zoe"][..], &database].concat()).await;
    assert!(empty.0 == 1 && empty.1.contains("fluxor organisation load FILE"), "{empty:?}");
    assert!(!nowhere.exists(), "nothing is made");
}

/// The program with these arguments alone: exit code and all that it printed.
async fn fluxor(site: &Site, arguments: &[&str]) -> (i32, String) {
    let mut command = tokio::process::Command::new(fluxor_tests::server::binary());
    let definitions = site.folder().join("definitions");
    let done = command.env_remove("FLUXOR_DATABASE").arg("--definitions").arg(definitions).args(arguments).output();
    let done = done.await.unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.code().unwrap(), text)
}
