//! Batches: what is written is read again, guards hold, what fails leaves no trace.

use std::sync::Arc;

use fluxor_engine::commit::IndexChange;
use fluxor_engine::ids::{Digest, PersonId, RequestId, StreamId, TenantId};
use fluxor_engine::instance::{Instance, TaskStatus};
use fluxor_engine::store::{InstancePage, Store, StoreError, Want, Writer};

use super::{T, commit, conflicts, instances};
use crate::counter::{CounterDomain, Counters, SetCounter};
use crate::rows::*;

fn counter(tenant: i64, name: &str, value: i64, base: i64) -> (TenantId, SetCounter) {
    (TenantId(tenant), SetCounter { name: name.to_owned(), value, base })
}

/// Something in every table.
fn everything() -> TestCommit {
    let stream = id(3).into();
    TestCommit {
        instances: vec![write(instance(1, 3, 1))],
        tasks: vec![write_task(1, 0, fluxor_engine::instance::Task { due_at: Some(at(50)), ..task(3, 1, "ann") })],
        holders: IndexChange { remove: vec![], add: vec![holder(1, 3, "ann")] },
        timers: IndexChange { remove: vec![], add: vec![timer(1, 3, "late", 70)] },
        keys: vec![start_key(1, "workflow:request", "K-3", 3)],
        records: vec![record(1, "bob", 1)],
        entries: vec![entry(1, stream, 1, "start"), entry(1, StreamId::of_record("person", "bob"), 1, "hire")],
        outbox: vec![message(1, 3, "supplier", 1, 10)],
        resumed: vec![],
        withdrawn: vec![],
        tells: vec![tell(1, 3, "m1", 10)],
        told: vec![],
        organisations: vec![organisation(1, 1)],
        api_keys: vec![api_key(1, "k1")],
        definitions: vec![definition(1)],
        ops: vec![counter(1, "stock", 10, 0)],
    }
}

/// An instance comes back as it was written, with its tasks, by the reader and by the writer.
pub async fn what_is_written_is_read<S: Store<CounterDomain>>(store: S) {
    let all = everything();
    commit(&store, &all).await.unwrap();
    let expected = Instance { tasks: vec![all.tasks[0].row.clone()], ..(*all.instances[0].row).clone() };
    assert_eq!(store.instance(T, id(3)).await.unwrap().as_ref(), Some(&expected));
    assert_eq!(store.instance(TenantId(2), id(3)).await.unwrap(), None);

    let mut writer = store.writer().await.unwrap();
    let want = Want {
        instances: [(T, id(3)), (T, id(4)), (TenantId(2), id(3))].into(),
        keys: [(T, "workflow:request".into(), "K-3".into()), (T, "workflow:request".into(), "K-4".into())].into(),
        records: [(T, StreamId::of_record("person", "bob")), (T, StreamId::of_record("person", "eve"))].into(),
        api_keys: [(T, "k1".into()), (T, "k2".into())].into(),
        tenants: [T, TenantId(2)].into(),
        careful: false,
    };
    let loaded = writer.open(&want).await.unwrap();
    assert_eq!(loaded.instances, [Arc::new(expected)]);
    let key = (T, Arc::from("workflow:request"), Arc::from("K-3"));
    assert_eq!(loaded.keys.into_iter().collect::<Vec<_>>(), [(key, id(3))]);
    assert_eq!(loaded.records, [all.records[0].row.clone()]);
    let bob = (T, StreamId::of_record("person", "bob"));
    assert_eq!(loaded.dated.into_iter().collect::<Vec<_>>(), [(bob, all.entries[1].at)]);
    assert_eq!(loaded.api_keys, [api_key(1, "k1")]);
    assert_eq!(loaded.organisations.into_iter().collect::<Vec<_>>(), [(T, 1), (TenantId(2), 0)]);
    let mut facts = Counters::new();
    let needs = [(T, "stock".to_owned()), (T, "none".to_owned())].into();
    writer.facts(&needs, &mut facts).await.unwrap();
    assert_eq!(facts.into_iter().collect::<Vec<_>>(), [((T, "stock".to_owned()), (10, 1))]);
    assert_eq!(writer.organisation(T, 1).await.unwrap(), Some(organisation(1, 1)));
    assert_eq!(writer.organisation(T, 2).await.unwrap(), None);
    assert_eq!(writer.definition(definition(1).hash).await.unwrap(), Some(definition(1)));
    writer.abandon().await.unwrap();
    assert_eq!(store.entries(T, id(3).into(), 0, 9).await.unwrap(), [all.entries[0].clone()]);
}

