//! Figures for Prometheus. Names and labels stand here and nowhere else.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "fluxor_http_requests_total";
const REQUEST_SECONDS: &str = "fluxor_http_request_duration_seconds";
const COMMANDS: &str = "fluxor_commands_total";
const QUEUE: &str = "fluxor_queue_depth";
const BATCH: &str = "fluxor_batch_commands";
const COMMIT_SECONDS: &str = "fluxor_commit_duration_seconds";
const OUTBOX: &str = "fluxor_outbox_attempts_total";

const SECONDS: &[f64] = &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Begins to count. Call it once a process; a second call counts into a recorder that nobody writes to.
pub(crate) fn start() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(SECONDS)?
        .set_buckets_for_metric(Matcher::Full(BATCH.to_owned()), SIZES)?
        .build_recorder();
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
    metrics::describe_histogram!(BATCH, "Commands a batch.");
    metrics::describe_histogram!(COMMIT_SECONDS, "How long batches took from their begin to their commit.");
    metrics::describe_counter!(OUTBOX, "Attempts to deliver a message, by destination and outcome.");
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

/// How many commands wait.
#[allow(clippy::cast_precision_loss, reason = "a queue is bounded far below 2^53")]
pub(crate) fn queue(depth: u64) {
    metrics::gauge!(QUEUE).set(depth as f64);
}

/// A batch was committed.
#[allow(dead_code, reason = "the runtime's observer calls it")]
#[allow(clippy::cast_precision_loss, reason = "batches are bounded")]
pub(crate) fn batch(commands: usize, took: Duration) {
    metrics::histogram!(BATCH).record(commands as f64);
    metrics::histogram!(COMMIT_SECONDS).record(took.as_secs_f64());
}

/// A message was tried.
#[allow(dead_code, reason = "called by the sinks once the dispatcher lands")]
pub(crate) fn outbox(destination: &str, arrived: bool) {
    let outcome = if arrived { "sent" } else { "failed" };
    metrics::counter!(OUTBOX, "destination" => destination.to_owned(), "outcome" => outcome).increment(1);
}
