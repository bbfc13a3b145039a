//! Organisations by revision and definitions by hash: immutable, so a cache can only be incomplete.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::commit::{DefinitionRow, OrganisationRow};
use crate::decide::{OrganisationAt, read_organisation};
use crate::definition::missing_calendar;
use crate::diagnostic::{Diagnostic, Severity};
use crate::ids::{DefinitionHash, TenantId};
use crate::instance::Document;
use crate::store::{Persist, Store, StoreError};

use super::Shared;

/// How many revisions are kept.
const MOST_ORGANISATIONS: usize = 256;

/// Organisations by tenant and revision.
#[derive(Default)]
pub(super) struct Organisations(Mutex<HashMap<(TenantId, i64), Arc<OrganisationAt>>>);

impl Organisations {
    pub(super) fn get(&self, tenant: TenantId, revision: i64) -> Option<Arc<OrganisationAt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(tenant, revision)).cloned()
    }

    /// The organisation at a revision, whose row was looked for; before the first one there is none.
    pub(super) fn at(
        &self,
        tenant: TenantId,
        revision: i64,
        row: Option<&OrganisationRow>,
    ) -> Result<Arc<OrganisationAt>, StoreError> {
        if row.is_none() && revision > 0 {
            let (table, id) = ("organisation", format!("tenant {tenant}, revision {revision}"));
            return Err(StoreError::Inconsistent { table, id, what: "the row is missing".to_owned() });
        }
        self.of_row(tenant, row)
    }

    /// The organisation of a row; without one, an organisation without people.
    pub(super) fn of_row(
        &self,
        tenant: TenantId,
        row: Option<&OrganisationRow>,
    ) -> Result<Arc<OrganisationAt>, StoreError> {
        let revision = row.map_or(0, |r| r.revision);
        if let Some(known) = self.get(tenant, revision) {
            return Ok(known);
        }
        let inconsistent = |what: String| StoreError::Inconsistent {
            table: "organisation",
            id: format!("tenant {tenant}, revision {revision}"),
            what,
        };
        let document: Document = match row {
            Some(row) => serde_json::from_str(&row.document).map_err(|e| inconsistent(e.to_string()))?,
            None => Document::new(),
        };
        let at = row.map_or(Timestamp::default(), |r| r.at);
        let read = read_organisation(&document, revision, at).map_err(inconsistent)?;
        let read = Arc::new(OrganisationAt { row: row.cloned(), ..read });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_ORGANISATIONS {
            known.clear();
        }
        known.insert((tenant, revision), read.clone());
        Ok(read)
    }
}

/// What is known of definitions besides the library itself.
#[derive(Default)]
pub(super) struct Definitions {
    /// Hashes that the database has.
    stored: Mutex<HashSet<DefinitionHash>>,
    /// Why a pinned definition cannot be loaded.
    unloadable: Mutex<BTreeMap<DefinitionHash, String>>,
}

impl Definitions {
    pub(super) fn is_stored(&self, hash: DefinitionHash) -> bool {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash)
    }

    pub(super) fn stored(&self, hash: DefinitionHash) {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).insert(hash);
    }

    pub(super) fn why_unloadable(&self, hash: DefinitionHash) -> Option<String> {
        self.unloadable.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned()
    }

    pub(super) fn forget_unloadable(&self) {
        self.unloadable.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn unloadable(&self) -> Vec<(String, String)> {
        let known = self.unloadable.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(hash, why)| (hash.to_string(), why.clone())).collect()
    }
}

impl<D: Persist, S: Store<D>> Shared<D, S> {
    /// Compiles a stored definition and keeps it, or why it cannot be.
    pub(super) fn take_definition(&self, row: &DefinitionRow) {
        self.definitions.stored(row.hash);
        if self.library().pinned(row.hash).is_some() {
            return;
        }
        let compile = || {
            let (vocabulary, library) = (self.domain.vocabulary(), self.library());
            crate::definition::compile_stored(&row.name, &row.source, vocabulary, library.calendars())
        };
        let mut checked = compile();
        while let Some(definition) = checked.definition.take_if(|definition| definition.hash == row.hash) {
            if self.add_definition(definition) {
                return;
            }
            checked = compile();
        }
        let why = match checked.definition {
            Some(definition) => format!(
                "`{}` compiles to another hash ({}): the language or the vocabulary it uses has changed",
                row.name, definition.hash
            ),
            None => does_not_compile(&row.name, &checked.diagnostics),
        };
        self.definitions.unloadable.lock().unwrap_or_else(PoisonError::into_inner).insert(row.hash, why);
    }

    pub(super) fn no_definition(&self, hash: DefinitionHash) {
        let why = "it is not in the database".to_owned();
        self.definitions.unloadable.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, why);
    }
}

/// A definition compiled when it was stored: what has changed since is what stands around it, most likely its calendars,
/// which are files beside it and not in the database.
fn does_not_compile(name: &str, found: &[Diagnostic]) -> String {
    let errors = || found.iter().filter(|one| one.severity == Severity::Error);
    if let Some(calendar) = errors().find_map(missing_calendar) {
        return format!(
            "`{name}` names the calendar `{calendar}`, which is not there: put its file into the folder `calendars` of the \
             definitions"
        );
    }
    errors().next().map_or_else(
        || format!("`{name}` does not compile"),
        |error| format!("`{name}` does not compile any more: {} {}", error.code, error.message),
    )
}
