//! Moving one instance to another definition: where it is, its document, its reviews, what runs and what it waits for are
//! carried over as they are. Nothing happens in the business: no entry, exit or arrow is done, and no `always` is taken.
//!
//! What must hold: only administrators migrate, each with a reason; nothing is decided by it, no vote counts that was not
//! cast under rules alike, and nobody comes past an approval that was not given; what does not fit refuses it whole.

mod place;
mod subject;
mod tasks;
mod timers;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use crate::clock::Timestamp;
use crate::command::{Actor, Command};
use crate::definition::chart::{Definition, StateIx};
use crate::domain::Domain;
use crate::effect::Decision;
use crate::ids::DefinitionHash;
use crate::instance::{Document, Instance, Status};
use crate::migrate::Mapping;
use crate::refusal::Refusal;

use super::preview::{PreviewedField, perhaps};
use super::run::Run;
use super::{Ground, Halt, Layer, Stop, repair};

/// What a migration makes of an instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Migrated {
    /// The definition before.
    pub definition: DefinitionHash,
    /// The innermost states before.
    pub from: Vec<Arc<str>>,
    /// The innermost states afterwards.
    pub to: Vec<Arc<str>>,
    /// Timers that are due at another instant, are called otherwise, begin or stop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<TimerMoved>,
    /// Reviews that are open, before or afterwards, and those that stand by other rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<ReviewMoved>,
    /// Fields of the document that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<PreviewedField>,
    /// States that do not know any more where in them it was left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<Arc<str>>,
}

impl Migrated {
    /// Of an instance as it is, before anything has become of it.
    #[cfg(feature = "runtime")]
    pub(crate) fn of(before: &Instance) -> Self {
        Self {
            definition: before.definition,
            from: before.inside().to_vec(),
            to: Vec::new(),
            timers: Vec::new(),
            reviews: Vec::new(),
            fields: Vec::new(),
            forgotten: Vec::new(),
        }
    }
}

/// A timer that is another afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimerMoved {
    /// Its name before; nothing: it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Arc<str>>,
    /// Its name afterwards; nothing: it stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// When it was due.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "perhaps")]
    pub before: Option<Timestamp>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "perhaps")]
    pub after: Option<Timestamp>,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewMoved {
    /// The ordinal of its task.
    pub task: u32,
    /// The path of its state afterwards.
    pub state: Arc<str>,
    /// What becomes of it.
    pub what: WhatOf,
    /// By when it should have been decided; where that stays as it is, when time alone would have done something.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "perhaps")]
    pub before: Option<Timestamp>,
    /// The same by the new rules.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "perhaps")]
    pub after: Option<Timestamp>,
}

/// What becomes of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatOf {
    /// It goes on with its votes.
    Kept,
    /// The rules are others: a new round begins, and whoever is asked is told.
    AskedAgain,
    /// It begins, since the instance comes to a state that asks.
    Asked,
    /// Nobody is asked any more.
    LaidAside,
    /// It was approved by other rules, and stays so for the document as it is.
    Stands,
}

/// A migration as it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'m> {
    pub(super) mapping: &'m Mapping,
    pub(super) reason: &'m str,
    pub(super) state_revision: Option<i64>,
}

/// What is decided, and what it makes of the instance.
type Done<D> = (Decision<<D as Domain>::Op>, Migrated);

/// From where, and by what mapping.
#[derive(Clone, Copy)]
struct Way<'w> {
    old: &'w Definition,
    mapping: &'w Mapping,
}

/// Why it does not fit.
fn unfit(regard: &'static str, sentence: impl Into<String>) -> Refusal {
    Refusal::NotMigratable { regard, sentence: sentence.into() }
}

/// The rule by which the actor may migrate instances.
///
/// # Errors
/// The rule that he does not meet.
pub fn may_migrate<D: Domain>(ground: &Ground<'_, D>, actor: &Actor) -> Result<Arc<str>, Refusal> {
    repair::may_repair(ground, actor)
}

/// Decides a migration; what it makes of the instance is told beside.
pub(super) fn decide<D: Domain>(
    ground: &Ground<'_, D>,
    old: &Definition,
    before: &Instance,
    command: &Command,
    asked: Asked<'_>,
    layer: &mut Layer<'_, D>,
) -> Result<Done<D>, Stop<D::Need>> {
    let allowed = may_migrate(ground, &command.actor).map_err(Stop::Refused)?;
    let new = fits(ground, before, asked).map_err(Stop::Refused)?;
    if repair::is_own(ground, old, before, command) {
        let why = "It is about you or was asked for by you, or you may not decide about it: another administrator migrates it.";
        return Err(Stop::Refused(unfit("own", why)));
    }
    let mapping = asked.mapping;
    let mut run = Run::new(ground, new, command, before.clone(), Some(before), layer);
    let moved = match run.migrate(Way { old, mapping }) {
        Ok(moved) => moved,
        Err(halt) => return Err(halt.refused("Migrating it")),
    };
    let mut decision = run.finish();
    decision.record.allowed = Some(allowed);
    decision.record.reason = Some(asked.reason.trim().to_owned());
    decision.record.request = told(&moved, [old, new], mapping);
    Ok((decision, moved))
}

