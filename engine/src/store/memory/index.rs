//! The rows of the indexes in memory.

use std::sync::Arc;

use super::{MemoryStore, Persist};
use crate::commit::{HolderRow, Index, IndexRow, KeyRow, TimerRow};
use crate::ids::TenantId;

impl<D: Persist> MemoryStore<D> {
    pub(in crate::store) fn index(
        &self,
        tenant: TenantId,
        index: Index,
        after: Option<&IndexRow>,
        limit: i64,
    ) -> Vec<IndexRow> {
        let tables = self.tables();
        let most = usize::try_from(limit).unwrap_or(0);
        match index {
            Index::Timers => {
                let timer = |((tenant, instance, name), due_at): (&(_, _, Arc<str>), &_)| TimerRow {
                    tenant: *tenant,
                    instance: *instance,
                    name: name.clone(),
                    due_at: *due_at,
                };
                let later = |row: &TimerRow| match after {
                    Some(IndexRow::Timer(last)) => (row.instance, &row.name) > (last.instance, &last.name),
                    _ => true,
                };
                let rows = tables.timers.iter().map(timer).filter(|row| row.tenant == tenant && later(row));
                rows.take(most).map(IndexRow::Timer).collect()
            }
            Index::Holders => {
                let later = |row: &&HolderRow| match after {
                    Some(IndexRow::Holder(last)) => *row > last,
                    _ => true,
                };
                let rows = tables.holders.iter().filter(|row| row.tenant == tenant).filter(later);
                rows.take(most).cloned().map(IndexRow::Holder).collect()
            }
            Index::Keys => {
                let key = |((tenant, scope, key), instance): (&(_, Arc<str>, Arc<str>), &_)| KeyRow {
                    tenant: *tenant,
                    scope: scope.clone(),
                    key: key.clone(),
                    instance: *instance,
                };
                let later = |row: &KeyRow| match after {
                    Some(IndexRow::Key(last)) => (&row.scope, &row.key) > (&last.scope, &last.key),
                    _ => true,
                };
                let rows = tables.keys.iter().map(key).filter(|row| row.tenant == tenant && later(row));
                rows.take(most).map(IndexRow::Key).collect()
            }
        }
    }

    pub(in crate::store) fn is_indexed(&self, row: &IndexRow) -> bool {
        let tables = self.tables();
        match row {
            IndexRow::Timer(row) => {
                tables.timers.get(&(row.tenant, row.instance, row.name.clone())) == Some(&row.due_at)
            }
            IndexRow::Holder(row) => tables.holders.contains(row),
            IndexRow::Key(row) => {
                tables.keys.get(&(row.tenant, row.scope.clone(), row.key.clone())) == Some(&row.instance)
            }
        }
    }
}
