//! What a batch writes: one statement a table that changed, all of them and `COMMIT` in one call.
//!
//! `OR ROLLBACK` spares SQLite the statement journal. Each takes its rows as one array, the tenant a column of it.

use super::json::Rows;
use super::script::Script;
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
    ("ADD_TIMERS", ADD_TIMERS),
    ("ADD_RECORDS", ADD_RECORDS),
    ("SET_RECORDS", SET_RECORDS),
    ("ADD_ENTRIES", ADD_ENTRIES),
    ("ADD_OUTBOX", ADD_OUTBOX),
    ("REMOVE_INBOX", REMOVE_INBOX),
    ("ADD_INBOX", ADD_INBOX),
];

const ADD_KEYS: &str = "INSERT OR ROLLBACK INTO start_key (tenant, scope, key, instance)
     SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3)
     FROM json_each($1)";

const ADD_INSTANCES: &str =
    "INSERT OR ROLLBACK INTO instance (tenant, id, workflow, definition, key, state, status, seq,
       state_revision, subject, detail, head, started_at, changed_at)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6, value ->> 7,
       value ->> 8, value ->> 9, value ->> 10, value ->> 11, unhex(value ->> 12), value ->> 13, value ->> 14
     FROM json_each($1)";

const SET_INSTANCES: &str = "UPDATE OR ROLLBACK instance
     SET workflow = a.value ->> 3, definition = unhex(a.value ->> 4), key = a.value ->> 5, state = a.value ->> 6,
       status = a.value ->> 7, seq = a.value ->> 8, state_revision = a.value ->> 9, subject = a.value ->> 10,
       detail = a.value ->> 11, head = unhex(a.value ->> 12), started_at = a.value ->> 13, changed_at = a.value ->> 14
     FROM json_each($1) AS a
     WHERE instance.tenant = a.value ->> 0
       AND instance.id = unhex(a.value ->> 1)
       AND instance.seq = a.value ->> 2";

const ADD_TASKS: &str =
    "INSERT OR ROLLBACK INTO task (tenant, instance, ordinal, state, status, revision, document, due_at,
       holders, detail, opened_at, seq)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 4, value ->> 5, value ->> 6, unhex(value ->> 7),
       value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
     FROM json_each($1)";

const SET_TASKS: &str = "UPDATE OR ROLLBACK task
     SET state = a.value ->> 4, status = a.value ->> 5, revision = a.value ->> 6, document = unhex(a.value ->> 7),
       due_at = a.value ->> 8, holders = a.value ->> 9, detail = a.value ->> 10, opened_at = a.value ->> 11,
       seq = a.value ->> 12
     FROM json_each($1) AS a
     WHERE task.tenant = a.value ->> 0
       AND task.instance = unhex(a.value ->> 1)
       AND task.ordinal = a.value ->> 2
       AND task.seq = a.value ->> 3";

const REMOVE_HOLDERS: &str = "DELETE FROM task_holder
     WHERE (tenant, person, instance, ordinal, step) IN (
       SELECT value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
       FROM json_each($1)
     )";

const ADD_HOLDERS: &str = "INSERT OR ROLLBACK INTO task_holder (tenant, person, instance, ordinal, step)
     SELECT value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
     FROM json_each($1)";

const REMOVE_TIMERS: &str = "DELETE FROM timer
     WHERE (tenant, instance, name, due_at) IN (
       SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3
       FROM json_each($1)
     )";

const ADD_TIMERS: &str = "INSERT OR ROLLBACK INTO timer (tenant, instance, name, due_at)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3
     FROM json_each($1)";

const ADD_RECORDS: &str = "INSERT OR ROLLBACK INTO record (tenant, stream, kind, key, seq, head)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6)
     FROM json_each($1)";

const SET_RECORDS: &str = "UPDATE OR ROLLBACK record
     SET kind = a.value ->> 3, key = a.value ->> 4, seq = a.value ->> 5, head = unhex(a.value ->> 6)
     FROM json_each($1) AS a
     WHERE record.tenant = a.value ->> 0
       AND record.stream = unhex(a.value ->> 1)
       AND record.seq = a.value ->> 2";

// One writer: the order of the rows is the order of the commits, so that there is no transaction to name.
const ADD_ENTRIES: &str =
    "INSERT OR ROLLBACK INTO audit_entry (tenant, stream, seq, at, txid, header, hash, body_digest, salt,
       body)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, 0, value ->> 4, unhex(value ->> 5),
       unhex(value ->> 6), unhex(value ->> 7), value ->> 8
     FROM json_each($1)";

const ADD_OUTBOX: &str =
    "INSERT OR ROLLBACK INTO outbox (tenant, instance, destination, seq, id, payload, times, wait_from,
       wait_to, sent_event, next_at, attempt, epoch)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, 0, 0
     FROM json_each($1)";

const REMOVE_INBOX: &str = "DELETE FROM inbox
     WHERE (tenant, target, message) IN (
       SELECT value ->> 0, unhex(value ->> 1), value ->> 2
       FROM json_each($1)
     )";

const ADD_INBOX: &str = "INSERT OR ROLLBACK INTO inbox (tenant, target, message, event, payload, at)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5
     FROM json_each($1)";

