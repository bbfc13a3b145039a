//! Repairs: what each does about each incident, who may, and that a preview tells what then happens.

mod alone;
mod bound;
mod data;
mod forms;
mod incidents;
mod moves;
mod own;
mod seats;

use serde_json::json;

use super::*;
use crate::command::Repair;
use crate::instance::Status;

fn people() -> Document {
    let people: Vec<_> = ["ann", "bob", "cyd", "dan", "ada"].map(|id| json!({ "id": id, "active": true })).into();
    let gone = json!({ "id": "eve", "active": false });
    let people: Vec<_> = people.into_iter().chain([gone]).collect();
    let units = json!([{ "id": "it", "roles": { "administrator": ["ada", "eve"] } }]);
    json!({ "people": people, "units": units, "rates": { "EUR": "1" } }).as_object().cloned().unwrap()
}

fn begun(text: &str, input: serde_json::Value) -> Story {
    let mut story = Story::with(text, &people());
    story.start(input.as_object().unwrap()).unwrap();
    story
}

fn row(story: &Story) -> &Instance {
    story.instance.as_ref().unwrap()
}

fn codes(story: &Story) -> Vec<String> {
    row(story).detail.incidents().map(|incident| incident.code.to_string()).collect()
}

fn retry() -> Repair {
    Repair::Retry { at: None }
}

fn skip() -> Repair {
    Repair::Skip { at: None, payload: Document::new() }
}

fn to(state: &str) -> Repair {
    Repair::Move { to: state.into() }
}

fn set(fields: serde_json::Value) -> Repair {
    Repair::SetData { set: fields.as_object().cloned().unwrap() }
}

impl Story {
    /// Repairs it, as the console; what a preview has told before must be what happened then.
    pub(super) fn repair(&mut self, repair: Repair) -> Result<Option<String>, Refusal> {
        self.repair_as(repair, "because", Actor::System)
    }

    fn repair_as(&mut self, repair: Repair, reason: &str, actor: Actor) -> Result<Option<String>, Refusal> {
        let instance = self.instance.as_ref().unwrap().id;
        let verb = Verb::Repair { instance, repair, reason: reason.to_owned(), state_revision: None };
        let told = self.previewed(verb.clone(), actor.clone());
        let before = self.instance.clone().unwrap();
        let done = self.command(verb, actor);
        let after = self.instance.clone().unwrap();
        match (told, &done) {
            (Ok(told), Ok(_)) => same(&told, &before, &after),
            (Err(told), Err(refused)) => {
                assert_eq!(&told, refused, "a preview is refused like the repair");
                assert_eq!(before, after, "what is refused changes nothing");
            }
            (told, done) => panic!("the preview came to {told:?}, the repair to {done:?}"),
        }
        done
    }

