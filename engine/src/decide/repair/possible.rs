//! Which repairs an instance could have now, and why not the others.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::clock::Timestamp;
use crate::command::{Command, OpenSeat, Repair, TaskSummary, Verb};
use crate::definition::chart::{Definition, StateKind};
use crate::domain::Domain;
use crate::ids::{InstanceId, TaskId};
use crate::instance::{Document, Incident, Instance, Status, What};
use crate::refusal::Refusal;

use super::super::run::Run;
use super::super::{Ground, Halt, Layer, Stop, decide, shown};
use super::may_repair;

/// Whether something can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Can {
    /// Whether it can.
    pub possible: bool,
    /// Why not, and what can be done instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// Whether it can be moved to a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CanMove {
    /// The state's path.
    pub state: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// `simple`, `compound`, `parallel`, `approval`, `task`, `call` or `final`.
    pub kind: &'static str,
    /// Whether the instance is in it.
    pub here: bool,
    /// Whether it can.
    #[serde(flatten)]
    pub can: Can,
}

/// Whether a field can be set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CanSet {
    /// The field.
    pub field: Arc<str>,
    /// Its type, as definitions write it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it may have no value.
    pub nullable: bool,
    /// Its value now.
    pub value: serde_json::Value,
    /// Whether it can.
    #[serde(flatten)]
    pub can: Can,
}

/// An incident, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mending {
    /// Its code.
    pub code: Arc<str>,
    /// A sentence.
    pub message: String,
    /// The state that it is about, where that is known: repairs name it where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Arc<str>>,
    /// Since when.
    #[serde(serialize_with = "super::super::preview::instant")]
    pub since: Timestamp,
    /// Whether it can be tried again.
    pub retry: Can,
    /// Whether it can be skipped.
    pub skip: Can,
    /// The fields of the payload with which messages can be counted as delivered: name and type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payload: Vec<(Arc<str>, String)>,
}

/// What can be repaired, and how.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Possible {
    /// The instance.
    pub instance: InstanceId,
    /// Its state revision: bring it along, so that nothing else is repaired than what was seen.
    pub state_revision: i64,
    /// The state that it is in.
    pub state: Arc<str>,
    /// Whether it lives.
    pub status: Status,
    /// Its incidents.
    pub incidents: Vec<Mending>,
    /// Its open tasks.
    #[serde(serialize_with = "told")]
    pub tasks: Vec<TaskSummary>,
    /// The states.
    #[serde(rename = "move")]
    pub moves: Vec<CanMove>,
    /// The fields.
    pub set_data: Vec<CanSet>,
    /// Whether it can be ended where it stands.
    pub cancel: Can,
}

/// A task, its instant as people write it.
#[derive(Serialize)]
struct Told<'a> {
    id: TaskId,
    etag: &'a str,
    state: &'a str,
    open: &'a [OpenSeat],
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "super::super::preview::perhaps")]
    due_at: Option<Timestamp>,
}

fn told<S: Serializer>(tasks: &[TaskSummary], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(tasks.iter().map(|TaskSummary { id, etag, state, open, due_at }| Told {
        id: *id,
        etag,
        state,
        open,
        due_at: *due_at,
    }))
}

impl Can {
    const YES: Self = Self { possible: true, why_not: None };

    fn not(why: impl Into<String>) -> Self {
        Self { possible: false, why_not: Some(why.into()) }
    }

    fn of<T>(done: Result<T, Refusal>) -> Self {
        done.map_or_else(|refusal| Self::not(refusal.sentence()), |_| Self::YES)
    }
}

