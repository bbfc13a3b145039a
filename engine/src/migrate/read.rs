//! The YAML becomes a [`Draft`]; every mistake that can be seen without the definitions is reported.

use super::Timers;
use crate::definition::reading::codes as shape;
use crate::definition::reading::{
    Found, Keys, Node, Scalar, Shape, Spot, list, one_or_many, parse, string, text, word,
};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// The longest mapping: a line for each state of the largest definitions that people write.
const MOST_BYTES: usize = 128 << 10;

const FILE: &[&str] = &["migrate", "from", "to", "states", "steps", "fields", "timers"];

/// What a mapping file says, not yet held against any definition.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(super) source: String,
    pub(super) workflow: Spot<String>,
    /// Versions or hashes; none: every other one.
    pub(super) from: Vec<Spot<String>>,
    /// A version or a hash; none: the one in force.
    pub(super) to: Option<Spot<String>>,
    pub(super) states: Vec<(Spot<String>, StateLine)>,
    pub(super) steps: Vec<(Spot<String>, Spot<String>)>,
    /// Without an expression the field goes.
    pub(super) fields: Vec<(Spot<String>, Option<Spot<Scalar>>)>,
    pub(super) timers: Option<Timers>,
}

/// What stands behind a state.
#[derive(Clone, Debug, Default)]
pub(super) struct StateLine {
    pub(super) to: Vec<Spot<String>>,
    pub(super) timers: Option<Timers>,
}

impl Draft {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Everything that is wrong with it and can be seen without the definitions.
    pub fn read(source: &str) -> Result<Self, Vec<Diagnostic>> {
        if source.len() > MOST_BYTES {
            let what = format!("the mapping has {} bytes, at most {MOST_BYTES} are read", source.len());
            let help = "name only the states that go elsewhere: those of the same path need no line";
            return Err(vec![Diagnostic::error(shape::TOO_LARGE, Span::default(), what).help(help)]);
        }
        let root = parse(source).map_err(|finding| vec![*finding])?;
        let mut reader = Reader { found: Vec::new() };
        match reader.file(source, &root) {
            Some(draft) if reader.found.iter().all(|found| found.severity != Severity::Error) => Ok(draft),
            _ => {
                reader.found.truncate(super::MOST_FOUND);
                Err(reader.found)
            }
        }
    }

    /// The workflow that it is about.
    #[must_use]
    pub fn workflow(&self) -> &str {
        &self.workflow.value
    }
}

struct Reader {
    found: Found,
}

impl Reader {
    fn file(&mut self, source: &str, root: &Node) -> Option<Draft> {
        if root.shape == Shape::Empty {
            let empty = Diagnostic::error(shape::EMPTY, Span::default(), "the file is empty");
            self.found.push(empty.help("a mapping begins with `migrate: ` and the name of a workflow"));
            return None;
        }
        let keys = Keys::of(root, root.span, "a mapping of a migration", FILE, &mut self.found)?;
        let help = "say which workflow's instances move: `migrate: leave_request`";
        let workflow = keys.need("migrate", "a mapping of a migration", help, &mut self.found);
        let workflow = workflow.and_then(|(key, node)| string(node, key, "`migrate`", &mut self.found));
        let from = keys.get("from").map(|(key, node)| self.strings(node, key, "`from`")).unwrap_or_default();
        let to = keys.get("to").and_then(|(key, node)| string(node, key, "`to`", &mut self.found));
        let states = keys.get("states").map(|(key, node)| self.states(node, key)).unwrap_or_default();
        let steps = keys.get("steps").map(|(key, node)| self.steps(node, key)).unwrap_or_default();
        let fields = keys.get("fields").map(|(key, node)| self.fields(node, key)).unwrap_or_default();
        let timers = keys.get("timers").and_then(|(key, node)| self.timers(node, key));
        Some(Draft { source: source.to_owned(), workflow: workflow?, from, to, states, steps, fields, timers })
    }

    fn strings(&mut self, node: &Node, key: Span, what: &str) -> Vec<Spot<String>> {
        let items = one_or_many(node, key, what, &mut self.found);
        items.into_iter().filter_map(|item| string(item, key, what, &mut self.found)).collect()
    }

    fn timers(&mut self, node: &Node, key: Span) -> Option<Timers> {
        let word = word(node, key, "`timers`", &["keep", "restart"], &mut self.found)?;
        Some(if word.value == "keep" { Timers::Keep } else { Timers::Restart })
    }

    /// By state: where its instances go, as a path, a list of them, or with what becomes of its timers.
    fn states(&mut self, node: &Node, key: Span) -> Vec<(Spot<String>, StateLine)> {
        let Some(keys) = Keys::any(node, key, "`states`", &mut self.found) else { return Vec::new() };
        let entries: Vec<_> = keys.iter().collect();
        entries.into_iter().filter_map(|(name, node)| Some((name.clone(), self.state(name, node)?))).collect()
    }

    fn state(&mut self, name: &Spot<String>, node: &Node) -> Option<StateLine> {
        let what = format!("the line of `{}`", name.value);
        match &node.shape {
            Shape::Map(_) => {
                let keys = Keys::entry(node, name.span, &what, &["to", "timers"], &mut self.found)?;
                let to = keys.get("to").map(|(key, node)| self.strings(node, key, "`to`")).unwrap_or_default();
                let timers = keys.get("timers").and_then(|(key, node)| self.timers(node, key));
                Some(StateLine { to, timers })
            }
            Shape::List(_) => {
                let items = list(node, name.span, &what, &mut self.found)?;
                let to = items.iter().filter_map(|item| string(item, name.span, &what, &mut self.found)).collect();
                Some(StateLine { to, timers: None })
            }
            _ => Some(StateLine { to: vec![string(node, name.span, &what, &mut self.found)?], timers: None }),
        }
    }

    fn steps(&mut self, node: &Node, key: Span) -> Vec<(Spot<String>, Spot<String>)> {
        let Some(keys) = Keys::any(node, key, "`steps`", &mut self.found) else { return Vec::new() };
        let named = |(name, node): (&Spot<String>, &Node)| {
            Some((name.clone(), string(node, name.span, &format!("the name of `{}`", name.value), &mut self.found)?))
        };
        keys.iter().filter_map(named).collect()
    }

    fn fields(&mut self, node: &Node, key: Span) -> Vec<(Spot<String>, Option<Spot<Scalar>>)> {
        let Some(keys) = Keys::any(node, key, "`fields`", &mut self.found) else { return Vec::new() };
        let given = |(name, node): (&Spot<String>, &Node)| match node.shape {
            Shape::Empty => Some((name.clone(), None)),
            _ => {
                let what = format!("the value of `{}`", name.value);
                Some((name.clone(), Some(text(node, name.span, &what, &mut self.found)?)))
            }
        };
        keys.iter().filter_map(given).collect()
    }
}
