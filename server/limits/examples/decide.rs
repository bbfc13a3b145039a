//! What a local decision costs: nanoseconds at some numbers of keys, and bytes a key, beside a ceiling of the same run (a
//! lookup in a plain map under a mutex).

#![allow(clippy::print_stdout, clippy::expect_used, clippy::disallowed_methods)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Mutex;

use fluxor_limits::{Bucket, Caller, Fixed, Limiter, Local, Part, Policies, Policy, Ring, Span, Strategy, Window};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLS: usize = 1_000_000;

fn policies(three: bool) -> Policies {
    let bucket = Strategy::Bucket(Bucket::new(1_000_000, 1, Span::from_secs(60)));
    let mut policies = vec![Policy::new("requests", &[Part::ApiKey], bucket)];
    if three {
        let daily = Fixed { limit: 1_000_000_000, window: Window::Every(Span::from_secs(86_400)) };
        let ring = Ring { limit: 1_000_000_000, window: Span::from_secs(60), slots: 12 };
        policies.push(Policy::new("daily", &[Part::Tenant], Strategy::Fixed(daily)));
        policies.push(Policy::new("per_user", &[Part::User, Part::Route], Strategy::Ring(ring)));
    }
    Policies::new(policies).expect("good policies")
}

/// Resident bytes of this process.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

/// Keys in an order that no cache foresees.
fn order(keys: usize) -> Vec<usize> {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let draw = |_| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % keys as u64) as usize
    };
    (0..CALLS).map(draw).collect()
}

/// Nanoseconds that this thread has run: other programs of the machine do not count.
fn on_cpu() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// The middle of five runs.
fn timed(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let begun = on_cpu();
            run();
            (on_cpu() - begun) as f64 / CALLS as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
}

fn caller(name: &str) -> Caller<'_> {
    let (tenant, route) = (Some("acme"), Some("/v1/tasks"));
    Caller { tenant, api_key: Some(name), user: Some(name), route, ..Caller::default() }
}

/// Writes the name of a key: a service has the names of a call at hand as well.
fn write_name(name: &mut String, key: usize) {
    name.clear();
    write!(name, "key-{key:08}").expect("a string");
}

fn measure(keys: usize, three: bool) {
    let order = order(keys);
    let mut name = String::new();
    let before = resident();
    let limiter = Limiter::new(policies(three), Local::new(8_000_000));
    for key in 0..keys {
        write_name(&mut name, key);
        assert!(limiter.decide_now(&caller(&name), 1).is_admitted());
    }
    let bytes = resident().saturating_sub(before) as f64 / limiter.store().len() as f64;
    let nanos = timed(|| {
        for &at in &order {
            write_name(&mut name, at);
            let _ = black_box(limiter.decide_now(&caller(&name), 1));
        }
    });
    let entry = |key: usize| (format!("requests|api_key=key-{key:08}"), 0);
    let ceiling: Mutex<HashMap<String, u64>> = Mutex::new((0..keys).map(entry).collect());
    let mut key = String::new();
    let plain = timed(|| {
        for &at in &order {
            key.clear();
            write!(key, "requests|api_key=key-{at:08}").expect("a string");
            if let Some(count) = ceiling.lock().expect("not poisoned").get_mut(&key) {
                *count += 1;
            }
        }
    });
    let policies = if three { 3 } else { 1 };
    println!(
        "{policies} policies, {keys:>9} keys: {nanos:>6.0} ns a decision, {bytes:>5.0} bytes a key; plain map {plain:>5.0} ns"
    );
}

/// Each measurement in a process of its own, so that none finds memory that another one left.
fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if let [three, keys] = &given[..] {
        return measure(keys.parse().expect("a number of keys"), three == "3");
    }
    for policies in ["1", "3"] {
        for keys in ["1000", "10000", "100000", "1000000"] {
            let program = std::env::current_exe().expect("this program");
            std::process::Command::new(program).args([policies, keys]).status().expect("started");
        }
    }
}
