//! Places in a file, by name: a state by its path, as in `to`; anything else by the keys that lead to it.

use crate::definition::codes;
use crate::definition::read::Found;
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Help, Span, nearest};

/// A part of the file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(Span);

type Entries = [(Spot<String>, Node)];

impl Place {
    /// The whole file.
    pub(super) const fn everywhere() -> Self {
        Self(Span::new(0, usize::MAX))
    }

    /// What `name` names; reports if there is no such place.
    pub(super) fn named(root: &Node, name: &Spot<String>, found: &mut Found) -> Option<Self> {
        let path: Vec<&str> = name.value.split('.').collect();
        let whole = Self::everywhere().0;
        let states = at(root, whole, &["states"]);
        let state = states.and_then(|(node, within)| {
            // `open.review` is `open.states.review` under `states`.
            let inside: Vec<&str> = path.iter().flat_map(|part| [*part, "states"]).collect();
            at(node, within, inside.get(..inside.len() - 1)?)
        });
        if let Some((_, span)) = state.or_else(|| at(root, whole, &path)) {
            return Some(Self(span));
        }
        let mut names = Vec::new();
        if let Some((node, _)) = states {
            paths(node, "", &mut names);
        }
        names.extend(entries(root).iter().map(|(key, _)| key.value.clone()));
        let help = match nearest(&name.value, names.iter().map(String::as_str)) {
            Some(near) => Help::similar("place", near),
            None => "write a state's path, such as `open.review`, or keys of the file, such as `events.submit`".into(),
        };
        let message = format!("the file has no place `{}`", name.value);
        found.push(Diagnostic::error(codes::UNKNOWN_PLACE, name.span, message).label("no such place").help(help));
        None
    }

    /// Whether a finding at `span` is here.
    pub(super) const fn holds(self, span: Span) -> bool {
        self.0.start <= span.start && span.start < self.0.end
    }
}

fn entries(node: &Node) -> &Entries {
    match &node.shape {
        Shape::Map(entries) => entries,
        _ => &[],
    }
}

/// What the keys `path` lead to in `node`, which stands within `within`: from its key to the next one.
fn at<'n>(node: &'n Node, within: Span, path: &[&str]) -> Option<(&'n Node, Span)> {
    let [first, rest @ ..] = path else { return Some((node, within)) };
    let entries = entries(node);
    let ix = entries.iter().position(|(key, _)| key.value == *first)?;
    let (key, inner) = &entries[ix];
    let end = entries.get(ix + 1).map_or(within.end, |(next, _)| next.span.start);
    at(inner, Span::new(key.span.start, end), rest)
}

/// The paths of the states in `node`, those inside others too.
fn paths(node: &Node, outer: &str, names: &mut Vec<String>) {
    for (key, node) in entries(node) {
        let path = if outer.is_empty() { key.value.clone() } else { format!("{outer}.{}", key.value) };
        if let Some((_, inside)) = entries(node).iter().find(|(key, _)| key.value == "states") {
            paths(inside, &path, names);
        }
        names.push(path);
    }
}
