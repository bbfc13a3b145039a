//! `fluxor tasks`: what somebody is asked, and who could decide a task at an instant.

use clap::{Args, Subcommand};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::PersonId;
use fluxor_engine::refusal::Refusal;
use serde_json::{Value, json};

use super::instant::instant;
use super::named::{NamedTask, named_task};
use super::out::{Out, table};
use super::{End, Failure};
use crate::config::Config;
use crate::desk::{NotDone, TaskView};
use crate::open::{Purpose, open};
use crate::{deciders, rounds};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Tasks {
    #[command(subcommand)]
    about: Option<About>,
    /// Who
    #[arg(long, required = true)]
    person: Option<String>,
    /// Of states that bear this tag
    #[arg(long)]
    tag: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

/// What may be asked of one task.
#[derive(Debug, Subcommand)]
enum About {
    /// Who could decide a task at an instant, and why: `fluxor tasks deciders 0197....1 --at 2026-03-02T08:00:00Z`
    Deciders {
        /// The task's id: its instance's (or the last eight digits of it), a point and a number
        #[arg(value_parser = named_task)]
        task: NamedTask,
        /// The instant, past or to come: `2026-03-02T08:00:00Z` [default: now]
        #[arg(long, value_parser = instant)]
        at: Option<Timestamp>,
        /// Of this person, whether and why or why not, step by step
        #[arg(long)]
        person: Option<String>,
    },
    /// Every round of a task: who was asked and why, who did what by what right, what fell due, what was changed
    Rounds {
        /// The task's id: its instance's (or the last eight digits of it), a point and a number
        #[arg(value_parser = named_task)]
        task: NamedTask,
    },
}

impl Tasks {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let desk = open(config, Purpose::Read).await?;
        match self.about {
            Some(About::Deciders { task, at, person }) => {
                let person = person.map(PersonId::from);
                let task = task.here(&*desk, config.tenant()).await?;
                let found = desk.deciders(config.tenant(), task, at, person.clone()).await?;
                let report = deciders::Report::of(found, person);
                out.result(&report, || report.text());
                return Ok(End::Done);
            }
            Some(About::Rounds { task }) => {
                let task = task.here(&*desk, config.tenant()).await?;
                let report = rounds::Report::of(task, desk.rounds(config.tenant(), task).await?);
                // Of a task that no definition tells any more nothing is known but what it decided.
                let shown = desk.task(config.tenant(), task).await;
                if let Err(NotDone::Refused(refusal @ Refusal::Unloadable { .. })) = shown {
                    return Err(NotDone::Refused(refusal).into());
                }
                let is_task = shown.is_ok_and(|task| task.form.is_some());
                out.result(&report, || report.text(is_task));
                return Ok(End::Done);
            }
            None => {}
        }
        // Without a task, clap asks for the person.
        let person: PersonId = self.person.unwrap_or_default().into();
        if let Some(refusal) = desk.left_out(config.tenant(), person.clone()).await? {
            return Err(NotDone::Refused(refusal).into());
        }
        let company = desk.company(config.tenant()).await?;
        if company.at.organisation.person(&person).is_none() {
            return Err(Failure::Declined("unknown_person".to_owned(), company.at.organisation.nobody(&person)));
        }
        let tasks = desk.tasks_of(config.tenant(), person, self.tag, None, self.limit).await?;
        let machine: Vec<Value> = tasks
            .iter()
            .map(|task| json!({ "id": task.id, "etag": task.etag, "workflow": task.workflow, "key": task.key, "state": task.state, "tags": task.tags,
                "asks": if task.form.is_some() { "data" } else { "decision" }, "open": task.open }))
            .collect();
        out.result(&machine, || {
            table(&["TASK", "WORKFLOW", "KEY", "STEPS", "DUE"], &tasks.iter().map(cells).collect::<Vec<_>>())
        });
        Ok(End::Done)
    }
}

fn cells(task: &TaskView) -> Vec<String> {
    let steps: Vec<String> = task
        .open
        .iter()
        .map(|seat| match &seat.on_behalf_of {
            Some(person) => format!("{} for {person}", seat.step),
            None => seat.step.to_string(),
        })
        .collect();
    vec![
        task.id.to_string(),
        task.workflow.to_string(),
        task.key.as_deref().unwrap_or("-").to_owned(),
        steps.join(", "),
        task.due_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
    ]
}
