//! Who is asked, for what of several things, and where nobody is.

use super::people::told_first;
use super::*;

/// Two regions under review, each by people of its own.
const SIDE_BY_SIDE: &str = "
workflow: par
version: 1
subject: { name: r, fields: { requester: person } }
start: both
states:
  both:
    parallel:
      x:
        start: rx
        states:
          rx:
            approval: { steps: [{ name: s, who: [{ role: legal, unit: u }] }] }
            on: { approved: dx, rejected: dx, changes_requested: dx }
          dx: { final: true }
      y:
        start: ry
        states:
          ry:
            approval: { steps: [{ name: s, who: [{ role: money, unit: u }] }] }
            on: { approved: dy, rejected: dy, changes_requested: dy }
          dy: { final: true }
    on: { done: end }
  end: { final: true }
";

#[test]
fn an_act_is_for_the_task_in_which_the_person_is_asked() {
    let log = "
1 | Begin | 2026-01-05 | who=ann | role=staff
1 | Ok | 2026-01-06 | who=lea | role=legal
1 | Ok | 2026-01-07 | who=max | role=money
2 | Begin | 2026-01-05 | who=ann | role=staff
2 | Ok | 2026-01-06 | who=max | role=money
2 | Ok | 2026-01-07 | who=lea | role=legal
3 | Begin | 2026-01-05 | who=ann | role=staff
3 | Ok | 2026-01-06 | who=ann | role=staff
";
    for act in ["{ act: approve }", "{ act: approve, step: s }"] {
        let map = format!("log: {{ person: who, role: role }}\nactivities: {{ Begin: start, Ok: {act} }}");
        let report = Run::new(SIDE_BY_SIDE, &map, log).report();
        let ends: Vec<(&str, bool)> = report.each.iter().map(|case| (&*case.end, case.accepted)).collect();
        assert_eq!(ends, [("end", true), ("end", true), ("both.x.rx + both.y.ry", false)], "{act}");
        // Whoever is asked nowhere is told so of the first.
        assert_eq!(report.duties.iter().map(|duty| &*duty.person).collect::<Vec<_>>(), ["ann"], "{act}");
    }
}

#[test]
fn of_several_ways_the_one_is_told_that_nobody_can_take() {
    let definition = "
workflow: a
version: 1
subject: { name: po, fields: { requester: person, amount: money } }
start: open
states:
  open: { on: { change: [{ if: po.amount < 5000 EUR, to: done }, { by: role(senior), to: done }] } }
  done: { final: true }
";
    let map = "log: { person: who, role: role }\nstart: { subject: { amount: { value: 9000 EUR } } }\nactivities: { change: change }";
    let log = "1 | change | 2026-01-05 | who=ann | role=junior";
    let found = told_first(definition, map, log, serde_json::json!({}));
    let [(code, why)] = found.as_slice() else { panic!("{found:?}") };
    assert!(*code == "FLX0731" && why.contains(": arrow 2 of `change` in `open` can be done by nobody"), "{why}");
    let report = Run::new(definition, map, log).report();
    assert_eq!(report.each[0].refused[0].code, "not_allowed");
    assert!(report.duties.is_empty(), "nobody else could have been asked: {:?}", report.duties);
    // Where somebody has the role, whoever has it not did what he may not.
    let log = "1 | change | 2026-01-05 | who=ann | role=junior\n2 | change | 2026-01-05 | who=sue | role=senior";
    let report = Run::new(definition, map, log).report();
    assert_eq!(report.duties.iter().map(|duty| &*duty.person).collect::<Vec<_>>(), ["ann"]);
    // Of a step that somebody else can decide, too, only the place is told.
    let two = "[{ role: supervisor, unit: all }, { role: chief, unit: all }]";
    let definition = DECLARATION.replace("[{ role: supervisor, unit: all }]", two);
    let found = told_first(&definition, MAP, LOG, serde_json::json!({}));
    assert!(found.len() == 1 && found[0].1.contains("a place in the step `supervisor` of `review`"), "{found:?}");
}

#[test]
fn whom_an_escalation_asks_is_looked_at() {
    let none = serde_json::json!({});
    let with = |rung: &str| {
        let who = "who: [{ role: supervisor, unit: all }] }]";
        let more =
            format!("who: [{{ role: supervisor, unit: all }}], late: [{{ after: 1 hour, do: escalate{rung} }}] }}]");
        told_first(&DECLARATION.replace(who, &more), MAP, LOG, none.clone())
    };
    let found = with("");
    let [(code, why)] = found.as_slice() else { panic!("{found:?}") };
    assert!(*code == "FLX0733" && why.contains("the escalation of the step `supervisor` of `review`"), "{why}");
    let found = with(", to: kim");
    assert!(found.len() == 1 && found[0].0 == "FLX0731" && found[0].1.contains("the id `kim`"), "{found:?}");
    assert_eq!(with(", fallback: [{ role: supervisor, unit: all }]"), []);
}
