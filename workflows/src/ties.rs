//! What facts and actions have to do with the fields of a subject: what a fact is told from, and what an action writes by what
//! somebody brings.
//!
//! What must hold: whatever changes a fact's value by way of the subject, or of rows that hold its fields too, is named here;
//! else what was approved on the fact's word could be changed behind the approval. What an action notes beside what people are
//! asked about (what has come of an order, its number) is not named.

use std::sync::Arc;

use fluxor_engine::domain::Source;

/// What fields are taken from, and which.
type Taken = (&'static str, &'static [&'static str]);

/// The fields of the subject that each fact is told from.
const READS: &[Taken] = &[
    ("bank_details_as_found", &["supplier", "iban_before", "holder_before"]),
    ("budget_left", &["unit", "amount"]),
    ("currency_known", &["amount"]),
    ("goods_received", &["lines", "lines_digest", "lines_open"]),
    ("not_approved", &["requester"]),
    ("order_lines", &["lines", "lines_digest"]),
    ("proposal_stands", &["patch", "administrators", "concerned"]),
    ("requester_roles", &["requester", "unit"]),
];

/// What an action takes from the payload: the key, and the fields that it writes by it.
const BRINGS: &[(&str, &[Taken])] = &[
    ("change_order", ORDER),
    ("propose_organisation_change", &[("patch", &["patch", "found", "changes", "concerned"])]),
    // An order that is recorded already is changed.
    ("record_order", ORDER),
];

const ORDER: &[Taken] = &[
    ("lines", &["amount", "lines", "lines_digest"]),
    ("supplier", &["supplier"]),
    ("category", &["category"]),
    ("unit", &["unit"]),
    ("note", &["note"]),
];

/// What an action works out: the field that it reads of the subject, and those that it writes by it.
const WORKS_OUT: &[(&str, &[Taken])] = &[
    (
        "propose_bank_details",
        &[
            ("supplier", &["supplier_name", "iban_before", "holder_before", "proposed"]),
            ("iban", &["proposed"]),
            ("holder", &["proposed"]),
        ],
    ),
    (
        "propose_budget_change",
        &[
            ("kind", &["budget", "held", "share", "proposed"]),
            ("unit", &["budget", "held", "share", "proposed"]),
            ("from_unit", &["budget", "held", "share", "proposed"]),
            ("amount", &["budget", "held", "share", "proposed"]),
        ],
    ),
    ("propose_organisation_change", &[("patch", &["found", "changes", "concerned"])]),
];

/// The fields of the subject that a fact is told from.
pub(crate) fn reads(fact: &str) -> &'static [&'static str] {
    READS.iter().find(|(name, _)| *name == fact).map_or(&[], |(_, fields)| fields)
}

/// The fields of the subject that an action writes by what somebody brings, each with what it takes it from.
pub(crate) fn writes(action: &str) -> Vec<(Arc<str>, Source)> {
    let of = |list: &'static [(&str, &[Taken])], source: fn(Arc<str>) -> Source| {
        let own = list.iter().filter(move |(name, _)| *name == action).flat_map(|(_, from)| *from);
        own.flat_map(move |(from, fields)| fields.iter().map(move |field| (Arc::from(*field), source((*from).into()))))
    };
    of(BRINGS, Source::Payload).chain(of(WORKS_OUT, Source::Field)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluxor_engine::domain::{Domain as _, SubjectType};

    use super::*;
    use crate::Procurement;

    #[test]
    fn every_fact_and_action_that_is_named_is_one_and_so_are_the_fields() {
        let procurement = Procurement::new();
        let vocabulary = procurement.vocabulary();
        let has = |subject: &SubjectType, field: &str| subject.record.fields.contains_key(field);
        let known = |field: &str| vocabulary.subjects.values().any(|subject| has(subject, field));
        let read: BTreeSet<&str> = READS.iter().map(|(name, _)| *name).collect();
        let facts: BTreeSet<&str> = vocabulary.facts.keys().map(AsRef::as_ref).collect();
        assert_eq!(read, facts, "every fact says what it is told from");
        assert!(READS.iter().flat_map(|(_, fields)| *fields).all(|field| known(field)));
        for (action, from) in BRINGS.iter().chain(WORKS_OUT) {
            let subjects = &vocabulary.actions[*action].subjects;
            let fields = from.iter().flat_map(|(_, fields)| *fields);
            for field in fields {
                assert!(subjects.iter().all(|name| has(&vocabulary.subjects[name], field)), "{action}: {field}");
            }
            assert!(!vocabulary.actions[*action].writes.is_empty(), "{action}");
        }
    }

    /// What is to be changed by an action alone, since rows hold it, is what that action writes.
    #[test]
    fn what_change_order_keeps_in_rows_it_is_said_to_write() {
        let procurement = Procurement::new();
        let vocabulary = procurement.vocabulary();
        let writes: BTreeSet<&str> =
            vocabulary.actions["change_order"].writes.iter().map(|(field, _)| &**field).collect();
        let mirrored = vocabulary.subjects["purchase_order"].mirrored.iter();
        let mirrored = mirrored.filter(|(_, action)| action.as_deref() == Some("change_order"));
        assert_eq!(mirrored.map(|(field, _)| &**field).collect::<BTreeSet<&str>>(), writes);
    }
}
