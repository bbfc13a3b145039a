//! One case after the other: its events become commands of one instance, and time comes between them.

mod act;
mod played;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value as Json;

use super::course::{Course, Does, Move};
use super::map::{Map, Others, holds};
use super::nobody::Nobody;
use super::people::Persons;
use super::value::Value;
use super::{Ground, Log, Until};
use crate::clock::Timestamp;
use crate::decide::{Audience, Stop};
use crate::domain::Domain;
use crate::ids::{InstanceId, PersonId};
use crate::instance::Instance;
use crate::refusal::Refusal;
use crate::rehearsal::{Rehearsal, Setting, Step};

pub(super) use played::{Fired, Passage, Place, Played, Refused};

/// How often time may do something to one case between two of its events before the rest is left out: a circle of timers
/// would go on for ever.
const MOST_FIRINGS: usize = 10_000;
/// The code of refusals in the definition's own words.
const REFUSED_BY_DEFINITION: &str = "refused_by_definition";
/// The code of events that no arrow took.
const NOT_ACCEPTED: &str = "not_accepted";
/// The codes of events that are for somebody else. Whoever is kept out stands in nobody's way where nobody could be asked.
const FOR_OTHERS: &[&str] = &["not_allowed", "not_approver", "excluded", "distinct", "one_person_one_vote"];
/// How often a command may ask for rows.
const LOADS: usize = 24;
/// How many messages in a row may follow from one event.
const MOST_POST: usize = 1_000;

/// Plays cases of a log, one after the other.
pub(super) struct Player<'a, D: Domain, L> {
    ground: &'a Ground<'a, D>,
    setting: Setting<'a, D>,
    course: &'a Course,
    log: &'a L,
    persons: Persons<'a, L>,
    /// What texts mean: by where the value comes from, the text and the unit.
    values: HashMap<(*const Value, u32, u32), Result<Json, String>>,
    /// What timers are called, by the workflow and their names.
    timers: HashMap<(Arc<str>, Arc<str>), Arc<str>>,
    /// What nobody may do.
    nobody: Nobody,
    audience: Audience,
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
    /// Time goes on only to see where it stands at an instant: nothing else is told of it.
    beyond: bool,
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
    (refusal.code(), refusal.in_general(), refusal.on_authority())
}

