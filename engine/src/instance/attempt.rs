//! What was tried when an incident came about: what an operator has tried again, or has counted as done.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Document, Undo};
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// What was tried, and did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What set it in motion.
    #[serde(flatten)]
    pub what: What,
    /// What was to be taken back just then, if that is where it broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

/// What set something in motion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tried", rename_all = "snake_case")]
pub enum What {
    /// Time: these timers and tasks were due, and are used up.
    Time {
        /// Timers by name, with the instants at which they were due.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        timers: BTreeMap<Arc<str>, Timestamp>,
        /// The ordinals of tasks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tasks: Vec<u32>,
    },
    /// A result, or what the instance told itself.
    Message {
        /// The message's id.
        message: Arc<str>,
        /// The event that it is.
        event: Arc<str>,
        /// What it brings.
        payload: Document,
    },
    /// Messages to the outside that were given up, oldest first.
    Delivery {
        /// Which.
        messages: Vec<Undelivered>,
    },
    /// Somebody's own act, which nobody repeats in his place.
    Act {
        /// The verb.
        verb: Arc<str>,
        /// The event, of a signal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Arc<str>>,
        /// Whose; `None`: the console's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<PersonId>,
        /// What it brought.
        #[serde(default, skip_serializing_if = "Document::is_empty")]
        payload: Document,
        /// Why, in his words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
}

/// A message to the outside that was given up: the key of its row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Undelivered {
    /// Its name.
    pub destination: Arc<str>,
    /// The number of the entry that sent it.
    pub seq: i64,
    /// Its id.
    pub id: uuid::Uuid,
}

impl Undelivered {
    /// From what the instance is told of a delivery that was given up; `None`: it does not say which one.
    #[must_use]
    pub fn told(payload: &Document) -> Option<Self> {
        let text = |name: &str| payload.get(name).and_then(serde_json::Value::as_str);
        Some(Self {
            destination: text("destination")?.into(),
            seq: payload.get("seq").and_then(serde_json::Value::as_i64)?,
            id: text("id")?.parse().ok()?,
        })
    }
}
