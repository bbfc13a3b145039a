//! What the inbox asks of the reader besides decisions: questions, and what came back to him.

use fluxor_engine::definition::chart::{Definition, State};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Instance, TaskStatus};
use serde::Serialize;

use super::arrival::Arrival;
use super::words::{Words, is_requester, title_of};

/// A question that the reader is asked about what he asked for, or by name; or what he asked for and came back to him.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    href: String,
    title: String,
    /// Who asks; nobody: it came back.
    by: Option<String>,
    text: String,
    /// What whoever brought it back did, and why.
    why: Option<String>,
    ago: String,
    since: String,
}

impl Asked {
    /// Those of an instance that have no answer yet.
    pub(crate) fn of(
        instance: &Instance,
        definition: Option<&Definition>,
        reader: &PersonId,
        speak: &Words,
    ) -> Vec<Self> {
        let requester = is_requester(&instance.subject, reader);
        let title = title_of(instance, definition);
        let open = instance.tasks.iter().filter(|task| task.status == TaskStatus::Open);
        let questions = open.flat_map(|task| task.detail.review.questions.iter().map(move |one| (task, one)));
        let own = questions.filter(|(_, one)| one.answered.is_none() && (requester || one.to.as_ref() == Some(reader)));
        own.map(|(task, one)| Self {
            href: format!("/tasks/{}", task.id),
            title: title.clone(),
            by: Some(speak.name(&one.by)),
            text: one.text.to_string(),
            why: None,
            ago: speak.when(one.at),
            since: speak.at(one.at),
        })
        .collect()
    }

    /// What the reader asked for, has been with others, and goes on only when he says so. `arrival`: how it came there.
    pub(crate) fn back(
        (instance, definition): (&Instance, &Definition),
        (state, arrival): (&State, Option<&Arrival>),
        reader: &PersonId,
        speak: &Words,
    ) -> Self {
        let since = instance.detail.entered_at;
        let own = arrival.is_some_and(|arrival| arrival.is_by(reader));
        let came = if own { "It is with you again" } else { "It came back to you" };
        Self {
            href: format!("/instances/{}", instance.id),
            title: title_of(instance, Some(definition)),
            by: None,
            text: format!("{came}: {}", state.title),
            why: arrival.filter(|_| !own).and_then(Arrival::by_somebody).map(str::to_owned),
            ago: speak.when(since),
            since: speak.at(since),
        }
    }
}
