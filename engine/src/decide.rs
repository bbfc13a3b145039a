//! The one place where a state changes. Synchronous, total, without I/O: time, ids, rows come in as arguments.
//!
//! What must hold: a refusal leaves nothing behind; what cannot be evaluated is an incident, never `false`; every way
//! to a decision passes `task` and so the one function of the approval core. Look next at `run` for how arrows are
//! walked, at `crate::plan` for how a decision becomes rows.

mod asked;
mod barred;
mod begin;
mod bounds;
mod by;
mod call;
mod change;
mod child;
mod choose;
mod deciders;
mod ended;
mod form;
mod holders;
mod incident;
mod input;
mod judged;
mod migrate;
mod notices;
mod organisation;
mod preview;
mod remind;
mod repair;
mod review;
mod run;
mod shown;
mod task;
mod tell;
mod undo;
mod values;
mod walk;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::approval::Organisation;
use crate::clock::Timestamp;
use crate::command::{Actor, Command, Verb};
use crate::definition::chart::Definition;
use crate::definition::library::Library;
use crate::domain::Domain;
use crate::effect::{Decision, Effect};
use crate::ids::InstanceId;
use crate::instance::{Detail, Document, Instance, Status};
use crate::refusal::Refusal;

pub use barred::{APPROVAL_INCIDENT, NEEDS_HELP, OVER_LIMITS};
pub use begin::{AtStart, at_start};
pub use bounds::{LONGEST_TEXT, MOST_ELEMENTS};
pub use by::{may_send, may_start};
pub use call::LEFT_ALONE;
pub use change::{Changed, SECRET, Seen, change, key_image};
pub use child::Keys;
pub use deciders::{Deciders, deciders};
pub use form::{AskedFor, asked_for, asks_for_data};
pub use holders::Audience;
pub(crate) use input::{actions_of, own_keys};
pub use input::{below, member};
pub use input::{may_have_key, start_key, typed};
pub use judged::{Conditional, Judged};
pub use migrate::{Migrated, ReviewMoved, TimerMoved, WhatOf, foresee_migration, may_migrate};
pub use organisation::absence::{Absence, Days, absences};
pub use organisation::{
    CHANGE_ORGANISATION, Merged, NEEDS_APPROVAL, found_parts, merge_organisation, organisation_image,
    read_organisation, stored_organisation,
};
pub use preview::{
    Preview, PreviewedField, PreviewedMessage, PreviewedRow, PreviewedStart, PreviewedTask, PreviewedTimer, preview,
};
pub use repair::{Can, CanMove, CanSet, Mending, Possible, is_own_matter, possible};
pub use review::{ADMINISTRATOR, Acted, Carried, Saw, administers};
pub use shown::{due, foreseen, led_by_time, ruled, standings, summaries, surely_left, view_at};
pub use task::document_digest;

/// The organisation as it was at a revision, and since when.
#[derive(Clone, Debug)]
pub struct OrganisationAt {
    /// Its revision.
    pub revision: i64,
    /// Since when it holds.
    pub at: Timestamp,
    /// The organisation.
    pub organisation: Arc<Organisation>,
    /// Exact currency rates, as submissions store them.
    pub rates: crate::approval::Rates,
    /// The workflow that approves changes of it, where one does.
    pub approval: Option<Arc<str>>,
    /// The row it was read from; none for the empty organisation before the first revision.
    pub row: Option<crate::commit::OrganisationRow>,
}

/// What a decision stands on, besides the rows.
#[derive(Debug)]
pub struct Ground<'a, D: Domain> {
    /// The vocabulary's code.
    pub domain: &'a D,
    /// Definitions by name, for instances that actions start.
    pub(crate) library: &'a Library,
    /// Business keys that were looked up for such instances.
    keys: &'a Keys,
    /// Revisions of the organisation that open reviews may not have seen yet, rising; the last is the current one.
    organisations: &'a [Arc<OrganisationAt>],
    /// The current one.
    current: &'a OrganisationAt,
    /// Where it is noted how conditions came out, if somebody wants to know: never read here.
    judged: Option<&'a Judged>,
    /// For whom it is worked out who is asked.
    audience: Audience,
    /// The batch's instant; of an instance never before its last entry.
    pub now: Timestamp,
}

impl<'a, D: Domain> Ground<'a, D> {
    /// `None` without an organisation (one without people is still one).
    #[must_use]
    pub fn new(
        domain: &'a D,
        library: &'a Library,
        keys: &'a Keys,
        organisations: &'a [Arc<OrganisationAt>],
        now: Timestamp,
    ) -> Option<Self> {
        let (current, audience) = (organisations.last()?, Audience::default());
        Some(Self { domain, library, keys, organisations, current, judged: None, audience, now })
    }

