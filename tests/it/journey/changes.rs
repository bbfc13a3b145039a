//! Taking back, giving up, and an organisation that changes while orders are open.

use fluxor_tests::server::Site;
use serde_json::json;

use super::company::{Image, approve, draft, history, in_review, order, path, text, until};

pub(super) async fn taken_back_and_given_up(site: Site) {
    let ann = site.by("ann");
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let back = ann.post(&format!("{}/recall", path(&id)), &json!({})).await.is(200);
    assert_eq!((&back["state"], &back["tasks"]), (&json!("draft"), &json!([])));
    site.by("fay").decide(&task, &approve("buyers")).await.refused(409, "not_submitted");
    let again = ann.signal(&id, "submit", &json!({})).await.is(200);
    let next = again["tasks"][0].clone();
    assert_eq!(next["open"], json!([{ "step": "manager", "person": "bob" }]), "a recalled order begins anew");

    let reason = json!({ "reason": "bought elsewhere" });
    let given_up = ann.post(&format!("{}/cancel", path(&id)), &reason).await.is(200);
    assert_eq!((&given_up["state"], &given_up["status"]), (&json!("cancelled"), &json!("final")));
    let last = history(&site, &id).await.pop().unwrap();
    assert!(last["body"].to_string().contains("bought elsewhere"), "{last}");
    assert!(!last["header"].to_string().contains("elsewhere"), "a header has no free text");
    let before = Image::of(&site, &id).await;
    site.by("bob").decide(&next, &approve("manager")).await.refused(409, "task_closed");
    ann.signal(&id, "submit", &json!({})).await.refused(409, "instance_ended");
    before.still(&Image::of(&site, &id).await, 0);

    let unsent = draft(&site, "ann", "4000.00 EUR").await;
    site.by("bob").signal(&unsent, "cancel", &json!({})).await.refused(403, "not_allowed");
    assert_eq!(ann.signal(&unsent, "cancel", &json!({})).await.is(200)["state"], "cancelled");
    let (rejected, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let no = json!({ "act": "reject", "step": "manager", "reason": "not this year" });
    assert_eq!(site.by("bob").decide(&task, &no).await.is(200)["state"], "rejected");
    assert_eq!(ann.get(&path(&rejected)).await.is(200)["status"], "final");
    site.end().await;
}

pub(super) async fn the_organisation_counts_from_the_next_decision(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let (other, later) = in_review(&site, "ann", "400.00 EUR").await;
    let admin = site.admin();
    let gone = json!({ "people": [{ "id": "bob", "active": false }] });
    assert_eq!(admin.patch("/v1/organisation", &gone).await.is(200)["record"]["revision"], 2);
    site.by("bob").decide(&task, &approve("manager")).await.refused(403, "inactive_person");
    let begun = json!({ "input": order("bob", "10.00 EUR") });
    let refused = site.by("bob").post("/v1/workflows/purchase_order/instances", &begun).await;
    assert_eq!(refused.refused(403, "not_allowed")["rule"], "somebody who is active in the organisation");
    for read in ["/v1/tasks", "/v1/organisation", "/v1/instances", "/v1/settings", "/v1/limits/me"] {
        site.by("bob").get(read).await.refused(403, "not_allowed");
    }
    let voted = site.by("cyd").decide(&task, &approve("manager")).await.is(200);
    assert_eq!(voted["state"], "open.ordering", "cyd, bob's manager, is asked in his place");
    let entry = history(&site, &id).await.into_iter().find(|entry| entry["header"]["verb"] == "approve").unwrap();
    assert_eq!(entry["header"]["organisation"], 2, "{entry}");

    // The other order is brought up to the change by itself.
    let seat = json!([{ "step": "manager", "person": "cyd" }]);
    let since = std::time::Instant::now();
    while admin.get(&path(&other)).await.is(200)["tasks"][0]["open"] != seat {
        assert!(since.elapsed().as_secs() < 60, "cyd is not asked");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let wrong = admin.patch("/v1/organisation", &json!({ "peple": [] })).await.refused(422, "invalid_input");
    assert!(text(&wrong["detail"]).contains("did you mean `people`?"), "{wrong}");
    let unknown = json!({ "people": [{ "id": "eve", "manager": "nobody-at-all" }] });
    admin.patch("/v1/organisation", &unknown).await.refused(422, "invalid_input");
    assert_eq!(admin.get("/v1/organisation").await.is(200)["revision"], 2);
    site.by("cyd").decide(&later, &approve("manager")).await.is(200);
    until(&site, &other, "ordered").await;
    site.end().await;
}
