//! What forms on pages say and do not say: what is emptied, what must be said, who is meant.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::Visitor;
use serde_json::{Value, json};

use super::company::{path, text};
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
        ("data.spend", "6000.00 EUR"),
    ];
    let edit = form_of(&ann.get(&place).await.is(200), &place, "edit");
    ann.press(&edit, ("sent", ""), &typed).await.is(200);
    let subject = async |id: &str| site.admin().get(&path(id)).await.is(200)["subject"].clone();
    let now = subject(&id).await;
    assert_eq!((&now["code"], &now["account_holder"], &now["name"]), (&Value::Null, &Value::Null, &json!("Acme")));
    assert_eq!(now["spend"], "6000.00 EUR");

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
    assert!(refused.has("id=\"edit.data.what.help\"><b class=\"state over\">it cannot be empty"), "{}", refused.text);
    assert!(refused.has("value=\"30.00 EUR\""), "{}", refused.text);
    assert_eq!(subject(&id).await["amount"], "20.00 EUR");
    site.end().await;
}
