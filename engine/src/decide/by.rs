//! Who may take an arrow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::approval::{self, Chance, EscalateTo, RepairAction, Review, Standing, Verb};
use crate::clock::Timestamp;
use crate::command::Actor;
use crate::definition::chart::{By, Definition};
use crate::domain::Domain;
use crate::expression::{Expr, Value};
use crate::ids::PersonId;
use crate::instance::{Instance, Task, TaskDetail};
use crate::refusal::Refusal;

use super::form::form_of;
use super::run::Run;
use super::{Ground, Halt, OrganisationAt};

/// The rule that stands before all others.
pub(super) const ACTIVE: &str = "somebody who is active in the organisation";

impl<D: Domain> Ground<'_, D> {
    /// Whether the actor is somebody of the organisation who is not active: whatever key is left, he may do nothing.
    pub(super) fn is_gone(&self, actor: &Actor) -> bool {
        let organisation = &self.organisation().organisation;
        let gone = |id| organisation.person(id).is_some() && !organisation.active(id, organisation.date(self.now));
        actor.person().is_some_and(gone)
    }
}

impl<D: Domain> Run<'_, '_, D> {
    /// The rule that lets the actor take it, or the one that is not met.
    pub(super) fn permission(&mut self, by: &By) -> Result<Result<Arc<str>, String>, Halt<D::Need>> {
        if self.ground.is_gone(&self.command.actor) {
            return Ok(Err(ACTIVE.to_owned()));
        }
        let person = match (&self.command.actor, by) {
            (Actor::System, _) => return Ok(Ok("the console".into())),
            (Actor::Timer | Actor::Message, _) => return Ok(Ok("the engine itself".into())),
            (Actor::Person { .. }, By::Anyone) => return Ok(Ok("anyone".into())),
            (Actor::Person { .. }, By::Engine) => return Ok(Err("the engine itself".to_owned())),
            (Actor::Person { id, .. }, _) => id.clone(),
        };
        let (holds, rule) = match by {
            By::Person(expr, text) => {
                let allowed = self.eval(expr)?;
                (names(&allowed, &person), format!("`{text}`{}", shown(&allowed)))
            }
            By::Role(role, unit) => {
                let unit = match unit {
                    Some(expr) => Some(self.eval(expr)?),
                    None => None,
                };
                let unit_text = unit.as_ref().map(ToString::to_string);
                // Where no unit is named nobody has a role in it.
                let holds = unit != Some(Value::Null)
                    && holds_role(self.ground.organisation(), self.ground.now, &person, role, unit_text.as_deref());
                let place = match (&unit, unit_text) {
                    (Some(Value::Null), _) => " in its unit (it has none)".to_owned(),
                    (_, text) => text.map_or(String::new(), |u| format!(" in unit {u}")),
                };
                (holds, format!("the role `{role}`{place}"))
            }
            By::Anyone | By::Engine => (true, "anyone".to_owned()),
        };
        Ok(if holds { Ok(rule.into()) } else { Err(rule) })
    }
}

/// Whether the person may send the event, as it stands. Rules that read more than the document are not judged here: whoever
/// sends it is told then.
#[must_use]
pub fn may_send(
    definition: &Definition,
    instance: &Instance,
    organisation: &OrganisationAt,
    (person, now): (&PersonId, Timestamp),
    event: &str,
) -> bool {
    let record = super::form::record(&instance.subject, &definition.subject.record).ok();
    let value = |expr: &Expr| {
        let scope = |name: &str| match name {
            "now" => Some(Value::Timestamp(now)),
            "actor" => Some(Value::Person(person.clone())),
            "on_behalf_of" => Some(Value::Null),
            name if *name == *definition.subject.variable => record.clone(),
            _ => None,
        };
        expr.eval(&scope).ok()
    };
    let may = |by: &By| match by {
        By::Anyone => true,
        By::Engine => false,
        By::Person(expr, _) => value(expr).is_none_or(|allowed| names(&allowed, person)),
        By::Role(role, None) => holds_role(organisation, now, person, role, None),
        By::Role(role, Some(unit)) => {
            let holds = |unit: Value| holds_role(organisation, now, person, role, Some(&unit.to_string()));
            value(unit).is_none_or(|unit| unit != Value::Null && holds(unit))
        }
    };
    let active = definition.active(instance).unwrap_or_default();
    let states = active.iter().flat_map(|leaf| definition.upwards(*leaf));
    states.filter_map(|at| definition.state(at).on.get(event)).flatten().any(|arrow| may(&arrow.by))
}

/// Whether the person may start the workflow. Rules that read the input are not judged here: of a role in the unit that it names,
/// the person must have the role somewhere.
#[must_use]
pub fn may_start(
    definition: &Definition,
    organisation: &OrganisationAt,
    (person, now): (&PersonId, Timestamp),
) -> bool {
    let may = |by: &By| match by {
        By::Anyone | By::Person(..) => true,
        By::Engine => false,
        By::Role(role, _) => holds_role(organisation, now, person, role, None),
    };
    definition.starts.iter().any(|start| may(&start.by))
}

