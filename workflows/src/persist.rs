//! Reading and writing for a whole batch, in the batch's transaction.

use std::collections::BTreeSet;

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::{Connection, Persist, StoreError};

use crate::facts::Facts;
use crate::fold::Batch;
use crate::memory::Memory;
use crate::procurement::Procurement;
use crate::row::{Need, Op};
use crate::{postgres, sqlite};

impl Persist for Procurement {
    type Memory = Memory;

    async fn load(
        &self,
        connection: Connection<'_, Memory>,
        needs: &BTreeSet<(TenantId, Need)>,
        facts: &mut Facts,
    ) -> Result<(), StoreError> {
        match connection {
            Connection::Memory(memory) => memory.load(needs, facts),
            Connection::Sqlite(connection) => sqlite::sql::load(connection, needs, facts).await?,
            Connection::Postgres(connection) => postgres::sql::load(connection, needs, facts).await?,
        }
        for (tenant, need) in needs {
            facts.looked_up(*tenant, need);
        }
        Ok(())
    }

    async fn write(&self, connection: Connection<'_, Memory>, ops: &[(TenantId, Op)]) -> Result<(), StoreError> {
        if ops.is_empty() {
            return Ok(());
        }
        let batch = Batch::of(ops);
        match connection {
            Connection::Memory(memory) => memory.write(&batch),
            Connection::Sqlite(connection) => sqlite::sql::save(connection, &batch).await,
            Connection::Postgres(connection) => postgres::sql::save(connection, &batch).await,
        }
    }
}
