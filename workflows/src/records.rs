//! Master data: units, suppliers, items, locations, terms and reorder policies, each a record that is set as a whole or
//! in parts. What a change leaves out stays; what changes nothing makes no row change, so that a second import of the same
//! files leaves no trace.

mod company;
mod definitions;
mod form;
mod items;
mod policies;
mod preferences;
mod settings;
mod suppliers;
mod terms;
mod units;
mod webhooks;

pub(crate) use company::set_company;
pub(crate) use definitions::note_definition;
pub(crate) use form::{check_code, check_reference, told};
pub(crate) use items::{set_item, set_location};
pub(crate) use policies::set_policy;
pub(crate) use preferences::set_preference;
pub(crate) use settings::set_setting;
pub(crate) use suppliers::{check_supplier, record_supplier, set_supplier};
pub(crate) use terms::set_term;
pub(crate) use units::{factor_to_stock, set_item_unit, set_unit};
pub(crate) use webhooks::{make_webhook_secret, replay_webhooks};

#[cfg(test)]
mod tests;
