//! Whether something waits for whoever looks at a document: questions to him, a seat of his, a draft that came back.

use fluxor_engine::definition::chart::Outcome;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Status, Task, TaskStatus};
use serde::Serialize;

use super::forms::takes;
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
    let acts = || paper.accepts.iter().any(|event| takes(paper, event, reader));
    if requester && open.is_empty() && instance.status == Status::Active && is_draft(paper) && acts() {
        let said = if instance.tasks.is_empty() { "It is a draft." } else { "It came back to you." };
        turns.push(Turn { label: "It is your turn".to_owned(), said: said.to_owned(), href: None });
    }
    turns
}

/// Whether it stands where requests to change something lead.
fn is_draft(paper: &Paper) -> bool {
    let definition = &paper.definition;
    let active = definition.active(&paper.instance).unwrap_or_default();
    let mut arrows = definition.states.iter().filter_map(|state| state.on.get("changes_requested")).flatten();
    arrows.any(|arrow| match &arrow.outcome {
        Outcome::Go(go) => go.to.is_some_and(|to| active.contains(&to)),
        Outcome::Refuse(_) => false,
    })
}
