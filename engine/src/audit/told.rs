//! What an entry tells of an instance: each changed field, before and after, as text already.
//!
//! It says what `fold::diff` would say of the two images, field by field from the structs themselves, without making a
//! tree of JSON of what is the same: this is what every transition pays. A debug build compares the two.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};

use super::fold::{Change, diff_at, is_told_apart, maps, place_at, pointer};
use super::image::{ShownTask, shown};
use crate::approval::{Review, StepState, Why};
use crate::ids::PersonId;
use crate::instance::{Detail, Document, Holder, Instance, Task, TaskDetail};

/// A [`Change`] whose sides are written already.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// JSON Pointer (RFC 6901) into the image.
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Box<RawValue>>,
}

impl Told {
    /// The change that it tells.
    #[must_use]
    pub fn read(&self) -> Change {
        let side = |side: &Option<Box<RawValue>>| side.as_ref().map(json);
        Change { at: self.at.clone(), from: side(&self.from), to: side(&self.to) }
    }
}

impl From<&Change> for Told {
    fn from(change: &Change) -> Self {
        Self { at: change.at.clone(), from: change.from.as_ref().and_then(raw), to: change.to.as_ref().and_then(raw) }
    }
}

fn raw<T: Serialize + ?Sized>(value: &T) -> Option<Box<RawValue>> {
    to_raw_value(value).ok()
}

fn json<T: Serialize + ?Sized>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

/// What changed from `before` to `after`: the same as `fold::diff` of their images.
#[must_use]
pub fn changes(before: Option<&Instance>, after: &Instance) -> Vec<Told> {
    let mut found = Found { at: String::with_capacity(64), all: Vec::with_capacity(16) };
    let Some(before) = before else {
        found.all.push(Told { at: String::new(), from: raw(&Json::Null), to: raw(&shown(after)) });
        return found.all;
    };
    // What an instance is never changes: its workflow and its key. Its definition does by a migration.
    found.leaf("definition", &before.definition, &after.definition);
    found.inside("detail", |f| f.detail(&before.detail, &after.detail));
    found.leaf("state", &before.state, &after.state);
    found.leaf("state_revision", &before.state_revision, &after.state_revision);
    found.leaf("status", &before.status, &after.status);
    found.inside("subject", |f| f.document(&before.subject, &after.subject));
    found.tasks(&before.tasks, &after.tasks);
    found.all
}

/// What was found so far, and where the look is.
struct Found {
    at: String,
    all: Vec<Told>,
}

impl Found {
    fn inside(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let length = self.at.len();
        pointer(&mut self.at, name);
        look(self);
        self.at.truncate(length);
    }

    fn push(&mut self, name: &str, from: Option<Box<RawValue>>, to: Option<Box<RawValue>>) {
        let mut at = String::with_capacity(self.at.len() + 1 + name.len());
        at.push_str(&self.at);
        pointer(&mut at, name);
        self.all.push(Told { at, from, to });
    }

    /// A member that is always there and no object.
    fn leaf<T: Serialize + PartialEq>(&mut self, name: &str, before: &T, after: &T) {
        self.optional(name, before, after, |_| true);
    }

    /// A member that is no object, and is left out unless `there`.
    fn optional<T: Serialize + PartialEq>(&mut self, name: &str, before: &T, after: &T, there: fn(&T) -> bool) {
        if before != after {
            let side = |value: &T| there(value).then(|| raw(value)).flatten();
            self.push(name, side(before), side(after));
        }
    }

    /// A member that is left out when it has its default.
    fn default<T: Serialize + PartialEq + Default>(&mut self, name: &str, before: &T, after: &T) {
        self.optional(name, before, after, |value| *value != T::default());
    }

    /// A list, which is left out when it is empty.
    fn list<T: Serialize + PartialEq>(&mut self, name: &str, before: &[T], after: &[T]) {
        self.list_of(name, before, after, Self::any);
    }