    fn previewed(&self, verb: Verb, actor: Actor) -> Result<Preview, Refusal> {
        let command =
            Command { tenant: TenantId(1), request_hash: Digest([0; 32]), request: "preview".into(), actor, verb };
        let keys = Keys::default();
        let organisations = [self.organisation.clone()];
        let ground = Ground::new(&self.domain, &self.library, &keys, &organisations, self.now).unwrap();
        let definition = self.library.current(&self.workflow).unwrap();
        match preview(&ground, definition, self.instance.as_ref().unwrap(), &command, &mut ()) {
            Ok(told) => Ok(told),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn possible(&self, actor: Actor) -> Result<Possible, Refusal> {
        let verb = Verb::Repair {
            instance: row(self).id,
            repair: Repair::Cancel,
            reason: String::new(),
            state_revision: None,
        };
        let command =
            Command { tenant: TenantId(1), request_hash: Digest([0; 32]), request: "possible".into(), actor, verb };
        let keys = Keys::default();
        let organisations = [self.organisation.clone()];
        let ground = Ground::new(&self.domain, &self.library, &keys, &organisations, self.now).unwrap();
        let definition = self.library.current(&self.workflow).unwrap();
        match possible(&ground, definition, row(self), &command, &mut ()) {
            Ok(told) => Ok(told),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// A result comes in.
    fn message(&mut self, id: &str, event: &str, payload: serde_json::Value) -> Result<Option<String>, Refusal> {
        let (instance, payload) = (row(self).id, payload.as_object().cloned().unwrap());
        self.command(Verb::Message { instance, message: id.into(), event: event.into(), payload }, Actor::Message)
    }

    /// The message `destination` is given up.
    fn given_up(&mut self, destination: &str, n: u128) {
        let id = uuid::Uuid::from_u128(n);
        let payload = json!({ "attempts": 8, "destination": destination, "error": "no answer", "id": id, "seq": 2 });
        self.message(&format!("delivery:{id}:1"), "delivery_failed", payload).unwrap();
    }
}

/// What was told is what happened.
fn same(told: &Preview, before: &Instance, after: &Instance) {
    assert_eq!((&told.from, &told.to), (&before.state, &after.state));
    assert_eq!((told.inside.as_slice(), told.status), (after.inside(), after.status));
    assert_eq!(told.stopped, after.detail.stopped);
    let incidents: Vec<_> = after.detail.incidents().map(|i| (i.code.clone(), i.message.clone())).collect();
    assert_eq!(told.incidents, incidents);
    let mut subject = before.subject.clone();
    for field in &told.fields {
        assert_eq!(subject.get(&field.field).cloned().unwrap_or_default(), field.before);
        subject.insert(field.field.clone(), field.after.clone());
    }
    assert_eq!(subject, after.subject);
    let mut timers = before.detail.timers.clone();
    told.timers_stopped.iter().for_each(|timer| assert_eq!(timers.remove(&timer.name), Some(timer.at)));
    timers.extend(told.timers_started.iter().map(|timer| (timer.name.clone(), timer.at)));
    assert_eq!(timers, after.detail.timers);
    let open = |of: &Instance| -> Vec<_> {
        of.tasks.iter().filter(|task| task.status == crate::instance::TaskStatus::Open).map(|task| task.id).collect()
    };
    let mut tasks = open(before);
    tasks.retain(|id| !told.tasks_closed.contains(id));
    tasks.extend(told.tasks_opened.iter().map(|task| task.id));
    tasks.sort();
    tasks.dedup();
    assert_eq!(tasks, open(after));
}

const PLAIN: &str = r#"
workflow: plain
version: 1
subject: { name: p, fields: { requester: person, n: int, log: text? } }
start: x
states:
  x: { on: { go: y } }
  y: { on: { back: x } }
"#;

fn plain() -> Story {
    begun(PLAIN, json!({ "requester": "ann", "n": 0 }))
}

fn with_key(id: &str) -> Actor {
    Actor::Person { id: id.into(), via: "test".into(), administrator: true }
}

#[test]
fn only_administrators_repair_and_only_with_a_reason() {
    let all = || [retry(), skip(), to("y"), set(json!({ "n": 1 })), Repair::Cancel];
    for repair in all() {
        for nobody in [person("ann"), person("bob"), person("eve"), with_key("eve"), person("ghost"), Actor::Timer] {
            let mut story = plain();
            let refused = story.repair_as(repair.clone(), "so", nobody.clone()).unwrap_err();
            assert!(refused.on_authority() && refused.code() == "not_allowed", "{nobody:?}: {refused:?}");
            assert!(story.possible(nobody).unwrap_err().on_authority());
        }
        for blank in ["", "  \n"] {
            let refused = plain().repair_as(repair.clone(), blank, Actor::System).unwrap_err();
            assert_eq!(refused, Refusal::ReasonRequired);
        }
    }
    for somebody in [person("ada"), with_key("bob"), Actor::System] {
        let mut story = plain();
        story.repair_as(to("y"), "so", somebody).unwrap();
        assert_eq!(story.inside(), "y");
    }
}

#[test]
fn a_repair_is_of_the_revision_that_was_seen_and_of_what_lives() {
    let mut story = plain();
    let instance = row(&story).id;
    let verb =
        |repair, revision| Verb::Repair { instance, repair, reason: "so".to_owned(), state_revision: Some(revision) };
    let stale = story.command(verb(to("y"), 7), Actor::System).unwrap_err();
    assert_eq!(stale, Refusal::StaleState { brought: 7, current: 1 });
    story.command(verb(to("y"), 1), Actor::System).unwrap();
    story.repair(Repair::Cancel).unwrap();
    assert_eq!((row(&story).status, row(&story).detail.stopped.as_deref()), (Status::Final, Some("because")));
    for repair in [retry(), skip(), to("x"), set(json!({ "n": 1 })), Repair::Cancel] {
        assert!(matches!(story.repair(repair).unwrap_err(), Refusal::Ended { .. }));
    }
    let told = story.possible(Actor::System).unwrap();
    assert!(!told.cancel.possible && told.moves.iter().all(|one| !one.can.possible));
}
