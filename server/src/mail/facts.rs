//! What templates see: always the same names, empty where there is nothing to say, so that a template that is right once
//! is right always.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::definition::Library;
use fluxor_engine::definition::chart::{Definition, FormField, StateKind, TASK_STEP, Told};
use fluxor_engine::domain::Domain as _;
use fluxor_engine::expression::Type;
use fluxor_engine::ids::{InstanceId, PersonId, TaskId};
use fluxor_engine::instance::Document;
use fluxor_workflows::Procurement;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::contacts::Contacts;
use crate::page::{short, value};

/// Fields that stand in a mail by themselves.
const ELSEWHERE: [&str; 6] = ["amount", "supplier", "lines", "requester", "note", "number"];

/// The kinds that ask somebody to decide.
const ASKING: [&str; 3] = ["task_opened", "reminder", "escalated"];

/// The kinds that tell of an end, and of what waits for whoever asked.
const ENDED: &str = "ended";
const YOUR_TURN: &str = "your_turn";

/// What templates call the amount.
const AMOUNT: &str = "amount";

/// A notice as its outbox row carries it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Payload {
    pub(super) notice: Notice,
    #[serde(default)]
    pub(super) at: Option<String>,
    #[serde(default)]
    pub(super) by: Option<PersonId>,
    #[serde(default)]
    pub(super) behalf: Option<PersonId>,
    pub(super) workflow: String,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) key: Option<String>,
    pub(super) state: String,
    #[serde(default)]
    pub(super) asks_data: bool,
    #[serde(default)]
    pub(super) until: Option<String>,
    #[serde(default)]
    pub(super) then: Option<String>,
    #[serde(default)]
    pub(super) task: Option<String>,
    #[serde(default)]
    pub(super) subject: Document,
}

/// Its inner part.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Notice {
    pub(super) kind: String,
    pub(super) task: u32,
    #[serde(default)]
    pub(super) step: Option<String>,
    pub(super) people: Vec<PersonId>,
    #[serde(default)]
    pub(super) stands_for: Option<PersonId>,
    #[serde(default)]
    pub(super) due: Option<String>,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) question: Option<String>,
}

impl Payload {
    /// # Errors
    /// A sentence.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|e| format!("the notice cannot be read: {e}"))
    }

    /// When it was decided.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.at.as_deref().and_then(|at| Timestamp::parse(at).ok())
    }

    /// Whether somebody is asked to decide.
    pub(super) fn asks(&self) -> bool {
        ASKING.contains(&&*self.notice.kind)
    }

    /// Its task.
    pub(super) fn task(&self, instance: InstanceId) -> TaskId {
        TaskId { instance, ordinal: self.notice.task }
    }

    /// The task whose page is meant; none: the instance's is.
    pub(super) fn leads_to(&self, instance: InstanceId) -> Option<TaskId> {
        let is_question = matches!(&*self.notice.kind, "question_asked" | "question_answered");
        (self.asks() || is_question).then(|| self.task(instance))
    }

    pub(super) fn is_due(&self) -> bool {
        let due = self.notice.due.as_deref().and_then(|due| Timestamp::parse(due).ok());
        matches!((self.at(), due), (Some(at), Some(due)) if at >= due)
    }
}

/// What a template sees. The names are explained in definitions/templates/README.md.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Facts {
    pub(super) kind: String,
    pub(super) at: Option<String>,
    pub(super) zone: String,
    pub(super) name: String,
    pub(super) requester: Option<String>,
    pub(super) by: Option<String>,
    pub(super) behalf: Option<String>,
    pub(super) stands_for: Option<String>,
    pub(super) workflow: String,
    pub(super) title: String,
    pub(super) key: Option<String>,
    pub(super) state: String,
    pub(super) step: Option<String>,
    pub(super) reference: String,
    pub(super) reason: Option<String>,
    pub(super) due: Option<String>,
    pub(super) overdue: bool,
    pub(super) asks_data: bool,
    /// When time alone leads it elsewhere, and where to.
    pub(super) until: Option<String>,
    pub(super) then: Option<String>,
    pub(super) task: String,
    pub(super) instance: String,
    pub(super) link: Option<String>,
    pub(super) subject: Document,
    pub(super) question: Option<String>,
    pub(super) about: Option<String>,
    pub(super) told: Vec<Meaning>,
    /// Of a task that asks for data: the title of its state, and what it asks for. Of an end: the title of the state.
    pub(super) place: Option<String>,
    pub(super) asked: Vec<Meaning>,
    pub(super) language: Option<String>,
    /// Of a digest.
    pub(super) waiting: Vec<Facts>,
    pub(super) questions: Vec<Facts>,
    pub(super) decided: Vec<Facts>,
    pub(super) settled: usize,
    pub(super) more: usize,
    /// How many tasks wait for the reader that do not stand in it.
    pub(super) also: Option<String>,
}

