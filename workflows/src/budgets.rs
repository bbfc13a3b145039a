//! Budgets: what a cost centre may spend in a currency, and what orders hold of it.
//!
//! What must hold: a budget's `reserved` is the sum of what orders hold of it. An order's row says what it holds and of
//! which budget, so that reserving twice changes nothing and releasing gives back exactly that. A unit without a budget
//! has no limit, and nothing is held; a budget counts what is reserved from its first day on.

mod change;

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use fluxor_engine::money::{Currency, Money};
use serde_json::Value as Json;

use crate::action::{Answer, Call, fail, instance, needs, next_image, order, refuse, require, subject_text};
use crate::row::{BudgetKey, BudgetRow, Keyed, Need, Op, OrderRow, Reservation};
use crate::settings::Settings;

pub(crate) use change::{ACTIONS, SUBJECT};

/// Holds the order's amount of the budget of its unit and currency. What it holds already counts; a changed amount, unit
/// or currency is followed. Only an increase is checked against what is left.
pub(crate) fn reserve_budget(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let row = order_with_budgets(call)?;
    let wanted = row.unit.clone().map(|unit| Reservation { unit, amount: row.amount });
    hold(call, row, wanted)
}

/// Gives back exactly what the order holds.
pub(crate) fn release_budget(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let row = order_with_budgets(call)?;
    hold(call, row, None)
}

/// What is left of the budget of the order's unit and currency, what orders hold (this one too) taken off. Null without
/// a unit or without a budget; negative where a budget was cut below what is held.
pub(crate) fn budget_left(_: &Settings, call: &Call<'_>) -> Answer<Value> {
    let Some(key) = budget_of_subject(call) else {
        return Ok(Value::Null);
    };
    match call.facts.budget(call.tenant, &key).map_err(needs)? {
        Some(budget) => Ok(Value::Money(left(budget)?)),
        None => Ok(Value::Null),
    }
}

/// Sets the budget whose record key is `unit/currency` to the parameter `amount`.
pub(crate) fn set_budget(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let key = match (call.instance, call.key.and_then(|key| key.rsplit_once('/'))) {
        (None, Some((unit, currency))) if !unit.is_empty() && !unit.contains('\0') => {
            currency.parse::<Currency>().ok().map(|currency| BudgetKey { unit: unit.into(), currency })
        }
        _ => None,
    };
    let Some(key) = key else {
        let key = call.key.unwrap_or_default();
        return refuse(
            "invalid_budget",
            format!("A budget is the record of a unit and a currency, such as `sales/EUR`, not `{key}`."),
        );
    };
    let Some(Value::Money(amount)) = call.params.get("amount") else {
        return refuse("invalid_budget", "A budget needs its `amount`, such as `10000.00 EUR`.");
    };
    if amount.currency != key.currency || amount.units < 0 {
        let currency = key.currency;
        return refuse(
            "invalid_budget",
            format!("The budget {key} is an amount in {currency} that is not negative, not {amount}."),
        );
    }
    let row = match call.facts.budget(call.tenant, &key).map_err(needs)? {
        None => BudgetRow { unit: key.unit, version: 1, amount: *amount, reserved: Money { units: 0, ..*amount } },
        Some(before) if before.amount == *amount => return Ok(Done { set: shown(before), ..Done::default() }),
        Some(before) => BudgetRow { version: before.version + 1, amount: *amount, ..before.clone() },
    };
    let set = shown(&row);
    Ok(Done { ops: vec![Op::Budget(row)], set, ..Done::default() })
}

/// What the change of a budget answers.
fn shown(row: &BudgetRow) -> Document {
    Document::from_iter([
        ("amount".to_owned(), Json::from(row.amount.to_string())),
        ("reserved".to_owned(), Json::from(row.reserved.to_string())),
    ])
}

