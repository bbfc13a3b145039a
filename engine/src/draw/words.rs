//! What stands at an arrow: what happens, under which condition, who may.

use crate::definition::chart::{Arrow, By, Definition, StateIx};

use super::text;
use crate::definition::check::title;

/// A condition is shown up to about so many characters; the whole is in the title.
const GUARD: usize = 40;

/// What has an arrow taken.
#[derive(Clone, Copy)]
pub(super) enum Trigger<'d> {
    /// Something happened: its name.
    Event(&'d str),
    /// Nothing: it is tried on entry. Whether others were tried before it.
    Always { else_way: bool },
    /// Time has passed.
    After(&'d crate::definition::chart::Timer),
    /// An instance begins.
    Start { else_way: bool },
}

/// The words at an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// What happens; may be empty.
    pub(super) what: String,
    /// The condition, shortened.
    pub(super) guard: Option<String>,
    /// Who may, where it says something.
    pub(super) by: Option<String>,
    /// All of it on one line, nothing shortened.
    pub(super) whole: String,
}

impl Words {
    /// The words of an arrow.
    pub(super) fn of(definition: &Definition, trigger: Trigger<'_>, arrow: &Arrow) -> Self {
        let mut words = Self::new(definition, trigger, arrow.guard.as_ref().map(|guard| &guard.expr), &arrow.by);
        if arrow.reason_required {
            words.whole.push_str(", with a reason");
        }
        words
    }

    /// The words of an arrow or a way to begin.
    pub(super) fn new(
        definition: &Definition,
        trigger: Trigger<'_>,
        guard: Option<&crate::expression::Expr>,
        by: &By,
    ) -> Self {
        let what = match trigger {
            Trigger::Event(name) => event(definition, name),
            Trigger::After(timer) => text::clean(&timer.due.to_string()),
            Trigger::Always { else_way: true } | Trigger::Start { else_way: true } if guard.is_none() => {
                "else".to_owned()
            }
            Trigger::Always { .. } if guard.is_none() => "at once".to_owned(),
            Trigger::Always { .. } | Trigger::Start { .. } => String::new(),
        };
        let outside = matches!(trigger, Trigger::Event(_) | Trigger::Start { .. });
        let (by, whole_by) = if outside { who(trigger, by) } else { (None, None) };
        let condition = guard.map(|guard| text::clean(&format!("if {guard}")));
        let parts: Vec<String> = [Some(what.clone()).filter(|what| !what.is_empty()), condition.clone(), whole_by]
            .into_iter()
            .flatten()
            .collect();
        let guard = condition.map(|condition| text::shortened(&condition, GUARD));
        Self { what, guard, by, whole: parts.join(", ") }
    }

    /// Whether nothing is to be said.
    pub(super) const fn is_empty(&self) -> bool {
        self.what.is_empty() && self.guard.is_none() && self.by.is_none()
    }
}

/// What an event is called.
fn event(definition: &Definition, name: &str) -> String {
    let titled = definition.events.get(name).map(|event| text::clean(&event.title));
    titled.filter(|title| !title.is_empty()).unwrap_or_else(|| human(name))
}

/// `changes_requested` for people: "Changes requested".
fn human(name: &str) -> String {
    text::clean(&title(name))
}

/// Who may, shortened and whole.
fn who(trigger: Trigger<'_>, by: &By) -> (Option<String>, Option<String>) {
    match by {
        By::Anyone => (None, None),
        By::Engine if matches!(trigger, Trigger::Start { .. }) => {
            (Some("by the engine".to_owned()), Some("by the engine".to_owned()))
        }
        By::Engine => (None, None),
        By::Person(_, rule) => {
            // The last name of `request.requester` says who; anything longer is an expression.
            let is_path = rule.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
            let last = rule.rsplit('.').next().filter(|_| is_path).unwrap_or(rule);
            let last = if is_path { last.replace('_', " ") } else { last.to_owned() };
            (Some(format!("by {}", text::shortened(&last, text::LINE))), Some(format!("by {}", text::clean(rule))))
        }
        By::Role(role, unit) => {
            let short = format!("by {}", text::shortened(&role.replace('_', " "), text::LINE));
            let of = unit.as_ref().map_or_else(String::new, |unit| format!(" of {}", text::clean(&unit.to_string())));
            let whole = format!("by {}{of}", text::clean(&role.replace('_', " ")));
            (Some(short), Some(whole))
        }
    }
}

/// What a state is called.
pub(super) fn state(definition: &Definition, ix: StateIx) -> String {
    let state = definition.state(ix);
    let title = text::clean(&state.title);
    if title.is_empty() { text::clean(&state.path) } else { title }
}
