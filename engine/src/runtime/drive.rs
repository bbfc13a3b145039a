//! What sets instances in motion by itself: time, results in the inbox, messages to the outside.
//!
//! Each loop looks, does, and sleeps until it is woken or the poll interval ends. A wake-up is only a hint.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::command::{Actor, Command, Verb};
use crate::commit::InboxRow;
use crate::decide::CHANGE_ORGANISATION;
use crate::effect::EVENTS;
use crate::ids::{Digest, InstanceId, TenantId};
use crate::instance::{Document, Status, TaskStatus};
use crate::store::{Claimed, Delivery, InstancePage, Persist, Store, StoreError};

use super::{Engine, NotDone, Priority, Stats, Undelivered};

/// How many rows one look takes.
const PAGE: i64 = 256;
/// How many parts of one instance's work one look takes: its commands wait for one another anyway.
const EACH: i64 = 8;
/// How often the inbox is looked at, at least.
const MAIL: Duration = Duration::from_millis(100);
/// How many messages one look takes.
const CLAIMED_AT_ONCE: i64 = 32;
/// How long a delivery may take before another replica tries it.
const LEASE_MICROS: i64 = 60_000_000;

/// Starts the loops.
pub(super) fn spawn<D: Persist, S: Store<D>>(engine: &Engine<D, S>) -> Vec<tokio::task::JoinHandle<()>> {
    let (timed, told, sent, first) = (engine.clone(), engine.clone(), engine.clone(), engine.clone());
    let parted = engine.clone();
    vec![
        tokio::spawn(super::schedules::run(engine.clone())),
        tokio::spawn(async move {
            first_look(&first).await;
            loop {
                reorganise(&first).await;
                first.shared.reorganise.notified().await;
            }
        }),
        tokio::spawn(async move {
            loop {
                let wait = match timers(&timed).await {
                    Ok((0, next)) => next.unwrap_or(timed.shared.options.poll),
                    Ok(_) => continue,
                    Err(error) => rest("timers", &error, &timed),
                };
                pause(&timed.shared.due, wait.min(timed.shared.options.poll)).await;
            }
        }),
        tokio::spawn(async move {
            loop {
                let wait = match inbox(&told).await {
                    Ok(0) => told.shared.options.poll,
                    Ok(_) => continue,
                    Err(error) => rest("inbox", &error, &told),
                };
                tokio::time::sleep(wait.min(MAIL)).await;
            }
        }),
        tokio::spawn(async move {
            loop {
                let wait = match parts(&parted).await {
                    Ok(0) => parted.shared.options.poll,
                    Ok(_) => continue,
                    Err(error) => rest("parts", &error, &parted),
                };
                pause(&parted.shared.parts, wait.min(MAIL)).await;
            }
        }),
        tokio::spawn(async move {
            loop {
                let wait = match send(&sent).await {
                    Ok((0, _)) => sent.shared.options.poll,
                    Ok(_) => continue,
                    Err(error) => rest("outbox", &error, &sent),
                };
                pause(&sent.shared.mail, wait).await;
            }
        }),
    ]
}

pub(super) async fn pause(woken: &tokio::sync::Notify, at_most: Duration) {
    let _ = tokio::time::timeout(at_most.max(Duration::from_millis(1)), woken.notified()).await;
}

fn rest<D: Persist, S: Store<D>>(what: &str, error: &NotDone, engine: &Engine<D, S>) -> Duration {
    if !engine.shared.stopping.load(Ordering::SeqCst) {
        tracing::warn!(%error, "{what}: trying again");
    }
    engine.shared.options.poll
}

/// Instances whose reviews have not seen the newest organisation, found once at the start: the last run may have ended
/// between the change and the waking.
async fn first_look<D: Persist, S: Store<D>>(engine: &Engine<D, S>) {
    match engine.shared.store.tenants().await {
        Ok(tenants) => {
            for tenant in tenants {
                reconcile(engine, tenant).await;
            }
        }
        Err(error) => tracing::warn!(%error, "the tenants could not be listed"),
    }
}

