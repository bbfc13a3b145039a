//! Single rows by their keys, read at every request: connections that keep one plan a statement, and that are not asked
//! whether they still live each time before they are used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};

use super::WRITER_SETTINGS;
use super::dialect::failed;
use crate::store::StoreError;

/// How long a connection may stand idle before it is asked whether it lives. Asking costs a round trip.
const IDLE: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Clone)]
pub(super) struct Lookups {
    pool: PgPool,
    /// A connection was found broken: the others may be, too.
    doubt: Arc<AtomicBool>,
}

impl Lookups {
    pub(super) async fn connect(server: &PgConnectOptions, most: u32) -> Result<Self, StoreError> {
        let doubt = Arc::new(AtomicBool::new(false));
        let doubtful = doubt.clone();
        let options = PgPoolOptions::new().max_connections(most).test_before_acquire(false);
        let options = options.before_acquire(move |connection, about| {
            let trusted = about.idle_for < IDLE && !doubtful.load(Ordering::Relaxed);
            Box::pin(async move { Ok(trusted || sqlx::Connection::ping(connection).await.is_ok()) })
        });
        let server = server.clone().options(WRITER_SETTINGS.iter().copied());
        Ok(Self { pool: options.connect_with(server).await.map_err(failed)?, doubt })
    }

    pub(super) async fn take(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(failed)
    }

    /// Whether this came of a connection that had been closed meanwhile: then it is asked once more, of one that lives.
    pub(super) fn was_closed<T>(&self, done: &Result<T, StoreError>) -> bool {
        let closed = matches!(done, Err(StoreError::Unavailable(_)));
        self.doubt.store(closed, Ordering::Relaxed);
        closed
    }
}
