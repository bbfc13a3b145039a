//! What a simulation is asked, and what it may assume.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::approval::{Ballot, Verb};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::instance::Document;

/// What is played.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// Who starts it.
    pub starter: PersonId,
    /// The subject's fields.
    pub input: Document,
    /// When.
    pub at: Timestamp,
    /// What is done after the start, in order.
    pub events: Vec<Doing>,
    /// What is answered, by the name of the step; `*`: everywhere else. Without one, yes.
    pub answers: BTreeMap<Arc<str>, Answer>,
    /// When whoever is asked answers.
    pub pace: Pace,
    /// Whether it stops as soon as somebody must act for whom nothing is assumed but approvals and time: then no event is
    /// looked for that leads to a task, and no form is filled in.
    pub hand: bool,
    /// What is entered, by the path of the task's state (`workflow/state` in a called workflow, where several have such a
    /// state); and what the answer to a message brings, by the event that it becomes.
    pub data: BTreeMap<Arc<str>, Document>,
}

impl Asked {
    /// A start with an empty document, after which everybody says yes at once.
    #[must_use]
    pub fn new(workflow: Arc<str>, starter: PersonId, at: Timestamp) -> Self {
        let (input, events, answers, data) = Default::default();
        Self { workflow, starter, input, at, events, answers, pace: Pace::Now, hand: false, data }
    }
}

/// Something that is done after the start: an event of the workflow, or an act in a step of an open task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Doing {
    /// The event. One of this and `act` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Arc<str>>,
    /// The event's fields.
    #[serde(skip_serializing_if = "Document::is_empty")]
    pub payload: Document,
    /// The act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// The step that is acted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    /// Who [default: of an event the starter, of an act the first who may].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// In whose place.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An act in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Votes for.
    Approve,
    /// Votes against.
    Reject,
    /// Takes no side.
    Abstain,
    /// Sends it back.
    RequestChanges,
}

impl Act {
    /// The verb's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Abstain => "abstain",
            Self::RequestChanges => "request_changes",
        }
    }

    pub(super) fn verb(self, ballot: Ballot) -> Verb {
        match self {
            Self::Approve => Verb::Approve(ballot),
            Self::Reject => Verb::Reject(ballot),
            Self::Abstain => Verb::Abstain(ballot),
            Self::RequestChanges => Verb::RequestChanges(ballot),
        }
    }
}

/// What whoever is asked answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes; a form is filled in.
    #[default]
    Approve,
    /// No.
    Reject,
    /// It goes back to whoever asked.
    RequestChanges,
    /// Nobody answers.
    None,
}

impl Answer {
    /// The act; nobody's, where nobody answers.
    pub(super) const fn act(self) -> Option<Act> {
        match self {
            Self::Approve => Some(Act::Approve),
            Self::Reject => Some(Act::Reject),
            Self::RequestChanges => Some(Act::RequestChanges),
            Self::None => None,
        }
    }
}

/// When whoever is asked answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// At once: no time passes.
    #[default]
    Now,
    /// At the instant by which it is due, so that everything that time does until then happens.
    Due,
}
