//! Every page, in every state that is worth seeing, on every kind of screen.

use fluxor_tests::browser::Find::{Button, Css};
use fluxor_tests::browser::gallery::{gallery, scene};
use fluxor_tests::browser::weight::weigh;
use fluxor_tests::browser::{Browser, Browsers, Scripts};
use fluxor_tests::server::Site;
use serde_json::json;

use super::scene::{Paper, come, purchase, site, supplier, three_days_pass, trip};
use crate::journey::company::{approve, draft, order, reorganise};

/// What scripts and styles of a page may weigh, in bytes as they come over the network.
const BUDGET: u64 = 25_000;

/// Twelve rows of three workflows for bob, some of them overdue; the order that is looked at.
async fn full(site: &Site) -> Paper {
    let first = purchase(site, "ann", "Acme", "400.00 EUR").await;
    for (name, price) in [
        ("Bergmann & Söhne GmbH", "89.90 EUR"),
        ("Contoso Office Supplies International", "4000.00 EUR"),
        ("Dunder", "120.00 EUR"),
        ("Elbe Papier", "35.50 EUR"),
        ("Fjord Möbler A/S", "9250.00 EUR"),
        ("Globex", "1.20 EUR"),
    ] {
        purchase(site, "ann", name, price).await;
    }
    for (to, amount) in [("Lisbon", "740.00 EUR"), ("Oslo", "1310.50 EUR"), ("Wien", "212.00 EUR")] {
        trip(site, "ann", to, amount).await;
    }
    supplier(site, "ann", "Hooli").await;
    first
}

