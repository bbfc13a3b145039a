//! Whether something waits for whoever looks at a document: questions to him, a seat of his, a draft that came back.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::{OrganisationAt, may_send};
use fluxor_engine::definition::chart::{Arrow, By, Definition, Outcome, State, StateKind};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Instance, Status, Task, TaskStatus};
use serde::Serialize;

use super::words::{Words, is_requester};
use crate::desk::Paper;

/// Something that waits for the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Turn {
    /// In a few words.
    label: String,
    /// The same with what is asked.
    said: String,
    /// Where it is done; nothing: on the document's page.
    href: Option<String>,
}

/// What waits for the reader of a document.
pub(super) fn turns(paper: &Paper, reader: &PersonId, speak: &Words) -> Vec<Turn> {
    let Paper { instance, definition, organisation, now, .. } = paper;
    let requester = is_requester(&instance.subject, reader);
    let open: Vec<&Task> = instance.tasks.iter().filter(|task| task.status == TaskStatus::Open).collect();
    let questions = open.iter().flat_map(|task| task.detail.review.questions.iter().map(move |one| (task, one)));
    let questions = questions.filter(|(_, one)| one.answered.is_none());
    let mut turns: Vec<Turn> = questions
        .filter(|(_, one)| requester || one.to.as_ref() == Some(reader))
        .map(|(task, one)| Turn {
            label: "A question waits for you".to_owned(),
            said: format!("{} asks: {}", speak.name(&one.by), one.text),
            href: Some(format!("/tasks/{}", task.id)),
        })
        .collect();
    let summaries = fluxor_engine::decide::summaries(definition, instance, organisation, *now);
    let own = summaries.iter().filter(|task| task.open.iter().any(|seat| seat.person == *reader));
    turns.extend(own.map(|task| Turn {
        label: "It is your turn".to_owned(),
        said: "You are asked.".to_owned(),
        href: Some(format!("/tasks/{}", task.id)),
    }));
    let back = back((instance, definition), organisation, (reader, *now));
    turns.extend(back.map(|state| {
        let said = match instance.tasks.is_empty() {
            true => "It is a draft.".to_owned(),
            false => format!("It came back to you. It is in “{}”.", state.title),
        };
        Turn { label: "It is your turn".to_owned(), said, href: None }
    }));
    turns
}

/// Where something goes on only when he whom it is for says so: a state that asks nobody, calls nothing, and has a way on that is
/// his. Ways to the end, and those of states around it, are open to him besides.
pub(super) fn back<'d>(
    (instance, definition): (&Instance, &'d Definition),
    organisation: &OrganisationAt,
    (reader, now): (&PersonId, Timestamp),
) -> Option<&'d State> {
    if instance.status == Status::Final || !is_requester(&instance.subject, reader) {
        return None;
    }
    let goes_on = |arrow: &Arrow| match (&arrow.by, &arrow.outcome) {
        (By::Person(..), Outcome::Go(go)) => {
            go.to.is_some_and(|to| !matches!(definition.state(to).kind, StateKind::Final))
        }
        _ => false,
    };
    let may = |event: &str| may_send(definition, instance, organisation, (reader, now), event);
    let waits = |state: &State| {
        let broken = instance.detail.incidents().any(|incident| incident.at.as_ref() == Some(&state.path));
        let mut ways = state.on.iter().filter(|(_, arrows)| arrows.iter().any(goes_on));
        matches!(state.kind, StateKind::Simple) && !broken && ways.any(|(event, _)| may(event))
    };
    let active = definition.active(instance).unwrap_or_default();
    active.into_iter().map(|leaf| definition.state(leaf)).find(|state| waits(state))
}
