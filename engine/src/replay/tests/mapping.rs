//! Mappings that are wrong, and what is said of them.

use super::*;

fn codes(map: &str) -> Vec<&'static str> {
    let found = match Map::read(map) {
        Err(found) => found,
        Ok(read) => match bound(&read, DECLARATION, &Written::of(&read, "a | Payment Handled | 2026-01-01")) {
            Err(found) => found,
            Ok(_) => Vec::new(),
        },
    };
    for finding in &found {
        assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{finding:?}");
        assert!(finding.span.end <= map.len(), "{finding:?}");
    }
    found
        .iter()
        .filter(|finding| finding.severity == crate::diagnostic::Severity::Error)
        .map(|finding| finding.code)
        .collect()
}

const START: &str = "start: { subject: { amount: { column: amount, currency: EUR } } }\n";

#[test]
fn wrong_mappings_are_told_with_places_and_help() {
    let cases: [(&str, &[&str]); 33] = [
        ("", &["FLX0013"]),
        ("activities: {}", &["FLX0013"]),
        ("log: { person: who }", &["FLX0004"]),
        ("activities: { A: pay }\nothers: ignore", &["FLX0007"]),
        ("activities: { A: pay }\nlogs: { person: who }", &["FLX0002"]),
        ("activities: { A: payed }", &["FLX0720"]),
        ("activities: { A: approved }", &["FLX0720"]),
        ("activities: { A: { act: approve, step: supervisors } }", &["FLX0722"]),
        ("activities: { A: { act: agree, step: supervisor } }", &["FLX0007"]),
        ("activities: { A: { act: approve, event: pay } }", &["FLX0724"]),
        ("activities: { A: { step: supervisor } }", &["FLX0724"]),
        ("activities: { A: { act: delegate, step: supervisor } }", &["FLX0004"]),
        ("activities: { A: { act: approve, state: paying } }", &["FLX0721"]),
        ("activities: { A: { complete: review } }", &["FLX0721"]),
        ("activities: { A: { event: pay, payload: { sum: x } } }", &["FLX0723"]),
        ("activities: { A: { event: pay, workflow: other } }", &["FLX0720"]),
        ("activities: { A: [pay, skip] }", &["FLX0730"]),
        ("activities: { A: [{ when: { x: a }, event: pay }, { when: { x: \" A\" }, event: check }] }", &["FLX0730"]),
        (
            "activities: { A: [{ when: { x: [a, b] }, event: pay }, { when: { x: b, y: c }, skip: true }] }",
            &["FLX0730"],
        ),
        ("activities: { A: [{ when: { x: b, y: c }, event: pay }, { when: { x: [a, b] }, skip: true }] }", &[]),
        ("activities: { A: [{ when: { x: ~ }, skip: true }, { when: { x: \"\" }, event: pay }] }", &["FLX0730"]),
        ("activities: { A: { skip: true, event: pay } }", &["FLX0724"]),
        ("activities: { A: { start: perhaps } }", &["FLX0007"]),
        ("activities: { A: { event: pay, reason: { column: x, values: { a: ~ } } } }", &[]),
        ("activities: { A: { event: pay, reason: { colum: x } } }", &["FLX0002"]),
        ("activities: { A: { event: pay, reason: { column: x, value: y } } }", &["FLX0727"]),
        ("activities: { A: pay, A: check }", &["FLX0003"]),
        ("log: { time: { column: t, zone: Europe/Berlim } }\nactivities: { A: pay }", &["FLX0729"]),
        ("log: { delimiter: ':' }\nactivities: { A: pay }", &["FLX0007"]),
        ("log: { format: json }\nactivities: { A: pay }", &["FLX0007"]),
        ("people: { roles: [a] }\nactivities: { A: pay }", &["FLX0005"]),
        ("people: { fold: letters }\nactivities: { A: pay }", &["FLX0007"]),
        ("people: { from_log: perhaps }\nactivities: { A: pay }", &["FLX0007"]),
    ];
    for (map, wanted) in cases {
        let map = if map.contains("activities") { format!("{START}{map}") } else { map.to_owned() };
        assert_eq!(codes(&map), wanted, "{map}");
    }
    assert_eq!(codes("activities: { A: pay }"), ["FLX0725"], "the amount is needed");
    assert_eq!(codes("start: { subject: { amount: { value: much } } }\nactivities: { A: pay }"), ["FLX0726"]);
    assert_eq!(codes("start: { subject: { amout: x } }\nactivities: { A: pay }"), ["FLX0723", "FLX0725"]);
    for currency in ["EURO", "{ column: c, default: EURO }", "{ column: c, values: { Euro: EURO } }"] {
        let map = format!("{}activities: {{ A: pay }}", START.replace("EUR", currency));
        assert_eq!(codes(&map), ["FLX0726"], "{map}");
    }
    let format = "start: { subject: { amount: { value: 1 EUR } } }\nactivities: { A: { event: pay, reason: { column: x, format: \"%!\" } } }";
    assert_eq!(codes(format), ["FLX0729"]);
    assert_eq!(codes(&format!("{START}activities: {{ Payment Handled: pay }}")), [""; 0]);
}

