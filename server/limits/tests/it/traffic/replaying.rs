//! Replaying under the policies that decided refuses the same calls; under others, what they would have refused.

use std::collections::HashMap;
use std::sync::Arc;

use fluxor_limits::traffic::{Would, replay};
use fluxor_limits::{
    At, Bucket, Called, Caller, Calls, Decision, Fixed, Leases, Limiter, Local, Log, Part, Policies, Policy, Recorder,
    Ring, Sliding, Span, Strategy, Ticket, Window,
};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

use super::{after, call, read, recorder};
use crate::model::strategy;
use crate::several::{Turned, limiter};

#[derive(Clone, Debug)]
enum Event {
    Call { wait: u64, user: Option<usize>, tenant: usize, cost: u64, replica: usize },
    Settle { wait: u64, which: usize, real: u64 },
    Take { replica: usize },
}

fn events() -> impl Generator<Value = Vec<Event>> {
    // Instants differ: what happens in the same microsecond has no order.
    let wait = || prop_oneof![20 => 1..20_u64, 1 => 20_000_000..90_000_000_u64];
    let call = (wait(), prop::option::of(0..3_usize), 0..2_usize, 0..7_u64, 0..2_usize)
        .prop_map(|(wait, user, tenant, cost, replica)| Event::Call { wait, user, tenant, cost, replica });
    let settle = (wait(), any::<usize>(), 0..8_u64).prop_map(|(wait, which, real)| Event::Settle { wait, which, real });
    let take = (0..2_usize).prop_map(|replica| Event::Take { replica });
    prop::collection::vec(prop_oneof![6 => call, 4 => settle, 1 => take], 1..80)
}

fn policies() -> impl Generator<Value = Vec<Policy>> {
    let by = prop::sample::select(vec![vec![Part::User], vec![Part::Tenant], vec![Part::Tenant, Part::User]]);
    prop::collection::vec((strategy(), by, any::<bool>()), 1..5).prop_map(|drawn| {
        let policy = |(place, (strategy, by, shadow)): (usize, (Strategy, Vec<Part>, bool))| {
            let policy = Policy::new(&format!("p{place}"), &by, strategy);
            if shadow && place > 0 { policy.in_shadow() } else { policy }
        };
        drawn.into_iter().enumerate().map(policy).collect()
    })
}

const NAMES: [&str; 3] = ["ann", "bob", "eve"];

/// A service that records what it decides.
struct Live {
    limiter: Limiter<Local>,
    clock: Turned,
    replicas: [Recorder; 2],
    taken: Vec<fluxor_limits::Segment>,
    open: Vec<Open>,
    /// Whether each call was refused, by when it was decided.
    refused: Vec<(At, bool)>,
    /// By policy: how many calls it applied to, and had no room for.
    policies: HashMap<Arc<str>, (u64, u64)>,
}

struct Open {
    at: At,
    caller: Caller<'static>,
    cost: u64,
    replica: usize,
    ticket: Ticket,
}

