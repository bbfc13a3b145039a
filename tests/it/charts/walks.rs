//! Random walks over charts that use every kind of state: the same on every store, folded, chained, never stuck.

use std::sync::Arc;

use fluxor_engine::audit::Entry;
use fluxor_engine::definition::Library;
use fluxor_engine::runtime::NotDone;
use fluxor_engine::store::{Options as StoreOptions, PostgresStore, SqliteStore};
use fluxor_tests::counter::MIGRATIONS;
use fluxor_tests::databases::Fresh;
use fluxor_tests::invariants::dice::{Dice, seeds};
use fluxor_tests::invariants::rows::check_alive;

use super::*;

/// Regions with an approval, a task and a call in them, ways back, and things to undo.
pub(super) const FAIR: &str = r#"workflow: fair
version: 1
subject: { name: fair, fields: { requester: person, supplier: text, score: int?, note: text? } }
start: { to: open, do: [{ count: { name: '"f" + fair.supplier' }, undo: { count: { name: '"s" + fair.supplier' } } }] }
states:
  open:
    start: work
    states:
      work:
        do: [{ count: { name: '"w" + fair.supplier' }, undo: { count: { name: '"u" + fair.supplier' } } }]
        parallel:
          stand:
            start: asked
            states:
              asked:
                approval: { steps: [{ name: manager, who: [{ person: bob }] }], late: [{ after: 1 day, do: reject }] }
                on: { approved: had, rejected: again, changes_requested: again }
              again: { on: { ask: asked, both: had }, after: { in: 3 days, to: had } }
              had: { final: true }
          people:
            start: list
            states:
              list:
                task: { who: [{ person: bob }], form: { score: int? } }
                on: { done: { to: invite, set: { score: event.score } } }
              invite:
                parallel:
                  mail: { start: out, states: { out: { on: { both: in, mailed: in } }, in: { final: true } } }
                  phone: { start: out, states: { out: { on: { both: in, called: in } }, in: { final: true } } }
                on: { done: ready }
              ready: { final: true }
          supplier:
            start: checking
            states:
              checking:
                call: { workflow: check, input: { supplier: fair.supplier } }
                on: { done: { to: known, set: { note: '"good"' } }, failed: { to: known, set: { note: '"bad"' } } }
              known: { final: true }
        on:
          pause: paused
          done: held
      paused: { on: { resume: work.deep_history, restart: work, partly: work.history } }
    on:
      cancel: { to: cancelled, undo: true }
      shrink: { to: open, undo: [count] }
  held: { final: true }
  cancelled: { final: failed }
"#;

const EVENTS: [&str; 15] = [
    "ask", "both", "mailed", "called", "pause", "resume", "restart", "partly", "cancel", "shrink", "deeper", "found",
    "orderly", "hurry", "check",
];

pub(super) fn any_verb(dice: &mut Dice, known: &[Instance], library: &Library) -> Verb {
    // What has ended is rarely asked again.
    let live: Vec<&Instance> = known.iter().filter(|i| i.status != Status::Final || dice.below(9) == 0).collect();
    let tasks: Vec<_> = known.iter().flat_map(|i| &i.tasks).filter(|task| task.status == TaskStatus::Open).collect();
    if live.is_empty() || dice.below(8) == 0 {
        let input = json!({ "supplier": dice.one(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]) })
            .as_object()
            .cloned()
            .unwrap();
        let workflow = dice.one(&["fair", "fair", "order"]).into();
        return Verb::Start { workflow, key: None, input };
    }
    if !tasks.is_empty() && dice.below(3) == 0 {
        let task = tasks[dice.below(tasks.len())];
        if dice.below(2) == 0 {
            return given(task, json!({ "score": dice.below(9) }));
        }
        let ballot = fluxor_engine::approval::Ballot {
            step: "manager".into(),
            on_behalf_of: None,
            seen: None,
            reason: Some("so".into()),
        };
        let act = match dice.below(3) {
            0 => fluxor_engine::approval::Verb::Reject(ballot),
            _ => fluxor_engine::approval::Verb::Approve(ballot),
        };
        return Verb::Decide { task: task.id, etag: Some(task.etag()), act };
    }
    let one = live[dice.below(live.len())];
    let definition = library.pinned(one.definition).unwrap();
    let accepted = definition.accepts(&definition.active(one).unwrap());
    let event = match accepted.is_empty() || dice.below(4) == 0 {
        true => dice.one(&EVENTS).to_owned(),
        false => accepted[dice.below(accepted.len())].to_string(),
    };
    signal(one.id, &event, json!({}))
}

/// Plays a walk; what came of each command, and every entry at the end.
async fn walk<S: Store<Family>>(store: S, domain: Arc<Family>, seed: u64) -> (Vec<String>, Vec<Entry>) {
    let files: Vec<(&str, &str)> = FILES.iter().copied().chain([("fair", FAIR)]).collect();
    let mut house = House::with(store, domain, AT, &files).await;
    let mut dice = Dice::new(seed);
    let mut told = Vec::new();
    for _ in 0..80 {
        house.clock.advance_micros(dice.one(&[1_000_000, 3_600_000_000, 90_000_000_000]));
        let known: Vec<Instance> = house.instances().await.into_values().collect();
        let verb = any_verb(&mut dice, &known, &house.engine.library());
        let command = house.command(dice.one(&["ann", "bob", "bob"]), verb);
        let came = house.engine.submit(command.clone()).await;
        // Invariant 2: the same again is the same.
        let again = house.engine.submit(command).await;
        match (&came, &again) {
            (Ok(first), Ok(again)) => assert_eq!((&first.answer, true), (&again.answer, again.repeat)),
            (Err(NotDone::Refused(_)), Err(NotDone::Refused(_))) => {}
            other => panic!("{other:?}"),
        }
        told.push(format!("{came:?}"));
        if dice.below(3) == 0 {
            house.drive().await;
        }
    }
    house.drive().await;
    let library = house.engine.library();
    for instance in house.instances().await.values() {
        check_alive(instance, library.pinned(instance.definition).unwrap());
        let active = library.pinned(instance.definition).unwrap().active(instance);
        assert!(active.is_some_and(|active| !active.is_empty()), "{instance:?}");
    }
    let entries = house.everything().await;
    house.end().await;
    (told, entries)
}

#[tokio::test]
async fn stores_agree_on_charts_with_everything_in_them() {
    let options = StoreOptions { lanes: 1, ..StoreOptions::default() };
    let mut reached = std::collections::BTreeSet::new();
    for seed in seeds(5, 120) {
        let domain = Family::new();
        let memory = walk(MemoryStore::new(domain.clone()), domain, seed).await;
        for entry in &memory.1 {
            reached.extend(entry.parsed().ok().and_then(|header| header.event));
        }
        let (domain, folder) = (Family::new(), tempfile::tempdir().unwrap());
        let file = folder.path().join("charts.db");
        let sqlite = SqliteStore::open(domain.clone(), file, MIGRATIONS, &options).await.unwrap();
        assert_eq!(walk(sqlite, domain, seed).await, memory, "seed {seed}");
        let Some(fresh) = Fresh::new("stores_agree_on_charts").await else { continue };
        let domain = Family::new();
        let postgres = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        assert_eq!(walk(postgres, domain, seed).await, memory, "seed {seed}");
        fresh.remove().await;
    }
    for event in ["resume", "cancel", "shrink", "complete", "call_ended", "caller_left", "both"] {
        assert!(reached.contains(event), "no walk came to `{event}`: {reached:?}");
    }
}
