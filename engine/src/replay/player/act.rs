//! What an event does: the instance starts, is told something, somebody decides, or gives data.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Player, Playing, Why, refused};
use crate::approval::{self, Ballot};
use crate::clock::Timestamp;
use crate::command::{Actor, Verb};
use crate::domain::Domain;
use crate::ids::{InstanceId, PersonId};
use crate::instance::{Document, Instance, Task, TaskStatus};
use crate::refusal::Refusal;
use crate::replay::Log;
use crate::replay::course::{Does, Move};
use crate::replay::map::{From, Unit, meant};
use crate::replay::value::Value;

impl<'a, D: Domain, L: Log> Player<'a, D, L> {
    /// What an event does; an instance that is not there yet is started first.
    pub(super) fn moved(
        &mut self,
        playing: &mut Playing<'a, D>,
        what: Option<&'a Move>,
        event: usize,
        person: Option<&PersonId>,
        at: Timestamp,
    ) -> Result<(), Why> {
        let begins = matches!(what, Some(Move { does: Does::Start, .. }));
        match (playing.root, begins) {
            (Some(_), true) => {
                let sentence = "The instance was started before: it starts once.".to_owned();
                return Err(("already_started", sentence, false));
            }
            (None, false) if self.course.told_when => {
                let sentence =
                    "The instance has not been started: nothing that the mapping calls `start` has happened.";
                return Err(("not_started", sentence.to_owned(), false));
            }
            (None, _) => {
                if let Err(why) = self.start(playing, event, person, at) {
                    playing.hopeless = true;
                    return Err(why);
                }
                self.deliver(playing, at);
            }
            (Some(_), false) => {}
        }
        match what {
            None if self.course.activities.contains_key(self.log.text(self.log.event(playing.case, event).1)) => {
                let sentence = "No `when` of this activity holds: look what stands in its columns, or write last what it \
                                means without `when`.";
                Err(("no_when_holds", sentence.to_owned(), false))
            }
            None => {
                let sentence = "The mapping does not say what this activity means: write it there, or `others: skip`.";
                Err(("not_mapped", sentence.to_owned(), false))
            }
            Some(Move { does: Does::Start | Does::Skip, .. }) => Ok(()),
            Some(what) => self.act(playing, what, event, person, at),
        }
    }

    fn start(
        &mut self,
        playing: &mut Playing<'a, D>,
        event: usize,
        person: Option<&PersonId>,
        at: Timestamp,
    ) -> Result<(), Why> {
        let course = self.course;
        let mut input = Document::new();
        for (name, value) in &course.subject {
            if let Some(json) = self.value(value, playing.case, event, true, name)? {
                input.insert(name.to_string(), json);
            }
        }
        let given = course.starts_as.as_ref().map(|value| self.person(value, playing.case, event, true));
        let actor = match given.transpose()?.flatten() {
            Some(person) => Some(person),
            // Who starts something asks for it: whoever is written down as the one who does.
            None => input.get("requester").and_then(Json::as_str).map(PersonId::from).or_else(|| person.cloned()),
        };
        let id = InstanceId(uuid::Uuid::from_u64_pair(u64::try_from(at.micros()).unwrap_or(0), playing.case as u64));
        let workflow = &course.definition.name;
        let started =
            self.done(playing, |rehearsal| rehearsal.start(id, actor_of(actor.as_ref()), workflow, input.clone(), at));
        let step = started.map_err(|(code, mut sentence, on_authority)| {
            if actor.is_none() && sentence.contains("`requester` is missing") {
                sentence.push_str(
                    ". The log names nobody here: say who starts it with `start: { as: ... }` in the mapping",
                );
            }
            (code, sentence, on_authority)
        })?;
        self.took(playing, &step, Some(&"start".into()));
        Ok(())
    }

