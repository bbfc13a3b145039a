//! What came of a step, as the one line of its trace.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::command::Answer;
use crate::instance::{Instance, Status};

/// A refusal: code and sentence.
pub(super) fn refused(code: &str, sentence: &str) -> String {
    one_line(format!("! {code}: {sentence}"))
}

/// An answer that is about no instance.
pub(super) fn record(record: &Json) -> String {
    one_line(record.to_string())
}

/// How an instance stands, and what its last entry says.
pub(super) fn instance(answer: &Answer, stored: &Instance, entry: Option<&str>) -> String {
    let state = answer.state.as_deref().unwrap_or_default();
    let mut text = if answer.inside.is_empty() { state.to_owned() } else { answer.inside.join(" + ") };
    if let Some(status) = answer.status.filter(|status| *status != Status::Active) {
        let _ = write!(text, " ({})", status.as_str());
    }
    for seat in answer.tasks.iter().flat_map(|task| &task.open) {
        let behalf = seat.on_behalf_of.as_ref().map_or(String::new(), |person| format!(" for {person}"));
        let _ = write!(text, "; asked: {} {}{behalf}", seat.step, seat.person);
    }
    text.push_str(&entry.map_or(String::new(), detail));
    if let Some(incident) = &stored.detail.incident {
        let _ = write!(text, "; incident {}: {}", incident.code, incident.message);
    }
    one_line(text)
}

/// What an entry says besides the state: rungs, timers, what it started and told, rows of tables, messages.
fn detail(body: &str) -> String {
    let body: Json = serde_json::from_str(body).unwrap_or_default();
    let all = |key: &str| body[key].as_array().into_iter().flatten();
    let word = |json: &Json| json.as_str().unwrap_or("?").to_owned();
    let mut text = String::new();
    for fired in all("fired") {
        let people = |key: &str| {
            let ids: Vec<&str> = fired[key].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            ids.join(", ")
        };
        let (from, to) = (people("from"), people("to"));
        let from = if from.is_empty() { from } else { format!(" {from}") };
        let to = if to.is_empty() { to } else { format!(" -> {to}") };
        let _ = write!(text, "; {}{from}{to}", word(&fired["do"]));
    }
    for timer in all("timers") {
        let _ = write!(text, "; timer {}", word(&timer[0]));
    }
    for child in all("started") {
        let key = child["key"].as_str().map_or(String::new(), |key| format!("/{key}"));
        let _ = write!(text, "; started {}{key}", word(&child["workflow"]));
    }
    for chosen in all("tables") {
        let rows: Vec<String> = chosen["rows"].as_array().into_iter().flatten().map(Json::to_string).collect();
        let rows = if rows.is_empty() { "otherwise".to_owned() } else { format!("row {}", rows.join(", ")) };
        let _ = write!(text, "; table {}: {rows}", word(&chosen["table"]));
    }
    for report in all("reports") {
        let _ = write!(text, "; reports {}", word(&report["event"]));
    }
    for told in all("tells") {
        let _ = write!(text, "; tells itself {}", word(&told["message"]));
    }
    for sent in all("sent") {
        let _ = write!(text, "; sends {}", word(sent));
    }
    text
}

/// A trace is one line, whatever somebody wrote into a sentence, and what an editor strips at its end is not there.
fn one_line(text: String) -> String {
    let text = if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text };
    text.trim_end().to_owned()
}
