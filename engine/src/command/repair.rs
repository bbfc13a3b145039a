//! What operators do to an instance that cannot go on, or must not go on as it is.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::instance::Document;

/// A repair. None of them approves anything.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// What made the incident is tried again.
    Retry {
        /// The state whose incident is meant, where there are several.
        at: Option<Arc<str>>,
    },
    /// It goes on as if what made the incident had worked.
    Skip {
        /// As of [`Repair::Retry`].
        at: Option<Arc<str>>,
        /// What a message that counts as delivered is taken to have answered.
        payload: Document,
    },
    /// It leaves what it is in and enters another state.
    Move {
        /// The state's path.
        to: Arc<str>,
    },
    /// Fields of its document are corrected.
    SetData {
        /// The fields and their new values; null: none.
        set: Document,
    },
    /// It ends where it stands.
    Cancel,
}

impl Repair {
    /// The repair's name, in entries too.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Skip { .. } => "skip",
            Self::Move { .. } => "move",
            Self::SetData { .. } => "set_data",
            Self::Cancel => "cancel",
        }
    }

    /// What is asked, as entries keep it.
    #[must_use]
    pub(crate) fn told(&self) -> Document {
        let told = match self {
            Self::Retry { at } => json!({ "at": at }),
            Self::Skip { at, payload } => json!({ "at": at, "payload": payload }),
            Self::Move { to } => json!({ "to": to }),
            Self::SetData { set } => json!({ "set": set }),
            Self::Cancel => json!({}),
        };
        let is_there =
            |(_, value): &(String, Json)| !value.is_null() && value.as_object().is_none_or(|o| !o.is_empty());
        told.as_object().cloned().unwrap_or_default().into_iter().filter(is_there).collect()
    }
}
