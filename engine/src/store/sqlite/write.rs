//! What a batch writes: one statement a table that changed.
//!
//! `OR ROLLBACK` spares SQLite the statement journal. Large rows (instances, tasks, entries) go as `VALUES`, small ones as
//! one JSON array a statement; the tenant is a column of either. Small batches are one call, `COMMIT` included; in larger
//! ones each statement of large rows is a call of its own, so that few texts stay prepared.

use super::json::Rows;
use super::script::{MOST, Row, Script};
use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::commit::{Commit, HolderRow, InstanceWrite, RecordWrite, TaskWrite, TimerRow};
use crate::store::StoreError;
use crate::store::rows::{json, net};

/// For the test that reads plans.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
    ("ADD_KEYS", ADD_KEYS),
    ("REMOVE_HOLDERS", REMOVE_HOLDERS),
    ("ADD_HOLDERS", ADD_HOLDERS),
    ("REMOVE_TIMERS", REMOVE_TIMERS),
    ("ADD_TIMERS", ADD_TIMERS),
    ("ADD_RECORDS", ADD_RECORDS),
    ("SET_RECORDS", SET_RECORDS),
    ("ADD_OUTBOX", ADD_OUTBOX),
    ("REMOVE_INBOX", REMOVE_INBOX),
    ("ADD_INBOX", ADD_INBOX),
];

/// For the same test: statements over `VALUES`, and how many columns their rows have.
pub(super) const VALUES: &[(&str, &str, usize)] = &[
    ("ADD_INSTANCES", ADD_INSTANCES, INSTANCE_COLUMNS),
    ("SET_INSTANCES", SET_INSTANCES, INSTANCE_COLUMNS),
    ("ADD_TASKS", ADD_TASKS, TASK_COLUMNS),
    ("SET_TASKS", SET_TASKS, TASK_COLUMNS),
    ("ADD_ENTRIES", ADD_ENTRIES, ENTRY_COLUMNS),
];

const ADD_KEYS: &str = "INSERT OR ROLLBACK INTO start_key (tenant, scope, key, instance)
     SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3)
     FROM json_each(?)";

const INSTANCE_COLUMNS: usize = 15;

const ADD_INSTANCES: &str =
    "INSERT OR ROLLBACK INTO instance (tenant, id, workflow, definition, key, state, status, seq,
       state_revision, subject, detail, head, started_at, changed_at)
     SELECT column1, column2, column4, column5, column6, column7, column8, column9, column10, column11, column12,
       column13, column14, column15
     FROM (VALUES {rows}) AS a
     WHERE column1 IS NOT NULL";

const SET_INSTANCES: &str = "UPDATE OR ROLLBACK instance
     SET workflow = a.column4, definition = a.column5, key = a.column6, state = a.column7, status = a.column8,
       seq = a.column9, state_revision = a.column10, subject = a.column11, detail = a.column12, head = a.column13,
       started_at = a.column14, changed_at = a.column15
     FROM (VALUES {rows}) AS a
     WHERE instance.tenant = a.column1
       AND instance.id = a.column2
       AND instance.seq = a.column3";

const TASK_COLUMNS: usize = 13;

const ADD_TASKS: &str =
    "INSERT OR ROLLBACK INTO task (tenant, instance, ordinal, state, status, revision, document, due_at,
       holders, detail, opened_at, seq)
     SELECT column1, column2, column3, column5, column6, column7, column8, column9, column10, column11, column12,
       column13
     FROM (VALUES {rows}) AS a
     WHERE column1 IS NOT NULL";

const SET_TASKS: &str = "UPDATE OR ROLLBACK task
     SET state = a.column5, status = a.column6, revision = a.column7, document = a.column8, due_at = a.column9,
       holders = a.column10, detail = a.column11, opened_at = a.column12, seq = a.column13
     FROM (VALUES {rows}) AS a
     WHERE task.tenant = a.column1
       AND task.instance = a.column2
       AND task.ordinal = a.column3
       AND task.seq = a.column4";

