//! The store in PostgreSQL: the same answers as the store in this process, exact among many stores and processes, and
//! told apart from a server that is not there. Needs a server: its URL in `FLUXOR_TEST_POSTGRES`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

#[path = "postgres/away.rs"]
mod away;
#[path = "postgres/exact.rs"]
mod exact;
#[path = "postgres/look.rs"]
mod look;
#[allow(dead_code, reason = "the tests of the library use more of it")]
#[path = "it/model.rs"]
mod model;
#[path = "postgres/same.rs"]
mod same;
#[path = "postgres/sweeping.rs"]
mod sweeping;
#[path = "support/twins.rs"]
mod twins;

use std::sync::Arc;

use fluxor_limits::decide::{Asked, Found};
use fluxor_limits::shared::postgres::Postgres;
use fluxor_limits::store::{Remote as _, StoreAway};
use fluxor_limits::{At, Fixed, Policy, Shift, Span, Store as _, Strategy, Window};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The server of the tests.
fn server() -> Option<String> {
    let url = std::env::var("FLUXOR_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: FLUXOR_TEST_POSTGRES names no server");
    }
    url
}

/// A schema of a test's own; it is gone afterwards, unless the test fails.
struct Schema {
    url: String,
    name: String,
}

impl Schema {
    async fn new(test: &str) -> Option<Schema> {
        let schema = Schema { url: server()?, name: format!("limits_{test}_{}", std::process::id()) };
        schema.run(&format!("CREATE SCHEMA {}", schema.name)).await;
        Some(schema)
    }

    /// A store that is not connected.
    fn apart(&self) -> Postgres {
        Postgres::new(&self.url).unwrap().in_schema(&self.name)
    }

    /// A store that is.
    async fn store(&self) -> Postgres {
        let store = self.apart();
        store.reconnect().await.unwrap();
        store
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection().await).await.unwrap();
    }

    /// The text of a key's state.
    async fn text(&self, key: &str) -> Option<String> {
        let sql = format!("SELECT state FROM {}.limits_states WHERE key = $1", self.name);
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(key).fetch_optional(&mut self.connection().await).await.unwrap()
    }

    async fn rows(&self) -> i64 {
        let sql = format!("SELECT count(*) FROM {}.limits_states", self.name);
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.connection().await).await.unwrap()
    }

    async fn drop(self) {
        self.run(&format!("DROP SCHEMA {} CASCADE", self.name)).await;
    }
}

/// A window that does not end in our lifetime.
fn fixed(limit: u64) -> Strategy {
    Strategy::Fixed(Fixed { limit, window: Window::Every(Span::from_secs(200 * 365 * 86_400)) })
}

fn policy(strategy: Strategy) -> Policy {
    Policy::new("p", &[], strategy)
}

/// What one policy asks for some keys.
fn ask<'a>(policy: &'a Policy, keys: &[&str]) -> Vec<Asked<'a>> {
    let one = |key: &&str| {
        let (key, shift) = (Arc::from(*key), Shift::default());
        Asked { policy, strategy: &policy.strategy, key, takes: 1, up_to: 1, shift }
    };
    keys.iter().map(one).collect()
}

/// Asks, at an instant of the caller's clock.
async fn found(store: &Postgres, policy: &Policy, keys: &[&str], now: u64) -> Result<Vec<Found>, StoreAway> {
    Ok(store.weigh(At::from_micros(now), &ask(policy, keys), &[]).await?.found)
}

/// Whether a call passes.
async fn passes(store: &Postgres, policy: &Policy, keys: &[&str]) -> Result<bool, StoreAway> {
    Ok(found(store, policy, keys, 0).await?.iter().all(|found| found.verdict.is_fine()))
}
