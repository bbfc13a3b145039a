//! What an answer says about limits: the header fields of draft-ietf-httpapi-ratelimit-headers, `Retry-After`, and the
//! reason of a refusal. From a [`Decision`] alone; the layers write it into responses.
//!
//! What must always hold: `Retry-After` is there when a call is refused and waiting helps, is never 0, and is never
//! earlier than any reset that the same answer tells; nothing that is sent lets a caller recognise another's key.
//! Text is made in [`emit`], read in [`parse`]; bodies are in [`problem`].

pub mod emit;
pub mod fields;
pub mod parse;
mod partition;
pub mod problem;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};

pub use partition::Partition;

use self::fields::{LimitItem, PolicyItem};
use self::problem::{Reason, Refusal};
use crate::decide::{Decision, Line, Outcome, Unit, Verdict};
use crate::policy::Headers;

/// `RateLimit`.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// `RateLimit-Policy`.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The older three, of the drafts up to 06: the quota of the tightest policy.
pub const RATE_LIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
/// What is left of it.
pub const RATE_LIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// In how many seconds there is more.
pub const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Of how many policies an answer tells: of more, the tightest. Proxies refuse answers with more than some 8 KB of fields.
const MOST_TOLD: usize = 16;

/// How a service answers. One for the whole service: it holds the secret of the partition keys.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    partition: Partition,
    abnormal: BTreeSet<String>,
}

impl Answers {
    /// With partition keys that are opaque to everybody, and new with each process.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With partition keys made so. Replicas of one service need one secret.
    #[must_use]
    pub fn partition(mut self, partition: Partition) -> Self {
        self.partition = partition;
        self
    }

    /// Refusals of these policies are called abnormal usage (sign-in attempts, say) instead of a used-up quota.
    #[must_use]
    pub fn abnormal<N: Into<String>>(mut self, policies: impl IntoIterator<Item = N>) -> Self {
        self.abnormal.extend(policies.into_iter().map(Into::into));
        self
    }

    /// Why the call is refused; none if it is admitted.
    #[must_use]
    pub fn refusal(&self, decision: &Decision) -> Option<Refusal> {
        let (by, reason, most) = match &decision.outcome {
            Outcome::Admitted => return None,
            // Nobody has used anything up: the service is not all there.
            Outcome::Denied { by, .. } if decision.closed => (by, Reason::Capacity, None),
            Outcome::Denied { by, .. } if self.abnormal.contains(&**by) => (by, Reason::Abnormal, None),
            Outcome::Denied { by, .. } => (by, Reason::Quota, None),
            Outcome::Never { by, most } => (by, Reason::TooCostly, Some(*most)),
        };
        let others = decision.violated().map(|line| &line.policy).filter(|name| *name != by);
        let violated = [by].into_iter().chain(others).map(|name| name.to_string()).collect();
        let cost = decision.tightest().filter(|_| most.is_some()).map(|line| line.shift.of(decision.ticket.cost()));
        Some(Refusal { reason, violated, retry_after: wait(decision), cost, most, closed: decision.closed })
    }

    /// Writes the fields about limits; for a refused call `Retry-After` too. What stood there is replaced.
    pub fn write(&self, decision: &Decision, headers: Headers, fields: &mut HeaderMap) {
        fields.extend(self.fields(decision, headers));
        if let Some(seconds) = wait(decision) {
            fields.insert(RETRY_AFTER, seconds.into());
        }
    }

