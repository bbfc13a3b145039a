//! How a document came to be where it is: who brought it there, and why.

use fluxor_engine::audit::{Entry, Header};
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
    /// Of the newest entries of the instance the one that brought it there. `at`: of several states side by side, into which.
    pub(crate) fn of(
        entries: &[Entry],
        (instance, definition): (&Instance, &Definition),
        at: Option<&str>,
        speak: &Words,
    ) -> Option<Self> {
        let beside = !instance.detail.inside.is_empty();
        let came = |(header, body): &(Header, Value)| match at.filter(|_| beside) {
            Some(at) => entered(body, at),
            None => !beside && header.from != header.to && header.to.as_ref() == Some(&instance.state),
        };
        let read = |entry: &Entry| {
            Some((entry.parsed().ok()?, serde_json::from_str::<Value>(&entry.body).unwrap_or_default()))
        };
        let (header, body) = entries.iter().rev().filter_map(read).find(came)?;
        let reason = body["reason"].as_str().map(str::trim).filter(|reason| !reason.is_empty());
        let done = format!("{} {}", who(&header, &body, speak), what(&header, &body, definition, speak));
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

/// Whether an entry led into this one of several states side by side.
fn entered(body: &Value, at: &str) -> bool {
    let has = |paths: &Value| paths.as_array().is_some_and(|all| all.iter().any(|path| path == at));
    let mut changes = body["changes"].as_array().into_iter().flatten();
    changes.any(|change| change["at"] == "/detail/inside" && has(&change["to"]) && !has(&change["from"]))
}
