//! What traffic costs: nanoseconds to record a call, bytes that it takes, and calls a second that are read, replayed under three
//! policies, and summed.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::disallowed_methods)]

use std::time::Instant;

use fluxor_limits::traffic::{Bounds, Would, keys, replay, usage};
use fluxor_limits::{
    At, Bucket, Called, Caller, Calls, Fixed, Leases, Part, Policies, Policy, Recorder, Ring, Span, Strategy, Window,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLS: u64 = 1_000_000;

/// When they begin: 28 November 2025, or so.
const BEGIN: u64 = 1_764_288_000_000_000;

fn policies() -> Policies {
    let second = Span::from_secs(1);
    let bucket = Strategy::Bucket(Bucket::new(50, 10, second));
    let daily = Fixed { limit: 900_000, window: Window::Every(Span::from_secs(86_400)) };
    let ring = Ring { limit: 600, window: Span::from_secs(60), slots: 12 };
    let leases = Leases { limit: 20, lease: Span::from_secs(300) };
    Policies::new(vec![
        Policy::new("requests", &[Part::ApiKey], bucket),
        Policy::new("daily", &[Part::Tenant], Strategy::Fixed(daily)),
        Policy::new("per_route", &[Part::User, Part::Route], Strategy::Ring(ring)),
        Policy::new("at_once", &[Part::Tenant], Strategy::Leases(leases)).in_shadow(),
    ])
    .expect("good policies")
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

impl Random {
    /// A few are frequent, and many are rare.
    fn skewed(&mut self, end: usize) -> usize {
        let drawn = self.below(1_000_000) as f64 / 1e6;
        (drawn.powi(4) * end as f64) as usize
    }
}

/// Nanoseconds that this thread has run: other programs of the machine do not count.
fn on_cpu() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

fn timed<R>(what: &str, count: u64, work: impl FnOnce() -> R) -> R {
    let (begun, watch) = (on_cpu(), Instant::now());
    let made = work();
    let (spent, wall) = (on_cpu() - begun, watch.elapsed());
    let each = spent as f64 / count as f64;
    println!(
        "{what:<38} {each:>7.0} ns a call, {:>10.0} calls/s ({:.2} s by the wall)",
        1e9 / each,
        wall.as_secs_f64()
    );
    made
}

fn main() {
    let with_objects = std::env::args().nth(1).as_deref() == Some("objects");
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let users: Vec<String> = (0..200).map(|user| format!("user-{user:04}")).collect();
    let tokens: Vec<String> = (0..200).map(|user| format!("0192f0c4-7c1a-7000-8000-{user:012}")).collect();
    let routes: Vec<String> = (0..40).map(|route| format!("/v1/things/{{id}}/part-{route}")).collect();
    let objects: Vec<String> = (0..5_000).map(|object| format!("task-{object:06}")).collect();
    // A hundred calls a second of one tenant, each from 1 to 200 ms: nearly three hours.
    let calls: Vec<(u64, u64, [usize; 3])> = (0..CALLS)
        .map(|call| {
            let took = 1_000 + random.below(20) * random.below(10_000);
            let draw = [200, 40, 5_000].map(|end| random.skewed(end));
            (BEGIN + call * 10_000 + random.below(10_000), took, draw)
        })
        .collect();
    let called = |&(at, took, [user, route, object]): &(u64, u64, [usize; 3])| Called {
        at: At::from_micros(at),
        took: Span::from_micros(took),
        caller: Caller {
            tenant: Some("acme"),
            user: Some(&users[user]),
            api_key: Some(&tokens[user]),
            route: Some(&routes[route]),
            method: Some(if route % 3 == 0 { "POST" } else { "GET" }),
            object: with_objects.then(|| &*objects[object]),
            ..Caller::default()
        },
        cost: if route % 10 == 0 { 5 } else { 1 },
        real: if route % 20 == 0 { 3 } else { 1 },
        refused: None,
        would: Would::default(),
    };
    let recorder = Recorder::new(Bounds { bytes: 1 << 20, ..Bounds::default() });
    let mut segments = Vec::new();
    timed("recording, and taking each minute", CALLS, || {
        for (place, call) in calls.iter().enumerate() {
            recorder.record("acme", &called(call));
            if place % 6_000 == 0 {
                segments.extend(recorder.finished(At::from_micros(call.0)));
            }
        }
    });
    segments.extend(recorder.all());
    let once = Recorder::new(Bounds { bytes: 64 << 20, ..Bounds::default() });
    calls.iter().for_each(|call| once.record("acme", &called(call)));
    println!("{:.2} bytes a call if dictionaries are written once", once.held() as f64 / CALLS as f64);
    let mut longest = 0;
    let full = Recorder::default();
    for call in &calls {
        let at = At::from_micros(BEGIN + call.0 % 60_000_000);
        let begun = Instant::now();
        full.record("acme", &Called { at, ..called(call) });
        longest = longest.max(begun.elapsed().as_micros());
    }
    println!("a million calls in one minute, in {} bytes: the longest took {longest} µs", full.held());
    let bytes: usize = segments.iter().map(|segment| segment.bytes.len()).sum();
    println!("{} segments, {:.2} bytes a call with their dictionaries", segments.len(), bytes as f64 / CALLS as f64);
    let read = timed("reading", CALLS, || Calls::read(segments.iter().map(|segment| &segment.bytes)).expect("read"));
    println!("{:.1} bytes a call in memory; sampled: {}", read.memory() as f64 / CALLS as f64, read.sampled());
    let replayed = timed("replaying, 3 policies and a shadow", read.len() as u64, || replay(&read, &policies()));
    let refused: Vec<_> = replayed.policies.iter().map(|policy| (&*policy.name, policy.refused)).collect();
    println!("{} of {} refused; {refused:?}", replayed.refused, replayed.calls);
    timed("summing", read.len() as u64, || usage(&read, &policies(), Span::from_secs(60)));
    timed("keys", read.len() as u64, || keys(&read, &policies(), 1_000));
}
