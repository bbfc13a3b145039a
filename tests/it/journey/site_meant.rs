//! What somebody means who writes a name that nobody has, sends what is not taken any more, or names what is not recorded: he is told
//! whom or what he probably means, where, and what comes first.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, plain};
use serde_json::{Value, json};

use super::company::{approve, in_review, reorganise, text, until};
use super::site_contract::with_suppliers;
use super::site_news::form_of;

const ORDER: &str = "/new/purchase_order";

/// Wherever people are named by id or full name, whoever is like it is asked for; and units likewise.
pub(super) async fn a_name_that_nobody_has(mut site: Site) {
    with_suppliers(&mut site).await;
    let names = json!({ "ann": { "name": "Ann Archer" }, "cyd": { "name": "Cyd Cramer" } });
    reorganise(&site, &json!({ "contacts": names })).await;
    let (mut ann, mut bob) = (Visitor::signed_in(&site, "ann").await, Visitor::signed_in(&site, "bob").await);
    let cyd = "obody in the organisation has the id or the full name `Cid Cramer`: did you mean `cyd` (Cyd Cramer)?";

    let form = ann.get("/away").await.is(200).form("/away");
    let typed = [("person", "ann"), ("substitute", "Cid Cramer"), ("when", "this_week")];
    let page = ann.press(&form, ("sent", ""), &typed).await.is(422);
    assert!(plain(&page.text).contains(&format!("Who stands in: n{cyd}")), "{}", page.text);

    let (_, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let pass = bob.get(&place).await.is(200).forms(&place);
    let pass = pass.iter().find(|form| form.fields.iter().any(|(_, value)| value.ends_with("-to"))).unwrap();
    let page = bob.press(pass, ("act", "delegate"), &[("to", "Cid Cramer")]).await;
    assert!(plain(&page.text).contains(&format!("N{cyd}")), "{}", page.text);
    let page = bob.press(pass, ("act", "delegate"), &[("to", "Xylo")]).await;
    let none = "full name `Xylo`: write the id or the full name of somebody who is in it.";
    assert!(plain(&page.text).contains(none), "{}", page.text);

    let place = "/new/contract_renewal";
    let form = ann.get(place).await.is(200).form(place);
    let typed = [
        ("data.owner", "An Archer"),
        ("data.unit", "it"),
        ("data.number", "C-1"),
        ("data.supplier", "b1"),
        ("data.what", "Brakes"),
        ("data.value", "900.00 EUR"),
        ("data.ends_on", "2031-12-31"),
        ("data.notice_by", "2031-09-30"),
    ];
    let page = ann.press(&form, ("sent", ""), &typed).await.is(422);
    let told = "id=\"data.owner.help\"><b class=\"state over\">Nobody in the organisation has the id or the full name `An \
                Archer`: did you mean `ann` (Ann Archer)?<";
    assert!(plain(&page.text).contains(told), "{}", page.text);

    let form = ann.get(ORDER).await.is(200).form(ORDER);
    let page = ann.press(&form, ("sent", ""), &[("data.supplier", "Acme"), ("data.unit", "IT")]).await.is(422);
    let told = "id=\"data.unit.help\"><b class=\"state over\">The organisation has no unit `IT`; did you mean `it`?<";
    assert!(plain(&page.text).contains(told), "{}", page.text);
    site.end().await;
}

/// What a document does not take any more has no form that could be pressed again; and a field that an event changes says where
/// that is taken.
pub(super) async fn what_is_not_taken_any_more(site: Site) {
    let (id, task) = in_review(&site, "ann", "100.00 EUR").await;
    let place = format!("/instances/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let edit = form_of(&ann.get(&place).await.is(200), &place, "edit");
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    until(&site, &id, "ordered").await;
    let page = ann.press(&edit, ("sent", ""), &[("data.note", "Quickly")]).await;
    assert!(page.status >= 400 && !page.has("ressing again"), "{}", page.text);
    let told = "nothing was done. Look at what is new. Where it stands now, it does not take what you sent.";
    assert!(page.has(told) && page.has("bob"), "{}", page.text);

    let could = site.admin().get(&format!("/v1/instances/{id}/repairs")).await.is(200);
    let fields = could["set_data"].as_array().unwrap();
    let why = |name: &str| text(&fields.iter().find(|field| field["field"] == name).unwrap()["why_not"]);
    assert_eq!(
        why("amount"),
        "`amount` stands in the books as well, which this would not change: the event `edit` does, which is accepted in `draft` or \
         `open.review`: move it there first, if it may be moved there"
    );
    assert!(why("lines_open").ends_with("which this would not change: use the event `receive`"), "{could}");
    site.end().await;
}

/// Items and units matter where something is delivered to a place: each is told at its field, and why.
pub(super) async fn what_is_delivered_to_a_place(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let form = ann.get(ORDER).await.is(200).form(ORDER);
    let typed = [
        ("data.supplier", "Acme"),
        ("data.unit", "it"),
        ("line.0.item", "lamp"),
        ("line.0.quantity", "1"),
        ("line.0.unit", "pcs"),
        ("line.0.price", "30.00 EUR"),
        ("line.2.item", "mouse"),
        ("line.2.quantity", "2"),
        ("line.2.unit", "pcs"),
        ("line.2.price", "20.00 EUR"),
        ("line.2.location", "mars"),
    ];
    let page = ann.press(&form, ("sent", ""), &typed).await.is(422);
    let told = plain(&page.text);
    for part in [
        "id=\"new.line.2.item.wrong\">There is no item `mouse`: what is delivered to a location is counted, so",
        "id=\"new.line.2.location.wrong\">There is no location `mars`.",
        "id=\"new.line.2.unit.wrong\">There is no unit `pcs`: what is delivered to a location is counted, so",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("new.line.0.item.wrong") && told.contains("Line 3, item"), "{told}");

    let (id, task) = in_review(&site, "ann", "20.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    until(&site, &id, "ordered").await;
    let place = format!("/instances/{id}");
    let receive = form_of(&ann.get(&place).await.is(200), &place, "receive");
    let page = ann.press(&receive, ("sent", ""), &[("line.0.quantity", "7")]).await.is(422);
    let lines: Value = site.admin().get(&format!("/v1/orders/{id}")).await.is(200)["line_items"].clone();
    let told = format!(
        "id=\"receive.line.1.quantity.wrong\">7 {unit} are more than the {open} that are open.",
        unit = text(&lines[0]["unit"]),
        open = text(&lines[0]["quantity"])
    );
    assert!(plain(&page.text).contains(&told), "{told}: {}", page.text);
    // What cannot be taken back is asked about before.
    let again = form_of(&page, &place, "receive");
    let page = ann.press(&again, ("sent", ""), &[("line.0.quantity", "1.000")]).await.is(422);
    let told = "Line 1, quantity: “1.000” may mean two numbers: write “1000” or “1”.";
    assert!(plain(&page.text).contains(told), "{told}: {}", page.text);
    site.end().await;
}
