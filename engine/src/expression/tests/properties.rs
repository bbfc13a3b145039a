use proptest::prelude::*;
use proptest::sample::select;

use super::{env, scope};
use crate::expression::{Type, Value, compile, eval, parse};
use crate::money::Money;

/// Pieces that valid and nearly valid sources are made of.
const PIECES: &[&str] = &[
    "po",
    "po.total",
    "po.count",
    "po.rate",
    "po.title",
    "po.note",
    "po.limit",
    "po.lines",
    "po.tags",
    "po.prices",
    "po.supplier",
    "po.urgent",
    "po.lead",
    "po.weight",
    "now",
    "today",
    "l",
    "l.price",
    "l.gift",
    ".",
    ".all(l, ",
    ".exists(l, ",
    ".filter(l, ",
    ".map(l, ",
    ".size()",
    "size(",
    "has(",
    "min(",
    "string(",
    "int(",
    "date(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "?",
    " + ",
    " - ",
    " * ",
    " / ",
    " % ",
    " == ",
    " != ",
    " < ",
    " >= ",
    " in ",
    " && ",
    " || ",
    "!",
    "-",
    "null",
    "true",
    "false",
    "0",
    "1",
    "9223372036854775807",
    "-9223372036854775808",
    "0.1",
    "7922816251426433759354395033.5",
    "1 EUR",
    "922337203685477.5807 EUR",
    "2 USD",
    "3 days",
    "2 working days",
    "5 kg",
    "1e9",
    "5u",
    "'a'",
    "\"",
    "'''",
    "b'\\xff'",
    "\\",
    "é",
    "\u{0}",
    "//",
    "\n",
    "`",
    "matches",
    "let",
    ".?",
    "[?",
    "{?",
    ".orValue(",
    ".optMap(l, ",
    ".hasValue()",
    "optional.none()",
    "cel.bind(l, ",
    ".exists(l, m, ",
    ".transformMap(l, m, ",
    ".transformMapEntry(l, m, ",
    ".sortBy(l, ",
    ".format([",
    ".split(",
    ".join(",
    ".replace(",
    ".matches('a(')",
    "math.round(",
    ".getHours('Europe/Berlin')",
    "duration('1h30m')",
    "isWorkingDay(today)",
    ".sum()",
    ".flatten()",
    ".first()",
    "{1: true}",
    "m",
];

const SOURCES: &[&str] = &[
    "po.total > 20000 EUR && po.lines.all(l, l.price * 2 < po.total)",
    "po.limit == null || po.total - po.limit > 0.5 EUR ? 'a' in po.tags : !po.urgent",
    "po.lines.filter(l, l.gift).map(l, l.code) == ['C2', r'\\x', \"\\u00e9\"] || {'a': [1, 2.5]}.a.size() >= -3",
    "po.?supplier.?rating.optMap(r, r > 3).orValue(false) || po.tags[?1].hasValue() && [?po.note, 'x'].size() == 2",
    "cel.bind(t, po.total, {?'a': po.limit, 'b': t}.transformMap(k, v, k != 'a', v * 2) == {'b': t + t})",
    "'%s is %.2f'.format([po.title, po.rate]).split(' ', 2).sort().join('-').matches('^[a-z]+$')",
    "has(po.supplier.name) && po.needed - today < 2 weeks || po.lead >= 36 hours || po.weight == -5.25 kg",
];

/// Conditions that check, whatever they come to.
const CONDITIONS: &[&str] = &[
    "po.lines.all(l, l.tags.exists(t, t + 'x' == po.title))",
    "po.lines.map(l, l.price * 2).filter(p, p < po.total).size() == 1",
    "po.lines == po.lines.filter(l, !l.gift)",
    "po.supplier == null",
    "po.supplier.rating > 3",
    "[po.tags, ['a'], po.tags + ['b']].exists_one(t, t == po.tags)",
    "[[1, 2], [po.count]] == [[1.0, 2], [3]]",
    "po.prices.exists(key, po.prices[key] > 15 EUR)",
    "(po.limit != null ? po.limit : 0 EUR) / 3 > 1 EUR",
    "1 / (po.count - 3) == 1",
    "!(po.note == 'x' || has(po.buyer))",
    "po.title.contains('x') == (po.rate * 3 > po.count)",
    "{'a': po.total}.a in [1 EUR, po.total]",
    "now - po.created > po.lead",
    "po.note.orValue('none') == 'none' && po.supplier.?rating.orValue(0) < 3",
    "po.lines.sortBy(l, l.price).map(l, l.code) == ['C2', 'C1']",
    "po.lines.transformMap(i, l, l.price)[1] > 5 EUR",
    "po.tags.exists(i, t, i == 1 && t == 'new')",
    "{1: 'a', 2: 'b'}.all(k, v, v.size() < k)",
    "po.lines.map(l, l.price).sum() == po.total",
    "'%s-%d'.format([po.title, po.count]).split('-').last().orValue('') == '3'",
    "po.title.matches('(?i)^café') && po.created.getHours('Europe/Berlin') == 9",
];

fn types() -> impl Strategy<Value = Type> {
    select(vec![Type::Bool, Type::Int, Type::Decimal, Type::Money, Type::Text, Type::list(Type::Money)])
}

