//! Fields of forms by their types: what is not said is left out, lengths of time and amounts are taken as people write them.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Page, Visitor, plain};
use serde_json::{Value, json};

use super::company::{path, text};
use super::site_forms::started;
use super::site_news::form_of;

/// Asks for all of it when it starts, in a task, and for an event.
const REPAIR: &str = "
workflow: workshop
version: 1
subject:
  name: workshop
  fields: { requester: person, urgent: bool?, takes: duration?, costs: money?, heard: bool?, took: duration?, paid: money? }
start: { to: planned, by: anyone }
events:
  plan: { title: Plan it, payload: { urgent: bool?, takes: duration?, costs: money? } }
states:
  planned:
    on:
      plan:
        by: workshop.requester
        set: { urgent: event.urgent, takes: event.takes, costs: event.costs }
      look: { by: workshop.requester, to: looked_at }
  looked_at:
    task:
      who: [{ manager: requester }]
      form: { heard: bool?, takes: duration, costs: money? }
    on: { done: { to: over, set: { heard: event.heard, took: event.takes, paid: event.costs } } }
  over: { final: true }
";

const PLACE: &str = "/new/workshop";

async fn visitor(site: &Site) -> Visitor {
    std::fs::write(site.folder().join("definitions").join("workshop.yaml"), REPAIR).unwrap();
    site.admin().post("/v1/definitions/reload", &json!({})).await.is(200);
    Visitor::signed_in(site, "ann").await
}

async fn subject(site: &Site, id: &str) -> Value {
    site.admin().get(&path(id)).await.is(200)["subject"].clone()
}

/// The id of what has just been started.
fn id(page: &Page) -> String {
    page.place.trim_start_matches("/instances/").split('?').next().unwrap().to_owned()
}

/// Where a workshop is, its task.
async fn looked_at(site: &Site, id: &str) -> String {
    site.by("ann").signal(id, "look", &json!({})).await.is(200);
    format!("/tasks/{}", text(&site.admin().get(&path(id)).await.is(200)["tasks"][0]["id"]))
}

/// What may be yes, no or neither is neither until somebody says it: at the start, in an event, in a task.
pub(super) async fn what_is_not_said_is_left_out(site: Site) {
    let mut ann = visitor(&site).await;
    let page = ann.get(PLACE).await.is(200);
    let of = |page: &Page, field: &str| {
        let from = page.text.split(&format!("<fieldset class=\"yes_no\" id=\"{field}\"")).nth(1).unwrap();
        from.split("</fieldset>").next().unwrap().to_owned()
    };
    let field = of(&page, "data.urgent");
    assert!(field.contains("(may be left out)") && !field.contains("aria-required"), "{field}");
    assert!(field.contains("value=\"\" checked> Left out") && field.matches("checked").count() == 1, "{field}");
    let done = ann.press(&page.form(PLACE), ("sent", ""), &[("data.urgent", "")]).await.is(200);
    let id = id(&done);
    assert_eq!(subject(&site, &id).await["urgent"], Value::Null);

    // Said, it stands there; and it may be left out again.
    let place = format!("/instances/{id}");
    let plan = form_of(&done, &place, "plan");
    let said = ann.press(&plan, ("sent", ""), &[("data.urgent", "false")]).await.is(200);
    assert_eq!(subject(&site, &id).await["urgent"], false);
    let field = of(&said, "plan.data.urgent");
    assert!(field.contains("value=\"false\" checked> No") && field.matches("checked").count() == 1, "{field}");
    ann.press(&form_of(&said, &place, "plan"), ("sent", ""), &[("data.urgent", "")]).await.is(200);
    assert_eq!(subject(&site, &id).await["urgent"], Value::Null);

    let place = looked_at(&site, &id).await;
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let page = bob.get(&place).await.is(200);
    assert!(of(&page, "data.heard").contains("value=\"\" checked> Left out"), "{}", page.text);
    let given = [("data.heard", ""), ("data.takes", "2h")];
    bob.press(&page.form(&place), ("act", "complete"), &given).await.is(200);
    assert_eq!(subject(&site, &id).await["heard"], Value::Null);
    site.end().await;
}

