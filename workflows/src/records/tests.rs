//! Records: made, changed in parts, left alone; and each way to say no.

use fluxor_engine::expression::Value;
use fluxor_engine::ids::InstanceId;
use serde_json::{Value as Json, json};

use crate::row::Op;
use crate::testing::{Case, Desk, TENANT, document};

#[track_caller]
fn refused(desk: &mut Desk, action: &str, key: &str, params: Json, says: &str) {
    let before = desk.memory.clone();
    let (_, sentence) = desk.set(action, key, params).expect_err("it is refused");
    assert!(sentence.contains(says), "{sentence}");
    assert!(desk.memory == before);
}

fn term() -> Json {
    json!({"unit": "carton", "price": "60.00 EUR"})
}

#[test]
fn what_is_said_twice_changes_nothing_and_what_is_left_out_stays() {
    let mut desk = Desk::stocked();
    let policy = json!({"order_point": "5", "order_up_to": "20", "snoozed_until": "2026-04-01"});
    for (action, key, whole, part) in [
        (
            "set_unit",
            "lb",
            json!({"name": "Pound", "base": "g", "numerator": 453_592, "denominator": 1000}),
            json!({"name": "lb"}),
        ),
        (
            "set_supplier",
            "ajax",
            json!({"name": "Ajax", "email": "a@b.c", "payment_days": 30}),
            json!({"approved": true}),
        ),
        ("set_item", "lamp", json!({"name": "Lamp", "stock_unit": "piece"}), json!({"category": "light"})),
        ("set_item_unit", "desk@pallet", json!({"numerator": 48}), json!({"numerator": 50})),
        ("set_location", "yard", json!({"name": "Yard"}), json!({"active": false})),
        ("set_term", "desk@acme@1", term(), json!({"discount": "2.5"})),
        ("set_policy", "desk@main", policy, json!({"order_point": "0"})),
    ] {
        desk.set("set_unit", "pallet", json!({"name": "Pallet"})).unwrap();
        assert_eq!(desk.set(action, key, whole.clone()).unwrap().len(), 1, "{action}");
        assert_eq!(desk.set(action, key, whole).unwrap(), [], "{action}");
        assert_eq!(desk.set(action, key, json!({})).unwrap(), [], "{action}");
        assert_eq!(desk.set(action, key, part.clone()).unwrap().len(), 1, "{action}");
        assert_eq!(desk.set(action, key, part).unwrap(), [], "{action}");
    }
    let key = crate::row::StockKey { item: "desk".into(), location: "main".into() };
    let policy = desk.memory.policy(crate::testing::TENANT, &key).unwrap();
    // Zero is a value, and what was left out stayed (B49).
    assert_eq!((policy.order_point.0, policy.version), (0, 2));
    assert_eq!(policy.order_up_to.unwrap().to_string(), "20");
    assert_eq!(policy.snoozed_until.unwrap().to_string(), "2026-04-01");
    desk.set("set_policy", "desk@main", json!({"snoozed_until": null, "maximum": "0"})).unwrap();
    let policy = desk.memory.policy(crate::testing::TENANT, &key).unwrap();
    assert_eq!((policy.snoozed_until, policy.maximum.unwrap().0), (None, 0));
}

#[test]
fn a_minimum_above_the_maximum_is_refused() {
    let mut desk = Desk::stocked();
    let policy = json!({"order_point": "20", "order_up_to": "5"});
    refused(&mut desk, "set_policy", "desk@main", policy, "/order_point: the minimum of 20 is above the maximum of 5");
    let bounds = json!({"unit": "carton", "price": "60.00 EUR", "minimum": "8", "maximum": "7"});
    refused(&mut desk, "set_term", "desk@acme@1", bounds, "/minimum: the minimum of 8 is above the maximum of 7");
    desk.set("set_term", "desk@acme@1", json!({"unit": "carton", "price": "0.00 EUR", "minimum": "8"})).unwrap();
    refused(&mut desk, "set_term", "desk@acme@1", json!({"maximum": "0"}), "above the maximum of 0");
}

