//! Several states at once, tasks that ask for data, and workflows that call another, over HTTP.

use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::company::{approve, path, reorganise, text, until};

async fn started(site: &Site) -> String {
    let roles = json!({ "buyer": ["eve", "fay"], "finance": ["hal"] });
    reorganise(site, &json!({ "units": [{ "id": "it", "roles": roles }] })).await;
    let input = json!({ "unit": "it", "code": "acme", "name": "Acme", "country": "DE", "iban": "DE89370400440532013000",
        "spend": "5000.00 EUR" });
    let body = json!({ "input": input });
    let started = site.by("ann").post("/v1/workflows/supplier_onboarding/instances", &body).await.is(201);
    let id = text(&started["id"]);
    let submitted = site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    assert_eq!(
        (&submitted["state"], &submitted["inside"]),
        (&json!("checks"), &json!(["checks.tax.asked", "checks.finances.asked", "checks.bank.asked"]))
    );
    id
}

/// The one task that waits for somebody, with this tag.
async fn waiting(site: &Site, who: &str, tag: &str) -> Value {
    let page = site.by(who).get(&format!("/v1/tasks?tag={tag}")).await.is(200);
    let all = page["items"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{page}");
    all[0].clone()
}

fn given(data: Value) -> Value {
    json!({ "act": "complete", "data": data })
}

pub(super) async fn a_supplier_is_checked_from_three_sides_at_once(site: Site) {
    let id = started(&site).await;
    let rating = waiting(&site, "eve", "purchasing").await;
    assert_eq!(rating["form"][0]["name"], "rating");
    assert_eq!(rating["form"][0]["rules"], json!(["it must be at least 1", "it must be at most 5"]));
    assert_eq!(site.by("eve").get("/v1/tasks?tag=finance").await.is(200)["items"], json!([]));
    let wrong = site.by("eve").decide(&rating, &given(json!({ "rating": 9 }))).await.is(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/data/rating", "{wrong}");
    site.by("hal").decide(&rating, &given(json!({ "rating": 1 }))).await.refused(403, "not_approver");
    site.by("eve").decide(&rating, &approve("task")).await.refused(422, "not_a_decision");
    let after = site.by("eve").decide(&rating, &given(json!({ "rating": 1 }))).await.is(200);
    assert_eq!(after["inside"][1], "checks.finances.known");
    // What was given is told with who gave it.
    let id_of = text(&rating["id"]);
    let told = site.by("eve").get(&format!("/v1/tasks/{id_of}/rounds")).await.is(200);
    let gave = told["rounds"][0]["events"].as_array().unwrap().iter().find(|one| one["what"] == "complete").unwrap();
    assert_eq!((&gave["person"], &gave["data"]), (&json!("eve"), &json!({ "rating": 1 })), "{told}");
    let people = site.command(&["tasks", "rounds", &id_of]).await.done();
    assert!(people.contains("complete") && people.contains(" rating: 1"), "{people}");

    let page = site.by("hal").get("/v1/tasks?tag=finance").await.is(200);
    let of = |workflow: &str| page["items"].as_array().unwrap().iter().find(|t| t["workflow"] == workflow).unwrap();
    site.by("hal").decide(of("supplier_onboarding"), &given(json!({ "tax_id": "DE123456" }))).await.is(200);
    let call = of("bank_details_check");
    let unsure = given(json!({ "confirmed": true }));
    let refused = site.by("hal").decide(call, &unsure).await.is(409);
    assert!(text(&refused["detail"]).contains("Say who confirmed them"), "{refused}");
    let sure = given(json!({ "confirmed": true, "confirmed_by": "Mr Smith" }));
    site.by("hal").decide(call, &sure).await.is(200);
    let review = until(&site, &id, "review").await;
    assert_eq!(review["subject"]["confirmed_by"], "Mr Smith");
    let history = super::company::history(&site, &id).await;
    let chosen = &history.last().unwrap()["body"]["tables"];
    assert!(chosen.as_array().unwrap().iter().any(|one| one["table"] == "diligence"), "{chosen}");
    site.by("bob").decide(&review["tasks"][0], &approve("manager")).await.is(200);
    assert_eq!(until(&site, &id, "approved_supplier").await["status"], "final");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

pub(super) async fn a_called_workflow_reports_after_a_kill(mut site: Site) {
    let id = started(&site).await;
    let page = site.by("hal").get("/v1/tasks").await.is(200);
    let call =
        page["items"].as_array().unwrap().iter().find(|t| t["workflow"] == "bank_details_check").unwrap().clone();
    let sure = given(json!({ "confirmed": true, "confirmed_by": "Mr Smith" }));
    site.by("hal").decide(&call, &sure).await.is(200);
    site.kill().await;
    site.start().await;
    let mut whole = site.admin().get(&path(&id)).await.is(200);
    while whole["inside"][2] != "checks.bank.known" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        whole = site.admin().get(&path(&id)).await.is(200);
    }
    // Whoever goes on without it ends what was called.
    let other = started(&site).await;
    site.by("ann").signal(&other, "withdraw", &json!({})).await.is(200);
    site.kill().await;
    site.start().await;
    let gone = async |site: &Site| {
        let page = site.by("hal").get("/v1/tasks").await.is(200);
        page["items"].as_array().unwrap().iter().all(|t| t["workflow"] != "bank_details_check")
    };
    while !gone(&site).await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}
