//! What a batch writes, one part of a statement a table. Rows come as arrays, the tenant a column of them.

use super::batch::Batch;
use crate::clock::Timestamp;
use crate::commit::{Commit, HolderRow, InstanceWrite, RecordWrite, TaskWrite, TimerRow};
use crate::store::StoreError;
use crate::store::rows::{json, net};

/// For the test that reads plans.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
    ("ADD_KEYS", ADD_KEYS),
    ("ADD_INSTANCES", ADD_INSTANCES),
    ("SET_INSTANCES", SET_INSTANCES),
    ("ADD_TASKS", ADD_TASKS),
    ("SET_TASKS", SET_TASKS),
    ("REMOVE_HOLDERS", REMOVE_HOLDERS),
    ("ADD_HOLDERS", ADD_HOLDERS),
    ("REMOVE_TIMERS", REMOVE_TIMERS),
    ("ADD_RECORDS", ADD_RECORDS),
    ("SET_RECORDS", SET_RECORDS),
    ("ADD_ENTRIES", ADD_ENTRIES),
    ("ADD_OUTBOX", ADD_OUTBOX),
    ("REMOVE_INBOX", REMOVE_INBOX),
];

const ADD_KEYS: &str = "INSERT INTO start_key (tenant, scope, key, instance)
     SELECT a.tenant, a.scope, a.key, a.instance
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[]) AS a (tenant, scope, key, instance)";

const ADD_INSTANCES: &str = "INSERT INTO instance (tenant, id, workflow, definition, key, state, status, seq,
       state_revision, subject, detail, head, started_at, changed_at)
     SELECT a.tenant, a.id, a.workflow, a.definition, a.key, a.state, a.status, a.seq, a.state_revision, a.subject,
       a.detail, a.head, a.started_at, a.changed_at
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[],
       $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::bytea[], $14::bigint[], $15::bigint[])
       AS a (tenant, id, base, workflow, definition, key, state, status, seq, state_revision, subject, detail, head,
       started_at, changed_at)";

const SET_INSTANCES: &str = "UPDATE instance AS i
     SET workflow = a.workflow, definition = a.definition, key = a.key, state = a.state, status = a.status, seq = a.seq,
       state_revision = a.state_revision, subject = a.subject, detail = a.detail, head = a.head,
       started_at = a.started_at, changed_at = a.changed_at
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[],
       $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::bytea[], $14::bigint[], $15::bigint[])
       AS a (tenant, id, base, workflow, definition, key, state, status, seq, state_revision, subject, detail, head,
       started_at, changed_at)
     WHERE i.tenant = a.tenant
       AND i.id = a.id
       AND i.seq = a.base
     RETURNING 1";

fn instances(batch: &mut Batch, name: &str, sql: &str, rows: &[&InstanceWrite]) -> Result<(), StoreError> {
    let texts = |w: &&InstanceWrite| Ok((json(&w.row.subject)?, json(&w.row.detail)?));
    let (subjects, details): (Vec<_>, Vec<_>) =
        rows.iter().map(texts).collect::<Result<Vec<_>, StoreError>>()?.into_iter().unzip();
    let all = || rows.iter().map(|w| &w.row);
    batch
        .part(name, sql)
        .array(all().map(|i| i.tenant.0))?
        .array(all().map(|i| i.id.0))?
        .array(rows.iter().map(|w| w.base))?
        .array(all().map(|i| i.workflow.to_string()))?
        .array(all().map(|i| i.definition.0.to_vec()))?
        .array(all().map(|i| i.key.as_deref().map(str::to_owned)))?
        .array(all().map(|i| i.state.to_string()))?
        .array(all().map(|i| i.status.as_str()))?
        .array(all().map(|i| i.seq))?
        .array(all().map(|i| i.state_revision))?
        .array(subjects.into_iter())?
        .array(details.into_iter())?
        .array(all().map(|i| i.head.0.to_vec()))?
        .array(all().map(|i| i.started_at.micros()))?
        .array(all().map(|i| i.changed_at.micros()))?;
    Ok(())
}

