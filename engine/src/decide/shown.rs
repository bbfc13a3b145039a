//! How tasks are shown: who may act now.

use crate::approval;
use crate::clock::Timestamp;
use crate::command::{OpenSeat, TaskSummary};
use crate::definition::chart::{Arrow, Definition, EXPIRED, StateIx};
use crate::instance::{Instance, Task, TaskStatus};

use super::review::policy_of;
use super::{OrganisationAt, by};

/// The open tasks of an instance, with who may act now.
#[must_use]
pub fn summaries(
    definition: &Definition,
    instance: &Instance,
    now: &OrganisationAt,
    at: Timestamp,
) -> Vec<TaskSummary> {
    instance
        .tasks
        .iter()
        .filter(|t| t.status == TaskStatus::Open)
        .map(|task| {
            let open = view_at(definition, (instance, task), now, at).map(|view| {
                let seat =
                    |o: approval::OpenVoice| OpenSeat { step: o.step, person: o.person, on_behalf_of: o.on_behalf_of };
                view.open.into_iter().map(seat).collect()
            });
            TaskSummary {
                id: task.id,
                etag: task.etag(),
                state: task.state.clone(),
                open: open.unwrap_or_default(),
                due_at: due(definition, task),
            }
        })
        .collect()
}

/// By when the first of its open steps should be decided. (The row's own `due_at` is when time next does something.)
#[must_use]
pub fn due(definition: &Definition, task: &Task) -> Option<Timestamp> {
    let policy = policy_of(definition, task)?;
    let review = &task.detail.review;
    let open = review.steps.iter().filter(|step| step.status == approval::Status::Open);
    open.filter_map(|step| approval::due_of(review, &policy, &step.name)).min()
}

/// When time alone leads an instance to another state, and to which: the first of its timers, and of the times after which reviews
/// lapse. Of a task: what leads out of its state.
#[must_use]
pub fn led_by_time(
    definition: &Definition,
    instance: &Instance,
    task: Option<&Task>,
) -> Option<(Timestamp, Vec<StateIx>)> {
    let all = timed(definition, instance, task).map(|(at, arrows)| (at, targets(arrows)));
    // What time does where something stands leads nowhere.
    all.filter(|(_, to)| !to.is_empty()).min_by_key(|(at, _)| *at)
}

/// By when time alone leads an instance out of the state of a task, whatever else holds then.
#[must_use]
pub fn surely_left(definition: &Definition, instance: &Instance, task: &Task) -> Option<Timestamp> {
    let leads = |arrow: &Arrow| arrow.guard.is_none() && arrow.to().is_some();
    let sure = |arrows: &[Arrow]| arrows.iter().any(leads) && arrows.iter().all(|arrow| arrow.to().is_some());
    timed(definition, instance, Some(task)).filter(|(_, arrows)| sure(arrows)).map(|(at, _)| at).min()
}

/// When time does something by itself, and the arrows of which it takes one.
fn timed<'a>(
    definition: &'a Definition,
    instance: &'a Instance,
    task: Option<&'a Task>,
) -> impl Iterator<Item = (Timestamp, &'a [Arrow])> {
    let is_around = move |state: StateIx| {
        task.is_none_or(|task| definition.find(&task.state).is_some_and(|own| definition.is_within(own, state)))
    };
    let states = (0..definition.states.len()).map(StateIx).filter(move |ix| is_around(*ix));
    let timers = states.flat_map(move |ix| &definition.state(ix).timers);
    let timers =
        timers.filter_map(move |timer| Some((*instance.detail.timers.get(&timer.name)?, timer.arrows.as_slice())));
    let of_task = move |one: &&Task| task.is_none_or(|task| task.id == one.id) && one.status == TaskStatus::Open;
    let lapses = instance.tasks.iter().filter(of_task).filter_map(move |task| {
        let at = approval::lapse(&task.detail.review, &*policy_of(definition, task)?)?;
        let own = definition.find(&task.state)?;
        let arrows = definition.upwards(own).find_map(|ix| definition.state(ix).on.get(EXPIRED))?;
        Some((at, arrows.as_slice()))
    });
    timers.chain(lapses)
}

fn targets(arrows: &[Arrow]) -> Vec<StateIx> {
    let mut to: Vec<StateIx> = arrows.iter().filter_map(Arrow::to).collect();
    to.dedup();
    to
}

/// A task as the approval core shows it.
#[must_use]
pub fn view_at(
    definition: &Definition,
    (instance, task): (&Instance, &Task),
    organisation: &OrganisationAt,
    at: Timestamp,
) -> Option<approval::View> {
    let policy = policy_of(definition, task)?;
    let mut view = approval::view(&task.detail.review, &policy, &organisation.organisation, &task.detail.rates, at);
    view.open.retain(|voice| {
        by::is_good((definition, instance, task), &voice.step, (&voice.person, voice.on_behalf_of.as_ref()))
    });
    Some(view)
}

/// Who could decide a task now, and why.
#[must_use]
pub fn standings(
    definition: &Definition,
    (instance, task): (&Instance, &Task),
    organisation: &OrganisationAt,
    at: Timestamp,
) -> Vec<approval::Standing> {
    let open = task.status == TaskStatus::Open;
    let policy = if open { policy_of(definition, task) } else { None };
    policy.map_or_else(Vec::new, |policy| {
        let all = approval::deciders(&task.detail.review, &policy, &organisation.organisation, &task.detail.rates, at);
        all.into_iter().filter(|one| by::is_good_of((definition, instance, task), one)).collect()
    })
}

/// By which part of its policy each step of a task is asked for.
#[must_use]
pub fn ruled(definition: &Definition, task: &Task) -> Vec<approval::Ruled> {
    policy_of(definition, task).map_or_else(Vec::new, |policy| approval::ruled(&task.detail.review, &policy))
}

/// Whom each step of a task's plan asks or would ask, in the order of the plan, and why. `None`: it is none of the definition's.
#[must_use]
pub fn foreseen(
    definition: &Definition,
    task: &Task,
    organisation: &OrganisationAt,
    at: Timestamp,
) -> Option<Vec<approval::Foreseen>> {
    let policy = policy_of(definition, task)?;
    Some(approval::foresee(&task.detail.review, &policy, &organisation.organisation, &task.detail.rates, at))
}
