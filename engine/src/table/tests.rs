//! Tables from text; shared by all tests of them.

mod bench;
mod cells;
mod dmn;
mod evaluation;
mod golden;
mod hostile;
mod model;
mod proofs;
mod properties;
mod readme;

use std::collections::BTreeMap;

use super::*;
use crate::definition::reading;
use crate::expression::Duration;

/// The names that the tables of the tests see.
fn env() -> Env {
    let po = RecordType::new("purchase_order")
        .with("amount", Type::Money)
        .with("lines", Type::Int)
        .with("weight", Type::Quantity)
        .with("share", Type::Decimal)
        .with("urgent", Type::Bool)
        .with("due", Type::Date)
        .with("sent", Type::Timestamp)
        .with("wait", Type::Duration)
        .with("buyer", Type::Person)
        .with("supplier", Type::Text)
        .with("tags", Type::list(Type::Text))
        .with_nullable("category", Type::Text)
        .with_nullable("limit", Type::Money);
    Env::new()
        .with("po", Type::Record(Arc::new(po)))
        .with("now", Type::Timestamp)
        .with("n", Type::Int)
        .with("m", Type::Int)
}

/// All findings of a table, and the table unless it is refused.
fn compiled(source: &str) -> (Option<Table>, Vec<Diagnostic>) {
    let node = match reading::parse(source) {
        Ok(node) => node,
        Err(finding) => return (None, vec![*finding]),
    };
    let mut found = Vec::new();
    let table = compile("table", &node, Span::new(0, 3), source, &env(), &mut found);
    (table, found)
}

/// The table, even with gaps and overlaps.
fn table_in(source: &str, env: &Env) -> Table {
    let node = reading::parse(source).unwrap_or_else(|finding| panic!("{}", finding.render("t", source)));
    let mut found = Vec::new();
    let table = read("table", &node, Span::new(0, 3), source, env, &mut found);
    table.unwrap_or_else(|| panic!("{}", rendered(source, &found)))
}

fn rendered(source: &str, found: &[Diagnostic]) -> String {
    found.iter().map(|finding| finding.render("table.yaml", source)).collect()
}

/// The codes of what is found, sorted and each once.
fn codes_of(source: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = compiled(source).1.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn money(text: &str) -> Value {
    Value::Money(text.parse().unwrap())
}

/// An order with some values of its own.
fn po(fields: &[(&str, Value)]) -> BTreeMap<String, Value> {
    let mut order: BTreeMap<&str, Value> = [
        ("amount", money("500 EUR")),
        ("lines", Value::Int(3)),
        ("weight", Value::Quantity("5 kg".parse().unwrap())),
        ("share", Value::Decimal("0.5".parse().unwrap())),
        ("urgent", Value::Bool(false)),
        ("due", Value::Date(day("2026-03-01"))),
        ("sent", Value::Timestamp(crate::clock::Timestamp::from_micros(0))),
        ("wait", Value::Duration("2 days".parse::<Duration>().unwrap())),
        ("buyer", Value::Person("ann".into())),
        ("supplier", Value::text("acme")),
        ("tags", Value::list([Value::text("rush")])),
    ]
    .into();
    order.extend(fields.iter().cloned());
    [
        ("po".to_owned(), Value::record(order)),
        ("now".to_owned(), Value::Timestamp(crate::clock::Timestamp::from_micros(0))),
        ("n".to_owned(), Value::Int(0)),
        ("m".to_owned(), Value::Int(0)),
    ]
    .into()
}

#[test]
fn every_code_is_there_once_and_in_its_range() {
    let mut codes: Vec<_> = CODES.iter().map(|(code, _)| *code).collect();
    assert!(codes.iter().all(|code| ("FLX0640".."FLX0680").contains(code)));
    codes.dedup();
    assert_eq!(codes.len(), CODES.len());
}
