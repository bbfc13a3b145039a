//! An engine in memory with the shipped definitions, a clock that is moved by hand, and mail as the options say.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::clock::{ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::commit::OutboxRow;
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{Digest, InstanceId, TenantId};
use fluxor_engine::instance::{Document, Instance};
use fluxor_engine::runtime::{Engine, Options, Sink, Undelivered};
use fluxor_engine::store::{self, AnyStore, Store as _};
use fluxor_workflows::{MIGRATIONS, Procurement};
use serde_json::{Value, json};

use super::super::{Mail, Press};
use crate::config::Config;
use crate::desk::{Desk, Office};

const TENANT: TenantId = TenantId(1);

/// A task that is an incident after an hour.
const PAPER: &str = "
workflow: paper
version: 1
subject: { name: paper, fields: { requester: person } }
start: review
states:
  review:
    approval:
      steps: [{ name: manager, who: [{ manager: requester }], late: [{ after: 1 hour, do: incident }] }]
    on:
      approved: { to: done }
      rejected: { to: done }
      changes_requested: { to: done }
      stop: { by: anyone, reason: required, to: stopped }
    after: { in: 60 days, to: lapsed }
  done: { final: true }
  stopped: { title: Called off, final: failed }
  lapsed: { title: Left lying, final: true }
";

/// A task with two steps at once, both for the same.
const TWICE: &str = "
workflow: twice
version: 1
subject:
  name: twice
  about: purpose
  fields:
    requester: person
    purpose: text?
    rating: { type: int?, title: Rating, help: 1 is best. }
    spend: { type: money?, help: In a year. }
    urgent: { type: bool?, title: Urgent }
    day: { type: date?, title: Day }
    at: { type: timestamp?, title: When }
    tags: { type: 'list(text)?', title: Tags }
start: review
states:
  review:
    approval:
      steps:
        - { name: manager, who: [{ manager: requester }] }
        - { name: owner, who: [{ person: [bob] }] }
    on: { approved: { to: done }, rejected: { to: done }, changes_requested: { to: done } }
  done: { final: true }
";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

pub(super) struct Site {
    engine: Engine<Procurement, AnyStore<Procurement>>,
    pub(super) clock: Arc<ManualClock>,
    mail: Arc<Mail>,
    _desk: Arc<dyn Desk>,
    instance: Option<InstanceId>,
    count: u32,
}

fn document(value: Value) -> Document {
    value.as_object().unwrap().clone()
}

impl Site {
    pub(super) async fn new(options: &[&str]) -> Self {
        let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
        let config = Line::try_parse_from([&["fluxor"], options].concat()).unwrap().config;
        let config = Config { definitions: Some(definitions.clone()), ..config };
        let domain = Arc::new(Procurement::new());
        let source = std::fs::read_to_string(definitions.join("purchase_order.yaml")).unwrap();
        let files = vec![
            ("po".to_owned(), source),
            ("paper".to_owned(), PAPER.to_owned()),
            ("twice".to_owned(), TWICE.to_owned()),
        ];
        let (library, _) = Library::load(files, domain.vocabulary()).unwrap();
        let press = Arc::new(Press::new(&config, &library).unwrap());
        let mail = Mail::new(&config, press.clone()).unwrap().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-03-02T09:00:00Z").unwrap()));
        let options = Options {
            sinks: vec![(fluxor_engine::effect::NOTICES.into(), mail.clone() as Arc<dyn Sink>)],
            database_clock: false,
            seed: Some(1),
            drive: false,
            ..Options::default()
        };
        let store = AnyStore::open(domain.clone(), "memory:", MIGRATIONS, &store::Options::default()).await.unwrap();
        let engine = Engine::start(domain, store, library, clock.clone(), options).await.unwrap();
        let desk: Arc<dyn Desk> = Arc::new(Office(engine.clone(), None));
        press.ask(&desk);
        let mut site = Self { engine, clock, mail, _desk: desk, instance: None, count: 0 };
        let contact = |name: &str| json!({ "name": name, "email": format!("{}@example.com", name.to_lowercase()) });
        site.organisation(json!({
            "zone": "Europe/Berlin",
            "people": [{ "id": "ann", "manager": "bob" }, { "id": "bob", "manager": "cyd" }, { "id": "cyd" }],
            "contacts": { "ann": contact("Ann"), "bob": contact("Bob"), "cyd": contact("Cyd") },
        }))
        .await;
        site
    }

    async fn submit(&mut self, person: Option<&str>, verb: Verb) -> fluxor_engine::command::Answer {
        self.count += 1;
        let actor = person.map_or(Actor::System, |person| Actor::Person {
            id: person.into(),
            via: "test".into(),
            administrator: false,
        });
        let request = format!("test-{}", self.count);
        let request_hash = Digest::of(&request);
        let command = Command { tenant: TENANT, request: request.as_str().into(), request_hash, actor, verb };
        self.engine.submit(command).await.unwrap().answer
    }

    pub(super) async fn organisation(&mut self, patch: Value) {
        self.submit(None, Verb::Change(Change::Organisation { patch: document(patch), basis: Basis::Direct })).await;
    }

