//! What starts: in one commit, each with its own entry, and each telling of the other.

use fluxor_engine::store::Store as _;
use serde_json::json;

use super::*;

#[tokio::test]
async fn children_start_in_the_command_of_their_parent() {
    let mut house = house().await;
    let parent = house.started("ann", start(Some("top"), json!({ "name": "a", "done": 0 }))).await;
    let grandchild = child(None, "c");
    let mut with = child(Some("left"), "b");
    with["input"]["children"] = json!([grandchild]);
    let asked = json!({ "workflow": "asked", "requester": "ann", "input": { "name": "please" } });
    let grow = house.command("ann", signal(parent, "grow", json!({ "children": [with, asked] })));
    let first = house.engine.submit(grow.clone()).await.unwrap();

    let instances = house.instances().await;
    assert_eq!(instances.len(), 4);
    let keys: Vec<_> = instances.values().filter_map(|i| i.key.as_deref()).collect();
    assert!(["top", "left", "please"].iter().all(|key| keys.contains(key)), "{keys:?}");
    // The counters of all of them, in order: one commit.
    let rows = house.engine.store().read().await.clone();
    let value = |name: &str| rows[&(TENANT, name.to_owned())].0;
    assert_eq!(["a", "b", "c", "grown"].map(value), [1, 1, 1, 2]);

    let told = house.last(parent).await["started"].clone();
    let left = instances.values().find(|i| i.key.as_deref() == Some("left")).unwrap();
    let please = instances.values().find(|i| i.key.as_deref() == Some("please")).unwrap();
    assert_eq!(
        told,
        json!([
            { "id": left.id, "key": "left", "workflow": "node" },
            { "id": please.id, "key": "please", "workflow": "asked" },
        ])
    );
    let entry = &house.entries(left.id.into()).await[0];
    let (header, body) = (entry.parsed().unwrap(), house.last(left.id).await);
    assert_eq!(body["parent"], json!({ "instance": parent, "seq": 2 }));
    assert_eq!(&*header.verb, "start");
    assert_eq!(header.actor, Some("ann".into()), "the actor is the parent's");
    assert_eq!(header.request.unwrap().as_str(), format!("start:{parent}:2:1"));
    assert_eq!(left.subject["requester"], "ann");
    // The task is open, the timer runs.
    let held = house.engine.store().held_by(TENANT, &["bob".into()], None, 9).await.unwrap();
    assert_eq!(held.iter().map(|(i, _)| i.id).collect::<Vec<_>>(), [please.id]);
    assert!(!left.detail.timers.is_empty());

    // A repeat answers the same and starts nothing.
    let again = house.engine.submit(grow).await.unwrap();
    assert!(again.repeat);
    assert_eq!(again.answer, first.answer);
    assert_eq!(house.instances().await.len(), 4);
    house.clock.advance_micros(11 * 86_400_000_000);
    house.drive().await;
    let over = house.instances().await.values().filter(|i| &*i.state == "over").count();
    assert_eq!(over, 3, "the timers of children fire");
    house.end().await;
}

/// Children are the engine's doing: `by` is for people, and so is the rule that one starts in one's own name.
#[tokio::test]
async fn children_ignore_who_may_start() {
    let mut house = house().await;
    let stranger = house.refused("bob", start(None, json!({ "name": "a", "done": 0, "requester": "ann" }))).await;
    assert_eq!(stranger.code(), "not_allowed");
    let parent = house.started("bob", start(None, json!({ "name": "a", "done": 0 }))).await;
    let mut other = child(Some("hers"), "b");
    other["requester"] = "ann".into();
    house.submit("bob", signal(parent, "grow", json!({ "children": [other] }))).await.unwrap();
    let instances = house.instances().await;
    let hers = instances.values().find(|i| i.key.is_some()).unwrap();
    assert_eq!(hers.subject["requester"], "ann");
    house.end().await;
}

/// Many of them ask for their rows and keys together.
#[tokio::test]
async fn many_children_in_one_command() {
    let mut house = house().await;
    let parent = house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await;
    let of =
        |n: std::ops::Range<u32>| -> Vec<Json> { n.map(|n| child(Some(&format!("k{n}")), &format!("c{n}"))).collect() };
    house.submit("ann", signal(parent, "grow", json!({ "children": of(0..300) }))).await.unwrap();
    assert_eq!(house.instances().await.len(), 301);
    let many = house.refused("ann", signal(parent, "grow", json!({ "children": of(1000..2001) }))).await;
    assert_eq!(many.code(), "too_many_starts");
    house.end().await;
}

/// A person's start with a child's key finds the child; a child of the same batch is found, too.
#[tokio::test]
async fn a_childs_key_is_a_key_like_any_other() {
    let mut house = house().await;
    let parent = house.started("ann", start(None, json!({ "name": "a", "done": 0 }))).await;
    let grow = house.command("ann", signal(parent, "grow", json!({ "children": [child(Some("k"), "b")] })));
    let same = house.command("ann", start(Some("k"), json!({ "name": "b", "done": 0, "requester": "ann" })));
    let other = house.command("ann", start(Some("k"), json!({ "name": "z", "done": 0 })));
    let (grown, same, other) =
        tokio::join!(house.engine.submit(grow), house.engine.submit(same), house.engine.submit(other));
    grown.unwrap();
    let instances = house.instances().await;
    let k = instances.values().find(|i| i.key.as_deref() == Some("k")).unwrap();
    let same = same.unwrap();
    assert!(same.repeat);
    assert_eq!(same.answer.instance, Some(k.id));
    match other {
        Err(NotDone::Refused(Refusal::KeyReused { instance, .. })) => assert_eq!(instance, k.id),
        other => panic!("{other:?}"),
    }
    house.end().await;
}
