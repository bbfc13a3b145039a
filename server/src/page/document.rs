//! The page of a document: where it stands, what somebody may do about it, why he is asked, what happens next, what it says, what
//! has happened, and its picture.

use std::collections::HashMap;

use fluxor_engine::approval::SeenQuestion;
use fluxor_engine::audit::Entry;
use fluxor_engine::definition::chart::{Arrow, Definition, TASK_STEP};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Status, TaskStatus};
use serde::Serialize;
use serde_json::Value;

use super::arrival::Arrival;
use super::beside::{Beside, Next, clock};
use super::field::{Known, full};
use super::forms::{Event, Panel};
use super::lines::{Line, Lines};
use super::mending::{title, titled};
use super::plan::{self, Step};
use super::refused::without_form;
use super::reorganised::{Reorganised, TECHNICAL};
use super::timeline::{self, Item, Past};
use super::turn::{Turn, back, turns};
use super::words::{Words, amount, called, plain, reference, short, standing, words};
use super::{Here, Reader, render};
use crate::desk::{Paper, TaskView};
use crate::repairs::{for_people, sentence};

/// A field of the document.
#[derive(Debug, Serialize)]
struct Field {
    name: String,
    value: String,
    /// What it means: which end is good, of what unit it is.
    help: String,
}

/// An open task.
#[derive(Debug, Serialize)]
struct Open {
    href: String,
    state: String,
    people: String,
    due: Option<String>,
    urgency: &'static str,
}

/// A question, and its answer.
#[derive(Debug, Serialize)]
struct Question {
    by: String,
    to: Option<String>,
    text: String,
    answer: Option<String>,
    answered_by: Option<String>,
}

/// What there is to show.
pub(crate) struct Shown<'a> {
    pub paper: &'a Paper,
    /// What the suppliers are called whom its fields name by their codes: by field.
    pub suppliers: &'a HashMap<String, String>,
    /// Its lines and what stands around it, as the books have them; null, where it is no order.
    pub order: &'a Value,
    /// Whether he decides about it now, and so sees what is left of the budget and what was paid before.
    pub decides: bool,
    pub entries: &'a [Entry],
    /// Whether there are older entries.
    pub cut: bool,
    pub past: &'a Past,
    pub beside: Vec<Beside>,
    pub picture: Option<String>,
    pub reader: &'a PersonId,
    /// Whether he mends what is stuck.
    pub operator: bool,
    /// The task that the page is about.
    pub task: Option<&'a TaskView>,
}

/// The page.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    workflow: String,
    reference: String,
    id: String,
    short: String,
    /// Whether it was called by its id before it had its number.
    numbered: bool,
    state: String,
    status: &'static str,
    incident: Vec<String>,
    /// When time moves it on, and how far that is.
    clock: Option<String>,
    /// Where it is repaired, for whoever may.
    repairs: Option<String>,
    /// What he may do there.
    mends: &'static str,
    /// Why it was ended where it stood.
    stopped: Option<String>,
    /// What waits for the reader, where no form says it.
    turns: Vec<Turn>,
    amount: Option<String>,
    requester: Option<String>,
    since: String,
    since_at: String,
    /// Who ended it, and why.
    ended: Option<String>,
    panel: Option<Panel>,
    why: Vec<String>,
    steps: Vec<Step>,
    then: Option<String>,
    open: Vec<Open>,
    beside: Vec<Beside>,
    lines: Vec<Line>,
    /// What is told of them as a whole.
    notes: Vec<String>,
    fields: Vec<Field>,
    /// What it changes of the organisation, where it is about that.
    reorganised: Option<Reorganised>,
    timeline: Vec<Item>,
    cut: bool,
    picture: Option<String>,
    questions: Vec<Question>,
    /// What leads on by one press.
    leads: Vec<Event>,
    /// What else it takes, and what ends it.
    events: Vec<Event>,
    ends: Vec<Event>,
    people: Vec<Known>,
    live: Option<String>,
    /// Where it is for whoever signs in, on a page that was opened without.
    signed_in: Option<String>,
    /// Whether whoever came by a link can do nothing there.
    nothing: bool,
    watchers: Option<String>,
    looking: Option<String>,
    note: Option<&'static str>,
    /// What somebody who has just decided goes on to, besides his inbox.
    next: Option<Next>,
    /// Whether the reader has just done something, and may go back to his inbox.
    goes_back: bool,
    /// Whether there is something to do besides, and whether it is all.
    can: bool,
    before: bool,
    /// What came of what has just been done, where it did not end well.
    came: Option<String>,
    /// Why what was asked for was not done, where no form says it.
    failed: Option<String>,
    /// What somebody had written into a form that is not there any more.
    wrote: Option<String>,
    /// What was done since somebody opened the page whose form was refused.
    meanwhile: Vec<String>,
}

