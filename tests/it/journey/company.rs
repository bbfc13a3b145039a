//! Orders of the sample company, and what "left as it was" means.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use serde_json::{Value, json};

/// Definitions beside the shipped ones.
pub(super) const DEFINITIONS: &[(&str, &str)] = &[
    ("pair.yaml", PAIR),
    ("alarm.yaml", ALARM),
    ("split.yaml", SPLIT),
    ("job.yaml", JOB),
    ("inspection.yaml", INSPECTION),
    ("badge.yaml", BADGE),
];

/// Two buyers decide together.
const PAIR: &str = "
workflow: pair
version: 1
subject: { name: paper, fields: { requester: person, amount: money, unit: text } }
start: draft
states:
  draft: { on: { submit: { by: paper.requester, to: review } } }
  review:
    approval:
      never: [requester]
      steps: [{ name: buyers, who: [{ role: buyer, unit_field: unit }], quorum: { count: 2 } }]
    on: { approved: { to: done }, rejected: { to: refused }, changes_requested: { to: draft } }
  done: { final: true }
  refused: { final: true }
";

/// Rings by itself.
const ALARM: &str = "
workflow: alarm
version: 1
subject: { name: alarm, fields: { requester: person } }
start: waiting
states:
  waiting:
    on: { stop: { to: stopped } }
    after: { in: 1s, to: rung }
  rung: { on: { stop: { to: stopped } } }
  stopped: { final: true }
";

/// Cannot be worked out where it is shared by nobody.
const SPLIT: &str = "
workflow: split
version: 1
subject: { name: bill, fields: { requester: person, people: int, each: int? } }
start: { to: open, by: anyone }
events: { share: { title: Share it } }
states:
  open: { on: { share: { by: bill.requester, set: { each: 12 / bill.people }, to: shared } } }
  shared: { final: true }
";

/// Is decided about while it is done.
const JOB: &str = "
workflow: job
version: 1
subject: { name: job, fields: { requester: person } }
start: running
events: { explain: { title: Explain, payload: { why: text? } }, came: {} }
states:
  running:
    parallel:
      goods:
        start: coming
        states:
          coming: { on: { came: { by: role(buyer), to: here } } }
          here: { final: true }
      decision:
        start: review
        states:
          review:
            approval: { steps: [{ name: manager, who: [{ manager: requester }] }] }
            on: { approved: { to: fine }, rejected: { to: fine }, changes_requested: { to: asked_back } }
          asked_back:
            title: To be explained
            on: { explain: { by: job.requester, to: review } }
          fine: { final: true }
    on: { done: { to: closed } }
  closed: { final: true }
";

/// Is answered with data, in ten days.
const INSPECTION: &str = "
workflow: inspection
version: 1
calendar: office
subject: { name: inspection, fields: { requester: person, floor: text, clean: bool? } }
start: { to: looked_at, by: anyone }
states:
  looked_at:
    task:
      who: [{ manager: requester }]
      due: 10 working days
      form:
        clean: { type: bool, title: Is it clean? }
        dust: { type: int?, title: Dust found, help: Count twice, min: 0, max: inspection.floor.size() * 2 }
        kind: { type: text?, options: [fine, coarse] }
        note: text?
    on: { done: { to: closed, set: { clean: event.clean } } }
  closed: { final: true }
";

/// Has a key that its definition makes.
const BADGE: &str = "
workflow: badge
version: 1
subject: { name: badge, fields: { requester: person, number: text, colour: text? } }
key: badge.number
start: { to: worn, by: anyone }
states:
  worn: { on: { give_back: { by: badge.requester, to: given_back } } }
  given_back: { final: true }
";

/// An order of two desks at this price.
pub(crate) fn order(requester: &str, price: &str) -> Value {
    let line = json!({ "item": "desk", "quantity": "2", "unit": "pcs", "price": price });
    json!({ "requester": requester, "supplier": "Acme", "unit": "it", "lines": [line] })
}

/// Starts an order; returns its id.
pub(crate) async fn draft(site: &Site, requester: &str, price: &str) -> String {
    let body = json!({ "input": order(requester, price) });
    let started = site.by(requester).post("/v1/workflows/purchase_order/instances", &body).await.is(201);
    text(&started["id"])
}

/// Starts an order and submits it; returns its id and its task.
pub(crate) async fn in_review(site: &Site, requester: &str, price: &str) -> (String, Value) {
    let id = draft(site, requester, price).await;
    let submitted = site.by(requester).signal(&id, "submit", &json!({})).await.is(200);
    assert_eq!(submitted["state"], "open.review");
    (id, submitted["tasks"][0].clone())
}

/// A vote for.
pub(crate) fn approve(step: &str) -> Value {
    json!({ "act": "approve", "step": step })
}

/// A JSON text as a `String`.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The path of an instance.
pub(crate) fn path(id: &str) -> String {
    format!("/v1/instances/{id}")
}

/// The instance, once it is in this state.
pub(crate) async fn until(site: &Site, id: &str, state: &str) -> Value {
    let since = Instant::now();
    loop {
        let whole = site.admin().get(&path(id)).await.is(200);
        if whole["state"] == state {
            return whole;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{id} waits for {state}: {whole}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The organisation changes.
pub(crate) async fn reorganise(site: &Site, change: &Value) {
    site.admin().patch("/v1/organisation", change).await.is(200);
}

/// Waits until the review has met the organisation.
pub(super) async fn settled(site: &Site, id: &str) {
    let since = Instant::now();
    loop {
        let now = site.admin().get(&path(id)).await.is(200);
        let organisation = site.admin().get("/v1/organisation").await.is(200)["revision"].clone();
        let last = history(site, id).await.pop().unwrap();
        if last["header"]["organisation"] == organisation || now["tasks"] == json!([]) {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "the review does not meet the organisation: {last}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All entries of an instance, page by page.
pub(crate) async fn history(site: &Site, id: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut next = Some(format!("{}/history?limit=3", path(id)));
    while let Some(page) = next {
        let page = site.admin().get(&page).await.is(200);
        entries.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    entries
}

/// An instance, its history and the size of the whole trail at one moment.
#[derive(Debug, PartialEq)]
pub(super) struct Image {
    instance: Value,
    history: Vec<Value>,
    entries: u64,
}

impl Image {
    pub(super) async fn of(site: &Site, id: &str) -> Self {
        let verified = site.admin().get("/v1/audit/verify").await.is(200);
        assert_eq!(verified["ok"], true, "{verified}");
        let instance = site.admin().get(&path(id)).await.is(200);
        Self { instance, history: history(site, id).await, entries: verified["entries"].as_u64().unwrap() }
    }

    /// All is as it was; the trail has grown by this many entries of the security stream.
    #[track_caller]
    pub(super) fn still(&self, now: &Self, security: u64) {
        assert_eq!((&self.instance, &self.history), (&now.instance, &now.history));
        assert_eq!(self.entries + security, now.entries, "entries of the security stream");
    }
}
