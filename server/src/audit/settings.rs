//! Whether the rows of settings, of what is noted beside them, and of preferences are those that entries have written.

use std::collections::BTreeMap;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::Finding;
use fluxor_engine::ids::{StreamId, TenantId};
use serde::Deserialize;
use serde_json::Value;

use crate::desk::{Books, Desk, NotDone};
use crate::settings::RECORD;

/// A table whose rows are written whole, one by a record: its name, which is that of the records too.
type Table = &'static str;

/// The tables, each with the column that names its rows, with how a change of one is written in a body, and with how a row that no
/// entry wrote is mended.
const TABLES: [(Table, &str, &str, &str); 2] = [
    (RECORD, "code", "\"table\":\"setting\"", "delete it, and set it as settings are"),
    ("preference", "person", "\"table\":\"preference\"", "delete it, and have that person set it anew"),
];

/// Which row.
type Named = (Table, String);

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
    /// Its name, `version` and `document`.
    row: Value,
}

/// The rows by their names, as the entries so far make them.
#[derive(Debug, Default)]
pub(super) struct Made(BTreeMap<Named, Row>);

impl Made {
    /// Takes in what entries of a stream have written.
    pub(super) fn look(&mut self, entries: &[Entry]) {
        let writes = |entry: &&Entry| TABLES.iter().any(|(_, _, written, _)| entry.body.contains(written));
        for entry in entries.iter().filter(writes) {
            let Ok(Body { ops }) = serde_json::from_str(&entry.body) else { continue };
            for mut op in ops {
                let table = op.as_object_mut().and_then(|op| op.remove("table"));
                let table = table.as_ref().and_then(Value::as_str);
                let known = TABLES.iter().find(|(name, ..)| Some(*name) == table);
                if let Some((table, column, ..)) = known {
                    self.take(entry, (table, column), op);
                }
            }
        }
    }

    fn take(&mut self, entry: &Entry, (table, column): (Table, &str), row: Value) {
        let (Some(name), Some(version)) = (row[column].as_str(), row["version"].as_i64()) else { return };
        let named = (table, name.to_owned());
        if self.0.get(&named).is_none_or(|known| known.version < version) {
            self.0.insert(named, Row { stream: entry.stream, seq: entry.seq, version, row });
        }
    }

    /// What differs, of the rows that were `before` all was looked at as they are `now`: others are being written meanwhile.
    pub(super) fn findings(&self, tenant: TenantId, before: &Rows, now: &Rows) -> Vec<Finding> {
        let still = |named: &Named| before.0.get(named) == now.0.get(named);
        let rows = now.0.iter().filter_map(|(named, row)| Some((named, self.differs(tenant, named, row)?)));
        let lost = self.0.iter().filter(|(named, _)| !now.0.contains_key(*named)).map(|(named, made)| {
            let (table, name) = named;
            let message = format!("the row of `{name}` that entry {} wrote is not in `{table}`", made.seq);
            (named, Finding::row_changed(tenant, made.stream, made.seq, message))
        });
        rows.chain(lost).filter(|(named, _)| still(named)).map(|(_, finding)| finding).collect()
    }

    fn differs(&self, tenant: TenantId, named: &Named, row: &Value) -> Option<Finding> {
        let (table, name) = named;
        let Some(made) = self.0.get(named) else {
            let how = TABLES.iter().find(|(known, ..)| known == table).map_or("delete it", |(.., how)| how);
            let message = format!("no entry wrote the row of `{name}` in `{table}`: {how}");
            return Some(Finding::row_unmade(tenant, StreamId::of_record(table, name), message));
        };
        if made.row == *row {
            return None;
        }
        let message = format!("the row of `{name}` in `{table}` is not what entry {} wrote", made.seq);
        Some(Finding::row_changed(tenant, made.stream, made.seq, message))
    }
}

/// The rows by their names, as they are.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<Named, Value>);

impl Rows {
    pub(super) async fn read(desk: &dyn Desk, tenant: TenantId) -> Result<Self, NotDone> {
        let mut all = BTreeMap::new();
        for ((table, column, ..), books) in TABLES.into_iter().zip([Books::Settings, Books::Preferences]) {
            let Value::Array(rows) = desk.books(tenant, books).await? else { continue };
            all.extend(rows.into_iter().filter_map(|row| Some(((table, row[column].as_str()?.to_owned()), row))));
        }
        Ok(Self(all))
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
            made.0.insert((RECORD, row["code"].as_str().unwrap().to_owned()), known);
        }
        made
    }

    fn rows(rows: &[Value]) -> Rows {
        let named = |row: &Value| (RECORD, row["code"].as_str().unwrap().to_owned());
        Rows(rows.iter().map(|row| (named(row), row.clone())).collect())
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

    #[test]
    fn the_last_word_of_the_entries_on_a_preference_counts() {
        let stream = StreamId::of_record("preference", "bob");
        let entry = |seq: i64, document: &str| {
            let none = fluxor_engine::ids::Digest([0; 32]);
            let op = format!(r#"{{"table":"preference","person":"bob","version":{seq},"document":{document}}}"#);
            let (at, body) = (fluxor_engine::clock::Timestamp::from_micros(seq), format!(r#"{{"ops":[{op}]}}"#));
            let (header, salt) = (String::new(), Vec::new());
            Entry { tenant: TENANT, stream, seq, at, header, hash: none, body_digest: none, salt, body }
        };
        let mut made = Made::default();
        made.look(&[entry(1, r#"{"mail":"digest"}"#), entry(2, r#"{"mail":"off"}"#)]);
        let found = |mail: &str| {
            let row = json!({ "person": "bob", "version": 2, "document": { "mail": mail } });
            let rows = Rows(BTreeMap::from([(("preference", "bob".to_owned()), row)]));
            made.findings(TENANT, &rows, &rows).iter().map(|one| (one.code, one.seq, one.stream)).collect::<Vec<_>>()
        };
        assert_eq!((found("off"), found("digest")), (vec![], vec![("row_changed", 2, stream)]));
        let (none, lost) = (Rows::default(), made.findings(TENANT, &Rows::default(), &Rows::default()));
        assert!(lost[0].message.contains("`bob` that entry 2 wrote is not in `preference`"), "{lost:?}");
        assert!(Made::default().findings(TENANT, &none, &none).is_empty());
    }
}
