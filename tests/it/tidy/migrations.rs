//! The two folders of migrations say the same: files, tables, columns, keys; and keys begin with the tenant.

use std::collections::BTreeMap;

use super::report;
use super::source::{File, files};

const README: &str = "migrations/README.md";
const HEADING: &str = "Indexes exempt from tenant-first";

/// A table as its migrations leave it.
#[derive(Debug, Default, PartialEq)]
struct Table {
    at: (String, usize),
    columns: Vec<String>,
    keys: Vec<Key>,
}

/// A primary key (named like its table), a unique constraint (likewise) or an index.
#[derive(Debug, PartialEq)]
struct Key {
    at: (String, usize),
    name: String,
    unique: bool,
    columns: Vec<String>,
}

type Schema = BTreeMap<String, Table>;

#[test]
fn both_folders_say_the_same() {
    let files = files();
    let (sqlite, postgres) = (names(&files, "sqlite"), names(&files, "postgres"));
    let mut findings = Vec::new();
    for name in sqlite.iter().filter(|name| !postgres.contains(name)) {
        findings.push(format!("migrations/sqlite/{name}: has no sibling in migrations/postgres: write it"));
    }
    for name in postgres.iter().filter(|name| !sqlite.contains(name)) {
        findings.push(format!("migrations/postgres/{name}: has no sibling in migrations/sqlite: write it"));
    }
    let (one, other) = (read(&files, "sqlite", &mut findings), read(&files, "postgres", &mut findings));
    for (name, table) in one.iter().chain(&other) {
        let (Some(a), Some(b)) = (one.get(name), other.get(name)) else {
            findings.push(format!("{}: `{name}` is a table of one database only", place(&table.at)));
            continue;
        };
        if a.columns != b.columns {
            let (a, b) = (a.columns.join(", "), b.columns.join(", "));
            findings.push(format!("{}: columns of `{name}` differ: {a} | {b}", place(&table.at)));
        }
        let shown = |table: &Table| {
            let mut keys: Vec<_> = table.keys.iter().map(|key| (&key.name, key.unique, &key.columns)).collect();
            keys.sort();
            keys.iter().map(|(name, unique, columns)| format!("{name} {unique} {columns:?}")).collect::<Vec<_>>()
        };
        if shown(a) != shown(b) {
            findings.push(format!("{}: keys of `{name}` differ: {:?} | {:?}", place(&table.at), shown(a), shown(b)));
        }
    }
    findings.sort();
    report(findings);
}

#[test]
fn keys_begin_with_the_tenant_or_say_why_not() {
    let files = files();
    let mut findings = Vec::new();
    let exempt: Vec<_> = files.iter().filter(|file| file.path == README).flat_map(exemptions).collect();
    for (line, name, reason) in &exempt {
        if reason.len() < 10 {
            findings.push(format!("{README}:{line}: `{name}` is exempt without a reason: give one"));
        }
    }
    for folder in ["sqlite", "postgres"] {
        let schema = read(&files, folder, &mut Vec::new());
        let keys: Vec<_> = schema.values().flat_map(|table| &table.keys).collect();
        let others: Vec<_> = keys.iter().filter(|key| key.columns.first().is_none_or(|c| c != "tenant")).collect();
        for key in others.iter().filter(|key| !exempt.iter().any(|(_, name, _)| *name == key.name)) {
            let place = place(&key.at);
            findings.push(format!(
                "{place}: `{}` does not begin with tenant: so must it, or list it in {README}",
                key.name
            ));
        }
        for (line, name, _) in exempt.iter().filter(|(_, name, _)| !others.iter().any(|key| key.name == *name)) {
            findings.push(format!("{README}:{line}: `{name}` needs no exemption in {folder}: take it out"));
        }
        for (name, table) in schema.iter().filter(|(_, table)| !table.keys.iter().any(|key| key.unique)) {
            findings.push(format!("{}: `{name}` has neither a primary key nor a unique index", place(&table.at)));
        }
    }
    report(findings);
}

fn place(at: &(String, usize)) -> String {
    format!("{}:{}", at.0, at.1)
}

