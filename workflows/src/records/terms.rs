//! On what terms a supplier sells an item.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::money::Money;

use super::form::{Form, amount, code, day, flag, int, parsed, settle, step};
use super::units::factor_to_stock;
use crate::action::{Answer, Call, fail, needs, require};
use crate::quantity::Quantity;
use crate::row::{ItemUnitKey, Need, Op, Percent, TermKey, TermRow};
use crate::settings::Settings;

/// One unit, in millionths.
const ONE: Quantity = Quantity(1_000_000);

/// All of it: 100 percent.
const ALL: i64 = 1_000_000;

/// The longest lead time, in days.
const LONGEST_LEAD: i64 = 3_650;

/// Where a term stands among others unless it is said.
const USUAL_SEQUENCE: i64 = 10;

/// Sets the term whose record key is `item@supplier@term`.
pub(crate) fn set_term(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "term");
    let [item, supplier, term] = form.key("desk@acme@1")?;
    let key = TermKey { item, supplier, term };
    let needed = [Need::Item(key.item.clone()), Need::Supplier(key.supplier.clone()), Need::Term(key.clone())];
    let given = match call.params.get("unit") {
        Some(Value::Text(unit)) => {
            vec![Need::Unit(unit.clone()), Need::ItemUnit(ItemUnitKey { item: key.item.clone(), unit: unit.clone() })]
        }
        _ => Vec::new(),
    };
    require(call, needed.into_iter().chain(given))?;
    let before = call.facts.term(call.tenant, &key).map_err(needs)?;
    let Some(row) = read(&mut form, before, key) else {
        form.checked()?;
        return fail("a term lacks its price, and nothing was wrong with it");
    };
    known(call, &mut form, &row)?;
    check(&mut form, &row);
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, |row| Op::SupplierTerm(Box::new(row))))
}

/// `None`: there is no price, which is noted as a mistake.
fn read(form: &mut Form<'_>, before: Option<&TermRow>, key: TermKey) -> Option<TermRow> {
    Some(TermRow {
        key,
        version: before.map_or(0, |b| b.version),
        unit: form.must("unit", before.map(|b| b.unit.clone()), code).unwrap_or_default(),
        price_per: form.usual("price_per", before.map(|b| b.price_per), ONE, step),
        discount: form.usual("discount", before.map(|b| b.discount), Percent(0), discount),
        break_quantity: form.usual("break_quantity", before.map(|b| b.break_quantity), Quantity(0), amount),
        minimum: form.usual("minimum", before.map(|b| b.minimum), Quantity(0), amount),
        multiple: form.maybe("multiple", before.and_then(|b| b.multiple), step),
        maximum: form.maybe("maximum", before.and_then(|b| b.maximum), amount),
        lead_time_days: form.maybe("lead_time_days", before.and_then(|b| b.lead_time_days), int(0, LONGEST_LEAD)),
        valid_from: form.maybe("valid_from", before.and_then(|b| b.valid_from), day),
        valid_to: form.maybe("valid_to", before.and_then(|b| b.valid_to), day),
        sequence: form.usual("sequence", before.map(|b| b.sequence), USUAL_SEQUENCE, int(0, i64::MAX)),
        active: form.usual("active", before.map(|b| b.active), true, flag),
        // Last, so that the mistakes of the others are noted too.
        price: form.must("price", before.map(|b| b.price), price)?,
    })
}

/// What the term names exists, and its unit can be counted in stock units.
fn known(call: &Call<'_>, form: &mut Form<'_>, row: &TermRow) -> Answer<()> {
    let (item, supplier) = (&row.key.item, &row.key.supplier);
    if call.facts.supplier(call.tenant, supplier).map_err(needs)?.is_none() {
        form.wrong("supplier", format!("there is no supplier `{supplier}`"));
    }
    match call.facts.item(call.tenant, item).map_err(needs)? {
        None => form.wrong("item", format!("there is no item `{item}`")),
        Some(_) if row.unit.is_empty() => {}
        Some(item) => {
            if let Err(why) = factor_to_stock(call, item, &row.unit)? {
                form.wrong("unit", why);
            }
        }
    }
    Ok(())
}

fn check(form: &mut Form<'_>, row: &TermRow) {
    if let Some(maximum) = row.maximum.filter(|maximum| row.minimum > *maximum) {
        form.wrong("minimum", format!("the minimum of {} is above the maximum of {maximum}", row.minimum));
    }
    if let (Some(from), Some(to)) = (row.valid_from, row.valid_to)
        && from > to
    {
        form.wrong("valid_to", format!("it ends on {to}, before it begins on {from}"));
    }
}

fn price(value: &Value) -> Result<Money, String> {
    match value {
        Value::Money(price) if price.units >= 0 => Ok(*price),
        Value::Money(price) => Err(format!("a price is not negative, and this is {price}")),
        _ => Err("write a price, such as \"12.50 EUR\"".to_owned()),
    }
}

fn discount(value: &Value) -> Result<Percent, String> {
    let percent: Percent = parsed(value)?;
    if (0..=ALL).contains(&percent.0) { Ok(percent) } else { Err(format!("it is 0 to 100 percent, not {percent}")) }
}