/// Fields that stand elsewhere on the page.
const ELSEWHERE: &[&str] = &["amount", "requester", "number", "lines", "lines_open", "lines_digest"];

impl Document {
    pub(crate) fn new(shown: &Shown<'_>, panel: Option<Panel>, speak: &Words) -> Self {
        let (instance, definition) = (&shown.paper.instance, &shown.paper.definition);
        let subject = &instance.subject;
        let reorganised = Reorganised::of(subject, speak);
        let text = |field: &str| subject.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        let detail = &instance.detail;
        let arrival = arrival(shown, speak);
        let ended = arrival.as_ref().filter(|_| instance.status == Status::Final && detail.stopped.is_none());
        let (why, steps, then) = shown.task.map_or_else(Default::default, |task| about(shown, task, speak));
        let Lines { lines, notes } = Lines::of(shown.order, shown.decides, speak);
        let incidents = detail.incident.iter().chain(&detail.others);
        let view = shown.task.map(|task| &task.review);
        let names =
            |people: &mut dyn Iterator<Item = &PersonId>| Some(speak.names(people)).filter(|names| !names.is_empty());
        Self {
            workflow: definition.title.to_string(),
            reference: reference(subject, instance.key.as_deref(), instance.id),
            id: instance.id.to_string(),
            short: short(instance.id),
            numbered: text("number").is_some() && is_numbered(definition),
            state: standing(instance, definition),
            status: instance.status.as_str(),
            incident: incidents.map(|incident| wrong(&incident.message, shown, speak)).collect(),
            clock: clock(shown.paper, speak),
            repairs: None,
            mends: "",
            stopped: detail.stopped.as_deref().map(str::to_owned),
            turns: waiting(shown, arrival.as_ref(), speak),
            amount: amount(subject, definition),
            requester: text("requester").map(|person| speak.name(&person.into())),
            since: speak.lasting(detail.entered_at),
            since_at: format!("since {}", speak.at(detail.entered_at)),
            ended: ended.and_then(Arrival::with_reason).map(str::to_owned),
            panel,
            why,
            steps,
            then,
            open: open(shown, speak),
            beside: shown.beside.clone(),
            lines,
            notes,
            fields: fields((subject, definition), (reorganised.is_some(), shown.suppliers), speak),
            reorganised,
            timeline: timeline::items(shown.entries, definition, shown.past, speak),
            cut: shown.cut,
            picture: shown.picture.clone(),
            watchers: view.and_then(|view| names(&mut view.watchers.iter())),
            looking: view.and_then(|view| {
                names(&mut view.looking.iter().map(|one| &one.person).filter(|one| *one != shown.reader))
            }),
            questions: view.map_or_else(Vec::new, |view| questions(&view.questions, speak)),
            leads: Vec::new(),
            events: Vec::new(),
            ends: Vec::new(),
            people: Vec::new(),
            live: Some(format!("/live?instance={}", instance.id)),
            signed_in: None,
            nothing: false,
            note: None,
            next: None,
            goes_back: false,
            can: false,
            before: false,
            came: None,
            failed: None,
            wrote: None,
            meanwhile: Vec::new(),
        }
    }