/// A write from another version than the stored one changes nothing.
pub async fn versions_are_guarded<S: Store<CounterDomain>>(store: S) {
    commit(&store, &everything()).await.unwrap();
    let stale = fluxor_engine::commit::InstanceWrite { base: 7, row: Arc::new(instance(1, 3, 8)), whole: false };
    let refused =
        TestCommit { instances: vec![stale], entries: vec![entry(1, id(3).into(), 2, "r")], ..Default::default() };
    conflicts(&store, &refused, &["instance"]).await;
    conflicts(&store, &instances([instance(1, 3, 1)]), &["instance"]).await;
    conflicts(&store, &instances([instance(1, 9, 2)]), &["instance"]).await;
    let task = |base, seq| TestCommit { tasks: vec![write_task(1, base, task(3, seq, "ann"))], ..Default::default() };
    conflicts(&store, &task(0, 1), &["task"]).await;
    conflicts(&store, &task(5, 6), &["task"]).await;
    let record = |key, seq| TestCommit { records: vec![record(1, key, seq)], ..Default::default() };
    conflicts(&store, &record("bob", 1), &["record"]).await;
    conflicts(&store, &record("bob", 3), &["record"]).await;
    conflicts(&store, &TestCommit { ops: vec![counter(1, "stock", 1, 5)], ..Default::default() }, &["counter"]).await;
    // One of two is stale: neither is written.
    let both = instances([instance(1, 3, 2), instance(1, 4, 3)]);
    conflicts(&store, &both, &["instance"]).await;
    assert_eq!(store.instance(T, id(3)).await.unwrap().unwrap().seq, 1);
    assert_eq!(store.entries(T, id(3).into(), 0, 9).await.unwrap().len(), 1);
    // The right version goes through, several at once, of several tenants.
    let mut next = instances([instance(1, 3, 2), instance(2, 3, 1), instance(1, 4, 1)]);
    next.tasks = vec![write_task(
        1,
        1,
        fluxor_engine::instance::Task { status: TaskStatus::Closed, ..crate::rows::task(3, 2, "ann") },
    )];
    next.records = vec![crate::rows::record(1, "bob", 2)];
    commit(&store, &next).await.unwrap();
    let read = store.instance(T, id(3)).await.unwrap().unwrap();
    assert_eq!((read.seq, read.tasks[0].status, read.tasks[0].due_at), (2, TaskStatus::Closed, None));
    assert_eq!(read.subject, instance(1, 3, 2).subject);
}

/// A batch of many rows is one batch: all of it, or nothing.
pub async fn large_batches_are_one<S: Store<CounterDomain>>(store: S) {
    const MANY: u64 = 150;
    let at_seq = |seq| {
        let mut all = instances((0..MANY).map(|n| instance(1, n, seq)));
        all.tasks = (0..MANY).map(|n| write_task(1, seq - 1, task(n, seq, "ann"))).collect();
        all.entries = (0..MANY).map(|n| entry(1, id(n).into(), seq, "r")).collect();
        all
    };
    commit(&store, &at_seq(1)).await.unwrap();
    let mut stale = at_seq(2);
    stale.tasks[140].base = 9;
    conflicts(&store, &stale, &["task"]).await;
    let want = Want { instances: (0..MANY).map(|n| (T, id(n))).collect(), ..Want::default() };
    for expected in [1, 2] {
        let mut writer = store.writer().await.unwrap();
        let loaded = writer.open(&want).await.unwrap().instances;
        assert_eq!(loaded.len(), usize::try_from(MANY).unwrap());
        assert!(loaded.iter().all(|i| i.seq == expected && i.tasks.len() == 1 && i.tasks[0].seq == expected));
        assert!(loaded.is_sorted_by_key(|i| i.id));
        if expected == 1 {
            writer.finish(&at_seq(2)).await.unwrap();
        } else {
            writer.abandon().await.unwrap();
        }
    }
    assert_eq!(store.entries(T, id(149).into(), 0, 9).await.unwrap().len(), 2);
}

