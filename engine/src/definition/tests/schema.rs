//! The schema for editors: it has the reader's keys, takes what the reader takes, and refuses what has a wrong shape.

mod mutants;

use std::collections::{BTreeMap, BTreeSet};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Number, Value};

use super::*;
use crate::definition::check::approval::{self, fields, steps, task, who};
use crate::definition::pages::PAGES;
use crate::definition::read::{arrow, schedule, state, top};
use crate::table;

/// The schema, ready to refuse.
struct Validator(Schemas, SchemaIndex);

impl Validator {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("urn:definition", schema()).unwrap();
        let index = compiler.compile("urn:definition", &mut schemas).unwrap();
        Self(schemas, index)
    }

    /// Why `value` is refused.
    fn refuses(&self, value: &Value) -> Option<String> {
        self.0.validate(value, self.1).err().map(|error| format!("{error:#}"))
    }
}

/// What an editor makes of a file: plain scalars are numbers and truths where they look so (YAML 1.2).
fn json(node: &yaml::Node) -> Value {
    match &node.shape {
        yaml::Shape::Empty => Value::Null,
        yaml::Shape::List(items) => items.iter().map(json).collect(),
        yaml::Shape::Map(entries) => {
            entries.iter().map(|(key, node)| (key.value.clone(), json(node))).collect::<Map<_, _>>().into()
        }
        yaml::Shape::Scalar(scalar) => {
            let plain = Some(scalar.text.as_str()).filter(|_| scalar.plain);
            let known = plain.and_then(|text| match text {
                "true" | "false" => Some(Value::Bool(text == "true")),
                text if text.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c)) => {
                    let whole = text.parse::<i64>().ok().map(Number::from);
                    whole.or_else(|| Number::from_f64(text.parse().ok()?)).map(Value::Number)
                }
                _ => None,
            });
            known.unwrap_or_else(|| scalar.text.as_str().into())
        }
    }
}

fn tree(source: &str) -> Value {
    json(&yaml::parse(source).unwrap())
}

fn shipped() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let read = |path: std::path::PathBuf| (path.display().to_string(), std::fs::read_to_string(&path).unwrap());
    let mut files: Vec<_> = yaml.map(read).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    files
}

/// The examples of the reference, made whole.
fn examples() -> Vec<(String, String)> {
    let blocks = readme::README.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.filter_map(|(kind, text)| Some((format!("README.md: {kind}\n{text}"), readme::file(kind, text)?))).collect()
}

/// The corrected examples of the pages of codes, made whole.
fn corrected() -> Vec<(String, String)> {
    let right = PAGES.iter().filter_map(|(code, page)| {
        let (kind, _, text) = explained::blocks(page).into_iter().nth(1)?;
        Some(((*code).to_owned(), explained::file(kind, text)?))
    });
    right.collect()
}

#[test]
fn the_file_is_what_is_written_here() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/schema.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, schema_text()).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == schema_text(), "definitions/schema.json is out of date: run with UPDATE=1");
    assert_eq!(serde_json::from_str::<Value>(&there).unwrap(), schema());
}

