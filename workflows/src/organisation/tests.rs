//! What a proposal computes, and what it refuses.

use std::collections::BTreeMap;

use fluxor_engine::audit::fold::Change;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::commit::OrganisationRow;
use fluxor_engine::decide::{OrganisationAt, read_organisation};
use fluxor_engine::domain::Domain as _;

use super::*;
use crate::facts::Facts;
use crate::procurement::Procurement;
use crate::testing::{TENANT, document};

fn organisation() -> OrganisationAt {
    let whole = document(json!({
        "zone": "UTC",
        "people": [
            { "id": "ann", "active": true, "manager": "bob" },
            { "id": "bob", "active": true },
            { "id": "cyd", "active": true },
            { "id": "dan", "active": true },
            { "id": "eve", "active": true },
        ],
        "units": [
            { "id": "it", "roles": { "buyer": ["ann", "bob"], "administrator": ["dan"] } },
            { "id": "hq", "roles": { "administrator": ["cyd", "dan"] } },
        ],
        "substitutes": [{ "person": "cyd", "substitute": "dan" }],
        "contacts": { "eve": { "name": "Eve" } },
        "approval": "organisation_change",
    }));
    let at = Timestamp::from_micros(1);
    let text = Json::Object(whole.clone()).to_string().into();
    let row = OrganisationRow { tenant: TENANT, revision: 4, at, document: text };
    OrganisationAt { row: Some(row), ..read_organisation(&whole, 4, at).unwrap() }
}

/// What the action sets of a payload, over a subject.
fn proposed(subject: &Document, payload: Json) -> Result<Document, (&'static str, String)> {
    let (organisation, payload, facts) = (organisation(), document(payload), Facts::default());
    let call = Call {
        tenant: TENANT,
        instance: None,
        key: None,
        subject,
        params: &BTreeMap::new(),
        payload: &payload,
        actor: Some("ann"),
        organisation: &organisation,
        facts: &facts,
        now: Timestamp::from_micros(2),
    };
    match Procurement::new().act("propose_organisation_change", &call) {
        Ok(done) => Ok(done.set),
        Err(NotDone::Refused { code, sentence }) => Err((code, sentence)),
        Err(other) => panic!("{other:?}"),
    }
}

fn first(patch: Json) -> Result<Document, (&'static str, String)> {
    proposed(&Document::new(), json!({ "patch": patch }))
}

#[test]
fn a_proposal_says_what_it_changes_and_whom_it_concerns() {
    let set = first(json!({
        "zone": "Europe/Berlin",
        "people": [{ "id": "ann", "manager": "cyd" }, { "id": "bob", "active": true }, { "id": "new" }],
    }))
    .unwrap();
    let lines = [
        r#"/people/ann/manager: "bob" -> "cyd""#,
        r#"/people/new: nothing -> {"active":true,"id":"new"}"#,
        r#"/zone: "UTC" -> "Europe/Berlin""#,
    ];
    assert_eq!(set["changes"], json!(lines));
    assert_eq!(
        set["concerned"],
        json!(["ann", "cyd", "dan"]),
        "and the new manager, and who stands in for him; neither who is new nor who stays the same"
    );
    assert_eq!((&set["administrators"], &set["base"]), (&json!(["cyd", "dan"]), &json!(4)));
    let found: Document = serde_json::from_str(set["found"].as_str().unwrap()).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["people/ann", "people/bob", "people/new", "zone"]);
    assert_eq!((&found["people/new"], found["zone"].as_str().unwrap().len()), (&Json::Null, 64));
    // The same proposal again, from what the subject keeps.
    assert_eq!(proposed(&set, json!({})).unwrap(), set);
}

