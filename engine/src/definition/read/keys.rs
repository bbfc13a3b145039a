//! The keys of a mapping: each known, each once.

use std::collections::{HashMap, HashSet};

use crate::definition::yaml::{Node, Shape, Spot};
use crate::definition::{MOST_FINDINGS, codes};
use crate::diagnostic::{Diagnostic, Help, Span, nearest};

use super::{Found, or_list, wrong_shape};

/// Planned parts of the language, with what to do meanwhile.
const NOT_YET: &[(&str, &str)] =
    &[("promises", "leave it out"), ("repeat", "write a timer that leads back to the state")];

/// What other state machine languages call our keys.
const SYNONYMS: &[(&str, &str)] = &[
    ("target", "to"),
    ("goto", "to"),
    ("next", "to"),
    ("guard", "if"),
    ("cond", "if"),
    ("condition", "if"),
    ("when", "if"),
    ("actions", "do"),
    ("action", "do"),
    ("entry", "do"),
    ("on_entry", "do"),
    ("on_exit", "exit"),
    ("initial", "start"),
    ("regions", "parallel"),
    ("subworkflow", "call"),
    ("invoke", "call"),
    ("output", "result"),
    ("labels", "tags"),
    ("tag", "tags"),
    ("transitions", "on"),
    ("delay", "in"),
    ("timeout", "after"),
    ("timers", "after"),
    ("message", "send"),
    ("messages", "send"),
    ("end", "final"),
    ("name", "workflow"),
    ("id", "workflow"),
    ("description", "title"),
    ("label", "title"),
    ("fields", "payload"),
    ("who_may", "by"),
    ("assign", "set"),
    ("approvers", "who"),
    ("deny", "refuse"),
    ("error", "refuse"),
    ("compensate", "undo"),
    ("rollback", "undo"),
    ("inputs", "in"),
    ("outputs", "out"),
    ("rules", "rows"),
    ("hit_policy", "hit"),
    ("default", "otherwise"),
    ("else", "otherwise"),
    ("values", "options"),
    ("choices", "options"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("validate", "check"),
];

/// Keys that people write into the wrong mapping, each with what to do there.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("a task", "steps", "whoever answers first ends a task: write its `who` here, without steps"),
    ("a task", "quorum", "leave it out: whoever answers first ends a task"),
    ("a field", "required", "leave it out: a field is required unless `?` stands behind its type, as in `text?`"),
    ("a state", "input", "it belongs to the call: `call: { workflow: its_name, input: { ... } }`"),
    (
        "a state",
        "undo",
        "beside the action stands what undoes it, `{ reserve_budget: {}, undo: release_budget }`, and on the arrow that \
         takes it back `undo: true`",
    ),
    ("a row", "otherwise", "it stands beside `rows`, not among them: `otherwise: { ... }`"),
    ("a row", "else", "what holds when no row matches stands beside `rows`: `otherwise: { ... }`"),
    ("a row", "default", "what holds when no row matches stands beside `rows`: `otherwise: { ... }`"),
];

/// The entries of a mapping, after unknown and repeated keys were reported.
#[derive(Debug)]
pub struct Keys<'n> {
    /// The name of what the mapping describes, for what is missing.
    pub owner: Span,
    entries: &'n [(Spot<String>, Node)],
    /// Keys that are surely meant by unknown ones, which were reported.
    meant: Vec<Meant<'n>>,
}

/// What an unknown key surely means.
#[derive(Debug)]
struct Meant<'n> {
    key: String,
    /// What stands under it, if it is merely misspelt: another language's word may hold another shape.
    entry: Option<&'n (Spot<String>, Node)>,
}

impl<'n> Keys<'n> {
    /// As [`Keys::of`], of an entry under `key`: one that is a mapping has a place of its own.
    pub fn entry(node: &'n Node, key: Span, what: &str, allowed: &[&str], found: &mut Found) -> Option<Self> {
        let owner = if matches!(node.shape, Shape::Map(_)) { node.span } else { key };
        Self::of(node, owner, what, allowed, found)
    }

    /// The mapping `node`, which describes `what`, whose name stands at `owner`.
    pub fn of(node: &'n Node, owner: Span, what: &str, allowed: &[&str], found: &mut Found) -> Option<Self> {
        let mut keys = Self::any(node, owner, what, found)?;
        if let [(key, Node { shape: Shape::Empty, .. })] = keys.entries
            && !allowed.contains(&key.value.as_str())
            && nearest(&key.value, allowed.iter().copied()).is_none()
            && without_colon(&key.value, allowed).is_none()
        {
            let message = format!("{what} is a mapping, and `{}` has no value", key.value);
            found.push(
                Diagnostic::error(codes::WRONG_SHAPE, key.span, message)
                    .label("a key by itself")
                    .help(format!("leave the braces out, or write {}", or_list(allowed))),
            );
            return None;
        }
        for entry in keys.entries {
            // Whatever wrote so many is not helped by more.
            if found.len() > MOST_FINDINGS {
                break;
            }
            let key = &entry.0;
            if !allowed.contains(&key.value.as_str()) {
                let finding = unknown(entry, what, allowed);
                if let Some((meant, _)) = without_colon(&key.value, allowed) {
                    keys.meant.push(Meant { key: meant.to_owned(), entry: None });
                } else if let Some(fix) = &finding.fix {
                    let misspelt = synonym(&key.value, allowed).is_none();
                    keys.meant.push(Meant { key: fix.text.clone(), entry: misspelt.then_some(entry) });
                }
                found.push(finding);
            }
        }
        Some(keys)
    }