    /// The same, of whose elements `each` tells what has changed.
    fn list_of<T: Serialize + PartialEq>(
        &mut self,
        name: &str,
        before: &[T],
        after: &[T],
        each: fn(&mut Self, &T, &T),
    ) {
        if before == after || !is_told_apart(&self.at, before, after) {
            return self.optional(name, &before, &after, |list| !list.is_empty());
        }
        self.inside(name, |f| {
            let length = f.at.len();
            for (place, new) in after.iter().enumerate() {
                let old = before.get(place);
                if old == Some(new) {
                    continue;
                }
                place_at(&mut f.at, place);
                match old {
                    Some(old) => each(f, old, new),
                    None => f.all.push(Told { at: f.at.clone(), from: None, to: raw(new) }),
                }
                f.at.truncate(length);
            }
        });
    }

    /// Whatever it is that stands here.
    fn any<T: Serialize>(&mut self, before: &T, after: &T) {
        self.sides(Some(before), Some(after));
    }

    /// The same, where a side may be left out.
    fn sides<T: Serialize>(&mut self, before: Option<&T>, after: Option<&T>) {
        let changes = diff_at(&self.at, before.map(json).as_ref(), after.map(json).as_ref());
        self.all.extend(changes.iter().map(Told::from));
    }

    /// The same of what is in an order of its own.
    fn set(&mut self, name: &str, before: &BTreeSet<PersonId>, after: &BTreeSet<PersonId>) {
        if before != after {
            let all = |set: &BTreeSet<PersonId>| set.iter().cloned().collect::<Vec<_>>();
            self.list(name, &all(before), &all(after));
        }
    }

    /// A member that may be an object, and is left out unless `there`.
    fn tree<T: Serialize + PartialEq>(&mut self, name: &str, before: &T, after: &T, there: fn(&T) -> bool) {
        if before != after {
            self.inside(name, |f| f.sides(Some(before).filter(|v| there(v)), Some(after).filter(|v| there(v))));
        }
    }

    fn document(&mut self, before: &Document, after: &Document) {
        let mut changes = Vec::new();
        maps(&mut self.at, before, after, &mut changes);
        self.all.extend(changes.iter().map(Told::from));
    }

    fn detail(&mut self, before: &Detail, after: &Detail) {
        // The requests that it remembers follow from the headers.
        let Detail {
            started_by,
            entered_at,
            inside,
            history,
            caller,
            called,
            returned,
            stopped,
            undo,
            timers,
            incident,
            others,
            passed,
            handled,
            kept_out,
            requests: _,
        } = before;
        self.tree("called", called, &after.called, |c| !c.is_empty());
        self.default("caller", caller, &after.caller);
        self.leaf("entered_at", entered_at, &after.entered_at);
        self.default("handled", handled, &after.handled);
        self.tree("history", history, &after.history, |h| !h.is_empty());
        self.tree("incident", incident, &after.incident, Option::is_some);
        self.default("inside", inside, &after.inside);
        self.default("kept_out", kept_out, &after.kept_out);
        self.default("others", others, &after.others);
        self.default("passed", passed, &after.passed);
        self.default("returned", returned, &after.returned);
        self.default("started_by", started_by, &after.started_by);
        self.default("stopped", stopped, &after.stopped);
        self.tree("timers", timers, &after.timers, |t| !t.is_empty());
        self.default("undo", undo, &after.undo);
    }

    fn tasks(&mut self, before: &[Task], after: &[Task]) {
        let old = |task: &Task| before.iter().find(|t| t.id == task.id);
        let mut changed: Vec<(String, &Task)> =
            after.iter().filter(|t| old(t) != Some(t)).map(|t| (t.id.ordinal.to_string(), t)).collect();
        if changed.is_empty() {
            return;
        }
        // An image without tasks has no member for them.
        if before.is_empty() {
            let all: BTreeMap<&str, ShownTask<'_>> = changed.iter().map(|(n, t)| (&**n, (*t).into())).collect();
            return self.push("tasks", None, raw(&all));
        }
        changed.sort_by(|a, b| a.0.cmp(&b.0));
        self.inside("tasks", |f| {
            for (name, task) in &changed {
                match old(task) {
                    None => f.push(name, None, raw(&ShownTask::from(*task))),
                    Some(old) => f.inside(name, |f| f.task(old, task)),
                }
            }
        });
    }

