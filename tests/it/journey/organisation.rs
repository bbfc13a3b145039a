//! Changes of the organisation that have to be approved: who may, what becomes of them, and what the trail says.

use std::time::{Duration, Instant};

use fluxor_engine::ids::{StreamId, TenantId};
use fluxor_engine::store::Store as _;
use fluxor_tests::server::Site;
use fluxor_tests::server::client::Reply;
use serde_json::{Value, json};

use super::company::{approve, path, text, until};

const STEP: &str = "administrators";

/// It could apply a change, and takes none.
const UNFIT: &str = "
workflow: unfit
version: 1
subject: organisation_change
start: { to: sending }
events: { answered: { payload: { revision: int?, refused: text? } } }
states:
  sending: { send: change_organisation, on: { answered: { to: over } } }
  over: { final: true }
";

async fn patch(site: &Site, who: &str, patch: &Value) -> Reply {
    site.by(who).patch("/v1/organisation", patch).await
}

/// A file in the site's folder; its path.
fn write(site: &Site, name: &str, content: &str) -> String {
    let file = site.folder().join(name);
    std::fs::write(&file, content).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Somebody whose manager becomes somebody else.
fn moved(who: &str, manager: &str) -> Value {
    json!({ "people": [{ "id": who, "manager": manager }] })
}

/// Proposes a change; returns the instance and its task.
pub(super) async fn proposed(site: &Site, who: &str, change: &Value) -> (String, Value) {
    let waiting = patch(site, who, change).await.is(202);
    (text(&waiting["id"]), waiting["tasks"][0].clone())
}

pub(super) async fn revision(site: &Site) -> i64 {
    site.admin().get("/v1/organisation").await.is(200)["revision"].as_i64().unwrap()
}

/// From here on changes are approved: by cyd, dan or hal.
pub(super) async fn configured(site: &Site) {
    let roles = json!({ "buyer": ["eve", "fay"], "administrator": ["cyd", "dan", "hal"] });
    let approval = json!({ "units": [{ "id": "it", "roles": roles }], "approval": "organisation_change" });
    patch(site, "ann", &approval).await.refused(403, "not_allowed");
    assert_eq!(patch(site, "admin", &approval).await.is(200)["record"]["revision"], 2);
}

/// The bodies of the organisation's entries, while no server runs.
pub(super) async fn entries(site: &Site) -> Vec<Value> {
    let stream = StreamId::of_record("organisation", "organisation");
    let entries = site.place.store().await.entries(TenantId(1), stream, 0, 1000).await.unwrap();
    entries.iter().map(|entry| serde_json::from_str(&entry.body).unwrap()).collect()
}

/// What a killed server had claimed is free again after a minute.
async fn finished(site: &Site, id: &str) -> Value {
    let since = Instant::now();
    loop {
        let whole = site.admin().get(&path(id)).await.is(200);
        if whole["state"] != "applying" {
            return whole;
        }
        assert!(since.elapsed() < Duration::from_secs(150), "{id} is not applied: {whole}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn a_change_is_proposed_approved_and_applied(mut site: Site) {
    configured(&site).await;
    // Proposed by anybody, once, however often it is sent.
    let first = site.by("ann").patch_as("o-1", "/v1/organisation", &moved("eve", "fay")).await;
    let (waiting, place) = (first.clone().is(202), first.header("location").to_owned());
    let id = text(&waiting["id"]);
    assert_eq!((place, &waiting["state"]), (path(&id), &json!("review")), "{waiting}");
    let again = site.by("ann").patch_as("o-1", "/v1/organisation", &moved("eve", "fay")).await;
    assert_eq!((again.header("location"), again.clone().is(202)), (path(&id).as_str(), waiting.clone()));
    site.by("ann").patch_as("o-1", "/v1/organisation", &moved("eve", "bob")).await.refused(422, "request_reused");
    let subject = site.admin().get(&path(&id)).await.is(200)["subject"].clone();
    assert_eq!(subject["changes"], json!([r#"/people/eve/manager: "cyd" -> "fay""#]));
    assert_eq!((&subject["concerned"], &subject["requester"]), (&json!(["eve", "fay"]), &json!("ann")));

    // What is wrong is said as without approval.
    let wrong = patch(&site, "ann", &moved("eve", "nobody-at-all")).await.refused(422, "invalid_input");
    assert_eq!(wrong["errors"][0]["pointer"], "/people/eve/manager", "{wrong}");
    let senseless = json!({ "people": [{ "id": "ann", "manger": "bob", "limits": [{ "amount": "lots" }] }, { "id": "bob", "active": "no" }],
        "contacts": { "ann": { "email": "notanemail" } }, "rates": { "EUR": "0" } });
    let wrong = patch(&site, "ann", &senseless).await.refused(422, "invalid_input");
    let mut places: Vec<&str> =
        wrong["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    let all = [
        "/contacts/ann/email",
        "/people/ann/limits/0/amount",
        "/people/ann/manger",
        "/people/bob/active",
        "/rates/EUR",
    ];
    assert_eq!(places, all, "{wrong}");
    patch(&site, "ann", &moved("eve", "cyd")).await.refused(409, "nothing_to_change");

    // Neither who asks nor whom it concerns decides.
    let task = waiting["tasks"][0].clone();
    for who in ["ann", "eve"] {
        site.by(who).decide(&task, &approve(STEP)).await.refused(403, "excluded");
    }
    let (other, about_cyd) = proposed(&site, "hal", &moved("cyd", "hal")).await;
    for who in ["cyd", "hal"] {
        site.by(who).decide(&about_cyd, &approve(STEP)).await.refused(403, "excluded");
    }
    assert_eq!(revision(&site).await, 2);
    assert_eq!(site.by("dan").decide(&task, &approve(STEP)).await.is(200)["state"], "applying");
    let done = until(&site, &id, "changed").await;
    assert_eq!((&done["subject"]["revision"], revision(&site).await), (&json!(3), 3));
    assert_eq!(
        site.by("ann").patch_as("o-1", "/v1/organisation", &moved("eve", "fay")).await.is(202),
        waiting,
        "a repeat, whatever has become of it"
    );
    assert_eq!(
        site.by("hal").post(&format!("{}/recall", path(&other)), &json!({})).await.is(200)["state"],
        "withdrawn"
    );

    // The way back is approved, too; then administrators change it as before, and a repeat stays a repeat.
    let (last, task) = proposed(&site, "admin", &json!({ "approval": null })).await;
    site.by("dan").decide(&task, &approve(STEP)).await.refused(403, "excluded");
    site.by("cyd").decide(&task, &approve(STEP)).await.is(200);
    until(&site, &last, "changed").await;
    assert_eq!(site.by("ann").patch_as("o-1", "/v1/organisation", &moved("eve", "fay")).await.is(202), waiting);
    assert_eq!(patch(&site, "admin", &moved("eve", "cyd")).await.is(200)["record"]["revision"], 5);

    site.command_with(&["audit", "verify"], Some(&site.keys["admin"])).await.done();
    site.stop().await;
    let asked: Vec<Value> = entries(&site).await.iter().map(|body| body["request"]["approved_by"].clone()).collect();
    assert_eq!(asked, [json!(null), json!(null), json!(id), json!(last), json!(null)]);
    site.end().await;
}

/// What it was, and who made it so.
pub(super) async fn the_past_is_shown_and_who_made_it_so(mut site: Site) {
    configured(&site).await;
    let (id, task) = proposed(&site, "ann", &moved("eve", "fay")).await;
    site.by("dan").decide(&task, &approve(STEP)).await.is(200);
    until(&site, &id, "changed").await;
    let ann = site.by("ann");
    let now = ann.get("/v1/organisation").await.is(200);
    let before = ann.get("/v1/organisation?revision=2").await.is(200);
    assert_eq!((&before["revision"], &before["organisation"]["approval"]), (&json!(2), &json!("organisation_change")));
    assert_ne!(before["organisation"]["people"], now["organisation"]["people"]);
    for (at, revision) in [(text(&before["at"]), 2), (text(&now["at"]), 3), ("2001-01-01T00:00:00Z".to_owned(), 0)] {
        let then = ann.get(&format!("/v1/organisation?at={at}")).await.is(200);
        assert_eq!(then["revision"], revision, "{at}: {then}");
    }
    for wrong in ["revision=0", "revision=4", "revision=-1"] {
        let told = ann.get(&format!("/v1/organisation?{wrong}")).await.refused(404, "not_found");
        assert!(text(&told["detail"]).contains("1 to 3"), "{told}");
    }
    for wrong in ["revision=2&at=2026-03-02T08:00:00Z", "revision=last", "at=noon", "foo=1", "atl=2026-03-02T08:00:00Z"]
    {
        ann.get(&format!("/v1/organisation?{wrong}")).await.refused(400, "invalid_query");
    }

    // The same again is no change, and no entry.
    site.stop().await;
    let file = site.folder().join("next.json");
    for (who, revision) in [("fay", 3), ("bob", 4)] {
        std::fs::write(&file, moved("eve", who).to_string()).unwrap();
        let load = ["organisation", "load", file.to_str().unwrap(), "--without-approval", "she is away"];
        assert!(site.command(&load).await.done().contains(&format!("revision {revision}")));
    }
    let told = site.command(&["organisation", "history"]).await.done();
    let lines: Vec<&str> = told.lines().skip(1).collect();
    let says = [["1", "console", "-"], ["2", "dan", "-"], ["3", "approval", &id], ["4", "console", "she is away"]];
    assert_eq!(lines.len(), says.len(), "{told}");
    for (line, says) in lines.iter().zip(says) {
        assert!(says.iter().all(|part| line.contains(part)), "{line}: {says:?}");
    }
    let shown = site.command(&["instances", "show", &id]).await.done();
    assert!(shown.contains("changes: [\"/people/eve/manager: ") && shown.contains("\nrevision: 3\n"), "{shown}");
    let shown = site.command(&["organisation", "show", "--json", "--revision", "2"]).await.done();
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["organisation"], before["organisation"]);
    let shown = site.command(&["organisation", "show", "--at", &text(&now["at"])]).await.done();
    assert!(shown.starts_with("Revision 3,"), "{shown}");
    assert!(
        site.command(&["organisation", "show", "--at", "2001-01-01T00:00:00Z"])
            .await
            .done()
            .contains("no organisation yet")
    );
    let told = site.command(&["organisation", "show", "--revision", "9"]).await;
    assert!(told.code() == 1 && told.all().contains("its revisions are 1 to 4"), "{}", told.all());
    assert_eq!(site.command(&["organisation", "show", "--revision", "2", "--at", "now"]).await.code(), 2);

    site.start().await;
    let page = site.by("ann").get("/v1/organisation/history?limit=3").await.is(200);
    assert_eq!(page["items"][2]["body"]["request"]["approved_by"], json!(id), "{page}");
    let rest = site.by("ann").get(&text(&page["next"])).await.is(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    assert_eq!(rest["items"][0]["body"]["reason"], "she is away");
    site.end().await;
}

pub(super) async fn of_two_changes_of_one_person_the_second_is_outdated(site: Site) {
    configured(&site).await;
    let (one, first) = proposed(&site, "ann", &moved("eve", "fay")).await;
    let (two, second) = proposed(&site, "bob", &moved("eve", "bob")).await;
    let (three, third) = proposed(&site, "bob", &moved("fay", "bob")).await;
    site.by("dan").decide(&first, &approve(STEP)).await.is(200);
    until(&site, &one, "changed").await;
    site.by("hal").decide(&second, &approve(STEP)).await.is(200);
    let outdated = until(&site, &two, "outdated").await;
    assert!(text(&outdated["subject"]["refused"]).contains("`people/eve`"), "{outdated}");
    assert_eq!((&outdated["status"], revision(&site).await), (&json!("active"), 3), "it changes nothing");
    site.by("hal").decide(&third, &approve(STEP)).await.is(200);
    until(&site, &three, "changed").await;
    assert_eq!(revision(&site).await, 4, "another person is another part");
    let again = site.by("bob").signal(&two, "propose_again", &json!({})).await.is(200);
    site.by("dan").decide(&again["tasks"][0], &approve(STEP)).await.is(200);
    until(&site, &two, "changed").await;
    let organisation = site.admin().get("/v1/organisation").await.is(200);
    let people = organisation["organisation"]["people"].as_array().unwrap();
    let eve = people.iter().find(|person| person["id"] == "eve").unwrap();
    assert_eq!((&organisation["revision"], &eve["manager"]), (&json!(5), &json!("bob")));
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// Killed the moment that the approvals are answered: what was approved is applied, and once.
pub(super) async fn what_was_approved_survives_a_kill(mut site: Site) {
    configured(&site).await;
    let mut waiting = Vec::new();
    for who in ["ann", "bob", "eve", "fay"] {
        waiting.push(proposed(&site, if who == "ann" { "bob" } else { "ann" }, &moved(who, "dan")).await);
    }
    for (_, task) in &waiting {
        site.by("hal").decide(task, &approve(STEP)).await.is(200);
    }
    site.kill().await;
    site.start().await;
    for (id, _) in &waiting {
        assert_eq!(finished(&site, id).await["state"], "changed");
    }
    assert_eq!(revision(&site).await, 2 + 4);
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.stop().await;
    let approved: Vec<Value> =
        entries(&site).await.iter().skip(2).map(|body| body["request"]["approved_by"].clone()).collect();
    assert_eq!(approved.len(), 4);
    assert!(waiting.iter().all(|(id, _)| approved.contains(&json!(id))), "{approved:?}");
    site.end().await;
}

/// On the command line: over the server it waits, at the console it takes a reason, an import is told the same.
pub(super) async fn the_console_goes_past_approval_with_a_reason(mut site: Site) {
    configured(&site).await;
    let file = write(&site, "change.json", &moved("eve", "fay").to_string());
    let company = site.folder().join("company");
    std::fs::create_dir(&company).unwrap();
    write(&site, "company/company.csv", "name,currency,zone\nSmall,EUR,Europe/Berlin\n");
    write(&site, "company/people.csv", "id,name,email,manager\nnew,New,new@example.com,\nold,Old,,new\n");
    write(&site, "company/roles.csv", "unit,role,person\nit,buyer,new\nit,buyer,old\nit,administrator,old\n");
    let load = ["organisation", "load", file.as_str()];
    let past = [load.as_slice(), &["--without-approval", "it is urgent"]].concat();
    // Who has a SQLite file open is known; a server on PostgreSQL is named.
    let url = site.url.clone();
    let server: &[&str] = if site.place.is_sqlite() { &[] } else { &["--server", &url] };
    let key = Some(site.keys["ann"].as_str());
    let told = site.command_with(&[load.as_slice(), server].concat(), key).await.done();
    assert!(told.contains("waits for approval: organisation_change 0"), "{told}");
    let told = site.command_with(&[past.as_slice(), server].concat(), key).await;
    assert!(told.code() == 2 && told.all().contains("own console"), "{}", told.all());
    assert_eq!(revision(&site).await, 2);

    site.stop().await;
    let told = site.command(&load).await;
    assert!(told.code() == 1 && told.all().contains("--without-approval REASON"), "{}", told.all());
    let slips = write(
        &site,
        "slips.json",
        &json!({ "people": [{ "id": "eve", "manger": "fay" }], "zone": "Mars" }).to_string(),
    );
    let told = site.command(&["organisation", "load", &slips]).await;
    let words = told.all();
    assert!(told.code() == 1 && words.contains("slips.json: /people/eve/manger: "), "{words}");
    assert!(words.contains("did you mean `manager`?") && words.contains("/zone: `Mars` is not a time zone"), "{words}");
    let told = site.command(&["import", company.to_str().unwrap()]).await;
    let said = told.all();
    assert_eq!((told.code(), said.matches("approved by the workflow `organisation_change`").count()), (1, 1), "{said}");
    assert!(said.contains("all 5 rows") && said.contains("fluxor organisation load FILE --without-approval"), "{said}");
    for (table, rows) in [("people", "2"), ("roles", "3")] {
        let line = said.lines().find(|line| line.starts_with(table)).unwrap();
        assert_eq!(line.split_whitespace().skip(1).collect::<Vec<_>>(), [rows, "0", "0", "0", rows], "{said}");
    }
    let told = site.command(&[load.as_slice(), &["--without-approval", " "]].concat()).await;
    assert!(told.code() == 1 && told.all().contains("reason"), "{}", told.all());
    assert!(site.command(&past).await.done().contains("revision 3"));
    let shown = site.command(&["organisation", "show"]).await.done();
    assert!(shown.contains("changes are approved by `organisation_change`"), "{shown}");
    let last = entries(&site).await.pop().unwrap();
    assert_eq!(
        (&last["reason"], &last["request"]["without_approval_by"]),
        (&json!("it is urgent"), &json!("organisation_change"))
    );
    site.end().await;
}

/// A workflow that could apply nothing is not named, wherever that comes from; of one that takes no change it is said.
pub(super) async fn a_workflow_that_approves_nothing_does_not_lock_it(mut site: Site) {
    configured(&site).await;
    let wrong = patch(&site, "ann", &json!({ "approval": "no_such_workflow" })).await.refused(422, "invalid_input");
    assert_eq!(wrong["errors"][0]["pointer"], "/approval", "{wrong}");
    site.stop().await;
    let lost = write(&site, "lost.json", &json!({ "approval": "requisition" }).to_string());
    let told = site.command(&["organisation", "load", &lost, "--without-approval", "a slip"]).await;
    assert!(told.code() == 1 && told.all().contains("/approval: the workflow `requisition`"), "{}", told.all());
    // A change does not fit into this one, and that is said of it.
    write(&site, "definitions/unfit.yaml", UNFIT);
    let unfit = write(&site, "unfit.json", &json!({ "approval": "unfit" }).to_string());
    site.command(&["organisation", "load", &unfit, "--without-approval", "a slip"]).await.done();
    site.start().await;
    let refused = patch(&site, "admin", &moved("eve", "bob")).await.refused(422, "invalid_input");
    let detail = text(&refused["detail"]);
    assert!(detail.contains("the workflow `unfit`, and it does not take this one"), "{detail}");
    // Its definition is gone: that is said, and the console puts it right.
    site.stop().await;
    std::fs::remove_file(site.folder().join("definitions/unfit.yaml")).unwrap();
    site.start().await;
    let refused = patch(&site, "admin", &moved("eve", "bob")).await.refused(409, "organisation_needs_approval");
    let detail = text(&refused["detail"]);
    assert!(detail.contains("`unfit`") && detail.contains("definition"), "{detail}");
    site.end().await;
}