    /// An order of 200 EUR that Ann submits: her manager, Bob, is asked.
    pub(super) async fn in_review(&mut self) {
        let line = json!({ "item": "desk", "quantity": "2", "unit": "pcs", "price": "100.00 EUR" });
        let input = document(json!({ "requester": "ann", "supplier": "Acme", "lines": [line] }));
        let start = Verb::Start { workflow: "purchase_order".into(), key: None, input };
        let instance = self.submit(Some("ann"), start).await.instance.unwrap();
        self.instance = Some(instance);
        let (event, payload) = ("submit".into(), Document::new());
        let submit = Verb::Signal { instance, event, payload, reason: None, state_revision: None };
        self.submit(Some("ann"), submit).await;
    }

    /// Does something about the first task of the instance.
    pub(super) async fn act(&mut self, person: &str, act: Act) {
        let task = self.instance().await.tasks[0].clone();
        self.submit(Some(person), Verb::Decide { task: task.id, etag: Some(task.etag()), act }).await;
    }

    /// Says how somebody wants to be written to.
    pub(super) async fn prefer(&mut self, person: &str, wishes: Value) {
        let params = document(json!({ "document": wishes }));
        let (kind, action) = ("preference".into(), "set_preference".into());
        self.submit(Some(person), Verb::Change(Change::Record { kind, key: person.into(), action, params })).await;
    }

    /// Sets the templates of the company.
    pub(super) async fn templates(&mut self, templates: Value) {
        let params = document(json!({ "document": templates }));
        let (kind, action) = ("setting".into(), "set_setting".into());
        self.submit(None, Verb::Change(Change::Record { kind, key: "mail_templates".into(), action, params })).await;
    }

    /// Sends the digests that are due; how many.
    pub(super) async fn digests(&self) -> usize {
        self.mail.press.forget();
        self.mail.digests(self.clock_now()).await.unwrap()
    }

    pub(super) fn press(&self) -> &Press {
        &self.mail.press
    }

    /// A paper of Ann's, for which Bob is asked.
    pub(super) async fn paper(&mut self) {
        let start = Verb::Start { workflow: "paper".into(), key: None, input: Document::new() };
        self.instance = self.submit(Some("ann"), start).await.instance;
    }

    /// Calls the paper off.
    pub(super) async fn stop(&mut self, person: &str, reason: &str) {
        let (instance, reason) = (self.instance.unwrap(), Some(reason.to_owned()));
        let (event, payload) = ("stop".into(), Document::new());
        self.submit(Some(person), Verb::Signal { instance, event, payload, reason, state_revision: None }).await;
    }

    /// The same with two steps, in both of which Bob is asked.
    pub(super) async fn twice(&mut self) {
        let input = document(json!({
            "purpose": "A new one", "rating": 2, "spend": "1200 EUR", "urgent": false, "day": "2026-12-24",
            "at": "2026-12-01T09:00:00Z", "tags": ["a", "b"],
        }));
        let start = Verb::Start { workflow: "twice".into(), key: None, input };
        self.instance = self.submit(Some("ann"), start).await.instance;
    }

    pub(super) async fn decide(&mut self, person: &str, act: &str, reason: Option<&str>) {
        let task = self.instance().await.tasks[0].clone();
        let ballot = Ballot { step: "manager".into(), reason: reason.map(Into::into), ..Ballot::default() };
        let act = if act == "approve" { Act::Approve(ballot) } else { Act::Reject(ballot) };
        self.submit(Some(person), Verb::Decide { task: task.id, etag: Some(task.etag()), act }).await;
    }

    pub(super) async fn instance(&self) -> Instance {
        self.engine.store().instance(TENANT, self.instance.unwrap()).await.unwrap().unwrap()
    }

    /// Sends what may be sent now, and takes in what came of it.
    pub(super) async fn drive(&self) {
        // What the directory remembers of the organisation is forgotten soon; a test does not wait for it.
        self.mail.press.forget();
        while self.engine.drive_once().await.unwrap() > 0 {}
    }

    /// How many mails are still to go out, whenever.
    pub(super) async fn waiting(&self) -> usize {
        let later = self.clock_now().plus_micros(1 << 50);
        self.engine.store().claim(later, later, 100).await.unwrap().len()
    }

    fn clock_now(&self) -> Timestamp {
        use fluxor_engine::clock::Clock as _;
        self.clock.now()
    }

    pub(super) async fn deliver(&self, row: &OutboxRow) -> Result<(), Undelivered> {
        tokio::time::timeout(Duration::from_secs(20), self.mail.deliver(row)).await.unwrap().map(drop)
    }
}

/// A notice as it stands in the outbox.
pub(super) fn row() -> OutboxRow {
    let payload = json!({
        "notice": { "kind": "rejected", "task": 1, "people": ["ann"], "reason": "no" },
        "at": "2026-03-02T09:00:00Z", "by": "bob", "workflow": "purchase_order", "title": "Purchase order",
        "state": "rejected", "subject": { "requester": "ann", "amount": "200.00 EUR", "supplier": "Acmé" },
    });
    OutboxRow {
        tenant: TENANT,
        id: uuid::Uuid::from_u128(7),
        instance: InstanceId(uuid::Uuid::from_u128(8)),
        destination: fluxor_engine::effect::NOTICES.into(),
        seq: 3,
        payload: payload.to_string(),
        times: 1,
        from: 0,
        to: 0,
        sent_event: None,
        next_at: Timestamp::from_micros(0),
    }
}