impl Live {
    fn new(policies: Vec<Policy>) -> Live {
        let (limiter, clock) = limiter(policies);
        let (replicas, policies) = Default::default();
        let (taken, open, refused) = Default::default();
        Live { limiter, clock, replicas, taken, open, refused, policies }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Call { wait, user, tenant, cost, replica } => {
                self.clock.turn(wait);
                let user = user.map(|user| NAMES[user]);
                let caller = Caller { user, tenant: Some(NAMES[tenant]), ..Caller::default() };
                self.call(caller, cost, replica);
            }
            Event::Settle { wait, which, real } => {
                self.clock.turn(wait);
                if !self.open.is_empty() {
                    let open = self.open.swap_remove(which % self.open.len());
                    self.end(open, real);
                }
            }
            Event::Take { replica } => {
                let now = self.limiter.now();
                self.taken.extend(self.replicas[replica].finished(now));
            }
        }
    }

    fn call(&mut self, caller: Caller<'static>, cost: u64, replica: usize) {
        let at = self.limiter.now();
        let decision = self.limiter.decide_now(&caller, cost);
        self.count(&decision);
        self.refused.push((at, !decision.is_admitted()));
        if decision.is_admitted() {
            self.open.push(Open { at, caller, cost, replica, ticket: decision.ticket });
            return;
        }
        let by = decision.tightest().unwrap().policy.to_string();
        let called =
            Called { at, took: Span::ZERO, caller, cost, real: cost, refused: Some(&by), would: Would::default() };
        self.replicas[replica].record("", &called);
    }

    fn count(&mut self, decision: &Decision) {
        let lines = decision.lines.iter().map(|line| (&line.policy, line.verdict));
        let shadows = decision.shadows.iter().map(|shadow| (&shadow.policy, shadow.verdict));
        for (policy, verdict) in lines.chain(shadows) {
            let counted = self.policies.entry(Arc::clone(policy)).or_default();
            counted.0 += 1;
            counted.1 += u64::from(!verdict.is_fine());
        }
    }

    fn end(&mut self, open: Open, real: u64) {
        let Open { at, caller, cost, replica, ticket } = open;
        self.limiter.settle_now(ticket, real);
        let took = self.limiter.now().since(at);
        self.replicas[replica]
            .record("", &Called { at, took, caller, cost, real, refused: None, would: Would::default() });
    }

    fn recorded(&mut self) -> Calls {
        for open in std::mem::take(&mut self.open) {
            self.clock.turn(1);
            let real = open.cost;
            self.end(open, real);
        }
        let mut segments = std::mem::take(&mut self.taken);
        self.replicas.iter().for_each(|replica| segments.extend(replica.all()));
        read(&segments)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_policies_refuse_the_same_calls(policies in policies(), events in events()) {
        let mut live = Live::new(policies);
        events.iter().for_each(|event| live.happen(event));
        let calls = live.recorded();
        let set = live.limiter.policies();
        let replayed = replay(&calls, &set);
        let refused = live.refused.iter().filter(|(_, refused)| *refused).count() as u64;
        prop_assert_eq!(replayed.calls, live.refused.len() as u64);
        prop_assert_eq!((replayed.refused, replayed.was_refused), (refused, refused));
        for policy in &replayed.policies {
            let counted = live.policies.get(&*policy.name).copied().unwrap_or_default();
            prop_assert_eq!((policy.calls, policy.refused), counted, "{}", policy.name);
            let of_keys = policy.keys.iter().fold((0, 0), |sum, key| (sum.0 + key.calls, sum.1 + key.refused));
            prop_assert_eq!(of_keys, counted);
            prop_assert_eq!(policy.keys.len() as u64, policy.keys_count);
        }
        // Not as many, but the same ones: so it is up to every call.
        let mut so_far = 0;
        for (at, refused) in live.refused {
            so_far += u64::from(refused);
            let begun = replay(&calls.clone().within(At::default(), at.plus(Span::from_micros(1))), &set);
            prop_assert_eq!(begun.refused, so_far);
        }
    }
}

/// Each of the six, with so much traffic that it refuses often.
#[test]
fn every_strategy_refuses_the_same_calls() {
    let (window, lease) = (Span::from_micros(300), Span::from_micros(200));
    let strategies = [
        Strategy::Fixed(Fixed { limit: 20, window: Window::Every(window) }),
        Strategy::Sliding(Sliding { limit: 20, window }),
        Strategy::Bucket(Bucket::new(20, 20, window)),
        Strategy::Ring(Ring { limit: 20, window, slots: 6 }),
        Strategy::Log(Log { limit: 20, window }),
        Strategy::Leases(Leases { limit: 3, lease }),
    ];
    for strategy in strategies {
        let name = strategy.name();
        let mut live = Live::new(vec![Policy::new(name, &[Part::Tenant], strategy)]);
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..5_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let (wait, cost, which) = (random % 19 + 1, (random >> 8) % 7, (random >> 16) as usize);
            let (tenant, replica) = ((random >> 24) as usize % 2, (random >> 32) as usize % 2);
            live.happen(&match random % 100 {
                0..55 => Event::Call { wait, user: None, tenant, cost, replica },
                55..98 => Event::Settle { wait, which, real: cost },
                _ => Event::Take { replica },
            });
        }
        let calls = live.recorded();
        let replayed = replay(&calls, &live.limiter.policies());
        let refused = live.refused.iter().filter(|(_, refused)| *refused).count() as u64;
        assert!(refused > 100, "{name}: {refused}");
        assert_eq!((replayed.refused, replayed.was_refused), (refused, refused), "{name}");
    }
}

fn fixed(limit: u64) -> Strategy {
    Strategy::Fixed(Fixed { limit, window: Window::Every(Span::from_secs(3_600)) })
}

fn policies_of(policies: Vec<Policy>) -> Policies {
    Policies::new(policies).unwrap()
}