fn wake(tenant: TenantId, instance: InstanceId, now: Timestamp) -> Command {
    Command {
        tenant,
        request: format!("wake:{instance}:{}", now.micros()).into(),
        request_hash: Digest([0; 32]),
        actor: Actor::Timer,
        verb: Verb::Wake { instance },
    }
}

/// How long an instance that cannot be moved is left alone: one that nobody can load must not keep all others waiting.
const LEFT_ALONE: Duration = Duration::from_secs(60);

/// What came of commands: how many were answered, and how many of those moved something.
#[derive(Default)]
struct Came {
    answered: usize,
    moved: usize,
}

/// Submits commands side by side and waits for all. Instances whose command failed are left alone for a while.
async fn all<D: Persist, S: Store<D>>(engine: &Engine<D, S>, commands: Vec<Command>, priority: Priority) -> Came {
    let mut waiting = Vec::with_capacity(commands.len());
    for command in commands {
        let engine = engine.clone();
        let instance = command.verb.instance().map(|id| (command.tenant, id));
        waiting.push((instance, tokio::spawn(async move { engine.submit_with(command, priority).await })));
    }
    let mut came = Came::default();
    for (instance, handle) in waiting {
        match handle.await {
            Ok(Ok(submitted)) => {
                came.answered += 1;
                came.moved += usize::from(!submitted.repeat);
            }
            Ok(Err(NotDone::ShuttingDown)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "background command; tried again in {} s", LEFT_ALONE.as_secs());
                let mut stuck = engine.shared.stuck.lock().unwrap_or_else(PoisonError::into_inner);
                stuck.extend(instance.map(|i| (i, Instant::now() + LEFT_ALONE)));
            }
        }
    }
    came
}

/// Instances that are left alone now, and how many rows to ask for so that others are seen behind them.
fn left_alone<D: Persist, S: Store<D>>(engine: &Engine<D, S>) -> (BTreeSet<(TenantId, InstanceId)>, i64) {
    let mut stuck = engine.shared.stuck.lock().unwrap_or_else(PoisonError::into_inner);
    stuck.retain(|_, until| *until > Instant::now());
    let alone: BTreeSet<_> = stuck.keys().copied().collect();
    let limit = PAGE.saturating_add(i64::try_from(alone.len()).unwrap_or(PAGE));
    (alone, limit)
}

/// Wakes what is due. Returns how many instances moved, and how long until the next is due.
pub(super) async fn timers<D: Persist, S: Store<D>>(
    engine: &Engine<D, S>,
) -> Result<(usize, Option<Duration>), NotDone> {
    let now = engine.shared.now();
    let (alone, limit) = left_alone(engine);
    let due = engine.shared.store.due(now, limit).await?;
    let others = due.instances.iter().filter(|i| !alone.contains(i));
    let commands: Vec<Command> = others.map(|(tenant, id)| wake(*tenant, *id, now)).collect();
    let nothing_new = commands.is_empty();
    let moved = all(engine, commands, Priority::Background).await.moved;
    // What was due and did not move is looked at again with the next poll, not at once.
    let wait = due.next.filter(|next| nothing_new && *next > now).map(|next| {
        let micros = u64::try_from(next.micros() - now.micros()).unwrap_or(0);
        Duration::from_micros(micros)
    });
    Ok((moved, wait))
}

/// Hands results to the instances that wait for them.
pub(super) async fn inbox<D: Persist, S: Store<D>>(engine: &Engine<D, S>) -> Result<usize, NotDone> {
    let (alone, limit) = left_alone(engine);
    let rows = engine.shared.store.inbox(limit).await?;
    Ok(all(engine, messages(rows, &alone), Priority::Background).await.answered)
}

/// Hands instances what they have told themselves, behind everybody who waits. A loop of its own: results do not wait
/// for it.
pub(super) async fn parts<D: Persist, S: Store<D>>(engine: &Engine<D, S>) -> Result<usize, NotDone> {
    let (alone, limit) = left_alone(engine);
    let theirs = EACH.saturating_mul(i64::try_from(alone.len()).unwrap_or(PAGE));
    let rows = engine.shared.store.parts(limit.saturating_add(theirs), EACH).await?;
    Ok(all(engine, messages(rows, &alone), Priority::Bulk).await.answered)
}

