//! Who is left to approve changes of the organisation: under a workflow that nobody can decide in, nothing changes any more, and
//! not even that is taken back.

use std::collections::BTreeSet;

use super::super::review::ADMINISTRATOR;
use super::{APPROVAL, OrganisationAt, read_organisation};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::instance::Document;
use crate::refusal::Refusal;

/// The active people who hold the role `administrator` in any unit.
fn all(at: &OrganisationAt, now: Timestamp) -> BTreeSet<PersonId> {
    let today = at.organisation.date(now);
    at.organisation.holders(ADMINISTRATOR).filter(|id| at.organisation.active(id, today)).cloned().collect()
}

/// Whether there is somebody, where a workflow of approval is named.
pub(super) fn needed(at: &OrganisationAt, now: Timestamp) -> Result<(), Refusal> {
    if !all(at, now).is_empty() {
        return Ok(());
    }
    let why = format!(
        "nobody active has the role `{ADMINISTRATOR}` in any unit, so that nobody could approve a change any more, nor take this \
         one back: give it to two people first (under `units`, `roles`), since nobody decides about what he proposes himself"
    );
    Err(Refusal::Invalid(vec![(format!("/{APPROVAL}"), why)]))
}

/// What whoever names the workflow, or leaves fewer people to decide in it, should know.
pub(super) fn warning(is_named: bool, before: &Document, after: &OrganisationAt, now: Timestamp) -> Option<String> {
    after.approval.as_ref()?;
    let left = all(after, now);
    if left.len() > 1 {
        return None;
    }
    // An organisation that could not be read had nobody.
    let were = || read_organisation(before, 0, now).map_or(0, |before| all(&before, now).len());
    if !is_named && were() <= left.len() {
        return None;
    }
    let why = match left.first() {
        Some(only) => format!(
            "`{only}` alone has the role `{ADMINISTRATOR}`, and nobody decides about what he proposes or what concerns himself: \
             give it to somebody else as well"
        ),
        None => format!(
            "nobody active has the role `{ADMINISTRATOR}` any more, so that no change can be approved: the operator gives it to two \
             people at the console, without approval"
        ),
    };
    Some(format!("/{APPROVAL}: {why}"))
}
