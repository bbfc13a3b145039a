//! A rehearsal decides as the runtime does: random walks on an engine with a store, and beside it the same commands on
//! instances that live in memory alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::clock::Clock as _;
use fluxor_engine::command::Actor;
use fluxor_engine::decide::Stop;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::TenantId;
use fluxor_engine::rehearsal::{Rehearsal, Setting, Step};
use fluxor_engine::runtime::NotDone;
use fluxor_engine::store::{Connection, Persist as _};
use fluxor_tests::invariants::dice::{Dice, seeds};

use super::walks::{FAIR, any_verb};
use super::*;

/// Loads rows as a store without any would, until nothing is missing.
async fn loaded(
    rehearsal: &mut Rehearsal<'_, Family>,
    domain: &Family,
    tenant: TenantId,
    mut does: impl FnMut(&mut Rehearsal<'_, Family>) -> Result<Step, Stop<<Family as fluxor_engine::domain::Domain>::Need>>,
) -> Result<Step, String> {
    loop {
        match does(rehearsal) {
            Ok(step) => return Ok(step),
            Err(Stop::Refused(refusal)) => return Err(format!("{refusal:?}")),
            Err(Stop::Needs(needs)) => {
                let needs: BTreeSet<_> = needs.into_iter().map(|need| (tenant, need)).collect();
                let mut memory = Default::default();
                domain.load(Connection::Memory(&mut memory), &needs, rehearsal.facts()).await.unwrap();
            }
            Err(Stop::Nothing | Stop::Keys(_)) => return Err("nothing".to_owned()),
        }
    }
}

/// What both must have in common: everything but what only entries and their guards know.
fn image(instance: &Instance) -> String {
    let mut plain = instance.clone();
    plain.head = fluxor_engine::ids::Digest([0; 32]);
    plain.detail.requests.clear();
    plain.seq = 0;
    plain.tasks.iter_mut().for_each(|task| task.seq = 0);
    format!("{plain:#?}")
}

#[tokio::test]
async fn a_rehearsal_decides_as_the_runtime_does() {
    let files: Vec<(&str, &str)> = FILES.iter().copied().chain([("fair", FAIR)]).collect();
    for seed in seeds(20, 400) {
        let domain = Family::new();
        let mut house = House::with(MemoryStore::new(domain.clone()), domain.clone(), AT, &files).await;
        let library = house.engine.library();
        let mut dice = Dice::new(seed);
        let input = json!({ "supplier": "a" }).as_object().cloned().unwrap();
        let workflow = Arc::from(dice.one(&["fair", "fair", "order"]));
        let verb = Verb::Start { workflow: Arc::clone(&workflow), key: None, input: input.clone() };
        let command = house.command("ann", verb);
        let (tenant, ann) = (command.tenant, command.actor.clone());
        let organisations = [house.engine.organisation(tenant).await.unwrap()];
        let setting = Setting { domain: &*domain, library: &library, organisations: &organisations, tenant };
        let mut rehearsal = Rehearsal::new(setting, false);
        let root = house.engine.submit(command).await.unwrap().answer.instance.unwrap();
        let now = house.clock.now();
        let started =
            loaded(&mut rehearsal, &domain, tenant, |r| r.start(root, ann.clone(), &workflow, input.clone(), now));
        started.await.unwrap();
        for _ in 0..60 {
            house.clock.advance_micros(dice.one(&[1_000_000, 3_600_000_000, 90_000_000_000]));
            let now = house.clock.now();
            let known: Vec<Instance> = house.instances().await.into_values().collect();
            let verb = any_verb(&mut dice, &known, &library);
            if matches!(verb, Verb::Start { .. }) {
                continue;
            }
            let command = house.command(dice.one(&["ann", "bob", "bob"]), verb.clone());
            let actor: Actor = command.actor.clone();
            let came = house.engine.submit(command).await;
            let mine = loaded(&mut rehearsal, &domain, tenant, |r| r.submit(actor.clone(), verb.clone(), now)).await;
            match (&came, &mine) {
                (Ok(_), Ok(_)) => {}
                (Err(NotDone::Refused(refusal)), Err(mine)) => assert_eq!(&format!("{refusal:?}"), mine, "seed {seed}"),
                (theirs, mine) => panic!("seed {seed}: {theirs:?}, {:?}", mine.as_ref().map(|step| &step.after.state)),
            }
            if dice.below(3) == 0 {
                house.drive().await;
                driven(&mut rehearsal, &domain, tenant, now).await;
            }
        }
        house.drive().await;
        driven(&mut rehearsal, &domain, tenant, house.clock.now()).await;
        let theirs: BTreeSet<String> = house.instances().await.values().map(image).collect();
        let mine: BTreeSet<String> = rehearsal.instances().iter().map(|instance| image(instance)).collect();
        assert_eq!(theirs, mine, "seed {seed}");
        assert!(domain.vocabulary().actions.contains_key("count"));
        house.end().await;
    }
}

/// Time and messages, until nothing moves.
async fn driven(
    rehearsal: &mut Rehearsal<'_, Family>,
    domain: &Family,
    tenant: TenantId,
    now: fluxor_engine::clock::Timestamp,
) {
    for _ in 0..1_000 {
        let mut moved = false;
        while let Some((due, instance)) = rehearsal.next_due().filter(|(due, _)| *due <= now) {
            let woken = loaded(rehearsal, domain, tenant, |r| r.wake(instance, now)).await;
            moved |= woken.is_ok();
            if woken.is_err() || rehearsal.next_due().is_some_and(|(next, id)| (next, id) == (due, instance)) {
                break;
            }
        }
        let mut nobody = false;
        while !nobody {
            let told = loaded(rehearsal, domain, tenant, |r| {
                r.deliver(now).unwrap_or_else(|| {
                    nobody = true;
                    Err(Stop::Nothing)
                })
            });
            moved |= told.await.is_ok();
        }
        if !moved {
            return;
        }
    }
}