fn holds_role(at: &OrganisationAt, now: Timestamp, person: &PersonId, role: &str, unit: Option<&str>) -> bool {
    let organisation = &at.organisation;
    organisation.active(person, organisation.date(now)) && organisation.has_role(person, role, unit)
}

fn names(allowed: &Value, person: &PersonId) -> bool {
    match allowed {
        Value::Person(p) => p == person,
        Value::List(items) => items.iter().any(|item| names(item, person)),
        _ => false,
    }
}

fn shown(allowed: &Value) -> String {
    match allowed {
        Value::Null => ", and nobody is named there".to_owned(),
        other => format!(" ({other})"),
    }
}

impl<D: Domain> Run<'_, '_, D> {
    /// Whoever says who decides, or what that hangs on, does not come to decide in that way.
    pub(super) fn gains_no_seat(&self) -> Result<(), Halt<D::Need>> {
        let Some(person) = self.command.actor.person() else { return Ok(()) };
        let seats = |instance: &Instance| -> BTreeSet<(u32, Arc<str>)> {
            let held =
                instance.tasks.iter().flat_map(|task| task.holders.iter().map(|holder| (task.id.ordinal, holder)));
            held.filter(|(_, holder)| holder.person == *person)
                .map(|(task, holder)| (task, holder.step.clone()))
                .collect()
        };
        let before = self.before().map(seats).unwrap_or_default();
        if seats(&self.work).is_subset(&before) {
            return Ok(());
        }
        let rule =
            "somebody else to do it: you would be asked yourself then, and whoever says who decides does not decide";
        Err(Refusal::NotAllowed { rule: rule.into() }.into())
    }
}

/// What holds for acts besides the rules of approvals: a question says something, nobody has a seat of somebody else
/// given to himself, and whoever has set what is decided about, past those who decide, is none of them and names none.
pub(super) fn fits(
    act: &Verb,
    (person, behalf): (&PersonId, Option<&PersonId>),
    instance: &Instance,
) -> Result<(), Refusal> {
    if matches!(act, Verb::Approve(_) | Verb::Reject(_) | Verb::Abstain(_)) {
        decides_alone(instance, person, behalf)?;
    }
    let himself = match act {
        Verb::Ask { ballot, .. } if ballot.reason.as_ref().is_none_or(|text| text.trim().is_empty()) => {
            return Err(Refusal::ReasonRequired);
        }
        Verb::Repair { to, .. } => to.as_ref() == Some(person),
        Verb::Escalate { to: EscalateTo::Person(to), .. } => to == person,
        Verb::Reassign { from, to, .. } => to == person && from.as_ref().is_some_and(|from| from != person),
        _ => false,
    };
    if himself {
        let rule = "somebody else to name you: whoever says who decides does not decide in that place himself";
        return Err(Refusal::NotAllowed { rule: rule.into() });
    }
    let named = match act {
        Verb::Repair { to, .. } => to.as_ref(),
        Verb::Escalate { to: EscalateTo::Person(to), .. } | Verb::Reassign { to, .. } | Verb::Delegate { to, .. } => {
            Some(to)
        }
        Verb::AddApprover { person, .. } => Some(person),
        _ => None,
    };
    let Some(named) = named else { return Ok(()) };
    let handled = &instance.detail.handled;
    if handled.contains(named) {
        let why = format!("`{named}` has set data of it by a repair or a migration, and does not decide about it");
        return Err(somebody_else(why));
    }
    if handled.contains(person) {
        let rule = "somebody else to say who decides: you have set data of it by a repair or a migration";
        return Err(Refusal::NotAllowed { rule: rule.into() });
    }
    Ok(())
}

/// Whoever has set what is decided about does not decide about it; nobody does so in his place.
pub(super) fn decides_alone(instance: &Instance, person: &PersonId, behalf: Option<&PersonId>) -> Result<(), Refusal> {
    let handled = &instance.detail.handled;
    if handled.contains(person) {
        let rule = "somebody else to decide: you have set data of it by a repair or a migration";
        return Err(Refusal::NotAllowed { rule: rule.into() });
    }
    match behalf.filter(|of| handled.contains(*of)) {
        Some(of) => Err(somebody_else(format!(
            "`{of}` has set data of it by a repair or a migration, and nobody decides in his place"
        ))),
        None => Ok(()),
    }
}

/// Whether what a task asks for is a decision: also data, where its rules keep somebody out of giving it.
fn is_decided(definition: &Definition, task: &Task) -> bool {
    form_of(definition, task).is_none() || keeps_out(definition, task)
}

