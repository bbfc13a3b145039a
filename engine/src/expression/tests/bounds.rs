//! The bound of steps holds: over values as large as assumed, no expression takes more steps than it promised.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::{env, order};
use crate::expression::{Env, Expr, Scope, Type, Value, compile, eval};

/// The order of the tables, with 128 elements in each list and map and 256 bytes in each text.
fn large() -> BTreeMap<String, Value> {
    let text = |i: usize| format!("{i:03}{}", "ab c".repeat(64).get(..253).unwrap());
    let line = |i: usize| {
        let tags: Vec<_> = (0..128).map(|j| text(i ^ j)).collect();
        serde_json::json!({"code": text(i), "price": "10 EUR", "quantity": "4 pcs", "tags": tags, "gift": i.is_multiple_of(2)})
    };
    let prices: serde_json::Map<_, _> = (0..128).map(|i| (text(i), "3 EUR".into())).collect();
    let json = serde_json::json!({
        "total": "1200.50 EUR", "count": 128, "rate": "0.19", "title": text(500), "requester": "ann", "note": text(501),
        "limit": "5000 EUR", "weight": "12.5 kg", "created": "2026-03-02T08:00:00Z", "needed": "2026-03-09",
        "lead": "3 days", "urgent": true, "tags": (0..128).map(|i| text(i * 5 % 128)).collect::<Vec<_>>(),
        "prices": prices, "lines": (0..128).map(line).collect::<Vec<_>>(), "supplier": {"name": text(502), "rating": 4},
    });
    let read = |text: &str, ty| Value::from_json(&text.into(), &ty).unwrap();
    BTreeMap::from([
        ("po".to_owned(), Value::from_json(&json, &Type::Record(order())).unwrap()),
        ("today".to_owned(), read("2026-03-02", Type::Date)),
        ("now".to_owned(), read("2026-03-02T09:30:00Z", Type::Timestamp)),
    ])
}

/// With as many steps as promised it ends as it does with any number.
fn holds(expr: &Expr, scope: &dyn Scope) -> bool {
    let run = |steps| eval::run(&expr.code, &expr.ty, expr.nullable, scope, steps);
    run(expr.cost) == run(1 << 40)
}

fn check(source: &str, env: &Env, ty: &Type, scope: &dyn Scope) -> Result<bool, TestCaseError> {
    match compile(source, env, ty) {
        Ok(expr) => {
            prop_assert!(holds(&expr, scope), "{} takes more than {} steps", source, expr.cost);
            Ok(true)
        }
        Err(findings) => {
            // Besides what is too costly, only a variable may stand twice, or a part fail at load.
            let known = ["FLX0121", "FLX0122", "FLX0123", "FLX0150", "FLX0151"];
            prop_assert!(findings.iter().all(|f| known.contains(&f.code)), "{}: {:#?}", source, findings);
            Ok(false)
        }
    }
}

#[derive(Clone, Debug)]
struct Parts {
    text: String,
    list: String,
    number: String,
    truth: String,
    map: String,
}

impl Parts {
    fn leaf(seed: usize) -> Self {
        let pick = |of: &[&str]| of[seed % of.len()].to_owned();
        Self {
            text: pick(&[
                "po.title",
                "'abc'",
                "po.note.orValue('none')",
                "po.tags[0]",
                "string(po.total)",
                "po.lines[3].code",
            ]),
            list: pick(&[
                "po.tags",
                "['a', 'b c']",
                "po.lines[1].tags",
                "po.lines.map(w, w.code)",
                "po.prices.map(w, w)",
            ]),
            number: pick(&["po.count", "2", "po.created.getHours('Europe/Berlin')"]),
            truth: pick(&["po.urgent", "'new' in po.tags", "po.lines.all(w, w.price > 1 EUR)"]),
            map: pick(&["{'a': po.title}", "po.lines.transformMapEntry(i, w, {w.code: w.code})"]),
        }
    }
}

