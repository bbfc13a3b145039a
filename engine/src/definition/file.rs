//! A definition file as it is written: the shape is right, the names are not yet looked up.
//!
//! The mirror of the YAML: every name and scalar with its place. `read.rs` fills it from the tree, and goes on after
//! each mistake; `check.rs` makes the chart of it. The approval stays a tree here: `check/approval.rs` turns it into
//! the policy, whose own serde form is its mirror.

use super::chart::Retry;
use super::yaml::{Node, Scalar, Spot};
use crate::calendar::Wait;
use crate::diagnostic::Span;

/// A name.
pub(super) type Name = Spot<String>;

/// An expression or a sentence.
pub(super) type Text = Spot<Scalar>;

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) workflow: Option<Name>,
    pub(super) version: Option<u32>,
    pub(super) title: Option<String>,
    pub(super) calendar: Option<Name>,
    pub(super) subject: Option<SubjectFile>,
    pub(super) key: Option<Text>,
    pub(super) starts: Vec<StartFile>,
    pub(super) barred: Vec<BarFile>,
    pub(super) schedules: Vec<ScheduleFile>,
    pub(super) events: Vec<EventFile>,
    pub(super) tables: Vec<(Name, Node)>,
    pub(super) result: Vec<Name>,
    pub(super) states: Vec<StateFile>,
}

/// What instances are about.
#[derive(Debug)]
pub(super) enum SubjectFile {
    /// A subject of the vocabulary, perhaps under another variable.
    Named { ty: Name, variable: Option<Name> },
    /// Fields written in the file.
    Inline { variable: Option<Name>, fields: Vec<FieldFile>, about: Option<Name>, amount: Vec<Name> },
}

/// A field and its type; of a subject perhaps with what it is called and means.
#[derive(Debug)]
pub(super) struct FieldFile {
    pub(super) name: Name,
    pub(super) ty: Spot<String>,
    pub(super) title: Option<String>,
    pub(super) help: Option<String>,
}

/// What no start may be, and the sentence that says so.
#[derive(Debug)]
pub(super) struct BarFile {
    pub(super) guard: Text,
    pub(super) refuse: Text,
}

/// Where and by whom an instance begins.
#[derive(Debug)]
pub(super) struct StartFile {
    pub(super) to: Name,
    pub(super) guard: Option<Text>,
    pub(super) by: Option<Text>,
    pub(super) actions: Vec<CallFile>,
    pub(super) span: Span,
}

/// When and in whose name instances are started.
#[derive(Debug)]
pub(super) struct ScheduleFile {
    pub(super) name: Name,
    pub(super) cron: Option<Name>,
    pub(super) zone: Option<Name>,
    pub(super) whose: Option<WhoseFile>,
    /// The place of the key `input` or of the name, and what stands under it.
    pub(super) input: (Span, Option<Node>),
}

/// In whose name.
#[derive(Debug)]
pub(super) enum WhoseFile {
    Person(Name),
    Role(Name, Option<Name>),
}

/// A declared event.
#[derive(Debug)]
pub(super) struct EventFile {
    pub(super) name: Name,
    pub(super) title: Option<String>,
    pub(super) payload: Vec<FieldFile>,
}

/// A state.
#[derive(Debug)]
pub(super) struct StateFile {
    pub(super) name: Name,
    pub(super) title: Option<String>,
    pub(super) start: Option<Name>,
    pub(super) states: Option<Vec<StateFile>>,
    /// The place of the key `parallel`: then `states` are regions.
    pub(super) parallel: Option<Span>,
    pub(super) tags: Vec<Name>,
    /// The place of `final: true`.
    pub(super) is_final: Option<Span>,
    /// The place of the key `approval`, and what stands under it.
    pub(super) approval: Option<(Span, Node)>,
    /// The place of the key `task`, and what stands under it.
    pub(super) task: Option<(Span, Node)>,
    pub(super) call: Option<CallingFile>,
    /// The place of `final: failed`.
    pub(super) failed: bool,
    pub(super) no_return: Option<Name>,
    pub(super) entry: Vec<CallFile>,
    pub(super) sends: Vec<SendFile>,
    pub(super) exit: Vec<CallFile>,
    pub(super) on: Vec<(Name, Vec<ArrowFile>)>,
    pub(super) always: Vec<ArrowFile>,
    pub(super) after: Vec<TimerFile>,
    /// The first key that a final state may not have.
    pub(super) leaves: Option<Name>,
}

/// A workflow that a state calls.
#[derive(Debug)]
pub(super) struct CallingFile {
    pub(super) span: Span,
    pub(super) workflow: Option<Name>,
    pub(super) input: Vec<(Name, Text)>,
    pub(super) key: Option<Text>,
}

impl File {
    /// The workflows that it calls.
    pub(super) fn calls(&self) -> Vec<&Name> {
        let mut found = Vec::new();
        let mut left: Vec<&StateFile> = self.states.iter().collect();
        while let Some(state) = left.pop() {
            found.extend(state.call.as_ref().and_then(|call| call.workflow.as_ref()));
            left.extend(state.states.iter().flatten());
        }
        found
    }
}

/// An arrow.
#[derive(Debug)]
pub(super) struct ArrowFile {
    pub(super) span: Span,
    pub(super) guard: Option<Text>,
    pub(super) by: Option<Text>,
    /// The place of `reason`, and whether it is required.
    pub(super) reason: Option<Spot<bool>>,
    pub(super) to: Option<Name>,
    /// The place of `undo`, and what: no names are all.
    pub(super) undo: Option<(Span, Vec<Name>)>,
    pub(super) set: Vec<(Name, Text)>,
    pub(super) actions: Vec<CallFile>,
    pub(super) sends: Vec<SendFile>,
    pub(super) refuse: Option<Text>,
}

/// When time does something.
#[derive(Debug)]
pub(super) enum DueFile {
    In(Spot<Wait>),
    At(Text),
}

/// What time does.
#[derive(Debug)]
pub(super) struct TimerFile {
    pub(super) due: Option<DueFile>,
    pub(super) arrows: Vec<ArrowFile>,
}

/// An action with parameters.
#[derive(Debug)]
pub(super) struct CallFile {
    pub(super) name: Name,
    pub(super) params: Vec<(Name, Text)>,
    pub(super) undo: Vec<CallFile>,
}

/// A message with how it is tried.
#[derive(Debug)]
pub(super) struct SendFile {
    pub(super) name: Name,
    pub(super) retry: Retry,
    pub(super) undo: Option<Name>,
}
