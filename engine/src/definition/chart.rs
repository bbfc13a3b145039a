//! The checked form of a definition: states and arrows, every name resolved and every expression typed.

mod asks;
mod look;
mod subject;
mod ties;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::{Named, Wait};
use crate::clock::Timestamp;
use crate::diagnostic::Span;
use crate::expression::{Expr, RecordType};
use crate::ids::{DefinitionHash, PersonId};
use crate::instance::Document;
use crate::schedule::Schedule;
use crate::table::Table;

pub use asks::{Approval, Calling, Form, FormField, TASK_STEP};
pub(crate) use look::{region, upwards};
pub use subject::{Subject, Told, in_order};
pub use ties::Ties;
pub use ways::Way;

/// What the approval's outcomes are called, as events.
pub(crate) const OUTCOMES: [&str; 4] = ["approved", "rejected", "changes_requested", EXPIRED];

/// The outcome of an approval whose time ran out; only one with `expires_after` has it.
pub(crate) const EXPIRED: &str = "expired";

/// What the failure of a called workflow is called.
pub(crate) const FAILED: &str = "failed";

/// What the end of a task, of a called workflow, and of all regions of a parallel state, is called.
pub(crate) const DONE: &str = "done";

/// Where a state stands in [`Definition::states`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateIx(pub usize);

/// Where an arrow stands among all arrows of a definition, in the order of the file. Coverage counts by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArrowIx(pub usize);

/// A definition that may run.
#[derive(Debug)]
pub struct Definition {
    /// `leave_request`.
    pub name: Arc<str>,
    /// For people; the hash is the identity.
    pub version: u32,
    /// For people.
    pub title: Arc<str>,
    /// The identity.
    pub hash: DefinitionHash,
    /// The file as it was read.
    pub source: Arc<str>,
    /// The calendar that working time is counted in.
    pub calendar: Option<UsedCalendar>,
    /// What instances are about.
    pub subject: Subject,
    /// The business key of an instance as a text expression over the subject, if instances have one.
    pub key: Option<Expr>,
    /// How an instance begins: the first that holds and that the starter may take.
    pub starts: Vec<StartArrow>,
    /// What no start may be, whichever way it would begin.
    pub barred: Vec<Bar>,
    /// When the engine starts instances by itself.
    pub schedules: Vec<Scheduled>,
    /// In the order of the file; a parent stands before its children.
    pub states: Vec<State>,
    /// Every event with its typed payload. Events of the approval (`approved`, ...) are not listed.
    pub events: BTreeMap<Arc<str>, Event>,
    /// Decision tables, in the order of the file; each may read those before it.
    pub tables: Vec<Arc<Table>>,
    /// Facts of the vocabulary that its expressions read.
    pub facts: Vec<Arc<str>>,
    /// What tables, facts and actions have to do with the subject.
    pub ties: Ties,
    /// Names of the vocabulary it uses, as `name@major`, sorted: part of the hash.
    pub vocabulary: Vec<Arc<str>>,
    /// The subject's fields that whoever calls this workflow gets.
    pub result: Vec<Arc<str>>,
    /// The workflows that it calls, as they were when this one was compiled; their hashes are part of its own.
    pub called: Vec<Arc<Definition>>,
    /// How many arrows there are.
    pub arrows: usize,
}

/// The calendar of a definition: by name, since its content may change while instances live.
#[derive(Clone, Debug)]
pub struct UsedCalendar {
    /// Its name.
    pub name: Arc<str>,
    /// What it was when the definition was compiled; `None` where no calendars were at hand.
    pub named: Option<Arc<Named>>,
}

/// A way to begin.
#[derive(Debug)]
pub struct StartArrow {
    /// Taken only if this holds for the input.
    pub guard: Option<Condition>,
    /// Who may start an instance so.
    pub by: By,
    /// Actions run before the first state is entered.
    pub actions: Vec<ActionCall>,
    /// Where an instance begins: possibly a state with states inside.
    pub to: StateIx,
}

/// What no start may be.
#[derive(Debug)]
pub struct Bar {
    /// Where this holds for the input, nothing begins.
    pub guard: Condition,
    /// The sentence that says so.
    pub refuse: Arc<str>,
}

/// An instance that is started again and again, each time under the key `<name>@<due instant>`.
#[derive(Debug)]
pub struct Scheduled {
    /// Its name.
    pub name: Arc<str>,
    /// When.
    pub schedule: Schedule,
    /// In whose name.
    pub whose: Whose,
    /// The subject's fields.
    pub input: Document,
}

impl Scheduled {
    /// The business key of the instance that is due at `due`.
    #[must_use]
    pub fn key(&self, due: Timestamp) -> Arc<str> {
        format!("{}@{due}", self.name).into()
    }

    /// The due instant that a business key names, if it is one of this schedule's.
    #[must_use]
    pub fn due(&self, key: &str) -> Option<Timestamp> {
        Timestamp::parse(key.strip_prefix(&*self.name)?.strip_prefix('@')?).ok()
    }
}

/// In whose name a scheduled instance is started.
#[derive(Debug)]
pub enum Whose {
    /// This person.
    Person(PersonId),
    /// The first, by id, who is active and holds the role: in the unit, or in any.
    Role(Arc<str>, Option<Arc<str>>),
}

/// An event that may be signalled.
#[derive(Clone, Debug)]
pub struct Event {
    /// For people.
    pub title: Arc<str>,
    /// The typed payload; may have no fields.
    pub payload: Arc<RecordType>,
    /// Its fields, in the order of the file.
    pub order: Vec<Arc<str>>,
}