    /// The fields about limits, each once.
    #[must_use]
    pub fn fields(&self, decision: &Decision, headers: Headers) -> HeaderMap {
        let mut fields = HeaderMap::new();
        let mut put = |name: HeaderName, text: Option<String>| {
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                fields.insert(name, value);
            }
        };
        match headers {
            Headers::Draft10 | Headers::Following => {
                put(RATE_LIMIT_POLICY, emit::policies(&self.policies(decision)));
                put(RATE_LIMIT, emit::limits(&self.limits(decision), headers));
            }
            Headers::Legacy => {
                if let Some(line) = decision.tightest() {
                    put(RATE_LIMIT_LIMIT, Some(emit::number(line.quota)));
                    put(RATE_LIMIT_REMAINING, Some(emit::number(line.remaining)));
                    put(RATE_LIMIT_RESET, Some(emit::number(reset(line, wait(decision)).unwrap_or(0))));
                }
            }
            Headers::Off => {}
        }
        fields
    }

    /// What `RateLimit-Policy` says.
    #[must_use]
    pub fn policies(&self, decision: &Decision) -> Vec<PolicyItem> {
        let item = |line: &Line| PolicyItem {
            name: line.policy.to_string(),
            quota: line.quota,
            unit: match line.unit {
                Unit::Requests => None,
                Unit::ConcurrentRequests => Some("concurrent-requests".to_owned()),
            },
            // A lease bounds a crash; it is no window in which the quota could be used.
            window: (line.unit == Unit::Requests).then(|| line.window.secs_up().max(1)),
            partition: self.partition.of(&line.key),
        };
        told(decision).into_iter().map(item).collect()
    }

    /// What `RateLimit` says.
    #[must_use]
    pub fn limits(&self, decision: &Decision) -> Vec<LimitItem> {
        let wait = wait(decision);
        let cost = decision.is_admitted().then(|| decision.ticket.cost());
        let item = |line: &Line| LimitItem {
            name: line.policy.to_string(),
            remaining: line.remaining,
            reset: reset(line, wait),
            partition: self.partition.of(&line.key),
            cost: cost.filter(|_| line.unit == Unit::Requests).map(|cost| line.shift.of(cost)),
        };
        told(decision).into_iter().map(item).collect()
    }
}

/// The lines that are told, in the order of the settings.
fn told(decision: &Decision) -> Vec<&Line> {
    let lines = &decision.lines;
    let mut places: Vec<usize> = (0..lines.len()).collect();
    if lines.len() > MOST_TOLD {
        places.sort_by(|&a, &b| match (lines[a].is_tighter(&lines[b]), lines[b].is_tighter(&lines[a])) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => a.cmp(&b),
        });
        places.truncate(MOST_TOLD);
        places.sort_unstable();
    }
    places.into_iter().map(|place| &lines[place]).collect()
}

/// Where an admitted call is answered with a `Retry-After` of somebody else's, and a policy has nothing left: not earlier than
/// there is something again.
pub(crate) fn not_earlier(decision: &Decision, fields: &mut HeaderMap) {
    let seconds = |value: &HeaderValue| value.to_str().ok()?.parse::<u64>().ok();
    let Some(own) = fields.get(RETRY_AFTER).and_then(seconds) else { return };
    let used_up = decision.lines.iter().filter(|line| line.remaining == 0).filter_map(|line| reset(line, None));
    if let Some(later) = used_up.max().filter(|later| *later > own) {
        fields.insert(RETRY_AFTER, later.into());
    }
}

/// Writes `Retry-After` of a refusal, where waiting helps.
pub fn retry_after(refusal: &Refusal, headers: &mut HeaderMap) {
    if let Some(seconds) = refusal.retry_after {
        headers.insert(RETRY_AFTER, seconds.clamp(1, emit::MOST).into());
    }
}

/// `Retry-After` in whole seconds, rounded up; none if the call is admitted or can never pass.
fn wait(decision: &Decision) -> Option<u64> {
    let Outcome::Denied { retry_after, .. } = decision.outcome else { return None };
    let own = decision.lines.iter().filter_map(refused_for).max().unwrap_or(1);
    Some(retry_after.secs_up().max(own).clamp(1, emit::MOST))
}

/// For how long a line itself refuses the call, in whole seconds.
fn refused_for(line: &Line) -> Option<u64> {
    match line.verdict {
        Verdict::Later(span) => Some(span.secs_up().clamp(1, emit::MOST)),
        Verdict::Fine | Verdict::Never { .. } => None,
    }
}

/// The reset of a line: when the refused call would pass it, else when its quota is whole again.
///
/// Beside a `Retry-After` a line that did not refuse tells no later reset: a daily quota that is fine must not make a
/// client wait for tomorrow, and the draft wants `Retry-After` not to be earlier than a reset.
///
/// When all places are free nobody knows: places have no reset.
fn reset(line: &Line, wait: Option<u64>) -> Option<u64> {
    if line.unit == Unit::ConcurrentRequests && line.verdict.is_fine() {
        return None;
    }
    let seconds = match line.verdict {
        Verdict::Later(_) => refused_for(line),
        Verdict::Fine => Some(line.reset_after.secs_up()).filter(|seconds| wait.is_none_or(|wait| *seconds <= wait)),
        // Waiting does not help: a reset would say that it does.
        Verdict::Never { .. } => None,
    };
    seconds.filter(|seconds| *seconds > 0).map(|seconds| seconds.min(emit::MOST))
}

/// A decision as handlers find it in a request's extensions: its ticket is with the layer, and only the cost is told.
pub type Decided = Arc<Decision>;

#[cfg(test)]
mod tests;
