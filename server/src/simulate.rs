//! What would happen, as it is asked and told: the same over HTTP, on the command line and in memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::{NEEDS_HELP, OrganisationAt, merge_organisation};
use fluxor_engine::definition::Library;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::simulate::{Answer, Asked, Doing, Pace};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::repairs;

/// How much may be done after the start.
const MOST_EVENTS: usize = 100;

/// What is simulated.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Simulate)]
pub(crate) struct Question {
    /// The workflow's name. Left out, where `definition` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "purchase_order")]
    pub workflow: Option<Arc<str>>,
    /// The subject's fields. Money and quantities are text: "1200.00 EUR".
    #[schema(value_type = Object)]
    pub input: Document,
    /// Who starts it; only administrators name somebody else [default: the caller].
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ann")]
    pub starter: Option<PersonId>,
    /// When: `2026-03-02T08:00:00Z` [default: now].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub at: Option<String>,
    /// What is done after the start, in order, each `{event, payload, by, reason}` or `{act, step, by, for, reason}` with an act
    /// of `approve`, `reject`, `abstain`, `request_changes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Doing>,
    /// What is answered, by step (`*`: elsewhere): `approve` (the default), `reject`, `request_changes`, `none`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub answers: BTreeMap<Arc<str>, Answer>,
    /// `now`: whoever is asked answers at once. `due`: at the instant by which it is due, so that reminders and the like show.
    #[schema(value_type = String, example = "due")]
    pub pace: Pace,
    /// Stop as soon as somebody must act for whom nothing is assumed but approvals and time.
    pub hand: bool,
    /// What is entered into forms, by the path of the task's state; what answers to messages bring, by their event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub data: BTreeMap<Arc<str>, Document>,
    /// A change of the organisation, for this simulation alone: as `PATCH /v1/organisation` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub organisation: Option<Document>,
    /// The text of a definition to try in place of the one that is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// Everything that a simulation stands on but the rows.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub library: Library,
    pub organisations: Vec<Arc<OrganisationAt>>,
    pub asked: Asked,
}

impl Question {
    /// What it asks for. `starter`: who starts it where nobody is named; `tried`: what the definition's text came to.
    ///
    /// # Errors
    /// What is wrong with it, each with its place.
    pub(crate) fn prepared(
        self,
        starter: Option<PersonId>,
        tried: Option<Arc<Definition>>,
        (library, organisation): (&Library, Arc<OrganisationAt>),
        now: Timestamp,
    ) -> Result<Prepared, Refusal> {
        let invalid = |at: &str, why: String| Refusal::Invalid(vec![(at.to_owned(), why)]);
        let at = match &self.at {
            Some(text) => Timestamp::parse(text).map_err(|why| {
                invalid("/at", format!("this is no instant: {why}. Write it as `2026-03-02T08:00:00Z`"))
            })?,
            None => now,
        };
        if self.events.len() > MOST_EVENTS {
            return Err(invalid("/events", format!("there are more than {MOST_EVENTS} events: give fewer")));
        }
        let library = tried.as_ref().map_or_else(|| library.clone(), |tried| library.with_current(tried.clone()));
        let workflow = match (self.workflow, tried) {
            (Some(named), Some(tried)) if named != tried.name => {
                let why = format!("the definition's workflow is `{}`: name that, or leave this out", tried.name);
                return Err(invalid("/workflow", why));
            }
            (_, Some(tried)) => tried.name.clone(),
            (Some(named), None) => named,
            (None, None) => return Err(invalid("/workflow", "name a workflow, or give a `definition`".to_owned())),
        };
        let Some(starter) = self.starter.or(starter) else {
            return Err(invalid("/as", "say who starts it".to_owned()));
        };
        let organisation = match &self.organisation {
            None => organisation,
            Some(patch) => match merge_organisation(organisation.row.as_ref(), patch, at) {
                Ok(merged) => Arc::new(merged.read),
                Err(Refusal::Invalid(errors)) => {
                    let under = |(at, why): (String, String)| (format!("/organisation{at}"), why);
                    return Err(Refusal::Invalid(errors.into_iter().map(under).collect()));
                }
                Err(other) => return Err(other),
            },
        };
        let (events, answers, data) = (self.events, self.answers, self.data);
        let asked = Asked {
            input: self.input,
            events,
            answers,
            pace: self.pace,
            hand: self.hand,
            data,
            ..Asked::new(workflow, starter, at)
        };
        Ok(Prepared { library, organisations: vec![organisation], asked })
    }
}

/// A simulation as people read it, from what machines read: a server's answer is told like one's own.
#[must_use]
pub(crate) fn text(told: &Value) -> String {
    let mut text = format!(
        "{} (version {}), started by {} at {}\n",
        word(&told["workflow"]),
        told["version"],
        word(&told["starter"]),
        word(&told["at"])
    );
    text.push_str("\nWho is asked:\n");
    let asked = list(&told["asked"]);
    if asked.is_empty() {
        text.push_str("  nobody\n");
    }
    for (number, step) in (1..).zip(asked) {
        asked_step(&mut text, number, step);
    }
    text.push_str("\nWhat happens:\n");
    for step in list(&told["path"]) {
        let from = step["from"].as_str().map_or(String::new(), |from| format!("{from} -> "));
        let (at, by, what) = (word(&step["at"]), word(&step["by"]), word(&step["what"]));
        let _ = writeln!(text, "  {at}  {}: {by}: {what}: {from}{}", word(&step["workflow"]), word(&step["to"]));
    }
    for table in list(&told["tables"]) {
        let rows: Vec<String> = list(&table["rows"]).iter().map(ToString::to_string).collect();
        let rows = if rows.is_empty() { "what holds otherwise".to_owned() } else { format!("row {}", rows.join(", ")) };
        let _ = writeln!(text, "  table {} of {}: {rows}", word(&table["table"]), word(&table["workflow"]));
    }
    let assumptions = list(&told["assumptions"]);
    if !assumptions.is_empty() {
        text.push_str("\nAssumed:\n");
    }
    for sentence in assumptions {
        let _ = writeln!(text, "  {}", word(sentence));
    }
    let end = &told["end"];
    let state = Some(word(&end["state"])).filter(|state| !state.is_empty());
    let state = state.map_or(String::new(), |state| format!(" in {state}"));
    let code = end["code"].as_str().map_or(String::new(), |code| format!(" [{code}]"));
    let sentence = as_an_option(&in_words(word(&end["sentence"])));
    let _ = write!(text, "\nEnd: {}{state}{code}. {sentence}", word(&end["kind"]).replace('_', " "));
    text
}

