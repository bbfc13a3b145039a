//! The script does what the Rust does: the same questions, the same answers, and the same states at the end. (`Local`
//! decides by the same functions as the model; but it forgets what holds nothing, sooner than Redis does.)

use std::sync::Arc;

use fluxor_limits::decide::Asked;
use fluxor_limits::jiff::tz::TimeZone;
use fluxor_limits::shared::redis::Redis;
use fluxor_limits::store::{Settling, Store as _};
use fluxor_limits::{At, Calendar, Fixed, Policy, Receipt, Shift, Span, State, Strategy, Window};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::model::{Ask, Back, KEYS, LARGEST, Model, Sequence, Step, sequences, share};
use crate::support::{Server, ask, connected, fixed, policy, runtime, told};

type Fails = Result<(), TestCaseError>;

/// One sequence, under way.
struct Run<'a> {
    redis: &'a Redis,
    raw: &'a mut redis::Connection,
    model: Model,
    policies: Vec<[Policy; 2]>,
    keys: Vec<String>,
    now: At,
    open: Vec<(usize, Receipt)>,
}

fn both(strategy: &Strategy) -> [Policy; 2] {
    [policy(strategy), policy(strategy).in_shadow()]
}

impl Run<'_> {
    /// Charges to settle: their keys, receipts and real costs.
    fn back(&mut self, back: &[Back]) -> Vec<(usize, Receipt, u64)> {
        let mut chosen = Vec::new();
        for &(which, real, once) in back {
            if self.open.is_empty() {
                break;
            }
            let which = which % self.open.len();
            let (key, receipt) = self.open[which];
            if once {
                self.open.swap_remove(which);
            }
            // Receipts are opaque; what one cost is in its text.
            chosen.push((key, receipt, share(cost_of(&receipt), real).min(LARGEST)));
        }
        chosen
    }

    async fn weigh(&mut self, asks: &[Ask], back: &[Back]) -> Result<bool, TestCaseError> {
        let back = self.back(back);
        let Run { redis, model, policies, keys, now, open, .. } = self;
        let asked: Vec<Asked<'_>> = asks.iter().map(|ask| question(&policies[ask.key], &keys[ask.key], ask)).collect();
        let back: Vec<Settling<'_>> = back.iter().map(|one| settling(policies, keys, one)).collect();
        let expected = model.weigh(*now, &asked, &back);
        if model.beyond {
            return Ok(false);
        }
        let weighed = redis.weigh(*now, &asked, &back).await.unwrap();
        prop_assert_eq!(weighed.at, *now);
        prop_assert_eq!(told(&weighed.found), told(&expected));
        let charged = asks.iter().zip(&expected).filter_map(|(ask, found)| Some((ask.key, found.receipt?)));
        open.extend(charged);
        Ok(true)
    }

    async fn settle(&mut self, back: &[Back]) -> Result<bool, TestCaseError> {
        let back = self.back(back);
        let Run { redis, model, policies, keys, now, .. } = self;
        let back: Vec<Settling<'_>> = back.iter().map(|one| settling(policies, keys, one)).collect();
        model.settle(*now, &back);
        if model.beyond {
            return Ok(false);
        }
        redis.settle(*now, &back).await.unwrap();
        Ok(true)
    }

    async fn renew(&mut self, which: &[usize]) -> Result<bool, TestCaseError> {
        let Run { redis, model, policies, keys, now, open, .. } = self;
        let chosen = which.iter().filter_map(|which| open.get(which % open.len().max(1)));
        let chosen: Vec<_> = chosen.map(|&(key, receipt)| (key, receipt, 0)).collect();
        let renewing: Vec<Settling<'_>> = chosen.iter().map(|one| settling(policies, keys, one)).collect();
        let expected = model.renew(*now, &renewing);
        if model.beyond {
            return Ok(false);
        }
        prop_assert_eq!(redis.renew(*now, &renewing).await.unwrap(), expected);
        Ok(true)
    }

    fn forget(&mut self, key: usize) {
        let key = &self.keys[key];
        self.model.states.remove(key);
        let () = redis::cmd("DEL").arg(self.redis.key(key)).query(self.raw).unwrap();
    }

    fn compare_states(&mut self) -> Fails {
        for key in &self.keys {
            let text: Option<String> = redis::cmd("GET").arg(self.redis.key(key)).query(self.raw).unwrap();
            let expected = self.model.states.get(key);
            prop_assert_eq!(text.is_some(), expected.is_some(), "{}: {:?} {:?}", key, text, expected);
            if let (Some(text), Some(expected)) = (&text, expected) {
                prop_assert_eq!(text, &expected.to_text());
                prop_assert_eq!(State::from_text(text), Some(expected.clone()));
            }
        }
        Ok(())
    }
}

