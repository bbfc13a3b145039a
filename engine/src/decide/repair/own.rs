//! Whose own matter an instance is: what he would change by a repair or a migration, another administrator does.
//!
//! Whoever may not decide about it repairs as little as whoever asked for it, by whatever rule he is kept out: a field that `never`
//! names, `editors`, `never_substitutes`, or the workflow that called this one.

use std::collections::BTreeSet;

use crate::approval::{self, Rates};
use crate::clock::Timestamp;
use crate::definition::chart::{Definition, StateKind};
use crate::ids::PersonId;
use crate::instance::Instance;

use super::super::OrganisationAt;
use super::super::task::fields;

/// Whether somebody would change what becomes of his own request, or of what may not be decided by him: he may only have it
/// tried again.
#[must_use]
pub fn is_own_matter(
    (definition, before): (&Definition, &Instance),
    (organisation, now): (&OrganisationAt, Timestamp),
    person: &PersonId,
) -> bool {
    before.detail.kept_out.contains(person) || kept_out(definition, before, (organisation, now)).contains(person)
}

/// Who asked for it, and whom one of its approvals or tasks keeps out, as the document, the organisation and the day are.
pub(in super::super) fn kept_out(
    definition: &Definition,
    instance: &Instance,
    (organisation, now): (&OrganisationAt, Timestamp),
) -> BTreeSet<PersonId> {
    let document = fields(&instance.subject);
    let mut all: BTreeSet<PersonId> =
        document.get("requester").into_iter().flat_map(|it| it.people()).map(Into::into).collect();
    for state in &definition.states {
        let StateKind::Approval(asks) = &state.kind else { continue };
        let policy = &asks.policy;
        if policy.never.is_empty() {
            continue;
        }
        let mut tasks = instance.tasks.iter().filter(|task| task.state == state.path);
        let editors = tasks.clone().flat_map(|task| task.detail.review.editors.iter().cloned()).collect();
        // Of a review that there was, amounts are compared by the rates that it has stored.
        let rates: &Rates = tasks.next_back().map_or(&organisation.rates, |task| &task.detail.rates);
        all.append(&mut approval::excluded(policy, &organisation.organisation, rates, now, (&document, &editors)));
    }
    all
}
