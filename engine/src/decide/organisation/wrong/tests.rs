use serde_json::json;

use super::*;
use crate::clock::Timestamp;
use crate::commit::OrganisationRow;
use crate::decide::merge_organisation;
use crate::ids::TenantId;
use crate::refusal::Refusal;

fn row(document: &Json) -> OrganisationRow {
    let at = Timestamp::from_micros(0);
    OrganisationRow { tenant: TenantId(1), revision: 1, at, document: document.to_string().into() }
}

fn company() -> Json {
    json!({
        "people": [{ "id": "dan", "active": true }, { "id": "ann", "active": true, "manager": "dan" }, { "id": "bob", "active": true }],
        "contacts": { "ann": { "email": "ann@example.com" } },
        "rates": { "EUR": "1" },
    })
}

/// What is wrong, by its place.
fn wrong(stored: &Json, patch: &Json) -> Vec<(String, String)> {
    match merge_organisation(Some(&row(stored)), patch.as_object().unwrap(), Timestamp::from_micros(0)) {
        Ok(_) => Vec::new(),
        Err(Refusal::Invalid(faults)) => faults,
        Err(other) => panic!("{other:?}"),
    }
}

#[track_caller]
fn one(patch: &Json, at: &str, word: &str) {
    let found = wrong(&company(), patch);
    assert!(matches!(&*found, [(place, why)] if place == at && why.contains(word)), "{patch}: {found:?}");
}

fn person(fields: Json) -> Json {
    json!({ "people": [fields] })
}

#[test]
fn each_slip_of_a_person_has_its_place() {
    for (patch, at, word) in [
        (person(json!({ "id": "ann", "manger": "dan" })), "/people/ann/manger", "did you mean `manager`?"),
        (
            person(json!({ "id": "ann", "limits": [{ "amount": "lots" }] })),
            "/people/ann/limits/0/amount",
            "`lots` is not an amount",
        ),
        (
            person(json!({ "id": "ann", "limits": [{ "amount": 5 }] })),
            "/people/ann/limits/0/amount",
            "`5` is not an amount",
        ),
        (
            person(json!({ "id": "ann", "self_limits": [{ "amount": "-1 EUR" }] })),
            "/people/ann/self_limits/0/amount",
            "below nothing",
        ),
        (person(json!({ "id": "ann", "limits": [{}] })), "/people/ann/limits/0/amount", "missing"),
        (person(json!({ "id": "ann", "active": "yes" })), "/people/ann/active", "true or false"),
        (person(json!({ "id": "ann", "from": "soon" })), "/people/ann/from", "`soon` is no day"),
        (
            person(json!({ "id": "ann", "from": "2026-03-02", "until": "2026-03-01" })),
            "/people/ann/until",
            "before 2026-03-02",
        ),
        (person(json!({ "id": "ann", "manager": "dan1" })), "/people/ann/manager", "did you mean `dan`?"),
        (
            person(json!({ "id": "ann", "roles": ["buyer"] })),
            "/people/ann/roles",
            "no field `roles`; who holds a role stands in its unit",
        ),
        (person(json!({ "id": "ann", "email": "ann@example.com" })), "/people/ann/email", "in the part `contacts`"),
        (person(json!({ "id": "ann", "substitute": "dan" })), "/people/ann/substitute", "in the part `substitutes`"),
        (person(json!({ "active": true })), "/people/0/id", "missing"),
        (person(json!({ "id": "a/b" })), "/people/0/id", "without `/`"),
        (
            json!({ "people": [{ "id": "ann" }, { "id": "ann", "active": false }] }),
            "/people/1",
            "`ann` stands here before",
        ),
        (json!({ "people": ["ann"] }), "/people/0", "a person is an object"),
        (json!({ "people": {} }), "/people", "a list of objects"),
    ] {
        one(&patch, at, word);
    }
}

