//! What every store must do, as functions over an empty one. `tests/it/store.rs` runs all of them on each store.

mod deliveries;
mod lists;
mod writes;

pub use deliveries::*;
pub use lists::*;
pub use writes::*;

use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Instance;
use fluxor_engine::store::{Store, StoreError, Want, Writer};

use crate::counter::CounterDomain;
use crate::rows::{self, TestCommit};

/// One batch that looks nothing up.
///
/// # Errors
/// The store's.
pub async fn commit<S: Store<CounterDomain>>(store: &S, commit: &TestCommit) -> Result<(), StoreError> {
    let mut writer = store.writer().await?;
    writer.open(&Want::default()).await?;
    writer.finish(commit).await
}

/// That a commit is refused because of one of `tables`.
async fn conflicts<S: Store<CounterDomain>>(store: &S, refused: &TestCommit, tables: &[&str]) {
    match commit(store, refused).await {
        Err(StoreError::Conflict(named)) => assert!(tables.iter().any(|t| named.contains(t)), "{named}: {tables:?}"),
        other => panic!("{tables:?}: {other:?}"),
    }
}

/// New instances.
fn instances(rows: impl IntoIterator<Item = Instance>) -> TestCommit {
    TestCommit { instances: rows.into_iter().map(rows::write).collect(), ..TestCommit::default() }
}

const T: TenantId = TenantId(1);
