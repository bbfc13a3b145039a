//! What a repair would do, told before it is done: made from the very decision that doing it would take.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::approval;
use crate::clock::Timestamp;
use crate::command::{Command, OpenSeat, Repair, Verb};
use crate::definition::chart::Definition;
use crate::domain::Domain;
use crate::effect::{Decision, Effect};
use crate::ids::{InstanceId, TaskId};
use crate::instance::{Document, Incident, Instance, Status, TaskStatus, Undelivered};

use super::{Ground, Layer, OrganisationAt, Stop, decide, shown};

/// What a repair would do. Nothing of it has happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The instance.
    pub instance: InstanceId,
    /// The repair.
    pub repair: &'static str,
    /// The state revision that it was decided on: bring it along, so that what is done is what was seen.
    pub state_revision: i64,
    /// The state before.
    pub from: Arc<str>,
    /// The state afterwards.
    pub to: Arc<str>,
    /// The innermost states afterwards.
    pub inside: Vec<Arc<str>>,
    /// Whether it lives afterwards.
    pub status: Status,
    /// Why it ended where it stood, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Arc<str>>,
    /// Its incidents before: code and sentence.
    pub incidents_before: Vec<(Arc<str>, String)>,
    /// Its incidents afterwards.
    pub incidents: Vec<(Arc<str>, String)>,
    /// Tasks that are no longer open.
    pub tasks_closed: Vec<TaskId>,
    /// Tasks that are open afterwards and were not, or that ask anew.
    pub tasks_opened: Vec<PreviewedTask>,
    /// Timers that do not run any more.
    pub timers_stopped: Vec<PreviewedTimer>,
    /// Timers that begin to run, or begin anew.
    pub timers_started: Vec<PreviewedTimer>,
    /// Messages that go out, where somebody listens to them.
    pub messages: Vec<PreviewedMessage>,
    /// Messages that were given up and go out again.
    pub sent_again: Vec<Undelivered>,
    /// Messages that were given up and that nobody wants any more.
    pub forgotten: Vec<Undelivered>,
    /// Messages that do not go out any more, unless they have by then.
    pub withdrawn: Vec<Arc<str>>,
    /// Rows of the domain that change.
    pub rows: Vec<PreviewedRow>,
    /// Fields of the document that change.
    pub fields: Vec<PreviewedField>,
    /// What is taken back, in order: the action or message, and the one that does it.
    pub undone: Vec<(Arc<str>, Arc<str>)>,
    /// The same that is left out.
    pub left_out: Vec<(Arc<str>, Arc<str>)>,
    /// Other instances that are told: which, and what.
    pub told: Vec<(InstanceId, Arc<str>)>,
    /// Instances that are started.
    pub started: Vec<PreviewedStart>,
    /// What whoever does it should know.
    pub warnings: Vec<String>,
}

/// A task that asks somebody.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewedTask {
    /// Its id.
    pub id: TaskId,
    /// The path of its state.
    pub state: Arc<str>,
    /// Who would be asked now.
    pub open: Vec<OpenSeat>,
    /// By when it should be decided.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "perhaps")]
    pub due_at: Option<Timestamp>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviewedTimer {
    /// Its name.
    pub name: Arc<str>,
    /// When it is due.
    #[serde(serialize_with = "instant")]
    pub at: Timestamp,
}

/// A message to the outside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewedMessage {
    /// Its name.
    pub message: Arc<str>,
    /// What it carries.
    pub payload: Document,
}

/// A row of the domain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewedRow {
    /// Its kind.
    pub kind: String,
    /// The whole row as it would be.
    pub row: Json,
}

/// A field of the document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewedField {
    /// Its name.
    pub field: String,
    /// Its value before.
    pub before: Json,
    /// Its value afterwards.
    pub after: Json,
}

/// An instance that would be started.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewedStart {
    /// Its workflow.
    pub workflow: Arc<str>,
    /// Its business key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// The state that it would be in.
    pub state: Arc<str>,
}

