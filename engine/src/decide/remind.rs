//! Reminders that somebody gives. What must hold: nobody is written to again and again because somebody presses often.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::approval::{self, Event, Organisation, Policy, Verb};
use crate::clock::Timestamp;
use crate::domain::Domain;
use crate::effect::{Effect, Notice, NoticeKind};
use crate::ids::PersonId;
use crate::instance::{Task, TaskStatus};

use super::notices::of_step;
use super::run::Run;

/// Within this time after a reminder, by somebody or by time, another by somebody writes to nobody.
const AGAIN_MICROS: i64 = 3_600_000_000;

impl<D: Domain> Run<'_, '_, D> {
    /// Tells those who are asked in a step that somebody reminds them.
    pub(super) fn remind(&mut self, at: usize, event: &Event, policy: &Policy) {
        let Verb::Remind { step } = &event.verb else { return };
        let ground = self.ground;
        let task = &mut self.work.tasks[at];
        let last = task.detail.reminded.get(step);
        if task.status != TaskStatus::Open || last.is_some_and(|last| ground.now < last.plus_micros(AGAIN_MICROS)) {
            return;
        }
        let organisation = &ground.organisation().organisation;
        let told = reminded(task, policy, organisation, ground.now, step, event.by.as_ref());
        if !told.is_empty() {
            task.detail.reminded.insert(Arc::clone(step), ground.now);
        }
        self.effects.extend(told.into_iter().map(Effect::Notice));
    }
}

/// To whoever is still asked in the step, also in somebody's place; not to whoever reminds.
fn reminded(
    task: &Task,
    policy: &Policy,
    organisation: &Organisation,
    now: Timestamp,
    step: &Arc<str>,
    by: Option<&PersonId>,
) -> Vec<Notice> {
    let mut asked: BTreeMap<PersonId, Option<PersonId>> = BTreeMap::new();
    for voice in approval::view(&task.detail.review, policy, organisation, &task.detail.rates, now).open {
        if voice.step == *step {
            asked.entry(voice.person).or_insert(voice.on_behalf_of);
        }
    }
    // Whoever has a seat, or was delegated to, is asked as himself.
    asked.extend(task.holders.iter().filter(|holder| holder.step == *step).map(|holder| (holder.person.clone(), None)));
    let others = asked.into_iter().filter(|(person, _)| Some(person) != by);
    let told = |(person, stands_for)| of_step(task, policy, NoticeKind::Reminder, Some(step), vec![person], stands_for);
    others.map(told).collect()
}
