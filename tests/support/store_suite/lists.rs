//! Pages and polls: order, keysets, filters, and tenants that do not see each other.

use fluxor_engine::commit::IndexChange;
use fluxor_engine::ids::{PersonId, StreamId, TenantId};
use fluxor_engine::instance::{Attempt, Incident, Instance, Status, TaskStatus, What};
use fluxor_engine::store::{InstancePage, Store};

use super::{T, commit, instances};
use crate::counter::CounterDomain;
use crate::rows::*;

fn page(limit: i64) -> InstancePage {
    InstancePage::all(T, limit)
}

fn ids(rows: &[Instance]) -> Vec<fluxor_engine::ids::InstanceId> {
    rows.iter().map(|row| row.id).collect()
}

/// Newest first, a page after the other, each with its tasks; filters.
pub async fn instances_are_listed<S: Store<CounterDomain>>(store: S) {
    let mut all = instances((1..=7).map(|n| instance(1, n, 1)).chain([instance(2, 8, 1)]));
    all.tasks = vec![write_task(1, 0, task(6, 1, "ann")), write_task(1, 0, task(2, 1, "bob"))];
    all.tasks.push(write_task(1, 0, task(6, 1, "eve")));
    all.tasks[2].row.id.ordinal = 2;
    all.keys = [3, 6]
        .map(|n| start_key(1, if n == 3 { "workflow:request" } else { "workflow:order" }, &format!("K-{n}"), n))
        .into();
    let mut over = instance(1, 9, 1);
    over.status = Status::Final;
    all.instances.push(write(over));
    commit(&store, &all).await.unwrap();

    let first = store.instances(&page(3)).await.unwrap();
    assert_eq!(ids(&first), [id(9), id(7), id(6)]);
    assert_eq!(first[2].tasks.iter().map(|t| t.id.ordinal).collect::<Vec<_>>(), [1, 2]);
    let after = InstancePage { after: Some(id(6)), ..page(9) };
    assert_eq!(ids(&store.instances(&after).await.unwrap()), [id(5), id(4), id(3), id(2), id(1)]);
    let orders = InstancePage { workflow: Some("order".into()), ..page(2) };
    assert_eq!(ids(&store.instances(&orders).await.unwrap()), [id(6), id(4)]);
    let ended = InstancePage { status: Some(Status::Final), ..page(9) };
    assert_eq!(ids(&store.instances(&ended).await.unwrap()), [id(9)]);
    let nowhere = InstancePage { state: Some("elsewhere".into()), ..page(9) };
    assert_eq!(store.instances(&nowhere).await.unwrap(), []);
    let within = |state: &str| InstancePage { state: Some(state.into()), ..page(2) };
    assert_eq!(ids(&store.instances(&within("open")).await.unwrap()), [id(9), id(7)], "a state has those inside of it");
    assert_eq!(ids(&store.instances(&within("open.step1")).await.unwrap()), [id(9), id(7)]);
    assert_eq!(store.instances(&within("open.step")).await.unwrap(), [], "which begins so, and is another");
    let keyed = InstancePage { key: Some("K-6".into()), ..page(9) };
    assert_eq!(ids(&store.instances(&keyed).await.unwrap()), [id(6)]);
    let keyed = InstancePage { workflow: Some("order".into()), ..keyed };
    assert_eq!(ids(&store.instances(&keyed).await.unwrap()), [id(6)]);
    for (state, found) in [("open", vec![id(6)]), ("open.step", vec![])] {
        let keyed = InstancePage { state: Some(state.into()), ..keyed.clone() };
        assert_eq!(ids(&store.instances(&keyed).await.unwrap()), found, "{state}");
    }
    assert_eq!(ids(&store.instances(&InstancePage { after: Some(id(6)), ..keyed.clone() }).await.unwrap()), []);
    let other = InstancePage { workflow: Some("request".into()), ..keyed };
    assert_eq!(store.instances(&other).await.unwrap(), []);

    let counts = store.counts(T).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|c| (&*c.workflow, &*c.state, c.status, c.count, c.oldest)).collect();
    let row = |workflow, count| (workflow, "open.step1", Status::Active, count, at(1001));
    assert_eq!(counts, [row("order", 3), row("request", 4)]);
}

