//! Many calls of several processes at once: never one more than the limit, nor one less.

use std::sync::Arc;

use fluxor_limits::store::Store as _;
use fluxor_limits::{Bucket, Leases, Log, Ring, Span, Strategy};

use crate::support::{Server, ask, connected, fixed, policy, run, system_now};

#[test]
fn together_they_get_the_limit() {
    let Some(server) = Server::any() else { return };
    const LIMIT: u64 = 500;
    let window = Span::from_secs(30 * 86_400);
    run(async {
        let first = server.store();
        let prefix = first.key("").replace(['{', '}', ':'], "");
        let stores = [first.with_prefix(&prefix), server.store().with_prefix(&prefix)];
        let mut connections = Vec::new();
        for store in stores {
            connections.push(Arc::new(connected(store).await));
        }
        for strategy in [
            fixed(LIMIT, window),
            Strategy::Ring(Ring { limit: LIMIT, window, slots: 12 }),
            Strategy::Log(Log { limit: LIMIT, window }),
            Strategy::Bucket(Bucket::new(LIMIT, 1, window)),
            Strategy::Leases(Leases { limit: LIMIT, lease: window }),
        ] {
            let tasks = (0..400).map(|number| {
                let (store, policy) = (Arc::clone(&connections[number % 2]), policy(&strategy));
                tokio::spawn(async move {
                    let mut passed = 0;
                    for _ in 0..2 {
                        let asked = [ask(&policy, policy.strategy.name(), 1)];
                        let weighed = store.weigh(system_now(), &asked, &[]).await.unwrap();
                        passed += u64::from(weighed.found[0].verdict.is_fine());
                    }
                    passed
                })
            });
            let mut passed = 0;
            for task in tasks.collect::<Vec<_>>() {
                passed += task.await.unwrap();
            }
            assert_eq!(passed, LIMIT, "{}", strategy.name());
        }
    });
}
