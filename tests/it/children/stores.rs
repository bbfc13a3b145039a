//! Random histories of parents and children: what comes of them is the same on every store, and what is refused leaves
//! nothing.

use fluxor_engine::store::{Options as StoreOptions, PostgresStore, SqliteStore};
use fluxor_tests::counter::MIGRATIONS;
use fluxor_tests::databases::Fresh;
use fluxor_tests::invariants::dice::{Dice, seeds};
use serde_json::json;

use super::*;

/// A child that may be wrong, with children of its own.
fn any_child(dice: &mut Dice, deep: usize) -> Json {
    let key = (dice.one(&[0, 1, 1]) > 0).then(|| format!("k{}", dice.below(12)));
    let name = dice.one(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let mut one = child(key.as_deref(), name);
    one["requester"] = dice.one(&["ann", "ann", "bob", "zoe"]).into();
    if dice.below(12) == 0 {
        one["workflow"] = dice.one(&["asked", "nod"]).into();
    }
    let count = if deep == 0 { 0 } else { dice.below(3) };
    if count > 0 {
        one["input"]["children"] = (0..count).map(|_| any_child(dice, deep - 1)).collect();
    }
    one
}

fn any_verb(dice: &mut Dice, known: &[InstanceId]) -> Verb {
    let children: Vec<Json> = (0..dice.below(4)).map(|_| any_child(dice, 2)).collect();
    if known.is_empty() || dice.below(4) == 0 {
        let key = (dice.below(2) == 0).then(|| format!("k{}", dice.below(12)));
        let name = format!("s{}", dice.below(9));
        return start(key.as_deref(), json!({ "name": name, "done": 0, "children": children }));
    }
    let id = known[dice.below(known.len())];
    match dice.below(6) {
        0 => {
            let part = |n: usize, child: Json| json!({ "message": format!("m{n}"), "event": "part", "payload": { "name": "p", "children": [child] } });
            let parts: Vec<Json> = children.into_iter().enumerate().map(|(n, child)| part(n, child)).collect();
            signal(id, "halve", json!({ "parts": parts }))
        }
        1 => signal(id, dice.one(&["end", "rest"]), json!({})),
        _ => signal(id, "grow", json!({ "children": children })),
    }
}

/// Plays a history; what came of each command, and every entry at the end.
async fn history<S: Store<Family>>(store: S, domain: Arc<Family>, seed: u64) -> (Vec<String>, Vec<Entry>) {
    let mut house = House::new(store, domain).await;
    let mut dice = Dice::new(seed);
    let mut told = Vec::new();
    for _ in 0..60 {
        house.clock.advance_micros(1_000_000);
        let known: Vec<InstanceId> = house.instances().await.into_keys().collect();
        let verb = any_verb(&mut dice, &known);
        let command = house.command("ann", verb);
        let count = async |house: &House<S>| -> i64 { house.instances().await.values().map(|i| i.seq).sum() };
        let before = count(&house).await;
        let came = house.engine.submit(command.clone()).await;
        if let Err(NotDone::Refused(_)) = &came {
            assert_eq!(count(&house).await, before, "nothing of a refused command remains");
        }
        // Invariant 2: the same again is the same.
        let again = house.engine.submit(command).await;
        match (&came, &again) {
            (Ok(first), Ok(again)) => assert_eq!((&first.answer, true), (&again.answer, again.repeat)),
            (Err(first), Err(again)) => assert_eq!(first.to_string(), again.to_string()),
            other => panic!("{other:?}"),
        }
        told.push(format!("{came:?}"));
        if dice.below(5) == 0 {
            house.drive().await;
        }
    }
    house.drive().await;
    let entries = house.everything().await;
    house.end().await;
    (told, entries)
}

#[tokio::test]
async fn stores_agree_on_children() {
    let options = StoreOptions { lanes: 1, ..StoreOptions::default() };
    for seed in seeds(6, 60) {
        let domain = Family::new();
        let memory = history(MemoryStore::new(domain.clone()), domain, seed).await;
        let (domain, folder) = (Family::new(), tempfile::tempdir().unwrap());
        let file = folder.path().join("children.db");
        let sqlite = SqliteStore::open(domain.clone(), file, MIGRATIONS, &options).await.unwrap();
        assert_eq!(history(sqlite, domain, seed).await, memory, "seed {seed}");
        let Some(fresh) = Fresh::new("stores_agree_on_children").await else { continue };
        let domain = Family::new();
        let postgres = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        assert_eq!(history(postgres, domain, seed).await, memory, "seed {seed}");
        fresh.remove().await;
    }
}

/// Two replicas with several lanes each give children the same keys at the same time: each key has one instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_one_instance_whoever_is_faster() {
    let Some(fresh) = Fresh::new("a_key_has_one_instance").await else { return };
    let options = StoreOptions { lanes: 3, ..StoreOptions::default() };
    let mut houses = Vec::new();
    for _ in 0..2 {
        let domain = Family::new();
        let store = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        houses.push(House::new(store, domain).await);
    }
    houses[1].count = 1000;
    let mut parents = Vec::new();
    for n in 0..6 {
        let input = json!({ "name": format!("s{n}"), "done": 0 });
        parents.push(houses[0].started("ann", start(None, input)).await);
    }
    let mut running = Vec::new();
    for round in 0..12 {
        for (n, parent) in parents.iter().enumerate() {
            let name = format!("c{round}-{n}");
            let children = json!([child(Some(&format!("k{round}")), &name), child(Some(&format!("l{round}")), &name)]);
            let house = &mut houses[n % 2];
            let payload = json!({ "parts": [{
                "message": format!("m{round}"), "event": "part", "payload": { "name": name, "children": children } }] });
            let command = house.command("ann", signal(*parent, "halve", payload));
            let engine = house.engine.clone();
            running.push(tokio::spawn(async move { engine.submit(command).await }));
        }
    }
    for one in running {
        one.await.unwrap().unwrap();
    }
    loop {
        let (one, other) = tokio::join!(houses[0].engine.drive_once(), houses[1].engine.drive_once());
        if one.unwrap() + other.unwrap() == 0 {
            break;
        }
    }
    let instances = houses[0].instances().await;
    let keys: Vec<_> = instances.values().filter_map(|i| i.key.clone()).collect();
    assert_eq!(keys.len(), 24, "{keys:?}");
    houses[0].everything().await;
    for house in houses {
        house.engine.shutdown(Duration::from_secs(5)).await;
    }
    fresh.remove().await;
}
