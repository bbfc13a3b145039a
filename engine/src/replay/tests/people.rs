//! Who the people of a log are.

use super::*;

#[test]
fn a_person_may_stand_in_several_columns() {
    let map = MAP.replace("person: who,", "person: [who, role],");
    // One account for all, as anonymised logs have it: the role tells them apart.
    let log = LOG.replace("who=sue", "who=STAFF").replace("who=ann", "who=STAFF").replace("who=adam", "who=STAFF");
    let report = Run::new(DECLARATION, &map, &log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    assert!(report.duties.is_empty());
    let report = Run::new(DECLARATION, MAP, &log).report();
    assert_eq!((&*report.duties[0].person, report.duties[0].code), ("STAFF", "excluded"));
}

#[test]
fn an_organisation_says_more_than_the_log() {
    let definition = DECLARATION.replace("[{ role: supervisor, unit: all }]", "[{ manager: requester }]");
    let organisation = serde_json::json!({
        "people": [{ "id": "ann", "manager": "sue" },
            { "id": "sue", "manager": "zoe" },
            { "id": "zoe" }]
    });
    let map = format!("people: {{ from_log: true }}\n{MAP}");
    let report = Run { organisation, ..Run::new(&definition, &map, LOG) }.report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    // Above sue stands zoe, who did nothing in the log.
    let refused = &report.each[2].refused;
    assert_eq!(refused.iter().map(|one| one.code).collect::<Vec<_>>(), ["excluded", "not_approver"]);
    let duties: Vec<(&str, &str)> = report.duties.iter().map(|d| (&*d.person, d.code)).collect();
    assert_eq!(duties, [("sue", "excluded"), ("tom", "not_approver")]);
}

#[test]
fn roles_are_renamed_and_held_in_units() {
    let map = MAP
        .replace("role: role }", "role: role, unit: unit }\npeople: { roles: { EMPLOYEE: staff, SUPERVISOR: chief } }");
    let definition = DECLARATION
        .replace("role: supervisor, unit: all", "role: chief, unit: west")
        .replace("by: d.requester", "by: role(staff)@\"west\"");
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | unit=west | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=sue | role=SUPERVISOR | unit=west
b | SUBMITTED by EMPLOYEE | 2026-01-05 | who=eve | role=EMPLOYEE | unit=east | amount=12.50
c | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | unit=west | amount=12.50
c | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
c | APPROVED by SUPERVISOR | 2026-01-07 | who=tom | role=SUPERVISOR | unit=east
";
    let report = Run::new(&definition, &map, log).report();
    let codes: Vec<Option<&str>> = report.each.iter().map(|case| case.refused.first().map(|one| one.code)).collect();
    assert_eq!(codes, [None, Some("not_allowed"), Some("not_approver")]);
}

#[test]
fn what_nobody_did_was_done_by_the_console() {
    let log = LOG.replace("| who=robot | role=SYSTEM", "");
    let report = Run::new(DECLARATION, MAP, &log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
}

#[test]
fn two_steps_that_need_two_people_are_a_duty_too() {
    let definition = DECLARATION.replace(
        "steps: [{ name: supervisor, who: [{ role: supervisor, unit: all }] }]",
        "distinct: [[supervisor, second]]\n      steps:\n        - { name: supervisor, who: [{ role: supervisor, unit: all }] }\n        - { name: second, order: 2, who: [{ role: supervisor, unit: all }] }",
    );
    let map = MAP.replace("  Note: skip", "  Second look: { act: approve, step: second }\n  Note: skip");
    let log = LOG.replace("a | Note ", "a | Second look ");
    let report = Run::new(&definition, &map, &log).report();
    assert_eq!(report.each[0].refused[0].code, "distinct");
    assert!(report.duties.iter().any(|d| d.person == "sue" && d.code == "distinct"), "{:?}", report.duties);
}

#[test]
fn whatever_a_log_calls_people_becomes_an_id() {
    let long = "x".repeat(80);
    let log = LOG.replace("who=ann", "who=a/b/c").replace("who=sue", &format!("who={long}"));
    let report = Run::new(DECLARATION, MAP, &log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    let person = &report.duties[0].person;
    assert!(person.len() == 64 && person.starts_with("xxx") && person.contains('~'), "{person}");
}

#[test]
fn people_who_are_called_differently_stay_two() {
    let log = LOG.replace("who=ann", "who=a/b").replace("who=sue", "who=a_b");
    let report = Run::new(DECLARATION, MAP, &log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    assert_eq!(report.duties[0].person, "a_b");
}

#[test]
fn each_offender_of_a_case_is_counted() {
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=eve | role=EMPLOYEE
a | APPROVED by SUPERVISOR | 2026-01-07 | who=dan | role=EMPLOYEE
a | APPROVED by SUPERVISOR | 2026-01-08 | who=eve | role=EMPLOYEE
b | Note | 2026-01-08 | who=sue | role=SUPERVISOR
";
    let report = Run::new(DECLARATION, MAP, log).report();
    let told: Vec<(&str, u64, u64)> = report.duties.iter().map(|d| (&*d.person, d.cases, d.events)).collect();
    assert_eq!(told, [("dan", 1, 1), ("eve", 1, 2)]);
    assert_eq!((report.refused[0].cases, report.refused[0].events, report.refused[0].first), (1, 3, 1));
}

#[test]
fn an_organisation_alone_is_used_as_it_is() {
    let organisation = serde_json::json!({ "people": [{ "id": "ann" }] });
    let report = Run { organisation, ..Run::new(DECLARATION, MAP, LOG) }.report();
    assert_eq!(report.each[0].refused[0].code, "not_allowed", "adam is nobody there, and holds no role");
}

#[test]
fn a_refusal_that_depends_on_who_acts_is_told_of_the_person() {
    let definition = DECLARATION.replace(
        "check: { by: role(administration), to: review }",
        "check: [{ if: actor == d.requester, refuse: Nobody checks what he asks for. }, { if: d.amount > 9 EUR, refuse: Too much. }, { to: review }]",
    );
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=ann | role=ADMINISTRATION
a | CHECKED by ADMINISTRATION | 2026-01-07 | who=adam | role=ADMINISTRATION
";
    let report = Run::new(&definition, MAP, log).report();
    assert_eq!(report.each[0].refused.len(), 2);
    let told: Vec<(&str, &str)> = report.duties.iter().map(|duty| (&*duty.person, &*duty.sentence)).collect();
    assert_eq!(told, [("ann", "Nobody checks what he asks for.")]);
    // The same said as a condition of the only way on.
    let definition = DECLARATION
        .replace("check: { by: role(administration), to: review }", "check: { if: actor != d.requester, to: review }");
    let report = Run::new(&definition, MAP, log).report();
    assert_eq!((report.duties.len(), &*report.duties[0].person, report.duties[0].code), (1, "ann", "not_accepted"));
    assert!(report.duties[0].sentence.contains("none of them holds"), "{:?}", report.duties);
    assert_eq!(report.each[0].end, "review");
}

#[test]
fn where_nobody_acts_actor_is_null() {
    let definition = "
workflow: act
version: 1
subject: { name: a, fields: { requester: person?, one: person?, two: text? } }
start: s
states:
  s:
    on:
      a: { set: { one: actor } }
      b:
        - { if: actor == a.one, refuse: The same person. }
        - { if: actor.hasValue() && actor != null, to: t }
        - { if: 'actor.orValue(person(\"nobody\")) == person(\"nobody\")', to: u }
      c: { set: { two: 'string(actor)' } }
  t: { final: true }
  u: { final: true }
";
    let loaded = Library::load(vec![("it.yaml".to_owned(), definition.to_owned())], Bare::default().vocabulary());
    let (_, warnings) = loaded.unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let log = "
1 | a | 2026-01-05
1 | b | 2026-01-06 | who=bob
2 | a | 2026-01-05 | who=bob
2 | b | 2026-01-06 | who=bob
3 | a | 2026-01-05 | who=ann
4 | b | 2026-01-05
5 | c | 2026-01-05
6 | a | 2026-01-05 | who=bob
6 | b | 2026-01-06
";
    let report = Run::new(definition, "log: { person: who }\nactivities: { a: a, b: b, c: c }", log).report();
    let told: Vec<(&str, &str, Option<&str>)> =
        report.each.iter().map(|one| (&*one.case, &*one.end, one.refused.first().map(|r| &*r.sentence))).collect();
    let same = Some("The same person.");
    assert_eq!(told[..3], [("1", "t", None), ("2", "s", same), ("3", "s", None)]);
    assert_eq!(told[3], ("4", "s", same), "null is equal to null, as everywhere");
    assert_eq!(told[5], ("6", "u", None));
    assert_eq!(report.each[4].incident.as_deref().map(|why| why.contains("`actor` has no value")), Some(true));
}

/// What is told before the figures.
pub(super) fn told_first(
    definition: &str,
    map: &str,
    log: &str,
    known: serde_json::Value,
) -> Vec<(&'static str, String)> {
    let map = Map::read(map).unwrap();
    let log = Written::of(&map, log);
    let course = bound(&map, definition, &log).unwrap();
    let known = known.as_object().cloned().unwrap();
    let known = organisation(known, &map, &[&course], &log).unwrap_or_else(|why| panic!("{}", why.sentence()));
    let found = unanswerable(&map, &course, &known);
    found.into_iter().map(|one| (one.code, format!("{}; {}", one.message, one.help))).collect()
}

#[test]
fn a_role_that_nobody_has_is_told_and_nobody_offends_against_it() {
    let none = serde_json::json!({});
    assert_eq!(told_first(DECLARATION, MAP, LOG, none.clone()), []);
    let definition = DECLARATION.replace("role: supervisor", "role: Supervisor");
    let definition = definition.replace("role(administration)", "role(administrator)");
    let found = told_first(&definition, MAP, LOG, none.clone());
    let [(a, first), (b, second)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((*a, *b), ("FLX0731", "FLX0731"));
    assert!(first.contains("`Supervisor`") && first.contains("the step `supervisor` of `review`"), "{first}");
    assert!(first.contains("a similar role exists: `supervisor`"), "{first}");
    assert!(second.contains("`administrator`") && second.contains("`check` in `checking`"), "{second}");
    let report = Run::new(&definition, MAP, LOG).report();
    assert!(report.duties.is_empty(), "{:?}", report.duties);
    let report = Run::new(DECLARATION, &MAP.replace("role: role", "unit: role"), LOG).report();
    assert!(report.duties.is_empty(), "no column tells roles: {:?}", report.duties);
    // Who is kept out of a decision that nobody could have made took it from nobody.
    let own = Run::new(DECLARATION, MAP, LOG).report();
    assert!(own.duties.iter().any(|duty| duty.person == "sue" && duty.code == "excluded"), "{:?}", own.duties);
    let report = Run::new(&DECLARATION.replace("role: supervisor", "role: Supervisor"), MAP, LOG).report();
    assert!(report.each[2].refused.iter().any(|one| one.code == "excluded"), "{:?}", report.each[2]);
    assert!(report.duties.is_empty(), "{:?}", report.duties);
    // A unit and a manager that are not there.
    let units = serde_json::json!([{ "id": "all_units", "roles": { "supervisor": ["sue"] } }]);
    let known = serde_json::json!({ "people": [{ "id": "sue" }], "units": units });
    let map = format!("people: {{ from_log: false }}\n{MAP}");
    let found = told_first(DECLARATION, &map, LOG, known);
    assert!(found.iter().any(|(code, why)| *code == "FLX0732" && why.contains("`all_units`")), "{found:?}");
    let definition = DECLARATION.replace("{ role: supervisor, unit: all }", "{ manager: requester }");
    let found = told_first(&definition, MAP, LOG, none);
    assert!(found.iter().any(|(code, why)| *code == "FLX0733" && why.contains("organisation:")), "{found:?}");
}

#[test]
fn a_start_by_a_role_that_nobody_has_is_told_and_so_is_an_id() {
    let definition = DECLARATION.replace("start: draft", "start: { to: draft, by: role(clerk) }");
    let found = told_first(&definition, MAP, LOG, serde_json::json!({}));
    let [(code, why)] = found.as_slice() else { panic!("{found:?}") };
    assert!(*code == "FLX0731" && why.contains("`clerk`") && why.contains("the start of `declaration`"), "{why}");
    let report = Run::new(&definition, MAP, LOG).report();
    assert_eq!(report.cases.accepted, 0);
    assert!(report.duties.is_empty(), "{:?}", report.duties);
    let definition = DECLARATION.replace("{ role: supervisor, unit: all }", "{ person: [kim] }");
    let found = told_first(&definition, MAP, LOG, serde_json::json!({}));
    assert!(found.iter().any(|(code, why)| *code == "FLX0731" && why.contains("the id `kim`")), "{found:?}");
}

#[test]
fn people_in_payloads_are_known() {
    let definition = "
workflow: post
version: 1
subject: { name: p, fields: { requester: person, deputy: person? } }
start: open
events: { pass: { payload: { to: person } } }
states:
  open: { on: { pass: { to: passed, set: { deputy: event.to } } } }
  passed: { final: true }
";
    let map = "log: { person: who }\nactivities: { Pass: { event: pass, payload: { to: target } } }";
    let report = Run::new(definition, map, "a | Pass | 2026-01-05 | who=ann | target=kim").report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
}

#[test]
fn ids_of_a_log_that_look_alike_stay_two_beside_an_organisation() {
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=bob | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=b0b | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=ANN | role=SUPERVISOR
b | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
";
    let map = Map::read(&format!("people: {{ from_log: true }}\n{MAP}")).unwrap();
    let written = Written::of(&map, log);
    let course = bound(&map, DECLARATION, &written).unwrap();
    let known = serde_json::json!({ "people": [{ "id": "zoe" }] }).as_object().cloned().unwrap();
    let known = organisation(known, &map, &[&course], &written).unwrap_or_else(|why| panic!("{}", why.sentence()));
    let mut people: Vec<&str> = known.organisation.parts().people.iter().map(|one| one.id.as_str()).collect();
    people.sort_unstable();
    assert_eq!(people, ["ANN", "ann", "b0b", "bob", "zoe"]);
}

#[test]
fn blanks_around_a_name_make_nobody_else() {
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=sue | role=SUPERVISOR
";
    let map = Map::read(MAP).unwrap();
    let mut written = Written::of(&map, log);
    for name in ["adam", "sue"] {
        let text = written.texts.iter().position(|text| text == name).unwrap();
        written.texts[text] = format!(" {name} ");
    }
    let course = bound(&map, DECLARATION, &written).unwrap();
    let known = organisation(Document::new(), &map, &[&course], &written).unwrap();
    let people: Vec<&str> = known.organisation.parts().people.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(people, ["adam", "ann", "sue"]);
}

#[test]
fn who_holds_a_seat_is_known_where_an_act_does_not_name_its_step() {
    // Two chiefs hold a seat in `second` alone, and it opens beside `first`.
    let definition = DECLARATION.replace(
        "steps: [{ name: supervisor, who: [{ role: supervisor, unit: all }] }]",
        "steps:\n        - { name: first, who: [{ role: administration, unit: all }] }\n        - { name: second, who: [{ role: supervisor, unit: all }] }",
    );
    let named = MAP
        .replace("{ act: approve, step: supervisor }", "{ act: approve, step: second }")
        .replace("{ act: reject, step: supervisor }", "{ act: reject, step: second }");
    let unnamed = named.replace(", step: second", "");
    let log = LOG.replace("a | Note | 2026-01-07 | who=sue", "a | APPROVED by SUPERVISOR | 2026-01-07 | who=adam");
    let told = |map: &str| {
        let report = Run::new(&definition, map, &log).report();
        let case = |case: &CaseReport| {
            let refused: Vec<&str> = case.refused.iter().map(|one| one.code).collect();
            format!("{} {refused:?} {:?}", case.end, case.way)
        };
        report.each.iter().map(case).collect::<Vec<_>>()
    };
    let (by_name, by_seat) = (told(&named), told(&unnamed));
    assert!(by_name[0].starts_with("review [\"step_decided\", \"not_accepted\"]"), "{by_name:?}");
    assert!(by_seat[0].starts_with("paid []"), "{by_seat:?}");
    assert_eq!(by_name[1..], by_seat[1..]);
}

#[test]
fn one_person_may_be_written_in_several_ways() {
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=Sue Tuter | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=sue tuter | role=SUPERVISOR
";
    let report = Run::new(DECLARATION, MAP, log).report();
    assert!(report.each[0].accepted, "{:?}", report.each[0]);
    let report = Run::new(DECLARATION, &format!("people: {{ fold: case }}\n{MAP}"), log).report();
    assert_eq!((&*report.duties[0].person, report.duties[0].code), ("sue tuter", "excluded"));
}
