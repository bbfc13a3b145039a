//! The store in this process: bounded under a million distinct keys, honest callers stay served, threads admit exactly
//! the limit. Who pushes out whom, where it is full: not long windows short ones, not what is in shadow what is enforced, not a
//! tenant another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fluxor_limits::{
    Bucket, Caller, Leases, Limiter, Live, Local, Log, Part, Policies, Policy, Ring, Sliding, Span, Strategy,
};

use crate::model::fixed;
use crate::several::Turned;

fn limiter(strategy: Strategy, capacity: usize) -> (Limiter<Local>, Turned) {
    let clock = Turned::default();
    let policies = Policies::new(vec![Policy::new("p", &[Part::Object], strategy)]).unwrap();
    (Limiter::new(policies, Local::new(capacity)).with_clock(clock.clone()), clock)
}

fn call(limiter: &Limiter<Local>, object: &str) -> bool {
    limiter.decide_now(&Caller { object: Some(object), ..Caller::default() }, 1).is_admitted()
}

/// An honest caller near its limit, while an attacker brings so many keys: its state stays, and it stays served.
fn attacked(strategy: Strategy, keys: u64) {
    const CAPACITY: usize = 6_400;
    let (limiter, clock) = limiter(strategy, CAPACITY);
    let limit = limiter.policies().iter().next().unwrap().strategy.most();
    assert!((1..limit).all(|_| call(&limiter, "honest")));
    for key in 0..keys {
        if key % 1_000 == 0 {
            clock.turn(1);
            // The attacker's own keys are served as well.
            assert!(call(&limiter, &format!("attack {key}, again")));
        }
        call(&limiter, &format!("attack {key}"));
    }
    assert!(limiter.store().len() <= CAPACITY + 64);
    assert!(limiter.store().bytes() <= 256 * (CAPACITY + 64));
    assert!(limiter.store().evicted_live() > keys / 2);
    // One is left, as before.
    assert!(call(&limiter, "honest"));
    assert!(!call(&limiter, "honest"));
}

#[test]
fn a_million_keys() {
    let minute = Span::from_secs(60);
    attacked(Strategy::Bucket(Bucket::new(50, 1, minute)), 1_000_000);
    attacked(fixed(50, 3_600_000_000), 100_000);
    attacked(Strategy::Sliding(Sliding { limit: 50, window: minute }), 100_000);
    attacked(Strategy::Ring(Ring { limit: 50, window: minute, slots: 12 }), 100_000);
    attacked(Strategy::Log(Log { limit: 20, window: minute }), 100_000);
}

const MINUTE: Span = Span::from_secs(60);
const MONTH: Span = Span::from_secs(30 * 86_400);

/// The last of these counts by object, the others by user.
fn among(mut policies: Vec<Policy>, strategy: Strategy, capacity: usize) -> (Limiter<Local>, Turned) {
    policies.push(Policy::new("quota", &[Part::Object], strategy));
    let clock = Turned::default();
    (Limiter::new(Policies::new(policies).unwrap(), Local::new(capacity)).with_clock(clock.clone()), clock)
}

/// Somebody tries on and on, while others bring keys that are used once and count for a month: he gets his limit, and no more.
#[test]
fn long_windows_do_not_push_out_short_ones() {
    let strategies = [
        Strategy::Log(Log { limit: 100, window: MINUTE }),
        fixed(100, 60_000_000),
        Strategy::Sliding(Sliding { limit: 100, window: MINUTE }),
        Strategy::Ring(Ring { limit: 100, window: MINUTE, slots: 12 }),
        // Less than one more comes in meanwhile.
        Strategy::Bucket(Bucket::new(100, 1, MINUTE)),
    ];
    for short in strategies {
        let long = fixed(1_000, MONTH.micros());
        let (limiter, clock) = among(vec![Policy::new("sign_in", &[Part::User], short.clone())], long, 6_400);
        for key in 0..20_000 {
            assert!(call(&limiter, &format!("before {key}")));
        }
        let mut passed = 0;
        for key in 0..30_000 {
            clock.turn(500);
            assert!(call(&limiter, &format!("after {key}")));
            let ann = Caller { user: Some("ann"), ..Caller::default() };
            passed += u64::from(limiter.decide_now(&ann, 1).is_admitted());
        }
        assert_eq!(passed, 100, "{short:?}");
        assert!(limiter.store().evicted_live() > 40_000);
    }
}

