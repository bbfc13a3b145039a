//! Running instances move to another version of their definition, through the real program: told before, done page by page, by
//! HTTP and on the command line.

use std::time::Duration;

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::Visitor;
use serde_json::{Value, json};

use super::company::{approve, history, path, text};
use super::limits::set;
use super::pictures::class;

const PREVIEW: &str = "/v1/migrations/preview";
const MIGRATE: &str = "/v1/migrations";

const TWO: &str = "
workflow: pair
version: 2
subject: { name: paper, fields: { requester: person, amount: money, unit: text, note: text } }
start: draft
states:
  draft: { title: To be written, on: { submit: { by: paper.requester, to: deciding } }, after: { in: 30 days, to: refused } }
  deciding:
    approval:
      never: [requester]
      steps: [{ name: purchasers, who: [{ role: buyer, unit_field: unit }], quorum: { count: 2 } }]
    on: { approved: { to: done }, rejected: { to: refused }, changes_requested: { to: draft } }
  done: { final: true }
  refused: { final: true }
";

const MAP: &str = "migrate: pair
from: 1
states: { review: deciding }
steps: { buyers: purchasers }
fields: { note: '\"\"' }
";

fn asked(mapping: &str) -> Value {
    json!({ "mapping": mapping, "reason": "version 2 asks for a note" })
}

async fn redefine(site: &mut Site, definition: &str) {
    site.stop().await;
    std::fs::write(site.folder().join("definitions/pair.yaml"), definition).unwrap();
    site.start().await;
}

async fn paper(site: &Site, submits: bool) -> (String, Value) {
    let input = json!({ "requester": "ann", "amount": "100.00 EUR", "unit": "it" });
    let started = site.by("ann").post("/v1/workflows/pair/instances", &json!({ "input": input })).await.is(201);
    let id = text(&started["id"]);
    if !submits {
        return (id, Value::Null);
    }
    let submitted = site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    (id, submitted["tasks"][0].clone())
}

fn item<'p>(page: &'p Value, id: &str) -> &'p Value {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["instance"] == id)
        .unwrap_or_else(|| panic!("{id} in {page}"))
}

/// Its page says from which version it came to which, and why; its picture keeps the way until then.
async fn shown_with_its_way(site: &Site, id: &str, mapping: &Value) {
    let picture = site.admin().get(&format!("{}/picture", path(id))).await;
    assert_eq!(
        (&*class(&picture.text, "draft"), &*class(&picture.text, "deciding")),
        ("state been", "state approval now")
    );
    let mut page = Visitor::administrator(site).await;
    let shown = page.get(&format!("/instances/{id}")).await.is(200);
    // What was before is called as it was called then.
    assert!(shown.text.contains("Draft → Review") && shown.text.contains("Review → Deciding"), "{}", shown.text);
    let end = |end: &Value| format!("version {} ({})", end["version"], &text(&end["hash"])[..12]);
    let (from, to) = (end(&mapping["from"][0]), end(&mapping["to"]));
    assert!(shown.text.contains(&format!("moved it from {from} to {to} of the workflow")), "{}", shown.text);
    assert!(shown.text.contains("<blockquote>so</blockquote>"), "{}", shown.text);
}

/// Before they move, what runs is called as its own version calls it.
async fn called_by_its_own_version(site: &Site) {
    let page = Visitor::administrator(site).await.get("/operations").await.is(200);
    assert!(
        page.has(">Draft</a>") && !page.has("To be written"),
        "what runs is called by its own version: {}",
        page.text
    );
}