/// Why an approval needs help, in words.
fn in_words(sentence: &str) -> String {
    match sentence.split_once(NEEDS_HELP) {
        Some((head, code)) => format!("{head}{}", repairs::sentence(&format!("{NEEDS_HELP}{code}"))),
        None => sentence.to_owned(),
    }
}

/// What is to be given, as it is given on the command line.
fn as_an_option(sentence: &str) -> String {
    let parts = sentence.rsplit_once("as `data` of `").and_then(|(head, name)| Some((head, name.strip_suffix("`.")?)));
    parts.map_or_else(|| sentence.to_owned(), |(head, name)| format!("{head}as --data {name}=JSON."))
}

fn asked_step(text: &mut String, number: usize, step: &Value) {
    let state = word(&step["state"]);
    let title = Some(word(&step["title"])).filter(|title| *title != state);
    let title = title.map_or(String::new(), |title| format!(" ({title})"));
    let round = step["round"].as_u64().filter(|round| *round > 1).map_or(String::new(), |n| format!(", round {n}"));
    let _ = writeln!(
        text,
        "{number:>3}. {}: {state}{title}: {}{round}: {} [{}]",
        word(&step["workflow"]),
        word(&step["step"]),
        word(&step["quorum"]),
        word(&step["status"])
    );
    let after: Vec<&str> = list(&step["opens_after"]).iter().map(word).collect();
    let opens = match (step["opens_at"].as_str(), after.is_empty()) {
        (Some(at), true) => format!("asked at {at}"),
        (Some(at), false) => format!("asked at {at}, after {}", after.join(", ")),
        (None, true) => "waits".to_owned(),
        (None, false) => format!("waits for {}", after.join(", ")),
    };
    let due = step["due_at"].as_str().map_or(String::new(), |due| format!("; due by {due}"));
    let plan = step["plan"].as_str().map_or(String::new(), |plan| format!("; plan {plan}"));
    let row = step["row"].as_u64().map_or(String::new(), |row| format!("; row {row} of the approval's table"));
    let _ = writeln!(text, "     {opens}{due}{plan}{row}");
    for person in list(&step["people"]) {
        let place = person["for"].as_str().map_or(String::new(), |who| format!(" for {who}"));
        let _ = writeln!(text, "     - {}{place}: {}", word(&person["person"]), word(&person["why"]));
    }
    if let Some(more) = step["more"].as_u64() {
        let _ = writeln!(text, "     - and {more} more");
    }
    for field in list(&step["fields"]) {
        let needed = if field["required"] == true { "" } else { ", may be left out" };
        let _ = writeln!(text, "     enters {} ({}{needed})", word(&field["name"]), word(&field["type"]));
    }
    for person in list(&step["not_asked"]) {
        let _ = writeln!(text, "     not asked: {}", word(&person["why"]));
    }
    for rung in list(&step["rungs"]) {
        let at = rung["at"].as_str().map_or(String::new(), |at| format!(" ({at})"));
        let to = rung["to"].as_str().map_or(String::new(), |to| format!(" to {to}"));
        let _ = writeln!(text, "     without an answer after {}{at}: {}{to}", word(&rung["after"]), word(&rung["do"]));
    }
    if let Some(until) = step["until"].as_str() {
        let then: Vec<&str> = list(&step["then"]).iter().map(word).collect();
        let _ = writeln!(text, "     undecided until {until}: it goes to {}", then.join(" or "));
    }
    if let Some(problem) = step["problem"].as_str() {
        let words = repairs::sentence(&format!("{NEEDS_HELP}{problem}"));
        let _ = writeln!(text, "     stuck: {words}");
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_is_told_in_words_of_the_command_line() {
        let step = json!({ "state": "review", "step": "buyers", "problem": "nobody" });
        let end = json!({ "kind": "needs_data", "state": "counting",
            "sentence": "ann is asked for data in `counting`: `n` (int). Give it as `data` of `counting`." });
        let told = text(&json!({ "asked": [step], "end": end }));
        assert!(told.contains("stuck: Nobody can be asked: "), "{told}");
        let step = json!({ "state": "review", "step": "chain", "problem": "over_limits" });
        let end = json!({ "kind": "incident", "state": "review",
            "sentence": "Somebody must help in `review`: the approval needs help: nobody:chain:>limit" });
        let over = text(&json!({ "asked": [step], "end": end }));
        assert!(over.contains("stuck: Nobody can approve the amount: no limit"), "{over}");
        assert!(over.contains("help in `review`: Nobody can approve the amount in the step `chain`: "), "{over}");
        assert!(told.ends_with("`n` (int). Give it as --data counting=JSON."), "{told}");
    }
}
