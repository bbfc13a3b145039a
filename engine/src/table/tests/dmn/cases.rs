//! Test files: inputs, and what is expected.

use std::path::Path;

use roxmltree::{Document, Node};
use rust_decimal::Decimal;

use super::builtins::timestamp;
use super::model::{Model, child, children};
use crate::expression::{Duration, Value};

/// The cases of a test file: each passes, or not for a reason.
pub(super) fn run(path: &Path) -> Vec<(String, Result<(), String>)> {
    let text = std::fs::read_to_string(path).unwrap();
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    let model = child(root, "modelName").and_then(|node| node.text()).unwrap();
    let model = path.with_file_name(model);
    let cases = children(root, "testCase");
    cases.map(|case| (case.attribute("id").unwrap_or_default().to_owned(), one(case, &model))).collect()
}

fn one(case: Node<'_, '_>, path: &Path) -> Result<(), String> {
    let mut model = Model::read(path)?;
    for input in children(case, "inputNode") {
        let name = input.attribute("name").unwrap_or_default();
        let declared = model.declared(name);
        let value = value(input, declared.as_deref(), &model)?;
        model.given.insert(name.to_owned(), value);
    }
    for result in children(case, "resultNode") {
        let name = result.attribute("name").unwrap_or_default();
        let expected = match child(result, "expected") {
            Some(expected) => value(expected, model.declared(name).as_deref(), &model)?,
            None => Value::Null,
        };
        let found = model.decision(name, &Vec::new()).unwrap_or_else(|| Err(format!("no decision `{name}`")))?;
        if !same(&found, &expected) {
            return Err(format!("`{name}` is {found} instead of {expected}"));
        }
    }
    Ok(())
}

/// The value that an element holds: a list, components, or a text of a type.
fn value(node: Node<'_, '_>, declared: Option<&str>, model: &Model) -> Result<Value, String> {
    let refined = declared.and_then(|ty| model.refined(ty, None));
    if let Some(list) = child(node, "list") {
        let item = refined.as_deref().or(declared);
        return Ok(Value::list(
            children(list, "item").map(|node| value(node, item, model)).collect::<Result<Vec<_>, _>>()?,
        ));
    }
    if child(node, "component").is_some() {
        let mut fields = Vec::new();
        for component in children(node, "component") {
            let name = component.attribute("name").unwrap_or_default();
            let ty = declared.and_then(|ty| model.refined(ty, Some(name)));
            fields.push((name, value(component, ty.as_deref(), model)?));
        }
        return Ok(Value::record(fields));
    }
    let Some(inner) = child(node, "value") else { return Ok(Value::Null) };
    let nil = inner.attributes().any(|attribute| attribute.name() == "nil" && attribute.value() == "true");
    let given = inner.attributes().find(|attribute| attribute.name() == "type").map(|attribute| attribute.value());
    // Before there was `nil`, an empty value without a type stood for none.
    let nil = nil || (given.is_none() && inner.text().is_none());
    let ty = given.or(refined.as_deref()).or(declared).unwrap_or("string");
    if nil { Ok(Value::Null) } else { scalar(inner.text().unwrap_or_default(), ty) }
}

fn scalar(text: &str, ty: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is not of type {ty}");
    Ok(match ty.trim_start_matches("xsd:") {
        "decimal" | "double" | "integer" | "number" => Value::Decimal(text.trim().parse().map_err(|_| wrong())?),
        "boolean" => Value::Bool(text.trim() == "true"),
        "date" => Value::Date(text.trim().parse().map_err(|_| wrong())?),
        "dateTime" | "date and time" => Value::Timestamp(timestamp(text.trim())?),
        "time" => {
            let time: jiff::civil::Time = text.trim().trim_end_matches('Z').parse().map_err(|_| wrong())?;
            let seconds = (time - jiff::civil::Time::midnight()).total(jiff::Unit::Second).map_err(|_| wrong())?;
            Value::Duration(Duration::Elapsed(seconds as i64 * 1_000_000))
        }
        "duration" => {
            let span: jiff::Span = text.trim().parse().map_err(|_| wrong())?;
            let months = i64::from(span.get_years()) * 12 + i64::from(span.get_months());
            if months != 0 {
                return Ok(Value::Int(months));
            }
            let hours = i64::from(span.get_days()) * 24 + i64::from(span.get_hours());
            let seconds = (hours * 60 + span.get_minutes()) * 60 + span.get_seconds();
            Value::Duration(Duration::Elapsed(seconds * 1_000_000))
        }
        _ => Value::text(text),
    })
}

/// Equal, numbers up to the eighth place: the files give them as binary fractions.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Decimal(a), Value::Decimal(b)) => (a - b).abs() <= Decimal::new(1, 8),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => found == expected,
    }
}
