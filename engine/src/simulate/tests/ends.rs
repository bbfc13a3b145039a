//! Where simulations end.

use super::*;

#[test]
fn nobody_found_is_an_incident_that_names_the_step() {
    let world = World::new(&[&review("{ steps: [{ name: manager, who: [{ person: gus }] }] }")]);
    let told = world.play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!((told.end.kind, told.end.status), (EndKind::Incident, Some("incident")));
    assert!(told.end.sentence.contains("nobody:manager"), "{:?}", told.end);
    assert_eq!((told.asked[0].problem, told.asked[0].people.len()), (Some("nobody"), 0));
    assert_eq!((told.asked[0].not_asked[0].person.as_str(), &*told.asked[0].quorum), ("gus", "nobody"));
}

#[test]
fn an_amount_that_no_limit_covers_is_told_as_that() {
    let world = World::new(&[&review("{ steps: [{ name: chain, who: [{ chain: requester }], quorum: all }] }")]);
    let told = world.play(&ann("order", &json!({ "amount": "10000 EUR" })));
    assert_eq!((told.end.kind, told.asked[0].problem), (EndKind::Incident, Some("over_limits")), "{told:?}");
    assert!(told.end.sentence.ends_with(": nobody:chain:>limit"), "{:?}", told.end);
    // Whoever leads nobody has nobody above: no limit is looked at.
    let mut alone = ann("order", &json!({ "amount": "10000 EUR" }));
    alone.starter = "eve".into();
    let told = world.play(&alone);
    assert_eq!((told.end.kind, told.asked[0].problem), (EndKind::Incident, Some("nobody")), "{told:?}");
    assert!(told.end.sentence.ends_with(": nobody:chain"), "{:?}", told.end);
}

#[test]
fn whoever_starts_it_is_in_the_key() {
    let keyed = review("{ steps: [{ name: manager, who: [{ manager: requester }] }] }")
        .replace("start: review", "key: string(po.requester)\nstart: review");
    let told = World::new(&[&keyed]).play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!((&*told.end.state, told.end.kind), ("granted", EndKind::Final), "{:?}", told.end);
}

#[test]
fn a_rejection_ends_it_and_answers_to_nobody_are_named() {
    let world = World::new(&[&review("{ steps: [{ name: manager, who: [{ manager: requester }] }] }")]);
    let mut asked = ann("order", &json!({ "amount": "5 EUR" }));
    asked.answers.insert("manager".into(), Answer::Reject);
    asked.answers.insert("manger".into(), Answer::None);
    asked.data.insert("nowhere".into(), crate::instance::Document::new());
    let told = world.play(&asked);
    assert_eq!((&*told.end.state, told.asked[0].status), ("declined", "rejected"));
    let all = told.assumptions.join("\n");
    assert!(all.contains("The first who is asked in `manager` rejects"), "{all}");
    let stands = "`reject manager` needs a reason, and none was given: “assumed by the simulation” stands for it.";
    assert!(all.contains(stands), "{all}");
    // The same where somebody does it; a reason that is given stands for itself.
    for (reason, said) in [(None, true), (Some("too dear"), false)] {
        let doing = json!({ "act": "reject", "step": "manager", "by": "bob", "reason": reason });
        let events = vec![serde_json::from_value(doing).unwrap()];
        let told = world.play(&Asked { events, ..ann("order", &json!({ "amount": "5 EUR" })) });
        assert_eq!(told.assumptions.iter().any(|one| one == stands), said, "{told:?}");
    }
    assert!(all.contains("`manger` was not") && all.contains("data for `nowhere` was not asked for"), "{all}");
}

const FORMS: &str = r#"
workflow: checks
version: 1
subject: { name: it, fields: { requester: person, number: text?, colour: text? } }
start: numbered
states:
  numbered:
    task: { who: [{ manager: requester }], form: { number: { type: text, title: Number } } }
    on: { done: { to: coloured, set: { number: event.number } } }
  coloured:
    task: { who: [{ person: eve }], form: { colour: { type: text, default: '"red"' } } }
    on: { done: { to: over, set: { colour: event.colour } } }
  over: { final: true }
