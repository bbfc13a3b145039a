//! Which fields of a subject name something of the books, as the actions of a definition say that read them.

use fluxor_engine::definition::chart::Definition;

use crate::bank;

/// The parameter by which an action is told a supplier.
const SUPPLIER: &str = "supplier";

/// The fields that must be the code of a supplier where something of this definition starts: those that an action of its start is
/// given as its `supplier`, and that of the subject which the actions of bank details read.
#[must_use]
pub fn supplier_fields(definition: &Definition) -> Vec<&str> {
    let subject = &definition.subject.record.fields;
    let mut named: Vec<&str> = Vec::new();
    for action in definition.start_actions() {
        let params = action.params.iter().filter(|(name, _)| **name == *SUPPLIER);
        // What is made of several fields is none of them.
        let read =
            params.filter_map(|(_, value)| value.fields_read().first().filter(|_| value.fields_read().len() == 1));
        named.extend(read.filter_map(|path| path.rsplit_once('.').map(|(_, field)| field)));
        if bank::ACTIONS.iter().any(|own| own.name == &*action.name) {
            named.push(SUPPLIER);
        }
    }
    named.retain(|field| subject.contains_key(*field));
    named.sort_unstable();
    named.dedup();
    named
}