/// Which repairs are possible now. Those that take no more than a reason are tried out, and nothing of it stays.
///
/// # Errors
/// A refusal on grounds of authority, or rows to load first.
pub fn possible<D: Domain>(
    ground: &Ground<'_, D>,
    definition: &Definition,
    before: &Instance,
    command: &Command,
    facts: &mut D::Facts,
) -> Result<Possible, Stop<D::Need>> {
    may_repair(ground, &command.actor).map_err(Stop::Refused)?;
    let mut tried = |repair: Repair| {
        let verb = Verb::Repair { instance: before.id, repair, reason: "?".to_owned(), state_revision: None };
        let command = Command { verb, ..command.clone() };
        let mut layer = Layer::new(ground.domain, facts);
        let decided = decide(ground, definition, before, &command, &mut layer);
        layer.roll_back();
        match decided {
            Ok(_) => Ok(Can::YES),
            Err(Stop::Refused(refusal)) => Ok(Can::not(refusal.sentence())),
            Err(stop) => Err(stop),
        }
    };
    let mut incidents = Vec::new();
    for incident in before.detail.incidents() {
        let (retry, skip) =
            (Repair::Retry { at: incident.at.clone() }, |payload| Repair::Skip { at: incident.at.clone(), payload });
        let payload = answers(ground, definition, incident);
        // What a message has answered is asked of whoever skips it: whether it fits is seen then.
        let skip = if payload.is_empty() { tried(skip(Document::new()))? } else { Can::YES };
        incidents.push(Mending {
            code: incident.code.clone(),
            message: incident.message.clone(),
            at: incident.at.clone(),
            since: incident.since,
            retry: tried(retry)?,
            skip,
            payload,
        });
    }
    let cancel = tried(Repair::Cancel)?;
    let mut layer = Layer::new(ground.domain, facts);
    let run = Run::new(ground, definition, command, before.clone(), Some(before), &mut layer);
    let (moves, set_data) = run.places_and_fields(before)?;
    Ok(Possible {
        instance: before.id,
        state_revision: before.state_revision,
        state: before.state.clone(),
        status: before.status,
        incidents,
        tasks: shown::summaries(definition, before, ground.organisation(), ground.now),
        moves,
        set_data,
        cancel,
    })
}

/// What the answers to messages that were given up bring.
fn answers<D: Domain>(ground: &Ground<'_, D>, definition: &Definition, incident: &Incident) -> Vec<(Arc<str>, String)> {
    let Some(What::Delivery { messages }) = incident.tried.as_ref().map(|tried| &tried.what) else { return Vec::new() };
    let declared = &ground.domain.vocabulary().messages;
    let events = messages.iter().filter_map(|message| declared.get(&message.destination)?.sent_event.as_ref());
    let fields = events.filter_map(|event| definition.events.get(event)).flat_map(|event| &event.payload.fields);
    let mut fields: Vec<(Arc<str>, String)> =
        fields.map(|(name, field)| (Arc::from(name.as_str()), field.ty.name())).collect();
    fields.sort();
    fields.dedup();
    fields
}

/// Where it can be moved to, and which fields can be set.
type PlacesAndFields = (Vec<CanMove>, Vec<CanSet>);

impl<D: Domain> Run<'_, '_, D> {
    /// Where it can be moved to, and which fields can be set.
    fn places_and_fields(mut self, before: &Instance) -> Result<PlacesAndFields, Stop<D::Need>> {
        let definition = self.definition;
        let ended = (before.status == Status::Final)
            .then(|| Can::not(Refusal::Ended { state: before.state.clone() }.sentence()));
        let (active, within) = match (self.active(), self.within_reach()) {
            (Ok(active), Ok(within)) => (active, Ok(within)),
            (_, Err(Halt::Stop(stop))) => return Err(stop),
            (Err(Halt::Broken(_, why)), _) | (_, Err(Halt::Broken(_, why))) => (Vec::new(), Err(why)),
            (Err(Halt::Stop(stop)), _) => return Err(stop),
        };
        let moves = (0..definition.states.len()).map(crate::definition::chart::StateIx).map(|ix| {
            let state = definition.state(ix);
            let can = ended.clone().unwrap_or_else(|| match &within {
                Ok(within) => Can::of(self.may_arrive(&active, ix, within)),
                Err(why) => Can::not(why.clone()),
            });
            let here = active.iter().any(|&leaf| definition.is_within(leaf, ix));
            CanMove { state: state.path.clone(), title: state.title.clone(), kind: kind(&state.kind), here, can }
        });
        let moves = moves.collect();
        let fields = definition.subject.record.fields.iter().map(|(name, field)| CanSet {
            field: name.as_str().into(),
            ty: field.ty.name(),
            nullable: field.nullable,
            value: before.subject.get(name.as_str()).cloned().unwrap_or_default(),
            can: ended.clone().unwrap_or_else(|| self.fixed(name).map_or(Can::YES, Can::not)),
        });
        Ok((moves, fields.collect()))
    }
}

const fn kind(kind: &StateKind) -> &'static str {
    match kind {
        StateKind::Simple => "simple",
        StateKind::Compound(_) => "compound",
        StateKind::Parallel(_) => "parallel",
        StateKind::Approval(approval) if approval.form.is_some() => "task",
        StateKind::Approval(_) => "approval",
        StateKind::Call(_) => "call",
        StateKind::Final => "final",
    }
}
