//! What texts of logs become.

use super::*;
use crate::expression::Type;

fn value(written: &str, ty: &Type, text: &str) -> Result<String, String> {
    let map = format!("start: {{ subject: {{ it: {written} }} }}\nactivities: {{ A: start }}");
    let map = Map::read(&map).unwrap();
    let value = super::super::value::Value::of(&map.subject[0].1, ty);
    value.read(text, value.unit_in(None)).map(|json| json.to_string())
}

#[test]
fn texts_become_values() {
    let good = [
        ("c", Type::Text, "12 ", "\"12 \""),
        ("c", Type::Int, "12", "12"),
        ("c", Type::Int, "12.0", "12"),
        ("c", Type::Int, "-1.2E3", "-1200"),
        ("c", Type::Decimal, "0.50", "\"0.5\""),
        ("{ column: c, decimal: \",\" }", Type::Decimal, "1.234,5", "\"1234.5\""),
        ("{ column: c, currency: EUR }", Type::Money, "39.664561704497", "\"39.6646 EUR\""),
        ("{ column: c, currency: EUR }", Type::Money, "12 USD", "\"12 USD\""),
        ("{ column: c, currency: EUR }", Type::Money, "1.5E3", "\"1500 EUR\""),
        ("{ column: c, unit: kg }", Type::Quantity, "2.5", "\"2.5 kg\""),
        ("c", Type::Bool, "Yes", "true"),
        ("{ column: c, values: { J: \"true\", N: \"false\" } }", Type::Bool, "N", "false"),
        ("c", Type::Timestamp, "2026-01-05T08:00:00+01:00", "\"2026-01-05T07:00:00Z\""),
        ("{ column: c, zone: Europe/Berlin }", Type::Timestamp, "2026-01-05T08:00:00", "\"2026-01-05T07:00:00Z\""),
        ("{ column: c, format: \"%d.%m.%Y %H:%M\" }", Type::Timestamp, "05.01.2026 08:00", "\"2026-01-05T08:00:00Z\""),
        ("c", Type::Date, "2026-01-05", "\"2026-01-05\""),
        ("c", Type::Date, "2026-01-05T23:00:00Z", "\"2026-01-05\""),
        ("{ column: c, format: \"%d.%m.%Y\" }", Type::Date, "05.01.2026", "\"2026-01-05\""),
        ("{ column: c, format: \"%F %T%z\" }", Type::Timestamp, "2026-01-05 08:00:00+0100", "\"2026-01-05T07:00:00Z\""),
        (
            "{ column: c, format: \"%F %T%z\" }",
            Type::Timestamp,
            "2026-01-05 08:00:00+01:00",
            "\"2026-01-05T07:00:00Z\"",
        ),
        (
            "{ column: c, format: \"%F %T%:z\" }",
            Type::Timestamp,
            "2026-01-05 08:00:00+0100",
            "\"2026-01-05T07:00:00Z\"",
        ),
        ("{ column: c, format: \"%F %T%z\" }", Type::Timestamp, "2026-01-05 08:00:00Z", "\"2026-01-05T08:00:00Z\""),
        ("{ column: c, format: \"%m/%d/%Y %I:%M %p\" }", Type::Date, "01/05/2026 09:30 PM", "\"2026-01-05\""),
        ("c", Type::Duration, "2 days", "\"2 days\""),
        ("c", Type::Person, "ann", "\"ann\""),
        ("c", Type::List(Box::new(Type::Text)), "it", "[\"it\"]"),
    ];
    for (written, ty, text, json) in good {
        assert_eq!(value(written, &ty, text).as_deref(), Ok(json), "{written} {text}");
    }
    let bad = [
        ("c", Type::Int, "1.5", "whole number"),
        ("c", Type::Int, "1e25", "too large"),
        ("c", Type::Decimal, "many", "not a number"),
        ("c", Type::Money, "12", "currency: EUR"),
        ("c", Type::Bool, "maybe", "values"),
        ("c", Type::Timestamp, "yesterday", "format"),
        ("c", Type::Date, "05.01.2026", "format"),
        ("{ column: c, format: \"%d.%m.%Y\" }", Type::Timestamp, "2026-01-05", "not written as"),
        ("c", Type::Person, "", "empty"),
    ];
    for (written, ty, text, why) in bad {
        let told = value(written, &ty, text).expect_err(written);
        assert!(told.contains(why), "{written} {text}: {told}");
    }
}

