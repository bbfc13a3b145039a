//! Approval tasks: the engine's side of the approval core. Every decision, by whatever door, comes through
//! [`Run::decide_task`] and there through `approval::apply`; nothing else changes a review.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::approval::{
    self, Event, FieldValue, Fields, FiredKind, PLAN, Policy, RepairAction, Review, State, Verb, Why,
};
use crate::command::{self, Repair, act_name};
use crate::definition::chart::{Approval, EXPIRED, StateIx};
use crate::domain::Domain;
use crate::effect::{Effect, NoticeKind};
use crate::expression::Value;
use crate::ids::{Digest, PersonId, TaskId};
use crate::instance::{Document, Task, TaskDetail, TaskStatus};
use crate::refusal::Refusal;

use super::by::{self, Held};
use super::holders::{Audience, added, holders};
use super::notices::{self, News};
use super::review::{Before, Known, acted, ballot, bring_on, policy_with};
use super::run::{Raised, Run};
use super::{Halt, barred};

/// An act that does not belong to the task.
pub(super) fn not_a_decision(sentence: &str) -> Refusal {
    Refusal::Record { code: "not_a_decision", sentence: sentence.to_owned() }
}

/// When a task is looked at again that stays due although its time was dealt with.
const RETRY_MICROS: i64 = 60_000_000;