#[test]
fn records_name_only_what_is_there() {
    let mut desk = Desk::stocked();
    let lamp = json!({"name": "Lamp", "stock_unit": "peice"});
    refused(&mut desk, "set_item", "lamp", lamp, "/stock_unit: there is no unit `peice`");
    refused(&mut desk, "set_item", "desk", json!({"stock_unit": "g"}), "cannot be changed to `g`");
    refused(&mut desk, "set_item_unit", "lamp@carton", json!({"numerator": 6}), "/item: there is no item `lamp`");
    refused(&mut desk, "set_item_unit", "desk@piece", json!({"numerator": 6}), "is the stock unit of `desk`");
    refused(
        &mut desk,
        "set_item_unit",
        "desk@carton",
        json!({"numerator": 0}),
        "/numerator: write a whole number from 1",
    );
    refused(&mut desk, "set_term", "desk@ajax@1", term(), "/supplier: there is no supplier `ajax`");
    let loose = json!({"unit": "kg", "price": "1.00 EUR"});
    refused(&mut desk, "set_term", "desk@acme@1", loose.clone(), "nothing says how many `piece` of `desk` one `kg` is");
    // Grams and kilograms share a base: that says it.
    assert_eq!(desk.set("set_term", "glue@acme@1", loose).unwrap().len(), 1);
    let policy = json!({"order_point": "1", "order_up_to": "2"});
    refused(&mut desk, "set_policy", "desk@moon", policy, "/location: there is no location `moon`");
    let ton = json!({"name": "Ton", "base": "kg", "numerator": 1000});
    refused(&mut desk, "set_unit", "t", ton, "`kg` is measured in `g` itself");
}

#[test]
fn all_mistakes_are_told() {
    let mut desk = Desk::stocked();
    let wrong = json!({"currency": "eur", "email": "nobody", "payment_days": -1});
    refused(&mut desk, "set_supplier", "ajax", wrong.clone(), "/email: `nobody` is no address");
    refused(&mut desk, "set_supplier", "ajax", wrong.clone(), "/name: a new supplier needs its `name`");
    refused(&mut desk, "set_supplier", "ajax", wrong.clone(), "/currency: `eur` is not a currency");
    refused(&mut desk, "set_supplier", "ajax", wrong, "/payment_days: write a whole number from 0 to 3650");
    refused(&mut desk, "set_supplier", "a/b", json!({"name": "x"}), "a code has no blanks, `@` or `/`");
    refused(&mut desk, "set_term", "desk@acme", term(), "The key of a term is such as `desk@acme@1`");
    let words = json!({"method": "minmax", "order_point": "1"});
    refused(&mut desk, "set_policy", "desk@main", words, "did you mean `min_max`?");
    let many = json!({"price_per": "0", "discount": "101", "minimum": "-1", "multiple": "0", "lead_time_days": -1});
    refused(&mut desk, "set_term", "desk@acme@1", many, "; and 2 more");
}