/// An answer to any of them has removed its row.
fn messages(rows: Vec<InboxRow>, alone: &BTreeSet<(TenantId, InstanceId)>) -> Vec<Command> {
    rows.into_iter()
        .filter(|row| !alone.contains(&(row.tenant, row.target)))
        .map(|row| {
            let payload: Document = serde_json::from_str(&row.payload).unwrap_or_default();
            Command {
                tenant: row.tenant,
                request: row.message.as_ref().into(),
                request_hash: Digest::of(format!("{}\0{}", row.event, row.payload)),
                actor: Actor::Message,
                verb: Verb::Message { instance: row.target, message: row.message, event: row.event, payload },
            }
        })
        .collect()
}

/// How many messages for one destination are under way at a time: a receiver that says nothing holds up nobody else.
const MOST_UNDER_WAY: usize = 32;

/// Messages under way, by destination.
pub(super) type UnderWay = std::sync::Mutex<BTreeMap<Arc<str>, usize>>;

/// Sends what may be sent, and waits for the results.
pub(super) async fn outbox<D: Persist, S: Store<D>>(engine: &Engine<D, S>) -> Result<usize, NotDone> {
    let (found, sending) = send(engine).await?;
    for one in sending {
        let _ = one.await;
    }
    Ok(found)
}

/// Begins to send what may be sent.
async fn send<D: Persist, S: Store<D>>(
    engine: &Engine<D, S>,
) -> Result<(usize, Vec<tokio::task::JoinHandle<()>>), NotDone> {
    let now = engine.shared.now();
    let besides: Vec<Arc<str>> = {
        let all = engine.shared.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, count)| **count >= MOST_UNDER_WAY).map(|(name, _)| name.clone()).collect()
    };
    let lease = now.plus_micros(LEASE_MICROS);
    let claimed = engine.shared.store.claim_besides(now, lease, CLAIMED_AT_ONCE, &besides).await?;
    let found = claimed.len();
    let (events, others): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|message| *message.row.destination == *EVENTS);
    let mut sending = Vec::with_capacity(others.len() + 1);
    for message in others {
        let (engine, begun) = (engine.clone(), Begun::of(engine, message.row.destination.clone(), 1));
        sending.push(tokio::spawn(async move {
            let delivery = deliver(&engine, &message).await;
            written(engine.shared.store.settle(&message, &delivery, engine.shared.now()).await.map(drop));
            drop(begun);
        }));
    }
    if let Some(first) = events.first() {
        let (engine, begun) = (engine.clone(), Begun::of(engine, first.row.destination.clone(), events.len()));
        sending.push(tokio::spawn(async move {
            written(tell(&engine, events).await);
            drop(begun);
        }));
    }
    Ok((found, sending))
}

fn written(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the result of a delivery could not be written; it will be tried again");
    }
}

/// Messages that are under way until this is dropped; then what waits behind them is looked at.
struct Begun<D: Persist, S: Store<D>> {
    engine: Engine<D, S>,
    destination: Arc<str>,
    count: usize,
}

impl<D: Persist, S: Store<D>> Begun<D, S> {
    fn of(engine: &Engine<D, S>, destination: Arc<str>, count: usize) -> Self {
        let mut all = engine.shared.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(destination.clone()).or_default() += count;
        drop(all);
        Self { engine: engine.clone(), destination, count }
    }
}

impl<D: Persist, S: Store<D>> Drop for Begun<D, S> {
    fn drop(&mut self) {
        let mut all = self.engine.shared.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.destination) {
            *count = count.saturating_sub(self.count);
        }
        drop(all);
        self.engine.shared.mail.notify_one();
    }
}

/// When a message is looked at again that this replica has no sink for.
const ELSEWHERE_MICROS: i64 = 5_000_000;

