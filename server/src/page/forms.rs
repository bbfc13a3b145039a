//! What somebody may do about a task, as forms: the one with which he decides, the one with which he passes it on, the one that
//! asks for data.

use std::collections::HashMap;

use fluxor_engine::approval::{Status, VoteKind};
use fluxor_engine::decide::AskedFor;
use fluxor_engine::definition::chart::{Arrow, Outcome, StateIx, StateKind, TASK_STEP, Way, in_order};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::TaskStatus;
use serde::Serialize;
use serde_json::{Map, Value};

use super::field::{Field, options, read, shown};
use super::refused::by_titles;
use super::rows::{self, Rows};
use super::timeline::Change;
use super::words::{Words, called, is_requester, place, plain, words};
use crate::desk::{Paper, TaskView};

pub(crate) use super::refused::Refused;

/// A seat that the reader may act for.
#[derive(Clone, Debug, Serialize)]
struct Seat {
    value: String,
    label: String,
}

impl Seat {
    fn of(step: &str, behalf: Option<&PersonId>, speak: &Words) -> Self {
        let label = match (behalf, step) {
            // The one step of a task has no name for people.
            (Some(whom), TASK_STEP) => format!("For {}", speak.name(whom)),
            (None, TASK_STEP) => "For yourself".to_owned(),
            (Some(whom), _) => format!("{}, for {}", words(step), speak.name(whom)),
            (None, _) => words(step),
        };
        Self { value: format!("{step}@{}", behalf.map_or("", PersonId::as_str)), label }
    }
}

/// What is wrong with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WrongForm {
    /// What it shows has become another.
    Stale(&'static str),
    /// It says nothing.
    Empty(&'static str),
    /// These fields were emptied, and the document must have them.
    Needed(Vec<String>),
}

/// A question that the reader may answer.
#[derive(Debug, Serialize)]
struct Asked {
    id: u32,
    by: String,
    text: String,
}

/// What may be done.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Panel {
    action: String,
    etag: String,
    once: String,
    /// The number of the entry up to which the page shows the instance.
    seq: i64,
    seats: Vec<Seat>,
    one: Option<Seat>,
    fields: Option<Vec<Field>>,
    /// Whether data are asked for, and nothing is decided.
    asks_data: bool,
    requester: bool,
    reminds: Vec<Seat>,
    questions: Vec<Asked>,
    reason: String,
    to: String,
    error: Option<String>,
    errors: Vec<String>,
    changed: Option<Vec<Change>>,
    meanwhile: Vec<String>,
    is_stale: bool,
    /// Whether the page was opened by a link, which is good for one act.
    by_link: bool,
    /// Whether a seat is his own, so that he may delegate it, and have somebody decide in his place.
    holds: bool,
    /// Whether the reader may abstain, and whether he has and may decide all the same.
    abstains: bool,
    abstained: bool,
}

