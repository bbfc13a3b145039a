//! A replica takes over: what it had heard of still counts, and a store that can only be read is none.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use fluxor_limits::shared::redis::Redis;
use fluxor_limits::shared::{Guard, Guarded};
use fluxor_limits::{Caller, Leases, Limiter, Part, Policies, Policy, Span, Strategy};

use crate::support::{Server, fixed, run};

/// An address behind which now this Redis is, now that one. Connections that exist stay where they are.
fn address(target: &Arc<AtomicU16>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = Arc::clone(target);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            // Nobody there: the client's connection ends.
            let Ok(server) = TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst))) else { continue };
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    port
}

async fn admitted(limiter: &Limiter<Guarded<Redis>>, calls: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..calls {
        let decision = limiter.decide(&Caller { user: Some("ann"), ..Caller::default() }, 1).await;
        assert!(!decision.alone);
        admitted += usize::from(decision.is_admitted());
    }
    admitted
}

#[test]
fn what_was_passed_on_still_counts() {
    let (Some(mut first), Some(second)) = (Server::own(&["--repl-diskless-sync-delay", "0"]), Server::own(&[])) else {
        return;
    };
    let mut replica = second.raw();
    let port = first.port().to_string();
    let _: () = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(&port).query(&mut replica).unwrap();
    let target = Arc::new(AtomicU16::new(first.port()));
    let url = format!("redis://127.0.0.1:{}/", address(&target));
    run(async {
        let mut guard = Guard::named("a");
        guard.patience = Duration::from_secs(5);
        let store = Guarded::new(Redis::new(&url).unwrap(), guard, ());
        store.ready().await.unwrap();
        let policy = Policy::new("p", &[Part::User], fixed(30, Span::from_secs(400 * 86_400)));
        let limiter = Limiter::new(Policies::new(vec![policy]).unwrap(), store.clone());
        assert_eq!(admitted(&limiter, 10).await, 10);
        let key = store.store().key("p|user=ann");
        let state = |of: &mut redis::Connection| redis::cmd("GET").arg(&key).query::<Option<String>>(of).unwrap();
        let all = state(&mut first.raw());
        assert!(all.is_some());
        while state(&mut replica) != all {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }

        first.stop();
        target.store(second.port(), Ordering::SeqCst);
        // A replica is there, and no store.
        while !store.is_away() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let alone = limiter.decide(&Caller { user: Some("ann"), ..Caller::default() }, 1).await;
        assert!(alone.alone);
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(store.is_away());

        let _: () = redis::cmd("REPLICAOF").arg("NO").arg("ONE").query(&mut replica).unwrap();
        store.ready().await.unwrap();
        // The one that was decided alone was this process's own share.
        assert_eq!(admitted(&limiter, 40).await, 20);
    });
}

/// What Redis does after it stood still, for callers who went on without it, is undone.
#[test]
fn what_nobody_waited_for_is_undone() {
    let Some(mut server) = Server::own(&[]) else { return };
    run(async {
        let store = Guarded::new(Redis::new(&server.url).unwrap(), Guard::named("a"), ());
        store.ready().await.unwrap();
        let year = Span::from_secs(400 * 86_400);
        let places = Policy::new("places", &[Part::User], Strategy::Leases(Leases { limit: 10, lease: year }));
        let calls = Policy::new("calls", &[Part::User], fixed(1_000, year));
        let limiter = Arc::new(Limiter::new(Policies::new(vec![places, calls]).unwrap(), store.clone()));
        let ann = Caller { user: Some("ann"), ..Caller::default() };
        limiter.release(limiter.decide(&ann, 1).await.ticket).await;
        server.pause();
        let asking: Vec<_> = (0..10)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move { limiter.decide(&ann, 5).await })
            })
            .collect();
        for one in asking {
            let decision = one.await.unwrap();
            assert!(decision.alone);
            limiter.release(decision.ticket).await;
        }
        server.resume();
        let mut raw = server.raw();
        let mut used = |key: &str| {
            let text: String = redis::cmd("GET").arg(store.store().key(key)).query(&mut raw).unwrap();
            let state = fluxor_limits::State::from_text(&text).unwrap();
            state.used(crate::support::system_now())
        };
        let since = std::time::Instant::now();
        while (used("places=held|user=ann"), used("calls|user=ann")) != (0, 1) {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "{} {}",
                used("places=held|user=ann"),
                used("calls|user=ann")
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}
