//! Tables: text in, value or finding out; and properties over arbitrary input.

mod bounds;
mod cel_spec;
mod findings;
mod json;
mod library;
mod models;
mod properties;
mod readme;
mod syntax;
mod values;
mod working_time;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::Checker;
use super::{Env, RecordType, Type, Value, parse};
use crate::diagnostic::{Diagnostic, Severity};

/// An order with a field of every type.
pub(super) fn order() -> Arc<RecordType> {
    let line = RecordType::new("line")
        .with("code", Type::Text)
        .with("price", Type::Money)
        .with("quantity", Type::Quantity)
        .with("tags", Type::list(Type::Text))
        .with("gift", Type::Bool);
    let supplier = RecordType::new("supplier").with("name", Type::Text).with_nullable("rating", Type::Int);
    Arc::new(
        RecordType::new("order")
            .with("total", Type::Money)
            .with("count", Type::Int)
            .with("rate", Type::Decimal)
            .with("title", Type::Text)
            .with("requester", Type::Person)
            .with_nullable("buyer", Type::Person)
            .with_nullable("note", Type::Text)
            .with_nullable("limit", Type::Money)
            .with("weight", Type::Quantity)
            .with("created", Type::Timestamp)
            .with("needed", Type::Date)
            .with("lead", Type::Duration)
            .with("urgent", Type::Bool)
            .with("tags", Type::list(Type::Text))
            .with("prices", Type::map(Type::Money))
            .with("lines", Type::list(Type::Record(Arc::new(line))))
            .with_nullable("supplier", Type::Record(Arc::new(supplier))),
    )
}

pub(super) fn env() -> Env {
    Env::new().with("po", Type::Record(order())).with("today", Type::Date).with("now", Type::Timestamp)
}

pub(super) fn scope() -> BTreeMap<String, Value> {
    let json = serde_json::json!({
        "total": "1200.50 EUR", "count": 3, "rate": "0.19", "title": "Café chairs", "requester": "ann",
        "note": null, "limit": "5000 EUR", "weight": "12.5 kg", "created": "2026-03-02T08:00:00Z",
        "needed": "2026-03-09", "lead": "3 days", "urgent": false, "tags": ["office", "new"],
        "prices": {"a": "10 EUR", "b": "20 USD"},
        "lines": [
            {"code": "C1", "price": "1000 EUR", "quantity": "4 pcs", "tags": ["x"], "gift": false},
            {"code": "C2", "price": "200.50 EUR", "quantity": "1 pcs", "tags": [], "gift": true},
        ],
        "supplier": {"name": "Holz AG"},
    });
    let order = Value::from_json(&json, &Type::Record(order())).unwrap();
    let read = |text: &str, ty| Value::from_json(&text.into(), &ty).unwrap();
    BTreeMap::from([
        ("po".to_owned(), order),
        ("today".to_owned(), read("2026-03-02", Type::Date)),
        ("now".to_owned(), read("2026-03-02T09:30:00Z", Type::Timestamp)),
    ])
}

pub(super) fn first_error(findings: Vec<Diagnostic>) -> Box<Diagnostic> {
    Box::new(findings.into_iter().find(|finding| finding.severity == Severity::Error).unwrap())
}

/// The type that the expression has by itself.
pub(super) fn inferred(source: &str, env: &Env) -> Result<Type, Box<Diagnostic>> {
    let ast = parse(source).map_err(first_error)?;
    let mut checker = Checker::new(env);
    let typed = checker.check(&ast);
    if let Some(finding) = checker.findings.into_iter().find(|finding| finding.severity == Severity::Error) {
        return Err(Box::new(finding));
    }
    Ok(typed.ty.unwrap_or(Type::Null))
}
