//! What an instance tells itself: every part comes once, in a commit of its own, or somebody is told.

use fluxor_engine::instance::Status;
use fluxor_engine::store::Store as _;
use serde_json::json;

use super::*;

fn parts(n: u32) -> Json {
    let part = |n: u32| json!({ "message": format!("p{n}"), "event": "part", "payload": { "name": format!("n{n}") } });
    json!({ "parts": (0..n).map(part).collect::<Vec<_>>() })
}

#[tokio::test]
async fn every_part_comes_once() {
    let mut house = house().await;
    let (one, other) = (
        house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await,
        house.started("ann", start(None, json!({ "name": "b", "done": 0 }))).await,
    );
    house.submit("ann", signal(one, "halve", parts(100))).await.unwrap();
    house.submit("ann", signal(other, "halve", parts(3))).await.unwrap();
    assert_eq!(house.last(one).await["tells"].as_array().unwrap().len(), 100);
    house.drive().await;
    let done = house.instances().await;
    assert_eq!((&done[&one].subject["done"], &done[&other].subject["done"]), (&json!(100), &json!(3)));
    let entries = house.entries(one.into()).await;
    assert_eq!(entries.len(), 102);
    assert!(entries[2..].iter().all(|e| &*e.parsed().unwrap().actor_kind == "message"));
    // The same names again are other parts.
    house.submit("ann", signal(other, "halve", parts(2))).await.unwrap();
    house.drive().await;
    assert_eq!(house.instances().await[&other].subject["done"], 5);
    house.end().await;
}

/// Many parts of one instance do not hide those of another, and are not all read to look at one.
#[tokio::test]
async fn one_look_takes_few_parts_of_an_instance() {
    let mut house = house().await;
    let one = house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await;
    let other = house.started("ann", start(None, json!({ "name": "b", "done": 0 }))).await;
    house.submit("ann", signal(one, "halve", parts(500))).await.unwrap();
    house.clock.advance_micros(1_000_000);
    house.submit("ann", signal(other, "halve", parts(2))).await.unwrap();
    let store = house.engine.store();
    assert_eq!(store.inbox(1000).await.unwrap(), [], "they are no results");
    let look = store.parts(1000, 8).await.unwrap();
    let of = |id: InstanceId| look.iter().filter(|row| row.target == id).count();
    assert_eq!((of(one), of(other)), (8, 2));
    assert_eq!(store.parts(3, 8).await.unwrap().len(), 3);
    house.end().await;
}

#[tokio::test]
async fn what_has_ended_drops_its_parts() {
    let mut house = house().await;
    let id = house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await;
    house.submit("ann", signal(id, "halve", parts(20))).await.unwrap();
    house.submit("ann", signal(id, "end", json!({}))).await.unwrap();
    house.drive().await;
    assert_eq!(house.engine.store().parts(99, 99).await.unwrap(), []);
    let instance = house.instances().await.remove(&id).unwrap();
    assert_eq!((instance.status, instance.seq, instance.detail.incident), (Status::Final, 3, None));
    house.end().await;
}

#[tokio::test]
async fn a_part_that_is_not_taken_is_not_lost() {
    let mut house = house().await;
    let id = house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await;
    house.submit("ann", signal(id, "halve", parts(1))).await.unwrap();
    house.submit("ann", signal(id, "rest", json!({}))).await.unwrap();
    house.drive().await;
    let instance = house.instances().await.remove(&id).unwrap();
    assert_eq!(&*instance.detail.incident.unwrap().code, "tell_not_taken");
    assert_eq!(house.last(id).await["request"], json!({ "name": "n0" }));
    house.end().await;
}

#[tokio::test]
async fn a_part_has_a_name_and_an_event() {
    let mut house = house().await;
    let id = house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await;
    let twice = json!([{ "message": "p", "event": "part" }, { "message": "p", "event": "part" }]);
    for wrong in [twice, json!([{ "message": "p", "event": "parts" }])] {
        house.submit("ann", signal(id, "halve", json!({ "parts": wrong }))).await.unwrap();
        let instance = house.instances().await.remove(&id).unwrap();
        assert_eq!(&*instance.detail.incident.unwrap().code, "action_failed");
    }
    house.end().await;
}