impl Panel {
    /// What `reader` may do about a task; nothing: he may only look.
    pub(crate) fn of(
        task: &TaskView,
        reader: &PersonId,
        (action, once, seq): (String, String, i64),
        refused: Refused,
        speak: &Words,
    ) -> Option<Self> {
        let seats: Vec<Seat> = (task.open.iter())
            .filter(|seat| seat.person == *reader)
            .map(|seat| Seat::of(&seat.step, seat.on_behalf_of.as_ref(), speak))
            .collect();
        let left = abstained(task, reader, speak);
        let has_abstained = !left.is_empty();
        let seats: Vec<Seat> = seats.into_iter().chain(left).collect();
        let requester = is_requester(&task.subject, reader);
        let reminds = if requester { reminds(task, reader) } else { Vec::new() };
        let mine = |to: Option<&PersonId>| requester || to == Some(reader);
        let open = task.review.questions.iter().filter(|one| one.answer.is_none() && mine(one.to.as_ref()));
        let open = open.filter(|_| task.status == TaskStatus::Open);
        let questions: Vec<Asked> =
            open.map(|one| Asked { id: one.id, by: speak.name(&one.by), text: one.text.to_string() }).collect();
        if seats.is_empty() && reminds.is_empty() && questions.is_empty() {
            return None;
        }
        let one = if seats.len() == 1 { seats.first().cloned() } else { None };
        let typed = |name: &str| refused.typed.get(name).cloned().unwrap_or_default();
        let fields =
            task.form.as_ref().map(|form| form.iter().map(|field| Field::of(field, &refused, speak)).collect());
        let is_said = |at: &str, why: &str| at.starts_with("/data/") || refused.sentence.contains(why);
        let errors = refused
            .errors
            .iter()
            .filter(|(at, why)| !is_said(at, why))
            .map(|(at, why)| format!("{}: {why}", place(at)));
        Some(Self {
            action,
            etag: task.etag.clone(),
            once,
            seq,
            one,
            asks_data: fields.is_some(),
            fields,
            requester,
            reminds,
            questions,
            reason: typed("reason"),
            to: typed("to"),
            errors: errors.collect(),
            error: Some(plain(&by_titles(&refused.at_form(), task.form.as_deref())))
                .filter(|sentence| !sentence.is_empty()),
            is_stale: refused.changed.is_some(),
            changed: refused.changed,
            meanwhile: refused.meanwhile,
            by_link: false,
            holds: task.open.iter().any(|seat| seat.person == *reader && seat.on_behalf_of.is_none()),
            abstains: false,
            abstained: has_abstained,
            seats,
        })
    }

    /// Whether somebody is chosen in it.
    pub(super) fn names_people(&self) -> bool {
        let asks = self.fields.iter().flatten().any(Field::is_person);
        asks || (!self.seats.is_empty() && !self.by_link)
    }

    /// With whether he may abstain.
    pub(crate) fn abstaining(self, abstains: bool) -> Self {
        Self { abstains: abstains && !self.abstained, ..self }
    }

    /// The same for whoever came by a link, which decides, asks and answers; nothing, where it could do nothing.
    pub(crate) fn by_link(self) -> Option<Self> {
        let acts = !self.seats.is_empty() || !self.questions.is_empty();
        acts.then(|| Self { by_link: true, reminds: Vec::new(), ..self })
    }
}

/// Of which steps the requester may remind those who are asked; nobody reminds himself.
fn reminds(task: &TaskView, reader: &PersonId) -> Vec<Seat> {
    let mut reminds: Vec<Seat> = Vec::new();
    for seat in task.open.iter().filter(|seat| seat.person != *reader) {
        if reminds.iter().all(|known| known.value != *seat.step) {
            let label = match &*seat.step {
                TASK_STEP => "Remind whoever is asked".to_owned(),
                step => format!("Remind: {}", words(step)),
            };
            reminds.push(Seat { value: seat.step.to_string(), label });
        }
    }
    reminds
}

/// The seats for which somebody has abstained, in steps that nobody has decided since: he may still vote there.
fn abstained(task: &TaskView, reader: &PersonId, speak: &Words) -> Vec<Seat> {
    let is_open =
        |step: &str| task.review.steps.iter().any(|(known, status)| **known == *step && *status == Status::Open);
    let own = task.review.counting.iter().filter(|vote| {
        let own = vote.person == *reader && vote.vote == VoteKind::Abstain && vote.carried_from.is_none();
        let asked = task.open.iter().any(|seat| seat.person == *reader && seat.step == vote.step);
        own && !asked && task.status == TaskStatus::Open && is_open(&vote.step)
    });
    own.map(|vote| Seat::of(&vote.step, vote.on_behalf_of.as_ref(), speak)).collect()
}

/// Something else that may be done with a document: an event that it accepts.
#[derive(Debug, Serialize)]
pub(crate) struct Event {
    name: String,
    title: String,
    fields: Vec<Field>,
    rows: Option<Rows>,
    needs_reason: bool,
    reason: String,
    error: Option<String>,
    open: bool,
    once: String,
    state_revision: i64,
    /// The number of the entry up to which the page shows the instance.
    seq: i64,
    changed: Option<Vec<Change>>,
    meanwhile: Vec<String>,
    #[serde(skip)]
    way: Way,
    /// Whether one press of its button leads on.
    leads: bool,
}