fn question<'a>(policies: &'a [Policy; 2], key: &str, ask: &Ask) -> Asked<'a> {
    let policy = &policies[usize::from(ask.shadow)];
    let takes = share(policy.strategy.most(), ask.cost);
    let takes = if let Strategy::Leases(_) = policy.strategy { takes.min(2) } else { takes };
    let up_to = ask.ahead.map_or(takes, |ahead| takes + share(policy.strategy.most(), ahead));
    Asked { policy, strategy: &policy.strategy, key: Arc::from(key), takes, up_to, shift: Shift::default() }
}

fn settling<'a>(
    policies: &'a [[Policy; 2]],
    keys: &'a [String],
    &(key, receipt, real): &(usize, Receipt, u64),
) -> Settling<'a> {
    Settling { key: &keys[key], strategy: &policies[key][0].strategy, shadow: false, receipt, real }
}

/// Receipts keep their fields to themselves, but show them.
fn cost_of(receipt: &Receipt) -> u64 {
    let shown = format!("{receipt:?}");
    let (_, rest) = shown.split_once("cost: ").unwrap();
    rest.split_once(',').unwrap().0.parse().unwrap()
}

async fn runs(sequence: &Sequence, redis: &Redis, raw: &mut redis::Connection, number: u64) -> Fails {
    let mut run = Run {
        redis,
        raw,
        model: Model::default(),
        policies: sequence.strategies.iter().map(both).collect(),
        keys: (0..KEYS).map(|key| format!("{number}/{key}")).collect(),
        now: At::from_micros(sequence.begin),
        open: Vec::new(),
    };
    for step in &sequence.steps {
        let goes_on = match step {
            Step::Weigh(asks, back) => run.weigh(asks, back).await?,
            Step::Settle(back) => run.settle(back).await?,
            Step::Renew(which) => run.renew(which).await?,
            Step::Change(key, strategy) => {
                run.policies[*key] = both(strategy);
                true
            }
            Step::Forward(micros) => {
                run.now = At::from_micros(run.now.micros() + micros);
                true
            }
            Step::Backward(micros) => {
                run.now = At::from_micros(run.now.micros().saturating_sub(*micros));
                true
            }
            Step::Forget(key) => {
                run.forget(*key);
                true
            }
        };
        // The Rust goes on with numbers that are not exact in doubles: from there on the script saturates.
        if !goes_on {
            return Ok(());
        }
    }
    run.compare_states()
}

#[test]
fn redis_answers_as_this_process_does() {
    let Some(server) = Server::any() else { return };
    let runtime = runtime();
    let redis = runtime.block_on(connected(server.store().by_callers_clock()));
    let raw = std::cell::RefCell::new(server.raw());
    let number = std::cell::Cell::new(0);
    let cases = if std::env::var_os("FLUXOR_TEST_ALL").is_some() { 10_000 } else { 600 };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&sequences(), |sequence| {
        number.set(number.get() + 1);
        runtime.block_on(runs(&sequence, &redis, &mut raw.borrow_mut(), number.get()))
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_same_window_by_another_name_goes_on_even_where_the_call_is_refused() {
    let Some(server) = Server::any() else { return };
    let day = Calendar::Day;
    let daily = policy(&fixed(5, Span::from_secs(86_400)));
    let calendar = policy(&Strategy::Fixed(Fixed { limit: 5, window: Window::Calendar(day, TimeZone::UTC) }));
    let now = At::from_micros(1_764_000_000_000_000);
    let (mut raw, mut model) = (server.raw(), Model::default());
    runtime().block_on(async {
        let store = connected(server.store().by_callers_clock()).await;
        for (policy, takes) in [(&daily, 5), (&calendar, 1)] {
            let asked = [ask(policy, "k", takes)];
            let weighed = store.weigh(now, &asked, &[]).await.unwrap();
            assert_eq!(told(&weighed.found), told(&model.weigh(now, &asked, &[])));
            let text: String = redis::cmd("GET").arg(store.key("k")).query(&mut raw).unwrap();
            assert_eq!(text, model.states["k"].to_text());
        }
    });
}
