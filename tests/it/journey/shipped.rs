//! Every shipped definition, started and walked its main way by the people of the sample company, with what it leaves
//! behind: orders, the supplier's account, the budgets.

use std::collections::BTreeSet;
use std::fs;

use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_tests::server::visit::Visitor;
use fluxor_tests::server::{Site, definitions};
use serde_json::{Value, json};

use super::company::{approve, path, reorganise, text, until};

/// Who takes part.
const PEOPLE: [&str; 14] = [
    "anovak",
    "ckowalski",
    "dsommer",
    "ialbrecht",
    "ibecker",
    "kneumann",
    "lfrank",
    "mjansen",
    "mthomsen",
    "nwinter",
    "okruse",
    "rhansen",
    "tkoch",
    "hvogt",
];

/// The tables of the sample company that say who is there and what is allowed; its goods are no part of this.
const TABLES: [&str; 8] = ["budgets", "company", "locations", "people", "roles", "substitutes", "suppliers", "units"];

pub(super) async fn each_is_walked_by_the_people_of_the_sample_company(mut site: Site) {
    let shipped = settled_in(&mut site).await;
    ordered(&site).await;
    asked_for(&site).await;
    taken_on(&site).await;
    paid_elsewhere(&site).await;
    moved_money(&site).await;
    in_an_emergency(&site).await;
    a_move_is_bounded_as_the_arrow_is(&site).await;
    renewed(&site).await;
    others(&site).await;
    let instances = site.admin().get("/v1/instances?limit=200").await.is(200);
    let walked = instances["items"].as_array().unwrap().iter().map(|one| text(&one["workflow"]));
    assert_eq!(walked.collect::<BTreeSet<_>>(), shipped, "a shipped definition is left that nobody walks here");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// The sample company moves in, with all definitions; of these one is hurried: nobody waits five days for a test.
async fn settled_in(site: &mut Site) -> BTreeSet<String> {
    site.stop().await;
    let company = site.folder().join("company");
    fs::create_dir(&company).unwrap();
    for table in TABLES {
        let file = format!("{table}.csv");
        fs::copy(definitions().join("sample").join(&file), company.join(&file)).unwrap();
    }
    site.command(&["import", company.to_str().unwrap()]).await.done();
    let own = site.folder().join("definitions");
    fs::read_dir(&own).unwrap().for_each(|file| drop(fs::remove_file(file.unwrap().path())));
    let mut shipped = BTreeSet::new();
    for file in fs::read_dir(definitions()).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "yaml") {
            let source = fs::read_to_string(&file).unwrap().replace("now + 5 working days", "now + 1 second");
            fs::write(own.join(file.file_name().unwrap()), source).unwrap();
            shipped.insert(file.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    site.start().await;
    for person in PEOPLE {
        let made = site.admin().post("/v1/keys", &json!({ "person": person })).await.is(201);
        site.keys.insert(person.to_owned(), text(&made["secret"]));
    }
    shipped
}

async fn start(site: &Site, who: &str, workflow: &str, input: Value) -> String {
    let started =
        site.by(who).post(&format!("/v1/workflows/{workflow}/instances"), &json!({ "input": input })).await.is(201);
    text(&started["id"])
}

async fn signal(site: &Site, who: &str, id: &str, event: &str) -> Value {
    site.by(who).signal(id, event, &json!({})).await.is(200)
}

/// The task of a workflow that waits for somebody, once it does.
async fn waiting(site: &Site, who: &str, workflow: &str) -> Value {
    loop {
        let page = site.by(who).get("/v1/tasks").await.is(200);
        if let Some(task) = page["items"].as_array().unwrap().iter().find(|task| task["workflow"] == workflow) {
            return task.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn approved(site: &Site, who: &str, workflow: &str, step: &str) -> Value {
    let task = waiting(site, who, workflow).await;
    site.by(who).decide(&task, &approve(step)).await.is(200)
}

async fn given(site: &Site, who: &str, workflow: &str, data: Value) {
    let task = waiting(site, who, workflow).await;
    site.by(who).decide(&task, &json!({ "act": "complete", "data": data })).await.is(200);
}

fn lines(price: &str) -> Value {
    json!([{ "item": "pump", "quantity": "2", "unit": "pcs", "price": price }])
}

async fn ordered(site: &Site) {
    let input = json!({ "supplier": "blechmeyer", "unit": "purchasing", "lines": lines("50.00 EUR") });
    let id = start(site, "tkoch", "purchase_order", input).await;
    signal(site, "tkoch", &id, "submit").await;
    approved(site, "mjansen", "purchase_order", "manager").await;
    until(site, &id, "ordered").await;
    assert_eq!(signal(site, "tkoch", &id, "receive").await["state"], "received");
}

async fn asked_for(site: &Site) {
    let input = json!({ "amount": "200.00 EUR", "unit": "production", "urgent": false, "what": "a lamp" });
    let id = start(site, "anovak", "requisition", input).await;
    signal(site, "anovak", &id, "submit").await;
    approved(site, "rhansen", "requisition", "manager").await;
    assert_eq!(signal(site, "ckowalski", &id, "bought").await["state"], "done");
}

async fn taken_on(site: &Site) {
    let iban = "DE89370400440532013000";
    let input = json!({ "unit": "production", "code": "neuwerk", "name": "Neuwerk", "country": "DE", "iban": iban,
        "spend": "5000.00 EUR" });
    let mut taken = input.clone();
    taken["code"] = json!("blechmeyer");
    let other = start(site, "anovak", "supplier_onboarding", taken).await;
    site.by("anovak").signal(&other, "submit", &json!({})).await.refused(409, "supplier_exists");
    signal(site, "anovak", &other, "withdraw").await;
    let id = start(site, "anovak", "supplier_onboarding", input).await;
    signal(site, "anovak", &id, "submit").await;
    given(site, "ibecker", "supplier_onboarding", json!({ "tax_id": "DE123456" })).await;
    given(site, "ckowalski", "supplier_onboarding", json!({ "rating": 1 })).await;
    given(site, "kneumann", "bank_details_check", json!({ "confirmed": true, "confirmed_by": "Ms Neu" })).await;
    site.admin().get("/v1/suppliers/neuwerk").await.refused(404, "not_found");
    // Who approves reads what the rating means, as who rated did.
    let task = waiting(site, "rhansen", "supplier_onboarding").await;
    let page = Visitor::signed_in(site, "rhansen").await.get(&format!("/tasks/{}", text(&task["id"]))).await.is(200);
    for part in [
        "<dt>Rating, from 1 (best) to 5 (worst)</dt><dd>1 <small>How sound its finances are.",
        "<dt>Spend in a year</dt>",
    ] {
        assert!(page.has(part), "{part}: {}", page.text);
    }
    approved(site, "rhansen", "supplier_onboarding", "manager").await;
    until(site, &id, "approved_supplier").await;
    let record = site.admin().get("/v1/suppliers/neuwerk").await.is(200);
    assert_eq!(record["account"], json!({ "iban": iban, "holder": "Neuwerk" }));
    assert_eq!((&record["active"], &record["approved"]), (&json!(true), &json!(true)));
    let own = json!({ "code": "own", "name": "Own" });
    site.admin().post("/v1/records/supplier/own/record_supplier", &own).await.refused(409, "action_failed");
}

/// Rung back, approved by two more, cooled off: then, and no other way, the supplier's record has the account.
async fn paid_elsewhere(site: &Site) {
    const SUPPLIER: &str = "/v1/suppliers/blechmeyer";
    let account = json!({ "iban": "DE02 1203 0000 0000 2020 51", "account_holder": "Blechmeyer GmbH" });
    let past = site.admin().post("/v1/records/supplier/blechmeyer/set_supplier", &account).await.is(422);
    assert!(text(&past["detail"]).contains("through the workflow `bank_details_change`: start one"), "{past}");
    let alone = site.admin().post("/v1/records/supplier/blechmeyer/change_bank_details", &json!({})).await;
    assert!(text(&alone.refused(409, "action_failed")["detail"]).ends_with("start its workflow"));
    let input = json!({ "unit": "purchasing", "supplier": "blechmeyer", "iban": "DE02 1203 0000 0000 2020 51",
        "holder": "Blechmeyer GmbH", "note": "By letter" });
    let id = start(site, "anovak", "bank_details_change", input).await;
    given(site, "ibecker", "bank_details_check", json!({ "confirmed": true, "confirmed_by": "Mr Blech" })).await;
    let task = waiting(site, "mjansen", "bank_details_change").await;
    site.by("ibecker").decide(&task, &approve("finance")).await.refused(403, "excluded");
    approved(site, "mjansen", "bank_details_change", "buyers").await;
    assert_eq!(site.admin().get(SUPPLIER).await.is(200)["account"], Value::Null);
    approved(site, "kneumann", "bank_details_change", "finance").await;
    until(site, &id, "changed").await;
    let account = |iban: &str| json!({ "iban": iban, "holder": "Blechmeyer GmbH" });
    assert_eq!(site.admin().get(SUPPLIER).await.is(200)["account"], account("DE02120300000000202051"));
    assert_eq!(site.by("anovak").get(SUPPLIER).await.is(200)["account"], account("DE02…2051"));
    let list = site.admin().get("/v1/suppliers?after=alutrave&limit=1").await.is(200);
    assert_eq!(list["items"][0]["account"], account("DE02…2051"));
    site.anonymous().get(SUPPLIER).await.refused(401, "unauthenticated");
    site.admin().get("/v1/suppliers/nobody").await.refused(404, "not_found");
}

/// Both budgets change in one step.
async fn moved_money(site: &Site) {
    let input = json!({ "kind": "move", "unit": "lab", "from_unit": "office", "amount": "1000.00 EUR" });
    start(site, "nwinter", "budget_change", input).await;
    // What would become of both budgets is said in words, where it waits and on its page.
    let mut giver = Visitor::signed_in(site, "kneumann").await;
    let inbox = giver.get("/inbox").await.is(200);
    let said = "Move 1,000.00 EUR from the budget of office to that of lab: office from 25,000.00 EUR to 24,000.00 EUR, lab \
                from 20,000.00 EUR to 21,000.00 EUR";
    assert!(inbox.has(said), "{}", inbox.text);
    let task = waiting(site, "kneumann", "budget_change").await;
    let page = giver.get(&format!("/tasks/{}", text(&task["id"]))).await.is(200);
    for part in [&format!("<dt>What it would change</dt><dd>{said}")[..], "<dt>Share in %</dt><dd>4 <small>How much of"]
    {
        assert!(page.has(part), "{part}: {}", page.text);
    }
    approved(site, "kneumann", "budget_change", "giver").await;
    assert_eq!(approved(site, "mthomsen", "budget_change", "owner").await["state"], "changed");
    for (unit, amount) in [("lab", 210_000_000), ("office", 240_000_000)] {
        let count = format!("SELECT COUNT(*) FROM budget WHERE unit = '{unit}' AND amount = {amount}");
        assert_eq!(site.place.count(&count).await, 1, "{unit}");
    }
}

/// What has only some values is chosen on a page; another value is refused at the start.
async fn kinds_are_chosen(site: &Site, input: &Value) {
    let mut okruse = Visitor::signed_in(site, "okruse").await;
    for (workflow, kind) in [("emergency_purchase", "supply_stop\">Supply stop"), ("budget_change", "move\">Move")] {
        let page = okruse.get(&format!("/new/{workflow}")).await.is(200);
        let shown = page.text.split("<select id=\"data.kind\"").nth(1).unwrap().split("</select>").next().unwrap();
        let shown = shown.replace(" >", ">");
        assert!(shown.contains("<option value=\"\"></option>") && shown.contains(kind), "{shown}");
    }
    let mut wrong = input.clone();
    wrong["kind"] = json!("braekdown");
    let place = "/v1/workflows/emergency_purchase/instances";
    let refused = site.by("okruse").post(place, &json!({ "input": wrong })).await.refused(422, "invalid_order");
    assert!(text(&refused["detail"]).contains("Did you mean `breakdown`?"), "{refused}");
}

/// The order is out, with its number, before anybody has approved it.
async fn in_an_emergency(site: &Site) {
    let input = json!({ "supplier": "blechmeyer", "unit": "production", "kind": "breakdown",
        "reason": "The press stands still", "lines": lines("2000.00 EUR") });
    kinds_are_chosen(site, &input).await;
    let id = start(site, "okruse", "emergency_purchase", input).await;
    signal(site, "okruse", &id, "order").await;
    let mut whole = site.admin().get(&path(&id)).await.is(200);
    while whole["inside"][0] != "running.goods.ordered" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        whole = site.admin().get(&path(&id)).await.is(200);
    }
    assert_eq!(whole["inside"][1], "running.decision.review");
    assert!(text(&whole["subject"]["number"]).starts_with("PO-"), "{whole}");
    let order = async || site.admin().get(&format!("/v1/orders/{id}")).await.is(200);
    assert_eq!((&order().await["status"], &order().await["amount"]), (&json!("ordered"), &json!("4000.00 EUR")));
    approved(site, "mthomsen", "emergency_purchase", "manager").await;
    approved(site, "ibecker", "emergency_purchase", "finance").await;
    assert_eq!(signal(site, "okruse", &id, "receive").await["state"], "closed");
    assert_eq!(order().await["status"], "received");
}

/// Whoever is moved to where an order goes out is held to the same bound as whoever orders.
async fn a_move_is_bounded_as_the_arrow_is(site: &Site) {
    let input = json!({ "supplier": "blechmeyer", "unit": "production", "kind": "breakdown",
        "reason": "The press stands still", "lines": lines("400000.00 EUR") });
    let id = start(site, "okruse", "emergency_purchase", input).await;
    site.by("okruse").signal(&id, "order", &json!({})).await.refused(409, "over_emergency_bound");
    let repairs = format!("{}/repairs", path(&id));
    for (to, code) in [("running", "over_emergency_bound"), ("not_approved", "order_not_issued")] {
        let moved = json!({ "repair": "move", "to": to, "reason": "it is urgent" });
        site.admin().post(&repairs, &moved).await.refused(409, code);
    }
}

/// It is late: the owner is asked at once.
async fn renewed(site: &Site) {
    let today = SystemClock.now().to_jiff().unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |days: i64| today.saturating_add(jiff::Span::new().days(days)).to_string();
    let input = json!({ "owner": "ialbrecht", "unit": "purchasing", "number": "C-17", "supplier": "kartonfabrik",
        "what": "Boxes", "value": "4000.00 EUR", "ends_on": day(60), "notice_by": day(20) });
    let id = start(site, "tkoch", "contract_renewal", input).await;
    until(site, &id, "open.deciding").await;
    let next = json!({ "decision": "renew", "value": "4100.00 EUR", "ends_on": day(425), "notice_by": day(385) });
    given(site, "ialbrecht", "contract_renewal", next).await;
    assert_eq!(approved(site, "mthomsen", "contract_renewal", "manager").await["state"], "running");
    let whole = until(site, &id, "running").await;
    assert_eq!((&whole["subject"]["value"], &whole["subject"]["ends_on"]), (&json!("4100.00 EUR"), &json!(day(425))));
}

/// A reorder run that finds nothing short, an order from elsewhere, and a change of the organisation.
async fn others(site: &Site) {
    let run = start(site, "lfrank", "reorder_run", json!({ "unit": "purchasing" })).await;
    until(site, &run, "done").await;
    let input = json!({ "supplier": "blechmeyer", "unit": "purchasing", "number": "4711", "lines": lines("1.00 EUR") });
    let old = start(site, "dsommer", "imported_order", input).await;
    assert_eq!(signal(site, "dsommer", &old, "receive").await["state"], "closed");
    reorganise(site, &json!({ "approval": "organisation_change" })).await;
    let input = json!({ "patch": { "people": [{ "id": "anovak", "manager": "bmoreau" }] } });
    let id = start(site, "tkoch", "organisation_change", input).await;
    approved(site, "dsommer", "organisation_change", "administrators").await;
    until(site, &id, "changed").await;
}
