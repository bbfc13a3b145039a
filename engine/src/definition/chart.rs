//! The checked form of a definition: states and arrows, every name resolved and every expression typed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::approval::Policy;
use crate::calendar::{Calendar, Named, Wait};
use crate::clock::Timestamp;
use crate::diagnostic::Span;
use crate::expression::{Expr, RecordType, Type};
use crate::ids::{DefinitionHash, PersonId};
use crate::instance::{Document, Instance};
use crate::schedule::Schedule;
use crate::table::Table;

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
    pub guard: Option<Expr>,
    /// Who may start an instance so.
    pub by: By,
    /// Actions run before the first state is entered.
    pub actions: Vec<ActionCall>,
    /// Where an instance begins: possibly a state with states inside.
    pub to: StateIx,
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

/// The typed document that an instance carries.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What expressions call it: `po`.
    pub variable: Arc<str>,
    /// Its fields and their types.
    pub record: Arc<RecordType>,
    /// Fields that the starter may leave out although they are not nullable: actions fill them.
    pub computed: Vec<Arc<str>>,
}

/// An event that may be signalled.
#[derive(Clone, Debug)]
pub struct Event {
    /// For people.
    pub title: Arc<str>,
    /// The typed payload; may have no fields.
    pub payload: Arc<RecordType>,
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

/// A workflow that runs while the instance is in a state.
#[derive(Debug)]
pub struct Calling {
    /// Which, as it is pinned.
    pub workflow: Arc<Definition>,
    /// The fields of its subject.
    pub input: Vec<(Arc<str>, Expr)>,
    /// Its business key; else its own `key`, else none.
    pub key: Option<Expr>,
    /// What it gives back, as the payload of `done` and `failed`.
    pub result: Arc<RecordType>,
}

/// An approval task in a state. Its outcomes are the events `approved`, `rejected`, `changes_requested`.
#[derive(Debug)]
pub struct Approval {
    /// Steps, quorums, exclusions, rungs: see `approvals.md`.
    pub policy: Arc<Policy>,
    /// Which of the policy's plans asks, as a text expression; `None`: it has one, or chooses by itself.
    pub plan: Option<Expr>,
    /// Nothing is decided but data given: the task has one step, and whoever completes it ends it with the event `done`,
    /// which carries the data.
    pub form: Option<Form>,
}

/// The name of the one step of a task that asks for data.
pub const TASK_STEP: &str = "task";

/// What a task asks for. Without fields it is an acknowledgement.
#[derive(Debug)]
pub struct Form {
    /// In the order of the file.
    pub fields: Vec<FormField>,
    /// The same as the payload of `done`.
    pub record: Arc<RecordType>,
}

/// A field of a form.
#[derive(Debug)]
pub struct FormField {
    /// Its name in the payload.
    pub name: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// What to enter, for people; may be empty.
    pub help: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether it must be given.
    pub required: bool,
    /// The values to choose from, as JSON; none: any.
    pub options: Vec<serde_json::Value>,
    /// What must hold of `value`, each with the sentence that says so.
    pub rules: Vec<(Expr, Arc<str>)>,
    /// What stands there at first, as an expression over the subject.
    pub default: Option<Expr>,
}

/// One way from a state.
#[derive(Debug)]
pub struct Arrow {
    /// Its number in the definition.
    pub ix: ArrowIx,
    /// Taken only if this holds.
    pub guard: Option<Expr>,
    /// Who may take it.
    pub by: By,
    /// The caller must give a reason.
    pub reason_required: bool,
    /// What taking it does.
    pub outcome: Outcome,
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

/// Arrows that time takes.
#[derive(Debug)]
pub struct Timer {
    /// `<state path>#<n>`: stable within the definition.
    pub name: Arc<str>,
    /// From entering the state.
    pub after: Wait,
    /// Tried in order when it fires.
    pub arrows: Vec<Arrow>,
}

impl Definition {
    /// The actions of every way to begin.
    pub fn start_actions(&self) -> impl Iterator<Item = &ActionCall> {
        self.starts.iter().flat_map(|start| &start.actions)
    }

    /// The file as it is stored: with those of the workflows that it calls.
    #[must_use]
    pub fn stored(&self) -> Arc<str> {
        if self.called.is_empty() { self.source.clone() } else { super::set::bundle(self).into() }
    }

    /// What it gives to whoever calls it.
    #[must_use]
    pub fn result_type(&self) -> RecordType {
        let mut record = RecordType::new(&*self.name);
        for name in &self.result {
            let field = self.subject.record.fields.get(&**name).cloned();
            record.fields.extend(field.map(|field| (name.to_string(), field)));
        }
        record
    }

    /// The calendar that working time is counted in.
    #[must_use]
    pub fn working(&self) -> Option<&Calendar> {
        self.calendar.as_ref()?.named.as_ref().map(|named| &named.calendar)
    }

    /// The state at `ix`.
    #[must_use]
    pub fn state(&self, ix: StateIx) -> &State {
        &self.states[ix.0]
    }

    /// The state whose path is `path`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<StateIx> {
        self.states.iter().position(|s| &*s.path == path).map(StateIx)
    }

    /// `ix` and the states around it, inmost first.
    pub fn upwards(&self, ix: StateIx) -> impl Iterator<Item = StateIx> + '_ {
        std::iter::successors(Some(ix), |&s| self.state(s).parent)
    }

    /// The innermost states that an instance is in, in the order of the file; `None` if one does not exist.
    #[must_use]
    pub fn active(&self, instance: &Instance) -> Option<Vec<StateIx>> {
        instance.inside().iter().map(|path| self.find(path)).collect()
    }

    /// Whether `outer` is `inner`, or around it.
    #[must_use]
    pub fn is_within(&self, inner: StateIx, outer: StateIx) -> bool {
        self.upwards(inner).any(|at| at == outer)
    }

    /// The region that `ix` is, or is in: the nearest.
    #[must_use]
    pub fn region(&self, ix: StateIx) -> Option<StateIx> {
        let is_region = |at: &StateIx| {
            self.state(*at).parent.is_some_and(|up| matches!(self.state(up).kind, StateKind::Parallel(_)))
        };
        self.upwards(ix).find(is_region)
    }

    /// The events that somebody may signal in the states `active`, in name order: those of the approval and the results
    /// of messages are the engine's own.
    #[must_use]
    pub fn accepts(&self, active: &[StateIx]) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = active
            .iter()
            .flat_map(|&ix| self.upwards(ix))
            .flat_map(|s| &self.state(s).on)
            .filter(|(name, arrows)| {
                self.events.contains_key(*name) && arrows.iter().any(|a| !matches!(a.by, By::Engine))
            })
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Definition {
    /// Every arrow, in no particular order.
    pub fn all_arrows(&self) -> impl Iterator<Item = &Arrow> {
        self.states
            .iter()
            .flat_map(|s| s.on.values().flatten().chain(&s.always).chain(s.timers.iter().flat_map(|t| &t.arrows)))
    }

    /// Whether a state or an arrow sends `message`.
    #[must_use]
    pub fn sends(&self, message: &str) -> bool {
        let of_arrows = self.all_arrows().filter_map(|arrow| match &arrow.outcome {
            Outcome::Go(go) => Some(&go.sends),
            Outcome::Refuse(_) => None,
        });
        let mut all = self.states.iter().map(|state| &state.sends).chain(of_arrows).flatten();
        all.any(|send| &*send.message == message)
    }
}

impl Arrow {
    /// Whether it goes on, as against refusing.
    #[must_use]
    pub const fn goes(&self) -> bool {
        matches!(self.outcome, Outcome::Go(_))
    }
}