#[test]
fn numbers_with_a_decimal_comma_are_read_strictly() {
    let (comma, euros, points) = (
        "{ column: c, decimal: \",\" }",
        "{ column: c, decimal: \",\", currency: EUR }",
        "{ column: c, currency: USD }",
    );
    for (written, ty, text, json) in [
        (comma, Type::Decimal, "1.234,50", "\"1234.5\""),
        (comma, Type::Decimal, "1 234,50", "\"1234.5\""),
        (comma, Type::Decimal, "5,00-", "\"-5\""),
        (euros, Type::Money, "1 234,50", "\"1234.5 EUR\""),
        (euros, Type::Money, "5,00-", "\"-5 EUR\""),
        (euros, Type::Money, "£ 5", "\"5 GBP\""),
        (comma, Type::Money, "€ 5", "\"5 EUR\""),
        (comma, Type::Money, "1.234,50 €", "\"1234.5 EUR\""),
        (points, Type::Money, "€5.25", "\"5.25 EUR\""),
    ] {
        assert_eq!(value(written, &ty, text).as_deref(), Ok(json), "{written} {text}");
    }
    for text in [
        "1,234.50",
        "684.0",
        "12.34",
        "1.2.3,4",
        "0.123",
        "00.123",
        "-0.250",
        "000.500",
        "1.234 567",
        "1'234.567",
        "(5,00)",
        "1_000",
        "-",
        "+",
        ",",
        "",
        "e5",
        "-,",
    ] {
        let told = value(comma, &Type::Decimal, text).expect_err(text);
        assert!(told.contains("not a number with a decimal comma"), "{text}: {told}");
    }
}

#[test]
fn numbers_with_a_decimal_point_are_grouped_only_where_the_mapping_says_so() {
    let point = "{ column: c, decimal: \".\" }";
    for (text, number) in [
        ("1,234.50", "1234.5"),
        ("1'234.50", "1234.5"),
        ("1\u{2019}234.50", "1234.5"),
        ("12,34,567.00", "1234567"),
        ("1 234.50", "1234.5"),
        ("1\u{a0}234.50", "1234.5"),
        ("1\u{202f}234.50", "1234.5"),
        ("1\u{2009}234.50", "1234.5"),
        ("\u{2212}1,234", "-1234"),
        ("+1,234,567", "1234567"),
        ("0.123", "0.123"),
        ("1.5E3", "1500"),
    ] {
        assert_eq!(value(point, &Type::Decimal, text), Ok(format!("\"{number}\"")), "{text}");
    }
    for text in
        ["1.234,50", "0,123", "1,23", "1,2345", "1,234 567", "12,345,67", "123,45,678", "5.00-", "(5.00)", "1_000", "-"]
    {
        let told = value(point, &Type::Decimal, text).expect_err(text);
        assert!(told.contains("not a number with a decimal point"), "{text}: {told}");
    }
    // Without the key nothing is guessed, and it is said what to write.
    for (text, says) in [
        ("1,234.50", &["`decimal: \".\"`"][..]),
        ("12,34,567.00", &["`decimal: \".\"`"]),
        ("1.234,50", &["`decimal: \",\"`"]),
        ("5,00-", &["`decimal: \",\"`"]),
        ("1,234", &["`decimal: \".\"`", "`decimal: \",\"`"]),
        ("1 234", &["`decimal: \".\"`", "`decimal: \",\"`"]),
        ("1_000", &["`1_000` is not a number"]),
        ("1e400000", &["not a number"]),
    ] {
        let told = value("c", &Type::Decimal, text).expect_err(text);
        assert!(says.iter().all(|part| told.contains(part)), "{text}: {told}");
        assert_eq!(
            told.matches("`decimal").count(),
            says.iter().filter(|part| part.starts_with("`d")).count(),
            "{told}"
        );
    }
}