/// Why an event was not taken: code, sentence, and whether because of who did it.
type Why = (&'static str, String, bool);

impl<'a, D: Domain, L: Log> Player<'a, D, L> {
    pub(super) fn new(ground: &'a Ground<'a, D>, course: &'a Course, map: &'a Map, log: &'a L) -> Self {
        let setting = ground.setting(course);
        let mut timers = HashMap::new();
        for definition in course.definitions() {
            for timer in definition.states.iter().flat_map(|state| &state.timers) {
                timers.insert((definition.name.clone(), timer.name.clone()), timer.due.to_string().into());
            }
        }
        let (persons, values) = (Persons::new(log, map), HashMap::new());
        let nobody = ground.organisations.last().map(|at| Nobody::of(course, &at.organisation)).unwrap_or_default();
        // Who holds seats is looked at where an act does not say of which step it is, or several tasks have that; why they are
        // asked nowhere.
        let audience = if course.names_seats() { Audience::Nobody } else { Audience::Inboxes };
        Self { ground, setting, course, log, persons, values, timers, nobody, audience }
    }

    /// Plays one case from its first event to its last, and on to the instant until which time goes on.
    pub(super) fn play(&mut self, case: usize) -> Played {
        let rehearsal = Rehearsal::new(self.setting, self.ground.arrives).asking(self.audience);
        let played = Played::default();
        let mut playing = Playing {
            case,
            rehearsal,
            root: None,
            hopeless: false,
            firings: 0,
            asked: 0,
            last: false,
            beyond: false,
            played,
        };
        let events = self.log.events(case);
        for event in 0..events {
            let (at, _) = self.log.event(case, event);
            self.pass(&mut playing, at);
            // Timers that an event has set anew go round in no circle; one that was found is not run on.
            if !playing.played.storm {
                playing.firings = 0;
            }
            self.event(&mut playing, event, at);
            if self.ground.stops && !playing.played.refused.is_empty() {
                playing.played.not_tried += events - event - 1;
                break;
            }
        }
        playing.played.end = playing.place();
        playing.played.at_end = playing.played.way.len();
        playing.last = true;
        if let Until::At(until) = self.ground.until {
            self.pass(&mut playing, until);
        }
        playing.beyond = true;
        if let Some(last) = self.ground.instants.last() {
            self.pass(&mut playing, *last);
        }
        playing.note_until(&self.ground.instants, None);
        playing.played
    }

    /// Lets time pass until `at`, that instant included.
    fn pass(&mut self, playing: &mut Playing<'a, D>, at: Timestamp) {
        while let Some((due, instance)) = playing.rehearsal.next_due().filter(|(due, _)| *due <= at) {
            playing.firings += 1;
            if playing.firings > MOST_FIRINGS {
                // What is only looked at afterwards is told nowhere.
                playing.played.storm |= !playing.beyond;
                playing.played.stuck |= !playing.last;
                break;
            }
            playing.note_until(&self.ground.instants, Some(due));
            // What does nothing when its time has come would be due for ever.
            let Ok(step) = self.done(playing, |rehearsal| rehearsal.wake(instance, due)) else { break };
            self.took(playing, &step, None);
            self.deliver(playing, due);
        }
        playing.note_until(&self.ground.instants, Some(at));
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
        if playing.beyond {
            return;
        }
        let at = state(&step.after);
        // States of a workflow that is called may have the names of the caller's.
        let workflow = &step.after.workflow;
        let called = Some(workflow).filter(|name| **name != self.course.definition.name).cloned();
        for (timer, due) in &step.record.timers {
            let (what, late) = (self.timer(workflow, timer), playing.last);
            let from = timer.rsplit_once('#').map_or(&**timer, |(state, _)| state);
            let workflow = called.clone();
            playing.played.fired.push(Fired { workflow, state: from.into(), what, step: None, at: *due, late });
        }
        for (ordinal, fired) in &step.record.fired {
            let task = step.after.tasks.iter().find(|task| task.id.ordinal == *ordinal);
            playing.played.fired.push(Fired {
                workflow: called.clone(),
                state: task.map_or_else(|| at.clone(), |task| task.state.clone()),
                what: fired.what.name().into(),
                step: fired.step.clone(),
                at: fired.due,
                late: playing.last,
            });
        }
        if step.after.id == root {
            let from = step.before.as_ref().map_or_else(|| Arc::from(""), |before| state(before));
            let timer = || step.record.timers.first().map(|(timer, _)| self.timer(workflow, timer));
            let rung = || step.record.fired.first().map(|(_, fired)| Arc::from(fired.what.name()));
            let by = by.cloned().or_else(|| step.record.event.clone()).or_else(timer).or_else(rung);
            // On the day on which somebody goes away or comes back time looks at open reviews, and leads nowhere.
            if by.is_some() || from != at || !step.record.walked.is_empty() {
                playing.played.way.push(Passage { from, by: by.unwrap_or_else(|| "time".into()), to: at.clone() });
            }
        }
        if let Some(incident) = step.after.detail.incident.as_ref().filter(|_| playing.played.incident.is_none()) {
            let state = incident.at.clone().unwrap_or(at);
            playing.played.incident = Some((incident.code.clone(), incident.message.clone(), state));
        }
    }

    fn timer(&self, workflow: &Arc<str>, name: &Arc<str>) -> Arc<str> {
        self.timers.get(&(workflow.clone(), name.clone())).cloned().unwrap_or_else(|| name.clone())
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

    /// Whether an event was refused because of who did it, in the definition's own conditions.
    fn depends_on_who(&self, playing: &Playing<'a, D>, what: Option<&Move>, code: &str, sentence: &str) -> bool {
        let Some(Move { does: Does::Event { event, .. }, .. }) = what else { return false };
        let root = playing.root.and_then(|root| playing.rehearsal.instance(root));
        let inside = root.map_or(&[][..], |root| root.inside());
        match code {
            REFUSED_BY_DEFINITION => self.course.personal.contains(sentence),
            NOT_ACCEPTED => inside.iter().any(|path| self.course.choosy.contains(&(path.clone(), event.clone()))),
            _ => false,
        }
    }

    /// Whether nobody could have been asked for what was tried.
    fn is_for_nobody(
        &self,
        playing: &Playing<'a, D>,
        what: Option<&Move>,
        person: Option<&PersonId>,
        (code, sentence): (&str, &str),
    ) -> bool {
        if playing.root.is_none() {
            return FOR_OTHERS.contains(&code) && self.nobody.starts(sentence);
        }
        let (Some(what), true) = (what, FOR_OTHERS.contains(&code)) else { return false };
        let Ok(instance) = playing.instance(what.workflow.as_deref()) else { return false };
        match &what.does {
            Does::Event { event, .. } => self.nobody.sends(instance.inside(), event, sentence),
            Does::Act { step, .. } => act::task_of(&instance, what.state.as_deref(), step.as_deref(), person)
                .is_ok_and(|task| {
                    let step = step.clone().unwrap_or_else(|| act::step_of(task, person));
                    self.nobody.asks(&task.state, &step)
                }),
            Does::Complete => act::task_of(&instance, what.state.as_deref(), None, person)
                .is_ok_and(|task| self.nobody.asks(&task.state, &act::step_of(task, None))),
            Does::Skip | Does::Start => false,
        }
    }

    fn event(&mut self, playing: &mut Playing<'a, D>, event: usize, at: Timestamp) {
        let (_, activity) = self.log.event(playing.case, event);
        let found = self.course.activities.get(self.log.text(activity));
        let case = playing.case;
        let cell = |column: usize| self.log.value(case, event, column).map(|text| self.log.text(text));
        let fits = |one: &&Move| holds(&one.when, cell);
        let what = found.and_then(|meanings| meanings.iter().find(fits));
        match what {
            Some(Move { does: Does::Skip, .. }) => playing.played.skipped += 1,
            None if self.course.others == Others::Skip => playing.played.skipped += 1,
            _ if playing.hopeless => playing.played.not_tried += 1,
            what => {
                let person = self.persons.of(case, event);
                let came = self.moved(playing, what, event, person.as_ref(), at);
                let state = playing.place().state;
                self.deliver(playing, at);
                match came {
                    Ok(()) => playing.played.accepted += 1,
                    Err((code, sentence, on_authority)) => {
                        let of_a_person = self.depends_on_who(playing, what, code, &sentence);
                        let nobody = self.is_for_nobody(playing, what, person.as_ref(), (code, sentence.as_str()));
                        let on_authority = (on_authority || of_a_person) && !nobody;
                        let tried = what.map(|what| what.label.clone());
                        let own = (code == REFUSED_BY_DEFINITION).then(|| Arc::from(sentence.as_str()));
                        let refused = Refused { event, state, tried, person, code, sentence, own, on_authority };
                        playing.played.refused.push(refused);
                    }
                }
            }
        }
    }
}

impl<D: Domain> Playing<'_, D> {
    fn place(&self) -> Place {
        let root = self.root.and_then(|root| self.rehearsal.instance(root));
        root.map_or_else(Place::default, |root| place(root))
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
        while instants.get(self.asked).is_some_and(|instant| at.is_none_or(|at| *instant < at)) {
            let place = self.root.is_some().then(|| self.place());
            self.played.then.push(place);
            self.asked += 1;
        }
    }
}