#[test]
fn another_limit_would_have_refused() {
    let recorder = Recorder::default();
    for place in 0..60_u64 {
        recorder.record("acme", &call(place * 1_000_000, if place % 3 == 0 { "bob" } else { "ann" }));
    }
    let calls = read(&recorder.all());
    let per_user = Policy::new("per_user", &[Part::User], fixed(30));
    let tight = Policy::new("tight", &[Part::Tenant], fixed(25)).in_shadow();
    let dear = Policy::new("dear", &[Part::ApiKey], fixed(1));
    let replayed = replay(&calls, &policies_of(vec![per_user, tight, dear]));
    assert_eq!((replayed.calls, replayed.refused, replayed.was_refused), (60, 10, 0));
    assert_eq!((replayed.from, replayed.to), (Some(after(0)), Some(after(59_000_000))));
    let [per_user, tight, dear] = &replayed.policies[..] else { panic!() };
    assert_eq!((per_user.calls, per_user.refused, per_user.keys_count), (60, 10, 2));
    let (ann, bob) = (&per_user.keys[0], &per_user.keys[1]);
    assert_eq!((&*ann.key, ann.calls, ann.refused, ann.peak_used, ann.quota), ("per_user|user=ann", 40, 10, 30, 30));
    // The first 30 of hers are 45 of all.
    assert_eq!(ann.first_refused, Some(after(46_000_000)));
    assert_eq!((bob.refused, bob.peak_used, bob.first_refused), (0, 20, None));
    assert!(tight.shadow && tight.refused == 35 && tight.keys[0].peak_used == 25 && tight.keys[0].quota == 25);
    assert_eq!((dear.calls, dear.keys_count, dear.keys.len()), (0, 0, 0));
    let json = serde_json::to_value(&replayed).unwrap();
    assert_eq!(json["from"], "2025-11-28T00:00:00Z");
    assert_eq!(json["policies"][0]["keys"][0]["first_refused"], "2025-11-28T00:00:46Z");
    assert!(json["policies"][0]["keys"][1]["first_refused"].is_null() && json.get("note").is_none());
}

#[test]
fn costs_are_settled_and_places_given_back_when_calls_end() {
    let recorder = Recorder::default();
    for place in 0..10_u64 {
        // Each is charged 10 and costs 1, and ends before the next one begins; the last never passes.
        let cost = if place == 9 { 50 } else { 10 };
        let took = Span::from_millis(900);
        recorder.record("", &Called { cost, real: 1, took, ..call(place * 1_000_000, "ann") });
    }
    let calls = read(&recorder.all());
    let places = Strategy::Leases(Leases { limit: 1, lease: Span::from_secs(60) });
    let log = Strategy::Log(Log { limit: 20, window: Span::from_secs(60) });
    let policies = vec![Policy::new("log", &[Part::User], log), Policy::new("at_once", &[Part::User], places)];
    let replayed = replay(&calls, &policies_of(policies));
    assert_eq!(replayed.refused, 1);
    let of = |policy: usize| (replayed.policies[policy].refused, replayed.policies[policy].never);
    assert_eq!((of(0), of(1)), ((1, 1), (0, 0)));
    assert_eq!(replayed.policies[0].keys[0].peak_used, 8 + 10);
}

/// A call that was refused is asked all the same.
#[test]
fn what_was_refused_may_pass() {
    let recorder = Recorder::default();
    for place in 0..10 {
        recorder.record("", &Called { refused: Some("old"), real: 0, ..call(place * 10_000, "ann") });
    }
    let calls = read(&recorder.all());
    let replayed = replay(&calls, &policies_of(vec![Policy::new("new", &[Part::User], fixed(7))]));
    assert_eq!((replayed.was_refused, replayed.refused), (10, 3));
}

#[test]
fn calls_that_stand_for_others_count_as_many() {
    for count in [1_000_u64, 100_000] {
        let recorder = recorder(4_096);
        (0..count).for_each(|place| recorder.record("", &call(place * 100, "ann")));
        let calls = read(&recorder.all());
        let limit = count / 4;
        let policies = vec![Policy::new("p", &[Part::User], fixed(limit)), Policy::new("q", &[Part::User], fixed(1))];
        let replayed = replay(&calls, &policies_of(policies.clone()));
        assert!(replayed.sampled && replayed.calls == calls.total());
        assert!(replayed.note.unwrap().starts_with("a call stands for up to "));
        // No single call is over the limit, whatever it stands for.
        assert_eq!(replayed.policies[1].never, 0);
        let replayed = replay(&calls, &policies_of(policies[..1].to_vec()));
        let passed = replayed.calls - replayed.refused;
        let weight = calls.iter().map(|kept| kept.weight).max().unwrap();
        assert!(passed <= limit && passed + weight > limit, "{passed} of {limit} by {weight}");
    }
}

#[test]
fn nothing_was_called() {
    let replayed = replay(&Calls::default(), &policies_of(vec![Policy::new("p", &[Part::User], fixed(1))]));
    assert_eq!((replayed.from, replayed.calls, replayed.policies.len()), (None, 0, 1));
    assert!(serde_json::to_value(&replayed).unwrap()["from"].is_null());
}
