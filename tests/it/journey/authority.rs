//! Who may not decide: refused by name of the rule, one entry in the security stream, all else as it was.

use fluxor_tests::server::Site;
use serde_json::json;

use super::company::{Image, approve, in_review, until};

pub(super) async fn who_may_not_leaves_one_entry_in_the_security_stream(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let mut before = Image::of(&site, &id).await;
    let ann = site.by("ann");
    let decisions = [
        ("ann", approve("manager"), "excluded"),
        ("ann", json!({ "act": "delegate", "step": "manager", "to": "hal" }), "excluded"),
        ("eve", approve("manager"), "not_approver"),
        ("bob", json!({ "act": "approve", "step": "manager", "on_behalf_of": "ann" }), "not_approver"),
        ("hal", json!({ "act": "reject", "step": "manager", "reason": "no" }), "not_approver"),
        ("bob", json!({ "act": "repair", "action": "restart", "reason": "so" }), "not_administrator"),
    ];
    for (who, act, code) in decisions {
        site.by(who).decide(&task, &act).await.refused(403, code);
        let now = Image::of(&site, &id).await;
        before.still(&now, 1);
        before = now;
    }
    let recall = site.by("bob").signal(&id, "recall", &json!({})).await.refused(403, "not_allowed");
    assert!(recall["rule"].as_str().unwrap().contains("po.requester"), "{recall}");
    let key = json!({ "person": "ann", "administrator": true });
    ann.post("/v1/keys", &key).await.refused(403, "not_allowed");
    let limits = json!({ "people": [{ "id": "ann", "limits": [{ "amount": "1000000.00 EUR" }] }] });
    ann.patch("/v1/organisation", &limits).await.refused(403, "not_allowed");
    let record = json!({ "amount": "1000000.00 EUR" });
    ann.post("/v1/records/budget/it/set_budget", &record).await.refused(403, "not_allowed");
    let now = Image::of(&site, &id).await;
    before.still(&now, 4);

    // Reading writes nothing, whoever asks.
    ann.get("/v1/keys").await.refused(403, "not_allowed");
    ann.get("/v1/audit/verify").await.refused(403, "not_allowed");
    now.still(&Image::of(&site, &id).await, 0);

    // Nobody else's request has failed for it.
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    site.by("eve").decide(&task, &approve("buyers")).await.is(200);
    until(&site, &id, "ordered").await;
    site.end().await;
}

pub(super) async fn a_manager_over_the_limit_does_not_suffice(site: Site) {
    let (id, task) = in_review(&site, "ann", "15000.00 EUR").await;
    let first = site.by("bob").decide(&task, &approve("manager")).await.is(200);
    assert_eq!(first["state"], "open.review");
    let bought = site.by("eve").decide(&task, &approve("buyers")).await.is(200);
    assert_eq!(bought["tasks"][0]["open"], json!([{ "step": "chain", "person": "cyd" }]), "bob's vote is carried");

    let before = Image::of(&site, &id).await;
    site.by("dan").decide(&task, &approve("chain")).await.refused(409, "not_your_turn");
    before.still(&Image::of(&site, &id).await, 0);
    let over = site.by("cyd").decide(&task, &approve("chain")).await.is(200);
    assert_eq!(
        (&over["state"], &over["tasks"][0]["open"]),
        (&json!("open.review"), &json!([{ "step": "chain", "person": "dan" }]))
    );
    let before = Image::of(&site, &id).await;
    let pass_on = json!({ "act": "reassign", "step": "chain", "to": "hal" });
    site.by("dan").decide(&task, &pass_on).await.refused(403, "limit_too_low");
    before.still(&Image::of(&site, &id).await, 1);
    let done = site.by("dan").decide(&task, &approve("chain")).await.is(200);
    assert_eq!(done["state"], "open.ordering");

    // Over everybody's limit: all of them together do not suffice either.
    let (id, task) = in_review(&site, "ann", "75000.00 EUR").await;
    for (who, step) in [("bob", "manager"), ("eve", "buyers"), ("cyd", "chain"), ("dan", "chain")] {
        let voted = site.by(who).decide(&task, &approve(step)).await.is(200);
        assert_eq!(voted["state"], "open.review");
    }
    let whole = site.admin().get(&format!("/v1/instances/{id}")).await.is(200);
    assert_eq!((&whole["state"], &whole["status"]), (&json!("open.review"), &json!("incident")), "{whole}");
    assert_eq!(whole["subject"].get("number"), None);
    site.end().await;
}
