//! Random commands: mostly sensible ones by those who may, and every kind of wrong one.

use std::sync::Arc;

use fluxor_engine::approval::{Ballot, EscalateTo, EscalationMode, Position, RepairAction, Verb as Act};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::ids::{Digest, InstanceId, PersonId, TaskId};
use fluxor_engine::instance::{Document, Instance, Status, TaskStatus};
use fluxor_engine::runtime::TaskView;
use serde_json::{Value as Json, json};

use super::bench::Bench;
use super::company::{anybody, day};
use super::play::Play;
use super::rules::Sender;
use crate::scenario::TENANT;

/// A person, through the door of tests.
#[must_use]
pub fn actor(id: &str) -> Actor {
    Actor::Person { id: id.into(), via: "test".into(), administrator: false }
}

/// An object.
#[must_use]
pub fn object(json: Json) -> Document {
    json.as_object().cloned().unwrap()
}

impl<B: Bench> Play<B> {
    /// A new command with a request id of its own.
    pub fn command(&mut self, actor: Actor, verb: Verb) -> Command {
        self.count += 1;
        let request_hash = Digest::of(format!("{actor:?} {verb:?}"));
        Command { tenant: TENANT, request: format!("r{}", self.count).into(), request_hash, actor, verb }
    }

    /// Any command.
    pub async fn draw(&mut self) -> Command {
        let live = |i: &&Instance| i.status != Status::Final;
        let none = !self.snap.instances.values().any(|i| live(&i)) && self.dice.chance(80);
        let undelivered = |i: &Instance| i.detail.incident.as_ref().is_some_and(|i| &*i.code == "delivery_failed");
        if self.snap.instances.values().any(undelivered) && self.dice.chance(20) {
            return self.draw_repair();
        }
        match self.dice.below(100) {
            0..=9 => self.draw_start(),
            _ if none || self.snap.instances.is_empty() => self.draw_start(),
            10..=14 => self.draw_company(),
            15..=17 => self.draw_budget(),
            18..=25 if !self.made.is_empty() => self.draw_again(),
            26..=43 => self.draw_signal(),
            44..=54 => self.draw_repair(),
            _ => self.draw_decision().await,
        }
    }

    fn draw_start(&mut self) -> Command {
        let dice = &mut self.dice;
        let person = anybody(dice);
        let key = dice.seldom(30, format!("K{}", dice.clone().below(4)).into());
        let unit = dice.one(&["u1", "u2"]);
        let amount = dice.one(&["40.00 EUR", "90.00 EUR", "900.00 EUR", "1500.00 EUR", "30000.00 EUR", "70.00 USD"]);
        let owner = anybody(dice);
        let (workflow, mut input) = match dice.below(10) {
            0..=3 => {
                let lines = json!([{ "item": "desk", "quantity": "1", "unit": "pcs", "price": amount }]);
                let lines = if dice.chance(10) { json!([]) } else { lines };
                ("purchase_order", json!({ "supplier": "Acme", "unit": unit, "lines": lines }))
            }
            4..=5 => ("requisition", json!({ "amount": amount, "unit": unit, "urgent": dice.chance(50), "what": "x" })),
            _ => ("panel", json!({ "owner": owner, "amount": amount, "unit": unit, "note": null, "category": null })),
        };
        let workflow = if dice.chance(3) { "purchase_odrer" } else { workflow };
        match dice.below(20) {
            0 => input["colour"] = "red".into(),
            1 => input["unit"] = 7.into(),
            2 => drop(input.as_object_mut().unwrap().remove("unit")),
            3 | 4 => input["requester"] = anybody(dice).into(),
            _ => {}
        }
        self.command(actor(&person), Verb::Start { workflow: workflow.into(), key, input: object(input) })
    }

    fn draw_company(&mut self) -> Command {
        let mut next = self.companies.last().unwrap().clone();
        next.change(&mut self.dice);
        let mut patch = next.patch();
        if self.dice.chance(8) {
            patch.insert("poeple".into(), json!([]));
        }
        let by = if self.dice.chance(15) { actor(&anybody(&mut self.dice)) } else { Actor::System };
        let command = self.command(by, Verb::Change(Change::Organisation { patch, basis: Basis::Direct }));
        self.planned.insert(command.request.clone(), next);
        command
    }

    fn draw_budget(&mut self) -> Command {
        let dice = &mut self.dice;
        let amount = dice.one(&["500.00 EUR", "3000.00 EUR", "100000.00 EUR", "9.00 USD", "nothing"]);
        let key = dice.one(&["u1/EUR", "u2/EUR", "u1"]);
        let by = if dice.chance(25) { actor(&anybody(dice)) } else { Actor::System };
        let change = Change::Record {
            kind: "budget".into(),
            key: key.into(),
            action: "set_budget".into(),
            params: object(json!({ "amount": amount })),
        };
        self.command(by, Verb::Change(change))
    }

