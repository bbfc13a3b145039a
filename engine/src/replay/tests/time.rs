//! Timers, rungs, and where everybody stood when.

use super::*;

const LATE: &str = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=1
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=sue | role=SUPERVISOR
a | Payment Handled | 2026-03-01 | who=robot | role=SYSTEM
b | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=1
b | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
b | APPROVED by SUPERVISOR | 2026-01-08 | who=sue | role=SUPERVISOR
";

#[test]
fn timers_fire_between_the_events_and_after_the_last_until_the_end() {
    let report = Run::new(DECLARATION, MAP, LATE).report();
    let fired: Vec<(&str, &str, &str, bool)> =
        report.fired.iter().map(|f| (&*f.case, &*f.what, &*f.at, f.after_last_event)).collect();
    assert_eq!(
        fired,
        [("a", "after 30 days", "2026-02-06T08:00:00Z", false), ("b", "after 30 days", "2026-02-07T08:00:00Z", true)]
    );
    let [timer] = report.timers.as_slice() else { panic!("{:?}", report.timers) };
    assert_eq!((&*timer.state, timer.count, timer.after_last_event), ("paying", 2, 1));
    assert_eq!((&*timer.first, &*timer.last), ("2026-02-06T08:00:00Z", "2026-02-07T08:00:00Z"));
    // Where a case stands is told as of its last event, whatever time does to it afterwards.
    assert_eq!(report.each[0].way.last().map(String::as_str), Some("paid"));
    let last = &report.each[1];
    assert_eq!(
        (&*last.end, last.way.last().unwrap().as_str(), last.afterwards.as_slice()),
        ("paying", "paying", &["overdue".to_owned()][..])
    );
    let report = Run { until_end: false, ..Run::new(DECLARATION, MAP, LATE) }.report();
    assert_eq!(report.fired.len(), 1);
}

#[test]
fn where_everybody_stood_at_an_instant_is_told() {
    let instants = ["2026-01-05T07:59:59Z", "2026-01-05T08:00:00Z", "2026-02-06T08:00:00Z", "2026-06-01T00:00:00Z"];
    let report = Run { instants: &instants, ..Run::new(DECLARATION, MAP, LATE) }.report();
    let at =
        |n: usize| -> Vec<(&str, u64)> { report.states_at[n].states.iter().map(|s| (&*s.state, s.cases)).collect() };
    assert_eq!((report.states_at[0].not_begun, at(0)), (2, vec![]));
    assert_eq!((report.states_at[1].not_begun, at(1)), (0, vec![("checking", 2)]));
    assert_eq!(at(2), [("overdue", 1), ("paying", 1)]);
    // An instant after the log's end is asked for: time goes on until then.
    assert_eq!(at(3), [("overdue", 1), ("paid", 1)]);
    // Asking where they stood changes no other number.
    let plain = |instants| {
        let run = Run { until_end: false, instants, ..Run::new(DECLARATION, MAP, LATE) };
        let mut report = run.report();
        report.states_at.clear();
        serde_json::to_string(&report).unwrap()
    };
    assert_eq!(plain(&instants), plain(&[]));
}

#[test]
fn rungs_of_reviews_are_told_with_their_steps() {
    let definition = DECLARATION.replace(
        "who: [{ role: supervisor, unit: all }] }]",
        "who: [{ role: supervisor, unit: all }], late: [{ after: 12 hours, do: remind }, { after: 2 days, do: reject }] }]",
    );
    let log = LATE.replace("2026-01-08 | who=sue", "2026-01-09 | who=sue");
    let report = Run::new(&definition, MAP, &log).report();
    let told: Vec<(&str, Option<&str>, &str, u64)> =
        report.timers.iter().map(|t| (&*t.state, t.step.as_deref(), &*t.what, t.count)).collect();
    assert_eq!(
        told,
        [
            ("review", Some("supervisor"), "remind", 2),
            ("paying", None, "after 30 days", 1),
            ("review", Some("supervisor"), "reject", 1)
        ]
    );
    // Rejected by time, it is back in draft: nobody is asked any more.
    assert_eq!(report.each[1].refused[0].code, "no_open_task");
    assert_eq!(report.each[1].end, "draft");
}

#[test]
fn a_circle_of_timers_comes_to_an_end() {
    let definition = "
workflow: round
version: 1
subject: { name: r, fields: { requester: person } }
start: here
states:
  here: { after: { in: 1s, to: there }, on: { stop: done } }
  there: { after: { in: 1s, to: here } }
  done: { final: true }
";
    let map = "log: { person: who }\nactivities: { Begin: start, Stop: stop }";
    let log = "a | Begin | 2026-01-01 | who=ann\na | Stop | 2026-06-01 | who=ann";
    let report = Run::new(definition, map, log).report();
    assert_eq!((report.cases.endless, report.cases.accepted), (1, 0));
    let each = &report.each[0];
    assert_eq!((each.way.len(), each.fired.len()), (200, 200));
    assert!(each.more > 15_000, "{}", each.more);
    assert!(report.fired.len() <= 1_000 && report.timers.iter().map(|t| t.count).sum::<u64>() <= 10_000);
}

