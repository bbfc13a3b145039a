//! The same questions, put to the database and to the store in this process, are answered the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fluxor_limits::decide::{Asked, Found};
use fluxor_limits::shared::postgres::Postgres;
use fluxor_limits::store::{Remote as _, Settling};
use fluxor_limits::{At, Local, Policy, Receipt, Shift, State, Store, Strategy};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;
use proptest::test_runner::{Config, TestRunner};

use crate::model::strategy;
use crate::{Schema, found, policy};

/// How many policies there are, and keys of each.
const POLICIES: usize = 3;
const KEYS: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    /// The clock goes on, or back.
    Turn(i64),
    /// A policy is another now.
    Change(usize, Strategy),
    /// Of each policy the key, if it applies; what the call costs; what is taken ahead; and which charge comes back.
    Weigh([Option<usize>; POLICIES], u64, u64, Option<(usize, u64)>),
    /// Which charges, and what they cost.
    Settle(Vec<(usize, u64)>),
    Renew(Vec<usize>),
}

fn step() -> impl Generator<Value = Step> {
    let key = || proptest::option::weighted(0.7, 0..KEYS);
    let back = proptest::option::weighted(0.3, (0..40_usize, 0..6_u64));
    prop_oneof![
        3 => (-15..40_i64).prop_map(Step::Turn),
        1 => (0..POLICIES, strategy()).prop_map(|(place, strategy)| Step::Change(place, strategy)),
        8 => ([key(), key(), key()], 0..6_u64, 0..4_u64, back)
            .prop_map(|(keys, cost, ahead, back)| Step::Weigh(keys, cost, ahead, back)),
        2 => proptest::collection::vec((0..40_usize, 0..9_u64), 0..4).prop_map(Step::Settle),
        2 => proptest::collection::vec(0..40_usize, 0..4).prop_map(Step::Renew),
    ]
}

/// Policies, which of them are in shadow, and what is done.
type Case = ([Strategy; POLICIES], [bool; POLICIES], Vec<Step>);

/// A charge that was made: of which policy, under which key.
struct Charged {
    place: usize,
    key: Arc<str>,
    receipt: Receipt,
}

struct World<'a> {
    shared: &'a Postgres,
    local: Local,
    policies: Vec<Policy>,
    now: u64,
    charged: Vec<Charged>,
    name: String,
}

impl World<'_> {
    fn key(&self, place: usize, key: usize) -> Arc<str> {
        format!("{}|'{place}\\|{key}", self.name).into()
    }

    fn owed(&self, which: usize, real: u64) -> Option<Settling<'_>> {
        let charged = self.charged.get(which % self.charged.len().max(1))?;
        let strategy = &self.policies[charged.place].strategy;
        Some(Settling { key: &charged.key, strategy, shadow: false, receipt: charged.receipt, real })
    }

    /// Gives each key a state, in all ways in which a key can get its first. From then on the store in this process
    /// does not forget what counts no more (it does so where it puts a new key), as the database would not either.
    async fn begin(&mut self) {
        for place in 0..POLICIES {
            self.step(&Step::Weigh(std::array::from_fn(|at| (at == place).then_some(0)), 1, 0, None)).await;
            let key = self.key(place, 1);
            let charged = self.charged.last().unwrap();
            let strategy = &self.policies[place].strategy;
            let never = [Settling { key: &key, strategy, shadow: false, receipt: charged.receipt, real: 3 }];
            let at = At::from_micros(self.now);
            assert_eq!(self.shared.renew(at, &never).await, Ok(false));
            self.shared.settle(at, &never).await.unwrap();
            self.local.settle(at, &never).await.unwrap();
            // A lease cannot owe anything.
            if self.local.state(&key).is_none() {
                self.step(&Step::Weigh(std::array::from_fn(|at| (at == place).then_some(1)), 1, 0, None)).await;
            }
        }
    }

    async fn step(&mut self, step: &Step) {
        let at = At::from_micros(self.now);
        match step {
            Step::Turn(by) => self.now = self.now.saturating_add_signed(*by),
            Step::Change(place, strategy) => self.policies[*place].strategy = strategy.clone(),
            Step::Weigh(keys, cost, ahead, back) => {
                let asked: Vec<Asked<'_>> =
                    (0..POLICIES).filter_map(|place| self.asked(place, keys[place]?, *cost, *ahead)).collect();
                let back: Vec<Settling<'_>> =
                    back.and_then(|(which, real)| self.owed(which, real)).into_iter().collect();
                let shared = self.shared.weigh(at, &asked, &back).await.unwrap();
                let local = self.local.weigh(at, &asked, &back).await.unwrap();
                assert_eq!(shared.at, at);
                let told = |found: &[Found]| format!("{found:?}");
                assert_eq!(told(&shared.found), told(&local.found));
                let places = (0..POLICIES).filter(|&place| keys[place].is_some());
                let charges = asked.iter().zip(&local.found).zip(places);
                let charged = charges.filter_map(|((ask, found), place)| {
                    Some(Charged { place, key: Arc::clone(&ask.key), receipt: found.receipt? })
                });
                let charged: Vec<Charged> = charged.collect();
                drop((asked, back));
                self.charged.extend(charged);
            }
            Step::Settle(which) => {
                let settling: Vec<_> = which.iter().filter_map(|&(which, real)| self.owed(which, real)).collect();
                self.shared.settle(at, &settling).await.unwrap();
                self.local.settle(at, &settling).await.unwrap();
            }
            Step::Renew(which) => {
                let renewing: Vec<_> = which.iter().filter_map(|&which| self.owed(which, 1)).collect();
                let (shared, local) = (self.shared.renew(at, &renewing).await, self.local.renew(at, &renewing).await);
                assert_eq!(shared, local);
            }
        }
    }

    fn asked(&self, place: usize, key: usize, cost: u64, ahead: u64) -> Option<Asked<'_>> {
        let (policy, key) = (&self.policies[place], self.key(place, key));
        let takes = policy.strategy.takes(cost);
        let shift = Shift::default();
        Some(Asked { policy, strategy: &policy.strategy, key, takes, up_to: takes + ahead, shift })
    }
}

