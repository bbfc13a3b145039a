//! Messages to the outside: what may go out is claimed, tried, and told how it ended.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::decide::CHANGE_ORGANISATION;
use crate::effect::EVENTS;
use crate::store::{Claimed, Delivery, Persist, Store, StoreError};

use super::{Engine, NotDone, Stats, Undelivered};

/// How many messages one look takes.
const CLAIMED_AT_ONCE: i64 = 32;
/// How long a delivery may take before another replica tries it.
const LEASE_MICROS: i64 = 60_000_000;

/// From how many messages for one destination under way on no more of it are claimed: a receiver that says nothing holds up nobody else.
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
pub(super) async fn send<D: Persist, S: Store<D>>(
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
