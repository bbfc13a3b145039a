//! Pages for those who run the server: what waits where, and how what is stuck is repaired.

use std::collections::HashMap;
use std::sync::Arc;

use fluxor_engine::approval::{State, Why};
use fluxor_engine::command::TaskSummary;
use fluxor_engine::decide::{Can, Possible};
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Instance, Status};
use fluxor_engine::store::{InstancePage, StateCount};
use serde::Serialize;

use super::field::Known as Person;
use super::said::repaired_in_words;
use super::words::{Words, amount, reference, words};
use super::{Here, Reader, render, turn};
use crate::desk::Paper;
use crate::reload::Trouble;
use crate::repairs::sentence;

/// The versions of a workflow that there are instances of, else the one that is loaded.
type Known<'a> = &'a dyn Fn(&str) -> Vec<Arc<Definition>>;

/// How many there are in a state.
#[derive(Debug, Serialize)]
struct Count {
    href: String,
    workflow: String,
    state: String,
    incident: bool,
    count: i64,
    oldest: String,
    oldest_at: String,
}

/// An instance.
#[derive(Debug, Serialize)]
struct Row {
    href: String,
    repairs: String,
    title: String,
    reference: String,
    state: String,
    status: &'static str,
    incident: Option<String>,
    code: Option<String>,
    amount: Option<String>,
    changed: String,
    changed_at: String,
}

/// A file of definitions that is refused.
#[derive(Debug, Serialize)]
pub(crate) struct RefusedFile {
    file: String,
    why: String,
    rendered: String,
    codes: Vec<&'static str>,
}

/// So many refused files are shown, and so much of what is found in each: a page is small.
const MOST_REFUSED: usize = 5;
const LONGEST_SHOWN: usize = 1_500;

impl RefusedFile {
    /// The first of them.
    pub(crate) fn of(troubles: &[Trouble]) -> Vec<Self> {
        let one = |trouble: &Trouble| Self {
            why: trouble.first().to_owned(),
            codes: trouble.codes(),
            rendered: match trouble.rendered.char_indices().nth(LONGEST_SHOWN) {
                Some((at, _)) => format!("{}...", &trouble.rendered[..at]),
                None => trouble.rendered.clone(),
            },
            file: trouble.file.clone(),
        };
        troubles.iter().take(MOST_REFUSED).map(one).collect()
    }
}

/// What waits where.
#[derive(Debug, Serialize)]
pub(crate) struct Operations {
    refused: Vec<RefusedFile>,
    counts: Vec<Count>,
    rows: Vec<Row>,
    filters: Vec<(String, String)>,
    key: String,
    more: Option<String>,
    total: i64,
    incidents: i64,
}

