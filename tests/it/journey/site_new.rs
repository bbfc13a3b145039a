//! Starting something on pages, without a script: what is offered, what is asked for, what is wrong with it, and that it is done once.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Form, Page, Visitor, plain};
use serde_json::{Value, json};

use super::company::{history, path, reorganise, text};
use super::site_news::form_of;

const ORDER: &str = "/new/purchase_order";

/// Two desks and a lamp.
const TYPED: [(&str, &str); 10] = [
    ("data.supplier", "Acme"),
    ("data.unit", "it"),
    ("line.0.item", "desk"),
    ("line.0.quantity", "2"),
    ("line.0.unit", "pcs"),
    ("line.0.price", "200.00 EUR"),
    ("line.2.item", "lamp"),
    ("line.2.quantity", "1"),
    ("line.2.unit", "pcs"),
    ("line.2.price", "30.00 EUR"),
];

async fn sent(who: &mut Visitor, form: &Form, typed: &[(&str, &str)]) -> Page {
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    who.post(&form.action, &[&fields[..], typed].concat()).await
}

async fn orders(site: &Site) -> usize {
    let all = site.admin().get("/v1/instances?workflow=purchase_order").await.is(200);
    all["items"].as_array().unwrap().len()
}

/// What is offered and asked for is what that person may start, and what only he can know.
pub(super) async fn what_somebody_may_start(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let list = ann.get("/new").await.is(200);
    for part in [
        "/new/purchase_order",
        "Begins in “Draft”. Asks for: supplier, category, note, unit, lines.",
        "/new/requisition",
    ] {
        assert!(list.has(part), "{part}: {}", list.text);
    }
    // She has not the role; a program must bring what no form asks for; a workflow alone begins what it calls.
    for other in ["/new/imported_order", "/new/organisation_change", "/new/bank_details_check"] {
        assert!(!list.has(other), "{other}: {}", list.text);
    }
    for (place, status) in
        [("/new/imported_order", 403), ("/new/organisation_change", 404), ("/new/purchase_ordre", 404)]
    {
        assert_eq!(ann.get(place).await.is(status).status, status);
        let sent = ann.post(place, &[("once", "x1")]).await;
        assert_eq!(sent.status, status, "{place}");
    }
    let form = ann.get(ORDER).await.is(200);
    for asked in ["data.supplier", "data.category", "data.unit", "data.note", "line.4.price"] {
        assert!(form.has(&format!("name=\"{asked}\"")), "{asked}: {}", form.text);
    }
    for known in ["requester", "amount", "number", "source", "lines_open", "ordered_on"] {
        assert!(!form.has(&format!("data.{known}\"")), "{known}: {}", form.text);
    }
    site.end().await;
}

/// What is wrong is said where it stands, with what was typed; what is right is started once, however often it is sent.
pub(super) async fn started_by_a_form(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let form = ann.get(ORDER).await.is(200).form(ORDER);
    let wrong: Vec<(&str, &str)> = TYPED.iter().copied().filter(|(name, _)| *name != "line.2.price").collect();
    let page = sent(&mut ann, &form, &wrong).await.is(422);
    assert!(page.has("Not started.") && page.has("Line 3, price"), "{}", page.text);
    assert!(page.has("value=\"lamp\"") && page.has("value=\"Acme\""), "{}", page.text);
    let marked = page.text.split("<input").find(|input| input.contains("name=\"line.2.price\"")).unwrap();
    assert!(marked.split('>').next().unwrap().contains("aria-invalid=\"true\""), "{marked}");

    // What is wrong with the lines is told with what is wrong beside them, and all of a line.
    let wrong = [("line.0.item", "desk"), ("line.0.quantity", "0"), ("line.0.price", "x"), ("line.1.item", "lamp")];
    let page = sent(&mut ann, &page.form(ORDER), &wrong).await.is(422);
    for part in
        ["Line 1, quantity", "Line 1, unit", "Line 1, price", "Line 2, quantity", "Line 2, unit", "Line 2, price"]
    {
        assert!(page.has(part), "{part}: {}", page.text);
    }
    assert!(page.has("id=\"data.supplier.help\"><b class=\"state over\">"), "{}", page.text);

    let without: Vec<(&str, &str)> = TYPED.iter().copied().filter(|(name, _)| *name != "data.supplier").collect();
    let page = sent(&mut ann, &page.form(ORDER), &without).await.is(422);
    assert!(page.has("id=\"data.supplier.help\"><b class=\"state over\">"), "{}", page.text);
    let more = sent(&mut ann, &page.form(ORDER), &[&TYPED[..], &[("more", "lines")]].concat()).await.is(200);
    assert!(more.has("line.9.item") && more.has("value=\"lamp\""), "{}", more.text);
    let forged = ann.post_from("https://evil.example", ORDER, &TYPED).await;
    assert_eq!((forged.status, orders(&site).await), (403, 0), "nothing was started by any of it");

    let form = more.form(ORDER);
    let done = sent(&mut ann, &form, &TYPED).await.is(200);
    assert!(
        done.place.ends_with("?done=started") && done.has("Submit for approval") && done.has("430.00 EUR"),
        "{}",
        done.text
    );
    let again = sent(&mut ann, &form, &TYPED).await.is(200);
    assert_eq!((&again.place, orders(&site).await), (&done.place, 1), "the same form once more is the same order");
    let other = sent(&mut ann, &form, &[&TYPED[1..], &[("data.supplier", "Evil Corp")]].concat()).await;
    assert!(other.status == 422 && other.has("This was started already.") && other.has("Evil Corp"), "{}", other.text);
    assert!(
        !other.has("request id") && other.has(&format!("href=\"{}\"", done.place.trim_end_matches("?done=started")))
    );
    let id = done.place.trim_start_matches("/instances/").trim_end_matches("?done=started").to_owned();
    let first: Value = history(&site, &id).await.remove(0);
    assert_eq!((&first["header"]["actor"], &first["header"]["via"]), (&json!("ann"), &json!("page")));
    assert!(ann.get("/requests").await.is(200).has(&id) && orders(&site).await == 1);
    sent(&mut ann, &other.form(ORDER), &[&TYPED[1..], &[("data.supplier", "Evil Corp")]].concat()).await.is(200);
    assert_eq!(orders(&site).await, 2, "pressed again it is another");
    site.end().await;
}

