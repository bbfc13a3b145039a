//! What the house decides once, for all tenants.

use std::sync::Arc;

/// Settings of the domain.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The IANA time zone whose year goes into official numbers: `UTC` unless told otherwise, because the organisation's
    /// zone is not among the things that an action sees.
    pub zone: Arc<str>,
    /// The ISO 4217 code of the currency of an order that has no lines yet: `EUR` unless told otherwise.
    pub home_currency: Arc<str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { zone: "UTC".into(), home_currency: "EUR".into() }
    }
}
