use std::collections::BTreeMap;

use super::{env, scope};
use crate::expression::{Env, RecordType, Type, Value, compile, compile_nullable};

/// The value of `source` as text, or its error.
fn value(source: &str, ty: &Type) -> Result<String, String> {
    let expr = compile(source, &env(), ty).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
    expr.eval(&scope())
        .map(|v| v.to_string())
        .map_err(|e| format!("{} @ {}", e.message, &source[e.span.start..e.span.end]))
}

#[test]
fn what_a_payload_says() {
    let payload = RecordType::new("payload").with_nullable("note", Type::Text).with_nullable("count", Type::Int);
    let env = Env::new().with("event", Type::Record(payload.into()));
    let given = |name: &str| BTreeMap::from([("event".to_owned(), Value::record([(name, Value::Null)]))]);
    let told = compile("'note' in event && !has(event.note)", &env, &Type::Bool).unwrap();
    assert_eq!(told.fields_read().iter().map(String::as_str).collect::<Vec<_>>(), ["event.note"]);
    assert_eq!(told.eval(&given("note")).unwrap(), Value::Bool(true));
    assert_eq!(told.eval(&given("count")).unwrap(), Value::Bool(false));
    let wrong = compile("'nota' in event", &env, &Type::Bool).unwrap_err();
    assert_eq!((wrong[0].code, &*wrong[0].help), ("FLX0111", "a similar field exists: `note`"));
}

#[test]
fn conditions() {
    for (source, expected) in [
        ("po.total > 1200 EUR", true),
        ("po.total <= 1200.5 EUR", true),
        ("po.total == 1200.50 EUR", true),
        ("po.total != 1200.5001 EUR", true),
        ("0.1 + 0.2 == 0.3", true),
        ("1.0 == 1 && 1 in [0.5, 1.00]", true),
        ("po.count >= 3 && po.count < 3.5", true),
        ("9007199254740993 == 9007199254740992.0", false),
        ("po.rate * 100 == 19", true),
        ("po.weight >= 12.5 kg", true),
        ("po.lead == 72 hours && po.lead < 1 week", true),
        ("2 working days < 3 working days", true),
        ("now - po.created == 90 minutes", true),
        ("po.created + 1 h < now", true),
        ("today + 7 days == po.needed && po.needed - today == 1 week", true),
        ("date('2026-03-02') == today", true),
        ("now > timestamp('2026-03-02T10:29:59+01:00')", true),
        ("po.requester == person('ann')", true),
        ("po.requester in [person('bob'), person('ann')]", true),
        ("po.buyer == null && po.note == null && po.limit != null", true),
        ("po.buyer == po.requester", false),
        ("has(po.buyer) || !has(po.limit)", false),
        ("has(po.prices.a) && !has(po.prices.z)", true),
        ("'a' in po.prices && !('z' in po.prices)", true),
        ("po.prices['a'] == 10 EUR && po.prices.b == 20 USD", true),
        ("po.title.startsWith('Caf') && po.title.endsWith('s') && po.title.contains('é c')", true),
        ("po.title.size() == 11 && size(po.tags) == 2 && {'a': 1}.size() == 1", true),
        ("'new' in po.tags && 'a' < 'b'", true),
        ("po.tags == ['office', 'new'] && [] != po.tags", true),
        ("po.lines.all(l, l.price > 100 EUR)", true),
        ("po.lines.exists(l, l.gift && l.price == 200.5 EUR)", true),
        ("po.lines.exists_one(l, 'x' in l.tags)", true),
        ("po.lines.filter(l, l.gift).map(l, l.code) == ['C2']", true),
        ("po.lines.map(l, l.gift, l.price * 2) == [401 EUR]", true),
        ("po.prices.all(key, key.size() == 1)", true),
        ("po.urgent ? false : true", true),
        ("int(2.9) == 2 && int('-7') == -7 && decimal('0.5') == 0.5 && string(1.50) == '1.50'", true),
        ("min(3, 2.5) == 2.5 && max(1 EUR, 2 EUR) == 2 EUR && abs(-5 kg) == 5 kg", true),
        ("-7 / 2 == -3 && -7 % 2 == -1 && 7.5 % 2 == 1.5", true),
        ("1 EUR * 0.0001 == 0.0001 EUR && 3 * 2 EUR == 6 EUR && 1 EUR / 4 == 0.25 EUR", true),
        ("([1 EUR] + [2 USD]).exists(x, string(x) == '2.00 USD') && ([1 EUR] + [2 USD])[1] == 2 USD", true),
        ("po.total / 2 EUR == 600.25 && 1 kg / 4 kg == 0.25", true),
        // One side decides, whatever the other side does: as in CEL.
        ("1 / (po.count - 3) > 0 && false", false),
        ("true || 1 / (po.count - 3) > 0", true),
        ("[0, 1].exists(x, 1 / x > 0)", true),
        ("[0, 2].all(x, 1 / x > 0)", false),
        (".po.urgent", false),
    ] {
        assert_eq!(value(source, &Type::Bool), Ok(expected.to_string()), "{source}");
    }
}

