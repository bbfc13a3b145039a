//! The library: functions, methods and macros, each with what it comes to or why it fails.

use super::{env, scope};
use crate::expression::{Type, Value, compile, compile_nullable};

/// The value of `source` as text, or its error.
fn value(source: &str, ty: &Type) -> Result<String, String> {
    let expr = compile(source, &env(), ty).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
    expr.eval(&scope()).map(|v| v.to_string()).map_err(|e| e.message)
}

#[test]
fn optionals_are_values_that_may_be_missing() {
    for (source, expected) in [
        ("po.note.orValue('none') == 'none' && po.limit.orValue(1 EUR) == 5000 EUR", true),
        ("po.note.hasValue() || !po.limit.hasValue()", false),
        ("po.note.or(po.?supplier.name).orValue('') == 'Holz AG'", true),
        ("po.limit.value() == 5000 EUR", true),
        ("po.limit.optMap(l, l * 2).orValue(0 EUR) == 10000 EUR", true),
        ("po.note.optMap(n, n.size()).orValue(-1) == -1", true),
        ("po.supplier.optFlatMap(s, s.?rating).hasValue()", false),
        ("po.?supplier.rating.hasValue()", false),
        ("po.supplier.?name.orValue('') == 'Holz AG'", true),
        ("po.prices[?'a'].orValue(0 EUR) == 10 EUR && !po.prices[?'z'].hasValue()", true),
        ("po.prices.?z.orValue(1 EUR) == 1 EUR", true),
        ("po.tags[?1].orValue('') == 'new' && po.tags[?-1].orValue('x') == 'x'", true),
        ("po.lines[?5].code.orValue('none') == 'none' && po.lines[?1].code.orValue('') == 'C2'", true),
        ("[?po.note, ?po.buyer.optMap(b, 'b'), 'c'] == ['c'] && {?'a': po.note}.size() == 0", true),
        ("optional.none().orValue(3) == 3 && optional.of(3).orValue(4) == 3", true),
        ("optional.ofNonZeroValue(po.title).hasValue() && !optional.ofNonZeroValue(0 EUR).hasValue()", true),
        ("optional.of(po.count) == optional.none() || po.note != optional.none()", false),
        ("has(po.?supplier.name) && !has(po.?supplier.rating)", true),
        ("po.tags.first().orValue('') == 'office' && po.tags.last() == 'new'", true),
        ("cel.bind(half, po.total / 2, half + half == po.total && half > 600 EUR)", true),
    ] {
        assert_eq!(value(source, &Type::Bool), Ok(expected.to_string()), "{source}");
    }
    for (source, expected) in [
        ("po.note.optMap(n, n + '!')", Value::Null),
        ("po.limit.optMap(l, 'some')", Value::text("some")),
        ("po.?supplier.name", Value::text("Holz AG")),
        ("po.tags.filter(t, t == 'x').first()", Value::Null),
        ("po.note.or(po.tags.last())", Value::text("new")),
    ] {
        let expr = compile_nullable(source, &env(), &Type::Text).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
        assert_eq!(expr.eval(&scope()), Ok(expected), "{source}");
        assert_eq!(expr.warnings(), [], "{source}");
    }
    assert_eq!(value("po.note.value()", &Type::Text).unwrap_err(), "`po.note` has no value");
}

#[test]
fn macros_with_two_variables_see_the_place_or_the_key() {
    for (source, expected) in [
        ("po.lines.all(i, l, i < 2 && l.price > 100 EUR)", "true"),
        ("po.tags.exists(i, t, i == 1 && t == 'new') && !po.tags.exists(i, t, i == 0 && t == 'new')", "true"),
        ("po.tags.existsOne(i, t, i > 0) && po.tags.exists_one(i, t, t == 'new')", "true"),
        ("po.prices.exists(k, p, k == 'b' && p == 20 USD)", "true"),
        ("po.tags.transformList(i, t, string(i) + t) == ['0office', '1new']", "true"),
        ("po.tags.transformList(i, t, i > 0, t) == ['new']", "true"),
        ("po.prices.transformList(k, p, k) == ['a', 'b']", "true"),
        ("po.prices.transformMap(k, p, k == 'a', p * 2) == {'a': 20 EUR}", "true"),
        ("po.tags.transformMap(i, t, t.size())[0] == 6", "true"),
        ("po.lines.transformMapEntry(i, l, {l.code: i}) == {'C1': 0, 'C2': 1}", "true"),
        ("po.lines.sortBy(l, l.price).map(l, l.code) == ['C2', 'C1']", "true"),
        ("[].all(i, v, v > i) && ![].exists(v, v == 1) && [].map(v, v + 1).size() == 0", "true"),
    ] {
        assert_eq!(value(source, &Type::Bool).as_deref(), Ok(expected), "{source}");
    }
    assert_eq!(
        value("po.lines.transformMapEntry(i, l, {'x': i}).size()", &Type::Int).unwrap_err(),
        "the key `x` is there twice"
    );
}

