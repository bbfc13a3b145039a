//! Items and locations.

use fluxor_engine::domain::Done;

use super::form::{Form, code, flag, name, settle};
use crate::action::{Answer, Call, needs};
use crate::row::{ItemRow, LocationRow, Op};
use crate::settings::Settings;

/// Sets the item whose code is the record's key. Its stock unit stays for good: all its stock is counted in it.
pub(crate) fn set_item(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "item");
    let [key] = form.key("desk")?;
    let before = call.facts.item(call.tenant, &key).map_err(needs)?;
    let stock_unit = form.must("stock_unit", before.map(|b| b.stock_unit.clone()), code);
    match (&stock_unit, before) {
        (Some(unit), Some(before)) if *unit != before.stock_unit => {
            let had = &before.stock_unit;
            form.wrong("stock_unit", format!("its stock is counted in `{had}`, which cannot be changed to `{unit}`"));
        }
        (Some(unit), None) if call.facts.unit(call.tenant, unit).map_err(needs)?.is_none() => {
            form.wrong("stock_unit", format!("there is no unit `{unit}`"));
        }
        _ => {}
    }
    let row = ItemRow {
        code: key,
        version: before.map_or(0, |b| b.version),
        name: form.must("name", before.map(|b| b.name.clone()), name).unwrap_or_default(),
        category: form.maybe("category", before.and_then(|b| b.category.clone()), name),
        stock_unit: stock_unit.unwrap_or_default(),
        active: form.usual("active", before.map(|b| b.active), true, flag),
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, Op::Item))
}

/// Sets the location whose code is the record's key.
pub(crate) fn set_location(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "location");
    let [key] = form.key("main")?;
    let before = call.facts.location(call.tenant, &key).map_err(needs)?;
    let row = LocationRow {
        code: key,
        version: before.map_or(0, |b| b.version),
        name: form.must("name", before.map(|b| b.name.clone()), name).unwrap_or_default(),
        active: form.usual("active", before.map(|b| b.active), true, flag),
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, Op::Location))
}
