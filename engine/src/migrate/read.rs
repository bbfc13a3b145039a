//! The YAML becomes a [`Draft`]; every mistake that can be seen without the definitions is reported.

use super::Timers;
use crate::definition::reading::codes as shape;
use crate::definition::reading::{
    Found, Keys, Node, Scalar, Shape, Spot, list, one_or_many, parse, string, text, word,
};
use crate::diagnostic::{Diagnostic, Span};

/// The longest mapping: a line for each state of the largest definitions that people write.
const MOST_BYTES: usize = 128 << 10;

const FILE: &[&str] = &["migrate", "from", "to", "states", "steps", "fields", "timers"];

/// What a mapping file says, not yet held against any definition; with what is wrong with it by itself.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(super) source: String,
    pub(super) workflow: Spot<String>,
    /// Versions or hashes; none: every other one.
    pub(super) from: Vec<Spot<String>>,
    /// A version or a hash; none: the one in force.
    pub(super) to: Option<Spot<String>>,
    pub(super) states: Vec<(Spot<String>, StateLine)>,
    /// New names by old ones; nothing: it cannot be read.
    pub(super) steps: Vec<(Spot<String>, Option<Spot<String>>)>,
    pub(super) fields: Vec<(Spot<String>, FieldLine)>,
    pub(super) timers: Option<Timers>,
    pub(super) unread: Unread,
    pub(super) found: Found,
}

/// What stands behind a state.
#[derive(Clone, Debug, Default)]
pub(super) struct StateLine {
    pub(super) to: Vec<Spot<String>>,
    pub(super) timers: Option<Timers>,
    /// Not all of it can be read.
    pub(super) unread: bool,
}

/// What stands behind a field.
#[derive(Clone, Debug)]
pub(super) enum FieldLine {
    /// An expression.
    Text(Spot<Scalar>),
    /// The field goes.
    Nothing,
    /// It cannot be read.
    Unread,
}

/// What cannot be read as a whole: what would be there is not told as missing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unread {
    pub(super) from: bool,
    pub(super) to: bool,
    pub(super) states: bool,
    pub(super) fields: bool,
}

impl Draft {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Everything that is wrong with it, where it does not even say which workflow it is about. Else [`Draft::found`] has that,
    /// and [`Draft::bind`] tells it with all that it finds.
    pub fn read(source: &str) -> Result<Self, Vec<Diagnostic>> {
        if source.len() > MOST_BYTES {
            let what = format!("the mapping has {} bytes, at most {MOST_BYTES} are read", source.len());
            let help = "name only the states that go elsewhere: those of the same path need no line";
            return Err(vec![Diagnostic::error(shape::TOO_LARGE, Span::default(), what).help(help)]);
        }
        let root = parse(source).map_err(|finding| vec![*finding])?;
        let mut reader = Reader { found: Vec::new() };
        match reader.file(source, &root) {
            Some(draft) => Ok(Self { found: reader.found, ..draft }),
            None => {
                reader.found.truncate(super::MOST_FOUND);
                Err(reader.found)
            }
        }
    }

    /// What is wrong with it and can be seen without the definitions.
    #[must_use]
    pub fn found(&self) -> &[Diagnostic] {
        &self.found
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
        // Behind a key that is unknown may stand what others are said to lack.
        let stray = self.found.iter().any(|found| found.code == shape::UNKNOWN_KEY);
        let mut unread = Unread::default();
        let from = keys.get("from").map(|(key, node)| self.strings(node, key, "`from`", &mut unread.from));
        let to = keys.get("to").and_then(|(key, node)| {
            let to = string(node, key, "`to`", &mut self.found);
            unread.to = to.is_none();
            to
        });
        let states = keys.get("states").map_or((!stray).then(Vec::new), |(key, node)| self.states(node, key));
        let steps = keys.get("steps").map(|(key, node)| self.steps(node, key)).unwrap_or_default();
        let fields = keys.get("fields").map_or((!stray).then(Vec::new), |(key, node)| self.fields(node, key));
        let timers = keys.get("timers").and_then(|(key, node)| self.timers(node, key));
        (unread.states, unread.fields) = (states.is_none(), fields.is_none());
        Some(Draft {
            source: source.to_owned(),
            workflow: workflow?,
            from: from.unwrap_or_default(),
            to,
            states: states.unwrap_or_default(),
            steps,
            fields: fields.unwrap_or_default(),
            timers,
            unread,
            found: Vec::new(),
        })
    }