/// Whether it may be asked for at all; where it leads.
fn fits<'a, D: Domain>(
    ground: &Ground<'a, D>,
    before: &Instance,
    Asked { mapping, reason, state_revision }: Asked<'_>,
) -> Result<&'a Definition, Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::ReasonRequired);
    }
    if let Some(brought) = state_revision.filter(|brought| *brought != before.state_revision) {
        return Err(Refusal::StaleState { brought, current: before.state_revision });
    }
    if before.status == Status::Final {
        return Err(Refusal::Ended { state: before.state.clone() });
    }
    if before.definition == mapping.to {
        return Err(unfit("at_target", "It has this definition already."));
    }
    if before.workflow != mapping.workflow || !mapping.from.contains(&before.definition) {
        let sentence = format!("It has the definition {}, which this mapping is not for.", before.definition);
        return Err(unfit("not_from", sentence));
    }
    match ground.library.pinned(mapping.to) {
        Some(new) => Ok(new),
        None => Err(Refusal::Unloadable { definition: mapping.to, why: "it is not loaded".to_owned() }),
    }
}

/// What the entry keeps of it, besides the changed fields.
fn told(moved: &Migrated, ends: [&Definition; 2], mapping: &Mapping) -> Document {
    let mut told = match serde_json::to_value(moved) {
        Ok(serde_json::Value::Object(told)) => told,
        _ => Document::new(),
    };
    // The changes tell them.
    told.remove("fields");
    told.remove("definition");
    told.insert("definitions".to_owned(), json!(ends.map(|end| end.hash)));
    told.insert("versions".to_owned(), json!(ends.map(|end| end.version)));
    told.insert("states".to_owned(), json!(mapping.went()));
    told.insert("mapping".to_owned(), json!(mapping.digest));
    told
}

impl<D: Domain> Run<'_, '_, D> {
    fn migrate(&mut self, way: Way<'_>) -> Result<Migrated, Halt<D::Need>> {
        let before = self.work.clone();
        let from = before.inside().to_vec();
        let old_active = way.old.active(&before).ok_or_else(|| {
            unfit("state", format!("Its definition has no state `{}`: repair it first.", from.join("`, `")))
        })?;
        self.nothing_is_due(way)?;
        let place = self.placed(way)?;
        self.work.definition = self.definition.hash;
        self.stand(&place);
        let fields = self.carry_subject(way)?;
        if self.work.subject != before.subject {
            self.handles()?;
        }
        let timers = self.carry_timers(way, &old_active, &place)?;
        self.carry_calls(way, &place)?;
        self.carry_incidents(way, &place, &timers.names)?;
        self.undo_is_known()?;
        let reviews = self.carry_tasks(way, &place)?;
        let within = self.within_reach()?;
        let definition = self.definition;
        let past = place.iter().flat_map(|&ix| definition.upwards(ix)).find(|ix| !within.contains(ix));
        if let Some(past) = past {
            return Err(unfit("approval", self.past(past, &within)).into());
        }
        self.carry_passed(way, &old_active, &place)?;
        let forgotten = self.carry_history(way, &within);
        if !self.raised.is_empty() {
            let why = "What was approved or given so far would move it on at once, and a migration decides nothing: map its \
                       state to the one behind.";
            return Err(unfit("decides", why).into());
        }
        if !(self.goes_on() || self.waits_alike(way, &old_active, &place)) {
            let why = format!(
                "In `{}` nobody would be asked, no time would run and no event be taken: map its state to another.",
                self.work.inside().join("`, `")
            );
            return Err(unfit("stuck", why).into());
        }
        self.moved = true;
        let to = self.work.inside().to_vec();
        Ok(Migrated { definition: before.definition, from, to, timers: timers.moved, reviews, fields, forgotten })
    }

    /// Whether it waits for an answer to a message that it waited for before.
    fn waits_alike(&self, way: Way<'_>, old_active: &[StateIx], place: &[StateIx]) -> bool {
        let waits = |definition: &Definition, active: &[StateIx]| -> BTreeSet<Arc<str>> {
            let around = active.iter().flat_map(|&ix| definition.upwards(ix).collect::<Vec<_>>());
            around.flat_map(|ix| definition.state(ix).on.keys().cloned()).collect()
        };
        let (old, new) = (waits(way.old, old_active), waits(self.definition, place));
        let messages = &self.ground.domain.vocabulary().messages;
        messages
            .values()
            .filter_map(|message| message.sent_event.as_ref())
            .any(|sent| old.contains(sent) && new.contains(sent))
    }
}

/// What a migration would make of an instance, on the rows as they are: the same decision as the one that does it.
///
/// # Errors
/// As [`super::decide`]: a refusal, or rows to load first.
pub fn foresee_migration<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    before: &Instance,
    command: &Command,
    facts: &mut D::Facts,
) -> Result<Migrated, Stop<D::Need>> {
    let crate::command::Verb::Migrate { mapping, reason, state_revision, .. } = &command.verb else {
        return Err(Stop::Nothing);
    };
    let asked = Asked { mapping, reason, state_revision: *state_revision };
    let mut layer = Layer::new(ground.domain, facts);
    let decided = decide(ground, definition, before, command, asked, &mut layer);
    layer.roll_back();
    decided.map(|(_, moved)| moved)
}
