//! Rows for tests: plausible, small, each from a few numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::audit::{Entry, Header};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::commit::{
    ApiKeyRow, Commit, DefinitionRow, HolderRow, InboxRow, InstanceWrite, KeyRow, OrganisationRow, OutboxRow,
    RecordHead, RecordWrite, TaskWrite, TimerRow,
};
use fluxor_engine::ids::{DefinitionHash, Digest, InstanceId, PersonId, RequestId, StreamId, TaskId, TenantId};
use fluxor_engine::instance::{Detail, Holder, Instance, Status, Task, TaskDetail, TaskStatus};
use uuid::Uuid;

use crate::counter::SetCounter;

/// A commit of the test domain.
pub type TestCommit = Commit<SetCounter>;

/// The `n`th instance.
#[must_use]
pub fn id(n: u64) -> InstanceId {
    InstanceId(uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000 + n, &[7; 10]).into_uuid())
}

/// An instant.
#[must_use]
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// The `n`th instance at `seq`.
#[must_use]
pub fn instance(tenant: i64, n: u64, seq: i64) -> Instance {
    let mut subject = fluxor_engine::instance::Document::new();
    subject.insert("note".to_owned(), serde_json::json!(format!("quote \" backslash \\ newline \n é {seq}")));
    Instance {
        tenant: TenantId(tenant),
        id: id(n),
        workflow: if n.is_multiple_of(2) { "order".into() } else { "request".into() },
        definition: definition(n % 2).hash,
        key: n.is_multiple_of(3).then(|| format!("K-{n}").into()),
        state: format!("open.step{seq}").into(),
        status: Status::Active,
        seq,
        state_revision: seq,
        subject,
        detail: Detail { entered_at: at(seq), ..Detail::default() },
        tasks: Vec::new(),
        head: Digest::of(format!("{n} {seq}")),
        started_at: at(i64::try_from(n).unwrap_or(0)),
        changed_at: at(1000 + seq),
    }
}

/// A write of [`instance`], from the version before it.
#[must_use]
pub fn write(row: Instance) -> InstanceWrite {
    InstanceWrite { base: row.seq - 1, row: Arc::new(row), whole: false }
}

/// The first task of the `n`th instance at `seq`, held by one person.
#[must_use]
pub fn task(n: u64, seq: i64, person: &str) -> Task {
    Task {
        id: TaskId { instance: id(n), ordinal: 1 },
        state: "open".into(),
        status: TaskStatus::Open,
        revision: seq,
        document: Digest::of("document"),
        due_at: None,
        holders: vec![Holder { person: person.into(), step: "manager".into() }],
        detail: TaskDetail {
            review: serde_json::from_value(serde_json::json!({})).unwrap_or_default(),
            rates: serde_json::from_value(serde_json::json!({ "USD": "1.08" })).unwrap(),
            organisation: 3,
            reminded: BTreeMap::new(),
            passed_on: BTreeMap::new(),
            earlier: Vec::new(),
        },
        opened_at: at(seq),
        seq,
    }
}

/// A write of a task.
#[must_use]
pub fn write_task(tenant: i64, base: i64, row: Task) -> TaskWrite {
    TaskWrite { tenant: TenantId(tenant), base, row }
}

/// The index row of [`task`].
#[must_use]
pub fn holder(tenant: i64, n: u64, person: &str) -> HolderRow {
    let (tenant, person) = (TenantId(tenant), PersonId::from(person));
    HolderRow { tenant, person, instance: id(n), ordinal: 1, step: "manager".into() }
}

/// A timer of the `n`th instance.
#[must_use]
pub fn timer(tenant: i64, n: u64, name: &str, due_at: i64) -> TimerRow {
    TimerRow { tenant: TenantId(tenant), instance: id(n), name: name.into(), due_at: at(due_at) }
}

/// A start key.
#[must_use]
pub fn start_key(tenant: i64, scope: &str, key: &str, n: u64) -> KeyRow {
    KeyRow { tenant: TenantId(tenant), scope: scope.into(), key: key.into(), instance: id(n) }
}

/// A record's write.
#[must_use]
pub fn record(tenant: i64, key: &str, seq: i64) -> RecordWrite {
    let row = RecordHead {
        tenant: TenantId(tenant),
        stream: StreamId::of_record("person", key),
        kind: "person".into(),
        key: key.into(),
        seq,
        head: Digest::of(format!("{key} {seq}")),
    };
    RecordWrite { base: seq - 1, row }
}

/// An entry of a stream.
#[must_use]
pub fn entry(tenant: i64, stream: StreamId, seq: i64, request: &str) -> Entry {
    let header = Header {
        actor: Some("ann".into()),
        actor_kind: "person".into(),
        at: at(seq),
        behalf: None,
        body: Digest([0; 32]),
        definition: None,
        document: None,
        event: Some("approve \"quoted\"".into()),
        format: fluxor_engine::audit::FORMAT,
        from: None,
        kind: "instance".into(),
        key: None,
        organisation: Some(1),
        prev: Digest([0; 32]),
        request: Some(RequestId::from(request)),
        request_hash: None,
        seq,
        state_revision: None,
        stream,
        task: None,
        tenant: TenantId(tenant),
        to: None,
        verb: "signal".into(),
        via: None,
    };
    Entry::seal(header, [9; 16], format!("{{\"comment\":\"line\\nbreak €\",\"seq\":{seq}}}"))
}

/// A message of the `n`th instance.
#[must_use]
pub fn message(tenant: i64, n: u64, destination: &str, seq: i64, next_at: i64) -> OutboxRow {
    OutboxRow {
        tenant: TenantId(tenant),
        id: Uuid::from_u128(u128::from(n) << 64 | u128::from(seq.unsigned_abs())),
        instance: id(n),
        destination: destination.into(),
        seq,
        payload: "{\"order\":1}".to_owned(),
        times: 3,
        from: 1000,
        to: 60_000,
        sent_event: (seq % 2 == 0).then(|| "sent".into()),
        next_at: at(next_at),
    }
}

/// An inbox row.
#[must_use]
pub fn tell(tenant: i64, n: u64, message: &str, when: i64) -> InboxRow {
    let (tenant, message) = (TenantId(tenant), message.into());
    InboxRow { tenant, target: id(n), message, event: "done".into(), payload: "{}".to_owned(), at: at(when) }
}

/// A revision of the organisation.
#[must_use]
pub fn organisation(tenant: i64, revision: i64) -> OrganisationRow {
    let document = format!("{{\"revision\":{revision}}}").into();
    OrganisationRow { tenant: TenantId(tenant), revision, at: at(revision), document }
}

/// A key.
#[must_use]
pub fn api_key(tenant: i64, key: &str) -> ApiKeyRow {
    ApiKeyRow {
        tenant: TenantId(tenant),
        id: key.into(),
        secret_hash: Digest::of(format!("{tenant} {key}")),
        person: "ann".into(),
        label: "laptop".to_owned(),
        administrator: true,
        created_at: at(5),
        revoked_at: None,
    }
}

/// The `n`th definition.
#[must_use]
pub fn definition(n: u64) -> DefinitionRow {
    DefinitionRow {
        hash: DefinitionHash::of(format!("definition {n}")),
        name: format!("workflow {n}").into(),
        version: 3,
        source: "workflow: x\n".into(),
        stored_at: at(1),
    }
}
