//! The amount of a document, whatever its field is called.

use fluxor_engine::definition::chart::Definition;
use fluxor_engine::instance::Document;

use crate::mail;

/// The amount of a document, if it has one.
pub(crate) fn amount(subject: &Document, definition: &Definition) -> Option<String> {
    mail::money(definition.amount(subject)?)
}
