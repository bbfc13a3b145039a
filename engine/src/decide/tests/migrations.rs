//! Migrations: what is carried over, what is asked again, what is refused; and that a look ahead tells what then happens.

mod carried;
mod reviews;

use serde_json::json;

use super::*;
use crate::approval::{Ballot, State, Verb as Act};
use crate::definition::compile;
use crate::instance::TaskStatus;
use crate::migrate::{Bound, Draft, Known};

fn people() -> Document {
    let people: Vec<_> = ["ann", "bob", "cyd", "dan", "ada"].map(|id| json!({ "id": id, "active": true })).into();
    let units = json!([{ "id": "it", "roles": { "administrator": ["ada"] } }]);
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

fn approve(story: &mut Story, step: &str, by: &str) -> Result<Option<String>, Refusal> {
    let etag = row(story).tasks.last().unwrap().etag();
    approve_seen(story, step, by, etag)
}

fn approve_seen(story: &mut Story, step: &str, by: &str, etag: String) -> Result<Option<String>, Refusal> {
    let task = row(story).tasks.last().unwrap().id;
    let act = Act::Approve(Ballot { step: step.into(), ..Ballot::default() });
    story.command(Verb::Decide { task, etag: Some(etag), act }, person(by))
}

fn bound(story: &mut Story, new: &str, mapping: &str) -> Bound {
    let checked = compile("new.yaml", new, story.domain.vocabulary());
    let definition = checked.definition.clone().unwrap_or_else(|| panic!("{}", checked.render("new.yaml", new)));
    let old = row(story).definition;
    story.library = story.library.with_current(definition.clone());
    let all = [story.library.pinned(old).unwrap().clone(), definition.clone()];
    let known = Known { current: Some(&definition), all: &all, names: &[], vocabulary: story.domain.vocabulary() };
    let shown = |found: Vec<crate::diagnostic::Diagnostic>| -> String {
        found.iter().map(|finding| finding.render("map.yaml", mapping)).collect()
    };
    let draft = Draft::read(mapping).unwrap_or_else(|found| panic!("{}", shown(found)));
    draft.bind(known).unwrap_or_else(|found| panic!("{}", shown(found)))
}

impl Story {
    /// Migrates it to `new`, as the console; what was told before is what happened.
    fn migrate(&mut self, new: &str, mapping: &str) -> Result<Migrated, Refusal> {
        self.migrate_as(new, mapping, "because", Actor::System)
    }

    fn migrate_as(&mut self, new: &str, mapping: &str, reason: &str, actor: Actor) -> Result<Migrated, Refusal> {
        let mapping = bound(self, new, mapping).mapping;
        let before = self.instance.clone().unwrap();
        let (instance, reason) = (before.id, reason.to_owned());
        let verb = Verb::Migrate { instance, mapping: mapping.clone(), reason, state_revision: None };
        let foreseen = self.foreseen(&before, verb.clone(), actor.clone());
        let done = self.command(verb, actor);
        let after = self.instance.clone().unwrap();
        match (foreseen, done) {
            (Ok(foreseen), Ok(_)) => {
                assert_eq!(after.definition, mapping.to);
                assert_eq!(after.state_revision, before.state_revision + 1);
                assert_eq!(foreseen.to, after.inside());
                assert_eq!(self.sent, [], "nothing happens in the business");
                Ok(foreseen)
            }
            (Err(foreseen), Err(refused)) => {
                assert_eq!(foreseen, refused, "a look ahead is refused like the migration");
                assert_eq!(before, after, "what is refused changes nothing");
                Err(refused)
            }
            (foreseen, done) => panic!("foreseen was {foreseen:?}, it came to {done:?}"),
        }
    }

    fn foreseen(&self, before: &Instance, verb: Verb, actor: Actor) -> Result<Migrated, Refusal> {
        let command =
            Command { tenant: TenantId(1), request_hash: Digest([0; 32]), request: "look".into(), actor, verb };
        let keys = Keys::default();
        let organisations = [self.organisation.clone()];
        let ground = Ground::new(&self.domain, &self.library, &keys, &organisations, self.now).unwrap();
        let definition = self.library.pinned(before.definition).unwrap();
        match foresee_migration(&ground, definition, before, &command, &mut ()) {
            Ok(foreseen) => Ok(foreseen),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// In what regard it does not fit.
fn regard(refused: Result<Migrated, Refusal>) -> &'static str {
    match refused {
        Err(Refusal::NotMigratable { regard, sentence }) => {
            assert!(sentence.ends_with('.'), "{sentence}");
            regard
        }
        other => panic!("{other:?}"),
    }
}

const PLAIN: &str = "
workflow: plain
version: 1
subject: { name: w, fields: { requester: person } }
start: one
states:
  one: { on: { go: two } }
  two: { on: { end: over } }
  over: { final: true }
";

#[test]
fn only_administrators_migrate_and_each_says_why() {
    let new = PLAIN.replace("version: 1", "version: 2");
    let map = "migrate: plain";
    let mut story = begun(PLAIN, json!({ "requester": "ann" }));
    let refused = story.migrate_as(&new, map, "because", person("bob")).unwrap_err();
    assert!(refused.on_authority() && refused.code() == "not_allowed", "{refused:?}");
    assert_eq!(story.migrate_as(&new, map, "  ", Actor::System), Err(Refusal::ReasonRequired));
    let moved = story.migrate_as(&new, map, "because", person("ada")).unwrap();
    assert_eq!((moved.from, moved.to), (vec!["one".into()], vec!["one".into()]));
    story.signal("go").unwrap();
    story.signal("end").unwrap();
    assert_eq!(row(&story).state.as_ref(), "over");
}

#[test]
fn who_has_ended_or_is_there_already_is_told_so() {
    let new = PLAIN.replace("version: 1", "version: 2");
    let mut story = begun(PLAIN, json!({ "requester": "ann" }));
    story.migrate(&new, "migrate: plain").unwrap();
    let mapping = {
        let old = begun(PLAIN, json!({ "requester": "ann" }));
        let mut old = old;
        bound(&mut old, &new, "migrate: plain").mapping
    };
    let instance = row(&story).id;
    let ask = |story: &mut Story| {
        let (mapping, reason) = (mapping.clone(), "because".to_owned());
        story.command(Verb::Migrate { instance, mapping, reason, state_revision: None }, Actor::System)
    };
    assert!(matches!(ask(&mut story), Err(Refusal::NotMigratable { regard: "at_target", .. })));
    story.signal("go").unwrap();
    story.signal("end").unwrap();
    assert_eq!(ask(&mut story), Err(Refusal::Ended { state: "over".into() }));
}
