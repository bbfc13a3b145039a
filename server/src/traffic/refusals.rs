//! What is remembered of a call that limits refused: enough to say why.

use std::collections::HashMap;

use axum::http::Method;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_limits::answer::Decided;
use fluxor_limits::answer::problem::{Reason, Refusal};
use fluxor_limits::decide::{Line, Verdict};
use fluxor_limits::{At, Caller, Policies, Policy};
use fluxor_workflows::RefusedCall;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::timestamp;
use crate::limits::explain::readable;

/// How many refusals of a key are remembered, a minute.
pub(super) const OF_KEY: u32 = 20;
/// How many of a tenant.
const OF_TENANT: u32 = 500;
/// How many of all.
const OF_ALL: u32 = 10_000;
const MINUTE: u64 = 60_000_000;

/// In the extensions of an answer: the call was refused, by this decision.
#[derive(Clone)]
pub(crate) struct Turned {
    /// The decision.
    pub decided: Decided,
    /// What was answered.
    pub refusal: Refusal,
}

impl Turned {
    /// The policy that refused it first of all.
    pub(crate) fn by(&self) -> &str {
        self.refusal.violated.first().map_or("", String::as_str)
    }

    /// The same, told apart from one of that name in other settings.
    pub(crate) fn begins<'s>(&'s self, policies: &'s Policies) -> &'s str {
        policies.owner(self.by(), self.key()).map_or(self.by(), Policy::begins)
    }

    /// The key under which that policy counts it.
    pub(crate) fn key(&self) -> &str {
        self.line().map_or("", |line| &line.key)
    }

    /// What it would have cost by the policy that refused it.
    fn cost(&self) -> u64 {
        let cost = self.decided.ticket.cost();
        self.line().map_or(cost, |line| line.shift.of(cost))
    }

    fn line(&self) -> Option<&Line> {
        self.decided.tightest.and_then(|place| self.decided.lines.get(place))
    }
}

/// A call that limits refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Refused {
    /// The request's id, as in the answer's `instance` and in the header `x-request-id`.
    pub request: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What was answered.
    #[schema(example = "quota_exceeded")]
    pub code: String,
    /// Why, in a sentence.
    pub why: String,
    /// The policy that refused it; of several, the one that makes it wait longest.
    pub policy: String,
    /// The whole seconds after which the same request would have passed; absent if waiting does not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Who asked, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The id of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What it would have cost, by the costs of the policy that refused it.
    pub cost: u64,
    /// Whether it was decided without the shared store, because that was away.
    pub alone: bool,
    /// What each policy said that applied to it.
    pub policies: Vec<Said>,
}

/// What a policy said.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Said {
    /// Its name.
    pub policy: String,
    /// Under what it counts the call.
    pub key: String,
    /// Whether it only reports.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Whether it refused.
    pub refused: bool,
    /// What the key may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// What was left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// The whole seconds after which this policy would have let it pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

fn said(policies: &Policies, policy: &str, key: &str, verdict: Verdict) -> Said {
    let short = policies.owner(policy, key).map_or(key, |policy| policy.short(key));
    Said {
        policy: policy.to_owned(),
        key: readable(short),
        shadow: false,
        refused: !verdict.is_fine(),
        quota: None,
        remaining: None,
        retry_after: if let Verdict::Later(wait) = verdict { Some(wait.secs_up()) } else { None },
    }
}