#[test]
fn what_is_right_is_taken() {
    let validator = Validator::new();
    let all = [shipped(), examples(), corrected()].concat();
    assert!(all.len() >= 100, "{} files", all.len());
    let mut wrong = Vec::new();
    for (name, source) in all {
        wrong.extend(validator.refuses(&tree(&source)).map(|why| format!("{name}: {why}\n{source}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes of shape: what a schema can see.
const SHAPE: [&str; 6] = ["FLX0002", "FLX0004", "FLX0005", "FLX0006", "FLX0007", "FLX0013"];

/// Wrong files that the schema takes, and why.
const TAKEN: &[(&str, &str)] =
    &[("table_else.yaml", "the keys of a row are the table's columns, which another place of the file names")];

#[test]
fn wrong_shapes_are_refused() {
    let validator = Validator::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for (name, source, _) in golden::files() {
        let checked = compile(&name, &source, &vocabulary());
        let codes: BTreeSet<&str> = checked.diagnostics.iter().map(|finding| finding.code).collect();
        let Ok(node) = yaml::parse(&source) else { continue };
        let refused = validator.refuses(&json(&node));
        if let Some(why) = refused.as_ref().filter(|_| !checked.is_refused()) {
            wrong.push(format!("{name} is refused by the schema alone: {why}"));
        }
        if codes.is_empty() || !codes.iter().all(|code| SHAPE.contains(code)) {
            continue;
        }
        count += 1;
        let exempt = TAKEN.iter().any(|(taken, _)| *taken == name);
        if exempt == refused.is_some() {
            wrong.push(format!("{name} ({codes:?}): exempt {exempt}, refused {}", refused.is_some()));
        }
    }
    assert!(count >= 25, "{count} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each mapping of the schema with keys, by its place.
fn mappings(schema: &Value, at: &str, found: &mut BTreeMap<String, Map<String, Value>>) {
    match schema {
        Value::Object(map) => {
            // Under a condition a mapping is described in part.
            if let Some(Value::Object(properties)) = map.get("properties") {
                assert!(map.contains_key("additionalProperties"), "{at} takes any key");
                found.insert(at.to_owned(), properties.clone());
            }
            map.iter().for_each(|(key, inner)| mappings(inner, &format!("{at}/{key}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, inner)| mappings(inner, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// The reader's lists, by the place where the schema has them.
fn lists() -> BTreeMap<String, Vec<&'static str>> {
    let timer: Vec<&str> = state::TIMER.iter().chain(arrow::ARROW).copied().collect();
    let lists: [(&str, &[&'static str]); 31] = [
        ("", top::FILE),
        ("/$defs/subject/anyOf/0", top::SUBJECT),
        ("/$defs/subject/anyOf/0/properties/fields/additionalProperties/anyOf/1", top::FIELD),
        ("/$defs/start/anyOf/0", top::START),
        ("/$defs/event", top::EVENT),
        ("/$defs/schedule", schedule::SCHEDULE),
        ("/$defs/whose", schedule::WHOSE),
        ("/$defs/allowed", allow::ENTRY),
        ("/$defs/state", state::STATE),
        ("/$defs/call/anyOf/0", state::CALL),
        ("/$defs/arrow/anyOf/0", arrow::ARROW),
        ("/$defs/timer", &timer),
        ("/$defs/action/anyOf/0", &[arrow::UNDO]),
        ("/$defs/undoing_action/anyOf/0", &[]),
        ("/$defs/message/anyOf/0/additionalProperties", arrow::MESSAGE),
        ("/$defs/approval", approval::KEYS),
        ("/$defs/reapproval/anyOf/1/items", fields::RULE),
        ("/$defs/tolerance", fields::TOLERANCE),
        ("/$defs/approval_table", approval::table::KEYS),
        ("/$defs/approval_row", approval::table::ROW),
        ("/$defs/approval_row/properties/when", approval::table::WHEN),
        ("/$defs/step", steps::KEYS),
        ("/$defs/rung", steps::RUNG),
        ("/$defs/quorum/anyOf/0", steps::QUORUM),
        ("/$defs/resolver", who::KEYS),
        ("/$defs/task", task::KEYS),
        ("/$defs/form_field/anyOf/0", task::FIELD),
        ("/$defs/decision_table", table::TABLE),
        ("/$defs/input_column/anyOf/0", table::INPUT),
        ("/$defs/output_column/anyOf/0", table::OUTPUT),
        ("/$defs/row/anyOf/0", &table::ROW_KEYS),
    ];
    lists.iter().map(|(at, keys)| ((*at).to_owned(), keys.to_vec())).collect()
}

#[test]
fn each_mapping_has_the_keys_of_the_reader() {
    let mut found = BTreeMap::new();
    mappings(&schema(), "", &mut found);
    let lists = lists();
    assert_eq!(found.keys().collect::<Vec<_>>(), lists.keys().collect::<Vec<_>>());
    for (at, properties) in found {
        let keys: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(keys, lists[&at].iter().copied().collect(), "{at}");
        for (key, schema) in properties {
            let words = schema["description"].as_str().unwrap_or_default();
            assert!(!words.is_empty() && words.ends_with('.') && !words.contains('\n'), "{at}: say what `{key}` is");
        }
    }
}

/// A list of keys that is written where it is used would be one that the schema does not see.
#[test]
fn the_reader_has_no_list_of_keys_that_is_not_named() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.join("definition"), root.join("table")];
    let mut calls = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let marks = text.match_indices("Keys::of(").chain(text.match_indices("Keys::entry("));
                for (_, rest) in marks.map(|(at, mark)| text.split_at(at + mark.len())) {
                    let call = rest.split(';').next().unwrap();
                    calls += 1;
                    assert!(!call.contains("&["), "{}: name the keys and tell the schema: {call}", path.display());
                }
            }
        }
    }
    assert!(calls >= 25, "{calls}");
}
