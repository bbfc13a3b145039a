//! Statements that are the same on both databases, a file a noun. This folder is mounted twice, by `sqlite.rs` and by
//! `postgres.rs`, each naming its driver (`Conn`, `Row`, `Db`) and its way to read errors (`failed`).

pub(crate) mod api_key;
pub(crate) mod definition;
pub(crate) mod delivery;
pub(crate) mod due;
pub(crate) mod entry;
pub(crate) mod index;
pub(crate) mod instance;
pub(crate) mod organisation;

use sqlx::{Decode, Row as _, Type};

use super::{Conn, Db, Row, dialect, failed};
use crate::clock::Timestamp;
use crate::ids::Digest;
use crate::store::StoreError;
use crate::store::rows::{bytes, inconsistent};

/// Reads a row's columns from left to right.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    at: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r Row, table: &'static str) -> Self {
        Self { row, table, at: 0 }
    }

    /// Begins at another column than the first.
    pub(crate) fn from(row: &'r Row, table: &'static str, at: usize) -> Self {
        Self { row, table, at }
    }

    /// The next column.
    pub(crate) fn next<T: Decode<'r, Db> + Type<Db>>(&mut self) -> Result<T, StoreError> {
        let value = self.row.try_get(self.at).map_err(|e| self.wrong(e.to_string()));
        self.at += 1;
        value
    }

    /// Passes by some columns.
    #[allow(dead_code, reason = "only PostgreSQL reads several kinds of row from one statement")]
    pub(crate) fn skip(&mut self, columns: usize) {
        self.at += columns;
    }

    /// The next column, text that is shared from here on.
    pub(crate) fn text(&mut self) -> Result<std::sync::Arc<str>, StoreError> {
        self.next::<&str>().map(Into::into)
    }

    /// The next column, an instant.
    pub(crate) fn instant(&mut self) -> Result<Timestamp, StoreError> {
        self.next().map(Timestamp::from_micros)
    }

    /// The next column, a digest.
    pub(crate) fn digest(&mut self) -> Result<Digest, StoreError> {
        let column = self.at;
        let stored: &[u8] = self.next()?;
        bytes(stored).map(Digest).ok_or_else(|| self.wrong(format!("column {column} has not 32 bytes")))
    }

    /// The next column, a number that fits.
    pub(crate) fn number(&mut self) -> Result<u32, StoreError> {
        let number: i64 = self.next()?;
        u32::try_from(number).map_err(|e| self.wrong(format!("{number}: {e}")))
    }

    pub(crate) fn wrong(&self, what: String) -> StoreError {
        inconsistent(self.table, "a row", what)
    }
}

/// The statements of this folder, by name: for the test that reads their plans.
pub(crate) fn statements() -> Vec<(&'static str, &'static str)> {
    let nouns = [
        api_key::STATEMENTS,
        definition::STATEMENTS,
        delivery::STATEMENTS,
        due::STATEMENTS,
        entry::STATEMENTS,
        instance::STATEMENTS,
        organisation::STATEMENTS,
    ];
    nouns.concat()
}
