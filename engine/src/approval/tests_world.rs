//! Random organisations, policies and histories, drawn from a tape of bytes so that proptest can shrink them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;
use crate::ids::PersonId;

const HOUR: i64 = 3_600_000_000;
const DAY_ONE: i64 = 1_772_438_400_000_000;
pub(crate) const PEOPLE: usize = 7;
const AMOUNTS: [&str; 7] =
    ["0.00 EUR", "100.00 EUR", "104.00 EUR", "110.00 EUR", "1000.00 EUR", "1100.00 USD", "5.00 CHF"];

/// Decisions in a row; an exhausted tape always takes the first.
pub(crate) struct Tape<'a>(&'a [u8]);

impl<'a> Tape<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n.max(1)
    }

    fn chance(&mut self, of_eight: usize) -> bool {
        self.below(8) >= 8 - of_eight
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn person(&mut self) -> String {
        format!("p{}", self.below(PEOPLE))
    }

    fn people(&mut self, most: usize) -> Vec<String> {
        let n = self.below(most) + 1;
        (0..n).map(|_| self.person()).collect()
    }
}

/// Everything but the events.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) organisation: Organisation,
    pub(crate) policy: Policy,
    pub(crate) rates: Rates,
    pub(crate) subject: Fields,
}

/// One event of a history, with the review before and what came of it.
#[derive(Debug)]
pub(crate) struct Beat {
    pub(crate) organisation: Organisation,
    pub(crate) before: Review,
    pub(crate) event: Event,
    pub(crate) applied: Applied,
}

impl World {
    pub(crate) fn draw(tape: &mut Tape<'_>) -> Self {
        let people: Vec<Value> = (0..PEOPLE).map(|n| draw_person(tape, n)).collect();
        let substitutes: Vec<Value> = (0..tape.below(5))
            .map(|_| {
                let until = tape.one(&["2026-04-01", "2026-03-03"]);
                let mut one = json!({ "person": tape.person(), "substitute": tape.person(), "until": until });
                if tape.chance(2) {
                    one["max_amount"] = tape.one(&AMOUNTS).into();
                }
                one
            })
            .collect();
        let units = json!([
            { "id": "u1", "roles": { "buyer": tape.people(4) } }, { "id": "u2", "roles": { "buyer": tape.people(3) } },
        ]);
        let organisation = json!({
            "revision": 1, "people": people, "units": units, "substitutes": substitutes,
            "substitutes_from": tape.one(&["anyone", "anyone", "unit"]),
        });
        let steps: Vec<Value> = (0..1 + tape.below(3)).map(|n| draw_step(tape, n)).collect();
        let mut policy = json!({
            "never": tape.one(&[&["requester"][..], &["requester", "owner"], &["requester", "editors"], &[]]),
            "never_substitutes": tape.chance(1),
            "same_person": tape.one(&["each", "once"]),
            "reapprove": tape.one(&["affected", "affected", "all", "none"]),
            "administrators": ["p0"],
            "after_rejection": tape.one(&["resubmit", "final"]),
            "after_changes": tape.one(&["resume", "restart"]),
        });
        if tape.chance(3) {
            policy["tolerance"] = json!({ "amount": { "percent": "5" } });
        }
        if tape.chance(2) && steps.len() > 1 {
            policy["distinct"] = json!([["s0", "s1"]]);
        }
        if tape.chance(1) {
            policy["expires_after_hours"] = json!(200);
        }
        if tape.chance(2) {
            let low = &steps[..1];
            policy["table"] = json!({ "rows": [
                { "when": { "up_to": "104.00 EUR" }, "steps": low }, { "when": { "up_to": "1000.00 EUR" }, "steps": steps },
            ] });
        } else {
            policy["steps"] = json!(steps);
        }
        let subject = json!({
            "requester": tape.person(), "amount": tape.one(&AMOUNTS[1..5]), "category": "it",
            "unit": tape.one(&["u1", "u2"]), "note": "", "owner": tape.people(2),
        });
        Self {
            organisation: serde_json::from_value(organisation).unwrap(),
            policy: serde_json::from_value(policy).unwrap(),
            rates: serde_json::from_value(json!({ "EUR": "1", "USD": "0.92" })).unwrap(),
            subject: serde_json::from_value(subject).unwrap(),
        }
    }