/// What a state is called; where versions differ, by each.
fn state_of(versions: &[Arc<Definition>], state: &str) -> String {
    let title = |version: &Arc<Definition>| Some(version.state(version.find(state)?).title.to_string());
    let mut titles: Vec<String> = Vec::new();
    for title in versions.iter().filter_map(title) {
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    if titles.is_empty() { words(state) } else { titles.join(" / ") }
}

fn workflow_of(versions: &[Arc<Definition>], workflow: &str) -> String {
    versions.last().map_or_else(|| words(workflow), |definition| definition.title.to_string())
}

fn href(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("/operations?{}", query.finish())
}

impl Operations {
    pub(crate) fn new(
        counts: &[StateCount],
        (rows, more): (&[Instance], bool),
        page: &InstancePage,
        refused: Vec<RefusedFile>,
        known: Known<'_>,
        speak: &Words,
    ) -> Self {
        let given = [
            ("workflow", page.workflow.as_deref()),
            ("state", page.state.as_deref()),
            ("status", page.status.map(Status::as_str)),
            ("incident", page.incident.as_deref()),
            ("key", page.key.as_deref()),
        ];
        let given: Vec<(&str, &str)> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let last = rows.last().map(|row| row.id.to_string()).filter(|_| more);
        let more = last.map(|last| href(&[&given[..], &[("after", &last)]].concat()));
        let without = |name: &str| given.iter().copied().filter(|(other, _)| *other != name).collect::<Vec<_>>();
        let count = |one: &StateCount| Count {
            href: href(&[("workflow", &*one.workflow), ("state", &*one.state), ("status", one.status.as_str())]),
            workflow: workflow_of(&known(&one.workflow), &one.workflow),
            state: state_of(&known(&one.workflow), &one.state),
            incident: one.status == Status::Incident,
            count: one.count,
            oldest: speak.ago(one.oldest),
            oldest_at: speak.at(one.oldest),
        };
        let stuck = |one: &&StateCount| one.status == Status::Incident;
        Self {
            refused,
            counts: counts.iter().map(count).collect(),
            rows: rows.iter().map(|row| Row::of(row, known, speak)).collect(),
            filters: given.iter().map(|(name, value)| (format!("{name}: {value}"), href(&without(name)))).collect(),
            key: page.key.as_deref().unwrap_or_default().to_owned(),
            more,
            total: counts.iter().map(|one| one.count).sum(),
            incidents: counts.iter().filter(stuck).map(|one| one.count).sum(),
        }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("operations", "Operations", Here::Operations, reader, self)
    }
}

impl Row {
    fn of(row: &Instance, known: Known<'_>, speak: &Words) -> Self {
        let incident = row.detail.incident.as_ref();
        let versions = known(&row.workflow);
        let own: Vec<_> = versions.iter().filter(|version| version.hash == row.definition).cloned().collect();
        let own = if own.is_empty() { versions } else { own };
        Self {
            href: format!("/instances/{}", row.id),
            repairs: format!("/operations/{}", row.id),
            title: workflow_of(&own, &row.workflow),
            reference: reference(&row.subject, row.key.as_deref(), row.id),
            state: state_of(&own, &row.state),
            status: row.status.as_str(),
            incident: incident.map(|incident| sentence(&incident.message)),
            code: incident.map(|incident| incident.code.to_string()),
            amount: amount(&row.subject),
            changed: speak.ago(row.changed_at),
            changed_at: speak.at(row.changed_at),
        }
    }
}

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

impl From<&Can> for May {
    fn from(can: &Can) -> Self {
        Self { possible: can.possible, why_not: can.why_not.clone() }
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
    tried: Option<String>,
    reason: String,
    value: String,
}

impl Stuck {
    fn of(task: &TaskSummary, paper: &Paper) -> Option<Self> {
        let review = &paper.instance.tasks.iter().find(|known| known.id == task.id)?.detail.review;
        if review.state != State::Incident {
            return None;
        }
        let title = paper.definition.find(&task.state).map(|ix| paper.definition.state(ix).title.to_string());
        let step = if let Why::Stuck(_, step) = &review.why { Some(step.to_string()) } else { None };
        Some(Self {
            task: task.id.to_string(),
            etag: task.etag.clone(),
            title: title.unwrap_or_else(|| words(&task.state)),
            step,
        })
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
        people: impl Iterator<Item = PersonId>,
        tried: Tried,
        once: String,
        speak: &Words,
    ) -> Self {
        let definition = &paper.definition;
        let typed = |name: &str| tried.typed.get(name).cloned().unwrap_or_default();
        let incident = |(place, one): (usize, &fluxor_engine::decide::Mending)| Incident {
            place,
            code: one.code.to_string(),
            message: sentence(&one.message),
            at: one.at.as_deref().unwrap_or_default().to_owned(),
            since: speak.ago(one.since),
            retry: (&one.retry).into(),
            skip: (&one.skip).into(),
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
        let left = possible.incidents.first().map(|incident| sentence(&incident.message));
        let sends = turn::sends(paper, speak);
        let why = |can: &Can| can.why_not.clone().unwrap_or_default();
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
            moves: moves
                .map(|to| Target {
                    label: format!("{} ({})", to.title, to.state),
                    chosen: *to.state == *typed("to"),
                    value: to.state.to_string(),
                })
                .collect(),
            barred: barred.map(|to| (to.title.to_string(), why(&to.can))).collect(),
            fields: fields
                .map(|field| Target {
                    label: format!("{} ({}), now {}", words(&field.field), field.ty, speak.value(&field.value)),
                    chosen: *field.field == *typed("field"),
                    value: field.field.to_string(),
                })
                .collect(),
            fixed: fixed.map(|field| (words(&field.field), why(&field.can))).collect(),
            cancel: (&possible.cancel).into(),
            state_revision: possible.state_revision,
            once,
            tried: tried.typed.get("repair").map(|repair| words(repair)).filter(|_| !tried.would.is_empty()),
            would: tried.would,
            failed: tried.failed,
            helpless: left.is_some(),
            done: tried.done.as_deref().and_then(|done| repaired_in_words(done, left.as_deref(), sends.as_deref())),
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
