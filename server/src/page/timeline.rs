//! The history of an instance as people read it: one line an entry, with who was asked, what was changed, who was told.

mod bounds;
mod notes;
mod since;

use std::fmt::{self, Write as _};
use std::sync::Arc;

use fluxor_engine::audit::{Entry, Header};
use fluxor_engine::definition::chart::{Definition, TASK_STEP};
use fluxor_engine::effect::WITHDRAWN_ARRIVED;
use fluxor_engine::ids::{DefinitionHash, PersonId};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::line_changes::{differences, written};
use super::mending::{of_timer, title};
use super::words::{Words, called, words};
use crate::repairs::{for_people, sentence};
use notes::{Untold, asked, brought, fell_due, not_reached, told};

pub(crate) use notes::wrong;
pub(crate) use since::{meanwhile, rebased, since};

/// Fields that an entry changed are told up to so many.
const MOST_CHANGES: usize = 12;

/// The message that tells of the end of a called workflow.
const CALL_ENDED: &str = "call_ended";

/// The message that tells that another one was given up.
const DELIVERY_FAILED: &str = "delivery_failed";

/// What an entry says.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    seq: i64,
    at: String,
    ago: String,
    who: String,
    what: String,
    moved: Option<String>,
    /// Whether time passed and nothing else moved.
    only_time: bool,
    reason: Option<String>,
    notes: Vec<String>,
    /// The entry itself, for whoever checks it, or its beginning. (`raw` would be a helper of the templates.)
    written: String,
    /// Where the whole of it is, where it is longer.
    whole: Option<String>,
    hash: String,
}

/// A field that is another than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    name: String,
    before: String,
    after: String,
}

impl Change {
    pub(super) const fn new(name: String, before: String, after: String) -> Self {
        Self { name, before, after }
    }

    /// Whether it is one at all.
    pub(super) fn is_one(&self) -> bool {
        self.before != self.after
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = bounds::beside(&self.before, &self.after);
        // A field that is called by a question has its mark already.
        let colon = if self.name.ends_with('?') { "" } else { ":" };
        write!(f, "{}{colon} {before} → {after}", self.name)
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (before, after) = bounds::beside(&self.before, &self.after);
        serde_json::json!({ "name": self.name, "before": before, "after": after }).serialize(serializer)
    }
}

/// What has to be known besides some entries to tell what they say.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Definitions that the instance had before it was moved to another version.
    pub definitions: Vec<Arc<Definition>>,
    /// The lines of the order before the first of them, where they are known.
    pub lines: Option<Vec<Value>>,
    /// Whether what did not go well is told as whoever mends it needs it.
    pub operator: bool,
}

impl Past {
    /// The definition of this hash, of those and of the one that it has now.
    fn by<'d>(&'d self, hash: Option<&DefinitionHash>, now: &'d Definition) -> &'d Definition {
        let known = |hash: &DefinitionHash| self.definitions.iter().find(|known| known.hash == *hash);
        hash.and_then(known).map_or(now, |known| known)
    }
}

/// The lines of the order after these entries, as far as they say it.
pub(crate) fn lines_after(entries: &[Entry]) -> Option<Vec<Value>> {
    let bodies = entries.iter().rev().map(|entry| serde_json::from_str::<Value>(&entry.body).unwrap_or_default());
    bodies.filter_map(|body| written(&body).cloned()).next()
}

/// The entries, the newest first.
pub(super) fn items(entries: &[Entry], definition: &Definition, past: &Past, speak: &Words) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::with_capacity(entries.len());
    let (mut before, mut lines) = (None, past.lines.clone());
    let untold = untold(entries);
    for entry in entries {
        let Ok(header) = entry.parsed() else { continue };
        let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
        let own = past.by(header.definition.as_ref(), definition);
        let from = past.by(before.as_ref().or(header.definition.as_ref()), definition);
        all.push(item(entry, (&header, &body), (from, own), (past, lines.as_deref(), &untold), speak));
        lines = written(&body).cloned().or(lines).filter(|_| !body.is_null());
        before = header.definition;
    }
    let all = all.into_iter().rev();
    let mut items: Vec<Item> = Vec::new();
    // Time that only passed is no news; of the same that follows one another the newest is told.
    for item in all.filter(|item| !item.only_time || !item.notes.is_empty()) {
        let again = items.last().is_some_and(|last| last.only_time && item.only_time && last.notes == item.notes);
        if !again {
            items.push(item);
        }
    }
    items
}