const ENTRY_COLUMNS: usize = 9;

// One writer: the order of the rows is the order of the commits, so that there is no transaction to name.
const ADD_ENTRIES: &str =
    "INSERT OR ROLLBACK INTO audit_entry (tenant, stream, seq, at, txid, header, hash, body_digest, salt,
       body)
     SELECT column1, column2, column3, column4, 0, column5, column6, column7, column8, column9
     FROM (VALUES {rows}) AS a
     WHERE column1 IS NOT NULL";

const REMOVE_HOLDERS: &str = "DELETE FROM task_holder
     WHERE (tenant, person, instance, ordinal, step) IN (
       SELECT value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
       FROM json_each(?)
     )";

const ADD_HOLDERS: &str = "INSERT OR ROLLBACK INTO task_holder (tenant, person, instance, ordinal, step)
     SELECT value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
     FROM json_each(?)";

const REMOVE_TIMERS: &str = "DELETE FROM timer
     WHERE (tenant, instance, name, due_at) IN (
       SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3
       FROM json_each(?)
     )";

const ADD_TIMERS: &str = "INSERT OR ROLLBACK INTO timer (tenant, instance, name, due_at)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3
     FROM json_each(?)";

const ADD_RECORDS: &str = "INSERT OR ROLLBACK INTO record (tenant, stream, kind, key, seq, head)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6)
     FROM json_each(?)";

const SET_RECORDS: &str = "UPDATE OR ROLLBACK record
     SET kind = a.value ->> 3, key = a.value ->> 4, seq = a.value ->> 5, head = unhex(a.value ->> 6)
     FROM json_each(?) AS a
     WHERE record.tenant = a.value ->> 0
       AND record.stream = unhex(a.value ->> 1)
       AND record.seq = a.value ->> 2";

const ADD_OUTBOX: &str =
    "INSERT OR ROLLBACK INTO outbox (tenant, instance, destination, seq, id, payload, times, wait_from,
       wait_to, sent_event, next_at, attempt, epoch)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, 0, 0
     FROM json_each(?)";

const REMOVE_INBOX: &str = "DELETE FROM inbox
     WHERE (tenant, target, message) IN (
       SELECT value ->> 0, unhex(value ->> 1), value ->> 2
       FROM json_each(?)
     )";

const ADD_INBOX: &str = "INSERT OR ROLLBACK INTO inbox (tenant, target, message, event, payload, at)
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5
     FROM json_each(?)";

/// A commit's calls, the last of which ends with `COMMIT`; all but the domain's rows and the rare ones.
pub(super) fn scripts<Op>(c: &Commit<Op>) -> Result<Vec<Script>, StoreError> {
    let (mut calls, mut last) = (Vec::new(), Script::new());
    last.rows(
        ADD_KEYS,
        Rows::of(&c.keys, |row, key| {
            row.int(key.tenant.0).text(&key.scope).text(&key.key).bytes(key.instance.0.as_bytes());
        }),
    )?;
    let mut large = Large { calls: &mut calls, last: &mut last };
    let (new, changed) = instances(&c.instances)?;
    large.write(ADD_INSTANCES, INSTANCE_COLUMNS, None, &new, instance)?;
    large.write(SET_INSTANCES, INSTANCE_COLUMNS, Some("instance"), &changed, instance)?;
    let (new, changed) = tasks(&c.tasks)?;
    large.write(ADD_TASKS, TASK_COLUMNS, None, &new, task)?;
    large.write(SET_TASKS, TASK_COLUMNS, Some("task"), &changed, task)?;
    large.write(ADD_ENTRIES, ENTRY_COLUMNS, None, &c.entries, entry)?;
    let (remove, add) = net(&c.holders);
    last.guarded("task_holder", REMOVE_HOLDERS, Rows::of(remove, holder))?;
    last.rows(ADD_HOLDERS, Rows::of(add, holder))?;
    let (remove, add) = net(&c.timers);
    last.guarded("timer", REMOVE_TIMERS, Rows::of(remove, timer))?;
    last.rows(ADD_TIMERS, Rows::of(add, timer))?;
    last.rows(ADD_RECORDS, Rows::of(c.records.iter().filter(|w| w.base == 0), record))?;
    last.guarded("record", SET_RECORDS, Rows::of(c.records.iter().filter(|w| w.base != 0), record))?;
    messages(&mut last, c)?;
    last.commit();
    calls.push(last);
    Ok(calls)
}

