//! Units of measure; units of one item; and how many stock units one of a unit is.

use std::sync::Arc;

use fluxor_engine::domain::Done;

use super::form::{Form, code, int, name, settle, step};
use crate::action::{Answer, Call, needs, require};
use crate::quantity::Quantity;
use crate::row::{Factor, ItemRow, ItemUnitKey, ItemUnitRow, Need, Op, UnitRow};
use crate::settings::Settings;

/// The finest grid: whatever a quantity can be.
const FINEST: Quantity = Quantity(1);

fn factor(form: &mut Form<'_>, before: Option<Factor>, usual: Option<i64>) -> Factor {
    let above_zero = int(1, i64::MAX);
    let numerator = match usual {
        Some(usual) => form.usual("numerator", before.map(|f| f.numerator), usual, &above_zero),
        None => form.must("numerator", before.map(|f| f.numerator), &above_zero).unwrap_or(1),
    };
    Factor { numerator, denominator: form.usual("denominator", before.map(|f| f.denominator), 1, &above_zero) }
}

/// Sets the unit of measure whose code is the record's key.
pub(crate) fn set_unit(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "unit");
    let [key] = form.key("kg")?;
    let before = call.facts.unit(call.tenant, &key).map_err(needs)?;
    let base = form.maybe("base", before.and_then(|b| b.base.clone()), code);
    let factor = factor(&mut form, before.map(|b| b.factor), base.is_none().then_some(1));
    match &base {
        None if factor != Factor::ONE => form.wrong("numerator", "a unit without a `base` is one of itself"),
        Some(base) if *base == key => form.wrong("base", "a unit is not its own base; leave it out"),
        Some(base) => match call.facts.unit(call.tenant, base).map_err(needs)? {
            None => form.wrong("base", format!("there is no unit `{base}`")),
            Some(UnitRow { base: Some(further), .. }) => {
                form.wrong(
                    "base",
                    format!("`{base}` is measured in `{further}` itself; write how many `{further}` one is"),
                );
            }
            Some(_) => {}
        },
        None => {}
    }
    let row = UnitRow {
        code: key,
        version: before.map_or(0, |b| b.version),
        name: form.must("name", before.map(|b| b.name.clone()), name).unwrap_or_default(),
        grid: form.usual("grid", before.map(|b| b.grid), FINEST, step),
        base,
        factor,
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, Op::UnitOfMeasure))
}

/// Sets how much of an item one of a unit is; the record's key is `item@unit`.
pub(crate) fn set_item_unit(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "unit of an item");
    let [item, unit] = form.key("desk@carton")?;
    let key = ItemUnitKey { item: item.clone(), unit: unit.clone() };
    require(call, [Need::Item(item.clone()), Need::Unit(unit.clone()), Need::ItemUnit(key.clone())])?;
    let before = call.facts.item_unit(call.tenant, &key).map_err(needs)?;
    let factor = factor(&mut form, before.map(|b| b.factor), None);
    match call.facts.item(call.tenant, &item).map_err(needs)? {
        None => form.wrong("item", format!("there is no item `{item}`")),
        Some(row) if row.stock_unit == unit && factor.numerator != factor.denominator => {
            form.wrong("numerator", format!("`{unit}` is the stock unit of `{item}`: one is one"));
        }
        Some(_) => {}
    }
    if call.facts.unit(call.tenant, &unit).map_err(needs)?.is_none() {
        form.wrong("unit", format!("there is no unit `{unit}`"));
    }
    form.checked()?;
    let row = ItemUnitRow { key, version: before.map_or(0, |b| b.version), factor };
    Ok(settle(before, row, |row| &mut row.version, Op::ItemUnit))
}

/// How many stock units of `item` one `unit` is: by the item's own units, else by a base that both share. The inner error
/// is a sentence.
pub(crate) fn factor_to_stock(call: &Call<'_>, item: &ItemRow, unit: &Arc<str>) -> Answer<Result<Factor, String>> {
    if *unit == item.stock_unit {
        return Ok(Ok(Factor::ONE));
    }
    let key = ItemUnitKey { item: item.code.clone(), unit: unit.clone() };
    if let Some(row) = call.facts.item_unit(call.tenant, &key).map_err(needs)? {
        return Ok(Ok(row.factor));
    }
    require(call, [Need::Unit(unit.clone()), Need::Unit(item.stock_unit.clone())])?;
    let known = call.facts.unit(call.tenant, unit).map_err(needs)?;
    let stock = call.facts.unit(call.tenant, &item.stock_unit).map_err(needs)?;
    Ok(known.zip(stock).and_then(|(unit, stock)| unit.in_units_of(stock)).ok_or_else(|| {
        let (item, stock) = (&item.code, &item.stock_unit);
        format!("nothing says how many `{stock}` of `{item}` one `{unit}` is: set the unit `{item}@{unit}`")
    }))
}
