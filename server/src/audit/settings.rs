//! Whether the rows of settings, and of what is noted beside them, are those that entries have written.

use std::collections::BTreeMap;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::Finding;
use fluxor_engine::ids::{StreamId, TenantId};
use serde::Deserialize;
use serde_json::Value;

use crate::desk::{Books, Desk, NotDone};
use crate::settings::RECORD;

/// How a change of such a row begins in a body.
const WRITTEN: &str = "\"table\":\"setting\"";

/// What an entry's body says of rows.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    ops: Vec<Value>,
}

/// A row as an entry wrote it last.
#[derive(Debug)]
struct Row {
    stream: StreamId,
    seq: i64,
    version: i64,
    /// `code`, `version` and `document`.
    row: Value,
}

/// The rows by their names, as the entries so far make them.
#[derive(Debug, Default)]
pub(super) struct Made(BTreeMap<String, Row>);

impl Made {
    /// Takes in what entries of a stream have written.
    pub(super) fn look(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| entry.body.contains(WRITTEN)) {
            let Ok(Body { ops }) = serde_json::from_str(&entry.body) else { continue };
            for mut op in ops {
                let table = op.as_object_mut().and_then(|op| op.remove("table"));
                if table.as_ref().and_then(Value::as_str) == Some(RECORD) {
                    self.take(entry, op);
                }
            }
        }
    }

    fn take(&mut self, entry: &Entry, row: Value) {
        let (Some(code), Some(version)) = (row["code"].as_str(), row["version"].as_i64()) else { return };
        if self.0.get(code).is_none_or(|known| known.version < version) {
            let row = Row { stream: entry.stream, seq: entry.seq, version, row: row.clone() };
            self.0.insert(code.to_owned(), row);
        }
    }

    /// What differs, of the rows that were `before` all was looked at as they are `now`: others are being written meanwhile.
    pub(super) fn findings(&self, tenant: TenantId, before: &Rows, now: &Rows) -> Vec<Finding> {
        let still = |code: &str| before.0.get(code) == now.0.get(code);
        let rows = now.0.iter().filter_map(|(code, row)| self.differs(tenant, code, row));
        let lost = self.0.iter().filter(|(code, _)| !now.0.contains_key(*code)).map(|(code, made)| {
            let message = format!("the row of `{code}` that entry {} wrote is not in `{RECORD}`", made.seq);
            (code.as_str(), Finding::row_changed(tenant, made.stream, made.seq, message))
        });
        rows.chain(lost).filter(|(code, _)| still(code)).map(|(_, finding)| finding).collect()
    }

    fn differs<'a>(&self, tenant: TenantId, code: &'a str, row: &Value) -> Option<(&'a str, Finding)> {
        let Some(made) = self.0.get(code) else {
            let message =
                format!("no entry wrote the row of `{code}` in `{RECORD}`: delete it, and set it as settings are");
            return Some((code, Finding::row_unmade(tenant, StreamId::of_record(RECORD, code), message)));
        };
        if made.row == *row {
            return None;
        }
        let message = format!("the row of `{code}` in `{RECORD}` is not what entry {} wrote", made.seq);
        Some((code, Finding::row_changed(tenant, made.stream, made.seq, message)))
    }
}

/// The rows by their names, as they are.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<String, Value>);

impl Rows {
    pub(super) async fn read(desk: &dyn Desk, tenant: TenantId) -> Result<Self, NotDone> {
        let rows = match desk.books(tenant, Books::Settings).await? {
            Value::Array(rows) => rows,
            _ => Vec::new(),
        };
        Ok(Self(rows.into_iter().filter_map(|row| Some((row["code"].as_str()?.to_owned(), row))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TENANT: TenantId = TenantId(1);

    fn row(version: i64, document: &Value) -> Value {
        json!({ "code": "limits", "version": version, "document": document })
    }

    fn made(rows: &[Value]) -> Made {
        let mut made = Made::default();
        let stream = StreamId::of_record(RECORD, "limits");
        for (seq, row) in (1..).zip(rows) {
            let version = row["version"].as_i64().unwrap();
            let known = Row { stream, seq, version, row: row.clone() };
            made.0.insert(row["code"].as_str().unwrap().to_owned(), known);
        }
        made
    }

    fn rows(rows: &[Value]) -> Rows {
        Rows(rows.iter().map(|row| (row["code"].as_str().unwrap().to_owned(), row.clone())).collect())
    }

    #[test]
    fn rows_that_no_entry_wrote_are_found() {
        let (one, two) = (row(1, &json!({ "a": 1 })), row(1, &json!({ "a": 2 })));
        let found = |made: &Made, before: &[Value], now: &[Value]| {
            let found = made.findings(TENANT, &rows(before), &rows(now));
            found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        let (own, none) = (made(std::slice::from_ref(&one)), Made::default());
        let (one, two) = (&[one][..], &[two][..]);
        assert!(found(&own, one, one).is_empty());
        assert_eq!(found(&own, two, two), ["row_changed"]);
        assert_eq!(found(&own, &[], &[]), ["row_changed"]);
        assert_eq!(found(&none, one, one), ["row_unmade"]);
        // What was written while all was looked at is looked at the next time.
        assert!(
            found(&own, one, two).is_empty() && found(&none, &[], one).is_empty() && found(&own, one, &[]).is_empty()
        );
    }
}