/// A field for which a definition says what it is called or means, as a mail tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Meaning {
    title: String,
    value: String,
    help: String,
}

/// The fields that a subject may have: those of the vocabulary and of the definitions.
pub(crate) fn fields(definitions: impl IntoIterator<Item = Arc<Definition>>) -> BTreeSet<String> {
    let domain = Procurement::new();
    let vocabulary = domain.vocabulary().subjects.values().map(|subject| subject.record.clone());
    let records = definitions.into_iter().map(|definition| definition.subject.record.clone()).chain(vocabulary);
    records.flat_map(|record| record.fields.keys().map(ToString::to_string).collect::<Vec<_>>()).collect()
}

/// Those of a loaded library.
pub(crate) fn fields_of(library: &Library) -> BTreeSet<String> {
    fields(library.names().filter_map(|name| library.current(name).cloned()))
}

/// Every name with nothing behind it: what templates are checked with; with one entry in each list, or none.
pub(super) fn blank(fields: &BTreeSet<String>, entries: bool) -> Facts {
    let one = || if entries { vec![Facts::default()] } else { Vec::new() };
    let zone = "UTC".to_owned();
    let told = || if entries { vec![Meaning::default()] } else { Vec::new() };
    let mut facts = Facts {
        zone,
        told: told(),
        asked: told(),
        waiting: one(),
        questions: one(),
        decided: one(),
        ..Facts::default()
    };
    facts.complete(fields);
    facts
}

impl Facts {
    /// Gives fields that this subject does not have an empty value.
    pub(super) fn complete(&mut self, fields: &BTreeSet<String>) {
        for field in fields {
            self.subject.entry(field.clone()).or_insert(Json::Null);
        }
        for list in [&mut self.waiting, &mut self.questions, &mut self.decided] {
            list.iter_mut().for_each(|entry| entry.complete(fields));
        }
    }

    /// With what the definition says about the fields that have a value and stand nowhere else in a mail, and with the amount.
    pub(super) fn explained(mut self, definition: Option<&Definition>, contacts: &Contacts) -> Self {
        let Some(definition) = definition else { return self };
        let subject = &definition.subject;
        let text = |field: &str| self.subject.get(field).and_then(Json::as_str).filter(|text| !text.trim().is_empty());
        let about = subject.about.as_deref().filter(|_| text("supplier").is_none());
        self.about = about.and_then(text).map(str::to_owned);
        let zone = TimeZone::get(&contacts.zone).unwrap_or(TimeZone::UTC);
        for (name, field) in &subject.record.fields {
            let found = self.subject.get(name.as_str()).filter(|value| !is_nothing(value));
            let elsewhere = ELSEWHERE.contains(&name.as_str()) || (self.about.is_some() && about == Some(name));
            let told = definition.told(name);
            let (Some(told_value), false) = (found, elsewhere || told == Told::default()) else { continue };
            let value = match told_value {
                Json::String(text) if field.ty == Type::Person => contacts.name(&text.as_str().into()),
                other => value(other, contacts, &zone),
            };
            let title = told.title.map_or_else(|| capital(&words(name)), |title| title.to_string());
            self.told.push(Meaning { title, value, help: told.help.to_string() });
        }
        if self.asks_data
            && ASKING.contains(&&*self.kind)
            && let Some(state) = definition.find(&self.state)
        {
            self.place = Some(definition.state(state).title.to_string());
            let form = definition.approval(&self.state).and_then(|approval| approval.form.as_ref());
            let one = |field: &FormField| Meaning {
                title: field.title.to_string(),
                help: field.help.to_string(),
                ..Meaning::default()
            };
            self.asked = form.iter().flat_map(|form| form.fields.iter().map(one)).collect();
        }
        if self.kind == ENDED {
            // Where it was stopped by an operator, it has come to no end of its own.
            let end = definition.find(&self.state).map(|ix| definition.state(ix));
            let end = end.filter(|state| matches!(state.kind, StateKind::Final));
            self.place = end.map(|state| state.title.to_string());
        }
        if self.kind == YOUR_TURN {
            self.place = definition.find(&self.state).map(|ix| definition.state(ix).title.to_string());
        }
        // Templates know one name for the amount, wherever it stands.
        if let Some(amount) = definition.amount(&self.subject).map(Json::from) {
            self.subject.insert(AMOUNT.to_owned(), amount);
        }
        self
    }

