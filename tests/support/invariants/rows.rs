//! What the rows of a store must be like, whatever happened: chains, folds, indexes, totals.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::fold::fold;
use fluxor_engine::audit::verify::Verifier;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::{Digest, InstanceId, StreamId};
use fluxor_engine::instance::{Instance, Status, TaskStatus};
use fluxor_engine::store::Store;
use fluxor_workflows::{BudgetKey, OrderRow, OrderStatus, Procurement, SeriesKey};
use serde_json::Value as Json;

use super::bench::{Bench, Dump, domain_needs};
use crate::scenario::TENANT;

/// A row as text: index rows without what the databases write differently.
#[must_use]
pub fn normal(table: &str, row: String) -> String {
    if matches!(table, "task_holder" | "timer") { row.to_lowercase().replace('-', "") } else { row }
}

/// The entries of a stream.
pub async fn entries<S: Store<Procurement>>(store: &S, stream: StreamId) -> Vec<Entry> {
    store.entries(TENANT, stream, 0, 9999).await.unwrap()
}

/// Invariants 11 and 3: the entries of an instance fold to its row, and their chain ends at its head.
pub fn check_stream(instance: &Instance, entries: &[Entry]) {
    assert_eq!(fold(entries).expect("it folds").clone(), *instance, "folding the entries gives the row");
    check_chain(instance.id.into(), entries, Some((instance.seq, instance.head)));
    check_times(entries);
}

/// The chain of a stream.
pub fn check_chain(stream: StreamId, entries: &[Entry], head: Option<(i64, Digest)>) {
    let mut verifier = Verifier::new(TENANT, stream);
    entries.iter().for_each(|entry| verifier.check(entry));
    assert_eq!(verifier.finish(head), [], "the chain of {stream}");
}

/// Invariant 4: nothing fires early or twice; and no entry is older than the one before it.
pub fn check_times(entries: &[Entry]) {
    let mut fired = BTreeSet::new();
    let mut last = Timestamp::default();
    for entry in entries {
        assert!(entry.at >= last, "entry {} is older than the one before it", entry.seq);
        last = entry.at;
        let body: Json = serde_json::from_str(&entry.body).unwrap();
        for timer in body["timers"].as_array().into_iter().flatten() {
            let due = timer[1].as_i64().expect("a due time");
            assert!(due <= entry.at.micros(), "timer {timer} fired early, at {}", entry.at);
            assert!(fired.insert(timer.to_string()), "timer {timer} fired twice");
        }
        for rung in body["fired"].as_array().into_iter().flatten() {
            let due = rung["due"].as_i64().expect("a due time");
            assert!(due <= entry.at.micros(), "rung {rung} fired early, at {}", entry.at);
            let which = format!("{} {} {due}", rung["step"], rung["do"]);
            assert!(fired.insert(which), "rung {rung} fired twice");
        }
    }
}

/// Invariant 1: somebody or something can move a live instance on.
pub fn check_alive(instance: &Instance, definition: &Definition) {
    let accepts = definition.active(instance).map_or(0, |active| definition.accepts(&active).len());
    let open = instance.tasks.iter().any(|t| t.status == TaskStatus::Open);
    let alive = instance.status == Status::Final
        || instance.detail.incident.is_some()
        || open
        || accepts > 0
        || !instance.detail.timers.is_empty()
        || !instance.detail.called.is_empty();
    assert!(alive, "{} in {} waits for nothing", instance.id, instance.state);
    for task in instance.tasks.iter().filter(|t| t.status == TaskStatus::Open) {
        assert_ne!(instance.status, Status::Final, "a task of {} is open after its end", instance.id);
        let stuck = instance.detail.incident.is_some() || instance.status == Status::Incident;
        assert!(stuck || !task.holders.is_empty(), "{} asks nobody and says so nowhere", instance.id);
    }
}