/// `2h`, `90m` and `1h30m` are what the help says, and are taken; what is none is refused where it stands.
pub(super) async fn lengths_of_time_as_people_write_them(site: Site) {
    const HELP: &str = "A length of time: 2h, 90m, 1h30m, 3 days.";
    let mut ann = visitor(&site).await;
    let page = ann.get(PLACE).await.is(200);
    assert_eq!(page.text.matches(HELP).count(), 1, "{}", page.text);
    let wrong = ann.press(&page.form(PLACE), ("sent", ""), &[("data.takes", "soon")]).await.is(422);
    assert!(plain(&wrong.text).contains("`soon` is not a length of time"), "{}", wrong.text);
    let done = ann.press(&wrong.form(PLACE), ("sent", ""), &[("data.takes", "1h30m")]).await.is(200);
    let id = id(&done);
    assert_eq!(subject(&site, &id).await["takes"], "90 minutes");
    let place = format!("/instances/{id}");
    assert!(done.has(HELP) && done.has("name=\"data.takes\" value=\"90 minutes\""), "{}", done.text);
    ann.press(&form_of(&done, &place, "plan"), ("sent", ""), &[("data.takes", "90 minutes")]).await.is(200);
    assert_eq!(subject(&site, &id).await["takes"], "90 minutes");

    let place = looked_at(&site, &id).await;
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let page = bob.get(&place).await.is(200);
    assert!(page.has(HELP) && page.has("With its currency: 1200.00 EUR."), "{}", page.text);
    bob.press(&page.form(&place), ("act", "complete"), &[("data.takes", "2h")]).await.is(200);
    assert_eq!(subject(&site, &id).await["took"], "2 hours");
    site.end().await;
}

/// `4.000 EUR` is four euros to one and four thousand to another: nobody guesses.
pub(super) async fn an_amount_that_may_mean_two_is_asked_about(site: Site) {
    let told =
        |whole: &str| format!("“{whole}.000 EUR” may mean two amounts: write “{whole}000 EUR” or “{whole}.00 EUR”");
    let mut ann = visitor(&site).await;
    let form = ann.get(PLACE).await.is(200).form(PLACE);
    let page = ann.press(&form, ("sent", ""), &[("data.costs", "4.000 EUR")]).await.is(422);
    assert!(page.has(&told("4")) && page.has("value=\"4.000 EUR\""), "{}", page.text);
    let done = ann.press(&page.form(PLACE), ("sent", ""), &[("data.costs", "4000 EUR")]).await.is(200);
    let id = id(&done);
    let place = format!("/instances/{id}");
    let page = ann.press(&form_of(&done, &place, "plan"), ("sent", ""), &[("data.costs", "5.000 EUR")]).await.is(422);
    assert!(page.has(&told("5")), "{}", page.text);
    assert_eq!(subject(&site, &id).await["costs"], "4000.00 EUR");
    // What a program wrote stands there so that it says one thing.
    let exact = json!({ "payload": { "costs": "1.125 EUR" } });
    site.by("ann").signal(&id, "plan", &exact).await.is(200);
    let page = ann.get(&place).await.is(200);
    assert!(page.has("name=\"data.costs\" value=\"1.1250 EUR\""), "{}", page.text);
    ann.press(&form_of(&page, &place, "plan"), ("sent", ""), &[("data.costs", "1.1250 EUR")]).await.is(200);
    assert_eq!(subject(&site, &id).await["costs"], "1.125 EUR");

    let task = looked_at(&site, &id).await;
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let form = bob.get(&task).await.is(200).form(&task);
    let given = [("data.takes", "2h"), ("data.costs", "6.000 EUR")];
    let page = bob.press(&form, ("act", "complete"), &given).await.is(422);
    assert!(page.has(&told("6")), "{}", page.text);

    // And in the lines of an order.
    let order = "/new/purchase_order";
    let form = ann.get(order).await.is(200).form(order);
    let lines = [
        ("data.supplier", "Acme"),
        ("data.unit", "it"),
        ("line.1.item", "desk"),
        ("line.1.quantity", "2"),
        ("line.1.unit", "pcs"),
        ("line.1.price", "7.000 EUR"),
    ];
    let page = ann.press(&form, ("sent", ""), &lines).await.is(422);
    assert!(page.has(&format!("Line 2, price: {}", told("7"))), "{}", page.text);
    assert!(page.has("id=\"new.line.1.price.wrong\""), "{}", page.text);
    // Of a quantity, too; and all that is wrong with a form is told at once, each at its place.
    let wrong = [
        ("data.supplier", ""),
        ("data.unit", "ti"),
        ("line.0.item", "screw"),
        ("line.0.quantity", "1.000"),
        ("line.0.unit", "pcs"),
        ("line.0.price", "4.000 EUR"),
        ("line.1.quantity", "x"),
    ];
    let page = ann.press(&page.form(order), ("sent", ""), &wrong).await.is(422);
    let shown = plain(&page.text);
    for part in [
        "Supplier: it must be given.",
        "Unit: the organisation has no unit `ti`",
        "Line 1, quantity: “1.000” may mean two numbers: write “1000” or “1”.",
        "id=\"new.line.0.quantity.wrong\">“1.000” may mean two numbers: write “1000” or “1”.</div>",
        "id=\"new.line.0.price.wrong\">“4.000 EUR” may mean two amounts: write “4000 EUR” or “4.00 EUR”.</div>",
        "Line 2, quantity: `x` is not a decimal number",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // Programs are taken at their word.
    assert!(started(&site, "ann", "workshop", json!({ "costs": "4.000 EUR" })).await.len() > 8);
    site.end().await;
}
