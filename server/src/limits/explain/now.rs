//! Who is near a limit, or over it.

use std::cmp::Reverse;
use std::collections::HashMap;

use fluxor_limits::limiter::{Standing, Unknown};
use fluxor_limits::strategy::View;
use fluxor_limits::traffic::{Seen as SeenKey, is_stand_in, keys};
use fluxor_limits::{Limiter, Policy};
use serde::Serialize;
use utoipa::ToSchema;

use super::key::shown;
use super::{Limited, Seen, Whose, text};
use crate::limits::Kept;

/// How many keys are looked at.
const MOST: usize = 10_000;
/// From which share of a limit on a key is near it, percent.
const NEAR: u64 = 80;

/// How limits stand now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Now {
    /// Whose limits: `limits` or `server_limits`.
    setting: &'static str,
    /// When it was looked.
    #[schema(format = DateTime)]
    at: String,
    /// Where it is counted: `process`, `redis` or `postgres`.
    store: &'static str,
    /// Whether that is away, so that this server decides alone.
    away: bool,
    /// Keys that were called since then were looked at.
    #[schema(format = DateTime)]
    since: String,
    /// What these numbers do not tell.
    notes: Vec<String>,
    /// How each policy stands, in the order of the settings.
    policies: Vec<Of>,
}

/// How a policy stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyNow)]
struct Of {
    /// Its name.
    policy: String,
    /// What it counts by.
    by: Vec<&'static str>,
    /// What it admits, in words.
    admits: String,
    /// Whether it only reports.
    shadow: bool,
    /// Whether each server counts for itself: here stands what this one counts.
    per_server: bool,
    /// How many keys were looked at.
    keys_count: usize,
    /// Of how many more it is not known how they stand, because the store is away.
    unknown: usize,
    /// How many of them have nothing left.
    over: usize,
    /// How many have used 80 % or more, and have something left.
    near: usize,
    /// Those that have used the largest share, first.
    keys: Vec<Key>,
}

/// How a key stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = KeyNow)]
struct Key {
    /// The key.
    key: String,
    /// What it admits, where that is not what the policy admits of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    admits: Option<String>,
    /// `over`: nothing is left; `near`: 80 % or more are used; else `fine`.
    state: &'static str,
    /// What is used.
    used: u64,
    /// What may be used.
    quota: u64,
    /// What is left.
    remaining: u64,
    /// What is used of it, percent.
    percent: u64,
    /// In how many seconds all of it is there again, if nobody calls.
    reset_seconds: u64,
    /// When it was called last.
    #[schema(format = DateTime)]
    last: String,
}

/// What is left of a quota.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnLeft)]
pub(super) struct Left {
    /// `over`: nothing is left; `near`: 80 % or more are used; else `fine`.
    state: &'static str,
    /// What is used.
    used: u64,
    /// What may be used.
    quota: u64,
    /// What is left.
    remaining: u64,
    /// What is used of it, percent.
    percent: u64,
    /// In how many seconds all of it is there again, if nobody calls.
    reset_seconds: u64,
}

impl Left {
    pub(super) fn of(standing: &Standing) -> Self {
        let View { quota, remaining, reset_at, .. } = standing.view;
        let used = quota.saturating_sub(remaining);
        let percent = u64::try_from(u128::from(used) * 100 / u128::from(quota.max(1))).unwrap_or(100);
        let state = match (remaining, percent) {
            (0, _) => "over",
            (_, NEAR..) => "near",
            _ => "fine",
        };
        Self { state, used, quota, remaining, percent, reset_seconds: reset_at.since(standing.at).secs_up() }
    }
}

impl Key {
    fn new(policy: &Policy, seen: &SeenKey, standing: &Standing) -> Self {
        let Left { state, used, quota, remaining, percent, reset_seconds } = Left::of(standing);
        Self {
            key: shown(policy, &seen.key),
            admits: (seen.strategy != policy.strategy).then(|| seen.strategy.to_string()),
            state,
            used,
            quota,
            remaining,
            percent,
            reset_seconds,
            last: text(seen.last),
        }
    }
}

/// The keys that were called lately.
pub(crate) struct Lately {
    keys: Vec<SeenKey>,
    since: String,
    notes: Vec<String>,
}

/// Finds the keys that were called lately.
pub(crate) fn lately(limited: &Limited, seen: Seen) -> Lately {
    let seen = seen.bounded(&limited.policies);
    let mut keys = keys(&seen.calls, &limited.policies, MOST);
    let mut notes = seen.notes();
    let is_full = keys.len() >= MOST;
    // What stands for another text is counted nowhere.
    let hidden = |key: &str| key.split(['|', '=']).any(is_stand_in);
    let all = keys.len();
    keys.retain(|seen| !hidden(&seen.key));
    if keys.len() < all {
        let hidden = all - keys.len();
        notes.push(format!(
            "Of {hidden} keys it is not known how they stand: their texts are long, or there were too many of them."
        ));
    }
    if is_full {
        notes.push(format!("Only the {MOST} keys that were called last were looked at."));
    }
    Lately { keys, since: text(seen.from), notes }
}

/// Looks at these keys; of each policy (or of one) so many are told.
pub(crate) async fn now(
    whose: &Whose,
    limited: &Limited,
    Lately { keys: all, since, mut notes }: Lately,
    limiter: &Limiter<Kept>,
    (policy, told): (Option<&str>, usize),
) -> Now {
    let policies = &limited.policies;
    let asked: Vec<(&str, &str)> = all.iter().map(|seen| (&*seen.policy, &*seen.key)).collect();
    let looks = limiter.look(policies, &asked).await;
    let mut by_policy: HashMap<&str, (Vec<Key>, usize)> = HashMap::new();
    for (seen, look) in all.iter().zip(&looks) {
        let Some(policy) = policies.named(&seen.policy) else { continue };
        let (keys, unknown) = by_policy.entry(&*seen.policy).or_default();
        match look {
            Ok(standing) => keys.push(Key::new(policy, seen, standing)),
            Err(Unknown::Away(_)) => *unknown += 1,
            Err(Unknown::Uncounted) => {}
        }
    }
    let unknown: usize = by_policy.values().map(|(_, unknown)| unknown).sum();
    if unknown > 0 {
        notes.push(format!("The store is away: of {unknown} keys it is not known how they stand."));
    }
    let own = policies.iter().filter(|one| policy.is_none_or(|name| *one.name == *name));
    let told = own.map(|one| Of::new(one, by_policy.remove(&*one.name).unwrap_or_default(), told)).collect();
    let (store, away) = limiter.store().told();
    Now { setting: whose.which().name(), at: text(limiter.now()), store, away, since, notes, policies: told }
}

impl Of {
    fn new(policy: &Policy, (mut keys, unknown): (Vec<Key>, usize), told: usize) -> Self {
        keys.sort_by(|one, other| {
            let rank = |key: &Key| (Reverse(key.state == "over"), Reverse(key.percent), Reverse(key.used));
            rank(one).cmp(&rank(other)).then_with(|| one.key.cmp(&other.key))
        });
        let count = |state: &str| keys.iter().filter(|key| key.state == state).count();
        let (over, near, keys_count) = (count("over"), count("near"), keys.len());
        keys.truncate(told);
        Self {
            policy: policy.name.to_string(),
            by: policy.by.iter().map(|part| part.name()).collect(),
            admits: policy.strategy.to_string(),
            shadow: policy.shadow,
            per_server: policy.per_server,
            keys_count,
            unknown,
            over,
            near,
            keys,
        }
    }
}
