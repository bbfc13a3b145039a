//! What sets instances in motion by itself: time, results in the inbox, messages to the outside.
//!
//! Each loop looks, does, and sleeps until it is woken or the poll interval ends. A wake-up is only a hint.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::command::{Actor, Command, Verb};
use crate::commit::InboxRow;
use crate::ids::{Digest, InstanceId, TenantId};
use crate::instance::{Document, Status, TaskStatus};
use crate::store::{InstancePage, Persist, Store};

use super::{Engine, NotDone, Priority, sending};

/// How many rows one look takes.
const PAGE: i64 = 256;
/// How many parts of one instance's work one look takes: its commands wait for one another anyway.
const EACH: i64 = 8;
/// How often the inbox is looked at, at least.
const MAIL: Duration = Duration::from_millis(100);

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
                let wait = match sending::send(&sent).await {
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