const ADD_TASKS: &str = "INSERT INTO task (tenant, instance, ordinal, state, status, revision, document, due_at, holders,
       detail, opened_at, seq)
     SELECT a.tenant, a.instance, a.ordinal, a.state, a.status, a.revision, a.document, a.due_at, a.holders, a.detail,
       a.opened_at, a.seq
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bytea[],
       $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::bigint[])
       AS a (tenant, instance, ordinal, base, state, status, revision, document, due_at, holders, detail, opened_at, seq)";

const SET_TASKS: &str = "UPDATE task AS t
     SET state = a.state, status = a.status, revision = a.revision, document = a.document, due_at = a.due_at,
       holders = a.holders, detail = a.detail, opened_at = a.opened_at, seq = a.seq
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bytea[],
       $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::bigint[])
       AS a (tenant, instance, ordinal, base, state, status, revision, document, due_at, holders, detail, opened_at, seq)
     WHERE t.tenant = a.tenant
       AND t.instance = a.instance
       AND t.ordinal = a.ordinal
       AND t.seq = a.base
     RETURNING 1";

fn tasks(batch: &mut Batch, name: &str, sql: &str, rows: &[&TaskWrite]) -> Result<(), StoreError> {
    let texts = |w: &&TaskWrite| Ok((json(&w.row.holders)?, json(&w.row.detail)?));
    let (holders, details): (Vec<_>, Vec<_>) =
        rows.iter().map(texts).collect::<Result<Vec<_>, StoreError>>()?.into_iter().unzip();
    let all = || rows.iter().map(|w| &w.row);
    batch
        .part(name, sql)
        .array(rows.iter().map(|w| w.tenant.0))?
        .array(all().map(|t| t.id.instance.0))?
        .array(all().map(|t| i64::from(t.id.ordinal)))?
        .array(rows.iter().map(|w| w.base))?
        .array(all().map(|t| t.state.to_string()))?
        .array(all().map(|t| t.status.as_str()))?
        .array(all().map(|t| t.revision))?
        .array(all().map(|t| t.document.0.to_vec()))?
        .array(all().map(|t| t.due_at.map(Timestamp::micros)))?
        .array(holders.into_iter())?
        .array(details.into_iter())?
        .array(all().map(|t| t.opened_at.micros()))?
        .array(all().map(|t| t.seq))?;
    Ok(())
}

const REMOVE_HOLDERS: &str = "DELETE FROM task_holder AS h
     USING unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::text[])
       AS a (tenant, person, instance, ordinal, step)
     WHERE h.tenant = a.tenant
       AND h.person = a.person
       AND h.instance = a.instance
       AND h.ordinal = a.ordinal
       AND h.step = a.step
     RETURNING 1";

const ADD_HOLDERS: &str = "INSERT INTO task_holder (tenant, person, instance, ordinal, step)
     SELECT a.tenant, a.person, a.instance, a.ordinal, a.step
     FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::text[])
       AS a (tenant, person, instance, ordinal, step)";

fn holders(batch: &mut Batch, name: &str, sql: &str, rows: &[&HolderRow]) -> Result<(), StoreError> {
    batch
        .part(name, sql)
        .array(rows.iter().map(|h| h.tenant.0))?
        .array(rows.iter().map(|h| h.person.to_string()))?
        .array(rows.iter().map(|h| h.instance.0))?
        .array(rows.iter().map(|h| i64::from(h.ordinal)))?
        .array(rows.iter().map(|h| h.step.to_string()))?;
    Ok(())
}

const REMOVE_TIMERS: &str = "DELETE FROM timer AS t
     USING unnest($1::bigint[], $2::uuid[], $3::text[], $4::bigint[]) AS a (tenant, instance, name, due_at)
     WHERE t.tenant = a.tenant
       AND t.instance = a.instance
       AND t.name = a.name
       AND t.due_at = a.due_at
     RETURNING 1";

// Parts of one statement run in no order. A timer that is set anew is removed and added under the same key: the count
// makes this part wait for the other.
const ADD_TIMERS: &str = "INSERT INTO timer (tenant, instance, name, due_at)
     SELECT a.tenant, a.instance, a.name, a.due_at
     FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::bigint[]) AS a (tenant, instance, name, due_at)
     WHERE (SELECT count(*) FROM timers_removed) >= 0";