    /// With somebody who wants to know how conditions come out.
    #[must_use]
    pub const fn noting(mut self, judged: Option<&'a Judged>) -> Self {
        self.judged = judged;
        self
    }

    /// The same for an instance whose last entry is of `at`: a clock that has gone back takes nothing back with it, and what is counted
    /// from now on is counted from there.
    fn not_before(&self, at: Timestamp) -> Self {
        let Self { domain, library, keys, organisations, current, judged, audience, now } = *self;
        Self { domain, library, keys, organisations, current, judged, audience, now: now.max(at) }
    }

    /// For fewer than everybody.
    #[must_use]
    pub const fn asking(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// For whom it is worked out who is asked.
    const fn audience(&self) -> Audience {
        self.audience
    }

    /// The organisation as it is now.
    #[must_use]
    pub const fn organisation(&self) -> &'a OrganisationAt {
        self.current
    }
}

/// Rows of the domain, with the changes of this command on top until they are taken back or kept.
#[derive(Debug)]
pub struct Layer<'f, D: Domain> {
    domain: &'f D,
    facts: &'f mut D::Facts,
    undo: Vec<D::Undo>,
    /// What this command has started so far.
    started: child::Started,
}

impl<'f, D: Domain> Layer<'f, D> {
    /// On top of what the batch has loaded and changed so far.
    pub fn new(domain: &'f D, facts: &'f mut D::Facts) -> Self {
        Self { domain, facts, undo: Vec::new(), started: child::Started::default() }
    }

    fn apply(&mut self, tenant: crate::ids::TenantId, op: &D::Op) {
        self.undo.push(self.domain.apply(self.facts, tenant, op));
    }

    /// Applies the row changes of a decision that was made before.
    pub fn apply_all(&mut self, tenant: crate::ids::TenantId, effects: &[Effect<D::Op>]) {
        for effect in effects {
            match effect {
                Effect::Row(op) => self.apply(tenant, op),
                Effect::Start(child) => self.apply_all(tenant, &child.decision.effects),
                Effect::Send(_)
                | Effect::Notice(_)
                | Effect::Tell(_)
                | Effect::Report(_)
                | Effect::Resume(_)
                | Effect::Withdraw(_) => {}
            }
        }
    }

    /// Takes this command's changes back.
    pub fn roll_back(mut self) {
        self.take_back();
    }

    fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            self.domain.undo(self.facts, undo);
        }
    }
}

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop<Need> {
    /// Declined.
    Refused(Refusal),
    /// Rows are missing: load them and decide again.
    Needs(Vec<Need>),
    /// Business keys, each with its workflow, must be looked up first (`Keys`); then decide again.
    Keys(Vec<(Arc<str>, Arc<str>)>),
    /// There is nothing to do (a wake-up that came for nothing).
    Nothing,
}

