//! How a document came to be where it is: who brought it there, and why.

use fluxor_engine::audit::Entry;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Instance;
use serde_json::Value;

use super::timeline::{what, who};
use super::words::Words;

/// How an instance came to be where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Who brought it there; nobody: time, or a message.
    by: Option<PersonId>,
    /// Who did what, in a sentence, with the reason.
    said: String,
    has_reason: bool,
}

impl Arrival {
    /// Of the newest entries of the instance the one that brought it there.
    pub(crate) fn of(
        entries: &[Entry],
        (instance, definition): (&Instance, &Definition),
        speak: &Words,
    ) -> Option<Self> {
        let all = entries.iter().rev().filter_map(|entry| Some((entry.parsed().ok()?, entry)));
        let mut moves =
            all.filter(|(header, _)| header.from != header.to && header.to.as_ref() == Some(&instance.state));
        let (header, entry) = moves.next()?;
        let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
        let reason = body["reason"].as_str().map(str::trim).filter(|reason| !reason.is_empty());
        let done = format!("{} {}", who(&header, speak), what(&header, &body, definition));
        let said = reason.map_or_else(|| format!("{done}."), |reason| format!("{done}: “{reason}”."));
        Some(Self { by: header.actor, has_reason: reason.is_some(), said })
    }

    /// Whether it was this person.
    pub(super) fn is_by(&self, person: &PersonId) -> bool {
        self.by.as_ref() == Some(person)
    }

    /// Who did what and why, where somebody did it.
    pub(super) fn by_somebody(&self) -> Option<&str> {
        self.by.as_ref().map(|_| &*self.said)
    }

    /// The same, where a reason was given.
    pub(super) fn with_reason(&self) -> Option<&str> {
        Some(&*self.said).filter(|_| self.has_reason)
    }
}
