//! The demo in words that a purchasing manager understands.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Stage;
use super::decide::Decided;
use crate::audit::Report;
use crate::cli::out::counted;
use crate::cli::reorder;

/// What was found and ordered.
fn head(stage: &Stage) -> String {
    let told = &stage.told;
    let mut text = format!("\n{}", stage.company);
    if let Some(day) = &told.as_of {
        let _ = write!(text, ", as of {day}");
    }
    let _ = writeln!(text, "\n{} items read, {} of them short.", stage.items_read, stage.items_short());
    if stage.waiting > 0 {
        let _ = writeln!(
            text,
            "{} orders of earlier runs waited for somebody who decides; what they bring counted as on order.",
            stage.waiting
        );
    }
    text.push_str(&reorder::text(told));
    text
}

/// While it serves: who is asked and why, what next.
pub(super) fn served(stage: &Stage, url: &str, keys: &BTreeMap<&'static str, (String, String)>) -> String {
    let mut text = head(stage);
    if !stage.told.orders.is_empty() {
        text.push_str(
            "\nEach order goes up from the planner who asks for it: to the buyer, the purchasing manager and on, to the\n\
             first whose limit covers it. Whoever is asked sees why.\n",
        );
    }
    let _ = writeln!(text, "\nServing {url} (stop it with Ctrl-C); the data is in {}", stage.config.database_shown());
    let _ = writeln!(text, "Ready to paste:\n");
    for (role, (person, key)) in keys {
        let _ = writeln!(text, "{}='{key}'   # {person}, {role}", role.to_uppercase());
    }
    let _ = writeln!(text, "\n# In a browser, {url}/ shows what waits: sign in with one of these keys.");
    if let Some((_, (_, key))) = keys.first_key_value() {
        let _ = writeln!(text, "\n# what waits for the buyer, and why");
        let _ = writeln!(text, "curl -sS {url}/v1/tasks -H 'Authorization: Bearer {key}'");
    }
    if let Some(order) = stage.told.orders.first() {
        let (id, task) = (order.id, format!("{}.1", order.id));
        let buyer = "-H \"Authorization: Bearer $BUYER\"";
        let _ = writeln!(text, "\n# approve the first order: its etag says what was seen");
        let _ = writeln!(
            text,
            "ETAG=$(curl -sS -i {url}/v1/tasks/{task} {buyer} | grep -i '^etag:' | cut -d' ' -f2 | tr -d '\\r')"
        );
        let _ = writeln!(
            text,
            "curl -sS {url}/v1/tasks/{task}/decisions {buyer} -H \"If-Match: $ETAG\" -H 'Idempotency-Key: first' \\\n  \
             -H 'Content-Type: application/json' -d '{{\"act\": \"approve\", \"step\": \"chain\"}}'"
        );
        let _ = writeln!(text, "\n# everything that happened to it, hash by hash");
        let _ = writeln!(text, "curl -sS {url}/v1/instances/{id}/history {buyer}");
        if let Some(item) = order.lines.first().and_then(|line| line["item"].as_str()) {
            let _ = writeln!(text, "\n# why so much of {item}, and why from there");
            let _ = writeln!(text, "curl -sS '{url}/v1/reorder/explain?item={item}' {buyer}");
        }
    }
    text
}

/// At the end of `--once`.
pub(super) fn ended(stage: &Stage, decided: &Decided, report: &Report) -> String {
    let mut text = head(stage);
    let _ = writeln!(
        text,
        "\n{} approvals were decided over HTTP, {} requests declined, {} orders still wait for somebody.",
        decided.approvals, decided.refusals, decided.waiting
    );
    if decided.waiting == 0 && !stage.told.orders.is_empty() {
        text.push_str(
            "What is approved stands in `open.ordering` until a buyer says with the event `sent` that it went to its supplier;\n\
             `serve --outbox-dir DIR` writes each order that is approved from then on as a file, and moves it on.\n",
        );
    }
    let verdict = if report.ok { "adds up" } else { "DOES NOT ADD UP" };
    let _ = writeln!(
        text,
        "The audit trail {verdict}: {} in {}, each checked by its hash.",
        counted(report.entries, "entry", "entries"),
        counted(report.streams, "stream", "streams")
    );
    for finding in &report.findings {
        let _ =
            writeln!(text, "  [{}] stream {} entry {}: {}", finding.code, finding.stream, finding.seq, finding.message);
    }
    let _ = writeln!(text, "The data is in {}.", stage.config.database_shown());
    text
}
