//! Whom the open tasks ask: gathered after every step, so that who was asked on the way is told too.

use crate::approval::{Foreseen, Quorum, RungAct, Status};
use crate::clock::Timestamp;
use crate::decide::{self, OrganisationAt};
use crate::definition::chart::Definition;
use crate::ids::{PersonId, TaskId};
use crate::instance::{Instance, Task, TaskStatus};

use super::MOST_PEOPLE;
use super::report::{AskedStep, LateStep, PersonAsked, PersonNotAsked};

/// The steps that were seen so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    seen: Vec<Seen>,
    opened: usize,
    /// How many people were looked at, all steps together: what it costs.
    pub(super) looked_at: usize,
}

/// A step that was seen.
#[derive(Debug)]
struct Seen {
    task: TaskId,
    /// In which place of the order of opening it opened.
    opened: Option<usize>,
    told: AskedStep,
}

impl Gathered {
    /// Notes what the tasks of an instance ask now.
    pub(super) fn look(
        &mut self,
        definition: &Definition,
        instance: &Instance,
        organisation: &OrganisationAt,
        at: Timestamp,
    ) {
        for task in &instance.tasks {
            let round = task.detail.review.round;
            let known = |seen: &Seen| seen.task == task.id && seen.told.round == round;
            if task.status != TaskStatus::Open {
                // What is decided is not asked any more: only how it ended is new.
                for seen in self.seen.iter_mut().filter(|seen| known(seen)) {
                    let step = task.detail.review.step(&seen.told.step);
                    seen.told.status = step.map_or(seen.told.status, |step| step.status.name());
                }
                continue;
            }
            let led = decide::led_by_time(definition, instance, Some(task));
            let left = decide::surely_left(definition, instance, task);
            for step in decide::foreseen(definition, task, organisation, at).unwrap_or_default() {
                self.looked_at += step.people.len();
                let place = self.seen.iter().position(|seen| known(seen) && seen.told.step == step.step);
                let place = place.unwrap_or_else(|| {
                    let fields = decide::asked_for(definition, task, &instance.subject, at).unwrap_or_default();
                    let told = AskedStep { fields, ..told(definition, instance, task, &step) };
                    self.seen.push(Seen { task: task.id, opened: None, told });
                    self.seen.len() - 1
                });
                let seen = &mut self.seen[place];
                if step.status != Status::Waiting && seen.opened.is_none() {
                    seen.opened = Some(self.opened);
                    self.opened += 1;
                    // Who was foreseen while it waited may be another by now.
                    seen.told.people.clear();
                    seen.told.more = 0;
                }
                goes_on(&mut seen.told, &step);
                // Once it is left, nobody is late.
                seen.told.rungs.retain(|rung| left.is_none() || rung.at.is_none() || rung.at <= left);
                let then = led.iter().flat_map(|(_, to)| to).map(|&to| definition.state(to).path.clone());
                (seen.told.until, seen.told.then) = (led.as_ref().map(|(at, _)| *at), then.collect());
            }
        }
    }

    /// Whether a step of this name was seen.
    pub(super) fn has(&self, step: &str) -> bool {
        self.seen.iter().any(|seen| *seen.told.step == *step)
    }

    /// All of them: those that opened in that order, then those that never did.
    pub(super) fn finish(mut self) -> Vec<AskedStep> {
        self.seen.sort_by_key(|seen| seen.opened.unwrap_or(usize::MAX));
        self.seen.into_iter().map(|seen| seen.told).collect()
    }
}

/// What does not change about a step.
fn told(definition: &Definition, instance: &Instance, task: &Task, step: &Foreseen) -> AskedStep {
    let title = definition.find(&task.state).map(|ix| definition.state(ix).title.clone());
    AskedStep {
        workflow: instance.workflow.clone(),
        state: task.state.clone(),
        title: title.unwrap_or_else(|| task.state.clone()),
        step: step.step.clone(),
        round: task.detail.review.round,
        order: step.order,
        quorum: String::new(),
        status: step.status.name(),
        plan: step.plan.clone(),
        row: step.row.map(|row| row.saturating_add(1)),
        opens_after: step.after.clone(),
        opens_at: None,
        due_at: None,
        until: None,
        then: Vec::new(),
        people: Vec::new(),
        more: 0,
        rungs: Vec::new(),
        not_asked: Vec::new(),
        problem: None,
        fields: Vec::new(),
    }
}

/// How a step stands now. Whoever was asked stays told, though somebody else was asked in his place.
fn goes_on(told: &mut AskedStep, step: &Foreseen) {
    told.status = step.status.name();
    told.quorum = quorum(step);
    told.opens_at = step.opened;
    told.due_at = step.due;
    told.problem = match step.over_limits {
        true => Some("over_limits"),
        false => step.problem.map(crate::approval::Stuck::name),
    };
    if step.status == Status::Waiting {
        told.people.clear();
        told.more = 0;
    }
    for standing in &step.people {
        let (person, on_behalf_of) = (&standing.person, &standing.on_behalf_of);
        if told.people.iter().any(|one| one.person == *person && one.on_behalf_of == *on_behalf_of) {
            continue;
        }
        if told.people.len() < MOST_PEOPLE {
            let why = standing.because();
            told.people.push(PersonAsked { person: person.clone(), on_behalf_of: on_behalf_of.clone(), why });
        }
    }
    told.more = step.people.len().saturating_sub(MOST_PEOPLE);
    told.rungs = step.rungs.iter().map(rung).collect();
    let not_asked = step.passed_over.iter().take(MOST_PEOPLE);
    told.not_asked = not_asked
        .map(|one| PersonNotAsked { person: one.person.clone(), why: format!("{} {}", one.person, one.why) })
        .collect();
}

fn rung(late: &crate::approval::LateRung) -> LateStep {
    let act = match late.act {
        RungAct::Remind => "remind",
        RungAct::Incident => "incident",
        RungAct::Reject => "reject",
        RungAct::Escalate => "escalate",
    };
    LateStep { at: late.at, after: late.after.clone(), act, to: late.to.clone().map(PersonId::from) }
}

/// Such as `2 of 3, one after another`.
fn quorum(step: &Foreseen) -> String {
    let (need, seats) = (step.need, step.seats);
    let mut text = match step.quorum {
        _ if seats == 0 => "nobody".to_owned(),
        Quorum::All if seats == 1 => "1 of 1".to_owned(),
        Quorum::All => format!("all {seats}"),
        Quorum::Any | Quorum::Count(_) | Quorum::Percent(_) => format!("{need} of {seats}"),
    };
    if step.one_by_one && seats > 1 {
        text.push_str(", one after another");
    }
    text
}