impl Event {
    /// The events that a document with these lines accepts from `reader`, in its state.
    pub(crate) fn all(
        (paper, lines): (&Paper, &Value),
        (reader, speak): (&PersonId, &Words),
        once: &str,
        refused: &Refused,
    ) -> Vec<Self> {
        let definition = &paper.definition;
        let refused = &refused.clone().sorted();
        let sent = refused.typed.get("event");
        (paper.accepts.iter())
            .filter_map(|name| Some((name, definition.events.get(name)?)))
            // What is always refused is not offered; but what was just sent is shown with why not.
            .filter(|(name, _)| takes(paper, name, reader) || sent.is_some_and(|sent| **sent == ***name))
            .map(|(name, event)| {
                let own = sent.is_some_and(|sent| **sent == **name);
                let none = Refused::default();
                let why = if own { refused } else { &none };
                let arrows = arrows(paper, name);
                let field = |(field, ty): (&String, &fluxor_engine::expression::Field)| {
                    let writes = arrows.iter().any(|arrow| writes(arrow, field));
                    let asked = AskedFor {
                        name: field.as_str().into(),
                        title: if writes { called(&paper.definition, field) } else { words(field) }.into(),
                        help: if writes { paper.definition.told(field).help } else { "".into() },
                        ty: ty.ty.name(),
                        required: !ty.nullable || (writes && must(paper, field)),
                        options: if writes { options(&paper.definition, field) } else { Vec::new() },
                        rules: Vec::new(),
                        default: paper.instance.subject.get(field).filter(|_| writes).cloned(),
                    };
                    Field::of(&asked, why, speak).within(name)
                };
                let rows = Rows::of((name, &arrows), (&paper.instance.subject, lines), why);
                let named = |at: &str| rows.as_ref().and_then(|rows| rows.called(at));
                let error = own.then(|| refused.told(named));
                let needs_reason = arrows.iter().any(|arrow| arrow.reason_required);
                let (way, waits) = way(paper, name);
                let needs =
                    needs_reason || rows.is_some() || event.payload.fields.values().any(|field| !field.nullable);
                Self {
                    title: event.title.to_string(),
                    fields: in_order(&event.payload, &event.order).into_iter().map(field).collect(),
                    rows,
                    needs_reason,
                    way,
                    leads: way == Way::On && waits && !needs,
                    reason: why.typed.get("reason").cloned().unwrap_or_default(),
                    error,
                    open: own,
                    once: format!("{once}-{name}"),
                    state_revision: paper.instance.state_revision,
                    seq: paper.instance.seq,
                    changed: why.changed.clone(),
                    meanwhile: why.meanwhile.clone(),
                    name: name.to_string(),
                }
            })
            .collect()
    }

    /// Those that lead on by one press, those that do something else, and those that end it.
    pub(super) fn sorted(all: Vec<Self>) -> [Vec<Self>; 3] {
        let (leads, rest): (Vec<Self>, Vec<Self>) = all.into_iter().partition(|event| event.leads);
        let (ends, mut others): (Vec<Self>, Vec<Self>) = rest.into_iter().partition(|event| event.way == Way::Out);
        others.sort_by_key(|event| event.way);
        [leads, others, ends]
    }

    /// Whether somebody is chosen in it.
    pub(super) fn names_people(&self) -> bool {
        self.fields.iter().any(Field::is_person)
    }