/// Tells whoever hears of transitions; all at once, since there is one for each entry.
async fn tell<D: Persist, S: Store<D>>(engine: &Engine<D, S>, events: Vec<Claimed>) -> Result<(), StoreError> {
    let telling = events.into_iter().map(|message| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let delivery = deliver(&engine, &message).await;
            (message, delivery)
        })
    });
    let mut told = Vec::new();
    for handle in telling.collect::<Vec<_>>() {
        told.extend(handle.await.ok());
    }
    engine.shared.store.settle_all(&told, engine.shared.now()).await
}

async fn deliver<D: Persist, S: Store<D>>(engine: &Engine<D, S>, message: &Claimed) -> Delivery {
    let row = &message.row;
    let sink = engine.shared.options.sinks.iter().find(|(name, _)| *name == row.destination).map(|(_, s)| s.clone());
    Stats::add(&engine.shared.stats.deliveries, 1);
    let limit = Duration::from_micros(u64::try_from(LEASE_MICROS / 2).unwrap_or(0));
    let result = match &sink {
        _ if *row.destination == *CHANGE_ORGANISATION => {
            // Rare, and larger than all the rest.
            tokio::time::timeout(limit, Box::pin(super::organisation::change(engine, row)))
                .await
                .unwrap_or_else(|_| Err(too_slow()))
        }
        Some(sink) => tokio::time::timeout(limit, sink.deliver(row)).await.unwrap_or_else(|_| Err(too_slow())),
        // Another replica takes them: what this one cannot do counts as no attempt.
        None => {
            let next_at = engine.shared.now().plus_micros(ELSEWHERE_MICROS);
            let error = format!("nobody takes messages for `{}` here", row.destination);
            return Delivery::Held { next_at, error };
        }
    };
    let now = engine.shared.now();
    match result {
        Ok(reply) => Delivery::Sent { reply },
        Err(Undelivered::Held(next_at, error)) => Delivery::Held { next_at, error },
        Err(why) => {
            Stats::add(&engine.shared.stats.delivery_failures, 1);
            undelivered(message, why, now)
        }
    }
}

fn too_slow() -> Undelivered {
    Undelivered::Again("it took longer than 30 seconds".to_owned())
}

/// How an attempt that failed ends.
fn undelivered(message: &Claimed, why: Undelivered, now: Timestamp) -> Delivery {
    let row = &message.row;
    let (error, earliest) = match why {
        Undelivered::Never(error) => return Delivery::GivenUp { error },
        Undelivered::Again(error) => (error, now),
        Undelivered::NotBefore(at, error) | Undelivered::Held(at, error) => (error, at),
    };
    if message.attempt >= row.times {
        return Delivery::GivenUp { error };
    }
    let doubled = row.from.saturating_mul(1 << message.attempt.saturating_sub(1).min(30)).min(row.to);
    Delivery::Again { next_at: now.plus_micros(doubled).max(earliest), error }
}

/// Looks through the reviews of every tenant whose organisation has changed.
pub(super) async fn reorganise<D: Persist, S: Store<D>>(engine: &Engine<D, S>) {
    loop {
        let next = engine.shared.reorganised.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
        let Some(tenant) = next else { return };
        reconcile(engine, tenant).await;
    }
}

/// Wakes every instance of the tenant whose open review has not seen the newest organisation.
async fn reconcile<D: Persist, S: Store<D>>(engine: &Engine<D, S>, tenant: TenantId) {
    let mut after = None;
    loop {
        let page = InstancePage { after, ..InstancePage::all(tenant, PAGE) };
        let (organisation, rows) = match (engine.organisation(tenant).await, engine.shared.store.instances(&page).await)
        {
            (Ok(organisation), Ok(rows)) => (organisation, rows),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "open tasks could not be brought up to the organisation's change");
                return;
            }
        };
        let Some(last) = rows.last() else { return };
        after = Some(last.id);
        let now = engine.shared.now();
        let behind = rows.iter().filter(|i| {
            i.status != Status::Final
                && i.tasks.iter().any(|t| t.status == TaskStatus::Open && t.detail.organisation < organisation.revision)
        });
        let commands: Vec<Command> = behind.map(|i| wake(tenant, i.id, now)).collect();
        all(engine, commands, Priority::Background).await;
    }
}
