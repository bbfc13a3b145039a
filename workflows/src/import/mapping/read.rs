//! The YAML becomes a [`Mapping`]; every mistake that can be seen without the company's folder is reported.

use fluxor_engine::definition::reading::codes as shape;
use fluxor_engine::definition::reading::{
    Found, Keys, Node, Shape, Spot, list, one_or_many, parse, string, text, word, wrong_shape,
};
use fluxor_engine::diagnostic::{Diagnostic, Severity, Span, nearest};

use super::{Feed, From, Join, LeaveOut, LeftOut, Mapping, Value, With};
use crate::import::codes;
use crate::import::tables::Table;

const FILE: &[&str] = &["mapping", "title", "recognise", "csv", "company", "with", "tables", "not_mapped"];
const FEED: &[&str] = &["from", "rows", "join", "where", "leave_out", "columns"];

pub(super) fn mapping(source: &str) -> Result<Mapping, Vec<Diagnostic>> {
    let root = parse(source).map_err(|finding| vec![*finding])?;
    let mut found = Vec::new();
    let mapping = file(&root, &mut found);
    match mapping {
        Some(mapping) if !found.iter().any(|f| f.severity == Severity::Error) => Ok(mapping),
        _ => Err(found),
    }
}

fn file(root: &Node, found: &mut Found) -> Option<Mapping> {
    if root.shape == Shape::Empty {
        let empty = Diagnostic::error(shape::EMPTY, Span::default(), "the file is empty");
        found.push(empty.help("a mapping begins with `mapping: its_name`"));
        return None;
    }
    let keys = Keys::of(root, root.span, "a mapping", FILE, found)?;
    let (key, node) = keys.need("mapping", "a mapping", "write `mapping: its_name`", found)?;
    let name = string(node, key, "the name of the mapping", found)?;
    if name.value.len() > 40 || !name.value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        let bad = Diagnostic::error(shape::BAD_NAME, name.span, format!("`{}` cannot be the name", name.value));
        found.push(bad.help("write small letters, digits and underscores"));
    }
    let title = keys.get("title").and_then(|(key, node)| string(node, key, "the title", found));
    let recognise = keys.get("recognise").map(|(key, node)| strings(node, key, "`recognise`", found));
    let feeds = match keys.need("tables", "a mapping", "write `tables:` and the canonical tables under it", found) {
        Some((key, node)) => tables(node, key, found),
        None => Vec::new(),
    };
    Some(Mapping {
        title: title.map_or_else(|| name.value.clone(), |title| title.value),
        name: name.value,
        path: Default::default(),
        source: String::new(),
        recognise: recognise.unwrap_or_default().into_iter().map(|file| file.value).collect(),
        delimiter: keys.get("csv").and_then(|(key, node)| delimiter(node, key, found)).unwrap_or(b','),
        company: keys.get("company").and_then(|(key, node)| written(Table::Company, node, key, found)),
        with: keys.get("with").and_then(|(key, node)| with(node, key, found)),
        feeds,
        left_out: keys.get("not_mapped").map(|(key, node)| left_out(node, key, found)).unwrap_or_default(),
    })
}

fn strings(node: &Node, key: Span, what: &str, found: &mut Found) -> Vec<Spot<String>> {
    one_or_many(node, key, what, found).into_iter().filter_map(|item| string(item, key, what, found)).collect()
}

fn delimiter(node: &Node, key: Span, found: &mut Found) -> Option<u8> {
    let keys = Keys::of(node, key, "`csv`", &["delimiter"], found)?;
    let (key, node) = keys.need("delimiter", "`csv`", "write `csv: { delimiter: \";\" }`", found)?;
    let written = word(node, key, "the delimiter", &[",", ";", "tab", "|"], found)?;
    Some(if written.value == "tab" { b'\t' } else { written.value.as_bytes()[0] })
}

fn with(node: &Node, key: Span, found: &mut Found) -> Option<With> {
    let keys = Keys::of(node, key, "`with`", &["folder", "tables"], found)?;
    let folder = keys.need("folder", "`with`", "write the folder, from this file's own: `folder: ../sample`", found);
    let tables = keys.need("tables", "`with`", "name the tables that it gives: `tables: [people, roles]`", found);
    let (key, node) = folder?;
    let folder = string(node, key, "the folder", found)?;
    let (key, node) = tables?;
    let tables = strings(node, key, "`tables`", found);
    Some(With { folder: folder.value, tables: tables.iter().filter_map(|name| table(name, found)).collect() })
}