/// Whom the notices of these entries did not reach, as later ones say.
fn untold(entries: &[Entry]) -> Untold {
    let mut untold = Untold::new();
    for entry in entries {
        if let Ok(header) = entry.parsed() {
            not_reached(&header, &serde_json::from_str(&entry.body).unwrap_or_default(), &mut untold);
        }
    }
    untold
}

fn list<'v>(body: &'v Value, name: &str) -> &'v [Value] {
    body[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// What an entry says. `from` is the definition before it, `own` that of afterwards.
fn item(
    entry: &Entry,
    (header, body): (&Header, &Value),
    (from, own): (&Definition, &Definition),
    (past, lines, untold): (&Past, Option<&[Value]>, &Untold),
    speak: &Words,
) -> Item {
    let moved = match (&header.from, &header.to) {
        (Some(old), Some(new)) if old != new => Some(format!("{} → {}", title(from, old), title(own, new))),
        (None, Some(new)) => Some(title(own, new)),
        _ => None,
    };
    let mut notes = Vec::new();
    notes.extend(asked(body, speak));
    notes.extend(list(body, "fired").iter().filter_map(|fired| fell_due(fired, speak)));
    notes.extend(list(body, "timers").iter().map(|timer| {
        format!(
            "The time of {} had come.",
            timer[0].as_str().map_or_else(String::new, |name| format!("“{}”", of_timer(name, from)))
        )
    }));
    let why =
        |message: String| speak.named(&if past.operator { sentence(&message) } else { for_people(&message, None) });
    notes.extend(wrong(body).into_iter().map(why).map(|why| format!("It did not go well: {why}")));
    let mut changes = changed(body, own, speak);
    changes.extend(
        written(body).filter(|_| header.from.is_some()).into_iter().flat_map(|after| differences(lines, after, speak)),
    );
    if matches!(&*header.verb, "signal" | "complete") {
        notes.extend(brought((header, body), &changes, own, speak));
    }
    let more = changes.len().saturating_sub(MOST_CHANGES);
    notes.extend(changes.iter().take(MOST_CHANGES).map(ToString::to_string));
    notes.extend((more > 0).then(|| format!("and {more} more changes")));
    notes
        .extend(list(body, "sent").iter().filter_map(Value::as_str).map(|name| format!("To be sent: {}", words(name))));
    notes.extend(
        list(body, "withdrawn")
            .iter()
            .filter_map(Value::as_str)
            .map(|name| format!("Not to be sent any more, unless it had gone out already: {}", words(name))),
    );
    notes.extend(told(body, untold.get(&entry.seq), speak));
    let (written, whole) = bounds::entry(entry, body);
    // That somebody has to look at it is news.
    let is_incident = list(body, "changes").iter().any(|change| {
        let at = text(change, "at");
        at.contains("incident") || at.contains("others")
    });
    Item {
        seq: entry.seq,
        at: speak.at(entry.at),
        ago: speak.when(entry.at),
        who: who(header, body, speak),
        what: what(header, body, own, speak),
        only_time: &*header.verb == "wake" && moved.is_none() && !is_incident,
        moved,
        reason: body["reason"].as_str().map(|reason| bounds::cut(reason, bounds::REASON)),
        notes: bounds::notes(notes),
        written,
        whole,
        hash: entry.hash.to_string(),
    }
}

/// Whether an entry of the engine's own tells what no time has brought: somebody else may act now.
fn is_news(header: &Header, body: &Value) -> bool {
    &*header.verb == "wake"
        && list(body, "fired").is_empty()
        && list(body, "timers").is_empty()
        && header.from == header.to
}

pub(super) fn who(header: &Header, body: &Value, speak: &Words) -> String {
    let mut who = match (&header.actor, &*header.actor_kind) {
        (Some(person), _) => speak.name(person),
        (None, "timer") if is_news(header, body) => "The organisation".to_owned(),
        (None, "timer") => "Time".to_owned(),
        // Nothing else starts by a message: it was called for, or is part of a run.
        (None, "message") if &*header.verb == "start" => "Another document".to_owned(),
        (None, "message") if header.event.as_deref() == Some(CALL_ENDED) => "What it had called".to_owned(),
        (None, "message") => "A message".to_owned(),
        (None, _) => "The operator".to_owned(),
    };
    if let Some(behalf) = &header.behalf {
        let _ = write!(who, " for {}", speak.name(behalf));
    }
    who
}

/// What was done, as the rest of a sentence that begins with who did it.
pub(super) fn what(header: &Header, body: &Value, definition: &Definition, speak: &Words) -> String {
    let step = list(body, "acted").first().map_or("", |act| match text(&act["right"]["seat"], "step") {
        "" => text(&act["verb"], "step"),
        step => step,
    });
    let step = if matches!(step, "" | TASK_STEP) { String::new() } else { format!(" ({})", words(step)) };
    if let Some(whom) = concerned(body) {
        let whom = speak.name(&whom);
        let done = match &*header.verb {
            "ask" => format!("asked {whom} a question"),
            "delegate" => format!("delegated it to {whom}"),
            "reassign" => format!("reassigned it to {whom}"),
            "add_approver" => format!("added {whom} as an approver"),
            "add_watcher" => return format!("let {whom} watch it"),
            "repair" => format!("gave a seat to {whom}"),
            _ => String::new(),
        };
        if !done.is_empty() {
            return format!("{done}{step}");
        }
    }
    let done = match &*header.verb {
        "start" => "started it",
        "approve" => "approved",
        "reject" => "rejected",
        "abstain" => "abstained",
        "request_changes" => "asked for changes",
        "ask" => "asked a question",
        "answer" => "answered",
        "delegate" => "delegated",
        "reassign" => "reassigned",
        "add_approver" => "added an approver",
        "add_watcher" => "added a watcher",
        "escalate" => "escalated",
        "remind" => "reminded",
        "look" => "is looking at it",
        "complete" => "gave what was asked for",
        "migrate" => return migrated(body),
        "retry" => "had tried again what failed",
        "skip" => "skipped what failed",
        "move" => "moved it by hand",
        "set_data" => "corrected the document",
        "cancel" => "ended it where it stood",
        "repair" => return format!("{}{step}", helped(body)),
        "wake" if is_news(header, body) => "has changed, or an absence in it began or ended",
        "wake" => "passed",
        "message" if header.event.as_deref() == Some(CALL_ENDED) => "ended",
        "message" if header.event.as_deref() == Some(DELIVERY_FAILED) => "did not arrive",
        "message" if header.event.as_deref() == Some(WITHDRAWN_ARRIVED) => {
            "that was withdrawn has arrived all the same; the one that was sent since follows"
        }
        "message" => {
            return header
                .event
                .as_deref()
                .map_or_else(|| "came".to_owned(), |event| format!("came: {}", words(event)));
        }
        "signal" => {
            let event = header.event.as_deref().unwrap_or_default();
            let title = definition.events.get(event).map_or_else(|| words(event), |event| event.title.to_string());
            return format!("said: {title}");
        }
        other => return format!("{}{step}", words(other)),
    };
    format!("{done}{step}")
}

/// Whom an act is about: who was asked, added, or came in somebody's place.
fn concerned(body: &Value) -> Option<PersonId> {
    let verb = &list(body, "acted").first()?["verb"];
    verb["to"].as_str().or_else(|| verb["person"].as_str()).map(PersonId::from)
}

/// How an approval was helped that could not go on.
fn helped(body: &Value) -> &'static str {
    match list(body, "acted").first().map_or("", |act| text(&act["verb"], "action")) {
        "assign" => "gave a seat to somebody",
        "restart" => "began a new round",
        _ => "helped the approval",
    }
}