fn names(files: &[File], folder: &str) -> Vec<String> {
    let prefix = format!("migrations/{folder}/");
    files.iter().filter_map(|file| file.path.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// The names in backquotes in the first cell of a row, or at the beginning of a bullet, under the heading; with line
/// and reason.
fn exemptions(readme: &File) -> Vec<(usize, String, String)> {
    let under = readme.lines().skip_while(|(_, line)| !(line.starts_with('#') && line.contains(HEADING))).skip(1);
    let mut found = Vec::new();
    for (number, line) in under.take_while(|(_, line)| !line.starts_with('#')) {
        let parts = match line.trim_start().strip_prefix('|') {
            Some(row) => row.split_once('|'),
            None => line.trim_start().strip_prefix("- ").and_then(|bullet| bullet.split_once(':')),
        };
        let Some((cell, reason)) = parts else { continue };
        for name in cell.split('`').skip(1).step_by(2) {
            found.push((number, name.to_owned(), reason.trim_matches([' ', '|']).to_owned()));
        }
    }
    found
}

/// Every statement of a folder, in order.
fn read(files: &[File], folder: &str, findings: &mut Vec<String>) -> Schema {
    let prefix = format!("migrations/{folder}/");
    let mut schema = Schema::new();
    for file in files.iter().filter(|file| file.path.starts_with(&prefix) && file.is("sql")) {
        for (line, words) in statements(file) {
            if !apply(&mut schema, (file.path.clone(), line), &words) {
                findings.push(format!("{}:{line}: a statement that {} cannot read: teach it", file.path, file!()));
            }
        }
    }
    schema
}

/// Statements as words (lower-case; each bracket and comma is one), with the line they begin at; comments are gone.
fn statements(file: &File) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut begin = 1;
    for (number, line) in file.lines() {
        let line = line.split("--").next().unwrap_or_default();
        let spaced = line.replace('(', " ( ").replace(')', " ) ").replace(',', " , ").replace(';', " ; ");
        for word in spaced.split_whitespace() {
            if word == ";" {
                found.push((begin, std::mem::take(&mut words)));
            } else {
                if words.is_empty() {
                    begin = number;
                }
                words.push(word.trim_matches('"').to_lowercase());
            }
        }
    }
    if !words.is_empty() {
        found.push((begin, words));
    }
    found
}

fn apply(schema: &mut Schema, at: (String, usize), words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !matches!(*word, "if" | "exists")).collect();
    match words.as_slice() {
        ["create", "table", name, "(", rest @ ..] => {
            schema.insert((*name).to_owned(), table(name, at, rest));
            true
        }
        ["create", "unique", "index", name, "on", of, "(", rest @ ..] => index(schema, at, name, of, true, rest),
        ["create", "index", name, "on", of, "(", rest @ ..] => index(schema, at, name, of, false, rest),
        ["alter", "table", of, "add", "column", column, ..] => {
            schema.get_mut(*of).map(|table| table.columns.push((*column).to_owned())).is_some()
        }
        ["alter", "table", of, "rename", "to", name] => match schema.remove(*of) {
            Some(mut table) => {
                // What is named like its table goes on being so.
                table.keys.iter_mut().filter(|key| key.name == *of).for_each(|key| (*name).clone_into(&mut key.name));
                schema.insert((*name).to_owned(), table).is_none()
            }
            None => false,
        },
        // A check changes no table's shape.
        ["alter", "table", of, "drop" | "add", "constraint", name, ..] if name.ends_with("_check") => {
            schema.contains_key(*of)
        }
        ["drop", "table", name] => schema.remove(*name).is_some(),
        ["drop", "index", name] => {
            schema.values_mut().for_each(|table| table.keys.retain(|key| key.name != *name));
            true
        }
        // What changes no table's shape.
        ["insert" | "update" | "delete" | "pragma" | "set" | "comment", ..]
        | ["create", "function" | "trigger" | "sequence" | "extension" | "or", ..] => true,
        _ => false,
    }
}

fn index(schema: &mut Schema, at: (String, usize), name: &str, of: &str, unique: bool, rest: &[&str]) -> bool {
    let Some(table) = schema.get_mut(of) else { return false };
    let columns = list(rest);
    table.keys.push(Key { at, name: name.to_owned(), unique, columns });
    true
}

/// What stands between the brackets of CREATE TABLE: columns and keys.
fn table(name: &str, at: (String, usize), rest: &[&str]) -> Table {
    let mut made = Table { at: at.clone(), ..Table::default() };
    let mut key = |columns| made.keys.push(Key { at: at.clone(), name: name.to_owned(), unique: true, columns });
    for part in parts(rest) {
        let part = if let ["constraint", _, rest @ ..] = part.as_slice() { rest.to_vec() } else { part };
        match part.as_slice() {
            ["primary", "key", "(", rest @ ..] | ["unique", "(", rest @ ..] => key(list(rest)),
            ["check" | "foreign" | "exclude", ..] | [] => {}
            [column, kind @ ..] => {
                made.columns.push((*column).to_owned());
                if kind.contains(&"unique") || kind.windows(2).any(|two| two == ["primary", "key"]) {
                    key(vec![(*column).to_owned()]);
                }
            }
        }
    }
    made
}

/// Divided at the commas of the outermost level, up to the bracket that closes it.
fn parts<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0;
    for word in words {
        match *word {
            ")" if depth == 0 => break,
            "," if depth == 0 => parts.push(Vec::new()),
            other => {
                depth += i32::from(other == "(") - i32::from(other == ")");
                if let Some(part) = parts.last_mut() {
                    part.push(other);
                }
            }
        }
    }
    parts
}

/// The first word of each part: the columns of a key.
fn list(words: &[&str]) -> Vec<String> {
    parts(words).iter().filter_map(|part| part.first()).map(|column| (*column).to_owned()).collect()
}

#[test]
fn a_table_is_read_with_its_keys() {
    let text = "-- a; b\nCREATE TABLE a (\n tenant BIGINT NOT NULL CHECK (tenant IN (1, 2)),\n name TEXT UNIQUE,\n \
                PRIMARY KEY (tenant, name)\n) WITH (fillfactor = 70);\nCREATE UNIQUE INDEX a_name ON a (name DESC) WHERE name IS NOT NULL;";
    let file = File { path: "migrations/sqlite/1.sql".into(), text: text.into() };
    let mut findings = Vec::new();
    let schema = read(&[file], "sqlite", &mut findings);
    let table = &schema["a"];
    assert_eq!(table.columns, ["tenant", "name"]);
    let keys: Vec<_> = table.keys.iter().map(|key| (key.name.as_str(), key.at.1, key.columns.join(" "))).collect();
    assert_eq!(keys, [("a", 2, "name".into()), ("a", 2, "tenant name".into()), ("a_name", 7, "name".into())]);
    assert!(findings.is_empty(), "{findings:?}");
}
