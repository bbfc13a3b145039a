//! Goes on step by step: the start, what is done after it, then whatever is asked, told or due next.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use uuid::Uuid;

use crate::approval::{Ballot, Declined};
use crate::clock::Timestamp;
use crate::command::{Actor, Verb};
use crate::decide::{OrganisationAt, Stop};
use crate::definition::chart::Definition;
use crate::diagnostic::nearest;
use crate::domain::Domain;
use crate::ids::{InstanceId, PersonId, TaskId};
use crate::instance::{Document, Instance, Status, TaskStatus};
use crate::refusal::Refusal;
use crate::rehearsal::{Rehearsal, Setting, Step};

use super::asked::{Act, Asked, Pace};
use super::halt::Halt;
use super::next::Next;
use super::people::Gathered;
use super::report::{EndKind, PathStep, Simulation, Table};
use super::words;
use super::{MOST_PEOPLE_LOOKED_AT, MOST_STEPS};

/// What is said where a reason must be given and nobody has given one.
pub(super) const REASON: &str = "assumed by the simulation";

/// A simulation on its way.
pub(super) struct Play<'a, D: Domain> {
    pub(super) setting: Setting<'a, D>,
    pub(super) asked: &'a Asked,
    pub(super) stage: Rehearsal<'a, D>,
    pub(super) main: InstanceId,
    pub(super) now: Timestamp,
    pub(super) steps: usize,
    pub(super) path: Vec<PathStep>,
    pub(super) gathered: Gathered,
    pub(super) tables: Vec<Table>,
    pub(super) assumptions: Vec<String>,
    /// The data that was entered, by its name in what was asked.
    pub(super) used: BTreeSet<Arc<str>>,
}

