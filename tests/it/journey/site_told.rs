//! What a history and a panel tell: about whom an act was, what did not change, what was not sent yet, and who may still decide.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, plain};
use serde_json::json;

use super::company::{Image, approve, draft, history, in_review, text, until};
use super::site_forms::started;
use super::site_news::form_of;

/// Whom an act is about is named; what stayed is no change; what nobody has delivered yet is not called sent.
pub(super) async fn about_whom_and_what_stayed(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let watch = json!({ "act": "add_watcher", "person": "cyd" });
    site.by("bob").decide(&task, &watch).await.is(200);
    let task = site.by("bob").get(&format!("/v1{place}")).await.is(200);
    // Nobody makes a history grow by letting somebody watch who does already.
    let before = Image::of(&site, &id).await;
    for who in ["bob", "bob", "fay"] {
        site.by(who).decide(&task, &watch).await.is(200);
    }
    before.still(&Image::of(&site, &id).await, 0);
    let added = json!({ "act": "add_approver", "step": "manager", "person": "dan", "position": "before" });
    site.by("bob").decide(&task, &added).await.is(200);
    let task = site.by("dan").get(&format!("/v1{place}")).await.is(200);
    let step = text(&task["open"].as_array().unwrap().iter().find(|seat| seat["person"] == "dan").unwrap()["step"]);
    site.by("dan").decide(&task, &approve(&step)).await.is(200);
    let task = site.by("bob").get(&format!("/v1{place}")).await.is(200);
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let task = site.by("eve").get(&format!("/v1{place}")).await.is(200);
    site.by("eve").decide(&task, &json!({ "act": "delegate", "step": "buyers", "to": "hal" })).await.is(200);
    let task = site.by("hal").get(&format!("/v1{place}")).await.is(200);
    let vote = json!({ "act": "approve", "step": "buyers", "on_behalf_of": "eve" });
    let voted = site.by("hal").decide(&task, &vote).await;
    if voted.status != 200 {
        site.by("hal").decide(&task, &approve("buyers")).await.is(200);
    }
    until(&site, &id, "ordered").await;
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let page = ann.get(&format!("/instances/{id}")).await.is(200);
    for told in [
        "let cyd watch it",
        "added dan as an approver (Manager)",
        "delegated it to hal (Buyers)",
        "To be sent: Order to supplier",
    ] {
        assert!(page.has(told), "{told}: {}", page.text);
    }
    assert!(!page.has(">Sent: "), "{}", page.text);

    let input = json!({ "unit": "it", "code": "acme", "name": "Acme", "country": "DE",
        "iban": "DE89370400440532013000", "spend": "5000.00 EUR" });
    let id = started(&site, "ann", "supplier_onboarding", input).await;
    let place = format!("/instances/{id}");
    let typed = [
        ("data.code", "acme"),
        ("data.name", "Acme"),
        ("data.country", "DE"),
        ("data.account_holder", ""),
        ("data.iban", "DE89370400440532013000"),
        ("data.spend", "6000.00 EUR"),
    ];
    let edit = form_of(&ann.get(&place).await.is(200), &place, "edit");
    let page = ann.press(&edit, ("sent", ""), &typed).await.is(200);
    assert!(page.has("Spend in a year: 5,000.00 EUR → 6,000.00 EUR"), "{}", page.text);
    for same in ["– → –", "Country: DE", "Name: Acme", "Code: acme"] {
        assert!(!page.has(same), "{same}: {}", page.text);
    }
    site.end().await;
}

