//! One case after the other: its events become commands of one instance, and time comes between them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value as Json;

use super::course::{Course, Does, Move};
use super::map::{From, Map, Others};
use super::people::Persons;
use super::value::Value;
use super::{Ground, Log, Until};
use crate::approval::{self, Ballot};
use crate::clock::Timestamp;
use crate::command::{Actor, Verb};
use crate::decide::Stop;
use crate::domain::Domain;
use crate::ids::{InstanceId, PersonId};
use crate::instance::{Document, Instance, Status, Task, TaskStatus};
use crate::refusal::Refusal;
use crate::rehearsal::{Rehearsal, Setting, Step, next_due};

/// How often time may do something to one case before the rest is left out: a circle of timers would go on for ever.
const MOST_FIRINGS: usize = 10_000;
/// The code of refusals in the definition's own words.
const REFUSED_BY_DEFINITION: &str = "refused_by_definition";
/// How often a command may ask for rows.
const LOADS: usize = 24;
/// How many messages in a row may follow from one event.
const MOST_POST: usize = 1_000;

/// Where an instance stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The innermost states, joined by ` + `; empty: it was never started.
    pub(super) state: Arc<str>,
    pub(super) status: Option<Status>,
}

/// A step from place to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) from: Arc<str>,
    pub(super) by: Arc<str>,
    pub(super) to: Arc<str>,
}

/// An event that was refused.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Its place in the case, from 0.
    pub(super) event: usize,
    /// Where the instance stood.
    pub(super) state: Arc<str>,
    /// What the activity means; nothing, if the mapping does not know it.
    pub(super) tried: Option<Arc<str>>,
    pub(super) person: Option<PersonId>,
    pub(super) code: &'static str,
    pub(super) sentence: String,
    /// Because of who did it.
    pub(super) on_authority: bool,
}

/// Something that time did.
#[derive(Clone, Debug)]
pub(super) struct Fired {
    pub(super) state: Arc<str>,
    pub(super) what: Arc<str>,
    pub(super) step: Option<Arc<str>>,
    pub(super) at: Timestamp,
    /// After the last event of the case.
    pub(super) late: bool,
}

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct Played {
    pub(super) accepted: usize,
    pub(super) skipped: usize,
    pub(super) not_tried: usize,
    pub(super) refused: Vec<Refused>,
    pub(super) way: Vec<Passage>,
    pub(super) fired: Vec<Fired>,
    /// The first incident: code, sentence, state.
    pub(super) incident: Option<(Arc<str>, String, Arc<str>)>,
    /// Where it stood after its last event.
    pub(super) end: Option<Place>,
    /// Where it stood at the instants that were asked for; `None`: it had not begun.
    pub(super) then: Vec<Option<Place>>,
    /// Time went round in a circle.
    pub(super) storm: bool,
    /// Rows of the domain could not be loaded.
    pub(super) broken: Option<String>,
}

/// Plays cases of a log, one after the other.
pub(super) struct Player<'a, D: Domain, L> {
    ground: &'a Ground<'a, D>,
    setting: Setting<'a, D>,
    course: &'a Course,
    log: &'a L,
    persons: Persons<'a, L>,
    /// What texts mean: by where the value comes from, the text and the unit.
    values: HashMap<(*const Value, u32, u32), Result<Json, String>>,
    /// What timers are called, by their names.
    timers: HashMap<Arc<str>, Arc<str>>,
}

/// One case while it is played.
struct Playing<'a, D: Domain> {
    case: usize,
    rehearsal: Rehearsal<'a, D>,
    root: Option<InstanceId>,
    /// It could not be started.
    hopeless: bool,
    firings: usize,
    asked: usize,
    last: bool,
    played: Played,
}

fn place(instance: &Instance) -> Place {
    Place { state: state(instance), status: Some(instance.status) }
}

fn state(instance: &Instance) -> Arc<str> {
    match instance.detail.inside.as_slice() {
        [] => instance.state.clone(),
        inside => inside.join(" + ").into(),
    }
}

fn refused(refusal: &Refusal) -> (&'static str, String, bool) {
    (refusal.code(), refusal.sentence(), refusal.on_authority())
}