/// Places that are held stay held, also where one is a small share.
#[test]
fn long_windows_do_not_free_places() {
    let held = Policy::new("held", &[Part::User], Strategy::Leases(Leases { limit: 10, lease: MINUTE }));
    let (limiter, _) = among(vec![held], fixed(1_000, MONTH.micros()), 6_400);
    let ann = Caller { user: Some("ann"), ..Caller::default() };
    let tickets: Vec<_> = (0..9).map(|_| limiter.decide_now(&ann, 1).ticket).collect();
    for key in 0..50_000 {
        assert!(call(&limiter, &key.to_string()));
    }
    let last = limiter.decide_now(&ann, 1);
    assert!(last.is_admitted() && !limiter.decide_now(&ann, 1).is_admitted());
    assert!(limiter.renew_now(&last.ticket) && tickets.iter().all(|ticket| limiter.renew_now(ticket)));
}

/// Of two that have used as much of their quota, the one goes whose use counts for the shorter time.
#[test]
fn of_equal_shares_the_shorter_goes_first() {
    let lasting = Policy::new("lasting", &[Part::User], fixed(20, MONTH.micros()));
    let (limiter, _) = among(vec![lasting], fixed(10, 60_000_000), 6_400);
    let user = |user: u64, cost: u64| {
        let user = user.to_string();
        limiter.decide_now(&Caller { user: Some(&user), ..Caller::default() }, cost).is_admitted()
    };
    assert!((0..64).all(|one| user(one, 2)));
    for key in 0..50_000 {
        assert!(call(&limiter, &key.to_string()));
    }
    assert!((0..64).all(|one| !user(one, 19) && user(one, 18)));
}

/// What a policy in shadow counts changes no decision of the others, however many keys it has, also if they owe.
#[test]
fn shadows_push_out_nobody() {
    let run = |shadow: Option<Policy>| {
        let people = Policy::new("people", &[Part::User], Strategy::Log(Log { limit: 100, window: MINUTE }));
        let clock = Turned::default();
        let policies = std::iter::once(people).chain(shadow).collect();
        let limiter = Limiter::new(Policies::new(policies).unwrap(), Local::new(51_200)).with_clock(clock.clone());
        let mut open = std::collections::VecDeque::new();
        let mut admitted = Vec::new();
        for key in 0..60_000 {
            clock.turn(500);
            let (object, other) = (format!("o{key}"), format!("u{}", key % 5_000));
            let other = Caller { user: Some(&other), object: Some(&object), ..Caller::default() };
            let decision = limiter.decide_now(&other, 1);
            admitted.push(decision.is_admitted());
            // It costs more than was thought, and that is known when its key in shadow has long been forgotten.
            open.push_back((decision.ticket, 3));
            let ann = Caller { user: Some("ann"), object: Some("x"), ..Caller::default() };
            admitted.push(limiter.decide_now(&ann, 1).is_admitted());
            if open.len() > 4_000 {
                let (ticket, real) = open.pop_front().unwrap();
                limiter.settle_now(ticket, real);
            }
        }
        (admitted, limiter)
    };
    let (alone, without) = run(None);
    assert_eq!(without.store().evicted_live(), 0);
    assert!(alone.iter().filter(|admitted| **admitted).count() < 60_000 + 101);
    for watching in [fixed(1_000, MONTH.micros()), fixed(1, MONTH.micros()), Strategy::Bucket(Bucket::new(2, 1, MONTH))]
    {
        let (decisions, limiter) = run(Some(Policy::new("watch", &[Part::Object], watching).in_shadow()));
        assert!(decisions == alone);
        assert!(limiter.store().evicted_live() > 50_000);
        assert!(limiter.store().len() <= without.store().len() + 6_464);
        assert!(limiter.store().bytes() <= without.store().bytes() + 6_464 * 256);
    }
}

