//! Repairs as they are asked for and told: the same over HTTP and on the command line.

mod untold;

use std::fmt::Write as _;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Actor, Command, Verb};
use fluxor_engine::decide::{NEEDS_HELP, OVER_LIMITS};
use fluxor_engine::definition::chart::TASK_STEP;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use serde_json::Value;

pub(crate) use untold::people as not_told;

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

/// A value as it is written.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The step in which nobody may decide, if an incident says that.
pub(crate) fn nobody_in(message: &str) -> Option<&str> {
    let step = message.strip_prefix(NEEDS_HELP)?.strip_prefix("nobody:")?;
    Some(step.split_once(':').map_or(step, |(step, _)| step))
}

/// What is wrong with an instance, as a sentence: an approval says it in codes.
pub(crate) fn sentence(message: &str) -> String {
    let Some(code) = message.strip_prefix(NEEDS_HELP) else {
        return untold::to_mend(message).unwrap_or_else(|| message.to_owned());
    };
    let (stuck, step) = code.split_once(':').unwrap_or((code, ""));
    let (step, empty) = step.split_once(':').map_or((step, None), |(step, field)| (step, Some(field)));
    let at = Some(step).filter(|step| !matches!(*step, "" | TASK_STEP));
    let at = at.map_or_else(String::new, |step| format!(" in the step `{step}`"));
    match stuck {
        "over_limits" => over_limits(&at),
        "nobody" if empty == Some(OVER_LIMITS) => over_limits(&at),
        "nobody" if empty.is_some() => {
            let field = empty.unwrap_or_default();
            format!(
                "Nobody can be asked{at}: `{field}` is empty. Whoever may change the document writes in it who, or where, is meant."
            )
        }
        "nobody" => {
            format!("Nobody can be asked{at}: the organisation has nobody for it, or nobody who may decide about this.")
        }
        "rate_missing" => {
            format!("An amount cannot be compared with a limit{at}: the organisation has no rate of its currency.")
        }
        "quorum_out_of_reach" => format!("Not enough people are left to approve it{at}."),
        "late" => format!("It takes too long{at}: somebody has to look at it."),
        "nobody_to_escalate" => format!("It is late{at}, and there is nobody higher to pass it to."),
        "no_row" => "No rule of the approval fits it, so that nobody is asked.".to_owned(),
        _ => message.to_owned(),
    }
}

/// That a chain has come to its end, and what could be done.
fn over_limits(at: &str) -> String {
    format!(
        "Nobody can approve the amount{at}: no limit of those on the way up covers it. Somebody there needs a higher limit in the \
         organisation, or the amount has to be lower."
    )
}

/// The same for people who cannot mend it: what a server answered helps only whoever looks after it. `reader`: who reads it.
pub(crate) fn for_people(message: &str, reader: Option<&PersonId>) -> String {
    if let Some(said) = untold::to_tell(message, reader) {
        return said;
    }
    let failed = message.strip_prefix('`').and_then(|rest| rest.split_once("` could not be delivered: "));
    match failed {
        Some((name, _)) => {
            let name = name.replace('_', " ");
            format!("Sending it ({name}) has failed. An administrator looks after it: you need do nothing.")
        }
        None => sentence(message),
    }
}

/// A row of the books in words: what is empty is left out, an instant is no number.
fn row(row: &Value, say: &dyn Fn(&Value) -> String) -> String {
    let Some(fields) = row.as_object() else { return say(row) };
    let one = |(name, value): (&String, &Value)| {
        let said = match value.as_i64().filter(|_| name.ends_with("_at")) {
            Some(micros) => say(&Timestamp::from_micros(micros).to_string().into()),
            None => say(value),
        };
        format!("{} {said}", name.replace('_', " "))
    };
    fields.iter().filter(|(_, value)| !value.is_null()).map(one).collect::<Vec<_>>().join(", ")
}

/// What a repair would do, for people; `say`: how they read a value.
#[must_use]
pub(crate) fn would(told: &Value, say: &dyn Fn(&Value) -> String) -> String {
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
            let _ = writeln!(text, "  {what}: {} [{}]", sentence(word(&incident[1])), plain(&incident[0]));
        }
    }
    for task in list(&told["tasks_closed"]) {
        let _ = writeln!(text, "  task {} is open no more", plain(task));
    }
    for task in list(&told["tasks_opened"]) {
        let people: Vec<String> =
            list(&task["open"]).iter().map(|s| format!("{} ({})", say(&s["person"]), word(&s["step"]))).collect();
        let due = task["due_at"].as_str().map_or(String::new(), |_| format!(", due by {}", say(&task["due_at"])));
        let _ =
            writeln!(text, "  task {} in {} asks {}{due}", word(&task["id"]), word(&task["state"]), people.join(", "));
    }
    for (name, what) in [("timers_stopped", "stops"), ("timers_started", "starts")] {
        for timer in list(&told[name]) {
            let _ = writeln!(text, "  timer {} {what}: {}", word(&timer["name"]), say(&timer["at"]));
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
        let _ = writeln!(text, "  {}: {} -> {}", word(&field["field"]), say(&field["before"]), say(&field["after"]));
    }
    rest(&mut text, told, say);
    text.trim_end().to_owned()
}

fn rest(text: &mut String, told: &Value, say: &dyn Fn(&Value) -> String) {
    for one in list(&told["rows"]) {
        let _ = writeln!(text, "  writes {}: {}", word(&one["kind"]).replace('_', " "), row(&one["row"], say));
    }
    for message in list(&told["withdrawn"]) {
        let _ = writeln!(text, "  does not send {} any more, unless it has gone out by then", word(message));
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
            sentence(word(&incident["message"])),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn codes_of_an_approval_become_sentences() {
        let help = |code: &str| sentence(&format!("the approval needs help: {code}"));
        assert!(help("nobody:manager").starts_with("Nobody can be asked in the step `manager`: "));
        assert!(
            help("nobody:task").starts_with("Nobody can be asked: "),
            "the one step of a task has no name for people"
        );
        assert!(help("nobody:buyers:unit").starts_with("Nobody can be asked in the step `buyers`: `unit` is empty. "));
        assert!(help("nobody:chain:>limit").starts_with("Nobody can approve the amount in the step `chain`: no limit"));
        assert_eq!(help("over_limits"), help("nobody:task:>limit"));
        assert_eq!(nobody_in("the approval needs help: nobody:buyers:unit"), Some("buyers"));
        assert_eq!(help("late:boss"), "It takes too long in the step `boss`: somebody has to look at it.");
        assert_eq!(help("no_row"), "No rule of the approval fits it, so that nobody is asked.");
        assert_eq!(help("new_code:x"), "the approval needs help: new_code:x", "what is not known is told as it is");
        assert_eq!(sentence("the mail came back"), "the mail came back");
        assert_eq!(
            for_people("`order_to_supplier` could not be delivered: 127.0.0.1:18390 answered 400", None),
            "Sending it (order to supplier) has failed. An administrator looks after it: you need do nothing."
        );
        assert_eq!(for_people("the approval needs help: no_row", None), sentence("the approval needs help: no_row"));
    }

    #[test]
    fn rows_are_told_without_numbers_for_instants() {
        let told = row(
            &json!({ "number": "PO-1", "changed_at": 1_772_445_600_000_000_i64, "note": null, "lines": 2 }),
            &plain,
        );
        assert_eq!(told, "changed at 2026-03-02T10:00:00Z, lines 2, number PO-1");
    }
}
