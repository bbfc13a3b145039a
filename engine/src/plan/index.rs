//! What follows from an instance's image: the guards of its tasks, and the rows of the indexes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::commit::{Commit, HolderRow, IndexRow, TimerRow};
use crate::instance::{Holder, Instance, Task};

/// What stands at this pointer has changed: if it is of tasks, their guards rise.
pub(super) fn touch(after: &mut Instance, at: &str, seq: i64) {
    let whole = at.is_empty() || at == "/tasks";
    let ordinal = at.strip_prefix("/tasks/").and_then(|rest| rest.split('/').next()?.parse().ok());
    for task in after.tasks.iter_mut().filter(|t| whole || Some(t.id.ordinal) == ordinal) {
        task.seq = seq;
    }
}

/// Who holds open seats of it.
fn holders(i: &Instance) -> BTreeSet<HolderRow> {
    let row = |task: &Task, holder: &Holder| HolderRow {
        tenant: i.tenant,
        person: holder.person.clone(),
        instance: i.id,
        ordinal: task.id.ordinal,
        step: holder.step.clone(),
    };
    i.tasks.iter().flat_map(|t| t.holders.iter().map(move |h| row(t, h))).collect()
}

/// Its timers.
fn timers(i: &Instance) -> BTreeSet<TimerRow> {
    let row = |(name, due_at): (&Arc<str>, &Timestamp)| TimerRow {
        tenant: i.tenant,
        instance: i.id,
        name: name.clone(),
        due_at: *due_at,
    };
    i.detail.timers.iter().map(row).collect()
}

/// The rows of timers and holders that follow from an instance.
#[must_use]
pub fn indexed(instance: &Instance) -> Vec<IndexRow> {
    let timers = timers(instance).into_iter().map(IndexRow::Timer);
    timers.chain(holders(instance).into_iter().map(IndexRow::Holder)).collect()
}

/// Index rows, by what changed from first to last.
pub(super) fn index<Op>(commit: &mut Commit<Op>, before: Option<&Instance>, now: &Instance) {
    let (old, new) = (before.map(holders).unwrap_or_default(), holders(now));
    commit.holders.remove.extend(old.difference(&new).cloned());
    commit.holders.add.extend(new.difference(&old).cloned());
    let (old, new) = (before.map(timers).unwrap_or_default(), timers(now));
    commit.timers.remove.extend(old.difference(&new).cloned());
    commit.timers.add.extend(new.difference(&old).cloned());
}
