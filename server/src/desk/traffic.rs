//! What was called, beside the books.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_engine::runtime::Engine;
use fluxor_engine::store::{AnyStore, StoreError};
use fluxor_workflows::{
    Procurement, RefusedCall, Stretch, TrafficRow, forget_traffic, forget_traffic_beyond, keep_refused, keep_traffic,
    traffic, traffic_sizes,
};

/// What is written and what is forgotten, in one transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keep {
    /// Calls, some minutes of some tenants.
    pub calls: Vec<TrafficRow>,
    /// Calls that were refused.
    pub refused: Vec<RefusedCall>,
    /// What is older is forgotten, of all tenants.
    pub before: Option<Timestamp>,
    /// Of these tenants no more is kept than so many bytes, and so many refusals.
    pub beyond: Vec<TenantId>,
    /// Bytes.
    pub most_bytes: i64,
    /// Refusals.
    pub most_refused: i64,
}

/// What was called in a stretch of time.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// From when on: later than was asked, where there is too much.
    pub from: Timestamp,
    /// The calls, as they were kept.
    pub calls: Vec<Vec<u8>>,
}

type Store = AnyStore<Procurement>;

pub(super) async fn keep(engine: &Engine<Procurement, Store>, kept: &Keep) -> Result<(), StoreError> {
    let mut aside = engine.store().aside().await?;
    keep_traffic(aside.connection(), &kept.calls).await?;
    keep_refused(aside.connection(), &kept.refused).await?;
    if let Some(before) = kept.before {
        forget_traffic(aside.connection(), before).await?;
    }
    for tenant in &kept.beyond {
        forget_traffic_beyond(aside.connection(), *tenant, kept.most_bytes, kept.most_refused).await?;
    }
    aside.commit().await
}

/// The newest of it, up to so many bytes (and one minute at least).
pub(super) async fn read(
    engine: &Engine<Procurement, Store>,
    mut asked: Stretch,
    most: i64,
) -> Result<Kept, StoreError> {
    let mut reader = engine.store().reader().await?;
    let mut held = 0_i64;
    let mut newer = None;
    for (minute, bytes) in traffic_sizes(reader.connection(), &asked).await? {
        held = held.saturating_add(bytes);
        if held > most && newer.is_some() {
            asked.from = newer.unwrap_or(asked.from);
            break;
        }
        newer = Some(minute);
    }
    Ok(Kept { from: asked.from, calls: traffic(reader.connection(), &asked).await? })
}
