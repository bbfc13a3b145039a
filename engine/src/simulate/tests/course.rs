//! Who is asked, and in what order.

use super::*;

#[test]
fn steps_one_after_another_and_side_by_side_are_told_in_the_order_of_asking() {
    let world = World::new(&[&review(
        "{ never: [requester], steps: [\
           { name: last, order: 3, who: [{ person: dan }] },\
           { name: buyers, order: 1, who: [{ role: buyer, unit: it }], quorum: { count: 2 } },\
           { name: manager, order: 1, who: [{ manager: requester }] },\
           { name: gone, order: 2, who: [{ person: gus }, { person: cyd }] }] }",
    )]);
    let told = world.play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!((told.version, &*told.workflow, told.end.kind), (3, "order", EndKind::Incident));
    assert_eq!(who(&told), "buyers: eve fay; manager: bob; gone: cyd; last: dan");
    let buyers = &told.asked[0];
    assert_eq!((&*buyers.quorum, buyers.status, &*buyers.title), ("2 of 2", "approved", "In approval"));
    assert_eq!(buyers.people[0].why, "eve was asked as holder of the role `buyer` in the unit it");
    assert_eq!(buyers.not_asked.len(), 1, "{buyers:?}");
    assert_eq!(buyers.not_asked[0].why, "ann is the person in the field `requester`, who may not decide here");
    let gone = &told.asked[2];
    assert_eq!(gone.not_asked[0].why, "gus is not active on 2026-03-02");
    assert_eq!(gone.opens_after.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["buyers", "manager"]);
    // A resolver that finds nobody stops its step for good: the rest is never asked.
    assert_eq!((told.asked[3].status, told.asked[3].opens_at), ("waiting", None));
    assert_eq!(told.end.code.as_deref(), Some("approval_incident"));
    assert_eq!(
        path(&told),
        ["ann starts order", "eve approve in buyers", "fay approve in buyers", "bob approve in manager"]
    );
}

#[test]
fn a_chain_goes_up_until_somebody_s_limit_covers() {
    let world = World::new(&[&review("{ steps: [{ name: chain, who: [{ chain: requester }], quorum: all }] }")]);
    for (amount, asked) in [("50 EUR", "chain: bob"), ("500 EUR", "chain: bob cyd"), ("5000 EUR", "chain: bob cyd dan")]
    {
        let told = world.play(&ann("order", &json!({ "amount": amount })));
        assert_eq!((who(&told), told.end.kind), (asked.to_owned(), EndKind::Final), "{amount}: {told:?}");
        assert_eq!(told.end.state, "granted");
    }
    let mut nobody = ann("order", &json!({ "amount": "5000 EUR" }));
    nobody.answers.insert("*".into(), Answer::None);
    let told = world.play(&nobody);
    assert_eq!(who(&told), "chain: bob cyd dan", "whoever is asked later is told too");
    assert_eq!((&*told.asked[0].quorum, told.asked[0].status), ("all 3, one after another", "open"));
    assert!(told.asked[0].people[2].why.contains("whose limit covers the amount"), "{told:?}");
    assert_eq!((told.end.kind, told.end.status), (EndKind::Waits, Some("active")));
}

#[test]
fn whoever_stands_in_is_told_with_his_reason() {
    let mut company = company();
    company["substitutes"] = json!([{ "person": "bob", "substitute": "hal", "until": "2026-03-10" }]);
    company["people"].as_array_mut().unwrap().push(json!({ "id": "hal", "active": true }));
    let world = World::of(&[&review("{ steps: [{ name: manager, who: [{ manager: requester }] }] }")], &company);
    let told = world.play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!(who(&told), "manager: bob hal for bob");
    assert!(
        told.asked[0].people[1].why.starts_with("hal stands in for bob up to and including 2026-03-09"),
        "{told:?}"
    );
}

const TIERS: &str = r#"
workflow: order
version: 1
subject: { name: po, fields: { requester: person, amount: money } }
start: draft
tables:
  tiers:
    hit: first
    in: { amount: po.amount }
    out: { plan: text }
    rows:
      - ["<= 100 EUR", '"small"']
      - ["<= 1000 EUR", '"large"']
    otherwise: { plan: '"large"' }
states:
  draft: { on: { submit: { by: po.requester, to: review }, cancel: { by: po.requester, to: over } } }
  review:
    approval:
      plan: tiers.plan
      plans:
        small: [{ name: manager, who: [{ manager: requester }] }]
        large: [{ name: manager, who: [{ manager: requester }] }, { name: finance, order: 2, who: [{ person: eve }] }]
    on: { approved: over, rejected: over, changes_requested: draft }
  over: { final: true }
"#;

