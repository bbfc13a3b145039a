//! What the store in memory answers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};
use std::sync::PoisonError;

use super::tables::{OutboxKey, Sending};
use super::{MemoryStore, MemoryWriter, Persist, Store, StoreError};
use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::commit::{ApiKeyRow, DefinitionRow, InboxRow, OrganisationRow, RecordHead};
use crate::effect::is_tell;
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId, StreamId, TenantId};
use crate::instance::{Instance, Status, TaskStatus};
use crate::store::rows::{due, told, told_id};
use crate::store::{Claimed, Connection, Delivery, Due, InstancePage, PinnedCount, StateCount};

const LAST: InstanceId = InstanceId(uuid::Uuid::max());

fn most(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

impl<D: Persist> Store<D> for MemoryStore<D> {
    type Writer = MemoryWriter<D>;

    fn lanes(&self) -> usize {
        1
    }

    async fn writer(&self) -> Result<MemoryWriter<D>, StoreError> {
        Ok(MemoryWriter::new(self.clone()))
    }

    async fn instance(&self, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        Ok(self.tables().instance(tenant, id))
    }

    async fn instances(&self, page: &InstancePage) -> Result<Vec<Instance>, StoreError> {
        let tables = self.tables();
        let from = (page.tenant, InstanceId(uuid::Uuid::nil()));
        let to = (page.tenant, page.after.unwrap_or(LAST));
        let asked = |row: &Instance| {
            page.workflow.as_ref().is_none_or(|w| *w == row.workflow)
                && page.wants(&row.state)
                && page.status.is_none_or(|s| s == row.status)
                && page.incident.as_ref().is_none_or(|c| row.detail.incidents().any(|i| i.code == *c))
                && page.key.as_ref().is_none_or(|k| Some(k) == row.key.as_ref())
        };
        let rows = tables.instances.range(from..to).rev().filter(|(_, row)| asked(row));
        Ok(rows.take(most(page.limit)).filter_map(|((tenant, id), _)| tables.instance(*tenant, *id)).collect())
    }

    async fn counts(&self, tenant: TenantId) -> Result<Vec<StateCount>, StoreError> {
        let mut counts: BTreeMap<_, (i64, Timestamp)> = BTreeMap::new();
        for row in self.tables().instances.values().filter(|r| r.tenant == tenant && r.status != Status::Final) {
            let key = (row.workflow.clone(), row.state.clone(), row.status.as_str());
            let count = counts.entry(key).or_insert((0, row.changed_at));
            *count = (count.0 + 1, count.1.min(row.changed_at));
        }
        let count = |((workflow, state, status), (count, oldest)): (_, _)| {
            Some(StateCount { workflow, state, status: Status::parse(status)?, count, oldest })
        };
        Ok(counts.into_iter().filter_map(count).collect())
    }

    async fn pinned_counts(&self, tenant: TenantId) -> Result<Vec<PinnedCount>, StoreError> {
        let mut counts: BTreeMap<_, i64> = BTreeMap::new();
        for row in self.tables().instances.values().filter(|r| r.tenant == tenant && r.status != Status::Final) {
            *counts.entry((row.workflow.clone(), row.definition)).or_default() += 1;
        }
        let count = |((workflow, definition), count)| PinnedCount { workflow, definition, count };
        Ok(counts.into_iter().map(count).collect())
    }

    async fn entries(
        &self,
        tenant: TenantId,
        stream: StreamId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        let tables = self.tables();
        let after = (Excluded((tenant, stream, after)), Included((tenant, stream, i64::MAX)));
        Ok(tables.entries.range(after).take(most(limit)).map(|(_, entry)| entry.clone()).collect())
    }

    async fn heads(
        &self,
        tenant: TenantId,
        after: Option<StreamId>,
        limit: i64,
    ) -> Result<Vec<RecordHead>, StoreError> {
        let tables = self.tables();
        let after = after.unwrap_or(StreamId(uuid::Uuid::nil()));
        let instances = tables.instances.range((Excluded((tenant, InstanceId(after.0))), Included((tenant, LAST))));
        let instance = |(key, row): (&(TenantId, InstanceId), &std::sync::Arc<Instance>)| RecordHead {
            tenant,
            stream: key.1.into(),
            kind: "instance".into(),
            key: key.1.to_string().into(),
            seq: row.seq,
            head: row.head,
        };
        let records = tables.records.range((Excluded((tenant, after)), Included((tenant, StreamId(LAST.0)))));
        let mut heads: Vec<_> = instances.map(instance).chain(records.map(|(_, head)| head.clone())).collect();
        heads.sort_by_key(|head| head.stream);
        heads.truncate(most(limit));
        Ok(heads)
    }

    async fn streams(
        &self,
        tenant: TenantId,
        after: Option<StreamId>,
        limit: i64,
    ) -> Result<Vec<StreamId>, StoreError> {
        let tables = self.tables();
        let of_tenant = tables.entries.keys().filter(|key| key.0 == tenant && after.is_none_or(|after| key.1 > after));
        let streams: BTreeSet<StreamId> = of_tenant.map(|key| key.1).collect();
        Ok(streams.into_iter().take(most(limit)).collect())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let t = self.tables();
        let tenants = (t.instances.keys().map(|k| k.0))
            .chain(t.records.keys().map(|k| k.0))
            .chain(t.entries.keys().map(|k| k.0))
            .chain(t.keys.keys().map(|k| k.0))
            .chain(t.organisations.keys().map(|k| k.0))
            .chain(t.api_keys.keys().map(|k| k.0));
        Ok(tenants.collect::<BTreeSet<_>>().into_iter().collect())
    }

    async fn held_by(
        &self,
        tenant: TenantId,
        people: &[PersonId],
        after: Option<(InstanceId, u32)>,
        limit: i64,
    ) -> Result<Vec<(Instance, u32)>, StoreError> {
        let tables = self.tables();
        let open = |key: &(InstanceId, u32)| {
            let task = tables.tasks.get(&(tenant, key.0, key.1));
            after.is_none_or(|after| *key > after) && task.is_some_and(|task| task.status == TaskStatus::Open)
        };
        let of_people = tables.holders.iter().filter(|h| h.tenant == tenant && people.contains(&h.person));
        let held: BTreeSet<_> = of_people.map(|h| (h.instance, h.ordinal)).filter(open).collect();
        let found = held.into_iter().filter_map(|(id, n)| Some((tables.instance(tenant, id)?, n)));
        Ok(found.take(most(limit)).collect())
    }

    async fn due(&self, now: Timestamp, limit: i64) -> Result<Due, StoreError> {
        let tables = self.tables();
        let tasks = tables.tasks.iter().filter_map(|(key, task)| Some((task.due_at?.micros(), key.0, key.1)));
        let timers = tables.timers.iter().map(|(key, at)| (at.micros(), key.0, key.1));
        let mut rows: Vec<_> = tasks.chain(timers).collect();
        rows.sort_unstable();
        Ok(due(rows, now, limit))
    }

    async fn inbox(&self, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
        let mut rows: Vec<InboxRow> =
            self.tables().inbox.values().filter(|row| !is_tell(&row.message)).cloned().collect();
        rows.sort_by_key(|row| row.at); // stable: the map's order is that of the key
        rows.truncate(most(limit));
        Ok(rows)
    }

    async fn parts(&self, limit: i64, each: i64) -> Result<Vec<InboxRow>, StoreError> {
        let tables = self.tables();
        let mut rows: Vec<(usize, &InboxRow)> = Vec::new();
        for row in tables.inbox.values().filter(|row| is_tell(&row.message)) {
            let same = rows.last().filter(|(_, last)| (last.tenant, last.target) == (row.tenant, row.target));
            rows.push((same.map_or(1, |(place, _)| place + 1), row));
        }
        rows.retain(|(place, _)| *place <= most(each));
        rows.sort_by_key(|(place, _)| *place); // stable: the map's order is that of the key
        Ok(rows.into_iter().map(|(_, row)| row.clone()).take(most(limit)).collect())
    }

    async fn claim_besides(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
        besides: &[std::sync::Arc<str>],
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let mut oldest: BTreeMap<_, (&OutboxKey, &Sending)> = BTreeMap::new();
        // One that was withdrawn keeps others waiting as long as its attempt is under way.
        let waits = |sending: &Sending| sending.given_up_at.is_none() || sending.row.next_at > now;
        for (key, sending) in tables.outbox.iter().filter(|(_, sending)| waits(sending)) {
            oldest.entry((key.0, key.1, &key.2)).or_insert((key, sending));
        }
        let may_go = oldest
            .into_values()
            .filter(|(key, one)| one.given_up_at.is_none() && one.row.next_at <= now && !besides.contains(&key.2));
        let mut keys: Vec<_> = may_go.map(|(key, sending)| (sending.row.next_at, key.clone())).collect();
        keys.sort();
        keys.truncate(most(limit));
        keys.sort_by(|a, b| a.1.cmp(&b.1));
        let mut claimed = Vec::new();
        for (_, key) in keys {
            if let Some(sending) = tables.outbox.get_mut(&key) {
                sending.row.next_at = lease_until;
                sending.attempt += 1;
                sending.epoch += 1;
                sending.under_way = true;
                let row = sending.row.clone();
                claimed.push(Claimed { row, attempt: sending.attempt, epoch: sending.epoch });
            }
        }
        Ok(claimed)
    }

    async fn settle(&self, claimed: &Claimed, result: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let key = super::tables::outbox_key(&claimed.row);
        let is_sent = matches!(result, Delivery::Sent { .. });
        let stored = tables.outbox.get_mut(&key).filter(|s| s.epoch == claimed.epoch);
        let Some(sending) = stored else { return Ok(false) };
        // One that was withdrawn meanwhile: if it has gone out, that is told, and it does not go out twice.
        let withdrawn = sending.given_up_at.is_some();
        if withdrawn && !is_sent {
            tables.outbox.remove(&key);
            return Ok(false);
        }
        sending.under_way = false;
        let mut another = false;
        match result {
            Delivery::Sent { .. } => {
                tables.outbox.remove(&key);
                let row = &claimed.row;
                let same = |one: &Sending| one.epoch == 0 && one.row.payload == row.payload && one.row.seq > row.seq;
                let of = |key: &OutboxKey| (key.0, key.1, &key.2) == (row.tenant, row.instance, &row.destination);
                if withdrawn {
                    let before = tables.outbox.len();
                    tables.outbox.retain(|key, one| !of(key) || !same(one));
                    let waits = |one: &Sending| {
                        let asks = one.row.sent_event == row.sent_event;
                        asks && one.row.seq > row.seq && one.given_up_at.is_none()
                    };
                    another =
                        before == tables.outbox.len() && tables.outbox.iter().any(|(key, one)| of(key) && waits(one));
                }
            }
            Delivery::Again { next_at, .. } => {
                sending.row.next_at = *next_at;
                sending.epoch += 1;
            }
            Delivery::Held { next_at, .. } => {
                sending.row.next_at = *next_at;
                sending.attempt -= 1;
                sending.epoch += 1;
            }
            Delivery::GivenUp { .. } => {
                (sending.given_up_at, sending.row.next_at) = (Some(now), now);
                sending.epoch += 1;
            }
        }
        if let Some((event, payload)) = told(claimed, result, another) {
            let message: std::sync::Arc<str> = told_id(claimed).into();
            let (tenant, target) = (claimed.row.tenant, claimed.row.instance);
            let row = InboxRow { tenant, target, message: message.clone(), event, payload, at: now };
            tables.inbox.entry((tenant, target, message)).or_insert(row);
        }
        Ok(true)
    }

    async fn rows(&self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        let mut memory = self.read().await;
        self.domain.load(Connection::Memory(&mut memory), needs, into).await
    }

    async fn revision(&self, tenant: TenantId) -> Result<i64, StoreError> {
        Ok(self.tables().newest(tenant).map_or(0, |row| row.revision))
    }

    async fn organisation(&self, tenant: TenantId) -> Result<Option<OrganisationRow>, StoreError> {
        Ok(self.tables().newest(tenant).cloned())
    }

    async fn organisation_at(&self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        Ok(self.tables().organisations.get(&(tenant, revision)).cloned())
    }

    async fn revision_at(&self, tenant: TenantId, at: Timestamp) -> Result<i64, StoreError> {
        let tables = self.tables();
        let mut known = tables.organisations.range((tenant, 0)..=(tenant, i64::MAX)).rev();
        Ok(known.find(|(_, row)| row.at <= at).map_or(0, |(_, row)| row.revision))
    }

    async fn api_key(&self, secret_hash: Digest) -> Result<Option<ApiKeyRow>, StoreError> {
        let tables = self.tables();
        let mut keys = tables.api_keys.values().filter(|k| k.secret_hash == secret_hash && k.revoked_at.is_none());
        Ok(keys.next().cloned())
    }

    async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKeyRow>, StoreError> {
        Ok(self.tables().api_keys.values().filter(|k| k.tenant == tenant).cloned().collect())
    }

    async fn definition(&self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        Ok(self.tables().definitions.get(&hash).cloned())
    }

    async fn newest_definition(&self, name: &str) -> Result<Option<DefinitionRow>, StoreError> {
        let tables = self.tables();
        let known = tables.definitions.values().filter(|row| *row.name == *name);
        Ok(known.max_by_key(|row| (row.stored_at, row.hash)).cloned())
    }

    async fn pinned(&self) -> Result<Vec<DefinitionRow>, StoreError> {
        let tables = self.tables();
        let live: BTreeSet<_> =
            tables.instances.values().filter(|i| i.status != Status::Final).map(|i| i.definition).collect();
        Ok(tables.definitions.values().filter(|d| live.contains(&d.hash)).cloned().collect())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
