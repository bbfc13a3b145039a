//! How somebody stands himself: under each policy that enforces something, the key that his own calls have.

use std::net::IpAddr;

use fluxor_limits::limiter::Unknown;
use fluxor_limits::{Caller, Limiter, Part, Policies, Policy};
use serde::Serialize;
use utoipa::ToSchema;

use super::key::shown;
use super::now::Left;
use super::text;
use crate::limits::{Kept, SIGN_IN};

/// Whose standing.
pub(crate) struct Asker<'a> {
    /// His tenant.
    pub tenant: i64,
    /// Himself.
    pub person: &'a str,
    /// The id of the key that he asks with.
    pub api_key: &'a str,
    /// Where he asks from.
    pub address: Option<IpAddr>,
}

/// How the caller stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Own {
    /// The caller's tenant.
    tenant: i64,
    /// The caller.
    person: String,
    /// When it was looked.
    #[schema(format = DateTime)]
    at: String,
    /// Where it is counted: `process`, `redis` or `postgres`.
    store: &'static str,
    /// Whether that is away, so that this server decides alone.
    away: bool,
    /// What these numbers do not tell.
    notes: Vec<String>,
    /// The limits: those of the server, then those of the tenant. What is in shadow limits nobody, and is not told.
    limits: Vec<Standing>,
}

/// How the caller stands with one limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnLimit)]
struct Standing {
    /// The policy.
    policy: String,
    /// What it admits the caller, in words.
    admits: String,
    /// What it counts by.
    by: Vec<&'static str>,
    /// Only calls by these methods; all if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    methods: Vec<String>,
    /// Only calls of these routes; of all if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<String>,
    /// The caller's key; absent where each route, method or object has one: then `RateLimit` of its answers tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// How it stands; absent without a key, and where the store is away and nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Left>,
}

/// Whether a policy has another key for each route, method or object.
fn is_by_call(policy: &Policy) -> bool {
    policy.by.iter().any(|part| [Part::Route, Part::Method, Part::Object].contains(part))
}

/// The key of an asker's calls; nothing if it is another one for each route, method or object.
fn key(policy: &Policy, asker: &Asker<'_>, tenant: &str) -> Option<std::sync::Arc<str>> {
    if is_by_call(policy) {
        return None;
    }
    // Of those calls that the policy is for any is as good as any other.
    let caller = Caller {
        tenant: Some(tenant),
        user: Some(asker.person),
        api_key: Some(asker.api_key),
        address: asker.address,
        route: policy.routes.first().map(|route| route.trim_end_matches('*')),
        method: policy.methods.first().map(String::as_str),
        class: policy.classes.first().copied(),
        object: None,
    };
    policy.ask(&caller, 1).map(|ask| ask.key)
}

/// Looks at the keys of one person, which charges nothing.
pub(crate) async fn own(policies: &Policies, limiter: &Limiter<Kept>, asker: Asker<'_>) -> Own {
    let tenant = asker.tenant.to_string();
    // What counts attempts to find a key counts nothing of whoever has one.
    let enforced = policies.iter().filter(|policy| !policy.shadow && policy.routes != [SIGN_IN]);
    let keyed: Vec<_> = enforced.map(|policy| (policy, key(policy, &asker, &tenant))).collect();
    let asked: Vec<(&str, &str)> =
        keyed.iter().filter_map(|(policy, key)| Some((&*policy.name, key.as_deref()?))).collect();
    let mut looks = limiter.look(policies, &asked).await.into_iter();
    let mut unknown = 0;
    let mut limits = Vec::new();
    for (policy, key) in keyed {
        let now = match key.as_ref().and_then(|_| looks.next()) {
            Some(Ok(standing)) => Some(Left::of(&standing)),
            Some(Err(Unknown::Away(_))) => {
                unknown += 1;
                None
            }
            Some(Err(Unknown::Uncounted)) => continue,
            // Exempt, or without a part that it counts by: it does not limit the caller.
            None if !is_by_call(policy) => continue,
            None => None,
        };
        let strategy = key.as_deref().and_then(|key| policy.strategy_of(key)).unwrap_or(&policy.strategy);
        limits.push(Standing {
            policy: policy.name.to_string(),
            admits: strategy.to_string(),
            by: policy.by.iter().map(|part| part.name()).collect(),
            methods: policy.methods.clone(),
            routes: policy.routes.clone(),
            key: key.map(|key| shown(policy, &key)),
            now,
        });
    }
    let (store, away) = limiter.store().told();
    let notes = if unknown == 0 {
        Vec::new()
    } else {
        vec![format!("The store is away: of {unknown} limits it is not known how you stand.")]
    };
    let (person, at) = (asker.person.to_owned(), text(limiter.now()));
    Own { tenant: asker.tenant, person, at, store, away, notes, limits }
}
