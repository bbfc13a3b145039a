//! States, arrows, actions and messages.

use serde_json::{Value, json};

use super::parts::{Defs, Mapping, SOMETHING, key_names, names_to, of, one_or_many, says, text, truth, word};
use crate::definition::read::arrow::{ARROW, ATTEMPTS, MESSAGE, REASONS, UNDO};
use crate::definition::read::state::{CALL, STATE, TIMER};

/// The parts of `states`.
pub(super) fn defs() -> Defs {
    let by = json!({
        "type": ["string", "number", "boolean"], "pattern": SOMETHING,
        "description": "`anyone`, `engine`, an expression of type person or list(person), `role(name)` in any unit, \
                        or `role(name)@unit`.",
        "examples": ["anyone", "engine", "role(buyer)"],
    });
    vec![
        ("by", by),
        ("state", state()),
        ("call", call()),
        ("arrow", arrow()),
        ("arrows", arrows()),
        ("timer", timer()),
        ("action", action(true)),
        ("undoing_action", action(false)),
        ("actions", says(actions("action"), "Names of actions, each perhaps with parameters and its `undo`.")),
        ("message", message()),
        ("messages", says(one_or_many(&of("message")), "Names of messages, each perhaps with how it is tried again.")),
    ]
}

fn state() -> Value {
    let states = |least: u32| {
        json!({
            "type": "object", "minProperties": least, "propertyNames": key_names(),
            "additionalProperties": of("state"),
        })
    };
    let end = json!({ "anyOf": [truth(), { "const": "failed" }] });
    Mapping::of(STATE)
        .key("title", text(), "For people; else made from the name.")
        .key("tags", one_or_many(&of("name")), "Words by which inboxes show and filter the state's tasks.")
        .key(
            "on",
            names_to(&of("arrows")),
            "Events, each with the arrows that it takes; they hold in states inside too.",
        )
        .key("always", of("arrows"), "Arrows without an event, tried on entry and after each change.")
        .key("after", one_or_many(&of("timer")), "Timers, counted from entering the state.")
        .key("do", of("actions"), "Actions when it is entered.")
        .key("send", of("messages"), "Messages when it is entered.")
        .key("exit", of("actions"), "Actions when it is left.")
        .key("start", of("name"), "In which of the states inside it begins.")
        .key("states", states(1), "States inside this one.")
        .key("parallel", states(1), "Regions: it is in all of them at once, and `done` when all have ended.")
        .key("final", end, "The end; `failed` is an end that is a failure for whoever called the workflow.")
        .key("approval", of("approval"), "Asks people to decide: approved, rejected, changes_requested, expired.")
        .key("task", of("task"), "Asks somebody for data, or to acknowledge something: done, expired.")
        .key("call", of("call"), "Starts another workflow and waits for its end: done, failed.")
        .key(
            "no_return",
            json!({ "type": "string", "pattern": SOMETHING }),
            "Why no repair and no migration leads back from here, as a sentence.",
        )
        .or_nothing()
        .done()
}

fn call() -> Value {
    let mapping = Mapping::of(CALL)
        .key("workflow", of("name"), "The workflow that is called.")
        .key("input", names_to(&of("expression")), "Its fields, each with an expression.")
        .key("key", of("expression"), "Its business key: an expression of type text.")
        .needs(&["workflow"]);
    json!({ "anyOf": [mapping.done(), says(of("name"), "The workflow that is called.")] })
}

/// The keys of an arrow, in a mapping that has more of its own or not.
fn arrow_keys(mapping: Mapping<'_>) -> Mapping<'_> {
    let undo = json!({ "anyOf": [truth(), one_or_many(&of("name"))] });
    mapping
        .key("if", of("expression"), "A condition; without it the arrow is always taken.")
        .key("by", of("by"), "Who may.")
        .key("reason", word(REASONS), "`required`: the caller must give one.")
        .key("to", of("path"), "The next state; without it the instance stays where it is.")
        .key("undo", undo, "`true`: what was done so far is taken back; or the actions and messages whose work is.")
        .key("set", names_to(&of("expression")), "Fields of the subject, each with an expression, in order.")
        .key("do", of("actions"), "Actions, after `set`.")
        .key("send", of("messages"), "Messages.")
        .key("refuse", text(), "A sentence: the event is declined with it. Stands with `if` and `by` only.")
}

fn arrow() -> Value {
    let mapping = arrow_keys(Mapping::of(ARROW)).or_nothing();
    json!({ "anyOf": [mapping.done(), of("path")] })
}

fn arrows() -> Value {
    let list = json!({ "type": "array", "minItems": 1, "items": of("arrow") });
    json!({
        "anyOf": [of("arrow"), list],
        "description": "A state, an arrow, or a list of which the first is taken whose `if` holds and whose `by` fits.",
    })
}

fn timer() -> Value {
    arrow_keys(Mapping::of(TIMER.iter().chain(ARROW)))
        .key("in", of("wait"), "How long after entering the state.")
        .key(
            "at",
            of("expression"),
            "Instead of `in`: the instant, as an expression that is evaluated when the state is entered.",
        )
        .key("then", of("arrows"), "Arrows of which the first that holds is taken; instead of keys of an arrow.")
        .also("oneOf", json!([{ "required": ["in"] }, { "required": ["at"] }]))
        .done()
}

/// One or many; the reader takes a list inside the list, too.
fn actions(kind: &str) -> Value {
    json!({ "anyOf": [of(kind), { "type": "array", "items": one_or_many(&of(kind)) }] })
}

/// An action that can be taken back, or one that takes back.
fn action(undone: bool) -> Value {
    let params = says(names_to(&of("expression")), "Parameters, each with an expression.");
    let keys: &[&str] = if undone { &[UNDO] } else { &[] };
    let mut mapping = Mapping::of(keys).others(params).also("propertyNames", key_names());
    if undone {
        mapping = mapping
            .key(UNDO, actions("undoing_action"), "What takes the action beside it back.")
            .also("dependentSchemas", json!({ (UNDO): { "minProperties": 2, "maxProperties": 2 } }));
    }
    json!({ "anyOf": [mapping.done(), of("name")] })
}

fn message() -> Value {
    let attempts = json!({
        "type": ["integer", "string"], "minimum": ATTEMPTS.start(), "maximum": ATTEMPTS.end(),
        "pattern": r"^\s*0*[1-9][0-9]{0,2}\s*(times?)*\s*$", "examples": ["8 times"],
    });
    let how = Mapping::of(MESSAGE)
        .usually("retry", attempts, json!(8), "How often it is tried, up to 100 times.")
        .usually("from", of("elapsed"), json!("5s"), "The first wait between two attempts; each is twice the last.")
        .usually("to", of("elapsed"), json!("1h"), "The longest wait between two attempts.")
        .key("undo", of("name"), "The message that takes it back.")
        .or_nothing()
        .done();
    json!({ "anyOf": [names_to(&how), of("name")] })
}