/// Whether the rules of a task say who may not act in it: then giving it its data decides.
pub(super) fn keeps_out(definition: &Definition, task: &Task) -> bool {
    definition.approval(&task.state).is_some_and(|approval| !approval.policy.never.is_empty())
}

/// Whoever has decided sets nothing of what he has decided about: his decision would stand for what he has set.
pub(super) fn has_decided(instance: &Instance, person: &PersonId) -> bool {
    let mut votes = instance.tasks.iter().flat_map(|task| &task.detail.review.votes);
    votes.any(|vote| vote.author == *person || vote.holder.as_ref() == Some(person))
}

/// Whether an act may pass seats on. In a new round the rules say who is asked, and not whoever begins it.
pub(super) const fn passes(act: &Verb) -> bool {
    matches!(
        act,
        Verb::Reassign { .. }
            | Verb::Escalate { .. }
            | Verb::Repair { action: RepairAction::Assign | RepairAction::Approve, .. }
    )
}

/// The holders of every seat of a review, by its number.
pub(super) type Held = BTreeMap<u32, Vec<PersonId>>;

pub(super) fn held(review: &Review) -> Held {
    let seats = review.steps.iter().flat_map(|step| &step.seats);
    seats.map(|seat| (seat.id, seat.holders().to_vec())).collect()
}

fn somebody_else(why: String) -> Refusal {
    Refusal::NotAllowed { rule: format!("somebody else in this place: {why}").into() }
}

/// Notes which seats of others an act has passed on. Nobody gets one who passed it on before. And refuses the vote of whoever
/// passed a seat on before: not even on behalf of him who has it now.
pub(super) fn passed_on(
    detail: &mut TaskDetail,
    before: &Held,
    (act, person): (&Verb, &PersonId),
) -> Result<(), Refusal> {
    match act {
        act if passes(act) => {
            let after = held(&detail.review);
            let had = |seat: u32, who: &PersonId| before.get(&seat).is_some_and(|holders| holders.contains(who));
            for (seat, holders) in after.iter().filter(|(seat, holders)| before.get(seat) != Some(holders)) {
                let passed = detail.passed_on.get(seat);
                let returns = |who: &&PersonId| !had(*seat, who) && passed.is_some_and(|by| by.contains(*who));
                if let Some(who) = holders.iter().find(returns) {
                    let why = format!("`{who}` said before who has it, and whoever says that does not decide in it");
                    return Err(somebody_else(why));
                }
                if had(*seat, person) {
                    continue;
                }
                detail.passed_on.entry(*seat).or_default().insert(person.clone());
            }
            Ok(())
        }
        Verb::Approve(_) | Verb::Reject(_) | Verb::Abstain(_) => {
            let votes = detail.review.votes.iter().rev();
            let cast = votes.filter(|vote| vote.carried.is_none()).find(|vote| vote.author == *person);
            let own = cast.and_then(|vote| detail.passed_on.get(&vote.seat)).is_some_and(|by| by.contains(person));
            if own {
                let rule = "somebody else to decide here: you said who has this place, and whoever says that does not decide in it";
                return Err(Refusal::NotAllowed { rule: rule.into() });
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether a voice that is open is good for a vote: not where every seat that it could be cast in was passed on by whoever has it,
/// nor where he has set what is decided about. (Whoever gives a task its data decides nothing.)
pub(super) fn is_good(
    (definition, instance, task): (&Definition, &Instance, &Task),
    step: &str,
    (person, on_behalf_of): (&PersonId, Option<&PersonId>),
) -> bool {
    let TaskDetail { review, passed_on, .. } = &task.detail;
    let handled = |who: &PersonId| instance.detail.handled.contains(who);
    if is_decided(definition, task) && (handled(person) || on_behalf_of.is_some_and(handled)) {
        return false;
    }
    if passed_on.is_empty() {
        return true;
    }
    let holder = on_behalf_of.unwrap_or(person);
    let steps = review.steps.iter().filter(|known| *known.name == *step);
    let mut seats = steps.flat_map(|step| &step.seats).filter(|seat| seat.holders().contains(holder)).peekable();
    seats.peek().is_none() || !seats.all(|seat| passed_on.get(&seat.id).is_some_and(|by| by.contains(person)))
}

/// The same of somebody who could decide.
pub(super) fn is_good_of(at: (&Definition, &Instance, &Task), one: &Standing) -> bool {
    is_good(at, &one.seat.step, (&one.person, one.on_behalf_of.as_ref()))
}

/// Takes from somebody's chance what is no good.
pub(super) fn good(at: (&Definition, &Instance, &Task), chance: &mut Chance) {
    let before = chance.may.len();
    chance.may.retain(|one| is_good_of(at, one));
    if chance.may.is_empty() && before > 0 {
        let why = approval::Refusal::NotApprover;
        (chance.refusal, chance.declined) = (Some(why), Some(why.into()));
    }
}
