//! The books of procurement as they can be read: one question, one answer as JSON. Nothing is decided on what they show.

use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::money::Currency;
use fluxor_engine::runtime::Engine;
use fluxor_engine::store::{AnyStore, Connection, StoreError};
use fluxor_workflows::reorder::{self, Ask, Looks, Worker};
use fluxor_workflows::{CompanyRow, Memory, PreferenceRow, Procurement, SettingRow, Settings, StockKey, SupplierRow};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

/// How many rows of one item are shown beside it: terms, units, places.
const BESIDE: i64 = 500;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Books {
    /// The company, or null.
    Company,
    /// Settings by name.
    Settings,
    /// A setting, or null.
    Setting { name: String },
    /// How a person wants to be written to, or null.
    Preference { person: String },
    /// How everybody wants to be written to who has said so, by person.
    Preferences,
    /// Suppliers by code, behind `after`.
    Suppliers { after: String, limit: i64 },
    /// A supplier, or null; only as a `whole` with its account's number in full.
    Supplier { code: String, whole: bool },
    /// Items by code, behind `after`.
    Items { after: String, limit: i64 },
    /// An item with its units, terms, policies and stock, or null.
    Item { code: String },
    /// Locations by code, behind `after`.
    Locations { after: String, limit: i64 },
    /// A location, or null.
    Location { code: String },
    /// Stock levels by item and location, behind `after`.
    Stock { after: (String, String), limit: i64 },
    /// Movements of an item at a location, newest first, before that number.
    Movements { item: String, location: String, before: Option<i64>, limit: i64 },
    /// Orders, newest first, before that one.
    Orders { before: Option<InstanceId>, limit: i64 },
    /// Orders of a source, oldest first, behind that one.
    OrdersFrom { source: String, after: Option<InstanceId>, limit: i64 },
    /// An order with its lines, or null.
    Order { id: InstanceId },
    /// An order with its lines and with what stands around it (budget, last prices, names), or null.
    Around { id: InstanceId },
    /// The instance of the order with this number, or null.
    Numbered { number: String },
    /// What a run did not order, behind that item and location.
    Shortfalls { run: InstanceId, after: Option<(String, String)>, limit: i64 },
    /// Why an item is ordered or not, now; at one location or at all.
    Explain { item: String, location: Option<String>, as_of: Option<Date> },
}

/// Answers a question about a tenant.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn read(
    engine: &Engine<Procurement, AnyStore<Procurement>>,
    tenant: TenantId,
    asked: Books,
) -> Result<Value, StoreError> {
    let mut reader = engine.store().reader().await?;
    match asked {
        Books::Explain { item, location, as_of } => {
            let company = fluxor_workflows::company(reader.connection(), tenant).await?;
            let zone = Settings::default().zone;
            let today = match as_of {
                Some(day) => day,
                None => CompanyRow::day(company.as_ref(), &zone, engine.clock().now())
                    .map_err(|what| StoreError::Inconsistent { table: "company", id: zone.to_string(), what })?,
            };
            let currency = match company {
                Some(row) => row.currency,
                None => home()?,
            };
            let organisation = Looks::organisation(engine.store(), tenant).await?;
            let ask = Ask { today, rates: Worker::rates(organisation.as_ref(), currency, today) };
            let found = reorder::explain(reader.connection(), tenant, &ask, &item, location.as_deref()).await?;
            shown(&found)
        }
        other => page(reader.connection(), tenant, other).await,
    }
}

async fn page(connection: Connection<'_, Memory>, tenant: TenantId, asked: Books) -> Result<Value, StoreError> {
    use fluxor_workflows as books;
    match asked {
        Books::Company => shown(&books::company(connection, tenant).await?),
        Books::Settings => shown(&settings(connection, tenant).await?),
        Books::Setting { name } => shown(&books::setting(connection, tenant, &name.into()).await?),
        Books::Preference { person } => shown(&books::preference(connection, tenant, &person.into()).await?),
        Books::Preferences => shown(&preferences(connection, tenant).await?),
        Books::Suppliers { after, limit } => {
            let rows = books::suppliers(connection, tenant, &after, limit).await?;
            shown(&rows.into_iter().map(masked).collect::<Result<Vec<_>, _>>()?)
        }
        Books::Supplier { code, whole } => match books::supplier(connection, tenant, &code.into()).await? {
            Some(row) if !whole => masked(row),
            found => shown(&found),
        },
        Books::Items { after, limit } => shown(&books::items(connection, tenant, &after, limit).await?),
        Books::Locations { after, limit } => shown(&books::locations(connection, tenant, &after, limit).await?),
        Books::Location { code } => shown(&books::location(connection, tenant, &code.into()).await?),
        Books::Stock { after, limit } => {
            shown(&books::stock_levels(connection, tenant, (&after.0, &after.1), limit).await?)
        }
        Books::Movements { item, location, before, limit } => {
            let key = StockKey { item: item.into(), location: location.into() };
            shown(&books::movements(connection, tenant, &key, before, limit).await?)
        }
        Books::Orders { before, limit } => shown(&books::orders(connection, tenant, before, limit).await?),
        Books::OrdersFrom { source, after, limit } => {
            shown(&books::orders_from(connection, tenant, &source, after, limit).await?)
        }
        Books::Order { id } => shown(&books::order(connection, tenant, id).await?),
        Books::Around { id } => around(connection, tenant, id).await,
        Books::Numbered { number } => shown(&books::order_by_number(connection, tenant, &number).await?),
        Books::Shortfalls { run, after, limit } => {
            let after = after.map(|(item, location)| StockKey { item: item.into(), location: location.into() });
            shown(&books::shortfalls(connection, tenant, run, after.as_ref(), limit).await?)
        }
        Books::Item { code } => item(connection, tenant, &code.into()).await,
        Books::Explain { .. } => Ok(Value::Null),
    }
}

