//! Names of keys, and the codes that WebDriver has for them.

use serde_json::{Value, json};

const NAMED: [(&str, char); 18] = [
    ("Backspace", '\u{e003}'),
    ("Tab", '\u{e004}'),
    ("Enter", '\u{e007}'),
    ("Shift", '\u{e008}'),
    ("Control", '\u{e009}'),
    ("Alt", '\u{e00a}'),
    ("Escape", '\u{e00c}'),
    ("Space", ' '),
    ("PageUp", '\u{e00e}'),
    ("PageDown", '\u{e00f}'),
    ("End", '\u{e010}'),
    ("Home", '\u{e011}'),
    ("Left", '\u{e012}'),
    ("Up", '\u{e013}'),
    ("Right", '\u{e014}'),
    ("Down", '\u{e015}'),
    ("Delete", '\u{e017}'),
    ("Plus", '+'),
];

/// The code of a key: one of the names, or the letter itself.
fn code(name: &str) -> char {
    let named = NAMED.iter().find(|(own, _)| *own == name).map(|(_, code)| *code);
    let mut letters = name.chars();
    let single = letters.next().filter(|_| letters.next().is_none());
    named.or(single).unwrap_or_else(|| {
        let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        panic!("there is no key `{name}`: a key is one letter or one of {}", names.join(", "))
    })
}

/// Keys pressed together, as `Shift+Tab`, in the order of their names and let go in the other.
pub(super) fn chord(keys: &str) -> Value {
    let codes: Vec<char> = keys.split('+').map(code).collect();
    let down = codes.iter().map(|key| json!({ "type": "keyDown", "value": key }));
    let up = codes.iter().rev().map(|key| json!({ "type": "keyUp", "value": key }));
    actions(down.chain(up).collect())
}

/// Text, letter by letter.
pub(super) fn text(text: &str) -> Value {
    let strokes = text.chars().flat_map(|c| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": c })));
    actions(strokes.collect())
}

#[allow(clippy::needless_pass_by_value, reason = "it becomes part of what is sent")]
fn actions(strokes: Vec<Value>) -> Value {
    json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_held_are_let_go_last() {
        let told = chord("Shift+Tab")["actions"][0]["actions"].clone();
        let strokes: Vec<_> =
            told.as_array().unwrap().iter().map(|one| (one["type"].as_str().unwrap(), &one["value"])).collect();
        let (shift, tab) = (&json!('\u{e008}'), &json!('\u{e004}'));
        assert_eq!(strokes, [("keyDown", shift), ("keyDown", tab), ("keyUp", tab), ("keyUp", shift)]);
    }
}