#[test]
fn each_other_slip_has_its_place() {
    for (patch, at, word) in [
        (json!({ "units": [{ "id": "it" }, { "id": "it" }] }), "/units/1", "listed twice"),
        (
            json!({ "units": [{ "id": "it", "roles": { "buyer": "ann" } }] }),
            "/units/it/roles/buyer",
            "no list of people",
        ),
        (json!({ "units": [{ "id": "it", "roles": { "buyer": ["anne"] } }] }), "/units/it/roles/buyer", "`anne`"),
        (
            json!({ "substitutes": [{ "person": "ann", "substitute": "ann" }] }),
            "/substitutes/0/substitute",
            "for himself",
        ),
        (
            json!({ "substitutes": [{ "person": "ann", "substitute": "bob", "from": "2026-03-02", "until": "2026-03-02" }] }),
            "/substitutes/0/until",
            "is not after",
        ),
        (
            json!({ "substitutes": [{ "person": "ann", "substitute": "bob", "max_amount": "-1 EUR" }] }),
            "/substitutes/0/max_amount",
            "below",
        ),
        (json!({ "contacts": { "ann": { "email": "notanemail" } } }), "/contacts/ann/email", "no address"),
        (json!({ "contacts": { "anne": {} } }), "/contacts/anne", "did you mean `ann`?"),
        (json!({ "contacts": { "ann": { "name": 5 } } }), "/contacts/ann/name", "no text"),
        (json!({ "rates": { "EUR": "1", "USD": "0" } }), "/rates/USD", "above 0"),
        (json!({ "rates": { "EUR": "1", "USD": "-2" } }), "/rates/USD", "above 0"),
        (json!({ "rates": { "EUR": "1", "eur": "2" } }), "/rates/eur", "ISO 4217"),
        (json!({ "zone": "Mars" }), "/zone", "no"),
        (json!({ "substitutes_from": "all" }), "/substitutes_from", "anyone, or unit"),
        (json!({ "peple": [] }), "/peple", "did you mean `people`?"),
    ] {
        one(&patch, at, word);
    }
}

#[test]
fn all_of_it_is_told_at_once() {
    let patch = json!({
        "people": [{ "id": "ann", "manger": "dan", "limits": [{ "amount": "lots" }] }, { "id": "bob", "manager": "eve" }],
        "contacts": { "bob": { "email": "bob" } }, "rates": { "EUR": 0 }, "zone": "Mars",
    });
    let found = wrong(&company(), &patch);
    let places: BTreeSet<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
    let all = [
        "/contacts/bob/email",
        "/people/ann/limits/0/amount",
        "/people/ann/manger",
        "/people/bob/manager",
        "/rates/EUR",
        "/zone",
    ];
    assert_eq!(places, BTreeSet::from(all), "{found:?}");
}

/// A climb ends in a circle, so that it is let in; whoever makes one is told.
#[test]
fn circles_of_managers_are_told_and_a_swap_in_one_patch_is_none() {
    let told = |stored: &Json, patch: Json| {
        let at = Timestamp::from_micros(0);
        let merged = merge_organisation(Some(&row(stored)), patch.as_object().unwrap(), at).unwrap();
        warnings(&merged.before, &merged.after)
    };
    let own = told(&company(), json!({ "people": [{ "id": "ann", "manager": "ann" }] }));
    assert!(own.len() == 1 && own[0].starts_with("/people/ann/manager: `ann` is named as his own"), "{own:?}");
    let three = json!({ "people": [{ "id": "dan", "manager": "bob" }, { "id": "bob", "manager": "ann" }] });
    let three = told(&company(), three);
    assert!(three.len() == 1 && three[0].contains("`ann` under `dan` under `bob` under `ann`"), "{three:?}");
    let swap = json!({ "people": [{ "id": "dan", "manager": "ann" }, { "id": "ann", "manager": null }] });
    assert!(told(&company(), swap).is_empty());
    let stored = json!({ "people": [{ "id": "ann", "active": true, "manager": "ann" }] });
    assert!(told(&stored, json!({ "zone": "Europe/Berlin" })).is_empty(), "it was so before");
}

/// What was let in before is neither held against a patch of something else, nor does it make the organisation unreadable.
#[test]
fn what_is_stored_is_left_as_it_is() {
    let old = json!({
        "people": [
            { "id": "ann", "active": true, "manager": "ann", "limits": [{ "amount": "-1 EUR" }], "from": "2026-03-02", "until": "2026-03-01" },
            { "id": "bob", "active": true, "manager": "cyd" }, { "id": "cyd", "active": true, "manager": "bob" },
        ],
        "substitutes": [{ "person": "ann", "substitute": "ann" }],
        "contacts": { "gone": { "email": "x" }, "ann": { "email": "y" } }, "rates": { "EUR": 0 },
    });
    for patch in [
        json!({ "zone": "Europe/Berlin" }),
        json!({ "people": [{ "id": "bob", "active": false }, old["people"][0]] }),
        json!({ "substitutes": [{ "person": "bob", "substitute": "cyd" }, old["substitutes"][0]] }),
        json!({ "contacts": old["contacts"], "rates": old["rates"] }),
    ] {
        assert_eq!(wrong(&old, &patch), [], "{patch}");
    }
}
