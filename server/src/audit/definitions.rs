//! Whether the definitions that entries were decided by are stored as they were: their hash is made of their text.

use std::collections::BTreeMap;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::Finding;
use fluxor_engine::commit::DefinitionRow;
use fluxor_engine::definition::{Checked, compile};
use fluxor_engine::diagnostic::Severity;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{DefinitionHash, StreamId, TenantId};
use fluxor_workflows::Procurement;

use crate::desk::{Desk, NotDone};

/// The definitions that entries name, each with the first entry that was seen of it.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<DefinitionHash, (StreamId, i64)>);

impl Named {
    /// Takes in which definitions the entries of a stream name.
    pub(super) fn look(&mut self, stream: StreamId, entries: &[Entry]) {
        for entry in entries {
            let named = entry.parsed().ok().and_then(|header| header.definition);
            if let Some(hash) = named {
                self.0.entry(hash).or_insert((stream, entry.seq));
            }
        }
    }

    /// Those whose stored text makes another one, or none.
    pub(super) async fn findings(self, desk: &dyn Desk, tenant: TenantId) -> Result<Vec<Finding>, NotDone> {
        let mut found = Vec::new();
        for (hash, (stream, seq)) in self.0 {
            let wrong = match desk.stored_definition(hash).await? {
                Some(row) => wrong(&row),
                None => Some("it is not in `definition`".to_owned()),
            };
            found.extend(wrong.map(|why| {
                Finding::definition_changed(
                    tenant,
                    stream,
                    seq,
                    format!("entry {seq} was decided by the definition {hash}: {why}"),
                )
            }));
        }
        Ok(found)
    }
}

/// Why a stored definition is not the one that its hash names.
fn wrong(row: &DefinitionRow) -> Option<String> {
    // Whether its calendar is there does not matter: that is no part of it.
    let Checked { definition, diagnostics, .. } = compile(&row.name, &row.source, Procurement::new().vocabulary());
    let either = "it was changed, or this program reads it otherwise than the one that stored it";
    let Some(definition) = definition else {
        let first = diagnostics.into_iter().find(|finding| finding.severity == Severity::Error);
        let why = first.map_or_else(String::new, |finding| format!(" ({}: {})", finding.code, finding.message));
        return Some(format!("the text that is stored of `{}` does not compile{why}: {either}", row.name));
    };
    if definition.hash != row.hash {
        return Some(format!("the text that is stored of `{}` makes {}: {either}", row.name, definition.hash));
    }
    let same = (&definition.name, definition.version) == (&row.name, row.version);
    let columns = || {
        format!("it is `{}` {}, and its row says `{}` {}", definition.name, definition.version, row.name, row.version)
    };
    (!same).then(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxor_engine::clock::Timestamp;

    #[test]
    fn a_stored_definition_is_held_against_its_hash() {
        let source = include_str!("../../../definitions/requisition.yaml");
        let vocabulary = Procurement::new();
        let checked = compile("requisition", source, vocabulary.vocabulary());
        let row = DefinitionRow::of(&checked.definition.unwrap(), Timestamp::default());
        assert_eq!(wrong(&row), None);
        let with = |text: String| wrong(&DefinitionRow { source: text.into(), ..row.clone() }).unwrap();
        let changed = with(format!("{source}# as if nothing had been\n"));
        assert!(changed.contains("makes") && changed.contains("it was changed"), "{changed}");
        assert!(with("nothing".to_owned()).contains("does not compile (FLX"));
        let columns = wrong(&DefinitionRow { version: row.version + 1, ..row.clone() }).unwrap();
        assert!(columns.contains("and its row says"), "{columns}");
    }
}