/// The order, once it and the budgets that it holds or will hold of are loaded: all in one round where the subject tells
/// them truly.
fn order_with_budgets<'a>(call: &'a Call<'_>) -> Answer<&'a OrderRow> {
    let first = [Some(Need::Order(instance(call)?)), budget_of_subject(call).map(Need::Budget)];
    if !call.facts.has(call.tenant, &Need::Order(instance(call)?)) {
        require(call, first.into_iter().flatten())?;
    }
    let row = order(call)?;
    let wanted = row.unit.clone().map(|unit| BudgetKey { unit, currency: row.amount.currency });
    let held = row.reserved.as_ref().map(Reservation::budget);
    require(call, [wanted, held].into_iter().flatten().map(Need::Budget))?;
    Ok(row)
}

fn budget_of_subject(call: &Call<'_>) -> Option<BudgetKey> {
    let unit = subject_text(call, "unit")?.into();
    let amount: Money = subject_text(call, "amount")?.parse().ok()?;
    Some(BudgetKey { unit, currency: amount.currency })
}

/// Makes the order hold `wanted` instead of what it holds.
fn hold(call: &Call<'_>, row: &OrderRow, wanted: Option<Reservation>) -> Answer<Done<Op>> {
    let mut budgets: Vec<BudgetRow> = Vec::new();
    if let Some(held) = &row.reserved {
        match call.facts.budget(call.tenant, &held.budget()).map_err(needs)? {
            Some(budget) => budgets.push(holding(budget, -i128::from(held.amount.units))?),
            None => {
                return fail(format!(
                    "the order holds {} of the budget {}, which does not exist",
                    held.amount,
                    held.budget()
                ));
            }
        }
    }
    let mut reserved = None;
    if let Some(wanted) = wanted {
        let key = wanted.budget();
        let stored = call.facts.budget(call.tenant, &key).map_err(needs)?;
        let more = match row.reserved.as_ref().filter(|held| held.budget() == key) {
            Some(held) => i128::from(wanted.amount.units) - i128::from(held.amount.units),
            None => i128::from(wanted.amount.units),
        };
        if let Some(stored) = stored {
            enough(stored, more)?;
            budgets.retain(|budget| budget.key() != key);
            budgets.push(holding(stored, more)?);
            reserved = Some(wanted);
        }
    }
    if reserved == row.reserved {
        return Ok(Done::default());
    }
    let mut after = next_image(call, row);
    after.reserved = reserved;
    budgets.sort_by_key(BudgetRow::key);
    let budgets = budgets.into_iter().map(Op::Budget);
    Ok(Done { ops: std::iter::once(Op::PurchaseOrder(Box::new(after))).chain(budgets).collect(), ..Done::default() })
}

fn enough(budget: &BudgetRow, more: i128) -> Answer<()> {
    let left = left(budget)?;
    if more <= 0 || more <= i128::from(left.units) {
        return Ok(());
    }
    let unit = &budget.unit;
    let more = i64::try_from(more).map(|units| Money { units, ..left }.to_string());
    let more = more.unwrap_or_else(|_| "more than can be booked".to_owned());
    refuse(
        "budget_exceeded",
        format!("The budget of unit `{unit}` has {left} left, and this order needs {more} of it."),
    )
}

fn left(budget: &BudgetRow) -> Answer<Money> {
    match budget.amount.units.checked_sub(budget.reserved.units) {
        Some(units) => Ok(Money { units, ..budget.amount }),
        None => fail(format!("the budget {} is out of range", budget.key())),
    }
}

fn holding(budget: &BudgetRow, more: i128) -> Answer<BudgetRow> {
    match i64::try_from(i128::from(budget.reserved.units) + more) {
        Ok(units) if units >= 0 => Ok(BudgetRow {
            version: budget.version + 1,
            reserved: Money { units, ..budget.reserved },
            ..budget.clone()
        }),
        _ => fail(format!("the reservations of the budget {} do not add up", budget.key())),
    }
}

#[cfg(test)]
mod tests;
