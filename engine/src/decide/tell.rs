//! What reviews are told of the document: each change as an edit, but for what the workflow itself computes after a decision.

use crate::approval::{FieldValue, PLAN, State, Verb};
use crate::domain::Domain;
use crate::expression::{Expr, Value};
use crate::instance::{Status, Task, TaskStatus};

use super::Halt;
use super::run::Run;

impl<D: Domain> Run<'_, '_, D> {
    /// Tells every review that can still matter what has changed in the subject.
    pub(super) fn tell_reviews(&mut self) -> Result<(), Halt<D::Need>> {
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

    /// The plan that the workflow chooses for the subject as it is.
    pub(super) fn plan(&mut self, plan: &Expr) -> Result<FieldValue, Halt<D::Need>> {
        match self.eval(plan)? {
            Value::Text(name) => Ok(FieldValue::Text(name)),
            other => Err(Halt::Broken("expression_failed", format!("the plan of an approval is {other}, not a name"))),
        }
    }
}
