//! Conditions and decision tables, each beside a ceiling of the same run: the same comparisons written in Rust over the
//! same values. What is between the two is the language: values that carry their type and unit, and exact arithmetic.

use std::hint::black_box;
use std::time::Instant;

use fluxor_engine::definition::compile;
use fluxor_engine::domain::Vocabulary;
use fluxor_engine::expression::{Env, RecordType, Type, Value, compile as expression};
use fluxor_engine::money::Money;
use jiff::civil::Date;

use crate::{Asked, load, median};

/// How often each is evaluated a round.
const TIMES: usize = 20_000;

pub(crate) fn run(asked: &Asked) {
    println!("nanoseconds an evaluation, {TIMES} a round; load before: {}", load());
    guard(asked.rounds);
    for rows in [10, 1_000, 10_000] {
        table(rows, asked.rounds);
    }
}

fn amounts() -> Vec<Money> {
    (0..1_000).map(|n| format!("{}.50 EUR", (n * 7919) % 10_000).parse().unwrap()).collect()
}

fn order(amount: Money) -> Value {
    Value::record([("amount", Value::Money(amount)), ("unit", Value::text("it")), ("lines", Value::Int(3))])
}

fn timed(rounds: usize, mut one: impl FnMut(usize) -> bool) -> f64 {
    let nanoseconds = |_| {
        let began = Instant::now();
        let mut held = 0;
        for n in 0..TIMES {
            held += usize::from(black_box(one(n)));
        }
        black_box(held);
        began.elapsed().as_secs_f64() * 1e9 / TIMES as f64
    };
    median((0..rounds).map(nanoseconds).collect())
}

fn guard(rounds: usize) {
    let record = RecordType::new("order").with("amount", Type::Money).with("unit", Type::Text).with("lines", Type::Int);
    let env = Env::new().with("po", Type::Record(record.into()));
    let text = "po.amount > 5000 EUR && po.unit == \"it\" && po.lines < 10";
    let guard = expression(text, &env, &Type::Bool).unwrap();
    let (amounts, bound) = (amounts(), "5000 EUR".parse::<Money>().unwrap());
    let orders: Vec<Value> = amounts.iter().map(|amount| order(*amount)).collect();
    let ours = timed(rounds, |n| {
        let order = &orders[n % orders.len()];
        guard.eval_bool(&|name: &str| (name == "po").then(|| order.clone())).unwrap()
    });
    let plain = timed(rounds, |n| {
        let amount = black_box(amounts[n % amounts.len()]);
        amount.currency == bound.currency && amount.units > bound.units && black_box("it") == "it" && black_box(3) < 10
    });
    println!("  a condition of three parts        {ours:8.0}   in Rust {plain:6.1}");
}

/// A table of amounts in steps: the row is found, and its output told.
fn table(rows: usize, rounds: usize) {
    let step = 10_000 / rows.min(10_000);
    let mut text = "workflow: bench\nversion: 1\nsubject: { name: po, fields: { amount: money } }\nstart: a\n\
                    tables:\n  tiers:\n    hit: first\n    in: { amount: po.amount }\n    out: { level: int }\n    rows:\n"
        .to_owned();
    for row in 1..rows {
        text.push_str(&format!("      - [\"<= {} EUR\", \"{row}\"]\n", row * step));
    }
    text.push_str("    otherwise: { level: \"0\" }\nstates: { a: { on: { go: { if: tiers.level > 0, to: b } } }, b: { final: true } }\n");
    let began = Instant::now();
    let checked = compile("bench.yaml", &text, &Vocabulary::default());
    let read = began.elapsed().as_secs_f64() * 1_000.0;
    let definition = checked.definition.clone().unwrap_or_else(|| panic!("{}", checked.render("bench.yaml", &text)));
    let table = definition.tables[0].clone();
    let amounts = amounts();
    let orders: Vec<Value> = amounts.iter().map(|amount| Value::record([("amount", Value::Money(*amount))])).collect();
    let today: Date = "2026-03-02".parse().unwrap();
    let ours = timed(rounds, |n| {
        let order = &orders[n % orders.len()];
        let hits = table.eval(&|name: &str| (name == "po").then(|| order.clone()), today).unwrap();
        hits.value().is_some()
    });
    let bounds: Vec<i64> = (1..rows).map(|row| i64::try_from(row * step).unwrap() * 10_000).collect();
    let plain = timed(rounds, |n| {
        let amount = black_box(amounts[n % amounts.len()].units);
        bounds.iter().position(|bound| amount <= *bound).is_some()
    });
    println!(
        "  a table of {rows:6} rows              {ours:8.0}   row by row in Rust {plain:8.1}   (read and proved in {read:.0} ms)"
    );
}
