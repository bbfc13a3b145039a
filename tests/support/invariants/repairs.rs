//! Random repairs, and what they may come to: a preview tells what then happens and writes nothing, and no repair leads to where
//! only an approval leads that nobody has given.

use fluxor_engine::approval::State;
use fluxor_engine::command::{Actor, Command, Repair, Verb};
use fluxor_engine::decide::Preview;
use fluxor_engine::instance::{Document, Instance, TaskStatus};
use fluxor_engine::runtime::{NotDone, Submitted};
use serde_json::{Value as Json, json};

use super::bench::Bench;
use super::company::anybody;
use super::draw::{actor, object};
use super::play::Play;

/// What a preview came to.
pub type Told = Result<Preview, NotDone>;

/// States that are reached by the approval of `.1` alone, by workflow.
const BEHIND: &[(&str, &str, &[&str])] = &[
    ("panel", "asking", &["weighing", "held", "done"]),
    ("purchase_order", "open.review", &["open.ordering", "ordered", "received", "closed"]),
    ("requisition", "asked", &["granted", "done"]),
];

/// Whether it is where only an approval leads, and the approval was not given.
fn is_past(instance: &Instance) -> bool {
    let law = BEHIND.iter().find(|(workflow, ..)| *workflow == &*instance.workflow);
    let Some((_, asks, behind)) = law else { return false };
    // Small requisitions need nobody.
    let field = |name: &str| instance.subject.get(name);
    let is_small = field("amount").is_some_and(|amount| amount == "40.00 EUR" || amount == "42.00 EUR");
    if &*instance.workflow == "requisition" && is_small && field("urgent") == Some(&Json::Bool(false)) {
        return false;
    }
    let newest = instance.tasks.iter().rev().find(|task| &*task.state == *asks);
    behind.contains(&&*instance.state) && newest.is_none_or(|task| task.detail.review.state != State::Approved)
}

impl<B: Bench> Play<B> {
    /// Any repair: mostly by those who may.
    pub fn draw_repair(&mut self) -> Command {
        let instance = self.some_instance();
        let stuck = |i: &&Instance| i.detail.incident.as_ref().is_some_and(|incident| incident.tried.is_some());
        let stuck: Vec<Instance> = self.snap.instances.values().filter(stuck).cloned().collect();
        let calm = stuck.is_empty() || self.dice.chance(30);
        let instance = if calm { instance } else { self.dice.one(&stuck) };
        let at = instance.detail.incident.as_ref().and_then(|incident| incident.at.clone());
        let definition = self.library.pinned(instance.definition).expect("its definition").clone();
        let dice = &mut self.dice;
        let at = if dice.chance(70) { None } else { at };
        let repair = match dice.below(if calm { 20 } else { 11 }) {
            0..=4 => Repair::Retry { at },
            5..=8 => {
                let payload = if dice.chance(90) { Document::new() } else { object(json!({ "colour": "red" })) };
                Repair::Skip { at, payload }
            }
            9..=13 => {
                let states: Vec<_> = definition.states.iter().map(|state| state.path.clone()).collect();
                let to = if dice.chance(3) { "elsewhere".into() } else { dice.one(&states) };
                Repair::Move { to }
            }
            14..=17 => Repair::SetData { set: set(dice) },
            _ => Repair::Cancel,
        };
        let reason = if dice.chance(4) { " ".to_owned() } else { "it is stuck".to_owned() };
        let by = match dice.below(10) {
            0 => actor(&anybody(dice)),
            1..=3 => Actor::System,
            _ => Actor::Person { id: "p0".into(), via: "test".into(), administrator: true },
        };
        let state_revision = match dice.below(10) {
            0 => Some(instance.state_revision - 1),
            1..=3 => Some(instance.state_revision),
            _ => None,
        };
        let id = instance.id;
        self.command(by, Verb::Repair { instance: id, repair, reason, state_revision })
    }

    /// What is told of a repair before it is done: looking changes nothing.
    pub async fn told_before(&mut self, command: &Command) -> Option<Told> {
        if !matches!(command.verb, Verb::Repair { .. })
            || self.made.iter().any(|m| m.command.request == command.request)
        {
            return None;
        }
        let told = self.engine().preview_repair(command).await;
        assert_eq!(self.look().await.dump, self.snap.dump, "a preview writes nothing");
        Some(told)
    }

    /// What was told is what happened.
    pub fn judge_preview(&self, command: &Command, told: &Told, done: &Result<Submitted, NotDone>) {
        let (told, answer) = match (told, done) {
            (Ok(told), Ok(done)) => (told, &done.answer),
            (Err(NotDone::Refused(told)), Err(NotDone::Refused(refused))) => {
                assert_eq!(told, refused, "a preview is refused as the repair is");
                return;
            }
            (told, done) => panic!("the preview came to {told:?}, the repair to {done:?}"),
        };
        let row = &self.snap.instances[&command.verb.instance().expect("a repair is of an instance")];
        assert_eq!((Some(&told.to), Some(told.status)), (answer.state.as_ref(), answer.status));
        assert_eq!((&told.to, told.inside.as_slice(), told.status), (&row.state, row.inside(), row.status));
        assert_eq!(told.stopped, row.detail.stopped);
        let incidents: Vec<_> = row.detail.incidents().map(|i| (i.code.clone(), i.message.clone())).collect();
        assert_eq!(told.incidents, incidents, "the incidents that were told");
        for field in &told.fields {
            assert_eq!(field.after, row.subject.get(&field.field).cloned().unwrap_or(Json::Null), "{}", field.field);
        }
        for timer in &told.timers_started {
            assert_eq!(row.detail.timers.get(&timer.name), Some(&timer.at), "a timer that was told");
        }
        assert!(told.timers_stopped.iter().all(|timer| row.detail.timers.get(&timer.name) != Some(&timer.at)));
        let is_open = |id| row.tasks.iter().any(|task| task.id == id && task.status == TaskStatus::Open);
        assert!(
            told.tasks_opened.iter().all(|task| is_open(task.id)) && !told.tasks_closed.iter().any(|&id| is_open(id))
        );
        for task in &told.tasks_opened {
            let shown = answer.tasks.iter().find(|shown| shown.id == task.id).expect("a task that was told");
            assert_eq!((&shown.open, shown.due_at), (&task.open, task.due_at), "who would be asked");
        }
    }

    /// An accepted repair: by whom, and where it has led.
    pub fn judge_repair(&self, before: &Instance, command: &Command) {
        let Verb::Repair { reason, .. } = &command.verb else { return };
        assert!(!reason.trim().is_empty(), "a repair without a reason");
        let may = match &command.actor {
            Actor::Person { administrator, .. } => *administrator,
            Actor::System => true,
            Actor::Timer | Actor::Message => false,
        };
        assert!(may, "{:?} repaired {}", command.actor, before.id);
        let after = &self.snap.instances[&before.id];
        assert!(
            is_past(before) || !is_past(after),
            "a repair led {} to {} past its approval",
            before.state,
            after.state
        );
    }
}

fn set(dice: &mut super::dice::Dice) -> Document {
    object(match dice.below(8) {
        0 => json!({ "requester": "p1" }),
        1 => json!({ "amount": 7, "colour": "red" }),
        2 => json!({ "unit": dice.one(&["u1", "u2"]) }),
        3 => json!({ "note": null, "what": "z" }),
        4 => json!({ "note": "corrected" }),
        5 => json!({ "owner": anybody(dice) }),
        _ => json!({ "amount": dice.one(&["40.00 EUR", "42.00 EUR", "900.00 EUR", "1500.00 EUR", "70.00 USD"]) }),
    })
}
