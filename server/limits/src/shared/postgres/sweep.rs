//! Forgets what counts no more: in small steps, over the connection beside that of the batches, and never waiting for a
//! row that somebody decides by.
//!
//! There is no index to find such rows by: it would have to be written at each decision. The table is gone through
//! instead, some pages at a time, once a minute, by all replicas together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::link::{NOW, Side};
use crate::at::{At, Span};
use crate::store::StoreAway;

/// What counts no more is remembered for so long after: a clock that goes back by less admits nothing extra.
const GRACE: Span = Span::from_secs(60);

/// How often a step is made, and how many of them should go through the whole table.
const EVERY: Duration = Duration::from_secs(2);
const STEPS: u64 = 30;

/// The fewest pages that are worth a step.
const PAGES: u64 = 256;

/// How many rows are deleted at once at most.
const ROWS: i64 = 1_000;

/// Makes steps until the store is dropped. One that fails is made again later: decisions do not need it.
pub(super) async fn run(side: Arc<Side>, replicas: Arc<AtomicU64>) {
    let mut sweep = Sweep::default();
    loop {
        let replicas = u32::try_from(replicas.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        tokio::time::sleep(EVERY.saturating_mul(replicas.max(1))).await;
        let _ = sweep.step(&side, None).await;
    }
}

/// Goes through the whole table at once; tells how many rows are gone.
pub(super) async fn all(side: &Side, now: Option<At>) -> Result<u64, StoreAway> {
    let (mut sweep, mut gone) = (Sweep::default(), 0);
    loop {
        gone += sweep.step(side, now).await?;
        if sweep.from == 0 {
            return Ok(gone);
        }
    }
}

/// Where in the table it goes on: at this page.
#[derive(Default)]
struct Sweep {
    from: u64,
    pages: u64,
}

impl Sweep {
    /// Looks at some pages, and goes on after them.
    async fn step(&mut self, side: &Side, now: Option<At>) -> Result<u64, StoreAway> {
        let until = self.from.saturating_add(PAGES.max(self.pages / STEPS));
        let mut gone = 0;
        loop {
            let row = side.ask(self.sql(&side.access().states(), until, now)).await?;
            let deleted = number(&row, 0)?;
            self.pages = number(&row, 1)?.unsigned_abs();
            gone += deleted.unsigned_abs();
            if deleted < ROWS {
                break;
            }
        }
        self.from = if until < self.pages { until } else { 0 };
        Ok(gone)
    }

    /// Rows that are locked are in use, and skipped. They are deleted by their keys: a row may have moved meanwhile.
    fn sql(&self, table: &str, until: u64, now: Option<At>) -> String {
        let from = self.from;
        let before = match now {
            Some(now) => now.minus(GRACE).micros().to_string(),
            None => format!("{NOW} - {}", GRACE.micros()),
        };
        format!(
            "WITH past AS MATERIALIZED (SELECT key FROM {table} \
             WHERE ctid >= '({from},0)' AND ctid < '({until},0)' AND untouched < {before} \
             LIMIT {ROWS} FOR UPDATE SKIP LOCKED), \
             gone AS (DELETE FROM {table} AS states USING past \
             WHERE states.key = past.key AND states.untouched < {before} RETURNING 1) \
             SELECT (SELECT count(*) FROM gone), \
             pg_relation_size({}) / current_setting('block_size')::bigint",
            super::text::literal(table)
        )
    }
}

fn number(row: &PgRow, place: usize) -> Result<i64, StoreAway> {
    row.try_get(place).map_err(|_| StoreAway("the server answers what is not understood".to_owned()))
}
