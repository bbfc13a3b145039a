//! How keys stand in the database: as in this process, and nothing is written.

use std::cell::Cell;

use fluxor_limits::store::Remote as _;
use fluxor_limits::{
    Bucket, Fixed, Leases, Limiter, Log, Part, Policies, Policy, Ring, Sliding, Span, Store as _, Strategy, Window,
};
use proptest::test_runner::{Config, TestRunner};
use sqlx::AssertSqlSafe;

use crate::model::strategy;
use crate::twins::{Hand, histories, look_at_unknown, same};
use crate::{Schema, ask};

fn all() -> Vec<Strategy> {
    let (limit, window) = (10, Span::from_secs(300 * 86_400));
    vec![
        Strategy::Fixed(Fixed { limit, window: Window::Every(window) }),
        Strategy::Sliding(Sliding { limit, window }),
        Strategy::Bucket(Bucket::new(limit, 1, window)),
        Strategy::Ring(Ring { limit, window, slots: 6 }),
        Strategy::Log(Log { limit, window }),
        Strategy::Leases(Leases { limit, lease: window }),
    ]
}

#[test]
fn looking_changes_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new("look")) else { return };
    let (store, hand) = (schema.apart().by_callers_clock(), Hand::new());
    runtime.block_on(store.reconnect()).unwrap();
    let limiter = Limiter::new(Policies::default(), store).with_clock(hand.clone());
    let number = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&histories(strategy()), |history| {
        number.set(number.get() + 1);
        runtime.block_on(same(&limiter, &hand, &number.get().to_string(), history))
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(schema.drop());
}

/// No row is made, and none is written, whoever looks by whatever numbers.
#[tokio::test]
async fn rows_stay_as_they_are() {
    let Some(schema) = Schema::new("look_rows").await else { return };
    let limiter = Limiter::new(Policies::default(), schema.store().await);
    let policies: Vec<Policy> = all().into_iter().map(|strategy| Policy::new("p", &[Part::Tenant], strategy)).collect();
    let texts: Vec<String> =
        policies.iter().map(|policy| format!("{}|tenant={}", policy.begins(), policy.strategy.name())).collect();
    for (policy, key) in policies.iter().zip(&texts) {
        limiter.store().weigh(limiter.now(), &ask(policy, &[key]), &[]).await.unwrap();
    }
    let mut connection = schema.connection().await;
    // Where a row is, changes with each version of it.
    let sql = format!(
        "SELECT string_agg(key || state || untouched || ctid, ',' ORDER BY key) FROM {}.limits_states",
        schema.name
    );
    let mut rows =
        async || -> String { sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_one(&mut connection).await.unwrap() };
    let before = rows().await;
    for policy in &policies {
        let own = texts.iter().filter(|key| key.starts_with(&format!("{}|", policy.begins())));
        let keys: Vec<(&str, &str)> = own.map(|key| ("p", &**key)).collect();
        let looks = limiter.look(&Policies::new(vec![policy.clone()]).unwrap(), &keys).await;
        assert!(looks.iter().all(|look| look.as_ref().unwrap().view.remaining == 9), "{looks:?}");
        look_at_unknown(&limiter, &policy.strategy, 10_000).await;
    }
    assert_eq!(rows().await, before);
    // In one batch with somebody who decides, a row is made for the latter.
    let new = [("p", "p|tenant=new")];
    let now = limiter.now();
    let first = Policies::new(vec![policies[0].clone()]).unwrap();
    let asked = ask(&policies[0], &["p|tenant=new"]);
    let (looks, decided, again) =
        tokio::join!(limiter.look(&first, &new), limiter.store().weigh(now, &asked, &[]), limiter.look(&first, &new));
    assert!(decided.unwrap().found[0].verdict.is_fine());
    let left: Vec<u64> = looks.iter().chain(&again).map(|look| look.as_ref().unwrap().view.remaining).collect();
    assert_eq!(left, [10, 9]);
    assert_eq!(schema.rows().await, 7);
    drop(limiter);
    schema.drop().await;
}
