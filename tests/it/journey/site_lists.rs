//! What the lists of pages show beside their rows, and take along.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Page, Visitor, plain};
use serde_json::{Value, json};

use super::company::{approve, draft, in_review, text, until};

async fn record(site: &Site, place: &str, params: &Value) {
    site.admin().post(&format!("/v1/records/{place}"), params).await.is(200);
}

/// A list as a table.
async fn table(who: &mut Visitor, place: &str) -> Page {
    let found = who.get(place).await;
    assert_eq!(found.status, 200, "{}", found.text);
    found
}

/// What whoever decides wants to know is beside the lines, in the list and on the page; others see the names alone.
pub(super) async fn what_stands_around_an_order(site: Site) {
    record(&site, "unit/pcs/set_unit", &json!({ "name": "Piece" })).await;
    record(&site, "item/desk/set_item", &json!({ "name": "Desk of oak", "stock_unit": "pcs" })).await;
    record(&site, "supplier/Acme/set_supplier", &json!({ "name": "Acme Furniture Ltd" })).await;
    // Before the first one nothing is known.
    let (first, task) = in_review(&site, "ann", "400.00 EUR").await;
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let lines = bob.get(&format!("/tasks/{}/lines", text(&task["id"]))).await.is(200);
    assert!(lines.has("Desk of oak") && lines.has("Acme is Acme Furniture Ltd."), "{}", lines.text);
    assert!(!lines.has("Left of the budget") && !lines.has("last paid"), "{}", lines.text);
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    until(&site, &first, "ordered").await;

    record(&site, "budget/it%2FEUR/set_budget", &json!({ "amount": "5000.00 EUR" })).await;
    let (_, task) = in_review(&site, "ann", "450.00 EUR").await;
    let number = text(&site.admin().get(&format!("/v1/instances/{first}")).await.is(200)["subject"]["number"]);
    let place = format!("/tasks/{}", text(&task["id"]));
    let told = [
        "Desk of oak".to_owned(),
        "Acme is Acme Furniture Ltd.".to_owned(),
        format!("last paid: 400.00 EUR a pcs ({number})"),
        "Left of the budget of it: 4,100.00 EUR of 5,000.00 EUR, this order taken off.".to_owned(),
    ];
    for page in [format!("{place}/lines"), place.clone()] {
        let page = bob.get(&page).await.is(200);
        let page = plain(&page.text);
        for word in &told {
            assert!(page.contains(word), "{word}: {page}");
        }
    }
    // Whoever asks for it decides nothing.
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let lines = ann.get(&format!("{place}/lines")).await.is(200);
    assert!(lines.has("Desk of oak") && !lines.has("budget") && !lines.has("last paid"), "{}", lines.text);
    site.end().await;
}

/// Exactly the rows on screen, as a table for programs that calculate.
pub(super) async fn what_is_on_screen_is_exported(site: Site) {
    let (one, _) = in_review(&site, "ann", "14.00 EUR").await;
    in_review(&site, "ann", "1000.00 EUR").await;
    let input = json!({ "requester": "ann", "supplier": "=cmd|' /C calc'!A0, \"x\"", "unit": "it", "lines": [
        { "item": "desk", "quantity": "2", "unit": "pcs", "price": "5.00 EUR" }] });
    let started =
        site.by("ann").post("/v1/workflows/purchase_order/instances", &json!({ "input": input })).await.is(201);
    site.by("ann").signal(&text(&started["id"]), "submit", &json!({})).await.is(200);
    draft(&site, "ann", "7.00 EUR").await;

    let mut bob = Visitor::signed_in(&site, "bob").await;
    let page = bob.get("/inbox?q=acme").await.is(200);
    assert!(plain(&page.text).contains("href=\"/inbox?q=acme&as=csv\""), "{}", page.text);
    let found = table(&mut bob, "/inbox?q=acme&as=csv").await;
    assert_eq!(found.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert!(found.headers["content-disposition"].starts_with("attachment; filename=\"inbox-"), "{:?}", found.headers);
    let lines: Vec<&str> = found.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{}", found.text);
    let head = "Title,Reference,Supplier,State,Amount,Currency,Asked by,Whose,Since,Due,Tags,Why,Link";
    assert_eq!(lines[0], head);
    let short = one[one.len() - 8..].to_uppercase();
    let start = format!("Purchase order,{short},Acme,In approval,28.00,EUR,ann,,20");
    assert!(lines[1].starts_with(&start) && lines[1].contains(&format!("/tasks/{one}.")), "{start}: {}", lines[1]);
    assert!(lines[2].contains(",2000.00,EUR,ann,"), "{}", lines[2]);
    // An instant as programs read it.
    let since = lines[1].split(',').nth(8).unwrap();
    assert!(since.len() >= 20 && since.as_bytes()[10] == b'T', "{since}");
    // A formula is a text.
    let found = table(&mut bob, "/inbox?as=csv").await;
    assert!(found.text.contains(",\"'=cmd|' /C calc'!A0, \"\"x\"\"\",In approval,10.00,EUR,"), "{}", found.text);

    let mut ann = Visitor::signed_in(&site, "ann").await;
    let page = ann.get("/requests").await.is(200);
    assert!(plain(&page.text).contains("href=\"/requests?as=csv\""), "{}", page.text);
    let found = table(&mut ann, "/requests?as=csv").await;
    assert_eq!(found.text.matches("\r\n").count(), 5, "{}", found.text);
    assert!(
        found.text.contains("Title,Reference,Supplier,State,Amount,Currency,Who has it,Since,Due,"),
        "{}",
        found.text
    );
    assert!(found.text.contains(",In approval,2000.00,EUR,bob,") && found.text.contains(",Draft,14.00,EUR,,"));
    let found = table(&mut ann, "/requests?q=nothing+like+it&as=csv").await;
    assert_eq!(found.text.matches("\r\n").count(), 1, "{}", found.text);
    site.end().await;
}
