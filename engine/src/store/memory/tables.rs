//! The tables as maps. Every guard is checked before anything changes, so that a failed batch leaves no trace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::commit::{
    ApiKeyRow, Commit, DefinitionRow, HolderRow, InboxRow, OrganisationRow, OutboxRow, RecordHead, ResumedRow,
    TimerRow, WithdrawnRow,
};
use crate::ids::{DefinitionHash, InstanceId, StreamId, TenantId};
use crate::instance::{Instance, Task};
use crate::store::StoreError;
use crate::store::rows::net;

/// A message and how its sending stands.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub(super) row: OutboxRow,
    pub(super) attempt: u32,
    pub(super) epoch: i64,
    pub(super) given_up_at: Option<Timestamp>,
    /// Claimed, and not yet said how it ended.
    pub(super) under_way: bool,
}

pub(super) type OutboxKey = (TenantId, InstanceId, Arc<str>, i64, Uuid);

/// Everything but the domain's rows.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) instances: BTreeMap<(TenantId, InstanceId), Arc<Instance>>,
    pub(super) tasks: BTreeMap<(TenantId, InstanceId, u32), Task>,
    pub(super) holders: BTreeSet<HolderRow>,
    pub(super) timers: BTreeMap<(TenantId, InstanceId, Arc<str>), Timestamp>,
    pub(super) keys: BTreeMap<(TenantId, Arc<str>, Arc<str>), InstanceId>,
    pub(super) records: BTreeMap<(TenantId, StreamId), RecordHead>,
    pub(super) entries: BTreeMap<(TenantId, StreamId, i64), Entry>,
    pub(super) outbox: BTreeMap<OutboxKey, Sending>,
    pub(super) inbox: BTreeMap<(TenantId, InstanceId, Arc<str>), InboxRow>,
    pub(super) organisations: BTreeMap<(TenantId, i64), OrganisationRow>,
    pub(super) api_keys: BTreeMap<(TenantId, Arc<str>), ApiKeyRow>,
    pub(super) definitions: BTreeMap<DefinitionHash, DefinitionRow>,
}

fn conflict(table: &str) -> StoreError {
    StoreError::Conflict(table.to_owned())
}

/// New keys: not taken, and each only once.
fn fresh<K: Ord>(table: &str, keys: impl Iterator<Item = K>, taken: impl Fn(&K) -> bool) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if taken(&key) || !seen.insert(key) {
            return Err(conflict(table));
        }
    }
    Ok(())
}

/// Versions: 0 for a row that does not exist, else the one that is stored.
fn guard(table: &str, base: i64, stored: Option<i64>) -> Result<(), StoreError> {
    if stored.unwrap_or(0) == base { Ok(()) } else { Err(conflict(table)) }
}

pub(super) fn outbox_key(row: &OutboxRow) -> OutboxKey {
    (row.tenant, row.instance, row.destination.clone(), row.seq, row.id)
}

fn resumed_key(row: &ResumedRow) -> OutboxKey {
    let message = &row.resume.message;
    (row.tenant, row.instance, message.destination.clone(), message.seq, message.id)
}

fn timer_key(row: &TimerRow) -> (TenantId, InstanceId, Arc<str>) {
    (row.tenant, row.instance, row.name.clone())
}

impl Tables {
    /// When a record's last entry is dated.
    pub(super) fn dated(&self, (tenant, stream): (TenantId, StreamId)) -> Option<Timestamp> {
        let head = self.records.get(&(tenant, stream))?;
        self.entries.get(&(tenant, stream, head.seq)).map(|entry| entry.at)
    }

    /// Whether all guards of the commit hold.
    pub(super) fn check<Op>(&self, c: &Commit<Op>) -> Result<(), StoreError> {
        fresh("start_key", c.keys.iter().map(|k| (k.tenant, k.scope.clone(), k.key.clone())), |k| {
            self.keys.contains_key(k)
        })?;
        for w in &c.instances {
            guard("instance", w.base, self.instances.get(&(w.row.tenant, w.row.id)).map(|i| i.seq))?;
        }
        for w in &c.tasks {
            let stored = self.tasks.get(&(w.tenant, w.row.id.instance, w.row.id.ordinal));
            guard("task", w.base, stored.map(|t| t.seq))?;
        }
        for w in &c.records {
            guard("record", w.base, self.records.get(&(w.row.tenant, w.row.stream)).map(|r| r.seq))?;
        }
        fresh("audit_entry", c.entries.iter().map(|e| (e.tenant, e.stream, e.seq)), |k| self.entries.contains_key(k))?;
        fresh("outbox", c.outbox.iter().map(outbox_key), |k| self.outbox.contains_key(k))?;
        let given_up = |row| self.outbox.get(&resumed_key(row)).is_some_and(|s| s.given_up_at.is_some());
        if !c.resumed.iter().all(given_up) {
            return Err(conflict("outbox"));
        }
        fresh("inbox", c.tells.iter().map(|t| (t.tenant, t.target, t.message.clone())), |k| {
            self.inbox.contains_key(k) && !c.told.contains(k)
        })?;
        fresh("organisation", c.organisations.iter().map(|o| (o.tenant, o.revision)), |k| {
            self.organisations.contains_key(k)
        })?;
        self.check_index(c)?;
        self.check_api_keys(c)
    }