#[test]
fn values_of_every_type() {
    for (source, ty, expected) in [
        ("po.total * 3", Type::Money, "3601.50 EUR"),
        ("po.total - 0.5 EUR", Type::Money, "1200.00 EUR"),
        ("-po.total", Type::Money, "-1200.50 EUR"),
        ("1", Type::Decimal, "1"),
        ("po.urgent ? 1 : 2.5", Type::Decimal, "2.5"),
        ("[1, 2.5]", Type::list(Type::Decimal), "[1, 2.5]"),
        ("[]", Type::list(Type::Money), "[]"),
        ("[po.count] + [4]", Type::list(Type::Decimal), "[3, 4]"),
        ("1.0 / 3", Type::Decimal, "0.3333333333333333333333333333"),
        ("po.title + '!'", Type::Text, "Café chairs!"),
        ("string(po.total) + ' ' + string(today)", Type::Text, "1200.50 EUR 2026-03-02"),
        ("po.lines[1].price", Type::Money, "200.50 EUR"),
        ("po.requester", Type::Person, "ann"),
        ("po.urgent ? 4 hours : 2 working days", Type::Duration, "2 working days"),
        ("90 minutes * 2", Type::Duration, "3 hours"),
        ("now + 30 s", Type::Timestamp, "2026-03-02T09:30:30Z"),
        ("{'a': 1, 'b': 2}", Type::map(Type::Int), "{a: 1, b: 2}"),
    ] {
        assert_eq!(value(source, &ty).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_an_error_at_its_place() {
    for (source, expected) in [
        ("1 / (po.count - 3) > 0", "division by zero @ 1 / (po.count - 3)"),
        ("po.rate / (po.rate - 0.19) > 0", "division by zero @ po.rate / (po.rate - 0.19)"),
        ("po.count * 9223372036854775807 > 0", "the result is larger than 64 bits @ po.count * 9223372036854775807"),
        ("po.total > 1 USD", "EUR and USD cannot be compared @ po.total > 1 USD"),
        ("po.total == 1 USD", "EUR and USD cannot be compared @ po.total == 1 USD"),
        ("po.weight < 1 g", "kg and g cannot be compared @ po.weight < 1 g"),
        ("po.lead > 1 working day", "elapsed time and working days cannot be compared @ po.lead > 1 working day"),
        ("po.total * 0.00001 > 1 EUR", "the result is finer than money allows (4 places) @ po.total * 0.00001"),
        ("po.total / 9 > 1 EUR", "the result is finer than money allows (4 places) @ po.total / 9"),
        ("today + 5 hours > today", "a day moves by whole days, not by 5 hours @ today + 5 hours"),
        (
            "now + (po.urgent ? 1 hour : 1 working day) > now",
            "working time needs a calendar, and there is none here @ now + (po.urgent ? 1 hour : 1 working day)",
        ),
        ("now + 99999 weeks * 5 > now", "the result is outside the calendar (years 1 to 9999) @ now + 99999 weeks * 5"),
        ("po.note.size() > 0", "`po.note` has no value @ po.note"),
        ("[optional.ofNonZeroValue(0), 1].size() > 0", "this has no value @ optional.ofNonZeroValue(0)"),
        ("po.note == 'x' || po.note.size() > 0", "`po.note` has no value @ po.note"),
        ("po.supplier.rating > 3", "`po.supplier.rating` has no value @ po.supplier.rating"),
        ("po.lines[2].gift", "there is no element 2: the list has 2, counted from 0 @ po.lines[2]"),
        ("po.lines[-1].gift", "there is no element -1: the list has 2, counted from 0 @ po.lines[-1]"),
        ("po.prices['z'] > 1 EUR", "there is nothing under the key `z` @ po.prices['z']"),
        ("po.prices.z > 1 EUR", "`po.prices.z` has no value @ po.prices.z"),
        ("[0, 1].all(x, 1 / x > 0)", "division by zero @ 1 / x"),
        ("int(po.title) > 0", "`Café chairs` is not a whole number @ int(po.title)"),
        (
            "5 EUR in po.lines.map(l, l.price * 0.00001)",
            "the result is finer than money allows (4 places) @ l.price * 0.00001",
        ),
    ] {
        assert_eq!(value(source, &Type::Bool), Err(expected.to_owned()), "{source}");
    }
}

#[test]
fn null_comes_out_only_where_it_is_allowed() {
    let expr = compile("po.note", &env(), &Type::Text).unwrap();
    assert_eq!(expr.warnings().len(), 1);
    assert_eq!(expr.eval(&scope()).unwrap_err().message, "`po.note` has no value");
    let expr = compile_nullable("po.note", &env(), &Type::Text).unwrap();
    assert_eq!((expr.warnings().len(), expr.eval(&scope())), (0, Ok(Value::Null)));
    assert_eq!(compile_nullable("null", &env(), &Type::Text).unwrap().eval(&scope()), Ok(Value::Null));
}

#[test]
fn a_scope_that_breaks_its_promise_is_an_error_never_false() {
    for source in ["po.total > 1 EUR", "po.total == 1 EUR", "po.urgent", "po.lines.all(l, l.gift)", "po.buyer == null"]
    {
        let expr = compile(source, &env(), &Type::Bool).unwrap();
        for po in [None, Some(Value::Int(1)), Some(Value::Null)] {
            assert!(expr.eval_bool(&|_: &str| po.clone()).is_err(), "{source} {po:?}");
        }
        let wrong = [("total", Value::Int(1)), ("urgent", Value::text("x")), ("lines", Value::Bool(true))];
        if source != "po.buyer == null" {
            assert!(expr.eval_bool(&|_: &str| Some(Value::record(wrong.clone()))).is_err(), "{source}");
        }
    }
}

#[test]
fn steps_are_bounded_when_lists_are_longer_than_assumed() {
    let expr = compile("po.tags.all(a, po.tags.all(b, a == b || true))", &env(), &Type::Bool).unwrap();
    let tags = Value::list((0..5_000).map(|i| Value::text(format!("tag {i}"))));
    let error = expr.eval(&|_: &str| Some(Value::record([("tags", tags.clone())]))).unwrap_err();
    assert!(error.message.contains("more steps"), "{error}");
    // Doubling text or lists by sharing does not get around the bound.
    let doubled = "['x']".to_owned() + &".map(a, a + a)".repeat(40);
    let error = compile(&doubled, &env(), &Type::list(Type::Text)).unwrap().eval(&scope()).unwrap_err();
    assert!(error.message.contains("longer than 65536 bytes"), "{error}");
}

/// The deepest trees, unoptimized, in half the stack that a thread has: nothing that walks them comes near its end.
#[test]
fn the_deepest_expressions_need_little_stack() {
    let walk = || {
        for (open, leaf, close, ty) in [
            ("-(", "po.count", ")", Type::Int),
            ("abs(", "po.count", ")", Type::Int),
            ("1 + (", "po.count", ")", Type::Int),
            ("po.urgent ? 1 : ", "po.count", "", Type::Int),
            ("po.urgent && (po.urgent || ", "po.urgent", ")", Type::Bool),
            ("po.tags.all(x, true) && (", "true", ")", Type::Bool),
            ("[", "po.count", "].size()", Type::Int),
            ("optional.of(", "po.count", ").value()", Type::Int),
            ("max([", "po.count", "])", Type::Int),
            ("'%s'.format([", "po.title", "])", Type::Text),
            ("po.note.orValue(", "po.title", ")", Type::Text),
            ("{'a': ", "po.count", "}.a", Type::Int),
        ] {
            let deepest = (1..64).rev().find_map(|depth| {
                let source = format!("{}{leaf}{}", open.repeat(depth), close.repeat(depth));
                compile(&source, &env(), &ty).ok().map(|expr| (depth, expr))
            });
            let (depth, expr) = deepest.unwrap();
            assert!(depth >= 24, "{open} {depth}");
            expr.clone().eval(&scope()).unwrap();
            assert_eq!(crate::expression::parse(&expr.to_string()).as_ref(), Ok(expr.ast()));
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(walk).unwrap().join().unwrap();
}