impl Refused {
    /// All about a refusal.
    pub(crate) fn new(request: String, at: At, caller: &Caller<'_>, turned: &Turned, policies: &Policies) -> Self {
        let cost = turned.cost();
        let lines = turned.decided.lines.iter().map(|line| {
            let (quota, remaining) = (Some(line.quota), Some(line.remaining));
            Said { quota, remaining, ..said(policies, &line.policy, &line.key, line.verdict) }
        });
        let shadows = turned.decided.shadows.iter();
        let shadows = shadows.map(|one| Said { shadow: true, ..said(policies, &one.policy, &one.key, one.verdict) });
        let text = |text: Option<&str>| text.map(|text| text.chars().take(400).collect());
        Self {
            request,
            at: timestamp(at).to_string(),
            code: turned.refusal.code().to_owned(),
            why: why(turned, cost, policies),
            policy: turned.by().to_owned(),
            retry_after: turned.refusal.retry_after,
            person: text(caller.user),
            api_key: text(caller.api_key),
            address: caller.address.map(|address| address.to_string()),
            method: text(caller.method.filter(|method| method.parse::<Method>().is_ok())),
            route: text(caller.route),
            object: text(caller.object),
            cost,
            alone: turned.decided.alone,
            policies: lines.chain(shadows).collect(),
        }
    }
}

impl Refused {
    /// The policies that refused it.
    fn by(&self) -> Vec<String> {
        let own = self.policies.iter().filter(|said| said.refused && !said.shadow);
        own.map(|said| said.policy.clone()).collect()
    }
}

fn why(turned: &Turned, cost: u64, policies: &Policies) -> String {
    let Some(line) = turned.line() else { return turned.refusal.detail() };
    let policy = policies.owner(&line.policy, &line.key);
    let short = policy.map_or(&*line.key, |policy| policy.short(&line.key));
    let admits = policy.and_then(|policy| policy.strategy_of(&line.key)).map(ToString::to_string);
    let admits = admits.map_or(String::new(), |admits| format!(" admits {admits} for `{}`", readable(short)));
    let name = &line.policy;
    if turned.decided.closed {
        return format!("The store of limits was away, and `{name}` lets nobody pass then.");
    }
    let share = match turned.decided.alone {
        true => "The store of limits was away, and each server counted by its share. ",
        false => "",
    };
    match (turned.refusal.reason, turned.refusal.retry_after) {
        (Reason::TooCostly, _) => format!("{share}`{name}`{admits}, and this request costs {cost}: it never passes."),
        (_, wait) => {
            let wait =
                wait.map_or(String::new(), |wait| format!(" The same request would have passed {wait} s later."));
            let left = line.remaining;
            format!("{share}`{name}`{admits}: {left} of {} were left, and this request costs {cost}.{wait}", line.quota)
        }
    }
}

/// Refusals that are not written yet.
#[derive(Default)]
pub(super) struct Refusals {
    minute: u64,
    of_key: HashMap<(TenantId, Box<str>), u32>,
    of_tenant: HashMap<TenantId, u32>,
    of_all: u32,
    /// When the last one was: no two are of the same instant, so that pages end between them.
    last: i64,
    rows: Vec<RefusedCall>,
}

impl Refusals {
    /// Remembers a refusal, unless there were too many of the kind in this minute.
    pub(super) fn note(&mut self, tenant: TenantId, at: At, key: &str, refused: impl FnOnce() -> Refused) {
        let minute = at.micros() / MINUTE;
        if self.minute != minute {
            self.minute = minute;
            self.of_key.clear();
            self.of_tenant.clear();
            self.of_all = 0;
        }
        let (of_tenant, of_key) =
            (self.of_tenant.entry(tenant).or_default(), self.of_key.get(&(tenant, key.into())).copied().unwrap_or(0));
        if *of_tenant >= OF_TENANT || of_key >= OF_KEY || self.of_all >= OF_ALL {
            return;
        }
        *of_tenant += 1;
        self.of_all += 1;
        self.of_key.insert((tenant, key.into()), of_key + 1);
        let refused = refused();
        self.last = timestamp(at).micros().max(self.last + 1);
        self.rows.push(RefusedCall {
            tenant,
            at: Timestamp::from_micros(self.last),
            request: refused.request.clone(),
            person: refused.person.clone(),
            policies: refused.by(),
            told: serde_json::to_string(&refused).unwrap_or_default(),
        });
    }

    pub(super) fn rows(&self) -> &[RefusedCall] {
        &self.rows
    }

    pub(super) fn take(&mut self) -> Vec<RefusedCall> {
        std::mem::take(&mut self.rows)
    }
}