/// A state.
#[derive(Debug)]
pub struct State {
    /// Names from the outermost, joined by points: `open.review`.
    pub path: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// The state around it.
    pub parent: Option<StateIx>,
    /// What it is.
    pub kind: StateKind,
    /// Actions run when it is entered.
    pub entry: Vec<ActionCall>,
    /// Messages sent when it is entered.
    pub sends: Vec<Send>,
    /// Actions run when it is left.
    pub exit: Vec<ActionCall>,
    /// Arrows by event, tried in order; those of an inner state before those of the state around it.
    pub on: BTreeMap<Arc<str>, Vec<Arrow>>,
    /// Arrows without an event, tried on entry and after each change.
    pub always: Vec<Arrow>,
    /// Arrows taken when time has passed since the state was entered.
    pub timers: Vec<Timer>,
    /// For columns of inboxes and filters of lists.
    pub tags: Vec<Arc<str>>,
    /// A final state that is a failure, for whoever called the workflow.
    pub failed: bool,
    /// Why no repair and no migration leads back from here to what no arrow leads to, as a sentence; `None`: they may.
    pub no_return: Option<Arc<str>>,
    /// Whether an arrow leads back to where it was left.
    pub remembered: bool,
    /// Where it stands in the file.
    pub span: Span,
}

/// What kind of state it is.
#[derive(Debug)]
pub enum StateKind {
    /// Waits for events.
    Simple,
    /// Has states inside and begins in one of them.
    Compound(StateIx),
    /// Is in all of these at once. Each is a region: it ends by itself, and when all have ended, `done` is raised here.
    Parallel(Vec<StateIx>),
    /// Opens an approval task.
    Approval(Box<Approval>),
    /// Another workflow runs; its end is the event `done`, or `failed`, here.
    Call(Box<Calling>),
    /// The end: of the region that it is in, else of the instance.
    Final,
}

/// One way from a state.
#[derive(Debug)]
pub struct Arrow {
    /// Its number in the definition.
    pub ix: ArrowIx,
    /// Taken only if this holds.
    pub guard: Option<Condition>,
    /// Who may take it.
    pub by: By,
    /// The caller must give a reason.
    pub reason_required: bool,
    /// What taking it does.
    pub outcome: Outcome,
    /// Where it stands in the file.
    pub span: Span,
}

/// What must hold for an arrow or a start to be taken.
#[derive(Debug)]
pub struct Condition {
    /// True or false.
    pub expr: Expr,
    /// As it is written.
    pub text: Arc<str>,
    /// Where it stands in the file.
    pub span: Span,
}

/// What an arrow does.
#[derive(Debug)]
pub enum Outcome {
    /// Declines, with a sentence that a buyer understands.
    Refuse(Arc<str>),
    /// Goes on.
    Go(Go),
}

/// The doing part of an arrow.
#[derive(Debug)]
pub struct Go {
    /// The next state; `None` stays without leaving.
    pub to: Option<StateIx>,
    /// Back to where that state was left, if it ever was.
    pub history: Option<History>,
    /// What is taken back, the last first, once the states are left.
    pub undo: Undoing,
    /// Subject fields set, in order, before the actions.
    pub set: Vec<(Arc<str>, Expr)>,
    /// Actions, in order.
    pub actions: Vec<ActionCall>,
    /// Messages.
    pub sends: Vec<Send>,
}

/// What an arrow takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Undoing {
    /// Nothing.
    #[default]
    Nothing,
    /// Everything that has an undo and was not undone yet.
    All,
    /// Of that, what these actions and messages did.
    These(Vec<Arc<str>>),
}

/// How much is remembered of where a state was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// Which of the states inside it was in; that one begins anew.
    Shallow,
    /// All of it, to the innermost.
    Deep,
}

/// Who may.
#[derive(Debug, Default)]
pub enum By {
    /// Everybody of the tenant.
    #[default]
    Anyone,
    /// The person, or one of the list, that the expression yields; the text of the rule is kept for the refusal.
    Person(Expr, Arc<str>),
    /// Who holds the role, in the unit that the expression yields or in any.
    Role(Arc<str>, Option<Expr>),
    /// Nobody from outside: timers, messages and the engine itself.
    Engine,
}

/// An action with its parameters.
#[derive(Debug)]
pub struct ActionCall {
    /// The vocabulary's name.
    pub name: Arc<str>,
    /// Parameters by name.
    pub params: Vec<(Arc<str>, Expr)>,
    /// What takes it back. Kept with the instance, with the parameters as they are then, until an arrow undoes.
    pub undo: Vec<ActionCall>,
    /// Where it stands in the file.
    pub span: Span,
}

/// A message to the outside.
#[derive(Debug)]
pub struct Send {
    /// The vocabulary's name; also the destination whose order is kept.
    pub message: Arc<str>,
    /// How often and how long it is tried.
    pub retry: Retry,
    /// The message that takes it back.
    pub undo: Option<Box<Send>>,
    /// Where it stands in the file.
    pub span: Span,
}

/// Exponential back-off: waits double from `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub times: u32,
    /// First wait, microseconds.
    pub from: i64,
    /// Longest wait, microseconds.
    pub to: i64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 8, from: 5_000_000, to: 3_600_000_000 }
    }
}

/// When a timer fires; reckoned once, when its state is entered.
#[derive(Debug)]
pub enum Due {
    /// So long after entering the state.
    In(Wait),
    /// At the instant that an expression gives; at once, if that is past.
    At(Box<Expr>),
}

impl std::fmt::Display for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::In(wait) => write!(f, "after {wait}"),
            Self::At(instant) => write!(f, "at {instant}"),
        }
    }
}

/// Arrows that time takes.
#[derive(Debug)]
pub struct Timer {
    /// `<state path>#<n>`: stable within the definition.
    pub name: Arc<str>,
    /// When it fires.
    pub due: Due,
    /// Tried in order when it fires.
    pub arrows: Vec<Arrow>,
}