async fn same(schema: &Schema, shared: &Postgres, name: String, (strategies, shadows, steps): Case) {
    let policies = strategies.into_iter().zip(shadows).map(|(strategy, shadow)| {
        let policy = policy(strategy);
        if shadow { policy.in_shadow() } else { policy }
    });
    let local = Local::new(10_000);
    let mut world = World { shared, local, policies: policies.collect(), now: 10_000, charged: Vec::new(), name };
    world.begin().await;
    for step in &steps {
        world.step(step).await;
    }
    for (place, key) in (0..POLICIES).flat_map(|place| (0..KEYS).map(move |key| (place, key))) {
        let key = world.key(place, key);
        let text = schema.text(&key).await.filter(|text| !text.is_empty());
        let state = text.map(|text| State::from_text(&text).expect(&text));
        assert_eq!(state, world.local.state(&key), "{key}");
    }
}

#[test]
fn answers_and_states_are_the_same_as_in_this_process() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new("same")) else { return };
    let store = schema.apart().by_callers_clock();
    runtime.block_on(store.reconnect()).unwrap();
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let strategies = [strategy(), strategy(), strategy()];
    let cases = (
        strategies,
        proptest::array::uniform3(proptest::bool::weighted(0.2)),
        proptest::collection::vec(step(), 1..40),
    );
    // Each case has keys of its own.
    let case = AtomicU64::new(0);
    let ran = runner.run(&cases, |input| {
        let name = case.fetch_add(1, Ordering::Relaxed).to_string();
        runtime.block_on(same(&schema, &store, name, input));
        Ok(())
    });
    ran.unwrap();
    runtime.block_on(schema.drop());
}

/// Keys are nothing but keys, whatever is in them.
#[tokio::test]
async fn any_key_is_kept() {
    let Some(schema) = Schema::new("keys").await else { return };
    let store = schema.store().await;
    let policy = policy(crate::fixed(1));
    let long = "k".repeat(5_000);
    let longer = "k".repeat(5_001);
    let unique: Vec<String> = (0..50).map(|key| format!("{key}\u{1F600}")).collect();
    let mut keys =
        vec!["", " ", "'", "\"", "\\", "\\'", "{}", "a,b", "NULL", "$1", "a\0", "a\0b", "\n", "é", "\u{FFFD}"];
    keys.extend(["'); DROP TABLE limits_states; --", "E'", "\\\"", "''", "%s", "sha256:00", &long, &longer]);
    keys.extend(unique.iter().map(String::as_str));
    for key in &keys {
        let first = found(&store, &policy, &[key], 0).await.unwrap();
        assert!(first[0].verdict.is_fine(), "{key:?}");
    }
    for key in &keys {
        let second = found(&store, &policy, &[key], 0).await.unwrap();
        assert!(!second[0].verdict.is_fine(), "{key:?}");
    }
    assert_eq!(schema.rows().await, i64::try_from(keys.len()).unwrap());
    // All at once, and one twice.
    let twice: Vec<&str> = keys.iter().copied().chain([""]).collect();
    assert!(found(&store, &policy, &twice, 0).await.unwrap().iter().all(|found| !found.verdict.is_fine()));
    drop(store);
    schema.drop().await;
}
