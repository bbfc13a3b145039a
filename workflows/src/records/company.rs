//! The company itself.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use jiff::tz::TimeZone;

use super::form::{Form, day, name, parsed, settle};
use crate::action::{Answer, Call, needs, refuse};
use crate::row::{CompanyRow, Op};
use crate::settings::Settings;

/// The record's only key.
const KEY: &str = "company";

/// Sets what holds for the whole company.
pub(crate) fn set_company(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    if call.key != Some(KEY) {
        return refuse("invalid_record", format!("There is one company: its key is `{KEY}`."));
    }
    let mut form = Form::new(call, "company");
    let before = call.facts.company(call.tenant).map_err(needs)?;
    let home = settings.home_currency.parse().ok();
    let row = CompanyRow {
        version: before.map_or(0, |b| b.version),
        name: form.must("name", before.map(|b| b.name.clone()), name).unwrap_or_default(),
        currency: match form.must("currency", before.map(|b| b.currency).or(home), parsed) {
            Some(currency) => currency,
            None => return form.checked().and_then(|()| refuse("invalid_record", "/currency: it is missing.")),
        },
        zone: form.usual("zone", before.map(|b| b.zone.clone()), settings.zone.clone(), zone),
        today: form.maybe("today", before.and_then(|b| b.today), day),
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, Op::Company))
}

fn zone(value: &Value) -> Result<std::sync::Arc<str>, String> {
    let zone = name(value)?;
    match TimeZone::get(&zone) {
        Ok(_) => Ok(zone),
        Err(_) => Err(format!("`{zone}` is not a time zone: write its IANA name, such as Europe/Berlin")),
    }
}
