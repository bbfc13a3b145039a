//! Calls: the end of the one is an event of the other, whoever is first.

use super::*;

#[tokio::test]
async fn the_end_of_the_called_comes_back_with_its_result() {
    let mut house = house().await;
    let id = ordered(&mut house, "acme").await;
    let check = of(&house, "check").await;
    assert_eq!((check.key.as_deref(), check.detail.caller), (Some("check of acme"), Some(id)));
    assert_eq!(house.instances().await[&id].detail.called["checking"], check.id);
    let task = &check.tasks[0];
    house.submit("bob", given(task, json!({ "score": 8 }))).await.unwrap();
    assert_eq!(state_of(&house, id).await, "checking", "it is told in a commit of its own");
    house.drive().await;
    let order = house.instances().await[&id].clone();
    assert_eq!((&*order.state, &order.subject["score"]), ("ordered", &json!(8)));
    assert!(order.detail.called.is_empty());
    house.end().await;
}

#[tokio::test]
async fn a_failure_takes_the_arrow_for_failures() {
    let mut house = house().await;
    let id = ordered(&mut house, "acme").await;
    let check = of(&house, "check").await;
    house.submit("bob", given(&check.tasks[0], json!({ "score": 1 }))).await.unwrap();
    house.drive().await;
    let order = house.instances().await[&id].clone();
    assert_eq!((&*order.state, &order.subject["note"], order.status), ("refused", &json!("failed"), Status::Final));
    house.end().await;
}

#[tokio::test]
async fn whoever_goes_on_without_it_ends_the_called_and_what_that_called() {
    let mut house = house().await;
    let id = ordered(&mut house, "acme").await;
    let check = of(&house, "check").await.id;
    house.submit("bob", signal(check, "deeper", json!({}))).await.unwrap();
    let dig = of(&house, "dig").await.id;
    house.submit("ann", signal(id, "hurry", json!({}))).await.unwrap();
    assert_eq!(state_of(&house, id).await, "ordered");
    house.drive().await;
    let all = house.instances().await;
    for stopped in [check, dig] {
        assert_eq!(all[&stopped].status, Status::Final);
        assert!(all[&stopped].detail.stopped.is_some());
        assert!(all[&stopped].tasks.iter().all(|task| task.status == TaskStatus::Closed && task.holders.is_empty()));
    }
    let body: serde_json::Value =
        serde_json::from_str(&house.entries(check.into()).await.last().unwrap().body).unwrap();
    assert_eq!(body["ops"][0]["name"], "undone", "what it did is taken back");
    assert_eq!(house.instances().await[&id].state.as_ref(), "ordered", "its end is no news to the order");
    house.end().await;
}

#[tokio::test]
async fn a_called_workflow_that_takes_cancel_ends_in_its_own_way() {
    let mut house = house().await;
    let id = ordered(&mut house, "acme").await;
    let check = of(&house, "check").await.id;
    house.submit("bob", signal(check, "orderly", json!({}))).await.unwrap();
    house.submit("ann", signal(id, "back", json!({}))).await.unwrap();
    house.drive().await;
    assert_eq!(state_of(&house, check).await, "withdrawn");
    assert!(house.instances().await[&check].detail.stopped.is_none());
    // It may be called again: the key of the first is taken by it for ever, so that this one is refused.
    let refused = house.refused("ann", signal(id, "check", json!({}))).await;
    assert!(matches!(refused, Refusal::Child { .. }), "{refused:?}");
    assert_eq!(state_of(&house, id).await, "draft", "a refused call leaves the caller where it was");
    house.end().await;
}

#[tokio::test]
async fn an_end_that_comes_when_nobody_waits_any_more_changes_nothing() {
    let mut house = house().await;
    let id = ordered(&mut house, "acme").await;
    let check = of(&house, "check").await;
    house.submit("bob", given(&check.tasks[0], json!({ "score": 8 }))).await.unwrap();
    house.submit("ann", signal(id, "hurry", json!({}))).await.unwrap();
    house.drive().await;
    let order = house.instances().await[&id].clone();
    assert_eq!((&*order.state, order.subject.get("score")), ("ordered", None));
    assert_eq!(state_of(&house, check.id).await, "good", "whoever has ended stays so");
    house.end().await;
}

#[tokio::test]
async fn an_old_caller_finds_the_called_as_it_was() {
    use fluxor_engine::store::{Options, SqliteStore};
    use fluxor_tests::counter::MIGRATIONS;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.db");
    let options = Options::default();
    let open = async |files: &[(&str, &str)]| {
        let domain = Family::new();
        let store = SqliteStore::open(domain.clone(), &file, MIGRATIONS, &options).await.unwrap();
        House::with(store, domain, AT, files).await
    };
    let mut before = open(&FILES).await;
    let input = json!({ "supplier": "acme" }).as_object().cloned().unwrap();
    let id = before.started("ann", Verb::Start { workflow: "order".into(), key: None, input }).await;
    let pinned = before.instances().await[&id].definition;
    before.end().await;
    // The called workflow has changed since, and with it the identity of its caller.
    let changed = CHECK.replace("result: [score]", "result: [score, supplier]");
    let mut after = open(&[("order", ORDER), ("check", &changed), ("dig", DIG)]).await;
    after.count = 1_000;
    assert_ne!(after.engine.library().current("order").unwrap().hash, pinned);
    assert_eq!(after.engine.health().unloadable, []);
    after.submit("ann", signal(id, "check", json!({}))).await.unwrap();
    let check = of(&after, "check").await;
    let called = after.engine.library().pinned(pinned).unwrap().called[0].hash;
    assert_eq!(check.definition, called, "it calls what it was compiled with");
    after.submit("bob", given(&check.tasks[0], json!({ "score": 8 }))).await.unwrap();
    after.drive().await;
    assert_eq!(state_of(&after, id).await, "ordered");
    after.end().await;
}