/// Unique keys: the second insert is a conflict that names the table.
pub async fn keys_are_unique<S: Store<CounterDomain>>(store: S) {
    let all = everything();
    commit(&store, &all).await.unwrap();
    let empty = TestCommit::default;
    conflicts(&store, &TestCommit { keys: all.keys.clone(), ..empty() }, &["start_key"]).await;
    conflicts(&store, &TestCommit { entries: all.entries.clone(), ..empty() }, &["audit_entry"]).await;
    conflicts(&store, &TestCommit { outbox: all.outbox.clone(), ..empty() }, &["outbox"]).await;
    conflicts(&store, &TestCommit { tells: all.tells.clone(), ..empty() }, &["inbox"]).await;
    conflicts(&store, &TestCommit { organisations: all.organisations.clone(), ..empty() }, &["organisation"]).await;
    conflicts(&store, &TestCommit { holders: all.holders.clone(), ..empty() }, &["task_holder"]).await;
    conflicts(&store, &TestCommit { timers: all.timers.clone(), ..empty() }, &["timer"]).await;
    conflicts(&store, &TestCommit { ops: all.ops.clone(), ..empty() }, &["counter"]).await;
    let mut other = api_key(1, "k2");
    other.secret_hash = api_key(1, "k1").secret_hash;
    conflicts(&store, &TestCommit { api_keys: vec![other], ..empty() }, &["api_key"]).await;
    // A definition that exists is the same one; another tenant has keys of its own.
    commit(&store, &TestCommit { definitions: all.definitions.clone(), ..empty() }).await.unwrap();
    commit(&store, &TestCommit { keys: vec![start_key(2, "workflow:request", "K-3", 3)], ..empty() }).await.unwrap();
}

/// Whatever fails last, nothing of the batch is there, and the same writer goes on.
pub async fn a_failed_batch_leaves_nothing<S: Store<CounterDomain>>(store: S) {
    let late = TestCommit {
        entries: vec![entry(1, id(9).into(), 1, "r")],
        tells: vec![tell(1, 9, "m", 1)],
        ..Default::default()
    };
    commit(&store, &late).await.unwrap();
    let mut writer = store.writer().await.unwrap();
    for spoil in 0..3 {
        let mut spoilt = everything();
        match spoil {
            0 => spoilt.entries.push(late.entries[0].clone()),
            1 => spoilt.tells.push(late.tells[0].clone()),
            _ => spoilt.instances.push(write(instance(1, 8, 5))),
        }
        writer.open(&Want::default()).await.unwrap();
        let failed = writer.finish(&spoilt).await;
        assert!(matches!(failed, Err(StoreError::Conflict(_))), "{failed:?}");
        nothing_of_everything(&store).await;
    }
    writer.open(&Want::default()).await.unwrap();
    writer.finish(&everything()).await.unwrap();
    assert!(store.instance(T, id(3)).await.unwrap().is_some());
}

async fn nothing_of_everything<S: Store<CounterDomain>>(store: &S) {
    assert_eq!(store.instance(T, id(3)).await.unwrap(), None);
    assert_eq!(store.entries(T, id(3).into(), 0, 9).await.unwrap(), []);
    assert_eq!(store.due(at(1000), 9).await.unwrap(), fluxor_engine::store::Due::default());
    assert_eq!(store.held_by(T, &["ann".into()], None, 9).await.unwrap(), []);
    assert_eq!(store.inbox(9).await.unwrap().len(), 1);
    assert_eq!(store.claim(at(1000), at(2000), 9).await.unwrap(), []);
    assert_eq!(store.organisation(T).await.unwrap(), None);
    assert_eq!(store.api_keys(T).await.unwrap(), []);
    assert_eq!(store.definition(definition(1).hash).await.unwrap(), None);
    assert_eq!(store.streams(T, None, 9).await.unwrap(), [StreamId::from(id(9))]);
    let mut writer = store.writer().await.unwrap();
    let key = (T, Arc::from("workflow:request"), Arc::from("K-3"));
    let want =
        Want { keys: [key].into(), records: [(T, StreamId::of_record("person", "bob"))].into(), ..Want::default() };
    let loaded = writer.open(&want).await.unwrap();
    assert!(loaded.keys.is_empty() && loaded.records.is_empty(), "{loaded:?}");
    let mut facts = Counters::new();
    writer.facts(&[(T, "stock".to_owned())].into(), &mut facts).await.unwrap();
    assert_eq!(facts, Counters::new());
    writer.abandon().await.unwrap();
}

