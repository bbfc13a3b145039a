//! The reference of the language: every example in its section on expressions comes to what is written beside it,
//! and everything that there is stands in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::working_time::Office;
use crate::expression::code::MACROS;
use crate::expression::functions::{Style, functions};
use crate::expression::{Env, RecordType, Scope, Type, Value, WorkingTime, compile_nullable};

const README: &str = include_str!("../../../../definitions/README.md");

fn section() -> &'static str {
    let (_, rest) = README.split_once("\n## Expressions\n").unwrap();
    rest.split_once("\n## ").unwrap().0
}

fn order() -> Type {
    Type::Record(Arc::new(
        RecordType::new("purchase_order")
            .with("amount", Type::Money)
            .with("lines", Type::Int)
            .with("rate", Type::Decimal)
            .with_nullable("note", Type::Text)
            .with_nullable("unit", Type::Text)
            .with_nullable("limit", Type::Money)
            .with("tags", Type::list(Type::Text))
            .with("prices", Type::map(Type::Money))
            .with("weight", Type::Quantity)
            .with("since", Type::Timestamp)
            .with("due", Type::Date)
            .with("lead", Type::Duration)
            .with("urgent", Type::Bool),
    ))
}

struct Example(BTreeMap<String, Value>);

impl Scope for Example {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn calendar(&self) -> Option<&dyn WorkingTime> {
        Some(&Office)
    }
}

fn example() -> Example {
    let order_json = serde_json::json!({
        "amount": "1200.50 EUR", "lines": 3, "rate": "0.19", "note": "Rush!", "tags": ["it", "new"],
        "prices": {"a": "10 EUR", "b": "20 EUR"}, "weight": "12.5 kg", "since": "2026-03-02T08:00:00Z",
        "due": "2026-03-09", "lead": "3 days", "urgent": false,
    });
    let now = Value::from_json(&"2026-03-02T09:30:00Z".into(), &Type::Timestamp).unwrap();
    Example(BTreeMap::from([
        ("po".to_owned(), Value::from_json(&order_json, &order()).unwrap()),
        ("now".to_owned(), now),
    ]))
}

/// The text between backticks, with `\|` for `|`.
fn code(cell: &str) -> Option<String> {
    Some(cell.trim().strip_prefix('`')?.strip_suffix('`')?.replace("\\|", "|"))
}

#[test]
fn every_example_gives_what_it_says() {
    let env = Env::new().with("po", order()).with("now", Type::Timestamp).with_calendar();
    let mut count = 0;
    for table in section().split("| example | gives |\n|---|---|\n").skip(1) {
        for row in table.lines().take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
            let [source, gives] = cells.as_slice() else { panic!("{row}") };
            let (source, gives) = (code(source).unwrap(), code(gives).unwrap());
            let ty = super::inferred(&source, &env).unwrap_or_else(|e| panic!("{}", e.render("README.md", &source)));
            let value = |source: &str| {
                let expr = compile_nullable(source, &env, &ty).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
                assert_eq!(expr.warnings(), [], "{source}");
                expr.eval(&example()).unwrap_or_else(|e| panic!("{source}: {e}"))
            };
            assert_eq!(value(&source), value(&gives), "{source}");
            count += 1;
        }
    }
    assert!(count >= 50, "{count} examples");
}

#[test]
fn everything_that_there_is_stands_in_the_reference() {
    let names = functions().filter(|f| f.style != Style::Operator).map(|f| f.name);
    let special = ["has", "optional.of", "optional.none", "cel.bind", "math.least", "math.greatest", "math.abs"];
    let methods = super::super::check::OPTIONAL_METHODS.iter().map(|(name, _)| *name);
    let macros = MACROS.iter().map(|(name, ..)| *name);
    let missing: Vec<_> = names
        .chain(special)
        .chain(methods)
        .chain(macros)
        .filter(|name| !section().contains(&format!("{name}(")))
        .collect();
    assert_eq!(missing, [""; 0]);
}