pub(super) fn instant<S: Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(at)
}

pub(super) fn perhaps<S: Serializer>(at: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => s.collect_str(at),
        None => s.serialize_none(),
    }
}

/// What a repair would do, on the rows as they are: the same decision as the one that does it.
///
/// # Errors
/// As [`decide`]: a refusal, or rows to load first.
pub fn preview<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    before: &Instance,
    command: &Command,
    facts: &mut D::Facts,
) -> Result<Preview, Stop<D::Need>> {
    let mut layer = Layer::new(ground.domain, facts);
    let decided = decide(ground, definition, before, command, &mut layer);
    layer.roll_back();
    let decision = decided?;
    let repair = match &command.verb {
        Verb::Repair { repair, .. } => repair.name(),
        Verb::Decide { act: approval::Verb::Repair { action, .. }, .. } => action.name(),
        _ => return Err(Stop::Nothing),
    };
    let mut preview = told((definition, ground.organisation(), ground.now), before, repair, &decision);
    if let Verb::Repair { repair, .. } = &command.verb {
        preview.warnings = warnings(definition, before, repair, &decision);
    }
    Ok(preview)
}

fn told<Op: Serialize>(
    (definition, organisation, now): (&Definition, &OrganisationAt, Timestamp),
    before: &Instance,
    repair: &'static str,
    decision: &Decision<Op>,
) -> Preview {
    let after = &decision.after;
    let was_open = |id: TaskId| before.tasks.iter().find(|task| task.id == id && task.status == TaskStatus::Open);
    let incidents =
        |of: &Instance| of.detail.incidents().map(|i: &Incident| (i.code.clone(), i.message.clone())).collect();
    // Whoever holds the same seats of the same version is not asked anew.
    let anew = |id: TaskId| {
        let task = after.tasks.iter().find(|task| task.id == id);
        was_open(id).is_none_or(|old| task.is_none_or(|new| (&old.holders, old.etag()) != (&new.holders, new.etag())))
    };
    let opened = shown::summaries(definition, after, organisation, now).into_iter().filter(|task| anew(task.id));
    let is_open = |id: TaskId| after.tasks.iter().any(|task| task.id == id && task.status == TaskStatus::Open);
    let timers = |from: &Instance, to: &Instance| {
        let gone = from.detail.timers.iter().filter(|(name, at)| to.detail.timers.get(*name) != Some(*at));
        gone.map(|(name, at)| PreviewedTimer { name: name.clone(), at: *at }).collect()
    };
    let mut preview = Preview {
        instance: before.id,
        repair,
        state_revision: before.state_revision,
        from: before.state.clone(),
        to: after.state.clone(),
        inside: after.inside().to_vec(),
        status: after.status,
        stopped: after.detail.stopped.clone(),
        incidents_before: incidents(before),
        incidents: incidents(after),
        tasks_closed: before.tasks.iter().map(|t| t.id).filter(|&id| was_open(id).is_some() && !is_open(id)).collect(),
        tasks_opened: opened
            .map(|task| PreviewedTask { id: task.id, state: task.state, open: task.open, due_at: task.due_at })
            .collect(),
        timers_stopped: timers(before, after),
        timers_started: timers(after, before),
        messages: Vec::new(),
        sent_again: Vec::new(),
        forgotten: Vec::new(),
        withdrawn: Vec::new(),
        rows: Vec::new(),
        fields: fields(&before.subject, &after.subject),
        undone: decision.record.undone.clone(),
        left_out: decision.record.left_out.clone(),
        told: Vec::new(),
        started: Vec::new(),
        warnings: Vec::new(),
    };
    effects(&mut preview, &decision.effects);
    preview
}