/// A batch that is abandoned, or whose writer is dropped in the middle, leaves nothing and holds nothing.
pub async fn an_abandoned_batch_leaves_nothing<S: Store<CounterDomain>>(store: S) {
    commit(&store, &instances([instance(1, 1, 1)])).await.unwrap();
    let want = Want { instances: [(T, id(1))].into(), ..Want::default() };
    let mut writer = store.writer().await.unwrap();
    writer.open(&want).await.unwrap();
    writer.abandon().await.unwrap();
    assert!(writer.finish(&TestCommit::default()).await.is_err(), "no batch is open");
    writer.open(&want).await.unwrap();
    writer.open(&want).await.unwrap(); // a batch that was forgotten
    drop(writer);
    commit(&store, &instances([instance(1, 1, 2)])).await.unwrap();
    assert_eq!(store.instance(T, id(1)).await.unwrap().unwrap().seq, 2);
}

/// Index rows come and go with the batch; what is removed must be there.
pub async fn index_rows_follow<S: Store<CounterDomain>>(store: S) {
    commit(&store, &everything()).await.unwrap();
    let empty = TestCommit::default;
    let timers = |remove, add| TestCommit { timers: IndexChange { remove, add }, ..empty() };
    let holders = |remove, add| TestCommit { holders: IndexChange { remove, add }, ..empty() };
    // Set anew under the same name.
    commit(&store, &timers(vec![timer(1, 3, "late", 70)], vec![timer(1, 3, "late", 90)])).await.unwrap();
    conflicts(&store, &timers(vec![timer(1, 3, "late", 70)], vec![]), &["timer", "index"]).await;
    conflicts(&store, &timers(vec![timer(2, 3, "late", 90)], vec![]), &["timer", "index"]).await;
    conflicts(&store, &holders(vec![holder(1, 3, "bob")], vec![]), &["task_holder", "index"]).await;
    commit(&store, &holders(vec![holder(1, 3, "ann")], vec![holder(1, 3, "bob")])).await.unwrap();
    // Removed and added again: nothing changes.
    commit(&store, &holders(vec![holder(1, 3, "bob")], vec![holder(1, 3, "bob")])).await.unwrap();
    assert_eq!(store.held_by(T, &["ann".into()], None, 9).await.unwrap(), []);
    assert_eq!(store.held_by(T, &["bob".into()], None, 9).await.unwrap().len(), 1);
    let due = store.due(at(60), 9).await.unwrap();
    assert_eq!((due.instances, due.next), (vec![(T, id(3))], Some(at(90))));
    commit(&store, &timers(vec![timer(1, 3, "late", 90)], vec![])).await.unwrap();
    assert_eq!(store.due(at(60), 9).await.unwrap().next, None);
}

/// The entry of a request is found in its own stream only.
pub async fn repeats_are_found<S: Store<CounterDomain>>(store: S) {
    let (a, b) = (StreamId::from(id(1)), StreamId::from(id(2)));
    let entries = vec![entry(1, a, 1, "r1"), entry(1, a, 2, "r2 \"é\\"), entry(1, b, 1, "r3"), entry(2, a, 1, "r4")];
    commit(&store, &TestCommit { entries: entries.clone(), ..Default::default() }).await.unwrap();
    let mut writer = store.writer().await.unwrap();
    writer.open(&Want::default()).await.unwrap();
    for (stream, request, found) in [
        (a, "r1", Some(0)),
        (a, "r2 \"é\\", Some(1)),
        (a, "r3", None),
        (b, "r3", Some(2)),
        (a, "r4", None),
        (a, "", None),
    ] {
        let entry = writer.repeat(T, stream, &RequestId::from(request)).await.unwrap();
        assert_eq!(entry.as_ref(), found.map(|n: usize| &entries[n]), "{request}");
    }
    writer.abandon().await.unwrap();
}

