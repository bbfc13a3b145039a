//! Single rows by their keys, read at every request: a few connections that keep one plan a statement. A pool would ask
//! each of them whether it still lives whenever it is taken or given back, which costs as much as the look itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{Mutex, MutexGuard};

use super::WRITER_SETTINGS;
use super::dialect::failed;
use crate::store::StoreError;

/// See the module.
#[derive(Clone)]
pub(super) struct Lookups(Arc<Kept>);

struct Kept {
    server: PgConnectOptions,
    connections: Vec<Mutex<Option<PgConnection>>>,
    next: AtomicUsize,
}

/// A connection that nobody else has meanwhile.
pub(super) struct Held<'a>(MutexGuard<'a, Option<PgConnection>>, &'a PgConnectOptions);

impl Lookups {
    /// Connections are made when they are needed first.
    pub(super) fn new(server: &PgConnectOptions, most: u32) -> Self {
        let server = server.clone().options(WRITER_SETTINGS.iter().copied());
        let connections = (0..most.max(1)).map(|_| Mutex::default()).collect();
        Self(Arc::new(Kept { server, connections, next: AtomicUsize::new(0) }))
    }

    /// One that is free, else the next in turn.
    pub(super) async fn take(&self) -> Held<'_> {
        let Kept { server, connections, next } = &*self.0;
        let turn = next.fetch_add(1, Ordering::Relaxed);
        let (wrapped, ahead) = connections.split_at(turn % connections.len());
        let mut free = ahead.iter().chain(wrapped).filter_map(|connection| connection.try_lock().ok());
        match free.next() {
            Some(free) => Held(free, server),
            None => Held(connections[turn % connections.len()].lock().await, server),
        }
    }
}

impl Held<'_> {
    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        match &mut *self.0 {
            Some(connection) => Ok(connection),
            none => Ok(none.insert(self.1.connect().await.map_err(failed)?)),
        }
    }

    /// Whether this came of a connection that had been closed meanwhile: then it is asked once more, of a new one.
    pub(super) fn was_closed<T>(&mut self, done: &Result<T, StoreError>) -> bool {
        let closed = matches!(done, Err(StoreError::Unavailable(_)));
        if closed {
            *self.0 = None;
        }
        closed
    }
}