/// Where a workflow must have a supplier of the books, the form lists them, and takes the name that one alone has.
pub(super) async fn a_supplier_is_chosen_by_code_or_name(mut site: Site) {
    super::site_contract::with_suppliers(&mut site).await;
    let admin = site.admin();
    for (code, name) in [("b1", "Bremsland GmbH"), ("v1", "Vieten & Sons"), ("v2", "Vieten & Sons")] {
        admin.post(&format!("/v1/records/supplier/{code}/set_supplier"), &json!({ "name": name })).await.is(200);
    }
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let place = "/new/contract_renewal";
    let page = ann.get(place).await.is(200);
    let help = "A supplier that is recorded, by its code or full name.";
    assert!(page.has("list=\"suppliers\"") && page.has(help), "{}", page.text);
    assert!(page.has("<option value=\"b1\">Bremsland GmbH</option>"), "{}", page.text);
    // It asks in the order in which its author wrote the fields.
    let asked: Vec<&str> =
        page.text.split(" name=\"data.").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    assert_eq!(asked, ["owner", "unit", "number", "supplier", "what", "value", "ends_on", "notice_by"]);
    // Nothing checks whom an order names, nor the name that a check is given.
    assert!(!ann.get(ORDER).await.is(200).has("list=\"suppliers\""));
    assert!(ann.get("/new/bank_details_change").await.is(200).has("list=\"suppliers\""));
    let rest = [
        ("data.owner", "ann"),
        ("data.unit", "it"),
        ("data.number", "C-1"),
        ("data.what", "Brakes"),
        ("data.value", "900.00 EUR"),
        ("data.ends_on", "2031-12-31"),
        ("data.notice_by", "2031-09-30"),
    ];
    let mut form = page.form(place);
    for (typed, told) in [
        ("Bremslnd GmbH", "no supplier has the code or the name `Bremslnd GmbH`: did you mean `b1` (Bremsland GmbH)?"),
        ("vieten & sons", "several suppliers are called vieten &amp; sons: say which by its code, `v1` or `v2`"),
    ] {
        let page = sent(&mut ann, &form, &[&rest[..], &[("data.supplier", typed)]].concat()).await.is(422);
        let told = told.replace('`', "&#x60;");
        assert!(page.has(&told), "{told}: {}", page.text);
        form = page.form(place);
    }
    // All is told at once, whoever finds it.
    let wrong = [("data.owner", "bop"), ("data.unit", "ti"), ("data.supplier", "Bremslnd GmbH")];
    let others = &rest[2..];
    let page = sent(&mut ann, &form, &[&wrong[..], others].concat()).await.is(422);
    for told in ["&#x60;bop&#x60;", "has no unit &#x60;ti&#x60;", "the name &#x60;Bremslnd GmbH&#x60;"] {
        assert!(page.has(told), "{told}: {}", page.text);
    }
    form = page.form(place);
    let done = sent(&mut ann, &form, &[&rest[..], &[("data.supplier", "bremsland gmbh")]].concat()).await.is(200);
    let id = done.place.trim_start_matches("/instances/").trim_end_matches("?done=started").to_owned();
    assert_eq!(admin.get(&path(&id)).await.is(200)["subject"]["supplier"], "b1");
    site.end().await;
}