fn timers(batch: &mut Batch, name: &str, sql: &str, rows: &[&TimerRow]) -> Result<(), StoreError> {
    batch
        .part(name, sql)
        .array(rows.iter().map(|t| t.tenant.0))?
        .array(rows.iter().map(|t| t.instance.0))?
        .array(rows.iter().map(|t| t.name.to_string()))?
        .array(rows.iter().map(|t| t.due_at.micros()))?;
    Ok(())
}

const ADD_RECORDS: &str = "INSERT INTO record (tenant, stream, kind, key, seq, head)
     SELECT a.tenant, a.stream, a.kind, a.key, a.seq, a.head
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bytea[])
       AS a (tenant, stream, base, kind, key, seq, head)";

const SET_RECORDS: &str = "UPDATE record AS r
     SET kind = a.kind, key = a.key, seq = a.seq, head = a.head
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bytea[])
       AS a (tenant, stream, base, kind, key, seq, head)
     WHERE r.tenant = a.tenant
       AND r.stream = a.stream
       AND r.seq = a.base
     RETURNING 1";

fn records(batch: &mut Batch, name: &str, sql: &str, rows: &[&RecordWrite]) -> Result<(), StoreError> {
    let all = || rows.iter().map(|w| &w.row);
    batch
        .part(name, sql)
        .array(all().map(|r| r.tenant.0))?
        .array(all().map(|r| r.stream.0))?
        .array(rows.iter().map(|w| w.base))?
        .array(all().map(|r| r.kind.to_string()))?
        .array(all().map(|r| r.key.to_string()))?
        .array(all().map(|r| r.seq))?
        .array(all().map(|r| r.head.0.to_vec()))?;
    Ok(())
}

// The transaction's number tells the sealer what is surely committed.
const ADD_ENTRIES: &str = "INSERT INTO audit_entry (tenant, stream, seq, at, txid, header, hash, body_digest, salt, body)
     SELECT a.tenant, a.stream, a.seq, a.at, CAST(CAST(pg_current_xact_id() AS text) AS bigint), a.header, a.hash,
       a.body_digest, a.salt, a.body
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[],
       $9::text[])
       AS a (tenant, stream, seq, at, header, hash, body_digest, salt, body)";

fn entries<Op>(batch: &mut Batch, c: &Commit<Op>) -> Result<(), StoreError> {
    let all = || c.entries.iter();
    batch
        .part("entries_added", ADD_ENTRIES)
        .array(all().map(|e| e.tenant.0))?
        .array(all().map(|e| e.stream.0))?
        .array(all().map(|e| e.seq))?
        .array(all().map(|e| e.at.micros()))?
        .array(all().map(|e| e.header.clone()))?
        .array(all().map(|e| e.hash.0.to_vec()))?
        .array(all().map(|e| e.body_digest.0.to_vec()))?
        .array(all().map(|e| e.salt.clone()))?
        .array(all().map(|e| e.body.clone()))?;
    Ok(())
}

const ADD_OUTBOX: &str =
    "INSERT INTO outbox (tenant, instance, destination, seq, id, payload, times, wait_from, wait_to,
       sent_event, next_at, attempt, epoch)
     SELECT a.tenant, a.instance, a.destination, a.seq, a.id, a.payload, a.times, a.wait_from, a.wait_to, a.sent_event,
       a.next_at, 0, 0
     FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[],
       $9::bigint[], $10::text[], $11::bigint[])
       AS a (tenant, instance, destination, seq, id, payload, times, wait_from, wait_to, sent_event, next_at)";

const REMOVE_INBOX: &str = "DELETE FROM inbox AS i
     USING unnest($1::bigint[], $2::uuid[], $3::text[]) AS a (tenant, target, message)
     WHERE i.tenant = a.tenant
       AND i.target = a.target
       AND i.message = a.message
     RETURNING 1";

// Waits for the removal, as timers do.
const ADD_INBOX: &str = "INSERT INTO inbox (tenant, target, message, event, payload, at)
     SELECT a.tenant, a.target, a.message, a.event, a.payload, a.at
     FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[])
       AS a (tenant, target, message, event, payload, at)
     WHERE (SELECT count(*) FROM inbox_removed) >= 0";