fn texts(variable: &str, [p, q, r]: &[Parts; 3]) -> Vec<String> {
    let (a, b, c, l, v) = (&p.text, &q.text, &r.text, &p.list, variable);
    vec![
        format!("({a} + {b})"),
        format!("{a}.replace({b}, {c})"),
        format!("{a}.replace('', {b})"),
        format!("{a}.upperAscii().reverse().trim()"),
        format!("strings.quote({a})"),
        format!("{l}.join({a})"),
        format!("'%s, %x, %s'.format([{a}, {b}, {l}])"),
        format!("({} ? {a} : {b})", p.truth),
        format!("cel.bind({v}, {a}, {v} + {v})"),
        format!("{l}.first().orValue({a})"),
        format!("{a}.substring(0, 1)"),
        format!("max({a}, {b}, {c})"),
        format!("po.note.optMap({v}, {v} + {a}).orValue({b})"),
        format!("{}[?{a}].orValue({b})", p.map),
    ]
}

/// One part made of three others.
fn grown(form: usize, variable: &str, of: &[Parts; 3]) -> Parts {
    let [p, q, r] = of;
    let (a, b, c) = (&p.text, &q.text, &r.text);
    let (l, m, v) = (&p.list, &q.list, variable);
    let texts = texts(variable, of);
    let lists = [
        format!("[{a}, ?po.note, {b}]"),
        format!("{a}.split({b})"),
        format!("{a}.split('')"),
        format!("{l}.map({v}, {v} + {a})"),
        format!("{l}.filter({v}, {v} < {a})"),
        format!("({l} + {m})"),
        format!("{l}.distinct()"),
        format!("{l}.sort().reverse()"),
        format!("{l}.sortBy({v}, {v}.reverse())"),
        format!("[{l}, {m}].flatten()"),
        format!("{l}.transformList(n, {v}, n > 3, {v} + {a})"),
        format!("{}.transformList(k, {v}, k + {v})", p.map),
        format!("{l}.slice(0, 1)"),
        format!("{l}.map({v}, {m}).flatten()"),
    ];
    let numbers = [
        format!("{a}.size()"),
        format!("{l}.size()"),
        format!("({a}.indexOf({b}) + {a}.lastIndexOf({b}))"),
        format!("{l}.map({v}, {v}.size()).sum()"),
        format!("({} + {})", p.number, q.number),
        format!("{}.size()", p.map),
        format!("max({l}.map({v}, {v}.size()))"),
    ];
    let truths = [
        format!("{a} == {b}"),
        format!("({a} < {b} || {a}.startsWith({c}))"),
        format!("{a} in {l}"),
        format!("{l}.exists({v}, {v} == {a})"),
        format!("{l} == {m}"),
        format!("{a}.matches('^[a-c]+.*z$')"),
        format!("{a}.matches({b})"),
        format!("({} && {})", p.truth, q.truth),
        format!("{} > {}", p.number, q.number),
        format!("{} == {}", p.map, q.map),
        format!("{l}.all({v}, {m}.exists(n, n == {v}))"),
        format!("{l}.existsOne({v}, {v}.contains({a}))"),
    ];
    let maps = [
        format!("{{'k': {a}, ?{b}: po.note}}"),
        format!("{l}.transformMapEntry(n, {v}, {{{v}: {v} + {a}}})"),
        format!("{}.transformMap(k, {v}, {v} + {a})", p.map),
    ];
    Parts {
        text: texts[form % texts.len()].clone(),
        list: lists[form % lists.len()].clone(),
        number: numbers[form % numbers.len()].clone(),
        truth: truths[form % truths.len()].clone(),
        map: maps[form % maps.len()].clone(),
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    any::<usize>().prop_map(Parts::leaf).prop_recursive(3, 20, 3, |inner| {
        let of = (inner.clone(), inner.clone(), inner);
        (any::<usize>(), select(vec!["t", "u", "x", "y", "z"]), of)
            .prop_map(|(form, variable, (p, q, r))| grown(form, variable, &[p, q, r]))
    })
}

#[test]
fn no_expression_takes_more_steps_than_promised() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let (env, scope) = (env(), large());
    let compiled = std::cell::Cell::new(0u32);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let ran = runner.run(&parts(), |parts| {
        for (source, ty) in [
            (&parts.text, Type::Text),
            (&parts.list, Type::list(Type::Text)),
            (&parts.number, Type::Int),
            (&parts.truth, Type::Bool),
            (&parts.map, Type::map(Type::Text)),
        ] {
            compiled.set(compiled.get() + u32::from(check(source, &env, &ty, &scope)?));
        }
        Ok(())
    });
    ran.unwrap_or_else(|e| panic!("{e}"));
    assert!(compiled.get() > cases, "only {} of {} compiled", compiled.get(), 5 * cases);
}