/// Why an event was not taken: code, sentence, and whether because of who did it.
type Why = (&'static str, String, bool);

impl<'a, D: Domain, L: Log> Player<'a, D, L> {
    pub(super) fn new(ground: &'a Ground<'a, D>, course: &'a Course, map: &'a Map, log: &'a L) -> Self {
        let setting = ground.setting(course);
        let mut timers = HashMap::new();
        for definition in course.definitions() {
            for timer in definition.states.iter().flat_map(|state| &state.timers) {
                timers.insert(timer.name.clone(), format!("after {}", timer.after).into());
            }
        }
        let (persons, values) = (Persons::new(log, map), HashMap::new());
        Self { ground, setting, course, log, persons, values, timers }
    }

    /// Plays one case from its first event to its last, and on to the instant until which time goes on.
    pub(super) fn play(&mut self, case: usize) -> Played {
        let rehearsal = Rehearsal::new(self.setting, self.ground.arrives);
        let played = Played::default();
        let mut playing =
            Playing { case, rehearsal, root: None, hopeless: false, firings: 0, asked: 0, last: false, played };
        let events = self.log.events(case);
        for event in 0..events {
            let (at, _) = self.log.event(case, event);
            self.pass(&mut playing, Some(at));
            self.event(&mut playing, event, at);
            if self.ground.stops && !playing.played.refused.is_empty() {
                playing.played.not_tried += events - event - 1;
                break;
            }
        }
        playing.played.end = Some(playing.place());
        playing.last = true;
        if let Until::At(until) = self.ground.until {
            self.pass(&mut playing, Some(until));
        }
        if let Some(last) = self.ground.instants.last() {
            self.pass(&mut playing, Some(*last));
        }
        playing.note_until(&self.ground.instants, None);
        playing.played
    }

    /// Lets time pass until `at`, that instant included.
    fn pass(&mut self, playing: &mut Playing<'a, D>, at: Option<Timestamp>) {
        while let Some((due, instance)) = playing.rehearsal.next_due().filter(|(due, _)| at.is_none_or(|at| *due <= at))
        {
            playing.firings += 1;
            if playing.firings > MOST_FIRINGS {
                playing.played.storm = true;
                break;
            }
            playing.note_until(&self.ground.instants, Some(due));
            let woken = self.done(playing, |rehearsal| rehearsal.wake(instance, due));
            let moved = match woken {
                Ok(step) => {
                    self.took(playing, &step, None);
                    next_due(&step.after) != Some(due) || step.after.seq > step.before.as_ref().map_or(0, |b| b.seq)
                }
                Err(_) => false,
            };
            self.deliver(playing, due);
            // What does nothing when its time has come would be due for ever.
            if !moved {
                break;
            }
        }
        playing.note_until(&self.ground.instants, at);
    }

    /// Does something, and loads what it lacks.
    fn done(
        &self,
        playing: &mut Playing<'a, D>,
        mut of: impl FnMut(&mut Rehearsal<'a, D>) -> Result<Step, Stop<D::Need>>,
    ) -> Result<Step, Why> {
        for _ in 0..LOADS {
            match of(&mut playing.rehearsal) {
                Ok(step) => return Ok(step),
                Err(Stop::Needs(needs)) => {
                    let needs: BTreeSet<_> = needs.into_iter().map(|need| (self.setting.tenant, need)).collect();
                    if let Err(why) = (self.ground.rows)(&needs, playing.rehearsal.facts()) {
                        playing.played.broken.get_or_insert(why.clone());
                        return Err(("broken", why, false));
                    }
                }
                Err(Stop::Refused(refusal)) => return Err(refused(&refusal)),
                Err(Stop::Nothing | Stop::Keys(_)) => {
                    return Err(("nothing", "There is nothing to do.".to_owned(), false));
                }
            }
        }
        Err(("needs_without_end", "It asks for more and more rows.".to_owned(), false))
    }

    /// Keeps what a step did. `by`: what people call it; else its own event, or time.
    fn took(&self, playing: &mut Playing<'a, D>, step: &Step, by: Option<&Arc<str>>) {
        let root = *playing.root.get_or_insert(step.after.id);
        let at = state(&step.after);
        for (timer, due) in &step.record.timers {
            let (what, late) = (self.timer(timer), playing.last);
            let from = timer.rsplit_once('#').map_or(&**timer, |(state, _)| state);
            playing.played.fired.push(Fired { state: from.into(), what, step: None, at: *due, late });
        }
        for (ordinal, fired) in &step.record.fired {
            let task = step.after.tasks.iter().find(|task| task.id.ordinal == *ordinal);
            playing.played.fired.push(Fired {
                state: task.map_or_else(|| at.clone(), |task| task.state.clone()),
                what: fired.what.name().into(),
                step: fired.step.clone(),
                at: fired.due,
                late: playing.last,
            });
        }
        if step.after.id == root {
            let from = step.before.as_ref().map_or_else(|| Arc::from(""), |before| state(before));
            let timer = || step.record.timers.first().map(|(timer, _)| self.timer(timer));
            let rung = || step.record.fired.first().map(|(_, fired)| Arc::from(fired.what.name()));
            let by = by.cloned().or_else(|| step.record.event.clone()).or_else(timer).or_else(rung);
            playing.played.way.push(Passage { from, by: by.unwrap_or_else(|| "time".into()), to: at.clone() });
        }
        if let Some(incident) = step.after.detail.incident.as_ref().filter(|_| playing.played.incident.is_none()) {
            let state = incident.at.clone().unwrap_or(at);
            playing.played.incident = Some((incident.code.clone(), incident.message.clone(), state));
        }
    }

    fn timer(&self, name: &Arc<str>) -> Arc<str> {
        self.timers.get(name).cloned().unwrap_or_else(|| name.clone())
    }

    /// What instances tell themselves and one another.
    fn deliver(&self, playing: &mut Playing<'a, D>, now: Timestamp) {
        for _ in 0..MOST_POST {
            let mut nobody = false;
            let told = self.done(playing, |rehearsal| {
                rehearsal.deliver(now).unwrap_or_else(|| {
                    nobody = true;
                    Err(Stop::Nothing)
                })
            });
            match told {
                _ if nobody => return,
                Ok(step) => self.took(playing, &step, None),
                // A message to somebody who is not there any more.
                Err(_) => {}
            }
        }
    }

    fn event(&mut self, playing: &mut Playing<'a, D>, event: usize, at: Timestamp) {
        let (_, activity) = self.log.event(playing.case, event);
        let found = self.course.activities.get(self.log.text(activity));
        let case = playing.case;
        let fits = |one: &&Move| {
            one.when.iter().all(|(column, texts)| {
                let value = self.log.value(case, event, *column).map(|text| self.log.text(text));
                value.is_some_and(|value| texts.iter().any(|text| text == value))
            })
        };
        let what = found.and_then(|meanings| meanings.iter().find(fits));
        match what {
            Some(Move { does: Does::Skip, .. }) => playing.played.skipped += 1,
            None if self.course.others == Others::Skip => playing.played.skipped += 1,
            _ if playing.hopeless => playing.played.not_tried += 1,
            what => {
                let person = self.persons.of(case, event);
                let before = playing.place().state;
                let came = self.moved(playing, what, event, person.as_ref(), at);
                self.deliver(playing, at);
                match came {
                    Ok(()) => playing.played.accepted += 1,
                    Err((code, sentence, on_authority)) => {
                        let of_a_person = code == REFUSED_BY_DEFINITION && self.course.personal.contains(&*sentence);
                        let on_authority = on_authority || of_a_person;
                        let tried = what.map(|what| what.label.clone());
                        let state = before;
                        let refused = Refused { event, state, tried, person, code, sentence, on_authority };
                        playing.played.refused.push(refused);
                    }
                }
            }
        }
    }

    /// What an event does; an instance that is not there yet is started first.
    fn moved(
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
        let step =
            self.done(playing, |rehearsal| rehearsal.start(id, actor_of(actor.as_ref()), workflow, input.clone(), at))?;
        self.took(playing, &step, Some(&"start".into()));
        Ok(())
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
        let reason = match &what.reason {
            Some(value) => {
                self.value(value, case, event, false, "reason")?.and_then(|json| Some(json.as_str()?.to_owned()))
            }
            None => None,
        };
        // What the log does not tell, it does by its activity.
        let reason = reason.unwrap_or_else(|| self.log.text(self.log.event(case, event).1).to_owned());
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
                let task = task_of(&instance, what.state.as_deref(), step.as_deref())?;
                let step = step.clone().unwrap_or_else(|| step_of(task, behalf.as_ref().or(person)));
                let to = match to {
                    Some(value) => self.person(value, case, event, false)?,
                    None => None,
                };
                let (task, etag) = (task.id, Some(task.etag()));
                Verb::Decide { task, etag, act: decision(act, step, behalf, reason, to) }
            }
            Does::Complete => {
                let task = task_of(&instance, what.state.as_deref(), None)?;
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
        let cell = |column: usize| {
            let here = log.value(case, event, column);
            here.or_else(|| (0..log.events(case)).filter(|_| ahead).find_map(|event| log.value(case, event, column)))
        };
        let unit = match &value.unit {
            Some(From::Column(column)) => cell(*column),
            _ => None,
        };
        let text = match &value.from {
            From::Column(column) => cell(*column),
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
        let read = self.values.entry((std::ptr::from_ref(value), key, unit.unwrap_or(u32::MAX))).or_insert_with(|| {
            let unit = match &value.unit {
                Some(From::Written(unit)) => Some(unit.as_str()),
                _ => unit.map(|unit| log.text(unit)),
            };
            value.read(text, unit)
        });
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

impl<D: Domain> Playing<'_, D> {
    fn place(&self) -> Place {
        let root = self.root.and_then(|root| self.rehearsal.instance(root));
        root.map_or_else(|| Place { state: "".into(), status: None }, |root| place(root))
    }

    /// The instance that is meant: the case's own, or the newest of a workflow that it called.
    fn instance(&self, workflow: Option<&str>) -> Result<Arc<Instance>, Why> {
        let found = match workflow {
            None => self.root.and_then(|root| self.rehearsal.instance(root)),
            Some(name) => self.rehearsal.instances().iter().rev().find(|instance| *instance.workflow == *name),
        };
        let none = || format!("No instance of `{}` has been started.", workflow.unwrap_or("the workflow"));
        found.cloned().ok_or_else(|| ("not_started", none(), false))
    }

    /// Where it stood at the instants that were asked for and lie before `at`; all that are left, without one.
    fn note_until(&mut self, instants: &[Timestamp], at: Option<Timestamp>) {
        while let Some(instant) = instants.get(self.asked).filter(|instant| at.is_none_or(|at| **instant < at)) {
            let _ = instant;
            let place = self.root.is_some().then(|| self.place());
            self.played.then.push(place);
            self.asked += 1;
        }
    }
}

fn actor_of(person: Option<&PersonId>) -> Actor {
    match person {
        Some(id) => Actor::Person { id: id.clone(), via: "log".into(), administrator: false },
        None => Actor::System,
    }
}

/// The open task that is meant: of the state, or with such a step; else the newest.
fn task_of<'i>(instance: &'i Instance, state: Option<&str>, step: Option<&str>) -> Result<&'i Task, Why> {
    let open = || instance.tasks.iter().rev().filter(|task| task.status == TaskStatus::Open);
    let found = match (state, step) {
        (Some(state), _) => open().find(|task| *task.state == *state),
        (None, Some(step)) => open().find(|task| task.detail.review.step(step).is_some()).or_else(|| open().next()),
        (None, None) => open().next(),
    };
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

/// The step that somebody means who names none: the first open one in which he holds a seat, else the first open one.
fn step_of(task: &Task, person: Option<&PersonId>) -> Arc<str> {
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
        "ask" => V::Ask(ballot),
        "delegate" => V::Delegate { step, to },
        "reassign" => V::Reassign { step, from: on_behalf_of, to },
        "remind" => V::Remind { step },
        _ => V::Approve(ballot),
    }
}