"#;

#[test]
fn forms_are_filled_in_with_what_is_known_and_else_what_is_missing_is_said() {
    let world = World::new(&[FORMS]);
    let told = world.play(&ann("checks", &json!({})));
    assert_eq!((told.end.kind, &*told.end.state), (EndKind::NeedsData, "numbered"));
    assert!(told.end.sentence.contains("`number` (text)") && told.end.sentence.contains("`data` of `numbered`"));
    assert_eq!(&*told.asked[0].fields[0].name, "number");
    let mut asked = ann("checks", &json!({}));
    asked.data.insert("checks/numbered".into(), json!({ "number": "7" }).as_object().unwrap().clone());
    let told = world.play(&asked);
    assert_eq!((told.end.kind, who(&told)), (EndKind::Final, "task: bob; task: eve".to_owned()));
    assert_eq!(path(&told)[1..], ["bob fills in numbered", "eve fills in coloured"]);
    asked.data.insert("checks/numbered".into(), json!({ "number": 7 }).as_object().unwrap().clone());
    let told = world.play(&asked);
    assert_eq!((told.end.kind, told.end.code.as_deref()), (EndKind::Refused, Some("invalid_input")));
    let told = world.play(&Asked { hand: true, ..asked });
    assert_eq!(told.end.kind, EndKind::Waits);
}

const CALLER: &str = r#"
workflow: caller
version: 1
subject: { name: it, fields: { requester: person } }
start: checking
states:
  checking: { call: { workflow: check, input: { requester: it.requester } }, on: { done: over, failed: over } }
  over: { final: true }
"#;

const CHECK: &str = r#"
workflow: check
version: 1
subject: { name: it, fields: { requester: person } }
start: review
states:
  review:
    approval: { steps: [{ name: manager, who: [{ manager: requester }] }] }
    on: { approved: good, rejected: bad, changes_requested: bad }
  good: { final: true }
  bad: { final: failed }
"#;

#[test]
fn what_a_called_workflow_asks_is_told_and_its_end_comes_back() {
    let told = World::new(&[CALLER, CHECK]).play(&ann("caller", &json!({})));
    assert_eq!((told.end.kind, &*told.end.state, &*told.asked[0].workflow), (EndKind::Final, "over", "check"));
    assert_eq!(who(&told), "manager: bob");
}

const TIMED: &str = r#"
workflow: timed
version: 1
subject: { name: it, fields: { requester: person } }
start: waiting
states:
  waiting: { after: { in: 3 days, to: over } }
  over: { final: true }
"#;

#[test]
fn time_passes_only_at_the_pace_of_due_times() {
    let world = World::new(&[TIMED]);
    let told = world.play(&ann("timed", &json!({})));
    assert_eq!(told.end.kind, EndKind::Waits);
    assert!(told.end.sentence.contains("2026-03-05T08:00:00Z"), "{:?}", told.end);
    let told = world.play(&Asked { pace: Pace::Due, ..ann("timed", &json!({})) });
    assert_eq!((told.end.kind, told.path[1].at), (EndKind::Final, instant("2026-03-05T08:00:00Z")));
    assert_eq!(path(&told)[1], "time timer waiting#1");
}

const LOOP: &str = r#"
workflow: loop
version: 1
subject: { name: it, fields: { requester: person } }
start: here
states:
  here: { after: { in: 1 day, to: there } }
  there: { after: { in: 1 day, to: here } }
"#;

#[test]
fn what_goes_round_for_ever_is_cut() {
    let told = World::new(&[LOOP]).play(&Asked { pace: Pace::Due, ..ann("loop", &json!({})) });
    assert_eq!((told.end.kind, told.path.len()), (EndKind::Cut, MOST_STEPS));
}

const REFUSES: &str = r#"
workflow: refuses
version: 1
subject: { name: it, fields: { requester: person } }
start: draft
events: { go: { payload: { number: int } }, ask: {} }
states:
  draft:
    on:
      ask: { refuse: Not on a Monday. }
      go: { by: role(buyer), to: over }
  over: { final: true }
