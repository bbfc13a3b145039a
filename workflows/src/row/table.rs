//! Rows that come a thousand at once, as data: the names of their columns once, then a list a row.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row that can be told as a list of its columns.
pub trait Compact: Sized {
    /// Their names, in order.
    const COLUMNS: &'static [&'static str];
    /// A tuple of them.
    type Cells: Serialize + DeserializeOwned;

    /// The row as a tuple.
    fn cells(&self) -> Self::Cells;

    /// The row that it is.
    fn of(cells: Self::Cells) -> Self;
}

/// Rows of one table. In an entry: `{"columns": [...], "rows": [[...], ...]}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<R>(pub Vec<R>);

#[derive(Serialize)]
struct Told<C> {
    columns: &'static [&'static str],
    rows: Vec<C>,
}

#[derive(Deserialize)]
struct Read<C> {
    columns: Vec<String>,
    rows: Vec<C>,
}

impl<R: Compact> Serialize for Rows<R> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Told { columns: R::COLUMNS, rows: self.0.iter().map(R::cells).collect() }.serialize(s)
    }
}

impl<'de, R: Compact> Deserialize<'de> for Rows<R> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Read { columns, rows } = Read::<R::Cells>::deserialize(d)?;
        if columns != R::COLUMNS {
            return Err(D::Error::custom(format!("the columns are {columns:?}, not {:?}", R::COLUMNS)));
        }
        Ok(Self(rows.into_iter().map(R::of).collect()))
    }
}
