//! What a line asks for, once it is read.

use std::sync::Arc;

use crate::approval;
use crate::calendar::Wait;
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::instance::Document;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Asks the engine for something.
    Ask(Ask),
    /// Moves the clock on.
    Wait(Wait),
    /// Moves the clock to an instant.
    Until(Timestamp),
    /// Moves what the outside and the instances themselves have to say.
    Deliver(Deliver),
    /// Goes on with another instance.
    Turn {
        /// Its workflow.
        workflow: Arc<str>,
        /// Characters of its key; none: any.
        part: String,
    },
}

/// What is asked of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Starts an instance; what follows is about it.
    Start {
        /// The definition's name.
        workflow: Arc<str>,
        /// Its business key, if one is given.
        key: Option<Arc<str>>,
        /// The subject's fields.
        input: Document,
    },
    /// Signals an event.
    Signal {
        /// Its name.
        event: Arc<str>,
        /// Its payload.
        payload: Document,
        /// Why.
        reason: Option<String>,
        /// The state revision that is claimed to be seen.
        revision: Option<i64>,
    },
    /// Acts on a task.
    Decide {
        /// What is done.
        act: approval::Verb,
        /// The state whose task is meant; else the newest task.
        state: Option<Place>,
        /// The etag that is claimed to be seen; else the present one.
        etag: Option<String>,
    },
    /// Gives the data that a task asks for.
    Complete {
        /// The state whose task is meant.
        state: Place,
        /// For whom.
        on_behalf_of: Option<PersonId>,
        /// The etag that is claimed to be seen; else the present one.
        etag: Option<String>,
        /// The fields of its form.
        data: Document,
    },
    /// Runs an action on a record.
    Record {
        /// The record's kind.
        kind: Arc<str>,
        /// Its key.
        key: Arc<str>,
        /// The action.
        action: Arc<str>,
        /// Its parameters.
        params: Document,
    },
    /// Changes the organisation.
    Organisation(Document),
}

/// The path of a state, and the column that it is written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path.
    pub path: Arc<str>,
    /// From 1, in characters.
    pub column: usize,
}

/// How messages are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deliver {
    /// Until nothing moves any more.
    All,
    /// One look.
    Once,
    /// As `All`; nobody takes messages from now on, until one of the others.
    Failing,
}