impl<'a, D: Domain> Run<'a, '_, D> {
    /// A verb of `approvals.md` on a task.
    pub(super) fn decide_task(&mut self, id: TaskId, etag: Option<&str>, act: &Verb) -> Result<(), Halt<D::Need>> {
        let Some(at) = self.place(id.ordinal) else { return Err(Refusal::UnknownTask(id).into()) };
        let Some(person) = self.command.actor.person().cloned() else {
            return Err(Refusal::NotAllowed { rule: "a person".into() }.into());
        };
        // A migration may have left it behind: nobody is asked for this any more.
        if self.definition.approval(&self.work.tasks[at].state).is_none() {
            return Err(Refusal::TaskClosed { state: self.work.state.clone() }.into());
        }
        if matches!(act, Verb::Submit | Verb::Recall | Verb::Edit { .. } | Verb::Time | Verb::Organisation) {
            return Err(not_a_decision("This is not a decision: signal the event that the workflow has for it.").into());
        }
        let votes = ballot(act).is_some() && !matches!(act, Verb::Ask { .. });
        if self.form(at).is_some() && (votes || matches!(act, Verb::AddApprover { .. })) {
            return Err(not_a_decision("This task asks for data, not for a decision: give it with `complete`.").into());
        }
        self.record.event = Some(act_name(act).into());
        self.record.reason = reason(act);
        self.act_on(at, &person, etag, act)?;
        by::fits(act, (&person, self.record.behalf.as_ref()), &self.work)?;
        if matches!(act, Verb::Escalate { .. } | Verb::Repair { .. }) {
            self.gains_no_seat()?;
        }
        self.settle()
    }

    /// What a person does about a task, on the version that he saw.
    pub(super) fn act_on(
        &mut self,
        at: usize,
        person: &PersonId,
        etag: Option<&str>,
        act: &Verb,
    ) -> Result<(), Halt<D::Need>> {
        self.record.task = Some(self.work.tasks[at].id.ordinal);
        self.record.behalf = ballot(act).and_then(|b| b.on_behalf_of.clone());
        let task = &self.work.tasks[at];
        let (current, open) = (task.etag(), task.status == TaskStatus::Open);
        let is_stale = etag.is_some_and(|etag| task.seen_by(etag).is_none());
        if matches!(act, Verb::Repair { action: RepairAction::Restart, .. }) {
            // A new round is judged by the rates of now, as a submission is.
            self.work.tasks[at].detail.rates = self.ground.organisation().rates.clone();
        }
        let before = if by::passes(act) { by::held(&self.work.tasks[at].detail.review) } else { Held::new() };
        self.review(at, act.clone(), Some(person.clone()))?;
        by::passed_on(&mut self.work.tasks[at].detail, &before, (act, person))?;
        if let Verb::Approve(b) | Verb::Reject(b) | Verb::Abstain(b) = act {
            // Who stands in for one person only need not say so: the vote knows.
            self.record.behalf = self.work.tasks[at].detail.review.principal(&b.step, person).cloned();
        }
        if !open {
            return Err(Refusal::TaskClosed { state: self.work.state.clone() }.into());
        }
        match etag {
            None if ballot(act).is_some() && !matches!(act, Verb::Ask { .. }) => {
                Err(Refusal::EtagRequired { current }.into())
            }
            Some(brought) if is_stale => Err(Refusal::StaleTask { brought: brought.to_owned(), current }.into()),
            _ => Ok(()),
        }
    }

    /// Opens, or opens again, the task of the state that is entered.
    pub(super) fn enter_task(&mut self, ix: StateIx, approval: &Approval) -> Result<(), Halt<D::Need>> {
        let path = self.definition.state(ix).path.clone();
        let mut fields = fields(&self.work.subject);
        if let Some(plan) = &approval.plan {
            fields.insert(PLAN.into(), self.plan(plan)?);
        }
        let known = self.work.tasks.iter().rposition(|t| t.state == path);
        let is_moved = matches!(self.command.verb, command::Verb::Repair { repair: Repair::Move { .. }, .. });
        let again = known.filter(|&at| {
            let review = &self.work.tasks[at].detail.review;
            // Whoever moves something back to those who decide wants them asked.
            goes_on(review, approval) && !(is_moved && review.state == State::Approved)
        });
        if let Some(at) = again {
            // What the workflow has changed since they decided, they are asked about.
            let (task, now) = (&mut self.work.tasks[at], self.ground.now);
            task.detail.review.subject.as_decided();
            approval::open_again(&mut task.detail.review, now);
            task.status = TaskStatus::Open;
        }
        let at = match again {
            Some(at) => at,
            None => {
                let ordinal = u32::try_from(self.work.tasks.len()).unwrap_or(u32::MAX - 1) + 1;
                let now = self.ground.now;
                self.work.tasks.push(Task {
                    id: TaskId { instance: self.work.id, ordinal },
                    state: path,
                    status: TaskStatus::Suspended,
                    revision: 0,
                    document: Digest([0; 32]),
                    due_at: None,
                    holders: Vec::new(),
                    detail: TaskDetail {
                        review: Review::new(fields.clone()),
                        rates: self.ground.organisation().rates.clone(),
                        organisation: self.ground.organisation().revision,
                        reminded: BTreeMap::new(),
                        passed_on: BTreeMap::new(),
                        earlier: Vec::new(),
                    },
                    opened_at: now,
                    seq: 0,
                });
                self.work.tasks.len() - 1
            }
        };
        self.tell_reviews()?;
        self.work.tasks[at].status = TaskStatus::Open;
        if let Some(plan) = fields.remove(PLAN)
            && *self.work.tasks[at].detail.review.subject.get(PLAN) != plan
        {
            let by = self.work.tasks[at].detail.review.subject.requester();
            self.review(at, Verb::Edit { set: Fields::from_iter([(PLAN.into(), plan)]) }, by)?;
        }
        let state = self.work.tasks[at].detail.review.state;
        if state.is_live() {
            // It goes on, or an edit has opened it again: nothing to submit.
            return self.review(at, Verb::Time, None);
        }
        if state == State::Approved {
            self.after_review(at, state, (&[], None))?;
            self.raise(at, "approved", None);
            return Ok(());
        }
        self.work.tasks[at].detail.rates = self.ground.organisation().rates.clone();
        let requester = self.work.tasks[at].detail.review.subject.requester();
        self.review(at, Verb::Submit, requester)
    }

    /// The state of a task is left: by a recall the review is recalled (if its policy lets), else it is laid aside. What was due
    /// in it by now comes before what somebody does.
    pub(super) fn leave_task(&mut self, path: &Arc<str>) -> Result<(), Halt<D::Need>> {
        use command::Verb as Asked;
        let Some(at) = self.work.tasks.iter().rposition(|t| t.state == *path) else { return Ok(()) };
        let is_live = |run: &Self| run.work.tasks[at].detail.review.state.is_live();
        let is_asked =
            matches!(self.command.verb, Asked::Signal { .. } | Asked::Decide { .. } | Asked::Complete { .. });
        if is_live(self) && self.record.event.as_deref() == Some("recall") {
            let person = self.command.actor.person().cloned();
            self.review(at, Verb::Recall, person)?;
        } else if is_live(self) && is_asked {
            self.review(at, Verb::Time, None)?;
            if !is_live(self) {
                return Err(Refusal::Approval(approval::Refusal::ReviewEnded.into()).into());
            }
        }
        let ended = matches!(self.work.tasks[at].detail.review.state, State::Approved | State::Rejected);
        let task = &mut self.work.tasks[at];
        task.status = if ended { TaskStatus::Closed } else { TaskStatus::Suspended };
        task.detail.review.held = true;
        task.holders.clear();
        task.due_at = None;
        Ok(())
    }

    /// The instance ends: no task stays open.
    pub(super) fn close_tasks(&mut self) {
        for task in &mut self.work.tasks {
            task.status = TaskStatus::Closed;
            task.holders.clear();
            task.due_at = None;
        }
    }

    /// Rungs of the task that are due. `true`: something was.
    pub(super) fn time_passes(&mut self, ordinal: u32) -> Result<bool, Halt<D::Need>> {
        let Some(at) = self.place(ordinal) else { return Ok(false) };
        let task = &self.work.tasks[at];
        let newer = task.detail.organisation < self.ground.organisation().revision;
        let due = task.due_at.is_some_and(|due| due <= self.ground.now);
        if task.status != TaskStatus::Open || !(due || newer) {
            return Ok(false);
        }
        self.review(at, Verb::Time, None)?;
        Ok(true)
    }

    pub(super) fn place(&self, ordinal: u32) -> Option<usize> {
        self.work.tasks.iter().position(|t| t.id.ordinal == ordinal)
    }

    /// The one way in: brings the review up to every change of the organisation that it has not seen, then applies.
    pub(super) fn review(&mut self, at: usize, verb: Verb, by: Option<PersonId>) -> Result<(), Halt<D::Need>> {
        let mut policy = self.policy(at)?;
        if (self.corrects || self.by_engine) && matches!(verb, Verb::Edit { .. }) {
            Arc::make_mut(&mut policy).editable = None;
        }
        let ground = self.ground;
        let is_completed = self.form(at).is_some() && matches!(verb, Verb::Approve(_));
        let name = if is_completed { command::COMPLETE } else { act_name(&verb) };
        let event = Event { at: ground.now, verb, by };
        // A refusal ends the whole run: nobody sees the work without its review.
        let task = &mut self.work.tasks[at];
        let (before, votes) = (task.detail.review.state, task.detail.review.votes.len());
        let (screen, round) = (task.screen(), task.revision);
        let brought = self.command.verb.etag().and_then(|etag| task.seen_by(etag));
        let were = Before { votes, screen, brought };
        let (review, rates) = (std::mem::take(&mut task.detail.review), &task.detail.rates);
        let questions = review.questions.clone();
        let (revisions, current) = (ground.organisations, ground.organisation());
        // Whatever day has begun since the last entry is met at its instant; of a start there was nothing before.
        let since = if self.work.seq > 0 { self.work.changed_at } else { ground.now };
        let known = Known { revisions, current, seen: task.detail.organisation, since };
        let stood_in = known.stood_in(&review, &policy, rates, ground.now);
        let brought = bring_on(review, &policy, rates, known, &event);
        if let Err(refusal) = brought.applied.outcome {
            let (review, organisation) = (&brought.applied.review, &current.organisation);
            let declined = approval::declined(review, &policy, organisation, rates, &event, refusal);
            return Err(Refusal::Approval(declined).into());
        }
        let told = (&event, name);
        let acts = acted(were, &policy, ground.organisation(), rates, told, &brought.applied);
        self.record.acted.extend(acts.into_iter().map(|act| (task.id.ordinal, act)));
        task.detail.review = brought.applied.review;
        task.detail.organisation = task.detail.organisation.max(ground.organisation().revision);
        let told = notices::questions(task, &questions, event.by.as_ref());
        self.after_review(at, before, (&brought.fired, stood_in.as_deref()))?;
        self.keeps_screens(at, (screen, round));
        self.effects.extend(told.into_iter().map(Effect::Notice));
        self.remind(at, &event, &policy);
        self.outcome_of(at, before, name);
        Ok(())
    }

    /// Row columns, notices, the instance's incident: what follows from the review as it now is.
    pub(super) fn after_review(&mut self, at: usize, before: State, news: News<'_>) -> Result<(), Halt<D::Need>> {
        let (fired, _) = news;
        let policy = self.policy(at)?;
        let ground = self.ground;
        let task = &mut self.work.tasks[at];
        let review = &task.detail.review;
        let organisation = &ground.organisation().organisation;
        task.revision = i64::from(review.round);
        task.document = document_digest(&self.work.subject);
        let live = task.status == TaskStatus::Open && review.state.is_live();
        let is_held = live && ground.audience() != Audience::Nobody;
        let held = if is_held { holders(task, &policy, organisation, ground.now) } else { Vec::new() };
        // Whatever was due by now has been done: what still says "now" must not wake the instance again and again.
        let due = if live {
            approval::next_due(review, &policy).into_iter().chain(organisation.next_day(ground.now)).min()
        } else {
            None
        };
        task.due_at = due.map(|due| if due <= ground.now { ground.now.plus_micros(RETRY_MICROS) } else { due });
        let is_told = ground.audience() == Audience::Everybody;
        let new = if is_told { added(&task.holders, &held) } else { Vec::new() };
        task.holders = held;
        for rung in fired.iter().filter(|rung| rung.what == FiredKind::Remind && !rung.from.is_empty()) {
            task.detail.reminded.extend(rung.step.clone().map(|step| (step, ground.now)));
        }
        let (state, why) = (review.state, barred::stuck(review, &policy));
        let task = &self.work.tasks[at];
        let (review, rates) = (&task.detail.review, &task.detail.rates);
        if !new.is_empty() {
            let asked = approval::explain_open(review, &policy, organisation, rates, ground.now);
            self.record.asked.extend(asked.into_iter().map(|seat| (task.id.ordinal, seat)));
        }
        if is_told {
            let told = notices::told(task, &policy, organisation, ground.now, &new, news);
            self.effects.extend(told.into_iter().map(Effect::Notice));
        }
        let task = task.id.ordinal;
        self.record.fired.extend(fired.iter().map(|rung| (task, rung.clone())));
        self.approval_incident(at, state, before, why);
        Ok(())
    }

    /// Raises the event that the review's new state stands for.
    fn outcome_of(&mut self, at: usize, before: State, verb: &str) {
        let state = self.work.tasks[at].detail.review.state;
        if state == before && !(verb == "submit" && state == State::Approved) {
            return;
        }
        let reason = self.record.reason.as_deref().map(Into::into);
        if state == State::Approved && self.form(at).is_some() {
            return self.given(at);
        }
        let (event, kind) = match state {
            State::Approved => ("approved", NoticeKind::Approved),
            State::Rejected => ("rejected", NoticeKind::Rejected),
            State::ChangesRequested => ("changes_requested", NoticeKind::ChangesRequested),
            State::Recalled if verb != "recall" => {
                return self.raise(at, EXPIRED, Some("the time for this review has passed".into()));
            }
            State::Draft | State::InReview | State::Incident | State::Recalled => return,
        };
        let task = &self.work.tasks[at];
        let why = || task.detail.review.why.to_string().into();
        let reason: Option<Arc<str>> = if state == State::Approved { None } else { Some(reason.unwrap_or_else(why)) };
        let asks = self.definition.approval(&task.state);
        let told = notices::decided(
            task,
            asks.map_or(&[], |asks| &asks.tells),
            (kind, reason.clone()),
            self.command.actor.person(),
        );
        self.effects.extend(told.map(Effect::Notice));
        self.raise(at, event, reason);
    }

    fn raise(&mut self, at: usize, event: &'static str, reason: Option<Arc<str>>) {
        if let Some(ix) = self.definition.find(&self.work.tasks[at].state) {
            let reason = reason.map_or(Value::Null, Value::Text);
            self.raised.push(Raised { at: ix, event, payload: Value::record([("reason", reason)]) });
        }
    }

    /// The task's policy, with those who hold the role `administrator` in any unit among its administrators.
    fn policy(&self, at: usize) -> Result<Arc<Policy>, Halt<D::Need>> {
        let task = &self.work.tasks[at];
        policy_with(self.definition, task, self.ground.organisation())
            .ok_or_else(|| Halt::Broken("state_unknown", format!("`{}` is no approval", task.state)))
    }
}

