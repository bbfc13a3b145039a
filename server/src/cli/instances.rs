//! `fluxor instances`: what runs, and what became of it.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use fluxor_engine::audit::{Entry, Header};
use fluxor_engine::instance::{Instance, Status};
use fluxor_engine::refusal::Refusal;
use fluxor_engine::store::InstancePage;
use serde_json::{Value, json};

use super::named::{Named, named, unknown};
use super::out::{Out, table};
use super::repair::Repairing;
use super::{End, Failure};
use crate::config::Config;
use crate::desk::{Desk, Look, NotDone};
use crate::open::{Purpose, no_folder, open};
use crate::page;
use crate::repairs::sentence;

#[derive(Debug, Subcommand)]
pub(super) enum Instances {
    /// List instances, newest first
    List(List),
    /// Show an instance, its open tasks and its history
    Show {
        /// Its id, or the last eight digits of it
        #[arg(value_parser = named)]
        id: Named,
    },
    /// Repair an instance: `repair ID retry|skip|move STATE|set FIELD=VALUE...|cancel --reason TEXT`; without how, say what is possible
    Repair(Repairing),
    /// How many live instances there are by workflow, state and status
    Counts,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only of this workflow
    #[arg(long)]
    workflow: Option<String>,
    /// Only in this state, or in one inside of it
    #[arg(long)]
    state: Option<String>,
    /// Only active, incident or final ones
    #[arg(long, value_parser = |text: &str| Status::parse(text).ok_or("one of active, incident, final"))]
    status: Option<Status>,
    /// Only with an incident of this code: `delivery_failed`
    #[arg(long, value_name = "CODE")]
    incident: Option<String>,
    /// Only with this business key
    #[arg(long, value_name = "KEY")]
    business_key: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

impl Instances {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::List(List { workflow, state, status, incident, business_key: key, limit }) => {
                let desk = open(config, Purpose::Read).await?;
                let name = |text: Option<String>| text.map(Arc::from);
                let (workflow, state, incident, key) = (name(workflow), name(state), name(incident), name(key));
                let page = InstancePage {
                    tenant: config.tenant(),
                    workflow,
                    state,
                    status,
                    incident,
                    key,
                    after: None,
                    limit: limit + 1,
                };
                let mut rows = desk.instances(page.clone()).await?;
                if rows.is_empty() {
                    strangers(&*desk, &page).await?.iter().for_each(|words| out.aside(words));
                }
                if usize::try_from(limit).is_ok_and(|limit| rows.len() > limit) {
                    rows.pop();
                    out.aside(&format!("These are the {limit} newest; there are more: raise --limit, or filter."));
                }
                out.result(&rows.iter().map(machine).collect::<Vec<_>>(), || listed(&rows));
            }
            Self::Show { id } => {
                let desk = open(config, Purpose::Read).await?;
                let id = id.here(&*desk, config.tenant()).await?;
                let look = desk.look(config.tenant(), id).await?;
                let entries = desk.entries(config.tenant(), id.into(), 0, 1000).await?;
                let headers: Vec<Header> = entries.iter().filter_map(|entry| entry.parsed().ok()).collect();
                let history: Vec<Value> =
                    entries.iter().filter_map(|entry| serde_json::from_str(&entry.header).ok()).collect();
                let mut whole = machine(&look.instance);
                whole["subject"] = Value::Object(look.instance.subject.clone());
                whole["tasks"] = json!(look.answer.tasks);
                whole["accepts"] = json!(look.answer.accepts);
                whole["history"] = json!(history);
                // What it has been through is known all the same.
                if let Err(NotDone::Refused(refusal @ Refusal::Unloadable { .. })) =
                    desk.pinned(config.tenant(), id).await
                {
                    let folder = no_folder(config).map_or(String::new(), |why| format!(" {why}"));
                    let why = format!("What it accepts and asks is not known. {}{folder}", refusal.sentence());
                    out.aside(&why);
                    (whole["tasks"], whole["accepts"]) = (Value::Null, Value::Null);
                    whole["not_known"] = json!(why);
                }
                out.result(&whole, || shown(&look, &headers) + &went_wrong(&entries));
            }
            Self::Repair(repairing) => repairing.run(config, out).await?,
            Self::Counts => super::repair::counts(config, out).await?,
        }
        Ok(End::Done)
    }
}