#[test]
fn a_setting_is_one_document_and_guarded_by_its_version() {
    let mut desk = Desk::stocked();
    let first = json!({"document": {"policies": [1]}});
    assert_eq!(desk.set("set_setting", "limits", first.clone()).unwrap().len(), 1);
    assert_eq!(desk.set("set_setting", "limits", first).unwrap(), [], "nothing changes");
    let second = json!({"expected": 1, "document": {"policies": []}});
    assert_eq!(desk.set("set_setting", "limits", second.clone()).unwrap().len(), 1);
    refused(&mut desk, "set_setting", "limits", second, "is at version 2 now, not at 1");
    refused(&mut desk, "set_setting", "limits", json!({"document": []}), "/document: write a JSON object");
    refused(&mut desk, "set_setting", "limits", json!({}), "/document: write a JSON object");
    refused(
        &mut desk,
        "set_setting",
        "limits",
        json!({"document": {"a": "x".repeat(300_000)}}),
        "at most 262144 bytes",
    );
    refused(&mut desk, "set_setting", "limits", json!({"document": {"a": "\u{0}"}}), "no NUL");
    refused(&mut desk, "set_setting", "a@b", json!({"document": {}}), "The key of a setting is such as `limits`");
    let row = desk.memory.setting(crate::testing::TENANT, &"limits".into()).unwrap();
    assert_eq!((row.version, row.document.text()), (2, r#"{"policies":[]}"#));
    assert_eq!(desk.memory.settings(crate::testing::TENANT, "", 10).len(), 1);
}

fn taken_on(code: &str, iban: &str, confirmed: &str) -> Vec<(&'static str, Value)> {
    let said = [("code", code), ("name", "Bolt"), ("iban", iban), ("account_holder", "Bolt"), ("confirmed", confirmed)];
    said.into_iter().map(|(name, value)| (name, Value::Text(value.into()))).collect()
}

#[test]
fn a_supplier_is_recorded_once_and_with_the_account_that_was_confirmed() {
    const IBAN: &str = "DE89 3704 0044 0532 0130 00";
    let mut desk = Desk::stocked();
    let mut case = Case { id: InstanceId(uuid::Uuid::from_u128(1)), subject: document(json!({})) };
    let mut act = |name: &str, params: &[(&str, Value)]| desk.act(name, &mut case, params, json!({}));
    for action in ["check_supplier", "record_supplier"] {
        let (code, sentence) = act(action, &taken_on("acme", IBAN, IBAN)).unwrap_err();
        assert!(code == "supplier_exists" && sentence.contains("`acme` already, Acme"), "{sentence}");
        for (wrong, says) in [(" ", "/code: say by which code"), ("a b", "/code: a code has no blanks")] {
            let (code, sentence) = act(action, &taken_on(wrong, "DE02", IBAN)).unwrap_err();
            assert!(code == "invalid_record" && sentence.contains(says) && sentence.contains("/iban: "), "{sentence}");
        }
    }
    assert_eq!(act("check_supplier", &taken_on("bolt", IBAN, "")).unwrap(), [], "nobody has rung yet");
    for other in ["", "BE68539007547034"] {
        let (_, sentence) = act("record_supplier", &taken_on("bolt", IBAN, other)).unwrap_err();
        assert!(sentence.contains("another account than the one that was confirmed"), "{sentence}");
    }
    let ops = act("record_supplier", &taken_on("bolt", IBAN, "DE89370400440532013000")).unwrap();
    let [Op::Supplier(row)] = ops.as_slice() else { panic!("{ops:?}") };
    assert!(row.active && row.approved && row.version == 1 && row.account.is_some());
    assert_eq!(act("record_supplier", &taken_on("bolt", IBAN, IBAN)).unwrap_err().0, "supplier_exists");
    assert_eq!(desk.memory.supplier(TENANT, &"bolt".into()).unwrap(), **row);
    let (_, sentence) = desk.record("record_supplier", "own", &taken_on("own", IBAN, IBAN)).unwrap_err();
    assert!(sentence.ends_with("start its workflow"), "{sentence}");
}

#[test]
fn no_two_suppliers_look_alike() {
    let mut desk = Desk::stocked();
    let acme = json!({ "name": "Another" });
    for alike in ["Acme", "ACME", "aCMe"] {
        refused(&mut desk, "set_supplier", alike, acme.clone(), "there is a supplier `acme` already, Acme");
    }
    for alike in ["асме", "АСМЕ", "\u{251}cme"] {
        refused(&mut desk, "set_supplier", alike, acme.clone(), "there is a supplier `acme` already, Acme");
    }
    refused(&mut desk, "set_supplier", "ａcne", acme.clone(), "stand for others (Unicode's NFKC): write `acne`");
    desk.set("set_supplier", "сонар", json!({ "name": "Сонар" })).unwrap();
    desk.set("set_supplier", "Bolt.DE", json!({ "name": "Bolt" })).unwrap();
    refused(&mut desk, "set_supplier", "bolt.de", acme, "there is a supplier `Bolt.DE` already, Bolt");
    // The one that is there is changed under its code as it was first written.
    assert_eq!(desk.set("set_supplier", "Bolt.DE", json!({ "name": "Bolt AG" })).unwrap().len(), 1);
    let mut case = Case { id: InstanceId(uuid::Uuid::from_u128(1)), subject: document(json!({})) };
    let taken = desk.act("check_supplier", &mut case, &taken_on("bolt.de", "", ""), json!({})).unwrap_err();
    assert!(taken.0 == "supplier_exists" && taken.1.contains("`Bolt.DE`"), "{taken:?}");
}

#[test]
fn a_supplier_that_is_named_has_a_record_and_is_active() {
    let mut desk = Desk::stocked();
    desk.set("set_supplier", "gone", json!({ "name": "Gone", "active": false })).unwrap();
    let mut case = Case { id: InstanceId(uuid::Uuid::from_u128(1)), subject: document(json!({})) };
    for (code, says) in [("acme", None), ("acne", Some("no supplier has the code `acne`")), ("gone", Some("any more"))]
    {
        let told = desk.act("require_known", &mut case, &[("supplier", Value::Text(code.into()))], json!({}));
        match (told, says) {
            (Ok(ops), None) => assert_eq!(ops, []),
            (Err((code, sentence)), Some(says)) => {
                assert!(code == "invalid_input" && sentence.starts_with("/supplier: ") && sentence.contains(says));
            }
            (told, _) => panic!("{code}: {told:?}"),
        }
    }
}
