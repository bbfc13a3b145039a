//! The page for those who run the server: what waits where.

use std::sync::Arc;

use fluxor_engine::definition::chart::Definition;
use fluxor_engine::instance::{Instance, Status};
use fluxor_engine::store::{InstancePage, StateCount};
use serde::Serialize;

use super::mending::titled;
use super::words::{Words, amount, is_short, quantity, reference, words};
use super::{Here, Reader, render};
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

/// So many documents are looked through for the end of an id, the newest first.
pub(crate) const LOOKED_THROUGH: usize = 5_000;

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
    /// What is asked for, and where all is shown but for that.
    filters: Vec<(String, String)>,
    key: String,
    /// Among how many documents an id was looked for that ends like it.
    looked: Option<String>,
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

/// What is asked for, as a chip says it.
fn filter(known: Known<'_>, page: &InstancePage, name: &str, value: &str) -> String {
    let value = match (name, page.workflow.as_deref()) {
        ("workflow", _) => workflow_of(&known(value), value),
        ("state", Some(workflow)) => state_of(&known(workflow), value),
        ("incident", _) => words(value),
        _ => value.to_owned(),
    };
    format!("{}: {value}", if name == "key" { "Number, key or id".to_owned() } else { words(name) })
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
            filters: given
                .iter()
                .map(|(name, value)| (filter(known, page, name, value), href(&without(name))))
                .collect(),
            key: page.key.as_deref().unwrap_or_default().to_owned(),
            looked: page.key.as_deref().filter(|key| is_short(key)).map(|_| quantity(&LOOKED_THROUGH.to_string())),
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
            incident: incident.map(|incident| match own.first() {
                Some(definition) => titled(&speak.named(&sentence(&incident.message)), definition),
                None => speak.named(&sentence(&incident.message)),
            }),
            code: incident.map(|incident| incident.code.to_string()),
            amount: own.first().and_then(|definition| amount(&row.subject, definition)),
            changed: speak.ago(row.changed_at),
            changed_at: speak.at(row.changed_at),
        }
    }
}