/// By the code of an incident, of whichever region, whatever else the incident tells.
pub async fn instances_are_found_by_their_incidents<S: Store<CounterDomain>>(store: S) {
    let incident = |code: &str| {
        let payload = serde_json::json!({ "code": "no_row", "nul": "\u{0}" }).as_object().cloned().unwrap();
        let what = What::Message { message: "m".into(), event: "e".into(), payload };
        let tried = Some(Box::new(Attempt { what, undo: None }));
        Incident { code: code.into(), message: "it broke".to_owned(), since: at(7), at: None, tried }
    };
    let mut rows: Vec<Instance> = (1..=4).map(|n| instance(1, n, 1)).collect();
    rows[0].detail.incident = Some(incident("delivery_failed"));
    rows[1].detail.incident = Some(incident("expression_failed"));
    rows[1].detail.others = vec![incident("delivery_failed"), incident("call_failed")];
    rows[2].detail.incident = Some(incident("call_failed"));
    rows[..3].iter_mut().for_each(|row| row.status = Status::Incident);
    let mut all = instances(rows);
    all.keys = vec![start_key(1, "workflow:request", "K-3", 3)];
    commit(&store, &all).await.unwrap();
    let found = async |code: &str, key: Option<&str>| {
        let workflow = key.map(|_| "request".into());
        let page = InstancePage { incident: Some(code.into()), workflow, key: key.map(Into::into), ..page(9) };
        ids(&store.instances(&page).await.unwrap())
    };
    assert_eq!(found("delivery_failed", None).await, [id(2), id(1)]);
    assert_eq!(found("call_failed", None).await, [id(3), id(2)]);
    assert_eq!(found("no_row", None).await, [], "what it tells besides is no code");
    assert_eq!(found("call_failed", Some("K-3")).await, [id(3)]);
    assert_eq!(found("delivery_failed", Some("K-3")).await, []);
}

/// Entries after a number, heads and streams after a stream, tenants.
pub async fn streams_are_listed<S: Store<CounterDomain>>(store: S) {
    let mut all = instances([instance(1, 1, 1), instance(1, 2, 1), instance(2, 3, 1)]);
    all.records = vec![record(1, "bob", 1), record(7, "eve", 1)];
    let bob = StreamId::of_record("person", "bob");
    let streams = [StreamId::from(id(1)), StreamId::from(id(2)), bob];
    for stream in streams {
        all.entries.extend((1..=5).map(|seq| entry(1, stream, seq, "r")));
    }
    all.organisations = vec![organisation(-4, 1)];
    all.api_keys = vec![api_key(9, "k")];
    commit(&store, &all).await.unwrap();

    let seqs = |after, limit| {
        let store = store.clone();
        async move {
            let entries = store.entries(T, bob, after, limit).await.unwrap();
            entries.iter().map(|e| e.seq).collect::<Vec<_>>()
        }
    };
    assert_eq!(seqs(0, 2).await, [1, 2]);
    assert_eq!(seqs(2, 9).await, [3, 4, 5]);
    assert_eq!(seqs(5, 9).await, [0; 0]);
    let mut sorted = streams.to_vec();
    sorted.sort();
    assert_eq!(store.streams(T, None, 2).await.unwrap(), sorted[..2]);
    assert_eq!(store.streams(T, Some(sorted[0]), 9).await.unwrap(), sorted[1..]);
    let heads = store.heads(T, None, 2).await.unwrap();
    assert_eq!(heads.iter().map(|h| h.stream).collect::<Vec<_>>(), sorted[..2]);
    let rest = store.heads(T, Some(sorted[1]), 9).await.unwrap();
    assert_eq!(rest.iter().map(|h| h.stream).collect::<Vec<_>>(), sorted[2..]);
    let all_heads = [heads, rest].concat();
    assert!(all_heads.contains(&all.records[0].row));
    let of_instance = all_heads.iter().find(|h| h.stream == id(1).into()).unwrap();
    let expected = ("instance", &*id(1).to_string(), 1, instance(1, 1, 1).head);
    assert_eq!((&*of_instance.kind, &*of_instance.key, of_instance.seq, of_instance.head), expected);
    assert_eq!(store.tenants().await.unwrap(), [-4, 1, 2, 7, 9].map(TenantId));
}