#[test]
fn a_placeholder_is_no_number_and_may_stand_for_no_value() {
    let euros = "{ column: c, decimal: \",\", currency: EUR }";
    for text in ["-", "€", "+", ",", "- €", "n/a", "not known", "\u{2212}"] {
        let told = value(euros, &Type::Money, text).expect_err(text);
        assert!(told.contains("is not a number with a decimal comma"), "{text}: {told}");
        for (written, ty) in [("c", Type::Int), ("c", Type::Decimal), ("{ column: c, unit: kg }", Type::Quantity)] {
            assert!(value(written, &ty, text).is_err(), "{written} {text}");
        }
    }
    let map = MAP.replace("currency: EUR }", "currency: EUR, values: { \"-\": ~ } }");
    let read = Map::read(&map).unwrap_or_else(|found| panic!("{}", shown(&found, &map)));
    let amount = super::super::value::Value::of(&read.subject[0].1, &Type::Money);
    assert!(!amount.is_one(" - ") && amount.is_one("5"));
    // As an empty cell, it is looked over for the first event that has one; a `default` holds for it, too.
    let log = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=-
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION | amount=3
";
    assert!(Run::new(DECLARATION, &map, log).report().each[0].accepted);
    let empty = log.replace("amount=3", "amount=-");
    let report = Run::new(DECLARATION, &map, &empty).report();
    assert_eq!(report.each[0].refused[0].code, "invalid_input", "{:?}", report.each[0]);
    let map = map.replace("~ } }", "~ }, default: \"1\" }");
    assert!(Run::new(DECLARATION, &map, &empty).report().each[0].accepted);
}

#[test]
fn currencies_stand_on_either_side_and_their_column_has_meanings_of_its_own() {
    let comma = "{ column: c, decimal: \",\" }";
    for (written, text, json) in [
        (comma, "EUR 1.234,50", "\"1234.5 EUR\""),
        (comma, "CHF\u{a0}5", "\"5 CHF\""),
        (comma, "1.234,50 EUR", "\"1234.5 EUR\""),
        (comma, "\u{2212}5,00 €", "\"-5 EUR\""),
        ("c", "USD -12.50", "\"-12.5 USD\""),
    ] {
        assert_eq!(value(written, &Type::Money, text).as_deref(), Ok(json), "{text}");
    }
    assert!(value("c", &Type::Quantity, "Nr. 5").is_err(), "what is no code is no unit before a number");
    let currency = "{ column: currency, values: { Euro: EUR, \"-\": ~ }, default: CHF }";
    let map = MAP.replace("currency: EUR }", &format!("currency: {currency} }}"));
    let read = Map::read(&map).unwrap_or_else(|found| panic!("{}", shown(&found, &map)));
    let amount = super::super::value::Value::of(&read.subject[0].1, &Type::Money);
    let units = [Some("Euro"), Some("-"), None, Some("USD")].map(|cell| amount.unit_in(cell));
    assert_eq!(units, [Some("EUR"), Some("CHF"), Some("CHF"), Some("USD")]);
    let log = "a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=5 | currency=Euro";
    assert!(Run::new(DECLARATION, &map, log).report().each[0].accepted);
}

#[test]
fn lists_are_json_and_a_text_that_is_none_is_the_only_one_of_its_list() {
    let list = |of: Type| Type::List(Box::new(of));
    for (ty, text, json) in [
        (list(Type::Text), "a", "[\"a\"]"),
        (list(Type::Text), "[\"a\",\"b\"]", "[\"a\",\"b\"]"),
        (list(Type::Text), "[urgent]", "[\"[urgent]\"]"),
        (list(Type::Text), "[1]", "[\"[1]\"]"),
        (list(Type::Int), "[1, 2]", "[1,2]"),
        (list(Type::Person), "[\" ann \"]", "[\"ann\"]"),
    ] {
        assert_eq!(value("c", &ty, text).as_deref(), Ok(json), "{text}");
    }
    let told = value("c", &list(Type::Person), "bob").unwrap_err();
    assert!(told.contains("`bob` is not a list of person") && told.contains("`[\"bob\"]`"), "{told}");
}

