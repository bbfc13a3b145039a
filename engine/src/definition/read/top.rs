//! The head of a file: name, subject, start, events.

use std::ops::RangeInclusive;

use crate::definition::codes;
use crate::definition::file::{BarFile, EventFile, FieldFile, File, Name, StartFile, SubjectFile};
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Help, Span};

use super::{Found, Keys, arrow, name, state, string, text, whole, wrong_shape};

/// Keys of a file; `allow` is read in `allow.rs`.
pub(in crate::definition) const FILE: &[&str] = &[
    "workflow",
    "version",
    "title",
    "calendar",
    "subject",
    "key",
    "start",
    "schedules",
    "events",
    "tables",
    "result",
    "states",
    "allow",
];

/// Files that stand beside definitions and are none: the key that tells them, what they are, what checks them.
const MAPPINGS: &[(&str, &str, &str)] = &[
    ("activities", "a replay", "`fluxor replay LOG --definition FILE --map THIS` checks it"),
    ("migrate", "a migration", "`fluxor migrate THIS --dry-run` checks it"),
    ("recognise", "an import", "`fluxor import DIR --mapping THIS --dry-run` checks it"),
];

/// What `root` is a mapping of, if it is one and not a definition.
fn other_mapping(root: &Node) -> Option<Diagnostic> {
    let Shape::Map(entries) = &root.shape else { return None };
    let at = |name: &str| entries.iter().find(|(key, _)| key.value == name).map(|(key, _)| key.span);
    if at("workflow").is_some() {
        return None;
    }
    let (span, what, how) = MAPPINGS.iter().find_map(|(key, what, how)| Some((at(key)?, what, how)))?;
    let message = format!("this is the mapping of {what}, not a definition");
    let help = format!("keep it in another folder than the definitions: {how}");
    Some(Diagnostic::error(codes::MISSING_KEY, span, message).help(help))
}

pub(super) fn file(root: &Node, found: &mut Found) -> File {
    let mut file = File::default();
    if root.shape == Shape::Empty {
        found.push(
            Diagnostic::error(codes::EMPTY, Span::default(), "the file is empty")
                .help("a definition begins with `workflow: its_name`"),
        );
        return file;
    }
    if let Some(other) = other_mapping(root) {
        found.push(other);
        return file;
    }
    let Some(keys) = Keys::of(root, root.span, "a definition", FILE, found) else { return file };
    if let Some((key, node)) = keys.need("workflow", "a definition", "write `workflow: its_name`", found) {
        file.workflow = name(node, key, "the name of the workflow", found);
    }
    if let Some((key, node)) = keys.need("version", "a definition", "write `version: 1`", found) {
        file.version = whole(node, key, "the version", VERSIONS, found);
    }
    file.title = keys.get("title").and_then(|(key, node)| string(node, key, "the title", found)).map(|t| t.value);
    file.calendar = keys.get("calendar").and_then(|(key, node)| calendar(node, key, found));
    if let Some((key, node)) = keys.need("subject", "a definition", SUBJECT_HELP, found) {
        file.subject = subject(node, key, found);
    }
    file.key = keys.get("key").and_then(|(key, node)| text(node, key, "the key", found));
    if let Some((key, node)) = keys.need("start", "a definition", "write `start:` and the first state", found) {
        starts(node, key, &mut file, found);
    }
    if let Some((key, node)) = keys.get("schedules") {
        file.schedules = super::schedule::schedules(node, key, found);
    }
    if let Some((key, node)) = keys.get("events") {
        file.events = events(node, key, found);
    }
    if let Some((key, node)) = keys.get("tables")
        && let Some(keys) = Keys::any(node, key, "`tables`", found)
    {
        let good = keys.iter().filter(|(name, _)| super::checked_name(name, "the name of a table", found));
        file.tables = good.map(|(name, node)| (name.clone(), node.clone())).collect();
    }
    if let Some((key, node)) = keys.get("result") {
        let nodes = super::one_or_many(node, key, "the result", found);
        file.result = nodes.into_iter().filter_map(|node| name(node, key, "a field", found)).collect();
    }
    if let Some((key, node)) = keys.need("states", "a definition", "write `states:` and the states under it", found) {
        file.states = state::states(node, key, found);
    }
    file
}

/// Keys of a subject.
pub(in crate::definition) const SUBJECT: &[&str] = &["name", "type", "fields", "about", "amount"];
/// Keys of a subject's field that says more than its type.
pub(in crate::definition) const FIELD: &[&str] = &["type", "title", "help"];

