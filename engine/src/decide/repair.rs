//! Repairs: what operators do to an instance that cannot go on, or must not go on as it is.
//!
//! What must hold: only administrators repair, each with a reason; a repair that does not work changes nothing and says why;
//! and none of them stands in for an approval (`reach`). What an arrow would do on the way is done by the same code.

mod asking;
mod data;
mod own;
mod passed;
mod possible;
mod reach;
mod retry;

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::command::{Actor, Command, Repair};
use crate::definition::chart::Definition;
use crate::diagnostic::nearest;
use crate::domain::Domain;
use crate::effect::{Decision, Effect};
use crate::instance::{Instance, Status, TaskStatus};
use crate::refusal::Refusal;

use super::by::ACTIVE;
use super::review::{ADMINISTRATOR, administers};
use super::run::Run;
use super::{Ground, Halt, Layer, Stop};

pub(super) use own::kept_out;
pub(super) use reach::leads_to_asking;

pub use own::is_own_matter;
pub use possible::{Can, CanMove, CanSet, Mending, Possible, possible};

/// A repair as it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) repair: &'r Repair,
    pub(super) reason: &'r str,
    pub(super) state_revision: Option<i64>,
}

/// Decides a repair. What cannot be computed refuses it: the incident that there was stays as it is.
pub(super) fn decide<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    before: &Instance,
    command: &Command,
    asked: Asked<'_>,
    layer: &mut Layer<'_, D>,
) -> Result<Decision<D::Op>, Stop<D::Need>> {
    let allowed = may_repair(ground, &command.actor).map_err(Stop::Refused)?;
    let fits = || match asked {
        Asked { reason, .. } if reason.trim().is_empty() => Err(Refusal::ReasonRequired),
        Asked { state_revision: Some(brought), .. } if brought != before.state_revision => {
            Err(Refusal::StaleState { brought, current: before.state_revision })
        }
        _ if before.status == Status::Final => Err(Refusal::Ended { state: before.state.clone() }),
        Asked { repair: Repair::Retry { .. }, .. } => Ok(()),
        _ if is_own(ground, definition, before, command) => {
            let rule = "another administrator: this one is about you or was asked for by you, or you may not decide about it, and you may only have it tried again";
            Err(Refusal::NotAllowed { rule: rule.into() })
        }
        _ => Ok(()),
    };
    fits().map_err(Stop::Refused)?;
    // What is tried again is the engine's own doing, as it was at first; all else is the operator's.
    let own = Command { actor: Actor::Message, ..command.clone() };
    let acting = match asked.repair {
        Repair::Retry { .. } | Repair::Skip { .. } if !retry::is_own(before, asked.repair, command) => &own,
        _ => command,
    };
    let mut work = before.clone();
    if matches!(asked.repair, Repair::Skip { payload, .. } if !payload.is_empty()) {
        // What a message is said to have answered is what he writes.
        data::handle(&mut work, command.actor.person()).map_err(Stop::Refused)?;
    }
    let mut run = Run::new(ground, definition, acting, work, Some(before), layer);
    match run.repair(asked) {
        Ok(()) => {
            let mut decision = run.finish();
            decision.record.allowed = Some(allowed);
            decision.record.reason = Some(asked.reason.trim().to_owned());
            decision.record.request = request(before, asked.repair);
            Ok(decision)
        }
        Err(halt) => Err(halt.refused("This repair")),
    }
}

/// Whether it is a matter of his who asks.
pub(super) fn is_own<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    before: &Instance,
    command: &Command,
) -> bool {
    let at = (ground.organisation(), ground.now);
    command.actor.person().is_some_and(|person| is_own_matter((definition, before), at, person))
}

/// What the entry keeps of what was asked, and the incidents that there were.
fn request(before: &Instance, repair: &Repair) -> crate::instance::Document {
    let mut told = repair.told();
    let shown = |incident: &crate::instance::Incident| json!({ "code": incident.code, "at": incident.at, "since": incident.since });
    let incidents: Vec<Json> = before.detail.incidents().map(shown).collect();
    if !incidents.is_empty() {
        told.insert("incidents".to_owned(), incidents.into());
    }
    told
}

