//! Decision tables.

use serde_json::{Value, json};

use super::parts::{Defs, Mapping, key_names, of, text};
use crate::table::{Hit, INPUT, MAX_ROWS, OUTPUT, ROW_KEYS, TABLE};

/// The parts of `tables`.
pub(super) fn defs() -> Defs {
    let cell = json!({
        "type": ["string", "number", "boolean", "null"],
        "description": "A test, such as `-`, `< 5`, `[1..5]`; of an output an expression.",
    });
    vec![
        ("cell", cell),
        ("decision_table", table()),
        ("input_column", input()),
        ("output_column", output()),
        ("row", row()),
    ]
}

/// Names of columns: those of rows' own keys are none.
fn columns(schema: &Value, least: u32) -> Value {
    let names = json!({ "allOf": [key_names(), { "not": { "enum": ROW_KEYS } }] });
    let shape = if least == 0 { json!(["object", "null"]) } else { json!("object") };
    json!({
        "type": shape, "minProperties": least, "additionalProperties": schema, "propertyNames": names,
    })
}

fn table() -> Value {
    let rows = json!({ "type": "array", "minItems": 1, "maxItems": MAX_ROWS, "items": of("row") });
    let cells = json!({ "type": "array", "minItems": 1, "items": of("cell") });
    let named = json!({
        "type": "object", "minProperties": 1, "propertyNames": key_names(), "additionalProperties": of("cell"),
    });
    let otherwise = json!({ "anyOf": [text(), cells, named] });
    let hits: Vec<&str> = Hit::names().collect();
    Mapping::of(TABLE)
        .usually("hit", json!({ "enum": hits }), json!(Hit::default().to_string()), "Which of the matching rows count.")
        .key("in", columns(&of("input_column"), 0), "Input columns, each with an expression.")
        .key("out", columns(&of("output_column"), 1), "Output columns, each with its type.")
        .key("rows", rows, "Rows: the cells of the inputs, then of the outputs; or by name.")
        .key("otherwise", otherwise, "The outputs where no row matches.")
        .needs(&["in", "out", "rows"])
        .done()
}

fn input() -> Value {
    let limited = Mapping::of(INPUT)
        .key("value", of("expression"), "The column's value.")
        .key("values", of("cell"), "A test that every value passes.")
        .needs(&["value"]);
    json!({ "anyOf": [limited.done(), of("expression")] })
}

fn output() -> Value {
    let values = json!({ "type": "array", "items": of("cell") });
    let limited = Mapping::of(OUTPUT)
        .key("type", of("type"), "The column's type.")
        .key("values", values, "The values that there are, in their order.")
        .needs(&["type"]);
    json!({ "anyOf": [limited.done(), of("type")] })
}

fn row() -> Value {
    let by_name = Mapping::of(&ROW_KEYS)
        .key("from", text(), "The first day on which the row holds.")
        .key("until", text(), "The last day on which the row holds.")
        .key("note", text(), "Why.")
        .others(of("cell"))
        .also("minProperties", json!(1))
        .also("propertyNames", key_names());
    json!({ "anyOf": [by_name.done(), { "type": "array", "items": of("cell") }] })
}