/// A policy that is put in shadow, or enforced, keeps its counts; and they are in one place.
#[test]
fn shadows_and_what_is_enforced_keep_their_counts() {
    let one = || Policy::new("p", &[Part::Object], fixed(5, MONTH.micros()));
    let live = |policy: Policy| Policies::new(vec![policy]).unwrap();
    let limiter = Limiter::new(live(one().in_shadow()), Local::new(6_400)).with_clock(Turned::default());
    for _ in 0..3 {
        assert!((0..100).all(|key| call(&limiter, &key.to_string())));
    }
    let bytes = limiter.store().bytes();
    limiter.replace(live(one()));
    assert!((0..100).all(|key| call(&limiter, &key.to_string())));
    assert_eq!((limiter.store().len(), limiter.store().bytes()), (100, bytes));
    // Back again: what is counted then counts too.
    limiter.replace(live(one().in_shadow()));
    assert!((0..100).all(|key| call(&limiter, &key.to_string())));
    assert!((0..100).all(|key| limiter.store().state(&format!("p|object={key}")).unwrap().used(limiter.now()) == 5));
    limiter.replace(live(one()));
    assert!((0..100).all(|key| !call(&limiter, &key.to_string())));
    assert_eq!((limiter.store().len(), limiter.store().evicted_live()), (100, 0));
}

/// The policies of a tenant: all count by object.
fn tenant(name: &str, strategy: Strategy) -> Arc<Live> {
    Arc::new(Live::new(Policies::new(vec![Policy::new("p", &[Part::Object], strategy)]).unwrap().scoped(name)))
}

fn call_by(limiter: &Limiter<Local>, live: &Arc<Live>, object: u64) -> bool {
    let object = object.to_string();
    limiter.decide_now_by(live, &Caller { object: Some(&object), ..Caller::default() }, 1).is_admitted()
}

/// A tenant that floods the store, with keys of which each is at its limit, pushes out its own keys, and nobody else's.
#[test]
fn tenants_do_not_push_out_each_other() {
    let limiter = Limiter::new(Policies::default(), Local::new(6_400)).with_clock(Turned::default());
    let (flooding, other) = (tenant("a", fixed(1, MONTH.micros())), tenant("b", fixed(2, MONTH.micros())));
    assert!((0..20_000).all(|key| call_by(&limiter, &flooding, key)));
    // Also the room that it took before is there for others, up to its part.
    assert!((0..1_000).all(|key| call_by(&limiter, &other, key)));
    assert!((20_000..50_000).all(|key| call_by(&limiter, &flooding, key)));
    assert!((0..1_000).all(|key| call_by(&limiter, &other, key)));
    assert!((0..1_000).all(|key| !call_by(&limiter, &other, key)));
    // A third one gets its part as well.
    let third = tenant("c", fixed(1, MONTH.micros()));
    assert!((0..1_000).all(|key| call_by(&limiter, &third, key)));
    assert!((50_000..90_000).all(|key| call_by(&limiter, &flooding, key)));
    assert!((0..1_000).all(|key| !call_by(&limiter, &third, key)));
    assert!((0..1_000).all(|key| !call_by(&limiter, &other, key)));
}

/// Few keys that are large are as much of a flood.
#[test]
fn a_tenants_part_is_measured_in_bytes() {
    let (limiter, clock) = limiter(fixed(1, 1), 6_400);
    let (large, small) =
        (tenant("a", Strategy::Log(Log { limit: 1_000, window: MONTH })), tenant("b", fixed(2, MONTH.micros())));
    assert!((0..2_000).all(|key| call_by(&limiter, &small, key)));
    for _ in 0..500 {
        for key in 0..300 {
            clock.turn(1);
            call_by(&limiter, &large, key);
        }
    }
    assert!(limiter.store().evicted_live() > 300);
    assert!((0..2_000).all(|key| call_by(&limiter, &small, key)));
    assert!((0..2_000).all(|key| !call_by(&limiter, &small, key)));
}

/// As many tenants as keys: the bounds hold.
#[test]
fn many_tenants_are_bounded() {
    let limiter = Limiter::new(Policies::default(), Local::new(6_400)).with_clock(Turned::default());
    for name in 0..50_000 {
        let live = tenant(&name.to_string(), fixed(2, MONTH.micros()));
        assert!(call_by(&limiter, &live, 0));
    }
    assert!(limiter.store().len() <= 6_464 && limiter.store().bytes() <= 256 * 6_464);
}