    /// Texts; `unread`: not all of them can be read.
    fn strings(&mut self, node: &Node, key: Span, what: &str, unread: &mut bool) -> Vec<Spot<String>> {
        let before = self.found.len();
        let items = one_or_many(node, key, what, &mut self.found);
        let read = items.into_iter().filter_map(|item| string(item, key, what, &mut self.found)).collect();
        *unread |= self.found.len() > before;
        read
    }

    fn timers(&mut self, node: &Node, key: Span) -> Option<Timers> {
        let word = word(node, key, "`timers`", &["keep", "restart"], &mut self.found)?;
        Some(if word.value == "keep" { Timers::Keep } else { Timers::Restart })
    }

    /// By state: where its instances go, as a path, a list of them, or with what becomes of its timers.
    fn states(&mut self, node: &Node, key: Span) -> Option<Vec<(Spot<String>, StateLine)>> {
        let keys = Keys::any(node, key, "`states`", &mut self.found)?;
        let entries: Vec<_> = keys.iter().collect();
        Some(entries.into_iter().map(|(name, node)| (name.clone(), self.state(name, node))).collect())
    }

    fn state(&mut self, name: &Spot<String>, node: &Node) -> StateLine {
        let (what, before) = (format!("the line of `{}`", name.value), self.found.len());
        let mut line = StateLine::default();
        match &node.shape {
            Shape::Map(_) => {
                if let Some(keys) = Keys::entry(node, name.span, &what, &["to", "timers"], &mut self.found) {
                    let mut read = |(key, node)| self.strings(node, key, "`to`", &mut false);
                    line.to = keys.get("to").map(&mut read).unwrap_or_default();
                    line.timers = keys.get("timers").and_then(|(key, node)| self.timers(node, key));
                }
            }
            Shape::List(_) => {
                let items = list(node, name.span, &what, &mut self.found).unwrap_or_default();
                line.to = items.iter().filter_map(|item| string(item, name.span, &what, &mut self.found)).collect();
            }
            _ => line.to.extend(string(node, name.span, &what, &mut self.found)),
        }
        line.unread = self.found.len() > before;
        line
    }

    fn steps(&mut self, node: &Node, key: Span) -> Vec<(Spot<String>, Option<Spot<String>>)> {
        let Some(keys) = Keys::any(node, key, "`steps`", &mut self.found) else { return Vec::new() };
        let named = |(name, node): (&Spot<String>, &Node)| {
            (name.clone(), string(node, name.span, &format!("the name of `{}`", name.value), &mut self.found))
        };
        keys.iter().map(named).collect()
    }

    fn fields(&mut self, node: &Node, key: Span) -> Option<Vec<(Spot<String>, FieldLine)>> {
        let keys = Keys::any(node, key, "`fields`", &mut self.found)?;
        let given = |(name, node): (&Spot<String>, &Node)| {
            let what = format!("the value of `{}`", name.value);
            let line = match node.shape {
                Shape::Empty => FieldLine::Nothing,
                _ => text(node, name.span, &what, &mut self.found).map_or(FieldLine::Unread, FieldLine::Text),
            };
            (name.clone(), line)
        };
        Some(keys.iter().map(given).collect())
    }
}

impl FieldLine {
    /// The text of its expression.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.value.text.trim()),
            Self::Nothing | Self::Unread => None,
        }
    }
}
