//! A batch's decisions become rows: every image, entry and index row, as plain data in one [`Commit`].
//!
//! The plan is also the overlay: the second command of a batch sees what the first made of a row.

mod answer;
mod body;
mod event;
mod index;
mod notice;
mod record;
mod scope;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use crate::audit::{Entry, FORMAT, Header, fold, image, told};
use crate::clock::Timestamp;
use crate::command::{Actor, Answer, Command, Verb};
use crate::commit::{
    Commit, DefinitionRow, InboxRow, InstanceWrite, KeyRow, OutboxRow, RecordHead, RecordWrite, ResumedRow, TaskWrite,
    WithdrawnRow,
};
use crate::decide::OrganisationAt;
use crate::definition::chart::Definition;
use crate::effect::{Child, Decision, EVENT_RETRY, EVENTS, Effect, NOTICE_RETRY, NOTICES, Outgoing, tell_id};
use crate::ids::{Digest, InstanceId, Mint, StreamId, TenantId};
use crate::instance::Instance;

pub use answer::{answer_in, answer_of, blank_answer};
use body::body;
pub use event::{Hearing, event_at};
pub use index::indexed;
use index::{index, touch};
pub use scope::{business_scope, request_scope, request_scope_of};

/// The images of a batch, and everything that it appends.
#[derive(Debug)]
pub struct Plan<Op> {
    now: Timestamp,
    sinks: Arc<BTreeSet<Arc<str>>>,
    heard: Vec<(TenantId, Hearing)>,
    images: BTreeMap<(TenantId, InstanceId), Image>,
    heads: BTreeMap<(TenantId, StreamId), (i64, RecordHead)>,
    /// When the last entries of records are dated.
    dated: BTreeMap<(TenantId, StreamId), Timestamp>,
    commit: Commit<Op>,
}

#[derive(Debug)]
struct Image {
    before: Option<Arc<Instance>>,
    now: Option<Arc<Instance>>,
}

impl<Op: Clone + Serialize> Plan<Op> {
    /// An empty plan over what was loaded. `sinks` are the destinations that somebody listens to.
    #[must_use]
    pub fn new(
        now: Timestamp,
        sinks: Arc<BTreeSet<Arc<str>>>,
        instances: Vec<Arc<Instance>>,
        heads: Vec<RecordHead>,
    ) -> Self {
        let image = |i: Arc<Instance>| ((i.tenant, i.id), Image { before: Some(i.clone()), now: Some(i) });
        Self {
            now,
            sinks,
            heard: Vec::new(),
            images: instances.into_iter().map(image).collect(),
            heads: heads.into_iter().map(|h| ((h.tenant, h.stream), (h.seq, h))).collect(),
            dated: BTreeMap::new(),
            commit: Commit::default(),
        }
    }

    /// The instance as the batch has it so far.
    #[must_use]
    pub fn instance(&self, tenant: TenantId, id: InstanceId) -> Option<&Arc<Instance>> {
        self.images.get(&(tenant, id)).and_then(|image| image.now.as_ref())
    }

    /// What this batch has appended so far.
    #[must_use]
    pub fn so_far(&self) -> &Commit<Op> {
        &self.commit
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commit.entries.is_empty() && self.commit.told.is_empty()
    }