    /// Why somebody does it. What the log does not tell, it does by its activity.
    fn reason(&mut self, what: &'a Move, case: usize, event: usize) -> Result<String, Why> {
        let told = match &what.reason {
            Some(value) => {
                self.value(value, case, event, false, "reason")?.and_then(|json| Some(json.as_str()?.to_owned()))
            }
            None => None,
        };
        Ok(told.unwrap_or_else(|| self.log.text(self.log.event(case, event).1).to_owned()))
    }

    fn act(
        &mut self,
        playing: &mut Playing<'a, D>,
        what: &'a Move,
        event: usize,
        person: Option<&PersonId>,
        at: Timestamp,
    ) -> Result<(), Why> {
        let instance = playing.instance(what.workflow.as_deref())?;
        let case = playing.case;
        let mut data = Document::new();
        for (name, value) in &what.data {
            if let Some(json) = self.value(value, case, event, false, name)? {
                data.insert(name.to_string(), json);
            }
        }
        let reason = self.reason(what, case, event)?;
        let behalf = match &what.behalf {
            Some(value) => self.person(value, case, event, false)?,
            None => None,
        };
        let verb = match &what.does {
            Does::Event { event: name, by_engine: false } => Verb::Signal {
                instance: instance.id,
                event: name.clone(),
                payload: data,
                reason: Some(reason),
                state_revision: None,
            },
            Does::Event { event: name, by_engine: true } => {
                let told =
                    Verb::Message { instance: instance.id, message: "log".into(), event: name.clone(), payload: data };
                let step = self.done(playing, |r| r.submit(Actor::Message, told.clone(), at))?;
                if step.record.walked.is_empty() && step.after.detail.incident.is_none() {
                    let (event, state) = (name.clone(), instance.state.clone());
                    let definition = step.definition;
                    let accepts =
                        definition.active(&instance).map_or_else(Vec::new, |active| definition.accepts(&active));
                    return Err(refused(&Refusal::NotAccepted { event, state, accepts }));
                }
                self.took(playing, &step, Some(&what.label));
                return Ok(());
            }
            Does::Act { act, step, to } => {
                let holder = behalf.as_ref().or(person);
                let task = task_of(&instance, what.state.as_deref(), step.as_deref(), holder)?;
                let step = step.clone().unwrap_or_else(|| step_of(task, holder));
                let to = match to {
                    Some(value) => self.person(value, case, event, false)?,
                    None => None,
                };
                let (task, etag) = (task.id, Some(task.etag()));
                Verb::Decide { task, etag, act: decision(act, step, behalf, reason, to) }
            }
            Does::Complete => {
                let task = task_of(&instance, what.state.as_deref(), None, behalf.as_ref().or(person))?;
                Verb::Complete { task: task.id, etag: Some(task.etag()), on_behalf_of: behalf, data }
            }
            Does::Skip | Does::Start => return Ok(()),
        };
        let step = self.done(playing, |r| r.submit(actor_of(person), verb.clone(), at))?;
        self.took(playing, &step, Some(&what.label));
        Ok(())
    }

    /// What a value is in an event; `ahead`: or in the first event of the case that has one.
    fn value(
        &mut self,
        value: &'a Value,
        case: usize,
        event: usize,
        ahead: bool,
        name: &str,
    ) -> Result<Option<Json>, Why> {
        let log = self.log;
        // What stands for no value is looked over, as an empty cell is.
        let cell = |column: usize, is_one: &dyn Fn(&str) -> bool| {
            let at = |event: usize| log.value(case, event, column).filter(|text| is_one(log.text(*text)));
            at(event).or_else(|| (0..log.events(case)).filter(|_| ahead).find_map(at))
        };
        let unit = match &value.unit {
            Some(unit @ Unit { from: From::Column(column), .. }) => {
                cell(*column, &|text| meant(&unit.values, text).is_some())
            }
            _ => None,
        };
        let text = match &value.from {
            From::Column(column) => cell(*column, &|text| value.is_one(text)),
            From::Written(_) => None,
        };
        let written = match (&value.from, text) {
            (From::Written(text), _) => Some(text.as_str()),
            (From::Column(_), None) => value.otherwise.as_deref(),
            (From::Column(_), Some(_)) => None,
        };
        let (text, key) = match (text, written) {
            (Some(text), _) => (log.text(text), text),
            (None, Some(written)) => (written, u32::MAX),
            (None, None) => return Ok(None),
        };
        let read = self
            .values
            .entry((std::ptr::from_ref(value), key, unit.unwrap_or(u32::MAX)))
            .or_insert_with(|| value.read(text, value.unit_in(unit.map(|unit| log.text(unit)))));
        match read {
            Ok(json) => Ok(Some(json.clone())),
            Err(why) => Err(("invalid_value", format!("`{name}`: {why}"), false)),
        }
    }

