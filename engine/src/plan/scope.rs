//! Whose keys are whose.

use std::sync::Arc;

use crate::command::Actor;
use crate::ids::PersonId;

/// The scope of an actor's request ids among the start keys: nobody can take another's, or the engine's own.
#[must_use]
pub fn request_scope(actor: &Actor) -> Arc<str> {
    request_scope_of(actor.person())
}

/// The same, of the person whom an entry tells.
#[must_use]
pub fn request_scope_of(person: Option<&PersonId>) -> Arc<str> {
    person.map_or_else(|| "request".into(), |person| format!("request:{person}").into())
}

/// The scope of a workflow's business keys among the start keys.
#[must_use]
pub fn business_scope(workflow: &str) -> Arc<str> {
    format!("workflow:{workflow}").into()
}