    /// Takes a decision about an instance in: its image, its entry, its effects. `answer` shows the instance as it
    /// becomes; its entry's number is filled in here.
    pub fn accept(
        &mut self,
        command: &Command,
        definition: &Definition,
        organisation: &OrganisationAt,
        decision: Decision<Op>,
        answer: &mut Answer,
        mint: &mut Mint,
    ) {
        let Decision { mut after, effects, record } = decision;
        let key = (after.tenant, after.id);
        let before = self.images.get(&key).and_then(|image| image.now.clone());
        let seq = after.seq + 1;
        answer.seq = seq;
        let changes = told::changes(before.as_deref(), &after);
        debug_assert_eq!(
            changes.iter().map(told::Told::read).collect::<Vec<_>>(),
            fold::diff(&before.as_deref().map_or(Json::Null, image::image), &image::image(&after)),
            "told without images, the changes are those of the images"
        );
        for change in &changes {
            touch(&mut after, &change.at, seq);
        }
        // A clock may go back: an entry is never dated before the one it follows.
        let at = before.as_deref().map_or(self.now, |b| b.changed_at.max(self.now));
        let header = self.header(command, after.id.into(), "instance", seq, after.head);
        let header = Header {
            at,
            behalf: record.behalf.clone(),
            definition: Some(definition.hash),
            document: Some(crate::decide::document_digest(&after.subject)),
            event: record.event.clone(),
            from: before.as_ref().map(|b| b.state.clone()),
            organisation: Some(organisation.revision),
            state_revision: Some(after.state_revision),
            task: record.task,
            to: Some(after.state.clone()),
            ..header
        };
        let body = body(Some(answer), &changes, &effects, &record);
        let entry = Entry::seal(header, mint.bytes(), body);
        after.seq = seq;
        after.head = entry.hash;
        after.changed_at = at;
        if !matches!(command.verb, Verb::Wake { .. }) {
            fold::remember(&mut after.detail.requests, Some(command.request.as_str()));
        }
        self.commit.entries.push(entry);
        let told = notice::Told { command, definition, record: &record, after: &after, at };
        if let Some((_, hearing)) = self.heard.iter().find(|(tenant, _)| *tenant == command.tenant) {
            let (message, payload) = (EVENTS.into(), told.event(*hearing, before.as_deref()));
            self.send(&after, Outgoing { message, payload, retry: EVENT_RETRY, sent_event: None }, mint);
        }
        self.effects(&told, effects, organisation, mint);
        if let Verb::Message { instance, message, .. } = &command.verb {
            self.commit.told.push((command.tenant, *instance, message.clone()));
        }
        let image = self.images.entry(key).or_insert(Image { before: None, now: None });
        image.now = Some(Arc::new(after));
    }

    /// Takes a start in: besides [`Plan::accept`] its keys, and the definition that it is pinned to.
    pub fn started(&mut self, command: &Command, definition: &Definition, id: InstanceId, key: Option<&Arc<str>>) {
        let (tenant, scope) = (command.tenant, request_scope(&command.actor));
        self.commit.keys.push(KeyRow { tenant, scope, key: command.request.0.clone(), instance: id });
        self.business_key(tenant, definition, id, key);
    }

    fn business_key(&mut self, tenant: TenantId, definition: &Definition, id: InstanceId, key: Option<&Arc<str>>) {
        let scope = || business_scope(&definition.name);
        self.commit.keys.extend(key.map(|key| KeyRow { tenant, scope: scope(), key: key.clone(), instance: id }));
    }

    /// Takes the start of an instance in that an action started. It has no key of its request: the parent's is the one
    /// that is repeated.
    fn child(&mut self, child: Child<Op>, organisation: &OrganisationAt, mint: &mut Mint) {
        let Child { command, definition, decision } = child;
        let (id, key) = (decision.after.id, decision.after.key.clone());
        let mut answer = answer_of(&definition, &decision.after, Some(organisation), self.now);
        self.accept(&command, &definition, organisation, decision, &mut answer, mint);
        self.business_key(command.tenant, &definition, id, key.as_ref());
    }

    /// Stores a definition with this batch.
    pub fn define(&mut self, definition: &Definition) {
        if self.commit.definitions.iter().all(|d| d.hash != definition.hash) {
            self.commit.definitions.push(DefinitionRow::of(definition, self.now));
        }
    }

    /// Drops an inbox row that no instance waits for.
    pub fn drop_message(&mut self, tenant: TenantId, target: InstanceId, message: Arc<str>) {
        let row = (tenant, target, message);
        if !self.commit.told.contains(&row) {
            self.commit.told.push(row);
        }
    }

