//! Who answers next.

use std::sync::Arc;

use crate::approval::Status;
use crate::clock::Timestamp;
use crate::decide;
use crate::domain::Domain;
use crate::ids::{PersonId, TaskId};

use super::asked::{Answer, Pace};
use super::halt::Halt;
use super::play::Play;
use super::report::EndKind;

/// Something that somebody who is asked may do next.
pub(super) struct Next {
    pub(super) at: Timestamp,
    pub(super) task: TaskId,
    pub(super) step: Arc<str>,
    pub(super) answer: Answer,
    /// The first who may, and in whose place.
    pub(super) by: (PersonId, Option<PersonId>),
    pub(super) asks_data: bool,
}

impl<D: Domain> Play<'_, D>
where
    D::Facts: Clone,
{
    /// Who answers next, and what. Without time nobody's turn is before another's but by the order of tasks and steps.
    pub(super) fn next(&mut self) -> Result<Option<Next>, Halt<D::Need>> {
        let mut first: Option<Next> = None;
        for (definition, id) in self.open_tasks() {
            let Some((instance, _)) = self.instance_of(id) else { continue };
            let Some(task) = instance.tasks.iter().find(|task| task.id == id) else { continue };
            let asks_data = decide::asks_for_data(&definition, task);
            let steps = decide::foreseen(&definition, task, self.organisation().ok_or_else(nobody)?, self.now);
            for step in steps.unwrap_or_default() {
                let answer = self.answer(&step.step);
                let open = step.status == Status::Open;
                if !open || answer == Answer::None || (asks_data && self.asked.hand) {
                    continue;
                }
                let due = step.due.filter(|_| self.asked.pace == Pace::Due);
                let at = due.map_or(self.now, |due| due.max(self.now));
                // Who may is dear to find: not of a step whose turn comes later.
                if first.as_ref().is_some_and(|first| first.at <= at) {
                    continue;
                }
                let Some(by) = self.first_who_may(id, &step.step, at) else { continue };
                first = Some(Next { at, task: id, step: step.step, answer, by, asks_data });
            }
        }
        Ok(first)
    }

    fn answer(&self, step: &str) -> Answer {
        let answers = &self.asked.answers;
        answers.get(step).or_else(|| answers.get("*")).copied().unwrap_or_default()
    }

    /// The first who may decide a step at an instant, and in whose place.
    pub(super) fn first_who_may(&self, id: TaskId, step: &str, at: Timestamp) -> Option<(PersonId, Option<PersonId>)> {
        let (instance, definition) = self.instance_of(id)?;
        let found = decide::deciders(&definition, &instance, id.ordinal, self.setting.organisations, at, None)?;
        let standing = found.deciders.into_iter().find(|standing| *standing.seat.step == *step)?;
        Some((standing.person, standing.on_behalf_of))
    }
}

fn nobody<Need>() -> Halt<Need> {
    Halt::end(EndKind::Waits, "There is no organisation, and so nobody is asked.")
}
