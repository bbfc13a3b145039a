//! The company that browsers visit: people with names, a workflow that is soon overdue, and documents to decide.

use fluxor_tests::browser::{Browser, Browsers, Scripts};
use fluxor_tests::server::Site;
use fluxor_tests::server::place::Place;
use fluxor_tests::server::visit::Visitor;
use serde_json::{Value, json};

use crate::journey::company::{order, reorganise, text};

/// Several are decided at once here: one step, and nothing else to say.
const TRAVEL: &str = "
workflow: travel
version: 1
title: Travel request
subject: { name: trip, fields: { requester: person, amount: money, destination: text, supplier: text? } }
start: draft
states:
  draft: { on: { submit: { by: trip.requester, to: review } } }
  review:
    title: In approval
    tags: [travel]
    approval:
      never: [requester]
      due: 1 hour
      steps: [{ name: manager, who: [{ manager: requester }] }]
    on: { approved: { to: booked }, rejected: { to: refused }, changes_requested: { to: draft } }
  booked: { final: true }
  refused: { final: true }
";

/// A SQLite site whose people have names.
pub(super) async fn site() -> Site {
    let site = Site::new(Place::sqlite(), &[("travel.yaml", TRAVEL)]).await;
    let named = |name: &str| json!({ "name": name, "email": format!("{}@example.com", &name[..3].to_lowercase()) });
    let change = json!({
        "contacts": {
            "ann": named("Ann Ahrens"), "bob": named("Bob Brückner"), "cyd": named("Cyd Castellanos"),
            "dan": named("Dan Dietrich"), "eve": named("Eve Eriksen"), "fay": named("Fay Farouk"), "hal": named("Hal Hofer"),
        },
        "units": [{ "id": "it", "roles": { "buyer": ["eve", "fay"], "finance": ["bob", "hal"] } }],
    });
    reorganise(&site, &change).await;
    site
}

/// A browser of somebody who has signed in.
pub(super) async fn come(browsers: &Browsers, site: &Site, who: &str, scripts: Scripts) -> Browser {
    let page = browsers.browser(&site.url, scripts).await;
    let visitor = Visitor::signed_in(site, who).await;
    page.with_session(visitor.cookie().unwrap()).await;
    page
}

/// A document in review.
#[derive(Clone, Debug)]
pub(super) struct Paper {
    /// Of the instance.
    pub(super) id: String,
    /// The page of its task.
    pub(super) place: String,
    /// The task, as it was answered.
    pub(super) task: Value,
}

impl Paper {
    /// How its row and its heading call it.
    pub(super) fn called(&self, workflow: &str) -> String {
        format!("{workflow} {}", self.id[self.id.len() - 8..].to_uppercase())
    }
}

async fn submitted(site: &Site, requester: &str, workflow: &str, input: &Value) -> Paper {
    let way = format!("/v1/workflows/{workflow}/instances");
    let started = site.by(requester).post(&way, &json!({ "input": input })).await.is(201);
    let id = text(&started["id"]);
    let answer = site.by(requester).signal(&id, "submit", &json!({})).await.is(200);
    let task = answer["tasks"][0].clone();
    Paper { place: format!("/tasks/{}", text(&task["id"])), id, task }
}

/// An order in review.
pub(super) async fn purchase(site: &Site, requester: &str, supplier: &str, price: &str) -> Paper {
    let mut input = order(requester, price);
    input["supplier"] = supplier.into();
    submitted(site, requester, "purchase_order", &input).await
}

/// A trip in review.
pub(super) async fn trip(site: &Site, requester: &str, to: &str, amount: &str) -> Paper {
    let input = json!({ "requester": requester, "amount": amount, "destination": to });
    submitted(site, requester, "travel", &input).await
}

/// Lets all trips wait for three days: the server is not there meanwhile.
pub(super) async fn three_days_pass(site: &mut Site) {
    const DAYS: &str = "3 * 86400000000";
    site.stop().await;
    let opened = "'$.review.steps[0].opened'";
    let statement = format!(
        "UPDATE task SET opened_at = opened_at - {DAYS},
         detail = json_set(detail, {opened}, json_extract(detail, {opened}) - {DAYS})
         WHERE instance IN (SELECT id FROM instance WHERE workflow = 'travel')"
    );
    assert!(site.place.sql(&statement).await > 0, "there are trips");
    site.start().await;
}

/// A supplier that is checked from three sides at once; its first task.
pub(super) async fn supplier(site: &Site, requester: &str, name: &str) -> Paper {
    let input = json!({ "requester": requester, "unit": "it", "name": name, "country": "AT",
        "code": name.to_lowercase().replace(' ', "-"), "iban": "AT611904300234573201", "spend": "24000.00 EUR" });
    submitted(site, requester, "supplier_onboarding", &input).await
}

/// Where a browser is, without the site.
pub(super) async fn at(page: &Browser, site: &Site) -> String {
    page.url().await.trim_start_matches(&site.url).to_owned()
}