    fn header(&self, command: &Command, stream: StreamId, kind: &str, seq: i64, prev: Digest) -> Header {
        let via = match &command.actor {
            Actor::Person { via, .. } => Some(via.clone()),
            Actor::Timer | Actor::Message | Actor::System => None,
        };
        let woken = matches!(command.verb, Verb::Wake { .. });
        Header {
            actor: command.actor.person().cloned(),
            actor_kind: command.actor.kind().into(),
            at: self.now,
            behalf: None,
            body: Digest([0; 32]),
            definition: None,
            document: None,
            event: None,
            format: FORMAT,
            from: None,
            kind: kind.into(),
            key: None,
            organisation: None,
            prev,
            request: (!woken).then(|| command.request.clone()),
            request_hash: (!woken).then_some(command.request_hash),
            seq,
            state_revision: None,
            stream,
            task: None,
            tenant: command.tenant,
            to: None,
            verb: command.verb.name().into(),
            via,
        }
    }

    fn effects(
        &mut self,
        told: &notice::Told<'_>,
        effects: Vec<Effect<Op>>,
        organisation: &OrganisationAt,
        mint: &mut Mint,
    ) {
        let after = told.after;
        for effect in effects {
            match effect {
                Effect::Row(op) => self.commit.ops.push((after.tenant, op)),
                Effect::Send(out) => self.send(after, out, mint),
                // A row for each person: what does not reach one is tried again for this one alone.
                Effect::Notice(notice) => {
                    for payload in told.each(&notice) {
                        let Json::Object(payload) = payload else { continue };
                        let (message, retry) = (NOTICES.into(), NOTICE_RETRY);
                        self.send(after, Outgoing { message, payload, retry, sent_event: None }, mint);
                    }
                }
                Effect::Resume(resume) => {
                    let (tenant, instance, next_at) = (after.tenant, after.id, self.now);
                    self.commit.resumed.push(ResumedRow { tenant, instance, resume, next_at });
                }
                Effect::Withdraw(name) => self.commit.withdraw(WithdrawnRow::of(after, name, self.now)),
                Effect::Start(child) => self.child(*child, organisation, mint),
                Effect::Report(report) => self.commit.tells.push(InboxRow {
                    tenant: after.tenant,
                    target: report.to,
                    message: report.id(after.id, after.seq),
                    event: report.event.into(),
                    payload: Json::Object(report.payload).to_string(),
                    at: self.now,
                }),
                Effect::Tell(tell) => self.commit.tells.push(InboxRow {
                    tenant: after.tenant,
                    target: after.id,
                    message: tell_id(after.seq, &tell.message),
                    event: tell.event,
                    payload: Json::Object(tell.payload).to_string(),
                    at: self.now,
                }),
            }
        }
    }

    fn send(&mut self, after: &Instance, out: Outgoing, mint: &mut Mint) {
        if !self.sinks.contains(&out.message) {
            return;
        }
        self.commit.outbox.push(OutboxRow {
            tenant: after.tenant,
            id: mint.uuid(self.now),
            instance: after.id,
            destination: out.message,
            seq: after.seq,
            payload: Json::Object(out.payload).to_string(),
            times: out.retry.times,
            from: out.retry.from,
            to: out.retry.to,
            sent_event: out.sent_event,
            next_at: self.now,
        });
    }

    /// The rows: last images, and index rows by what changed from first to last.
    #[must_use]
    pub fn finish(self) -> Commit<Op> {
        let mut commit = self.commit;
        for Image { before, now } in self.images.into_values() {
            let Some(now) = now else { continue };
            if before.as_ref().is_some_and(|b| b.seq == now.seq) {
                continue;
            }
            let base = before.as_ref().map_or(0, |b| b.seq);
            index(&mut commit, before.as_deref(), &now);
            for task in &now.tasks {
                let old = before.iter().flat_map(|b| &b.tasks).find(|t| t.id == task.id);
                if old.is_none_or(|old| old.seq != task.seq) {
                    let base = old.map_or(0, |old| old.seq);
                    commit.tasks.push(TaskWrite { tenant: now.tenant, base, row: task.clone() });
                }
            }
            commit.instances.push(InstanceWrite { base, row: now, whole: true });
        }
        for (base, row) in self.heads.into_values() {
            if row.seq != base {
                commit.records.push(RecordWrite { base, row });
            }
        }
        commit
    }
}