    /// Of a digest, begun at this instant, before anything stands in it.
    pub(super) fn digest(contacts: &Contacts, person: &PersonId, began: Timestamp, link: Option<String>) -> Self {
        Self {
            kind: DIGEST.to_owned(),
            at: Some(began.to_string()),
            zone: contacts.zone.clone(),
            name: contacts.name(person),
            link,
            ..Self::default()
        }
    }

    /// Of a link to sign in.
    pub(super) fn sign_in(contacts: &Contacts, person: &PersonId, now: Timestamp, link: String) -> Self {
        Self { kind: "sign_in".to_owned(), ..Self::digest(contacts, person, now, Some(link)) }
    }

    /// Whether a digest has nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.questions.is_empty() && self.decided.is_empty()
    }

    /// By when its task should be decided, as it is now.
    pub(super) fn due_now(&mut self, due: Option<Timestamp>, now: Timestamp) {
        self.overdue = due.is_some_and(|due| due <= now);
        self.due = due.map(|due| due.to_string());
    }
}

/// The mail that tells several things at once.
pub(super) const DIGEST: &str = "digest";

/// What there is to say to one person.
pub(super) fn of(
    payload: &Payload,
    instance: InstanceId,
    contacts: &Contacts,
    person: &PersonId,
    link: Option<String>,
) -> Facts {
    let name = |person: &Option<PersonId>| person.as_ref().map(|person| contacts.name(person));
    let subject = &payload.subject;
    let text = |field: &str| subject.get(field).and_then(Json::as_str).filter(|text| !text.trim().is_empty());
    let notice = &payload.notice;
    let task = payload.task.clone().unwrap_or_else(|| format!("{instance}.{}", notice.task));
    // What has ended without a task is found by itself.
    let task = if notice.task == 0 { instance.to_string() } else { task };
    Facts {
        kind: notice.kind.clone(),
        at: payload.at.clone(),
        zone: contacts.zone.clone(),
        name: contacts.name(person),
        requester: text("requester").map(|id| contacts.name(&id.into())),
        by: name(&payload.by),
        behalf: name(&payload.behalf),
        stands_for: name(&notice.stands_for),
        workflow: payload.workflow.clone(),
        title: payload.title.clone().unwrap_or_else(|| words(&payload.workflow)),
        key: payload.key.clone(),
        state: payload.state.clone(),
        step: notice.step.as_deref().filter(|step| *step != TASK_STEP).map(words),
        reference: match text("number") {
            Some(number) => format!("{number} ({})", short(instance)),
            None => short(instance),
        },
        reason: notice.reason.clone().filter(|reason| !reason.trim().is_empty()),
        due: notice.due.clone(),
        overdue: payload.is_due(),
        asks_data: payload.asks_data,
        until: payload.until.clone(),
        then: payload.then.clone(),
        task,
        instance: instance.to_string(),
        link,
        subject: subject.clone(),
        question: notice.question.clone().filter(|text| !text.trim().is_empty()),
        ..Facts::default()
    }
}

/// Whether there is nothing to tell of a value.
fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