#[test]
fn roles_substitutes_and_addresses_concern_their_people() {
    let units = |buyers: &[&str]| {
        json!([{ "id": "it", "roles": { "buyer": buyers, "administrator": ["dan"] } },
               { "id": "hq", "roles": { "administrator": ["cyd", "dan"] } }])
    };
    let concerned = |patch: Json| first(patch).unwrap()["concerned"].clone();
    assert_eq!(concerned(json!({ "units": units(&["bob", "eve"]) })), json!(["ann", "eve"]));
    assert_eq!(concerned(json!({ "units": units(&["bob", "ann"]) })), json!(["ann", "bob"]), "their order");
    assert_eq!(concerned(json!({ "units": [] })), json!(["ann", "bob", "cyd", "dan"]));
    assert_eq!(concerned(json!({ "substitutes": [] })), json!(["cyd", "dan"]));
    assert_eq!(concerned(json!({ "contacts": { "eve": { "name": "Eva" } } })), json!(["eve"]));
    assert_eq!(concerned(json!({ "approval": null })), json!([]));
    let set = first(json!({ "units": units(&["bob"]) })).unwrap();
    assert_eq!(set["changes"], json!([r#"/units/it/roles/buyer: gone ["ann"]"#]));
    let set = first(json!({ "units": units(&["eve", "bob"]) })).unwrap();
    assert_eq!(
        set["changes"],
        json!([r#"/units/it/roles/buyer: added ["eve"]"#, r#"/units/it/roles/buyer: gone ["ann"]"#])
    );
    let set = first(json!({ "units": units(&["bob", "ann"]) })).unwrap();
    assert_eq!(set["changes"], json!(["/units/it/roles/buyer: in another order"]));
    let long = "x".repeat(320);
    let set = first(json!({ "contacts": { "eve": { "name": long } } })).unwrap();
    assert!(set["changes"][0].as_str().unwrap().chars().count() < 300, "{}", set["changes"]);
}

#[test]
fn a_proposal_tells_that_a_note_changes_and_not_its_words() {
    let absence = |until: &str, note: Option<&str>| {
        let mut one = json!({ "person": "cyd", "substitute": "dan", "until": until });
        if let Some(note) = note {
            one["note"] = note.into();
        }
        one
    };
    let told = |before: Json, after: Json| {
        let whole = |absences: Json| document(json!({ "substitutes": absences }));
        told::changes(whole(before), whole(after))
    };
    let (sick, sea) = (absence("2026-03-02", Some("sick")), absence("2026-04-02", Some("at the sea")));
    let line = |word: &str, until: &str, note: &str| {
        let absence = format!(r#"{{"note":"{note}","person":"cyd","substitute":"dan","until":"{until}"}}"#);
        format!("/substitutes/cyd: {word} [{absence}]")
    };
    let (old, new) = ("(not shown)", "(new, not shown)");
    assert_eq!(
        told(json!([sick, sea]), json!([])),
        [format!(
            "/substitutes/cyd: [{},{}] -> nothing",
            r#"{"note":"(not shown)","person":"cyd","substitute":"dan","until":"2026-03-02"}"#,
            r#"{"note":"(not shown)","person":"cyd","substitute":"dan","until":"2026-04-02"}"#
        )]
    );
    assert_eq!(
        told(json!([sick, sea]), json!([sick, absence("2026-05-02", Some("at the sea"))])),
        [line("added", "2026-05-02", old), line("gone", "2026-04-02", old)],
        "the note stays"
    );
    assert_eq!(
        told(json!([sick, sea]), json!([sick, absence("2026-04-02", Some("at home"))])),
        [line("added", "2026-04-02", new), line("gone", "2026-04-02", old)]
    );
    let turned = json!([absence("2026-03-02", Some("at the sea")), absence("2026-04-02", Some("sick"))]);
    assert_eq!(told(json!([sick, sea]), turned).len(), 4, "each gets the note of the other");
    let bare = told(json!([sick, sea]), json!([sick, absence("2026-04-02", None)]));
    assert!(bare.len() == 2 && !bare.concat().contains("sea"), "{bare:?}");
    assert_eq!(told(json!([sick, sea]), json!([sea, sick])), ["/substitutes/cyd: in another order"]);
}

#[test]
fn nobody_proposes_more_than_people_read() {
    let people = |many: usize, name: &str| -> Json {
        let one = |n: usize| json!({ "id": format!("{name}{n}") });
        json!({ "people": (0..many).map(one).collect::<Vec<_>>() })
    };
    let (code, told) = first(people(1_001, "n")).unwrap_err();
    assert!(code == "invalid_input" && told.contains("it changes 1001 things, 1000 at most"), "{told}");
    let (_, told) = first(people(2_000, &"n".repeat(40))).unwrap_err();
    assert!(told.contains("bytes, 65536 at most") && told.contains("propose it in parts"), "{told}");
    assert!(first(people(500, "n")).is_ok());
}

#[test]
fn a_difference_far_behind_is_seen() {
    let zone = |end: &str| json!(format!("{}{end}", "x".repeat(500)));
    let change = |from: Json, to: Json| Change { at: "/p".into(), from: Some(from), to: Some(to) };
    let told = told::lines(&change(zone("1"), zone("2"))).concat();
    assert!(told.contains("x1\"") && told.contains("x2\"") && told.chars().count() < 300, "{told}");
    let many: Vec<String> = (0..99).map(|n| format!("p{n}")).collect();
    let more: Vec<String> = many.iter().cloned().chain(["ann".to_owned()]).collect();
    assert_eq!(told::lines(&change(json!(many), json!(more))), [r#"/p: added ["ann"]"#]);
}

#[test]
fn a_limit_that_becomes_another_is_told_as_before_and_after() {
    let limit = |amount: &str, category: &str| json!({ "amount": amount, "category": category });
    let change = |from: Json, to: Json| Change { at: "/people/eve/limits".into(), from: Some(from), to: Some(to) };
    let old = json!([{ "amount": "1.00 EUR" }, limit("2.00 EUR", "it"), limit("3.00 EUR", "travel")]);
    let new = json!([{ "amount": "9.00 EUR" }, limit("2.00 EUR", "it"), limit("4.00 EUR", "legal")]);
    let wanted = [
        r#"/people/eve/limits: [{"amount":"1.00 EUR"}] -> [{"amount":"9.00 EUR"}]"#,
        r#"/people/eve/limits: gone [{"amount":"3.00 EUR","category":"travel"}]"#,
        r#"/people/eve/limits: added [{"amount":"4.00 EUR","category":"legal"}]"#,
    ];
    assert_eq!(told::lines(&change(old, new)), wanted);
}

/// What is told last, or behind a long note, is what matters most.
#[test]
fn nothing_hides_behind_something_long() {
    let mut limits: Vec<Json> = (0..40).map(|n| json!({ "amount": "1.00 EUR", "category": format!("c{n}") })).collect();
    limits.push(json!({ "amount": "9999999.00 EUR" }));
    let change = Change { at: "/people/eve/limits".into(), from: Some(json!([])), to: Some(json!(limits)) };
    let told = told::lines(&change);
    assert_eq!((told.len(), &*told[40]), (41, r#"/people/eve/limits: added [{"amount":"9999999.00 EUR"}]"#));
    let entry = json!({ "note": "n".repeat(900), "person": "bob", "substitute": "eve", "until": "2027-01-01" });
    let change = Change { at: "/substitutes/bob".into(), from: None, to: Some(json!([entry])) };
    let told = told::lines(&change).concat();
    assert!(told.contains(r#""substitute":"eve""#) && told.contains("2027-01-01") && told.len() < 500, "{told}");
}

#[test]
fn what_is_wrong_is_said_as_where_it_is_changed_directly() {
    let refused = |patch: Json| first(patch).unwrap_err();
    let (code, why) = refused(json!({ "peple": [] }));
    assert_eq!(
        (code, why.as_str()),
        ("invalid_input", "/peple: an organisation has no part `peple`; did you mean `people`?")
    );
    let (code, why) = refused(json!({ "people": [{ "id": "ann", "manager": "bobb" }] }));
    assert_eq!(code, "invalid_input");
    assert!(why.contains("/people/ann/manager") && why.contains("did you mean `bob`?"), "{why}");
    assert_eq!(refused(json!({ "people": [{ "id": "ann", "manager": "bob" }] })).0, "nothing_to_change");
    assert_eq!(refused(json!({})).0, "nothing_to_change");
    assert_eq!(refused(json!([])).0, "invalid_input");
    assert!(proposed(&Document::new(), json!({})).unwrap_err().1.starts_with("/patch: it is missing"));
}