/// Why walking stopped, inside.
#[derive(Debug)]
enum Halt<Need> {
    Stop(Stop<Need>),
    /// It cannot be computed: code and sentence of the incident.
    Broken(&'static str, String),
}

impl<Need> Halt<Need> {
    /// Of what somebody asked for, who is there to hear it: what cannot be computed is refused.
    fn refused(self, what: &str) -> Stop<Need> {
        match self {
            Self::Stop(stop) => stop,
            Self::Broken(code, why) => {
                let sentence = format!("{what} does not work, and has changed nothing: {why}.");
                Stop::Refused(Refusal::Domain { code, sentence })
            }
        }
    }
}

impl<Need> From<Refusal> for Halt<Need> {
    fn from(refusal: Refusal) -> Self {
        Self::Stop(Stop::Refused(refusal))
    }
}

impl<Need> From<crate::domain::NotDone<Need>> for Halt<Need> {
    fn from(not_done: crate::domain::NotDone<Need>) -> Self {
        use crate::domain::NotDone;
        match not_done {
            NotDone::Needs(needs) => Self::Stop(Stop::Needs(needs)),
            NotDone::Refused { code, sentence } => Self::Stop(Stop::Refused(Refusal::Domain { code, sentence })),
            NotDone::Failed(why) => Self::Broken("action_failed", why),
        }
    }
}

/// Decides a command for an existing instance.
///
/// # Errors
/// A refusal, rows to load first, or nothing to do.
pub fn decide<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    before: &Instance,
    command: &Command,
    layer: &mut Layer<'_, D>,
) -> Result<Decision<D::Op>, Stop<D::Need>> {
    if !matches!(command.verb, Verb::Wake { .. }) && command.verb.instance() != Some(before.id) {
        return Err(Stop::Refused(Refusal::UnknownInstance(command.verb.instance().unwrap_or(before.id))));
    }
    let ground = &ground.not_before(before.changed_at);
    if let Verb::Repair { repair, reason, state_revision, .. } = &command.verb {
        let asked = repair::Asked { repair, reason, state_revision: *state_revision };
        return repair::decide(ground, definition, before, command, asked, layer);
    }
    if let Verb::Migrate { mapping, reason, state_revision, .. } = &command.verb {
        let asked = migrate::Asked { mapping, reason, state_revision: *state_revision };
        return migrate::decide(ground, definition, before, command, asked, layer).map(|(decision, _)| decision);
    }
    let mut run = run::Run::new(ground, definition, command, before.clone(), Some(before), layer);
    let done = match &command.verb {
        Verb::Signal { event, payload, reason, state_revision, .. } => {
            run.signal(event, payload, reason.as_deref(), *state_revision)
        }
        Verb::Decide { task, etag, act } => run.decide_task(*task, etag.as_deref(), act),
        Verb::Complete { task, etag, on_behalf_of, data } => {
            run.complete_task(*task, etag.as_deref(), on_behalf_of.as_ref(), data)
        }
        Verb::Wake { .. } => run.wake(),
        Verb::Message { message, event, payload, .. } => run.message(message, event, payload),
        Verb::Start { .. } | Verb::Repair { .. } | Verb::Migrate { .. } | Verb::Change(_) => return Err(Stop::Nothing),
    };
    match (done, &command.actor) {
        (Ok(()), _) => Ok(run.finish()),
        (Err(Halt::Broken(code, message)), _) => {
            // The incident writes none of the rows that were changed on the way: nobody after it may see them.
            run.layer.take_back();
            Ok(incident::incident(before, ground.now, (code, message), command, run.tried()))
        }
        // Nobody is there to hear a refusal: it becomes an incident, so that somebody does.
        (Err(Halt::Stop(Stop::Refused(refusal))), Actor::Timer | Actor::Message) => {
            run.layer.take_back();
            Ok(incident::incident(
                before,
                ground.now,
                (incident::REFUSED_TO_ENGINE, refusal.sentence()),
                command,
                run.tried(),
            ))
        }
        (Err(Halt::Stop(stop)), _) => Err(stop),
    }
}

/// Decides the start of an instance.
///
/// # Errors
/// A refusal or rows to load first.
pub fn start<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    id: InstanceId,
    command: &Command,
    layer: &mut Layer<'_, D>,
) -> Result<Decision<D::Op>, Stop<D::Need>> {
    let Verb::Start { workflow, key, input } = &command.verb else { return Err(Stop::Nothing) };
    layer.started.has_key(workflow, key.as_ref());
    let work = blank(definition, id, command, ground.now);
    let mut run = run::Run::new(ground, definition, command, work, None, layer);
    match run.start(key.clone(), input) {
        Ok(()) => Ok(run.finish()),
        Err(Halt::Stop(stop)) => Err(stop),
        Err(Halt::Broken(code, sentence)) => Err(Stop::Refused(Refusal::Domain { code, sentence })),
    }
}

/// The organisation's revisions that deciding about `instance` must see: those after the oldest that a live review has
/// seen. Empty where there is no review.
#[must_use]
pub fn revisions_seen(instance: &Instance) -> BTreeSet<i64> {
    instance
        .tasks
        .iter()
        .filter(|t| t.status != crate::instance::TaskStatus::Closed)
        .map(|t| t.detail.organisation)
        .collect()
}

fn blank(definition: &Definition, id: InstanceId, command: &Command, now: Timestamp) -> Instance {
    Instance {
        tenant: command.tenant,
        id,
        workflow: definition.name.clone(),
        definition: definition.hash,
        key: None,
        state: "".into(),
        status: Status::Active,
        seq: 0,
        state_revision: 0,
        subject: Document::new(),
        detail: Detail { started_by: command.actor.person().cloned(), entered_at: now, ..Detail::default() },
        tasks: Vec::new(),
        head: crate::ids::Digest([0; 32]),
        started_at: now,
        changed_at: now,
    }
}

#[cfg(test)]
pub(crate) mod tests;