/// Whoever could decide alone is not offered to abstain; whoever has abstained and may still decide has his form.
pub(super) async fn whoever_abstains_alone(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let page = bob.get(&place).await.is(200);
    assert!(page.has("value=\"approve\"") && !page.has("value=\"abstain\""), "{}", page.text);
    site.by("bob").decide(&task, &json!({ "act": "abstain", "step": "manager" })).await.is(200);
    assert_eq!(site.admin().get(&format!("/v1/instances/{id}")).await.is(200)["status"], "incident");
    let page = bob.get(&place).await.is(200);
    assert!(page.has("You abstained; you can still decide.") && !page.has("value=\"abstain\""), "{}", page.text);
    let done = bob.press(&page.form(&place), ("act", "approve"), &[]).await.is(200);
    assert!(done.has("You approved it."), "{}", done.text);
    until(&site, &id, "ordered").await;

    // Of two buyers either may abstain.
    let (_, task) = in_review(&site, "ann", "4000.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut eve = Visitor::signed_in(&site, "eve").await;
    let page = eve.get(&place).await.is(200);
    let done = eve.press(&page.form(&place), ("act", "abstain"), &[]).await.is(200);
    assert!(page.has("value=\"abstain\"") && done.has("You abstained; you can still decide."), "{}", done.text);
    let mut fay = Visitor::signed_in(&site, "fay").await;
    let page = fay.get(&place).await.is(200);
    assert!(page.has("value=\"approve\"") && !page.has("value=\"abstain\""), "{}", page.text);
    site.end().await;
}

/// What is wrong with a line stands at its cell, in words for people; a wrong unit is told in the same pass.
pub(super) async fn what_is_wrong_with_lines(site: Site) {
    let id = draft(&site, "ann", "40.00 EUR").await;
    let document = format!("/instances/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let edit = form_of(&ann.get(&document).await.is(200), &document, "edit");
    let typed = [
        ("data.supplier", "Acme"),
        ("data.unit", "its"),
        ("line.0.item", "desk"),
        ("line.0.quantity", ""),
        ("line.0.unit", "pcs"),
        ("line.0.price", "40.00 EUR"),
    ];
    let page = ann.press(&edit, ("sent", ""), &typed).await.is(422);
    let told = plain(&page.text);
    for word in [
        "Line 1, quantity: the quantity is missing: write it, such as \"10\"",
        "Unit: the organisation has no unit `its`; did you mean `it`?",
        "aria-invalid=\"true\" aria-describedby=\"edit.line.1.quantity.wrong\"",
        "<div class=\"wrong\" id=\"edit.line.1.quantity.wrong\">The quantity is missing: write it, such as \"10\".</div>",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    // The same where it is started.
    let form = ann.get("/new/purchase_order").await.is(200).form("/new/purchase_order");
    let page = ann.press(&form, ("sent", ""), &typed).await.is(422);
    let told = plain(&page.text);
    assert!(told.contains("no unit `its`") && told.contains("id=\"new.line.0.quantity.wrong\""), "{told}");

    let (id, _) = in_review(&site, "ann", "40.00 EUR").await;
    let document = format!("/instances/{id}");
    let edit = form_of(&ann.get(&document).await.is(200), &document, "edit");
    let gone = [("data.supplier", "Acme"), ("data.unit", "it"), ("line.0.gone", "true")];
    let page = ann.press(&edit, ("sent", ""), &gone).await.is(422);
    assert!(page.has("Lines: an order that was submitted has at least one line"), "{}", page.text);
    assert_eq!(history(&site, &id).await.len(), 2);
    site.end().await;
}

/// A state is called what the version calls it that its document goes by.
pub(super) async fn what_is_pinned_has_its_names(site: Site) {
    let file = site.folder().join("definitions").join("pair.yaml");
    let submitted = async || {
        let input = json!({ "amount": "5.00 EUR", "unit": "it" });
        let made = site.by("ann").post("/v1/workflows/pair/instances", &json!({ "input": input })).await.is(201);
        site.by("ann").signal(&text(&made["id"]), "submit", &json!({})).await.is(200);
    };
    submitted().await;
    let source = std::fs::read_to_string(&file).unwrap();
    let newer =
        source.replace("version: 1", "version: 2").replace("  review:\n", "  review:\n    title: Looked at by two\n");
    std::fs::write(&file, newer).unwrap();
    site.admin().post("/v1/definitions/reload", &json!({})).await.is(200);
    let mut eve = Visitor::signed_in(&site, "eve").await;
    let inbox = eve.get("/inbox").await.is(200);
    assert!(inbox.has(">Review · ") && !inbox.has("Looked at by two"), "{}", inbox.text);
    submitted().await;
    let inbox = eve.get("/inbox").await.is(200);
    assert!(inbox.has(">Review · ") && inbox.has(">Looked at by two · "), "{}", inbox.text);
    site.end().await;
}

/// What waits for a buyer's word is no task of anybody's: whoever is one finds it in his inbox, and whoever asked is told.
pub(super) async fn what_waits_for_a_role(site: Site) {
    let input = json!({ "amount": "30.00 EUR", "unit": "it", "urgent": false, "what": "a lamp" });
    let id = started(&site, "ann", "requisition", input).await;
    site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    let mut eve = Visitor::signed_in(&site, "eve").await;
    let inbox = eve.get("/inbox").await.is(200);
    assert!(inbox.has("Waiting for your word") && inbox.has("Requisition in “Granted”: 1"), "{}", inbox.text);
    assert!(inbox.has("Note that it was bought") && inbox.text.contains(&format!("/instances/{id}")), "{}", inbox.text);
    for other in ["ann", "bob"] {
        let mut other = Visitor::signed_in(&site, other).await;
        assert!(!other.get("/inbox").await.is(200).has("Waiting for your word"));
    }
    let mut ann = Visitor::signed_in(&site, "ann").await;
    assert!(ann.get("/requests").await.is(200).has("whoever is buyer"));
    site.by("eve").signal(&id, "bought", &json!({})).await.is(200);
    assert!(!eve.get("/inbox").await.is(200).has("Waiting for your word"));

    // What somebody is asked about beside it keeps nobody from it.
    let id = started(&site, "ann", "job", json!({})).await;
    let inbox = eve.get("/inbox").await.is(200);
    assert!(inbox.has("Job in “Goods: Coming”: 1 (Came)"), "{}", inbox.text);
    assert!(ann.get("/requests").await.is(200).has(">bob, whoever is buyer<"));
    let task = site.admin().get(&format!("/v1/instances/{id}")).await.is(200)["tasks"][0].clone();
    site.by("bob").decide(&task, &json!({ "act": "abstain", "step": "manager" })).await.is(200);
    assert_eq!(site.admin().get(&format!("/v1/instances/{id}")).await.is(200)["status"], "incident");
    assert!(eve.get("/inbox").await.is(200).has("Job in “Goods: Coming”: 1 (Came)"), "the other region is stuck");
    site.by("eve").signal(&id, "came", &json!({})).await.is(200);
    assert!(!eve.get("/inbox").await.is(200).has("Waiting for your word"));
    site.end().await;
}

/// A form that is sent again with another choice: what was done instead is told, and nobody is to press what is not there.
pub(super) async fn what_was_done_instead_is_told(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let page = bob.get(&place).await.is(200);
    let form = page.forms(&place).into_iter().find(|form| form.buttons.iter().any(|(_, act)| act == "reject")).unwrap();
    bob.press(&form, ("act", "reject"), &[("reason", "too dear")]).await.is(200);
    let again = bob.press(&form, ("act", "approve"), &[("reason", "")]).await.is(422);
    let told = plain(&again.text);
    assert!(told.contains("was sent before, with another choice") && told.contains("bob rejected"), "{told}");
    assert!(told.contains("too dear") && !told.to_lowercase().contains("press again"), "{told}");
    assert_eq!(history(&site, &id).await.pop().unwrap()["header"]["verb"], "reject");

    // Where the form stands still, it can be sent once more.
    let (_, task) = in_review(&site, "ann", "300.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let page = bob.get(&place).await.is(200);
    let form = page.forms(&place).into_iter().find(|form| form.buttons.iter().any(|(_, act)| act == "ask")).unwrap();
    bob.press(&form, ("act", "ask"), &[("reason", "Which room?")]).await.is(200);
    let again = bob.press(&form, ("act", "ask"), &[("reason", "Which floor?")]).await.is(422);
    let told = plain(&again.text);
    assert!(told.contains("Press again to send it, too.") && told.contains("bob asked a question"), "{told}");
    site.end().await;
}

/// What is wrong with how somebody wants to be written to is said in words, and what he chose beside it stays.
pub(super) async fn what_was_chosen_beside_a_wrong_time(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let form = ann.get("/account").await.is(200).form("/account");
    let once = form.fields.iter().find(|(name, _)| name == "once").unwrap().1.clone();
    let typed = [("once", &*once), ("mail", "digest"), ("digest_at", "08:00 9"), ("working_days_only", "true")];
    let page = ann.post("/account", &typed).await.is(422);
    let told = plain(&page.text);
    for word in [
        "Times of the day: “9” is no time. Write hours and minutes with two digits each, such as 08:00 15:30.",
        "value=\"digest\" selected",
        "value=\"08:00 9\" aria-invalid=\"true\" aria-describedby=\"times.wrong\"",
        "value=\"true\" checked",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(site.by("ann").get("/v1/me/notices").await.is(200)["version"], 0);
    site.end().await;
}

/// A step waits for whoever was added before it; when a document is withdrawn, nobody is asked any more.
pub(super) async fn what_a_step_waits_for_and_when_it_is_left(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let task = site.by("eve").get(&format!("/v1{place}")).await.is(200);
    let added = json!({ "act": "add_approver", "step": "buyers", "person": "hal", "position": "before" });
    site.by("eve").decide(&task, &added).await.is(200);
    let mut hal = Visitor::signed_in(&site, "hal").await;
    let page = hal.get(&place).await.is(200);
    assert!(page.has("Opens when Added 1 is approved.") && page.has(">open now<"), "{}", page.text);

    let reason = json!({ "reason": "bought elsewhere" });
    site.by("ann").post(&format!("/v1/instances/{id}/cancel"), &reason).await.is(200);
    let page = hal.get(&place).await.is(200);
    let next = page.text.split("id=\"next\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(next.matches("not needed any more").count(), 2, "{next}");
    assert!(!next.contains("open now") && !next.contains("comes later") && !next.contains("Opens when"), "{next}");
    assert!(!next.contains("Due "), "{next}");
    site.end().await;
}
