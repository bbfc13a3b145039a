//! Two definitions over one log.

use super::*;

#[test]
fn cases_that_would_have_gone_another_way_are_told() {
    let other = DECLARATION
        .replace("check: { by: role(administration), to: review }", "check: { by: role(administration), to: paying }")
        .replace("version: 1", "version: 2");
    let report = Run { against: Some(&other), ..Run::new(DECLARATION, MAP, LOG) }.report();
    let against = report.against.unwrap();
    assert_eq!((against.cases, against.different, against.more), (4, 3, 0));
    assert_eq!(against.kinds, Kinds { refused: 3, end: 0, way: 0 });
    let told: Vec<(&str, &str, &str, &str)> =
        against.differs.iter().map(|d| (&*d.case, d.kind, &*d.end, &*d.other_end)).collect();
    assert_eq!(
        told,
        [("a", "refused", "paid", "paid"), ("b", "refused", "paying", "paying"), ("c", "refused", "draft", "paying")]
    );
}

#[test]
fn a_definition_against_itself_differs_in_nothing() {
    let report = Run { against: Some(DECLARATION), ..Run::new(DECLARATION, MAP, LOG) }.report();
    let against = report.against.unwrap();
    assert_eq!((against.cases, against.different, against.differs.len()), (4, 0, 0));
}

#[test]
fn a_reminder_is_no_other_way() {
    let late = |hours: u32| {
        let rung = format!("unit: all }}], late: [{{ after: {hours} hours, do: remind }}] }}]");
        DECLARATION.replace("unit: all }] }]", &rung)
    };
    let (this, that) = (late(2), late(100));
    let report = Run { against: Some(&that), ..Run::new(&this, MAP, LOG) }.report();
    assert!(report.timers.iter().any(|timer| timer.what == "remind"), "{:?}", report.timers);
    assert_eq!(report.against.unwrap().different, 0);
}

#[test]
fn another_way_to_the_same_end_is_told_with_its_step() {
    let other = DECLARATION.replace("pay: { by: role(system), to: paid }", "pay: { by: role(system), to: overdue }");
    let other = other.replace("on: { pay: paid }", "on: { pay: paid }\n    always: { to: paid }");
    let log = LOG.lines().filter(|line| line.starts_with('a')).collect::<Vec<_>>().join("\n");
    let report = Run { against: Some(&other), ..Run::new(DECLARATION, MAP, &log) }.report();
    assert_eq!(report.against.unwrap().different, 0, "what passes through at once is no state that anything stood in");
    let other =
        DECLARATION.replace("submit: { by: d.requester, to: checking }", "submit: { by: d.requester, to: other }");
    let other =
        other.replace("  review:", "  other: { on: { check: { by: role(administration), to: review } } }\n  review:");
    let report = Run { against: Some(&other), ..Run::new(DECLARATION, MAP, &log) }.report();
    let against = report.against.unwrap();
    assert_eq!((against.different, against.differs[0].kind), (1, "way"));
    assert_eq!(against.differs[0].step, Some((2, Some("checking".to_owned()), Some("other".to_owned()))));
}

/// One event that is refused in two ways.
const TWICE: &str = "
workflow: r
version: 1
subject: { name: a, fields: { n: int } }
start: s
states:
  s:
    on:
      a:
        - { if: a.n > 3, refuse: Too many. }
        - { if: a.n < 9, refuse: Too few. }
        - { to: t }
  t: { final: true }
";

#[test]
fn what_the_definition_says_tells_its_refusals_apart() {
    let map = "start: { subject: { n: n } }\nactivities: { a: a }";
    let log = "1 | a | 2026-01-05 | n=4\n2 | a | 2026-01-05 | n=7\n3 | a | 2026-01-05 | n=1";
    let other = TWICE.replace("a.n > 3", "a.n > 5");
    let report = Run { against: Some(&other), ..Run::new(TWICE, map, log) }.report();
    let rows: Vec<_> = report.refused.iter().map(|r| (&*r.sentence, r.first, r.cases, &*r.example)).collect();
    assert_eq!(rows, [("Too many.", 2, 2, "1"), ("Too few.", 1, 1, "3")]);
    let against = report.against.unwrap();
    assert_eq!((against.different, &*against.differs[0].case, against.differs[0].kind), (1, "1", "refused"));
    let sentence = |refused: &Option<RefusedOnce>| refused.as_ref().unwrap().sentence.clone();
    assert_eq!(sentence(&against.differs[0].refused), "Too many.");
    assert_eq!(sentence(&against.differs[0].other_refused), "Too few.");
}

#[test]
fn what_time_does_after_the_last_event_is_no_other_way() {
    let other = DECLARATION.replace("after: { in: 30 days, to: overdue }", "after: { in: 3 days, to: overdue }");
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=sue | role=SUPERVISOR
b | SUBMITTED by EMPLOYEE | 2026-01-20 | who=ann | role=EMPLOYEE | amount=12.50
";
    let report = Run { against: Some(&other), ..Run::new(DECLARATION, MAP, log) }.report();
    assert_eq!(report.against.unwrap().different, 0);
}

#[test]
fn cases_that_are_not_told_one_by_one_are_counted() {
    let other =
        DECLARATION.replace("submit: { by: d.requester, to: checking }", "submit: { by: d.requester, to: paying }");
    let line =
        |case: usize| format!("{case} | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50\n");
    let log: String = (0..10_003).map(line).collect();
    let report = Run { against: Some(&other), threads: 2, ..Run::new(DECLARATION, MAP, &log) }.report();
    let against = report.against.unwrap();
    assert_eq!((against.different, against.differs.len(), against.more), (10_003, 10_000, 3));
    assert_eq!(against.kinds, Kinds { refused: 0, end: 10_003, way: 0 });
}
