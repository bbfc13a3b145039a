//! What an order tells: to conditions, and to its supplier.

use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use serde_json::{Value as Json, json};

use crate::action::{Answer, Call, instance, needs, order, require};
use crate::row::Need;
use crate::settings::Settings;

/// How many lines the order has.
pub(crate) fn order_lines(_: &Settings, call: &Call<'_>) -> Answer<Value> {
    require(call, [Need::Order(instance(call)?)])?;
    Ok(Value::Int(order(call)?.lines))
}

/// What a mail or an EDI message needs: order id, number, supplier, currency, lines, total. Amounts are text.
pub(crate) fn order_to_supplier(_: &Settings, call: &Call<'_>) -> Answer<Document> {
    let id = instance(call)?;
    require(call, [Need::Order(id), Need::Lines(id)])?;
    let row = order(call)?;
    let lines = call.facts.lines(call.tenant, id).map_err(needs)?;
    let lines: Vec<Json> = lines
        .iter()
        .map(|line| {
            json!({
                "line": line.line,
                "item": line.item,
                "description": line.description,
                "quantity": line.quantity,
                "unit": line.unit,
                "price": line.price,
                "total": line.total,
            })
        })
        .collect();
    Ok(Document::from_iter([
        ("order".to_owned(), json!(row.id)),
        ("number".to_owned(), json!(row.number)),
        ("supplier".to_owned(), json!(row.supplier)),
        ("currency".to_owned(), json!(row.amount.currency)),
        ("lines".to_owned(), Json::from(lines)),
        ("total".to_owned(), json!(row.amount)),
    ]))
}