    fn person(&mut self, value: &'a Value, case: usize, event: usize, ahead: bool) -> Result<Option<PersonId>, Why> {
        let json = self.value(value, case, event, ahead, "person")?;
        Ok(json.and_then(|json| json.as_str().map(PersonId::from)))
    }
}

fn actor_of(person: Option<&PersonId>) -> Actor {
    match person {
        Some(id) => Actor::Person { id: id.clone(), via: "log".into(), administrator: false },
        None => Actor::System,
    }
}

/// The open task that is meant, of those of the state, or else with such a step: the one in which the person is asked, else
/// the first.
pub(super) fn task_of<'i>(
    instance: &'i Instance,
    state: Option<&str>,
    step: Option<&str>,
    person: Option<&PersonId>,
) -> Result<&'i Task, Why> {
    let open = || instance.tasks.iter().filter(|task| task.status == TaskStatus::Open);
    let of_state = || open().filter(|task| state.is_none_or(|state| *task.state == *state));
    let has_step = |task: &&Task| step.is_none_or(|step| task.detail.review.step(step).is_some());
    let asks = |task: &&Task| person.is_some_and(|person| holds(task, person, step));
    let found =
        of_state().filter(has_step).find(asks).or_else(|| of_state().find(has_step)).or_else(|| of_state().next());
    found.ok_or_else(|| {
        let sentence = format!(
            "In state `{}` nobody is asked{}.",
            instance.state,
            match state {
                Some(state) => format!(" in `{state}`"),
                None => String::new(),
            }
        );
        ("no_open_task", sentence, false)
    })
}

/// Whether the person has a seat in the task: in this step, if one is named.
fn holds(task: &Task, person: &PersonId, step: Option<&str>) -> bool {
    let is_it = |own: &str| step.is_none_or(|step| step == own);
    task.holders.iter().any(|holder| holder.person == *person && is_it(&holder.step))
}

/// The step that somebody means who names none: the first open one in which he holds a seat, else the first open one.
pub(super) fn step_of(task: &Task, person: Option<&PersonId>) -> Arc<str> {
    let held = person.and_then(|person| task.holders.iter().find(|holder| holder.person == *person));
    if let Some(held) = held {
        return held.step.clone();
    }
    let review = &task.detail.review;
    let open = review.steps.iter().find(|step| step.status == approval::Status::Open);
    open.or_else(|| review.steps.first()).map_or_else(|| "".into(), |step| step.name.clone())
}

fn decision(
    act: &str,
    step: Arc<str>,
    on_behalf_of: Option<PersonId>,
    reason: String,
    to: Option<PersonId>,
) -> approval::Verb {
    use approval::Verb as V;
    let to = to.unwrap_or_else(|| PersonId::from(""));
    let ballot =
        Ballot { step: step.clone(), on_behalf_of: on_behalf_of.clone(), seen: None, reason: Some(reason.into()) };
    match act {
        "reject" => V::Reject(ballot),
        "abstain" => V::Abstain(ballot),
        "request_changes" => V::RequestChanges(ballot),
        "ask" => V::Ask { ballot, to: None },
        "delegate" => V::Delegate { step, to },
        "reassign" => V::Reassign { step, from: on_behalf_of, to },
        "remind" => V::Remind { step },
        _ => V::Approve(ballot),
    }
}