#[test]
fn timers_that_events_set_anew_are_no_circle() {
    let definition = "
workflow: long
version: 1
subject: { name: l, fields: { requester: person } }
start: open
states:
  open: { on: { ask: open, close: done }, after: { in: 10 minutes, to: late } }
  late: { on: { ask: open } }
  done: { final: true }
";
    let begin = Timestamp::parse("2026-01-01T00:00:00Z").unwrap().micros();
    let line = |n: i64| format!("a | Ask | {} | who=ann\n", Timestamp::from_micros(begin + n * 1_200_000_000));
    let log: String = (0..10_050).map(line).collect();
    let report = Run::new(definition, "log: { person: who }\nactivities: { Ask: ask }", &log).report();
    assert_eq!((report.cases.endless, report.cases.accepted), (0, 1));
    assert_eq!(report.timers.iter().map(|timer| timer.count).sum::<u64>(), 10_049);
}

#[test]
fn a_circle_after_the_last_event_changes_no_verdict() {
    let definition = "
workflow: round
version: 1
subject: { name: r, fields: { requester: person } }
start: here
states:
  here: { after: { in: 1s, to: there }, on: { stop: done } }
  there: { after: { in: 1s, to: here } }
  done: { final: true }
";
    let map = "log: { person: who }\nactivities: { Begin: start }";
    let log = "a | Begin | 2026-01-01 | who=ann\nb | Begin | 2026-06-01 | who=ann";
    let report = Run::new(definition, map, log).report();
    assert_eq!((report.cases.endless, report.cases.accepted, report.cases.deviating), (1, 2, 0));
}

#[test]
fn a_day_on_which_somebody_comes_back_is_no_transition() {
    let organisation = serde_json::json!({
        "people": [{ "id": "ann" }, { "id": "adam" }, { "id": "sue" }, { "id": "tom" }],
        "substitutes": [{ "person": "tom", "substitute": "sue", "from": "2026-01-07", "until": "2026-01-08" }],
    });
    let log = LATE.replace("2026-01-07 | who=sue", "2026-01-12 | who=sue");
    let map = format!("people: {{ from_log: true }}\n{MAP}");
    let report = Run { organisation, ..Run::new(DECLARATION, &map, &log) }.report();
    assert!(report.transitions.iter().all(|one| one.by != "time"), "{:?}", report.transitions);
    assert_eq!(report.each[0].way, ["draft", "checking", "review", "paying", "overdue", "paid"]);
}

#[test]
fn incidents_are_told_by_what_they_say() {
    let definition = "
workflow: i
version: 1
subject: { name: i, fields: { requester: person, amount: money } }
start: a
states:
  a: { on: { x: [{ if: i.amount > 5 EUR, to: z }, { to: z }] } }
  z: { final: true }
";
    let map = "
log: { person: who }
start: { subject: { amount: { value: \"7\", currency: { column: cur } } } }
activities: { x: x }
";
    let log = "
1 | x | 2026-01-05 | who=ann | cur=USD
2 | x | 2026-01-05 | who=ann | cur=GBP
3 | x | 2026-01-05 | who=ann | cur=USD
";
    let report = Run::new(definition, map, log).report();
    let told: Vec<(u64, &str)> = report.incidents.iter().map(|one| (one.cases, &*one.example)).collect();
    assert_eq!(told, [(2, "1"), (1, "2")]);
    assert!(report.incidents[0].sentence.contains("USD") && report.incidents[1].sentence.contains("GBP"));
}

/// A workflow that calls another, whose states and steps have the same names.
const CALLS: &str = "
workflow: outer
version: 1
subject: { name: d, fields: { requester: person } }
start: sub
states:
  sub: { call: { workflow: inner }, on: { done: wait, failed: z } }
  wait: { after: { in: 3 days, to: review } }
  review:
    approval: { late: [{ after: 1 day, do: remind }], steps: [{ name: boss, who: [{ role: boss, unit: u }] }] }
    on: { approved: z, rejected: z, changes_requested: z }
  z: { final: true }
---
workflow: inner
version: 1
subject: { name: d, fields: { requester: person } }
start: wait
states:
  wait: { after: { in: 2 days, to: review } }
  review:
    approval: { late: [{ after: 1 day, do: remind }], steps: [{ name: boss, who: [{ role: boss, unit: u }] }] }
    on: { approved: ok, rejected: no, changes_requested: no }
  ok: { final: true }
  no: { final: failed }
";

#[test]
fn what_time_does_in_a_called_workflow_is_told_with_its_name() {
    let map = "
log: { person: who, role: role }
activities:
  Begin: start
  In: { act: approve, step: boss, workflow: inner }
  Out: { act: approve, step: boss }
";
    let log = "
a | Begin | 2026-03-02 | who=ann | role=staff
a | In | 2026-03-06 | who=bea | role=boss
a | Out | 2026-03-12 | who=bea | role=boss
";
    let report = Run::new(CALLS, map, log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    let told = |workflow: &Option<String>, state: &str, what: &str| {
        format!("{} {state} {what}", workflow.as_deref().unwrap_or("-"))
    };
    let once: Vec<String> = report.fired.iter().map(|one| told(&one.workflow, &one.state, &one.what)).collect();
    let all = ["inner wait after 2 days", "inner review remind", "- wait after 3 days", "- review remind"];
    assert_eq!(once, all);
    let mut counts: Vec<(String, u64)> =
        report.timers.iter().map(|one| (told(&one.workflow, &one.state, &one.what), one.count)).collect();
    counts.sort();
    let mut each = all.map(|one| (one.to_owned(), 1));
    each.sort();
    assert_eq!(counts, each);
    let of_case: Vec<Option<&str>> = report.each[0].fired.iter().map(|one| one.workflow.as_deref()).collect();
    assert_eq!(of_case, [Some("inner"), Some("inner"), None, None]);
}
