//! What forms on pages say and do not say: what is emptied, what must be said, who is meant.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, plain};
use serde_json::{Value, json};

use super::company::{in_review, path, reorganise, text};
use super::site_news::form_of;

/// Somebody starts something; its id.
pub(super) async fn started(site: &Site, who: &str, workflow: &str, input: Value) -> String {
    let started = site.by(who).post(&format!("/v1/workflows/{workflow}/instances"), &json!({ "input": input })).await;
    text(&started.is(201)["id"])
}

/// Whoever empties a field means it to be empty; what must be there is said at its field, and nothing is done.
pub(super) async fn what_is_emptied_is_empty(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let input = json!({ "unit": "it", "code": "acme", "name": "Acme", "country": "DE", "account_holder": "Acme Holding",
        "iban": "DE89370400440532013000", "spend": "5000.00 EUR" });
    let id = started(&site, "ann", "supplier_onboarding", input).await;
    let place = format!("/instances/{id}");
    let typed = [
        ("data.code", ""),
        ("data.name", "Acme"),
        ("data.country", "DE"),
        ("data.account_holder", " "),
        ("data.iban", "DE89370400440532013000"),
        // As pages print it; programs are taken at their word.
        ("data.spend", "6,000.00 EUR"),
    ];
    let edit = form_of(&ann.get(&place).await.is(200), &place, "edit");
    ann.press(&edit, ("sent", ""), &typed).await.is(200);
    let subject = async |id: &str| site.admin().get(&path(id)).await.is(200)["subject"].clone();
    let now = subject(&id).await;
    assert_eq!((&now["code"], &now["account_holder"], &now["name"]), (&Value::Null, &Value::Null, &json!("Acme")));
    assert_eq!(now["spend"], "6000.00 EUR");

    let printed = json!({ "payload": { "spend": "6,000.00 EUR" } });
    site.by("ann").signal(&id, "edit", &printed).await.refused(422, "invalid_input");

    // Programs that leave a field out mean that it stays.
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "code": "acme" } })).await.is(200);
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "country": "FR" } })).await.is(200);
    assert_eq!(
        (subject(&id).await["code"].clone(), subject(&id).await["country"].clone()),
        (json!("acme"), json!("FR"))
    );

    let input = json!({ "unit": "it", "amount": "20.00 EUR", "urgent": false, "what": "a cable" });
    let id = started(&site, "ann", "requisition", input).await;
    let place = format!("/instances/{id}");
    let page = ann.get(&place).await.is(200);
    assert!(!page.has("may be left out"), "{}", page.text);
    let edit = form_of(&page, &place, "edit");
    let refused = ann.press(&edit, ("sent", ""), &[("data.what", ""), ("data.amount", "30.00 EUR")]).await.is(422);
    assert!(refused.has("Something was emptied that must be said. What: it cannot be empty."), "{}", refused.text);
    assert!(refused.has("id=\"edit.data.what.help\"><b class=\"state over\">It cannot be empty"), "{}", refused.text);
    assert!(refused.has("value=\"30.00 EUR\""), "{}", refused.text);
    assert_eq!(subject(&id).await["amount"], "20.00 EUR");
    site.end().await;
}

