//! What was called and refused: whatever is kept and forgotten, the three stores answer alike.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_workflows::{
    RefusedCall, RefusedCalls, Stretch, TrafficRow, forget_traffic, forget_traffic_beyond, keep_refused, keep_traffic,
    refused_calls, traffic, traffic_sizes,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use super::Db;

const MINUTE: i64 = 60_000_000;

/// A step of a history.
#[derive(Clone, Debug)]
enum Step {
    Keep(Vec<TrafficRow>),
    KeepRefused(Vec<RefusedCall>),
    Forget(Timestamp),
    ForgetBeyond(TenantId, i64, i64),
}

fn minute() -> impl Strategy<Value = Timestamp> {
    (0..6_i64).prop_map(|minute| Timestamp::from_micros(minute * MINUTE))
}

fn tenant() -> impl Strategy<Value = TenantId> {
    prop_oneof![Just(TenantId(1)), Just(TenantId(2)), Just(TenantId(-1))]
}

fn name() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(vec!["ann", "Ärger 'x'", ""]).prop_map(str::to_owned))
}

fn row() -> impl Strategy<Value = TrafficRow> {
    let calls = prop::collection::vec(any::<u8>(), 0..40);
    (tenant(), minute(), 0..3_u128, calls).prop_map(|(tenant, minute, part, calls)| TrafficRow {
        tenant,
        minute,
        part: Uuid::from_u128(part),
        calls,
    })
}

fn refused() -> impl Strategy<Value = RefusedCall> {
    let request = prop::sample::select(vec!["r1", "r2", "\"it's\""]);
    let policy = prop::sample::subsequence(vec!["few", "fewer", "many"], 1..=3);
    (tenant(), 0..20_i64, request, name(), policy).prop_map(|(tenant, at, request, person, policy)| RefusedCall {
        tenant,
        at: Timestamp::from_micros(at),
        request: request.to_owned(),
        told: format!("{{\"by\":\"{}\"}}", policy.len()),
        policies: policy.into_iter().map(str::to_owned).collect(),
        person,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(row(), 0..6).prop_map(Step::Keep),
        4 => prop::collection::vec(refused(), 0..6).prop_map(Step::KeepRefused),
        1 => (0..6 * MINUTE).prop_map(|at| Step::Forget(Timestamp::from_micros(at))),
        1 => (0..20_i64).prop_map(|at| Step::Forget(Timestamp::from_micros(at))),
        2 => (tenant(), 0..200_i64, 0..5_i64).prop_map(|(tenant, bytes, refused)| Step::ForgetBeyond(tenant, bytes, refused)),
    ]
}

fn stretch() -> impl Strategy<Value = Stretch> {
    (prop::option::of(tenant()), minute(), minute()).prop_map(|(tenant, from, to)| Stretch { tenant, from, to })
}

fn asked() -> impl Strategy<Value = RefusedCalls> {
    let before = prop_oneof![Just(i64::MAX), 0..20_i64].prop_map(Timestamp::from_micros);
    let one = |some: &'static str| prop::option::of(Just(some.to_owned()));
    (before, one("r1"), name(), one("few"), 0..8_i64)
        .prop_map(|(before, request, person, policy, limit)| RefusedCalls { before, request, person, policy, limit })
}

async fn take(db: &mut Db, step: &Step) {
    match step {
        Step::Keep(rows) => keep_traffic(db.connection(), rows).await,
        Step::KeepRefused(rows) => keep_refused(db.connection(), rows).await,
        Step::Forget(before) => forget_traffic(db.connection(), *before).await,
        Step::ForgetBeyond(tenant, bytes, refused) => {
            forget_traffic_beyond(db.connection(), *tenant, *bytes, *refused).await
        }
    }
    .unwrap();
}

/// All that can be asked.
async fn told(db: &mut Db, stretches: &[Stretch], questions: &[RefusedCalls]) -> Vec<String> {
    let mut told = Vec::new();
    for stretch in stretches {
        told.push(format!("{stretch:?} {:?}", traffic_sizes(db.connection(), stretch).await.unwrap()));
        let mut calls = traffic(db.connection(), stretch).await.unwrap();
        if stretch.tenant.is_none() {
            // Those of several tenants come in no order that matters.
            calls.sort();
        }
        told.push(format!("{calls:?}"));
    }
    for question in questions {
        for tenant in [1, 2, -1] {
            told.push(format!("{:?}", refused_calls(db.connection(), TenantId(tenant), question).await.unwrap()));
        }
    }
    told
}

#[test]
fn all_stores_keep_and_forget_alike() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = std::cell::RefCell::new(runtime.block_on(Db::all()));
    let steps = prop::collection::vec(step(), 1..12);
    let questions = (prop::collection::vec(stretch(), 3), prop::collection::vec(asked(), 3));
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let run = runner.run(&(steps, questions), |(steps, (stretches, questions))| {
        let mut all = all.borrow_mut();
        runtime.block_on(async {
            let mut answers: Vec<Vec<String>> = Vec::new();
            for db in all.iter_mut() {
                db.empty().await;
                db.run("DELETE FROM traffic; DELETE FROM refused_call").await;
                let mut told_here = Vec::new();
                for step in &steps {
                    take(db, step).await;
                    told_here.extend(told(db, &stretches, &questions).await);
                }
                answers.push(told_here);
            }
            for (place, other) in answers.iter().enumerate().skip(1) {
                prop_assert_eq!(&answers[0], other, "store {}", place);
            }
            Ok(())
        })
    });
    run.unwrap();
}

#[tokio::test]
async fn no_more_is_kept_of_a_tenant_than_is_said() {
    for mut db in Db::all().await {
        db.empty().await;
        db.run("DELETE FROM traffic; DELETE FROM refused_call").await;
        let row = |tenant, minute: i64| TrafficRow {
            tenant: TenantId(tenant),
            minute: Timestamp::from_micros(minute * MINUTE),
            part: Uuid::nil(),
            calls: vec![7; 100],
        };
        let rows: Vec<TrafficRow> = (0..10).flat_map(|minute| [row(1, minute), row(2, minute)]).collect();
        keep_traffic(db.connection(), &rows).await.unwrap();
        // 350 bytes are three minutes of a hundred, the newest; the other tenant keeps its own.
        forget_traffic_beyond(db.connection(), TenantId(1), 350, 10).await.unwrap();
        let all = |tenant| Stretch {
            tenant: Some(TenantId(tenant)),
            from: Timestamp::from_micros(0),
            to: Timestamp::from_micros(i64::MAX),
        };
        let kept: Vec<i64> = traffic_sizes(db.connection(), &all(1))
            .await
            .unwrap()
            .iter()
            .map(|(minute, _)| minute.micros() / MINUTE)
            .collect();
        assert_eq!(kept, [9, 8, 7]);
        assert_eq!(traffic(db.connection(), &all(2)).await.unwrap().len(), 10);
        forget_traffic(db.connection(), Timestamp::from_micros(8 * MINUTE)).await.unwrap();
        assert_eq!(traffic(db.connection(), &all(2)).await.unwrap().len(), 2);
    }
}
