//! What pages say of a contract: its value as its amount, days as people write them, and of a task that asks for data who gives it.

use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_tests::server::visit::{Visitor, plain};
use fluxor_tests::server::{Site, definitions};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::json;

use super::company::{path, text};
use super::site_forms::started;

/// The shipped definitions that check a supplier, beside the site's own.
pub(super) async fn with_suppliers(site: &mut Site) {
    site.stop().await;
    for file in ["bank_details_change.yaml", "contract_renewal.yaml"] {
        std::fs::copy(definitions().join(file), site.folder().join("definitions").join(file)).unwrap();
    }
    site.start().await;
}

/// A contract whose owner is asked at once.
async fn contract(site: &Site, number: &str, owner: &str) -> (String, String, Date) {
    let today = SystemClock.now().to_jiff().unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (notice_by, ends_on) = (today.saturating_add(10.days()), today.saturating_add(100.days()));
    let input = json!({ "owner": owner, "unit": "it", "number": number, "supplier": "b1", "what": "Brakes",
        "value": "1900.00 EUR", "ends_on": ends_on.to_string(), "notice_by": notice_by.to_string() });
    let id = started(site, "ann", "contract_renewal", input).await;
    let whole = super::company::until(site, &id, "open.deciding").await;
    (id, text(&whole["tasks"][0]["id"]), ends_on)
}

/// What nobody confirmed is nothing where a contract ends: neither a correction nor a next term.
pub(super) async fn what_nobody_confirmed_is_no_amount(mut site: Site) {
    with_suppliers(&mut site).await;
    site.admin().post("/v1/records/supplier/b1/set_supplier", &json!({ "name": "Bremsland GmbH" })).await.is(200);
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let today = SystemClock.now().to_jiff().unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |days: i64| today.saturating_add(days.days()).to_string();
    let because = |reason: &str| json!({ "reason": reason });

    let input = json!({ "owner": "hal", "unit": "it", "number": "C-4", "supplier": "b1", "what": "Brakes",
        "value": "1900.00 EUR", "ends_on": day(400), "notice_by": day(300) });
    let corrected = started(&site, "ann", "contract_renewal", input).await;
    let edit = json!({ "payload": { "value": "2500.00 EUR" }, "reason": "the letter says so" });
    assert_eq!(site.by("eve").signal(&corrected, "edit", &edit).await.is(200)["state"], "correcting");

    let (renewed, ..) = contract(&site, "C-5", "hal").await;
    let task = site.admin().get(&path(&renewed)).await.is(200)["tasks"][0].clone();
    let next = json!({ "decision": "renew", "value": "2500.00 EUR", "ends_on": day(465), "notice_by": day(400) });
    let done = site.by("hal").decide(&task, &json!({ "act": "complete", "data": next })).await.is(200);
    assert_eq!(done["state"], "open.review");

    for id in [corrected, renewed] {
        let before = ann.get(&format!("/instances/{id}")).await.is(200);
        assert!(before.has("<span class=\"amount\">2,500.00 EUR</span>"), "{}", before.text);
        site.by("hal").signal(&id, "close", &because("they gave up business")).await.is(200);
        let subject = super::company::until(&site, &id, "closed").await["subject"].clone();
        let unconfirmed = subject.as_object().unwrap().iter().filter(|(name, value)| {
            let own = ["value", "ends_on", "notice_by", "owner"];
            own.iter().any(|own| **name == format!("new_{own}") || **name == format!("corrected_{own}"))
                && !value.is_null()
        });
        assert_eq!(unconfirmed.count(), 0, "{subject}");
        let after = ann.get(&format!("/instances/{id}")).await.is(200);
        assert!(after.has("<span class=\"amount\">1,900.00 EUR</span>"), "{}", after.text);
    }
    site.end().await;
}

pub(super) async fn a_contract_is_told_in_words(mut site: Site) {
    with_suppliers(&mut site).await;
    let admin = site.admin();
    admin.post("/v1/records/supplier/b1/set_supplier", &json!({ "name": "Bremsland GmbH" })).await.is(200);
    let (id, task, ends_on) = contract(&site, "C-1", "ann").await;
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let page = ann.get(&format!("/tasks/{task}")).await.is(200);
    let said = plain(&page.text);
    // She asks and is asked: there is nobody whom she could remind.
    assert!(page.has("What is asked for") && !page.has("Remind"), "{said}");
    assert!(page.has("<li>As named under “Owner”.</li>") && !page.has("Task: "), "{said}");
    assert!(page.has("Asked: ann") && !page.has("(Task)"), "{said}");
    assert!(page.has("<span class=\"amount\">1,900.00 EUR</span>"), "{said}");
    assert!(page.has("<dt>Supplier</dt><dd>Bremsland GmbH (b1)</dd>"), "{said}");
    // It always had its number.
    assert!(page.has("C-1") && !page.has("before it had its number"), "{said}");
    let day = ends_on.strftime("%a, %-d %b %Y").to_string();
    assert!(page.has(&format!("<dt>Ends on</dt><dd>{day}</dd>")), "{day}: {said}");
    let history = said.split("History").last().unwrap();
    assert!(history.contains("The time of “Running” had come.") && !history.contains("“Running#"), "{history}");
    let inbox = ann.get("/inbox").await.is(200);
    assert!(inbox.has("1,900.00 EUR"), "{}", inbox.text);

    // Somebody else is asked.
    let (other, task, _) = contract(&site, "C-2", "hal").await;
    let page = ann.get(&format!("/tasks/{task}")).await.is(200);
    assert!(page.has(">Remind whoever is asked<") && !page.has("Remind: Task"), "{}", page.text);
    assert_eq!(admin.get(&path(&id)).await.is(200)["subject"]["value"], "1900.00 EUR");
    assert_ne!(id, other);

    // A day that no contract has is refused where it begins, with its place.
    let input = json!({ "owner": "ann", "unit": "it", "number": "C-3", "supplier": "b1", "what": "Brakes",
        "value": "1.00 EUR", "ends_on": "2030-01-01", "notice_by": "0001-01-01" });
    let body = json!({ "input": input });
    let told =
        site.by("ann").post("/v1/workflows/contract_renewal/instances", &body).await.refused(422, "invalid_input");
    let why = text(&told["errors"][0]["detail"]);
    assert!(
        told["errors"][0]["pointer"].to_string().contains("notice_by") && why.contains("before the year 1900"),
        "{told}"
    );
    site.end().await;
}