    fn task(&mut self, before: &Task, after: &Task) {
        let Task { id: _, state, status, revision, document, due_at, holders, detail, opened_at, seq: _ } = before;
        self.inside("detail", |f| {
            let TaskDetail { review, rates, organisation, reminded, passed_on, earlier } = detail;
            f.list("earlier", earlier, &after.detail.earlier);
            f.leaf("organisation", organisation, &after.detail.organisation);
            f.tree("rates", rates, &after.detail.rates, |_| true);
            f.tree("passed_on", passed_on, &after.detail.passed_on, |seats| !seats.is_empty());
            f.tree("reminded", reminded, &after.detail.reminded, |times| !times.is_empty());
            f.inside("review", |f| f.review(review, &after.detail.review));
        });
        self.leaf("document", document, &after.document);
        self.default("due_at", due_at, &after.due_at);
        self.list_of("holders", holders, &after.holders, Self::holder);
        self.leaf("opened_at", opened_at, &after.opened_at);
        self.leaf("revision", revision, &after.revision);
        self.leaf("state", state, &after.state);
        self.leaf("status", status, &after.status);
    }

    fn review(&mut self, before: &Review, after: &Review) {
        let Review { state, why, round, round_began, subject, editors, watchers, steps, parked, .. } = before;
        let Review { no_plan, votes, votes_from, paused, held, next_id, looking, questions, .. } = before;
        self.set("editors", editors, &after.editors);
        self.default("held", held, &after.held);
        self.list("looking", looking, &after.looking);
        self.default("next_id", next_id, &after.next_id);
        self.default("no_plan", no_plan, &after.no_plan);
        self.list("parked", parked, &after.parked);
        self.tree("paused", paused, &after.paused, Option::is_some);
        self.list("questions", questions, &after.questions);
        self.default("round", round, &after.round);
        self.default("round_began", round_began, &after.round_began);
        self.default("state", state, &after.state);
        self.list_of("steps", steps, &after.steps, Self::step);
        self.tree("subject", subject, &after.subject, |_| true);
        self.list("votes", votes, &after.votes);
        self.default("votes_from", votes_from, &after.votes_from);
        self.set("watchers", watchers, &after.watchers);
        self.why(why, &after.why);
    }

    fn why(&mut self, before: &Why, after: &Why) {
        match (before, after) {
            (Why::WaitingFor(old), Why::WaitingFor(new)) if !old.is_empty() && !new.is_empty() => {
                self.inside("why", |f| f.list("waiting_for", old, new));
            }
            _ => self.tree("why", before, after, |why| *why != Why::default()),
        }
    }

    fn holder(&mut self, before: &Holder, after: &Holder) {
        self.leaf("person", &before.person, &after.person);
        self.leaf("step", &before.step, &after.step);
    }

    fn step(&mut self, before: &StepState, after: &StepState) {
        let StepState {
            id,
            name,
            definition,
            status,
            opened,
            rungs,
            resolved,
            problem,
            repaired,
            late,
            top,
            seats,
            aside,
        } = before;
        self.list("aside", aside, &after.aside);
        self.tree("definition", definition, &after.definition, |_| true);
        self.leaf("id", id, &after.id);
        self.default("late", late, &after.late);
        self.leaf("name", name, &after.name);
        self.default("opened", opened, &after.opened);
        self.tree("problem", problem, &after.problem, Option::is_some);
        self.default("repaired", repaired, &after.repaired);
        self.tree("resolved", resolved, &after.resolved, Option::is_some);
        self.list("rungs", rungs, &after.rungs);
        if *seats != after.seats {
            self.list("seats", &seats.in_a_row(), &after.seats.in_a_row());
        }
        self.default("status", status, &after.status);
        self.default("top", top, &after.top);
    }
}
