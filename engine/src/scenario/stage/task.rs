//! What a step asks of the engine: which instance, which of its tasks, with which etag.

use std::sync::Arc;

use crate::command::{Basis, Change, Verb};
use crate::definition::Definition;
use crate::diagnostic::nearest;
use crate::ids::{InstanceId, TaskId};
use crate::instance::Instance;
use crate::runtime::NotDone;
use crate::scenario::script::{Line, Wrong};
use crate::scenario::step::{Ask, Place};
use crate::store::{Persist, Store};

use super::{Stage, TENANT, broken};

impl<D: Persist, S: Store<D>> Stage<D, S> {
    pub(super) async fn verb(&self, ask: &Ask, line: &Line) -> Result<Verb, Wrong> {
        Ok(match ask {
            Ask::Start { workflow, key, input } => {
                Verb::Start { workflow: workflow.clone(), key: key.clone(), input: input.clone() }
            }
            Ask::Organisation(patch) => {
                Verb::Change(Change::Organisation { patch: patch.clone(), basis: Basis::Direct })
            }
            Ask::Record { kind, key, action, params } => Verb::Change(Change::Record {
                kind: kind.clone(),
                key: key.clone(),
                action: action.clone(),
                params: params.clone(),
            }),
            Ask::Signal { event, payload, reason, revision } => Verb::Signal {
                instance: self.present(line)?,
                event: event.clone(),
                payload: payload.clone(),
                reason: reason.clone(),
                state_revision: *revision,
            },
            Ask::Decide { act, state, etag } => {
                let task = match state {
                    Some(place) => self.task_of(place, line).await?,
                    None => self.newest(line).await?,
                };
                Verb::Decide { task, etag: self.etag(task, etag.as_ref(), line).await?, act: act.clone() }
            }
            Ask::Complete { state, on_behalf_of, etag, data } => {
                let task = self.task_of(state, line).await?;
                let etag = self.etag(task, etag.as_ref(), line).await?;
                Verb::Complete { task, etag, on_behalf_of: on_behalf_of.clone(), data: data.clone() }
            }
        })
    }

    /// The instance that the scenario is about.
    fn present(&self, line: &Line) -> Result<InstanceId, Wrong> {
        self.instance.ok_or_else(|| match &self.refused {
            Some((start, why)) => {
                let what = format!("there is no instance: the start in line {start} was refused, {why}");
                Wrong::new(line.number, 3, what, format!("mend the start in line {start}"))
            }
            None => {
                let help = "begin with a start, such as `> start leave as ann {\"days\": 3}`";
                Wrong::new(line.number, 3, "there is no instance yet", help)
            }
        })
    }

    async fn here(&self, line: &Line) -> Result<Instance, Wrong> {
        let id = self.present(line)?;
        self.stored(id).await.map_err(|why| broken(line.number, &why))
    }

    /// The definition of the present instance, if there is one.
    pub(super) async fn calendar(&self, line: &Line) -> Result<Option<Arc<Definition>>, Wrong> {
        if self.instance.is_none() {
            return Ok(None);
        }
        let instance = self.here(line).await?;
        Ok(self.engine.library().pinned(instance.definition).cloned())
    }

    async fn newest(&self, line: &Line) -> Result<TaskId, Wrong> {
        let instance = self.here(line).await?;
        let ordinal = instance.tasks.last().map_or(1, |task| task.id.ordinal);
        Ok(TaskId { instance: instance.id, ordinal })
    }

    /// The newest task that a state has opened.
    async fn task_of(&self, place: &Place, line: &Line) -> Result<TaskId, Wrong> {
        let instance = self.here(line).await?;
        if let Some(task) = instance.tasks.iter().rev().find(|task| task.state == place.path) {
            return Ok(task.id);
        }
        let library = self.engine.library();
        let definition = library.pinned(instance.definition);
        let paths = || definition.iter().flat_map(|definition| &definition.states).map(|state| &*state.path);
        let message = match paths().any(|path| *path == *place.path) {
            true => format!("the state `{}` has opened no task", place.path),
            false => format!("`{}` has no state `{}`", instance.workflow, place.path),
        };
        let near = nearest(&place.path, paths().collect::<Vec<_>>()).filter(|near| *near != &*place.path);
        let mut have: Vec<&str> = instance.tasks.iter().map(|task| &*task.state).collect();
        have.sort_unstable();
        have.dedup();
        let help = match near {
            Some(near) => format!("a similar state exists: `{near}`"),
            None if have.is_empty() => "no state of the instance has opened a task yet".to_owned(),
            None => format!("tasks were opened by: {}", have.join(", ")),
        };
        Err(Wrong::new(line.number, place.column, message, help))
    }

    /// The etag that is written, else the present one, if there is such a task.
    async fn etag(&self, task: TaskId, written: Option<&String>, line: &Line) -> Result<Option<String>, Wrong> {
        if let Some(etag) = written {
            return Ok(Some(etag.clone()));
        }
        match self.engine.task(TENANT, task).await {
            Ok(view) => Ok(Some(view.etag)),
            Err(NotDone::Refused(_)) => Ok(None),
            Err(why) => Err(broken(line.number, &why)),
        }
    }
}