/// The index rows are those that follow from the instances.
pub fn check_indexes(dump: &Dump, instances: &BTreeMap<InstanceId, Instance>) {
    let (Some(_), none) = (dump.get("start_key"), BTreeSet::new()) else { return };
    let rows = |table: &str| dump.get(table).unwrap_or(&none).clone();
    let (held, timed) = (rows("task_holder"), rows("timer"));
    let (mut holders, mut timers) = (0, 0);
    for instance in instances.values() {
        let id = instance.id.0.simple().to_string();
        for (task, holder) in instance.tasks.iter().flat_map(|t| t.holders.iter().map(move |h| (t, h))) {
            holders += 1;
            let (person, step) = (holder.person.to_string(), &holder.step);
            let named = |row: &&String| row.contains(&id) && row.contains(&person) && row.contains(&**step);
            assert!(held.iter().any(|row| named(&row)), "{} {person} {step} is not in the index", task.id);
        }
        for (name, due) in &instance.detail.timers {
            timers += 1;
            let named = |row: &&String| row.contains(&id) && row.contains(&due.micros().to_string());
            assert!(timed.iter().any(|row| named(&row)), "timer {name} of {id} is not in the index");
        }
    }
    assert_eq!((held.len(), timed.len()), (holders, timers), "index rows that nothing accounts for");
}

/// Budgets hold what live orders hold; numbers are gapless and unique.
pub async fn check_totals<B: Bench>(bench: &mut B) {
    let (facts, orders) = bench.domain(&domain_needs()).await;
    for unit in ["u1", "u2"] {
        for currency in ["EUR", "USD"] {
            let key = BudgetKey { unit: unit.into(), currency: currency.parse().unwrap() };
            let held = |o: &OrderRow| o.reserved.as_ref().filter(|r| r.budget() == key).map_or(0, |r| r.amount.units);
            let sum: i64 = orders.iter().map(held).sum();
            let budget = facts.budget(TENANT, &key).unwrap().map_or(0, |row| row.reserved.units);
            assert_eq!(budget, sum, "the budget {key} and what orders hold of it");
        }
    }
    let ended = |o: &&OrderRow| matches!(o.status, OrderStatus::Rejected | OrderStatus::Cancelled | OrderStatus::Draft);
    for order in orders.iter().filter(ended) {
        assert_eq!(order.reserved, None, "order {} is {:?} and holds money", order.id, order.status);
    }
    let key = SeriesKey { series: "PO".into(), year: 2026 };
    let next = facts.series(TENANT, &key).unwrap().map_or(1, |row| row.next);
    let numbers: BTreeSet<String> = orders.iter().filter_map(|o| o.number.as_ref().map(ToString::to_string)).collect();
    let expected: BTreeSet<String> = (1..next).map(|n| format!("PO-2026-{n:05}")).collect();
    assert_eq!(numbers, expected, "order numbers are gapless");
    assert_eq!(numbers.len(), orders.iter().filter(|o| o.number.is_some()).count(), "order numbers are unique");
}

/// Everything that must hold of a store at rest.
pub async fn check_all<B: Bench>(bench: &mut B, library: &fluxor_engine::definition::Library) {
    let store = bench.store().await;
    let all = super::bench::instances(&store).await;
    for instance in all.values() {
        check_stream(instance, &entries(&store, instance.id.into()).await);
        if let Some(definition) = library.pinned(instance.definition) {
            check_alive(instance, definition);
        }
    }
    let heads = store.heads(TENANT, None, 9999).await.unwrap();
    for head in &heads {
        check_chain(head.stream, &entries(&store, head.stream).await, Some((head.seq, head.head)));
    }
    let streams: BTreeSet<StreamId> = store.streams(TENANT, None, 9999).await.unwrap().into_iter().collect();
    assert_eq!(streams, heads.iter().map(|head| head.stream).collect(), "every stream has a head");
    let dump = bench.dump().await;
    check_indexes(&dump, &all);
    check_totals(bench).await;
}