/// What came back is in the inbox, also where something else of it goes on; what is asked of somebody says what it is.
pub(super) async fn what_came_back_is_in_the_inbox(site: Site) {
    let (mut ann, mut bob) = (Visitor::signed_in(&site, "ann").await, Visitor::signed_in(&site, "bob").await);
    let id = started(&site, "ann", "job", json!({})).await;
    let place = format!("/instances/{id}");
    assert!(!ann.get("/inbox").await.is(200).has("came back"));
    let task = site.admin().get(&path(&id)).await.is(200)["tasks"][0].clone();
    let at = format!("/tasks/{}", text(&task["id"]));
    let form = bob.get(&at).await.is(200).form(&at);
    bob.press(&form, ("act", "request_changes"), &[("reason", "what happened?")]).await.is(200);
    let inbox = ann.get("/inbox").await.is(200);
    assert!(inbox.has("Asked of you: 1") && inbox.has("It came back to you: To be explained"), "{}", inbox.text);
    assert!(inbox.has(&format!("href=\"{place}\">Go on with it")) && !inbox.has("Nothing waits"), "{}", inbox.text);
    for page in ["/requests", &place] {
        let page = ann.get(page).await.is(200);
        assert!(page.has("It came back to you. bob asked for changes"), "{}", page.text);
        assert!(page.has(": “what happened?”. It is in “To be explained”."), "{}", page.text);
    }
    assert!(!bob.get("/inbox").await.is(200).has("came back"));
    ann.press(&form_of(&ann.clone().get(&place).await, &place, "explain"), ("sent", ""), &[]).await.is(200);
    assert!(!ann.get("/inbox").await.is(200).has("came back"));

    let input = json!({ "unit": "it", "code": "acme", "name": "Acme", "country": "DE", "iban": "DE89370400440532013000",
        "spend": "5000.00 EUR" });
    let id = started(&site, "ann", "supplier_onboarding", input).await;
    site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    let mut eve = Visitor::signed_in(&site, "eve").await;
    assert!(eve.get("/inbox").await.is(200).has("Finances to be rated"));
    let page = ann.get(&format!("/instances/{id}")).await.is(200);
    // Side by side each says which it is; what was called is named, and is part of this in what she asked for.
    assert!(page.has("Finances: Finances to be rated; Bank: Bank details being confirmed"), "{}", page.text);
    assert!(page.has("It waits for <a") && page.has(">Check of bank details "), "{}", page.text);
    assert!(!ann.get("/requests").await.is(200).has("Check of bank details"));
    let checks = site.admin().get("/v1/instances?workflow=bank_details_check").await.is(200);
    let check = ann.get(&format!("/instances/{}", text(&checks["items"][0]["id"]))).await.is(200);
    assert!(check.has("<b>ann</b> started it") && check.has("It was started by <a"), "{}", check.text);
    assert!(page.has("<dt>Checked</dt><dd>Acme, DE, DE89370400440532013000, Acme</dd>"), "{}", page.text);
    site.end().await;
}

/// Of several people with one name nobody is guessed; their ids are told, and what was typed stays.
pub(super) async fn several_people_of_one_name(site: Site) {
    let kim = json!({ "name": "Kim Koch" });
    reorganise(&site, &json!({ "contacts": { "eve": kim, "hal": kim, "cyd": { "name": "Cyd Cramer" } } })).await;
    let (mut ann, mut bob) = (Visitor::signed_in(&site, "ann").await, Visitor::signed_in(&site, "bob").await);
    let page = ann.get("/away").await.is(200);
    assert!(page.has("read by whoever is away, stands in or noted it") && !page.has("everybody"), "{}", page.text);
    let form = page.form("/away");
    let told = "several people are called kim koch: say whom you mean by the id, `eve` or `hal`";
    let typed = [("person", "ann"), ("substitute", "kim koch"), ("when", "this_week")];
    let refused = ann.press(&form, ("sent", ""), &typed).await.is(422);
    assert!(plain(&refused.text).contains(told) && refused.has("value=\"kim koch\""), "{}", refused.text);
    // Days that say two things, and days to come.
    let days = [("person", "ann"), ("substitute", "hal"), ("when", "this_week"), ("back", "2099-01-01")];
    let refused = ann.press(&refused.form("/away"), ("sent", ""), &days).await.is(422);
    assert!(refused.has("and the first day back says another"), "{}", refused.text);
    let days = [("substitute", "hal"), ("when", "until_a_date"), ("from", "2098-12-01"), ("back", "2099-01-01")];
    let noted = ann.press(&refused.form("/away"), ("sent", ""), &days).await.is(200);
    assert!(noted.has("from Mon, 1 Dec 2098, back on Thu, 1 Jan 2099"), "{}", noted.text);

    let (_, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let pass = bob.get(&place).await.is(200).forms(&place);
    let pass = pass.iter().find(|form| form.fields.iter().any(|(_, value)| value.ends_with("-to"))).unwrap();
    let refused = bob.press(pass, ("act", "delegate"), &[("to", "kim koch")]).await.is(422);
    assert!(plain(&refused.text).contains(told) && refused.has("value=\"kim koch\""), "{}", refused.text);
    bob.press(pass, ("act", "delegate"), &[("to", "cyd cramer")]).await.is(200);
    // Whoever only acts for him is offered nothing that takes a seat of one's own.
    let own = bob.get(&place).await.is(200);
    assert!(own.has("value=\"delegate\"") && own.has("value=\"reassign\""), "{}", own.text);
    let other = Visitor::signed_in(&site, "cyd").await.get(&place).await.is(200);
    assert!(other.has("value=\"add_before\"") && other.has("value=\"approve\""), "{}", other.text);
    assert!(!other.has("value=\"delegate\"") && !other.has("value=\"reassign\""), "{}", other.text);
    site.end().await;
}