/// An order with its lines, and with what stands around it under `around`.
async fn around(mut connection: Connection<'_, Memory>, tenant: TenantId, id: InstanceId) -> Result<Value, StoreError> {
    use fluxor_workflows as books;
    let Some(order) = books::order(again(&mut connection), tenant, id).await? else { return Ok(Value::Null) };
    let items = order.lines.iter().map(|line| line.item.clone());
    let around = books::around(again(&mut connection), tenant, &order.row, items).await?;
    let mut told = shown(&order)?;
    if let Some(told) = told.as_object_mut() {
        told.insert("around".to_owned(), shown(&around)?);
    }
    Ok(told)
}

/// An item with all that belongs to it.
async fn item(mut connection: Connection<'_, Memory>, tenant: TenantId, code: &Arc<str>) -> Result<Value, StoreError> {
    use fluxor_workflows as books;
    let Some(row) = books::item(again(&mut connection), tenant, code).await? else { return Ok(Value::Null) };
    let units = books::item_units(again(&mut connection), tenant, code, "", BESIDE).await?;
    let terms = books::terms(again(&mut connection), tenant, code, ("", ""), BESIDE).await?;
    let stock = books::stock_of(again(&mut connection), tenant, code, "", BESIDE).await?;
    let mut policies = Vec::new();
    let mut places: Vec<StockKey> = stock.iter().map(|row| row.key.clone()).collect();
    for location in books::locations(again(&mut connection), tenant, "", BESIDE).await? {
        places.push(StockKey { item: code.clone(), location: location.code });
    }
    places.sort();
    places.dedup();
    for key in places {
        policies.extend(books::policy(again(&mut connection), tenant, &key).await?);
    }
    let mut told = shown(&row)?;
    if let Some(told) = told.as_object_mut() {
        told.insert("units".to_owned(), shown(&units)?);
        told.insert("terms".to_owned(), shown(&terms)?);
        told.insert("stock".to_owned(), shown(&stock)?);
        told.insert("policies".to_owned(), shown(&policies)?);
    }
    Ok(told)
}

/// A supplier with the number of its account by its ends: whoever knows it recognises it, and nobody else learns it.
fn masked(row: SupplierRow) -> Result<Value, StoreError> {
    let number = row.account.as_ref().map(|account| account.iban.masked());
    let mut told = shown(&row)?;
    if let (Some(number), Some(place)) = (number, told.pointer_mut("/account/iban")) {
        *place = number.into();
    }
    Ok(told)
}

/// The same connection for one more statement.
fn again<'a>(connection: &'a mut Connection<'_, Memory>) -> Connection<'a, Memory> {
    match connection {
        Connection::Memory(memory) => Connection::Memory(memory),
        Connection::Sqlite(connection) => Connection::Sqlite(connection),
        Connection::Postgres(connection) => Connection::Postgres(connection),
    }
}

/// All rows of settings, and of what is noted beside them, by name.
async fn settings(mut connection: Connection<'_, Memory>, tenant: TenantId) -> Result<Vec<SettingRow>, StoreError> {
    let mut all: Vec<SettingRow> = Vec::new();
    loop {
        let after = all.last().map_or_else(|| "".into(), |row| row.code.clone());
        let page = fluxor_workflows::settings_by_name(again(&mut connection), tenant, &after, BESIDE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// All rows of preferences, by person.
async fn preferences(
    mut connection: Connection<'_, Memory>,
    tenant: TenantId,
) -> Result<Vec<PreferenceRow>, StoreError> {
    let mut all: Vec<PreferenceRow> = Vec::new();
    loop {
        let after = all.last().map_or_else(|| "".into(), |row| row.person.clone());
        let page = fluxor_workflows::preferences_by_person(again(&mut connection), tenant, &after, BESIDE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// The currency of a tenant that has no company yet.
fn home() -> Result<Currency, StoreError> {
    let code = Settings::default().home_currency;
    code.parse().map_err(|what| StoreError::Inconsistent { table: "company", id: code.to_string(), what })
}

fn shown(rows: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(rows).map_err(|why| StoreError::Inconsistent {
        table: "books",
        id: String::new(),
        what: format!("cannot be written as JSON: {why}"),
    })
}