#[test]
fn texts() {
    for (source, expected) in [
        ("po.title.charAt(3) + po.title.substring(5) + po.title.substring(0, 4)", "échairsCafé"),
        ("po.title.replace('a', 'o').replace('c', 'k', 1)", "Cofé khoirs"),
        ("po.title.split(' ').reverse().join('-')", "chairs-Café"),
        ("'a,b,c'.split(',', 2).join('|') + 'abc'.split('').join(' ')", "a|b,ca b c"),
        ("' x\t'.trim() + 'Ab'.lowerAscii() + 'Ab'.upperAscii() + 'Abé'.reverse()", "xabABébA"),
        ("strings.quote(\"a\\\"b\\n\")", r#""a\"b\n""#),
        ("'%s of %d: %.2f %x %b %%'.format([po.total, po.count, po.rate, 255, 5])", "1200.50 EUR of 3: 0.19 ff 101 %"),
        ("'%e %.3e %f'.format([1234.5, 0.00099996, 2])", "1.234500e+03 1.000e-03 2.000000"),
        ("'%s %s'.format([po.tags, {'a': 1}])", "[office, new] {a: 1}"),
        ("string(90 minutes) + string(true) + string(po.requester)", "90 minutestrueann"),
        (r"r'\d+' + '''it's'''", r"\d+it's"),
    ] {
        assert_eq!(value(source, &Type::Text).as_deref(), Ok(expected), "{source}");
    }
    for (source, expected) in [
        ("po.title.indexOf('é') * 100 + po.title.lastIndexOf('a') * 10 + 'abab'.indexOf('a', 1)", "372"),
        ("'abab'.lastIndexOf('ab', 1) + 'abab'.lastIndexOf('')", "4"),
        ("'abc'.indexOf('x')", "-1"),
    ] {
        assert_eq!(value(source, &Type::Int).as_deref(), Ok(expected), "{source}");
    }
    for (source, expected) in [
        ("po.title.matches('^C.*s$') && !po.title.matches('^c') && matches('x1', '[0-9]')", "true"),
        ("po.tags.exists(p, 'my office'.matches(p))", "true"),
        ("po.title.matches('^[[:alpha:]]+\\\\s\\\\pL+$')", "false"),
    ] {
        assert_eq!(value(source, &Type::Bool).as_deref(), Ok(expected), "{source}");
    }
    for (source, expected) in [
        ("po.title.charAt(12)", "there is no place 12: the text has 11 characters"),
        ("po.title.substring(3, 2)", "the part would end at 2 before it begins at 3"),
        (
            "po.title.replace('C', 'aaaaaaaaaa').replace('a', 'bbbbbbbbbb').replace('b', 'cccccccccc').replace('c', po.title).replace('a', 'dddddddddddddddddddd').replace('d', '0123456789')",
            "the text is longer than 65536 bytes",
        ),
        ("'%d'.format([po.title])", "`%d` does not write text"),
    ] {
        assert_eq!(value(source, &Type::Text).unwrap_err(), expected, "{source}");
    }
    assert_eq!(
        value("po.title.matches(po.title + '(')", &Type::Bool).unwrap_err(),
        "not a regular expression: unclosed group"
    );
}

#[test]
fn lists_and_numbers() {
    let decimals = Type::list(Type::Decimal);
    for (source, ty, expected) in [
        ("[3, 1.5, 2].sort()", decimals.clone(), "[1.5, 2, 3]"),
        ("[1, 2, 1.0, 3, 2].distinct()", decimals.clone(), "[1, 2, 3]"),
        ("[[1, 2], [3]].flatten() + [[4.5]].flatten()", decimals, "[1, 2, 3, 4.5]"),
        ("po.lines.map(l, l.tags).flatten() + po.tags.slice(0, 1)", Type::list(Type::Text), "[x, office]"),
        ("po.lines.map(l, l.price).sum()", Type::Money, "1200.50 EUR"),
        ("po.lines.filter(l, false).map(l, l.price).sum(0 EUR)", Type::Money, "0.00 EUR"),
        ("[1, 2].sum() + [].sum()", Type::Int, "3"),
        ("[0.1, 0.2].sum()", Type::Decimal, "0.3"),
        ("max([1 EUR, 3 EUR, 2 EUR]) - min(3 EUR, 2 EUR, 1 EUR)", Type::Money, "2.00 EUR"),
        ("max(3, 2.5) + min(1, 2.5)", Type::Decimal, "4"),
        ("math.greatest(1, 2.5, 2) + math.least([4, 3]) + math.abs(-1)", Type::Decimal, "6.5"),
        ("math.ceil(1.2) * 100 + math.floor(-1.2) * 10 + math.trunc(-1.9)", Type::Decimal, "179"),
        ("math.round(2.5) * 10 + math.round(-2.5)", Type::Decimal, "27"),
        ("math.round(2.345, 2) + math.round(5, 1)", Type::Decimal, "7.35"),
        ("math.round(10.0050 EUR, 2) + math.round(-0.5 EUR, 0)", Type::Money, "9.01 EUR"),
        (
            "math.sign(-3) + math.bitAnd(12, 10) + math.bitOr(1, 2) + math.bitXor(3, 1) + math.bitNot(0)",
            Type::Int,
            "11",
        ),
        ("math.bitShiftLeft(1, 4) + math.bitShiftRight(-1, 63) + math.bitShiftLeft(1, 64)", Type::Int, "17"),
        ("{1: 'a', 2: 'b'}[2] + {true: 'c'}[true]", Type::Text, "bc"),
        ("{1: 2.5}", Type::Map(crate::expression::Keys::Int, Box::new(Type::Decimal)), "{1: 2.5}"),
    ] {
        assert_eq!(value(source, &ty).as_deref(), Ok(expected), "{source}");
    }
    for (source, ty, expected) in [
        (
            "po.lines.filter(l, false).map(l, l.price).sum()",
            Type::Money,
            "the sum of no amounts has no unit: write what to begin with, such as `sum(0 EUR)`",
        ),
        ("[1 EUR, 2 USD].sum()", Type::Money, "EUR and USD cannot be added"),
        (
            "min(po.lines.filter(l, false).map(l, l.price))",
            Type::Money,
            "an empty list has no least or greatest element",
        ),
        ("[po.total, 1 USD].sort()[0]", Type::Money, "EUR and USD cannot be compared"),
        ("[9223372036854775807, po.count].sum()", Type::Int, "the result is larger than 64 bits"),
        ("math.bitShiftLeft(po.count, 0 - po.count)", Type::Int, "bits cannot be moved by -3"),
        ("math.round(po.total, po.count + 2)", Type::Money, "the places are 0 to 4, not 5"),
        ("{po.count: 1}[4]", Type::Int, "there is nothing under the key `4`"),
    ] {
        // A constant of two currencies is refused at load.
        match compile(source, &env(), &ty) {
            Ok(expr) => assert_eq!(expr.eval(&scope()).unwrap_err().message, expected, "{source}"),
            Err(findings) => assert!(findings.iter().any(|f| f.message == expected), "{source}: {findings:#?}"),
        }
    }
}

#[test]
fn times() {
    for (source, expected) in [
        ("now.getFullYear() * 100 + now.getMonth()", "202602"),
        ("now.getDate() * 100 + now.getDayOfMonth() * 10 + now.getDayOfWeek()", "211"),
        ("po.needed.getDayOfYear() + po.needed.getDate() + today.getDayOfWeek()", "77"),
        ("now.getHours() * 100 + now.getMinutes()", "930"),
        ("now.getHours('Europe/Berlin') * 100 + now.getHours('-05:30')", "1004"),
        (
            "timestamp('2026-03-02T23:59:58.123Z').getSeconds() * 1000 + timestamp('2026-03-02T23:59:58.123Z').getMilliseconds()",
            "58123",
        ),
        ("duration('1h30m').getMinutes() + po.lead.getHours() + duration('-1.5s').getMilliseconds()", "-338"),
        ("int(now) - int(timestamp('2026-03-02T09:00:00Z'))", "1800"),
    ] {
        assert_eq!(value(source, &Type::Int).as_deref(), Ok(expected), "{source}");
    }
    for (source, expected) in [
        ("duration('1h30m') == 90 minutes && duration('2 days') == 48 hours && duration(po.lead) == po.lead", "true"),
        ("timestamp(0) == timestamp('1970-01-01T00:00:00Z') && timestamp(now) == now", "true"),
        ("date(now, 'Pacific/Auckland') == today && date(timestamp('2026-03-02T23:30:00Z'), '+01:00') > today", "true"),
        ("timestamp(today, 'Europe/Berlin') == timestamp('2026-03-01T23:00:00Z')", "true"),
        ("bool('true') && !bool('0') && bool(po.urgent) == false", "true"),
    ] {
        assert_eq!(value(source, &Type::Bool).as_deref(), Ok(expected), "{source}");
    }
    for (source, expected) in [
        ("duration(po.title)", "`Café` is not a decimal number: write digits with a point, such as 1200.50"),
        ("duration(po.tags[0])", "`office` is not a length of time: write `1h30m`, or `90 minutes`"),
        ("duration('1' + 'ns')", "`1ns` is finer than a microsecond"),
        ("duration('320000000000s')", "the result is too long (10000 years at most)"),
        ("po.lead * 1300000", "the result is too long (10000 years at most)"),
    ] {
        match compile(source, &env(), &Type::Duration) {
            Ok(expr) => assert_eq!(expr.eval(&scope()).unwrap_err().message, expected, "{source}"),
            Err(findings) => assert!(findings.iter().any(|f| f.message == expected), "{source}: {findings:#?}"),
        }
    }
}
