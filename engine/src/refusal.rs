//! A declined command: a value with a stable code and a sentence that a buyer understands. Nothing has changed.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::approval;
use crate::clock::Timestamp;
use crate::ids::{DefinitionHash, InstanceId, TaskId};

/// Why a command was declined.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// No such instance in this tenant.
    UnknownInstance(InstanceId),
    /// No such task in this tenant.
    UnknownTask(TaskId),
    /// No definition of that name is loaded; the nearest name, if any.
    UnknownWorkflow(Arc<str>, Option<Arc<str>>),
    /// The definition has no such event; the nearest name, if any, and what is accepted now.
    UnknownEvent {
        /// The event.
        event: Arc<str>,
        /// The nearest name.
        nearest: Option<Arc<str>>,
        /// What is accepted now.
        accepts: Vec<Arc<str>>,
    },
    /// The event exists, but not in this state (or no arrow's condition holds).
    NotAccepted {
        /// The event.
        event: Arc<str>,
        /// The state it is in.
        state: Arc<str>,
        /// What is accepted now.
        accepts: Vec<Arc<str>>,
    },
    /// The definition says no, in its own words.
    Guard(Arc<str>),
    /// Input or payload does not fit its type: JSON Pointer and sentence each.
    Invalid(Vec<(String, String)>),
    /// The business key that whoever starts it gives cannot be its key.
    Key(String),
    /// The request id was used for something else.
    RequestReused {
        /// When it was used first.
        first_at: Timestamp,
        /// The instance that it started then, if that is what it did.
        started: Option<InstanceId>,
    },
    /// The business key belongs to an instance with other input: the fields that differ.
    KeyReused {
        /// Whose key it is.
        instance: InstanceId,
        /// Which differ.
        fields: Vec<Arc<str>>,
    },
    /// An instance was to be started with a business key that another has.
    KeyTaken {
        /// The workflow.
        workflow: Arc<str>,
        /// The key.
        key: Arc<str>,
        /// Whose key it is; `None`: another that the same command starts.
        instance: Option<InstanceId>,
    },
    /// An instance that the command starts on the way is refused, and so the command.
    Child {
        /// The workflow.
        workflow: Arc<str>,
        /// The business key.
        key: Option<Arc<str>>,
        /// Why.
        why: Box<Refusal>,
    },
    /// The state revision brought is not the current one.
    StaleState {
        /// What was brought.
        brought: i64,
        /// What it is.
        current: i64,
    },
    /// The etag brought is not the current one.
    StaleTask {
        /// What was brought.
        brought: String,
        /// What it is.
        current: String,
    },
    /// The decision brought no etag.
    EtagRequired {
        /// What it is.
        current: String,
    },
    /// The rule that the caller does not meet. On grounds of authority.
    NotAllowed {
        /// The rule.
        rule: Arc<str>,
    },
    /// The arrow asks for a reason.
    ReasonRequired,
    /// A repair would stand in for an approval that nobody has given: why, and what can be done. On grounds of authority.
    NeverApproves(String),
    /// A repair that does not help here: why, and what can be done.
    NotRepairable(String),
    /// A migration does not fit this instance: in what regard, why, and what can be done.
    NotMigratable {
        /// One word: `state`, `approval`, `fields`, ... (`definitions/migrating.md` has all of them).
        regard: &'static str,
        /// A sentence.
        sentence: String,
    },
    /// The instance has ended.
    Ended {
        /// The state it is in.
        state: Arc<str>,
    },
    /// The task is not open.
    TaskClosed {
        /// The state it is in.
        state: Arc<str>,
    },
    /// The approval says no, with a code of `approvals.md`.
    Approval(approval::Declined),
    /// A rule of the domain says no.
    Domain {
        /// Stable code.
        code: &'static str,
        /// A sentence.
        sentence: String,
    },
    /// The record does not exist or cannot take the change.
    Record {
        /// Stable code.
        code: &'static str,
        /// A sentence.
        sentence: String,
    },
    /// The instance is pinned to a definition that this binary cannot load.
    Unloadable {
        /// Which.
        definition: DefinitionHash,
        /// Why.
        why: String,
    },
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownInstance(_) => "unknown_instance",
            Self::UnknownTask(_) => "unknown_task",
            Self::UnknownWorkflow(..) => "unknown_workflow",
            Self::UnknownEvent { .. } => "unknown_event",
            Self::NotAccepted { .. } => "not_accepted",
            Self::Guard(_) => "refused_by_definition",
            Self::Invalid(_) | Self::Key(_) => "invalid_input",
            Self::RequestReused { .. } => "request_reused",
            Self::KeyReused { .. } => "key_reused",
            Self::KeyTaken { .. } => "key_taken",
            Self::Child { why, .. } => why.code(),
            Self::StaleState { .. } => "stale_state",
            Self::StaleTask { .. } => "stale_task",
            Self::EtagRequired { .. } => "etag_required",
            Self::NotAllowed { .. } => "not_allowed",
            Self::ReasonRequired => "reason_required",
            Self::NeverApproves(_) => approval::Refusal::RepairNeverApproves.code(),
            Self::NotRepairable(_) => "not_repairable",
            Self::NotMigratable { .. } => "not_migratable",
            Self::Ended { .. } => "instance_ended",
            Self::TaskClosed { .. } => "task_closed",
            Self::Approval(declined) => declined.refusal.code(),
            Self::Domain { code, .. } | Self::Record { code, .. } => code,
            Self::Unloadable { .. } => "definition_unloadable",
        }
    }

    /// What is wrong and what to do, in one or two sentences.
    #[must_use]
    pub fn sentence(&self) -> String {
        let perhaps =
            |near: &Option<Arc<str>>| near.as_ref().map_or(String::new(), |n| format!(" Did you mean `{n}`?"));
        match self {
            Self::UnknownInstance(id) => format!("There is no instance {id}."),
            Self::UnknownTask(id) => format!("There is no task {id}."),
            Self::UnknownWorkflow(name, near) => format!("No workflow `{name}` is loaded.{}", perhaps(near)),
            Self::UnknownEvent { event, nearest, accepts } => {
                let later = nearest.as_ref().is_some_and(|near| !accepts.contains(near));
                let later = if later { " That one is not accepted now." } else { "" };
                format!("The workflow has no event `{event}`.{}{later} {}", perhaps(nearest), accepted(accepts))
            }
            Self::NotAccepted { event, state, accepts } => not_accepted(event, state, accepts),
            Self::Guard(sentence) => sentence.to_string(),
            Self::Invalid(errors) => {
                let told = errors.iter().map(|(at, why)| match at.is_empty() {
                    true => why.clone(),
                    false => format!("{at}: {why}"),
                });
                told.collect::<Vec<_>>().join("; ")
            }
            Self::Key(why) => format!("/key: {why}"),
            Self::RequestReused { first_at, .. } => format!(
                "This request id was used at {first_at} for a request with other content. Use a new id for a new request."
            ),
            Self::KeyReused { instance, fields } => format!(
                "Instance {instance} has this key already, with other values in: {}. Change that instance, or use another key: where \
                 the definition makes it, other values in the fields that it is made of.",
                fields.join(", ")
            ),
            Self::KeyTaken { workflow, key, instance: Some(instance) } => {
                format!("Instance {instance} of `{workflow}` has the key `{key}` already.")
            }
            Self::KeyTaken { workflow, key, instance: None } => {
                format!("The same command starts another `{workflow}` with the key `{key}`.")
            }
            Self::Child { workflow, key, why } => {
                let key = key.as_ref().map_or(String::new(), |key| format!(" `{key}`"));
                format!("Its part `{workflow}`{key} cannot be started: {}", why.sentence())
            }
            Self::StaleState { brought, current } => {
                format!("The instance has moved on: you saw revision {brought}, it is at {current}. Read it again.")
            }
            Self::StaleTask { .. } => {
                "What you are asked has changed since you looked. Read the task again and decide on what it says now."
                    .to_owned()
            }
            Self::EtagRequired { .. } => {
                "A decision must say what it is about: send the task's etag as If-Match.".to_owned()
            }
            Self::NotAllowed { rule } => format!("You may not do this: it takes {rule}."),
            Self::ReasonRequired => "This needs a reason.".to_owned(),
            Self::NeverApproves(why) => format!("{why} {}", approval::Refusal::RepairNeverApproves.sentence()),
            Self::NotRepairable(sentence) | Self::NotMigratable { sentence, .. } => sentence.clone(),
            Self::Ended { state } => format!("The instance has ended (`{state}`)."),
            Self::TaskClosed { state } => format!("The task is not open any more; the instance is in `{state}`."),
            Self::Approval(declined) => declined.sentence(),
            Self::Domain { sentence, .. } | Self::Record { sentence, .. } => sentence.clone(),
            Self::Unloadable { definition, why } => {
                format!("The instance is pinned to definition {definition}, which cannot be loaded here: {why}.")
            }
        }
    }

    /// The same without whom and what it meets in this one case: for counting how often something is declined.
    #[must_use]
    pub fn in_general(&self) -> String {
        match self {
            Self::Approval(declined) => declined.refusal.sentence().to_owned(),
            Self::Child { workflow, why, .. } => {
                Self::Child { workflow: workflow.clone(), key: None, why: why.clone() }.sentence()
            }
            other => other.sentence(),
        }
    }

    /// The same with people called so, where it names some.
    #[must_use]
    pub fn called(self, name: approval::Called<'_>) -> Self {
        match self {
            Self::Approval(declined) => Self::Approval(declined.called(name)),
            other => other,
        }
    }

    /// Whether it names people who could be called by their names.
    #[must_use]
    pub fn names_somebody(&self) -> bool {
        matches!(self, Self::Approval(declined) if declined.names_somebody())
    }

    /// What a program wants to know besides code and sentence.
    #[must_use]
    pub fn details(&self) -> Json {
        match self {
            Self::UnknownEvent { accepts, .. } => json!({ "accepts": accepts }),
            Self::NotAccepted { state, accepts, .. } => json!({ "state": state, "accepts": accepts }),
            Self::Invalid(errors) => {
                let errors: Vec<Json> =
                    errors.iter().map(|(at, why)| json!({ "pointer": at, "detail": why })).collect();
                json!({ "errors": errors })
            }
            Self::Key(why) => json!({ "errors": [{ "pointer": "/key", "detail": why }] }),
            Self::RequestReused { started: Some(id), .. } => json!({ "existing": id }),
            Self::KeyReused { instance, fields } => json!({ "existing": instance, "fields": fields }),
            Self::KeyTaken { instance, .. } => json!({ "existing": instance }),
            Self::Child { why, .. } => why.details(),
            Self::StaleState { current, .. } => json!({ "state_revision": current }),
            Self::StaleTask { current, .. } | Self::EtagRequired { current } => json!({ "etag": current }),
            Self::NotAllowed { rule } => json!({ "rule": rule }),
            Self::NotMigratable { regard, .. } => json!({ "regard": regard }),
            Self::Ended { state } | Self::TaskClosed { state } => json!({ "state": state }),
            _ => Json::Null,
        }
    }

    /// Whether it is declined because of who asks: it goes to the security stream (invariant 13).
    #[must_use]
    pub fn on_authority(&self) -> bool {
        match self {
            Self::NotAllowed { .. } | Self::NeverApproves(_) => true,
            Self::Approval(declined) => declined.refusal.is_authority(),
            Self::Child { why, .. } => why.on_authority(),
            _ => false,
        }
    }
}

fn accepted(events: &[Arc<str>]) -> String {
    match events {
        [] => "It accepts no event now.".to_owned(),
        _ => format!("It accepts: {}.", events.join(", ")),
    }
}

/// No arrow took the event: there is none, or none of their conditions holds.
fn not_accepted(event: &Arc<str>, state: &str, accepts: &[Arc<str>]) -> String {
    if !accepts.contains(event) {
        return format!("In state `{state}` the event `{event}` is not accepted. {}", accepted(accepts));
    }
    let others: Vec<Arc<str>> = accepts.iter().filter(|other| *other != event).cloned().collect();
    let others = if others.is_empty() { String::new() } else { format!(" Else it accepts: {}.", others.join(", ")) };
    format!("In state `{state}` the event `{event}` is accepted under conditions, and none of them holds now.{others}")
}
