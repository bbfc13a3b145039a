//! Functions against the plainest possible models of them.

use proptest::prelude::*;

use crate::expression::{Env, Type, Value, compile};

/// The value of `source` with the variables `a` and `b` of text, `l` a list of ints, `i` and `j` ints.
fn value(source: &str, ty: &Type, a: &str, b: &str, l: &[i64], i: i64, j: i64) -> Option<Value> {
    let env = Env::new()
        .with("a", Type::Text)
        .with("b", Type::Text)
        .with("l", Type::list(Type::Int))
        .with("i", Type::Int)
        .with("j", Type::Int);
    let expr = compile(source, &env, ty).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
    let scope = |name: &str| {
        Some(match name {
            "a" => Value::text(a),
            "b" => Value::text(b),
            "l" => Value::list(l.iter().copied().map(Value::Int)),
            "i" => Value::Int(i),
            _ => Value::Int(j),
        })
    };
    expr.eval(&scope).ok()
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// The first place from `from` on where `part` stands.
fn find(text: &[char], part: &[char], from: usize) -> i64 {
    (from..=text.len()).find(|at| text[*at..].starts_with(part)).map_or(-1, |at| at as i64)
}

fn find_last(text: &[char], part: &[char], last: usize) -> i64 {
    (0..=last.min(text.len())).rev().find(|at| text[*at..].starts_with(part)).map_or(-1, |at| at as i64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn places_in_text(a in "[abé😀]{0,8}", b in "[abé😀]{0,2}", i in -1i64..10, j in -1i64..10) {
        let (text, part) = (chars(&a), chars(&b));
        let within = |at: i64| usize::try_from(at).ok().filter(|at| *at <= text.len());
        let int = |source: &str| value(source, &Type::Int, &a, &b, &[], i, j);
        let string = |source: &str| value(source, &Type::Text, &a, &b, &[], i, j);
        prop_assert_eq!(int("a.indexOf(b)"), Some(Value::Int(find(&text, &part, 0))));
        prop_assert_eq!(int("a.indexOf(b, i)"), within(i).map(|at| Value::Int(find(&text, &part, at))));
        prop_assert_eq!(int("a.lastIndexOf(b)"), Some(Value::Int(find_last(&text, &part, usize::MAX))));
        prop_assert_eq!(int("a.lastIndexOf(b, i)"), within(i).map(|at| Value::Int(find_last(&text, &part, at))));
        let part = within(i).zip(within(j)).filter(|(i, j)| i <= j).map(|(i, j)| Value::text(text[i..j].iter().collect::<String>()));
        prop_assert_eq!(string("a.substring(i, j)"), part);
        let one = within(i).map(|at| Value::text(text[at..].iter().take(1).collect::<String>()));
        prop_assert_eq!(string("a.charAt(i)"), one);
        prop_assert_eq!(string("a.reverse().reverse()"), Some(Value::text(a.as_str())));
    }

    #[test]
    fn what_is_split_is_joined_again(a in "[ab,é]{0,12}", b in "[ab,]{0,2}", i in 0i64..5) {
        let string = |source: &str| value(source, &Type::Text, &a, &b, &[], i, 0);
        prop_assert_eq!(string("a.split(b).join(b)"), Some(Value::text(a.as_str())));
        let limited = if i == 0 { "" } else { a.as_str() };
        prop_assert_eq!(string("a.split(b, i).join(b)"), Some(Value::text(limited)));
        if !b.is_empty() {
            prop_assert_eq!(string("a.replace(b, '-')"), string("a.split(b).join('-')"));
        }
        let parts = value("a.split(b, i).size()", &Type::Int, &a, &b, &[], i, 0);
        prop_assert!(matches!(parts, Some(Value::Int(n)) if n <= i));
    }

    #[test]
    fn lists(l in proptest::collection::vec(-3i64..4, 0..9), i in -1i64..10, j in -1i64..10) {
        let list = |source: &str| value(source, &Type::list(Type::Int), "", "", &l, i, j);
        let of = |l: &[i64]| Some(Value::list(l.iter().copied().map(Value::Int)));
        let mut sorted = l.clone();
        sorted.sort_unstable();
        prop_assert_eq!(list("l.sort()"), of(&sorted));
        let mut by = l.clone();
        by.sort_by_key(|n| n % 2);
        prop_assert_eq!(list("l.sortBy(n, n % 2)"), of(&by));
        let mut distinct: Vec<i64> = Vec::new();
        for n in &l {
            if !distinct.contains(n) {
                distinct.push(*n);
            }
        }
        prop_assert_eq!(list("l.distinct()"), of(&distinct));
        let range = usize::try_from(i).ok().zip(usize::try_from(j).ok());
        prop_assert_eq!(list("l.slice(i, j)"), range.and_then(|(i, j)| l.get(i..j)).and_then(of));
        prop_assert_eq!(list("l.map(n, [n, n]).flatten()"), of(&l.iter().flat_map(|n| [*n, *n]).collect::<Vec<_>>()));
        let sum = value("l.sum()", &Type::Int, "", "", &l, 0, 0);
        prop_assert_eq!(sum, Some(Value::Int(l.iter().sum())));
        let last = value("l.last().orValue(9)", &Type::Int, "", "", &l, 0, 0);
        prop_assert_eq!(last, Some(Value::Int(l.last().copied().unwrap_or(9))));
        let seen = value("l.exists(k, n, k == n)", &Type::Bool, "", "", &l, 0, 0);
        prop_assert_eq!(seen, Some(Value::Bool(l.iter().enumerate().any(|(k, n)| k as i64 == *n))));
    }

    #[test]
    fn lengths_of_time_from_text(hours in 0i64..200, minutes in 0i64..200, millis in 0i64..100_000, minus in any::<bool>()) {
        let text = format!("{}{hours}h{minutes}m{}.{:03}s", if minus { "-" } else { "" }, millis / 1000, millis % 1000);
        let micros = (hours * 3_600_000 + minutes * 60_000 + millis) * if minus { -1000 } else { 1000 };
        let whole = value("duration(a).getSeconds()", &Type::Int, &text, "", &[], 0, 0);
        prop_assert_eq!(whole, Some(Value::Int(micros / 1_000_000)));
        let same = value("duration(a) == duration(b)", &Type::Bool, &text, &format!("{} ms", micros / 1000), &[], 0, 0);
        prop_assert_eq!(same, Some(Value::Bool(true)));
    }
}
