//! `fluxor tasks`: what somebody is asked.

use clap::Args;
use serde_json::{Value, json};

use super::out::{Out, table};
use super::{End, Failure};
use crate::config::Config;
use crate::desk::TaskView;
use crate::open::{Purpose, open};

#[derive(Debug, Args)]
pub(super) struct Tasks {
    /// Who
    #[arg(long)]
    person: String,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

impl Tasks {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let desk = open(config, Purpose::Read).await?;
        let tasks = desk.tasks_of(config.tenant(), self.person.into(), None, self.limit).await?;
        let machine: Vec<Value> = tasks
            .iter()
            .map(|task| json!({ "id": task.id, "etag": task.etag, "workflow": task.workflow, "key": task.key, "open": task.open }))
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
