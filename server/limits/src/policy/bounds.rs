//! What a policy may say: the bounds of its numbers, and of a set.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::at::Span;
use crate::policy::{Policy, TokenLease};
use crate::settings::Fault;
use crate::strategy::{Bucket, Leases, Log, Strategy, Window};

/// The largest number that is exact wherever states are kept (scripts and JSON count in doubles).
pub(crate) const LARGEST: u64 = (1 << 53) - 1;

/// The most policies of a set.
pub(crate) const POLICIES: usize = 32;

/// The most single keys with another limit.
pub(crate) const OVERRIDES: usize = 10_000;

/// The most routes with a cost of their own: each request looks through them.
pub(crate) const COSTS: usize = 200;

/// The most entries of a list that says which calls a policy applies to.
pub(crate) const ENTRIES: usize = 64;

/// The most faults that are told.
pub(crate) const FAULTS: usize = 100;

/// The longest span that settings accept.
pub(crate) const LONGEST: Span = Span::from_secs(400 * 86_400);

/// The longest name.
const NAME: usize = 64;

/// How much of a text is repeated in a sentence about it.
const SHORT: usize = 40;

/// How many slots a ring may have.
pub(crate) const SLOTS: std::ops::RangeInclusive<u64> = 2..=60;

/// What is wrong with a field of a strategy: its name, a sentence, a hint.
pub(crate) type Wrong = (&'static str, String, Cow<'static, str>);

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
            let mut wrong = both(number("limit", ring.limit, LARGEST), span("window", ring.window));
            wrong.extend(slots(ring.slots.into()));
            wrong
        }
        Strategy::Log(log) => both(number("limit", log.limit, Log::MOST), span("window", log.window)),
        Strategy::Leases(leases) => both(number("limit", leases.limit, Leases::MOST), span("lease", leases.lease)),
    }
}

fn of_bucket(bucket: &Bucket) -> Vec<Wrong> {
    // Both without a common factor: a burst is kept in `per`ths of a token.
    let (tokens, per) = bucket.rate();
    let most = LARGEST / per;
    if bucket.burst() <= most {
        return Vec::new();
    }
    let told = format!("a burst of {} is too large for this rate: it may be at most {most}", bucket.burst());
    let hint = match tokens {
        1 => "take a smaller burst",
        _ => "take a smaller burst, or tokens that divide the time, such as 24 per \"1d\"",
    };
    vec![("burst", told, hint.into())]
}

fn both(one: Option<Wrong>, other: Option<Wrong>) -> Vec<Wrong> {
    one.into_iter().chain(other).collect()
}

/// A number must be at least 1 and at most what the strategy can keep.
pub(crate) fn number(field: &'static str, value: u64, most: u64) -> Option<Wrong> {
    if value == 0 {
        let hint = "to refuse every call, take the right away instead; to lift the limit, remove the policy";
        return Some((field, format!("`{field}` must be at least 1"), hint.into()));
    }
    let hint = match most {
        Log::MOST => "a log remembers every call: take `ring`, which remembers a number a slot",
        Leases::MOST => "every lease is remembered: limit the calls themselves, with `bucket`",
        _ => "leave the policy out if there is no limit",
    };
    (value > most).then(|| (field, format!("`{field}` is {value}; it may be at most {most}"), hint.into()))
}

/// What is wrong with the number of a ring's slots.
pub(crate) fn slots(value: u64) -> Option<Wrong> {
    let hint = "12 is a good number: it under-admits by at most a twelfth of the window";
    let told = || format!("a ring has {} to {} slots, not {value}", SLOTS.start(), SLOTS.end());
    (!SLOTS.contains(&value)).then(|| ("slots", told(), hint.into()))
}

pub(crate) fn span(field: &'static str, span: Span) -> Option<Wrong> {
    let wrong = span == Span::ZERO || span > LONGEST;
    wrong.then(|| {
        (
            field,
            format!("`{field}` must be longer than nothing and at most 400 days"),
            "such as \"1m\" or \"1d\"".into(),
        )
    })
}

/// What is wrong with a name.
pub(crate) fn of_name(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() {
        return Some("a policy needs a name".to_owned());
    }
    let wrong = name.len() > NAME || !name.bytes().all(plain);
    wrong.then(|| format!("`{}` cannot be a policy's name: it is shown in headers", short(name)))
}

/// A text as sentences repeat it: no more of it than helps to find it.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text.into(),
    }
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
            faults.push(Fault::new(&at("name"), format!("there are two policies `{}`", short(&policy.name)), None));
        }
        if policy.by.is_empty() {
            faults.push(Fault::new(&at("by"), "a policy must count by something".to_owned(), None));
        }
        if policy.token_lease.is_some() && policy.strategy.grows() {
            let told = format!("nothing can be taken ahead of a `{}`", policy.strategy.name());
            faults.push(Fault::new(&at("token_lease"), told, None));
        }
        if let Some(lease) = &policy.token_lease
            && (lease.tokens == 0 || lease.time == Span::ZERO || lease.time > TokenLease::LONGEST)
        {
            let told = "`tokens` must be at least 1, and `time` longer than nothing and at most a minute".to_owned();
            faults.push(Fault::new(&at("token_lease"), told, None));
        }
        for (field, told, hint) in of_strategy(&policy.strategy) {
            let pointer = at(&format!("strategy/{}/{field}", policy.strategy.name()));
            faults.push(Fault::new(&pointer, told, Some(hint.into_owned())));
        }
    }
    faults
}
