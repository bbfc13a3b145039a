//! Figures for Prometheus. Names and labels stand here and nowhere else.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::runtime::{Stats, Writes};
use fluxor_limits::Class;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::limits::{Kept, Limits};

const REQUESTS: &str = "fluxor_http_requests_total";
const REQUEST_SECONDS: &str = "fluxor_http_request_duration_seconds";
const COMMANDS: &str = "fluxor_commands_total";
const QUEUE: &str = "fluxor_queue_depth";
const TIMER_LATENESS: &str = "fluxor_timer_lateness_seconds";
const BATCHES: &str = "fluxor_batches_total";
const BATCH_COMMANDS: &str = "fluxor_batch_commands_total";
const BATCH_RERUNS: &str = "fluxor_batch_reruns_total";
const STORE_MICROS: &str = "fluxor_store_microseconds_total";
const REFUSES_WRITES: &str = "fluxor_store_refuses_writes";
const WRITE_FAILURES: &str = "fluxor_store_write_failures_total";
const OUTBOX: &str = "fluxor_outbox_attempts_total";
const LIMITS: &str = "fluxor_limit_decisions_total";
const LIMIT_KEYS: &str = "fluxor_limit_keys";
const LIMIT_EVICTED: &str = "fluxor_limit_keys_evicted_live_total";
const LIMITS_ALONE: &str = "fluxor_limit_decisions_alone_total";
const LIMITS_AWAY: &str = "fluxor_limits_store_away";
const LIMITS_STORE_SECONDS: &str = "fluxor_limits_store_duration_seconds";
const TAKEN_AHEAD: &str = "fluxor_limit_keys_taken_ahead";
const IN_FLIGHT: &str = "fluxor_http_requests_in_flight";
const SHED: &str = "fluxor_http_requests_shed_total";
const MAIL: &str = "fluxor_mail_total";

const WEBHOOKS: &str = "fluxor_webhook_attempts_total";
const REFUSED: &str = "fluxor_definitions_refused";
const RELOADS: &str = "fluxor_definition_reloads_total";
const IN_FORCE: &str = "fluxor_definition_in_force_since_seconds";

const SECONDS: &[f64] = &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Begins to count. Call it once a process; a second call counts into a recorder that nobody writes to.
pub(crate) fn start() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().set_buckets(SECONDS)?.build_recorder();
    let handle = recorder.handle();
    // Already set: tests start several servers in one process.
    let _ = metrics::set_global_recorder(recorder);
    describe();
    Ok(handle)
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests answered, by method, route and status.");
    metrics::describe_histogram!(REQUEST_SECONDS, "How long requests took, by method and route.");
    metrics::describe_counter!(COMMANDS, "Commands, by verb and outcome: done, repeated, or the code of the refusal.");
    metrics::describe_gauge!(QUEUE, "Commands waiting for a writer.");
    metrics::describe_gauge!(TIMER_LATENESS, "By how much the latest timer was late.");
    metrics::describe_counter!(BATCHES, "Batches committed.");
    metrics::describe_counter!(BATCH_COMMANDS, "Commands committed: by batches, the size of a batch.");
    metrics::describe_counter!(BATCH_RERUNS, "Batches run again one by one.");
    metrics::describe_counter!(
        STORE_MICROS,
        "Time in look-up, writing and committing: by batches, a commit's latency."
    );
    metrics::describe_gauge!(REFUSES_WRITES, "Whether the database took nothing of what was written last: 1 or 0.");
    metrics::describe_counter!(WRITE_FAILURES, "Commands that failed because the database took nothing.");
    metrics::describe_counter!(OUTBOX, "Attempts to deliver a message, by destination and outcome.");
    metrics::describe_counter!(
        LIMITS,
        "Decisions of limits, by policy and outcome: admitted, refused, would_refuse (in shadow)."
    );
    metrics::describe_gauge!(LIMIT_KEYS, "Keys that limits count in this process.");
    metrics::describe_counter!(
        LIMIT_EVICTED,
        "Keys forgotten for want of room though something was counted under them, those of policies in shadow too."
    );
    metrics::describe_counter!(LIMITS_ALONE, "Decisions made without the shared store, because it was away.");
    metrics::describe_gauge!(
        LIMITS_AWAY,
        "Whether the shared store of limits is away: 1 or 0; missing if none is shared."
    );
    metrics::describe_histogram!(LIMITS_STORE_SECONDS, "How long the shared store of limits took to answer.");
    metrics::describe_gauge!(TAKEN_AHEAD, "Keys for which tokens were taken ahead from the shared store.");
    metrics::describe_gauge!(IN_FLIGHT, "Requests in flight, by class.");
    metrics::describe_counter!(SHED, "Requests refused because too many were in flight.");
    metrics::describe_counter!(
        MAIL,
        "Mails to people, by outcome: sent, failed (tried again), refused, broken, no_address, bad_address, inactive, off, \
         aside (for a digest), settled (done before it went out; a digest without news)."
    );
    metrics::describe_counter!(
        WEBHOOKS,
        "Attempts to deliver to webhooks, by outcome: delivered, again, failed (given up), gone (410)."
    );
    metrics::describe_gauge!(REFUSED, "Files of definitions that are refused now: what was in force before stays.");
    metrics::describe_counter!(
        RELOADS,
        "Times definitions were loaded again, by outcome: changed, unchanged, refused (some of it), failed (none of it)."
    );
    metrics::describe_gauge!(
        IN_FORCE,
        "Since when a workflow's definition is in force here, as a Unix time; 0: none is any more."
    );
}

