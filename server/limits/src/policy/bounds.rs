//! What a policy may say: the bounds of its numbers, and of a set.

use std::collections::HashSet;

use crate::at::Span;
use crate::policy::Policy;
use crate::settings::Fault;
use crate::strategy::{Bucket, Leases, Log, Strategy, Window};

/// The largest number that is exact wherever states are kept (scripts and JSON count in doubles).
pub(crate) const LARGEST: u64 = (1 << 53) - 1;

/// The most policies of a set.
pub(crate) const POLICIES: usize = 32;

/// The most single keys with another limit.
pub(crate) const OVERRIDES: usize = 10_000;

/// The longest span that settings accept.
pub(crate) const LONGEST: Span = Span::from_secs(400 * 86_400);

/// The longest name.
const NAME: usize = 64;

/// What is wrong with a field of a strategy: its name, a sentence, a hint.
pub(crate) type Wrong = (&'static str, String, &'static str);

/// What is wrong with the numbers of a strategy.
pub(crate) fn of_strategy(strategy: &Strategy) -> Vec<Wrong> {
    match strategy {
        Strategy::Fixed(fixed) => {
            let window = match fixed.window {
                Window::Every(len) => span("window", len),
                Window::Calendar(..) => None,
            };
            number("limit", fixed.limit, LARGEST).into_iter().chain(window).collect()
        }
        Strategy::Sliding(sliding) => both(number("limit", sliding.limit, LARGEST), span("window", sliding.window)),
        Strategy::Bucket(bucket) => of_bucket(bucket),
        Strategy::Ring(ring) => {
            let slots = (!(2..=60).contains(&ring.slots)).then(|| {
                let told = format!("a ring has 2 to 60 slots, not {}", ring.slots);
                ("slots", told, "12 is a good number: it under-admits by at most a twelfth of the window")
            });
            let mut wrong = both(number("limit", ring.limit, LARGEST), span("window", ring.window));
            wrong.extend(slots);
            wrong
        }
        Strategy::Log(log) => both(number("limit", log.limit, Log::MOST), span("window", log.window)),
        Strategy::Leases(leases) => both(number("limit", leases.limit, Leases::MOST), span("lease", leases.lease)),
    }
}

fn of_bucket(bucket: &Bucket) -> Vec<Wrong> {
    let (_, per) = bucket.rate();
    let fits = bucket.burst().checked_mul(per).is_some_and(|units| units <= LARGEST);
    let told = || format!("a burst of {} is too large for a rate of such fine fractions", bucket.burst());
    let hint = "lower the burst, or choose tokens that divide the time, such as 24 per \"1d\"";
    if fits { Vec::new() } else { vec![("burst", told(), hint)] }
}

fn both(one: Option<Wrong>, other: Option<Wrong>) -> Vec<Wrong> {
    one.into_iter().chain(other).collect()
}

/// A number must be at least 1 and at most what the strategy can keep.
pub(crate) fn number(field: &'static str, value: u64, most: u64) -> Option<Wrong> {
    if value == 0 {
        let hint = "to refuse every call, take the right away instead; to lift the limit, remove the policy";
        return Some((field, format!("`{field}` must be at least 1"), hint));
    }
    let hint = match most {
        Log::MOST => "a log remembers every call: take `ring`, which remembers a number a slot",
        Leases::MOST => "every lease is remembered: limit the calls themselves, with `bucket`",
        _ => "leave the policy out if there is no limit",
    };
    (value > most).then(|| (field, format!("`{field}` is {value}; it may be at most {most}"), hint))
}

pub(crate) fn span(field: &'static str, span: Span) -> Option<Wrong> {
    let wrong = span == Span::ZERO || span > LONGEST;
    wrong.then(|| {
        (field, format!("`{field}` must be longer than nothing and at most 400 days"), "such as \"1m\" or \"1d\"")
    })
}

/// What is wrong with a name.
pub(crate) fn of_name(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() {
        return Some("a policy needs a name".to_owned());
    }
    let wrong = name.len() > NAME || !name.bytes().all(plain);
    wrong.then(|| format!("`{name}` cannot be a policy's name: it is shown in headers"))
}

/// What is wrong with a set that a program wrote.
pub(super) fn of_set(policies: &[Policy]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut names = HashSet::new();
    if policies.len() > POLICIES {
        faults.push(Fault::new("/policies", format!("{} policies; at most {POLICIES}", policies.len()), None));
    }
    for (place, policy) in policies.iter().enumerate() {
        let at = |field: &str| format!("/policies/{place}/{field}");
        faults.extend(of_name(&policy.name).map(|told| Fault::new(&at("name"), told, None)));
        if !names.insert(&policy.name) {
            faults.push(Fault::new(&at("name"), format!("there are two policies `{}`", policy.name), None));
        }
        if policy.by.is_empty() {
            faults.push(Fault::new(&at("by"), "a policy must count by something".to_owned(), None));
        }
        for (field, told, hint) in of_strategy(&policy.strategy) {
            let pointer = at(&format!("strategy/{}/{field}", policy.strategy.name()));
            faults.push(Fault::new(&pointer, told, Some(hint.to_owned())));
        }
    }
    faults
}
