//! The keys of a mapping: each known, each once.

use crate::definition::codes;
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Span, nearest};

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
];

/// The entries of a mapping, after unknown and repeated keys were reported.
#[derive(Debug)]
pub struct Keys<'n> {
    /// The name of what the mapping describes, for what is missing.
    pub owner: Span,
    entries: &'n [(Spot<String>, Node)],
}

impl<'n> Keys<'n> {
    /// The mapping `node`, which describes `what`, whose name stands at `owner`.
    pub fn of(node: &'n Node, owner: Span, what: &str, allowed: &[&str], found: &mut Found) -> Option<Self> {
        let keys = Self::any(node, owner, what, found)?;
        for (key, _) in keys.entries {
            if !allowed.contains(&key.value.as_str()) {
                found.push(unknown(key, what, allowed));
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
                found.push(
                    wrong_shape(node, owner, what, "a mapping").help("write `key: value` lines, or { key: value }"),
                );
                return None;
            }
        };
        for (at, (key, _)) in entries.iter().enumerate() {
            if let Some((first, _)) = entries[..at].iter().find(|(other, _)| other.value == key.value) {
                found.push(
                    Diagnostic::error(codes::DUPLICATE_KEY, key.span, format!("`{}` stands twice here", key.value))
                        .label("again")
                        .related(first.span, "first here")
                        .help(duplicate_help(&key.value)),
                );
            }
        }
        Some(Self { owner, entries })
    }

    /// The value of `key` and where the key stands.
    pub fn get(&self, key: &str) -> Option<(Span, &'n Node)> {
        self.entries.iter().find(|(name, _)| name.value == key).map(|(name, node)| (name.span, node))
    }

    /// As [`Keys::get`], reporting a missing key.
    pub fn need(&self, key: &str, what: &str, help: &str, found: &mut Found) -> Option<(Span, &'n Node)> {
        let value = self.get(key);
        if value.is_none() {
            found.push(Diagnostic::error(codes::MISSING_KEY, self.owner, format!("{what} needs `{key}`")).help(help));
        }
        value
    }

    /// The first entry for each key, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&'n Spot<String>, &'n Node)> + use<'n> {
        let entries = self.entries;
        entries.iter().enumerate().filter_map(move |(at, (key, node))| {
            entries[..at].iter().all(|(other, _)| other.value != key.value).then_some((key, node))
        })
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

fn unknown(key: &Spot<String>, what: &str, allowed: &[&str]) -> Diagnostic {
    let name = key.value.as_str();
    if let Some((_, meanwhile)) = NOT_YET.iter().find(|(word, _)| *word == name) {
        return Diagnostic::error(codes::NOT_YET, key.span, format!("`{name}` is not there yet")).help(*meanwhile);
    }
    let synonym = SYNONYMS.iter().find(|(word, ours)| *word == name && allowed.contains(ours)).map(|(_, ours)| *ours);
    let help = match synonym.or_else(|| nearest(name, allowed.iter().copied())) {
        _ if name == "<<" => "merge keys are not supported: write the keys out".to_owned(),
        Some(near) if synonym.is_some() => format!("it is called `{near}` here"),
        Some(near) => format!("a similar key exists: `{near}`"),
        None => format!("write {}", or_list(allowed)),
    };
    Diagnostic::error(codes::UNKNOWN_KEY, key.span, format!("{what} has no key `{name}`"))
        .label("unknown key")
        .help(help)
}