pub(super) async fn running_instances_move_to_another_version(mut site: Site) {
    let (draft, _) = paper(&site, false).await;
    let (voted, task) = paper(&site, true).await;
    site.by("eve").decide(&task, &approve("buyers")).await.is(200);
    let (ended, over) = paper(&site, true).await;
    for who in ["eve", "fay"] {
        site.by(who).decide(&over, &approve("buyers")).await.is(200);
    }
    let then = text(&history(&site, &voted).await.pop().unwrap()["at"]);
    redefine(&mut site, TWO).await;
    let admin = site.admin();
    called_by_its_own_version(&site).await;

    // Who may not, and what is wrong with the file.
    for place in [PREVIEW, MIGRATE] {
        site.by("ann").post(place, &asked(MAP)).await.refused(403, "not_allowed");
    }
    let wrong = admin.post(PREVIEW, &asked("migrate: pair\nstates: { reviw: decidin }")).await;
    let wrong = wrong.refused(422, "mapping_refused");
    let codes: Vec<&str> =
        wrong["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"FLX0744") && codes.contains(&"FLX0750") && codes.contains(&"FLX0747"), "{codes:?}");
    assert!(text(&wrong["rendered"]).contains("a similar state exists: `review`"), "{wrong}");
    admin.post(MIGRATE, &json!({ "mapping": MAP })).await.refused(422, "reason_required");

    // What it would come to; nothing is written.
    let told = admin.post(PREVIEW, &json!({ "mapping": MAP })).await.is(200);
    assert_eq!((&told["mapping"]["from"][0]["version"], &told["mapping"]["to"]["version"]), (&json!(1), &json!(2)));
    assert_eq!(told["items"].as_array().unwrap().len(), 2, "{ended} has ended: {told}");
    let goes = &item(&told, &draft)["changes"];
    assert_eq!((&goes["to"], &goes["timers"][0]["name"]), (&json!(["draft"]), &json!("draft#1")));
    let goes = &item(&told, &voted)["changes"];
    assert_eq!((&goes["to"], &goes["reviews"][0]["what"]), (&json!(["deciding"]), &json!("kept")));
    assert_eq!(history(&site, &voted).await.len(), 3);

    // Page by page, and once more there is nothing left. What has moved says where it is.
    let first = admin.post(MIGRATE, &json!({ "mapping": MAP, "reason": "so", "limit": 1 })).await.is(200);
    let after = text(&first["next"]);
    let mut rest = admin.post(MIGRATE, &json!({ "mapping": MAP, "reason": "so", "after": after })).await.is(200);
    while let Some(after) = rest["next"].as_str() {
        rest = admin.post(MIGRATE, &json!({ "mapping": MAP, "reason": "so", "after": after })).await.is(200);
    }
    let again = admin.post(MIGRATE, &json!({ "mapping": MAP, "reason": "so" })).await.is(200);
    assert_eq!((&again["items"], &again["at_target"]), (&json!([]), &json!(2)));
    let last = history(&site, &voted).await.pop().unwrap();
    assert_eq!((&last["header"]["verb"], &last["body"]["reason"]), (&json!("migrate"), &json!("so")));
    assert_eq!(last["header"]["definition"], told["mapping"]["to"]["hash"]);
    let definitions = json!([told["mapping"]["from"][0]["hash"], told["mapping"]["to"]["hash"]]);
    assert_eq!(last["body"]["request"]["definitions"], definitions);
    assert_eq!(last["body"]["request"]["mapping"], told["mapping"]["digest"]);

    // The past is still told by the rules of then, and drawn by those of now.
    let id = text(&task["id"]);
    let deciders = admin.get(&format!("/v1/tasks/{id}/deciders?at={then}")).await.is(200);
    assert_eq!(deciders["instance"], "review", "{deciders}");
    admin.get(&format!("/v1/tasks/{id}/rounds")).await.is(200);
    shown_with_its_way(&site, &voted, &told["mapping"]).await;

    // The note is new: whoever had the page open reads it again, and both decide on what it says now.
    site.by("fay").decide(&task, &approve("purchasers")).await.refused(412, "stale_task");
    let now = admin.get(&path(&voted)).await.is(200)["tasks"][0].clone();
    for who in ["eve", "fay"] {
        site.by(who).decide(&now, &approve("purchasers")).await.is(200);
    }
    assert_eq!(admin.get(&path(&voted)).await.is(200)["state"], "done");
    site.stop().await;
    assert_eq!(site.command(&["audit", "verify"]).await.code(), 0);
    site.end().await;
}

/// What was asked for is done once under its key, whatever has become of the instances meanwhile.
pub(super) async fn a_migration_is_done_once_under_its_key(mut site: Site) {
    let (first, _) = paper(&site, true).await;
    redefine(&mut site, TWO).await;
    let admin = site.admin();
    let page = json!({ "mapping": MAP, "reason": "so", "limit": 100 });
    // What was refused was not done: the same key is for what is asked rightly.
    let wrong = json!({ "mapping": "migrate: pear", "reason": "so" });
    admin.post_as("m-1", MIGRATE, &wrong).await.refused(422, "mapping_refused");
    let (done, meanwhile) = tokio::join!(admin.post_as("m-1", MIGRATE, &page), admin.post_as("m-1", MIGRATE, &page));
    let done = done.is(200);
    assert_eq!((&item(&done, &first)["outcome"], &meanwhile.is(200)), (&json!("migrated"), &done));
    let entries = history(&site, &first).await.len();
    assert_eq!(admin.post_as("m-1", MIGRATE, &page).await.is(200), done, "the same answer, and no second look");
    assert_eq!(history(&site, &first).await.len(), entries);
    let other = json!({ "mapping": MAP, "reason": "otherwise", "limit": 100 });
    admin.post_as("m-1", MIGRATE, &other).await.refused(422, "request_reused");
    assert_eq!(admin.post_as("m-2", MIGRATE, &other).await.is(200)["at_target"], 1);
    site.end().await;
}

/// One request for many costs by how many, once that is known.
pub(super) async fn a_page_of_many_costs_its_size(mut site: Site) {
    for _ in 0..12 {
        paper(&site, false).await;
    }
    redefine(&mut site, TWO).await;
    let bulk = json!({ "name": "bulk", "by": ["user"], "routes": ["/v1/migrations*"],
        "strategy": { "bucket": { "burst": 100, "tokens": 1, "per": "1h" } } });
    set(&site, "limits", &json!({ "policies": [bulk] })).await;
    let admin = site.admin();
    let mut left = Vec::new();
    for (place, page) in [(PREVIEW, 5), (PREVIEW, 12), (MIGRATE, 12), (MIGRATE, 12)] {
        let reply = admin.post(place, &json!({ "mapping": MAP, "reason": "so", "limit": page })).await;
        left.push(reply.header("ratelimit").split(';').nth(1).unwrap().to_owned());
        reply.is(200);
        // A store that servers share hears of it a little later.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(left, ["r=99", "r=97", "r=95", "r=94"], "those that have moved are no work");
    site.end().await;
}

pub(super) async fn the_command_line_migrates_beside_a_running_server(mut site: Site) {
    let (voted, task) = paper(&site, true).await;
    site.by("eve").decide(&task, &approve("buyers")).await.is(200);
    let (draft, _) = paper(&site, false).await;
    let three = TWO.replace("count: 2", "count: 1").replace("deciding", "review").replace("purchasers", "buyers");
    let three = three
        .replace(", note: text", "")
        .replace("draft:\n", "")
        .replace("  draft:", "  begun:")
        .replace("draft", "begun");
    redefine(&mut site, &three).await;
    let file = site.folder().join("pair.map.yaml");
    let (map, list) = (file.to_str().unwrap().to_owned(), site.folder().join("list.csv"));
    std::fs::write(&file, "migrate: pair\n").unwrap();
    let key = site.keys["admin"].clone();
    let migrate = async |site: &Site, more: &[&str]| {
        let arguments: Vec<&str> = ["migrate", &map].into_iter().chain(more.iter().copied()).collect();
        site.command_with(&arguments, Some(&key)).await
    };
    let told = migrate(&site, &["--dry-run", "--list", list.to_str().unwrap()]).await;
    assert_eq!(told.code(), 1, "{}", told.all());
    for words in ["1 would go", "1 review is asked again", "refused [state] 1", &draft] {
        assert!(told.all().contains(words), "{words} in {}", told.all());
    }
    let csv = std::fs::read_to_string(&list).unwrap();
    assert!(csv.contains(&format!("{draft},,draft,,refused,not_migratable,state,")), "{csv}");
    let told = migrate(&site, &["--require-all", "--reason", "so"]).await;
    assert_eq!((told.code(), told.all().contains("nothing was migrated")), (1, true), "{}", told.all());
    assert_eq!(migrate(&site, &[]).await.code(), 2, "a reason is needed");
    assert_eq!(migrate(&site, &["--reason", "so", "--limit", "0"]).await.code(), 2, "none is no number of instances");
    // What the file says and nobody has is a warning with its place, before it is done and then.
    let all = "migrate: pair\nfrom: [1, 9]\nstates: { draft: begun }\n";
    std::fs::write(&file, all).unwrap();
    let told = migrate(&site, &["--dry-run"]).await;
    assert_eq!(told.code(), 0, "{}", told.all());
    for words in ["warning[FLX0741]", "pair.map.yaml:2:", "2 would go"] {
        assert!(told.all().contains(words), "{words} in {}", told.all());
    }
    assert!(!told.output().contains("FLX0741"), "beside the result: {}", told.all());
    std::fs::write(&file, "migrate: pair\nstates: { draft: begum }\n").unwrap();
    let told = migrate(&site, &["--reason", "so"]).await;
    assert!(told.code() == 1 && told.all().contains("FLX0744"), "{}", told.all());
    assert!(told.all().contains("pair.map.yaml:2:") && !told.all().contains("mapping.yaml"), "{}", told.all());

    std::fs::write(&file, "migrate: pair\nstates: { draft: begun }\n").unwrap();
    let told = migrate(&site, &["--json", "--reason", "so", "--only", &draft[draft.len() - 8..]]).await;
    assert_eq!(serde_json::from_str::<Value>(told.done().trim()).unwrap()["migrated"], 1);
    let told = migrate(&site, &["--reason", "so", "--list", list.to_str().unwrap()]).await;
    assert_eq!(told.code(), 0, "{}", told.all());
    let csv = std::fs::read_to_string(&list).unwrap();
    assert!(csv.contains(&format!("{voted},,review,review,migrated,,,")), "{csv}");
    assert!(
        told.all().contains("1 migrated") && told.all().contains("1 have the new definition already"),
        "{}",
        told.all()
    );
    // One vote suffices now, and eve's was given when two did: she is asked again.
    assert_eq!(site.admin().get(&path(&voted)).await.is(200)["state"], "review");
    site.by("fay").decide(&task, &approve("buyers")).await.refused(412, "stale_task");
    let now = site.admin().get(&path(&voted)).await.is(200)["tasks"][0].clone();
    site.by("fay").decide(&now, &approve("buyers")).await.is(200);
    assert_eq!(site.admin().get(&path(&voted)).await.is(200)["state"], "done");
    // And without a server.
    site.stop().await;
    let told = migrate(&site, &["--dry-run"]).await;
    assert!(told.code() == 0 && told.all().contains("1 have the new definition already"), "{}", told.all());
    site.end().await;
}