    /// With the way to its repairs, and what he who looks may do there.
    pub(crate) fn with_repairs(self, mends: &'static str) -> Self {
        Self { repairs: Some(format!("/operations/{}", self.id)), mends, ..self }
    }

    /// With what else may be done.
    pub(crate) fn offering(self, events: Vec<Event>) -> Self {
        let [leads, events, ends] = Event::sorted(events);
        let can = !events.is_empty() || !ends.is_empty();
        Self { before: self.panel.is_some() || !leads.is_empty(), can, leads, events, ends, ..self }
    }

    fn all_events(&self) -> impl Iterator<Item = &Event> {
        self.leads.iter().chain(&self.events).chain(&self.ends)
    }

    /// With the people that its forms offer.
    pub(crate) fn knowing(self, people: impl Iterator<Item = PersonId>, speak: &Words) -> Self {
        let chosen = self.panel.as_ref().is_some_and(Panel::names_people) || self.all_events().any(Event::names_people);
        Self { people: if chosen { Known::all(people, speak) } else { Vec::new() }, ..self }
    }

    /// For whoever came by a link: nothing that wants a session, but the way to one.
    pub(crate) fn by_link(self, task: Option<&TaskView>) -> Self {
        let signed_in = task.map_or_else(|| format!("/instances/{}", self.id), |task| format!("/tasks/{}", task.id));
        Self { live: None, signed_in: Some(signed_in), nothing: self.panel.is_none(), ..self }
    }

    /// With why it was not done, unless a form says so already.
    pub(crate) fn failing(self, sentence: String, wrote: Option<String>, meanwhile: Vec<String>) -> Self {
        let unsaid = self.panel.is_none() && self.all_events().all(|event| !event.has_failed());
        let wrote = wrote.filter(|text| unsaid && !text.trim().is_empty());
        let meanwhile = if unsaid { meanwhile } else { Vec::new() };
        let failed = Some(plain(&without_form(&sentence))).filter(|said| unsaid && !said.is_empty());
        Self { failed, wrote, meanwhile, ..self }
    }

    /// With a word on what has just been done, or on what came of it where that did not end well.
    pub(crate) fn saying(self, note: Option<&'static str>, came: Option<String>) -> Self {
        Self { note: note.filter(|_| came.is_none()), came, ..self }
    }

    /// With the way back to the inbox, and to what waits there.
    pub(crate) fn going_on(self, next: Option<Next>) -> Self {
        Self { next, goes_back: true, ..self }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        let title = format!("{} {}", self.workflow, self.reference);
        render("document", &title, Here::Elsewhere, reader, self)
    }
}

/// What waits for the reader on the page of a document; that of a task says it by its form.
fn waiting(shown: &Shown<'_>, arrival: Option<&Arrival>, speak: &Words) -> Vec<Turn> {
    if shown.task.is_some() { Vec::new() } else { turns(shown.paper, shown.reader, arrival, speak) }
}

/// Whether its number is given to it on the way, so that it had none at first.
fn is_numbered(definition: &Definition) -> bool {
    definition.subject.computed.iter().any(|own| **own == *"number")
}

/// What it says that stands nowhere else on the page. `reorganised`: a table tells what it would change.
fn fields(
    (subject, definition): (&fluxor_engine::instance::Document, &Definition),
    (reorganised, suppliers): (bool, &HashMap<String, String>),
    speak: &Words,
) -> Vec<Field> {
    let elsewhere = |name: &str| ELSEWHERE.contains(&name) || (reorganised && TECHNICAL.contains(&name));
    let known = subject.iter().filter(|(name, value)| !elsewhere(name) && !value.is_null());
    let field = |(name, value): (&String, &Value)| Field {
        name: called(definition, name),
        value: suppliers.get(name).cloned().unwrap_or_else(|| speak.value(value)),
        help: full(&definition.told(name).help),
    };
    known.map(field).collect()
}

