//! Keys expire a minute after they count no more, and what holds nothing is not written.

use fluxor_limits::shared::redis::Redis;
use fluxor_limits::store::{Settling, Store as _};
use fluxor_limits::{At, Bucket, Leases, Log, Ring, Sliding, Span, State, Strategy};

use crate::support::{Server, ask, connected, fixed, policy, run, system_now};

pub(crate) fn strategies() -> Vec<Strategy> {
    let window = Span::from_secs(600);
    vec![
        fixed(10, window),
        Strategy::Sliding(Sliding { limit: 10, window }),
        Strategy::Bucket(Bucket::new(10, 1, Span::from_secs(7))),
        Strategy::Ring(Ring { limit: 10, window, slots: 6 }),
        Strategy::Log(Log { limit: 10, window }),
        Strategy::Leases(Leases { limit: 10, lease: window }),
    ]
}

async fn check(store: &Redis, now: At, raw: &mut redis::Connection) {
    for strategy in strategies() {
        let policy = policy(&strategy);
        let key = strategy.name();
        for (takes, fine) in [(3, true), (0, true), (8, false)] {
            let takes = strategy.takes(takes);
            let weighed = store.weigh(now, &[ask(&policy, key, takes)], &[]).await.unwrap();
            assert_eq!(weighed.found[0].verdict.is_fine(), fine || takes == 1, "{key}");
            let text: String = redis::cmd("GET").arg(store.key(key)).query(raw).unwrap();
            let millis: u64 = redis::cmd("PTTL").arg(store.key(key)).query(raw).unwrap();
            let state = State::from_text(&text).unwrap();
            let stays = state.untouched_at().since(weighed.at).micros().div_ceil(1_000) + 60_000;
            // A fixed window may end any moment.
            assert!(stays > 60_000 && stays <= 2 * 600_000 + 60_000, "{key}: {stays}");
            // A little time has passed; Redis counts in whole milliseconds.
            assert!(millis <= stays + 2 && millis + 5_000 > stays, "{key}: {millis} of {stays}");
        }
    }
}

#[test]
fn keys_expire_after_they_count_no_more() {
    let Some(server) = Server::any() else { return };
    run(async {
        let mut raw = server.raw();
        check(&connected(server.store()).await, system_now(), &mut raw).await;
        let callers = connected(server.store().by_callers_clock()).await;
        check(&callers, At::from_micros(3_600_000_000), &mut raw).await;
    });
}

/// A clock that goes back does not make a state be forgotten sooner that holds nothing any more.
#[test]
fn what_holds_nothing_keeps_its_last_instant() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store().by_callers_clock()).await;
        let mut raw = server.raw();
        let (late, early) = (At::from_micros(7_200_000_000), At::from_micros(3_600_000_000));
        for strategy in [
            Strategy::Log(Log { limit: 10, window: Span::from_secs(600) }),
            Strategy::Leases(Leases { limit: 10, lease: Span::from_secs(600) }),
        ] {
            let (policy, key) = (policy(&strategy), strategy.name());
            let weighed = store.weigh(late, &[ask(&policy, key, 1)], &[]).await.unwrap();
            let receipt = weighed.found[0].receipt.unwrap();
            store
                .settle(early, &[Settling { key, strategy: &strategy, shadow: false, receipt, real: 0 }])
                .await
                .unwrap();
            let text: String = redis::cmd("GET").arg(store.key(key)).query(&mut raw).unwrap();
            assert_eq!(State::from_text(&text).unwrap().untouched_at(), late);
            let millis: u64 = redis::cmd("PTTL").arg(store.key(key)).query(&mut raw).unwrap();
            assert!((3_655_000..=3_660_000).contains(&millis), "{key}: {millis}");
        }
    });
}

#[test]
fn a_refused_call_of_an_unknown_key_writes_nothing() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store()).await;
        let mut raw = server.raw();
        for strategy in strategies() {
            let (policy, small) = (policy(&strategy), policy(&fixed(1, Span::from_secs(60))));
            let (key, other) = (format!("{}/a", strategy.name()), format!("{}/b", strategy.name()));
            let asked = [ask(&policy, &key, 1), ask(&small, &other, 2)];
            let weighed = store.weigh(system_now(), &asked, &[]).await.unwrap();
            assert!(weighed.found.iter().all(|found| found.receipt.is_none()));
            assert_eq!(weighed.found[0].view.remaining, 10);
            let exist: u64 = redis::cmd("EXISTS").arg(store.key(&key)).arg(store.key(&other)).query(&mut raw).unwrap();
            assert_eq!(exist, 0, "{key}");
        }
    });
}