    pub(crate) fn apply(&self, review: &Review, organisation: &Organisation, event: &Event) -> Applied {
        apply(review.clone(), &self.policy, organisation, &self.rates, event)
    }

    pub(crate) fn view(&self, review: &Review, organisation: &Organisation, at: Timestamp) -> View {
        view(review, &self.policy, organisation, &self.rates, at)
    }

    /// A submission and some events, often by people who are asked.
    pub(crate) fn play(&self, tape: &mut Tape<'_>, events: usize) -> Vec<Beat> {
        let mut at = DAY_ONE;
        let mut organisation = self.organisation.clone();
        let mut review = Review::new(self.subject.clone());
        let mut beats: Vec<Beat> = Vec::new();
        for number in 0..events {
            at += HOUR * tape.one(&[1, 1, 1, 5, 20]);
            let now = Timestamp::from_micros(at);
            let requester = review.subject.requester();
            let (mut by, mut verb) = (requester, Verb::Submit);
            if number > 0 && !(review.paused.is_some() && tape.chance(6)) {
                (by, verb) = self.draw_event(tape, &review, &organisation, now);
            }
            if verb == Verb::Organisation {
                let change = draw_change(tape);
                let time = Event { at: now, verb: Verb::Time, by: None };
                review = self.apply(&review, &organisation, &time).review;
                organisation = organisation.merge(change).unwrap();
            }
            let event = Event { at: now, verb, by };
            let applied = self.apply(&review, &organisation, &event);
            let before = std::mem::replace(&mut review, applied.review.clone());
            beats.push(Beat { organisation: organisation.clone(), before, event, applied });
        }
        beats
    }

    fn draw_event(
        &self,
        tape: &mut Tape<'_>,
        review: &Review,
        organisation: &Organisation,
        at: Timestamp,
    ) -> (Option<PersonId>, Verb) {
        let open = self.view(review, organisation, at).open;
        let asked = (!open.is_empty() && tape.chance(7)).then(|| open[tape.below(open.len())].clone());
        let by: PersonId = asked.as_ref().map_or_else(|| tape.person().into(), |one| one.person.clone());
        let step: Arc<str> =
            asked.as_ref().map_or_else(|| tape.one(&["s0", "s1", "added.1"]).into(), |o| o.step.clone());
        let on_behalf_of = asked.and_then(|one| one.on_behalf_of);
        let ballot = Ballot { step: step.clone(), on_behalf_of, seen: None, reason: Some("why".into()) };
        let to: PersonId = tape.person().into();
        let admin = Some(PersonId::from("p0"));
        let verb = match tape.below(24) {
            0..=7 => Verb::Approve(ballot),
            8..=9 => Verb::Reject(ballot),
            10 => Verb::Abstain(ballot),
            11..=14 => return (Some(to), Verb::Edit { set: draw_edit(tape) }),
            15 => Verb::RequestChanges(ballot),
            16 => Verb::Delegate { step, to },
            17 => Verb::Reassign { step, from: None, to },
            18 => {
                let position = tape.one(&[Position::Before, Position::After]);
                Verb::AddApprover { ballot, person: to, position }
            }
            19 => {
                let mode = tape.one(&[EscalationMode::Adds, EscalationMode::Replaces]);
                return (admin, Verb::Escalate { step, mode, to: EscalateTo::Manager });
            }
            20 => {
                let action = tape.one(&[RepairAction::Assign, RepairAction::Assign, RepairAction::Restart]);
                return (admin, Verb::Repair { action, step, to: Some(to), reason: Some("why".into()) });
            }
            21 => {
                let verb = if tape.chance(2) { Verb::Recall } else { Verb::Submit };
                return (review.subject.requester(), verb);
            }
            22 => return (None, Verb::Time),
            _ => return (None, Verb::Organisation),
        };
        (Some(by), verb)
    }
}