/// All statements of a commit but the domain's and the rare ones.
pub(super) fn script<Op>(c: &Commit<Op>) -> Result<Script, StoreError> {
    let mut script = Script::new();
    script.rows(
        ADD_KEYS,
        Rows::of(&c.keys, |row, key| {
            row.int(key.tenant.0).text(&key.scope).text(&key.key).bytes(key.instance.0.as_bytes());
        }),
    )?;
    script.rows(ADD_INSTANCES, instances(c.instances.iter().filter(|w| w.base == 0))?)?;
    script.guarded("instance", SET_INSTANCES, instances(c.instances.iter().filter(|w| w.base != 0))?)?;
    script.rows(ADD_TASKS, tasks(c.tasks.iter().filter(|w| w.base == 0))?)?;
    script.guarded("task", SET_TASKS, tasks(c.tasks.iter().filter(|w| w.base != 0))?)?;
    let (remove, add) = net(&c.holders);
    script.guarded("task_holder", REMOVE_HOLDERS, Rows::of(remove, holder))?;
    script.rows(ADD_HOLDERS, Rows::of(add, holder))?;
    let (remove, add) = net(&c.timers);
    script.guarded("timer", REMOVE_TIMERS, Rows::of(remove, timer))?;
    script.rows(ADD_TIMERS, Rows::of(add, timer))?;
    script.rows(ADD_RECORDS, Rows::of(c.records.iter().filter(|w| w.base == 0), record))?;
    script.guarded("record", SET_RECORDS, Rows::of(c.records.iter().filter(|w| w.base != 0), record))?;
    script.rows(
        ADD_ENTRIES,
        Rows::of(&c.entries, |row, e| {
            row.int(e.tenant.0).bytes(e.stream.0.as_bytes()).int(e.seq).int(e.at.micros()).text(&e.header);
            row.bytes(&e.hash.0).bytes(&e.body_digest.0).bytes(&e.salt).text(&e.body);
        }),
    )?;
    messages(&mut script, c)?;
    Ok(script)
}

fn messages<Op>(script: &mut Script, c: &Commit<Op>) -> Result<(), StoreError> {
    script.rows(
        ADD_OUTBOX,
        Rows::of(&c.outbox, |row, o| {
            row.int(o.tenant.0).bytes(o.instance.0.as_bytes()).text(&o.destination).int(o.seq).bytes(o.id.as_bytes());
            row.text(&o.payload).int(i64::from(o.times)).int(o.from).int(o.to);
            row.opt_text(o.sent_event.as_deref()).int(o.next_at.micros());
        }),
    )?;
    script.rows(
        REMOVE_INBOX,
        Rows::of(&c.told, |row, (tenant, target, message)| {
            row.int(tenant.0).bytes(target.0.as_bytes()).text(message);
        }),
    )?;
    script.rows(
        ADD_INBOX,
        Rows::of(&c.tells, |row, t| {
            row.int(t.tenant.0).bytes(t.target.0.as_bytes()).text(&t.message).text(&t.event).text(&t.payload);
            row.int(t.at.micros());
        }),
    )?;
    Ok(())
}

fn instances<'a>(writes: impl Iterator<Item = &'a InstanceWrite>) -> Result<Rows, StoreError> {
    let texts = |w: &'a InstanceWrite| Ok((w, json(&w.row.subject)?, json(&w.row.detail)?));
    let writes = writes.map(texts).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Rows::of(&writes, |row, (w, subject, detail)| {
        let i = &w.row;
        row.int(i.tenant.0).bytes(i.id.0.as_bytes()).int(w.base).text(&i.workflow).bytes(&i.definition.0);
        row.opt_text(i.key.as_deref()).text(&i.state).text(i.status.as_str()).int(i.seq).int(i.state_revision);
        row.text(subject).text(detail).bytes(&i.head.0).int(i.started_at.micros()).int(i.changed_at.micros());
    }))
}

fn tasks<'a>(writes: impl Iterator<Item = &'a TaskWrite>) -> Result<Rows, StoreError> {
    let texts = |w: &'a TaskWrite| Ok((w, json(&w.row.holders)?, json(&w.row.detail)?));
    let writes = writes.map(texts).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Rows::of(&writes, |row, (w, holders, detail)| {
        let t = &w.row;
        row.int(w.tenant.0).bytes(t.id.instance.0.as_bytes()).int(i64::from(t.id.ordinal)).int(w.base);
        row.text(&t.state).text(t.status.as_str()).int(t.revision).bytes(&t.document.0);
        row.opt_int(t.due_at.map(crate::clock::Timestamp::micros)).text(holders).text(detail);
        row.int(t.opened_at.micros()).int(t.seq);
    }))
}

fn holder(row: &mut Rows, h: &HolderRow) {
    row.int(h.tenant.0).text(h.person.as_str()).bytes(h.instance.0.as_bytes()).int(i64::from(h.ordinal)).text(&h.step);
}

fn timer(row: &mut Rows, t: &TimerRow) {
    row.int(t.tenant.0).bytes(t.instance.0.as_bytes()).text(&t.name).int(t.due_at.micros());
}

fn record(row: &mut Rows, w: &RecordWrite) {
    row.int(w.row.tenant.0).bytes(w.row.stream.0.as_bytes()).int(w.base).text(&w.row.kind).text(&w.row.key);
    row.int(w.row.seq).bytes(&w.row.head.0);
}
