//! What leads on from a document: others that hang together with it, the next that waits for the reader, and time.

use fluxor_engine::ids::InstanceId;
use serde::Serialize;

use super::words::{Words, reference, short, title_of};
use crate::desk::{Paper, TaskView};

/// Another document that hangs together with this one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Beside {
    href: String,
    /// What it is to this one.
    is: &'static str,
    title: String,
}

/// What waits for the reader next.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Next {
    href: String,
    title: String,
}

impl Next {
    /// A task of whoever looks.
    pub(crate) fn of(task: &TaskView) -> Self {
        let reference = reference(&task.subject, task.key.as_deref(), task.instance);
        Self { href: format!("/tasks/{}", task.id), title: format!("{} {reference}", task.definition.title) }
    }
}

impl Beside {
    /// `paper`: what it is, where that can be loaded.
    pub(crate) fn of(is: &'static str, id: InstanceId, paper: Option<&Paper>) -> Self {
        let title = paper.map_or_else(|| short(id), |paper| title_of(&paper.instance, Some(&paper.definition)));
        Self { href: format!("/instances/{id}"), is, title }
    }
}

/// When time moves it on, how far that is, and where to.
pub(super) fn clock(paper: &Paper, speak: &Words) -> Option<String> {
    let Paper { instance, definition, .. } = paper;
    let (due, to) = fluxor_engine::decide::led_by_time(definition, instance, None)?;
    let mut to: Vec<String> = to.into_iter().map(|to| format!("“{}”", definition.state(to).title)).collect();
    to.dedup();
    let to = to.join(" or ");
    Some(format!("time moves it on to {to} on {} ({})", speak.at(due), speak.due(due, definition.working())))
}
