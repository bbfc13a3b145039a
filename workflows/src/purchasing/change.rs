//! Recording an order at the start of its instance, and changing it afterwards.

use std::sync::Arc;

use fluxor_engine::domain::Done;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use fluxor_engine::money::{Currency, Money};
use serde_json::Value as Json;

use super::fields::{LONGEST_NAME, LONGEST_TEXT, required, text};
use super::lines;
use crate::action::{Answer, Call, fail, instance, next_image, order, refuse, require};
use crate::row::{LineRow, LineSet, Need, Op, OrderRow, OrderStatus};
use crate::settings::Settings;

/// The code of input that an order cannot take.
const INVALID: &str = "invalid_order";

/// Writes the order and its lines. At the start nothing is loaded: the id is new, and the insert is guarded. An order
/// that is recorded already is changed instead.
pub(crate) fn record_order(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let id = instance(call)?;
    let recorded =
        call.subject.contains_key("lines_digest") || matches!(call.facts.order(call.tenant, id), Ok(Some(_)));
    if recorded {
        return change_order(settings, call);
    }
    let lines = match call.payload.get("lines") {
        None | Some(Json::Null) => Vec::new(),
        Some(lines) => valid(lines::read(lines))?,
    };
    let subject = call.subject;
    let row = OrderRow {
        id,
        version: 1,
        requester: PersonId(valid(required(subject, "", "requester", "the requester"))?),
        supplier: valid(required(subject, "", "supplier", "the supplier"))?,
        category: valid(text(subject, "", "category", LONGEST_NAME))?.flatten(),
        unit: valid(text(subject, "", "unit", LONGEST_NAME))?.flatten(),
        note: valid(text(subject, "", "note", LONGEST_TEXT))?.flatten(),
        number: None,
        status: OrderStatus::Draft,
        amount: total(settings, &lines)?,
        lines: count(&lines),
        lines_digest: lines::digest(&lines),
        reserved: None,
        created_at: call.now,
        changed_at: call.now,
    };
    let set = computed(&row);
    Ok(Done { ops: vec![Op::PurchaseOrder(Box::new(row)), Op::PurchaseOrderLine(LineSet { order: id, lines })], set, ..Done::default() })
}

/// Replaces the lines if the payload brings `lines`; sets `supplier`, `category`, `unit` and `note` where it brings them
/// (null empties the last three). What the payload leaves out stays.
pub(crate) fn change_order(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    require(call, [Need::Order(instance(call)?)])?;
    let before = order(call)?;
    if before.status.is_closed() {
        let status = before.status.as_str();
        return refuse("order_closed", format!("This order is {status}; it cannot be changed any more."));
    }
    let mut after = before.clone();
    let mut set = Document::new();
    let payload = call.payload;
    if let Some(supplier) = valid(text(payload, "", "supplier", LONGEST_NAME))? {
        match supplier {
            Some(supplier) => after.supplier = supplier,
            None => return refuse(INVALID, "/supplier: an order needs its supplier."),
        }
    }
    for (name, field, most) in [
        ("category", &mut after.category, LONGEST_NAME),
        ("unit", &mut after.unit, LONGEST_NAME),
        ("note", &mut after.note, LONGEST_TEXT),
    ] {
        if let Some(given) = valid(text(payload, "", name, most))? {
            if given != *field {
                set.insert(name.to_owned(), given.as_deref().map_or(Json::Null, Json::from));
            }
            *field = given;
        }
    }
    if after.supplier != before.supplier {
        set.insert("supplier".to_owned(), Json::from(&*after.supplier));
    }
    let mut ops = Vec::new();
    if let Some(lines) = payload.get("lines") {
        let lines = valid(lines::read(lines))?;
        let digest = lines::digest(&lines);
        if digest != before.lines_digest {
            after.amount = total(settings, &lines)?;
            after.lines = count(&lines);
            after.lines_digest = digest;
            set.extend(computed(&after));
            ops.push(Op::PurchaseOrderLine(LineSet { order: before.id, lines }));
        }
    }
    if after == *before {
        return Ok(Done::default());
    }
    ops.insert(0, Op::PurchaseOrder(Box::new(next_image(call, &after))));
    Ok(Done { ops, set, ..Done::default() })
}

fn computed(row: &OrderRow) -> Document {
    Document::from_iter([
        ("amount".to_owned(), Json::from(row.amount.to_string())),
        ("lines".to_owned(), Json::from(row.lines)),
        ("lines_digest".to_owned(), Json::from(row.lines_digest.to_string())),
    ])
}

fn count(lines: &[LineRow]) -> i64 {
    i64::try_from(lines.len()).unwrap_or(i64::MAX)
}

fn total(settings: &Settings, lines: &[LineRow]) -> Answer<Money> {
    let home: Arc<str> = settings.home_currency.clone();
    match home.parse::<Currency>() {
        Ok(home) => valid(lines::sum(lines, home)),
        Err(why) => fail(format!("the setting `home_currency`: {why}")),
    }
}

fn valid<T>(read: Result<T, String>) -> Answer<T> {
    read.or_else(|sentence| {
        let stop = if sentence.ends_with('?') { "" } else { "." };
        refuse(INVALID, format!("{sentence}{stop}"))
    })
}
