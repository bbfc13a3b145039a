//! What reviews are told of the document: each change as an edit, but for what the workflow itself computes after a decision.

use std::sync::Arc;

use crate::approval::{FieldValue, PLAN, State, Verb};
use crate::domain::Domain;
use crate::expression::{Expr, Value};
use crate::instance::{Status, Task, TaskStatus};

use super::Halt;
use super::run::Run;

impl<D: Domain> Run<'_, '_, D> {
    /// Tells every review that can still matter what has changed in the subject.
    pub(super) fn tell_reviews(&mut self) -> Result<(), Halt<D::Need>> {
        self.outdate_answers();
        for at in 0..self.work.tasks.len() {
            let review = &self.work.tasks[at].detail.review;
            let mut set = review.subject.behind(&self.work.subject);
            let asks = self.definition.approval(&self.work.tasks[at].state).is_some();
            if set.is_empty() || !asks || self.work.status == Status::Final || review.state == State::Rejected {
                continue;
            }
            // What the engine's own arrows compute after the decision is no edit by whoever happened to decide last.
            if self.by_engine && self.work.tasks[at].status == TaskStatus::Closed {
                let own = self.work.tasks[at].id;
                let ended = |task: &Task| task.id == own && task.status == TaskStatus::Closed;
                let later = self.before().is_some_and(|before| before.tasks.iter().any(ended));
                let later = later && set.keys().any(|field| self.written.contains(field));
                self.work.tasks[at].detail.review.subject.absorb(&set, later);
                continue;
            }
            // Data that was given stays given; that it was about another document is known.
            if self.work.tasks[at].status == TaskStatus::Closed && self.form(at).is_some() {
                self.work.tasks[at].detail.review.subject.absorb(&set, true);
                continue;
            }
            let by = self.command.actor.person().cloned().or_else(|| review.subject.requester());
            // What was chosen by the subject as it was is chosen anew with it.
            if let Some(plan) =
                self.definition.approval(&self.work.tasks[at].state).and_then(|approval| approval.plan.as_ref())
                && self.work.tasks[at].status == TaskStatus::Open
            {
                let plan = self.plan(plan)?;
                if *self.work.tasks[at].detail.review.subject.get(PLAN) != plan {
                    set.insert(PLAN.into(), plan);
                }
            }
            self.review(at, Verb::Edit { set }, by)?;
        }
        Ok(())
    }

    /// A called workflow has answered about what it was given: where somebody has changed that since, nothing was answered.
    fn outdate_answers(&mut self) {
        let Some(before) = self.before().filter(|_| !self.by_engine) else { return };
        if self.work.detail.returned.is_empty() || before.subject == self.work.subject {
            return;
        }
        let definition = self.definition;
        let (old, new) = (&before.subject, &self.work.subject);
        let fields = definition.subject.record.fields.keys();
        let changed: Vec<&String> = fields.filter(|name| old.get(*name) != new.get(*name)).collect();
        let is_about = |path: &Arc<str>| changed.iter().any(|name| definition.given_to(name).any(|one| one == path));
        self.work.detail.returned.retain(|path| !is_about(path));
    }

    /// The plan that the workflow chooses for the subject as it is.
    pub(super) fn plan(&mut self, plan: &Expr) -> Result<FieldValue, Halt<D::Need>> {
        match self.eval(plan)? {
            Value::Text(name) => Ok(FieldValue::Text(name)),
            other => Err(Halt::Broken("expression_failed", format!("the plan of an approval is {other}, not a name"))),
        }
    }
}
