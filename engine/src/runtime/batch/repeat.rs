//! Whether a command was done before (invariant 2): its answer is in the entry that it wrote.

use std::sync::Arc;

use crate::audit::{Entry, Header};
use crate::command::{Answer, Change, Command, Verb};
use crate::decide;
use crate::ids::{InstanceId, StreamId, TenantId};
use crate::instance::MOST_REQUESTS;
use crate::plan::{answer_in, answer_of, blank_answer, request_scope};
use crate::refusal::Refusal;
use crate::store::{Persist, Store, StoreError, Writer};

use super::{Batcher, Outcome, Submitted, Work};

impl<D: Persist, S: Store<D>> Batcher<D, S> {
    /// Whether the command was done before: in this batch, or by what the database has.
    pub(super) async fn repeated(
        &mut self,
        command: &Command,
        work: &mut Work<D>,
    ) -> Result<Option<Outcome>, StoreError> {
        let tenant = command.tenant;
        let stream: StreamId = match &command.verb {
            Verb::Wake { .. } => return Ok(None),
            Verb::Start { .. } => return self.started(command, work).await,
            Verb::Change(change) => {
                if let Change::Organisation { .. } = change
                    && let Some(proposed) = self.started_by_request(command, work).await?
                {
                    return Ok(Some(proposed));
                }
                let (kind, key) = change.record();
                let stream = StreamId::of_record(&kind, &key);
                if work.plan.record_seq(tenant, stream) == 0 {
                    return Ok(None);
                }
                stream
            }
            verb => {
                let instance = verb.instance().and_then(|id| work.plan.instance(tenant, id));
                let Some(instance) = instance else { return Ok(None) };
                let mark = crate::audit::fold::mark(command.request.as_str());
                let known = &instance.detail.requests;
                if known.len() < MOST_REQUESTS && !known.contains(&mark) {
                    return Ok(None);
                }
                instance.id.into()
            }
        };
        let entry = match in_batch(work, tenant, stream, |h| h.request.as_ref() == Some(&command.request)) {
            Some(entry) => Some(entry),
            None => self.writer.repeat(tenant, stream, &command.request).await?,
        };
        let Some(entry) = entry else { return Ok(None) };
        if let Verb::Message { instance, message, .. } = &command.verb {
            work.plan.drop_message(tenant, *instance, message.clone());
        }
        Ok(Some(self.same(command, &entry, work)))
    }

    /// The instance that this request started. (Of a change of the organisation: the proposal that it became.)
    async fn started_by_request(
        &mut self,
        command: &Command,
        work: &mut Work<D>,
    ) -> Result<Option<Outcome>, StoreError> {
        let tenant = command.tenant;
        let known = key_known(work, tenant, &request_scope(&command.actor), &command.request.0);
        let Some(id) = known else { return Ok(None) };
        let entry = self.first_entry(work, tenant, id).await?;
        Ok(entry.map(|entry| self.same(command, &entry, work)))
    }

    /// A start that was done before, by its request id or by its business key.
    async fn started(&mut self, command: &Command, work: &mut Work<D>) -> Result<Option<Outcome>, StoreError> {
        let Verb::Start { workflow, key, input } = &command.verb else { return Ok(None) };
        let tenant = command.tenant;
        if let Some(outcome) = self.started_by_request(command, work).await? {
            return Ok(Some(outcome));
        }
        let vocabulary = self.shared.domain.vocabulary();
        let asked = (input, command.actor.person());
        let key = work
            .library
            .current(workflow)
            .and_then(|definition| decide::start_key(vocabulary, definition, key.as_ref(), asked).ok().flatten());
        let Some(id) = key.and_then(|key| key_known(work, tenant, &format!("workflow:{workflow}"), &key)) else {
            return Ok(None);
        };
        let Some(entry) = self.first_entry(work, tenant, id).await? else { return Ok(None) };
        let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
        let nothing = serde_json::Map::new();
        let first = body.get("request").and_then(|r| r.as_object()).unwrap_or(&nothing);
        let mut fields: Vec<Arc<str>> = input
            .keys()
            .chain(first.keys())
            .filter(|k| input.get(*k) != first.get(*k))
            .map(|k| k.as_str().into())
            .collect();
        // The same words from somebody else ask for something else: his own.
        if entry.parsed().ok().and_then(|h| h.actor).as_ref() != command.actor.person() {
            fields.push("requester".into());
        }
        fields.sort();
        fields.dedup();
        Ok(Some(match answer_in(&entry) {
            Some(answer) if fields.is_empty() => Ok(Submitted { answer, repeat: true }),
            _ => Err(Refusal::KeyReused { instance: id, fields }),
        }))
    }

    async fn first_entry(
        &mut self,
        work: &Work<D>,
        tenant: TenantId,
        id: InstanceId,
    ) -> Result<Option<Entry>, StoreError> {
        if let Some(entry) = in_batch(work, tenant, id.into(), |h| h.seq == 1) {
            return Ok(Some(entry));
        }
        Ok(self.shared.store.entries(tenant, id.into(), 0, 1).await?.into_iter().next())
    }

    /// The answer of the first time, if it was the same request.
    fn same(&self, command: &Command, entry: &Entry, work: &Work<D>) -> Outcome {
        let header = entry.parsed().ok();
        if header.and_then(|h| h.request_hash) != Some(command.request_hash) {
            let started = matches!(command.verb, Verb::Start { .. }).then_some(InstanceId(entry.stream.0));
            return Err(Refusal::RequestReused { first_at: entry.at, started });
        }
        let answer = answer_in(entry).unwrap_or_else(|| self.nothing(command, work));
        Ok(Submitted { answer, repeat: true })
    }

    /// The instance as it stands: for a wake-up that came for nothing, and for a repeat whose first answer was purged.
    pub(super) fn nothing(&self, command: &Command, work: &Work<D>) -> Answer {
        let instance = command.verb.instance().and_then(|id| work.plan.instance(command.tenant, id));
        let organisations = work.organisations(command.tenant);
        match instance.and_then(|i| Some((i, work.library.pinned(i.definition)?, organisations.last()?))) {
            Some((instance, definition, organisation)) => {
                Answer { seq: instance.seq, ..answer_of(definition, instance, Some(organisation), work.now) }
            }
            None => blank_answer(work.now),
        }
    }
}

/// An entry that this batch has appended.
fn in_batch<D: Persist>(
    work: &Work<D>,
    tenant: TenantId,
    stream: StreamId,
    is_it: impl Fn(&Header) -> bool,
) -> Option<Entry> {
    let mut entries = work.plan.so_far().entries.iter().filter(|e| e.tenant == tenant && e.stream == stream);
    entries.find(|e| e.parsed().is_ok_and(|h| is_it(&h))).cloned()
}

/// The instance that a start key belongs to, in this batch or in the database.
fn key_known<D: Persist>(work: &Work<D>, tenant: TenantId, scope: &str, key: &str) -> Option<InstanceId> {
    let mut new = work.plan.so_far().keys.iter();
    new.find(|k| k.tenant == tenant && &*k.scope == scope && &*k.key == key)
        .map(|k| k.instance)
        .or_else(|| work.loaded.keys.get(&(tenant, scope.into(), key.into())).copied())
}
