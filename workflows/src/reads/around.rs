//! What whoever decides about an order wants to know beside its lines: what is left of the budget, what was paid before, and
//! what supplier and items are called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_engine::money::Money;
use fluxor_engine::store::{Connection, StoreError};
use serde::Serialize;

use crate::memory::Memory;
use crate::row::{BudgetKey, BudgetRow, ItemRow, OrderRow, PaidRow};
use crate::{postgres, sqlite};

/// Of each item so many of its lines in orders before one are looked at for prices, the newest first.
const LINES: i64 = 100;

/// So many items of an order are told more of.
const ITEMS: usize = 200;

/// What is left of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The cost centre.
    pub unit: Arc<str>,
    /// What may be spent.
    pub amount: Money,
    /// What of that no order holds; negative where the budget was cut below what is held.
    pub left: Money,
    /// Whether the order holds its own part of it already.
    pub held: bool,
}

/// What stands around an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Around {
    /// What its supplier is called, where it is one of the books.
    pub supplier: Option<Arc<str>>,
    /// What is left of the budget of its unit and currency, where there is one.
    pub budget: Option<Left>,
    /// What its items are called, where they are of the books.
    pub items: BTreeMap<Arc<str>, Arc<str>>,
    /// What was paid for its items last: to its supplier, else to any.
    pub paid: BTreeMap<Arc<str>, PaidRow>,
}

/// The same connection for one more statement.
macro_rules! each {
    ($connection:expr, $memory:ident => $answer:expr, $noun:ident::$function:ident($($argument:expr),*)) => {
        match $connection {
            Connection::Memory($memory) => $answer,
            Connection::Sqlite(connection) => sqlite::sql::$noun::$function(connection, $($argument),*).await?,
            Connection::Postgres(connection) => postgres::sql::$noun::$function(connection, $($argument),*).await?,
        }
    };
}

/// What stands around an order with these items. Nothing is locked.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn around(
    mut connection: Connection<'_, Memory>,
    tenant: TenantId,
    order: &OrderRow,
    items: impl Iterator<Item = Arc<str>>,
) -> Result<Around, StoreError> {
    let connection = &mut connection;
    let supplier =
        each!(connection, memory => memory.supplier(tenant, &order.supplier), suppliers::read(tenant, &order.supplier));
    let budget = match order.unit.clone().map(|unit| BudgetKey { unit, currency: order.amount.currency }) {
        Some(key) => each!(connection, memory => memory.budget(tenant, &key), budgets::read(tenant, &key)),
        None => None,
    };
    let items: BTreeSet<Arc<str>> = items.take(ITEMS).collect();
    let keys: Vec<(TenantId, &Arc<str>)> = items.iter().map(|code| (tenant, code)).collect();
    let known: Vec<(TenantId, ItemRow)> = each!(
        connection,
        memory => keys.iter().filter_map(|(tenant, code)| Some((*tenant, memory.item(*tenant, code)?))).collect(),
        items::load(&keys)
    );
    let paid = paid(connection, tenant, order, &items).await?;
    Ok(Around {
        supplier: supplier.map(|row| row.name),
        budget: budget.and_then(|row| left(&row, order)),
        items: known.into_iter().map(|(_, row)| (row.code, row.name)).collect(),
        paid: last(paid, &order.supplier),
    })
}

async fn paid(
    connection: &mut Connection<'_, Memory>,
    tenant: TenantId,
    order: &OrderRow,
    items: &BTreeSet<Arc<str>>,
) -> Result<Vec<PaidRow>, StoreError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let codes: Vec<&str> = items.iter().map(|code| &**code).collect();
    let codes = serde_json::Value::from(codes).to_string();
    Ok(each!(
        connection,
        memory => memory.paid_before((tenant, order.id), items, LINES),
        paid::before((tenant, order.id, &order.supplier), codes, LINES)
    ))
}

/// Of each item the newest price that this supplier had, else the newest of any. `paid`: newest first.
fn last(paid: Vec<PaidRow>, supplier: &str) -> BTreeMap<Arc<str>, PaidRow> {
    let mut last: BTreeMap<Arc<str>, PaidRow> = BTreeMap::new();
    for row in paid {
        let better = last.get(&row.item).is_none_or(|known| *known.supplier != *supplier && *row.supplier == *supplier);
        if better {
            last.insert(row.item.clone(), row);
        }
    }
    last
}

fn left(budget: &BudgetRow, order: &OrderRow) -> Option<Left> {
    let units = budget.amount.units.checked_sub(budget.reserved.units)?;
    let own = budget.amount.currency;
    let held = order.reserved.as_ref().is_some_and(|held| held.unit == budget.unit && held.amount.currency == own);
    Some(Left { unit: budget.unit.clone(), amount: budget.amount, left: Money { units, currency: own }, held })
}

#[cfg(test)]
mod tests {
    use fluxor_engine::ids::InstanceId;

    use super::*;

    #[test]
    fn the_price_of_the_same_supplier_goes_before_a_newer_one_of_another() {
        let row = |supplier: &str, item: &str, price: &str| PaidRow {
            order: InstanceId(uuid::Uuid::nil()),
            number: None,
            supplier: supplier.into(),
            item: item.into(),
            unit: "pcs".into(),
            price: price.parse().unwrap(),
        };
        let paid = vec![
            row("other", "desk", "9.00 EUR"),
            row("acme", "desk", "8.00 EUR"),
            row("acme", "desk", "7.00 EUR"),
            row("other", "lamp", "2.00 EUR"),
            row("third", "lamp", "1.00 EUR"),
        ];
        let last = last(paid, "acme");
        let told: Vec<(&str, String)> = last.values().map(|row| (&*row.supplier, row.price.to_string())).collect();
        assert_eq!(told, [("acme", "8.00 EUR".to_owned()), ("other", "2.00 EUR".to_owned())]);
    }
}
