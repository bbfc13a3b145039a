//! A batch is nothing but its commands one after another: the same bursts on a store that takes them together and on one
//! that takes them singly come to the same (design.md, section 2.2).

use std::collections::BTreeMap;

use fluxor_engine::command::{Answer, Command, Verb};
use fluxor_engine::ids::{InstanceId, TaskId};
use fluxor_engine::instance::Instance;
use fluxor_engine::runtime::{NotDone, Submitted};
use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite};
use fluxor_tests::invariants::burst::Came;
use fluxor_tests::invariants::dice::seeds;
use fluxor_tests::invariants::play::Play;

/// Ids of the one store as the other has them.
type Twins = BTreeMap<InstanceId, InstanceId>;

fn translated(command: &Command, twins: &Twins) -> Command {
    let mut command = command.clone();
    let twin = |id: &InstanceId| twins.get(id).copied().unwrap_or(*id);
    match &mut command.verb {
        Verb::Signal { instance, .. } | Verb::Repair { instance, .. } => *instance = twin(instance),
        Verb::Decide { task, .. } => *task = TaskId { instance: twin(&task.instance), ordinal: task.ordinal },
        _ => {}
    }
    command
}

/// What came of a command, without ids.
fn shown(came: &Came) -> String {
    match came {
        Ok(Submitted { answer, repeat }) => {
            let Answer { workflow, key, state, status, state_revision, seq, tasks, accepts, record, .. } = answer;
            let tasks: Vec<_> = tasks.iter().map(|t| (t.id.ordinal, &t.etag, &t.open, t.due_at)).collect();
            format!(
                "{repeat} {workflow:?} {key:?} {state:?} {status:?} {state_revision} {seq} {tasks:?} {accepts:?} {record}"
            )
        }
        Err(NotDone::Refused(refusal)) => refusal.code().to_owned(),
        Err(other) => panic!("{other}"),
    }
}

fn same(one: &Instance, other: &Instance) {
    let told = |i: &Instance| {
        let tasks: Vec<_> =
            i.tasks.iter().map(|t| (t.status, &t.holders, &t.detail, t.seq)).map(|t| format!("{t:?}")).collect();
        // A message's id is drawn anew on each store, and its result has it as its request id.
        let mut detail = fluxor_engine::instance::Detail { requests: Vec::new(), ..i.detail.clone() };
        detail.incident.iter_mut().chain(&mut detail.others).for_each(|incident| incident.tried = None);
        let commands = i.detail.requests.len();
        (i.state.clone(), i.status, i.subject.clone(), detail, commands, tasks, i.seq, i.state_revision)
    };
    assert_eq!(told(one), told(other), "the same instance on both stores");
}

async fn together<B: Bench>(few: u64, many: u64) {
    for seed in seeds(few, many) {
        let mut single = Play::<InMemory>::begin("overlay, singly", seed, 1, 1, 1).await.unwrap();
        let Some(mut batched) = Play::<B>::begin("overlay", seed, 1, 1, 256).await else { return };
        let mut twins = Twins::new();
        for turn in 0..14 {
            let burst: Vec<Command> = if turn % 4 == 3 {
                vec![single.draw().await]
            } else {
                // A new organisation holds from the next batch on: alone it makes no difference.
                let burst = single.draw_burst(10).await;
                let alone = |c: &Command| matches!(&c.verb, Verb::Change(change) if change.name() == "organisation");
                burst.into_iter().filter(|c| !alone(c)).collect()
            };
            let mut one = Vec::new();
            for command in &burst {
                one.extend(single.submit_all(std::slice::from_ref(command)).await);
            }
            let theirs: Vec<Command> = burst.iter().map(|command| translated(command, &twins)).collect();
            let other = batched.submit_all(&theirs).await;
            for ((command, a), b) in burst.iter().zip(&one).zip(&other) {
                assert_eq!(shown(a), shown(b), "{} {:?}", command.request, command.verb);
                if let (Ok(a), Ok(b)) = (a, b) {
                    twins.extend(a.answer.instance.zip(b.answer.instance));
                }
            }
            single.take_in(&burst, &one);
            single.catch_up().await;
            batched.clock.set(single.now());
            if turn % 5 == 4 {
                single.clock.advance_micros(fluxor_tests::invariants::play::HOUR * 5);
                batched.clock.set(single.now());
                single.drive().await;
                batched.drive().await;
                single.catch_up().await;
            }
        }
        batched.snap = batched.look().await;
        for (id, instance) in &single.snap.instances {
            same(instance, &batched.snap.instances[&twins[id]]);
        }
        single.end().await;
        batched.end().await;
    }
}

#[tokio::test]
async fn batches_are_their_commands_on_memory() {
    together::<InMemory>(12, 80).await;
}

#[tokio::test]
async fn batches_are_their_commands_on_sqlite() {
    together::<OnSqlite>(4, 25).await;
}

#[tokio::test]
async fn batches_are_their_commands_on_postgres() {
    together::<OnPostgres>(4, 25).await;
}