#[test]
fn how_a_log_is_read_is_read_alone() {
    for map in
        ["log: { case: id, encoding: windows-1252 }", "log: { case: id, encoding: windows-1252 }\nactivities: {}"]
    {
        let read = Map::read_log(map).unwrap();
        assert_eq!((read.log.case.as_deref(), read.log.encoding.as_deref()), (Some("id"), Some("windows-1252")));
        assert!(Map::read(map).is_err());
    }
    assert!(Map::read_log("log: { cases: id }").is_err());
}

#[test]
fn an_activity_means_what_stands_beside_it() {
    let map = "
log: { person: who, role: role }
start: { subject: { amount: { value: 5 EUR } } }
activities:
  Submit: submit
  Approve:
    - { when: { role: ADMINISTRATION }, event: check }
    - { when: { role: [SUPERVISOR, CHIEF] }, act: approve }
    - skip
";
    let log = "
a | Submit | 2026-01-05 | who=ann | role=EMPLOYEE
a | Approve | 2026-01-06 | who=adam | role=ADMINISTRATION
a | Approve | 2026-01-07 | who=tim | role=VISITOR
a | Approve | 2026-01-08 | who=sue | role=SUPERVISOR
";
    let report = Run::new(DECLARATION, map, log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    assert_eq!((report.events.skipped, &*report.each[0].end), (1, "paying"));
    let approve = report.activities.iter().find(|activity| activity.activity == "Approve").unwrap();
    assert_eq!(approve.means, ["check", "approve", "skip"]);
}

#[test]
fn a_condition_folds_letters_and_blanks_and_knows_empty_cells() {
    let map = "
log: { person: who, role: role }
start: { subject: { amount: { value: 5 EUR } } }
activities:
  Submit: submit
  Approve:
    - { when: { role: Administration }, event: check }
    - { when: { role: [\"\", VISITOR] }, skip: true }
    - { when: { role: [SUPERVISOR, ~] }, act: approve }
";
    let log = "
a | Submit | 2026-01-05 | who=ann | role=EMPLOYEE
a | Approve | 2026-01-06 | who=adam | role=ADMINISTRATION
a | Approve | 2026-01-07 | who=tim
a | Approve | 2026-01-07 | who=tim | role=visitor
a | Approve | 2026-01-08 | who=sue | role=Supervisor
b | Submit | 2026-01-05 | who=ann | role=EMPLOYEE
b | Approve | 2026-01-06 | who=pat | role=Porter
b | Unheard | 2026-01-06 | who=pat | role=Porter
";
    let report = Run::new(DECLARATION, map, log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    assert_eq!((report.events.skipped, &*report.each[0].end), (2, "paying"));
    let told: Vec<(&str, bool)> = report.each[1]
        .refused
        .iter()
        .map(|one| (one.code, one.sentence.contains("No `when` of this activity")))
        .collect();
    assert_eq!(told, [("no_when_holds", true), ("not_mapped", false)]);
    let when = vec![(0, vec!["äpfel".to_owned(), String::new()])];
    for (cell, holds) in [(Some(" ÄPFEL "), true), (Some("  "), true), (None, true), (Some("apfel"), false)] {
        assert_eq!(super::super::map::holds(&when, |_| cell), holds, "{cell:?}");
    }
}

#[test]
fn an_order_names_activities_of_the_log() {
    let map = MAP.replace("role: role }", "role: role, order: [CHECKED by ADMINISTRATION, CHECKED] }");
    let map = Map::read(&map).unwrap();
    let (_, found) = held(&map, DECLARATION, &Written::of(&map, LOG)).unwrap();
    let told = found.iter().filter(|one| one.message.contains("`CHECKED"));
    let told: Vec<(&str, &str)> = told.map(|one| (one.code, &*one.message)).collect();
    assert_eq!(told, [("FLX0728", "the log has no event `CHECKED`")]);
}

#[test]
fn an_explicit_start_begins_the_case() {
    let map = MAP.replace("  Note: skip", "  Note: start");
    let log = "
a | Note | 2026-01-04 | who=ann | amount=1
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE
a | Note | 2026-01-06 | who=ann
b | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE
b | Note | 2026-01-06 | who=ann | amount=1
";
    let report = Run::new(DECLARATION, &map, log).report();
    let told: Vec<(&str, &str)> = report.each.iter().map(|case| (case.refused[0].code, &*case.end)).collect();
    assert_eq!(told, [("already_started", "checking"), ("not_started", "draft")]);
}

#[test]
fn others_are_refused_or_skipped() {
    let refused = Run::new(DECLARATION, MAP, "a | Gibberish | 2026-01-05 | who=ann | amount=1").report();
    assert_eq!((refused.cases.deviating, refused.each[0].refused[0].code), (1, "not_mapped"));
    let map = format!("others: skip\n{MAP}");
    let skipped = Run::new(DECLARATION, &map, "a | Gibberish | 2026-01-05 | who=ann | amount=1").report();
    assert_eq!((skipped.cases.accepted, skipped.events.skipped, skipped.cases.never_started), (1, 1, 1));
}
