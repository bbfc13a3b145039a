//! Tasks that ask for data: who may give it, and what is wrong with it.

use super::*;
use fluxor_engine::approval::{self, Ballot};

#[tokio::test]
async fn data_is_typed_within_its_rules_and_from_whoever_is_asked() {
    let mut house = house().await;
    let id = ordered(&mut house, "acme").await;
    let check = of(&house, "check").await;
    let task = &check.tasks[0];
    let view = house.engine.task(super::super::children::TENANT, task.id).await.unwrap();
    let form = view.form.unwrap();
    assert_eq!((&*form[0].name, &*form[0].title, &*form[0].ty, form[0].required), ("score", "Score", "int", true));
    assert_eq!(
        form[0].rules.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["it must be at least 0", "it must be at most 10"]
    );
    let invalid = |refusal: Refusal| match refusal {
        Refusal::Invalid(errors) => errors,
        other => panic!("{other:?}"),
    };
    let refused = house.refused("ann", given(task, json!({ "score": "much" }))).await;
    assert!(matches!(refused, Refusal::Approval(_)), "who may not hears only that: {refused:?}");
    let wrong = invalid(house.refused("bob", given(task, json!({ "score": "much", "scor": 1 }))).await);
    assert_eq!(wrong.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), ["/data/scor", "/data/score"]);
    let wrong = invalid(house.refused("bob", given(task, json!({ "score": 11 }))).await);
    assert_eq!(wrong, [("/data/score".to_owned(), "it must be at most 10".to_owned())]);
    let wrong = invalid(house.refused("bob", given(task, json!({}))).await);
    assert_eq!(wrong[0].0, "/data/score");
    let refused = house.refused("bob", given(task, json!({ "score": 7 }))).await;
    assert!(matches!(&refused, Refusal::Guard(sentence) if &**sentence == "Seven brings bad luck."), "{refused:?}");
    let Verb::Complete { data, .. } = given(task, json!({ "score": 5 })) else { unreachable!() };
    let blind = Verb::Complete { task: task.id, etag: None, on_behalf_of: None, data };
    assert!(matches!(house.refused("bob", blind).await, Refusal::EtagRequired { .. }));
    house.submit("bob", given(task, json!({ "score": 5 }))).await.unwrap();
    let refused = house.refused("bob", given(task, json!({ "score": 6 }))).await;
    assert!(matches!(refused, Refusal::Approval(_) | Refusal::TaskClosed { .. }), "{refused:?}");
    house.drive().await;
    assert_eq!(house.instances().await[&id].subject["score"], 5);
    house.end().await;
}

#[tokio::test]
async fn nothing_is_decided_in_a_task_and_no_data_given_to_an_approval() {
    let mut house = house().await;
    ordered(&mut house, "acme").await;
    let check = of(&house, "check").await;
    let task = &check.tasks[0];
    let ballot = Ballot { step: "task".into(), on_behalf_of: None, seen: None, reason: Some("no".into()) };
    for act in [approval::Verb::Approve(ballot.clone()), approval::Verb::Reject(ballot.clone())] {
        let verb = Verb::Decide { task: task.id, etag: Some(task.etag()), act };
        let refused = house.refused("bob", verb).await;
        assert!(matches!(refused, Refusal::Record { code: "not_a_decision", .. }), "{refused:?}");
    }
    let delegate = approval::Verb::Delegate { step: "task".into(), to: "ann".into() };
    house.submit("bob", Verb::Decide { task: task.id, etag: Some(task.etag()), act: delegate }).await.unwrap();
    house.submit("ann", given(task, json!({ "score": 4 }))).await.unwrap();
    let entry = house.entries(check.id.into()).await.pop().unwrap();
    let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
    assert_eq!((&body["request"]["score"], &body["acted"][0]["person"]), (&json!(4), &json!("ann")));
    let act = &body["acted"][0];
    assert_eq!((&act["act"], &act["right"]["seat"]["on_behalf_of"]), (&json!("complete"), &json!("bob")), "{body}");
    assert_eq!(act["saw"]["fields"]["supplier"], "acme", "{body}");
    house.end().await;
}