impl<'a, D: Domain> Play<'a, D>
where
    D::Facts: Clone,
{
    pub(super) fn new(setting: Setting<'a, D>, facts: D::Facts, asked: &'a Asked) -> Self {
        Self {
            setting,
            asked,
            stage: Rehearsal::on(setting, facts, true),
            main: InstanceId(Uuid::from_u128(1)),
            now: asked.at,
            steps: 0,
            path: Vec::new(),
            gathered: Gathered::default(),
            tables: Vec::new(),
            assumptions: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Simulation, Stop<D::Need>> {
        match self.course() {
            Ok(never) => match never {},
            Err(Halt::Stop(stop)) => Err(stop),
            Err(Halt::End(end)) => Ok(self.told(end)),
        }
    }

    fn course(&mut self) -> Result<Infallible, Halt<D::Need>> {
        self.begin()?;
        for at in 0..self.asked.events.len() {
            self.do_event(at)?;
        }
        self.search()?;
        loop {
            self.go_on()?;
        }
    }

    pub(super) fn actor(person: &PersonId) -> Actor {
        Actor::Person { id: person.clone(), via: "simulation".into(), administrator: false }
    }

    pub(super) fn organisation(&self) -> Option<&'a Arc<OrganisationAt>> {
        self.setting.organisations.last()
    }

    fn begin(&mut self) -> Result<(), Halt<D::Need>> {
        let Asked { workflow, starter, input, .. } = self.asked;
        self.knows(starter, "/as")?;
        let started = self.stage.start(self.main, Self::actor(starter), workflow, input.clone(), self.now);
        // There is nothing to tell of a workflow that is not there, or of a document that is none.
        let started = match started {
            Err(Stop::Refused(Refusal::Invalid(errors))) => {
                let under = |(at, why): (String, String)| (format!("/input{at}"), why);
                return Err(Halt::Stop(Stop::Refused(Refusal::Invalid(errors.into_iter().map(under).collect()))));
            }
            Err(stop @ Stop::Refused(Refusal::UnknownWorkflow(..))) => return Err(Halt::Stop(stop)),
            other => other,
        };
        self.came(started, starter.as_str(), &format!("starts {workflow}"))
    }

    /// Somebody who is to do something is in the organisation.
    fn knows(&self, person: &PersonId, pointer: &str) -> Result<(), Halt<D::Need>> {
        let Some(organisation) = self.organisation().map(|at| &at.organisation) else {
            return Err(Halt::invalid(pointer, "there is no organisation"));
        };
        if organisation.person(person).is_some() {
            return Ok(());
        }
        let people = &organisation.parts().people;
        let near = nearest(person.as_str(), people.iter().map(|one| one.id.as_str()));
        Err(Halt::invalid(
            pointer,
            match near {
                _ if people.is_empty() => format!(
                    "the organisation has no people, and so nobody can be asked: load one (`fluxor organisation load FILE`), or give one \
                 for this simulation alone; `{person}` must be in it"
                ),
                Some(near) => format!("nobody in the organisation has the id `{person}`: did you mean `{near}`?"),
                None => format!("nobody in the organisation has the id `{person}`"),
            },
        ))
    }

    /// What is done after the start.
    fn do_event(&mut self, at: usize) -> Result<(), Halt<D::Need>> {
        let doing = &self.asked.events[at];
        let pointer = format!("/events/{at}");
        if let Some(by) = &doing.by {
            self.knows(by, &format!("{pointer}/by"))?;
        }
        match (&doing.event, doing.act, &doing.step) {
            (Some(event), None, None) => {
                let by = doing.by.as_ref().unwrap_or(&self.asked.starter);
                self.signal(by, event, doing.payload.clone(), doing.reason.clone())
            }
            (None, Some(act), Some(step)) => {
                let open = self.open_tasks().into_iter().find(|(_, task)| self.is_open(*task, step));
                let Some((_, task)) = open else {
                    let (what, declined) = (format!("{} {step}", act.name()), self.no_step(step));
                    return Err(Halt::refused(&what, &Refusal::Approval(declined)));
                };
                let first = || self.first_who_may(task, step, self.now);
                let by = doing.by.clone().map(|by| (by, doing.on_behalf_of.clone())).or_else(first);
                let Some((by, on_behalf_of)) = by else {
                    return Err(Halt::end(EndKind::Waits, format!("{} {step}: nobody may.", act.name())));
                };
                self.vote(task, step, act, (by, on_behalf_of), doing.reason.clone())
            }
            _ => Err(Halt::invalid(pointer, "give either `event`, or `act` and `step`")),
        }
    }

    /// An event from outside for the workflow that was started.
    pub(super) fn signal(
        &mut self,
        by: &PersonId,
        event: &Arc<str>,
        payload: Document,
        reason: Option<String>,
    ) -> Result<(), Halt<D::Need>> {
        let verb = Verb::Signal { instance: self.main, event: event.clone(), payload, reason, state_revision: None };
        let done = self.stage.submit(Self::actor(by), verb, self.now);
        self.came(done, by.as_str(), event)
    }

    /// The next thing that is assumed to happen; else it is told what it waits for.
    fn go_on(&mut self) -> Result<(), Halt<D::Need>> {
        if let Some(main) = self.stage.instance(self.main).filter(|main| main.status == Status::Final) {
            let state = main.state.clone();
            return Err(Halt::end(EndKind::Final, format!("It has ended in `{state}`.")));
        }
        let next = self.next()?;
        // What is due already waits for no assumption: it happens before anybody could answer.
        let time = self.stage.next_due().filter(|(due, _)| self.asked.pace == Pace::Due || *due <= self.now);
        match (next, time) {
            (Some(next), Some((due, _))) if next.at <= due => self.answered(next),
            (_, Some((due, instance))) => self.time_comes(due, instance),
            (Some(next), None) => self.answered(next),
            (None, None) => Err(Halt::end(EndKind::Waits, self.waits_for())),
        }
    }

    fn time_comes(&mut self, due: Timestamp, instance: InstanceId) -> Result<(), Halt<D::Need>> {
        self.now = self.now.max(due);
        let woken = self.stage.wake(instance, self.now);
        if matches!(woken, Err(Stop::Nothing)) {
            return Err(Halt::end(EndKind::Waits, format!("It waits for time alone, which does nothing at {due}.")));
        }
        self.came(woken, "time", "")
    }

    fn answered(&mut self, next: Next) -> Result<(), Halt<D::Need>> {
        self.now = self.now.max(next.at);
        let Next { task, step, answer, by, .. } = next;
        if next.asks_data {
            return self.fill_in(task, by);
        }
        let Some(act) = answer.act() else { return Ok(()) };
        let given = self.asked.answers.contains_key(&*step) || self.asked.answers.contains_key("*");
        self.assume(words::answers(given.then_some((&*step, answer)), self.asked.pace));
        self.vote(task, &step, act, by, None)
    }

    /// An act in a step of a task.
    pub(super) fn vote(
        &mut self,
        task: TaskId,
        step: &Arc<str>,
        act: Act,
        (by, on_behalf_of): (PersonId, Option<PersonId>),
        reason: Option<String>,
    ) -> Result<(), Halt<D::Need>> {
        let needs = matches!(act, Act::Reject | Act::RequestChanges) && reason.is_none();
        if needs {
            self.assume(words::reason(act.name(), step));
        }
        let reason = reason.or_else(|| needs.then(|| REASON.to_owned()));
        let what = words::act(act.name(), step, on_behalf_of.as_ref());
        let ballot = Ballot { step: step.clone(), on_behalf_of, seen: None, reason: reason.map(Into::into) };
        let verb = Verb::Decide { task, etag: self.etag(task), act: act.verb(ballot) };
        let done = self.stage.submit(Self::actor(&by), verb, self.now);
        self.came(done, by.as_str(), &what)
    }

    /// What came of a step: it is told, and whatever follows from it by itself.
    pub(super) fn came(
        &mut self,
        done: Result<Step, Stop<D::Need>>,
        by: &str,
        what: &str,
    ) -> Result<(), Halt<D::Need>> {
        self.note(done, by, what)?;
        while let Some(done) = self.deliver()? {
            self.note(done, "engine", "")?;
        }
        Ok(())
    }

    fn note(&mut self, done: Result<Step, Stop<D::Need>>, by: &str, what: &str) -> Result<(), Halt<D::Need>> {
        let step = match done {
            Ok(step) => step,
            Err(Stop::Refused(refusal)) => {
                return Err(Halt::refused(&format!("{by} {what}"), &refusal));
            }
            Err(Stop::Needs(needs)) => return Err(Halt::Stop(Stop::Needs(needs))),
            Err(Stop::Keys(_) | Stop::Nothing) => {
                return Err(Halt::end(EndKind::Cut, format!("{by} {what}: it cannot be decided here.")));
            }
        };
        self.tell(&step, by, what);
        self.look()?;
        self.steps += 1;
        if self.gathered.looked_at > MOST_PEOPLE_LOOKED_AT {
            let sentence = "It was cut: so many people are asked that it would take too long.";
            return Err(Halt::end(EndKind::Cut, sentence));
        }
        if self.steps >= MOST_STEPS {
            let sentence = format!("It was cut after {MOST_STEPS} steps: it goes on for ever, or very long.");
            return Err(Halt::end(EndKind::Cut, sentence));
        }
        self.incident()
    }

    /// Adds a step, and the instances that it started, to what is told.
    fn tell(&mut self, step: &Step, by: &str, what: &str) {
        let Step { before, after, record, started, .. } = step;
        for (table, rows) in &record.tables {
            let rows = rows.iter().map(|row| row + 1).collect();
            self.tables.push(Table { workflow: after.workflow.clone(), table: table.clone(), rows });
        }
        let what = if what.is_empty() { words::happened(record) } else { what.to_owned() };
        let from = before.as_ref().map(|before| before.inside().join(", "));
        let to = after.inside().join(", ");
        let is_told = !(by == "engine" && record.walked.is_empty() && from.as_ref() == Some(&to));
        if is_told {
            let workflow = after.workflow.clone();
            self.path.push(PathStep { at: self.now, by: by.into(), what, workflow, from, to });
        }
        for child in started {
            self.tell(child, "engine", &format!("starts {}", child.after.workflow));
        }
    }

    /// Sees what is asked now.
    fn look(&mut self) -> Result<(), Halt<D::Need>> {
        let Some(organisation) = self.organisation() else { return Ok(()) };
        for instance in self.stage.instances() {
            let definition = self.stage.definition_of(instance).map_err(Halt::Stop)?;
            self.gathered.look(&definition, instance, organisation, self.now);
        }
        Ok(())
    }

    fn incident(&self) -> Result<(), Halt<D::Need>> {
        let needs_help = self.stage.instances().iter().find(|one| one.status == Status::Incident);
        let Some(instance) = needs_help else { return Ok(()) };
        let Some(incident) = &instance.detail.incident else { return Ok(()) };
        let place = incident.at.as_ref().unwrap_or(&instance.state);
        let workflow = if instance.id == self.main { String::new() } else { format!(" of `{}`", instance.workflow) };
        let sentence = format!("Somebody must help in `{place}`{workflow}: {}", incident.message);
        Err(Halt::incident(&incident.code, sentence))
    }

    pub(super) fn instance_of(&self, id: TaskId) -> Option<(Arc<Instance>, Arc<Definition>)> {
        let instance = self.stage.instance(id.instance)?.clone();
        let definition = self.stage.definition_of(&instance).ok()?;
        Some((instance, definition))
    }

    /// The open tasks, in the order in which their instances were started.
    pub(super) fn open_tasks(&self) -> Vec<(Arc<Definition>, TaskId)> {
        let mut all = Vec::new();
        for instance in self.stage.instances().iter().filter(|instance| instance.status != Status::Final) {
            let Ok(definition) = self.stage.definition_of(instance) else { continue };
            let open = instance.tasks.iter().filter(|task| task.status == TaskStatus::Open);
            all.extend(open.map(|task| (definition.clone(), task.id)));
        }
        all
    }

    /// No open task has the step: which there are.
    fn no_step(&self, step: &str) -> Declined {
        let reviews = self.open_tasks().into_iter().filter_map(|(_, id)| {
            let task = self.stage.instance(id.instance)?.tasks.iter().find(|task| task.id == id)?;
            Some(&task.detail.review.steps)
        });
        let steps: Vec<Arc<str>> = reviews.flatten().map(|step| step.name.clone()).collect();
        Declined::no_step(step, &steps)
    }

    fn is_open(&self, id: TaskId, step: &str) -> bool {
        let task = self.stage.instance(id.instance).and_then(|one| one.tasks.iter().find(|task| task.id == id));
        task.is_some_and(|task| task.detail.review.step(step).is_some())
    }

    pub(super) fn etag(&self, id: TaskId) -> Option<String> {
        let instance = self.stage.instance(id.instance)?;
        Some(instance.tasks.iter().find(|task| task.id == id)?.etag())
    }

    pub(super) fn assume(&mut self, sentence: String) {
        if !self.assumptions.contains(&sentence) {
            self.assumptions.push(sentence);
        }
    }
}
