//! What made an incident, tried again, or counted as done.

use std::sync::Arc;

use crate::approval::{State, Verb};
use crate::command::{Command, Repair};
use crate::definition::chart::OUTCOMES;
use crate::domain::Domain;
use crate::effect::{Effect, Resume};
use crate::instance::{Attempt, Document, Incident, Instance, TaskStatus, Undelivered, Undo, What};
use crate::refusal::Refusal;

use super::super::barred::APPROVAL_INCIDENT;
use super::super::call::ENDED;
use super::super::run::{Asking, Run};
use super::super::{CHANGE_ORGANISATION, Halt, Stop};

/// The incident that a repair is about.
fn meant<'i>(instance: &'i Instance, at: Option<&str>) -> Result<&'i Incident, Refusal> {
    let mut all = instance.detail.incidents();
    match (at, all.clone().count()) {
        (_, 0) => {
            let why = "It has no incident: there is nothing to try again or to skip. `move`, `set_data` and `cancel` work without one.";
            Err(Refusal::NotRepairable(why.to_owned()))
        }
        (None, 1) => all.next().ok_or_else(|| Refusal::NotRepairable(String::new())),
        (at, _) => {
            let states: Vec<&str> = instance.detail.incidents().filter_map(|incident| incident.at.as_deref()).collect();
            let found = all.find(|incident| at.is_some() && incident.at.as_deref() == at);
            found.ok_or_else(|| {
                let why = format!("say which incident is meant, by its state: `{}`", states.join("`, `"));
                Refusal::Invalid(vec![("/at".to_owned(), why)])
            })
        }
    }
}

/// Whether what is tried again is the operator's own act.
pub(super) fn is_own(before: &Instance, repair: &Repair, command: &Command) -> bool {
    let (Repair::Retry { at } | Repair::Skip { at, .. }) = repair else { return true };
    let tried = meant(before, at.as_deref()).ok().and_then(|incident| incident.tried.as_ref());
    match tried.map(|tried| &tried.what) {
        Some(What::Act { by, .. }) => by.as_ref() == command.actor.person(),
        _ => false,
    }
}

fn unknown() -> Refusal {
    let why = "What made this incident is not known any more: it is older than repairs. Move it to the state in which it should \
               go on, or cancel it.";
    Refusal::NotRepairable(why.to_owned())
}

impl<D: Domain> Run<'_, '_, D> {
    /// Takes the incident out: whatever comes of the repair is a new one.
    fn taken(&mut self, at: Option<&str>) -> Result<Incident, Halt<D::Need>> {
        let incident = meant(&self.work, at)?.clone();
        self.work.detail.forget(|known| *known == incident);
        self.is_well();
        Ok(incident)
    }

    /// Tries again what made the incident.
    pub(super) fn retry(&mut self, at: Option<&str>) -> Result<(), Halt<D::Need>> {
        let incident = self.taken(at)?;
        if *incident.code == *APPROVAL_INCIDENT {
            return self.resolve_anew(incident.at.as_ref());
        }
        let Attempt { what, .. } = *incident.tried.ok_or_else(unknown)?;
        match what {
            What::Delivery { messages } => {
                self.effects.extend(messages.into_iter().map(|message| resume(message, true)));
                Ok(())
            }
            What::Act { verb, event, by, payload, reason } => {
                let own = by.as_ref() == self.command.actor.person();
                match event {
                    Some(event) if own => self.signal(&event, &payload, reason.as_deref(), None),
                    _ => Err(theirs(&verb, event.as_deref(), by.map(|by| by.to_string()))),
                }
            }
            what => self.again(what),
        }
    }

    /// What the engine itself had tried.
    fn again(&mut self, what: What) -> Result<(), Halt<D::Need>> {
        match what {
            What::Time { timers, tasks } => {
                let now = self.now();
                for (name, due) in timers {
                    self.work.detail.timers.entry(name).or_insert(due);
                }
                for task in self.work.tasks.iter_mut().filter(|task| tasks.contains(&task.id.ordinal)) {
                    if task.status == TaskStatus::Open {
                        task.due_at = Some(task.due_at.map_or(now, |due| due.min(now)));
                    }
                }
                match self.wake() {
                    // What was due has gone its way since.
                    Err(Halt::Stop(Stop::Nothing)) => self.settle(),
                    woken => woken,
                }
            }
            What::Message { message, event, payload } => self.message(&message, &event, &payload),
            What::Delivery { .. } | What::Act { .. } => Ok(()),
        }
    }

    /// The approval of the state is resolved anew, with the organisation as it is.
    fn resolve_anew(&mut self, at: Option<&Arc<str>>) -> Result<(), Halt<D::Need>> {
        let stuck = |task: &crate::instance::Task| {
            task.status == TaskStatus::Open
                && task.detail.review.state == State::Incident
                && at.is_none_or(|at| *at == task.state)
        };
        let Some(place) = self.work.tasks.iter().position(stuck) else {
            self.settle()?;
            let again = self.work.detail.incidents().find(|i| *i.code == *APPROVAL_INCIDENT && i.at.as_ref() == at);
            return match again {
                Some(Incident { message, .. }) => Err(Refusal::NotRepairable(format!(
                    "Still {message}, where whoever is asked may not decide. Its task takes `repair` with `assign`, which gives \
                     the step somebody, `reassign` and `escalate`."
                ))
                .into()),
                None => Ok(()),
            };
        };
        self.review(place, Verb::Organisation, None)?;
        let task = &self.work.tasks[place];
        if task.detail.review.state == State::Incident {
            let (id, why) = (task.id, &task.detail.review.why);
            let why = format!(
                "The approval still needs help: {why}. Task {id} takes `repair` with `assign`, which gives the step somebody, or \
                 `restart`, which begins a new round."
            );
            return Err(Refusal::NotRepairable(why).into());
        }
        self.settle()
    }