/// The rule by which the actor may repair.
pub(super) fn may_repair<D: Domain>(ground: &Ground<'_, D>, actor: &Actor) -> Result<Arc<str>, Refusal> {
    let not_allowed = |rule: &str| Refusal::NotAllowed { rule: rule.into() };
    if ground.is_gone(actor) {
        return Err(not_allowed(ACTIVE));
    }
    match actor {
        Actor::System => Ok("the console".into()),
        Actor::Person { administrator: true, .. } => Ok("a key with administrator rights".into()),
        Actor::Person { id, .. } if administers(&ground.organisation().organisation, id) => {
            Ok(format!("the role `{ADMINISTRATOR}`").into())
        }
        Actor::Person { .. } | Actor::Timer | Actor::Message => {
            Err(not_allowed("an administrator: a key with administrator rights, or the role `administrator`"))
        }
    }
}

impl<D: Domain> Run<'_, '_, D> {
    fn repair(&mut self, Asked { repair, reason, .. }: Asked<'_>) -> Result<(), Halt<D::Need>> {
        match repair {
            Repair::Retry { at } => self.retry(at.as_deref())?,
            Repair::Skip { at, payload } => self.skip(at.as_deref(), payload)?,
            Repair::Move { to } => self.move_to(to)?,
            Repair::SetData { set } => self.correct(set)?,
            Repair::Cancel => {
                self.by_engine = true;
                self.stop(reason.trim())?;
            }
        }
        if self.goes_on() {
            return Ok(());
        }
        let state = self.work.inside().join("`, `");
        let why = format!(
            "Nothing could move it on any more: in `{state}` nobody is asked, no time runs and no event is taken. Move it to \
             another state, or cancel it."
        );
        Err(Refusal::NotRepairable(why).into())
    }

    /// Invariant 1: somebody or something can move it on.
    pub(super) fn goes_on(&self) -> bool {
        let Instance { status, detail, tasks, .. } = &self.work;
        let definition = self.definition;
        let hears = || definition.active(&self.work).is_some_and(|active| !definition.accepts(&active).is_empty());
        *status == Status::Final
            || detail.incident.is_some()
            || tasks.iter().any(|task| task.status == TaskStatus::Open)
            || !(detail.timers.is_empty() && detail.called.is_empty())
            || hears()
            || self.is_answered()
    }

    /// Whether what it has just sent, or sends again, comes back as an event that it waits for.
    fn is_answered(&self) -> bool {
        let definition = self.definition;
        let Some(active) = definition.active(&self.work) else { return false };
        let waits = |event: &str| {
            active.iter().flat_map(|&ix| definition.upwards(ix)).any(|ix| definition.state(ix).on.contains_key(event))
        };
        let messages = &self.ground.domain.vocabulary().messages;
        self.effects.iter().any(|effect| match effect {
            Effect::Send(out) => out.sent_event.as_deref().is_some_and(waits),
            Effect::Resume(resume) if resume.again => {
                let sent = messages.get(&resume.message.destination).and_then(|message| message.sent_event.as_deref());
                sent.is_some_and(waits)
            }
            Effect::Tell(tell) => waits(&tell.event),
            _ => false,
        })
    }

    /// Leaves what it is in, as an arrow would, and enters `to`.
    fn move_to(&mut self, to: &str) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let Some(to) = definition.find(to) else {
            let paths = || definition.states.iter().map(|state| &*state.path);
            let hint = match nearest(to, paths()) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => format!("; the states are {}", paths().collect::<Vec<_>>().join(", ")),
            };
            return Err(Refusal::Invalid(vec![("/to".to_owned(), format!("there is no state `{to}`{hint}"))]).into());
        };
        let active = self.active()?;
        let within = self.within_reach()?;
        self.may_arrive(&active, to, &within)?;
        self.by_engine = true;
        self.jump(to)?;
        self.settle()
    }
}
