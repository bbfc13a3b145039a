//! Reviews: kept with their votes where the new rules ask the same of the same people, else asked again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::approval::{self, FieldValue, PLAN, Review, State, Why};
use crate::clock::Timestamp;
use crate::definition::chart::{Approval, Definition, StateIx, StateKind};
use crate::domain::Domain;
use crate::instance::{Task, TaskStatus};

use super::super::Halt;
use super::super::review::{Known, bring_on, policy_of, policy_with, time};
use super::super::run::Run;
use super::super::shown;
use super::{ReviewMoved, Way, WhatOf, unfit};

/// An open review that is looked at again at the end.
struct Open {
    at: usize,
    /// Where the review stood.
    state: State,
    /// Whether it begins a new round.
    anew: bool,
    due: Dues,
    plan: Option<FieldValue>,
}

/// What time does in a review.
#[derive(Clone, Copy)]
struct Dues {
    /// By when the first of its open steps should be decided.
    deadline: Option<Timestamp>,
    /// When something happens next: a reminder, say.
    next: Option<Timestamp>,
}

impl Dues {
    fn of(definition: &Definition, task: &Task) -> Self {
        Self { deadline: shown::due(definition, task), next: task.due_at }
    }

    /// The instants to be told, before and after: the deadlines where they differ, else what happens next.
    fn told(self, after: Self) -> (Option<Timestamp>, Option<Timestamp>) {
        if self.deadline == after.deadline { (self.next, after.next) } else { (self.deadline, after.deadline) }
    }
}

impl<D: Domain> Run<'_, '_, D> {
    /// Whatever is due happens by the rules of then, before anything is migrated.
    pub(super) fn nothing_is_due(&mut self, way: Way<'_>) -> Result<(), Halt<D::Need>> {
        let due = |what: &str| {
            let why = format!("The time of {what} has come, and that is not done yet: migrate it in a moment.");
            Err(unfit("due", why).into())
        };
        let now = self.now();
        if let Some((name, _)) = self.work.detail.timers.iter().find(|(_, at)| **at <= now) {
            return due(&format!("the timer `{name}`"));
        }
        let (ground, since) = (self.ground, self.work.changed_at);
        for task in self.work.tasks.iter_mut().filter(|task| task.status == TaskStatus::Open) {
            let Some(policy) = policy_with(way.old, task, ground.organisation()) else {
                return Err(unfit("state", format!("`{}` asks nobody in its definition.", task.state)).into());
            };
            let (revisions, current) = (ground.organisations, ground.organisation());
            let known = Known { revisions, current, seen: task.detail.organisation, since };
            let review = task.detail.review.clone();
            let stood = review.state;
            let brought = bring_on(review, &policy, &task.detail.rates, known, &time(now));
            if !brought.fired.is_empty() || brought.applied.review.state != stood {
                return due(&format!("its review in `{}`", task.state));
            }
            task.detail.review = brought.applied.review;
            task.detail.organisation = task.detail.organisation.max(current.revision);
        }
        Ok(())
    }

    /// Every task, and those that the new states open.
    pub(super) fn carry_tasks(&mut self, way: Way<'_>, place: &[StateIx]) -> Result<Vec<ReviewMoved>, Halt<D::Need>> {
        let (mut open, mut told) = (Vec::new(), Vec::new());
        for at in 0..self.work.tasks.len() {
            self.carry_task(way, place, at, &mut open, &mut told)?;
        }
        // What a migration makes of the document is an edit like any, which `editable` does not bind.
        self.corrects = true;
        self.tell_reviews()?;
        for one in open {
            self.go_on(one, &mut told)?;
        }
        for &ix in place {
            let StateKind::Approval(approval) = &self.definition.state(ix).kind else { continue };
            let path = &self.definition.state(ix).path;
            if self.work.tasks.iter().any(|task| task.state == *path && task.status == TaskStatus::Open) {
                continue;
            }
            self.enter_task(ix, approval)?;
            let task = self.work.tasks.iter().rev().find(|task| task.state == *path);
            told.extend(task.map(|task| moved(task, WhatOf::Asked, None)));
        }
        told.sort_by_key(|review| review.task);
        Ok(told)
    }

