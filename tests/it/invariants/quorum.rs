//! Invariant 7: the order of votes does not change what comes of them, and no vote makes another's request stale.

use std::collections::BTreeSet;

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::command::Verb;
use fluxor_engine::ids::{InstanceId, TaskId};
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::NotDone;
use fluxor_engine::store::Store as _;
use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite};
use fluxor_tests::invariants::dice::{Dice, Story, seeds};
use fluxor_tests::invariants::stage::Stage;
use fluxor_tests::scenario::TENANT;
use serde_json::json;

/// Who, in which step, how: 0 approves, 1 abstains, 2 rejects.
type Vote = (String, &'static str, usize);

fn definition(dice: &mut Dice, reject: &str) -> String {
    let quorum = dice.one(&["all", "any", "{ count: 2 }", "{ count: 3 }", "{ percent: 50 }", "{ percent: 66.6 }"]);
    format!(
        "workflow: votes
version: 1
subject: {{ name: doc, fields: {{ requester: person }} }}
start: asking
states:
  asking:
    approval:
      never: [requester]
      steps:
        - {{ name: s0, who: [{{ person: [p1, p2, p3, p4] }}], quorum: {quorum}, reject: {reject} }}
        - {{ name: s1, who: [{{ person: [p5, p6] }}], quorum: all, reject: {reject} }}
    on:
      approved: {{ to: granted }}
      rejected: {{ to: refused }}
      changes_requested: {{ to: refused }}
  granted: {{ final: true }}
  refused: {{ final: true }}
"
    )
}

fn votes(dice: &mut Dice) -> Vec<Vote> {
    let kinds = dice.one(&[vec![0], vec![0, 0, 1], vec![0, 0, 1, 2], vec![0, 2]]);
    let people = ["p1", "p2", "p3", "p4", "p5", "p6"];
    people.iter().map(|p| ((*p).to_owned(), if *p < "p5" { "s0" } else { "s1" }, dice.one(&kinds))).collect()
}

fn decide(task: TaskId, etag: &str, (_, step, kind): &Vote) -> Verb {
    let ballot = Ballot { step: (*step).into(), reason: Some("because".into()), ..Ballot::default() };
    let act = match kind {
        0 => Act::Approve(ballot),
        1 => Act::Abstain(ballot),
        _ => Act::Reject(ballot),
    };
    Verb::Decide { task, etag: Some(etag.to_owned()), act }
}

/// The votes in this order (or all at once), every one with the etag of the beginning: who was accepted, and the end.
async fn cast<B: Bench>(stage: &mut Stage<B>, votes: &[Vote], at_once: bool) -> (BTreeSet<Vote>, String) {
    let id: InstanceId = stage.start("p0", "votes", json!({})).await;
    let task = TaskId { instance: id, ordinal: 1 };
    let etag = stage.engines[0].task(TENANT, task).await.unwrap().etag;
    let mut came = Vec::new();
    if at_once {
        let commands: Vec<_> = votes.iter().map(|v| stage.command(&v.0, decide(task, &etag, v))).collect();
        let engine = stage.engines[0].clone();
        let submit = |c| {
            tokio::spawn({
                let engine = engine.clone();
                async move { engine.submit(c).await }
            })
        };
        for waiting in commands.into_iter().map(submit).collect::<Vec<_>>() {
            came.push(waiting.await.unwrap());
        }
    } else {
        for vote in votes {
            came.push(stage.submit(&vote.0, decide(task, &etag, vote)).await);
        }
    }
    let mut accepted = BTreeSet::new();
    for (vote, came) in votes.iter().zip(came) {
        match came {
            Ok(_) => drop(accepted.insert(vote.clone())),
            Err(NotDone::Refused(Refusal::Approval(why))) => {
                // Decided before: nothing else may stop a voter.
                assert!(["step_decided", "review_ended"].contains(&why.code()), "{vote:?}: {}", why.code());
            }
            Err(other) => panic!("{vote:?}: {other}"),
        }
    }
    let end = stage.engines[0].store().instance(TENANT, id).await.unwrap().unwrap();
    (accepted, format!("{} {:?}", end.state, end.status))
}

async fn any_order<B: Bench>(few: u64, many: u64) {
    for seed in seeds(few, many) {
        let mut dice = Dice::new(seed);
        let reject = dice.one(&["unanimous", "first"]);
        let yaml = definition(&mut dice, reject);
        let Some(mut stage) = Stage::<B>::new("votes", &yaml, 1).await else { return };
        let mut story = Story::new(&format!("quorum on {}", B::NAME), seed);
        story.tell(&yaml);
        for _ in 0..4 {
            let mut votes = votes(&mut dice);
            let (accepted, end) = cast(&mut stage, &votes, false).await;
            story.tell(format!("{votes:?}: {accepted:?} {end}"));
            for turn in 0..4 {
                dice.shuffle(&mut votes);
                let (now_accepted, now_end) = cast(&mut stage, &votes, turn % 2 == 0).await;
                story.tell(format!("{votes:?}: {now_accepted:?} {now_end}"));
                // Where a first rejection decides, it matters which votes came before it.
                let mixed = reject == "first" && votes.iter().any(|v| v.2 == 2);
                if !mixed || now_accepted == accepted {
                    assert_eq!(now_end, end, "another order, another end");
                }
            }
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn votes_in_any_order_on_memory() {
    any_order::<InMemory>(25, 200).await;
}

#[tokio::test]
async fn votes_in_any_order_on_sqlite() {
    any_order::<OnSqlite>(3, 20).await;
}

#[tokio::test]
async fn votes_in_any_order_on_postgres() {
    any_order::<OnPostgres>(3, 20).await;
}