    /// An accepted command once more, or its request id with other content.
    fn draw_again(&mut self) -> Command {
        let made = self.made[self.dice.below(self.made.len())].command.clone();
        if self.dice.chance(60) {
            return made;
        }
        let mut other = made;
        match &mut other.verb {
            Verb::Start { input, .. } => drop(input.insert("note".into(), "other".into())),
            Verb::Signal { reason, .. } => *reason = Some("something else".into()),
            Verb::Decide { act, .. } => *act = Act::Remind { step: "s0".into() },
            _ => other.actor = actor("ghost"),
        }
        other.request_hash = Digest::of(format!("{:?} {:?} other", other.actor, other.verb));
        other
    }

    pub(super) fn some_instance(&mut self) -> Instance {
        let all: Vec<&Instance> = self.snap.instances.values().collect();
        let live: Vec<&Instance> = all.iter().copied().filter(|i| i.status != Status::Final).collect();
        let from = if live.is_empty() || self.dice.chance(8) { &all } else { &live };
        // The newest most often, so that histories go deep.
        let back = self.dice.below(from.len()).min(self.dice.below(from.len()));
        from[from.len() - 1 - back].clone()
    }

    fn draw_signal(&mut self) -> Command {
        let instance = self.some_instance();
        let events = self.law.get(&*instance.workflow).map(|rules| rules.events.clone()).unwrap_or_default();
        let fit: Vec<_> = events.iter().filter(|(_, state, _)| instance.state.starts_with(state)).collect();
        let (event, _, sender) = match fit.as_slice() {
            [] => self.dice.one(&events),
            fit if fit.iter().any(|e| e.0 == "submit") && self.dice.chance(60) => {
                ("submit", "draft", Sender::Requester)
            }
            fit if self.dice.chance(92) => *self.dice.one(fit),
            _ => self.dice.one(&events),
        };
        let event = if self.dice.chance(3) { "sumbit" } else { event };
        let text = |field: &str| instance.subject.get(field).and_then(Json::as_str).unwrap_or("p1").to_owned();
        let today = day(self.now());
        let company = self.companies.last().unwrap();
        let buyers = company.roles.get(&(text("unit"), "buyer".to_owned())).cloned().unwrap_or_default();
        let buyers: Vec<String> = buyers.into_iter().filter(|b| company.active(b, &today)).collect();
        let by = match sender {
            Sender::Requester | Sender::Receiver if self.dice.chance(85) => text("requester"),
            Sender::Buyer | Sender::OrderBuyer if !buyers.is_empty() && self.dice.chance(80) => self.dice.one(&buyers),
            _ => anybody(&mut self.dice),
        };
        let payload = self.payload(event, &instance);
        let reason = self.dice.seldom(85, "because".to_owned());
        let state_revision = match self.dice.below(10) {
            0 => Some(instance.state_revision - 1),
            1..=3 => Some(instance.state_revision),
            _ => None,
        };
        let verb =
            Verb::Signal { instance: self.known(instance.id), event: event.into(), payload, reason, state_revision };
        self.command(actor(&by), verb)
    }

    /// The instance, or seldom one that does not exist.
    fn known(&mut self, id: InstanceId) -> InstanceId {
        if self.dice.chance(1) { InstanceId(uuid::Uuid::from_u128(7)) } else { id }
    }

    fn payload(&mut self, event: &str, instance: &Instance) -> Document {
        let dice = &mut self.dice;
        if dice.chance(4) {
            return object(json!({ "colour": "red" }));
        }
        let amount = dice.one(&["40.00 EUR", "42.00 EUR", "900.00 EUR", "930.00 EUR", "1500.00 EUR", "70.00 USD"]);
        match (event, &*instance.workflow) {
            ("edit", "purchase_order") => match dice.below(4) {
                0 => object(json!({ "note": dice.one(&["a", "b"]) })),
                1 => object(json!({ "unit": dice.one(&["u1", "u2"]) })),
                _ => object(json!({ "lines": [{ "item": "desk", "quantity": "1", "unit": "pcs", "price": amount }] })),
            },
            ("edit", "requisition") => object(json!({ "amount": amount, "what": "y", "urgent": dice.chance(50) })),
            ("edit", _) => match dice.below(4) {
                0 => object(json!({ "note": dice.one(&["a", "b"]) })),
                1 => object(json!({ "owner": anybody(dice) })),
                2 => object(json!({ "unit": dice.one(&["u1", "u2"]) })),
                _ => object(json!({ "amount": amount })),
            },
            ("bought", _) => object(json!({ "answer": "done" })),
            _ => Document::new(),
        }
    }

