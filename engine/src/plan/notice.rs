//! What a notice carries to whoever writes to people: the notice for one of them, and the matter as it is now.

use serde_json::{Value as Json, json};

use crate::clock::Timestamp;
use crate::command::Command;
use crate::definition::chart::{Definition, StateIx};
use crate::effect::{Notice, Record};
use crate::ids::TaskId;
use crate::instance::Instance;

/// What a decision's notices tell besides themselves.
pub(super) struct Told<'a> {
    pub(super) command: &'a Command,
    pub(super) definition: &'a Definition,
    pub(super) record: &'a Record,
    pub(super) after: &'a Instance,
    /// The entry's instant.
    pub(super) at: Timestamp,
}

impl Told<'_> {
    /// The payloads: one for each person. `by` and `behalf` are who set it in motion and for whom; nobody: time did.
    pub(super) fn each(&self, notice: &Notice) -> impl Iterator<Item = Json> {
        let after = self.after;
        let task = after.tasks.iter().find(|task| task.id.ordinal == notice.task);
        // In several states at once, that which waits for them is meant, or that of the task.
        let of_task = || task.filter(|_| !after.detail.inside.is_empty()).map(|task| &task.state);
        let state = notice.state.as_ref().or_else(of_task).unwrap_or(&after.state).clone();
        let asks_data = task.is_some_and(|task| crate::decide::asks_for_data(self.definition, task));
        // Whoever is asked sees what becomes of it without him.
        let led = task.filter(|_| notice.kind.asks());
        let led = led.and_then(|task| crate::decide::led_by_time(self.definition, after, Some(task)));
        let title = |to: &StateIx| &self.definition.state(*to).title;
        let then =
            led.as_ref().map(|(_, to)| to.iter().map(title).map(AsRef::as_ref).collect::<Vec<&str>>().join(" or "));
        let until = led.as_ref().map(|(at, _)| at.to_string());
        notice.people.iter().map(move |person| {
            let notice = Notice { people: vec![person.clone()], ..notice.clone() };
            json!({
                "notice": notice,
                "at": self.at.to_string(),
                "by": self.command.actor.person(),
                "behalf": self.record.behalf,
                "workflow": after.workflow,
                "title": self.definition.title,
                "key": after.key,
                "state": state,
                "asks_data": asks_data,
                "until": until,
                "then": then,
                "task": TaskId { instance: after.id, ordinal: notice.task }.to_string(),
                "subject": after.subject,
            })
        })
    }
}