    /// A mapping whose keys are names that the author chooses.
    pub fn any(node: &'n Node, owner: Span, what: &str, found: &mut Found) -> Option<Self> {
        let entries = match &node.shape {
            Shape::Map(entries) => entries.as_slice(),
            Shape::Empty => &[],
            _ => {
                found.push(wrong_shape(node, owner, what, "a mapping").help(mapping_help(node)));
                return None;
            }
        };
        let mut firsts: HashMap<&str, Span> = HashMap::new();
        for (key, _) in entries {
            if let Some(first) = firsts.get(key.value.as_str()) {
                if found.len() > MOST_FINDINGS {
                    break;
                }
                found.push(
                    Diagnostic::error(codes::DUPLICATE_KEY, key.span, format!("`{}` stands twice here", key.value))
                        .label("again")
                        .related(*first, "first here")
                        .help(duplicate_help(&key.value)),
                );
            } else {
                firsts.insert(&key.value, key.span);
            }
        }
        Some(Self { owner, entries, meant: Vec::new() })
    }

    /// The value of `key` and where the key stands; of a misspelt one too, so that what is wrong inside is found at once.
    pub fn get(&self, key: &str) -> Option<(Span, &'n Node)> {
        let misspelt = || self.meant.iter().filter(|meant| meant.key == key).find_map(|meant| meant.entry);
        let entry = self.entries.iter().find(|(name, _)| name.value == key).or_else(misspelt);
        entry.map(|(name, node)| (name.span, node))
    }

    /// As [`Keys::get`], reporting a missing key, unless an unknown one was surely meant to be it.
    pub fn need(&self, key: &str, what: &str, help: &str, found: &mut Found) -> Option<(Span, &'n Node)> {
        let value = self.get(key);
        if value.is_none() && !self.meant.iter().any(|meant| meant.key == key) {
            found.push(Diagnostic::error(codes::MISSING_KEY, self.owner, format!("{what} needs `{key}`")).help(help));
        }
        value
    }

    /// The first entry for each key, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&'n Spot<String>, &'n Node)> + use<'n> {
        let mut seen = HashSet::new();
        self.entries.iter().filter_map(move |(key, node)| seen.insert(key.value.as_str()).then_some((key, node)))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn duplicate_help(key: &str) -> &'static str {
    match key {
        "to" | "if" | "do" | "by" => "two arrows are a list: [{ ... }, { ... }]",
        _ => "join the two, or rename one",
    }
}

/// What another state machine language's word is called here.
fn synonym(name: &str, allowed: &[&str]) -> Option<&'static str> {
    SYNONYMS.iter().find(|(word, ours)| *word == name && allowed.contains(ours)).map(|(_, ours)| *ours)
}

/// A key and what was to stand under it, where nothing but a blank parts them: `to free`.
fn without_colon<'k>(name: &'k str, allowed: &[&str]) -> Option<(&'k str, &'k str)> {
    let (key, rest) = name.split_once(char::is_whitespace)?;
    allowed.contains(&key).then(|| (key, rest.trim_start()))
}

/// How a mapping is written, in the words of what stands there instead.
fn mapping_help(node: &Node) -> String {
    let Shape::List(items) = &node.shape else {
        return "write `key: value` lines, or { key: value }".to_owned();
    };
    let names: Vec<_> = items.iter().filter_map(Node::text).map(|name| format!("{name}: ...")).collect();
    if names.is_empty() || names.len() < items.len() {
        return "leave the brackets or dashes out: each name stands once, with a colon".to_owned();
    }
    format!("write {{ {} }}", names.join(", "))
}

/// Whether what stands under a key looks like a state.
fn like_a_state((_, node): &(Spot<String>, Node)) -> bool {
    let Shape::Map(entries) = &node.shape else { return false };
    let word = |key: &str| ["on", "approval", "final", "states", "always", "after"].contains(&key);
    entries.iter().any(|(key, _)| word(&key.value))
}

fn unknown(entry: &(Spot<String>, Node), what: &str, allowed: &[&str]) -> Diagnostic {
    let key = &entry.0;
    let name = key.value.as_str();
    if let Some((_, meanwhile)) = NOT_YET.iter().find(|(word, _)| *word == name) {
        return Diagnostic::error(codes::NOT_YET, key.span, format!("`{name}` is not there yet")).help(*meanwhile);
    }
    let synonym = synonym(name, allowed);
    let help = match synonym.or_else(|| nearest(name, allowed.iter().copied())) {
        _ if name == "<<" => "merge keys are not supported: write the keys out".into(),
        _ if let Some((key, value)) = without_colon(name, allowed) => {
            format!("a colon stands behind a key: write `{key}: {value}`").into()
        }
        _ if let Some((_, _, help)) = ELSEWHERE.iter().find(|(place, key, _)| *place == what && *key == name) => {
            (*help).into()
        }
        _ if (name == "else" || name == "default") && allowed.contains(&"to") => {
            "write a second arrow without `if` below this one: [{ if: ..., to: ... }, { to: ... }]".into()
        }
        _ if like_a_state(entry) && allowed.contains(&"states") => {
            format!("if `{name}` is a state, it stands one level further out, or under `states`").into()
        }
        Some(near) if synonym.is_some() => Help::instead(format!("it is called `{near}` here"), near),
        Some(near) => Help::similar("key", near),
        None => format!("write {}", or_list(allowed)).into(),
    };
    Diagnostic::error(codes::UNKNOWN_KEY, key.span, format!("{what} has no key `{name}`"))
        .label("unknown key")
        .help(help)
}