pub(crate) fn draw_edit(tape: &mut Tape<'_>) -> Fields {
    let set = match tape.below(5) {
        0 => json!({ "note": tape.one(&["", "x", "y"]) }),
        1 => json!({ "unit": tape.one(&["u1", "u2"]) }),
        2 => json!({ "owner": tape.people(2) }),
        _ => json!({ "amount": tape.one(&AMOUNTS) }),
    };
    serde_json::from_value(set).unwrap()
}

fn draw_change(tape: &mut Tape<'_>) -> OrganisationChange {
    let person = tape.person();
    let change = match tape.below(4) {
        0 => json!({ "people": { person: { "manager": tape.person() } } }),
        1 => json!({ "substitutes": [{ "person": person, "substitute": tape.person() }] }),
        _ => json!({ "people": { person: { "active": tape.chance(4) } } }),
    };
    serde_json::from_value(change).unwrap()
}

fn draw_person(tape: &mut Tape<'_>, n: usize) -> Value {
    let limits: Vec<Value> = (0..tape.below(3)).map(|_| json!({ "amount": tape.one(&AMOUNTS) })).collect();
    json!({
        "id": format!("p{n}"), "active": !tape.chance(1), "manager": tape.person(), "limits": limits,
        "until": tape.one(&[None, None, None, Some("2026-03-03")]),
    })
}

fn draw_resolver(tape: &mut Tape<'_>) -> Value {
    match tape.below(8) {
        0 => json!({ "field": "owner" }),
        1 => json!({ "chain": "requester" }),
        2 => json!({ "manager": "requester", "levels": 1 + tape.below(2) }),
        3..=4 => json!({ "role": "buyer", "unit_field": "unit" }),
        _ => json!({ "person": tape.people(4) }),
    }
}

fn draw_step(tape: &mut Tape<'_>, n: usize) -> Value {
    let quorum = match tape.below(4) {
        0 => json!("any"),
        1 => json!("all"),
        2 => json!({ "count": 1 + tape.below(2) }),
        _ => json!({ "percent": tape.one(&["50", "66.6"]) }),
    };
    let who: Vec<Value> = (0..1 + tape.below(2)).map(|_| draw_resolver(tape)).collect();
    let mut step = json!({
        "name": format!("s{n}"), "order": 1 + tape.below(2), "who": who, "quorum": quorum,
        "reject": tape.one(&["first", "unanimous"]), "on_empty": tape.one(&["incident", "fallback", "next"]),
        "fallback": [{ "person": tape.people(3) }],
    });
    if tape.chance(3) {
        step["covers"] = json!(["amount"]);
    }
    if tape.chance(2) {
        step["veto"] = json!(tape.people(2));
    }
    if tape.chance(3) {
        let act = tape.one(&["remind", "incident", "reject", "escalate"]);
        step["late"] = json!([{ "after_hours": tape.one(&[3, 24]), "do": act }]);
    }
    step
}

/// A tape for a world and its history.
pub(crate) fn tapes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 60..260)
}

/// A world and the history that the tape tells of it.
pub(crate) fn told(tape: &[u8], events: usize) -> (World, Vec<Beat>) {
    let mut tape = Tape(tape);
    let world = World::draw(&mut tape);
    let beats = world.play(&mut tape, events);
    (world, beats)
}

/// A world before anything happened, and the rest of the tape.
pub(crate) fn begun(tape: &[u8]) -> (World, Tape<'_>) {
    let mut tape = Tape(tape);
    let world = World::draw(&mut tape);
    (world, tape)
}

/// A failing history, to be read.
pub(crate) fn described(world: &World, beats: &[Beat]) -> String {
    let mut lines = vec![
        serde_json::to_string(world.organisation.parts()).unwrap(),
        serde_json::to_string(&world.policy).unwrap(),
        serde_json::to_string(&world.subject).unwrap(),
    ];
    for beat in beats {
        let event = serde_json::to_string(&beat.event).unwrap();
        let code = beat.applied.outcome.err().map_or("ok", Refusal::code);
        let view = world.view(&beat.applied.review, &beat.organisation, beat.event.at);
        lines.push(format!("{event} {code} {}", serde_json::to_string(&view).unwrap()));
    }
    lines.join("\n")
}