/// What nobody would miss is forgotten first, without being counted as lost.
#[test]
fn idle_keys_go_first() {
    let (limiter, clock) = limiter(fixed(5, 1_000), 6_400);
    for key in 0..100_000 {
        clock.turn(1);
        assert!(call(&limiter, &key.to_string()));
    }
    assert!(limiter.store().len() <= 6_464);
    // Of eight that are drawn all may count still, once in a long while.
    assert!(limiter.store().evicted_live() <= 3, "{}", limiter.store().evicted_live());
    // What has counted no more for an hour goes without any need.
    clock.turn(3_700_000_000);
    for key in 0..3_200 {
        clock.turn(1);
        assert!(call(&limiter, &format!("later {key}")));
    }
    assert!(limiter.store().len() <= 4_000, "{}", limiter.store().len());
}

/// A clock that goes back does not find forgotten what it has left behind.
#[test]
fn a_clock_that_goes_back_finds_what_was_counted() {
    let (limiter, clock) = limiter(Strategy::Log(Log { limit: 5, window: Span::from_secs(600) }), 6_400);
    clock.turn(10_000_000_000);
    assert!((0..5).all(|_| call(&limiter, "one")));
    clock.turn(1_800_000_000);
    for key in 0..5_000 {
        assert!(call(&limiter, &key.to_string()));
    }
    clock.0.fetch_sub(1_800_000_000, Ordering::SeqCst);
    assert!(!call(&limiter, "one"));
}

/// States that grow after they were put are bounded too, without throwing out everybody else.
#[test]
fn what_grows_is_bounded() {
    let (limiter, clock) = limiter(Strategy::Log(Log { limit: 1_000, window: Span::from_secs(3_600) }), 6_400);
    let bound = 256 * 6_400;
    for round in 0..400 {
        for key in 0..200 {
            clock.turn(1);
            call(&limiter, &key.to_string());
        }
        // One state more than the bound in each shard, while it grows.
        assert!(limiter.store().bytes() <= bound + 64 * 17_000, "{round}: {}", limiter.store().bytes());
    }
    assert!(limiter.store().bytes() <= bound + bound / 4, "{}", limiter.store().bytes());
    let before = limiter.store().len();
    for key in 0..50 {
        call(&limiter, &format!("new {key}"));
    }
    assert!(limiter.store().len() + 450 >= before, "{} of {before}", limiter.store().len());
}

/// Long keys and large states count by their bytes.
#[test]
fn bytes_are_bounded() {
    let (limiter, _) = limiter(Strategy::Log(Log { limit: 1_000, window: Span::from_secs(60) }), 640);
    for key in 0..2_000 {
        let object = format!("{key}{}", "x".repeat(2_000));
        assert!(call(&limiter, &object));
    }
    assert!(limiter.store().bytes() <= 64 * (10 * 256 + 3_000), "{}", limiter.store().bytes());
}

#[test]
fn threads_admit_exactly_the_limit() {
    let minute = Span::from_secs(60);
    let strategies = [
        fixed(1_000, 60_000_000),
        Strategy::Bucket(Bucket::new(1_000, 1, minute)),
        Strategy::Ring(Ring { limit: 1_000, window: minute, slots: 10 }),
        Strategy::Log(Log { limit: 1_000, window: minute }),
    ];
    for strategy in strategies {
        let clock = Turned::default();
        let by_object = Policy::new("p", &[Part::Object], strategy.clone());
        let by_user = Policy::new("q", &[Part::User], fixed(700, 60_000_000));
        let limiter = Limiter::new(Policies::new(vec![by_object, by_user]).unwrap(), Local::new(100)).with_clock(clock);
        let admitted = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (limiter, admitted) = (&limiter, &admitted);
                // The two users' keys lie in different shards: locks are taken in one order.
                let user = if thread % 2 == 0 { "ann" } else { "bob" };
                scope.spawn(move || {
                    for _ in 0..400 {
                        let caller = Caller { object: Some("one"), user: Some(user), ..Caller::default() };
                        let decision = limiter.decide_now(&caller, 1);
                        admitted.fetch_add(u64::from(decision.is_admitted()), Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(admitted.load(Ordering::SeqCst), 1_000, "{strategy:?}");
    }
}