/// Whether a review goes on when its state is entered again; else another begins.
fn goes_on(review: &Review, approval: &Approval) -> bool {
    let state = review.state;
    let resubmit = approval.policy.after_rejection == approval::AfterRejection::Resubmit;
    // Data is asked for anew, where it was given before.
    let given = approval.form.is_some() && !state.is_live();
    // What was approved by other rules is no approval by these.
    let other_rules = state == State::Approved && review.why == Why::OtherRules;
    // Where nothing is kept on coming back, neither is what was decided.
    let anew = state == State::Approved && approval.policy.after_changes == approval::AfterChanges::Restart;
    (state != State::Rejected || resubmit) && !given && !other_rules && !anew
}

fn reason(act: &Verb) -> Option<String> {
    match act {
        Verb::Repair { reason, .. } | Verb::Answer { reason, .. } => reason.as_deref().map(str::to_owned),
        other => ballot(other).and_then(|b| b.reason.as_deref()).map(str::to_owned),
    }
}

/// The subject as the approval core reads it.
pub(super) fn fields(subject: &Document) -> Fields {
    subject.iter().map(|(name, value)| (name.as_str().into(), FieldValue::read(value))).collect()
}

/// The digest of what an approver sees.
#[must_use]
pub fn document_digest(subject: &Document) -> Digest {
    let mut text = String::new();
    crate::audit::canonical::object(&mut text, subject);
    Digest::of(text)
}