/// Open seats of a person or of several, page by page; a task that is not open does not count.
pub async fn seats_are_listed<S: Store<CounterDomain>>(store: S) {
    let mut all = instances((1..=5).map(|n| instance(1, n, 1)).chain([instance(2, 1, 1)]));
    let holders = [(1, 1, "ann"), (1, 2, "bob"), (1, 3, "ann"), (1, 4, "ann"), (1, 5, "ann"), (2, 1, "ann")];
    for (tenant, n, person) in holders {
        let mut task = write_task(tenant, 0, task(n, 1, person));
        if n == 4 {
            task.row.status = TaskStatus::Suspended;
        }
        all.tasks.push(task);
        all.holders.add.push(holder(tenant, n, person));
    }
    // One person in two steps of a task, and as somebody's substitute.
    let mut second = holder(1, 3, "ann");
    second.step = "finance".into();
    all.holders.add.extend([second, holder(1, 3, "bob")]);
    commit(&store, &all).await.unwrap();

    let held = |people: &'static [&'static str], after, limit| {
        let store = store.clone();
        async move {
            let people: Vec<PersonId> = people.iter().map(|p| PersonId::from(*p)).collect();
            let held = store.held_by(T, &people, after, limit).await.unwrap();
            assert!(held.iter().all(|(i, n)| i.tasks.iter().any(|t| t.id.ordinal == *n)));
            held.iter().map(|(i, n)| (i.id, *n)).collect::<Vec<_>>()
        }
    };
    assert_eq!(held(&["ann"], None, 9).await, [(id(1), 1), (id(3), 1), (id(5), 1)]);
    assert_eq!(held(&["ann", "bob", "nobody"], None, 3).await, [(id(1), 1), (id(2), 1), (id(3), 1)]);
    assert_eq!(held(&["ann", "bob"], Some((id(3), 1)), 9).await, [(id(5), 1)]);
    assert_eq!(held(&[], None, 9).await, []);
}

/// Due tasks and timers of all tenants, oldest first, each instance once, and when the next is due.
pub async fn due_times_are_polled<S: Store<CounterDomain>>(store: S) {
    assert_eq!(store.due(at(100), 9).await.unwrap().next, None);
    let mut all = instances((1..=4).map(|n| instance(1, n, 1)).chain([instance(2, 1, 1)]));
    let mut task = |tenant, n, due| {
        let mut task = write_task(tenant, 0, task(n, 1, "ann"));
        task.row.due_at = due;
        all.tasks.push(task);
    };
    task(1, 1, Some(at(30)));
    task(1, 2, None);
    task(2, 1, Some(at(10)));
    let timers = vec![timer(1, 1, "a", 20), timer(1, 3, "a", 40), timer(1, 3, "b", 40), timer(1, 4, "a", 90)];
    all.timers = IndexChange { remove: vec![], add: timers };
    commit(&store, &all).await.unwrap();

    let due = store.due(at(40), 9).await.unwrap();
    assert_eq!(due.instances, [(TenantId(2), id(1)), (T, id(1)), (T, id(3))]);
    assert_eq!(due.next, Some(at(90)));
    let few = store.due(at(40), 2).await.unwrap();
    assert_eq!((few.instances, few.next), (vec![(TenantId(2), id(1)), (T, id(1))], Some(at(30))));
    let early = store.due(at(9), 2).await.unwrap();
    assert_eq!((early.instances, early.next), (vec![], Some(at(10))));
}

/// The inbox of all tenants, oldest first; what was handled goes.
pub async fn the_inbox_is_polled<S: Store<CounterDomain>>(store: S) {
    let tells = vec![tell(1, 1, "b", 20), tell(2, 1, "a", 10), tell(1, 2, "a", 30), tell(1, 1, "a", 20)];
    commit(&store, &TestCommit { tells: tells.clone(), ..Default::default() }).await.unwrap();
    let order = [&tells[1], &tells[3], &tells[0], &tells[2]].map(Clone::clone);
    assert_eq!(store.inbox(9).await.unwrap(), order);
    assert_eq!(store.inbox(2).await.unwrap(), order[..2]);
    let told = vec![(T, id(1), "b".into()), (TenantId(2), id(1), "a".into()), (T, id(9), "gone".into())];
    commit(&store, &TestCommit { told, ..Default::default() }).await.unwrap();
    assert_eq!(store.inbox(9).await.unwrap(), [order[1].clone(), order[3].clone()]);
}