    /// Goes on as if what made the incident had worked.
    pub(super) fn skip(&mut self, at: Option<&str>, payload: &Document) -> Result<(), Halt<D::Need>> {
        let incident = self.taken(at)?;
        if *incident.code == *APPROVAL_INCIDENT {
            let why =
                "An approval is not skipped: give the step somebody (`assign`), or begin a new round (`restart`).";
            return Err(Refusal::NeverApproves(why.to_owned()).into());
        }
        let Attempt { what, undo } = *incident.tried.ok_or_else(unknown)?;
        let brings = matches!(what, What::Delivery { .. });
        if !payload.is_empty() && !brings {
            let why = "nothing is delivered here that could bring something: leave it out".to_owned();
            return Err(Refusal::Invalid(vec![("/payload".to_owned(), why)]).into());
        }
        match (what, undo) {
            (What::Act { verb, event: None, by, .. }, _) => {
                let who = by.map_or_else(|| "whoever gave it".to_owned(), |by| format!("`{by}`"));
                let why = format!("`{verb}` is not skipped: {who} gives it again, once what broke is mended.");
                Err(Refusal::NeverApproves(why).into())
            }
            // Whoever sent the event sends it again, or does not.
            (What::Act { .. }, undo) => {
                self.leave_out(undo.as_ref());
                self.settle()
            }
            (what, Some(undo)) => {
                self.leave_out(Some(&undo));
                self.again(what)
            }
            (What::Delivery { messages }, None) => self.delivered(messages, payload),
            (What::Message { event, .. }, None) if *event == *ENDED => {
                let why = "What it called has ended, and how it goes on from there cannot be told: move it to the state in which \
                           it should go on.";
                Err(Refusal::NotRepairable(why.to_owned()).into())
            }
            // A timer that broke is used up; what a message said is left unsaid.
            (What::Time { .. } | What::Message { .. }, None) => self.settle(),
        }
    }

    /// A step of taking back that does not work is not taken.
    fn leave_out(&mut self, undo: Option<&Undo>) {
        let kept = &mut self.work.detail.undo;
        if let Some(at) = undo.and_then(|undo| kept.iter().rposition(|known| known == undo)) {
            let Undo { of, by, .. } = kept.remove(at);
            self.record.left_out.push((of, by));
        }
    }

    /// Messages count as delivered, and have answered `payload`.
    fn delivered(&mut self, messages: Vec<Undelivered>, payload: &Document) -> Result<(), Halt<D::Need>> {
        let vocabulary = self.ground.domain.vocabulary();
        let mut events: Vec<Arc<str>> = Vec::new();
        for message in messages {
            if *message.destination == *CHANGE_ORGANISATION {
                let why = "The organisation has not changed, and nothing but changing it counts as done: try it again.";
                return Err(Refusal::NotRepairable(why.to_owned()).into());
            }
            let sent = vocabulary.messages.get(&message.destination).and_then(|declared| declared.sent_event.clone());
            events.extend(sent.filter(|event| !events.contains(event)));
            self.effects.push(resume(message, false));
        }
        let under = |errors: Vec<(String, String)>| {
            Refusal::Invalid(errors.into_iter().map(|(at, why)| (format!("/payload{at}"), why)).collect())
        };
        if events.is_empty() && !payload.is_empty() {
            let why = "nothing waits for an answer to this message: leave it out".to_owned();
            return Err(under(vec![(String::new(), why)]).into());
        }
        for event in events {
            if OUTCOMES.contains(&&*event) {
                let why = format!("A message that becomes `{event}` would decide.");
                return Err(Refusal::NeverApproves(why).into());
            }
            let active = self.active()?;
            if let Some(declared) = self.definition.events.get(&event) {
                let actions = super::super::input::actions_of(self.definition, &event);
                let skip = super::super::input::own_keys(vocabulary, actions);
                self.event = match super::super::input::typed(payload, &declared.payload, &skip, &[]) {
                    Err(Refusal::Invalid(errors)) => return Err(under(errors).into()),
                    typed => typed?,
                };
            } else if !payload.is_empty() {
                let why = format!("the event `{event}` of this workflow brings nothing: leave it out");
                return Err(under(vec![(String::new(), why)]).into());
            }
            self.payload = payload.clone();
            self.record.event = Some(event.clone());
            self.answer(&active, &event, Asking::Itself)?;
            self.settle()?;
        }
        Ok(())
    }
}

fn resume<Op>(message: Undelivered, again: bool) -> Effect<Op> {
    Effect::Resume(Resume { message, again })
}

/// Nobody acts in somebody else's place: who must, as a refusal.
fn theirs<Need>(verb: &str, event: Option<&str>, by: Option<String>) -> Halt<Need> {
    let who = by.map_or_else(|| "the console".to_owned(), |by| format!("`{by}`"));
    let what = event.map_or_else(|| format!("`{verb}`"), |event| format!("the event `{event}`"));
    let why = format!(
        "It was {who} who gave {what}, and nobody repeats it in his place: mend what broke (`set_data`, or what the sentence \
         names), and let him give it again; an event can also be skipped."
    );
    Refusal::NotRepairable(why).into()
}