/// What is wrong with it: to whoever mends it as it is, to all others in words.
fn wrong(message: &str, shown: &Shown<'_>, speak: &Words) -> String {
    match shown.operator {
        true => titled(&speak.named(&sentence(message)), &shown.paper.definition),
        false => speak.named(&for_people(message, Some(shown.reader))),
    }
}

/// How it came to be where it is, or where it came back to the reader.
fn arrival(shown: &Shown<'_>, speak: &Words) -> Option<Arrival> {
    let Paper { instance, definition, organisation, now, .. } = shown.paper;
    let back = back((instance, definition), organisation, (shown.reader, *now));
    Arrival::of(shown.entries, (instance, definition), back.map(|state| &*state.path), speak)
}

/// Why the reader is asked, what happens next, and where it goes when all have approved.
fn about(shown: &Shown<'_>, task: &TaskView, speak: &Words) -> (Vec<String>, Vec<Step>, Option<String>) {
    let Paper { instance, definition, organisation, now, .. } = shown.paper;
    let Some(row) = instance.tasks.iter().find(|row| row.id == task.id) else { return Default::default() };
    let mut plan = fluxor_engine::decide::foreseen(definition, row, organisation, *now).unwrap_or_default();
    if row.status != TaskStatus::Open {
        plan = plan.into_iter().map(plan::left).collect();
    }
    let standings = fluxor_engine::decide::standings(definition, (instance, row), organisation, *now);
    let ruled = fluxor_engine::decide::ruled(definition, row);
    let own = standings.iter().filter(|standing| standing.person == *shown.reader);
    let mut why: Vec<String> = own
        .map(|standing| {
            let why = speak.why((standing, &ruled), shown.reader, &instance.subject);
            match &*standing.seat.step {
                TASK_STEP => full(&why),
                step => format!("{}: {why}.", words(step)),
            }
        })
        .collect();
    why.dedup();
    let of = (&*plan, &instance.subject, task.form.is_some());
    let steps = plan::steps(of, &task.review.counting, definition.working(), Some(shown.reader), speak);
    let then =
        (task.status == TaskStatus::Open && task.form.is_none()).then(|| then(definition, &task.state)).flatten();
    (why, steps, then)
}

/// Where the first arrow on `approved` leads that no condition keeps.
fn then(definition: &Definition, state: &str) -> Option<String> {
    let from = definition.find(state)?;
    let arrows = definition.upwards(from).find_map(|ix| definition.state(ix).on.get("approved"))?;
    let mut targets = arrows.iter().filter_map(Arrow::to).map(|to| definition.state(to).title.to_string());
    let first = targets.next()?;
    let others: Vec<String> = targets.filter(|other| *other != first).collect();
    Some(if others.is_empty() { first } else { format!("{first}, or {}", others.join(", or ")) })
}

fn questions(asked: &[SeenQuestion], speak: &Words) -> Vec<Question> {
    let one = |one: &SeenQuestion| Question {
        by: speak.name(&one.by),
        to: one.to.as_ref().map(|to| speak.name(to)),
        text: one.text.to_string(),
        answer: one.answer.as_ref().map(ToString::to_string),
        answered_by: one.answered_by.as_ref().map(|who| speak.name(who)),
    };
    asked.iter().map(one).collect()
}

fn open(shown: &Shown<'_>, speak: &Words) -> Vec<Open> {
    let Paper { instance, definition, organisation, now, .. } = shown.paper;
    let about = shown.task.map(|task| task.id);
    let all = fluxor_engine::decide::summaries(definition, instance, organisation, *now);
    all.into_iter()
        .filter(|task| Some(task.id) != about)
        .map(|task| {
            let mut people: Vec<&PersonId> = task.open.iter().map(|seat| &seat.person).collect();
            people.dedup();
            Open {
                href: format!("/tasks/{}", task.id),
                state: title(definition, &task.state),
                people: speak.names(people),
                due: task.due_at.map(|due| format!("{} ({})", speak.at(due), speak.due(due, definition.working()))),
                urgency: task.due_at.map_or("", |due| speak.urgency(due)),
            }
        })
        .collect()
}