/// From which version of its definition to which.
fn migrated(body: &Value) -> String {
    let end = |at: usize| {
        let hash: String = body["request"]["definitions"][at].as_str().unwrap_or_default().chars().take(12).collect();
        match body["request"]["versions"][at].as_u64() {
            Some(version) => format!("version {version} ({hash})"),
            // Entries of before do not have it.
            None => hash,
        }
    };
    format!("moved it from {} to {} of the workflow", end(0), end(1))
}

/// The fields of the document that an entry changed.
fn changed(body: &Value, definition: &Definition, speak: &Words) -> Vec<Change> {
    let fields = list(body, "changes").iter().filter_map(|change| {
        let field = text(change, "at").strip_prefix("/subject/").filter(|field| !field.contains('/'))?;
        // Of these the lines themselves tell.
        if field == "lines_digest" || is_technical(&change["to"]) {
            return None;
        }
        let (before, after) = (speak.value(&change["from"]), speak.value(&change["to"]));
        Some(Change { name: called(definition, field), before, after })
    });
    // What was nothing and is nothing still is no change to whoever reads it.
    fields.filter(Change::is_one).collect()
}

/// Whether a value is one that programs made for programs: a document as text, or lines that begin with a place in one.
fn is_technical(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('{') && serde_json::from_str::<Value>(text).is_ok(),
        Value::Array(items) => {
            !items.is_empty() && items.iter().all(|item| item.as_str().is_some_and(|text| text.starts_with('/')))
        }
        _ => false,
    }
}