/// Begins at an instant, and counts by name.
const BOOKING: &str = "
workflow: booking
version: 1
subject: { name: booking, fields: { requester: person, begins: timestamp, seats: map(int)? } }
start: { to: made, by: anyone }
events: { move: { title: Move it, payload: { begins: timestamp, seats: map(int)? } } }
states:
  made:
    on:
      move: { by: booking.requester, set: { begins: event.begins, seats: event.seats } }
      end: over
  over: { final: true }
";

/// An instant that is none, and entries that are none.
fn wrong_both() -> [(&'static str, &'static str); 2] {
    [("data.begins", "tomorrow"), ("data.seats", "front = 2\nback")]
}

/// An instant is chosen in the company's time; names and values are written a line each; what is neither is said in words.
pub(super) async fn instants_and_maps(site: Site) {
    reorganise(&site, &json!({ "zone": "Europe/Berlin" })).await;
    std::fs::write(site.folder().join("definitions").join("booking.yaml"), BOOKING).unwrap();
    site.admin().post("/v1/definitions/reload", &json!({})).await.is(200);
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let page = ann.get("/new/booking").await.is(200);
    let asked = page.text.split("id=\"data.begins\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(asked.contains("type=\"datetime-local\"") && asked.contains("In the time of Europe/Berlin."), "{asked}");
    let asked = page.text.split("<textarea id=\"data.seats\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(plain(asked).contains("One name = value a line, or JSON."), "{asked}");

    let page = sent(&mut ann, &page.form("/new/booking"), &wrong_both()).await.is(422);
    let told = plain(&page.text);
    assert!(told.contains("“back” has no name and value: write name = value."), "{told}");
    // What cannot be read hides nothing else that is wrong.
    assert!(told.contains("id=\"data.begins.help\"><b class=\"state over\">`tomorrow` is not an instant"), "{told}");
    assert!(!told.contains("there is no field") && !told.contains("is text:"), "{told}");
    let wrong = [("data.begins", "tomorrow"), ("data.seats", "front = two")];
    let page = sent(&mut ann, &page.form("/new/booking"), &wrong).await.is(422);
    let told = plain(&page.text);
    assert!(
        told.contains("`tomorrow` is not an instant: write an instant, such as") && !told.contains("offset"),
        "{told}"
    );
    assert!(told.contains("`two` is text: write a whole number") && told.contains("value=\"tomorrow\""), "{told}");

    let right = [("data.begins", "2026-07-02T10:30"), ("data.seats", "front = 2\nback = 1")];
    let page = sent(&mut ann, &page.form("/new/booking"), &right).await.is(200);
    let made = site.admin().get("/v1/instances?workflow=booking").await.is(200)["items"][0].clone();
    let subject = async || site.admin().get(&path(&text(&made["id"]))).await.is(200)["subject"].clone();
    let now = subject().await;
    assert_eq!((&now["begins"], &now["seats"]), (&json!("2026-07-02T08:30:00Z"), &json!({ "front": 2, "back": 1 })));
    // It stands in the form as it is written there.
    let told = plain(&page.text);
    assert!(told.contains("value=\"2026-07-02T10:30\"") && told.contains(">back = 1\nfront = 2</textarea>"), "{told}");
    assert!(told.contains(">back = 1, front = 2<"), "as among its facts: {told}");
    let place = format!("/instances/{}", text(&made["id"]));
    let wrong = ann.press(&form_of(&page, &place, "move"), ("sent", ""), &wrong_both()).await.is(422);
    let told = plain(&wrong.text);
    assert!(told.contains("“back” has no name and value") && told.contains("`tomorrow` is not an instant"), "{told}");
    let json = [("data.begins", "2026-07-02T10:30"), ("data.seats", "{ \"front\": 3 }")];
    ann.press(&form_of(&page, &place, "move"), ("sent", ""), &json).await.is(200);
    let now = subject().await;
    assert_eq!((&now["begins"], &now["seats"]), (&json!("2026-07-02T08:30:00Z"), &json!({ "front": 3 })));
    site.end().await;
}
