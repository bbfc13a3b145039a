//! Who is asked: steps, resolvers, quorums, and what happens when it takes too long.

use serde_json::{Map, Value, json};

use super::parts::{Defs, FIELD, Mapping, of, one_or_many, text, truth, whole, word};
use crate::definition::check::approval::steps::{ACTS, KEYS, MODES, NUMBERS, QUORUM, QUORUMS, RUNG, WORDS};
use crate::definition::check::approval::who;

/// The parts of a step.
pub(super) fn defs() -> Defs {
    let field = json!({
        "type": "string", "pattern": FIELD,
        "description": "A field of the subject: `amount` or `po.amount`.",
    });
    vec![
        ("field", field),
        ("step", step()),
        ("steps", json!({ "type": "array", "items": of("step"), "description": "Those who are asked." })),
        ("quorum", quorum()),
        ("who", one_or_many(&of("resolver"))),
        ("resolver", resolver()),
        ("late", one_or_many(&of("rung"))),
        ("rung", rung()),
    ]
}

/// The words of `key` in the reader's list, without those in `but`.
pub(super) fn words(list: &[(&str, &[&str])], key: &str, but: &[&str]) -> Value {
    let words = list.iter().filter(|(name, _)| *name == key).flat_map(|(_, words)| words.iter());
    word(words.filter(|word| !but.contains(word)))
}

/// Keys of a step that a task has, too.
pub(super) fn asked<'k>(mapping: Mapping<'k>, on_empty: Value) -> Mapping<'k> {
    let who = json!({ "$ref": "#/$defs/who", "minItems": 1 });
    let empty = "Nobody found: an incident, the `fallback`, or `next`: the first resolver that finds people.";
    mapping
        .key("who", who, "Ways to find people: all whom they find are asked.")
        .usually("on_empty", on_empty, json!("incident"), empty)
        .key("fallback", of("who"), "Whom to ask where nobody is found; with `on_empty: fallback`.")
        .key("due", of("wait"), "When it is due: told to those who are asked, who are reminded then.")
        .key("late", of("late"), "What happens when it takes long, counted from its opening.")
        .also("dependentRequired", json!({ "fallback": ["on_empty"] }))
}

fn step() -> Value {
    let mapping = Mapping::of(KEYS)
        .key("name", of("name"), "Its name, unique in its list.")
        .usually("order", whole(&NUMBERS), json!(1), "Equal: at the same time; the next opens when the lower approved.")
        .usually("quorum", of("quorum"), json!("any"), "How many of those who are asked must approve.")
        .usually("reject", words(&WORDS, "reject", &[]), json!("first"), "`first` rejection decides, or `unanimous`.")
        .key("veto", one_or_many(&text()), "People whose rejection always decides, by id.")
        .key("covers", one_or_many(&of("field")), "The fields that the step answers for; else all.")
        .key("in_order", truth(), "`true`: one after the other, as with a chain.");
    asked(mapping, words(&WORDS, "on_empty", &[])).needs(&["name", "who"]).done()
}

fn quorum() -> Value {
    let counted = Mapping::of(QUORUM)
        .key("count", whole(&NUMBERS), "So many.")
        .key("percent", of("percent"), "This share of them, at most 100.")
        .also("oneOf", json!([{ "required": ["count"] }, { "required": ["percent"] }]));
    json!({ "anyOf": [counted.done(), word(&QUORUMS)] })
}

fn resolver() -> Value {
    let kinds: Vec<_> = who::KINDS.iter().map(|kind| json!({ "required": [kind] })).collect();
    let beside: Map<String, Value> = who::BESIDE.iter().map(|(key, kind)| ((*key).to_owned(), json!([kind]))).collect();
    let unit = json!({ "role": { "oneOf": [{ "required": ["unit"] }, { "required": ["unit_field"] }] } });
    Mapping::of(who::KEYS)
        .key("person", one_or_many(&text()), "These people, by id.")
        .key("field", of("field"), "The person, or people, in a field.")
        .key("role", text(), "Whoever holds the role in a unit.")
        .key("unit", text(), "The unit of the role, by id.")
        .key("unit_field", of("field"), "The field with the unit of the role.")
        .key("manager", of("field"), "The person above the one in this field.")
        .usually("levels", whole(&who::LEVELS), json!(1), "How many levels above.")
        .key(
            "chain",
            of("field"),
            "Everybody above the one in this field, up to the first whose limit covers the amount.",
        )
        .usually("start", word(who::STARTS), json!("manager"), "Where the chain begins.")
        .also("oneOf", Value::Array(kinds))
        .also("dependentRequired", Value::Object(beside))
        .also("dependentSchemas", unit)
        .done()
}

fn rung() -> Value {
    Mapping::of(RUNG)
        .key("after", of("wait"), "How long after the opening.")
        .key("after_hours", super::parts::decimal(""), "The same in hours.")
        .key("do", word(ACTS), "What is done; nothing approves by itself.")
        .key("mode", word(MODES), "Whether whom it escalates to is asked too, or alone.")
        .key("to", text(), "Whom to escalate to: `manager`, or a person's id.")
        .key("fallback", of("who"), "Whom to escalate to where nobody is found.")
        .needs(&["do"])
        .also("oneOf", json!([{ "required": ["after"] }, { "required": ["after_hours"] }]))
        .done()
}