fn messages<Op>(batch: &mut Batch, c: &Commit<Op>) -> Result<(), StoreError> {
    if !c.outbox.is_empty() {
        let all = || c.outbox.iter();
        batch
            .part("outbox_added", ADD_OUTBOX)
            .array(all().map(|o| o.tenant.0))?
            .array(all().map(|o| o.instance.0))?
            .array(all().map(|o| o.destination.to_string()))?
            .array(all().map(|o| o.seq))?
            .array(all().map(|o| o.id))?
            .array(all().map(|o| o.payload.clone()))?
            .array(all().map(|o| i64::from(o.times)))?
            .array(all().map(|o| o.from))?
            .array(all().map(|o| o.to))?
            .array(all().map(|o| o.sent_event.as_deref().map(str::to_owned)))?
            .array(all().map(|o| o.next_at.micros()))?;
    }
    if !c.told.is_empty() || !c.tells.is_empty() {
        batch
            .part("inbox_removed", REMOVE_INBOX)
            .array(c.told.iter().map(|t| t.0.0))?
            .array(c.told.iter().map(|t| t.1.0))?
            .array(c.told.iter().map(|t| t.2.to_string()))?;
    }
    if !c.tells.is_empty() {
        let all = || c.tells.iter();
        batch
            .part("inbox_added", ADD_INBOX)
            .array(all().map(|t| t.tenant.0))?
            .array(all().map(|t| t.target.0))?
            .array(all().map(|t| t.message.to_string()))?
            .array(all().map(|t| t.event.to_string()))?
            .array(all().map(|t| t.payload.clone()))?
            .array(all().map(|t| t.at.micros()))?;
    }
    Ok(())
}

/// New rows, and rows that replace others.
fn split<T>(rows: &[T], base: impl Fn(&T) -> i64) -> (Vec<&T>, Vec<&T>) {
    rows.iter().partition(|row| base(row) == 0)
}

/// All of a commit but the domain's rows and the rare ones.
pub(super) fn batch<Op>(c: &Commit<Op>) -> Result<Batch, StoreError> {
    let mut batch = Batch::new();
    if !c.keys.is_empty() {
        let all = || c.keys.iter();
        batch
            .part("keys_added", ADD_KEYS)
            .array(all().map(|k| k.tenant.0))?
            .array(all().map(|k| k.scope.to_string()))?
            .array(all().map(|k| k.key.to_string()))?
            .array(all().map(|k| k.instance.0))?;
    }
    let (new, changed) = split(&c.instances, |w| w.base);
    pair(&mut batch, instances, ("instances_added", ADD_INSTANCES, &new), ("instances_set", SET_INSTANCES, &changed))?;
    let (new, changed) = split(&c.tasks, |w| w.base);
    pair(&mut batch, tasks, ("tasks_added", ADD_TASKS, &new), ("tasks_set", SET_TASKS, &changed))?;
    let (remove, add) = net(&c.holders);
    pair(&mut batch, holders, ("holders_added", ADD_HOLDERS, &add), ("holders_removed", REMOVE_HOLDERS, &remove))?;
    let (remove, add) = net(&c.timers);
    if !remove.is_empty() || !add.is_empty() {
        timers(&mut batch, "timers_removed", REMOVE_TIMERS, &remove)?;
        batch.guard("timers_removed", remove.len())?;
        timers(&mut batch, "timers_added", ADD_TIMERS, &add)?;
    }
    let (new, changed) = split(&c.records, |w| w.base);
    pair(&mut batch, records, ("records_added", ADD_RECORDS, &new), ("records_set", SET_RECORDS, &changed))?;
    if !c.entries.is_empty() {
        entries(&mut batch, c)?;
    }
    messages(&mut batch, c)?;
    Ok(batch)
}

type Part<'a, T> = (&'a str, &'a str, &'a [&'a T]);

/// Rows to insert, and rows to change or delete, which must all be there.
fn pair<T>(
    batch: &mut Batch,
    write: fn(&mut Batch, &str, &str, &[&T]) -> Result<(), StoreError>,
    insert: Part<'_, T>,
    change: Part<'_, T>,
) -> Result<(), StoreError> {
    if !insert.2.is_empty() {
        write(batch, insert.0, insert.1, insert.2)?;
    }
    if !change.2.is_empty() {
        write(batch, change.0, change.1, change.2)?;
        batch.guard(change.0, change.2.len())?;
    }
    Ok(())
}
