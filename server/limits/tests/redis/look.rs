//! How keys stand in Redis: as in this process, and nothing is written.

use std::cell::Cell;

use fluxor_limits::store::Store as _;
use fluxor_limits::{At, Bucket, Limiter, Log, Policies, Span, Strategy};
use proptest::test_runner::{Config, TestRunner};

use crate::expiry::strategies;
use crate::model::{self, Scale};
use crate::support::{Server, ask, connected, policy, run, runtime, system_now};
use crate::trips::commands;
use crate::twins::{Hand, histories, look_at_unknown, same};

#[test]
fn looking_changes_nothing() {
    let Some(server) = Server::any() else { return };
    let (runtime, hand) = (runtime(), Hand::new());
    let redis = runtime.block_on(connected(server.store().by_callers_clock()));
    let limiter = Limiter::new(Policies::default(), redis).with_clock(hand.clone());
    let number = Cell::new(0);
    let cases = if std::env::var_os("FLUXOR_TEST_ALL").is_some() { 5_000 } else { 200 };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&histories(model::strategies(Scale::Tiny)), |history| {
        number.set(number.get() + 1);
        runtime.block_on(same(&limiter, &hand, &number.get().to_string(), history))
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn unknown_keys_stay_unknown() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let limiter = Limiter::new(Policies::default(), connected(server.store()).await);
        let mut raw = server.raw();
        for strategy in strategies() {
            look_at_unknown(&limiter, &strategy, 10_000).await;
        }
        let size: u64 = redis::cmd("DBSIZE").query(&mut raw).unwrap();
        assert_eq!(size, 0);
    });
}

/// Neither is anything written, nor does it stay longer, whoever looks by whatever numbers.
#[test]
fn known_keys_stay_as_they_are() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let limiter = Limiter::new(Policies::default(), connected(server.store().by_callers_clock()).await);
        let (mut raw, now) = (server.raw(), system_now());
        for one in strategies() {
            let key = format!("{}|tenant={}", policy(&one).begins(), one.name());
            limiter.store().weigh(now, &[ask(&policy(&one), &key, 1)], &[]).await.unwrap();
            let whole = limiter.store().key(&key);
            let kept = |raw: &mut redis::Connection| -> (String, u64) {
                redis::pipe().cmd("GET").arg(&whole).cmd("PEXPIRETIME").arg(&whole).query(raw).unwrap()
            };
            let before = kept(&mut raw);
            for other in strategies().iter().filter(|other| other.unit() == one.unit()).map(policy) {
                let policies = Policies::new(vec![other]).unwrap();
                let look = limiter.look(&policies, &[("p", &key)]).await.pop().unwrap().unwrap();
                // What is in use is in use by whatever numbers, as of any later instant of the same windows.
                assert!(look.view.remaining >= 9, "{look:?}");
            }
            assert_eq!(kept(&mut raw), before);
        }
        assert!(!commands(&mut raw).is_empty());
        let limiter = limiter.with_clock(Hand::new());
        look_at_unknown(&limiter, &strategies()[0], 1_000).await;
        let called = commands(&mut raw);
        assert_eq!((called["evalsha"].0, called.get("set")), (16, None), "{called:?}");
    });
}

/// A question is short, however large the states are, so that no decision waits long for it.
#[test]
fn a_question_is_short() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let limiter = Limiter::new(Policies::default(), connected(server.store().by_callers_clock()).await);
        let (mut raw, now) = (server.raw(), system_now());
        let day = Span::from_secs(86_400);
        let log = policy(&Strategy::Log(Log { limit: 1_000, window: day }));
        let bucket = policy(&Strategy::Bucket(Bucket::new(1_000, 1, day)));
        for policy in [log, bucket] {
            let texts: Vec<String> = (0..64).map(|at| format!("p|tenant={}{at}", policy.strategy.name())).collect();
            for key in &texts {
                for call in 0..20 {
                    let at = At::from_micros(now.micros() + call);
                    limiter.store().weigh(at, &[ask(&policy, key, 1)], &[]).await.unwrap();
                }
            }
            let policies = Policies::new(vec![policy]).unwrap();
            let keys: Vec<(&str, &str)> = texts.iter().map(|key| ("p", &**key)).collect();
            commands(&mut raw);
            let looks = limiter.look(&policies, &keys).await;
            assert!(looks.iter().all(|look| look.as_ref().unwrap().view.remaining == 980));
            let questions = commands(&mut raw)["evalsha"].0;
            let is_log = matches!(policies.iter().next().unwrap().strategy, Strategy::Log(_));
            assert_eq!(questions, if is_log { 64 } else { 1 });
        }
    });
}
