//! What is refused: the parent's command as a whole, and nothing of it remains.

use fluxor_tests::family::FULL;
use serde_json::json;

use super::*;

/// Submits what must be refused and checks that no row has changed.
async fn nothing_remains(house: &mut House<InMemory>, verb: Verb) -> Refusal {
    let (before, rows) = (house.everything().await, house.engine.store().read().await.clone());
    let refusal = house.refused("ann", verb).await;
    assert_eq!(house.everything().await, before);
    assert_eq!(*house.engine.store().read().await, rows);
    refusal
}

#[tokio::test]
async fn a_refused_child_refuses_all() {
    let mut house = house().await;
    let parent = house.started("ann", start(Some("top"), json!({ "name": "a", "done": 0 }))).await;
    let grow = |children: Json| signal(parent, "grow", json!({ "children": children }));

    let taken = nothing_remains(&mut house, grow(json!([child(Some("x"), "b"), child(Some("top"), "b")]))).await;
    assert_eq!(taken.code(), "key_taken");
    assert_eq!(taken.details()["existing"], json!(parent));
    assert_eq!(
        taken.sentence(),
        format!("Its part `node` `top` cannot be started: Instance {parent} of `node` has the key `top` already.")
    );
    let twice = nothing_remains(&mut house, grow(json!([child(Some("x"), "b"), child(Some("x"), "c")]))).await;
    assert_eq!(twice.code(), "key_taken");

    let fill: Vec<Json> = (0..=FULL).map(|_| child(None, "b")).collect();
    let full = nothing_remains(&mut house, grow(json!(fill))).await;
    assert_eq!(
        (full.code(), full.sentence().as_str()),
        ("counter_full", "Its part `node` cannot be started: `b` is full.")
    );
    let unknown = nothing_remains(&mut house, grow(json!([child(None, "b"), { "workflow": "nod" }]))).await;
    assert_eq!(unknown.code(), "unknown_workflow");
    let wrong = json!({ "workflow": "node", "input": { "name": 7 } });
    assert_eq!(nothing_remains(&mut house, grow(json!([wrong]))).await.code(), "invalid_input");
    let mut nobody = child(None, "b");
    nobody["requester"] = "zoe".into();
    assert_eq!(nothing_remains(&mut house, grow(json!([nobody]))).await.code(), "invalid_input");
    house.end().await;
}

/// Its own key is one that a child may not have either: the row would be there twice, and the command never done.
#[tokio::test]
async fn a_child_may_not_have_the_key_of_its_parent() {
    let mut house = house().await;
    let input = json!({ "name": "a", "done": 0, "children": [child(Some("k"), "b")] });
    assert_eq!(nothing_remains(&mut house, start(Some("k"), input)).await.code(), "key_taken");
    house.end().await;
}

#[tokio::test]
async fn children_of_children_end_somewhere() {
    let mut house = house().await;
    let mut deep = child(None, "deep7");
    for n in (0..7).rev() {
        let mut around = child(None, &format!("deep{n}"));
        around["input"]["children"] = json!([deep]);
        deep = around;
    }
    let mut input = deep["input"].clone();
    house.started("ann", start(None, input.clone())).await;
    assert_eq!(house.instances().await.len(), 8);
    for _ in 0..2 {
        let around = json!({ "workflow": "node", "input": input });
        input = json!({ "name": "around", "done": 0, "children": [around] });
    }
    let loop_ = nothing_remains(&mut house, start(None, input)).await;
    assert_eq!(loop_.code(), "endless_loop");
    house.end().await;
}

/// Where the engine acts nobody hears the refusal: an incident, and nothing else of it remains.
#[tokio::test]
async fn what_the_engine_cannot_start_is_an_incident() {
    let mut house = house().await;
    let parent = house.started("ann", start(Some("top"), json!({ "name": "a", "done": 0 }))).await;
    let payload = json!({ "name": "p", "children": [child(Some("x"), "b"), child(Some("top"), "b")] });
    let part = json!({ "message": "one", "event": "part", "payload": payload });
    house.submit("ann", signal(parent, "halve", json!({ "parts": [part] }))).await.unwrap();
    house.drive().await;
    let instances = house.instances().await;
    assert_eq!(instances.len(), 1, "no child");
    let incident = instances[&parent].detail.incident.clone().unwrap();
    assert_eq!(&*incident.code, "refused_to_engine");
    assert!(incident.message.contains(&parent.to_string()), "{}", incident.message);
    assert_eq!(instances[&parent].subject["done"], 0);
    assert!(!house.engine.store().read().await.contains_key(&(TENANT, "p".to_owned())));
    // What the part carried is in the entry, so that somebody can still do it.
    assert_eq!(house.last(parent).await["request"]["name"], "p");
    house.end().await;
}
