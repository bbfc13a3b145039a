//! What somebody has done to a document, or said elsewhere, decides nothing in its place.

use super::seats::{act, may};
use super::*;
use crate::approval::{Ballot, EscalateTo, EscalationMode, Position, RepairAction, Verb as Act};

/// Whoever decides in one step counts in the others, and an administrator may be somebody's manager.
const TWICE: &str = r#"
workflow: twice
version: 1
subject: { name: w, fields: { requester: person, n: int? } }
start: { to: review, by: anyone }
states:
  review:
    approval:
      never: [requester]
      same_person: once
      reapprove: [{ fields: [n], then: none }, { then: all }]
      steps:
        - { name: first, who: [{ person: [bob] }] }
        - { name: second, order: 2, who: [{ person: [cyd] }], late: [{ after: 5s, do: escalate, to: bob, mode: adds }] }
    on: { approved: over, rejected: over, changes_requested: over }
  over: { final: true }
"#;

fn repaired(action: RepairAction, to: Option<&str>) -> Act {
    Act::Repair { action, step: "second".into(), to: to.map(Into::into), reason: Some("help".into()) }
}

fn adding(to: &str) -> Act {
    let ballot = Ballot { step: "second".into(), reason: Some("help".into()), ..Ballot::default() };
    Act::AddApprover { ballot, person: to.into(), position: Position::Before }
}

fn assign(to: &str) -> Act {
    repaired(RepairAction::Assign, Some(to))
}

#[test]
fn neither_time_nor_an_administrator_approves_with_what_was_said_elsewhere() {
    let given = |story: &mut Story, asked: Act| act(story, "review", asked, "ada");
    let vote = |step: &str| Act::Approve(Ballot { step: step.into(), ..Ballot::default() });
    let ways: [&dyn Fn(&mut Story); 4] = [
        &|story| {
            given(story, Act::Reassign { step: "second".into(), from: Some("cyd".into()), to: "bob".into() }).unwrap();
        },
        &|story| {
            let to = EscalateTo::Person("bob".into());
            given(story, Act::Escalate { step: "second".into(), mode: EscalationMode::Adds, to }).unwrap();
        },
        &|story| {
            given(story, assign("bob")).unwrap();
        },
        &|story| {
            story.wait(5_000_000).unwrap();
        },
    ];
    for way in ways {
        let mut story = begun(TWICE, json!({ "requester": "ann" }));
        act(&mut story, "review", vote("first"), "bob").unwrap();
        way(&mut story);
        assert_eq!(story.inside(), "review", "bob has not decided there");
        assert!(may(&story).contains(&"bob".to_owned()), "{:?}", may(&story));
        act(&mut story, "review", vote("second"), "bob").unwrap();
        assert_eq!(story.inside(), "over");
    }
}

#[test]
fn a_place_does_not_come_back_to_who_passed_it_on_and_where_nobody_may_decide_it_is_told() {
    let reassign =
        |from: &str, to: &str| Act::Reassign { step: "second".into(), from: Some(from.into()), to: to.into() };
    let mut story = begun(TWICE, json!({ "requester": "ann" }));
    act(&mut story, "review", Act::Approve(Ballot { step: "first".into(), ..Ballot::default() }), "bob").unwrap();
    act(&mut story, "review", reassign("cyd", "dan"), "ada").unwrap();
    let own = Act::Reassign { step: "second".into(), from: None, to: "ada".into() };
    let refused = act(&mut story, "review", own, "dan").unwrap_err();
    assert!(refused.sentence().contains("`ada` said before who has it"), "{}", refused.sentence());
    // The only one who is asked sets data: nobody is left, and that is told at once, and until somebody is there.
    let mut company = people();
    company["units"][0]["roles"]["administrator"] = json!(["ada", "cyd"]);
    let mut story = Story::with(&TWICE.replace("person: [cyd]", "person: [ada]"), &company);
    story.start(json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    act(&mut story, "review", Act::Approve(Ballot { step: "first".into(), ..Ballot::default() }), "bob").unwrap();
    story.repair_as(set(json!({ "n": 2 })), "typo", person("ada")).unwrap();
    assert_eq!((codes(&story), may(&story)), (vec!["approval_incident".to_owned()], vec![]));
    assert_eq!(row(&story).detail.incident.as_ref().unwrap().message, "the approval needs help: nobody:second");
    let again = story.repair(retry()).unwrap_err();
    assert!(again.sentence().contains("may not decide"), "{}", again.sentence());
    // Nor does he say who decides in his place: somebody else does.
    let own = Act::Reassign { step: "second".into(), from: None, to: "dan".into() };
    let passing =
        [own.clone(), Act::Delegate { step: "second".into(), to: "dan".into() }, assign("dan"), adding("dan")];
    for passed in passing {
        let refused = act(&mut story, "review", passed, "ada").unwrap_err();
        assert!(refused.sentence().contains("somebody else to say who decides"), "{}", refused.sentence());
    }
    act(&mut story, "review", assign("dan"), "cyd").unwrap();
    assert_eq!((codes(&story), may(&story)), (vec![], vec!["dan".to_owned()]));
    // What he passed on before counts no more either.
    let mut story = begun(&TWICE.replace("person: [cyd]", "person: [ada]"), json!({ "requester": "ann" }));
    act(&mut story, "review", Act::Approve(Ballot { step: "first".into(), ..Ballot::default() }), "bob").unwrap();
    act(&mut story, "review", Act::Delegate { step: "second".into(), to: "dan".into() }, "ada").unwrap();
    story.repair_as(set(json!({ "n": 2 })), "typo", person("ada")).unwrap();
    let behalf = Ballot { step: "second".into(), on_behalf_of: Some("ada".into()), ..Ballot::default() };
    let refused = act(&mut story, "review", Act::Approve(behalf), "dan").unwrap_err();
    assert!(refused.sentence().contains("nobody decides in his place"), "{}", refused.sentence());
    // Whoever has decided sets nothing of it.
    let mut story = begun(&TWICE.replace("person: [bob]", "person: [ada]"), json!({ "requester": "ann" }));
    act(&mut story, "review", Act::Approve(Ballot { step: "first".into(), ..Ballot::default() }), "ada").unwrap();
    let refused = story.repair_as(set(json!({ "n": 2 })), "typo", person("ada")).unwrap_err();
    assert!(refused.sentence().contains("you have decided about it"), "{}", refused.sentence());
}

#[test]
fn whoever_begins_a_new_round_is_asked_in_it_as_before() {
    let mut story = begun(&TWICE.replace("person: [cyd]", "person: [ada]"), json!({ "requester": "ann" }));
    let vote = |step: &str| Act::Approve(Ballot { step: step.into(), ..Ballot::default() });
    act(&mut story, "review", vote("first"), "bob").unwrap();
    act(&mut story, "review", repaired(RepairAction::Restart, None), "ada").unwrap();
    act(&mut story, "review", vote("first"), "bob").unwrap();
    assert_eq!(may(&story), ["ada"]);
    act(&mut story, "review", vote("second"), "ada").unwrap();
    assert_eq!(story.inside(), "over");
}
