//! What a notice asks for may be done by the time it goes out: then it asks for nothing any more. What must hold: nobody is asked
//! for what he cannot do, and what tells how something came out is never left out.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TaskId, TenantId};
use fluxor_engine::instance::TaskStatus;

use super::facts::Payload;
use crate::desk::{Desk, NotDone, TaskView};
use crate::http::problem::chain;

/// The task as it is now; none: there is no such task.
///
/// # Errors
/// A sentence: the database does not answer.
pub(super) async fn look(desk: &dyn Desk, tenant: TenantId, task: TaskId) -> Result<Option<TaskView>, String> {
    match desk.task(tenant, task).await {
        Ok(view) => Ok(Some(view)),
        Err(NotDone::Refused(_)) => Ok(None),
        Err(error) => Err(format!("a task cannot be asked: {}", chain(&error))),
    }
}

/// Whether there is still to be done what the notice asks for; of what only tells something there is.
pub(super) fn stands(view: Option<&TaskView>, payload: &Payload, person: &PersonId) -> bool {
    match () {
        () if payload.asks() => decides(view, payload, person).is_some(),
        () if is_question(payload) => is_unanswered(view, payload),
        () => true,
    }
}

/// Whether a notice asks for anything: only of such the task need be looked at.
pub(super) fn asks(payload: &Payload) -> bool {
    payload.asks() || is_question(payload)
}

fn is_question(payload: &Payload) -> bool {
    payload.notice.kind == "question_asked"
}

/// Whether somebody may still decide in the step that the notice is about; by when it should be.
pub(super) fn decides(view: Option<&TaskView>, payload: &Payload, person: &PersonId) -> Option<Option<Timestamp>> {
    let step = payload.notice.step.as_deref();
    let view = view.filter(|view| view.status == TaskStatus::Open)?;
    let mut seats = view.open.iter();
    let is_his = seats.any(|seat| seat.person == *person && step.is_none_or(|step| *seat.step == *step));
    is_his.then_some(view.due_at)
}

/// Whether a question has no answer yet.
pub(super) fn is_unanswered(view: Option<&TaskView>, payload: &Payload) -> bool {
    let text = payload.notice.reason.as_deref().unwrap_or_default();
    let view = view.filter(|view| view.status == TaskStatus::Open);
    view.is_some_and(|view| view.review.questions.iter().any(|one| &*one.text == text && one.answer.is_none()))
}