/// Organisation, keys, definitions.
pub async fn rare_rows<S: Store<CounterDomain>>(store: S) {
    let mut all = TestCommit {
        organisations: vec![organisation(1, 1), organisation(1, 2), organisation(2, 1)],
        api_keys: vec![api_key(1, "k2"), api_key(1, "k1"), api_key(2, "k1")],
        definitions: vec![definition(0), definition(1)],
        ..Default::default()
    };
    commit(&store, &all).await.unwrap();
    assert_eq!(store.organisation(T).await.unwrap(), Some(organisation(1, 2)));
    assert_eq!(store.organisation(TenantId(3)).await.unwrap(), None);
    assert_eq!(store.api_keys(T).await.unwrap(), [api_key(1, "k1"), api_key(1, "k2")]);
    let secret = api_key(1, "k1").secret_hash;
    assert_eq!(store.api_key(secret).await.unwrap(), Some(api_key(1, "k1")));
    assert_eq!(store.api_key(Digest::of("other")).await.unwrap(), None);
    all = TestCommit { api_keys: vec![api_key(1, "k1")], ..Default::default() };
    all.api_keys[0].revoked_at = Some(at(9));
    all.api_keys[0].person = PersonId::from("mallory"); // never changes
    commit(&store, &all).await.unwrap();
    assert_eq!(store.api_key(secret).await.unwrap(), None);
    let stored = &store.api_keys(T).await.unwrap()[0];
    assert_eq!((stored.revoked_at, stored.person.as_str()), (Some(at(9)), "ann"));
    assert_eq!(store.pinned().await.unwrap(), []);
    let mut over = instance(1, 2, 1);
    over.status = fluxor_engine::instance::Status::Final;
    commit(&store, &instances([over, instance(1, 1, 1), instance(2, 3, 1)])).await.unwrap();
    assert_eq!(store.pinned().await.unwrap(), [definition(1)]);
    assert_eq!(store.definition(definition(0).hash).await.unwrap(), Some(definition(0)));
    let newest = store.newest_definition(&definition(0).name).await.unwrap().unwrap();
    let all = [definition(0), definition(1)].into_iter().filter(|row| row.name == definition(0).name);
    assert_eq!(Some(newest), all.max_by_key(|row| (row.stored_at, row.hash)));
    assert_eq!(store.newest_definition("nothing").await.unwrap(), None);
    store.ping().await.unwrap();
}

/// Writers side by side raise one instance and one counter: no change is lost.
pub async fn racing_writers_lose_nothing<S: Store<CounterDomain>>(store: S) {
    let mut first = instances([instance(1, 1, 1)]);
    first.ops = vec![counter(1, "c", 0, 0)];
    commit(&store, &first).await.unwrap();
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        racers.spawn(async move {
            let mut writer = store.writer().await.unwrap();
            let (mut done, mut tries) = (0, 0);
            while done < 10 {
                tries += 1;
                assert!(tries < 1000, "no progress");
                match raise(&mut writer).await {
                    Ok(()) => done += 1,
                    Err(StoreError::Conflict(_) | StoreError::Busy(_)) => writer.abandon().await.unwrap(),
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    racers.join_all().await;
    assert_eq!(store.instance(T, id(1)).await.unwrap().unwrap().seq, 41);
    let mut writer = store.writer().await.unwrap();
    writer.open(&Want::default()).await.unwrap();
    let mut facts = Counters::new();
    writer.facts(&[(T, "c".to_owned())].into(), &mut facts).await.unwrap();
    assert_eq!(facts[&(T, "c".to_owned())], (40, 41));
    writer.abandon().await.unwrap();
    let page = InstancePage::all(T, 9);
    assert_eq!(store.instances(&page).await.unwrap().len(), 1);
}

async fn raise(writer: &mut impl Writer<CounterDomain>) -> Result<(), StoreError> {
    let loaded = writer.open(&Want { instances: [(T, id(1))].into(), ..Want::default() }).await?;
    let mut facts = Counters::new();
    writer.facts(&[(T, "c".to_owned())].into(), &mut facts).await?;
    let (value, version) = facts[&(T, "c".to_owned())];
    let mut next = instances([instance(1, 1, loaded.instances[0].seq + 1)]);
    next.entries = vec![entry(1, id(1).into(), loaded.instances[0].seq, "r")];
    next.ops = vec![counter(1, "c", value + 1, version)];
    writer.finish(&next).await
}