    /// Whether it says why it was not done.
    pub(super) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// What was typed for an event, as its payload; and of which row of the form each of its lines is.
    ///
    /// # Errors
    /// The lines which a form showed are others now; a field was emptied that the document must have.
    pub(crate) fn payload(
        (paper, lines): (&Paper, &Value),
        event: &str,
        (typed, speak): (&HashMap<String, String>, &Words),
    ) -> Result<(Map<String, Value>, Vec<usize>), WrongForm> {
        let Some(declared) = paper.definition.events.get(event) else { return Ok(Default::default()) };
        let arrows = arrows(paper, event);
        let rows = Rows::read(&arrows, (&paper.instance.subject, lines), typed)?;
        // A field that showed what the document says and was emptied is meant to be empty.
        let emptied = |name: &str| {
            let stood = paper.instance.subject.get(name).is_some_and(|value| !shown(value).is_empty());
            let writes = stood && arrows.iter().any(|arrow| writes(arrow, name));
            writes && typed.contains_key(&format!("data.{name}"))
        };
        let (mut payload, mut needed) = (Map::new(), Vec::new());
        for (name, field) in &declared.payload.fields {
            match read((typed, speak), name, &field.ty.name()) {
                Some(given) => drop(payload.insert(name.clone(), given)),
                None if !emptied(name) => {}
                None if must(paper, name) => needed.push(name.clone()),
                None if field.nullable => drop(payload.insert(name.clone(), Value::Null)),
                None => {}
            }
        }
        if !needed.is_empty() {
            return Err(WrongForm::Needed(needed));
        }
        let (rows, places) = rows.unzip();
        payload.extend(rows.map(|rows| ("lines".to_owned(), rows)));
        Ok((payload, places.unwrap_or_default()))
    }
}

impl Event {
    /// Makes what was typed into the rows of an event's form that of a form which is made now. `before`: the lines that the form
    /// showed, if they are others now and are known.
    pub(crate) fn renew(
        (paper, lines): (&Paper, &Value),
        event: &str,
        before: Option<&[Value]>,
        typed: &mut HashMap<String, String>,
    ) {
        Rows::renew(&arrows(paper, event), (&paper.instance.subject, lines), before, typed);
    }
}

/// Where an event leads from where a document is; and whether it waits there for somebody, and for nothing else: no task, no message.
fn way(paper: &Paper, event: &str) -> (Way, bool) {
    let definition = &paper.definition;
    let active = definition.active(&paper.instance).unwrap_or_default();
    let takes = |leaf: &StateIx| definition.upwards(*leaf).any(|at| definition.state(at).on.contains_key(event));
    let ways = active.into_iter().filter(takes).map(|leaf| {
        let state = definition.state(leaf);
        (definition.way(leaf, event), matches!(state.kind, StateKind::Simple) && state.sends.is_empty())
    });
    ways.min_by_key(|(way, waits)| (*way, !waits)).unwrap_or((Way::Aside, false))
}

/// The arrows that an event may take from where a document is.
fn arrows<'p>(paper: &'p Paper, event: &str) -> Vec<&'p Arrow> {
    let definition = &paper.definition;
    let active = definition.active(&paper.instance).unwrap_or_default();
    let states = active.iter().flat_map(|leaf| definition.upwards(*leaf));
    states.filter_map(|at| definition.state(at).on.get(event)).flatten().collect()
}

/// Whether a document must have a field.
fn must(paper: &Paper, field: &str) -> bool {
    paper.definition.subject.record.fields.get(field).is_some_and(|field| !field.nullable)
}

/// Whether an arrow writes a field of what it brings into the same field of the document.
pub(super) fn writes(arrow: &Arrow, field: &str) -> bool {
    let Outcome::Go(go) = &arrow.outcome else { return false };
    let brought = format!("event.{field}");
    go.actions.iter().any(|action| &*action.name == rows::CHANGE)
        || go.set.iter().any(|(name, value)| **name == *field && value.fields_read().contains(&brought))
}

/// Whether a document takes an event from somebody, as it stands.
fn takes(paper: &Paper, event: &str, reader: &PersonId) -> bool {
    let Paper { instance, definition, organisation, now, .. } = paper;
    fluxor_engine::decide::may_send(definition, instance, organisation, (reader, *now), event)
}