#[test]
fn a_time_for_never_is_told_with_the_last_that_there_is() {
    let day = "{ column: c, format: \"%d.%m.%Y\" }";
    for (written, text) in [("c", "9999-12-31T23:59:59Z"), ("c", "9999-12-31T23:59:59"), (day, "31.12.9999")] {
        let told = value(written, &Type::Timestamp, text).expect_err(text);
        assert!(told.contains("9999-12-30T22:00:00Z") && told.contains("values"), "{text}: {told}");
    }
    assert_eq!(value(day, &Type::Date, "31.12.9999").as_deref(), Ok("\"9999-12-31\""));
}

#[test]
fn days_are_those_of_the_zone_that_is_named_and_times_may_be_counted_from_1970() {
    let late = "2026-03-02T23:30:00Z";
    let (two_digits, four) = ("{ column: c, format: \"%d.%m.%y\" }", "{ column: c, format: \"%d.%m.%Y\" }");
    for (written, ty, text, json) in [
        ("{ column: c, zone: Europe/Berlin }", Type::Date, late, "\"2026-03-03\""),
        ("c", Type::Date, late, "\"2026-03-02\""),
        ("{ column: c, format: epoch }", Type::Timestamp, "1772494200", "\"2026-03-02T23:30:00Z\""),
        ("{ column: c, format: epoch_ms }", Type::Timestamp, "1772494200000", "\"2026-03-02T23:30:00Z\""),
        ("{ column: c, format: epoch }", Type::Date, "1772494200", "\"2026-03-02\""),
        ("{ column: c, format: epoch_ms, zone: Europe/Berlin }", Type::Date, "1772494200000", "\"2026-03-03\""),
        (two_digits, Type::Date, "02.03.26", "\"2026-03-02\""),
    ] {
        assert_eq!(value(written, &ty, text).as_deref(), Ok(json), "{written} {text}");
    }
    for (written, ty, text, why) in [
        ("{ column: c, format: epoch }", Type::Timestamp, "soon", "no time since 1970"),
        (four, Type::Date, "02.03.26", "a year of two digits is `%y`"),
        (four, Type::Timestamp, "02.03.26", "a year of two digits is `%y`"),
    ] {
        let told = value(written, &ty, text).expect_err(written);
        assert!(told.contains(why), "{written} {text}: {told}");
    }
}

#[test]
fn a_cell_that_is_no_such_value_refuses_its_event_alone() {
    let definition = DECLARATION
        .replace("    on: { submit:", "    on: { edit: { by: d.requester, set: { amount: event.to } }, submit:");
    let definition = definition.replace("states:\n", "events: { edit: { payload: { to: money } } }\nstates:\n");
    let map =
        MAP.replace("  Note: skip", "  Change: { event: edit, payload: { to: { column: amount, currency: EUR } } }");
    let log = "
a | Change | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
a | Change | 2026-01-06 | who=ann | role=EMPLOYEE | amount=much
a | SUBMITTED by EMPLOYEE | 2026-01-07 | who=ann | role=EMPLOYEE
";
    let report = Run::new(&definition, &map, log).report();
    assert_eq!(report.events.accepted, 2);
    assert_eq!(report.each[0].refused[0].code, "invalid_value");
    assert!(report.each[0].refused[0].sentence.contains("`to`"), "{:?}", report.each[0].refused);
    assert_eq!(report.each[0].end, "checking");
}

#[test]
fn a_field_that_comes_later_is_known_at_the_start() {
    let log = LOG
        .replace(" | amount=12.50", "")
        .replace("who=adam | role=ADMINISTRATION", "who=adam | role=ADMINISTRATION | amount=3");
    let report = Run::new(DECLARATION, MAP, &log).report();
    assert!(report.each[0].accepted);
}
