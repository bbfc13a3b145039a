//! States that wait for somebody or something else: approvals, tasks with their forms, calls.

use std::sync::Arc;

use super::Definition;
use crate::approval::Policy;
use crate::expression::{Expr, RecordType, Scope, Type, Value};

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
    /// The fields of those who are told how it was decided; none: the requester is.
    pub tells: Vec<Arc<str>>,
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
    /// Bounds that are worked out from the document: the place of the rule, what it says before the bound, and the bound.
    pub bounds: Vec<(usize, &'static str, Expr)>,
    /// What stands there at first, as an expression over the subject.
    pub default: Option<Expr>,
}

impl FormField {
    /// The sentences of its rules, with the values of bounds that can be worked out; else as they are written.
    #[must_use]
    pub fn sentences(&self, scope: &dyn Scope) -> Vec<Arc<str>> {
        let mut all: Vec<Arc<str>> = self.rules.iter().map(|(_, sentence)| Arc::clone(sentence)).collect();
        for (at, words, bound) in &self.bounds {
            if let (Some(sentence), Ok(value)) = (all.get_mut(*at), bound.eval(scope))
                && value != Value::Null
            {
                *sentence = format!("{words} {value}").into();
            }
        }
        all
    }
}
