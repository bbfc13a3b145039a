//! The definitions that Fluxor ships.

use super::*;
use crate::definition::chart::{By, Outcome, StateKind, Way};

const ORDER: &str = include_str!("../../../../definitions/purchase_order.yaml");
const IMPORTED: &str = include_str!("../../../../definitions/imported_order.yaml");
const REQUISITION: &str = include_str!("../../../../definitions/requisition.yaml");

/// Of a chart alone it is known what leads on and what ends it.
#[test]
fn what_leads_on_and_what_ends_an_order() {
    let order = right("purchase_order.yaml", ORDER);
    for (state, event, way) in [
        ("draft", "submit", Way::On),
        ("draft", "edit", Way::Aside),
        ("draft", "cancel", Way::Out),
        ("open.review", "recall", Way::Aside),
        ("open.review", "cancel", Way::Out),
        ("open.ordering", "sent", Way::On),
        ("ordered", "receive", Way::Aside),
        ("received", "close", Way::Out),
    ] {
        assert_eq!(order.way(order.find(state).unwrap(), event), way, "{state}: {event}");
    }
}

#[test]
fn the_purchase_order_becomes_the_chart_that_it_describes() {
    let order = right("purchase_order.yaml", ORDER);
    assert_eq!((&*order.name, order.version, &*order.title), ("purchase_order", 1, "Purchase order"));
    assert_eq!(&*order.subject.variable, "po");
    let starts: Vec<&str> = order.starts.iter().map(|start| &*order.state(start.to).path).collect();
    assert_eq!(starts, ["placing", "draft"]);
    let paths: Vec<&str> = order.states.iter().map(|state| &*state.path).collect();
    let expected = "draft placing open open.review open.ordering ordered received closed rejected cancelled";
    assert_eq!(paths.join(" "), expected);
    let review = order.find("open.review").unwrap();
    assert_eq!(order.accepts(&[review]).iter().map(|e| &**e).collect::<Vec<_>>(), ["cancel", "edit", "recall"]);
    let StateKind::Approval(approval) = &order.state(review).kind else { panic!("an approval") };
    let rows = &approval.policy.table.as_ref().unwrap().rows;
    let steps = |n: usize| rows[n].steps.iter().map(|step| step.name.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        [steps(0), steps(1), steps(2), steps(3)],
        ["chain", "manager", "manager buyers", "manager buyers chain"]
    );
    // Reminded after a day and when due, escalated after three.
    let late: Vec<String> = rows[0].steps[0].late.iter().map(|rung| rung.after_hours.unwrap().to_string()).collect();
    assert_eq!(late, ["24", "48", "72"]);
    let ordering = order.state(order.find("open.ordering").unwrap());
    assert_eq!(&*ordering.sends[0].message, "order_to_supplier");
    let sent = &ordering.on["sent"][0];
    assert!(matches!(sent.by, By::Role(..)), "the engine tells it, or a buyer by hand");
    let Outcome::Go(go) = &sent.outcome else { panic!("goes") };
    assert_eq!(go.to, order.find("ordered"));
    assert_eq!(order.vocabulary[0].as_ref(), "budget_left@1");
    assert_eq!(order.facts.len(), 2);
}

#[test]
fn arrows_are_numbered_in_the_order_of_states_without_gaps() {
    let order = right("purchase_order.yaml", ORDER);
    let mut seen: Vec<usize> = Vec::new();
    for state in &order.states {
        let timers = state.timers.iter().flat_map(|timer| &timer.arrows);
        seen.extend(state.on.values().flatten().chain(&state.always).chain(timers).map(|arrow| arrow.ix.0));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..order.arrows).collect::<Vec<_>>());
}

#[test]
fn an_order_from_elsewhere_begins_as_ordered() {
    let order = right("imported_order.yaml", IMPORTED);
    let start = order.state(order.starts[0].to);
    assert_eq!((&*start.path, start.always.len()), ("ordered", 1));
    assert_eq!(
        order.accepts(&[order.starts[0].to]).iter().map(|e| &**e).collect::<Vec<_>>(),
        ["cancel", "close", "receive"]
    );
}

#[test]
fn the_requisition_brings_its_own_subject() {
    let requisition = right("requisition.yaml", REQUISITION);
    assert_eq!(&*requisition.subject.variable, "request");
    assert_eq!(requisition.subject.record.fields.len(), 6);
    let draft = requisition.state(requisition.starts[0].to);
    assert_eq!((&*draft.timers[0].name, draft.timers[0].due.to_string()), ("draft#1", "after 30 days".to_owned()));
    assert_eq!(requisition.state(requisition.find("sorting").unwrap()).always.len(), 2);
    let used: Vec<&str> = requisition.vocabulary.iter().map(|name| &**name).collect();
    assert_eq!(used, ["require_known@1"], "its unit is looked up, no more");
}

#[test]
fn the_hash_ignores_line_ends_and_nothing_else() {
    let hash = |source: &str| right("purchase_order.yaml", source).hash;
    assert_eq!(hash(ORDER), hash(&ORDER.replace('\n', "\r\n")));
    assert_ne!(hash(ORDER), hash(&ORDER.replace("2 days", "3 days").replace("3 days, do: esc", "4 days, do: esc")));
    let mut newer = vocabulary();
    newer.actions.get_mut("reserve_budget").unwrap().major = 2;
    let other = compile("purchase_order.yaml", ORDER, &newer).definition.unwrap();
    assert_ne!(other.hash, hash(ORDER));
    assert!(other.vocabulary.iter().any(|name| &**name == "reserve_budget@2"));
}

#[test]
fn what_is_due_is_told_and_reminds_unless_that_is_said_already() {
    let rungs = |time: &str| {
        let source = format!(
            "workflow: x\nversion: 1\nsubject: {{ name: po, fields: {{ requester: person }} }}\nstart: review\nstates:\n  \
             review:\n    approval:\n      {time}\n      steps: [{{ name: boss, who: [{{ manager: requester }}] }}]\n    \
             on: {{ approved: done, rejected: done, changes_requested: done }}\n  done: {{ final: true }}\n"
        );
        let definition = right("x.yaml", &source);
        let StateKind::Approval(approval) = &definition.state(definition.starts[0].to).kind else { panic!("{source}") };
        let step = serde_json::to_value(&approval.policy.steps[0]).unwrap();
        let late = step["late"].as_array().cloned().unwrap_or_default();
        let acts: Vec<_> = late.iter().map(|rung| rung["do"].as_str().unwrap().to_owned()).collect();
        (acts.join(" "), step.get("due_hours").is_some())
    };
    assert_eq!(rungs("due: 2 days"), ("remind".to_owned(), true));
    assert_eq!(rungs("due: 2 days\n      late: { after: 2 days, do: remind }"), ("remind".to_owned(), true));
    assert_eq!(rungs("due: 2 days\n      late: { after: 2 days, do: reject }"), ("reject".to_owned(), true));
    // Who is escalated to is somebody else.
    let both = rungs("due: 2 days\n      late: [{ after: 2 days, do: escalate }, { after: 1 day, do: remind }]");
    assert_eq!(both, ("remind remind escalate".to_owned(), true));
    assert_eq!(rungs("late: { after: 1 day, do: remind }"), ("remind".to_owned(), false));
}
