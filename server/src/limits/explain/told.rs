//! Reports as they are told over HTTP, read again: the command line has them from a server, the page shows what it would tell.

use serde_json::Value;

/// The rows of a list; none if there is no such list.
pub(crate) fn rows<'v>(told: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    told[name].as_array().into_iter().flatten()
}

/// A number; 0 if it is none.
pub(crate) fn number(told: &Value) -> u64 {
    told.as_u64().unwrap_or(0)
}