fn table(name: &Spot<String>, found: &mut Found) -> Option<Table> {
    let table = Table::named(&name.value);
    if table.is_none() {
        let all = || Table::ALL.map(Table::name);
        let help = match nearest(&name.value, all()) {
            Some(near) => format!("a similar table exists: `{near}`"),
            None => format!("the tables are {}", all().join(", ")),
        };
        let what = format!("the canonical set has no table `{}`", name.value);
        found.push(Diagnostic::error(codes::UNKNOWN_TABLE, name.span, what).label("no table").help(help));
    }
    table
}

fn tables(node: &Node, key: Span, found: &mut Found) -> Vec<Feed> {
    let Some(keys) = Keys::any(node, key, "`tables`", found) else { return Vec::new() };
    let mut feeds = Vec::new();
    for (name, node) in keys.iter() {
        let Some(table) = table(name, found) else { continue };
        for source in one_or_many(node, name.span, "the table's source", found) {
            feeds.extend(sources(table, source, name.span, found));
        }
    }
    feeds
}

fn sources(table: Table, node: &Node, owner: Span, found: &mut Found) -> Vec<Feed> {
    let Some(keys) = Keys::of(node, owner, "a source", FEED, found) else { return Vec::new() };
    match (keys.get("from"), keys.get("rows")) {
        (Some((key, from)), None) => from_file(table, &keys, (key, from), found).into_iter().collect(),
        (None, Some((key, rows))) => {
            let rows = list(rows, key, "`rows`", found).unwrap_or_default();
            rows.iter().filter_map(|row| written(table, row, key, found)).collect()
        }
        (from, rows) => {
            let at = from.and(rows).map_or(owner, |(key, _)| key);
            let what = "a source has either `from` or `rows`";
            let finding = Diagnostic::error(codes::ROWS_OR_FROM, at, what);
            found.push(finding.help("write `from: file.csv` with `columns`, or `rows: [{ code: each, name: Each }]`"));
            Vec::new()
        }
    }
}

fn from_file(table: Table, keys: &Keys<'_>, (key, from): (Span, &Node), found: &mut Found) -> Option<Feed> {
    let file = string(from, key, "the file", found);
    let joins = keys.get("join").map(|(key, node)| joins(node, key, found)).unwrap_or_default();
    let only = keys.get("where").and_then(|(key, node)| text(node, key, "the condition", found));
    let leave_out = keys.get("leave_out").map(|(key, node)| leave_outs(node, key, found)).unwrap_or_default();
    let (at, node) = keys.need("columns", "a source", "write `columns:` and the table's columns under it", found)?;
    let columns = columns(table, node, at, found)?;
    Some(Feed { table, from: From::File(file?), joins, only, leave_out, columns })
}

/// A row that stands in the mapping: its texts are values, not expressions.
fn written(table: Table, node: &Node, key: Span, found: &mut Found) -> Option<Feed> {
    let mut columns = columns(table, node, key, found)?;
    for (_, _, value) in &mut columns {
        if let Value::Written(text) = value {
            *value = Value::Constant(text.clone());
        }
    }
    let from = From::Written(node.span);
    Some(Feed { table, from, joins: Vec::new(), only: None, leave_out: Vec::new(), columns })
}

fn columns(table: Table, node: &Node, owner: Span, found: &mut Found) -> Option<Vec<(usize, Span, Value)>> {
    let keys = Keys::any(node, owner, "the columns", found)?;
    let mut columns = Vec::new();
    for (name, node) in keys.iter() {
        let Some(at) = table.at(&name.value) else {
            let help = match nearest(&name.value, table.names()) {
                Some(near) => format!("a similar column exists: `{near}`"),
                None => format!("the columns of {} are {}", table.name(), table.names().collect::<Vec<_>>().join(", ")),
            };
            let what = format!("{} has no column `{}`", table.name(), name.value);
            found.push(Diagnostic::error(codes::UNKNOWN_COLUMN, name.span, what).label("no column").help(help));
            continue;
        };
        columns.extend(value(node, name.span, found).map(|value| (at, name.span, value)));
    }
    for (at, column) in table.columns().iter().enumerate().filter(|(_, column)| column.required) {
        if !keys.iter().any(|(name, _)| name.value == column.name) {
            let what = format!("{} needs the column `{}`", table.name(), column.name);
            let help = format!("write `{}:` and the source's column, an expression, or {{ const: x }}", column.name);
            found.push(Diagnostic::error(codes::MISSING_COLUMN, owner, what).help(help));
        }
        debug_assert!(at < table.columns().len());
    }
    Some(columns)
}

const VALUE_HELP: &str = "write a column's name, an expression, or { const: x }, { map: column, values: { a: b } }, \
    { date: column, format: \"%d.%m.%Y\" }, { instant: column, format: \"%d.%m.%Y %H:%M\" }";