/// A request was answered.
pub(crate) fn request(method: &'static str, route: &str, status: u16, took: Duration) {
    let route = route.to_owned();
    metrics::counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!(REQUEST_SECONDS, "method" => method, "route" => route).record(took.as_secs_f64());
}

/// A command was answered. `outcome` is `done`, `repeated` or a code.
pub(crate) fn command(verb: &'static str, outcome: &'static str) {
    metrics::counter!(COMMANDS, "verb" => verb, "outcome" => outcome).increment(1);
}

/// What the engine counted since its start.
#[allow(clippy::cast_precision_loss, reason = "a queue is bounded far below 2^53")]
pub(crate) fn engine(stats: &Stats, writes: &Writes, queued: usize) {
    metrics::gauge!(QUEUE).set(queued as f64);
    metrics::gauge!(REFUSES_WRITES).set(if writes.refusing().is_some() { 1.0 } else { 0.0 });
    metrics::counter!(WRITE_FAILURES).absolute(writes.failures());
    let seconds = stats.timer_lateness_micros.load(Ordering::Relaxed) as f64 / 1e6;
    metrics::gauge!(TIMER_LATENESS).set(seconds);
    let counts = [
        (BATCHES, &stats.batches),
        (BATCH_RERUNS, &stats.rerun),
        (STORE_MICROS, &stats.store_micros),
        (BATCH_COMMANDS, &stats.done),
    ];
    for (name, count) in counts {
        metrics::counter!(name).absolute(count.load(Ordering::Relaxed));
    }
}

/// How many policies are counted by name: tenants name them.
const MOST_POLICIES: usize = 100;

/// A limit was asked.
pub(crate) fn limit(policy: &str, outcome: &'static str) {
    static NAMED: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());
    let known = NAMED.read().unwrap_or_else(PoisonError::into_inner).contains(policy);
    let policy = if known {
        policy
    } else {
        let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
        let room = named.len() < MOST_POLICIES && named.insert(policy.to_owned());
        if room || named.contains(policy) { policy } else { "other" }
    };
    metrics::counter!(LIMITS, "policy" => policy.to_owned(), "outcome" => outcome).increment(1);
}

/// A call was decided without the shared store.
pub(crate) fn limits_alone() {
    metrics::counter!(LIMITS_ALONE).increment(1);
}

/// The shared store answered.
pub(crate) fn limits_store(took: Duration) {
    metrics::histogram!(LIMITS_STORE_SECONDS).record(took.as_secs_f64());
}

/// How the limits stand.
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) fn limits(limits: &Limits) {
    let limiter = limits.limiter();
    let (keys, evicted) = match limiter.store() {
        Kept::Process(store) => (store.len(), store.evicted_live()),
        _ => limiter.remembered(),
    };
    metrics::gauge!(LIMIT_KEYS).set(keys as f64);
    metrics::counter!(LIMIT_EVICTED).absolute(evicted);
    if let Some(away) = limiter.store().is_away() {
        metrics::gauge!(LIMITS_AWAY).set(f64::from(u8::from(away)));
        metrics::gauge!(TAKEN_AHEAD).set(limiter.taken_ahead() as f64);
    }
    for class in Class::ALL {
        metrics::gauge!(IN_FLIGHT, "class" => class.name()).set(limits.shed().in_flight(class) as f64);
    }
    metrics::counter!(SHED).absolute(limits.shed().refused() as u64);
}

/// A message was tried.
pub(crate) fn outbox(destination: &str, arrived: bool) {
    let outcome = if arrived { "sent" } else { "failed" };
    metrics::counter!(OUTBOX, "destination" => destination.to_owned(), "outcome" => outcome).increment(1);
}

/// A mail to one person was tried, or there was nowhere to write to.
pub(crate) fn mail(outcome: &'static str) {
    metrics::counter!(MAIL, "outcome" => outcome).increment(1);
}

/// A delivery to a webhook was tried.
pub(crate) fn webhook(outcome: &'static str) {
    metrics::counter!(WEBHOOKS, "outcome" => outcome).increment(1);
}

/// Definitions were loaded again.
pub(crate) fn reload(outcome: &'static str) {
    metrics::counter!(RELOADS, "outcome" => outcome).increment(1);
}

/// So many files are refused.
#[allow(clippy::cast_precision_loss, reason = "files far below 2^53")]
pub(crate) fn definitions_refused(files: usize) {
    metrics::gauge!(REFUSED).set(files as f64);
}

/// Since when a definition is in force.
#[allow(clippy::cast_precision_loss, reason = "a millisecond more or less is the same")]
pub(crate) fn definition(workflow: &str, since: Option<Timestamp>) {
    let seconds = since.map_or(0.0, |since| since.micros() as f64 / 1e6);
    metrics::gauge!(IN_FORCE, "workflow" => workflow.to_owned()).set(seconds);
}
