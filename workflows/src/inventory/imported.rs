//! Rows of an import: read strictly and quickly, all mistakes told, each at its JSON pointer.

use std::str::FromStr;
use std::sync::Arc;

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use crate::action::{Answer, Call, refuse};
use crate::quantity::Quantity;
use crate::records::{check_code, check_reference, told};
use crate::row::StockKey;

/// A command has at most this many rows: one entry, and a writer is never held long.
pub(super) const MOST_ROWS: usize = 1_000;

/// The code of rows that cannot be taken.
pub(super) const INVALID: &str = "invalid_import";

/// What is wrong with a row, or with rows.
pub(super) type Read<T> = Result<T, String>;

/// A row of the list `rows`.
pub(super) struct Cells<'a> {
    number: usize,
    row: &'a Document,
}

impl<'a> Cells<'a> {
    pub(super) fn wrong(&self, name: &str, why: impl std::fmt::Display) -> String {
        format!("/rows/{}/{name}: {why}", self.number)
    }

    /// `None`: the key is not there; `Some(None)`: it is null.
    pub(super) fn cell(&self, name: &str) -> Read<Option<Option<&'a str>>> {
        match self.row.get(name) {
            None => Ok(None),
            Some(Json::Null) => Ok(Some(None)),
            Some(Json::String(text)) => Ok(Some(Some(text))),
            Some(_) => Err(self.wrong(name, "write text")),
        }
    }

    pub(super) fn maybe<T>(&self, name: &str, read: impl Fn(&str) -> Read<T>) -> Read<Option<T>> {
        let cell = self.cell(name)?.flatten();
        cell.map(read).transpose().map_err(|why| self.wrong(name, why))
    }

    /// `None`: it was left out; `Some(None)`: it is empty.
    pub(super) fn told<T>(&self, name: &str, read: impl Fn(&str) -> Read<T>) -> Read<Option<Option<T>>> {
        match self.cell(name)? {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(text)) => read(text).map(|value| Some(Some(value))).map_err(|why| self.wrong(name, why)),
        }
    }

    pub(super) fn must<T>(&self, name: &str, read: impl Fn(&str) -> Read<T>) -> Read<T> {
        self.maybe(name, read)?.ok_or_else(|| self.wrong(name, format!("`{name}` is missing")))
    }

    pub(super) fn reference(&self) -> Read<Arc<str>> {
        self.must("reference", |text| check_reference(text).map(|()| text.into()))
    }

    pub(super) fn stock(&self) -> Read<StockKey> {
        let code = |text: &str| check_code(text).map(|()| Arc::from(text));
        Ok(StockKey { item: self.must("item", code)?, location: self.must("location", code)? })
    }
}

/// Text that means something.
pub(super) fn parsed<T: FromStr<Err = String>>(text: &str) -> Read<T> {
    text.parse()
}

/// Reads all rows with `read`, or refuses with all that is wrong, up to five.
pub(super) fn rows<T>(call: &Call<'_>, columns: &[&str], read: impl Fn(&Cells<'_>) -> Read<T>) -> Answer<Vec<T>> {
    let Some(Json::Array(rows)) = call.payload.get("rows") else {
        return refuse(INVALID, "/rows: write a list of rows.");
    };
    if rows.len() > MOST_ROWS {
        let count = rows.len();
        return refuse(INVALID, format!("/rows: a command takes at most {MOST_ROWS} rows, and these are {count}."));
    }
    let mut found = Vec::with_capacity(rows.len());
    let mut mistakes = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        match cells(number, row, columns).and_then(|cells| read(&cells)) {
            Ok(row) => found.push(row),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { refuse(INVALID, told(mistakes)) }
}

fn cells<'a>(number: usize, row: &'a Json, columns: &[&str]) -> Read<Cells<'a>> {
    let Some(row) = row.as_object() else {
        return Err(format!("/rows/{number}: write an object"));
    };
    if let Some(stranger) = row.keys().find(|name| !columns.contains(&name.as_str())) {
        let near = nearest(stranger, columns.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let shown: String = stranger.chars().take(40).collect();
        return Err(format!("/rows/{number}: a row has no `{shown}`{hint}"));
    }
    Ok(Cells { number, row })
}

/// Whether `quantity` lies on the grid of the item's stock unit; else a sentence (B14).
pub(super) fn on_grid(item: &str, unit: &str, grid: Quantity, quantity: Quantity) -> Read<()> {
    if quantity.0 % grid.0 == 0 {
        return Ok(());
    }
    Err(format!("`{item}` is counted in steps of {grid} `{unit}`, and this is {quantity}"))
}
