//! One call of a script a decision, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use fluxor_limits::shared::redis::Redis;
use fluxor_limits::store::{Remote as _, Settling, Store as _};
use fluxor_limits::{Bucket, Leases, Policy, Span, Strategy};

use crate::support::{Server, ask, connected, fixed, policy, run, system_now};

/// How often each command was called since the last time, and how long it took in all, in microseconds.
pub(crate) fn commands(raw: &mut redis::Connection) -> BTreeMap<String, (u64, u64)> {
    let stats: String = redis::cmd("INFO").arg("commandstats").query(raw).unwrap();
    let () = redis::cmd("CONFIG").arg("RESETSTAT").query(raw).unwrap();
    let line = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(':')?;
        let number = |field: &str| {
            let of = rest.split(',').find_map(|part| part.strip_prefix(field)?.strip_prefix('='));
            of.map(|digits| digits.parse::<u64>().unwrap())
        };
        Some((name.to_owned(), (number("calls")?, number("usec")?)))
    };
    stats.lines().filter_map(line).collect()
}

fn buckets(count: usize) -> Vec<Policy> {
    (0..count).map(|_| policy(&Strategy::Bucket(Bucket::new(1_000_000, 10, Span::from_secs(60))))).collect()
}

async fn decide(store: &Redis, policies: &[Policy], times: usize) {
    for _ in 0..times {
        let asked: Vec<_> = policies.iter().enumerate().map(|(at, policy)| ask(policy, &at.to_string(), 1)).collect();
        let weighed = store.weigh(system_now(), &asked, &[]).await.unwrap();
        assert!(weighed.found.iter().all(|found| found.verdict.is_fine()));
    }
}

#[test]
fn a_decision_is_one_call_whatever_the_number_of_policies() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let store = connected(server.store()).await;
        let mut raw = server.raw();
        for policies in [1, 3, 32] {
            commands(&mut raw);
            decide(&store, &buckets(policies), 7).await;
            let called = commands(&mut raw);
            let calls = |name: &str| called.get(name).map_or(0, |&(calls, _)| calls);
            assert_eq!((calls("evalsha"), calls("eval")), (7, 0), "{called:?}");
            // Inside of it: the clock, all states at once, and each that is written.
            assert_eq!((calls("time"), calls("mget"), calls("set")), (7, 7, 7 * policies as u64));
            assert_eq!(called.keys().filter(|name| !name.starts_with("config")).count(), 4, "{called:?}");
        }
    });
}

#[test]
fn what_comes_back_goes_along() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let store = connected(server.store()).await;
        let mut raw = server.raw();
        let policy = policy(&fixed(10, Span::from_secs(86_400)));
        let first = store.weigh(system_now(), &[ask(&policy, "k", 9)], &[]).await.unwrap();
        let receipt = first.found[0].receipt.unwrap();
        let back = || Settling { key: "k", strategy: &policy.strategy, shadow: false, receipt, real: 2 };
        commands(&mut raw);
        let weighed = store.weigh(system_now(), &[ask(&policy, "k", 5)], &[back()]).await.unwrap();
        assert_eq!((weighed.found[0].view.remaining, commands(&mut raw)["evalsha"].0), (3, 1));
        store.settle(system_now(), &[back(), back(), back()]).await.unwrap();
        assert!(store.renew(system_now(), &[back(), back()]).await.unwrap());
        assert_eq!(commands(&mut raw)["evalsha"].0, 2);
        // Nothing to say is nothing to send.
        store.settle(system_now(), &[]).await.unwrap();
        assert!(store.renew(system_now(), &[]).await.unwrap());
        store.weigh(system_now(), &[], &[]).await.unwrap();
        assert!(!commands(&mut raw).contains_key("evalsha"));
    });
}

#[test]
fn leases_are_renewed_all_or_told() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store()).await;
        let lease = Span::from_millis(1_500);
        let policy = policy(&Strategy::Leases(Leases { limit: 1, lease }));
        let mut receipts = Vec::new();
        for key in ["a", "b"] {
            let weighed = store.weigh(system_now(), &[ask(&policy, key, 1)], &[]).await.unwrap();
            receipts.push(weighed.found[0].receipt.unwrap());
        }
        let one = |at: usize, key: &'static str| Settling {
            key,
            strategy: &policy.strategy,
            shadow: false,
            receipt: receipts[at],
            real: 0,
        };
        assert!(store.renew(system_now(), &[one(0, "a"), one(1, "b")]).await.unwrap());
        store.settle(system_now(), &[one(0, "a")]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        // The first is lost, and the second is renewed all the same.
        assert!(!store.renew(system_now(), &[one(0, "a"), one(1, "b")]).await.unwrap());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(store.renew(system_now(), &[one(1, "b")]).await.unwrap());
        assert!(!store.renew(system_now(), &[one(1, "unknown")]).await.unwrap());
    });
}

#[test]
fn processes_are_counted_as_long_as_they_say() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store()).await;
        let (long, short) = (Span::from_secs(60), Span::from_secs(1));
        assert_eq!(store.enlist("one", long).await, Ok(1));
        assert_eq!(store.enlist("one", long).await, Ok(1));
        assert_eq!(store.enlist("two", short).await, Ok(2));
        assert_eq!((store.enlist("three", short).await, store.replicas()), (Ok(3), 3));
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!((store.enlist("one", long).await, store.replicas()), (Ok(1), 1));
    });
}
