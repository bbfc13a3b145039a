use serde_json::json;

use super::{order, scope};
use crate::expression::{Type, Value};

#[test]
fn values_survive_json() {
    let po = scope().remove("po").unwrap();
    assert_eq!(Value::from_json(&po.to_json(), &Type::Record(order())), Ok(po));
    for (ty, json) in [
        ("bool", json!(true)),
        ("int", json!(-9223372036854775808i64)),
        ("decimal", json!("0.1900")),
        ("text", json!("é")),
        ("money", json!("1200.00 EUR")),
        ("quantity", json!("5.25 kg")),
        ("person", json!("E-1043")),
        ("timestamp", json!("2026-03-02T08:00:00.25Z")),
        ("date", json!("2026-03-02")),
        ("duration", json!("2 working days")),
        ("duration", json!("90 minutes")),
        ("list(list(int))", json!([[1], []])),
        ("map(money)", json!({"a": "1.00 EUR"})),
        ("map(int, text)", json!({"-1": "a", "10": "b"})),
        ("map(bool, list(int))", json!({"true": [1]})),
    ] {
        let value = Value::from_json(&json, &Type::parse(ty).unwrap()).unwrap_or_else(|e| panic!("{ty}: {e}"));
        assert_eq!(value.to_json(), json, "{ty}");
        assert_eq!(Type::parse(ty).unwrap().name(), ty);
    }
}

#[test]
fn json_is_read_strictly_by_type() {
    for (ty, json, says) in [
        ("int", json!(1.0), "floating-point"),
        ("int", json!("1"), "write a whole number"),
        ("int", json!(18446744073709551615u64), "too large"),
        ("decimal", json!(0.19), "\"0.19\""),
        ("decimal", json!("1e3"), "not a decimal"),
        ("decimal", json!("1."), "not a decimal"),
        ("decimal", json!("0.12345678901234567890123456789"), "28"),
        ("money", json!(1200), "\"1200.00 EUR\""),
        ("money", json!("1200"), "the currency"),
        ("money", json!("1.00001 EUR"), "finer than 4 places"),
        ("quantity", json!("5"), "unit of measure"),
        ("quantity", json!("0.0000001 kg"), "finer than 6 places"),
        ("quantity", json!("5 k g"), "unit of measure"),
        ("text", json!(1), "write text"),
        ("text", json!(null), "a value is missing"),
        ("person", json!(""), "not empty"),
        ("bool", json!("true"), "write true or false"),
        ("date", json!("2026-02-30"), "not a day"),
        ("date", json!("2026-03-02T08:00:00"), "YYYY-MM-DD"),
        ("timestamp", json!("2026-03-02"), "2026-03-02T08:00:00Z"),
        ("duration", json!("1.5 working days"), "not whole"),
        ("duration", json!("3 fortnights"), "not a unit of time"),
        ("list(int)", json!([1, 2.5]), "[1]: 2.5"),
        ("map(int)", json!({"a": null}), "a: a value is missing"),
        ("map(int, text)", json!({"a": "b"}), "the key `a` is not a whole number"),
        ("map(int, text)", json!({"01": "b"}), "the key `01` is not a whole number"),
        ("map(bool, text)", json!({"yes": "b"}), "the key `yes` is not true or false"),
    ] {
        let error = Value::from_json(&json, &Type::parse(ty).unwrap()).expect_err(ty);
        assert!(error.contains(says), "{ty} {json}: {error}");
    }
    for (json, says) in [
        (json!({"totl": "1 EUR"}), "order has no field `totl`; a similar field exists: `total`"),
        (json!({}), "count: a value is missing"),
        (json!([]), "write an object"),
    ] {
        let error = Value::from_json(&json, &Type::Record(order())).unwrap_err();
        assert!(error.contains(says), "{json}: {error}");
    }
}

#[test]
fn types_are_named_as_authors_write_them() {
    assert_eq!(Type::parse(" list( money ) "), Ok(Type::list(Type::Money)));
    for ty in ["map(int, text)", "map(bool, list(money))", "map(map(int, text))"] {
        assert_eq!(Type::parse(ty).unwrap().name(), ty);
    }
    assert_eq!(Type::parse("map(text, int)"), Type::parse("map(int)"));
    assert_eq!(Type::parse_with("order", &|_| Some(order())).unwrap().name(), "order");
    for (text, says) in [
        ("mony", "a similar type exists: `money`"),
        ("string", "write `text`"),
        ("list", "list(text)"),
        ("list(mony)", "`money`"),
        ("map(decimal, text)", "the keys of a map are text, int or bool, not decimal"),
        ("zzz", "the types are bool, int"),
    ] {
        assert!(Type::parse(text).unwrap_err().contains(says), "{text}");
    }
    assert!(Type::parse(&"list(".repeat(100_000)).is_err());
    assert!(Type::parse(&("list(".repeat(50) + "int" + &")".repeat(50))).unwrap_err().contains("deep"));
}