    fn check_index<Op>(&self, c: &Commit<Op>) -> Result<(), StoreError> {
        let (remove, add) = net(&c.holders);
        if remove.iter().any(|h| !self.holders.contains(h)) || add.iter().any(|h| self.holders.contains(h)) {
            return Err(conflict("task_holder"));
        }
        let (remove, add) = net(&c.timers);
        if remove.iter().any(|t| self.timers.get(&timer_key(t)) != Some(&t.due_at)) {
            return Err(conflict("timer"));
        }
        let gone: BTreeSet<_> = remove.into_iter().map(timer_key).collect();
        fresh("timer", add.into_iter().map(timer_key), |k| self.timers.contains_key(k) && !gone.contains(k))
    }

    fn check_api_keys<Op>(&self, c: &Commit<Op>) -> Result<(), StoreError> {
        fresh("api_key", c.api_keys.iter().map(|k| k.secret_hash), |hash| {
            let other = |k: &ApiKeyRow| {
                k.secret_hash == *hash && !c.api_keys.iter().any(|n| (n.tenant, &n.id) == (k.tenant, &k.id))
            };
            self.api_keys.values().any(other)
        })
    }

    /// Changes the rows: [`Tables::check`] has said that it may.
    pub(super) fn apply<Op>(&mut self, c: &Commit<Op>) {
        for w in &c.instances {
            let row = Instance { tasks: Vec::new(), ..(*w.row).clone() };
            self.instances.insert((row.tenant, row.id), Arc::new(row));
        }
        for w in &c.tasks {
            self.tasks.insert((w.tenant, w.row.id.instance, w.row.id.ordinal), w.row.clone());
        }
        for w in &c.records {
            self.records.insert((w.row.tenant, w.row.stream), w.row.clone());
        }
        self.keys.extend(c.keys.iter().map(|k| ((k.tenant, k.scope.clone(), k.key.clone()), k.instance)));
        self.entries.extend(c.entries.iter().map(|e| ((e.tenant, e.stream, e.seq), e.clone())));
        for row in &c.outbox {
            let sending = Sending { row: row.clone(), attempt: 0, epoch: 0, given_up_at: None, under_way: false };
            self.outbox.insert(outbox_key(row), sending);
        }
        for row in &c.resumed {
            self.resume(row);
        }
        for row in &c.withdrawn {
            self.withdraw(row);
        }
        for key in &c.told {
            self.inbox.remove(key);
        }
        self.inbox.extend(c.tells.iter().map(|t| ((t.tenant, t.target, t.message.clone()), t.clone())));
        self.organisations.extend(c.organisations.iter().map(|o| ((o.tenant, o.revision), o.clone())));
        for row in &c.definitions {
            self.definitions.entry(row.hash).or_insert_with(|| row.clone());
        }
        self.apply_index(c);
        self.apply_api_keys(c);
    }

    fn resume(&mut self, row: &ResumedRow) {
        let key = resumed_key(row);
        if !row.resume.again {
            self.outbox.remove(&key);
        } else if let Some(sending) = self.outbox.get_mut(&key) {
            sending.row.next_at = row.next_at;
            (sending.attempt, sending.given_up_at) = (0, None);
            sending.epoch += 1;
        }
    }

    fn withdraw(&mut self, row: &WithdrawnRow) {
        let key = |seq| (row.tenant, row.instance, row.destination.clone(), seq, Uuid::nil());
        let mut gone = Vec::new();
        for (key, sending) in self.outbox.range_mut(key(0)..key(row.before)) {
            match sending.given_up_at {
                None if sending.under_way && sending.row.next_at > row.at => sending.given_up_at = Some(row.at),
                None => gone.push(key.clone()),
                Some(_) => {}
            }
        }
        gone.iter().for_each(|key| drop(self.outbox.remove(key)));
    }

    fn apply_index<Op>(&mut self, c: &Commit<Op>) {
        let (remove, add) = net(&c.holders);
        for row in remove {
            self.holders.remove(row);
        }
        self.holders.extend(add.into_iter().cloned());
        let (remove, add) = net(&c.timers);
        for row in remove {
            self.timers.remove(&timer_key(row));
        }
        self.timers.extend(add.into_iter().map(|t| (timer_key(t), t.due_at)));
    }

    fn apply_api_keys<Op>(&mut self, c: &Commit<Op>) {
        for row in &c.api_keys {
            let stored = self.api_keys.entry((row.tenant, row.id.clone())).or_insert_with(|| row.clone());
            stored.label.clone_from(&row.label);
            stored.administrator = row.administrator;
            stored.revoked_at = row.revoked_at;
        }
    }

    /// An instance with its tasks.
    pub(super) fn instance(&self, tenant: TenantId, id: InstanceId) -> Option<Instance> {
        self.instances.get(&(tenant, id)).map(|row| {
            let tasks = self.tasks.range((tenant, id, 0)..=(tenant, id, u32::MAX));
            Instance { tasks: tasks.map(|(_, task)| task.clone()).collect(), ..(**row).clone() }
        })
    }

    /// The organisation at its newest revision.
    pub(super) fn newest(&self, tenant: TenantId) -> Option<&OrganisationRow> {
        self.organisations.range((tenant, 0)..=(tenant, i64::MAX)).next_back().map(|(_, row)| row)
    }
}
