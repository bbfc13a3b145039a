//! Who holds the open seats of a task: the index by which inboxes are found.

use crate::approval::{self, Organisation, Policy};
use crate::clock::Timestamp;
use crate::instance::{Holder, Task};

/// For whom it is worked out who is asked. No review hangs on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// For inboxes, for the entry, which says why, and for those who are told.
    #[default]
    Everybody,
    /// For inboxes alone.
    Inboxes,
    /// For nobody: a task has no holders. Not where somebody repairs or escalates, who may not gain a seat by it.
    Nobody,
}

/// Everyone who holds an open seat or was delegated to, with the step; sorted.
pub(super) fn holders(task: &Task, policy: &Policy, organisation: &Organisation, now: Timestamp) -> Vec<Holder> {
    let all = approval::holders(&task.detail.review, policy, organisation, &task.detail.rates, now);
    let mut holders: Vec<Holder> = all.into_iter().map(|(step, person)| Holder { person, step }).collect();
    holders.sort();
    holders.dedup();
    holders
}

/// Those of `now` who are not among those `before`; `now` is sorted.
pub(super) fn added(before: &[Holder], now: &[Holder]) -> Vec<Holder> {
    let mut before: Vec<&Holder> = before.iter().collect();
    if !before.is_sorted() {
        before.sort();
    }
    let mut before = before.into_iter().peekable();
    let is_new = |holder: &&Holder| {
        while before.next_if(|known| *known != *holder && *known < *holder).is_some() {}
        before.peek() != Some(holder)
    };
    now.iter().filter(is_new).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_not_there_before_is_new() {
        let all = |names: &[&str]| -> Vec<Holder> {
            let of = |name: &&str| Holder { person: name[1..].into(), step: name[..1].into() };
            names.iter().map(of).collect()
        };
        let now = all(&["1ann", "2ann", "1bob", "1cid", "3cid"]);
        for (before, new) in [
            (all(&[]), now.clone()),
            (now.clone(), all(&[])),
            (all(&["2ann", "1cid", "1zoe"]), all(&["1ann", "1bob", "3cid"])),
            (all(&["3cid", "0abe", "1ann", "1bob"]), all(&["2ann", "1cid"])),
        ] {
            assert_eq!(added(&before, &now), new, "{before:?}");
        }
    }
}
