//! Whether something waits for whoever looks at a document: questions to him, a seat of his, a draft that came back.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::{OrganisationAt, may_send};
use fluxor_engine::definition::chart::{Arrow, By, Definition, Outcome, State, StateKind};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Incident, Instance, Status, Task, TaskStatus, What};
use serde::Serialize;

use super::arrival::Arrival;
use super::words::{Words, is_requester, words};
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

/// What waits for the reader of a document. `arrival`: how it came to be where it is.
pub(super) fn turns(paper: &Paper, reader: &PersonId, arrival: Option<&Arrival>, speak: &Words) -> Vec<Turn> {
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
    turns.extend(again((instance, definition), organisation, (reader, *now)));
    let back = back((instance, definition), organisation, (reader, *now));
    turns.extend(back.map(|state| {
        let said = match instance.tasks.is_empty() {
            true => "It is a draft: nobody else has it until you go on with it.".to_owned(),
            false => format!("{} It is in “{}”.", came_back(arrival, reader), state.title),
        };
        Turn { label: "It is your turn".to_owned(), said, href: None }
    }));
    turns
}

/// That something is with whoever asked for it again; by whom and why, where that is known.
pub(super) fn came_back(arrival: Option<&Arrival>, reader: &PersonId) -> String {
    match arrival {
        Some(arrival) if arrival.is_by(reader) => "It is with you again.".to_owned(),
        Some(arrival) => match arrival.by_somebody() {
            Some(said) => format!("It came back to you. {said}"),
            None => "It came back to you.".to_owned(),
        },
        None => "It came back to you.".to_owned(),
    }
}

/// Events that failed, and may go well now: something has been changed since, and nobody sends them in another's place.
fn again<'i>(
    (instance, definition): (&'i Instance, &'i Definition),
    organisation: &'i OrganisationAt,
    (reader, now): (&'i PersonId, Timestamp),
) -> impl Iterator<Item = Turn> + 'i {
    let failed = instance.detail.incidents().filter(|incident| instance.changed_at > incident.since).filter_map(sent);
    let own = failed.filter(move |(event, by)| {
        by.is_none_or(|by| by == reader) && may_send(definition, instance, organisation, (reader, now), event)
    });
    own.map(|(event, _)| Turn {
        label: "It is your turn".to_owned(),
        said: format!(
            "Send it again: “{}”. It failed, and something has been changed since.",
            titled(definition, event)
        ),
        href: None,
    })
}

/// The event that an incident is of, and who sent it, where nobody else may send it again.
fn sent(incident: &Incident) -> Option<(&str, Option<&PersonId>)> {
    match &incident.tried.as_ref()?.what {
        What::Act { event: Some(event), by, .. } => Some((event, by.as_ref())),
        _ => None,
    }
}

/// What an event is called.
fn titled(definition: &Definition, event: &str) -> String {
    definition.events.get(event).map_or_else(|| words(event), |event| event.title.to_string())
}

/// Who has to send again what failed, where it was somebody's own act, in a sentence.
pub(super) fn sends(paper: &Paper, speak: &Words) -> Option<String> {
    let (event, by) = sent(paper.instance.detail.incidents().next()?)?;
    let who = by.map_or_else(|| "Whoever sent it".to_owned(), |by| speak.name(by));
    Some(format!("{who} has to send it again: “{}”.", titled(&paper.definition, event)))
}

/// Where something goes on only when he whom it is for says so: a state that asks nobody, calls nothing, and has a way on that is
/// his. Ways to the end, and those of states around it, are open to him besides.
pub(crate) fn back<'d>(
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
