//! The head of a file: what it is about, how it begins, what is meant as it is.

use serde_json::{Value, json};

use super::parts::{Defs, Mapping, SOMETHING, key_names, names_to, of, one_or_many, says, text, whole};
use crate::definition::read::schedule::{SCHEDULE, WHOSE};
use crate::definition::read::top::{EVENT, FIELD, FILE, START, SUBJECT, VERSIONS};
use crate::definition::{CODES, allow, pages};
use crate::expression;

/// The whole file.
pub(super) fn file() -> Value {
    let states = json!({
        "type": "object", "minProperties": 1, "propertyNames": key_names(), "additionalProperties": of("state"),
    });
    Mapping::of(FILE)
        .key("workflow", of("name"), "Its name; one file a name.")
        .key("version", whole(&VERSIONS), "A whole number, for people; the identity is a hash over the file.")
        .key("title", text(), "For people; else made from the name.")
        .key("calendar", of("name"), "The calendar that working time is counted in: a file of `calendars`.")
        .key("subject", of("subject"), "What an instance is about: its fields.")
        .key("key", of("expression"), "The business key, unique among instances: an expression of type text.")
        .key("start", starts(), "Where an instance begins; of a list the first that holds is taken.")
        .key("schedules", names_to(&of("schedule")), "When the engine starts instances by itself.")
        .key("events", names_to(&of("event")), "Events with a payload or a title; others exist by being used.")
        .key("tables", names_to(&of("decision_table")), "Decision tables; their outputs are values in expressions.")
        .key("result", one_or_many(&of("name")), "The fields of the subject that whoever calls this workflow gets.")
        .key("states", states, "The states, each by its name.")
        .key("allow", one_or_many(&of("allowed")), "Warnings that are meant as they are.")
        .needs(&["workflow", "version", "subject", "start", "states"])
        .done()
}

/// Its parts.
pub(super) fn defs() -> Defs {
    vec![
        ("subject", subject()),
        ("start", start()),
        ("event", event()),
        ("schedule", schedule()),
        ("whose", whose()),
        ("allowed", allowed()),
    ]
}

fn subject() -> Value {
    let field = Mapping::of(FIELD)
        .key("type", of("type"), "Its type; with `?` it may be empty.")
        .key("title", text(), "What people call it; else made from the name.")
        .key("help", text(), "What it means, for people: which end is good, of what unit it is.")
        .needs(&["type"])
        .done();
    let mapping = Mapping::of(SUBJECT)
        .key("name", of("name"), "What expressions call it.")
        .key("type", of("name"), "A subject of the vocabulary, which brings its fields.")
        .key("fields", names_to(&json!({ "anyOf": [of("type"), field] })), "Fields of its own, each with its type.")
        .key("about", of("name"), "The field, a text, that says what an instance is about: in lists and mails.")
        .key(
            "amount",
            one_or_many(&of("name")),
            "The field of money that it is about; of several the first that is not empty.",
        )
        .also("oneOf", json!([{ "required": ["type"] }, { "required": ["fields"] }]))
        .also("dependentRequired", json!({ "fields": ["name"] }));
    json!({ "anyOf": [mapping.done(), says(of("name"), "A subject of the vocabulary.")] })
}

/// One or many, of which one at least begins: what only refuses is no way to begin.
fn starts() -> Value {
    let begins = json!(["to"]);
    json!({ "anyOf": [
        { "$ref": "#/$defs/start", "required": begins },
        { "type": "array", "items": of("start"), "contains": { "required": begins } },
    ] })
}

fn start() -> Value {
    let mapping = Mapping::of(START)
        .key("to", of("path"), "The first state.")
        .key("if", of("expression"), "A condition over the input as the subject.")
        .key("by", of("by"), "Who may start an instance.")
        .key("do", of("actions"), "Actions, before the first state is entered.")
        .key("refuse", text(), "A sentence: nothing begins where `if` holds. Stands with `if` only.")
        .also("oneOf", json!([{ "required": ["to"] }, { "required": ["if", "refuse"] }]));
    json!({ "anyOf": [mapping.done(), of("path")] })
}

fn event() -> Value {
    Mapping::of(EVENT)
        .key("title", text(), "For people; else made from the name.")
        .key("payload", names_to(&of("type")), "What comes with it: fields, each with its type.")
        .or_nothing()
        .done()
}

fn schedule() -> Value {
    let cron = json!({ "type": "string", "pattern": SOMETHING, "examples": ["0 2 * * MON-FRI"] });
    let zone = json!({ "type": "string", "pattern": SOMETHING, "examples": ["Europe/Berlin", "UTC"] });
    Mapping::of(SCHEDULE)
        .key("cron", cron, "Minute, hour, day of month, month, day of week.")
        .key("zone", zone, "The time zone, by its IANA name.")
        .key("as", of("whose"), "In whose name it asks.")
        .key("input", json!({ "type": ["object", "null"] }), "Values for the subject's fields.")
        .needs(&["cron", "zone", "as"])
        .done()
}

fn whose() -> Value {
    Mapping::of(WHOSE)
        .key("person", text(), "A person, by id.")
        .key("role", of("name"), "A role: of several holders the first active one by id.")
        .key("unit", text(), "The unit in which the role is held; else in any.")
        .also("oneOf", json!([{ "required": ["person"] }, { "required": ["role"] }]))
        .also("dependentRequired", json!({ "unit": ["role"] }))
        .done()
}

fn allowed() -> Value {
    let codes = CODES.iter().chain(expression::CODES).filter(|(code, _)| pages::warns(code));
    let codes: Vec<_> = codes.map(|(code, meaning)| json!({ "const": code, "description": meaning })).collect();
    Mapping::of(allow::ENTRY)
        .key("code", json!({ "oneOf": codes }), "The code of the warning.")
        .key("in", text(), "A state's path, or the keys that lead to a place; else the whole file.")
        .key("because", text(), "Why it is meant so.")
        .needs(&["code", "because"])
        .done()
}