    async fn draw_decision(&mut self) -> Command {
        let asks = |i: &&Instance| i.tasks.iter().any(|t| t.status == TaskStatus::Open && !t.holders.is_empty());
        let mut asked: Vec<InstanceId> = self.snap.instances.values().filter(asks).map(|i| i.id).collect();
        let stuck = |i: &&Instance| i.tasks.iter().any(|t| t.status == TaskStatus::Open && t.holders.is_empty());
        if asked.is_empty() || self.dice.chance(10) {
            asked.extend(self.snap.instances.values().filter(stuck).map(|i| i.id));
        }
        if asked.is_empty() && self.dice.chance(90) {
            return self.draw_signal();
        }
        let pick = self.some_instance();
        let id = if asked.is_empty() || self.dice.chance(6) { pick.id } else { self.dice.one(&asked) };
        let task = self.snap.instances[&id].tasks.last().map_or(TaskId { instance: id, ordinal: 1 }, |t| t.id);
        let view = self.engine().task(TENANT, task).await.ok();
        let etag = match (&view, self.dice.below(20)) {
            (_, 0) => None,
            (_, 1) => Some("0123456789abcdef-1".to_owned()),
            (Some(view), _) => Some(view.etag.clone()),
            (None, _) => None,
        };
        let (by, act) = self.act(view.as_ref());
        self.command(actor(&by), Verb::Decide { task, etag, act })
    }

    fn act(&mut self, view: Option<&TaskView>) -> (String, Act) {
        let dice = &mut self.dice;
        let open = view.map(|v| v.open.clone()).unwrap_or_default();
        let steps: Vec<Arc<str>> =
            view.map(|v| v.review.steps.iter().map(|s| s.0.clone()).collect()).unwrap_or_default();
        let mut by = if dice.chance(5) { "ghost".to_owned() } else { anybody(dice) };
        let mut step: Arc<str> = if steps.is_empty() || dice.chance(5) { "s9".into() } else { dice.one(&steps) };
        let principal = PersonId::from(anybody(dice).as_str());
        let mut on_behalf_of = dice.seldom(15, principal);
        if !open.is_empty() && dice.chance(85) {
            let seat = dice.one(&open);
            (by, step, on_behalf_of) = (seat.person.to_string(), seat.step, seat.on_behalf_of);
            if on_behalf_of.is_some() && dice.chance(20) {
                on_behalf_of = None;
            }
        }
        let version = view.map_or(1, |v| v.review.document);
        let seen = dice.one(&[None, None, None, Some(version), Some(version.saturating_sub(1))]);
        let reason = dice.seldom(85, "because".into());
        let ballot = Ballot { step: step.clone(), on_behalf_of, seen, reason: reason.clone() };
        let to = PersonId::from(anybody(dice).as_str());
        if open.is_empty() && view.is_some() && dice.chance(40) {
            return ("p0".to_owned(), Act::Repair { action: RepairAction::Assign, step, to: Some(to), reason });
        }
        let admin = if dice.chance(80) { "p0".to_owned() } else { by.clone() };
        let act = match dice.below(40) {
            0..=23 => Act::Approve(ballot),
            24..=26 => Act::Reject(ballot),
            27..=28 => Act::Abstain(ballot),
            29..=30 => Act::RequestChanges(ballot),
            31 => match dice.below(3) {
                0 => return ("p1".to_owned(), Act::Answer { reason, question: None }),
                1 => Act::Ask { ballot, to: Some(to) },
                _ => Act::Ask { ballot, to: None },
            },
            32..=33 => Act::Delegate { step, to },
            34 => Act::Reassign { step, from: None, to },
            35 => {
                let position = dice.one(&[Position::Before, Position::After]);
                Act::AddApprover { ballot, person: to, position }
            }
            36 => Act::Remind { step },
            37 => return (admin, Act::Escalate { step, mode: EscalationMode::Adds, to: EscalateTo::Manager }),
            38 => {
                let action = dice.one(&[RepairAction::Assign, RepairAction::Restart, RepairAction::Approve]);
                return (admin, Act::Repair { action, step, to: Some(to), reason });
            }
            _ => dice.one(&[Act::Submit, Act::Recall, Act::Time, Act::AddWatcher { person: to }, Act::Look { step }]),
        };
        (by, act)
    }
}
