//! Which fields of a subject name something of the books, as the actions of a definition say that read them.

use fluxor_engine::definition::chart::{ActionCall, Definition};

use crate::bank;

/// The parameter by which an action is told a supplier.
const SUPPLIER: &str = "supplier";

/// The parameter, and the field of an order, that name a unit of the organisation.
const UNIT: &str = "unit";

/// The actions of a start that look at the `unit` of the subject. Others are told of one, as [`KNOWN`] is.
const OF_UNITS: &[&str] = &["record_order"];

/// The action that looks at a unit which it is told of.
const KNOWN: &str = "require_known";

/// The fields that must be a unit of the organisation where something of this definition starts.
#[must_use]
pub fn unit_fields(definition: &Definition) -> Vec<&str> {
    let mut named: Vec<&str> = Vec::new();
    for action in definition.start_actions() {
        if *action.name == *KNOWN {
            named.extend(told(action, UNIT));
        }
        if OF_UNITS.contains(&&*action.name) || bank::ACTIONS.iter().any(|own| own.name == &*action.name) {
            named.push(UNIT);
        }
    }
    of_subject(definition, named)
}

/// The fields that must be the code of a supplier where something of this definition starts: those that an action of its start is
/// given as its `supplier`, and that of the subject which the actions of bank details read.
#[must_use]
pub fn supplier_fields(definition: &Definition) -> Vec<&str> {
    let mut named: Vec<&str> = Vec::new();
    for action in definition.start_actions() {
        named.extend(told(action, SUPPLIER));
        if bank::ACTIONS.iter().any(|own| own.name == &*action.name) {
            named.push(SUPPLIER);
        }
    }
    of_subject(definition, named)
}

/// The fields that an action is given as a parameter.
fn told<'d>(action: &'d ActionCall, param: &'static str) -> impl Iterator<Item = &'d str> {
    let params = action.params.iter().filter(move |(name, _)| **name == *param);
    // What is made of several fields is none of them.
    let read = params.filter_map(|(_, value)| value.fields_read().first().filter(|_| value.fields_read().len() == 1));
    read.filter_map(|path| path.rsplit_once('.').map(|(_, field)| field))
}

/// Those of these that the subject has, each once.
fn of_subject<'d>(definition: &'d Definition, mut named: Vec<&'d str>) -> Vec<&'d str> {
    let subject = &definition.subject.record.fields;
    named.retain(|field| subject.contains_key(*field));
    named.sort_unstable();
    named.dedup();
    named
}