/// Keys of a start.
pub(in crate::definition) const START: &[&str] = &["to", "if", "by", "do", "refuse"];

/// Keys of an event.
pub(in crate::definition) const EVENT: &[&str] = &["title", "payload"];

/// Which versions there may be.
pub(in crate::definition) const VERSIONS: RangeInclusive<u32> = 1..=999_999;

/// The calendar's name; where its file is named, that of the file without the rest.
fn calendar(node: &Node, key: Span, found: &mut Found) -> Option<Name> {
    let stem = node.text().and_then(|path| path.rsplit('/').next()?.split_once(".y")).map(|(stem, _)| stem.to_owned());
    let Some(stem) = stem.filter(|stem| super::is_name(stem)) else {
        return name(node, key, "the calendar", found);
    };
    let finding = Diagnostic::error(codes::BAD_NAME, node.span, "a calendar is named, not its file");
    found.push(finding.help(Help::instead(format!("write its name: `{stem}`"), &stem)));
    Some(Spot::new(stem, node.span))
}

const SUBJECT_HELP: &str =
    "name a subject of the vocabulary, or write the fields: `subject: { name: po, fields: { requester: person } }`";

fn subject(node: &Node, key: Span, found: &mut Found) -> Option<SubjectFile> {
    if !matches!(node.shape, Shape::Map(_)) {
        let ty = name(node, key, "the subject", found)?;
        return Some(SubjectFile::Named { ty, variable: None });
    }
    let keys = Keys::of(node, key, "a subject", SUBJECT, found)?;
    let variable = keys.get("name").and_then(|(key, node)| name(node, key, "the subject's name", found));
    match (keys.get("type"), keys.get("fields")) {
        (Some((at, ty)), None) => {
            for own in ["about", "amount"] {
                let Some((key, _)) = keys.get(own) else { continue };
                let message = "a subject of the vocabulary says itself what it is about";
                found.push(Diagnostic::error(codes::CONFLICT, key, message).help(format!("leave out `{own}`")));
            }
            Some(SubjectFile::Named { ty: name(ty, at, "the subject's type", found)?, variable })
        }
        (None, Some((at, node))) => {
            let fields = fields(node, at, ("the subject's fields", true), found);
            if keys.get("name").is_none() {
                keys.need("name", "a subject with fields", "expressions call it by its name: `name: po`", found);
            }
            let about = keys.get("about").and_then(|(key, node)| name(node, key, "the field", found));
            let mut amount = Vec::new();
            if let Some((key, node)) = keys.get("amount") {
                let items = super::one_or_many(node, key, "`amount`", found);
                amount.extend(items.iter().filter_map(|item| name(item, key, "the field", found)));
            }
            Some(SubjectFile::Inline { variable, fields, about, amount })
        }
        (Some((at, _)), Some((fields, _))) => {
            found.push(
                Diagnostic::error(codes::CONFLICT, fields, "a subject of the vocabulary brings its own fields")
                    .related(at, "the subject of the vocabulary")
                    .help("leave out `type` or `fields`"),
            );
            None
        }
        (None, None) => {
            found.push(Diagnostic::error(codes::MISSING_KEY, key, "a subject needs `fields`").help(SUBJECT_HELP));
            None
        }
    }
}

/// Fields with their types. `told`: each may also say what it is called and means.
fn fields(node: &Node, key: Span, (what, told): (&str, bool), found: &mut Found) -> Vec<FieldFile> {
    let Some(keys) = Keys::any(node, key, what, found) else { return Vec::new() };
    let mut fields = Vec::new();
    for (field, node) in keys.iter() {
        let good = super::checked_name(field, "the name of a field", found);
        let read = match &node.shape {
            Shape::Map(_) if told => told_field(node, field, found),
            _ => string(node, field.span, "the field's type", found).map(|ty| (ty, None, None)),
        };
        if let Some((ty, title, help)) = read.filter(|_| good) {
            fields.push(FieldFile { name: field.clone(), ty, title, help });
        }
    }
    fields
}

/// Its type, what it is called and what it means.
type ToldField = (Spot<String>, Option<String>, Option<String>);

