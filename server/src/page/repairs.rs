//! The page of one document for those who run the server: how what is stuck is repaired.

use std::collections::HashMap;

use fluxor_engine::approval::{State, Why};
use fluxor_engine::command::TaskSummary;
use fluxor_engine::decide::{APPROVAL_INCIDENT, Can, Possible, is_own_matter};
use fluxor_engine::definition::chart::{Definition, TASK_STEP};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Status;
use serde::Serialize;

use super::field::Known as Person;
use super::mending::titled;
use super::said::repaired_in_words;
use super::words::{Words, reference, words};
use super::{Here, Reader, render, turn};
use crate::desk::Paper;
use crate::repairs::{nobody_in, sentence};

/// A repair that was tried.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    /// What was typed, by field.
    pub typed: HashMap<String, String>,
    /// What it would do.
    pub would: Vec<String>,
    /// Why it was not done.
    pub failed: Option<String>,
    /// What has just been done.
    pub done: Option<String>,
}

/// Something that can be repaired, or why not.
#[derive(Debug, Serialize)]
struct May {
    possible: bool,
    why_not: Option<String>,
}

impl May {
    fn of(can: &Can, definition: &Definition) -> Self {
        Self { possible: can.possible, why_not: can.why_not.as_ref().map(|why| titled(why, definition)) }
    }
}

/// An incident.
#[derive(Debug, Serialize)]
struct Incident {
    place: usize,
    code: String,
    message: String,
    at: String,
    since: String,
    retry: May,
    skip: May,
    /// Whether nobody can decide: somebody is given to the step.
    asks: bool,
    payload: Vec<(String, String, String)>,
}

/// A state to move to, or a field to set.
#[derive(Debug, Serialize)]
struct Target {
    value: String,
    label: String,
    chosen: bool,
}

/// A review that cannot go on.
#[derive(Debug, Serialize)]
struct Stuck {
    task: String,
    etag: String,
    title: String,
    /// The step that has nobody, where it is a step.
    step: Option<String>,
    /// What people call it; nothing: it has no name for them.
    step_said: Option<String>,
}

/// How an instance can be repaired.
#[derive(Debug, Serialize)]
pub(crate) struct Repairs {
    title_of: String,
    href: String,
    action: String,
    state: String,
    status: &'static str,
    incidents: Vec<Incident>,
    reviews: Vec<Stuck>,
    moves: Vec<Target>,
    barred: Vec<(String, String)>,
    fields: Vec<Target>,
    fixed: Vec<(String, String)>,
    people: Vec<Person>,
    /// Whether it is about whoever looks, or was asked for by him.
    own: bool,
    cancel: May,
    state_revision: i64,
    once: String,
    would: Vec<String>,
    failed: Option<String>,
    done: Option<String>,
    /// Whether that did not help.
    helpless: bool,
    /// What was tried, as it is sent again to be done.
    again: Vec<(String, String)>,
    tried: Option<&'static str>,
    reason: String,
    value: String,
}

impl Target {
    fn of(value: &str, label: String, chosen: &str) -> Self {
        Self { chosen: value == chosen, value: value.to_owned(), label }
    }
}

impl Stuck {
    fn of(task: &TaskSummary, paper: &Paper) -> Option<Self> {
        let review = &paper.instance.tasks.iter().find(|known| known.id == task.id)?.detail.review;
        let own = |one: &&fluxor_engine::instance::Incident| {
            *one.code == *APPROVAL_INCIDENT && one.at.as_ref() == Some(&task.state)
        };
        let incident = paper.instance.detail.incidents().find(own);
        // Where everybody who is asked may not decide, the review itself is none the wiser.
        let barred = incident.and_then(|incident| nobody_in(&incident.message)).map(str::to_owned);
        if review.state != State::Incident && barred.is_none() {
            return None;
        }
        let title = paper.definition.find(&task.state).map(|ix| paper.definition.state(ix).title.to_string());
        let step = if let Why::Stuck(_, step) = &review.why { Some(step.to_string()) } else { barred };
        Some(Self {
            task: task.id.to_string(),
            etag: task.etag.clone(),
            title: title.unwrap_or_else(|| words(&task.state)),
            step_said: step.as_deref().filter(|step| *step != TASK_STEP).map(words),
            step,
        })
    }
}

