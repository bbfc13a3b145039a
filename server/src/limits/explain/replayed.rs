//! What limits would have done with the calls that there were.

use fluxor_limits::traffic::{OfKey, OfPolicy, replay};
use fluxor_limits::{At, Policies};
use serde::Serialize;
use utoipa::ToSchema;

use super::key::shown;
use super::{Limited, Seen, Whose, text};

/// What limits would have done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// Whose limits: `limits` or `server_limits`.
    setting: &'static str,
    /// From then on.
    #[schema(format = DateTime)]
    from: String,
    /// Before then.
    #[schema(format = DateTime)]
    to: String,
    /// It in one sentence.
    summary: String,
    /// How many calls there were.
    calls: u64,
    /// How many of them these limits would have refused.
    refused: u64,
    /// How many were refused in reality, by the limits of this setting.
    was_refused: u64,
    /// How many were refused in reality by other limits (of the server, or of the tenants): they never came to these.
    was_refused_by_others: u64,
    /// What these numbers do not tell.
    notes: Vec<String>,
    /// What each policy would have done.
    policies: Vec<Of>,
}

/// What a policy would have done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayOfPolicy)]
struct Of {
    /// Its name.
    policy: String,
    /// What it admits, in words.
    admits: String,
    /// Whether it only reports: what it refuses is not among the refused.
    shadow: bool,
    /// How many calls it applies to.
    calls: u64,
    /// How many it would have refused.
    refused: u64,
    /// How many of these would never pass: they cost more than it ever admits at once.
    never: u64,
    /// How many keys there were.
    keys_count: u64,
    /// Those that would have been refused most, and after them those that came nearest to their limit; 20 at most.
    keys: Vec<Key>,
}

/// What would have become of a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayOfKey)]
struct Key {
    /// The key.
    key: String,
    /// What it would admit, where that is not what the policy admits of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    admits: Option<String>,
    /// How many calls.
    calls: u64,
    /// How many of them would have been refused.
    refused: u64,
    /// The most that was in use at once.
    peak_used: u64,
    /// What it may use.
    quota: u64,
    /// When the first would have been refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    first_refused: Option<String>,
}

impl Of {
    fn new(policies: &Policies, of: &OfPolicy) -> Self {
        let policy = policies.named(&of.name);
        let own = |key: &str| policy.and_then(|policy| policy.strategy_of(key).filter(|own| **own != policy.strategy));
        let key = |of: &OfKey| Key {
            key: policy.map_or_else(|| of.key.clone(), |policy| shown(policy, &of.key)),
            admits: own(&of.key).map(ToString::to_string),
            calls: of.calls,
            refused: of.refused,
            peak_used: of.peak_used,
            quota: of.quota,
            first_refused: of.first_refused.map(text),
        };
        Self {
            policy: of.name.clone(),
            admits: policy.map_or(String::new(), |policy| policy.strategy.to_string()),
            shadow: of.shadow,
            calls: of.calls,
            refused: of.refused,
            never: of.never,
            keys_count: of.keys_count,
            keys: of.keys.iter().map(key).collect(),
        }
    }
}

/// Decides the calls anew.
pub(crate) fn replayed(whose: &Whose, limited: &Limited, seen: Seen) -> Replayed {
    let policies = &limited.policies;
    let mut seen = seen.bounded(policies);
    let all = seen.calls.total();
    // What other limits refused never came to these: it was counted nowhere.
    let scope = seen.scope.clone();
    let others = |by: &str| by.contains('|') && !by.starts_with(&scope);
    seen.calls = seen.calls.only(|called| !called.refused.is_some_and(others));
    let done = replay(&seen.calls, policies);
    let mut notes = seen.notes();
    notes.extend(done.note);
    let apart: Vec<&str> = policies.iter().filter(|one| one.per_server).map(|one| &*one.name).collect();
    if !apart.is_empty() {
        let names = apart.join("`, `");
        notes.push(format!("`{names}` counts on each server by itself; here it is as if there were one server."));
    }
    let (was_refused, others) = (done.was_refused, all - seen.calls.total());
    let by_others = if others == 0 { String::new() } else { format!(", and {others} by other limits") };
    let short = |at: At| text(at).split(['.', 'Z']).next().unwrap_or_default().replace('T', " ");
    Replayed {
        setting: whose.which().name(),
        from: text(seen.from),
        to: text(seen.to),
        summary: format!(
            "Of the {} calls from {} to {} UTC these limits would have refused {}; {was_refused} were refused in reality{by_others}.",
            all,
            short(seen.from),
            short(seen.to),
            done.refused
        ),
        calls: all,
        refused: done.refused,
        was_refused,
        was_refused_by_others: others,
        notes,
        policies: done.policies.iter().map(|of| Of::new(policies, of)).collect(),
    }
}