/// What is said where nothing was found: that there is no workflow or state of this name, no incident of this code.
async fn strangers(desk: &dyn Desk, page: &InstancePage) -> Result<Vec<String>, Failure> {
    let mut told = Vec::new();
    if let Some(workflow) = &page.workflow {
        let library = desk.library();
        told.extend(unknown("There is no workflow", workflow, library.names().map(AsRef::as_ref)));
    }
    if let Some(state) = &page.state {
        let (library, counts) = (desk.library(), desk.counts(page.tenant).await?);
        let of = |workflow: &str| page.workflow.as_deref().is_none_or(|asked| asked == workflow);
        let current = library.names().filter(|name| of(name)).filter_map(|name| library.current(name));
        let known = current.flat_map(|definition| definition.states.iter().map(|state| &*state.path));
        // Those that run by an older definition may be in others.
        let others = counts.iter().filter(|count| of(&count.workflow)).map(|count| &*count.state);
        told.extend(unknown("There is no state", state, known.chain(others)));
    }
    if let Some(code) = &page.incident {
        let all = InstancePage { status: Some(Status::Incident), ..InstancePage::all(page.tenant, LOOKED_THROUGH) };
        let rows = desk.instances(all).await?;
        let codes = rows.iter().flat_map(|row| row.detail.incidents()).map(|incident| &*incident.code);
        told.extend(unknown("Nothing that runs has an incident of the code", code, codes));
    }
    Ok(told)
}

/// Among so many incidents the one is sought that was meant.
const LOOKED_THROUGH: i64 = 1_000;

fn machine(row: &Instance) -> Value {
    json!({
        "id": row.id,
        "workflow": row.workflow,
        "key": row.key,
        "state": row.state,
        "inside": row.inside(),
        "status": row.status,
        "state_revision": row.state_revision,
        "seq": row.seq,
        "incident": row.detail.incident,
        "caller": row.detail.caller,
        "called": row.detail.called,
        "stopped": row.detail.stopped,
        "started_at": row.started_at.to_string(),
        "changed_at": row.changed_at.to_string(),
    })
}

fn listed(rows: &[Instance]) -> String {
    let cells = |row: &Instance| {
        vec![
            row.id.to_string(),
            row.workflow.to_string(),
            row.key.as_deref().unwrap_or("-").to_owned(),
            row.state.to_string(),
            row.status.as_str().to_owned(),
            row.changed_at.to_string(),
        ]
    };
    table(&["ID", "WORKFLOW", "KEY", "STATE", "STATUS", "CHANGED"], &rows.iter().map(cells).collect::<Vec<_>>())
}

/// So much of a field is shown to people; machines get all of it.
const SHOWN: usize = 200;

/// A field's value on one line.
fn short(value: &Value) -> String {
    let whole = value.as_str().map_or_else(|| value.to_string(), |text| text.replace(['\n', '\r', '\t'], " "));
    match whole.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}... ({} characters; --json has all)", &whole[..end], whole.chars().count()),
        None => whole,
    }
}

/// Where it is: in a parallel state all that it is in.
fn place(instance: &Instance) -> String {
    match instance.detail.inside.as_slice() {
        [] => instance.state.to_string(),
        inside => format!("{} (in {})", instance.state, inside.join(" and ")),
    }
}

fn shown(Look { instance, answer }: &Look, history: &[Header]) -> String {
    let mut out = format!(
        "{} {}, key {}\nstate {} ({}), revision {}\n",
        instance.workflow,
        instance.id,
        instance.key.as_deref().unwrap_or("-"),
        place(instance),
        instance.status.as_str(),
        instance.state_revision,
    );
    if let Some(incident) = &instance.detail.incident {
        let _ = writeln!(out, "needs a person since {}: {} [{}]", incident.since, incident.message, incident.code);
    }
    for task in &answer.tasks {
        let people: Vec<String> = task.open.iter().map(|seat| format!("{} ({})", seat.person, seat.step)).collect();
        let _ = writeln!(out, "task {} asks {}", task.id, people.join(", "));
    }
    match answer.accepts.is_empty() {
        true => out.push('\n'),
        false => drop(writeln!(out, "accepts: {}\n", answer.accepts.join(", "))),
    }
    for (field, value) in &instance.subject {
        let _ = writeln!(out, "{field}: {}", short(value));
    }
    out.push('\n');
    let cells = |header: &Header| {
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        vec![
            header.seq.to_string(),
            header.at.to_string(),
            header.actor.as_ref().map_or_else(|| header.actor_kind.to_string(), ToString::to_string),
            header.verb.to_string(),
            or_dash(header.event.as_deref()),
            or_dash(header.from.as_deref()),
            or_dash(header.to.as_deref()),
        ]
    };
    let rows: Vec<_> = history.iter().map(cells).collect();
    out + &table(&["SEQ", "AT", "BY", "VERB", "EVENT", "FROM", "TO"], &rows)
}

/// The entries that did not go well, and why.
fn went_wrong(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        for why in page::went_wrong(&serde_json::from_str(&entry.body).unwrap_or_default()) {
            let _ = write!(text, "\nentry {} did not go well: {}", entry.seq, sentence(&why));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_one_line_and_a_long_one_is_cut() {
        assert_eq!(short(&json!("a\nb\tc")), "a b c");
        assert_eq!(short(&json!(["a", 1, null])), r#"["a",1,null]"#);
        assert_eq!(short(&json!("é".repeat(200))), "é".repeat(200));
        let cut = short(&json!("é".repeat(201)));
        assert_eq!(cut, format!("{}... (201 characters; --json has all)", "é".repeat(200)));
    }
}
