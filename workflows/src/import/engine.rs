//! An import's target: an engine on whichever store.

use fluxor_engine::command::Command;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;
use fluxor_engine::runtime::{Engine, NotDone, Priority, Submitted};
use fluxor_engine::store::{AnyStore, Store as _, StoreError};

use super::{Pending, Sums, Target};
use crate::Procurement;
use crate::reads::{orders, totals};

/// So many orders are read at once.
const PAGE: i64 = 500;

/// A tenant of an engine.
#[derive(Debug)]
pub struct EngineTarget<'a> {
    engine: &'a Engine<Procurement, AnyStore<Procurement>>,
    tenant: TenantId,
}

impl<'a> EngineTarget<'a> {
    /// This tenant of this engine.
    #[must_use]
    pub const fn new(engine: &'a Engine<Procurement, AnyStore<Procurement>>, tenant: TenantId) -> Self {
        Self { engine, tenant }
    }

    async fn document(&self) -> Result<Option<Document>, StoreError> {
        let Some(row) = self.engine.store().organisation(self.tenant).await? else { return Ok(None) };
        let corrupt = |error: serde_json::Error| StoreError::Inconsistent {
            table: "organisation",
            id: self.tenant.to_string(),
            what: format!("its document is not JSON: {error}"),
        };
        serde_json::from_str(&row.document).map(Some).map_err(corrupt)
    }

    async fn sums(&self, source: &str) -> Result<Sums, StoreError> {
        let mut reader = self.engine.store().reader().await?;
        let all = totals(reader.connection(), self.tenant).await?;
        let count = |rows: i64| u64::try_from(rows).unwrap_or(0);
        let mut sums = Sums {
            movements: count(all.movements),
            moved: i128::from(all.moved.0),
            on_hand: i128::from(all.on_hand.0),
            demands: count(all.demand),
            open_demands: count(all.demand_open),
            owed: i128::from(all.reserved.0),
            ..Sums::default()
        };
        let mut before = None;
        loop {
            let page = orders(reader.connection(), self.tenant, before, PAGE).await?;
            for order in page.iter().filter(|order| order.source.as_deref() == Some(source)) {
                sums.orders += 1;
                sums.lines += count(order.lines);
                let value = sums.values.entry(order.amount.currency.to_string()).or_default();
                value.1 += i128::from(order.amount.units);
            }
            match page.last() {
                Some(last) => before = Some(last.id),
                None => return Ok(sums),
            }
        }
    }
}

impl Target for EngineTarget<'_> {
    fn submit(&self, command: Command) -> Pending<'_, Result<Submitted, NotDone>> {
        Box::pin(self.engine.submit_with(command, Priority::Bulk))
    }

    fn organisation(&self) -> Pending<'_, Result<Option<Document>, StoreError>> {
        Box::pin(self.document())
    }

    fn totals<'a>(&'a self, source: &'a str) -> Pending<'a, Result<Sums, StoreError>> {
        Box::pin(self.sums(source))
    }
}