fn value(node: &Node, owner: Span, found: &mut Found) -> Option<Value> {
    let Shape::Map(entries) = &node.shape else {
        if matches!(node.shape, Shape::List(_)) {
            found.push(wrong_shape(node, owner, "a column's value", "a text or a mapping").help(VALUE_HELP));
            return None;
        }
        return text(node, owner, "the column's value", found).map(Value::Written);
    };
    let has = |name: &str| entries.iter().any(|(key, _)| key.value == name);
    let (kind, allowed): (&str, &[&str]) = if has("map") {
        ("map", &["map", "values", "else"])
    } else if has("date") {
        ("date", &["date", "format"])
    } else if has("instant") {
        ("instant", &["instant", "format"])
    } else {
        ("const", &["const"])
    };
    let keys = Keys::of(node, owner, "a column's value", allowed, found)?;
    let (key, of) = keys.need(kind, "a column's value", VALUE_HELP, found)?;
    let of = text(of, key, "the value", found);
    match kind {
        "const" => Some(Value::Constant(of?)),
        "map" => {
            let (key, node) = keys.need("values", "`map`", "write `values: { theirs: ours }`", found)?;
            let entries = Keys::any(node, key, "`values`", found)?;
            let pairs = entries.iter().map(|(from, to)| (from.value.clone(), plain(to))).collect();
            let otherwise = keys.get("else").map(|(_, node)| plain(node));
            Some(Value::Map { of: of?, values: pairs, otherwise })
        }
        _ => {
            let (key, node) = keys.need("format", "a date", "write `format: \"%d.%m.%Y\"`", found)?;
            let (of, format) = (of?, text(node, key, "the format", found)?);
            Some(if kind == "date" { Value::Date { of, format } } else { Value::Instant { of, format } })
        }
    }
}

/// What stands there as text; nothing is the empty text.
fn plain(node: &Node) -> String {
    node.text().unwrap_or_default().to_owned()
}

fn joins(node: &Node, key: Span, found: &mut Found) -> Vec<Join> {
    let Some(keys) = Keys::any(node, key, "`join`", found) else { return Vec::new() };
    let mut joins = Vec::new();
    for (name, node) in keys.iter() {
        let help = "write { file: other.csv, on: my_column, key: its_column }";
        let Some(keys) = Keys::of(node, name.span, "a join", &["file", "on", "key", "missing"], found) else {
            continue;
        };
        let file = keys.need("file", "a join", help, found).and_then(|(k, n)| string(n, k, "the file", found));
        let on = keys.need("on", "a join", help, found).and_then(|(k, n)| text(n, k, "`on`", found));
        let key = keys.need("key", "a join", help, found).and_then(|(k, n)| string(n, k, "`key`", found));
        let missing = keys.get("missing").and_then(|(k, n)| word(n, k, "`missing`", &["error", "empty"], found));
        let optional = missing.is_some_and(|word| word.value == "empty");
        if let (Some(file), Some(on), Some(key)) = (file, on, key) {
            joins.push(Join { name: name.clone(), file, on, key, optional });
        }
    }
    joins
}

fn leave_outs(node: &Node, key: Span, found: &mut Found) -> Vec<LeaveOut> {
    let mut rules = Vec::new();
    for item in one_or_many(node, key, "`leave_out`", found) {
        let help = "write { if: condition, because: the reason that the report gives }";
        let Some(keys) = Keys::of(item, key, "`leave_out`", &["if", "because"], found) else { continue };
        let guard = keys.need("if", "`leave_out`", help, found).and_then(|(k, n)| text(n, k, "the condition", found));
        let why = keys.need("because", "`leave_out`", help, found);
        let because = why.and_then(|(k, n)| string(n, k, "the reason", found));
        if let (Some(guard), Some(because)) = (guard, because) {
            rules.push(LeaveOut { guard, because: because.value });
        }
    }
    rules
}

fn left_out(node: &Node, key: Span, found: &mut Found) -> Vec<LeftOut> {
    let mut all = Vec::new();
    for item in one_or_many(node, key, "`not_mapped`", found) {
        let help = "write { file: name.csv, because: reason }, with `columns: [...]` if it is only some of them";
        let Some(keys) = Keys::of(item, key, "`not_mapped`", &["file", "columns", "because"], found) else { continue };
        let file = keys.need("file", "`not_mapped`", help, found).and_then(|(k, n)| string(n, k, "the file", found));
        let why = keys.need("because", "`not_mapped`", help, found);
        let because = why.and_then(|(k, n)| string(n, k, "the reason", found));
        let columns = keys.get("columns").map(|(k, n)| strings(n, k, "`columns`", found)).unwrap_or_default();
        if let (Some(file), Some(because)) = (file, because) {
            all.push(LeftOut { file, columns, because: because.value });
        }
    }
    all
}
