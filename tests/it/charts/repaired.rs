//! Random walks with repairs over regions, tasks and calls: a preview tells what then happens, no repair leads past what
//! nobody has given, and each store comes to the same.

use std::sync::Arc;

use fluxor_engine::approval::State;
use fluxor_engine::audit::Entry;
use fluxor_engine::command::{Command, Repair};
use fluxor_engine::instance::Document;
use fluxor_engine::runtime::NotDone;
use fluxor_engine::store::{Options as StoreOptions, PostgresStore, SqliteStore};
use fluxor_tests::counter::MIGRATIONS;
use fluxor_tests::databases::Fresh;
use fluxor_tests::invariants::dice::{Dice, Story, seeds};
use fluxor_tests::invariants::rows::check_alive;

use super::walks::{FAIR, any_verb};
use super::*;

/// The same without ways round its approval, and with a state that nothing leads back from.
fn strict() -> String {
    let around = "again: { on: { ask: asked, both: had }, after: { in: 3 days, to: had } }";
    let opened = "  held: { final: true }";
    assert!(FAIR.contains(around) && FAIR.contains(opened));
    FAIR.replace(around, "again: { on: { ask: asked } }").replace("          done: held", "          done: packing").replace(
        opened,
        "  packing: { no_return: It is being packed., on: { hold: held, wait: waiting } }\n  waiting: { on: { hold: packing } }\n  held: { final: true }",
    )
}

/// What is reached by the task or approval of another state alone.
const BEHIND: [(&str, &[&str]); 2] = [
    ("open.work.stand.asked", &["open.work.stand.had", "packing", "waiting", "held"]),
    ("open.work.people.list", &["open.work.people.invite", "open.work.people.ready", "packing", "waiting", "held"]),
];

fn is_in(instance: &Instance, states: &[&str]) -> bool {
    let within = |path: &str, state: &&str| path == *state || path.starts_with(&format!("{state}."));
    instance.inside().iter().any(|path| states.iter().any(|state| within(path, state)))
}

/// Why it may not be where it is.
fn wrong(instance: &Instance) -> Option<String> {
    if &*instance.workflow != "fair" || instance.detail.stopped.is_some() {
        return None;
    }
    let missing = BEHIND.iter().find(|(asks, behind)| {
        let newest = instance.tasks.iter().rev().find(|task| &*task.state == *asks);
        is_in(instance, behind) && newest.is_none_or(|task| task.detail.review.state != State::Approved)
    });
    let (asks, _) = missing?;
    Some(format!("{:?} without what `{asks}` asks for", instance.inside()))
}

fn any_repair(dice: &mut Dice, known: &[Instance], states: impl Fn(&Instance) -> Vec<Arc<str>>) -> Option<Verb> {
    let live: Vec<&Instance> = known.iter().filter(|i| i.status != Status::Final || dice.below(9) == 0).collect();
    let one = *live.get(dice.below(live.len()))?;
    let set = |json: serde_json::Value| Repair::SetData { set: json.as_object().cloned().unwrap() };
    let repair = match dice.below(12) {
        0..=6 => Repair::Move { to: dice.one(&states(one)) },
        7 => Repair::Retry { at: None },
        8 => Repair::Skip { at: None, payload: Document::new() },
        9 => set(json!({ "note": dice.one(&["x", "y"]) })),
        10 => set(dice.one(&[json!({ "score": 3 }), json!({ "supplier": "q" }), json!({ "supplier": 7 })])),
        _ => Repair::Cancel,
    };
    let state_revision = dice.seldom(20, one.state_revision);
    Some(Verb::Repair { instance: one.id, repair, reason: "it is stuck".to_owned(), state_revision })
}

