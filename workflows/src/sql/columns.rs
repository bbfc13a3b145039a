//! Reading columns of either database by name, and finding impossible rows.

use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::money::{Currency, Money};
use fluxor_engine::store::StoreError;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

/// The columns of a row.
pub(crate) trait Columns {
    fn int(&self, name: &str) -> Result<i64, sqlx::Error>;
    fn maybe_int(&self, name: &str) -> Result<Option<i64>, sqlx::Error>;
    fn text(&self, name: &str) -> Result<String, sqlx::Error>;
    fn maybe_text(&self, name: &str) -> Result<Option<String>, sqlx::Error>;
    fn uuid(&self, name: &str) -> Result<Uuid, sqlx::Error>;
}

macro_rules! columns {
    ($row:ty) => {
        impl Columns for $row {
            fn int(&self, name: &str) -> Result<i64, sqlx::Error> {
                self.try_get(name)
            }
            fn maybe_int(&self, name: &str) -> Result<Option<i64>, sqlx::Error> {
                self.try_get(name)
            }
            fn text(&self, name: &str) -> Result<String, sqlx::Error> {
                self.try_get(name)
            }
            fn maybe_text(&self, name: &str) -> Result<Option<String>, sqlx::Error> {
                self.try_get(name)
            }
            fn uuid(&self, name: &str) -> Result<Uuid, sqlx::Error> {
                self.try_get(name)
            }
        }
    };
}
columns!(SqliteRow);
columns!(PgRow);

/// A row of a table, read with errors that name both.
pub(crate) struct Reader<'r> {
    table: &'static str,
    key: &'static [&'static str],
    row: &'r dyn Columns,
}

impl<'r> Reader<'r> {
    /// `key` names the columns that identify the row in errors, the tenant left out.
    pub(crate) fn new(table: &'static str, key: &'static [&'static str], row: &'r dyn Columns) -> Self {
        Self { table, key, row }
    }

    /// This row is impossible.
    pub(crate) fn wrong(&self, what: impl std::fmt::Display) -> StoreError {
        let shown = |name: &&str| {
            let text = self.row.text(name).or_else(|_| self.row.int(name).map(|n| n.to_string()));
            text.or_else(|_| self.row.uuid(name).map(|id| id.to_string())).unwrap_or_else(|_| "?".to_owned())
        };
        let id = self.key.iter().map(shown).collect::<Vec<_>>().join("/");
        StoreError::Inconsistent { table: self.table, id, what: what.to_string() }
    }

    pub(crate) fn tenant(&self) -> Result<TenantId, StoreError> {
        self.int("tenant").map(TenantId)
    }

    pub(crate) fn instance(&self, name: &str) -> Result<InstanceId, StoreError> {
        self.row.uuid(name).map(InstanceId).map_err(|error| self.wrong(error))
    }

    pub(crate) fn int(&self, name: &str) -> Result<i64, StoreError> {
        self.row.int(name).map_err(|error| self.wrong(error))
    }

    pub(crate) fn maybe_int(&self, name: &str) -> Result<Option<i64>, StoreError> {
        self.row.maybe_int(name).map_err(|error| self.wrong(error))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Arc<str>, StoreError> {
        self.row.text(name).map(Arc::from).map_err(|error| self.wrong(error))
    }

    pub(crate) fn maybe_text(&self, name: &str) -> Result<Option<Arc<str>>, StoreError> {
        self.row.maybe_text(name).map(|text| text.map(Arc::from)).map_err(|error| self.wrong(error))
    }

    /// Text that means something.
    pub(crate) fn parsed<T: std::str::FromStr<Err = String>>(&self, name: &str) -> Result<T, StoreError> {
        self.text(name)?.parse().map_err(|why: String| self.wrong(why))
    }

    /// An amount of the currency of the column `currency`.
    pub(crate) fn money(&self, name: &str) -> Result<Money, StoreError> {
        Ok(Money { units: self.int(name)?, currency: self.parsed::<Currency>("currency")? })
    }
}