/// Compiles and, if that works, evaluates; what parses must print and parse again to the same tree.
fn exercise(source: &str, ty: &Type) -> Result<(), TestCaseError> {
    match compile(source, &env(), ty) {
        Ok(expr) => {
            // The bound holds: with the steps that were promised it ends as it does with more.
            let bounded = eval::run(&expr.code, &expr.ty, expr.nullable, &scope(), expr.cost);
            prop_assert_eq!(expr.eval(&scope()), bounded, "{}", source);
            let _ = expr.eval(&|_: &str| Some(Value::Null));
            let _ = expr.eval(&|_: &str| None);
        }
        Err(findings) => {
            prop_assert!(!findings.is_empty());
            for finding in findings {
                prop_assert!(finding.span.start <= finding.span.end && finding.span.end <= source.len());
                prop_assert!(source.is_char_boundary(finding.span.start) && source.is_char_boundary(finding.span.end));
                let _ = finding.render("x.yaml", source);
            }
        }
    }
    if let Ok(node) = parse(source) {
        let printed = node.to_string();
        if printed.len() <= crate::expression::MAX_LENGTH {
            prop_assert_eq!(
                &parse(&printed).map_err(|e| TestCaseError::fail(format!("{printed}: {e:?}")))?,
                &node,
                "{}",
                printed
            );
        }
    }
    Ok(())
}

/// Sources that parse and mostly check: conditions and values over the test scope.
fn numbers() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "po.count",
        "po.rate",
        "0",
        "7",
        "-3",
        "0.25",
        "9223372036854775807",
        "7922816251426433759354395033.5",
        "0.0000000000000000000000000001",
        "size(po.tags)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let op = select(vec!["+", "-", "*", "/", "%"]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c, d)| format!("({a} < {b} ? {c} : {d})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), ty in types()) {
        exercise(&String::from_utf8_lossy(&bytes), &ty)?;
    }

    #[test]
    fn arbitrary_pieces_never_panic(pieces in proptest::collection::vec(select(PIECES), 0..40), ty in types()) {
        exercise(&pieces.concat(), &ty)?;
    }

    #[test]
    fn mutated_sources_never_panic(
        source in select(SOURCES), cut in any::<proptest::sample::Index>(), drop in 0usize..6, piece in select(PIECES), ty in types(),
    ) {
        let at: Vec<usize> = source.char_indices().map(|(i, _)| i).collect();
        let start = cut.index(at.len());
        let end = at.get(start + drop).copied().unwrap_or(source.len());
        exercise(&format!("{}{piece}{}", &source[..at[start]], &source[end..]), &ty)?;
    }

    #[test]
    fn conditions_end_within_their_bound(
        parts in proptest::collection::vec(select(CONDITIONS), 1..6), joins in proptest::collection::vec(select(vec![" && ", " || "]), 6),
    ) {
        let source: String = parts.iter().zip(&joins).map(|(part, join)| format!("{part}{join}")).collect();
        let source = format!("{source}po.urgent");
        if let Err(findings) = compile(&source, &env(), &Type::Bool) {
            prop_assert!(findings.iter().all(|f| f.code == "FLX0122"), "{}: {:?}", source, findings);
        }
        exercise(&source, &Type::Bool)?;
    }

    #[test]
    fn numbers_check_and_never_panic(source in numbers()) {
        // What is constant may be refused because it always fails; nothing else may be.
        match compile(&source, &env(), &Type::Decimal) {
            Ok(expr) => { let _ = expr.eval(&scope()); }
            Err(findings) => prop_assert!(findings.iter().all(|f| f.code == "FLX0123"), "{}: {:?}", source, findings),
        }
        exercise(&source, &Type::Decimal)?;
    }

    #[test]
    fn money_agrees_with_i128(a in any::<i64>(), b in any::<i64>(), n in any::<i64>(), small in -1000i64..1000) {
        let currency = "EUR".parse().unwrap();
        let money = |units| Value::Money(Money { units, currency });
        let env = crate::expression::Env::new().with("a", Type::Money).with("b", Type::Money).with("n", Type::Int);
        let a = if n % 2 == 0 { a } else { a % 1_000_000 };
        let factor = if small % 2 == 0 { small } else { n };
        let scope = |name: &str| Some(match name { "a" => money(a), "b" => money(b), _ => Value::Int(factor) });
        let (wide_a, wide_b, wide_n) = (i128::from(a), i128::from(b), i128::from(factor));
        let exact = |units: Option<i128>| units.and_then(|units| i64::try_from(units).ok()).map(money);
        for (source, expected) in [
            ("a + b", exact(Some(wide_a + wide_b))),
            ("a - b", exact(Some(wide_a - wide_b))),
            ("-a", exact(Some(-wide_a))),
            ("a * n", exact(Some(wide_a * wide_n))),
            ("n * a", exact(Some(wide_a * wide_n))),
            ("a * 0.01", exact((wide_a % 100 == 0).then_some(wide_a / 100))),
            ("a / n", exact((wide_n != 0 && wide_a % wide_n == 0).then(|| wide_a / wide_n))),
            ("max(a, b)", exact(Some(wide_a.max(wide_b)))),
        ] {
            let expr = compile(source, &env, &Type::Money).unwrap();
            prop_assert_eq!(expr.eval(&scope).ok(), expected, "{}", source);
        }
        let less = compile("a < b", &env, &Type::Bool).unwrap();
        prop_assert_eq!(less.eval_bool(&scope).unwrap(), a < b);
    }

    #[test]
    fn values_of_money_survive_text(units in any::<i64>()) {
        let money = Value::Money(Money { units, currency: "EUR".parse().unwrap() });
        if units != i64::MIN {
            prop_assert_eq!(Value::from_json(&money.to_json(), &Type::Money).unwrap(), money);
        }
    }
}