/// Looks ahead and does it: what is told is what happens, and a refusal is told as well.
async fn foreseen<S: Store<Family>>(house: &House<S>, command: Command) -> Result<(), String> {
    let told = house.engine.preview_repair(&command).await;
    let done = house.engine.submit(command).await;
    match (told, done) {
        (Ok(told), Ok(done)) => {
            let row = house.instances().await[&done.answer.instance.unwrap()].clone();
            assert_eq!((&told.to, told.inside.as_slice(), told.status), (&row.state, row.inside(), row.status));
            Ok(())
        }
        (Err(NotDone::Refused(told)), Err(NotDone::Refused(refused))) => {
            assert_eq!(told, refused);
            Err(refused.code().to_owned())
        }
        other => panic!("{other:?}"),
    }
}

/// Plays a walk: what came of each repair, and every entry at the end.
async fn walk<S: Store<Family>>(store: S, domain: Arc<Family>, seed: u64) -> (Vec<String>, Vec<Entry>) {
    let fair = strict();
    let files: Vec<(&str, &str)> = FILES.iter().copied().chain([("fair", &*fair)]).collect();
    let mut house = House::with(store, domain, AT, &files).await;
    let library = house.engine.library();
    let (mut dice, mut story, mut told) = (Dice::new(seed), Story::new("repaired", seed), Vec::new());
    for _ in 0..90 {
        house.clock.advance_micros(dice.one(&[1_000_000, 3_600_000_000, 90_000_000_000]));
        let known: Vec<Instance> = house.instances().await.into_values().collect();
        let states = |one: &Instance| {
            library.pinned(one.definition).unwrap().states.iter().map(|state| state.path.clone()).collect()
        };
        let repair = if dice.below(3) == 0 { any_repair(&mut dice, &known, states) } else { None };
        match repair {
            Some(verb) => {
                story.tell(format!("{verb:?}"));
                let command = house.command("", verb);
                let (before, came) = (house.instances().await, foreseen(&house, command.clone()).await);
                story.tell(format!("  {came:?}"));
                let after = house.instances().await;
                let id = command.verb.instance().unwrap();
                let (was, is) = (&before[&id], &after[&id]);
                let passed = was.detail.passed.contains("packing");
                assert!(!passed || !is_in(is, &["open", "cancelled"]), "{:?} to {:?}", was.inside(), is.inside());
                told.push(format!("{came:?}"));
            }
            None => {
                let verb = any_verb(&mut dice, &known, &library);
                story.tell(format!("{verb:?}"));
                let command = house.command(dice.one(&["ann", "bob", "bob"]), verb);
                let _ = house.engine.submit(command).await;
            }
        }
        if dice.below(3) == 0 {
            house.drive().await;
        }
        for instance in house.instances().await.values() {
            assert_eq!(wrong(instance), None);
            check_alive(instance, library.pinned(instance.definition).unwrap());
        }
    }
    house.drive().await;
    let entries = house.everything().await;
    house.end().await;
    (told, entries)
}

#[tokio::test]
async fn no_repair_leads_past_what_nobody_has_given_in_regions_and_calls() {
    let options = StoreOptions { lanes: 1, ..StoreOptions::default() };
    let mut came = std::collections::BTreeSet::new();
    for seed in seeds(6, 60) {
        let domain = Family::new();
        let memory = walk(MemoryStore::new(domain.clone()), domain, seed).await;
        came.extend(memory.0.iter().cloned());
        let (domain, folder) = (Family::new(), tempfile::tempdir().unwrap());
        let file = folder.path().join("charts.db");
        let sqlite = SqliteStore::open(domain.clone(), file, MIGRATIONS, &options).await.unwrap();
        assert_eq!(walk(sqlite, domain, seed).await, memory, "seed {seed}");
        let Some(fresh) = Fresh::new("repaired_charts").await else { continue };
        let domain = Family::new();
        let postgres = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        assert_eq!(walk(postgres, domain, seed).await, memory, "seed {seed}");
        fresh.remove().await;
    }
    for outcome in ["Ok(())", "Err(\"repair_never_approves\")", "Err(\"not_repairable\")"] {
        assert!(came.contains(outcome), "no repair came to {outcome}: {came:?}");
    }
}