/// What the button says with which a repair is done.
fn now(repair: &str) -> &'static str {
    match repair {
        "retry" => "Try it again now",
        "skip" => "Skip it now",
        "move" => "Move it now",
        "set_data" => "Correct it now",
        "cancel" => "End it now",
        "assign" => "Ask this person now",
        "restart" => "Begin the new round now",
        _ => "Do it now",
    }
}

/// What the document is called.
fn title_of(paper: &Paper) -> String {
    let instance = &paper.instance;
    let reference = reference(&instance.subject, instance.key.as_deref(), instance.id);
    format!("{} {reference}", paper.definition.title)
}

impl Repairs {
    pub(crate) fn new(
        (paper, possible): (&Paper, &Possible),
        (reader, people): (&PersonId, impl Iterator<Item = PersonId>),
        tried: Tried,
        once: String,
        speak: &Words,
    ) -> Self {
        let definition = &paper.definition;
        let at = (&*paper.organisation, paper.now);
        let own = is_own_matter((definition, &paper.instance), at, reader);
        let typed = |name: &str| tried.typed.get(name).cloned().unwrap_or_default();
        let incident = |(place, one): (usize, &fluxor_engine::decide::Mending)| Incident {
            place,
            code: one.code.to_string(),
            message: titled(&speak.named(&sentence(&one.message)), definition),
            at: one.at.as_deref().unwrap_or_default().to_owned(),
            since: speak.ago(one.since),
            retry: May::of(&one.retry, definition),
            skip: May::of(&one.skip, definition),
            asks: *one.code == *APPROVAL_INCIDENT,
            payload: one.payload.iter().map(|(name, ty)| (name.to_string(), words(name), ty.clone())).collect(),
        };
        let kept = |name: &str| !matches!(name, "once" | "step" | "reason" | "state_revision");
        let mut again: Vec<(String, String)> =
            tried.typed.iter().filter(|(name, _)| kept(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        again.sort();
        let moves = possible.moves.iter().filter(|to| to.can.possible && !to.here);
        let barred = possible.moves.iter().filter(|to| !to.can.possible && !to.here);
        let fields = possible.set_data.iter().filter(|field| field.can.possible);
        let fixed = possible.set_data.iter().filter(|field| !field.can.possible);
        let left = possible.incidents.first();
        let left = left.map(|incident| titled(&speak.named(&sentence(&incident.message)), definition));
        let sends = turn::sends(paper, speak);
        let why = |can: &Can| can.why_not.as_ref().map_or_else(String::new, |why| titled(why, definition));
        // Nobody makes a page say so of what lives.
        let came = tried.done.as_deref().filter(|done| *done != "ended" || possible.status == Status::Final);
        Self {
            title_of: title_of(paper),
            href: format!("/instances/{}", paper.instance.id),
            action: format!("/operations/{}", paper.instance.id),
            state: definition
                .find(&possible.state)
                .map_or_else(|| words(&possible.state), |ix| definition.state(ix).title.to_string()),
            status: possible.status.as_str(),
            incidents: possible.incidents.iter().enumerate().map(incident).collect(),
            reviews: possible.tasks.iter().filter_map(|task| Stuck::of(task, paper)).collect(),
            people: Person::all(people, speak),
            moves: moves.map(|to| Target::of(&to.state, to.title.to_string(), &typed("to"))).collect(),
            barred: barred.map(|to| (to.title.to_string(), why(&to.can))).collect(),
            fields: fields
                .map(|field| {
                    let label = format!("{}, now {}", words(&field.field), speak.value(&field.value));
                    Target::of(&field.field, label, &typed("field"))
                })
                .collect(),
            fixed: fixed.map(|field| (words(&field.field), why(&field.can))).collect(),
            cancel: May::of(&possible.cancel, definition),
            own,
            state_revision: possible.state_revision,
            once,
            tried: tried.typed.get("repair").map(|repair| now(repair)).filter(|_| !tried.would.is_empty()),
            would: tried.would,
            failed: tried.failed,
            helpless: left.is_some(),
            done: came.and_then(|done| repaired_in_words(done, left.as_deref(), sends.as_deref())),
            again,
            reason: typed("reason"),
            value: typed("value"),
        }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("repairs", &format!("Repair {}", self.title_of), Here::Operations, reader, self)
    }
}
