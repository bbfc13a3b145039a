//! How much of each limit was used, over time and by key.

use fluxor_limits::traffic::{Series, usage};
use fluxor_limits::{At, Policy, Span};
use serde::Serialize;
use utoipa::ToSchema;

use super::key::shown;
use super::when::long;
use super::{Limited, Seen, Wanted, Whose, text};

/// Steps that are taken where none is asked for, seconds; the first that makes no more than [`STEPS`].
const USUAL: [u64; 8] = [60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400];
const STEPS: u64 = 48;
/// How many steps there may be.
const MOST: u64 = 1_000;

/// What is asked of what was used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Used {
    /// Only by this policy.
    pub policy: Option<String>,
    /// Only under keys with these parts, such as `user=ann`.
    pub key: Option<Wanted>,
    /// How long a step is, such as `1h`.
    pub step: Option<String>,
}

/// How much was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Whose limits: `limits` or `server_limits`.
    setting: &'static str,
    /// From then on.
    #[schema(format = DateTime)]
    from: String,
    /// Before then.
    #[schema(format = DateTime)]
    to: String,
    /// Seconds.
    step_seconds: u64,
    /// How many calls there were, of what was asked for: of that policy, and under such keys.
    calls: u64,
    /// What these numbers do not tell.
    notes: Vec<String>,
    /// By policy and key: of each policy the 20 keys that cost most, and the sum of all others.
    series: Vec<OfKey>,
}

/// How much was used under a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageOfKey)]
struct OfKey {
    /// The policy.
    policy: String,
    /// What it admits, in words.
    admits: String,
    /// Whether it only reports, and refuses nothing.
    shadow: bool,
    /// The key; absent: all others together.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// How many calls there were.
    calls: u64,
    /// What those cost that were admitted. (Of places: how many were taken.)
    cost: u64,
    /// How many this policy refused; of several that refused a call, the one that makes it wait longest counts.
    refused: u64,
    /// How many it would have refused while it was in shadow, whatever became of them.
    would_refuse: u64,
    /// When the first step begins.
    #[schema(format = DateTime)]
    from: String,
    /// The steps, one after the other.
    steps: Vec<Step>,
}

/// A step of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageStep)]
struct Step {
    calls: u64,
    cost: u64,
    refused: u64,
    would_refuse: u64,
}

impl OfKey {
    /// A series, over all steps of the stretch.
    fn new(policy: &Policy, series: &Series, (from, to): (At, At)) -> Self {
        let sum =
            |of: fn(&fluxor_limits::traffic::Step) -> u64| series.steps.iter().map(of).fold(0, u64::saturating_add);
        let micros = Span::from_secs(series.step_secs.max(1)).micros();
        let strategy = series.key.as_ref().and_then(|key| policy.strategy_of(key)).unwrap_or(&policy.strategy);
        Self {
            policy: series.policy.clone(),
            admits: strategy.to_string(),
            shadow: policy.shadow,
            key: series.key.as_ref().map(|key| shown(policy, key)),
            calls: sum(|step| step.calls),
            cost: sum(|step| step.cost),
            refused: sum(|step| step.refused),
            would_refuse: sum(|step| step.would_refuse),
            from: text(At::from_micros(from.micros() / micros * micros)),
            steps: padded(series, from.micros() / micros, to.micros().saturating_sub(1) / micros),
        }
    }
}

/// All steps from one to another: those before the first call and after the last one are empty.
fn padded(series: &Series, first: u64, last: u64) -> Vec<Step> {
    let micros = Span::from_secs(series.step_secs).micros();
    let own = series.from.micros() / micros;
    (first..=last)
        .map(|place| {
            let step = place.checked_sub(own).and_then(|place| series.steps.get(usize::try_from(place).ok()?));
            let step = step.copied().unwrap_or_default();
            let fluxor_limits::traffic::Step { calls, cost, refused, would_refuse } = step;
            Step { calls, cost, refused, would_refuse }
        })
        .collect()
}

impl Used {
    /// The step, of a stretch of so many seconds.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub(crate) fn step(&self, of: u64) -> Result<u64, (&'static str, String)> {
        let Some(step) = &self.step else {
            let fits = USUAL.into_iter().find(|step| of.div_ceil(*step) <= STEPS);
            return Ok(fits.unwrap_or(86_400));
        };
        let shown: String = step.chars().take(80).collect();
        let seconds = long(step).and_then(|long| u64::try_from(long.as_secs()).ok());
        let wrong = || format!("`{shown}` is no length of time from 1s to 720h: write 5m, 1h or, for a day, 24h");
        let seconds = seconds.ok_or_else(|| ("step", wrong()))?;
        if of / seconds > MOST {
            let least = of.div_ceil(MOST);
            return Err((
                "step",
                format!("`{shown}` makes more than {MOST} steps of that time: take {least}s or longer"),
            ));
        }
        Ok(seconds)
    }
}

/// Sums what was used.
pub(crate) fn used(whose: &Whose, limited: &Limited, seen: Seen, asked: &Used, step: u64) -> Usage {
    let policies = &limited.policies;
    let mut seen = seen.bounded(policies);
    let mut notes = seen.notes();
    let all = seen.calls.total();
    if asked.key.is_some() || asked.policy.is_some() {
        // Among all others a key would not be told apart.
        let has = |caller: &fluxor_limits::Caller<'_>| {
            let own = policies.iter().filter(|policy| asked.policy.as_ref().is_none_or(|name| *policy.name == **name));
            let mut keys = own.filter_map(|policy| policy.ask(caller, 1).map(|ask| (policy, ask.key)));
            keys.any(|(policy, key)| asked.key.as_ref().is_none_or(|wanted| wanted.fits(policy.short(&key))))
        };
        seen.calls = seen.calls.only(|called| has(&called.caller));
    }
    let calls = seen.calls.total();
    let series = usage(&seen.calls, policies, Span::from_secs(step));
    let step_seconds = series.first().map_or(step, |series| series.step_secs);
    let own = series.iter().filter_map(|series| Some((series, policies.named(&series.policy)?)));
    let own = own.filter(|(of, _)| asked.policy.as_ref().is_none_or(|name| of.policy == *name));
    let own = own.filter(|(of, policy)| {
        asked.key.as_ref().is_none_or(|wanted| match &of.key {
            Some(key) => wanted.fits(policy.short(key)),
            None => wanted.is_of(policy),
        })
    });
    let series: Vec<OfKey> = own.map(|(of, policy)| OfKey::new(policy, of, (seen.from, seen.to))).collect();
    if series.is_empty() && asked.key.is_some() && all > 0 {
        notes.push("No call of that time was counted under such a key.".to_owned());
    }
    Usage {
        setting: whose.which().name(),
        from: text(seen.from),
        to: text(seen.to),
        step_seconds,
        calls,
        notes,
        series,
    }
}
