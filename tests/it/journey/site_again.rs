//! Forms of events that were sent too late: they show what stands there now, keep what was typed, and can be sent again.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::Visitor;
use serde_json::{Value, json};

use super::company::{Image, approve, in_review, path, text, until};
use super::site_news::form_of;

async fn lines(site: &Site, id: &str) -> String {
    let order = site.admin().get(&format!("/v1/orders/{id}")).await.is(200);
    let line = |line: &Value| ["line", "item", "quantity", "price"].map(|name| line[name].to_string()).join(" ");
    order["line_items"].as_array().unwrap().iter().map(line).collect::<Vec<_>>().join(", ").replace('"', "")
}

/// What somebody typed stays with its line, what he did not touch is what stands there now; pressed again it is done.
pub(super) async fn a_form_whose_lines_moved_on_is_sent_again(site: Site) {
    let (id, _) = in_review(&site, "ann", "40.00 EUR").await;
    let document = format!("/instances/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let edit = form_of(&ann.get(&document).await.is(200), &document, "edit");
    let desk = json!({ "line": 1, "item": "desk", "quantity": "2", "unit": "pcs", "price": "50.00 EUR" });
    let chair = json!({ "item": "chair", "quantity": "2", "unit": "pcs", "price": "9.00 EUR" });
    let others = json!({ "payload": { "lines": [desk, chair] } });
    site.by("ann").signal(&id, "edit", &others).await.is(200);
    let before = Image::of(&site, &id).await;
    let typed = [
        ("data.supplier", "Acme"),
        ("data.unit", "it"),
        ("data.note", "Quickly"),
        ("line.0.item", "desk"),
        ("line.0.quantity", "3"),
        ("line.0.unit", "pcs"),
        ("line.0.price", "40.00 EUR"),
        ("line.1.item", "pad"),
        ("line.1.quantity", "1"),
        ("line.1.unit", "pcs"),
        ("line.1.price", "5.00 EUR"),
    ];
    let refused = ann.press(&edit, ("sent", ""), &typed).await.is(412);
    for told in [
        "The lines have become others since this page was made",
        "<dt>Line 1</dt><dd><del>2 pcs of desk at 40.00 EUR</del> <ins>2 pcs of desk at 50.00 EUR</ins></dd>",
        "<dt>Line 2</dt><dd><del>not there</del> <ins>2 pcs of chair at 9.00 EUR</ins></dd>",
        "ann said: Change the order",
        "name=\"line.0.quantity\" value=\"3\"",
        "name=\"line.0.price\" value=\"50.00 EUR\"",
        "name=\"line.1.item\" value=\"chair\"",
        "name=\"line.2.item\" value=\"pad\"",
        "name=\"data.note\" value=\"Quickly\"",
    ] {
        assert!(refused.has(told), "{told}: {}", refused.text);
    }
    before.still(&Image::of(&site, &id).await, 0);

    // As it stands there now.
    let shown = [
        ("data.supplier", "Acme"),
        ("data.unit", "it"),
        ("data.note", "Quickly"),
        ("line.0.quantity", "3"),
        ("line.0.price", "50.00 EUR"),
        ("line.2.item", "pad"),
        ("line.2.quantity", "1"),
        ("line.2.unit", "pcs"),
        ("line.2.price", "5.00 EUR"),
    ];
    ann.press(&form_of(&refused, &document, "edit"), ("sent", ""), &shown).await.is(200);
    let want = "1 desk 3 50.00 EUR, 2 chair 2 9.00 EUR, 3 pad 1 5.00 EUR";
    assert_eq!(lines(&site, &id).await, want);
    assert_eq!(site.admin().get(&path(&id)).await.is(200)["subject"]["note"], "Quickly");
    site.end().await;
}

/// Two note what came, one after the other, each from a page of before.
pub(super) async fn a_delivery_is_noted_beside_another(site: Site) {
    let (id, task) = in_review(&site, "ann", "40.00 EUR").await;
    let document = format!("/instances/{id}");
    let line = json!({ "line": 1, "item": "desk", "quantity": "9", "unit": "pcs", "price": "40.00 EUR" });
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "lines": [line] } })).await.is(200);
    let task = site.by("bob").get(&format!("/v1/tasks/{}", text(&task["id"]))).await.is(200);
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    until(&site, &id, "ordered").await;
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let page = ann.get(&document).await.is(200);
    let (untouched, written) =
        (form_of(&page, &document, "receive"), form_of(&ann.get(&document).await, &document, "receive"));
    let came = json!({ "payload": { "lines": [{ "line": 1, "quantity": "1" }] } });
    site.by("ann").signal(&id, "receive", &came).await.is(200);

    // Whoever left the nine that were open is shown the eight that are.
    let typed = [("data.note", "At the gate"), ("line.0.quantity", "9")];
    let refused = ann.press(&untouched, ("sent", ""), &typed).await.is(412);
    for told in [
        "Something has come since this page was made",
        "ann said: Note a delivery",
        "8 pcs open",
        "name=\"line.0.quantity\" value=\"8\"",
        "name=\"data.note\" value=\"At the gate\"",
    ] {
        assert!(refused.has(told), "{told}: {}", refused.text);
    }
    let again = form_of(&refused, &document, "receive");
    let noted = ann.press(&again, ("sent", ""), &[("line.0.quantity", "3")]).await.is(200);
    assert!(noted.has("5 pcs open"), "{}", noted.text);
    // And whoever wrote something finds it there.
    let refused = ann.press(&written, ("sent", ""), &[("line.0.quantity", "2")]).await.is(412);
    assert!(refused.has("5 pcs open") && refused.has("name=\"line.0.quantity\" value=\"2\""), "{}", refused.text);
    let again = form_of(&refused, &document, "receive");
    let noted = ann.press(&again, ("sent", ""), &[("line.0.quantity", "2")]).await.is(200);
    assert!(noted.has("3 pcs open"), "{}", noted.text);
    site.end().await;
}

/// A form that is late and not clear is made anew and overwrites nothing; what is not clear is told when it is sent once more.
pub(super) async fn what_is_wrong_hides_no_news(site: Site) {
    let (id, _) = in_review(&site, "ann", "40.00 EUR").await;
    let document = format!("/instances/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let edit = form_of(&ann.get(&document).await.is(200), &document, "edit");
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "supplier": "Umbrella" } })).await.is(200);
    let typed = [("data.supplier", "Acme"), ("data.unit", "it"), ("line.0.price", "4.000 EUR")];
    let refused = ann.press(&edit, ("sent", ""), &typed).await.is(412);
    for told in [
        "name=\"line.0.price\" value=\"4.000 EUR\"",
        "<del>Acme</del> <ins>Umbrella</ins>",
        "name=\"data.supplier\" value=\"Umbrella\"",
    ] {
        assert!(refused.has(told), "{told}: {}", refused.text);
    }
    // Sent once more, it says what is wrong with it.
    let again = ann.press(&form_of(&refused, &document, "edit"), ("sent", ""), &typed).await.is(422);
    let told = "Line 1, price: “4.000 EUR” may mean two amounts: write “4000 EUR” or “4.00 EUR”";
    assert!(again.has(told) && again.has("name=\"line.0.price\" value=\"4.000 EUR\""), "{}", again.text);
    site.end().await;
}