/// An order with a history: questions, an edit, a vote; waits for the buyers now.
async fn storied(site: &Site) -> Paper {
    let paper = purchase(site, "ann", "Initech", "4000.00 EUR").await;
    let ask = json!({ "act": "ask", "step": "manager", "reason": "Do we need two of them?\nThe old ones are from last year." });
    site.by("bob").decide(&paper.task, &ask).await.is(200);
    let lines = json!([{ "line": 1, "item": "desk", "quantity": "3", "unit": "pcs", "price": "3999.90 EUR" }]);
    let edit =
        json!({ "payload": { "lines": lines, "note": "The offer of March; they give 3 % if we pay within 14 days." } });
    site.by("ann").signal(&paper.id, "edit", &edit).await.is(200);
    let task = site.by("bob").get(&format!("/v1{}", paper.place)).await.is(200);
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    paper
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_an_approver() {
    let Some(browsers) = Browsers::start().await else { return };
    let mut site = site().await;
    let paper = full(&site).await;
    three_days_pass(&mut site).await;
    let story = storied(&site).await;
    let away =
        json!({ "person": "bob", "substitute": "cyd", "from": "2026-01-01", "until": "2999-01-01", "note": "Skiing" });
    site.by("ann").post("/v1/absences", &json!({ "person": "ann", "substitute": "hal" })).await;
    site.by("bob").post("/v1/absences", &away).await.is(201);
    let bob = come(&browsers, &site, "bob", Scripts::On).await;
    bob.open("/inbox").await;
    let weight = weigh(&bob).await;
    assert!(weight.files == 2 && weight.style > 0 && weight.script > 0 && weight.bytes() <= BUDGET, "{weight:?}");
    bob.expect_complaint("status of 404");
    gallery(
        &bob,
        "approver",
        &[
            ("inbox", "/inbox"),
            ("found", "/inbox?q=bergmann"),
            ("not-found", "/inbox?q=nothing+like+it"),
            ("people", "/inbox?view=people"),
            ("task", &paper.place),
            ("story", &story.place),
            ("away", "/away"),
            ("account", "/account"),
            ("nothing-asked", "/requests"),
            ("no-such-task", "/tasks/01890a5d-ac96-774b-bcce-b302099a8057.1"),
        ],
    )
    .await;
    bob.close().await;
    let eve = come(&browsers, &site, "eve", Scripts::On).await;
    gallery(&eve, "buyer", &[("inbox", "/inbox"), ("story", &story.place)]).await;
    eve.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_requester() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let (story, check) = (storied(&site).await, supplier(&site, "ann", "Hooli").await);
    let draft = draft(&site, "ann", "400.00 EUR").await;
    let decided = trip(&site, "ann", "Lisbon", "740.00 EUR").await;
    let no = json!({ "act": "reject", "step": "manager", "reason": "Next year." });
    site.by("bob").decide(&decided.task, &no).await.is(200);
    // Whoever has no manager is asked for by nobody.
    let incident = purchase(&site, "dan", "Acme", "400.00 EUR").await;
    // A key is as long as somebody makes it, and need have no place to break.
    let body = json!({ "key": "k".repeat(90), "input": order("ann", "400.00 EUR") });
    let keyed = site.by("ann").post("/v1/workflows/purchase_order/instances", &body).await.is(201);
    let ann = come(&browsers, &site, "ann", Scripts::On).await;
    gallery(
        &ann,
        "requester",
        &[
            ("long-key", &format!("/instances/{}", keyed["id"].as_str().unwrap())),
            ("inbox", "/inbox"),
            ("requests", "/requests"),
            ("task", &story.place),
            ("draft", &format!("/instances/{draft}")),
            ("decided", &decided.place),
            ("incident", &format!("/instances/{}", incident.id)),
            ("parallel", &format!("/instances/{}", check.id)),
        ],
    )
    .await;
    ann.close().await;
    site.end().await;
}

/// Forms that were filled in, refused, or overtaken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_with_something_typed() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let (paper, check) = (purchase(&site, "ann", "Acme", "400.00 EUR").await, supplier(&site, "ann", "Hooli").await);
    let bob = come(&browsers, &site, "bob", Scripts::On).await;
    for status in ["404", "412", "422"] {
        bob.expect_complaint(&format!("status of {status}"));
    }
    let tasks = site.by("bob").get("/v1/tasks").await.is(200);
    let tax = tasks["items"].as_array().unwrap().iter().find(|task| {
        task["instance"] == *check.id && task["state"].as_str().is_some_and(|state| state.contains("tax"))
    });
    let tax = format!("/tasks/{}", tax.unwrap_or_else(|| panic!("{tasks}"))["id"].as_str().unwrap());
    gallery(&bob, "forms", &[("form", &tax)]).await;
    scene(&bob, "form-refused", "form", async |page| {
        page.open(&tax).await;
        page.fill(Css("input[name='data.tax_id']"), "12").await;
        page.click(Button("Done")).await;
        page.wait_for("what is wrong", async |page| page.exists(Css("[aria-invalid=true]")).await).await;
    })
    .await;
    let mut price = 400;
    let prices = std::sync::Mutex::new(&mut price);
    scene(&bob, "changed", "task", async |page| {
        page.open(&paper.place).await;
        let now = {
            let mut price = prices.lock().unwrap();
            **price += 10;
            format!("{price}.00 EUR")
        };
        let lines = json!([{ "line": 1, "item": "desk", "quantity": "2", "unit": "pcs", "price": now }]);
        let edit = site.by("ann").signal(&paper.id, "edit", &json!({ "payload": { "lines": lines } })).await;
        edit.is(200);
        page.fill(Css("#reason"), "As offered").await;
        page.click(Button("Approve")).await;
        page.wait_for("what is other", async |page| page.exists(Css("ins")).await).await;
    })
    .await;
    bob.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_whoever_is_not_in() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let page: Browser = browsers.browser(&site.url, Scripts::On).await;
    let (fresh, used) = (site.link("hal", false).await, site.link("hal", false).await);
    let place = |link: &str| link.strip_prefix(&site.url).unwrap().to_owned();
    page.open(&place(&used)).await;
    page.click(Button("Sign in")).await;
    page.wait_for("the inbox", async |page| page.title().await == "Inbox · Fluxor").await;
    page.click(Button("Sign out")).await;
    page.wait_for("the way in", async |page| page.title().await == "Sign in · Fluxor").await;
    page.expect_complaint("status of 401");
    let pages = [("sign-in", "/sign-in"), ("confirm", &*place(&fresh)), ("used-link", &*place(&used))];
    gallery(&page, "outside", &pages).await;
    page.close().await;

    let hal = come(&browsers, &site, "hal", Scripts::On).await;
    reorganise(&site, &json!({ "people": [{ "id": "hal", "active": false }] })).await;
    hal.expect_complaint("status of 403");
    gallery(&hal, "gone", &[("forbidden", "/inbox")]).await;
    hal.close().await;
    site.end().await;
}