#[test]
fn the_plan_and_the_row_that_chose_it_are_told_and_the_way_there_is_found() {
    let world = World::new(&[TIERS]);
    for (amount, plan, rows, asked) in [
        ("50 EUR", "small", vec![1], "manager: bob"),
        ("500 EUR", "large", vec![2], "manager: bob; finance: eve"),
        ("5000 EUR", "large", vec![], "manager: bob; finance: eve"),
    ] {
        let told = world.play(&ann("order", &json!({ "amount": amount })));
        assert_eq!(who(&told), asked, "{told:?}");
        assert_eq!(told.asked[0].plan.as_deref(), Some(plan));
        assert_eq!((&*told.tables[0].table, &told.tables[0].rows), ("tiers", &rows));
        assert!(told.asked.iter().all(|step| step.row.is_none()), "a plan is no row of a table of the approval");
        assert_eq!(told.assumptions[0], "ann signals `submit`: until then nobody is asked anything.");
        assert_eq!(path(&told)[..2], ["ann starts order", "ann submit"]);
        assert_eq!(told.end.kind, EndKind::Final);
    }
    let by_hand = world.play(&Asked { hand: true, ..ann("order", &json!({ "amount": "50 EUR" })) });
    assert_eq!((who(&by_hand), by_hand.end.kind), (String::new(), EndKind::Waits));
    let accepts: Vec<&str> = by_hand.end.accepts.iter().map(|one| &*one.event).collect();
    assert_eq!(accepts, ["cancel", "submit"]);
    assert_eq!(by_hand.end.accepts[1].by, ["po.requester"]);
}

#[test]
fn what_comes_back_and_is_submitted_again_is_another_round() {
    let world = World::new(&[TIERS]);
    let mut asked = ann("order", &json!({ "amount": "50 EUR" }));
    let doing = |json: Value| serde_json::from_value::<Doing>(json).unwrap();
    asked.events = vec![
        doing(json!({ "event": "submit" })),
        doing(json!({ "act": "request_changes", "step": "manager", "reason": "why" })),
        doing(json!({ "event": "submit", "by": "ann" })),
    ];
    let told = world.play(&asked);
    assert_eq!(path(&told).len(), 5, "{:?}", path(&told));
    assert_eq!((told.end.kind, told.asked.last().unwrap().status), (EndKind::Final, "approved"));
}

#[test]
fn reminders_and_rungs_on_the_way_show_where_answers_come_when_they_are_due() {
    let policy = "{ due: 4 days, late: [{ after: 2 days, do: remind }, { after: 3 days, do: escalate }, { after: 6 days, do: reject }],\
                    steps: [{ name: manager, who: [{ manager: requester }] }] }";
    let world = World::new(&[&review(policy)]);
    let told = world.play(&Asked { pace: Pace::Due, ..ann("order", &json!({ "amount": "5 EUR" })) });
    let manager = &told.asked[0];
    assert_eq!(manager.due_at, Some(instant("2026-03-06T08:00:00Z")));
    let rungs: Vec<_> = manager.rungs.iter().map(|rung| (rung.at.unwrap().to_string(), rung.act)).collect();
    let at = |day: &str| format!("2026-03-0{day}T08:00:00Z");
    assert!(rungs.contains(&(at("4"), "remind")) && rungs.contains(&(at("8"), "reject")), "{rungs:?}");
    assert_eq!(who(&told), "manager: bob cyd", "cyd is asked after three days");
    let happened = path(&told);
    assert!(happened.iter().any(|what| what == "time remind in manager: bob"), "{happened:?}");
    assert!(happened.iter().any(|what| what.starts_with("time escalate in manager")), "{happened:?}");
    assert_eq!(told.path.last().unwrap().at, instant("2026-03-06T08:00:00Z"));
    assert_eq!(told.end.state, "granted");

    let mut nobody = Asked { pace: Pace::Due, ..ann("order", &json!({ "amount": "5 EUR" })) };
    nobody.answers.insert("manager".into(), Answer::None);
    let told = world.play(&nobody);
    assert_eq!((&*told.end.state, told.path.last().unwrap().at), ("declined", instant("2026-03-08T08:00:00Z")));
}

#[test]
fn when_time_alone_ends_the_asking_is_told() {
    let policy = "{ expires_after: 14 days, steps: [{ name: manager, who: [{ manager: requester }] }] }";
    let text = review(policy).replace("on: { approved", "on: { expired: declined, approved");
    let told = World::new(&[&text]).play(&ann("order", &json!({ "amount": "5 EUR" })));
    let asked = &told.asked[0];
    assert_eq!((asked.until, &*asked.then[0]), (Some(told.at.plus_micros(14 * 86_400_000_000)), "declined"));
    // What would come once it is over never comes.
    let rungs = "late: [{ after: 3 days, do: remind }, { after: 29 days, do: escalate }], expires_after: 14 days";
    let late = text.replace("expires_after: 14 days", rungs);
    let told = World::new(&[&late]).play(&ann("order", &json!({ "amount": "5 EUR" })));
    let acts: Vec<_> = told.asked[0].rungs.iter().map(|rung| rung.act).collect();
    assert_eq!(acts, ["remind"], "{told:?}");
    // Where time leads out of it under a condition alone, it may come.
    let perhaps = review(&policy.replace("expires_after: 14 days", "late: [{ after: 29 days, do: escalate }]"))
        .replace("    on: {", "    after: { in: 14 days, if: po.amount > 1000 EUR, to: declined }\n    on: {");
    let told = World::new(&[&perhaps]).play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!((told.asked[0].rungs.len(), &*told.asked[0].then[0]), (1, "declined"), "{told:?}");
    let lasting = World::new(&[&review("{ steps: [{ name: manager, who: [{ manager: requester }] }] }")]);
    let told = lasting.play(&ann("order", &json!({ "amount": "5 EUR" })));
    assert_eq!((told.asked[0].until, told.asked[0].then.len()), (None, 0));
}