    /// One task: which state it belongs to, and whether its votes stay.
    fn carry_task(
        &mut self,
        way: Way<'_>,
        place: &[StateIx],
        at: usize,
        open: &mut Vec<Open>,
        told: &mut Vec<ReviewMoved>,
    ) -> Result<(), Halt<D::Need>> {
        let new = self.definition;
        let before = self.work.tasks[at].clone();
        let was_open = before.status == TaskStatus::Open;
        let path = belongs_to(new, way, &before.state);
        let is = path.as_ref().and_then(|path| new.approval(path));
        let (Some(path), Some(is)) = (path, is) else {
            let task = &mut self.work.tasks[at];
            task.status = TaskStatus::Closed;
            at_rest(task);
            told.extend(was_open.then(|| moved(task, WhatOf::LaidAside, before.due_at)));
            return Ok(());
        };
        let stays = was_open && new.find(&path).is_some_and(|ix| place.contains(&ix));
        let plan = match &is.plan {
            Some(plan) if stays => Some(self.plan(plan)?),
            _ => None,
        };
        let was = way.old.approval(&before.state);
        let one_kind = was.is_some_and(|was| was.form.is_some() == is.form.is_some());
        let same_plan = plan.as_ref().is_none_or(|plan| before.detail.review.subject.get(PLAN) == plan);
        let kept = if one_kind && same_plan { self.succeeds(way, &before, is) } else { None };
        let task = &mut self.work.tasks[at];
        let (is_kept, stood) = (kept.is_some(), before.detail.review.state);
        task.state = path;
        match kept {
            Some(review) => {
                task.detail.review = review;
                task.holders.iter_mut().for_each(|holder| holder.step = way.mapping.step(&holder.step));
                let reminded = std::mem::take(&mut task.detail.reminded);
                task.detail.reminded = reminded.into_iter().map(|(step, at)| (way.mapping.step(&step), at)).collect();
            }
            None => {
                // Another state's approval by other rules is none of this one.
                let counts = one_kind && task.state == before.state;
                task.detail.review = forgotten(std::mem::take(&mut task.detail.review), counts);
                task.detail.reminded = BTreeMap::new();
                task.detail.passed_on = BTreeMap::new();
                at_rest(task);
                let stands = task.detail.review.state == State::Approved;
                told.extend(stands.then(|| moved(task, WhatOf::Stands, None)));
            }
        }
        let ended = matches!(task.detail.review.state, State::Approved | State::Rejected);
        if stays && one_kind {
            open.push(Open { at, state: stood, anew: !is_kept, due: Dues::of(way.old, &before), plan });
        } else {
            task.status = if ended { TaskStatus::Closed } else { TaskStatus::Suspended };
            at_rest(task);
            told.extend((was_open && !stays).then(|| moved(task, WhatOf::LaidAside, before.due_at)));
        }
        Ok(())
    }

    /// The review of the task by the new rules, with its votes, if they ask the same.
    fn succeeds(&self, way: Way<'_>, task: &Task, is: &Approval) -> Option<Review> {
        let organisation = self.ground.organisation();
        let old = policy_of(way.old, task)?;
        let at = (&*organisation.organisation, &task.detail.rates, self.now());
        approval::succeed(&task.detail.review, (&old, &is.policy), &|step| way.mapping.step(step), at)
    }

    /// An open review goes on, or begins a new round; who is asked is found anew.
    fn go_on(&mut self, one: Open, told: &mut Vec<ReviewMoved>) -> Result<(), Halt<D::Need>> {
        let Open { at, state, anew, due, plan } = one;
        let ground = self.ground;
        if anew {
            let policy = policy_with(self.definition, &self.work.tasks[at], ground.organisation());
            let Some(policy) = policy else { return Ok(()) };
            let task = &mut self.work.tasks[at];
            task.detail.rates = ground.organisation().rates.clone();
            task.detail.organisation = ground.organisation().revision;
            let mut review = std::mem::take(&mut task.detail.review);
            review.held = false;
            if let Some(plan) = plan {
                review.subject.overwrite(PLAN.into(), plan);
            }
            let organisation = &ground.organisation().organisation;
            task.detail.review = approval::renew(review, &policy, organisation, &task.detail.rates, ground.now);
        }
        self.work.tasks[at].status = TaskStatus::Open;
        if !self.work.tasks[at].detail.review.state.is_live() {
            let why = "By the new definition its review would be over at once, and a migration decides nothing: map its state to \
                       another.";
            return Err(unfit("decides", why).into());
        }
        self.after_review(at, state, (&[], None))?;
        let what = if anew { WhatOf::AskedAgain } else { WhatOf::Kept };
        let task = &self.work.tasks[at];
        let (before, after) = due.told(Dues::of(self.definition, task));
        told.push(ReviewMoved { after, ..moved(task, what, before) });
        Ok(())
    }
}

/// Nobody is asked by it.
fn at_rest(task: &mut Task) {
    task.detail.review.held = true;
    task.holders.clear();
    task.due_at = None;
}

fn moved(task: &Task, what: WhatOf, before: Option<Timestamp>) -> ReviewMoved {
    ReviewMoved { task: task.id.ordinal, state: task.state.clone(), what, before, after: task.due_at }
}

/// The review without what counted in it. `counts`: what was approved stays approved, by the rules of then.
fn forgotten(review: Review, counts: bool) -> Review {
    let mut review = approval::put_aside(review);
    if review.state == State::Approved && !counts {
        (review.state, review.why) = (State::Recalled, Why::OtherRules);
    }
    review
}

/// The approval that a task is one of: where its state goes, if that asks, else the one of its own path.
fn belongs_to(new: &Definition, way: Way<'_>, path: &Arc<str>) -> Option<Arc<str>> {
    let mut asking = way.mapping.image(path).into_iter().filter(|to| new.approval(to).is_some());
    let first = asking.next().filter(|_| asking.next().is_none());
    first.or_else(|| new.approval(path).map(|_| path.clone()))
}