/// Where large rows go: one of them into the last call, more into calls of their own.
struct Large<'a> {
    calls: &'a mut Vec<Script>,
    last: &'a mut Script,
}

impl Large<'_> {
    fn write<T>(
        &mut self,
        sql: &str,
        columns: usize,
        guarded: Option<&'static str>,
        rows: &[T],
        write: fn(&mut Row<'_>, &T),
    ) -> Result<(), StoreError> {
        for chunk in rows.chunks(MOST) {
            let mut own = Script::new();
            let script = if rows.len() == 1 { &mut *self.last } else { &mut own };
            script.values(sql, columns, chunk, write)?;
            if let Some(table) = guarded {
                script.guard(table, i64::try_from(chunk.len()).unwrap_or(i64::MAX))?;
            }
            if rows.len() > 1 {
                self.calls.push(own);
            }
        }
        Ok(())
    }
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

/// A write with its two JSON texts.
type Texts<'a, T> = (&'a T, String, String);

/// New rows, and rows that replace others.
type NewAndChanged<'a, T> = (Vec<Texts<'a, T>>, Vec<Texts<'a, T>>);

fn instances(writes: &[InstanceWrite]) -> Result<NewAndChanged<'_, InstanceWrite>, StoreError> {
    let texts = writes.iter().map(|w| Ok((w, json(&w.row.subject)?, json(&w.row.detail)?)));
    Ok(texts.collect::<Result<Vec<_>, StoreError>>()?.into_iter().partition(|(w, ..)| w.base == 0))
}

fn instance(row: &mut Row<'_>, (w, subject, detail): &Texts<'_, InstanceWrite>) {
    let i = &w.row;
    row.put(i.tenant.0).put(i.id.0).put(w.base).put(&*i.workflow).put(&i.definition.0[..]).put(i.key.as_deref());
    row.put(&*i.state).put(i.status.as_str()).put(i.seq).put(i.state_revision).put(&**subject).put(&**detail);
    row.put(&i.head.0[..]).put(i.started_at.micros()).put(i.changed_at.micros());
}

fn tasks(writes: &[TaskWrite]) -> Result<NewAndChanged<'_, TaskWrite>, StoreError> {
    let texts = writes.iter().map(|w| Ok((w, json(&w.row.holders)?, json(&w.row.detail)?)));
    Ok(texts.collect::<Result<Vec<_>, StoreError>>()?.into_iter().partition(|(w, ..)| w.base == 0))
}

fn task(row: &mut Row<'_>, (w, holders, detail): &Texts<'_, TaskWrite>) {
    let t = &w.row;
    row.put(w.tenant.0).put(t.id.instance.0).put(i64::from(t.id.ordinal)).put(w.base).put(&*t.state);
    row.put(t.status.as_str()).put(t.revision).put(&t.document.0[..]).put(t.due_at.map(Timestamp::micros));
    row.put(&**holders).put(&**detail).put(t.opened_at.micros()).put(t.seq);
}

fn entry(row: &mut Row<'_>, e: &Entry) {
    row.put(e.tenant.0).put(e.stream.0).put(e.seq).put(e.at.micros()).put(&*e.header).put(&e.hash.0[..]);
    row.put(&e.body_digest.0[..]).put(&*e.salt).put(&*e.body);
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