"#;

#[test]
fn a_refusal_says_what_was_declined_and_bad_input_has_no_simulation() {
    let world = World::new(&[REFUSES]);
    let told = world.play(&ann("refuses", &json!({})));
    assert_eq!(told.end.kind, EndKind::Waits, "no event leads to a task");
    assert_eq!(told.assumptions, ["ann does not signal `ask`, which is refused: Not on a Monday."]);
    let mut asked = ann("refuses", &json!({}));
    asked.events = vec![Doing { event: Some("ask".into()), ..Doing::default() }];
    let told = world.play(&asked);
    assert_eq!((told.end.kind, told.end.code.as_deref()), (EndKind::Refused, Some("refused_by_definition")));
    assert_eq!(told.end.sentence, "ann ask: Not on a Monday.");
    asked.events = vec![Doing { event: Some("go".into()), ..Doing::default() }];
    assert_eq!(world.play(&asked).end.code.as_deref(), Some("invalid_input"));

    let pointer = |asked: &Asked| match world.try_play(asked) {
        Err(Stop::Refused(Refusal::Invalid(errors))) => errors.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    };
    asked.events = vec![Doing::default()];
    assert_eq!(pointer(&asked).0, "/events/0");
    asked.events = vec![Doing { event: Some("ask".into()), by: Some("nobdy".into()), ..Doing::default() }];
    assert_eq!(pointer(&asked).0, "/events/0/by");
    let stranger = Asked { starter: "anm".into(), ..ann("refuses", &json!({})) };
    assert_eq!(pointer(&stranger).0, "/as");
    assert!(pointer(&stranger).1.contains("did you mean `ann`?"));
    assert_eq!(pointer(&ann("refuses", &json!({ "colour": 1 }))).0, "/input/colour");
    let unknown = world.try_play(&ann("refuse", &json!({})));
    assert!(matches!(unknown, Err(Stop::Refused(Refusal::UnknownWorkflow(..)))), "{unknown:?}");
    let empty = World::of(&[REFUSES], &json!({}));
    let Err(Stop::Refused(refusal)) = empty.try_play(&ann("refuses", &json!({}))) else { panic!("nobody is there") };
    assert!(refusal.sentence().contains("fluxor organisation load"), "{}", refusal.sentence());
}

#[test]
fn many_people_are_counted_and_not_all_told() {
    let many: Vec<String> = (0..MOST_PEOPLE + 5).map(|n| format!("p{n:03}")).collect();
    let mut company = company();
    company["people"].as_array_mut().unwrap().extend(many.iter().map(|id| json!({ "id": id, "active": true })));
    company["units"] = json!([{ "id": "it", "roles": { "buyer": many } }]);
    let world = World::of(&[&review("{ steps: [{ name: buyers, who: [{ role: buyer, unit: it }] }] }")], &company);
    let told = world.play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!((told.asked[0].people.len(), told.asked[0].more), (MOST_PEOPLE, 5));
    assert_eq!(&*told.asked[0].quorum, "1 of 105");
}

const LEASE: &str = r#"
workflow: lease
version: 1
subject: { name: lease, fields: { requester: person, ends_on: date } }
start: running
states:
  running:
    on: { finish: over }
    after: { at: 'timestamp(lease.ends_on, "UTC")', to: asked }
  asked:
    task: { who: [{ manager: requester }], form: { next: { type: text, default: '"on"' } } }
    on: { done: over }
  over: { final: true }
"#;

#[test]
fn what_is_due_already_happens_and_what_is_to_come_is_waited_for() {
    let world = World::new(&[LEASE]);
    let late = world.play(&ann("lease", &json!({ "ends_on": "2026-03-01" })));
    assert_eq!(path(&late), ["ann starts lease", "time timer running#1", "bob fills in asked"]);
    assert_eq!((late.end.kind, who(&late).as_str()), (EndKind::Final, "task: bob"));
    let to_come = world.play(&ann("lease", &json!({ "ends_on": "2026-03-03" })));
    assert_eq!((to_come.end.kind, path(&to_come).len()), (EndKind::Waits, 1));
}