fn told_field(node: &Node, field: &Name, found: &mut Found) -> Option<ToldField> {
    let keys = Keys::of(node, field.span, "a field", FIELD, found)?;
    let mut text = |key: &str, what: &str| {
        keys.get(key).and_then(|(key, node)| string(node, key, what, found)).map(|text| text.value)
    };
    let (title, help) = (text("title", "`title`"), text("help", "`help`"));
    let (at, ty) = keys.need("type", "a field", "say its type: `type: int`", found)?;
    Some((string(ty, at, "the field's type", found)?, title, help))
}

fn starts(node: &Node, key: Span, file: &mut File, found: &mut Found) {
    let nodes = super::one_or_many(node, key, "the start", found);
    let count = nodes.len();
    for node in nodes {
        start(node, key, file, found);
    }
    if file.barred.len() == count && node.shape != Shape::Empty {
        let message = "there is no way to begin";
        found.push(Diagnostic::error(codes::EMPTY, key, message).help("write `start:` and the first state"));
    }
}

fn start(node: &Node, key: Span, file: &mut File, found: &mut Found) {
    if !matches!(node.shape, Shape::Map(_)) {
        let span = node.span;
        let to = target(node, key, found);
        file.starts.extend(to.map(|to| StartFile { to, guard: None, by: None, actions: Vec::new(), span }));
        return;
    }
    let Some(keys) = Keys::of(node, key, "the start", START, found) else { return };
    if let Some((at, sentence)) = keys.get("refuse") {
        file.barred.extend(bar(&keys, at, sentence, found));
        return;
    }
    let guard = keys.get("if").and_then(|(key, node)| text(node, key, "the condition", found));
    let by =
        keys.get("by").and_then(|(key, node)| super::arrow::who_may(&keys, (key, node), "who may start it", found));
    let actions = keys.get("do").map(|(key, node)| arrow::calls(node, key, found)).unwrap_or_default();
    let Some((at, to)) = keys.need("to", "the start", "write `to:` and the first state", found) else { return };
    let to = target(to, at, found);
    file.starts.extend(to.map(|to| StartFile { to, guard, by, actions, span: node.span }));
}

/// A start that refuses: with `if`, and nothing else.
fn bar(keys: &Keys<'_>, at: Span, sentence: &Node, found: &mut Found) -> Option<BarFile> {
    for (key, _) in keys.iter().filter(|(key, _)| !["if", "refuse"].contains(&key.value.as_str())) {
        let message = format!("a start that refuses has no `{}`", key.value);
        found.push(
            Diagnostic::error(codes::CONFLICT, key.span, message).related(at, "refuses here").help(
                "it refuses whoever starts, whichever way it would begin; write the way as another one of the list",
            ),
        );
    }
    let refuse = text(sentence, at, "the sentence of the refusal", found);
    let Some((at, guard)) = keys.get("if") else {
        let finding = Diagnostic::error(codes::MISSING_KEY, at, "a start that refuses needs `if`");
        found.push(finding.help("write `if:` and when nothing may begin"));
        return None;
    };
    Some(BarFile { guard: text(guard, at, "the condition", found)?, refuse: refuse? })
}

/// The name of a state, or a path of names.
pub(super) fn target(node: &Node, key: Span, found: &mut Found) -> Option<Name> {
    if matches!(node.shape, Shape::List(_) | Shape::Map(_)) {
        found.push(wrong_shape(node, key, "a state's name", "a text"));
        return None;
    }
    string(node, key, "the name of a state", found)
}

fn events(node: &Node, key: Span, found: &mut Found) -> Vec<EventFile> {
    if let Shape::List(items) = &node.shape {
        let names: Vec<_> = items.iter().filter_map(Node::text).collect();
        found.push(wrong_shape(node, key, "`events`", "a mapping").help(format!(
            "write `events: {{ {} }}`",
            names.iter().map(|n| format!("{n}: {{}}")).collect::<Vec<_>>().join(", ")
        )));
        return Vec::new();
    }
    let Some(keys) = Keys::any(node, key, "`events`", found) else { return Vec::new() };
    let mut events = Vec::new();
    for (event, node) in keys.iter() {
        let good = super::checked_name(event, "the name of an event", found);
        let Some(keys) = Keys::of(node, event.span, "an event", EVENT, found) else { continue };
        let title = keys.get("title").and_then(|(key, node)| string(node, key, "the title", found)).map(|t| t.value);
        let payload =
            keys.get("payload").map(|(key, node)| fields(node, key, ("the payload", false), found)).unwrap_or_default();
        if good {
            events.push(EventFile { name: Spot::clone(event), title, payload });
        }
    }
    events
}
