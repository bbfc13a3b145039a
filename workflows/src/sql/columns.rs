//! Reading columns by name, and finding impossible rows.

use std::sync::Arc;

use fluxor_engine::ids::{Digest, InstanceId, TenantId};
use fluxor_engine::money::{Currency, Money};
use fluxor_engine::store::StoreError;
use jiff::civil::Date;
use sqlx::Row as _;
use uuid::Uuid;

use super::super::Row;
use crate::quantity::Quantity;
use crate::row::{Factor, Written};

/// A row of a table, read with errors that name both.
pub(crate) struct Reader<'r> {
    table: &'static str,
    key: &'static [&'static str],
    row: &'r Row,
}

impl<'r> Reader<'r> {
    /// `key` names the columns that identify the row in errors, the tenant left out.
    pub(crate) fn new(table: &'static str, key: &'static [&'static str], row: &'r Row) -> Self {
        Self { table, key, row }
    }

    /// This row is impossible.
    pub(crate) fn wrong(&self, what: impl std::fmt::Display) -> StoreError {
        let shown = |name: &&str| {
            let text = self.row.try_get::<String, _>(*name);
            let text = text.or_else(|_| self.row.try_get(*name).map(|n: i64| n.to_string()));
            text.or_else(|_| self.row.try_get(*name).map(|id: Uuid| id.to_string())).unwrap_or_else(|_| "?".to_owned())
        };
        let id = self.key.iter().map(shown).collect::<Vec<_>>().join("/");
        StoreError::Inconsistent { table: self.table, id, what: what.to_string() }
    }

    pub(crate) fn tenant(&self) -> Result<TenantId, StoreError> {
        self.int("tenant").map(TenantId)
    }

    pub(crate) fn instance(&self, name: &str) -> Result<InstanceId, StoreError> {
        self.row.try_get(name).map(InstanceId).map_err(|error| self.wrong(error))
    }

    pub(crate) fn int(&self, name: &str) -> Result<i64, StoreError> {
        self.row.try_get(name).map_err(|error| self.wrong(error))
    }

    pub(crate) fn maybe_int(&self, name: &str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(name).map_err(|error| self.wrong(error))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Arc<str>, StoreError> {
        self.row.try_get::<String, _>(name).map(Arc::from).map_err(|error| self.wrong(error))
    }

    pub(crate) fn maybe_text(&self, name: &str) -> Result<Option<Arc<str>>, StoreError> {
        self.row.try_get::<Option<String>, _>(name).map(|text| text.map(Arc::from)).map_err(|error| self.wrong(error))
    }

    /// Text that means something.
    pub(crate) fn parsed<T: std::str::FromStr<Err = String>>(&self, name: &str) -> Result<T, StoreError> {
        self.text(name)?.parse().map_err(|why: String| self.wrong(why))
    }

    /// A SHA-256.
    pub(crate) fn digest(&self, name: &str) -> Result<Digest, StoreError> {
        let bytes: Vec<u8> = self.row.try_get(name).map_err(|error| self.wrong(error))?;
        bytes.try_into().map(Digest).map_err(|_| self.wrong(format!("{name} has not 32 bytes")))
    }

    /// An amount of the currency of the column `currency`.
    pub(crate) fn money(&self, name: &str) -> Result<Money, StoreError> {
        Ok(Money { units: self.int(name)?, currency: self.parsed::<Currency>("currency")? })
    }

    /// Yes or no. SQLite keeps it as 0 or 1.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, StoreError> {
        self.row.try_get(name).map_err(|error| self.wrong(error))
    }

    pub(crate) fn quantity(&self, name: &str) -> Result<Quantity, StoreError> {
        self.int(name).map(Quantity)
    }

    pub(crate) fn maybe_quantity(&self, name: &str) -> Result<Option<Quantity>, StoreError> {
        Ok(self.maybe_int(name)?.map(Quantity))
    }

    pub(crate) fn maybe_instance(&self, name: &str) -> Result<Option<InstanceId>, StoreError> {
        self.row.try_get::<Option<Uuid>, _>(name).map(|id| id.map(InstanceId)).map_err(|error| self.wrong(error))
    }

    pub(crate) fn maybe_parsed<T: std::str::FromStr<Err = String>>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let text = self.maybe_text(name)?;
        text.map(|text| text.parse()).transpose().map_err(|why: String| self.wrong(why))
    }

    /// A day as ISO text.
    pub(crate) fn maybe_day(&self, name: &str) -> Result<Option<Date>, StoreError> {
        let text = self.maybe_text(name)?;
        text.map(|text| text.parse()).transpose().map_err(|why: jiff::Error| self.wrong(why))
    }

    pub(crate) fn day(&self, name: &str) -> Result<Date, StoreError> {
        self.maybe_day(name)?.ok_or_else(|| self.wrong(format!("{name} is empty")))
    }

    pub(crate) fn maybe_json(&self, name: &str) -> Result<Option<serde_json::Value>, StoreError> {
        let text = self.maybe_text(name)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(|why| self.wrong(why))
    }

    /// JSON that is passed on as it stands.
    pub(crate) fn written(&self, name: &str) -> Result<Written, StoreError> {
        serde_json::from_str(&self.text(name)?).map_err(|why| self.wrong(why))
    }

    /// The columns `numerator` and `denominator`.
    pub(crate) fn factor(&self) -> Result<Factor, StoreError> {
        self.maybe_factor()?.ok_or_else(|| self.wrong("the factor is empty"))
    }

    pub(crate) fn maybe_factor(&self) -> Result<Option<Factor>, StoreError> {
        match (self.maybe_int("numerator")?, self.maybe_int("denominator")?) {
            (None, None) => Ok(None),
            (Some(numerator), Some(denominator)) if numerator > 0 && denominator > 0 => {
                Ok(Some(Factor { numerator, denominator }))
            }
            _ => Err(self.wrong("a factor has a numerator and a denominator above zero")),
        }
    }
}
