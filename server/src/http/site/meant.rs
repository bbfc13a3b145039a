//! What somebody means who typed a name or an amount: where it may be several they are told apart, and none is guessed.

use std::collections::HashMap;

use fluxor_engine::ids::PersonId;
use fluxor_engine::refusal::Refusal;

use super::super::asked::Fields;
use super::super::problem::Problem;
use crate::page::{Words, unclear};

/// Whom a field names; nobody, where it says nothing.
///
/// # Errors
/// Several are called that.
pub(super) fn person(fields: &Fields, name: &str, speak: &Words) -> Result<Option<PersonId>, Problem> {
    let Some(typed) = fields.get(name) else { return Ok(None) };
    match speak.several(typed) {
        Some(why) => Err(Problem::invalid(format!("/{name}"), why)),
        None => Ok(Some(speak.person(typed))),
    }
}

/// That every name which was typed into these fields (name and type) is that of one person, and every amount is one.
///
/// # Errors
/// Several are called that; it may be another amount.
pub(super) fn clear<'f>(
    fields: impl IntoIterator<Item = (&'f str, &'f str)>,
    typed: &HashMap<String, String>,
    speak: &Words,
) -> Result<(), Problem> {
    let unclear = unclear(fields, typed, speak);
    if unclear.is_empty() { Ok(()) } else { Err(Refusal::Invalid(unclear).into()) }
}
