//! Repairs as they are asked for and told: the same over HTTP and on the command line.

use std::fmt::Write as _;

use fluxor_engine::command::{Actor, Command, Verb};
use fluxor_engine::ids::{Digest, TenantId};
use serde_json::Value;

/// What stands for the reason where only a preview is asked for.
pub(crate) const TO_BE_GIVEN: &str = "(to be given)";

/// A command that is only looked at: nothing is written, so that no request id is spent.
#[must_use]
pub(crate) fn asking(tenant: TenantId, actor: Actor, verb: Verb) -> Command {
    Command { tenant, request: "preview".into(), request_hash: Digest([0; 32]), actor, verb }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A value as people read it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a repair would do, for people.
#[must_use]
pub(crate) fn would(told: &Value) -> String {
    let mut text =
        format!("{} {}: {}", word(&told["repair"]).replace('_', " "), word(&told["instance"]), word(&told["from"]));
    let (from, to) = (word(&told["from"]), word(&told["to"]));
    if from != to {
        let _ = write!(text, " -> {to}");
    }
    let inside: Vec<&str> = list(&told["inside"]).iter().map(word).collect();
    if inside != [to] {
        let _ = write!(text, " (in {})", inside.join(" and "));
    }
    let _ = writeln!(text, ", then {}; at revision {}", word(&told["status"]), told["state_revision"]);
    for (name, what) in [("incidents_before", "incident now"), ("incidents", "incident afterwards")] {
        for incident in list(&told[name]) {
            let _ = writeln!(text, "  {what}: {} [{}]", plain(&incident[1]), plain(&incident[0]));
        }
    }
    for task in list(&told["tasks_closed"]) {
        let _ = writeln!(text, "  task {} is open no more", plain(task));
    }
    for task in list(&told["tasks_opened"]) {
        let people: Vec<String> =
            list(&task["open"]).iter().map(|s| format!("{} ({})", word(&s["person"]), word(&s["step"]))).collect();
        let due = task["due_at"].as_str().map_or(String::new(), |at| format!(", due by {at}"));
        let _ =
            writeln!(text, "  task {} in {} asks {}{due}", word(&task["id"]), word(&task["state"]), people.join(", "));
    }
    for (name, what) in [("timers_stopped", "stops"), ("timers_started", "starts")] {
        for timer in list(&told[name]) {
            let _ = writeln!(text, "  timer {} {what}: {}", word(&timer["name"]), word(&timer["at"]));
        }
    }
    for message in list(&told["messages"]) {
        let _ = writeln!(text, "  sends {} {}", word(&message["message"]), message["payload"]);
    }
    for (name, what) in [("sent_again", "sends again"), ("forgotten", "gives up for good")] {
        for message in list(&told[name]) {
            let _ = writeln!(text, "  {what}: {} {}", word(&message["destination"]), word(&message["id"]));
        }
    }
    for field in list(&told["fields"]) {
        let _ =
            writeln!(text, "  {}: {} -> {}", word(&field["field"]), plain(&field["before"]), plain(&field["after"]));
    }
    rest(&mut text, told);
    text.trim_end().to_owned()
}

fn rest(text: &mut String, told: &Value) {
    for row in list(&told["rows"]) {
        let _ = writeln!(text, "  writes {} {}", word(&row["kind"]), row["row"]);
    }
    for (name, what) in [("undone", "takes back"), ("left_out", "does not take back")] {
        for pair in list(&told[name]) {
            let _ = writeln!(text, "  {what} {} by {}", plain(&pair[0]), plain(&pair[1]));
        }
    }
    for pair in list(&told["told"]) {
        let _ = writeln!(text, "  tells {}: {}", plain(&pair[0]), plain(&pair[1]));
    }
    for child in list(&told["started"]) {
        let key = child["key"].as_str().map_or(String::new(), |key| format!(" {key}"));
        let _ = writeln!(text, "  starts {}{key} in {}", word(&child["workflow"]), word(&child["state"]));
    }
    for warning in list(&told["warnings"]) {
        let _ = writeln!(text, "  note: {}", word(warning));
    }
}

/// Which repairs are possible, for people.
#[must_use]
pub(crate) fn could(told: &Value) -> String {
    let can = |value: &Value| match value["possible"].as_bool() {
        Some(true) => "yes".to_owned(),
        _ => format!("no: {}", word(&value["why_not"])),
    };
    let mut text =
        format!("{} in {}, at revision {}\n", word(&told["instance"]), word(&told["state"]), told["state_revision"]);
    for incident in list(&told["incidents"]) {
        let at = incident["at"].as_str().map_or(String::new(), |at| format!(" at {at}"));
        let _ = writeln!(
            text,
            "incident{at} since {}: {} [{}]",
            word(&incident["since"]),
            word(&incident["message"]),
            word(&incident["code"])
        );
        let _ = writeln!(text, "  retry: {}\n  skip: {}", can(&incident["retry"]), can(&incident["skip"]));
        for field in list(&incident["payload"]) {
            let _ = writeln!(text, "    with {} ({})", plain(&field[0]), plain(&field[1]));
        }
    }
    let _ = writeln!(text, "cancel: {}", can(&told["cancel"]));
    for state in list(&told["move"]) {
        let here = if state["here"] == true { " (here)" } else { "" };
        let _ = writeln!(text, "move {}{here}: {}", word(&state["state"]), can(state));
    }
    for field in list(&told["set_data"]) {
        let _ = writeln!(text, "set {} ({}): {}", word(&field["field"]), word(&field["type"]), can(field));
    }
    text.trim_end().to_owned()
}
