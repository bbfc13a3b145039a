//! The engine as it takes the message that changes the organisation: once, whatever happens on the way.

use std::sync::Arc;

use fluxor_engine::clock::{Clock as _, ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::commit::OutboxRow;
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{Digest, InstanceId, StreamId, TaskId, TenantId};
use fluxor_engine::instance::{Document, Instance};
use fluxor_engine::runtime::{Engine, NotDone, Options, Submitted};
use fluxor_engine::store::{MemoryStore, Store};
use fluxor_workflows::Procurement;
use serde_json::{Value as Json, json};

const TENANT: TenantId = TenantId(7);

/// The workflow, another that sends the same message without being the one that approves, and one that never does.
const FILES: [(&str, &str); 3] = [
    ("organisation_change.yaml", include_str!("../../definitions/organisation_change.yaml")),
    ("past.yaml", PAST),
    ("idle.yaml", IDLE),
];

const IDLE: &str = "
workflow: idle
version: 1
subject: organisation_change
start: { to: over, do: [propose_organisation_change] }
states: { over: { final: true } }
";

const PAST: &str = "
workflow: past
version: 1
subject: organisation_change
start: { to: sending, do: [propose_organisation_change] }
events: { answered: { payload: { revision: int?, refused: text? } } }
states:
  sending:
    send: change_organisation
    on: { answered: { to: over, set: { refused: event.refused, revision: event.revision } } }
  over: { final: true }
";

struct House {
    engine: Engine<Procurement, MemoryStore<Procurement>>,
    clock: Arc<ManualClock>,
    count: u32,
}

fn object(json: Json) -> Document {
    json.as_object().cloned().unwrap()
}

impl House {
    /// No sink at all: the message goes to the engine.
    async fn new() -> Self {
        let domain = Arc::new(Procurement::new());
        let sources = FILES.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
        let (library, _) = Library::load(sources, domain.vocabulary()).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-03-02T08:00:00Z").unwrap()));
        let options = Options { seed: Some(1), database_clock: false, drive: false, ..Options::default() };
        let store = MemoryStore::new(domain.clone());
        let engine = Engine::start(domain, store, library, clock.clone(), options).await.unwrap();
        let mut house = Self { engine, clock, count: 0 };
        let people = json!([{ "id": "ann", "manager": "bob" }, { "id": "bob" }, { "id": "cyd" }, { "id": "dan" }]);
        let units = json!([{ "id": "it", "roles": { "administrator": ["cyd"] } }]);
        let patch = object(json!({ "people": people, "units": units, "approval": "organisation_change" }));
        house.submit("", Verb::Change(Change::Organisation { patch, basis: Basis::Direct })).await.unwrap();
        house
    }

    async fn submit(&mut self, by: &str, verb: Verb) -> Result<Submitted, NotDone> {
        self.count += 1;
        let actor = match by {
            "" => Actor::System,
            id => Actor::Person { id: id.into(), via: "test".into(), administrator: true },
        };
        let request = format!("r{}", self.count).into();
        let request_hash = Digest::of(format!("{by} {verb:?}"));
        self.engine.submit(Command { tenant: TENANT, request, request_hash, actor, verb }).await
    }

    async fn started(&mut self, workflow: &str, patch: Json) -> InstanceId {
        let verb = Verb::Start { workflow: workflow.into(), key: None, input: object(json!({ "patch": patch })) };
        self.submit("ann", verb).await.unwrap().answer.instance.unwrap()
    }

    /// A proposal that is approved and not applied yet: its instance and its message.
    async fn approved(&mut self, patch: Json) -> (InstanceId, OutboxRow) {
        let id = self.started("organisation_change", patch).await;
        let task = TaskId { instance: id, ordinal: 1 };
        let etag = Some(self.engine.task(TENANT, task).await.unwrap().etag);
        let act = serde_json::from_value(json!({ "do": "approve", "step": "administrators" })).unwrap();
        self.submit("cyd", Verb::Decide { task, etag, act }).await.unwrap();
        // Claimed and left: it may be claimed again at once.
        let now = self.clock.now();
        let claimed = self.engine.store().claim(now, now, 99).await.unwrap();
        let row = claimed.into_iter().map(|claimed| claimed.row).find(|row| row.instance == id);
        (id, row.expect("the message is written although nobody listens"))
    }

    async fn drive(&self) {
        while self.engine.drive_once().await.unwrap() > 0 {}
    }

    async fn instance(&self, id: InstanceId) -> Instance {
        self.engine.store().instance(TENANT, id).await.unwrap().unwrap()
    }

    async fn revision(&self) -> i64 {
        self.engine.store().revision(TENANT).await.unwrap()
    }

    /// The command that a server made of the message before it was killed: the answer has not reached the instance.
    fn as_delivered(&self, row: &OutboxRow, workflow: &str) -> Command {
        let mut payload: Document = serde_json::from_str(&row.payload).unwrap();
        let mut part = |name: &str| payload.remove(name).unwrap().as_object().cloned().unwrap();
        let (patch, found) = (part("patch"), part("found"));
        let basis = Basis::Approved { instance: row.instance, workflow: workflow.into(), found };
        Command {
            tenant: TENANT,
            request: format!("delivery:{}", row.id).into(),
            request_hash: Digest::of(&row.payload),
            actor: Actor::Message,
            verb: Verb::Change(Change::Organisation { patch, basis }),
        }
    }
}

#[tokio::test]
async fn a_message_that_comes_again_is_applied_once() {
    let mut house = House::new().await;
    let (id, row) = house.approved(json!({ "people": [{ "id": "ann", "manager": "dan" }] })).await;
    let command = house.as_delivered(&row, "organisation_change");
    let first = house.engine.submit(command.clone()).await.unwrap();
    assert_eq!((first.repeat, house.revision().await), (false, 2));
    assert_eq!(&*house.instance(id).await.state, "applying");
    // Meanwhile somebody else is faster: the answer is still the one of the first time.
    let (other, _) = house.approved(json!({ "people": [{ "id": "bob", "manager": "dan" }] })).await;
    house.drive().await;
    for id in [id, other] {
        assert_eq!(&*house.instance(id).await.state, "changed");
    }
    assert_eq!((&house.instance(id).await.subject["revision"], house.revision().await), (&json!(2), 3));
    let again = house.engine.submit(command).await.unwrap();
    assert_eq!((again.repeat, again.answer.record, house.revision().await), (true, json!({ "revision": 2 }), 3));
    let stream = StreamId::of_record("organisation", "organisation");
    let entries = house.engine.store().entries(TENANT, stream, 0, 99).await.unwrap();
    let header = entries[1].parsed().unwrap();
    assert_eq!((entries.len(), &*header.actor_kind, header.actor), (3, "message", None));
    let body: Json = serde_json::from_str(&entries[1].body).unwrap();
    assert_eq!(body["request"], json!({ "approved_by": id }));
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_changes_nothing() {
    let mut house = House::new().await;
    let other = house.started("past", json!({ "people": [{ "id": "ann", "manager": "cyd" }] })).await;
    house.drive().await;
    let done = house.instance(other).await;
    let refused = done.subject["refused"].as_str().unwrap();
    assert!(refused.contains("`past` does not approve"), "{refused}");
    assert_eq!((&*done.state, done.detail.incident, house.revision().await), ("over", None, 1));
}

#[tokio::test]
async fn a_proposal_that_would_lock_the_organisation_is_refused_when_it_is_applied() {
    let mut house = House::new().await;
    for (approval, why) in
        [("organisation_chance", "did you mean `organisation_change`"), ("idle", "none of its states")]
    {
        let (id, _) = house.approved(json!({ "approval": approval })).await;
        house.drive().await;
        let done = house.instance(id).await;
        let refused = done.subject["refused"].as_str().unwrap();
        assert!(refused.starts_with("/approval: ") && refused.contains(why), "{refused}");
        assert_eq!((&*done.state, done.detail.incident, house.revision().await), ("outdated", None, 1));
    }
    // Another that applies changes may take over.
    let (id, _) = house.approved(json!({ "approval": "past" })).await;
    house.drive().await;
    assert_eq!((&*house.instance(id).await.state, house.revision().await), ("changed", 2));
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_no_trace() {
    let mut house = House::new().await;
    let stream = StreamId::of_record("organisation", "organisation");
    for patch in [json!({}), json!({ "people": [{ "id": "ann", "manager": "bob" }] })] {
        let basis = Basis::Override { reason: "again".to_owned() };
        let same = Verb::Change(Change::Organisation { patch: object(patch), basis });
        let done = house.submit("", same).await.unwrap();
        assert_eq!((done.repeat, done.answer.record), (true, json!({ "revision": 1 })));
    }
    let entries = house.engine.store().entries(TENANT, stream, 0, 99).await.unwrap();
    assert_eq!((entries.len(), house.revision().await), (1, 1));
}

#[tokio::test]
async fn a_change_that_became_a_proposal_is_repeated_as_that() {
    let mut house = House::new().await;
    let ask = |verb: Verb| Command {
        tenant: TENANT,
        request: "once".into(),
        request_hash: Digest::of("the same words"),
        actor: Actor::Person { id: "ann".into(), via: "test".into(), administrator: true },
        verb,
    };
    let patch = object(json!({ "approval": null }));
    let change = ask(Verb::Change(Change::Organisation { patch: patch.clone(), basis: Basis::Direct }));
    let Err(NotDone::Refused(refusal)) = house.engine.submit(change.clone()).await else { panic!("it is declined") };
    assert_eq!(refusal.code(), "organisation_needs_approval");
    let input = Document::from_iter([("patch".to_owned(), patch.into())]);
    let start = Verb::Start { workflow: "organisation_change".into(), key: None, input };
    let first = house.engine.submit(ask(start)).await.unwrap();
    let again = house.engine.submit(change.clone()).await.unwrap();
    assert_eq!((again.repeat, &again.answer), (true, &first.answer));
    // Approval is gone by now, and the same request still changes nothing by itself.
    let past = Basis::Override { reason: "for the test".to_owned() };
    let gone = Verb::Change(Change::Organisation { patch: object(json!({ "approval": null })), basis: past });
    house.submit("", gone).await.unwrap();
    assert_eq!(house.engine.submit(change.clone()).await.unwrap(), again);
    assert_eq!(house.revision().await, 2);
    let other = Command { request_hash: Digest::of("other words"), ..change };
    let Err(NotDone::Refused(refusal)) = house.engine.submit(other).await else { panic!("it is declined") };
    assert_eq!(refusal.code(), "request_reused");
}

/// A clock that was ahead leaves what it dated, and what comes after is not dated before it.
#[tokio::test]
async fn a_clock_that_goes_back_takes_no_revision_and_no_record_with_it() {
    let mut house = House::new().await;
    let (began, day) = (house.clock.now(), 24 * 3_600_000_000_i64);
    let ahead = began.plus_micros(day);
    let console = |zone: &str| {
        let basis = Basis::Override { reason: "a try".to_owned() };
        Verb::Change(Change::Organisation { patch: object(json!({ "zone": zone })), basis })
    };
    let setting = |most: i64| {
        let params = object(json!({ "document": { "most": most } }));
        let (kind, key, action) = ("setting".into(), "limits".into(), "set_setting".into());
        Verb::Change(Change::Record { kind, key, action, params })
    };
    house.clock.set(ahead);
    house.submit("", console("Europe/Berlin")).await.unwrap();
    house.submit("", setting(1)).await.unwrap();
    house.clock.set(began.plus_micros(1));
    house.submit("", console("Europe/Paris")).await.unwrap();
    house.submit("", setting(2)).await.unwrap();
    house.clock.set(ahead.plus_micros(1));
    house.submit("", console("UTC")).await.unwrap();
    let later = ahead.plus_micros(1);
    for (kind, key, expected) in
        [("organisation", "organisation", vec![began, ahead, ahead, later]), ("setting", "limits", vec![ahead, ahead])]
    {
        let stream = StreamId::of_record(kind, key);
        let entries = house.engine.store().entries(TENANT, stream, 0, 99).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.at).collect::<Vec<_>>(), expected, "{kind}");
        let headers = entries.iter().map(|entry| entry.parsed().unwrap().at);
        assert_eq!(headers.collect::<Vec<_>>(), expected, "{kind}");
        if kind == "organisation" {
            for entry in &entries {
                let row = house.engine.store().organisation_at(TENANT, entry.seq).await.unwrap().unwrap();
                assert_eq!(row.at, entry.at, "a revision holds since its entry");
            }
        }
    }
    for (at, revision) in [(began.plus_micros(2), 1), (ahead, 3), (later, 4)] {
        assert_eq!(house.engine.store().revision_at(TENANT, at).await.unwrap(), revision);
    }
}
