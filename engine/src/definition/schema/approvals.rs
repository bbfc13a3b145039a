//! Approvals, and tasks that ask for data.

use serde_json::{Value, json};

use super::parts::{Defs, FIELD, Mapping, decimal, key_names, names_to, of, one_or_many, text, truth, word};
use super::people::{asked, words};
use crate::definition::check::approval::{KEYS, WORDS, fields, steps, table, task};

/// Approvals and tasks.
pub(super) fn defs() -> Defs {
    vec![
        ("approval", approval()),
        ("reapproval", reapproval()),
        ("tolerance", tolerance()),
        ("approval_table", approval_table()),
        ("approval_row", approval_row()),
        ("task", task()),
        ("form_field", form_field()),
    ]
}

/// Keys that approvals and tasks have.
fn common(mapping: Mapping<'_>) -> Mapping<'_> {
    let never = one_or_many(&json!({ "type": "string", "pattern": FIELD, "examples": ["requester", "editors"] }));
    mapping
        .key("never", never, "Fields of people who may never act; `editors`: who changed the subject.")
        .usually("never_substitutes", truth(), json!(false), "`true`: nor whoever stands in for those.")
        .key("expires_after", of("wait"), "When the round is withdrawn, with the event `expired`; else never.")
        .key("administrators", one_or_many(&text()), "People who may repair, escalate and reassign, by id.")
}

fn approval() -> Value {
    let rule = |key: &str| words(&WORDS, key, &[]);
    let steps = json!({ "$ref": "#/$defs/steps", "minItems": 1 });
    let plans = json!({
        "type": "object", "minProperties": 1, "propertyNames": key_names(), "additionalProperties": of("steps"),
    });
    let pair = json!({ "type": "array", "items": of("name"), "minItems": 2, "maxItems": 2 });
    let tolerance = json!({
        "type": ["object", "null"], "propertyNames": { "pattern": FIELD }, "additionalProperties": of("tolerance"),
    });
    common(Mapping::of(KEYS))
        .key("steps", steps, "Those who are asked. Or `table`, or `plans` with `plan`.")
        .key("table", of("approval_table"), "Chooses the steps by amount and category.")
        .key("plan", of("expression"), "Names the entry of `plans` whose steps ask: an expression of type text.")
        .key("plans", plans, "Lists of steps, each by its name; with `plan`.")
        .usually("same_person", rule("same_person"), json!("each"), "Asked in every step, or once for all of them.")
        .usually("reapprove", of("reapproval"), json!("affected"), "What an edit costs.")
        .key("tolerance", tolerance, "Money fields that may move a little.")
        .key("editable", one_or_many(&of("field")), "The fields that may change in review; else all.")
        .key("distinct", json!({ "type": "array", "items": pair }), "Pairs of steps that different people decide.")
        .usually("recall", rule("recall"), json!("until_decided"), "How long the requester may take it back.")
        .usually(
            "after_changes",
            rule("after_changes"),
            json!("resume"),
            "`resume` keeps the votes, `restart` does not.",
        )
        .usually("after_rejection", rule("after_rejection"), json!("final"), "Whether it may be submitted again.")
        .key("expires_after_hours", decimal(""), "`expires_after` in hours.")
        .key("due", of("wait"), "When steps are due that do not say so themselves.")
        .key("late", of("late"), "Rungs of the steps that have none of their own.")
        .key(
            "tells",
            one_or_many(&of("field")),
            "Fields of people who are told how it was decided; else the requester.",
        )
        .also("oneOf", json!([{ "required": ["steps"] }, { "required": ["table"] }, { "required": ["plans"] }]))
        .also("dependentRequired", json!({ "plan": ["plans"], "plans": ["plan"] }))
        .done()
}

fn reapproval() -> Value {
    let rule = Mapping::of(fields::RULE)
        .key("fields", one_or_many(&of("field")), "The fields that it is about; else all.")
        .key("then", word(fields::MODES), "What an edit of them costs.")
        .needs(&["then"]);
    json!({
        "anyOf": [word(fields::MODES), { "type": "array", "items": rule.done() }],
        "description": "Nothing, the steps that cover the field, or all; or rules, of which the first match holds.",
    })
}

fn tolerance() -> Value {
    Mapping::of(fields::TOLERANCE)
        .key("absolute", of("money"), "How much.")
        .key("percent", of("percent"), "Which share.")
        .key("direction", word(fields::DIRECTIONS), "Up and down, or up only.")
        .also("anyOf", json!([{ "required": ["absolute"] }, { "required": ["percent"] }]))
        .done()
}

fn approval_table() -> Value {
    let rows = json!({ "type": "array", "minItems": 1, "items": of("approval_row") });
    Mapping::of(table::KEYS)
        .key("hit", word(table::HITS), "`first`: the first row that matches; `collect`: all of them.")
        .key("rows", rows, "Rows of conditions, each with its steps.")
        .needs(&["rows"])
        .done()
}

fn approval_row() -> Value {
    let when = Mapping::of(table::WHEN)
        .key("over", of("money"), "More than this.")
        .key("up_to", of("money"), "At most this.")
        .key("category", one_or_many(&text()), "One of these.")
        .or_nothing();
    Mapping::of(table::ROW)
        .key("when", when.done(), "When the row matches; without it always.")
        .key("steps", of("steps"), "Those who are asked; `[]` approves at once.")
        .needs(&["steps"])
        .done()
}

fn task() -> Value {
    let form = names_to(&of("form_field"));
    let mapping = common(Mapping::of(task::KEYS)).key("form", form, "The data that is asked for.");
    asked(mapping, words(&steps::WORDS, "on_empty", &["next"])).needs(&["who"]).done()
}

fn form_field() -> Value {
    let options = json!({ "type": "array", "minItems": 1, "items": text() });
    let mapping = Mapping::of(task::FIELD)
        .key("type", of("type"), "Its type; with `?` it may be left out.")
        .key("title", text(), "For people; else made from the name.")
        .key("help", text(), "For people.")
        .key("options", options, "The values to choose from.")
        .key("min", of("expression"), "The least value: an expression without names.")
        .key("max", of("expression"), "The greatest value: an expression without names.")
        .key("check", of("expression"), "A condition over `value`, the subject and `now`.")
        .key("message", text(), "What the `check` asks for, in a sentence.")
        .key("default", of("expression"), "What stands there at first: an expression over the subject.")
        .needs(&["type"])
        .also("dependentRequired", json!({ "message": ["check"] }));
    json!({ "anyOf": [mapping.done(), of("type")] })
}