fn effects<Op: Serialize>(preview: &mut Preview, effects: &[Effect<Op>]) {
    for effect in effects {
        match effect {
            Effect::Row(op) => preview.rows.extend(rows(op)),
            Effect::Send(out) => {
                preview.messages.push(PreviewedMessage { message: out.message.clone(), payload: out.payload.clone() });
            }
            Effect::Resume(resume) if resume.again => preview.sent_again.push(resume.message.clone()),
            Effect::Resume(resume) => preview.forgotten.push(resume.message.clone()),
            Effect::Withdraw(message) => preview.withdrawn.push(message.clone()),
            Effect::Report(report) => preview.told.push((report.to, report.event.into())),
            Effect::Tell(tell) => preview.told.push((preview.instance, tell.event.clone())),
            Effect::Start(child) => {
                let after = &child.decision.after;
                let (workflow, key, state) = (after.workflow.clone(), after.key.clone(), after.state.clone());
                preview.started.push(PreviewedStart { workflow, key, state });
                self::effects(preview, &child.decision.effects);
            }
            // Who is asked stands with the tasks.
            Effect::Notice(_) => {}
        }
    }
}

/// A row change as kind and image: data that has one key, its kind, or what it is as a whole.
fn rows<Op: Serialize>(op: &Op) -> Vec<PreviewedRow> {
    match serde_json::to_value(op) {
        Ok(Json::Object(kinds)) => kinds.into_iter().map(|(kind, row)| PreviewedRow { kind, row }).collect(),
        Ok(Json::Null) | Err(_) => Vec::new(),
        Ok(row) => vec![PreviewedRow { kind: "row".to_owned(), row }],
    }
}

pub(super) fn fields(before: &Document, after: &Document) -> Vec<PreviewedField> {
    let mut names: Vec<&String> =
        before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))).collect();
    names.sort();
    let of = |document: &Document, name: &str| document.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| PreviewedField { field: name.clone(), before: of(before, name), after: of(after, name) })
        .filter(|field| field.before != field.after)
        .collect()
}

/// What is not seen from the changes themselves.
fn warnings<Op>(definition: &Definition, before: &Instance, repair: &Repair, decision: &Decision<Op>) -> Vec<String> {
    let mut warnings = Vec::new();
    let after = &decision.after;
    let incidents = |of: &Instance| of.detail.incidents().count();
    match repair {
        Repair::Move { .. } => {
            warnings
                .push("What arrows do on the way is not done: only what leaving and entering states does.".to_owned());
            if !after.detail.undo.is_empty() {
                let kept: Vec<&str> = after.detail.undo.iter().map(|undo| &*undo.of).collect();
                warnings.push(format!("This stays done and can still be taken back: `{}`.", kept.join("`, `")));
            }
        }
        Repair::Cancel => {
            warnings.push("Only what has an `undo` is taken back; all else that was done stays.".to_owned());
            let own = definition.active(before).map(|active| definition.accepts(&active)).unwrap_or_default();
            if own.iter().any(|event| &**event == "cancel") {
                warnings.push("The workflow has an event `cancel` of its own here, which may tidy up more.".to_owned());
            }
        }
        Repair::Skip { .. } => {
            for message in decision.effects.iter().filter_map(|effect| match effect {
                Effect::Resume(resume) => Some(&resume.message.destination),
                _ => None,
            }) {
                warnings.push(format!("`{message}` counts as delivered, although it was not."));
            }
            if after.inside() == before.inside() && decision.effects.is_empty() {
                warnings.push("What made the incident is not done any more: only the incident is over.".to_owned());
            }
        }
        Repair::Retry { .. } | Repair::SetData { .. } => {}
    }
    if !matches!(repair, Repair::Cancel) && incidents(after) > 0 {
        warnings.push("It needs somebody still: there is an incident afterwards.".to_owned());
    }
    if before.detail.called.keys().any(|path| !after.detail.called.contains_key(path)) {
        warnings.push("The workflow that it had called is told that nobody waits for it any more.".to_owned());
    }
    warnings
}
